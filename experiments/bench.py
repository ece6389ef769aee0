"""A bench: one process of its own that does runs, one after the other, for whoever sits at it.

A run that crashes or hangs costs its process and nothing else: the bench knows which run it was,
starts another process and goes on with the next. So it does not matter how the workers of a
cluster were started (with or without a nanny, one thread or many).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from experiments.child import READY, receive, send
from experiments.runs import Result, failure

#: A run is tried in so many processes: the first may have died of something else.
TRIES = 3
#: Seconds that a process gets to end itself after the time limit of a run.
GRACE_S = 60.0
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_LOG_LINES = 40


class Chunk(NamedTuple):
    """Runs that are sent to a worker together: (key, pickled scenario and seed) of each.

    measure : the pickled ``Measure``. code : digest of the code that must do them.
    """

    measure: bytes
    tasks: list[tuple[str, bytes]]
    limit_s: float | None
    code: str = ""


class Bench:
    """One process that does runs; started when first needed, and again when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - goes with the bench
        self._closed = False

    def do(self, chunk: Chunk) -> list[Result]:
        """Return a result for each run of the chunk, whatever happens to the process."""
        results: list[Result] = []
        deaths: Counter[str] = Counter()
        while len(results) < len(chunk.tasks):
            try:
                self._work(chunk, results)
            except (EOFError, BrokenPipeError):
                if self._closed:
                    raise RuntimeError("the bench was closed") from None
                key = chunk.tasks[len(results)][0]
                deaths[key] += 1
                seconds, late = time.monotonic() - self._began, self._late(chunk.limit_s)
                error, log = self._bury(), self._last_lines()
                if late:
                    error = f"TimeoutError: stopped after the time limit of {chunk.limit_s:g} s"
                elif deaths[key] < TRIES:
                    continue
                else:
                    error = f"{error}, {TRIES} times (too little memory?)"
                results.append(failure(key, error, log, seconds))
        return results

    def close(self) -> None:
        """End the process at once."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
            self._process.wait(5.0)

    def _work(self, chunk: Chunk, results: list[Result]) -> None:
        """Ask for what is left of a chunk and add up the answers; EOFError if the process dies."""
        process = self._started()
        self._log.seek(0)  # its process is idle: what it prints from here on is of this chunk
        self._log.truncate()
        assert process.stdin is not None and process.stdout is not None
        self._began = time.monotonic()
        self._running = False
        send(process.stdin, (chunk.measure, chunk.limit_s, chunk.tasks[len(results) :]))
        answer = receive(process.stdout)
        if answer != READY:
            raise RuntimeError(f"a worker could not prepare its runs:\n{answer}")
        self._running = True
        while len(results) < len(chunk.tasks):
            self._began = time.monotonic()
            timer = None
            if chunk.limit_s is not None:
                timer = threading.Timer(chunk.limit_s + GRACE_S, process.kill)
                timer.daemon = True
                timer.start()
            try:
                results.append(receive(process.stdout))
            finally:
                if timer is not None:
                    timer.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            env = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
            env["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "experiments.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=env,
            )
        return self._process

    def _late(self, limit_s: float | None) -> bool:
        waited = time.monotonic() - self._began
        return self._running and limit_s is not None and waited >= 0.98 * limit_s

    def _bury(self) -> str:
        """Let go of the dead process and return how it died."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was left to send has no reader any more
                    continue
        if code < 0:
            return f"the process was killed by {signal.Signals(-code).name}"
        return f"the process ended with status {code}"

    def _last_lines(self) -> str:
        self._log.seek(0)
        return "\n".join(self._log.read().decode(errors="replace").splitlines()[-_LOG_LINES:])


_own = threading.local()
_all: list[Bench] = []


def do_chunk(chunk: Chunk) -> list[Result]:
    """Do a chunk at the bench of this thread: what a worker of the cluster is asked to do."""
    bench: Any = getattr(_own, "bench", None)
    if bench is None or bench._closed:
        _check_code(chunk.code)
        bench = _own.bench = Bench()
        _all.append(bench)
    return bench.do(chunk)


def close_benches() -> None:
    """End all processes that this one has started for runs."""
    while _all:
        _all.pop().close()


def _check_code(code: str) -> None:
    """Raise RuntimeError on a worker that would run other code than the driver's."""
    from experiments.keys import code_digest

    if code and code != code_digest():
        raise RuntimeError(
            f"the worker on {socket.gethostname()} has another version of ruralflow: "
            "install the same on all machines"
        )
