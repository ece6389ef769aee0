"""What a calibration found: screening against noise, and the posterior beside the prior."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.calibrate import rounded
from experiments.output import OutputFolder
from experiments.screening import LEAST
from viz import style


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/calibrate_screening`` and, where there is one, ``calibrate_posterior``."""
    written: list[Path] = []
    with style.paper():
        rows = [row for row in result["screening"] if np.isfinite(row["ratio"])]
        if rows:
            note = (
                "Morris's mu* of the number that a parameter moves most, over the standard "
                "deviation of that number between seeds. At or left of the line a parameter "
                "cannot be told from luck and is not calibrated."
            )
            figure = style.finish(_screening(rows), "What the facts can tell", provenance, note)
            written += out.write_figure(figure, "calibrate_screening", provenance)
        if result.get("posterior"):
            note = (
                "Grey: the range that was searched. Bar: 95% of the posterior; tick: its median; "
                "diamond: the best point. Hollow: the facts say nothing, the prior stands."
            )
            figure = style.finish(_posterior(result), "Prior and posterior", provenance, note)
            written += out.write_figure(figure, "calibrate_posterior", provenance)
    return written


def _axes(rows: int) -> tuple[Figure, Any]:
    height = 1.6 + 0.24 * rows
    figure = Figure(figsize=(style.WIDTH, height))
    axes = figure.add_axes((0.32, 0.95 / height, 0.44, 1 - 1.6 / height))
    axes.set_ylim(rows - 0.4, -0.6)
    return figure, axes


def _screening(rows: list[dict[str, Any]]) -> Figure:
    rows = sorted(rows, key=lambda row: -row["ratio"])
    figure, axes = _axes(len(rows))
    for y, row in enumerate(rows):
        colour = style.BLUE if row["calibrated"] else style.GREY
        axes.plot([0, row["ratio"]], [y, y], color=colour, linewidth=1.2)
        axes.plot(row["ratio"], y, "o", color=colour, markersize=4)
        axes.annotate(
            row["moment"], (1.03, y), xycoords=("axes fraction", "data"), va="center", fontsize=6.5
        )
    axes.axvline(LEAST, color=style.VERMILION, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["parameter"] for row in rows])
    farthest = max(2.0 * LEAST, 1.3 * rows[0]["ratio"])
    ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if t <= farthest]
    axes.set_xscale("symlog", linthresh=LEAST)
    axes.set_xticks(ticks, [f"{t}" for t in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(0, farthest)
    axes.set_xlabel("mu* over the standard deviation between seeds")
    return figure


def _posterior(result: dict[str, Any]) -> Figure:
    rows = result["posterior"]
    best = result.get("best", {}).get("point", {})
    figure, axes = _axes(len(rows))
    for y, row in enumerate(rows):
        low, span = row["prior_low"], row["prior_high"] - row["prior_low"]

        def at(value: float, low: float = low, span: float = span) -> float:
            return (value - low) / span

        face = style.BLUE if row["informed"] else "white"
        axes.barh(y, 1, height=0.3, color=style.FAINT, zorder=0)
        axes.barh(y, at(row["high"]) - at(row["low"]), left=at(row["low"]), height=0.42,
                  color=face, edgecolor=style.BLUE, linewidth=0.8)  # fmt: skip
        inner = "white" if row["informed"] else style.BLUE
        axes.plot([at(row["median"])] * 2, [y - 0.2, y + 0.2], color=inner, linewidth=1.2)
        if row["parameter"] in best:
            axes.plot(at(best[row["parameter"]]), y, "D", color=style.VERMILION, markersize=4)
        for x, value in ((-0.015, row["prior_low"]), (1.015, row["prior_high"])):
            axes.text(x, y, f"{value:,g}", ha="right" if x < 0 else "left", va="center",
                      fontsize=6.2, color=style.GREY)  # fmt: skip
        axes.annotate(f"{rounded(row['low'])} to {rounded(row['high'])}", (1.17, y), fontsize=6.5,
                      xycoords=("axes fraction", "data"), va="center")  # fmt: skip
    axes.set_yticks(range(len(rows)), [row["parameter"] for row in rows])
    axes.tick_params(axis="y", pad=30)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure
