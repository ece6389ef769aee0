"""Estimators of online trade (V4, V5, V19-V26).

Each takes the tables of one or more runs and returns values by the name of the target's part. A
value that the tables cannot give is NaN, which passes no band.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from experiments.measures import BIG_SELLER, county_index, taobao_villages
from experiments.scorecard.reading import (
    NAN,
    deflator,
    flow,
    growth,
    longest_run,
    of_year,
    percent,
    ratio,
    stock,
    truth,
)
from experiments.scorecard.tables import A_YEAR, Cause, Tables

#: A cluster village: this share of its households sells online at the peak (the published rule).
CLUSTER_SHARE = 0.1
#: Year of the county index that V23 reads (FACTS A11-A13).
INDEX_YEAR = 2014
#: Villages that count as near, by distance.
NEAREST = 4


def losing_shops(t: Tables) -> dict[str, float]:
    """V4: shops a year old or more, no cold chain, 2012-16: % that lose money over 12 months.

    ``causes``: of the fresh sellers that lose, % by refunds and spoilage or freight.
    """
    shops = of_year(t.shops, *range(2012, 2017))
    if shops.empty:
        return {"fresh": NAN, "storable": NAN, "causes": NAN, "shop_years": 0.0}
    shops = shops[(shops["months_open"] >= A_YEAR) & (shops["cold_chain"] == 0)]
    shops = shops.merge(t.goods, on="good")
    fresh, keeps = shops[shops["fresh"]], shops[shops["keeps"] & ~shops["made"]]
    losing = fresh[fresh["cause"] != Cause.NONE]
    named = losing["cause"].isin([Cause.REFUNDS, Cause.FREIGHT])
    return {
        "fresh": percent(losing["weight"].sum(), fresh["weight"].sum()),
        "storable": percent(
            keeps.loc[keeps["cause"] != Cause.NONE, "weight"].sum(), keeps["weight"].sum()
        ),
        "causes": percent(losing.loc[named, "weight"].sum(), losing["weight"].sum()),
        "shop_years": float(len(fresh)),
    }


def spoilage(base: Tables, cold: Tables) -> dict[str, float]:
    """V5: spoiled on the way at 20 C (%), and the change of refunds with a cold chain (points).

    The change is the coefficient of the cold chain in a regression of refunds over sales on cold
    chain and days of transit, over the fresh sellers of the runs without and with cold chains.
    """
    fresh = base.goods.loc[base.goods["fresh"], "good"]
    rows = pd.concat([base.shops, cold.shops], ignore_index=True)
    change = NAN
    if len(rows):
        rows = rows[(rows["months_open"] >= A_YEAR) & (rows["turnover"] > 0)]
        rows = rows[rows["good"].isin(fresh)]
        rows = rows.assign(refunded=100.0 * rows["refunds"] / rows["turnover"])
    if len(rows) > 10 and rows["cold_chain"].nunique() > 1:
        good = " + C(good)" if rows["good"].nunique() > 1 else ""
        formula = "refunded ~ cold_chain + transit_days" + good
        fit = smf.wls(formula, rows, weights=rows["weight"])
        change = float(fit.fit().params["cold_chain"])
    loss = base.goods.set_index("good").filter(like="loss_") * 100.0
    found = {
        f"{good}_{column.removeprefix('loss_')}": float(loss[column].get(good, NAN))
        for good in ("vegetables", "citrus")
        for column in map(str, loss)
    }
    return {**found, "refunds": change}


def cluster_shops(*clusters: Tables) -> dict[str, float]:
    """V19: shops of 2016 above 1 million nominal yuan a year (%); people per shop.

    People: own and hired days, making of the goods included, in full-time equivalents.
    """
    shops = pd.concat([_big_shops(t) for t in clusters], ignore_index=True)
    if shops.empty:
        return {"million": NAN, "people": NAN}
    weight = shops["weight"]
    return {
        "million": percent(weight[shops["nominal"] > 1e6].sum(), weight.sum()),
        "people": ratio((shops["days"] / shops["work_days"] * weight).sum(), weight.sum()),
    }


def _big_shops(t: Tables) -> pd.DataFrame:
    """Return the shops of 2016 that are a year old, with nominal turnover."""
    shops = of_year(t.shops, 2016)
    if shops.empty:
        return shops
    shops = shops[shops["months_open"] >= A_YEAR]
    return shops.assign(nominal=shops["turnover"] * deflator(t, 2016))


def take_off(*clusters: Tables) -> dict[str, float]:
    """V20: the shape of a cluster village's rise, and the wait of villages without a pioneer near.

    ``years``: median over cluster villages (a tenth of households sells at the peak) of the years
    from the first shop to nine tenths of the peak. ``s_shape``: % of them whose steepest year is
    neither the first nor the last of the rise. ``wait``: years until a first shop, expected from
    the yearly frequency among villages with none in them nor in the nearest four the year before.
    """
    rises: list[tuple[float, bool]] = []
    chances = firsts = 0
    for t in clusters:
        share, shops = _shares(t)
        for path in share.to_numpy().T:
            found = _rise(path)
            if found is not None:
                rises.append(found)
        lone, opened = _first_shops(t, shops)
        chances, firsts = chances + lone, firsts + opened
    return {
        "years": float(np.median([years for years, _ in rises])) if rises else NAN,
        "s_shape": 100.0 * float(np.mean([s for _, s in rises])) if rises else NAN,
        "wait": ratio(chances, firsts) if firsts else (float("inf") if chances else NAN),
    }


def _shares(t: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (year x village) the share of households with a shop, and whether there is one."""
    shops, households = (
        t.villages.pivot(index="year", columns="village", values=column)
        for column in ("shops", "households")
    )
    return shops / households.clip(lower=1.0), shops > 0


