"""Workers from outside the region who may come to its seats: the pool of MODEL 2.

They choose by the utility of everyone: at home they earn what the national countryside does, at the
seats and the coast what migrants earn there. They have no hukou of any seat, no land here, and at
first nobody of their own anywhere; what they earn here they do not send into this region's
villages. Families stay behind (assumption).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.compiled import compiled
from agents.base.draws import gumbel
from agents.base.sums import total_of
from agents.base.tables import Array, Column, Table
from agents.kinds import Job, Place
from agents.migrant.choice import log_income, shock, skill, value_away
from agents.migrant.demography import capacity
from agents.migrant.draws import PersonDraw
from agents.migrant.moves import WORKING_AGE, is_registered, job_at, reconsiders

_VILLAGE, _SEAT, _FARM = int(Place.VILLAGE), int(Place.SEAT), int(Job.FARM)
#: An alternative's draws are these plus its place; the keys of life and month keep them apart.
_TASTE, _LUCK = int(PersonDraw.TASTE), int(PersonDraw.LUCK)


class Outsiders(Table):
    """One row per person of the pool, those to be born included; each stands for several."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by ordinal")]
    born: Annotated[Array, Column(np.int32, "months since 2003-01", "month of birth")]
    dies: Annotated[Array, Column(np.int32, "months since 2003-01", "month of death")]
    leaves: Annotated[Array, Column(np.int32, "months since 2003-01", "leaving for college")]
    schooling: Annotated[Array, Column(np.float64, "years", "schooling when complete")]
    place: Annotated[Array, Column(np.int8, "Place", "VILLAGE is the home outside the region")]
    job: Annotated[Array, Column(np.int8, "Job", "main work this month")]
    left: Annotated[Array, Column(np.int8, "0/1", "1 once away from home")]


@compiled
def value_home_outside(income, worth):
    """Return V of staying at home outside (log points): ``ln max(50, w s)``.

    w the national rural income per head, yuan/month; s the worth of the worker.
    """
    return log_income(income * worth)


@compiled
def adults_by_place_outside(people, month, clock, out):
    """Fill ``out`` (P,) with the adults of the pool by place, in rows."""
    out[:] = 0.0
    for i in range(people.uid.shape[0]):
        if is_registered(people, i, month) and clock - people.born[i] >= WORKING_AGE:
            out[people.place[i]] += 1.0


@compiled
def choose_outside(people, i, worth, age, terms, share, may_leave, key, life, p):
    """Return the place that person ``i`` of the pool chooses; ``terms`` as in review_outsiders."""
    pay, living, hukou, distance, home = terms
    best, place = -1.0e18, _VILLAGE
    uid, now = people.uid[i], people.place[i]
    for d in range(pay.shape[0]):
        if d == _VILLAGE:
            value = value_home_outside(home, worth)
        elif may_leave == 0 and people.left[i] == 0:
            continue
        else:
            value = value_away(
                pay[d] * worth - living[d], hukou[d], distance[d], age, 0.0, share[d], p
            )
        value += p.stay * (now == d)
        luck = shock(gumbel(life, uid, _TASTE + d), gumbel(key, uid, _LUCK + d), p)
        if p.kappa * value + luck > best:
            best, place = p.kappa * value + luck, d
    return place


@compiled
def review_outsiders(people, terms, may_leave, month, clock, is_march, key, life, rules, seekers):
    """Let the pool's workers who reconsider choose; all meet the network that last month left.

    terms : (pay, living, hukou, distance) by place (P,), and income at home, yuan/month. Fills
    ``seekers`` (2, S): persons at each seat, and what they are worth in standard workers, in rows.
    """
    p = rules.migration
    share = np.empty(terms[0].shape[0])
    adults_by_place_outside(people, month, clock, share)
    number = max(1.0, total_of(share))
    for d in range(share.shape[0]):
        share[d] /= number
    seekers[:] = 0.0
    for i in range(people.uid.shape[0]):
        if not is_registered(people, i, month) or clock - people.born[i] < WORKING_AGE:
            continue
        age = (clock - people.born[i]) / 12.0
        worth = skill(people.schooling[i], 0, p) * capacity(age, rules.demography)
        if reconsiders(people, i, month, is_march, key, p):
            place = choose_outside(people, i, worth, age, terms, share, may_leave, key, life, p)
            people.place[i], people.job[i] = place, _FARM
            if place != _VILLAGE:
                people.left[i] = 1
                people.job[i], _ = job_at(place)
        if people.place[i] >= _SEAT:
            seekers[0, people.place[i] - _SEAT] += 1.0
            seekers[1, people.place[i] - _SEAT] += worth
