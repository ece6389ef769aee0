"""The figures on top of the page and the series of both arms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_name
from viz import style
from viz.figures import short
from viz.page.arms import COLOUR, NAMES
from viz.page.indicators import BY_KEY, HEADLINES, Shown, unit_of, units, values_of
from viz.page.memory import Memory

#: Points of a line at most: ECharts leaves out points less than a pixel apart.
MOST_POINTS = 252
#: A difference below this share is rounding to a reader, per cent.
LEAST_PERCENT = 0.005
_INK = "#555"


class Headline(NamedTuple):
    """One figure on top: its name and unit, both arms, and B less A."""

    name: str
    unit: str
    a: str
    b: str
    gap: str
    meaning: str


def headlines(memories: list[Memory], month: int) -> list[Headline]:
    """Return the figures on top as they were in ``month`` (-1: none yet)."""
    u = units(memories[0] if memories else None)
    found = []
    for key in HEADLINES:
        shown = BY_KEY[key]
        values = [_at(shown, memory, month, u) for memory in memories] or [np.nan, np.nan]
        if np.isnan(values).any():
            waiting = "after 12 months" if shown.yearly else ""
            found.append(Headline(shown.name, unit_of(shown, u), "–", "–", waiting, shown.meaning))
            continue
        a, b = values
        both = short(a), short(b)
        found.append(Headline(shown.name, unit_of(shown, u), *both, gap(a, b), shown.meaning))
    return found


def _at(shown: Shown, memory: Memory, month: int, u: Any) -> float:
    values = values_of(shown, memory, month + 1, u)
    return float(values[-1]) if len(values) else float("nan")


def gap(a: float, b: float) -> str:
    """Return B less A with its sign, and as a share of A where that says something."""
    if a == b:
        return "same"
    sign = "+" if b > a else "\N{MINUS SIGN}"
    percent = 100 * (b / a - 1) if a > 0 else 0.0
    if a > 0 and abs(percent) < LEAST_PERCENT:
        return "nearly the same"
    share = f" ({percent:+.1f}%)".replace("-", "\N{MINUS SIGN}") if abs(percent) >= 0.05 else ""
    return f"{sign}{short(abs(b - a))}{share}"


def series_option(
    memories: list[Memory],
    key: str,
    done: int,
    month: int,
    months: int,
    village: int | None = None,
    difference: bool = False,
) -> dict[str, Any]:
    """Return both arms' line of an indicator over the whole run, with the month looked at.

    done : months computed. village : row of the village that it is of; None is the region.
    difference : one line instead, B less A.
    """
    shown = BY_KEY[key]
    u = units(memories[0] if memories else None)
    if village is not None:
        u = type(u)((1.0, ""), (1e-3, "thousand"))
    every = -(-months // MOST_POINTS)
    both = [values_of(shown, memory, done, u, village)[::every] for memory in memories]
    lines = [_line(NAMES[k], both[k], COLOUR[k], dashed=k == 0) for k in range(len(both))]
    if difference and lines:
        lines = [_line("B \N{MINUS SIGN} A", both[1] - both[0], style.INK, dashed=False)]
    if lines and 0 <= month < done:
        lines[0]["markLine"] = {
            "silent": True,
            "symbol": "none",
            "label": {"show": False},
            "lineStyle": {"color": "#888", "type": "solid", "width": 1},
            "data": [{"xAxis": month // every}],
        }
    option = _frame([month_name(t) for t in range(0, months, every)], months // every)
    option["series"] = lines
    option["aria"] = {"enabled": True}
    return option


def series_unit(memories: list[Memory], key: str, village: bool = False) -> str:
    """Return the unit of a line of ``series_option``."""
    u = units(memories[0] if memories else None)
    if village:
        u = type(u)((1.0, ""), (1e-3, "thousand"))
    return unit_of(BY_KEY[key], u)


def _frame(labels: list[str], number: int) -> dict[str, Any]:
    tick = {"color": _INK, "fontSize": 11}
    return {
        "animation": False,
        "grid": {"left": 48, "right": 40, "top": 10, "bottom": 22},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 11}},
        "xAxis": {
            "type": "category",
            "data": labels,
            "boundaryGap": False,
            "axisLabel": {**tick, "interval": max(0, (number // 84 or 1) * 12 - 1)},
            "axisTick": {"show": False},
            "axisLine": {"onZero": False, "lineStyle": {"color": "#999"}},
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "splitNumber": 4,
            "axisLabel": tick,
            "splitLine": {"lineStyle": {"color": "#ececec"}},
        },
    }


def _line(word: str, values: NDArray[np.float64], colour: str, dashed: bool) -> dict[str, Any]:
    return {
        "name": word,
        "type": "line",
        "symbol": "none",
        "data": [None if np.isnan(v) else float(f"{v:.5g}") for v in values],
        "lineStyle": {"width": 2, "color": colour, "type": [6, 4] if dashed else "solid"},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
        "endLabel": {
            "show": True,
            "formatter": word,
            "color": colour,
            "fontWeight": "bold",
            "distance": 4,
        },
        "labelLayout": {"moveOverlap": "shiftY"},  # two lines that end alike keep their letters
        "z": 3 if dashed else 2,
    }


def gains_option(memories: list[Memory], group: int, names: tuple[str, ...], month: int) -> Any:
    """Return bars of B less A in the living standard of each group, yuan a head and year.

    Twelve months up to ``month``; None before they have passed or while nothing differs.
    """
    gains = gains_of(memories, group, len(names), month)
    if gains is None:
        return None
    a, b = gains
    values = b - a
    if not np.nan_to_num(values).any():
        return None
    most = max(float(np.nanmax(np.abs(values))), 1.0)
    bars = [
        {
            "value": None if np.isnan(v) else round(float(v), 1),
            "itemStyle": {"color": COLOUR[1] if v >= 0 else COLOUR[0]},
            "label": {"position": "right" if v >= 0 else "left", "formatter": short(float(v))},
        }
        for v in values
    ]
    return {
        "animation": False,
        "grid": {"left": 104, "right": 46, "top": 4, "bottom": 20},
        "xAxis": {
            "type": "value",
            "min": -most * 1.15 if (values < 0).any() else 0,
            "max": most * 1.15 if (values > 0).any() else 0,
            "splitNumber": 4,
            "axisLabel": {"color": _INK, "fontSize": 10.5, "showMinLabel": False,
                          "showMaxLabel": False},
            "splitLine": {"lineStyle": {"color": "#ececec"}},
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": list(names),
            "axisLabel": {"color": "#222", "fontSize": 11.5},
            "axisTick": {"show": False},
            "axisLine": {"onZero": True, "lineStyle": {"color": "#999"}},
        },
        "series": [
            {
                "type": "bar",
                "data": bars,
                "barMaxWidth": 20,
                "label": {"show": True, "fontSize": 11.5, "color": style.INK},
            }
        ],
    }  # fmt: skip


def gains_of(
    memories: list[Memory], group: int, number: int, month: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return what a registered villager of each group lived on in each arm, yuan a year."""
    if month < 11 or (group == 0 and month < 23):
        return None
    found = []
    for memory in memories:
        part = memory.living[month - 11 : month + 1, group, :number]
        persons = part[..., 1].mean(axis=0)
        per_head = np.full(number, np.nan)
        np.divide(part[..., 0].sum(axis=0), persons, out=per_head, where=persons > 0)
        found.append(per_head)
    return found[0], found[1]
