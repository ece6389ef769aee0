"""Sales offline, the village shop and its keepers, and buying online."""

from __future__ import annotations

from typing import Any

from agents.base.draws import normal, uniform
from agents.farmer import buying, shops
from agents.farmer.draws import FarmerDraw
from agents.hub import rules as hub_rules
from benchmarks.oracle.objects import Household, Village
from benchmarks.oracle.plain import plain
from model import offline, retail
from model.goods import MadeBy
from model.retail import JANUARY

parity, band_place, long_freight, may_wait, worth_waiting = (
    plain(getattr(offline, name))
    for name in ("parity", "band_place", "long_freight", "may_wait", "worth_waiting")
)
village_price, cost_of_goods = plain(retail.village_price), plain(retail.cost_of_goods)
smoothed, survival, line_haul = (
    plain(shops.smoothed),
    plain(hub_rules.survival),
    plain(hub_rules.line_haul),
)
(
    parcel_value,
    online_price,
    online_weight,
    online_spending_share,
    tradables_index,
    living_cost,
    has_internet,
    skill_cost,
    yearly_gain,
) = (
    plain(getattr(buying, name))
    for name in (
        "parcel_value",
        "online_price",
        "online_weight",
        "online_spending_share",
        "tradables_index",
        "living_cost",
        "has_internet",
        "skill_cost",
        "yearly_gain",
    )
)

SHOPKEEPER, INTERNET, ADOPTION, SKILL = (
    int(FarmerDraw[name]) for name in ("SHOPKEEPER", "INTERNET", "ONLINE_ADOPTION", "ONLINE_SKILL")
)


# --- offline -------------------------------------------------------------------------------------


def set_farm_gate(world: Any) -> None:
    """Set this month's farm-gate prices: inside the band between export and import parity."""
    p = world.params["offline"]
    for good in world.goods:
        harvested = sum(h.weight * h.harvest[good.row] for h in world.households)
        good.supply[world.month % 12] = harvested
        if world.month == 11:
            good.base_supply = sum(good.supply)
        elif world.month >= 12 and good.base_supply > 0.0:
            ratio = sum(good.supply) / good.base_supply
            good.place = band_place(p.band_start, ratio, p.supply_elasticity)
    for county in world.counties:
        freight = long_freight(county.minutes_gateway, world.coast_km, p)
        for good in world.goods:
            low, high = parity(good.wholesale, freight, p.margin)
            price = low + (high - low) * good.place
            if good.name == "rice":
                price = p.rice_over_floor * float(world.series.rice_price[world.month])
            county.farm_gate[good.row] = price
            county.expected[good.row] = smoothed(county.expected[good.row], price, 12)


def sell_harvest(world: Any) -> None:
    """Sell, hold back or lose what is left of the harvest."""
    p = world.params["offline"]
    warm = world.params["climate"][world.month % 12]
    for good in world.goods:
        good.keeps = 1.0
        if not good.storable and good.made_by == MadeBy.CROP:
            good.keeps = survival(good.decay, good.q10, warm, p.wait_days)
    for household in world.households:
        for good in world.goods:
            price = household.county.farm_gate[good.row]
            kg, household.harvest[good.row] = household.harvest[good.row], 0.0
            if may_wait(good.row, good.storable):
                kg = hold_back(household, good.row, kg, price, world)
            if price > p.dump_below:
                household.farm_sale += kg * good.keeps * price


def hold_back(household: Household, good: int, kg: float, price: float, world: Any) -> float:
    """Return the kg offered now out of this month's and what was held; one good at a time."""
    p = world.params["offline"]
    mine = household.held > 0.0 and household.held_good == good
    if household.held > 0.0 and not mine or kg <= 0.0 and not mine:
        return kg
    overdue = mine and world.month - household.held_since >= p.longest_wait
    if worth_waiting(price, household.county.expected[good], p) and not overdue:
        if not mine:
            household.held_good, household.held_since = good, world.month
        household.held += kg
        return 0.0
    kg, household.held = kg + household.held, 0.0
    return kg


# --- the village shop ----------------------------------------------------------------------------


