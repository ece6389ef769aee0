"""Offline and online markets on a tiny world built by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agents.base import lifelong_key
from agents.buyer.state import Buyers, UrbanBuyers, make_buyers
from agents.farmer.entry import Entry
from agents.kinds import NOBODY
from model.errors import LedgerBreach
from model.goods import GOODS
from model.ledger import Ledger, Sector
from model.losses import losing_by_cause
from model.offline import band_place, parity, worth_waiting
from model.switches import Access
from tests.tiny_trade import (
    CITRUS,
    GOODS_TABLE,
    NUTS,
    VEGETABLES,
    open_shop,
    run,
    tiny_world,
    trade,
)

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
    near = s.hired / np.maximum(s.hired + s.hired_county, 1e-300)
    assert t.hired_out @ t.weight == pytest.approx((s.hired_days * near) @ t.weight, rel=1e-12)
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


def test_neighbours_of_many_shops_give_no_more_days_than_they_have():
    """What they lack is hired in the county and paid to it; nobody works more than a month."""
    model = tiny_world(month=150)
    for row in range(20):
        open_shop(model, row, NUTS, orders=4_000.0)
        model.households.cash[row] = 1e6
    model.households.workers_home[:] = 1
    model.buyers.awareness[:] = 0.3
    run(model, 6)
    t, s, p = model.households, model.shops, model.params["selling"]
    wage = model.market.terms.day_wage[t.county]
    busy = s.hired_days > 0.0
    assert s.hired_county[busy].sum() > 0.0 < s.hired[busy].sum()
    assert np.allclose((s.hired + s.hired_county)[busy], (s.hired_days * wage)[busy])
    free = p.hire_share * np.maximum(0.0, t.workers_home * p.own_days - t.shop_days)
    assert (t.hired_out <= free + 1e-9).all()
    assert t.wage_shop @ t.weight == pytest.approx(s.hired @ t.weight, rel=1e-12)
    paid = model.ledger.booked("hired_county").sum()
    assert paid == pytest.approx(s.hired_county @ t.weight)


def test_a_shop_without_workers_near_hires_in_the_county():
    model = tiny_world(month=150)
    open_shop(model, 3, NUTS, orders=2_000.0)
    model.households.cash[3] = 1e6
    model.households.workers_home[:] = 0
    model.buyers.awareness[:] = 0.3
    run(model, 3)
    s = model.shops
    assert s.hired[3] == 0.0 < s.hired_county[3]
    assert not model.households.hired_out.any()
