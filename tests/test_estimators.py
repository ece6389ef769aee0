"""Estimators of the scorecard, on small tables whose answers are known by arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.scorecard import land, people, trade, trials
from experiments.scorecard.nulls import constant_rates, load_rates, nothing_changes
from experiments.scorecard.reading import Missing
from experiments.scorecard.tables import Cause, Tables

YEARS = range(2003, 2024)


def made(counties=("A", "B"), kinds=("district", "county"), **columns) -> Tables:
    """Return tables of two counties, 2003-23; a column is a function of (year, county index)."""
    rows = []
    for year in YEARS:
        for month in range(1, 13):
            for c, county in enumerate(counties):
                row = {"month": f"{year}-{month:02d}", "year": year, "county": county}
                row |= {"deflator": 1.0, "parcel_price": 20.0 - 0.5 * (year - 2003)}
                row |= {name: value(year, c) for name, value in columns.items()}
                rows.append(row)
    known = pd.DataFrame(
        {
            "county": counties, "kind": kinds, "pop_2000": np.nan, "pop_2010": np.nan,
            "pop_2020": np.nan, "villages": 10.0, "cropland_mu": 1000.0,
        }
    )  # fmt: skip
    goods = pd.DataFrame(
        {
            "good": ["vegetables", "tofu", "manufactures"], "fresh": [True, False, False],
            "keeps": [False, True, True], "made": [False, False, True],
            "loss_weak_2014": [0.25, 0.0, 0.0], "loss_cold_2014": [0.05, 0.0, 0.0],
        }
    )  # fmt: skip
    empty = pd.DataFrame({"year": pd.Series(dtype=int)})
    none = dict.fromkeys(("land", "taken", "away", "shops", "villages", "flows", "online"), empty)
    return Tables(known, goods, pd.DataFrame(rows), **none)


def shop_rows(**columns) -> pd.DataFrame:
    """Return rows of the table of shops; a column is one value or one per row."""
    base = {
        "year": 2014, "household": 1, "county": "A", "village": 1, "good": "vegetables",
        "months_open": 24, "turnover": 1000.0, "profit": 0.0, "hours": 0.0, "refunds": 0.0,
        "freight": 0.0, "cause": 0, "days": 25.0, "work_days": 25.0, "returnee": 0,
        "cold_chain": 0, "transit_days": 4.0, "weight": 1.0,
    }  # fmt: skip
    length = max([len(v) for v in columns.values() if not isinstance(v, str)], default=1)
    return pd.DataFrame({name: columns.get(name, [value] * length) for name, value in base.items()})


# --- people ---------------------------------------------------------------------------------------


def test_growth_of_migrants_is_compound_and_local_is_set_against_out_going():
    t = made(
        migrants_out=lambda y, c: 100 * 1.04 ** min(y - 2003, 9) * 1.01 ** max(y - 2012, 0),
        migrants_local=lambda y, c: 100 * 1.03 ** (y - 2003),
    )
    found = people.migrant_growth(t)
    assert found["out_early"] == pytest.approx(4.0)
    assert found["out_late"] == pytest.approx(1.0)
    assert found["local_less_out"] == pytest.approx(2.0)
    assert 1.0 < found["all_late"] < 3.0


def test_ages_are_means_over_heads_of_both_kinds_of_migrant():
    t = made(
        migrants_out=lambda y, c: 3.0,
        migrants_out_age=lambda y, c: 3.0 * 30,
        migrants_out_50=lambda y, c: 0.0,
        migrants_local=lambda y, c: 1.0,
        migrants_local_age=lambda y, c: 50.0,
        migrants_local_50=lambda y, c: 1.0,
        farm_workers=lambda y, c: 10.0,
        farm_workers_55=lambda y, c: 4.0,
    )
    assert people.migrant_ages(t) == {"age_2012": 35.0, "age_2023": 35.0, "fifty_2023": 25.0}
    assert people.farm_worker_ages(t) == {"old": 40.0}


def test_residents_by_county_knows_a_perfect_model_from_one_that_is_upside_down():
    names = ("A", "B", "C", "Shaodong")
    t = made(
        names, ("district", "county", "county", "county"),
        residents=lambda y, c: 100 * ([1.3, 1.1, 1.0, 0.8][c] if y >= 2010 else 1)
        * ([1.2, 0.9, 0.8, 1.1][c] if y >= 2020 else 1),
    )  # fmt: skip
    t.counties["pop_2000"] = 100.0
    t.counties["pop_2010"] = [130.0, 110.0, 100.0, 80.0]
    t.counties["pop_2020"] = [156.0, 99.0, 80.0, 88.0]
    perfect = people.residents_by_county(t)
    for end in (2010, 2020):
        assert perfect[f"rank_{end}"] == pytest.approx(1.0)
        assert perfect[f"error_alike_{end}"] == pytest.approx(0.0, abs=1e-12)
        assert perfect[f"error_district_{end}_without"] == pytest.approx(0.0, abs=1e-12)
        assert perfect[f"between_{end}"] == pytest.approx(0.0, abs=1e-9)
    assert perfect["start"] == pytest.approx(0.0)
    assert perfect["total_2010"] == pytest.approx(5.0)  # from the first month, 400 to 420
    t.counties["pop_2010"] = [80.0, 100.0, 110.0, 130.0]
    upside_down = people.residents_by_county(t)
    assert upside_down["rank_2010"] == pytest.approx(-1.0)
    assert upside_down["error_alike_2010"] > 1.0
    assert upside_down["between_2010"] > 0.0


def test_a_region_without_censuses_is_said_not_scored():
    with pytest.raises(Missing, match="no censuses"):
        people.residents_by_county(made(residents=lambda y, c: 1.0))


def test_net_absence_towns_income_and_coast():
    t = made(
        registered_all=lambda y, c: 100.0,
        residents=lambda y, c: 90.0 if y < 2020 else 80.0,
        urban_people=lambda y, c: [10.0, 20.0][c] + (([1.0, 3.0][c]) if y >= 2020 else 0),
        real_income=lambda y, c: 10 * 1.1 ** (y - 2003),
        people_home=lambda y, c: 10.0,
    )._replace(away=pd.DataFrame({"year": [2021, 2021], "coast": [2.0, 1.0], "seat": [1.0, 0.0]}))
    assert people.net_absent(t) == {"y2010": 10.0, "y2020": 20.0}
    assert people.town_growth(t)["outside"] == pytest.approx(75.0)
    assert people.income_growth(t)["early"] == pytest.approx(10.0)
    assert people.income_growth(t)["late"] == pytest.approx(10.0)
    assert people.coast_share(t)["coast"] == pytest.approx(75.0)


def test_income_by_source_and_urban_over_rural():
    t = made(
        **{f"income_{s}": lambda y, c, v=v: v for s, v in
           dict(wage=40.0, farm=20.0, business=10.0, shop=5.0, transfer=10.0, remittance=10.0,
                property=5.0).items()},
        people_home=lambda y, c: 10.0, urban_people=lambda y, c: 10.0,
        people_county=lambda y, c: 3.0, people_city=lambda y, c: 2.0,
    )  # fmt: skip
    assert people.income_sources(t) == {"wages": 40.0, "business": 35.0, "transfers": 20.0}
    # rural: 2 * 100 * 12 yuan over 20 people; urban households are 20 - 10 people
    flows = pd.DataFrame(
        {"year": [2013, 2023], "line": "wage_seat_urban", "yuan": [3600.0, 2400.0]}
    )
    found = people.urban_rural(t._replace(flows=flows))
    assert found == pytest.approx({"y2013": 3.0, "y2023": 2.0, "change": -1.0})


def test_hukou_opening_compares_arms_in_the_tenth_year():
    arms = [made(migrants_out=lambda y, c, k=k: 100.0 * k) for k in (1.0, 1.5, 1.1)]
    found = people.hukou_opening(*arms)
    assert found == pytest.approx({"fixed": 50.0, "free": 10.0, "times": 5.0})


def test_the_network_makes_outflow_rise_and_its_absence_does_not():
    speeding = made(
        registered=lambda y, c: 100.0, people_home=lambda y, c: 97.0 - 0.1 * (y - 2003) ** 2
    )
    steady = made(registered=lambda y, c: 100.0, people_home=lambda y, c: 97.0 - 0.5 * (y - 2003))
    found = people.network_acceleration(speeding, steady)
    assert found["years_rising"] >= 5
    assert found["without_rises"] == 0.0
    assert found["difference"] == pytest.approx(0.2)
    assert people.network_acceleration(steady, steady)["difference"] == pytest.approx(0.0)


# --- land -----------------------------------------------------------------------------------------


def land_rows(idle=(0.0, 10.0, 30.0), first_negative=2013, leased=lambda y: 10.0) -> pd.DataFrame:
    """Return 100 mu in each class of slope of one county."""
    rows = []
    for year in YEARS:
        for k, slope in enumerate(("flat", "middle", "steep")):
            value = 10.0 if year < first_negative else -30.0
            rows.append(
                {"year": year, "county": "A", "slope": slope, "mu": 100.0, "idle": idle[k],
                 "leased": leased(year), "leased_free": leased(year) * (0.2 if k == 0 else 0.8),
                 "field": 100.0, "net_return": 100.0 * value, "trees": 0.0}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_idle_land_by_slope_and_whether_it_rises():
    t = made()._replace(land=land_rows())
    found = land.idle_plots(t)
    assert found == {"steep": 30.0, "flat": 0.0, "region": pytest.approx(40 / 3), "monotone": 1.0}
    assert land.idle_plots(t._replace(land=land_rows(idle=(20, 10, 30))))["monotone"] == 0.0


def test_the_year_in_which_steep_land_stops_paying():
    t = made()._replace(land=land_rows(first_negative=2012))
    # two years at 10 and one at -30 average below 0: the first such three years end in 2012
    assert land.steep_returns(t) == {"early": 10.0, "year": 2012.0}
    never = land.steep_returns(t._replace(land=land_rows(first_negative=2099)))
    assert math.isinf(never["year"])


def test_leases_their_trend_and_those_free_of_rent():
    t = made()._replace(land=land_rows(leased=lambda y: float(y - 2003)))
    found = land.leases(t)
    overgrown = t.land.assign(trees=100.0)  # overgrown land is contracted all the same
    assert land.leases(t._replace(land=overgrown))["y2014"] == pytest.approx(found["y2014"] / 2)
    assert found == pytest.approx({"y2007": 4.0, "y2014": 11.0, "late": 16.0, "trend": 1.0})
    assert land.free_leases(t) == pytest.approx({"gap": 60.0, "region": 60.0})


def test_land_taken_and_the_farmers_share_of_its_value():
    taken = pd.DataFrame({"year": list(YEARS), "mu": 0.0, "near_mu": 0.0})
    taken["mu"] = 4.0 * (taken["year"] - 2002)
    taken["near_mu"] = 0.9 * taken["mu"]
    flows = pd.DataFrame(
        {"year": 2010, "line": ["land_sale", "compensation_household"], "yuan": [100.0, 5.0]}
    )
    found = land.land_taken(made()._replace(taken=taken, flows=flows))
    assert found == pytest.approx({"yearly": 0.2, "near": 90.0, "farmers": 5.0})


# --- trade ----------------------------------------------------------------------------------------


def test_losing_shops_count_only_those_a_year_old_without_a_cold_chain():
    shops = shop_rows(
        good=["vegetables"] * 5 + ["tofu"] * 2,
        cause=[Cause.REFUNDS, Cause.FREIGHT, Cause.FEW_ORDERS, Cause.NONE, Cause.REFUNDS, 0, 3],
        months_open=[24, 24, 24, 24, 5, 24, 24],
    )
    found = trade.losing_shops(made()._replace(shops=shops))
    assert found["fresh"] == 75.0
    assert found["storable"] == 50.0
    assert found["causes"] == pytest.approx(200 / 3)
    assert found["shop_years"] == 4.0


def test_refunds_fall_with_a_cold_chain_at_equal_distance_not_because_it_is_nearer():
    days = np.tile([2.0, 4.0, 6.0, 8.0], 6)
    refunds = 1000.0 * (0.02 * days)  # the chain itself saves nothing
    warm = made()._replace(shops=shop_rows(transit_days=days, refunds=refunds))
    near = shop_rows(transit_days=days / 2, refunds=500.0 * 0.02 * days, cold_chain=[1] * 24)
    near["turnover"] = 500.0
    near["refunds"] = 500.0 * 0.02 * days / 2
    idle = trade.spoilage(warm, made()._replace(shops=near))
    assert idle["refunds"] == pytest.approx(0.0, abs=1e-9)
    near["refunds"] *= 0.5
    assert trade.spoilage(warm, made()._replace(shops=near))["refunds"] < -1.0
    assert idle["vegetables_weak_2014"] == 25.0 and idle["vegetables_cold_2014"] == 5.0


def test_shops_above_a_million_and_people_per_shop():
    shops = shop_rows(year=[2016] * 4, turnover=[2e6, 1e5, 1e5, 1e5], days=[50.0, 75.0, 50.0, 25.0])
    found = trade.cluster_shops(made()._replace(shops=shops), made())
    assert found == pytest.approx({"million": 25.0, "people": 2.0})


def villages_of(paths: dict[int, list[float]], first=2006, step_km=50.0) -> pd.DataFrame:
    """Return villages of 40 households in a row, ``step_km`` apart, with shares of shops a year."""
    return pd.concat(
        pd.DataFrame(
            {"year": range(first, first + len(path)), "village": v, "county": "A",
             "x": v * step_km, "y": 0.0, "households": 40.0, "shops": 40.0 * np.array(path),
             "turnover": 0.0, "stands_for": 1.0}
        )
        for v, path in paths.items()
    )  # fmt: skip


def test_a_cluster_village_rises_in_an_s_and_waits_for_its_pioneer():
    s_curve = [0, 0.025, 0.05, 0.1, 0.25, 0.4, 0.48, 0.5, 0.5, 0.5]
    t = made()._replace(villages=villages_of({0: s_curve}))
    found = trade.take_off(t)
    assert found["years"] == 5.0  # from the first shop to nine tenths of the peak
    assert found["s_shape"] == 100.0
    sudden = trade.take_off(made()._replace(villages=villages_of({0: [0, 0, 0.5, 0.5, 0.5, 0.5]})))
    assert sudden["years"] == 0.0 and sudden["s_shape"] == 0.0
    # villages 5 to 9 see nothing among their nearest four until village 5 opens after three years
    waiting = {v: s_curve if v == 0 else [0.0] * 10 for v in range(10)}
    waiting[9] = [0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert trade.take_off(made()._replace(villages=villages_of(waiting)))["wait"] > 10.0


def test_a_good_that_keeps_soars_then_slows():
    def sales(year, c):
        return (
            0.0
            if year < 2008 or c
            else 100.0 * 1.5 ** min(year - 2008, 8) * 1.05 ** max(year - 2016, 0)
        )

    found = trade.keeping_good(made(ordered_tofu=sales, ordered_manufactures=lambda y, c: 1e9))
    assert found["years"] == 8.0
    assert found["late"] == pytest.approx(5.0)
    assert found["parcels"] < 0.0


def test_returnees_are_compared_with_others_alike():
    generator = np.random.default_rng(1)
    good = np.where(np.arange(200) % 2 == 0, "tofu", "vegetables")
    returnee = (generator.random(200) < np.where(good == "tofu", 0.8, 0.2)).astype(int)
    turnover = np.where(good == "tofu", 10_000.0, 100.0) * 1.2**returnee
    months = generator.integers(12, 60, 200)
    shops = shop_rows(good=good, returnee=returnee, turnover=turnover, months_open=months)
    assert trade.returnee_shops(made()._replace(shops=shops))["more"] == pytest.approx(20.0)


def test_goods_sold_online_leave_manufactures_out_and_are_nominal():
    t = made(
        online_vegetables=lambda y, c: 10.0 if y == 2020 else 1.0,
        online_tofu=lambda y, c: 30.0 if y == 2020 else 1.0,
        online_manufactures=lambda y, c: 1e6,
        people_home=lambda y, c: 2.0,
    )
    t.months["deflator"] = np.where(t.months["year"] == 2020, 1.25, 1.0)
    found = trade.sold_online(t)
    assert found["y2020"] == pytest.approx(12 * 40 * 1.25 / 2)
    assert found["earlier"] == pytest.approx(4.0)
    assert found["fresh"] == pytest.approx(25.0)


def test_parcels_and_served_villages():
    t = made(
        villages_served=lambda y, c: 8.0, parcels_out=lambda y, c: 1.0,
        parcels_in=lambda y, c: 2.0, people_home=lambda y, c: 1.0,
    )  # fmt: skip
    assert trade.parcel_service(t) == pytest.approx({"villages": 80.0, "parcels": 36.0})


def test_ranking_by_the_index():
    counties = pd.DataFrame(
        {"population": 100.0, "sellers": [30.0, 5.0, 4.0], "big_sellers": [10.0, 0.0, 0.0],
         "shoppers": [50.0, 40.0, 45.0], "big_shoppers": [10.0, 4.0, 4.0],
         "cluster": [0.8, 0.0, 0.0], "seat": [False, True, False]}
    )  # fmt: skip
    assert trade.index_ranking(counties) == {"clusters": 1.0, "seat": 1.0}
    counties["cluster"] = [0.0, 0.8, 0.0]
    counties["seat"] = [True, False, False]
    assert trade.index_ranking(counties) == {"clusters": 0.0, "seat": 0.0}


def test_taobao_villages_burst_then_slow():
    number = {2012: 1, 2013: 2, 2014: 8, 2015: 20, 2016: 40, 2017: 60, 2018: 85, 2019: 115,
              2020: 145, 2021: 175, 2022: 195, 2023: 200}  # fmt: skip
    rows = [
        {"year": year, "village": v, "county": "A", "x": 0.0, "y": 0.0, "households": 400.0,
         "shops": 50.0, "turnover": 2e7 if v < many else 0.0, "stands_for": 1.0}
        for year, many in number.items() for v in range(200)
    ]  # fmt: skip
    found = trade.taobao_growth(made()._replace(villages=pd.DataFrame(rows)))
    assert found["burst"] == pytest.approx(4.0)
    assert found["late"] == pytest.approx(145 / 115)
    assert found["falling"] == 1.0 and found["shrinking"] == 0.0


# --- treatments -----------------------------------------------------------------------------------


def trial(effect: float, seed: int) -> pd.DataFrame:
    """Return a trial of 100 villages of 28 households in which treatment adds ``effect``."""
    generator = np.random.default_rng(seed)
    village = np.repeat(np.arange(100), 28)
    treated = (village < 60).astype(int)
    before = np.exp(generator.normal(9.5, 0.7, village.size))
    shock = generator.normal(0, 0.12, 100)[village] + generator.normal(0, 0.4, village.size)
    return pd.DataFrame(
        {"village": village, "treated": treated, "income_before": before,
         "income_after": before * np.exp(shock) * (1 + effect * treated)}
    )  # fmt: skip


def test_the_trial_finds_nothing_where_nothing_is_and_something_where_it_is():
    null = trials.trial_income(*(trial(0.0, seed) for seed in range(20)))
    assert abs(null["mean"]) < 2.0
    assert null["covers"] >= 85.0  # 20 intervals of 95%: 17 or more but for a chance under 1%
    assert 3.0 <= null["half_width"] <= 7.0
    assert null["finds"] >= 80.0
    lifted = trials.trial_income(*(trial(0.10, seed) for seed in range(20)))
    assert lifted["mean"] == pytest.approx(10.0, abs=2.5)
    assert lifted["covers"] < 40.0


def test_who_gains_by_cheaper_goods():
    generator = np.random.default_rng(2)
    number = 4000
    rows = pd.DataFrame(
        {"village": np.arange(number) // 40, "age": generator.uniform(20, 70, number),
         "income_before": np.exp(generator.normal(9.5, 0.6, number)),
         "minutes": generator.uniform(10, 120, number), "index_before": 1.0}
    )  # fmt: skip
    rows["treated"] = (rows["village"] % 2 == 0).astype(int)
    rows["served"] = (rows["village"] % 4 < 2).astype(int)
    wish = -0.08 * rows["age"] + np.log(rows["income_before"]) + 0.01 * rows["minutes"] - 8.3
    rows["uses_after"] = (wish + generator.normal(0, 0.5, number) > 0).astype(int)
    gain = 0.05 * rows["uses_after"] * rows["treated"] * np.where(rows["served"] == 1, 0.2, 1.0)
    rows["index_after"] = 1.0 - gain
    found = trials.trial_prices(rows)
    assert (found["younger"], found["richer"], found["remote"]) == (1.0, 1.0, 1.0)
    assert 0.0 < found["fall"] < 5.0
    assert found["served"] == pytest.approx(0.2, abs=0.05)


def programme(effect: float, trend: float = 0.0) -> pd.DataFrame:
    """Return 60 counties, 20 of which enter 2014-18; entrants grow ``trend`` faster all along."""
    generator = np.random.default_rng(3)
    rows = []
    for c in range(60):
        cohort = 2014 + c % 5 if c < 20 else np.nan
        for year in range(2008, 2024):
            log = 9 + 0.08 * (year - 2008) + generator.normal(0, 0.01)
            if c < 20:
                log += trend * (year - 2008) + (np.log1p(effect) if year >= cohort else 0.0)
            rows.append({"county": c, "year": year, "income": np.exp(log), "cohort": cohort})
    return pd.DataFrame(rows)


def test_the_staggered_programme_is_found_and_selection_shows():
    value, low, high = trials.staggered_effect(programme(0.05))
    assert low < value < high
    assert value == pytest.approx(5.0, abs=1.0)
    found = trials.programme_income(programme(0.05, trend=0.005), programme(0.05))
    assert found["low"] > 0.0
    assert found["selection"] == pytest.approx(3.0, abs=1.0)  # six years of half a percent
    everyone = programme(0.05)
    everyone["cohort"] = 2014
    assert math.isnan(trials.staggered_effect(everyone)[0])  # nobody is left to compare with


# --- null models ----------------------------------------------------------------------------------


def test_n1_stands_still_and_n2_moves_at_one_rate_everywhere():
    t = made(
        residents=lambda y, c: [100.0, 200.0][c] * 0.9 ** (y - 2003),
        registered_all=lambda y, c: 400.0,
        migrants_out=lambda y, c: 10.0 + y - 2003,
        migrants_out_age=lambda y, c: 300.0 * (y - 2000),
        shop_turnover=lambda y, c: float(y > 2008),
    )._replace(land=land_rows())
    n1 = nothing_changes(t)
    assert n1.months.groupby("county")["residents"].nunique().eq(1).all()
    assert n1.months["shop_turnover"].eq(0.0).all()
    assert len(n1.months) == len(t.months) and list(n1.months["month"]) == list(t.months["month"])
    n2 = constant_rates(t, load_rates())
    last = n2.months[n2.months["month"] == "2023-12"].set_index("county")
    growth = last["residents"] / pd.Series({"A": 100.0, "B": 200.0})
    assert growth["A"] == pytest.approx(growth["B"])  # every county alike
    age = last["migrants_out_age"] / last["migrants_out"]
    assert age["A"] == pytest.approx(300.0 * 3 / 10 + 0.66 * (20 + 11 / 12))
    assert t.months["residents"].min() < 100.0 * 0.2  # the run itself is left as it was


def test_shops_that_do_not_exist_in_2003_do_not_exist_in_the_nulls():
    t = made()._replace(shops=shop_rows(year=[2014] * 3, good=["vegetables"] * 3))
    assert nothing_changes(t).shops.empty
    assert math.isnan(trade.losing_shops(nothing_changes(t))["fresh"])
