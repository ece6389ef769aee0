"""Moves of people: who reconsiders, what each place is worth, who goes with whom (MODEL 4).

Kernels over the tables of people and households; the terms of the choice are the scalar rules of
``agents.migrant.choice``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from agents.base import Array, Column, Table
from agents.base.compiled import compiled, inlined
from agents.base.draws import gumbel, gumbel_at_most, uniform
from agents.farmer.land import Land, farm_value
from agents.kinds import NOBODY, Job, Place
from agents.migrant.choice import (
    Migration,
    family_can_follow,
    hukou_grant,
    shock,
    skill,
    value_away,
    value_commute,
    value_home,
    value_local,
)
from agents.migrant.demography import Demography, capacity
from agents.migrant.draws import PersonDraw

#: Utility of what cannot be chosen, or cannot win.
LOST = -1.0e18
WORKING_AGE = 16 * 12
CHILD = 14 * 12
MINOR = 18 * 12
PENSION_AGE = 60 * 12

_VILLAGE, _COAST, _SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)
_NONE, _FARM, _LOCAL, _BUSINESS, _JOB_SEAT, _JOB_COAST = (int(j) for j in Job)
_RECONSIDER = int(PersonDraw.RECONSIDER)
_LOSE_JOB = int(PersonDraw.LOSE_JOB)
_FOLLOW = int(PersonDraw.FOLLOW)
_HUKOU = int(PersonDraw.HUKOU)
_TALENT = int(PersonDraw.TALENT)
_TASTE = int(PersonDraw.TASTE)
_LUCK = int(PersonDraw.LUCK)


class Rules(NamedTuple):
    """The parameters that a choice needs."""

    migration: Migration
    land: Land
    demography: Demography


class Terms(Table):
    """What people know when they choose; places are ``Place`` codes (P of them), C counties."""

    pay: Annotated[Array, Column(np.float64, "yuan/month", "(P,) expected pay, jobs over seekers")]
    living: Annotated[Array, Column(np.float64, "yuan/month", "(P,) living cost")]
    hukou: Annotated[Array, Column(np.float64, "log points", "(C, P) utility lost without hukou")]
    root: Annotated[Array, Column(np.float64, "log points", "(C, P) utility lost by living there")]
    distance: Annotated[Array, Column(np.float64, "log points", "(V, P) utility lost by distance")]
    local_pay: Annotated[Array, Column(np.float64, "yuan/month", "(C,) expected local pay")]
    day_wage: Annotated[Array, Column(np.float64, "yuan/day", "(C,) local day wage")]
    minutes: Annotated[Array, Column(np.float64, "minutes", "(V, S) travel to each seat")]
    seat: Annotated[Array, Column(np.int8, "seat", "(V,) seat of the own county")]
    prefecture: Annotated[Array, Column(np.int8, "seat", "(1,) the prefecture seat")]
    side: Annotated[Array, Column(np.float64, "yuan/month", "(H,) livestock net per farm worker")]
    self_employed: Annotated[Array, Column(np.float64, "share", "(1,) of local workers")]
    may_leave: Annotated[Array, Column(np.int8, "0/1", "(1,) 0: nobody leaves for the first time")]


class Adults(Table):
    """Registered adults of each household as a month's moves begin: whom a network can draw on."""

    at: Annotated[Array, Column(np.int16, "persons", "(H, P) at each place")]
    number: Annotated[Array, Column(np.int16, "persons", "(H,) at all places")]
    may_lose: Annotated[Array, Column(np.int16, "persons", "(H,) with a job at seat or coast")]


def no_adults(households: int, places: int) -> Adults:
    """Return the table of ``Adults``, empty."""
    return Adults(
        at=np.zeros((households, places), dtype=np.int16),
        number=np.zeros(households, dtype=np.int16),
        may_lose=np.zeros(households, dtype=np.int16),
    )


@compiled
def is_registered(people, i, month):
    """Tell whether person ``i`` is alive and has not left for college."""
    return people.born[i] <= month < people.dies[i] and month < people.leaves[i]


@compiled
def count_adults(part, people, month, clock, adults):
    """Fill ``adults`` with each household's adults by place, and those who may lose a job."""
    for h in range(part.first_household, part.end_household):
        for place in range(adults.at.shape[1]):
            adults.at[h, place] = 0
        adults.number[h] = 0
        adults.may_lose[h] = 0
    for i in range(part.first_person, part.end_person):
        if is_registered(people, i, month) and clock - people.born[i] >= WORKING_AGE:
            h, job = people.household[i], people.job[i]
            adults.at[h, people.place[i]] += 1
            adults.number[h] += 1
            adults.may_lose[h] += (job == _JOB_SEAT) | (job == _JOB_COAST)


