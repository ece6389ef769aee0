"""Selling online: what shops set aside, ask, are sent for, send, earn, and what buyers know."""

from __future__ import annotations

import math
from typing import Any

from agents.buyer import market as attention
from agents.farmer import shops as rules
from agents.farmer.selling import SAME_DAYS
from agents.hub import rules as hub_rules
from agents.kinds import NOBODY
from benchmarks.oracle import buyers, entry
from benchmarks.oracle.money import shop_income
from benchmarks.oracle.objects import Good, Household, Village
from benchmarks.oracle.plain import plain
from model.goods import GOODS, MARKET_CLASS, MARKETS, MadeBy
from model.online import _CLEARED, _YEAR_2020
from model.switches import GROWN, MADE

appeal, breadth, seller_weight, rivals_price = (
    plain(getattr(attention, name))
    for name in ("appeal", "breadth", "seller_weight", "rivals_price")
)
unit_cost, labour_per_kg, shop_price, work_days, months_kept, cools, refund_share = (
    plain(getattr(rules, name))
    for name in (
        "unit_cost",
        "labour_per_kg",
        "shop_price",
        "work_days",
        "months_kept",
        "cools",
        "refund_share",
    )
)
cold_box = plain(rules.cold_box)
smoothed, year_sum = plain(rules.smoothed), plain(rules.year_sum)
survival, line_haul, cold_surcharge = (
    plain(getattr(hub_rules, name)) for name in ("survival", "line_haul", "cold_surcharge")
)


def take_over(world: Any, model: Any) -> None:
    """Take the endowment of counties and what buyers know over from a model."""
    for county in world.counties:
        for name in ("capacity", "distinct", "cluster"):
            setattr(county, name, getattr(model.market, name)[county.row].tolist())
        known = model.market.known.reshape(len(world.counties), len(GOODS))
        county.known = known[county.row].tolist()
        elsewhere = model.market.elsewhere.reshape(len(world.counties), len(GOODS))
        county.elsewhere = elsewhere[county.row].tolist()
    world.sellers, world.opened = [], []


def selling_scale(world: Any) -> float:
    """Return access.scale while villagers may sell online, else 0."""
    return world.access_scale() if world.params["access"].selling else 0.0


# --- what shops meet this month ------------------------------------------------------------------


def set_terms(world: Any) -> None:
    """Set prices of rivals, costs of goods, and how goods keep, this month."""
    a, month, parcel = world.params["attention"], world.month, world.series.parcel_price
    then = parcel[_YEAR_2020].mean() if len(parcel) > _YEAR_2020.start else parcel[-1]
    warm = world.params["climate"][month % 12]
    cold = world.params["freight"].cold_temperature
    saved = world.params["selling"].cluster_discount
    for good in world.goods:
        good.rivals_price = rivals_price(
            good.online_price, float(parcel[month]), float(then), good.order_kg, a.pass_through
        )
        good.rivals_now = good.rivals * float(world.series.rivals_index[month]) * a.rivals
        good.kept = survival(good.decay, good.q10, warm, 30.0)
        good.kept_cold = survival(good.decay, good.q10, min(cold, warm), 30.0)
        good.on_sale_now = good.on_sale[month % 12]
        good.pot = float(world.series.pot(MARKET_CLASS[good.market])[month])
        if MARKETS[good.market] in ("tofu", "balls"):
            tofu = MARKETS[good.market] == "tofu"
            good.pot *= a.tofu_share if tofu else 1.0 - a.tofu_share
    for county in world.counties:
        county.offered = [may_sell(county, good, world) for good in world.goods]
        county.materials = [
            good.materials
            * (1.0 - saved * (good.made_by == MadeBy.BOUGHT) * county.cluster[good.row])
            for good in world.goods
        ]
        county.goods_cost = [
            county.materials[good.row]
            + (county.farm_gate[good.row] / good.out_of_in if good.made_by == MadeBy.CROP else 0.0)
            for good in world.goods
        ]
        county.shops, county.known_wage = [0.0] * len(GOODS), county.day_wage
    for household in world.sellers:
        household.county.shops[household.shop.good] += household.weight


