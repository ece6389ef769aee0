"""The engine: does the runs of a design that a store lacks, from one core to a cluster.

One path: the runs that are missing are sent to a Dask scheduler in chunks, a few at a time, and
each result goes to the store as it comes. What is lost with a worker is done by another; what is
lost with the driver (at most one part) by the next command.
"""

from __future__ import annotations

import pickle
import queue
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count, islice
from typing import Any

import cloudpickle
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from experiments.bench import Chunk, do_chunk
from experiments.keys import code_digest, run_key, scenario_text
from experiments.progress import Progress, clock
from experiments.runs import DONE, Measure, Result, Run, attempt, failure
from experiments.store import StoreWriter
from experiments.workers import Workers, connected
from model.errors import InputError

#: Seconds of runs in a chunk, so that what a task costs is small beside them; and its most runs.
CHUNK_S, CHUNK_RUNS = 0.5, 50
#: Chunks under way for each thread of the cluster: one at work, one waiting.
AHEAD = 2
HOUR_S = 3600.0

#: Labels of a failed run that the message names: a drawn world has some three hundred.
_LABELS_SAID = 6


def run_all(
    runs: Sequence[Run],
    measure: Measure,
    store: StoreWriter,
    progress: Progress,
    workers: Workers,
    *,
    design: str,
    limit_s: float | None = HOUR_S,
    origin: dict[str, Any] | None = None,
) -> None:
    """Do every run that ``store`` lacks; afterwards ``store.table(NAME, design=design)`` has all.

    Results do not depend on ``workers``, nor on interruptions. A run that raises, kills its
    process or takes longer than ``limit_s`` becomes a failed row; the others go on.

    origin : provenance of the design, kept with it.

    Raises RuntimeError at the end if runs failed: the design is incomplete; run again, these are
    tried again. InputError where all failed for wrong input.
    """
    keys = [run_key(run.scenario, run.seed, measure.name + run.ask) for run in runs]
    rows = [{"key": key, "seed": run.seed, **run.labels} for key, run in zip(keys, runs)]
    store.write_design(design, pd.DataFrame(rows), origin or {})
    done = store.done()
    missing = {key: run for key, run in zip(keys, runs) if key not in done}
    total = len(set(keys))
    _say_found(store, measure, progress, total, len(missing))
    failures: list[Result] = []
    if missing:
        failures = _do(missing, measure, store, progress, workers, total, limit_s)
    if failures:
        _raise(failures, total, store, missing)


def _do(
    missing: dict[str, Run],
    measure: Measure,
    store: StoreWriter,
    progress: Progress,
    workers: Workers,
    total: int,
    limit_s: float | None,
) -> list[Result]:
    """Do what is missing; return the results that failed."""
    failures: list[Result] = []
    said = False
    done = found = total - len(missing)
    results = (
        _here(missing, measure) if workers.number == 0 and not workers.scheduler
        else _elsewhere(missing, measure, workers, limit_s)
    )  # fmt: skip
    with _stopped_by_signals(), closing(results):
        for result in results:
            if result is None:
                store.tick()
                continue
            done += 1
            if result.status != DONE:
                failures.append(result)
            elif not said:
                said = True
                progress.say(_estimate(result, total - done, workers, store))
            run = missing[result.key]
            store.add(result, run.seed, scenario_text(run.scenario), measure.name)
            note = f"{len(failures)} failed" if failures else ""
            progress(done, total, "runs", note=note, before=found, paced=True)
        store.flush()
    return failures


def _here(missing: dict[str, Run], measure: Measure) -> Generator[Result | None, None, None]:
    if measure.prepare is not None:
        measure.prepare()
    for key, run in missing.items():
        yield attempt(key, measure.function, *run.arguments)


def _elsewhere(
    missing: dict[str, Run], measure: Measure, workers: Workers, limit_s: float | None
) -> Generator[Result | None, None, None]:
    with connected(workers) as client:
        yield from Dispatch(client, missing, measure, limit_s)


