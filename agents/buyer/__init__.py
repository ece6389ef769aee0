"""Urban buyers: groups of online shoppers at the coast and at the region's seats."""

from agents.base.views import View
from agents.buyer.state import UrbanBuyers


class UrbanBuyer(View, tables=(UrbanBuyers,)):
    """A group of online shoppers, in the cell of its seat or of the coast."""


__all__ = ["UrbanBuyer"]
