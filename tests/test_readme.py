"""What the README shows is run: its Python, its scenario, its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import ruralflow

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
#: Words that keep a command of the README short.
SHORT = ("--months", "3", "--quiet")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[list[str]]:
    """Return the words of each indented line that calls ruralflow, without its comment."""
    lines = re.findall(r"^ {4}(?:\.venv/bin/)?ruralflow (.*)$", README, flags=re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_its_python_runs():
    """The block as it stands; what it made must be there."""
    (block,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    model = names["model"]
    assert model.month == 11 and not model.params["access"].enabled  # type: ignore[attr-defined]


def test_its_scenario_runs(shell, tmp_path):
    """The TOML block under the name that the README gives it, for three months.

    Control: the same with a word misspelt is refused in one line that names the nearest.
    """
    (block,) = blocks("toml")
    (tmp_path / "late.toml").write_text(block, encoding="utf-8")
    assert ["run", "late.toml"] in commands()
    done = shell("run", "late.toml", *SHORT, "--out", "out")
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (tmp_path / "out").iterdir()}
    told = set(re.findall(r"`(\w+\.(?:json|parquet))`", README)) - {
        "households.parquet",
        "plots.parquet",
    }
    assert told <= files
    table = pq.read_table(tmp_path / "out" / "extraction.parquet").to_pandas()
    assert list(table) == ["year", "county", "side", "item", "yuan", "memo"]
    wrong = block.replace("pull.land", "pull.lend")
    (tmp_path / "late.toml").write_text(wrong, encoding="utf-8")
    refused = shell("run", "late.toml", *SHORT, "--out", "other")
    assert refused.returncode == 2 and "pull.land" in refused.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_its_commands_are_commands(words):
    """Each line is understood; the control is a word that the command does not know."""
    parser = ruralflow._parser()
    options = parser.parse_args(words)
    assert options.command == words[0]
    with pytest.raises(SystemExit):
        parser.parse_args([*words, "--replicas", "4"])


def test_the_run_and_the_lists_of_the_readme_work(shell):
    """The commands that take seconds are executed as they stand, the run for three months."""
    quick = [words for words in commands() if words[0] in ("scenarios", "parameters", "run")]
    quick = [words for words in quick if "late.toml" not in words]
    assert len(quick) >= 3
    for words in quick:
        done = shell(*words, *(SHORT if words[0] == "run" else ()))
        assert done.returncode == 0, done.stderr
        assert done.stdout
