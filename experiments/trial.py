"""trial: a randomised trial of village terminals inside the model (FACTS C1-C8).

Trial i is run on the world of seed + i (``experiments.field``). Arms drawn in worlds without
terminals, the placebo, say how often the estimator finds what is not there, and what it misses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.stats import t as student

from experiments.assignment import SPACING_KM, TAKE_UP, TREATED_SHARE, VILLAGES, assign
from experiments.effects import (
    NOTHING,
    OUTCOMES,
    Effect,
    first_stage,
    intention_to_treat,
    raised,
    treatment_on_treated,
)
from experiments.engine import run_all
from experiments.field import (
    BASELINE,
    HORIZON,
    placebo_households,
    trial_households,
    trial_scenario,
)
from experiments.kept import warm
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.runs import Measure, Run
from experiments.store import StoreWriter
from experiments.workers import Workers
from model.scenario import Scenario

#: Placebo: worlds, and draws of arms in each; effects put in to see what would be found, shares.
PLACEBO_WORLDS, PLACEBO_DRAWS = 5, 100
INJECTED = (0.0, 0.02, 0.05, 0.10, 0.15, 0.20)
WORDS = {
    "income": "household income, %",
    "index": "cost of living (retail tradables), %",
    "uses": "households that use a terminal, points",
}
GROUPS = ("all", "near", "remote", "served before", "not served before")
ESTIMATORS = {"ITT": intention_to_treat, "TOT": treatment_on_treated}


def groups(households: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the households of a trial by remoteness (median village) and earlier service."""
    villages = households.groupby("village")["minutes"].first()
    remote = households["minutes"] > villages.median()
    served = households["served"] == 1
    parts = (households, households[~remote], households[remote], households[served],
             households[~served])  # fmt: skip
    return dict(zip(GROUPS, parts, strict=True))


