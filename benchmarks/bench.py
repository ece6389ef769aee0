"""Measure this machine and the model on it, and print one table: ``make bench``.

    python -m benchmarks.bench [--whole] [--no-oracle] [--no-cold] [--months 24]

Each line is explained in docs/SPEED.md. Every size runs in a process of its own, so that its peak
memory is its own; times are of the processor, on one thread, kernels compiled beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
#: Events of a month, in their order: of the model itself, and of ``model.trade``.
OF_MODEL = (
    "open_month",
    "live",
    "move",
    "farm",
    "earn",
    "transfer",
    "spend",
    "end_year",
    "close_month",
)
OF_TRADE = ("set_tariffs", "sell", "buy", "deliver", "enter_and_exit")


def measure(sample: float, months: int, threads: int = 1) -> dict[str, Any]:
    """Return what a run of ``months`` at ``sample`` takes, in this process."""
    from experiments.run import peak_memory_mb
    from model import RuralUrbanModel, load_scenario, trade

    RuralUrbanModel(load_scenario("shaoyang", months=14), 1).run()  # compiles
    share: dict[str, float] = {}
    for holder, names in ((RuralUrbanModel, OF_MODEL), (trade, OF_TRADE)):
        for name in names:
            setattr(holder, name, _timed(name, getattr(holder, name), share))
    start = time.process_time()
    scenario = load_scenario("shaoyang", months=months, sample=sample)
    model = RuralUrbanModel(scenario, 1, threads)
    made, began = time.process_time(), time.perf_counter()
    model.run()
    stepped, wall = time.process_time() - made, time.perf_counter() - began
    tables = (model.households, model.people, model.plots, model.shops, model.villages)
    return {
        "households": len(model.households),
        "people": len(model.people),
        "months": months,
        "world_s": made - start,
        "stepping_s": stepped,
        "wall_s": wall,
        "ns": 1e9 * stepped / (len(model.households) * months),
        "peak_mb": peak_memory_mb(),
        "state_mb": sum(column.nbytes for table in tables for column in table) / 1e6,
        "share": {name: seconds / stepped for name, seconds in share.items()},
    }


def _timed(name: str, event: Callable[..., Any], share: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        start = time.process_time()
        try:
            return event(*given)
        finally:
            share[name] = share.get(name, 0.0) + time.process_time() - start

    return timed


def speed_up(sample: float, months: int) -> float:
    """Return how much faster a run steps on all processors than on one (wall time, best of two)."""
    from model import RuralUrbanModel, load_scenario

    scenario = load_scenario("shaoyang", months=months, sample=sample)
    RuralUrbanModel(load_scenario("shaoyang", months=14), 1).run()  # compiles
    best: dict[int, float] = {}
    for threads in (1, os.cpu_count() or 1) * 2:
        model = RuralUrbanModel(scenario, 1, threads)
        start = time.perf_counter()
        model.run()
        took = time.perf_counter() - start
        best[threads] = min(took, best.get(threads, took))
        model.release()
    return best[1] / best[os.cpu_count() or 1]


def bandwidth_gb_s() -> float:
    """Return what one thread copies, GB read and written a second: the best of ten copies."""
    source, target = np.ones(25_000_000), np.zeros(25_000_000)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return 2.0 * source.nbytes / best / 1e9


def first_month(cache: str | None) -> float:
    """Return seconds from starting Python to the end of the first month (wall)."""
    code = (
        "from experiments.run import compiling\n"
        "from model import RuralUrbanModel, load_scenario\n"
        "with compiling():\n"
        "    RuralUrbanModel(load_scenario('shaoyang'), 1).step()\n"
    )
    start = time.perf_counter()
    _python("-c", code, cache=cache)
    return time.perf_counter() - start


def _python(*words: str, cache: str | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    return done.stdout.decode()


def in_own_process(sample: float, months: int, threads: int = 1) -> dict[str, Any]:
    """Return ``measure`` of a new process."""
    words = ("--measure", str(sample), "--months", str(months), "--threads", str(threads))
    found: dict[str, Any] = json.loads(_python("-m", "benchmarks.bench", *words))
    return found


def runs_a_minute() -> float:
    """Return how many runs of the default world (1:100, 252 months, summary) all cores do a minute.

    Of a sweep over a parameter of trade, on one seed, that has begun: the time of four runs a core
    less that of one. So starting the workers does not count, nor making the world, which they keep.
    """
    from experiments.engine import run_all
    from experiments.kept import outputs_measure
    from experiments.progress import Progress
    from experiments.runs import Run
    from experiments.store import StoreWriter
    from experiments.workers import Workers
    from model import load_scenario

    cores, kept = os.cpu_count() or 1, outputs_measure(("summary",))
    base, took = load_scenario("shaoyang"), []
    for each in (1, 4):
        hazards = [0.05 + 0.001 * i for i in range(cores * each)]
        runs = [Run(base.with_(**{"entry.hazard": hazard}), 1, {}) for hazard in hazards]
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, StoreWriter(Path(folder)) as store:
            quiet = Progress("bench", quiet=True)
            run_all(runs, kept, store, quiet, Workers(cores), design="bench")
        took.append(time.perf_counter() - start)
    return 60.0 * 3 * cores / (took[1] - took[0])


def report(options: argparse.Namespace) -> None:
    """Print the table, line by line as it is measured."""
    print(f"processors                          {os.cpu_count():10d}")
    width = bandwidth_gb_s()
    print(f"memory bandwidth, one thread, GB/s  {width:10.1f}")
    print(f"warm start to first month, s        {min(first_month(None) for _ in range(3)):10.2f}")
    if not options.no_cold:
        with tempfile.TemporaryDirectory() as cache:
            print(f"cold start to first month, s        {first_month(cache):10.2f}")
    full = in_own_process(0.01, 252)
    print(f"1:100, 252 months, stepping, s      {full['stepping_s']:10.2f}")
    print(f"1:100, 252 months, peak MB          {full['peak_mb']:10.0f}")
    for name, share in sorted(full["share"].items(), key=lambda item: -item[1]):
        print(f"    share of {name:26s} {share:10.1%}")
    for label, sample in (("1:100", 0.01), ("1:10", 0.1), ("1:1", 1.0)):
        if sample == 1.0 and not options.whole:
            continue
        found = in_own_process(sample, options.months, os.cpu_count() or 1)
        used = found["state_mb"] * 1e6 * found["months"] / found["stepping_s"] / 1e9 / width
        print(
            f"{label:6s}{found['households']:12,d} households, {found['months']} months: "
            f"{found['ns']:.0f} ns per household-month, stepped in {found['wall_s']:.1f} s on all "
            f"processors, {found['peak_mb']:.0f} MB at peak, "
            f"world made in {found['world_s']:.1f} s, {used:.1%} of memory bandwidth"
        )
    # last of all that this process runs itself: a process it starts is born with its peak memory
    print(f"1:100, all processors over one      {speed_up(0.01, 252):10.2f}")
    print(f"1:10, all processors over one       {speed_up(0.1, options.months):10.2f}")
    print(f"default sweep, runs a minute        {runs_a_minute():10.0f}")
    if not options.no_oracle:
        from benchmarks.compare import both, timed
        from benchmarks.floor import floor

        per, least = floor(132, 12)
        counts = ", ".join(f"{number:.1f} {name}" for name, number in sorted(per.items()))
        print(f"compute floor, ns per household-month {least:8.0f}  ({counts})")
        print(f"    share of the time at 1:100      {least / full['ns']:10.1%}")
        model, oracle = both(0.01, options.months, 6, 1)
        ratio = timed(oracle, 6) / timed(model, 6)
        print(f"oracle over arrays, equal size      {ratio:10.0f}")


def main() -> None:
    """Print the table, or, for one size, its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--whole", action="store_true", help="measure every household, 1:1, too")
    parser.add_argument("--no-oracle", action="store_true", help="leave out the object oracle")
    parser.add_argument("--no-cold", action="store_true", help="leave out the cold start")
    parser.add_argument("--months", type=int, default=24, help="months stepped at each size")
    parser.add_argument("--measure", type=float, help="sample: print its figures as JSON")
    parser.add_argument("--threads", type=int, default=1, help="of the run of --measure")
    options = parser.parse_args()
    if options.measure is None:
        report(options)
    else:
        print(json.dumps(measure(options.measure, options.months, options.threads)))


if __name__ == "__main__":
    main()
