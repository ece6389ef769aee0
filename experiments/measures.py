"""Indicators that the field uses, by their published formulas, as functions of tables.

County e-commerce index, Taobao villages and their clusters, Moran's I, Gini and Theil, the split of
a yuan sold online, local multiplier and leakage, hidden withdrawal from land, the left-behind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

#: The published rule of a Taobao village: nominal yuan a year, and shops or share of households.
TAOBAO_TURNOVER, TAOBAO_SHOPS, TAOBAO_SHARE = 10e6, 100.0, 0.1
#: A Taobao town has at least this many Taobao villages.
TOWN_VILLAGES = 3
#: Nominal yuan a year from which a seller, a shopper counts as large (FACTS A3, A5).
BIG_SELLER, BIG_SHOPPER = 240_000.0, 10_000.0


# --- the county e-commerce index of AliResearch ----------------------------------------------


def county_index(counties: pd.DataFrame) -> pd.Series:
    """Return the county e-commerce development index, 0-100, one per row (FACTS A1-A6).

    ``aEDI = 0.5 Seller + 0.5 Shopper``, each ``0.6 density + 0.4 level``, every part first scaled
    to 0-100 over the counties given (smallest 0, largest 100; all 0 where none differs).

    counties : population; sellers and shoppers (number); big_sellers (over 240,000 nominal yuan a
    year), big_shoppers (over 10,000); optional wholesalers (number of B2B sellers): seller density
    is then the mean of the two densities, else that of sellers alone.
    """
    people = counties["population"]
    density = counties["sellers"] / people
    if "wholesalers" in counties:
        density = (density + counties["wholesalers"] / people) / 2.0
    trade = _level(counties["big_sellers"], counties["sellers"])
    purchase = _level(counties["big_shoppers"], counties["shoppers"])
    seller = 0.6 * _scaled(density) + 0.4 * _scaled(trade)
    shopper = 0.6 * _scaled(counties["shoppers"] / people) + 0.4 * _scaled(purchase)
    return 0.5 * seller + 0.5 * shopper


def _level(big: pd.Series, all_: pd.Series) -> pd.Series:
    return (big / all_.where(all_ > 0)).fillna(0.0)


def _scaled(values: pd.Series) -> pd.Series:
    span = values.max() - values.min()
    return 100.0 * (values - values.min()) / span if span > 0 else values * 0.0


# --- Taobao villages ------------------------------------------------------------------------------


def taobao_villages(villages: pd.DataFrame, deflator: pd.Series) -> NDArray[np.bool_]:
    """Return for each row whether it is a Taobao village by the published rule (FACTS 2).

    Turnover of 10 million nominal yuan a year, and 100 shops or a tenth of the households, at the
    size of one real village.

    villages : year, households, shops, turnover (yuan of 2010 a year), all at full scale, and
    stands_for (real villages behind a row). deflator : by year, 2010 = 1.
    """
    one = villages["stands_for"].clip(lower=1e-9)
    nominal = villages["turnover"] / one * villages["year"].map(deflator)
    shops = villages["shops"] / one
    many = (shops >= TAOBAO_SHOPS) | (
        villages["shops"] >= TAOBAO_SHARE * villages["households"].clip(lower=1e-9)
    )
    return ((nominal >= TAOBAO_TURNOVER) & many).to_numpy()


def clusters(x: Floats, y: Floats, within_km: float) -> NDArray[np.int64]:
    """Return the sizes of groups of points linked by steps of at most ``within_km``, largest first.

    Given the Taobao villages of a year: their clusters. Three or more make a Taobao town
    (``TOWN_VILLAGES``), were the group one town.
    """
    if len(x) == 0:
        return np.zeros(0, dtype=np.int64)
    pairs = cKDTree(np.column_stack([x, y])).query_pairs(within_km, output_type="ndarray")
    link = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(x), len(x)))
    _, label = connected_components(link, directed=False)
    return np.sort(np.bincount(label))[::-1].astype(np.int64)


# --- space ---------------------------------------------------------------------------------------


class Moran(NamedTuple):
    """Moran's I, its expectation under no pattern, and the share of permutations as extreme."""

    value: float
    expected: float
    p: float


