"""The indicators: one list that names every column written, with its unit and meaning.

A kernel adds up households, people and plots of each village at full scale; counties are sums of
villages, and what belongs to a county or its seat alone (wages, urban residents) comes beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base.compiled import compiled, inlined
from agents.base.parts import Part
from agents.base.sums import add_rows
from agents.farmer.budget import (
    farm_income,
    property_income,
    shop_income,
    total_income,
    wage_income,
)
from agents.kinds import NOBODY, Job, Place, Use
from agents.migrant.moves import is_registered
from model.calendar import DECEMBER, MARCH, month_name, month_of_year
from model.goods import GOODS

_VILLAGE, _COAST, _SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)
_NONE, _FARM, _LOCAL, _BUSINESS, _JOB_SEAT, _JOB_COAST = (int(j) for j in Job)
_IDLE, _TREES, _TAKEN, _CROP = (int(u) for u in Use)

STEEP, FLAT = 15.0, 6.0
#: Rent below which a lease counts as free, yuan per mu (MODEL 4).
FREE_RENT = 20.0


class Indicator(NamedTuple):
    """One column: its name, unit, meaning, and whether a year takes its mean or its sum."""

    name: str
    unit: str
    meaning: str
    year: str


def _stock(name: str, unit: str, meaning: str) -> Indicator:
    return Indicator(name, unit, meaning, "mean")


def _flow(name: str, meaning: str) -> Indicator:
    return Indicator(name, "yuan of 2010 a month", meaning, "sum")


#: Columns of villages.parquet, in the order of the kernel's output; sums at full scale.
VILLAGE = (
    _stock("households", "households", "with at least one resident"),
    _stock("registered", "persons", "registered members, absent ones included"),
    _stock("people_home", "persons", "registered members who live in the village"),
    _stock("people_county", "persons", "registered members who live at the own county's seat"),
    _stock("people_city", "persons", "registered members who live at the prefecture seat"),
    _stock("people_coast", "persons", "registered members who live at the coast"),
    _stock("workers_farm", "persons", "residents whose main work is their farm"),
    _stock("workers_local", "persons", "residents with local non-farm work or a job at a seat"),
    _stock("workers_shop", "persons", "full-time equivalents of own and hired shop work"),
    _stock("shops", "shops", "households that sell online"),
    _flow("shop_turnover", "paid by online buyers"),
    _flow("shop_profit", "shop income"),
    _stock("parcels_out", "parcels a month", "sent"),
    _stock("parcels_in", "parcels a month", "received"),
    _stock("mu_cultivated", "mu", "under a crop in this calendar year"),
    _stock("mu_idle", "mu", "no crop in this calendar year; woodland and taken land not counted"),
    _stock("mu_leased", "mu", "worked by another household than the contract's"),
    _stock("mu_requisitioned", "mu", "taken for the city since 2003"),
    _flow("income_farm", "farm-gate value of all output, own use included, less bought inputs"),
    _flow("income_business", "non-farm own business and village retail"),
    _flow("income_wage", "wages of residents"),
    _flow("income_shop", "online shops"),
    _flow("income_remittance", "sent or brought home by absent members"),
    _flow("income_transfer", "subsidies and pensions less farm tax"),
    _flow("income_property", "rent and interest, less rent paid"),
    _flow("income_other", "business, transfer and property"),
    _stock("labour_home", "person-months", "work in villages by members aged 16-64"),
    _stock("labour_home_young", "person-months", "same, aged 16-44"),
    _stock("labour_home_schooling", "person-years of school", "same, weighted by schooling"),
    _flow("village_product", "value added in villages, without remittances and transfers"),
    _flow("living_standard", "income of all registered, own prices; absent: wage less living cost"),
    _stock("mu_seasons", "mu x crops a year", "crop seasons of cultivated land"),
    _stock("mu_trees", "mu", "overgrown to woodland"),
    _stock("mu_leased_free", "mu", "leased at under 20 yuan a mu"),
    _stock("mu_steep", "mu", "contracted land over 15 degrees"),
    _stock("mu_steep_idle", "mu", "idle land over 15 degrees"),
    _stock("mu_flat", "mu", "contracted land under 6 degrees"),
    _stock("mu_flat_idle", "mu", "idle land under 6 degrees"),
    _stock("mu_hill_leased", "mu", "leased land over 6 degrees"),
    _stock("mu_hill_leased_free", "mu", "leased rent-free, over 6 degrees"),
    _stock(
        "migrants_out",
        "persons",
        "out-going migrant workers: 16 or more, at a seat or the coast, without hukou there",
    ),
    _stock("migrants_out_age", "person-years", "sum of their ages"),
    _stock("migrants_out_50", "persons", "of them 50 or older"),
    _stock("migrants_local", "persons", "residents in local non-farm work or commuting"),
    _stock("migrants_local_age", "person-years", "sum of their ages"),
    _stock("migrants_local_50", "persons", "of them 50 or older"),
    _stock("farm_workers", "persons", "residents who farm 30 or more days a year"),
    _stock("farm_workers_55", "persons", "of them 55 or older"),
    _stock("families_away", "persons", "migrants with spouse or children, and these"),
    _stock("hukou_away", "persons", "with the hukou of a place away: migrants no more"),
    _stock("hukou_coast", "persons", "of them at the coast: registered in the county no more"),
    _stock("children_home", "persons", "residents under 16"),
    _stock("old_home", "persons", "residents of 65 or more"),
    _flow("consumption", "of residents, own use included"),
    _stock("buyers_online", "households", "that order online"),
    _stock("cash", "yuan of 2010", "money held by households"),
    _stock("debt", "yuan of 2010", "owed by households"),
    _stock("real_income", "yuan of 2010 a month", "income of residents over own prices"),
)

COLUMN = {indicator.name: i for i, indicator in enumerate(VILLAGE)}

#: Columns that months.parquet has beside those of the villages.
COUNTY = (
    _stock("urban_people", "persons", "residents of the county's seat"),
    _stock("residents", "persons", "residents of the county, rural and urban"),
    _stock("registered_all", "persons", "registered in the county, students away included"),
    _stock("wage_local", "yuan of 2010 a month", "local non-farm work, standard skill"),
    _stock("employment_local", "share", "jobs over seekers in local work"),
    _stock("wage_seat", "yuan of 2010 a month", "at the county's seat, standard skill"),
    _stock("employment_seat", "share", "jobs over seekers at the seat"),
    _stock("wage_coast", "yuan of 2010 a month", "at the coast, standard skill"),
)

_ONLINE = tuple(
    _flow(f"online_{good}", f"sales of {good} online, by sellers of the county") for good in GOODS
)
_ORDERED = tuple(
    _flow(f"ordered_{good}", f"{good} of the county ordered online, also outside the sample")
    for good in GOODS
)

#: Columns of months.parquet that the modules of trade write down as they go, sums at full scale.
LOGGED = (
    _stock("outside_workers", "persons", "outside rural workers who came to the county's seat"),
    _stock("shops_opened", "shops a month", "that opened this month"),
    _stock("shops_closed", "shops a month", "that closed this month"),
    _flow("shop_refunds", "paid back to online buyers"),
    _stock("shop_orders", "orders a month", "received"),
    _stock("shop_parcels", "parcels a month", "sent"),
    _stock("shop_own_days", "days a month", "own labour in online shops"),
    _stock("shop_hired_days", "days a month", "hired labour in online shops"),
    *_ONLINE,
    *_ORDERED,
    _stock("online_buyers", "households", "that order online and live where parcels come"),
    _stock("tradables_index_users", "village shop = 1", "mean price index of who orders online"),
    _stock("online_leakage_village", "share", "of a yuan bought online, that leaves the village"),
    _stock("online_leakage_region", "share", "of a yuan bought online, that leaves the region"),
    _stock("shop_leakage_village", "share", "of a yuan in the village shop, that leaves it"),
    _stock("stations", "villages", "with a parcel station"),
    _stock("villages_served", "villages", "with parcel service"),
    _stock("villages_cold_chain", "villages", "with a cold chain"),
    _stock("villages_roads", "villages", "whose roads land revenue has rebuilt, parts counted"),
    _stock("freight_first", "yuan of 2010", "first mile of a parcel, mean of villages served"),
    _stock("transit_days", "days", "of a parcel to the buyer, mean of villages served"),
)


#: Positions of the columns of VILLAGE, in order, for the kernels.
(
    _HH,
    _REG,
    _HOME,
    _COUNTY,
    _CITY,
    _COASTAL,
    _WFARM,
    _WLOCAL,
    _WSHOP,
    _SHOPS,
    _TURN,
    _PROFIT,
    _OUT,
    _IN,
    _MU,
    _MU_IDLE,
    _MU_LEASED,
    _MU_TAKEN,
    _IFARM,
    _IBUS,
    _IWAGE,
    _ISHOP,
    _IREM,
    _ITRANS,
    _IPROP,
    _IOTHER,
    _LAB,
    _LABY,
    _LABS,
    _VPROD,
    _LIVING,
    _SEASONS,
    _MU_TREES,
    _FREE,
    _STEEP,
    _STEEP_IDLE,
    _FLAT,
    _FLAT_IDLE,
    _HILL,
    _HILL_FREE,
    _MOUT,
    _MOUT_AGE,
    _MOUT_50,
    _MLOC,
    _MLOC_AGE,
    _MLOC_50,
    _FW,
    _FW55,
    _FAM,
    _HUKOU,
    _HUKOU_COAST,
    _CHILD,
    _OLD,
    _CONS,
    _BUYS,
    _CASH,
    _DEBT,
    _REAL,
) = range(len(VILLAGE))


@compiled
def _add_households(part, out, t, s, month, work_days):
    for h in range(part.first_household, part.end_household):
        v, w = t.village[h], t.weight[h]
        farm, shop, income = farm_income(h, t), shop_income(h, s), total_income(h, t, s)
        wages, rents = wage_income(h, t), property_income(h, t)
        business = t.business[h] + t.retail_pay[h]
        transfer = t.subsidy[h] + t.pension[h] - t.tax[h]
        o = out[v]
        o[_IFARM] += w * farm
        o[_IBUS] += w * business
        o[_IWAGE] += w * wages
        o[_ISHOP] += w * shop
        o[_IREM] += w * (t.remittance[h] + t.brought_home[h])
        o[_ITRANS] += w * transfer
        o[_IPROP] += w * rents
        o[_IOTHER] += w * (business + transfer + rents)
        village_wages = t.wage_local[h] + t.wage_shop[h]
        o[_VPROD] += w * (farm + shop + business + village_wages)
        at_home = income - t.remittance[h] - t.brought_home[h]
        o[_LIVING] += w * at_home / t.price_index[h]
        o[_REAL] += w * income / t.price_index[h]
        o[_SHOPS] += w * (s.good[h] != NOBODY)
        if s.good[h] != NOBODY or s.closed[h] == month:  # the last month of a shop counts
            o[_TURN] += w * s.revenue[h]
            o[_PROFIT] += w * shop
            o[_WSHOP] += w * (s.own_days[h] + s.hired_days[h]) / work_days
    for h in range(part.first_household, part.end_household):  # as in agents.farmer.budget.settle
        o, w = out[t.village[h]], t.weight[h]
        o[_HH] += w * (t.residents[h] > 0)
        o[_REG] += w * t.registered[h]
        o[_CONS] += w * (t.own_use[h] + t.food[h] + t.services[h] + t.retail[h] + t.parcels[h])
        o[_BUYS] += w * t.buys_online[h]
        o[_CASH] += w * t.cash[h]
        o[_DEBT] += w * t.debt[h]


@compiled
def _add_people(part, out, people, t, month, clock, own_place, prefecture, farm_until):
    for h in range(part.first_household, part.end_household):
        o, w = out[t.village[h]], t.weight[h]
        for i in range(t.first_person[h], t.end_person[h]):
            if not is_registered(people, i, month):
                continue
            age = (clock - people.born[i]) / 12.0
            if people.place[i] == _VILLAGE:
                _add_resident(o, w, people, i, age, farm_until)
                continue
            o[_LIVING] += w * (people.wage[i] - people.living_cost[i]) / t.price_index[h]
            if people.place[i] == _COAST:
                o[_COASTAL] += w
            elif people.place[i] == own_place[t.county[h]]:
                o[_COUNTY] += w
            else:
                o[_CITY] += w
            if people.local_hukou[i] == 1:
                o[_HUKOU] += w
                o[_HUKOU_COAST] += w * (people.place[i] == _COAST)
            else:
                o[_FAM] += w * people.settled[i]
            if people.job[i] != _NONE and people.local_hukou[i] == 0:
                o[_MOUT] += w
                o[_MOUT_AGE] += w * age
                o[_MOUT_50] += w * (age >= 50.0)


@inlined
def _add_resident(o, w, people, i, age, farm_until):
    job = people.job[i]
    o[_HOME] += w
    o[_CHILD] += w * (age < 16.0)
    o[_OLD] += w * (age >= 65.0)
    if age < 16.0 or job == _NONE:
        return
    if job == _FARM:
        o[_WFARM] += w * (age < farm_until)
    else:
        o[_WLOCAL] += w
        o[_MLOC] += w
        o[_MLOC_AGE] += w * age
        o[_MLOC_50] += w * (age >= 50.0)
    if job != _JOB_SEAT and age < farm_until:
        o[_FW] += w
        o[_FW55] += w * (age >= 55.0)
        if age < 65.0:
            o[_LAB] += w
            o[_LABY] += w * (age < 45.0)
            o[_LABS] += w * people.schooling[i]


@compiled
def _add_plots(part, out, plots, t, crops):
    for i in range(part.first_plot, part.end_plot):
        h = plots.owner[i]
        o = out[t.village[h]]
        mu = t.weight[h] * plots.area[i]
        use = plots.use[i]
        o[_MU_TAKEN] += t.weight[h] * plots.taken[i]
        steep, flat = plots.slope[i] > STEEP, plots.slope[i] < FLAT
        o[_STEEP] += mu * steep
        o[_FLAT] += mu * flat
        if use == _TREES:
            o[_MU_TREES] += mu
        elif use == _IDLE:
            o[_MU_IDLE] += mu
            o[_STEEP_IDLE] += mu * steep
            o[_FLAT_IDLE] += mu * flat
        elif use >= _CROP:
            o[_MU] += mu
            o[_SEASONS] += mu * crops.seasons[use - _CROP]
            if plots.operator[i] != h:
                free = plots.rent[i] < FREE_RENT
                o[_MU_LEASED] += mu
                o[_FREE] += mu * free
                if not flat:
                    o[_HILL] += mu
                    o[_HILL_FREE] += mu * free


class Records:
    """What a run writes down each month, from ``begin`` (the scenario's ``start``) on.

    ``villages`` holds the months that ``take_villages`` has not handed out, ``counties`` and
    ``flows`` all of them. Who needs the end of a run alone may set a later ``begin``: extraction
    and return are added up from it on as well.
    """

    def __init__(self, model):
        self.model = model
        self.begin = model.scenario.start_month
        self._last: tuple[int, NDArray[np.float64]] | None = None
        self.months: list[int] = []
        self._plots: tuple[tuple[int, bool, bool], NDArray[np.float64]] | None = None
        self.villages: list[NDArray[np.float64]] = []
        self.counties: list[NDArray[np.float64]] = []
        self.flows: list[NDArray[np.float64]] = []
        self.logs: list[dict[str, NDArray[np.float64]]] = []
        self.own_place = (_SEAT + model.region.seat_of_county).astype(np.int64)

    def land(self, m) -> NDArray[np.float64]:
        """Return (villages, indicators) of plots; they change in March and December only."""
        calendar = month_of_year(m.month)
        season = m.month // 12, calendar >= MARCH, calendar == DECEMBER
        if self._plots is None or self._plots[0] != season:
            sums = np.zeros((len(m.villages.uid), len(VILLAGE)))
            m.parts.each(lambda part: _add_plots(part, sums, m.plots, m.households, m.crops))
            self._plots = season, sums
        return self._plots[1]

    @property
    def last(self) -> NDArray[np.float64]:
        """Return (villages, indicators) of the month that the model has just finished."""
        if self._last is None or self._last[0] != self.model.month:
            self._last = self.model.month, village_sums(self.model, self.own_place)
        return self._last[1]

    def collect(self, m) -> None:
        """Write down the month that ``m`` has just finished."""
        if m.month < self.begin:
            return
        self.months.append(m.month)
        self.villages.append(self.last)
        sums = np.zeros((m.counties, len(VILLAGE)))
        add_rows(self.last, m.villages.county, sums)
        self.counties.append(np.hstack([sums, county_values(m, self.last)]))
        self.flows.append(m.ledger.flows.copy())
        self.logs.append(m.log)

    def months_table(self) -> pd.DataFrame:
        """Return one row per month and county with every indicator; NaN without trade."""
        m = self.model
        names = m.region.counties["name_en"].to_numpy()
        values = np.concatenate(self.counties)
        missing = np.full(m.counties, np.nan)
        return pd.DataFrame(
            {
                "month": np.repeat([month_name(t) for t in self.months], m.counties),
                "county": np.tile(names, len(self.months)),
                **{i.name: values[:, k] for k, i in enumerate((*VILLAGE, *COUNTY))},
                **{
                    i.name: np.concatenate([log.get(i.name, missing) for log in self.logs])
                    for i in LOGGED
                },
            }
        )

    def villages_table(self) -> pd.DataFrame:
        """Return one row per month and village (columns of DESIGN 7, sums at full scale).

        Only of the months that ``take_villages`` has left.
        """
        m, months = self.model, len(self.villages)
        number = len(m.villages.uid)
        values = np.concatenate(self.villages)
        names = m.region.counties["name_en"].to_numpy()
        return pd.DataFrame(
            {
                "month": np.repeat(
                    [month_name(t) for t in self.months[len(self.months) - months :]], number
                ),
                "village": np.tile(np.arange(number), months),
                "county": np.tile(names[m.villages.county], months),
                "x": np.tile(m.villages.x, months),
                "y": np.tile(m.villages.y, months),
                **{i.name: values[:, k] for k, i in enumerate(VILLAGE)},
            }
        )

    def take_villages(self) -> pd.DataFrame:
        """Return ``villages_table`` and forget its months: who writes them down keeps them."""
        table = self.villages_table()
        self.villages.clear()
        return table


def village_sums(m, own_place: NDArray) -> NDArray[np.float64]:
    """Return (villages, indicators) the sums of this month at full scale."""
    out = np.zeros((len(m.villages.uid), len(VILLAGE)))
    land = m.params["land"]
    prefecture = _SEAT + m.terms.prefecture[0]

    def add(part: Part) -> None:
        _add_households(part, out, m.households, m.shops, m.month, land.days_per_month)
        _add_people(
            part, out, m.people, m.households, m.month, m.clock, own_place, prefecture,
            land.farm_until,
        )  # fmt: skip

    m.parts.each(add)
    out += m.records.land(m)
    out[:, _OUT] = m.villages.parcels_out * m.villages.weight
    out[:, _IN] = m.villages.parcels_in * m.villages.weight
    return out


def county_values(m, villages: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (C, len(COUNTY)) what is known by county and seat."""
    rural = np.bincount(
        m.villages.county, weights=villages[:, COLUMN["people_home"]], minlength=m.counties
    )
    there = villages[:, COLUMN["registered"]] - villages[:, COLUMN["hukou_coast"]]
    registered = np.bincount(m.villages.county, weights=there, minlength=m.counties)
    urban = m.region_share(m.seats.people)
    grown = m.region_share(m.seats.natives - m.natives_2003)
    registered_urban = m.start.registered - m.start.registered_rural + grown + m.students
    at = m.region.seat_of_county
    columns = [
        urban,
        rural + urban,
        registered + registered_urban,
        m.local_wage,
        m.local_employment,
        m.seats.wage[at],
        m.seats.employment[at],
        np.full(m.counties, m.coast_wage),
    ]
    return np.column_stack(columns)
