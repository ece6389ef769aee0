"""For which goods, places and endowments; what it would take; when, for whom, and which sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
from scipy.stats import spearmanr

from experiments.arms import BARE, BUYING, FULL, OUTCOMES, SELLING
from experiments.bootstrap import Interval
from experiments.findings.evidence import OUTCOMES_ASKED, OUTCOMES_SHOWN, Evidence, unit
from experiments.findings.numbers import WHAT
from experiments.findings.runs import DISTANCES
from experiments.findings.words import (
    DOWN,
    NONE,
    UNKNOWN,
    UP,
    Finding,
    Sentence,
    by_sign,
    change,
    compared,
    listed,
    of,
    offset,
    share,
    sign,
    upper,
)
from experiments.offset import OFFSET

BARE_CELL, FULL_CELL = f"base|{BARE}", f"base|{FULL}"
SELLING_CELL, BUYING_CELL = f"base|{SELLING}", f"base|{BUYING}"
#: What households are ranked by -> the lowest and the highest tenth.
TENTHS = {"income": ("poorest", "richest"), "age": ("youngest", "oldest")}
HOME_ARMS = {FULL: "E-commerce", SELLING: "Selling alone", BUYING: "Buying alone"}
PER_MEMBER = "yuan of 2010 a member and year"
#: Size of the test for a parameter that goes with the sign, before Bonferroni.
SIZE = 0.05


def goods(e: Evidence) -> Finding:
    """Which good pays, sold alone."""
    basis = f"each good alone sold online, nothing bought; {e.pairs}"
    found = {
        o: {g: e.arms.difference(f"base|pull, only {g} sold", BARE_CELL, o) for g in e.goods}
        for o in OUTCOMES_ASKED
    }
    said = [
        Sentence(change(f"Selling {g} alone", "village product", i, unit("product")), basis)
        for g, i in found["product"].items()
    ]
    said += [
        Sentence(f"{upper(by_sign(WHAT[o], found[o]))}.", basis)
        for o in OUTCOMES_ASKED
        if o != "product"
    ]
    answer = upper(by_sign(WHAT["product"], found["product"]))
    return Finding("Goods", "By kind of good", answer, said, "V21, V25", "effects")


def remoteness(e: Evidence) -> Finding:
    """Whether near or far villages gain."""
    basis = f"thirds of villages by travel time to the seat; {e.pairs}"
    said, words = [], []
    for o in OUTCOMES_ASKED:
        places = e.arms.by_place("distance", o)
        shares = {d: places[d] for d in DISTANCES if d in places}
        for d, x in shares.items():
            told = offset(WHAT[o], x.gained, x.loss, x.offset, unit(o))
            said.append(Sentence(of(f"In {d} villages", told), basis))
        words.append(by_sign(WHAT[o], {f"{d} villages": x.gained for d, x in shares.items()}, "in"))
    places = e.arms.by_place("distance", "living")
    for d in (d for d in DISTANCES if d in places):
        told = change("E-commerce", WHAT["living"], places[d].gained, unit("living"))
        said.append(Sentence(of(f"In {d} villages", told), basis))
    return Finding("Remoteness", "By remoteness", upper("; ".join(words)), said, "V2", "effects")


def whom(e: Evidence) -> Finding | None:
    """Whether poor or rich, young or old households gain."""
    if e.homes is None:
        return None
    basis = f"the same households with and without e-commerce, tenths of those without; {e.pairs}"
    said, words = [], []
    for by, (low, high) in TENTHS.items():
        rows = e.homes[e.homes["by"] == by]
        for arm, subject in HOME_ARMS.items():
            gain = {
                name: rows[(rows["arm"] == arm) & (rows["decile"] == decile)]["gain"].to_numpy()
                for name, decile in ((low, 1), (high, 10))
            }
            for name, values in gain.items():
                what = f"income in the {name} tenth of households"
                said.append(Sentence(change(subject, what, e.arms.mean(values), PER_MEMBER), basis))
            if arm != FULL:
                continue
            i = e.arms.mean(gain[high] - gain[low])
            told = compared(f"the {high} tenth", f"the {low} tenth", i, PER_MEMBER, "gains more")
            said.append(Sentence(told, basis))
            more = {UP: f"the {high} tenth gains more", DOWN: f"the {low} tenth gains more"}
            words.append(f"by {by}: {more.get(sign(i), 'cannot be told')}")
    return Finding("Whom", "By household: income and age", "; ".join(words), said, "V2", "whom")


def home_table(e: Evidence) -> pd.DataFrame:
    """Return arm, by, decile, value, low, high: what households gain by e-commerce."""
    if e.homes is None:
        return pd.DataFrame()
    rows = [
        {"arm": HOME_ARMS[str(arm)], "by": by, "decile": decile}
        | e.arms.mean(part["gain"].to_numpy())._asdict()
        for (arm, by, decile), part in e.homes.groupby(["arm", "by", "decile"], sort=False)
    ]
    return pd.DataFrame(rows)


def channels(e: Evidence) -> Finding:
    """Selling against buying, and the cold chain."""
    basis = f"selling alone, buying alone; {e.pairs}"
    said: list[Sentence] = []
    parts: dict[str, dict[str, Interval]] = {"product": {}, "living": {}}
    for o in OUTCOMES_SHOWN:
        for cell, name in ((SELLING_CELL, "selling"), (BUYING_CELL, "buying")):
            i = e.arms.difference(cell, BARE_CELL, o)
            said.append(Sentence(change(f"{name.capitalize()} alone", WHAT[o], i, unit(o)), basis))
            if o in parts:
                parts[o][name] = i
    cell = "cold|all goods, cold"
    if e.arms.has(cell):
        for o in OUTCOMES_SHOWN:
            i = e.arms.difference(cell, FULL_CELL, o)
            said.append(
                Sentence(
                    change("A cold chain in every served village", WHAT[o], i, unit(o)),
                    f"cold chain everywhere against as it is; {e.pairs}",
                )
            )
            if o in parts:
                parts[o]["a cold chain"] = i
    answer = upper(". ".join(upper(by_sign(WHAT[o], found)) for o, found in parts.items()))
    return Finding(
        "Channels",
        "Selling against buying, with and without a cold chain",
        answer,
        said,
        "V4, V5, V25, V26",
        "effects",
    )


def endowments(e: Evidence) -> Finding | None:
    """What other endowments give."""
    names = [n for n in e.scenarios if e.arms.has(f"{n}|{FULL}")]
    if not names:
        return None
    said, gained = [], {}
    for n in ("base", *names):
        label = e.scenario if n == "base" else n
        basis = f"scenario {label}, three arms; {e.pairs}"
        for o in OUTCOMES_ASKED:
            x = e.effects(o, n)
            told = offset(WHAT[o], x.gained, x.loss, x.offset, unit(o))
            said.append(Sentence(of(label, told), basis))
            if o == "product":
                gained[label] = x.gained
    answer = upper(by_sign(WHAT["product"], gained, "in"))
    return Finding(
        "Endowments", "By endowment: the named scenarios", answer, said, "V19, V23", "effects"
    )


def reach(e: Evidence) -> Finding | None:
    """What it would take."""
    if e.reach is None:
        return None
    said, words = [], []
    for o, found in e.reach.items():
        basis = f"each lever over its range, all else as it is; {found['replicates']} replicates"
        if found["verdict"] != OFFSET:
            said.append(
                Sentence(
                    f"Of {WHAT[o]} no loss can be told, so nothing can be asked to "
                    f"offset it: {found['verdict']}.",
                    basis,
                )
            )
            words.append(f"{WHAT[o]}: no loss to offset")
            continue
        met = [r for r in found["roots"] if r["value"] is not None or r["least"] > r["target"]]
        said += [Sentence(_root(o, r), basis) for r in met]
        missed = [r for r in found["roots"] if r not in met]
        for lever in dict.fromkeys(r["parameter"] for r in missed):
            said.append(Sentence(_missed(o, [r for r in missed if r["parameter"] == lever]), basis))
        together = found["together"]
        if together:
            best = Interval(together["value"], together["low"], together["high"])
            said.append(
                Sentence(
                    f"With every lever where it alone gives most, "
                    f"{share(best)} of the loss of {WHAT[o]} comes back.",
                    basis,
                )
            )
        most = max((r["target"] for r in met), default=0.0)
        words.append(
            f"{WHAT[o]}: one lever alone reaches "
            + (f"{most:.0%} of the loss" if met else "none of the targets")
        )
    return Finding("Reach", "What it would take", "; ".join(words), said, "", "reach")


def _root(outcome: str, r: dict[str, Any]) -> str:
    what = f"{r['target']:.0%} of the loss of {WHAT[outcome]} by {r['parameter']}"
    span = f"{r['low_end']:g} to {r['high_end']:g}, now {r['now']:g}"
    if r["value"] is not None:
        at = f"{r['value']:.3g} [{r['low']:.3g}, {r['high']:.3g}]"
        sure = "" if r["reached"] >= 1 else f", in {100 * r['reached']:.0f}% of resamples"
        return f"{what}: at {at}{sure} (range {span})."
    return f"{what}: exceeded all over its range ({span})."


def _missed(outcome: str, roots: list[dict[str, Any]]) -> str:
    """Return what a lever does not reach anywhere in its range."""
    r = roots[0]
    targets = listed([f"{x['target']:.0%}" for x in roots])
    return (
        f"{targets} of the loss of {WHAT[outcome]} by {r['parameter']}: not reached within its "
        f"range ({r['low_end']:g} to {r['high_end']:g}, now {r['now']:g}); at most "
        f"{r['best']:.1%}, at {r['best_at']:.3g}."
    )


def horizon(e: Evidence) -> Finding | None:
    """How the effect depends on the horizon and on who is looked at."""
    if e.lines is None:
        return None
    said, words = [], []
    for name, rows in e.lines.groupby("line", sort=False):
        for h in (1, 8):
            seen, true = seen_and_true(rows, h)
            basis = f"made-up nation, {name} places, {_years(h)} after entry"
            unit_ = f"% after {_years(h)}"
            for words_, what, i in (
                ("As an observer would estimate it", _what(str(name)), seen),
                ("In truth", _cause(str(name)), true),
            ):
                told = change(what, "income per resident", i, unit_)
                said.append(Sentence(of(words_, told), basis))
            if h == 8:
                words.append(f"{name}: {_told(seen)} as estimated, {_told(true)} in truth")
    return Finding(
        "Horizon", "By horizon and by who is looked at", "; ".join(words), said, "V1, V3", "horizon"
    )


def seen_and_true(line: pd.DataFrame, years: int) -> tuple[Interval, Interval]:
    """Return the effect so many years after entry, as estimated and in truth (``horizons``), %."""
    at = line[line["horizon"] == years]
    seen, true = (_interval(at[at["truth"] == t].iloc[0]) for t in (False, True))
    return seen, true


def _what(name: str) -> str:
    return "having a shop in the village" if name == "self-selected" else "the programme"


def _cause(name: str) -> str:
    """Return what the truth is against: a region without e-commerce, or without the programme."""
    return "e-commerce, where a shop opened," if name == "self-selected" else "the programme"


def _years(h: int) -> str:
    return "1 year" if h == 1 else f"{h} years"


def _interval(row: pd.Series) -> Interval:
    return Interval(float(row["value"]), float(row["low"]), float(row["high"]))


def _told(i: Interval) -> str:
    return {UP: "more", DOWN: "less", NONE: "nothing", UNKNOWN: "cannot be told"}[sign(i)]


def signs(e: Evidence) -> Finding | None:
    """What would change the sign of loss and return."""
    if e.spread is None or e.drawn is None:
        return None
    said, words = [], []
    for o in OUTCOMES_ASKED:
        found = e.spread[o]
        basis = f"{found['draws']} draws over the ranges of {found['parameters']} parameters"
        for quantity, key in (("loss", "losing"), ("return", "returning")):
            above = found[key]
            text = f"The {quantity} of {WHAT[o]} lies above 0 in {100 * above:.0f}% of the draws"
            if above in (0.0, 1.0):
                said.append(
                    Sentence(f"{text}: nothing inside the ranges was found that turns it.", basis)
                )
                continue
            with_ = _goes_with(e.drawn, f"{quantity}.{o}")
            if with_:
                said.append(Sentence(f"{text}; it goes with {listed(with_)}.", basis))
            else:
                said.append(
                    Sentence(
                        f"{text}; which parameter turns it cannot be told from so many draws.",
                        basis,
                    )
                )
            words.append(f"the {quantity} of {WHAT[o]} changes sign")
    answer = "; ".join(words) if words else "No sign changes over the ranges that were drawn"
    return Finding("Sign", "What would change the answer's sign", answer, said, "")


def _goes_with(drawn: pd.DataFrame, quantity: str) -> list[str]:
    """Return up to three parameters whose rank goes with the quantity's (Spearman, Bonferroni)."""
    names = [c for c in drawn if not str(c).startswith(("loss.", "return."))]
    found = []
    for name in names:
        result = spearmanr(drawn[name], drawn[quantity])
        if result.pvalue * len(names) < SIZE:
            found.append((abs(float(result.statistic)), str(name), float(result.statistic)))
    return [f"{name} (rank correlation {r:+.2f})" for _, name, r in sorted(found)[::-1][:3]]


