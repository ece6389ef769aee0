"""Who gains: households of a run's last year, and their gains by decile of income and of age."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.panel import Panel

#: What households are ranked by -> column of ``households``.
RANKED = {"income": "income", "age": "mean_age"}


def run(model: Any) -> pd.DataFrame:
    """Run a new model to its end; return ``households`` of the last December."""
    panel = Panel(model)
    for _ in range(model.scenario.months):
        model.step()
        panel.collect()
        del panel.households[:-1], panel.plots[:-1]
    return households(panel.households[-1])


def households(panel: pd.DataFrame) -> pd.DataFrame:
    """Return household, weight, mean age, and real income per registered member in the year."""
    heads = np.maximum(panel["registered"].to_numpy(), 1)
    kept = panel[["household", "weight", "mean_age", "registered"]].copy()
    kept["income"] = panel["year_income"] / heads / panel["cost_of_living"]
    return kept[panel["registered"].to_numpy() > 0]


def gains(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return by (of ``RANKED``), decile, gained (yuan), people: one world under two treatments.

    before, after : ``households``. Deciles are of households (by weight) as they are ``before``; a
    household is compared with itself, and counts where it is in both.
    """
    was = before[["household", "income"]].rename(columns={"income": "was"})
    parts = [
        was.assign(by=by, decile=deciles(before, column)).merge(after, on="household")
        for by, column in RANKED.items()
    ]
    both = pd.concat(parts)
    both["people"] = both["weight"] * both["registered"]
    both["gained"] = both["people"] * (both["income"] - both["was"])
    return both.groupby(["by", "decile"])[["gained", "people"]].sum().reset_index()


def deciles(homes: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """Return the decile, 1 to 10, of each household in a column, by weight."""
    order = np.argsort(homes[column].to_numpy(), kind="stable")
    w = homes["weight"].to_numpy(dtype=float)[order]
    middle = (np.cumsum(w) - w / 2.0) / w.sum()
    found = np.empty(len(w), dtype=np.int64)
    found[order] = np.minimum((10.0 * middle).astype(np.int64) + 1, 10)
    return found


__all__ = ["RANKED", "deciles", "gains", "households", "run"]
