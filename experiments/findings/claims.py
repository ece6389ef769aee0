"""The eight claims that started the project (Q1-Q8), each answered from the runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from experiments.arms import BARE, BUYING, FULL, SELLING
from experiments.bootstrap import Interval, resamples
from experiments.findings.evidence import OUTCOMES_ASKED, OUTCOMES_SHOWN, Evidence, unit
from experiments.findings.nation import fifth, fourth, third
from experiments.findings.numbers import WHAT, by_replicate, mean_of
from experiments.findings.runs import KEEPS, SHOP_YEARS, SPOILS
from experiments.findings.words import (
    DOWN,
    NO,
    NONE,
    OPEN,
    UNKNOWN,
    UP,
    YES,
    Finding,
    Sentence,
    all_or_some,
    amount,
    change,
    compared,
    loss,
    of,
    offset,
    offset_answer,
    share,
    sign,
)
from model.losses import Cause

YUAN = "yuan of 2010"
#: Class of goods -> what its sellers sell.
SELLERS = {"fresh": "fresh goods", "keeps": "goods that keep"}
FULL_CELL, BARE_CELL = f"base|{FULL}", f"base|{BARE}"


def first(e: Evidence) -> Finding:
    """Q1: cities grew at the countryside's expense."""
    basis = f"pull on and off, no e-commerce in either; {e.pairs}"
    found = {o: e.effects(o).loss for o in OUTCOMES_SHOWN}
    said = [Sentence(loss(WHAT[o], i, unit(o)), basis) for o, i in found.items()]
    idle = e.arms.difference(BARE_CELL, "base|no pull, no access", "mu_idle")
    said.append(Sentence(change("The pull", "idle land", idle, "mu"), basis))
    took, gave = (e.arms.booked(FULL_CELL, "extraction", side) for side in ("extraction", "return"))
    balance = e.arms.mean(took - gave)
    books = (
        "ledger, 2003 to the last year, scenario as it is; labour surplus is 0 by construction "
        f"unless the pull is scaled; {e.pairs}"
    )
    said.append(
        Sentence(
            f"By the books {amount(e.arms.mean(took), YUAN)} left the villages as value of land "
            f"above compensation, labour surplus and saving; {amount(e.arms.mean(gave), YUAN)} "
            "came back as remittances, savings, online sales, public money and cheaper goods.",
            books,
        )
    )
    said.append(Sentence(compared("what left", "what came back", balance, YUAN, "was more"), books))
    answer = _verdict({o: sign(found[o]) for o in OUTCOMES_ASKED})
    return Finding(
        "Q1",
        "Cities grew at the countryside's expense: labour lost, land laid waste",
        answer,
        said,
        "V8, V11, V12, V15, V27",
        "offset",
    )


def _verdict(signs: dict[str, str]) -> str:
    """Return the answer with the outcomes that hold it up, and those that do not."""
    answer = all_or_some(list(signs.values()))
    names = {s: [WHAT[o] for o, found in signs.items() if found == s] for s in (UP, DOWN, UNKNOWN)}
    parts = [
        f"{word}: {', '.join(names[s])}"
        for s, word in ((UP, "yes"), (DOWN, "the opposite"), (UNKNOWN, "cannot be told"))
        if names[s]
    ]
    return answer if answer == YES else f"{answer} ({'; '.join(parts)})" if parts else answer


def second(e: Evidence) -> Finding:
    """Q2: e-commerce can pay something back."""
    basis = f"e-commerce on and off under the pull; {e.pairs}"
    said, signs, shares = [], {}, []
    for o in OUTCOMES_SHOWN:
        found = e.effects(o)
        asked = o in OUTCOMES_ASKED
        said.append(Sentence(change("E-commerce", WHAT[o], found.gained, unit(o)), basis))
        if asked:
            told = offset(WHAT[o], found.gained, found.loss, found.offset, unit(o))
            said += [Sentence(told, basis), *_wide(e, o)]
            signs[o] = sign(found.gained)
            shares.append(f"{WHAT[o]}: {offset_answer(found.offset, found.loss)}")
        apart = e.arms.difference(f"base|{SELLING}", f"base|{BUYING}", o)
        said.append(
            Sentence(of(f"Of {WHAT[o]}", compared("selling", "buying", apart, unit(o))), basis)
        )
    answer = f"{_verdict(signs)}. Offset of {'; '.join(shares)}"
    return Finding(
        "Q2",
        "E-commerce can pay something back to the countryside",
        answer,
        said,
        "V1, V2, V3, V25, V26",
        "offset",
    )


