"""A lock between processes, freed by the system when its holder dies: SQLite's own."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType


class FileLock:
    """Exclusive use of something that ``path``, an empty SQLite file, stands for.

    Entering waits up to ``wait_s`` seconds and raises ``Held`` if another process keeps it.
    """

    def __init__(self, path: Path, wait_s: float = 0.0):
        self.path, self.wait_s = path, wait_s
        self._held: sqlite3.Connection | None = None

    def __enter__(self) -> FileLock:
        self._held = sqlite3.connect(self.path, timeout=self.wait_s, isolation_level=None)
        try:
            self._held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            self._held.close()
            if "locked" in str(problem):
                raise Held(str(self.path)) from None
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


class Held(Exception):
    """Another process holds the lock."""
