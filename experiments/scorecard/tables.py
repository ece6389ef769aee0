"""What a run leaves for the scorecard: small tables, from which estimators read values.

``run`` is the only place of the scorecard that runs a model, so that it can be sent anywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agents.base.compiled import compiled
from agents.farmer.land import best_crop, list_days, list_returns
from agents.hub.rules import survival
from agents.kinds import NOBODY, Job, Place, Use
from experiments.measures import BIG_SHOPPER
from experiments.shop_year import ShopYear
from model import RuralUrbanModel
from model.calendar import DECEMBER, month_of_year, year_of
from model.goods import GOODS, MARKETS
from model.indicators import COLUMN, FLAT, FREE_RENT, STEEP
from model.ledger import FLOWS
from model.losses import A_YEAR, Cause, cause_of_loss
from model.migration import km_to_seat
from model.scenario import Scenario

#: Bounds between the classes of slope, degrees, and the names of the classes.
SLOPES = ("flat", "middle", "steep")
#: Land this near to a seat is near, km (scorecard V15).
NEAR_KM = 6.0
#: A good keeps if it can wait longer than this at 20 C, days.
KEEPS_DAYS = 90.0
#: Years whose way to the buyer spoils goods (scorecard V5): a weak chain, and the latest known.
TRANSIT_YEARS = (2014, 2022)
_IDLE, _TREES, _TAKEN, _CROP = (int(u) for u in (Use.IDLE, Use.TREES, Use.REQUISITIONED, Use.CROP))


class Tables(NamedTuple):
    """The tables of a run; all but the first three hold one block of rows per December.

    counties : county, kind, pop_2000, pop_2010, pop_2020 (census; NaN where unknown), villages,
        cropland_mu (2003), cluster (strength of the industry, 0-1), seat (bool: the prefecture's),
        entry (year of the first state programme; NaN for never).
    goods : good, fresh, keeps (bool), made (bought from local firms), loss_weak_YEAR and
        loss_cold_YEAR (share spoiled at 20 C on the way from a village with parcel service, without
        and with a full cold chain; NaN where none has it).
    months : month ("2003-01"), year, county, deflator (2010 = 1), parcel_price (yuan of 2010), and
        every indicator of months.parquet.
    land : year, county, slope (of ``SLOPES``), mu (contracted, woodland left out), idle, leased,
        leased_free (mu), field (mu that suit field crops only), net_return (of field land, yuan of
        2010 a year, labour at the local day wage), trees (contracted mu overgrown to woodland).
    taken : year, county, mu (requisitioned so far), near_mu (of it within 6 km of the seat).
    away : year, county, coast, seat (migrant workers by where they work).
    shops : year, household, county, village, good, months_open, turnover, profit, hours, refunds,
        freight (yuan of 2010, in the year), cause (of ``Cause``), days (own and hired a month),
        work_days (of a full month), returnee, cold_chain (0/1), transit_days, weight.
    villages : year, village, county, x, y (km), households, shops, turnover (year, yuan of 2010).
    flows : year, line (of the ledger), county, yuan of 2010.
    online : year, county, shoppers (persons at the seat, and households in villages, that buy
        online), big_shoppers (of them: over 10,000 nominal yuan a year).
    """

    counties: pd.DataFrame
    goods: pd.DataFrame
    months: pd.DataFrame
    land: pd.DataFrame
    taken: pd.DataFrame
    away: pd.DataFrame
    shops: pd.DataFrame
    villages: pd.DataFrame
    flows: pd.DataFrame
    online: pd.DataFrame


def run(scenario: Scenario, seed: int) -> Tables:
    """Run ``scenario`` with ``seed`` to its end and return its tables: a pure function."""
    model = RuralUrbanModel(scenario, seed)
    observer = _Observer(model)
    for _ in range(scenario.months):
        model.step()
        observer.collect()
    tables = observer.tables()
    model.release()
    return tables


class _Observer:
    """Notes what stands in agents' rows at the end of each December."""

    def __init__(self, model: Any):
        self.model = model
        self.parts: dict[str, list[pd.DataFrame]] = {
            name: [] for name in ("land", "taken", "away", "shops", "villages", "flows", "online")
        }
        self.turnover = np.zeros(len(model.villages.uid))
        self.shop_year = ShopYear(model)
        self.flows = np.zeros((len(FLOWS), model.counties))
        self.parcels = np.zeros(len(model.households.uid))
        self.names = model.region.counties["name_en"].to_numpy()
        self.near = km_to_seat(model)[model.households.village[model.plots.owner]] <= NEAR_KM
        self.transit = dict.fromkeys(TRANSIT_YEARS, np.nan)

    def collect(self) -> None:
        """Add up the month; in December write down the year."""
        m = self.model
        self.turnover += m.records.last[:, COLUMN["shop_turnover"]]
        self.shop_year.add()
        self.flows += m.ledger.flows
        self.parcels += m.households.parcels
        if month_of_year(m.month) != DECEMBER:
            return
        year = year_of(m.month)
        served = m.villages.weight * m.villages.parcel_service
        if year in self.transit and served.sum() > 0:
            self.transit[year] = float(np.average(m.villages.transit_days, weights=served))
        for name in self.parts:
            table = getattr(self, f"_{name}")()
            table.insert(0, "year", year)
            self.parts[name].append(table)
        self.turnover[:] = 0.0
        self.shop_year.close()
        self.flows[:] = 0.0
        self.parcels[:] = 0.0

    def tables(self) -> Tables:
        """Return all tables; those of Decembers are empty where no December was run."""
        later = {
            name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"year": []})
            for name, parts in self.parts.items()
        }
        return Tables(self._counties(), self._goods(), self._months(), **later)

    def _counties(self) -> pd.DataFrame:
        m = self.model
        known = m.region.counties
        table = pd.DataFrame({"county": self.names, "kind": known["kind"].to_numpy()})
        for column in ("pop_2000", "pop_2010", "pop_2020"):
            table[column] = known[column].astype(float).to_numpy() if column in known else np.nan
        table["villages"] = np.bincount(
            m.villages.county, weights=m.villages.weight, minlength=m.counties
        )
        table["cropland_mu"] = m.start.cropland_mu
        goods, programme = m.region.endowment, m.region.programme
        rows = np.arange(m.counties)
        strength = goods.groupby("county")["cluster"].max().reindex(rows, fill_value=0.0)
        entry = programme[programme["kind"] == "national"].groupby("county")["month"].min()
        table["cluster"] = strength.to_numpy(dtype=float)
        table["seat"] = known["seat_of_prefecture"].to_numpy(dtype=bool)
        table["entry"] = (entry.map(year_of)).reindex(rows).to_numpy(dtype=float)
        return table

    def _goods(self) -> pd.DataFrame:
        goods, cold = self.model.goods, self.model.params["freight"].cold_temperature
        market = np.array(MARKETS)[goods.market]
        loss = {
            f"loss_{name}_{year}": [
                1.0 - survival(goods.decay[g], goods.q10[g], at, days) for g in range(len(GOODS))
            ]
            for name, at in (("weak", 20.0), ("cold", float(cold)))
            for year, days in self.transit.items()
        }
        fresh, made = market == "fresh", market == "manufactures"
        keeps = goods.shelf_days > KEEPS_DAYS
        return pd.DataFrame({"good": GOODS, "fresh": fresh, "keeps": keeps, "made": made, **loss})

    def _months(self) -> pd.DataFrame:
        m = self.model
        table = m.records.months_table()
        table.insert(1, "year", table["month"].str[:4].astype(int))
        at = np.repeat(np.array(m.records.months), m.counties)
        table["deflator"] = m.series.deflator[at]
        table["parcel_price"] = m.series.parcel_price[at]
        return table

    def _land(self) -> pd.DataFrame:
        m = self.model
        sums = np.zeros((m.counties, len(SLOPES), 7))
        _sum_plots(
            m.plots, m.households, m.crops, m.price_expected, m.day_wage, m.villages.minutes,
            m.month, m.params["land"], sums,
        )  # fmt: skip
        columns = ("mu", "idle", "leased", "leased_free", "net_return", "trees", "field")
        flat = sums.reshape(-1, len(columns))
        return pd.DataFrame(
            {
                "county": np.repeat(self.names, len(SLOPES)),
                "slope": np.tile(np.array(SLOPES, dtype=object), m.counties),
                **dict(zip(columns, flat.T, strict=True)),
            }
        )

    def _taken(self) -> pd.DataFrame:
        m = self.model
        owner = m.plots.owner
        county, mu = m.households.county[owner], m.plots.taken * m.households.weight[owner]
        sums = [np.bincount(county, w, m.counties) for w in (mu, mu * self.near)]
        return pd.DataFrame({"county": self.names, "mu": sums[0], "near_mu": sums[1]})

    def _away(self) -> pd.DataFrame:
        m, p = self.model, self.model.people
        alive = (p.born <= m.month) & (p.dies > m.month) & (p.leaves > m.month)
        works = alive & (p.place != Place.VILLAGE) & (p.job != Job.NONE)
        county, weight = m.households.county[p.household], m.households.weight[p.household]

        def count(mask: Any) -> Any:
            return np.bincount(county[mask], weight[mask], m.counties)

        coast = p.place == Place.COAST
        return pd.DataFrame(
            {"county": self.names, "coast": count(works & coast), "seat": count(works & ~coast)}
        )

    def _shops(self) -> pd.DataFrame:
        m, s, h = self.model, self.model.shops, self.model.households
        rows = np.flatnonzero(s.good >= 0)
        village = h.village[rows]
        names = ("turnover", "profit", "hours", "refunds", "freight")
        turnover, profit, hours, refunds, freight = (self.shop_year[n][rows] for n in names)
        fixed = np.minimum(self.shop_year["fixed"][rows], hours)
        causes = zip(profit, hours, fixed, refunds, freight, strict=True)
        return pd.DataFrame(
            {
                "household": h.uid[rows],
                "county": self.names[h.county[rows]],
                "village": village,
                "good": np.array(GOODS, dtype=object)[s.good[rows]],
                "months_open": m.month - s.since[rows],
                "turnover": turnover,
                "profit": profit,
                "hours": hours,
                "refunds": refunds,
                "freight": freight,
                "cause": np.array([cause_of_loss(*row) for row in causes], dtype=np.int64),
                "days": s.own_days[rows] + s.hired_days[rows],
                "work_days": float(m.params["land"].days_per_month),
                "returnee": s.returnee[rows],
                "cold_chain": m.villages.cold_chain[village],
                "transit_days": m.villages.transit_days[village],
                "weight": h.weight[rows],
            }
        )

    def _villages(self) -> pd.DataFrame:
        m, last = self.model, self.model.records.last
        return pd.DataFrame(
            {
                "village": np.arange(len(m.villages.uid)),
                "county": self.names[m.villages.county],
                "x": m.villages.x,
                "y": m.villages.y,
                "households": last[:, COLUMN["households"]],
                "shops": last[:, COLUMN["shops"]],
                "turnover": self.turnover,
                "stands_for": m.villages.weight,
            }
        )

    def _online(self) -> pd.DataFrame:
        """Count shoppers: at seats the model's groups, who spend the nation's mean times income."""
        m, h, b = self.model, self.model.households, self.model.buyers
        year = slice(max(m.month - 11, 0), m.month + 1)
        spent = m.series.online_retail[year].sum() / max(m.series.online_shoppers[m.month], 1.0)
        bar = BIG_SHOPPER / m.series.deflator[m.month]
        at_seat = b.seat >= 0
        buys = h.weight * (h.online_share > 0)
        shoppers, big = (
            m.region_share(np.bincount(b.seat[at_seat], w[at_seat], len(m.seats.wage)))
            + np.bincount(h.county, rural, m.counties)
            for w, rural in (
                (b.weight, buys),
                (b.weight * (b.income * spent > bar), buys * (self.parcels > bar)),
            )
        )
        return pd.DataFrame({"county": self.names, "shoppers": shoppers, "big_shoppers": big})

    def _flows(self) -> pd.DataFrame:
        line, county = np.nonzero(self.flows)
        names = np.array([flow.name for flow in FLOWS], dtype=object)
        return pd.DataFrame(
            {"line": names[line], "county": self.names[county], "yuan": self.flows[line, county]}
        )


