"""Two centuries, and the largest region: nothing overflows, grows without bound or goes missing."""

from __future__ import annotations

import numpy as np
import pytest

from model import RuralUrbanModel, load_scenario
from model.errors import InputError
from model.indicators import COLUMN
from model.switches import Synthetic

#: Yuan in a till stay below: beyond it a double no longer holds every whole yuan.
BOUND = 2.0**53


def test_two_centuries():
    """Books close every month, numbers stay finite; by births under replacement few are left.

    Pay goes on growing at its rates for ever, which is no forecast: it only has to stay a number.
    """
    scenario = load_scenario("shaoyang").with_(
        region=Synthetic(width=8, height=8, counties=1),
        sample=0.005, months=2400, strict=True, **{"world.cluster_households": 20.0},
    )  # fmt: skip
    model = RuralUrbanModel(scenario, seed=1)
    registered = []
    for _ in range(4):
        model.run(600)
        registered.append(float(model.records.last[:, COLUMN["registered"]].sum()))
        assert np.isfinite(model.records.last).all() and np.isfinite(model.ledger.tills).all()
        assert np.abs(model.ledger.tills).max() < BOUND
        for prices in (model.seats.wage, model.local_wage, model.offline.farm_gate):
            assert np.isfinite(prices).all() and (prices > 0).all()
    assert registered[0] > 100 and registered == sorted(registered, reverse=True)
    # 1.2 children a woman from 2023 on: 0.55 of a generation, of 27 years, after the next
    assert registered[3] < 0.55**4 * registered[0]


def test_the_largest_region():
    """400 x 400 cells in 60 counties: every county has villages, weights meet every total."""
    size = 400
    scenario = load_scenario("shaoyang").with_(
        region=Synthetic(width=size, height=size, counties=60), sample=0.0005, months=3, strict=True
    )
    model = RuralUrbanModel(scenario, seed=1).run()
    assert model.region.county.shape == (size, size)
    assert set(model.villages.county) == set(range(60))
    h = model.households
    made = np.bincount(h.county, weights=h.weight, minlength=60)
    assert made == pytest.approx(model.start.households, rel=1e-9)
    assert np.isfinite(model.records.last).all()
    for km in (model.villages.x, model.villages.y):  # cells of 2 km
        assert np.ptp(km) > 1.5 * size


def test_what_is_larger_is_refused_in_a_line(tmp_path):
    """One cell more, and one month more than 300 years."""
    file = tmp_path / "wide.toml"
    file.write_text(
        'name = "wide"\nsentence = "x"\nparent = "shaoyang"\n[region.synthetic]\nwidth = 401\n'
    )
    with pytest.raises(InputError, match="width = 401; valid: a whole number from 8 to 400"):
        load_scenario(str(file))
    with pytest.raises(InputError, match="months"):
        load_scenario("shaoyang", months=3601)
