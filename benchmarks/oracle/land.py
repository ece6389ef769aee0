"""A year on the land: prices expected, plans, the lease market, work and harvest."""

from __future__ import annotations

from typing import Any

from agents.base.draws import identity, normal, uniform
from agents.farmer import budget, transfers
from agents.farmer import land as rules
from agents.farmer.draws import FarmerDraw
from agents.kinds import NEVER, NOBODY, Kind, Use
from benchmarks.oracle.objects import Crop, Household, Plot
from benchmarks.oracle.plain import plain
from model import farming
from model.crops import CROP_NAMES, load_crops

(
    machine_share,
    labour_days,
    net_return,
    reservation_wage,
    clearing_cost,
    lease_cost,
    rent_from_bids,
    perennial_yield,
    log_shock,
) = (
    plain(getattr(rules, name))
    for name in (
        "machine_share",
        "labour_days",
        "net_return",
        "reservation_wage",
        "clearing_cost",
        "lease_cost",
        "rent_from_bids",
        "perennial_yield",
        "log_shock",
    )
)
livestock_net = plain(budget.livestock_net)
MONTHS = range(12)
LEASE_ORDER, VILLAGE_KIND = int(FarmerDraw.LEASE_ORDER), int(Kind.VILLAGE)
LIVESTOCK, PRICE, WEATHER = transfers._LIVESTOCK, farming._PRICE, farming._WEATHER
IDLE, TREES, TAKEN, CROP = (int(use) for use in Use)
IMPOSSIBLE, SAME_LOAD = -1.0e18, rules.SAME_LOAD
#: Bids nearer than this are equal, yuan per mu: rounding must not choose the tenant.
SAME_BID = 1e-9


def expect(world: Any) -> None:
    """Set the prices that farmers expect, and the weather of the year."""
    p = world.params["land"]
    follow_series(world)
    for county in world.counties:
        uid = identity(VILLAGE_KIND, county.row, -1, 0)
        shock = log_shock(normal(world.key, uid, PRICE), p.price_shock)
        county.price_expected = [
            sum(month[crop.good] for month in county.price_year) / 12.0 * shock
            for crop in world.crops
        ]
        county.weather = log_shock(normal(world.key, uid, WEATHER), p.yield_shock)


def follow_series(world: Any) -> None:
    """Set inputs, days and machine fee of the crops: rice by the series, others in proportion."""
    base, series = load_crops(), world.series
    for crop in world.crops:
        name = CROP_NAMES[crop.row]
        for column, path in (
            ("inputs", series.rice_inputs),
            ("days_flat", series.rice_days_flat),
            ("days_steep", series.rice_days_steep),
            ("machine", series.rice_machine_fee),
        ):
            now, then = float(path[world.month]), float(path[0])
            if name in ("rice", "double_rice"):
                setattr(crop, column, now * (2.0 if name == "double_rice" else 1.0))
            elif not crop.special:
                setattr(crop, column, float(getattr(base, column)[crop.row]) * (now / then))


# --- what a plot can carry -----------------------------------------------------------------------


def allowed(crop: Crop, plot: Plot) -> bool:
    """Tell whether a crop grows on a plot."""
    return plot.suits == crop.row if crop.special else crop.paddy == plot.paddy


def days_on(crop: Crop, plot: Plot, household: Household, world: Any) -> float:
    """Return the days a mu and year that a crop takes of a household."""
    p = world.params["land"]
    days = crop.days_flat, crop.days_steep, crop.days_2003
    return labour_days(*days, plot.slope, household.operator, p)


def crop_return(crop: Crop, plot: Plot, world: Any) -> float:
    """Return R of a crop before labour, yuan per mu and year; a young perennial bears nothing."""
    r = net_return(
        plot.owner.county.price_expected[crop.row],
        crop.yield_kg,
        plot.quality,
        plot.slope,
        crop.inputs,
        crop.machine,
        plot.owner.village.minutes,
        world.params["land"],
    )
    young = crop.perennial > 0 and plot.planted == NEVER
    return r * 12.0 / (12.0 + crop.perennial) if young else r


def best_crop(plot: Plot, household: Household, wage: float, world: Any) -> tuple[Any, float]:
    """Return (crop, R less labour at ``wage``) of the best crop for a household; None if none."""
    best, value = None, IMPOSSIBLE
    for crop in world.crops:
        if allowed(crop, plot):
            v = crop_return(crop, plot, world) - wage * days_on(crop, plot, household, world)
            if v > value:
                best, value = crop, v
    return best, value


# --- the owner's plan ----------------------------------------------------------------------------


