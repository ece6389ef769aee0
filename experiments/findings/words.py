"""Sentences whose words follow from numbers: what an interval allows to be said, and no more.

No result stands in a template. An interval that holds 0 reads "cannot be told"; one world has no
interval, and nothing can be told from it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from experiments.bootstrap import Interval

UP, DOWN, NONE, UNKNOWN = "up", "down", "none", "unknown"
YES, NO, PART, OPEN = "Yes", "No", "In part", "Cannot be told"


class Sentence(NamedTuple):
    """A sentence with its interval, and what it rests on."""

    text: str
    basis: str


class Finding(NamedTuple):
    """A question, the answer in a few words, and the sentences that it rests on.

    bears : targets of the scorecard that test what the answer needs.
    """

    name: str
    question: str
    answer: str
    sentences: list[Sentence]
    bears: str = ""
    figure: str = ""


def sign(i: Interval) -> str:
    """Return UP, DOWN, NONE (not a yuan of difference in any world) or UNKNOWN."""
    if i.value == i.low == i.high == 0.0:
        return NONE
    if not all(map(math.isfinite, i)):  # one world has no interval
        return UNKNOWN
    if i.low > 0.0:
        return UP
    return DOWN if i.high < 0.0 else UNKNOWN


def amount(i: Interval, unit: str) -> str:
    """Return "12.3 [10.1, 14.2] thousand workers"."""
    if not math.isfinite(i.value):
        return f"no number ({unit})"
    size = max(abs(x) for x in i if math.isfinite(x))
    scale, word = next(
        (
            (s, w)
            for s, w in ((1e9, "billion "), (1e6, "million "), (1e4, "thousand "))
            if size >= s
        ),
        (1.0, ""),
    )
    scale = 1e3 if word == "thousand " else scale
    return f"{numbers(i, scale)} {word}{unit}".rstrip()


def share(i: Interval) -> str:
    """Return "12% [10, 14]" of an interval of shares."""
    if not math.isfinite(i.value):
        return "no number"
    value, _, rest = numbers(Interval(*(100.0 * x for x in i)), 1.0).partition(" ")
    return f"{value}%{' ' + rest if rest else ''}"


def numbers(i: Interval, scale: float) -> str:
    """Return "value [low, high]" over ``scale``, all three with the same decimals."""
    value, low, high = (x / scale for x in i)
    if not math.isfinite(low):
        low = high = value
    size = max(abs(value), abs(low), abs(high))
    digits = 0 if size == 0.0 else min(3, max(0, 2 - math.floor(math.log10(size))))
    shown = [f"{x if round(x, digits) else 0.0:,.{digits}f}" for x in (value, low, high)]
    return shown[0] if low == high else f"{shown[0]} [{shown[1]}, {shown[2]}]"


def negative(i: Interval) -> Interval:
    """Return the interval of the opposite."""
    return Interval(-i.value, -i.high, -i.low)


def change(subject: str, what: str, i: Interval, unit: str) -> str:
    """Return whether ``subject`` raises or lowers ``what``, or that it cannot be told."""
    found = sign(i)
    if found == UP:
        return f"{subject} raises {what} by {amount(i, unit)}."
    if found == DOWN:
        return f"{subject} lowers {what} by {amount(negative(i), unit)}."
    if found == NONE:
        return f"{subject} leaves {what} as it is: there is no difference in any world."
    return f"Whether {_lower(subject)} raises or lowers {what} cannot be told: {amount(i, unit)}."


def changes(subject: str, found: dict[str, tuple[Interval, str]]) -> str:
    """Return ``change`` of several things, what -> (interval, unit), in one sentence."""
    signs = {what: sign(i) for what, (i, _) in found.items()}
    parts = []
    for direction, verb in ((UP, "raises"), (DOWN, "lowers")):
        told = [
            f"{what} by {amount(i if direction == UP else negative(i), unit)}"
            for what, (i, unit) in found.items()
            if signs[what] == direction
        ]
        parts += [f"{verb} {listed(told)}"] if told else []
    same = [what for what, s in signs.items() if s == NONE]
    parts += [f"leaves {listed(same)} as it is"] if same else []
    open_ = [what for what, s in signs.items() if s == UNKNOWN]
    if not parts:
        return f"Whether {_lower(subject)} raises or lowers {listed(open_)} cannot be told."
    tail = f"; whether it raises or lowers {listed(open_)} cannot be told" if open_ else ""
    return f"{subject} {' and '.join(parts)}{tail}."


def loss(what: str, i: Interval, unit: str) -> str:
    """Return whether the pull lowered ``what``; a loss above 0: it did."""
    return change("The pull of the cities", what, negative(i), unit)


def offset(what: str, gained: Interval, lost: Interval, ratio: Interval | None, unit: str) -> str:
    """Return how much of the loss comes back, if there is a loss and if it can be told."""
    if sign(lost) == DOWN:
        return f"There is no loss of {what} to offset: the pull was a gain of it."
    if ratio is None:
        return f"Whether there is a loss of {what} cannot be told, so neither can its offset."
    found = sign(ratio)
    came = f"{share(ratio)} of the loss of {what}, {amount(gained, unit)}"
    if found == NONE:
        return f"Nothing of the loss of {what} comes back."
    if found == UNKNOWN:
        return f"Whether any of the loss of {what} comes back cannot be told: {came}."
    if found == DOWN:
        return f"E-commerce deepens the loss of {what}: {came}."
    if ratio.low >= 1.0:
        return f"E-commerce brings back all of it: {came}."
    if ratio.high < 1.0:
        return f"E-commerce brings back a part: {came}."
    return f"E-commerce brings back {came}; whether that is all cannot be told."


def offset_answer(ratio: Interval | None, lost: Interval) -> str:
    """Return the same as an answer."""
    if sign(lost) == DOWN:
        return "no loss"
    if ratio is None or sign(ratio) == UNKNOWN:
        return "cannot be told"
    if sign(ratio) in (DOWN, NONE):
        return "no"
    return "yes, all" if ratio.low >= 1.0 else f"in part, {share(ratio)}"


def compared(first: str, second: str, i: Interval, unit: str, verb: str = "gives more") -> str:
    """Return which of two gives more, by their paired difference (first less second)."""
    found = sign(i)
    if found == UP:
        return f"{upper(first)} {verb} than {second}, by {amount(i, unit)}."
    if found == DOWN:
        return f"{upper(second)} {verb} than {first}, by {amount(negative(i), unit)}."
    if found == NONE:
        return f"{upper(first)} and {second} do not differ in any world."
    return f"Whether {first} or {second} {verb} cannot be told: {amount(i, unit)}."


def all_or_some(signs: list[str], wanted: str = UP) -> str:
    """Return YES where all signs are the one wanted, NO where none can be, PART, or OPEN."""
    if not signs:
        return OPEN
    if all(s == wanted for s in signs):
        return YES
    if any(s == wanted for s in signs):
        return PART
    return OPEN if UNKNOWN in signs else NO


def of(subject: str, sentence: str) -> str:
    """Return a sentence about a part: "In far villages: there is no loss ..."."""
    return f"{subject}: {_lower(sentence)}"


def by_sign(what: str, found: dict[str, Interval], by: str = "by") -> str:
    """Return "village product is raised by a and b; cannot be told for c"."""
    words = {UP: f"is raised {by}", DOWN: f"is lowered {by}", NONE: f"is left as it is {by}",
             UNKNOWN: "cannot be told " + {"by": "for"}.get(by, by)}  # fmt: skip
    names = {s: [name for name, i in found.items() if sign(i) == s] for s in words}
    return f"{what} " + "; ".join(f"{words[s]} {listed(n)}" for s, n in names.items() if n)


def listed(names: list[str]) -> str:
    """Return "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def upper(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
