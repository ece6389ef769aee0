"""The paired run that shows how many migrants the coast would have had.

A change of hukou or of the pull reaches all prefectures alike, so that the wage at the coast
responds to how many more or fewer come than would have: MODEL 4, ``w = wbar (L / Lbar)^-eta``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agents.kinds import Place
from model.scenario import Scenario

#: Parameters whose dated change reaches all prefectures alike.
_HUKOU = ("hukou_coast", "hukou_seat", "hukou_county")


def reaches_all(scenario: Scenario) -> bool:
    """Tell whether a scenario scales the pull, or changes hukou from some date on.

    A hukou cost that holds from the start is the level of the world, not a change of it.
    """
    dated = any(i.group == "migration" and i.name in _HUKOU for i in scenario.interventions)
    pulls = any(i.group == "pull" and i.name == "scale" for i in scenario.interventions)
    pull = scenario.group("pull")
    return dated or pulls or (pull.enabled and pull.scale != 1.0)


def reference_path(scenario: Scenario, seed: int) -> NDArray[np.float64] | None:
    """Return the migrants at the coast by month without the change; None where there is none."""
    if not reaches_all(scenario) or not scenario.group("migration").wages_respond:
        return None
    return _path(_Key(scenario, seed))


class _Key:
    """A scenario and seed, equal where the resolved scenario is."""

    def __init__(self, scenario: Scenario, seed: int):
        self.scenario, self.seed = unchanged(scenario), seed
        self.identity = (self.scenario.digest(), seed)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.identity == other.identity


def unchanged(scenario: Scenario) -> Scenario:
    """Return the scenario with full pull and without dated changes of hukou."""
    changes: dict[str, object] = {"pull.scale": 1.0}
    migration = scenario.group("migration")
    changes |= {f"migration.{name}": getattr(migration, name) for name in _HUKOU}
    return scenario.with_(**changes, strict=False, panel=False)


@lru_cache(maxsize=8)
def _path(key: _Key) -> NDArray[np.float64]:
    from model.ruralurban import RuralUrbanModel  # the paired run is a run like any other

    model = RuralUrbanModel(key.scenario, key.seed)
    path = np.zeros(key.scenario.months)
    for month in range(key.scenario.months):
        model.step()
        path[month] = model.at_place[:, int(Place.COAST)].sum()
    model.release()
    path.setflags(write=False)
    return path
