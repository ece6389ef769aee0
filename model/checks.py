"""Strict mode: the identities of the books, each with its name, tested after every step."""

from __future__ import annotations

import numpy as np

from agents.base.sums import weighted_sum
from agents.kinds import Use
from agents.migrant.lives import BORN, COLLEGE, DIED
from model.ledger import Sector


class Opening:
    """Stocks at the last check, from which the next one starts."""

    def __init__(self, model):
        self.people = count_people(model)
        self.debt = held_debt(model)
        self.land = float(model.start.cropland_mu.sum())
        self.grain = held_grain(model)


def count_people(model) -> int:
    """Return the living registered members in the sample (persons)."""
    p, t = model.people, max(model.month, 0)
    return int(((p.born <= t) & (p.dies > t) & (p.leaves > t)).sum())


def held_debt(model) -> float:
    """Return what households owe at full scale (yuan)."""
    return float(weighted_sum(model.households.debt, model.households.weight))


def held_grain(model) -> float:
    """Return the paddy in household stores at full scale (kg)."""
    return float(weighted_sum(model.households.grain, model.households.weight))


def check(model) -> None:
    """Test every identity of the month; raise LedgerBreach at the first that fails."""
    money(model)
    people(model)
    debt(model)
    land(model)
    grain(model)
    model.goods_account.check(model)


def money(model) -> None:
    """Opening + inflow - outflow = closing for every sector whose money lies with its agents."""
    model.ledger.check_money(
        model.month,
        {
            Sector.RURAL: model.cash_held(),
            Sector.ABSENT: model.savings_held(),
            Sector.CARRIERS: float(model.hubs.cash.sum()),
        },
    )


def people(model) -> None:
    """Registered members: last month's, plus births, less deaths and departures for college.

    At January 2003, the first month, the count of the start already holds its births.
    """
    now = count_people(model)
    if model.month > 0:
        tally = model.tally.sum(axis=0)
        expected = model.opening.people + tally[BORN] - tally[DIED] - tally[COLLEGE]
        model.ledger.check("people", model.month, "registered", float(now - expected), now)
    places = float(model.at_place.sum())
    held = float(weighted_sum(model.households.registered, model.households.weight))
    model.ledger.check("people by place", model.month, "registered", places - held, held)
    model.opening.people = now


def debt(model) -> None:
    """Debt: last month's, plus loans, less repayments and write-offs."""
    h = model.households
    moved = float(weighted_sum(h.loan - h.repayment - h.write_off, h.weight))
    now = held_debt(model)
    breach = now - model.opening.debt - moved
    gross = float(weighted_sum(h.loan + h.repayment + h.write_off, h.weight))
    model.ledger.check("debt", model.month, "RURAL", breach, model.opening.debt, gross)
    model.opening.debt = now


def land(model) -> None:
    """Land by use adds up to the cropland of 2003; land taken is what the seats paid for."""
    plots = model.plots
    weight = model.households.weight[plots.owner]
    area, taken = float(weighted_sum(plots.area, weight)), float(weighted_sum(plots.taken, weight))
    total = model.opening.land
    model.ledger.check("land by use", model.month, "all", area + taken - total, total)
    paid = float(model.taken_mu.sum())
    model.ledger.check("land taken", model.month, "CITY", taken - paid, total)
    worked = plots.use >= Use.CROP
    nobody = float(np.count_nonzero(worked & (plots.operator < 0)))
    model.ledger.check("operator of worked land", model.month, "RURAL", nobody)


def grain(model) -> None:
    """Own grain: last month's store, plus kept from the harvest, less eaten by people, animals."""
    now = held_grain(model)
    kept, eaten = float(model.kept[0]), float(model.eaten.sum())
    breach = now - model.opening.grain - kept + eaten
    model.ledger.check("own grain", model.month, "RURAL", breach, model.opening.grain, kept, eaten)
    model.opening.grain = now
