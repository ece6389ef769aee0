"""Labour markets: the seats, the coast, and local non-farm work (MODEL 4).

Seats produce ``Y = A K^a L^(1-a)``; wages there follow the marginal product above a floor; what is
left of seekers without a job lowers expected pay (Harris and Todaro 1970). Local wages adjust
partially to local demand.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from agents.base import Group, Parameter
from agents.base.compiled import rule
from agents.base.tables import Array, Column, Table

#: From January 2003 to January 2014, when growth of cities slows (MODEL 4).
SLOWDOWN = 132


class City(Group):
    """Parameters of the seats' economies."""

    capital_share: Annotated[
        float, Parameter(0.45, 0.5, "exponent", "of capital", "MODEL 4", hard_high=0.9)
    ] = 0.45
    capital_output: Annotated[
        float,
        Parameter(
            1.5,
            3.0,
            "years",
            "capital over yearly output, 2003",
            "growth accounts",
            "literature",
            "memory medium",
        ),
    ] = 2.0
    growth_early: Annotated[
        float,
        Parameter(
            0.03,
            0.08,
            "per year",
            "of productivity to 2013: seats' pay keeps near 0.86 of the coast's",
            "FACTS N30: set by hand so that the model's seats keep to it",
            "data",
            "derived",
        ),
    ] = 0.075
    growth_late: Annotated[
        float,
        Parameter(
            0.01,
            0.045,
            "per year",
            "of productivity from 2014: a quarter of that",
            "Brandt and others 2020, World Bank WPS 9298: the nation's fell from 2.8% to 0.7%",
            "literature",
            "memory medium",
        ),
    ] = 0.02
    saving: Annotated[
        float, Parameter(0.15, 0.3, "share of output", "invested", "prototype: 0.22", hard_high=0.9)
    ] = 0.22
    depreciation: Annotated[
        float,
        Parameter(
            0.06, 0.12, "per year", "of capital", "parameters.csv", "literature", "memory high"
        ),
    ] = 0.06
    wage_floor: Annotated[
        float, Parameter(0.9, 1.0, "share", "of the best wage so far", "prototype", hard_high=1.0)
    ] = 0.97
    native_workers: Annotated[
        float,
        Parameter(
            0.45,
            0.6,
            "share",
            "of members of urban households who work, own businesses included",
            "urban household survey: 1.58 of 3.01 members in 2003, 1.49 of 2.86 in 2012",
            "data",
            "memory high",
        ),
    ] = 0.52
    native_worth: Annotated[
        float,
        Parameter(
            1.15,
            1.5,
            "ratio",
            "earnings of an urban worker over those of a rural migrant in the same town",
            "Demurger, Gurgand, Li and Yue 2009, J. Comp. Econ. 37:610: 1.3 in 2002, most of it "
            "schooling",
            "literature",
            "page",
        ),
    ] = 1.3
    native_transfers: Annotated[
        float,
        Parameter(
            0.15,
            0.26,
            "ratio",
            "pensions and other net public transfers of urban households over what they earn",
            "household survey of 2013: 4,323 over wages and business of 19,593 yuan a head",
            "data",
            "memory high",
        ),
    ] = 0.22
    local_spending: Annotated[
        float, Parameter(0.2, 0.5, "share", "of urban incomes spent on local services", "judgement")
    ] = 0.35
    dividend_urban: Annotated[
        float,
        Parameter(
            0.1, 0.6, "share", "of profits paid to urban households", "MODEL 4: 0.3", hard_high=1.0
        ),
    ] = 0.3


