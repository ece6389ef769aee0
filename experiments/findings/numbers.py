"""Intervals of the findings, from what the runs have left."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments import homes
from experiments.arms import BARE, BUYING, FULL, NEITHER, OUTCOMES, SELLING
from experiments.bootstrap import Interval, mean_interval, ratio_interval, resamples
from experiments.offset import OFFSET, UNKNOWN, judge
from experiments.replies import Indicator, Replies
from experiments.scorecard.trials import staggered_effect

Values = NDArray[np.float64]
#: Outcomes that are asked about, in the words of a sentence.
WHAT = {
    "labour": "labour at home",
    "land": "land cultivated",
    "product": "village product",
    "living": "the living standard",
}
HORIZONS = range(1, 9)
NO_NUMBER = Interval(float("nan"), float("nan"), float("nan"))


def mean_of(values: Values, rows: NDArray[np.int64]) -> Interval:
    """Return the mean over replicates with its interval; one world has none (NaN)."""
    if len(values) == 1:
        return NO_NUMBER._replace(value=float(values[0]))
    return mean_interval(values, rows)


class Effects(NamedTuple):
    """Loss, return and offset of one outcome (MODEL 1); no offset where no loss can be told."""

    loss: Interval
    gained: Interval
    offset: Interval | None


class Numbers:
    """Last year's outcomes of every cell, by replicate, and intervals of their differences."""

    def __init__(self, replies: Replies, seed: int, extra: dict[str, pd.DataFrame] | None = None):
        self.replies, self.tables = replies, extra or {}
        self.rows = resamples(replies.replicates, seed)

    def has(self, cell: str) -> bool:
        """Tell whether a cell was asked for."""
        return self.replies.asked(cell)

    def values(self, cell: str, outcome: str) -> Values:
        """Return (replicates,) an outcome, or a column of villages.parquet, of the last year."""
        rows = self.replies.last(cell)
        if outcome in OUTCOMES:
            o = OUTCOMES[outcome]
            return Indicator(outcome, o.column, o.per, "level", o.unit).values(rows)
        return rows[outcome].to_numpy(dtype=float)

    def mean(self, values: Values) -> Interval:
        """Return the mean over replicates."""
        return mean_of(values, self.rows)

    def ratio(self, top: Values, bottom: Values) -> Interval:
        """Return the ratio of sums; no number where the lower sum is not above 0."""
        return ratio_interval(top, bottom, self.rows) if (bottom > 0).all() else NO_NUMBER

    def difference(self, cell: str, other: str, outcome: str) -> Interval:
        """Return how much more of an outcome a cell has than another in the same worlds."""
        return self.mean(self.values(cell, outcome) - self.values(other, outcome))

    def effects(self, outcome: str, none: str, bare: str, full: str) -> Effects:
        """Return loss, return and offset from three cells."""
        y = [self.values(cell, outcome) for cell in (none, bare, full)]
        return self._effects(*y)

    def _effects(self, none: Values, bare: Values, full: Values) -> Effects:
        lost, gained = none - bare, full - bare
        loss = self.mean(lost)
        told = (judge(loss) if self.replies.replicates > 1 else UNKNOWN) == OFFSET
        share = ratio_interval(gained, lost, self.rows) if told else None
        return Effects(loss, self.mean(gained), share)

    def by_place(self, level: str, outcome: str) -> dict[str, Effects]:
        """Return place -> effects of the base scenario, of counties or of distances."""
        o = OUTCOMES[outcome]
        table = self.tables["places"]
        table = table[(table["level"] == level) & (table["year"] == table["year"].max())]
        found = {}
        for place, part in table.groupby("place", sort=False):
            y = []
            for arm in (NEITHER, BARE, FULL):
                rows = part[part["cell"] == f"base|{arm}"].sort_values("replicate")
                y.append(Indicator("", o.column, o.per, "level", o.unit).values(rows))
            found[str(place)] = self._effects(*y)
        return found

    def booked(self, cell: str, kind: str, item: str) -> Values:
        """Return (replicates,) an amount of the books, 0 where none was booked."""
        table = self.tables["book"]
        rows = table[(table["cell"] == cell) & (table["kind"] == kind) & (table["item"] == item)]
        by = rows.set_index("replicate")["value"]
        return by.reindex(range(self.replies.replicates), fill_value=0.0).to_numpy(dtype=float)


