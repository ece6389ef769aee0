"""A region made from a few numbers, for theory and for tests.

Counties are near-square blocks of the grid, alike but for 20% of luck in their density; the one in
the middle holds the prefecture's seat. Endowments are the same everywhere or mixed in stated shares
(``model.mixture``). Nothing in it is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base import lifelong_key, uniform
from model.endowment import ENDOWMENT, GOODS
from model.errors import InputError
from model.mixture import Mixture, mixed_goods, programme_dates
from model.region import MOST_SEATS, OPTIONAL, Projection, Region, make_region
from model.switches import Synthetic
from model.terrain import Geography

#: Purpose of the keyed draw of a county's density (0 is the relief's).
DENSITY = 1
#: Urban share of residents in 2010: a prefecture's city, any other county (Shaoyang's, rounded).
URBAN_CITY, URBAN_COUNTY = 0.5, 0.27
#: From the urban share of 2010 to that of 2003, and from registered 2010 to 2003 (MODEL 2).
URBAN_SHIFT, REGISTERED_GROWTH = -0.381, float(np.exp(0.0055 * 7.83))
#: Capacity and distinctness of the speciality of a synthetic county (assumptions).
SPECIALITY_CAPACITY, SPECIALITY_DISTINCTNESS = 0.3, 0.5


def synthetic_region(
    width: int = 30,
    height: int = 30,
    counties: int = 6,
    *,
    mean_slope: float = 10.0,
    coast_km: float = 350.0,
    cluster: float | Sequence[float] = 0.0,
    good: str | Sequence[str] = "",
    rural_density: float = 250.0,
    cell_km: float = 2.0,
    seed: int = 1,
    params: Geography | None = None,
    name: str = "synthetic",
    away: float = Synthetic().away,
    **mixture: float,
) -> Region:
    """Return a region of ``width`` x ``height`` cells.

    mean_slope : degrees, of every county (at least 0.35).
    coast_km : remoteness, km from the gateway to the coast.
    rural_density : registered rural people per km2. cluster, good : strength (0-1) and name of the
    speciality, one for all or one per county; without a name, goods follow the terrain alone.
    away : share of the registered rural people who live outside their county in 2003.
    mixture : shares of ``model.mixture.Mixture``; with any share of counties ``cluster`` is the
    strength of those that have one, and ``good`` is not given.
    Raises ``InputError`` for a value out of range.
    """
    _check("width", width, 2, 2000)
    _check("height", height, 2, 2000)
    _check("counties", counties, 1, min(MOST_SEATS, width * height // 4))
    _check("mean_slope", mean_slope, 0, 30)
    _check("coast_km", coast_km, 0, 5000)
    _check("rural_density", rural_density, 1, 2000)
    _check("cell_km", cell_km, 0.1, 20)
    _check("away", away, 0, 0.3)
    mix = Mixture(**mixture)
    if mix.any_speciality:
        if good or not isinstance(cluster, (int, float)):
            raise InputError("synthetic region", "good", good, "none beside shares of counties")
        cluster, good = mixed_goods(counties, float(cluster), mix, seed)
    county = _blocks(width, height, counties)
    x = (np.arange(width, dtype=np.float64) + 0.5 - width / 2) * cell_km
    y = (height / 2 - 0.5 - np.arange(height, dtype=np.float64)) * cell_km
    projection = Projection(111.0, 27.0, 99.2, 110.8)
    p = (params or Geography())._replace(mean_slope=float(mean_slope))
    region = make_region(
        name=name,
        counties=_counties(county, x, y, projection, rural_density, cell_km, seed, away),
        county=county,
        cell_km=cell_km,
        x_km=x,
        y_km=y,
        projection=projection,
        coast=((height - 1, width // 2), float(coast_km), "coast"),
        endowment=None,
        programme=programme_dates(counties, _strength(cluster, good, counties), mix, seed),
        params=p,
        filled=("Every county of this region is made up.",),
    )
    goods = _specialities(
        _per_county("cluster", cluster, counties), _per_county("good", good, counties)
    )
    # a speciality takes the place of the same good by terrain
    goods = pd.concat([region.endowment, goods], ignore_index=True).drop_duplicates(
        ["county", "good"], keep="last", ignore_index=True
    )
    return replace(region, endowment=goods)


def tiny_region() -> Region:
    """Return 12 x 12 cells, 2 counties, 2 seats, some 20,000 registered rural people."""
    return synthetic_region(12, 12, 2, rural_density=20_000 / (144 * 4.0), name="tiny")


def _check(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError("synthetic region", key, value, f"{low:g} to {high:g}")


def _blocks(width: int, height: int, counties: int) -> NDArray[np.int16]:
    """Return county indices of near-square blocks; the most central block comes first."""
    bands = min(height, max(1, round(np.sqrt(counties * height / width))), counties)
    bands = max(bands, -(-counties // width))
    band = np.arange(height) * bands // height
    first = np.arange(bands + 1) * counties // bands
    county = np.empty((height, width), dtype=np.int16)
    for b in range(bands):
        county[band == b] = first[b] + np.arange(width) * (first[b + 1] - first[b]) // width
    row, col = np.indices(county.shape)
    off = np.hypot(row - (height - 1) / 2, col - (width - 1) / 2)
    order = np.argsort([off[county == c].mean() for c in range(counties)], kind="stable")
    rank = np.empty(counties, dtype=np.int16)
    rank[order] = np.arange(counties)
    return rank[county]


def _counties(
    county: NDArray[np.int16],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    projection: Projection,
    rural_density: float,
    cell_km: float,
    seed: int,
    away: float,
) -> pd.DataFrame:
    """Return the table of counties whose registered rural people of 2003 have the density asked."""
    number = int(county.max()) + 1
    row, col = np.indices(county.shape)
    cells = np.bincount(county.ravel(), minlength=number)
    centre_x = np.bincount(county.ravel(), weights=x[col].ravel()) / cells
    centre_y = np.bincount(county.ravel(), weights=y[row].ravel()) / cells
    key = lifelong_key(seed)
    luck = np.array([0.8 + 0.4 * uniform(key, c, DENSITY) for c in range(number)])
    rural = rural_density * cells.sum() * cell_km**2 * cells * luck / (cells * luck).sum()
    urban = np.where(np.arange(number) == 0, URBAN_CITY, URBAN_COUNTY)
    urban_2003 = 1 / (1 + (1 / urban - 1) * np.exp(-URBAN_SHIFT))
    registered = 1 / (1 - away)
    residents = rural / (registered - urban_2003)
    table = pd.DataFrame(
        {
            "id": np.arange(1, number + 1),
            "name_en": [f"County {c + 1}" for c in range(number)],
            "kind": ["district" if c == 0 else "county" for c in range(number)],
            "seat_of_prefecture": np.arange(number) == 0,
            "lon": projection.lon0 + centre_x / projection.kx,
            "lat": projection.lat0 + centre_y / projection.ky,
            "area_km2": cells * cell_km**2,
            "pop_2000": residents,
            "urban_share_2010": urban,
            "hukou_2010": registered * residents * REGISTERED_GROWTH,
        }
    )
    return table.assign(**dict.fromkeys(OPTIONAL, np.nan))


def _per_county(key: str, value: Any, counties: int) -> list[Any]:
    """Return one value per county, each of them checked."""
    values: list[Any] = [value] * counties if isinstance(value, (int, float, str)) else list(value)
    if len(values) != counties:
        raise InputError("synthetic region", key, values, f"one, or {counties} of them")
    for item in values:
        if key == "cluster":
            _check(key, item, 0, 1)
        elif item and item not in GOODS:
            raise InputError("synthetic region", key, item, ", ".join(GOODS))
    return values


def _strength(
    cluster: float | Sequence[float], good: str | Sequence[str], counties: int
) -> list[float]:
    """Return what draws a programme: a cluster's strength, or half a speciality's distinctness."""
    pairs = zip(_per_county("cluster", cluster, counties), _per_county("good", good, counties))
    return [max(float(c), SPECIALITY_DISTINCTNESS / 2 if g else 0.0) for c, g in pairs]


def _specialities(clusters: list[float], goods: list[str]) -> pd.DataFrame:
    rows = []
    for c, (cluster, good) in enumerate(zip(clusters, goods, strict=True)):
        if good:
            known = (SPECIALITY_CAPACITY, SPECIALITY_DISTINCTNESS, float(cluster))
            rows.append((c, good, *known, "assumption: synthetic", ""))
        elif cluster:
            raise InputError("synthetic region", "good", good, "the good of the cluster")
    return pd.DataFrame(rows, columns=list(ENDOWMENT)).astype(
        {"county": np.int16, "capacity": float, "distinctness": float, "cluster": float}
    )
