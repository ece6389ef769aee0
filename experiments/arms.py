"""Arms: the same world and luck under combinations of pull and access, run and kept."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.engine import run_all
from experiments.kept import warm
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.runs import Measure, Run
from experiments.store import StoreWriter
from experiments.workers import Workers
from model import RuralUrbanModel
from model.scenario import Scenario

#: Arm -> what it changes (MODEL 1).
ARMS: dict[str, dict[str, object]] = {
    "pull, access": {},
    "pull, no access": {"access.enabled": False},
    "no pull, access": {"pull.enabled": False},
    "no pull, no access": {"pull.enabled": False, "access.enabled": False},
    "pull, selling only": {"access.buying": False},
    "pull, buying only": {"access.selling": False},
}
FULL, BARE, KEPT, NEITHER, SELLING, BUYING = ARMS


class Outcome(NamedTuple):
    """What an arm is measured by: a column, whether a year takes its sum, and per whom."""

    column: str
    flow: bool
    per: str
    unit: str
    label: str


OUTCOMES = {
    "labour": Outcome("labour_home", False, "", "workers", "labour at home, 16-64"),
    "labour_young": Outcome("labour_home_young", False, "", "workers", "labour at home, 16-44"),
    "labour_schooling": Outcome(
        "labour_home_schooling", False, "", "worker-years of school", "labour at home x schooling"
    ),
    "land": Outcome("mu_cultivated", False, "", "mu", "mu cultivated"),
    "land_seasons": Outcome("mu_seasons", False, "", "mu x crops", "mu x crop seasons"),
    "product": Outcome("village_product", True, "", "yuan of 2010 a year", "village product"),
    "living": Outcome(
        "living_standard", True, "registered", "yuan of 2010 a person and year",
        "living standard per registered person",
    ),
    "income": Outcome(
        "real_income", True, "people_home", "yuan of 2010 a person and year",
        "real income per resident",
    ),
}  # fmt: skip
HEADLINE = ("labour", "land", "product", "living")


def arms_of(scenario: Scenario, goods: tuple[str, ...] = ()) -> dict[str, Scenario]:
    """Return arm -> scenario; ``goods`` adds an arm for each, in which only it is sold online.

    In the arm of a good nobody buys online, so that its return is that of selling the good alone.
    """
    arms = {name: scenario.with_(**changes) for name, changes in ARMS.items()}
    for good in goods:
        only = {"access.only_good": good, "access.buying": False}
        arms[f"pull, only {good} sold"] = scenario.with_(**only)
    return arms


def measure(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run one arm; return year, county, column, value: yearly means of stocks, sums of flows."""
    model = RuralUrbanModel(scenario, seed).run()
    months = model.records.months_table()
    months["year"] = months["month"].str[:4].astype(int)
    stocks = [o.column for o in OUTCOMES.values() if not o.flow]
    heads = sorted({o.per for o in OUTCOMES.values() if o.per})
    flows = [o.column for o in OUTCOMES.values() if o.flow]
    grouped = months.groupby(["year", "county"], sort=True)
    table = grouped[stocks + heads].mean().join(grouped[flows].sum())
    model.release()
    return table.reset_index().melt(["year", "county"], var_name="column", value_name="value")


def _arm(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    return {"arm": measure(scenario, seed)}


def run_arms(
    arms: dict[str, Scenario],
    replicates: int,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    workers: Workers,
) -> pd.DataFrame:
    """Run every arm on ``replicates`` worlds (seed + i); return arm, replicate, year, county, ...

    Runs found in the store of ``out`` are not run again. Results do not depend on ``workers``.
    Raises what ``run_all`` raises where runs fail.
    """
    runs = [
        Run(scenario, seed + i, {"arm": name, "replicate": i})
        for i in range(replicates)
        for name, scenario in arms.items()
    ]
    kept = Measure("arm-1", _arm, warm)
    with StoreWriter(out.path, progress.say) as store:
        run_all(runs, kept, store, progress, workers, design="offset")
        table = store.table("arm", design="offset")
    columns = ["year", "county", "column", "value", "arm", "replicate"]
    return table[columns]


def spans(years: list[int], access_year: int) -> dict[str, dict[int, float]]:
    """Return span -> year -> weight: the last year, since access began, the same at 5% a year.

    The spans of access are absent where it begins after the last year.
    """
    found = {"last 12 months": {max(years): 1.0}}
    since = [y for y in years if y >= access_year]
    if since:
        found["since access began"] = dict.fromkeys(since, 1.0)
        discounted = {y: 1.05 ** -(y - access_year) for y in since}
        found["since access began, 5% a year"] = discounted
    return found
