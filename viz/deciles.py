"""What households gain by decile: one panel ranks them by income, one by age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from viz import style

HEIGHT = 3.3


def panels(table: pd.DataFrame, line: str, colours: Sequence[str]) -> Figure:
    """Draw ``value`` by decile (1 to 10), a line for each value of the column ``line``.

    table : by (income or age), decile, value (yuan a member and year), and where there are
    intervals low and high, drawn as bands. colours : in the order of the lines, used in turn.
    """
    figure = Figure(figsize=(style.WIDTH, HEIGHT))
    for k, by in enumerate(("income", "age")):
        ax = figure.add_axes((0.07 + 0.38 * k, 0.7 / HEIGHT, 0.31, 1 - 1.55 / HEIGHT))
        ends, names, used = [], [], []
        lines = table[table["by"] == by].groupby(line, sort=False)
        for i, (name, part) in enumerate(lines):
            rows = part.sort_values("decile").astype({"value": float})
            colour = colours[i % len(colours)]
            if "low" in rows:
                low, high = (rows[c].to_numpy(dtype=float) for c in ("low", "high"))
                ax.fill_between(rows["decile"], low, high, color=colour, alpha=0.2, linewidth=0)
            ax.plot(rows["decile"], rows["value"], color=colour, marker="o", markersize=2.5)
            ends.append(float(rows["value"].iloc[-1]))
            names.append(str(name))
            used.append(colour)
        ax.axhline(0, color="#9a9a9a", linewidth=0.8)
        ax.set_xticks(np.arange(1, 11))
        ax.set_title(f"Tenths by {by}, low to high", pad=16)
        style.value_axis(ax, "yuan of 2010 a member and year", zero=False)
        if k == 1:
            style.end_labels(ax, 10, ends, names, used)
    return figure


__all__ = ["panels"]
