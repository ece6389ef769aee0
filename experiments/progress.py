"""How far a long command is, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Progress:
    """One line that says what is done and how long the rest will take.

    On a terminal the line is redrawn up to five times a second; elsewhere (a batch job's log) a
    new line is written at most every 30 seconds. A quiet one says nothing.
    """

    def __init__(self, label: str, quiet: bool = False, stream: TextIO | None = None):
        self.label = label
        self.stream = stream if stream is not None else sys.stderr
        self.quiet = quiet
        self._terminal = self.stream.isatty()
        self._every = 0.2 if self._terminal else 30.0
        self._start = self._last = time.monotonic()
        self._drawn = False

    def __call__(
        self, done: int, total: int, unit: str = "months", *, note: str = "", before: int = 0
    ) -> None:
        """Say that ``done`` of ``total`` units are done, ``before`` of them by an earlier command.

        note : what else to say, at the end of the line.
        """
        now = time.monotonic()
        if self.quiet or total <= 0 or (now - self._last < self._every and done < total):
            return
        self._last = now
        passed = now - self._start
        left = passed / (done - before) * (total - done) if done > before else 0.0
        if self._terminal or passed >= self._every:
            line = f"{self.label}: {done} of {total} {unit}, {clock(left)} left"
            self._draw(f"{line}, {note}" if note else line)

    def say(self, text: str) -> None:
        """Say something that stays, such as that kernels are being compiled."""
        if not self.quiet:
            self.close()
            print(f"{self.label}: {text}", file=self.stream, flush=True)

    def close(self) -> None:
        """End the line that is being redrawn."""
        if self._drawn:
            print(file=self.stream, flush=True)
            self._drawn = False

    def _draw(self, line: str) -> None:
        if self._terminal:
            print(f"\r{line:<78}", end="", file=self.stream, flush=True)
            self._drawn = True
        else:
            print(line, file=self.stream, flush=True)


def clock(seconds: float) -> str:
    """Return a time as minutes:seconds or hours:minutes:seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes}:{rest:02d}"
        if minutes < 60
        else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    )
