"""The front door: one line and status 2 for wrong input, whole files or none, and only our code."""

from __future__ import annotations

import errno
import io
import json
import re
import resource
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

import ruralflow
from experiments.output import OutputFolder, commit, provenance
from experiments.progress import Progress
from model.errors import InputError
from model.scenario import load_scenario
from model.version import VERSION

Shell = Callable[..., subprocess.CompletedProcess]

WRONG = [
    ("", "required: COMMAND"),
    ("ran", "invalid choice: 'ran'"),
    ("run --monhts 3", "--monhts"),
    ("run --month 3", "--month"),  # no guessing of abbreviated options
    ("run nosuch", "SCENARIO: 'nosuch'; valid: shaoyang"),
    ("run none.toml", "none.toml: cannot be read"),
    ("run --months 0", "months = 0; valid: a whole number"),
    ("run --months -5", "months = -5; valid: a whole number"),
    ("run --months ten", "months = 'ten'; valid: a whole number"),
    ("run --sample 0", "sample = 0.0; valid: a number"),
    ("run --sample -1", "sample = -1.0; valid: a number"),
    ("run --seed -1", "--seed: '-1'; valid: a whole number"),
    ("run --seed 1.5", "--seed: '1.5'; valid: a whole number"),
    ("run --start 2002-12", "start = '2002-12'; valid"),
    ("run --start 2024-01", "start = '2024-01'; valid: 2003-01 to 2023-12"),
    ("run --set pull.scale=2", "pull.scale = 2.0; valid: a number from 0 to 1"),
    ("run --set pull.scale=1 --set pull.scale=1", "duplicate key pull.scale"),
    ("run --set pul.scale=1", "unknown parameter pul.scale; valid: pull.scale"),
    ("run --region nowhere", "region = 'nowhere'; valid"),
    ("offset --replicates 0", "--replicates: '0'; valid"),
    ("trial --trials 0", "--trials: '0'; valid"),
    ("trial --set access.enabled=false", "trial: access = 'off'; valid"),
    ("offset --workers 0", "--workers: '0'; valid"),
    ("offset --posterior none.parquet", "--posterior = 'none.parquet'; valid"),
    ("page --port 70000", "--port: '70000'; valid"),
    ("scenarios extra", "unrecognized arguments: extra"),
]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(text: str) -> str:
    assert text.endswith("\n") and text.count("\n") == 1, text
    return text


@pytest.mark.parametrize(("words", "expected"), WRONG)
def test_wrong_input_is_one_line_and_status_2(
    words: str, expected: str, empty: Path, capsys: pytest.CaptureFixture
) -> None:
    assert ruralflow.main(words.split()) == 2
    printed = capsys.readouterr()
    assert expected in one_line(printed.err)
    assert printed.out == ""
    assert list(empty.iterdir()) == []  # nothing written


