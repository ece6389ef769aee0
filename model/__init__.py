"""The world that agents meet in: region, series, goods, land, labour, trade, and the books."""

from model.ruralurban import RuralUrbanModel
from model.scenario import Scenario, load_scenario

__all__ = ["RuralUrbanModel", "Scenario", "load_scenario"]