def may_sell(county: Any, good: Good, world: Any) -> bool:
    """Tell whether a county has a good and access allows to sell it."""
    only, kind = world.params["access"].only_good, GROWN if good.made_by == MadeBy.CROP else MADE
    allowed = selling_scale(world) > 0.0 and only in ("", good.name, kind)
    return bool(allowed and county.capacity[good.row] > 0.0)


def makers(good: Good, village: Village, world: Any) -> float:
    """Return the share of a village's households who could supply a good that may be sold."""
    county = world.counties[village.county]
    share = county.capacity[good.row] * county.offered[good.row]
    return float(min(1.0, share * (village.industry if good.made_by == MadeBy.BOUGHT else 1.0)))


def strength(good: Good, village: Village, world: Any) -> float:
    """Return the strength of the industry of a good around a village."""
    county = world.counties[village.county]
    here = good.made_by != MadeBy.BOUGHT or village.industry > 0.0
    return float(county.cluster[good.row] * county.offered[good.row] * here)


def line(good: Good, world: Any) -> float:
    """Return line-haul of an order, yuan per parcel."""
    price = float(world.series.parcel_price[world.month])
    return line_haul(price, good.order_kg, world.coast_km, world.params["freight"])


def cold_extra(good: Good, village: Village, world: Any) -> float:
    """Return what cooled delivery adds, yuan per parcel; infinite where it is not offered."""
    price = float(world.series.parcel_price[world.month])
    offered = village.cold_chain > 0
    return cold_surcharge(price, good.order_kg, world.params["freight"]) if offered else math.inf


def sound(good: Good, village: Village, temperature: float) -> float:
    """Return the share of an order that arrives sound."""
    return survival(good.decay, good.q10, temperature, village.transit_days)


def asked(good: Good, village: Village, world: Any) -> tuple[float, float]:
    """Return (price asked, visible cost without own hours) of a kg, yuan, for a village's shop."""
    p, county = world.params["selling"], world.counties[village.county]
    fees = p.commission + p.advertising
    way = (village.freight_first, line(good, world), good.packing, good.order_kg, fees)
    bare = unit_cost(county.goods_cost[good.row], *way)
    hours = labour_per_kg(good.labour, good.order_kg, p) * county.known_wage
    cost = unit_cost(county.goods_cost[good.row] + hours, *way)
    shops = county.shops[good.row]
    return shop_price(cost, good.rivals_price, shops, good.rivals_now, p), bare


# --- stock ---------------------------------------------------------------------------------------


def stock_shops(world: Any) -> None:
    """Open the month of the online market; let shops set aside own harvest."""
    for household in world.households:
        household.hired_out = 0.0
        for name in _CLEARED:
            setattr(household.shop, name, 0.0)
    for county in world.counties:
        county.wholesale = county.local_goods = 0.0
        county.coast_yuan, county.urban_yuan = [0.0] * len(GOODS), [0.0] * len(GOODS)
    world.opened = []
    for household in world.households:
        shop = household.shop
        if world.month % 12 == 0:
            shop.grows = (shop.grows & 0xFFFF) << 16
        for g, kg in enumerate(household.harvest):
            shop.grows |= (1 << g) if kg > 0.0 else 0
        if shop.good != NOBODY and not may_sell(household.county, world.goods[shop.good], world):
            entry.close_shop(household, world)
    world.sellers = [household for household in world.households if household.shop.good != NOBODY]
    if selling_scale(world) <= 0.0:
        return
    set_terms(world)
    for household in world.sellers:
        let_decay(household, world)
        set_aside(household, world)


def let_decay(household: Household, world: Any) -> None:
    """Let the stock of a shop decay, in a cold store where that pays."""
    shop, p = household.shop, world.params["selling"]
    good = world.goods[shop.good]
    kept, saved = good.kept, good.kept_cold - good.kept
    saved *= household.county.goods_cost[good.row]
    if household.village.cold_chain and p.cold_store < saved:
        kept = good.kept_cold
        shop.storage += p.cold_store * shop.stock
    shop.stock *= kept


