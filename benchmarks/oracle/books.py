"""The books of the oracle: yuan by line of the chart of accounts and county, in plain dicts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from benchmarks.oracle.objects import Household
from model.accounts import HOUSEHOLD_COLUMNS
from model.ledger import FLOWS, Sector


class Books:
    """Flows of the month, (line, county) -> yuan, and tills since the start, (sector, county)."""

    def __init__(self, counties: int):
        self.counties = range(counties)
        self.flows: dict[tuple[str, int], float] = defaultdict(float)
        self.tills: dict[tuple[Sector, int], float] = defaultdict(float)

    def open_month(self) -> None:
        """Start a new month: no flow booked yet."""
        self.flows.clear()

    def book(self, line: str, county: int, yuan: float) -> None:
        """Book ``yuan`` at full scale in a county."""
        self.flows[line, county] += yuan

    def book_at(self, line: str, household: Household, yuan: float) -> None:
        """Book what one household pays or gets, at its own size."""
        if yuan != 0.0:
            self.book(line, household.county.row, yuan * household.weight)

    def net(self, sector: Sector, county: int) -> float:
        """Return this month's inflow less outflow of a sector in a county."""
        got = sum(self.flows[flow.name, county] for flow in FLOWS if flow.payee == sector)
        return got - sum(self.flows[flow.name, county] for flow in FLOWS if flow.payer == sector)

    def held(self, sector: Sector, county: int) -> float:
        """Return what a sector has taken in less paid out since the start, this month included."""
        return self.tills[sector, county] + self.net(sector, county)

    def close_month(self) -> None:
        """Carry this month's flows into the tills."""
        for flow in FLOWS:
            for county in self.counties:
                self.tills[flow.payee, county] += self.flows[flow.name, county]
                self.tills[flow.payer, county] -= self.flows[flow.name, county]


def book_month(world: Any, december: bool) -> None:
    """Book what households, seats, firms and governments paid and received."""
    books = world.books
    for household in world.households:
        for line, column in HOUSEHOLD_COLUMNS.items():
            books.book_at(line, household, getattr(household, column))
    world.book_trade()
    book_cities(world)
    for county in books.counties:
        book_firms(world, county)
        if december:
            book_dividends(world, county)
        books.book("grant_county", county, -books.net(Sector.GOVERNMENT, county))
        books.book("grant_outside", county, -books.net(Sector.STATE, county))
    books.close_month()


def book_cities(world: Any) -> None:
    """Book wages, output and spending of the seats; urban households spend what they earn."""
    books = world.books
    for county in world.counties:
        seat, share = world.seats[county.seat], county.urban_share
        earned = share * seat.native_jobs * seat.wage
        books.book("wage_seat_urban", county.row, earned)
        books.book("pension_urban", county.row, world.params["city"].native_transfers * earned)
        books.book("city_export", county.row, share * seat.output)
        books.book("city_investment", county.row, share * seat.invested)
        books.book("seat_services", county.row, share * seat.services)
        purse = max(0.0, books.held(Sector.URBAN, county.row))
        local = world.params["city"].local_spending * purse
        books.book("urban_services", county.row, local)
        books.book("urban_import", county.row, purse - local)
        rural = books.flows["food", county.row] + books.flows["services", county.row]
        county.local_demand = local + rural
        county.shops_bill = books.flows["hired_county", county.row]


def book_firms(world: Any, county: int) -> None:
    """Book what firms without agents pass on."""
    books = world.books
    books.book("local_demand_outside", county, world.counties[county].firms_bill)
    margin = max(0.0, books.net(Sector.LOCAL, county))
    books.book("local_inputs", county, margin * (1.0 - world.params["local"].profit))
    books.book("supplies", county, books.net(Sector.SUPPLIERS, county))
    traded = books.net(Sector.WHOLESALE, county)
    line = "wholesale_import" if traded > 0.0 else "wholesale_export"
    books.book(line, county, abs(traded))
    books.book("coast_output", county, books.flows["wage_coast", county])


def book_dividends(world: Any, county: int) -> None:
    """Pay out December's profits of local firms, city firms and the platform."""
    books, share = world.books, world.params["city"].dividend_urban
    for name, sector in (("local", Sector.LOCAL), ("city", Sector.CITY)):
        profit = max(0.0, books.held(sector, county))
        books.book(f"dividend_{name}_urban", county, share * profit)
        books.book(f"dividend_{name}_outside", county, (1.0 - share) * profit)
    profit = max(0.0, books.held(Sector.PLATFORM, county))
    books.book("dividend_platform", county, profit)
