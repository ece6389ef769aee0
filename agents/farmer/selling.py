"""Shops month by month: what is set aside, priced, ordered, made, sent, paid and learned.

Kernels over the rows of households with a shop (``rows``); scalar rules are in
``agents.farmer.shops`` and ``agents.buyer.market``. Amounts are at the household's own size.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.compiled import compiled
from agents.base.tables import Array, Column, Table
from agents.buyer.market import seller_weight
from agents.farmer.budget import shop_income
from agents.farmer.shops import (
    cold_box,
    cools,
    labour_per_kg,
    months_kept,
    refund_share,
    shop_price,
    smoothed,
    unit_cost,
    work_days,
    year_sum,
)

#: Days a month by which a neighbour may be asked too many: shops that take all orders that their
#: neighbours' days allow ask for just those, to rounding.
SAME_DAYS = 1e-9


class Terms(Table):
    """What shops meet this month. C counties, G goods, N villages, V = C * G varieties."""

    offered: Annotated[
        Array, Column(np.int8, "0/1", "(C, G) may be sold from this county", width=2)
    ]
    capacity: Annotated[
        Array, Column(np.float64, "share", "(G, N) of households who could supply it", width=2)
    ]
    cluster: Annotated[
        Array, Column(np.float64, "0-1", "(G, N) strength of the industry around it", width=2)
    ]
    goods_cost: Annotated[
        Array, Column(np.float64, "yuan/kg sold", "(C, G) goods and materials", width=2)
    ]
    materials: Annotated[Array, Column(np.float64, "yuan/kg sold", "(C, G)", width=2)]
    farm_gate: Annotated[Array, Column(np.float64, "yuan/farm kg", "(C, G)", width=2)]
    rivals_price: Annotated[Array, Column(np.float64, "yuan/kg", "(G,) delivered")]
    rivals: Annotated[Array, Column(np.float64, "varieties", "(G,) elsewhere")]
    shops: Annotated[Array, Column(np.float64, "shops", "(V,) of each variety, full scale")]
    first: Annotated[Array, Column(np.float64, "yuan/parcel", "(G, N) first mile", width=2)]
    line: Annotated[Array, Column(np.float64, "yuan/parcel", "(G, N) line-haul", width=2)]
    cold_extra: Annotated[
        Array, Column(np.float64, "yuan/parcel", "(G, N) cooled; inf where not offered", width=2)
    ]
    sound: Annotated[
        Array, Column(np.float64, "share", "(G, N) of goods that arrive sound", width=2)
    ]
    sound_cold: Annotated[Array, Column(np.float64, "share", "(G, N) the same, cooled", width=2)]
    kept: Annotated[Array, Column(np.float64, "share", "(G,) of a stock that keeps for a month")]
    kept_cold: Annotated[Array, Column(np.float64, "share", "(G,) the same, in cold storage")]
    on_sale: Annotated[Array, Column(np.int8, "0/1", "(G,) sold this month")]
    day_wage: Annotated[Array, Column(np.float64, "yuan/day", "(C,)")]


class Tally(Table):
    """Totals of the month at full scale: kg by good (G,), yuan of goods by county (C,)."""

    own: Annotated[Array, Column(np.float64, "kg", "from own harvest, as sold")]
    bought: Annotated[Array, Column(np.float64, "kg", "bought or made")]
    own_farm: Annotated[Array, Column(np.float64, "farm kg", "of own harvest")]
    decayed: Annotated[Array, Column(np.float64, "kg", "lost in store")]
    sent: Annotated[Array, Column(np.float64, "kg", "sent")]
    returned: Annotated[Array, Column(np.float64, "kg", "sent back whole")]
    spoiled: Annotated[Array, Column(np.float64, "kg", "of those sent, arrived spoiled")]
    dumped: Annotated[Array, Column(np.float64, "kg", "left when shops closed")]
    wholesale: Annotated[Array, Column(np.float64, "yuan", "crops bought")]
    local: Annotated[Array, Column(np.float64, "yuan", "materials and local manufactures bought")]


@compiled
def set_aside(rows, shops, households, cold_chain, goods, terms, harvest_kg, tally, p):
    """Let stocks decay, then take own harvest for the months that it keeps.

    harvest_kg : (H, G) farm kg; what shops take is subtracted. Fills ``shops.supply`` and
    ``households.shop_supply`` (farm-gate value), cold storage and the cost of finishing.
    """
    for h in rows:
        g, v, c = shops.good[h], households.village[h], households.county[h]
        w = households.weight[h]
        old = shops.stock[h]
        kept, fee = terms.kept[g], 0.0
        saved = (terms.kept_cold[g] - kept) * terms.goods_cost[c, g]
        if cold_chain[v] == 1 and p.cold_store < saved:
            kept, fee = terms.kept_cold[g], p.cold_store * old
        shops.storage[h] += fee
        shops.stock[h] = old * kept
        tally.decayed[g] += (old - shops.stock[h]) * w
        shops.own_days[h] = 0.0
        shops.hired_days[h] = 0.0
        available = harvest_kg[h, g] if goods.made_by[g] == 0 else 0.0
        if available <= 0.0:
            continue
        shelf = goods.shelf_cold[g] if cold_chain[v] == 1 else goods.shelf_days[g]
        monthly = max(p.stocked_orders, p.growth * shops.past_orders[h]) * goods.order_kg[g]
        wanted = max(0.0, monthly * months_kept(shelf) - shops.stock[h])
        taken = min(available, wanted / goods.out_of_in[g])
        made = taken * goods.out_of_in[g]
        harvest_kg[h, g] -= taken
        shops.stock[h] += made
        shops.own_days[h] += made * goods.labour[g]
        shops.supply[h] += taken * terms.farm_gate[c, g]
        households.shop_supply[h] = shops.supply[h]
        shops.goods_bought[h] += made * terms.materials[c, g]
        tally.local[c] += made * terms.materials[c, g] * w
        tally.own[g] += made * w
        tally.own_farm[g] += taken * w


@compiled
def set_prices(rows, shops, households, goods, terms, market, a, p):
    """Set the delivered price of each shop and add it up by variety.

    market : (3, V) sums over shops, at full scale, of seller weight, and of price and rating
    weighted with it.
    """
    goods_of = goods.order_kg.shape[0]
    fees = p.commission + p.advertising
    for h in rows:
        g, v, c = shops.good[h], households.village[h], households.county[h]
        variety = c * goods_of + g
        hours = labour_per_kg(goods.labour[g], goods.order_kg[g], p) * terms.day_wage[c]
        cost = unit_cost(
            terms.goods_cost[c, g] + hours,
            terms.first[g, v],
            terms.line[g, v],
            goods.packing[g],
            goods.order_kg[g],
            fees,
        )
        price = shop_price(cost, terms.rivals_price[g], terms.shops[variety], terms.rivals[g], p)
        shops.price[h] = price
        shops.share[h] = 0.0
        if terms.on_sale[g] == 0 or terms.rivals_price[g] <= 0.0:
            continue
        weight = seller_weight(
            shops.past_orders[h],
            shops.rating[h],
            price / terms.rivals_price[g],
            a.newcomer,
            a.visibility,
            a.sigma,
        )
        weight *= shops.ability[h] * (1.0 + p.returnee_bonus * shops.returnee[h])
        shops.share[h] = weight
        full = weight * households.weight[h]
        market[0, variety] += full
        market[1, variety] += full * price
        market[2, variety] += full * shops.rating[h]


@compiled
def take_orders(rows, shops, households, goods, terms, market, yuan, filled, tally, p):
    """Share out the orders of each variety; make or buy what own stock lacks.

    yuan : (V,) paid by buyers for each variety at full scale. filled : (2, V) receives the value
    of orders and of those that could be filled. What a shop can fill is bounded by the goods that
    its cash can turn over and by the days of its household and neighbours.
    """
    goods_of = goods.order_kg.shape[0]
    for h in rows:
        g, c = shops.good[h], households.county[h]
        variety, w, kg = c * goods_of + g, households.weight[h], goods.order_kg[g]
        shops.accepted[h] = 0.0
        if terms.on_sale[g] == 0:
            continue
        orders = 0.0
        if market[0, variety] > 0.0:
            value = yuan[variety] * shops.share[h] / market[0, variety]
            orders = value / (shops.price[h] * kg)
        shops.orders[h] = orders
        spare = max(0.0, shops.stock[h] - shops.backlog[h] * kg)
        cost = terms.materials[c, g]
        crop = 0.0
        if goods.made_by[g] == 0:
            crop = terms.farm_gate[c, g] * (1.0 + p.bought_markup) / goods.out_of_in[g]
        days = days_on_offer(h, households, p) - shops.own_days[h]
        days -= p.fixed_days + shops.backlog[h] / p.parcels_a_day
        from_stock = min(orders, spare / kg, max(0.0, days) * p.parcels_a_day)
        days -= from_stock / p.parcels_a_day
        money = max(0.0, p.turns * households.cash[h] - shops.goods_bought[h])
        to_order = min(
            orders - from_stock,
            money / (kg * max(cost + crop, 1e-9)),
            max(0.0, days) / (kg * labour_per_kg(goods.labour[g], kg, p)),
        )
        accepted = from_stock + to_order
        lacking = to_order * kg
        shops.accepted[h] = accepted
        shops.stock[h] += lacking
        shops.own_days[h] += lacking * goods.labour[g]
        shops.goods_bought[h] += lacking * (cost + crop)
        tally.wholesale[c] += lacking * crop * w
        tally.local[c] += lacking * cost * w
        tally.bought[g] += lacking * w
        filled[0, variety] += orders * shops.price[h] * w
        filled[1, variety] += accepted * shops.price[h] * w
        shops.past_orders[h] = smoothed(shops.past_orders[h], orders, p.orders_months)


@compiled
def days_on_offer(h, households, p):
    """Return the days a month of the household's workers and of neighbours who can be hired."""
    own = days_for_shops(h, households, p)
    hired = workers_near(h, households) * p.own_days
    return own + p.hire_share * hired / households.weight[h]


