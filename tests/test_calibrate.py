"""Calibration: what is known is found again, what nothing is known of is not, and it resumes."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from experiments.calibrate import Effort, _as_scenario, rounded, run_calibrate
from experiments.output import OutputFolder
from experiments.posterior import infer, read_posterior
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.scorecard.evidence import left_by
from experiments.search import Trial
from experiments.space import FARTHEST, Moment, loss, read_space
from experiments.spread import drawn
from experiments.store import Store
from experiments.uncertain import worlds
from experiments.workers import Workers
from model.errors import InputError
from model.patches import Intervention
from model.registry import parameter_table
from model.scenario import load_scenario

BASE = load_scenario()
QUIET, HERE = Progress("test", quiet=True), Workers(0)
RANGES = {
    "migration.kappa": (1.0, 4.0),
    "migration.stay": (0.3, 1.2),
    "migration.taste": (0.3, 0.7),
}
TRUTH = {"migration.kappa": 2.2, "migration.stay": 0.8}
SPACE = """
name = "toy"
scenario = "shaoyang"
months = 12
replicates = 2
[ranges.migration]
kappa = [1.0, 4.0]
stay = [0.3, 1.2]
taste = [0.3, 0.7]
[facts.V13]
y2007 = { value = 20.0, error = 1.0 }
y2014 = { value = 17.4, error = 1.0 }
[facts.V27]
y2010 = { value = 0.0, error = 1.0 }
"""


def numbers(kappa: float, stay: float, luck: np.random.Generator) -> dict[tuple[str, str], float]:
    """Return what a toy model gives: two numbers that tell of two parameters, one that does not.

    At the truth, without luck: 20, 17.4, 0. No number depends on the third parameter.
    """
    e = luck.normal(0.0, 0.3, 3)
    return {
        ("V13", "y2007"): 10.0 * kappa + 5.0 * stay - 6.0 + e[0],
        ("V13", "y2014"): 30.0 * stay - 3.0 * kappa + e[1],
        ("V27", "y2010"): e[2],
    }


def toy(scenario, seed, asked):
    """Stand in for a run of the scorecard."""
    assert asked == "default, model alone"
    p = scenario.group("migration")
    return values(numbers(p.kappa, p.stay, np.random.default_rng(seed)))


def deaf(scenario, seed, asked):
    """Give numbers that depend on the seed and on a hash of the point, not on its values."""
    p = scenario.group("migration")
    generator = np.random.default_rng([seed, hash((p.kappa, p.stay, p.taste)) % 2**32])
    return values({key: generator.normal() for key in numbers(1.0, 1.0, generator)})


def values(found):
    """Return the table that a run of the scorecard leaves."""
    rows = [
        {"target": t, "part": p, "model": v, "n1": np.nan, "n2": np.nan, "reason": ""}
        for (t, p), v in found.items()
    ]
    return {"values": pd.DataFrame(rows)}


def calibrate(tmp_path, function=toy, text=SPACE, **effort):
    """Return the result of the toy's calibration."""
    path = tmp_path / "space.toml"
    path.write_text(text, encoding="utf-8")
    with OutputFolder(tmp_path / "o") as out:
        measure = Measure("toy-1", function) if function else None
        spent = Effort(**({"budget": 64, "draws": 60} | effort))
        measure = Measure("toy-1", function) if function else None
        spent = Effort(**({"budget": 64, "draws": 60} | effort))
        return run_calibrate(read_space(str(path)), out, QUIET, spent, HERE, measure)


