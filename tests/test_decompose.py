"""Decomposition: Shapley values of known games, parts that add up, switches that switch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.arms import ARMS, BARE, FULL, NEITHER
from experiments.decompose import WHOLES, Question, run_decompose, shapley, subsets
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.workers import Workers
from model import RuralUrbanModel, load_scenario
from model.errors import InputError
from model.goods import MadeBy
from model.indicators import VILLAGE
from model.switches import Synthetic

QUIET, HERE = Progress("test", quiet=True), Workers(0)


def test_the_glove_game():
    """Two left gloves, one right: values 1/6, 1/6, 2/3 (a textbook game)."""
    game = {
        on: np.array([float("right" in on and len(on) > 1)])
        for on in subsets(["left", "other left", "right"])
    }
    found = shapley(game)
    assert found["left"] == found["other left"] == pytest.approx(1 / 6)
    assert found["right"] == pytest.approx(2 / 3)


def test_parts_of_any_game_add_up():
    """Of random values of 16 subsets and 5 replicates: the whole, to rounding; a dummy gets 0."""
    generator = np.random.default_rng(4)
    drawn = {on: generator.standard_normal(5) for on in subsets(["a", "b", "c"])}
    game = {on: drawn[on - {"dummy"}] for on in subsets(["a", "b", "c", "dummy"])}
    found = shapley(game)
    whole = game[frozenset(["a", "b", "c", "dummy"])] - game[frozenset()]
    np.testing.assert_allclose(sum(found.values()), whole, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found["dummy"], 0.0, atol=1e-15)
    assert np.abs(found["a"] - (game[frozenset(["a"])] - game[frozenset()])).max() > 0.01


def additive(scenario, seed):
    """Stand in for a run: each switch takes or gives an amount of its own."""
    pull, access = scenario.group("pull"), scenario.group("access")
    value = 100.0 + seed
    value -= 10.0 * (pull.enabled or not pull.labour) + 3.0 * (pull.enabled or not pull.land)
    value -= 2.0 * (not scenario.group("demography").frozen)
    value -= 1.0 * scenario.group("migration").families_follow
    value -= 0.25 * (scenario.group("migration").network > 0.0)
    spent = 1.0 + (scenario.group("local").demand > 0.0)
    value += 7.0 * spent  # changes the world without e-commerce too
    if access.enabled:
        value += 4.0 * (access.selling and access.only_good != "made") * spent
        value += 3.0 * (access.selling and access.only_good != "grown")
        value += 1.0 * access.buying + 0.5 * scenario.group("migration").shop_counts
    return {"region": pd.DataFrame([{"year": 2023} | {i.name: value for i in VILLAGE}])}


def test_each_part_is_what_its_switch_does(tmp_path):
    """Ten by wages, three by land, ...: so it comes out, and adds up to the whole.

    What the multiplier makes of the price is shared between the two, as in any order of switching;
    what it does without e-commerce is none of the return.
    """
    with OutputFolder(tmp_path / "o") as out:
        result = run_decompose(
            load_scenario(), 1, out, QUIET, Question(3), HERE, Measure("a-1", additive)
        )
    table = pd.DataFrame(result["values"])
    labour = table[table["outcome"] == "labour"].set_index(["whole", "part"])["value"]
    truth = {"wage pull": 10.0, "land taken": 3.0, "ageing": 2.0, "families follow": 1.0}
    assert labour["loss"].to_dict() == pytest.approx({"whole": 16.25, "network": 0.25, **truth})
    gains = {"price": 6.0, "volume": 3.0, "buying": 1.0, "returnees": 0.5, "multiplier": 2.0}
    assert labour["return"].to_dict() == pytest.approx({"whole": 12.5, **gains})
    assert {"decompose.json", "decompose.csv"} <= {p.name for p in (tmp_path / "o").iterdir()}


def test_all_and_none_of_the_switches_are_the_arms_of_offset():
    """So that the return is that of offset, and the loss that of offset with ageing beside it."""
    base = load_scenario()

    def arm(name):
        return base.with_(**ARMS[name])

    def made(name, on):
        return base.with_(**WHOLES[name].settings(frozenset(on)))

    assert made("return", WHOLES["return"].parts).digest() == arm(FULL).digest()
    assert made("loss", WHOLES["loss"].parts).digest() == arm(BARE).digest()
    others = {"ageing", "families follow", "network"}
    assert made("loss", others).digest() == arm(NEITHER).digest()


def test_real_parts_add_up(tmp_path):
    """On a small world of one year, in every outcome, to 1e-9 of the largest part."""
    region = Synthetic(width=10, height=10, counties=2)
    scenario = load_scenario().with_(
        region=region, sample=0.02, months=12, **{"access.start": "2003-02"}
    )
    with OutputFolder(tmp_path / "o") as out:
        result = run_decompose(scenario, 1, out, QUIET, Question(1), HERE)
    table = pd.DataFrame(result["values"])
    for _, part in table.groupby(["whole", "outcome"]):
        whole = part.loc[part["part"] == "whole", "value"].item()
        rest = part.loc[part["part"] != "whole", "value"]
        assert rest.sum() == pytest.approx(whole, rel=1e-9, abs=1e-9 * rest.abs().max())
    loss = table[(table["whole"] == "loss") & (table["part"] == "wage pull")]
    assert (loss["value"] != 0.0).any()  # the control: the switches do switch


def test_a_pull_without_parts_is_refused():
    """Mode no_new switches off leaving as such."""
    with pytest.raises(InputError, match="pull.mode = 'no_new'; valid: frozen"):
        Question().check(load_scenario().with_(**{"pull.mode": "no_new"}))


def test_one_good_has_no_kinds():
    """Selling is taken apart by kinds of goods: a scenario of one good is refused."""
    with pytest.raises(InputError, match="access.only_good = 'nuts'; valid: empty"):
        Question().check(load_scenario().with_(**{"access.only_good": "nuts"}))


def test_kinds_of_goods_are_a_cut():
    """With what is grown alone on sale nothing made is, and together they are all."""
    base = load_scenario("shaoyang", sample=0.01, months=1)

    def offered(kind):
        model = RuralUrbanModel(base.with_(**{"access.only_good": kind}), 1)
        crops = model.goods.made_by == MadeBy.CROP
        return model.market.offered(model).astype(bool), crops

    grown, crops = offered("grown")
    made, everything = offered("made")[0], offered("")[0]
    assert grown.any() and made.any()
    assert not (grown & made).any() and np.array_equal(grown | made, everything)
    assert not grown[:, ~crops].any() and not made[:, crops].any()
