"""Land: the yearly plans, the lease market, harvests, clearing and requisition.

The rules are those of ``agents.farmer.land``; here they meet: owners plan, offer what earns them
little, neighbours of the ring bid, and the city takes what is worth more built upon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, NamedTuple

import numpy as np

from agents.base import Group, Parameter
from agents.base.compiled import compiled
from agents.base.draws import uniform
from agents.base.parts import Part
from agents.farmer.draws import FarmerDraw
from agents.farmer.land import (
    IMPOSSIBLE,
    MONTHS,
    add_load,
    best_crop,
    busiest_share,
    clearing_cost,
    crop_return,
    days_of_crop,
    lease_cost,
    list_days,
    list_returns,
    perennial_yield,
    plan_own_plots,
    rank_plots,
    rent_from_bids,
    reservation_wage,
    worth_clearing,
)
from agents.kinds import NEVER, NOBODY, Use

#: Plots whose order is drawn at a time, to the end of their village.
DRAWN = 50_000
#: Bids that differ by less are equal (yuan/mu): the nearer neighbour keeps the plot.
TIE = 1e-9
_IDLE, _TREES, _TAKEN, _CROP = (int(u) for u in (Use.IDLE, Use.TREES, Use.REQUISITIONED, Use.CROP))
_LEASE_ORDER = int(FarmerDraw.LEASE_ORDER)


class Requisition(Group):
    """Parameters of the taking of land for the city."""

    value_prefecture: Annotated[
        float,
        Parameter(
            150_000,
            600_000,
            "yuan/mu",
            "urban value at the prefecture seat, 2003",
            "land then sells at some 170,000 in 2008, when Hunan's mean was 270,000 "
            "[120,000-450,000]: parameters.csv requisition.urban_land_price",
            "assumption",
        ),
    ] = 300_000.0
    value_county: Annotated[
        float,
        Parameter(
            80_000,
            320_000,
            "yuan/mu",
            "urban value at a county seat, 2003",
            "as at the prefecture seat, in the proportion of MODEL 4",
            "assumption",
        ),
    ] = 160_000.0
    decay_km: Annotated[
        float, Parameter(2, 5, "km", "distance by which urban value falls to 1/e", "MODEL 4")
    ] = 3.0
    quota: Annotated[
        float,
        Parameter(
            0.001,
            0.0035,
            "share of cropland a year",
            "taken at most",
            "FACTS L29",
            "data",
            "derived",
            hard_high=0.05,
        ),
    ] = 0.002
    multiple_2003: Annotated[
        float, Parameter(6, 16, "years of output", "compensation in 2003", "MODEL 4")
    ] = 12.0
    multiple_2008: Annotated[
        float, Parameter(10, 25, "years of output", "compensation 2008-19", "MODEL 4")
    ] = 16.0
    multiple_2020: Annotated[
        float, Parameter(12, 30, "years of output", "compensation from 2020", "MODEL 4")
    ] = 20.0
    household_share: Annotated[
        float, Parameter(0.5, 0.9, "share", "of compensation that goes to the household", "MODEL 4")
    ] = 0.7
    demolition: Annotated[
        float,
        Parameter(
            0.3,
            0.55,
            "share of the price",
            "to owners of town houses in the way: no land of farmers, and no capital",
            "Ministry of Finance 2014: compensation and demolition 51.5% of spending, less the 7% "
            "that farmers get (parameters.csv requisition.spend_share_compensation, V15)",
            "data",
            "derived",
            hard_high=1.0,
        ),
    ] = 0.45
    revenue_to_capital: Annotated[
        float,
        Parameter(
            0.6,
            0.9,
            "share",
            "of what is left of land revenue put into city capital",
            "parameters.csv requisition.spend_share_*",
            "assumption",
        ),
    ] = 0.8
    revenue_to_hubs: Annotated[
        float,
        Parameter(0.0, 0.1, "share", "same, into hubs; the rest into rural roads", "judgement"),
    ] = 0.02


def compensation_multiple(month: int, p: Requisition) -> float:
    """Return m(t), years of gross output paid per mu: 12 (2003) to 16 (2008), 20 from 2020."""
    if month >= 204:
        return p.multiple_2020
    share = min(1.0, month / 60.0)
    return p.multiple_2003 + (p.multiple_2008 - p.multiple_2003) * share


@compiled
def plan(part, households, plots, crops, price, day_wage, minutes, load, choice, month, p):
    """Let every household plan its own plots; fill ``load`` (H, 12), ``choice`` (plots)."""
    number, most = crops.good.shape[0], 0
    for h in range(part.first_household, part.end_household):
        most = max(most, households.end_plot[h] - households.first_plot[h])
    grows = np.empty((most, number), dtype=np.int64)
    value, days = np.empty((most, number)), np.empty((most, number))
    daily = np.empty(most)
    for h in range(part.first_household, part.end_household):
        first, end = households.first_plot[h], households.end_plot[h]
        if first == end:
            continue
        c, operator = households.county[h], households.operator[h]
        spare = households.farm_days[h] - households.shop_days[h] - households.hired_out[h]
        spare = max(0.0, spare)
        if spare > 0.0:
            spare += operator * p.operator_days
        households.spare_days[h] = spare
        travel = minutes[households.village[h]]
        for i in range(end - first):
            list_returns(crops, price[c], plots, first + i, travel, month, grows[i], value[i], p)
            list_days(crops, plots, first + i, operator, grows[i], days[i], p)
        wage = reservation_wage(day_wage[c], households.capacity[h], p)
        households.shadow_wage[h] = plan_own_plots(
            crops, plots, first, end, grows, value, days, spare, wage, load[h], choice[first:end], p
        )
        for i in range(end - first):
            k, plots.value[first + i] = best_crop(grows[i], value[i], days[i], 0.0)
            plots.need[first + i] = 0.0
            if k != NOBODY:
                plots.need[first + i] = days[i, k] * busiest_share(crops, k)
        rank_plots(plots, first, end, daily)


@compiled
def area_for(households, plots, i, j):
    """Return the mu of plot ``i`` for each of the households that its worker ``j`` stands for."""
    return plots.area[i] * (households.weight[plots.owner[i]] / households.weight[j])


@compiled
def _fits(load, days, labour, need):
    """Tell whether ``need`` days a year, spread by ``labour`` (12,), fit into ``days`` a month."""
    for m in range(MONTHS):
        if labour[m] > 0.0 and load[m] + need * labour[m] > days:
            return False
    return True


@compiled
def _auction(households, plots, crops, load, i, h, tenant, tau, burden, grows, value, days, p):
    """Return (winner, crop, best bid, second-best bid) among the ring of the owner ``h``.

    A bid is the bidder's R at its own shadow wage less the transaction cost, of which a sitting
    tenant pays a part, and less the yearly ``burden`` of clearing; it must fit into spare days,
    and be worth the trouble as it must be to an owner.
    ``days`` (2, crops) are those without and with an operator's machines.
    """
    winner, crop, best, second = NOBODY, NOBODY, 0.0, 0.0
    outbid = math.inf  # whose own days are worth that much, bids too little
    for j in households.ring[h]:
        if j == h or households.spare_days[j] <= 0.0:
            continue
        wage, operator = households.shadow_wage[j], households.operator[j]
        plain = operator == 0 and j != tenant
        if plain and wage >= outbid:
            continue
        needed = days[operator]
        k, bid = best_crop(grows, value, needed, wage)
        bid -= burden + (tau * p.sitting_tenant if j == tenant else tau)
        if k == NOBODY or bid <= max(second, p.own_reserve):
            outbid = min(outbid, wage) if plain else outbid
            continue
        need = area_for(households, plots, i, j) * needed[k]
        if not _fits(load[j], households.spare_days[j], crops.labour[k], need):
            continue
        if bid > best + TIE:
            winner, crop, second, best = j, k, best, bid
        else:
            second = bid
    return winner, crop, best, second


@compiled
def lease(households, plots, crops, price, minutes, load, choice, order, month, era, p):
    """Settle who works each plot and with what: owners' plans, then the market of offered plots.

    ``order`` lists plots in the order of a keyed draw, so that rows do not matter. A plot goes
    to the highest bid in the owner's ring; rent is a share of the second-best; it is let if the
    rent is at least what the owner would earn on it. ``era`` is the month whose transaction cost
    holds.
    """
    number = crops.good.shape[0]
    grows = np.empty(number, dtype=np.int64)
    value, days = np.empty(number), np.empty((2, number))
    tau, planned = lease_cost(era, p), 0.0
    for i in order:
        h = plots.owner[i]
        tenant = plots.operator[i]
        plots.operator[i], plots.rent[i] = NOBODY, 0.0
        if plots.use[i] == _TREES or plots.area[i] <= 0.0:
            continue
        plots.use[i] = _IDLE
        own, own_value = choice[i], IMPOSSIBLE
        prices, travel = price[households.county[h]], minutes[households.village[h]]
        if own != NOBODY:
            needed = days_of_crop(crops, own, plots, i, households.operator[h], p)
            planned = needed * plots.area[i]
            own_value = crop_return(crops, own, prices, plots, i, travel, month, p)
            own_value -= households.shadow_wage[h] * needed
        winner, crop, best, second = NOBODY, NOBODY, 0.0, 0.0
        if own == NOBODY or own_value < p.offer_below:
            list_returns(crops, prices, plots, i, travel, month, grows, value, p)
            for operator in range(2):
                list_days(crops, plots, i, operator, grows, days[operator], p)
            burden = clearing_cost(plots.years_idle[i], p) / p.clearing_horizon
            winner, crop, best, second = _auction(
                households, plots, crops, load, i, h, tenant, tau, burden, grows, value, days, p
            )
        rent = rent_from_bids(second, p)
        if winner != NOBODY and (own == NOBODY or rent >= max(own_value, 0.0)):
            plots.operator[i], plots.rent[i] = winner, rent
            need = area_for(households, plots, i, winner) * days[households.operator[winner], crop]
            add_load(load[winner], crops, crop, need)
            if own != NOBODY:
                add_load(load[h], crops, own, -planned)  # days that the owner has for others' land
            _sow(households, plots, crops, i, winner, crop, month, p)
        elif own != NOBODY:
            plots.operator[i] = h
            _sow(households, plots, crops, i, h, own, month, p)


@compiled
def _sow(households, plots, crops, i, j, k, month, p):
    """Put crop ``k`` on plot ``i``; overgrown land is cleared at the operator's cost."""
    if plots.years_idle[i] > 0:
        mu = area_for(households, plots, i, j)
        households.clearing[j] += clearing_cost(plots.years_idle[i], p) * mu
        plots.years_idle[i] = 0
    if crops.perennial[k] > 0:
        if plots.planted[i] == NEVER:
            plots.planted[i] = month
    else:
        plots.planted[i] = NEVER
    plots.use[i] = _CROP + k