@compiled
def dispatch(rows, shops, village, order_kg, capacity):
    """Send what capacity allows; the rest waits. capacity : (N,) share of parcels that can go."""
    for h in rows:
        ready = shops.backlog[h] + shops.accepted[h]
        ready = min(ready, shops.stock[h] / order_kg[shops.good[h]])
        shops.sent[h] = ready * capacity[village[h]]
        shops.backlog[h] = ready - shops.sent[h]


@compiled
def settle_shops(rows, shops, households, goods, terms, tally, p):
    """Book the month of each shop: revenue, refunds, freight, fees, labour, rating, the year."""
    for h in rows:
        g, v = shops.good[h], households.village[h]
        w, sent, kg = households.weight[h], shops.sent[h], goods.order_kg[g]
        value = kg * shops.price[h]
        spoiled = 1.0 - terms.sound[g, v]
        extra = terms.cold_extra[g, v]
        gain = terms.sound_cold[g, v] - terms.sound[g, v]
        packing = goods.packing[g]
        shops.cold[h] = 0
        box = cold_box(packing, goods.packing_cold[g])
        if cools(extra + box - packing, gain, value):
            shops.cold[h] = 1
            spoiled = 1.0 - terms.sound_cold[g, v]
            packing = box
            shops.storage[h] += sent * extra
        paid_back = refund_share(goods.refund[g], spoiled)
        shops.revenue[h] = sent * value
        shops.refund[h] = shops.revenue[h] * paid_back
        shops.commission[h] = p.commission * (shops.revenue[h] - shops.refund[h])
        shops.ad_fee[h] = p.advertising * shops.revenue[h]
        shops.packing[h] = sent * packing
        shops.freight_first[h] = sent * terms.first[g, v]
        shops.freight_line[h] = sent * terms.line[g, v]
        back = sent * kg * goods.refund[g] * goods.returnable[g]
        shops.stock[h] = max(0.0, shops.stock[h] - sent * kg) + back
        tally.sent[g] += sent * kg * w
        tally.returned[g] += back * w
        tally.spoiled[g] += sent * kg * spoiled * w
        ready = sent + shops.backlog[h]
        if ready > 0.0:
            satisfied = 1.0 - paid_back - p.late * shops.backlog[h] / ready
            shops.rating[h] = smoothed(shops.rating[h], max(0.0, satisfied), p.rating_months)


