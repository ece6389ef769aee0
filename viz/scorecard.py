"""The scorecard in pictures: the card at a glance, and paths against their bands.

Drawn from what ``validate`` found: the judged targets, yearly paths of each replicate, and growth
by county. Bands are those of the targets; a growth band opens from the model's own base year.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.output import OutputFolder
from experiments.scorecard.card import number
from experiments.scorecard.judge import BROKEN, MISS, NOT_RUN, PASS, Judged, Measured, order
from experiments.scorecard.targets import Part
from viz import style

GOOD, BAD, BAND = style.BLUE, style.VERMILION, "#e4e4e4"


class Path_(NamedTuple):
    """A line of a picture, and the parts of the target whose bands it must meet."""

    column: str
    word: str
    colour: str
    bands: tuple[tuple[str, int, int], ...]  # part, first and last year of its band


class Picture(NamedTuple):
    """A picture of a target: its paths over the years."""

    target: str
    title: str
    unit: str
    lines: tuple[Path_, ...]
    growth: bool = False  # bands are of growth a year, not of the level


PICTURES = (
    Picture(
        "V8", "Out-going migrants slow down after 2012", "million workers",
        (Path_("migrants_out", "out-going", style.BLUE,
               (("out_early", 2003, 2012), ("out_late", 2012, 2023))),
         Path_("migrants_local", "local", style.ORANGE, ())),
        growth=True,
    ),
    Picture(
        "V9", "Migrants grow old", "mean age, years",
        (Path_("migrant_age", "all migrants", style.BLUE,
               (("age_2012", 2012, 2012), ("age_2023", 2023, 2023))),),
    ),
    Picture(
        "V11", "Land is idle, the more the steeper", "% of contracted land",
        (Path_("idle_steep", "over 15\N{DEGREE SIGN}", style.VERMILION, (("steep", 2014, 2014),)),
         Path_("idle_middle", "6 to 15\N{DEGREE SIGN}", style.ORANGE, ()),
         Path_("idle_flat", "under 6\N{DEGREE SIGN}", style.BLUE, (("flat", 2014, 2014),)),
         Path_("idle", "region", style.INK, (("region", 2014, 2014),))),
    ),
    Picture(
        "V12", "Steep land stops paying once labour is paid for", "yuan of 2010 per mu",
        (Path_("steep_return", "net return, over 15\N{DEGREE SIGN}", style.BLUE, ()),),
    ),
    Picture(
        "V13", "Leases rise to a third, then stand still", "% of contracted land",
        (Path_("leased", "leased", style.BLUE,
               (("y2007", 2007, 2007), ("y2014", 2014, 2014), ("late", 2016, 2022))),),
    ),
    Picture(
        "V25", "Farm and processed goods sold online", "nominal yuan a year per rural resident",
        (Path_("sold", "sold", style.BLUE, (("y2020", 2020, 2020),)),),
    ),
    Picture(
        "V27", "Net absence of the registered", "% of the registered",
        (Path_("absent", "absent", style.BLUE, (("y2010", 2010, 2010), ("y2020", 2020, 2020))),),
    ),
    Picture(
        "V29", "Real income per rural resident", "yuan of 2010 a year",
        (Path_("income", "income", style.BLUE, (("early", 2003, 2012), ("late", 2013, 2023))),),
        growth=True,
    ),
)  # fmt: skip


def scorecard_figures(
    result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]
) -> list[Path]:
    """Draw ``figures/scorecard``, one per target of ``PICTURES``, and V18; return the files.

    result : what ``run_validate`` returns.
    """
    card: list[Judged] = result["card"]
    found = {row.target.id: row for row in card}
    replicates = result["replicates"]["default"]
    runs = f"Mean of {replicates} replicates." if replicates > 1 else "One replicate."
    note = f"{runs} Thin lines: each replicate. Boxes and wedges: bands of the target."
    written = []
    with style.paper():
        figure = style.finish(_overview(card), "The scorecard, misses first", provenance,
                              "Each number on a scale on which its band runs from 0 to 1; beyond "
                              "the ends it is drawn at the edge.")  # fmt: skip
        written += out.write_figure(figure, "scorecard", provenance)
        if len(result["paths"]):
            for picture in PICTURES:
                if picture.target in found and found[picture.target].parts:
                    figure = _paths(picture, found[picture.target], result["paths"])
                    title = f"{picture.target}: {picture.title}"
                    style.finish(figure, title, provenance, note)
                    written += out.write_figure(figure, picture.target, provenance)
        if len(result["counties"]) and "V18" in found and found["V18"].parts:
            figure = style.finish(
                _counties(result["counties"]), "V18: Residents by county, model against census",
                provenance,
                f"{runs} On the line the two agree. Counties that lie close together have no name.",
            )  # fmt: skip
            written += out.write_figure(figure, "V18", provenance)
    return written


# --- the card at a glance -----------------------------------------------------------------------


def _overview(card: list[Judged]) -> Figure:
    rows = [
        (row, m)
        for row in order(card)
        for m in row.parts
        if row.verdict != NOT_RUN and m.part.judged and not m.part.rule and not math.isnan(m.value)
    ]
    height = 1.35 + 0.155 * max(len(rows), 4)
    figure = Figure(figsize=(style.WIDTH, height))
    axes = figure.add_axes((0.52, 0.6 / height, 0.28, 1 - 1.35 / height))
    axes.add_patch(Rectangle((0, -0.7), 1, len(rows) + 0.4, color=BAND, linewidth=0))
    last = ""
    for y, (row, m) in enumerate(rows):
        _mark(axes, y, row, m)
        if row.target.id != last:
            _name(figure, axes, y, row)
        last = row.target.id
    axes.set_xlim(-1.2, 2.2)
    axes.set_ylim(len(rows) - 0.3, -0.7)
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xticks([0, 1], ["low", "high"], fontsize=6.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=1)
    _legend(figure, axes, height)
    return figure


def _mark(axes: Axes, y: int, row: Judged, m: Measured) -> None:
    """Draw one number on the scale of its band, with its words, value and null models."""
    colour = GOOD if m.inside else BAD
    x, low, high = (_place(v, m.part) for v in (m.value, m.low, m.high))
    for null, marker in ((m.n1, "|"), (m.n2, "x")):
        if math.isfinite(null):
            axes.plot(_place(null, m.part), y, marker, color=style.GREY, markersize=4)
    if not math.isnan(m.low):
        axes.plot([low, high], [y, y], color=colour, linewidth=1)
    axes.plot(x, y, "o" if m.inside else "D", color=colour, markersize=4)
    words = m.part.words + (" (check)" if m.part.check or row.target.check else "")
    axes.text(-1.28, y, words, ha="right", va="center", fontsize=6.2)
    axes.text(2.28, y, f"{number(m.value)} {m.part.unit}", va="center", fontsize=6.2)


def _name(figure: Figure, axes: Axes, y: int, row: Judged) -> None:
    """Name a target at the left margin, in the colour of its verdict, under a faint line."""
    across = axes.get_yaxis_transform()
    wide = axes.get_position().width
    left = (0.012 - axes.get_position().x0) / wide
    right = (0.99 - axes.get_position().x0) / wide
    colour = {MISS: BAD, BROKEN: BAD, PASS: GOOD}.get(row.verdict, style.GREY)
    axes.text(left, y, row.target.id, va="center", fontsize=6.5, fontweight="bold",
              color=colour, transform=across)  # fmt: skip
    axes.text(left + 0.135, y, row.verdict, va="center", fontsize=6.2, color=colour,
              transform=across)  # fmt: skip
    axes.plot([left, right], [y - 0.5, y - 0.5], color=style.FAINT, linewidth=0.4,
              transform=across, clip_on=False)  # fmt: skip


def _legend(figure: Figure, axes: Axes, height: float) -> None:
    axes.plot([], [], "o", color=GOOD, markersize=4, label="in its band")
    axes.plot([], [], "D", color=BAD, markersize=4, label="outside")
    axes.plot([], [], "|", color=style.GREY, label="n1: nothing changes after 2003")
    axes.plot([], [], "x", color=style.GREY, markersize=4, label="n2: constant rates")
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=4, frameon=False,
                  fontsize=6.5, bbox_to_anchor=(0.0, 1 - 0.3 / height), handletextpad=0.3,
                  columnspacing=1.2)  # fmt: skip


def _place(value: float, part: Part) -> float:
    """Return where a value stands: 0 and 1 are the band's ends, cut at -1.1 and 2.1."""
    low, high = part.low, part.high
    if not math.isfinite(low):
        low = min(0.0, high - max(abs(high), 1.0))
    if not math.isfinite(high):
        high = low + max(abs(low), 1.0)
    span = high - low or 1.0
    return float(np.clip((value - low) / span, -1.1, 2.1))


