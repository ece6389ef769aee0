"""The field of the trial: the world until terminals open, the terminals, and two surveys.

Each trial is a world of its own with its own draw of villages and arms
(``experiments.assignment``). Its placebo is the same world without a single terminal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.farmer.budget import total_income
from experiments.assignment import FEWEST, Design, assign, draw_villages
from model import RuralUrbanModel
from model.calendar import month_name, parse_month
from model.errors import InputError
from model.scenario import Scenario

#: Last month before terminals open, and months until the households are asked again (FACTS C3).
BASELINE, HORIZON = "2015-12", 12
#: Fewest households of a village in the trial (all of a smaller one).
HOUSEHOLDS = 38


def trial_scenario(scenario: Scenario) -> Scenario:
    """Return the scenario up to the end of the trial, with enough households in each village.

    Raises InputError where access is off: terminals would bring nothing.
    """
    access = scenario.in_force(parse_month(BASELINE))["access"]
    if not (access.enabled and access.scale > 0.0 and access.buying):
        raise InputError(
            "trial", "access", "off", "access.enabled, access.buying, access.scale > 0"
        )
    end = parse_month(BASELINE) + HORIZON
    changes: dict[str, Any] = {"months": end + 1, "start": month_name(end)}
    if scenario.group("world").cluster_households < HOUSEHOLDS:
        changes["world.cluster_households"] = float(HOUSEHOLDS)
    return scenario.with_(**changes)


def trial_households(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run one trial; return its households, see ``_survey``: a pure function.

    scenario : of ``trial_scenario``.
    """
    return _run(scenario, seed, placebo=False)


def placebo_households(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run the same world without terminals; return the households of all eligible villages."""
    return _run(scenario, seed, placebo=True)


def _run(scenario: Scenario, seed: int, placebo: bool) -> pd.DataFrame:
    model = RuralUrbanModel(scenario, seed)
    opening = parse_month(BASELINE) + 1
    model.run(opening - 12)
    before = _survey(model, _year_of_income(model))
    generator = np.random.default_rng(seed)
    eligible = np.flatnonzero(model.villages.station == 0)
    if len(eligible) < FEWEST:
        raise InputError(
            "trial", "villages", len(eligible),
            f"at least {FEWEST} without a station in {BASELINE}: a larger --sample",
        )  # fmt: skip
    programmes = model.freight.stations.programmes
    if placebo:
        rows = eligible
        design = Design(rows, np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool))
    else:
        rows = draw_villages(model.villages.x, model.villages.y, eligible, generator)
        design = assign(rows, model.villages.county, generator)
    for village in design.rows[design.terminal]:
        model.freight.open_station(model, int(village), opening)
    programmes.withhold_stations(design.rows[~design.terminal], opening + HORIZON)
    after = _survey(model, _year_of_income(model))
    model.release()
    return _panel(before, after, design)


def _year_of_income(model: RuralUrbanModel) -> NDArray[np.float64]:
    """Step twelve months; return what each household earned in them, yuan of 2010."""
    income = np.zeros(len(model.households.uid))
    for _ in range(HORIZON):
        model.step()
        _add_income(income, model.households, model.shops)
    return income


@compiled
def _add_income(income, households, shops):
    for h in range(income.shape[0]):
        income[h] += total_income(h, households, shops)


def _survey(model: RuralUrbanModel, income: NDArray[np.float64]) -> pd.DataFrame:
    """Ask every sampled household with residents what the trial wants to know."""
    h, villages = model.households, model.villages
    table = pd.DataFrame(
        {
            "household": h.uid,
            "village": h.village,
            "county": model.region.counties["name_en"].to_numpy()[h.county],
            "income": income,
            "index": h.tradables_index,
            "buys": (h.online_share > 0).astype(int),
            "sells": (model.shops.good >= 0).astype(int),
            "age": h.head_age,
            "schooling": h.schooling,
            "x": villages.x[h.village],
            "y": villages.y[h.village],
            "minutes": villages.minutes[h.village],
            "served": villages.parcel_service[h.village].astype(int),
            "terminal": villages.station[h.village].astype(int),
        }
    )
    return table[h.residents > 0]


def _panel(before: pd.DataFrame, after: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return the households of the trial that were asked twice.

    household, village, county, treated (by assignment), terminal (one stands there at the end),
    age, schooling, x, y (km), minutes (to the seat), served (parcels came before); before and
    after: income (yuan of 2010 a year), index (own price index of retail tradables), buys, sells
    (0/1, online), uses (0/1: buys online in a village with a terminal).
    """
    arm = pd.DataFrame({"village": design.rows, "treated": design.treated.astype(int)})
    changing = ["income", "index", "buys", "sells"]
    end = after[["household", *changing, "terminal"]]
    start = before.drop(columns="terminal").merge(arm, on="village")
    table = start.merge(end, on="household", suffixes=("_before", "_after"))
    return table.assign(uses_before=0, uses_after=table["buys_after"] * table["terminal"])
