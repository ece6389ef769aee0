"""Scenarios and the table of parameters: what is valid resolves, what is not says so in a line."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pytest

from agents.base import Parameter
from model import registry
from model.calendar import month_name, month_of_year, parse_month, year_of
from model.errors import InputError
from model.registry import GROUPS, fields_of, limits, parameter_table, validate
from model.scenario import Scenario, load_scenario, scenario_names
from model.switches import Synthetic

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.toml"))
NAMED = ["shaoyang", "changshu", "jinjiang", "nation", "nuts", "orchard", "qinghe", "yiwu"]


class Sample(NamedTuple):
    """A group with one parameter of each kind that the real ones do not all have."""

    years: Annotated[int, Parameter(1, 10, "years", "a whole number")] = 5
    rate: Annotated[float, Parameter(0.1, 0.2, "share", "a share without hard bounds")] = 0.15
    wage: Annotated[float, Parameter(100, 200, "yuan", "an open number")] = 150.0


@pytest.fixture
def sample_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GROUPS, "sample", Sample)


def reform(folder: Path, text: str) -> Path:
    path = folder / "reform.toml"
    path.write_text(text)
    return path


# --- months -------------------------------------------------------------------------------------


def test_months_there_and_back() -> None:
    for month in range(0, 300):
        assert parse_month(month_name(month)) == month
    assert (parse_month("2003-01"), parse_month("2023-12")) == (0, 251)
    assert (year_of(11), month_of_year(11), year_of(12), month_of_year(12)) == (2003, 12, 2004, 1)


@pytest.mark.parametrize("text", ["2003-1", "2003-13", "2003-00", "2002-12", "2003", "", 3, None])
def test_months_that_are_none(text: object) -> None:
    with pytest.raises(InputError, match="YYYY-MM"):
        parse_month(text)


# --- the table of parameters --------------------------------------------------------------------


def test_every_default_is_valid_and_within_its_range() -> None:
    for group, kind in GROUPS.items():
        for name, (value_type, default, parameter) in fields_of(kind).items():
            assert validate(group, name, default, "default") == default
            if value_type in (int, float):
                key = f"{group}.{name}"
                fixed = parameter.hard_low is not None and parameter.hard_low == parameter.hard_high
                assert parameter.low < parameter.high or fixed, key
                assert parameter.low <= default <= parameter.high, key
                low, high = limits(parameter)
                assert low <= parameter.low and parameter.high <= high, key


def test_every_parameter_is_documented() -> None:
    table = parameter_table()
    columns = "group name default low high unit meaning source grade status"
    assert list(table.columns) == columns.split()
    assert not table.duplicated(["group", "name"]).any()
    assert (table.meaning.str.len() > 0).all()
    assert set(table.status) <= {"data", "literature", "assumption", "calibrated", "switch"}


def test_numbers(sample_group: None) -> None:
    assert validate("sample", "wage", 120, "x") == 120.0
    assert isinstance(validate("sample", "wage", 120, "x"), float)
    assert type(validate("sample", "wage", np.float32(120), "x")) is float
    assert type(validate("sample", "years", np.int64(3), "x")) is int
    for name, value in [
        ("years", 2.0),
        ("years", True),
        ("wage", True),
        ("wage", "120"),
        ("wage", None),
        ("wage", float("nan")),
        ("wage", float("inf")),
        ("wage", 10**400),  # larger than any float
        ("wage", np.bool_(True)),
        ("rate", 1.0001),
        ("rate", -0.0001),
    ]:
        with pytest.raises(InputError, match=f"sample.{name}"):
            validate("sample", name, value, "x")


def test_a_share_stays_between_0_and_1_though_its_range_is_widened(sample_group: None) -> None:
    assert validate("sample", "rate", 1, "x") == 1.0
    assert limits(fields_of(Sample)["rate"][2]) == (0.0, 1.0)
    assert limits(fields_of(Sample)["wage"][2])[1] > 200  # other numbers have a margin


def test_a_group_need_only_be_registered(sample_group: None) -> None:
    scenario = load_scenario(settings=["sample.years=7"])
    assert scenario.group("sample") == Sample(years=7)
    assert registry.defaults()["sample"] == Sample()


# --- scenarios ----------------------------------------------------------------------------------


def test_named_scenarios_resolve() -> None:
    assert scenario_names() == NAMED
    for name in NAMED:
        scenario = load_scenario(name)
        assert scenario.name == name and len(scenario.sentence) > 20
        assert name == "shaoyang" or scenario.parent == "shaoyang"
        assert json.loads(json.dumps(scenario.resolved(), allow_nan=False)) == scenario.resolved()
    assert len({load_scenario(name).digest() for name in NAMED}) == len(NAMED)


def test_the_baseline_is_the_defaults_of_the_registry() -> None:
    baseline = load_scenario()
    assert baseline == Scenario(sentence=baseline.sentence)
    assert (baseline.months, baseline.sample, baseline.start_month) == (252, 0.01, 0)


def test_cluster_scenarios_begin_in_2006_on_a_synthetic_region() -> None:
    for name in ("yiwu", "qinghe", "changshu", "jinjiang"):
        scenario = load_scenario(name)
        assert scenario.group("access").start == "2006-01"
        assert isinstance(scenario.region, Synthetic)
        assert (scenario.region.good, scenario.region_folder) == ("manufactures", None)
        assert scenario.region.cluster > 0.5


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_in_one_line(path: Path) -> None:
    expected = path.read_text().splitlines()[0].removeprefix("# expects: ")
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message and "; valid: " in message
    # where a run option and a month contradict each other the file is not the only culprit
    assert path.stem in message or path.stem in ("start_after_end", "parent_file_missing")


def test_there_are_broken_files() -> None:
    assert len(BROKEN) >= 40  # an empty folder would make the test above pass with nothing


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_scenario(tmp_path / "none.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(str(tmp_path) + "/")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load_scenario(tmp_path / "binary.toml")


def test_a_child_inherits_and_overrides(tmp_path: Path) -> None:
    parent = tmp_path / "parent.toml"
    parent.write_text(
        'parent = "yiwu"\nmonths = 36\n[set.pull]\nscale = 0.5\nland = false\n'
        '[[intervention]]\nmonth = "2004-01"\nkey = "pull.scale"\nvalue = 0.25\n'
        '[[intervention]]\nmonth = "2004-01"\nkey = "access.scale"\nvalue = 0.5\n'
    )
    child = reform(
        tmp_path,
        'parent = "./parent.toml"\n[set.pull]\nscale = 0.75\n'
        '[[intervention]]\nmonth = "2004-01"\nkey = "access.scale"\nvalue = 0.1\n',
    )
    scenario = load_scenario(child)
    assert (scenario.name, scenario.months) == ("reform", 36)
    assert scenario.group("pull")[2:] == (0.75, True, False)
    assert isinstance(scenario.region, Synthetic)
    # the child's own scale holds throughout; of two changes on one date the child's counts
    assert scenario.in_force(12)["pull"].scale == 0.75
    assert scenario.in_force(12)["access"].scale == 0.1


def test_dated_changes_hold_from_their_month_on(tmp_path: Path) -> None:
    path = reform(
        tmp_path,
        '[[intervention]]\nmonth = "2016-04"\nkey = "pull.scale"\nvalue = 0\n'
        '[[intervention]]\nmonth = "2010-01"\nkey = "pull.scale"\nvalue = 0.5\n',
    )
    scenario = load_scenario(path)
    month = parse_month("2016-04")
    scales = [scenario.in_force(m)["pull"].scale for m in (0, 83, 84, month - 1, month, 251)]
    assert scales == [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]
    assert scenario.group("pull").scale == 1.0
    # an arm's switch holds for the whole run, whatever the scenario dates
    assert load_scenario(path, ["pull.scale=0.9"]).in_force(251)["pull"].scale == 0.9
    assert scenario.with_(**{"pull.scale": 0.9}).interventions == ()
    assert len(scenario.with_(**{"pull.land": False}).interventions) == 2


def test_settings_are_read_by_the_type_of_the_parameter() -> None:
    scenario = load_scenario(
        settings=["pull.enabled=false", "access.scale = 0", "pull.mode=no_new", "access.only_good="]
    )
    assert scenario.group("pull")[:2] == (False, "no_new")
    assert scenario.group("access").scale == 0.0
    assert scenario.group("access").only_good == ""


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("pull.enabled=yes", "pull.enabled = 'yes'; valid: true or false"),
        ("pull.enabled", "valid: group.name=value"),
        ("enabled=true", "valid: group.name=value"),
        ("pull.scale=", "pull.scale = ''; valid: a number"),
        ("pull.scale=nan", "pull.scale = nan; valid: a number from 0 to 1"),
        ("pul.scale=1", "unknown parameter pul.scale; valid: pull.scale"),
        ("zzz.qqq=1", "unknown parameter zzz.qqq; valid: a name in one of the groups pull"),
    ],
)
def test_a_wrong_setting(setting: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(settings=[setting])
    assert expected in str(caught.value)


def test_a_setting_given_twice() -> None:
    with pytest.raises(InputError, match="duplicate key pull.scale"):
        load_scenario(settings=["pull.scale=1", "pull.land=true", "pull.scale=1"])


def test_options_override_the_scenario(tmp_path: Path) -> None:
    path = reform(tmp_path, 'start = "2004-01"\nmonths = 36\nsample = 0.02\n')
    scenario = load_scenario(path, months="48", start="2005-01", panel=True)
    assert (scenario.months, scenario.start_month) == (48, 24)
    assert (scenario.sample, scenario.panel, scenario.strict) == (0.02, True, False)


@pytest.mark.parametrize(
    "options",
    [
        {"months": 0},
        {"months": -1},
        {"months": "many"},
        {"months": True},
        {"sample": 0},
        {"sample": "-0.1"},
        {"sample": "nan"},
        {"start": "2002-12"},
        {"start": "2024-01"},
        {"months": 12, "start": "2004-01"},
        {"region": "nowhere"},
        {"region": ""},
        {"strict": 1},
    ],
)
def test_wrong_options(options: dict) -> None:
    with pytest.raises(InputError, match="; valid: "):
        load_scenario(**options)
    with pytest.raises(InputError, match="; valid: "):
        load_scenario().with_(**options)


def test_with_returns_another_scenario() -> None:
    baseline = load_scenario()
    arm = baseline.with_(**{"pull.enabled": False, "access.scale": 0}, months=12, name="arm")
    assert (arm.group("pull").enabled, arm.group("access").scale) == (False, 0.0)
    assert (arm.months, arm.name) == (12, "arm")
    assert baseline == load_scenario()
    with pytest.raises(InputError, match=r"unknown key month; valid"):
        baseline.with_(month=12)


def test_the_digest_tells_runs_apart_but_not_names() -> None:
    baseline = load_scenario()
    assert baseline.with_(name="other", sentence="x").digest() == baseline.digest()
    for change in ({"pull.scale": 0.99}, {"months": 251}, {"sample": 0.02}, {"start": "2004-01"}):
        assert baseline.with_(**change).digest() != baseline.digest()


def test_a_region_is_known_by_its_content_not_by_its_place(tmp_path: Path) -> None:
    text = "id,name_en\n1,A\n"
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "counties.csv").write_text(text if name != "c" else text + "2,B\n")
    a, b, c = (load_scenario(region=str(tmp_path / name)).digest() for name in "abc")
    assert a == b != c
    # a relative folder in a file is taken from where the file lies
    path = reform(tmp_path, 'region = "a"\n')
    assert load_scenario(path).region_folder == tmp_path / "a"


def test_scenarios_travel_to_other_processes() -> None:
    scenario = load_scenario("yiwu", ["pull.enabled=false"])
    assert pickle.loads(pickle.dumps(scenario)) == scenario


# --- what the README shows ------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", readme, flags=re.M | re.S)


def test_the_code_of_the_readme_runs() -> None:
    assert blocks("python")
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), {})


def test_the_scenario_of_the_readme_loads(tmp_path: Path) -> None:
    assert blocks("toml")
    for text in blocks("toml"):
        scenario = load_scenario(reform(tmp_path, text))
        assert scenario.sentence and scenario.interventions
