"""The headline: the share of the countryside's loss that e-commerce access returns (MODEL 1).

Loss D = Y[no pull, no access] - Y[pull, no access], return A = Y[pull, access] - Y[pull, no access],
offset = A / D: printed only where the 95% interval of D lies above 0.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.arms import (
    BARE,
    BUYING,
    FULL,
    HEADLINE,
    KEPT,
    NEITHER,
    OUTCOMES,
    SELLING,
    Outcome,
    arms_of,
    run_arms,
    spans,
)
from experiments.bootstrap import Interval, mean_interval, ratio_interval, resamples
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.run import compiling
from model.calendar import parse_month, year_of
from model.errors import InputError
from model.scenario import Scenario

Values = NDArray[np.float64]
REGION = "region"
GAIN, UNKNOWN, OFFSET = "the pull was a gain", "loss not distinguishable", "offset"


def run_offset(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    replicates: int,
    by_good: bool = False,
    posterior: Path | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Run the arms on paired replicates; write offset.json, offset.csv, arms.parquet.

    Returns the content of offset.json with ``headline``, the lines to print.
    """
    if posterior is not None:
        raise InputError("offset", "--posterior", str(posterior), "no posterior can be read yet")
    if scenario.start_month > 0 or scenario.months % 12:
        raise InputError("offset", "months", scenario.months, "whole years from 2003-01")
    goods = _goods(scenario) if by_good else ()
    arms = arms_of(scenario, goods)
    with compiling(progress):
        table = run_arms(arms, replicates, seed, out, progress, workers or os.cpu_count() or 1)
    origin = provenance(scenario, seed)
    access_year = max(year_of(parse_month(scenario.group("access").start)), 2003)
    result = evaluate(table, list(arms), access_year, seed)
    result |= {"provenance": origin, "scenario": scenario.resolved(), "replicates": replicates}
    result["no_pull"] = no_pull_sentence(scenario)
    result["headline"] = headline(result)
    out.write_parquet(_outcome_table(table), "arms.parquet", origin)
    out.write_csv(flat(result), "offset.csv")
    out.write_json("offset.json", result)
    return result


def _goods(scenario: Scenario) -> tuple[str, ...]:
    from model.ruralurban import region_of

    return tuple(sorted(region_of(scenario).endowment["good"].unique()))


def no_pull_sentence(scenario: Scenario) -> str:
    """Return the definition of "no pull" that the result rests on."""
    if scenario.group("pull").mode == "no_new":
        return "No pull: nobody leaves for the first time, no land is taken."
    return (
        "No pull: wages and jobs of coast and seats stay as in January 2003, no land is taken; "
        "those away stay or return as they choose."
    )


class Evaluator:
    """Values of outcomes by arm, replicate, year and place, as arrays."""

    def __init__(self, table: pd.DataFrame, arms: list[str]):
        self.arms = arms
        self.years = sorted(table["year"].unique().tolist())
        self.places = [REGION, *sorted(table["county"].unique())]
        cube = table.pivot_table(
            index=["arm", "replicate"], columns=["column", "year", "county"], values="value"
        )
        self._cube = cube

    def values(self, outcome: Outcome, arm: str, place: str, weights: dict[int, float]) -> Values:
        """Return (replicates,) the outcome of an arm: means of stocks, sums of flows, by weight.

        Per head where the outcome says so: a ratio of sums over the years.
        """
        top = self._sum(outcome.column, arm, place, weights)
        if outcome.per:
            heads = self._sum(outcome.per, arm, place, weights)
            return top / np.maximum(heads, 1e-9)
        return top / sum(weights.values()) if not outcome.flow else top

    def _sum(self, column: str, arm: str, place: str, weights: dict[int, float]) -> Values:
        rows: Any = self._cube.loc[arm, column]
        total: Values = np.zeros(len(rows))
        for year, weight in weights.items():
            values = rows[year] if place == REGION else rows[year][[place]]
            total += weight * values.to_numpy().sum(axis=1)
        return total


def evaluate(table: pd.DataFrame, arms: list[str], access_year: int, seed: int) -> dict[str, Any]:
    """Return the verdict on every outcome, span and place, with intervals."""
    cube = Evaluator(table, arms)
    periods = spans(cube.years, access_year)
    last = {"last 12 months": periods["last 12 months"]}
    result: dict[str, Any] = {"outcomes": {}, "by_county": {}, "by_year": {}}
    for name, outcome in OUTCOMES.items():
        result["outcomes"][name] = {
            "label": outcome.label,
            "unit": outcome.unit,
            **{s: verdict(cube, outcome, REGION, w, seed) for s, w in periods.items()},
        }
        if name in HEADLINE:
            result["by_county"][name] = {
                place: verdict(cube, outcome, place, last["last 12 months"], seed)
                for place in cube.places[1:]
            }
            result["by_year"][name] = {
                str(year): verdict(cube, outcome, REGION, {year: 1.0}, seed) for year in cube.years
            }
    return result


