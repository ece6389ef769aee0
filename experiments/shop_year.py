"""What each household's shop made in a calendar year: sums of its months.

The model's own columns (``turnover_year`` and its like) are rolling means that sellers go by; they
lag behind growth, hold little of a young shop and nothing of a closed one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.base.compiled import compiled
from agents.farmer.budget import shop_income

COLUMNS = ("turnover", "profit", "hours", "refunds", "freight", "fixed")


class ShopYear:
    """Sums since the year began, yuan of 2010, by household: ``year["turnover"]`` and so on.

    turnover, profit (shop income: own hours no cost), hours (own days at the local wage), refunds,
    freight, fixed (days that even an idle shop takes, at that wage).
    """

    def __init__(self, model: Any):
        self.model = model
        self.sums = np.zeros((len(COLUMNS), len(model.households.uid)))

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """Return (H,) the sum of a column of ``COLUMNS``."""
        return self.sums[COLUMNS.index(column)]

    def add(self) -> None:
        """Add the month that the model has just finished."""
        m = self.model
        if m.market.terms is not None:
            _add(
                m.market.rows, m.shops, m.households.county, m.market.terms.on_sale,
                m.market.terms.day_wage, m.params["selling"], self.sums,
            )  # fmt: skip

    def close(self) -> None:
        """Begin a new year."""
        self.sums[:] = 0.0


@compiled
def _add(rows, shops, county, on_sale, day_wage, p, sums):
    for h in rows:
        wage = day_wage[county[h]]
        sums[0, h] += shops.revenue[h]
        sums[1, h] += shop_income(h, shops)
        sums[2, h] += shops.own_days[h] * wage
        sums[3, h] += shops.refund[h]
        sums[4, h] += shops.freight_first[h] + shops.freight_line[h]
        good = shops.good[h] if shops.good[h] >= 0 else shops.closed_good[h]
        sums[5, h] += p.fixed_days * on_sale[good] * wage


__all__ = ["COLUMNS", "ShopYear"]
