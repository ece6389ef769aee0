"""The oracle itself: the objects of a world and the order of a month, in plain Python.

It begins with the state of a ``RuralUrbanModel`` (of January 2003 or any later month) and from
then on owes it nothing but the scalar rules, which are the same functions: every loop, market,
auction, order of review, payment and budget is written again here. ``compare.COVERED`` lists the
events: all of ``RuralUrbanModel.step``. Taken as given are the opening world (its people's lives,
places and plots), national series, parameters in force, travel times, the path of migrants at the
coast in the paired run, and the indicators, which only read.
"""

from __future__ import annotations

import numpy as np
from mesa import Model

from agents.base.draws import lifelong_key, month_key
from agents.kinds import NOBODY
from agents.migrant.demography import STUDY
from benchmarks.oracle import books, freight, land, market, money, online, outside, people, yearend
from benchmarks.oracle.objects import (
    COAST,
    SEAT,
    BuyerGroup,
    County,
    Crop,
    Good,
    Household,
    Hub,
    Person,
    Plot,
    Seat,
    Shop,
    Village,
    at_or_none,
)
from model.accounts import FLOW_COLUMNS
from model.calendar import DECEMBER, MARCH, month_of_year, parse_month
from model.goods import GOODS
from model.ledger import INDEX, Sector
from model.ruralurban import RuralUrbanModel


