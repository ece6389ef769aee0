"""Trade, in the order of a month: tariffs, sales offline and online, buying, deliveries, entry.

Each line calls the module that holds the matter: ``offline`` and ``online`` sell, ``freight``
carries, ``retail`` serves villagers who buy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base.sums import weighted_columns
from agents.farmer.opening import new_shops
from model import online, shop_accounts
from model.carriers import found_hubs
from model.freight import Freight
from model.retail import VillageRetail


def open_trade(m: Any) -> None:
    """Found the hubs, routes, village retail, buyers and the online market of January 2003."""
    m.hubs = found_hubs(m.region)
    m.freight = Freight(m)
    m.retail = VillageRetail(m)
    m.shops = new_shops(len(m.households.uid))
    m.buyers = online.found_buyers(m)
    m.market = online.OnlineMarket(m)


def set_tariffs(m: Any) -> None:
    """Roll out service and stations; set capacity and tariffs from last month's volumes."""
    m.freight.set_tariffs(m)


def sell(m: Any, harvest_kg: NDArray[np.float64]) -> None:
    """Sell ``harvest_kg`` (H, G): shops set theirs aside, traders take the rest, buyers order."""
    m.offline.update(m, weighted_columns(harvest_kg, m.households.weight))
    online.stock_shops(m, harvest_kg)
    m.disposal = m.offline.sell(m, harvest_kg)
    online.place_orders(m)
    online.settle(m)


def buy(m: Any) -> None:
    """Pay village shops for last month's sales; split tradables between shop and parcel."""
    m.retail.pay(m)
    m.retail.offer(m)


def deliver(m: Any) -> None:
    """Count what households bought in the village and online, and send their parcels."""
    m.retail.receive(m)


def december(m: Any) -> None:
    """Let hubs invest, pay dividends, open and close stations."""
    m.freight.december(m)


def enter_and_exit(m: Any) -> None:
    """Let shops close and open."""
    online.enter_and_exit(m)


def book(m: Any) -> None:
    """Book the month's trade into the ledger."""
    shop_accounts.book(m)
    m.freight.book(m)
