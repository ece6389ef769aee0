"""The whole model on small worlds: its books, its limits, its directions, its luck."""

from __future__ import annotations

import copy
import pickle
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agents.farmer import Farmer
from agents.hub import LogisticsHub
from agents.kinds import Place, Use
from agents.migrant import MigrantWorker
from model import RuralUrbanModel, Scenario, load_scenario
from model.crops import CROP_NAMES
from model.errors import InputError, LedgerBreach
from model.goods import GOODS
from model.indicators import COLUMN, COUNTY, LOGGED, VILLAGE, county_values
from model.patches import DATA, Intervention
from model.registry import GROUPS, fields_of
from model.switches import Synthetic

SMALL = Synthetic(width=10, height=10, counties=2)


def scenario(months: int = 36, **changes: Any) -> Scenario:
    """Return a small strict scenario: two counties, some 560 households."""
    options: dict[str, Any] = {"region": SMALL, "sample": 0.02, "months": months, "strict": True}
    return load_scenario("shaoyang").with_(**(options | changes))


def run(months: int = 36, seed: int = 1, **changes: Any) -> RuralUrbanModel:
    """Return a finished run of the small scenario."""
    return RuralUrbanModel(scenario(months, **changes), seed=seed).run()


def total(model: RuralUrbanModel, indicator: str) -> float:
    """Return the region's sum of an indicator in the last month."""
    return float(model.records.last[:, COLUMN[indicator]].sum())


def fingerprint(model: RuralUrbanModel) -> dict[str, np.ndarray]:
    """Return every column of the state, for comparisons to the bit."""
    state = {}
    for name in ("households", "people", "plots", "shops", "villages", "seats"):
        table = getattr(model, name)
        state |= {f"{name}.{column}": getattr(table, column) for column in table._fields}
    return state


def differing(a: RuralUrbanModel, b: RuralUrbanModel) -> list[str]:
    """Return the columns in which two models differ in any bit."""
    left, right = fingerprint(a), fingerprint(b)
    return [k for k in left if not np.array_equal(left[k], right[k], equal_nan=True)]


# -- the books ------------------------------------------------------------------------------------

NUMBERS = [
    (group, name, kind, p)
    for group, fields in ((g, fields_of(GROUPS[g])) for g in GROUPS)
    for name, (kind, _, p) in fields.items()
    if kind in (int, float) and group not in ("world", "geography", "buyers")
]


