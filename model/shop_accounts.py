"""Accounts of shops: their lines of the ledger, indicators by county."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.goods import GOODS

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: Columns of shops that are ledger lines of the same name.
_BOOKED = (
    "packing",
    "freight_first",
    "freight_line",
    "storage",
    "commission",
    "ad_fee",
    "hired",
    "hired_county",
)


def book(model: Any) -> None:
    """Book the month's flows of shops. ``shop_supply`` is a column of households, booked there."""
    market, shops, households = model.market, model.shops, model.households
    ledger, counties = model.ledger, len(model.region.counties)
    yuan = market.coast + market.urban
    at_seats = np.divide(market.urban, yuan, out=np.zeros(yuan.size), where=yuan > 0.0)
    rows, weight, county = market.rows, households.weight, households.county
    for line, column in (("shop_revenue", shops.revenue), ("refund", shops.refund)):
        full = column[rows] * weight[rows]
        local = full * at_seats[market.variety]
        ledger.book(f"{line}_urban", np.bincount(county[rows], local, counties))
        ledger.book(f"{line}_coast", np.bincount(county[rows], full - local, counties))
    ledger.book("buyers_funds", ledger.booked("shop_revenue_coast") - ledger.booked("refund_coast"))
    ledger.book("shop_goods_wholesale", market.tally.wholesale)
    ledger.book("shop_goods_local", market.tally.local)
    for name in _BOOKED:
        ledger.book(name, sums(model, getattr(shops, name), rows))
    ledger.book("entry_cost", sums(model, shops.entry_cost, market.opened))


def sums(model: Any, column: NDArray[Any], rows: Rows) -> Floats:
    """Return (C,) the sum of a column over ``rows`` at full scale."""
    t, counties = model.households, len(model.region.counties)
    return np.bincount(t.county[rows], column[rows] * t.weight[rows], counties).astype(float)


def report(model: Any, opened: Rows, closed: Rows) -> None:
    """Write the indicators of the month, each by county at full scale.

    opened, closed : rows of households whose shops opened and closed this month.
    """
    market, shops, households = model.market, model.shops, model.households
    counties = len(model.region.counties)
    for name, rows in (("shops_opened", opened), ("shops_closed", closed)):
        model.log[name] = sums(model, np.ones_like(shops.good), rows)
    for name, column in (
        ("shop_refunds", shops.refund),
        ("shop_orders", shops.orders),
        ("shop_parcels", shops.sent),
        ("shop_own_days", shops.own_days),
        ("shop_hired_days", shops.hired_days),
    ):
        model.log[name] = sums(model, column, market.rows)
    revenue = shops.revenue[market.rows] * households.weight[market.rows]
    size, shape = market.known.size, (counties, len(GOODS))
    by_good = np.bincount(market.variety, revenue, size).astype(float)
    ordered = (market.coast + market.urban).reshape(shape)
    for g, name in enumerate(GOODS):
        model.log[f"online_{name}"] = by_good.reshape(shape)[:, g].copy()
        model.log[f"ordered_{name}"] = ordered[:, g].copy()
