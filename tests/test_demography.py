"""Lives of the registered population: known laws recovered, luck that nobody else can touch."""

from __future__ import annotations

import numpy as np
import pytest

from agents.base.draws import identity
from agents.kinds import NEVER, NOBODY, Kind
from agents.migrant.demography import (
    Demography,
    age,
    birth_chance,
    capacity,
    college_month,
    college_share,
    death_month,
    fertility_by_age,
    hazard,
    life_expectancy,
    mortality_levels,
    schooling_years,
    total_fertility,
)
from agents.migrant.draws import PersonDraw
from model.errors import InputError
from model.population import LARGEST, make_people

P = Demography()
HOUSEHOLDS = 15_000
MONTHS = 252


def uids(n: int, county: int = 1) -> np.ndarray:
    """Return household uids as the world makes them: hashes of origin and ordinal."""
    return np.array([identity(Kind.HOUSEHOLD, county, 0, i) for i in range(n)], dtype=np.uint64)


@pytest.fixture(scope="module")
def people():
    return make_people(uids(HOUSEHOLDS), 3.75, 1, MONTHS, P)[0]


@pytest.fixture(scope="module")
def many():
    return make_people(uids(100_000), 3.75, 1, MONTHS, P)[0]


def registered(people, month):
    return (people.born <= month) & (month < people.dies) & (month < people.leaves)


# laws


def test_life_expectancy_follows_the_stated_path():
    levels = mortality_levels(P)
    assert len(levels) == 21
    for i, target in ((0, 72.0), (10, 74.5), (20, 77.0)):
        # Integrated here independently, by sums over months of the hazard itself.
        ages = (np.arange(115 * 12) + 0.5) / 12
        summed = np.cumsum([hazard(x, levels[i], P) for x in ages]) / 12
        assert np.exp(-summed).sum() / 12 == pytest.approx(target, abs=0.05)
    # The unscaled table is the one fitted to 2010: e0 74.98 (parameters.csv).
    assert life_expectancy(1.0, P) == pytest.approx(74.98, abs=0.05)


def test_drawn_lives_have_the_life_expectancy_of_the_table():
    """Born in 2023, when mortality stands still: mean age at death within 4 standard errors."""
    levels = mortality_levels(P)
    luck = (np.arange(4000) + 0.5) / 4000
    ages = np.array([death_month(240, u, levels, P) - 240 for u in luck]) / 12
    # Whole months are counted down, half a month on average; stratified luck leaves 0.01 years.
    assert ages.mean() + 0.5 / 12 == pytest.approx(77.0, abs=0.05)
    assert np.all(np.diff(ages) <= 0)


def test_a_death_lies_ahead_of_january_2003():
    levels = mortality_levels(P)
    for born in (-1300, -800, -1, 0, 7):
        for luck in (1e-12, 0.5, 1 - 1e-12):
            assert death_month(born, luck, levels, P) >= max(born + 1, 1)


def test_fertility_path_and_ages_of_mothers():
    assert [total_fertility(y, P) for y in (2003, 2015, 2016, 2017, 2023, 2100)] == [
        1.9,
        1.9,
        2.0,
        2.0,
        1.2,
        1.2,
    ]
    assert total_fertility(2020, P) == pytest.approx(1.6)
    share = fertility_by_age(P)
    ages = 15 + (np.arange(420) + 0.5) / 12
    assert share.sum() == pytest.approx(1.0)
    # The tail cut off at 50 moves the mean by a twentieth of a year.
    assert (share * ages).sum() == pytest.approx(27.0, abs=0.1)
    assert share[ages < 20].sum() < 0.06


def test_spacing_leaves_the_rate_of_births_unchanged():
    """A woman free to bear at h, then blocked for 17 months: a birth each 1/h + 17 months."""
    rate = 2.0 * 0.0065
    h = birth_chance(2.0, 0.0065, 18)
    assert 1.0 / (1.0 / h + 17) == pytest.approx(rate)
    assert birth_chance(2.0, 0.0065, 1) == pytest.approx(rate)


def test_college_shares_and_the_month_of_leaving():
    assert college_share(-18 * 12, P) == pytest.approx(0.07)
    assert college_share(2 * 12, P) == pytest.approx(0.38)
    assert college_share(100 * 12, P) == pytest.approx(0.38)
    assert college_share(-60 * 12, P) == 0.0
    for born in range(-300, 300):
        leaves = college_month(born)
        assert leaves % 12 == 8 and 18 * 12 <= leaves - born < 19 * 12


