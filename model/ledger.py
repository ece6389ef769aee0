"""The books: every yuan, person, mu and kilogram booked once.

``FLOWS`` is the chart of accounts: each line is a kind of payment from one sector to another, and
no money moves in the model except along one of them. Stocks (cash of households, savings of
migrants, tills of hubs) are changed by the rules and measured apart from the books, so that

    opening + inflow - outflow = closing

can fail; ``Ledger.check`` tests it for every sector each month and raises ``LedgerBreach``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from model.calendar import month_name
from model.errors import LedgerBreach

TOLERANCE = 1e-9


class Sector(IntEnum):
    """Who holds money (MODEL 6). Only the first three hold it in agents' own columns."""

    RURAL = 0
    ABSENT = 1
    CARRIERS = 2
    URBAN = 3
    COAST_BUYERS = 4
    RETAIL = 5
    LOCAL = 6
    CITY = 7
    COAST = 8
    PLATFORM = 9
    WHOLESALE = 10
    SUPPLIERS = 11
    COLLECTIVE = 12
    GOVERNMENT = 13
    STATE = 14
    BANK = 15
    OUTSIDE = 16


SECTOR_MEANING = {
    Sector.RURAL: "rural households, resident members",
    Sector.ABSENT: "members away, their own purse",
    Sector.CARRIERS: "hubs and carriers of the region",
    Sector.URBAN: "urban households of the region's seats",
    Sector.COAST_BUYERS: "buyers outside the region",
    Sector.RETAIL: "village retail",
    Sector.LOCAL: "local firms and services",
    Sector.CITY: "city firms of the seats",
    Sector.COAST: "employers at the coast",
    Sector.PLATFORM: "e-commerce platform",
    Sector.WHOLESALE: "wholesalers and processors",
    Sector.SUPPLIERS: "suppliers of inputs, machines and packing",
    Sector.COLLECTIVE: "village collectives",
    Sector.GOVERNMENT: "county government",
    Sector.STATE: "government above the county",
    Sector.BANK: "bank",
    Sector.OUTSIDE: "outside the region",
}


@dataclass(frozen=True)
class Flow:
    """One line of the chart of accounts: ``payer`` pays ``payee`` for ``kind``."""

    name: str
    kind: str
    payer: Sector
    payee: Sector


