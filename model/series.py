"""The national series that drive a region, month by month.

``load_series`` reads annual figures (``data/national_series.csv``) and returns monthly arrays,
month 0 being January 2003, all money in constant yuan of 2010. Rules (MODEL, preamble):

- missing years between two values: log-linear, linear where one of them is 0;
- an annual flow becomes a smooth path whose twelve months have the year's mean; what is set once a
  year (floor price, subsidy, tax, pension, quota, costs of rice) is constant within the year;
- a stock is known in December and log-linear from one December to the next;
- the last real value is held after the end, never extrapolated; before the first value internet
  and shoppers follow a logistic, parcel prices are flat.

``NationalSeries.filled`` lists the years that a series took from these rules and not from the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from agents.base.parameters import Group, Parameter, switch
from model.annual import (
    FIRST_YEAR,
    Monthly,
    Years,
    december,
    fill_gaps,
    held_within_year,
    read_annual,
    smooth,
    stock,
)
from model.errors import InputError

DEFAULT_PATH = Path(__file__).parent / "data" / "national_series.csv"
#: Nothing is sold online before this year (MODEL 4, the online pot).
ONLINE_SINCE = 2006
#: Rural online shops in December: FACTS T30 (page), R12 (memory high and medium).
RURAL_SHOPS: Years = {2012: 1.63e6, 2019: 13.84e6, 2022: 16.3e6}
#: The figures of December 2019 were counted three months later, in March 2020.
COUNTED_LATER = {"internet_penetration_rural": {2019: 3}, "online_shoppers": {2019: 3}}
GOOD_CLASSES = ("fresh", "dried", "processed", "other", "manufactures")


class National(Group):
    """What is uncertain in the national drivers."""

    frozen: Annotated[
        bool,
        switch("every series, trend and dated parameter stays at its value of January 2003"),
    ] = False
    coast_growth: Annotated[
        float,
        Parameter(
            0.0,
            0.1,
            "share a year",
            "constant growth of the coast wage while all else is frozen, for theory",
            "FACTS N51",
            "switch",
            hard_low=0.0,
            hard_high=0.3,
        ),
    ] = 0.0
    early_wage: Annotated[
        float,
        Parameter(
            0.85,
            1.15,
            "factor",
            "on the coast wage of 2003, fading to 1 in 2008 (2003-07 are low-confidence figures)",
            "MODEL 4: vary by 15%",
        ),
    ] = 1.0


class OnlineMarket(Group):
    """Size and composition of the national online market, all on the basis of 2019-23."""

    size: Annotated[
        float, Parameter(0.5, 2.0, "factor", "on every national pot", "halve and double")
    ] = 1.0
    fresh: Annotated[
        float, Parameter(0.2, 0.5, "weight", "fresh goods among farm goods online", "MODEL 4")
    ] = 0.35
    dried: Annotated[
        float, Parameter(0.15, 0.4, "weight", "nuts and dried goods among them", "MODEL 4")
    ] = 0.25
    processed: Annotated[
        float, Parameter(0.08, 0.25, "weight", "processed meat and tofu among them", "MODEL 4")
    ] = 0.15
    other: Annotated[
        float, Parameter(0.15, 0.4, "weight", "all other farm goods among them", "MODEL 4")
    ] = 0.25
    early_farm_share: Annotated[
        float,
        Parameter(
            0.02,
            0.06,
            "share",
            "farm goods in all online retail before 2015, on the basis before 2019",
            "MODEL 4; 150.5 of 3,877.3 in 2015",
        ),
    ] = 0.039
    early_rural_share: Annotated[
        float,
        Parameter(
            0.12,
            0.22,
            "share",
            "rural in all online retail before 2016, when its definition changed",
            "MODEL 4; FACTS R3: 17.4% in 2016",
        ),
    ] = 0.174
    farm_rebase: Annotated[
        float,
        Parameter(
            1.0,
            1.6,
            "factor",
            "farm goods online before 2019, brought to the basis of 2019",
            "MODEL 4: 313 / 230.5",
        ),
    ] = 313.0 / 230.5


@dataclass(frozen=True)
class NationalSeries:
    """Monthly national drivers; every array has the same length and is read-only.

    Money is in constant yuan of 2010.
    """

    deflator: Monthly  #: consumer prices, mean of 2010 = 1
    coast_wage: Monthly  #: yuan/month, out-going migrants
    national_rural_income: Monthly  #: yuan per head and month, disposable basis (see ``_chain``)
    urban_income: Monthly  #: yuan per head and month, disposable basis of 2013
    rice_price: Monthly  #: yuan/kg of paddy, floor price (market price in 2003)
    rice_inputs: Monthly  #: yuan per mu and season, bought inputs
    rice_days_flat: Monthly  #: days per mu and season where machines go
    rice_days_steep: Monthly  #: days per mu and season over 15 degrees
    rice_machine_fee: Monthly  #: yuan per mu and season where machines go
    grain_subsidy: Monthly  #: yuan per contracted mu and year
    farm_tax: Monthly  #: yuan per rural person and year, tax and fees
    pension: Monthly  #: yuan a year per rural person aged 60 or more
    internet_rural: Monthly  #: share of rural residents who use the internet
    online_shoppers: Monthly  #: persons
    parcel_price: Monthly  #: yuan, express revenue per parcel
    online_retail: Monthly  #: yuan/month
    rural_online_goods: Monthly  #: yuan/month, sold online from rural places, without services
    agri_online_retail: Monthly  #: yuan/month, on the basis of 2019
    rural_shops: Monthly  #: rural online shops of the nation
    rivals_index: Monthly  #: ``rural_shops``, mean of 2020 = 1
    requisition_index: Monthly  #: land requisitioned a year, mean of 2003-18 = 1
    urban_share_national: Monthly  #: share of residents
    urban_population: Monthly  #: persons, urban residents
    market: OnlineMarket
    filled: dict[str, list[int]] = field(repr=False)

    @property
    def months(self) -> int:
        """Return the number of months covered."""
        return len(self.deflator)

    def pot(self, good_class: str) -> Monthly:
        """Return what the nation buys online of a class of goods, in yuan/month.

        B_g(t) = size * agri_online_retail(t) * s_g for farm goods, s_g = weight / sum of weights;
        size * (rural_online_goods - agri_online_retail) for "manufactures"; 0 before 2006
        (MODEL 4, the online pot). Raises InputError for an unknown class.
        """
        m = self.market
        if good_class == "manufactures":
            return m.size * (self.rural_online_goods - self.agri_online_retail)
        if good_class not in GOOD_CLASSES:
            raise InputError("online pot", "good class", good_class, ", ".join(GOOD_CLASSES))
        weight = getattr(m, good_class) / (m.fresh + m.dried + m.processed + m.other)
        return m.size * weight * self.agri_online_retail

    def frozen_at(self, month: int, coast_growth: float = 0.0) -> NationalSeries:
        """Return a copy in which every series stays for ever at its value of ``month``.

        coast_growth : but the coast wage grows from it, share a year.
        """
        if not 0 <= month < self.months:
            raise InputError("series", "frozen_at", month, f"0 to {self.months - 1}")
        held: dict[str, Any] = {
            name: _locked(np.full(self.months, getattr(self, name)[month])) for name in _PATHS
        }
        years = np.arange(self.months) / 12.0
        held["coast_wage"] = _locked(held["coast_wage"] * (1.0 + coast_growth) ** years)
        return replace(self, **held)


_PATHS = tuple(f.name for f in fields(NationalSeries) if f.name not in ("market", "filled"))


def load_series(
    months: int,
    path: Path | str = DEFAULT_PATH,
    national: National = National(),  # noqa: B008 - immutable
    market: OnlineMarket = OnlineMarket(),  # noqa: B008 - immutable
) -> NationalSeries:
    """Return the national series for at least ``months`` months from January 2003.

    A longer run has the same first months as a short one. Raises InputError for a file that is
    missing, lacks a series or holds what is no number.
    """
    if months < 1:
        raise InputError("series", "months", months, "at least 1")
    return _Builder(months, Path(path), national, market).build()


class _Builder:
    """Turns the annual figures of one file into monthly paths, noting what it fills in."""

    def __init__(self, months: int, path: Path, national: National, market: OnlineMarket):
        self.path, self.national, self.market = path, national, market
        self.annual = read_annual(path)
        # Whole years, and all years of the file, so that the length asked for changes no value.
        last = max(max(values) for values in self.annual.values())
        self.last_year = max(last, FIRST_YEAR + (months - 1) // 12)
        self.length = 12 * (self.last_year - FIRST_YEAR + 1)
        self.shown_until = FIRST_YEAR + (months - 1) // 12
        self.filled: dict[str, list[int]] = {}

    def build(self) -> NationalSeries:
        self.price = self._price_level()
        shoppers = self._stock("online_shoppers", 1e4, ceiling=self._population())
        paths: dict[str, Any] = {
            "deflator": smooth(self.price, self.length, before=self._price_level_2002()),
            "coast_wage": self._flow("coast_wage", self._coast_wage()),
            "parcel_price": self._flow("parcel_price", self._parcel_price()),
            "internet_rural": self._stock(
                "internet_penetration_rural", 0.01, {FIRST_YEAR: 1.0}, "internet_rural"
            ),
            "online_shoppers": shoppers,
            "urban_share_national": self._stock(
                "urbanisation_rate", 0.01, name="urban_share_national"
            ),
            "urban_population": self._stock("urban_resident_pop", 1e4, name="urban_population"),
            **self._incomes(),
            **self._set_each_year(),
            **self._online(shoppers),
            **self._shops(shoppers),
        }
        self._note("deflator", self.annual["cpi"])
        for values in paths.values():
            _locked(values)
        return NationalSeries(**paths, market=self.market, filled=self.filled)

    # prices

    def _price_level_2002(self) -> float:
        return self.price[FIRST_YEAR] / (self._get("cpi")[FIRST_YEAR] / 100.0)

    def _price_level(self) -> Years:
        """Return the mean price level of each year, 2010 = 1, by chaining annual inflation."""
        cpi, level, out = self._get("cpi"), 1.0, {}
        for year in range(FIRST_YEAR, max(cpi) + 1):
            level *= cpi[year] / 100.0 if year > FIRST_YEAR else 1.0
            out[year] = level
        return {year: value / out[2010] for year, value in out.items()}

    def _real(self, nominal: Years, factor: float = 1.0) -> Years:
        """Return yuan of 2010; missing years are filled in nominal yuan first."""
        last = max(self.price)
        full = fill_gaps(nominal)
        return {y: factor * v / self.price[min(y, last)] for y, v in full.items()}

    # helpers

    def _get(self, series: str) -> Years:
        values = self.annual.get(series)
        if not values:
            raise InputError(self.path, "series", series, "a series with at least one value")
        return values

    def _note(self, name: str, known: Years) -> None:
        years = [y for y in range(FIRST_YEAR, self.shown_until + 1) if y not in known]
        if years:
            self.filled[name] = years

    def _flow(self, name: str, real: Years) -> Monthly:
        return smooth(real, self.length)

    def _stock(
        self, series: str, unit: float, ceiling: Years | None = None, name: str | None = None
    ) -> Monthly:
        known = self._get(series)
        self._note(name or series, known)
        later = COUNTED_LATER.get(series, {})
        values = {december(y) + later.get(y, 0): unit * v for y, v in known.items()}
        return stock(values, self.length, ceiling)

    def _population(self) -> Years:
        """Return the nation's residents: no more than all of them can shop."""
        urban, rural = self._get("urban_resident_pop"), self._get("rural_resident_pop")
        return {year: 1e4 * (urban[year] + rural[year]) for year in urban}

    # groups of series

    def _coast_wage(self) -> Years:
        """Return the wage of out-going migrants, yuan/month.

        The migrant series counts out-going migrants to 2013; then log-linear to the out-going
        series, which is known from 2019 on (MODEL 4, wages that respond).
        """
        early, late = self._get("migrant_wage_month"), self._get("migrant_wage_month_outgoing")
        wage = {y: v for y, v in early.items() if y <= 2013}
        wage |= {y: v for y, v in late.items() if y >= 2019}
        self._note("coast_wage", wage)
        real = self._real(wage)
        for year in range(FIRST_YEAR, 2008):
            real[year] *= self.national.early_wage ** ((2008 - year) / 5.0)
        return real

    def _parcel_price(self) -> Years:
        price = self._get("express_revenue_per_parcel")
        self._note("parcel_price", price)
        real = self._real(price)
        first = min(real)
        return {y: real[first] for y in range(FIRST_YEAR, first)} | real

    def _incomes(self) -> dict[str, Monthly]:
        """Return incomes per head and month on the disposable basis of 2013.

        Both bases are published for 2013: the years before are the old series times the ratio of
        that year. This one path drives the model; reports keep the two bases apart.
        """
        out = {}
        for name, series, old in (
            ("national_rural_income", "rural_income_pc", "rural_net_income_pc_old_basis"),
            ("urban_income", "urban_income_pc", "urban_income_pc_old_basis"),
        ):
            income = self._get(series)
            ratio = income[2013] / self._get(old)[2013]
            chained = {y: v * (ratio if y < 2013 else 1.0) for y, v in income.items()}
            self._note(name, income)
            out[name] = smooth(self._real(chained, 1.0 / 12.0), self.length)
        return out

    def _set_each_year(self) -> dict[str, Monthly]:
        """Return what is announced or decided once a year: constant from January to December."""
        inputs = self._get("rice_inputs")
        # The file says that inputs are flat in real terms from 2016 on.
        inputs_real = {y: v / self.price[min(y, 2016)] for y, v in inputs.items()}
        area = fill_gaps(self._get("requisitioned_area"))
        mean_area = math.fsum(area.values()) / len(area)
        values = {
            "rice_price": self._real(self._get("rice_floor_price"), 1.0 / 50.0),
            "rice_inputs": fill_gaps(inputs_real),
            "rice_days_flat": fill_gaps(self._get("rice_labour_days_flat")),
            "rice_days_steep": fill_gaps(self._get("rice_labour_days_steep")),
            "rice_machine_fee": self._real(self._get("rice_machine_fee")),
            "grain_subsidy": self._real(self._get("grain_subsidy")),
            "farm_tax": self._real(self._get("farm_tax_and_fees")),
            "pension": self._real(self._get("rural_pension")),
            "requisition_index": {y: v / mean_area for y, v in area.items()},
        }
        sources = dict(zip(values, _SET_EACH_YEAR, strict=True))
        for name, series in sources.items():
            self._note(name, self._get(series))
        return {name: held_within_year(v, self.length) for name, v in values.items()}

    def _online(self, shoppers: Monthly) -> dict[str, Monthly]:
        """Return online retail, its rural and its farm goods, yuan/month, each on one basis."""
        m = self.market
        goods = self._get("rural_goods_share")
        self._note("rural_goods_share", goods)
        known = {
            "online_retail": self._get("online_retail"),
            "rural_online_goods": {
                y: v for y, v in self._get("rural_online_retail").items() if y >= 2016
            },
            "agri_online_retail": self._get("agri_online_retail"),
        }
        for name, values in known.items():
            self._note(name, values)
        monthly = 1e9 / 12.0
        total = self._real(known["online_retail"], monthly)
        first = min(total)
        # Spending per shopper is held at its first real value, one year further back than sales
        # begin, so that the path of the first year has a slope.
        for year in range(ONLINE_SINCE - 1, first):
            total[year] = total[first] * shoppers[december(year)] / shoppers[december(first)]
        rural = {y: m.early_rural_share * v for y, v in total.items() if y < 2016}
        rural |= self._real(known["rural_online_goods"], monthly)
        # Hotels, meals and tickets are a third of it in 2016 (FACTS R3) and go by no parcel.
        share, first, last = fill_gaps(goods), min(goods), max(goods)
        rural = {y: v * share[min(max(y, first), last)] for y, v in rural.items()}
        agri = {y: m.early_farm_share * v for y, v in total.items() if y < 2015}
        agri |= self._real(known["agri_online_retail"], monthly)
        agri = {y: v * (m.farm_rebase if y < 2019 else 1.0) for y, v in agri.items()}
        parts = zip(known, (total, rural, agri), strict=True)
        return {name: _nothing_before(smooth(v, self.length), ONLINE_SINCE) for name, v in parts}

    def _shops(self, shoppers: Monthly) -> dict[str, Monthly]:
        """Return rural online shops; before the first count in proportion to shoppers."""
        self._note("rural_shops", RURAL_SHOPS)
        shops = stock({december(y): n for y, n in RURAL_SHOPS.items()}, self.length)
        first = december(min(RURAL_SHOPS))
        shops[:first] = shops[first] * shoppers[:first] / shoppers[first]
        base = 12 * (2020 - FIRST_YEAR)
        return {"rural_shops": shops, "rivals_index": shops / shops[base : base + 12].mean()}


#: Series of the file behind what is set once a year, in the order of ``_set_each_year``.
_SET_EACH_YEAR = (
    "rice_floor_price",
    "rice_inputs",
    "rice_labour_days_flat",
    "rice_labour_days_steep",
    "rice_machine_fee",
    "grain_subsidy",
    "farm_tax_and_fees",
    "rural_pension",
    "requisitioned_area",
)


def _nothing_before(path: Monthly, year: int) -> Monthly:
    path[: 12 * (year - FIRST_YEAR)] = 0.0
    return path


def _locked(values: Monthly) -> Monthly:
    values.flags.writeable = False
    return values
