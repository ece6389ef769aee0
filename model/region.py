"""A region: its counties, grid, terrain, seats, and what names them, read from a folder.

``counties.csv`` and ``raster.csv`` are required; ``endowment.csv`` and ``programme.csv`` are
optional. Whatever is wrong with them is refused in one line (``InputError``); whatever they do not
say and the model has to assume is told in ``Region.filled``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model import terrain
from model.endowment import GOODS, goods_by_terrain, read_endowment, read_programme
from model.errors import InputError
from model.tabular import bounded, read_raster, read_table
from model.terrain import KHA_TO_KM2, Geography

#: Column -> (lowest, highest) of the numbers that a county must have.
REQUIRED = {
    "lon": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "area_km2": (1e-6, 1e7),
    "pop_2000": (0.0, 1e9),
    "urban_share_2010": (0.0, 1.0),
    "hukou_2010": (0.0, 1e9),
}
#: The same of those that it may have; NaN where it has not.
OPTIONAL = {
    "pop_2010": (0.0, 1e9),
    "pop_2020": (0.0, 1e9),
    "urban_share_2020": (0.0, 1.0),
    "irrigated_kha_2008": (0.0, 1e6),
    "cropland_kha": (0.0, 1e6),
    "urban_share_2000": (0.0, 1.0),
    "manuf_share_2010": (0.0, 1.0),
}
#: A place of residence is an int8 with the seats after village and coast (``agents.kinds.Place``).
MOST_SEATS = 125
EARTH_KM = 6371.0
#: Cities of the coast: name -> (lon, lat), degrees.
COAST = {
    "Guangzhou": (113.27, 23.13),
    "Shanghai": (121.47, 31.23),
    "Beijing": (116.40, 39.90),
}


class Projection(NamedTuple):
    """Local equirectangular: x_km = (lon - lon0) * kx, y_km = (lat - lat0) * ky (WGS-84)."""

    lon0: float
    lat0: float
    kx: float
    ky: float


@dataclass(frozen=True, eq=False)
class Region:
    """What is known of a region when a run begins; nothing here changes during a run.

    Arrays over the grid have shape (ny, nx) with row 0 in the north; C counties, S seats.
    """

    name: str
    counties: pd.DataFrame  # row = county index; columns of REQUIRED, OPTIONAL, and names
    county: NDArray[np.int16]  # (ny, nx) county index, -1 outside
    cell_km: float
    slope: NDArray[np.float64]  # (ny, nx) mean slope of the cell, degrees
    lowland: NDArray[np.float64]  # (ny, nx) settlement score, mean 1 inside, 0 outside
    roads: NDArray[np.bool_]  # (ny, nx)
    seats: pd.DataFrame  # row = seat index; name, county, row, col, prefecture
    seat_of_county: NDArray[np.int16]  # (C,)
    minutes: NDArray[np.float32]  # (S, ny, nx) travel minutes to each seat
    gateway: tuple[int, int]  # row, col of the cell where the region meets the coast
    gateway_minutes: NDArray[np.float32]  # (ny, nx)
    coast_km: float  # great circle from the gateway to the city of the coast
    coast_name: str
    x_km: NDArray[np.float64]  # (nx,) cell centres, east of (lon0, lat0)
    y_km: NDArray[np.float64]  # (ny,) cell centres, north of it
    projection: Projection
    endowment: pd.DataFrame  # county (index), good, capacity, distinctness, cluster, source, grade
    programme: pd.DataFrame  # county (index), month, kind, stations_share, source, grade
    filled: tuple[str, ...]  # sentences on what was assumed because the folder did not say

    @cached_property
    def county_of_seat(self) -> NDArray[np.int64]:
        """County index of each seat (S,)."""
        return self.seats["county"].to_numpy(np.int64)

    @cached_property
    def is_prefecture(self) -> NDArray[np.bool_]:
        """Whether a seat is the prefecture's (S,)."""
        return self.seats["prefecture"].to_numpy(bool)

    def cells(self, county: int) -> NDArray[np.intp]:
        """Return the flat indices (row * nx + col) of the cells of a county."""
        return np.flatnonzero(self.county.ravel() == county)


