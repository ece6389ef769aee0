"""The account of goods: every kilogram made, bought in, used, sold, lost or stored, by good.

Two balances close each month, each with its change of stocks measured on the agents:

    harvested = own use + seed and feed + to shops + sold offline + spoiled + dumped + stored
    made + bought in + returned = sent + decayed + dumped + stored              (in shops)

and what shops make of their own harvest is its kg times the yield of the good. At full scale.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calendar import month_name
from model.goods import GOODS, good_row

Floats = NDArray[np.float64]
RICE = good_row("rice")


class Item(NamedTuple):
    """One line of the account; ``farm`` and ``shop`` are its signs in the two balances."""

    name: str
    unit: str
    meaning: str
    farm: int = 0
    shop: int = 0


ITEMS = (
    Item("harvested", "farm kg", "taken off the fields", farm=1),
    Item("own_use", "farm kg", "eaten by households out of their store", farm=-1),
    Item("seed_feed", "farm kg", "fed to own animals; seed is bought with the inputs", farm=-1),
    Item("to_shops", "farm kg", "own harvest handed to the own online shop", farm=-1),
    Item("sold_offline", "farm kg", "sold to traders at the farm gate", farm=-1),
    Item("spoiled_offline", "farm kg", "lost while waiting for the trader", farm=-1),
    Item("dumped_offline", "farm kg", "not worth carrying to market", farm=-1),
    Item("stored_farm", "farm kg", "change of own grain and of harvest held back", farm=-1),
    Item("made", "kg as sold", "finished by shops out of their own harvest", shop=1),
    Item("bought_in", "kg as sold", "bought by shops, or made of bought materials", shop=1),
    Item("returned", "kg as sold", "sent back whole by buyers", shop=1),
    Item("sent", "kg as sold", "sent to online buyers", shop=-1),
    Item("decayed", "kg as sold", "lost in the stores of shops", shop=-1),
    Item("dumped_shops", "kg as sold", "left when shops closed", shop=-1),
    Item("stored_shops", "kg as sold", "change of the stocks of shops", shop=-1),
    Item("spoiled_on_way", "kg as sold", "of what was sent, arrived spoiled and was paid back"),
    Item("processed_in", "kg before", "crops and materials that made and bought-in goods took"),
)
ROW = {item.name: i for i, item in enumerate(ITEMS)}
#: Name of a balance -> signs of the items in it.
BALANCES = {
    "goods of farms": np.array([item.farm for item in ITEMS]),
    "goods of shops": np.array([item.shop for item in ITEMS]),
}


def on_farms(model: Any) -> Floats:
    """Return kg (G,) that households hold: own grain, and harvest held back."""
    t = model.households
    held = np.bincount(t.held_good, t.held * t.weight, len(GOODS)).astype(np.float64)
    held[RICE] += float((t.grain * t.weight).sum())
    return held


def in_shops(model: Any) -> Floats:
    """Return kg (G,) in the stocks of shops."""
    shops = model.shops
    rows = np.flatnonzero(shops.good >= 0)
    stock = shops.stock[rows] * model.households.weight[rows]
    return np.bincount(shops.good[rows], stock, len(GOODS)).astype(np.float64)


class GoodsAccount:
    """The month's account and those written down so far.

    month : (items, G) kg of this month. farms, shops : (G,) kg held at its end.
    """

    def __init__(self, model: Any):
        self.farms, self.shops = on_farms(model), in_shops(model)
        self.month: Floats = np.zeros((len(ITEMS), len(GOODS)))
        self.written: list[tuple[int, Floats]] = []

    def close(self, model: Any) -> None:
        """Account the month that ``model`` has just finished; write it down from the start on."""
        self.month = np.zeros((len(ITEMS), len(GOODS)))
        self.close_farms(model)
        self.close_shops(model)
        if model.month >= model.scenario.start_month:
            self.written.append((model.month, self.month))

    def close_farms(self, model: Any) -> None:
        """Account harvests and what became of them."""
        left, now = model.disposal, on_farms(model)
        people, animals = model.eaten
        self._put("harvested", model.goods_made)
        self.month[ROW["own_use"], RICE] = people
        self.month[ROW["seed_feed"], RICE] = animals
        self._put("to_shops", model.market.tally.own_farm)
        self._put("sold_offline", left.sold)
        self._put("spoiled_offline", left.spoiled)
        self._put("dumped_offline", left.dumped)
        self._put("stored_farm", now - self.farms)
        self.farms = now

    def close_shops(self, model: Any) -> None:
        """Account what shops made, bought, sent, lost and got back."""
        tally, now = model.market.tally, in_shops(model)
        self._put("made", tally.own)
        self._put("bought_in", tally.bought)
        self._put("returned", tally.returned)
        self._put("sent", tally.sent)
        self._put("decayed", tally.decayed)
        self._put("dumped_shops", tally.dumped)
        self._put("spoiled_on_way", tally.spoiled)
        self._put("processed_in", tally.own_farm + tally.bought / model.goods.out_of_in)
        self._put("stored_shops", now - self.shops)
        self.shops = now

    def _put(self, item: str, kg: Floats) -> None:
        self.month[ROW[item]] = kg

    def check(self, model: Any) -> None:
        """Raise LedgerBreach where a balance, or the yield of processing, does not close."""
        ledger, t = model.ledger, model.month
        for name, signs in BALANCES.items():
            held = self.farms if name == "goods of farms" else self.shops
            moved = np.abs(self.month[signs != 0]).sum(axis=0)
            for g, breach in enumerate(signs @ self.month):
                ledger.check(name, t, GOODS[g], float(breach), moved[g], held[g])
        made, taken = self.month[ROW["made"]], self.month[ROW["to_shops"]]
        for g, breach in enumerate(made - taken * model.goods.out_of_in):
            ledger.check("yield of processing", t, GOODS[g], float(breach), made[g])

    def table(self) -> pd.DataFrame:
        """Return month, good, item, unit, kg of every amount that is not 0."""
        kg = np.array([month for _, month in self.written]).reshape(-1, len(ITEMS), len(GOODS))
        at, item, good = np.nonzero(kg)
        months = np.array([month_name(t) for t, _ in self.written], dtype=object)
        return pd.DataFrame(
            {
                "month": months[at],
                "good": np.array(GOODS, dtype=object)[good],
                "item": np.array([i.name for i in ITEMS], dtype=object)[item],
                "unit": np.array([i.unit for i in ITEMS], dtype=object)[item],
                "kg": kg[at, item, good],
            }
        )
