"""Parameters of hubs and freight, and of the climate in which goods travel."""

from __future__ import annotations

from typing import Annotated

from agents.base import Group, Parameter

_TABLE = "parameters.csv"


class Hub(Group):
    """Parameters of the sorting centre and of village stations."""

    margin: Annotated[
        float, Parameter(0.03, 0.2, "share of cost", "added to cost in every tariff", "judgement")
    ] = 0.10
    handling: Annotated[
        float,
        Parameter(
            0.3,
            1.0,
            "yuan/parcel",
            "sorting at the county, at the reference volume",
            f"{_TABLE} hub.centre_cost_parcel",
            "literature",
            "memory low",
        ),
    ] = 0.6
    handling_volume: Annotated[
        float,
        Parameter(30_000, 300_000, "parcels/month", "volume at which that is so", "judgement"),
    ] = 100_000.0
    handling_scale: Annotated[
        float,
        Parameter(0.1, 0.4, "elasticity", "fall of the cost of sorting with volume", "judgement"),
    ] = 0.25
    capacity_start: Annotated[
        float, Parameter(5_000, 100_000, "parcels/month", "of a hub on its first day", "judgement")
    ] = 20_000.0
    centre_cost: Annotated[
        float,
        Parameter(
            3.0e6,
            11.0e6,
            "yuan",
            "a full sorting and service centre",
            f"{_TABLE} hub.county_centre_cost",
            "literature",
            "derived",
        ),
    ] = 5.3e6
    centre_capacity: Annotated[
        float,
        Parameter(
            5_000,
            60_000,
            "parcels/day",
            "of such a centre",
            f"{_TABLE} hub.centre_capacity",
            "literature",
            "memory low",
        ),
    ] = 20_000.0
    network_share: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "share",
            "of the margin on line-haul that pays for sorting capacity, beside the county's own",
            "judgement; sorting hubs and line-haul are one firm's, pick-up and delivery its "
            "partners' (ZTO Express, network partner model)",
            hard_high=1.0,
        ),
    ] = 1.0
    payback: Annotated[
        float, Parameter(2, 8, "years", "within which an investment must come back", "judgement")
    ] = 5.0
    headroom: Annotated[
        float, Parameter(1.0, 2.0, "ratio", "capacity built over expected volume", "judgement")
    ] = 1.3
    growth_cap: Annotated[
        float, Parameter(1.2, 4, "ratio", "most growth of a year that is believed", "judgement")
    ] = 3.0
    station_cost: Annotated[
        float,
        Parameter(
            4_000,
            17_000,
            "yuan",
            "to set up a village station",
            f"{_TABLE} hub.station_cost (Hengxian plan)",
            "literature",
            "page",
        ),
    ] = 8_500.0
    station_upkeep: Annotated[
        float, Parameter(20, 200, "yuan/month", "light, screen, shelves of a station", "judgement")
    ] = 60.0
    station_growth: Annotated[
        float,
        Parameter(0.1, 1.0, "share", "more parcels that a hub expects of a station", "judgement"),
    ] = 0.3
    station_commission: Annotated[
        float,
        Parameter(
            0.03,
            0.05,
            "share of order value",
            "pay of who keeps a station",
            "FACTS C7",
            "literature",
            "second-hand",
        ),
    ] = 0.04
    programme_grant: Annotated[
        float,
        Parameter(
            4.0e6,
            17.0e6,
            "yuan",
            "limit of the grant to a county, national programme",
            f"{_TABLE} hub.programme_grant (Hengxian, Wufeng)",
            "data",
            "page",
        ),
    ] = 12.8e6
    programme_grant_provincial: Annotated[
        float,
        Parameter(
            2.0e6,
            6.0e6,
            "yuan",
            "the same of a provincial programme or plan",
            f"{_TABLE} hub.programme_grant: 5 M nominal",
            "data",
            "page",
        ),
    ] = 4.3e6
    support: Annotated[
        int,
        Parameter(12, 60, "months", "for which a programme's station is kept open", "judgement"),
    ] = 36
    cold_store_cost: Annotated[
        float,
        Parameter(
            900,
            2_500,
            "yuan/t",
            "of a cold store",
            f"{_TABLE} hub.cold_store_cost",
            "literature",
            "page",
        ),
    ] = 1_150.0
    cold_store_size: Annotated[
        float,
        Parameter(
            100,
            1_000,
            "t",
            "smallest cold store with vans",
            f"{_TABLE} hub.cold_store_cost: 500 t",
            "literature",
            "page",
        ),
    ] = 500.0
    cold_reach: Annotated[
        float, Parameter(30, 180, "minutes", "from the seat that its cooled vans go", "judgement")
    ] = 90.0
    reserve: Annotated[
        float, Parameter(1, 6, "months", "of running cost kept in cash", "judgement")
    ] = 3.0
    dividend_urban: Annotated[
        float,
        Parameter(0.0, 1.0, "share", "of profit paid to the region's urban households", "MODEL 4"),
    ] = 0.3


