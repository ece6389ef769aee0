"""Ablation: every switch switches its mechanism off, and the table says what rested on it."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

from experiments.ablate import (
    ALL,
    FILE,
    Mechanism,
    Question,
    by_target,
    candidates,
    compare,
    load_mechanisms,
    run_ablate,
)
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.scorecard.targets import load_targets
from experiments.store import Store
from experiments.workers import Workers
from model import RuralUrbanModel
from model.errors import InputError
from model.scenario import load_scenario
from model.switches import Synthetic

QUIET, HERE = Progress("test", quiet=True), Workers(0)
MECHANISMS = {m.name: m for m in load_mechanisms()}
NAMES = (
    "network", "wages that respond", "families that follow", "shadow wage", "lease market",
    "overgrowth", "imitation", "awareness", "visibility", "cold chain",
    "volume economies of hubs", "local demand", "requisition",
)  # fmt: skip


def test_the_mechanisms_are_there_and_on_by_default():
    assert tuple(MECHANISMS) == NAMES
    default = load_scenario()
    for mechanism in MECHANISMS.values():
        for key, off in mechanism.off.items():
            group, _, name = key.partition(".")
            assert getattr(default.group(group), name) != off, key


# --- the switches, on a tiny world ----------------------------------------------------------------


@cache
def lived(*off: str, months: int = 60) -> tuple[pd.DataFrame, RuralUrbanModel]:
    """Return the months of a tiny world with a cluster, without the mechanisms named.

    To 2007: the market opens in 2006, and later it is so full that to be known gives little.
    """
    scenario = load_scenario("yiwu").with_(
        region=Synthetic(width=10, height=10, counties=2, cluster=0.8, good="manufactures"),
        sample=0.02,
        months=months,
        **{
            "access.start": "2003-06",
            "rollout.share_2009": 0.5,
            "entry.pioneer": 0.005,
            "land.overgrown": 3.0,
            "migration.follow_after": 24.0,
        },
    )
    for name in off:
        scenario = scenario.with_(**MECHANISMS[name].off)
    model = RuralUrbanModel(scenario, 1).run()
    return model.records.months_table(), model


def total(column: str, *off: str) -> float:
    return float(lived(*off)[0][column].sum())


@pytest.mark.parametrize(
    ("name", "column", "sign"),
    [
        ("lease market", "mu_leased", 0),
        ("overgrowth", "mu_trees", 0),
        ("requisition", "mu_requisitioned", 0),
        ("imitation", "shops", -1),
        ("awareness", "ordered_manufactures", 1),  # what is sold, a full hub bounds
        ("network", "migrants_out", -1),
    ],
)
def test_a_switch_takes_away_what_its_mechanism_leaves(name, column, sign):
    """0: nothing is left of it; else the side to which the world moves."""
    with_it, without = total(column), total(column, name)
    assert with_it > 0.0
    if sign == 0:
        assert without == 0.0
    else:
        assert sign * (without - with_it) > 0.0


def test_without_the_shadow_wage_a_day_is_worth_the_reservation_wage():
    for off, alike in (((), False), (("shadow wage",), True)):
        m = lived(*off, months=63)[1]  # March 2008: the year has just been planned
        h, p = m.households, m.params["land"]
        ratio = h.shadow_wage / (p.reservation * h.capacity)
        county = [np.ptp(ratio[(h.county == c) & (h.capacity > 0)]) for c in range(m.counties)]
        assert (max(county) < 1e-9) == alike


def test_without_the_others_the_world_is_another():
    months = lived()[0]
    others = ("families that follow", "visibility", "volume economies of hubs", "local demand")
    for name in others:
        assert not months.equals(lived(name)[0]), name


def test_without_a_cold_chain_no_village_is_cooled_whatever_hubs_build():
    model = lived("cold chain")[1]
    model.hubs.cold_store[:] = 1
    model.freight.stations.review(model, np.zeros(len(model.villages.uid)))
    assert not model.villages.cold_chain.any()


# --- the table ------------------------------------------------------------------------------------

TARGETS = {t.id: t for t in load_targets()}
#: Of each number: with all, and without the mechanism that carries it.
CARRIED = {
    ("V27", "y2010"): (10.8, 14.0, "network"),
    ("V27", "y2020"): (20.5, 20.4, "network"),
    ("V10", "old"): (50.0, 33.0, "requisition"),
    ("V9", "age_2012"): (37.0, 37.05, "network"),
}


def toy(scenario, seed, asked):
    """Stand in for a run: numbers that change with the network and with requisition."""
    assert asked == "default, model alone"
    off = {
        "network": scenario.group("migration").network == 0.0,
        "requisition": scenario.group("requisition").quota == 0.0,
    }
    rows = []
    for (target, part), (on, without, name) in CARRIED.items():
        value = without if off[name] else on
        rows.append({"target": target, "part": part, "model": value + 0.001 * seed, "reason": ""})
    rows.append({"target": "V18", "part": "", "model": np.nan, "reason": "no census"})
    return {"values": pd.DataFrame(rows)}


def ablate(tmp_path, function=toy, **changes):
    question = Question(**({"needs": ("default",), "replicates": 2} | changes))
    with OutputFolder(tmp_path) as out:
        return run_ablate(
            load_scenario(), 1, out, QUIET, question, HERE, Measure("toy-1", function)
        )


def test_the_table_says_what_falls_how_far_and_which_mechanism_carries_nothing(tmp_path):
    asked = ("network", "requisition", "visibility")
    result = ablate(tmp_path, mechanisms=asked)
    cells = {(r["target"], r["without"]): r for r in result["targets"]}
    assert cells["V27", "network"]["becomes"] == "falls"
    assert cells["V27", "network"]["moved"] == pytest.approx(3.2 / 2.0)  # half widths of 8.8-12.8
    assert cells["V27", "requisition"]["becomes"] == "holds"
    assert cells["V10", "requisition"]["becomes"] == "rises"
    assert cells["V10", "network"]["becomes"] == "misses"
    assert cells["V9", "network"]["becomes"] == "holds"
    assert result["candidates"] == ["visibility", "requisition"]
    text = (tmp_path / "ablate.md").read_text()
    assert "| V27 | pass | **falls +1.6** | . | . |" in text
    assert "| V10 | miss | . | . | rises -2.1 |" in text
    assert "Candidates to delete" in text and "visibility, requisition" in text
    assert json.loads((tmp_path / "ablate.json").read_text())["not_run"] == {"V18": "no census"}
    table = pd.read_csv(tmp_path / "ablate.csv")
    assert len(table) == 3 * len(CARRIED) and table["spread"].abs().max() < 1e-9
    ablate(tmp_path, raising, mechanisms=asked)  # again: nothing is left to do
    assert len(Store(tmp_path).runs()) == 2 * 4
    assert drawn(result, tmp_path)


def raising(scenario, seed, asked):
    raise AssertionError


def drawn(result, folder) -> bool:
    from viz.ablate import draw

    with OutputFolder(folder) as out:
        return all(path.stat().st_size > 2000 for path in draw(result, out, result["provenance"]))


def test_never_and_missing_are_moves_of_their_own():
    rows = [
        {"target": "V12", "part": part, "without": name, "replicate": 0, "model": value,
         "reason": ""}
        for part, values in (("early", (100.0, np.nan)), ("year", (2012.0, np.inf)))
        for name, value in zip((ALL, "x"), values)
    ]  # fmt: skip
    gone = [Mechanism("x", "", {})]
    table = compare(pd.DataFrame(rows), gone, [TARGETS["V12"]])
    assert list(table["left"]) == [True, True]
    assert np.isnan(table["moved"][0]) and table["moved"][1] == np.inf
    assert by_target(table)["becomes"].tolist() == ["falls"] and candidates(table, gone) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("set.migration.network = 0.0", "set.migration.netwrk = 0.0", "migration.network"),
        ("set.migration.network = 0.0", "", "missing key set"),
        ('name = "wages that respond"', 'name = "network"', "another for each mechanism"),
        ("set.land.leases = false", "set.land.leases = 0", "true or false"),
        ("[[mechanism]]", "[[mechanisms]]", "unknown key mechanisms"),
    ],
)
def test_a_mistake_in_the_mechanisms_is_one_line(tmp_path, old, new, says):
    path = tmp_path / "mechanisms.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as problem:
        load_mechanisms(path)
    assert says in str(problem.value) and str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"mechanisms": ("netwrk",)}, "--mechanisms"), ({"needs": ("defalt",)}, "--needs")],
)
def test_a_wrong_question_is_one_line(changes, says):
    with pytest.raises(InputError, match=says):
        Question(**changes).check(load_scenario())
    with pytest.raises(InputError, match="252"):
        Question().check(load_scenario(months=120))