def _wide(e: Evidence, outcome: str) -> list[Sentence]:
    """Return the second interval, where it was asked for."""
    if e.spread is None:
        return []
    found = e.spread[outcome]
    gained = Interval(**found["return"])
    text = change(
        "Over the ranges of all parameters that no data pin, e-commerce",
        WHAT[outcome],
        gained,
        unit(outcome),
    )
    if "offset" in found:
        text += f" Offset: {share(Interval(**found['offset']))}."
    basis = f"{found['draws']} draws of parameters and luck"
    return [
        Sentence(text, basis),
        Sentence(
            f"The pull is a loss of {WHAT[outcome]} in {100 * found['losing']:.0f}% of the "
            f"draws, e-commerce a return in {100 * found['returning']:.0f}%.",
            basis,
        ),
    ]


def sixth(e: Evidence) -> Finding | None:
    """Q6: without a cluster farm goods give little to hold on to; fresh sellers lose."""
    basis = f"each good alone sold online; {e.pairs}"
    said, signs = [], []
    if e.fresh:
        cell = f"base|pull, only {e.fresh} sold"
        for o in OUTCOMES_ASKED:
            i = e.arms.difference(cell, BARE_CELL, o)
            said.append(Sentence(change(f"Selling {e.fresh} alone", WHAT[o], i, unit(o)), basis))
            if e.arms.has(f"cold|only {e.fresh}, cold"):
                cold = e.arms.difference(f"cold|only {e.fresh}, cold", cell, o)
                said.append(
                    Sentence(
                        change(
                            f"A cold chain everywhere, {e.fresh} alone being sold,",
                            WHAT[o],
                            cold,
                            unit(o),
                        ),
                        basis,
                    )
                )
            if o == "product":
                signs.append(sign(i))
    sellers = _losing(e)
    said += sellers.sentences
    if not said:
        return None
    little = {
        UP: "selling it pays something",
        UNKNOWN: "whether selling it pays cannot be told",
        DOWN: "selling it costs",
        NONE: "selling it changes nothing",
    }
    words = [f"{e.fresh}: {little[s]}" for s in signs] + (
        [sellers.answer] if sellers.answer else []
    )
    return Finding(
        "Q6",
        "Without a cluster farm goods give little to hold on to: fresh produce "
        "perishes, and nearly nine of ten fresh sellers lose",
        "; ".join(words) or OPEN,
        said,
        "V4, V5",
    )


_SPAN = f"{SHOP_YEARS[0]} to {SHOP_YEARS[-1]}"


def _losing(e: Evidence) -> Finding:
    """Return which share of sellers loses, by class and cold chain, and why."""
    said, answer = [], ""
    for arm, words in (("as it is", "as it is"), ("cold", "with a cold chain everywhere")):
        for kind, name in SELLERS.items():
            parts = _sellers(e, arm, kind)
            if not parts:
                continue
            i = _share_losing(parts)
            basis = (
                f"shops over a year old, {_SPAN}, {words}; {len(parts)} replicates with such shops"
            )
            said.append(Sentence(f"Of sellers of {name}, {share(i)} lose money.", basis))
            if kind == "fresh" and arm == "as it is":
                said += _why(parts, basis)
                high = i.low >= 0.8 and len(parts) > 1
                answer = (
                    "nearly nine of ten fresh sellers lose"
                    if high and i.high < 0.97
                    else "fresh sellers lose, even more than nine of ten"
                    if high and i.low > 0.9
                    else f"of fresh sellers {share(i)} lose"
                )
    return Finding("", "", answer, said)


def losing(e: Evidence) -> dict[str, Interval]:
    """Return class of goods -> share of its sellers that lose, as it is; nothing without shops."""
    parts = {name: _sellers(e, "as it is", kind) for kind, name in SELLERS.items()}
    return {name: _share_losing(found) for name, found in parts.items() if found}


def _sellers(e: Evidence, arm: str, kind: str) -> list[pd.DataFrame]:
    """Return the shops over a year old of a class of goods, of each replicate that has some."""
    if e.trade is None or e.trade["causes"].empty:
        return []
    parts = [p[p["class"] == kind] for p in by_replicate(e.trade["causes"], arm)]
    return [p for p in parts if p["shops"].sum() > 0]


def _share_losing(parts: list[pd.DataFrame]) -> Interval:
    lost = np.array([_part(p, p["cause"] != Cause.NONE) for p in parts])
    return mean_of(lost, resamples(len(parts), 1))


def _part(p: pd.DataFrame, mask: pd.Series) -> float:
    return float(p.loc[mask, "shops"].sum() / p["shops"].sum())


