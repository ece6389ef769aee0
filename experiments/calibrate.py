"""calibrate: which parameters the facts can tell, their best values, and what else would do.

Three stages, all on the same seeds at every point (common random numbers): Morris screening against
noise; a search of the parameters that pass it; a posterior of them by approximate Bayesian
computation, which ``offset --posterior`` carries into the headline.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.design import Settings
from experiments.keys import code_digest
from experiments.output import OutputFolder, provenance
from experiments.posterior import infer, write_posterior
from experiments.progress import Progress
from experiments.run import compiling
from experiments.runs import Measure, Run
from experiments.scorecard.card import bounds, number
from experiments.scorecard.evidence import ask, collect, values_measure
from experiments.scorecard.needs import changed
from experiments.screening import LEAST, screen, strongest
from experiments.search import BATCH, Trial, check_installed, search
from experiments.sensitivity import Question, design, points_of
from experiments.space import FARTHEST, Moment, Space, loss
from experiments.store import StoreWriter
from experiments.uncertain import Ranges, worlds
from experiments.workers import Workers, kept
from model.errors import InputError
from model.scenario import load_scenario, scenario_names
from model.switches import RunOptions, Synthetic

Values = NDArray[np.float64]
JOURNAL = "calibrate.journal"


class Effort(NamedTuple):
    """How much is spent: on screening, the search, the posterior.

    trajectories : of Morris; 0 takes all parameters as they are. noise : seeds for the noise.
    budget : runs of the search, in whole batches of points. draws : points drawn from the prior;
    0 for no posterior.
    """

    trajectories: int = 4
    noise: int = 5
    budget: int = 200
    draws: int = 100

    def check(self) -> None:
        """Raise InputError for what gives no answer."""
        if self.trajectories == 1:
            raise InputError("calibrate", "--trajectories", 1, "0, or 2 and more")
        if 0 < self.draws < 20:
            raise InputError("calibrate", "--draws", self.draws, "0, or 20 and more")


class Model:
    """The simulator: asks for points and gives the numbers that the moments are held against."""

    def __init__(
        self,
        space: Space,
        store: StoreWriter,
        progress: Progress,
        workers: Workers,
        measure: Measure,
        origin: dict[str, Any],
    ):
        self.space, self.store, self.progress = space, store, progress
        self.workers, self.measure, self.origin = workers, measure, origin

    def respond(self, stage: str, points: list[Settings], seeds: int) -> Values:
        """Return (points, seeds, moments); what a run cannot give is not a number."""
        space = self.space
        runs = [
            Run(space.scenario.with_(**point), space.seed + i,
                {"point": n, "need": need, "replicate": i, **point}, ask(need, alone=True))
            for n, point in enumerate(points)
            for need in space.needs
            for i in range(seeds)
        ]  # fmt: skip
        table = collect(
            runs, self.store, self.progress, self.workers,
            design=f"calibrate-{stage}", origin=self.origin, measure=self.measure,
        )  # fmt: skip
        at = {(m.target, m.part): i for i, m in enumerate(space.moments)}
        values = np.full((len(points), seeds, len(space.moments)), np.nan)
        cells = zip(table["point"], table["replicate"], table["target"], table["part"])
        for (point, replicate, *what), value in zip(cells, table["model"]):
            if tuple(what) in at:
                values[point, replicate, at[tuple(what)]] = value
        return values


def run_calibrate(
    space: Space,
    out: OutputFolder,
    progress: Progress,
    effort: Effort,
    workers: Workers | None = None,
    measure: Measure | None = None,
) -> dict[str, Any]:
    """Screen, search, infer; return calibrate.json, with ``lines``.

    Files: calibrate.json; calibrate.md, tables of parameters and facts; screening.csv; trials.csv;
    best.toml, a scenario with the best values; posterior.parquet; calibrate.journal. Every stage
    takes what the store and the journal hold.

    measure : another simulator than the model, that leaves a table ``values`` as ``left_by`` does.

    Raises InputError for an effort that gives no answer and where Optuna is missing, RuntimeError
    where runs failed.
    """
    effort.check()
    check_installed()
    origin = provenance(space.scenario, space.seed)
    asked = space.moments
    with compiling(progress), kept(), StoreWriter(out.path, progress.say) as store:
        model = Model(space, store, progress, workers or Workers(), measure or values_measure(),
                      origin)  # fmt: skip
        noise = model.respond("noise", [{}], effort.noise)[0]
        space, absent = _known(space, noise)
        model.space, noise = space, noise[:, ~absent]
        table, chosen, unknown = _screened(model, effort, noise)
        progress.say(f"calibrated: {', '.join(chosen) or 'nothing'}")
        trials = _searched(model, effort, chosen, out) if chosen else []
        facts = _facts(model, trials) if trials else []
        found = _inferred(model, effort, chosen, noise) if chosen and effort.draws else None
    result: dict[str, Any] = {
        "provenance": origin, "scenario": origin["scenario"], "seed": space.seed,
        "space": {"name": space.name, "sentence": space.sentence, "ranges": space.ranges},
        "replicates": space.replicates, "effort": effort._asdict(),
        "moments": [m._asdict() for m in space.moments],
        "loss": (
            "root of the mean over targets of the mean square distance; a distance is |value - "
            "centre of the band| in half-widths of the band, for an open band what lies beyond its "
            f"bound in units of the bound, at most {FARTHEST:g}; targets up to 2015 alone"
        ),
        "screening": table.to_dict("records"), "not_computed": [
            *(f"{m.name} is undefined in this scenario, and left out"
              for m in asked if m not in space.moments),
            *unknown,
        ],
        "trials": [t._asdict() for t in trials], "facts": facts,
    }  # fmt: skip
    if trials:
        best = min(trials, key=lambda t: t.loss)
        result |= {"best": best._asdict(), "start": trials[0]._asdict()}
        out.write_csv(pd.DataFrame([{"trial": t.number, "loss": t.loss, **t.point}
                                    for t in trials]), "trials.csv")  # fmt: skip
        out.write_text("best.toml", _as_scenario(space, best))
    if found is not None:
        result["posterior"] = found.summary.to_dict("records")
        result["accepted"] = found.accepted
        keep = ("provenance", "seed", "replicates", "effort", "moments", "screening")
        write_posterior(found, out, "posterior.parquet", {k: result[k] for k in keep})
    result["lines"] = lines(result)
    out.write_csv(table, "screening.csv")
    out.write_text("calibrate.md", markdown(result))
    out.write_json("calibrate.json", result)
    return result


def _known(space: Space, noise: Values) -> tuple[Space, NDArray[np.bool_]]:
    """Return the space without the moments that its scenario leaves undefined, and which are."""
    absent = np.asarray(np.isnan(noise).all(axis=0))
    if absent.all():
        raise InputError(
            "calibrate", "targets", [m.name for m in space.moments],
            "numbers that the scenario has: more months, another region, other targets",
        )  # fmt: skip
    moments = tuple(m for m, gone in zip(space.moments, absent) if not gone)
    return replace(space, moments=moments), absent


def _screened(
    model: Model, effort: Effort, noise: Values
) -> tuple[pd.DataFrame, Ranges, list[str]]:
    """Return the screening, the ranges of the parameters that pass it, and what is unknown."""
    space = model.space
    if not effort.trajectories:
        rows = [
            {"parameter": key, "low": low, "high": high, "ratio": float("nan"), "moment": "",
             "calibrated": True}
            for key, (low, high) in space.ranges.items()
        ]  # fmt: skip
        return pd.DataFrame(rows), dict(space.ranges), []
    x = design("morris", space.ranges, Question(trajectories=effort.trajectories), space.seed)
    model.progress.say(f"screening: {len(x)} points, {len(space.ranges)} parameters")
    y = model.respond("screening", points_of(x, space.ranges), 1)[:, 0]
    table, unknown = screen(space.ranges, x, y, noise, space.moments, space.seed)
    best = strongest(table, space.ranges)
    chosen = {key: space.ranges[key] for key in best.loc[best["calibrated"], "parameter"]}
    return best, chosen, unknown


def _searched(model: Model, effort: Effort, ranges: Ranges, out: OutputFolder) -> list[Trial]:
    space = model.space
    trials = BATCH * max(round(effort.budget / space.runs / BATCH), 1)
    model.progress.say(f"search: {trials} points of {space.runs} runs, {len(ranges)} parameters")
    start = {}
    for key, (low, high) in ranges.items():
        group, _, name = key.partition(".")
        start[key] = min(max(getattr(space.scenario.group(group), name), low), high)

    said, tried, best = model.progress, 0, np.inf
    model.progress = Progress(said.label, quiet=True)  # one line for the search, not for each batch

    def losses(points: list[Settings]) -> Values:
        nonlocal tried, best
        name = f"search-{_digest(points)}"
        found = loss(space.moments, model.respond(name, points, space.replicates).mean(axis=1))
        tried, best = tried + len(points), min(best, float(found.min()))
        said(tried, trials, "points", note=f"best loss {best:.3f}")
        return found

    study = _study(model, ranges)
    try:
        return search(study, out.path / JOURNAL, ranges, start, trials, space.seed, losses)
    finally:
        model.progress = said


def _facts(model: Model, trials: list[Trial]) -> list[dict[str, Any]]:
    """Return each number that was fitted, at the values of the scenario and at the best point."""
    space = model.space
    points = [trials[0].point, min(trials, key=lambda t: t.loss).point]
    values = model.respond("facts", points, space.replicates).mean(axis=1)
    return [
        {**m._asdict(), "start": start, "best": best, "start_inside": _inside(m, start),
         "best_inside": _inside(m, best)}
        for m, (start, best) in zip(space.moments, values.T.tolist())
    ]  # fmt: skip


def _inside(moment: Moment, value: float) -> bool:
    return moment.low <= value <= moment.high


def _digest(points: list[Settings]) -> str:
    """Return a name of a batch of points, the same whenever it is asked for."""
    return hashlib.sha256(json.dumps(points).encode()).hexdigest()[:8]


def _study(model: Model, ranges: Ranges) -> str:
    """Return the name of the study: another question, or other code, is another study."""
    space = model.space
    content = [space.scenario.digest(), ranges, space.moments, space.seed, space.replicates,
               model.measure.name, code_digest()]  # fmt: skip
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:16]


def _inferred(model: Model, effort: Effort, ranges: Ranges, noise: Values) -> Any:
    space = model.space
    points = worlds(ranges, effort.draws, space.seed)
    model.progress.say(f"posterior: {effort.draws} points drawn from the prior")
    values = model.respond("prior", points, space.replicates).mean(axis=1)
    theta = np.array([list(point.values()) for point in points], dtype=np.float64)
    # the mean of the seeds has luck of its own, and reality is one draw more
    luck = (
        np.nan_to_num(noise.std(axis=0, ddof=1), posinf=0.0) * (1.0 + 1.0 / space.replicates) ** 0.5
    )
    return infer(ranges, theta, values, space.moments, space.seed, luck)


def _as_scenario(space: Space, best: Trial) -> str:
    """Return the best point as a scenario file: the scenario of the space, with that point set."""
    made = space.scenario
    parent = load_scenario(made.name if made.name in scenario_names() else "shaoyang")
    options = [key for key in RunOptions._fields if getattr(made, key) != getattr(parent, key)]
    settings = changed(made) | best.point
    head = [
        f'name = "{made.name}-calibrated"',
        f'sentence = "Calibrated in the space {space.name}: loss {best.loss:.4g}."',
        f'parent = "{parent.name}"',
        *(f"{key} = {_toml(getattr(made, key))}" for key in options),
        *(f"set.{key} = {_toml(value)}" for key, value in settings.items()),
    ]
    if made.region != parent.region:
        head.append(_region_toml(made.region))
    return "\n".join(head) + "\n"


def _region_toml(region: str | Synthetic) -> str:
    if not isinstance(region, Synthetic):
        return f"region = {_toml(region)}"
    shape = ", ".join(f"{key} = {_toml(value)}" for key, value in region._asdict().items())
    return f"region = {{ synthetic = {{ {shape} }} }}"


def _toml(value: object) -> str:
    """Return a value as TOML writes it: JSON does for words, numbers and switches."""
    return json.dumps(value)


def lines(result: dict[str, Any]) -> list[str]:
    """Return what the terminal shows."""
    said = [
        f"loss: {result['loss']}",
        "",
        f"screening: mu* over the standard deviation between seeds; calibrated above {LEAST:g}",
    ]
    for row in result["screening"]:
        verdict = "calibrated" if row["calibrated"] else (
            f"not calibrated: stays as it is, uncertain from {row['low']:g} to {row['high']:g}"
        )  # fmt: skip
        ratio = number(row["ratio"])
        said.append(f"  {row['parameter']:<28}{ratio:>8}  {row['moment']:<16} {verdict}")
    said += [f"  NOT COMPUTED: {text}" for text in result["not_computed"]]
    if "best" in result:
        best, start = result["best"], result["start"]
        said += ["", f"search: loss {start['loss']:.3f} at the values of the scenario, "
                 f"{best['loss']:.3f} at the best of {len(result['trials'])} points"]  # fmt: skip
        said += [f"  {key:<28}{rounded(start['point'][key]):>10} ->{rounded(value):>10}"
                 for key, value in best["point"].items()]  # fmt: skip
        inside = [sum(fact[f"{at}_inside"] for fact in result["facts"]) for at in ("start", "best")]
        said.append(f"  numbers in their bands: {inside[0]} -> {inside[1]} of "
                    f"{len(result['facts'])}")  # fmt: skip
    if "posterior" in result:
        said += ["", f"posterior (95%), {result['effort']['draws']} draws of the prior, "
                 f"{result['accepted']:.0f} of them count"]  # fmt: skip
        for row in result["posterior"]:
            text = (
                f"{rounded(row['low'])} to {rounded(row['high'])}, median {rounded(row['median'])}"
                if row["informed"]
                else "the prior: these facts say nothing about it"
            )
            prior = f"{row['prior_low']:,g} to {row['prior_high']:,g}"
            said.append(f"  {row['parameter']:<28} prior {prior:<16} {text}")
    if not result["trials"]:
        said.append("nothing is calibrated: no parameter moves a number by more than its noise")
    return said


def markdown(result: dict[str, Any]) -> str:
    """Return the tables of parameters and of facts."""
    scenario, effort, start = result["scenario"], result["effort"], result.get("start")
    out = [
        f"`ruralflow calibrate {result['space']['name']}`, scenario {scenario['name']}, sample "
        f"1:{1.0 / scenario['sample']:.0f}, {scenario['months']} months, seeds {result['seed']} to "
        f"{result['seed'] + result['replicates'] - 1} at every point, commit "
        f"{result['provenance']['commit']}; {effort['trajectories']} trajectories, "
        f"{len(result['trials'])} points searched, {effort['draws']} draws of the prior. "
        f"{result['space']['sentence']}",
        "",
        f"Loss: {result['loss']}." + (
            f" {start['loss']:.3f} at the values of the scenario, {result['best']['loss']:.3f} at "
            "the best point." if start else ""
        ),
        "",
        "Screening: Morris's mu* of the number that a parameter moves most, over the standard "
        f"deviation of that number between seeds; calibrated above {LEAST:g}.",
        "",
        "| parameter | range | screening | moves most | before | best | posterior, median [95%] |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    posterior = {row["parameter"]: row for row in result.get("posterior", [])}
    for row in result["screening"]:
        key = row["parameter"]
        values = [rounded(result[at]["point"][key]) if row["calibrated"] and start else ""
                  for at in ("start", "best")]  # fmt: skip
        cells = [f"`{key}`", f"{row['low']:,g} to {row['high']:,g}", number(row["ratio"]),
                 row["moment"], *values, _known_of(posterior.get(key))]  # fmt: skip
        out.append(f"| {' | '.join(cells)} |")
    if result["facts"]:
        out += ["", "| number | | band | before | best |", "| --- | --- | --- | --- | --- |"]
    for fact in result["facts"]:
        cells = [f"{number(fact[at])}{'' if fact[f'{at}_inside'] else ' (out)'}"
                 for at in ("start", "best")]  # fmt: skip
        words = f"{fact['words']}, {fact['unit']}"
        cells = [fact["target"], words, bounds(fact["low"], fact["high"]), *cells]
        out.append(f"| {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def rounded(value: float) -> str:
    """Return a value in three significant digits, never as a power of ten."""
    return f"{float(f'{value:.3g}'):,.12g}"


def _known_of(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    if not row["informed"]:
        return "the prior"
    return f"{rounded(row['median'])} [{rounded(row['low'])}, {rounded(row['high'])}]"
