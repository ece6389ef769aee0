"""A space of calibration: which parameters, over which ranges, against which facts.

name = "mine"
sentence = "What it is for."
scenario = "shaoyang"                # a name or a file; months, sample, region as in a design
seed = 1
replicates = 2                       # seeds of each point, the same at every point
targets = ["V13", "V27"]             # of their numbers those up to 2015 that have a band
ranges.migration.kappa = [1.0, 3.0]
ranges.land.reservation = "registered"     # the range of ``ruralflow parameters``
set.migration.remit = 0.4            # holds at every point
facts.V27.y2010 = { value = 10.8, error = 1.0 }    # instead of the band
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.design import Settings, flat_settings, read_range, read_scenario, read_whole
from experiments.scorecard.judge import counted_parts, measured
from experiments.scorecard.targets import Part, Target, load_targets
from experiments.uncertain import Ranges
from model.errors import InputError
from model.patches import _read_toml as read_toml
from model.registry import check_keys
from model.scenario import Scenario

FOLDER = Path(__file__).with_name("spaces")
_OPTIONS = ("region", "months", "sample", "set")
_KEYS = ["name", "sentence", "scenario", *_OPTIONS, "seed", "replicates", "targets", "ranges",
         "facts"]  # fmt: skip
#: A number that lies farther off counts as this far, as does one that is missing or infinite.
FARTHEST = 10.0
#: A bound closer to 0 than this asks for a sign: it is no scale, which then is 1.
SIGN = 0.1
#: Half a 95% interval in standard deviations.
_HALF_95 = 1.96


class Moment(NamedTuple):
    """A number of a target and what is held against it.

    low, high : its band, infinite where open. value : the fact, the centre of the band; of an open
    band its only bound. error : half the width of the band, read as half of a 95% interval; of an
    open band the size of its bound (1 where that asks for a sign alone).
    """

    target: str
    part: str
    words: str
    unit: str
    low: float
    high: float
    value: float
    error: float

    @property
    def name(self) -> str:
        """Return target and part, as V13.y2014."""
        return f"{self.target}.{self.part}"

    @property
    def two_sided(self) -> bool:
        """Tell whether the band is closed, so that the fact is a number and not a bound."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the fact."""
        return self.error / _HALF_95

    def distance(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return |value - fact| / error, at most ``FARTHEST``; 0 on the good side of an open band.

        At most 1 inside a closed band.
        """
        off = (np.asarray(values, dtype=np.float64) - self.value) / self.error
        if not math.isfinite(self.high):
            off = np.minimum(off, 0.0)
        elif not math.isfinite(self.low):
            off = np.maximum(off, 0.0)
        known = ~np.isnan(off)
        return np.where(known, np.minimum(np.abs(np.where(known, off, 0.0)), FARTHEST), FARTHEST)


@dataclass(frozen=True)
class Space:
    """A space that was read and checked.

    scenario : with what is set at every point. moments : what is fitted.
    """

    name: str
    sentence: str
    scenario: Scenario
    ranges: Ranges
    moments: tuple[Moment, ...]
    needs: tuple[str, ...]
    seed: int = 1
    replicates: int = 2

    @property
    def runs(self) -> int:
        """Return the number of runs of a point."""
        return self.replicates * len(self.needs)


def loss(moments: tuple[Moment, ...], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (points,) the root of the mean over targets of the mean square distance.

    values : (points, moments). A target with many numbers weighs as one with a single number. At 1
    every number would lie on the edge of its band.
    """
    squares = np.column_stack([m.distance(values[:, i]) ** 2 for i, m in enumerate(moments)])
    targets = [m.target for m in moments]
    means = [
        squares[:, [t == target for t in targets]].mean(axis=1) for target in dict.fromkeys(targets)
    ]
    return np.sqrt(np.mean(means, axis=0))


def space_names() -> list[str]:
    """Return the names of the spaces that come with ruralflow."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_space(name_or_path: str) -> Space:
    """Return the space of a name or a file; InputError names file, key, value, what is valid."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        if name_or_path not in space_names():
            valid = f"{', '.join(space_names())}, or a .toml file"
            raise InputError("SPACE", key=repr(name_or_path), valid=valid)
        path = FOLDER / f"{name_or_path}.toml"
    raw = read_toml(path)
    check_keys(raw, _KEYS, path)
    ranges = _ranges(raw, path)
    moments, needs = _moments(raw, path)
    words = {}
    for key, default in (("name", path.stem), ("sentence", "")):
        words[key] = raw.get(key, default)
        if not isinstance(words[key], str):
            raise InputError(path, key, words[key], "a text")
    return Space(
        **words,
        scenario=read_scenario({k: raw[k] for k in ("scenario", *_OPTIONS) if k in raw}, path),
        ranges=ranges,
        moments=moments,
        needs=needs,
        seed=read_whole(raw, "seed", 1, 0, path),
        replicates=read_whole(raw, "replicates", 2, 1, path),
    )


def _ranges(raw: dict[str, Any], path: Path) -> Ranges:
    flat = flat_settings(raw.get("ranges", {}), path)
    found = {key: read_range(key, value, path) for key, value in flat.items()}
    if not found:
        raise InputError(path, "missing key ranges", valid="group.name = [low, high]")
    for key in flat_settings(raw.get("set", {}), path).keys() & found.keys():
        raise InputError(path, f"{key} is set and also varies", valid="one of both")
    return found


def _moments(raw: dict[str, Any], path: Path) -> tuple[tuple[Moment, ...], tuple[str, ...]]:
    targets = {target.id: target for target in load_targets()}
    facts = raw.get("facts", {})
    asked = raw.get("targets", list(facts))
    if not isinstance(asked, list) or not asked:
        raise InputError(path, "targets", asked, 'a list such as ["V13", "V27"]')
    check_keys(dict.fromkeys([*map(str, asked), *facts]), list(targets), path, "target ")
    moments, needs = [], []
    for name in dict.fromkeys([*asked, *facts]):
        own = facts.get(name, {})
        parts = {part.key: part for part in in_sample(targets[name])}
        check_keys(own, [p.key for p in targets[name].parts], path, f"facts.{name}.")
        parts |= {p.key: p for p in targets[name].parts if p.key in own}
        moments += [_moment(name, part, own.get(part.key), path) for part in parts.values()]
        needs.append(targets[name].needs)
        if not parts:
            valid = "a target with a number up to 2015"
            raise InputError(path, "targets", name, valid)
    return tuple(moments), tuple(dict.fromkeys(needs))


def in_sample(target: Target) -> list[Part]:
    """Return the numbers of a target that may be calibrated on: with a band, up to 2015."""
    counted = counted_parts(target, [measured(p, [], [], []) for p in target.parts])
    return [m.part for m in counted if m.part.sample == "in"]


def _moment(target: str, part: Part, fact: Any, path: Path) -> Moment:
    what = (target, part.key, part.words, part.unit)
    if fact is not None:
        valid = "{ value = number, error = number above 0 }"
        good = isinstance(fact, dict) and fact.keys() == {"value", "error"}
        good = good and all(
            isinstance(n, (int, float)) and not isinstance(n, bool) for n in fact.values()
        )
        if not good or not fact["error"] > 0:
            raise InputError(path, f"facts.{target}.{part.key}", fact, valid)
        value, error = float(fact["value"]), float(fact["error"])
        return Moment(*what, value - error, value + error, value, error)
    return moment_of(target, part)


def moment_of(target: str, part: Part) -> Moment:
    """Return what a number is held against by its band alone, see ``Moment``."""
    what = (target, part.key, part.words, part.unit)
    if math.isfinite(part.low) and math.isfinite(part.high):
        middle, half = (part.low + part.high) / 2.0, (part.high - part.low) / 2.0
        return Moment(*what, part.low, part.high, middle, half)
    bound = part.low if math.isfinite(part.low) else part.high
    return Moment(*what, part.low, part.high, bound, abs(bound) if abs(bound) >= SIGN else 1.0)


__all__ = ["Moment", "Settings", "Space", "in_sample", "loss", "read_space", "space_names"]
