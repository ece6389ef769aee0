"""Shops opened and closed: kernels over households and villages; the rules are in ``entry``."""

from __future__ import annotations

import numpy as np

from agents.base.compiled import compiled
from agents.base.draws import uniform
from agents.base.tables import Array, allocate
from agents.farmer.buying import has_internet
from agents.farmer.draws import FarmerDraw
from agents.farmer.entry import (
    Entry,
    VillageShopDraw,
    can_supply,
    entry_cost,
    grows,
    opening_hazard,
    pioneer_probability,
)
from agents.farmer.shops import exit_hazard, labour_per_kg, shop_price, unit_cost
from agents.farmer.state import Households, Shops
from agents.kinds import NEVER, NOBODY, Place
from agents.migrant.state import People

_OPENS, _GOOD, _CLOSES, _PIONEER, _INTERNET = (
    int(d)
    for d in (
        FarmerDraw.SHOP_OPENS,
        FarmerDraw.SHOP_GOOD,
        FarmerDraw.SHOP_CLOSES,
        FarmerDraw.SHOP_PIONEER,
        FarmerDraw.INTERNET,
    )
)
_FIRST, _SAMPLED = int(VillageShopDraw.PIONEER), int(VillageShopDraw.SAMPLED)
_HOME = int(Place.VILLAGE)
#: Nearest households of the ring, who stand for kin: houses of brothers stand side by side.
_KIN = 4
#: Months for which a shop that closed is still talked about.
_TALK = 12
#: Columns of a shop that closing sets to 0.
_RESET = (
    "stock",
    "past_orders",
    "backlog",
    "rating",
    "turnover_year",
    "profit_year",
    "refund_year",
    "freight_year",
    "hours_year",
    "fixed_year",
    "price",
    "share",
    "losing_months",
    "returnee",
    "cold",
)


def new_shops(households: int) -> Shops:
    """Return the table of shops, none open."""
    shops = allocate(Shops, households)
    shops.good[:] = NOBODY
    shops.closed[:] = -NEVER
    return shops


@compiled
def visible_gain(c, v, g, goods, terms, shop):
    """Return the price over the goods, and over all visible cost, as shares of the price.

    Both 0 where visible cost is not met. Own hours are in the price that is asked (``shop_price``)
    but no cost to who thinks of opening.
    """
    kg, fees = goods.order_kg[g], shop.commission + shop.advertising
    first, line, packing = terms.first[g, v], terms.line[g, v], goods.packing[g]
    bare = unit_cost(terms.goods_cost[c, g], first, line, packing, kg, fees)
    hours = labour_per_kg(goods.labour[g], kg, shop) * terms.day_wage[c] / (1.0 - fees)
    variety = c * goods.order_kg.shape[0] + g
    price = shop_price(
        bare + hours, terms.rivals_price[g], terms.shops[variety], terms.rivals[g], shop
    )
    if price <= bare:
        return 0.0, 0.0
    return 1.0 - terms.goods_cost[c, g] / price, 1.0 - bare / price


@compiled
def reached(h, households, villages, internet, life_key, buying):
    """Tell whether a household could open at all: parcels, somebody who works, internet."""
    if villages.parcel_service[households.village[h]] == 0 or households.workers_home[h] == 0:
        return False
    luck = uniform(life_key, households.uid[h], _INTERNET)
    return has_internet(luck, internet, households.head_age[h], households.schooling[h], buying)


@compiled
def returnee_at_home(first, end, people, month):
    """Return 1 if a living member (rows first to end) was away before and is home now."""
    for i in range(first, end):
        alive = people.born[i] <= month < people.dies[i]
        if alive and people.returned[i] == 1 and people.place[i] == _HOME:
            return 1
    return 0


@compiled
def ring_shops(ring, good):
    """Return the shares of the nearest kin and of the whole ring (rows) that have a shop."""
    kin = near = 0.0
    for k in range(ring.shape[0]):
        if good[ring[k]] >= 0:
            near += 1.0
            if k < _KIN:
                kin += 1.0
    return kin / _KIN, near / ring.shape[0]


@compiled
def outlay_of(h, shops, households, villages, people, month, training_years, p):
    """Return what opening would cost household ``h``, yuan."""
    kin, near = ring_shops(households.ring[h], shops.good)
    schooling = households.schooling[h] + training_years * villages.trained[households.village[h]]
    back = returnee_at_home(households.first_person[h], households.end_person[h], people, month)
    return entry_cost(kin, near, schooling, back, p)


