"""A few people of two households, by hand."""

from __future__ import annotations

from agents.base import allocate
from agents.farmer.state import Households
from agents.kinds import NEVER
from agents.migrant.state import People


def two_households(people: int) -> tuple[People, Households]:
    """Return people of household 0 in county 0 (weight 10); household 1 is in county 1."""
    folk, homes = allocate(People, people), allocate(Households, 2)
    homes.county[:], homes.weight[:] = (0, 1), (10.0, 20.0)
    folk.dies[:], folk.leaves[:], folk.born[:] = NEVER, NEVER, -240
    folk.since[:] = -50
    return folk, homes
