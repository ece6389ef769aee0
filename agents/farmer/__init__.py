"""Farmers: the contract households of 2003, their land, their budget, their shop."""

from agents.base.views import View
from agents.farmer.state import Households, Shops


class Farmer(View, tables=(Households, Shops)):
    """A contract household, in the cell of its village."""


__all__ = ["Farmer"]
