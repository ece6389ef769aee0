"""The pool of workers outside the region."""

from __future__ import annotations

from typing import Any

from agents.base.draws import gumbel
from agents.kinds import Job
from agents.migrant import outside as rules
from benchmarks.oracle.objects import ADULT, COAST, SEAT, VILLAGE, Outsider
from benchmarks.oracle.people import LUCK, TASTE, job_at, reconsiders, shock, value_away, worth
from benchmarks.oracle.plain import plain
from model.migration import COAST_KM

value_home_outside = plain(rules.value_home_outside)


def take_over(world: Any, model: Any) -> None:
    """Take the people of the pool over from a model."""
    pool = model.outside
    world.outsiders = [Outsider(world, pool.table, i) for i in range(len(pool.table))]
    world.outside_each = float(pool.each)
    for seat in world.seats:
        seat.outside_workers = float(pool.workers[seat.row])


def review(world: Any, march: bool) -> None:
    """Let the pool's workers who reconsider choose; count who lives at the seats."""
    adults = [
        person
        for person in world.outsiders
        if person.registered(world.month) and world.clock - person.born >= ADULT
    ]
    there = [0] * len(world.pay)
    for person in adults:
        there[person.place] += 1
    for person in adults:
        if reconsiders(person, world, march):
            share = [number / len(adults) for number in there]
            person.place = choose(person, share, world)
            person.left = int(person.left or person.place != VILLAGE)
            away = person.place != VILLAGE
            person.job = job_at(person.place)[0] if away else int(Job.FARM)
    for seat in world.seats:
        here = [person for person in adults if person.place == SEAT + seat.row]
        seat.pool = len(here) * world.outside_each
        seat.outside_workers = sum(worth(person, 0, world) for person in here) * world.outside_each


def choose(person: Outsider, share: list[float], world: Any) -> int:
    """Return the place that a worker of the pool chooses."""
    utilities = {}
    for place in range(len(world.pay)):
        if place == VILLAGE or world.may_leave or person.left:
            value = value_at(person, place, share[place], world)
            taste = gumbel(world.life_key, person.uid, TASTE + place)
            luck = gumbel(world.key, person.uid, LUCK + place)
            p = world.params["migration"]
            utilities[place] = p.kappa * value + shock(taste, luck, p)
    return max(utilities, key=utilities.__getitem__)


def value_at(person: Outsider, place: int, share: float, world: Any) -> float:
    """Return V of a place, the bonus of the present one included."""
    p, earns = world.params["migration"], worth(person, 0, world)
    stays = p.stay if person.place == place else 0.0
    if place == VILLAGE:
        home = float(world.series.national_rural_income[world.month])
        return value_home_outside(home, earns) + stays
    hukou = p.hukou_seat
    far = p.root_seat + p.distance_coast * world.params["world"].outside_km / COAST_KM
    if place == COAST:
        hukou, far = p.hukou_coast, p.root_coast + p.distance_coast
    net = world.pay[place] * earns - world.living[place]
    return value_away(net, hukou, far, person.age(world.clock), 0.0, share, p) + stays