def plan(world: Any) -> None:
    """Let every household plan its own plots."""
    p = world.params["land"]
    for household in world.households:
        if not household.plots:
            continue
        days = max(0.0, household.farm_days - household.shop_days - household.hired_out)
        if days > 0.0:
            days += household.operator * p.operator_days
        household.spare_days = days
        wage = reservation_wage(household.county.day_wage, household.capacity, p)
        household.shadow_wage = wage + plan_plots(household, wage, days, world)
        for plot in household.plots:
            crop, plot.value = best_crop(plot, household, 0.0, world)
            plot.need = 0.0
            if crop is not None:
                plot.need = days_on(crop, plot, household, world) * max(crop.labour)
        best = household.best_plots()
        for n, plot in enumerate(household.plots):
            plot.ranked = best[n] if n < len(best) else None


def plan_plots(household: Household, wage: float, days: float, world: Any) -> float:
    """Choose crops within the household's days; return the multiplier of the month that binds.

    From the best crop of each plot, labour is taken where it earns least in the tightest month.
    """
    p, multiplier = world.params["land"], 0.0
    household.load = [0.0] * 12
    for plot in household.plots:
        plot.choice = NOBODY
        if plot.use == TREES or plot.area <= 0.0:
            continue
        crop, value = best_crop(plot, household, wage, world)
        if plot.years_idle > 0:
            value -= clearing_cost(plot.years_idle, p) / p.clearing_horizon
        if crop is not None and value > p.own_reserve:
            plot.choice = crop.row
            add_load(household, crop, plot, 1.0, world)
    for _ in range(4 * len(household.plots) + 1):
        worst, tight = 0.0, NOBODY
        for m in MONTHS:
            if household.load[m] - days > worst + SAME_LOAD:
                worst, tight = household.load[m] - days, m
        if tight == NOBODY:
            break
        plot, crop, loss = least_loss(household, wage, tight, world)
        if plot is None:
            break
        add_load(household, world.crops[plot.choice], plot, -1.0, world)
        plot.choice = NOBODY if crop is None else crop.row
        if crop is not None:
            add_load(household, crop, plot, 1.0, world)
        multiplier = max(multiplier, loss)
    return multiplier


def add_load(household: Household, crop: Crop, plot: Plot, sign: float, world: Any) -> None:
    """Add the days of a crop on a plot to the household's load by month."""
    days = days_on(crop, plot, household, world)
    for m in MONTHS:
        household.load[m] += sign * days * area_for(household, plot) * crop.labour[m]


def area_for(household: Household, plot: Plot) -> float:
    """Return the mu of a plot to each household for which its worker stands."""
    return plot.area * (plot.owner.weight / household.weight)


def least_loss(household: Household, wage: float, tight: int, world: Any) -> tuple[Any, Any, float]:
    """Return (plot, new crop, loss per day) of the change that frees the tight month cheapest."""
    best: tuple[Any, Any, float] = (None, None, 1.0e18)
    for plot in household.plots:
        if plot.choice == NOBODY:
            continue
        now, now_value = in_month(world.crops[plot.choice], plot, household, wage, tight, world)
        if now <= 0.0:
            continue
        for crop in [None, *world.crops]:
            if crop is not None and not allowed(crop, plot):
                continue
            days, value = in_month(crop, plot, household, wage, tight, world)
            if days >= now:
                continue
            loss = (now_value - value) / (now - days)
            if loss < best[2] and (crop is None or loss >= 0.0):
                best = (plot, crop, loss)
    return best


def in_month(
    crop: Crop | None, plot: Plot, household: Household, wage: float, month: int, world: Any
) -> tuple[float, float]:
    """Return (days a mu in a month, R less labour) of a crop; (0, 0) of none."""
    if crop is None:
        return 0.0, 0.0
    days = days_on(crop, plot, household, world)
    return days * crop.labour[month], crop_return(crop, plot, world) - wage * days


# --- the lease market ----------------------------------------------------------------------------


def lease_and_sow(world: Any) -> None:
    """Settle who works each plot and with what, village by village, in the order of a draw."""
    draw = {
        plot: plot.owner.village.row + uniform(world.key, plot.uid, LEASE_ORDER)
        for plot in world.plots
    }
    for plot in sorted(world.plots, key=lambda plot: draw[plot]):
        tenant, plot.operator, plot.rent = plot.operator, None, 0.0
        if plot.use == TREES or plot.area <= 0.0:
            continue
        plot.use = IDLE
        settle_plot(plot, tenant, world)


def settle_plot(plot: Plot, tenant: Household | None, world: Any) -> None:
    """Let the owner work a plot, or the best bidder of its ring, or nobody."""
    p, owner = world.params["land"], plot.owner
    own, own_value = plot.choice, IMPOSSIBLE
    if own != NOBODY:
        crop = world.crops[own]
        labour = owner.shadow_wage * days_on(crop, plot, owner, world)
        own_value = crop_return(crop, plot, world) - labour
    bids = []
    if own == NOBODY or own_value < p.offer_below:
        bids = bids_for(plot, tenant, world)
    rent = rent_from_bids(bids[1][0] if len(bids) > 1 else 0.0, p)
    if bids and (own == NOBODY or rent >= max(own_value, 0.0)):
        _, winner, crop = bids[0]
        plot.rent = rent
        add_load(winner, crop, plot, 1.0, world)
        if own != NOBODY:
            add_load(owner, world.crops[own], plot, -1.0, world)
        sow(plot, winner, crop, world)
    elif own != NOBODY:
        sow(plot, owner, world.crops[own], world)