def morans_i(
    values: Floats, x: Floats, y: Floats, *, neighbours: int = 8, draws: int = 999, seed: int = 1
) -> Moran:
    """Return Moran's I over the ``neighbours`` nearest points, rows of weights summing to 1.

    ``I = sum_ij w_ij z_i z_j / sum_i z_i^2``, z the deviations from the mean (Moran 1950; Cliff and
    Ord 1981). p is one-sided over ``draws`` permutations of the stated seed. NaN where all values
    are equal. Own code: the library of the field (esda) brings geopandas, shapely and scikit-learn.
    """
    values = np.asarray(values, dtype=np.float64)
    number = len(values)
    z = values - values.mean()
    expected = -1.0 / (number - 1)
    if not (z**2).sum() > 0:
        return Moran(float("nan"), expected, float("nan"))
    k = min(neighbours, number - 1)
    points = np.column_stack([x, y])
    near = cKDTree(points).query(points, k + 1)[1]
    near = np.array([row[row != i][:k] for i, row in enumerate(near)])

    def statistic(deviation: Floats) -> float:
        lag = deviation[near].mean(axis=1)
        return float((deviation * lag).sum() / (deviation**2).sum())

    found = statistic(z)
    generator = np.random.default_rng(seed)
    drawn = np.array([statistic(generator.permutation(z)) for _ in range(draws)])
    return Moran(found, expected, float((1 + (drawn >= found).sum()) / (draws + 1)))


# --- inequality --------------------------------------------------------------------------------


def gini(values: Floats, weights: Floats | None = None) -> float:
    """Return the Gini coefficient, 0 (all alike) to 1; NaN where the total is not above zero.

    Twice the area between the diagonal and the Lorenz curve of the weighted sample.
    """
    values, weights = _weighted(values, weights)
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    total = (values * weights).sum()
    if not total > 0:
        return float("nan")
    people = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    income = np.concatenate([[0.0], np.cumsum(values * weights)]) / total
    return float(1.0 - ((income[1:] + income[:-1]) * np.diff(people)).sum())


class Theil(NamedTuple):
    """Theil's T and its parts between and within groups."""

    value: float
    between: float
    within: float


def theil(values: Floats, weights: Floats | None = None, groups: object = None) -> Theil:
    """Return Theil's T, ``sum_i s_i ln(x_i / mean)``, s_i shares of the total, and its parts.

    Values not above zero add nothing (the limit of x ln x at 0). Without ``groups`` all is within.
    """
    values, weights = _weighted(values, weights)
    mean = (values * weights).sum() / weights.sum()
    if not mean > 0:
        return Theil(float("nan"), float("nan"), float("nan"))
    relative = np.maximum(values, 0.0) / mean
    each = relative * np.log(np.where(relative > 0, relative, 1.0))
    total = float((weights * each).sum() / weights.sum())
    if groups is None:
        return Theil(total, 0.0, total)
    table = pd.DataFrame({"group": np.asarray(groups), "w": weights, "wx": weights * values})
    sums = table.groupby("group")[["w", "wx"]].sum()
    share, level = sums["wx"] / sums["wx"].sum(), sums["wx"] / sums["w"] / mean
    between = float((share * np.log(level.where(level > 0, 1.0))).sum())
    return Theil(total, between, total - between)


