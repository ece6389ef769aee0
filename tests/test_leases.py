"""The lease market: whose days are spoken for, at whose size."""

from __future__ import annotations

import numpy as np
import pytest

from agents.farmer.land import days_of_crop
from agents.kinds import Use
from model import RuralUrbanModel, farming, load_scenario


@pytest.fixture(scope="module")
def after_march():
    """Return a model after its first lease market, and the plans as the market left them."""
    left = []
    with pytest.MonkeyPatch.context() as patch:
        market = farming.lease_and_sow

        def lease_and_sow(m, plans) -> None:
            market(m, plans)
            left.append(plans)

        patch.setattr(farming, "lease_and_sow", lease_and_sow)
        model = RuralUrbanModel(load_scenario("shaoyang", months=4, sample=0.005), seed=3).run(3)
    return model, left[0]


def load_of(model) -> np.ndarray:
    """Return (H, 12) days a month on all that each household works, at its own size."""
    plots, t, p = model.plots, model.households, model.params["land"]
    load = np.zeros((len(t), 12))
    for i in np.flatnonzero(plots.use >= Use.CROP):
        j, k = plots.operator[i], int(plots.use[i] - Use.CROP)
        mu = plots.area[i] * t.weight[plots.owner[i]] / t.weight[j]
        days = days_of_crop(model.crops, k, plots, i, t.operator[j], p)
        load[j] += days * mu * model.crops.labour[k]
    return load


def test_days_spoken_for_are_those_of_what_is_worked(after_march):
    """An owner who lets a plot that it had planned has its days back."""
    model, plans = after_march
    plots = model.plots
    let = (plots.use >= Use.CROP) & (plots.operator != plots.owner)
    assert (plans.choice[let] >= 0).any()  # some had been planned by their owners
    assert np.allclose(plans.load, load_of(model), atol=1e-9)


def test_nobody_leases_more_than_its_days_allow(after_march):
    """Neighbours stand for different numbers of households: a plot counts at its tenant's size."""
    model, _ = after_march
    plots, t = model.plots, model.households
    leased = (plots.use >= Use.CROP) & (plots.operator != plots.owner)
    tenants = np.unique(plots.operator[leased])
    sizes = t.weight[plots.owner[leased]] / t.weight[plots.operator[leased]]
    assert tenants.size > 100
    assert np.abs(sizes - 1.0).max() > 0.05
    assert (load_of(model)[tenants].max(axis=1) <= t.spare_days[tenants] + 1e-8).all()


def test_nobody_sows_what_its_days_do_not_reach_for(after_march):
    """Owners keep within their days in every month; who has none leaves the land to others."""
    model, _ = after_march
    t = model.households
    load = load_of(model).max(axis=1)
    none = t.spare_days == 0.0
    assert none.sum() > 100 and (load[none] == 0.0).all()
    assert (load <= t.spare_days + 1e-8).all()
