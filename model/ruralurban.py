"""The model: one prefecture, month by month.

``RuralUrbanModel.step`` reads as the economy does: one line per event, in the order of MODEL
section 3. Each event stands in its own module; the rules of deciding stand with the agents.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import allocate
from agents.base.draws import lifelong_key, month_key
from agents.base.parts import Part, Parts
from agents.base.space import PopulationModel
from agents.base.sums import weighted_sum
from agents.farmer import budget, transfers
from agents.kinds import Place
from agents.migrant import lives, moves
from agents.migrant.demography import STUDY
from model import accounts, checks, farming, migration, trade
from model.calendar import DECEMBER, MARCH, month_of_year
from model.crops import CROP_NAMES, load_crops
from model.endowment import cluster_strength
from model.errors import InputError
from model.extraction import Extraction
from model.goods import GOODS, load_goods
from model.goods_account import GoodsAccount
from model.indicators import Records
from model.labour import Seats, firms_bill, open_seats, standard_workers
from model.ledger import Ledger, Sector
from model.offline import OfflineMarket
from model.outside import OutsidePool
from model.paired import reference_path
from model.populations import Standing, populations
from model.scenario import Scenario, load_scenario
from model.start import burn_in
from model.worlds import region_of, series_of, world_of

_SEAT = int(Place.SEAT)


class RuralUrbanModel(PopulationModel):
    """One prefecture under one scenario and one seed; ``step`` advances it by a month.

    Tables (``households``, ``people``, ``plots``, ``shops``, ``villages``, ``seats``, ``hubs``,
    ``buyers``) hold the state; ``agents``, ``agents_by_type`` and the grid's cells are views of
    their rows. ``month`` counts from 2003-01 = 0 and is -1 before the first step. Counties are
    worked out at once on up to ``threads`` threads, which changes no bit of a result.

    Raises InputError for a seed that is no whole number or below 0.
    """

    def __init__(self, scenario: Scenario | None = None, seed: int = 1, threads: int = 1):
        if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
            raise InputError("model", "seed", seed, "a whole number from 0 to 2**63 - 1")
        self._scenario = scenario or load_scenario()
        super().__init__(seed)
        self.seed_used = int(seed)
        self.threads = threads
        self.month = -1
        self.params: dict[str, Any] = self.scenario.in_force(0)
        self.region = region_of(self.scenario)
        self.series = series_of(
            self.scenario.months, national=self.params["national"], market=self.params["market"]
        )
        if self.params["national"].frozen:
            self.series = self.series.frozen_at(0, self.params["national"].coast_growth)
        self.reference = reference_path(self.scenario, self.seed_used)
        self._make_tables()
        self._make_arrays()
        self._open_books()
        self.records = Records(self)
        ny, nx = self.region.county.shape
        self.standing = Standing(self)
        self.settle(nx, ny, *populations(self))

    # -- January 2003 ---------------------------------------------------------------------------

    def _make_tables(self) -> None:
        self.life_key = np.uint64(lifelong_key(self.seed_used))
        self.key = np.uint64(month_key(self.seed_used, -1))
        world = world_of(self.scenario, self.region, self.seed_used, self.params)
        self.start, self.villages, self.households = world.start, world.villages, world.households
        self.people, self.plots = world.people, world.plots
        self.seats = allocate(Seats, len(self.region.seats))
        self.crops, self.goods = load_crops(), load_goods()
        self.counties = len(self.region.counties)
        self.places = _SEAT + len(self.region.seats)
        self.rules = moves.Rules(
            self.params["migration"], self.params["land"], self.params["demography"]
        )

    def _make_arrays(self) -> None:
        c, h, s = self.counties, len(self.households.uid), len(self.seats.wage)
        self.adults = moves.no_adults(h, self.places)
        self.price_expected = np.zeros((c, len(CROP_NAMES)))
        self.weather = np.ones(c)
        self.paid = np.zeros((6, c))
        self.seekers, self.local_seekers = np.zeros(s), np.zeros(c)
        self.at_place = np.zeros((c, self.places))
        self.goods_made = np.zeros(len(GOODS))
        self.kept, self.eaten = np.zeros(1), np.zeros(2)
        self.students = np.zeros(c)  # left for college since, live elsewhere, registered at home
        self.tally = np.zeros((c, 3), dtype=np.int64)
        self.parts = Parts(self.households, self.threads)
        self._registered_last = 0.0
        self.land_capital, self.hub_grants = np.zeros(s), np.zeros(s)
        self.taken_mu, self.land_value = np.zeros(c), np.zeros(c)
        self.log: dict[str, NDArray[np.float64]] = {}

    def _open_books(self) -> None:
        """Set the first wages, choose the first places, and open the ledger (MODEL 2)."""
        p, local = self.params["migration"], self.params["local"]
        self.local_wage = np.full(self.counties, local.day_wage_2003 * local.work_days)
        self.local_employment = np.full(self.counties, 1.0)
        self.day_wage = self.local_wage / local.work_days
        self.coast_wage = self.series.coast_wage[0]
        self.coast_living = p.living_coast
        prefecture = self.region.is_prefecture
        self.seats.wage[:] = self.coast_wage * np.where(prefecture, p.seat_pay, p.county_pay)
        self.seats.employment[:] = p.job_finding / (p.job_finding + p.separation)
        self.seats.living[:] = p.living_seat
        self.offline = OfflineMarket(self)
        self.price_year = np.repeat(self.offline.farm_gate[None], 12, axis=0)
        self.terms = migration.make_terms(self)
        self.seat_km = migration.km_to_seat(self)
        migration.update_terms(self, cleared=-1)
        farming.expect(self)
        transfers.livestock(
            self.households, 0, self.life_key, self.params["budget"], self.terms.side
        )
        burn_in(self, np.maximum(self.start.registered - self.start.residents, 0.0))
        self._settle_economy()
        self.outside = OutsidePool(self)
        self._fill_purses()
        farming.first_plan(self)
        held = {Sector.RURAL: self.cash_held(), Sector.ABSENT: self.savings_held()}
        self.ledger = Ledger(self.counties, held)
        trade.open_trade(self)
        self.goods_account, self.extraction = GoodsAccount(self), Extraction(self.counties)
        self.opening = checks.Opening(self)

    def _settle_economy(self) -> None:
        """Fit the economies of seats and counties to the people whom the burn-in put there."""
        local, city = self.params["local"], self.params["city"]
        migration.recount(self)
        at_seats = self.at_place.sum(axis=0)[_SEAT:]
        urban = self.seat_sums(self.start.urban)
        self.seats.natives[:] = np.maximum(urban - at_seats, 0.0)
        self.natives_2003 = self.seats.natives.copy()
        self.seats.pool[:] = 0.0
        self.seats.people[:] = self.seats.people_2003[:] = self.seats.natives + at_seats
        self.seat_people_last = self.seats.people.copy()
        self.coast_2003 = float(self.at_place[:, int(Place.COAST)].sum())
        self.native_workers = standard_workers(self.seats.natives, city)
        self.native_jobs = self.native_workers * self.seats.employment
        rural = self.start.registered_rural * self.series.national_rural_income[0] * 0.6
        wages = self.native_jobs * self.seats.wage
        urban = wages * (1.0 + city.native_transfers)
        self.local_demand = rural + self.region_share(urban * city.local_spending)
        services = self.seat_sums(self.local_demand) * local.demand * (1.0 - local.village_share)
        open_seats(
            self.seats,
            self.seats.wage.copy(),
            self.seekers + self.native_workers,
            services,
            float(self.seats.employment[0]),
            city,
        )
        wanted = self.local_wage * self.local_seekers
        bill = local.village_share * local.demand * self.local_demand
        cluster = 1.0 + local.cluster_demand * cluster_strength(
            self.region.endowment, self.counties
        )
        self.firms_base = np.maximum(wanted - bill, 0.1 * wanted) * cluster
        self.firms_bill = self.firms_base.copy()
        self.shops_bill = np.zeros(len(self.firms_bill))  # wages paid by shops last month

    def _fill_purses(self) -> None:
        """Give households the cash and grain that they hold at the start."""
        h, years = self.households, self.params["world"].start_cash
        income = self.series.national_rural_income[0] * 0.66
        h.mean_income[:] = income * h.registered
        h.cash[:] = 12.0 * years * h.mean_income
        h.grain[:] = 0.75 * self.params["budget"].paddy_per_person * h.residents
        away = self.people.place != Place.VILLAGE
        self.people.savings[away] = 0.1 * income * np.minimum(self.people.months_away[away], 36)

    # -- the month ------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance the model by one month."""
        self.open_month()
        self.live()
        trade.set_tariffs(self)
        migration.update_terms(self, cleared=self.month - 1)
        self.move()
        harvest_kg = self.farm()
        trade.sell(self, harvest_kg)
        self.earn()
        self.transfer()
        trade.buy(self)
        self.spend()
        trade.deliver(self)
        if month_of_year(self.month) == DECEMBER:
            self.end_year()
        trade.enter_and_exit(self)
        self.close_month()

    def run(self, months: int | None = None) -> RuralUrbanModel:
        """Step ``months`` times (by default to the end of the scenario); return the model."""
        for _ in range(self.scenario.months - self.month - 1 if months is None else months):
            self.step()
        return self

    def open_month(self) -> None:
        """Read the month's series and dated changes; nothing has flowed yet.

        Raises InputError past the scenario's last month: no life was drawn beyond it.
        """
        last = self.scenario.months
        if self.month + 1 >= last:
            raise InputError("scenario", "months", last, f"{last + 1} or more, to step on")
        self.month += 1
        self.key = np.uint64(month_key(self.seed_used, self.month))
        self.params = self.scenario.in_force(self.month)
        self.rules = moves.Rules(
            self.params["migration"], self.params["land"], self.params["demography"]
        )
        self.ledger.open_month()
        self.log = {}
        for column in accounts.FLOW_COLUMNS:
            getattr(self.households, column)[:] = 0.0
        self.paid[:] = 0.0
        self.goods_made[:] = 0.0
        self.kept[:] = 0.0
        self.eaten[:] = 0.0
        self.firms_bill = firms_bill(self.firms_base, self.era, self.params["local"])

    def live(self) -> None:
        """Let people be born, grow up, leave for college and die."""
        self.tally[:] = 0
        self.parts.each(
            lambda part: lives.come_and_go(
                part, self.people, self.households, self.month, self.clock, self.tally
            )
        )

    def move(self) -> None:
        """Let those who reconsider choose their place; in March the lease market follows."""
        if month_of_year(self.month) == MARCH:
            farming.expect(self)
        migration.reconsider(self)
        self.outside.review(self)
        self._grow_cities()
        if month_of_year(self.month) == MARCH:
            plans = farming.plan(self)
            farming.lease_and_sow(self, plans)

    def farm(self) -> NDArray[np.float64]:
        """Work the land and harvest; return what is left for sale, kg (H, G)."""
        return farming.work_and_harvest(self)

    def earn(self) -> None:
        """Clear the labour markets and pay wages; members away live, save and send money."""
        self.invested = migration.clear_labour_markets(self)
        migration.update_terms(self, cleared=self.month)
        p = self.params["migration"]
        given = self.people, self.households, self.terms, self.month, p, self.paid

        def pay(part: Part) -> None:
            lives.pay(part, *given)
            lives.keep_children(part, *given)

        self.parts.each(pay)

    def transfer(self) -> None:
        """Pay subsidies and pensions, collect taxes."""
        s, t = self.series, self.month
        yuan = s.grain_subsidy[t], s.pension[t], s.farm_tax[t]
        self.parts.each(lambda part: transfers.state(part, self.households, self.plots, *yuan))

    def spend(self) -> None:
        """Let households consume, borrow and repay: the one place where their cash changes."""
        p = self.params["budget"]
        tradables = self.params["buying"].manufactures_share
        self.parts.each(
            lambda part: budget.settle(
                part, self.households, self.shops, p.food_share, tradables, p
            )
        )

    def end_year(self) -> None:
        """Take land for the city, count idle land, let hubs invest."""
        farming.requisition(self)
        farming.close_year(self)
        trade.december(self)

    def close_month(self) -> None:
        """Book the month, check the books, and write down what it was like."""
        accounts.book_households(self)
        trade.book(self)
        accounts.book_cities(self, self.invested)
        accounts.book_firms(self)
        if month_of_year(self.month) == DECEMBER:
            accounts.book_dividends(self)
        accounts.book_state(self)
        self.ledger.close_month()
        self.goods_account.close(self)
        farming.remember_prices(self)
        if self.scenario.strict:
            checks.check(self)
        self.records.collect(self)
        self.extraction.collect(self)
        self.refresh()

    @property
    def scenario(self) -> Scenario:
        """The scenario that the model was made with."""
        return self._scenario

    @scenario.setter
    def scenario(self, given: object) -> None:
        """Ignore the scenario that Mesa 3.5 gives each model: ours is the constructor's."""

    # -- what others ask ------------------------------------------------------------------------

    @property
    def clock(self) -> int:
        """The month by which people age: stands still while demography is frozen."""
        return 0 if self.params["demography"].frozen else max(self.month, 0)

    @property
    def era(self) -> int:
        """The month whose dated parameters and trends hold: January 2003 while they are frozen."""
        return 0 if self.params["national"].frozen else max(self.month, 0)

    @property
    def pull_on_labour(self) -> float:
        """Weight on the growth of wages and jobs since 2003 (MODEL 1)."""
        pull = self.params["pull"]
        frozen = not pull.enabled and pull.mode == "frozen"
        return 0.0 if frozen and pull.labour else (pull.scale if pull.labour else 1.0)

    @property
    def pull_on_land(self) -> float:
        """Weight on the quota of land taken (MODEL 1)."""
        pull = self.params["pull"]
        frozen = not pull.enabled and pull.mode == "frozen"
        return 0.0 if frozen and pull.land else (pull.scale if pull.land else 1.0)

    @property
    def mirror(self) -> float:
        """1 where the scenario's change reaches all prefectures alike, so that the coast reacts."""
        return 0.0 if self.reference is None else 1.0

    @property
    def urban_people(self) -> NDArray[np.float64]:
        """Residents of each seat (S,)."""
        return self.seats.people

    def coast_path(self, month: int) -> float:
        """Return the migrants at the coast in the paired run; 0 where there is none."""
        return 0.0 if self.reference is None else float(self.reference.coast[month])

    def cash_held(self) -> float:
        """Return the cash of all rural households at full scale (yuan)."""
        return float(weighted_sum(self.households.cash, self.households.weight))

    def savings_held(self) -> float:
        """Return the savings of members away at full scale (yuan)."""
        return lives.savings_held(self.people, self.households)

    def seat_sums(self, by_county: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up values by county over the counties of each seat."""
        seats = len(self.region.seats)
        sums = np.bincount(self.region.seat_of_county, weights=by_county, minlength=seats)
        return sums.astype(np.float64)

    def region_share(self, by_seat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Spread values by seat over their counties in proportion to urban residents."""
        urban = np.maximum(self.start.urban, 1.0)
        total = self.seat_sums(urban)
        at = self.region.seat_of_county
        return by_seat[at] * urban / total[at]

    def _grow_cities(self) -> None:
        """Let urban households grow as the registered rural do, and by graduates who come back."""
        registered = float(weighted_sum(self.households.registered, self.households.weight))
        demography = self.params["demography"]
        if self.month > 0 and not demography.frozen:
            self.seats.natives[:] *= registered / max(self._registered_last, 1.0)
            back = demography.college_back * self._left_for_college(STUDY)
            self.seats.natives[:] += self.seat_sums(back)
            gone = self._left_for_college(0) - back
            self.students[:] += demography.college_registered * gone
        self._registered_last = registered

    def _left_for_college(self, ago: int) -> NDArray[np.float64]:
        """Return (C,) those who left each county for college ``ago`` months ago and live."""
        people, h = self.people, self.households
        rows = np.flatnonzero((people.leaves == self.month - ago) & (people.dies > self.month))
        home = people.household[rows]
        return np.bincount(h.county[home], h.weight[home], self.counties).astype(np.float64)


__all__ = ["RuralUrbanModel", "region_of"]
