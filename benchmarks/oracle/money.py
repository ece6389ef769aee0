"""Money: labour markets, wages, remittances, the state, the household's budget."""

from __future__ import annotations

import math
from typing import Any

from agents.farmer import budget
from agents.migrant import choice
from benchmarks.oracle.objects import COAST, SEAT, VILLAGE, Household, Person
from benchmarks.oracle.people import BUSINESS, LOCAL, NONE, SEAT_JOB
from benchmarks.oracle.plain import plain
from model import labour

growth_since_2003, marginal_product, labour_demand, living_cost, coast_wage = (
    plain(getattr(labour, name))
    for name in (
        "growth_since_2003",
        "marginal_product",
        "labour_demand",
        "living_cost",
        "coast_wage",
    )
)
remittance = plain(choice.remittance)
consumption, credit_left = plain(budget.consumption), plain(budget.credit_left)


# --- labour markets ------------------------------------------------------------------------------


def update_terms(world: Any) -> None:
    """Write what people know: expected pay (jobs over seekers), living cost, hukou."""
    p = world.params["migration"]
    world.pay[COAST] = world.coast_wage * p.job_finding / (p.job_finding + p.separation)
    world.living[COAST] = world.coast_living
    for seat in world.seats:
        world.pay[SEAT + seat.row] = seat.wage * seat.employment
        world.living[SEAT + seat.row] = seat.living
    for county in world.counties:
        county.hukou = [0.0, p.hukou_coast] + [p.hukou_seat] * len(world.seats)
        county.root = [0.0, p.root_coast] + [p.root_seat] * len(world.seats)
        if county.seat != world.prefecture:
            county.hukou[SEAT + county.seat] = p.hukou_county
            county.root[SEAT + county.seat] = p.root_county
        county.local_pay = county.local_wage * county.local_employment
    pull = world.params["pull"]
    world.may_leave = pull.enabled or pull.mode != "no_new"


def clear_labour_markets(world: Any) -> None:
    """Set this month's wages and jobs at the seats, at the coast and in local work."""
    p, city, local = (world.params[group] for group in ("migration", "city", "local"))
    for seat in world.seats:
        seat.people = seat.natives + seat.pool + seat.migrants
        seat.native_workers = seat.natives * city.native_workers * city.native_worth
        seat.native_workers += seat.outside_workers
        seat.services = (1.0 - local.village_share) * sum(
            local.demand * county.local_demand
            for county in world.counties
            if county.seat == seat.row
        )
        run_seat(seat, p.job_finding / (p.job_finding + p.separation), world)
        seat.native_jobs = seat.native_workers * seat.employment
        seat.living = living_cost(
            p.living_seat,
            seat.wage,
            seat.wage_2003,
            seat.people,
            seat.people_2003,
            p.living_wage_elasticity,
            p.congestion_seat,
        )
    set_coast(world)
    for county in world.counties:
        bill = local.village_share * local.demand * county.local_demand + county.firms_bill
        bill += county.shops_bill
        tightness = math.log(max(bill / county.local_wage, 1e-9) / max(county.local_seekers, 1e-9))
        county.local_wage *= math.exp(min(0.05, max(-0.05, local.adjustment * tightness)))
        jobs = bill / county.local_wage
        county.local_employment = min(1.0, jobs / max(county.local_seekers, 1e-9))
        county.day_wage = county.local_wage / local.work_days


