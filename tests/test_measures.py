"""Indicators of the field, on tables whose answers are known from the published formulas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments import measures


def counties() -> pd.DataFrame:
    return pd.DataFrame(
        {"population": [100.0, 100.0, 100.0], "sellers": [10.0, 5.0, 0.0],
         "big_sellers": [5.0, 0.0, 0.0], "shoppers": [20.0, 40.0, 0.0],
         "big_shoppers": [0.0, 20.0, 0.0]}
    )  # fmt: skip


def test_the_county_index_weighs_density_and_level_of_sellers_and_shoppers():
    # first: seller density and level both highest (100), shopper density half, level none
    assert measures.county_index(counties()).tolist() == pytest.approx(
        [0.5 * 100 + 0.5 * (0.6 * 50), 0.5 * (0.6 * 50) + 0.5 * 100, 0.0]
    )


def test_wholesalers_share_the_density_of_sellers():
    with_b2b = counties().assign(wholesalers=[0.0, 0.0, 30.0])
    # densities 5, 2.5, 15: the third county is now the densest, the second the lowest
    assert measures.county_index(with_b2b).tolist() == pytest.approx(
        [0.5 * (0.6 * 20 + 40) + 0.5 * 30, 50.0, 0.5 * 60]
    )


def test_counties_that_do_not_differ_score_nothing():
    same = pd.concat([counties().iloc[:1]] * 3, ignore_index=True)
    assert measures.county_index(same).eq(0.0).all()


def test_a_taobao_village_by_the_published_rule_at_its_real_size():
    villages = pd.DataFrame(
        {"year": 2015, "households": [4000.0, 4000.0, 400.0, 4000.0, 400.0],
         "shops": [1000.0, 999.0, 40.0, 400.0, 39.0],
         "turnover": [1e8, 1e8, 1e7, 9.9e7, 1e8], "stands_for": [10.0, 10.0, 1.0, 10.0, 1.0]}
    )  # fmt: skip
    price = pd.Series({2015: 1.0})
    # 100 shops each; 99.9 shops but a quarter of the households; a tenth; too little; too few
    assert measures.taobao_villages(villages, price).tolist() == [True, True, True, False, False]
    richer = measures.taobao_villages(villages, pd.Series({2015: 1.2}))  # the threshold is nominal
    assert richer.tolist() == [True, True, True, True, False]


def test_clusters_are_chains_of_near_villages():
    x = np.array([0.0, 4.0, 8.0, 50.0, 53.0, 200.0])
    assert measures.clusters(x, np.zeros(6), 5.0).tolist() == [3, 2, 1]
    assert measures.clusters(x[:0], x[:0], 5.0).tolist() == []


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:size, :size]
    return x.ravel().astype(float), y.ravel().astype(float)


def test_morans_i_of_a_gradient_a_chessboard_and_noise():
    x, y = grid(12)
    gradient = measures.morans_i(x, x, y, neighbours=4)
    assert gradient.value > 0.8 and gradient.p <= 0.01
    chessboard = measures.morans_i((x + y) % 2, x, y, neighbours=4)
    assert chessboard.value < -0.8 and chessboard.p > 0.99
    noise = measures.morans_i(np.random.default_rng(4).normal(size=144), x, y, neighbours=4)
    assert abs(noise.value) < 0.2 and noise.expected == pytest.approx(-1 / 143)
    assert math.isnan(measures.morans_i(np.ones(144), x, y).value)


def test_morans_i_by_hand():
    # four points in a row, each with its nearest neighbour: 1, 2 | 7, 8 about the mean 4.5
    x = np.array([0.0, 1.0, 10.0, 11.0])
    z = np.array([-3.5, -2.5, 2.5, 3.5])
    found = measures.morans_i(z + 4.5, x, np.zeros(4), neighbours=1)
    assert found.value == pytest.approx(4 * 3.5 * 2.5 / (z**2).sum())


def test_gini_of_known_distributions():
    assert measures.gini(np.full(5, 3.0)) == pytest.approx(0.0)
    assert measures.gini(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.75)
    assert measures.gini(np.arange(1.0, 5.0)) == pytest.approx(0.25)
    assert measures.gini(np.array([4.0, 1.0]), np.array([1.0, 3.0])) == pytest.approx(
        measures.gini(np.array([1.0, 1.0, 1.0, 4.0]))
    )
    assert math.isnan(measures.gini(np.zeros(3)))


def test_theil_falls_apart_into_between_and_within():
    values = np.array([1.0, 1.0, 3.0, 3.0])
    whole = measures.theil(values)
    assert whole.value == pytest.approx((0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2)
    parted = measures.theil(values, groups=["a", "a", "b", "b"])
    assert parted.within == pytest.approx(0.0) and parted.between == pytest.approx(whole.value)
    mixed = measures.theil(values, groups=["a", "b", "a", "b"])
    assert mixed.between == pytest.approx(0.0) and mixed.within == pytest.approx(whole.value)
    assert measures.theil(np.array([0.0, 2.0])).value == pytest.approx(math.log(2.0))


def test_a_yuan_sold_online_is_split_without_a_remainder():
    flows = pd.DataFrame(
        [("shop_revenue_coast", 90.0), ("shop_revenue_urban", 20.0), ("refund_coast", 10.0),
         ("freight_first", 5.0), ("freight_line", 15.0), ("storage", 1.0), ("commission", 2.0),
         ("ad_fee", 2.0), ("shop_goods_wholesale", 20.0), ("packing", 5.0), ("hired", 9.0),
         ("hired_county", 5.0)],
        columns=["line", "yuan"],
    )  # fmt: skip
    shares = measures.value_capture(flows)
    assert shares.sum() == pytest.approx(1.0)
    assert shares.to_dict() == pytest.approx(
        {
            "farmer": 0.45,
            "hub": 0.06,
            "platform": 0.04,
            "firms": 0.2,
            "county workers": 0.05,
            "outside": 0.2,
        }  # fmt: skip
    )
    assert measures.value_capture(flows.iloc[3:]).isna().all()


def test_local_multiplier_and_leakage():
    arms = [pd.DataFrame({"village_product": [p, p], "shop_profit": [s, s]})
            for p, s in ((130.0, 20.0), (100.0, 0.0))]  # fmt: skip
    assert measures.local_multiplier(*arms) == pytest.approx(1.5)
    assert math.isnan(measures.local_multiplier(arms[1], arms[1]))
    months = pd.DataFrame(
        {"online_leakage_village": [0.9, 0.0], "online_leakage_region": [0.8, 0.0],
         "shop_leakage_village": [0.8, 0.6], "parcels_in": [10.0, 0.0], "people_home": [1.0, 1.0]}
    )  # fmt: skip
    assert measures.leakage(months).to_dict() == pytest.approx(
        {"online_village": 0.9, "online_region": 0.8, "shop_village": 0.7}
    )


def test_hidden_withdrawal_is_double_cropping_given_up_on_land_still_sown():
    months = pd.DataFrame(
        {"year": [2003, 2013], "mu_cultivated": [100.0, 100.0], "mu_seasons": [180.0, 140.0]}
    )
    found = measures.hidden_withdrawal(months)
    assert found["crops_per_mu"].tolist() == [1.8, 1.4]
    assert found["double_cropping_lost"].tolist() == pytest.approx([0.0, 0.5])


def test_the_left_behind():
    months = pd.DataFrame({"year": [2020], "people_home": [10.0], "old_home": [3.0],
                           "children_home": [2.0]})  # fmt: skip
    assert measures.left_behind(months).iloc[0].tolist() == pytest.approx([0.3, 0.2, 1.0])
