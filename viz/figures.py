"""A run in four pictures (labour, land, income, flows), and the headline in one.

The pictures are drawn from the tables that a run writes, so that they can be drawn again from the
files alone. Every picture names its units and says where it came from, on it and in its metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.output import OutputFolder
from model.indicators import COUNTY, LOGGED, VILLAGE
from viz import style
from viz.offset import offset_figures
from viz.sankey import draw_sankey

_YEARLY = {indicator.name: indicator.year for indicator in (*VILLAGE, *COUNTY, *LOGGED)}
_LAND_LAST = ("mu_", "shops", "households")
_INCOMES = ("farm", "wage", "business", "remittance", "shop", "transfer", "property")


def run_figures(
    tables: dict[str, pd.DataFrame], out: OutputFolder, provenance: dict[str, Any]
) -> list[Path]:
    """Draw ``figures/{labour,land,income,flows}`` as PNG and SVG; return the files written.

    tables : "months", "flows" and "villages" as ``run`` writes them; of flows month, payer, payee
    and yuan are drawn, of villages only their number.
    """
    time = timeline(tables["months"])
    villages = tables["villages"]["village"].nunique() if "villages" in tables else 0
    note = f"Sums over {villages} sampled villages at full scale." if villages else ""
    written = []
    with style.paper():
        for stem, draw in (("labour", _labour), ("land", _land), ("income", _income)):
            figure = style.finish(*draw(time), provenance, note)
            written += out.write_figure(figure, stem, provenance)
        figure = style.finish(*_flows(tables["flows"]), provenance)
        written += out.write_figure(figure, "flows", provenance)
    return written


class Timeline:
    """Region-wide values over time: by calendar year, or by month for runs under two years.

    x : years (a month is a fraction of its year). values : column -> value at each x.
    per : what a flow is summed over, "a year" or "a month".
    """

    def __init__(self, x: NDArray[np.float64], values: pd.DataFrame, per: str):
        self.x, self.values, self.per = x, values, per

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """Return the values of a column, zeros where the run does not have it."""
        if column not in self.values:
            return np.zeros(len(self.x))
        return self.values[column].to_numpy(dtype=np.float64)


def timeline(months: pd.DataFrame) -> Timeline:
    """Add up counties, and months to years: flows are summed, stocks averaged.

    Land has one use per calendar year, set in spring: it is taken as it stands at the year's end.
    Years of fewer than twelve months are left out.
    """
    region = months.groupby("month", sort=True).sum(numeric_only=True)
    region.columns = region.columns.astype(str)
    names = region.index.astype(str)
    year = np.array([int(name[:4]) for name in names])
    found, number = np.unique(year, return_counts=True)
    complete = found[number == 12]
    if len(complete) < 2:
        fraction = np.array([(int(name[5:]) - 1) / 12 for name in names])
        return Timeline(year + fraction, region, "a month")
    inside = np.isin(year, complete)
    groups = region[inside].groupby(year[inside])
    columns = [str(column) for column in region.columns]
    flows = [c for c in columns if _YEARLY.get(c) == "sum"]
    last = [c for c in columns if c.startswith(_LAND_LAST)]
    values = groups.mean()
    values[flows] = groups[flows].sum()
    values[last] = groups[last].last()
    return Timeline(complete.astype(float), values, "a year")


# --- the four pictures of a run ---------------------------------------------------------------


def _two_panels(bottom: float = 0.62, height: float = 3.1) -> tuple[Figure, Axes, Axes]:
    """Return a figure and its two axes, with room at the right of each for direct labels."""
    figure = Figure(figsize=(style.WIDTH, height))
    low, high = bottom / height, 1 - 0.78 / height
    left = figure.add_axes((0.055, low, 0.285, high - low))
    right = figure.add_axes((0.56, low, 0.26, high - low))
    return figure, left, right


def _bands(
    axes: Axes,
    x: NDArray[np.float64],
    parts: list[tuple[str, NDArray[np.float64], str]],
) -> None:
    """Draw parts stacked from below, named at their right ends with their last value."""
    heights = np.vstack([part for _, part, _ in parts])
    top = np.cumsum(heights, axis=0)
    foot = top - heights
    for k, (_, _, colour) in enumerate(parts):
        axes.fill_between(x, foot[k], top[k], color=colour, linewidth=0)
        axes.plot(x, top[k], color="white", linewidth=0.6)
    axes.set_ylim(0, max(top[-1].max() * 1.04, 1e-9))
    shown = [k for k in range(len(parts)) if heights[k].max() > 0]
    style.end_labels(
        axes,
        x[-1],
        [(foot[k, -1] + top[k, -1]) / 2 for k in shown],
        [f"{parts[k][0]} {short(heights[k, -1])}" for k in shown],
        [parts[k][2] for k in shown],
    )


def _lines(
    axes: Axes,
    x: NDArray[np.float64],
    lines: list[tuple[str, NDArray[np.float64], str, Any]],
    number: Callable[[float], str] | None = None,
) -> None:
    """Draw lines (word, values, colour, dashes), named at their right ends."""
    number = number or short
    for _, values, colour, dashes in lines:
        axes.plot(x, values, color=colour, linestyle=dashes)
    top = max([np.nanmax(v) for _, v, _, _ in lines if np.isfinite(v).any()], default=0.0)
    axes.set_ylim(0, top * 1.08 or 1.0)
    shown = [line for line in lines if np.isfinite(line[1][-1])]
    style.end_labels(
        axes,
        x[-1],
        [values[-1] for _, values, _, _ in shown],
        [f"{word} {number(values[-1])}" for word, values, _, _ in shown],
        [colour for _, _, colour, _ in shown],
    )


def _labour(t: Timeline) -> tuple[Figure, str]:
    figure, left, right = _two_panels()
    million = 1e-6
    parts = [
        ("village", t["people_home"] * million, style.PLACES["village"]),
        ("county seat", t["people_county"] * million, style.PLACES["county"]),
        ("prefecture city", t["people_city"] * million, style.PLACES["city"]),
        ("coast", t["people_coast"] * million, style.PLACES["coast"]),
    ]
    _bands(left, t.x, parts)
    left.set_title("Where registered villagers live", pad=18)
    style.value_axis(left, "million people")
    work: list[tuple[str, NDArray[np.float64], str, Any]] = [
        ("at home, 16-64", t["labour_home"] * million, style.PLACES["village"], "-"),
        ("at home, 16-44", t["labour_home_young"] * million, style.SKY, "-"),
        ("away at work", t["migrants_out"] * million, style.ORANGE, (0, (5, 1.5))),
    ]
    _lines(right, t.x, work)
    right.set_title("Workers at home and away", pad=18)
    style.value_axis(right, "million workers")
    for axes in (left, right):
        style.years_axis(axes, t.x)
    return figure, "Labour: who stays and who leaves"


def _land(t: Timeline) -> tuple[Figure, str]:
    figure, left, right = _two_panels()
    million = 1e-6
    sown = t["mu_cultivated"]
    double = np.clip(t["mu_seasons"] - sown, 0.0, sown)
    parts = [
        ("two crops", double * million, style.LAND["two crops"]),
        ("one crop", (sown - double) * million, style.LAND["one crop"]),
        ("idle", t["mu_idle"] * million, style.LAND["idle"]),
        ("woodland", t["mu_trees"] * million, style.LAND["woodland"]),
        ("taken for the city", t["mu_requisitioned"] * million, style.LAND["taken"]),
    ]
    _bands(left, t.x, parts)
    left.set_title("Use of contracted land", pad=18)
    style.value_axis(left, "million mu (1 mu = 1/15 ha)")
    contracted = sown + t["mu_idle"]
    shares: list[tuple[str, NDArray[np.float64], str, Any]] = [
        ("idle, over 15°", percent(t["mu_steep_idle"], t["mu_steep"]), style.VERMILION, "-"),
        ("idle, under 6°", percent(t["mu_flat_idle"], t["mu_flat"]), style.ORANGE, (0, (5, 1.5))),
        ("leased", percent(t["mu_leased"], contracted), style.BLUE, "-"),
    ]
    _lines(right, t.x, shares, lambda value: f"{value:.0f}%")
    right.set_title("Idle by slope, and leased", pad=18)
    style.value_axis(right, "% of that land")
    for axes in (left, right):
        style.years_axis(axes, t.x)
    return figure, "Land: what is still farmed, and what is not"


def _income(t: Timeline) -> tuple[Figure, str]:
    figure, left, right = _two_panels()
    people = np.maximum(t["people_home"], 1.0)
    values = {s: t[f"income_{s}"] / people / 1000 for s in _INCOMES}
    words = {"remittance": "remittances", "wage": "wages", "shop": "online shops"}
    width = 0.72 * (t.x[1] - t.x[0] if len(t.x) > 1 else 1.0)
    above, below = np.zeros(len(t.x)), np.zeros(len(t.x))
    middles = []
    for source in _INCOMES:  # rents can be negative: what is below zero is stacked downwards
        part = values[source]
        foot = np.where(part >= 0, above, below)
        left.bar(
            t.x, part, width, bottom=foot, color=style.INCOME[source], edgecolor="white", lw=0.3
        )
        middles.append(foot[-1] + part[-1] / 2)
        above, below = above + np.maximum(part, 0), below + np.minimum(part, 0)
    left.set_ylim(min(below.min() * 1.1, 0), max(above.max() * 1.04, 1e-9))
    left.set_title("Income per resident by source", pad=18)
    style.value_axis(left, f"thousand yuan of 2010 {t.per}", zero=False)
    style.years_axis(left, t.x)
    left.set_xlim(t.x[0] - width, t.x[-1] + width)
    named = [words.get(s, s) for s in _INCOMES]
    labels = [f"{w} {short(values[s][-1])}" for s, w in zip(_INCOMES, named, strict=True)]
    colours = [style.INCOME[s] for s in _INCOMES]
    style.end_labels(left, t.x[-1] + width, middles, labels, colours)
    registered = np.maximum(t["registered"], 1.0)
    lines = [
        ("living standard\nper registered", t["living_standard"] / registered / 1000, style.BLUE),
        ("village product\nper resident", t["village_product"] / people / 1000, style.VERMILION),
    ]
    _lines(right, t.x, [(*lines[0], "-"), (*lines[1], (0, (5, 1.5)))])
    right.set_title("Product and living standard", pad=18)
    style.value_axis(right, f"thousand yuan of 2010 {t.per}, per person")
    style.years_axis(right, t.x)
    return figure, "Income: what villages live on"


def _flows(flows: pd.DataFrame) -> tuple[Figure, str]:
    """Draw the money of rural households in the first and the last year, at one scale."""
    names = sorted(flows["month"].unique())
    span = min(12, len(names))
    spans = [names[:span], names[-span:]] if len(names) >= 2 * span else [names[-span:]]
    figure = Figure(figsize=(style.WIDTH, 4.3))
    low, high = 0.5 / 4.3, 1 - 0.62 / 4.3
    panels = [flows[flows["month"].isin(months)] for months in spans]
    share = 1.0 / len(panels)
    axes = [
        figure.add_axes((k * share + 0.012, low, share - 0.024, high - low))
        for k in range(len(panels))
    ]
    per = "12 months" if span == 12 else f"{span} month" + "s" * (span > 1)
    titles = [f"{months[0]} to {months[-1]}" for months in spans]
    draw_sankey(axes, panels, titles)
    return figure, f"Flows: money of rural households, billion yuan of 2010 in {per}"


def percent(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 100 part / whole, NaN where the whole is nothing."""
    return np.divide(100 * part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def short(value: float) -> str:
    """Return a number with about three digits: 1,234, 12.3, 1.23, 0.05, 0.0012."""
    size = abs(value)
    if size >= 100 or size == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.01 else f"{value:.2g}"


__all__ = ["Timeline", "offset_figures", "percent", "run_figures", "short", "timeline"]
