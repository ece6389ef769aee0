"""The one table of parameters: validation, documents, sliders and bounds all read it.

A group is declared next to the rule that uses it; ``GROUPS`` gives each its name.
A new group needs one line here.
"""

from __future__ import annotations

import difflib
import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from agents.base import Parameter, declared
from agents.buyer.market import Attention
from agents.buyer.state import Buyers
from agents.farmer.budget import Budget
from agents.farmer.buying import Buying
from agents.farmer.entry import Entry, Policy
from agents.farmer.land import Land
from agents.farmer.shops import Selling
from agents.hub.parameters import Climate, Freight, Hub
from agents.migrant.choice import Migration
from agents.migrant.demography import Demography
from model.calendar import parse_month
from model.errors import InputError
from model.extraction import Raising
from model.labour import City, Local
from model.land import Requisition
from model.offline import Offline
from model.retail import Retail
from model.rollout import Rollout
from model.series import National, OnlineMarket
from model.switches import Access, Pull
from model.terrain import Geography
from model.world import World

GROUPS: dict[str, type] = {
    "pull": Pull,
    "access": Access,
    "world": World,
    "geography": Geography,
    "national": National,
    "demography": Demography,
    "migration": Migration,
    "city": City,
    "local": Local,
    "land": Land,
    "requisition": Requisition,
    "budget": Budget,
    "offline": Offline,
    "market": OnlineMarket,
    "buyers": Buyers,
    "attention": Attention,
    "selling": Selling,
    "entry": Entry,
    "policy": Policy,
    "hub": Hub,
    "freight": Freight,
    "climate": Climate,
    "rollout": Rollout,
    "buying": Buying,
    "retail": Retail,
    "raising": Raising,
}

Declaration = tuple[type, Any, Parameter]

_WORDS = {"true": True, "false": False}


@cache
def fields_of(group: type) -> dict[str, Declaration]:
    """Return name -> (type, default, Parameter) of a parameter group, read once."""
    return declared(group)


def defaults() -> dict[str, Any]:
    """Return group name -> the group with all its defaults."""
    return {name: group() for name, group in GROUPS.items()}


def parameter_table() -> pd.DataFrame:
    """Return one row per parameter; ``low`` and ``high`` are empty for switches and words."""
    rows = []
    for group, kind in GROUPS.items():
        for name, (value_type, default, p) in fields_of(kind).items():
            number = value_type in (int, float)
            rows.append(
                {
                    "group": group,
                    "name": name,
                    "default": default,
                    "low": p.low if number else None,
                    "high": p.high if number else None,
                    "unit": _valid_words(p) if p.choices else p.unit,
                    "meaning": p.meaning,
                    "source": p.source,
                    "grade": p.grade,
                    "status": p.status,
                }
            )
    return pd.DataFrame(rows)


def limits(parameter: Parameter) -> tuple[float, float]:
    """Return the lowest and highest number accepted; a share never leaves 0 to 1."""
    low, high = parameter.bounds()
    if parameter.unit == "share" or parameter.unit.startswith("share of"):
        return max(low, 0.0), min(high, 1.0)
    return low, high


def validate(group: str, name: str, value: Any, where: object) -> Any:
    """Return ``value`` as the type of ``group.name``.

    Raises InputError, naming ``where``, for an unknown group or name (with the nearest valid key),
    a value of another type, and a number that is not finite or out of range.
    """
    kind, parameter = _declaration(group, name, where)
    return check_value(kind, parameter, value, where, f"{group}.{name}")


def parse_setting(text: str, where: object = "--set") -> tuple[str, str, Any]:
    """Return (group, name, value) of ``group.name=value``; InputError if it is not valid."""
    key, equals, value = text.partition("=")
    group, dot, name = key.strip().partition(".")
    if not (equals and dot):
        raise InputError(where, valid="group.name=value, as in pull.scale=0.5", key=repr(text))
    kind, parameter = _declaration(group, name, where)
    parsed = from_text(kind, value.strip(), where, f"{group}.{name}")
    return group, name, check_value(kind, parameter, parsed, where, f"{group}.{name}")


def from_text(kind: type, text: str, where: object, key: str) -> Any:
    """Return what ``text`` says as a bool, int, float or str; InputError if it says none."""
    if kind is str:
        return text
    try:
        return _WORDS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise InputError(where, key, text, _KIND_NAMES[kind]) from None


def check_value(kind: type, parameter: Parameter, value: Any, where: object, key: str) -> Any:
    """Return ``value`` as ``kind`` if ``parameter`` allows it; InputError otherwise.

    An integer serves as a float; a bool never serves as a number, nor a number as a bool.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if kind is bool:
        if not isinstance(value, bool):
            raise InputError(where, key, value, _KIND_NAMES[bool])
        return value
    if kind is str:
        return _check_word(parameter, value, where, key)
    low, high = limits(parameter)
    number = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high or (kind is float and math.isinf(value)):
        valid = f"{_KIND_NAMES[kind]} from {low:g} to {high:g} {parameter.unit}"
        raise InputError(where, key, value, valid.rstrip())
    return kind(value)


_KIND_NAMES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def check_keys(given: dict[str, Any], valid: list[str], where: object, inside: str = "") -> None:
    """Raise InputError for the first key of ``given`` that is not valid, with the nearest one."""
    for key in given:
        if key not in valid:
            near = difflib.get_close_matches(key, valid, n=1, cutoff=0.6)
            known = f"{near[0]} (the nearest)" if near else ", ".join(valid)
            raise InputError(where, f"unknown key {inside}{key}", valid=known)


def _declaration(group: str, name: str, where: object) -> tuple[type, Parameter]:
    fields = fields_of(GROUPS[group]) if group in GROUPS else {}
    if name not in fields:
        raise InputError(where, f"unknown parameter {group}.{name}", valid=_nearest(group, name))
    kind, _, parameter = fields[name]
    return kind, parameter


def _nearest(group: str, name: str) -> str:
    keys = [f"{g}.{n}" for g, kind in GROUPS.items() for n in fields_of(kind)]
    near = difflib.get_close_matches(f"{group}.{name}", keys, n=1, cutoff=0.6)
    if near:
        return f"{near[0]} (the nearest)"
    if group in GROUPS:
        return ", ".join(key for key in keys if key.startswith(f"{group}."))
    return f"a name in one of the groups {', '.join(GROUPS)}"


def _check_word(parameter: Parameter, value: Any, where: object, key: str) -> str:
    if not isinstance(value, str):
        raise InputError(where, key, value, _KIND_NAMES[str])
    if parameter.choices and value not in parameter.choices:
        raise InputError(where, key, value, _valid_words(parameter))
    if parameter.unit == "month":
        parse_month(value, where, key)
    return value


def _valid_words(parameter: Parameter) -> str:
    return ", ".join(word or '""' for word in parameter.choices)
