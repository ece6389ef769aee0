"""The process that does runs: ``python -m experiments.child``, started by ``experiments.bench``.

It reads requests from standard input and answers each run on standard output as soon as it is
done. It ends when its input ends, so that no run outlives the one who asked for it, and kills
itself when a run takes too long, also inside compiled code (faulthandler's timer needs no GIL).
"""

from __future__ import annotations

import faulthandler
import gc
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from typing import IO, Any

from experiments.runs import attempt, failure

#: Answer to a request that can be done; any other is the traceback of what went wrong.
READY = "ready"
_LENGTH = struct.Struct("<Q")


def send(pipe: IO[bytes], content: Any) -> None:
    """Write one pickled message, its length in front."""
    data = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Return the next message; EOFError at the end, also in the midst of a message."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Serve requests (measure, limit in seconds or None, [(key, pickled scenario and seed)])."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a run prints goes to the log, not between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is the driver's to handle
    faulthandler.enable()
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    prepared: set[str] = set()
    while True:
        measure_bytes, limit_s, tasks = requests.get()
        try:
            measure = pickle.loads(measure_bytes)
            if measure.name not in prepared:
                if measure.prepare is not None:
                    measure.prepare()
                prepared.add(measure.name)
                gc.collect()
                gc.freeze()  # what is there now stays: ``_timed`` need not look at it again
        except Exception:  # noqa: BLE001 - told to whoever asked
            send(answers, traceback.format_exc())
            continue
        send(answers, READY)
        for key, payload in tasks:
            send(answers, _timed(key, measure.function, payload, limit_s))


def _timed(key: str, function: Any, payload: bytes, limit_s: float | None) -> Any:
    try:
        given = pickle.loads(payload)  # imports the model, which is not the run's time
    except Exception as problem:  # noqa: BLE001 - a failed run is a row
        return failure(key, f"{type(problem).__name__}: {problem}", traceback.format_exc())
    if limit_s is not None:
        faulthandler.dump_traceback_later(limit_s, exit=True)
    try:
        return attempt(key, function, *given)
    finally:
        faulthandler.cancel_dump_traceback_later()
        # A model and its records refer to each other. Left to Python, which counts objects and not
        # bytes, they wait for dozens of runs, and gigabytes.
        gc.collect()


def _listen(pipe: IO[bytes], requests: queue.SimpleQueue[Any]) -> None:
    while True:
        try:
            requests.put(receive(pipe))
        except EOFError:
            os._exit(0)


if __name__ == "__main__":
    main()