def _chart() -> tuple[Flow, ...]:
    s = Sector
    lines = [
        # farming
        ("farm_sale", "farm_sale", s.WHOLESALE, s.RURAL),
        ("own_use", "in_kind", s.RURAL, s.RURAL),
        ("shop_supply", "in_kind", s.RURAL, s.RURAL),
        ("livestock_sale", "farm_sale", s.WHOLESALE, s.RURAL),
        ("inputs", "input", s.RURAL, s.SUPPLIERS),
        ("machine", "machine", s.RURAL, s.SUPPLIERS),
        ("clearing", "machine", s.RURAL, s.SUPPLIERS),
        ("rent", "rent_land", s.RURAL, s.RURAL),
        # work
        ("wage_local", "wage_local", s.LOCAL, s.RURAL),
        ("business", "wage_local", s.LOCAL, s.RURAL),
        ("retail_pay", "retail", s.RETAIL, s.RURAL),
        ("wage_seat_resident", "wage_city", s.CITY, s.RURAL),
        ("wage_seat_absent", "wage_city", s.CITY, s.ABSENT),
        ("wage_seat_urban", "wage_city", s.CITY, s.URBAN),
        ("wage_coast", "wage_coast", s.COAST, s.ABSENT),
        ("living_cost_seat", "living_cost_away", s.ABSENT, s.LOCAL),
        ("living_cost_coast", "living_cost_away", s.ABSENT, s.OUTSIDE),
        ("remittance", "remittance", s.ABSENT, s.RURAL),
        ("brought_home", "brought_home", s.ABSENT, s.RURAL),
        # the state and land
        ("subsidy", "subsidy", s.STATE, s.RURAL),
        ("pension", "pension", s.STATE, s.RURAL),
        ("pension_urban", "pension", s.STATE, s.URBAN),
        ("tax", "tax", s.RURAL, s.GOVERNMENT),
        ("compensation_household", "compensation_household", s.GOVERNMENT, s.RURAL),
        ("compensation_village", "compensation_village", s.GOVERNMENT, s.COLLECTIVE),
        ("land_sale", "land_sale", s.CITY, s.GOVERNMENT),
        ("demolition", "transfer", s.GOVERNMENT, s.CITY),
        ("infrastructure_city", "infrastructure", s.GOVERNMENT, s.CITY),
        ("infrastructure_roads", "infrastructure", s.GOVERNMENT, s.LOCAL),
        ("infrastructure_hubs", "infrastructure", s.GOVERNMENT, s.CARRIERS),
        ("programme", "infrastructure", s.STATE, s.CARRIERS),
        ("training", "infrastructure", s.STATE, s.LOCAL),
        ("grant_outside", "subsidy", s.OUTSIDE, s.STATE),
        ("grant_county", "subsidy", s.STATE, s.GOVERNMENT),
        # spending
        ("food", "retail", s.RURAL, s.LOCAL),
        ("services", "retail", s.RURAL, s.LOCAL),
        ("retail", "retail", s.RURAL, s.RETAIL),
        ("retail_stock", "import", s.RETAIL, s.WHOLESALE),
        ("wholesale_import", "import", s.WHOLESALE, s.OUTSIDE),
        ("wholesale_export", "export", s.OUTSIDE, s.WHOLESALE),
        ("parcels", "retail", s.RURAL, s.PLATFORM),
        ("parcel_goods", "import", s.PLATFORM, s.OUTSIDE),
        ("parcel_delivery", "freight_first", s.PLATFORM, s.CARRIERS),
        ("station_pay", "commission", s.CARRIERS, s.RURAL),
        ("urban_services", "retail", s.URBAN, s.LOCAL),
        ("seat_services", "retail", s.LOCAL, s.CITY),
        ("urban_import", "import", s.URBAN, s.OUTSIDE),
        ("supplies", "import", s.SUPPLIERS, s.OUTSIDE),
        ("local_inputs", "import", s.LOCAL, s.OUTSIDE),
        ("local_demand_outside", "export", s.OUTSIDE, s.LOCAL),
        ("city_export", "export", s.OUTSIDE, s.CITY),
        ("coast_output", "export", s.OUTSIDE, s.COAST),
        # selling online
        ("buyers_funds", "import", s.OUTSIDE, s.COAST_BUYERS),
        ("shop_revenue_coast", "shop_revenue", s.COAST_BUYERS, s.RURAL),
        ("shop_revenue_urban", "shop_revenue", s.URBAN, s.RURAL),
        ("refund_coast", "refund", s.RURAL, s.COAST_BUYERS),
        ("refund_urban", "refund", s.RURAL, s.URBAN),
        ("shop_goods_wholesale", "input", s.RURAL, s.WHOLESALE),
        ("shop_goods_local", "input", s.RURAL, s.LOCAL),
        ("packing", "input", s.RURAL, s.SUPPLIERS),
        ("freight_first", "freight_first", s.RURAL, s.CARRIERS),
        ("freight_line", "freight_line", s.RURAL, s.CARRIERS),
        ("line_haul", "freight_line", s.CARRIERS, s.OUTSIDE),
        ("storage", "storage", s.RURAL, s.CARRIERS),
        ("commission", "commission", s.RURAL, s.PLATFORM),
        ("ad_fee", "ad_fee", s.RURAL, s.PLATFORM),
        ("hired", "wage_local", s.RURAL, s.RURAL),
        ("hired_county", "wage_local", s.RURAL, s.LOCAL),
        ("entry_cost", "investment", s.RURAL, s.SUPPLIERS),
        ("hub_wages", "wage_local", s.CARRIERS, s.LOCAL),
        ("hub_investment", "investment", s.CARRIERS, s.OUTSIDE),
        # finance
        ("city_investment", "investment", s.CITY, s.OUTSIDE),
        ("dividend_city_urban", "dividend", s.CITY, s.URBAN),
        ("dividend_city_outside", "dividend", s.CITY, s.OUTSIDE),
        ("dividend_local_urban", "dividend", s.LOCAL, s.URBAN),
        ("dividend_local_outside", "dividend", s.LOCAL, s.OUTSIDE),
        ("dividend_hubs_urban", "dividend", s.CARRIERS, s.URBAN),
        ("dividend_hubs_outside", "dividend", s.CARRIERS, s.OUTSIDE),
        ("dividend_platform", "dividend", s.PLATFORM, s.OUTSIDE),
        ("hub_capital", "loan", s.OUTSIDE, s.CARRIERS),
        ("deposit_interest", "interest", s.BANK, s.RURAL),
        ("interest", "interest", s.RURAL, s.BANK),
        ("loan", "loan", s.BANK, s.RURAL),
        ("repayment", "repayment", s.RURAL, s.BANK),
        ("bequest", "transfer", s.RURAL, s.COLLECTIVE),
    ]
    return tuple(Flow(*line) for line in lines)


FLOWS = _chart()
INDEX = {flow.name: i for i, flow in enumerate(FLOWS)}
_PAYER = np.array([f.payer for f in FLOWS])
_PAYEE = np.array([f.payee for f in FLOWS])
_PAID_BY = {sector: np.flatnonzero(_PAYER == sector) for sector in Sector}
_PAID_TO = {sector: np.flatnonzero(_PAYEE == sector) for sector in Sector}


