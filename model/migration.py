"""The market of places: what each offers, who reconsiders, what the seats and the coast pay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.base.parts import Part
from agents.kinds import Place
from agents.migrant import lives, moves
from model.calendar import MARCH, month_of_year
from model.labour import (
    coast_wage,
    halfway,
    living_cost,
    local_wage,
    run_seats,
    standard_workers,
)

_COAST, _SEAT = int(Place.COAST), int(Place.SEAT)
#: The distance of the coast for which ``migration.distance_coast`` stands, km (Shaoyang's).
COAST_KM = 340.0


def make_terms(m) -> moves.Terms:
    """Return the terms of choice with what does not change: distances, travel, hukou."""
    p = m.params["migration"]
    seats, villages = m.region.seats, m.villages
    places, counties = m.places, m.counties
    row, col = np.divmod(villages.cell, m.region.county.shape[1])
    minutes = m.region.minutes[:, row, col].T.astype(np.float64)
    km = km_to_seats(m)
    distance = np.zeros((len(villages.uid), places))
    distance[:, _COAST] = p.distance_coast * m.region.coast_km / COAST_KM
    distance[:, _SEAT:] = p.distance * km / 50.0
    prefecture = int(np.flatnonzero(seats["prefecture"].to_numpy())[0])
    return moves.Terms(
        pay=np.zeros(places),
        living=np.zeros(places),
        hukou=np.zeros((counties, places)),
        root=np.zeros((counties, places)),
        distance=distance,
        local_pay=np.zeros(counties),
        day_wage=np.zeros(counties),
        minutes=minutes,
        seat=villages.seat,
        prefecture=np.array([prefecture], dtype=np.int8),
        side=np.zeros(len(m.households.uid)),
        self_employed=np.array([m.params["local"].self_employed]),
        may_leave=np.ones(1, dtype=np.int8),
    )


def km_to_seats(m) -> NDArray[np.float64]:
    """Return (villages, seats) distances in a straight line, km."""
    seats = m.region.seats
    x = m.region.x_km[seats["col"].to_numpy()]
    y = m.region.y_km[seats["row"].to_numpy()]
    return np.hypot(m.villages.x[:, None] - x, m.villages.y[:, None] - y)


def km_to_seat(m) -> NDArray[np.float64]:
    """Return (villages,) the distance to the seat of the own county, km."""
    return km_to_seats(m)[np.arange(len(m.villages.uid)), m.villages.seat]


def update_terms(m, cleared: int) -> None:
    """Write what people know: expected pay (jobs over seekers), costs, hukou.

    cleared : the last month whose markets have cleared, whose pay is known; -1 for none.
    """
    p, pull, terms = m.params["migration"], m.params["pull"], m.terms
    employed = p.job_finding / (p.job_finding + p.separation)
    terms.pay[_COAST] = m.coast_wage * employed
    terms.pay[_SEAT:] = m.seats.wage * m.seats.employment
    terms.living[_COAST] = m.coast_living
    terms.living[_SEAT:] = m.seats.living
    own = np.arange(m.counties), _SEAT + m.region.seat_of_county
    districts = m.region.seat_of_county == terms.prefecture[0]
    for lost, coast, seat, county in (
        (terms.hukou, p.hukou_coast, p.hukou_seat, p.hukou_county),
        (terms.root, p.root_coast, p.root_seat, p.root_county),
    ):
        lost[:, _COAST] = coast
        lost[:, _SEAT:] = seat
        lost[own] = np.where(districts, seat, county)
    terms.local_pay[:] = m.local_wage * m.local_employment
    if m.reference is not None and not p.wages_respond and cleared >= 0:
        for known in ("pay", "living", "local_pay"):
            getattr(terms, known)[:] = getattr(m.reference, known)[cleared]
    terms.day_wage[:] = m.day_wage
    terms.self_employed[0] = m.params["local"].self_employed
    leaves = pull.enabled or pull.mode != "no_new"
    terms.may_leave[0] = 1 if leaves else 0


def reconsider(m) -> None:
    """Let those who reconsider choose; in March families may follow as well."""
    march = month_of_year(m.month) == MARCH
    p = m.params["migration"]

    def move(part: Part) -> None:
        count_adults(m, part)
        moves.review(
            part, m.people, m.households, m.plots, m.adults, m.terms, m.month, m.clock, march,
            m.key, m.life_key, m.rules,
        )  # fmt: skip
        if march and p.families_follow:
            moves.families_join(part, m.people, m.households, m.terms, m.month, m.clock, m.key, p)
            moves.grant_hukou(part, m.people, m.households, m.month, m.era, m.key, p)

    recount(m, move)


def count_adults(m, part: Part) -> None:
    """Count whom networks can draw on, as the month's moves begin."""
    moves.count_adults(part, m.people, max(m.month, 0), m.clock, m.adults)


