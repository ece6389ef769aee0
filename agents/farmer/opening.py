"""Shops opened and closed: kernels over households and villages; the rules are in ``entry``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.base.compiled import compiled
from agents.base.draws import identity, normal, uniform
from agents.base.sums import largest, total_of
from agents.base.tables import Array, allocate
from agents.farmer.buying import Buying, has_internet
from agents.farmer.draws import FarmerDraw
from agents.farmer.entry import (
    Entry,
    VillageShopDraw,
    believed_turnover,
    can_supply,
    entry_cost,
    example_given,
    grows,
    opening_hazard,
    pioneer_probability,
)
from agents.farmer.shops import Selling, ability, exit_hazard, labour_per_kg, shop_price, unit_cost
from agents.farmer.state import Households, Shops
from agents.kinds import NEVER, NOBODY, Kind, Place
from agents.migrant.state import People

_OPENS, _GOOD, _CLOSES, _PIONEER, _ABILITY, _INTERNET = (
    int(d)
    for d in (
        FarmerDraw.SHOP_OPENS,
        FarmerDraw.SHOP_GOOD,
        FarmerDraw.SHOP_CLOSES,
        FarmerDraw.SHOP_PIONEER,
        FarmerDraw.SHOP_ABILITY,
        FarmerDraw.INTERNET,
    )
)
_FIRST, _SAMPLED = int(VillageShopDraw.PIONEER), int(VillageShopDraw.SAMPLED)
_HOME = int(Place.VILLAGE)
_HOUSEHOLD = int(Kind.HOUSEHOLD)
#: Nearest households of the ring, who stand for kin: houses of brothers stand side by side.
_KIN = 4
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
    "ability",
    "cold",
)


def new_shops(households: int) -> Shops:
    """Return the table of shops, none open."""
    shops = allocate(Shops, households)
    shops.good[:] = NOBODY
    shops.closed[:] = -NEVER
    return shops


class Scene(NamedTuple):
    """What everybody who thinks of opening a shop meets this month; all decide on the same state.

    keys : (month, lifelong). internet : share of rural people online. scale : access.scale, on the
    hazards. years : of schooling that training is worth.
    """

    shops: Any
    households: Any
    villages: Any
    people: Any
    goods: Any
    terms: Any
    keys: tuple[Any, Any]
    internet: float
    scale: float
    month: int
    years: float
    entry: Entry
    selling: Selling
    buying: Buying


@compiled
def asked(c, v, g, goods, terms, shop):
    """Return what a shop of village ``v`` asks for a kg of good ``g``, and its visible cost, yuan.

    Own hours are in the price (``shop_price``) but no cost to who thinks of opening.
    """
    kg, fees = goods.order_kg[g], shop.commission + shop.advertising
    first, line, packing = terms.first[g, v], terms.line[g, v], goods.packing[g]
    bare = unit_cost(terms.goods_cost[c, g], first, line, packing, kg, fees)
    hours = labour_per_kg(goods.labour[g], kg, shop) * terms.day_wage[c] / (1.0 - fees)
    variety = c * goods.order_kg.shape[0] + g
    price = shop_price(
        bare + hours, terms.rivals_price[g], terms.shops[variety], terms.rivals[g], shop
    )
    return price, bare


@compiled
def visible_gain(c, v, g, goods, terms, shop):
    """Return the price over the goods, and over all visible cost, as shares of the price.

    Both 0 where visible cost is not met.
    """
    price, bare = asked(c, v, g, goods, terms, shop)
    if price <= bare:
        return 0.0, 0.0
    return 1.0 - terms.goods_cost[c, g] / price, 1.0 - bare / price


@compiled
def connected(h, scene):
    """Tell whether a household could sell online if parcels came: somebody who works, internet."""
    t = scene.households
    if t.workers_home[h] == 0:
        return False
    luck = uniform(scene.keys[1], t.uid[h], _INTERNET)
    return has_internet(luck, scene.internet, t.head_age[h], t.schooling[h], scene.buying)


@compiled
def reached(h, scene):
    """Tell whether a household could open at all: parcels, somebody who works, internet."""
    served = scene.villages.parcel_service[scene.households.village[h]] == 1
    return served and connected(h, scene)


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
def outlay_of(h, scene):
    """Return what opening would cost household ``h``, yuan."""
    t = scene.households
    kin, near = ring_shops(t.ring[h], scene.shops.good)
    schooling = t.schooling[h] + scene.years * scene.villages.trained[t.village[h]]
    back = returnee_at_home(t.first_person[h], t.end_person[h], scene.people, scene.month)
    return entry_cost(kin, near, schooling, back, scene.entry)


@compiled
def hurdle_of(h, outlay, scene):
    """Return the profit a year, yuan, at which household ``h`` is as likely to open as not.

    What else its time would earn (Roy 1951), and a year's part of the ``outlay``, yuan.
    """
    p = scene.entry
    days = p.reservation
    if p.count_own_labour:
        days += 12.0 * scene.selling.fixed_days
    return days * scene.terms.day_wage[scene.households.county[h]] + outlay / p.cost_years


@compiled
def belief_weight(j, shops, p):
    """Return what a shop counts in what is believed: ``failures`` if it loses, else 1."""
    return p.failures if shops.profit_year[j] < 0.0 else 1.0


@compiled
def look_around(h, shops, households, month, p, seen):
    """Fill ``seen`` (3, G) with what a neighbour of the ring shows of each good, on average.

    Rows: share that sells it, and the weighted turnover and the weights of shops. Losing shops, and
    closed ones for a while after, count with weight ``failures``: turnover is public, costs are not
    (MODEL 4). Returns the share of the ring that sells anything.
    """
    any_shop, each = 0.0, 1.0 / households.ring.shape[1]
    for j in households.ring[h]:
        g = shops.good[j]
        if g >= 0:
            weight = belief_weight(j, shops, p)
            seen[0, g] += each
            seen[1, g] += each * weight * shops.turnover_year[j]
            seen[2, g] += each * weight
            any_shop += each
        elif month - shops.closed[j] < p.talk:
            seen[2, shops.closed_good[j]] += each * p.failures
    return any_shop


@compiled
def weigh_goods(h, example, hurdle, seen, scene, hazard):
    """Fill ``hazard`` (G,) of opening a shop for each good that the village of ``h`` can supply.

    example : share of acquaintances, and of unseen shops, that sells anything. hurdle : yuan/year.
    """
    p, terms = scene.entry, scene.terms
    uid, c, v = (
        scene.households.uid[h],
        scene.households.county[h],
        scene.households.village[h],
    )
    for g in range(hazard.shape[0]):
        hazard[g] = 0.0
        if terms.capacity[g, v] <= 0.0:
            continue
        grown = grows(scene.shops.grows[h], g)
        able = can_supply(scene.keys[1], uid, g, terms.capacity[g, v], grown)
        gain, _ = visible_gain(c, v, g, scene.goods, terms, scene.selling)
        profit = p.margin * gain * believed_turnover(seen[1, g], seen[2, g], p)
        hazard[g] = opening_hazard(example_given(seen[0, g], example, able, p), profit, hurdle, p)
        hazard[g] *= (1.0 if able else p.learning) * (p.own_crop if grown else 1.0)


@compiled
def weigh_goods_alone(h, scene, weight):
    """Fill ``weight`` (G,) with the pull of each good on a pioneer ``h``.

    Without an example, a pioneer reckons with visible cost: what the village can supply times a
    power of the visible margin, more for an own crop and for what an industry around it makes.
    """
    p, terms = scene.entry, scene.terms
    c, v = scene.households.county[h], scene.households.village[h]
    for g in range(weight.shape[0]):
        weight[g] = 0.0
        if terms.capacity[g, v] <= 0.0:
            continue
        _, gain = visible_gain(c, v, g, scene.goods, terms, scene.selling)
        weight[g] = terms.capacity[g, v] * gain**p.steepness
        weight[g] *= p.own_crop if grows(scene.shops.grows[h], g) else 1.0
        weight[g] *= 1.0 + p.cluster_pioneers * terms.cluster[g, v]


@compiled
def decide(h, outlay, weight, total, scene, choice, cost):
    """Let ``h``, who wants to open, do so if its cash reaches; the good is drawn by ``weight``."""
    if scene.households.cash[h] >= outlay:
        luck = uniform(scene.keys[0], scene.households.uid[h], _GOOD)
        choice[h] = _draw_good(weight, total, luck)
        cost[h] = outlay


@compiled
def consider(scene, choice, cost):
    """Let households with an example in sight decide; fill ``choice`` (H,) good, and ``cost``."""
    p, households, villages = scene.entry, scene.households, scene.villages
    kinds = scene.goods.order_kg.shape[0]
    seen, hazard = np.zeros((3, kinds)), np.zeros(kinds)
    for h in range(households.uid.shape[0]):
        if scene.shops.good[h] >= 0:
            continue
        luck = uniform(scene.keys[0], households.uid[h], _OPENS)
        # no hazard exceeds this bound: most households need no look around
        if luck >= p.hazard * scene.scale or not reached(h, scene):
            continue
        seen[:] = 0.0
        v = households.village[h]
        example = look_around(h, scene.shops, households, scene.month, p, seen)
        example += villages.unseen_shops[v] / villages.size[v]
        if example <= 0.0:
            continue
        outlay = outlay_of(h, scene)
        hurdle = hurdle_of(h, outlay, scene)
        weigh_goods(h, example, hurdle, seen, scene, hazard)
        total = total_of(hazard)
        if luck < scene.scale * min(total, p.hazard):
            decide(h, outlay, hazard, total, scene, choice, cost)


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
def _first_of_village(v, scene, choice):
    """Return how many households of a village could be its pioneer, and the one drawn."""
    households, villages = scene.households, scene.villages
    eligible, chosen, lowest = 0, NOBODY, 2.0
    for h in range(villages.first_household[v], villages.end_household[v]):
        if scene.shops.good[h] >= 0 or choice[h] >= 0 or not reached(h, scene):
            continue
        eligible += 1
        draw = uniform(scene.keys[0], households.uid[h], _PIONEER)
        if draw < lowest:
            lowest, chosen = draw, h
    return eligible, chosen


@compiled
def pioneer_hazard(v, scene):
    """Return the hazard a month of a household's opening unprompted, more where industry is."""
    cluster = largest(scene.terms.cluster[:, v])
    return scene.entry.pioneer * scene.scale * (1.0 + scene.entry.cluster_pioneers * cluster)


