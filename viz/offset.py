"""The headline in pictures: what the pull took, what access returned, and the share of it.

Drawn from the content of ``offset.json``. A share is drawn only where the interval of the loss lies
above zero (MODEL 1); elsewhere the picture says in words why there is none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.arms import HEADLINE
from experiments.offset import GAIN, OFFSET
from experiments.output import OutputFolder
from viz import style

LOSS, RETURN = style.INK, style.VERMILION
SPAN = "last 12 months"
#: Quantity -> colour, marker. Shape tells them apart where colour cannot.
MARKS = {
    "loss": (LOSS, "D"),
    "return": (RETURN, "o"),
    "selling": (style.BLUE, "^"),
    "buying": (style.PURPLE, "s"),
}
WORDS = {
    "loss": "loss by the pull",
    "return": "return by access",
    "selling": "of it selling",
    "buying": "of it buying",
}
TITLES = {
    "labour": "Labour at home",
    "land": "Land cultivated",
    "product": "Village product",
    "living": "Living standard",
}

Found = dict[str, Any]


def offset_figures(
    result: dict[str, Any], out: OutputFolder, provenance: dict[str, Any]
) -> list[Path]:
    """Draw ``figures/offset``, ``offset_years`` and ``offset_counties``; return the files written.

    result : the content of ``offset.json``.
    """
    note = (
        f"Means and 95% intervals over {result['replicates']} paired replicates (luck only). "
        f"{result.get('no_pull', '')}"
    )
    if "uncertainty" in result:
        note += f" Thin lines: parameters and luck, {result['uncertainty']['draws']} draws."
    written = []
    with style.paper():
        for stem, draw in (
            ("offset", _headline),
            ("offset_years", _years),
            ("offset_counties", _counties),
        ):
            figure = style.finish(*draw(result), provenance, note)
            written += out.write_figure(figure, stem, provenance)
    return written


def unit_scale(unit: str, size: float) -> tuple[float, str]:
    """Return a factor and the unit's words that give values of that ``size`` few digits."""
    if "person" in unit:
        return 1.0, "yuan of 2010 a person and year"
    name = unit.replace(" a year", "")
    per = " a year" if unit.endswith(" a year") else ""
    for one, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if size >= 10 * one:  # so that a return of some hundredths of the loss is still a number
            return 1 / one, f"{word} {name}{per}"
    return 1.0, unit


def quantities(found: Found) -> dict[str, Found]:
    """Return loss, return, and the return by channel of one outcome."""
    channels = {name: found["channels"][name]["return"] for name in ("selling", "buying")}
    return {"loss": found["loss"], "return": found["return"], **channels}


def _largest(parts: list[Found]) -> float:
    return max(abs(part[k]) for part in parts for k in ("value", "low", "high"))


