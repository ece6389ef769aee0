"""Runs that take no time or never end, for tests of what does them; and a driver to be killed."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

MARK = "RURALFLOW_TEST_MARK"  # a folder that runs leave marks in
ODD = 3  # the seed of the run that misbehaves


def plain(scenario, seed):
    """Return a table that depends on scenario and seed."""
    value = scenario.sample * (seed + 1) / 3.0
    return {"stub": pd.DataFrame({"month": [1, 2], "value": [value, value**0.5]})}


def frozen(scenario, seed):
    """Tell how many objects Python's collector need not look at."""
    return {"stub": pd.DataFrame({"month": [1], "value": [float(gc.get_freeze_count())]})}


def slow(scenario, seed):
    """Take a fifth of a second, and leave a mark."""
    time.sleep(0.2)
    if MARK in os.environ:
        (Path(os.environ[MARK]) / str(seed)).touch()
    return plain(scenario, seed)


def second(scenario, seed):
    """Take a second of work."""
    until = time.process_time() + 1.0
    while time.process_time() < until:
        pass
    return plain(scenario, seed)


def raises(scenario, seed):
    """Raise for one seed."""
    if seed == ODD:
        raise ArithmeticError("books open")
    return plain(scenario, seed)


def kills(scenario, seed):
    """Kill its process for one seed, as the system does when memory runs out."""
    if seed == ODD:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(scenario, seed)


def kills_once(scenario, seed):
    """Kill its process the first time that it is done."""
    mark = Path(os.environ[MARK]) / "once"
    if seed == ODD and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(scenario, seed)


def hangs(scenario, seed):
    """Never return for one seed."""
    if seed == ODD:
        time.sleep(3600)
    return plain(scenario, seed)


def hangs_in_native_code(scenario, seed):
    """Never return for one seed, nor let any other Python thread run: PyDLL keeps the GIL."""
    if seed == ODD:
        ctypes.PyDLL(None).sleep(3600)
    return plain(scenario, seed)


def large(scenario, seed):
    """Return two megabytes that do not compress."""
    noise = pd.DataFrame({"noise": np.frombuffer(os.urandom(2_000_000), dtype=np.int64)})
    return {**plain(scenario, seed), "noise": noise}


class Stub(NamedTuple):
    """As much of a scenario as a key needs: reading it does not import the model."""

    params: dict = {}
    interventions: tuple = ()
    region: str = "shaoyang"
    start: str = "2003-01"
    months: int = 252
    sample: float = 0.01
    strict: bool = False
    panel: bool = False


def runs_of(number, **changes):
    """Return ``number`` runs, seeds from 0."""
    from experiments.runs import Run

    return [Run(Stub(**changes), seed, {"replicate": seed}) for seed in range(number)]


def drive(out, function, number, workers, limit_s=60.0, say=None):
    """Do the runs into the store ``out``; return the table."""
    from experiments.engine import run_all
    from experiments.progress import Progress
    from experiments.runs import Measure
    from experiments.store import StoreWriter

    progress = Progress("stub", quiet=say is None)
    with StoreWriter(out, progress.say) as store:
        measure = Measure("stub-1", function)
        run_all(
            runs_of(number), measure, store, progress, workers, design="stub", limit_s=limit_s
        )  # fmt: skip
        return store.table("stub", design="stub")


def add_runs(store, runs):
    """Do runs here and put them into a store."""
    from experiments.keys import run_key, scenario_text
    from experiments.runs import attempt

    for run in runs:
        key = run_key(run.scenario, run.seed, "stub-1")
        result = attempt(key, plain, run.scenario, run.seed)
        store.add(result, run.seed, scenario_text(run.scenario), "stub-1")


def die_while_writing(out, moment):
    """Be a driver that is killed in the midst of the part that holds runs 10 to 29."""
    from experiments import store as module

    write = module.pq.write_table

    def die(table, file, **options):
        write(table, file, **options)
        if moment == "half a table":
            os.truncate(file, Path(file).stat().st_size // 2)
        if moment == "half a table" or Path(file).stem == "stub":
            os.kill(os.getpid(), signal.SIGKILL)

    module.pq.write_table = die
    with module.StoreWriter(out) as store:
        add_runs(store, runs_of(30)[10:])


def main(
    out, function, number, workers, *, errors, environ, most_bytes=None, runs_per_part=100
):  # fmt: skip
    """Drive as a command does, in a process of its own: one line in ``errors``, and a status."""
    from experiments import store
    from experiments.workers import Workers
    from model.errors import InputError

    os.environ.update(environ)
    # as from a keyboard: what a shell starts in the background has been told to ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stderr = Path(errors).open("a", buffering=1)  # noqa: SIM115 - the process's own
    if most_bytes is not None:  # as a disk that is full
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    store.RUNS_PER_PART = runs_per_part
    where = Workers(scheduler=workers) if isinstance(workers, str) else Workers(workers)
    status = 0
    try:
        drive(out, function, number, where, say=print)
    except (InputError, RuntimeError, KeyboardInterrupt) as problem:
        print(str(problem) or "interrupted", file=sys.stderr)
        status = {InputError: 2, RuntimeError: 1}.get(type(problem), 130)
    sys.exit(status)
