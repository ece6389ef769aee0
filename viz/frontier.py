"""The frontier in pictures: the offset along each lever with its targets, and over two levers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.output import OutputFolder
from viz import style

COLUMNS = 2


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/frontier``, ``frontier_flips`` and ``frontier_phase``, where there is one."""
    note = (
        f"Outcome: {result['question']['outcome']}, last 12 months. Bands and bars: 95% intervals "
        f"over {result['replicates']} paired replicates (luck only). Dotted: the value now."
    )
    written: list[Path] = []
    levers = [c for c in result["curves"] if c["quantity"] == "offset"]
    flips = [c for c in result["curves"] if c["quantity"] != "offset"]
    with style.paper():
        for stem, curves, title in (
            ("frontier", levers, "How much access would offset the loss"),
            ("frontier_flips", flips, "Where the sign of loss and return turns"),
        ):
            if curves:
                figure = style.finish(_panels(curves, result), title, provenance, note)
                written += out.write_figure(figure, stem, provenance)
        if result["phase"]:
            figure = style.finish(
                _phase(result["phase"], result["question"]["targets"]),
                "The offset over two levers", provenance, note,
            )  # fmt: skip
            written += out.write_figure(figure, "frontier_phase", provenance)
    return written


def _panels(curves: list[dict[str, Any]], result: dict[str, Any]) -> Figure:
    rows = -(-len(curves) // COLUMNS)
    height = 0.95 + 1.9 * rows
    figure = Figure(figsize=(style.WIDTH, height))
    offsets = [c for c in curves if c["quantity"] == "offset"]
    for k, curve in enumerate(curves):
        row, column = divmod(k, COLUMNS)
        foot = 1 - (0.8 + 1.9 * row + 1.1) / height
        ax = figure.add_axes((0.07 + 0.5 * column, foot, 0.36, 1.1 / height))
        _curve(ax, curve, result)
        ax.set_ylim(_limits(offsets if curve in offsets else [curve]))
    return figure


def _limits(curves: list[dict[str, Any]]) -> tuple[float, float]:
    """Return limits in which all curves and 0 lie: offsets share them, to be compared."""
    low = min(0.0, *(min(c["low"]) for c in curves))
    high = max(0.0, *(max(c["high"]) for c in curves))
    margin = 0.15 * (high - low) or 1.0
    return low - margin * (low < 0.0), high + margin


def _curve(ax: Axes, curve: dict[str, Any], result: dict[str, Any]) -> None:
    offset = curve["quantity"] == "offset"
    colour = style.VERMILION if curve["quantity"] != "loss" else style.INK
    x = np.array(curve["x"])
    ax.fill_between(x, curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, curve["value"], color=colour, marker="o", markersize=2.5, linewidth=1.2)
    ax.axhline(0, color="#9a9a9a", linewidth=0.8)
    ax.axvline(curve["now"], color=style.GREY, linewidth=0.8, linestyle=":")
    roots = [
        r for r in result["roots"]
        if (r["parameter"], r["quantity"]) == (curve["parameter"], curve["quantity"])
    ]  # fmt: skip
    for found in roots:
        if found["value"] is not None:
            ax.errorbar(
                found["value"], found["target"],
                xerr=[[max(found["value"] - found["low"], 0)],
                      [max(found["high"] - found["value"], 0)]],
                fmt="D", color=style.BLUE, markersize=4.5, linewidth=1.6,
            )  # fmt: skip
    missed = [f"{r['target']:g}" for r in roots if r["value"] is None and r["least"] <= r["target"]]
    missed += ["none"] if not offset and all(r["value"] is None for r in roots) else []
    if missed:  # of targets that are exceeded everywhere nothing needs to be said
        words = f"{', '.join(missed)}: not reached" if offset else "no change of sign"
        ax.text(0.99, 1.02, words, transform=ax.transAxes, ha="right", fontsize=7,
                color=style.GREY, va="bottom")  # fmt: skip
    ax.set_title(curve["parameter"], pad=16)
    unit = "offset: share of the loss" if offset else f"{curve['quantity']}, {curve['unit']}"
    style.value_axis(ax, unit, zero=False)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def _phase(phase: dict[str, Any], targets: list[float]) -> Figure:
    x, y = np.array(phase["x"]), np.array(phase["y"])
    values = np.array([p["value"] for p in phase["points"]]).reshape(len(y), len(x))
    figure = Figure(figsize=(style.WIDTH * 0.66, 3.9))
    ax = figure.add_axes((0.15, 0.23, 0.62, 0.6))
    mesh = ax.pcolormesh(x, y, values, cmap="cividis", shading="nearest")
    middle = (values.min() + values.max()) / 2
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            ax.text(x[j], y[i], f"{value:.2g}", ha="center", va="center", fontsize=7,
                    color="white" if value < middle else style.INK)  # fmt: skip
    reached = [t for t in targets if values.min() < t < values.max()]
    if reached:
        lines = ax.contour(x, y, values, levels=sorted(reached), colors=style.VERMILION)
        ax.clabel(lines, fontsize=7)
    else:
        ax.set_title("no target is reached on the grid", fontweight="normal", fontsize=8)
    ax.set_xlabel(phase["levers"][0])
    ax.set_ylabel(phase["levers"][1])
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.81, 0.23, 0.025, 0.6)))
    bar.set_label("offset, share of the loss")
    bar.ax.yaxis.set_major_formatter(FuncFormatter(style.plain_number))
    return figure