def _why(parts: list[pd.DataFrame], basis: str) -> list[Sentence]:
    names = {
        Cause.REFUNDS: "refunds and spoilage",
        Cause.FREIGHT: "freight",
        Cause.FEW_ORDERS: "too few orders",
    }
    lost = [p[p["cause"] != Cause.NONE] for p in parts]
    lost = [p for p in lost if p["shops"].sum() > 0]
    if not lost:
        return []
    rows = resamples(len(lost), 1)
    words = [
        f"{name} {share(mean_of(np.array([_part(p, p['cause'] == c) for p in lost]), rows))}"
        for c, name in names.items()
    ]
    return [Sentence(f"Of those who lose, by cause: {', '.join(words)}.", basis)]


def seventh(e: Evidence) -> Finding | None:
    """Q7: what works is what keeps, at equal farm-gate value."""
    if not e.arms.has(f"{KEEPS}|{SELLING}"):
        return None
    basis = f"made-up counties alike but for their one good; {e.pairs}"
    said, per = [], {}
    for good in (KEEPS, SPOILS):
        gained = e.arms.values(f"{good}|{SELLING}", "product")
        gained = gained - e.arms.values(f"{good}|{BARE}", "product")
        value = e.arms.booked(f"{good}|{BARE}", "harvest", good)
        said.append(
            Sentence(
                change(
                    f"Selling {good} alone", "village product", e.arms.mean(gained), unit("product")
                ),
                basis,
            )
        )
        if (value > 0).all():
            per[good] = 100.0 * gained / value
            said.append(
                Sentence(
                    f"That is {amount(e.arms.mean(per[good]), 'yuan')} for 100 yuan "
                    f"of {good} at the farm gate.",
                    basis,
                )
            )
    if len(per) < 2:
        said.append(
            Sentence(
                "One of the goods is not harvested in some world: at equal farm-gate "
                "value nothing can be told.",
                basis,
            )
        )
        return Finding("Q7", _Q7, OPEN, said, "V21")
    i = e.arms.mean(per[KEEPS] - per[SPOILS])
    if all(sign(e.arms.mean(x)) == NONE for x in per.values()):
        said.append(Sentence("Neither is sold online in any world.", basis))
        return Finding("Q7", _Q7, OPEN, said, "V21, V25")
    said.append(
        Sentence(
            of("At equal farm-gate value", compared(KEEPS, SPOILS, i, "yuan for 100 yuan")), basis
        )
    )
    answer = {UP: YES, DOWN: NO, NONE: NO, UNKNOWN: OPEN}[sign(i)]
    if answer == YES:  # what loses less does not yet work
        answer = {UP: YES, DOWN: NO, NONE: NO, UNKNOWN: OPEN}[sign(e.arms.mean(per[KEEPS]))]
    return Finding("Q7", _Q7, answer, said, "V21, V25")


_Q7 = "What works is what keeps: nuts, storable fruit"


def eighth(e: Evidence) -> Finding | None:
    """Q8: specialities that keep and please but are unknown outside."""
    goods = [g for g in ("tofu", "balls") if g in e.goods]
    if not goods:
        return None
    said, signs = [], []
    for good in goods:
        i = e.arms.difference(f"base|pull, only {good} sold", BARE_CELL, "product")
        signs.append(sign(i))
        said.append(
            Sentence(
                change(f"Selling {good} alone", "village product", i, unit("product")),
                f"that good alone; {e.pairs}",
            )
        )
    if e.arms.has("aware|neither"):
        said += [s for good in goods for s in _awareness(e, good)]
    answer = _verdict_goods(goods, signs)
    return Finding(
        "Q8",
        "A poor prefecture has specialities that keep and please but are unknown outside",
        answer,
        said,
        "V21, V25",
        "effects",
    )


def _verdict_goods(goods: Sequence[str], signs: list[str]) -> str:
    words = {UP: "pays", DOWN: "costs", NONE: "changes nothing", UNKNOWN: "cannot be told"}
    return "; ".join(f"selling {good} {words[s]}" for good, s in zip(goods, signs))


def _awareness(e: Evidence, good: str) -> list[Sentence]:
    """Return what sales lose without distinctness and word of mouth, and gain if all knew."""
    basis = f"all goods sold, nothing bought online; {e.pairs}"
    base = e.arms.booked(f"base|{SELLING}", "online", good)
    said = []
    for arm, subject in (
        ("no distinctness", "Being like any other of its kind"),
        ("no word of mouth", "Silence among buyers"),
        ("neither", "The lack of both"),
        ("known to all", "Being known to every buyer from the first shop on"),
    ):
        i = e.arms.mean(e.arms.booked(f"aware|{arm}", "online", good) - base)
        said.append(
            Sentence(change(subject, f"online sales of {good}", i, f"{YUAN} a year"), basis)
        )
    return said


CLAIMS: tuple[Callable[[Evidence], Finding | None], ...] = (
    first,
    second,
    third,
    fourth,
    fifth,
    sixth,
    seventh,
    eighth,
)


__all__ = ["CLAIMS", "losing"]