def set_aside(household: Household, world: Any) -> None:
    """Take own harvest for the months that it keeps."""
    shop, county, p = household.shop, household.county, world.params["selling"]
    good = world.goods[shop.good]
    if good.made_by != MadeBy.CROP or household.harvest[good.row] <= 0.0:
        return
    shelf = good.shelf_cold if household.village.cold_chain else good.shelf_days
    monthly = max(p.stocked_orders, p.growth * shop.past_orders) * good.order_kg
    wanted = max(0.0, monthly * months_kept(shelf) - shop.stock)
    taken = min(household.harvest[good.row], wanted / good.out_of_in)
    made = taken * good.out_of_in
    household.harvest[good.row] -= taken
    shop.stock += made
    shop.own_days += made * good.labour
    shop.supply += taken * county.farm_gate[good.row]
    household.shop_supply = shop.supply
    shop.goods_bought += made * county.materials[good.row]
    county.local_goods += made * county.materials[good.row] * household.weight


# --- orders --------------------------------------------------------------------------------------


def place_orders(world: Any) -> None:
    """Let buyers spend the national pots, shops fill what they can, and awareness move."""
    if selling_scale(world) <= 0.0:
        return
    set_prices(world)
    varieties = [
        (county, good)
        for county in world.counties
        for good in world.goods
        if buyers.meets(county, good, world)
    ]
    buyers.set_weights(world)
    buyers.spend_pots(varieties, world)
    for county in world.counties:
        county.asked_yuan, county.filled_yuan = [0.0] * len(GOODS), [0.0] * len(GOODS)
    for household in world.sellers:
        take_orders(household, world)
    for county, good in varieties:
        buyers.learn(county, good, selling_scale(world), world)


def set_prices(world: Any) -> None:
    """Set what each shop asks, and the mean price and rating of each variety."""
    a, p = world.params["attention"], world.params["selling"]
    for county in world.counties:
        for name in ("weights", "pull", "mean_price", "mean_rating"):
            setattr(county, name, [0.0] * len(GOODS))
    for household in world.sellers:
        shop, county = household.shop, household.county
        good = world.goods[shop.good]
        shop.price, _ = asked(good, household.village, world)
        shop.share = 0.0
        if not good.on_sale_now or good.rivals_price <= 0.0:
            continue
        relative = shop.price / good.rivals_price
        shop.share = seller_weight(
            shop.past_orders, shop.rating, relative, a.newcomer, a.visibility, a.sigma
        ) * (shop.ability * (1.0 + p.returnee_bonus * shop.returnee))
        full = shop.share * household.weight
        county.weights[good.row] += full
        county.mean_price[good.row] += full * shop.price
        county.mean_rating[good.row] += full * shop.rating
    for county in world.counties:
        for good in world.goods:
            g = good.row
            if county.weights[g] > 0.0:
                county.mean_price[g] /= county.weights[g]
                county.mean_rating[g] /= county.weights[g]
            elif buyers.is_sold(county, g) and good.on_sale_now:
                # nobody in the sample sells it now, but to be expected somebody outside it
                village = next(v for v in world.villages if v.county == county.row)
                county.mean_price[g], _ = asked(good, village, world)
                county.mean_rating[g] = world.params["entry"].start_rating
            if county.mean_rating[g] > 0.0:
                relative = county.mean_price[g] / good.rivals_price
                county.pull[g] = appeal(
                    county.mean_rating[g],
                    county.distinct[g],
                    relative,
                    a.distinct_value,
                    a.sigma,
                )
                if good.made_by == MadeBy.BOUGHT:
                    county.pull[g] *= breadth(county.shops[g], a)


