"""State of urban buyers: groups of people who shop online, at the coast and at the seats."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.draws import identity, normal
from agents.base.parameters import Group, Parameter
from agents.base.tables import Array, Column, Table, allocate
from agents.kinds import NOBODY, Kind

#: Other groups that a group hears from; fixed, so that word of mouth does not depend on numbers.
BUYER_RING = 8
#: Purposes of a buyer's keyed draws.
INCOME = 0


class UrbanBuyers(Table):
    """One row per group of buyers; each stands for ``weight`` persons."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by ordinal")]
    site: Annotated[Array, Column(np.int32, "cell", "flat index of its grid cell")]
    seat: Annotated[Array, Column(np.int8, "seat", "seat where it lives; NOBODY at the coast")]
    weight: Annotated[Array, Column(np.float64, "persons", "online shoppers that it stands for")]
    income: Annotated[Array, Column(np.float64, "mean 1", "relative income")]
    ring: Annotated[Array, Column(np.int32, "row", "groups it hears from", width=BUYER_RING)]
    #: one column per variety of the region (county x good), set by ``make_buyers``
    awareness: Annotated[
        Array, Column(np.float64, "share", "of its persons who know a variety", width=2)
    ]


class Buyers(Group):
    """Parameters of who the buyers are."""

    number: Annotated[
        int,
        Parameter(
            200,
            5_000,
            "groups",
            "groups of buyers",
            "numerical resolution",
            "assumption",
            hard_low=50,
            hard_high=100_000,
        ),
    ] = 1_500
    at_seats: Annotated[
        float,
        Parameter(
            0.05,
            0.5,
            "share",
            "of the groups (not of the persons) at the region's seats",
            "numerical resolution",
            "assumption",
            hard_low=0.0,
            hard_high=0.95,
        ),
    ] = 0.2
    income_sd: Annotated[
        float,
        Parameter(
            0.2, 0.9, "log points", "spread of income between groups", "judgement", "assumption"
        ),
    ] = 0.5
    nation: Annotated[
        float,
        Parameter(
            1.30e9,
            1.42e9,
            "persons",
            "residents of the nation, whom the shoppers are of",
            "census 2010",
            "data",
            "memory high",
        ),
    ] = 1.34e9


def make_buyers(
    seat_cells: Array,
    urban_people: Array,
    coast_cell: int,
    varieties: int,
    life_key: np.uint64,
    p: Buyers,
) -> UrbanBuyers:
    """Return the groups: those at seats shared out by ``urban_people`` (S,), the rest at the coast.

    seat_cells : (S,) flat cells of the seats. Every seat has at least one group as long as there
    are enough. Rows of one place lie together and hear from the nearest rows, in a closed ring.
    Weights are set month by month (``set_weights``).
    """
    seats = len(seat_cells)
    local = min(p.number - 1, max(seats, round(p.at_seats * p.number)))
    edges = np.maximum(np.cumsum(urban_people) / max(np.sum(urban_people), 1.0) * local, 0.0)
    groups = np.maximum(1, np.diff(np.round(edges), prepend=0.0)).astype(np.int64)
    buyers = allocate(UrbanBuyers, p.number)
    where = np.repeat(np.arange(seats), groups)[: p.number - 1]
    buyers.seat[:] = NOBODY
    buyers.seat[: len(where)] = where
    buyers.site[:] = coast_cell
    buyers.site[: len(where)] = np.asarray(seat_cells)[where]
    for b in range(p.number):
        buyers.uid[b] = identity(int(Kind.BUYER), 0, 0, b)
        buyers.income[b] = np.exp(p.income_sd * normal(life_key, buyers.uid[b], INCOME))
    buyers.income[:] /= buyers.income.mean()
    steps = [d for d in range(-BUYER_RING // 2, BUYER_RING // 2 + 1) if d != 0]
    buyers.ring[:] = (np.arange(p.number)[:, None] + np.array(steps)) % p.number
    awareness = np.zeros((p.number, varieties), dtype=np.float64)
    return UrbanBuyers(*tuple(buyers)[:-1], awareness)


def set_weights(
    buyers: UrbanBuyers, online_shoppers: float, urban_people: Array, p: Buyers
) -> None:
    """Set ``weight``: shoppers of the nation, shared by heads between the seats and the coast.

    online_shoppers : persons, of the nation. urban_people : (S,) residents of each seat, of whom
    the same share shops online as of the nation.
    """
    share = online_shoppers / p.nation
    at_coast = buyers.seat == NOBODY
    local = share * np.asarray(urban_people, dtype=np.float64)
    groups = np.bincount(buyers.seat[~at_coast], minlength=len(local))
    at_seat = ~at_coast
    buyers.weight[at_seat] = (local / np.maximum(groups, 1))[buyers.seat[at_seat]]
    buyers.weight[at_coast] = max(0.0, online_shoppers - local.sum()) / max(1, at_coast.sum())
