"""What a farmer grows, lets and leaves idle: the rules of land (MODEL 4).

Ricardo and von Thuenen on a plot (FACTS M2): net return falls with slope, since steep land yields
less and takes no machines; labour is worth its shadow wage, the multiplier of the month that
binds. Order of withdrawal: two crops, one crop, another crop, let, idle.
"""

from __future__ import annotations

import math
from typing import Annotated

from agents.base import Group, Parameter, switch
from agents.base.compiled import compiled, inlined, rule
from agents.kinds import NEVER, NOBODY, Use

MONTHS = 12
#: Return of a crop that cannot grow on a plot (yuan/mu).
IMPOSSIBLE = -1.0e18
#: Days a month by which loads may differ and be alike: they are added up in the order of rows.
SAME_LOAD = 1e-9
_IDLE, _TREES, _TAKEN, _CROP = (int(u) for u in (Use.IDLE, Use.TREES, Use.REQUISITIONED, Use.CROP))


class Land(Group):
    """Parameters of land use and of the lease market."""

    slope_loss: Annotated[
        float, Parameter(0.004, 0.012, "share per degree", "of yield lost to slope", "MODEL 4")
    ] = 0.008
    machine_flat: Annotated[
        float,
        Parameter(4, 8, "degrees", "slope up to which machines go everywhere", "FACTS L8: sign"),
    ] = 6.0
    machine_steep: Annotated[
        float, Parameter(12, 18, "degrees", "slope from which no machine goes", "FACTS L8: sign")
    ] = 15.0
    days_per_month: Annotated[
        float, Parameter(22, 27, "days", "a worker has in a month", "MODEL 4")
    ] = 25.0
    old_days: Annotated[
        float, Parameter(0.4, 0.8, "share", "of these days from 60 on", "MODEL 4")
    ] = 0.6
    farm_until: Annotated[
        float, Parameter(70, 80, "years", "age at which farming ends", "judgement")
    ] = 75.0
    part_time: Annotated[
        float,
        Parameter(
            0.1,
            0.35,
            "share",
            "of their days that local wage workers farm",
            "PROTOTYPE D: counts part of them as farmers",
        ),
    ] = 0.2
    reservation: Annotated[
        float,
        Parameter(
            0.5,
            1.0,
            "share",
            "of the local day wage below which one does not farm",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 0.85
    own_reserve: Annotated[
        float,
        Parameter(
            0,
            200,
            "yuan/mu/year",
            "a plot must earn to be worth an owner's or a tenant's trouble",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 64.0
    offer_below: Annotated[
        float,
        Parameter(
            80,
            400,
            "yuan/mu/year",
            "plots that earn their owner less are offered to let",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 400.0
    rent_share: Annotated[
        float,
        Parameter(
            0.4,
            0.8,
            "share",
            "of the second-best bid paid as rent",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 0.61
    least_rent: Annotated[
        float,
        Parameter(
            50,
            250,
            "yuan/mu/year",
            "rents below this are not asked at all",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 250.0
    lease_cost_2005: Annotated[
        float,
        Parameter(
            150,
            500,
            "yuan/mu",
            "transaction cost of a lease to 2005",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 463.0
    lease_cost_2014: Annotated[
        float,
        Parameter(
            10,
            60,
            "yuan/mu",
            "same from 2014, land rights registered",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 10.0
    sitting_tenant: Annotated[
        float,
        Parameter(0.1, 0.5, "share", "of the transaction cost for a sitting tenant", "MODEL 4"),
    ] = 0.25
    operator_share: Annotated[
        float,
        Parameter(0.02, 0.1, "share", "households that are specialised operators", "prototype"),
    ] = 0.056
    operator_machines: Annotated[
        float,
        Parameter(0.4, 0.9, "share", "of days of 2003 that own machines save", "prototype"),
    ] = 0.77
    operator_days: Annotated[
        float,
        Parameter(
            25,
            120,
            "days/month",
            "extra days that an operator's crew and machines add",
            "judgement: room for some 76 mu, the prototype's bound",
        ),
    ] = 60.0
    clearing: Annotated[
        float, Parameter(60, 250, "yuan/mu/year idle", "cost of clearing, C(n) = 120 n", "MODEL 4")
    ] = 120.0
    clearing_years: Annotated[
        float, Parameter(4, 8, "years", "after which clearing costs no more", "MODEL 4")
    ] = 6.0
    clearing_horizon: Annotated[
        float, Parameter(2, 5, "years", "of returns weighed against clearing", "MODEL 4")
    ] = 3.0
    overgrown: Annotated[
        float, Parameter(8, 30, "years", "idle until a plot counts as woodland", "judgement")
    ] = 15.0
    price_shock: Annotated[
        float, Parameter(0.0, 0.05, "s.d.", "of the yearly price shock farmers expect", "prototype")
    ] = 0.02
    yield_shock: Annotated[
        float, Parameter(0.0, 0.1, "s.d.", "of the yearly weather by county", "judgement")
    ] = 0.05
    freight_minute: Annotated[
        float,
        Parameter(
            0.0, 0.6, "yuan/mu per minute", "carrying inputs and harvest to the road", "judgement"
        ),
    ] = 0.2
    leases: Annotated[bool, switch("plots offered to let find bidders")] = True
    shadow_wage: Annotated[
        bool,
        switch("a day is worth what it earns on the own land in its tightest month"),
    ] = True


@compiled
def machine_share(slope, p):
    """Return the share of work that machines reach: 1 on flat land, 0 on steep (FACTS L8)."""
    span = p.machine_steep - p.machine_flat
    return min(1.0, max(0.0, (p.machine_steep - slope) / span))


@compiled
def labour_days(days_flat, days_steep, days_2003, slope, operator, p):
    """Return days of labour per mu and year on land of ``slope`` degrees.

    Machines bring the days down from those of steep land to those of flat land. A specialised
    operator's own machines save a share of the work of 2003 (``days_2003`` on flat land) where
    they go: the work that hired machines take over from everybody later on is the same, so that
    services make up for size (Zhang, Yang and Reardon 2017, China Econ. Rev. 43:184).
    """
    reach = machine_share(slope, p)
    days = days_steep + (days_flat - days_steep) * reach
    if operator == 0:
        return days
    by_hand = days_steep + (days_2003 - days_steep) * reach
    return min(days, by_hand * (1.0 - p.operator_machines * reach))


@compiled
def net_return(price, yield_kg, quality, slope, inputs, machine, minutes, p):
    """Return R of a crop before labour, yuan per mu and year.

    ``R = p y q (1 - 0.008 per degree) - inputs - machine fee where machines go - freight``
    """
    gross = price * yield_kg * quality * max(0.0, 1.0 - p.slope_loss * slope)
    return gross - inputs - machine * machine_share(slope, p) - p.freight_minute * minutes


@rule
def reservation_wage(day_wage, capacity, p):
    """Return the yuan below which a day is not given to farming: best other use, by age."""
    return p.reservation * day_wage * capacity


@compiled
def clearing_cost(years_idle, p):
    """Return ``C(n) = 120 n`` yuan per mu, for n up to 6 years idle."""
    return p.clearing * min(float(years_idle), p.clearing_years)


@compiled
def worth_clearing(yearly_return, years_idle, p):
    """Tell whether the returns of the next years exceed the cost of clearing."""
    return yearly_return * p.clearing_horizon > clearing_cost(years_idle, p)


@compiled
def lease_cost(month, p):
    """Return tau, the transaction cost of a new lease in ``month`` (yuan per mu).

    Constant to the end of 2005, then log-linear to 2014 as land rights are registered.
    """
    start, end = 36.0, 132.0
    share = min(1.0, max(0.0, (month - start) / (end - start)))
    return p.lease_cost_2005 * (p.lease_cost_2014 / p.lease_cost_2005) ** share


@compiled
def rent_from_bids(second_best, p):
    """Return the rent: a share of the second-best bid, nothing below a threshold (yuan/mu).

    With a share of the best bid far too few leases in the hills would be free (PROTOTYPE B8).
    """
    rent = p.rent_share * second_best
    return rent if rent >= p.least_rent else 0.0


@compiled
def crop_allowed(crops, k, paddy, suits):
    """Tell whether crop ``k`` grows on a plot that is paddy or not and suits crop ``suits``."""
    if crops.special[k] == 1:
        return suits == k
    return crops.paddy[k] == paddy


@compiled
def crop_return(crops, k, price, plots, i, minutes, month, p):
    """Return R of crop ``k`` on plot ``i`` before labour (yuan/mu/year).

    A perennial bears nothing at first: its yearly return is spread over the years to full crop.
    """
    r = net_return(
        price[k],
        crops.yield_kg[k],
        plots.quality[i],
        plots.slope[i],
        crops.inputs[k],
        crops.machine[k],
        minutes,
        p,
    )
    if crops.perennial[k] > 0 and plots.planted[i] == NEVER:
        r *= 12.0 / (12.0 + crops.perennial[k])
    return r


@inlined
def list_returns(crops, price, plots, i, minutes, month, grows, value, p):
    """Fill ``grows`` and ``value`` (crops,): which crops grow on plot ``i``, and R of each.

    R is the return before labour (yuan/mu/year). The rows in ``grows`` end with NOBODY.
    """
    number = 0
    for k in range(crops.good.shape[0]):
        if crop_allowed(crops, k, plots.paddy[i], plots.suits[i]):
            grows[number] = k
            value[k] = crop_return(crops, k, price, plots, i, minutes, month, p)
            number += 1
    if number < grows.shape[0]:
        grows[number] = NOBODY


@compiled
def days_of_crop(crops, k, plots, i, operator, p):
    """Return the labour of crop ``k`` on plot ``i`` (days/mu/year)."""
    flat, steep, hand = crops.days_flat[k], crops.days_steep[k], crops.days_2003[k]
    return labour_days(flat, steep, hand, plots.slope[i], operator, p)


@compiled
def list_days(crops, plots, i, operator, grows, days, p):
    """Fill ``days`` (crops,) with the labour of each crop of ``grows`` on plot ``i``.

    In days/mu/year.
    """
    slope = plots.slope[i]
    for k in grows:
        if k == NOBODY:
            break
        flat, steep, hand = crops.days_flat[k], crops.days_steep[k], crops.days_2003[k]
        days[k] = labour_days(flat, steep, hand, slope, operator, p)


@compiled
def best_crop(grows, value, days, wage):
    """Return (crop, R less labour at ``wage``) of the best of a plot's crops; NOBODY if none."""
    best, most = NOBODY, IMPOSSIBLE
    for k in grows:
        if k == NOBODY:
            break
        net = value[k] - wage * days[k]
        if net > most:
            best, most = k, net
    return best, most


@compiled
def busiest_share(crops, k):
    """Return the share of a year's labour for crop ``k`` that falls in its busiest month."""
    most = 0.0
    for m in range(MONTHS):
        most = max(most, crops.labour[k, m])
    return most


@compiled
def add_load(load, crops, k, days):
    """Add ``days`` a year of crop ``k`` to ``load`` (12,), days a month."""
    for m in range(MONTHS):
        load[m] += days * crops.labour[k, m]


@compiled
def _tightest_month(load, days):
    """Return the month that most exceeds ``days``, or -1; the first of months alike to rounding."""
    worst, month = 0.0, -1
    for m in range(MONTHS):
        if load[m] - days > worst + SAME_LOAD:
            worst, month = load[m] - days, m
    return month


@compiled
def _least_loss(crops, choice, grows, value, days, wage, tight):
    """Return (plot, new crop, loss per day) of the change that frees the tight month cheapest.

    None back to a better crop, which would bind another month again, for ever.
    """
    at, crop, least = NOBODY, NOBODY, -IMPOSSIBLE
    for i in range(choice.shape[0]):
        now = choice[i]
        if now == NOBODY:
            continue
        now_tight = days[i, now] * crops.labour[now, tight]
        if now_tight <= 0.0:
            continue
        now_value = value[i, now] - wage * days[i, now]
        loss = now_value / now_tight  # of no crop at all
        if loss < least:
            at, crop, least = i, NOBODY, loss
        for k in grows[i]:
            if k == NOBODY:
                break
            load = days[i, k] * crops.labour[k, tight]
            if load < now_tight:
                loss = (now_value - (value[i, k] - wage * days[i, k])) / (now_tight - load)
                if 0.0 <= loss < least:
                    at, crop, least = i, k, loss
    return at, crop, least


@compiled
def plan_own_plots(crops, plots, first, end, grows, value, days, spare, wage, load, choice, p):
    """Choose crops for an owner's plots within its days; return the shadow wage (yuan/day).

    Starts from the best crop of each plot at the reservation ``wage`` and, while some month needs
    more than ``spare`` days, takes labour away where it earns least in that month: two crops become
    one, one becomes another, another none. The loss per day of the last step is the multiplier of
    the month that binds. ``grows``, ``value`` and ``days`` (plots of the owner, crops) are as
    ``list_returns`` and ``list_days`` fill them. Fills ``load`` (12, days) and ``choice`` (plots of
    the owner, crop or NOBODY).
    """
    load[:] = 0.0
    for i in range(end - first):
        choice[i] = NOBODY
        if plots.use[first + i] == _TREES or plots.area[first + i] <= 0.0:
            continue
        k, best = best_crop(grows[i], value[i], days[i], wage)
        if plots.years_idle[first + i] > 0:
            best -= clearing_cost(plots.years_idle[first + i], p) / p.clearing_horizon
        if k != NOBODY and best > p.own_reserve:
            choice[i] = k
            add_load(load, crops, k, days[i, k] * plots.area[first + i])
    multiplier = 0.0
    for _ in range(4 * (end - first) + 1):
        tight = _tightest_month(load, spare)
        if tight < 0:
            break
        i, k, loss = _least_loss(crops, choice, grows, value, days, wage, tight)
        if i == NOBODY:
            break
        area = plots.area[first + i]
        add_load(load, crops, choice[i], -days[i, choice[i]] * area)
        choice[i] = k
        if k != NOBODY:
            add_load(load, crops, k, days[i, k] * area)
        multiplier = max(multiplier, loss)
    return wage + multiplier


@compiled
def rank_plots(plots, first, end, daily):
    """Fill ``plots.ranked`` of an owner: its plots that return anything, best value of a day first.

    A day of the plot's busiest month, before labour; plots of one value keep the order of rows.
    ``daily`` (plots of the owner) is scratch: what a day earns on the n-th best.
    """
    number = 0
    for i in range(first, end):
        plots.ranked[i] = NOBODY
        if plots.value[i] <= 0.0:
            continue
        worth, at = plots.value[i] / max(plots.need[i], 1e-9), number
        while at > 0 and daily[at - 1] < worth:
            daily[at], plots.ranked[first + at] = daily[at - 1], plots.ranked[first + at - 1]
            at -= 1
        daily[at], plots.ranked[first + at] = worth, i
        number += 1


@compiled
def farm_value(plots, first, end, days):
    """Return what ``days`` a month of labour earn on an owner's plots, yuan per year.

    Plots are worked in the order of return per day of their busiest month until the days are used:
    a concave, piecewise linear function, whose slope is the shadow value of a day.
    """
    left, total = days, 0.0
    for n in range(first, end):
        i = plots.ranked[n]
        if i == NOBODY or left <= 0.0:
            break
        need = plots.need[i] * plots.area[i]
        share = 1.0 if need <= left else left / need
        total += share * plots.value[i] * plots.area[i]
        left -= share * need
    return total


@compiled
def perennial_yield(months_since_planting, years_to_full):
    """Return the share of a full crop: nothing in the first half, then rising in a line."""
    if years_to_full <= 0:
        return 1.0
    age = months_since_planting / 12.0
    half = 0.5 * years_to_full
    return min(1.0, max(0.0, (age - half) / (years_to_full - half)))


@rule
def log_shock(draw, sd):
    """Return a multiplicative shock of mean 1 and log s.d. ``sd`` from a normal draw."""
    return math.exp(sd * draw - 0.5 * sd * sd)
