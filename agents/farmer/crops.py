"""Crops as farmers see them: one row per crop, values of the current year."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table


class Crops(Table):
    """What a mu of each crop takes and gives in a year, at flat land of mean quality."""

    good: Annotated[Array, Column(np.int8, "row", "good that it yields")]
    paddy: Annotated[Array, Column(np.int8, "0/1", "1: grows on paddy, 0: on dry land")]
    special: Annotated[Array, Column(np.int8, "0/1", "1: only on plots that suit it")]
    perennial: Annotated[Array, Column(np.int8, "years", "from planting to full crop; 0: annual")]
    seasons: Annotated[Array, Column(np.int8, "crops/year", "harvests a year")]
    yield_kg: Annotated[Array, Column(np.float64, "kg/mu/year", "yield")]
    inputs: Annotated[Array, Column(np.float64, "yuan/mu/year", "bought inputs")]
    days_flat: Annotated[Array, Column(np.float64, "days/mu/year", "labour where machines go")]
    days_2003: Annotated[Array, Column(np.float64, "days/mu/year", "same in January 2003")]
    days_steep: Annotated[Array, Column(np.float64, "days/mu/year", "labour over 15 degrees")]
    machine: Annotated[Array, Column(np.float64, "yuan/mu/year", "machine fee where they go")]
    labour: Annotated[Array, Column(np.float64, "share", "of the year's days by month", width=12)]
    harvest: Annotated[Array, Column(np.float64, "share", "of the year's yield by month", width=12)]
