"""Buying online and village retail: CES limits, who takes it up, money of shops and platform."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agents.base import declared, lifelong_key
from agents.base.draws import uniform
from agents.farmer import buying
from agents.farmer.buying import Buying, has_internet, takes_up
from model.ledger import INDEX, Sector
from model.retail import Retail, village_price
from model.switches import Access
from tests.tiny_market import live_a_month, tiny_market

P = Buying()


def test_index_is_the_feenstra_form_of_the_share():
    """(1 - s)^(1/(sigma - 1)) equals the CES index: an identity of CES, so to rounding."""
    for ratio, weight in ((0.8, 0.1), (1.0, 0.13), (1.3, 0.4)):
        share = buying.online_spending_share(ratio, weight, P)
        index = buying.tradables_index(ratio, weight, P)
        assert index == pytest.approx((1.0 - share) ** (1.0 / (P.substitution - 1.0)), rel=1e-12)
        assert 0.0 < share < 1.0 and index < 1.0


def test_dear_parcels_mean_the_village_shop_alone():
    assert buying.online_spending_share(1e4, 0.13, P) < 1e-9
    assert buying.tradables_index(1e4, 0.13, P) == pytest.approx(1.0, abs=1e-9)
    assert buying.tradables_index(0.9, 0.0, P) == 1.0


def test_share_falls_with_the_online_price():
    shares = [buying.online_spending_share(r, 0.13, P) for r in (0.7, 0.9, 1.1, 1.5)]
    assert all(a > b for a, b in zip(shares, shares[1:]))


def test_basket_grows_with_the_root_of_delivery_cost():
    assert buying.parcel_value(P.parcel_cost, P) == pytest.approx(P.parcel_value, rel=1e-12)
    assert buying.parcel_value(4 * P.parcel_cost, P) == pytest.approx(2 * P.parcel_value, rel=1e-12)


def test_skill_cost_in_age_and_school():
    base = buying.skill_cost(40.0, 7.0, 0, 0.0, P)
    assert base == pytest.approx(P.skill_cost, rel=1e-12)
    assert buying.skill_cost(50.0, 7.0, 0, 0.0, P) == pytest.approx(
        base * math.exp(0.45), rel=1e-12
    )
    assert buying.skill_cost(40.0, 10.0, 0, 0.0, P) == pytest.approx(
        base * math.exp(-0.3), rel=1e-12
    )


def test_internet_reach_follows_the_national_share_at_the_mean_household():
    """Over a grid of lucks the share online is the rule's; the grid's step is the tolerance."""
    lucks = (np.arange(2000) + 0.5) / 2000
    age, school = P.internet_mean_age, P.internet_mean_school
    online = [buying.has_internet(u, 0.35, age, school, P) for u in lucks]
    assert np.mean(online) == pytest.approx(1 - 0.65**P.internet_members, abs=1.0 / 2000)
    alone = P._replace(internet_members=1.0)
    single = [buying.has_internet(u, 0.35, age, school, alone) for u in lucks]
    assert np.mean(single) == pytest.approx(0.35, abs=1.0 / 2000)
    old = [buying.has_internet(u, 0.35, age + 20, school, P) for u in lucks]
    assert np.mean(old) < np.mean(online) - 0.1
    assert not buying.has_internet(0.01, 0.0, age, school, P)


def test_living_cost_is_cobb_douglas():
    assert buying.living_cost(1.0, P) == 1.0
    assert math.log(buying.living_cost(0.9, P)) == pytest.approx(
        P.manufactures_share * math.log(0.9), rel=1e-12
    )


def test_parameters_lie_in_their_ranges():
    for group in (Buying, Retail):
        for name, (_, default, p) in declared(group).items():
            assert min(p.low, p.high) <= default <= max(p.low, p.high), name
            assert p.unit and p.meaning, name


def _after_a_year(model, months: int = 12):
    for _ in range(months):
        live_a_month(model)
    return model.households


def test_users_are_a_minority_and_younger_and_gain_more_where_remote():
    """A station opens in every village at once in 2016: V2's shape, with wide bands."""
    model = tiny_market(month=155, villages=300)
    for v in range(300):
        model.freight.open_station(model, v, 156)
    h = _after_a_year(model)
    users = h.online_share > 0
    assert 0.05 <= users.mean() <= 0.25
    assert h.head_age[users].mean() < h.head_age[~users].mean() - 2.0
    assert h.schooling[users].mean() > h.schooling[~users].mean()
    fall = 1.0 - h.tradables_index[users]
    assert 0.02 <= fall.mean() <= 0.10
    minutes = model.villages.minutes[h.village[users]]
    assert fall[minutes > 90].mean() > fall[minutes < 60].mean()
    assert (h.tradables_index[~users] == 1.0).all() and (h.price_index[~users] == 1.0).all()