def _rise(share: np.ndarray) -> tuple[float, bool] | None:
    """Return years from first shop to 0.9 of the peak, and whether the steepest lies within."""
    peak = share.max()
    if peak < CLUSTER_SHARE:
        return None
    first, high = int(np.argmax(share > 0)), int(np.argmax(share >= 0.9 * peak))
    steps = np.diff(share[max(first - 1, 0) : high + 1])
    inner = len(steps) > 2 and 0 < int(np.argmax(steps)) < len(steps) - 1
    return float(high - first), inner


def _first_shops(t: Tables, has_shop: pd.DataFrame) -> tuple[int, int]:
    """Return village-years without a shop in or near the village, and how many then opened."""
    place = t.villages.drop_duplicates("village").set_index("village").loc[has_shop.columns]
    xy = place[["x", "y"]].to_numpy()
    distance = np.hypot(*(xy[:, None, k] - xy[None, :, k] for k in (0, 1)))
    near = np.argsort(distance, axis=1, kind="stable")[:, : NEAREST + 1]  # itself comes first
    shops = has_shop.to_numpy()
    known = shops.any(axis=1)
    if not known.any():
        return 0, 0
    begin = int(np.argmax(known))  # the region has its first shop
    lone = ~shops[begin:-1][:, near].any(axis=2)
    return int(lone.sum()), int((lone & shops[begin + 1 :]).sum())


def keeping_good(t: Tables) -> dict[str, float]:
    """V21: of the county and good that keeps over 90 days which sold most in all, online sales.

    Taken as what buyers order, at real size: in a sample, sellers of one county's good are a few
    households, each for a hundred, the first of whom comes years after the county's first.
    ``years``: longest run of years with real growth over 25%; ``late``: mean growth of the last
    three years (%); ``parcels``: change of the parcel price over those three years (%).
    """
    goods = t.goods.loc[t.goods["keeps"] & ~t.goods["made"], "good"]
    columns = [f"ordered_{good}" for good in goods if f"ordered_{good}" in t.months]
    long = t.months.melt(["year", "county"], columns, "good", "yuan")
    sales = long.pivot_table(index="year", columns=["good", "county"], values="yuan", aggfunc="sum")
    total = sales.sum().to_numpy()
    if total.size == 0 or not (total > 0).any():
        return {"years": NAN, "late": NAN, "parcels": NAN}
    best = sales.iloc[:, int(total.argmax())]
    positive = best[best > 0]
    yearly = 100.0 * (positive / positive.shift(1) - 1.0).dropna()
    price = t.months.groupby("year")["parcel_price"].mean()
    last = int(best.index[-1])
    return {
        "years": float(longest_run(yearly.to_numpy() > 25.0)),
        "late": growth(float(best.get(last - 3, NAN)), float(best.get(last, NAN)), 3),
        "parcels": 100.0 * (ratio(price.get(last, NAN), price.get(last - 3, NAN)) - 1.0),
    }


