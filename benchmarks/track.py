"""Times that are kept commit by commit: ``make track`` (pytest-benchmark).

Each run is saved under ``.benchmarks`` with its commit and machine and compared with the last one;
``pytest-benchmark compare`` shows them all. Times are of the processor: a busy machine still slows
the memory that all share, so track on one machine and an idle one.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from benchmarks.others.town import Town
from model import RuralUrbanModel, load_scenario

pytestmark = pytest.mark.benchmark(timer=time.process_time, warmup=False)
#: 1:200, so that a commit takes a minute.
SAMPLE, YEAR = 0.005, 12


@pytest.fixture(scope="module")
def made() -> RuralUrbanModel:
    """Return a world three years in, every rule compiled or read from the cache."""
    return RuralUrbanModel(load_scenario("shaoyang", sample=SAMPLE), seed=1).run(36)


def test_make_the_world(benchmark: Any, made: RuralUrbanModel) -> None:
    """January 2003, its burn-in included."""
    scenario = load_scenario("shaoyang", sample=SAMPLE)
    benchmark.pedantic(RuralUrbanModel, (scenario, 1), rounds=3)


def test_a_year_before_access(benchmark: Any, made: RuralUrbanModel) -> None:
    """Twelve months of 2006 and of the two years after."""
    benchmark.pedantic(made.run, (YEAR,), rounds=3)
    _count(benchmark, made)


def test_a_year_of_trade(benchmark: Any, made: RuralUrbanModel) -> None:
    """Twelve months from 2018 on, shops and parcels everywhere."""
    made.run(12 * 15 - 1 - made.month)
    benchmark.pedantic(made.run, (YEAR,), rounds=3)
    _count(benchmark, made)


def test_a_table_of_100_000(benchmark: Any) -> None:
    """Wealth exchange of benchmarks/others: tables, keyed draws and kernels alone."""
    town = Town(100_000, 1)
    town.step()
    benchmark.pedantic(town.step, rounds=20)


def _count(benchmark: Any, model: RuralUrbanModel) -> None:
    """Keep nanoseconds per household and month beside the times."""
    months = YEAR * len(model.households)
    benchmark.extra_info["ns_per_household_month"] = 1e9 * benchmark.stats.stats.min / months
