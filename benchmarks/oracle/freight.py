"""Hubs and villages: service, stations, routes, tariffs, investment, and the money of carriers."""

from __future__ import annotations

import math
from typing import Any

from agents.base.draws import normal, normal_quantile
from agents.hub import rules
from agents.hub.rules import VillageDraw
from benchmarks.oracle.objects import Hub, Village
from benchmarks.oracle.plain import plain
from model.rollout import point_share, service_share

(
    visits,
    first_mile,
    roads_rebuilt,
    handling_cost,
    tariff,
    cold_surcharge,
    transit_days,
    capacity_share,
    pays_back,
    line_haul,
    margin_carried,
    new_capacity,
    capacity_cost,
    station_gain,
    cold_store_cost,
    dividend,
) = (
    plain(getattr(rules, name))
    for name in (
        "visits",
        "first_mile",
        "roads_rebuilt",
        "handling_cost",
        "tariff",
        "cold_surcharge",
        "transit_days",
        "capacity_share",
        "pays_back",
        "line_haul",
        "margin_carried",
        "new_capacity",
        "capacity_cost",
        "station_gain",
        "cold_store_cost",
        "dividend",
    )
)


def take_over(world: Any, model: Any) -> None:
    """Take routes, ranks and the state of stations over from a model."""
    freight, stations = model.freight, model.freight.stations
    for village in world.villages:
        v, route = village.row, freight.route[village.row]
        village.route = [world.villages[i] for i in route if i >= 0]
        village.point, village.closed = bool(stations.point[v]), bool(stations.closed[v])
        village.supported_until = int(stations.supported_until[v])
        village.withheld = int(stations.programmes.withheld[v])
        village.trial_from = int(stations.programmes.by_village[v])
    for hub in world.hubs:
        hub.fresh_month = float(freight.fresh_month[hub.row])
        hub.public_held = float(freight.public_held[hub.row])
    area = model.region.counties["area_km2"].to_list()
    for county in world.counties:
        county.area_km2, county.road_yuan = area[county.row], float(freight.road_yuan[county.row])
        county.centre_built = bool(stations.centre_built[county.row])
        county.grant_spent = float(stations.grant_spent[county.row])
    rollout, clusters = world.params["rollout"], [0.0] * len(world.counties)
    for row in model.region.endowment.itertuples():
        clusters[row.county] = max(clusters[row.county], row.cluster)
    near = rollout.near_first
    for village in world.villages:
        ahead = rollout.cluster_first * clusters[village.county]
        village.service_rank = rank(village, int(VillageDraw.SERVICE), near, ahead, world)
        village.station_rank = rank(village, int(VillageDraw.STATION), near, 0.0, world)
        village.cold_rank = rank(village, int(VillageDraw.COLD), 0.0, 0.0, world)
    world.programme = [row._asdict() for row in model.region.programme.itertuples()]


def rank(village: Village, purpose: int, rho: float, ahead: float, world: Any) -> float:
    """Return the rank in (0, 1) of a village: travel time, luck, a cluster's lead."""
    everybody = sum(other.weight for other in world.villages)
    nearer = sum(other.weight for other in world.villages if other.minutes < village.minutes)
    equal = sum(other.weight for other in world.villages if other.minutes == village.minutes)
    z = rho * normal_quantile((nearer + 0.5 * equal) / everybody)
    z += math.sqrt(1.0 - rho * rho) * normal(world.life_key, village.uid, purpose) - ahead
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def of_hub(hub: Hub, world: Any) -> list[Village]:
    """Return the villages that a hub serves."""
    return [village for village in world.villages if village.seat == hub.row]


# --- tariffs -------------------------------------------------------------------------------------