@compiled
def look_around(h, shops, households, month, p, seen):
    """Fill ``seen`` (3, G) with what the ring shows of each good; return its share with any shop.

    Rows: share of the ring that sells it, and over shops seen the weighted turnover and the
    weights. Losing shops, and closed ones for a year after, count with weight ``failures``:
    turnover is public, costs are not (MODEL 4).
    """
    any_shop, ring = 0.0, households.ring.shape[1]
    for j in households.ring[h]:
        g = shops.good[j]
        if g >= 0:
            any_shop += 1.0
            weight = p.failures if shops.profit_year[j] < 0.0 else 1.0
            seen[0, g] += 1.0 / ring
            seen[1, g] += weight * shops.turnover_year[j]
            seen[2, g] += weight
        elif month - shops.closed[j] < _TALK:
            seen[2, shops.closed_good[j]] += p.failures
    return any_shop / ring


@compiled
def weigh_goods(
    h, shops, households, goods, terms, life_key, example, hurdle, seen, p, shop, hazard
):
    """Fill ``hazard`` (G,) of opening a shop for each good that ``h`` could supply; return the sum.

    example : share of the ring, and of unseen shops, that sells anything. hurdle : yuan/year.
    """
    total, kinds = 0.0, hazard.shape[0]
    c, v = households.county[h], households.village[h]
    for g in range(kinds):
        hazard[g] = 0.0
        if terms.offered[c, g] == 0:
            continue
        grown = grows(shops.grows[h], g)
        able = 1.0
        if not can_supply(life_key, households.uid[h], g, terms.capacity[c, g], grown):
            able = p.learning if seen[0, g] > 0.0 else 0.0
        if able <= 0.0:
            continue
        gain, _ = visible_gain(c, v, g, goods, terms, shop)
        turnover = seen[1, g] / seen[2, g] if seen[0, g] > 0.0 else p.prior
        share = seen[0, g] + p.other_goods * (example - seen[0, g])
        hazard[g] = able * opening_hazard(share, p.margin * gain * turnover, hurdle, p)
        hazard[g] *= p.own_crop if grown else 1.0
        total += hazard[g]
    return total


@compiled
def consider(
    shops,
    households,
    villages,
    people,
    goods,
    terms,
    keys,
    internet,
    scale,
    month,
    years,
    p,
    shop,
    buying,
    choice,
    cost,
):
    """Let households with an example in sight decide; fill ``choice`` (H,) good, and ``cost``.

    keys : (month key, lifelong key). internet : share of rural people online. scale : access.scale,
    on the hazard. years : of schooling that training is worth. All decide on
    the same state, so the order of rows does not matter.
    """
    kinds = goods.order_kg.shape[0]
    seen, hazard = np.zeros((3, kinds)), np.zeros(kinds)
    for h in range(households.uid.shape[0]):
        if shops.good[h] >= 0:
            continue
        luck = uniform(keys[0], households.uid[h], _OPENS)
        # no hazard exceeds this bound: most households need no look around
        if luck >= p.hazard * scale:
            continue
        if not reached(h, households, villages, internet, keys[1], buying):
            continue
        seen[:] = 0.0
        v = households.village[h]
        example = look_around(h, shops, households, month, p, seen)
        example += villages.unseen_shops[v] / villages.size[v]
        if example <= 0.0:
            continue
        outlay = outlay_of(h, shops, households, villages, people, month, years, p)
        hurdle = p.reservation + outlay / p.cost_years
        if p.count_own_labour:
            hurdle += 12.0 * shop.fixed_days * terms.day_wage[households.county[h]]
        total = weigh_goods(
            h, shops, households, goods, terms, keys[1], example, hurdle, seen, p, shop, hazard
        )
        if luck < scale * min(total, p.hazard) and households.cash[h] >= outlay:
            choice[h] = _draw_good(hazard, total, uniform(keys[0], households.uid[h], _GOOD))
            cost[h] = outlay


@compiled
def _draw_good(weight, total, luck):
    """Return the good drawn with probability proportional to ``weight``; NOBODY if all are 0."""
    passed, last = 0.0, NOBODY
    for g in range(weight.shape[0]):
        if weight[g] > 0.0:
            passed += weight[g]
            last = g
            if luck * total < passed:
                return g
    return last


