"""Estimators of treatments: the randomised trial and the staggered programme (V1-V3).

They take tables of households or counties, whoever makes them: the model's trial and nation, or a
test's hand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

from experiments.effects import intention_to_treat, raised
from experiments.scorecard.people import BUSINESS, TRANSFERS, WAGES
from experiments.scorecard.reading import NAN, percent, ratio, truth
from experiments.scorecard.tables import Tables

#: All that rural residents earn, as columns of months.
RURAL_INCOME = (*WAGES, *BUSINESS, *TRANSFERS, "income_property")
#: The effect that is put in, to see whether the estimator would have found it.
INJECTED = 0.10


def trial_income(*trials: pd.DataFrame) -> dict[str, float]:
    """V1: over trials of the published size: mean effect (%), intervals, power against +10%.

    trials : households as of ``experiments.field.trial_households``. ``covers``: % of intervals
    that hold 0; ``half_width``: mean, points; ``finds``: % of trials whose interval lies above 0
    once every treated household's income is raised by 10%.
    """
    found = [intention_to_treat(trial) for trial in trials]
    return {
        "mean": float(np.mean([e.value for e in found])),
        "covers": 100.0 * float(np.mean([e.low <= 0.0 <= e.high for e in found])),
        "half_width": float(np.mean([(e.high - e.low) / 2.0 for e in found])),
        "finds": 100.0 * float(np.mean([raised(e, INJECTED).low > 0.0 for e in found])),
    }


def trial_prices(households: pd.DataFrame) -> dict[str, float]:
    """V2: who gains by a lower cost of living, and by how much.

    households : of ``experiments.field.trial_households``. All but ``users`` concern treated
    villages.
    ``users``: %; ``fall``: mean fall of users' index (%); ``younger``, ``richer``, ``remote``: 1 if
    the sign is right in a linear probability model of use; ``served``: effect on the index in
    villages served before over that in the others.
    """
    fall = 100.0 * (1.0 - households["index_after"] / households["index_before"])
    treated = households["treated"] == 1
    rows = households[treated].assign(fall=fall[treated])
    users = rows[rows["uses_after"] == 1]
    rows = rows.assign(log_income=np.log(rows["income_before"].clip(lower=1.0)))
    use = smf.ols("uses_after ~ age + log_income + minutes", rows).fit().params
    effect = {
        served: float(
            fall[treated & (households["served"] == served)].mean()
            - fall[~treated & (households["served"] == served)].mean()
        )
        for served in (0, 1)
    }
    return {
        "users": percent(len(users), len(rows)),
        "fall": float(users["fall"].mean()) if len(users) else NAN,
        "younger": truth(use["age"] < 0),
        "richer": truth(use["log_income"] > 0),
        "remote": truth(use["minutes"] > 0),
        "served": ratio(effect[1], effect[0]),
    }


def staggered_effect(panel: pd.DataFrame, horizon: int = 5) -> tuple[float, float, float]:
    """Return the effect of a programme on log income after ``horizon`` years, and bounds, in %.

    panel : county, year, income, cohort (year of entry; NaN for never). Long differences from the
    year before entry, each cohort against the counties that have not entered by then (stacked as in
    Cengiz et al. 2019; no county already treated serves as control, Goodman-Bacon 2021), fixed
    effects of the stack, errors clustered by county. NaN where no cohort has a control.
    """
    income = panel.pivot(index="county", columns="year", values="income").apply(np.log)
    cohort = panel.drop_duplicates("county").set_index("county")["cohort"].reindex(income.index)
    stacks = []
    for entry in sorted(cohort.dropna().unique()):
        start, end = int(entry) - 1, int(entry) + horizon
        treated, control = cohort == entry, cohort.isna() | (cohort > end)
        if start not in income or end not in income or not control.any():
            continue
        rows = income.index[treated | control]
        stacks.append(
            pd.DataFrame(
                {
                    "county": rows,
                    "rise": (income[end] - income[start]).loc[rows].to_numpy(),
                    "treated": treated.loc[rows].astype(float).to_numpy(),
                    "stack": str(int(entry)),
                }
            )
        )
    if not stacks:
        return NAN, NAN, NAN
    data = pd.concat(stacks, ignore_index=True)
    design = pd.get_dummies(data["stack"], dtype=float).assign(treated=data["treated"])
    fit = sm.OLS(data["rise"], design).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(data["county"])[0]}, use_t=True
    )
    low, high = fit.conf_int().loc["treated"]
    return tuple(  # type: ignore[return-value]
        100.0 * float(np.exp(x) - 1.0) for x in (fit.params["treated"], low, high)
    )


def programme_income(selected: pd.DataFrame, random: pd.DataFrame) -> dict[str, float]:
    """V3: effect on farm households' income after 5 years (%), its lower bound, and selection.

    selected, random : panels of ``staggered_effect`` where counties select themselves, and where
    they are drawn. ``selection``: effect of the first less that of the second (points).
    """
    effect, low, _ = staggered_effect(selected)
    return {"effect": effect, "low": low, "selection": effect - staggered_effect(random)[0]}


def programme_effect(selected: Tables, random: Tables) -> dict[str, float]:
    """V3 from the tables of runs, see ``programme_income``."""
    return programme_income(income_panel(selected), income_panel(random))


def income_panel(t: Tables) -> pd.DataFrame:
    """Return county, year, income (yuan of 2010 per rural resident and year), cohort."""
    income = t.months[list(RURAL_INCOME)].sum(axis=1)
    yearly = t.months.assign(income=income).groupby(["county", "year"], sort=True)
    table = (yearly["income"].sum() / yearly["people_home"].mean()).rename("income").reset_index()
    entry = t.counties.set_index("county")["entry"]
    return table.assign(cohort=table["county"].map(entry))
