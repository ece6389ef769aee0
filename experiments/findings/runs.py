"""What is run for the findings, and what is kept of each run."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments import homes
from experiments.arms import ARMS, BARE, BUYING, FULL, NEITHER, OUTCOMES, SELLING, arms_of
from experiments.kept import warm
from experiments.measures import county_index, taobao_villages
from experiments.replies import region_by_year
from experiments.runs import Measure
from experiments.scorecard import tables
from experiments.scorecard.needs import changed
from experiments.scorecard.reading import of_year
from experiments.scorecard.trade import INDEX_YEAR, index_counties
from model import RuralUrbanModel
from model.annual import read_annual
from model.goods import GOODS
from model.indicators import COLUMN, VILLAGE
from model.ledger import FLOWS
from model.ruralurban import region_of
from model.scenario import Scenario, load_scenario
from model.series import DEFAULT_PATH
from model.switches import Synthetic

Floats = NDArray[np.float64]
Cells = dict[str, tuple[Scenario, dict[str, Any]]]
#: Years of the shops whose losses are counted, those of scorecard V4.
SHOP_YEARS = range(2012, 2017)
DISTANCES = ("near", "middle", "far")
CLUSTERS = ("yiwu", "qinghe", "changshu", "jinjiang")
#: A good that keeps and one that does not, in made-up counties alike but for it.
KEEPS, SPOILS = "nuts", "citrus"
_NAMES = sorted({o.column for o in OUTCOMES.values()} | {o.per for o in OUTCOMES.values()} - {""})
_NAMES += ["shops", "shop_turnover", "shop_profit"]
_SUMMED = {i.name for i in VILLAGE if i.year == "sum"}
_SUMMED |= {o.column for o in OUTCOMES.values() if o.flow}


# --- what is kept --------------------------------------------------------------------------------


def _arm(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    """Keep the region by year, counties and distances by year, and the books."""
    model = RuralUrbanModel(scenario, seed).run()
    months = model.records.months_table()
    found = {"region": region_by_year(months), "places": places(model), "book": book(model, months)}
    model.release()
    return found


def _panel(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    """Keep income and shops of counties and villages by year, and when programmes came."""
    model = RuralUrbanModel(scenario, seed).run()
    region = region_by_year(model.records.months_table())
    names = model.region.counties["name_en"].to_numpy()
    values, years = by_year(model)
    number = len(model.villages.uid)
    table = pd.DataFrame(values.reshape(-1, len(_NAMES)), columns=_NAMES)
    table.insert(0, "year", np.repeat(years, number))
    table.insert(1, "village", np.tile(np.arange(number), len(years)))
    table.insert(2, "county", np.tile(names[model.villages.county], len(years)))
    table.insert(3, "entry", table["county"].map(_entries(model)))
    model.release()
    kept = ["year", "village", "county", "entry", "real_income", "people_home", "shops"]
    return {"region": region, "panel": table[kept]}


def _homes(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    """Keep the region by year, and households of the last December."""
    model = RuralUrbanModel(scenario, seed)
    kept = homes.run(model)
    region = region_by_year(model.records.months_table())
    model.release()
    return {"region": region, "homes": kept}


@cache
def listed_villages() -> tuple[int, float]:
    """Return the last year for which the country's Taobao villages are counted, and their number.

    Source: taobao_villages of national_series.csv (FACTS T12).
    """
    return max(read_annual(DEFAULT_PATH)["taobao_villages"].items())


def _trade(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    """Keep shops by year, Taobao villages, the county index, and why shops lose."""
    t = tables.run(scenario, seed)
    weight = t.shops.groupby("year")["weight"].sum() if len(t.shops) else pd.Series(dtype=float)
    years = sorted(t.villages["year"].unique())
    shops = pd.DataFrame({"year": years, "shops": weight.reindex(years, fill_value=0.0).to_numpy()})
    villages = t.villages.assign(
        taobao=taobao_villages(t.villages, t.months.groupby("year")["deflator"].mean())
    )
    ever = villages.groupby("village").agg(
        taobao=("taobao", "max"), county=("county", "first"), stands_for=("stands_for", "first")
    )
    counted, _ = listed_villages()
    then = villages[villages["year"] == counted].set_index("village")  # none: the run ends before
    ever["listed"] = then["taobao"].astype(float).reindex(ever.index)
    ever["turnover"] = then["turnover"].reindex(ever.index)
    model = RuralUrbanModel(scenario, seed)  # January 2003: what a village had before
    ever["minutes"] = model.villages.minutes[ever.index]
    model.release()
    cluster = t.counties.set_index("county")["cluster"]
    ever["cluster"] = ever["county"].map(cluster)
    year = INDEX_YEAR if INDEX_YEAR in years else years[-1]
    counties = index_counties(t, year)
    index = pd.DataFrame(
        {
            "county": counties.index,
            "index": county_index(counties).to_numpy(),
            "cluster": counties["cluster"].to_numpy(),
        }
    )
    return {
        "region": region_by_year(t.months),
        "shops": shops,
        "taobao": ever.reset_index(),
        "index": index,
        "causes": causes(t),
    }


ARM = Measure("findings-arm-1", _arm, warm)
PANEL = Measure("findings-panel-1", _panel, warm)
HOMES = Measure("findings-homes-2", _homes, warm)
TRADE = Measure("findings-trade-4", _trade, warm)


def by_year(model: Any) -> tuple[Floats, list[int]]:
    """Return (years, villages, columns) sums of flows and means of stocks, and the years."""
    at = [COLUMN[name] for name in _NAMES]
    monthly = np.stack([month[:, at] for month in model.records.villages])
    yearly = monthly.reshape(-1, 12, *monthly.shape[1:])
    flows = np.array([name in _SUMMED for name in _NAMES])
    years = [2003 + month // 12 for month in model.records.months[::12]]
    return np.where(flows, yearly.sum(axis=1), yearly.mean(axis=1)), years


def places(model: Any) -> pd.DataFrame:
    """Return level, place, year, columns: by county, and by thirds of villages by travel time."""
    values, years = by_year(model)
    names = model.region.counties["name_en"].to_numpy()
    minutes = model.villages.minutes
    third = np.searchsorted(np.quantile(minutes, [1 / 3, 2 / 3]), minutes, side="left")
    parts = []
    for level, group in (
        ("county", names[model.villages.county]),
        ("distance", np.array(DISTANCES)[third]),
    ):
        for place in np.unique(group):
            sums = values[:, group == place].sum(axis=1)
            table = pd.DataFrame(sums, columns=_NAMES)
            table.insert(0, "year", years)
            table.insert(0, "place", place)
            table.insert(0, "level", level)
            parts.append(table)
    return pd.concat(parts, ignore_index=True)


def book(model: Any, months: pd.DataFrame) -> pd.DataFrame:
    """Return kind, item, value: cumulated extraction and return; of the last year the ledger's
    lines, online sales by good, and the farm-gate value of each harvest (yuan of 2010).
    """
    totals = model.extraction.totals()
    rows = [("extraction", name, value) for name, value in totals.items()]
    last = np.sum(model.records.flows[-12:], axis=0).sum(axis=1)
    rows += [("line", flow.name, float(yuan)) for flow, yuan in zip(FLOWS, last) if yuan]
    year = months[months["month"] >= f"{months['month'].max()[:4]}-01"]
    for name in (c for c in months if str(c).startswith("online_")):
        good = str(name).removeprefix("online_")
        if good in GOODS:
            rows.append(("online", good, float(year[name].sum())))
    account = model.goods_account.table()
    harvest = account[(account["item"] == "harvested") & account["month"].isin(year["month"])]
    price = model.price_year.mean(axis=(0, 1))
    for good, kg in harvest.groupby("good")["kg"].sum().items():
        rows.append(("harvest", str(good), float(kg * price[GOODS.index(good)])))
    return pd.DataFrame(rows, columns=["kind", "item", "value"])


def causes(t: tables.Tables) -> pd.DataFrame:
    """Return class (fresh, keeps, other), cold_chain, cause, shops: shop-years over a year old."""
    columns = ["class", "cold_chain", "cause", "shops"]
    shops = of_year(t.shops, *SHOP_YEARS)
    shops = shops[shops["months_open"] >= tables.A_YEAR] if len(shops) else shops
    if shops.empty:
        return pd.DataFrame(columns=columns)
    shops = shops.merge(t.goods[["good", "fresh", "keeps", "made"]], on="good")
    kind = np.where(
        shops["fresh"], "fresh", np.where(shops["keeps"] & ~shops["made"], "keeps", "other")
    )
    sums = shops.assign(**{"class": kind}).groupby(columns[:3])["weight"].sum()
    return sums.rename("shops").reset_index()


def _entries(model: Any) -> dict[str, float]:
    """Return county -> year in which its state programme begins, NaN for never."""
    programme, names = model.region.programme, model.region.counties["name_en"].to_numpy()
    state = programme[programme["kind"] == "national"]
    found = dict.fromkeys(names, float("nan"))
    found |= {names[r.county]: 2003.0 + r.month // 12 for r in state.itertuples()}
    return found


# --- what is run ---------------------------------------------------------------------------------


def goods_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the goods that the region can sell."""
    return tuple(sorted(region_of(scenario).endowment["good"].unique()))


