"""What a run leaves for the targets of a need: their values, of the model and of the null models.

A run of the scorecard is all arms of one or more needs on one seed: a pure function whose key
holds the scenario, the seed, the needs, and the code of the estimators. What it leaves is small, so
that a store holds thousands of them, and verdicts are passed without running anything again.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.engine import run_all
from experiments.kept import warm
from experiments.progress import Progress
from experiments.runs import Measure, Run
from experiments.scorecard.needs import NEEDS, SHARING, Need
from experiments.scorecard.nulls import load_rates
from experiments.scorecard.paths import county_growth, paths
from experiments.scorecard.reading import Missing
from experiments.scorecard.targets import Target, load_targets
from experiments.store import StoreWriter
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import Scenario

#: What is asked of a run beside its need: nothing, or to leave the null models out.
ALONE = "model alone"
MODELS = ("model", "n1", "n2")
COLUMNS = ["target", "part", *MODELS, "reason"]


def ask(*needs: str, alone: bool = False) -> str:
    """Return what a run is asked for: the targets of ``needs``; ``alone`` without null models."""
    names = "+".join(needs)
    return f"{names}, {ALONE}" if alone else names


def asks(numbers: Mapping[str, int], alone: bool = False) -> list[tuple[int, str]]:
    """Return (replicate, what is asked of it) for ``numbers`` of replicates by need.

    Needs that share an arm are asked together. The longest come first.
    """
    found = []
    for group in SHARING:
        wanted = [name for name in group if name in numbers]
        for i in range(max([numbers[name] for name in wanted], default=0)):
            names = [name for name in wanted if i < numbers[name]]
            cost = sum(NEEDS[name].cost for name in names)
            found.append((cost, i, ask(*names, alone=alone)))
    return [(i, asked) for _, i, asked in sorted(found, key=lambda row: -row[0])]


def left_by(scenario: Scenario, seed: int, asked: str) -> dict[str, pd.DataFrame]:
    """Run all arms of the needs; return values of their targets, and for ``default`` the paths.

    values : target, part, model, n1, n2, reason. Where a target cannot be judged (the region is too
        small for a trial, a census is missing) one row says why and has no part.
    paths, counties : what figures show of the scenario itself, see ``paths``.
    """
    names, _, alone = asked.partition(", ")
    seen: dict[str, Any] = {}
    found: dict[str, pd.DataFrame] = {}
    for name in names.split("+"):
        left = _of_need(name, scenario, seed, bool(alone), seen)
        if found:
            left["values"] = pd.concat([found["values"], left["values"]], ignore_index=True)
        found |= left
    return found


def _of_need(
    name: str, scenario: Scenario, seed: int, alone: bool, seen: dict[str, Any]
) -> dict[str, pd.DataFrame]:
    """Return what one need leaves; ``seen`` holds the tables of arms that were run for others."""
    need = NEEDS[name]
    targets = [target for target in load_targets() if target.needs == name]
    try:
        tables = [_run(need, arm, seed, seen) for arm in need.runs(scenario).values()]
    except InputError as problem:
        return {"values": _table([_reason(t, problem) for t in targets])}
    models = [tables]
    if not alone:
        n1, n2 = need.nulls
        rates = load_rates()
        models += [[n1(t) for t in tables], [n2(t, rates) for t in tables]]
    rows = [row for target in targets for row in _values(target, models)]
    found = {"values": _table(rows)}
    if name == "default" and not alone:
        found |= {"paths": paths(tables[0]), "counties": county_growth(tables[0])}
    return found


def _run(need: Need, arm: Scenario, seed: int, seen: dict[str, Any]) -> Any:
    key = f"{need.run.__name__} {arm.digest()}"
    if key not in seen:
        seen[key] = need.run(arm, seed)
    return seen[key]


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(MODELS, float))


def _values(target: Target, models: list[list[Any]]) -> list[dict[str, Any]]:
    estimate = estimator(target.estimator)
    try:
        found = [estimate(*tables) for tables in models]
    except Missing as reason:
        return [_reason(target, reason)]
    return [
        {"target": target.id, "part": part.key, "reason": "",
         **{name: float(values[part.key]) for name, values in zip(MODELS, found)}}
        for part in target.parts
    ]  # fmt: skip


def _reason(target: Target, problem: Exception) -> dict[str, Any]:
    return {"target": target.id, "part": "", "reason": str(problem)}


def estimator(name: str) -> Callable[..., dict[str, float]]:
    """Return the function of a name such as "land.idle_plots" within experiments.scorecard."""
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"experiments.scorecard.{module}"), function)


@lru_cache(maxsize=1)
def values_measure() -> Measure:
    """Return the measure of ``left_by``, named after the code that estimates."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), folder / "nulls.toml", *_estimated_by()]):
        digest.update(path.name.encode() + path.read_bytes())
    parts = "|".join(f"{t.id}{t.estimator}{[p.key for p in t.parts]}" for t in load_targets())
    digest.update(parts.encode())
    return Measure(f"scorecard-{digest.hexdigest()[:12]}", left_by, warm)


def _estimated_by() -> Iterable[Path]:
    """Return the files beside the scorecard's whose code is part of its values."""
    folder = Path(__file__).parents[1]
    names = ("assignment", "effects", "field", "measures", "shop_year")
    return [folder / f"{name}.py" for name in names]


def collect(
    runs: list[Run],
    store: StoreWriter,
    progress: Progress,
    workers: Workers,
    *,
    design: str,
    origin: dict[str, Any] | None = None,
    measure: Measure | None = None,
) -> pd.DataFrame:
    """Do what ``store`` lacks of ``runs``; return their values with their labels in front.

    measure : another than ``values_measure`` that leaves a table of the same columns. Raises
    RuntimeError where runs failed: no number is computed from the rest.
    """
    measure = measure or values_measure()
    try:
        run_all(runs, measure, store, progress, workers, design=design, origin=origin)
    except RuntimeError as problem:
        raise RuntimeError(f"the design is incomplete, nothing is computed: {problem}") from None
    return store.table("values", design=design)
