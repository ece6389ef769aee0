"""The nation: endowments in stated shares, programmes in turn, one map for every replicate."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.findings.nation import COUNTIES_OF_THE_NATION
from experiments.scorecard.tables import run
from experiments.scorecard.trade import index_counties
from experiments.scorecard.trials import income_panel
from model.calendar import year_of
from model.errors import InputError
from model.mixture import STORABLE, Mixture, mixed_goods, programme_dates
from model.scenario import load_scenario
from model.series import load_series
from model.switches import Synthetic
from model.synthetic import synthetic_region

NATION = load_scenario("nation").region
MIX = Mixture(0.1, 0.2, 0.2, 0.5, 0.7)


def test_shares_of_counties_are_those_stated_and_the_seat_has_no_cluster():
    strength, goods = mixed_goods(60, 0.8, MIX, seed=1)
    assert sum(s == 0.8 for s in strength) == goods.count("manufactures") == 6
    assert sum(g in STORABLE for g in goods) == 12 and goods.count("citrus") == 12
    assert goods.count("") == 30 and strength[0] == 0.0
    assert mixed_goods(60, 0.8, MIX, seed=1) == (strength, goods)
    assert mixed_goods(60, 0.8, MIX, seed=2)[1] != goods
    with pytest.raises(InputError, match="less than 1"):
        mixed_goods(10, 0.8, Mixture(0.5, 0.3, 0.2), seed=1)


def test_programmes_come_in_turn_and_selection_brings_those_with_most_to_sell():
    strength, _ = mixed_goods(60, 0.8, MIX, seed=1)
    chosen, drawn = (
        programme_dates(60, strength, MIX._replace(programme_selection=r), seed=1)
        for r in (0.9, 0.0)
    )
    for table in (chosen, drawn):
        years = table["month"].map(year_of)
        assert len(table) == 30 and set(years) == {2014, 2015, 2016, 2017, 2018}
        assert table["county"].is_unique and 0 not in set(table["county"])
    mean = [np.mean(np.array(strength)[t["county"]]) for t in (chosen, drawn)]
    assert mean[0] > mean[1]
    assert programme_dates(60, strength, Mixture(), seed=1).empty
    with pytest.raises(InputError, match="never enter"):
        programme_dates(60, strength, Mixture(programme_share=1.0), seed=1)


def test_one_good_for_all_and_shares_of_counties_exclude_each_other():
    with pytest.raises(InputError, match="none beside shares"):
        synthetic_region(good="citrus", cluster_share=0.2)
    assert isinstance(NATION, Synthetic) and NATION.counties == 60


def test_its_counties_crowd_the_pots_as_all_do_that_they_stand_for():
    peers = load_scenario("nation").group("attention").peers
    assert peers * NATION.counties == pytest.approx(COUNTIES_OF_THE_NATION, rel=1e-3)


def test_the_scorecard_reads_the_counties_of_a_small_nation():
    """A twelfth of it, to 2015: what V3 and V23 read is there, by county."""
    region = NATION._replace(width=40, height=20, counties=5, cluster_share=0.2)
    scenario = load_scenario("nation", region=region, months=156, sample=0.006)
    t = run(scenario, 1)
    counties = index_counties(t, 2014)
    assert len(counties) == 5 and (counties["population"] > 0).all()
    assert (counties["cluster"] > 0).sum() == 1 and counties["seat"].sum() == 1
    assert (counties["shoppers"] > counties["big_shoppers"]).all()
    panel = income_panel(t)
    assert panel.groupby("county")["income"].apply(lambda x: x.iloc[-1] > x.iloc[0]).all()
    assert panel.groupby("county")["cohort"].first().notna().sum() == 3
    off = run(scenario.with_(**{"access.enabled": False}), 1)
    assert off.shops.empty and off.months["parcels_in"].sum() == 0  # off everywhere at once


def test_a_steady_gap_grows_at_its_rate_while_all_else_stands_still():
    steady = load_series(25).frozen_at(0, coast_growth=0.08)
    wage = steady.coast_wage
    assert wage[24] / wage[0] == pytest.approx(1.08**2, rel=1e-12)
    assert np.ptp(steady.rice_price) == 0.0 and np.ptp(load_series(25).frozen_at(0).coast_wage) == 0