@compiled
def pioneer(scene, choice, cost):
    """Draw each village's spontaneous pioneer at its real size (MODEL 2).

    The pioneer is one of the sampled households with probability ``villages.sampled``; otherwise
    the village's ``unseen_shops`` grows by one.
    """
    villages = scene.villages
    weight = np.zeros(scene.goods.order_kg.shape[0])
    for v in range(villages.uid.shape[0]):
        luck = uniform(scene.keys[0], villages.uid[v], _FIRST)
        hazard = pioneer_hazard(v, scene)
        if luck >= pioneer_probability(hazard, villages.size[v]):
            continue
        eligible, chosen = _first_of_village(v, scene, choice)
        if eligible == 0:
            continue
        rows = villages.end_household[v] - villages.first_household[v]
        if luck >= pioneer_probability(hazard, villages.size[v] * eligible / rows):
            continue
        weigh_goods_alone(chosen, scene, weight)
        total = total_of(weight)
        if total <= 0.0:
            continue
        if uniform(scene.keys[0], villages.uid[v], _SAMPLED) >= villages.sampled[v]:
            villages.unseen_shops[v] += 1.0
            continue
        decide(chosen, outlay_of(chosen, scene), weight, total, scene, choice, cost)


@compiled
def pioneers_elsewhere(scene, served, unknown, expected):
    """Add the pioneers to be expected this month among households outside the sample.

    served : share of villages with parcel service. unknown : (V,) 1 for varieties that nobody is
    known to sell; counties without any are passed over. expected : (V,) pioneers by variety. Each
    village of the sample speaks for all that it stands for, with the goods of its first household,
    whatever row that has.
    """
    villages, kinds = scene.villages, scene.goods.order_kg.shape[0]
    weight = np.zeros(kinds)
    for v in range(villages.uid.shape[0]):
        first, end, c = villages.first_household[v], villages.end_household[v], villages.county[v]
        others = villages.weight[v] - villages.sampled[v]
        if others <= 0.0 or largest(unknown[c * kinds : (c + 1) * kinds]) == 0:
            continue
        able, speaker = 0, first
        founder = identity(_HOUSEHOLD, villages.uid[v], 0, 0)
        for h in range(first, end):
            able += connected(h, scene)
            if scene.households.uid[h] == founder:
                speaker = h
        weigh_goods_alone(speaker, scene, weight)
        total = total_of(weight)
        if total <= 0.0:
            continue
        hazard = pioneer_hazard(v, scene)
        there = pioneer_probability(hazard, villages.size[v] * able / (end - first))
        for g in range(kinds):
            expected[c * kinds + g] += served * others * there * weight[g] / total


def open_shops(
    shops: Shops,
    households: Households,
    people: People,
    choice: Array,
    cost: Array,
    scene: Scene,
) -> Array:
    """Open the shops chosen, pay for the equipment from cash; return their rows."""
    rows = np.flatnonzero(choice >= 0)
    shops.good[rows] = choice[rows]
    shops.since[rows] = scene.month
    shops.rating[rows] = scene.entry.start_rating
    shops.entry_cost[rows] = cost[rows]
    households.cash[rows] -= cost[rows]
    for h in rows:
        first, end = households.first_person[h], households.end_person[h]
        shops.returnee[h] = returnee_at_home(first, end, people, scene.month)
        luck = normal(scene.keys[1], households.uid[h], _ABILITY)
        shops.ability[h] = ability(luck, scene.selling)
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
