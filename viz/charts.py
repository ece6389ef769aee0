"""The figures on top of the page and the series beside the map, made from a session's history."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_name
from model.indicators import COLUMN
from viz import style
from viz.figures import short
from viz.session import Session

#: Months that a flow is summed over: a year, so that the seasons do not hide what changes.
YEAR = 12
#: Points of a line at most: ECharts leaves out points less than a pixel apart, and areas that
#: touch then gape.
MOST_POINTS = 140


class Headline(NamedTuple):
    """One figure on top: its name, value, unit, and how it has changed."""

    name: str
    value: str
    unit: str
    change: str
    meaning: str


class Units(NamedTuple):
    """Units in which a region's sums are read well: the same on all figures, whatever the month."""

    number: float
    number_word: str
    money: float
    money_word: str


def units(session: Session) -> Units:
    """Return millions and billions for a prefecture, thousands and millions for a small region."""
    people = 0.0 if session.first is None else session.first[COLUMN["registered"]]
    if people >= 1e6:
        return Units(1e-6, "million", 1e-9, "bn yuan")
    return Units(1e-3, "thousand", 1e-6, "million yuan")


def headlines(session: Session) -> list[Headline]:
    """Return the five figures on top of the page."""
    u = units(session)
    labour, land = session.series("labour_home"), session.series("mu_cultivated")
    product = yearly(session.series("village_product"))
    registered = session.series("registered")
    living = yearly(session.series("living_standard"))
    if len(living):
        living = living / np.maximum(registered[YEAR - 1 :], 1.0)
    workers = "aged 16-64, in full-time months"
    sown = "under a crop this year"
    money = f"{u.money_word}/year"
    return [
        _stock("Workers at home", labour, u.number, u.number_word, workers),
        _stock(
            "Land farmed", land[land > 0], u.number, f"{u.number_word} mu", sown, "sown in March"
        ),
        _yearly("Village product", product, u.money, money, "value added in villages"),
        _yearly("Living standard", living, 1.0, "yuan/year", "per registered villager"),
        _count("Online shops", session.series("shops"), "households that sell online"),
    ]


def _stock(
    name: str,
    values: NDArray[np.float64],
    factor: float,
    unit: str,
    meaning: str,
    awaited: str = "",
) -> Headline:
    if not len(values):
        return Headline(name, "–", unit, awaited, meaning)
    return Headline(name, short(values[-1] * factor), unit, _since(values, "the start"), meaning)


def _yearly(
    name: str, values: NDArray[np.float64], factor: float, unit: str, meaning: str
) -> Headline:
    if not len(values):
        return Headline(name, "–", unit, "after 12 months", meaning)
    said = _since(values, "2003")
    return Headline(name, short(values[-1] * factor), unit, said, meaning)


def _count(name: str, values: NDArray[np.float64], meaning: str) -> Headline:
    number = float(values[-1]) if len(values) else 0.0
    before = float(values[-1 - YEAR]) if len(values) > YEAR else 0.0
    if number == 0:
        return Headline(name, "0", "shops", "none yet", meaning)
    more = f"{number - before:+,.0f} in 12 months"
    return Headline(name, f"{number:,.0f}", "shops", more, meaning)


def _since(values: NDArray[np.float64], when: str) -> str:
    if len(values) < 2 or not values[0]:
        return f"as at {when}" if len(values) else ""
    return f"{100 * (values[-1] / values[0] - 1):+.0f}% since {when}"


