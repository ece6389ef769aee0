"""State of villages, and of the seats whose jobs and prices the villagers meet."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table


class Villages(Table):
    """One row per sampled village; volumes at the real size of the village."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by cell and ordinal")]
    county: Annotated[Array, Column(np.int16, "row", "county")]
    cell: Annotated[Array, Column(np.int32, "cell", "flat index of its grid cell")]
    x: Annotated[Array, Column(np.float64, "km", "east of the region's origin")]
    y: Annotated[Array, Column(np.float64, "km", "north of the region's origin")]
    slope: Annotated[Array, Column(np.float64, "degrees", "mean slope of its cell")]
    size: Annotated[Array, Column(np.float64, "households", "real number of households")]
    sampled: Annotated[Array, Column(np.float64, "share", "of its households that are in the run")]
    weight: Annotated[Array, Column(np.float64, "villages", "villages that this one stands for")]
    first_household: Annotated[Array, Column(np.int32, "row", "first of its households")]
    end_household: Annotated[Array, Column(np.int32, "row", "one past the last of them")]
    seat: Annotated[Array, Column(np.int8, "seat", "seat of its county")]
    minutes: Annotated[Array, Column(np.float64, "minutes", "to the seat of its county")]
    minutes_gateway: Annotated[Array, Column(np.float64, "minutes", "to the gateway of the coast")]
    industry: Annotated[
        Array, Column(np.float64, "ratio", "makers of the county's manufactures here over its mean")
    ]
    parcel_service: Annotated[Array, Column(np.int8, "0/1", "parcels are delivered and collected")]
    station: Annotated[Array, Column(np.int8, "0/1", "an e-commerce station is open")]
    cold_chain: Annotated[Array, Column(np.int8, "0/1", "cooled collection is offered")]
    route_km: Annotated[Array, Column(np.float64, "km", "share of the collecting route")]
    roads: Annotated[
        Array, Column(np.float64, "share", "of its county's rural roads rebuilt by land revenue")
    ]
    parcels_out: Annotated[Array, Column(np.float64, "parcels/month", "sent, at real size")]
    parcels_in: Annotated[Array, Column(np.float64, "parcels/month", "received, at real size")]
    freight_first: Annotated[Array, Column(np.float64, "yuan/parcel", "first-mile tariff")]
    transit_days: Annotated[Array, Column(np.float64, "days", "village to buyer, or back")]
    unseen_shops: Annotated[Array, Column(np.float64, "shops", "pioneers outside the sample")]
    mean_volume: Annotated[Array, Column(np.float64, "parcels/month", "smoothed, both ways")]
    station_since: Annotated[Array, Column(np.int32, "months since 2003-01", "opening of it")]
    trained: Annotated[Array, Column(np.int8, "0/1", "its people were trained in selling online")]
