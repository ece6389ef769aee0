"""Extraction and return: each item by hand, and what must not be in it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from agents.base.parts import Part
from agents.kinds import Place
from experiments.run import SUMMARY, lines
from model import RuralUrbanModel, load_scenario
from model.extraction import (
    ITEMS,
    ROW,
    Extraction,
    Raising,
    add_consumers,
    add_members,
    consumer_gain,
    from_ledger,
    labour_surplus,
    raising_cost,
)
from model.ledger import FLOWS, INDEX, Ledger, Sector
from model.switches import Synthetic
from tests.tiny_people import two_households

P = Raising()


def booked(**yuan: float) -> dict[str, np.ndarray]:
    """Return the items of a month in which these lines were booked, in county 1 of two."""
    ledger = Ledger(2)
    for line, amount in yuan.items():
        ledger.book(line, amount, county=1)
    return from_ledger(ledger)


def only(items: dict[str, np.ndarray], **expected: float) -> None:
    """Assert what county 1 has, and 0 everywhere else."""
    for name, yuan in items.items():
        assert yuan[0] == 0.0 and yuan[1] == pytest.approx(expected.get(name, 0.0)), name


def test_land_is_taken_for_its_value_less_all_compensation():
    """1,000 for the land, 70 and 30 paid for it: 900; the 100 saved are lent outside as well."""
    items = booked(land_sale=1_000.0, compensation_household=70.0, compensation_village=30.0)
    only(items, land_value=900.0, saving_lent=100.0)


def test_village_saving_is_lent_outside_net_of_what_the_bank_lends():
    """A remittance of 500 of which 300 are spent leaves 200; a loan of 40 comes back, 15 of it."""
    only(booked(remittance=500.0, food=300.0), remittances=500.0, saving_lent=200.0)
    only(booked(loan=40.0, food=40.0), saving_lent=-40.0)
    only(booked(repayment=15.0), saving_lent=0.0)


def test_online_sales_are_net_of_every_payment_that_leaves_the_village():
    """1,000 sold, one yuan on each line that shops pay outside; hired neighbours stay inside.

    The control is the chart itself: every line by which shops pay another sector is among them.
    """
    paid = "refund_coast refund_urban shop_goods_wholesale shop_goods_local packing freight_first "
    paid += "freight_line storage commission ad_fee hired_county entry_cost"
    lines = dict.fromkeys(paid.split(), 1.0)
    items = booked(shop_revenue_coast=900.0, shop_revenue_urban=100.0, hired=55.0, **lines)
    assert items["online_sales"][1] == pytest.approx(1_000.0 - len(lines))
    first, last = INDEX["shop_revenue_coast"], INDEX["entry_cost"]
    leaves = {
        flow.name
        for flow in FLOWS[first : last + 1]
        if flow.payer == Sector.RURAL and flow.payee != Sector.RURAL
    }
    assert leaves == set(lines)


def test_public_money_and_what_comes_home():
    items = booked(subsidy=1.0, pension=2.0, programme=4.0, training=8.0, infrastructure_roads=16.0)
    assert items["public_money"][1] == pytest.approx(31.0)
    assert booked(infrastructure_city=9.0)["public_money"][1] == 0.0  # the control: not in villages
    assert booked(brought_home=7.0)["brought_home"][1] == 7.0


def test_formulas_by_hand():
    """A worker paid 900 of a wage of 1,000 whose marginal product is 1,200 makes 180 more."""
    assert labour_surplus(900.0, 1_200.0, 1_000.0) == pytest.approx(180.0)
    assert labour_surplus(900.0, 1_000.0, 1_000.0) == 0.0
    assert raising_cost(16.0, 9.0, P) == pytest.approx(16 * 900.0 + 9 * 600.0)
    assert consumer_gain(90.0, 0.9) == pytest.approx(10.0)
    assert consumer_gain(90.0, 1.0) == 0.0


def test_members_by_place_and_who_leaves():
    """Five people: at seat 1, at the coast, newly gone, a student, at home. Month 8."""
    people, homes = two_households(5)
    people.place[:4] = (Place.SEAT + 1, Place.COAST, Place.SEAT, Place.VILLAGE)
    people.wage[:3] = (900.0, 1_500.0, 800.0)
    people.remitted[1] = 300.0
    people.months_away[:3] = (50, 50, 1)
    people.since[2], people.schooling[2], people.household[2] = 8, 9.0, 1
    people.leaves[3] = 8
    out, all_rows = np.zeros((3, 2)), Part(0, 2, 0, 5, 0, 0)
    wage, marginal = np.array([1_000.0, 1_000.0]), np.array([1_000.0, 1_200.0])
    add_members(all_rows, people, homes, 8, marginal, wage, P, out)
    assert out[0] == pytest.approx([180.0 * 10.0, 0.0])
    student, worker = 18 * 900.0 + 12 * 600.0, 16 * 900.0 + 9 * 600.0
    assert out[1] == pytest.approx([student * 10.0, worker * 20.0])
    assert out[2] == pytest.approx([300.0 * 10.0, 0.0])
    again = np.zeros((3, 2))
    people.months_away[2] = 2  # the control: a month later nobody has just left
    add_members(all_rows, people, homes, 9, marginal, wage, P, again)
    assert again[1].sum() == 0.0 and again[2].sum() > 0.0


def test_consumers_gain_only_with_parcels():
    _, homes = two_households(1)
    homes.parcels[:], homes.retail[:], homes.tradables_index[:] = (30.0, 0.0), (60.0, 60.0), 0.9
    out = np.zeros(2)
    add_consumers(homes, out)
    assert out == pytest.approx([10.0 * 10.0, 0.0])


def test_totals_leave_memo_items_out():
    """Each item one yuan: three on the side of extraction, five on that of return."""
    balance = Extraction(1)
    balance.years = {2003: np.ones((len(ITEMS), 1)), 2004: np.ones((len(ITEMS), 1))}
    totals = balance.totals()
    assert (totals["extraction"], totals["return"]) == (2 * 3.0, 2 * 5.0)
    table = balance.table(["A"])
    assert table.groupby("memo")["yuan"].sum().to_dict() == {False: 16.0, True: 6.0}


def test_a_run_adds_up_the_ledger_and_pays_migrants_what_they_make():
    """Three years: items from the ledger are its own sums; at seats that clear, MP = wage.

    With the pull frozen wages and what a worker makes stay those of 2003, and so does the surplus.
    """
    options = {"region": Synthetic(width=10, height=10, counties=2), "sample": 0.02, "months": 36}
    model = RuralUrbanModel(load_scenario("shaoyang").with_(**options), seed=1).run()
    total = model.extraction.totals()
    ledger = SimpleNamespace(**{flow.name: model.ledger.total[i] for i, flow in enumerate(FLOWS)})
    assert total["return_remittances"] == pytest.approx(ledger.remittance.sum(), rel=1e-12)
    paid = ledger.compensation_household + ledger.compensation_village
    land = (ledger.land_sale - paid).sum()
    assert total["extraction_land_value"] == pytest.approx(land, rel=1e-12) and land > 0.0
    assert total["return_coast_remittances"] < total["return_remittances"]
    wages = ledger.wage_seat_absent.sum()
    assert abs(total["extraction_labour_surplus"]) < 1e-9 * wages
    frozen = load_scenario("shaoyang").with_(**options, **{"pull.enabled": False})
    held = RuralUrbanModel(frozen, seed=1).run().extraction.totals()
    assert abs(held["extraction_labour_surplus"]) < 0.02 * wages
    assert sorted(model.extraction.years) == [2003, 2004, 2005]
    assert ROW["raising"] and total["extraction_raising"] > 0.0


def test_the_terminal_shows_the_sums_and_their_parts_without_noise():
    figures = dict.fromkeys(SUMMARY, 1234.56) | {f"{i.side}_{i.name}": 2.5e6 for i in ITEMS}
    figures |= {"extraction": 5.0e6, "return": 1.25e7, "extraction_labour_surplus": -1e-9}
    shown = {
        line.split()[0]: line.split()[1] for line in lines(figures, 12)[1:] if line[:2] == "  "
    }
    assert shown["mu_idle"] == "1,235" and shown["village_product"] == "0"
    assert (shown["extraction"], shown["return"]) == ("5", "12")
    assert shown["labour_surplus"] == "0" and shown["remittances"] == "2"
    assert len(shown) == len(SUMMARY) + 2 + len(ITEMS)