@st.composite
def random_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw up to eight parameters from their stated ranges, and the switches of the arms."""
    chosen = draw(st.lists(st.sampled_from(NUMBERS), max_size=8, unique_by=lambda c: c[:2]))
    changes: dict[str, Any] = {}
    for group, name, kind, p in chosen:
        value = draw(st.floats(p.low, p.high, allow_nan=False))
        changes[f"{group}.{name}"] = round(value) if kind is int else value
    for name in ("pull.enabled", "access.enabled", "access.selling", "access.buying"):
        changes[name] = draw(st.booleans())
    changes["pull.mode"] = draw(st.sampled_from(["frozen", "no_new"]))
    changes["access.start"] = draw(st.sampled_from(["2003-02", "2003-06", "2009-01"]))
    return changes


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(changes=random_settings(), seed=st.integers(0, 10**6), months=st.integers(13, 26))
def test_the_books_close_in_any_scenario(changes, seed, months):
    """Strict mode raises at the first identity that fails, in any month of 200 random scenarios."""
    try:
        small = scenario(months, **changes)
    except InputError:
        assume(False)
    model = RuralUrbanModel(small, seed=seed).run()
    assert model.ledger.worst_breach < 1e-9


@pytest.mark.parametrize(
    ("identity", "spoil"),
    [
        ("money", lambda m: m.households.cash.__setitem__(0, m.households.cash[0] + 1.0)),
        ("debt", lambda m: m.households.debt.__setitem__(0, m.households.debt[0] + 1.0)),
        ("own grain", lambda m: m.households.grain.__setitem__(0, m.households.grain[0] + 1.0)),
        ("people", lambda m: m.people.dies.__setitem__(0, m.month)),
        ("land by use", lambda m: m.plots.area.__setitem__(0, m.plots.area[0] + 1.0)),
    ],
)
def test_a_spoilt_book_is_noticed(identity, spoil):
    """Control: one yuan, one kilogram, one person or one mu out of nowhere breaks its identity."""
    model = RuralUrbanModel(scenario(12), seed=1).run(6)
    spoil(model)
    with pytest.raises(LedgerBreach, match=identity):
        model.step()


# -- limits ---------------------------------------------------------------------------------------


def test_access_scaled_to_zero_is_access_off_to_the_bit():
    """MODEL 1: access.scale 0 is access off, in every column of the state."""
    off = run(60, **{"access.enabled": False, "access.start": "2004-01"})
    zero = run(60, **{"access.scale": 0.0, "access.start": "2004-01"})
    on = run(60, **{"access.start": "2004-01"})
    assert differing(off, zero) == []
    assert differing(off, on) != []


def test_without_access_there_is_no_shop_station_or_parcel():
    """Access off: this region has no shop, no station, no parcel in any month."""
    model = run(48, **{"access.enabled": False})
    assert (model.shops.good < 0).all()
    assert not model.villages.parcel_service.any()
    assert not model.villages.station.any()
    for month in model.records.villages:
        assert month[:, COLUMN["parcels_in"]].sum() == 0.0
        assert month[:, COLUMN["parcels_out"]].sum() == 0.0


def test_pull_frozen_keeps_wages_jobs_and_land():
    """Pull off: wages at the coast and the seats stay at January 2003, no land is taken."""
    model = run(60, **{"pull.enabled": False})
    assert model.coast_wage == pytest.approx(model.series.coast_wage[0], rel=1e-12)
    assert model.seats.wage == pytest.approx(model.seats.wage_2003, rel=1e-12)
    assert (model.seats.jobs <= model.seats.jobs_2003 * (1 + 1e-12)).all()
    assert model.plots.taken.sum() == 0.0
    assert run(60).plots.taken.sum() > 0.0


def test_pull_of_scale_one_is_the_pull_and_of_scale_zero_the_frozen_one_in_wages():
    """The weight runs from frozen (0) to full (1)."""
    zero = run(30, **{"pull.scale": 0.0})
    assert zero.coast_wage == pytest.approx(zero.series.coast_wage[0], rel=1e-12)
    half = run(30, **{"pull.scale": 0.5})
    start, now = half.series.coast_wage[0], half.series.coast_wage[29]
    assert start < half.coast_wage < now * 1.05


def test_no_new_lets_nobody_leave_for_the_first_time():
    """pull.mode no_new: whoever is away in the end was away in January 2003 or moved with family.

    Families are kept from following, so that only own choices count.
    """
    changes = {"pull.enabled": False, "pull.mode": "no_new", "migration.families_follow": False}
    model = RuralUrbanModel(scenario(36, **changes), seed=1)
    before = model.people.place != Place.VILLAGE
    born = model.people.born < 0
    model.run()
    away = (model.people.place != Place.VILLAGE) & (model.people.dies > model.month) & born
    assert away.any()
    assert not (away & ~before).any()


# -- directions -----------------------------------------------------------------------------------

#: (parameter, low, high, indicator, sign of the change from low to high): what a rule must do.
DIRECTIONS = [
    ("migration.hukou_coast", 1.0, 2.5, "people_coast", -1),
    ("migration.hukou_seat", 1.0, 2.6, "people_city", -1),
    ("migration.hukou_county", 1.0, 2.5, "people_county", -1),
    ("migration.distance_coast", 0.2, 0.6, "people_coast", -1),
    ("migration.network", 0.15, 0.8, "migrants_out", +1),
    ("migration.local_disutility", 1.3, 3.2, "workers_local", -1),
    ("migration.living_coast", 160.0, 340.0, "people_coast", -1),
    ("migration.remit", 0.2, 0.5, "income_remittance", +1),
    ("migration.follow", 0.02, 0.12, "families_away", +1),
    ("land.reservation", 0.5, 1.0, "mu_cultivated", -1),
    ("land.own_reserve", 0.0, 200.0, "mu_idle", +1),
    ("land.lease_cost_2005", 150.0, 500.0, "mu_leased", -1),
    ("land.slope_loss", 0.004, 0.012, "income_farm", -1),
    ("land.rent_share", 0.4, 0.8, "mu_leased_free", -1),
    ("requisition.quota", 0.001, 0.0035, "mu_requisitioned", +1),
    ("budget.livestock", 700.0, 2200.0, "income_farm", +1),
    ("budget.subsistence", 900.0, 2300.0, "cash", -1),
    ("local.firms_early", 0.06, 0.13, "income_wage", +1),
]


@pytest.mark.parametrize(("parameter", "low", "high", "indicator", "sign"), DIRECTIONS)
def test_direction(parameter, low, high, indicator, sign):
    """With the same luck in both runs, on three worlds, a parameter moves what it must."""
    change = 0.0
    for seed in (1, 2, 3):
        values = [total(run(24, seed, **{parameter: v}), indicator) for v in (low, high)]
        change += values[1] - values[0]
    assert sign * change > 0.0


# -- luck -----------------------------------------------------------------------------------------


def test_same_seed_same_bits_other_seed_other_world():
    """A run is a function of scenario and seed."""
    assert differing(run(26), run(26)) == []
    assert differing(run(26), run(26, seed=2)) != []


def test_a_run_cut_and_resumed_gives_the_same_bits():
    """A pickle of month 13 goes on as if nothing had happened; so does a deep copy."""
    whole = run(30, **{"access.start": "2003-03"})
    cut = RuralUrbanModel(scenario(30, **{"access.start": "2003-03"}), seed=1).run(13)
    resumed = pickle.loads(pickle.dumps(cut)).run()
    copied = copy.deepcopy(cut).run()
    assert differing(whole, resumed) == []
    assert differing(whole, copied) == []


def test_arms_meet_the_same_people_and_luck():
    """Nothing exogenous differs between the arms: lives, plots, weights, tastes."""
    full, none = run(30), run(30, **{"pull.enabled": False, "access.enabled": False})
    for column in ("uid", "born", "dies", "leaves", "schooling"):
        assert np.array_equal(getattr(full.people, column), getattr(none.people, column))
    assert np.array_equal(full.households.weight, none.households.weight)
    assert np.array_equal(full.plots.quality, none.plots.quality)


def test_what_touches_one_household_changes_only_that_household_at_first():
    """A gift to one household changes its own month; others meet it through next month's demand."""
    plain = RuralUrbanModel(scenario(4), seed=1).run(1)
    gift = RuralUrbanModel(scenario(4, strict=False), seed=1).run(1)
    gift.households.cash[7] += 50_000.0
    plain.step()
    gift.step()
    changed = plain.households.cash != gift.households.cash
    assert changed[7]
    assert changed.sum() == 1
    assert np.array_equal(plain.people.place, gift.people.place)