@compiled
def sow_own(part, plots, crops, choice):
    """Put the annual crops of ``choice`` (plots) on plots, in the hands of their owners."""
    for i in range(part.first_plot, part.end_plot):
        k = choice[i]
        if k != NOBODY and crops.perennial[k] == 0:
            plots.operator[i], plots.use[i] = plots.owner[i], _CROP + k


@compiled
def _lease_draws(households, plots, first, key, draw):
    """Fill ``draw`` with the village's row plus the keyed draw of each plot from ``first`` on."""
    for n in range(draw.shape[0]):
        i = first + n
        draw[n] = households.village[plots.owner[i]] + uniform(key, plots.uid[i], _LEASE_ORDER)


def lease_orders(part: Part, households, plots, villages, key) -> Iterator[np.ndarray]:
    """Yield the plots village by village, within a village in the order of a keyed draw.

    Neighbours' rows lie together: an order over the whole region made the market wait for memory.
    Some villages at a time, so that the draws take none to speak of.
    """
    first = part.first_plot
    while first < part.end_plot:
        last = households.village[plots.owner[min(first + DRAWN, part.end_plot) - 1]]
        end = int(households.end_plot[villages.end_household[last] - 1])
        draw = np.empty(end - first)
        _lease_draws(households, plots, first, key, draw)
        yield first + np.argsort(draw)
        first = end


