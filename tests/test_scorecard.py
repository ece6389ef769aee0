"""The scorecard: targets as data, verdicts, null models, and a model broken on purpose."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.scorecard import card, judge
from experiments.scorecard.evidence import ask, asks, collect, estimator, left_by
from experiments.scorecard.judge import BROKEN, MISS, NOT_RUN, PASS, UNCOUNTED
from experiments.scorecard.needs import NEEDS, changed
from experiments.scorecard.nulls import load_rates
from experiments.scorecard.targets import FILE, Part, load_targets
from experiments.store import StoreWriter
from experiments.validate import judged, run_validate, runs_of
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import load_scenario
from model.switches import Synthetic

ROOT = Path(__file__).resolve().parents[1]
TARGETS = load_targets()
BY_ID = {t.id: t for t in TARGETS}


# --- targets as data ------------------------------------------------------------------------------


def test_all_thirty_targets_are_there_each_with_source_grade_and_a_way_to_run_it():
    assert [t.id for t in TARGETS] == [f"V{i}" for i in range(1, 31)]
    for target in TARGETS:
        assert target.needs in NEEDS and callable(estimator(target.estimator))
        assert target.source and target.grade and any(p.judged for p in target.parts)
    assert {t.id for t in TARGETS if t.replicates >= 10} >= {"V4", "V19", "V20", "V24"}
    assert {t.id for t in TARGETS if t.check} == {"V22"}


def test_bands_are_those_written_down_beforehand():
    bands = {(t.id, p.key): (p.low, p.high) for t in TARGETS for p in t.parts if p.judged}
    assert bands["V8", "out_early"] == (3, 5.5)
    assert bands["V9", "age_2012"] == (35.3, 39.3)
    assert bands["V11", "region"] == (9.3, 19.3)
    assert bands["V13", "late"] == (28, 44)
    assert bands["V18", "rank_2010"] == (0.6, math.inf)
    assert bands["V27", "y2020"] == (18, 23)
    assert bands["V29", "late"] == (4.3, 9.3)


def test_what_is_known_from_memory_says_so_on_the_card():
    grades = {(t.id, p.key): p.grade for t in TARGETS for p in t.parts}
    for key in (("V2", "fall"), ("V13", "late"), ("V16", "y2013"), ("V25", "y2020")):
        assert "memory" in grades[key]


def test_years_up_to_2015_are_in_sample_and_later_ones_are_not():
    for target in TARGETS:
        for part in target.parts:
            years = [int(w) for w in part.words.replace(",", " ").split() if w.isdigit()]
            if part.sample == "in" and years:
                assert min(years) <= 2015, (target.id, part.key)


GOOD = FILE.read_text(encoding="utf-8")
ONE = """
[[target]]
id = "V1"
fact = "f"
facts = "x"
source = "s"
grade = "page"
needs = "default"
estimator = "land.leases"
parts = [{ key = "a", words = "w", unit = "%", low = 1, sample = "in" }]
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('grade = "page"\n', "", "missing key grade"),
        ("low = 1", "low = 5, high = 1", "low = 5; valid: at most high, 1"),
        ("low = 1", 'low = "1"', "low = '1'; valid: a float"),
        ('sample = "in"', 'sample = "both"', "sample = 'both'; valid: in or seen or out"),
        ('unit = "%"', 'unit = "%", lowest = 2', "unknown key lowest"),
        ('facts = "x"', 'facts = "x"\nweight = 2', "unknown key weight"),
        (ONE, ONE + ONE, "duplicate target V1"),
        (ONE, "", "at least one [[target]]"),
        ("[[target]]", "[[target]", "not TOML"),
    ],
)
def test_a_mistake_in_the_targets_is_one_line(tmp_path, old, new, says):
    path = tmp_path / "targets.toml"
    path.write_text(ONE.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as problem:
        load_targets(path)
    assert says in str(problem.value) and "\n" not in str(problem.value)
    assert str(path) in str(problem.value)


# --- verdicts -------------------------------------------------------------------------------------

PART = Part("a", "words", "%", "in", "page", low=1.0, high=2.0)


def verdict(values, n1=(9.0,), n2=(9.0,), target=BY_ID["V30"], **changes) -> judge.Judged:
    part = replace(PART, **changes)
    return judge.judge(target, (judge.measured(part, values, n1, n2),), len(values))


@pytest.mark.parametrize(("value", "inside"), [(1.0, True), (2.0, True), (0.999999, False),
                                               (2.000001, False), (math.nan, False),
                                               (math.inf, False)])  # fmt: skip
def test_the_edges_of_a_band_are_inside(value, inside):
    assert verdict([value]).verdict == (PASS if inside else MISS)


def test_a_row_that_a_null_model_passes_too_does_not_count():
    assert verdict([1.5], n1=[1.5]).verdict == UNCOUNTED
    assert verdict([1.5], n2=[2.0]).verdict == UNCOUNTED
    assert "n2" in verdict([1.5], n2=[2.0]).reason
    assert verdict([3.0], n1=[1.5]).verdict == MISS  # and a miss stays on the card


def test_checks_are_not_counted_but_must_hold():
    assert verdict([1.5], check=True).verdict == UNCOUNTED
    assert verdict([5.0], check=True).verdict == BROKEN
    assert verdict([1.5], target=BY_ID["V22"]).verdict == UNCOUNTED


def test_too_few_replicates_or_too_little_behind_a_number_is_no_pass():
    assert verdict([1.5] * 3, target=BY_ID["V19"]).verdict == UNCOUNTED
    assert verdict([1.5] * 10, target=BY_ID["V19"]).verdict == PASS
    rule = judge.measured(
        replace(PART, rule=True, over="sum", low=30.0, high=99.0), [9, 9], [9], [9]
    )
    fact = judge.measured(PART, [1.5, 1.5], [9.0], [9.0])
    assert judge.judge(BY_ID["V30"], (fact, rule), 2).verdict == UNCOUNTED
    assert rule.value == 18.0


def test_the_interval_is_students_and_the_lower_bound_can_be_what_is_judged():
    m = judge.measured(PART, [1.0, 1.5, 2.0], [9.0], [9.0])
    half = 4.302653 * 0.5 / math.sqrt(3)
    assert (m.value, m.low, m.high) == pytest.approx((1.5, 1.5 - half, 1.5 + half))
    assert verdict([1.0, 1.5, 2.0]).verdict == PASS
    assert verdict([1.0, 1.5, 2.0], judge="low").verdict == MISS
    assert math.isnan(judge.measured(PART, [1.0, 2.0], [9.0], [9.0]).low)
    assert math.isnan(judge.measured(PART, [1.0, math.nan, 1.5], [9.0], [9.0]).value)


def test_misses_come_first_and_nothing_is_left_out():
    cards = [verdict([1.5]), judge.not_run(BY_ID["V1"], "no trial yet"), verdict([5.0])]
    assert [row.verdict for row in judge.order(cards)] == [MISS, PASS, NOT_RUN]
    text = "\n".join(card.lines(cards))
    assert text.index("MISS") < text.index("PASS") < text.index("NOT RUN (no trial yet)")
    assert "out of sample" in text and "in sample" in text
    score = judge.score(cards)
    assert (len(score[PASS]), len(score[MISS]), len(score[NOT_RUN])) == (1, 1, 1)
    assert len(card.table(cards)) == 3


# --- the model against the card ------------------------------------------------------------------

#: Targets that a run of the default region can answer.
DEFAULT = tuple(t for t in TARGETS if t.needs == "default")


def card_of(folder, scenario, targets) -> list[judge.Judged]:
    """Return the verdicts on targets of the scenario itself, from one replicate run here."""
    with StoreWriter(folder) as store:
        runs = runs_of(scenario, 1, {"default": 1})
        found = collect(runs, store, Progress("t", quiet=True), Workers(0), design="t")
    return [judged(target, found) for target in targets]


@pytest.fixture(scope="module")
def cards(tmp_path_factory) -> dict[str, list[judge.Judged]]:
    """Judge the default model and one in which cities do not grow and nobody has access.

    A small sample: what is tested is that the card tells the two apart, not the model's score.
    """
    base = load_scenario("shaoyang", sample=0.005)
    broken = base.with_(**{"pull.enabled": False, "access.enabled": False})
    folder = tmp_path_factory.mktemp("cards")
    return {
        name: card_of(folder / name, scenario, DEFAULT)
        for name, scenario in (("default", base), ("broken", broken))
    }


def inside(rows: list[judge.Judged], target: str, key: str) -> bool | None:
    row = next(row for row in rows if row.target.id == target)
    return next(m.inside for m in row.parts if m.part.key == key)


def test_a_model_without_cities_and_access_misses_what_it_should(cards):
    missed = {row.target.id for row in cards["broken"] if row.verdict == MISS}
    assert missed >= {"V4", "V8", "V15", "V21", "V25", "V26", "V27"}
    # and the control: the default model does not miss these numbers
    for target, key in (("V25", "earlier"), ("V26", "villages"), ("V29", "early")):
        assert inside(cards["default"], target, key), (target, key)
    assert not inside(cards["broken"], "V25", "earlier")
    assert not inside(cards["broken"], "V26", "villages")


def test_the_null_models_score_next_to_nothing(cards):
    score = judge.score(cards["default"])
    for name in ("n1_passes", "n2_passes"):
        assert len(score[name]) <= 3, score[name]  # of 18 targets of the default region
    assert not {*score["n1_passes"], *score["n2_passes"]} & set(score[PASS])


def test_validate_writes_the_whole_card_and_refuses_a_short_span(tmp_path, monkeypatch):
    small = tuple(t for t in TARGETS if t.id in ("V1", "V13", "V18", "V27"))
    monkeypatch.setattr("experiments.validate.load_targets", lambda: small)
    scenario = load_scenario("shaoyang", sample=0.005)
    options = {"quick": True, "replicates": 1, "workers": Workers(0)}
    with OutputFolder(tmp_path) as out:
        result = run_validate(scenario, 1, out, Progress("t", quiet=True), **options)
    # again: everything is found, nothing is run, and the card is the same
    monkeypatch.setattr("experiments.scorecard.needs.run", None)
    monkeypatch.setattr("experiments.engine.attempt", None)
    with OutputFolder(tmp_path) as out:
        again = run_validate(scenario, 1, out, Progress("t", quiet=True), **options)
    assert again["lines"] == result["lines"]
    written = json.loads((tmp_path / "scorecard.json").read_text())
    assert [t["id"] for t in written["targets"]] == ["V1", "V13", "V18", "V27"]
    assert written["targets"][0]["verdict"] == NOT_RUN and written["targets"][0]["reason"]
    assert written["scenario"]["name"] == "shaoyang" and written["commit"]
    table = pd.read_csv(tmp_path / "scorecard.csv")
    assert set(table["target"]) == {"V1", "V13", "V18", "V27"}
    assert "| **V13** |" in (tmp_path / "scorecard.md").read_text()
    assert {"scorecard", "V13", "V18", "V27"} <= drawn(result, tmp_path)
    with OutputFolder(tmp_path) as out, pytest.raises(InputError, match="252"):
        run_validate(scenario.with_(months=120), 1, out, Progress("t", quiet=True))


def test_parameters_that_are_set_hold_in_every_scenario_that_a_target_needs():
    base = load_scenario("shaoyang", ["migration.kappa=1.5", "land.overgrown=20"])
    assert changed(base) == {"migration.kappa": 1.5, "land.overgrown": 20.0}
    for name in ("clusters", "nation", "programmes", "network", "hukou", "cold", "trial"):
        for arm in NEEDS[name].runs(base).values():
            assert arm.group("migration").kappa == 1.5 and arm.group("land").overgrown == 20.0
    # but what makes an arm stays: V7 compares with and without the network
    steady = NEEDS["network"].runs(load_scenario("shaoyang", ["migration.network=0.4"]))
    assert steady["with"].group("migration").network == 0.4
    assert steady["without"].group("migration").network == 0.0
    assert changed(load_scenario("qinghe")) == {}


def test_needs_with_an_arm_in_common_are_run_together_and_give_what_they_give_alone(monkeypatch):
    asked = [row for row in asks({"default": 2, "cold": 1, "hukou": 1, "nation": 1, "trial": 3})]
    assert asked[0] == (0, "hukou+cold+default") and (1, "default") in asked
    assert asked[-1][1] == "trial" and len(asked) == 6
    assert asks({"default": 1, "cold": 1}, alone=True) == [(0, "cold+default, model alone")]
    small = Synthetic(width=10, height=10, counties=2)
    scenario = load_scenario("shaoyang", region=small, sample=0.02, months=24)
    runs, run = [], NEEDS["default"].run

    def counted(arm, seed):
        runs.append(arm.digest())
        return run(arm, seed)

    for name in ("cold", "default"):
        monkeypatch.setitem(NEEDS, name, NEEDS[name]._replace(run=counted))
    together = left_by(scenario, 1, "cold+default")["values"]
    assert len(runs) == 2  # with and without a cold chain, not three
    apart = [left_by(scenario, 1, name)["values"] for name in ("cold", "default")]
    pd.testing.assert_frame_equal(together, pd.concat(apart, ignore_index=True))


def test_a_target_that_cannot_be_run_says_why_instead_of_failing():
    values = left_by(load_scenario("shaoyang", ["access.buying=false"]), 1, ask("trial"))["values"]
    assert list(values["target"]) == ["V1", "V2"] and (values["part"] == "").all()
    row = judged(BY_ID["V1"], values.assign(replicate=0))
    assert row.verdict == NOT_RUN and "access" in row.reason


def drawn(result, folder: Path) -> set[str]:
    from viz.scorecard import scorecard_figures

    with OutputFolder(folder) as out:
        files = scorecard_figures(result, out, result["provenance"])
    assert all(path.stat().st_size > 2000 for path in files)
    return {path.stem for path in files}


def test_a_region_without_later_censuses_is_judged_on_the_rest(tmp_path):
    scenario = load_scenario("qinghe", sample=0.02)
    rows = card_of(tmp_path, scenario, (BY_ID["V18"], BY_ID["V13"]))
    assert [row.verdict for row in rows][0] == NOT_RUN
    assert "census" in rows[0].reason and rows[1].verdict in (MISS, PASS, UNCOUNTED)


def test_the_docs_show_the_card_with_the_bands_of_the_targets_and_the_readme_its_head():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    head = readme.partition("<!-- scorecard -->")[2].partition("<!-- end of scorecard -->")[0]
    shown = (ROOT / "docs" / "scorecard.md").read_text(encoding="utf-8")
    rest = [line for line in shown.splitlines() if line and not line.startswith("|")]
    assert [line for line in head.splitlines() if line] == rest
    for target in TARGETS:
        assert f"| **{target.id}** |" in shown, target.id
        for part in target.parts:
            row = f"| {part.words}, {part.unit}"
            if part.judged and row in shown:
                after = shown.partition(row)[2].partition("\n")[0]
                assert f"| {card.band(judge.measured(part, [], [], []))} |" in after, part.words


def test_every_rate_of_n2_has_a_source():
    assert all(rate.source for rate in load_rates())


def test_bad_options_of_validate_are_one_line_with_status_2(shell):
    for words in (["--replicates", "0"], ["--months", "120"], ["nowhere"]):
        done = shell("validate", *words)
        assert done.returncode == 2, words
        assert len(done.stderr.strip().splitlines()) == 1
