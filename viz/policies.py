"""Packages of policy in two pictures: their effects on each outcome, and who gains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.arms import HEADLINE
from experiments.output import OutputFolder
from viz import deciles, style
from viz.offset import TITLES, _interval, _point, _rows, unit_scale

COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY,
           style.INK)  # fmt: skip


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/policies`` and ``policies_deciles``; return the files written."""
    note = (
        f"Against the same world without a package: {max(result['worlds'], 1)} worlds x "
        f"{result['replicates']} replicates. 95% intervals over them, last 12 months."
    )
    with style.paper():
        figure = style.finish(_effects(pd.DataFrame(result["effects"])),
                              "What each package of policy changes", provenance, note)  # fmt: skip
        written = out.write_figure(figure, "policies", provenance)
        gains = pd.DataFrame(result["deciles"]).rename(columns={"gain": "value"})
        figure = style.finish(deciles.panels(gains, "package", COLOURS),
                              "Who gains: yearly income per registered member", provenance,
                              "Deciles of households of the same world without a package. "
                              "Yuan of 2010, own prices.")  # fmt: skip
        return written + out.write_figure(figure, "policies_deciles", provenance)


def _effects(table: pd.DataFrame) -> Figure:
    packages = list(table["package"].unique())
    tall = max(0.2 * len(packages), 0.3)
    height = 1.35 + 2 * (tall + 0.62)
    figure = Figure(figsize=(style.WIDTH, height))
    for k, name in enumerate(HEADLINE):
        row, column = divmod(k, 2)
        foot = 1 - (0.85 + row * (tall + 0.62) + tall) / height
        ax = figure.add_axes((0.235 + 0.415 * column, foot, 0.175, tall / height))
        one = table[table["outcome"] == name]
        factor, words = unit_scale(
            one["unit"].iloc[0], float(one[["value", "low", "high"]].abs().max().max())
        )
        records: list[dict[str, Any]] = one.to_dict("records")  # type: ignore[assignment]
        for i, found in enumerate(records):
            _point(ax, found, factor, i, COLOURS[i % len(COLOURS)], "o")
            ax.annotate(
                _interval(found, factor), (1.03, i), xycoords=("axes fraction", "data"),
                va="center", fontsize=6,
            )  # fmt: skip
        _rows(ax, packages if column == 0 else [""] * len(packages), TITLES[name])
        words = words.replace(" of 2010 a person and year", " a person, year")
        ax.text(1.03, 1.04, words, transform=ax.transAxes, fontsize=6.5, color=style.GREY)
    return figure
