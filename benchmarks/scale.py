"""Does a sample say what every household would? ``python -m benchmarks.scale``.

Runs the default region with every household (1:1) and, on several seeds, at 1:100; prints for each
indicator of the last twelve months how far the mean of the samples lies from 1:1, in standard
deviations of a single run at 1:100 (sampling error and luck). Twice:

- *real villages* of some 490 households, of which 1:100 samples 40 each: what a user gets;
- *small villages* of 40 households, all of which both runs hold: households per village held fixed.

What is off in the first and not in the second comes of households per village, not of sampling.

With ``--fine 0.1`` a tenth of all households stands in for 1:1: a tenth of time and memory.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

from experiments.engine import run_all
from experiments.kept import outputs_measure
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.run import SUMMARY, peak_memory_mb, summary
from experiments.runs import Run
from experiments.store import StoreWriter
from experiments.workers import Workers
from model import RuralUrbanModel, load_scenario
from model.scenario import Scenario

#: Way -> real households of a village; 1:100 has 40 of each in either.
WAYS = {"real villages": 490.0, "small villages": 40.0}
COARSE = 0.01


def scenario_of(way: str, sample: float, months: int) -> Scenario:
    """Return the default scenario at ``sample`` with the villages of ``way``."""
    size = {"world.households_per_village": WAYS[way]}
    return load_scenario("shaoyang", sample=sample, months=months).with_(**size)


def fine_run(way: str, sample: float, months: int, seed: int) -> dict[str, float]:
    """Return the summary of one run at ``sample``; print what it took."""
    start = time.process_time()
    model = RuralUrbanModel(scenario_of(way, sample, months), seed)
    made = time.process_time()
    model.run()
    spent = time.process_time() - made
    number = len(model.households)
    print(
        f"{way}: {len(model.villages):,d}, {number:,d} households, {months} months: world "
        f"{made - start:.0f} s, stepping {spent:.0f} s, "
        f"{1e9 * spent / number / months:.0f} ns per household-month, "
        f"{peak_memory_mb():,.0f} MB at peak so far",
        flush=True,
    )
    found = summary(model.records.months_table())
    model.release()
    return found


def coarse_runs(months: int, seeds: range, out: Path) -> dict[str, pd.DataFrame]:
    """Return way -> one row per seed of the summary at 1:100."""
    runs = [
        Run(scenario_of(way, COARSE, months), seed, {"way": way}) for way in WAYS for seed in seeds
    ]
    kept = outputs_measure(("summary",))
    with OutputFolder(out) as folder, StoreWriter(folder.path) as store:
        run_all(runs, kept, store, Progress("scale"), Workers(), design="scale")
        table = store.table("summary", design="scale")
    return {str(way): part for way, part in table.groupby("way")}


def compare(fine: dict[str, float], coarse: pd.DataFrame) -> list[str]:
    """Return the lines of a table: indicator, fine, mean and sd at 1:100, distance in sd."""
    lines = [f"{'':18s}{'fine':>14s}{'1:100':>14s}{'sd':>12s}{'off, sd':>9s}{'off, %':>9s}"]
    for name in SUMMARY:
        values = coarse[name].to_numpy()
        mean, sd = values.mean(), max(values.std(ddof=1), 1e-12)
        off = mean - fine[name]
        percent = 100.0 * off / fine[name] if fine[name] else float("nan")
        lines.append(
            f"{name:18s}{fine[name]:14,.4g}{mean:14,.4g}{sd:12,.2g}{off / sd:9.1f}{percent:9.1f}"
        )
    return lines


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fine", type=float, default=1.0, help="sample of the fine runs")
    parser.add_argument("--months", type=int, default=252)
    parser.add_argument("--seeds", type=int, default=10, help="runs at 1:100, of each way")
    parser.add_argument("--out", type=Path, default=Path("results/scale"), help="store of the runs")
    options = parser.parse_args()
    coarse = coarse_runs(options.months, range(1, options.seeds + 1), options.out)
    for way, part in coarse.items():
        fine = fine_run(way, options.fine, options.months, 1)
        print("\n".join(compare(fine, part)), flush=True)


if __name__ == "__main__":
    main()