def set_tariffs(world: Any) -> None:
    """Set service, stations, tariffs, days and capacity from last month's volumes."""
    for village in world.villages:
        village.volume = village.parcels_out + village.parcels_in
        village.mean_volume += (village.volume - village.mean_volume) / 12.0
    for hub in world.hubs:
        remember_volumes(hub, world)
    for village in world.villages:
        village.parcels_out = village.parcels_in = 0.0
    if world.access_scale() <= 0.0:
        for village in world.villages:
            village.parcel_service = village.station = village.cold_chain = 0
            village.point = False
        return
    hub_p, p = world.params["hub"], world.params["freight"]
    for hub in world.hubs:
        if not hub.open:
            hub.open = 1
            cost = capacity_cost(hub_p.capacity_start, hub_p)
            build(hub, hub_p.capacity_start, cost, world)
    roll_out(world)
    for hub in world.hubs:
        both = hub.parcels_in + hub.parcels_out
        hub.handling_cost = handling_cost(both, p.cost_scale, hub_p)
        hub.capacity_share = capacity_share(hub.capacity, both + hub.waiting)
    for village in world.villages:
        set_village_tariff(village, world)
    for hub in world.hubs:
        villages = of_hub(hub, world)
        carried = [max(village.volume, 1.0) * village.weight for village in villages]
        paid = sum(c * village.freight_first for c, village in zip(carried, villages))
        hub.tariff = paid / max(sum(carried), 1e-300)


def remember_volumes(hub: Hub, world: Any) -> None:
    """Let a hub count last month's parcels, fresh goods and what had to wait."""
    villages = of_hub(hub, world)
    hub.parcels_out = sum(village.parcels_out * village.weight for village in villages)
    hub.parcels_in = sum(village.parcels_in * village.weight for village in villages)
    hub.mean_volume += (hub.parcels_out + hub.parcels_in - hub.mean_volume) / 12.0
    hub.fresh_kg += (hub.fresh_month - hub.fresh_kg) / 12.0
    hub.fresh_month = 0.0
    hub.waiting = sum(
        household.shop.backlog * household.weight
        for village in villages
        for household in village.households
    )


def shared(village: Village, volume: str) -> float:
    """Return parcels a month per village of a route; only villages with service share it."""
    members = [other for other in village.route if other is village or other.parcel_service]
    return sum(getattr(other, volume) for other in members) / len(members)


def mile_cost(village: Village, volume: float, station: int, p: Any) -> float:
    """Return the cost of the first mile at a volume per village of the route, yuan per parcel."""
    return first_mile(volume, village.route_km, station, village.roads, p)


def set_village_tariff(village: Village, world: Any) -> None:
    """Set the first-mile tariff and the days on the way; the price list counts on a full batch."""
    hub_p, p = world.params["hub"], world.params["freight"]
    for other in village.route:
        other.expected_volume = max(other.volume, p.batch * p.visits_low)
    mile = mile_cost(village, shared(village, "expected_volume"), village.station, p)
    village.freight_first = tariff(mile + world.hubs[village.seat].handling_cost, hub_p)
    often = visits(shared(village, "volume"), p)
    village.transit_days = transit_days(world.month, village.minutes, village.station, often, p)


# --- service and stations ------------------------------------------------------------------------


def roll_out(world: Any) -> None:
    """Extend service, points, programme and trial stations, and cold collection."""
    month, scale = world.month, world.access_scale()
    p, hub_p, freight = (world.params[group] for group in ("rollout", "hub", "freight"))
    for county in world.counties:
        programme_stations(county, scale, world)
    for county in world.counties:
        build_centre(county, scale, world)
    service, points = service_share(month, p) * scale, point_share(month, p) * scale
    for village in world.villages:
        station = village.station > 0
        village.parcel_service = int(village.service_rank < service or station)
        village.point = village.service_rank < points or station
        store = world.hubs[village.seat].cold_store and village.minutes <= hub_p.cold_reach
        cooled = store or village.cold_rank < freight.cold_share * scale
        village.cold_chain = int(bool(cooled and village.parcel_service))


