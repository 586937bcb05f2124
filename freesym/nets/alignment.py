"""Centred kernel alignment (CKA) between the features of two networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.nets.kernels import inputs
from freesym.parameters import as_count, as_generator

Matrix = NDArray[np.float64]
_ROUNDING = 1e-15


def linear_cka(X: ArrayLike, Y: ArrayLike) -> float:
    """The alignment of two sets of features of the same samples, between 0 and 1.

    Parameters
    ----------
    X, Y : array_like of shape (samples, features)
        The numbers of features may differ.

    Notes
    -----
    ``|Y^T X|^2/(|X^T X| |Y^T Y|)`` with centred columns (Kornblith et al. 2019): the same for
    rotated and for scaled features.

    Examples
    --------
    >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]])
    >>> round(linear_cka(x, 3 * x[:, ::-1]), 12)
    1.0
    """
    x, y = (_standardised(a) for a in _pair(X, Y))
    # the smaller of the two ways to the same norms
    if max(x.shape[1], y.shape[1]) <= len(x):
        across, first, second = (_norm(a.T @ b) for a, b in ((x, y), (x, x), (y, y)))
        return _quotient(across**2, first * second)
    k, m = x @ x.T, y @ y.T
    return _quotient(float(np.sum(k * m)), _norm(k) * _norm(m))


def minibatch_cka(
    X: ArrayLike, Y: ArrayLike, batch_size: int = 64, rng: Any = None, *, epochs: int = 1
) -> float:
    """The alignment averaged over minibatches, which needs little memory.

    Parameters
    ----------
    X, Y : array_like of shape (samples, features)
    batch_size : int
        At least 4.
    rng : seed or Generator, optional
        For the order of the samples.
    epochs : int
        How often all samples are shuffled and used.

    Notes
    -----
    Means of unbiased estimates of HSIC (Song et al. 2012; Nguyen, Raghu & Kornblith 2021), so that
    the result does not depend on the batch size but for noise; it may fall below 0.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((200, 5))
    >>> round(minibatch_cka(x, -2 * x, 50, rng=0), 12)
    1.0
    """
    x, y = (_standardised(a) for a in _pair(X, Y))
    size = as_count(batch_size, 4, 10**9, "batch_size")
    if len(x) < size:
        raise InvalidLawError(f"{len(x)} samples make no batch of {size}; give a smaller one")
    generator, totals = as_generator(rng), np.zeros(3)
    for _ in range(as_count(epochs, 1, 10**6, "epochs")):
        order = generator.permutation(len(x))
        for start in range(0, len(x) - size + 1, size):
            rows = order[start : start + size]
            k, m = (a[rows] @ a[rows].T for a in (x, y))
            totals += [unbiased_hsic(k, m), unbiased_hsic(k, k), unbiased_hsic(m, m)]
    return _quotient(totals[0], float(np.sqrt(max(totals[1], 0.0) * max(totals[2], 0.0))))


def unbiased_hsic(K: Matrix, M: Matrix) -> float:
    """The unbiased estimate of HSIC from two kernel matrices of ``n >= 4`` samples."""
    n = len(K)
    k, m = K.copy(), M.copy()
    np.fill_diagonal(k, 0.0)
    np.fill_diagonal(m, 0.0)
    product = float(np.sum(k * m))
    sums = float(k.sum() * m.sum()) / ((n - 1) * (n - 2))
    rows = float(k.sum(axis=0) @ m.sum(axis=0))
    return (product + sums - 2 * rows / (n - 2)) / (n * (n - 3))


def _standardised(a: Matrix) -> Matrix:
    """Centred columns of moderate size, which alignments do not depend on."""
    size = float(np.abs(a).max())
    if size > 0:
        centred = a / size
        centred = centred - centred.mean(axis=0)
        spread = float(np.abs(centred).max())
        if spread > _ROUNDING:
            return np.asarray(centred / spread)
    raise InvalidLawError("the features do not vary, so that their alignment is not defined")


def _norm(a: Matrix) -> float:
    return float(np.linalg.norm(a))


def _quotient(a: float, b: float) -> float:
    if not b > 0:
        raise InvalidLawError("the features do not vary, so that their alignment is not defined")
    return float(a / b)


def _pair(X: ArrayLike, Y: ArrayLike) -> tuple[Matrix, Matrix]:
    x, y = inputs(X, "X"), inputs(Y, "Y")
    if len(x) != len(y) or len(x) < 2:
        raise InvalidLawError(
            f"features of {len(x)} and {len(y)} samples; give those of the same two or more"
        )
    return x, y