def by_replicate(table: pd.DataFrame, arm: str) -> list[pd.DataFrame]:
    """Return the rows of an arm, one table per replicate, in their order."""
    rows = table[table["arm"] == arm]
    return [part for _, part in rows.groupby("replicate", sort=True)]


# --- who gains -----------------------------------------------------------------------------------


def home_gains(households: pd.DataFrame) -> pd.DataFrame:
    """Return arm, by, decile, replicate, gain (yuan of 2010 a member and year, ``homes.gains``)."""
    without = by_replicate(households, BARE)
    parts = [
        homes.gains(before, after).assign(arm=arm, replicate=k)
        for arm in (FULL, SELLING, BUYING)
        for k, (before, after) in enumerate(zip(without, by_replicate(households, arm)))
    ]
    table = pd.concat(parts, ignore_index=True)
    table["gain"] = table["gained"] / table["people"]
    return table[["arm", "by", "decile", "replicate", "gain"]]


# --- horizon and selection -----------------------------------------------------------------------


def horizons(panel: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return line, truth (bool), horizon, value, low, high: % of income per rural resident.

    Estimates are staggered differences in differences: counties that enter a programme, drawn
    ("random") or by what they can sell ("programme"), and villages that open a first shop of
    themselves ("self-selected"). ``truth`` is the paired difference of the same places between the
    world as it is and one without the programme, or without access, as many years after entry.
    """
    arms = {arm: by_replicate(panel, arm) for arm in panel["arm"].unique()}
    rows = resamples(len(arms["programme"]), seed)
    lines: list[dict[str, Any]] = []
    cases = (
        ("random", "random", "no programme", _counties),
        ("programme", "programme", "no programme", _counties),
        ("self-selected", "programme", "no access", _villages),
    )
    for name, arm, without, units in cases:
        pairs = [(units(a), units(b)) for a, b in zip(arms[arm], arms[without])]
        for h in HORIZONS:
            for truth in (False, True):
                found = [true_effect(a, b, h) if truth else staggered_effect(a, h)[0]
                         for a, b in pairs]  # fmt: skip
                values = np.array(found)
                at = mean_of(values, rows) if np.isfinite(values).all() else NO_NUMBER
                lines.append({"line": name, "truth": truth, "horizon": h, **at._asdict()})
    return pd.DataFrame(lines)


def _counties(panel: pd.DataFrame) -> pd.DataFrame:
    sums = panel.groupby(["county", "year"])[["real_income", "people_home"]].sum()
    income = (sums["real_income"] / sums["people_home"]).rename("income").reset_index()
    entry = panel.drop_duplicates("county").set_index("county")["entry"]
    return income.assign(cohort=income["county"].map(entry))


def _villages(panel: pd.DataFrame) -> pd.DataFrame:
    """Return villages as units, their cohort the year of their first shop."""
    first = panel[panel["shops"] > 0].groupby("village")["year"].min()
    lived = panel.groupby("village")["people_home"].min() > 0
    earned = panel.groupby("village")["real_income"].min() > 0
    kept = panel[panel["village"].map(lived & earned)]
    income = kept["real_income"] / kept["people_home"]
    return pd.DataFrame({"county": kept["village"], "year": kept["year"], "income": income,
                         "cohort": kept["village"].map(first).astype(float)})  # fmt: skip


def true_effect(with_: pd.DataFrame, without: pd.DataFrame, horizon: int) -> float:
    """Return the mean paired difference of log income ``horizon`` years after entry, %."""
    both = with_.merge(without[["county", "year", "income"]], on=["county", "year"],
                       suffixes=("", "_without"))  # fmt: skip
    at = both[both["year"] == both["cohort"] + horizon]
    if at.empty:
        return float("nan")
    return 100.0 * float(np.expm1((np.log(at["income"]) - np.log(at["income_without"])).mean()))
