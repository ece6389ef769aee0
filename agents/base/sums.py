"""Sums over rows in their order, the same on any machine.

A product of vectors by BLAS adds up in another order for each number of threads, and its threads
keep a second core busy waiting.
"""

from __future__ import annotations

import numpy as np

from agents.base.compiled import compiled


@compiled
def weighted_sum(column, weight):
    """Return the sum of ``column * weight`` (rows,)."""
    total = 0.0
    for i in range(column.shape[0]):
        total += column[i] * weight[i]
    return total


@compiled
def weighted_columns(matrix, weight):
    """Return (columns,) the sums of the columns of ``matrix`` (rows, columns) times ``weight``."""
    total = np.zeros(matrix.shape[1])
    for i in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            total[k] += matrix[i, k] * weight[i]
    return total


@compiled
def add_rows(matrix, rows, out):
    """Add each row of ``matrix`` (n, columns) to the row of ``out`` that ``rows`` (n,) names."""
    for i in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            out[rows[i], k] += matrix[i, k]


@compiled
def total_of(values):
    """Return the sum of ``values`` in their order; numba's own is slow to compile."""
    total = 0.0
    for x in values:
        total += x
    return total


@compiled
def largest(values):
    """Return the largest of ``values``, 0 if none is above 0."""
    most = 0.0
    for x in values:
        most = max(most, x)
    return most
