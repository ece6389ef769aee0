"""Parts: neighbouring counties whose people and land are worked out apart, each on a processor.

Rows of a county lie together in every table, what a household does touches nobody beyond its
county before the event is over, and kernels add up by county or village. So an event gives the
same bits in one part or in several, one after another or at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Part(NamedTuple):
    """Rows of a part: first, and one past the last. Kernels take it as ``part``."""

    first_household: int
    end_household: int
    first_person: int
    end_person: int
    first_plot: int
    end_plot: int


class Parts:
    """The parts of a world, at most ``threads``; a county is never split.

    households : their table, by county, with the rows of their people and plots.
    """

    def __init__(self, households: Any, threads: int = 1):
        self.parts = _divide(households, threads)

    def each(self, work: Callable[[Part], Any]) -> None:
        """Call ``work`` with each part; they run at once where it lets go of Python's lock."""
        first, *others = self.parts
        under_way = [_pool(len(others)).submit(work, part) for part in others]
        try:
            work(first)
        finally:
            wait(under_way)
        for other in under_way:
            other.result()


def county_borders(county: NDArray[np.int16]) -> NDArray[np.int64]:
    """Return the first row of each county, and one past the last; ``county`` (rows,) rises."""
    return np.flatnonzero(np.diff(county, prepend=-1, append=-1))


def _divide(households: Any, number: int) -> tuple[Part, ...]:
    """Return at most ``number`` parts of about as many households."""
    borders = county_borders(households.county)
    aims = np.linspace(0, borders[-1], max(1, number) + 1)
    cuts = np.unique(borders[np.abs(borders[:, None] - aims).argmin(axis=0)])
    person = np.append(households.first_person, households.end_person[-1])[cuts]
    plot = np.append(households.first_plot, households.end_plot[-1])[cuts]
    bounds = [itertools.pairwise(column.tolist()) for column in (cuts, person, plot)]
    return tuple(Part(*h, *i, *k) for h, i, k in zip(*bounds, strict=True))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads that work beside the caller's."""
    return ThreadPoolExecutor(threads, thread_name_prefix="part")