def test_known_parameters_are_found_again_and_the_one_that_nothing_tells_of_is_left(tmp_path):
    result = calibrate(tmp_path)
    screened = {row["parameter"]: row["calibrated"] for row in result["screening"]}
    assert screened == {"migration.kappa": True, "migration.stay": True, "migration.taste": False}
    assert any("migration.taste" in line and "0.3 to 0.7" in line for line in result["lines"])
    assert result["best"]["loss"] < 0.5 < result["start"]["loss"]
    found = {row["parameter"]: row for row in result["posterior"]}
    assert set(found) == set(TRUTH)
    for key, truth in TRUTH.items():
        row = found[key]
        assert row["informed"] and row["low"] <= truth <= row["high"], row
        assert row["width"] < 0.4  # and it is an answer, not the whole range
    draws, origin = read_posterior(tmp_path / "o" / "posterior.parquet")
    assert len(draws) == 200 and set(draws[0]) == set(TRUTH)
    assert origin["provenance"]["scenario_digest"] and origin["effort"]["draws"] == 60
    patch = (tmp_path / "o" / "best.toml").read_text()
    assert 'parent = "shaoyang"' in patch and "set.migration.kappa" in patch
    page = (tmp_path / "o" / "calibrate.md").read_text()
    kappa = f"{rounded(result['best']['point']['migration.kappa'])} | "
    assert f"| {kappa}{rounded(found['migration.kappa']['median'])} [" in page
    assert "| `migration.taste` | 0.3 to 0.7 |" in page
    inside = [sum(fact[f"{at}_inside"] for fact in result["facts"]) for at in ("start", "best")]
    assert inside[0] < inside[1] == len(result["facts"]) == len(result["moments"])
    assert page.count("(out)") == inside[1] - inside[0]
    assert (rounded(79_512.3), rounded(0.00948)) == ("79,500", "0.00948")


def test_from_numbers_that_hold_no_information_the_posterior_is_the_prior_and_it_is_said(tmp_path):
    result = calibrate(tmp_path, deaf, trajectories=0, budget=8)
    for row in result["posterior"]:
        assert not row["informed"] and row["width"] > 0.9, row
    said = [line for line in result["lines"] if "say nothing about it" in line]
    assert len(said) == 3


