"""Paths over the years of what the targets look at, for the figures of the card."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.scorecard.people import CENSUS_2010, CENSUS_2020
from experiments.scorecard.reading import by_county
from experiments.scorecard.tables import SLOPES, Tables


def paths(t: Tables) -> pd.DataFrame:
    """Return one row per year: shares in %, ages in years, money in yuan of its column's name.

    Columns: migrants_out, migrants_local (million), migrant_age, idle and idle_SLOPE, leased,
    steep_return (yuan of 2010 per mu), absent (net, of registered), income (yuan of 2010 a year per
    rural resident), sold (nominal yuan a year per rural resident, farm and processed goods).
    """
    by_month = t.months.drop(columns=["deflator"]).groupby(["year", "month"]).sum(numeric_only=True)
    mean = by_month.groupby("year").mean()
    total = by_month.groupby("year").sum()
    out = pd.DataFrame(index=mean.index)
    out["migrants_out"] = mean["migrants_out"] / 1e6
    out["migrants_local"] = mean["migrants_local"] / 1e6
    migrants = mean["migrants_out"] + mean["migrants_local"]
    out["migrant_age"] = (mean["migrants_out_age"] + mean["migrants_local_age"]) / migrants
    out["absent"] = 100.0 * (1.0 - mean["residents"] / mean["registered_all"])
    out["income"] = total["real_income"] / mean["people_home"]
    out["sold"] = _sold(t, total) / mean["people_home"]
    return out.join(_land(t)).reset_index()


def _sold(t: Tables, total: pd.DataFrame) -> pd.Series:
    goods = t.goods.loc[~t.goods["made"], "good"]
    columns = [f"online_{good}" for good in goods if f"online_{good}" in total]
    return total[columns].sum(axis=1) * t.months.groupby("year")["deflator"].mean()


def _land(t: Tables) -> pd.DataFrame:
    columns = ["mu", "trees", "idle", "leased", "field", "net_return"]
    region = t.land.groupby("year")[columns].sum()
    out = pd.DataFrame({"idle": 100.0 * region["idle"] / region["mu"]})
    out["leased"] = 100.0 * region["leased"] / (region["mu"] + region["trees"])
    for slope in SLOPES:
        part = t.land[t.land["slope"] == slope].groupby("year")[columns].sum()
        out[f"idle_{slope}"] = 100.0 * part["idle"] / part["mu"]
        if slope == "steep":
            out["steep_return"] = part["net_return"] / part["field"]
    return out


def county_growth(t: Tables) -> pd.DataFrame:
    """Return county, kind, and growth of residents 2000-10 and 2010-20 (%), census and model."""
    census = t.counties.set_index("county")
    model = {
        2000: census["pop_2000"],
        2010: by_county(t, "residents", CENSUS_2010),
        2020: by_county(t, "residents", CENSUS_2020),
    }
    out = census[["kind"]].copy()
    for start, end in ((2000, 2010), (2010, 2020)):
        out[f"census_{end}"] = 100.0 * (census[f"pop_{end}"] / census[f"pop_{start}"] - 1.0)
        out[f"model_{end}"] = 100.0 * (model[end] / model[start] - 1.0)
    return out.replace([np.inf, -np.inf], np.nan).reset_index()
