"""Births, deaths, schooling, ages: rules that no arm of an experiment can change (MODEL 4).

Ages and times are months unless a name says years; month 0 is January 2003. A daughter who marries
stands for the daughter-in-law who takes her place, so the births of all women of a household are
those of its registered members.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.base.parameters import Group, Parameter, switch

#: First and last year with a mortality of their own; the life table is held outside.
FIRST_YEAR, LAST_YEAR = 2003, 2023
#: A woman gives birth from her 15th to the end of her 49th year.
FERTILE_FROM, FERTILE_TO = 15 * 12, 50 * 12
#: From leaving for college to a first job.
STUDY = 4 * 12
#: Nobody lives longer; the hazard leaves about one in 10^8 to that age.
OLDEST = 115 * 12

_CENSUS = "Yang and Lu 2019, fit to e0 74.85, e60 19.44, e80 6.90 of 2010"


class Demography(Group):
    """Births, deaths, schooling and work capacity of the registered rural population."""

    frozen: Annotated[bool, switch("nobody is born, ages, dies or leaves for college")] = False
    gompertz_a: Annotated[
        float,
        Parameter(
            2.6e-5,
            3.9e-5,
            "per year",
            "hazard at age 0, before it is scaled to e0",
            _CENSUS,
            "literature",
            "derived",
        ),
    ] = 3.17e-5
    gompertz_b: Annotated[
        float,
        Parameter(
            0.09, 0.104, "per year", "rise of the hazard with age", _CENSUS, "literature", "derived"
        ),
    ] = 0.098
    makeham_c: Annotated[
        float,
        Parameter(
            0.0002,
            0.001,
            "per year",
            "hazard that does not depend on age, before it is scaled",
            _CENSUS,
            "literature",
            "derived",
        ),
    ] = 0.0004
    e0_2003: Annotated[
        float, Parameter(70.5, 73.5, "years", "life expectancy at birth in 2003", "MODEL 4")
    ] = 72.0
    e0_2023: Annotated[
        float, Parameter(75.5, 78.5, "years", "life expectancy at birth from 2023", "MODEL 4")
    ] = 77.0
    tfr_2003: Annotated[
        float, Parameter(1.6, 2.2, "children", "total fertility rate 2003-15", "MODEL 4")
    ] = 1.9
    tfr_2016: Annotated[
        float, Parameter(1.7, 2.3, "children", "total fertility rate 2016-17", "MODEL 4")
    ] = 2.0
    tfr_2023: Annotated[
        float,
        Parameter(
            0.9, 1.5, "children", "total fertility rate from 2023; linear from 2017", "MODEL 4"
        ),
    ] = 1.2
    childbirth_age: Annotated[
        float,
        Parameter(
            25.0,
            29.0,
            "years",
            "mean age of mothers",
            "general knowledge of the censuses",
            "literature",
            "memory medium",
            hard_low=18.0,
            hard_high=40.0,
        ),
    ] = 27.0
    birth_spacing: Annotated[
        int, Parameter(12, 30, "months", "shortest time between two births", hard_low=1)
    ] = 18
    female_share: Annotated[
        float,
        Parameter(
            0.455,
            0.49,
            "share",
            "girls among births",
            "about 113 boys per 100 girls, censuses of 2000-20",
            "literature",
            "memory medium",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.47
    college_2003: Annotated[
        float,
        Parameter(
            0.03,
            0.12,
            "share",
            "of those born in 1985, leave for college in 2003",
            "MODEL 4: assumption to be sourced",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.07
    college_2023: Annotated[
        float,
        Parameter(
            0.25,
            0.5,
            "share",
            "of those born in 2005 and later; linear from 2003 to 2023",
            "MODEL 4: assumption to be sourced",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.38
    college_back: Annotated[
        float,
        Parameter(
            0.1,
            0.6,
            "share",
            "of those who left for college, live at their county's seat four years later",
            "judgement",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.35
    college_registered: Annotated[
        float,
        Parameter(
            0.4,
            1.0,
            "share",
            "of those who left for college and live elsewhere, still registered at home",
            "leaving the register became voluntary in August 2003 (Ministry of Public Security, "
            "thirty measures; memory high); the share by registered people of 2010 (census)",
            "assumption",
            hard_low=0.0,
            hard_high=1.0,
        ),
    ] = 0.8
    schooling_1950: Annotated[
        float,
        Parameter(
            4.0,
            7.0,
            "years",
            "mean schooling of those born in 1950",
            "shape only; residents of Shaoyang average 8.8 in 2010",
            "literature",
            "memory medium",
        ),
    ] = 5.5
    schooling_gain: Annotated[
        float,
        Parameter(
            1.0,
            1.6,
            "years per decade",
            "rise of mean schooling by birth cohort",
            "shape only; residents of Shaoyang average 8.8 in 2010",
            "literature",
            "memory medium",
        ),
    ] = 1.3
    schooling_ceiling: Annotated[
        float, Parameter(11.0, 13.0, "years", "mean schooling at which the rise ends")
    ] = 12.0
    schooling_spread: Annotated[
        float, Parameter(2.0, 3.5, "years", "standard deviation within a cohort")
    ] = 2.8
    prime_until: Annotated[
        float,
        Parameter(45.0, 55.0, "years", "age from which work capacity falls", "MODEL 4: about 48"),
    ] = 48.0
    capacity_loss: Annotated[
        float, Parameter(0.01, 0.05, "per year", "fall of work capacity from then to 60")
    ] = 0.02
    capacity_loss_old: Annotated[
        float,
        Parameter(
            0.02,
            0.06,
            "per year",
            "fall of work capacity after 60",
            "judgement",
            "assumption",
            "memory low",
        ),
    ] = 0.04
    marriage_age_women: Annotated[
        float, Parameter(21.0, 24.0, "years", "mean age at marriage of women before 2003")
    ] = 22.5
    marriage_age_men: Annotated[
        float, Parameter(23.0, 26.0, "years", "mean age at marriage of men before 2003")
    ] = 24.5
    couple_gap: Annotated[float, Parameter(1.0, 3.0, "years", "husband older than wife, mean")] = (
        2.0
    )


# mortality


@compiled
def hazard(age, scale, p):
    """Return the hazard of death per year at ``age`` in years.

    mu(x) = m (a exp(b x) + c): Gompertz (1825) and Makeham (1860), times the level m of the year.
    """
    return scale * (p.gompertz_a * math.exp(p.gompertz_b * age) + p.makeham_c)


@compiled
def cumulative_hazard(start, end, scale, p):
    """Return the hazard summed from age ``start`` to ``end`` (years): the integral of mu."""
    rise = math.exp(p.gompertz_b * end) - math.exp(p.gompertz_b * start)
    return scale * (p.gompertz_a / p.gompertz_b * rise + p.makeham_c * (end - start))


@compiled
def life_expectancy(scale, p):
    """Return e0 in years: the integral of exp(-H(0, x)) over age, trapezoids of one year.

    exp(-H) is so smooth that the trapezoids err by less than 1e-4 years.
    """
    total = 0.5
    for years in range(1, OLDEST // 12):
        total += math.exp(-cumulative_hazard(0.0, float(years), scale, p))
    return total


def mortality_levels(p: Demography) -> NDArray[np.float64]:
    """Return the level m of each year 2003-23, shape (21,): the one that gives its e0.

    e0 rises in a straight line from ``e0_2003`` to ``e0_2023``; before and after it is held.
    """
    targets = np.linspace(p.e0_2003, p.e0_2023, LAST_YEAR - FIRST_YEAR + 1)
    return np.array([_level_for(target, p) for target in targets])


def _level_for(e0: float, p: Demography) -> float:
    low, high = 1e-3, 1e3
    for _ in range(50):
        middle = math.sqrt(low * high)
        # A higher level means shorter lives.
        low, high = (middle, high) if life_expectancy(middle, p) > e0 else (low, middle)
    return math.sqrt(low * high)


@compiled
def death_month(born, luck, levels, p):
    """Return the month in which a person alive in 2003-01, or born later, dies.

    The person dies when the hazard summed since January 2003 (or birth) reaches -ln(luck), luck
    uniform in (0, 1). ``levels`` as of ``mortality_levels``. At least one month is lived.
    """
    left = -math.log(luck)
    month = max(born, 0)
    while month - born < OLDEST:
        year = min(month // 12, len(levels) - 1)
        to = month + 12 - month % 12
        risk = cumulative_hazard((month - born) / 12.0, (to - born) / 12.0, levels[year], p)
        if risk >= left:
            return max(month + int(left / risk * (to - month)), born + 1, 1)
        left -= risk
        month = to
    return born + OLDEST


# fertility


def total_fertility(year: float, p: Demography) -> float:
    """Return the total fertility rate of ``year`` from 2003 on, children per woman."""
    if year < 2016:
        return p.tfr_2003
    if year <= 2017:
        return p.tfr_2016
    share = min(1.0, (year - 2017) / (2023 - 2017))
    return (1.0 - share) * p.tfr_2016 + share * p.tfr_2023


def fertility_by_age(p: Demography) -> NDArray[np.float64]:
    """Return the share of a woman's births in each month of age 15-49, shape (420,), sum 1.

    A gamma density of shape 6 from age 15, g(x) ~ (x - 15)^5 exp(-6 (x - 15) / (mean - 15)): few
    births before 20, a long tail after 30.
    """
    years = (np.arange(FERTILE_TO - FERTILE_FROM) + 0.5) / 12.0
    density = years**5 * np.exp(-6.0 * years / (p.childbirth_age - FERTILE_FROM / 12.0))
    return density / density.sum()


@compiled
def birth_chance(total_fertility_rate, share_at_age, spacing):
    """Return the chance of a birth this month of a woman who is not within the spacing.

    Births come at the rate r = TFR * g(age) a month; as each birth blocks the next s - 1 months,
    s the ``spacing``, those who are free need r / (1 - r (s - 1)) (renewal with dead time). Rates
    that leave hardly any month free are capped at 0.5.
    """
    rate = total_fertility_rate * share_at_age
    return min(0.5, rate / max(0.05, 1.0 - rate * (spacing - 1)))


# schooling and college


@compiled
def college_share(born, p):
    """Return the share of the cohort born in month ``born`` that leaves for college.

    Linear in the year of turning 18, from ``college_2003`` to ``college_2023``, then held; extended
    back to 0. Reads "7% (1985) to 38% (2023)" as the cohort of 1985 and the leavers of 2023.
    """
    share = min(1.0, (born / 12.0 + 18.0) / 20.0)
    return max(0.0, p.college_2003 + share * (p.college_2023 - p.college_2003))


@compiled
def college_month(born):
    """Return the month of leaving for college: the first September at 18 or older."""
    adult = born + 18 * 12
    return adult + (8 - adult) % 12


@compiled
def schooling_years(born, z, p):
    """Return completed schooling in years of one born in month ``born``; ``z`` standard normal.

    Normal around a cohort mean that rises by ``schooling_gain`` a decade, between 0 and 16.
    """
    mean = p.schooling_1950 + p.schooling_gain * (born / 12.0 + 53.0) / 10.0
    return min(16.0, max(0.0, min(mean, p.schooling_ceiling) + p.schooling_spread * z))


# age and work


@compiled
def age(born, month, frozen):
    """Return the age in years in ``month``; with frozen demography that of January 2003."""
    return (-born if frozen else month - born) / 12.0


@compiled
def capacity(years, p):
    """Return work capacity in [0, 1] at an age of ``years``: 0 under 16, 1 to about 48.

    Then it falls by ``capacity_loss`` a year, from 60 on by ``capacity_loss_old`` a year.
    """
    if years < 16.0:
        return 0.0
    late = max(0.0, min(years, 60.0) - p.prime_until)
    old = max(0.0, years - max(60.0, p.prime_until))
    return max(0.0, 1.0 - p.capacity_loss * late - p.capacity_loss_old * old)