@compiled
def ring_share(ring, adults, place):
    """Return the share of the adults of a ``ring`` (rows of households) who live at ``place``."""
    there, number = 0, 0
    for j in ring:
        there += adults.at[j, place]
        number += adults.number[j]
    return there / number if number > 0 else 0.0


@compiled
def days_of(age, job, p):
    """Return the days a month that a resident of ``age`` years gives to the farm and the shop."""
    if age < 16.0 or age >= p.farm_until:
        return 0.0
    full = p.days_per_month * (p.old_days if age >= 60.0 else 1.0)
    if job == _FARM:
        return full
    if job in (_LOCAL, _BUSINESS):
        return full * p.part_time
    return 0.0


@compiled
def home_income(households, plots, h, days, workers, terms, p):
    """Return yuan a month that ``days`` of labour and ``workers`` hands earn at home.

    The shop takes its days first, each worth the hired hand it saves; the rest works the plots;
    livestock adds its net by farm worker.
    """
    c = households.county[h]
    shop = min(days, households.shop_days[h]) if p.shop_counts else 0.0
    farm = farm_value(plots, households.first_plot[h], households.end_plot[h], days - shop) / 12.0
    return farm + shop * terms.day_wage[c] + workers * terms.side[h]


@compiled
def utility(value, option, best, uid, key, life, p):
    """Return the utility ``kappa * V + shock`` of a person's ``option`` worth ``value`` = V.

    ``option`` numbers its draws. What cannot exceed ``best`` is returned as LOST: its draws are
    looked up to the nearest bound and not computed.
    """
    taste, luck = _TASTE + option, _LUCK + option
    most = shock(gumbel_at_most(life, uid, taste), gumbel_at_most(key, uid, luck), p)
    if p.kappa * value + most <= best:
        return LOST
    return p.kappa * value + shock(gumbel(life, uid, taste), gumbel(key, uid, luck), p)


@compiled
def best_at_home(people, households, plots, i, days, others, workers, age, terms, key, life, rules):
    """Return (utility, job, job seat) of the best way for person ``i`` to live in the village."""
    p = rules.migration
    h = people.household[i]
    v, c = households.village[h], households.county[h]
    uid = people.uid[i]
    stays = p.stay * (people.place[i] == _VILLAGE)
    able = capacity(age, rules.demography)
    worth = skill(people.schooling[i], people.returned[i], p) * able
    with_me = home_income(households, plots, h, others + days, workers + able, terms, p)
    without = home_income(households, plots, h, others, workers, terms, p)
    value = value_home(with_me, without) + stays
    best = utility(value, 0, LOST, uid, key, life, p)
    job, seat = _FARM, NOBODY
    value = value_local(terms.local_pay[c] * worth, terms.minutes[v, terms.seat[v]], p) + stays
    u = utility(value, 1, best, uid, key, life, p)
    if u > best:
        self_employed = uniform(life, uid, _TALENT) < terms.self_employed[0]
        best, job, seat = u, _BUSINESS if self_employed else _LOCAL, NOBODY
    for turn in range(2):
        s = terms.seat[v] if turn == 0 else terms.prefecture[0]
        if (turn == 1 and s == terms.seat[v]) or terms.minutes[v, s] > p.commute_minutes:
            continue
        value = value_commute(terms.pay[_SEAT + s] * worth, terms.minutes[v, s], p) + stays
        u = utility(value, 2 + turn, best, uid, key, life, p)
        if u > best:
            best, job, seat = u, _JOB_SEAT, s
    return best, job, seat


@compiled
def value_of_place(people, households, i, d, age, worth, leaves, adults, terms, p):
    """Return V for person ``i`` of living at place ``d`` away from the village (log points).

    ``worth`` is the person's work in standard workers, ``leaves`` 1 if children would stay behind.
    """
    h = people.household[i]
    registered_there = people.local_hukou[i] == 1 and people.place[i] == d
    value = value_away(
        terms.pay[d] * worth - terms.living[d],
        0.0 if registered_there else terms.hukou[households.county[h], d],
        terms.root[households.county[h], d] + terms.distance[households.village[h], d],
        age,
        leaves,
        ring_share(households.ring[h], adults, d),
        p,
    )
    return value + p.stay * (people.place[i] == d)


