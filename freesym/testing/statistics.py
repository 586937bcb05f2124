"""Distances of spectra, and the tests behind statements about random matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.places import Places

Floats = NDArray[np.float64]
METRICS = ("kolmogorov", "wasserstein")
_GRID = 4097
_SNAP = 1e-9


def student_tail(t: float, freedom: int) -> float:
    """The probability that Student's variable exceeds ``t``.

    Examples
    --------
    >>> print(round(student_tail(2.0, 7), 6))
    0.04281
    """
    import mpmath

    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    half = float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + t * t), regularized=True))
    return half / 2 if t > 0 else 1 - half / 2


def student_quantile(p: float, freedom: int) -> float:
    """The ``t`` that Student's variable exceeds with probability ``p`` below 1/2."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > p:
        low, high = high, 2 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if student_tail(middle, freedom) > p else (low, middle)
    return high


def exceedance(values: Floats, allowed: float) -> float:
    """The p-value, two-sided, of a mean whose size is at most ``allowed``.

    Parameters
    ----------
    values : ndarray of shape (trials,)
        Independent, approximately normal, of one distribution.
    allowed : float
        How large the mean may be.
    """
    n = len(values)
    excess = abs(float(values.mean())) - allowed
    if excess <= 0:
        return 1.0
    error = float(values.std(ddof=1)) / math.sqrt(n)
    return min(1.0, 2 * student_tail(excess / error if error > 0 else math.inf, n - 1))


# --------------------------------------------------------------------- distances


class _Steps:
    """The empirical distribution of eigenvalues, those beside an atom moved to the nearest."""

    def __init__(self, values: Floats, atoms: Sequence[float]) -> None:
        size = float(np.abs(values).max()) or 1.0
        snapped = values.copy()
        if atoms:
            places = np.sort(atoms)
            middles = places[:-1] + np.diff(places) / 2
            nearest = places[np.searchsorted(middles, values)]
            near = np.abs(values - nearest) <= _SNAP * size
            snapped[near] = nearest[near]
        self.values = np.sort(snapped)

    def places(self) -> Floats:
        return self.values

    def both(self, x: Floats) -> tuple[Floats, Floats]:
        """The distribution function and its limits from the left."""
        n = len(self.values)
        right = np.searchsorted(self.values, x, side="right") / n
        return right, np.searchsorted(self.values, x, side="left") / n


@dataclass(frozen=True)
class _Curve:
    """The distribution function of a law."""

    law: Law

    def places(self) -> Floats:
        """Quantiles, for tails may be so long that equal steps in x miss the middle, and steps."""
        where = Places(self.law)
        quantiles = np.asarray(self.law.quantile(1 / (1 + np.exp(-np.linspace(-14, 14, _GRID)))))
        low, high = where.hull if where.compact else (quantiles[0], quantiles[-1])
        turns = np.cos(np.linspace(math.pi, 0, _GRID))
        inner = [0.5 * (a + b) + 0.5 * (b - a) * turns for a, b in where.intervals if where.compact]
        ends = [low, high, *where.atoms]
        return np.concatenate([ends, np.linspace(low, high, _GRID), quantiles, *inner])

    def both(self, x: Floats) -> tuple[Floats, Floats]:
        masses = {float(a): float(m) for a, m in self.law.atoms().items()}
        right = np.asarray(self.law.cdf(x))
        return right, right - np.array([masses.get(p, 0.0) for p in x.tolist()])


def distance(law: Law, other: Any, *, metric: str = "kolmogorov") -> float:
    """The distance between a law and eigenvalues, or between two laws.

    Parameters
    ----------
    law : Law
    other : Law or array_like of float, shape (n,)
        Eigenvalues within 1e-9 of the largest one from an atom count as lying on the
        nearest.
    metric : {"kolmogorov", "wasserstein"}
        ``sup |F - F_n|``, or the integral of ``|F - F_n|``, the Wasserstein distance of order 1.

    Returns
    -------
    float

    Raises
    ------
    InvalidArgumentError
        For other metrics, numbers that are not finite, and laws without a mean.

    Notes
    -----
    To eigenvalues the Kolmogorov distance is exact.  Otherwise distribution functions are
    compared, or integrated as piecewise linear ones, at 4,097 quantiles of either law, from about
    1e-6 to 1 - 1e-6, at as many places in equal steps, and at as many points of every interval of
    a bounded support, denser towards its ends.

    Examples
    --------
    >>> import freesym as fs
    >>> round(distance(fs.Uniform(0, 1), [0.25, 0.75]), 12)
    0.25
    >>> round(distance(fs.Uniform(0, 1), fs.Uniform(0, 1) + 1, metric="wasserstein"), 9)
    1.0
    """
    if metric not in METRICS:
        raise InvalidArgumentError(f"metric = {metric!r} must be one of {', '.join(METRICS)}")
    laws = [arguments.law(m, "law") for m in (law, other) if m is law or isinstance(m, Law)]
    if metric == "wasserstein" and any(not _has_mean(m) for m in laws):
        raise InvalidArgumentError("a law without a mean has no Wasserstein distance to others")
    first = _Curve(law)
    second: Any
    if isinstance(other, Law):
        second = _Curve(other)
        places = np.concatenate([first.places(), second.places()])
    else:
        second = _Steps(arguments.eigenvalues(other), [float(a) for a in law.atoms()])
        places = second.places()
        if metric == "wasserstein":
            places = np.concatenate([first.places(), places])
        places = np.concatenate([places, [float(a) for a in law.atoms()]])
    return _compared(first, second, np.unique(places), metric)


def _has_mean(law: Law) -> bool:
    from freesym.errors import UnsupportedOperationError

    try:
        law.mean()
    except UnsupportedOperationError:
        return False
    return True


def _compared(first: Any, second: Any, x: Floats, metric: str) -> float:
    (right, left), (other_right, other_left) = first.both(x), second.both(x)
    after, before = right - other_right, left - other_left
    if metric == "kolmogorov":
        return float(max(np.abs(after).max(), np.abs(before).max()))
    # on every cell the difference is linear, from `after` at its left to `before` at its right
    a, b, width = after[:-1], before[1:], np.diff(x)
    crossing = a * b < 0
    size = np.abs(a) + np.abs(b)
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = np.where(crossing, (a * a + b * b) / (2 * size), 0.5 * size)
    return float((inner * width).sum())
