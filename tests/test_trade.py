"""Offline and online markets on a tiny world built by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from agents.base import allocate, identity, lifelong_key, month_key
from agents.buyer.market import Attention, next_awareness
from agents.buyer.state import Buyers, UrbanBuyers, make_buyers
from agents.farmer.buying import Buying
from agents.farmer.entry import (
    Entry,
    Policy,
)
from agents.farmer.opening import look_around, new_shops
from agents.farmer.shops import (
    Selling,
)
from agents.farmer.state import RING, Households
from agents.hub.parameters import Climate, Freight
from agents.kinds import NEVER, NOBODY, Kind
from agents.migrant.state import People
from model import online
from model.errors import LedgerBreach
from model.goods import GOODS, load_goods
from model.goods_account import BALANCES, ROW, GoodsAccount
from model.ledger import Ledger, Sector
from model.losses import losing_by_cause
from model.offline import Offline, OfflineMarket, band_place, parity, worth_waiting
from model.rollout import Rollout, service_share
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
    t.cash[:] -= s.freight_line + s.storage + s.commission + s.ad_fee + s.hired
    t.cash[:] += t.wage_shop


def run(model, months):
    for _ in range(months):
        trade(model)
        model.month += 1
    return model


# --- offline -------------------------------------------------------------------------------------


def test_farm_gate_lies_in_the_band_and_follows_supply():
    model = tiny_world(month=0)
    low, high = parity(4.2, 0.5, 0.15)
    assert (low, high) == (pytest.approx(3.07), pytest.approx(4.07))
    assert band_place(0.25, 4.0, 0.5) == pytest.approx(0.125)
    assert band_place(0.25, 1e-9, 0.5) == 1.0
    supply = np.full(len(GOODS), 1e6)
    for month in range(24):
        model.month = month
        model.offline.update(model, supply * (4.0 if month >= 12 else 1.0))
        if month == 11:
            before = model.offline.farm_gate.copy()
    after = model.offline.farm_gate
    fallen = after[:, CITRUS] < before[:, CITRUS]
    assert fallen.all()
    rice = model.series.rice_price[23] * 1.05
    np.testing.assert_allclose(after[:, GOODS.index("rice")], rice)


def test_every_kg_of_a_harvest_is_sold_spoiled_dumped_or_held():
    model = tiny_world(month=6)
    harvest = np.zeros((len(model.households.uid), len(GOODS)))
    harvest[:, VEGETABLES], harvest[:, NUTS] = 100.0, 50.0
    total = model.households.weight @ harvest
    out = model.offline.sell(model, harvest)
    np.testing.assert_allclose(out.sold + out.spoiled + out.dumped + out.held, total, rtol=1e-12)
    # two July days at 28 C: 1 - exp(-0.052 * 2.8^0.83 * 2) of the vegetables
    lost = 1.0 - np.exp(-0.052 * 2.8 ** ((28.3 - 20.0) / 10.0) * 2.0)
    assert out.spoiled[VEGETABLES] / total[VEGETABLES] == pytest.approx(lost, rel=1e-9)
    assert out.spoiled[NUTS] == 0.0 and (harvest == 0.0).all()
    gate = model.offline.farm_gate[0]
    paid = model.households.farm_sale[0]
    assert paid == pytest.approx(100 * (1 - lost) * gate[VEGETABLES] + 50 * gate[NUTS])


def test_storable_crops_wait_for_a_better_price_and_perishables_do_not():
    model = tiny_world(month=6)
    p = model.params["offline"]
    assert worth_waiting(10.0, 12.0, p) and not worth_waiting(10.0, 10.1, p)
    model.offline.expected[:] = 2.0 * model.offline.farm_gate
    harvest = np.zeros((len(model.households.uid), len(GOODS)))
    harvest[0, VEGETABLES], harvest[0, NUTS] = 100.0, 50.0
    out = model.offline.sell(model, harvest)
    assert model.households.held[0] == 50.0 and out.sold[VEGETABLES] > 0.0 == out.sold[NUTS]
    model.month += p.longest_wait  # patience ends although the price has not risen
    out = model.offline.sell(model, np.zeros_like(harvest))
    assert out.sold[NUTS] == pytest.approx(50.0 * model.households.weight[0])
    assert out.held[NUTS] == -out.sold[NUTS] and model.households.held[0] == 0.0


def test_rice_does_not_wait_although_more_is_expected_of_it():
    """The state buys at its floor price at harvest; nuts with the same hope are the control."""
    model = tiny_world(month=189)
    model.offline.expected[:] = 2.0 * model.offline.farm_gate
    rice = GOODS.index("rice")
    harvest = np.zeros((len(model.households.uid), len(GOODS)))
    harvest[0, rice], harvest[1, NUTS] = 300.0, 50.0
    out = model.offline.sell(model, harvest)
    assert out.sold[rice] == pytest.approx(300.0 * model.households.weight[0], rel=1e-12)
    assert out.held[rice] == 0.0 < out.held[NUTS]


# --- online --------------------------------------------------------------------------------------


def test_without_access_nothing_changes_and_scale_zero_is_the_same_to_the_bit():
    luck = {"month": 132, "entry": Entry(pioneer=1e-3)}
    worlds = [
        tiny_world(access=Access(**kind), **luck)
        for kind in ({"enabled": False}, {"scale": 0.0}, {"selling": False}, {"start": "2030-01"})
    ]
    control = run(tiny_world(**luck), 24)
    assert (control.shops.good >= 0).any()  # the same world with access has shops
    for model in worlds:
        run(model, 24)
        assert (model.shops.good == NOBODY).all() and model.freight.parcels == 0.0
        assert not model.buyers.awareness.any() and not model.ledger.total.any()
        for name in model.shops._fields:
            np.testing.assert_array_equal(
                getattr(model.shops, name), getattr(worlds[0].shops, name)
            )


def test_money_of_shops_closes_and_neighbours_get_what_shops_pay():
    model = tiny_world(month=150)
    for row in (3, 50, 120, 250):
        open_shop(model, row, NUTS, orders=2_000.0)
        model.households.cash[row] = 1e6
        model.households.workers_home[row] = 1
    model.ledger = Ledger(2, {Sector.RURAL: float(model.households.cash @ model.households.weight)})
    model.buyers.awareness[:] = 0.3
    run(model, 6)
    t, s = model.households, model.shops
    assert s.hired.sum() > 0.0
    # what ring members receive equals what shops pay: float sums only, so 1e-12
    assert t.wage_shop @ t.weight == pytest.approx(s.hired @ t.weight, rel=1e-12)
    assert t.hired_out @ t.weight == pytest.approx(s.hired_days @ t.weight, rel=1e-12)
    cash = float(t.cash @ t.weight)
    model.ledger.check_money(model.month, {Sector.RURAL: cash})
    for sector in (Sector.COAST_BUYERS,):
        assert abs(model.ledger.balance[sector]) < 1e-6
    with pytest.raises(LedgerBreach):
        model.ledger.check_money(model.month, {Sector.RURAL: cash * (1 + 1e-6)})


def test_own_harvest_goes_first_and_is_valued_at_the_farm_gate():
    model = tiny_world(month=150)
    open_shop(model, 7, NUTS, orders=10.0)
    harvest = np.zeros((len(model.households.uid), len(GOODS)))
    harvest[7, NUTS] = 1_000.0
    left = trade(model, harvest)
    taken = 1_000.0 - left[7, NUTS]
    # ten months of 13 expected kg, out of 0.9 kg per kg of raw nuts
    assert taken == pytest.approx(1.3 * 10.0 * 300 / 30 / 0.9)
    gate = model.offline.farm_gate[0, NUTS]
    assert model.shops.supply[7] == pytest.approx(taken * gate)
    assert model.households.shop_supply[7] == model.shops.supply[7]
    assert model.shops.grows[7] == 1 << NUTS
    # only materials are bought, nothing from traders
    assert model.ledger.total[:, 0].sum() > 0.0
    assert model.market.tally.wholesale.sum() == 0.0


def test_orders_are_shared_by_past_orders_rating_and_price_within_the_variety():
    model = tiny_world(month=150)
    for row, past in ((3, 10.0), (4, 40.0)):
        open_shop(model, row, NUTS, orders=past)
    model.households.weight[:] = 100.0
    model.buyers.awareness[:] = 0.05
    trade(model)
    small, large = model.shops.orders[3], model.shops.orders[4]
    assert large / small == pytest.approx((41.0 / 11.0) ** 0.55, rel=1e-9)
    paid = (model.market.coast + model.market.urban).sum()
    asked = (model.shops.orders * model.shops.price * model.households.weight).sum()
    assert paid == pytest.approx(asked * GOODS_TABLE.order_kg[NUTS], rel=1e-9)


def test_parcels_beyond_capacity_wait_and_cost_rating():
    ratings = {}
    for capacity in (1.0, 0.4):
        model = tiny_world(month=150)
        model.freight.share[:] = capacity
        open_shop(model, 3, NUTS)
        model.buyers.awareness[:] = 0.02
        trade(model)
        s = model.shops
        assert s.sent[3] == pytest.approx(capacity * s.accepted[3])
        assert s.backlog[3] == pytest.approx((1 - capacity) * s.accepted[3])
        ratings[capacity] = s.rating[3]
    assert ratings[0.4] < ratings[1.0]


def test_a_cold_chain_lowers_refunds_of_fresh_goods_at_equal_distance():
    refund = {}
    for cold in (0, 1):
        model = tiny_world(goods=("vegetables",), month=150)
        model.villages.cold_chain[:] = cold
        open_shop(model, 3, VEGETABLES)
        model.buyers.awareness[:] = 0.05
        trade(model)
        refund[cold] = model.shops.refund[3] / model.shops.revenue[3]
        assert model.shops.cold[3] == cold and (model.shops.storage[3] > 0.0) == bool(cold)
    assert refund[1] < 0.5 * refund[0]


def test_villages_without_an_example_stay_at_zero_and_examples_spread():
    quiet = tiny_world(month=120, entry=Entry(pioneer=0.0))
    run(quiet, 36)
    assert (quiet.shops.good == NOBODY).all()
    seeded = tiny_world(month=120, entry=Entry(pioneer=0.0))
    for row in (3, 8, 14):
        open_shop(seeded, row, NUTS)
    seeded.buyers.awareness[:] = 0.02
    run(seeded, 60)
    selling = np.flatnonzero(seeded.shops.good >= 0)
    assert selling.size >= 6
    # a costly step: examples are followed by some, not by all who see them
    assert selling.size < 0.5 * len(seeded.shops.good)


def test_shops_beyond_the_ring_are_seen_in_the_own_county_alone():
    """Who knows its ring alone follows its ring; who knows the county follows far shops too."""
    far = {}
    for beyond in (0.0, 0.4):
        model = tiny_world(month=120, entry=Entry(pioneer=0.0, hazard=0.9, beyond=beyond))
        for row in range(50, 66):  # in the second of the county's four villages
            open_shop(model, row, NUTS)
        model.shops.turnover_year[50:66] = 60_000.0
        run(model, 4)  # a ring reaches twelve rows a month: not to the last village
        village = model.households.village[model.shops.good >= 0]
        far[beyond] = (village == 3).sum()
        assert not (village > 3).any()
    assert far[0.0] == 0 < far[0.4]


def test_what_acquaintances_show_is_the_ring_and_the_county_at_large():
    model = tiny_world(month=120, entry=Entry(beyond=0.25, failures=0.3))
    shops, t, p = model.shops, model.households, model.params["entry"]
    for row, profit in ((0, 900.0), (2, -100.0), (150, 500.0), (200, 500.0)):
        open_shop(model, row, NUTS)
        shops.turnover_year[row], shops.profit_year[row] = 4_000.0, profit
    elsewhere = online._examples(model)
    homes = t.weight[t.county == 0].sum()
    parts = t.weight[[0, 2, 150]] / homes  # row 200 lies in the other county
    assert elsewhere[0, 0, NUTS] == pytest.approx(parts.sum())
    seen = np.zeros((3, len(GOODS)))
    example = look_around(1, shops, t, model.month, elsewhere, p, seen)
    assert example == pytest.approx(0.75 * 2 / RING + 0.25 * parts.sum()) == seen[0, NUTS]
    weights = 0.75 * 1.3 / RING + 0.25 * (parts * [1.0, 0.3, 1.0]).sum()
    assert seen[2, NUTS] == pytest.approx(weights)
    assert seen[1, NUTS] == pytest.approx(4_000.0 * weights)


def test_an_industry_at_hand_makes_more_pioneers_cheaper_goods_and_a_known_name():
    plain, cluster = (
        tiny_world(goods=("manufactures",), month=132, cluster=strength) for strength in (0.0, 1.0)
    )
    for model in (plain, cluster):
        open_shop(model, 3, GOODS.index("manufactures"))
        run(model, 36)
    pioneers = [m.villages.unseen_shops.sum() + (m.shops.good >= 0).sum() for m in (plain, cluster)]
    assert pioneers[1] > 2.0 * pioneers[0]
    g = GOODS.index("manufactures")
    cost = [m.market.terms.goods_cost[0, g] for m in (plain, cluster)]
    assert cost[1] == pytest.approx(0.85 * cost[0])
    assert cluster.buyers.awareness[:, g].mean() > 5.0 * plain.buyers.awareness[:, g].mean() > 0.0


def test_an_industry_is_in_few_villages_and_its_goods_are_sold_from_these_alone():
    g, entry = GOODS.index("manufactures"), Entry(pioneer=5e-3)
    model = tiny_world(goods=("nuts", "manufactures"), month=132, cluster=1.0, entry=entry)
    model.villages.industry[:] = [4.0, 0.0, 0.0, 0.0] * 2
    run(model, 48)
    terms = model.market.terms
    assert terms.capacity[g].tolist() == [1.0, 0.0, 0.0, 0.0] * 2  # 4 times 0.5, at most all
    assert terms.cluster[g].tolist() == [1.0, 0.0, 0.0, 0.0] * 2
    assert (terms.capacity[NUTS] == 0.5).all()
    shops, village = model.shops.good, model.households.village
    assert set(village[shops == g]) == {0, 4}
    assert len(set(village[shops == NUTS])) > 2


def test_peers_crowd_the_pot_as_the_region_itself_does():
    """Where a region fills its pot, thirty such leave it a thirtieth; a small one sees none."""

    def sold(sellers, **market):
        a = GROUPS["attention"]._replace(**market)
        model = tiny_world(goods=("manufactures",), month=180, attention=a)
        for row in range(sellers):
            open_shop(model, row, GOODS.index("manufactures"))
        model.market.known[:] = 1
        model.buyers.awareness[:] = 1.0
        trade(model)
        return model.market.coast.sum() + model.market.urban.sum()

    assert sold(5, peers=30.0) == pytest.approx(sold(5), rel=0.05)
    few = {"sellers_per_variety": 0.01}  # so that five shops outnumber all rivals
    assert sold(5, peers=30.0, **few) == pytest.approx(sold(5, **few) / 30.0, rel=0.1)


def test_buyers_hear_of_what_is_sold_outside_the_sample_and_the_whole_village_has_no_outside():
    """At real size somebody sells it within months; one shop of a sample stands for a hundred."""
    part, whole = (tiny_world(month=150, entry=Entry(pioneer=1e-3)) for _ in range(2))
    part.villages.weight[:], part.villages.sampled[:] = 50.0, 0.1
    whole.villages.weight[:], whole.villages.sampled[:] = 1.0, 1.0
    for model in (part, whole):
        model.villages.parcel_service[:] = 0  # nobody in the run can open
        run(model, 1)
    served = service_share(150, part.params["rollout"])
    hazard = 1.0 - (1.0 - 1e-3) ** part.villages.size
    most = (served * hazard * (50.0 - 0.1)).sum()
    assert 0.0 < part.market.elsewhere.sum() <= most
    assert not whole.market.elsewhere.any()
    part.market.elsewhere[NUTS] = 1.0
    for model in (part, whole):
        run(model, 2)
    assert not whole.buyers.awareness.any()
    a = part.params["attention"]
    alone = next_awareness(a.start, 0.0, a.start, a.orders, a.word, a.forget)
    assert (part.buyers.awareness[:, NUTS] > alone).all()  # by word of mouth and by orders
    assert not part.shops.revenue.any()  # which are in nobody's books
    heard = part.buyers.awareness[:, NUTS].copy()
    part.params["access"] = Access(only_good="tofu")  # nuts may not be sold any more, anywhere
    run(part, 1)
    assert part.buyers.awareness[:, NUTS] == pytest.approx(heard * (1.0 - a.forget))


def test_one_more_household_does_not_change_the_luck_of_others():
    """A shop opened far away by decree leaves the choices of other villages' members alone."""
    base = run(tiny_world(month=120, villages=8), 1)
    other = tiny_world(month=120, villages=8)
    open_shop(other, 200, NUTS)
    run(other, 1)
    far = np.abs(np.arange(320) - 200) > RING
    np.testing.assert_array_equal(base.shops.good[far], other.shops.good[far])


