"""The people of the contract households of 2003: who they are, and their whole lives.

Births and deaths depend on nothing that an arm can change (MODEL 1), so each life is drawn when the
world is made. A household of January 2003 is grown from its senior woman: her age follows the
cohorts of the countryside, her children come by the fertility of their time, daughters leave at
marriage, one married son may stay with his parents (the stem family) and his children with him,
other sons found households of their own, and those who left for college are gone. From 2003 on all
women of a household bear children at the rates of ``agents.migrant.demography``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.base.draws import identity, lifelong_key, month_key, normal, uniform
from agents.base.tables import allocate
from agents.kinds import NEVER, NOBODY, Kind
from agents.migrant.demography import (
    FERTILE_FROM,
    FERTILE_TO,
    OLDEST,
    Demography,
    birth_chance,
    college_month,
    college_share,
    cumulative_hazard,
    death_month,
    fertility_by_age,
    mortality_levels,
    schooling_years,
    total_fertility,
)
from agents.migrant.draws import PersonDraw
from agents.migrant.state import People
from model.errors import InputError

#: The earliest month with luck of its own; month -1200 is the key of whole lives.
_EARLIEST = -1199
#: Persons of a household in January 2003.
LARGEST = 8
#: Rows for the people who ever belong to one household, and rows set aside for each of all
#: households; more are taken where they do not suffice.
_SCRATCH, _SPARE = 256, 6
#: Households from which the mean size is learnt.
_PROBES = 60_000

#: Children per woman in the Chinese countryside who grew up, by year: falling from the campaign of
#: the 1970s on; the small cohorts of 1959-61 and the echo of 1985-90 show. Memory, medium.
PAST_FERTILITY = {
    1925: 4.0,
    1950: 5.0,
    1957: 5.4,
    1959: 3.6,
    1961: 2.9,
    1962: 5.2,
    1963: 6.6,
    1970: 5.9,
    1975: 3.9,
    1980: 2.3,
    1984: 2.4,
    1986: 3.0,
    1990: 2.8,
    1993: 2.0,
    1998: 1.7,
    2003: 1.8,
}
#: Shares of households by the age of the senior woman (five-year groups from 20): the non-negative
#: least squares that give all people together the ages of national birth cohorts, scaled to 22.1%
#: under 15 and 7.5% over 64 (Hunan), at 3.75 persons a household. Assumption.
SENIOR_AGES = (
    *(0.048, 0.094, 0.129, 0.104, 0.063, 0.101, 0.086),
    *(0.095, 0.093, 0.054, 0.055, 0.040, 0.025, 0.013),
)


class Fates(NamedTuple):
    """What the kernels look up; months are counted from ``_EARLIEST``."""

    life_key: np.uint64
    keys: NDArray[np.uint64]  # key of each month
    fertility: NDArray[np.float64]  # total fertility rate of each month
    by_age: NDArray[np.float64]  # share of births by month of a woman's age from 15
    levels: NDArray[np.float64]  # mortality by year from 2003
    survivors: NDArray[np.float64]  # life table of 2003 by age in months
    cohorts: NDArray[np.float64]  # cumulative shares of SENIOR_AGES, from 0
    stem: float  # share of couples with whom a married son stays
    months: int  # births are drawn up to here


class Lives(NamedTuple):
    """The people of one household while it is grown; rows within the household."""

    uid: NDArray[np.uint64]
    born: NDArray[np.int32]
    dies: NDArray[np.int32]
    leaves: NDArray[np.int32]
    female: NDArray[np.int8]
    spouse: NDArray[np.int32]
    mother: NDArray[np.int32]
    schooling: NDArray[np.float64]
    free_from: NDArray[np.int32]  # month from which a woman may give birth again


def make_people(
    household_uid: NDArray[np.uint64], mean_size: float, seed: int, months: int, p: Demography
) -> tuple[People, NDArray[np.int32], NDArray[np.int32]]:
    """Return everybody who belongs to the households during ``months`` months from 2003-01.

    household_uid : shape (households,); a household's people depend on its uid, the seed and the
        parameters alone, and its first months not on ``months``.
    mean_size : registered members per household in January 2003, persons.

    Returns the table, one row per person with those to be born, and the first and one past the last
    row of each household, shape (households,). Filled: uid, household, born, dies, leaves, female,
    spouse, mother, schooling; ``job_seat`` is NOBODY; the rest is 0. Raises InputError where no
    share of stem families gives ``mean_size``.
    """
    fates = _fates(seed, months, _stem_share(mean_size, p), p)
    uids = np.ascontiguousarray(household_uid, dtype=np.uint64)
    end = np.zeros(len(uids), dtype=np.int32)
    spare, scratch = _SPARE, _SCRATCH
    while True:
        room = allocate(People, spare * len(uids) + scratch)  # rows never written take no memory
        if _fill(uids, end, room, _scratch(scratch), fates, p):
            break
        spare, scratch = 2 * spare, 4 * scratch
    rows = int(end.max(initial=0))
    people = People(*(column[:rows] for column in room))
    people.job_seat[:] = NOBODY
    first = np.zeros_like(end)
    first[1:] = end[:-1]
    return people, first, end


def _scratch(rows: int) -> Lives:
    i32 = (np.empty(rows, dtype=np.int32) for _ in range(6))
    born, dies, leaves, spouse, mother, free = i32
    female, schooling = np.empty(rows, dtype=np.int8), np.empty(rows)
    uid = np.empty(rows, dtype=np.uint64)
    return Lives(uid, born, dies, leaves, female, spouse, mother, schooling, free)


def _fates(seed: int, months: int, stem: float, p: Demography) -> Fates:
    levels = mortality_levels(p)
    ages = np.arange(OLDEST + 1) / 12.0
    deaths = np.array([cumulative_hazard(0.0, x, levels[0], p) for x in ages])
    time = np.arange(_EARLIEST, max(months, 1))
    year = 2003 + time / 12.0
    past = np.interp(year, list(PAST_FERTILITY), list(PAST_FERTILITY.values()))
    coming = np.array([total_fertility(2003 + int(t) // 12, p) for t in time])
    return Fates(
        life_key=np.uint64(lifelong_key(seed)),
        keys=np.array([month_key(seed, int(t)) for t in time], dtype=np.uint64),
        fertility=np.where(time < 0, past, coming),
        by_age=fertility_by_age(p),
        levels=levels,
        survivors=np.exp(-deaths),
        cohorts=np.concatenate([[0.0], np.cumsum(SENIOR_AGES) / np.sum(SENIOR_AGES)]),
        stem=stem,
        months=months,
    )


@lru_cache(maxsize=16)
def _stem_share(mean_size: float, p: Demography) -> float:
    """Return the share of stem families that gives ``mean_size``, persons a household.

    The size is linear in that share, each household drawing by itself whether a married son stays;
    so two trials on the same households, with none and with all, tell it; they run at once.
    """
    uids = np.arange(_PROBES, dtype=np.uint64)

    def trial(stem: float) -> float:
        return float(_mean_size(uids, _scratch(LARGEST), _fates(0, 0, stem, p), p))

    with ThreadPoolExecutor(2) as pool:
        low, high = pool.map(trial, (0.0, 1.0))
    if not low <= mean_size <= high:
        raise InputError("population", "mean household size", mean_size, f"{low:.2f} to {high:.2f}")
    return (mean_size - low) / (high - low)


# kernels


@compiled
def _mean_size(uids, lives, fates, p):
    """Return the mean number of members in January 2003, persons a household."""
    people = 0
    for uid in uids:
        people += _members_of_2003(uid, lives, fates, p)
    return people / len(uids)


@compiled
def _fill(uids, end, people, lives, fates, p):
    """Write the people of each household, and where they end; False if there are too few rows."""
    start = 0
    for h in range(len(uids)):
        size = _household(uids[h], lives, fates, p)
        if size < 0 or start + size > len(people.uid):
            return False
        for i in range(size):
            row = start + i
            people.uid[row] = lives.uid[i]
            people.household[row] = h
            people.born[row] = lives.born[i]
            people.dies[row] = lives.dies[i]
            people.leaves[row] = lives.leaves[i]
            people.female[row] = lives.female[i]
            people.spouse[row] = start + lives.spouse[i] if lives.spouse[i] >= 0 else NOBODY
            people.mother[row] = start + lives.mother[i] if lives.mother[i] >= 0 else NOBODY
            people.schooling[row] = lives.schooling[i]
        start += size
        end[h] = start
    return True


@compiled
def _household(uid, lives, fates, p):
    """Grow one household in ``lives`` and return its number of people, -1 if they do not fit."""
    return _live(_members_of_2003(uid, lives, fates, p), lives, fates, p)


@compiled
def _members_of_2003(household, lives, fates, p):
    """Write the members of January 2003 and return their number, 1 to LARGEST."""
    key = fates.life_key
    wife = identity(Kind.PERSON, household, 0, 0)
    husband = identity(Kind.PERSON, household, 0, 1)
    wife_born = -_senior_age(uniform(key, wife, PersonDraw.COHORT), fates.cohorts)
    husband_born = wife_born - _couple_gap(husband, key, p.couple_gap)
    husband_born = min(max(husband_born, _EARLIEST), -18 * 12)
    wife_row = husband_row = NOBODY
    n = 0
    husband_lives = _outlived(husband, husband_born, key, fates.survivors)
    if not husband_lives or _outlived(wife, wife_born, key, fates.survivors):
        wife_row = n
        n = _add(n, wife, wife_born, 1, NOBODY, lives)
    if husband_lives:
        husband_row = n
        n = _add(n, husband, husband_born, 0, NOBODY, lives)
    # One draw for all generations: so the mean size is linear in the share of stem families.
    stem = uniform(key, wife, PersonDraw.STEM) < fates.stem
    since = wife_born
    generation = 2
    while True:
        if wife_row != NOBODY and husband_row != NOBODY:
            lives.spouse[wife_row] = husband_row
            lives.spouse[husband_row] = wife_row
        n, heir = _children_at_home(n, wife, wife_born, wife_row, since, stem, lives, fates, p)
        if heir == NOBODY or n >= LARGEST:
            return n
        # The married son who stays brings a wife, and their children follow.
        husband_row = heir
        heir_born = int(lives.born[heir])
        wife = identity(Kind.PERSON, household, 0, generation)
        wife_born = min(heir_born + _couple_gap(wife, key, p.couple_gap), -18 * 12)
        since = _wedding(lives.uid[heir], heir_born, p.marriage_age_men, key)
        wife_row = n
        n = _add(n, wife, wife_born, 1, NOBODY, lives)
        generation += 1


@compiled
def _senior_age(u, cohorts):
    """Return the age in months at quantile ``u`` of SENIOR_AGES, even within five years."""
    group = 0
    while cohorts[group + 1] < u:
        group += 1
    within = (u - cohorts[group]) / (cohorts[group + 1] - cohorts[group])
    return int(12.0 * (20.0 + 5.0 * (group + within)))


@compiled
def _couple_gap(uid, key, mean):
    """Return by how many months the husband is older: normal, standard deviation 2.5 years."""
    return int(12.0 * (mean + 2.5 * normal(key, uid, PersonDraw.AGE_GAP)))


@compiled
def _outlived(uid, born, key, survivors):
    """Return whether one who was alive at 45 still lives in 2003, by the life table of 2003."""
    age = min(-born, OLDEST)
    return uniform(key, uid, PersonDraw.SURVIVED) * survivors[45 * 12] < survivors[age]


@compiled
def _wedding(uid, born, mean_age, key):
    """Return the month of marriage: age normal, standard deviation 2.5 years, at least 18."""
    years = mean_age + 2.5 * normal(key, uid, PersonDraw.MARRIAGE)
    return born + int(12.0 * max(18.0, years))


@compiled
def _children_at_home(n, mother, mother_born, mother_row, since, stem, lives, fates, p):
    """Add a woman's children, born from ``since`` on, who live at home in January 2003.

    Returns the number of people and the row of the heir: if ``stem``, the eldest married son.
    """
    key = fates.life_key
    heir = NOBODY
    month = max(since, mother_born + FERTILE_FROM, _EARLIEST)
    while month < min(0, mother_born + FERTILE_TO) and n < LARGEST:
        if not _gives_birth(mother, month - mother_born, month, fates, p.birth_spacing):
            month += 1
            continue
        child = identity(Kind.PERSON, mother, month, 0)
        female = _is_girl(child, key, p.female_share)
        at = p.marriage_age_women if female else p.marriage_age_men
        married = _wedding(child, month, at, key) < 0
        inherits = stem and married and not female and heir == NOBODY
        lived = uniform(key, child, PersonDraw.SURVIVED) < fates.survivors[-month]
        left = college_month(month) <= 0 and _goes_to_college(child, key, college_share(month, p))
        if lived and not left and (inherits or not married):
            if inherits:
                heir = n
            n = _add(n, child, month, female, mother_row, lives)
        month += p.birth_spacing
        if mother_row != NOBODY:
            lives.free_from[mother_row] = month
    return n, heir


@compiled
def _add(n, uid, born, female, mother_row, lives):
    """Write who person ``uid`` is in row ``n`` and return the next row."""
    lives.uid[n] = uid
    lives.born[n] = born
    lives.female[n] = female
    lives.spouse[n] = NOBODY
    lives.mother[n] = mother_row
    lives.free_from[n] = _EARLIEST
    return n + 1


@compiled
def _live(n, lives, fates, p):
    """Draw the lives of ``n`` people and of their descendants; return how many they are or -1."""
    key = fates.life_key
    person = 0
    while person < n:
        uid, born = lives.uid[person], int(lives.born[person])
        z = normal(key, uid, PersonDraw.SCHOOLING)
        lives.schooling[person] = schooling_years(born, z, p)
        lives.dies[person] = NEVER
        lives.leaves[person] = NEVER
        if not p.frozen:
            luck = uniform(key, uid, PersonDraw.DEATH)
            dies = death_month(born, luck, fates.levels, p)
            lives.dies[person] = dies
            leaves = college_month(born)
            if 0 < leaves < dies and _goes_to_college(uid, key, college_share(born, p)):
                lives.leaves[person] = leaves
            if lives.female[person]:
                n = _bear(n, person, lives, fates, p)
                if n < 0:
                    return n
        person += 1
    return n


@compiled
def _bear(n, woman, lives, fates, p):
    """Add the children that a woman bears from 2003 on; return the number of people or -1."""
    uid, born = lives.uid[woman], int(lives.born[woman])
    month = max(0, born + FERTILE_FROM, int(lives.free_from[woman]))
    last = min(int(lives.dies[woman]), int(lives.leaves[woman]), born + FERTILE_TO)
    while month < min(last, fates.months):
        if not _gives_birth(uid, month - born, month, fates, p.birth_spacing):
            month += 1
            continue
        if n == len(lives.uid):
            return -1
        child = identity(Kind.PERSON, uid, month, 0)
        female = _is_girl(child, fates.life_key, p.female_share)
        n = _add(n, child, month, female, woman, lives)
        month += p.birth_spacing
    return n


@compiled
def _gives_birth(mother, age, month, fates, spacing):
    rate = fates.fertility[month - _EARLIEST]
    luck = uniform(fates.keys[month - _EARLIEST], mother, PersonDraw.BIRTH)
    return luck < birth_chance(rate, fates.by_age[age - FERTILE_FROM], spacing)


@compiled
def _is_girl(uid, key, share):
    return uniform(key, uid, PersonDraw.SEX) < share


@compiled
def _goes_to_college(uid, key, share):
    """Return whether a person is among the best schooled of the cohort, who leave at 18."""
    return uniform(key, uid, PersonDraw.SCHOOLING) > 1.0 - share