def recount(m, move: Callable[[Part], None] | None = None) -> None:
    """Count members, residents and workers anew, after people have moved."""
    seekers = np.zeros((m.counties, len(m.seekers)))
    m.local_seekers[:] = 0.0
    m.at_place[:] = 0.0

    def count(part: Part) -> None:
        if move is not None:
            move(part)
        lives.count(
            part, m.people, m.households, max(m.month, 0), m.clock, m.rules, seekers,
            m.local_seekers, m.at_place,
        )  # fmt: skip

    m.parts.each(count)
    m.seekers[:] = seekers.sum(axis=0)


def clear_labour_markets(m) -> NDArray[np.float64]:
    """Set this month's wages and jobs at the seats, the coast and in local work.

    Returns what each seat's firms invested (yuan).
    """
    p, city, local = (m.params[g] for g in ("migration", "city", "local"))
    weight = m.pull_on_labour
    at = m.region.county_of_seat
    m.seats.people[:] = m.seats.natives + m.seats.pool + m.at_place.sum(axis=0)[_SEAT:]
    m.native_workers = standard_workers(m.seats.natives, city) + m.outside.workers
    spending = m.local_demand * local.demand
    m.seat_services = np.bincount(
        m.region.seat_of_county,
        weights=spending * (1.0 - local.village_share),
        minlength=len(at),
    )
    employed = p.job_finding / (p.job_finding + p.separation)
    invested = run_seats(
        m.seats,
        m.era,
        m.seekers + m.native_workers,
        m.seat_services,
        m.land_capital,
        weight,
        employed,
        city,
    )
    m.native_jobs = m.native_workers * m.seats.employment
    m.land_capital = np.zeros(len(at))
    _living_costs(m, p, weight)
    m.local_bill = local.village_share * spending + m.firms_bill + m.shops_bill
    m.local_wage = local_wage(m.local_wage, m.local_bill, m.local_seekers, local)
    jobs = m.local_bill / m.local_wage
    m.local_employment = np.minimum(1.0, jobs / np.maximum(m.local_seekers, 1e-9))
    m.day_wage = m.local_wage / local.work_days
    return invested


def _living_costs(m, p, weight: float) -> None:
    start = m.series.coast_wage[0]
    wage = halfway(weight, start, m.series.coast_wage[m.month])
    migrants = float(m.at_place[:, _COAST].sum())
    eta = p.wage_elasticity if p.wages_respond and weight > 0.0 else 0.0
    m.coast_wage = coast_wage(wage, migrants, m.coast_path(m.month), eta, m.mirror)
    m.coast_living = living_cost(
        p.living_coast,
        m.coast_wage,
        start,
        migrants,
        m.coast_2003,
        p.living_wage_elasticity,
        p.congestion_coast,
    )
    for s in range(len(m.seats.wage)):
        m.seats.living[s] = living_cost(
            p.living_seat,
            m.seats.wage[s],
            m.seats.wage_2003[s],
            m.seats.people[s],
            m.seats.people_2003[s],
            p.living_wage_elasticity,
            p.congestion_seat,
        )
