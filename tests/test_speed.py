"""What makes the model fast, tested without a clock: no growth, no agents, kernels found again."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest

from agents.base import allocate
from agents.base.cache import PACKAGES, use_cache
from agents.base.draws import gumbel, gumbel_at_most
from agents.farmer.land import farm_value, rank_plots
from agents.farmer.state import Plots
from agents.migrant.moves import LOST, utility
from model import RuralUrbanModel, load_scenario, worlds
from model.errors import InputError
from model.region import default_region_folder
from model.scenario import Scenario
from model.switches import Synthetic
from model.world import make_world

ROOT = Path(__file__).resolve().parents[1]


def small(months: int, **changes: object) -> Scenario:
    region = Synthetic(width=10, height=10, counties=2)
    settings = {"access.start": "2004-01", "region": region, "sample": 0.02, **changes}
    return load_scenario("shaoyang").with_(months=months, **settings)


def python(code: str, cache: Path | None = None, **variables: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_memory_does_not_grow_with_the_months():
    """Beside what the run writes down, two more years take no more than a cache here and there."""
    model = RuralUrbanModel(small(96), seed=1).run(48)
    records = model.records

    def forget() -> None:
        for written in (records.villages, records.counties, records.flows, records.logs):
            written.clear()
        model.goods_account.written.clear()

    def held() -> int:
        """Return bytes in blocks of over 100: Python's cache of attribute names fills slowly."""
        forget()
        gc.collect()
        return sum(t.size for t in tracemalloc.take_snapshot().traces if t.size > 100)

    forget()
    tracemalloc.start()
    try:
        model.run(12)
        before = held()
        model.run(24)
        assert held() - before < 4 * len(model.households)
    finally:
        tracemalloc.stop()


def test_a_run_that_nobody_looks_at_makes_no_agent():
    model = RuralUrbanModel(small(14), seed=1).run()
    assert sum(population.made for population in model.agents.populations) == 0
    assert len(list(model.agents[:3])) == 3
    assert sum(population.made for population in model.agents.populations) == 3