class Dispatch:
    """Sends chunks of runs to a cluster and yields results as they come, or None now and then.

    client : of the cluster; it may gain and lose workers meanwhile.
    """

    def __init__(
        self, client: Client, missing: dict[str, Run], measure: Measure, limit_s: float | None
    ):
        self.client, self.missing, self.limit_s = client, missing, limit_s
        self.todo: deque[list[str]] = deque()  # chunks that have to be done again, in smaller ones
        self.keys = iter(missing)
        self.left = len(missing)
        self.measure = cloudpickle.dumps(measure)
        self.under_way: dict[str, tuple[Future, list[str]]] = {}
        self.ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.seconds = CHUNK_S  # of a run, as a running mean
        self.threads, self._counted = 1, 0.0
        self._names = (f"runs-{time.time_ns()}-{number}" for number in count())

    def __iter__(self) -> Iterator[Result | None]:
        try:
            while self._send() or self.under_way:
                try:
                    name = self.ended.get(timeout=1.0)
                except queue.Empty:
                    self._check_scheduler()
                    yield None
                    continue
                future, keys = self.under_way.pop(name)
                yield from self._receive(future, keys)
                future.release()
        finally:
            self._withdraw()

    def _withdraw(self) -> None:
        """Take back what is under way, after an interrupt: no thread starts it while all closes."""
        if self.under_way and self.client.status == "running":
            self.client.cancel([future for future, _ in self.under_way.values()], force=True)

    def _send(self) -> bool:
        """Send chunks until enough are under way; return whether any are left."""
        while len(self.under_way) < AHEAD * self._threads():
            keys = self.todo.popleft() if self.todo else self._next_chunk()
            if not keys:
                return False
            tasks = [(key, _payload(self.missing[key])) for key in keys]
            chunk = Chunk(self.measure, tasks, self.limit_s, code_digest())
            name = next(self._names)
            future = self.client.submit(do_chunk, chunk, key=name, pure=False)
            self.under_way[name] = future, keys
            future.add_done_callback(lambda future, name=name: self.ended.put(name))
        return True

    def _next_chunk(self) -> list[str]:
        fair = self.left // (AHEAD * self.threads)  # the last ones are spread over all
        size = min(CHUNK_RUNS, int(CHUNK_S / max(self.seconds, 1e-6)), fair)
        keys = list(islice(self.keys, max(size, 1)))
        self.left -= len(keys)
        return keys

    def _receive(self, future: Future, keys: list[str]) -> Iterator[Result]:
        try:
            results = future.result(timeout=60)
        except KilledWorker as problem:
            if len(keys) > 1:
                self.todo.extend([key] for key in keys)
            else:
                yield failure(keys[0], f"KilledWorker: {problem}")
            return
        for result in results:
            self.seconds += 0.3 * (result.seconds - self.seconds)
            yield result

    def _threads(self) -> int:
        """Return the threads of the cluster, counted anew every two seconds; at least 1."""
        if time.monotonic() - self._counted > 2.0:
            self.threads = max(1, sum(self.client.nthreads().values()))
            self._counted = time.monotonic()
        return self.threads

    def _check_scheduler(self) -> None:
        if self.client.status != "running":
            raise RuntimeError(
                "the Dask scheduler has gone; what was finished is kept: run the same command again"
            )


def _payload(run: Run) -> bytes:
    return pickle.dumps(run.arguments)


def _say_found(
    store: StoreWriter, measure: Measure, progress: Progress, total: int, missing: int
) -> None:
    if 0 < missing < total:
        progress.say(f"{total - missing} of {total} runs found, {missing} left to do")
    elif not missing:
        progress.say(f"all {total} runs found")
    runs = store.runs()
    other = int((runs["code"] != code_digest()).sum())
    if other:
        progress.say(
            f"{other} runs in {store.path} were made by other code: kept, not used; "
            "another --out keeps them apart"
        )


def _estimate(result: Result, left: int, workers: Workers, store: StoreWriter) -> str:
    """Return what the rest will take, from the first run: time, and room on the disk."""
    size = left * sum(_compressed(table) for table in result.tables.values()) / 1e6
    free = shutil.disk_usage(store.path).free / 1e6
    text = f"{result.seconds:.2f} s a run: about {clock(result.seconds * left)} of work for {left}"
    if workers.number > 1 and not workers.scheduler:
        text += f", {clock(result.seconds * left / workers.number)} on {workers.number} workers"
    text += f", and at most {size:.1f} MB"
    return text if size < free else f"{text}: MORE THAN THE {free:.1f} MB THAT ARE FREE"


def _compressed(table: pa.Table) -> int:
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.tell()


def _raise(failures: list[Result], total: int, store: StoreWriter, missing: dict[str, Run]) -> None:
    failed = {result.key: result for result in failures}
    first = next(failed[key] for key in missing if key in failed)
    if len(failures) == total and first.error.startswith("InputError: "):
        raise InputError(first.error.removeprefix("InputError: "))
    run = missing[first.key]
    labels = [f"{name} {value!r}" for name, value in run.labels.items()]
    where = ", ".join(labels[:_LABELS_SAID])
    if len(labels) > _LABELS_SAID:
        where += f" and {len(labels) - _LABELS_SAID} more"
    raise RuntimeError(
        f"{len(failures)} of {total} runs failed ({store.path}: ruralflow results lists them); "
        f"the first: {where}, seed {run.seed}: {first.error}; the others are kept and will not be "
        "run again"
    )


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let a batch system's SIGTERM end the work as Ctrl-C does: with everything written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