@compiled
def work(part, households, plots, crops, weather, calendar, month, harvest_kg, p):
    """Run one month of farm work: inputs and machines are paid, crops harvested, rent paid.

    ``weather`` (C,) scales yields, ``calendar`` is the month of the year (0-11), ``harvest_kg``
    (H, G) receives kilograms by household and good. Inputs are paid as labour falls due, machines
    at harvest, rent in twelve parts.
    """
    for i in range(part.first_plot, part.end_plot):
        use = plots.use[i]
        j = plots.operator[i]
        if use < _CROP or j == NOBODY:
            continue
        k = use - _CROP
        h = plots.owner[i]
        area = area_for(households, plots, i, j)
        share = crops.labour[k, calendar]
        if share > 0.0:
            households.inputs[j] += crops.inputs[k] * area * share
        out = crops.harvest[k, calendar]
        if out > 0.0:
            reach = (p.machine_steep - plots.slope[i]) / (p.machine_steep - p.machine_flat)
            reach = min(1.0, max(0.0, reach))
            households.machine[j] += crops.machine[k] * reach * area * out
            kg = crops.yield_kg[k] * plots.quality[i] * area * out
            kg *= max(0.0, 1.0 - p.slope_loss * plots.slope[i]) * weather[households.county[j]]
            if crops.perennial[k] > 0:
                kg *= perennial_yield(month - plots.planted[i], crops.perennial[k])
            harvest_kg[j, crops.good[k]] += kg
        if plots.rent[i] > 0.0:
            households.rent_received[h] += plots.rent[i] * plots.area[i] / 12.0
            households.rent_paid[j] += plots.rent[i] * area / 12.0