@compiled
def _sum_plots(plots, households, crops, price, day_wage, minutes, month, p, out):
    """Add mu, idle, leased, leased free, net return, woodland, field to ``out`` (..., slope, 7).

    The net return is that of the crop sown, on idle land of the best crop it allows, less labour at
    the local day wage times the household's work capacity (MODEL 4, farm accounts). It is of land
    that suits no vegetables and no trees: the survey of costs behind FACTS L7 is of field crops.
    """
    number = crops.good.shape[0]
    grows = np.empty(number, dtype=np.int64)
    returns, days = np.empty(number), np.empty(number)
    for i in range(plots.uid.shape[0]):
        use, h = plots.use[i], plots.owner[i]
        if use == _TAKEN or plots.area[i] <= 0.0:
            continue
        c, v = households.county[h], households.village[h]
        slope = 2 if plots.slope[i] > STEEP else (0 if plots.slope[i] < FLAT else 1)
        o, mu = out[c, slope], households.weight[h] * plots.area[i]
        if use == _TREES:
            o[5] += mu
            continue
        o[0] += mu
        if plots.suits[i] == NOBODY:
            o[6] += mu
            capacity = households.capacity[h] if households.capacity[h] > 0.0 else 1.0
            wage = day_wage[c] * capacity
            list_returns(crops, price[c], plots, i, minutes[v], month, grows, returns, p)
            list_days(crops, plots, i, 0, grows, days, p)
            k, value = best_crop(grows, returns, days, wage)
            if use >= _CROP:
                k = use - _CROP
                value = returns[k] - wage * days[k]
            o[4] += mu * value if k != NOBODY else 0.0
        if use == _IDLE:
            o[1] += mu
        elif plots.operator[i] != h:
            o[2] += mu
            o[3] += mu * (plots.rent[i] < FREE_RENT)


__all__ = ["A_YEAR", "Cause", "SLOPES", "Tables", "run"]
