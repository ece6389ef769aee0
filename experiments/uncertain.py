"""What is uncertain, and what is a lever: parameters and their ranges, read from the registry."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.design import Settings, sample
from model.errors import InputError
from model.registry import GROUPS, Declaration, check_keys, fields_of, limits, validate
from model.scenario import Scenario

#: Status of a parameter that no data pin.
UNPINNED = ("assumption", "literature")
#: Levers of policy that are no switch of the arms; the registry calls the others "lever".
LEVERS = ("access.scale", "policy.training_share", "freight.cold_share", "freight.cost_scale")
#: Neither true nor false of the countryside: how finely it is drawn, and the luck of its relief.
_RESOLUTION = (
    "buyers.number",
    "buyers.at_seats",
    "world.cluster_households",
    "world.ring",
    "geography.terrain_seed",
)

Ranges = dict[str, tuple[float, float]]


def registered(key: str, where: object) -> tuple[float, float]:
    """Return the lowest and highest registered value of a parameter that is a number.

    Raises InputError for an unknown parameter, and for one without a range.
    """
    kind, _, parameter = _declaration(key, where)
    if kind not in (int, float):
        raise InputError(where, key, valid="a parameter that is a number")
    lowest, highest = limits(parameter)
    low, high = max(parameter.low, lowest), min(parameter.high, highest)
    if not low < high:
        raise InputError(where, key, valid="a parameter with a range")
    return (int(low), int(high)) if kind is int else (float(low), float(high))


def uncertain_ranges(names: Sequence[str] = (), where: object = "--parameters") -> Ranges:
    """Return the range of each uncertain parameter: of all, of groups, or of those named.

    A group stands for its parameters that no data pin (status assumption or literature), without
    levers, switches and numerical resolution. A parameter may also be named that is data.

    Raises InputError for an unknown name, and for a lever: levers are kept apart.
    """
    found: Ranges = {}
    for name in names or list(GROUPS):
        if name in GROUPS:
            keys = [f"{name}.{field}" for field in fields_of(GROUPS[name])]
            inside = [key for key in keys if _is_unpinned(key)]
            if not inside and names:
                raise InputError(where, name, valid="a group with an uncertain parameter")
            found |= {key: registered(key, where) for key in inside}
            continue
        low_high = registered(name, where)
        if is_lever(name):
            raise InputError(where, f"{name} is a lever", valid="--levers, which are kept apart")
        found[name] = low_high
    return found


def held(scenario: Scenario) -> set[str]:
    """Return the parameters that a scenario sets, for the whole run or from a date on."""
    dated = {f"{i.group}.{i.name}" for i in scenario.interventions}
    return dated | {
        f"{group}.{name}"
        for group, values in scenario.params.items()
        for name, value in values._asdict().items()
        if value != getattr(GROUPS[group](), name)
    }


def free(ranges: Ranges, scenario: Scenario) -> Ranges:
    """Return the ranges of what the scenario leaves open: what it sets stays as it is set."""
    fixed = held(scenario)
    return {key: bounds for key, bounds in ranges.items() if key not in fixed}


def lever_ranges(names: Sequence[str], where: object = "--levers") -> Ranges:
    """Return the range of each lever named; InputError for what is not one of ``LEVERS``."""
    for name in names:
        if name not in LEVERS:
            raise InputError(where, name, valid=", ".join(LEVERS))
    return {name: registered(name, where) for name in names}


def worlds(ranges: Ranges, number: int, seed: int) -> list[Settings]:
    """Return ``number`` uncertain worlds: a Latin hypercube over the ranges."""
    return sample("latin_hypercube", ranges, number, seed)


def is_lever(key: str) -> bool:
    """Return whether a parameter is a lever or a switch, not an uncertainty."""
    return key in LEVERS or _declaration(key, "")[2].status == "switch"


def _is_unpinned(key: str) -> bool:
    kind, _, parameter = _declaration(key, "")
    if kind not in (int, float) or parameter.status not in UNPINNED:
        return False
    return parameter.low < parameter.high and not is_lever(key) and key not in _RESOLUTION


def _declaration(key: str, where: object) -> Declaration:
    group, dot, name = key.partition(".")
    if not dot:
        check_keys({key: None}, list(GROUPS), where)
    if group not in GROUPS or name not in fields_of(GROUPS[group]):
        validate(group, name, None, where)  # names the nearest parameter
    return fields_of(GROUPS[group])[name]