@compiled
def close_year(households, plots, crops, price, day_wage, minutes, month, p):
    """Count another idle year in December; owners clear land whose return has come back."""
    number = crops.good.shape[0]
    grows = np.empty(number, dtype=np.int64)
    returns, days = np.empty(number), np.empty(number)
    for i in range(plots.uid.shape[0]):
        if plots.use[i] != _IDLE or plots.area[i] <= 0.0:
            continue
        h = plots.owner[i]
        c = households.county[h]
        wage = reservation_wage(day_wage[c], households.capacity[h], p)
        travel = minutes[households.village[h]]
        list_returns(crops, price[c], plots, i, travel, month, grows, returns, p)
        list_days(crops, plots, i, households.operator[h], grows, days, p)
        k, value = best_crop(grows, returns, days, wage)
        if (
            plots.years_idle[i] > 0
            and k != NOBODY
            and households.farm_days[h] > 0.0
            and value > p.own_reserve
            and worth_clearing(value - p.own_reserve, plots.years_idle[i], p)
        ):
            cost = clearing_cost(plots.years_idle[i], p) * plots.area[i]
            households.clearing[h] += cost
            households.cash[h] -= cost  # the month's budgets are closed by now
            plots.years_idle[i] = 0
        else:
            plots.years_idle[i] += 1
            if plots.years_idle[i] >= p.overgrown:
                plots.use[i] = _TREES


