"""Rules of logistics hubs: what a parcel costs, what is sorted, built, opened and closed.

Each function holds one formula. Prices in constant 2010 yuan; a visit is one call of the courier
at a village.
"""

from __future__ import annotations

import math
from enum import IntEnum

from agents.base.compiled import compiled, rule

#: Temperature at which decay rates are stated, C (FACTS F5; parameters.csv good.decay_*).
DECAY_REFERENCE = 20.0
#: Months of the path of transit days: mid-2015 and mid-2022, since 2003-01.
TRANSIT_FROM, TRANSIT_TO = 150, 234
DAYS_A_MONTH = 30.0
#: No parcel crosses the country in less, days.
SHORTEST_WAY = 1.0


class VillageDraw(IntEnum):
    """Purposes of keyed draws of a village (its uid) for what hubs do there."""

    SERVICE = 64
    STATION = 65
    COLD = 66


# --- cost and tariff of the first mile -----------------------------------------------------------


@compiled
def visits(volume, p):
    """Return visits a month to a village with ``volume`` parcels a month, both ways.

    ``clip(volume / batch, visits_low, visits_high)``, but never more visits than parcels: the
    courier comes often where there is much to carry (assumption).
    """
    wanted = min(p.visits_high, max(p.visits_low, volume / p.batch))
    return min(wanted, volume)


@rule
def roads_rebuilt(yuan, area_km2, p):
    """Return the share of a county's rural roads that ``yuan`` of land revenue has rebuilt.

    ``min(1, yuan / (cost * density * area))``: cost yuan per km of concrete road, density km of
    rural road per km2. Rebuilt roads last to the end of the run; beyond the whole network, money
    buys nothing more (assumption).
    """
    return min(1.0, yuan / (p.road_cost * p.road_density * area_km2))


@compiled
def first_mile(volume, km, station, roads, p):
    """Return the cost of the first mile, yuan per parcel.

    ``f = f_var + (G + g d) / max(q, 1)`` (MODEL 4; FACTS M3): q parcels per visit on the route,
    d km of the route per village, G yuan a visit, g yuan a km; ``volume`` is parcels a month per
    village of the route. A van costs less per km on the share of ``roads`` that is rebuilt; joint
    delivery with a ``station`` (0/1) saves a share of the visit.
    """
    per_visit = volume / max(visits(volume, p), 1.0)
    way = p.km_cost * km * (1.0 - p.road_saving * roads)
    visit = (p.stop_cost + way) * (1.0 - p.joint_saving * station)
    return p.cost_scale * (p.first_variable + visit / max(per_visit, 1.0))


@rule
def handling_cost(volume, cost_scale, p):
    """Return the cost of sorting at the county, yuan per parcel: ``h (V / V0)^-scale``.

    V parcels a month through the hub; economies of scale of constant elasticity (assumption), no
    dearer than at a tenth of its first capacity.
    """
    at_least = max(volume, 0.1 * p.capacity_start)
    return cost_scale * p.handling * (at_least / p.handling_volume) ** (-p.handling_scale)


@rule
def tariff(cost, p):
    """Return the price of a service that costs ``cost``: cost plus margin (MODEL 4)."""
    return cost * (1.0 + p.margin)


# --- line-haul and time --------------------------------------------------------------------------


@rule
def line_haul(price, kg, coast_km, p):
    """Return line-haul and the last mile at the other end, yuan per parcel of ``kg``.

    ``(P (1 - local) + e (kg - 1) P / P_ref) (1 + s (D - D0) / 1000)``: P the national revenue per
    parcel, e the charge per kg beyond the first, D km to the coast (FACTS F13, F19, F20).
    """
    extra = p.kg_extra * max(kg - 1.0, 0.0) * price / p.price_reference
    way = max(0.5, 1.0 + p.distance_slope * (coast_km - p.distance_mean) / 1000.0)
    return p.cost_scale * (price * (1.0 - p.local_share) + extra) * way


@rule
def cold_surcharge(price, kg, p):
    """Return what cooled delivery adds, yuan per parcel: by parcel, heavier ones by kg."""
    return p.cost_scale * p.cold_surcharge * price / p.price_reference * max(1.0, kg / p.cold_kg)


