"""The online market month by month: stock, orders, shipping, settlement, entry and exit.

Buyers know varieties (county x good) and spend the nation's pot on them and on rivals
(``agents.buyer.market``); shops of the region share out what comes here (``agents.farmer.selling``,
``agents.farmer.opening``). Without access nothing here changes anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.buyer.market import appeal, breadth, learn, rivals_price, spend
from agents.buyer.state import UrbanBuyers, make_buyers, set_weights
from agents.farmer.opening import (
    Scene,
    asked,
    close_shops,
    closing,
    consider,
    open_shops,
    pioneer,
    pioneers_elsewhere,
)
from agents.farmer.selling import (
    Tally,
    Terms,
    close_month,
    dispatch,
    pay_labour,
    set_aside,
    set_prices,
    settle_shops,
    take_orders,
)
from agents.hub.rules import survival
from agents.kinds import NOBODY
from model.goods import GOODS, MARKET_CLASS, MARKETS, MadeBy, good_row
from model.rollout import access_scale, service_share
from model.shop_accounts import book, report
from model.switches import GROWN, MADE
from model.training import train

__all__ = [
    "OnlineMarket",
    "book",
    "enter_and_exit",
    "found_buyers",
    "place_orders",
    "selling_scale",
    "settle",
    "stock_shops",
    "train",
]

Floats = NDArray[np.float64]
_MONTHS = 12
_DAYS = 30.0
_BOUGHT = int(MadeBy.BOUGHT)
#: Months of 2020, whose parcel price the rivals' prices in goods.csv contain.
_YEAR_2020 = slice(204, 216)
_CLEARED = (
    "revenue",
    "supply",
    "goods_bought",
    "packing",
    "freight_first",
    "freight_line",
    "storage",
    "commission",
    "ad_fee",
    "refund",
    "hired",
    "hired_county",
    "entry_cost",
    "orders",
    "accepted",
    "sent",
    "own_days",
    "hired_days",
)


def found_buyers(model: Any) -> UrbanBuyers:
    """Return the groups of urban buyers of a model that has a region and ``urban_people``."""
    seats, width = model.region.seats, model.region.county.shape[1]
    cells = seats["row"].to_numpy() * width + seats["col"].to_numpy()
    row, column = model.region.gateway
    varieties = len(model.region.counties) * len(GOODS)
    return make_buyers(
        cells,
        model.urban_people,
        row * width + column,
        varieties,
        model.life_key,
        model.params["buyers"],
    )


def selling_scale(model: Any) -> float:
    """Return access.scale while villagers may sell online, else 0."""
    return access_scale(model) if model.params["access"].selling else 0.0


class OnlineMarket:
    """State of the online market beside its agents: model.market.

    capacity, distinct, cluster : (C, G) of the region's endowment.
    known : (V,) 1 for varieties that had a seller, V = C * G.
    elsewhere : (V,) pioneers to be expected so far among households outside the sample.
    """

    def __init__(self, model: Any):
        counties, kinds = len(model.region.counties), len(GOODS)
        self.capacity: Floats = np.zeros((counties, kinds))
        self.distinct: Floats = np.zeros((counties, kinds))
        self.cluster: Floats = np.zeros((counties, kinds))
        for row in model.region.endowment.itertuples():
            c, g = int(row.county), good_row(row.good)
            self.capacity[c, g], self.distinct[c, g] = row.capacity, row.distinctness
            self.cluster[c, g] = row.cluster
        self.market_of = np.tile(model.goods.market.astype(np.int64), counties)
        self.known = np.zeros(counties * kinds, dtype=np.int8)
        self.elsewhere: Floats = np.zeros(counties * kinds)
        self.rows: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.opened: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.barred: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.variety: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.tally = _new_tally(counties)
        self.coast: Floats = np.zeros(counties * kinds)
        self.urban: Floats = np.zeros(counties * kinds)
        self.terms: Terms | None = None

    def offered(self, model: Any) -> NDArray[np.int8]:
        """Return (C, G) 1 for goods that a county has and that access allows to sell."""
        only, grown = model.params["access"].only_good, model.goods.made_by == MadeBy.CROP
        kind = np.where(grown, GROWN, MADE)
        allowed = np.array([only in ("", *names) for names in zip(GOODS, kind, strict=True)])
        return ((self.capacity > 0.0) & allowed).astype(np.int8)


def _new_tally(counties: int) -> Tally:
    kinds = len(GOODS)
    sizes = {"wholesale": counties, "local": counties}
    return Tally(*(np.zeros(sizes.get(name, kinds)) for name in Tally._fields))


# --- terms of the month --------------------------------------------------------------------------


def _terms(model: Any) -> Terms:
    """Return prices, tariffs and losses that shops meet this month."""
    goods, month = model.goods, model.month
    a, kinds, market = model.params["attention"], len(GOODS), model.market
    farm_gate = model.offline.farm_gate
    crop = goods.made_by == MadeBy.CROP
    saved = model.params["selling"].cluster_discount * (goods.made_by == MadeBy.BOUGHT)
    materials = goods.materials * (1.0 - saved * market.cluster)
    parcel = model.series.parcel_price
    before = float(parcel[_YEAR_2020].mean()) if len(parcel) > _YEAR_2020.start else parcel[-1]
    warm = model.params["climate"][month % _MONTHS]
    cold = model.params["freight"].cold_temperature
    villages, offered = model.villages, market.offered(model)
    county, shape = villages.county, (kinds, len(villages.uid))
    # what local firms make is had where they are; crops and foods everywhere in the county
    industry = np.where((goods.made_by == MadeBy.BOUGHT)[:, None], villages.industry, 1.0)
    first, line, extra = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
    sound, sound_cold = np.ones(shape), np.ones(shape)
    for g in np.flatnonzero(offered.any(axis=0)):
        first[g] = villages.freight_first
        line[g], cooled = model.freight.onwards(model, int(g))
        extra[g, villages.cold_chain > 0] = cooled
        _travel(goods.decay[g], goods.q10[g], warm, villages.transit_days, sound[g])
        _travel(goods.decay[g], goods.q10[g], cold, villages.transit_days, sound_cold[g])
    return Terms(
        offered=offered,
        capacity=np.minimum(1.0, (market.capacity * offered).T[:, county] * industry),
        cluster=(market.cluster * offered).T[:, county] * (industry > 0.0),
        goods_cost=np.where(crop, farm_gate / goods.out_of_in, 0.0) + materials,
        materials=materials,
        farm_gate=farm_gate,
        rivals_price=np.array(
            [
                rivals_price(
                    goods.online_price[g], parcel[month], before, goods.order_kg[g], a.pass_through
                )
                for g in range(kinds)
            ]
        ),
        rivals=goods.rivals * model.series.rivals_index[month] * a.rivals,
        shops=_count(model, market.rows, market.variety),
        first=first,
        line=line,
        cold_extra=extra,
        sound=sound,
        sound_cold=sound_cold,
        kept=np.array([survival(goods.decay[g], goods.q10[g], warm, _DAYS) for g in range(kinds)]),
        kept_cold=np.array(
            [survival(goods.decay[g], goods.q10[g], min(cold, warm), _DAYS) for g in range(kinds)]
        ),
        on_sale=goods.on_sale[:, month % _MONTHS].copy(),
        day_wage=model.day_wage,
    )


@compiled
def _travel(decay, q10, temperature, days, out):
    for v in range(days.shape[0]):
        out[v] = survival(decay, q10, temperature, days[v])


def _count(model: Any, rows: NDArray[np.int64], variety: NDArray[np.int64]) -> Floats:
    size = model.market.known.size
    return np.bincount(variety, model.households.weight[rows], size).astype(np.float64)


# --- the month -----------------------------------------------------------------------------------


def stock_shops(model: Any, harvest_kg: Floats) -> None:
    """Let shops set aside own harvest, farm kg (H, G), which is reduced by it. Call before sales.

    Opens the month of the online market: flow columns of shops are cleared here.
    """
    market, shops, households = model.market, model.shops, model.households
    touched = np.concatenate([market.rows, market.opened])
    for name in _CLEARED:
        getattr(shops, name)[touched] = 0.0
    if touched.size:
        households.hired_out[:] = 0.0
    for total in market.tally:
        total[:] = 0.0
    market.coast[:] = 0.0
    market.urban[:] = 0.0
    market.opened = np.zeros(0, dtype=np.int64)
    _note_harvest(harvest_kg, shops.grows, model.month % _MONTHS == 0)
    _bar(model)
    market.rows = np.flatnonzero(shops.good >= 0)
    county = households.county[market.rows].astype(np.int64)
    market.variety = county * len(GOODS) + shops.good[market.rows]
    if selling_scale(model) <= 0.0:
        market.terms = None
        return
    market.terms = _terms(model)
    set_aside(
        market.rows,
        shops,
        households,
        model.villages.cold_chain,
        model.goods,
        market.terms,
        harvest_kg,
        market.tally,
        model.params["selling"],
    )


def _bar(model: Any) -> None:
    """Close the shops that may sell no more: access has ended, or it is now of other goods."""
    market, shops, households = model.market, model.shops, model.households
    rows = np.flatnonzero(shops.good >= 0)
    if selling_scale(model) > 0.0:
        rows = rows[market.offered(model)[households.county[rows], shops.good[rows]] == 0]
    market.barred = rows
    _close(model, rows)


def _close(model: Any, rows: NDArray[np.int64]) -> None:
    market, shops, households = model.market, model.shops, model.households
    left = shops.stock[rows] * households.weight[rows]
    market.tally.dumped[:] += np.bincount(shops.good[rows], left, len(GOODS))
    close_shops(shops, households, rows, model.month)


@compiled
def _note_harvest(harvest_kg, bits, january):
    """Remember who grows what: this year's goods in the low bits, last year's in the high ones."""
    for h in range(harvest_kg.shape[0]):
        if january:
            bits[h] = (bits[h] & 0xFFFF) << 16
        for g in range(harvest_kg.shape[1]):
            if harvest_kg[h, g] > 0.0:
                bits[h] |= 1 << g


def place_orders(model: Any) -> None:
    """Let buyers spend the national pots, shops fill what they can, and awareness move."""
    market, shops, households = model.market, model.shops, model.households
    if market.terms is None:
        return
    p, a, terms = model.params["selling"], model.params["attention"], market.terms
    buyers, goods, size = model.buyers, model.goods, market.known.size
    sums = np.zeros((3, size))
    set_prices(market.rows, shops, households, goods, terms, sums, a, p)
    # at real size a first seller comes within months; a shop of the sample, for a hundred, in years
    sold = (terms.shops > 0.0) | ((market.elsewhere >= 1.0) & (terms.offered.ravel() > 0))
    price, pull = _offers(model, sums, sold)
    _make_known(model, sold)
    shoppers = model.series.online_shoppers[model.month]
    set_weights(buyers, shoppers, model.urban_people, model.params["buyers"])
    active = np.flatnonzero(market.known)
    bought = np.empty((len(buyers.uid), active.size))
    spend(
        buyers,
        active,
        market.market_of,
        pull,
        _pots(model),
        _market_rivals(model, terms),
        a.peers,
        market.coast,
        market.urban,
        bought,
    )
    filled = np.zeros((2, size))
    take_orders(
        market.rows,
        shops,
        households,
        goods,
        terms,
        sums,
        market.coast + market.urban,
        filled,
        market.tally,
        p,
    )
    served = np.divide(filled[1], filled[0], out=np.ones(size), where=filled[0] > 0.0)
    order_yuan = price * np.tile(goods.order_kg, len(model.region.counties))
    learn(buyers, active, sold, bought, order_yuan, served, selling_scale(model), a)


def _offers(model: Any, sums: Floats, sold: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return each variety's mean price, yuan per kg, and its pull on buyers (V,), 0 if none is had.

    sums : as ``set_prices`` leaves them. sold : varieties with a seller, in the sample or outside.
    A seller outside counts where the sample holds none: such orders teach buyers as any do, and are
    in nobody's books.
    """
    market, goods, a, kinds = model.market, model.goods, model.params["attention"], len(GOODS)
    terms, size = market.terms, sold.size
    seller = sums[0] > 0.0
    price = np.divide(sums[1], sums[0], out=np.zeros(size), where=seller)
    rating = np.divide(sums[2], sums[0], out=np.zeros(size), where=seller)
    alone = sold & ~seller & (np.tile(terms.on_sale, size // kinds) > 0)
    price[alone] = _asked_elsewhere(model, np.flatnonzero(alone))
    rating[alone] = model.params["entry"].start_rating
    pull = np.zeros(size)
    _set_pull(np.flatnonzero(seller | alone), goods, terms, market.distinct, price, rating, pull, a)
    return price, pull


@compiled
def _set_pull(varieties, goods, terms, distinct, price, rating, pull, a):
    """Fill ``pull`` (V,) of ``varieties`` (rows); distinct : (C, G)."""
    kinds = goods.order_kg.shape[0]
    for v in varieties:
        c, g = v // kinds, v % kinds
        relative = price[v] / terms.rivals_price[g]
        pull[v] = appeal(rating[v], distinct[c, g], relative, a.distinct_value, a.sigma)
        if goods.made_by[g] == _BOUGHT:
            pull[v] *= breadth(terms.shops[v], a)


def _make_known(model: Any, sold: NDArray[np.bool_]) -> None:
    """Let a few buyers hear of each variety in the month of its first seller."""
    market, buyers, a = model.market, model.buyers, model.params["attention"]
    fresh = sold & (market.known == 0)
    start = a.start + a.cluster_known * market.cluster.ravel()[fresh]
    buyers.awareness[:, fresh] = np.maximum(buyers.awareness[:, fresh], start)
    market.known[fresh] = 1


def _asked_elsewhere(model: Any, varieties: NDArray[np.int64]) -> list[float]:
    """Return what sellers outside the sample ask for a kg: as in the county's first village."""
    kinds, terms, p = len(GOODS), model.market.terms, model.params["selling"]
    first = np.searchsorted(model.villages.county, varieties // kinds)
    return [
        asked(v // kinds, village, v % kinds, model.goods, terms, p)[0]
        for v, village in zip(varieties, first, strict=True)
    ]


def _pots(model: Any) -> Floats:
    """Return yuan this month of each market's national pot (M,)."""
    tofu = model.params["attention"].tofu_share
    part = {"tofu": tofu, "balls": 1.0 - tofu}
    return np.array(
        [
            model.series.pot(kind)[model.month] * part.get(market, 1.0)
            for market, kind in zip(MARKETS, MARKET_CLASS, strict=True)
        ]
    )


def _market_rivals(model: Any, terms: Terms) -> Floats:
    """Return rivals in each market (M,) that are neither of the region nor of its peers."""
    rivals = np.zeros(len(MARKETS))
    rivals[model.goods.market] = terms.rivals * model.params["attention"].beside_peers
    return rivals


def settle(model: Any) -> None:
    """Ship what capacity allows, then revenue, refunds, costs, labour and ratings of each shop."""
    market, shops, households = model.market, model.shops, model.households
    if market.terms is None:
        return
    goods, p = model.goods, model.params["selling"]
    capacity = model.freight.capacity_share(model)
    on_sale, wage = market.terms.on_sale, market.terms.day_wage
    dispatch(market.rows, shops, households.village, goods.order_kg, capacity)
    settle_shops(market.rows, shops, households, goods, market.terms, market.tally, p)
    pay_labour(market.rows, shops, households, on_sale, wage, p)
    close_month(market.rows, shops, households.county, on_sale, wage, p)
    sent, good = shops.sent[market.rows], shops.good[market.rows]
    fresh = np.where(goods.storable[good] == 1, 0.0, sent * goods.order_kg[good])
    model.freight.ship(model, market.rows, sent, fresh)


def enter_and_exit(model: Any) -> None:
    """Close shops that lost long enough, open new ones, train villages.

    Equipment is paid from cash at once: the month's budgets are closed by then.
    """
    market, shops, households = model.market, model.shops, model.households
    train(model)
    gone = np.zeros(0, dtype=np.int64)
    if market.terms is not None:
        model.villages.unseen_shops[:] *= 1.0 - model.params["entry"].unseen_close
        out = np.zeros(market.rows.size, dtype=np.bool_)
        closing(
            market.rows,
            households.uid,
            households.residents,
            households.cash,
            shops.losing_months,
            np.uint64(model.key),
            model.params["selling"],
            out,
        )
        gone = market.rows[out]
        _close(model, gone)
        market.opened = _open(model)
    report(model, market.opened, np.concatenate([market.barred, gone]))


def scene_of(model: Any) -> Scene:
    """Return what everybody meets this month who thinks of opening a shop."""
    return Scene(
        model.shops,
        model.households,
        model.villages,
        model.people,
        model.goods,
        model.market.terms,
        keys=(np.uint64(model.key), np.uint64(model.life_key)),
        internet=float(model.series.internet_rural[model.month]),
        scale=selling_scale(model),
        month=model.month,
        years=model.params["policy"].training_years,
        entry=model.params["entry"],
        selling=model.params["selling"],
        buying=model.params["buying"],
    )


def _open(model: Any) -> NDArray[np.int64]:
    """Return the rows of households that open a shop this month."""
    shops, households = model.shops, model.households
    choice = np.full(len(households.uid), NOBODY, dtype=np.int64)
    cost = np.zeros(len(households.uid))
    scene = scene_of(model)
    consider(scene, choice, cost)
    pioneer(scene, choice, cost)
    unknown = (scene.terms.offered.ravel() > 0) & (model.market.elsewhere < 1.0)
    served = service_share(model.month, model.params["rollout"]) * access_scale(model)
    pioneers_elsewhere(scene, served, unknown, model.market.elsewhere)
    return open_shops(shops, households, model.people, choice, cost, scene)
