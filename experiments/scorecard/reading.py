"""Reading values from the tables of a run: sums over counties, means over a year, growth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.scorecard.tables import Tables

NAN = float("nan")


class Missing(ValueError):
    """What a target needs is not there: said on the card as not run, with the reason."""


def stock(t: Tables, column: str, year: int) -> float:
    """Return the region's mean over the months of ``year``; NaN where the run lacks the year."""
    rows = t.months[t.months["year"] == year]
    return float(rows.groupby("month")[column].sum().mean()) if len(rows) else NAN


def flow(t: Tables, column: str, year: int) -> float:
    """Return the region's sum over the months of ``year``; NaN where the run lacks the year."""
    rows = t.months[t.months["year"] == year]
    return float(rows[column].sum()) if len(rows) else NAN


def by_county(t: Tables, column: str, month: str) -> pd.Series:
    """Return the value of each county in one month, in the order of ``t.counties``."""
    rows = t.months[t.months["month"] == month].set_index("county")[column]
    return rows.reindex(t.counties["county"]).astype(float)


def of_year(table: pd.DataFrame, *years: int) -> pd.DataFrame:
    """Return the rows of the Decembers of ``years``."""
    return table[table["year"].isin(years)]


def ratio(top: float, bottom: float) -> float:
    """Return top / bottom, NaN where bottom is not above zero."""
    return float(top / bottom) if bottom > 0 else NAN


def percent(part: float, whole: float) -> float:
    """Return 100 part / whole, NaN where whole is not above zero."""
    return 100.0 * ratio(part, whole)


def growth(first: float, last: float, years: float) -> float:
    """Return the compound growth from first to last, % a year; NaN where one is not above zero."""
    if not (first > 0 and last > 0):
        return NAN
    return 100.0 * float((last / first) ** (1.0 / years) - 1.0)


def deflator(t: Tables, year: int) -> float:
    """Return the mean price level of ``year``, 2010 = 1."""
    rows = t.months[t.months["year"] == year]
    return float(rows["deflator"].mean()) if len(rows) else NAN


def truth(statement: bool | np.bool_) -> float:
    """Return 1.0 where a statement holds, else 0.0, so that replicates can be averaged."""
    return float(bool(statement))


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true values."""
    best = now = 0
    for flag in flags:
        now = now + 1 if flag else 0
        best = max(best, now)
    return best
