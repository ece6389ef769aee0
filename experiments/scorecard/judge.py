"""Verdicts: each target's values over replicates against its bands, beside the null models."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from experiments.scorecard.targets import Part, Target

#: Verdicts on targets, in the order of the card: what is wrong comes first.
MISS, BROKEN, PASS, UNCOUNTED, NOT_RUN = (
    "miss",
    "check broken",
    "pass",
    "not counted",
    "not run",
)
VERDICTS = (MISS, BROKEN, PASS, UNCOUNTED, NOT_RUN)
#: Sample of a part -> where ``score`` adds it up.
COUNTED = {"in": "in_sample", "seen": "in_view", "out": "out_of_sample"}
LEVEL = 0.95
#: Two replicates give a t interval of no use.
FEWEST = 3


class Measured(NamedTuple):
    """Values of a part: over replicates its mean and the 95% interval of it, and of the nulls."""

    part: Part
    value: float
    low: float
    high: float
    n1: float
    n2: float

    @property
    def inside(self) -> bool | None:
        """Tell whether the value lies in the band; None where there is no band."""
        return self._holds(self.low if self.part.judge == "low" else self.value)

    @property
    def n1_inside(self) -> bool | None:
        """Tell whether null model n1 lies in the band; None where there is no band."""
        return self._holds(self.n1)

    @property
    def n2_inside(self) -> bool | None:
        """Tell whether null model n2 lies in the band; None where there is no band."""
        return self._holds(self.n2)

    def _holds(self, value: float) -> bool | None:
        return self.part.holds(value) if self.part.judged else None


class Judged(NamedTuple):
    """A target with its verdict, the reason where it needs one, and its parts."""

    target: Target
    verdict: str
    reason: str
    replicates: int
    parts: tuple[Measured, ...]


def measured(
    part: Part, values: Iterable[float], n1: Iterable[float], n2: Iterable[float]
) -> Measured:
    """Return a part's values over replicates, summed up.

    The interval is Student's for the mean. A value missing in one replicate makes the mean missing;
    where one is infinite ("never"), the median stands for the mean and there is no interval.
    """
    array = np.array(list(values), dtype=np.float64)
    value, low, high = _summary(array, part)
    nulls = [_summary(np.array(list(v), dtype=np.float64), part)[0] for v in (n1, n2)]
    return Measured(part, value, low, high, *nulls)


def _summary(values: NDArray[np.float64], part: Part) -> tuple[float, float, float]:
    nothing = (math.nan, math.nan)
    if len(values) == 0 or np.isnan(values).any():
        return math.nan, *nothing
    if part.over == "sum":
        return float(values.sum()), *nothing
    if not np.isfinite(values).all():
        return float(np.median(values)), *nothing
    mean = float(values.mean())
    if len(values) < FEWEST:
        return mean, *nothing
    half = student.ppf(0.5 + LEVEL / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return mean, mean - float(half), mean + float(half)


def judge(target: Target, parts: tuple[Measured, ...], replicates: int) -> Judged:
    """Return the verdict on a target whose values are known.

    pass: every part that counts lies in its band, no null model's parts all do, and there are
    enough replicates behind it. miss: a part that counts lies outside. What echoes an input never
    counts.
    """
    counted = counted_parts(target, parts)
    checks = [m for m in parts if m.part.judged and (m.part.check or target.check)]
    broken = [m.part.words for m in checks if not m.inside]
    thin = [f"{m.value:.0f} {m.part.words}" for m in parts if m.part.rule and not m.inside]

    def verdict(word: str, reason: str = "") -> Judged:
        return Judged(target, word, reason, replicates, parts)

    if any(not m.inside for m in counted):
        return verdict(MISS, "; ".join(thin))
    if broken:
        return verdict(BROKEN, "; ".join(broken))
    if not counted:
        return verdict(UNCOUNTED, "echoes an input")
    for name, inside in (("n1", "n1_inside"), ("n2", "n2_inside")):
        if all(getattr(m, inside) for m in counted):
            return verdict(UNCOUNTED, f"null model {name} passes too")
    if thin:
        return verdict(UNCOUNTED, "too little behind it: " + "; ".join(thin))
    if replicates < target.replicates:
        return verdict(UNCOUNTED, f"{replicates} of {target.replicates} replicates")
    return verdict(PASS)


def not_run(target: Target, reason: str, parts: tuple[Measured, ...] = ()) -> Judged:
    """Return a target that was not run, with the reason; never a silent gap."""
    return Judged(target, NOT_RUN, reason, 0, parts)


def order(card: Iterable[Judged]) -> list[Judged]:
    """Return the card with misses first, each verdict in the order of the targets."""
    return sorted(card, key=lambda row: VERDICTS.index(row.verdict))


def score(card: Iterable[Judged]) -> dict[str, Any]:
    """Return how many targets have each verdict, which, and what the null models would score.

    Parts that count are added up by ``COUNTED``: in sample (years up to 2015), in view when a rule
    was chosen, out of sample.
    """
    card = list(card)
    found: dict[str, Any] = {
        word: [j.target.id for j in card if j.verdict == word] for word in VERDICTS
    }
    ran = [j for j in card if j.verdict in (MISS, PASS, UNCOUNTED)]
    for name in ("n1", "n2"):
        found[f"{name}_passes"] = [j.target.id for j in ran if _null_passes(j, name)]
    for sample, key in COUNTED.items():
        parts = [
            m for j in ran for m in counted_parts(j.target, j.parts) if m.part.sample == sample
        ]
        found[key] = {
            "parts": len(parts),
            "inside": sum(bool(m.inside) for m in parts),
            "n1_inside": sum(bool(m.n1_inside) for m in parts),
            "n2_inside": sum(bool(m.n2_inside) for m in parts),
        }
    return found


def counted_parts(target: Target, parts: Iterable[Measured]) -> list[Measured]:
    """Return the parts that make the verdict: with a band, no check, no rule."""
    if target.check:
        return []
    return [m for m in parts if m.part.judged and not (m.part.check or m.part.rule)]


def _null_passes(row: Judged, name: str) -> bool:
    parts = counted_parts(row.target, row.parts)
    return bool(parts) and all(getattr(m, f"{name}_inside") for m in parts)
