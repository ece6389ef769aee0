"""The table of crops, read from ``data/crops.csv``, and its values of the year."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base import allocate
from agents.farmer.crops import Crops
from model.goods import GOODS
from model.series import NationalSeries

PATH = Path(__file__).parent / "data" / "crops.csv"

#: Crops whose inputs, days and machine fee follow the national series of a season of rice.
_RICE = {"rice": 1.0, "double_rice": 2.0}


@cache
def _table() -> pd.DataFrame:
    return pd.read_csv(PATH)


CROP_NAMES: tuple[str, ...] = tuple(_table()["crop"])


def special_crops() -> NDArray[np.int8]:
    """Return (crops,) 1 for those that grow only on plots that suit them."""
    return _table()["special"].to_numpy(np.int8)


def load_crops() -> Crops:
    """Return a table of crops with its values of the data file (yuan of 2010)."""
    return deepcopy(_crops_of_2003())


@cache
def _crops_of_2003() -> Crops:
    table = _table()
    crops = allocate(Crops, len(table))
    crops.good[:] = [GOODS.index(good) for good in table["good"]]
    for column in (
        "paddy",
        "special",
        "seasons",
        "yield_kg",
        "inputs",
        "days_flat",
        "days_steep",
        "machine",
    ):
        getattr(crops, column)[:] = table[column]
    crops.days_2003[:] = crops.days_flat
    crops.perennial[:] = table["perennial_years"]
    for column in ("labour", "harvest"):
        shares = np.array([[float(s) for s in text.split()] for text in table[column]])
        getattr(crops, column)[:] = shares / shares.sum(axis=1, keepdims=True)
    return crops


def follow_series(crops: Crops, series: NationalSeries, month: int) -> None:
    """Set inputs, days and machine fee of ``month``: those of rice are given by the series.

    The other crops' days and fees move in proportion to those of rice since 2003-01.
    """
    base = _crops_of_2003()
    inputs = series.rice_inputs[month] / series.rice_inputs[0]
    flat = series.rice_days_flat[month] / series.rice_days_flat[0]
    steep = series.rice_days_steep[month] / series.rice_days_steep[0]
    fee = series.rice_machine_fee[month] / series.rice_machine_fee[0]
    for k, name in enumerate(CROP_NAMES):
        if name in _RICE:
            seasons = _RICE[name]
            crops.inputs[k] = seasons * series.rice_inputs[month]
            crops.days_flat[k] = seasons * series.rice_days_flat[month]
            crops.days_steep[k] = seasons * series.rice_days_steep[month]
            crops.machine[k] = seasons * series.rice_machine_fee[month]
        elif crops.special[k] == 0:
            crops.inputs[k] = base.inputs[k] * inputs
            crops.days_flat[k] = base.days_flat[k] * flat
            crops.days_steep[k] = base.days_steep[k] * steep
            crops.machine[k] = base.machine[k] * fee
