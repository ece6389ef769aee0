"""What a month does to people: growing up, dying, working, being paid, sending money home."""

from __future__ import annotations

from agents.base.compiled import compiled
from agents.base.sums import weighted_sum
from agents.kinds import NOBODY, Job, Place
from agents.migrant.choice import remittance, skill
from agents.migrant.demography import capacity
from agents.migrant.moves import PENSION_AGE, WORKING_AGE, days_of, is_registered, job_at

_VILLAGE, _COAST, _SEAT = int(Place.VILLAGE), int(Place.COAST), int(Place.SEAT)
_NONE, _FARM, _LOCAL, _BUSINESS, _JOB_SEAT, _JOB_COAST = (int(j) for j in Job)

#: Columns of the tally of vital events, in persons of the sample.
BORN, DIED, COLLEGE = 0, 1, 2
#: Rows of the month's payments to people, in yuan by county at full scale.
PAID_COAST, PAID_SEAT, LIVING_COAST, LIVING_SEAT, REMITTED, BROUGHT = range(6)


@compiled
def come_and_go(part, people, households, month, clock, tally):
    """Let the month's births, deaths, departures for college and coming of age happen.

    What somebody who dies or leaves for college had saved away goes home. ``tally`` (C, 3) counts.
    """
    for i in range(part.first_person, part.end_person):
        people.wage[i] = 0.0
        people.living_cost[i] = 0.0
        people.remitted[i] = 0.0
        people.brought[i] = 0.0
        if people.born[i] > month or people.dies[i] < month or people.leaves[i] < month:
            continue
        if people.born[i] == month:
            tally[households.county[people.household[i]], BORN] += 1
            mother = people.mother[i]
            if mother != NOBODY and people.settled[mother] == 1:
                people.place[i], people.settled[i] = people.place[mother], 1
                people.local_hukou[i] = people.local_hukou[mother]
                people.since[i] = month
        if people.dies[i] == month or people.leaves[i] == month:
            event = DIED if people.dies[i] == month else COLLEGE
            tally[households.county[people.household[i]], event] += 1
            people.brought[i] += people.savings[i]
            people.savings[i] = 0.0
            people.job[i] = _NONE
            continue
        if people.job[i] == _NONE and clock - people.born[i] >= WORKING_AGE:
            if people.place[i] == _VILLAGE:
                people.job[i] = _FARM
            else:
                people.job[i], people.job_seat[i] = job_at(people.place[i])


@compiled
def count(part, people, households, month, clock, rules, seekers, local, at_place):
    """Recount every household, and the labour force; set what each paid worker is worth.

    Fills members, residents, farm hands and days, age and schooling of households, and adds to
    ``seekers`` (C, S) and ``local`` (C,), standard workers who want work at a seat and in local
    firms, and to ``at_place`` (C, P), registered people by place, these at full scale.
    """
    for h in range(part.first_household, part.end_household):
        c = households.county[h]
        registered, residents, hands, adults, old = 0, 0, 0, 0, 0
        days, able, ages, schooling = 0.0, 0.0, 0.0, 0.0
        for i in range(households.first_person[h], households.end_person[h]):
            if not is_registered(people, i, month):
                continue
            registered += 1
            place = people.place[i]
            at_place[c, place] += households.weight[h]
            residents += place == _VILLAGE
            months = clock - people.born[i]
            if months < WORKING_AGE:
                continue
            old += months >= PENSION_AGE
            age = months / 12.0
            strength = capacity(age, rules.demography)
            job = people.job[i]
            if job > _FARM:
                returned = people.returned[i] if place == _VILLAGE else 0
                people.worth[i] = skill(people.schooling[i], returned, rules.migration) * strength
            if job == _JOB_SEAT:
                seekers[c, people.job_seat[i]] += people.worth[i] * households.weight[h]
            elif job in (_LOCAL, _BUSINESS):
                local[c] += people.worth[i] * households.weight[h]
            if place != _VILLAGE:
                continue
            adults += 1
            ages += age
            schooling = max(schooling, people.schooling[i])
            days += days_of(age, job, rules.land)
            if job == _FARM and age < rules.land.farm_until:
                hands += 1
                able += strength
        households.registered[h] = registered
        households.residents[h] = residents
        households.pensioners[h] = old
        households.workers_home[h] = hands
        households.farm_days[h] = days
        households.capacity[h] = able / hands if hands > 0 else 0.5
        households.head_age[h] = ages / adults if adults > 0 else 0.0
        households.schooling[h] = schooling


