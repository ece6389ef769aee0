"""The claims about the nation (Q3-Q5), answered from the scenario of made-up counties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from experiments.bootstrap import Interval, resamples
from experiments.findings.evidence import Evidence
from experiments.findings.numbers import by_replicate, mean_of
from experiments.findings.runs import listed_villages
from experiments.findings.words import (
    DOWN,
    NO,
    NONE,
    OPEN,
    PART,
    UNKNOWN,
    UP,
    YES,
    Finding,
    Sentence,
    all_or_some,
    amount,
    compared,
    of,
    share,
    sign,
)
from model.series import RURAL_SHOPS

#: Counties outside districts in the nation: what sixty made-up ones stand for (FACTS Q5, A10).
COUNTIES_OF_THE_NATION = 1900
#: Online shops in towns and villages, end of 2012 (FACTS T30).
VILLAGE_SHOPS_2012 = 595_700.0
#: A model that has so many times the villages of the country's lists, or so many times fewer, says
#: nothing of how rare they are.
FAR_OFF = 2.0


def third(e: Evidence) -> Finding | None:
    """Q3: shops from ten thousand to a hundred thousand and more by 2013, with a burst in 2013."""
    if e.trade is None:
        return None
    paths = [p.set_index("year")["shops"] for p in by_replicate(e.trade["shops"], "clusters")]
    rows = resamples(len(paths), 1)
    scale = COUNTIES_OF_THE_NATION / e.counties
    basis = f"made-up nation of {e.counties} counties, times {scale:.0f}; {len(paths)} replicates"

    def of(year: int) -> np.ndarray:
        return np.array([scale * float(p.get(year, np.nan)) for p in paths])

    ends = [mean_of(of(year), rows) for year in (2003, 2013)]
    said = [
        Sentence(f"Shops of villagers in {year}: {amount(i, '')}.", basis)
        for year, i in zip((2003, 2013), ends)
    ]
    shops_below, last = RURAL_SHOPS[2012], max(RURAL_SHOPS)
    counts = {
        2012: f"{VILLAGE_SHOPS_2012 / 1e3:,.0f} thousand were counted in towns and villages",
        last: f"{RURAL_SHOPS[last] / 1e6:.1f} million were counted in counties and below, where "
        f"towns and villages had {VILLAGE_SHOPS_2012 / shops_below:.0%} of them in 2012",
    }
    for year, counted in counts.items():
        number = mean_of(of(year), rows)
        if np.isfinite(number.value):
            text = f"Shops of villagers in {year}: {amount(number, '')}; {counted}."
            said.append(Sentence(text, f"{basis}; FACTS T30, R12"))
    factor = {y: of(y) / np.maximum(of(y - 1), 1e-9) for y in (2012, 2013, 2014)}
    burst = [mean_of(factor[2013] - factor[y], rows) for y in (2012, 2014)]
    for year, i in zip((2012, 2014), burst):
        said.append(
            Sentence(
                compared(
                    "the number in 2013", f"in {year}", i, "in the factor of a year", "grew faster"
                ),
                basis,
            )
        )
    grown = ends[1].low >= 100_000 if len(paths) > 1 else None
    rise = OPEN if grown is None else (YES if grown else NO if ends[1].high < 100_000 else OPEN)
    jump = all_or_some([sign(i) for i in burst])
    answer = f"A hundred thousand by 2013: {rise.lower()}. A burst in 2013: {jump.lower()}"
    return Finding(
        "Q3",
        "County shops grew from ten thousand to a hundred thousand and more between "
        "2003 and 2013, with a burst in 2013",
        answer,
        said,
        "V24",
    )


def fourth(e: Evidence) -> Finding | None:
    """Q4: Taobao villages are special cases."""
    if e.trade is None:
        return None
    parts = by_replicate(e.trade["taobao"], "clusters")
    rows = resamples(len(parts), 1)
    basis = (
        f"made-up nation, the published rule at the size of real villages; {len(parts)} replicates"
    )

    def over(pick: Callable[[pd.DataFrame], pd.Series]) -> Interval:
        return mean_of(np.array([_weighted(p, pick(p)) for p in parts]), rows)

    ever = over(lambda p: p["taobao"].astype(float))
    said = [Sentence(f"Villages that ever qualify: {share(ever)} of all.", basis)]
    year, known = listed_villages()
    scale = COUNTIES_OF_THE_NATION / e.counties
    number = mean_of(np.array([scale * _qualifying(p) for p in parts]), rows)
    if np.isfinite(number.value):
        said.append(
            Sentence(
                f"In {year} such villages, times {scale:.0f}: {amount(number, '')}; the country's "
                f"lists name {known:,.0f}.",
                f"{basis}; FACTS T12",
            )
        )
        part = mean_of(np.array([_part_of_sales(p) for p in parts]), rows)
        said.append(
            Sentence(f"They make {share(part)} of what villagers sell online that year.", basis)
        )
    qualify = [bool(p["taobao"].any()) for p in parts]
    if all(qualify):

        def gap(p: pd.DataFrame, column: pd.Series) -> float:
            yes = p["taobao"].astype(bool)
            return _weighted(p[yes], column[yes]) - _weighted(p[~yes], column[~yes])

        cluster = mean_of(np.array([gap(p, (p["cluster"] > 0).astype(float)) for p in parts]), rows)
        minutes = mean_of(np.array([gap(p, p["minutes"]) for p in parts]), rows)
        said += [
            Sentence(
                "In a county with an industrial cluster before: qualifying villages less the "
                f"others {share(cluster)} of villages.",
                basis,
            ),
            Sentence(
                compared(
                    "the way to the seat of a village that qualifies",
                    "that of another",
                    minutes,
                    "minutes",
                    "is longer",
                ),
                f"{basis}; industries lie near the seat by assumption",
            ),
        ]
    else:
        said.append(
            Sentence(
                "In some worlds no village qualifies: what a qualifying one had "
                "before cannot be told.",
                basis,
            )
        )
    rare = sign(Interval(0.05 - ever.value, 0.05 - ever.high, 0.05 - ever.low))
    answer = {
        UP: "Yes, under one village in twenty",
        DOWN: "No, over one village in twenty",
        NONE: OPEN,
        UNKNOWN: OPEN,
    }[rare]
    times = number.value / known
    if times > FAR_OFF or times < 1.0 / FAR_OFF:
        answer = f"{OPEN}: the model has {times:.1f} times the villages of the country's lists"
    return Finding("Q4", "Taobao villages and counties are special cases", answer, said, "V20, V24")


def _qualifying(p: pd.DataFrame) -> float:
    """Return the villages that qualify in the year of ``listed_villages``; NaN where not run."""
    return float((p["listed"] * p["stands_for"]).sum(skipna=False))


def _part_of_sales(p: pd.DataFrame) -> float:
    """Return what part of the villages' sales those make that qualify in that year."""
    return float((p["listed"] * p["turnover"]).sum() / max(p["turnover"].sum(), 1e-9))


