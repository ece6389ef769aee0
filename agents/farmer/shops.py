"""Rules of a household that sells online: price, labour, packing, cooling, rating, giving up."""

from __future__ import annotations

import math
from typing import Annotated

from agents.base.compiled import compiled, rule
from agents.base.parameters import Group, Parameter

_TABLE = "parameters.csv"


class Selling(Group):
    """Parameters of running a shop."""

    markup: Annotated[
        float,
        Parameter(
            0.2,
            1.0,
            "share of cost",
            "a lone seller adds to visible cost",
            "judgement",
            "assumption",
        ),
    ] = 0.5
    crowding: Annotated[
        float,
        Parameter(
            0.0,
            0.6,
            "elasticity",
            "fall of the mark-up with sellers of the same variety",
            "judgement; Qinghe's price wars (FACTS S4)",
            "assumption",
        ),
    ] = 0.3
    crowd: Annotated[
        float,
        Parameter(
            20,
            200,
            "shops",
            "of one variety at which the mark-up begins to halve",
            "judgement",
            "assumption",
            hard_low=1.0,
        ),
    ] = 50.0
    rivals_half: Annotated[
        float,
        Parameter(
            50,
            500,
            "varieties",
            "rivals elsewhere at which their price counts half",
            "judgement",
            "assumption",
            hard_low=1e-6,
        ),
    ] = 150.0
    parcels_a_day: Annotated[
        float,
        Parameter(
            8,
            20,
            "parcels/day",
            "packed and answered by one person",
            "MODEL 4",
            "assumption",
            hard_low=1.0,
            hard_high=500.0,
        ),
    ] = 12.0
    fixed_days: Annotated[
        float,
        Parameter(
            1,
            10,
            "days/month",
            "of work that even an idle shop takes",
            "MODEL 4",
            "assumption",
            hard_high=31.0,
        ),
    ] = 4.0
    own_days: Annotated[
        float,
        Parameter(
            15,
            28,
            "days/month",
            "that one member can give",
            "MODEL 4",
            "assumption",
            hard_high=31.0,
        ),
    ] = 25.0
    hire_share: Annotated[
        float,
        Parameter(
            0.2,
            1.0,
            "share",
            "of neighbours' days that can be hired",
            "judgement",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.5
    commission: Annotated[
        float,
        Parameter(
            0.0,
            0.05,
            "share of sales",
            "to the platform",
            f"{_TABLE} platform.commission: Alibaba 20-F",
            "data",
            "derived",
            hard_high=0.5,
        ),
    ] = 0.007
    advertising: Annotated[
        float,
        Parameter(
            0.01,
            0.06,
            "share of sales",
            "marketing bought on the platform",
            f"{_TABLE} platform.advertising: Alibaba 20-F",
            "data",
            "derived",
            hard_high=0.5,
        ),
    ] = 0.018
    cluster_discount: Annotated[
        float,
        Parameter(
            0.0,
            0.3,
            "share",
            "of the cost of manufactures saved at the factory gate of a cluster of strength 1",
            "judgement",
            "assumption",
            hard_high=0.9,
        ),
    ] = 0.15
    bought_markup: Annotated[
        float,
        Parameter(
            0.0,
            0.2,
            "share",
            "over farm gate, for goods bought from others",
            "judgement",
            "assumption",
        ),
    ] = 0.08
    turns: Annotated[
        float,
        Parameter(
            1,
            4,
            "1/month",
            "that cash is turned over in goods",
            "judgement",
            "assumption",
            hard_low=0.1,
        ),
    ] = 2.0
    stocked_orders: Annotated[
        float,
        Parameter(
            1,
            20,
            "orders/month",
            "that a newcomer sets own goods aside for",
            "judgement",
            "assumption",
        ),
    ] = 5.0
    growth: Annotated[
        float,
        Parameter(
            1.0,
            2.0,
            "ratio",
            "of expected to past orders, for own goods set aside",
            "judgement",
            "assumption",
        ),
    ] = 1.3
    cold_store: Annotated[
        float,
        Parameter(0.05, 0.3, "yuan/kg a month", "of cold storage", "judgement", "assumption"),
    ] = 0.15
    late: Annotated[
        float,
        Parameter(
            0.1,
            1.0,
            "share",
            "of buyers of a late parcel who are dissatisfied",
            "judgement",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.3
    rating_months: Annotated[
        float,
        Parameter(
            3,
            24,
            "months",
            "over which ratings are averaged",
            "judgement",
            "assumption",
            hard_low=1.0,
        ),
    ] = 6.0
    orders_months: Annotated[
        float,
        Parameter(
            1,
            12,
            "months",
            "over which past orders are averaged",
            "judgement",
            "assumption",
            hard_low=1.0,
        ),
    ] = 3.0
    returnee_bonus: Annotated[
        float,
        Parameter(
            0.0,
            0.2,
            "share",
            "more weight of a returnee's shop among sellers; past orders make more of it",
            "FACTS T32: 19% more sales in the end is 1.19^(1 - visibility) - 1 now",
            "literature",
            "derived",
        ),
    ] = 0.08
    ability_sd: Annotated[
        float,
        Parameter(
            0.0,
            0.8,
            "log points",
            "spread of keepers' ability, as weight among sellers",
            "small firms differ in sales by some 1.1 log points (Hsieh and Klenow 2009; Cabral and "
            "Mata 2003); past orders make 1 / (1 - visibility) of it",
            "assumption",
            "memory medium",
        ),
    ] = 0.5
    own_time: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "share",
            "of the local wage that a running shop must pay own hours",
            "judgement",
            "assumption",
        ),
    ] = 0.25
    patience: Annotated[
        int,
        Parameter(
            4,
            18,
            "months",
            "of losses before one thinks of closing",
            "PROTOTYPE G: 8",
            "assumption",
        ),
    ] = 8
    give_up: Annotated[
        float,
        Parameter(
            0.08,
            0.4,
            "1/month",
            "hazard of closing when losses last or cash is out",
            "PROTOTYPE G: 0.20",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.2
    close_anyway: Annotated[
        float,
        Parameter(
            0.001,
            0.02,
            "1/month",
            "hazard of closing for other reasons",
            "judgement",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.004


@compiled
def unit_cost(goods, first, line, packing, order_kg, fees):
    """Return the visible cost of a kg delivered, yuan: ``(goods + (f + l + b) / kg) / (1 - fees)``.

    goods yuan/kg; first mile f, line-haul l, packing b yuan/order; fees a share of sales. Refunds
    and spoilage are not seen in advance.
    """
    return (goods + (first + line + packing) / order_kg) / (1.0 - fees)


@compiled
def labour_per_kg(days_per_kg, order_kg, p):
    """Return days of work in a kg: making it, and packing and answering an order."""
    return days_per_kg + 1.0 / (p.parcels_a_day * order_kg)


@compiled
def shop_price(cost, rivals_price, shops, rivals, p):
    """Return the delivered price of a kg, yuan.

    ``p = (c (1 + m))^(1 - w) pbar^w``, mark-up ``m = m0 (1 + N / N0)^-e`` eroded by the N shops of
    the same variety, and ``w = n / (n + n_half)`` the weight of the n rivals elsewhere: a common
    good has its price given, a rare one is priced at cost plus (assumption; MODEL 4: rivals erode
    price). c counts hours at the local wage. Never below 0.95 c: a short sale at a loss, no more.
    """
    markup = p.markup * (1.0 + shops / p.crowd) ** (-p.crowding)
    weight = rivals / (rivals + p.rivals_half)
    price = (cost * (1.0 + markup)) ** (1.0 - weight) * rivals_price**weight
    return max(price, 0.95 * cost)


@rule
def ability(luck, p):
    """Return a keeper's weight among sellers, mean 1: ``exp(s z - s^2 / 2)``, z normal, lifelong.

    Nobody knows it beforehand: a keeper learns it from sales and leaves if they are poor (Jovanovic
    1982).
    """
    return math.exp(p.ability_sd * luck - 0.5 * p.ability_sd**2)


@compiled
def work_days(parcels, making, open_now, p):
    """Return days of work a month: ``parcels / 12 + 4 + days of making`` (MODEL 4).

    The fixed days count while the good is on sale (open_now 0/1): a seasonal shop rests.
    """
    return parcels / p.parcels_a_day + p.fixed_days * open_now + making


@compiled
def months_kept(shelf_days):
    """Return for how many months of sales own goods are set aside: while they keep, at most 12."""
    return min(12.0, max(0.5, shelf_days / 30.0))


@compiled
def cools(extra_cost, spoiled_saved, order_value):
    """Tell whether a parcel goes cooled: its cost, yuan, is less than the value that it saves."""
    return extra_cost < spoiled_saved * order_value


@compiled
def cold_box(packing, packing_cold):
    """Return what packs a cooled parcel, yuan: foam box and ice instead of the carton.

    Goods that keep without ice (0) are packed as ever.
    """
    return packing_cold if packing_cold > 0.0 else packing


@compiled
def refund_share(base, spoiled):
    """Return the share of sales paid back: the base rate and what arrived spoiled (MODEL 4)."""
    return min(1.0, base + spoiled)


@compiled
def smoothed(old, new, months):
    """Return an exponential mean over about ``months`` months: ``old + (new - old) / months``."""
    return old + (new - old) / months


@compiled
def year_sum(old, month_value):
    """Return the rolling sum over about twelve months: ``(11/12) old + this month``."""
    return old * (11.0 / 12.0) + month_value


@compiled
def exit_hazard(losing_months, cash, p):
    """Return the hazard a month of closing: ``give_up`` when losses last or cash is out."""
    if losing_months >= p.patience or cash <= 0.0:
        return p.give_up
    return p.close_anyway
