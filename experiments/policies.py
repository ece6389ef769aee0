"""Packages of policy compared on the same uncertain worlds and seeds.

Effects are paired with the same world without a package; per yuan where a package has a cost; by
decile of income and of age of the household in that world; and as regret: how much less than the
best package of each world.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments import homes
from experiments.arms import HEADLINE, OUTCOMES
from experiments.bootstrap import nested_interval
from experiments.kept import warm
from experiments.output import OutputFolder, provenance
from experiments.package import AS_IT_IS, Package, read_packages
from experiments.progress import Progress
from experiments.replies import Indicator, Replies, check_years, region_by_year
from experiments.run import compiling, flows_table
from experiments.runs import Measure
from experiments.store import StoreWriter
from experiments.uncertain import free, uncertain_ranges, worlds
from experiments.workers import Workers
from model import RuralUrbanModel
from model.ruralurban import region_of
from model.scenario import Scenario

Values = NDArray[np.float64]
NONE = AS_IT_IS


def _reply(scenario: Scenario, seed: int) -> dict[str, pd.DataFrame]:
    """Keep the region by year, yuan by line of the ledger, and households of the last December."""
    model = RuralUrbanModel(scenario, seed)
    kept = homes.run(model)
    flows = flows_table(model).groupby("line")[["yuan"]].sum().reset_index()
    region = region_by_year(model.records.months_table())
    model.release()
    return {"region": region, "paid": flows, "homes": kept}


POLICY = Measure("policy-2", _reply, warm)


class Question(NamedTuple):
    """What is asked: packages by name (none: all), uncertain worlds (0: the defaults alone)."""

    packages: tuple[str, ...] = ()
    worlds: int = 8
    replicates: int = 1

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for anything that cannot be answered."""
        check_years(scenario, "policies")
        for package in read_packages(self.packages):
            package.of(scenario)


def run_policies(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
    measure: Measure = POLICY,
) -> dict[str, Any]:
    """Run packages x worlds x replicates; write policies.json, effects, deciles and regret as csv.

    Raises InputError for a wrong question, RuntimeError where runs failed.
    """
    question.check(scenario)
    packages = read_packages(question.packages)
    origin = provenance(scenario, seed)
    open_to_doubt = free(uncertain_ranges(), scenario)
    points = worlds(open_to_doubt, question.worlds, seed) if question.worlds else [{}]
    made = [scenario.with_(**point) for point in points]
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        replies = Replies(
            store, progress, workers or Workers(), design="policies", seed=seed,
            replicates=question.replicates, measure=measure, origin=origin,
        )  # fmt: skip
        wanted: dict[str, Any] = {}
        for w, world in enumerate(made):
            wanted[f"{w}|{NONE}"] = world, {"world": w, "package": NONE}
            for package in packages:
                wanted[f"{w}|{package.name}"] = (
                    package.of(world), {"world": w, "package": package.name},
                )  # fmt: skip
        replies.ask(wanted)
        paid = store.table("paid", design="policies")
        households = store.table("homes", design="policies")
    compared = Comparison(packages, made, replies, paid, seed)
    effects, regret = compared.effects(), compared.regret()
    gains = by_decile(households, [p.name for p in packages])
    result: dict[str, Any] = {
        "provenance": origin, "scenario": origin["scenario"], "seed": seed,
        "worlds": question.worlds, "replicates": question.replicates,
        "interval": "95%, percentile bootstrap of paired worlds, then of replicates in each",
        "packages": {p.name: _described(p) for p in packages},
        "effects": effects.to_dict("records"), "regret": regret.to_dict("records"),
        "deciles": gains.to_dict("records"),
    }  # fmt: skip
    result["lines"] = lines(result, effects, regret, gains)
    for name, table in (("effects", effects), ("regret", regret), ("deciles", gains)):
        out.write_csv(table, f"{name}.csv")
    out.write_json("policies.json", result)
    return result