def effects(households: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group, outcome and estimator of one trial."""
    rows = []
    for group, part in groups(households).items():
        for outcome in OUTCOMES:
            for name, estimate in ESTIMATORS.items():
                found = estimate(part, outcome) if len(part) else NOTHING
                rows.append({"group": group, "outcome": outcome, "estimator": name,
                             **found._asdict()})  # fmt: skip
    return pd.DataFrame(rows)


def placebo_effects(households: pd.DataFrame, seed: int, draws: int) -> list[Effect]:
    """Return the effects on income of arms drawn anew in a world without terminals."""
    generator = np.random.default_rng(seed)
    villages = households.drop_duplicates("village").set_index("village").sort_index()
    rows = villages.index.to_numpy(np.int64)
    county = np.zeros(rows.max() + 1, dtype=np.int16)
    county[rows] = pd.factorize(villages["county"])[0]
    found = []
    for _ in range(draws):
        chosen = generator.permutation(rows)[:VILLAGES]
        design = assign(chosen, county, generator)
        arm = pd.Series(design.treated.astype(int), index=design.rows)
        part = households[households["village"].isin(chosen)]
        found.append(intention_to_treat(part.assign(treated=part["village"].map(arm))))
    return found


def run_trial(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    trials: int,
    workers: Workers,
) -> dict[str, Any]:
    """Run ``trials`` trials and their placebos, and write what they find into ``out``.

    Files: trial.json (summary), trial.csv (a row per trial, group, outcome and estimator),
    trial_households.parquet (every household asked twice), and the store of the runs, so that an
    interrupted command goes on where it was. Returns trial.json with its lines ("lines") and the
    table of effects by trial ("table").

    Raises InputError where the scenario gives no trial.
    """
    field = trial_scenario(scenario)
    real = [Run(field, seed + i, {"trial": i}) for i in range(trials)]
    fakes = real[:PLACEBO_WORLDS]
    with StoreWriter(out.path, progress.say) as store:
        asked: dict[str, Any] = {}
        for name, runs in (("trial", real), ("placebo", fakes)):
            measure = Measure(f"{name}-1", {"trial": _trial, "placebo": _placebo}[name], warm)
            run_all(runs, measure, store, progress, workers, design=name)
            asked[name] = store.table(name, design=name)
    tables, worlds = (_by_trial(asked[name]) for name in ("trial", "placebo"))
    rows = [effects(t).assign(trial=i, seed=seed + i) for i, t in tables.items()]
    found = pd.concat(rows, ignore_index=True)
    fake = [
        effect for i, t in worlds.items() for effect in placebo_effects(t, seed + i, PLACEBO_DRAWS)
    ]
    origin = provenance(field, seed)
    report = {**origin, "design": _design(tables), **summary(found, fake)}
    out.write_csv(found, "trial.csv")
    out.write_parquet(asked["trial"].drop(columns="key"), "trial_households.parquet", origin)
    out.write_json("trial.json", report)
    return {**report, "provenance": origin, "table": found, "lines": lines(report)}


def _by_trial(asked: pd.DataFrame) -> dict[int, pd.DataFrame]:
    return {int(i): asked[asked["trial"] == i] for i in sorted(asked["trial"].unique())}


def summary(found: pd.DataFrame, fake: list[Effect]) -> dict[str, Any]:
    """Return what all trials say together.

    effects : mean over trials by group, outcome and estimator, with Student's 95% interval of that
    mean. income : of single trials' intention to treat, as scorecard V1. size : % of placebo
    draws whose interval leaves out 0 (nominal 5). power : effect put in (%) -> % of placebo draws
    whose interval then lies above 0.
    """
    mean = found.groupby(["group", "outcome", "estimator"], sort=False)["value"].agg(
        ["mean", "std", "count"]
    )
    half = student.ppf(0.975, mean["count"] - 1) * mean["std"] / np.sqrt(mean["count"])
    table = mean.assign(low=mean["mean"] - half, high=mean["mean"] + half).reset_index()
    single, fake = _finite(_single(found)), _finite(fake)
    low, high = (np.array([getattr(e, side) for e in fake]) for side in ("low", "high"))
    return {
        "effects": table.rename(columns={"mean": "value", "count": "trials"})
        .drop(columns="std")
        .to_dict("records"),
        "income": {
            "trials": len(single),
            "holds_zero": 100.0 * _mean([e.low <= 0.0 <= e.high for e in single]),
            "half_width": _mean([(e.high - e.low) / 2.0 for e in single]),
            "finds_10": 100.0 * _mean([raised(e, 0.10).low > 0.0 for e in single]),
        },
        "size": 100.0 * _mean((low > 0.0) | (high < 0.0)),
        "power": {
            f"{100.0 * by:g}": 100.0 * _mean([raised(e, by).low > 0.0 for e in fake])
            for by in INJECTED
        },
        "placebo_draws": len(fake),
    }


def _finite(effects: list[Effect]) -> list[Effect]:
    """Return the effects that could be estimated: no other counts as an answer."""
    return [e for e in effects if np.isfinite([e.value, e.low, e.high]).all()]


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _single(found: pd.DataFrame) -> list[Effect]:
    rows = found[
        (found["group"] == "all") & (found["outcome"] == "income") & (found["estimator"] == "ITT")
    ]
    return [Effect(r.value, r.low, r.high, r.households) for r in rows.itertuples()]  # type: ignore[arg-type]


def _design(tables: dict[Any, pd.DataFrame]) -> dict[str, Any]:
    """Return what was randomised, and what came of it, on average over trials."""
    villages = [t.drop_duplicates("village") for t in tables.values()]
    return {
        "trials": len(tables),
        "baseline": BASELINE,
        "months": HORIZON,
        "villages": float(np.mean([len(v) for v in villages])),
        "treated": float(np.mean([v["treated"].sum() for v in villages])),
        "households": float(np.mean([len(t) for t in tables.values()])),
        "first_stage": float(np.mean([first_stage(t) for t in tables.values()])),
        "take_up": {"control": TAKE_UP[0], "treated": TAKE_UP[1]},
        "treated_share": TREATED_SHARE,
        "spacing_km": SPACING_KM,
        "spaced": 100.0 * float(np.mean([_spaced(v) for v in villages])),
        "served_before": 100.0 * float(np.mean([v["served"].mean() for v in villages])),
    }


def _spaced(villages: pd.DataFrame) -> float:
    """Return the share of villages with no other of the trial within ``SPACING_KM``."""
    away = cdist(villages[["x", "y"]], villages[["x", "y"]])
    np.fill_diagonal(away, np.inf)
    return float((away.min(axis=1) >= SPACING_KM).mean())


def lines(report: dict[str, Any]) -> list[str]:
    """Return the findings as text."""
    d, income = report["design"], report["income"]
    out = [
        f"{d['trials']} trials of {d['villages']:.0f} villages ({d['treated']:.0f} treated, "
        f"{d['households']:.0f} households), {BASELINE} + {HORIZON} months; "
        f"first stage {d['first_stage']:.2f}",
        "",
        f"{'mean over trials, 95% interval':<33}{'intention to treat':>32}{'on the treated':>34}",
    ]
    found = {(r["group"], r["outcome"], r["estimator"]): r for r in report["effects"]}
    for outcome, words in WORDS.items():
        out.append(words)
        for group in GROUPS:
            cells = [_cell(found[group, outcome, name], d["trials"]) for name in ESTIMATORS]
            out.append(f"  {group:<31}{cells[0]:>32}{cells[1]:>34}")
    power = ", ".join(f"+{by}%: {share:.0f}%" for by, share in report["power"].items())
    return [
        *out,
        "",
        f"income, {income['trials']} single trials: {income['holds_zero']:.0f}% of 95% intervals "
        f"hold 0, mean half-width {income['half_width']:.1f} points; +10% put in is found by "
        f"{income['finds_10']:.0f}%",
        f"size: {report['size']:.1f}% of {report['placebo_draws']} placebo draws leave out 0 "
        "(nominal 5)",
        f"power in the placebo: {power}",
    ]


def _cell(row: dict[str, Any], trials: int) -> str:
    if not np.isfinite(row["value"]):
        return "none"
    value = f"{row['value']:+.2f}"
    if np.isfinite(row["low"]):
        value += f" [{row['low']:+.2f}, {row['high']:+.2f}]"
    return value if row["trials"] == trials else f"{value} ({row['trials']} of {trials})"


def _trial(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    return {"trial": trial_households(scenario, seed)}


def _placebo(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    return {"placebo": placebo_households(scenario, seed)}
