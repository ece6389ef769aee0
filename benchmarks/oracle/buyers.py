"""Urban buyers: who they are this month, what they know of, what they pay for."""

from __future__ import annotations

from typing import Any

from agents.buyer import market as attention
from agents.kinds import NOBODY
from benchmarks.oracle.objects import Good
from benchmarks.oracle.plain import plain
from model.goods import GOODS, MARKETS

next_awareness = plain(attention.next_awareness)


def meets(county: Any, good: Good, world: Any) -> bool:
    """Tell whether buyers know a variety; its first seller makes it known to a few."""
    g, a = good.row, world.params["attention"]
    if is_sold(county, g) and not county.known[g]:
        start = a.start + a.cluster_known * county.cluster[g]
        for group in world.buyers:
            v = county.row * len(GOODS) + g
            group.awareness[v] = max(group.awareness[v], start)
        county.known[g] = 1
    return bool(county.known[g])


def is_sold(county: Any, g: int) -> bool:
    """Tell whether anybody sells a variety, in the sample or, to be expected, outside it."""
    return bool(county.shops[g] > 0.0 or (county.elsewhere[g] >= 1.0 and county.offered[g]))


def set_weights(world: Any) -> None:
    """Share the shoppers of the nation between the groups at the seats and at the coast."""
    shoppers = float(world.series.online_shoppers[world.month])
    at = {seat.row: 0 for seat in world.seats} | {NOBODY: 0}
    for group in world.buyers:
        at[group.seat] += 1
    local = {
        seat.row: shoppers / world.params["buyers"].nation * seat.people for seat in world.seats
    }
    persons = local | {NOBODY: max(0.0, shoppers - sum(local.values()))}
    for group in world.buyers:
        group.weight = persons[group.seat] / max(1, at[group.seat])


def spend_pots(varieties: list[Any], world: Any) -> None:
    """Let each group spend its part of the pots on varieties that it knows and on rivals."""
    purse = sum(group.weight * group.income for group in world.buyers)
    p, rivals = world.params["attention"], [0.0] * len(MARKETS)
    for good in world.goods:
        rivals[good.market] = good.rivals_now * p.beside_peers
    for group in world.buyers:
        crowd, group.bought = list(rivals), {}
        for county, good in varieties:
            v = county.row * len(GOODS) + good.row
            crowd[good.market] += p.peers * group.awareness[v] * county.pull[good.row]
        for county, good in varieties:
            v, pull, paid = county.row * len(GOODS) + good.row, county.pull[good.row], 0.0
            if pull > 0.0 and crowd[good.market] > 0.0 and purse > 0.0:
                share = group.income / purse * group.awareness[v] * pull
                paid = good.pot * share / crowd[good.market]
            group.bought[v] = paid
            yuan = county.coast_yuan if group.seat == NOBODY else county.urban_yuan
            yuan[good.row] += paid * group.weight


def learn(county: Any, good: Good, scale: float, world: Any) -> None:
    """Update each group's awareness of a variety from orders and from what neighbours know."""
    p, g, v = world.params["attention"], good.row, county.row * len(GOODS) + good.row
    order_yuan = county.mean_price[g] * good.order_kg
    filled = county.filled_yuan[g] / county.asked_yuan[g] if county.asked_yuan[g] > 0.0 else 1.0
    before = {group: group.awareness[v] for group in world.buyers}
    for group in world.buyers:
        if not is_sold(county, g):
            group.awareness[v] = before[group] * (1.0 - p.forget)
            continue
        heard = sum(before[other] for other in group.ring) / len(group.ring)
        orders = 1000.0 * group.bought[v] * filled / order_yuan if order_yuan > 0.0 else 0.0
        group.awareness[v] = next_awareness(
            before[group], orders, heard, scale * p.orders, scale * p.word, p.forget
        )
