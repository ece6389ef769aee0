"""The offline market: wholesale prices lead, the farm gate follows; what is sold, lost, held back.

Traders carry crops to the cities outside. The farm gate is the price there less margin and
freight; how far regional supply presses it down, within the band between export and import
parity, depends on the harvest relative to the base year (FACTS F23: the farm price follows).
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.base import Group, Parameter
from agents.base.compiled import compiled, rule
from agents.hub.rules import survival
from model.goods import GOODS, MadeBy

Floats = NDArray[np.float64]
RICE = GOODS.index("rice")
_MONTHS = 12


class Offline(Group):
    """Parameters of traders, long-haul freight, spoilage and holding back."""

    rice_over_floor: Annotated[
        float,
        Parameter(
            1.0,
            1.1,
            "ratio",
            "market price of paddy over the floor price",
            "MODEL 4, land",
            "assumption",
            hard_low=0.1,
        ),
    ] = 1.05
    margin: Annotated[
        float,
        Parameter(
            0.08,
            0.3,
            "share of wholesale price",
            "of the trader at origin",
            "parameters.csv trade.wholesale_margin: chain studies",
            "literature",
            "memory medium",
            hard_high=0.95,
        ),
    ] = 0.15
    tonne_km: Annotated[
        float,
        Parameter(
            0.3,
            0.7,
            "yuan/t km",
            "full truck, long haul",
            "parameters.csv trade.freight_tonne_km",
            "literature",
            "memory medium",
        ),
    ] = 0.45
    part_load: Annotated[
        float,
        Parameter(
            0.3,
            0.5,
            "share",
            "dearer in part loads",
            "parameters.csv trade.freight_part_load_premium",
            "literature",
            "page",
        ),
    ] = 0.4
    truck_speed: Annotated[
        float,
        Parameter(
            30,
            70,
            "km/h",
            "by which travel minutes become km",
            "judgement",
            "assumption",
            hard_low=1.0,
        ),
    ] = 45.0
    band_start: Annotated[
        float,
        Parameter(
            0.0,
            1.0,
            "share",
            "place of the base year's price between export parity (0) and import parity (1)",
            "judgement: a region that sells out",
            "assumption",
            hard_high=1.0,
        ),
    ] = 0.25
    supply_elasticity: Annotated[
        float,
        Parameter(
            0.2, 1.5, "elasticity", "of that place to regional supply", "judgement", "assumption"
        ),
    ] = 0.5
    wait_days: Annotated[
        float,
        Parameter(1, 4, "days", "that perishables wait for the trader", "judgement", "assumption"),
    ] = 2.0
    dump_below: Annotated[
        float,
        Parameter(
            0.0,
            0.3,
            "yuan/kg",
            "price under which a crop is not carried to market",
            "judgement",
            "assumption",
        ),
    ] = 0.1
    storing: Annotated[
        float,
        Parameter(
            0.01,
            0.06,
            "yuan/kg a month",
            "of holding a storable crop at home",
            "judgement",
            "assumption",
        ),
    ] = 0.02
    impatience: Annotated[
        float,
        Parameter(
            0.03, 0.2, "1/year", "interest that waiting must earn", "judgement", "assumption"
        ),
    ] = 0.06
    longest_wait: Annotated[
        int,
        Parameter(2, 12, "months", "that a harvest is held back", "judgement", "assumption"),
    ] = 6


class Disposal(NamedTuple):
    """Farm kg by good at full scale: what became of the month's harvest after own use and shops."""

    sold: Floats
    spoiled: Floats
    dumped: Floats
    held: Floats  #: change of what is held back


@compiled
def parity(wholesale, freight, margin):
    """Return export and import parity at the farm gate, yuan/kg.

    ``W (1 - m) - f`` and ``W (1 - m) + f``: W the price outside, m the trader's margin, f freight.
    """
    local = wholesale * (1.0 - margin)
    return max(0.0, local - freight), local + freight


@rule
def band_place(start, supply_ratio, elasticity):
    """Return the place of the price in the band: ``clip(start (S / S0)^-e, 0, 1)``.

    S / S0 is regional supply of the last 12 months relative to the base year (assumption).
    """
    if supply_ratio <= 0.0:
        return 1.0
    return min(1.0, max(0.0, start * supply_ratio ** (-elasticity)))


@compiled
def long_freight(minutes, coast_km, p):
    """Return freight to the cities outside, yuan/kg: ``rate (1 + part load) km / 1000``.

    km from travel minutes to the gateway and from there to the coast.
    """
    km = minutes / 60.0 * p.truck_speed + coast_km
    return p.tonne_km * (1.0 + p.part_load) * km / 1000.0


@compiled
def worth_waiting(price, expected, p):
    """Tell whether to hold a storable crop back for half of the longest wait.

    It is, where the expected price (mean of the last year, yuan/kg) is over today's by more than
    storage and interest.
    """
    months = 0.5 * p.longest_wait
    return expected - p.storing * months > price * (1.0 + p.impatience * months / 12.0)


@compiled
def may_wait(good, storable):
    """Tell whether a crop can be held back: it keeps, and no floor price of the state supports it.

    Who grows grain under a floor price sells at harvest: the state buys then and does not pay more
    for waiting (assumption).
    """
    return storable == 1 and good != RICE