def verdict(
    cube: Evaluator, outcome: Outcome, place: str, weights: dict[int, float], seed: int
) -> dict[str, Any]:
    """Return the arms, loss, return, interaction, channels and offset of one outcome."""
    y = {arm: cube.values(outcome, arm, place, weights) for arm in cube.arms}
    rows = resamples(len(y[FULL]), seed)
    loss, gained = y[NEITHER] - y[BARE], y[FULL] - y[BARE]
    loss_interval = mean_interval(loss, rows)
    found: dict[str, Any] = {
        "arms": {arm: mean_interval(v, rows)._asdict() for arm, v in y.items()},
        "loss": loss_interval._asdict(),
        "return": mean_interval(gained, rows)._asdict(),
        "interaction": mean_interval(gained - (y[KEPT] - y[NEITHER]), rows)._asdict(),
        "half_width_paired": {
            "loss": loss_interval.half_width,
            "return": mean_interval(gained, rows).half_width,
        },
        "half_width_unpaired": {
            "loss": _unpaired(y[NEITHER], y[BARE], seed),
            "return": _unpaired(y[FULL], y[BARE], seed),
        },
    }
    found["verdict"] = judge(loss_interval)
    channels = {SELLING: "selling", BUYING: "buying"}
    channels |= {a: a.removeprefix("pull, ") for a in cube.arms if a.startswith("pull, only ")}
    found["channels"] = {}
    for arm, name in channels.items():
        part = y[arm] - y[BARE]
        found["channels"][name] = {"return": mean_interval(part, rows)._asdict()}
        if found["verdict"] == OFFSET:
            found["channels"][name]["offset"] = ratio_interval(part, loss, rows)._asdict()
    if found["verdict"] == OFFSET:
        found["offset"] = ratio_interval(gained, loss, rows)._asdict()
    return found


def judge(loss: Interval) -> str:
    """Return which of the three verdicts the interval of the loss allows (MODEL 1)."""
    if loss.low > 0.0:
        return OFFSET
    return GAIN if loss.high < 0.0 else UNKNOWN


def _unpaired(a: Values, b: Values, seed: int) -> float:
    """Return the half-width of a - b had the two arms been run on worlds of their own."""
    first, second = resamples(len(a), seed, 1), resamples(len(b), seed, 2)
    drawn = a[first].mean(axis=1) - b[second].mean(axis=1)
    return float(np.subtract(*np.percentile(drawn, [97.5, 2.5])) / 2.0)


def headline(result: dict[str, Any]) -> list[str]:
    """Return the lines that the command prints."""
    lines = [
        f"Last 12 months, 95% intervals over {result['replicates']} paired replicates (luck only).",
        result["no_pull"],
        f"{'':<38}{'loss':>26}{'return':>28}   offset",
    ]
    for name in HEADLINE:
        outcome = result["outcomes"][name]
        found = outcome["last 12 months"]
        loss, gained = (_short(found[k], outcome["unit"]) for k in ("loss", "return"))
        if found["verdict"] == OFFSET:
            o = found["offset"]
            share = f"{o['value']:.3f} [{o['low']:.3f}, {o['high']:.3f}]"
        else:
            share = found["verdict"]
        lines.append(f"{outcome['label']:<38}{loss:>26}{gained:>28}   {share}")
    for name in HEADLINE[:3]:
        found = result["outcomes"][name]["last 12 months"]
        unit = result["outcomes"][name]["unit"]
        parts = ", ".join(
            f"{channel} {_short(c['return'], unit)}" for channel, c in found["channels"].items()
        )
        lines.append(f"return by channel, {result['outcomes'][name]['label']}: {parts}")
    return lines


def _short(found: dict[str, float], unit: str) -> str:
    """Return "value [low, high]" in thousands or millions, with few digits."""
    size = max(abs(found["value"]), abs(found["low"]), abs(found["high"]))
    scale, suffix = (1e6, " M") if size >= 1e6 else (1e3, " k") if size >= 1e4 else (1.0, "")
    value, low, high = (f"{found[k] / scale:,.1f}" for k in ("value", "low", "high"))
    short = {"workers": "", "mu": " mu", "yuan of 2010 a year": " yuan"}.get(unit, " yuan")
    return f"{value} [{low}, {high}]{suffix}{short}"


def flat(result: dict[str, Any]) -> pd.DataFrame:
    """Return outcome, span or county or year, quantity, value, low, high, unit, verdict as rows."""
    rows = []

    def add(name: str, group: str, at: str, found: dict[str, Any]) -> None:
        unit = result["outcomes"][name]["unit"]
        quantities = {f"arm: {arm}": v for arm, v in found["arms"].items()}
        quantities |= {
            k: found[k] for k in ("loss", "return", "interaction", "offset") if k in found
        }
        for channel, parts in found["channels"].items():
            quantities |= {f"{k}: {channel}": v for k, v in parts.items()}
        for quantity, v in quantities.items():
            share = quantity.startswith("offset")
            rows.append(
                {"outcome": name, "group": group, "at": at, "quantity": quantity, **v,
                 "unit": "share of the loss" if share else unit, "verdict": found["verdict"]}
            )  # fmt: skip

    for name, outcome in result["outcomes"].items():
        for span, found in outcome.items():
            if isinstance(found, dict):
                add(name, "span", span, found)
    for group in ("by_county", "by_year"):
        for name, places in result[group].items():
            for at, found in places.items():
                add(name, group.removeprefix("by_"), at, found)
    return pd.DataFrame(rows)


def _outcome_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return replicate, arm, year, county, outcome, value (columns of ``OUTCOMES``)."""
    renamed = table.rename(columns={"column": "outcome"})
    return renamed[["replicate", "arm", "year", "county", "outcome", "value"]]
