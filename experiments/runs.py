"""One run as an experiment sees it: what to do, what is kept, and how it ended."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:  # a process that does runs imports the model only when a run needs it
    from model.scenario import Scenario

DONE, FAILED = "done", "failed"


class Run(NamedTuple):
    """A run of a design: the scenario, the seed, and ``labels`` that say where it stands in it.

    labels : column -> number, word or bool, such as the arm, the replicate, a parameter's value.
    ask : what else the measure's function is told, where one measure serves several questions.
    """

    scenario: Scenario
    seed: int
    labels: dict[str, Any]
    ask: str = ""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Return what the measure's function is called with."""
        return (self.scenario, self.seed, self.ask) if self.ask else (self.scenario, self.seed)


class Measure(NamedTuple):
    """What is kept of a run.

    name : names the tables and their layout; part of each run's key, so change it with them.
    function : (scenario, seed) -> table name -> table, with a third argument where runs ``ask``
        for something; pure, and importable by workers.
    prepare : called once in each process before its first run, by one process of a machine at a
        time: compiles the model's rules.
    """

    name: str
    function: Callable[..., dict[str, pd.DataFrame]]
    prepare: Callable[[], None] | None = None


class Result(NamedTuple):
    """How a run ended: its tables (each with the run's key in front), or the error as text."""

    key: str
    status: str
    seconds: float
    tables: dict[str, pa.Table]
    error: str = ""
    traceback: str = ""
    host: str = ""


def attempt(key: str, function: Callable[..., Any], *arguments: Any) -> Result:
    """Do a run; an exception becomes a failed result, as text: not every error can be sent."""
    began = time.perf_counter()
    try:
        made = function(*arguments)
        tables = {name: _keyed(table, key) for name, table in made.items()}
    except Exception as problem:  # noqa: BLE001 - a failed run is a row, the others go on
        return failure(
            key,
            f"{type(problem).__name__}: {problem}",
            traceback.format_exc(),
            time.perf_counter() - began,
        )
    return Result(key, DONE, time.perf_counter() - began, tables, host=socket.gethostname())


def failure(key: str, error: str, trace: str = "", seconds: float = 0.0) -> Result:
    """Return the result of a run that failed."""
    return Result(key, FAILED, seconds, {}, error, trace, socket.gethostname())


def _keyed(table: pd.DataFrame, key: str) -> pa.Table:
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    return arrow.add_column(0, "key", pa.array([key] * len(table), pa.string()))