def appoint(village: Village, world: Any) -> None:
    """Mark the keepers of village shops by a lifelong draw, and who would keep a station."""
    luck = {
        household: uniform(world.life_key, household.uid, SHOPKEEPER)
        for household in village.households
    }
    at_home = [household for household in village.households if household.residents > 0]
    first = min(at_home or village.households, key=lambda household: luck[household])
    for household in village.households:
        share = world.params["retail"].shopkeepers
        household.shopkeeper = int(household in at_home and luck[household] < share)
    if not any(household.shopkeeper for household in village.households):
        first.shopkeeper = 1
    village.station_keeper = first


def pay_keepers(world: Any) -> None:
    """Pay wholesalers, shopkeepers and station keepers out of last month's sales."""
    books = world.books
    for village in world.villages:
        if world.month % 12 == JANUARY:
            appoint(village, world)
        cost = cost_of_goods(village.till, village_price(village.minutes, world.params["retail"]))
        margin = village.till - cost
        keepers = [household for household in village.households if household.shopkeeper]
        weight = sum(household.weight for household in keepers)
        for household in keepers:
            household.retail_pay += margin / weight
        village.station_keeper.retail_pay += village.commission / village.station_keeper.weight
        books.book("retail_stock", village.county, cost)
        books.book("wholesale_import", village.county, cost)
        books.book("retail_pay", village.county, margin)
        books.book("station_pay", village.county, village.commission)
        world.hubs[village.seat].cash -= village.commission
        village.till = village.commission = 0.0


def offer(world: Any) -> None:
    """Set the prices of parcels and shop; households take up buying online, or not."""
    p, scale = world.params["buying"], world.access_scale()
    scale *= world.params["access"].buying
    weight = online_weight(float(world.series.online_shoppers[world.month]), p)
    price = float(world.series.parcel_price[world.month])
    world.line = line_haul(price, 1.0, world.coast_km, world.params["freight"])
    for village in world.villages:
        cost = village.freight_first + world.line
        cost += 0.0 if village.point else p.trip_cost / p.parcels_per_trip
        village.parcel_yuan = parcel_value(cost, p)
        shop = village_price(village.minutes, world.params["retail"])
        ratio = online_price(cost, village.parcel_yuan, p) / shop
        village.online_share = online_spending_share(ratio, weight, p)
        village.index = tradables_index(ratio, weight, p)
        for household in village.households:
            buy(household, village, scale, world)


def buy(household: Household, village: Village, scale: float, world: Any) -> None:
    """Let a household without the habit of buying online take it up; set its price indices."""
    p = world.params["buying"]
    reached = village.parcel_service and scale > 0.0 and household.residents > 0
    if reached and not household.buys_online:
        household.buys_online = int(takes_up(household, village, scale, world))
    household.online_share, household.tradables_index, household.price_index = 0.0, 1.0, 1.0
    if reached and household.buys_online:
        household.online_share, household.tradables_index = village.online_share, village.index
        household.price_index = living_cost(village.index, p)


def takes_up(household: Household, village: Village, scale: float, world: Any) -> bool:
    """Tell whether a household looks at buying online this month and learns it."""
    p = world.params["buying"]
    if uniform(world.key, household.uid, ADOPTION) >= p.hazard * scale:
        return False
    schooling = household.schooling
    luck = uniform(world.life_key, household.uid, INTERNET)
    internet = float(world.series.internet_rural[world.month])
    if not has_internet(luck, internet, household.head_age, schooling, p):
        return False
    effort = normal(world.life_key, household.uid, SKILL)
    schooling += world.params["policy"].training_years * village.trained
    cost = skill_cost(household.head_age, schooling, village.station, effort, p)
    gain = yearly_gain(household.tradables, village.index)
    return gain > 0.0 and gain > cost


def receive(world: Any) -> None:
    """Count shop sales; deliver what was ordered and book who is paid for it."""
    rate = world.params["hub"].station_commission
    for village in world.villages:
        spent = 0.0
        for household in village.households:
            household.tradables = household.retail + household.parcels
            village.till += household.retail * household.weight
            spent += household.parcels * household.weight
        each = max(village.parcel_yuan + village.freight_first + world.line, 1e-9)
        number = spent / each
        village.commission = number * rate * village.station * village.parcel_yuan
        line = number * world.line
        fee = number * village.freight_first + line + village.commission
        village.parcels_in += number / village.weight
        world.hubs[village.seat].cash += fee - line
        world.books.book("parcel_delivery", village.county, fee)
        world.books.book("line_haul", village.county, line)
        world.books.book("parcel_goods", village.county, spent - fee)
