"""Training of villagers in selling and buying online, a policy."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.base.draws import uniform
from agents.farmer.entry import VillageShopDraw
from model.calendar import parse_month


def train(model: Any) -> None:
    """Train the villages that the policy reaches in its month, one person per household."""
    policy, access, villages = model.params["policy"], model.params["access"], model.villages
    if policy.training_share <= 0.0 or not access.enabled or access.scale <= 0.0:
        return  # without access there is nothing to be trained for; before it begins, there is
    if model.month != parse_month(policy.training_month, "policy", "training_month"):
        return
    for v in range(len(villages.uid)):
        draw = uniform(model.life_key, villages.uid[v], int(VillageShopDraw.TRAINING))
        villages.trained[v] = draw < policy.training_share
    households = model.households
    taught = (households.residents > 0) & (villages.trained[households.village] == 1)
    model.ledger.book(
        "training",
        policy.training_cost
        * np.bincount(households.county, taught * households.weight, len(model.region.counties)),
    )
