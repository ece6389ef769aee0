"""Counties worked out at once: whole, in order, and with the same bits as one after another."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.base import allocate
from agents.base.parts import Parts
from agents.farmer.state import Households
from model import RuralUrbanModel, land, load_scenario

TABLES = ("households", "people", "plots", "shops", "villages", "seats", "hubs")


def homes(sizes: list[int]) -> Households:
    """Return households, ``sizes`` of them by county, each with two people and three plots."""
    t = allocate(Households, sum(sizes))
    t.county[:] = np.repeat(np.arange(len(sizes)), sizes)
    row = np.arange(len(t))
    t.first_person[:], t.end_person[:] = 2 * row, 2 * row + 2
    t.first_plot[:], t.end_plot[:] = 3 * row, 3 * row + 3
    return t


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(1, 9))
def test_parts_cover_each_row_once_and_split_no_county(sizes: list[int], threads: int) -> None:
    t = homes(sizes)
    parts = Parts(t, threads).parts
    assert 1 <= len(parts) <= threads
    rows = [h for part in parts for h in range(part.first_household, part.end_household)]
    assert rows == list(range(len(t)))
    for part in parts:
        assert part.first_person == 2 * part.first_household
        assert part.end_person == 2 * part.end_household
        assert part.first_plot == 3 * part.first_household
        assert part.end_plot == 3 * part.end_household
    for one, other in zip(parts, parts[1:]):
        assert t.county[one.end_household - 1] < t.county[other.first_household]


def test_counties_of_one_size_are_shared_out_evenly() -> None:
    parts = Parts(homes([10] * 12), 4).parts
    assert [p.end_household - p.first_household for p in parts] == [30] * 4


def test_a_failure_in_a_part_reaches_the_caller_once_all_have_stopped() -> None:
    parts, ended = Parts(homes([5, 5, 5]), 3), []

    def work(part) -> None:
        if part.first_household == 5:
            raise ValueError("in the middle")
        ended.append((part.first_household, threading.get_ident()))

    with pytest.raises(ValueError, match="in the middle"):
        parts.each(work)
    assert sorted(first for first, _ in ended) == [0, 10]


@pytest.mark.parametrize("threads", [2, 5])
def test_no_bit_depends_on_the_number_of_threads(threads: int) -> None:
    """Shops, leases, requisition and hukou included: a year before access, six after."""
    scenario = load_scenario("shaoyang").with_(
        months=84, sample=0.006, strict=True, **{"access.start": "2004-01"}
    )
    one, many = (RuralUrbanModel(scenario, 7, n).run() for n in (1, threads))
    assert len(many.parts.parts) == threads
    assert many.shops.good.max() >= 0
    for name in TABLES:
        for column, a, b in zip(
            getattr(one, name)._fields, getattr(one, name), getattr(many, name), strict=True
        ):
            assert np.array_equal(a, b), f"{name}.{column}"
    assert np.array_equal(one.ledger.total, many.ledger.total)
    assert one.records.months_table().equals(many.records.months_table())


def test_no_ring_crosses_the_border_of_a_county() -> None:
    t = RuralUrbanModel(load_scenario("shaoyang", months=1), 3).households
    assert (t.county[t.ring] == t.county[:, None]).all()


def test_leases_do_not_depend_on_how_many_plots_are_drawn_at_a_time(monkeypatch) -> None:
    scenario, leased = load_scenario("shaoyang", months=16), []
    for drawn in (10**9, 1_000):
        monkeypatch.setattr(land, "DRAWN", drawn)
        leased.append(RuralUrbanModel(scenario, 3).run().plots.operator)
    assert np.array_equal(*leased)
