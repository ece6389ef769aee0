"""The design of a randomised trial of village terminals: which villages, which arm, who complies.

Couture, Faber, Gu and Liu (2021): 100 villages, 60 to be given a terminal and 40 not, at least
2.5 km apart where feasible, drawn within counties; 38 of the 60 and 5 of the 40 got one (FACTS
C2, C5, C8). Draws are numpy's, from a stated seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

VILLAGES, TREATED_SHARE = 100, 0.6
#: Share of villages that get a terminal, by assignment: controls, treated.
TAKE_UP = (5 / 40, 38 / 60)
SPACING_KM = 2.5
#: Fewest villages of which anything can be said by arm.
FEWEST = 10


class Design(NamedTuple):
    """Rows of the villages in the trial; for each its arm, and whether a terminal opens there."""

    rows: NDArray[np.int64]
    treated: NDArray[np.bool_]
    terminal: NDArray[np.bool_]


def draw_villages(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    eligible: NDArray[np.int64],
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Return up to ``VILLAGES`` rows of ``eligible``, 2.5 km apart where that is feasible.

    x, y : km, of all villages. In random order a village joins if it is far enough from those
    that have joined; if too few are, the ones farthest from their nearest neighbour follow.
    """
    waiting = generator.permutation(eligible)
    places = np.column_stack([x, y])
    chosen: list[int] = []
    nearest = np.full(len(waiting), np.inf)  # km from each waiting village to those chosen
    left = np.ones(len(waiting), dtype=bool)
    for _ in range(min(VILLAGES, len(waiting))):
        far = np.flatnonzero(left & (nearest >= SPACING_KM))
        i = int(far[0]) if far.size else int(np.argmax(np.where(left, nearest, -1.0)))
        left[i] = False
        chosen.append(int(waiting[i]))
        away = cdist(places[waiting], places[waiting[i] : waiting[i] + 1])[:, 0]
        nearest = np.minimum(nearest, away)
    return np.array(chosen, dtype=np.int64)


def assign(
    rows: NDArray[np.int64], county: NDArray[np.int16], generator: np.random.Generator
) -> Design:
    """Draw the arm of each village, in the same shares in every county, and who complies.

    county : of all villages.
    """
    number = len(rows)
    shuffled = generator.permutation(rows)
    ordered = shuffled[np.argsort(county[shuffled], kind="stable")]
    # every stretch of this list holds its share of treated villages, to one village
    treated = np.diff(np.floor(np.arange(number + 1) * TREATED_SHARE + generator.random())) > 0
    terminal = np.zeros(number, dtype=bool)
    for arm, share in enumerate(TAKE_UP):
        own = np.flatnonzero(treated == bool(arm))
        terminal[generator.permutation(own)[: round(share * len(own))]] = True
    return Design(ordered, treated, terminal)
