"""Sensitivity: indices of a known function, the registry's bounds, holes that are not hidden."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.replies import indicator
from experiments.runs import Measure
from experiments.sensitivity import Question, design, points_of, run_sensitivity
from experiments.uncertain import LEVERS, lever_ranges, registered, uncertain_ranges
from experiments.workers import Workers
from model import load_scenario
from model.errors import InputError
from model.indicators import VILLAGE
from model.registry import parameter_table

QUIET, HERE = Progress("test", quiet=True), Workers(0)
THREE = ("migration.kappa", "migration.review", "migration.taste")


def ishigami(scenario, seed):
    """Stand in for a run: Ishigami and Homma (1990), a = 7, b = 0.1, of three parameters."""
    angles = []
    for key in THREE:
        low, high = registered(key, "test")
        value = getattr(scenario.group("migration"), key.split(".")[1])
        angles.append(math.pi * (2.0 * (value - low) / (high - low) - 1.0))
    x, y, z = angles
    row = {i.name: 1.0 for i in VILLAGE}
    row["shops"] = math.sin(x) + 7.0 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)
    return {"region": pd.DataFrame([{"year": 2023, **row}])}


STUB = Measure("ishigami-1", ishigami)


def asked(tmp_path, **changes):
    """Return the result of a question about the stub."""
    question = Question(**({"indicators": ("shops",), "parameters": THREE} | changes))
    with OutputFolder(tmp_path / "o") as out:
        return run_sensitivity(load_scenario(), 3, out, QUIET, question, HERE, STUB)


def test_sobol_indices_of_ishigami(tmp_path):
    """First order 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437 (Saltelli et al. 2008).

    Of 512 base points the standard error is at most about 0.04: each is met within twice that.
    """
    result = asked(tmp_path, trajectories=0, points=512)
    table = pd.DataFrame(result["indices"]).set_index(["index", "parameter"])
    for index, truth in (("first", (0.3139, 0.4424, 0.0)), ("total", (0.5576, 0.4424, 0.2437))):
        for key, value in zip(THREE, truth):
            assert table.loc[(index, key), "value"] == pytest.approx(value, abs=0.08)
            assert 0.0 < table.loc[(index, key), "half_width"] < 0.2
    # the control: what is said of one parameter is not true of another
    assert abs(table.loc[("first", THREE[0]), "value"] - 0.4424) > 0.08


def test_morris_screens_out_what_does_nothing(tmp_path):
    """A fourth parameter that the function does not read has mu* 0 and is not kept for Sobol."""
    four = (*THREE, "migration.stay")
    result = asked(tmp_path, parameters=four, trajectories=8, points=2, keep=3)
    table = pd.DataFrame(result["indices"])
    mu = table[table["index"] == "mu_star"].set_index("parameter")["value"]
    assert mu["migration.stay"] == 0.0 and (mu[list(THREE)] > 0.1).all()
    assert set(table.loc[table["method"] == "sobol", "parameter"]) == set(THREE)


def test_files_and_resumption(tmp_path):
    """The table in two forms with provenance; the same command again runs nothing and agrees."""
    first = asked(tmp_path, trajectories=4, points=4)
    done = []

    def watched(scenario, seed):
        done.append(seed)
        return ishigami(scenario, seed)

    question = Question(("shops",), THREE, trajectories=4, points=4)
    with OutputFolder(tmp_path / "o") as out:
        again = run_sensitivity(
            load_scenario(), 3, out, QUIET, question, HERE, Measure("ishigami-1", watched)
        )
    assert not done
    pd.testing.assert_frame_equal(*(pd.DataFrame(r["indices"]) for r in (again, first)))
    content = json.loads((tmp_path / "o" / "sensitivity.json").read_text())
    assert {"provenance", "ranges", "indices", "not_computed"} <= set(content)
    assert len(pd.read_csv(tmp_path / "o" / "sensitivity.csv")) == len(first["indices"])


def test_a_failed_run_makes_the_design_incomplete(tmp_path):
    """No index is computed from the others."""

    def fails(scenario, seed):
        if scenario.group("migration").kappa < 1.5:
            raise ArithmeticError("books open")
        return ishigami(scenario, seed)

    question = Question(("shops",), THREE, trajectories=4, points=0)
    with (
        OutputFolder(tmp_path / "o") as out,
        pytest.raises(RuntimeError, match="design is incomplete.*runs failed.*books open"),
    ):
        run_sensitivity(load_scenario(), 3, out, QUIET, question, HERE, Measure("f-1", fails))
    assert not (tmp_path / "o" / "sensitivity.json").exists()


def test_an_indicator_without_a_value_somewhere_has_no_indices(tmp_path):
    """The stub has no loss, so no offset: it is said, and the other indicator is computed."""
    result = asked(tmp_path, indicators=("offset.labour", "shops"), trajectories=4, points=0)
    assert {row["indicator"] for row in result["indices"]} == {"shops"}
    assert "offset.labour is undefined at" in result["not_computed"][0]
    assert any("NOT COMPUTED" in line for line in result["lines"])


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_points_stay_inside_the_registry(method):
    """Also at the ends, where scaling may step outside by a rounding; whole if they count."""
    ranges = uncertain_ranges(("selling",))
    points = points_of(design(method, ranges, Question(points=4, trajectories=4), 1), ranges)
    table = parameter_table().set_index(["group", "name"])
    for point in points:
        for key, value in point.items():
            row = table.loc[tuple(key.split("."))]
            assert row["low"] <= value <= row["high"]
    assert all(isinstance(point["selling.patience"], int) for point in points)
    load_scenario().with_(**points[0])


def test_levers_are_apart():
    """No lever, switch or resolution among the uncertainties; a lever named there is refused."""
    everything = uncertain_ranges()
    assert not set(LEVERS) & set(everything) and "buyers.number" not in everything
    assert not any(key.startswith(("pull.", "access.", "policy.training_s")) for key in everything)
    assert len(everything) > 200
    with pytest.raises(InputError, match="freight.cost_scale is a lever; valid: --levers"):
        uncertain_ranges(("freight.cost_scale",))
    with pytest.raises(InputError, match="migration.kappa; valid: access.scale"):
        lever_ranges(("migration.kappa",))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parameters": ("migration.kapa",)}, "migration.kappa .the nearest"),
        ({"parameters": ("migratio",)}, "unknown key migratio; valid: migration"),
        ({"indicators": ("offset.labor",)}, "offset.labor; valid: loss, return, offset"),
        ({"points": 6}, "--points = 6; valid: a power of 2"),
        ({"points": 0, "trajectories": 0}, "valid: one above"),
    ],
)
def test_a_wrong_question_is_refused(tmp_path, changes, said):
    """One line, before the first run."""
    with pytest.raises(InputError, match=said):
        asked(tmp_path, **changes)


def test_offset_of_arms():
    """The ratio of sums over replicates, not the mean of ratios."""
    from experiments.arms import BARE, FULL, NEITHER

    def rows(a, b):
        return pd.DataFrame({"labour_home": [a, b]})

    last = {NEITHER: rows(11.0, 13.0), BARE: rows(10.0, 10.0), FULL: rows(11.0, 10.0)}
    assert indicator("offset.labour").value(last) == 0.25
    assert indicator("loss.labour").value(last) == 2.0
    assert np.isnan(indicator("offset.labour").value({**last, NEITHER: last[BARE]}))
