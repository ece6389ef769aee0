"""January 2003: who is away where, what each household holds, what each seat pays (MODEL 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.base.draws import uniform
from agents.base.parts import Part
from agents.kinds import NOBODY, Place
from agents.migrant.demography import capacity
from agents.migrant.draws import PersonDraw
from agents.migrant.moves import (
    LOST,
    WORKING_AGE,
    best_at_home,
    best_away,
    children_of,
    days_of,
    is_registered,
    job_at,
    labour_of_others,
)
from model import farming, migration

_VILLAGE = int(Place.VILLAGE)
_STAY = int(PersonDraw.ARRIVAL)

#: Rounds in which the network and the choices of 2000-03 settle (PROTOTYPE H).
ROUNDS = 8
#: Longest stay away that a migrant of January 2003 has behind him, months (assumption).
LONGEST_STAY = 96
#: Gain of those who cannot go.
NOBODY_GOES = -1.0e18


def burn_in(model, absent: NDArray[np.float64]) -> None:
    """Assign the people of January 2003 to places by the rule of choice itself.

    absent : (C,) registered less residents, the one constraint: of all adults those who gain most
    from living away go. Who lives at the seat of the own county is among them: the census counts
    those people with the urban residents, so that rural residents are the registered rural less
    ``absent``. Each round meets the network that the last one left.
    """
    people, households = model.people, model.households
    number = len(people.uid)
    gain, away = np.empty(number), np.empty(number, dtype=np.int8)
    job, seat = np.empty(number, dtype=np.int8), np.empty(number, dtype=np.int8)
    for _ in range(ROUNDS):
        migration.recount(model)
        farming.plan(model)

        def appraise(part: Part) -> None:
            migration.count_adults(model, part)
            _appraise(
                part, people, households, model.plots, model.adults, model.terms, model.life_key,
                model.rules, gain, away, job, seat,
            )  # fmt: skip

        model.parts.each(appraise)
        _send(people, households, gain, away, job, seat, absent, model.life_key)


@compiled
def _appraise(part, people, households, plots, adults, terms, life, rules, gain, away, job, seat):
    """Find each adult's best place away, best work at home, and the gain of going (utility)."""
    for h in range(part.first_household, part.end_household):
        for i in range(households.first_person[h], households.end_person[h]):
            gain[i] = NOBODY_GOES
            job[i], seat[i] = 0, NOBODY
            if not is_registered(people, i, 0) or -people.born[i] < WORKING_AGE:
                continue
            age = -people.born[i] / 12.0
            others, hands = labour_of_others(people, households, i, 0, 0, rules)
            mine = days_of(age, 1, rules.land)
            home, job[i], seat[i] = best_at_home(
                people, households, plots, i, mine, others, hands, age, terms, life, life, rules
            )
            children = children_of(people, households, i, 0, 0)
            best, away[i] = best_away(
                people, households, i, age, children, adults, terms, LOST, life, life, rules
            )
            if capacity(age, rules.demography) > 0.0:
                gain[i] = best - home


def _send(people, households, gain, away, job, seat, absent, life_key) -> None:
    """Send away from each county those who gain most, until its net absence is met."""
    county = households.county[people.household]
    weight = households.weight[people.household]
    people.place[:], people.job[:], people.job_seat[:] = _VILLAGE, job, seat
    for c in range(len(absent)):
        rows = np.flatnonzero((county == c) & (gain > NOBODY_GOES))
        order = rows[np.argsort(-gain[rows], kind="stable")]
        _depart(people, order[np.cumsum(weight[order]) <= absent[c]], away)
    _arrivals(people, life_key)


@compiled
def _depart(people, rows, away):
    for i in rows:
        people.place[i] = away[i]
        people.job[i], people.job_seat[i] = job_at(away[i])


@compiled
def _arrivals(people, key):
    """Draw since when each migrant has been away, up to eight years and from age 16 on."""
    for i in range(people.uid.shape[0]):
        people.since[i] = 0
        people.months_away[i] = 0
        if people.place[i] != _VILLAGE:
            longest = min(LONGEST_STAY, max(-people.born[i] - WORKING_AGE, 0))
            months = int(uniform(key, people.uid[i], _STAY) * longest)
            people.since[i] = -months
            people.months_away[i] = months
