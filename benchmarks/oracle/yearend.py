"""December on the land: what the seats take and pay, what lies idle, what is cleared."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.oracle.land import (
    IDLE,
    TAKEN,
    TREES,
    best_crop,
    clearing_cost,
    reservation_wage,
    rules,
)
from benchmarks.oracle.objects import Plot
from benchmarks.oracle.plain import plain
from model.crops import CROP_NAMES
from model.land import compensation_multiple

DOUBLE_RICE, DRY_GRAIN = (CROP_NAMES.index(name) for name in ("double_rice", "dry_grain"))
worth_clearing = plain(rules.worth_clearing)


def requisition(world: Any) -> None:
    """Let the seats take land, dearest first, up to their quota, and pay for it."""
    p, weight = world.params["requisition"], world.pull_on("land")
    grown = [max(0.0, seat.people - seat.people_last) for seat in world.seats]
    for seat in world.seats:
        seat.people_last = seat.people
        seat.growth = seat.wage * seat.people / (seat.wage_2003 * seat.people_2003)
        seat.quota = 0.0
        if sum(grown) > 0.0:
            seat.quota = weight * p.quota * world.cropland * grown[seat.row] / sum(grown)
    if weight <= 0.0 or sum(seat.quota for seat in world.seats) <= 0.0:
        return
    multiple = compensation_multiple(world.era, p)
    offers = []
    for plot in world.plots:
        seat = world.seats[plot.owner.village.seat]
        base = p.value_prefecture if seat.prefecture else p.value_county
        value = base * seat.growth * math.exp(-plot.km / p.decay_km)
        k = DOUBLE_RICE if plot.paddy else DRY_GRAIN
        output = plot.owner.county.price_expected[k] * world.crops[k].yield_kg * plot.quality
        if value > multiple * output and plot.area > 0.0:
            offers.append((value, multiple * output, plot, seat))
    for value, paid, plot, seat in sorted(offers, key=lambda offer: (-offer[0], offer[2].uid)):
        if seat.quota > 0.0:
            take(plot, seat, value, paid, world)


def take(plot: Plot, seat: Any, value: float, paid: float, world: Any) -> None:
    """Take land of a plot for a seat: ``value`` and compensation ``paid`` in yuan per mu."""
    p, owner = world.params["requisition"], plot.owner
    mu = min(plot.area, seat.quota / owner.weight)
    full = mu * owner.weight
    seat.quota -= full
    plot.area -= mu
    plot.taken += mu
    if plot.area <= 1e-9:
        plot.taken, plot.area = plot.taken + plot.area, 0.0
        plot.use, plot.operator, plot.rent = TAKEN, None, 0.0
    owner.compensation += mu * paid * p.household_share
    owner.cash += mu * paid * p.household_share
    county = owner.county
    county.sold += full * value
    county.compensated += full * paid


def spend_land_revenue(world: Any) -> None:
    """Book what the seats paid for land, and spend the revenue left over compensation."""
    p, books = world.params["requisition"], world.books
    for county in world.counties:
        demolition = min(p.demolition * county.sold, max(0.0, county.sold - county.compensated))
        proceeds = max(0.0, county.sold - county.compensated - demolition)
        books.book("land_sale", county.row, county.sold)
        village = (1.0 - p.household_share) * county.compensated
        books.book("compensation_village", county.row, village)
        books.book("demolition", county.row, demolition)
        capital, hubs = p.revenue_to_capital * proceeds, p.revenue_to_hubs * proceeds
        books.book("infrastructure_city", county.row, capital)
        books.book("infrastructure_hubs", county.row, hubs)
        books.book("infrastructure_roads", county.row, proceeds - capital - hubs)
        world.seats[county.seat].land_capital += capital
        world.seats[county.seat].hub_grants += hubs
        county.sold = county.compensated = 0.0


def close_year(world: Any) -> None:
    """Count another idle year; owners clear land whose return has come back."""
    p = world.params["land"]
    for plot in world.plots:
        if plot.use != IDLE or plot.area <= 0.0:
            continue
        owner = plot.owner
        wage = reservation_wage(owner.county.day_wage, owner.capacity, p)
        crop, value = best_crop(plot, owner, wage, world)
        gain = value - p.own_reserve
        worth = plot.years_idle > 0 and crop is not None and owner.farm_days > 0.0 and gain > 0.0
        if worth and worth_clearing(gain, plot.years_idle, p):
            cost = clearing_cost(plot.years_idle, p) * plot.area
            owner.clearing += cost
            owner.cash -= cost
            plot.years_idle = 0
        else:
            plot.years_idle += 1
            if plot.years_idle >= p.overgrown:
                plot.use = TREES
