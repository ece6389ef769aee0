"""Mesa's Sugarscape with traders (Epstein and Axtell 1996) on our tables, rule by rule.

Everybody, in drawn order, moves to the free cell in sight that promises the greatest welfare (the
nearest, then by lot), gathers, eats, and dies without sugar or spice; then, in another order,
trades with everybody in sight while both gain. Sight is by steps along rows and columns, as in
``mesa.examples.advanced.sugarscape_g1mt``, whose map of sugar is read.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from agents.base import Array, Column, Table, allocate, identity, lifelong_key, month_key, uniform
from agents.base.compiled import compiled
from agents.kinds import NOBODY, Kind

_ORDER, _TRADE_ORDER, _CHOICE = 0, 1, 2
_START = 8
#: Cells whose welfare, or distance, differs by less are alike.
_ALIKE, _NEAR = 1e-9, 0.01


class Traders(Table):
    """A row for each trader."""

    uid: Annotated[Array, Column(np.uint64, "", "identity")]
    cell: Annotated[Array, Column(np.int64, "cell", "where it stands; NOBODY for the dead")]
    sugar: Annotated[Array, Column(np.float64, "units", "held")]
    spice: Annotated[Array, Column(np.float64, "units", "held")]
    eats_sugar: Annotated[Array, Column(np.float64, "units a step", "metabolism")]
    eats_spice: Annotated[Array, Column(np.float64, "units a step", "metabolism")]
    vision: Annotated[Array, Column(np.int64, "cells", "how far it sees")]


@compiled
def welfare(t, i, sugar, spice):
    """Return ``sugar^(m1/m) spice^(m2/m)``, m1 + m2 = m the metabolisms (Cobb-Douglas)."""
    total = t.eats_sugar[i] + t.eats_spice[i]
    return sugar ** (t.eats_sugar[i] / total) * spice ** (t.eats_spice[i] / total)


@compiled
def rate(t, i, sugar, spice):
    """Return the marginal rate of substitution of spice for sugar."""
    return (spice / t.eats_spice[i]) / (sugar / t.eats_sugar[i])


@compiled
def move(t, i, width, height, here, sugar, spice, key):
    """Move trader ``i`` to the best free cell in sight, and let it gather and eat."""
    row, column, sight = t.cell[i] // width, t.cell[i] % width, t.vision[i]
    best, near, chosen, ties = -1.0, 0.0, NOBODY, 0
    for r in range(max(0, row - sight), min(height, row + sight + 1)):
        reach = sight - abs(r - row)
        for c in range(max(0, column - reach), min(width, column + reach + 1)):
            cell = r * width + c
            if here[cell] != NOBODY:
                continue
            value = welfare(t, i, t.sugar[i] + sugar[cell], t.spice[i] + spice[cell])
            away = math.sqrt(float((r - row) ** 2 + (c - column) ** 2))
            alike = abs(value - best) <= _ALIKE * max(value, best)
            same = alike and abs(away - near) <= _NEAR * max(away, near)
            if (value > best and not alike) or (alike and not same and away < near):
                best, near, chosen, ties = value, away, cell, 1
            elif same:
                ties += 1  # each of the ties with the same chance
                if uniform(key, t.uid[i], _CHOICE + ties) * ties < 1.0:
                    chosen = cell
    if chosen != NOBODY:
        here[t.cell[i]] = NOBODY
        here[chosen] = i
        t.cell[i] = chosen
    cell = t.cell[i]
    t.sugar[i] += sugar[cell] - t.eats_sugar[i]
    t.spice[i] += spice[cell] - t.eats_spice[i]
    sugar[cell] = spice[cell] = 0.0
    if t.sugar[i] <= 0.0 or t.spice[i] <= 0.0:
        here[cell] = NOBODY
        t.cell[i] = NOBODY


@compiled
def trade_once(t, i, j):
    """Let ``i`` and ``j`` trade once if both gain; return the price, 0 without a trade."""
    mine, other = rate(t, i, t.sugar[i], t.spice[i]), rate(t, j, t.sugar[j], t.spice[j])
    if abs(mine - other) <= _ALIKE * max(mine, other):
        return 0.0
    buyer, seller = (i, j) if mine > other else (j, i)
    price = math.sqrt(mine * other)
    sweet, hot = (1.0, float(int(price))) if price >= 1.0 else (float(int(1.0 / price)), 1.0)
    sugar_b, spice_b = t.sugar[buyer] + sweet, t.spice[buyer] - hot
    sugar_s, spice_s = t.sugar[seller] - sweet, t.spice[seller] + hot
    if spice_b <= 0.0 or sugar_s <= 0.0:
        return 0.0
    gains = welfare(t, buyer, sugar_b, spice_b) > welfare(t, buyer, t.sugar[buyer], t.spice[buyer])
    gives = welfare(t, seller, sugar_s, spice_s)
    gains = gains and gives > welfare(t, seller, t.sugar[seller], t.spice[seller])
    if not gains or rate(t, buyer, sugar_b, spice_b) <= rate(t, seller, sugar_s, spice_s):
        return 0.0
    t.sugar[buyer], t.spice[buyer] = sugar_b, spice_b
    t.sugar[seller], t.spice[seller] = sugar_s, spice_s
    return price


@compiled
def shuffle(t, order, key, purpose):
    """Put all rows into a drawn order (Fisher and Yates)."""
    for i in range(order.shape[0]):
        order[i] = i
    for n in range(order.shape[0] - 1, 0, -1):
        k = int(uniform(key, t.uid[n], purpose) * (n + 1))
        order[n], order[k] = order[k], order[n]


@compiled
def step(t, width, height, here, sugar, spice, most_sugar, most_spice, order, key, out):
    """Advance by a step; fill ``out`` with the trades and the sum of the logs of their prices."""
    for c in range(here.shape[0]):
        sugar[c] = min(sugar[c] + 1.0, most_sugar[c])
        spice[c] = min(spice[c] + 1.0, most_spice[c])
    shuffle(t, order, key, _ORDER)
    for n in range(order.shape[0]):
        if t.cell[order[n]] != NOBODY:
            move(t, order[n], width, height, here, sugar, spice, key)
    shuffle(t, order, key, _TRADE_ORDER)
    out[:] = 0.0
    for n in range(order.shape[0]):
        i = order[n]
        if t.cell[i] == NOBODY:
            continue
        row, column, sight = t.cell[i] // width, t.cell[i] % width, t.vision[i]
        for r in range(max(0, row - sight), min(height, row + sight + 1)):
            reach = sight - abs(r - row)
            for c in range(max(0, column - reach), min(width, column + reach + 1)):
                j = here[r * width + c]
                if j in (NOBODY, i):
                    continue
                price = trade_once(t, i, j)
                while price > 0.0:
                    out[0] += 1.0
                    out[1] += math.log(price)
                    price = trade_once(t, i, j)


def mesa_map() -> NDArray[np.float64]:
    """Return the map of sugar that comes with Mesa's example."""
    spec = find_spec("mesa")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mesa", name="mesa")
    folder = Path(spec.origin).parent / "examples" / "advanced" / "sugarscape_g1mt"
    return np.genfromtxt(folder / "sugar-map.txt")