class Local(Group):
    """Parameters of local non-farm work."""

    day_wage_2003: Annotated[
        float,
        Parameter(
            18,
            32,
            "yuan a day",
            "casual work in 2003",
            "parameters.csv labour.rural_day_wage_2003",
            "data",
            "memory medium",
        ),
    ] = 24.0
    demand: Annotated[
        float,
        Parameter(
            0.2, 0.45, "share", "beta: of local spending that becomes local wages", "MODEL 4"
        ),
    ] = 0.30
    village_share: Annotated[
        float,
        Parameter(0.3, 0.5, "share", "of these jobs in villages, the rest at seats", "MODEL 4"),
    ] = 0.40
    firms_early: Annotated[
        float,
        Parameter(
            0.06,
            0.2,
            "per year",
            "growth to 2013 of the wage bill of local firms and public works",
            "local migrant workers +3.9% a year 2008-12 (N08-N12), pay nearly as at the coast",
            "assumption",
        ),
    ] = 0.175
    firms_late: Annotated[
        float,
        Parameter(
            0.03,
            0.09,
            "per year",
            "same from 2014",
            "local migrant workers +1.8% a year 2012-23 (N33), wage as at the coast",
            "assumption",
        ),
    ] = 0.073
    cluster_demand: Annotated[
        float,
        Parameter(0.0, 2.0, "ratio", "rise of that bill by cluster strength 1", "judgement"),
    ] = 1.0
    adjustment: Annotated[
        float,
        Parameter(
            0.05,
            0.3,
            "per month",
            "of the local wage to demand over supply",
            "MODEL 4",
            hard_high=1.0,
        ),
    ] = 0.15
    self_employed: Annotated[
        float,
        Parameter(
            0.2,
            0.5,
            "share",
            "of local non-farm workers with an own business",
            "prototype: 0.34",
            hard_high=1.0,
        ),
    ] = 0.34
    profit: Annotated[
        float,
        Parameter(
            0.02, 0.2, "share", "of local firms' margin kept as profit", "judgement", hard_high=1.0
        ),
    ] = 0.1
    work_days: Annotated[
        float, Parameter(22, 27, "days", "of a month of full local work", "MODEL 4: w_loc / 25")
    ] = 25.0


class Seats(Table):
    """Economies of the seats, one row each."""

    wage: Annotated[Array, Column(np.float64, "yuan/month", "of a worker of standard skill")]
    best_wage: Annotated[Array, Column(np.float64, "yuan/month", "highest so far")]
    employment: Annotated[Array, Column(np.float64, "share", "jobs over seekers")]
    jobs: Annotated[Array, Column(np.float64, "workers", "filled, in standard workers")]
    seekers: Annotated[Array, Column(np.float64, "workers", "in standard workers")]
    capital: Annotated[Array, Column(np.float64, "yuan", "capital of city firms")]
    productivity: Annotated[Array, Column(np.float64, "", "A of the production function")]
    output: Annotated[Array, Column(np.float64, "yuan/month", "output")]
    natives: Annotated[Array, Column(np.float64, "persons", "urban residents of urban households")]
    people: Annotated[Array, Column(np.float64, "persons", "all who live at the seat")]
    pool: Annotated[Array, Column(np.float64, "persons", "outside rural workers who came")]
    marginal: Annotated[
        Array, Column(np.float64, "yuan/month", "marginal product of a standard worker")
    ]
    living: Annotated[Array, Column(np.float64, "yuan/month", "living cost")]
    wage_2003: Annotated[Array, Column(np.float64, "yuan/month", "wage at the start")]
    people_2003: Annotated[Array, Column(np.float64, "persons", "people at the start")]
    jobs_2003: Annotated[Array, Column(np.float64, "workers", "jobs at the start")]


def standard_workers(natives: NDArray, p: City) -> NDArray:
    """Return what the workers of urban households are worth in standard (rural) workers (S,)."""
    return p.native_workers * p.native_worth * natives


@rule
def growth_since_2003(month, early, late):
    """Return the factor of growth at ``early`` a year to 2013 and ``late`` after."""
    first = min(month, SLOWDOWN) / 12.0
    second = max(month - SLOWDOWN, 0) / 12.0
    return (1.0 + early) ** first * (1.0 + late) ** second


@rule
def marginal_product(productivity, capital, workers, share):
    """Return (1-a) A (K/L)^a, yuan per month and standard worker."""
    return (1.0 - share) * productivity * (capital / max(workers, 1e-9)) ** share


@rule
def labour_demand(productivity, capital, wage, share):
    """Return the workers at which the marginal product equals ``wage``."""
    return capital * ((1.0 - share) * productivity / wage) ** (1.0 / share)


@rule
def living_cost(base, wage, wage_2003, people, people_2003, wage_elasticity, congestion):
    """Return ``c0 * (w/w_2003)^0.6 * (N/N_2003)^chi``, yuan per month (MODEL 4)."""
    crowd = max(people, 1.0) / max(people_2003, 1.0)
    return base * (wage / wage_2003) ** wage_elasticity * crowd**congestion


