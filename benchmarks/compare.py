"""Time the arrays and the object oracle at equal size, and print the ratio.

    python -m benchmarks.compare [--sample 0.003] [--first 144] [--months 12] [--seed 1]

Both begin with the same state of the default scenario and step through the same months, on one
thread, arrays compiled beforehand. That both still agree is asserted at the end.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks.oracle import OracleModel, differences
from model.ruralurban import RuralUrbanModel
from model.scenario import load_scenario


def timed(world: Any, months: int) -> float:
    """Return the seconds that ``months`` steps take."""
    start = time.perf_counter()
    for _ in range(months):
        world.step()
    return time.perf_counter() - start


def compare(sample: float, first: int, months: int, seed: int) -> dict[str, float]:
    """Return households, ns per household-month of both, and their ratio."""
    households_per_village = max(1.0, min(40.0, round(sample * 13_000)))
    scenario = load_scenario(
        "shaoyang",
        [f"world.cluster_households={households_per_village:g}"],
        months=first + 2 * months,
        sample=sample,
    )
    model = RuralUrbanModel(scenario, seed).run(first)
    oracle = OracleModel(model)
    arrays = timed(model, months)
    objects = timed(oracle, months)
    worst = differences(model, oracle, 1e-9)
    if worst:
        raise AssertionError(f"arrays and objects differ: {worst[0]}")
    number = len(model.households)
    per = 1e9 / (number * months)
    return {
        "households": number,
        "arrays": arrays * per,
        "oracle": objects * per,
        "ratio": objects / arrays,
    }


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=float, default=0.003)
    parser.add_argument("--first", type=int, default=144, help="months run before the clock starts")
    parser.add_argument("--months", type=int, default=12, help="months timed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = compare(options.sample, options.first, options.months, options.seed)
    print(f"households                     {result['households']:12,.0f}")
    print(f"arrays, ns per household-month {result['arrays']:12,.0f}")
    print(f"oracle, ns per household-month {result['oracle']:12,.0f}")
    print(f"oracle over arrays             {result['ratio']:12,.0f}")


if __name__ == "__main__":
    main()
