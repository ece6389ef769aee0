"""Opening a shop: pioneers, examples, industries, what is sold outside the sample, training."""

from __future__ import annotations

import numpy as np
import pytest

from agents.buyer.market import next_awareness
from agents.farmer.entry import Entry, Policy
from agents.farmer.opening import look_around
from agents.farmer.state import RING
from agents.kinds import NOBODY
from model.goods import GOODS
from model.rollout import service_share
from model.switches import Access
from tests.tiny_trade import GROUPS, NUTS, TOFU, open_shop, run, tiny_world, trade


def test_villages_without_an_example_stay_at_zero_and_examples_spread():
    quiet = tiny_world(month=120, entry=Entry(pioneer=0.0))
    run(quiet, 36)
    assert (quiet.shops.good == NOBODY).all()
    seeded = tiny_world(month=120, entry=Entry(pioneer=0.0))
    for row in (3, 8, 14):
        open_shop(seeded, row, NUTS)
    seeded.buyers.awareness[:] = 0.02
    run(seeded, 60)
    selling = np.flatnonzero(seeded.shops.good >= 0)
    assert selling.size >= 6
    # a costly step: examples are followed by some, not by all who see them
    assert selling.size < 0.5 * len(seeded.shops.good)


def test_shops_are_seen_by_the_ring_alone():
    """A village too far from any shop to have one in a ring gets none in a few months."""
    model = tiny_world(month=120, entry=Entry(pioneer=0.0, hazard=0.9))
    for row in range(50, 66):  # in the second of the county's four villages
        open_shop(model, row, NUTS)
    model.shops.turnover_year[50:66] = 60_000.0
    run(model, 4)  # a ring reaches twelve rows a month: not to the last village
    village = model.households.village[model.shops.good >= 0]
    assert (village == 1).sum() > 16
    assert not (village >= 3).any()


def test_what_a_ring_shows_is_weighted_by_success():
    model = tiny_world(month=120, entry=Entry(failures=0.3))
    shops, t, p = model.shops, model.households, model.params["entry"]
    for row, profit in ((0, 900.0), (2, -100.0), (150, 500.0)):
        open_shop(model, row, NUTS)
        shops.turnover_year[row], shops.profit_year[row] = 4_000.0, profit
    seen = np.zeros((3, len(GOODS)))
    example = look_around(1, shops, t, model.month, p, seen)
    assert example == pytest.approx(2 / RING) == seen[0, NUTS]
    weights = 1.3 / RING  # the third shop is not in the ring
    assert seen[2, NUTS] == pytest.approx(weights)
    assert seen[1, NUTS] == pytest.approx(4_000.0 * weights)


def test_an_industry_at_hand_makes_more_pioneers_cheaper_goods_and_a_known_name():
    plain, cluster = (
        tiny_world(goods=("manufactures",), month=132, cluster=strength) for strength in (0.0, 1.0)
    )
    for model in (plain, cluster):
        open_shop(model, 3, GOODS.index("manufactures"))
        run(model, 36)
    pioneers = [m.villages.unseen_shops.sum() + (m.shops.good >= 0).sum() for m in (plain, cluster)]
    assert pioneers[1] > 2.0 * pioneers[0]
    g = GOODS.index("manufactures")
    cost = [m.market.terms.goods_cost[0, g] for m in (plain, cluster)]
    assert cost[1] == pytest.approx(0.85 * cost[0])
    assert cluster.buyers.awareness[:, g].mean() > 5.0 * plain.buyers.awareness[:, g].mean() > 0.0


def test_an_industry_is_in_few_villages_and_its_goods_are_sold_from_these_alone():
    g, entry = GOODS.index("manufactures"), Entry(pioneer=5e-3)
    model = tiny_world(goods=("nuts", "manufactures"), month=132, cluster=1.0, entry=entry)
    model.villages.industry[:] = [4.0, 0.0, 0.0, 0.0] * 2
    run(model, 48)
    terms = model.market.terms
    assert terms.capacity[g].tolist() == [1.0, 0.0, 0.0, 0.0] * 2  # 4 times 0.5, at most all
    assert terms.cluster[g].tolist() == [1.0, 0.0, 0.0, 0.0] * 2
    assert (terms.capacity[NUTS] == 0.5).all()
    shops, village = model.shops.good, model.households.village
    assert set(village[shops == g]) == {0, 4}
    assert len(set(village[shops == NUTS])) > 2


