"""The engine: what it costs a run, and what a second worker brings.

python -m benchmarks.engine
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import stub_runs

from experiments.engine import run_all
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.store import StoreWriter
from experiments.workers import Workers


class Times(Progress):
    """Notes when each run was told to be done."""

    def __init__(self) -> None:
        super().__init__("benchmark", quiet=True)
        self.at: list[float] = []

    def __call__(self, *args: object, **named: object) -> None:
        self.at.append(time.perf_counter())


def seconds(function, runs: int, workers: int) -> float:
    """Return the time a run, between the end of the tenth part of the runs and that of the last."""
    times = Times()
    measure = Measure("stub-1", function)
    with tempfile.TemporaryDirectory() as folder, StoreWriter(folder) as store:
        run_all(
            stub_runs.runs_of(runs), measure, store, times, Workers(workers), design="benchmark"
        )
    first = runs // 10
    return (times.at[-1] - times.at[first]) / (runs - 1 - first)


def main() -> None:
    print(f"overhead a run, 2 workers: {seconds(stub_runs.plain, 4000, 2) * 1e3:.2f} ms")
    one, two = (seconds(stub_runs.second, 40, n) for n in (1, 2))
    print(f"runs of a second of work: 1 worker {one:.2f} s a run, 2 workers {two:.2f} s")
    print(f"speed-up of 2 workers over 1: {one / two:.2f}")


if __name__ == "__main__":
    main()
