"""Rules of buying online: who learns to, what share goes by parcel, and the cost of living.

A household buys tradables in the village shop or by parcel. The outer nest (tradables against all
else) is Cobb-Douglas, the inner one (shop against parcel) has elasticity sigma. What depends on the
village alone is computed once per village; the household decides whether to learn.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from agents.base import Array, Group, Parameter, normal, uniform
from agents.base.compiled import compiled, rule
from agents.farmer.draws import FarmerDraw
from agents.farmer.state import Households

_INTERNET = int(FarmerDraw.INTERNET)
_SKILL = int(FarmerDraw.ONLINE_SKILL)
_ADOPTION = int(FarmerDraw.ONLINE_ADOPTION)

_TABLE = "parameters.csv"


class Buying(Group):
    """Parameters of buying by parcel."""

    manufactures_share: Annotated[
        float,
        Parameter(
            0.16,
            0.45,
            "share",
            "of consumption that is retail tradables",
            "clothing, household and other goods 0.16 (parameters.csv), twice that with vehicles, "
            "phones, medicine, packaged food (PROTOTYPE C); rural purchases online of 2015 "
            "(FACTS R2) want no less",
            "literature",
            "memory medium",
        ),
    ] = 0.32
    substitution: Annotated[
        float,
        Parameter(
            2.3,
            5.0,
            "CES sigma",
            "between village shop and parcel",
            "Atkin, Faber, Gonzalez-Navarro 2018",
            "literature",
            "memory medium",
            hard_low=1.05,
        ),
    ] = 3.5
    discount: Annotated[
        float,
        Parameter(
            0.05,
            0.3,
            "share",
            "of online goods below county price, before delivery",
            f"{_TABLE} buying.online_discount",
            "assumption",
        ),
    ] = 0.15
    online_weight: Annotated[
        float,
        Parameter(
            0.05,
            0.4,
            "weight",
            "taste for the parcel at equal price, over the shop's; at the reference shoppers",
            "gives users the fall of FACTS C17",
            "assumption",
        ),
    ] = 0.13
    online_growth: Annotated[
        float,
        Parameter(
            0.5,
            2.0,
            "elasticity",
            "of that weight to the nation's online shoppers: more is on offer",
            "judgement",
            "assumption",
        ),
    ] = 1.5
    shoppers_reference: Annotated[
        float,
        Parameter(
            4.0e8,
            5.5e8,
            "persons",
            "online shoppers of the nation at which that holds (2016)",
            "national_series.csv online_shoppers",
            "data",
            "memory medium",
        ),
    ] = 4.67e8
    parcel_value: Annotated[
        float,
        Parameter(
            20,
            110,
            "yuan/parcel",
            "paid for the goods in a parcel, at the reference cost",
            "rural parcels of low value; FACTS R8, F16 bound it",
            "assumption",
        ),
    ] = 32.0
    parcel_cost: Annotated[
        float,
        Parameter(
            5,
            12,
            "yuan/parcel",
            "delivery cost at which that holds (about 2020)",
            "FACTS F13, hub.station_fee_parcel",
            "assumption",
        ),
    ] = 8.0
    trip_cost: Annotated[
        float,
        Parameter(
            2,
            10,
            "yuan/trip",
            "to town and back for a parcel, where the village has no point",
            f"{_TABLE} hub.trip_cost_saved",
            "literature",
            "page",
        ),
    ] = 4.6
    parcels_per_trip: Annotated[
        float, Parameter(1, 4, "parcels/trip", "fetched on one trip", "judgement")
    ] = 1.5
    skill_cost: Annotated[
        float,
        Parameter(
            100,
            1_200,
            "yuan",
            "of learning to buy online, age 40, 7 years of school",
            "PROTOTYPE C has 900-1,200 for a larger gain",
            "assumption",
        ),
    ] = 250.0
    skill_age: Annotated[
        float, Parameter(0.03, 0.07, "log per year", "dearer with age", "PROTOTYPE C", "assumption")
    ] = 0.045
    skill_school: Annotated[
        float,
        Parameter(0.05, 0.2, "log per year", "cheaper with schooling", "PROTOTYPE C", "assumption"),
    ] = 0.10
    skill_sd: Annotated[
        float, Parameter(0.3, 1.0, "log s.d.", "of that cost between households", "PROTOTYPE C")
    ] = 0.6
    station_help: Annotated[
        float,
        Parameter(
            0.0,
            0.3,
            "share",
            "of the cost of learning that a station's keeper saves",
            "small: FACTS C11",
            "assumption",
        ),
    ] = 0.1
    hazard: Annotated[
        float,
        Parameter(0.03, 0.2, "per month", "of taking it up once it is worth it", "assumption"),
    ] = 0.10
    internet_age: Annotated[
        float,
        Parameter(
            -0.1,
            -0.04,
            "logit per year",
            "of having internet",
            f"{_TABLE} buying.adoption_age_slope",
            "assumption",
        ),
    ] = -0.07
    internet_school: Annotated[
        float,
        Parameter(
            0.1,
            0.3,
            "logit per year",
            "of having internet",
            f"{_TABLE} buying.adoption_school_slope",
            "assumption",
        ),
    ] = 0.2
    internet_members: Annotated[
        float,
        Parameter(
            1.0,
            3.0,
            "persons",
            "any of whom brings the household online: penetration counts persons",
            "judgement",
            hard_low=1.0,
        ),
    ] = 1.7
    internet_mean_age: Annotated[
        float, Parameter(40, 55, "years", "age at which reach is the national one", "judgement")
    ] = 46.0
    internet_mean_school: Annotated[
        float, Parameter(6, 10, "years", "schooling at which it is", "judgement")
    ] = 8.0


# --- prices of the village ----------------------------------------------------------------------


@compiled
def parcel_value(cost, p):
    """Return yuan of goods ordered in one parcel: ``v0 sqrt(cost / cost0)``.

    The square-root rule of the lot size that balances a cost per order (yuan, delivery and
    fetching) against the cost of waiting (Harris 1913; Baumol 1952).
    """
    return p.parcel_value * math.sqrt(max(cost, 0.0) / p.parcel_cost)


@compiled
def online_price(cost, value, p):
    """Return the delivered price of online goods, county price = 1.

    ``(1 - discount) (1 + cost / value)``: cost per parcel of delivery and of fetching it, value of
    the goods in it, both yuan.
    """
    return (1.0 - p.discount) * (1.0 + cost / max(value, 1e-9))


@rule
def online_weight(shoppers, p):
    """Return the weight of the parcel in the inner CES, the shop's being 1: ``a0 (N / N0)^g``.

    It grows with the online shoppers N of the nation, for with them grows what is on offer
    (assumption).
    """
    return p.online_weight * (shoppers / p.shoppers_reference) ** p.online_growth


@compiled
def parcel_term(ratio, weight, p):
    """Return ``a r^(1 - sigma)``: parcel over shop in the inner CES at price ratio r."""
    return weight * ratio ** (1.0 - p.substitution)


@compiled
def online_spending_share(ratio, weight, p):
    """Return the share of tradables bought by parcel: ``a r^(1-s) / (1 + a r^(1-s))``.

    r is the online over the village price (FACTS M5).
    """
    term = parcel_term(ratio, weight, p)
    return term / (1.0 + term)


@compiled
def tradables_index(ratio, weight, p):
    """Return the price of tradables for a user over that in the shop.

    ``(1 + a r^(1 - s))^(1 / (1 - s))``: the CES index over shop and parcel (FACTS
    M5); 1 where nothing is bought online.
    """
    return (1.0 + parcel_term(ratio, weight, p)) ** (1.0 / (1.0 - p.substitution))


@compiled
def living_cost(index, p):
    """Return the cost of living, 1 with the shop alone: ``index^share`` (Cobb-Douglas)."""
    return index**p.manufactures_share


class Shoppers(NamedTuple):
    """The columns of ``Households`` that buying reads and fills, by those names.

    Numba takes some five microseconds for each column of a table that it is handed.
    """

    uid: Array
    village: Array
    residents: Array
    head_age: Array
    schooling: Array
    tradables: Array
    buys_online: Array
    online_share: Array
    tradables_index: Array
    price_index: Array


def shoppers(households: Households) -> Shoppers:
    """Return the columns of households that ``buy`` takes: the same arrays, not copies."""
    return Shoppers(*(getattr(households, name) for name in Shoppers._fields))


# --- the household ------------------------------------------------------------------------------


@compiled
def has_internet(luck, reach, age, schooling, p):
    """Tell whether a household is online, for its lifelong draw ``luck`` in (0, 1).

    ``logit P = logit(R) + b_age (age - mean) + b_school (schooling - mean)``, with
    ``R = 1 - (1 - reach)^members`` and reach the rural internet penetration of the nation, a share
    of persons (CNNIC). Once online a household stays so while reach rises.
    """
    if reach <= 0.0:
        return False
    if reach >= 1.0:
        return True
    offline = (1.0 - reach) ** p.internet_members
    score = (
        math.log((1.0 - offline) / offline)
        + p.internet_age * (age - p.internet_mean_age)
        + p.internet_school * (schooling - p.internet_mean_school)
    )
    return math.log(luck / (1.0 - luck)) < score


@compiled
def skill_cost(age, schooling, station, luck, p):
    """Return the cost, yuan, of learning to buy online.

    ``c0 exp(.045 (age - 40) - .10 (school - 7) + sd z)``, z the household's lifelong normal draw
    (PROTOTYPE C); a station's keeper saves a share of it.
    """
    effort = p.skill_age * (age - 40.0) - p.skill_school * (schooling - 7.0) + p.skill_sd * luck
    return p.skill_cost * math.exp(effort) * (1.0 - p.station_help * station)


@compiled
def yearly_gain(tradables, index):
    """Return what buying online saves, yuan a year: ``12 spend (1 - index)``.

    ``tradables`` is spending in yuan a month, ``index`` the price index with parcels over without.
    """
    return 12.0 * tradables * (1.0 - index)


@compiled
def takes_up(households, h, gain, station, reach, life_key, p, extra_school):
    """Tell whether household ``h``, now looking at it, learns to buy online.

    Training teaches how to buy (``extra_school`` years); it lays no line.
    """
    uid, age, schooling = households.uid[h], households.head_age[h], households.schooling[h]
    if not has_internet(uniform(life_key, uid, _INTERNET), reach, age, schooling, p):
        return False
    luck = normal(life_key, uid, _SKILL)
    return gain > skill_cost(age, schooling + extra_school, station, luck, p)


@compiled
def buy(households, served, station, share, index, extra_school, reach, scale, key, life_key, p):
    """Let households without the habit take it up; fill each one's share and price indices.

    By village: ``served`` and ``station`` (0/1), ``share`` and ``index`` of a user,
    ``extra_school`` years of training. ``reach`` is internet penetration, ``scale`` that of access.
    """
    for h in range(households.uid.shape[0]):
        v = households.village[h]
        uses = served[v] > 0 and households.residents[h] > 0
        if uses and households.buys_online[h] == 0:
            gain = yearly_gain(households.tradables[h], index[v])
            if (
                gain > 0.0
                and uniform(key, households.uid[h], _ADOPTION) < p.hazard * scale
                and takes_up(households, h, gain, station[v], reach, life_key, p, extra_school[v])
            ):
                households.buys_online[h] = 1
        if uses and households.buys_online[h] == 1:
            households.online_share[h] = share[v]
            households.tradables_index[h] = index[v]
            households.price_index[h] = living_cost(index[v], p)
        else:
            households.online_share[h] = 0.0
            households.tradables_index[h] = 1.0
            households.price_index[h] = 1.0
