"""Booking the month: every payment of the model goes through here into the ledger.

Sectors without agents of their own (firms, wholesalers, the state) pass on each month what they
take in, by stated shares; their tills are the ledger's balances.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.base.parts import Part
from agents.migrant.lives import (
    BROUGHT,
    LIVING_COAST,
    LIVING_SEAT,
    PAID_COAST,
    PAID_SEAT,
    REMITTED,
)
from model.ledger import Sector

#: Ledger line -> column of Households of the same money.
HOUSEHOLD_COLUMNS = {
    "farm_sale": "farm_sale",
    "own_use": "own_use",
    "shop_supply": "shop_supply",
    "livestock_sale": "livestock_sale",
    "inputs": "inputs",
    "machine": "machine",
    "clearing": "clearing",
    "rent": "rent_paid",
    "wage_local": "wage_local",
    "business": "business",
    "wage_seat_resident": "wage_seat",
    "subsidy": "subsidy",
    "pension": "pension",
    "tax": "tax",
    "deposit_interest": "deposit_interest",
    "compensation_household": "compensation",
    "food": "food",
    "services": "services",
    "retail": "retail",
    "parcels": "parcels",
    "loan": "loan",
    "repayment": "repayment",
    "interest": "interest",
    "bequest": "bequest",
}

#: Columns that count as inflow of cash, and as outflow; the rest move no money.
FLOW_COLUMNS = tuple(
    dict.fromkeys(
        [
            *HOUSEHOLD_COLUMNS.values(),
            "rent_received",
            "wage_shop",
            "retail_pay",
            "remittance",
            "brought_home",
            "write_off",
        ]
    )
)


def book_households(model) -> None:
    """Book what households and their members away paid and received."""
    t = model.households

    def book(part: Part) -> None:
        own = slice(part.first_household, part.end_household)
        weight, county = t.weight[own], t.county[own]
        for line, column in HOUSEHOLD_COLUMNS.items():
            model.ledger.book_column(line, getattr(t, column)[own], weight, county)

    model.parts.each(book)
    for line, row in (
        ("wage_coast", PAID_COAST),
        ("wage_seat_absent", PAID_SEAT),
        ("living_cost_coast", LIVING_COAST),
        ("living_cost_seat", LIVING_SEAT),
        ("remittance", REMITTED),
        ("brought_home", BROUGHT),
    ):
        model.ledger.book(line, model.paid[row])


def book_cities(model, invested: NDArray[np.float64]) -> None:
    """Book wages, output and spending of the seats; urban households spend what they earn.

    Counties that share a seat share its books by their urban residents.
    """
    ledger, seats, city = model.ledger, model.seats, model.params["city"]
    share = model.region_share
    natives = share(model.native_jobs * seats.wage)
    ledger.book("wage_seat_urban", natives)
    ledger.book("pension_urban", city.native_transfers * natives)
    ledger.book("city_export", share(seats.output))
    ledger.book("city_investment", share(invested))
    ledger.book("seat_services", share(model.seat_services))
    purse = ledger.tills[Sector.URBAN] + ledger.net(Sector.URBAN)
    local = city.local_spending * np.maximum(purse, 0.0)
    ledger.book("urban_services", local)
    ledger.book("urban_import", np.maximum(purse, 0.0) - local)
    model.local_demand = local + ledger.booked("food") + ledger.booked("services")
    model.shops_bill = ledger.booked("hired_county").copy()


def book_firms(model) -> None:
    """Book what firms without agents pass on: local firms, suppliers, wholesalers, employers."""
    ledger, local = model.ledger, model.params["local"]
    ledger.book("local_demand_outside", model.firms_bill)
    margin = ledger.net(Sector.LOCAL)
    ledger.book("local_inputs", np.maximum(margin, 0.0) * (1.0 - local.profit))
    ledger.book("supplies", ledger.net(Sector.SUPPLIERS))
    traded = ledger.net(Sector.WHOLESALE)
    ledger.book("wholesale_export", np.maximum(-traded, 0.0))
    ledger.book("wholesale_import", np.maximum(traded, 0.0))
    ledger.book("coast_output", ledger.booked("wage_coast"))


def book_state(model) -> None:
    """Balance the governments by transfers: county from above, above from outside."""
    ledger = model.ledger
    ledger.book("grant_county", -ledger.net(Sector.GOVERNMENT))
    ledger.book("grant_outside", -ledger.net(Sector.STATE))


def book_dividends(model) -> None:
    """Pay out December's profits of local firms, city firms and the platform."""
    ledger, share = model.ledger, model.params["city"].dividend_urban
    for name, sector in (("local", Sector.LOCAL), ("city", Sector.CITY)):
        held = ledger.tills[sector] + ledger.net(sector)
        profit = np.maximum(held, 0.0)
        ledger.book(f"dividend_{name}_urban", share * profit)
        ledger.book(f"dividend_{name}_outside", (1.0 - share) * profit)
    held = ledger.tills[Sector.PLATFORM] + ledger.net(Sector.PLATFORM)
    ledger.book("dividend_platform", np.maximum(held, 0.0))
