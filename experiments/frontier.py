"""How much access would offset the loss: roots of the paired response to a lever, with intervals.

The lever moves the arm with access alone: offset(x) = (Y[pull, access x] - Y[pull, no access]) / D.
All values of a lever meet the same replicates. A flip asks where a parameter, moved in all arms,
turns the sign of the loss or of the return.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.arms import BARE, FULL, NEITHER, OUTCOMES
from experiments.bootstrap import LEVEL, interval, mean_interval, resamples
from experiments.offset import OFFSET, UNKNOWN, judge
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.replies import REGION, Replies, cells, check_years, indicator
from experiments.run import compiling
from experiments.runs import Measure
from experiments.store import StoreWriter
from experiments.uncertain import LEVERS, Ranges, lever_ranges, uncertain_ranges
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import Scenario

Values = NDArray[np.float64]
THREE = (NEITHER, BARE, FULL)
BASE = "base"


class Question(NamedTuple):
    """What is asked. ``phase`` names two levers; ``flips`` parameters or groups.

    points : values of each lever before roots are sought. rounds : of root finding. grid : values
    of each lever of the phase diagram.
    """

    outcome: str = "labour"
    levers: tuple[str, ...] = LEVERS
    targets: tuple[float, ...] = (0.25, 0.5, 1.0)
    phase: tuple[str, ...] = ()
    flips: tuple[str, ...] = ()
    points: int = 4
    rounds: int = 3
    grid: int = 4
    replicates: int = 4

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for anything that cannot be answered."""
        check_years(scenario, "frontier")
        if self.outcome not in OUTCOMES:
            raise InputError("--outcome", self.outcome, valid=", ".join(OUTCOMES))
        lever_ranges(self.levers)
        lever_ranges(self.phase, "--phase")
        if self.phase and len(set(self.phase)) != 2:
            raise InputError("--phase", " ".join(self.phase), valid="two levers")
        if self.flips:
            uncertain_ranges(self.flips, "--flips")


class Curve:
    """A quantity along a parameter: offset along a lever, loss or return along an uncertainty.

    parts : x -> top and bottom by replicate; the quantity is the ratio of their sums.
    """

    def __init__(self, key: str, quantity: str, bounds: tuple[float, float], start: float):
        self.key, self.quantity, self.bounds, self.start = key, quantity, bounds, start
        self.parts: dict[float, tuple[Values, Values]] = {}

    @property
    def x(self) -> Values:
        """Return where it is known, in order."""
        return np.array(sorted(self.parts))

    def means(self) -> Values:
        """Return the quantity at each x."""
        return np.array([self.parts[x][0].sum() / self.parts[x][1].sum() for x in self.x])

    def drawn(self, rows: NDArray[np.int64]) -> Values:
        """Return (draws, x): the quantity of each resample of replicates."""
        return np.stack(
            [self.parts[x][0][rows].sum(1) / self.parts[x][1][rows].sum(1) for x in self.x], axis=1
        )

    def bracket(self, target: float) -> tuple[float, float] | None:
        """Return the neighbouring x between which the target is crossed, nearest to ``start``."""
        found = crossings(self.x, self.means(), target)
        if not len(found):
            return None
        at = float(found[np.abs(found - self.start).argmin()])
        right = int(np.clip(np.searchsorted(self.x, at), 1, len(self.x) - 1))
        return float(self.x[right - 1]), float(self.x[right])


def crossings(x: Values, y: Values, target: float) -> Values:
    """Return every x at which the line through the points crosses ``target``."""
    above = y - target
    left, right = above[:-1], above[1:]
    change = (left == 0.0) | (left * right < 0.0)
    at = x[:-1][change] + np.diff(x)[change] * left[change] / (left - right)[change]
    return np.append(at, x[-1]) if above[-1] == 0.0 else at


def next_x(curve: Curve, target: float) -> float | None:
    """Return where to look next: by the secant, kept off the ends of the bracket (regula falsi)."""
    bracket = curve.bracket(target)
    if bracket is None:
        return None
    low, high = bracket
    at = crossings(curve.x, curve.means(), target)
    x = float(at[np.abs(at - curve.start).argmin()])
    return min(max(x, low + 0.1 * (high - low)), high - 0.1 * (high - low))


