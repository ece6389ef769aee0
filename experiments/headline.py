"""The headline in words and three small tables, for the terminal."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import Any, NamedTuple

from experiments.arms import BARE, FULL, HEADLINE, KEPT, NEITHER

#: Outcome -> what a reader calls it, and its unit.
_WORDS = {
    "labour": ("labour at home", "workers"),
    "land": ("land cultivated", "mu"),
    "product": ("village product", "yuan/year"),
    "living": ("living standard", "yuan/person/year"),
}
_LABEL, _CELL, _ARM = 37, 28, 14
_SPAN = "last 12 months"
#: Below so many replicates a percentile bootstrap is clearly too narrow.
_FEW = 10
#: Of fewer draws the outer 2.5% are no draw at all.
_FEW_DRAWS = 40


class Scale(NamedTuple):
    """The unit in which a row is printed, and its word."""

    unit: float
    word: str


def headline(result: dict[str, Any]) -> list[str]:
    """Return the lines that ``ruralflow offset`` prints, from the content of offset.json."""
    number, last = result["replicates"], result["years"][1]
    shown = {name: result["outcomes"][name][_SPAN] for name in HEADLINE}
    lines = [
        f"What e-commerce brought back of what the cities took, in {last}",
        "",
        "Loss: what villages would have more of without the pull of the cities (no e-commerce in",
        "either). Return: what e-commerce adds under the pull. Offset: return / loss.",
        *wrap(result["no_pull"], 92),
        f"[95% intervals]: luck over {number} paired replicates; parameters are not varied"
        + (" here." if "uncertainty" in result else ".")
        + (f" With {number} they are too narrow." if 1 < number < _FEW else "")
        + (" With 1 there are none: run more." if number == 1 else ""),
        "",
        _row("", ["loss", "return", "offset"], _CELL),
    ]
    for name, found in shown.items():
        scale = scale_of(found)
        cells = [_cell(found["loss"], scale), _cell(found["return"], scale), _offset(found)]
        lines.append(_row(_label(name, scale), cells, _CELL))
    lines += _spread(result, shown)
    lines += ["", _row("the four arms", ["no pull", "no pull", "pull", "pull", ""], _ARM)]
    access = ["no access", "access", "no access", "access", "interaction"]
    lines.append(_row("", access, _ARM))
    for name, found in shown.items():
        scale = scale_of(found)
        values = [found["arms"][arm]["value"] for arm in (NEITHER, KEPT, BARE, FULL)]
        values.append(found["interaction"]["value"])
        digits = _decimals(abs(found["loss"]["value"]) / scale.unit)  # that the loss can be seen
        cells = [f"{value / scale.unit:,.{digits}f}" for value in values]
        lines.append(_row(_label(name, scale), cells, _ARM))
    lines += ["", *_channels(shown), "", *_since(result)]
    return lines


def _spread(result: dict[str, Any], shown: dict[str, dict[str, Any]]) -> list[str]:
    """Return the intervals over parameters and luck, where they were asked for."""
    if "uncertainty" not in result:
        return []
    draws, ranges = result["uncertainty"]["draws"], result["uncertainty"]["ranges"]
    posterior = result["uncertainty"].get("posterior")
    calibrated = (
        f"of {len(posterior['parameters'])} parameters from the posterior of a calibration, and "
        if posterior
        else ""
    )
    text = (
        f"[95% intervals] of parameters and luck: {draws} draws {calibrated}over the ranges of "
        f"{len(ranges)} parameters that no data pin; the median stands in front."
    )
    few = f" With {draws} draws they are too narrow." if draws < _FEW_DRAWS else ""
    lines = ["", *wrap(text + few, 92), _row("", ["loss", "return", "offset"], _CELL)]
    for name, found in shown.items():
        scale, wide = scale_of(found), found["parameters_and_luck"]
        cells = [_cell(wide["loss"], scale), _cell(wide["return"], scale), _offset(wide)]
        lines.append(_row(_label(name, scale), cells, _CELL))
    share = ", ".join(
        f"{_WORDS[name][0]} {100 * found['parameters_and_luck']['losing']:.0f}%"
        for name, found in shown.items()
    )
    return [*lines, *wrap(f"Draws in which the pull is a loss: {share}.", 92)]


def _channels(shown: dict[str, dict[str, Any]]) -> list[str]:
    """Return the return of each channel and, where asked for, of each good alone."""
    names = list(next(iter(shown.values()))["channels"])
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    lines = []
    for pair in pairs:
        lines.append(_row("return by channel", pair, _CELL))
        for name, found in shown.items():
            scale = scale_of(found)
            cells = [_cell(found["channels"][channel]["return"], scale) for channel in pair]
            lines.append(_row(_label(name, scale), cells, _CELL))
    return lines


def _since(result: dict[str, Any]) -> list[str]:
    """Return the offsets over all years of access, undiscounted and at 5% a year."""
    since = "since access began"
    if since not in result["outcomes"]["labour"]:
        return [f"E-commerce begins in {result['access_year']}, after the last year of the run."]
    years = f"{max(result['access_year'], result['years'][0])}-{result['years'][1]}"
    lines = [_row(f"offset over {years}", ["undiscounted", "at 5% a year"], _CELL)]
    for name in HEADLINE:
        outcome = result["outcomes"][name]
        cells = [_offset(outcome[since]), _offset(outcome[f"{since}, 5% a year"])]
        lines.append(_row(_WORDS[name][0], cells, _CELL))
    return lines


def scale_of(found: dict[str, Any]) -> Scale:
    """Return the scale that suits the largest of the four arms."""
    size = max(abs(found["arms"][arm]["value"]) for arm in (NEITHER, KEPT, BARE, FULL))
    if size >= 1e8:
        return Scale(1e6, "million ")
    if size >= 1e5:
        return Scale(1e3, "thousand ")
    return Scale(1.0, "")


def _label(name: str, scale: Scale) -> str:
    words, unit = _WORDS[name]
    return f"{words}, {scale.word}{unit}"


def _row(label: str, cells: list[str], width: int) -> str:
    return (f"{label:<{_LABEL}}" + "".join(f"{cell:<{width - 1}} " for cell in cells)).rstrip()


def _offset(found: dict[str, Any]) -> str:
    if "offset" in found:
        return _cell(found["offset"], Scale(1.0, ""))
    return found["verdict"]  # type: ignore[no-any-return]


def _cell(found: dict[str, float], scale: Scale) -> str:
    """Return ``value [low, high]``, all three with the same decimals; no interval, no brackets."""
    value, low, high = (found[key] / scale.unit for key in ("value", "low", "high"))
    digits = _decimals(max(abs(value), abs(low), abs(high)))
    if low == high:
        return f"{value:,.{digits}f}"
    return f"{value:,.{digits}f} [{low:,.{digits}f}, {high:,.{digits}f}]"


def _decimals(size: float) -> int:
    """Return the decimals that show a number of that size with three digits, at most four."""
    if size == 0.0:
        return 0
    return min(4, max(0, 2 - math.floor(math.log10(size))))
