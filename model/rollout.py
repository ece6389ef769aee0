"""The spread of parcel service and of village stations: national diffusion, programmes, hubs.

A village has a lifelong rank in (0, 1) that mixes its travel time to the seat with luck, so that
``rank < share(t)`` serves near villages first and the share of villages on the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from agents.base import Group, Parameter, normal, normal_quantile
from agents.base.compiled import compiled
from agents.kinds import NEVER
from model.calendar import parse_month
from model.villages import Villages

Floats = NDArray[np.float64]


class Rollout(Group):
    """Parameters of the spread of parcel service and stations."""

    share_2009: Annotated[
        float,
        Parameter(
            0.002, 0.05, "share", "of villages with parcel service when access begins", "judgement"
        ),
    ] = 0.01
    share_2016: Annotated[
        float,
        Parameter(
            0.2,
            0.3,
            "share",
            "the same, end of 2016",
            "third agricultural census no. 3; parameters.csv buying.village_point_share_2016",
            "data",
            "page",
        ),
    ] = 0.251
    share_2020: Annotated[
        float,
        Parameter(
            0.4,
            0.6,
            "share",
            "the same, mid-2020: parcels direct to over half",
            "journal.crnews.net; PARAMETERS 1",
            "data",
            "page",
        ),
    ] = 0.5
    share_2021: Annotated[
        float,
        Parameter(
            0.75, 0.9, "share", "the same, end of 2021", "FACTS R13: over 80%", "data", "page"
        ),
    ] = 0.82
    share_2022: Annotated[
        float,
        Parameter(0.9, 1.0, "share", "the same, end of 2022", "PARAMETERS 1: 95%", "data", "page"),
    ] = 0.95
    points_2022: Annotated[
        float,
        Parameter(
            0.5,
            0.95,
            "share",
            "of villages with a parcel point in the village, end of 2022; until 2016 all served",
            "survey of 2022: 56.6%; parameters.csv buying.village_point_share_2022",
            "data",
            "page",
        ),
    ] = 0.57
    near_first: Annotated[
        float,
        Parameter(
            0.3,
            0.9,
            "correlation",
            "of a village's turn with its travel time",
            "judgement",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.6
    cluster_first: Annotated[
        float,
        Parameter(
            0.0,
            3.0,
            "normal scores",
            "by which a cluster of strength 1 puts a village ahead of its turn",
            "couriers go where parcels are: all of Daji's villages sold online by 2019 (FACTS T26)",
            "assumption",
        ),
    ] = 2.0
    programme_years: Annotated[
        float,
        Parameter(
            2,
            5,
            "years",
            "in which a programme reaches its share of villages",
            "PARAMETERS 1: 80% three years after the start",
            "assumption",
        ),
    ] = 3.0


#: Months since 2003-01 at which the shares hold: 2009-01, end 2016, mid-2020, ends 2021, 2022.
_DATES = np.array([72.0, 167.0, 209.0, 227.0, 239.0])


def access_scale(model: Any) -> float:
    """Return access.scale this month, 0 where access is off or has not begun."""
    access = model.params["access"]
    if not access.enabled or model.month < parse_month(access.start):
        return 0.0
    return float(access.scale)


def service_share(month: int, p: Rollout) -> float:
    """Return the share of villages with parcel service: log-linear between dated shares."""
    shares = [p.share_2009, p.share_2016, p.share_2020, p.share_2021, p.share_2022]
    return float(np.exp(np.interp(month, _DATES, np.log(np.maximum(shares, 1e-9)))))


def point_share(month: int, p: Rollout) -> float:
    """Return the share of villages with a parcel point of their own, at most those served.

    The census of 2016 counts points, the survey of 2022 finds fewer than the post serves: between
    the two log-linear (PARAMETERS 4, trap 4).
    """
    points = np.log([p.share_2016, p.points_2022])
    path = np.exp(np.interp(month, [_DATES[1], _DATES[4]], points))
    return float(min(path, service_share(month, p)))


def village_ranks(
    villages: Villages, key: np.uint64, purpose: int, near_first: float, ahead: Floats
) -> Floats:
    """Return the rank (V,) in (0, 1) of each village: low is served early.

    ``Phi(rho z_minutes + sqrt(1 - rho^2) z_luck - ahead)``, z_minutes the normal score of the
    village's place in the distribution of travel minutes over villages, z_luck its lifelong draw,
    ``ahead`` (V,) normal scores in its favour.
    """
    _, inverse = np.unique(villages.minutes, return_inverse=True)
    mass = np.bincount(inverse, weights=villages.weight)
    place = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    return _mixed_ranks(villages.uid, place[inverse], ahead, key, purpose, near_first)


@compiled
def _mixed_ranks(uid, place, ahead, key, purpose, rho):
    out = np.empty(uid.shape[0])
    for v in range(uid.shape[0]):
        z = rho * normal_quantile(place[v])
        z += math.sqrt(1.0 - rho * rho) * normal(key, uid[v], purpose) - ahead[v]
        out[v] = 0.5 * math.erfc(-z / math.sqrt(2.0))
    return out


class Programmes:
    """Public programmes that open stations: by county and date, and by village for trials.

    county, start, share, grant : one entry per row of the region's ``programme``; ``share`` of the
    county's villages is reached linearly over ``programme_years``, ``grant`` in yuan.
    by_village : (V,) month from which a trial gives this village a station, NEVER without.
    withheld : (V,) first month in which the village may have a station (0: at once).
    """

    def __init__(self, table: Any, villages: Villages, grants: dict[str, float], other: float):
        self.county = table["county"].to_numpy(dtype=np.int64)
        self.start = table["month"].to_numpy(dtype=np.int64)
        self.share = table["stations_share"].to_numpy(dtype=np.float64)
        self.grant = np.array([grants.get(kind, other) for kind in table["kind"]], dtype=float)
        self.national = np.array([kind == "national" for kind in table["kind"]], dtype=bool)
        self.by_village = np.full(len(villages.uid), NEVER, dtype=np.int64)
        self.withheld = np.zeros(len(villages.uid), dtype=np.int64)

    def open_station(self, village: int, month: int) -> None:
        """Let a trial open a station in ``village`` (row) in ``month``."""
        self.by_village[village] = min(self.by_village[village], month)

    def withhold_stations(self, rows: Iterable[int], until: int) -> None:
        """Keep villages (rows) without a new station before the month ``until``."""
        self.withheld[list(rows)] = until

    def reached(self, month: int, counties: int, p: Rollout) -> Floats:
        """Return the share (C,) of each county's villages that programmes reach in ``month``."""
        out = np.zeros(counties)
        for c, start, share in zip(self.county, self.start, self.share):
            progress = (month - start + 1) / (12.0 * p.programme_years)
            out[c] = max(out[c], share * min(1.0, max(0.0, progress)))
        return out

    def granted(self, month: int, counties: int) -> Floats:
        """Return the sum (C,) of grants, yuan, of the programmes begun by ``month``."""
        out = np.zeros(counties)
        begun = self.start <= month
        np.add.at(out, self.county[begun], self.grant[begun])
        return out

    def centre_begun(self, month: int, counties: int) -> NDArray[np.bool_]:
        """Return by county (C,) whether a national programme, which builds a centre, has begun."""
        out = np.zeros(counties, dtype=bool)
        out[self.county[self.national & (self.start <= month)]] = True
        return out

    def due(
        self, villages: Villages, rank: Floats, month: int, reached: Floats
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return two masks (V,): where a programme, where a trial wants a new station now."""
        without = (villages.station == 0) & (self.withheld <= month)
        trial = without & (self.by_village <= month)
        return without & ~trial & (rank < reached[villages.county]), trial
