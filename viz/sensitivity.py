"""Sensitivity in one picture per indicator: what Morris screened, and how Sobol shares it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.output import OutputFolder
from viz import style

MOST = 12
#: Index -> colour, marker, word.
MARKS = {
    "mu_star": (style.BLUE, "o", "mu*, mean size of the effect"),
    "sigma": (style.ORANGE, "D", "sigma, its spread: interaction or curvature"),
    "first": (style.BLUE, "o", "first order: alone"),
    "total": (style.VERMILION, "s", "total order: with interactions"),
}


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/sensitivity_INDICATOR`` for each indicator that has indices."""
    table = pd.DataFrame(result["indices"])
    written: list[Path] = []
    if table.empty:
        return written
    note = (
        f"Bars: 95% intervals (bootstrap of the design). Worlds of luck: {result['replicates']}, "
        "the same at all points. Parameters over their registered ranges."
    )
    with style.paper():
        for (study, name), part in table.groupby(["study", "indicator"], sort=False):
            figure = style.finish(
                _indicator(part), f"What moves {name} ({study})", provenance, note
            )
            stem = f"sensitivity_{str(name).replace('.', '_')}"
            stem += "" if study == "uncertainties" else f"_{study}"
            written += out.write_figure(figure, stem, provenance)
    return written


def _indicator(part: pd.DataFrame) -> Figure:
    methods = [m for m in ("morris", "sobol") if m in set(part["method"])]
    rows = max(min(MOST, part.loc[part["method"] == m, "parameter"].nunique()) for m in methods)
    height = 1.55 + 0.24 * rows
    figure = Figure(figsize=(style.WIDTH, height))
    low, high = 0.72 / height, 1 - 0.9 / height
    for k, method in enumerate(methods):
        ax = figure.add_axes((0.215 + 0.5 * k, low, 0.265, high - low))
        one = part[part["method"] == method]
        pair = ("mu_star", "sigma") if method == "morris" else ("total", "first")
        _dots(ax, one, pair)
        unit = one["unit"].iloc[0]
        ax.set_title(f"{method.capitalize()}, {unit}", pad=20, x=-0.72)
    return figure


def _dots(ax: Axes, table: pd.DataFrame, pair: tuple[str, str]) -> None:
    """Draw a row per parameter, the strongest on top, an index of ``pair`` above the other."""
    wide = table.set_index(["parameter", "index"])[["value", "half_width"]].unstack()
    order = wide["value"][pair[0]].sort_values(ascending=False, kind="stable").index[:MOST]
    for index, shift in zip(pair, (-0.16, 0.16)):
        colour, marker, word = MARKS[index]
        value = wide["value"][index].loc[order].to_numpy()
        half = np.nan_to_num(wide["half_width"][index].loc[order].to_numpy())
        y = np.arange(len(order)) + shift
        ax.hlines(y, value - half, value + half, color=colour, linewidth=1.8)
        ax.plot(value, y, marker, color=colour, markersize=4.5, markeredgecolor="white",
                markeredgewidth=0.5, label=word)  # fmt: skip
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.axvline(0, color="#9a9a9a", linewidth=0.8)
    ax.grid(axis="x", color="#ececec", linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(style.plain_number))
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.74, 1.0), ncol=1, frameon=False, fontsize=6.5,
              handletextpad=0.2, borderpad=0.0, labelspacing=0.25)  # fmt: skip
