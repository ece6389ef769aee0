"""The findings in pictures: the offset, what each part returns, horizon and selection, reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.output import OutputFolder
from viz import deciles, frontier, style
from viz.offset import TITLES, _interval, offset_figures, unit_scale

#: Group of effects -> colour.
COLOURS = {
    "channel": style.PURPLE,
    "good alone": style.GREEN,
    "villages": style.BLUE,
    "scenario": style.VERMILION,
    "cold chain": style.SKY,
}
#: E-commerce, selling alone, buying alone.
HOMES = (style.INK, style.VERMILION, style.BLUE)
#: Who is looked at -> colour, marker.
LINES = {
    "random": (style.BLUE, "o"),
    "programme": (style.GREEN, "s"),
    "self-selected": (style.VERMILION, "^"),
}


def draw(result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]) -> list[Path]:
    """Draw ``figures/offset*``, ``findings_effects``, ``_whom``, ``_horizon`` and ``_reach_*``."""
    written = offset_figures(result["offset"], out, provenance)
    note = (
        f"Return: with less without e-commerce, under the pull. 95% intervals over "
        f"{result['replicates']} paired replicates (luck only), last 12 months."
    )
    with style.paper():
        figure = style.finish(_effects(pd.DataFrame(result["effects"])),
                              "What each part of e-commerce returns", provenance, note)  # fmt: skip
        written += out.write_figure(figure, "findings_effects", provenance)
        if result["homes"]:
            figure = style.finish(
                deciles.panels(pd.DataFrame(result["homes"]), "arm", HOMES),
                "Which households gain by e-commerce", provenance,
                "Real income per registered member, last year, against the same "
                "households without e-commerce, whose tenths these are. Bands: 95% over "
                f"{result['replicates']} paired replicates.",
            )  # fmt: skip
            written += out.write_figure(figure, "findings_whom", provenance)
        if result["horizon"]:
            figure = style.finish(
                _horizon(pd.DataFrame(result["horizon"])),
                "The effect by horizon, and by who is looked at",
                provenance | {"scenario": result["nation"]},
                "Made-up nation. Solid: as an observer estimates it (staggered differences in "
                "differences). Dashed: in truth, the same places without the programme, or without "
                "e-commerce. Bands: 95% over "
                f"{result['question']['nation_replicates']} replicates.",
            )  # fmt: skip
            written += out.write_figure(figure, "findings_horizon", provenance)
        for outcome, found in result["reach"].items():
            curves = [c for c in found["curves"] if c["quantity"] == "offset"]
            if curves:
                figure = style.finish(
                    frontier._panels(curves, found),
                    f"What it would take: {TITLES[outcome].lower()}", provenance,
                    f"Bands and bars: 95% over {found['replicates']} replicates. Dotted: now.",
                )  # fmt: skip
                written += out.write_figure(figure, f"findings_reach_{outcome}", provenance)
    return written


def _effects(table: pd.DataFrame) -> Figure:
    """Draw a row for each part and a column for each outcome."""
    names = list(dict.fromkeys(zip(table["group"], table["name"])))
    rows = _heights(names)
    tall = 0.17 * (max(rows.values()) + 1)
    height = tall + 1.35
    figure = Figure(figsize=(style.WIDTH, height))
    columns = table.groupby("outcome", sort=False)
    room = 0.87 / len(columns)
    for k, (outcome, part) in enumerate(columns):
        ax = figure.add_axes((0.125 + room * k, 0.72 / height, 0.37 * room, tall / height))
        usual = part[part["group"] != "scenario"]
        size = float(usual[["value", "low", "high"]].abs().max().max()) or 1.0
        factor, words = unit_scale(str(part["unit"].iloc[0]), size)
        _column(ax, part, rows, factor, 1.15 * factor * size)
        ax.set_title(f"{TITLES[str(outcome)]}\n", pad=2)
        ax.text(0, 1.005, words.replace(" of 2010", ""), transform=ax.transAxes, fontsize=6.5,
                color=style.GREY)  # fmt: skip
        ax.set_yticks(list(rows.values()), [n for _, n in rows] if k == 0 else [""] * len(rows))
        for group in dict.fromkeys(g for g, _ in names) if k == 0 else ():
            at = min(y for (g, _), y in rows.items() if g == group) - 0.95
            ax.annotate(
                group,
                (-0.05, at),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=7,
                fontweight="bold",
                color=COLOURS[group],
            )
    return figure


def _heights(names: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Return the row of each name, with a gap between groups for its heading."""
    rows, at, before = {}, 0.0, ""
    for group, name in names:
        at += 1.0 if group == before else 2.0
        rows[group, name] = at
        before = group
    return rows


