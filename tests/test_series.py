"""National series: means kept, nothing extrapolated, nothing invented."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from model.annual import fill_gaps, read_annual, smooth, stock
from model.errors import InputError
from model.series import (
    DEFAULT_PATH,
    GOOD_CLASSES,
    National,
    OnlineMarket,
    load_series,
)

#: PARAMETERS.md prints these deflators (three digits; 2024 lies after the file's last year).
DEFLATORS = {
    2003: 0.819,
    2005: 0.866,
    2007: 0.920,
    2008: 0.975,
    2012: 1.081,
    2014: 1.132,
    2016: 1.170,
    2018: 1.214,
    2020: 1.281,
    2022: 1.318,
}


@pytest.fixture(scope="module")
def series():
    return load_series(252)


def yearly(values: np.ndarray) -> dict[int, float]:
    return dict(enumerate(values.reshape(-1, 12).mean(axis=1), start=2003))


def test_deflator_agrees_with_the_published_table(series):
    mean = yearly(series.deflator)
    assert mean[2010] == pytest.approx(1.0, rel=1e-12)
    # Inflation is published to 0.1 point a year: eight such roundings stay well under 0.5%.
    for year, value in DEFLATORS.items():
        assert mean[year] == pytest.approx(value, rel=0.005), year


def test_each_year_keeps_its_mean_in_real_terms(series):
    """Exact arithmetic, so only rounding is allowed."""
    annual, price = read_annual(DEFAULT_PATH), yearly(series.deflator)
    for year in range(2003, 2024):
        floor = annual["rice_floor_price"][year] / 50.0 / price[year]
        urban = annual["urban_income_pc"][year] / 12.0 / price[year]
        if year < 2013:
            urban *= annual["urban_income_pc"][2013] / annual["urban_income_pc_old_basis"][2013]
        assert yearly(series.rice_price)[year] == pytest.approx(floor, rel=1e-10)
        assert yearly(series.urban_income)[year] == pytest.approx(urban, rel=1e-10)
    for year in range(2011, 2024):
        retail = annual["online_retail"][year] * 1e9 / 12.0 / price[year]
        assert yearly(series.online_retail)[year] == pytest.approx(retail, rel=1e-10)


def test_smooth_path_depends_on_neighbouring_years_only_and_does_not_jump():
    values = {2003: 10.0, 2004: 14.0, 2005: 13.0, 2006: 20.0, 2007: 21.0, 2008: 25.0}
    path = smooth(values, 72)
    other = smooth(values | {2008: 60.0}, 72)
    assert np.array_equal(path[:48], other[:48])
    assert not np.array_equal(path[48:60], other[48:60])
    # Annual growth of at most 54% is spread over twelve months; a step would be 0.43 in logs.
    assert np.abs(np.diff(np.log(path))).max() < 0.08


def test_coast_wage_follows_the_series_of_out_going_migrants(series):
    annual, price = read_annual(DEFAULT_PATH), yearly(series.deflator)
    nominal = {y: w * price[y] for y, w in yearly(series.coast_wage).items()}
    assert nominal[2003] == pytest.approx(690.0)
    assert nominal[2013] == pytest.approx(2609.0)
    assert nominal[2023] == pytest.approx(5441.0)
    # Log-linear over the six years without a figure: half-way is the geometric mean, which
    # the total series (3,275) misses by 4%.
    assert nominal[2016] == pytest.approx((2609.0 * 4427.0) ** 0.5, rel=1e-9)
    assert abs(nominal[2016] / annual["migrant_wage_month"][2016] - 1.0) > 0.03


def test_early_wage_is_varied_and_fades_out():
    base, high = load_series(252), load_series(252, national=National(early_wage=1.15))
    ratio = np.array(list(yearly(high.coast_wage / base.coast_wage).values()))
    assert ratio[0] == pytest.approx(1.15, abs=0.005)
    assert np.all(np.diff(ratio[:6]) < 0)
    assert np.array_equal(base.coast_wage[72:], high.coast_wage[72:])


def test_nothing_is_extrapolated_after_the_last_year(series):
    long = load_series(2400)
    assert long.months >= 2400
    for name in ("coast_wage", "rice_price", "pension", "agri_online_retail", "parcel_price"):
        values = getattr(long, name)
        last_year = values[240:252].mean()
        assert np.allclose(values[252:], last_year, rtol=1e-12), name
    for name in ("internet_rural", "online_shoppers", "rural_shops", "urban_population"):
        values = getattr(long, name)
        assert np.all(values[252:] == values[251]), name
    assert long.filled["coast_wage"][-1] == 2003 + 2400 // 12 - 1
    assert 2023 not in long.filled["coast_wage"]


@pytest.mark.parametrize("months", [1, 13, 253])
def test_a_longer_run_has_the_same_first_months(series, months):
    other = load_series(months)
    assert other.months >= months
    n = min(other.months, series.months)
    for name in ("deflator", "coast_wage", "internet_rural", "agri_online_retail", "rural_shops"):
        assert np.array_equal(getattr(other, name)[:n], getattr(series, name)[:n]), name


def test_back_casts_join_the_first_value_and_fall_behind_it(series):
    december_2005, december_2006 = 35, 47
    assert series.internet_rural[december_2005] == pytest.approx(0.026)
    assert series.online_shoppers[december_2006] == pytest.approx(3357e4)
    for values, first in (
        (series.internet_rural, december_2005),
        (series.online_shoppers, december_2006),
    ):
        growth = np.diff(np.log(values[: first + 1]))
        # A logistic far below its ceiling grows at nearly its rate, the same each month.
        assert np.all(growth > 0.02) and np.all(growth < 0.06)
        assert np.ptp(growth) < 0.05 * growth.mean()
    # Flat at the first value, but for the half year in which the fall of 2008 begins.
    assert np.ptp(series.parcel_price[:48]) < 1e-9 * series.parcel_price[0]
    assert yearly(series.parcel_price)[2003] == pytest.approx(28.55 / 0.9206, rel=1e-3)


def test_logistic_recovers_its_own_rate():
    t = np.arange(100)
    truth = 0.8 / (1.0 + 30.0 * np.exp(-0.05 * t))
    known = {int(m): float(truth[m]) for m in (40, 52, 64, 76, 88)}
    path = stock(known, 100, ceiling={2003: 0.8})
    assert path[:41] == pytest.approx(truth[:41], rel=1e-9)
    # The control: a ceiling of 1 is another curve.
    assert abs(stock(known, 100, ceiling={2003: 1.0})[0] / truth[0] - 1) > 0.01


def test_gaps_are_log_linear_and_linear_at_zero():
    assert fill_gaps({2003: 1.0, 2005: 100.0})[2004] == pytest.approx(10.0)
    assert fill_gaps({2008: 0.0, 2010: 220.0})[2009] == pytest.approx(110.0)


def test_the_online_pot_is_split_without_rest(series):
    farm = sum(series.pot(g) for g in GOOD_CLASSES if g != "manufactures")
    assert farm == pytest.approx(series.agri_online_retail, rel=1e-12)
    assert farm + series.pot("manufactures") == pytest.approx(series.rural_online_goods, rel=1e-12)
    assert np.all(series.pot("manufactures")[36:] > 0)
    assert np.all(series.online_retail[:36] == 0) and np.all(series.online_retail[36:] > 0)
    assert series.pot("fresh")[200] == pytest.approx(0.35 * series.agri_online_retail[200])
    with pytest.raises(InputError, match="good class = 'beans'.*fresh, dried"):
        series.pot("beans")


def test_the_pot_stands_on_one_basis(series):
    """The farm share of all online retail has no step where a definition changed.

    The old figures of 2018 are 36% below the new ones, of 2015 rural retail 47%; the published
    shares themselves wobble by up to 23% a year (farm goods fell in 2018), hence 0.3 in logs.
    """
    farm = np.log([v for y, v in yearly(series.agri_online_retail).items() if y >= 2006])
    all_ = np.log([v for y, v in yearly(series.online_retail).items() if y >= 2006])
    rural = np.log([v for y, v in yearly(series.rural_online_goods).items() if y >= 2006])
    assert np.abs(np.diff(farm - all_)).max() < 0.3
    assert np.abs(np.diff(rural - all_)).max() < 0.15
    assert np.exp(farm - all_)[0] == pytest.approx(0.039 * 313 / 230.5, rel=1e-6)


def test_the_pot_holds_no_services(series):
    """Of 894.54 billion yuan of rural online retail in 2016 315.3 were services (FACTS R3)."""
    year = slice(12 * 13, 12 * 14)
    nominal = series.rural_online_goods[year].sum() * series.deflator[year].mean() / 1e9
    assert nominal == pytest.approx(894.54 - 315.3, rel=0.01)


def test_market_parameters_scale_the_pot():
    base, double = load_series(252), load_series(252, market=OnlineMarket(size=2.0, fresh=0.5))
    total = sum(double.pot(g) for g in GOOD_CLASSES)
    assert total == pytest.approx(2.0 * sum(base.pot(g) for g in GOOD_CLASSES))
    assert double.pot("fresh")[100] > 2.0 * base.pot("fresh")[100]


def test_rural_shops_pass_through_their_counts(series):
    for year, count in ((2012, 1.63e6), (2019, 13.84e6), (2022, 16.3e6)):
        assert series.rural_shops[12 * (year - 2003) + 11] == pytest.approx(count)
    ratio = series.rural_shops[:108] / series.online_shoppers[:108]
    assert ratio == pytest.approx(np.full(108, ratio[0]))
    assert yearly(series.rivals_index)[2020] == pytest.approx(1.0)


def test_frozen_series_never_move(series):
    frozen = series.frozen_at(120)
    for name in ("coast_wage", "deflator", "online_shoppers", "rice_price"):
        assert np.all(getattr(frozen, name) == getattr(series, name)[120]), name
    assert np.ptp(series.coast_wage) > 0
    assert np.all(frozen.pot("dried") == series.pot("dried")[120])
    with pytest.raises(InputError, match="frozen_at"):
        series.frozen_at(-1)


def test_series_cannot_be_written_by_mistake(series):
    with pytest.raises(ValueError, match="read-only"):
        series.coast_wage[0] = 0.0


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["year", "series", "value"])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_bad_files_are_refused_in_one_line(tmp_path):
    with DEFAULT_PATH.open(newline="") as file:
        rows = [{k: r[k] for k in ("year", "series", "value")} for r in csv.DictReader(file)]
    broken = {
        "cpi": [r for r in rows if r["series"] != "cpi"],
        "a number": [dict(r, value="many") if r["series"] == "cpi" else r for r in rows],
        "finite": [dict(r, value="nan") if r["series"] == "cpi" else r for r in rows],
        "each year once": rows + rows,
        "columns": [],
    }
    for match, content in broken.items():
        with pytest.raises(InputError, match=match):
            load_series(12, write(tmp_path / "series.csv", content))
    with pytest.raises(InputError, match=r"absent.csv"):
        load_series(12, tmp_path / "absent.csv")
    with pytest.raises(InputError, match="months = 0"):
        load_series(0)
    assert load_series(12, write(tmp_path / "good.csv", rows)).months >= 12
