"""Migrant workers: members of rural households while they live away from the village."""

from agents.base.views import View
from agents.migrant.state import People


class MigrantWorker(View, tables=(People,)):
    """A person who lives at a seat or at the coast, in the cell of that place."""

    def enter(self, cell) -> None:
        """Move to the seat or coast whose cell this is. Raises ValueError for any other cell."""
        place = self.model.place_at(cell)
        if place is None:
            raise ValueError("a MigrantWorker can only move to a seat or to the coast")
        self.place = place


__all__ = ["MigrantWorker"]
