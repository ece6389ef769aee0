"""People: births, deaths, places, jobs, families, and the pay of those who are away."""

from __future__ import annotations

from typing import Any

from agents.base.draws import gumbel, uniform
from agents.kinds import NOBODY, Job
from agents.migrant import choice, demography, moves
from agents.migrant.draws import PersonDraw
from benchmarks.oracle.objects import ADULT, CHILD, COAST, MINOR, SEAT, VILLAGE, Household, Person
from benchmarks.oracle.plain import plain

capacity, days_of = plain(demography.capacity), plain(moves.days_of)
(
    skill,
    shock,
    value_home,
    value_local,
    value_commute,
    value_away,
    family_can_follow,
    hukou_grant,
) = (
    plain(getattr(choice, name))
    for name in (
        "skill",
        "shock",
        "value_home",
        "value_local",
        "value_commute",
        "value_away",
        "family_can_follow",
        "hukou_grant",
    )
)
RECONSIDER, LOSE_JOB, FOLLOW, HUKOU, TALENT, TASTE, LUCK = (
    int(PersonDraw[name])
    for name in ("RECONSIDER", "LOSE_JOB", "FOLLOW", "HUKOU", "TALENT", "TASTE", "LUCK")
)
NONE, FARM, LOCAL, BUSINESS, SEAT_JOB, COAST_JOB = (int(job) for job in Job)


def come_and_go(world: Any) -> None:
    """Births, deaths, departures for college, and coming of age."""
    for person in world.people:
        person.wage = person.living_cost = person.remitted = person.brought = 0.0
        if person.born > world.month or min(person.dies, person.leaves) < world.month:
            continue
        if person.born == world.month and person.mother is not None and person.mother.settled:
            person.place, person.settled = person.mother.place, 1
            person.local_hukou = person.mother.local_hukou
            person.since = world.month
        if world.month in (person.dies, person.leaves):
            person.brought, person.savings = person.brought + person.savings, 0.0
            person.job = NONE
        elif person.job == NONE and world.clock - person.born >= ADULT:
            if person.place == VILLAGE:
                person.job = FARM
            else:
                person.job, person.job_seat = job_at(person.place)


def job_at(place: int) -> tuple[int, int]:
    """Return (job, seat) of a worker who lives away at ``place``."""
    return (COAST_JOB, NOBODY) if place == COAST else (SEAT_JOB, place - SEAT)


def farm_days(person: Person, job: int, world: Any) -> float:
    """Return the days a month that a resident gives to the household's own work in ``job``."""
    return days_of(person.age(world.clock), job, world.params["land"])


def count_members(world: Any) -> None:
    """Recount every household: members, residents, farm hands and days, age, schooling."""
    for household in world.households:
        members = household.members(world.month)
        residents = [person for person in members if person.place == VILLAGE]
        adults = [person for person in residents if person.age(world.clock) >= 16.0]
        hands = [person for person in adults if is_hand(person, world)]
        household.registered, household.residents = len(members), len(residents)
        household.pensioners = sum(world.clock - p.born >= moves.PENSION_AGE for p in members)
        household.workers_home = len(hands)
        household.farm_days = sum(farm_days(person, person.job, world) for person in adults)
        household.capacity = mean((ability(person, world) for person in hands), 0.5)
        household.head_age = mean((person.age(world.clock) for person in adults), 0.0)
        household.schooling = max((person.schooling for person in adults), default=0.0)


