"""Effects of an assigned treatment on households: intention to treat, and on the treated.

Analysis of covariance, ``y_after = a_county + b treated + c y_before`` (McKenzie 2012), errors
clustered by village, the unit of assignment (Abadie et al. 2023). On the treated: the same with the
terminal itself for ``treated``, instrumented by assignment (Imbens and Angrist 1994).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import statsmodels.api as sm
from linearmodels.iv import IV2SLS
from numpy.typing import NDArray

NAN = float("nan")
#: Outcome -> whether it is taken in logs; columns NAME_before and NAME_after.
OUTCOMES = {"income": True, "index": True, "uses": False}


class Effect(NamedTuple):
    """An effect and the bounds of its 95% interval: % of an outcome in logs, else points."""

    value: float
    low: float
    high: float
    households: int


#: Fewest villages in each arm for an error clustered by village.
FEWEST = 5
#: F of the first stage below which the instrument is weak (Staiger and Stock 1997).
STRONG = 10.0
NOTHING = Effect(NAN, NAN, NAN, 0)


def intention_to_treat(households: pd.DataFrame, outcome: str = "income") -> Effect:
    """Return the effect of assignment.

    households : village, treated (0/1, by assignment), OUTCOME_before, OUTCOME_after, and county
    where assignment was stratified by it. A household whose income is not above zero is left out.
    """
    data = _prepared(households, outcome)
    if not _comparable(data):
        return NOTHING
    fit = sm.OLS(data["after"], _regressors(data)).fit(
        cov_type="cluster", cov_kwds={"groups": data["village"].to_numpy()}, use_t=True
    )
    return _effect(fit, "treated", outcome, len(data))


def treatment_on_treated(households: pd.DataFrame, outcome: str = "income") -> Effect:
    """Return the effect of the terminal, instrumented by assignment.

    households : as for ``intention_to_treat``, and terminal (0/1: one stands in the village). None
    where assignment is a weak instrument of it.
    """
    data = _prepared(households, outcome)
    if not _comparable(data):
        return NOTHING
    exogenous = data.drop(columns=["after", "village", "treated", "terminal"])
    if not _independent(exogenous.assign(terminal=_predicted(data))):
        return NOTHING  # beside place, assignment tells nothing of who has a terminal
    fit: Any = IV2SLS(data["after"], exogenous, data[["terminal"]], data[["treated"]]).fit(
        cov_type="clustered", clusters=data["village"], debiased=True
    )
    if not fit.first_stage.diagnostics.loc["terminal", "f.stat"] > STRONG:
        return NOTHING
    return _effect(fit, "terminal", outcome, len(data))


def first_stage(households: pd.DataFrame) -> float:
    """Return the share of villages with a terminal among those treated, less that of controls."""
    villages = households.groupby("village")[["treated", "terminal"]].first()
    share = villages.groupby("treated")["terminal"].mean()
    return float(share.get(1, NAN) - share.get(0, NAN))


def raised(effect: Effect, by: float) -> Effect:
    """Return the estimate had every treated household's outcome been ``by`` (share) higher.

    In logs assignment enters the outcome additively: the coefficient moves by ln(1 + by) and its
    error stays.
    """
    value, low, high = (100.0 * ((1.0 + x / 100.0) * (1.0 + by) - 1.0) for x in effect[:3])
    return Effect(value, low, high, effect.households)


def _prepared(households: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return after, village, treated, terminal, before and one column per county or a constant."""
    before, after = households[f"{outcome}_before"], households[f"{outcome}_after"]
    logs = OUTCOMES[outcome]
    kept = ((before > 0) & (after > 0)) if logs else before.notna() & after.notna()
    rows = households[kept]
    take = np.log if logs else np.asarray
    data = pd.DataFrame(
        {
            "after": take(after[kept].astype(float)),
            "village": pd.factorize(rows["village"])[0],
            "treated": rows["treated"].astype(float),
            "terminal": rows.get("terminal", rows["treated"]).astype(float),
        }
    )
    start = take(before[kept].astype(float))
    if np.ptp(start) > 0:
        data["before"] = start
    if "county" in rows:
        strata = pd.get_dummies(rows["county"].astype(str), dtype=float)
        data = pd.concat([data, strata], axis=1)
    else:
        data["constant"] = 1.0
    if "before" in data and not _independent(_regressors(data)):
        data = data.drop(columns="before")  # the same all over each county
    return data.reset_index(drop=True)


def _predicted(data: pd.DataFrame) -> NDArray[np.float64]:
    """Return what assignment and the other regressors tell of the terminal (households,)."""
    columns, terminal = _regressors(data).to_numpy(), data["terminal"].to_numpy()
    told: NDArray[np.float64] = columns @ np.linalg.lstsq(columns, terminal)[0]
    return told


def _regressors(data: pd.DataFrame) -> pd.DataFrame:
    return data.drop(columns=["after", "village", "terminal"])


def _independent(columns: pd.DataFrame) -> bool:
    """Tell whether no column is a sum of others."""
    return bool(np.linalg.matrix_rank(columns.to_numpy()) == columns.shape[1])


def _comparable(data: pd.DataFrame) -> bool:
    """Tell whether there are treated and control villages enough, and not each by its county."""
    arms = data.groupby("treated")["village"].nunique() if len(data) else pd.Series(dtype=int)
    return len(arms) == 2 and int(arms.min()) >= FEWEST and _independent(_regressors(data))


def _effect(fit: Any, name: str, outcome: str, number: int) -> Effect:
    """Return a coefficient with its interval; nothing where its variance cannot be told."""
    with np.errstate(invalid="ignore"):
        low, high = (float(x) for x in fit.conf_int().loc[name])
    value = float(fit.params[name])
    if not np.isfinite([value, low, high]).all():
        return NOTHING
    if OUTCOMES[outcome]:
        value, low, high = (float(np.expm1(x)) for x in (value, low, high))
    return Effect(100.0 * value, 100.0 * low, 100.0 * high, number)
