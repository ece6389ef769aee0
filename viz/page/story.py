"""One household's story: what each choice is worth to it, by the rules of the agents themselves.

Nothing here decides: the terms are computed by the scalar rules of ``agents`` from the tables of a
model, and a test compares their sum with the utility on which the model acts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.base.draws import gumbel
from agents.farmer import opening
from agents.farmer.entry import (
    believed_turnover,
    can_supply,
    example_given,
    grows,
    opening_hazard,
)
from agents.farmer.land import (
    best_crop,
    clearing_cost,
    lease_cost,
    list_days,
    list_returns,
    reservation_wage,
)
from agents.farmer.shops import exit_hazard
from agents.kinds import NOBODY, Job, Place, Use
from agents.migrant import moves
from agents.migrant.choice import (
    age_loss,
    log_income,
    network_term,
    shock,
    skill,
    value_away,
    value_commute,
    value_home,
    value_local,
)
from agents.migrant.demography import capacity
from agents.migrant.draws import PersonDraw
from model import online
from model.calendar import month_name
from model.crops import CROP_NAMES
from model.goods import GOODS

_TASTE, _LUCK = int(PersonDraw.TASTE), int(PersonDraw.LUCK)
_SEAT, _COAST = int(Place.SEAT), int(Place.COAST)
#: Rows of the table of a choice, log points unless said otherwise.
TERMS = (
    "earns, yuan a month",
    "costs of living there, yuan",
    "ln of what is left",
    "hukou",
    "roots, distance or travel",
    "dislike of such work",
    "age over 25",
    "children left behind",
    "neighbours there",
    "bonus of the present place",
    "V",
    "kappa times V",
    "taste and luck",
    "utility U",
)


class Option(NamedTuple):
    """A place to live and work, and its terms in the order of TERMS (NaN: does not apply)."""

    name: str
    terms: tuple[float, ...]

    @property
    def utility(self) -> float:
        """What the rule compares."""
        return self.terms[-1]


class Person(NamedTuple):
    """A registered member: its row, and words for what it is and does."""

    row: int
    words: str
    place: str
    job: str
    since: str
    adult: bool
    chose: int = -1  # month of its own choice of this place; -1 where it made none since 2003


def place_name(model: Any, household: int, place: int) -> str:
    """Return words for a place as seen from a household."""
    if place == Place.VILLAGE:
        return "village"
    if place == Place.COAST:
        return "coast"
    return str(model.region.seats["name"].iloc[place - _SEAT])


def members(model: Any, h: int) -> list[Person]:
    """Return the registered members of a household, eldest first."""
    people, month = model.people, max(model.month, 0)
    found = []
    for i in range(model.households.first_person[h], model.households.end_person[h]):
        if not moves.is_registered(people, i, month):
            continue
        age = (model.clock - int(people.born[i])) / 12
        sex = "woman" if people.female[i] else "man"
        kind = ("girl" if people.female[i] else "boy") if age < 16 else sex
        since = int(people.since[i])
        away = people.place[i] != Place.VILLAGE
        own = since >= 0 and age >= 16 and not people.settled[i] and (away or people.returned[i])
        home = f"back since {_when(since)}" if people.returned[i] else ""
        job = Job(int(people.job[i])).name.lower() if age >= 16 else ""
        found.append(
            Person(
                i,
                f"{kind}, {age:.0f}"
                + (f", {people.schooling[i]:.0f} years of school" if age >= 16 else ""),
                place_name(model, h, int(people.place[i])),
                {"seat": "job at a seat", "local": "local wages", "coast": "job at the coast"}.get(
                    job, job
                ),
                f"since {_when(since)}" if away else home,
                age >= 16,
                since if own else -1,
            )
        )
    return sorted(found, key=lambda person: int(people.born[person.row]))


def _when(month: int) -> str:
    return month_name(month) if month >= 0 else "before 2003"


def choice(model: Any, i: int) -> list[Option]:
    """Return what person ``i`` would weigh in the model's month: the options of MODEL 4.

    The network is that of this month's start; draws are the person's own of this month.
    """
    m, p, people, terms = model, model.params["migration"], model.people, model.terms
    h = int(people.household[i])
    v, c = int(m.households.village[h]), int(m.households.county[h])
    uid, age = people.uid[i], (m.clock - int(people.born[i])) / 12.0
    month = max(m.month, 0)
    others, hands = moves.labour_of_others(people, m.households, i, month, m.clock, m.rules)
    mine = moves.days_of(age, int(Job.FARM), m.params["land"])
    able = capacity(age, m.params["demography"])
    here = int(people.place[i])

    def luck(turn: int) -> float:
        return float(shock(gumbel(m.life_key, uid, _TASTE + turn),
                           gumbel(m.key, uid, _LUCK + turn), p))  # fmt: skip

    def option(name: str, first: dict[str, float], value: float, at: int, turn: int) -> Option:
        stay = p.stay if here == at else 0.0
        total = p.kappa * (value + stay)
        drawn = luck(turn)
        last = {TERMS[9]: stay, "V": value + stay, TERMS[11]: total, TERMS[12]: drawn,
                TERMS[13]: total + drawn}  # fmt: skip
        known = first | last
        return Option(name, tuple(known.get(term, float("nan")) for term in TERMS))

    def income(days: float, workers: float) -> float:
        return float(moves.home_income(m.households, m.plots, h, days, workers, terms, p))

    with_me, without = income(others + mine, hands + able), income(others, hands)
    first = {TERMS[0]: with_me - without, TERMS[2]: log_income(with_me - without)}
    found = [option("own farm", first, value_home(with_me, without), 0, 0)]
    worth = skill(people.schooling[i], people.returned[i], p) * able
    seat, main = int(terms.seat[v]), int(terms.prefecture[0])
    minutes = float(terms.minutes[v, seat])
    pay = float(terms.local_pay[c] * worth)
    value = value_local(pay, minutes, p)
    first = {TERMS[0]: pay, TERMS[2]: log_income(pay), TERMS[5]: -p.local_disutility,
             TERMS[4]: value - log_income(pay) + p.local_disutility}  # fmt: skip
    found.append(option("local work", first, value, 0, 1))
    for turn, s in enumerate((seat, main)):
        if (turn == 1 and s == seat) or terms.minutes[v, s] > p.commute_minutes:
            continue
        pay = float(terms.pay[_SEAT + s] * worth)
        value = value_commute(pay, float(terms.minutes[v, s]), p)
        first = {TERMS[0]: pay, TERMS[2]: log_income(pay), TERMS[5]: -p.local_disutility,
                 TERMS[4]: value - log_income(pay) + p.local_disutility}  # fmt: skip
        found.append(option(f"commute to {_seat(m, s)}", first, value, 0, 2 + turn))
    children = moves.children_of(people, m.households, i, month, m.clock)
    leaves = 1.0 if children > 0 and people.settled[i] == 0 else 0.0
    worth = skill(people.schooling[i], 0, p) * able
    for turn, d in enumerate((_COAST, _SEAT + main, _SEAT + seat)):
        if turn == 2 and seat == main:
            continue
        net = float(terms.pay[d] * worth - terms.living[d])
        granted = people.local_hukou[i] == 1 and people.place[i] == d
        hukou = 0.0 if granted else float(terms.hukou[c, d])
        share = float(moves.ring_share(m.households.ring[h], m.adults, d))
        far = float(terms.root[c, d] + terms.distance[v, d])
        value = value_away(net, hukou, far, age, leaves, share, p)
        first = {TERMS[0]: float(terms.pay[d] * worth), TERMS[1]: float(terms.living[d]),
                 TERMS[2]: log_income(net), TERMS[3]: -hukou, TERMS[4]: -far,
                 TERMS[6]: -age_loss(age, p), TERMS[7]: -p.family * leaves,
                 TERMS[8]: network_term(share, p)}  # fmt: skip
        name = "coast" if d == _COAST else f"live in {_seat(m, d - _SEAT)}"
        found.append(option(name, first, value, d, 4 + turn))
    return found


def _seat(model: Any, seat: int) -> str:
    return str(model.region.seats["name"].iloc[seat])


class Field(NamedTuple):
    """A contracted plot: what it is, who works it, and the terms of that choice."""

    words: str
    use: str
    worker: str
    earns: str
    why: str


def fields(model: Any, h: int) -> list[Field]:
    """Return the plots of a household with what last March's plan weighed (MODEL 4)."""
    return [
        _field(model, h, i)
        for i in range(model.households.first_plot[h], model.households.end_plot[h])
    ]


