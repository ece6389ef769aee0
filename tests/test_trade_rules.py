"""Goods and the scalar rules of trade, by hand and on small arrays."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from agents.base import lifelong_key
from agents.buyer.market import Attention, appeal, breadth, next_awareness, rivals_price, spend
from agents.buyer.state import Buyers, make_buyers
from agents.farmer.entry import (
    Entry,
    VillageShopDraw,
    believed_turnover,
    entry_cost,
    example_given,
    opening_hazard,
    pioneer_probability,
)
from agents.farmer.shops import (
    Selling,
    ability,
    cold_box,
    cools,
    exit_hazard,
    refund_share,
    shop_price,
    work_days,
)
from agents.hub.rules import VillageDraw
from model.errors import InputError
from model.goods import DEFAULT_PATH, GOODS, MARKETS, load_goods
from model.losses import Cause, cause_of_loss

GOODS_TABLE = load_goods()
TOFU, CITRUS = GOODS.index("tofu"), GOODS.index("citrus")


# --- goods ---------------------------------------------------------------------------------------


def test_goods_table_keeps_each_figure_within_its_own_range_and_grades_no_guess_as_page():
    with DEFAULT_PATH.open() as file:
        rows = list(csv.DictReader(file))
    assert {r["good"] for r in rows} == set(GOODS)
    assert all(r["source"] for r in rows)
    assert not [r for r in rows if r["source"].startswith("assumption") and r["grade"] == "page"]
    assert GOODS_TABLE.rivals[TOFU] == 60 and GOODS_TABLE.rivals[GOODS.index("balls")] == 8
    # navel oranges are sold October to April: seven months
    assert GOODS_TABLE.on_sale[CITRUS].sum() == 7 and GOODS_TABLE.on_sale[CITRUS, 5] == 0


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("rice,wholesale,3.4", "rice,wholesale,-3.4", "rice wholesale"),
        ("rice,wholesale,3.4", "rice,wholesale,x", "rice wholesale"),
        ("rice,wholesale,3.4", "rice,wholesaler,3.4", "attribute"),
        ("rice,wholesale,3.4", "ryce,wholesale,3.4", "good"),
        ("rice,class,other", "rice,class,fresh", "class in market"),
        ("citrus,rivals,600", "citrus,rivals,500", "rivals in market fresh"),
        ("citrus,months,10-4", "citrus,months,13-4", "months"),
        ("nuts,storable,1,", "nuts,class,dried,", "nuts class"),
    ],
)
def test_a_broken_goods_table_is_refused_by_name(tmp_path, old, new, named):
    text = DEFAULT_PATH.read_text()
    assert old in text
    broken = tmp_path / "goods.csv"
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=named):
        load_goods(broken)


# --- rules ---------------------------------------------------------------------------------------


def test_awareness_follows_its_equation_and_stays_a_share():
    # 0.1 + 0.9 (0.01 * 2 + 0.05 * 0.4) - 0.02 * 0.1, by hand
    assert next_awareness(0.1, 2.0, 0.4, 0.01, 0.05, 0.02) == pytest.approx(0.134, abs=1e-12)
    assert 0.0 <= next_awareness(0.99, 1e9, 1.0, 0.01, 0.05, 0.02) <= 1.0
    assert next_awareness(0.5, 0.0, 0.0, 0.01, 0.05, 0.02) == pytest.approx(0.49)


def test_sales_are_bounded_by_the_pot_and_fall_with_price_by_the_elasticity():
    buyers = make_buyers(np.array([3]), np.array([1e5]), 9, 2, lifelong_key(1), Buyers(number=60))
    buyers.weight[:] = 1e6
    buyers.awareness[:] = 1.0
    pot, rivals = np.zeros(len(MARKETS)), np.full(len(MARKETS), 100.0)
    pot[0] = 1e9
    both, markets, paid = np.array([0, 1]), np.array([0, 0]), {}
    for price in (1.0, 1.1):
        pull = np.array([appeal(1.0, 0.0, price, 0.5, 4.0), 0.0])
        coast, urban = np.zeros(2), np.zeros(2)
        spend(buyers, both, markets, pull, pot, rivals, 1.0, coast, urban, np.zeros((60, 2)))
        paid[price] = coast[0] + urban[0]
        assert coast[1] == 0.0
    # one known variety among 100 equal rivals takes 1/101 of the pot
    assert paid[1.0] == pytest.approx(1e9 / 101, rel=1e-6)
    # yuan fall by 1.1^-3 as long as the share is small: 1% of slack for the share itself
    assert paid[1.1] / paid[1.0] == pytest.approx(1.1**-3, rel=0.01)
    coast, urban = np.zeros(2), np.zeros(2)
    loved = np.array([1e9, 1e9])
    spend(buyers, both, markets, loved, pot, rivals, 1.0, coast, urban, np.zeros((60, 2)))
    assert coast.sum() + urban.sum() <= 1e9 * (1 + 1e-9)


def test_sellers_of_differentiated_goods_are_varieties_as_rivals_are():
    p = Attention()
    assert breadth(0.0, p) == 1.0  # what a county is known for, before anybody sells it
    assert breadth(3.0 * p.sellers_per_variety, p) == 4.0
    # sold by the shop: where many sell, twice the sellers take hardly less each
    many = 1e6
    assert breadth(2 * many, p) / (2 * many) == pytest.approx(breadth(many, p) / many, rel=0.01)


def test_ability_has_mean_one_and_makes_sales_unequal():
    p, z = Selling(), np.random.default_rng(1).normal(size=100_000)
    drawn = np.array([ability(x, p) for x in z])
    # the mean of 100,000 draws with relative s.d. 0.53 is off by 0.0017: five of these
    assert drawn.mean() == pytest.approx(1.0, abs=0.0085)
    # where a month's sales are next month's weight, sales are ability^(1 / (1 - visibility))
    visibility, sales = Attention().visibility, 1.0
    for _ in range(200):
        sales = sales**visibility * ability(1.0, p)
    assert np.log(sales) == pytest.approx(np.log(ability(1.0, p)) / (1 - visibility), rel=1e-9)
    assert ability(2.0, p._replace(ability_sd=0.0)) == 1.0


def test_prices_erode_with_rivals_and_shops_and_never_sell_far_below_cost():
    p = Selling()
    alone, crowded = shop_price(10.0, 12.0, 1.0, 8.0, p), shop_price(10.0, 12.0, 2_000.0, 8.0, p)
    common = shop_price(10.0, 12.0, 1.0, 600.0, p)
    assert crowded < common < alone <= 15.0
    assert shop_price(10.0, 2.0, 1.0, 600.0, p) == pytest.approx(9.5)
    # with few parcels a year elsewhere the rival pays more freight, and asks more
    assert rivals_price(7.5, 20.0, 8.0, 5.0, 0.7) > rivals_price(7.5, 8.0, 8.0, 5.0, 0.7) == 7.5


def test_entry_rises_with_belief_and_falls_with_cost():
    p = Entry()
    assert entry_cost(0.0, 0.0, 8.0, 0, p) == p.cost
    assert entry_cost(0.5, 0.1, 11.0, 1, p) == pytest.approx(
        p.cost * np.exp(-(0.5 * 1.0 + 0.1 * 6.0 + 0.3 + 0.3))
    )
    low, high = opening_hazard(0.3, 300.0, 900.0, p), opening_hazard(0.3, 3_000.0, 900.0, p)
    assert 0.0 < low < high <= p.hazard
    assert opening_hazard(0.3, -1.0, 900.0, p) == 0.0 == opening_hazard(0.0, 3_000.0, 900.0, p)
    assert opening_hazard(p.example, 900.0, 900.0, p) == pytest.approx(0.25 * p.hazard)
    assert pioneer_probability(2e-5, 490.0) == pytest.approx(490 * 2e-5, rel=0.01)


def test_belief_goes_from_the_prior_to_what_is_shown():
    """Nothing shown: the prior. As much as the prior counts: half way. More: nearer."""
    p = Entry()
    assert believed_turnover(0.0, 0.0, p) == p.prior
    shown = [believed_turnover(w * 9_000.0, w, p) for w in (p.example, 9 * p.example)]
    assert shown == pytest.approx([(p.prior + 9_000.0) / 2, 0.1 * p.prior + 0.9 * 9_000.0])


def test_who_must_learn_a_good_is_moved_by_its_sellers_alone():
    p = Entry()
    assert example_given(0.0, 0.5, False, p) == 0.0
    assert example_given(0.1, 0.5, False, p) == 0.1
    assert example_given(0.1, 0.5, True, p) == pytest.approx(0.1 + 0.4 * p.other_goods)


def test_work_cooling_refunds_and_exit():
    p = Selling()
    assert work_days(24.0, 1.0, 1, p) == pytest.approx(24 / 12 + 4 + 1)
    assert work_days(0.0, 0.0, 0, p) == 0.0  # a seasonal shop rests
    assert cools(5.0, 0.2, 30.0) and not cools(7.0, 0.2, 30.0) and not cools(np.inf, 1.0, 1e9)
    assert refund_share(0.04, 0.2) == pytest.approx(0.24) and refund_share(0.5, 0.9) == 1.0
    assert exit_hazard(0, 100.0, p) < exit_hazard(p.patience, 100.0, p) == p.give_up
    assert exit_hazard(0, 0.0, p) == p.give_up


def test_causes_of_losses():
    assert cause_of_loss(100.0, 50.0, 50.0, 10.0, 500.0) == Cause.NONE
    assert cause_of_loss(0.0, 2_000.0, 2_100.0, 10.0, 500.0) == Cause.FEW_ORDERS
    assert cause_of_loss(-500.0, 2_400.0, 2_100.0, 900.0, 500.0) == Cause.REFUNDS
    assert cause_of_loss(-5_000.0, 2_400.0, 2_100.0, 900.0, 5_500.0) == Cause.FREIGHT


def test_purposes_of_village_draws_are_unique():
    purposes = [int(d) for kind in (VillageDraw, VillageShopDraw) for d in kind]
    assert len(purposes) == len(set(purposes))


def test_a_cooled_parcel_has_foam_and_ice_instead_of_a_carton():
    assert cold_box(3.9, 5.0) == 5.0
    assert cold_box(3.9, 0.0) == 3.9  # keeps without ice
