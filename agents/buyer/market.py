"""Rules of urban buyers: what they know of, what they choose, whose shop they order from.

A variety is a good of one county. A group of buyers spends its part of the national pot of a
market on the varieties that it is aware of and on rivals from elsewhere (monopolistic competition
with constant elasticity; MODEL 4, the online pot).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.compiled import compiled, rule
from agents.base.parameters import Group, Parameter


class Attention(Group):
    """Parameters of awareness, choice between varieties and choice between shops."""

    orders: Annotated[
        float,
        Parameter(
            0.001,
            0.05,
            "share per order and 1000 buyers, a month",
            "q_o: awareness gained from orders",
            "nobody measured it",
            "assumption",
            hard_low=0.0,
            hard_high=10.0,
        ),
    ] = 0.015
    word: Annotated[
        float,
        Parameter(
            0.01,
            0.15,
            "1/month",
            "q_w: awareness gained from neighbours' awareness",
            "MODEL 4",
            "assumption",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.05
    forget: Annotated[
        float,
        Parameter(
            0.01,
            0.04,
            "1/month",
            "awareness lost",
            "MODEL 4",
            "assumption",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.02
    start: Annotated[
        float,
        Parameter(
            0.0005,
            0.01,
            "share",
            "awareness when a variety's first shop opens",
            "MODEL 4",
            "assumption",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.001
    cluster_known: Annotated[
        float,
        Parameter(
            0.0,
            0.1,
            "share",
            "added to that start where an industry of strength 1 is known already",
            "judgement: the trade of a cluster is older than its shops",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.02
    sigma: Annotated[
        float,
        Parameter(
            3.0,
            6.0,
            "elasticity",
            "of substitution between varieties",
            "MODEL 4; parameters.csv platform.price_elasticity",
            "assumption",
            "memory low",
            hard_low=1.01,
            hard_high=20.0,
        ),
    ] = 4.0
    distinct_value: Annotated[
        float,
        Parameter(
            0.0,
            1.5,
            "ratio",
            "added to what buyers value by a distinctness of 1",
            "nobody measured it",
            "assumption",
        ),
    ] = 0.5
    rivals: Annotated[
        float,
        Parameter(
            0.5,
            2.0,
            "factor",
            "on the number of rivals in every market",
            "MODEL 4: halve and double",
            "assumption",
            hard_low=0.01,
            hard_high=100.0,
        ),
    ] = 1.0
    peers: Annotated[
        float,
        Parameter(
            1.0,
            100.0,
            "regions",
            "like this one, itself included, that sell what it sells and share the national pots",
            "1: all others are rivals who go their observed way; a sample of the nation's counties "
            "has as many as the nation is larger",
            "switch",
            hard_low=1.0,
        ),
    ] = 1.0
    beside_peers: Annotated[
        float,
        Parameter(
            0.5,
            1.0,
            "share",
            "of the rivals who are no villagers of a peer; 1 without peers",
            "FACTS T30: 37% of shops in counties and below are in towns and villages",
            "switch",
            hard_high=1.0,
        ),
    ] = 1.0
    sellers_per_variety: Annotated[
        float,
        Parameter(
            2_000,
            8_000,
            "shops",
            "of differentiated goods that add a variety, as among rivals",
            "14.5 M rural shops of 2020 (FACTS R12), 56% of them not of farm goods (T30), over "
            "2,000 rivals (goods.csv)",
            "data",
            "derived",
            hard_low=1.0,
        ),
    ] = 4_000.0
    tofu_share: Annotated[
        float,
        Parameter(
            0.6,
            0.9,
            "share",
            "of the pot of processed goods that is tofu; the rest balls",
            "MODEL 4: 4:1",
            "assumption",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.8
    visibility: Annotated[
        float,
        Parameter(
            0.5,
            0.7,
            "exponent",
            "of past orders in a seller's share",
            "MODEL 4; from 0.8 on the winner takes all",
            "assumption",
            "memory low",
            hard_low=0.0,
            hard_high=1.5,
        ),
    ] = 0.55
    newcomer: Annotated[
        float,
        Parameter(
            0.3,
            3.0,
            "orders",
            "past orders with which a newcomer is ranked",
            "judgement",
            "assumption",
            hard_low=1e-6,
        ),
    ] = 1.0
    pass_through: Annotated[
        float,
        Parameter(
            0.4,
            1.0,
            "share",
            "of falling parcel prices that rivals pass on to buyers",
            "judgement",
            "assumption",
        ),
    ] = 0.7


@compiled
def next_awareness(aware, orders_per_1000, neighbours, q_orders, q_word, forget):
    """Return next month's awareness of a variety, a share in [0, 1].

    ``A' = A + (1 - A) (q_o o + q_w A_n) - f A`` (MODEL 4): o orders per 1000 buyers this month,
    A_n the mean awareness of the groups that this one hears from, f what is forgotten a month.
    """
    gain = (1.0 - aware) * min(1.0, q_orders * orders_per_1000 + q_word * neighbours)
    return aware + gain - forget * aware


@rule
def appeal(rating, distinctness, relative_price, distinct_value, sigma):
    """Return how much of a variety those choose who know it, an average rival being 1.

    ``th (p / pbar)^(1 - sigma)`` with ``th = rating (1 + v d)`` (MODEL 4; Dixit and Stiglitz
    1977): distinctness d in [0, 1] raises what buyers value, price is delivered.
    """
    return rating * (1.0 + distinct_value * distinctness) * relative_price ** (1.0 - sigma)


@rule
def breadth(sellers, p):
    """Return how many varieties the sellers of a county's differentiated good are: ``1 + N / s``.

    Rivals elsewhere grow in number with the shops of the nation; so do a county's own varieties,
    each of s sellers, whose designs differ (Dixit and Stiglitz 1977; Krugman 1980). Crops and foods
    by which a county is known stay one variety (Rauch 1999: differentiated and homogeneous goods).
    """
    return 1.0 + sellers / p.sellers_per_variety


@compiled
def seller_weight(past_orders, rating, relative_price, newcomer, visibility, sigma):
    """Return the weight of a shop among those of its variety.

    ``(n0 + past)^v rating (p / pbar)^(1 - sigma)``: visibility v under one, so that the first does
    not take all (MODEL 4; PROTOTYPE F4).
    """
    return (newcomer + past_orders) ** visibility * rating * relative_price ** (1.0 - sigma)


@rule
def rivals_price(online_price, parcel_now, parcel_2020, order_kg, pass_through):
    """Return pbar, yuan per kg delivered, of a rival of average awareness.

    ``pbar = p_2020 + x (P(t) - P(2020)) / kg``: rivals pay the national price of a parcel P too
    and pass on the share x of its fall (assumption).
    """
    return max(
        0.2 * online_price, online_price + pass_through * (parcel_now - parcel_2020) / order_kg
    )


@compiled
def spend(buyers, active, market_of, pull, pot, rivals, peers, coast_yuan, urban_yuan, bought):
    """Share out the pots over varieties.

    active : (K,) rows of the varieties that anybody knows; others are not looked at. market_of :
    (V,) market row. pull : (V,) ``appeal``, 0 without a seller. pot : (M,) yuan this month.
    rivals : (M,) varieties from elsewhere. peers : regions that crowd the pots as this one does
    (each gets its equal). Adds the yuan paid by buyers at the coast and at the seats to
    ``coast_yuan``, ``urban_yuan`` (V,), and writes yuan per person to ``bought`` (B, K). Sales
    never exceed the pot.
    """
    groups, kinds = buyers.awareness.shape[0], active.shape[0]
    purse = 0.0
    for b in range(groups):
        purse += buyers.weight[b] * buyers.income[b]
    crowd = np.empty(pot.shape[0])
    for b in range(groups):
        for m in range(crowd.shape[0]):  # an assignment of arrays takes seconds to compile
            crowd[m] = rivals[m]
        for k in range(kinds):
            v = active[k]
            crowd[market_of[v]] += peers * buyers.awareness[b, v] * pull[v]
        share = buyers.income[b] / purse if purse > 0.0 else 0.0
        for k in range(kinds):
            v = active[k]
            m = market_of[v]
            paid = 0.0
            if pull[v] > 0.0 and crowd[m] > 0.0:
                paid = pot[m] * share * buyers.awareness[b, v] * pull[v] / crowd[m]
            bought[b, k] = paid
            if buyers.seat[b] < 0:
                coast_yuan[v] += paid * buyers.weight[b]
            else:
                urban_yuan[v] += paid * buyers.weight[b]


@compiled
def learn(buyers, active, sold, bought, order_yuan, filled, scale, p):
    """Update awareness of the ``active`` varieties from orders and from what neighbours know.

    sold : (V,) whether anybody sells a variety: else awareness only fades. order_yuan : (V,) value
    of an order. filled : (V,) share of the orders that sellers could fill. scale :
    access.scale, on both ways of learning.
    """
    groups, ring = buyers.ring.shape
    before = np.empty(groups)
    for k in range(active.shape[0]):
        v = active[k]
        for b in range(groups):
            before[b] = buyers.awareness[b, v]
        for b in range(groups):
            if not sold[v]:
                buyers.awareness[b, v] = before[b] * (1.0 - p.forget)
                continue
            heard = 0.0
            for j in range(ring):
                heard += before[buyers.ring[b, j]]
            orders = 0.0
            if order_yuan[v] > 0.0:
                orders = 1000.0 * bought[b, k] * filled[v] / order_yuan[v]
            buyers.awareness[b, v] = next_awareness(
                before[b], orders, heard / ring, scale * p.orders, scale * p.word, p.forget
            )
