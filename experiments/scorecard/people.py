"""Estimators of people: migrants, ages, residents, towns, incomes (V8-V10, V16-V18, V27-V30).

Each takes the tables of a run and returns values by the name of the target's part. A value that
the tables cannot give is NaN, which passes no band.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from experiments.scorecard.reading import (
    NAN,
    Missing,
    by_county,
    flow,
    growth,
    longest_run,
    of_year,
    percent,
    ratio,
    stock,
    truth,
)
from experiments.scorecard.tables import Tables

#: The months of the censuses of 2010 and 2020 (1 November).
CENSUS_2010, CENSUS_2020 = "2010-11", "2020-11"
#: The county whose population falls by 21% and then rises by 16%: results with and without it.
ODD_COUNTY = "Shaodong"
#: Growth of counties that differs by less than this is no ranking, points.
LEAST_SPREAD = 0.5
#: What the survey counts as income of rural residents, by source.
WAGES = ("income_wage",)
BUSINESS = ("income_farm", "income_business", "income_shop")
TRANSFERS = ("income_transfer", "income_remittance")


def migrant_growth(t: Tables) -> dict[str, float]:
    """V8: growth of out-going and of all migrant workers (% a year); local less out-going."""
    out, local = (
        {y: stock(t, f"migrants_{kind}", y) for y in (2003, 2012, 2023)}
        for kind in ("out", "local")
    )
    late = growth(out[2012], out[2023], 11)
    return {
        "out_early": growth(out[2003], out[2012], 9),
        "out_late": late,
        "all_late": growth(out[2012] + local[2012], out[2023] + local[2023], 11),
        "local_less_out": growth(local[2012], local[2023], 11) - late,
    }


def migrant_ages(t: Tables) -> dict[str, float]:
    """V9: mean age of all migrant workers, out-going and local (years); share aged 50 or more."""

    def both(suffix: str, year: int) -> float:
        return stock(t, f"migrants_out{suffix}", year) + stock(t, f"migrants_local{suffix}", year)

    return {
        "age_2012": ratio(both("_age", 2012), both("", 2012)),
        "age_2023": ratio(both("_age", 2023), both("", 2023)),
        "fifty_2023": percent(both("_50", 2023), both("", 2023)),
    }


def farm_worker_ages(t: Tables) -> dict[str, float]:
    """V10: share of those who farm 30 or more days a year who are 55 or older, 2016 (%)."""
    return {"old": percent(stock(t, "farm_workers_55", 2016), stock(t, "farm_workers", 2016))}


def residents_by_county(t: Tables) -> dict[str, float]:
    """V18: growth of residents by county from the census of 2000, against the later censuses.

    Raises Missing where the region's folder has no later censuses.

    Spearman's rank correlation, and root mean square error over that of two predictors that know
    the answer in part: the mean of all counties, and the means of districts and other counties.
    ``_without``: the same without Shaodong. ``_between``: growth of the districts less that of the
    counties, model less census (points); ``start``: the first month against the census of 2000 (%,
    what the start adds to every error); ``_within``: Spearman within the other counties.
    """
    census = t.counties.set_index("county")
    if census[["pop_2000", "pop_2010", "pop_2020"]].isna().any(axis=None):
        raise Missing("the region has no censuses of 2010 and 2020 by county")
    model = {
        2000: census["pop_2000"].astype(float),
        2010: by_county(t, "residents", CENSUS_2010),
        2020: by_county(t, "residents", CENSUS_2020),
    }
    found: dict[str, float] = {}
    for start, end in ((2000, 2010), (2010, 2020)):
        real = 100.0 * (census[f"pop_{end}"] / census[f"pop_{start}"] - 1.0)
        mine = 100.0 * (model[end] / model[start] - 1.0)
        district = census["kind"] == "district"
        keep = pd.Series(census.index != ODD_COUNTY, index=census.index)
        for suffix, rows in (("", keep | True), ("_without", keep)):
            part = _compare(mine[rows], real[rows], district[rows])
            found |= {f"{name}_{end}{suffix}": value for name, value in part.items()}
    first = by_county(t, "residents", str(t.months["month"].min())).sum()
    found["start"] = 100.0 * (ratio(first, model[2000].sum()) - 1.0)
    found["total_2010"] = 100.0 * (ratio(model[2010].sum(), first) - 1.0)
    found["total_2020"] = 100.0 * (ratio(model[2020].sum(), model[2010].sum()) - 1.0)
    return found


def _compare(mine: pd.Series, real: pd.Series, district: pd.Series) -> dict[str, float]:
    """Return how well growth by county in the model (%) agrees with the census."""
    alike = _rmse(real, pd.Series(real.mean(), real.index))
    dummy = _rmse(real, real.groupby(district).transform("mean"))
    error = _rmse(mine, real)

    def gap(values: pd.Series) -> float:
        return float(values[district].mean() - values[~district].mean())

    return {
        "rank": rank_correlation(mine, real),
        "error_alike": ratio(error, alike),
        "error_district": ratio(error, dummy),
        "between": gap(mine) - gap(real),
        "within": rank_correlation(mine[~district], real[~district]),
    }


def rank_correlation(a: pd.Series, b: pd.Series) -> float:
    """Return Spearman's rho of growth (%); NaN where one side is all alike or has under three."""
    both = pd.concat([a, b], axis=1).dropna()
    if len(both) < 3 or any(np.ptp(both.iloc[:, i]) < LEAST_SPREAD for i in (0, 1)):
        return NAN
    return float(spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)


