"""The targets as data: read and checked from ``targets.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import InputError

FILE = Path(__file__).with_name("targets.toml")
SAMPLES = ("in", "seen", "out")
#: Valid keys -> their types, and which may be left out.
_TARGET = {
    "id": str, "fact": str, "facts": str, "source": str, "grade": str, "needs": str,
    "estimator": str, "parts": list, "replicates": int, "check": bool, "quick": bool,
}  # fmt: skip
_PART = {
    "key": str, "words": str, "unit": str, "sample": str, "low": float, "high": float,
    "grade": str, "check": bool, "judge": str, "over": str, "rule": bool,
}  # fmt: skip
_TARGET_OPTIONAL = {"replicates", "check", "quick"}
_PART_OPTIONAL = {"low", "high", "grade", "check", "judge", "over", "rule"}


@dataclass(frozen=True)
class Part:
    """One number of a target and its band; bounds are inclusive.

    low, high : bounds, infinite where there is none. judge : "value" or "low" (lower bound of the
    interval) is held to the band. over : replicates are averaged ("mean") or added ("sum").
    check : echoes an input. rule : says whether there is enough behind the other numbers.
    """

    key: str
    words: str
    unit: str
    sample: str
    grade: str
    low: float = -math.inf
    high: float = math.inf
    check: bool = False
    judge: str = "value"
    over: str = "mean"
    rule: bool = False

    @property
    def judged(self) -> bool:
        """Tell whether the part has a band; without one it is shown only."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` lies in the band, edges included; NaN lies in none."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Target:
    """A fact that the model must show, and how it is looked at.

    needs : which runs (``experiments.scorecard.needs.NEEDS``). replicates : fewest for a verdict.
    """

    id: str
    fact: str
    facts: str
    source: str
    grade: str
    needs: str
    estimator: str
    parts: tuple[Part, ...]
    replicates: int = 1
    check: bool = False
    quick: bool = False


def load_targets(path: Path = FILE) -> tuple[Target, ...]:
    """Return the targets of a file, in its order.

    Raises InputError, one line with file, target, key and what is valid, for anything wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(path, f"cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(path, f"not TOML: {problem}") from None
    targets = tuple(_target(path, row) for row in content.get("target", []))
    if not targets:
        raise InputError(path, "target", valid="at least one [[target]]")
    seen: set[str] = set()
    for target in targets:
        if target.id in seen:
            raise InputError(path, f"duplicate target {target.id}", valid="each id once")
        seen.add(target.id)
    return targets


def _target(path: Path, row: dict[str, Any]) -> Target:
    where = f"{path}: {row.get('id', 'target without id')}"
    _check(where, row, _TARGET, _TARGET_OPTIONAL)
    parts = []
    for part in row["parts"]:
        inside = f"{where}, part {part.get('key', 'without key')}"
        _check(inside, part, _PART, _PART_OPTIONAL)
        for key, valid in (("sample", SAMPLES), ("judge", ("value", "low")),
                           ("over", ("mean", "sum"))):  # fmt: skip
            if part.get(key, valid[0]) not in valid:
                raise InputError(inside, key, part[key], " or ".join(valid))
        if part.get("low", -math.inf) > part.get("high", math.inf):
            raise InputError(inside, "low", part["low"], f"at most high, {part['high']}")
        parts.append(Part(**{"grade": row["grade"], **part}))
    keys = [part.key for part in parts]
    if len(set(keys)) < len(keys):
        raise InputError(where, "parts", valid="each key once")
    return Target(**{**row, "parts": tuple(parts)})


def _check(where: str, row: dict[str, Any], keys: dict[str, type], optional: set[str]) -> None:
    for key, value in row.items():
        if key not in keys:
            raise InputError(where, f"unknown key {key}", valid=", ".join(keys))
        kind = keys[key]
        good = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
        if not good or (isinstance(value, bool) and kind is not bool):
            raise InputError(where, key, value, f"a {kind.__name__}")
    needed = [key for key in keys if key not in optional]
    for key in needed:
        if key not in row:
            raise InputError(where, f"missing key {key}", valid=", ".join(keys))