class Freight(Group):
    """Parameters of routes, line-haul, time on the way and the cold chain."""

    first_variable: Annotated[
        float,
        Parameter(
            0.2,
            1.0,
            "yuan/parcel",
            "first mile: each parcel",
            "later fee of the village leg, 0.5-1 (parameters.csv hub.station_fee_parcel)",
            "literature",
            "page",
        ),
    ] = 0.5
    stop_cost: Annotated[
        float, Parameter(4, 15, "yuan/visit", "G: courier's time for a village", "judgement")
    ] = 8.0
    km_cost: Annotated[
        float, Parameter(0.8, 2.5, "yuan/km", "g: small van on village roads", "judgement")
    ] = 1.5
    road_cost: Annotated[
        float,
        Parameter(
            200_000,
            500_000,
            "yuan/km",
            "of a rural road rebuilt in concrete",
            "state aid of 100,000 yuan a km about 2006-10 met a third to a half of it",
            "literature",
            "memory low",
            hard_low=1.0,
        ),
    ] = 300_000.0
    road_density: Annotated[
        float,
        Parameter(
            0.5,
            1.2,
            "km/km2",
            "rural roads of a county",
            "Hunan about 2008: 0.8 to 0.9 of all classes",
            "literature",
            "memory low",
            hard_low=0.01,
        ),
    ] = 0.8
    road_saving: Annotated[
        float,
        Parameter(
            0.15,
            0.4,
            "share",
            "of a van's cost per km, on a rebuilt road instead of gravel or earth",
            "models of vehicle operating cost (HDM)",
            "literature",
            "memory low",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.3
    batch: Annotated[
        float, Parameter(2, 10, "parcels", "that a courier waits for before a visit", "judgement")
    ] = 4.0
    visits_low: Annotated[
        float, Parameter(1, 8, "visits/month", "of a village with few parcels", "judgement")
    ] = 3.0
    visits_high: Annotated[
        float, Parameter(20, 30, "visits/month", "of a village with many", "judgement")
    ] = 26.0
    route_villages: Annotated[
        int, Parameter(4, 16, "villages", "that share a route and its cost", "judgement")
    ] = 8
    detour: Annotated[
        float, Parameter(1.2, 2.0, "ratio", "road over straight distance", "judgement")
    ] = 1.4
    joint_saving: Annotated[
        float,
        Parameter(
            0.15,
            0.4,
            "share",
            "of a visit's cost, by bus and shared sorting of a station",
            f"{_TABLE} freight.joint_delivery_saving (Xishui)",
            "literature",
            "page",
        ),
    ] = 0.25
    local_share: Annotated[
        float,
        Parameter(
            0.15,
            0.35,
            "share",
            "of the national parcel price that is the first mile",
            "FACTS F20",
            "literature",
            "memory low",
        ),
    ] = 0.25
    distance_slope: Annotated[
        float,
        Parameter(
            0.0,
            0.5,
            "share per 1000 km",
            "rise of line-haul with distance to the coast",
            "FACTS F19, F20",
            "literature",
            "memory low",
        ),
    ] = 0.2
    distance_mean: Annotated[
        float, Parameter(600, 1_200, "km", "way of the mean national parcel", "judgement")
    ] = 800.0
    kg_extra: Annotated[
        float,
        Parameter(
            1.0,
            2.5,
            "yuan/kg",
            "beyond the first kg, at the reference price",
            f"{_TABLE} freight.parcel_kg_extra; FACTS F19",
            "literature",
            "memory low",
        ),
    ] = 1.5
    price_reference: Annotated[
        float,
        Parameter(
            8,
            12,
            "yuan/parcel",
            "national price at which the two above hold (2018)",
            "national_series.csv express_revenue_per_parcel",
            "data",
            "memory medium",
        ),
    ] = 9.8
    cold_surcharge: Annotated[
        float,
        Parameter(
            3,
            10,
            "yuan/parcel",
            "cooled delivery, at the reference price",
            f"{_TABLE} freight.cold_parcel_surcharge",
            "literature",
            "derived",
        ),
    ] = 5.0
    cold_kg: Annotated[
        float, Parameter(3, 9, "kg", "of such a parcel; heavier ones pay by kg", "judgement")
    ] = 5.0
    cold_temperature: Annotated[
        float,
        Parameter(
            3, 8, "C", "in the cold chain", "UC Davis Produce Facts, orange", "literature", "page"
        ),
    ] = 5.0
    cold_share: Annotated[
        float, Parameter(0, 1, "share", "of served villages given a cold chain by policy", "lever")
    ] = 0.0
    transit_2015: Annotated[
        float,
        Parameter(
            5,
            10,
            "days",
            "village to coast or back, 2015, no station",
            f"{_TABLE} freight.transit_days_2015 (Longnan)",
            "literature",
            "derived",
        ),
    ] = 7.0
    transit_2022: Annotated[
        float,
        Parameter(
            2.5,
            5,
            "days",
            "the same in 2022 with a station; between, log-linear",
            f"{_TABLE} freight.transit_days_2022 (Taojiang)",
            "literature",
            "page",
        ),
    ] = 3.0
    no_station_days: Annotated[
        float,
        Parameter(
            0.5,
            1.5,
            "days",
            "more without joint delivery to a station",
            f"{_TABLE} freight.transit_days_2022: saves over one day",
            "literature",
            "page",
        ),
    ] = 1.0
    minutes_days: Annotated[
        float,
        Parameter(
            0.0, 0.5, "days/hour", "more for each hour beyond one from the seat", "judgement"
        ),
    ] = 0.25
    cost_scale: Annotated[
        float,
        Parameter(
            0.2,
            1.0,
            "ratio",
            "lever: real cost of all freight over the default",
            "lever",
            hard_low=0.01,
            hard_high=1_000.0,
        ),
    ] = 1.0


_NORMALS = "climate normals of central Hunan 1981-2010"


def _normal(low: float, high: float, month: str) -> Parameter:
    return Parameter(
        low,
        high,
        "C",
        f"mean temperature, {month}",
        _NORMALS,
        "data",
        "memory medium",
        hard_low=-40.0,
        hard_high=45.0,
    )


class Climate(Group):
    """Monthly mean temperature of the region in which parcels wait and travel (mean 17 C)."""

    january: Annotated[float, _normal(3, 8, "January")] = 5.4
    february: Annotated[float, _normal(5, 10, "February")] = 7.6
    march: Annotated[float, _normal(9, 14, "March")] = 11.3
    april: Annotated[float, _normal(15, 20, "April")] = 17.3
    may: Annotated[float, _normal(20, 24, "May")] = 22.0
    june: Annotated[float, _normal(23, 28, "June")] = 25.4
    july: Annotated[float, _normal(26, 31, "July")] = 28.3
    august: Annotated[float, _normal(25, 30, "August")] = 27.5
    september: Annotated[float, _normal(21, 26, "September")] = 23.5
    october: Annotated[float, _normal(16, 21, "October")] = 18.3
    november: Annotated[float, _normal(10, 15, "November")] = 12.8
    december: Annotated[float, _normal(5, 10, "December")] = 7.6