def default_region_folder() -> Path:
    """Return the folder of the default region, the prefecture of Shaoyang."""
    return Path(__file__).resolve().parent / "data" / "shaoyang"


def load_region(folder: Path, params: Geography | None = None) -> Region:
    """Read a region's folder. Raises ``InputError`` naming file, key, value and what is valid."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(folder, "no such folder", valid="a folder with counties.csv, raster.csv")
    counties = read_counties(folder / "counties.csv")
    raster, header = read_raster(folder / "raster.csv")
    county = _county_grid(raster, counties["id"].to_numpy(), folder)
    filled: list[str] = []
    projection, origin, cell_km = _projection(header, counties, county, filled)
    ny, nx = county.shape
    x = origin[0] + (np.arange(nx, dtype=np.float64) + 0.5) * cell_km
    y = origin[1] + (ny - 0.5 - np.arange(ny, dtype=np.float64)) * cell_km
    gateway, coast_km, coast_name = nearest_coast(x, y, projection)
    region = make_region(
        name=folder.resolve().name,
        counties=counties,
        county=county,
        cell_km=cell_km,
        x_km=x,
        y_km=y,
        projection=projection,
        coast=(gateway, coast_km, coast_name),
        endowment=read_endowment(folder / "endowment.csv", counties["id"]),
        programme=read_programme(folder / "programme.csv", counties["id"]),
        params=params or Geography(),
        filled=filled,
    )
    return region


def make_region(
    *,
    name: str,
    counties: pd.DataFrame,
    county: NDArray[np.int16],
    cell_km: float,
    x_km: NDArray[np.float64],
    y_km: NDArray[np.float64],
    projection: Projection,
    coast: tuple[tuple[int, int], float, str],
    endowment: pd.DataFrame | None,
    programme: pd.DataFrame,
    params: Geography,
    filled: Sequence[str] = (),
) -> Region:
    """Derive terrain, seats, roads, travel and, where none is given, endowments."""
    notes = list(filled)
    inside = county >= 0
    slope = terrain.slopes(county, _mean_slopes(counties, params, notes), cell_km, params)
    lowland = terrain.lowland_score(slope, inside, params)
    seats, seat_of_county = _seats(counties, county, lowland, x_km, y_km, projection, params)
    notes.append(
        f"Seats stand on the lowest ground within {params.seat_km:g} km of their county's centroid."
    )
    gateway, coast_km, coast_name = coast
    cells = list(zip(seats["row"].tolist(), seats["col"].tolist(), strict=True))
    ways = terrain.travel(slope, cells, gateway, cell_km, params)
    if endowment is None:
        endowment = goods_by_terrain(counties, county, slope, params)
        notes.append("Goods follow the terrain: the region has no endowment.csv.")
    return Region(
        name=name,
        counties=counties,
        county=county,
        cell_km=cell_km,
        slope=slope,
        lowland=lowland,
        roads=ways.roads,
        seats=seats,
        seat_of_county=seat_of_county,
        minutes=ways.minutes,
        gateway=gateway,
        gateway_minutes=ways.gateway_minutes,
        coast_km=coast_km,
        coast_name=coast_name,
        x_km=x_km,
        y_km=y_km,
        projection=projection,
        endowment=endowment,
        programme=programme,
        filled=tuple(notes),
    )


def read_counties(path: Path) -> pd.DataFrame:
    """Return the checked table of counties, in the order of the file."""
    names = ("name_en", "kind")
    text = read_table(path, ("id", *names, "seat_of_prefecture", *REQUIRED))
    if text.empty:
        raise InputError(path, "no row", valid="one row per county")
    ids = bounded(path, text, "id", 1, 32767)
    data: dict[str, Any] = {"id": ids.astype(np.int64)}
    if (ids != data["id"]).any():
        raise InputError(path, "id", ids[ids != data["id"]][0], "whole numbers")
    for name in names:
        if (text[name] == "").any():
            raise InputError(path, name, "", "a word for every county")
        data[name] = text[name]
    data["seat_of_prefecture"] = _flags(path, text["seat_of_prefecture"])
    for column, (low, high) in REQUIRED.items():
        data[column] = bounded(path, text, column, low, high)
    for column, (low, high) in OPTIONAL.items():
        data[column] = bounded(path, text, column, low, high, optional=True)
    counties = pd.DataFrame(data)
    repeated = counties["id"].duplicated()
    if repeated.any():
        raise InputError(path, "id", int(counties["id"][repeated].iloc[0]), "each id once")
    chosen = counties["id"][counties["seat_of_prefecture"]].tolist()
    if len(chosen) != 1:
        raise InputError(path, "seat_of_prefecture", chosen, "1 for exactly one county")
    if counties["pop_2000"].sum() <= 0:
        raise InputError(path, "pop_2000", 0, "a region with people")
    return counties


def _flags(path: Path, text: pd.Series) -> NDArray[np.bool_]:
    words = {"0": False, "1": True, "false": False, "true": True}
    for value in text:
        if value.lower() not in words:
            raise InputError(path, "seat_of_prefecture", value, "0 or 1")
    return np.array([words[value.lower()] for value in text], dtype=bool)


def _county_grid(
    raster: NDArray[np.int64], ids: NDArray[np.int64], folder: Path
) -> NDArray[np.int16]:
    """Return county indices (-1 outside) of a raster of county ids (0 outside)."""
    path = folder / "raster.csv"
    if not raster.any():
        raise InputError(path, "no cell of a county", valid="ids of counties.csv, 0 outside")
    foreign = np.setdiff1d(raster, [0, *ids])
    if foreign.size:
        raise InputError(path, "id", int(foreign[0]), "ids of counties.csv, 0 outside")
    missing = np.setdiff1d(ids, raster)
    if missing.size:
        raise InputError(path, "id", int(missing[0]), "at least one cell of each county")
    index = np.full(int(ids.max()) + 1, -1, dtype=np.int16)
    index[ids] = np.arange(len(ids))
    return index[raster]


def _projection(
    header: dict[str, float],
    counties: pd.DataFrame,
    county: NDArray[np.int16],
    filled: list[str],
) -> tuple[Projection, tuple[float, float], float]:
    """Return the projection, the south-western corner (x, y; km), and the cell size (km).

    What the raster's header does not say follows from the counties' centroids: lon0, lat0 are
    their means, and the grid is shifted so that the mean of its county centres is theirs.
    """
    cell_km = header.get("cell_km", 2.0)
    lon0 = header.get("lon0", counties["lon"].mean())
    lat0 = header.get("lat0", counties["lat"].mean())
    ky = header.get("ky", 110.8)
    kx = header.get("kx", 111.32 * float(np.cos(np.radians(lat0))))
    projection = Projection(lon0, lat0, kx, ky)
    if "cell_km" not in header:
        filled.append("Cells are 2 km wide: the header of raster.csv does not say.")
    if {"x_min_km", "y_min_km"} <= header.keys():
        corner = (header["x_min_km"], header["y_min_km"])
    else:
        centres = [np.mean(np.nonzero(county == c), axis=1) for c in range(len(counties))]
        row, col = np.mean(centres, axis=0)
        x = (counties["lon"].mean() - lon0) * kx - (col + 0.5) * cell_km
        y = (counties["lat"].mean() - lat0) * ky - (county.shape[0] - 1 - row + 0.5) * cell_km
        corner = (float(x), float(y))
        filled.append("The grid is placed by the counties' centroids: raster.csv does not say.")
    told, drawn = counties["area_km2"].sum(), (county >= 0).sum() * cell_km**2
    if not 0.75 < drawn / told < 1.25:
        filled.append(f"The cells cover {drawn:.0f} km2, the counties {told:.0f}: cells are used.")
    return projection, corner, float(cell_km)


def _mean_slopes(counties: pd.DataFrame, p: Geography, filled: list[str]) -> NDArray[np.float64]:
    """Return the mean slope of each county (degrees) from the irrigated share of its area."""
    share = (counties["irrigated_kha_2008"] * KHA_TO_KM2 / counties["area_km2"]).to_numpy()
    known = ~np.isnan(share)
    if not known.any():
        filled.append(f"Mean slope {p.mean_slope:g} degrees: no county has an irrigated area.")
        return np.full(len(counties), p.mean_slope)
    if not known.all():
        names = ", ".join(counties["name_en"][~known])
        filled.append(f"Terrain as at the median irrigated share: {names}.")
    share = np.where(known, share, np.median(share[known]))
    return terrain.county_mean_slope(np.clip(share, 0.0, 1.0), p)


def _seats(
    counties: pd.DataFrame,
    county: NDArray[np.int16],
    lowland: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    projection: Projection,
    p: Geography,
) -> tuple[pd.DataFrame, NDArray[np.int16]]:
    """Return the seats and each county's seat; the districts of a city share the prefecture's."""
    prefecture = int(np.flatnonzero(counties["seat_of_prefecture"])[0])
    shares = (counties["kind"] == "district").to_numpy() | counties["seat_of_prefecture"].to_numpy()
    owners = [c for c in range(len(counties)) if c == prefecture or not shares[c]]
    if len(owners) > MOST_SEATS:
        raise InputError("counties.csv", "seats", len(owners), f"at most {MOST_SEATS}")
    rows = []
    for c in owners:
        at = (
            (float(counties["lon"][c]) - projection.lon0) * projection.kx,
            (float(counties["lat"][c]) - projection.lat0) * projection.ky,
        )
        row, col = terrain.place_seat(county == c, lowland, x, y, at, p)
        rows.append((counties["name_en"][c], c, row, col, c == prefecture))
    seats = pd.DataFrame(rows, columns=["name", "county", "row", "col", "prefecture"])
    own = {c: s for s, c in enumerate(owners)}
    seat_of = [own[prefecture if shares[c] else c] for c in range(len(counties))]
    return seats, np.array(seat_of, dtype=np.int16)


def great_circle_km(lon: Any, lat: Any, lon2: float, lat2: float) -> Any:
    """Return the great-circle distance (km) between points in degrees (haversine formula)."""
    a, b = np.radians(lat), np.radians(lat2)
    half = np.sin((b - a) / 2) ** 2
    half = half + np.cos(a) * np.cos(b) * np.sin((np.radians(lon2) - np.radians(lon)) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(half))


def nearest_coast(
    x: NDArray[np.float64], y: NDArray[np.float64], projection: Projection
) -> tuple[tuple[int, int], float, str]:
    """Return the border cell nearest to a city of the coast, the distance (km), and the city."""
    row, col = np.indices((len(y), len(x)))
    border = (row == 0) | (row == len(y) - 1) | (col == 0) | (col == len(x) - 1)
    row, col = row[border], col[border]
    lon = projection.lon0 + x[col] / projection.kx
    lat = projection.lat0 + y[row] / projection.ky
    best = ((0, 0), np.inf, "")
    for name, (lon2, lat2) in COAST.items():
        km = great_circle_km(lon, lat, lon2, lat2)
        i = int(np.argmin(km))
        if km[i] < best[1]:
            best = ((int(row[i]), int(col[i])), float(km[i]), name)
    return best


__all__ = [
    "COAST",
    "GOODS",
    "Geography",
    "Projection",
    "Region",
    "default_region_folder",
    "load_region",
    "make_region",
]
