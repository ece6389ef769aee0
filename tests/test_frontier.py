"""Frontier: roots of a known response, intervals that cover it, and plain words where none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.frontier import Question, crossings, run_frontier
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.workers import Workers
from model import load_scenario
from model.errors import InputError
from model.indicators import VILLAGE

QUIET, HERE = Progress("test", quiet=True), Workers(0)


def response(scenario, seed):
    """Stand in for a run: a loss of 100 less 40 (kappa - 1.07); access.scale^2 of 100 comes back.

    freight.cost_scale gives up to 10 more, each world has luck of its own in the return.
    """
    luck = np.random.default_rng(seed).standard_normal(2)
    value = 1000.0 + 100.0 * luck[0]
    if scenario.group("pull").enabled:
        value -= 100.0 - 40.0 * (scenario.group("migration").kappa - 1.07)
    access = scenario.group("access")
    if access.enabled:
        value += (100.0 + 3.0 * luck[1]) * access.scale**2
        value += 12.5 * (1.0 - scenario.group("freight").cost_scale)
    return {"region": pd.DataFrame([{"year": 2023} | {i.name: value for i in VILLAGE}])}


def asked(tmp_path, **changes):
    """Return the answer to a question about the stub."""
    with OutputFolder(tmp_path / "o") as out:
        return run_frontier(
            load_scenario(), 1, out, QUIET, Question(**changes), HERE, Measure("r-1", response)
        )


def test_the_root_of_a_parabola(tmp_path):
    """x^2 = 0.25 at 0.5 and 0.81 at 0.9, within 1% and inside the interval, which has a width."""
    result = asked(tmp_path, levers=("access.scale",), targets=(0.25, 0.81), replicates=8, rounds=4)
    for found, truth in zip(result["roots"], (0.5, 0.9)):
        assert found["value"] == pytest.approx(truth, abs=0.015)
        assert found["low"] - 0.005 <= truth <= found["high"] + 0.005
        assert 0.0 < found["high"] - found["low"] < 0.1 and found["reached"] == 1.0
    assert abs(result["roots"][0]["value"] - 0.45) > 0.015  # the control: not any number will do


def test_not_reached_is_said(tmp_path):
    """Freight alone, without access, gives 0.1 at most: no root is made up."""
    small = {"levers": ("freight.cost_scale",), "targets": (1.5,), "replicates": 3}
    result = asked(tmp_path, **small)
    found = result["roots"][0]
    assert found["value"] is None and found["reached"] == 0.0
    assert found["best_at"] == 0.2 and found["best"] == pytest.approx(1.1, abs=0.05)
    assert any("not reached within the lever's range, 0.2 to 1" in line for line in result["lines"])


def test_exceeded_everywhere_is_not_called_missed(tmp_path):
    """Access at its full strength gives 1 at the dearest freight: a quarter is no target."""
    result = asked(tmp_path, levers=("freight.cost_scale",), targets=(0.25,), replicates=3)
    assert "exceeded all over its range" in result["lines"][1]


def test_flips_together_and_phase(tmp_path):
    """The loss turns at kappa 3.57; the return does not; levers together; a grid with its best."""
    result = asked(
        tmp_path, levers=("access.scale", "freight.cost_scale"), targets=(0.5,),
        flips=("migration.kappa",), phase=("access.scale", "freight.cost_scale"), grid=3,
        replicates=3,
    )  # fmt: skip
    roots = {(r["parameter"], r["quantity"]): r for r in result["roots"]}
    assert roots["migration.kappa", "loss"]["value"] == pytest.approx(3.57, abs=0.01)
    assert roots["migration.kappa", "return"]["value"] is None
    assert any("does not flip within its range, 1 to 4" in line for line in result["lines"])
    assert result["together"]["settings"] == {"access.scale": 1.0, "freight.cost_scale": 0.2}
    assert result["together"]["value"] == pytest.approx(1.1, abs=0.05)
    assert len(result["phase"]["points"]) == 9
    assert {"frontier.json", "frontier.csv"} <= {p.name for p in (tmp_path / "o").iterdir()}


def test_no_loss_no_frontier(tmp_path):
    """Where the pull is a gain there is nothing to offset."""
    with OutputFolder(tmp_path / "o") as out:
        result = run_frontier(
            load_scenario().with_(**{"migration.kappa": 4.0}), 1, out, QUIET,
            Question(levers=("access.scale",), replicates=3), HERE, Measure("r-1", response),
        )  # fmt: skip
    assert result["roots"] == [] and "so no frontier" in result["lines"][1]


def test_crossings_of_lines():
    """Between points, at points, at the end, and nowhere."""
    x = np.array([0.0, 1.0, 2.0])
    assert crossings(x, np.array([0.0, 1.0, 0.0]), 0.5).tolist() == [0.5, 1.5]
    assert crossings(x, np.array([0.0, 1.0, 2.0]), 1.0).tolist() == [1.0]
    assert crossings(x, np.array([0.0, 1.0, 2.0]), 2.0).tolist() == [2.0]
    assert crossings(x, np.array([0.0, 1.0, 2.0]), 3.0).tolist() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"levers": ("migration.kappa",)}, "--levers: migration.kappa; valid: access.scale"),
        ({"phase": ("access.scale",)}, "--phase: access.scale; valid: two levers"),
        ({"outcome": "labor"}, "--outcome: labor; valid: labour"),
        ({"flips": ("access.scale",)}, "--flips: access.scale is a lever"),
    ],
)
def test_a_wrong_question_is_refused(tmp_path, changes, said):
    """One line, before the first run."""
    with pytest.raises(InputError, match=said):
        asked(tmp_path, **changes)