def test_the_list_of_kernels_is_current():
    """Else a first run compiles in one process: ``python -m model.kernels`` writes it anew."""
    done = subprocess.run(
        [sys.executable, "-m", "model.kernels", "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_process_compiles_nothing(tmp_path: Path):
    """What one process has compiled, the next one finds in the cache."""
    code = (
        "from numba.core import event\n"
        "made = []\n"
        "class Listener(event.Listener):\n"
        "    def on_start(self, event): made.append(event)\n"
        "    def on_end(self, event): pass\n"
        "from agents.base.draws import identity, uniform\n"
        "with event.install_listener('numba:compile', Listener()):\n"
        "    uniform(identity(1, 2, 3, 4), 5, 6)\n"
        "print(len(made))\n"
    )
    assert int(python(code, tmp_path)) > 0
    assert int(python(code, tmp_path)) == 0


def test_no_rule_looks_beyond_its_columns(tmp_path: Path):
    """Columns do not wrap: row -1 is memory of somebody else, unless numba is asked to check."""
    code = """
from agents.base import allocate
from agents.migrant.moves import is_registered
from agents.migrant.state import People
from experiments.kept import _run_small_world

people = allocate(People, 3)
people.dies[:] = people.leaves[:] = 9
for row in (2, 3, -1):
    try:
        print(row, is_registered(people, row, 1))
    except IndexError:
        print(row, "refused")
_run_small_world()  # its trade begins in the second month
"""
    said = python(code, tmp_path, NUMBA_BOUNDSCHECK="1").splitlines()
    assert said == ["2 True", "3 refused", "-1 refused"]


def test_edited_rules_are_never_served_from_a_cache_of_the_old_ones(tmp_path, monkeypatch):
    """Numba watches the file of a kernel only; a kernel's rules stand in other files."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    rules = tmp_path / "agents" / "rules.py"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    rules.write_text("x = 1", encoding="utf-8")
    before = use_cache(tmp_path)
    assert before.parent == tmp_path / "cache" and numba.config.CACHE_DIR == str(before)
    rules.write_text("x = 2", encoding="utf-8")
    assert use_cache(tmp_path) not in (before, tmp_path / "cache")
    monkeypatch.setenv("NUMBA_CACHE_DIR", numba.config.CACHE_DIR)  # as a second process is told
    assert str(use_cache(tmp_path)) == numba.config.CACHE_DIR


def test_types_survive_the_list_of_kernels():
    from model.kernels import listed, read, spelled

    entries = listed()
    assert len(entries) > 60
    for _, signature in entries:
        assert [spelled(read(word)) for word in signature] == signature


# --- odd worlds ----------------------------------------------------------------------------------


def sane(model: RuralUrbanModel) -> None:
    assert np.isfinite(model.records.last).all()
    assert np.isfinite(model.ledger.tills).all()


def test_sixty_years_stay_finite_and_balanced():
    model = RuralUrbanModel(small(12 * 60, strict=True, sample=0.01), seed=1).run()
    sane(model)


def test_two_villages_of_one_household_each():
    """The smallest world; what is smaller is refused in one line."""
    region = Synthetic(width=3, height=3, counties=1)
    one = load_scenario("shaoyang", ("world.cluster_households=1",)).with_(region=region, months=36)
    with pytest.raises(InputError, match="fewer than 2 villages"):
        RuralUrbanModel(one.with_(sample=0.0001), seed=1)
    model = RuralUrbanModel(one.with_(sample=0.00084, strict=True), seed=1).run()
    assert len(model.villages) == len(model.households) == 2
    sane(model)


def emptied(model: RuralUrbanModel) -> None:
    """Let everybody leave for good in the coming month."""
    model.people.leaves[:] = np.minimum(model.people.leaves, model.month + 1)


def test_everyone_gone():
    model = RuralUrbanModel(small(48, strict=True), seed=1).run(18)
    emptied(model)
    model.run(30)
    assert model.households.registered.sum() == 0
    sane(model)


def test_a_county_without_cropland(tmp_path: Path):
    folder = tmp_path / "region"
    shutil.copytree(default_region_folder(), folder)
    counties = pd.read_csv(folder / "counties.csv", dtype=str)
    counties["cropland_kha"] = ["0", *["30"] * (len(counties) - 1)]
    counties.to_csv(folder / "counties.csv", index=False)
    scenario = load_scenario("shaoyang").with_(
        region=str(folder), sample=0.005, months=14, strict=True
    )
    model = RuralUrbanModel(scenario, seed=1).run()
    sane(model)
    by_county = model.records.months_table().groupby("county", sort=False)["mu_cultivated"].sum()
    assert by_county.iloc[0] == 0.0
    assert (by_county.iloc[1:] > 0.0).all()


# -- worlds are made once -------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """Keep one world; return the list of seeds for which one was made."""
    seeds = []

    def make(region, sample, seed, months, params):
        seeds.append(seed)
        return make_world(region, sample, seed, months, params)

    monkeypatch.setattr(worlds, "make_world", make)
    worlds.keep_worlds(0)
    worlds.keep_worlds(1)
    yield seeds
    worlds.keep_worlds(0)


def test_arms_on_one_seed_share_a_world_and_leave_it_as_it_was(made):
    """A run on a copy gives the same numbers; only what a world is made of makes another."""
    first = RuralUrbanModel(small(14), 1).run().records.months_table()
    RuralUrbanModel(small(14, **{"pull.enabled": False, "migration.kappa": 2.0}), 1).run()
    again = RuralUrbanModel(small(14), 1).run().records.months_table()
    assert made == [1]
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    RuralUrbanModel(small(14, **{"demography.college_2003": 0.1}), 1)
    RuralUrbanModel(small(15), 1)
    RuralUrbanModel(small(15), 2)
    RuralUrbanModel(small(15), 1)
    assert made == [1, 1, 1, 2, 1]


def test_an_option_that_is_not_drawn_could_not_have_won():
    """Bounds hold, and lie near; an option is lost only where its full utility is no more."""
    p, key, life = load_scenario("shaoyang").in_force(0)["migration"], np.uint64(5), np.uint64(6)
    gaps = [gumbel_at_most(key, uid, 7) - gumbel(key, uid, 7) for uid in range(20_000)]
    assert min(gaps) > 0.0 and np.median(gaps) < 0.02
    lost = 0
    for uid in range(2_000):
        full = utility(0.3, 4, LOST, np.uint64(uid), key, life, p)
        quick = utility(0.3, 4, 1.0, np.uint64(uid), key, life, p)
        assert quick == full or (quick == LOST and full <= 1.0)
        lost += quick == LOST
    assert lost > 500


def test_land_is_worth_the_same_with_plots_in_order():
    """Days go to the best plot per day first, whatever the order of rows: by a plain sort."""
    generator = np.random.default_rng(3)
    for _ in range(50):
        plots = allocate(Plots, 7)
        plots.value[:] = generator.choice([-5.0, 0.0, 80.0, 200.0], 7)
        plots.need[:] = generator.choice([0.0, 1.0, 2.5], 7)
        plots.area[:] = generator.uniform(0.1, 2.0, 7)
        rank_plots(plots, 1, 7, np.empty(6))
        left = days = generator.uniform(0.0, 9.0)
        total = 0.0
        daily = plots.value / np.maximum(plots.need, 1e-9)
        for i in sorted(range(1, 7), key=lambda i: -daily[i]):
            if plots.value[i] > 0.0:
                need = plots.need[i] * plots.area[i]
                share = 1.0 if need <= left else max(left, 0.0) / need
                total += share * plots.value[i] * plots.area[i]
                left -= share * need
        assert farm_value(plots, 1, 7, days) == pytest.approx(total, rel=1e-12)
