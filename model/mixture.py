"""A mixture of counties for a synthetic region: who has which speciality, and when programmes came.

Shares are of all counties. Who is drawn follows from the region's seed, not from a run's, so that
replicates and arms meet the same map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base import lifelong_key, normal, uniform
from model.calendar import parse_month
from model.endowment import PROGRAMME, programme_table
from model.errors import InputError

#: Purposes of the keyed draws of a county (0 and 1 are the relief's and the density's).
SPECIALITY, ENTRY = 2, 3
#: What a county of storable or of fresh specialities is known for, in turn.
STORABLE = ("nuts", "tofu", "daylily", "balls", "camellia")
FRUIT = ("citrus",)
#: State programme counties newly named a year (memory medium; no page found).
NEW_COUNTIES = {2014: 56, 2015: 200, 2016: 240, 2017: 260, 2018: 260}
#: Month of the year in which a programme begins, and the share of villages that it reaches: those
#: of the default region (programme.csv, assumption).
PROGRAMME_MONTH, STATIONS = "07", 0.8


class Mixture(NamedTuple):
    """Shares of counties (see ``model.switches.Synthetic``)."""

    cluster_share: float = 0.0
    storable_share: float = 0.0
    fruit_share: float = 0.0
    programme_share: float = 0.0
    programme_selection: float = 0.0

    @property
    def any_speciality(self) -> bool:
        """Tell whether counties differ by what they are known for."""
        return self.cluster_share + self.storable_share + self.fruit_share > 0.0


def mixed_goods(
    counties: int, cluster: float, mix: Mixture, seed: int
) -> tuple[list[float], list[str]]:
    """Return strength of the cluster and name of the good of each county ("" for none).

    The county of the prefecture's seat (0) has no cluster: the leaders of FACTS A13 are county
    cities. Raises InputError where the shares leave no county without a speciality.
    """
    numbers = [
        round(s * counties) for s in (mix.cluster_share, mix.storable_share, mix.fruit_share)
    ]
    if sum(numbers) >= counties:
        raise InputError(
            "synthetic region", "cluster_share + storable_share + fruit_share",
            round(sum((mix.cluster_share, mix.storable_share, mix.fruit_share)), 6), "less than 1",
        )  # fmt: skip
    key = lifelong_key(seed)
    others = range(1, counties)
    order = sorted(others, key=lambda c: uniform(key, c, SPECIALITY))
    strength, goods = [0.0] * counties, [""] * counties
    first, second = numbers[0], numbers[0] + numbers[1]
    for c in order[:first]:
        strength[c], goods[c] = cluster, "manufactures"
    for kinds, chosen in ((STORABLE, order[first:second]), (FRUIT, order[second : sum(numbers)])):
        for i, c in enumerate(chosen):
            goods[c] = kinds[i % len(kinds)]
    return strength, goods


def programme_dates(
    counties: int, strength: Sequence[float], mix: Mixture, seed: int
) -> pd.DataFrame:
    """Return the programme of a region in which a share of counties enters one, 2014 to 2018.

    Counties enter in the order of ``r z(strength) + sqrt(1 - r^2) z(luck)``, r the selection: with
    0 they are drawn, near 1 those with most to sell come first. As many a year as of the nation's.
    """
    entering = round(mix.programme_share * counties)
    if entering == 0:
        return programme_table()
    if entering >= counties:
        raise InputError(
            "synthetic region", "programme_share", mix.programme_share,
            "less than 1: some county must never enter",
        )  # fmt: skip
    key = lifelong_key(seed)
    luck = np.array([normal(key, c, ENTRY) for c in range(counties)])
    r = mix.programme_selection
    score = r * _standard(np.asarray(strength, dtype=float)) + np.sqrt(1.0 - r * r) * luck
    score[0] = -np.inf  # a programme of counties: the city has none
    order = np.argsort(-score, kind="stable")[:entering]
    passed = np.cumsum(list(NEW_COUNTIES.values())) / sum(NEW_COUNTIES.values())
    year = np.array(list(NEW_COUNTIES))[
        np.searchsorted(passed, (np.arange(entering) + 0.5) / entering)
    ]
    source = "assumption: mixed region; pace from memory"
    rows = [
        (c, parse_month(f"{y}-{PROGRAMME_MONTH}"), "national", STATIONS, source, "memory medium")
        for c, y in zip(order, year, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(PROGRAMME))
    return table.astype({"county": np.int16, "month": np.int32, "stations_share": float})


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
