"""Time the arrays and the object oracle at equal size, and print the ratio.

    python -m benchmarks.compare [--sample 0.01] [--first 144] [--months 12] [--seed 1]

Both begin with the same state of the default scenario and step through the same months, on one
thread, arrays compiled beforehand. Ends with status 1 where they no longer agree.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.oracle import OracleModel, differences
from model.ruralurban import RuralUrbanModel
from model.scenario import load_scenario


def timed(world: Any, months: int) -> float:
    """Return the seconds of processor time that ``months`` steps take."""
    start = time.process_time()
    for _ in range(months):
        world.step()
    return time.process_time() - start


def both(sample: float, first: int, months: int, seed: int) -> tuple[RuralUrbanModel, OracleModel]:
    """Return arrays, run for ``first`` months, and objects in the same state."""
    scenario = load_scenario("shaoyang", months=first + months, sample=sample)
    model = RuralUrbanModel(scenario, seed).run(first)
    return model, OracleModel(model)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=float, default=0.01)
    parser.add_argument("--first", type=int, default=144, help="months run before the clock starts")
    parser.add_argument("--months", type=int, default=12, help="months timed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    model, oracle = both(options.sample, options.first, options.months, options.seed)
    arrays, objects = timed(model, options.months), timed(oracle, options.months)
    number = len(model.households)
    per = 1e9 / (number * options.months)
    print(f"households                     {number:12,.0f}")
    print(f"arrays, ns per household-month {arrays * per:12,.0f}")
    print(f"oracle, ns per household-month {objects * per:12,.0f}")
    print(f"oracle over arrays             {objects / arrays:12,.0f}")
    parted = differences(model, oracle, 1e-9)
    if parted:
        sys.exit(f"arrays and oracle differ in {len(parted)} columns, first {parted[0]}")


if __name__ == "__main__":
    main()