def test_a_calibration_cut_and_resumed_is_the_same(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
    whole = calibrate(tmp_path / "a", budget=48, draws=0)
    assert len(whole["trials"]) == 24
    calibrate(tmp_path / "b", budget=14, draws=0)  # a smaller budget first
    left = iter(range(45))

    def stopped(scenario, seed, asked):  # and Ctrl-C in the midst of a batch of points
        if next(left, None) is None:
            raise KeyboardInterrupt
        return toy(scenario, seed, asked)

    with pytest.raises(KeyboardInterrupt):
        calibrate(tmp_path / "c", stopped, budget=48, draws=0)
    for name in "bc":
        resumed = calibrate(tmp_path / name, budget=48, draws=0)
        assert resumed["trials"] == whole["trials"]
        assert Store(tmp_path / name / "o").runs()["key"].is_unique
    again = calibrate(tmp_path / "b", raising, budget=48, draws=0)  # nothing is left to do
    assert again["trials"] == whole["trials"]


def raising(scenario, seed, asked):
    """Fail: nothing should be run."""
    raise AssertionError


def test_the_interval_of_the_posterior_holds_the_truth_as_often_as_it_says():
    """Of 40 worlds with 2 parameters, 80 intervals of 95%: fewer than 70 would be by no chance."""
    held = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        ranges = {key: RANGES[key] for key in TRUTH}
        theta = np.array([list(p.values()) for p in worlds(ranges, 60, seed)])
        given = np.array([list(numbers(*row, generator).values()) for row in theta])
        truth = [generator.uniform(low + 0.1, high - 0.1) for low, high in ranges.values()]
        real = np.array(list(numbers(*truth, generator).values()))
        real[:2] += generator.normal(0.0, 1.0 / 1.96, 2)  # the fact's own error
        moments = tuple(Moment("V", str(i), "", "", v - 1, v + 1, v, 1.0)
                        for i, v in enumerate(real))  # fmt: skip
        found = infer(ranges, theta, given, moments, seed).summary
        held += int(((found["low"] <= truth) & (truth <= found["high"])).sum())
    assert 70 <= held <= 80


def test_the_distance_is_that_to_the_centre_in_half_widths_and_open_bands_have_a_good_side():
    closed = Moment("V1", "a", "", "", 2.0, 6.0, 4.0, 2.0)
    assert list(closed.distance(np.array([4.0, 6.0, 0.0, np.nan, np.inf]))) == [
        0.0, 1.0, 2.0, FARTHEST, FARTHEST,
    ]  # fmt: skip
    least = Moment("V1", "b", "", "", 15.0, np.inf, 15.0, 15.0)
    assert list(least.distance(np.array([30.0, 15.0, 0.0]))) == [0.0, 0.0, 1.0]
    most = Moment("V2", "a", "", "", -np.inf, 6.0, 6.0, 6.0)
    assert list(most.distance(np.array([1.0, 12.0]))) == [0.0, 1.0]
    # a target counts once, however many numbers it has
    points = np.array([[6.0, 0.0, 1.0], [4.0, 15.0, 12.0]])
    assert loss((closed, least, most), points) == pytest.approx([0.5**0.5, 0.5**0.5])


def test_the_default_space_is_of_facts_up_to_2015_alone():
    space = read_space("default")
    assert space.needs == ("default",) and len(space.moments) >= 15
    assert "V13.late" not in {m.name for m in space.moments}
    assert {"V13.y2014", "V27.y2010"} <= {m.name for m in space.moments}
    assert all(low < high for low, high in space.ranges.values())
    # and what the registry calls calibrated is what it calibrates
    table = parameter_table()
    known = table[table["status"] == "calibrated"]
    assert set(space.ranges) == set(known["group"] + "." + known["name"])


TINY = """
scenario = "shaoyang"
months = 60
sample = 0.02
replicates = 1
region = { synthetic = { width = 10, height = 10, counties = 2 } }
ranges.land.lease_cost_2005 = [150.0, 500.0]
facts.V13.y2007 = { value = 0.0, error = 2.0 }
"""


def test_the_model_itself_is_calibrated_on_a_tiny_world(tmp_path):
    """Leases of 2007 that the model gives at a cost of 200 yuan lead back to about that cost."""
    (tmp_path / "a.toml").write_text(TINY)
    scenario = read_space(str(tmp_path / "a.toml")).scenario
    real = left_by(scenario.with_(**{"land.lease_cost_2005": 200.0}), 9, "default, model alone")
    leased = real["values"].set_index(["target", "part"])["model"]["V13", "y2007"]
    text = TINY.replace("value = 0.0", f"value = {leased}")
    result = calibrate(tmp_path, None, text, trajectories=0, budget=4, draws=20)
    (row,) = result["posterior"]
    assert row["informed"] and row["low"] <= 200.0 <= row["high"] and row["width"] < 0.7, row
    # a number that 60 months cannot give is left out, and it is said
    text = text.replace("facts.V13.y2007", 'targets = ["V27"]\nfacts.V13.y2007')
    again = calibrate(tmp_path, None, text, trajectories=0, budget=4, draws=0)
    assert [m["part"] for m in again["moments"]] == ["y2007"]
    assert any("V27.y2010 is undefined" in line for line in again["lines"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kappa =", "kapa =", "unknown parameter migration.kapa; valid: migration.kappa"),
        ("kappa = [1.0, 4.0]", "kappa = [4.0, 1.0]", "valid: low < high"),
        ("[facts.V13]", "[facts.V99]", "unknown key target V99"),
        ("y2007 =", "y2008 =", "unknown key facts.V13.y2008"),
        ("error = 1.0", "error = 0.0", "error = number above 0"),
        ("replicates = 2", "replicates = 0", "valid: a whole number from 1"),
        ('name = "toy"', "name = 3", "name = 3; valid: a text"),
        ("months = 12", "month = 12", "unknown key month"),
        ("[ranges.migration]", "[set.migration]", "missing key ranges"),
    ],
)
def test_a_mistake_in_a_space_is_one_line(tmp_path, old, new, says):
    path = tmp_path / "space.toml"
    text = SPACE.replace(old, new, 1)
    if "set.migration" in new:
        text = text.replace("[1.0, 4.0]", "2.0").replace("[0.3, 1.2]", "0.9")
        text = text.replace("[0.3, 0.7]", "0.5")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as problem:
        read_space(str(path))
    assert says in str(problem.value) and str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_the_headline_draws_what_is_calibrated_from_the_posterior_and_the_rest_as_before(tmp_path):
    calibrate(tmp_path, trajectories=0, budget=4)
    file = tmp_path / "o" / "posterior.parquet"
    rows, _ = read_posterior(file)
    points, words = drawn(BASE, 7, 1, file)
    assert len(points) == 7 and words["posterior"]["parameters"] == list(RANGES)
    for point in points:
        assert {key: point[key] for key in RANGES} in rows
    plain, _ = drawn(BASE, 7, 1, None)
    assert set(plain[0]) - {"migration.kappa", "migration.taste"} == set(points[0]) - set(RANGES)
    assert len(drawn(BASE, 0, 1, file)[0]) == 40


def test_what_a_scenario_sets_is_not_drawn_for_the_whole_run_or_from_a_date_on(tmp_path):
    """Else the interval of a reform would be that of the baseline."""
    calibrate(tmp_path, trajectories=0, budget=4)
    change = Intervention(84, "migration", "hukou_coast", 0.0)
    reform = replace(BASE.with_(**{"migration.kappa": 3.3}), interventions=(change,))
    for file in (None, tmp_path / "o" / "posterior.parquet"):
        points, words = drawn(reform, 7, 1, file)
        assert "migration.kappa, which the scenario sets" in words["drawn"].replace(
            "migration.hukou_coast, ", ""
        )
        for point in points:
            assert not {"migration.kappa", "migration.hukou_coast"} & set(point)
            world = reform.with_(**point)
            assert world.group("migration").kappa == 3.3 and world.interventions == (change,)


def test_the_best_scenario_is_the_one_that_was_calibrated(tmp_path):
    space = read_space("leases")
    made = replace(space, scenario=space.scenario.with_(**{"migration.remit": 0.2}))
    path = tmp_path / "best.toml"
    path.write_text(_as_scenario(made, Trial(0, {"land.lease_cost_2005": 90.0}, 0.5)))
    found = load_scenario(path)
    assert found.digest() == made.scenario.with_(**{"land.lease_cost_2005": 90.0}).digest()


def test_the_posterior_in_the_docs_is_of_parameters_that_there_are_within_their_ranges():
    draws, _ = read_posterior(ROOT / "docs" / "posterior.parquet")
    assert len(draws) == 200
    known = parameter_table().set_index(["group", "name"])
    for key in draws[0]:
        low, high = known.loc[tuple(key.split(".")), ["low", "high"]]
        assert all(low <= draw[key] <= high for draw in draws), key


def test_what_is_no_posterior_is_one_line(tmp_path):
    pd.DataFrame({"a": [1.0]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("no table")
    for name in ("a", "b", "c"):
        with pytest.raises(InputError, match="--posterior"):
            read_posterior(tmp_path / f"{name}.parquet")


def test_without_the_extra_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="optuna is not installed; valid: the extra"):
        calibrate(tmp_path)


def test_bad_options_of_calibrate_are_one_line_with_status_2(shell):
    for words in (["nowhere"], ["--draws", "5"], ["--trajectories", "1"], ["--budget", "0"]):
        done = shell("calibrate", *words)
        assert done.returncode == 2, words
        assert len(done.stderr.strip().splitlines()) == 1


def test_the_posterior_of_a_calibration_is_drawn(tmp_path):
    from viz.calibrate import draw

    result = calibrate(tmp_path)
    with OutputFolder(tmp_path / "o") as out:
        files = draw(result, out, result["provenance"])
    assert {path.stem for path in files} == {"calibrate_screening", "calibrate_posterior"}
    assert json.loads((tmp_path / "o" / "calibrate.json").read_text())["moments"]
