"""Distribution function and potentials."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError
from freesym.parameters import Points
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.bounds import hull
from freesym.spectrum.density import real_points, refuse_unsolved, shaped
from freesym.spectrum.evaluate import has_potential, potential_at_zero, transforms
from freesym.spectrum.existence import require_law
from freesym.spectrum.intervals import Interval
from freesym.spectrum.support import (
    continuous_support,
    extent,
    support,
)

Real = NDArray[np.float64]
#: So near to an atom, in units of the width, potentials have lost digits.
_BESIDE = 1e-6
#: By how much the values on both sides of an atom may differ from its mass.
_JUMP = 1e-4
#: By how much rounding may let values descend.
_ASCENT = 1e-8
#: Nearer to an atom than this, in units of the width, an edge is at the atom.
_SAME = 1e-9
#: By how much the masses of a law without a continuous part may miss 1.
_DISCRETE = 1e-12
#: By how much rounded parameters may move an atom, relative to its place.
_ROUNDED = 1e-14
#: So near to an edge, relative to it, values are compared with those a little farther away.
_NEIGHBOUR = 1e-10


def masses(relation: Relation) -> list[tuple[float, float]]:
    """The atoms and their masses, in ascending order."""
    return sorted((float(a), float(m)) for a, m in atoms(relation).items())


def cdf(relation: Relation, x: Points, exact: Callable[[], Relation] | None = None) -> Any:
    """``P(X <= x) = 1 - Im u(x + i0)/pi``, with half of an atom at ``x`` added.

    The relation with exact parameters, if there is one, tells where the atoms are.
    """
    points = real_points(x)
    require_law(relation)
    flat = points.ravel()
    if exact is not None:
        flat = _at_rounded_places(relation, exact, flat)
    values = np.full(flat.shape, np.nan)
    values[flat == np.inf], values[flat == -np.inf] = 1.0, 0.0
    finite = np.isfinite(flat)
    values[finite] = cdf_values(relation, flat[finite])
    _refuse_beside_atoms(relation, flat, values)
    refuse_unsolved(flat, values)
    return shaped(values, points.shape)


def _refuse_beside_atoms(relation: Relation, x: Real, values: Real) -> None:
    """NaN where a value beside an atom is not between those a little farther away.

    Solutions there have ``w = z`` up to rounding of the width, and may be those of another point.
    """
    locations = masses(relation)
    least, most = extent(relation) if locations else (0.0, 0.0)
    for a, mass in locations:
        far = _BESIDE * (most - least)
        near = (np.abs(x - a) < 0.1 * far) & (x != a)
        if near.any() and np.isfinite(far):
            low, high = cdf_values(relation, np.array([a - far, a + far])) - np.array([0.0, mass])
            found = values - np.where(x > a, mass, 0.0)
            near &= (found < low - _ASCENT) | (found > high + _ASCENT)
            values[near & (low <= high + _JUMP)] = np.nan


def _at_rounded_places(relation: Relation, exact: Callable[[], Relation], x: Real) -> Real:
    """The points, those that are atoms where rounded parameters put these."""
    rounded = [a for a, _ in masses(relation)]
    beside = (np.any((x != a) & (np.abs(x - a) <= _ROUNDED * abs(a))) for a in rounded)
    places = [float(a) for a in atoms(exact())] if any(beside) else []
    if len(places) != len(rounded):
        return x
    for place, moved in zip(places, rounded, strict=True):
        x = np.where(x == place, moved, x)
    return x


def cdf_values(relation: Relation, x: Real) -> Real:
    """The values as they are found, NaN where none is."""
    steps = masses(relation)
    locations = [a for a, _ in steps]
    sums = np.cumsum([0.0, *(m for _, m in steps)])
    if abs(sums[-1] - 1) <= _DISCRETE:
        # nothing but atoms, which may lie closer together than potentials can tell
        return np.asarray(np.minimum(sums[np.searchsorted(locations, x, side="right")], 1.0))
    lower, upper = hull(relation)
    values = np.full(x.shape, np.nan)
    at_atom = np.isin(x, locations)
    # at a bound itself rounding shows where the density is infinite
    values[(x < lower) | ((x == lower) & ~at_atom)] = 0.0
    values[(x > upper) | ((x == upper) & ~at_atom)] = 1.0
    if not has_potential(relation):
        _fill_gaps(relation, x, values)
    correct_beside_atoms(relation, x, values, np.isnan(values))
    wanted = np.isnan(values) & ~at_atom
    if wanted.any():
        u = transforms(relation, x[wanted].astype(np.complex128), potential=True).u
        assert u is not None
        values[wanted] = 1 - u.imag / np.pi
        if relation.any_unknown_side:
            _keep_between_neighbours(relation, x, values)
    missing = np.isnan(values)
    if missing.any():
        points, back = np.unique(x[missing], return_inverse=True)
        values[missing] = np.array([_singular_cdf(relation, point) for point in points])[back]
    return np.asarray(np.clip(values, 0.0, 1.0))


def correct_beside_atoms(
    relation: Relation, x: Real, values: Real, where: NDArray[np.bool_]
) -> None:
    """Replace values at points beside atoms by those that follow from farther away, if any."""
    locations = [a for a, _ in masses(relation)]
    least, most = extent(relation) if locations else (0.0, 0.0)
    for a in locations:
        beside = where & (np.abs(x - a) < _BESIDE * (most - least))
        if beside.any():
            found = _beside_atom(relation, a, x[beside], most - least)
            values[beside] = np.where(np.isnan(found), values[beside], found)


def _keep_between_neighbours(relation: Relation, x: Real, values: Real) -> None:
    """Beside an edge, values lie between those a little farther away on both sides of it.

    There rounding may choose the sides of cuts where half-planes are not known beforehand, which
    changes the value by a multiple of a mass.  Values outside are NaN where the neighbours differ.
    """
    ends = np.unique([end for interval in support(relation) for end in interval])
    ends = ends[np.isfinite(ends)]
    gaps = np.diff(ends, prepend=-np.inf, append=np.inf)
    for i, end in enumerate(ends):
        far = min(_NEIGHBOUR * abs(end), 0.1 * gaps[i], 0.1 * gaps[i + 1])
        near = np.isfinite(values) & (np.abs(x - end) <= 0.1 * far)
        if far == 0 or not near.any():
            continue
        u = transforms(relation, np.array([end - far, end + far], dtype=complex), potential=True).u
        assert u is not None
        low, high = 1 - u.imag / np.pi
        outside = near & ~((values >= low) & (values <= high))
        values[outside] = np.clip(values[outside], low, high) if high - low < 1e-12 else np.nan


def _beside_atom(relation: Relation, a: float, x: Real, width: float) -> Real:
    """From a point farther away and the density between, as potentials lose digits at poles.

    At the atom itself the value includes its mass.  NaN where the density is not smooth, so that
    two rules disagree.
    """
    ends = np.array([end for interval in support(relation) for end in interval])
    spread = float(np.ptp(ends[np.isfinite(ends)])) if np.isfinite(ends).any() else 0.0
    width = min(width, spread or width)  # bounds may be much wider
    values = np.full(x.shape, np.nan)
    if any(0 < abs(b - a) <= 2 * _SAME * width for b, _ in masses(relation)):
        return values
    for side in (-1.0, 1.0):
        here = x < a if side < 0 else x >= a
        if not here.any():
            continue
        # an edge at the atom itself may have been found a little beside it
        away = side * (ends - a)
        room = np.min(away, where=away > _SAME * width, initial=1e-4 * width / 0.5)
        start = a + side * 0.5 * room
        u = transforms(relation, np.array([start], dtype=complex), potential=True).u
        assert u is not None
        areas = [_area(relation, x[here], start, n) for n in (8, 12)]
        found = 1 - u.imag[0] / np.pi + areas[1]
        values[here] = np.where(np.abs(areas[1] - areas[0]) < 1e-12, found, np.nan)
    return values


def _area(relation: Relation, x: Real, start: float, n: int) -> Real:
    """The integral of the density from ``start`` to ``x``, by Gauss's rule."""
    t, weights = np.polynomial.legendre.leggauss(n)
    points = 0.5 * (x[:, None] * (1 + t) + start * (1 - t))
    g = transforms(relation, points.ravel().astype(np.complex128)).g
    return np.asarray(-g.imag.reshape(points.shape) @ weights * (0.5 / np.pi) * (x - start))


