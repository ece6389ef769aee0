"""A hand-made market for tests of freight and buying: one hub, two counties, a row of villages."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from agents.base import allocate, identity, lifelong_key, month_key
from agents.farmer.buying import Buying
from agents.farmer.entry import Policy
from agents.farmer.state import Households, Shops
from agents.hub.parameters import Climate, Freight, Hub
from agents.kinds import NOBODY, Kind
from model.carriers import found_hubs
from model.freight import Freight as FreightService
from model.ledger import Ledger
from model.retail import Retail, VillageRetail
from model.rollout import Rollout
from model.switches import Access
from model.villages import Villages

EACH = 10  # households sampled in a village


def tiny_region(
    programme: list[tuple[int, int, str, float]], clusters: dict[int, float]
) -> SimpleNamespace:
    """One prefecture seat for two counties of 400 km2 each; see ``programme`` below.

    clusters : county -> strength of its industrial cluster.
    """
    return SimpleNamespace(
        counties=pd.DataFrame({"area_km2": [400.0, 400.0]}),
        endowment=pd.DataFrame({"county": [*clusters], "cluster": [*clusters.values()]}).astype(
            {"county": int, "cluster": float}
        ),
        county=np.zeros((10, 60), dtype=np.int16),
        seats=pd.DataFrame({"county": [0], "row": [5], "col": [0], "prefecture": [True]}),
        seat_of_county=np.zeros(2, dtype=np.int16),
        x_km=np.arange(60) * 2.0,
        y_km=20.0 - np.arange(10) * 2.0,
        coast_km=500.0,
        programme=pd.DataFrame(
            programme, columns=["county", "month", "kind", "stations_share"]
        ).assign(source="", grade=""),
    )


def _villages(number: int) -> Villages:
    villages = allocate(Villages, number)
    step = np.arange(number)
    for v in step:
        villages.uid[v] = identity(int(Kind.VILLAGE), 0, 0, int(v))
    villages.county[:] = step % 2
    villages.x[:] = 1.0 + step * (60.0 / number)
    villages.y[:] = 10.0
    villages.minutes[:] = 10.0 + step * (140.0 / number)
    villages.size[:], villages.sampled[:], villages.weight[:] = 400.0, EACH / 400.0, 8.0
    villages.first_household[:] = step * EACH
    villages.end_household[:] = (step + 1) * EACH
    return villages


def _households(villages: Villages) -> Households:
    number = len(villages.uid) * EACH
    households = allocate(Households, number)
    for h in range(number):
        households.uid[h] = identity(int(Kind.HOUSEHOLD), 0, 0, h)
    row = np.arange(number)
    households.village[:] = row // EACH
    households.county[:] = villages.county[households.village]
    # as post-stratification leaves them: not all alike
    households.weight[:] = 320.0 * np.where(row % 2, 1.1, 0.9)
    households.residents[:], households.registered[:] = 3, 4
    households.head_age[:] = 30.0 + row % EACH * 4.0
    households.schooling[:] = 6.0 + row % 4
    households.tradables[:] = 250.0
    return households


def tiny_market(
    month: int = 180,
    seed: int = 1,
    villages: int = 20,
    programme: list[tuple[int, int, str, float]] | None = None,
    clusters: dict[int, float] | None = None,
    **groups,
) -> SimpleNamespace:
    """Return what freight and retail need of the model, by hand; ``groups`` replace parameters."""
    table = _villages(villages)
    households = _households(table)
    region = tiny_region(programme or [], clusters or {})
    shops = allocate(Shops, len(households.uid))
    shops.good[:] = NOBODY
    length = 400
    params = {
        "access": Access(),
        "hub": Hub(),
        "freight": Freight(),
        "climate": Climate(),
        "rollout": Rollout(),
        "buying": Buying(),
        "retail": Retail(),
        "policy": Policy(),
        **groups,
    }
    model = SimpleNamespace(
        month=month,
        key=month_key(seed, month),
        life_key=lifelong_key(seed),
        households=households,
        villages=table,
        shops=shops,
        market=SimpleNamespace(rows=np.arange(len(shops))),
        hubs=found_hubs(region),
        region=region,
        ledger=Ledger(2),
        params=params,
        goods=SimpleNamespace(order_kg=np.array([1.0, 5.0])),
        series=SimpleNamespace(
            parcel_price=np.full(length, 9.8),
            online_shoppers=np.full(length, 4.67e8),
            internet_rural=np.full(length, 0.35),
        ),
        hub_grants=np.zeros(1),
        seed=seed,
        log={},
    )
    model.freight = FreightService(model)
    model.retail = VillageRetail(model)
    return model


def next_month(model: SimpleNamespace) -> None:
    """Open the next month as the model does: the clock, the keys, flow columns at zero."""
    model.month += 1
    model.key = month_key(model.seed, model.month)
    model.ledger.open_month()
    households, shops = model.households, model.shops
    for column in (households.retail_pay, households.retail, households.parcels):
        column[:] = 0.0
    for column in (shops.freight_first, shops.freight_line, shops.storage):
        column[:] = 0.0


def spend(model: SimpleNamespace, yuan: float) -> None:
    """Let every household spend ``yuan`` on tradables, divided by its online share."""
    households = model.households
    households.parcels[:] = yuan * households.online_share
    households.retail[:] = yuan - households.parcels
    model.ledger.book_column("retail", households.retail, households.weight, households.county)
    model.ledger.book_column("parcels", households.parcels, households.weight, households.county)


def live_a_month(model: SimpleNamespace, yuan: float = 250.0) -> None:
    """Run the part of the model's month that concerns freight and buying."""
    next_month(model)
    model.freight.set_tariffs(model)
    model.retail.pay(model)
    model.retail.offer(model)
    spend(model, yuan)
    model.retail.receive(model)
    if model.month % 12 == 11:
        model.freight.december(model)
    model.freight.book(model)
    model.ledger.close_month()
