"""The compute floor: what the rules' own exp, log and divisions cost, and nothing else.

The object oracle steps through the same months while Python's profiling hook counts: calls of
functions of ``math``, and calls of rules, times the divisions in the text of each (an upper bound:
a branch may pass some by). Each kind is timed by itself in a compiled loop of independent numbers,
so the floor supposes that all else is free.
"""

from __future__ import annotations

import dis
import math
import sys
import time
from collections import Counter
from functools import cache
from types import CodeType
from typing import Any
from unittest.mock import patch

import numpy as np
from numba import njit

from agents.base.draws import gumbel
from benchmarks.oracle import OracleModel, outside, people
from model import RuralUrbanModel, load_scenario

_NUMBERS = 2_000_000


@cache
def operators(code: CodeType) -> dict[str, int]:
    """Return the numbers of divisions and powers in the text of a function."""
    signs = Counter(
        one.argrepr.rstrip("=") for one in dis.get_instructions(code) if one.opname == "BINARY_OP"
    )
    return {"divide": signs["/"], "pow": signs["**"]}


def counted(world: Any, months: int) -> Counter[str]:
    """Return operation -> how often, while ``world`` (of plain Python objects) steps."""
    found: Counter[str] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "c_call" and argument.__module__ == "math":
            found[argument.__name__] += 1
        elif event == "call":
            code = frame.f_code
            if "agents" in code.co_filename or "oracle" in code.co_filename:
                found.update(operators(code))

    def gumbel_draw(*of: Any) -> Any:
        """Count the two logarithms of a draw, which is compiled in the oracle too."""
        found["log"] += 2
        return gumbel(*of)

    with patch.object(people, "gumbel", gumbel_draw), patch.object(outside, "gumbel", gumbel_draw):
        sys.setprofile(note)
        try:
            for _ in range(months):
                world.step()
        finally:
            sys.setprofile(None)
    return found


@njit(cache=False)
def _loop(kind: int, numbers: np.ndarray) -> float:
    total = 0.0
    for i in range(numbers.shape[0]):
        x = numbers[i]
        if kind == 0:
            total += math.exp(x)
        elif kind == 1:
            total += math.log(x)
        elif kind == 2:
            total += x**1.7
        elif kind == 3:
            total += math.sqrt(x)
        elif kind == 4:
            total += math.erfc(x)
        elif kind == 5:
            total += 1.0 / x
        else:
            total += x
    return total


def nanoseconds() -> dict[str, float]:
    """Return operation -> nanoseconds of one, of a compiled loop, less those of the loop."""
    numbers = np.random.default_rng(1).uniform(0.1, 2.0, _NUMBERS)
    taken = []
    for kind in range(7):
        _loop(kind, numbers)
        best = math.inf
        for _ in range(5):
            start = time.perf_counter()
            _loop(kind, numbers)
            best = min(best, time.perf_counter() - start)
        taken.append(1e9 * best / _NUMBERS)
    names = ("exp", "log", "pow", "sqrt", "erfc", "divide")
    return {name: max(0.0, ns - taken[-1]) for name, ns in zip(names, taken)}


def floor(first: int, months: int) -> tuple[dict[str, float], float]:
    """Return operation -> how many per household-month, and the floor in ns per household-month.

    Of a small sample of the default region, after ``first`` months.
    """
    scenario = load_scenario("shaoyang", months=first + months, sample=0.002)
    scenario = scenario.with_(**{"world.cluster_households": 10.0})
    model = RuralUrbanModel(scenario, 1).run(first)
    found = counted(OracleModel(model), months)
    each = len(model.households) * months
    cost = nanoseconds()
    per = {name: number / each for name, number in found.items()}
    return per, sum(per[name] * cost[name] for name in per if name in cost)