def _fill_gaps(relation: Relation, x: Real, values: Real) -> None:
    """Integrated potentials lose digits beside atoms: gaps take the value of their middle."""
    intervals = support(relation)
    starts, ends = np.array(intervals).T
    before = np.searchsorted(starts, x, side="right")
    values[before == 0] = 0.0
    for k in range(1, len(intervals) + 1):
        gap = (before == k) & (x > ends[k - 1])
        if gap.any():
            last = k == len(intervals)
            values[gap] = 1.0 if last else _singular_cdf(relation, float(ends[k - 1]))


def _singular_cdf(relation: Relation, x: float) -> float:
    """The value at an atom, at 0, at an edge: from the gap beside it, or from both sides."""
    intervals = support(relation)
    after = [a for a, _ in intervals if a > x]
    mass = dict(masses(relation)).get(x, 0.0)
    if not any(a <= x < b for a, b in intervals):
        if not after:
            return 1.0
        before = [b for _, b in intervals if b <= x]
        alone = any(a == x == b for a, b in intervals)
        if (
            mass
            and alone
            and min(after) - x < x - max((b for b in before if b < x), default=-math.inf)
        ):
            return _value_below(relation, x, intervals) + mass
        return _value_between(relation, max(before), min(after)) if before else 0.0
    if any(a == x < b for a, b in intervals):
        return _value_below(relation, x, intervals) + mass
    return _value_from_both_sides(relation, x, mass)


