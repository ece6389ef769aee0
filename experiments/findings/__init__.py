"""What the model says: docs/findings.md, from runs and nothing else.

Sentences are templates whose words follow from intervals (``words``). ``--parts`` names what is
asked for; what is not asked for is said not to have been.
"""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

import pandas as pd

from experiments import frontier
from experiments.arms import ARMS, OUTCOMES
from experiments.findings import runs
from experiments.findings.claims import CLAIMS
from experiments.findings.evidence import OUTCOMES_ASKED, Evidence
from experiments.findings.numbers import Numbers, home_gains, horizons
from experiments.findings.page import markdown
from experiments.findings.short import in_short
from experiments.findings.topics import TOPICS, effects_table, home_table
from experiments.offset import evaluate, no_pull_sentence
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.replies import REGION, Replies, cells, check_years, indicator
from experiments.run import compiling
from experiments.runs import Measure
from experiments.scorecard.needs import changed
from experiments.spread import ARMS as THREE
from experiments.spread import evaluate_spread
from experiments.store import StoreWriter
from experiments.uncertain import LEVERS, free, lever_ranges, uncertain_ranges, worlds
from experiments.workers import Workers
from model.calendar import parse_month, year_of
from model.errors import InputError
from model.ruralurban import region_of
from model.scenario import Scenario, load_scenario, scenario_names
from model.switches import Synthetic

#: Draws of parameters are at least as fine as this: in a coarser sample some draw of the world
#: leaves a county with fewer than two villages, and is refused.
DRAWN_SAMPLE = 0.01
#: What can be asked for beside the arms of the scenario itself.
PARTS = (
    "homes", "cold", "awareness", "endowments", "keeping", "nation", "selection", "reach", "sign",
)  # fmt: skip


class Question(NamedTuple):
    """What is asked.

    parts : of ``PARTS``. scenarios : named ones to compare with. nation : a scenario of made-up
    counties. nation_replicates, reach_replicates : of those runs, which are longer or many. draws :
    of parameters, each on one world. size : cells across the counties of "keeping".
    """

    parts: tuple[str, ...] = PARTS
    replicates: int = 20
    scenarios: tuple[str, ...] = runs.CLUSTERS
    nation: str = "nation"
    nation_replicates: int = 5
    levers: tuple[str, ...] = LEVERS
    reach_replicates: int = 4
    draws: int = 48
    size: int = 30

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for anything that cannot be answered."""
        check_years(scenario, "findings")
        for part in self.parts:
            if part not in PARTS:
                raise InputError("--parts", part, valid=", ".join(PARTS))
        for name in self.scenarios if "endowments" in self.parts else ():
            load_scenario(name, sample=scenario.sample, months=scenario.months)
        lever_ranges(self.levers)
        if {"nation", "selection"} & set(self.parts):
            nation = self.nation_of(scenario)
            region = nation.region
            if not isinstance(region, Synthetic) or not region.cluster_share:
                raise InputError("--nation", self.nation, valid="made-up counties, some clusters")

    def nation_of(self, scenario: Scenario) -> Scenario:
        """Return the made-up nation over the months of the scenario, with what that changes."""
        return load_scenario(self.nation, months=scenario.months).with_(**changed(scenario))


def run_findings(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Run what is asked; write findings.md, findings.json and findings.csv; return the json.

    Raises InputError for a wrong question, RuntimeError where runs failed.
    """
    question.check(scenario)
    origin = provenance(scenario, seed)
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        asker = Asker(scenario, seed, question, store, progress, workers or Workers(), origin)
        evidence, offsets, reached = asker.all()
    found = [f for ask in (*CLAIMS, *TOPICS) if (f := ask(evidence)) is not None]
    result: dict[str, Any] = {
        "provenance": origin, "scenario": origin["scenario"], "seed": seed,
        "replicates": question.replicates, "question": question._asdict(),
        "command": command(scenario, seed, question),
        "interval": "95%, percentile bootstrap over paired replicates: luck, not parameters",
        "short": in_short(evidence),
        "findings": [f._asdict() | {"sentences": [s._asdict() for s in f.sentences]}
                     for f in found],
        "offset": offsets, "reach": reached,
        "effects": effects_table(evidence).to_dict("records"),
        "homes": home_table(evidence).to_dict("records"),
        "lines": [f"{f.name:<11}{f.answer}" for f in found],
    }  # fmt: skip
    result["horizon"] = evidence.lines.to_dict("records") if evidence.lines is not None else []
    if evidence.lines is not None:
        result["nation"] = question.nation_of(scenario).resolved()
    out.write_csv(
        pd.DataFrame([{"finding": f.name, "answer": f.answer, **s._asdict()} for f in found
                      for s in f.sentences]), "findings.csv")  # fmt: skip
    out.write_json("findings.json", result)
    out.write_text("findings.md", markdown(found, result, evidence))
    return result


