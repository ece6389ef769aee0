"""The panel: every sampled household and plot, each December."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from agents.kinds import Job, Place, Use
from experiments.shop_year import ShopYear
from model.calendar import DECEMBER, month_name, month_of_year
from model.crops import CROP_NAMES
from model.goods import GOODS

_INCOME = (
    "farm_sale",
    "own_use",
    "livestock_sale",
    "inputs",
    "machine",
    "wage_local",
    "wage_seat",
    "wage_shop",
    "business",
    "retail_pay",
    "remittance",
    "brought_home",
    "subsidy",
    "pension",
    "tax",
    "rent_received",
    "rent_paid",
)


class Panel:
    """Collects households and plots at the end of each December of a run.

    Columns of income and of the shop are sums of the calendar year's months, in yuan of 2010 at the
    household's own size; ``year_income`` is all of it, MODEL 5's total. ``weight`` says how many
    households it stands for.
    """

    def __init__(self, model: Any):
        self.model = model
        self.households: list[pd.DataFrame] = []
        self.plots: list[pd.DataFrame] = []
        rows = len(model.households.uid)
        self.year = {name: np.zeros(rows) for name in _INCOME}
        self.income, self.shop = np.zeros(rows), ShopYear(model)

    def collect(self) -> None:
        """Add up the month; in December write down households and plots."""
        m = self.model
        for name in _INCOME:
            self.year[name] += getattr(m.households, name)
        self.income += m.households.income + m.households.deposit_interest
        self.shop.add()
        if month_of_year(m.month) != DECEMBER:
            return
        if m.month >= m.scenario.start_month:
            self.households.append(self._households())
            self.plots.append(self._plots())
        for column in (*self.year.values(), self.income):
            column[:] = 0.0
        self.shop.close()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the two tables; empty where no December was run."""
        empty = pd.DataFrame()
        return {
            "households": pd.concat(self.households, ignore_index=True) if self.plots else empty,
            "plots": pd.concat(self.plots, ignore_index=True) if self.plots else empty,
        }

    def _households(self) -> pd.DataFrame:
        m, h, s = self.model, self.model.households, self.model.shops
        goods = np.array([*GOODS, ""])
        data: dict[str, Any] = {
            "household": h.uid,
            "village": h.village,
            "county": m.region.counties["name_en"].to_numpy()[h.county],
            "month": month_name(m.month),
            "weight": h.weight,
            "registered": h.registered,
            "residents": h.residents,
            "has_shop": s.good >= 0,
            "shop_good": goods[s.good],
            "shop_turnover": self.shop["turnover"].copy(),
            "shop_profit": self.shop["profit"].copy(),
            "buys_online": h.buys_online,
            "cost_of_living": h.price_index,
            "cash": h.cash,
            "debt": h.debt,
        }
        data |= self._members()
        data |= self._land()
        data |= {f"year_{name}": self.year[name].copy() for name in _INCOME}
        data["year_income"] = self.income.copy()
        return pd.DataFrame(data)

    def _members(self) -> dict[str, Any]:
        m, p = self.model, self.model.people
        alive = (p.born <= m.month) & (p.dies > m.month) & (p.leaves > m.month)
        rows = len(m.households.uid)

        def count(mask: Any) -> Any:
            return np.bincount(p.household[alive & mask], minlength=rows)

        home = p.place == Place.VILLAGE
        ages = np.where(alive, (m.month - p.born) / 12.0, 0.0)
        years = np.bincount(p.household, weights=ages, minlength=rows)
        return {
            "mean_age": years / np.maximum(count(alive), 1),
            "workers_farm": count(home & (p.job == Job.FARM)),
            "workers_local": count(home & (p.job == Job.LOCAL)),
            "workers_business": count(home & (p.job == Job.BUSINESS)),
            "workers_commuting": count(home & (p.job == Job.SEAT)),
            "away_seat": count(p.place >= Place.SEAT),
            "away_coast": count(p.place == Place.COAST),
            "returnee": count(home & (p.returned == 1)) > 0,
        }

    def _land(self) -> dict[str, Any]:
        m, plots = self.model, self.model.plots
        rows = len(m.households.uid)
        worked = plots.use >= Use.CROP
        let = worked & (plots.operator != plots.owner)

        def mu(mask: Any, holder: Any) -> Any:
            return np.bincount(holder[mask], weights=plots.area[mask], minlength=rows)

        return {
            "mu_farmed": mu(worked, plots.operator),
            "mu_let": mu(let, plots.owner),
            "mu_idle": mu(plots.use == Use.IDLE, plots.owner),
            "mu_rented_in": mu(let, plots.operator),
        }

    def _plots(self) -> pd.DataFrame:
        m, plots = self.model, self.model.plots
        uses = np.array(["idle", "trees", "requisitioned", *CROP_NAMES])
        operator = np.where(plots.operator >= 0, m.households.uid[plots.operator], 0)
        return pd.DataFrame(
            {
                "plot": plots.uid,
                "owner": m.households.uid[plots.owner],
                "operator": operator,
                "village": m.households.village[plots.owner],
                "month": month_name(m.month),
                "use": uses[plots.use],
                "years_idle": plots.years_idle,
                "slope": plots.slope,
                "area_mu": plots.area,
                "rent": plots.rent,
            }
        )