def test_peers_crowd_the_pot_as_the_region_itself_does():
    """Where a region fills its pot, thirty such leave it a thirtieth; a small one sees none."""

    def sold(sellers, **market):
        a = GROUPS["attention"]._replace(**market)
        model = tiny_world(goods=("manufactures",), month=180, attention=a)
        for row in range(sellers):
            open_shop(model, row, GOODS.index("manufactures"))
        model.market.known[:] = 1
        model.buyers.awareness[:] = 1.0
        trade(model)
        return model.market.coast.sum() + model.market.urban.sum()

    assert sold(5, peers=30.0) == pytest.approx(sold(5), rel=0.05)
    few = {"sellers_per_variety": 0.01}  # so that five shops outnumber all rivals
    assert sold(5, peers=30.0, **few) == pytest.approx(sold(5, **few) / 30.0, rel=0.1)


def test_buyers_hear_of_what_is_sold_outside_the_sample_and_the_whole_village_has_no_outside():
    """At real size somebody sells it within months; one shop of a sample stands for a hundred."""
    part, whole = (tiny_world(month=150, entry=Entry(pioneer=1e-3)) for _ in range(2))
    part.villages.weight[:], part.villages.sampled[:] = 50.0, 0.1
    whole.villages.weight[:], whole.villages.sampled[:] = 1.0, 1.0
    for model in (part, whole):
        model.villages.parcel_service[:] = 0  # nobody in the run can open
        run(model, 1)
    served = service_share(150, part.params["rollout"])
    hazard = 1.0 - (1.0 - 1e-3) ** part.villages.size
    most = (served * hazard * (50.0 - 0.1)).sum()
    assert 0.0 < part.market.elsewhere.sum() <= most
    assert not whole.market.elsewhere.any()
    part.market.elsewhere[NUTS] = 1.0
    for model in (part, whole):
        run(model, 2)
    assert not whole.buyers.awareness.any()
    a = part.params["attention"]
    alone = next_awareness(a.start, 0.0, a.start, a.orders, a.word, a.forget)
    assert (part.buyers.awareness[:, NUTS] > alone).all()  # by word of mouth and by orders
    assert not part.shops.revenue.any()  # which are in nobody's books
    heard = part.buyers.awareness[:, NUTS].copy()
    part.params["access"] = Access(only_good="tofu")  # nuts may not be sold any more, anywhere
    run(part, 1)
    assert part.buyers.awareness[:, NUTS] == pytest.approx(heard * (1.0 - a.forget))


def test_one_more_household_does_not_change_the_luck_of_others():
    """A shop opened far away by decree leaves the choices of other villages' members alone."""
    base = run(tiny_world(month=120, villages=8), 1)
    other = tiny_world(month=120, villages=8)
    open_shop(other, 200, NUTS)
    run(other, 1)
    far = np.abs(np.arange(320) - 200) > RING
    np.testing.assert_array_equal(base.shops.good[far], other.shops.good[far])


def test_only_one_good_may_be_sold_and_training_is_booked_once():
    model = tiny_world(
        goods=("nuts", "tofu"),
        month=120,
        access=Access(only_good="tofu"),
        entry=Entry(pioneer=1e-3),
        policy=Policy(training_share=0.5, training_month="2013-02"),
    )
    run(model, 24)
    goods = model.shops.good[model.shops.good >= 0]
    assert goods.size and (goods == TOFU).all()
    v = model.villages
    assert 0 < v.trained.sum() < len(v.uid)
    t = model.households
    taught = (t.weight * v.trained[t.village]).sum() * 600.0
    assert booked(model, "training") == pytest.approx(taught)


def booked(model, line):
    from model.ledger import INDEX

    return model.ledger.total[INDEX[line]].sum()
