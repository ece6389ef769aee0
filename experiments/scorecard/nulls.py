"""The null models of the scorecard, as tables that the same estimators read.

n1: nothing changes after 2003. n2: every rate is constant at its data mean: from the state of 2003
people, money and land change by the mean yearly rate of the data up to 2015, alike in every county
and on every slope; what no data give a rate for stays as it was.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.scorecard.tables import Tables
from model.indicators import COUNTY, VILLAGE

#: Indicators that are states, not what happens in a month.
STOCKS = {i.name for i in (*VILLAGE, *COUNTY) if i.year == "mean"} - {"real_income"}

FILE = Path(__file__).with_name("nulls.toml")


class Rate(NamedTuple):
    """A yearly change: of ``column`` itself (% a year), or of its ratio to ``per`` (points).

    The unit of points is that of the ratio: a share for shares, years for mean ages.
    """

    column: str
    per: str
    yearly: float
    source: str


def load_rates(path: Path = FILE) -> tuple[Rate, ...]:
    """Return the rates of n2."""
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Rate(r["column"], r.get("per", ""), float(r["yearly"]), r["source"])
        for r in content["rate"]
    )


def nothing_changes(t: Tables) -> Tables:
    """Return n1: stocks stay as in January 2003, flows repeat those of 2003."""
    years = np.unique(t.months["year"])
    months = _repeat(t.months, years)
    first = t.months[t.months["month"] == t.months["month"].min()].set_index("county")
    for column in STOCKS & set(months):
        months[column] = months["county"].map(first[column])
    later = {name: _repeat(getattr(t, name), years) for name in Tables._fields[3:]}
    return t._replace(months=months, **later)


def _repeat(table: pd.DataFrame, years: NDArray[np.int64]) -> pd.DataFrame:
    """Return the rows of the first of ``years`` under the number of every year."""
    first = table[table["year"] == years[0]]
    if first.empty:
        return first
    again = pd.concat([first.assign(year=year) for year in years], ignore_index=True)
    if "month" in again:
        again["month"] = again["year"].astype(str) + again["month"].str[4:]
    return again


def constant_rates(t: Tables, rates: tuple[Rate, ...]) -> Tables:
    """Return n2: from the tables of 2003, the ``rates`` applied to months and to land."""
    n1 = nothing_changes(t)
    months, land = n1.months.copy(), n1.land.copy()
    for rate in rates:
        for start, table in ((n1.months, months), (n1.land, land)):
            if rate.column in table and (not rate.per or rate.per in table) and len(table):
                _apply(table, start, rate)
    return n1._replace(months=months, land=land)


def _apply(table: pd.DataFrame, start: pd.DataFrame, rate: Rate) -> None:
    """Change a column of ``table``; its ratios of 2003 are read from ``start``."""
    passed = (table["year"] - table["year"].min()).to_numpy(dtype=float)
    if "month" in table:
        passed = passed + (table["month"].str[5:].astype(int).to_numpy() - 1) / 12.0
    value = start[rate.column].to_numpy(dtype=float)
    if not rate.per:
        table[rate.column] = value * (1.0 + rate.yearly / 100.0) ** passed
        return
    per = start[rate.per].to_numpy(dtype=float)
    share = np.divide(value, per, out=np.zeros_like(value), where=per > 0)
    table[rate.column] = (share + passed * rate.yearly) * table[rate.per].to_numpy(dtype=float)


def trial_unchanged(households: pd.DataFrame, rates: tuple[Rate, ...] = ()) -> pd.DataFrame:
    """Return n1 of a trial: nobody's income or prices change, nobody comes to a terminal.

    It is n2 as well: no data give a rate for what differs between the arms of a trial.
    """
    after = {f"{c}_after": households[f"{c}_before"] for c in ("income", "index", "uses")}
    return households.assign(**after)