def command(scenario: Scenario, seed: int, question: Question) -> str:
    """Return the command that gives these findings, with every option that is not its default.

    A scenario that no command line of names and numbers gives (a file, ``--set``) is said to be in
    findings.json.
    """
    words = ["ruralflow", "findings", scenario.name]
    plain = load_scenario(scenario.name) if scenario.name in scenario_names() else scenario
    if scenario.sample != plain.sample:
        words += ["--sample", f"{scenario.sample:g}"]
    if scenario.months != plain.months:
        words += ["--months", str(scenario.months)]
    words += ["--seed", str(seed)] if seed != 1 else []
    for name, value in question._asdict().items():
        if value == Question._field_defaults[name]:
            continue
        values = value if isinstance(value, tuple) else (value,)
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    same = plain.with_(sample=scenario.sample, months=scenario.months)
    known = plain is not scenario and same.digest() == scenario.digest()
    return shlex.join(words) + ("" if known else " # scenario as resolved in findings.json")


class Asker:
    """Runs the parts of a question, each on its own design of one store."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        question: Question,
        store: StoreWriter,
        progress: Progress,
        workers: Workers,
        origin: dict[str, Any],
    ):
        self.scenario, self.seed, self.q = scenario, seed, question
        self.store, self.progress, self.workers, self.origin = store, progress, workers, origin

    def all(self) -> tuple[Evidence, dict[str, Any], dict[str, Any]]:
        """Return the evidence, the offset of the scenario itself, and the frontiers."""
        arms = self._arms()
        names = self.q.scenarios if "endowments" in self.q.parts else ()
        evidence = Evidence(
            arms, self.scenario.name, runs.goods_of(self.scenario), runs.fresh_good(self.scenario),
            names,
        )  # fmt: skip
        if "homes" in self.q.parts:
            evidence = evidence._replace(homes=self._homes())
        if "nation" in self.q.parts:
            nation = self.q.nation_of(self.scenario)
            assert isinstance(nation.region, Synthetic)
            evidence = evidence._replace(trade=self._trade(), counties=nation.region.counties)
        if "selection" in self.q.parts:
            evidence = evidence._replace(lines=self._selection())
        reached = self._reach() if "reach" in self.q.parts else None
        evidence = evidence._replace(reach=reached)
        if "sign" in self.q.parts:
            spread, drawn = self._spread()
            evidence = evidence._replace(spread=spread, drawn=drawn)
        return evidence, self._offset(arms), reached or {}

    def _replies(self, name: str, replicates: int, measure: Measure = REGION) -> Replies:
        return Replies(
            self.store, self.progress, self.workers, design=name, seed=self.seed,
            replicates=replicates, measure=measure, origin=self.origin,
        )  # fmt: skip

    def _arms(self) -> Numbers:
        wanted = runs.base_cells(self.scenario)
        if "cold" in self.q.parts:
            wanted |= runs.cold_cells(self.scenario)
        if "awareness" in self.q.parts:
            wanted |= runs.awareness_cells(self.scenario)
        if "endowments" in self.q.parts:
            wanted |= runs.endowment_cells(self.scenario, self.q.scenarios)
        if "keeping" in self.q.parts:
            wanted |= runs.keeping_cells(self.scenario, self.q.size)
        replies = self._replies("findings", self.q.replicates, runs.ARM)
        replies.ask(wanted)
        tables = {n: self.store.table(n, design="findings") for n in ("places", "book")}
        return Numbers(replies, self.seed, tables)

    def _offset(self, arms: Numbers) -> dict[str, Any]:
        """Return the content of offset.json for the scenario, from its six arms."""
        table = arms.tables["places"]
        table = table[(table["level"] == "county") & (table["group"] == "base")]
        table = table[table["arm"].isin(ARMS)]
        columns = sorted({o.column for o in OUTCOMES.values()} | {o.per for o in OUTCOMES.values()})
        long = table.rename(columns={"place": "county"}).melt(
            ["arm", "replicate", "year", "county"], [c for c in columns if c], var_name="column"
        )
        start = year_of(parse_month(self.scenario.group("access").start))
        endowment = region_of(self.scenario)
        at = endowment.endowment.loc[endowment.endowment["cluster"] > 0, "county"].unique()
        names = endowment.counties["name_en"].iloc[at.astype(int)].tolist()
        found = evaluate(long, list(ARMS), start, self.seed, names)
        return found | {
            "replicates": self.q.replicates, "no_pull": no_pull_sentence(self.scenario),
        }  # fmt: skip

    def _homes(self) -> pd.DataFrame:
        """Return what households gain by e-commerce, see ``home_gains``."""
        replies = self._replies("findings-homes", self.q.replicates, runs.HOMES)
        replies.ask(runs.home_cells(self.scenario))
        return home_gains(self.store.table("homes", design="findings-homes"))

    def _trade(self) -> dict[str, pd.DataFrame]:
        """Return the tables of the nation with and without clusters, and of why shops lose."""
        wanted = runs.nation_cells(self.q.nation_of(self.scenario))
        wanted |= runs.cells_of(
            "losing",
            {"as it is": self.scenario, "cold": self.scenario.with_(**{"freight.cold_share": 1.0})},
        )
        self._replies("findings-trade", self.q.nation_replicates, runs.TRADE).ask(wanted)
        names = ("shops", "taobao", "index", "causes")
        return {n: self.store.table(n, design="findings-trade") for n in names}

    def _selection(self) -> pd.DataFrame:
        wanted = runs.selection_cells(self.q.nation_of(self.scenario))
        self._replies("findings-selection", self.q.nation_replicates, runs.PANEL).ask(wanted)
        return horizons(self.store.table("panel", design="findings-selection"), self.seed)

    def _reach(self) -> dict[str, dict[str, Any]]:
        """Return outcome -> what levers reach, all on the same runs."""
        replies = self._replies("findings-reach", self.q.reach_replicates)
        found = {}
        for outcome in OUTCOMES_ASKED:
            asked = frontier.Question(
                outcome=outcome, levers=self.q.levers, rounds=1, replicates=self.q.reach_replicates
            )
            search = frontier.Search(self.scenario, asked, replies, self.seed)
            found[outcome] = {
                **search.run(), "replicates": self.q.reach_replicates,
                "question": asked._asdict(),
            }  # fmt: skip
        return found

    def _spread(self) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
        """Return outcome -> intervals over parameters and luck; and each draw with its effects."""
        ranges = free(uncertain_ranges(), self.scenario)
        points = worlds(ranges, self.q.draws, self.seed)
        replies = self._replies("findings-sign", 1)
        fine = self.scenario.with_(sample=max(self.scenario.sample, DRAWN_SAMPLE))
        wanted: dict[str, Any] = {}
        for number, point in enumerate(points):
            wanted |= cells(str(number), fine.with_(**point), THREE, point)
        replies.ask(wanted)
        start = year_of(parse_month(self.scenario.group("access").start))
        found = evaluate_spread(replies.table, self.q.draws, 1, self.seed, start)
        spread = {
            o: found[o]["last 12 months"] | {"draws": self.q.draws, "parameters": len(ranges)}
            for o in OUTCOMES_ASKED
        }
        drawn = pd.DataFrame(points)
        for o in OUTCOMES_ASKED:
            for kind in ("loss", "return"):
                one = indicator(f"{kind}.{o}")
                drawn[f"{kind}.{o}"] = [
                    float(one.parts(replies.arms(str(k)))[0][0]) for k in range(self.q.draws)
                ]
        return spread, drawn


__all__ = ["PARTS", "Question", "run_findings"]