# -- agents ---------------------------------------------------------------------------------------


def test_agents_are_mesa_agents_in_their_cells():
    """Farmers stand in their villages' cells, migrants at seats and the coast; they come and go."""
    model = RuralUrbanModel(scenario(30), seed=1).run(3)
    farmers, migrants = model.agents_by_type[Farmer], model.agents_by_type[MigrantWorker]
    assert len(farmers) == len(model.households.uid)
    away = farmers.get("cash")
    assert np.asarray(away).sum() == pytest.approx(model.households.cash.sum())
    first = farmers[0]
    assert first.cell in model.grid.all_cells.cells
    assert first in list(first.cell.agents)
    before = {a.unique_id for a in migrants}
    model.run()
    after = {a.unique_id for a in model.agents_by_type[MigrantWorker]}
    assert before - after
    assert after - before
    assert len(model.agents_by_type[LogisticsHub]) == len(model.region.seats)
    first.cash = 12.5
    assert model.households.cash[first.row] == 12.5


def test_world_meets_the_county_totals_exactly():
    """Weights are calibrated: households, registered people and mu equal the start's totals."""
    model = RuralUrbanModel(scenario(2), seed=3)
    h, c = model.households, model.counties
    weight = np.bincount(h.county, h.weight, c)
    assert weight == pytest.approx(model.start.households, rel=1e-12)
    alive = (model.people.born <= 0) & (model.people.dies > 0) & (model.people.leaves > 0)
    size = np.bincount(model.people.household[alive], minlength=len(h.uid))
    people = np.bincount(h.county, h.weight * size, c)
    assert people == pytest.approx(model.start.registered_rural, rel=1e-9)
    owner = model.plots.owner
    mu = np.bincount(h.county[owner], h.weight[owner] * model.plots.area, c)
    assert mu == pytest.approx(model.start.cropland_mu, rel=1e-9)


