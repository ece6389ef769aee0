"""The headline experiment: verdicts, pairing, resumption, and independence of workers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from experiments import arms as arms_module
from experiments.arms import (
    ARMS,
    BARE,
    FULL,
    KEPT,
    NEITHER,
    OUTCOMES,
    arms_of,
    run_arms,
    spans,
)
from experiments.bootstrap import Interval, mean_interval, ratio_interval, resamples
from experiments.offset import GAIN, OFFSET, REST, UNKNOWN, evaluate, flat, judge, run_offset
from experiments.output import OutputFolder
from experiments.posterior import KIND
from experiments.progress import Progress
from experiments.run import run_scenario
from experiments.spread import evaluate_spread
from experiments.store import Store
from experiments.workers import Workers
from model import load_scenario
from model.errors import InputError
from model.switches import Synthetic

QUIET = Progress("test", quiet=True)
HERE = Workers(0)  # in this process, where it can be watched


def fabricated(loss: float, gained: float, noise: float = 1.0, worlds: int = 12) -> pd.DataFrame:
    """Return arm tables in which worlds differ much and arms by ``loss`` and ``gained``.

    Each arm has luck of its own, up in one world and down in the next: none on average.
    """
    generator = np.random.default_rng(5)
    rows = []
    for i in range(worlds):
        world = 1_000.0 + 200.0 * generator.standard_normal()
        value = {
            NEITHER: world + loss,
            BARE: world,
            FULL: world + gained,
            KEPT: world + loss + gained,
        }
        for rank, arm in enumerate(ARMS):
            for county, share in (("east", 0.25), ("west", 0.75)):
                luck = noise * rank**2 * (-1) ** i
                for outcome in (
                    "labour_home",
                    "labour_home_young",
                    "labour_home_schooling",
                    "mu_cultivated",
                    "mu_seasons",
                    "village_product",
                    "living_standard",
                    "real_income",
                    "registered",
                    "people_home",
                ):
                    heads = outcome in ("registered", "people_home")
                    amount = 10.0 if heads else share * (value.get(arm, world) + luck)
                    rows.append((2020, county, outcome, amount, arm, i))
    columns = ["year", "county", "column", "value", "arm", "replicate"]
    return pd.DataFrame(rows, columns=columns)  # fmt: skip


def small(**changes):
    """Return a small scenario of two years."""
    region = Synthetic(width=10, height=10, counties=2)
    options = {"region": region, "sample": 0.02, "months": 24, "access.start": "2003-02"}
    return load_scenario("shaoyang").with_(**(options | changes))


@pytest.mark.parametrize(
    ("bounds", "verdict"), [((1.0, 3.0), OFFSET), ((-3.0, -1.0), GAIN), ((-1.0, 1.0), UNKNOWN)]
)
def test_three_verdicts(bounds, verdict):
    """A ratio only where the loss is above 0; below it a gain; across it nobody knows."""
    assert judge(Interval(sum(bounds) / 2, *bounds)) == verdict


def test_offset_of_fabricated_arms_is_the_ratio_that_was_put_in():
    """Loss 40, return 10, interaction 0: the offset is a quarter, of a region and of a county."""
    result = evaluate(fabricated(40.0, 10.0), list(ARMS), 2015, seed=1)
    found = result["outcomes"]["labour"]["last 12 months"]
    assert found["verdict"] == OFFSET
    assert found["loss"]["value"] == pytest.approx(40.0, abs=1.0)
    assert found["offset"]["low"] < 0.25 < found["offset"]["high"]
    assert found["interaction"]["low"] < 0.0 < found["interaction"]["high"]
    west = result["by_county"]["labour"]["west"]
    assert west["loss"]["value"] == pytest.approx(30.0, abs=1.0)


def test_no_ratio_where_the_pull_was_a_gain_or_nothing_is_known():
    """Then the offset is absent, in the result and in the table."""
    gain = evaluate(fabricated(-40.0, 10.0), list(ARMS), 2015, seed=1)
    nothing = evaluate(fabricated(0.0, 0.0), list(ARMS), 2015, seed=1)
    assert gain["outcomes"]["land"]["last 12 months"]["verdict"] == GAIN
    assert nothing["outcomes"]["land"]["last 12 months"]["verdict"] == UNKNOWN
    for result in (gain, nothing):
        assert "offset" not in result["outcomes"]["land"]["last 12 months"]
        rows = flat(result)
        assert not rows["quantity"].str.startswith("offset").any()


def test_pairing_narrows_the_interval():
    """Worlds differ by some 200, the difference of arms by 8: about 35 times (200 sqrt 2 / 8)."""
    arms = fabricated(40.0, 10.0, noise=0.1)
    found = evaluate(arms, list(ARMS), 2015, seed=1)["outcomes"]["product"]
    last = found["last 12 months"]
    assert last["half_width_unpaired"]["loss"] > 20 * last["half_width_paired"]["loss"]


def test_ratio_is_one_of_sums_and_the_bootstrap_is_reproducible():
    """Two worlds with losses 1 and 3 and returns 1 and 0: 1/4, not the mean ratio 1/2."""
    top, bottom, rows = np.array([1.0, 0.0]), np.array([1.0, 3.0]), resamples(2, 7)
    assert ratio_interval(top, bottom, rows).value == 0.25
    assert np.array_equal(rows, resamples(2, 7))
    assert not np.array_equal(rows, resamples(2, 8))
    assert mean_interval(top, rows).low <= 0.5 <= mean_interval(top, rows).high


def test_spans_weigh_years():
    """The last year; all years of access; the same at five percent a year."""
    found = spans([2007, 2008, 2009], 2008)
    assert found["last 12 months"] == {2009: 1.0}
    assert found["since access began"] == {2008: 1.0, 2009: 1.0}
    assert found["since access began, 5% a year"][2009] == pytest.approx(1 / 1.05)


def test_resumed_runs_do_only_what_is_missing_and_give_the_same(tmp_path, monkeypatch):
    """A part that is there is not run again; one that is lost is run to the same numbers."""
    arms = {name: arms_of(small())[name] for name in (BARE, FULL)}
    ran = []
    measure = arms_module.measure
    monkeypatch.setattr(
        arms_module, "measure", lambda s, seed: ran.append(seed) or measure(s, seed)
    )
    with OutputFolder(tmp_path / "o") as out:
        first = run_arms(arms, 2, 1, out, QUIET, workers=HERE)
        assert len(ran) == 4
        again = run_arms(arms, 2, 1, out, QUIET, workers=HERE)
        assert len(ran) == 4
        for part in (tmp_path / "o" / "parts").iterdir():
            shutil.rmtree(part)
        third = run_arms(arms, 2, 1, out, QUIET, workers=HERE)
        assert len(ran) == 8
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, third)


def test_results_do_not_depend_on_workers(tmp_path):
    """One process and two give the same bits."""
    arms = {name: arms_of(small())[name] for name in (BARE, FULL)}
    tables = []
    for workers in (1, 2):
        with OutputFolder(tmp_path / str(workers)) as out:
            tables.append(run_arms(arms, 2, 1, out, QUIET, workers=Workers(workers)))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_offset_writes_its_files(tmp_path):
    """offset.json, offset.csv, arms.parquet, and headline lines that state the definition."""
    with OutputFolder(tmp_path / "o") as out:
        result = run_offset(small(), 1, out, QUIET, replicates=2, workers=HERE)
    names = {p.name for p in (tmp_path / "o").iterdir()}
    assert {"offset.json", "offset.csv", "arms.parquet"} <= names
    assert any("No pull" in line for line in result["headline"])
    table = pd.read_parquet(tmp_path / "o" / "arms.parquet")
    assert set(table["arm"]) == set(ARMS)


def test_one_world_proves_nothing():
    """Of one replicate no interval is known: no ratio, however large the loss."""
    found = evaluate(fabricated(40.0, 10.0, worlds=1), list(ARMS), 2015, seed=1)
    assert found["outcomes"]["labour"]["last 12 months"]["verdict"] == UNKNOWN
    assert not flat(found)["quantity"].str.startswith("offset").any()


def test_the_region_without_cluster_counties():
    """East has a cluster and a quarter of everything: without it three quarters are left."""
    table = fabricated(40.0, 10.0, noise=0.0)
    rest = evaluate(table, list(ARMS), 2015, 1, ["east"])["by_part"]["labour"][REST]
    assert rest["loss"]["value"] == pytest.approx(30.0)
    assert evaluate(table, list(ARMS), 2015, 1)["by_part"]["labour"] == {}


def test_no_span_of_access_where_access_comes_after_the_end():
    """A mean over no years would be 0 / 0."""
    assert list(spans([2003, 2004], 2009)) == ["last 12 months"]


def test_access_scaled_to_zero_is_the_arm_without_access():
    """MODEL 1, to the bit, in every number that an arm is judged by."""
    scaled = arms_module.measure(small(**{"access.scale": 0.0}), 3)
    pd.testing.assert_frame_equal(
        scaled, arms_module.measure(arms_of(small())[BARE], 3), check_exact=True
    )


@pytest.mark.parametrize("changes", [{"start": "2004-01"}, {"months": 23}])
def test_offset_refuses_what_it_cannot_measure(changes, tmp_path):
    """Whole years from 2003 on: one line that names the option, before any run."""
    with OutputFolder(tmp_path / "o") as out, pytest.raises(InputError, match=next(iter(changes))):
        run_offset(small(**changes), 1, out, QUIET, replicates=1, workers=HERE)


def test_a_failed_run_is_named_and_the_others_are_kept(tmp_path, monkeypatch):
    """The error says which arm and seed; its row has the traceback; a second try ends well."""
    arms = {name: arms_of(small())[name] for name in (BARE, FULL)}

    def measure(scenario, seed):
        if seed == 2 and scenario.group("access").enabled:
            raise ArithmeticError("books open")
        return pd.DataFrame({"year": [2003], "county": "a", "column": "c", "value": 1.0})

    with OutputFolder(tmp_path / "o") as out:
        monkeypatch.setattr(arms_module, "measure", measure)
        with pytest.raises(RuntimeError, match="1 of 4 runs failed.*'pull, access'.*seed 2.*books"):
            run_arms(arms, 2, 1, out, QUIET, workers=HERE)
        store = Store(tmp_path / "o")
        listed = store.failures()
        assert listed["seed"].tolist() == [2] and "books open" in listed["traceback"][0]
        assert len(store.done()) == 3
        monkeypatch.setattr(arms_module, "measure", lambda s, seed: measure(s, 1))
        assert len(run_arms(arms, 2, 1, out, QUIET, workers=HERE)) == 4
        assert Store(tmp_path / "o").failures().empty


def test_a_run_writes_its_files(tmp_path):
    """Months from ``start`` on, flows that are not 0, villages, and the panel of each December."""
    scenario = small(start="2004-01", panel=True)
    with OutputFolder(tmp_path / "o") as out:
        run_scenario(scenario, 1, out, QUIET, import_s=0.5)
    report = json.loads((tmp_path / "o" / "run.json").read_text())
    keys = {"scenario", "seed", "commit", "wall_s", "import_s", "compile_s", "peak_memory_mb"}
    assert keys | {"summary", "filled_series"} <= set(report)
    names = ("months", "flows", "villages", "households", "plots")
    tables = {name: pd.read_parquet(tmp_path / "o" / f"{name}.parquet") for name in names}
    year = [f"2004-{month:02d}" for month in range(1, 13)]
    for name in names[:3]:
        assert sorted(tables[name]["month"].unique()) == year
    assert set(tables["households"]["month"]) == set(tables["plots"]["month"]) == {"2004-12"}
    assert (tables["flows"]["yuan"] != 0.0).all()
    # villages add up to counties: the sums differ by the rounding of some twenty additions
    by_county = [
        tables[name].groupby(["month", "county"])["village_product"].sum()
        for name in ("months", "villages")
    ]
    pd.testing.assert_series_equal(*by_county, rtol=1e-12)
    assert tables["households"]["household"].is_unique and tables["plots"]["plot"].is_unique


def region_rows(losses, gains, replicates=8, noise=1.0):
    """Return rows of the region, draw by draw, with the loss and the return that were put in."""
    generator = np.random.default_rng(2)
    columns = {o.column for o in OUTCOMES.values()}
    rows = []
    for draw, (loss, gained) in enumerate(zip(losses, gains)):
        for i in range(replicates):
            world = 1_000.0 + 200.0 * generator.standard_normal()
            for arm, more in ((NEITHER, loss), (BARE, 0.0), (FULL, gained)):
                amount = world + more + noise * generator.standard_normal()
                row = {"point": str(draw), "arm": arm, "replicate": i, "year": 2020}
                row |= dict.fromkeys(columns, amount) | {"registered": 1.0, "people_home": 1.0}
                rows.append(row)
    return pd.DataFrame(rows)


def test_parameters_and_luck_spread_wider_than_luck():
    """Offsets of draws are 0.1 to 0.4: the interval covers them; of one draw it is luck alone."""
    losses, shares = np.full(40, 50.0), np.linspace(0.1, 0.4, 40)
    table = region_rows(losses, losses * shares)
    found = evaluate_spread(table, 40, 8, 1, 2015)["labour"]["last 12 months"]
    assert found["verdict"] == OFFSET and found["losing"] == 1.0
    assert found["offset"]["value"] == pytest.approx(0.25, abs=0.03)
    assert found["offset"]["low"] == pytest.approx(0.11, abs=0.03)
    assert found["offset"]["high"] == pytest.approx(0.39, abs=0.03)
    one = evaluate_spread(region_rows([50.0], [12.5]), 1, 8, 1, 2015)["labour"]["last 12 months"]
    assert one["offset"]["high"] - one["offset"]["low"] < 0.1  # the control


def test_no_ratio_where_some_parameters_make_the_pull_a_gain():
    """Half the draws lose, half gain: the share is said, a ratio is not."""
    table = region_rows(np.tile([40.0, -40.0], 10), np.full(20, 5.0))
    found = evaluate_spread(table, 20, 8, 1, 2015)["labour"]["last 12 months"]
    assert found["verdict"] == UNKNOWN and "offset" not in found
    assert found["losing"] == 0.5 and found["returning"] == 1.0


def test_offset_with_uncertainty_writes_both_intervals(tmp_path):
    """Beside each other in json, csv and headline; the interval of luck is what it was without."""
    scenario = small(months=12)
    with OutputFolder(tmp_path / "a") as out:
        plain = run_offset(scenario, 1, out, QUIET, replicates=2, workers=HERE)
    with OutputFolder(tmp_path / "b") as out:
        both = run_offset(scenario, 1, out, QUIET, replicates=2, uncertainty=2, workers=HERE)
    loss = both["outcomes"]["land"]["last 12 months"]
    assert loss["loss"] == plain["outcomes"]["land"]["last 12 months"]["loss"]
    assert loss["parameters_and_luck"]["loss"]["low"] <= loss["parameters_and_luck"]["loss"]["high"]
    rows = pd.read_csv(tmp_path / "b" / "offset.csv")
    assert rows["quantity"].str.endswith("parameters and luck").any()
    assert any("parameters and luck" in line for line in both["headline"])
    assert len(Store(tmp_path / "b").design("offset-uncertainty")) == 2 * 2 * 3


def test_the_posterior_of_a_calibration_is_carried_into_the_headline(tmp_path):
    rows = pd.DataFrame({"migration.kappa": [1.1, 1.2, 1.3], "land.reservation": [0.7, 0.8, 0.9]})
    origin = {"kind": KIND, "provenance": {"commit": "abc"}}
    with OutputFolder(tmp_path) as out:
        file = out.write_parquet(rows, "posterior.parquet", origin)
        result = run_offset(
            small(months=12), 1, out, QUIET, replicates=2, uncertainty=2, posterior=file,
            workers=HERE,
        )  # fmt: skip
    wide = result["outcomes"]["land"]["last 12 months"]["parameters_and_luck"]
    assert wide["loss"]["low"] <= wide["loss"]["high"]
    text = " ".join(" ".join(result["headline"]).split())
    assert "2 draws of 2 parameters from the posterior of a calibration" in text
    assert result["uncertainty"]["posterior"]["commit"] == "abc"
    asked = Store(tmp_path).design("offset-uncertainty")
    assert set(asked["migration.kappa"]) <= {1.1, 1.2, 1.3}
    assert set(asked["land.reservation"]) <= {0.7, 0.8, 0.9}
