"""Where parcels are served and stations stand this month: diffusion, programmes, trials, hubs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.hub.parameters import Hub
from agents.hub.rules import VillageDraw, capacity_cost, first_mile, pays_back, station_gain
from model.carriers import Carriers, sums
from model.endowment import cluster_strength
from model.rollout import (
    Programmes,
    Rollout,
    access_scale,
    point_share,
    service_share,
    village_ranks,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Stations:
    """Parcel service, parcel points, stations and cold collection of every village.

    point : (V,) a parcel can be fetched in the village itself.
    closed : (V,) a station that its hub has given up; no programme reopens it.
    supported_until : (V,) month up to which a programme keeps the station open.
    grant_spent : (C,) yuan of the county's programme grants.
    """

    def __init__(self, model: Any, carriers: Carriers):
        villages = model.villages
        rollout: Rollout = model.params["rollout"]
        hub: Hub = model.params["hub"]
        self.carriers = carriers
        self.counties = carriers.counties
        near, key, rows = rollout.near_first, model.life_key, len(villages.uid)
        cluster = cluster_strength(model.region.endowment, self.counties)
        ahead, alike = rollout.cluster_first * cluster[villages.county], np.zeros(rows)
        self.service_rank = village_ranks(villages, key, VillageDraw.SERVICE, near, ahead)
        self.station_rank = village_ranks(villages, key, VillageDraw.STATION, near, alike)
        self.cold_rank = village_ranks(villages, key, VillageDraw.COLD, 0.0, alike)
        self.programmes = Programmes(
            model.region.programme,
            villages,
            {"national": hub.programme_grant},
            hub.programme_grant_provincial,
        )
        self.point: Mask = np.zeros(rows, dtype=bool)
        self.closed: Mask = np.zeros(rows, dtype=bool)
        self.supported_until = np.zeros(rows, dtype=np.int64)
        self.centre_built: Mask = np.zeros(self.counties, dtype=bool)
        self.grant_spent: Floats = np.zeros(self.counties)

    def close_all(self, model: Any) -> None:
        """Serve no village: access is off."""
        villages = model.villages
        for column in (villages.parcel_service, villages.station, villages.cold_chain):
            column[:] = 0
        self.point[:] = False

    def roll_out(self, model: Any, scale: float) -> None:
        """Extend service, points and programme stations to this month's shares times ``scale``."""
        villages, month = model.villages, model.month
        p: Rollout = model.params["rollout"]
        hub, freight = model.params["hub"], model.params["freight"]
        reached = self.programmes.reached(month, self.counties, p) * scale
        programme, trial = self.programmes.due(villages, self.station_rank, month, reached)
        for mask, unlimited in ((programme & ~self.closed, False), (trial & ~self.closed, True)):
            self._open(model, mask, month + hub.support)
            yuan = villages.weight * mask * hub.station_cost
            by_county = sums(villages.county, yuan, self.counties)
            self._spend_grant(model, by_county, unlimited)
        self._build_centres(model, scale)
        share = service_share(month, p) * scale
        points = point_share(month, p) * scale
        villages.parcel_service[:] = (self.service_rank < share) | (villages.station > 0)
        self.point[:] = (self.service_rank < points) | (villages.station > 0)
        store = self.carriers.hubs.cold_store[villages.seat] > 0
        cooled = store & (villages.minutes <= hub.cold_reach)
        cooled |= self.cold_rank < freight.cold_share * scale
        villages.cold_chain[:] = cooled & (villages.parcel_service > 0)

    def _open(self, model: Any, mask: Mask, supported_until: int) -> None:
        villages, hub = model.villages, model.params["hub"]
        villages.station[mask] = 1
        villages.station_since[mask] = model.month
        self.supported_until[mask] = supported_until
        yuan = self.carriers.by_hub(model, villages.weight * mask * hub.station_cost)
        self.carriers.invest(model, yuan)

    def _grant_left(self, model: Any) -> Floats:
        granted = self.programmes.granted(model.month, self.counties)
        return np.maximum(0.0, granted - self.grant_spent)

    def _spend_grant(self, model: Any, yuan: Floats, unlimited: bool) -> None:
        """Book what the state pays of ``yuan`` (C,): up to the county's grant, or all of it."""
        paid = yuan if unlimited else np.minimum(yuan, self._grant_left(model))
        if not unlimited:
            self.grant_spent += paid
        self.carriers.move_by_county(model, "programme", paid, 1.0)

    def _build_centres(self, model: Any, scale: float) -> None:
        """Build the service centre of each county whose national programme has begun."""
        hub: Hub = model.params["hub"]
        begun = self.programmes.centre_begun(model.month, self.counties) & ~self.centre_built
        if not begun.any():
            return
        self.centre_built |= begun
        yuan = np.where(begun, np.minimum(scale * hub.centre_cost, self._grant_left(model)), 0.0)
        for c in np.flatnonzero(begun):
            seat = int(self.carriers.seat_of_county[c])
            self.carriers.build(model, seat, yuan[c] / capacity_cost(1.0, hub), yuan[c])
        self._spend_grant(model, yuan, False)

    def review(self, model: Any, shared_volume: Floats) -> None:
        """In December open stations that pay back; close those that lose and nobody supports.

        shared_volume : (V,) parcels a month per village of the route, smoothed.
        """
        villages, hub = model.villages, model.params["hub"]
        p, scale, rows = model.params["freight"], access_scale(model), len(villages.uid)
        gain: Floats = np.empty(rows)
        pays: Mask = np.empty(rows, dtype=bool)
        _appraise(villages, shared_volume, hub, p, gain, pays)
        stands = villages.station > 0
        given_up = stands & (gain < 0.0) & (model.month >= self.supported_until)
        villages.station[given_up] = 0
        self.closed[given_up] = True
        allowed = (self.programmes.withheld <= model.month) & (self.station_rank < scale)
        opened = ~stands & (villages.parcel_service > 0) & allowed & pays
        self.closed[opened] = False
        self._open(model, opened, 0)


@compiled
def _appraise(villages, shared_volume, hub, p, gain, pays):
    """Fill (V,) what a station gains its hub, yuan a year, and whether that returns its cost."""
    for v in range(gain.shape[0]):
        km, roads = villages.route_km[v], villages.roads[v]
        margin = villages.freight_first[v] * hub.margin / (1.0 + hub.margin)
        alone = first_mile(shared_volume[v], km, 0, roads, p)
        joint = first_mile(shared_volume[v], km, 1, roads, p)
        gain[v] = station_gain(villages.mean_volume[v], margin, alone - joint, hub)
        pays[v] = pays_back(hub.station_cost, gain[v], hub)
