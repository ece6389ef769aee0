"""Worlds made and kept: runs that begin alike share the making of January 2003.

The arms of an experiment, and parameters that act later, begin on the same world of the same seed.
A process that does many runs keeps the worlds that it made last and hands out copies.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from copy import deepcopy
from typing import Any

from model.region import Region
from model.scenario import Scenario
from model.world import InitialWorld, make_world

#: Groups that ``make_world`` and the region look at.
_GROUPS = ("geography", "world", "demography", "land")
#: A world of more households is not kept: at 1:1 it takes a gigabyte.
_LARGEST = 100_000

_kept: OrderedDict[str, InitialWorld] = OrderedDict()
_number = 0


def keep_worlds(number: int) -> None:
    """Keep the ``number`` worlds made last in this process, at 1:100 some 50 MB each; 0: none."""
    global _number
    _number = number
    while len(_kept) > _number:
        _kept.popitem(last=False)


def world_of(scenario: Scenario, region: Region, seed: int, params: dict[str, Any]) -> InitialWorld:
    """Return the sampled world of January 2003 for a run to change: made, or a copy of a kept one.

    params : the groups in force at the start.
    """
    given = (region, scenario.sample, seed, scenario.months, params)
    if _number == 0:
        return make_world(*given)
    key = _key(scenario, seed, params)
    if key not in _kept:
        world = make_world(*given)
        if len(world.households) > _LARGEST:
            return world
        _kept[key] = world
    _kept.move_to_end(key)
    keep_worlds(_number)
    return deepcopy(_kept[key])


def _key(scenario: Scenario, seed: int, params: dict[str, Any]) -> str:
    """Return all that the world depends on, as text; of a region its tables, not its place."""
    region = scenario.resolved()["region"]
    region.pop("folder", None)
    groups = {name: params[name]._asdict() for name in _GROUPS}
    return json.dumps([region, scenario.sample, scenario.months, seed, groups], sort_keys=True)
