"""Writing results: whole files or none, each with where it came from.

A file is written under a temporary name beside its place and then renamed, so that a run that is
interrupted, or a disk that fills up, never leaves half a table under a table's name.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import InputError
from model.scenario import Scenario
from model.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROOT = Path(__file__).resolve().parents[1]
_PAGES = (":(exclude)docs", ":(exclude)README.md")
_LIBRARIES = ("numpy", "scipy", "numba", "mesa")


class OutputFolder:
    """A folder that results are written to; checked on entering, before the long work starts.

        with OutputFolder(path) as out:
            out.write_json("run.json", {...})

    Entering makes the folder and raises InputError if nothing can be written there. Leaving by an
    exception removes the folders it made if they are still empty.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self._made: list[Path] = []

    def __enter__(self) -> OutputFolder:
        try:
            missing = [p for p in (self.path, *self.path.parents) if not p.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            self._made = missing
            probe = self.path / ".write"
            probe.touch()
            probe.unlink()
        except OSError as problem:
            self._remove_empty()
            raise cannot_write(self.path, problem) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._remove_empty()

    def write_parquet(self, table: pd.DataFrame, name: str, provenance: dict[str, Any]) -> Path:
        """Write ``table`` with ``provenance`` in the file's metadata, under the key ruralflow."""
        with self.growing_parquet(name, provenance) as file:
            file.add(table)
        return file.target

    def growing_parquet(self, name: str, provenance: dict[str, Any]) -> GrowingParquet:
        """Return a file, to be entered, that takes its rows table by table."""
        return GrowingParquet(self.path / name, provenance)

    def write_csv(self, table: pd.DataFrame, name: str) -> Path:
        """Write ``table`` as comma-separated values, without its index."""
        return self._write(name, lambda path: table.to_csv(path, index=False))

    def write_json(self, name: str, content: dict[str, Any]) -> Path:
        """Write ``content`` as JSON; a number that is not finite becomes null."""
        text = json.dumps(plain(content), indent=1, allow_nan=False) + "\n"
        return self._write(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_text(self, name: str, text: str) -> Path:
        """Write ``text`` as it is."""
        return self._write(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_figure(self, figure: Figure, stem: str, provenance: dict[str, Any]) -> list[Path]:
        """Write ``figures/STEM.png`` and ``.svg`` with ``provenance`` in their metadata."""
        from matplotlib import rc_context  # a run without figures does without its memory

        origin = json.dumps(plain(provenance))
        creator = f"ruralflow {VERSION}"
        labels: dict[str, dict[str, Any]] = {
            "png": {"Software": creator, "Description": origin},
            # no date of drawing: the same run gives the same file
            "svg": {"Creator": creator, "Description": origin, "Date": None},
        }
        written = []
        for kind, label in labels.items():

            def draw(path: Path, kind: str = kind, label: dict[str, Any] = label) -> None:
                with rc_context({"svg.hashsalt": stem}):
                    figure.savefig(path, format=kind, metadata=label, dpi=150)

            written.append(self._write(f"figures/{stem}.{kind}", draw))
        return written

    def _write(self, name: str, write: Callable[[Path], object]) -> Path:
        """Let ``write`` fill a temporary file, then give it its name; InputError if it cannot."""
        target = self.path / name
        temporary = target.with_name(f".{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            temporary.replace(target)
        except OSError as problem:
            raise cannot_write(target, problem) from None
        finally:
            if temporary.exists():
                temporary.unlink()
        return target

    def _remove_empty(self) -> None:
        for folder in self._made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def parquet_table(table: pd.DataFrame, provenance: dict[str, Any]) -> pa.Table:
    """Return ``table`` with ``provenance`` in its metadata, under the key ruralflow."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    origin = {b"ruralflow": json.dumps(plain(provenance)).encode()}
    return arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), **origin})


class GrowingParquet:
    """A Parquet file that is written as a run goes; it gets its name when it is complete.

        with out.growing_parquet("villages.parquet", origin) as file:
            file.add(table)

    All tables have the columns of the first. Left by an exception, nothing stays behind. Raises
    InputError if the disk refuses.
    """

    def __init__(self, target: Path, provenance: dict[str, Any]):
        self.target = target
        self._temporary = target.with_name(f".{target.name}.partial")
        self._provenance = provenance
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> GrowingParquet:
        return self

    def add(self, table: pd.DataFrame) -> None:
        """Write the rows of ``table``."""
        arrow = parquet_table(table, self._provenance)
        try:
            if self._writer is None:
                self.target.parent.mkdir(parents=True, exist_ok=True)
                # a dictionary of numbers that hardly repeat costs more time than all the rest
                words = [f.name for f in arrow.schema if not pa.types.is_floating(f.type)]
                self._writer = pq.ParquetWriter(
                    self._temporary,
                    arrow.schema,
                    compression="zstd",
                    use_dictionary=words,
                )
            self._writer.write_table(arrow)
        except OSError as problem:
            raise cannot_write(self.target, problem) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
                if kind is None:
                    self._temporary.replace(self.target)
        except OSError as problem:
            if kind is None:
                raise cannot_write(self.target, problem) from None
        finally:
            self._temporary.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of ruralflow, its commit, Python and libraries."""
    return {
        "ruralflow": VERSION,
        "commit": commit(),
        "python": platform.python_version(),
        **{library: metadata.version(library) for library in _LIBRARIES},
    }


def provenance(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Return where a result comes from: versions, commit, scenario, seed and time (UTC)."""
    return {
        **versions(),
        "scenario": scenario.resolved(),
        "scenario_digest": scenario.digest(),
        "seed": seed,
        "utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def commit() -> str:
    """Return the commit of this source tree, ``-dirty`` if changed, or "unknown" without git.

    Pages do not count: the commands that write them would mark each other's figures.
    """
    if not (_ROOT / ".git").exists():
        return _commit_of_installation()
    git = ["git", "-C", str(_ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        if head.returncode != 0:
            return "unknown"
        changed = [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", *_PAGES]
        dirty = subprocess.run(changed, capture_output=True, text=True).stdout.strip()
    except OSError:  # no git on this machine
        return "unknown"
    return head.stdout.strip() + ("-dirty" if dirty else "")


def _commit_of_installation() -> str:
    """Return the commit that pip noted when it installed from a git address (PEP 610)."""
    try:
        origin = metadata.distribution("ruralflow").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return "unknown"
    return json.loads(origin or "{}").get("vcs_info", {}).get("commit_id", "unknown")


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: numpy to Python, not finite to None, paths to text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def cannot_write(path: Path, problem: OSError, valid: str = "a folder with space") -> InputError:
    """Return the error of a file that cannot be written, for the user's eyes."""
    number = problem.errno or re.search(r"errno (\d+)", str(problem))  # Arrow says it in words
    code = int(number[1]) if isinstance(number, re.Match) else number
    reason = os.strerror(code) if code else str(problem)
    return InputError("--out", f"{path} cannot be written: {reason}", valid=valid)