class Comparison:
    """Outcomes of every package in every world and replicate, and what packages cost there."""

    def __init__(
        self,
        packages: list[Package],
        made: list[Scenario],
        replies: Replies,
        paid: pd.DataFrame,
        seed: int,
    ):
        self.packages, self.made, self.replies = packages, made, replies
        self.seed = seed
        self._paid = {
            key: part.set_index("line")["yuan"]
            for key, part in paid.groupby(["world", "package", "replicate"])
        }

    def values(self, outcome: str, package: str) -> Values:
        """Return (worlds, replicates) an outcome of the last twelve months."""
        o = OUTCOMES[outcome]
        one = Indicator(outcome, o.column, o.per, "level", o.unit)
        cells = [self.replies.last(f"{w}|{package}") for w in range(len(self.made))]
        return np.stack([one.values(cell) for cell in cells])

    def costs(self, package: Package) -> Values | None:
        """Return (worlds, replicates) the yuan that a package costs over all years."""
        if package.cost is None:
            return None
        return np.array(
            [
                [
                    package.cost.yuan(
                        self._paid[w, package.name, i], self._paid[w, NONE, i],
                        package.of(world), len(region_of(world).counties),
                    )
                    for i in range(self.replies.replicates)
                ]
                for w, world in enumerate(self.made)
            ]
        )  # fmt: skip

    def effects(self) -> pd.DataFrame:
        """Return a row per package and outcome: effect, interval, cost, effect per million yuan.

        The effect is that of the last twelve months, the cost that of all years.
        """
        rows = []
        for package in self.packages:
            costs = self.costs(package)
            for outcome in HEADLINE:
                effect = self.values(outcome, package.name) - self.values(outcome, NONE)
                found = nested_interval(effect, self.seed)
                cost = float(costs.mean()) if costs is not None else float("nan")
                rows.append(
                    {"package": package.name, "outcome": outcome, **found._asdict(),
                     "unit": OUTCOMES[outcome].unit, "cost_yuan": cost,
                     "per_million_yuan": found.value / cost * 1e6 if cost > 0 else float("nan")}
                )  # fmt: skip
        return pd.DataFrame(rows)

    def regret(self) -> pd.DataFrame:
        """Return a row per outcome and package: mean and largest regret, share of worlds won.

        Regret of a world: how much less than the best there, of the packages and of none.
        """
        rows = []
        names = [NONE, *(p.name for p in self.packages)]
        for outcome in HEADLINE:
            table = np.stack([self.values(outcome, name).mean(axis=1) for name in names])
            lost = table.max(axis=0) - table
            rows += [
                {"outcome": outcome, "package": name, "mean_regret": float(lost[k].mean()),
                 "largest_regret": float(lost[k].max()), "best_in": float((lost[k] == 0).mean()),
                 "unit": OUTCOMES[outcome].unit}
                for k, name in enumerate(names)
            ]  # fmt: skip
        return pd.DataFrame(rows)


def by_decile(found: pd.DataFrame, packages: list[str]) -> pd.DataFrame:
    """Return the gain of real income per registered member by decile, see ``homes.gains``.

    found : households by world, replicate and package. Gains are over the same world and replicate
    without a package.
    """
    at = ["world", "replicate"]
    before = dict(iter(found[found["package"] == NONE].groupby(at, sort=False)))
    parts = [
        homes.gains(before[world, replicate], after).assign(package=str(package))
        for (world, replicate, package), after in found[found["package"] != NONE].groupby(
            [*at, "package"], sort=False
        )
    ]
    sums = pd.concat(parts).groupby(["package", "by", "decile"]).sum().reset_index()
    sums["gain"] = sums["gained"] / sums["people"]
    order = {name: k for k, name in enumerate(packages)}
    sums = sums.sort_values(["package", "by", "decile"], key=lambda c: c.map(order).fillna(c)
                            if c.name == "package" else c)  # fmt: skip
    return sums[["package", "by", "decile", "gain"]].reset_index(drop=True)


def _described(package: Package) -> dict[str, Any]:
    cost = package.cost.sentence if package.cost else "no cost is booked"
    return {
        "sentence": package.sentence, "set": package.settings, "scale": package.factors,
        "cost": cost,
    }  # fmt: skip


def lines(
    result: dict[str, Any], effects: pd.DataFrame, regret: pd.DataFrame, gains: pd.DataFrame
) -> list[str]:
    """Return what the terminal shows."""
    number = max(result["worlds"], 1)
    said = [
        f"Effect in the last 12 months, {number} worlds x {result['replicates']} replicates [95%]; "
        "cost over all years"
    ]
    for outcome in HEADLINE:
        said.append(f"{OUTCOMES[outcome].label}, {OUTCOMES[outcome].unit}")
        for row in effects[effects["outcome"] == outcome].to_dict("records"):
            text = f"  {row['package']:<26}{row['value']:>12,.4g} [{row['low']:,.4g}, "
            text += f"{row['high']:,.4g}]"
            if row["cost_yuan"] > 0:
                text += (
                    f"  {row['per_million_yuan']:.3g} per million of {row['cost_yuan'] / 1e6:,.0f}"
                )
            said.append(text)
    said.append("Regret of village product: mean, largest, share of worlds in which it is best")
    for row in regret[regret["outcome"] == "product"].to_dict("records"):
        said.append(
            f"  {row['package']:<26}{row['mean_regret']:>12,.4g}{row['largest_regret']:>12,.4g}"
            f"{100 * row['best_in']:>6.0f}%"
        )
    for by in ("income", "age"):
        said.append(f"Gain of yearly income per registered member by {by} decile, yuan")
        one = gains[gains["by"] == by]
        for package, part in one.groupby("package", sort=False):
            shown = " ".join(f"{v:>7,.0f}" for v in part.sort_values("decile")["gain"])
            said.append(f"  {package!s:<26}{shown}")
    return said