def _rmse(a: pd.Series, b: pd.Series) -> float:
    return float(np.sqrt(((a - b) ** 2).mean()))


def net_absent(t: Tables) -> dict[str, float]:
    """V27: registered less residents over registered, % of the region's, at both censuses."""
    found = {}
    for name, month in (("y2010", CENSUS_2010), ("y2020", CENSUS_2020)):
        registered = by_county(t, "registered_all", month).sum()
        found[name] = percent(registered - by_county(t, "residents", month).sum(), registered)
    return found


def town_growth(t: Tables) -> dict[str, float]:
    """V28: share of the rise of urban residents 2010-20 outside the prefecture's districts (%)."""
    rise = by_county(t, "urban_people", CENSUS_2020) - by_county(t, "urban_people", CENSUS_2010)
    outside = (t.counties.set_index("county")["kind"] != "district").reindex(rise.index)
    return {"outside": percent(float(rise[outside].sum()), float(rise.sum()))}


def income_growth(t: Tables) -> dict[str, float]:
    """V29: growth of real income per rural resident (% a year), within each statistical basis."""
    per_head = {
        y: ratio(flow(t, "real_income", y), stock(t, "people_home", y))
        for y in (2003, 2012, 2013, 2023)
    }
    return {
        "early": growth(per_head[2003], per_head[2012], 9),
        "late": growth(per_head[2013], per_head[2023], 10),
    }


def coast_share(t: Tables) -> dict[str, float]:
    """V30: share of out-going migrant workers who are at the coast, end of 2021 (%)."""
    away = of_year(t.away, 2021)
    return {"coast": percent(away["coast"].sum(), away["coast"].sum() + away["seat"].sum())}


def income_sources(t: Tables) -> dict[str, float]:
    """V17: shares of rural residents' income of 2023 by source (%), as the survey groups them."""
    yuan = {
        name: sum(flow(t, column, 2023) for column in columns)
        for name, columns in (("wages", WAGES), ("business", BUSINESS), ("transfers", TRANSFERS))
    }
    total = sum(yuan.values()) + flow(t, "income_property", 2023)
    return {name: percent(value, total) for name, value in yuan.items()}


def urban_rural(t: Tables) -> dict[str, float]:
    """V16: income per urban over income per rural resident, 2013 and 2023, and the change."""
    found = {f"y{year}": urban_rural_ratio(t, year) for year in (2013, 2023)}
    found["change"] = found["y2023"] - found["y2013"]
    return found


#: Ledger lines that are income of urban households.
URBAN_INCOME = (
    "wage_seat_urban",
    "pension_urban",
    "dividend_city_urban",
    "dividend_local_urban",
    "dividend_hubs_urban",
)


def urban_rural_ratio(t: Tables, year: int) -> float:
    """Return income per urban household member over income per rural resident.

    Urban: wages, transfers and dividends of the seats' urban households over their members, who are
    urban residents less registered villagers living at the seats. Both in yuan of 2010 a year.
    """
    flows = of_year(t.flows, year)
    urban = flows.loc[flows["line"].isin(URBAN_INCOME), "yuan"].sum()
    villagers = stock(t, "people_county", year) + stock(t, "people_city", year)
    sources = (*WAGES, *BUSINESS, *TRANSFERS, "income_property")
    rural = sum(flow(t, column, year) for column in sources)
    return ratio(
        ratio(urban, stock(t, "urban_people", year) - villagers),
        ratio(rural, stock(t, "people_home", year)),
    )


def hukou_opening(base: Tables, fixed: Tables, free: Tables) -> dict[str, float]:
    """V6: rise of the stock of out-going migrants ten years after hukou costs end (%).

    base : no opening; fixed : the coast wage does not respond; free : it does. The third value is
    the first rise over the second.
    """
    before = stock(base, "migrants_out", 2018)
    rise = {
        name: 100.0 * (ratio(stock(t, "migrants_out", 2018), before) - 1.0)
        for name, t in (("fixed", fixed), ("free", free))
    }
    return {**rise, "times": ratio(rise["fixed"], rise["free"])}


def network_acceleration(with_network: Tables, without: Tables) -> dict[str, float]:
    """V7: second differences of the number away, with less without the network term.

    Net outflow of a year is the rise of the number of registered people living elsewhere, in points
    of the registered; its mean yearly change over the first ten years is a second difference.
    ``years_rising``: longest run of years in which the outflow rises, with the network.
    """
    found = {}
    for name, t in (("with", with_network), ("without", without)):
        table = t.months.groupby("year")[["registered", "people_home"]].sum()
        away = 100.0 * (1.0 - table["people_home"] / table["registered"])
        found[name] = np.diff(away.to_numpy(dtype=float)[:12])
    change = {name: np.diff(outflow) for name, outflow in found.items()}
    return {
        "years_rising": float(longest_run(change["with"] > 0)),
        "without_rises": truth(longest_run(change["without"] > 0) >= 5),
        "difference": float(np.mean(change["with"]) - np.mean(change["without"])),
    }
