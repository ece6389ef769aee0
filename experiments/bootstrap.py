"""Intervals over paired replicates: percentile bootstrap (Efron and Tibshirani 1993)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 2_000
LEVEL = 0.95


class Interval(NamedTuple):
    """A value and the bounds of its 95% interval, in the units of the value."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Return half the length of the interval."""
        return (self.high - self.low) / 2.0


def resamples(replicates: int, seed: int, stream: int = 0) -> NDArray[np.int64]:
    """Return (draws, replicates) rows drawn with replacement, the same for a seed and stream."""
    generator = np.random.default_rng([seed, replicates, stream])
    return generator.integers(0, replicates, (DRAWS, replicates))


def mean_interval(values: NDArray[np.float64], rows: NDArray[np.int64]) -> Interval:
    """Return the mean of ``values`` (replicates,) and its interval."""
    return interval(float(values.mean()), values[rows].mean(axis=1))


def nested_interval(values: NDArray[np.float64], seed: int) -> Interval:
    """Return the mean of ``values`` (worlds, replicates) and its interval.

    Worlds are drawn, then replicates within each: two replicates of a world are no two worlds. Of
    one world its replicates are drawn.
    """
    worlds, replicates = values.shape
    generator = np.random.default_rng([seed, worlds, replicates])
    drawn = generator.integers(0, worlds, (DRAWS, worlds, 1))
    within = generator.integers(0, replicates, (DRAWS, worlds, replicates))
    return interval(float(values.mean()), values[drawn, within].mean(axis=(1, 2)))


@lru_cache(maxsize=16)
def noise_missed(replicates: int) -> float:
    """Return the share of 95% intervals of ``mean_interval`` that leave out the truth.

    Of 2,000 samples of normal noise of that size: percentiles of few replicates are too narrow.
    """
    generator = np.random.default_rng(replicates)
    rows = resamples(replicates, 1)
    found = [mean_interval(generator.normal(size=replicates), rows) for _ in range(2_000)]
    return float(np.mean([i.low > 0.0 or i.high < 0.0 for i in found]))


def ratio_interval(
    top: NDArray[np.float64], bottom: NDArray[np.float64], rows: NDArray[np.int64]
) -> Interval:
    """Return the ratio of sums of ``top`` and ``bottom`` (replicates,) and its interval."""
    drawn = top[rows].sum(axis=1) / bottom[rows].sum(axis=1)
    return interval(float(top.sum() / bottom.sum()), drawn)


def interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    """Return ``value`` with the percentiles of its bootstrap draws."""
    tail = 50.0 * (1.0 - LEVEL)
    low, high = np.percentile(drawn, [tail, 100.0 - tail])
    return Interval(value, float(low), float(high))
