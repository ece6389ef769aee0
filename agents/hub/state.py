"""State of logistics hubs: the sorting centre of the county at each seat."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table


class Hubs(Table):
    """One row per hub; row = seat. Volumes and money at the real size of the region.

    ``cash`` is the money of sector CARRIERS: summed over hubs it is that sector's balance.
    """

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by seat")]
    seat: Annotated[Array, Column(np.int8, "seat", "where it stands")]
    county: Annotated[Array, Column(np.int16, "row", "county of the seat, where it is booked")]
    site: Annotated[Array, Column(np.int32, "cell", "flat index of its grid cell")]
    open: Annotated[Array, Column(np.int8, "0/1", "1 once it works for villages")]
    capacity: Annotated[Array, Column(np.float64, "parcels/month", "that it can sort")]
    parcels_in: Annotated[Array, Column(np.float64, "parcels/month", "to villages, last month")]
    parcels_out: Annotated[Array, Column(np.float64, "parcels/month", "from villages, last month")]
    waiting: Annotated[Array, Column(np.float64, "parcels", "left over capacity at month's end")]
    mean_volume: Annotated[Array, Column(np.float64, "parcels/month", "smoothed, both ways")]
    volume_last_year: Annotated[Array, Column(np.float64, "parcels/month", "smoothed, a year ago")]
    fresh_kg: Annotated[Array, Column(np.float64, "kg/month", "perishables sent, smoothed")]
    handling_cost: Annotated[Array, Column(np.float64, "yuan/parcel", "sorting in the centre")]
    tariff: Annotated[Array, Column(np.float64, "yuan/parcel", "first mile, mean over its parcels")]
    capacity_share: Annotated[Array, Column(np.float64, "share", "of parcels that can go at once")]
    cold_store: Annotated[Array, Column(np.int8, "0/1", "1 once it has a cold store and vans")]
    stations: Annotated[Array, Column(np.float64, "stations", "open in its villages")]
    running_cost: Annotated[Array, Column(np.float64, "yuan/month", "own cost, last month")]
    invested: Annotated[Array, Column(np.float64, "yuan", "put into centre and stations so far")]
    cash: Annotated[Array, Column(np.float64, "yuan", "money held")]