def _field(model: Any, h: int, i: int) -> Field:
    m, plots, t, p = model, model.plots, model.households, model.params["land"]
    c, v, use = int(t.county[h]), int(t.village[h]), int(plots.use[i])
    words = f"{plots.area[i]:.2f} mu, {plots.slope[i]:.0f}°, {'paddy' if plots.paddy[i] else 'dry'}"
    wage = max(
        float(t.shadow_wage[h]), float(reservation_wage(m.day_wage[c], float(t.capacity[h]), p))
    )
    grows = np.empty(len(CROP_NAMES), dtype=np.int64)
    returns, days = np.empty(len(CROP_NAMES)), np.empty(len(CROP_NAMES))
    minutes = float(m.villages.minutes[v])
    list_returns(m.crops, m.price_expected[c], plots, i, minutes, m.month, grows, returns, p)
    list_days(m.crops, plots, i, int(t.operator[h]), grows, days, p)
    k, value = best_crop(grows, returns, days, wage)
    earns = "–"
    if k != NOBODY:
        labour = f"{days[k]:.0f} days at {wage:.0f}"
        earns = f"{CROP_NAMES[k]}: {returns[k]:.0f} a mu, less {labour} = {value:.0f}"
    if use >= Use.CROP:
        crop = CROP_NAMES[use - Use.CROP]
        if plots.operator[i] != h:
            tau = lease_cost(m.era, p)
            rent = f"rent {plots.rent[i]:.0f} a mu" if plots.rent[i] > 0 else "free of rent"
            why = (
                f"let: worth less than {p.offer_below:.0f} to its owner; new lease costs {tau:.0f}"
            )
            return Field(words, crop, f"neighbour {plots.operator[i]}, {rent}", earns, why)
        return Field(words, crop, "own hands", earns, f"worth over {p.own_reserve:.0f}: farmed")
    if use == Use.REQUISITIONED:
        return Field(words, "taken for the city", "", "", "")
    state = "woodland" if use == Use.TREES else "idle"
    years = int(plots.years_idle[i])
    why = f"idle {years} years; clearing {clearing_cost(years, p):.0f} a mu"
    return Field(words, state, "nobody", earns, why)


