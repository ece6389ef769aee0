"""What the page remembers of one arm, month by month, so that it can look back.

All of it is laid out before the first month: memory does not grow while the run goes on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calendar import DECEMBER, MARCH, month_of_year
from model.goods import GOODS
from model.indicators import COUNTY, VILLAGE, county_values, village_sums
from model.ledger import FLOWS
from viz.page.kernels import (
    LAND,
    WHERE,
    living_of_households,
    moves_between,
    nothing,
    people_states,
    plot_states,
)
from viz.page.layers import Places, layer_values, summing

#: Indicators kept for each village: what the layers and a village's own page need.
KEPT = (
    "households",
    "registered",
    "people_home",
    "people_county",
    "people_city",
    "people_coast",
    "labour_home",
    "migrants_out",
    "shops",
    "shop_turnover",
    "parcels_out",
    "parcels_in",
    "mu_cultivated",
    "mu_idle",
    "mu_leased",
    "mu_requisitioned",
    "mu_trees",
    "mu_seasons",
    "income_farm",
    "income_wage",
    "income_shop",
    "income_remittance",
    "income_other",
    "village_product",
    "living_standard",
)
KEPT_COLUMN = {name: k for k, name in enumerate(KEPT)}
REGION_COLUMN = {i.name: k for k, i in enumerate((*VILLAGE, *COUNTY))}
_POSITION = [REGION_COLUMN[name] for name in KEPT]
#: Where a harvest goes: rows of ``goods``.
GOODS_TO = ("eaten at home", "sold at the farm gate", "own online shops", "bought for online shops")
YEAR = 12
#: Who may gain: (what groups go by, its groups).
GROUPS = (
    ("income in 2003", ("poorest fifth", "second", "third", "fourth", "richest fifth")),
    ("age in 2003", ("under 30", "30 to 39", "40 to 49", "50 and over")),
    ("minutes to the seat", ("under 30", "30 to 60", "60 to 90", "90 and over")),
)
_EDGES = ((), (30, 40, 50), (30, 60, 90))
_MOST = max(len(names) for _, names in GROUPS)


class Groups:
    """Which group each household belongs to, as it was in 2003 in arm A: the same in both arms."""

    def __init__(self, model: Any):
        t = model.households
        minutes = model.villages.minutes[t.village]
        self.of = np.full((len(GROUPS), len(t.uid)), -1, dtype=np.int64)
        self.of[1] = np.digitize(t.head_age, _EDGES[1])
        self.of[2] = np.digitize(minutes, _EDGES[2])
        self.known = False

    def by_income(self, income: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
        """Form fifths of households by ``income`` (H,) per head of their first year."""
        order = np.argsort(income, kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        self.of[0, order] = np.minimum((share * 5).astype(int), 4)
        self.known = True


class Memory:
    """Every month of one arm so far.

    villages : (months, V, KEPT). region : (months, C, indicators). flows : (months, lines, C) yuan.
    people, land : (months, states, states) persons and mu that went from one state to another.
    goods : (months, GOODS_TO, goods) kg. living : (months, GROUPS, groups, 2) yuan and persons.
    hubs : (months, S) 1 where a hub serves villages. opening : (V, indicators) January 2003.
    """

    def __init__(self, model: Any, places: Places, groups: Groups, leads: bool):
        months, counties = model.scenario.months, model.counties
        self.places, self.groups, self.leads = places, groups, leads
        self.opening = village_sums(model, model.records.own_place)
        self.villages = _empty((months, len(model.villages.uid), len(KEPT)), np.float32)
        self.region = _empty((months, counties, len(REGION_COLUMN)), np.float64)
        self.flows = _empty((months, len(FLOWS), counties), np.float32)
        self.people = _empty((months, len(WHERE), len(WHERE)), np.float32)
        self.land = _empty((months, len(LAND), len(LAND)), np.float32)
        self.goods = _empty((months, len(GOODS_TO), len(GOODS)), np.float32)
        self.living = _empty((months, len(GROUPS), _MOST, 2), np.float64)
        self.hubs = _empty((months, len(model.hubs.uid)), np.int8)
        self._weights = model.households.weight[model.people.household]
        of, size = model.households.village, model.villages.size
        self._stands_for = np.bincount(of, model.households.weight, len(size)) / size
        self._by_county = summing(model.villages.county, counties)
        self._where = [np.zeros(len(model.people.uid), dtype=np.int64) for _ in range(2)]
        self._plots = [np.zeros(len(model.plots.uid), dtype=np.int64) for _ in range(2)]
        self._taken = model.plots.taken.copy()
        self._kept = 0.0
        self._first_year = np.zeros(len(model.households.uid))
        self._living = np.zeros(len(model.households.uid))
        people_states(model.people, model.households.county, self._own(model), 0, self._where[0])
        self._sown = False

    @staticmethod
    def _own(model: Any) -> NDArray[np.int64]:
        return model.records.own_place  # type: ignore[no-any-return]

    def note(self, model: Any) -> None:
        """Write down the month that ``model`` has just finished."""
        t, last = model.month, model.records.last
        self.villages[t] = last[:, _POSITION]
        self.region[t, :, : len(VILLAGE)] = self._by_county @ last
        self.region[t, :, len(VILLAGE) :] = county_values(model, last)
        self.flows[t] = model.ledger.flows
        self.hubs[t] = model.hubs.open
        self._note_people(model, t)
        if month_of_year(t) in (MARCH, DECEMBER):
            self._note_land(model, t)
        self._note_goods(model, t)
        self._note_living(model, t)

    def _note_people(self, model: Any, t: int) -> None:
        before, now = self._where
        people_states(model.people, model.households.county, self._own(model), t, now)
        moved = nothing(len(WHERE))
        moves_between(before, now, self._weights, moved)
        self.people[t] = moved
        self._where.reverse()

    def _note_land(self, model: Any, t: int) -> None:
        before, now = self._plots
        plots = model.plots
        plot_states(plots, model.crops.seasons, now)
        weight = model.households.weight[plots.owner]
        if self._sown:  # the first spring's leases and orchards are no change of use
            moved = nothing(len(LAND))
            moves_between(before, now, weight * plots.area, moved)
            taken = (plots.taken - self._taken) * weight
            moved[:, -1] += np.bincount(before, taken, len(LAND))
            self.land[t] = moved
        self._sown = True
        self._taken[:] = plots.taken
        self._plots.reverse()

    def _note_goods(self, model: Any, t: int) -> None:
        tally = model.market.tally
        kept = float(model.kept[0])
        eaten = kept - self._kept if kept >= self._kept else kept  # strict runs clear it each month
        self._kept = kept if not model.scenario.strict else 0.0
        table = self.goods[t]
        table[0, GOODS.index("rice")] = eaten
        table[2] = tally.own_farm
        table[1] = np.maximum(model.goods_made - table[0] - table[2], 0.0)
        table[3] = tally.bought

    def _note_living(self, model: Any, t: int) -> None:
        households = model.households
        living_of_households(households, model.shops, model.people, t, self._living)
        weight = households.weight
        if self.leads and not self.groups.known:
            self._first_year += self._living
            if t == YEAR - 1:
                heads = np.maximum(households.registered, 1)
                self.groups.by_income(self._first_year / heads, weight)
        yuan, persons = self._living * weight, households.registered * weight
        for k in range(len(GROUPS)):
            of = self.groups.of[k]
            known = of >= 0
            for column, values in enumerate((yuan, persons)):
                self.living[t, k, :, column] = np.bincount(of[known], values[known], _MOST)

    # -- looking back ---------------------------------------------------------------------------

    def frame(self, month: int) -> NDArray[np.float32]:
        """Return (layers, places) of a month; -1 is the start of January 2003."""
        if month < 0:
            now = self.places.sums(self.opening)
            return layer_values(now, np.zeros_like(now), 0)
        first = max(0, month - YEAR + 1)
        year = self.villages[first : month + 1].sum(axis=0, dtype=np.float64)
        now = self.places.sums(self.villages[month])
        return layer_values(now, self.places.sums(year), month + 1 - first, KEPT_COLUMN)

    def series(self, name: str, months: int, county: int | None = None) -> NDArray[np.float64]:
        """Return the first ``months`` values of an indicator, of a county or the region."""
        values = self.region[:months, :, REGION_COLUMN[name]]
        return values[:, county] if county is not None else values.sum(axis=1)

    def of_village(self, name: str, months: int, row: int) -> NDArray[np.float64]:
        """Return the first ``months`` values of an indicator of KEPT: one village, as it is.

        ``villages`` holds what it stands for, several villages of its county.
        """
        found = self.villages[:months, row, KEPT_COLUMN[name]] / self._stands_for[row]
        return np.asarray(found, dtype=np.float64)


def _empty(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """Return zeros that already lie in memory, so that its size is known from the start."""
    array = np.empty(shape, dtype=kind)
    array[...] = 0
    return array