class Sugarscape:
    """Traders on a map of sugar, and of spice, its mirror image; ``step`` advances it.

    traded : number of trades and the geometric mean of their prices in the last step.
    """

    def __init__(self, seed: int, population: int = 200, tiles: int = 1):
        field = np.tile(mesa_map(), (tiles, tiles))
        self.height, self.width = field.shape
        self.most = field.ravel().copy(), np.flip(field, 1).ravel().copy()
        self.sugar, self.spice = (most.copy() for most in self.most)
        draw = np.random.default_rng([seed, population, tiles])
        t = self.traders = allocate(Traders, population)
        t.uid[:] = [identity(Kind.HOUSEHOLD, _START, -1, n) for n in range(population)]
        t.cell[:] = draw.choice(field.size, population, replace=False)
        for held, eats in ((t.sugar, t.eats_sugar), (t.spice, t.eats_spice)):
            held[:] = draw.integers(25, 51, population)
            eats[:] = draw.integers(1, 6, population)
        t.vision[:] = draw.integers(1, 6, population)
        self.here = np.full(field.size, NOBODY, dtype=np.int64)
        self.here[t.cell] = np.arange(population)
        self._order = np.zeros(population, dtype=np.int64)
        self._out = np.zeros(2)
        self.seed, self.steps = lifelong_key(seed), 0
        self.traded = 0, float("nan")

    def step(self) -> None:
        """Let everybody move, eat and trade."""
        key = np.uint64(month_key(int(self.seed) % 2**62, self.steps))
        step(
            self.traders, self.width, self.height, self.here, self.sugar, self.spice, *self.most,
            self._order, key, self._out,
        )  # fmt: skip
        trades = int(self._out[0])
        self.traded = trades, math.exp(self._out[1] / trades) if trades else float("nan")
        self.steps += 1

    @property
    def alive(self) -> int:
        """Return how many live."""
        return int((self.traders.cell != NOBODY).sum())
