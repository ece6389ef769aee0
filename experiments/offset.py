"""The headline: the share of the countryside's loss that e-commerce access returns (MODEL 1).

Loss    D = Y[no pull, no access] - Y[pull, no access]
Return  A = Y[pull, access] - Y[pull, no access]
Offset  A / D, printed only where the 95% interval of D lies above 0
"""

from __future__ import annotations

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
from experiments.headline import headline
from experiments.output import OutputFolder, provenance
from experiments.posterior import read_posterior
from experiments.progress import Progress
from experiments.run import compiling
from experiments.workers import Workers
from model.calendar import parse_month, year_of
from model.errors import InputError
from model.ruralurban import region_of
from model.scenario import Scenario

Values = NDArray[np.float64]
REGION, REST = "region", "without cluster counties"
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
    uncertainty: int = 0,
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Run the arms on paired replicates; write the files; return offset.json with ``headline``.

    Files: offset.json; offset.csv (outcome, group, at, quantity, value, low, high, unit, verdict);
    arms.parquet (replicate, arm, county, outcome, value) of the last 12 months, and with ``year``
    arms_by_year.parquet: sums over residents, with the persons that they are divided by.

    uncertainty : draws over the ranges of what no target pins, for the interval "parameters and
        luck" beside that of luck; 0 for none.
    posterior : a file of ``calibrate``; the same interval with its parameters drawn from it, in
        ``uncertainty`` draws, or 40.

    Raises InputError for options that it cannot answer, RuntimeError where runs failed.
    """
    _check(scenario)
    if posterior is not None:
        read_posterior(posterior)  # what is wrong with it is said before the runs
    region = region_of(scenario)
    endowment = region.endowment
    goods = tuple(sorted(endowment["good"].unique())) if by_good else ()
    clusters = endowment.loc[endowment["cluster"] > 0, "county"].unique().astype(int)
    arms = arms_of(scenario, goods)
    with compiling(progress):
        table = run_arms(arms, replicates, seed, out, progress, workers or Workers())
    origin = provenance(scenario, seed)
    access_year = year_of(parse_month(scenario.group("access").start))
    names = region.counties["name_en"].iloc[clusters].tolist()
    result = evaluate(table, list(arms), access_year, seed, names)
    result |= {
        "provenance": origin,
        "scenario": origin["scenario"],
        "seed": seed,
        "replicates": replicates,
        "years": [int(table["year"].min()), int(table["year"].max())],
        "access_year": access_year,
        "interval": "95%, percentile bootstrap over paired replicates: luck, not parameters",
        "no_pull": no_pull_sentence(scenario),
    }
    if uncertainty or posterior is not None:
        from experiments.spread import add_spread

        add_spread(
            result, scenario, seed, out, progress, draws=uncertainty, replicates=replicates,
            workers=workers or Workers(), posterior=posterior,
        )  # fmt: skip
    result["headline"] = headline(result)
    yearly = table.rename(columns={"column": "outcome"})
    columns = ["replicate", "arm", "county", "outcome", "value"]
    last = yearly[yearly["year"] == yearly["year"].max()]
    out.write_parquet(last[columns], "arms.parquet", origin)
    out.write_parquet(yearly[["year", *columns]], "arms_by_year.parquet", origin)
    out.write_csv(flat(result), "offset.csv")
    out.write_json("offset.json", result)
    return result


def _check(scenario: Scenario) -> None:
    """Raise InputError for what the measure cannot be computed from."""
    if scenario.start_month > 0:
        valid = "2003-01: loss and return are measured over all years"
        raise InputError("offset", "start", scenario.start, valid)
    if scenario.months % 12:
        raise InputError("offset", "months", scenario.months, "whole years, a multiple of 12")


def no_pull_sentence(scenario: Scenario) -> str:
    """Return the definition of "no pull" that the result rests on."""
    if scenario.group("pull").mode == "no_new":
        return "No pull: nobody leaves for the first time, no land is taken."
    return (
        "No pull: wages and jobs of coast and seats stay as in January 2003, no land is taken; "
        "those away stay or return as they choose."
    )


class Evaluator:
    """Values of outcomes by arm, replicate, year and place, as one array.

    places : name -> counties of it; "region" is all of them.
    rows : the resamples of replicates that all intervals share.
    """

    def __init__(
        self, table: pd.DataFrame, arms: list[str], seed: int, clusters: list[str] | None = None
    ):
        self.arms, self.seed = arms, seed
        self.years = sorted(table["year"].unique().tolist())
        self.counties = counties = sorted(table["county"].unique())
        self.places = {REGION: list(range(len(counties)))}
        self.places |= {name: [c] for c, name in enumerate(counties)}
        rest = [c for c, name in enumerate(counties) if name not in (clusters or [])]
        if 0 < len(rest) < len(counties):
            self.places[REST] = rest
        self._columns = sorted(table["column"].unique())
        axes = (
            ("arm", arms),
            ("replicate", sorted(table["replicate"].unique())),
            ("column", self._columns),
            ("year", self.years),
            ("county", counties),
        )
        self._cube = np.full([len(values) for _, values in axes], np.nan)
        at = [pd.Index(values).get_indexer(pd.Index(table[axis])) for axis, values in axes]
        self._cube[tuple(at)] = table["value"].to_numpy()
        self.replicates = self._cube.shape[1]
        self.rows = resamples(self.replicates, seed)

    def values(self, outcome: Outcome, arm: str, place: str, weights: dict[int, float]) -> Values:
        """Return (replicates,) the outcome of an arm: stocks averaged over years, flows summed.

        Per head where the outcome says so: a ratio of sums over counties and years.
        """
        top = self._sum(outcome.column, arm, place, weights)
        if outcome.per:
            return top / np.maximum(self._sum(outcome.per, arm, place, weights), 1e-9)
        return top if outcome.flow else top / sum(weights.values())

    def _sum(self, column: str, arm: str, place: str, weights: dict[int, float]) -> Values:
        part = self._cube[self.arms.index(arm), :, self._columns.index(column)]
        total: Values = np.zeros(self.replicates)
        for year, weight in weights.items():
            total += weight * part[:, self.years.index(year), self.places[place]].sum(axis=1)
        return total


def evaluate(
    table: pd.DataFrame,
    arms: list[str],
    access_year: int,
    seed: int,
    clusters: list[str] | None = None,
) -> dict[str, Any]:
    """Return the verdict on every outcome by span, and on the headline ones by county and year.

    table : arm, replicate, year, county, column, value.
    clusters : names of the counties with an industrial cluster; where there are some, ``by_part``
        holds the results of the region without them (MODEL 2).
    """
    cube = Evaluator(table, arms, seed, clusters)
    periods = spans(cube.years, access_year)
    last = periods["last 12 months"]
    result: dict[str, Any] = {
        group: {} for group in ("outcomes", "by_county", "by_part", "by_year")
    }
    for name, outcome in OUTCOMES.items():
        result["outcomes"][name] = {
            "label": outcome.label,
            "unit": outcome.unit,
            **{span: verdict(cube, outcome, REGION, w) for span, w in periods.items()},
        }
        if name in HEADLINE:
            result["by_county"][name] = {
                place: verdict(cube, outcome, place, last) for place in cube.counties
            }
            result["by_part"][name] = {
                place: verdict(cube, outcome, place, last)
                for place in cube.places
                if place not in (REGION, *cube.counties)
            }
            result["by_year"][name] = {
                str(year): verdict(cube, outcome, REGION, {year: 1.0}) for year in cube.years
            }
    return result


def verdict(
    cube: Evaluator, outcome: Outcome, place: str, weights: dict[int, float]
) -> dict[str, Any]:
    """Return the arms, loss, return, interaction, channels and offset of one outcome."""
    y = {arm: cube.values(outcome, arm, place, weights) for arm in cube.arms}
    loss, gained = y[NEITHER] - y[BARE], y[FULL] - y[BARE]
    intervals = {"loss": mean_interval(loss, cube.rows), "return": mean_interval(gained, cube.rows)}
    summed = outcome.flow and not outcome.per and len(weights) > 1
    found: dict[str, Any] = {
        # one world says nothing about luck, whatever the sign of its loss
        "verdict": judge(intervals["loss"]) if cube.replicates > 1 else UNKNOWN,
        "unit": outcome.unit.removesuffix(" a year") if summed else outcome.unit,
        "arms": {arm: mean_interval(v, cube.rows)._asdict() for arm, v in y.items()},
        **{quantity: interval._asdict() for quantity, interval in intervals.items()},
        "interaction": mean_interval(gained - (y[KEPT] - y[NEITHER]), cube.rows)._asdict(),
        "half_width_paired": {q: interval.half_width for q, interval in intervals.items()},
        "half_width_unpaired": {
            "loss": _unpaired(y[NEITHER], y[BARE], cube.seed),
            "return": _unpaired(y[FULL], y[BARE], cube.seed),
        },
        "channels": {},
    }
    channels = {SELLING: "selling", BUYING: "buying"}
    channels |= {a: a.removeprefix("pull, ") for a in cube.arms if a.startswith("pull, only ")}
    measured = found["verdict"] == OFFSET
    for arm, name in channels.items():
        part = y[arm] - y[BARE]
        found["channels"][name] = {"return": mean_interval(part, cube.rows)._asdict()}
        if measured:
            found["channels"][name]["offset"] = ratio_interval(part, loss, cube.rows)._asdict()
    if measured:
        found["offset"] = ratio_interval(gained, loss, cube.rows)._asdict()
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


def flat(result: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of offset.csv; group is span, county, part of the region, or year."""
    rows = []

    def add(name: str, group: str, at: str, found: dict[str, Any]) -> None:
        quantities = {f"arm: {arm}": v for arm, v in found["arms"].items()}
        quantities |= {
            k: found[k] for k in ("loss", "return", "interaction", "offset") if k in found
        }
        for channel, parts in found["channels"].items():
            quantities |= {f"{k}: {channel}": v for k, v in parts.items()}
        for quantity, v in quantities.items():
            unit = "share of the loss" if quantity.startswith("offset") else found["unit"]
            rows.append(
                {"outcome": name, "group": group, "at": at, "quantity": quantity, **v,
                 "unit": unit, "verdict": found["verdict"]}
            )  # fmt: skip
        wide = found.get("parameters_and_luck", {})
        for quantity in [q for q in ("loss", "return", "offset") if q in wide]:
            unit = "share of the loss" if quantity == "offset" else found["unit"]
            rows.append(
                {"outcome": name, "group": group, "at": at,
                 "quantity": f"{quantity}, parameters and luck", **wide[quantity],
                 "unit": unit, "verdict": wide["verdict"]}
            )  # fmt: skip

    for name, outcome in result["outcomes"].items():
        for span, found in outcome.items():
            if isinstance(found, dict):
                add(name, "span", span, found)
    for group in ("by_county", "by_part", "by_year"):
        for name, places in result[group].items():
            for at, found in places.items():
                add(name, group.removeprefix("by_"), at, found)
    return pd.DataFrame(rows)