TOPICS: tuple[Callable[[Evidence], Finding | None], ...] = (
    goods,
    remoteness,
    whom,
    endowments,
    channels,
    reach,
    horizon,
    signs,
)


def effects_table(e: Evidence) -> pd.DataFrame:
    """Return group, name, outcome, value, low, high, unit: the return of everything that was on."""
    rows: list[dict[str, Any]] = []

    def add(group: str, found: Iterable[tuple[str, str, Interval]]) -> None:
        rows.extend(
            {"group": group, "name": n, "outcome": o, **i._asdict(), "unit": OUTCOMES[o].unit}
            for n, o, i in found
        )

    def against(cell: str, other: str, name: str) -> list[tuple[str, str, Interval]]:
        return [(name, o, e.arms.difference(cell, other, o)) for o in OUTCOMES_SHOWN]

    for cell, name in ((SELLING_CELL, "selling"), (BUYING_CELL, "buying")):
        add("channel", against(cell, BARE_CELL, name))
    for g in e.goods:
        add("good alone", against(f"base|pull, only {g} sold", BARE_CELL, g))
    for o in OUTCOMES_SHOWN:
        places = e.arms.by_place("distance", o)
        add("villages", [(d, o, places[d].gained) for d in DISTANCES if d in places])
    for n in e.scenarios:
        if e.arms.has(f"{n}|{FULL}"):
            add("scenario", against(f"{n}|{FULL}", f"{n}|{BARE}", n))
    if e.arms.has("cold|all goods, cold"):
        add("cold chain", against("cold|all goods, cold", FULL_CELL, "everywhere"))
    return pd.DataFrame(rows)


__all__ = ["PER_MEMBER", "TENTHS", "TOPICS", "effects_table", "home_table", "seen_and_true"]