def test_work_capacity_is_flat_then_falls_faster_after_sixty():
    assert capacity(15.9, P) == 0.0
    assert capacity(16.0, P) == capacity(48.0, P) == 1.0
    assert capacity(54.0, P) - capacity(55.0, P) == pytest.approx(0.02)
    assert capacity(64.0, P) - capacity(65.0, P) == pytest.approx(0.04)
    assert capacity(60.0, P) == pytest.approx(capacity(60.0 + 1e-9, P), abs=1e-6)
    assert capacity(110.0, P) == 0.0


def test_age_stands_still_where_demography_is_frozen():
    assert age(-120, 24, False) == 12.0
    assert age(-120, 24, True) == 10.0


def test_schooling_rises_by_cohort_and_ends():
    assert schooling_years(-53 * 12, 0.0, P) == pytest.approx(5.5)
    assert schooling_years(-33 * 12, 0.0, P) == pytest.approx(5.5 + 2.6)
    assert schooling_years(0, 0.0, P) == P.schooling_ceiling
    assert 0.0 <= schooling_years(-600, -6.0, P) and schooling_years(0, 6.0, P) <= 16.0


def test_purposes_of_draws_are_unique_and_reserved():
    values = [int(p) for p in PersonDraw]
    assert len(set(values)) == len(values) == len(PersonDraw.__members__)
    assert all(0 <= v < 256 for v in values)


# the households of January 2003


def test_mean_size_is_met_and_sizes_are_possible():
    """Within 1%: the sample's standard error is 0.3%, that of the share of stem families 0.2%."""
    for mean, seed in ((3.5, 2), (3.75, 1), (4.1, 3)):
        people, first, end = make_people(uids(HOUSEHOLDS), mean, seed, 1, P)
        size = np.bincount(people.household[people.born < 0], minlength=HOUSEHOLDS)
        assert size.mean() == pytest.approx(mean, rel=0.01)
        assert size.min() >= 1 and size.max() <= LARGEST
        assert np.bincount(size)[1:].min() > 0
        assert first[0] == 0 and end[-1] == len(people.uid)
        assert np.array_equal(first[1:], end[:-1])


def test_age_pyramid_of_the_countryside(people):
    """Bounds of parameters.csv; the boom stands above and the famine below its neighbours."""
    years = -people.born[people.born < 0] / 12
    assert 0.21 <= np.mean(years < 15) <= 0.26
    assert 0.07 <= np.mean(years >= 65) <= 0.085
    per_year = {
        "boom 1962-75": np.mean((years >= 27) & (years < 41)) / 14,
        "trough 1976-84": np.mean((years >= 18) & (years < 27)) / 9,
        "echo 1985-90": np.mean((years >= 12) & (years < 18)) / 6,
        "after 1995": np.mean(years < 7) / 7,
    }
    assert per_year["boom 1962-75"] > per_year["echo 1985-90"] > per_year["trough 1976-84"]
    assert per_year["echo 1985-90"] > 1.2 * per_year["after 1995"]


def test_households_are_families(people):
    alive = people.born < 0
    married = np.flatnonzero(people.spouse != NOBODY)
    assert np.array_equal(people.spouse[people.spouse[married]], married)
    assert np.all(people.household[people.spouse[married]] == people.household[married])
    assert np.all(people.female[people.spouse[married]] != people.female[married])
    wives = married[people.female[married] == 1]
    gap = (people.born[wives] - people.born[people.spouse[wives]]) / 12
    assert gap.mean() == pytest.approx(2.0, abs=0.15)
    assert married.size / alive.sum() > 0.4
    assert not np.any(people.dies[alive] <= 0)


def test_some_children_grow_up_with_grandparents(people):
    """A child under 15 and somebody over 60: few but not rare, as three in five heirs stay."""
    alive = people.born < 0
    years = -people.born / 12
    with_child = np.isin(np.arange(HOUSEHOLDS), people.household[alive & (years < 15)])
    with_old = np.isin(np.arange(HOUSEHOLDS), people.household[alive & (years >= 60)])
    assert 0.05 < np.mean(with_child & with_old) < 0.3
    assert 0.02 < np.mean(with_old & ~with_child) < 0.3
    assert np.all(np.bincount(people.household[people.spouse != NOBODY]) % 2 == 0)


def test_every_child_has_a_mother_of_fertile_age_alive_at_birth(people):
    child = np.flatnonzero(people.mother != NOBODY)
    mother = people.mother[child]
    years = (people.born[child] - people.born[mother]) / 12
    assert years.min() >= 15 and years.max() < 50
    assert np.all(people.female[mother] == 1)
    assert np.all(people.born[child] < people.dies[mother])
    assert np.all(people.born[child] < people.leaves[mother])
    assert np.all(people.household[child] == people.household[mother])
    # Whoever is born in the run has a mother on record.
    assert np.all(people.mother[people.born >= 0] != NOBODY)


# the run


