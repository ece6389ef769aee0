"""Shops that open and close."""

from __future__ import annotations

from typing import Any

from agents.base.draws import normal, uniform
from agents.farmer import entry as rules
from agents.farmer import opening
from agents.farmer.draws import FarmerDraw
from agents.farmer.entry import VillageShopDraw
from agents.farmer.shops import ability
from agents.farmer.shops import exit_hazard as exit_rule
from agents.kinds import NOBODY
from benchmarks.oracle import online
from benchmarks.oracle.market import has_internet
from benchmarks.oracle.objects import VILLAGE, Good, Household, Village
from benchmarks.oracle.plain import plain
from model.calendar import parse_month
from model.rollout import service_share

entry_cost, opening_hazard, pioneer_probability, can_supply, grows = (
    plain(getattr(rules, name))
    for name in ("entry_cost", "opening_hazard", "pioneer_probability", "can_supply", "grows")
)
believed_turnover, example_given = plain(rules.believed_turnover), plain(rules.example_given)
ability, exit_hazard = plain(ability), plain(exit_rule)
OPENS, GOOD, CLOSES, FIRST, ABILITY, INTERNET = (
    int(FarmerDraw[name])
    for name in (
        "SHOP_OPENS",
        "SHOP_GOOD",
        "SHOP_CLOSES",
        "SHOP_PIONEER",
        "SHOP_ABILITY",
        "INTERNET",
    )
)
PIONEER, SAMPLED, TRAINING = (
    int(VillageShopDraw[name]) for name in ("PIONEER", "SAMPLED", "TRAINING")
)


def train(world: Any) -> None:
    """Train the villages that the policy reaches in its month, one person per household."""
    policy = world.params["policy"]
    access = world.params["access"]
    if policy.training_share <= 0.0 or not access.enabled or access.scale <= 0.0:
        return
    if world.month != parse_month(policy.training_month, "policy", "training_month"):
        return
    for village in world.villages:
        luck = uniform(world.life_key, village.uid, TRAINING)
        village.trained = int(luck < policy.training_share)
        for household in village.households:
            if village.trained and household.residents > 0:
                world.books.book_at("training", household, policy.training_cost)


def close_shops(world: Any) -> None:
    """Close shops that lost long enough, or whose people have gone."""
    for village in world.villages:
        village.unseen_shops *= 1.0 - world.params["entry"].unseen_close
    for household in world.sellers:
        shop = household.shop
        shop.sold_good = shop.good
        hazard = exit_hazard(shop.losing_months, household.cash, world.params["selling"])
        luck = uniform(world.key, household.uid, CLOSES)
        if household.residents == 0 or luck < hazard:
            close_shop(household, world)


def close_shop(household: Household, world: Any) -> None:
    """Close a shop; what it had in stock is gone."""
    shop = household.shop
    shop.closed, shop.closed_good, shop.good = world.month, shop.good, NOBODY
    household.shop_days = 0.0
    for name in opening._RESET:
        setattr(shop, name, 0)


def open_shops(world: Any) -> None:
    """Let households with an example in sight decide, then each village's pioneer; then open."""
    chosen: dict[Household, tuple[int, float]] = {}
    for household in world.households:
        if household.shop.good == NOBODY:
            consider(household, chosen, world)
    for village in world.villages:
        pioneer(village, chosen, world)
    expect_elsewhere(world)
    for household, (good, outlay) in chosen.items():
        if good == NOBODY:
            continue
        shop = household.shop
        shop.good, shop.since, shop.entry_cost = good, world.month, outlay
        shop.rating = world.params["entry"].start_rating
        shop.returnee = returnee_at_home(household, world)
        luck = normal(world.life_key, household.uid, ABILITY)
        shop.ability = ability(luck, world.params["selling"])
        household.cash -= outlay
        world.opened.append(household)


def reached(household: Household, world: Any) -> bool:
    """Tell whether a household could open at all: parcels, somebody who works, internet."""
    return bool(household.village.parcel_service) and connected(household, world)


def connected(household: Household, world: Any) -> bool:
    """Tell whether a household could sell online if parcels came: somebody who works, internet."""
    if household.workers_home == 0:
        return False
    luck = uniform(world.life_key, household.uid, INTERNET)
    internet = float(world.series.internet_rural[world.month])
    age, schooling = household.head_age, household.schooling
    return has_internet(luck, internet, age, schooling, world.params["buying"])


def returnee_at_home(household: Household, world: Any) -> int:
    """Return 1 if a living member was away before and is home now."""
    return int(
        any(
            person.born <= world.month < person.dies
            and person.returned == 1
            and person.place == VILLAGE
            for person in household.people
        )
    )


def outlay_of(household: Household, world: Any) -> float:
    """Return what opening would cost a household, yuan."""
    seen = [neighbour.shop.good != NOBODY for neighbour in household.ring]
    kin = sum(seen[: opening._KIN]) / opening._KIN
    years = world.params["policy"].training_years * household.village.trained
    back = returnee_at_home(household, world)
    return entry_cost(
        kin, sum(seen) / len(seen), household.schooling + years, back, world.params["entry"]
    )


