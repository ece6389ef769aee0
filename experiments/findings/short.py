"""The findings in a few sentences: what was taken, what comes back, how, with what, to whom."""

from __future__ import annotations

from experiments.arms import BARE, BUYING, FULL, SELLING
from experiments.bootstrap import Interval
from experiments.findings.claims import losing
from experiments.findings.evidence import OUTCOMES_ASKED, OUTCOMES_SHOWN, Evidence, unit
from experiments.findings.numbers import WHAT
from experiments.findings.runs import SHOP_YEARS
from experiments.findings.topics import PER_MEMBER, TENTHS, seen_and_true
from experiments.findings.words import (
    UP,
    amount,
    changes,
    listed,
    negative,
    numbers,
    offset_answer,
    share,
    sign,
    upper,
)

#: So many goods are named, those that bring most; years after a programme came.
_NAMED, _YEARS = 3, 8


def in_short(e: Evidence) -> list[str]:
    """Return the sentences; there is none about what was not asked."""
    effects = {o: e.effects(o) for o in OUTCOMES_SHOWN}
    said = [
        _changes("The pull of the cities", {o: negative(x.loss) for o, x in effects.items()}),
        _changes("E-commerce", {o: x.gained for o, x in effects.items()}),
    ]
    lost = {o: effects[o] for o in OUTCOMES_ASKED if sign(effects[o].loss) == UP}
    if lost:
        words = [f"{WHAT[o]}: {offset_answer(x.offset, x.loss)}" for o, x in lost.items()]
        said.append(f"Does it bring back what was lost? {upper('; '.join(words))}.")
    for subject, arm in (("Selling alone", SELLING), ("Buying alone", BUYING)):
        said.append(
            _changes(
                subject,
                {o: e.arms.difference(f"base|{arm}", f"base|{BARE}", o) for o in OUTCOMES_SHOWN},
            )
        )
    return [*said, *_goods(e), *_places(e), *_whom(e), *_selection(e), *_sure(e)]


def _changes(subject: str, found: dict[str, Interval]) -> str:
    return changes(subject, {WHAT[o]: (i, unit(o)) for o, i in found.items()})


def _goods(e: Evidence) -> list[str]:
    """Return which goods bring most, each sold alone, and who loses by selling."""
    cells = {g: f"base|pull, only {g} sold" for g in e.goods}
    found = {g: e.arms.difference(cell, f"base|{BARE}", "product") for g, cell in cells.items()}
    paying = sorted((g for g in found if sign(found[g]) == UP), key=lambda g: -found[g].value)
    said = []
    if paying:
        named = [f"{g} ({amount(found[g], unit('product'))})" for g in paying[:_NAMED]]
        said.append(
            f"Of the goods, each sold alone, most village product comes of {listed(named)}."
        )
    lose = [f"of sellers of {name} {share(i)}" for name, i in losing(e).items()]
    when = f"from {SHOP_YEARS[0]} to {SHOP_YEARS[-1]}"
    return said + ([f"Of shops over a year old lost money {when}: {listed(lose)}."] if lose else [])


def _places(e: Evidence) -> list[str]:
    """Return whether the labour lost comes back near a seat, and far from one."""
    places = e.arms.by_place("distance", "labour")
    told = [
        f"in {d} villages {offset_answer(places[d].offset, places[d].loss)}"
        for d in ("near", "far")
        if d in places
    ]
    return [f"Does labour come back? {upper('; '.join(told))}."] if told else []


def _whom(e: Evidence) -> list[str]:
    """Return what households at both ends gain, by income and by age."""
    if e.homes is None:
        return []
    rows = e.homes[e.homes["arm"] == FULL].set_index(["by", "decile"])["gain"]
    gained = {
        f"income of the {name} tenth": e.arms.mean(rows.loc[by, decile].to_numpy())
        for by, names in TENTHS.items()
        for name, decile in zip(names, (1, 10))
    }
    return [changes("E-commerce", {what: (i, PER_MEMBER) for what, i in gained.items()})]


def _selection(e: Evidence) -> list[str]:
    """Return what an observer of places that chose themselves would estimate, and the truth."""
    if e.lines is None:
        return []
    seen, true = seen_and_true(e.lines[e.lines["line"] == "programme"], _YEARS)
    return [
        f"Where programmes went, differences in differences would put their effect on income per "
        f"resident after {_YEARS} years at {numbers(seen, 1.0)}%; in the model's truth it is "
        f"{numbers(true, 1.0)}%."
    ]


def _sure(e: Evidence) -> list[str]:
    """Return how often e-commerce is a return over the ranges of parameters."""
    if e.spread is None:
        return []
    words = [f"of {WHAT[o]} in {100 * e.spread[o]['returning']:.0f}%" for o in OUTCOMES_ASKED]
    draws = e.spread[OUTCOMES_ASKED[0]]["draws"]
    return [
        f"Over the ranges of all parameters that no data pin, e-commerce is a return "
        f"{listed(words)} of {draws} draws."
    ]


__all__ = ["in_short"]
