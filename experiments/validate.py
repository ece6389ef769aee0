"""validate: run what each target needs, judge it, and write the scorecard."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from experiments.field import trial_households, trial_scenario
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.scorecard.card import lines, markdown, table
from experiments.scorecard.judge import Judged, judge, measured, not_run, score
from experiments.scorecard.nulls import (
    constant_rates,
    load_rates,
    nothing_changes,
    trial_unchanged,
)
from experiments.scorecard.paths import county_growth, paths
from experiments.scorecard.reading import Missing
from experiments.scorecard.tables import run
from experiments.scorecard.targets import Target, load_targets
from model.calendar import parse_month
from model.errors import InputError
from model.patches import Intervention
from model.scenario import Scenario, load_scenario
from model.switches import Synthetic

#: Months that the targets look at: 2003-01 to 2023-12.
SPAN = 252
#: Replicates of --quick, and the fewest of the whole card.
QUICK, FEWEST = 2, 3
#: Hukou costs end at this date; the stock is read in the tenth year after.
OPENING, TENTH_YEAR = "2009-01", 192
#: Constant growth of the real coast wage in V7, a year (assumption).
GAP_GROWTH = 0.08
CLUSTERS = ("yiwu", "qinghe", "changshu", "jinjiang")

Runs = dict[str, Scenario]
Values = dict[str, float]


class Need(NamedTuple):
    """What a group of targets looks at: scenarios by name, or why they cannot be run yet.

    run : what a scenario and a seed leave for the estimators. nulls : n1 of that, and n2, which
    takes the rates of ``load_rates`` too.
    """

    runs: Callable[[Scenario], Runs] | None
    reason: str = ""
    run: Callable[[Scenario, int], Any] = run
    nulls: tuple[Callable[..., Any], Callable[..., Any]] = (nothing_changes, constant_rates)


class Pictures(NamedTuple):
    """What the figures of the card show of each replicate of the scenario itself."""

    paths: list[pd.DataFrame]
    counties: list[pd.DataFrame]


def _hukou(base: Scenario) -> Runs:
    """Return the arms of V6: hukou costs end in every prefecture at once, from a date on."""
    month = parse_month(OPENING)
    names = ("hukou_coast", "hukou_seat", "hukou_county")
    ended = tuple(Intervention(month, "migration", name, 0.0) for name in names)
    free = replace(
        base,
        months=TENTH_YEAR,
        interventions=tuple(sorted((*base.interventions, *ended), key=lambda i: i.month)),
    )
    return {"base": base, "fixed": free.with_(**{"migration.wages_respond": False}), "free": free}


def _cold(base: Scenario) -> Runs:
    return {"base": base, "cold": base.with_(**{"freight.cold_share": 1.0})}


def _clusters(base: Scenario) -> Runs:
    return {name: load_scenario(name, sample=base.sample) for name in CLUSTERS}


def _programmes(base: Scenario) -> Runs:
    """Return the arms of V3: counties that select themselves into the programme, and drawn ones."""
    nation = load_scenario("nation")
    assert isinstance(nation.region, Synthetic)
    drawn = nation.region._replace(programme_selection=0.0)
    return {"nation": nation, "random": nation.with_(region=drawn)}


def _network(base: Scenario) -> Runs:
    """Return the arms of V7: 3% away, a wage gap that grows at a constant rate, nothing else."""
    steady = load_scenario("shaoyang", region=Synthetic(away=0.03), sample=base.sample).with_(
        **{
            "national.frozen": True,
            "national.coast_growth": GAP_GROWTH,
            "demography.frozen": True,
            "access.enabled": False,
        }
    )
    return {"with": steady, "without": steady.with_(**{"migration.network": 0.0})}


RUNS: dict[str, Need] = {
    "default": Need(lambda base: {"base": base}),
    "cold": Need(_cold),
    "hukou": Need(_hukou),
    "clusters": Need(_clusters),
    "network": Need(_network),
    "nation": Need(lambda base: {"nation": load_scenario("nation")}),
    "programmes": Need(_programmes),
    "trial": Need(
        lambda base: {"trial": trial_scenario(base)},
        run=trial_households,
        nulls=(trial_unchanged, trial_unchanged),
    ),
}


def run_validate(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    quick: bool = False,
    replicates: int | None = None,
) -> dict[str, Any]:
    """Judge every target and write scorecard.json, scorecard.csv and scorecard.md.

    quick : only the targets marked so, on two replicates; the others are listed as not run.
    replicates : of every group of runs; by default what its targets ask for, at least three.
    Writes also scorecard_paths.csv and scorecard_counties.csv, from which the figures are drawn.
    Returns scorecard.json with the lines of the card ("lines"), the judged targets ("card"), and
    both tables ("paths", "counties").
    Raises InputError where the scenario does not span 2003-01 to 2023-12.
    """
    if scenario.months != SPAN or scenario.start_month:
        raise InputError(
            "validate", "months", scenario.months, f"{SPAN} from 2003-01: the years of the targets"
        )
    targets = load_targets()
    numbers = _replicates(targets, quick, replicates)
    pictures = Pictures([], [])
    card = judge_all(scenario, seed, targets, numbers, quick, progress, pictures)
    origin = provenance(scenario, seed)
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
    drawn: dict[str, pd.DataFrame] = {
        "paths": pd.concat(pictures.paths, ignore_index=True),
        "counties": pd.concat(pictures.counties, ignore_index=True),
    }
    for name, rows in drawn.items():
        out.write_csv(rows, f"scorecard_{name}.csv")
    return {**report, **drawn, "provenance": origin, "card": card, "lines": lines(card)}


def judge_all(
    scenario: Scenario,
    seed: int,
    targets: tuple[Target, ...],
    numbers: dict[str, int],
    quick: bool = False,
    progress: Progress | None = None,
    pictures: Pictures | None = None,
) -> list[Judged]:
    """Return the judged targets, in their order.

    numbers : replicates by need. pictures : filled with what the figures show.
    """
    progress = progress or Progress("validate", quiet=True)
    wanted = [t for t in targets if t.quick or t.aside or not quick]
    found = _measure(scenario, seed, wanted, numbers, progress, pictures)
    card = []
    for target in targets:
        need = RUNS[target.needs]
        if need.runs is None and found.get(target.id):
            shown = _judge(target, found[target.id]).parts
            what = f"{need.reason}; shown: scenario {scenario.name}"
            card.append(not_run(target, what, shown))
        elif need.runs is None:
            card.append(not_run(target, need.reason))
        elif target not in wanted:
            card.append(not_run(target, "not part of --quick"))
        elif isinstance(found[target.id], str):
            card.append(not_run(target, str(found[target.id])))
        else:
            card.append(_judge(target, found[target.id]))
    return card


def _replicates(targets: tuple[Target, ...], quick: bool, asked: int | None) -> dict[str, int]:
    if asked is not None:
        return dict.fromkeys(RUNS, asked)
    if quick:
        return dict.fromkeys(RUNS, QUICK)
    needed = {name: [t.replicates for t in targets if t.needs == name] for name in RUNS}
    return {name: max([FEWEST, *numbers]) for name, numbers in needed.items()}


def _measure(
    scenario: Scenario,
    seed: int,
    targets: list[Target],
    numbers: dict[str, int],
    progress: Progress,
    pictures: Pictures | None,
) -> dict[str, Any]:
    """Return target id -> one (model, n1, n2) of values per replicate, or why there are none."""
    found: dict[str, Any] = {target.id: [] for target in targets}
    runs = {
        name: need.runs(scenario)
        for name, need in RUNS.items()
        if need.runs is not None and any(_group(t) == name for t in targets)
    }
    total = sum(numbers[name] * len(arms) for name, arms in runs.items())
    rates, done = load_rates(), 0
    for i in range(max([numbers[name] for name in runs], default=0)):
        kept: dict[str, Any] = {}  # one run may serve several groups
        for name, arms in runs.items():
            if i >= numbers[name]:
                continue
            need, tables = RUNS[name], []
            for arm in arms.values():
                key = f"{need.run.__name__} {arm.digest()}"
                if key not in kept:
                    kept[key] = need.run(arm, seed + i)
                tables.append(kept[key])
                done += 1
                progress(done, total, "runs")
            if name == "default" and pictures is not None:
                pictures.paths.append(paths(tables[0]).assign(replicate=i))
                pictures.counties.append(county_growth(tables[0]).assign(replicate=i))
            n1, n2 = need.nulls
            nulls = [n1(t) for t in tables], [n2(t, rates) for t in tables]
            for target in targets:
                if _group(target) == name and isinstance(found[target.id], list):
                    _note(target, found, tables, *nulls)
    return found


def _group(target: Target) -> str:
    """Return the runs that a target is measured on; those of the scenario itself for an aside."""
    return "default" if target.aside and RUNS[target.needs].runs is None else target.needs


def _note(target: Target, found: dict[str, Any], *models: list[Any]) -> None:
    """Add a replicate's values of the model and the nulls, or why there are none."""
    estimate = estimator(target.estimator)
    try:
        found[target.id].append([estimate(*tables) for tables in models])
    except Missing as reason:
        found[target.id] = str(reason)


def estimator(name: str) -> Callable[..., Values]:
    """Return the function of a name such as "land.idle_plots" within experiments.scorecard."""
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"experiments.scorecard.{module}"), function)


def _judge(target: Target, replicates: list[list[Values]]) -> Judged:
    columns = list(zip(*replicates, strict=True))  # model, n1, n2
    parts = tuple(
        measured(part, *([values[part.key] for values in model] for model in columns))
        for part in target.parts
    )
    return judge(target, parts, len(replicates))


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
