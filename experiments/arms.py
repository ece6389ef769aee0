"""Arms: the same world and luck under combinations of pull and access, run and kept.

One run of one arm is a pure function of (resolved scenario, seed); its table is kept as a part
under a hash of both and of the rules, so that an interrupted experiment does only what is missing.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import pandas as pd

import model
from agents.base.cache import source_digest
from experiments.output import OutputFolder
from experiments.progress import Progress
from model import RuralUrbanModel
from model.calendar import year_of
from model.scenario import Scenario
from model.version import VERSION

#: Layout of a part; a part of another layout is another key.
SCHEMA = "arms-1"

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
    """Return arm -> scenario; ``goods`` adds an arm for each, in which only it is sold online."""
    arms = {name: scenario.with_(**changes) for name, changes in ARMS.items()}
    for good in goods:
        only = {"access.only_good": good, "access.buying": False}
        arms[f"pull, only {good} sold"] = scenario.with_(**only)
    return arms


def measure(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run one arm; return year, county, column, value: yearly means of stocks, sums of flows."""
    finished = RuralUrbanModel(scenario, seed).run()
    months = finished.records.months_table()
    months["year"] = months["month"].str[:4].astype(int)
    stocks = [o.column for o in OUTCOMES.values() if not o.flow]
    heads = sorted({o.per for o in OUTCOMES.values() if o.per})
    flows = [o.column for o in OUTCOMES.values() if o.flow]
    grouped = months.groupby(["year", "county"], sort=True)
    table = grouped[stocks + heads].mean().join(grouped[flows].sum())
    finished.release()
    return table.reset_index().melt(["year", "county"], var_name="column", value_name="value")


def part_key(scenario: Scenario, seed: int) -> str:
    """Return the name of a run's part: a hash of scenario, seed, version, rules and layout."""
    rules = source_digest(Path(model.__file__).parents[1])
    text = f"{scenario.digest()}|{seed}|{VERSION}|{rules}|{SCHEMA}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def run_arms(
    arms: dict[str, Scenario],
    replicates: int,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    workers: int,
) -> pd.DataFrame:
    """Run every arm on ``replicates`` worlds (seed + i); return arm, replicate, year, county, ...

    Runs found as parts in ``out`` are not run again. Results do not depend on ``workers``.
    """
    folder = out.path / "parts"
    wanted = [
        (name, i, scenario, folder / f"{part_key(scenario, seed + i)}.parquet")
        for i in range(replicates)
        for name, scenario in arms.items()
    ]
    missing = [w for w in wanted if not w[3].exists()]
    done = len(wanted) - len(missing)
    if done:
        progress.say(f"{done} of {len(wanted)} runs found, {len(missing)} left to do")
    for table, path in _runs(missing, seed, workers, progress):
        out.write_parquet(table, f"parts/{path.name}", {})
        done += 1
        progress(done, len(wanted), "runs")
    tables = []
    for name, i, _, path in wanted:
        tables.append(pd.read_parquet(path).assign(arm=name, replicate=i))
    return pd.concat(tables, ignore_index=True)


def _runs(
    missing: list[tuple[str, int, Scenario, Path]], seed: int, workers: int, progress: Progress
) -> Iterator[tuple[pd.DataFrame, Path]]:
    """Run what is missing: the first here, which compiles for all, the rest in workers."""
    for count, (_, i, scenario, path) in enumerate(missing):
        if workers > 1 and count > 0:
            break
        yield measure(scenario, seed + i), path
    rest = missing[1:] if workers > 1 else []
    if not rest:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(rest)), mp_context=context) as pool:
        futures = {pool.submit(measure, s, seed + i): (name, i, path) for name, i, s, path in rest}
        try:
            for future in as_completed(futures):
                name, i, path = futures.pop(future)
                yield future.result(), path
        except BrokenProcessPool:
            raise RuntimeError(
                "a worker process died; what was finished is kept: run the same command again"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def spans(years: list[int], access_year: int) -> dict[str, dict[int, float]]:
    """Return span -> year -> weight: the last year, since access began, the same at 5% a year."""
    last = max(years)
    since = [y for y in years if y >= access_year]
    return {
        "last 12 months": {last: 1.0},
        "since access began": dict.fromkeys(since, 1.0),
        "since access began, 5% a year": {y: 1.05 ** -(y - access_year) for y in since},
    }


def last_year(scenario: Scenario) -> int:
    """Return the last full calendar year of a scenario's runs."""
    return year_of(scenario.months) - 1