def programme_stations(county: Any, scale: float, world: Any) -> None:
    """Open the stations that programmes, and then trials, want in a county this month."""
    p, hub_p, month = world.params["rollout"], world.params["hub"], world.month
    reached = 0.0
    for row in world.programme:
        if row["county"] == county.row:
            progress = (month - row["month"] + 1) / (12.0 * p.programme_years)
            reached = max(reached, row["stations_share"] * min(1.0, max(0.0, progress)))
    programme, trial = [], []
    for village in world.villages:
        free = not village.station and village.withheld <= month and not village.closed
        if village.county != county.row or not free:
            continue
        if village.trial_from <= month:
            trial.append(village)
        elif village.station_rank < reached * scale:
            programme.append(village)
    for villages, unlimited in ((programme, False), (trial, True)):
        yuan = 0.0
        for village in villages:
            yuan += village.weight * hub_p.station_cost
            open_station(village, month + hub_p.support, world)
        spend_grant(county, yuan, unlimited, world)


def open_station(village: Village, supported_until: int, world: Any) -> None:
    """Open a station, which the hub builds."""
    village.station, village.station_since = 1, world.month
    village.supported_until = supported_until
    cost = village.weight * world.params["hub"].station_cost
    build(world.hubs[village.seat], 0.0, cost, world)


def grant_left(county: Any, world: Any) -> float:
    """Return what is left of the grants of a county's programmes, yuan."""
    hub_p = world.params["hub"]
    granted = sum(
        hub_p.programme_grant if row["kind"] == "national" else hub_p.programme_grant_provincial
        for row in world.programme
        if row["county"] == county.row and row["month"] <= world.month
    )
    return max(0.0, granted - county.grant_spent)


def spend_grant(county: Any, yuan: float, unlimited: bool, world: Any) -> None:
    """Let the state pay: up to the county's grant, or all of it."""
    paid = yuan if unlimited else min(yuan, grant_left(county, world))
    county.grant_spent += 0.0 if unlimited else paid
    world.hubs[county.seat].cash += paid
    world.books.book("programme", county.row, paid)


def build_centre(county: Any, scale: float, world: Any) -> None:
    """Build the service centre of a county whose national programme has begun."""
    hub_p = world.params["hub"]
    begun = any(
        row["county"] == county.row and row["kind"] == "national" and row["month"] <= world.month
        for row in world.programme
    )
    if begun and not county.centre_built:
        county.centre_built = True
        yuan = min(scale * hub_p.centre_cost, grant_left(county, world))
        build(world.hubs[county.seat], yuan / capacity_cost(1.0, hub_p), yuan, world)
        spend_grant(county, yuan, False, world)


def build(hub: Hub, parcels: float, yuan: float, world: Any) -> None:
    """Add capacity, parcels a month, to a hub for ``yuan``."""
    hub.capacity += parcels
    hub.invested += yuan
    hub.cash -= yuan
    world.books.book("hub_investment", hub.county, yuan)


# --- accounts ------------------------------------------------------------------------------------


def book(world: Any) -> None:
    """Take in what shops paid, pay line-haul and own cost; owners cover what cash does not."""
    hub_p, p = world.params["hub"], world.params["freight"]
    for hub in world.hubs:
        hub.running_cost = hub.stations = 0.0
    for village in world.villages:
        hub = world.hubs[village.seat]
        first, line, cold = (
            sum(getattr(h.shop, name) * h.weight for h in village.households)
            for name in ("freight_first", "freight_line", "storage")
        )
        village.volume = village.parcels_out + village.parcels_in
        outside = line + cold / (1.0 + hub_p.margin)
        hub.cash += first + line + cold - outside
        world.books.book("line_haul", village.county, outside)
    for village in world.villages:
        hub = world.hubs[village.seat]
        mile = mile_cost(village, shared(village, "volume"), village.station, p)
        cost = village.volume * (mile + hub.handling_cost) + hub_p.station_upkeep * village.station
        hub.running_cost += cost * village.weight
        hub.cash -= cost * village.weight
        hub.stations += village.station * village.weight
        world.books.book("hub_wages", village.county, cost * village.weight)
    cover_losses(world)


