"""Rules of opening a shop: who could, what is believed, what it costs, how likely it is."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Annotated

from agents.base.compiled import compiled
from agents.base.draws import uniform
from agents.base.parameters import Group, Parameter
from agents.farmer.draws import FarmerDraw

_SUPPLY = int(FarmerDraw.SHOP_SUPPLY)


class VillageShopDraw(IntEnum):
    """Purposes of keyed draws of a village (its uid) for its first shops and its training."""

    PIONEER = 80
    SAMPLED = 81
    TRAINING = 82


class Entry(Group):
    """Parameters of opening a shop."""

    hazard: Annotated[
        float,
        Parameter(
            0.02,
            0.15,
            "1/month",
            "of opening when everybody around does",
            "PROTOTYPE G: 0.05 when others are seen; V20 wants 0.05 or more",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.07
    pioneer: Annotated[
        float,
        Parameter(
            3e-5,
            1e-3,
            "1/month",
            "of a household's opening without an example",
            "V20: villages without a pioneer near stay at zero for years",
            "assumption",
            hard_high=0.1,
        ),
    ] = 7e-4
    example: Annotated[
        float,
        Parameter(
            0.01,
            0.2,
            "share of acquaintances",
            "s0: with shops, at which the hazard is half as high; what the prior belief counts as",
            "PROTOTYPE G: the full hazard once any shop is seen",
            "assumption",
            hard_low=1e-4,
        ),
    ] = 0.025
    cluster_pioneers: Annotated[
        float,
        Parameter(
            0.0,
            30.0,
            "ratio",
            "more pioneers where an industry is at hand, for a cluster of strength 1",
            "FACTS S3-S7, Q5: leading counties nearly all have clusters",
            "assumption",
        ),
    ] = 2.0
    other_goods: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "share",
            "of the example that shops with other goods give to who could supply this one",
            "judgement",
            "assumption",
        ),
    ] = 0.3
    learning: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "share",
            "of the hazard, for a good that must be learned from a seller",
            "sellers outgrow the local crop (FACTS S2)",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.3
    failures: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "weight",
            "phi: of losing and closed shops in what is believed",
            "MODEL 4",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.3
    talk: Annotated[
        int,
        Parameter(
            3,
            24,
            "months",
            "for which a shop that closed is still talked about",
            "judgement",
            "assumption",
        ),
    ] = 12
    unseen_close: Annotated[
        float,
        Parameter(
            0.005,
            0.05,
            "1/month",
            "hazard of closing of a village's shops outside the sample",
            "between shops without losses and with some (selling.close_anyway, selling.give_up)",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.02
    margin: Annotated[
        float,
        Parameter(
            0.2,
            0.6,
            "share",
            "of the price over the goods that the entrant takes for gain",
            "PROTOTYPE B10: 0.22 of turnover",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.35
    count_own_labour: Annotated[
        bool,
        Parameter(
            0, 1, "true or false", "the entrant counts own hours as a cost", "MODEL 4", "switch"
        ),
    ] = False
    reservation: Annotated[
        float,
        Parameter(
            20,
            240,
            "days a year",
            "of local pay in the profit at which half of those who think of it open",
            "judgement: the days that a shop takes (selling.fixed_days a month, and as much again "
            "with orders) and what else they would earn (Roy 1951)",
            "assumption",
            hard_low=0.01,
            hard_high=365.0,
        ),
    ] = 135.0
    prior: Annotated[
        float,
        Parameter(
            1_000,
            10_000,
            "yuan/year",
            "T0: turnover believed of a good of which no shop has been seen",
            "PROTOTYPE G: a prior gain of 591",
            "assumption",
        ),
    ] = 3_000.0
    steepness: Annotated[
        float,
        Parameter(
            1.0,
            4.0,
            "exponent",
            "of believed profit over the reservation",
            "judgement",
            "assumption",
            hard_low=0.1,
        ),
    ] = 3.0
    cost: Annotated[
        float,
        Parameter(
            1_500, 5_000, "yuan", "F0: computer, camera, first goods", "PROTOTYPE G", "assumption"
        ),
    ] = 2_830.0
    cost_years: Annotated[
        float,
        Parameter(
            1,
            5,
            "years",
            "over which the entrant spreads it",
            "judgement",
            "assumption",
            hard_low=0.1,
        ),
    ] = 3.0
    by_family: Annotated[
        float,
        Parameter(
            0.0,
            2.0,
            "log points",
            "l1: saved if all of the nearest kin have shops",
            "judgement",
            "assumption",
        ),
    ] = 1.0
    by_neighbours: Annotated[
        float,
        Parameter(
            2.0,
            8.0,
            "log points",
            "l2: saved if all neighbours of the ring have shops",
            "PROTOTYPE G: 6",
            "assumption",
        ),
    ] = 6.0
    by_schooling: Annotated[
        float,
        Parameter(
            0.05,
            0.2,
            "log per year",
            "l3: saved by schooling beyond 8 years",
            "PROTOTYPE G; sign: FACTS T31",
            "assumption",
        ),
    ] = 0.1
    by_returnee: Annotated[
        float,
        Parameter(
            0.0,
            0.8,
            "log points",
            "l4: saved by a member who was away",
            "PROTOTYPE G",
            "assumption",
        ),
    ] = 0.3
    own_crop: Annotated[
        float,
        Parameter(
            1.0,
            6.0,
            "ratio",
            "preference for a good that the household grows",
            "own production first; judgement",
            "assumption",
        ),
    ] = 3.0
    start_rating: Annotated[
        float,
        Parameter(
            0.7,
            1.0,
            "share",
            "rating that buyers give a shop unseen",
            "judgement",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.9


class Policy(Group):
    """Training in selling and buying online, a lever."""

    training_share: Annotated[
        float,
        Parameter(
            0, 1, "share of villages", "trained at public cost", "lever", "switch", hard_high=1.0
        ),
    ] = 0.0
    training_month: Annotated[
        str, Parameter(unit="month", meaning="when villages are trained", status="switch")
    ] = "2014-01"
    training_years: Annotated[
        float,
        Parameter(
            1,
            5,
            "years",
            "of schooling that training is worth, in the cost of entry and in the hurdle of buying",
            "MODEL 4",
            "assumption",
        ),
    ] = 3.0
    training_cost: Annotated[
        float,
        Parameter(300, 1_200, "yuan/person", "one person per household", "MODEL 4", "assumption"),
    ] = 600.0


@compiled
def entry_cost(family, neighbours, schooling, returnee, p):
    """Return what opening costs, yuan: ``F0 exp(-l1 kin - l2 near - l3 (school - 8) - l4 back)``.

    Shares of nearest kin and of the ring with a shop, years of schooling, 1 with a returnee
    (MODEL 4).
    """
    saved = p.by_family * family + p.by_neighbours * neighbours
    saved += p.by_schooling * (schooling - 8.0) + p.by_returnee * returnee
    return p.cost * math.exp(-saved)


@compiled
def opening_hazard(share, profit, hurdle, p):
    """Return the monthly hazard of opening: ``h1 s/(s + s0) x^b/(1 + x^b)``.

    share s in [0, 1] of acquaintances who give the example; ``x = E / hurdle`` with believed profit
    E and hurdle (reservation and yearly cost of entry) in yuan a year (MODEL 4).
    """
    if profit <= 0.0 or share <= 0.0:
        return 0.0
    x = (profit / hurdle) ** p.steepness
    return p.hazard * share / (share + p.example) * x / (1.0 + x)


@compiled
def example_given(share, any_shop, able, p):
    """Return the share of acquaintances who set a household the example for a good.

    share sells it, any_shop sells anything. Who is able to supply it is moved by other shops too;
    who has to learn it, by its sellers alone.
    """
    return share + p.other_goods * (any_shop - share) if able else share


@compiled
def believed_turnover(shown, weight, p):
    """Return the turnover believed of a good, yuan/year: ``(s0 T0 + S) / (s0 + W)``.

    The mean of a prior T0, which counts as much as the share s0 of acquaintances, and of what shops
    show: S their turnover times, and W the sum of, weights (a normal prior and normal observations:
    DeGroot 1970, chapter 9).
    """
    return (p.example * p.prior + shown) / (p.example + weight)


@compiled
def pioneer_probability(hazard, households):
    """Return the chance a month that a village has a pioneer: ``1 - (1 - h0)^H`` (MODEL 2)."""
    return 1.0 - (1.0 - hazard) ** households


@compiled
def can_supply(key, uid, good, capacity, grown):
    """Tell whether a household can supply a good: it grows it, or its lifelong draw says so."""
    return grown or uniform(key, uid, _SUPPLY + good) < capacity


@compiled
def grows(bits, good):
    """Tell whether ``good`` was harvested this year or last (``Shops.grows``)."""
    return ((bits | (bits >> 16)) >> good) & 1 == 1