def _headline(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw a row per outcome: loss and return in their units at left, their ratio at right."""
    height = 1.2 + 1.12 * len(HEADLINE)
    figure = Figure(figsize=(style.WIDTH, height))
    for k, name in enumerate(HEADLINE):
        outcome = result["outcomes"][name]
        foot = 1 - (0.62 + 1.12 * k + 0.62) / height
        left = figure.add_axes((0.165, foot, 0.255, 0.62 / height))
        right = figure.add_axes((0.675, foot, 0.13, 0.62 / height))
        _amounts(left, outcome[SPAN], outcome["unit"], TITLES[name])
        _shares(right, outcome[SPAN], "Offset: return / loss" if k == 0 else "")
    return figure, f"What the pull took and what access returned, {SPAN}"


def _amounts(ax: Axes, found: Found, unit: str, title: str) -> None:
    parts = quantities(found)
    factor, words = unit_scale(unit, _largest(list(parts.values())))
    for row, (name, part) in enumerate(parts.items()):
        _whisker(ax, found, name, factor, row, MARKS[name][0])
        _point(ax, part, factor, row, *MARKS[name])
        text = _interval(part, factor)
        ax.annotate(
            text, (1.03, row), xycoords=("axes fraction", "data"), va="center", fontsize=6.5
        )
    _rows(ax, [WORDS[name] for name in parts], title)
    ax.text(1.03, 1.06, words, transform=ax.transAxes, fontsize=6.5, color=style.GREY)


def _shares(ax: Axes, found: Found, title: str) -> None:
    if found["verdict"] != OFFSET:
        words = (
            "the pull was a gain:\nno loss to offset"
            if found["verdict"] == GAIN
            else "loss not distinguishable\nfrom zero: no ratio"
        )
        ax.set_axis_off()
        ax.text(0.0, 0.5, words, transform=ax.transAxes, va="center", color=style.GREY)
        if title:
            ax.set_title(title, pad=4)
        return
    parts = {"return": found["offset"]} | {
        name: found["channels"][name]["offset"] for name in ("selling", "buying")
    }
    _whisker(ax, found, "offset", 100.0, 0, MARKS["return"][0])
    for row, (name, part) in enumerate(parts.items()):
        _point(ax, part, 100.0, row, *MARKS[name])
        ax.annotate(
            _interval(part, 100.0, "%"),
            (1.05, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=6.5,
        )
    _rows(ax, ["all access", "selling", "buying"], title)


def _point(ax: Axes, part: Found, factor: float, row: float, colour: str, marker: str) -> None:
    """Draw a value and its interval on a row."""
    low, value, high = (factor * part[k] for k in ("low", "value", "high"))
    ax.plot([low, high], [row, row], color=colour, linewidth=2.2, solid_capstyle="butt")
    ax.plot([value], [row], marker=marker, color=colour, markersize=5, markeredgecolor="white",
            markeredgewidth=0.6)  # fmt: skip


def _whisker(ax: Axes, found: Found, quantity: str, factor: float, row: float, colour: str) -> None:
    """Draw the interval over parameters and luck as a thin line, where there is one."""
    part = found.get("parameters_and_luck", {}).get(quantity)
    if part is not None:
        low, high = factor * part["low"], factor * part["high"]
        ax.plot([low, high], [row, row], color=colour, linewidth=0.8, marker="|", markersize=4)


def _rows(ax: Axes, words: list[str], title: str) -> None:
    ax.set_yticks(range(len(words)), words)
    ax.set_ylim(len(words) - 0.45, -0.6)
    ax.axvline(0, color="#9a9a9a", linewidth=0.8)
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0.0), max(high, 0.0))
    ax.grid(axis="x", color="#ececec", linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(style.plain_number))
    ax.spines["left"].set_visible(False)
    if title:
        ax.set_title(title, pad=4)


def _interval(part: Found, factor: float, sign: str = "") -> str:
    """Return "value [low, high]" with as many decimals as the interval deserves."""
    low, value, high = (factor * part[k] for k in ("low", "value", "high"))
    width = max(high - low, abs(value) / 100, 1e-9)
    decimals = int(np.clip(1 - np.floor(np.log10(width)), 0, 2))
    value, low, high = (v if round(v, decimals) else 0.0 for v in (value, low, high))  # no "-0.0"
    text = f"{value:,.{decimals}f}{sign} [{low:,.{decimals}f}, {high:,.{decimals}f}]"
    return text.replace("-", "\N{MINUS SIGN}")


def _years(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw loss and return of each year, with their intervals as bands."""
    height = 4.8
    figure = Figure(figsize=(style.WIDTH, height))
    for k, name in enumerate(HEADLINE):
        row, col = divmod(k, 2)
        top = 1 - (0.88 + 1.78 * row) / height
        ax = figure.add_axes((0.065 + 0.5 * col, top - 1.12 / height, 0.32, 1.12 / height))
        by_year = result["by_year"][name]
        years = np.array([int(year) for year in by_year], dtype=float)
        parts = [found[q] for found in by_year.values() for q in ("loss", "return")]
        factor, unit = unit_scale(result["outcomes"][name]["unit"], _largest(parts))
        ends = []
        for quantity, dashes in (("loss", "-"), ("return", (0, (4, 1.2)))):
            colour = MARKS[quantity][0]
            value, low, high = (
                factor * np.array([found[quantity][key] for found in by_year.values()])
                for key in ("value", "low", "high")
            )
            ax.fill_between(years, low, high, color=colour, alpha=0.2, linewidth=0)
            ax.plot(years, value, color=colour, linestyle=dashes)
            ends.append(value[-1])
        ax.axhline(0, color="#9a9a9a", linewidth=0.8)
        style.years_axis(ax, years)
        ax.set_title(TITLES[name], pad=16)
        style.value_axis(ax, unit, zero=False)
        style.end_labels(
            ax, years[-1], ends, ["loss\nby the pull", "return\nby access"], [LOSS, RETURN]
        )
    return figure, "Loss and return by year"


def _counties(result: dict[str, Any]) -> tuple[Figure, str]:
    """Draw the offset of each county; where its loss is not above zero, say so."""
    names = HEADLINE[:3]
    counties = list(result["by_county"][names[0]])
    height = 1.5 + 0.2 * len(counties)
    figure = Figure(figsize=(style.WIDTH, height))
    for k, name in enumerate(names):
        ax = figure.add_axes(
            (0.155 + 0.285 * k, 0.75 / height, 0.25, 1 - 1.33 / height), frame_on=False
        )
        found = result["by_county"][name]
        for row, county in enumerate(counties):
            ax.axhline(row, color="#ececec", linewidth=0.6, zorder=0)
            if found[county]["verdict"] == OFFSET:
                _point(ax, found[county]["offset"], 100.0, row, *MARKS["return"])
        _rows(ax, counties if k == 0 else [""] * len(counties), f"{TITLES[name]}, %")
        for row, county in enumerate(counties):
            if found[county]["verdict"] != OFFSET:
                word = "a gain" if found[county]["verdict"] == GAIN else "no clear loss"
                ax.annotate(
                    word,
                    (0.98, row),
                    xycoords=("axes fraction", "data"),
                    ha="right",
                    va="center",
                    fontsize=6.5,
                    color=style.GREY,
                )
        ax.tick_params(axis="y", length=0)
    return figure, f"Offset by county: return as % of the loss, {SPAN}"