class OracleModel(Model):
    """The world of ``model`` as objects; ``step`` advances it by a month.

    ``counties``, ``villages``, ``seats``, ``households``, ``people``, ``plots``, ``hubs``,
    ``buyers``, ``crops`` and ``goods`` are lists in the order of the rows of the tables.
    """

    def __init__(self, model: RuralUrbanModel):
        super().__init__(rng=model.seed_used)
        self.settings, self.seed_used = model.scenario, model.seed_used
        self.series, self.month = model.series, model.month
        self.params = model.params
        self.life_key = np.uint64(lifelong_key(self.seed_used))
        self.key = np.uint64(month_key(self.seed_used, self.month))
        self.coast_km, self.coast_2003 = model.region.coast_km, model.coast_2003
        self.cropland = float(model.start.cropland_mu.sum())
        self.prefecture = int(model.terms.prefecture[0])
        self.coast_wage, self.coast_living = model.coast_wage, model.coast_living
        self.mirror, self.coast_path = model.mirror, lambda: model.coast_path(self.month)
        self.pay, self.living = model.terms.pay.tolist(), model.terms.living.tolist()
        self.registered_last = getattr(model, "_registered_last", 0.0)
        self.line = 0.0
        self._make_places(model)
        self._make_people(model)
        self._open_books(model)
        online.take_over(self, model)
        freight.take_over(self, model)
        outside.take_over(self, model)
        money.update_terms(self)

    # --- the world as it was ---------------------------------------------------------------------

    def _make_places(self, model: RuralUrbanModel) -> None:
        self.crops = [Crop(self, model.crops, k) for k in range(len(model.crops))]
        self.goods = [Good(self, model.goods, g) for g in range(len(GOODS))]
        for good in self.goods:
            good.supply = model.offline.supply[:, good.row].tolist()
            good.base_supply = float(model.offline.base[good.row])
            good.place = float(model.offline.place[good.row])
        self.seats = [Seat(self, model.seats, s) for s in range(len(model.seats))]
        self.hubs = [Hub(self, model.hubs, s) for s in range(len(model.hubs))]
        for seat in self.seats:
            row = seat.row
            seat.county = int(model.region.seats["county"].iloc[row])
            seat.prefecture = bool(model.region.seats["prefecture"].iloc[row])
            seat.people_last = float(model.seat_people_last[row])
            seat.land_capital = float(model.land_capital[row])
            seat.hub_grants = float(model.hub_grants[row])
            seat.migrants = float(model.at_place.sum(axis=0)[SEAT + row])
            seat.rural_seekers = float(model.seekers[row])
        self.counties = [self._county(model, c) for c in range(model.counties)]
        self.villages = [Village(self, model.villages, v) for v in range(len(model.villages))]
        for village in self.villages:
            village.minutes_to = model.terms.minutes[village.row].tolist()
            village.distance = model.terms.distance[village.row].tolist()
            village.till = float(model.retail.till[village.row])
            village.commission = float(model.retail.commission[village.row])

    def _county(self, model: RuralUrbanModel, c: int) -> County:
        county = County(self, c)
        county.seat = int(model.region.seat_of_county[c])
        county.minutes_gateway = float(model.offline.minutes[c])
        alone = np.arange(len(model.region.seats)) == county.seat
        county.urban_share = float(model.region_share(alone.astype(float))[c])
        county.sold = county.compensated = 0.0
        for name in ("local_wage", "local_employment", "day_wage", "local_demand"):
            setattr(county, name, float(getattr(model, name)[c]))
        county.firms_base, county.shops_bill = (
            float(model.firms_base[c]),
            float(model.shops_bill[c]),
        )
        county.weather, county.at_coast = float(model.weather[c]), float(model.at_place[c, COAST])
        county.local_seekers = float(model.local_seekers[c])
        county.price_year = model.price_year[:, c].tolist()
        county.price_expected = model.price_expected[c].tolist()
        county.farm_gate = model.offline.farm_gate[c].tolist()
        county.expected = model.offline.expected[c].tolist()
        return county

    def _make_people(self, model: RuralUrbanModel) -> None:
        table = model.households
        self.households = [Household(self, table, h) for h in range(len(table))]
        self.people = [Person(self, model.people, i) for i in range(len(model.people))]
        self.plots = [Plot(self, model.plots, i) for i in range(len(model.plots))]
        for household in self.households:
            household.people = self.people[household.first_person : household.end_person]
            household.plots = self.plots[household.first_plot : household.end_plot]
            household.ring = [self.households[j] for j in household.ring]
            household.village = self.villages[household.village]
            household.county = self.counties[household.county]
            household.shop = Shop(self, model.shops, household.row)
            household.side = float(model.terms.side[household.row])
        for village in self.villages:
            rows = slice(village.first_household, village.end_household)
            village.households = self.households[rows]
            village.station_keeper = self.households[model.retail.station_keeper[village.row]]
        for person in self.people:
            person.household = self.households[person.household]
            person.spouse = at_or_none(self.people, person.spouse)
            person.mother = at_or_none(self.people, person.mother)
        for plot in self.plots:
            plot.owner = self.households[plot.owner]
            plot.operator = at_or_none(self.households, plot.operator)
            plot.choice, plot.km = NOBODY, float(model.seat_km[plot.owner.village.row])
        self.buyers = [BuyerGroup(self, model.buyers, b) for b in range(len(model.buyers))]
        for group in self.buyers:
            group.ring = [self.buyers[b] for b in group.ring]

    def _open_books(self, model: RuralUrbanModel) -> None:
        self.books = books.Books(len(self.counties))
        for sector in Sector:
            for county in self.counties:
                self.books.tills[sector, county.row] = float(model.ledger.tills[sector, county.row])
        for line, row in INDEX.items():
            for county in self.counties:
                self.books.flows[line, county.row] = float(model.ledger.flows[row, county.row])

    # --- the month -------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance the world by one month, in the order of MODEL section 3."""
        self.open_month()
        march = month_of_year(self.month) == MARCH
        december = month_of_year(self.month) == DECEMBER
        people.come_and_go(self)
        freight.set_tariffs(self)
        money.update_terms(self)
        if march:
            land.expect(self)
        self.move(march)
        if march:
            land.plan(self)
            land.lease_and_sow(self)
        land.work(self)
        land.keep_animals_and_grain(self)
        market.set_farm_gate(self)
        online.stock_shops(self)
        market.sell_harvest(self)
        online.place_orders(self)
        online.settle(self)
        money.clear_labour_markets(self)
        money.update_terms(self)
        money.pay(self)
        money.keep_children(self)
        money.transfer(self)
        market.pay_keepers(self)
        market.offer(self)
        money.spend(self)
        market.receive(self)
        if december:
            yearend.requisition(self)
            yearend.spend_land_revenue(self)
            yearend.close_year(self)
            freight.december(self)
        online.enter_and_exit(self)
        books.book_month(self, december)
        for county in self.counties:
            county.price_year[self.month % 12] = list(county.farm_gate)

    def open_month(self) -> None:
        """Read the month's dated changes; nothing has flowed yet."""
        self.month += 1
        self.key = np.uint64(month_key(self.seed_used, self.month))
        self.params = self.settings.in_force(self.month)
        self.books.open_month()
        for household in self.households:
            for name in FLOW_COLUMNS:
                setattr(household, name, 0.0)
        p = self.params["local"]
        growth = money.growth_since_2003(self.era, p.firms_early, p.firms_late)
        for county in self.counties:
            county.firms_bill = county.firms_base * growth

    def move(self, march: bool) -> None:
        """Let people choose their places; count them; let urban households grow alike."""
        people.review(self, march)
        if march and self.params["migration"].families_follow:
            people.families_join(self)
            people.grant_hukou(self)
        outside.review(self, march)
        people.count_members(self)
        people.count_workers(self)
        registered = sum(h.registered * h.weight for h in self.households)
        demography = self.params["demography"]
        if self.month > 0 and not demography.frozen:
            for seat in self.seats:
                seat.natives *= registered / max(self.registered_last, 1.0)
            for person in self.people:
                if person.leaves == self.month - STUDY and person.dies > self.month:
                    back = demography.college_back * person.household.weight
                    self.seats[person.household.county.seat].natives += back
        self.registered_last = registered

    def book_trade(self) -> None:
        """Book the month's trade."""
        online.book(self)
        freight.book(self)

    # --- switches --------------------------------------------------------------------------------

    @property
    def clock(self) -> int:
        """The month by which people age."""
        return 0 if self.params["demography"].frozen else max(self.month, 0)

    @property
    def era(self) -> int:
        """The month whose dated parameters and trends hold."""
        return 0 if self.params["national"].frozen else max(self.month, 0)

    def pull_on(self, what: str) -> float:
        """Return the weight of the pull on ``labour`` or ``land`` (MODEL 1)."""
        pull = self.params["pull"]
        if not getattr(pull, what):
            return 1.0
        return 0.0 if not pull.enabled and pull.mode == "frozen" else pull.scale

    def access_scale(self) -> float:
        """Return access.scale once access has begun and is on, else 0."""
        access = self.params["access"]
        begun = self.month >= parse_month(access.start, "access", "start")
        return access.scale if access.enabled and begun else 0.0
