"""What sweeps keep of a run, and the warming up of the processes that do them."""

from __future__ import annotations

from functools import partial

import pandas as pd
from numba import __version__ as numba_version

from agents.base.cache import CACHE_DIR
from experiments.locks import FileLock
from experiments.run import summary
from experiments.runs import Measure
from model import RuralUrbanModel, load_scenario
from model.scenario import Scenario
from model.switches import Synthetic
from model.worlds import keep_worlds

#: Name -> what it holds; every sweep may keep any of them.
OUTPUTS = {
    "summary": "one row: means or sums of the last twelve months, the whole region",
    "months": "every indicator by month and county",
    "villages": "every indicator by month and village",
}
#: Raised when the content of a table changes.
_LAYOUT = 1
#: Worlds that a process keeps: arms come seed by seed, and a wide design on two seeds in turn.
WORLDS = 2


def outputs_measure(outputs: tuple[str, ...]) -> Measure:
    """Return the measure that keeps ``outputs``, names of ``OUTPUTS``, in that order."""
    kept = tuple(name for name in OUTPUTS if name in outputs)
    return Measure(f"{'+'.join(kept)}-{_LAYOUT}", partial(keep_outputs, outputs=kept), warm)


def keep_outputs(
    scenario: Scenario, seed: int, outputs: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Run the model; return the tables named in ``outputs``."""
    model = RuralUrbanModel(scenario, seed)
    if outputs == ("summary",):
        model.records.begin = max(model.records.begin, scenario.months - 12)
    model.run()
    months = model.records.months_table()
    made = {}
    if "summary" in outputs:
        made["summary"] = pd.DataFrame([summary(months)])
    if "months" in outputs:
        made["months"] = months
    if "villages" in outputs:
        made["villages"] = model.records.villages_table()
    model.release()
    return made


def warm() -> None:
    """Run a small world, so that the rules are compiled; where none are yet, one process does.

    The others of the machine wait for it and then read what it compiled. From then on the process
    keeps the worlds that it made last, for arms on the same seed.
    """
    keep_worlds(WORLDS)
    done = CACHE_DIR / f"warm-{numba_version}"
    if done.exists():
        _run_small_world()
        return
    with FileLock(CACHE_DIR / ".warm.lock", wait_s=1800.0):
        _run_small_world()
        done.touch()


def _run_small_world() -> None:
    small = load_scenario("shaoyang").with_(
        region=Synthetic(width=10, height=10, counties=2),
        sample=0.02,
        months=24,
        **{"access.start": "2003-02"},
    )
    RuralUrbanModel(small, 1).run().release()