def mean(values: Any, otherwise: float) -> float:
    """Return the mean of ``values``, ``otherwise`` where there are none."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else otherwise


def is_hand(person: Person, world: Any) -> bool:
    """Tell whether a resident is a farm worker."""
    return person.job == FARM and 16.0 <= person.age(world.clock) < world.params["land"].farm_until


def ability(person: Person, world: Any) -> float:
    """Return the work capacity of a person, 0 to 1."""
    return capacity(person.age(world.clock), world.params["demography"])


def worth(person: Person, returned: int, world: Any) -> float:
    """Return what a person earns relative to a standard worker."""
    skilled = skill(person.schooling, returned, world.params["migration"])
    return skilled * ability(person, world)


# --- who moves -----------------------------------------------------------------------------------


def review(world: Any, march: bool) -> None:
    """Let those who reconsider choose, eldest first, one after another in a household."""
    for household in world.households:
        household.adults_at = [0] * len(world.pay)
        for person in household.members(world.month):
            if world.clock - person.born >= ADULT:
                household.adults_at[person.place] += 1
        household.adults = sum(household.adults_at)
    for household in world.households:
        members = sorted(
            household.members(world.month), key=lambda person: (person.born, person.uid)
        )
        for person in members:
            if world.clock - person.born >= ADULT and reconsiders(person, world, march):
                choose(person, world)


def reconsiders(person: Person, world: Any, march: bool) -> bool:
    """Tell whether a person thinks anew: a share each March, and whoever has lost a job."""
    p = world.params["migration"]
    if march and uniform(world.key, person.uid, RECONSIDER) < p.review:
        return True
    if person.job not in (SEAT_JOB, COAST_JOB):
        return False
    lost = p.separation * (1.0 - p.job_finding)
    return uniform(world.key, person.uid, LOSE_JOB) < lost


def choose(person: Person, world: Any) -> None:
    """Let a person choose among home, local work, commuting and the places away."""
    place = VILLAGE
    home, job, seat = best_at_home(person, world)
    if world.may_leave or person.place != VILLAGE or person.returned:
        away, best = best_away(person, world)
        if away > home:
            place = best
            job, seat = job_at(place)
    if person.settled and (person.place != place or place == VILLAGE):
        move_family(person, place, world)
    settle_at(person, place, job, seat, world.month)


def chance(person: Person, option: int, world: Any) -> float:
    """Return the shock of an alternative: lifelong taste and luck of the month."""
    taste = gumbel(world.life_key, person.uid, TASTE + option)
    luck = gumbel(world.key, person.uid, LUCK + option)
    return shock(taste, luck, world.params["migration"])


def best_at_home(person: Person, world: Any) -> tuple[float, int, int]:
    """Return (utility, job, seat of the job) of the best way to live in the village."""
    p, village, county = (
        world.params["migration"],
        person.household.village,
        person.household.county,
    )
    stays = p.stay if person.place == VILLAGE else 0.0
    earns = worth(person, person.returned, world)

    def utility(value: float, option: int) -> float:
        return p.kappa * (value + stays) + chance(person, option, world)

    own_business = uniform(world.life_key, person.uid, TALENT)
    paid = BUSINESS if own_business < world.params["local"].self_employed else LOCAL
    local = value_local(county.local_pay * earns, village.minutes_to[village.seat], p)
    options = [
        (utility(value_home(*home_incomes(person, world)), 0), FARM, NOBODY),
        (utility(local, 1), paid, NOBODY),
    ]
    seats = [(2, village.seat)]
    if world.prefecture != village.seat:
        seats.append((3, world.prefecture))
    for option, seat in seats:
        minutes = village.minutes_to[seat]
        if minutes <= p.commute_minutes:
            value = value_commute(world.pay[SEAT + seat] * earns, minutes, p)
            options.append((utility(value, option), SEAT_JOB, seat))
    return max(options, key=lambda option: option[0])


def home_incomes(person: Person, world: Any) -> tuple[float, float]:
    """Return the household's monthly income at home with and without the person, yuan."""
    household = person.household
    others = [
        other
        for other in household.members(world.month)
        if other is not person and other.place == VILLAGE
    ]
    days = sum(farm_days(other, other.job, world) for other in others)
    hands = sum(ability(other, world) for other in others if is_hand(other, world))
    mine = farm_days(person, FARM, world)
    counts = world.params["migration"].shop_counts
    with_me = home_income(household, days + mine, hands + ability(person, world), counts)
    return with_me, home_income(household, days, hands, counts)


def home_income(household: Household, days: float, hands: float, shop_counts: bool) -> float:
    """Return yuan a month that days of labour and hands earn at home: shop, plots, animals."""
    shop = min(days, household.shop_days) if shop_counts else 0.0
    farm = farm_value(household, days - shop) / 12.0
    return farm + shop * household.county.day_wage + hands * household.side


def farm_value(household: Household, days: float) -> float:
    """Return what days a month earn on the own plots in a year, best return per day first."""
    total = 0.0
    for plot in household.best_plots():
        if days <= 0.0:
            break
        need = plot.need * plot.area
        share = 1.0 if need <= days else days / need
        total += share * plot.value * plot.area
        days -= share * need
    return total


def best_away(person: Person, world: Any) -> tuple[float, int]:
    """Return (utility, place) of the best place away."""
    village = person.household.village
    places = [(0, COAST), (1, SEAT + world.prefecture)]
    if village.seat != world.prefecture:
        places.append((2, SEAT + village.seat))
    children = any(
        child.child_of(person) and world.clock - child.born < CHILD
        for child in person.household.members(world.month)
    )
    utilities = [
        (utility_away(person, place, option, children and not person.settled, world), place)
        for option, place in places
    ]
    return max(utilities, key=lambda option: option[0])


