"""The second interval of ``offset``: parameters and luck (MODEL 1).

Parameters that no target pins are drawn over their registered ranges, those of a calibration from
its posterior; every draw meets the same replicates. The interval is that of a two-stage bootstrap:
a draw, then replicates within it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.arms import BARE, FULL, NEITHER, OUTCOMES, spans
from experiments.bootstrap import DRAWS, Interval, interval
from experiments.design import Settings
from experiments.offset import OFFSET, REGION, Evaluator, judge
from experiments.output import OutputFolder
from experiments.posterior import read_posterior
from experiments.progress import Progress
from experiments.replies import Replies, cells
from experiments.store import StoreWriter
from experiments.uncertain import free, held, uncertain_ranges, worlds
from experiments.workers import Workers
from model.scenario import Scenario

Values = NDArray[np.float64]
KEY = "parameters_and_luck"
ARMS = (NEITHER, BARE, FULL)
#: Draws where a posterior is given and their number is not.
FROM_POSTERIOR = 40


def add_spread(
    result: dict[str, Any],
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    draws: int,
    replicates: int,
    workers: Workers,
    posterior: Path | None = None,
) -> None:
    """Run three arms on ``draws`` x ``replicates`` worlds; add the interval to ``result``.

    It stands beside the one of luck, for the region, by outcome and span. Raises RuntimeError where
    runs failed: no draw is left out.
    """
    points, words = drawn(scenario, draws, seed, posterior)
    draws = len(points)
    progress.say(f"{draws} draws of {len(points[0])} parameters x {replicates} replicates x 3 arms")
    with StoreWriter(out.path, progress.say) as store:
        replies = Replies(
            store, progress, workers, design="offset-uncertainty", seed=seed,
            replicates=replicates, origin=result["provenance"],
        )  # fmt: skip
        wanted: dict[str, Any] = {}
        for number, point in enumerate(points):
            wanted |= cells(str(number), scenario.with_(**point), ARMS, point)
        replies.ask(wanted)
        table = replies.table
    found = evaluate_spread(table, draws, replicates, seed, result["access_year"])
    for name, by_span in found.items():
        for span, parts in by_span.items():
            result["outcomes"][name][span][KEY] = parts
    result["uncertainty"] = {"draws": draws, **words}
    result["interval"] += (
        f"; {KEY}: 95%, two-stage bootstrap over {draws} draws ({words['drawn']}) and the "
        "replicates of each"
    )


def drawn(
    scenario: Scenario, draws: int, seed: int, posterior: Path | None
) -> tuple[list[Settings], dict[str, Any]]:
    """Return the draws of parameters, and in words and numbers what they are drawn from.

    What ``scenario`` sets, for the whole run or from a date on, is not drawn.

    posterior : a file of ``calibrate``: its parameters are drawn from its rows, in an order drawn
        with ``seed``; the others that no target pins over their ranges, as without it.
    """
    ranges = free(uncertain_ranges(), scenario)
    latin = "Latin hypercube over the ranges of all parameters of status assumption or literature"
    kept = sorted(uncertain_ranges().keys() - ranges.keys())
    latin += f" but {', '.join(kept)}, which the scenario sets" if kept else ""
    if posterior is None:
        return worlds(ranges, draws, seed), {"drawn": latin, "ranges": ranges}
    rows, origin = read_posterior(posterior)
    fixed = held(scenario)
    rows = [{key: value for key, value in row.items() if key not in fixed} for row in rows]
    ranges = {key: bounds for key, bounds in ranges.items() if key not in rows[0]}
    number = draws or FROM_POSTERIOR
    generator = np.random.default_rng([seed, number])
    chosen = generator.choice(len(rows), number, replace=number > len(rows))
    points = [
        world | rows[row] for world, row in zip(worlds(ranges, number, seed), chosen.tolist())
    ]
    made = origin.get("provenance", {})
    words = {
        "drawn": f"{len(rows[0])} parameters from the posterior of a calibration, beside a {latin} "
        "that it does not hold",
        "ranges": ranges,
        "posterior": {
            "file": posterior.name, "parameters": list(rows[0]), "rows": len(rows),
            "summary": origin.get("summary"),
            **{key: made.get(key) for key in ("commit", "scenario_digest", "utc")},
        },
    }  # fmt: skip
    return points, words


def evaluate_spread(
    table: pd.DataFrame, draws: int, replicates: int, seed: int, access_year: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return outcome -> span -> loss, return, offset (if the loss is above 0), verdict, shares.

    table : rows of ``region`` with point (the draw), arm, replicate, year. ``losing`` is the share
    of draws in which the mean loss is above 0, ``returning`` that of the return.
    """
    columns = sorted({o.column for o in OUTCOMES.values()} | {o.per for o in OUTCOMES.values()})
    columns.remove("")
    long = table.assign(
        county=REGION, replicate=table["point"].astype(int) * replicates + table["replicate"]
    ).melt(["arm", "replicate", "year", "county"], columns, var_name="column", value_name="value")
    cube = Evaluator(long, list(ARMS), seed)
    generator = np.random.default_rng([seed, draws, replicates])
    rows = (
        generator.integers(0, draws, (DRAWS, 1)),
        generator.integers(0, replicates, (DRAWS, replicates)),
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, outcome in OUTCOMES.items():
        found[name] = {}
        for span, weights in spans(cube.years, access_year).items():
            y = {
                arm: cube.values(outcome, arm, REGION, weights).reshape(draws, replicates)
                for arm in ARMS
            }
            found[name][span] = two_stage(y[NEITHER] - y[BARE], y[FULL] - y[BARE], rows)
    return found


def two_stage(
    loss: Values, gained: Values, rows: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> dict[str, Any]:
    """Return the intervals of loss, return and offset, each (draws, replicates), and the verdict.

    The value of an interval is the median; the offset is given where the interval of the loss lies
    above 0, as everywhere.
    """
    drawn = {"loss": loss[rows].mean(axis=1), "return": gained[rows].mean(axis=1)}
    parts = {name: _median(values) for name, values in drawn.items()}
    verdict = judge(parts["loss"])
    if verdict == OFFSET:
        parts["offset"] = _median(drawn["return"] / drawn["loss"])
    return {
        "verdict": verdict,
        **{name: part._asdict() for name, part in parts.items()},
        "losing": float((loss.mean(axis=1) > 0).mean()),
        "returning": float((gained.mean(axis=1) > 0).mean()),
    }


def _median(drawn: Values) -> Interval:
    return interval(float(np.median(drawn)), drawn)
