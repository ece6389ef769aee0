"""What the maps show: for each layer a value per place, its scale, colours, unit and legend.

Both arms go through one scale; their difference, B less A, through a scale of its own.

A place is a cell with a sampled village. Between them lies land whose villages are not in the
sample: a cell is shown like the nearest place of its county.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from model.indicators import COLUMN
from viz import style

#: Codes of the layer "Land use", in the order of its colours and words.
TWO_CROPS, ONE_CROP, FIFTH_IDLE, HALF_IDLE, TAKEN = range(5)
#: No place: a cell outside the region.
OUTSIDE = 65535


@dataclass(frozen=True)
class Layer:
    """One layer: values from ``low`` to ``high`` go through ``colours``.

    brief : the unit in few words, beside a value. ticks : of the legend.
    power : below 1 spreads small values (0.5 is a square-root scale).
    words : of a layer with classes, one per colour; values are then whole numbers.
    empty : what to say while no place of an arm has a value above zero.
    gap : the largest difference between the arms that the scale of B - A shows apart.
    gap_words : what is less and what more in B, where a difference has no unit.
    """

    key: str
    name: str
    unit: str
    brief: str
    meaning: str
    colours: tuple[str, ...]
    high: float = 1.0
    low: float = 0.0
    power: float = 1.0
    digits: int = 0
    words: tuple[str, ...] = ()
    ticks: tuple[float, ...] = ()
    empty: str = ""
    fixed: bool = False
    gap: float = 1.0
    gap_words: tuple[str, str] = ("less in B", "more in B")

    def spec(self) -> dict[str, Any]:
        """Return it as the browser needs it."""
        return asdict(self)


_GONE = ("#f4f1ec", "#d8c9e4", "#a98bc6", "#7246a0", "#3b1a63")
_IDLE = ("#f3f3ee", "#fee391", "#fe9929", "#cc4c02", "#662506")
_WEB = ("#f1f4f6", "#b7d7ec", "#56a5d8", "#0b6aa8", "#053a61")
_MONEY = ("#fdf6e3", "#c7e0a4", "#63b995", "#1d7f86", "#143c5e")
_TIME = ("#12355b", "#3c7fa6", "#9cc3ba", "#e6d9a2", "#f7f1dc")
_LAND_WORDS = (
    "mostly two crops",
    "mostly one crop",
    "20%+ idle",
    "50%+ idle or overgrown",
    "10%+ taken by cities",
)
LAYERS = (
    Layer(
        "land",
        "Land use",
        "",
        "",
        "use of contracted land",
        tuple(style.LAND.values()),
        high=4,
        words=_LAND_WORDS,
        empty="no cropland",
        gap=1,
        gap_words=("farmed more in B", "farmed less in B"),
    ),
    Layer(
        "idle",
        "Idle land",
        "% of contracted land",
        "%",
        "no crop this year, or overgrown",
        _IDLE,
        high=80,
        ticks=(0, 10, 25, 50, 80),
        power=0.7,
        empty="no cropland",
        gap=40,
    ),
    Layer(
        "gone",
        "People gone",
        "% of registered people",
        "%",
        "registered in the village, living elsewhere",
        _GONE,
        high=90,
        ticks=(0, 30, 60, 90),
        empty="nobody has left",
        gap=30,
    ),
    Layer(
        "shops",
        "Shops",
        "online shops per 100 households",
        "per 100 households",
        "households that sell online",
        _WEB,
        high=20,
        ticks=(0, 1, 5, 10, 20),
        power=0.4,
        digits=1,
        empty="no shops in this arm",
        gap=10,
    ),
    Layer(
        "sent",
        "Parcels out",
        "parcels a month per 100 households",
        "per 100 households",
        "sent by online shops",
        _WEB,
        high=1000,
        ticks=(0, 10, 100, 400, 1000),
        power=0.35,
        empty="no parcels sent in this arm",
        gap=400,
    ),
    Layer(
        "received",
        "Parcels in",
        "parcels a month per 100 households",
        "per 100 households",
        "bought online",
        _WEB,
        high=1000,
        ticks=(0, 10, 100, 400, 1000),
        power=0.35,
        empty="no parcels received in this arm",
        gap=400,
    ),
    Layer(
        "income",
        "Income",
        "thousand yuan of 2010 a year per resident",
        "thousand yuan",
        "with remittances",
        _MONEY,
        high=30,
        ticks=(0, 2, 5, 10, 20, 30),
        power=0.6,
        digits=1,
        empty="no month has passed yet",
        gap=10,
    ),
    Layer(
        "minutes",
        "Travel time",
        "minutes to the seat of the county",
        "minutes, this cell",
        "by road",
        _TIME,
        high=120,
        ticks=(0, 15, 30, 60, 120),
        power=0.7,
        fixed=True,
        gap=1,
    ),
)
POSITION = {layer.key: k for k, layer in enumerate(LAYERS)}


class Places:
    """The cells that hold sampled villages, and which of them each other cell is shown like.

    owner : (ny, nx) uint16 row of the place, OUTSIDE where no county is.
    """

    def __init__(self, model: Any):
        region = model.region
        cells, self.of_village = np.unique(model.villages.cell, return_inverse=True)
        nx = region.county.shape[1]
        self.number = len(cells)
        self._sums = summing(self.of_village, self.number)
        self.row, self.col = cells // nx, cells % nx
        self.county = region.county[self.row, self.col]
        self.owner = _nearest(region.county, self.row, self.col)
        seat = region.seat_of_county[np.maximum(region.county, 0)]
        row, col = np.indices(region.county.shape)
        self.minutes = np.where(region.county >= 0, region.minutes[seat, row, col], np.nan)

    def villages(self, place: int) -> list[int]:
        """Return the rows of the villages of a place."""
        return np.flatnonzero(self.of_village == place).tolist()

    def sums(self, villages: NDArray[np.floating]) -> NDArray[np.float64]:
        """Add up (villages, indicators) over the villages of each place."""
        return np.asarray(self._sums @ villages, dtype=np.float64)


def summing(group: NDArray[np.integer], groups: int) -> csr_array:
    """Return the (groups, rows) matrix that adds up the rows of each group."""
    rows = np.arange(len(group))
    return csr_array((np.ones(len(group)), (group, rows)), shape=(groups, len(group)))


def _nearest(
    county: NDArray[np.int16], row: NDArray[np.int64], col: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """Return (ny, nx) the nearest place of the cell's own county; OUTSIDE where there is none."""
    owner = np.full(county.shape, OUTSIDE, dtype=np.uint16)
    of_place = county[row, col]
    for c in np.unique(of_place):
        rows = np.flatnonzero(of_place == c)
        inside = np.argwhere(county == c)
        _, near = cKDTree(np.column_stack((row[rows], col[rows]))).query(inside)
        owner[inside[:, 0], inside[:, 1]] = rows[near]
    return owner


