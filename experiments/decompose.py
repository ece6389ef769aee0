"""What the loss and the return are made of: exact Shapley values over switches of the registry.

The value of a part is its mean effect over all orders in which the parts can be switched on
(Shapley 1953), so the parts add up to the whole.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.arms import HEADLINE, OUTCOMES
from experiments.bootstrap import mean_interval, resamples
from experiments.design import Settings
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.replies import REGION, Indicator, Replies, check_years
from experiments.run import compiling
from experiments.runs import Measure
from experiments.store import StoreWriter
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import Scenario
from model.switches import GROWN, MADE

Values = NDArray[np.float64]
Parts = frozenset[str]


class Whole(NamedTuple):
    """What is taken apart: its parts with the switch that stands for each, and how they are set.

    settings : parts that are on -> parameters. sign : +1 if more of an outcome is more of it.
    beneath : parts that by themselves change the world from which the whole is counted: what some
    parts are worth is measured from the world in which only those of them act that are beneath.
    """

    meaning: str
    parts: dict[str, str]
    settings: Callable[[Parts], Settings]
    sign: float
    beneath: Parts


def _loss(on: Parts) -> Settings:
    """Return the switches of a world without e-commerce in which the parts ``on`` act.

    ``pull.labour`` and ``pull.land`` say what ``pull.enabled = false`` switches off.
    """
    wages, land = "wage pull" in on, "land taken" in on
    pull: Settings = {"pull.enabled": True}
    if not (wages and land):
        pull = {"pull.enabled": False, "pull.labour": not wages, "pull.land": not land}
    return {
        "access.enabled": False,
        **pull,
        "demography.frozen": "ageing" not in on,
        "migration.families_follow": "families follow" in on,
        **({} if "network" in on else {"migration.network": 0.0}),
    }


def _return(on: Parts) -> Settings:
    grown, made = "price" in on, "volume" in on
    found: Settings = {"access.selling": grown or made, "access.buying": "buying" in on}
    if grown != made:
        found["access.only_good"] = GROWN if grown else MADE
    if "returnees" not in on:
        found |= {
            "selling.returnee_bonus": 0.0,
            "entry.by_returnee": 0.0,
            "migration.shop_counts": False,
        }
    return found if "multiplier" in on else found | {"local.demand": 0.0}


WHOLES = {
    "loss": Whole(
        "what villages have less of than if none of these had acted since 2003; no e-commerce",
        {
            "wage pull": "pull.enabled with pull.labour",
            "land taken": "pull.enabled with pull.land",
            "ageing": "demography.frozen (births, ageing, deaths, college)",
            "families follow": "migration.families_follow",
            "network": "migration.network at 0: nobody counts who is there",
        },
        _loss,
        -1.0,
        frozenset(),
    ),
    "return": Whole(
        "what e-commerce adds under the pull, as in offset",
        {
            "price": "access.selling of what is grown, which the farm gate would have taken",
            "volume": "access.selling of what is made for it",
            "buying": "access.buying",
            "returnees": "migration.shop_counts; selling.returnee_bonus, entry.by_returnee at 0",
            "multiplier": "local.demand at 0, with and without e-commerce",
        },
        _return,
        1.0,
        frozenset({"multiplier"}),
    ),
}


class Question(NamedTuple):
    """What is asked: replicates of each combination of switches."""

    replicates: int = 4

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for a scenario that cannot be taken apart."""
        check_years(scenario, "decompose")
        if scenario.group("pull").mode != "frozen":
            mode = scenario.group("pull").mode
            raise InputError("decompose", "pull.mode", mode, "frozen: it has parts to switch off")
        if only := scenario.group("access").only_good:
            valid = "empty: selling is taken apart by what is grown and what is made"
            raise InputError("decompose", "access.only_good", only, valid)


