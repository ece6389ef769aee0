"""What the arrays and the oracle disagree on, column by column."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.base.tables import Table, columns
from agents.kinds import NOBODY
from benchmarks.oracle.world import OracleModel
from model.ledger import FLOWS, INDEX, Sector
from model.ruralurban import RuralUrbanModel

#: The smallest amount that money is compared with, yuan (or days, kg, parcels).
UNIT = 1.0
#: Lines of the ledger that pass on what is left in a till.
BALANCING = (
    "grant_county",
    "grant_outside",
    "supplies",
    "wholesale_import",
    "wholesale_export",
    "local_inputs",
    "urban_import",
    "dividend_local_urban",
    "dividend_local_outside",
    "dividend_city_urban",
    "dividend_city_outside",
    "dividend_platform",
)


class Difference(NamedTuple):
    """A column in which arrays and oracle differ, and by how much at worst (relative)."""

    column: str
    row: int
    arrays: float
    oracle: float
    relative: float
    exact: bool  #: a count, place or choice, which must be equal


def differences(model: RuralUrbanModel, oracle: OracleModel, tolerance: float) -> list[Difference]:
    """Return the columns that differ: counts at all, other numbers by over ``tolerance``."""
    found = [
        _compare(name, arrays, objects, tolerance)
        for name, arrays, objects in _pairs(model, oracle)
    ]
    found += _books(model, oracle, tolerance)
    return [difference for difference in found if difference is not None]


def _books(
    model: RuralUrbanModel, oracle: OracleModel, tolerance: float
) -> list[Difference | None]:
    """Compare this month's flows and the tills of sectors.

    What lies in a till, and what balances a sector (``BALANCING``), is the small difference of
    large sums, so it is compared relative to what that sector moved.
    """
    ledger, found = model.ledger, []
    for flow in FLOWS:
        scale: Any = UNIT
        if flow.name in BALANCING:
            lines = _lines_of(flow.payer) + _lines_of(flow.payee)
            scale = np.abs(ledger.flows[lines]).sum(axis=0)
        booked = [oracle.books.flows[flow.name, c.row] for c in oracle.counties]
        arrays = ledger.flows[INDEX[flow.name]]
        found.append(_compare(f"ledger {flow.name}", arrays, booked, tolerance, scale))
    for sector in Sector:
        held = [oracle.books.tills[sector, c.row] for c in oracle.counties]
        moved = np.abs(ledger.total[_lines_of(sector)]).sum(axis=0)
        found.append(_compare(f"till {sector.name}", ledger.tills[sector], held, tolerance, moved))
    return found


def _lines_of(sector: Sector) -> list[int]:
    return [INDEX[flow.name] for flow in FLOWS if sector in (flow.payer, flow.payee)]


def _compare(
    name: str, arrays: Any, objects: Any, tolerance: float, scale: Any = UNIT
) -> Difference | None:
    a, b = np.asarray(arrays), np.asarray(objects)
    if a.shape != b.shape:
        raise ValueError(f"{name}: {a.shape} in the arrays, {b.shape} in the oracle")
    exact = a.dtype.kind in "iub"
    x, y = a.astype(float).ravel(), b.astype(float).ravel()
    size = np.maximum(scale, np.maximum(np.abs(x), np.abs(y)))
    gap = np.abs(x - y) / np.maximum(UNIT, size)
    gap[x == y] = 0.0
    if not gap.size:
        return None
    worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
    if (exact and gap[worst] == 0.0) or (not exact and gap[worst] <= tolerance):
        return None
    return Difference(name, worst, float(x[worst]), float(y[worst]), float(gap[worst]), exact)


def _pairs(model: RuralUrbanModel, oracle: OracleModel) -> list[tuple[str, Any, Any]]:
    """Return (name, array, objects' values) of everything that is compared."""
    pairs = _tables(model, oracle)
    for name in (
        "local_wage",
        "local_employment",
        "day_wage",
        "local_demand",
        "shops_bill",
        "weather",
    ):
        pairs.append((name, getattr(model, name), _all(oracle.counties, name)))
    pairs += [
        ("farm_gate", model.offline.farm_gate, _all(oracle.counties, "farm_gate")),
        ("price_expected", model.price_expected, _all(oracle.counties, "price_expected")),
        ("coast_wage", [model.coast_wage], [oracle.coast_wage]),
        ("coast_living", [model.coast_living], [oracle.coast_living]),
        ("at_coast", model.at_place[:, 1], _all(oracle.counties, "at_coast")),
        ("at_seats", model.at_place[:, 2:].sum(axis=0), _all(oracle.seats, "migrants")),
        ("village till", model.retail.till, _all(oracle.villages, "till")),
        ("village commission", model.retail.commission, _all(oracle.villages, "commission")),
        ("expected farm gate", model.offline.expected, _all(oracle.counties, "expected")),
        ("stations.closed", model.freight.stations.closed, _all(oracle.villages, "closed")),
        ("fresh kg of the month", model.freight.fresh_month, _all(oracle.hubs, "fresh_month")),
        ("hub grants", model.hub_grants, _all(oracle.seats, "hub_grants")),
        ("stations.point", model.freight.stations.point, _all(oracle.villages, "point")),
        ("outside workers", model.outside.workers, _all(oracle.seats, "outside_workers")),
        ("known varieties", model.market.known, np.ravel(_all(oracle.counties, "known"))),
        ("sellers elsewhere", model.market.elsewhere, np.ravel(_all(oracle.counties, "elsewhere"))),
    ]
    return pairs


def _tables(model: RuralUrbanModel, oracle: OracleModel) -> list[tuple[str, Any, Any]]:
    pairs: list[tuple[str, Any, Any]] = []
    shops = [household.shop for household in oracle.households]
    kinds: list[tuple[str, Table, list[Any]]] = [
        ("households", model.households, oracle.households),
        ("people", model.people, oracle.people),
        ("plots", model.plots, oracle.plots),
        ("shops", model.shops, shops),
        ("villages", model.villages, oracle.villages),
        ("seats", model.seats, oracle.seats),
        ("hubs", model.hubs, oracle.hubs),
        ("buyers", model.buyers, oracle.buyers),
        ("outsiders", model.outside.table, oracle.outsiders),
        ("crops", model.crops, oracle.crops),
    ]
    for kind, table, things in kinds:
        for name in columns(type(table)):
            pairs.append((f"{kind}.{name}", getattr(table, name), _rows(things, name)))
    return pairs


def _rows(things: list[Any], name: str) -> list[Any]:
    """Return an attribute of all objects; references become rows again."""
    return [_row(getattr(thing, name)) for thing in things]


def _row(value: Any) -> Any:
    if isinstance(value, list):
        return [_row(item) for item in value]
    if value is None:
        return NOBODY
    return getattr(value, "row", value)


def _all(things: list[Any], name: str) -> list[Any]:
    return [getattr(thing, name) for thing in things]


#: Event of the month -> functions of the oracle that do it, in their order.
COVERED: dict[str, str] = {
    "births, deaths, college, coming of age": "people.come_and_go",
    "hub capacity, tariffs, service, stations, programmes": "freight.set_tariffs",
    "expected prices, weather, values of the crops": "land.expect",
    "migration, job loss, families that follow, hukou granted": "people.review, "
    "people.families_join, people.grant_hukou",
    "outside workers who come to the seats": "outside.review",
    "members, residents, workers": "people.count_members, people.count_workers",
    "plans, shadow wage, lease auction, sowing": "land.plan, land.lease_and_sow",
    "farm work, inputs, machines, rent, harvest": "land.work",
    "animals, grain kept and eaten": "land.keep_animals_and_grain",
    "farm-gate prices, offline sale, holding back": "market.set_farm_gate, market.sell_harvest",
    "stock of shops, orders, awareness": "online.stock_shops, online.place_orders",
    "shipping, spoilage, refunds, ratings, hired labour": "online.settle",
    "wages and jobs at seats, coast and in villages": "money.clear_labour_markets",
    "wages, remittances, savings, children away": "money.pay, money.keep_children",
    "subsidies, pensions, taxes": "money.transfer",
    "village retail, its keepers, buying online": "market.pay_keepers, market.offer",
    "consumption, credit, write-offs": "money.spend",
    "delivery of parcels": "market.receive",
    "requisition and what its revenue pays": "yearend.requisition, yearend.spend_land_revenue",
    "idle years and clearing": "yearend.close_year",
    "hubs invest, stations open and close, dividends": "freight.december",
    "training, shops that close and open": "online.enter_and_exit",
    "every line of the ledger": "books.book_month",
}