def utility_away(
    person: Person, place: int, option: int, leaves_children: bool, world: Any
) -> float:
    """Return the utility of living at ``place``."""
    p, household = world.params["migration"], person.household
    registered_there = person.local_hukou and person.place == place
    there = sum(neighbour.adults_at[place] for neighbour in household.ring)
    adults = sum(neighbour.adults for neighbour in household.ring)
    value = value_away(
        world.pay[place] * worth(person, 0, world) - world.living[place],
        0.0 if registered_there else household.county.hukou[place],
        household.county.root[place] + household.village.distance[place],
        person.age(world.clock),
        1.0 if leaves_children else 0.0,
        there / adults if adults > 0 else 0.0,
        p,
    )
    value += p.stay if person.place == place else 0.0
    return p.kappa * value + chance(person, 4 + option, world)


def settle_at(person: Person, place: int, job: int, seat: int, month: int) -> None:
    """Put a person at a place with a job; who comes home brings the savings."""
    if person.place != place:
        person.since = month
        person.local_hukou = 0
        if place == VILLAGE:
            person.returned = 1
            person.brought, person.savings = person.brought + person.savings, 0.0
        if VILLAGE in (person.place, place):
            person.settled = 0
    person.place, person.job, person.job_seat = place, job, seat


def settle_kin(person: Person, place: int, world: Any) -> None:
    """Put a member of a family that moves at ``place``: adults work there."""
    job, seat = NONE, NOBODY
    if world.clock - person.born >= ADULT:
        job, seat = (FARM, NOBODY) if place == VILLAGE else job_at(place)
    settle_at(person, place, job, seat, world.month)


def move_family(person: Person, place: int, world: Any) -> None:
    """Take the settled spouse and children of a person along."""
    for other in person.household.members(world.month):
        kin = other is person.spouse or other.child_of(person)
        if other is not person and other.settled and kin:
            settle_kin(other, place, world)


def families_join(world: Any) -> None:
    """Let spouses and children join members who have been away long enough and can pay for it."""
    p = world.params["migration"]
    for person in world.people:
        if person.place == VILLAGE or person.settled or not person.registered(world.month):
            continue
        luck = uniform(world.key, person.uid, FOLLOW)
        if person.job == NONE or luck >= p.follow:
            continue
        others = [other for other in person.household.members(world.month) if other is not person]
        children = [
            other for other in others if other.child_of(person) and world.clock - other.born < MINOR
        ]
        family = children + [
            other for other in others if other is person.spouse and other not in children
        ]
        place, living = person.place, world.living[person.place]
        net = world.pay[place] * skill(person.schooling, 0, p) - living
        stay = world.month - person.since
        if not any(other.place == VILLAGE for other in family):
            continue
        if family_can_follow(stay, net, living, len(children), p):
            person.settled = 1
            for other in family:
                if other.place == VILLAGE:
                    settle_kin(other, place, world)
                if other.place == place:
                    other.settled = 1


def grant_hukou(world: Any) -> None:
    """Register families that have settled away where they live."""
    hazard = hukou_grant(world.era, world.params["migration"])
    for person in world.people:
        rural = person.settled and not person.local_hukou and person.registered(world.month)
        if rural and uniform(world.key, person.household.uid, HUKOU) < hazard:
            person.local_hukou = 1


def count_workers(world: Any) -> None:
    """Set what paid workers are worth; add up those of seats and local work, people by place."""
    for seat in world.seats:
        seat.rural_seekers = seat.migrants = 0.0
    for county in world.counties:
        county.local_seekers = county.at_coast = 0.0
    for person in world.people:
        if not person.registered(world.month):
            continue
        county, weight = person.household.county, person.household.weight
        if person.place == COAST:
            county.at_coast += weight
        elif person.place != VILLAGE:
            world.seats[person.place - SEAT].migrants += weight
        if world.clock - person.born < ADULT:
            continue
        if person.job not in (NONE, FARM):
            person.worth = worth(person, person.returned if person.place == VILLAGE else 0, world)
        if person.job == SEAT_JOB:
            world.seats[person.job_seat].rural_seekers += person.worth * weight
        elif person.job in (LOCAL, BUSINESS):
            county.local_seekers += person.worth * weight