def returnee_shops(t: Tables) -> dict[str, float]:
    """V22: sales of shops opened by households with a returnee, against others alike (%).

    Weighted regression of log turnover on returnee, log months open, good, county and year.
    """
    shops = t.shops
    if shops.empty:
        return {"more": NAN}
    shops = shops[(shops["months_open"] >= A_YEAR) & (shops["turnover"] > 0)]
    if len(shops) < 30 or shops["returnee"].nunique() < 2:
        return {"more": NAN}
    shops = shops.assign(sales=np.log(shops["turnover"]), age=np.log(shops["months_open"]))
    alike = [f"C({c})" for c in ("good", "county", "year") if shops[c].nunique() > 1]
    formula = " + ".join(["sales ~ returnee + age", *alike])
    fit = smf.wls(formula, shops, weights=shops["weight"]).fit()
    return {"more": 100.0 * float(np.exp(fit.params["returnee"]) - 1.0)}


def sold_online(t: Tables) -> dict[str, float]:
    """V25: farm and processed goods sold online per rural resident (nominal yuan a year)."""
    kinds = t.goods[~t.goods["made"]]

    def nominal(goods: pd.Series, year: int) -> float:
        return sum(flow(t, f"online_{good}", year) for good in goods) * deflator(t, year)

    per_head = {
        year: ratio(nominal(kinds["good"], year), stock(t, "people_home", year))
        for year in (2015, 2020)
    }
    fresh = nominal(kinds.loc[kinds["fresh"], "good"], 2020)
    return {
        "y2020": per_head[2020],
        "earlier": percent(per_head[2015], per_head[2020]),
        "fresh": percent(fresh, nominal(kinds["good"], 2020)),
    }


def parcel_service(t: Tables) -> dict[str, float]:
    """V26: villages with parcel service, end of 2021 (%); parcels both ways per rural resident."""
    december = t.months[t.months["month"] == "2021-12"]
    served = december["villages_served"].sum() if len(december) else NAN
    parcels = flow(t, "parcels_out", 2021) + flow(t, "parcels_in", 2021)
    return {
        "villages": percent(served, t.counties["villages"].sum()),
        "parcels": ratio(parcels, stock(t, "people_home", 2021)),
    }


def county_ranking(t: Tables) -> dict[str, float]:
    """V23 in 2014, the year of the published list, see ``index_ranking``."""
    return index_ranking(index_counties(t, INDEX_YEAR))


def index_counties(t: Tables, year: int) -> pd.DataFrame:
    """Return what the county index reads, one row per county, end of ``year``."""
    months = t.months[t.months["year"] == year].groupby("county")["residents"].mean()
    shops = of_year(t.shops, year)
    bar = BIG_SELLER / deflator(t, year)
    online = of_year(t.online, year).set_index("county")
    table = t.counties.set_index("county")[["cluster", "seat"]].assign(population=months)
    for name, rows in (("sellers", shops), ("big_sellers", shops[shops["turnover"] > bar])):
        table[name] = rows.groupby("county")["weight"].sum()
    table = table.assign(shoppers=online["shoppers"], big_shoppers=online["big_shoppers"])
    return table.fillna(0.0)


def index_ranking(counties: pd.DataFrame) -> dict[str, float]:
    """V23: ranks by the county e-commerce index of ``measures.county_index``.

    counties : its columns, with cluster (strength), seat (bool). ``clusters``: 1 if every county
    with a cluster ranks above all others; ``seat``: 1 if no prefecture seat is the densest seller.
    """
    index = county_index(counties)
    has = counties["cluster"] > 0
    density = counties["sellers"] / counties["population"]
    if not has.any() or has.all():
        return {"clusters": NAN, "seat": NAN}
    return {
        "clusters": truth(index[has].min() > index[~has].max()),
        "seat": truth(not bool(counties["seat"].iloc[int(density.argmax())])),
    }


def taobao_growth(t: Tables) -> dict[str, float]:
    """V24: number of Taobao villages year on year, the published rule at each village's size.

    ``burst``: largest factor 2013-16; ``late``: largest 2020-22; ``falling``: 1 if the mean factor
    falls from 2013-16 over 2017-19 to 2020-22; ``shrinking``: years before 2020 with fewer.
    """
    flagged = taobao_villages(t.villages, t.months.groupby("year")["deflator"].mean())
    number = t.villages.loc[flagged].groupby("year")["stands_for"].sum()
    number = number.reindex(sorted(t.villages["year"].unique()), fill_value=0.0)
    factor = (number / number.shift(1)).where(number.shift(1) > 0)
    eras = [factor.loc[a:b].mean() for a, b in ((2013, 2016), (2017, 2019), (2020, 2022))]
    return {
        "burst": float(factor.loc[2013:2016].max()),
        "late": float(factor.loc[2020:2022].max()),
        "falling": truth(bool(np.isfinite(eras).all() and (np.diff(eras) < 0).all())),
        "shrinking": float((number.diff().loc[:2019] < 0).sum()),
    }