def _value_between(relation: Relation, a: float, b: float) -> float:
    """The constant value in a gap."""
    middle = math.sqrt(a * b) if a > 0 and b > 4 * a else a + 0.41 * (b - a)
    u = transforms(relation, np.array([middle], dtype=complex), potential=True).u
    assert u is not None
    return float(1 - u.imag[0] / np.pi)


def _value_below(relation: Relation, x: float, intervals: tuple[Interval, ...]) -> float:
    before = [b for _, b in intervals if b < x]
    return _value_between(relation, max(before), x) if before else 0.0


def _value_from_both_sides(relation: Relation, x: float, mass: float) -> float:
    """The mean of both sides is exact to the second order of the step."""
    relative = np.array([1e-15, 1e-13, 1e-11, 1e-9])
    tiny = np.array([1e-300, 1e-100, 1e-30, 1e-17, 1e-14, 1e-12, 1e-9]) * _scale(relation)
    steps = relative * abs(x) if x else tiny
    near = np.stack([x + steps, x - steps]).astype(np.complex128)
    u = transforms(relation, near.ravel(), potential=True, thorough=False).u
    assert u is not None
    both = 1 - u.imag.reshape(near.shape) / np.pi
    known = [k for k in range(len(steps)) if np.isfinite(both[:, k]).all()]
    if not known:
        return math.nan
    # too near to an atom the sides of cuts may be lost: the values must differ by its mass
    right = (k for k in known if abs(both[0, k] - both[1, k] - mass) < _JUMP)
    return float(both[:, next(right, known[0])].mean()) + 0.5 * mass


def _scale(relation: Relation) -> float:
    ends = [abs(e) for i in continuous_support(relation) for e in i if math.isfinite(e)]
    ends += [abs(a) for a, _ in masses(relation)]
    return max(ends, default=1.0) or 1.0


def log_potential(relation: Relation, x: Points) -> Any:
    """``E log|x - X| = Re u(x + i0)``."""
    points = real_points(x)
    flat = points.ravel()
    values = np.full(flat.shape, np.nan)
    values[np.isinf(flat)] = np.inf
    finite = np.isfinite(flat)
    u = transforms(relation, flat[finite].astype(np.complex128), potential=True).u
    assert u is not None
    real = u.real
    real[np.isnan(real) & (flat[finite] == 0)] = potential_at_zero(relation).real
    for location, _ in masses(relation):
        real[flat[finite] == location] = -np.inf
    values[finite] = real
    refuse_unsolved(flat, values)
    return shaped(values, points.shape)


def log_determinant(relation: Relation) -> float:
    """``E log|X|``, as a limit where 0 is an end of the support."""
    if any(a == 0.0 for a, _ in masses(relation)):
        return -math.inf
    at_zero = potential_at_zero(relation)
    if np.isfinite(at_zero):
        return float(at_zero.real)
    near = np.array([1e-300, 1e-100, 1e-50, 1e-30, 1e-20, 1e-15, 1e-13]) * _scale(relation)
    both = np.stack([near, -near], axis=1).ravel().astype(np.complex128)
    u = transforms(relation, both, potential=True, thorough=False).u
    assert u is not None
    if not np.isfinite(u).any():
        raise ConvergenceError("the log-determinant has no verified value", (0.0,))
    return float(u.real[np.isfinite(u)][0])
