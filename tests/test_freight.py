"""Hubs, freight and stations: formulas, monotone responses, books, roll-out, trials."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from agents.base import declared
from agents.hub import rules
from agents.hub.parameters import Climate, Freight, Hub
from agents.hub.state import Hubs
from model import RuralUrbanModel, load_scenario
from model.freight import route_volume, survival
from model.ledger import Sector
from model.rollout import Rollout, point_share, service_share
from model.switches import Access
from tests.tiny_market import live_a_month, next_month, tiny_market

P, HUB = Freight(), Hub()


def test_first_mile_is_the_formula():
    """f = f_var + (G + g d) / q at 26 visits a month, by hand, to rounding."""
    q = 520.0 / P.visits_high
    assert rules.visits(520.0, P) == P.visits_high
    expected = P.first_variable + (P.stop_cost + P.km_cost * 6.0) / q
    assert rules.first_mile(520.0, 6.0, 0, 0.0, P) == pytest.approx(expected, rel=1e-12)


def test_first_mile_falls_with_volume_and_rises_with_way():
    cost = [rules.first_mile(v, 6.0, 0, 0.0, P) for v in (0.0, 1.0, 10.0, 100.0, 1e3, 1e4)]
    assert all(a >= b for a, b in zip(cost, cost[1:])) and cost[0] > 5 * cost[-1]
    assert rules.first_mile(100.0, 20.0, 0, 0.0, P) > rules.first_mile(100.0, 5.0, 0, 0.0, P)
    assert rules.first_mile(100.0, 5.0, 1, 0.0, P) < rules.first_mile(100.0, 5.0, 0, 0.0, P)


def test_rebuilt_roads_cheapen_the_way_and_nothing_else():
    """120 million yuan rebuild half of 800 km at 300,000 a km: g d falls by half of 30%."""
    assert rules.roads_rebuilt(120e6, 1_000.0, P) == pytest.approx(0.5, rel=1e-12)
    assert rules.roads_rebuilt(1e12, 1_000.0, P) == 1.0
    gravel, half = (rules.first_mile(0.0, 6.0, 0, roads, P) for roads in (0.0, 0.5))
    assert gravel - half == pytest.approx(0.15 * P.km_cost * 6.0, rel=1e-12)
    assert rules.first_mile(0.0, 0.0, 0, 1.0, P) == rules.first_mile(0.0, 0.0, 0, 0.0, P)


def test_land_revenue_for_roads_lowers_next_years_tariffs():
    """Booked in December for county 0 alone: its villages' tariffs fall, those of county 1 do not.

    The same market without the money is the control.
    """
    tariffs = []
    for yuan in (0.0, 60e6):
        model = tiny_market(month=189)
        live_a_month(model)
        next_month(model)
        model.ledger.book("infrastructure_roads", yuan, county=0)
        model.freight.december(model)
        next_month(model)
        model.freight.set_tariffs(model)
        tariffs.append(model.villages.freight_first.copy())
    own = model.villages.county == 0
    assert (tariffs[1][own] < tariffs[0][own]).all()
    np.testing.assert_array_equal(tariffs[1][~own], tariffs[0][~own])


def test_a_lone_parcel_pays_one_visit_and_no_more():
    """max(q, 1): even without volume the price is one visit, so a village is never locked out."""
    one = P.first_variable + P.stop_cost + P.km_cost * 6.0
    assert rules.first_mile(0.0, 6.0, 0, 0.0, P) == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize(
    ("temperature", "days", "low", "high"), [(20.0, 6.0, 0.15, 0.32), (5.0, 6.0, 0.0, 0.09)]
)
def test_vegetables_spoil_as_stated(temperature, days, low, high):
    """V5: 15-32% lost at 20 C, under 9% cooled, k0 0.052 a day, Q10 2.8, six days."""
    assert low <= 1.0 - survival(0.052, 2.8, temperature, days) <= high


def test_survival_composes():
    """Two days after three equal five: exactly exponential, so to rounding."""
    whole = survival(0.1, 2.5, 27.0, 5.0)
    parts = survival(0.1, 2.5, 27.0, 2.0) * survival(0.1, 2.5, 27.0, 3.0)
    assert whole == pytest.approx(parts, rel=1e-12)
    assert survival(0.1, 2.5, 27.0, 0.0) == 1.0


def test_line_haul_follows_price_weight_and_distance():
    base = rules.line_haul(9.8, 1.0, P.distance_mean, P)
    assert base == pytest.approx(9.8 * (1 - P.local_share), rel=1e-12)
    assert rules.line_haul(4.9, 1.0, P.distance_mean, P) == pytest.approx(base / 2, rel=1e-12)
    heavy = rules.line_haul(9.8, 5.0, P.distance_mean, P)
    assert heavy - base == pytest.approx(4 * P.kg_extra, rel=1e-12)
    assert rules.line_haul(9.8, 1.0, 2000.0, P) > base > rules.line_haul(9.8, 1.0, 300.0, P)


def test_transit_days_pass_through_the_two_figures():
    daily = P.visits_high
    assert rules.transit_days(150, 60.0, 0, daily, P) == pytest.approx(7.0, abs=1e-12)
    assert rules.transit_days(234, 60.0, 1, daily, P) == pytest.approx(3.0, abs=1e-12)
    assert rules.transit_days(300, 60.0, 1, daily, P) == pytest.approx(3.0, abs=1e-12)
    assert rules.transit_days(200, 120.0, 1, daily, P) > rules.transit_days(200, 30.0, 1, daily, P)
    assert rules.transit_days(200, 60.0, 1, 4.0, P) > rules.transit_days(200, 60.0, 1, daily, P)


def test_a_hub_builds_only_what_pays_back():
    volume = 100_000.0
    assert rules.new_capacity(1e6, volume, volume, 1.0, HUB) == 0.0  # has room
    assert rules.new_capacity(1e4, volume, volume, 1e-6, HUB) == 0.0  # earns nothing
    built = rules.new_capacity(1e4, volume, volume, 1.0, HUB)
    assert built == pytest.approx(HUB.headroom * volume - 1e4, rel=1e-12)
    assert rules.new_capacity(1e4, volume, 0.5 * volume, 1.0, HUB) > built  # it grows


def test_what_a_parcel_earns_is_the_formula():
    """m / (1 + m) (t + s l) by hand, to rounding; without line-haul the tariff's margin alone."""
    assert rules.margin_carried(0.88, 6.0, HUB._replace(margin=0.1, network_share=1.0)) == (
        pytest.approx(6.88 / 11.0, rel=1e-12)
    )
    alone = HUB._replace(network_share=0.0)
    assert rules.margin_carried(0.88, 6.0, alone) == 0.88 * (HUB.margin / (1.0 + HUB.margin))


