"""The trial in pictures: what a terminal does, to whom, and how well the trial would know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.output import OutputFolder
from experiments.trial import GROUPS
from viz import style

Found = dict[str, Any]
#: Outcome -> title and unit of its panel.
PANELS = {
    "income": ("Household income", "effect, %"),
    "index": ("Cost of living", "effect on retail tradables, %"),
    "uses": ("Users of a terminal", "effect, points"),
}
MARKS = {"ITT": (style.BLUE, "o", "by assignment"), "TOT": (style.VERMILION, "s", "on the treated")}


def trial_figures(result: Found, out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/trial`` (effects by group) and ``trial_power``; return the files written.

    result : what ``experiments.trial.run_trial`` returns.
    """
    written = []
    with style.paper():
        for stem, draw in (("trial", _effects), ("trial_power", _power)):
            figure, title, note = draw(result)
            style.finish(figure, title, provenance, note)
            written += out.write_figure(figure, stem, provenance)
    return written


def _effects(result: Found) -> tuple[Figure, str, str]:
    figure = Figure(figsize=(style.WIDTH, 3.5))
    grid = figure.add_gridspec(1, 3, left=0.155, right=0.985, top=0.79, bottom=0.285, wspace=0.12)
    found = {(r["group"], r["outcome"], r["estimator"]): r for r in result["effects"]}
    for column, (outcome, (title, unit)) in enumerate(PANELS.items()):
        axes = figure.add_subplot(grid[column])
        for shift, (name, (colour, marker, _)) in zip((-0.13, 0.13), MARKS.items()):
            for row, group in enumerate(GROUPS):
                _interval(axes, found[group, outcome, name], row + shift, colour, marker)
        axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=0)
        axes.set_ylim(len(GROUPS) - 0.5, -0.5)
        axes.set_yticks(range(len(GROUPS)), GROUPS if column == 0 else [""] * len(GROUPS))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_title(title)
        axes.set_xlabel(unit)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color="#ececec", linewidth=0.6)
    _legend(figure)
    d = result["design"]
    note = (
        f"Means over {d['trials']} trials of {d['villages']:.0f} villages and their 95% intervals "
        f"(Student). First stage {d['first_stage']:.2f}. Near and remote: by the trial's median "
        f"travel time to the seat. Served: parcels came before. Baseline {d['baseline']}, "
        f"{d['months']} months."
    )
    return figure, "What a village terminal does in a year", note


def _interval(axes: Axes, row: dict[Any, Any], at: float, colour: str, marker: str) -> None:
    if not np.isfinite(row["value"]):
        return
    if np.isfinite(row["low"]):
        axes.plot([row["low"], row["high"]], [at, at], color=colour, linewidth=1.4)
    axes.plot(row["value"], at, marker, color=colour, markersize=4.5)


def _legend(figure: Figure) -> None:
    """Name the two estimators above the panels, in their colours."""
    x = 0.155
    for colour, marker, words in MARKS.values():
        axes = figure.add_axes((x, 0.885, 0.02, 0.03))
        axes.set_axis_off()
        axes.plot(0, 0, marker, color=colour, markersize=4.5)
        figure.text(x + 0.024, 0.9, words, fontsize=8, va="center")
        x += 0.15


def _power(result: Found) -> tuple[Figure, str, str]:
    figure = Figure(figsize=(style.WIDTH, 3.5))
    grid = figure.add_gridspec(1, 2, left=0.07, right=0.97, top=0.8, bottom=0.285, wspace=0.22)
    _singles(figure.add_subplot(grid[0]), result["table"])
    axes = figure.add_subplot(grid[1])
    power = {float(by): share for by, share in result["power"].items()}
    axes.plot(list(power), list(power.values()), "-o", color=style.BLUE, markersize=4)
    axes.axhline(80, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.text(14, 74, "usual aim: 80%", color=style.GREY, fontsize=7)
    axes.set_ylim(0, 104)
    style.value_axis(axes, "% of placebo draws with an interval above 0")
    axes.set_title("Power", pad=16)
    axes.set_xlabel("income effect put in, %")
    income = result["income"]
    note = (
        f"{income['holds_zero']:.0f}% of the single intervals hold 0. Placebo: "
        f"{result['placebo_draws']} draws of arms in worlds without a terminal, of which "
        f"{result['size']:.1f}% leave out 0 (nominal 5%; at effect 0 only the upper half shows)."
    )
    return figure, "How well a trial of this size would know", note


def _singles(axes: Axes, found: pd.DataFrame) -> None:
    """Draw the interval of every single trial's income effect, in order of size."""
    rows = found[
        (found["group"] == "all") & (found["outcome"] == "income") & (found["estimator"] == "ITT")
    ].sort_values("value")
    records: list[Any] = rows.to_dict("records")
    for at, row in enumerate(records):
        holds = row["low"] <= 0.0 <= row["high"]
        _interval(axes, row, float(at), style.BLUE if holds else style.VERMILION, "o")
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=0)
    axes.set_yticks([])
    axes.set_ylim(-1, max(len(rows), 1))
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="#ececec", linewidth=0.6)
    axes.set_title("Income effect, trial by trial", pad=16)
    axes.set_xlabel("intention to treat, %; vermilion: leaves out 0")