@compiled
def _first_of_village(v, shops, households, villages, internet, keys, buying, choice):
    """Return how many households of a village could be its pioneer, and the one drawn."""
    eligible, chosen, lowest = 0, NOBODY, 2.0
    for h in range(villages.first_household[v], villages.end_household[v]):
        if shops.good[h] >= 0 or choice[h] >= 0:
            continue
        if not reached(h, households, villages, internet, keys[1], buying):
            continue
        eligible += 1
        draw = uniform(keys[0], households.uid[h], _PIONEER)
        if draw < lowest:
            lowest, chosen = draw, h
    return eligible, chosen


@compiled
def pioneer(
    shops,
    households,
    villages,
    people,
    goods,
    terms,
    keys,
    internet,
    scale,
    month,
    years,
    p,
    shop,
    buying,
    choice,
    cost,
):
    """Draw each village's spontaneous pioneer at its real size (MODEL 2).

    The pioneer is one of the sampled households with probability ``villages.sampled``; otherwise
    the village's ``unseen_shops`` grows by one. Without an example, a pioneer reckons with visible
    cost: the good is drawn by what the county can supply times the visible margin.
    """
    kinds = goods.order_kg.shape[0]
    weight = np.zeros(kinds)
    for v in range(villages.uid.shape[0]):
        luck = uniform(keys[0], villages.uid[v], _FIRST)
        cluster = terms.cluster[villages.county[v]].max()
        hazard = p.pioneer * scale * (1.0 + p.cluster_pioneers * cluster)
        if luck >= pioneer_probability(hazard, villages.size[v]):
            continue
        eligible, chosen = _first_of_village(
            v, shops, households, villages, internet, keys, buying, choice
        )
        if eligible == 0:
            continue
        rows = villages.end_household[v] - villages.first_household[v]
        if luck >= pioneer_probability(hazard, villages.size[v] * eligible / rows):
            continue
        c, total = households.county[chosen], 0.0
        for g in range(kinds):
            weight[g] = 0.0
            if terms.offered[c, g] == 0:
                continue
            grown = grows(shops.grows[chosen], g)
            _, gain = visible_gain(c, v, g, goods, terms, shop)
            weight[g] = terms.capacity[c, g] * gain**p.steepness
            weight[g] *= p.own_crop if grown else 1.0
            weight[g] *= 1.0 + p.cluster_pioneers * terms.cluster[c, g]
            total += weight[g]
        if total <= 0.0:
            continue
        if uniform(keys[0], villages.uid[v], _SAMPLED) >= villages.sampled[v]:
            villages.unseen_shops[v] += 1.0
            continue
        outlay = outlay_of(chosen, shops, households, villages, people, month, years, p)
        if households.cash[chosen] >= outlay:
            draw = uniform(keys[0], households.uid[chosen], _GOOD)
            choice[chosen] = _draw_good(weight, total, draw)
            cost[chosen] = outlay


def open_shops(
    shops: Shops,
    households: Households,
    people: People,
    choice: Array,
    cost: Array,
    month: int,
    p: Entry,
) -> Array:
    """Open the shops chosen, pay for the equipment from cash; return their rows."""
    rows = np.flatnonzero(choice >= 0)
    shops.good[rows] = choice[rows]
    shops.since[rows] = month
    shops.rating[rows] = p.start_rating
    shops.entry_cost[rows] = cost[rows]
    households.cash[rows] -= cost[rows]
    for h in rows:
        first, end = households.first_person[h], households.end_person[h]
        shops.returnee[h] = returnee_at_home(first, end, people, month)
    return rows


@compiled
def closing(rows, uid, residents, cash, losing_months, month_key, p, out):
    """Tell of each shop (rows) whether it closes: by ``exit_hazard``, or nobody is left."""
    for k in range(rows.shape[0]):
        h = rows[k]
        hazard = exit_hazard(losing_months[h], cash[h], p)
        gone = residents[h] == 0
        out[k] = gone or uniform(month_key, uid[h], _CLOSES) < hazard


def close_shops(shops: Shops, households: Households, rows: Array, month: int) -> None:
    """Close the shops of ``rows``; what they had in stock is gone."""
    shops.closed_good[rows] = shops.good[rows]
    shops.closed[rows] = month
    shops.good[rows] = NOBODY
    households.shop_days[rows] = 0.0
    for name in _RESET:
        getattr(shops, name)[rows] = 0
