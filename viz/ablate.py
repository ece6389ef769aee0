"""The table of ablations as a picture: targets by mechanisms, how far they move, which fall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments.output import OutputFolder
from viz import style

#: Moves beyond these are drawn as these.
LEAST, MOST = 0.1, 10.0


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/ablate``."""
    note = (
        f"Shade: the largest move of a target's numbers, in units of {result['unit']}. Cross: the "
        "target falls without the mechanism; ring: one of its numbers leaves its band; plus: it "
        f"rises. Blue names of targets: pass with all mechanisms. {result['replicates']} seeds."
    )
    with style.paper():
        figure = style.finish(_table(result), "What rests on which mechanism", provenance, note)
        return out.write_figure(figure, "ablate", provenance)


def _table(result: dict[str, Any]) -> Figure:
    table = pd.DataFrame(result["targets"])
    names = [m["name"] for m in result["mechanisms"]]
    targets = list(dict.fromkeys(table["target"]))
    wide = table.set_index(["target", "without"])
    height = 2.55 + 0.2 * len(targets)
    figure = Figure(figsize=(style.WIDTH, height))
    width = min(0.056 * len(names), 0.73)
    axes = figure.add_axes((0.1, 0.85 / height, width, 1 - 2.55 / height))
    moved = np.array([[abs(wide.loc[(t, n), "moved"]) for n in names] for t in targets])
    shown = np.clip(np.nan_to_num(moved, nan=MOST, posinf=MOST), LEAST, MOST)
    image = axes.imshow(shown, cmap="Greys", norm=LogNorm(LEAST, 3 * MOST), aspect="auto")
    for y, target in enumerate(targets):
        for x, name in enumerate(names):
            _mark(axes, x, y, wide.loc[(target, name)])
    passing = {t: (wide.loc[[t], "becomes"].isin(["falls", "holds"])).any() for t in targets}
    axes.set_yticks(range(len(targets)), targets)
    for label in axes.get_yticklabels():
        label.set_color(style.BLUE if passing[label.get_text()] else style.INK)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for x in range(len(names) - 1):
        axes.axvline(x + 0.5, color="white", linewidth=0.6)
    for y in range(len(targets) - 1):
        axes.axhline(y + 0.5, color="white", linewidth=0.6)
    bar = figure.colorbar(image, cax=figure.add_axes((0.13 + width, 0.85 / height, 0.015, 0.3)))
    bar.ax.set_ylim(LEAST, MOST)
    bar.ax.set_yticks([LEAST, 1, MOST], [f"\N{LESS-THAN OR EQUAL TO} {LEAST:g}", "1", "10"])
    bar.ax.set_yticks([], minor=True)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return figure


def _mark(axes: Any, x: int, y: int, row: pd.Series) -> None:
    if row["becomes"] == "falls":
        axes.plot(x, y, "X", color=style.VERMILION, markersize=7, markeredgecolor="white")
    elif row["left"]:
        axes.plot(x, y, "o", markersize=6, markerfacecolor="none", color=style.VERMILION)
    elif row["becomes"] == "rises":
        axes.plot(x, y, "P", color=style.BLUE, markersize=7, markeredgecolor="white")