def consider(household: Household, chosen: dict[Household, tuple[int, float]], world: Any) -> None:
    """Let a household with an example in sight decide whether to open, and with what good."""
    p, scale = world.params["entry"], online.selling_scale(world)
    luck = uniform(world.key, household.uid, OPENS)
    if luck >= p.hazard * scale or not reached(household, world):
        return
    village = household.village
    sellers, turnover, weights = look_around(household, world)
    example = sum(sellers) + village.unseen_shops / village.size
    if example <= 0.0:
        return
    outlay = outlay_of(household, world)
    days = p.reservation
    if p.count_own_labour:
        days += 12.0 * world.params["selling"].fixed_days
    hurdle = days * household.county.known_wage + outlay / p.cost_years
    hazards = []
    for good in world.goods:
        g, hazard = good.row, 0.0
        capacity = online.makers(good, village, world)
        if capacity > 0.0:
            grown = grows(household.shop.grows, g)
            able = can_supply(world.life_key, household.uid, g, capacity, grown)
            gain, _ = visible_gain(good, village, world)
            profit = p.margin * gain * believed_turnover(turnover[g], weights[g], p)
            share = example_given(sellers[g], example, able, p)
            hazard = opening_hazard(share, profit, hurdle, p)
            hazard *= (1.0 if able else p.learning) * (p.own_crop if grown else 1.0)
        hazards.append(hazard)
    if luck < scale * min(sum(hazards), p.hazard) and household.cash >= outlay:
        chosen[household] = (draw_good(hazards, household, world), outlay)


def look_around(household: Household, world: Any) -> tuple[list[float], list[float], list[float]]:
    """Return what the ring shows by good: share that sells it, weighted turnover, weights."""
    p, ring = world.params["entry"], household.ring
    sellers, turnover, weights = ([0.0] * len(world.goods) for _ in range(3))
    each = 1.0 / len(ring)
    for neighbour in ring:
        shop = neighbour.shop
        if shop.good != NOBODY:
            weight = p.failures if shop.profit_year < 0.0 else 1.0
            sellers[shop.good] += each
            turnover[shop.good] += each * weight * shop.turnover_year
            weights[shop.good] += each * weight
        elif world.month - shop.closed < p.talk:
            weights[shop.closed_good] += each * p.failures
    return sellers, turnover, weights


def visible_gain(good: Good, village: Village, world: Any) -> tuple[float, float]:
    """Return the price over the goods, and over all visible cost, as shares of the price."""
    price, bare = online.asked(good, village, world)
    if price <= bare:
        return 0.0, 0.0
    goods_cost = world.counties[village.county].goods_cost[good.row]
    return 1.0 - goods_cost / price, 1.0 - bare / price


def draw_good(weights: list[float], household: Household, world: Any) -> int:
    """Return the good drawn with probability proportional to its weight; NOBODY if all are 0."""
    luck = uniform(world.key, household.uid, GOOD) * sum(weights)
    passed, last = 0.0, NOBODY
    for good, weight in enumerate(weights):
        if weight > 0.0:
            passed, last = passed + weight, good
            if luck < passed:
                return good
    return last


def pioneer(village: Village, chosen: dict[Household, tuple[int, float]], world: Any) -> None:
    """Draw a village's spontaneous pioneer at its real size (MODEL 2)."""
    luck = uniform(world.key, village.uid, PIONEER)
    hazard = pioneer_hazard(village, world)
    able = [
        household
        for household in village.households
        if household.shop.good == NOBODY
        and chosen.get(household, (NOBODY, 0.0))[0] == NOBODY
        and reached(household, world)
    ]
    share = len(able) / len(village.households)
    if not able or luck >= pioneer_probability(hazard, village.size * share):
        return
    first = min(able, key=lambda h: uniform(world.key, h.uid, FIRST))
    weights = weights_alone(first, world)
    if sum(weights) <= 0.0:
        return
    if uniform(world.key, village.uid, SAMPLED) >= village.sampled:
        village.unseen_shops += 1.0
        return
    outlay = outlay_of(first, world)
    if first.cash >= outlay:
        chosen[first] = (draw_good(weights, first, world), outlay)


def pioneer_hazard(village: Village, world: Any) -> float:
    """Return the hazard a month of a household's opening unprompted, more where industry is."""
    p = world.params["entry"]
    cluster = max(online.strength(good, village, world) for good in world.goods)
    return float(p.pioneer * online.selling_scale(world) * (1.0 + p.cluster_pioneers * cluster))


def weights_alone(household: Household, world: Any) -> list[float]:
    """Return the pull of each good on a pioneer."""
    p, village, weights = world.params["entry"], household.village, []
    for good in world.goods:
        _, gain = visible_gain(good, village, world)
        weight = online.makers(good, village, world) * gain**p.steepness
        weight *= p.own_crop if grows(household.shop.grows, good.row) else 1.0
        strength = online.strength(good, village, world)
        weights.append(weight * (1.0 + p.cluster_pioneers * strength))
    return weights


def expect_elsewhere(world: Any) -> None:
    """Add the pioneers to be expected among the households that each village stands for."""
    served = service_share(world.month, world.params["rollout"]) * world.access_scale()
    waiting = {
        county.row
        for county in world.counties
        if any(o and e < 1.0 for o, e in zip(county.offered, county.elsewhere))
    }
    for village in world.villages:
        others, county = village.weight - village.sampled, world.counties[village.county]
        if others <= 0.0 or county.row not in waiting:
            continue
        weights = weights_alone(village.households[0], world)
        if sum(weights) <= 0.0:
            continue
        able = sum(connected(household, world) for household in village.households)
        size = village.size * able / len(village.households)
        there = pioneer_probability(pioneer_hazard(village, world), size)
        for g, weight in enumerate(weights):
            county.elsewhere[g] += served * others * there * weight / sum(weights)
