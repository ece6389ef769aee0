"""Terrain: slope, where people settle, roads, and travel minutes.

The relief of a region is not measured here: slope is seeded smoothed noise whose county mean
follows the irrigated share of the area, because irrigated land is flat. Roads are least-cost paths
between seats; minutes are shortest times over the grid, faster on roads.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.special import expit, logit

from agents.base import Group, Parameter, lifelong_key, normal
from agents.base.compiled import compiled

Grid = NDArray[np.float64]
Mask = NDArray[np.bool_]
Cell = tuple[int, int]

#: Purpose of the keyed draw of a cell's relief.
RELIEF = 0
#: Hectares in a square kilometre over hectares in a thousand hectares.
KHA_TO_KM2 = 10.0


def _degrees(
    low: float, high: float, meaning: str, hard_low: float = 0.0, hard_high: float = 90.0
) -> Parameter:
    return Parameter(
        low, high, "degrees", meaning, "judgement", hard_low=hard_low, hard_high=hard_high
    )


def _speed(low: float, high: float, meaning: str) -> Parameter:
    return Parameter(low, high, "km/h", meaning, "judgement", hard_low=1.0, hard_high=300.0)


class Geography(Group):
    """Relief, settlement and roads: what the folder of a region does not say."""

    terrain_seed: Annotated[
        int,
        Parameter(1, 1000, "", "seed of the relief, apart from the seed of luck", "", hard_low=0),
    ] = 1
    noise_km: Annotated[
        float,
        Parameter(
            2, 12, "km", "smoothing length of the relief", "width of a valley in hills", hard_low=0
        ),
    ] = 4.0
    slope_ceiling: Annotated[
        float,
        _degrees(30, 45, "steepest mean slope of a cell", hard_low=10, hard_high=60),
    ] = 35.0
    slope_spread: Annotated[
        float,
        Parameter(
            0.6, 1.6, "logit", "sd of a cell's slope within its county", "judgement", hard_low=0
        ),
    ] = 1.2
    steep_mean: Annotated[
        float, _degrees(16, 28, "mean slope of a county without irrigated land", hard_high=45)
    ] = 24.0
    flat_mean: Annotated[
        float, _degrees(2, 7, "mean slope of a county irrigated all over", hard_high=45)
    ] = 4.0
    irrigated_scale: Annotated[
        float,
        Parameter(
            0.05,
            0.25,
            "share of area",
            "irrigated share over which the mean slope falls by a factor e towards flat_mean",
            "set so that about 0.15 of Shaoyang's cropland is steeper than 15 degrees "
            "(land.steep_share, itself a judgement)",
            hard_low=1e-3,
        ),
    ] = 0.15
    mean_slope: Annotated[
        float, _degrees(3, 20, "mean slope where no county has an irrigated area", hard_high=45)
    ] = 12.0
    lowland_degrees: Annotated[
        float, _degrees(5, 15, "slope over which settlement thins by a factor e", hard_low=0.1)
    ] = 10.0
    seat_km: Annotated[
        float,
        Parameter(
            2,
            15,
            "km",
            "a seat stands on the lowest ground this near its county's centroid",
            "judgement",
            hard_low=0,
        ),
    ] = 6.0
    road_kmh: Annotated[float, _speed(30, 60, "door-to-door speed on roads between seats")] = 45.0
    track_kmh: Annotated[float, _speed(12, 30, "speed on level village tracks")] = 20.0
    track_degrees: Annotated[
        float, _degrees(10, 60, "slope over which speed on tracks falls by a factor e", hard_low=1)
    ] = 25.0
    hill_degrees: Annotated[float, _degrees(6, 15, "a steeper cell grows tree crops")] = 10.0
    plain_distinctness: Annotated[
        float,
        Parameter(
            0,
            0.5,
            "0-1",
            "distinctness of a good without a name",
            "judgement",
            hard_low=0,
            hard_high=1,
        ),
    ] = 0.2


def county_mean_slope(irrigated_share: Grid, p: Geography) -> Grid:
    """Return the mean slope (degrees) of counties with this irrigated share of their area.

    m = flat + (steep - flat) exp(-share / scale). An assumption: the direction is certain (water
    stands on level land), the figures are judgement. A share may not be NaN.
    """
    return p.flat_mean + (p.steep_mean - p.flat_mean) * np.exp(-irrigated_share / p.irrigated_scale)


@compiled
def _white_noise(cells, key):
    z = np.empty(cells)
    for i in range(cells):
        z[i] = normal(key, i, RELIEF)
    return z


def relief(inside: Mask, cell_km: float, p: Geography) -> Grid:
    """Return smoothed noise of shape (ny, nx), mean 0 and sd 1 over the cells ``inside``."""
    z = _white_noise(inside.size, lifelong_key(p.terrain_seed)).reshape(inside.shape)
    z = gaussian_filter(z, p.noise_km / cell_km)
    spread = z[inside].std()
    return (z - z[inside].mean()) / (spread if spread > 0 else 1.0)


def slopes(county: NDArray[np.int16], means: Grid, cell_km: float, p: Geography) -> Grid:
    """Return the slope of each cell, degrees, shape (ny, nx).

    slope = ceiling * logistic(a_c + spread * z), with z the relief and a_c such that the mean over
    county c is ``means[c]`` (held to 1-99% of the ceiling); cells outside take the region's mean.
    """
    inside = county >= 0
    z = p.slope_spread * relief(inside, cell_km, p)
    target = np.clip(means / p.slope_ceiling, 0.01, 0.99)
    slope = np.empty(county.shape)
    for c, share in enumerate(target):
        own = county == c
        slope[own] = expit(_level(z[own], share) + z[own])
    if not inside.all():
        overall = float(slope[inside].mean())
        slope[~inside] = expit(_level(z[~inside], overall) + z[~inside])
    return p.slope_ceiling * slope


def _level(z: Grid, share: float) -> float:
    """Return a with mean(logistic(a + z)) = share; the bracket holds because |z| is bounded."""
    reach = float(np.abs(z).max()) + 1e-6
    centre = float(logit(share))
    return float(brentq(lambda a: expit(a + z).mean() - share, centre - reach, centre + reach))


def lowland_score(slope: Grid, inside: Mask, p: Geography) -> Grid:
    """Return exp(-slope / lowland_degrees), scaled to mean 1 over ``inside`` and 0 outside."""
    score = np.where(inside, np.exp(-slope / p.lowland_degrees), 0.0)
    return score / score[inside].mean()


def place_seat(own: Mask, lowland: Grid, x: Grid, y: Grid, at: tuple[float, float], p: Geography):
    """Return the cell (row, col) of a seat: the lowest ground of ``own`` near ``at``.

    ``at`` is the county's centroid (km): where the seat really lies is not in the folder. Near
    means within ``seat_km``; a county without cells there takes the nearest one it has.
    """
    distance = np.hypot(x[None, :] - at[0], y[:, None] - at[1])
    distance[~own] = np.inf
    near = distance <= max(p.seat_km, distance.min())
    row, col = np.unravel_index(np.argmax(np.where(near, lowland, -1.0)), own.shape)
    return int(row), int(col)


class Travel(NamedTuple):
    """Roads and minutes over the grid."""

    roads: Mask  # (ny, nx)
    minutes: NDArray[np.float32]  # (S, ny, nx) to each seat
    gateway_minutes: NDArray[np.float32]  # (ny, nx)


def travel(slope: Grid, seats: list[Cell], gateway: Cell, cell_km: float, p: Geography) -> Travel:
    """Lay roads between the seats and to the gateway, then measure minutes to each of them.

    All cells of the grid can be crossed, those outside the region too. Two seats are joined unless
    a third is nearer to both (relative neighbourhood graph, Toussaint 1980: connected, without
    detours that nobody would build); the gateway is joined to the seat nearest in time.
    """
    shape = slope.shape
    ends = [row * shape[1] + col for row, col in [*seats, gateway]]
    off_road = _graph(slope, np.zeros(shape, dtype=bool), cell_km, p)
    cost, previous = dijkstra(off_road, directed=False, indices=ends, return_predecessors=True)
    laid = np.zeros(slope.size, dtype=bool)
    for a, b in _links(cost[:, ends]):
        cell = ends[b]
        while cell >= 0:
            laid[cell] = True
            cell = previous[a, cell]
    roads = laid.reshape(shape)
    reached = dijkstra(_graph(slope, roads, cell_km, p), directed=False, indices=ends)
    minutes = reached.astype(np.float32).reshape(len(ends), *shape)
    return Travel(roads, minutes[:-1], minutes[-1])


def _links(cost: Grid) -> list[tuple[int, int]]:
    """Return pairs of ends to join by road; the last end is the gateway."""
    cost = np.minimum(cost, cost.T)  # the two directions differ by rounding
    seats = len(cost) - 1
    pairs = [
        (a, b)
        for a in range(seats)
        for b in range(a + 1, seats)
        if not np.any(np.maximum(cost[a, :seats], cost[b, :seats]) < cost[a, b])
    ]
    return [*pairs, (int(np.argmin(cost[seats, :seats])), seats)]


def _graph(slope: Grid, roads: Mask, cell_km: float, p: Geography) -> csr_array:
    """Return minutes between neighbouring cells (eight ways), each pair once."""
    ny, nx = slope.shape
    index = np.arange(slope.size).reshape(ny, nx)
    pace = (60.0 / p.track_kmh * np.exp(slope / p.track_degrees)).ravel()  # minutes per km
    on_road = roads.ravel()
    straight, diagonal = cell_km, cell_km * np.sqrt(2.0)
    sides = [
        (index[:, :-1], index[:, 1:], straight),
        (index[:-1], index[1:], straight),
        (index[:-1, :-1], index[1:, 1:], diagonal),
        (index[:-1, 1:], index[1:, :-1], diagonal),
    ]
    starts = np.concatenate([a.ravel() for a, _, _ in sides])
    stops = np.concatenate([b.ravel() for _, b, _ in sides])
    km = np.concatenate([np.full(a.size, length) for a, _, length in sides])
    track = 0.5 * (pace[starts] + pace[stops])
    both = on_road[starts] & on_road[stops]
    minutes = km * np.where(both, 60.0 / p.road_kmh, track)
    return csr_array((minutes, (starts, stops)), shape=(slope.size, slope.size))