def shop(model: Any, h: int) -> list[tuple[str, str]]:
    """Return what the household's shop is, or what opening one would mean to it (MODEL 4)."""
    m, shops, t = model, model.shops, model.households
    g = int(shops.good[h])
    if g != NOBODY:
        hazard = exit_hazard(int(shops.losing_months[h]), float(t.cash[h]), m.params["selling"])
        return [
            ("sells", f"{GOODS[g]}, since {_when(int(shops.since[h]))}"),
            ("turnover, last 12 months", f"{shops.turnover_year[h]:,.0f} yuan"),
            ("profit, own hours not counted", f"{shops.profit_year[h]:,.0f} yuan"),
            ("rating by buyers", f"{shops.rating[h]:.2f}"),
            ("months of losses", f"{shops.losing_months[h]}"),
            ("chance of closing, a month", f"{hazard:.1%}"),
        ]
    market, v = m.market, int(t.village[h])
    if market.terms is None:
        return [("no shop", "nobody sells online in this arm, or not yet")]
    p, selling = m.params["entry"], m.params["selling"]
    scene = online.scene_of(m)
    if not opening.reached(h, scene):
        return [("no shop", "not reached: no parcel service, no internet or nobody who works")]
    seen = np.zeros((3, len(GOODS)))
    example = opening.look_around(h, shops, t, m.month, p, seen)
    example += m.villages.unseen_shops[v] / m.villages.size[v]
    outlay = opening.outlay_of(h, scene)
    hurdle = opening.hurdle_of(h, outlay, scene)
    rows = [
        ("acquaintances with a shop", f"{example:.1%}"),
        ("cost of opening", f"{outlay:,.0f} yuan; cash {t.cash[h]:,.0f}"),
        ("profit that would do", f"{hurdle:,.0f} yuan a year"),
    ]
    return rows + _openings(m, h, seen, float(example), float(hurdle), selling)


def _openings(m: Any, h: int, seen: Any, example: float, hurdle: float, selling: Any) -> Any:
    """Return, for each good that the household could sell, what is believed of it."""
    p, t, shops, terms = m.params["entry"], m.households, m.shops, m.market.terms
    c, v = int(t.county[h]), int(t.village[h])
    rows = []
    for g, good in enumerate(GOODS):
        grown = grows(int(shops.grows[h]), g)
        able = can_supply(np.uint64(m.life_key), t.uid[h], g, terms.capacity[g, v], grown)
        if terms.capacity[g, v] <= 0.0 or not (able or seen[0, g] > 0):
            continue
        gain, _ = opening.visible_gain(c, v, g, m.goods, terms, selling)
        profit = p.margin * gain * believed_turnover(seen[1, g], seen[2, g], p)
        share = example_given(float(seen[0, g]), example, bool(able), p)
        hazard = opening_hazard(float(share), float(profit), hurdle, p)
        hazard *= (1.0 if able else p.learning) * (p.own_crop if grown else 1.0)
        rows.append((good, f"believed profit {profit:,.0f} a year; chance {hazard:.2%} a month"))
    return rows or [("goods", "none that it could supply")]