@compiled
def best_away(people, households, i, age, children, adults, terms, least, key, life, rules):
    """Return (utility, place) of the best place away, or (``least``, NOBODY) if none exceeds it."""
    p = rules.migration
    v = households.village[people.household[i]]
    worth = skill(people.schooling[i], 0, p) * capacity(age, rules.demography)
    leaves = 1.0 if children > 0 and people.settled[i] == 0 else 0.0
    best, place = least, NOBODY
    for turn in range(3):
        if turn == 0:
            d = _COAST
        elif turn == 1:
            d = _SEAT + terms.prefecture[0]
        else:
            d = _SEAT + terms.seat[v]
            if terms.seat[v] == terms.prefecture[0]:
                continue
        value = value_of_place(people, households, i, d, age, worth, leaves, adults, terms, p)
        u = utility(value, 4 + turn, best, people.uid[i], key, life, p)
        if u > best:
            best, place = u, d
    return best, place


@compiled
def settle_at(people, i, place, job, seat, month):
    """Put person ``i`` at ``place`` with ``job``; who comes home brings the savings."""
    if people.place[i] != place:
        people.since[i] = month
        people.local_hukou[i] = 0
        if place == _VILLAGE:
            people.returned[i] = 1
            people.brought[i] += people.savings[i]
            people.savings[i] = 0.0
        if people.place[i] == _VILLAGE or place == _VILLAGE:
            people.settled[i] = 0
    people.place[i], people.job[i], people.job_seat[i] = place, job, seat


@compiled
def job_at(place):
    """Return (job, seat) of a worker who lives at ``place`` away from the village."""
    if place == _COAST:
        return _JOB_COAST, NOBODY
    return _JOB_SEAT, place - _SEAT


@compiled
def move_family(people, households, i, place, month, clock):
    """Take the settled family of person ``i`` along to ``place``; adults work there."""
    h = people.household[i]
    for j in range(households.first_person[h], households.end_person[h]):
        if j == i or not is_registered(people, j, month) or people.settled[j] == 0:
            continue
        kin = (
            people.spouse[i] == j
            or people.mother[j] == i
            or (people.spouse[i] != NOBODY and people.mother[j] == people.spouse[i])
        )
        if not kin:
            continue
        adult = clock - people.born[j] >= WORKING_AGE
        if place == _VILLAGE:
            settle_at(people, j, place, _FARM if adult else _NONE, NOBODY, month)
        else:
            job, seat = job_at(place)
            settle_at(people, j, place, job if adult else _NONE, seat if adult else NOBODY, month)


@compiled
def reconsiders(people, i, month, is_march, key, p):
    """Tell whether person ``i`` thinks anew: a share each March, and whoever has lost a job."""
    if is_march and uniform(key, people.uid[i], _RECONSIDER) < p.review:
        return True
    if people.job[i] == _JOB_SEAT or people.job[i] == _JOB_COAST:
        lost = p.separation * (1.0 - p.job_finding)
        return uniform(key, people.uid[i], _LOSE_JOB) < lost
    return False


@inlined
def any_reconsiders(people, first, end, month, clock, is_march, key, p):
    """Tell whether somebody of working age among the rows ``first`` to ``end`` thinks anew."""
    for i in range(first, end):
        away = (people.job[i] == _JOB_SEAT) | (people.job[i] == _JOB_COAST)
        if not (is_march | away) or not reconsiders(people, i, month, is_march, key, p):
            continue
        if is_registered(people, i, month) and clock - people.born[i] >= WORKING_AGE:
            return True
    return False


@inlined
def next_eldest(people, first, end, month, born_after, uid_after):
    """Return the eldest registered member younger than the last one handled, or NOBODY."""
    chosen = NOBODY
    for i in range(first, end):
        if not is_registered(people, i, month):
            continue
        later = people.born[i] > born_after or (
            people.born[i] == born_after and people.uid[i] > uid_after
        )
        if not later:
            continue
        if (
            chosen == NOBODY
            or people.born[i] < people.born[chosen]
            or (people.born[i] == people.born[chosen] and people.uid[i] < people.uid[chosen])
        ):
            chosen = i
    return chosen


@compiled
def labour_of_others(people, households, i, month, clock, rules):
    """Return (days a month, hands) that the other residents give to the household's own work."""
    land = rules.land
    h = people.household[i]
    days, hands = 0.0, 0.0
    for j in range(households.first_person[h], households.end_person[h]):
        if j == i or people.place[j] != _VILLAGE or not is_registered(people, j, month):
            continue
        age = (clock - people.born[j]) / 12.0
        days += days_of(age, people.job[j], land)
        if people.job[j] == _FARM and 16.0 <= age < land.farm_until:
            hands += capacity(age, rules.demography)
    return days, hands


