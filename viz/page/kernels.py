"""Sums that the page needs of every household and person each month; the rules are agents'."""

from __future__ import annotations

import numpy as np

from agents.base.compiled import compiled
from agents.farmer.budget import total_income
from agents.kinds import NOBODY, Place, Use
from agents.migrant.moves import is_registered

_VILLAGE, _COAST = int(Place.VILLAGE), int(Place.COAST)
_TREES, _TAKEN, _CROP = int(Use.TREES), int(Use.REQUISITIONED), int(Use.CROP)

#: Where a person is: codes of ``people_states``.
WHERE = ("village", "county seat", "main city", "coast", "not registered")
_HOME, _COUNTY, _CITY, _AWAY, _NOT = range(5)
#: What a plot is: codes of ``plot_states``.
LAND = ("two crops", "one crop", "let", "idle", "woodland", "taken for the city")
_TWO, _ONE, _LET, _IDLE, _WOOD, _CITY_LAND = range(6)


@compiled
def living_of_households(t, shops, people, month, out):
    """Fill ``out`` (H,) with the month's living standard of all registered members, yuan.

    Income at home over own prices; of members away, wage less living cost (MODEL 5).
    """
    for h in range(t.uid.shape[0]):
        at_home = total_income(h, t, shops) - t.remittance[h] - t.brought_home[h]
        away = 0.0
        for i in range(t.first_person[h], t.end_person[h]):
            if people.place[i] != _VILLAGE and is_registered(people, i, month):
                away += people.wage[i] - people.living_cost[i]
        out[h] = (at_home + away) / t.price_index[h]


@compiled
def people_states(people, county, own_place, month, out):
    """Fill ``out`` (people,) with codes of WHERE. own_place : (C,) place of the own seat."""
    for i in range(people.uid.shape[0]):
        place = people.place[i]
        if not is_registered(people, i, month):
            out[i] = _NOT
        elif place == _VILLAGE:
            out[i] = _HOME
        elif place == _COAST:
            out[i] = _AWAY
        elif place == own_place[county[people.household[i]]]:
            out[i] = _COUNTY
        else:
            out[i] = _CITY


@compiled
def plot_states(plots, seasons, out):
    """Fill ``out`` (plots,) with codes of LAND."""
    for i in range(plots.uid.shape[0]):
        use = plots.use[i]
        if use >= _CROP:
            let = plots.operator[i] != plots.owner[i] and plots.operator[i] != NOBODY
            own = _TWO if seasons[use - _CROP] >= 1.5 else _ONE
            out[i] = _LET if let else own
        elif use == _TREES:
            out[i] = _WOOD
        else:
            out[i] = _CITY_LAND if use == _TAKEN else _IDLE


@compiled
def moves_between(before, now, weight, out):
    """Add weights to ``out`` (states, states): row from ``before``, column to ``now``."""
    for i in range(now.shape[0]):
        if before[i] != now[i]:
            out[before[i], now[i]] += weight[i]


def nothing(states: int) -> np.ndarray:
    """Return an empty table of moves."""
    return np.zeros((states, states))