def december_of(share: float) -> SimpleNamespace:
    """Return a market after a December in which its hub, full, sorts 200,000 parcels a month."""
    model = tiny_market(month=131, hub=HUB._replace(network_share=share))
    live_a_month(model)
    hubs = model.hubs
    hubs.capacity[:] = hubs.mean_volume[:] = hubs.volume_last_year[:] = 200_000.0
    hubs.tariff[:] = 0.88  # where villages are many parcels each, collecting them is cheap
    model.freight.december(model)
    return model


def test_a_full_hub_of_cheap_parcels_builds_where_the_network_pays():
    """Nine yuan for a parcel a month: 0.08 a parcel never returns that, 0.6 does within a year.

    The same market without the network's share is the control, and to the bit what the tariff's
    margin alone gives.
    """
    alone, whole = december_of(0.0).hubs, december_of(1.0).hubs
    assert alone.capacity[0] == 200_000.0
    assert whole.capacity[0] == pytest.approx(HUB.headroom * 200_000.0, rel=1e-12)
    assert whole.invested[0] > alone.invested[0]
    margin = 0.88 * HUB.margin / (1.0 + HUB.margin)
    assert rules.new_capacity(200_000.0, 200_000.0, 200_000.0, margin, HUB) == 0.0


def test_parameters_lie_in_their_ranges_and_climate_is_mild():
    for group in (Hub, Freight, Rollout, Climate):
        for name, (kind, default, p) in declared(group).items():
            assert p.low <= default <= p.high, name
            assert p.unit and p.meaning and kind in (int, float), name
    assert np.mean(Climate()) == pytest.approx(17.0, abs=0.5)  # annual mean of central Hunan


def test_service_share_meets_the_dated_shares():
    """R13 and the census of 2016, read off the path; flat outside the dates."""
    p = Rollout()
    for month, share in ((72, 0.01), (167, 0.251), (209, 0.5), (227, 0.82), (239, 0.95)):
        assert service_share(month, p) == pytest.approx(share, rel=1e-9)
    assert service_share(400, p) == pytest.approx(0.95, rel=1e-9)
    assert point_share(167, p) == service_share(167, p)
    assert point_share(239, p) == pytest.approx(0.57, rel=1e-9)


def test_served_villages_follow_the_share_near_ones_first():
    """1,000 villages, share 0.251: binomial s.d. 0.014, so 0.05 is more than three of them."""
    model = tiny_market(month=166, villages=1000)
    next_month(model)
    model.freight.set_tariffs(model)
    served = model.villages.parcel_service > 0
    assert served.mean() == pytest.approx(0.251, abs=0.05)
    assert model.villages.minutes[served].mean() < model.villages.minutes[~served].mean() - 10
    assert (model.freight.stations.point == served).all()  # in 2016 a point is what is counted