def fresh_good(scenario: Scenario) -> str:
    """Return the fresh good whose cold chain is asked about; "" where the region has none."""
    have = goods_of(scenario)
    return next((good for good in ("citrus", "vegetables") if good in have), "")


def base_cells(scenario: Scenario) -> Cells:
    """Return the six arms and one for each good that alone is sold online."""
    return {
        f"base|{arm}": (made, {"group": "base", "arm": arm})
        for arm, made in arms_of(scenario, goods_of(scenario)).items()
    }


def cells_of(group: str, scenarios: dict[str, Scenario]) -> Cells:
    """Return the cells of a group, named ``group|arm``."""
    return {f"{group}|{arm}": (s, {"group": group, "arm": arm}) for arm, s in scenarios.items()}


def home_cells(scenario: Scenario) -> Cells:
    """Return the arms under the pull in which households are compared.

    They are run for this alone: a row for each household of every cell would fill the store.
    """
    arms = (BARE, FULL, SELLING, BUYING)
    return cells_of("homes", {arm: scenario.with_(**ARMS[arm]) for arm in arms})


def cold_cells(scenario: Scenario) -> Cells:
    """Return full cold chains: all goods, and a fresh good alone with and without."""
    cold = {"freight.cold_share": 1.0}
    found = {"all goods, cold": scenario.with_(**cold)}
    good = fresh_good(scenario)
    if good:
        only = scenario.with_(**{"access.only_good": good, "access.buying": False})
        found[f"only {good}, cold"] = only.with_(**cold)
    return cells_of("cold", found)