def run_seat(seat: Any, full_employment: float, world: Any) -> None:
    """Advance the firms of a seat by a month: ``Y = A K^a L^(1-a)`` beside local services."""
    p, pull = world.params["city"], world.pull_on("labour")
    a, seekers = p.capital_share, seat.rural_seekers + seat.native_workers
    growth = growth_since_2003(world.era, p.growth_early, p.growth_late)
    productivity = seat.productivity * growth
    available, extra = full_employment * seekers, seat.services / seat.wage
    free = marginal_product(productivity, seat.capital, max(available - extra, 1.0), a)
    wage = max(free, p.wage_floor * seat.best_wage)
    jobs = min(available, labour_demand(productivity, seat.capital, wage, a) + extra)
    seat.wage = seat.wage_2003 * (wage / seat.wage_2003) ** pull
    seat.jobs = min(available, seat.jobs_2003 * (jobs / seat.jobs_2003) ** pull)
    seat.seekers, seat.employment = seekers, seat.jobs / max(seekers, 1e-9)
    seat.best_wage = max(seat.best_wage, seat.wage)
    makers = max(seat.jobs - extra, 1.0)
    productivity = seat.productivity * growth**pull
    seat.output = productivity * seat.capital**a * makers ** (1.0 - a)
    seat.marginal = marginal_product(productivity, seat.capital, makers, a)
    worn = p.depreciation / 12.0 * seat.capital
    seat.invested = (p.saving * seat.output if pull > 0.0 else worn) + seat.land_capital
    seat.land_capital = 0.0
    seat.capital += seat.invested - worn


def set_coast(world: Any) -> None:
    """Set the wage and the living cost at the coast."""
    p, start = world.params["migration"], float(world.series.coast_wage[0])
    weight = world.pull_on("labour")
    wage = start * math.exp(weight * math.log(world.series.coast_wage[world.month] / start))
    migrants = sum(county.at_coast for county in world.counties)
    eta = p.wage_elasticity if p.wages_respond and weight > 0.0 else 0.0
    world.coast_wage = coast_wage(wage, migrants, world.coast_path(), eta, world.mirror)
    world.coast_living = living_cost(
        p.living_coast,
        world.coast_wage,
        start,
        migrants,
        world.coast_2003,
        p.living_wage_elasticity,
        p.congestion_coast,
    )


# --- wages and what members away do with them ----------------------------------------------------


def pay(world: Any) -> None:
    """Pay everybody's wage; members away live on it, save, and send money home."""
    for person in world.people:
        household = person.household
        household.brought_home += person.brought
        world.books.book_at("brought_home", household, person.brought)
        if not person.registered(world.month) or person.job == NONE:
            continue
        if person.place == VILLAGE:
            pay_at_home(person, world)
        else:
            pay_away(person, world)


def pay_at_home(person: Person, world: Any) -> None:
    """Pay a resident who works off the farm."""
    household, earns = person.household, person.worth
    if person.job == LOCAL:
        person.wage = household.county.local_pay * earns
        household.wage_local += person.wage
    elif person.job == BUSINESS:
        person.wage = household.county.local_pay * earns
        household.business += person.wage
    elif person.job == SEAT_JOB:
        person.wage = world.pay[SEAT + person.job_seat] * earns
        household.wage_seat += person.wage


def pay_away(person: Person, world: Any) -> None:
    """Pay a member away, who lives on it, sends money home and saves the rest."""
    p, household, place = world.params["migration"], person.household, person.place
    person.wage = world.pay[place] * person.worth
    couple = person.settled and person.spouse is not None and person.spouse.place == place
    cost = world.living[place] * (0.5 * (1.0 + p.cost_spouse) if couple else 1.0)
    person.living_cost = min(person.wage + person.savings, cost)
    person.months_away += 1
    net = person.wage - person.living_cost
    if household.residents > 0:
        wanted = remittance(net, person.months_away, p)
        person.remitted = min(wanted, net + person.savings)
    person.savings += net - person.remitted
    household.remittance += person.remitted
    coast = place == COAST
    books = world.books
    books.book_at("wage_coast" if coast else "wage_seat_absent", household, person.wage)
    books.book_at(living_line(place), household, person.living_cost)
    books.book_at("remittance", household, person.remitted)


def living_line(place: int) -> str:
    """Return the line of the ledger for living cost at a place."""
    return "living_cost_coast" if place == COAST else "living_cost_seat"