@compiled
def living_share(people, i, place, p):
    """Return what part of a single person's living cost a worker away pays for himself.

    A couple away shares a home: each pays half of one and of a joining spouse.
    """
    spouse = people.spouse[i]
    together = people.settled[i] == 1 and spouse != NOBODY and people.place[spouse] == place
    return 0.5 * (1.0 + p.cost_spouse) if together else 1.0


@compiled
def pay(part, people, households, terms, month, p, paid):
    """Pay everybody's wage of the month; members away live on it, save, and send money home.

    ``terms`` holds expected pay (jobs over seekers included) by place and county. Fills
    ``wage_local``, ``business``, ``wage_seat``, ``remittance``, ``brought_home`` of households and
    adds to ``paid`` (6, C).
    """
    for i in range(part.first_person, part.end_person):
        place, job = people.place[i], people.job[i]
        unpaid = (job == _NONE) | ((job == _FARM) & (place == _VILLAGE))
        if unpaid & (people.brought[i] <= 0.0):  # one test: most end here
            continue
        h = people.household[i]
        c = households.county[h]
        weight = households.weight[h]
        if people.brought[i] > 0.0:
            households.brought_home[h] += people.brought[i]
            paid[BROUGHT, c] += people.brought[i] * weight
        if unpaid or not is_registered(people, i, month):
            continue
        worth = people.worth[i]
        if place == _VILLAGE:
            _pay_at_home(people, households, i, h, c, job, worth, terms)
            continue
        wage = terms.pay[place] * worth
        cost = terms.living[place] * living_share(people, i, place, p)
        living = min(wage + people.savings[i], cost)
        people.months_away[i] += 1
        sent = 0.0
        if households.residents[h] > 0:
            sent = min(
                remittance(wage - living, people.months_away[i], p),
                wage - living + people.savings[i],
            )
        people.wage[i], people.living_cost[i], people.remitted[i] = wage, living, sent
        people.savings[i] += wage - living - sent
        households.remittance[h] += sent
        coast = place == _COAST
        paid[PAID_COAST if coast else PAID_SEAT, c] += wage * weight
        paid[LIVING_COAST if coast else LIVING_SEAT, c] += living * weight
        paid[REMITTED, c] += sent * weight


@compiled
def _pay_at_home(people, households, i, h, c, job, worth, terms):
    if job == _LOCAL:
        people.wage[i] = terms.local_pay[c] * worth
        households.wage_local[h] += people.wage[i]
    elif job == _BUSINESS:
        people.wage[i] = terms.local_pay[c] * worth
        households.business[h] += people.wage[i]
    elif job == _JOB_SEAT:
        people.wage[i] = terms.pay[_SEAT + people.job_seat[i]] * worth
        households.wage_seat[h] += people.wage[i]


@compiled
def keep_children(part, people, households, terms, month, p, paid):
    """Let parents away pay for children who live with them, as far as their savings reach."""
    for i in range(part.first_person, part.end_person):
        place = people.place[i]
        if (place == _VILLAGE) | (people.job[i] != _NONE):  # one test: nearly all end here
            continue
        if not is_registered(people, i, month):
            continue
        payer = people.mother[i]
        if payer == NOBODY:
            continue
        if people.place[payer] != place or people.job[payer] == _NONE:
            payer = people.spouse[payer]
        if payer == NOBODY or people.place[payer] != place:
            continue
        cost = min(people.savings[payer], p.cost_child * terms.living[place])
        people.savings[payer] -= cost
        people.living_cost[payer] += cost
        h = people.household[i]
        row = LIVING_COAST if place == _COAST else LIVING_SEAT
        paid[row, households.county[h]] += cost * households.weight[h]


def savings_held(people, households) -> float:
    """Return the savings of members away at full scale (yuan)."""
    return float(weighted_sum(people.savings, households.weight[people.household]))
