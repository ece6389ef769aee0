"""Sweeps: a design is checked before its first run, and is what it says."""

from __future__ import annotations

import itertools
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

import ruralflow
from experiments.design import read_design, sample
from experiments.kept import warm
from experiments.store import Store
from experiments.workers import read_slurm
from model.errors import InputError

SMALL = """
region = { synthetic = { width = 10, height = 10, counties = 2 } }
sample = 0.02
months = 13
"""
LEVERS = """
[[lever]]
name = "as it is"
[[lever]]
name = "no access"
set.access.enabled = false
"""

WRONG = [
    ("replicate = 2\n" + LEVERS, "unknown key replicate; valid: replicates"),
    ("months = 24", "nothing varies; valid: [[lever]], grid"),
    ("seed = -1\n" + LEVERS, "seed = -1; valid: a whole number from 0"),
    ("replicates = 0\n" + LEVERS, "replicates = 0; valid: a whole number from 1"),
    ("time_limit = 0\n" + LEVERS, "time_limit = 0; valid: seconds, more than 0"),
    ('outputs = ["month"]\n' + LEVERS, "outputs = ['month']; valid: a list of summary, months"),
    ('scenario = "nosuch"\n' + LEVERS, "'nosuch'; valid: shaoyang"),
    ("months = 0\n" + LEVERS, "months = 0; valid: a whole number"),
    ("set.pul.scale = 1\n" + LEVERS, "unknown parameter pul.scale; valid: pull.scale"),
    ("[grid]\npull.scale = 0.5", "pull.scale = 0.5; valid: a list of values"),
    ("[grid]\npull.scale = [0.5, 2]", "pull.scale = 2; valid: a number from 0 to 1"),
    ("[grid]\npull.scale = [0.5]\n[sobol]\npoints = 2", "grid and sobol; valid: one of grid"),
    ("[[list]]\npull.scael = 1", "list 1: unknown parameter pull.scael; valid: pull.scale"),
    ("[sobol]\npoints = 6", "points = 6; valid: a power of 2"),
    ("[sobol]\nranges.pull.scale = [0, 1]", "sobol: points; valid: a whole number from 1"),
    ("[sobol]\npoints = 4", "missing key ranges; valid: group.name = [low, high]"),
    ("[latin_hypercube]\npoints = 4\nranges.pull.scale = [0.5, 0.5]", "valid: low < high"),
    ("[latin_hypercube]\npoints = 4\nranges.pull.scale = [0, 7]", "pull.scale = 7; valid"),
    ("[latin_hypercube]\npoints = 4\nranges.pull.labour = [0, 1]", "valid: a parameter that is"),
    ("[latin_hypercube]\npoints = 4\nranges.pull.size = [0, 1]", "unknown parameter pull.size"),
    ("[[lever]]\nset.pull.scale = 1", "lever 1: name; valid: a text"),
    ('[[lever]]\nname = "a"\nsets = 1', "lever 1: unknown key sets; valid: set"),
    ('[[lever]]\nname = "a"\n[[lever]]\nname = "a"', "lever 2: name = 'a'; valid: a text, another"),
    (
        '[grid]\npull.scale = [0.5]\n[[lever]]\nname = "a"\nset.pull.scale = 1',
        "lever 1: pull.scale is set and also varies; valid: one of both",
    ),
    ("seed = 1\nseed = 2\n" + LEVERS, "line 2: duplicate key seed; valid: once"),
    ("seed =", "valid: TOML"),
]


def design_file(folder: Path, text: str) -> Path:
    """Write a design."""
    path = folder / "design.toml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_design_is_refused_in_one_line(tmp_path, capsys, text, said):
    """Status 2; the line names file, key, value and what is valid; nothing is made."""
    path = design_file(tmp_path, text)
    assert ruralflow.main(["sweep", str(path), "--out", str(tmp_path / "o")]) == 2
    line = capsys.readouterr().err
    assert said in line and len(line.splitlines()) == 1
    assert not (tmp_path / "o").exists()


def test_levers_meet_the_same_worlds_and_seeds(tmp_path):
    """Every lever x point x replicate once; seeds depend on the replicate alone."""
    text = SMALL + "seed = 7\nreplicates = 3\n[grid]\npull.scale = [0, 0.5]\n" + LEVERS
    design = read_design(design_file(tmp_path, text))
    runs = design.runs()
    table = pd.DataFrame([run.labels | {"seed": run.seed} for run in runs])
    assert len(runs) == len(design) == 12 and not table.duplicated().any()
    assert (table["seed"] == 7 + table["replicate"]).all()
    assert set(zip(table["lever"], table["access.enabled"])) == {
        ("as it is", True), ("no access", False)
    }  # fmt: skip
    pairs = table.groupby("lever")[["point", "pull.scale", "seed"]].apply(
        lambda t: t.values.tolist()
    )
    assert pairs["as it is"] == pairs["no access"]