def test_only_one_good_may_be_sold_and_training_is_booked_once():
    model = tiny_world(
        goods=("nuts", "tofu"),
        month=120,
        access=Access(only_good="tofu"),
        entry=Entry(pioneer=1e-3),
        policy=Policy(training_share=0.5, training_month="2013-02"),
    )
    run(model, 24)
    goods = model.shops.good[model.shops.good >= 0]
    assert goods.size and (goods == TOFU).all()
    v = model.villages
    assert 0 < v.trained.sum() < len(v.uid)
    t = model.households
    taught = (t.weight * v.trained[t.village]).sum() * 600.0
    assert booked(model, "training") == pytest.approx(taught)


def booked(model, line):
    from model.ledger import INDEX

    return model.ledger.total[INDEX[line]].sum()


def test_causes_are_counted_at_full_scale():
    model = tiny_world(month=150)
    open_shop(model, 3, NUTS)
    model.shops.since[3] = 0
    model.shops.hours_year[3] = model.shops.fixed_year[3] = 1_000.0
    table = losing_by_cause(model).set_index("good")
    assert table.loc["nuts", "losing"] == model.households.weight[3]
    assert table.loc["nuts", "too_few_orders"] == model.households.weight[3]
    assert table["shops"].sum() == table.loc["nuts", "shops"]


def test_buyers_stand_at_seats_and_coast_and_hear_from_a_fixed_ring():
    people = np.array([9e5, 1e5])
    buyers = make_buyers(np.array([3, 8]), people, 24, 4, lifelong_key(1), Buyers(number=100))
    assert isinstance(buyers, UrbanBuyers) and len(set(buyers.uid.tolist())) == 100
    assert (buyers.seat == 0).sum() == 18 and (buyers.seat == 1).sum() == 2
    assert (buyers.site[buyers.seat == NOBODY] == 24).all()
    assert buyers.awareness.shape == (100, 4)
    assert (buyers.ring != np.arange(100)[:, None]).all()
