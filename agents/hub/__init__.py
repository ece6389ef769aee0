"""Logistics hubs: the sorting centre of a county, its routes, tariffs and stations."""

from agents.base.views import View
from agents.hub.state import Hubs


class LogisticsHub(View, tables=(Hubs,)):
    """The hub of a seat, in the seat's cell."""


__all__ = ["LogisticsHub"]