def test_realised_fertility_is_the_stated_rate(many):
    """Births by age of mother over women's years lived, 2003-15, 100,000 households.

    Some 70,000 births: standard error 0.4%; the renewal formula is exact only at steady rates.
    """
    end = 13 * 12
    child = np.flatnonzero((many.born >= 0) & (many.born < end))
    ages = (many.born[child] - many.born[many.mother[child]]) // 12
    births = np.bincount(ages, minlength=50)
    women = many.female == 1
    born, last = many.born[women], np.minimum(many.dies[women], many.leaves[women])
    rate = 0.0
    for years in range(15, 50):
        start = np.maximum(born + 12 * years, 0)
        stop = np.minimum(np.minimum(born + 12 * years + 12, end), last)
        rate += births[years] / (np.maximum(stop - start, 0).sum() / 12)
    assert rate == pytest.approx(1.9, rel=0.02)


def test_spacing_of_sisters_and_brothers(people):
    child = np.flatnonzero(people.mother != NOBODY)
    order = np.lexsort((people.born[child], people.mother[child]))
    mother, born = people.mother[child][order], people.born[child][order]
    apart = np.diff(born)[np.diff(mother) == 0]
    assert apart.min() >= P.birth_spacing


def test_college_takes_the_stated_share_and_the_best_schooled(many):
    cohort = (many.born >= -12 * 8) & (many.born < -12 * 3) & (many.dies > 18 * 12)
    share = np.mean(many.leaves[cohort] != NEVER)
    expected = np.mean([college_share(b, P) for b in many.born[cohort][:2000]])
    # Binomial standard error over some 20,000 persons: 0.003.
    assert share == pytest.approx(expected, abs=0.012)
    gone = many.leaves != NEVER
    assert many.schooling[cohort & gone].min() > np.median(many.schooling[cohort])


def test_countryside_ages(people):
    def over_65(month):
        return np.mean(people.born[registered(people, month)] <= month - 65 * 12)

    # Births fall and the boom cohorts grow old: 7% in 2003, in the teens by 2023.
    assert over_65(0) < over_65(120) < over_65(251)
    assert 0.11 < over_65(251) < 0.2


# luck


def test_same_seed_same_people_other_seed_others(people):
    again = make_people(uids(HOUSEHOLDS), 3.75, 1, MONTHS, P)[0]
    for name in people._fields:
        assert np.array_equal(getattr(people, name), getattr(again, name)), name
    other = make_people(uids(200), 3.75, 2, MONTHS, P)[0]
    assert not np.array_equal(other.born, people.born[people.household < 200])


def test_uids_never_collide(many):
    assert len(np.unique(many.uid)) == len(many.uid)


def test_one_more_household_changes_nobody_else(people):
    more = np.concatenate([uids(1, county=9), uids(300)])
    joined, first, _ = make_people(more, 3.75, 1, MONTHS, P)
    n = int(np.sum(people.household < 300))
    start = int(first[1])
    for name in ("uid", "born", "dies", "leaves", "female", "schooling"):
        assert np.array_equal(getattr(joined, name)[start:], getattr(people, name)[:n]), name
    for name in ("spouse", "mother"):
        rows = getattr(people, name)[:n]
        shifted = np.where(rows == NOBODY, NOBODY, rows + start)
        assert np.array_equal(getattr(joined, name)[start:], shifted), name


def test_a_longer_run_only_adds_people_who_come_later(people):
    longer = make_people(uids(300), 3.75, 1, 2400, P)[0]
    shorter = people.uid[people.household < 300]
    early = longer.born < MONTHS
    assert set(longer.uid[early]) == set(shorter)
    # Two centuries need children of children: a line of at least four births in the run.
    generation = np.zeros(len(longer.born), dtype=int)
    for row in np.flatnonzero(longer.born >= 0):
        generation[row] = generation[longer.mother[row]] + 1
    assert generation.max() >= 4


def test_frozen_demography_is_a_still_picture(people):
    still, first, end = make_people(uids(300), 3.75, 1, MONTHS, P._replace(frozen=True))
    moving = (people.household < 300) & (people.born < 0)
    assert np.array_equal(still.uid, people.uid[moving])
    assert np.all(still.dies == NEVER) and np.all(still.leaves == NEVER)
    assert np.all(end > first) and np.all(still.job_seat == NOBODY)


def test_impossible_mean_size_is_refused_in_one_line():
    with pytest.raises(InputError, match=r"mean household size = 7.5; valid: \d"):
        make_people(uids(10), 7.5, 1, 12, P)


def test_no_households_no_people():
    people, first, end = make_people(uids(0), 3.75, 1, 12, P)
    assert len(people.uid) == len(first) == len(end) == 0
