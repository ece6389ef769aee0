"""The money of hubs and carriers: each yuan changes a hub's cash and is booked, in one place.

A hub's cash is the stock of sector CARRIERS. ``sign`` is 1 for what hubs receive, -1 for what they
pay; amounts are never negative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import allocate, identity
from agents.hub.parameters import Hub
from agents.hub.rules import capacity_cost, dividend
from agents.hub.state import Hubs
from agents.kinds import Kind
from model.region import Region

Floats = NDArray[np.float64]


def sums(rows: NDArray[Any], amounts: NDArray[Any], length: int) -> Floats:
    """Return the sum of ``amounts`` by row (length,)."""
    return np.bincount(rows, amounts, length).astype(np.float64, copy=False)


def found_hubs(region: Region) -> Hubs:
    """Return one hub per seat, closed: no capacity, no money."""
    seats = region.seats
    hubs = allocate(Hubs, len(seats))
    hubs.seat[:] = np.arange(len(seats))
    hubs.county[:] = seats["county"].to_numpy()
    hubs.site[:] = seats["row"].to_numpy() * region.county.shape[1] + seats["col"].to_numpy()
    for s in range(len(seats)):
        hubs.uid[s] = identity(int(Kind.HUB), s, 0, 0)
    hubs.capacity_share[:] = 1.0
    return hubs


class Carriers:
    """Accounts of the hubs: what is moved by household, village, county or hub."""

    def __init__(self, hubs: Hubs, region: Region):
        self.hubs = hubs
        self.counties = len(region.counties)
        self.seat_of_county = region.seat_of_county

    def by_hub(self, model: Any, by_village: Floats) -> Floats:
        """Return the sums (S,) by hub of amounts by village (V,)."""
        return sums(model.villages.seat, by_village, len(self.hubs.uid))

    def of_shops(self, model: Any, column: Floats) -> Floats:
        """Return the sums (V,), at full scale, of a column of shops: of those open this month."""
        rows, households = model.market.rows, model.households
        amounts = column[rows] * households.weight[rows]
        return sums(households.village[rows], amounts, len(model.villages.uid))

    def move_by_village(self, model: Any, flow: str, yuan: Floats, sign: float) -> None:
        """Book ``yuan`` (V,), at full scale."""
        self.hubs.cash[:] += sign * self.by_hub(model, yuan)
        model.ledger.book(flow, sums(model.villages.county, yuan, self.counties))

    def move_by_county(self, model: Any, flow: str, yuan: Floats, sign: float) -> None:
        """Book ``yuan`` (C,)."""
        seats = len(self.hubs.uid)
        self.hubs.cash[:] += sign * sums(self.seat_of_county, yuan, seats)
        model.ledger.book(flow, yuan)

    def move_by_hub(self, model: Any, flow: str, yuan: Floats, sign: float) -> None:
        """Book ``yuan`` (S,) in the county of each seat."""
        self.hubs.cash[:] += sign * yuan
        model.ledger.book(flow, sums(self.hubs.county, yuan, self.counties))

    def build(self, model: Any, s: int, parcels: float, yuan: float) -> None:
        """Add capacity, parcels a month, to hub ``s`` for ``yuan``."""
        self.hubs.capacity[s] += parcels
        cost = np.zeros(len(self.hubs.uid))
        cost[s] = yuan
        self.invest(model, cost)

    def invest(self, model: Any, yuan: Floats) -> None:
        """Book the investment of each hub, yuan (S,)."""
        self.hubs.invested[:] += yuan
        self.move_by_hub(model, "hub_investment", yuan, -1.0)

    def open_hubs(self, model: Any) -> None:
        """Open each hub on the first day of access, with capacity that its owners pay."""
        hub: Hub = model.params["hub"]
        for s in np.flatnonzero(self.hubs.open == 0):
            self.hubs.open[s] = 1
            self.build(model, int(s), hub.capacity_start, capacity_cost(hub.capacity_start, hub))

    def cover_losses(self, model: Any) -> None:
        """Let owners outside put in the capital that a hub's cash lacks."""
        self.move_by_hub(model, "hub_capital", np.maximum(0.0, -self.hubs.cash), 1.0)

    def pay_dividends(self, model: Any) -> None:
        """Pay the profit of the year to urban households of the region and to owners outside."""
        hub, hubs = model.params["hub"], self.hubs
        profit = np.array(
            [
                hubs.open[s] * dividend(hubs.cash[s], hubs.running_cost[s], hub)
                for s in range(len(hubs.uid))
            ]
        )
        self.move_by_hub(model, "dividend_hubs_urban", hub.dividend_urban * profit, -1.0)
        outside = (1.0 - hub.dividend_urban) * profit
        self.move_by_hub(model, "dividend_hubs_outside", outside, -1.0)
