"""Extraction and return: what leaves the villages for the city, and what comes back (MODEL 6).

Read from the ledger and the tables at the end of each month, added up by county and year; never
part of village product. Extraction is the value of land above its compensation, what members at
the seats make above their wage, and what villages save and others use. The cost of raising and
schooling those who left is told beside it. At the coast nobody sees what migrants make: their
wages and what they send are told, no surplus is imputed.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base import Group, Parameter
from agents.base.compiled import compiled
from agents.kinds import Place
from model.ledger import Ledger, Sector

Floats = NDArray[np.float64]
_VILLAGE, _COAST, _SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)
#: Age at which work begins, and at which students leave, years; school years before college.
_WORKING_AGE, _COLLEGE_AGE, _SCHOOL_BEFORE = 16.0, 18.0, 12.0


class Raising(Group):
    """Parameters of what it costs to bring up a child in a village."""

    child: Annotated[
        float,
        Parameter(
            600,
            1_800,
            "yuan/year",
            "consumption of a child",
            "judgement: 0.7 of the old poverty line of a person, budget.subsistence",
            hard_low=0.0,
        ),
    ] = 900.0
    school: Annotated[
        float,
        Parameter(
            200,
            1_500,
            "yuan per school year",
            "of schooling, fees and public cost",
            "judgement: rural primary and junior middle schools about 2003-08",
            hard_low=0.0,
        ),
    ] = 600.0


class Item(NamedTuple):
    """One line of the balance; a memo is told beside the totals and in none of them."""

    side: str
    name: str
    meaning: str
    memo: bool = False


ITEMS = (
    Item("extraction", "land_value", "value of land taken, above all compensation"),
    Item("extraction", "labour_surplus", "marginal product less wage of members at the seats"),
    Item("extraction", "saving_lent", "saving of households and villages, lent outside"),
    Item("extraction", "raising", "raising and schooling of those who left", memo=True),
    Item("extraction", "coast_wages", "wages of members at the coast", memo=True),
    Item("return", "remittances", "sent home by members away, from seats and coast"),
    Item("return", "brought_home", "savings of those who came back"),
    Item("return", "online_sales", "paid by online buyers, less every payment out of villages"),
    Item("return", "public_money", "subsidies, pensions, programmes, training, rural roads"),
    Item("return", "consumer_gain", "what buying online saves on tradables"),
    Item("return", "coast_remittances", "of remittances, those from the coast", memo=True),
)
ROW = {item.name: i for i, item in enumerate(ITEMS)}

_ONLINE_PAID = (
    "refund_coast",
    "refund_urban",
    "shop_goods_wholesale",
    "shop_goods_local",
    "packing",
    "freight_first",
    "freight_line",
    "storage",
    "commission",
    "ad_fee",
    "hired_county",
    "entry_cost",
)
_PUBLIC = ("subsidy", "pension", "programme", "training", "infrastructure_roads")


@compiled
def raising_cost(years, school_years, p):
    """Return the cost of bringing up a child for ``years``, ``school_years`` of them at school.

    ``child * years + school * school years``, yuan.
    """
    return p.child * years + p.school * school_years


@compiled
def labour_surplus(pay, marginal, wage):
    """Return what workers paid ``pay`` in all make above it: ``pay (MP / w - 1)``, yuan.

    MP and w are the marginal product and the wage of a standard worker at their seat.
    """
    return pay * (marginal / wage - 1.0)


@compiled
def consumer_gain(spent, index):
    """Return what the spending would have cost more in the village shop: ``E (1 / P - 1)``, yuan.

    E yuan on tradables, P their price index with parcels, village shop = 1.
    """
    return spent * (1.0 / index - 1.0)


@compiled
def add_members(part, people, households, month, marginal, wage, p, out):
    """Add to ``out`` (3, C) of the month: labour surplus, cost of raising, sent from the coast.

    Who goes away to work for the first time, or leaves home for college, has been raised till then.
    """
    for i in range(part.first_person, part.end_person):
        place = people.place[i]
        student = people.leaves[i] == month and people.dies[i] > month
        if not student if place == _VILLAGE else people.wage[i] <= 0.0:
            continue
        h = people.household[i]
        c, weight = households.county[h], households.weight[h]
        if place == _VILLAGE:
            out[1, c] += raising_cost(_COLLEGE_AGE, _SCHOOL_BEFORE, p) * weight
            continue
        if place == _COAST:
            out[2, c] += people.remitted[i] * weight
        else:
            s = place - _SEAT
            out[0, c] += labour_surplus(people.wage[i], marginal[s], wage[s]) * weight
        if people.since[i] == month and people.months_away[i] == 1 and month > 0:
            out[1, c] += raising_cost(_WORKING_AGE, people.schooling[i], p) * weight


@compiled
def add_consumers(households, out):
    """Add to ``out`` (C,) what households gained this month by buying online."""
    for h in range(households.uid.shape[0]):
        if households.parcels[h] > 0.0:
            spent = households.parcels[h] + households.retail[h]
            gain = consumer_gain(spent, households.tradables_index[h])
            out[households.county[h]] += gain * households.weight[h]


def from_ledger(ledger: Ledger) -> dict[str, Floats]:
    """Return item -> yuan by county (C,) of what the month's flows alone tell."""
    flow = ledger.booked
    compensation = flow("compensation_household") + flow("compensation_village")
    saved = ledger.net(Sector.RURAL) + ledger.net(Sector.COLLECTIVE)
    sales = flow("shop_revenue_coast") + flow("shop_revenue_urban")
    return {
        "land_value": flow("land_sale") - compensation,
        "saving_lent": saved - flow("loan") + flow("repayment"),
        "coast_wages": flow("wage_coast").copy(),
        "remittances": flow("remittance").copy(),
        "brought_home": flow("brought_home").copy(),
        "online_sales": sales - sum(flow(line) for line in _ONLINE_PAID),
        "public_money": np.sum([flow(line) for line in _PUBLIC], axis=0),
    }


