"""Real inverses of ``G`` and ``psi`` where these are monotone: on arcs outside the spectrum.

To the right of the spectrum ``1/G`` increases from ``1/G(U)`` to infinity, to the left likewise;
``1/psi`` of a law on ``[0, oo)`` increases on both sides and between 0 and the rest of the
spectrum.  A value in an inner gap belongs to no inverse near infinity, so none is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms

Kind = Literal["g", "psi"]
Real = NDArray[np.float64]

_STEPS, _SETTLED = 200, 1e-10
_FAR, _TINY, _ROUNDING = 8.0, 1e-290, 1e-15


def inverse_g(relation: Relation, w: Real) -> Real:
    """The ``z`` beyond the spectrum with ``G(z) = w``; NaN where there is none."""
    z = np.full(w.shape, np.nan)
    for low, high in _ends(relation):
        missing = np.isnan(z)
        if not missing.any():
            break
        goal = 1 / w[missing]
        right = goal > 0
        # 1/(z - low) <= G(z) <= 1/(z - high) on the right
        lower = np.where(right, np.maximum(high, low + goal), low + goal)
        upper = np.where(right, high + goal, np.minimum(low, high + goal))
        z[missing] = _solved(relation, "g", goal, lower, upper)
    return z


def inverse_psi(relation: Relation, m: Real, mean: float) -> Real:
    """The ``z`` with ``psi(z) = m`` outside the spectrum of a law on ``[0, oo)``; NaN elsewhere.

    It is that of the continuation from infinity through ``z < 0`` to the gap above 0.
    """
    z = np.full(m.shape, np.nan)
    for low, high in _ends(relation):
        missing = np.isnan(z)
        if not missing.any():
            break
        goal = 1 / m[missing]
        right = goal > 0
        # mean/(z - low) <= psi(z) <= mean/(z - high) on the right
        lower = np.where(right, np.maximum(high, low + mean * goal), mean * goal)
        upper = np.where(right, high + mean * goal, np.minimum(-_TINY, high + mean * goal))
        z[missing] = _solved(relation, "psi", goal, lower, upper)
    missing = np.isnan(z) & (m < 0)
    first = _first_positive(relation) if missing.any() else 0.0
    if first > 0:
        ends = np.full(missing.sum(), _TINY), np.full(missing.sum(), first)
        z[missing] = _solved(relation, "psi", 1 / m[missing], *ends)
    # beside an atom psi is its value at 0 up to rounding long before z is 0
    mass = relation.mass_at_zero
    z[(mass > 0) & (np.abs(m + 1 - mass) < _ROUNDING)] = np.nan
    return z


def _ends(relation: Relation) -> Iterator[tuple[float, float]]:
    """Bounds of the spectrum, then its ends."""
    from freesym.spectrum.support import support

    bounds = hull(relation)
    yield bounds
    intervals = support(relation)
    ends = intervals[0][0], intervals[-1][1]
    if ends != bounds:
        yield ends


def _first_positive(relation: Relation) -> float:
    """The least point of the spectrum beside an atom at 0; 0 if the spectrum reaches 0."""
    from freesym.spectrum.support import support

    intervals = [(a, b) for a, b in support(relation) if b > 0]
    return max(intervals[0][0], 0.0) if intervals else 0.0


def _solved(relation: Relation, kind: Kind, goal: Real, lower: Real, upper: Real) -> Real:
    """Where the reciprocal of the transform is the goal; NaN where that is not seen in the end."""
    found = np.full(goal.shape, np.nan)
    usable = np.isfinite(lower) & np.isfinite(upper) & (lower <= upper)
    if usable.any():
        goal = goal[usable]

        def excess(z: Real) -> Real:
            return _reciprocal(relation, kind, z) / np.abs(goal) - np.sign(goal)

        z = _bracketed(excess, lower[usable], upper[usable])
        with np.errstate(invalid="ignore"):
            settled = (np.abs(excess(z)) < _SETTLED) & (np.abs(z) > 2 * _TINY)
            found[usable] = np.where(settled, z, np.nan)
    return found


def _reciprocal(relation: Relation, kind: Kind, z: Real) -> Real:
    """NaN inside the spectrum and where nothing is verified."""
    value = getattr(transforms(relation, z.astype(np.complex128)), kind)
    with np.errstate(all="ignore"):
        real = np.abs(value.imag) <= 1e-12 * np.abs(value.real)
        return np.where(real, 1 / value.real, np.nan)


def _bracketed(excess: Callable[[Real], Real], lower: Real, upper: Real) -> Real:
    """The zero of an increasing function by false position (Illinois) and bisection.

    Where it has no value, at the ends on the spectrum, it has the sign of that end.
    """
    low, high = lower.copy(), upper.copy()
    below = _or(excess(low), -1.0)
    above = _or(excess(high), 1.0)
    # a bound that rounding has put beyond the zero is the zero
    z = np.where(below >= 0, low, np.where(above <= 0, high, _middle(low, high)))
    done = (below >= 0) | (above <= 0)
    side = np.zeros(z.shape)
    for step in range(_STEPS):
        with np.errstate(all="ignore"):
            secant = (low * above - high * below) / (above - below)
        inside = np.isfinite(secant) & (secant > low) & (secant < high)
        bisect = ~inside | (step % 3 == 2)
        z = np.where(done, z, np.where(bisect, _middle(low, high), secant))
        value = _with_side(excess(z), z, low, high)
        left = value < 0
        above = np.where(left & (side < 0), above / 2, np.where(left, above, value))
        below = np.where(~left & (side > 0), below / 2, np.where(left, value, below))
        side = np.where(left, -1.0, 1.0)
        low, high = np.where(left, z, low), np.where(left, high, z)
        done |= (value == 0) | (high - low <= 4e-16 * np.abs(z))
        if done.all():
            break
    return z


def _middle(low: Real, high: Real) -> Real:
    """Geometric where the ends are of different sizes."""
    with np.errstate(invalid="ignore"):
        far = (low * high > 0) & (
            np.maximum(np.abs(low), np.abs(high)) > _FAR * np.minimum(np.abs(low), np.abs(high))
        )
        geometric = np.sign(low) * np.sqrt(np.abs(low)) * np.sqrt(np.abs(high))
    return np.where(far, geometric, 0.5 * (low + high))


def _or(values: Real, default: float) -> Real:
    return np.where(np.isnan(values), default, values)


def _with_side(values: Real, z: Real, low: Real, high: Real) -> Real:
    """Values that are missing are taken for those of the nearer end."""
    nearer = np.where(np.abs(z - low) <= np.abs(high - z), -math.inf, math.inf)
    return np.where(np.isnan(values), nearer, values)