def _column(
    ax: Axes, part: pd.DataFrame, rows: dict[tuple[str, str], float], factor: float, reach: float
) -> None:
    """Draw intervals; one beyond ``reach`` ends in an arrow and is told by its number."""
    records: list[dict[str, Any]] = part.to_dict("records")  # type: ignore[assignment]
    for found in records:
        at = rows[found["group"], found["name"]]
        colour = COLOURS[found["group"]]
        low, value, high = (factor * found[k] for k in ("low", "value", "high"))
        seen = np.clip([low, high], -reach, reach)
        ax.plot(seen, [at, at], color=colour, linewidth=2.0, solid_capstyle="butt")
        if abs(value) <= reach:
            ax.plot(value, at, "o", color=colour, markersize=4, markeredgecolor="white",
                    markeredgewidth=0.5)  # fmt: skip
        else:
            ax.plot(np.sign(value) * reach, at, ">" if value > 0 else "<", color=colour,
                    markersize=4, clip_on=False)  # fmt: skip
        ax.annotate(_interval(found, factor), (1.07, at), xycoords=("axes fraction", "data"),
                    va="center", fontsize=5.6)  # fmt: skip
    ax.set_ylim(max(rows.values()) + 0.6, 0.2)
    falls = float(part["low"].min()) < 0
    ax.set_xlim(-reach if falls else -0.06 * reach, reach)
    ax.axvline(0, color="#9a9a9a", linewidth=0.8)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#ececec", linewidth=0.6)
    ticks = MaxNLocator(2, steps=[1, 2, 5, 10]).tick_values(0.0, reach)
    last = max(tick for tick in ticks if tick <= reach)  # more would touch in a narrow column
    ends = [-last, last] if falls else [last]
    crowded = falls and last >= 1_000.0  # the line marks 0; its number would touch the others
    ax.set_xticks(ends if crowded else [*ends, 0.0])
    ax.xaxis.set_major_formatter(FuncFormatter(style.plain_number))
    ax.tick_params(axis="x", labelsize=6.0)


def _horizon(table: pd.DataFrame) -> Figure:
    height = 3.6
    figure = Figure(figsize=(style.WIDTH, height))
    ax = figure.add_axes((0.07, 0.85 / height, 0.72, 1 - 1.6 / height))
    ends, words, colours = [], [], []
    for name, (colour, marker) in LINES.items():
        for truth in (False, True):
            rows = table[(table["line"] == name) & (table["truth"] == truth)].astype(
                {c: float for c in ("horizon", "value", "low", "high")}
            )
            rows = rows[np.isfinite(rows["value"])]
            if rows.empty:
                continue
            ax.fill_between(rows["horizon"], rows["low"], rows["high"], color=colour,
                            alpha=0.08 if truth else 0.18, linewidth=0)  # fmt: skip
            ax.plot(rows["horizon"], rows["value"], color=colour, linewidth=1.4,
                    linestyle=(0, (4, 2)) if truth else "-", marker="" if truth else marker,
                    markersize=3.5)  # fmt: skip
            ends.append(float(rows["value"].iloc[-1]))
            words.append(f"{name}{', truth' if truth else ''}")
            colours.append(colour)
    ax.axhline(0, color="#9a9a9a", linewidth=0.8)
    ax.set_xlim(1, 8)
    ax.set_xticks(range(1, 9))
    ax.set_xlabel("years after entry")
    style.value_axis(ax, "% of real income per rural resident", zero=False)
    style.end_labels(ax, 8, ends, words, colours)
    return figure
