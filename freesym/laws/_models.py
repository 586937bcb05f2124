"""Pieces of the random-matrix models of laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from freesym.law import Law

Matrix = NDArray[np.float64]


def orthonormal_columns(rows: int, columns: int, generator: np.random.Generator) -> Matrix:
    """The first columns of a Haar-distributed orthogonal matrix."""
    q, r = np.linalg.qr(generator.standard_normal((rows, columns)))
    # the factorisation is unique, and its law invariant, once the diagonal of r is positive
    return np.asarray(q * np.where(np.diagonal(r) < 0, -1.0, 1.0))


def haar_orthogonal(n: int, rng: np.random.Generator | int | None = None) -> Matrix:
    """A Haar-distributed orthogonal matrix of size ``n``."""
    return orthonormal_columns(n, n, np.random.default_rng(rng))


def rotated(eigenvalues: ArrayLike, rng: np.random.Generator | int | None = None) -> Matrix:
    """``Q diag(eigenvalues) Q^T`` with a Haar-distributed orthogonal ``Q``."""
    values = np.asarray(eigenvalues, dtype=float)
    q = haar_orthogonal(len(values), rng)
    return symmetrised((q * values) @ q.T)


def of_quantiles(law: Law, n: int, rng: np.random.Generator | int | None = None) -> Matrix:
    """Equally spaced quantiles of a law in a Haar-distributed basis."""
    return rotated(np.asarray(law.quantile((np.arange(n) + 0.5) / n)), rng)


def compressed_projection(
    rank: int, size: int, n: int, rng: np.random.Generator | int | None = None
) -> Matrix:
    """The corner of size ``n`` of a random projection in ``size`` dimensions.

    It is ``(A + B)^(-1/2) A (A + B)^(-1/2)`` for Wishart matrices ``A`` and ``B`` of ``rank`` and
    ``size - rank`` degrees of freedom [1]_, which takes as long for any ``size``.

    References
    ----------
    .. [1] R. J. Muirhead, "Aspects of Multivariate Statistical Theory" (1982), theorem 3.3.1.
    """
    generator = np.random.default_rng(rng)
    if size < 2 * n:
        q = orthonormal_columns(size, n, generator)[:rank]
        return symmetrised(q.T @ q)
    a, b = _wishart(n, rank, generator), _wishart(n, size - rank, generator)
    values, vectors = np.linalg.eigh(a + b)
    root = (vectors / np.sqrt(values)) @ vectors.T
    return symmetrised(root @ a @ root)


def _wishart(n: int, freedom: int, generator: np.random.Generator) -> Matrix:
    """``X X^T`` for an ``n`` by ``freedom`` Gaussian matrix; Bartlett's triangle if it is wide."""
    if freedom < n:
        x = generator.standard_normal((n, freedom))
    else:
        x = np.tril(generator.standard_normal((n, n)), -1)
        x[np.diag_indices(n)] = np.sqrt(generator.chisquare(freedom - np.arange(n)))
    return np.asarray(x @ x.T)


def two_values(low: float, high: float, p: float, n: int) -> NDArray[np.float64]:
    """``n`` numbers, a fraction ``p`` of them ``high`` and the others ``low``."""
    return np.where(np.arange(n) < round(p * n), high, low)


def symmetrised(a: Matrix) -> Matrix:
    """The symmetric part: rounding makes products of three matrices not quite symmetric."""
    return np.asarray(0.5 * (a + a.T))