# --- paths ----------------------------------------------------------------------------------------


def _axes() -> tuple[Figure, Axes]:
    height = 2.9
    figure = Figure(figsize=(style.WIDTH, height))
    return figure, figure.add_axes((0.085, 0.68 / height, 0.7, 1 - 1.22 / height))


def _paths(picture: Picture, row: Judged, paths: pd.DataFrame) -> Figure:
    figure, axes = _axes()
    mean = paths.groupby("year").mean(numeric_only=True)
    parts = {m.part.key: m for m in row.parts}
    for line in picture.lines:
        for _, one in paths.groupby("replicate"):
            axes.plot(one["year"], one[line.column], color=line.colour, linewidth=0.4, alpha=0.5)
        axes.plot(mean.index, mean[line.column], color=line.colour)
        for key, first, last in line.bands:
            draw = _wedge if picture.growth else _box
            draw(axes, parts[key], first, last, mean[line.column], line.colour)
    if float(np.nanmin(mean[[line.column for line in picture.lines]])) < 0:
        axes.axhline(0, color=style.INK, linewidth=0.6)
    style.years_axis(axes, mean.index.to_numpy(dtype=float))
    style.value_axis(axes, picture.unit, zero=picture.target != "V9")
    ends = [float(mean[line.column].iloc[-1]) for line in picture.lines]
    words = [f"{line.word} {number(end)}" for line, end in zip(picture.lines, ends, strict=True)]
    style.end_labels(axes, float(mean.index[-1]), ends, words, [p.colour for p in picture.lines])
    return figure