def layer_values(
    now: NDArray[np.float64],
    year: NDArray[np.float64],
    months: int,
    column: Mapping[str, int] = COLUMN,
) -> NDArray[np.float32]:
    """Return (layers, places) the values of every layer; NaN where a place has none.

    now : (places, indicators) of this month. year : the same, summed over the last ``months``
    months (12, or fewer at the start). column : where an indicator stands in both.
    """

    def at(name: str) -> NDArray[np.float64]:
        return now[:, column[name]]

    values = np.full((len(LAYERS), len(now)), np.nan, dtype=np.float32)
    land = at("mu_cultivated") + at("mu_idle") + at("mu_trees")
    if land.any():
        values[POSITION["idle"]] = share(100 * (at("mu_idle") + at("mu_trees")), land)
        values[POSITION["land"]] = _land_class(at, land)
    registered, home = at("registered"), at("people_home")
    values[POSITION["gone"]] = share(100 * (registered - home), registered)
    households = at("households")
    for key, name in (("shops", "shops"), ("sent", "parcels_out"), ("received", "parcels_in")):
        values[POSITION[key]] = share(100 * at(name), households)
    earned = sum(
        year[:, column[f"income_{source}"]]
        for source in ("farm", "wage", "shop", "remittance", "other")
    )
    if months:
        values[POSITION["income"]] = share(earned * 12 / months / 1000, home)
    return values


def _land_class(at: Any, land: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the class of each place; the more drastic change has the last word."""
    twice = at("mu_seasons") >= 1.5 * at("mu_cultivated")
    idle = share(at("mu_idle") + at("mu_trees"), land)
    taken = share(at("mu_requisitioned"), land + at("mu_requisitioned"))
    classes = np.where(twice, TWO_CROPS, ONE_CROP).astype(float)
    classes[idle >= 0.2] = FIFTH_IDLE
    classes[idle >= 0.5] = HALF_IDLE
    classes[taken >= 0.1] = TAKEN
    classes[land + at("mu_requisitioned") <= 0] = np.nan
    return classes


def share(part: Any, whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole, NaN where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def outlines(model: Any, features: Sequence[dict[str, Any]]) -> list[list[float]]:
    """Return the borders of counties as lists x, y, x, y ... in cells from the north-west corner.

    features : GeoJSON features in degrees; without them the borders follow the raster.
    """
    region = model.region
    if not features:
        return _raster_borders(region.county)
    p, cell = region.projection, region.cell_km
    west, north = region.x_km[0] - cell / 2, region.y_km[0] + cell / 2
    lines = []
    for feature in features:
        geometry = feature["geometry"]
        shapes = geometry["coordinates"]
        for shape in shapes if geometry["type"] == "MultiPolygon" else [shapes]:
            for ring in shape:
                lon, lat = np.array(ring, dtype=float)[:, :2].T
                x = ((lon - p.lon0) * p.kx - west) / cell
                y = (north - (lat - p.lat0) * p.ky) / cell
                lines.append(np.column_stack((x, y)).ravel().round(2).tolist())
    return lines


def _raster_borders(county: NDArray[np.int16]) -> list[list[float]]:
    """Return the cell edges on which the county changes, the region's rim included."""
    padded = np.pad(county, 1, constant_values=-1)
    lines: list[list[float]] = []
    for row, col in np.argwhere(padded[1:-1, :-1] != padded[1:-1, 1:]).tolist():
        lines.append([col, row, col, row + 1])
    for row, col in np.argwhere(padded[:-1, 1:-1] != padded[1:, 1:-1]).tolist():
        lines.append([col, row, col + 1, row])
    return lines


def road_lines(roads: NDArray[np.bool_]) -> list[list[float]]:
    """Return the roads as lines x, y, x, y between the centres of neighbouring road cells."""
    padded = np.pad(roads, 1)
    lines: list[list[float]] = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = np.roll(padded, (-down, -right), axis=(0, 1))
        pairs = padded & other
        if down and right:  # a diagonal only where no corner is a road as well
            pairs &= ~np.roll(padded, -down, axis=0) & ~np.roll(padded, -right, axis=1)
        for row, col in np.argwhere(pairs).tolist():
            y, x = row - 0.5, col - 0.5
            lines.append([x, y, x + right, y + down])
    return lines