def urban_value(at_seat: np.ndarray, km: np.ndarray, p: Requisition) -> np.ndarray:
    """Return v_s, the urban value of a mu, yuan: that at the seat times ``exp(-d / 3 km)``."""
    return at_seat * np.exp(-km / p.decay_km)


class Taken(NamedTuple):
    """What a December's requisition took: a row for each plot, at full scale."""

    plot: np.ndarray
    mu: np.ndarray
    worth: np.ndarray
    to_household: np.ndarray
    to_village: np.ndarray


def take_land(
    households,
    plots,
    villages,
    value: np.ndarray,
    quota_mu: np.ndarray,
    output_per_mu: Callable[[np.ndarray], np.ndarray],
    era: int,
    p: Requisition,
) -> Taken:
    """Take plots in order of urban value while it exceeds compensation, up to each seat's quota.

    value : (villages,) urban value of a mu to the seat of the county, yuan; quota_mu : (S,) mu at
    full scale; output_per_mu : gross output of a year (yuan) of the plots whose rows it is given;
    era : the month whose dated compensation holds.

    Fills ``households.compensation``. Only villages up to where the quota ends are looked at.
    """
    left, multiple = quota_mu.copy(), compensation_multiple(era, p)
    taken = [Taken(np.empty(0, dtype=np.int64), *(np.empty(0) for _ in Taken._fields[1:]))]
    for s in np.flatnonzero(left > 0.0):
        for alike in _dearest_first(np.flatnonzero(villages.seat == s), value):
            if left[s] <= 0.0:
                break
            rows = np.concatenate([_plots_of(households, villages, v) for v in alike])
            worth, paid = value[alike[0]], multiple * output_per_mu(rows)
            offered = (worth > paid) & (plots.area[rows] > 0.0)
            rows, paid = rows[offered], paid[offered]
            order = np.argsort(plots.uid[rows])  # plots of one value: not by row
            rows, paid = rows[order], paid[order]
            mu = np.zeros(len(rows))
            _take_in_order(households, plots, rows, left[s : s + 1], paid, mu, p)
            rows, paid, mu = rows[mu > 0.0], paid[mu > 0.0], mu[mu > 0.0]
            full = mu * households.weight[plots.owner[rows]]
            comp, home = full * paid, p.household_share
            taken.append(Taken(rows, full, full * worth, comp * home, comp * (1.0 - home)))
    return Taken(*(np.concatenate(column) for column in zip(*taken, strict=True)))


def _dearest_first(villages: np.ndarray, value: np.ndarray) -> list[np.ndarray]:
    """Return ``villages`` (rows) in order of ``value``, in groups of one value."""
    ordered = villages[np.argsort(-value[villages], kind="stable")]
    return np.split(ordered, 1 + np.flatnonzero(np.diff(value[ordered])))


def _plots_of(households, villages, v: int) -> np.ndarray:
    """Return the rows of the plots of village ``v``."""
    first, end = villages.first_household[v], villages.end_household[v]
    return np.arange(households.first_plot[first], households.end_plot[end - 1])


@compiled
def _take_in_order(households, plots, rows, left, paid, taken, p):
    """Take plots in the order of ``rows``, paying ``paid`` a mu; fill ``taken``, mu of own size.

    left : (1,) what remains of the seat's quota, mu at full scale.
    """
    for n in range(rows.shape[0]):
        i = rows[n]
        owner = plots.owner[i]
        if left[0] <= 0.0:
            return
        weight = households.weight[owner]
        mu = min(plots.area[i], left[0] / weight)
        left[0] -= mu * weight
        taken[n] = mu
        plots.area[i] -= mu
        plots.taken[i] += mu
        if plots.area[i] <= 1e-9:
            plots.taken[i] += plots.area[i]
            plots.area[i] = 0.0
            plots.use[i], plots.operator[i], plots.rent[i] = _TAKEN, NOBODY, 0.0
        households.compensation[owner] += mu * paid[n] * p.household_share