def root(curve: Curve, target: float, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return where the curve meets the target, and its interval over resamples of replicates.

    ``reached`` is the share of resamples that meet it; the interval is of those. Where the mean
    does not meet it: the best value, where, and ``value`` None.
    """
    means = curve.means()
    best = int(means.argmax()) if target >= 0 else int(means.argmin())
    found: dict[str, Any] = {
        "parameter": curve.key, "quantity": curve.quantity, "target": target,
        "low_end": curve.bounds[0], "high_end": curve.bounds[1], "now": curve.start,
        "least": float(means.min()), "best": float(means[best]), "best_at": float(curve.x[best]),
        "value": None, "low": None, "high": None,
    }  # fmt: skip
    drawn = []
    for y in curve.drawn(rows):
        at = crossings(curve.x, y, target)
        if len(at):
            drawn.append(float(at[np.abs(at - curve.start).argmin()]))
    found["reached"] = len(drawn) / len(rows)
    at = crossings(curve.x, means, target)
    if len(at):
        value = float(at[np.abs(at - curve.start).argmin()])
        found |= interval(value, np.array(drawn or [value]))._asdict()
    return found


def run_frontier(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
    measure: Measure = REGION,
) -> dict[str, Any]:
    """Seek the roots; write frontier.json and frontier.csv; return the former, with ``lines``.

    Raises InputError for a wrong question, RuntimeError where runs failed.
    """
    question.check(scenario)
    origin = provenance(scenario, seed)
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        replies = Replies(
            store, progress, workers or Workers(), design="frontier", seed=seed,
            replicates=question.replicates, measure=measure, origin=origin,
        )  # fmt: skip
        search = Search(scenario, question, replies, seed)
        result: dict[str, Any] = {
            "provenance": origin, "scenario": origin["scenario"], "seed": seed,
            "replicates": question.replicates, "question": question._asdict(),
            "interval": "95%, percentile bootstrap over paired replicates: luck, not parameters",
            **search.run(),
        }  # fmt: skip
    result["lines"] = lines(result, question)
    out.write_csv(pd.DataFrame(result["roots"]), "frontier.csv")
    out.write_json("frontier.json", result)
    return result


class Search:
    """The curves of a question, what they are known at, and their roots."""

    def __init__(self, scenario: Scenario, question: Question, replies: Replies, seed: int):
        self.scenario, self.question, self.replies = scenario, question, replies
        self.rows = resamples(question.replicates, seed)
        self.kinds = {k: indicator(f"{k}.{question.outcome}") for k in ("offset", "loss", "return")}

    def run(self) -> dict[str, Any]:
        """Return loss, verdict, curves, roots, all levers together, and the phase diagram."""
        self.replies.ask(cells(BASE, self.scenario, THREE, {}))
        loss = mean_interval(self.kinds["loss"].parts(self.replies.arms(BASE))[0], self.rows)
        # one world says nothing about luck, whatever the sign of its loss
        verdict = judge(loss) if self.question.replicates > 1 else UNKNOWN
        measured = verdict == OFFSET
        q = self.question
        curves = [(c, q.targets) for c in self._curves(lever_ranges(q.levers), ["offset"])]
        curves = curves if measured else []
        flips = uncertain_ranges(q.flips, "--flips") if q.flips else {}
        curves += [(c, (0.0,)) for c in self._curves(flips, ["loss", "return"])]
        self._fill([(c, x) for c, _ in curves for x in np.linspace(*c.bounds, q.points)])
        for _ in range(q.rounds):
            wanted = [(c, next_x(c, t)) for c, targets in curves for t in targets]
            self._fill([(c, x) for c, x in wanted if x is not None])
        return {
            "loss": loss._asdict(),
            "verdict": verdict,
            "curves": [self._described(c) for c, _ in curves],
            "roots": [root(c, t, self.rows) for c, targets in curves for t in targets],
            "together": self._together(curves) if measured and len(q.levers) > 1 else None,
            "phase": self._phase() if measured and q.phase else None,
        }

    def _curves(self, ranges: Ranges, quantities: Sequence[str]) -> list[Curve]:
        return [
            Curve(key, quantity, bounds, float(_now(self.scenario, key)))
            for key, bounds in ranges.items()
            for quantity in quantities
        ]

    def _fill(self, wanted: list[tuple[Curve, float]]) -> None:
        """Ask for points and give them to their curves."""
        asked: dict[str, Any] = {}
        for curve, x in wanted:
            point, arms = self._point(curve, x)
            scenario = self.scenario.with_(**{curve.key: _typed(curve, x)})
            asked |= cells(point, scenario, arms, {"parameter": curve.key, "x": float(x)})
        if asked:
            self.replies.ask(asked)
        for curve, x in wanted:
            found = self.replies.arms(self._point(curve, x)[0])
            last = {**self.replies.arms(BASE), **found}
            curve.parts[float(_typed(curve, x))] = self.kinds[curve.quantity].parts(last)

    def _point(self, curve: Curve, x: float) -> tuple[str, tuple[str, ...]]:
        arms = (FULL,) if curve.quantity == "offset" else THREE
        return f"{curve.key}={_typed(curve, x)!r}", arms

    def _together(self, curves: list[tuple[Curve, tuple[float, ...]]]) -> dict[str, Any]:
        """Return the offset with every lever where it alone gives most."""
        levers = [c for c, _ in curves if c.quantity == "offset"]
        settings = {c.key: float(c.x[c.means().argmax()]) for c in levers}
        return {"settings": settings, **self._offset_at(settings)}

    def _phase(self) -> dict[str, Any]:
        """Return the offset on a grid over two levers."""
        first, second = lever_ranges(self.question.phase).items()
        xs, ys = (np.linspace(*bounds, self.question.grid) for _, bounds in (first, second))
        points = [{first[0]: float(x), second[0]: float(y)} for y in ys for x in xs]
        self._ask_full(points)
        return {
            "levers": [first[0], second[0]],
            "x": xs.tolist(),
            "y": ys.tolist(),
            "points": [{**point, **self._offset_at(point)} for point in points],
        }

    def _ask_full(self, points: list[dict[str, float]]) -> None:
        wanted: dict[str, Any] = {}
        for settings in points:
            wanted |= cells(repr(settings), self.scenario.with_(**settings), (FULL,), settings)
        self.replies.ask(wanted)

    def _offset_at(self, settings: dict[str, float]) -> dict[str, float]:
        self._ask_full([settings])
        last = {**self.replies.arms(BASE), **self.replies.arms(repr(settings))}
        top, bottom = self.kinds["offset"].parts(last)
        drawn = top[self.rows].sum(1) / bottom[self.rows].sum(1)
        return interval(float(top.sum() / bottom.sum()), drawn)._asdict()

    def _described(self, curve: Curve) -> dict[str, Any]:
        tail = 50.0 * (1.0 - LEVEL)
        low, high = np.percentile(curve.drawn(self.rows), [tail, 100.0 - tail], axis=0)
        return {
            "parameter": curve.key, "quantity": curve.quantity, "now": curve.start,
            "unit": self.kinds[curve.quantity].unit, "x": curve.x.tolist(),
            "value": curve.means().tolist(), "low": low.tolist(), "high": high.tolist(),
        }  # fmt: skip


def lines(result: dict[str, Any], question: Question) -> list[str]:
    """Return what the terminal shows: a line for each root, and plainly what is not reached."""
    loss, label = result["loss"], OUTCOMES[question.outcome].label
    said = [
        f"{label}: loss {loss['value']:,.4g} [{loss['low']:,.4g}, {loss['high']:,.4g}] "
        f"{OUTCOMES[question.outcome].unit}, {result['replicates']} replicates [95%: luck]"
    ]
    if result["verdict"] != OFFSET:
        said.append(f"{result['verdict']}: there is no offset, so no frontier")
    for found in result["roots"]:
        said.append(_root_line(found))
    if result["together"]:
        one = result["together"]
        at = ", ".join(f"{key} = {value:g}" for key, value in one["settings"].items())
        said.append(
            f"all of them at their best: offset {one['value']:.4g} [{one['low']:.4g}, "
            f"{one['high']:.4g}] ({at})"
        )
    if result["phase"]:
        best = max(result["phase"]["points"], key=lambda p: p["value"])
        where = ", ".join(f"{key} = {best[key]:g}" for key in result["phase"]["levers"])
        said.append(f"phase diagram: at most {best['value']:.4g}, at {where}")
    return said


def _root_line(found: dict[str, Any]) -> str:
    what = (
        f"offset {found['target']:g} by {found['parameter']}"
        if found["quantity"] == "offset"
        else f"sign of the {found['quantity']} along {found['parameter']}"
    )
    span = f"{found['low_end']:g} to {found['high_end']:g}"
    if found["value"] is None:
        if found["quantity"] == "offset" and found["least"] > found["target"]:
            return f"{what}: exceeded all over its range, {span}; at least {found['least']:.4g}"
        if found["quantity"] == "offset":
            return (
                f"{what}: not reached within the lever's range, {span}; at most "
                f"{found['best']:.4g}, at {found['best_at']:g}"
                + (f" (in {100 * found['reached']:.0f}% of draws)" if found["reached"] else "")
            )
        return f"{what}: does not flip within its range, {span}"
    text = f"{what}: at {found['value']:.4g} [{found['low']:.4g}, {found['high']:.4g}]"
    if found["reached"] < 1.0:
        text += f", reached in {100 * found['reached']:.0f}% of draws; the interval is of those"
    return f"{text} (now {found['now']:g}, range {span})"


def _now(scenario: Scenario, key: str) -> Any:
    group, _, name = key.partition(".")
    return getattr(scenario.group(group), name)


def _typed(curve: Curve, x: float) -> float | int:
    """Return x inside its bounds, whole where the parameter counts."""
    low, high = curve.bounds
    inside = min(max(float(x), low), high)
    return round(inside) if isinstance(low, int) else inside
