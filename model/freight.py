"""Freight: routes, tariffs and time on the way, what hubs carry, earn and build.

One hub (sorting centre) per seat. It collects and delivers on routes shared by near villages,
prices at cost plus margin on last month's volumes, and passes line-haul on to carriers outside.
Volumes of a village are at its real size; ``villages.weight`` makes them the region's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from agents.base.compiled import compiled
from agents.hub.parameters import Climate, Hub
from agents.hub.parameters import Freight as FreightParameters
from agents.hub.rules import (
    capacity_cost,
    capacity_share,
    cold_store_cost,
    cold_surcharge,
    first_mile,
    handling_cost,
    line_haul,
    margin_carried,
    new_capacity,
    pays_back,
    roads_rebuilt,
    survival,
    tariff,
    transit_days,
    visits,
)
from model.carriers import Carriers, found_hubs, sums
from model.region import Region
from model.rollout import access_scale
from model.stations import Stations
from model.villages import Villages

__all__ = ["Freight", "found_hubs", "survival"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
#: Weight of a new month in smoothed volumes: a year's memory.
_SMOOTHING = 1.0 / 12.0


@compiled
def route_volume(volume, route, served, out):
    """Fill ``out`` (V,): parcels a month per village of each village's route (V, R; -1 for none).

    Only villages that are ``served`` (0/1) share a route; each counts on its own.
    """
    for v in range(route.shape[0]):
        members = 0
        out[v] = 0.0
        for r in range(route.shape[1]):
            i = route[v, r]
            if i >= 0 and (i == v or served[i] > 0):
                out[v] += volume[i]
                members += 1
        out[v] /= members


@compiled
def _first_mile_costs(volume, route, served, km, station, roads, p):
    """Return the cost of the first mile by village, yuan per parcel, at these volumes."""
    out = np.empty(route.shape[0])
    route_volume(volume, route, served, out)
    for v in range(out.shape[0]):
        out[v] = first_mile(out[v], km[v], station[v], roads[v], p)
    return out


@compiled
def _set_transit_days(volume, route, served, minutes, station, month, days, p):
    """Fill ``days`` by village; waiting depends on how often the route is driven."""
    route_volume(volume, route, served, days)
    for v in range(days.shape[0]):
        days[v] = transit_days(month, minutes[v], station[v], visits(days[v], p), p)


def lay_routes(villages: Villages, region: Region, p: FreightParameters) -> NDArray[np.int64]:
    """Return the villages on each village's route (V, R), itself among them; -1 where fewer.

    A route joins the nearest villages of the same hub. Fills ``villages.route_km``: km per village
    of a route = its part of the way from the seat and back, and the way to the next village at
    the county's real density of villages. Neither depends on how many villages are sampled.
    """
    route: NDArray[np.int64] = np.full((len(villages.uid), p.route_villages), -1, dtype=np.int64)
    seats = region.seats
    east = region.x_km[seats["col"].to_numpy()][villages.seat]
    north = region.y_km[seats["row"].to_numpy()][villages.seat]
    number = sums(villages.county, villages.weight, len(region.counties))
    area = region.counties["area_km2"].to_numpy(dtype=float)
    apart = np.sqrt(area / np.maximum(number, 1.0))[villages.county]
    to_seat = np.hypot(villages.x - east, villages.y - north)
    villages.route_km[:] = p.detour * (2.0 * to_seat / p.route_villages + apart)
    for seat in np.unique(villages.seat):
        own = np.flatnonzero(villages.seat == seat)
        k = min(p.route_villages, own.size)
        place = np.column_stack([villages.x[own], villages.y[own]])
        _, nearest = cKDTree(place).query(place, k=k)
        route[own, :k] = own[np.reshape(nearest, (own.size, k))]
    return route


class Freight:
    """The hubs' service to the villages (``model.freight``).

    The tables of villages and hubs are the model's; kept here are the routes, the accounts of the
    carriers and the state of stations. Month by month: ``set_tariffs``, then ``onwards`` and
    ``ship`` for what is sold, ``deliver`` for what is bought, ``book``; ``december`` once a year.
    """

    def __init__(self, model: Any):
        self.region: Region = model.region
        self.hubs = model.hubs
        self.carriers = Carriers(model.hubs, model.region)
        self.stations = Stations(model, self.carriers)
        self.route = lay_routes(model.villages, model.region, model.params["freight"])
        self.fresh_month: Floats = np.zeros(len(self.hubs.uid))
        self.public_held: Floats = np.zeros(len(self.hubs.uid))
        self.road_yuan: Floats = np.zeros(len(self.region.counties))

    # --- at the start of the month ---------------------------------------------------------------

    def set_tariffs(self, model: Any) -> None:
        """Set service, stations, tariffs, days and capacity from last month's volumes.

        Afterwards ``parcels_out`` and ``parcels_in`` of villages count this month's parcels.
        """
        villages, hubs = model.villages, self.hubs
        volume = villages.parcels_out + villages.parcels_in
        self._remember_volumes(model, volume)
        villages.parcels_out[:] = 0.0
        villages.parcels_in[:] = 0.0
        scale = access_scale(model)
        if scale <= 0.0:
            self.stations.close_all(model)
            return
        self.carriers.open_hubs(model)
        self.stations.roll_out(model, scale)
        p, hub = model.params["freight"], model.params["hub"]
        for s in range(len(hubs.uid)):
            both = hubs.parcels_in[s] + hubs.parcels_out[s]
            hubs.handling_cost[s] = handling_cost(both, p.cost_scale, hub)
            hubs.capacity_share[s] = capacity_share(hubs.capacity[s], both + hubs.waiting[s])
        # the price list counts on a full batch a visit: a village without parcels, priced at one
        # visit for each, would never have any
        expected = np.maximum(volume, p.batch * p.visits_low)
        cost = self._first_mile(model, expected)
        villages.freight_first[:] = tariff(cost + hubs.handling_cost[villages.seat], hub)
        _set_transit_days(
            volume, self.route, villages.parcel_service, villages.minutes, villages.station,
            model.month, villages.transit_days, p,
        )  # fmt: skip
        carried = np.maximum(volume, 1.0) * villages.weight
        paid = self.carriers.by_hub(model, carried * villages.freight_first)
        hubs.tariff[:] = paid / np.maximum(self.carriers.by_hub(model, carried), 1e-300)

    def _first_mile(self, model: Any, volume: Floats) -> Floats:
        """Return the cost of the first mile (V,), yuan per parcel, at these parcels a month."""
        villages, p = model.villages, model.params["freight"]
        return _first_mile_costs(
            volume, self.route, villages.parcel_service, villages.route_km, villages.station,
            villages.roads, p,
        )  # fmt: skip

    def _remember_volumes(self, model: Any, volume: Floats) -> None:
        villages, hubs, by_hub = model.villages, self.hubs, self.carriers.by_hub
        villages.mean_volume[:] += _SMOOTHING * (volume - villages.mean_volume)
        hubs.parcels_out[:] = by_hub(model, villages.parcels_out * villages.weight)
        hubs.parcels_in[:] = by_hub(model, villages.parcels_in * villages.weight)
        both = hubs.parcels_out + hubs.parcels_in
        hubs.mean_volume[:] += _SMOOTHING * (both - hubs.mean_volume)
        hubs.fresh_kg[:] += _SMOOTHING * (self.fresh_month - hubs.fresh_kg)
        self.fresh_month[:] = 0.0
        hubs.waiting[:] = by_hub(model, self.carriers.of_shops(model, model.shops.backlog))

    def open_station(self, model: Any, village: int, month: int) -> None:
        """Let a trial open a station in ``village`` (row) from ``month`` on, at public cost."""
        self.stations.programmes.open_station(village, month)
        self.stations.closed[village] = False

    def _take_public_money(self, model: Any) -> None:
        """Build capacity with what governments gave out of land revenue (``model.hub_grants``, S).

        The gift is booked by who gives it (``infrastructure_hubs``); while access is off it waits.
        """
        hub: Hub = model.params["hub"]
        self.hubs.cash[:] += model.hub_grants
        self.public_held += model.hub_grants
        model.hub_grants[:] = 0.0
        for s in np.flatnonzero((self.public_held > 0.0) & (self.hubs.open > 0)):
            yuan = self.public_held[s]
            self.carriers.build(model, int(s), yuan / capacity_cost(1.0, hub), yuan)
            self.public_held[s] = 0.0

    def _rebuild_roads(self, model: Any) -> None:
        """Rebuild rural roads with the land revenue booked for them this month (by county).

        On them the first mile costs less, whether or not parcels come yet.
        """
        self.road_yuan += model.ledger.booked("infrastructure_roads")
        area = self.region.counties["area_km2"].to_numpy(dtype=float)
        p = model.params["freight"]
        share = [roads_rebuilt(y, km2, p) for y, km2 in zip(self.road_yuan, area, strict=True)]
        model.villages.roads[:] = np.array(share)[model.villages.county]

    # --- parcels ---------------------------------------------------------------------------------

    def onwards(self, model: Any, good: int) -> tuple[float, float]:
        """Return what an order of ``good`` pays from the hub on, and more for cooling, yuan."""
        p, price = model.params["freight"], model.series.parcel_price[model.month]
        kg = float(model.goods.order_kg[good])
        return line_haul(price, kg, self.region.coast_km, p), cold_surcharge(price, kg, p)

    def capacity_share(self, model: Any) -> Floats:
        """Return the share (V,) of parcels that can go this month; 0 where none is collected."""
        villages = model.villages
        share = self.hubs.capacity_share[villages.seat]
        return np.where(villages.parcel_service > 0, share, 0.0)

    def delivery(self, model: Any) -> tuple[Floats, float]:
        """Return what delivery of a small parcel costs: the hub's fee (V,), line-haul; yuan."""
        p = model.params["freight"]
        price = model.series.parcel_price[model.month]
        return model.villages.freight_first, line_haul(price, 1.0, self.region.coast_km, p)

    def temperature(self, model: Any) -> float:
        """Return this month's mean temperature outdoors, C."""
        climate: Climate = model.params["climate"]
        return float(climate[model.month % len(climate)])

    def ship(self, model: Any, rows: Rows, parcels: Floats, fresh_kg: Floats) -> None:
        """Count parcels sent, and kg of perishables among them, by households (rows), own size."""
        villages, t = model.villages, model.households
        village, weight, number = t.village[rows], t.weight[rows], len(villages.uid)
        villages.parcels_out[:] += sums(village, parcels * weight, number) / villages.weight
        self.fresh_month += self.carriers.by_hub(model, sums(village, fresh_kg * weight, number))

    def deliver(self, model: Any, parcels: Floats, fee: Floats, line: Floats) -> None:
        """Count parcels received (V,), at the village's real size; book what is paid for them.

        fee (yuan, from the platform), line (of it, to carriers outside): (V,) at full scale.
        """
        model.villages.parcels_in[:] += parcels
        self.carriers.move_by_village(model, "parcel_delivery", fee, 1.0)
        self.carriers.move_by_village(model, "line_haul", line, -1.0)

    def pay_keepers(self, model: Any, yuan: Floats) -> None:
        """Book the pay of station keepers, yuan by village at full scale (V,)."""
        self.carriers.move_by_village(model, "station_pay", yuan, -1.0)

    # --- accounts --------------------------------------------------------------------------------

    def book(self, model: Any) -> None:
        """Settle the month: take in what shops paid, pay line-haul and own cost.

        The lines ``freight_first``, ``freight_line`` and ``storage`` are the shops' own and booked
        with them; here they reach the hubs' cash. Owners cover what the cash does not.
        """
        shops, villages, hubs, carriers = model.shops, model.villages, self.hubs, self.carriers
        hub: Hub = model.params["hub"]
        first, line, cold = (
            carriers.of_shops(model, column)
            for column in (shops.freight_first, shops.freight_line, shops.storage)
        )
        hubs.cash[:] += carriers.by_hub(model, first + line + cold)
        carriers.move_by_village(model, "line_haul", line + cold / (1.0 + hub.margin), -1.0)
        volume = villages.parcels_out + villages.parcels_in
        mile = self._first_mile(model, volume)
        cost = volume * (mile + hubs.handling_cost[villages.seat])
        cost = (cost + hub.station_upkeep * villages.station) * villages.weight
        carriers.move_by_village(model, "hub_wages", cost, -1.0)
        hubs.running_cost[:] = carriers.by_hub(model, cost)
        hubs.stations[:] = carriers.by_hub(model, villages.station * villages.weight)
        carriers.cover_losses(model)
        self._report(model)

    def _report(self, model: Any) -> None:
        villages, counties = model.villages, self.carriers.counties
        for name, column in (
            ("stations", villages.station),
            ("villages_served", villages.parcel_service),
            ("villages_cold_chain", villages.cold_chain),
            ("villages_roads", villages.roads),
        ):
            model.log[name] = sums(villages.county, column * villages.weight, counties)
        served = villages.weight * villages.parcel_service
        number = np.maximum(sums(villages.county, served, counties), 1e-300)
        for name, column in (
            ("freight_first", villages.freight_first),
            ("transit_days", villages.transit_days),
        ):
            model.log[name] = sums(villages.county, column * served, counties) / number

    def december(self, model: Any) -> None:
        """Invest where it pays, open and close stations, pay out the profit of the year."""
        self._rebuild_roads(model)
        self._take_public_money(model)
        if access_scale(model) > 0.0:
            self._expand(model)
            villages = model.villages
            shared = np.empty(len(villages.uid))
            route_volume(villages.mean_volume, self.route, villages.parcel_service, shared)
            self.stations.review(model, shared)
            self.carriers.cover_losses(model)
        self.carriers.pay_dividends(model)
        self.hubs.volume_last_year[:] = self.hubs.mean_volume

    def _expand(self, model: Any) -> None:
        """Add sorting capacity and cold stores that hubs expect to earn back."""
        hubs, hub = self.hubs, model.params["hub"]
        p = model.params["freight"]
        earned = hub.margin / (1.0 + hub.margin)
        price = model.series.parcel_price[model.month]
        cold_margin = cold_surcharge(price, p.cold_kg, p) / p.cold_kg * earned
        line = line_haul(price, 1.0, self.region.coast_km, p)
        for s in range(len(hubs.uid)):
            volume = max(hubs.mean_volume[s], hubs.parcels_in[s] + hubs.parcels_out[s])
            margin = margin_carried(hubs.tariff[s], line, hub)
            wanted = new_capacity(hubs.capacity[s], volume, hubs.volume_last_year[s], margin, hub)
            if wanted > 0.0:
                self.carriers.build(model, s, wanted, capacity_cost(wanted, hub))
            cost = cold_store_cost(hubs.fresh_kg[s], hub)
            gain = 12.0 * hubs.fresh_kg[s] * cold_margin
            if hubs.cold_store[s] == 0 and pays_back(cost, gain, hub):
                hubs.cold_store[s] = 1
                self.carriers.build(model, s, 0.0, cost)
