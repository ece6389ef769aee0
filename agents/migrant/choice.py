"""Where a person works: leaving, staying and returning (MODEL 4).

A person who reconsiders compares home, local work from home, and the seats and the coast, each by
a random utility

    U_d = kappa * V_d + w * taste_d + (1 - w) * luck_d

with a taste for each place that lasts a lifetime and luck of the month, both standard Gumbel (a
logit). Earnings enter in logs, as in Tombe and Zhu (2019, AER 109:1843); the network term follows
Chen, Jin and Yue (2010, NBER 15651).
"""

from __future__ import annotations

import math
from typing import Annotated

from agents.base import Group, Parameter, switch
from agents.base.compiled import compiled

#: Earnings below this many yuan a month are taken as this much: logs need a floor.
LEAST_INCOME = 50.0
#: July 2014, in months since January 2003: the State Council opens the registers of towns.
HUKOU_REFORM = 138


class Migration(Group):
    """Parameters of leaving and returning."""

    kappa: Annotated[
        float,
        Parameter(
            1.0,
            4.0,
            "utility per log point",
            "response of destination shares to log real income",
            "MODEL 4; a source says 1.5 (FACTS N40); start value of the prototype",
            "assumption",
        ),
    ] = 1.07
    review: Annotated[
        float,
        Parameter(
            0.15,
            0.4,
            "share a year",
            "people who reconsider each March",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 0.37
    taste: Annotated[
        float,
        Parameter(0.3, 0.7, "weight", "of the lifelong taste within the shock", "MODEL 4"),
    ] = 0.5
    stay: Annotated[
        float,
        Parameter(
            0.3,
            1.2,
            "log points",
            "bonus of the present place",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
            hard_low=-2.0,
        ),
    ] = 0.59
    hukou_coast: Annotated[
        float,
        Parameter(
            0.3,
            2.5,
            "log points",
            "utility lost at the coast without local hukou",
            "FACTS N41: 46% of utility is ln(1 - 0.46)",
            "literature",
            "page",
            hard_low=0.0,
        ),
    ] = 0.62
    hukou_seat: Annotated[
        float,
        Parameter(
            0.3,
            2.8,
            "log points",
            "utility lost at the prefecture seat without local hukou",
            "as at the coast",
            "assumption",
            hard_low=0.0,
        ),
    ] = 0.62
    hukou_county: Annotated[
        float,
        Parameter(
            0.1,
            2.5,
            "log points",
            "utility lost at the own county seat: its register opens more easily",
            "half of that",
            "assumption",
            hard_low=0.0,
        ),
    ] = 0.31
    root_coast: Annotated[
        float,
        Parameter(
            0.0,
            2.5,
            "log points",
            "utility lost by living at the coast that no reform gives back: kin, speech, land",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
            hard_low=-2.0,
        ),
    ] = 1.32
    root_seat: Annotated[
        float,
        Parameter(
            0.0,
            2.8,
            "log points",
            "same at the prefecture seat",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
            hard_low=-2.0,
        ),
    ] = 1.4
    root_county: Annotated[
        float,
        Parameter(
            0.0,
            2.5,
            "log points",
            "same at the own county seat",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
            hard_low=-2.0,
        ),
    ] = 1.97
    distance: Annotated[
        float,
        Parameter(
            0.2,
            0.6,
            "log points per 50 km",
            "utility lost by distance within the region",
            "prototype (0.41)",
        ),
    ] = 0.41
    distance_coast: Annotated[
        float,
        Parameter(0.2, 0.6, "log points", "utility lost by the distance of the coast", "prototype"),
    ] = 0.35
    age: Annotated[
        float,
        Parameter(
            0.1,
            0.4,
            "log points per 10 years",
            "loss per age over 25, away",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 0.38
    family: Annotated[
        float,
        Parameter(0.1, 0.5, "log points", "loss of leaving children under 14", "prototype"),
    ] = 0.21
    network: Annotated[
        float,
        Parameter(
            0.15,
            0.8,
            "log points",
            "coefficient of ln(1 + 30 * share of the ring there)",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
        ),
    ] = 0.25
    local_disutility: Annotated[
        float,
        Parameter(
            1.2,
            3.5,
            "log points",
            "of local wage work",
            "facts up to 2015 (docs/ODD.md, calibration)",
            "calibrated",
            hard_low=-2.0,
        ),
    ] = 2.66
    local_minute: Annotated[
        float,
        Parameter(0.0, 0.01, "log points per minute", "same, by distance to the seat", "prototype"),
    ] = 0.004
    commute_minutes: Annotated[
        float,
        Parameter(
            30, 60, "minutes", "within which one works at a seat and sleeps at home", "MODEL 4"
        ),
    ] = 45.0
    commute_minute: Annotated[
        float,
        Parameter(0.005, 0.03, "log points per minute", "of daily travel", "judgement"),
    ] = 0.015
    return_to_schooling: Annotated[
        float,
        Parameter(
            0.03,
            0.09,
            "log points a year",
            "wage per year of schooling",
            "Mincer equations for rural workers of the 2000s",
            "literature",
            "memory medium",
        ),
    ] = 0.05
    follow: Annotated[
        float,
        Parameter(
            0.02,
            0.3,
            "per year",
            "hazard that spouse and children join",
            "FACTS N31: by 0.12, MODEL's highest, a seventh and not a fifth are whole families",
            "calibrated",
        ),
    ] = 0.26
    follow_after: Annotated[
        float,
        Parameter(24, 60, "months", "away in one place before the family may join", "MODEL 4"),
    ] = 24.0
    grant: Annotated[
        float,
        Parameter(
            0.0,
            0.1,
            "per year",
            "hazard that a family settled away is given the hukou of the place",
            "the registered share of towns rises by over a point a year, most of it from 2014 on "
            "(FACTS N49, N50)",
            "assumption",
        ),
    ] = 0.06
    grant_2014: Annotated[
        float,
        Parameter(
            0.04, 0.3, "per year", "same from the reform of July 2014 on", "same", "assumption"
        ),
    ] = 0.25
    cost_spouse: Annotated[
        float, Parameter(0.3, 0.9, "share", "living cost of a joining spouse", "judgement")
    ] = 0.6
    cost_child: Annotated[
        float, Parameter(0.2, 0.7, "share", "living cost of a joining child", "judgement")
    ] = 0.4
    remit: Annotated[
        float, Parameter(0.2, 0.5, "share of net earnings", "sent home at first", "MODEL 4")
    ] = 0.35
    remit_decay: Annotated[
        float, Parameter(0.02, 0.12, "per year away", "fall of the share sent", "MODEL 4")
    ] = 0.08
    return_skill: Annotated[
        float,
        Parameter(
            0.0,
            0.2,
            "log points",
            "wage bonus at home of one who has returned",
            "FACTS N53: sign only",
        ),
    ] = 0.05
    separation: Annotated[
        float,
        Parameter(
            0.015,
            0.06,
            "per month",
            "chance of losing the job",
            "parameters.csv",
            grade="memory low",
        ),
    ] = 0.03
    job_finding: Annotated[
        float,
        Parameter(
            0.3, 0.8, "per month", "chance of a seeker", "parameters.csv", grade="memory low"
        ),
    ] = 0.5
    seat_pay: Annotated[
        float,
        Parameter(
            0.75,
            0.95,
            "ratio",
            "migrant pay at the prefecture seat over the coast, 2003",
            "FACTS N30",
            "data",
            "derived",
        ),
    ] = 0.875
    county_pay: Annotated[
        float,
        Parameter(
            0.75,
            0.95,
            "ratio",
            "migrant pay at a county seat over the coast, 2003",
            "FACTS N30",
            "data",
            "derived",
        ),
    ] = 0.86
    living_coast: Annotated[
        float,
        Parameter(
            150,
            350,
            "yuan/month",
            "living cost at the coast, 2003; 34% of the wage then",
            "parameters.csv migration.living_cost_*",
            "data",
            "derived",
        ),
    ] = 285.0
    living_seat: Annotated[
        float,
        Parameter(130, 320, "yuan/month", "living cost at a seat, 2003", "same", "data", "derived"),
    ] = 250.0
    living_wage_elasticity: Annotated[
        float,
        Parameter(
            0.4,
            0.9,
            "elasticity",
            "of living cost to the local wage",
            "living cost is a third of the wage in 2003 and in 2013 (PARAMETERS 4)",
            "data",
            "derived",
        ),
    ] = 0.9
    congestion_coast: Annotated[
        float, Parameter(0.05, 0.4, "elasticity", "of living cost to migrants there", "MODEL 4")
    ] = 0.15
    congestion_seat: Annotated[
        float, Parameter(0.05, 2.0, "elasticity", "of living cost to people at the seat", "MODEL 4")
    ] = 1.0
    wages_respond: Annotated[
        bool, switch("wages at the coast respond to the number of migrants")
    ] = True
    wage_elasticity: Annotated[
        float,
        Parameter(
            0.3, 0.7, "elasticity", "of the coast wage to migrants: fixed, not tuned", "MODEL 4"
        ),
    ] = 0.5
    shop_counts: Annotated[
        bool, switch("the work of the own shop counts when members choose where to live")
    ] = True
    families_follow: Annotated[
        bool, switch("families may join a member away, and be registered there")
    ] = True


@compiled
def skill(schooling, returned, p):
    """Return the wage of a worker relative to one with 7 years of schooling (Mincer).

    ``exp(rho*(schooling - 7) + bonus*returned)``, dimensionless.
    """
    return math.exp(p.return_to_schooling * (schooling - 7.0) + p.return_skill * returned)


@compiled
def log_income(yuan):
    """Return ln of a monthly income, floored at ``LEAST_INCOME`` (MODEL 4)."""
    return math.log(max(LEAST_INCOME, yuan))


@compiled
def network_term(share, p):
    """Return ``n * ln(1 + 30 * share)``: help of the ring's people at a place (log points).

    A share and not a head count, or results would depend on households per village.
    """
    return p.network * math.log(1.0 + 30.0 * share)


@compiled
def age_loss(age, p):
    """Return the log points lost away by one older than 25."""
    return p.age * max(0.0, age - 25.0) / 10.0


@compiled
def value_away(net_income, hukou, distance, age, leaves_children, ring_share, p):
    """Return V of living at a destination, in log points.

    ``V_d = ln max(50, e*w*s - c) - h_d - m_d - a(age) - f(family) + n ln(1 + 30 share)``;
    ``net_income`` is expected monthly pay less living cost (yuan), ``hukou`` what the place takes
    from those without it, ``distance`` what it takes from everybody, roots left behind included
    (log points).
    """
    return (
        log_income(net_income)
        - hukou
        - distance
        - age_loss(age, p)
        - p.family * leaves_children
        + network_term(ring_share, p)
    )


@compiled
def value_local(pay, minutes, p):
    """Return V of local wage work or own business from home (log points)."""
    return log_income(pay) - p.local_disutility - p.local_minute * minutes


@compiled
def value_commute(pay, minutes, p):
    """Return V of a job at a seat within commuting distance, sleeping at home (log points)."""
    return log_income(pay) - p.local_disutility - p.commute_minute * minutes


@compiled
def value_home(income_with, income_without):
    """Return V of working at home: what the person adds to the household's income (yuan/month)."""
    return log_income(income_with - income_without)


@compiled
def shock(taste_draw, luck_draw, p):
    """Return the taste of a place and the luck of the month, weighted (both Gumbel)."""
    return p.taste * taste_draw + (1.0 - p.taste) * luck_draw


@compiled
def remittance(net_earnings, months_away, p):
    """Return what a member away sends home (yuan/month).

    ``share * exp(-decay * years away)`` of net earnings, never negative.
    """
    return max(0.0, net_earnings) * p.remit * math.exp(-p.remit_decay * months_away / 12.0)


@compiled
def hukou_grant(month, p):
    """Return the hazard of a settled family to be given the hukou of its place, per year.

    ``month`` counts from January 2003. Towns opened their registers with the reform of July 2014.
    """
    return p.grant if month < HUKOU_REFORM else p.grant_2014


@compiled
def family_can_follow(months_there, net_earnings, living_cost, children, p):
    """Tell whether net earnings cover the family's cost at the place (MODEL 4)."""
    cost = living_cost * (p.cost_spouse + p.cost_child * children)
    return months_there >= p.follow_after and net_earnings >= cost
