"""Reading a user's tables: every mistake is named in one line with file, key and what is valid."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.errors import InputError

#: Numbers that the header of a raster may give, as ``# key=value``.
RASTER_KEYS = ("cell_km", "lon0", "lat0", "kx", "ky", "x_min_km", "y_min_km", "ncols", "nrows")


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark."""
    if not path.is_file():
        raise InputError(path, "no such file", valid="a readable file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "unreadable", str(error), "a text file in UTF-8") from error


def read_table(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """Return a CSV file as stripped text; every row must be as long as the head."""
    try:
        lines = list(csv.reader(io.StringIO(read_text(path))))
    except csv.Error as error:
        raise InputError(path, "unreadable", str(error), "comma-separated values") from error
    rows = [[value.strip() for value in line] for line in lines if any(v.strip() for v in line)]
    head = rows[0] if rows else []
    missing = [name for name in required if name not in head]
    if missing:
        raise InputError(path, "column missing", missing[0], "columns " + ", ".join(required))
    for name in head:
        if head.count(name) > 1:
            raise InputError(path, "column", name, "each column once")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(head):
            raise InputError(path, f"values in row {number}", len(row), f"{len(head)} values")
    return pd.DataFrame(rows[1:], columns=head, dtype=object)


def number(path: Path, key: str, text: str) -> float:
    """Return a finite number; ``1_000``, ``nan`` and ``inf`` are none."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise InputError(path, key, text, "a number")
    return value


def bounded(
    path: Path, table: pd.DataFrame, column: str, low: float, high: float, optional: bool = False
) -> NDArray[np.float64]:
    """Return a column as numbers in [low, high]; NaN for what an optional column does not say."""
    if optional and column not in table:
        return np.full(len(table), np.nan)
    values = np.empty(len(table))
    for i, text in enumerate(table[column]):
        key = f"{column} in row {i + 1}"
        if text == "" and optional:
            values[i] = np.nan
            continue
        values[i] = number(path, key, text)
        if not low <= values[i] <= high:
            raise InputError(path, key, text, f"{low:g} to {high:g}")
    return values


def read_raster(path: Path) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Return the ids of a raster (north first), and the numbers that its header gives."""
    header: dict[str, float] = {}
    rows: list[list[str]] = []
    for line in read_text(path).splitlines():
        if line.startswith("#"):
            for key, value in re.findall(r"(\w+)=(\S+)", line):
                if key in RASTER_KEYS:
                    header[key] = number(path, key, value)
        elif line.strip():
            rows.append(line.split(","))
    if not rows:
        raise InputError(path, "no row", valid="rows of county ids, 0 outside")
    width = len(rows[0])
    for i, row in enumerate(rows, start=1):
        if len(row) != width:
            raise InputError(path, f"cells in row {i}", len(row), f"{width}, as in the first row")
    for key, size in (("ncols", width), ("nrows", len(rows))):
        if header.get(key, size) != size:
            raise InputError(path, key, header[key], f"{size}, as the rows below have it")
    for key in ("cell_km", "kx", "ky"):
        if header.get(key, 1.0) <= 0:
            raise InputError(path, key, header[key], "above 0")
    return _ids(path, rows), header


def _ids(path: Path, rows: list[list[str]]) -> NDArray[np.int64]:
    try:
        return np.array(rows).astype(np.int64)
    except (ValueError, OverflowError):
        pass
    for i, row in enumerate(rows, start=1):
        for text in row:
            if not re.fullmatch(r"\s*\d{1,9}\s*", text):
                raise InputError(path, f"row {i}", text, "county ids, 0 outside")
    return np.array([[int(text) for text in row] for row in rows], dtype=np.int64)
