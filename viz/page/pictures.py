"""Figures of both arms for a paper: maps of a layer, series, and who gains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm, TwoSlopeNorm
from matplotlib.figure import Figure

from experiments.output import OutputFolder
from model.calendar import FIRST_YEAR, month_name
from viz import style
from viz.page.arms import COLOUR, NAMES
from viz.page.charts import gains_of
from viz.page.indicators import BY_KEY, unit_of, units, values_of
from viz.page.layers import LAYERS, OUTSIDE
from viz.page.memory import GROUPS
from viz.page.session import Session

_SERIES = ("labour", "land", "product", "living", "shops", "away")
_GAP = LinearSegmentedColormap.from_list(
    "gap", ["#b35806", "#fdd0a2", "#f4f3f0", "#bdd0e8", "#08306b"]
)


def arms_figures(
    session: Session, words: tuple[str, str], layer: int, out: OutputFolder, origin: dict[str, Any]
) -> list[Path]:
    """Draw ``figures/maps``, ``series`` and ``gains`` as PNG and SVG; return the files.

    words : what arm A and B are. layer : the layer of the maps.
    """
    note = f"A: {words[0]}. B: {words[1]}. The same world and luck in both."
    written = []
    with style.paper():
        drawn = {"maps": _maps(session, layer), "series": _series(session)}
        if gains_of(session.memories, 1, 1, session.shown) is not None:
            drawn["gains"] = _gains(session)
        for stem, (figure, title) in drawn.items():
            written += out.write_figure(style.finish(figure, title, origin, note), stem, origin)
    return written


def _maps(session: Session, position: int) -> tuple[Figure, str]:
    layer, places = LAYERS[position], session.places
    assert places is not None
    frames = [frame[position].astype(float) for frame in session.frames()]
    gap = frames[1] - frames[0]
    figure = Figure(figsize=(style.WIDTH, 2.9))
    if layer.words:
        gap, norm = np.sign(gap), Normalize(0, layer.high)
    else:
        norm = PowerNorm(layer.power, layer.low, layer.high, clip=True)
    shades = LinearSegmentedColormap.from_list(layer.key, layer.colours)
    panels = (
        (NAMES[0], frames[0], shades, norm),
        (NAMES[1], frames[1], shades, norm),
        ("B \N{MINUS SIGN} A", gap, _GAP, TwoSlopeNorm(0.0, -layer.gap, layer.gap)),
    )
    for k, (title, values, shade, scale) in enumerate(panels):
        ax = figure.add_axes((0.01 + 0.335 * k, 0.25, 0.31, 0.58))
        cells = np.full(places.owner.shape, np.nan)
        inside = places.owner != OUTSIDE
        cells[inside] = places.minutes[inside] if layer.fixed and k < 2 else (
            0.0 if layer.fixed else values[places.owner[inside]]
        )  # fmt: skip
        drawn = ax.imshow(cells, cmap=shade, norm=scale, interpolation="nearest")
        ax.set_title(title, pad=3)
        ax.set_axis_off()
        bar = figure.colorbar(drawn, cax=figure.add_axes((0.03 + 0.335 * k, 0.2, 0.24, 0.022)),
                              orientation="horizontal")  # fmt: skip
        if layer.words and k < 2:
            bar.set_ticks([0, layer.high], labels=[layer.words[0], layer.words[-1]])
        bar.ax.tick_params(labelsize=6)
    unit = f", {layer.unit}" if layer.unit else ""
    return figure, f"{layer.name}{unit}, {session.month_name}"


def _series(session: Session) -> tuple[Figure, str]:
    done, u = session.month + 1, units(session.memories[0])
    x = FIRST_YEAR + np.arange(done) / 12
    figure = Figure(figsize=(style.WIDTH, 4.4))
    for k, key in enumerate(_SERIES):
        row, col = divmod(k, 3)
        ax = figure.add_axes((0.06 + 0.325 * col, 0.56 - 0.42 * row, 0.24, 0.26))
        shown = BY_KEY[key]
        _two_lines(ax, x, [values_of(shown, memory, done, u) for memory in session.memories])
        ax.set_title(shown.name, pad=15)
        style.value_axis(ax, unit_of(shown, u), zero=False)
        style.years_axis(ax, x)
    return figure, "Both arms over time"


def _two_lines(ax: Axes, x: Any, values: list[Any]) -> None:
    ends = []
    for k in range(2):
        ax.plot(x, values[k], color=COLOUR[k], linestyle=(0, (4, 1.5)) if k == 0 else "-")
        ends.append(float(values[k][-1]))
    if np.isfinite(ends).all():
        style.end_labels(ax, x[-1], ends, list(NAMES), list(COLOUR))


def _gains(session: Session) -> tuple[Figure, str]:
    figure = Figure(figsize=(style.WIDTH, 2.6))
    for k, (name, groups) in enumerate(GROUPS):
        found = gains_of(session.memories, k, len(groups), session.shown)
        ax = figure.add_axes((0.1 + 0.32 * k, 0.27, 0.2, 0.5))
        if found is None:
            ax.set_axis_off()
            continue
        gap = np.nan_to_num(found[1] - found[0])
        ax.barh(range(len(groups)), gap, color=[COLOUR[1] if g >= 0 else COLOUR[0] for g in gap])
        ax.set_yticks(range(len(groups)), groups, fontsize=6.5)
        ax.invert_yaxis()
        ax.axvline(0, color="#9a9a9a", linewidth=0.8)
        ax.set_title(f"By {name}", pad=4)
    when = month_name(max(session.shown, 0))
    return figure, f"B less A: living standard, yuan a head, 12 months to {when}"
