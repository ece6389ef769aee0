"""Measure the same workloads on other frameworks and on our tables, and print one table.

    pip install -e '.[others]'
    python -m benchmarks.others [--agents N] [--steps N] [--python mesa-frames=PATH]

Each measurement is a process of its own, on one thread, and counts processor time. mesa-frames
wants numpy 1 and so an environment of its own: ``--python`` names its interpreter. What is not
installed is said and skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.others import sugarscape, wealth

HERE = Path(__file__).resolve().parent
#: One thread each: polars and numpy would otherwise take all.
ONE_THREAD = {
    name: "1"
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
}
OURS = "ruralflow tables"


def measured(python: str, script: str, *words: str) -> dict[str, Any] | str:
    """Return what a script printed, or in a line why there is nothing."""
    done = subprocess.run(
        [python, str(HERE / script), *words], capture_output=True, text=True,
        env={**os.environ, **ONE_THREAD},
    )  # fmt: skip
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    last = (done.stderr.strip() or "no output").splitlines()[-1]
    if last.startswith("ModuleNotFoundError"):
        return f"not installed ({last.rpartition(' ')[2]}): skipped"
    return f"failed: {last}"


def rows(found: dict[str, dict[str, Any] | str], per: int, shown: str) -> list[str]:
    """Return a line for each framework: time per step and agent, and over ours."""
    ours = found[OURS]
    lines = []
    for name, result in found.items():
        if isinstance(result, str):
            lines.append(f"| {name} | {result} | | | |")
            continue
        step = result["seconds_per_step"]
        over = step / ours["seconds_per_step"] if isinstance(ours, dict) else float("nan")
        lines.append(
            f"| {name} | {1e3 * step:,.2f} | {1e9 * step / per:,.0f} | {over:,.0f} | "
            f"{result[shown]:.3g} |"
        )
    return lines


def main(arguments: list[str]) -> int:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.others", description=__doc__)
    parser.add_argument("--agents", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=5, help="of wealth exchange")
    parser.add_argument("--sugar-steps", type=int, default=100, help="of Sugarscape")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH")
    options = parser.parse_args(arguments)
    other = dict(word.split("=", 1) for word in options.python)
    words = str(options.agents), str(options.steps)
    found = {
        name: measured(other.get(name, sys.executable), "wealth.py", name, *words)
        for name in wealth.FRAMEWORKS
    }
    print(f"Wealth exchange on a grid, {options.agents:,} agents, {options.steps} steps\n")
    print("| framework | ms a step | ns an agent and step | times ours | share without wealth |")
    print("| --- | --- | --- | --- | --- |")
    print("\n".join(rows(found, options.agents, "without")))
    found = {
        name: measured(other.get(name, sys.executable), "sugarscape.py", name,
                       str(options.sugar_steps))
        for name in sugarscape.FRAMEWORKS
    }  # fmt: skip
    print(f"\nSugarscape with 200 traders, {options.sugar_steps} steps\n")
    print("| framework | ms a step | ns a first trader and step | times ours | alive |")
    print("| --- | --- | --- | --- | --- |")
    print("\n".join(rows(found, 200, "alive")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