def take_orders(household: Household, world: Any) -> None:
    """Let a shop take its part of the orders of its variety; make or buy what stock lacks."""
    shop, county, p = household.shop, household.county, world.params["selling"]
    good = world.goods[shop.good]
    g, kg, shop.accepted = good.row, good.order_kg, 0.0
    if not good.on_sale_now:
        return
    if county.weights[g] > 0.0:
        value = (county.coast_yuan[g] + county.urban_yuan[g]) * shop.share / county.weights[g]
        shop.orders = value / (shop.price * kg)
    materials, crop = county.materials[g], 0.0
    if good.made_by == MadeBy.CROP:
        crop = county.farm_gate[g] * (1.0 + p.bought_markup) / good.out_of_in
    days = days_on_offer(household, p) - shop.own_days
    days -= p.fixed_days + shop.backlog / p.parcels_a_day
    stock = max(0.0, shop.stock - shop.backlog * kg) / kg
    from_stock = min(shop.orders, stock, max(0.0, days) * p.parcels_a_day)
    days -= from_stock / p.parcels_a_day
    money = max(0.0, p.turns * household.cash - shop.goods_bought)
    to_order = min(
        shop.orders - from_stock,
        money / (kg * max(materials + crop, 1e-9)),
        max(0.0, days) / (kg * labour_per_kg(good.labour, kg, p)),
    )
    shop.accepted = from_stock + to_order
    shop.stock += to_order * kg
    shop.own_days += to_order * kg * good.labour
    shop.goods_bought += to_order * kg * (materials + crop)
    county.wholesale += to_order * kg * crop * household.weight
    county.local_goods += to_order * kg * materials * household.weight
    county.asked_yuan[g] += shop.orders * shop.price * household.weight
    county.filled_yuan[g] += shop.accepted * shop.price * household.weight
    shop.past_orders = smoothed(shop.past_orders, shop.orders, p.orders_months)


def days_on_offer(household: Household, p: Any) -> float:
    """Return the days a month of the household's workers and of neighbours who can be hired."""
    hired = sum(
        neighbour.workers_home * p.own_days * neighbour.weight
        for neighbour in household.ring
        if neighbour is not household
    )
    return days_for_shops(household, p) + p.hire_share * hired / household.weight


def days_for_shops(household: Household, p: Any) -> float:
    """Return the days a month that a household has for shops, its own or its neighbours'."""
    return min(household.workers_home * p.own_days, household.farm_days)


# --- settlement ----------------------------------------------------------------------------------


def settle(world: Any) -> None:
    """Ship what capacity allows; revenue, refunds, costs, labour and rating of each shop."""
    for household in world.sellers:
        dispatch(household, world)
        settle_shop(household, world)
    pay_labour(world)
    for household in world.sellers:
        close_shop_month(household, world)


def dispatch(household: Household, world: Any) -> None:
    """Send what the hub's capacity allows; the rest waits."""
    shop, village = household.shop, household.village
    good, hub = world.goods[shop.good], world.hubs[village.seat]
    ready = min(shop.backlog + shop.accepted, shop.stock / good.order_kg)
    shop.sent = ready * (hub.capacity_share if village.parcel_service else 0.0)
    shop.backlog = ready - shop.sent
    village.parcels_out += shop.sent * household.weight / village.weight
    if not good.storable:
        hub.fresh_month += shop.sent * good.order_kg * household.weight


def settle_shop(household: Household, world: Any) -> None:
    """Book what a shop earned and paid, what came back, and how it was rated."""
    shop, village, p = household.shop, household.village, world.params["selling"]
    good = world.goods[shop.good]
    value, sent, packing = good.order_kg * shop.price, shop.sent, good.packing
    arrives = sound(good, village, world.params["climate"][world.month % 12])
    cooled = sound(good, village, world.params["freight"].cold_temperature)
    extra = cold_extra(good, village, world)
    box = cold_box(packing, good.packing_cold)
    shop.cold = int(cools(extra + box - packing, cooled - arrives, value))
    if shop.cold:
        arrives, packing = cooled, box
        shop.storage += sent * extra
    back = refund_share(good.refund, 1.0 - arrives)
    shop.revenue = sent * value
    shop.refund = shop.revenue * back
    shop.commission = p.commission * (shop.revenue - shop.refund)
    shop.ad_fee = p.advertising * shop.revenue
    shop.packing = sent * packing
    shop.freight_first = sent * village.freight_first
    shop.freight_line = sent * line(good, world)
    whole = sent * good.order_kg * good.refund * good.returnable
    shop.stock = max(0.0, shop.stock - sent * good.order_kg) + whole
    ready = sent + shop.backlog
    if ready > 0.0:
        satisfied = max(0.0, 1.0 - back - p.late * shop.backlog / ready)
        shop.rating = smoothed(shop.rating, satisfied, p.rating_months)