@compiled
def children_of(people, households, i, month, clock):
    """Return the number of children under 14 of person ``i`` in the household."""
    h = people.household[i]
    number = 0
    for j in range(households.first_person[h], households.end_person[h]):
        if not is_registered(people, j, month) or clock - people.born[j] >= CHILD:
            continue
        mother = people.mother[j]
        if mother != NOBODY and (mother == i or mother == people.spouse[i]):
            number += 1
    return number


@compiled
def review(
    part, people, households, plots, adults, terms, month, clock, is_march, key, life, rules
):
    """Let those who reconsider choose, one after another within a household, eldest first."""
    p = rules.migration
    for h in range(part.first_household, part.end_household):
        if not is_march and adults.may_lose[h] == 0:
            continue
        first, end = households.first_person[h], households.end_person[h]
        born, uid = -10_000_000, np.uint64(0)
        if not any_reconsiders(people, first, end, month, clock, is_march, key, p):
            continue
        while True:
            i = next_eldest(people, first, end, month, born, uid)
            if i == NOBODY:
                break
            born, uid = people.born[i], people.uid[i]
            age = (clock - people.born[i]) / 12.0
            if age < 16.0 or not reconsiders(people, i, month, is_march, key, p):
                continue
            choose(people, households, plots, i, age, adults, terms, month, clock, key, life, rules)


@compiled
def choose(people, households, plots, i, age, adults, terms, month, clock, key, life, rules):
    """Let person ``i`` choose among home, local work, commuting and the places away."""
    land = rules.land
    others, hands = labour_of_others(people, households, i, month, clock, rules)
    mine = days_of(age, _FARM, land)
    home, job, seat = best_at_home(
        people, households, plots, i, mine, others, hands, age, terms, key, life, rules
    )
    first_time = people.place[i] == _VILLAGE and people.returned[i] == 0
    if terms.may_leave[0] == 1 or not first_time:
        children = children_of(people, households, i, month, clock)
        _, place = best_away(
            people, households, i, age, children, adults, terms, home, key, life, rules
        )
        if place != NOBODY:
            job, seat = job_at(place)
            moved = people.place[i] != place
            if moved and people.settled[i] == 1:
                move_family(people, households, i, place, month, clock)
            settle_at(people, i, place, job, seat, month)
            return
    if people.settled[i] == 1:
        move_family(people, households, i, _VILLAGE, month, clock)
    settle_at(people, i, _VILLAGE, job, seat, month)


@compiled
def families_join(part, people, households, terms, month, clock, key, p):
    """Let spouses and children join members who have been away long enough and can pay for it."""
    for i in range(part.first_person, part.end_person):
        place = people.place[i]
        if place == _VILLAGE or people.settled[i] == 1 or not is_registered(people, i, month):
            continue
        if people.job[i] == _NONE or uniform(key, people.uid[i], _FOLLOW) >= p.follow:
            continue
        h = people.household[i]
        spouse = people.spouse[i]
        children, present = 0, False
        for j in range(households.first_person[h], households.end_person[h]):
            if j == i or not is_registered(people, j, month):
                continue
            child = (
                clock - people.born[j] < MINOR
                and people.mother[j] != NOBODY
                and (people.mother[j] == i or people.mother[j] == spouse)
            )
            if child:
                children += 1
            if (child or j == spouse) and people.place[j] == _VILLAGE:
                present = True
        net = terms.pay[place] * skill(people.schooling[i], 0, p) - terms.living[place]
        if not present or not family_can_follow(
            month - people.since[i], net, terms.living[place], children, p
        ):
            continue
        _join(people, households, i, spouse, place, month, clock)


@compiled
def _join(people, households, i, spouse, place, month, clock):
    h = people.household[i]
    people.settled[i] = 1
    for j in range(households.first_person[h], households.end_person[h]):
        if j == i or not is_registered(people, j, month):
            continue
        minor = clock - people.born[j] < MINOR
        mother = people.mother[j]
        child = minor and mother != NOBODY and mother in (i, spouse)
        if not (child or j == spouse):
            continue
        if people.place[j] == _VILLAGE:
            adult = clock - people.born[j] >= WORKING_AGE
            job, seat = job_at(place)
            settle_at(people, j, place, job if adult else _NONE, seat if adult else NOBODY, month)
        if people.place[j] == place:
            people.settled[j] = 1


@compiled
def grant_hukou(part, people, households, month, era, key, p):
    """Register families that have settled away where they live; a household has one luck."""
    hazard = hukou_grant(era, p)
    for i in range(part.first_person, part.end_person):
        if (
            people.settled[i] == 0
            or people.local_hukou[i] == 1
            or not is_registered(people, i, month)
        ):
            continue
        if uniform(key, households.uid[people.household[i]], _HUKOU) < hazard:
            people.local_hukou[i] = 1