def test_a_village_once_served_stays_served():
    model = tiny_market(month=71, villages=200)
    before = np.zeros(200, dtype=bool)
    for _ in range(14):
        next_month(model)
        model.month += 12
        model.freight.set_tariffs(model)
        now = model.villages.parcel_service > 0
        assert (now | ~before).all()
        before = now
    assert before.mean() > 0.85


@pytest.mark.parametrize(
    "access", [Access(enabled=False), Access(scale=0.0), Access(start="2030-01")]
)
def test_access_off_is_nothing_at_all(access):
    model = tiny_market(access=access, programme=[(0, 170, "national", 0.8)])
    for _ in range(13):
        live_a_month(model)
    assert not model.villages.parcel_service.any() and not model.villages.station.any()
    assert not model.households.online_share.any() and model.hubs.cash.sum() == 0.0
    assert model.ledger.balance[Sector.CARRIERS] == 0.0 == model.ledger.balance[Sector.PLATFORM]


def test_couriers_reach_the_villages_of_a_cluster_first():
    """In a county with an industrial cluster service leads the nation's; elsewhere it does not."""
    model = tiny_market(month=143, villages=1000, clusters={1: 0.9})  # end of 2014
    live_a_month(model)
    plain, cluster = (model.villages.parcel_service[model.villages.county == c] for c in (0, 1))
    share = service_share(model.month, Rollout())
    assert plain.mean() == pytest.approx(share, abs=0.05)
    assert cluster.mean() > 3.0 * share


def test_programme_reaches_its_share_after_three_years_and_books_the_grant():
    model = tiny_market(month=149, villages=1000, programme=[(0, 150, "national", 0.8)])
    shares = []
    for _ in range(40):
        live_a_month(model)
        shares.append(model.villages.station[model.villages.county == 0].mean())
    assert shares[0] < 0.08 and shares[17] == pytest.approx(0.4, abs=0.08)
    assert shares[35] == pytest.approx(0.8, abs=0.08)  # 500 villages: s.d. 0.018, luck of one draw
    assert not model.villages.station[model.villages.county == 1].any()
    paid = model.ledger.total[[f.name for f in _flows()].index("programme")]
    assert 0.0 < paid[0] <= HUB.programme_grant * (1 + 1e-12) and paid[1] == 0.0


def _flows():
    from model.ledger import FLOWS

    return FLOWS


def test_hub_cash_is_the_balance_of_carriers():
    """Booked and held money agree after each month to 1e-9 of turnover, shops' freight included."""
    model = tiny_market(month=180, villages=60, programme=[(0, 170, "national", 0.8)])
    shops, households = model.shops, model.households
    for month in range(30):
        next_month(model)
        model.freight.set_tariffs(model)
        model.retail.pay(model)
        model.retail.offer(model)
        households.parcels[:] = 250.0 * households.online_share
        households.retail[:] = 250.0 - households.parcels
        shops.freight_first[::7], shops.freight_line[::7], shops.storage[::7] = 30.0, 80.0, 5.0
        for name in ("freight_first", "freight_line", "storage"):
            model.ledger.book_column(
                name, getattr(shops, name), households.weight, households.county
            )
        parcels = np.where(shops.freight_first > 0, 12.0, 0.0)
        model.freight.ship(model, model.market.rows, parcels, 0.0 * parcels)
        model.retail.receive(model)
        model.hub_grants[:] = 1e5
        if model.month % 12 == 11:
            model.ledger.book("infrastructure_hubs", 1e5, 0)
            model.freight.december(model)
        else:
            model.hub_grants[:] = 0.0
        model.freight.book(model)
        model.ledger.close_month()
        turnover = model.ledger.turnover[Sector.CARRIERS]
        breach = model.hubs.cash.sum() - model.ledger.balance[Sector.CARRIERS]
        assert abs(breach) <= 1e-9 * max(turnover, 1.0), month
        assert (model.hubs.cash >= -1e-6).all()
    assert turnover > 1e5 and model.hubs.parcels_out[0] > 0


def test_route_volume_uses_fixed_neighbours():
    model = tiny_market(villages=20)
    assert model.freight.route.shape == (20, P.route_villages)
    assert (model.freight.route[:, 0] == np.arange(20)).all()
    everywhere, nowhere = np.ones(20, dtype=np.int8), np.zeros(20, dtype=np.int8)
    volume = np.arange(20.0)
    route = model.freight.route
    mean = volume[route].mean(axis=1)
    for served, expected in ((everywhere, mean), (nowhere, volume)):
        found = np.empty(len(route))
        route_volume(volume, route, served, found)
        assert found == pytest.approx(expected, rel=1e-12)


