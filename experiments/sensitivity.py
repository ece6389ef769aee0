"""Which parameters matter: Morris screening, then Sobol indices of those that matter most (SALib).

Levers are a study of their own: what policy chooses is not mixed with what nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from SALib.analyze import morris as morris_indices
from SALib.analyze import sobol as sobol_indices
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from experiments.arms import ARMS
from experiments.design import Settings
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.replies import REGION, Indicator, Replies, cells, check_years, indicator
from experiments.run import compiling
from experiments.runs import Measure
from experiments.store import StoreWriter
from experiments.uncertain import Ranges, free, held, lever_ranges, uncertain_ranges
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import Scenario

Values = NDArray[np.float64]
LEVELS, RESAMPLES = 4, 1000
COLUMNS = ["study", "method", "indicator", "unit", "parameter", "index", "value", "half_width"]
#: Index -> the key of SALib's value and of the half-width of its 95% interval, if it has one.
MORRIS = {"mu_star": ("mu_star", "mu_star_conf"), "mu": ("mu", ""), "sigma": ("sigma", "")}
SOBOL = {"first": ("S1", "S1_conf"), "total": ("ST", "ST_conf")}


class Question(NamedTuple):
    """What is asked. ``parameters`` and ``levers`` are names; none: all uncertain, no levers.

    trajectories, points : of Morris, of Sobol (a power of 2); 0 leaves that method out.
    keep : how many parameters, by the largest mu* of any indicator, Sobol is asked about.
    """

    indicators: tuple[str, ...] = ("offset.labour",)
    parameters: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    trajectories: int = 10
    points: int = 64
    keep: int = 6
    replicates: int = 1

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for anything that cannot be answered."""
        check_years(scenario, "sensitivity")
        for name in self.indicators:
            indicator(name)
        uncertain_ranges(self.parameters)
        lever_ranges(self.levers)
        fixed = held(scenario)
        for name in (*self.parameters, *self.levers):
            if name in fixed:
                raise InputError("sensitivity", name, valid="what the scenario does not set itself")
        if self.points & (self.points - 1):
            valid = "a power of 2: a Sobol sequence is balanced then; or 0"
            raise InputError("sensitivity", "--points", self.points, valid)
        if not self.points and not self.trajectories:
            raise InputError("sensitivity", "--points and --trajectories are 0", valid="one above")
        if self.trajectories == 1:
            raise InputError("sensitivity", "--trajectories", 1, "0, or 2 and more: for intervals")


def run_sensitivity(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
    measure: Measure = REGION,
) -> dict[str, Any]:
    """Do the designs; write sensitivity.json and .csv; return the former, with ``lines``.

    Raises InputError for a wrong question, RuntimeError where runs failed: SALib has no missing
    values, so a design with a hole has no index.
    """
    question.check(scenario)
    asked = [indicator(name) for name in question.indicators]
    studies = {"uncertainties": free(uncertain_ranges(question.parameters), scenario)}
    if question.levers:
        studies["levers"] = lever_ranges(question.levers)
    origin = provenance(scenario, seed)
    rows: list[dict[str, Any]] = []
    unknown: list[str] = []
    runs = 0
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        for study, ranges in studies.items():
            screened = ranges
            for method in ("morris", "sobol"):
                if not (question.trajectories if method == "morris" else question.points):
                    continue
                replies = Replies(
                    store, progress, workers or Workers(), design=f"{study}-{method}", seed=seed,
                    replicates=question.replicates, measure=measure, origin=origin,
                )  # fmt: skip
                x = design(method, screened, question, seed)
                progress.say(f"{study}, {method}: {len(x)} points, {len(screened)} parameters")
                y = respond(replies, scenario, points_of(x, screened), asked)
                runs += replies.runs
                found, missing = indices(method, screened, x, y, asked, seed)
                rows += [{"study": study, **row} for row in found]
                unknown += [f"{study}, {method}: {text}" for text in missing]
                if method == "morris":
                    screened = strongest(found, ranges, question.keep)
    table = pd.DataFrame(rows, columns=COLUMNS)
    result = {
        "provenance": origin, "scenario": origin["scenario"], "seed": seed, "runs": runs,
        "replicates": question.replicates, "question": question._asdict(),
        "ranges": {study: ranges for study, ranges in studies.items()},
        "interval": f"95%, bootstrap of the design ({RESAMPLES} draws)",
        "not_computed": unknown, "indices": table.to_dict("records"),
    }  # fmt: skip
    result["lines"] = lines(table, unknown, question)
    out.write_csv(table, "sensitivity.csv")
    out.write_json("sensitivity.json", result)
    return result


def design(method: str, ranges: Ranges, question: Question, seed: int) -> Values:
    """Return (points, parameters) of SALib: trajectories of Morris, or the design of Saltelli."""
    problem = _problem(ranges)
    number = question.trajectories if method == "morris" else question.points
    with np.errstate(all="ignore"):
        if method == "morris":
            return morris_sample.sample(problem, number, num_levels=LEVELS, seed=seed)
        return sobol_sample.sample(problem, number, calc_second_order=False, seed=seed)


