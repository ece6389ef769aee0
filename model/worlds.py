"""Regions, series and worlds, made once for runs that begin alike.

The arms of an experiment, and parameters that act later, begin in the same region and, on one seed,
with the same world of January 2003. Regions and series are only read, and shared. A process that
does many runs keeps the worlds that it made last and hands out copies.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from copy import deepcopy
from functools import lru_cache
from threading import Lock
from typing import Any

from model.region import Region, load_region
from model.scenario import Scenario
from model.series import load_series
from model.switches import Synthetic
from model.synthetic import synthetic_region
from model.world import InitialWorld, make_world

#: Groups that ``make_world`` and the region look at.
_GROUPS = ("geography", "world", "demography", "land")
#: A world of more households is not kept: at 1:1 it takes a gigabyte.
_LARGEST = 100_000

_kept: OrderedDict[str, InitialWorld] = OrderedDict()
_number = 0
#: Each tab of the page makes its worlds in a thread of its own.
_using = Lock()

#: The national series by months, national and market parameters.
series_of = lru_cache(maxsize=4)(load_series)


def region_of(scenario: Scenario) -> Region:
    """Return the region of a scenario: read from its folder, or made."""
    return _region(_RegionKey(scenario))


class _RegionKey:
    """What a region depends on: its tables, not their place, and the parameters of geography."""

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.identity = _tables(scenario), scenario.group("geography")

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _RegionKey) and self.identity == other.identity


@lru_cache(maxsize=4)
def _region(key: _RegionKey) -> Region:
    folder, geography = key.scenario.region_folder, key.scenario.group("geography")
    if folder is not None:
        return load_region(folder, geography)
    assert isinstance(key.scenario.region, Synthetic)
    return synthetic_region(**key.scenario.region._asdict(), params=geography)


def _tables(scenario: Scenario) -> str:
    region = scenario.resolved()["region"]
    region.pop("folder", None)
    return json.dumps(region, sort_keys=True)


def keep_worlds(number: int) -> None:
    """Keep the ``number`` worlds made last in this process, at 1:100 some 50 MB each; 0: none."""
    global _number
    with _using:
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
    with _using:
        world = _kept.get(key)
    if world is None:
        world = make_world(*given)
        if len(world.households) > _LARGEST:
            return world
    with _using:
        _kept[key] = world
        _kept.move_to_end(key)
    keep_worlds(_number)
    return deepcopy(world)


def _key(scenario: Scenario, seed: int, params: dict[str, Any]) -> str:
    """Return all that the world depends on, as text; of a region its tables, not its place."""
    groups = {name: params[name]._asdict() for name in _GROUPS}
    given = [_tables(scenario), scenario.sample, scenario.months, seed, groups]
    return json.dumps(given, sort_keys=True)