#: Name of an arm -> what it changes of selling alone.
AWARENESS = {
    "no distinctness": {"attention.distinct_value": 0.0},
    "no word of mouth": {"attention.word": 0.0},
    "neither": {"attention.distinct_value": 0.0, "attention.word": 0.0},
    "known to all": {"attention.start": 1.0, "attention.forget": 0.0},
}


def awareness_cells(scenario: Scenario) -> Cells:
    """Return selling alone with distinctness and word of mouth off, and with all buyers aware."""
    selling = ARMS[SELLING]
    return cells_of("aware", {k: scenario.with_(**selling, **v) for k, v in AWARENESS.items()})


def endowment_cells(scenario: Scenario, names: tuple[str, ...]) -> Cells:
    """Return three arms of each named scenario, with what ``scenario`` changes set in all."""
    found: Cells = {}
    for name in names:
        made = load_scenario(name, sample=scenario.sample, months=scenario.months)
        made = made.with_(**changed(scenario))
        found |= cells_of(name, {arm: made.with_(**ARMS[arm]) for arm in (NEITHER, BARE, FULL)})
    return found


def keeping_cells(scenario: Scenario, size: int) -> Cells:
    """Return made-up counties that differ in one good alone, which keeps or spoils."""
    found: Cells = {}
    for good in (KEEPS, SPOILS):
        made = scenario.with_(
            region=Synthetic(width=size, height=size, good=good), **{"access.only_good": good}
        )
        found |= cells_of(good, {arm: made.with_(**ARMS[arm]) for arm in (BARE, SELLING)})
    return found


def nation_cells(nation: Scenario) -> Cells:
    """Return the made-up nation, and the same with clusters switched off."""
    assert isinstance(nation.region, Synthetic)
    off = nation.with_(region=nation.region._replace(cluster=0.0))
    return cells_of("nation", {"clusters": nation, "no clusters": off})


def selection_cells(nation: Scenario) -> Cells:
    """Return programmes by choice, drawn and absent; and no access."""
    region = nation.region
    assert isinstance(region, Synthetic)
    drawn, absent = region._replace(programme_selection=0.0), region._replace(programme_share=0.0)
    return cells_of(
        "selection",
        {
            "programme": nation,
            "random": nation.with_(region=drawn),
            "no programme": nation.with_(region=absent),
            "no access": nation.with_(**ARMS[BARE]),
        },
    )