def points_of(x: Values, ranges: Ranges) -> list[Settings]:
    """Return the points as settings: inside their ranges to the bit, whole where they count."""
    points = []
    for row in x:
        point: Settings = {}
        for value, (key, (low, high)) in zip(row, ranges.items()):
            inside = min(max(float(value), low), high)
            point[key] = round(inside) if isinstance(low, int) else inside
        points.append(point)
    return points


def respond(
    replies: Replies, scenario: Scenario, points: list[Settings], asked: Sequence[Indicator]
) -> Values:
    """Return (points, indicators): the value of each at each point, over the same luck."""
    arms = tuple(arm for arm in ARMS if any(arm in one.arms for one in asked))
    wanted: dict[str, Any] = {}
    names: dict[tuple[Any, ...], str] = {}
    for point in points:  # trajectories may meet: a point is run once
        name = names.setdefault(tuple(point.values()), str(len(names)))
        if f"{name}|{arms[0]}" not in wanted:
            wanted |= cells(name, scenario.with_(**point), arms, point)
    replies.ask(wanted)
    values = {name: [one.value(replies.arms(name)) for one in asked] for name in names.values()}
    return np.array([values[names[tuple(point.values())]] for point in points])


def indices(
    method: str, ranges: Ranges, x: Values, y: Values, asked: Sequence[Indicator], seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return rows of indices, and what could not be computed, in words.

    An indicator that is undefined at a point has no indices: no point is left out. Nor has one
    that does not move at all.
    """
    rows, unknown = [], []
    for one, values in zip(asked, y.T):
        holes = int(np.isnan(values).sum())
        if holes:
            unknown.append(
                f"{one.name} is undefined at {holes} of {len(values)} points (the loss is not "
                "above 0 there), so it has no indices; "
                f"ask for {one.name.replace('offset', 'return')} and its loss"
            )
            continue
        if np.ptp(values) == 0.0:
            unknown.append(f"{one.name} is the same at all points: nothing to explain")
            continue
        problem = _problem(ranges)
        if method == "morris":
            found = morris_indices.analyze(
                problem, x, values, num_resamples=RESAMPLES, num_levels=LEVELS, seed=seed
            )
        else:
            found = sobol_indices.analyze(
                problem, values, calc_second_order=False, num_resamples=RESAMPLES, seed=seed
            )
        for index, (key, width) in (MORRIS if method == "morris" else SOBOL).items():
            for k, parameter in enumerate(ranges):
                rows.append(
                    {
                        "method": method,
                        "indicator": one.name,
                        "unit": one.unit if method == "morris" else "share of the variance",
                        "parameter": parameter,
                        "index": index,
                        "value": float(found[key][k]),
                        "half_width": float(found[width][k]) if width else float("nan"),
                    }
                )
    return rows, unknown


def strongest(found: list[dict[str, Any]], ranges: Ranges, keep: int) -> Ranges:
    """Return the ranges of the ``keep`` parameters with the largest mu*, of any indicator.

    mu* is taken relative to the largest of its indicator. All, where nothing was found.
    """
    table = pd.DataFrame(found, columns=COLUMNS)
    table = table[table["index"] == "mu_star"]
    if table.empty:
        return ranges
    largest = table.groupby("indicator")["value"].transform("max")
    weight = (table["value"] / largest).groupby(table["parameter"]).max()
    best = set(weight.sort_values(ascending=False, kind="stable").index[:keep])
    return {key: bounds for key, bounds in ranges.items() if key in best}


def lines(table: pd.DataFrame, unknown: list[str], question: Question) -> list[str]:
    """Return what the terminal shows: the strongest parameters of each indicator, by method."""
    said = []
    for (study, name), part in table.groupby(["study", "indicator"], sort=False):
        said.append(f"{name}, {study} (95% interval)")
        for method, main, other, head in (
            ("morris", "mu_star", "sigma", "mu*, mean |effect| over the range; sigma"),
            ("sobol", "total", "first", "total order; first order"),
        ):
            one = part[part["method"] == method]
            if one.empty:
                continue
            said.append(f"  {method}: {head}" + (f" ({one['unit'].iloc[0]})"))
            wide = one.set_index(["parameter", "index"])[["value", "half_width"]].unstack()
            order = wide["value"][main].sort_values(ascending=False, kind="stable").index
            for parameter in order[: question.keep]:
                v, w = wide.loc[parameter, "value"], wide.loc[parameter, "half_width"]
                extra = f" ± {w[other]:.3g}" if w[other] == w[other] else ""
                said.append(
                    f"    {parameter:<32}{v[main]:>10.3g} ± {w[main]:<9.3g}{v[other]:>10.3g}{extra}"
                )
    return [*said, *(f"NOT COMPUTED: {text}" for text in unknown)]


def _problem(ranges: Ranges) -> dict[str, Any]:
    return {
        "num_vars": len(ranges),
        "names": list(ranges),
        "bounds": [list(bounds) for bounds in ranges.values()],
    }
