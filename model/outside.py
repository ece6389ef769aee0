"""The pool of rural workers outside the region: who of them lives at its seats (MODEL 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base import allocate, identity
from agents.kinds import Kind, Place
from agents.migrant.moves import WORKING_AGE
from agents.migrant.outside import Outsiders, review_outsiders
from model.calendar import MARCH, month_of_year
from model.migration import COAST_KM
from model.population import make_people

Floats = NDArray[np.float64]
_COAST, _SEAT = int(Place.COAST), int(Place.SEAT)
#: Households of the pool that are drawn at least, so that a small sample does not rest on a few.
_LEAST = 25
#: Adults of a household, for the size of the sample only.
_ADULTS = 2.8


class OutsidePool:
    """Workers 800 km away, drawn with the lives of the region's own households.

    table : the people. each : workers of January 2003 that an adult row stands for. persons,
    workers : (S,) of the pool at each seat, and what they are worth in standard workers; at full
    scale. They live there as urban residents and are never registered in the region.
    """

    def __init__(self, model: Any):
        world = model.params["world"]
        number = world.outside_pool * float(model.start.urban.sum())
        households = max(_LEAST, round(number * model.scenario.sample / _ADULTS))
        if number <= 0.0:
            households = 0
        uids = [identity(Kind.HOUSEHOLD, 0, -1, n) for n in range(households)]
        people, _, _ = make_people(
            np.array(uids, dtype=np.uint64),
            world.household_size,
            model.seed_used,
            model.scenario.months,
            model.params["demography"],
        )
        self.table = allocate(Outsiders, len(people.uid))
        for name in ("uid", "born", "dies", "leaves", "schooling"):
            getattr(self.table, name)[:] = getattr(people, name)
        alive = (people.born <= -WORKING_AGE) & (people.dies > 0) & (people.leaves > 0)
        self.each = number / max(1, int(alive.sum()))
        seats = len(model.seats.wage)
        self.persons: Floats = np.zeros(seats)
        self.workers: Floats = np.zeros(seats)

    def terms(self, model: Any) -> tuple[Floats, Floats, Floats, Floats, float]:
        """Return pay, living cost, hukou and other losses by place (P,), and the income at home.

        Nobody has hukou at any seat. A long way costs what that to the coast costs by the km:
        ``migration.distance`` is the loss of short ways within the region (reading of MODEL 2).
        """
        p, km = model.params["migration"], model.params["world"].outside_km
        hukou, distance = np.zeros(model.places), np.zeros(model.places)
        hukou[_COAST], hukou[_SEAT:] = p.hukou_coast, p.hukou_seat
        distance[_COAST] = p.root_coast + p.distance_coast
        distance[_SEAT:] = p.root_seat + p.distance_coast * km / COAST_KM
        home = float(model.series.national_rural_income[model.month])
        return model.terms.pay, model.terms.living, hukou, distance, home

    def review(self, model: Any) -> None:
        """Let those who reconsider choose, and count who lives at the seats."""
        seekers = np.zeros((2, len(self.persons)))
        review_outsiders(
            self.table,
            self.terms(model),
            int(model.terms.may_leave[0]),
            model.month,
            model.clock,
            month_of_year(model.month) == MARCH,
            model.key,
            model.life_key,
            model.rules,
            seekers,
        )
        self.persons[:], self.workers[:] = seekers * self.each
        model.seats.pool[:] = self.persons
        at = model.region.county_of_seat
        came = np.bincount(at, weights=self.persons, minlength=model.counties)
        model.log["outside_workers"] = came.astype(np.float64)