def yearly(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of 12 months that end with each month from the twelfth on."""
    if len(values) < YEAR:
        return np.zeros(0)
    total = np.concatenate(([0.0], np.cumsum(values)))
    return total[YEAR:] - total[:-YEAR]


class Chart(NamedTuple):
    """A chart: its title and unit, what it shows (top one first, now), and its ECharts option."""

    title: str
    unit: str
    legend: list[tuple[str, str, str]]  # word, colour, value of the last month
    option: dict[str, Any]


#: A part of a chart: its word, its monthly values (NaN where there is none), its colour.
Part = tuple[str, NDArray[np.float64], str]


def charts(session: Session) -> list[Chart]:
    """Return the four charts beside the map."""
    return [_people(session), _land(session), _income(session), _parcels(session)]


def _people(session: Session) -> Chart:
    u = units(session)
    words = {"home": "village", "county": "county seat", "city": "main city", "coast": "coast"}
    parts = []
    for place, word in words.items():
        colour = style.PLACES["village" if place == "home" else place]
        parts.append((word, session.series(f"people_{place}") * u.number, colour))
    return _chart(session, "Where villagers live", f"{u.number_word} registered", parts)


def _land(session: Session) -> Chart:
    u = units(session)
    sown = session.series("mu_cultivated") * u.number
    twice = np.clip(session.series("mu_seasons") * u.number - sown, 0.0, sown)
    idle = session.series("mu_idle") * u.number
    idle[np.cumsum(sown) <= 0] = np.nan  # before the first spring nothing can be said
    parts = [
        ("two crops", twice, style.LAND["two crops"]),
        ("one crop", sown - twice, style.LAND["one crop"]),
        ("idle", idle, style.LAND["idle"]),
        ("overgrown", session.series("mu_trees") * u.number, style.LAND["woodland"]),
        ("city", session.series("mu_requisitioned") * u.number, style.LAND["taken"]),
    ]
    return _chart(session, "Use of contracted land", f"{u.number_word} mu", parts)


def _income(session: Session) -> Chart:
    words = {
        "farm": "farm",
        "wage": "wages",
        "other": "other",
        "remittance": "remittances",
        "shop": "online shops",
    }
    u = units(session)
    missing = np.full(min(len(session.history), YEAR - 1), np.nan)
    parts = []
    for name, word in words.items():
        sums = yearly(session.series(f"income_{name}")) * u.money
        colour = style.INCOME["business" if name == "other" else name]
        parts.append((word, np.concatenate((missing, sums)), colour))
    return _chart(session, "Income of residents", f"{u.money_word}, 12 months", parts)


def _parcels(session: Session) -> Chart:
    u = units(session)
    parts = [
        ("received", session.series("parcels_in") * u.number, style.BLUE),
        ("sent", session.series("parcels_out") * u.number, style.VERMILION),
    ]
    chart = _chart(session, "Parcels of villages", f"{u.number_word} a month", parts, stacked=False)
    if not any(values.any() for _, values, _ in parts):
        chart.option["graphic"] = {
            "type": "text",
            "left": "center",
            "top": "middle",
            "style": {"text": "no parcels yet", "fill": style.GREY, "fontSize": 12},
        }
    return chart


def _chart(
    session: Session, title: str, unit: str, parts: list[Part], stacked: bool = True
) -> Chart:
    """Return one chart: the months of the whole run across, so that it fills from the left."""
    every = -(-session.months // MOST_POINTS)
    months = [month_name(t) for t in range(0, session.months, every)]
    tick = {"color": "#555", "fontSize": 10.5}
    option = {
        "animation": False,
        "grid": {"left": 34, "right": 22, "top": 8, "bottom": 20},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 11}},
        "xAxis": {
            "type": "category",
            "data": months,
            "boundaryGap": False,
            "axisLabel": {**tick, "interval": max(0, session.months // 24 * 12 // every - 1)},
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": "#999"}},
        },
        "yAxis": {
            "type": "value",
            "splitNumber": 4,
            "axisLabel": tick,
            "splitLine": {"lineStyle": {"color": "#ececec"}},
        },
        "series": [_line(word, values[::every], colour, stacked) for word, values, colour in parts],
    }
    legend = []
    for word, values, colour in parts[::-1]:
        last = values[-1] if len(values) else np.nan
        legend.append((word, colour, "" if np.isnan(last) else short(float(last))))
    return Chart(title, unit, legend, option)


def _line(word: str, values: NDArray[np.float64], colour: str, stacked: bool) -> dict[str, Any]:
    nothing = not np.nan_to_num(values).any()
    width = 0 if nothing else 1 if stacked else 2
    line: dict[str, Any] = {
        "name": word,
        "type": "line",
        "symbol": "none",
        "data": [None if np.isnan(v) else float(f"{v:.4g}") for v in values],
        "lineStyle": {"width": width},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }
    if stacked:
        line |= {"stack": "all", "stackStrategy": "all"}
        line |= {"areaStyle": {"opacity": 1, "color": colour}}
    return line
