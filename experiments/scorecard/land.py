"""Estimators of land: idle plots, returns on slopes, leases, land taken (V11-V15)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import linregress

from experiments.scorecard.reading import NAN, of_year, percent, truth
from experiments.scorecard.tables import SLOPES, Tables


def idle_plots(t: Tables) -> dict[str, float]:
    """V11: idle in the calendar year 2014, % of contracted land without woodland, by slope."""
    sums = of_year(t.land, 2014).groupby("slope")[["mu", "idle"]].sum()
    by_slope = [_share(sums, slope) for slope in SLOPES]
    flat, _, steep = by_slope
    rises = bool(np.isfinite(by_slope).all() and (np.diff(by_slope) > 0).all())
    return {
        "steep": steep,
        "flat": flat,
        "region": percent(sums["idle"].sum(), sums["mu"].sum()),
        "monotone": truth(rises),
    }


def _share(sums: pd.DataFrame, slope: str) -> float:
    return percent(sums["idle"][slope], sums["mu"][slope]) if slope in sums.index else NAN


def steep_returns(t: Tables) -> dict[str, float]:
    """V12: net return on fields over 15 degrees (yuan of 2010 per mu): 2003-06, first year below 0.

    Of field crops, since the survey of costs behind FACTS L7 (Li and Li 2018, Acta Geogr. Sinica
    73:803: "as represented by maize") holds no vegetables and no orchards.
    The year is the last of the first three whose mean is below zero; infinite if none is.
    """
    steep = t.land[t.land["slope"] == "steep"].groupby("year")[["field", "net_return"]].sum()
    per_mu = steep["net_return"] / steep["field"]
    smooth = per_mu.rolling(3).mean().dropna()
    below = smooth.index[smooth < 0]
    first = float(below[0]) if len(below) else (float("inf") if len(smooth) else NAN)
    return {"early": float(per_mu[per_mu.index <= 2006].mean()), "year": first}


def leases(t: Tables) -> dict[str, float]:
    """V13: leased share of contracted land, woodland too (%); its trend 2016-22 (points a year)."""
    sums = t.land.groupby("year")[["mu", "trees", "leased"]].sum()
    share = 100.0 * sums["leased"] / (sums["mu"] + sums["trees"])
    late = share[(share.index >= 2016) & (share.index <= 2022)]
    slope = float(linregress(late.index, late).slope) if len(late) > 2 else NAN
    return {
        "y2007": float(share.get(2007, NAN)),
        "y2014": float(share.get(2014, NAN)),
        "late": float(late.mean()),
        "trend": slope,
    }


def free_leases(t: Tables) -> dict[str, float]:
    """V14: rent-free share of leased land to 2015: hills less flat land (points), region (%)."""
    early = t.land[t.land["year"] <= 2015]
    sums = early.groupby(early["slope"] == "flat")[["leased", "leased_free"]].sum()
    if len(sums) < 2:
        return {"gap": NAN, "region": NAN}
    hills, flat = (percent(sums["leased_free"][k], sums["leased"][k]) for k in (False, True))
    return {"gap": hills - flat, "region": percent(sums["leased_free"].sum(), sums["leased"].sum())}


def land_taken(t: Tables) -> dict[str, float]:
    """V15: land taken a year (% of cropland), near seats (% of it), and who gets its value.

    Farmers' share: compensation paid to households over what the land sold for, 2003-15 (%).
    """
    taken = t.taken.groupby("year")[["mu", "near_mu"]].sum()
    if taken.empty:
        return {"yearly": NAN, "near": NAN, "farmers": NAN}
    early = taken[taken.index <= 2015]
    years = len(early)
    last = early.iloc[-1] if years else taken.iloc[0] * NAN
    flows = t.flows[t.flows["year"] <= 2015].groupby("line")["yuan"].sum()
    paid, sold = flows.get("compensation_household", 0.0), flows.get("land_sale", 0.0)
    return {
        "yearly": percent(last["mu"], t.counties["cropland_mu"].sum() * max(years, 1)),
        "near": percent(last["near_mu"], last["mu"]),
        "farmers": percent(paid, sold),
    }
