"""The workloads of benchmarks/others do what Mesa's own versions do, so that times compare."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.others import sugarscape, wealth
from benchmarks.others.__main__ import measured, rows
from benchmarks.others.sugar import Sugarscape, Traders, trade_once, welfare
from benchmarks.others.town import Town, neighbour


def test_wealth_moves_and_none_is_lost():
    """Every unit stays; cells hold whom they list; not everybody keeps one."""
    town = Town(2_500, 1)
    for _ in range(20):
        town.step()
    wealth_of = town.people.wealth
    assert wealth_of.sum() == 2_500 and wealth_of.min() == 0 and wealth_of.max() > 2
    listed = np.repeat(np.arange(town.side**2), np.diff(town._first))
    assert (town.people.cell[town._members] == listed).all()
    assert sorted(town._members) == list(range(2_500))


def test_a_neighbour_is_one_of_eight_others():
    """On the torus, at a corner as in the middle."""
    side = 10
    for cell in (0, 55, 99):
        around = {neighbour(cell, way, side) for way in range(8)}
        row, column = divmod(cell, side)
        wanted = {
            (row + r) % side * side + (column + c) % side for r in (-1, 0, 1) for c in (-1, 0, 1)
        }
        assert around == wanted - {cell}


def test_wealth_is_spread_as_in_mesa():
    """The share without wealth after 20 steps: four seeds each, within four standard errors."""
    ours, mesas = (
        np.array([wealth.measure(name, 900, 20, seed)["without"] for seed in range(4)])
        for name in ("ruralflow tables", "Mesa")
    )
    error = np.sqrt((ours.var(ddof=1) + mesas.var(ddof=1)) / 4) + 1e-3
    assert abs(ours.mean() - mesas.mean()) < 4 * error
    assert 0.2 < ours.mean() < 0.4  # the control: at the start nobody is without


def test_sugarscape_ends_as_mesas():
    """Who lives after 60 steps, and the price: six seeds each, within four standard errors."""
    ours, mesas = (
        [sugarscape.measure(name, 60, seed) for seed in range(6)]
        for name in ("ruralflow tables", "Mesa")
    )
    for key in ("alive", "log_price"):
        a, b = (np.array([r[key] for r in part], dtype=float) for part in (ours, mesas))
        error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 6)
        assert abs(a.mean() - b.mean()) < 4 * error, key
    assert all(20 < r["alive"] < 200 for r in ours)


def test_a_trade_makes_both_better_off():
    """One with sugar, one with spice: welfare of both rises, goods are conserved."""
    columns = {
        "uid": np.arange(2, dtype=np.uint64),
        "cell": np.arange(2),
        "vision": np.ones(2, int),
    }
    t = Traders(**columns, sugar=np.array([50.0, 5.0]), spice=np.array([5.0, 50.0]),
                eats_sugar=np.ones(2), eats_spice=np.ones(2))  # fmt: skip
    before = [welfare(t, i, t.sugar[i], t.spice[i]) for i in range(2)]
    assert trade_once(t, 0, 1) == pytest.approx(1.0)
    after = [welfare(t, i, t.sugar[i], t.spice[i]) for i in range(2)]
    assert after[0] > before[0] and after[1] > before[1]
    assert t.sugar.sum() == 55.0 and t.spice.sum() == 55.0
    alike = Traders(**columns, sugar=np.full(2, 9.0), spice=np.full(2, 9.0),
                    eats_sugar=np.ones(2), eats_spice=np.ones(2))  # fmt: skip
    assert trade_once(alike, 0, 1) == 0.0  # the control: nothing to gain


def test_one_trader_a_cell_and_nobody_starves_unseen():
    """The grid and the table agree after 30 steps; the dead have no cell."""
    model = Sugarscape(2)
    for _ in range(30):
        model.step()
    t = model.traders
    alive = t.cell >= 0
    assert len(set(t.cell[alive])) == alive.sum() == model.alive < 200
    assert (model.here[t.cell[alive]] == np.flatnonzero(alive)).all()
    assert (model.here >= 0).sum() == model.alive
    assert (t.sugar[alive] > 0).all() and (t.spice[alive] > 0).all()


def test_what_is_missing_is_said_and_skipped(tmp_path):
    """A framework that is not there leaves a line; the others are measured."""
    script = tmp_path / "lost.py"
    script.write_text("import a_framework_that_nobody_has\n")
    import sys

    said = measured(sys.executable, str(script))
    assert said == "not installed ('a_framework_that_nobody_has'): skipped"
    ours = {"seconds_per_step": 0.001, "without": 0.3}
    lines = rows({"ruralflow tables": ours, "lost": said}, 1_000, "without")
    assert lines == ["| ruralflow tables | 1.00 | 1,000 | 1 | 0.3 |", f"| lost | {said} | | | |"]