@compiled
def _sell(households, goods, harvest_kg, price, expected, keeps, month, p, out):
    """Sell, hold back or lose what is left of the harvest; ``out`` (4, G) as in ``Disposal``."""
    for h in range(households.uid.shape[0]):
        w, c = households.weight[h], households.county[h]
        for g in range(price.shape[1]):
            kg = harvest_kg[h, g]
            stored = households.held[h] > 0.0 and households.held_good[h] == g
            if kg <= 0.0 and not stored:
                continue
            harvest_kg[h, g] = 0.0
            if may_wait(g, goods.storable[g]):
                kg = _hold_back(households, h, g, kg, price[c, g], expected[c, g], month, p, out)
            if price[c, g] <= p.dump_below:
                out[2, g] += kg * w
                continue
            sold = kg * keeps[g]
            out[0, g] += sold * w
            out[1, g] += (kg - sold) * w
            households.farm_sale[h] += sold * price[c, g]


@compiled
def _set_farm_gate(minutes, coast_km, wholesale, place, farm_gate, p):
    """Fill ``farm_gate`` (C, G): at its ``place`` (G,) in the band between import and export."""
    for c in range(farm_gate.shape[0]):
        freight = long_freight(minutes[c], coast_km, p)
        for g in range(farm_gate.shape[1]):
            low, high = parity(wholesale[g], freight, p.margin)
            farm_gate[c, g] = low + (high - low) * place[g]


@compiled
def _hold_back(households, h, g, kg, price, expected, month, p, out):
    """Return the kg offered now out of this month's and what was held; one good at a time."""
    w, before = households.weight[h], households.held[h]
    if before > 0.0 and households.held_good[h] != g:
        return kg
    overdue = before > 0.0 and month - households.held_since[h] >= p.longest_wait
    if worth_waiting(price, expected, p) and not overdue:
        if before == 0.0:
            households.held_good[h], households.held_since[h] = g, month
        households.held[h] = before + kg
        out[3, g] += kg * w
        return 0.0
    households.held[h] = 0.0
    out[3, g] -= before * w
    return kg + before


class OfflineMarket:
    """Farm-gate prices by county and good, and the sale of harvests.

    farm_gate : (C, G) yuan per farm kg this month. expected : (C, G) its mean over about a year.
    """

    def __init__(self, model: Any):
        villages, counties = model.villages, len(model.region.counties)
        share = villages.weight * villages.size
        total = np.maximum(np.bincount(villages.county, share, counties), 1e-300)
        minutes = np.bincount(villages.county, share * villages.minutes_gateway, counties) / total
        self.minutes: Floats = minutes
        self.supply: Floats = np.zeros((_MONTHS, len(GOODS)))
        self.base: Floats = np.zeros(len(GOODS))
        self.place: Floats = np.full(len(GOODS), model.params["offline"].band_start)
        self.farm_gate: Floats = np.zeros((counties, len(GOODS)))
        self._set_prices(model)
        self.expected: Floats = self.farm_gate.copy()

    def update(self, model: Any, supply_kg: Floats) -> None:
        """Set this month's farm gate. supply_kg : (G,) farm kg harvested in the region this month.

        The base year is the first twelve months; until it is known the price keeps its place.
        """
        p = model.params["offline"]
        self.supply[model.month % _MONTHS] = supply_kg
        if model.month == _MONTHS - 1:
            self.base[:] = self.supply.sum(axis=0)
        elif model.month >= _MONTHS:
            year = self.supply.sum(axis=0)
            for g in np.flatnonzero(self.base > 0.0):
                self.place[g] = band_place(
                    p.band_start, year[g] / self.base[g], p.supply_elasticity
                )
        self._set_prices(model)
        # the exponential mean of agents.farmer.shops.smoothed
        self.expected += (self.farm_gate - self.expected) / _MONTHS

    def _set_prices(self, model: Any) -> None:
        p, goods = model.params["offline"], model.goods
        _set_farm_gate(
            self.minutes, model.region.coast_km, goods.wholesale, self.place, self.farm_gate, p
        )
        rice = model.series.rice_price[max(model.month, 0)]
        self.farm_gate[:, RICE] = p.rice_over_floor * rice

    def sell(self, model: Any, harvest_kg: Floats) -> Disposal:
        """Sell harvest_kg (H, G), what is left after own use and shops; it is emptied.

        Fills ``households.farm_sale``. Perishables and grain with a floor price do not
        wait; another storable crop is held back while the expected price promises more than
        storage and interest cost.
        """
        p, goods = model.params["offline"], model.goods
        temperature = model.params["climate"][model.month % _MONTHS]
        keeps = np.array(
            [
                1.0
                if goods.storable[g] or goods.made_by[g] != MadeBy.CROP
                else survival(goods.decay[g], goods.q10[g], temperature, p.wait_days)
                for g in range(len(GOODS))
            ]
        )
        out = np.zeros((4, len(GOODS)))
        _sell(
            model.households,
            goods,
            harvest_kg,
            self.farm_gate,
            self.expected,
            keeps,
            model.month,
            p,
            out,
        )
        return Disposal(*out)
