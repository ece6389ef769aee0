"""The paired run: migrants at the coast, and what places would have paid, without a change.

A change of hukou or of the pull reaches all prefectures alike, so that the wage at the coast
responds to how many more or fewer come than would have: MODEL 4, ``w = wbar (L / Lbar)^-eta``.
With ``migration.wages_respond`` off nothing responds: people know the pay and the living costs of
the paired run (the partial equilibrium of FACTS N42; PROTOTYPE B1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

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


class Path(NamedTuple):
    """What the paired run went through, by month (T, ...); yuan are a month's."""

    coast: NDArray[np.float64]  #: (T,) registered people at the coast
    pay: NDArray[np.float64]  #: (T, P) expected pay at each place
    living: NDArray[np.float64]  #: (T, P) living cost there
    local_pay: NDArray[np.float64]  #: (T, C) expected pay of local work


def reference_path(scenario: Scenario, seed: int) -> Path | None:
    """Return the path without the change; None where there is no change that reaches all."""
    return _path(_Key(scenario, seed)) if reaches_all(scenario) else None


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
def _path(key: _Key) -> Path:
    from model.ruralurban import RuralUrbanModel  # the paired run is a run like any other

    model = RuralUrbanModel(key.scenario, key.seed)
    known = ("pay", "living", "local_pay")
    months: dict[str, list[NDArray[np.float64]]] = {name: [] for name in ("coast", *known)}
    for _ in range(key.scenario.months):
        model.step()
        months["coast"].append(model.at_place[:, int(Place.COAST)].sum())
        for name in known:
            months[name].append(getattr(model.terms, name).copy())
    model.release()
    path = Path(**{name: np.array(values) for name, values in months.items()})
    for values in path:
        values.setflags(write=False)
    return path
