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
        self._first: tuple[float, int] | None = None
        self._counted: tuple[int, str] | None = None
        self._done = 0

    def __call__(
        self,
        done: int,
        total: int,
        unit: str = "months",
        *,
        note: str = "",
        before: int = 0,
        paced: bool = False,
    ) -> None:
        """Say that ``done`` of ``total`` units are done, ``before`` of them by an earlier command.

        The time left counts from the first unit on: before it workers start and rules compile.
        Another total or unit, or fewer done than before, is another stage, which counts anew.
        note : what else to say, at the end of the line. paced : say how many are done a minute too.
        """
        now = time.monotonic()
        if self._counted and ((total, unit) != self._counted or done < self._done):
            self._first, self._start = None, now
        self._counted, self._done = (total, unit), done
        if self._first is None and done > before:
            self._first = now, done
        if self.quiet or total <= 0 or (now - self._last < self._every and done < total):
            return
        self._last = now
        if self._terminal or now - self._start >= self._every:
            parts = [f"{self.label}: {done} of {total} {unit}"]
            if done - before > 1 or done >= total:  # one alone had the rules compiled
                each = self._seconds_each(now, done, before)
                parts.append(f"{clock(each * (total - done))} left")
                if paced and each > 0.0:
                    parts.append(f"{60.0 / each:.0f} a minute")
            self._draw(", ".join([*parts, note] if note else parts))

    def _seconds_each(self, now: float, done: int, before: int) -> float:
        """Return the seconds that a unit has taken; 0 while none is done."""
        began, first = self._start, before
        if self._first is not None and done > self._first[1]:
            began, first = self._first
        return (now - began) / (done - first) if done > first else 0.0

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