def _weighted(p: pd.DataFrame, column: pd.Series) -> float:
    weight = p["stands_for"].to_numpy(dtype=float)
    total = weight.sum()
    return float((column.to_numpy(dtype=float) * weight).sum() / total) if total > 0 else np.nan


def fifth(e: Evidence) -> Finding | None:
    """Q5: the leading counties nearly all have industrial clusters."""
    if e.trade is None:
        return None
    table = e.trade["index"]
    with_, without = (by_replicate(table, arm) for arm in ("clusters", "no clusters"))
    rows = resamples(len(with_), 1)
    clustered = set(with_[0].loc[with_[0]["cluster"] > 0, "county"])
    basis = f"made-up nation, county index, clusters on and off; {len(with_)} replicates"
    if not clustered:
        said = [Sentence("The made-up nation has no county with a cluster.", basis)]
        return Finding("Q5", _Q5, OPEN, said, "V23")

    def leading(p: pd.DataFrame) -> float:
        top = p.sort_values(["index", "county"], ascending=[False, True]).head(len(clustered))
        return float(top["county"].isin(clustered).mean())

    on, off = (np.array([leading(p) for p in parts]) for parts in (with_, without))
    found, control = mean_of(on, rows), mean_of(on - off, rows)
    said = [
        Sentence(
            f"Of the {len(clustered)} leading counties of {e.counties}, {share(found)} have "
            f"a cluster; {len(clustered) / e.counties:.0%} of all have one.",
            basis,
        ),
        Sentence(
            of(
                "Of the leading places, against the same counties with their clusters switched off",
                compared("a cluster", "none", control, "(share of them)"),
            ),
            basis,
        ),
    ]
    nearly = found.low >= 0.75 and len(with_) > 1
    answer = YES if nearly else PART if sign(control) == UP else NO if found.high < 0.5 else OPEN
    return Finding("Q5", _Q5, answer, said, "V23")


_Q5 = "The leading e-commerce counties nearly all have industrial clusters"
