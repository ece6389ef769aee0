"""The arrays equal the objects: the same world, stepped by both, month by month.

Counts, places, jobs, uses, operators and shops must be equal. Other numbers may differ by 1e-9 of
their size: sums over some hundred agents are taken in another order, which moves the last of
sixteen digits, and some 50 months of budgets carry that on; what is seen is about 1e-12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType

import numpy as np
import pytest

from agents.farmer.land import Land, labour_days
from agents.kinds import Place, Use
from agents.migrant.choice import Migration, value_away
from benchmarks.oracle import COVERED, OracleModel, differences
from benchmarks.oracle.plain import plain
from model.goods import GOODS
from model.patches import Intervention
from model.ruralurban import RuralUrbanModel
from model.scenario import Scenario, load_scenario
from model.switches import Synthetic

TOLERANCE = 1e-9
SMALL = ("world.cluster_households=20", "buyers.number=50")
#: Service early and pioneers often, so that some eighty households see all that trade can bring.
TRADE = (
    "access.start=2003-06",
    "rollout.share_2009=0.55",
    "rollout.share_2016=0.7",
    "entry.pioneer=0.01",
)


def small(months: int, *settings: str, good: str = "", cluster: float = 0.0) -> Scenario:
    """Two counties with two villages of twenty households each, weights about 200."""
    region = Synthetic(width=8, height=8, counties=2, good=good, cluster=cluster)
    return load_scenario(
        "shaoyang", (*SMALL, *settings), region=region, months=months, sample=0.005
    )


def together(
    scenario: Scenario,
    first: int,
    months: int,
    prepare: Callable[[RuralUrbanModel], None] = lambda model: None,
) -> Counter[str]:
    """Step arrays and objects together from month ``first`` on; return what happened.

    prepare : changes the world in month ``first``, before the objects are made of it.
    """
    model = RuralUrbanModel(scenario, seed=1).run(first)
    prepare(model)
    oracle = OracleModel(model)
    assert differences(model, oracle, 0.0) == []
    seen: Counter[str] = Counter()
    for _ in range(months):
        model.step()
        oracle.step()
        assert differences(model, oracle, TOLERANCE) == [], f"month {model.month}"
        note(model, seen)
    return seen


def note(model: RuralUrbanModel, seen: Counter[str]) -> None:
    """Count the rare events of a month."""
    households, plots, shops = model.households, model.plots, model.shops
    let = (plots.operator >= 0) & (plots.operator != plots.owner)
    for name, rows in (
        ("let", let),
        ("rented", plots.rent > 0.0),
        ("idle", plots.use == Use.IDLE),
        ("taken", plots.taken > 0.0),
        ("cleared", households.clearing > 0.0),
        ("in debt", households.debt > 0.0),
        ("held back", households.held > 0.0),
        ("outside workers", model.outside.table.place > Place.COAST),
        ("families away", model.people.settled > 0),
        ("hukou granted", model.people.local_hukou > 0),
        ("returned", model.people.returned > 0),
        ("opened", shops.since == model.month),
        ("closed", shops.closed == model.month),
        ("hired", shops.hired > 0.0),
        ("hired in the county", shops.hired_county > 0.0),
        ("cooled", shops.cold > 0),
        ("waiting", shops.backlog > 0.0),
        ("stations", model.villages.station > 0),
        ("trained", model.villages.trained > 0),
        ("buys online", households.buys_online > 0),
    ):
        seen[name] += int(np.count_nonzero(rows))


def happened(seen: Counter[str], *events: str) -> None:
    missing = [event for event in events if not seen[event]]
    assert not missing, f"this world no longer shows {missing}: choose another"


def test_arrays_equal_objects_without_trade():
    many = ("migration.root_coast=0.5", "migration.follow=0.3", "migration.grant=0.1")
    seen = together(small(48, "access.enabled=false", *many), 0, 48)
    happened(
        seen,
        "let",
        "rented",
        "idle",
        "taken",
        "in debt",
        "families away",
        "returned",
        "hukou granted",
    )


def test_arrays_equal_objects_when_prices_fall_and_harvests_are_held_back():
    """The real price of rice falls from 2018 on, and of daylily more is expected than it brings."""

    def hope(model: RuralUrbanModel) -> None:
        model.offline.expected[:, GOODS.index("daylily")] *= 1.5

    scenario = small(198, "access.enabled=false", good="daylily")
    happened(together(scenario, 180, 18, hope), "held back", "let")


def test_arrays_equal_objects_when_workers_come_from_near_outside():
    """From 800 km few come, so the pool stands at 60 km here."""
    near = ("world.outside_km=60", "world.outside_pool=0.5", "migration.root_seat=0.2")
    seen = together(small(40, "access.enabled=false", *near), 0, 40)
    happened(seen, "outside workers", "taken")


@pytest.mark.parametrize(
    "settings",
    [
        ("pull.enabled=false",),
        ("pull.enabled=false", "pull.mode=no_new", "demography.frozen=true"),
        ("pull.scale=0.5", "budget.default_months=12", "budget.subsistence=2300"),
        ("national.frozen=true", "demography.frozen=true", "migration.wages_respond=false"),
        ("land.clearing=60", "land.overgrown=8", "migration.kappa=3", "migration.follow=0.12"),
    ],
)
def test_arrays_equal_objects_in_other_arms(settings: tuple[str, ...]):
    together(small(26, "access.enabled=false", *settings), 0, 26)


def test_arrays_equal_objects_with_trade_in_fresh_fruit():
    seen = together(small(168, *TRADE, good="citrus", cluster=0.5), 132, 36)
    happened(seen, "opened", "closed", "hired", "cooled", "stations", "buys online")


@pytest.mark.parametrize("name, value", [("selling", False), ("only_good", "vegetables")])
def test_arrays_equal_objects_when_shops_may_sell_no_more(name: str, value: object):
    change = Intervention(140, "access", name, value)
    scenario = replace(
        small(144, *TRADE, good="citrus", cluster=0.5), interventions=(change,), strict=True
    )
    happened(together(scenario, 138, 6), "closed")


def test_arrays_equal_objects_when_hubs_are_full():
    training = ("policy.training_share=0.6", "policy.training_month=2010-02")
    settings = *TRADE, *training, "attention.peers=5", "hub.capacity_start=200"
    scenario = small(108, *settings, good="manufactures", cluster=0.8)
    happened(together(scenario, 72, 36), "opened", "closed", "waiting", "trained", "stations")


def test_arrays_equal_objects_on_shaoyang_with_its_programmes():
    scenario = load_scenario(
        "shaoyang",
        ("world.cluster_households=5", "buyers.number=60", "entry.pioneer=0.003"),
        months=160,
        sample=0.0009,
    )
    seen = together(scenario, 148, 12)
    happened(seen, "opened", "closed", "stations", "buys online", "taken", "let")


@pytest.mark.parametrize("group, name", [("migration", "remit"), ("land", "slope_loss")])
def test_a_rule_off_by_a_millionth_is_found(group: str, name: str):
    """The control: with a parameter changed by 1e-6 in the objects alone, both must part."""
    model = RuralUrbanModel(small(4, "access.enabled=false"), seed=1)
    oracle = OracleModel(model)
    value = getattr(model.params[group], name) * (1.0 + 1e-6)
    oracle.settings = model.scenario.with_(**{f"{group}.{name}": value})
    for _ in range(4):
        model.step()
        oracle.step()
    assert differences(model, oracle, TOLERANCE)


def test_one_person_in_another_place_is_found():
    model = RuralUrbanModel(small(1), seed=1)
    oracle = OracleModel(model)
    oracle.people[0].place = 1 - min(oracle.people[0].place, 1)
    assert [difference.column for difference in differences(model, oracle, 1.0)] == ["people.place"]


def test_plain_rules_are_the_compiled_ones():
    """The same text run by Python: equal but for the last digit of exp and log."""
    p = Migration()
    rule = plain(value_away)
    assert isinstance(rule, FunctionType) and all(
        isinstance(rule.__globals__[name], FunctionType) for name in ("log_income", "network_term")
    )
    args = (800.0, 1.9, 0.35, 41.0, 1.0, 0.2, p)
    assert rule(*args) == pytest.approx(value_away(*args), rel=1e-15)
    days = (12.0, 30.0, 12.0, 9.0, 1, Land())
    assert plain(labour_days)(*days) == pytest.approx(labour_days(*days), rel=1e-15)


def test_every_event_named_as_covered_is_a_function_of_the_oracle():
    import benchmarks.oracle.world as world

    for functions in COVERED.values():
        for function in functions.split(", "):
            module, name = function.split(".")
            assert callable(getattr(getattr(world, module), name))