def test_an_industry_is_in_the_villages_nearest_the_seat():
    model = RuralUrbanModel(load_scenario("shaoyang", ["world.industry_villages=0.3"]), seed=3)
    v = model.villages
    for county in range(model.counties):
        here = v.county == county
        near = here & (v.industry > 0.0)
        assert near.sum() == max(1, round(0.3 * here.sum()))
        assert v.minutes[near].max() <= v.minutes[here & ~near].min()
        assert v.industry[here].mean() == pytest.approx(1.0)


def test_idle_land_has_no_operator_and_worked_land_has_one():
    """A plot is worked by exactly one household, or by nobody and then idle, woodland or taken."""
    model = run(30)
    worked = model.plots.use >= Use.CROP
    assert (model.plots.operator[worked] >= 0).all()
    assert (model.plots.operator[~worked] < 0).all()


def test_a_world_without_change_stays_as_it_is():
    """Steady state: no pull, no access, nobody ages, every series and dated parameter frozen.

    After forty years of burn-in (overgrown land and savings settle slowly) two decades change
    labour, land and product by under 1%: five-year means, since 2,600 households toss coins.
    """
    still = {
        "pull.enabled": False,
        "access.enabled": False,
        "demography.frozen": True,
        "migration.families_follow": False,
        "national.frozen": True,
        "land.yield_shock": 0.0,
        "land.price_shock": 0.0,
    }
    region = Synthetic(width=14, height=14, counties=2)
    model = RuralUrbanModel(scenario(12 * 63, sample=0.05, region=region, **still), seed=1).run()
    by_year = np.array([v.sum(axis=0) for v in model.records.villages]).reshape(63, 12, -1)
    early, late = by_year[38:43].mean(axis=(0, 1)), by_year[58:63].mean(axis=(0, 1))
    for name in ("people_home", "mu_cultivated", "income_farm", "village_product"):
        assert late[COLUMN[name]] == pytest.approx(early[COLUMN[name]], rel=0.01), name
    growing = run(24 * 3).records.villages
    assert growing[-1][:, COLUMN["mu_cultivated"]].sum() != pytest.approx(
        growing[12][:, COLUMN["mu_cultivated"]].sum(), rel=0.001
    )


def test_a_sample_that_leaves_a_county_without_two_villages_is_refused():
    """At 1:10,000 the small districts of Shaoyang would have no village: one line says so."""
    with pytest.raises(InputError, match=r"sample = 0\.0001; valid: at least .* fewer than 2"):
        RuralUrbanModel(load_scenario("shaoyang", sample=0.0001), seed=1)


