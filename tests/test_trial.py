"""The randomised trial: its design, its estimators, the field, and the command."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.assignment import SPACING_KM, assign, draw_villages
from experiments.effects import (
    NOTHING,
    first_stage,
    intention_to_treat,
    raised,
    treatment_on_treated,
)
from experiments.field import placebo_households, trial_households, trial_scenario
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.trial import effects, placebo_effects, run_trial
from experiments.workers import Workers
from model.errors import InputError
from model.scenario import load_scenario
from model.switches import Synthetic
from viz.trial import trial_figures

# --- design ---------------------------------------------------------------------------------------


def places(number: int, wide: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    return generator.uniform(0, wide, number), generator.uniform(0, wide, number)


def test_villages_stand_apart_where_there_is_room_and_as_far_as_can_be_where_not():
    x, y = places(400, 100.0)
    rows = draw_villages(x, y, np.arange(400), np.random.default_rng(1))
    assert len(set(rows)) == 100
    away = np.hypot(x[rows][:, None] - x[rows], y[rows][:, None] - y[rows])
    assert away[~np.eye(100, dtype=bool)].min() >= SPACING_KM
    x, y = places(120, 5.0)  # 25 km2 cannot hold them 2.5 km apart
    assert len(set(draw_villages(x, y, np.arange(120), np.random.default_rng(1)))) == 100


def test_arms_are_of_the_published_size_balanced_by_county_and_partly_taken_up():
    county = np.repeat(np.arange(10), 10).astype(np.int16)
    design = assign(np.arange(100), county, np.random.default_rng(3))
    assert design.treated.sum() == 60
    assert design.terminal[design.treated].sum() == 38
    assert design.terminal[~design.treated].sum() == 5
    by_county = np.bincount(county[design.rows], design.treated)
    assert set(by_county) <= {5.0, 6.0, 7.0}
    other = assign(np.arange(100), county, np.random.default_rng(4))
    assert set(other.rows[other.treated]) != set(design.rows[design.treated])


# --- estimators -----------------------------------------------------------------------------------


def households(effect: float, seed: int, shocks: float = 0.05) -> pd.DataFrame:
    """Return 100 villages of 40 households; a terminal raises income by ``effect`` (log)."""
    generator = np.random.default_rng(seed)
    design = assign(np.arange(100), (np.arange(100) // 10).astype(np.int16), generator)
    treated, terminal = (np.empty(100, dtype=int) for _ in range(2))
    treated[design.rows], terminal[design.rows] = design.treated, design.terminal
    village = np.repeat(np.arange(100), 40)
    before = generator.normal(9.5, 0.7, 4000)
    shock = generator.normal(0, shocks, 100)[village] + generator.normal(0, 0.4, 4000)
    after = before + shock + 0.1 * (village // 10) + effect * terminal[village]
    return pd.DataFrame(
        {"village": village, "county": village // 10, "treated": treated[village],
         "terminal": terminal[village], "income_before": np.exp(before),
         "income_after": np.exp(after)}
    )  # fmt: skip


def test_counties_of_one_arm_tell_nothing_and_a_past_that_is_the_county_adds_nothing():
    """Columns that are sums of others: the statistics library refuses them, or warns."""
    trial = households(0.2, 2)
    apart = trial.assign(treated=trial["county"] % 2)
    assert intention_to_treat(apart) == pytest.approx(NOTHING, nan_ok=True)
    assert treatment_on_treated(apart) == pytest.approx(NOTHING, nan_ok=True)
    use = trial.assign(uses_before=(trial["county"] == 3).astype(float))
    use["uses_after"] = np.maximum(use["uses_before"], trial["terminal"])
    without = use.assign(uses_before=0.0)
    assert np.isfinite([*intention_to_treat(use, "uses"), *treatment_on_treated(use, "uses")]).all()
    found, plain = intention_to_treat(use, "uses"), intention_to_treat(without, "uses")
    assert found.low < found.value < found.high and found.households == plain.households


def test_on_the_treated_is_by_assignment_over_the_first_stage():
    """Just identified: exactly so in logs without covariates, near it with them."""
    trial = households(np.log(1.2), 1)
    itt, tot = intention_to_treat(trial), treatment_on_treated(trial)
    assert first_stage(trial) == pytest.approx(38 / 60 - 5 / 40)
    ratio = np.log1p(itt.value / 100) / np.log1p(tot.value / 100)
    assert ratio == pytest.approx(first_stage(trial), abs=0.05)
    assert tot.low < 20.0 < tot.high and tot.low > 0.0


def test_an_effect_put_in_is_found_and_moves_the_estimate_by_just_that():
    trial = households(0.0, 2)
    assert raised(intention_to_treat(trial), 0.10).low > 0.0
    lifted = trial.assign(income_after=trial["income_after"] * (1 + 0.10 * trial["treated"]))
    found, moved = intention_to_treat(lifted), raised(intention_to_treat(trial), 0.10)
    assert found[:3] == pytest.approx(moved[:3], rel=1e-9)


def test_errors_are_clustered_by_village():
    """Control: the same households, each its own village, look far surer than they are."""
    trial = households(0.0, 3, shocks=0.15)  # a design effect of some 6: errors 2.4 times as wide
    alone = trial.assign(village=np.arange(len(trial)))
    clustered, naive = (intention_to_treat(t) for t in (trial, alone))
    assert clustered.high - clustered.low > 1.7 * (naive.high - naive.low)


def test_too_few_villages_or_no_take_up_give_no_number():
    trial = households(0.0, 4)
    few = trial[trial["village"].isin([0, 1, 2])]
    assert intention_to_treat(few) == pytest.approx(NOTHING, nan_ok=True)
    idle = trial.assign(terminal=0)
    assert treatment_on_treated(idle) == pytest.approx(NOTHING, nan_ok=True)
    drawn = np.random.default_rng(4).random(int(trial["village"].max()) + 1) < 0.5
    blind = trial.assign(terminal=drawn[trial["village"]].astype(int))  # whatever the arm
    assert treatment_on_treated(blind) == pytest.approx(NOTHING, nan_ok=True)
    by_county = trial.assign(county=trial["village"] // 10)
    settled = by_county.assign(terminal=(by_county["county"] == 0).astype(int))  # by place alone
    assert treatment_on_treated(settled) == pytest.approx(NOTHING, nan_ok=True)


# --- the field ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def field() -> dict[str, pd.DataFrame]:
    """A trial and its placebo in one small world."""
    scenario = trial_scenario(load_scenario("shaoyang", sample=0.007))
    return {"trial": trial_households(scenario, 1), "placebo": placebo_households(scenario, 1)}


def test_a_terminal_opens_where_it_was_meant_to_and_nowhere_else(field):
    villages = field["trial"].groupby("village")[["treated", "terminal"]].first()
    share = villages.groupby("treated")["terminal"].mean()
    assert share[1] == pytest.approx(38 / 60, abs=0.05)
    assert share[0] == pytest.approx(5 / 40, abs=0.05)
    assert (field["placebo"]["terminal"] == 0).all()
    size = field["trial"].groupby("village").size()
    assert size.median() >= 30  # of 40 households some have left, or were gone before
    assert (field["trial"].loc[field["trial"]["terminal"] == 0, "uses_after"] == 0).all()


def test_before_terminals_open_trial_and_placebo_are_one_world(field):
    both = field["trial"].merge(field["placebo"], on="household", suffixes=("", "_placebo"))
    assert len(both) > 0.95 * len(field["trial"])
    for column in ("income_before", "index_before", "buys_before"):
        assert (both[column] == both[f"{column}_placebo"]).all()
    assert (both["index_after"] != both["index_after_placebo"]).any()


def test_terminals_bring_users_and_the_placebo_brings_no_more_than_luck(field):
    found = effects(field["trial"]).set_index(["group", "outcome", "estimator"])["low"]
    assert found["all", "uses", "ITT"] > 0.0
    fakes = placebo_effects(field["placebo"], 1, 60)
    wrong = np.mean([e.low > 0.0 or e.high < 0.0 for e in fakes])
    assert wrong <= 0.2  # 60 draws of 5%: above 20% but for a chance under 1 in 10,000


# --- the command ----------------------------------------------------------------------------------


def test_a_scenario_without_access_or_villages_gives_no_trial():
    with pytest.raises(InputError, match=r"access\.enabled"):
        trial_scenario(load_scenario("shaoyang", ["access.enabled=false"]))
    tiny = load_scenario("shaoyang", region=Synthetic(width=10, height=10, counties=2))
    with pytest.raises(InputError, match="larger --sample"):
        trial_households(trial_scenario(tiny), 1)
    thin = trial_scenario(load_scenario("shaoyang", ["world.cluster_households=20"]))
    assert thin.group("world").cluster_households == 38


def test_bad_options_are_one_line_with_status_2(shell):
    for words in (["--trials", "0"], ["--set", "access.buying=false"], ["nowhere"]):
        done = shell("trial", *words)
        assert done.returncode == 2, (words, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1


def test_its_files_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.trial.PLACEBO_DRAWS", 10)
    scenario = load_scenario("shaoyang", sample=0.007)
    with OutputFolder(tmp_path / "out") as out:
        quiet = Progress("t", quiet=True)
        result = run_trial(scenario, 1, out, quiet, trials=2, workers=Workers(0))
        trial_figures(result, out, result["provenance"])
    written = json.loads((tmp_path / "out" / "trial.json").read_text())
    assert written["design"]["trials"] == 2 and written["scenario"]["months"] == 168
    assert written["placebo_draws"] == 20 and set(written["power"]) >= {"10"}
    table = pd.read_csv(tmp_path / "out" / "trial.csv")
    assert set(table["trial"]) == {0, 1} and set(table["estimator"]) == {"ITT", "TOT"}
    assert (tmp_path / "out" / "trial_households.parquet").stat().st_size > 0
    assert {p.name for p in (tmp_path / "out" / "figures").iterdir()} == {
        f"{stem}.{kind}" for stem in ("trial", "trial_power") for kind in ("png", "svg")
    }
    assert any("household income" in line for line in result["lines"])