def test_access_scale_slows_take_up_of_the_same_households():
    """The same luck: whoever buys at half the hazard also buys at the whole."""
    users = {}
    for scale in (0.5, 1.0):
        model = tiny_market(month=155, villages=100, access=Access(scale=scale))
        for v in range(100):
            model.freight.open_station(model, v, 156)
        users[scale] = _after_a_year(model, 6).buys_online.copy()
    assert (users[0.5] <= users[1.0]).all() and users[0.5].sum() < users[1.0].sum()


def test_selling_only_means_nobody_buys():
    model = tiny_market(month=230, access=Access(buying=False))
    h = _after_a_year(model)
    assert not h.buys_online.any() and not h.online_share.any()
    assert model.villages.parcel_service.any()


def test_richer_households_take_it_up_sooner():
    poor, rich = tiny_market(month=230, villages=100), tiny_market(month=230, villages=100)
    for model, yuan in ((poor, 150.0), (rich, 400.0)):
        model.households.tradables[:] = yuan
        for _ in range(6):
            live_a_month(model, yuan)
    assert rich.households.buys_online.sum() > poor.households.buys_online.sum()


def test_training_brings_more_households_online():
    """Three years of schooling cut the hurdle by a quarter: no fewer users."""
    plain, trained = (tiny_market(month=230, villages=100) for _ in range(2))
    trained.villages.trained[:] = 1
    for model in (plain, trained):
        _after_a_year(model, 6)
    users, more = plain.households.buys_online, trained.households.buys_online
    assert (more >= users).all() and more.sum() > users.sum()


def test_training_lays_no_line():
    """Who would be online with the schooling that training is worth, and is not, stays offline."""
    t, key = tiny_market(villages=100).households, lifelong_key(1)

    def online(h: int, extra: float) -> bool:
        luck = uniform(key, t.uid[h], buying._INTERNET)
        return bool(has_internet(luck, 0.35, t.head_age[h], t.schooling[h] + extra, P))

    rows = range(len(t.uid))
    assert sum(online(h, 3.0) and not online(h, 0.0) for h in rows) > 20
    for h in rows:
        assert bool(takes_up(t, h, 1e12, 0, 0.35, key, P, 3.0)) == online(h, 0.0)


def test_village_price_rises_with_minutes():
    p = Retail()
    assert village_price(0.0, p) == pytest.approx(1.0 + p.markup, rel=1e-12)
    assert village_price(60.0, p) - village_price(0.0, p) == pytest.approx(
        60.0 * p.markup_minute, rel=1e-12
    )


def test_every_village_has_a_shopkeeper_and_few_do():
    model = tiny_market(villages=300)
    keepers = model.households.shopkeeper
    by_village = np.bincount(model.households.village, keepers)
    assert (by_village >= 1).all() and by_village.mean() < 1.5
    model.households.residents[model.households.shopkeeper > 0] = 0
    model.month = 203  # the next month is a January
    live_a_month(model)
    moved = model.households.shopkeeper > 0
    assert (model.households.residents[moved] > 0).all()


def test_money_of_shops_and_platform_closes():
    """Retail holds exactly this month's sales, the platform and wholesalers nothing."""
    model = tiny_market(month=226, villages=50)
    for v in range(0, 50, 2):
        model.freight.open_station(model, v, 227)
    for _ in range(15):
        live_a_month(model)
        ledger, h = model.ledger, model.households
        sales = float(h.retail @ h.weight)
        gross = ledger.turnover.max()
        assert abs(ledger.balance[Sector.RETAIL] - sales) <= 1e-9 * gross
        assert abs(ledger.balance[Sector.PLATFORM]) <= 1e-9 * gross
        assert abs(ledger.balance[Sector.WHOLESALE]) <= 1e-9 * gross
        booked = ledger.booked("retail_pay").sum() + ledger.booked("station_pay").sum()
        assert float(h.retail_pay @ h.weight) == pytest.approx(booked, rel=1e-9)
    assert ledger.booked("station_pay").sum() > 0 and ledger.booked("parcel_goods").sum() > 0


def test_shopkeepers_earn_the_margin_of_last_month():
    model = tiny_market(month=10, villages=1, access=Access(enabled=False))
    live_a_month(model, 100.0)
    assert not model.households.retail_pay.any()
    live_a_month(model, 0.0)
    h, price = model.households, village_price(model.villages.minutes[0], Retail())
    sales = 100.0 * h.weight.sum()
    assert float(h.retail_pay @ h.weight) == pytest.approx(sales * (1 - 1 / price), rel=1e-12)
    assert model.ledger.flows[INDEX["retail_stock"]].sum() == pytest.approx(
        sales / price, rel=1e-12
    )


def test_a_yuan_online_leaks_more_than_a_yuan_in_the_shop():
    model = tiny_market(month=238, villages=100)
    for v in range(100):
        model.freight.open_station(model, v, 239)
    for _ in range(12):
        live_a_month(model)
    online, shop = model.log["online_leakage_village"], model.log["shop_leakage_village"]
    assert (online > shop).all() and (online < 1.0).all()
    assert (model.log["online_leakage_region"] < online).all()