@compiled
def transit_days(month, minutes, station, monthly_visits, p):
    """Return days from village to buyer, or back.

    A path of technology (assumption between two page figures: 2015, 2022), more beyond an hour
    from the seat, more without a station, and half the interval between visits beyond a daily one.
    """
    progress = min(1.0, max(0.0, (month - TRANSIT_FROM) / (TRANSIT_TO - TRANSIT_FROM)))
    first = p.transit_2015 - p.no_station_days
    path = first * (p.transit_2022 / first) ** progress
    remote = p.minutes_days * (minutes - 60.0) / 60.0
    often = max(monthly_visits, p.visits_low)
    wait = 0.5 * DAYS_A_MONTH * (1.0 / often - 1.0 / p.visits_high)
    return max(SHORTEST_WAY, path + remote + wait + p.no_station_days * (1.0 - station))


@rule
def survival(k0, q10, temperature, days):
    """Return the share of goods that arrives sound: ``exp(-k0 Q10^((T - 20)/10) days)``.

    k0 per day at 20 C, T in C (MODEL 4; FACTS M4; Q10 of oranges: UC Davis Produce Facts).
    """
    return math.exp(-k0 * q10 ** ((temperature - DECAY_REFERENCE) / 10.0) * days)


# --- capacity, investment, stations --------------------------------------------------------------


@rule
def capacity_share(capacity, demand):
    """Return the share of ``demand`` (parcels a month) that can go this month; the rest wait."""
    if demand <= capacity:
        return 1.0
    return capacity / demand


@rule
def pays_back(investment, gain_a_year, p):
    """Tell whether a yearly gain returns an investment, yuan, within the hub's payback time."""
    return gain_a_year > 0.0 and gain_a_year * p.payback >= investment


@rule
def margin_carried(fee, line, p):
    """Return what a parcel earns whoever sorts it, yuan: ``m / (1 + m) (t + s l)``.

    m the margin on cost; t the county's tariff, l line-haul, yuan per parcel. Networks that carry
    parcels on build the centres that sort them, and weigh the share s of what they earn on the way
    (assumption). With s = 0 capacity pays least where many parcels make the first mile cheap.
    """
    return (fee + p.network_share * line) * (p.margin / (1.0 + p.margin))


@rule
def new_capacity(capacity, volume, volume_before, margin, p):
    """Return the parcels a month that a hub adds in December (0: nothing).

    It believes last year's growth, up to ``growth_cap``; builds up to ``headroom`` over the
    expected volume at the cost of a centre's capacity, if the margin (yuan per parcel) on what it
    could not sort otherwise returns that within ``payback`` years (MODEL 4, assumption).
    """
    growth = min(p.growth_cap, max(1.0, volume / max(volume_before, 1.0)))
    expected = volume * growth
    wanted = p.headroom * expected - capacity
    gained = expected - capacity / p.headroom
    if wanted <= 0.0 or gained <= 0.0:
        return 0.0
    if pays_back(capacity_cost(wanted, p), 12.0 * margin * gained, p):
        return wanted
    return 0.0


@rule
def capacity_cost(parcels, p):
    """Return the cost, yuan, of sorting ``parcels`` more a month, at that of a full centre."""
    return parcels * p.centre_cost / (p.centre_capacity * DAYS_A_MONTH)


@compiled
def station_gain(volume, margin, saving, p):
    """Return what a hub expects of a station, yuan a year.

    ``12 (volume (growth margin + saving) - upkeep)``: margin and saving (joint delivery) in yuan
    per parcel, volume the village's parcels a month (assumption).
    """
    return 12.0 * (volume * (p.station_growth * margin + saving) - p.station_upkeep)


@rule
def cold_store_cost(fresh_kg, p):
    """Return the cost, yuan, of a cold store for ``fresh_kg`` a month: half of it at a time."""
    return p.cold_store_cost * max(p.cold_store_size, 0.5 * fresh_kg / 1000.0)


@rule
def dividend(cash, running_cost, p):
    """Return the profit paid out in December: cash beyond ``reserve`` months of running cost."""
    return max(0.0, cash - p.reserve * running_cost)
