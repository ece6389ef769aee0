"""One style for every picture: colours, type, labels, units, and where it came from.

Colours are those of Okabe and Ito (2008), told apart with every common kind of colour blindness;
areas that touch also differ in lightness, so that a picture survives a black-and-white printer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

INK, GREY, FAINT = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, SKY, GREEN, ORANGE = "#0072b2", "#56b4e9", "#009e73", "#e69f00"
VERMILION, PURPLE, YELLOW, BLACK = "#d55e00", "#cc79a7", "#f0e442", "#000000"

#: Place of living -> colour, dark to light from the village outwards.
PLACES = {"village": "#0b4a6f", "county": "#3a8dc4", "city": "#9ccbe8", "coast": ORANGE}
#: Use of land -> colour; what is given up stands out from what is farmed.
LAND = {
    "two crops": "#01665e",
    "one crop": "#7fcdbb",
    "idle": "#fee391",
    "woodland": "#d95f0e",
    "taken": "#54278f",
}
#: Source of income -> colour.
INCOME = {
    "farm": "#01665e",
    "wage": "#3a8dc4",
    "business": "#9ccbe8",
    "remittance": ORANGE,
    "shop": VERMILION,
    "transfer": "#9a9a9a",
    "property": "#dddddd",
}

#: Width of a picture across both columns of a paper, inches (183 mm).
WIDTH = 7.2

_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 8,
    "axes.labelcolor": GREY,
    "axes.edgecolor": "#9a9a9a",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": "#9a9a9a",
    "ytick.color": "#9a9a9a",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",  # text stays text: it can be searched and edited
    "figure.facecolor": "white",
}


@contextmanager
def paper() -> Iterator[None]:
    """Draw in this style inside the ``with`` block, and in no other place."""
    with rc_context(_RC):
        yield


def source_line(provenance: dict[str, Any]) -> str:
    """Return one line that says where a picture came from: scenario, region, sample, seed, version.

    The region is named where it is a folder that is not called as the scenario is.
    """
    scenario = provenance.get("scenario") or {}
    parts = [f"ruralflow {provenance.get('ruralflow', '')}".strip()]
    if scenario:
        parts.append(f"scenario {scenario.get('name', '')}")
        region = Path(scenario.get("region", {}).get("folder", "")).name
        if region and region not in (scenario.get("name"), scenario.get("parent")):
            parts.append(f"region {region}")
        if "sample" in scenario:
            parts.append(f"sample 1:{1 / scenario['sample']:.0f}")
    if "seed" in provenance:
        parts.append(f"seed {provenance['seed']}")
    commit = str(provenance.get("commit", ""))
    if commit and commit != "unknown":
        head, dash, state = commit.partition("-")
        parts.append(f"commit {head[:10]}{dash}{state}")
    return "Model output: " + ", ".join(parts) + "."


def finish(figure: Figure, title: str, provenance: dict[str, Any], note: str = "") -> Figure:
    """Put the title above and the source below a figure whose axes are already laid out."""
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.1 / height, title, fontsize=11, fontweight="bold", va="top", color=INK)
    text = "\n".join([*textwrap.wrap(note, 140), source_line(provenance)])
    figure.text(0.012, 0.07 / height, text, fontsize=6.5, color=GREY, va="bottom", linespacing=1.4)
    return figure


def spread(
    wanted: Sequence[float] | NDArray[np.float64], gap: float, low: float, high: float
) -> NDArray[np.float64]:
    """Return heights near those ``wanted``, at least ``gap`` apart where room allows, in order.

    Labels at the ends of lines are placed with it, so that none hides another.
    """
    wanted = np.asarray(wanted, dtype=np.float64)
    number = len(wanted)
    if number == 0:
        return wanted
    gap = min(gap, (high - low) / max(number - 1, 1))
    order = np.argsort(wanted, kind="stable")
    placed = np.clip(wanted[order], low, high)
    for i in range(1, number):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    placed[-1] = min(placed[-1], high)
    for i in range(number - 2, -1, -1):
        placed[i] = min(placed[i], placed[i + 1] - gap)
    result = np.empty(number)
    result[order] = placed
    return result


def end_labels(
    axes: Axes,
    x: float,
    heights: Sequence[float],
    words: Sequence[str],
    colours: Sequence[str],
) -> None:
    """Write a word in its colour beside the end of each line or band, none over another."""
    low, high = axes.get_ylim()
    inches = axes.get_window_extent().height / axes.figure.dpi
    gap = (high - low) * 0.135 / inches
    placed = spread(heights, gap, low + gap / 2, high - gap / 2)
    for height, word, colour in zip(placed, words, colours, strict=True):
        axes.annotate(
            word,
            (x, height),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=_readable(colour),
            annotation_clip=False,
        )


def years_axis(axes: Axes, x: NDArray[np.float64]) -> None:
    """Show time as whole years, from the first value to the last."""
    last = x[-1] if len(x) > 1 else x[0] + 1
    axes.set_xlim(x[0], last)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))


def value_axis(axes: Axes, unit: str, zero: bool = True) -> None:
    """Name the unit above the vertical axis and draw faint lines across."""
    axes.grid(axis="y", color="#ececec", linewidth=0.6)
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
    if zero:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.text(0, 1.02, unit, transform=axes.transAxes, fontsize=7, color=GREY, va="bottom")


def plain_number(value: float, _: object) -> str:
    """Return a number of an axis: thousands by commas, a true minus sign."""
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


def _readable(colour: str) -> str:
    """Return ``colour``, darkened where it is too light to read on white."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    factor = min(1.0, 0.5 / max(light, 1e-9))
    return "#" + "".join(f"{round(255 * c * factor):02x}" for c in (red, green, blue))