@compiled
def days_for_shops(h, households, p):
    """Return the days a month that household ``h`` has for shops, its own or its neighbours'.

    ``min(workers * own_days, days of its farm workers)``
    """
    return min(households.workers_home[h] * p.own_days, households.farm_days[h])


@compiled
def days_for_hire(j, households, p):
    """Return the days a month that household ``j`` can give to neighbours' shops.

    ``hire_share * max(0, days for shops - days in the own shop)``
    """
    return p.hire_share * max(0.0, days_for_shops(j, households, p) - households.shop_days[j])


@compiled
def workers_near(h, households):
    """Return the workers of the ring of ``h`` at full scale, its own left out."""
    workers = 0.0
    for j in households.ring[h]:
        if j != h:
            workers += households.workers_home[j] * households.weight[j]
    return workers


@compiled
def pay_labour(rows, shops, households, on_sale, day_wage, p):
    """Split the month's work: own members first, then neighbours of the ring, then the county.

    Shops ask their neighbours' workers alike. Who is asked for more days than there are gives what
    there is, to each shop in proportion; the rest is hired in the county's labour market. Pay is
    weighted, so that what neighbours receive equals what shops pay them at full scale.

    on_sale : (G,) 0/1. day_wage : (C,) yuan/day.
    """
    for h in rows:
        days = work_days(shops.sent[h], shops.own_days[h], on_sale[shops.good[h]], p)
        shops.own_days[h] = min(days, days_for_shops(h, households, p))
        shops.hired_days[h] = days - shops.own_days[h]
        households.shop_days[h] = shops.own_days[h]
        workers = workers_near(h, households)
        for j in households.ring[h]:
            if j != h and workers > 0.0:
                part = households.workers_home[j] * households.weight[h] / workers
                households.hired_out[j] += shops.hired_days[h] * part
    for h in rows:
        wage, workers = day_wage[households.county[h]], workers_near(h, households)
        lacking = 0.0 if workers > 0.0 else 1.0  # share of the days that neighbours do not give
        for j in households.ring[h]:
            asked = households.hired_out[j]
            if j != h and workers > 0.0 and asked > 0.0:
                part = households.workers_home[j] * households.weight[h] / workers
                most = days_for_hire(j, households, p)
                given = 1.0 if asked <= most + SAME_DAYS else most / asked
                households.wage_shop[j] += shops.hired_days[h] * part * given * wage
                lacking += (1.0 - given) * part * households.weight[j] / households.weight[h]
        shops.hired[h] = shops.hired_days[h] * (1.0 - lacking) * wage
        shops.hired_county[h] = shops.hired_days[h] * lacking * wage
    for h in rows:
        for j in households.ring[h]:
            most = days_for_hire(j, households, p)
            households.hired_out[j] = min(households.hired_out[j], most)


@compiled
def close_month(rows, shops, county, on_sale, day_wage, p):
    """Carry the month into the rolling year, and count months without a living."""
    for h in rows:
        wage = day_wage[county[h]]
        shops.turnover_year[h] = year_sum(shops.turnover_year[h], shops.revenue[h])
        shops.profit_year[h] = year_sum(shops.profit_year[h], shop_income(h, shops))
        shops.refund_year[h] = year_sum(shops.refund_year[h], shops.refund[h])
        freight = shops.freight_first[h] + shops.freight_line[h]
        shops.freight_year[h] = year_sum(shops.freight_year[h], freight)
        shops.hours_year[h] = year_sum(shops.hours_year[h], shops.own_days[h] * wage)
        fixed = p.fixed_days * on_sale[shops.good[h]] * wage
        shops.fixed_year[h] = year_sum(shops.fixed_year[h], fixed)
        if shops.profit_year[h] < p.own_time * shops.hours_year[h]:
            shops.losing_months[h] += 1
        else:
            shops.losing_months[h] = 0