def test_a_grid_crosses_and_a_list_does_not(tmp_path):
    """2 x 3 points; a list has the points that it lists, the rest as in the scenario."""
    grid = read_design(
        design_file(tmp_path, "[grid]\npull.scale = [0, 1]\naccess.scale = [0, 0.5, 1]")
    )
    values = {(p["pull.scale"], p["access.scale"]) for p in grid.points}
    assert values == set(itertools.product((0.0, 1.0), (0.0, 0.5, 1.0)))
    listed = read_design(
        design_file(tmp_path, "[[list]]\npull.scale = 0.2\n[[list]]\naccess.scale = 0.3")
    )
    labels = [run.labels for run in listed.runs()]
    assert [(x["pull.scale"], x["access.scale"]) for x in labels] == [(0.2, 1.0), (1.0, 0.3)]


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_samples_fill_their_ranges_evenly(kind):
    """Each of 64 equal strips of each range holds one point of 64, unlike independent draws."""
    ranges = {"migration.kappa": (1.0, 3.0), "pull.scale": (0.0, 0.5)}
    points = pd.DataFrame(sample(kind, ranges, 64, seed=3))
    for key, (low, high) in ranges.items():
        strips = np.floor((points[key] - low) / (high - low) * 64).astype(int)
        assert sorted(strips) == list(range(64))
        chance = np.random.default_rng(3).integers(0, 64, 64)
        assert len(set(chance)) < 64  # the control: luck leaves strips empty
    assert sample(kind, ranges, 64, seed=3) == points.to_dict("records")
    assert sample(kind, ranges, 64, seed=4) != points.to_dict("records")


def test_whole_numbers_are_drawn_alike():
    """Of 8 to 18 months each is drawn, the ends as often as the others."""
    points = sample("latin_hypercube", {"selling.patience": (4, 18)}, 1500, seed=1)
    drawn = pd.Series([p["selling.patience"] for p in points])
    assert drawn.value_counts().to_dict() == dict.fromkeys(range(4, 19), 100)


def test_a_sweep_and_its_results(tmp_path, shell, capsys):
    """The command does the runs, says what it holds; again it finds all; a wider one does more."""
    text = SMALL + 'outputs = ["summary", "months"]\nreplicates = %d\n' + LEVERS
    path = design_file(tmp_path, text % 1)
    warm()  # the command may take two minutes, compiling on a cold machine more
    first = shell("sweep", str(path), "--out", "o", "--workers", "2")
    assert first.returncode == 0, first.stderr
    assert "2 runs (2 levers x 1 points x 1 replicates), keeping summary, months" in first.stderr
    assert "a run: about" in first.stderr and "2 done, 0 failed, 0 missing" in first.stdout
    before = Store(tmp_path / "o").table("months", design="sweep")
    design_file(tmp_path, text % 2)
    assert ruralflow.main(["sweep", str(path), "--out", str(tmp_path / "o"), "--workers", "1"]) == 0
    told = capsys.readouterr()
    assert "2 of 4 runs found, 2 left to do" in told.err
    assert "lever: as it is, no access" in told.out and "4 done" in told.out
    months = Store(tmp_path / "o").table("months", design="sweep")
    assert len(months) == 2 * len(before)
    pd.testing.assert_frame_equal(
        months[months["replicate"] == 0].reset_index(drop=True), before, check_exact=True
    )
    summary = pd.read_csv(tmp_path / "o" / "summary.csv")
    assert len(summary) == 4 and {"lever", "people_home"} <= set(summary)
    assert ruralflow.main(["results", str(tmp_path)]) == 2
    assert "no result store; valid" in capsys.readouterr().err


def test_the_examples_are_valid():
    """Each example design reads, and says how many runs it has."""
    paths = sorted((ROOT / "experiments" / "designs").glob("*.toml"))
    assert len(paths) == 3
    for path in paths:
        assert 0 < len(read_design(path)) <= 100


SBATCH = """#!{python}
import subprocess, sys
log = open({log!r}, "a")
subprocess.Popen(["bash", sys.argv[-1]], stdout=log, stderr=log, start_new_session=True)
print("Submitted batch job 4711")
"""


def test_slurm_is_asked_for_jobs_and_does_the_runs(tmp_path, monkeypatch, capsys):
    """A stand-in for sbatch runs the job's script here: the same numbers as without SLURM."""
    pytest.importorskip("dask_jobqueue")
    import stub_runs

    from experiments.workers import Workers

    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sbatch").write_text(
        SBATCH.format(python=sys.executable, log=str(tmp_path / "log")), encoding="utf-8"
    )
    (tools / "scancel").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tests'}")
    slurm = tmp_path / "slurm.toml"
    slurm.write_text(
        'jobs = 1\ncores = 2\nprocesses = 1\nmemory = "1GB"\nwalltime = "00:05:00"\n'
        f'interface = "lo"\nlocal_directory = "{tmp_path}"\n'
    )
    found = stub_runs.drive(tmp_path / "o", stub_runs.plain, 12, Workers(1, slurm=slurm))
    here = stub_runs.drive(tmp_path / "h", stub_runs.plain, 12, Workers(0))
    pd.testing.assert_frame_equal(found, here, check_exact=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('cores = 1\nmemory = "1GB"\njobs = 0', "jobs = 0; valid: a whole number from 1"),
        ("cores = 1", "missing key memory"),
        ("cores =", "valid: TOML"),
    ],
)
def test_a_wrong_slurm_file_is_refused(tmp_path, text, said):
    """One line that names it."""
    path = tmp_path / "slurm.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_slurm(path)
