"""The headline as a picture: what the pull took, what access returns, and through which channel."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.arms import HEADLINE
from experiments.offset import OFFSET
from experiments.output import OutputFolder
from viz import style
from viz.figures import short

_SPAN = "last 12 months"
_BARS = (
    ("loss", "#6b6b6b"),
    ("return", style.BLUE),
    ("selling", style.SKY),
    ("buying", style.ORANGE),
)


def offset_figures(
    result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]
) -> list[Path]:
    """Draw ``figures/offset`` and ``figures/offset_by_year`` as PNG and SVG; return the files.

    result : the content of offset.json.
    """
    intervals = f"95% intervals over {result['replicates']} paired replicates (luck only)."
    note = "\n".join([intervals, *textwrap.wrap(result["no_pull"], 120)])
    written = []
    with style.paper():
        figure = style.finish(_headline(result), "Loss and return", provenance, note)
        written += out.write_figure(figure, "offset", provenance)
        if len(next(iter(result["by_year"].values()))) > 1:
            figure = style.finish(_by_year(result), "Loss and return by year", provenance, note)
            written += out.write_figure(figure, "offset_by_year", provenance)
    return written


def _headline(result: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.8))
    for k, name in enumerate(HEADLINE):
        axes = figure.add_axes((0.09 + 0.5 * (k % 2), 0.61 - 0.40 * (k // 2), 0.34, 0.21))
        outcome = result["outcomes"][name]
        found = outcome[_SPAN]
        quantities = {"loss": found["loss"], "return": found["return"]}
        quantities |= {c: found["channels"][c]["return"] for c in ("selling", "buying")}
        scale, word = _scale(quantities)
        _bars(axes, quantities, scale)
        axes.set_title(f"{outcome['label']}\n{_verdict(found)}", fontsize=8, loc="left")
        axes.set_xlabel(word + outcome["unit"], fontsize=7)
    return figure


def _scale(quantities: dict[str, dict[str, float]]) -> tuple[float, str]:
    """Return by how much the values are divided, and the word for it before the unit."""
    size = max(abs(q["value"]) for q in quantities.values())
    return (1e6, "million ") if size >= 1e6 else (1e3, "thousand ") if size >= 1e4 else (1.0, "")


def _bars(axes: Axes, quantities: dict[str, dict[str, float]], scale: float) -> None:
    """Draw each quantity as a bar from 0 with its interval and its value."""
    for row, (name, colour) in enumerate(_BARS):
        q = {key: value / scale for key, value in quantities[name].items()}
        axes.barh(-row, q["value"], 0.62, color=colour)
        axes.plot([q["low"], q["high"]], [-row, -row], color="black", linewidth=1.0)
        at = max(q["value"], q["high"], 0.0)
        axes.text(at, -row, f" {short(q['value'])}", va="center", fontsize=7)
    axes.axvline(0.0, color="black", linewidth=0.6)
    axes.set_yticks([-row for row in range(len(_BARS))], [name for name, _ in _BARS], fontsize=7)
    axes.margins(x=0.22)
    axes.tick_params(axis="x", labelsize=6.5)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _verdict(found: dict[str, Any]) -> str:
    if found["verdict"] != OFFSET:
        return str(found["verdict"])
    o = found["offset"]
    return f"offset {short(o['value'])} [{short(o['low'])}, {short(o['high'])}]"


def _by_year(result: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(style.WIDTH, 4.8))
    for k, name in enumerate(HEADLINE):
        axes = figure.add_axes((0.09 + 0.5 * (k % 2), 0.60 - 0.40 * (k // 2), 0.36, 0.23))
        years = result["by_year"][name]
        x = np.array([int(year) for year in years])
        for quantity, colour in (("loss", "#6b6b6b"), ("return", style.BLUE)):
            low, value, high = (
                np.array([found[quantity][key] for found in years.values()])
                for key in ("low", "value", "high")
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
            axes.plot(x, value, color=colour)
            axes.text(x[-1], value[-1], f" {quantity}", color=colour, fontsize=7, va="center")
        axes.axhline(0.0, color="black", linewidth=0.6)
        outcome = result["outcomes"][name]
        axes.set_title(f"{outcome['label']}, {outcome['unit']}", fontsize=8, loc="left")
        axes.tick_params(labelsize=6.5)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4))
        axes.yaxis.get_offset_text().set_fontsize(6.5)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
