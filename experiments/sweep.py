"""A sweep: the runs of a design into a store, and what a store holds, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from experiments.design import Design
from experiments.engine import run_all
from experiments.kept import outputs_measure
from experiments.keys import code_digest
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.runs import DONE, FAILED
from experiments.store import Store, StoreWriter
from experiments.workers import Workers

NAME = "sweep"
_WORDS = 8


def run_sweep(
    design: Design, out: OutputFolder, progress: Progress, workers: Workers
) -> pd.DataFrame:
    """Do what the store in ``out`` lacks of a design; return its summary, one row per run.

    Where the design keeps the summary it is also written to summary.csv: labels, then indicators.
    Raises what ``run_all`` raises.
    """
    progress.say(
        f"{len(design)} runs ({len(design.levers)} levers x {len(design.points)} points x "
        f"{design.replicates} replicates), keeping {', '.join(design.outputs)}"
    )
    measure = outputs_measure(design.outputs)
    with StoreWriter(out.path, progress.say) as store:
        run_all(
            design.runs(),
            measure,
            store,
            progress,
            workers,
            design=NAME,
            limit_s=design.limit_s,
            origin={"design": design.source, "scenario": design.scenario.resolved()},
        )
        if "summary" not in design.outputs:
            return store.design(NAME)
        table = store.table("summary", design=NAME)
    out.write_csv(table, "summary.csv")
    return table


def describe(path: Path) -> list[str]:
    """Return what a store holds, in lines: done, failed, missing, parameters, time, tables."""
    store = Store(path)
    runs = store.runs()
    parts = store.index.parts()
    size = sum(part.bytes for part in parts) / 1e6
    lines = [_line("store", f"{path}: {len(runs)} runs in {len(parts)} parts, {size:.1f} MB")]
    for name in store.designs():
        lines += _design(name, store.design(name), runs)
    asked = {key for name in store.designs() for key in store.design(name)["key"]}
    done = runs[runs["status"] == DONE]
    if len(done):
        total, mean, longest = (f(done["seconds"]) for f in (sum, pd.Series.mean, max))
        text = f"{_clock(total)} of runs, {mean:.2f} s each (longest {longest:.2f} s)"
        lines.append(_line("time", text))
    lines.append(_line("tables", ", ".join(store.tables()) or "none yet"))
    lines += [_line("broken", str(folder)) for folder in sorted(path.glob("broken-*"))]
    unasked = int((~runs["key"].isin(asked)).sum())
    other = int((runs["code"] != code_digest()).sum())
    if unasked:
        lines.append(
            _line("unused", f"{unasked} runs that no design asks for, {other} by other code")
        )
    failed = runs[runs["status"] == FAILED]
    for error, group in failed.groupby("error", sort=False):
        seeds = ", ".join(map(str, group["seed"].head(_WORDS)))
        lines.append(_line("failed", f"{len(group)} x {error} (seed {seeds})"))
    return lines


def _design(name: str, design: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    status = design["key"].drop_duplicates().map(runs.set_index("key")["status"])
    done, failed = int((status == DONE).sum()), int((status == FAILED).sum())
    missing = len(status) - done - failed
    lines = [_line("design", f"{name}: {done} done, {failed} failed, {missing} missing")]
    labels = design.drop(columns="key")
    return lines + [_line("", f"{column}: {_range(labels[column])}") for column in labels]


def _range(values: pd.Series[Any]) -> str:
    different = values.unique()
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if len(different) <= _WORDS:
        shown = sorted(different) if numeric else different
        return ", ".join(f"{value:g}" if numeric else str(value) for value in shown)
    if numeric:
        return f"{len(different)} values from {values.min():g} to {values.max():g}"
    return f"{len(different)} values, from {different[0]} to {different[-1]}"


def _line(head: str, text: str) -> str:
    return f"{head:<8}{text}"


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 3600:.1f} h"
