"""What a scenario chooses beside the parameters of the rules.

The two switches whose combinations are the arms (MODEL 1), the options of a run, and the size and
shape of a synthetic region. All are declared as the parameters of rules are, so that one check
serves all of them.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from agents.base import Group, Parameter, switch

#: Goods that can be grown or made, and sold online, by the name used in every table.
GOOD_NAMES = (
    "rice",
    "vegetables",
    "citrus",
    "daylily",
    "camellia",
    "nuts",
    "tofu",
    "balls",
    "manufactures",
)
#: Kinds of goods: crops, whose harvest does not depend on who buys it, and what is made to be sold.
GROWN, MADE = "grown", "made"


def _scale(meaning: str) -> Parameter:
    return Parameter(0, 1, "share", meaning, "", "switch", hard_low=0.0, hard_high=1.0)


def _share(meaning: str) -> Parameter:
    return Parameter(
        0, 1, "share", meaning, "scenario nation", "assumption", hard_low=0.0, hard_high=1.0
    )


class Pull(Group):
    """What draws labour and land out: city wages and jobs, requisition (MODEL 1)."""

    enabled: Annotated[bool, switch("city wages and jobs grow, land is taken")] = True
    mode: Annotated[
        str,
        Parameter(
            unit="word",
            meaning="what pull off means: frozen at January 2003, or nobody leaves for the "
            "first time",
            status="switch",
            choices=("frozen", "no_new"),
        ),
    ] = "frozen"
    scale: Annotated[
        float, _scale("weight on the growth of wages and jobs after 2003 and on the quota")
    ] = 1.0
    labour: Annotated[bool, switch("the pull acts on labour")] = True
    land: Annotated[bool, switch("the pull acts on land")] = True


class Access(Group):
    """What e-commerce offers: internet reach, stations, freight, platform (MODEL 1)."""

    enabled: Annotated[bool, switch("villages of this region reach e-commerce")] = True
    selling: Annotated[bool, switch("villagers can sell online")] = True
    buying: Annotated[bool, switch("villagers can buy online")] = True
    scale: Annotated[
        float,
        _scale(
            "factor on villages served, entry of shops, growth of awareness, adoption of buying"
        ),
    ] = 1.0
    start: Annotated[
        str,
        Parameter(
            unit="month",
            meaning="month in which access begins; 2006-01 in the cluster scenarios",
            status="assumption",
        ),
    ] = "2009-01"
    only_good: Annotated[
        str,
        Parameter(
            unit="word",
            meaning="the one good that may be sold online, or all that are grown (sold at the farm "
            "gate otherwise) or made for sale; empty for all goods",
            status="switch",
            choices=("", *GOOD_NAMES, GROWN, MADE),
        ),
    ] = ""


class RunOptions(NamedTuple):
    """How long, how finely and how strictly a scenario is run."""

    start: Annotated[
        str, Parameter(unit="month", meaning="first month written; runs begin in 2003-01")
    ] = "2003-01"
    months: Annotated[
        int, Parameter(1, 252, "months", "length", hard_low=1, hard_high=3600, status="switch")
    ] = 252
    sample: Annotated[
        float,
        Parameter(1e-3, 1, "share", "households that are simulated", hard_low=1e-5, hard_high=1.0),
    ] = 0.01
    strict: Annotated[bool, switch("check every account after every month")] = False
    panel: Annotated[bool, switch("write every household and plot each December")] = False


class Synthetic(NamedTuple):
    """A made-up region, for theory, tests and the cluster scenarios."""

    width: Annotated[int, Parameter(8, 200, "cells", "west to east", hard_low=8, hard_high=400)] = (
        30
    )
    height: Annotated[
        int, Parameter(8, 200, "cells", "south to north", hard_low=8, hard_high=400)
    ] = 30
    counties: Annotated[int, Parameter(1, 60, "counties", "", hard_low=1, hard_high=200)] = 4
    mean_slope: Annotated[
        float, Parameter(0.5, 25, "degrees", "mean slope", hard_low=0.5, hard_high=30.0)
    ] = 8.0
    coast_km: Annotated[
        float, Parameter(0, 2000, "km", "distance to the coast", hard_low=0.0, hard_high=5000.0)
    ] = 500.0
    away: Annotated[
        float,
        Parameter(
            0.0,
            0.2,
            "share",
            "of the registered who live outside their county in 2003",
            "1.09 registered a resident, as Shaoyang in 2000",
            "data",
            "derived",
            hard_low=0.0,
            hard_high=0.3,
        ),
    ] = 1.0 - 1.0 / 1.09
    cluster: Annotated[float, _scale("strength of the industrial cluster; 0 for none")] = 0.0
    good: Annotated[
        str,
        Parameter(
            unit="word",
            meaning="the good that the region is known for; empty for goods by terrain",
            choices=("", *GOOD_NAMES),
        ),
    ] = ""
    cluster_share: Annotated[
        float, _share("of counties with an industrial cluster of strength ``cluster``")
    ] = 0.0
    storable_share: Annotated[float, _share("of counties known for a good that keeps")] = 0.0
    fruit_share: Annotated[float, _share("of counties known for fresh fruit")] = 0.0
    programme_share: Annotated[
        float, _share("of counties that enter a state programme, 2014 to 2018")
    ] = 0.0
    programme_selection: Annotated[
        float,
        _scale("weight of what counties can sell in who enters a programme first; 0: drawn"),
    ] = 0.0