@pytest.mark.parametrize("seed", [1.9, -1, "1"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(InputError, match="model: seed = .*; valid: a whole number"):
        RuralUrbanModel(load_scenario(sample=0.001, months=1), seed)


def test_a_step_past_the_last_month_is_refused_and_changes_nothing():
    """No life was drawn beyond it: a run that went on would have no births, in silence."""
    model = run(2)
    before = copy.deepcopy(fingerprint(model))
    with pytest.raises(InputError, match="scenario: months = 2; valid: 3 or more, to step on"):
        model.step()
    after = fingerprint(model)
    assert all(np.array_equal(before[k], after[k], equal_nan=True) for k in before)
    assert model.month == 1


def test_the_world_opens_with_the_technology_of_2003_and_with_crops_on_its_land():
    """Whom the burn-in sends to town weighs the farm of January 2003, which is sown by then."""
    model = RuralUrbanModel(scenario(1), seed=1)
    rice = CROP_NAMES.index("rice")
    assert model.crops.inputs[rice] == model.series.rice_inputs[0] != model.series.rice_inputs[-1]
    assert model.crops.days_flat[rice] == model.series.rice_days_flat[0]
    year = run(12).records.months_table().groupby("month")[["mu_cultivated", "mu_idle"]].sum()
    share = year["mu_idle"] / year.sum(axis=1)
    assert 0.0 < share["2003-01"] < 0.2 and share["2003-12"] < 0.2


def test_a_county_without_households_has_a_row_of_zeros(tmp_path):
    """Its neighbours' numbers are their own, and the region's sums those of all villages."""
    source = DATA / "shaoyang"
    for name in ("counties.csv", "raster.csv"):
        shutil.copy(source / name, tmp_path / name)
    counties = pd.read_csv(tmp_path / "counties.csv")
    empty = int(counties.index[counties["kind"] == "district"][1])
    counties["hukou_2010"] = counties["hukou_2010"].astype(float)
    counties.loc[empty, "hukou_2010"] = 1000.0  # fewer than its urban residents
    counties.to_csv(tmp_path / "counties.csv", index=False)
    options = {"region": str(tmp_path), "months": 3}
    model = RuralUrbanModel(load_scenario("shaoyang", **options), 1).run()
    assert not (model.villages.county == empty).any()
    table = model.records.months_table()
    row = table[(table["month"] == "2003-03") & (table["county"] == counties["name_en"][empty])]
    assert row["people_home"].item() == row["registered"].item() == row["mu_cultivated"].item() == 0
    people = table[table["month"] == "2003-03"]["people_home"].sum()
    assert people == pytest.approx(model.records.last[:, COLUMN["people_home"]].sum())


def test_a_change_that_changes_nothing_is_the_run_without_it():
    """At given pay people know the pay of the run without the change, as late as there."""
    plain = scenario(30, **{"access.enabled": False})
    to_itself = Intervention(6, "migration", "hukou_coast", plain.group("migration").hukou_coast)
    given = replace(plain, interventions=(to_itself,)).with_(**{"migration.wages_respond": False})
    assert differing(RuralUrbanModel(plain, 1).run(), RuralUrbanModel(given, 1).run()) == []


def test_counties_that_share_a_seat_share_what_its_people_spend():
    """By urban residents: none of the three districts of Shaoyang loses it to another."""
    model = RuralUrbanModel(load_scenario("shaoyang", months=6), 1)
    opening = model.local_demand.copy()
    model.run()
    seat = model.region.seat_of_county
    together = np.flatnonzero(np.bincount(seat)[seat] > 1)
    assert len(together) == 3
    ratio = model.local_demand[together] / opening[together]
    assert ratio.max() < 1.5 * ratio.min()


def test_what_a_shop_sells_in_its_last_month_is_counted():
    """Turnover is the sum over goods, and profit the income from shops, month by month."""
    region = SMALL._replace(cluster=0.8, good="manufactures")
    often = {"access.start": "2003-06", "rollout.share_2009": 0.55, "entry.pioneer": 0.01}
    model = run(90, region=region, **often, **{"selling.close_anyway": 0.1})
    table = model.records.months_table()
    goods = table[[f"online_{good}" for good in GOODS]]
    assert table["shops_closed"].sum() > 0
    assert goods.sum(axis=1).to_numpy() == pytest.approx(table["shop_turnover"].to_numpy())
    assert table["income_shop"].to_numpy() == pytest.approx(table["shop_profit"].to_numpy())


def test_what_modules_write_down_has_a_unit_and_a_column_of_its_own():
    model = run(30, **{"access.start": "2004-01"})
    names = [indicator.name for indicator in (*VILLAGE, *COUNTY, *LOGGED)]
    assert len(set(names)) == len(names)
    assert {key for log in model.records.logs for key in log} == {i.name for i in LOGGED}
    months = model.records.months_table()
    assert list(months.columns) == ["month", "county", *names]
    assert months["villages_served"].notna().all()


def test_students_who_keep_their_register_are_registered_and_change_nothing_else():
    without, keep = (
        run(72, **{"demography.college_registered": share, "access.enabled": False})
        for share in (0.0, 1.0)
    )
    assert without.students.sum() == 0.0 < keep.students.sum()
    months = keep.records.months_table().set_index(["month", "county"])
    others = without.records.months_table().set_index(["month", "county"])
    last = months.index.get_level_values("month")[-1]
    more = months["registered_all"] - others["registered_all"]
    assert more[last].to_numpy() == pytest.approx(keep.students)
    same = months.columns.drop("registered_all")
    pd.testing.assert_frame_equal(months[same], others[same])


def test_workers_from_outside_are_residents_but_never_registered():
    """A near pool at its widest comes to the seats; an empty one is the control.

    At 30 km, 0.5 of the urban residents and with cheap hukou: who comes adds to residents and to
    seekers of the seats, and nobody of them is a member of a household here.
    """
    near = {"world.outside_pool": 0.5, "world.outside_km": 30.0, "migration.root_seat": -0.2}
    pool, none = run(36, **near), run(36, **(near | {"world.outside_pool": 0.0}))
    came = pool.seats.pool
    assert came.sum() > 0.01 * pool.seats.people.sum() and none.seats.pool.sum() == 0.0
    lived = pool.seats.natives + pool.at_place.sum(axis=0)[Place.SEAT :] + came
    assert pool.seats.people == pytest.approx(lived, rel=1e-12)
    assert total(pool, "registered") == total(none, "registered")
    months = pool.records.months_table().groupby("month").sum(numeric_only=True)
    assert months["outside_workers"].iloc[-1] == pytest.approx(came.sum(), rel=1e-12)
    assert (
        months["residents"].iloc[-1]
        > none.records.months_table().groupby("month").sum(numeric_only=True)["residents"].iloc[-1]
    )


def test_fewer_workers_come_from_farther_outside():
    """With the same luck in all three, of a pool without network at first."""
    near = {"world.outside_pool": 0.5, "migration.root_seat": 0.3}
    came = [run(36, **near, **{"world.outside_km": km}).seats.pool.sum() for km in (0, 300, 3000)]
    assert came[0] > came[1] > came[2] >= 0.0


def test_who_has_the_hukou_of_the_coast_is_not_registered_in_the_county():
    model = run(72, **{"migration.grant": 0.1, "migration.follow": 0.3})
    people, t, last = model.people, model.households, model.records.last
    there = (people.local_hukou == 1) & (people.place == Place.COAST)
    there &= (people.born <= model.month) & (people.dies > model.month)
    home = people.household[there & (people.leaves > model.month)]
    gone = np.bincount(t.county[home], t.weight[home], model.counties)
    assert gone.sum() > 0.0
    counted = np.bincount(model.villages.county, last[:, COLUMN["hukou_coast"]], model.counties)
    assert counted == pytest.approx(gone)
    kept = last.copy()
    kept[:, COLUMN["hukou_coast"]] = 0.0
    column = [indicator.name for indicator in COUNTY].index("registered_all")
    more = county_values(model, kept)[:, column] - county_values(model, last)[:, column]
    assert more == pytest.approx(gone)