def bids_for(plot: Plot, tenant: Household | None, world: Any) -> list[tuple[float, Any, Any]]:
    """Return (bid, household, crop) of all neighbours who can work the plot, best first.

    Of equal bids the nearest neighbour's counts first: neighbours of one age bid the same.
    """
    p, bids = world.params["land"], []
    cost = lease_cost(world.era, p)
    burden = clearing_cost(plot.years_idle, p) / p.clearing_horizon
    for neighbour in plot.owner.ring:
        if neighbour is plot.owner or neighbour.spare_days <= 0.0:
            continue
        crop, value = best_crop(plot, neighbour, neighbour.shadow_wage, world)
        tau = cost * p.sitting_tenant if neighbour is tenant else cost
        bid = value - (burden + tau)
        worth = crop is not None and bid > max(0.0, p.own_reserve)
        if worth and fits(neighbour, crop, plot, world):
            bids.append((bid, neighbour, crop))
    best = None
    for bid in bids:
        if best is None or bid[0] > best[0] + SAME_BID:
            best = bid
    others = sorted((bid for bid in bids if bid is not best), key=lambda bid: -bid[0])
    return [] if best is None else [best, *others]


def fits(household: Household, crop: Crop, plot: Plot, world: Any) -> bool:
    """Tell whether a crop on a plot fits into the household's days in every month."""
    need = area_for(household, plot) * days_on(crop, plot, household, world)
    return all(
        household.load[m] + need * crop.labour[m] <= household.spare_days
        for m in MONTHS
        if crop.labour[m] > 0.0
    )


def sow(plot: Plot, household: Household, crop: Crop, world: Any) -> None:
    """Put a crop on a plot; overgrown land is cleared at the operator's cost."""
    if plot.years_idle > 0:
        p = world.params["land"]
        household.clearing += clearing_cost(plot.years_idle, p) * area_for(household, plot)
        plot.years_idle = 0
    if not crop.perennial:
        plot.planted = NEVER
    elif plot.planted == NEVER:
        plot.planted = world.month
    plot.operator, plot.use = household, CROP + crop.row


# --- the month -----------------------------------------------------------------------------------


def work(world: Any) -> None:
    """Pay inputs as labour falls due, machines at harvest, rent in twelve parts; harvest."""
    calendar = world.month % 12
    for household in world.households:
        household.harvest = [0.0] * len(world.goods)
    for plot in world.plots:
        if plot.use < CROP or plot.operator is None:
            continue
        crop, farmer = world.crops[plot.use - CROP], plot.operator
        mu = area_for(farmer, plot)
        farmer.inputs += crop.inputs * mu * crop.labour[calendar]
        if crop.harvest[calendar] > 0.0:
            harvest(plot, mu, crop, farmer, crop.harvest[calendar], world)
        plot.owner.rent_received += plot.rent * plot.area / 12.0
        farmer.rent_paid += plot.rent * mu / 12.0


def harvest(plot: Plot, mu: float, crop: Crop, farmer: Household, share: float, world: Any) -> None:
    """Bring in a share of the year's crop of a plot, ``mu`` at the farmer's own scale."""
    p = world.params["land"]
    farmer.machine += crop.machine * machine_share(plot.slope, p) * mu * share
    kg = crop.yield_kg * plot.quality * mu * share * farmer.county.weather
    kg *= max(0.0, 1.0 - p.slope_loss * plot.slope)
    if crop.perennial:
        kg *= perennial_yield(world.month - plot.planted, crop.perennial)
    farmer.harvest[crop.good] += kg


def keep_animals_and_grain(world: Any) -> None:
    """Sell animals; keep grain of the harvest for table and animals, and use the store."""
    p, rice = world.params["budget"], farming.RICE
    for household in world.households:
        rank = uniform(world.life_key, household.uid, LIVESTOCK)
        household.side = livestock_net(rank, world.era, p)
        sales = household.side * household.workers_home * household.capacity
        sales /= 1.0 - p.livestock_feed
        household.livestock_sale += sales
        household.inputs += sales * p.livestock_feed
        feed = p.feed_paddy * household.workers_home * household.capacity if sales > 0.0 else 0.0
        wanted = p.paddy_per_person * household.residents + feed - household.grain
        kept = min(household.harvest[rice], max(0.0, wanted))
        household.harvest[rice] -= kept
        household.grain += kept
        eaten = min(household.grain, p.paddy_per_person / 12.0 * household.residents)
        household.grain -= eaten
        price = household.county.farm_gate[rice]
        household.own_use += eaten * price
        fed = min(household.grain, feed / 12.0, p.livestock_feed * household.livestock_sale / price)
        household.grain -= fed
        household.inputs -= fed * price
