"""One run: the model stepped to its end, and the tables that it leaves."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numba.core import event
from numpy.typing import NDArray

from experiments.output import OutputFolder, provenance
from experiments.panel import Panel
from experiments.progress import Progress
from model import RuralUrbanModel
from model.calendar import month_name
from model.extraction import ITEMS
from model.indicators import VILLAGE
from model.kernels import helped
from model.ledger import FLOWS
from model.scenario import Scenario

#: Indicators of the summary: name in the summary -> column; the last 12 months.
SUMMARY = {
    "people_home": "people_home",
    "workers_at_home": "labour_home",
    "migrants_out": "migrants_out",
    "mu_cultivated": "mu_cultivated",
    "mu_idle": "mu_idle",
    "mu_leased": "mu_leased",
    "village_product": "village_product",
    "shops": "shops",
    "shop_turnover": "shop_turnover",
}

_INDICATORS = {indicator.name: indicator for indicator in VILLAGE}

#: Rows of villages that a run holds before it writes them down.
ROWS_HELD = 10_000


class Stopwatch(event.Listener):
    """Adds up the seconds that numba spends compiling (compiling within compiling once)."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._open: list[float] = []

    def on_start(self, event: Any) -> None:
        """Note when a compilation begins."""
        self._open.append(time.perf_counter())

    def on_end(self, event: Any) -> None:
        """Add its length, if it is not part of another."""
        began = self._open.pop()
        if not self._open:
            self.seconds += time.perf_counter() - began


@contextmanager
def compiling(progress: Progress | None = None) -> Iterator[Stopwatch]:
    """Measure compilation and announce it; where nothing is compiled yet, help it along."""
    watch = Announcer(progress)
    with helped() as cold, event.install_listener("numba:compile", watch):
        if cold:
            watch.announce()
        yield watch


class Announcer(Stopwatch):
    """A stopwatch that says, after two seconds at the latest, that a first run compiles."""

    def __init__(self, progress: Progress | None):
        super().__init__()
        self.progress = progress

    def on_end(self, event: Any) -> None:
        """Add up, and say so the first time that it is worth saying."""
        super().on_end(event)
        if self.seconds > 2.0:
            self.announce()

    def announce(self) -> None:
        """Say it, once."""
        if self.progress is not None:
            self.progress.say("compiling the rules, once for this version and machine")
            self.progress = None


def peak_memory_mb() -> float | None:
    """Return the largest memory that this process has held (MB); None where nobody counts it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def run_scenario(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    *,
    threads: int = 1,
    import_s: float | None = None,
) -> dict[str, Any]:
    """Run ``scenario`` with ``seed`` and write its files into ``out``; return ``run.json``.

    threads : counties worked out at once, at most. import_s : seconds that the caller spent
    importing, for the record.
    Files: run.json, months.parquet, flows.parquet, villages.parquet, extraction.parquet,
    goods.parquet, and with ``panel`` households.parquet and plots.parquet (each December).
    """
    origin = provenance(scenario, seed)
    villages = out.growing_parquet("villages.parquet", origin)
    with compiling(progress) as watch, villages:
        began = time.perf_counter()
        model = RuralUrbanModel(scenario, seed, threads)
        panel = Panel(model) if scenario.panel else None
        for month in range(scenario.months):
            model.step()
            if panel is not None:
                panel.collect()
            if len(model.records.villages) * len(model.villages) >= ROWS_HELD:
                villages.add(model.records.take_villages())
            progress(month + 1, scenario.months)
        if model.records.villages:
            villages.add(model.records.take_villages())
        months = model.records.months_table()
        out.write_parquet(months, "months.parquet", origin)
        out.write_parquet(flows_table(model), "flows.parquet", origin)
        names = model.region.counties["name_en"].tolist()
        out.write_parquet(model.extraction.table(names), "extraction.parquet", origin)
        out.write_parquet(model.goods_account.table(), "goods.parquet", origin)
        for name, table in panel.tables().items() if panel is not None else ():
            out.write_parquet(table, f"{name}.parquet", origin)
        wall = time.perf_counter() - began
    report = {
        **origin,
        "threads": threads,
        "import_s": None if import_s is None else round(import_s, 3),
        "wall_s": round(wall - watch.seconds, 3),
        "compile_s": round(watch.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
        "worst_breach": model.ledger.worst_breach if scenario.strict else None,
        "filled_series": model.series.filled,
        "assumed_of_the_region": list(model.region.filled),
        "summary": summary(months) | model.extraction.totals(),
    }
    out.write_json("run.json", report)
    return report


def flows_table(model: RuralUrbanModel) -> pd.DataFrame:
    """Return month, payer, payee, kind, county, yuan of every flow that is not 0."""
    flows = np.array(model.records.flows)
    at, line, county = np.nonzero(flows)
    months = words([month_name(t) for t in model.records.months])
    names = model.region.counties["name_en"].to_numpy()
    return pd.DataFrame(
        {
            "month": months[at],
            "payer": words([f.payer.name for f in FLOWS])[line],
            "payee": words([f.payee.name for f in FLOWS])[line],
            "kind": words([f.kind for f in FLOWS])[line],
            "line": words([f.name for f in FLOWS])[line],
            "county": names[county],
            "yuan": flows[at, line, county],
        }
    )


def words(texts: list[str]) -> NDArray[np.object_]:
    """Return texts as references: a row that repeats one costs 8 bytes, not a copy of it."""
    return np.array(texts, dtype=object)


def summary(months: pd.DataFrame) -> dict[str, float]:
    """Return the region's figures of the last twelve months (means of stocks, sums of flows)."""
    by_month = months.groupby("month", sort=True).sum(numeric_only=True).tail(12)
    found = {}
    for name, column in SUMMARY.items():
        values = by_month[column]
        found[name] = float(values.sum() if _INDICATORS[column].year == "sum" else values.mean())
    return found


def lines(figures: dict[str, float], months: int) -> list[str]:
    """Return what the terminal shows of ``summary`` and of extraction and return.

    months : how many were written down; twelve of them at most are summed up.
    """
    said = ["region, last twelve months" if months >= 12 else f"region, {months} months"]
    for name, column in SUMMARY.items():
        one, value = _INDICATORS[column], figures[name]
        if one.year == "sum":
            said.append(_line(2, name, value / 1e6, f"million yuan of 2010: {one.meaning}"))
        else:
            said.append(_line(2, name, value, f"{one.unit}: {one.meaning}"))
    said += ["", "from the start on, million yuan of 2010 (memo: in neither sum)"]
    for side, words in (("extraction", "left the villages"), ("return", "came back")):
        said.append(_line(2, side, figures[side] / 1e6, words))
        for item in ITEMS:
            if item.side == side:
                memo = "memo: " if item.memo else ""
                value = figures[f"{side}_{item.name}"] / 1e6
                said.append(_line(4, item.name, value, memo + item.meaning))
    return said


def _line(indent: int, name: str, value: float, words: str) -> str:
    number = f"{value:,.0f}"
    number = "0" if number == "-0" else number
    return f"{' ' * indent}{name:<{21 - indent}}{number:>11}  {words}"