def test_way_per_village_does_not_depend_on_the_sample():
    """The same country with twice the villages, each of half the weight: the same km."""
    few, many = tiny_market(villages=20), tiny_market(villages=40)
    many.villages.weight[:] /= 2.0
    from model.freight import lay_routes

    lay_routes(many.villages, many.region, P)
    at = many.villages.x[:, None] == few.villages.x[None, :]
    pairs = np.argwhere(at)
    assert len(pairs) >= 10
    for i, j in pairs:
        assert many.villages.route_km[i] == pytest.approx(few.villages.route_km[j], rel=1e-12)


def test_a_village_without_parcels_is_quoted_a_full_batch():
    """Priced at one visit a parcel (some 20 yuan) no village would ever send its first one."""
    model = tiny_market(month=238)
    model.freight.set_tariffs(model)
    visit = P.stop_cost + P.km_cost * model.villages.route_km
    full = P.first_variable + visit / P.batch + model.hubs.handling_cost[0]
    assert model.villages.freight_first == pytest.approx((1 + HUB.margin) * full, rel=1e-12)


def test_parcels_over_capacity_wait():
    model = tiny_market(month=180, hub=Hub(capacity_start=5_000.0))
    model.villages.parcels_out[:] = 125.0  # x 20 villages x weight 8 = 20,000
    model.freight.set_tariffs(model)
    assert model.hubs.capacity_share[0] == pytest.approx(0.25, rel=1e-12)
    share = model.freight.capacity_share(model)
    served = model.villages.parcel_service > 0
    assert share[served] == pytest.approx(0.25, rel=1e-12)
    assert not share[~served].any()


def test_cooling_costs_more_and_some_villages_have_it():
    model = tiny_market(month=238, freight=Freight(cold_share=0.5), villages=200)
    next_month(model)
    model.freight.set_tariffs(model)
    assert 0.2 < (model.villages.cold_chain > 0).mean() < 0.7
    light, heavy = (model.freight.onwards(model, good) for good in (0, 1))
    assert 0.0 < light[0] < heavy[0]
    assert 0.0 < light[1] <= heavy[1]


def test_cost_scale_makes_freight_dear():
    near, far = tiny_market(), tiny_market(freight=Freight(cost_scale=1_000.0))
    for model in (near, far):
        model.freight.set_tariffs(model)
    ratio = far.freight.onwards(far, 0)[0] / near.freight.onwards(near, 0)[0]
    assert ratio == pytest.approx(1_000.0, rel=1e-9)
    live_a_month(far)
    assert far.households.online_share.max() < 1e-3  # autarky in the limit


def test_a_trial_opens_and_withholds_stations():
    model = tiny_market(month=155, programme=[(0, 120, "national", 1.0), (1, 120, "national", 1.0)])
    model.freight.stations.programmes.withhold_stations([3, 4], until=170)
    model.freight.open_station(model, 8, 158)
    other = tiny_market(month=155)
    other.freight.open_station(other, 8, 158)
    for _ in range(2):
        live_a_month(model)
        live_a_month(other)
    assert not other.villages.station.any()
    live_a_month(other)
    assert np.flatnonzero(other.villages.station).tolist() == [8]
    assert other.villages.station_since[8] == 158 and other.villages.parcel_service[8] == 1
    assert not model.villages.station[[3, 4]].any()
    assert model.villages.station.sum() == 18


def test_stations_without_parcels_close_when_support_ends():
    model = tiny_market(month=150, hub=Hub(support=12), buying=_nobody_learns())
    model.freight.open_station(model, 5, 151)
    for _ in range(30):
        live_a_month(model)
    assert model.villages.station[5] == 0 and model.freight.stations.closed[5]


def _nobody_learns():
    from agents.farmer.buying import Buying

    return Buying(hazard=0.0)


def test_columns_of_hubs_have_units():
    from agents.base import columns

    assert all(c.meaning for c in columns(Hubs).values())


def test_handling_gets_cheaper_with_volume():
    small, large = (rules.handling_cost(v, 1.0, HUB) for v in (1e4, 1e6))
    assert large < small
    ratio = math.log(small / large) / math.log(100.0)
    assert ratio == pytest.approx(HUB.handling_scale, rel=1e-9)


def test_parcels_are_counted_once_by_the_weight_of_who_sends_and_gets_them():
    """Villages count at their real size, shops at full scale: over a county both say the same."""
    model = RuralUrbanModel(load_scenario("shaoyang", months=150), seed=1).run()
    months = model.records.months_table().tail(12)
    assert (months["shop_parcels"] > 0.0).any()
    assert np.allclose(months["parcels_out"], months["shop_parcels"])