def _weighted(values: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    values = np.asarray(values, dtype=np.float64)
    if weights is None:
        return values, np.ones_like(values)
    return values, np.asarray(weights, dtype=np.float64)


# --- where a yuan goes ---------------------------------------------------------------------------

#: Who gets a yuan sold online: ledger lines paid out of shops. What is left is the villagers'.
CAPTURE = {
    "hub": ("freight_first", "storage"),
    "platform": ("commission", "ad_fee"),
    "firms": ("shop_goods_wholesale", "shop_goods_local"),
    "county workers": ("hired_county",),
    "outside": ("freight_line", "packing"),
}


def value_capture(flows: pd.DataFrame) -> pd.Series:
    """Return who keeps a yuan sold online, refunds taken off: shares that sum to 1.

    farmer (goods at the farm gate, hours of the own household and of neighbours, profit), hub,
    platform, firms (wholesalers and local makers of what is sold), county workers (hired beside
    neighbours), outside (line-haul, packing). NaN where nothing is sold.
    flows : line (of the ledger), yuan.
    """
    yuan = flows.groupby("line")["yuan"].sum()

    def paid(*lines: str) -> float:
        return float(sum(yuan.get(line, 0.0) for line in lines))

    sold = paid("shop_revenue_coast", "shop_revenue_urban") - paid("refund_coast", "refund_urban")
    shares = {who: paid(*lines) / sold if sold > 0 else np.nan for who, lines in CAPTURE.items()}
    return pd.Series({"farmer": 1.0 - sum(shares.values()), **shares})


def local_multiplier(with_sales: pd.DataFrame, without: pd.DataFrame) -> float:
    """Return village product gained per yuan of shop profit, between paired runs (MODEL 4).

    with_sales, without : village_product and shop_profit by month, of the same span.
    """
    gain = {c: with_sales[c].sum() - without[c].sum() for c in ("village_product", "shop_profit")}
    profit = gain["shop_profit"]
    return float(gain["village_product"] / profit) if profit != 0 else float("nan")


def leakage(months: pd.DataFrame) -> pd.Series:
    """Return what leaves the village, and the region, of a yuan bought online, and in the shop.

    Means of the monthly shares of counties, those of purchases online weighted by parcels received.
    months : the columns online_leakage_village, online_leakage_region, shop_leakage_village,
    parcels_in, people_home.
    """
    parcels, people = months["parcels_in"].to_numpy(), months["people_home"].to_numpy()
    return pd.Series(
        {
            "online_village": _mean(months["online_leakage_village"], parcels),
            "online_region": _mean(months["online_leakage_region"], parcels),
            "shop_village": _mean(months["shop_leakage_village"], people),
        }
    )


def _mean(values: pd.Series, weights: Floats) -> float:
    total = weights.sum()
    return float((values.to_numpy() * weights).sum() / total) if total > 0 else float("nan")


# --- land and those who stay -------------------------------------------------------------------


def hidden_withdrawal(months: pd.DataFrame) -> pd.DataFrame:
    """Return by year crops per sown mu, and the share of double cropping given up since the start.

    The first, hidden stage of withdrawal: land that bore two crops bears one and still counts as
    cultivated. months : year, mu_cultivated, mu_seasons.
    """
    sums = months.groupby("year")[["mu_cultivated", "mu_seasons"]].sum()
    crops = sums["mu_seasons"] / sums["mu_cultivated"].where(sums["mu_cultivated"] > 0)
    double = crops - 1.0
    first = double.iloc[0]
    lost = 1.0 - double / first if first > 0 else double * np.nan
    return pd.DataFrame({"crops_per_mu": crops, "double_cropping_lost": lost})


def left_behind(months: pd.DataFrame) -> pd.DataFrame:
    """Return by year shares of village residents who are old (65+) and young (under 16).

    ``dependents``: old and young per resident of working age. months : year, people_home,
    old_home, children_home.
    """
    sums = months.groupby("year")[["people_home", "old_home", "children_home"]].sum()
    working = sums["people_home"] - sums["old_home"] - sums["children_home"]
    return pd.DataFrame(
        {
            "old": sums["old_home"] / sums["people_home"],
            "young": sums["children_home"] / sums["people_home"],
            "dependents": (sums["old_home"] + sums["children_home"]) / working.where(working > 0),
        }
    )
