"""What runs reply to a question: the region by year, and indicators computed from arms of it.

Every experiment that asks for one number per scenario (sensitivity, frontier, decompose, the second
interval of offset) keeps the same table of a run, so that they share runs where folders are shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.arms import ARMS, BARE, FULL, NEITHER, OUTCOMES
from experiments.engine import run_all
from experiments.kept import warm
from experiments.progress import Progress
from experiments.run import SUMMARY
from experiments.runs import Measure, Run
from experiments.store import StoreWriter
from experiments.workers import Workers
from model import RuralUrbanModel
from model.errors import InputError
from model.indicators import VILLAGE
from model.scenario import Scenario

Values = NDArray[np.float64]
KINDS = ("loss", "return", "offset")
#: Columns that a year takes the sum of: flows, and what the outcomes of offset sum.
_SUMMED = {i.name for i in VILLAGE if i.year == "sum"}
_SUMMED |= {outcome.column for outcome in OUTCOMES.values() if outcome.flow}
_UNITS = {i.name: i.unit.replace(" a month", " a year") for i in VILLAGE}


def region_by_year(months: pd.DataFrame) -> pd.DataFrame:
    """Return one row per year: sums over villages, means of stocks and sums of flows."""
    columns = [i.name for i in VILLAGE]
    month = months.groupby("month", sort=True)[columns].sum()
    grouped = month.groupby(month.index.str[:4].astype(int))
    table = grouped.mean()
    summed = [c for c in columns if c in _SUMMED]
    table[summed] = grouped[summed].sum()
    return table.rename_axis("year").reset_index()


def _reply(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    model = RuralUrbanModel(scenario, seed).run()
    table = region_by_year(model.records.months_table())
    model.release()
    return {"region": table}


REGION = Measure("region-1", _reply, warm)


class Indicator(NamedTuple):
    """A number of the last twelve months: a column of one run, or what arms of it differ by.

    name : as users write it. column, per : what is read, and whom it is divided by. kind : "level",
    "loss", "return" or "offset" (MODEL 1).
    """

    name: str
    column: str
    per: str
    kind: str
    unit: str

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms that it needs."""
        return {
            "level": (FULL,),
            "loss": (NEITHER, BARE),
            "return": (BARE, FULL),
            "offset": (NEITHER, BARE, FULL),
        }[self.kind]

    def parts(self, last: Mapping[str, pd.DataFrame]) -> tuple[Values, Values]:
        """Return top and bottom, (replicates,): the indicator is the ratio of their sums.

        last : arm -> the row of the last year by replicate.
        """
        y = {arm: self.values(last[arm]) for arm in self.arms}
        one = np.ones(len(next(iter(y.values()))))
        if self.kind == "level":
            return y[FULL], one
        if self.kind == "loss":
            return y[NEITHER] - y[BARE], one
        gained = y[FULL] - y[BARE]
        return (gained, one) if self.kind == "return" else (gained, y[NEITHER] - y[BARE])

    def value(self, last: Mapping[str, pd.DataFrame]) -> float:
        """Return the indicator; NaN for an offset whose loss is not above 0."""
        top, bottom = self.parts(last)
        return float(top.sum() / bottom.sum()) if bottom.sum() > 0 else float("nan")

    def values(self, rows: pd.DataFrame) -> Values:
        """Return the column of one run by replicate, per head where it is so."""
        top = rows[self.column].to_numpy(dtype=float)
        return top / np.maximum(rows[self.per].to_numpy(dtype=float), 1e-9) if self.per else top


