"""The account of goods: its balances close, and one kilogram out of nowhere breaks them."""

from __future__ import annotations

import numpy as np
import pytest

from agents.farmer.budget import Budget
from agents.farmer.transfers import eat_grain, store_grain
from model import RuralUrbanModel, load_scenario
from model.errors import LedgerBreach
from model.goods import GOODS
from model.goods_account import BALANCES, ITEMS, ROW
from model.switches import Synthetic
from tests.tiny_people import two_households

RICE = GOODS.index("rice")


def trading(months: int) -> RuralUrbanModel:
    """Return a small world that has traded online for years, strict."""
    scenario = load_scenario("shaoyang").with_(
        **{
            "region": Synthetic(width=10, height=10, counties=2, good="citrus", cluster=0.5),
            "sample": 0.02,
            "months": months + 12,
            "strict": True,
            "access.start": "2003-06",
            "rollout.share_2009": 0.55,
            "entry.pioneer": 0.01,
        }
    )
    return RuralUrbanModel(scenario, seed=1).run(months)


@pytest.fixture(scope="module")
def model() -> RuralUrbanModel:
    return trading(142)


def test_every_item_of_the_account_moves_and_both_balances_close(model):
    """Over a year with trade online each line is used (the region grows no good it dumps)."""
    year = np.array([month for _, month in model.goods_account.written[-12:]])
    silent = {item.name for item in ITEMS if not np.abs(year[:, ROW[item.name]]).sum()}
    assert silent <= {"dumped_offline", "dumped_shops", "returned", "spoiled_on_way"}
    for signs in BALANCES.values():
        moved = np.abs(year).sum(axis=1)
        breach = np.tensordot(year, signs, axes=(1, 0))
        assert (np.abs(breach) <= 1e-9 * np.maximum(1.0, moved)).all()


def test_the_table_has_what_was_harvested(model):
    """The file's rice equals what the months counted; every row has its unit."""
    table = model.goods_account.table()
    rice = table[(table["good"] == "rice") & (table["item"] == "harvested")]["kg"].sum()
    counted = sum(month[ROW["harvested"], RICE] for _, month in model.goods_account.written)
    assert rice == pytest.approx(counted, rel=1e-12) and rice > 0.0
    assert set(table["unit"]) == {"farm kg", "kg as sold", "kg before"}


@pytest.mark.parametrize(
    ("identity", "spoil"),
    [
        ("goods of farms", lambda m: m.households.held.__setitem__(0, m.households.held[0] + 9.0)),
        ("goods of shops", lambda m: m.shops.stock.__iadd__(9.0 * (m.shops.good >= 0))),
    ],
)
def test_a_kilogram_out_of_nowhere_is_noticed(identity, spoil):
    """The control: after the month's close some kg lie in a store that nobody put there."""
    model = trading(100)
    spoil(model)
    with pytest.raises(LedgerBreach, match=identity):
        model.step()


def test_a_wrong_yield_is_noticed(model):
    model.goods_account.month = model.goods_account.month.copy()
    model.goods_account.month[ROW["made"], RICE] += 5.0
    with pytest.raises(LedgerBreach, match="goods of shops|yield of processing"):
        model.goods_account.check(model)


def test_own_grain_feeds_people_first_then_animals_and_saves_bought_feed():
    """500 kg harvested by two who eat 230 each: 40 left of 200 wanted for animals.

    A month: people 2 * 230 / 12, animals 200 / 12 kg at 2 yuan; what they eat was never sold and
    need not be bought. Without animals (the control) nothing is kept for them.
    """
    p = Budget(feed_paddy=100.0)
    for sales in (3_000.0, 0.0):
        _, homes = two_households(1)
        homes.residents[:], homes.workers_home[:], homes.capacity[:] = 2, 2, 1.0
        homes.livestock_sale[0] = homes.inputs[0] = sales
        harvest, kept, eaten = np.zeros((2, len(GOODS))), np.zeros(1), np.zeros(2)
        harvest[0, RICE] = 500.0
        store_grain(homes, harvest, RICE, kept, p)
        wanted = 460.0 + (200.0 if sales else 0.0)
        assert homes.grain[0] == pytest.approx(min(500.0, wanted))
        assert harvest[0, RICE] == pytest.approx(500.0 - homes.grain[0])
        eat_grain(homes, np.array([2.0, 2.0]), eaten, p)
        fed = 200.0 / 12.0 if sales else 0.0
        assert eaten == pytest.approx([460.0 / 12.0 * 10.0, fed * 10.0])
        assert homes.inputs[0] == pytest.approx(sales - 2.0 * fed)
        assert homes.own_use[0] == pytest.approx(2.0 * 460.0 / 12.0)
