"""validate: run what each target needs, judge it, and write the scorecard."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.run import compiling
from experiments.runs import Run
from experiments.scorecard.card import lines, markdown, table
from experiments.scorecard.evidence import MODELS, asks, collect
from experiments.scorecard.judge import Judged, judge, measured, not_run, score
from experiments.scorecard.needs import NEEDS
from experiments.scorecard.targets import Target, load_targets
from experiments.store import StoreWriter
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import Scenario

#: Months that the targets look at: 2003-01 to 2023-12.
SPAN = 252
#: Replicates of --quick, and the fewest of the whole card.
QUICK, FEWEST = 2, 3
#: Name of the design in the store.
NAME = "validate"


def run_validate(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    quick: bool = False,
    replicates: int | None = None,
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Judge every target and write scorecard.json, scorecard.csv and scorecard.md.

    quick : only the targets marked so, on two replicates; the others are listed as not run.
    replicates : of every need; by default what its targets ask for, at least three.

    Runs lie in the store of ``out`` and are not done again. Writes also scorecard_paths.csv and
    scorecard_counties.csv, from which the figures are drawn. Returns scorecard.json with the lines
    of the card ("lines"), the judged targets ("card"), and both tables ("paths", "counties").

    Raises InputError where the scenario does not span 2003-01 to 2023-12, RuntimeError where runs
    failed.
    """
    if scenario.months != SPAN or scenario.start_month:
        raise InputError(
            "validate", "months", scenario.months, f"{SPAN} from 2003-01: the years of the targets"
        )
    targets = load_targets()
    wanted = tuple(t for t in targets if t.quick or not quick)
    numbers = _replicates(wanted, quick, replicates)
    origin = provenance(scenario, seed)
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        runs = runs_of(scenario, seed, numbers)
        found = collect(
            runs, store, progress, workers or Workers(), design=NAME, origin=origin
        )  # fmt: skip
        drawn = {
            name: store.table(name, design=NAME).drop(columns=["key", "seed", "asked"])
            for name in ("paths", "counties")
        }
    card = [judged(t, found) if t in wanted else not_run(t, "not part of --quick") for t in targets]
    report = {
        **origin,
        "quick": quick,
        "replicates": numbers,
        "score": score(card),
        "targets": [_plain(row) for row in card],
    }
    out.write_json("scorecard.json", report)
    out.write_csv(table(card), "scorecard.csv")
    words = _words(scenario, seed, numbers, quick)
    out.write_text("scorecard.md", markdown(card, words))
    for name, rows in drawn.items():
        out.write_csv(rows, f"scorecard_{name}.csv")
    return {**report, **drawn, "provenance": origin, "card": card, "lines": lines(card)}


def runs_of(scenario: Scenario, seed: int, numbers: dict[str, int]) -> list[Run]:
    """Return the runs of each need, ``numbers`` of them on seeds from ``seed``, longest first."""
    return [
        Run(scenario, seed + i, {"asked": asked, "replicate": i}, asked)
        for i, asked in asks(numbers)
    ]


def _replicates(targets: tuple[Target, ...], quick: bool, asked: int | None) -> dict[str, int]:
    """Return the number of replicates of each need that ``targets`` have."""
    needed = {name: [t.replicates for t in targets if t.needs == name] for name in NEEDS}
    return {
        name: asked or (QUICK if quick else max([FEWEST, *numbers]))
        for name, numbers in needed.items()
        if numbers
    }


def judged(target: Target, found: pd.DataFrame) -> Judged:
    """Return the verdict on a target from the values of its replicates, or why there is none.

    found : rows of ``collect``.
    """
    rows = found[found["target"] == target.id]
    reasons = rows.loc[rows["reason"] != "", "reason"]
    if len(reasons) or rows.empty:
        return not_run(target, reasons.iloc[0] if len(reasons) else "no run of it")
    parts = tuple(
        measured(part, *(rows.loc[rows["part"] == part.key, name] for name in MODELS))
        for part in target.parts
    )
    return judge(target, parts, rows["replicate"].nunique())


def _words(scenario: Scenario, seed: int, numbers: dict[str, int], quick: bool) -> str:
    number = numbers["default"]
    seeds = f"seed {seed}" if number == 1 else f"seeds {seed} to {seed + number - 1}"
    what = "ruralflow validate --quick" if quick else "ruralflow validate"
    return f"`{what}`, scenario {scenario.name}, 1:{1 / scenario.sample:.0f}, {seeds}:"


def _plain(row: Judged) -> dict[str, Any]:
    t = row.target
    return {
        "id": t.id, "fact": t.fact, "facts": t.facts, "source": t.source, "grade": t.grade,
        "verdict": row.verdict, "reason": row.reason, "replicates": row.replicates,
        "parts": [
            {
                **m.part.__dict__, "value": m.value, "interval": [m.low, m.high],
                "n1": m.n1, "n2": m.n2, "inside": m.inside, "n1_inside": m.n1_inside,
                "n2_inside": m.n2_inside,
                "never": bool(math.isinf(m.value)),
            }
            for m in row.parts
        ],
    }  # fmt: skip