def indicator(name: str, where: object = "--indicator") -> Indicator:
    """Return the indicator of that name; InputError with what is valid for another one.

    name : ``offset.labour`` (or loss, return, and any outcome), a name of the summary, or a column
    of villages.parquet.
    """
    kind, dot, outcome = name.partition(".")
    if dot and kind in KINDS and outcome in OUTCOMES:
        o = OUTCOMES[outcome]
        unit = "share of the loss" if kind == "offset" else o.unit
        return Indicator(name, o.column, o.per, kind, unit)
    column = SUMMARY.get(name, name)
    if column not in _UNITS:
        valid = f"{', '.join(KINDS)} with .{', .'.join(OUTCOMES)}; {', '.join(SUMMARY)}"
        raise InputError(where, name, valid=f"{valid}; or a column of ruralflow parameters "
                         "--columns")  # fmt: skip
    return Indicator(name, column, "", "level", _UNITS[column])


class Replies:
    """Scenarios that were asked for, each on the same replicates, and what they replied.

        with StoreWriter(out.path) as store:
            replies = Replies(store, progress, workers, design="frontier", seed=1, replicates=4)
            replies.ask({"half": (scenario, {"access.scale": 0.5})})
            replies.last("half")

    What the store holds is not run again. Raises RuntimeError where runs failed: an answer computed
    from the rest would be another question's.
    """

    def __init__(
        self,
        store: StoreWriter,
        progress: Progress,
        workers: Workers,
        *,
        design: str,
        seed: int,
        replicates: int,
        measure: Measure = REGION,
        origin: dict[str, Any] | None = None,
    ):
        self.store, self.progress, self.workers = store, progress, workers
        self.design, self.seed, self.replicates = design, seed, replicates
        self.measure, self.origin = measure, origin
        self._cells: dict[str, tuple[Scenario, dict[str, Any]]] = {}
        self._last: dict[str, pd.DataFrame] = {}
        self.table = pd.DataFrame()

    def ask(self, cells: Mapping[str, tuple[Scenario, dict[str, Any]]]) -> None:
        """Do what is missing of ``cells``, name -> scenario and labels, and of those before."""
        self._cells.update(cells)
        runs = [
            Run(scenario, self.seed + i, {"cell": name, **labels, "replicate": i})
            for name, (scenario, labels) in self._cells.items()
            for i in range(self.replicates)
        ]
        try:
            run_all(
                runs, self.measure, self.store, self.progress, self.workers,
                design=self.design, origin=self.origin,
            )  # fmt: skip
        except RuntimeError as problem:
            raise RuntimeError(
                f"the design is incomplete, nothing is computed: {problem}"
            ) from None
        self.table = self.store.table("region", design=self.design)
        rows = self.table[self.table["year"] == self.table["year"].max()]
        self._last = {
            str(name): part.sort_values("replicate") for name, part in rows.groupby("cell")
        }

    @property
    def runs(self) -> int:
        """Return how many runs were asked for."""
        return len(self._cells) * self.replicates

    def asked(self, cell: str) -> bool:
        """Return whether a cell was asked for."""
        return cell in self._cells

    def last(self, cell: str) -> pd.DataFrame:
        """Return the last year of a cell, one row per replicate."""
        return self._last[cell]

    def arms(self, point: str) -> dict[str, pd.DataFrame]:
        """Return arm -> last year, of the arms that were asked for at a point (see ``cells``)."""
        return {arm: self._last[f"{point}|{arm}"] for arm in ARMS if f"{point}|{arm}" in self._last}


def cells(
    point: str, scenario: Scenario, arms: tuple[str, ...], labels: dict[str, Any]
) -> dict[str, tuple[Scenario, dict[str, Any]]]:
    """Return the cells of a point: ``scenario`` under each arm, named ``point|arm``."""
    return {
        f"{point}|{arm}": (scenario.with_(**ARMS[arm]), {"point": point, "arm": arm, **labels})
        for arm in arms
    }


def check_years(scenario: Scenario, command: str) -> None:
    """Raise InputError unless a run covers whole years from 2003 on."""
    if scenario.start_month > 0:
        raise InputError(
            command, "start", scenario.start, "2003-01: what is compared is measured over all years"
        )
    if scenario.months % 12:
        raise InputError(command, "months", scenario.months, "whole years, a multiple of 12")
