"""A hand-made world for tests of selling and opening shops: two counties, a row of villages."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from agents.base import allocate, identity, lifelong_key, month_key
from agents.buyer.market import Attention
from agents.buyer.state import Buyers
from agents.farmer.buying import Buying
from agents.farmer.entry import Entry, Policy
from agents.farmer.opening import new_shops
from agents.farmer.shops import Selling
from agents.farmer.state import RING, Households
from agents.hub.parameters import Climate, Freight
from agents.kinds import NEVER, Kind
from agents.migrant.state import People
from model import online
from model.goods import GOODS, load_goods
from model.goods_account import BALANCES, ROW, GoodsAccount
from model.ledger import Ledger, Sector
from model.offline import Offline, OfflineMarket
from model.rollout import Rollout
from model.series import load_series
from model.switches import Access
from model.villages import Villages

GROUPS = {
    "access": Access(),
    "attention": Attention(),
    "buyers": Buyers(number=60),
    "buying": Buying(),
    "climate": Climate(),
    "entry": Entry(),
    "freight": Freight(),
    "offline": Offline(),
    "policy": Policy(),
    "rollout": Rollout(),
    "selling": Selling(),
}
GOODS_TABLE, SERIES = load_goods(), load_series(252)
NUTS, TOFU, CITRUS, VEGETABLES = (GOODS.index(g) for g in ("nuts", "tofu", "citrus", "vegetables"))


class Hub:
    """The freight of the national price, everywhere alike."""

    def __init__(self, villages):
        villages.freight_first[:], villages.transit_days[:] = 2.0, 4.0
        self.share, self.parcels = np.ones(len(villages.uid)), 0.0

    def onwards(self, model, good):
        price, kg = model.series.parcel_price[model.month], GOODS_TABLE.order_kg[good]
        return 0.75 * price + 1.5 * (kg - 1.0) * price / 9.8, 0.5 * price

    def capacity_share(self, model):
        return self.share

    def ship(self, model, rows, parcels, fresh_kg):
        self.parcels += float(parcels @ model.households.weight[rows])


def tiny_world(
    goods=("nuts",), seed=1, month=72, villages=8, size=40, sampled=0.1, cluster=0.0, **params
):
    """Return a model of two counties: villages of ``size`` sampled households, two people each."""
    model = SimpleNamespace(
        params=GROUPS | params,
        month=month,
        seed=seed,
        life_key=lifelong_key(seed),
        key=month_key(seed, month),
        series=SERIES,
        goods=GOODS_TABLE,
        log={},
        people=None,
        urban_people=np.array([5e5, 2e5]),
        day_wage=np.array([45.0, 45.0]),
    )
    h, t = villages * size, allocate(Households, villages * size)
    v = model.villages = allocate(Villages, villages)
    v.uid[:] = [identity(int(Kind.VILLAGE), i, 0, 0) for i in range(villages)]
    v.county[:] = np.arange(villages) // ((villages + 1) // 2)
    v.size[:], v.sampled[:], v.weight[:] = size / sampled, sampled, 10.0
    v.parcel_service[:], v.minutes_gateway[:], v.industry[:] = 1, 120.0, 1.0
    v.first_household[:] = np.arange(villages) * size
    v.end_household[:] = v.first_household + size
    t.uid[:] = [identity(int(Kind.HOUSEHOLD), i, 0, 0) for i in range(h)]
    t.village[:] = np.arange(h) // size
    t.county[:] = v.county[t.village]
    # unequal weights: payments between neighbours must be corrected for them
    t.weight[:] = 100.0 + 5.0 * (np.arange(h) % 3)
    t.ring[:] = (np.arange(h)[:, None] + np.arange(-RING // 2, RING // 2 + 1)[None, :] % h)[
        :, [k for k in range(RING + 1) if k != RING // 2]
    ] % h
    t.residents[:], t.workers_home[:], t.head_age[:], t.schooling[:] = 3, 2, 42.0, 8.0
    t.farm_days[:] = 1e3  # the days of a month are enough
    t.cash[:] = 8_000.0
    t.first_person[:] = np.arange(h)
    t.end_person[:] = np.arange(h) + 1
    model.people = allocate(People, h)
    model.people.born[:], model.people.dies[:] = -500, NEVER
    model.households, model.shops = t, new_shops(h)
    rows = [(c, g, 0.5, 0.5, cluster) for c in (0, 1) for g in goods]
    model.region = SimpleNamespace(
        counties=pd.DataFrame({"id": [1, 2]}),
        coast_km=700.0,
        county=np.zeros((5, 5)),
        gateway=(4, 4),
        seats=pd.DataFrame({"row": [1, 3], "col": [1, 3]}),
        endowment=pd.DataFrame(
            rows, columns=["county", "good", "capacity", "distinctness", "cluster"]
        ),
    )
    model.ledger = Ledger(2, {Sector.RURAL: float(t.cash @ t.weight)})
    model.offline, model.freight = OfflineMarket(model), Hub(v)
    model.market, model.buyers = online.OnlineMarket(model), online.found_buyers(model)
    model.goods_account = GoodsAccount(model)
    return model


def open_shop(model, row, good, orders=20.0):
    model.shops.good[row], model.shops.since[row] = good, model.month
    model.shops.rating[row], model.shops.past_orders[row] = 0.9, orders
    model.shops.ability[row] = 1.0


def trade(model, harvest=None):
    """Run the trade of one month; returns the harvest kg left for the offline market."""
    kg = np.zeros((len(model.households.uid), len(GOODS))) if harvest is None else harvest
    for name in ("farm_sale", "wage_shop", "shop_supply"):
        getattr(model.households, name)[:] = 0.0
    model.key = month_key(model.seed, model.month)
    model.ledger.open_month()
    online.stock_shops(model, kg)
    online.place_orders(model)
    online.settle(model)
    settle_cash(model)
    online.enter_and_exit(model)
    online.book(model)
    model.ledger.close_month()
    model.goods_account.close_shops(model)
    model.goods_account.month[ROW["to_shops"]] = model.market.tally.own_farm
    check_shops(model)
    return kg


def check_shops(model):
    """Check the balance of shops alone: this little world has no farms."""
    account = model.goods_account
    breach = BALANCES["goods of shops"] @ account.month
    moved = np.abs(account.month).sum(axis=0) + account.shops
    assert (np.abs(breach) <= 1e-9 * np.maximum(1.0, moved)).all()


def settle_cash(model):
    s, t = model.shops, model.households
    t.cash[:] += s.revenue - s.refund - s.goods_bought - s.packing - s.freight_first
    t.cash[:] -= s.freight_line + s.storage + s.commission + s.ad_fee + s.hired + s.hired_county
    t.cash[:] += t.wage_shop


def run(model, months):
    for _ in range(months):
        trade(model)
        model.month += 1
    return model
