"""Why shops lose: the losing shops of a month by good and cause (scorecard V4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd

from agents.base.compiled import compiled
from model.goods import GOODS

#: Shops younger than this have no year to be judged by, months.
A_YEAR = 12


class Cause(IntEnum):
    """What a losing shop would have to be spared to stop losing."""

    NONE = 0
    REFUNDS = 1
    FREIGHT = 2
    FEW_ORDERS = 3


@compiled
def cause_of_loss(profit, hours, fixed, refunds, freight):
    """Return the Cause of a loss over 12 months, all arguments yuan/year.

    A shop loses if ``profit - own hours < 0``, hours at the local wage (FACTS F1, V4). Too few
    orders: it would not lose without the days that even an idle shop takes (``fixed``, a part of
    the hours). Otherwise refunds and spoilage, if it would not lose without them and the fixed
    days; otherwise the larger of refunds and freight.
    """
    loss = hours - profit
    if loss <= 0.0:
        return 0
    if loss <= fixed:
        return 3
    if loss <= fixed + refunds or refunds >= freight:
        return 1
    return 2


@compiled
def _causes(shops, rows, out):
    for k in range(rows.shape[0]):
        h = rows[k]
        out[k] = cause_of_loss(
            shops.profit_year[h],
            shops.hours_year[h],
            min(shops.fixed_year[h], shops.hours_year[h]),
            shops.refund_year[h],
            shops.freight_year[h],
        )


def losing_by_cause(model: Any) -> pd.DataFrame:
    """Return one row per good: shops a year old or more, how many lose, and why.

    Columns good, shops, losing, refunds_and_spoilage, freight, too_few_orders (real shops, full
    scale) and sampled (rows behind the figure).
    """
    shops, weight = model.shops, model.households.weight
    rows = np.flatnonzero((shops.good >= 0) & (model.month - shops.since >= A_YEAR))
    cause = np.zeros(rows.size, dtype=np.int64)
    _causes(shops, rows, cause)
    table = pd.DataFrame({"good": GOODS})
    good, w, kinds = shops.good[rows], weight[rows], len(GOODS)
    table["shops"] = np.bincount(good, w, kinds)
    table["losing"] = np.bincount(good, w * (cause > 0), kinds)
    for name, kind in (
        ("refunds_and_spoilage", Cause.REFUNDS),
        ("freight", Cause.FREIGHT),
        ("too_few_orders", Cause.FEW_ORDERS),
    ):
        table[name] = np.bincount(good, w * (cause == kind), kinds)
    table["sampled"] = np.bincount(good, minlength=kinds)
    return table
