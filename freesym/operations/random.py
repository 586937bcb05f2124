"""Pieces of random-matrix models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freesym.laws._models import haar_orthogonal

Matrix = NDArray[np.float64]


def conjugated(a: Matrix, generator: np.random.Generator) -> Matrix:
    """The matrix in a Haar-distributed basis."""
    q = haar_orthogonal(len(a), generator)
    return np.asarray(q @ a @ q.T)


def square_root(a: Matrix) -> Matrix:
    """The positive root of a positive matrix; rounding below 0 is cut off."""
    values, vectors = np.linalg.eigh(0.5 * (a + a.T))
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def sum_of_copies(models: Sequence[Matrix]) -> Matrix:
    """The sum of models, cut to the smallest size."""
    n = min(map(len, models))
    total = np.zeros((n, n))
    for model in models:
        total += model[:n, :n]
    return total
