"""One Python object per agent: plain Mesa agents with one attribute per column of the tables.

Rows become references: a person knows its household, spouse and mother; a plot its owner and
operator; a household its people, plots, ring, village and county.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mesa import Agent

from agents.base.tables import Table
from agents.kinds import NOBODY, Place
from model.goods import GOODS

VILLAGE, COAST, SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)
CHILD, MINOR, ADULT = 14 * 12, 18 * 12, 16 * 12


class Thing(Agent):
    """An agent that begins with the values of one row of a table."""

    def __init__(self, world: Any, table: Table, row: int):
        super().__init__(world)
        self.row = row
        for name in table._fields:
            value = getattr(table, name)[row]
            setattr(self, name, value.tolist() if np.ndim(value) else value.item())


class Person(Thing):
    """A registered member of a rural household, at home or away."""

    household: Household
    spouse: Person | None
    mother: Person | None

    def registered(self, month: int) -> bool:
        """Tell whether the person is alive and has not left for college."""
        return self.born <= month < self.dies and month < self.leaves

    def age(self, clock: int) -> float:
        """Return the age in years."""
        return (clock - self.born) / 12.0

    def child_of(self, parent: Person) -> bool:
        """Tell whether the mother is ``parent`` or the wife of ``parent``."""
        return self.mother is not None and self.mother in (parent, parent.spouse)


class Outsider(Person):
    """A person of the pool outside the region."""


class Plot(Thing):
    """A contracted plot."""

    owner: Household
    operator: Household | None
    choice: int  #: crop that the owner plans, or NOBODY


class Shop(Thing):
    """The online shop of a household; ``good`` is NOBODY where there is none."""


class Household(Thing):
    """A contract household with its people, plots and neighbours."""

    people: list[Person]
    plots: list[Plot]
    ring: list[Household]
    village: Village
    county: County
    shop: Shop
    side: float  #: yuan a month that animals bring per farm worker
    harvest: list[float]  #: kg by good, this month
    load: list[float]  #: days of farm work by month of the year

    def members(self, month: int) -> list[Person]:
        """Return the registered members."""
        return [person for person in self.people if person.registered(month)]

    def best_plots(self) -> list[Plot]:
        """Return the own plots that return anything, best return per day first."""
        plots = [plot for plot in self.plots if plot.value > 0.0]
        return sorted(plots, key=lambda plot: -plot.value / max(plot.need, 1e-9))


class Village(Thing):
    """A sampled village: what it costs to reach it, and its village shop."""

    households: list[Household]


class Seat(Thing):
    """A seat: its firms, its workers and its urban residents."""


class Hub(Thing):
    """The sorting centre at a seat."""


class BuyerGroup(Thing):
    """A group of people who shop online."""

    ring: list[BuyerGroup]


class Crop(Thing):
    """What a mu of a crop takes and gives in a year."""


class Good(Thing):
    """A good that a village can grow or make, and sell."""

    @property
    def name(self) -> str:
        return GOODS[self.row]


class County(Agent):
    """Prices and wages of a county."""

    def __init__(self, world: Any, row: int):
        super().__init__(world)
        self.row = row


def at_or_none(things: list[Any], row: Any) -> Any:
    """Return the object of a row, None for NOBODY."""
    return None if row == NOBODY else things[row]