@compiled
def county_sums(column, weight, county, out):
    """Add ``column * weight`` (per household) to ``out`` (per county)."""
    if column.shape[0] == 0:
        return
    at, total = county[0], out[county[0]]  # the county at hand: households of one lie together
    for i in range(column.shape[0]):
        if county[i] != at:
            out[at] = total
            at, total = county[i], out[county[i]]
        total += column[i] * weight[i]
    out[at] = total


@compiled
def _carry(flows, amount, payer, payee, balance, tills, turnover):
    """Add flows of a month, (F, C) and their ``amount`` (F,), to what payers and payees have."""
    turnover[:] = 0.0
    for f in range(amount.shape[0]):
        balance[payee[f]] += amount[f]
        turnover[payee[f]] += abs(amount[f])
        for c in range(flows.shape[1]):
            tills[payee[f], c] += flows[f, c]
    for f in range(amount.shape[0]):
        balance[payer[f]] -= amount[f]
        turnover[payer[f]] += abs(amount[f])
        for c in range(flows.shape[1]):
            tills[payer[f], c] -= flows[f, c]


class Ledger:
    """Flows of the month by county, and the balance of every sector since the start.

    flows : (flow, county) yuan of this month, at full scale.
    balance : (sector,) yuan; for sectors whose money lies in agents' columns it is what the
        columns must show.
    tills : (sector, county) yuan taken in less paid out since the start.
    """

    def __init__(self, counties: int, opening: dict[Sector, float] | None = None):
        self.flows: NDArray[np.float64] = np.zeros((len(FLOWS), counties))
        self.total: NDArray[np.float64] = np.zeros((len(FLOWS), counties))
        self.balance: NDArray[np.float64] = np.zeros(len(Sector))
        self.tills: NDArray[np.float64] = np.zeros((len(Sector), counties))
        self.turnover: NDArray[np.float64] = np.zeros(len(Sector))
        for sector, yuan in (opening or {}).items():
            self.balance[sector] = yuan
        self.balance[Sector.OUTSIDE] -= self.balance.sum()
        self.worst_breach = 0.0

    def open_month(self) -> None:
        """Start a new month: no flow booked yet."""
        self.flows[:] = 0.0

    def book(self, flow: str, yuan: NDArray[np.float64] | float, county: int | None = None) -> None:
        """Book ``yuan`` along ``flow``: an array by county, or one amount in ``county``."""
        row = self.flows[INDEX[flow]]
        if county is None:
            row += yuan
        else:
            row[county] += float(np.asarray(yuan))

    def book_column(
        self, flow: str, column: NDArray, weight: NDArray, county: NDArray[np.int16]
    ) -> None:
        """Book a column of amounts per household (own size) scaled by its ``weight``."""
        county_sums(column, weight, county, self.flows[INDEX[flow]])

    def booked(self, flow: str) -> NDArray[np.float64]:
        """Return this month's yuan by county along ``flow``."""
        return self.flows[INDEX[flow]]

    def net(self, sector: Sector) -> NDArray[np.float64]:
        """Return this month's inflow less outflow of ``sector`` by county."""
        received: NDArray[np.float64] = self.flows[_PAID_TO[sector]].sum(axis=0)
        return received - self.flows[_PAID_BY[sector]].sum(axis=0)

    def close_month(self) -> None:
        """Carry this month's flows into the balances."""
        amount = self.flows.sum(axis=1)
        _carry(self.flows, amount, _PAYER, _PAYEE, self.balance, self.tills, self.turnover)
        self.total += self.flows

    def check_money(self, month: int, stocks: dict[Sector, float]) -> None:
        """Compare the balance of each sector in ``stocks`` with the money its agents hold.

        Raises LedgerBreach where they differ by more than 1e-9 of the larger of the stock, the
        turnover of the month and one yuan. The next month opens with what is held, so that rounding
        does not add up over the years.
        """
        for sector, held in stocks.items():
            breach = held - self.balance[sector]
            self.check("money", month, sector.name, breach, self.turnover[sector], held)
            self.balance[sector] = held
            self.balance[Sector.OUTSIDE] -= breach
        self.check("money of all sectors", month, "all", self.balance.sum(), self.turnover.sum())

    def check(self, identity: str, month: int, sector: str, breach: float, *sizes: float) -> None:
        """Raise LedgerBreach unless ``|breach|`` is at most 1e-9 of the largest of ``sizes``, 1."""
        scale = max([1.0, *(abs(float(size)) for size in sizes)])
        self.worst_breach = max(self.worst_breach, abs(breach) / scale)
        if not abs(breach) <= TOLERANCE * scale:
            raise LedgerBreach(identity, month_name(month), sector, float(breach), scale)