def run_decompose(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
    measure: Measure = REGION,
) -> dict[str, Any]:
    """Run every combination of switches; write decompose.json and .csv; return it with ``lines``.

    Raises InputError for a wrong question, RuntimeError where runs failed.
    """
    question.check(scenario)
    origin = provenance(scenario, seed)
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        replies = Replies(
            store, progress, workers or Workers(), design="decompose", seed=seed,
            replicates=question.replicates, measure=measure, origin=origin,
        )  # fmt: skip
        replies.ask(
            {
                _cell(name, on): (
                    scenario.with_(**whole.settings(on)),
                    {"whole": name, "on": ", ".join(sorted(on))},
                )
                for name, whole in WHOLES.items()
                for on in subsets(list(whole.parts))
            }
        )
        rows = [
            row
            for name, whole in WHOLES.items()
            for row in _taken_apart(name, whole, replies, seed)
        ]
    table = pd.DataFrame(rows)
    result: dict[str, Any] = {
        "provenance": origin, "scenario": origin["scenario"], "seed": seed,
        "replicates": question.replicates, "values": table.to_dict("records"),
        "interval": "95%, percentile bootstrap over paired replicates: luck, not parameters",
        "wholes": {
            name: {"meaning": w.meaning, "switches": w.parts}
            for name, w in WHOLES.items()
        },
    }  # fmt: skip
    result["lines"] = lines(table, question.replicates)
    out.write_csv(table, "decompose.csv")
    out.write_json("decompose.json", result)
    return result


def shapley(value: dict[Parts, Values]) -> dict[str, Values]:
    """Return part -> its Shapley value, from the value of every subset of the parts.

    They add up to value[all] - value[none], element by element.
    """
    names = sorted(frozenset().union(*value))
    n = len(names)
    found = {}
    for name in names:
        rest = [other for other in names if other != name]
        total = np.zeros_like(value[frozenset()])
        for on in subsets(rest):
            weight = math.factorial(len(on)) * math.factorial(n - len(on) - 1) / math.factorial(n)
            total = total + weight * (value[on | {name}] - value[on])
        found[name] = total
    return found


def subsets(names: list[str]) -> list[Parts]:
    """Return all subsets, the empty one first."""
    return [
        frozenset(some)
        for size in range(len(names) + 1)
        for some in itertools.combinations(names, size)
    ]


def _cell(name: str, on: Parts) -> str:
    return f"{name}|{'+'.join(sorted(on))}"


def _taken_apart(name: str, whole: Whole, replies: Replies, seed: int) -> list[dict[str, Any]]:
    """Return a row for each outcome and part, and one for the whole."""
    rows = []
    draws = resamples(replies.replicates, seed)
    for outcome in HEADLINE:
        o = OUTCOMES[outcome]
        one = Indicator(outcome, o.column, o.per, "level", o.unit)
        reached = {
            on: whole.sign * one.values(replies.last(_cell(name, on)))
            for on in subsets(list(whole.parts))
        }
        value = {on: reached[on] - reached[on & whole.beneath] for on in reached}
        total = value[frozenset(whole.parts)] - value[frozenset()]
        parts = shapley(value)
        for part, values in [("whole", total), *((p, parts[p]) for p in whole.parts)]:
            share = float(values.sum() / total.sum()) if total.sum() != 0.0 else float("nan")
            rows.append(
                {"whole": name, "outcome": outcome, "part": part,
                 **mean_interval(values, draws)._asdict(), "unit": o.unit, "share": share,
                 "switch": whole.parts.get(part, "")}
            )  # fmt: skip
    return rows


def lines(table: pd.DataFrame, replicates: int) -> list[str]:
    """Return what the terminal shows: values and shares of each part, and what is missing."""
    said = [f"[95% intervals]: luck over {replicates} paired replicates; parameters are not varied"]
    if replicates == 1:
        said[0] += ". With 1 there are none: run more."
    for name, whole in WHOLES.items():
        said += ["", f"{name}: {whole.meaning}"]
        for outcome, part in table[table["whole"] == name].groupby("outcome", sort=False):
            said.append(f"  {OUTCOMES[str(outcome)].label}, {part['unit'].iloc[0]}")
            said += [
                f"    {row['part']:<20}{row['value']:>16,.4g} [{row['low']:,.4g}, "
                f"{row['high']:,.4g}]" + _percent(row["share"])
                for row in part.to_dict("records")
            ]
        said += [f"  {part}: {switch}" for part, switch in whole.parts.items()]
    return said


def _percent(share: float) -> str:
    return f"  {100 * share:.0f}%" if share == share else ""
