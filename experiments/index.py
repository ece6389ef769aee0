"""The index of a result store: which run lies in which part. SQLite, rebuilt from the parts.

The Parquet parts are the truth. Whatever is wrong with the index (missing, unreadable, behind), it
is brought up to them; a part that cannot be read is left out and named.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.runs import DONE, FAILED

#: Columns of runs.parquet that the index keeps.
COLUMNS = ("key", "status", "seed", "seconds", "measure", "code", "error")
_TABLES = f"""
CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY, bytes INTEGER, runs INTEGER);
CREATE TABLE IF NOT EXISTS runs (
    {", ".join(COLUMNS)}, part TEXT, PRIMARY KEY (key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_part ON runs (part);
"""
#: A run that is done stays; one that failed gives way to a later try.
_INSERT = f"""
INSERT INTO runs VALUES ({", ".join("?" * (len(COLUMNS) + 1))}) ON CONFLICT (key) DO UPDATE SET
    {", ".join(f"{c} = excluded.{c}" for c in (*COLUMNS[1:], "part"))}
    WHERE runs.status = '{FAILED}'
"""


class Part(NamedTuple):
    """One folder of Parquet files: its name, the bytes of its files, and its runs."""

    name: str
    bytes: int
    runs: int


class Index:
    """Which run lies in which part.

    folder : of the store. writable : keep the index in its file; without, in memory.
    broken : names of parts that could not be read by ``refresh``.
    """

    def __init__(self, folder: Path, writable: bool = False):
        self.parts_folder = folder / "parts"
        self.broken: list[str] = []
        path = folder / "index.sqlite"
        self._db = _open(path) if writable else _copy(path)
        try:
            self.refresh()
        except sqlite3.Error:
            self._use_memory()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def refresh(self) -> None:
        """Bring the index up to the parts on disk."""
        known = {p.name: p.bytes for p in self.parts()}
        found = {entry.name: size_of(entry) for entry in self.parts_folder.iterdir()}
        changed = [name for name, size in known.items() if found.get(name) != size]
        if changed:  # a failed run that a later part had replaced may have come back: start afresh
            self._db.executescript("DELETE FROM runs; DELETE FROM parts;")
            known = {}
        self.broken = []
        for name in sorted(found.keys() - known.keys()):
            try:
                self._insert(name, read_part(self.parts_folder / name), found[name])
            except (OSError, pa.ArrowException):
                if (self.parts_folder / name).exists():  # else merged meanwhile, by the writer
                    self.broken.append(name)
        self._db.commit()

    def add(self, part: str, runs: pa.Table, size: int, merged: Sequence[str] = ()) -> None:
        """Enter the runs of a part that is on disk; ``merged`` are parts that it replaces."""
        try:
            for name in merged:
                self._db.execute("DELETE FROM runs WHERE part = ?", (name,))
                self._db.execute("DELETE FROM parts WHERE part = ?", (name,))
            self._insert(part, runs, size)
            self._db.commit()
        except sqlite3.Error:  # a full disk must not lose what the parts hold
            self._use_memory()

    def _insert(self, part: str, runs: pa.Table, size: int) -> None:
        rows = zip(*(runs.column(name).to_pylist() for name in COLUMNS), strict=True)
        self._db.executemany(_INSERT, [(*row, part) for row in rows])
        self._db.execute(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", (part, size, runs.num_rows)
        )

    def _use_memory(self) -> None:
        self._db.close()
        self._db = _connect(":memory:")
        self.refresh()

    def parts(self) -> list[Part]:
        """Return the parts, the oldest first."""
        return [Part(*row) for row in self._db.execute("SELECT * FROM parts ORDER BY part")]

    def current(self) -> dict[str, int]:
        """Return part -> number of runs for which it is the one that counts."""
        rows = self._db.execute("SELECT part, count(*) FROM runs GROUP BY part")
        return dict(rows.fetchall())

    def keys_of(self, part: str) -> list[str]:
        """Return the keys of the runs for which a part is the one that counts."""
        return [row[0] for row in self._db.execute("SELECT key FROM runs WHERE part = ?", (part,))]

    def done(self) -> set[str]:
        """Return the keys of the runs that are done."""
        rows = self._db.execute(f"SELECT key FROM runs WHERE status = '{DONE}'")
        return {row[0] for row in rows}

    def runs(self) -> pd.DataFrame:
        """Return one row per run: key, status, seed, seconds, measure, code, error, part."""
        cursor = self._db.execute("SELECT * FROM runs")
        return pd.DataFrame(cursor.fetchall(), columns=[*COLUMNS, "part"])


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, made anew if it is broken; memory serves where none can be written."""
    for _ in range(2):
        try:
            return _connect(path)
        except sqlite3.OperationalError:
            break
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
    return _connect(":memory:")


def _copy(path: Path) -> sqlite3.Connection:
    """Return the content of the file in memory, so that a reader never writes to it."""
    copy = sqlite3.connect(":memory:")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
            source.backup(copy)
        copy.executescript(_TABLES)
    except sqlite3.Error:
        copy.close()
        return _connect(":memory:")
    return copy


def _connect(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
        db.execute("SELECT count(*) FROM parts")
    except sqlite3.Error:
        db.close()
        raise
    return db


def size_of(folder: Path) -> int:
    """Return the bytes of the files of a part; 0 if it has gone."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


def read_part(folder: Path) -> pa.Table:
    """Return the runs of a part; OSError or ArrowException if any of its tables is not whole."""
    for file in folder.glob("*.parquet"):
        pq.read_metadata(file)
    return pq.read_table(folder / "runs.parquet", columns=list(COLUMNS))