def _box(axes: Axes, m: Measured, first: int, last: int, values: pd.Series, colour: str) -> None:
    """Draw the band of a level as a box over its years."""
    low = m.part.low if math.isfinite(m.part.low) else 0.0
    wide = 0.35
    axes.add_patch(
        Rectangle(
            (first - wide, low), last - first + 2 * wide, m.part.high - low,
            facecolor=colour, alpha=0.18, edgecolor=colour, linewidth=0.6,
        )
    )  # fmt: skip
    axes.autoscale_view()


def _wedge(axes: Axes, m: Measured, first: int, last: int, values: pd.Series, colour: str) -> None:
    """Draw the band of a growth rate as a wedge that opens from the value of its first year."""
    years = np.arange(first, last + 1)
    start = float(values.get(first, np.nan))
    low, high = (
        start * (1 + rate / 100.0) ** (years - first) for rate in (m.part.low, m.part.high)
    )
    axes.fill_between(years, low, high, color=colour, alpha=0.15, linewidth=0)


def _counties(counties: pd.DataFrame) -> Figure:
    height = 3.7
    figure = Figure(figsize=(style.WIDTH, height))
    mean = counties.groupby(["county", "kind"], sort=False).mean(numeric_only=True).reset_index()
    for k, end in enumerate((2010, 2020)):
        axes = figure.add_axes((0.07 + 0.49 * k, 0.8 / height, 0.4, 1 - 1.6 / height))
        x, y = mean[f"census_{end}"], mean[f"model_{end}"]
        low, high = min(x.min(), y.min()) - 6, max(x.max(), y.max()) + 6
        axes.plot([low, high], [low, high], color=style.FAINT, linewidth=1)
        district = mean["kind"] == "district"
        for rows, colour, word in ((district, style.VERMILION, "districts"),
                                   (~district, style.BLUE, "counties")):  # fmt: skip
            axes.plot(x[rows], y[rows], "o", color=colour, markersize=4, label=word)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        for name, a, b, crowded in zip(mean["county"], x, y, _crowded(x, y, high - low)):
            if not crowded:
                axes.annotate(name, (a, b), xytext=(4, 3), textcoords="offset points",
                              fontsize=6, color=style.GREY)  # fmt: skip
        axes.set_title(f"{end - 10} to {end}")
        axes.set_xlabel("growth in the census, %")
        axes.set_ylabel("growth in the model, %")
        if k == 0:
            axes.legend(frameon=False, fontsize=6.5, loc="lower right")
    return figure


def _crowded(x: pd.Series, y: pd.Series, span: float) -> list[bool]:
    """Return for each point whether a name beside it would lie over another point or name."""
    right = x.to_numpy()[None, :] - x.to_numpy()[:, None]
    up = np.abs(y.to_numpy()[None, :] - y.to_numpy()[:, None])
    near = (right > -0.2 * span) & (right < 0.2 * span) & (up < 0.05 * span)
    np.fill_diagonal(near, False)
    return [bool(row.any()) for row in near]
