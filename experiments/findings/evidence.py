"""What the answers are read from: numbers by part, each there only if it was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from experiments.arms import BARE, FULL, NEITHER, OUTCOMES
from experiments.findings.numbers import WHAT, Effects, Numbers


class Evidence(NamedTuple):
    """Everything that was run.

    arms : of the scenario. homes : by arm, rank and decile, what households gain. trade : made-up
    nation, and the scenario with and without cold chains. lines : horizon and selection. reach :
    outcome -> result of the frontier. spread : outcome -> intervals over parameters and luck.
    drawn : draws with their loss and return. goods : that the region can sell. fresh : the one
    whose cold chain is asked about. scenarios : named ones.
    """

    arms: Numbers
    scenario: str
    goods: tuple[str, ...]
    fresh: str
    scenarios: tuple[str, ...]
    homes: pd.DataFrame | None = None
    trade: dict[str, pd.DataFrame] | None = None
    lines: pd.DataFrame | None = None
    reach: dict[str, dict[str, Any]] | None = None
    spread: dict[str, dict[str, Any]] | None = None
    drawn: pd.DataFrame | None = None
    counties: int = 0

    @property
    def pairs(self) -> str:
        """Return on how many worlds a sentence rests."""
        return f"{self.arms.replies.replicates} paired replicates"

    def effects(self, outcome: str, group: str = "base") -> Effects:
        """Return loss, return and offset in a group of cells that has three arms."""
        return self.arms.effects(outcome, *(f"{group}|{arm}" for arm in (NEITHER, BARE, FULL)))


def unit(outcome: str) -> str:
    """Return the unit of an outcome."""
    return OUTCOMES[outcome].unit


#: What the cities took: loss, return and offset. What cheaper goods give shows in the last alone.
OUTCOMES_ASKED = ("labour", "land", "product")
OUTCOMES_SHOWN = tuple(WHAT)
