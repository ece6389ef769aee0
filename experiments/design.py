"""A design: which runs a sweep consists of, read from a TOML file and checked before the first.

scenario = "shaoyang"               # a name or a file; region, start, months, sample as there
seed = 1                            # replicate i of every point and lever has seed + i
replicates = 4
outputs = ["summary", "months"]     # and "villages"
time_limit = 600                    # seconds that a run may take
set.migration.remit = 0.4           # holds in all runs

[latin_hypercube]                   # the uncertain worlds; or [sobol], [grid], [[list]]
points = 64
seed = 1
ranges.migration.kappa = [1.0, 3.0]
ranges.city.growth_late = "registered"     # the range of ``ruralflow parameters``

[[lever]]                           # each lever meets the same worlds and seeds
name = "as it is"
[[lever]]
name = "half access"
set.access.scale = 0.5
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from experiments.kept import OUTPUTS
from experiments.runs import Run
from model.errors import InputError
from model.patches import _read_toml as read_toml
from model.patches import check_option, read_region
from model.registry import GROUPS, check_keys, fields_of, limits, validate
from model.scenario import Scenario, load_scenario

KINDS = ("grid", "list", "latin_hypercube", "sobol")
REGISTERED = "registered"
_OPTIONS = ("start", "months", "sample", "strict")
_KEYS = ["scenario", "region", *_OPTIONS, "seed", "replicates", "outputs", "time_limit", "set"]
MOST_RUNS = 10_000_000

Settings = dict[str, Any]


@dataclass(frozen=True)
class Design:
    """Levers x points x replicates of one scenario.

    points : values of the uncertain parameters, ``group.name`` -> value, one dict per world.
    levers : name -> parameters that it sets. limit_s : seconds that a run may take.
    """

    scenario: Scenario
    points: list[Settings]
    levers: dict[str, Settings]
    seed: int = 1
    replicates: int = 1
    outputs: tuple[str, ...] = ("summary",)
    limit_s: float = 3600.0
    kind: str = ""
    source: str = field(default="", repr=False)

    def __len__(self) -> int:
        return len(self.levers) * len(self.points) * self.replicates

    def runs(self) -> list[Run]:
        """Return the runs, labelled by lever, point, replicate and every parameter that varies."""
        shown = sorted({key for point in self.points for key in point})
        shown += sorted({key for lever in self.levers.values() for key in lever})
        runs = []
        for (lever, settings), (number, point) in itertools.product(
            self.levers.items(), enumerate(self.points)
        ):
            scenario = self.scenario.with_(**point, **settings)
            labels = {"lever": lever, "point": number, **{k: _value(scenario, k) for k in shown}}
            runs += [
                Run(scenario, self.seed + i, {**labels, "replicate": i})
                for i in range(self.replicates)
            ]
        return runs


def read_design(path: Path) -> Design:
    """Return the design of a file; InputError names file, key, value and what is valid."""
    raw = read_toml(path)
    check_keys(raw, [*_KEYS, "lever", *KINDS], path)
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) > 1:
        raise InputError(path, f"{kinds[0]} and {kinds[1]}", valid=f"one of {', '.join(KINDS)}")
    kind = kinds[0] if kinds else ""
    points = _points(kind, raw[kind], path) if kind else [{}]
    levers = _levers(raw.get("lever", []), points, path)
    if not kind and "lever" not in raw:
        raise InputError(path, "nothing varies", valid=f"[[lever]], {', '.join(KINDS)}")
    design = Design(
        scenario=read_scenario(raw, path),
        points=points,
        levers=levers,
        seed=read_whole(raw, "seed", 1, 0, path),
        replicates=read_whole(raw, "replicates", 1, 1, path),
        outputs=_outputs(raw.get("outputs", ["summary"]), path),
        limit_s=_seconds(raw.get("time_limit", 3600.0), path),
        kind=kind,
        source=path.read_text(encoding="utf-8"),
    )
    if len(design) > MOST_RUNS:
        raise InputError(path, f"{len(design)} runs", valid=f"at most {MOST_RUNS}")
    return design


def sample(
    kind: str, ranges: dict[str, tuple[float, float]], points: int, seed: int
) -> list[Settings]:
    """Return ``points`` values in the ranges: a Latin hypercube or a scrambled Sobol sequence.

    A parameter that counts (an integer) takes each whole number of its range alike.
    """
    engine = {"latin_hypercube": qmc.LatinHypercube, "sobol": qmc.Sobol}[kind]
    unit: NDArray[np.float64] = engine(len(ranges), seed=np.random.default_rng(seed)).random(points)
    columns = {}
    for (key, (low, high)), share in zip(ranges.items(), unit.T):
        if _is_whole(key):
            columns[key] = np.minimum(np.floor(low + share * (high - low + 1)), high).astype(int)
        else:
            columns[key] = low + share * (high - low)
    return [{key: column[i].item() for key, column in columns.items()} for i in range(points)]


def _points(kind: str, given: Any, path: Path) -> list[Settings]:
    if kind == "list":
        if not isinstance(given, list) or not all(isinstance(p, dict) for p in given):
            raise InputError(path, "list", given, "tables, as in [[list]]")
        return [check_settings(point, f"{path}, list {n}") for n, point in enumerate(given, 1)]
    if not isinstance(given, dict) or not given:
        raise InputError(path, kind, given, f"a table, as in [{kind}]")
    if kind == "grid":
        axes = {
            key: [_checked(key, value, path) for value in _several(key, values, path)]
            for key, values in flat_settings(given, path).items()
        }
        return [dict(zip(axes, values)) for values in itertools.product(*axes.values())]
    where = f"{path}, {kind}"
    check_keys(given, ["points", "seed", "ranges"], path, f"{kind}.")
    points = read_whole(given, "points", None, 1, where)
    if kind == "sobol" and points & (points - 1):
        raise InputError(where, "points", points, "a power of 2: a Sobol sequence is balanced then")
    flat = flat_settings(given.get("ranges", {}), where)
    ranges = {key: read_range(key, value, where) for key, value in flat.items()}
    if not ranges:
        raise InputError(where, "missing key ranges", valid="group.name = [low, high]")
    return sample(kind, ranges, points, read_whole(given, "seed", 1, 0, where))


def _levers(given: Any, points: list[Settings], path: Path) -> dict[str, Settings]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise InputError(path, "lever", given, "tables, as in [[lever]]")
    levers: dict[str, Settings] = {}
    varied = {key for point in points for key in point}
    for number, entry in enumerate(given, 1):
        where = f"{path}, lever {number}"
        check_keys(entry, ["name", "set"], where)
        name = entry.get("name")
        if not isinstance(name, str) or not name or name in levers:
            raise InputError(where, "name", name, "a text, another for each lever")
        levers[name] = check_settings(entry.get("set", {}), where)
        for key in levers[name].keys() & varied:
            raise InputError(where, f"{key} is set and also varies", valid="one of both")
    return levers or {"as it is": {}}


def read_scenario(raw: dict[str, Any], path: Path) -> Scenario:
    """Return the scenario of the keys scenario, region, start, months, sample, strict, set."""
    name = raw.get("scenario", "shaoyang")
    if not isinstance(name, str):
        raise InputError(path, "scenario", name, "a name or a file")
    if name.endswith(".toml"):
        name = str(path.parent / name)
    options = {key: check_option(key, raw[key], path) for key in _OPTIONS if key in raw}
    if "region" in raw:
        options["region"] = read_region(raw["region"], path)
    return load_scenario(name, **options).with_(**check_settings(raw.get("set", {}), path))


def check_settings(given: Any, where: object) -> Settings:
    """Return group.name -> value of tables, each value checked against the registry."""
    return {key: _checked(key, value, where) for key, value in flat_settings(given, where).items()}


def flat_settings(given: Any, where: object) -> dict[str, Any]:
    """Return group.name -> value of tables, whether written group.name or [group] name."""
    if not isinstance(given, dict):
        raise InputError(where, repr(given), valid="group.name = value")
    flat: dict[str, Any] = {}
    for key, value in given.items():
        flat |= {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {
            key: value
        }  # fmt: skip
    return flat


def _checked(key: str, value: Any, where: object) -> Any:
    group, _, name = key.partition(".")
    return validate(group, name, value, where)


def _several(key: str, values: Any, where: object) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise InputError(where, key, values, "a list of values")
    return values


def read_range(key: str, given: Any, where: object) -> tuple[float, float]:
    """Return the bounds of a parameter from [low, high] or "registered"."""
    group, _, name = key.partition(".")
    if group not in GROUPS or name not in fields_of(GROUPS[group]):
        _checked(key, given, where)  # names the nearest parameter
    kind, _, parameter = fields_of(GROUPS[group])[name]
    if kind not in (int, float):
        raise InputError(where, key, given, "a parameter that is a number; others in a grid")
    if given == REGISTERED:
        low, high = limits(parameter)
        given = [max(parameter.low, low), min(parameter.high, high)]
    if not isinstance(given, list) or len(given) != 2:
        raise InputError(where, key, given, f'[low, high], or "{REGISTERED}"')
    low, high = (_checked(key, bound, where) for bound in given)
    if not low < high:
        raise InputError(where, key, given, "low < high")
    return low, high


def _outputs(given: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or any(name not in OUTPUTS for name in given):
        raise InputError(path, "outputs", given, f"a list of {', '.join(OUTPUTS)}")
    return tuple(name for name in OUTPUTS if name in given)


def read_whole(raw: dict[str, Any], key: str, default: int | None, low: int, where: object) -> int:
    """Return the whole number of a key, at least ``low``."""
    value = raw.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise InputError(where, key, value, f"a whole number from {low}")
    return value


def _seconds(value: Any, path: Path) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < 1e7:
        raise InputError(path, "time_limit", value, "seconds, more than 0")
    return float(value)


def _is_whole(key: str) -> bool:
    group, _, name = key.partition(".")
    return fields_of(GROUPS[group])[name][0] is int


def _value(scenario: Scenario, key: str) -> Any:
    group, _, name = key.partition(".")
    return getattr(scenario.group(group), name)
