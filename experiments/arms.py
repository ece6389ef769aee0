"""Arms: the same world and luck under combinations of pull and access, run and kept.

One run of one arm is a pure function of (resolved scenario, seed); its table is kept as a part
under a hash of both, of the code and of the data, so that an interrupted experiment does only what
is missing and never mixes runs of two versions.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from agents.base.cache import source_digest
from experiments.output import OutputFolder
from experiments.progress import Progress
from model import RuralUrbanModel
from model.errors import InputError
from model.scenario import Scenario
from model.version import VERSION

#: Layout of a part; a part of another layout is another key.
SCHEMA = "arms-1"
_ROOT = Path(__file__).resolve().parents[1]

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


class Run(NamedTuple):
    """One arm of one replicate, and the file that keeps its table."""

    arm: str
    replicate: int
    scenario: Scenario
    seed: int
    part: Path


class Failure(NamedTuple):
    """A run that raised: which one, the error in one line, and where it arose."""

    arm: str
    replicate: int
    seed: int
    error: str
    traceback: str


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


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a hash of the version, of all code of the model and of all data that come with it."""
    digest = hashlib.sha256(f"{VERSION}|{SCHEMA}|{source_digest(_ROOT)}".encode())
    for path in sorted((_ROOT / "model" / "data").rglob("*.csv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def part_key(scenario: Scenario, seed: int) -> str:
    """Return the name of a run's part: a hash of scenario, seed, version, code and data."""
    text = f"{scenario.digest()}|{seed}|{code_digest()}"
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

    Runs found as parts in ``out`` are not run again. Results do not depend on ``workers``. A run
    that fails does not stop the others; at the end failed.csv lists it and RuntimeError names it.
    """
    wanted = [
        Run(name, i, s, seed + i, out.path / "parts" / f"{part_key(s, seed + i)}.parquet")
        for i in range(replicates)
        for name, s in arms.items()
    ]
    missing = [run for run in wanted if not run.part.exists()]
    done = len(wanted) - len(missing)
    if done:
        progress.say(f"{done} of {len(wanted)} runs found, {len(missing)} left to do")
    failures = []
    for run, table in _tables(missing, workers):
        done += 1
        if isinstance(table, Failure):
            failures.append(table)
        else:
            out.write_parquet(table, f"parts/{run.part.name}", _origin(run))
        progress(done, len(wanted), "runs")
    (out.path / "failed.csv").unlink(missing_ok=True)
    if failures:
        _report(failures, len(wanted), out)
    tables = [pd.read_parquet(r.part).assign(arm=r.arm, replicate=r.replicate) for r in wanted]
    return pd.concat(tables, ignore_index=True)


def _origin(run: Run) -> dict[str, object]:
    return {"ruralflow": VERSION, "scenario": run.scenario.resolved(), "seed": run.seed}


def _report(failures: list[Failure], number: int, out: OutputFolder) -> None:
    """Write failed.csv and raise RuntimeError naming the first failure."""
    failures.sort(key=lambda f: (f.replicate, f.arm))
    listed = out.write_csv(pd.DataFrame(failures), "failed.csv")
    first = failures[0]
    raise RuntimeError(
        f"{len(failures)} of {number} runs failed ({listed}); the first: arm {first.arm!r}, "
        f"seed {first.seed}: {first.error}; the others are kept and will not be run again"
    )


def _attempt(run: Run) -> pd.DataFrame | Failure:
    """Return the table of a run, or how it failed, as text: not every error can be sent home."""
    try:
        return measure(run.scenario, run.seed)
    except InputError:
        raise
    except Exception as problem:  # noqa: BLE001 - a failed run is a row, the others go on
        error = f"{type(problem).__name__}: {problem}"
        return Failure(run.arm, run.replicate, run.seed, error, traceback.format_exc())


def _tables(missing: list[Run], workers: int) -> Iterator[tuple[Run, pd.DataFrame | Failure]]:
    """Run what is missing: the first here, which compiles for all, the rest in workers."""
    here = missing if workers == 1 else missing[:1]
    for run in here:
        yield run, _attempt(run)
    rest = missing[len(here) :]
    if not rest:
        return
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(min(workers, len(rest)), mp_context=context) as pool:
        futures = {pool.submit(_attempt, run): run for run in rest}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BrokenProcessPool:
            raise RuntimeError(
                "a worker process was killed (too little memory? then fewer --workers); "
                "what was finished is kept: run the same command again"
            ) from None
        except BaseException:  # an interruption: do not wait for the runs under way
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


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