def keep_children(world: Any) -> None:
    """Let parents away pay for children who live with them, as far as savings reach."""
    p = world.params["migration"]
    for child in world.people:
        away = child.place != VILLAGE and child.job == NONE
        if not away or not child.registered(world.month) or child.mother is None:
            continue
        payer = child.mother
        if payer.place != child.place or payer.job == NONE:
            payer = payer.spouse
        if payer is None or payer.place != child.place:
            continue
        cost = min(payer.savings, p.cost_child * world.living[child.place])
        payer.savings -= cost
        payer.living_cost += cost
        world.books.book_at(living_line(child.place), child.household, cost)


def transfer(world: Any) -> None:
    """Pay subsidies per contracted mu and pensions; collect farm tax and fees."""
    series, month = world.series, world.month
    for household in world.households:
        if household.registered == 0:
            continue
        mu = sum(plot.area for plot in household.plots)
        household.subsidy = float(series.grain_subsidy[month]) / 12.0 * mu
        household.pension = float(series.pension[month]) / 12.0 * household.pensioners
        household.tax = float(series.farm_tax[month]) / 12.0 * household.registered


# --- the household's budget ----------------------------------------------------------------------


def shop_income(household: Household) -> float:
    """Return income_shop: revenue less goods (own ones at farm gate), freight, fees, refunds."""
    shop = household.shop
    costs = shop.supply + shop.goods_bought + shop.packing + shop.freight_first
    costs += shop.freight_line + shop.storage + shop.commission + shop.ad_fee
    return shop.revenue - costs - shop.refund - shop.hired - shop.hired_county


def total_income(household: Household) -> float:
    """Return the month's income of a household, all sources, own use in kind included."""
    h = household
    farm = h.farm_sale + h.shop_supply + h.own_use + h.livestock_sale
    farm -= h.inputs + h.machine + h.clearing
    work = h.business + h.retail_pay + h.wage_local + h.wage_seat + h.wage_shop
    sent = h.remittance + h.brought_home + h.subsidy + h.pension - h.tax
    return farm + work + shop_income(h) + sent + h.rent_received - h.rent_paid


def spend(world: Any) -> None:
    """Close the month of every household: income, consumption, credit."""
    p, share = world.params["budget"], world.params["buying"].manufactures_share
    for household in world.households:
        income, own = total_income(household), household.own_use
        household.income = income
        household.mean_income += (income - household.mean_income) / 12.0
        household.deposit_interest = max(0.0, household.cash) * p.deposit_rate / 12.0
        household.interest = household.debt * p.interest / 12.0
        cash = household.cash + income - own + household.deposit_interest - household.interest
        if household.residents > 0:
            cash -= consume(household, cash, share, p)
        borrow_or_repay(household, cash, p)
        inherit(household)


def consume(household: Household, cash: float, tradables_share: float, p: Any) -> float:
    """Let a household eat and buy; return what it pays, own use left out (yuan)."""
    own, income = household.own_use, household.mean_income
    credit, assets = credit_left(household.debt, income, p), household.cash - household.debt
    spend = consumption(cash + own, credit, income, assets, household.residents, p)
    bought = max(0.0, spend - own)
    household.food = min(bought, max(0.0, p.food_share * spend - own))
    tradables = min(tradables_share * spend, bought - household.food)
    household.services = bought - household.food - tradables
    household.parcels = tradables * household.online_share
    household.retail = tradables - household.parcels
    return bought


def inherit(household: Household) -> None:
    """Leave the cash of an extinct household to the village."""
    if household.registered == 0 and household.cash > 0.0:
        household.bequest, household.cash = household.cash, 0.0


def borrow_or_repay(household: Household, cash: float, p: Any) -> None:
    """Cover a shortage by a loan, repay what can be, write off what has lasted too long."""
    if cash < 0.0:
        household.loan = -cash
    elif household.debt > 0.0:
        household.repayment = min(household.debt, max(0.0, cash - household.mean_income))
    change = household.loan - household.repayment
    household.cash = cash + change
    household.debt += change
    if household.debt <= 0.0 or household.repayment > 0.0:
        household.debt_months = 0
        return
    household.debt_months += 1
    if household.debt_months > p.default_months:
        household.write_off, household.debt, household.debt_months = household.debt, 0.0, 0