def pay_labour(world: Any) -> None:
    """Split the month's work: own members first, then neighbours of the ring, then the county."""
    p = world.params["selling"]
    asks: dict[Household, list[tuple[Household, float]]] = {}
    lacking: dict[Household, float] = {}
    for household in world.sellers:
        shop = household.shop
        days = work_days(shop.sent, shop.own_days, world.goods[shop.good].on_sale_now, p)
        shop.own_days = household.shop_days = min(days, days_for_shops(household, p))
        shop.hired_days = days - shop.own_days
        neighbours = [neighbour for neighbour in household.ring if neighbour is not household]
        workers = sum(neighbour.workers_home * neighbour.weight for neighbour in neighbours)
        lacking[household] = 0.0 if workers > 0.0 else 1.0
        for neighbour in neighbours if workers > 0.0 else ():
            part = neighbour.workers_home * household.weight / workers
            asks.setdefault(neighbour, []).append((household, part))
    for neighbour, shops in asks.items():
        most = p.hire_share * max(0.0, days_for_shops(neighbour, p) - neighbour.shop_days)
        asked = sum(keeper.shop.hired_days * part for keeper, part in shops)
        given = 1.0 if asked <= most + SAME_DAYS else most / asked
        neighbour.hired_out = min(asked, most)
        for keeper, part in shops:
            paid = keeper.shop.hired_days * part * given * keeper.county.day_wage
            neighbour.wage_shop += paid
            lacking[keeper] += (1.0 - given) * part * neighbour.weight / keeper.weight
    for keeper, share in lacking.items():
        paid = keeper.shop.hired_days * keeper.county.day_wage
        keeper.shop.hired, keeper.shop.hired_county = (1.0 - share) * paid, share * paid


def close_shop_month(household: Household, world: Any) -> None:
    """Carry the month into the rolling year, and count months without a living."""
    shop, p, wage = household.shop, world.params["selling"], household.county.day_wage
    open_now = world.goods[shop.good].on_sale_now
    for name, yuan in (
        ("turnover_year", shop.revenue),
        ("profit_year", shop_income(household)),
        ("refund_year", shop.refund),
        ("freight_year", shop.freight_first + shop.freight_line),
        ("hours_year", shop.own_days * wage),
        ("fixed_year", p.fixed_days * open_now * wage),
    ):
        setattr(shop, name, year_sum(getattr(shop, name), yuan))
    losing = shop.profit_year < p.own_time * shop.hours_year
    shop.losing_months = shop.losing_months + 1 if losing else 0


def enter_and_exit(world: Any) -> None:
    """Train villages, close shops that lost long enough, open new ones."""
    entry.train(world)
    if selling_scale(world) > 0.0:
        entry.close_shops(world)
        entry.open_shops(world)


def book(world: Any) -> None:
    """Book the month's flows of shops."""
    books = world.books
    for household in world.sellers:
        shop, county = household.shop, household.county
        good = shop.sold_good
        yuan = county.coast_yuan[good] + county.urban_yuan[good]
        local = county.urban_yuan[good] / yuan if yuan > 0.0 else 0.0
        for name, amount in (("shop_revenue", shop.revenue), ("refund", shop.refund)):
            books.book_at(f"{name}_urban", household, amount * local)
            books.book_at(f"{name}_coast", household, amount * (1.0 - local))
        for name in ("packing", "freight_first", "freight_line", "storage", "commission"):
            books.book_at(name, household, getattr(shop, name))
        books.book_at("ad_fee", household, shop.ad_fee)
        books.book_at("hired", household, shop.hired)
        books.book_at("hired_county", household, shop.hired_county)
    for county in world.counties:
        flows, c = books.flows, county.row
        books.book("buyers_funds", c, flows["shop_revenue_coast", c] - flows["refund_coast", c])
        books.book("shop_goods_wholesale", c, county.wholesale)
        books.book("shop_goods_local", c, county.local_goods)
    for household in world.opened:
        books.book_at("entry_cost", household, household.shop.entry_cost)
