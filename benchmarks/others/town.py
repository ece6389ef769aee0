"""Wealth exchange on our tables: the workload of ``wealth.py``."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base import Array, Column, Table, allocate, identity, lifelong_key, month_key, uniform
from agents.base.compiled import compiled
from agents.kinds import Kind
from benchmarks.others.wealth import side_of

_WAY, _PARTNER, _ORDER, _START_X, _START_Y = range(5)


class People(Table):
    """A row for each person."""

    uid: Annotated[Array, Column(np.uint64, "", "identity")]
    cell: Annotated[Array, Column(np.int64, "cell", "flat index of where it stands")]
    wealth: Annotated[Array, Column(np.int64, "units", "held")]


@compiled
def settle(people, side, key):
    """Put everybody on a drawn cell with one unit."""
    for i in range(people.uid.shape[0]):
        uid = people.uid[i]
        x = int(uniform(key, uid, _START_X) * side)
        y = int(uniform(key, uid, _START_Y) * side)
        people.cell[i] = y * side + x
        people.wealth[i] = 1


@compiled
def neighbour(cell, way, side):
    """Return the cell to the ``way`` (0-7) of ``cell`` on a torus."""
    place = way if way < 4 else way + 1  # 4 is the cell itself
    x = (cell % side + place % 3 - 1 + side) % side
    y = (cell // side + place // 3 - 1 + side) % side
    return y * side + x


@compiled
def move(people, side, key, first, members):
    """Move everybody one cell; list who is where: ``members[first[c]:first[c + 1]]``."""
    first[:] = 0
    number = people.uid.shape[0]
    for i in range(number):
        way = int(uniform(key, people.uid[i], _WAY) * 8.0)
        people.cell[i] = neighbour(people.cell[i], way, side)
        first[people.cell[i] + 1] += 1
    for c in range(side * side):
        first[c + 1] += first[c]
    for i in range(number - 1, -1, -1):
        c = people.cell[i] + 1
        first[c] -= 1
        members[first[c]] = i
    for c in range(side * side):  # what was counted down is each cell's first; the last is the end
        first[c] = first[c + 1]
    first[side * side] = number


@compiled
def give(people, key, first, members, order):
    """Let everybody, in drawn order, give a unit to another in the cell."""
    number = people.uid.shape[0]
    for i in range(number):
        order[i] = i
    for n in range(number - 1, 0, -1):  # Fisher and Yates
        k = int(uniform(key, people.uid[n], _ORDER) * (n + 1))
        order[n], order[k] = order[k], order[n]
    for n in range(number):
        i = order[n]
        c = people.cell[i]
        others = first[c + 1] - first[c] - 1
        if people.wealth[i] == 0 or others == 0:
            continue
        j = members[first[c] + int(uniform(key, people.uid[i], _PARTNER) * others)]
        if j == i:  # the last stands in for oneself: each other one is as likely
            j = members[first[c + 1] - 1]
        people.wealth[i] -= 1
        people.wealth[j] += 1


class Town:
    """A town of people who move and give; ``step`` advances it."""

    def __init__(self, number: int, seed: int):
        self.side, self.seed, self.steps = side_of(number), seed, 0
        self.people = allocate(People, number)
        self.people.uid[:] = [identity(Kind.HOUSEHOLD, 0, -1, n) for n in range(number)]
        settle(self.people, self.side, np.uint64(lifelong_key(seed)))
        self._first = np.zeros(self.side**2 + 1, dtype=np.int64)
        self._members = np.zeros(number, dtype=np.int64)
        self._order = np.zeros(number, dtype=np.int64)

    def step(self) -> None:
        """Let all move, then all give."""
        key = np.uint64(month_key(self.seed, self.steps))
        move(self.people, self.side, key, self._first, self._members)
        give(self.people, key, self._first, self._members, self._order)
        self.steps += 1