class Extraction:
    """Extraction and return of a run: years -> (items, C) yuan at full scale."""

    def __init__(self, counties: int):
        self.counties = counties
        self.years: dict[int, Floats] = {}

    def collect(self, model: Any) -> None:
        """Add the month that ``model`` has just finished, from what is written down on."""
        if model.month < model.records.begin:
            return
        year = 2003 + model.month // 12
        total = self.years.setdefault(year, np.zeros((len(ITEMS), self.counties)))
        for name, yuan in from_ledger(model.ledger).items():
            total[ROW[name]] += yuan
        members, gain = np.zeros((3, self.counties)), np.zeros(self.counties)
        seats, p = model.seats, model.params["raising"]
        model.parts.each(
            lambda part: add_members(
                part, model.people, model.households, model.month, seats.marginal, seats.wage, p,
                members,
            )
        )  # fmt: skip
        add_consumers(model.households, gain)
        for name, yuan in (
            ("labour_surplus", members[0]),
            ("raising", members[1]),
            ("coast_remittances", members[2]),
            ("consumer_gain", gain),
        ):
            total[ROW[name]] += yuan

    def table(self, names: list[str]) -> pd.DataFrame:
        """Return year, county, side, item, yuan, memo; ``names`` are those of the counties."""
        rows = [
            (year, county, item.side, item.name, float(yuan[i, c]), item.memo)
            for year, yuan in self.years.items()
            for c, county in enumerate(names)
            for i, item in enumerate(ITEMS)
        ]
        return pd.DataFrame(rows, columns=["year", "county", "side", "item", "yuan", "memo"])

    def totals(self) -> dict[str, float]:
        """Return the region's cumulated yuan: both sides, then each item as SIDE_NAME."""
        yuan = sum(self.years.values(), np.zeros((len(ITEMS), self.counties))).sum(axis=1)
        sides = {
            side: float(sum(y for i, y in zip(ITEMS, yuan, strict=True) if _counts(i, side)))
            for side in ("extraction", "return")
        }
        items = {f"{i.side}_{i.name}": float(y) for i, y in zip(ITEMS, yuan, strict=True)}
        return sides | items


def _counts(item: Item, side: str) -> bool:
    return item.side == side and not item.memo
