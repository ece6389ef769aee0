"""Packages of policy: what they set, and what they cost, read from TOML files and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from experiments.design import Settings, check_settings, flat_settings
from model.errors import InputError
from model.ledger import FLOWS
from model.patches import _read_toml as read_toml
from model.registry import GROUPS, check_keys, fields_of, limits, validate
from model.scenario import Scenario

#: What the world without a package is called.
AS_IT_IS = "as it is"
FOLDER = Path(__file__).parent / "policies"
_LINES = [flow.name for flow in FLOWS]


class Cost(NamedTuple):
    """What a package costs the public over all years, in yuan of 2010.

    lines : of the ledger; of : "level" or "difference" to the world without the package; factor :
    on that. per_county : parameters whose product each county costs once.
    """

    sentence: str
    lines: tuple[str, ...] = ()
    of: str = "difference"
    factor: float = 1.0
    per_county: tuple[str, ...] = ()

    def yuan(self, paid: pd.Series, before: pd.Series, scenario: Scenario, counties: int) -> float:
        """Return the cost from yuan by line, with the package and without it."""
        total = self.factor * float(paid.reindex(self.lines).fillna(0.0).sum())
        if self.of == "difference":
            total -= self.factor * float(before.reindex(self.lines).fillna(0.0).sum())
        if self.per_county:
            each = 1.0
            for key in self.per_county:
                each *= value_of(scenario, key)
            total += each * counties
        return total


class Package(NamedTuple):
    """A named package: parameters that it sets, and factors on those of each world."""

    name: str
    sentence: str
    settings: Settings
    factors: dict[str, float]
    cost: Cost | None

    def of(self, scenario: Scenario) -> Scenario:
        """Return the world under this package; what it multiplies stays inside its limits."""
        scaled = {}
        for key, factor in self.factors.items():
            low, high = limits(_parameter(key))
            scaled[key] = min(max(value_of(scenario, key) * factor, low), high)
        return scenario.with_(**self.settings, **scaled)


def read_packages(names: tuple[str, ...] = ()) -> list[Package]:
    """Return the packages of ``experiments/policies``, or those named: a stem or a TOML file."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    paths = []
    for name in names or known:
        path = Path(name) if name.endswith(".toml") else known.get(name)
        if path is None:
            raise InputError("--packages", name, valid=f"{', '.join(known)}, or a TOML file")
        paths.append(path)
    packages = [read_package(path) for path in paths]
    taken = [AS_IT_IS]
    for path, package in zip(paths, packages, strict=True):
        if package.name in taken:
            raise InputError(path, "name", package.name, f"a name of its own: {taken} are taken")
        taken.append(package.name)
    return packages


def read_package(path: Path) -> Package:
    """Return the package of a file; InputError names file, key, value and what is valid."""
    raw = read_toml(path)
    check_keys(raw, ["name", "sentence", "set", "scale", "cost"], path)
    for key in ("name", "sentence"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            raise InputError(path, key, raw.get(key), "a text")
    factors = {}
    for key, factor in flat_settings(raw.get("scale", {}), path).items():
        _parameter(key, path)
        if not isinstance(factor, (int, float)) or isinstance(factor, bool) or factor < 0:
            raise InputError(path, f"scale.{key}", factor, "a factor from 0")
        factors[key] = float(factor)
    settings = check_settings(raw.get("set", {}), path)
    if not settings and not factors:
        raise InputError(path, "nothing is set", valid="set.GROUP.NAME or scale.GROUP.NAME")
    cost = _cost(raw["cost"], path) if "cost" in raw else None
    return Package(raw["name"], raw["sentence"], settings, factors, cost)


def _cost(raw: Any, path: Path) -> Cost:
    check_keys(raw, list(Cost._fields), path, "cost.")
    for line in raw.get("lines", []):
        if line not in _LINES:
            check_keys({line: None}, _LINES, path, "cost.lines ")
    if raw.get("of", "difference") not in ("level", "difference"):
        raise InputError(path, "cost.of", raw["of"], "level, difference")
    for key in raw.get("per_county", []):
        _parameter(key, path)
    if not isinstance(raw.get("sentence"), str):
        raise InputError(path, "cost.sentence", raw.get("sentence"), "a text: how it is computed")
    factor = raw.get("factor", 1.0)
    if not isinstance(factor, (int, float)) or isinstance(factor, bool):
        raise InputError(path, "cost.factor", factor, "a number")
    return Cost(
        raw["sentence"],
        tuple(raw.get("lines", [])),
        raw.get("of", "difference"),
        float(factor),
        tuple(raw.get("per_county", [])),
    )


def value_of(scenario: Scenario, key: str) -> float:
    """Return the value of a parameter that is a number."""
    group, _, name = key.partition(".")
    return float(getattr(scenario.group(group), name))


def _parameter(key: str, where: object = "") -> Any:
    group, _, name = key.partition(".")
    if group not in GROUPS or name not in fields_of(GROUPS[group]):
        validate(group, name, None, where)
    return fields_of(GROUPS[group])[name][2]
