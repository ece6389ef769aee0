"""The agents of the model as Mesa sees them: who exists, and in which cell each stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.base.views import Population
from agents.buyer import UrbanBuyer
from agents.farmer import Farmer
from agents.hub import LogisticsHub
from agents.kinds import Place
from agents.migrant import MigrantWorker

_VILLAGE, _COAST, _SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)


class Standing:
    """Says for each kind of agent which rows exist and in which flat cell they stand."""

    def __init__(self, model):
        self.model = model
        region = model.region
        nx = region.county.shape[1]
        seats = region.seats
        self.seat_cells = seats["row"].to_numpy() * nx + seats["col"].to_numpy()
        self.coast_cell = region.gateway[0] * nx + region.gateway[1]

    def farm_cells(self, rows: NDArray) -> NDArray:
        """Return the cells of households: those of their villages."""
        return self.model.villages.cell[self.model.households.village[rows]]

    def away(self) -> NDArray[np.bool_]:
        """Return which people are migrant workers now."""
        p, t = self.model.people, max(self.model.month, 0)
        present = (p.born <= t) & (p.dies > t) & (p.leaves > t)
        return present & (p.place != _VILLAGE)

    def work_cells(self, rows: NDArray) -> NDArray:
        """Return the cells of people away: the seat's, or the gateway of the coast."""
        place = self.model.people.place[rows]
        seat = np.maximum(place - _SEAT, 0)
        return np.where(place == _COAST, self.coast_cell, self.seat_cells[seat])

    def hub_cells(self, rows: NDArray) -> NDArray:
        """Return the cells of hubs."""
        return self.model.hubs.site[rows]

    def buyer_cells(self, rows: NDArray) -> NDArray:
        """Return the cells of buyers."""
        return self.model.buyers.site[rows]

    def place_at(self, flat: int) -> int | None:
        """Return the place (code) whose cell is ``flat``; None where nobody can work."""
        at = np.flatnonzero(self.seat_cells == flat)
        if len(at):
            return _SEAT + int(at[0])
        return _COAST if flat == self.coast_cell else None


def populations(model) -> tuple[Population, ...]:
    """Return the four kinds of agents of a model, as views of its tables."""
    standing = model.standing
    return (
        Population(
            model, Farmer, model.households, model.shops, cell_of=standing.farm_cells, decides=()
        ),
        Population(
            model,
            MigrantWorker,
            model.people,
            cell_of=standing.work_cells,
            exists=standing.away,
            decides=("place", "born", "dies", "leaves"),
        ),
        Population(model, LogisticsHub, model.hubs, cell_of=standing.hub_cells, decides=()),
        Population(model, UrbanBuyer, model.buyers, cell_of=standing.buyer_cells, decides=()),
    )


__all__ = ["Standing", "populations"]
