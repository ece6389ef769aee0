"""Which parameters may be calibrated: those that move a number by more than its noise.

Morris's mu*, the mean absolute effect of a parameter over its range, against the standard deviation
of the number over seeds. A parameter whose mu* is above twice that for no number cannot be told
from luck, and stays what it is: fixed, or an uncertainty with its range.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.replies import Indicator
from experiments.sensitivity import indices
from experiments.space import Moment
from experiments.uncertain import Ranges

Values = NDArray[np.float64]
#: Least ratio of mu* to the standard deviation over seeds.
LEAST = 2.0


def screen(
    ranges: Ranges,
    x: Values,
    y: Values,
    noise: Values,
    moments: tuple[Moment, ...],
    seed: int,
) -> tuple[pd.DataFrame, list[str]]:
    """Return parameter, moment, mu_star, noise, ratio; and what could not be computed, in words.

    x : (points, parameters) of Morris's design. y : (points, moments) at one seed. noise : (seeds,
    moments) where the parameters have their own values.
    """
    asked = [Indicator(m.name, "", "", "level", m.unit) for m in moments]
    finite = np.where(np.isfinite(y), y, np.nan)
    rows, missing = indices("morris", ranges, x, finite, asked, seed)
    unknown = [text.partition(" (the loss")[0].partition(": nothing")[0] for text in missing]
    deviation = dict(zip([m.name for m in moments], noise.std(axis=0, ddof=1)))
    found: list[dict[str, Any]] = []
    for row in rows:
        if row["index"] != "mu_star":
            continue
        sd, effect = float(deviation[row["indicator"]]), row["value"]
        if not np.isfinite(sd):
            unknown.append(f"{row['indicator']}: its noise, a seed has no number")
            continue
        ratio = effect / sd if sd > 0.0 else (float("inf") if effect > 0.0 else 0.0)
        found.append(
            {
                "parameter": row["parameter"], "moment": row["indicator"], "mu_star": effect,
                "noise": sd, "ratio": 0.0 if np.isnan(ratio) else ratio,
            }
        )  # fmt: skip
    return pd.DataFrame(
        found, columns=["parameter", "moment", "mu_star", "noise", "ratio"]
    ), unknown


def strongest(table: pd.DataFrame, ranges: Ranges) -> pd.DataFrame:
    """Return one row per parameter: the moment that it moves most, and whether it is calibrated."""
    rows = []
    for key, (low, high) in ranges.items():
        one = table[table["parameter"] == key]
        best = one.iloc[int(one["ratio"].to_numpy().argmax())] if len(one) else None
        ratio = float(best["ratio"]) if best is not None else 0.0
        rows.append(
            {
                "parameter": key, "low": low, "high": high, "ratio": ratio,
                "moment": str(best["moment"]) if best is not None else "",
                "calibrated": ratio > LEAST,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
