"""The baseline: exact numbers of small runs, kept readable in ``baseline.json``.

``python -m tests.baseline`` writes it anew; a change of these numbers is a change of the model and
belongs into its commit message.
"""

from __future__ import annotations

import json
from pathlib import Path

from model import RuralUrbanModel, load_scenario
from model.indicators import VILLAGE
from model.switches import Synthetic

PATH = Path(__file__).parent / "baseline.json"

#: Name of the run -> what it changes.
RUNS = {
    "pull and access": {"access.start": "2004-01"},
    "pull, no access": {"access.enabled": False},
    "no pull, no access": {"pull.enabled": False, "access.enabled": False},
}


def numbers() -> dict[str, dict[str, float]]:
    """Return run -> indicator -> the region's sum in December 2018."""
    region = Synthetic(width=10, height=10, counties=2)
    found = {}
    for name, changes in RUNS.items():
        scenario = load_scenario("shaoyang").with_(
            region=region, sample=0.02, months=192, strict=True, **changes
        )
        last = RuralUrbanModel(scenario, seed=1).run().records.last.sum(axis=0)
        found[name] = {i.name: float(last[k]) for k, i in enumerate(VILLAGE)}
    return found


if __name__ == "__main__":
    PATH.write_text(json.dumps(numbers(), indent=1) + "\n", encoding="utf-8")
