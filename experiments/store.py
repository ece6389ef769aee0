"""The result store: every run of an experiment once, in Parquet files that anything can read.

    DIR/store.json               schema of the store, who made it
    DIR/designs/NAME.parquet     one row per run that was asked for: key, and where it stands
    DIR/parts/PART/runs.parquet  one row per run: key, status, seed, scenario, error, traceback, ...
    DIR/parts/PART/TABLE.parquet the rows that its runs left, each with the run's key
    DIR/index.sqlite             which run lies in which part; rebuilt whenever it is missing

A part appears whole, by the rename of its folder. One process writes (``StoreWriter``), any number
read. Failed runs are rows too, and are tried again by the next command.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.index import Index, Part, size_of
from experiments.keys import code_digest
from experiments.locks import FileLock, Held
from experiments.output import cannot_write, parquet_table, versions
from experiments.runs import FAILED, Result
from model.errors import InputError

SCHEMA = "ruralflow-store-1"
RUNS_PER_PART = 100
SECONDS_PER_PART = 30.0
#: Parts are merged by so many, as long as they stay below so many bytes together.
MERGE_PARTS, MERGE_BYTES = 50, 32 * 1024**2
_RUNS = pa.schema(
    [
        ("key", pa.string()),
        ("status", pa.string()),
        ("seed", pa.int64()),
        ("seconds", pa.float64()),
        ("measure", pa.string()),
        ("code", pa.string()),
        ("error", pa.string()),
        ("traceback", pa.string()),
        ("host", pa.string()),
        ("finished", pa.string()),
        ("scenario", pa.string()),
    ]
)


class Store:
    """A result store, opened to read. Raises InputError if there is none, or one of another schema.

    index : which run lies in which part.
    """

    _writes = False

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self._check_schema()
        self.index = Index(self.path, self._writes)

    def _check_schema(self) -> None:
        schema = schema_of(self.path)
        if schema is None:
            raise InputError(self.path, "no result store", valid="the --out of an experiment")
        if schema != SCHEMA:
            raise InputError(
                self.path / "store.json",
                "schema",
                schema,
                f"{SCHEMA}; use another --out, or the version that wrote it",
            )

    def done(self) -> set[str]:
        """Return the keys of the runs that are done."""
        return self.index.done()

    def runs(self) -> pd.DataFrame:
        """Return one row per run: key, status, seed, seconds, measure, code, error, part."""
        return self.index.runs()

    def designs(self) -> list[str]:
        """Return the names of the designs that were asked of this store."""
        return sorted(file.stem for file in (self.path / "designs").glob("*.parquet"))

    def design(self, name: str) -> pd.DataFrame:
        """Return one row per run of a design, in its order: key and labels."""
        return pd.read_parquet(self.path / "designs" / f"{name}.parquet")

    def tables(self) -> list[str]:
        """Return the names of the tables that runs have left."""
        files = (self.path / "parts").glob("*/*.parquet")
        return sorted({file.stem for file in files} - {"runs"})

    def table(
        self, name: str, columns: list[str] | None = None, *, design: str | None = None
    ) -> pd.DataFrame:
        """Return the rows of a table, each run once: key, then ``columns`` (all by default).

        design : only its runs, in its order, with its labels in front of the columns.
        """
        for attempt in range(3):
            try:
                found = self._read(name, columns)
                break
            except FileNotFoundError:  # the writer has merged parts meanwhile
                if attempt == 2:
                    raise
                self.index.refresh()
        if design is None:
            return found.sort_values("key", kind="stable", ignore_index=True)
        return self.design(design).merge(found, on="key", how="inner")

    def failures(self) -> pd.DataFrame:
        """Return the runs that failed: key, seed, error, traceback, scenario, ..."""
        runs = self._read("runs", None)
        return runs[runs["status"] == FAILED].reset_index(drop=True)

    def _read(self, name: str, columns: list[str] | None) -> pd.DataFrame:
        wanted = None if columns is None else ["key", *columns]
        counting = self.index.current()
        parts = [part for part in self.index.parts() if part.name in counting]
        kept = {
            part.name: self.index.keys_of(part.name)
            for part in parts
            if counting[part.name] < part.runs  # some of its runs count elsewhere
        }
        with ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1))) as pool:
            read = pool.map(lambda part: self._read_part(part, name, wanted, kept), parts)
            tables = [table for table in read if table is not None]
        if not tables:
            return pd.DataFrame(columns=wanted or ["key"])
        return pa.concat_tables(tables, promote_options="permissive").to_pandas()

    def _read_part(
        self, part: Part, name: str, columns: list[str] | None, kept: dict[str, list[str]]
    ) -> pa.Table | None:
        file = self.path / "parts" / part.name / f"{name}.parquet"
        if not file.exists():
            file.parent.stat()  # FileNotFoundError if the part has gone
            return None
        table = pq.read_table(file, columns=columns, use_threads=False)
        if part.name in kept:
            table = table.filter(pc.is_in(table["key"], pa.array(kept[part.name], pa.string())))
        return table


class StoreWriter(Store):
    """The one process that adds to a store; makes it if it is not there.

        with StoreWriter(path) as store:
            store.add(result, seed, scenario_text, measure_name)

    Leaving writes what is not written yet, also when interrupted. Raises InputError if another
    process writes to the store, or nothing can be written.
    """

    _writes = True

    def __init__(self, path: Path | str, say: Callable[[str], None] = lambda text: None):
        self._say = say
        self._rows: list[dict[str, Any]] = []
        self._tables: dict[str, list[pa.Table]] = {}
        self._flushed = time.monotonic()
        path = Path(path)
        self._lock = FileLock(path / ".lock")
        try:
            (path / "parts").mkdir(parents=True, exist_ok=True)
            (path / "designs").mkdir(exist_ok=True)
            self._take(path)
            if schema_of(path) is None:
                made = {"schema": SCHEMA, **versions(), "utc": _now()}
                _replace(path / "store.json", json.dumps(made, indent=1))
        except OSError as problem:
            raise cannot_write(path, problem) from None
        try:
            super().__init__(path)
            self._clean()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not isinstance(error, InputError):  # a full disk is not tried twice
                self.flush()
        finally:
            self.index.close()
            (self.path / ".writer.json").unlink(missing_ok=True)
            self._lock.__exit__(None, None, None)

    def add(self, result: Result, seed: int, scenario: str, measure: str) -> None:
        """Keep a result; written with others, after 100 runs or 30 seconds."""
        row = {
            "key": result.key,
            "status": result.status,
            "seed": seed,
            "seconds": result.seconds,
            "measure": measure,
            "code": code_digest(),
            "error": result.error,
            "traceback": result.traceback,
            "host": result.host,
            "finished": _now(),
            "scenario": scenario,
        }
        self._rows.append(row)
        for name, table in result.tables.items():
            self._tables.setdefault(name, []).append(table)
        if len(self._rows) >= RUNS_PER_PART:
            self.flush()
        else:
            self.tick()

    def tick(self) -> None:
        """Write what waits if it has waited long enough."""
        if time.monotonic() - self._flushed > SECONDS_PER_PART:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a part; InputError if it cannot be written, and then it is lost."""
        rows, tables = self._rows, self._tables
        self._rows, self._tables, self._flushed = [], {}, time.monotonic()
        if not rows:
            return
        content = {"runs": pa.Table.from_pylist(rows, _RUNS)}
        for name, parts in tables.items():
            content[name] = pa.concat_tables(parts, promote_options="permissive")
        self._write_part(content)
        self._merge()

    def write_design(self, name: str, rows: pd.DataFrame, origin: dict[str, Any]) -> None:
        """Write which runs a design consists of: ``rows`` has the column key and the labels."""
        target = self.path / "designs" / f"{name}.parquet"
        table = parquet_table(rows, {**versions(), **origin})
        temporary = target.with_name(f".{target.name}.partial")
        try:
            pq.write_table(table, temporary, compression="zstd")
            temporary.replace(target)
        except OSError as problem:
            raise cannot_write(target, problem) from None
        finally:
            temporary.unlink(missing_ok=True)

    def _write_part(self, content: dict[str, pa.Table], merged: Sequence[str] = ()) -> None:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
        temporary, target = self.path / f".partial-{name}", self.path / "parts" / name
        origin = {b"ruralflow": json.dumps(versions()).encode()}
        try:
            temporary.mkdir()
            for kind, table in content.items():
                kept = {**(table.schema.metadata or {}), **origin}
                file = temporary / f"{kind}.parquet"
                pq.write_table(table.replace_schema_metadata(kept), file, compression="zstd")
            temporary.rename(target)
        except OSError as problem:
            raise cannot_write(
                target, problem, "a folder with space; then the same command does what is missing"
            ) from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self.index.add(name, content["runs"], size_of(target), merged)

    def _merge(self) -> None:
        """Merge the small parts once there are many: one file is read faster than fifty."""
        small = [p for p in self.index.parts() if p.bytes < MERGE_BYTES // 4]
        small = [p for p in small if p.runs < MERGE_PARTS * RUNS_PER_PART]
        total = sum(p.bytes for p in small)
        if len(small) < MERGE_PARTS or total > 2 * MERGE_BYTES:
            return
        kept = {part.name: self.index.keys_of(part.name) for part in small}
        content = {}
        for name in ("runs", *self.tables()):
            tables = [self._read_part(part, name, None, kept) for part in small]
            found = [table for table in tables if table is not None]
            if found:
                content[name] = pa.concat_tables(found, promote_options="permissive")
        self._write_part(content, list(kept))
        for part in small:
            shutil.rmtree(self.path / "parts" / part.name)

    def _take(self, path: Path) -> None:
        try:
            self._lock.__enter__()
        except Held:
            raise InputError(
                path,
                f"{_holder(path)} is writing to this store",
                valid="wait for it to end, then run again; or another --out",
            ) from None
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": _now()}
        _replace(path / ".writer.json", json.dumps(holder))

    def _clean(self) -> None:
        """Remove what killed writers left, set aside broken parts, drop those that others hold."""
        for folder in self.path.glob(".partial-*"):
            shutil.rmtree(folder)
        for name in self.index.broken:
            aside = self.path / f"broken-{name}"
            (self.path / "parts" / name).rename(aside)
            self._say(f"{aside} is a part cut short: set aside, its runs will be done again")
        counting = self.index.current()
        for part in self.index.parts():
            if part.name not in counting:
                shutil.rmtree(self.path / "parts" / part.name)
        self.index.refresh()


def schema_of(path: Path) -> str | None:
    """Return the schema of the store at ``path``; None if there is no store."""
    file = path / "store.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["schema"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(file, "cannot be read", valid="the store.json of a result store") from None


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name.lstrip('.')}.partial")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def _holder(path: Path) -> str:
    try:
        found = json.loads((path / ".writer.json").read_text(encoding="utf-8"))
        return f"process {found['process']} on {found['host']} (since {found['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
