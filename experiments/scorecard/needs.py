"""What targets look at: scenarios by need and arm, and what is kept of their runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from experiments.design import Settings
from experiments.field import trial_households, trial_scenario
from experiments.scorecard.nulls import constant_rates, nothing_changes, trial_unchanged
from experiments.scorecard.tables import run
from model.calendar import parse_month
from model.patches import Intervention
from model.scenario import Scenario, load_scenario, scenario_names
from model.switches import Synthetic

#: Hukou costs end at this date; the stock is read in the tenth year after.
OPENING, TENTH_YEAR = "2009-01", 192
#: Constant growth of the real coast wage in V7, a year (assumption).
GAP_GROWTH = 0.08
#: Months of V7: net outflow of twelve years is twelve differences of yearly means.
NETWORK_MONTHS = 156
CLUSTERS = ("yiwu", "qinghe", "changshu", "jinjiang")

#: Needs that have an arm in common: what they are run on together, it is run once.
SHARING = (("programmes", "nation"), ("hukou", "cold", "default"), ("clusters",), ("trial",),
           ("network",))  # fmt: skip

Runs = dict[str, Scenario]


class Need(NamedTuple):
    """What a group of targets looks at.

    runs : the scenarios by arm, from the one that is judged. run : what a scenario and a seed leave
    for the estimators. nulls : n1 of that, and n2, which takes the rates of ``load_rates`` too.
    cost : seconds of one replicate, roughly, so that the longest begin first.
    """

    runs: Callable[[Scenario], Runs]
    run: Callable[[Scenario, int], Any] = run
    nulls: tuple[Callable[..., Any], Callable[..., Any]] = (nothing_changes, constant_rates)
    cost: float = 1.0


def changed(base: Scenario) -> Settings:
    """Return the parameters in which ``base`` differs from the named scenario that it began from.

    They hold in every scenario that a target needs: what is judged is one set of parameters.
    """
    start = load_scenario(base.name if base.name in scenario_names() else "shaoyang")
    return {
        f"{group}.{name}": value
        for group, values in base.params.items()
        for name, value in values._asdict().items()
        if value != getattr(start.params[group], name)
    }


def _named(name: str, base: Scenario, **options: Any) -> Scenario:
    return load_scenario(name, **options).with_(**changed(base))


def _hukou(base: Scenario) -> Runs:
    """Return the arms of V6: hukou costs end in every prefecture at once, from a date on."""
    month = parse_month(OPENING)
    names = ("hukou_coast", "hukou_seat", "hukou_county")
    ended = tuple(Intervention(month, "migration", name, 0.0) for name in names)
    free = replace(
        base,
        months=TENTH_YEAR,
        interventions=tuple(sorted((*base.interventions, *ended), key=lambda i: i.month)),
    )
    fixed = free.with_(**{"migration.wages_respond": False})
    # the model as it is may be longer: its run then serves other targets too
    before = base if base.months >= TENTH_YEAR else replace(base, months=TENTH_YEAR)
    return {"base": before, "fixed": fixed, "free": free}


def _cold(base: Scenario) -> Runs:
    return {"base": base, "cold": base.with_(**{"freight.cold_share": 1.0})}


def _clusters(base: Scenario) -> Runs:
    return {name: _named(name, base, sample=base.sample) for name in CLUSTERS}


def _programmes(base: Scenario) -> Runs:
    """Return the arms of V3: counties that select themselves into the programme, and drawn ones."""
    nation = _named("nation", base)
    assert isinstance(nation.region, Synthetic)
    drawn = nation.region._replace(programme_selection=0.0)
    return {"nation": nation, "random": nation.with_(region=drawn)}


def _network(base: Scenario) -> Runs:
    """Return the arms of V7: 3% away, a wage gap that grows at a constant rate, nothing else."""
    start = _named("shaoyang", base, region=Synthetic(away=0.03), sample=base.sample)
    steady = start.with_(
        months=NETWORK_MONTHS,
        **{
            "national.frozen": True,
            "national.coast_growth": GAP_GROWTH,
            "demography.frozen": True,
            "access.enabled": False,
        },
    )
    return {"with": steady, "without": steady.with_(**{"migration.network": 0.0})}


NEEDS: dict[str, Need] = {
    "default": Need(lambda base: {"base": base}, cost=2.0),
    "cold": Need(_cold, cost=4.0),
    "hukou": Need(_hukou, cost=6.0),
    "clusters": Need(_clusters, cost=2.0),
    "network": Need(_network, cost=0.5),
    "nation": Need(lambda base: {"nation": _named("nation", base)}, cost=4.0),
    "programmes": Need(_programmes, cost=8.0),
    "trial": Need(
        lambda base: {"trial": trial_scenario(base)},
        run=trial_households,
        nulls=(trial_unchanged, trial_unchanged),
    ),
}
