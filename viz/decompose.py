"""What loss and return are made of, a row per outcome: the parts, and the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.arms import HEADLINE
from experiments.output import OutputFolder
from viz import style
from viz.offset import TITLES, _interval, _point, _rows, unit_scale

COLOURS = (style.INK, style.BLUE, style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE)


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/decompose_loss`` and ``decompose_return``."""
    table = pd.DataFrame(result["values"])
    written: list[Path] = []
    with style.paper():
        for name, whole in result["wholes"].items():
            note = (
                f"{name.capitalize()}: {whole['meaning']}. Shapley values: parts add up to the "
                f"whole. 95% intervals over {result['replicates']} paired replicates (luck only)."
            )
            figure = style.finish(
                _whole(table[table["whole"] == name]),
                f"What the {name} is made of, last 12 months",
                provenance,
                note,
            )
            written += out.write_figure(figure, f"decompose_{name}", provenance)
    return written


def _whole(table: pd.DataFrame) -> Figure:
    parts = list(table["part"].unique())
    tall = 0.2 * len(parts)
    height = 1.35 + 2 * (tall + 0.62)
    figure = Figure(figsize=(style.WIDTH, height))
    for k, name in enumerate(HEADLINE):
        row, column = divmod(k, 2)
        foot = 1 - (0.85 + row * (tall + 0.62) + tall) / height
        ax = figure.add_axes((0.13 + 0.5 * column, foot, 0.195, tall / height))
        one = table[table["outcome"] == name]
        factor, words = unit_scale(
            one["unit"].iloc[0], float(one[["value", "low", "high"]].abs().max().max())
        )
        records: list[dict[str, Any]] = one.to_dict("records")  # type: ignore[assignment]
        for i, found in enumerate(records):
            _point(ax, found, factor, i, COLOURS[i], "D" if found["part"] == "whole" else "o")
            ax.annotate(
                _interval(found, factor), (1.03, i), xycoords=("axes fraction", "data"),
                va="center", fontsize=6.5,
            )  # fmt: skip
        _rows(ax, parts, TITLES[name])
        words = words.replace(" of 2010 a person and year", " a person, year")
        ax.text(1.03, 1.04, words, transform=ax.transAxes, fontsize=6.5, color=style.GREY)
    return figure
