"""Sugarscape with traders: Mesa's example and our port; ``python sugarscape.py NAME STEPS``."""

from __future__ import annotations

import inspect
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Steps over whose end the price is taken.
LAST = 10


def on_mesa(steps: int, seed: int) -> tuple[float, int, float]:
    """Mesa's own example, its collection of data included."""
    from mesa.examples.advanced.sugarscape_g1mt.model import SugarscapeG1mt

    luck = "seed" if "seed" in inspect.signature(SugarscapeG1mt).parameters else "rng"  # Mesa 3.5
    model = SugarscapeG1mt(**{luck: seed})
    began = time.process_time()
    for _ in range(steps):
        model.step()
    spent = time.process_time() - began
    prices = model.datacollector.get_model_vars_dataframe()["Price"].tail(LAST).dropna()
    return spent, len(model.agents), float(sum(map(math.log, prices)) / max(len(prices), 1))


def on_tables(steps: int, seed: int) -> tuple[float, int, float]:
    """The port on our tables; trades and prices are counted in every step."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from benchmarks.others.sugar import Sugarscape

    Sugarscape(seed).step()  # compiles, or reads what is compiled
    model, prices = Sugarscape(seed), []
    began = time.process_time()
    for _ in range(steps):
        model.step()
        prices.append(model.traded[1])
    spent = time.process_time() - began
    logs = [math.log(p) for p in prices[-LAST:] if p == p]
    return spent, model.alive, sum(logs) / max(len(logs), 1)


FRAMEWORKS: dict[str, Callable[[int, int], tuple[float, int, float]]] = {
    "ruralflow tables": on_tables,
    "Mesa": on_mesa,
}


def measure(name: str, steps: int, seed: int = 1) -> dict[str, Any]:
    """Return seconds per step, how many live at the end, and the mean log price of the last."""
    seconds, alive, price = FRAMEWORKS[name](steps, seed)
    return {
        "framework": name, "steps": steps, "seconds_per_step": seconds / steps, "alive": alive,
        "log_price": price,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
