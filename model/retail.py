"""Village retail and what it competes with: the shop's mark-up, its keepers, parcels that arrive.

Month by month: ``pay`` (keepers of shops and stations, out of last month's sales, before budgets),
``offer`` (prices; households decide on buying online; before budgets), ``receive`` (after them).
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Group, Parameter, uniform
from agents.base.compiled import compiled, rule
from agents.farmer.buying import (
    Buying,
    buy,
    online_price,
    online_spending_share,
    online_weight,
    parcel_value,
    shoppers,
    tradables_index,
)
from agents.farmer.draws import FarmerDraw
from model.carriers import sums
from model.rollout import access_scale

Floats = NDArray[np.float64]
_SHOPKEEPER = int(FarmerDraw.SHOPKEEPER)
JANUARY = 0


class Retail(Group):
    """Parameters of village retail."""

    markup: Annotated[
        float,
        Parameter(
            0.0,
            0.15,
            "share",
            "m0: village over county price, at the seat's door",
            "with m1: parameters.csv buying.village_shop_markup 0.15 at an hour",
            "assumption",
        ),
    ] = 0.05
    markup_minute: Annotated[
        float,
        Parameter(
            0.0005,
            0.004,
            "per minute",
            "m1: more per minute to the seat",
            "PROTOTYPE C tried 0.0016-0.004",
            "assumption",
        ),
    ] = 0.0017
    shopkeepers: Annotated[
        float,
        Parameter(0.01, 0.04, "share of households", "keep a village shop", "judgement"),
    ] = 0.02


@rule
def village_price(minutes, p):
    """Return the village price, county price = 1: ``1 + m0 + m1 minutes`` to the seat (MODEL 4)."""
    return 1.0 + p.markup + p.markup_minute * minutes


@rule
def cost_of_goods(revenue, price):
    """Return what the shop pays the wholesaler for goods sold at ``revenue``: ``R / (1 + m)``."""
    return revenue / price


@compiled
def appoint_shopkeepers(households, villages, key, share, station_keeper):
    """Mark the households that keep a shop: a lifelong draw below ``share``, at least one.

    The one with the lowest draw would keep the village's station: ``station_keeper`` (V, rows).
    Where no resident household draws that low, the one with the lowest draw keeps it; where nobody
    lives, the household of the lowest draw at all.
    """
    for v in range(villages.uid.shape[0]):
        lowest, least, number = -1, 2.0, 0
        for h in range(villages.first_household[v], villages.end_household[v]):
            luck = uniform(key, households.uid[h], _SHOPKEEPER)
            lives = households.residents[h] > 0
            keeps = luck < share and lives
            households.shopkeeper[h] = keeps
            number += keeps
            rank = luck if lives else 1.0 + luck
            if rank < least:
                lowest, least = h, rank
        if number == 0:
            households.shopkeeper[lowest] = 1
        station_keeper[v] = lowest


@compiled
def set_prices(delivery, point, shop_price, weight, value, share, index, p):
    """Fill ``value``, ``share``, ``index`` of a user by village.

    delivery : (V,) yuan per parcel; point : (V,) whether a parcel can be fetched in the village;
    shop_price : (V,) county price = 1; weight : of the parcel in the inner CES.
    """
    for v in range(delivery.shape[0]):
        cost = delivery[v]
        if not point[v]:
            cost += p.trip_cost / p.parcels_per_trip
        value[v] = parcel_value(cost, p)
        ratio = online_price(cost, value[v], p) / shop_price[v]
        share[v] = online_spending_share(ratio, weight, p)
        index[v] = tradables_index(ratio, weight, p)


@compiled
def _count_purchases(village, weight, retail, parcels, online_share, index, tradables, t):
    """Remember each household's ``tradables``; fill ``t`` (4, V), at full scale.

    Rows: yuan of parcels, yuan in the shop, users, users times their price index.
    """
    for h in range(village.shape[0]):
        tradables[h] = retail[h] + parcels[h]
        v, w = village[h], weight[h]
        t[1, v] += retail[h] * w
        if online_share[h] > 0.0:
            t[0, v] += parcels[h] * w
            t[2, v] += w
            t[3, v] += w * index[h]


class VillageRetail:
    """Village shops and the delivery of parcels (``model.retail``).

    till : (V,) yuan at full scale, sales of last month: stock and pay come out of it this month, so
        that the money of sector RETAIL at the end of a month is that month's sales.
    commission : (V,) yuan, owed to station keepers for last month's parcels.
    spent_online, fees_paid : (V,) yuan at full scale, this month's purchases by parcel, and what of
        them is the fee of the region's hubs.
    share, value, fee, line : (V,) this month's share of a user's tradables that goes by parcel,
        yuan of goods in a parcel, fee of the hub and line-haul per parcel.
    """

    def __init__(self, model: Any):
        rows = len(model.villages.uid)
        self.till: Floats = np.zeros(rows)
        self.commission: Floats = np.zeros(rows)
        self.share: Floats = np.zeros(rows)
        self.index: Floats = np.ones(rows)
        self.value: Floats = np.zeros(rows)
        self.fee: Floats = np.zeros(rows)
        self.fees_paid: Floats = np.zeros(rows)
        self.spent_online: Floats = np.zeros(rows)
        self.line = 0.0
        model.households.tradables_index[:] = 1.0
        model.households.price_index[:] = 1.0
        self._appoint(model)

    def _appoint(self, model: Any) -> None:
        p: Retail = model.params["retail"]
        households, rows = model.households, len(model.villages.uid)
        station = np.empty(rows, dtype=np.int64)
        appoint_shopkeepers(households, model.villages, model.life_key, p.shopkeepers, station)
        self.shopkeepers = np.flatnonzero(households.shopkeeper)
        self.station_keeper = station
        self.keepers_weight = sums(
            households.village[self.shopkeepers], households.weight[self.shopkeepers], rows
        )

    def pay(self, model: Any) -> None:
        """Pay wholesalers, shopkeepers and station keepers out of last month's sales.

        Fills ``households.retail_pay`` and books ``retail_stock``, ``wholesale_import``,
        ``retail_pay``, ``station_pay``.
        """
        if model.month % 12 == JANUARY:
            self._appoint(model)
        villages = model.villages
        price = village_price(villages.minutes, model.params["retail"])
        cost = cost_of_goods(self.till, price)
        margin = self.till - cost
        # an amount a at one household is a * weight at full scale; shopkeepers share alike
        pay, village = model.households.retail_pay, model.households.village
        pay[self.shopkeepers] += (margin / self.keepers_weight)[village[self.shopkeepers]]
        station = self.station_keeper
        pay[station] += self.commission / model.households.weight[station]
        counties = model.freight.carriers.counties
        stock = sums(villages.county, cost, counties)
        model.ledger.book("retail_stock", stock)
        model.ledger.book("wholesale_import", stock)
        model.ledger.book("retail_pay", sums(villages.county, margin, counties))
        model.freight.pay_keepers(model, self.commission)
        self.till = np.zeros_like(self.till)
        self.commission = np.zeros_like(self.commission)

    def offer(self, model: Any) -> None:
        """Set this month's prices; households take up buying online, or not.

        Fills ``online_share``, ``tradables_index``, ``price_index``, ``buys_online``.
        """
        households, villages = model.households, model.villages
        p: Buying = model.params["buying"]
        scale = access_scale(model) * model.params["access"].buying
        self._set_prices(model, p)
        served = villages.parcel_service if scale > 0.0 else np.zeros_like(villages.parcel_service)
        training = model.params["policy"].training_years * villages.trained
        buy(
            shoppers(households),
            served,
            villages.station,
            self.share,
            self.index,
            training,
            float(model.series.internet_rural[model.month]),
            scale,
            model.key,
            model.life_key,
            p,
        )

    def _set_prices(self, model: Any, p: Buying) -> None:
        villages = model.villages
        fee, self.line = model.freight.delivery(model)
        self.fee = fee.copy()
        weight = online_weight(float(model.series.online_shoppers[model.month]), p)
        shop = village_price(villages.minutes, model.params["retail"])
        set_prices(
            self.fee + self.line, model.freight.stations.point, shop, weight,
            self.value, self.share, self.index, p,
        )  # fmt: skip

    def receive(self, model: Any) -> None:
        """Deliver what households ordered (``households.parcels``, yuan) and count shop sales.

        The platform keeps nothing: it pays carriers for delivery and the keepers' commission, and
        sellers outside for the goods. Books ``parcel_goods``, ``parcel_delivery``, ``line_haul``.
        """
        households, villages = model.households, model.villages
        t = np.zeros((4, len(villages.uid)))
        _count_purchases(
            households.village, households.weight, households.retail, households.parcels,
            households.online_share, households.tradables_index, households.tradables, t,
        )  # fmt: skip
        self.spent_online, self.till, users, index = t
        each = np.maximum(self.value + self.fee + self.line, 1e-9)
        number = self.spent_online / each
        rate = model.params["hub"].station_commission * villages.station
        self.commission = number * rate * self.value
        self.fees_paid = number * self.fee
        fee = self.fees_paid + number * self.line + self.commission
        model.freight.deliver(model, number / villages.weight, fee, number * self.line)
        counties = model.freight.carriers.counties
        model.ledger.book("parcel_goods", sums(villages.county, self.spent_online - fee, counties))
        buyers = sums(villages.county, users, counties)
        mean = sums(villages.county, index, counties) / np.maximum(buyers, 1e-300)
        model.log["online_buyers"] = buyers
        model.log["tradables_index_users"] = np.where(buyers > 0.0, mean, 1.0)
        model.log.update(leakage(model, self))


def leakage(model: Any, retail: VillageRetail) -> dict[str, Floats]:
    """Return, by county, the shares of a yuan of this month's purchases that leak out.

    online_leakage_village : of a yuan bought online, what leaves the village (all but the
        keeper's commission). online_leakage_region : what leaves the region (goods, line-haul).
    shop_leakage_village : of a yuan in the village shop, what leaves the village (stock).
    0 where nothing is bought.
    """
    villages, carriers = model.villages, model.freight.carriers

    def share(leaked: Floats, spent: Floats) -> Floats:
        by_county = [sums(villages.county, yuan, carriers.counties) for yuan in (leaked, spent)]
        return np.where(by_county[1] > 0.0, by_county[0] / np.maximum(by_county[1], 1e-300), 0.0)

    online = retail.spent_online
    price = village_price(villages.minutes, model.params["retail"])
    return {
        "online_leakage_village": share(online - retail.commission, online),
        "online_leakage_region": share(online - retail.commission - retail.fees_paid, online),
        "shop_leakage_village": share(cost_of_goods(retail.till, price), retail.till),
    }
