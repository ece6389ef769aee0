"""Annual figures, read and made monthly (MODEL, preamble). Month 0 is January 2003."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError

Monthly = NDArray[np.float64]
Years = dict[int, float]

FIRST_YEAR = 2003


def read_annual(path: Path) -> dict[str, Years]:
    """Return series -> year -> value of a file with columns year, series, value."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "file", str(error), "a readable CSV file") from error
    if not rows or not {"year", "series", "value"} <= set(rows[0]):
        raise InputError(path, "columns", list(rows[0]) if rows else [], "year, series, value")
    out: dict[str, Years] = {}
    for row in rows:
        values = out.setdefault(row["series"], {})
        if not row["value"]:
            continue
        try:
            year, value = int(row["year"]), float(row["value"])
        except ValueError:
            raise InputError(path, row["series"], row["value"], "a number") from None
        if not math.isfinite(value) or value < 0:
            raise InputError(path, f"{row['series']} {year}", value, "finite, not negative")
        if year in values:
            raise InputError(path, row["series"], year, "each year once")
        values[year] = value
    return out


def fill_gaps(values: Years) -> Years:
    """Return all years between the first and the last: log-linear, linear where one end is 0."""
    years = sorted(values)
    out = {years[0]: values[years[0]]}
    for a, b in zip(years, years[1:], strict=False):
        for year in range(a + 1, b + 1):
            out[year] = between(values[a], values[b], (year - a) / (b - a))
    return out


def between(a: float, b: float, share: float) -> float:
    """Return a^(1 - share) * b^share, or the linear mean where ``a`` or ``b`` is 0."""
    if share in (0.0, 1.0):
        return b if share else a
    if a > 0 and b > 0:
        return math.exp((1 - share) * math.log(a) + share * math.log(b))
    return (1 - share) * a + share * b


def held_within_year(values: Years, length: int) -> Monthly:
    """Return one value per calendar year, the last one held."""
    last = max(values)
    return np.array([values[min(FIRST_YEAR + t // 12, last)] for t in range(length)])


def smooth(values: Years, length: int, before: float | None = None) -> Monthly:
    """Return a monthly path of positive annual means; each year keeps its mean to rounding.

    Log-linear from the turn of the year to mid-year and on to the next turn; at the turn stands
    the geometric mean of both years, at mid-year what keeps the mean. A year thus depends on its
    two neighbours only, and held years are flat. ``before`` is the mean of the year before the
    first; without it the first growth rate is taken. Months before the first year are 0.
    """
    years = sorted(values)
    path = np.zeros(length)
    first, last = years[0], years[-1]
    mean = dict(values)
    mean[first - 1] = before or values[first] ** 2 / values.get(first + 1, values[first])
    for start in range(max(0, 12 * (first - FIRST_YEAR)), length, 12):
        year = FIRST_YEAR + start // 12
        v = mean[min(year, last)]
        opening = math.sqrt(mean[min(year - 1, last)] * v)
        closing = math.sqrt(v * mean[min(year + 1, last)])
        path[start : start + 12] = _year_with_mean(opening, v, closing)
    return path


_MID_MONTH = (np.arange(12) + 0.5) / 12.0


def _year_with_mean(opening: float, mean: float, closing: float) -> Monthly:
    """Return twelve months from ``opening`` to ``closing`` whose mean is ``mean``."""
    ends = np.log([opening, mean, closing])
    for _ in range(60):
        months = np.exp(np.interp(_MID_MONTH, [0.0, 0.5, 1.0], ends))
        step = math.log(mean / months.mean())
        if abs(step) < 1e-13:
            break
        ends[1] += step
    return months * (mean / months.mean())


def stock(known: dict[int, float], length: int, ceiling: Years | None = None) -> Monthly:
    """Return a stock, log-linear between the months in which it is known, then held.

    Before the first value: a logistic with ``ceiling`` (by year, its first and last value holding
    beyond), its rate fitted to the first five values; it passes through the first, so that nothing
    jumps. Without a ceiling: the growth between the first two values.
    """
    months = np.array(sorted(known))
    logs = np.log([known[m] for m in months])
    path = np.exp(np.interp(np.arange(length), months, logs))
    early = np.arange(max(0, months[0]))
    if ceiling is None:
        rate = (logs[1] - logs[0]) / (months[1] - months[0])
        path[early] = np.exp(logs[0] + rate * (early - months[0]))
    else:
        top = np.array([_held(ceiling, FIRST_YEAR + m // 12) for m in months])
        odds = np.exp(logs) / (top - np.exp(logs))
        rate = _slope(months[:5], np.log(odds[:5]))
        back = odds[0] * np.exp(rate * (early - months[0]))
        path[early] = top[0] * back / (1.0 + back)
    return path


def _slope(x: NDArray[np.int64], y: Monthly) -> float:
    """Return the least-squares slope; exact sums, so that no version of Python changes a bit."""
    dx = x - math.fsum(x) / len(x)
    return math.fsum(dx * y) / math.fsum(dx * dx)


def _held(values: Years, year: int) -> float:
    return values[min(max(year, min(values)), max(values))]


def december(year: int) -> int:
    """Return the month index of December of ``year``."""
    return 12 * (year - FIRST_YEAR) + 11
