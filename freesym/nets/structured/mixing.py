"""Whether the factors of a product behave as the law of the product says they do.

Blocks that are almost equal, permutations that are used twice and factors that recur in one
product are not seen from the shapes.  Mixed moments see them; they are estimated with random
signs, which takes a few multiplications, or computed where the matrices are small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from freesym.errors import UnsupportedOperationError
from freesym.law import Law
from freesym.nets.structured.operator import Array, StructuredOperator

#: The largest mixed moment of free factors; finite blocks of size ``k`` have about ``6/k``.
LARGEST_MIXED = 0.25
#: The largest relative differences of the first two moments of a long product.
LARGEST_DIFFERENCES = (0.1, 0.25)
_EXACT, _ENTRIES = 256, 2**18


def probes(n: int) -> Array:
    """Rows with random signs, or the unit vectors; the rows are orthogonal on average."""
    if n <= _EXACT:
        return np.asarray(np.sqrt(n) * np.eye(n))
    signs = np.random.default_rng(0).integers(0, 2, (max(1, _ENTRIES // n), n))
    return np.asarray(2.0 * signs - 1.0)


def require_free(
    left: StructuredOperator,
    junction: StructuredOperator,
    right: StructuredOperator,
    grams: tuple[Array, Array],
) -> None:
    """Refuse factors whose Gram matrices have mixed moments.

    For the centred ``X = A^T A`` and ``Y = P B B^T P^T`` the normalised ``tr X Y`` and
    ``tr X Y X Y`` vanish if they are free; commuting ones have ``tr X^2 tr Y^2``.
    """
    (a, u), (b, v) = (_mean_and_variance(gram) for gram in grams)
    rows = probes(left.shape[1])

    def x(batch: Array) -> Array:
        return left.H._apply(left._apply(batch)) - a * batch

    def y(batch: Array) -> Array:
        inner = junction.T._apply(batch)
        return junction._apply(right._apply(right.H._apply(inner))) - b * batch

    first, second = x(rows), y(rows)
    size = rows.size
    linear = float(np.vdot(first, second).real) / size / np.sqrt(u * v)
    square = float(np.vdot(y(first), x(second)).real) / size / (u * v)
    worst = max((linear, square), key=abs)
    if abs(worst) > LARGEST_MIXED:
        raise UnsupportedOperationError(
            f"the factors are not free: a mixed moment of theirs is {worst:.2g}, where free ones "
            "have 0 and commuting ones 1 (blocks that are alike, or a permutation that recurs); "
            "use independent blocks, Empirical(operator.eigenvalues()), or choose with "
            "assume='free' or assume='classical'"
        )


def measured_moments(operator: StructuredOperator) -> tuple[float, float]:
    """Estimates of the first two moments of ``A A^T``, exact for small sizes."""
    rows = probes(operator.shape[0])
    images = operator._apply(operator.H._apply(rows))
    first, second = np.vdot(rows, images), np.vdot(images, images)
    return float(first.real) / rows.size, float(second.real) / rows.size


def require_moments(operator: StructuredOperator, law: Law) -> None:
    """Refuse a law whose first two moments are not those of ``A A^T``."""
    triples = zip(measured_moments(operator), law.moments(2), LARGEST_DIFFERENCES, strict=True)
    for k, (measured, moment, tolerance) in enumerate(triples, start=1):
        expected = float(moment)
        if abs(measured - expected) > tolerance * expected:
            raise UnsupportedOperationError(
                f"the factors are not free: tr (A A^T)^{k} is {measured:.4g}, where free ones have "
                f"{expected:.4g} (factors that recur are not free of themselves); use "
                "Empirical(operator.eigenvalues()), or choose with assume="
            )


def _mean_and_variance(gram: Array) -> tuple[float, float]:
    """Of the eigenvalues of blocks."""
    mean = float(np.diagonal(gram, axis1=1, axis2=2).real.mean())
    square = float((np.abs(gram) ** 2).sum()) / (len(gram) * gram.shape[1])
    return mean, square - mean * mean


def is_identity(permutation: Any) -> bool:
    """Whether a permutation moves nothing."""
    n = permutation.shape[0]
    places = np.arange(float(n))
    return bool(np.array_equal(permutation.matvec(places), places))