@rule
def coast_wage(series_wage, migrants, path, elasticity, mirror):
    """Return ``wbar * (L / Lbar)^(-eta * mirror)``, yuan per month (MODEL 4)."""
    if mirror == 0.0 or path <= 0.0 or migrants <= 0.0:
        return series_wage
    return series_wage * (migrants / path) ** (-elasticity * mirror)


def local_wage(wage: NDArray, bill: NDArray, seekers: NDArray, p: Local) -> NDArray:
    """Return next month's local wage: a partial step towards the one that employs all seekers.

    ``ln w' = ln w + 0.15 * ln(bill / w / seekers)``, a step of at most 5%.
    """
    tightness = np.log(np.maximum(bill / wage, 1e-9) / np.maximum(seekers, 1e-9))
    return wage * np.exp(np.clip(p.adjustment * tightness, -0.05, 0.05))


def open_seats(
    seats: Seats, wage: NDArray, workers: NDArray, services: NDArray, employment: float, p: City
) -> None:
    """Set capital and productivity once, so that the seat pays ``wage`` to its first workers.

    Those whom local ``services`` (yuan/month) do not employ make the seat's output, which follows
    from their wage bill, ``Y = w L / (1 - a)``; capital is the stated years of it.
    """
    seats.wage[:], seats.best_wage[:], seats.wage_2003[:] = wage, wage, wage
    seats.marginal[:] = wage
    seats.seekers[:] = workers
    seats.jobs[:] = seats.jobs_2003[:] = workers * employment
    seats.employment[:] = employment
    makers = np.maximum(seats.jobs - services / wage, 1.0)
    seats.output[:] = wage * makers / (1.0 - p.capital_share)
    seats.capital[:] = 12.0 * p.capital_output * seats.output
    seats.productivity[:] = seats.output / (
        seats.capital**p.capital_share * makers ** (1.0 - p.capital_share)
    )


def run_seats(
    seats: Seats,
    month: int,
    seekers: NDArray,
    services: NDArray,
    land_capital: NDArray,
    pull: float,
    full_employment: float,
    p: City,
) -> NDArray:
    """Advance the seats by a month; return yuan invested by each.

    seekers : (S,) standard workers; services : (S,) yuan/month of local demand met at the seat;
    land_capital : (S,) yuan of land revenue put into capital; pull : weight on the growth of
    wages, jobs and what a worker makes since 2003 (0: all stay, a vacated job is refilled).
    """
    a = p.capital_share
    invested = np.zeros(len(seats.wage))
    tfp = growth_since_2003(month, p.growth_early, p.growth_late)
    for s in range(len(seats.wage)):
        productivity = seats.productivity[s] * tfp
        floor = p.wage_floor * seats.best_wage[s]
        available = full_employment * seekers[s]
        extra = services[s] / seats.wage[s]
        free = marginal_product(productivity, seats.capital[s], max(available - extra, 1.0), a)
        wage = max(free, floor)
        jobs = min(available, labour_demand(productivity, seats.capital[s], wage, a) + extra)
        wage = seats.wage_2003[s] * (wage / seats.wage_2003[s]) ** pull
        jobs = seats.jobs_2003[s] * (jobs / seats.jobs_2003[s]) ** pull
        seats.jobs[s] = min(jobs, available)
        seats.seekers[s] = seekers[s]
        seats.employment[s] = seats.jobs[s] / max(seekers[s], 1e-9)
        seats.wage[s] = wage
        seats.best_wage[s] = max(seats.best_wage[s], wage)
        makers = max(seats.jobs[s] - extra, 1.0)
        productivity = seats.productivity[s] * tfp**pull
        seats.output[s] = productivity * seats.capital[s] ** a * makers ** (1.0 - a)
        seats.marginal[s] = marginal_product(productivity, seats.capital[s], makers, a)
        saved = (
            p.saving * seats.output[s] if pull > 0.0 else (p.depreciation / 12.0 * seats.capital[s])
        )
        invested[s] = saved + land_capital[s]
        seats.capital[s] += invested[s] - p.depreciation / 12.0 * seats.capital[s]
    return invested


def firms_bill(base: NDArray, month: int, p: Local) -> NDArray:
    """Return the monthly wage bill of local firms and public works by county (yuan)."""
    return base * growth_since_2003(month, p.firms_early, p.firms_late)


def halfway(weight: float, then: float, now: float) -> float:
    """Return the value between 2003's and today's in logs: ``then * (now / then) ** weight``."""
    return then * math.exp(weight * math.log(now / then))