def cover_losses(world: Any) -> None:
    """Let owners outside put in the capital that a hub's cash lacks."""
    for hub in world.hubs:
        lacking = max(0.0, -hub.cash)
        hub.cash += lacking
        world.books.book("hub_capital", hub.county, lacking)


def december(world: Any) -> None:
    """Invest where it pays, open and close stations, pay out the profit of the year."""
    hub_p = world.params["hub"]
    for county in world.counties:
        county.road_yuan += world.books.flows["infrastructure_roads", county.row]
    for village in world.villages:
        county = world.counties[village.county]
        village.roads = roads_rebuilt(county.road_yuan, county.area_km2, world.params["freight"])
    for hub, seat in zip(world.hubs, world.seats):
        hub.cash += seat.hub_grants
        hub.public_held, seat.hub_grants = hub.public_held + seat.hub_grants, 0.0
        if hub.public_held > 0.0 and hub.open:
            parcels = hub.public_held / capacity_cost(1.0, hub_p)
            build(hub, parcels, hub.public_held, world)
            hub.public_held = 0.0
    if world.access_scale() > 0.0:
        for hub in world.hubs:
            expand(hub, world)
        gains = [(village, gain_of(village, world)) for village in world.villages]
        for village, gain in gains:
            review_station(village, gain, world)
        cover_losses(world)
    for hub in world.hubs:
        profit = hub.open * dividend(hub.cash, hub.running_cost, hub_p)
        urban = hub_p.dividend_urban * profit
        hub.cash -= profit
        world.books.book("dividend_hubs_urban", hub.county, urban)
        world.books.book("dividend_hubs_outside", hub.county, profit - urban)
        hub.volume_last_year = hub.mean_volume


def expand(hub: Hub, world: Any) -> None:
    """Add the sorting capacity and the cold store that a hub expects to earn back."""
    hub_p, p = world.params["hub"], world.params["freight"]
    earned = hub_p.margin / (1.0 + hub_p.margin)
    volume = max(hub.mean_volume, hub.parcels_in + hub.parcels_out)
    price = float(world.series.parcel_price[world.month])
    margin = margin_carried(hub.tariff, line_haul(price, 1.0, world.coast_km, p), hub_p)
    wanted = new_capacity(hub.capacity, volume, hub.volume_last_year, margin, hub_p)
    if wanted > 0.0:
        build(hub, wanted, capacity_cost(wanted, hub_p), world)
    cost = cold_store_cost(hub.fresh_kg, hub_p)
    gain = 12.0 * hub.fresh_kg * cold_surcharge(price, p.cold_kg, p) / p.cold_kg * earned
    if not hub.cold_store and pays_back(cost, gain, hub_p):
        hub.cold_store = 1
        build(hub, 0.0, cost, world)


def gain_of(village: Village, world: Any) -> float:
    """Return what a hub expects of a station in a village, yuan a year."""
    hub_p, p = world.params["hub"], world.params["freight"]
    volume = shared(village, "mean_volume")
    margin = village.freight_first * hub_p.margin / (1.0 + hub_p.margin)
    alone, joint = (mile_cost(village, volume, station, p) for station in (0, 1))
    return station_gain(village.mean_volume, margin, alone - joint, hub_p)


def review_station(village: Village, gain: float, world: Any) -> None:
    """Open a station that pays back; close one that loses and that nobody supports."""
    hub_p = world.params["hub"]
    if village.station:
        if gain < 0.0 and world.month >= village.supported_until:
            village.station, village.closed = 0, True
        return
    reached = village.parcel_service and village.station_rank < world.access_scale()
    allowed = reached and village.withheld <= world.month
    if allowed and pays_back(hub_p.station_cost, gain, hub_p):
        village.closed = False
        open_station(village, 0, world)
