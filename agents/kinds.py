"""The words that several kinds of agents share: kinds of uid, places, jobs, uses of land."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """Kinds of agents and places that own a uid."""

    VILLAGE = 1
    HOUSEHOLD = 2
    PERSON = 3
    PLOT = 4
    HUB = 5
    BUYER = 6


class Place(IntEnum):
    """Where a person lives. A seat s is ``SEAT + s``; the numbers are stable across arms."""

    VILLAGE = 0
    COAST = 1
    SEAT = 2


class Job(IntEnum):
    """What a person mainly does in a month."""

    NONE = 0
    FARM = 1
    LOCAL = 2
    BUSINESS = 3
    SEAT = 4
    COAST = 5


class Use(IntEnum):
    """What a plot carried in the calendar year; crops are ``CROP`` plus their row in the table."""

    IDLE = 0
    TREES = 1
    REQUISITIONED = 2
    CROP = 3


#: A month that never comes (deaths and departures beyond the run): 2,700 years on.
NEVER = 32_000
#: No row: no spouse, no operator, no good.
NOBODY = -1