@pytest.mark.parametrize("words", ["run --months 0", "rnu", "run --out file/below"])
def test_the_same_from_a_shell(words: str, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = shell(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    one_line(done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_help_has_an_example_for_each_command(capsys: pytest.CaptureFixture) -> None:
    assert ruralflow.main(["--help"]) == 0
    commands = re.findall(r"^    (\w+)\b", capsys.readouterr().out, flags=re.M)
    assert {"run", "offset", "scenarios", "parameters", "page"} <= set(commands)
    for name in commands:
        assert ruralflow.main([name, "--help"]) == 0
        assert f"Example: ruralflow {name}" in capsys.readouterr().out


def test_lists(capsys: pytest.CaptureFixture) -> None:
    assert ruralflow.main(["scenarios"]) == 0
    assert "shaoyang   The baseline" in capsys.readouterr().out
    assert ruralflow.main(["parameters"]) == 0
    assert "pull.scale = 1.0 [0, 1] share" in capsys.readouterr().out
    assert ruralflow.main(["parameters", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert {"group", "name", "unit", "status"} <= set(table.columns)
    assert ruralflow.main(["parameters", "--columns", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert table.column.is_unique and {"shop_turnover", "mu_idle"} <= set(table.column)
    assert (table.unit.str.len() > 0).all()


def test_one_version(capsys: pytest.CaptureFixture) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert f"version: {VERSION}\n" in (ROOT / "CITATION.cff").read_text()
    assert ruralflow.main(["--version"]) == 0
    assert capsys.readouterr().out == f"ruralflow {VERSION}\n"


# --- failures that are not the user's ------------------------------------------------------------


def failing(problem: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise problem

    return fail


def test_a_failure_is_one_line_and_status_1(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(ruralflow, "_scenario", failing(ArithmeticError("books\nopen")))
    assert ruralflow.main(["run"]) == 1
    assert "failed: ArithmeticError: books open" in one_line(capsys.readouterr().err)
    assert ruralflow.main(["run", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_says_that_the_command_can_be_repeated(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(ruralflow, "_scenario", failing(KeyboardInterrupt()))
    assert ruralflow.main(["run"]) == 130
    assert "can be run again" in capsys.readouterr().err


# --- another package where ours should be ---------------------------------------------------------


def test_a_users_model_py_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("raise SystemExit('the wrong model ran')\n")
    done = shell("scenarios")
    assert done.returncode == 2
    assert str(tmp_path / "model.py") in one_line(done.stderr)


def test_a_foreign_agents_package_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__init__.py").write_text("raise SystemExit('the wrong agents ran')\n")
    done = shell("scenarios")
    assert done.returncode == 2
    assert str(tmp_path / "agents" / "__init__.py") in one_line(done.stderr)


def test_an_agents_package_written_over_ours_is_named(shell: Shell, tmp_path: Path) -> None:
    """As pip does when a package of that name is installed after ruralflow."""
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ruralflow.PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / "ruralflow.py", tmp_path)
    assert shell("scenarios").returncode == 0  # the copy works as it is
    (tmp_path / "agents" / "__init__.py").write_text("class Agent: ...\n")
    done = shell("scenarios")
    assert done.returncode == 2
    assert str(tmp_path / "agents" / "__init__.py") in one_line(done.stderr)


# --- files ----------------------------------------------------------------------------------------

TABLE = pd.DataFrame({"month": np.arange(4000), "yuan": np.linspace(0, 1, 4000) ** 2})


def write_each(out: OutputFolder, kind: str) -> None:
    origin = provenance(load_scenario(), 7)
    if kind == "parquet":
        out.write_parquet(TABLE, "months.parquet", origin)
    elif kind == "csv":
        out.write_csv(TABLE, "offset.csv")
    elif kind == "json":
        out.write_json("run.json", {"months": TABLE.yuan.tolist()})
    else:
        figure, axes = plt.subplots()
        axes.plot(TABLE.month, TABLE.yuan)
        out.write_figure(figure, "labour", origin)
        plt.close(figure)


KINDS = ["parquet", "csv", "json", "figure"]


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@contextmanager
def file_size_at_most(size: int) -> Iterator[None]:
    """What a full disk does to a writer, for root too: no file may grow beyond ``size`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_every_file_says_where_it_came_from(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "out") as out:
        for kind in KINDS:
            write_each(out, kind)
    names = ["figures/labour.png", "figures/labour.svg", "months.parquet", "offset.csv", "run.json"]
    assert files(tmp_path / "out") == names
    read = pq.read_table(tmp_path / "out" / "months.parquet")
    origin = json.loads(read.schema.metadata[b"ruralflow"])
    assert (origin["seed"], origin["ruralflow"]) == (7, VERSION)
    assert origin["scenario"] == load_scenario().resolved()
    assert {"commit", "python", "numpy", "scipy", "numba", "mesa", "utc"} <= set(origin)
    assert read.to_pandas().equals(TABLE)
    for name in names[:2]:
        assert b"scenario_digest" in (tmp_path / "out" / name).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_leaves_the_old_file_whole(kind: str, tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "out") as out:
        write_each(out, kind)
    before = {name: (tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out")}
    assert min(map(len, before.values())) > 2048  # else the limit below would not bite
    refused = pytest.raises(InputError, match="cannot be written")
    with file_size_at_most(2048), refused, OutputFolder(tmp_path / "out") as out:
        write_each(out, kind)
    after = {name: (tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out")}
    assert after == before


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    refused = pytest.raises(InputError, match="offset.csv cannot be written: No space left")
    with refused, OutputFolder(tmp_path / "new" / "out") as out:
        out.write_csv(TABLE, "offset.csv")
    assert list(tmp_path.iterdir()) == []  # the folders it made are gone too


def test_an_interrupted_file_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(self: pd.DataFrame, path: Path, **_: object) -> None:
        path.write_text("month,yu")
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", half)
    with pytest.raises(KeyboardInterrupt), OutputFolder(tmp_path / "out") as out:
        out.write_json("kept.json", {})
        out.write_csv(TABLE, "offset.csv")
    assert files(tmp_path) == ["out/kept.json"]


def test_an_output_below_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below" / "deeper"):
        with pytest.raises(InputError, match="--out: .*cannot be written"), OutputFolder(path):
            pytest.fail("the work began")


def test_json_has_no_nan(tmp_path: Path) -> None:
    content = {"a": np.float64("nan"), "b": np.arange(2), "c": (np.bool_(True), Path("x"))}
    with OutputFolder(tmp_path) as out:
        path = out.write_json("run.json", content)
    assert json.loads(path.read_text()) == {"a": None, "b": [0, 1], "c": [True, "x"]}


def test_the_commit_is_unknown_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert re.fullmatch(r"unknown|[0-9a-f]{40}(-dirty)?", commit())
    monkeypatch.setattr("experiments.output._ROOT", tmp_path)
    assert commit() == "unknown"


def test_progress_says_what_is_left_and_can_be_quiet() -> None:
    for quiet in (False, True):
        stream = io.StringIO()
        progress = Progress("ruralflow run", quiet=quiet, stream=stream)
        progress._start -= 60.0  # a minute has passed
        progress._last -= 60.0
        progress(63, 252)
        progress.say("compiling")
        expected = "ruralflow run: 63 of 252 months, 3:00 left\nruralflow run: compiling\n"
        assert stream.getvalue() == ("" if quiet else expected)


def test_the_time_left_does_not_count_what_came_before_the_first_run() -> None:
    """Three in 30 seconds after a minute of compiling, and one of an earlier command."""
    progress = Progress("ruralflow sweep", stream=(stream := io.StringIO()))
    progress._start -= 90.0
    progress._last -= 90.0
    progress(2, 11, "runs", before=1, paced=True)
    assert progress._first is not None
    progress._first = progress._first[0] - 30.0, 2
    progress._last -= 60.0
    progress(5, 11, "runs", before=1, paced=True, note="1 failed")
    first, second = stream.getvalue().splitlines()
    assert first == "ruralflow sweep: 2 of 11 runs", "one run, compiling included, tells nothing"
    assert second == "ruralflow sweep: 5 of 11 runs, 1:00 left, 6 a minute, 1 failed"


def test_each_stage_of_a_command_counts_its_own_time() -> None:
    """Screening took an hour for 68 runs; the first 10 of the 800 that follow took a minute."""
    progress = Progress("ruralflow calibrate", stream=(stream := io.StringIO()))
    progress(68, 68, "runs", paced=True)
    assert progress._first is not None
    progress._first = progress._first[0] - 3600.0, 1
    progress(1, 800, "runs", paced=True)
    assert progress._first[1] == 1, "the first of the new stage"
    progress._first = progress._first[0] - 60.0, 1
    progress._start -= 60.0
    progress._last -= 60.0
    progress(11, 800, "runs", paced=True)
    assert stream.getvalue() == "ruralflow calibrate: 11 of 800 runs, 1:18:54 left, 10 a minute\n"
