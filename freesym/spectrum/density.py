"""Densities and transforms as functions of arrays."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, FreesymError, InvalidLawError
from freesym.parameters import Points, short
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import Complex, transforms

Real = NDArray[np.float64]

#: Transforms that exceed this many times the inverse width of the law are looked at twice,
#: except those of laws that fade at 0 below this much of the hull.
_HUGE, _LOW = 1e5, 1e-3
#: To this much of the spectrum's size edges at which the density is infinite are known.
_EDGE = 2e-12
#: What edges are apart from points that are meant to be them.
_SAME = 1e-13
#: A density that changes by this factor or more, at a hundredth of the distance, is a power of it.
_POWER = 1.3
#: What SymPy calls zoo: its modulus is infinite, its direction depends on how it is reached.
INFINITE = complex(math.inf, math.nan)


def real_points(x: Points, name: str = "x") -> Real:
    """The points as a float array; complex and non-numerical input is refused."""
    try:
        points = np.asarray(x)
        exact = points.dtype == object and all(_is_real(value) for value in points.flat)
        if points.dtype.kind in "biuf" or exact:
            return points.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidLawError(f"{name} = {short(x)} is not an array of real floating-point numbers")


def _is_real(value: object) -> bool:
    """Whether an element of an object array is a number (a Fraction, a SymPy number)."""
    return isinstance(value, numbers.Real) or bool(getattr(value, "is_real", False))


def _is_complex(value: object) -> bool:
    return isinstance(value, numbers.Complex) or bool(getattr(value, "is_complex", False))


def shaped(values: NDArray[Any], shape: tuple[int, ...]) -> Any:
    """The values in a shape; a NumPy scalar for shape ``()``."""
    return values.reshape(shape)[()]


def refuse_unsolved(points: NDArray[Any], values: NDArray[Any]) -> None:
    """Raise ConvergenceError for NaN values at points that are numbers."""
    bad = np.isnan(values) & ~np.isnan(points)
    if bad.any():
        where = points[bad]
        raise ConvergenceError(
            f"{where.size} of {points.size} points have no verified solution, the first at "
            f"{where[0]:.17g}; move them slightly, or exclude them",
            where.tolist(),
        )


def density(relation: Relation, x: Points) -> Any:
    """The density of the absolutely continuous part at real points."""
    from freesym.spectrum.existence import require_law

    points = real_points(x)
    require_law(relation)
    flat = points.ravel()
    values = np.full(flat.shape, np.nan)
    finite = np.isfinite(flat)
    values[np.isinf(flat)] = 0.0
    values[finite] = _density(relation, flat[finite])
    refuse_unsolved(flat, values)
    return shaped(values, points.shape)


def _density(relation: Relation, x: Real) -> Real:
    g = transforms(relation, x.astype(np.complex128)).g
    values = -g.imag / np.pi + 0.0
    locations = [float(a) for a in atoms(relation)]
    singular = ~np.isfinite(g) | np.isin(x, locations) | _at_hard_edges(relation, x, g)
    singular |= _at_inner_poles(relation, x, g) | _falsely_real(relation, x, g)
    if singular.any():
        values[singular] = [_beside(relation, point) for point in x[singular]]
    lower, upper = hull(relation)
    values[(x < lower) | (x > upper)] = 0.0
    # rounding may leave a tiny negative number, at an edge its root; a larger one is no density
    with np.errstate(invalid="ignore"):
        negative = values < -1e-9 * np.abs(g)
        values[negative] = [
            _beside(relation, point) if _is_edge(relation, point) else np.nan
            for point in x[negative]
        ]
        return np.maximum(values, 0.0)


def _is_edge(relation: Relation, x: float) -> bool:
    """Whether a point is an edge, up to rounding."""
    from freesym.spectrum.support import continuous_support

    ends = np.ravel(continuous_support(relation))
    ends = ends[np.isfinite(ends)]
    return bool((np.abs(ends - x) <= _SAME * np.abs(ends).max(initial=0.0)).any())


def _at_hard_edges(relation: Relation, x: Real, g: Complex) -> NDArray[np.bool_]:
    """Where a huge transform belongs to an edge at which only rounding made it finite."""
    from freesym.spectrum.fading import fades_at_zero
    from freesym.spectrum.support import continuous_support

    lower, upper = hull(relation)
    width = upper - lower if 0 < upper - lower < math.inf else 1.0
    with np.errstate(invalid="ignore"):
        at_edges = np.abs(g) * width > _HUGE
    if at_edges.any() and fades_at_zero(relation):
        # large because all of a long product lies near 0, where it has no edge to speak of
        at_edges &= ~((x > 0) & (x < _LOW * upper))
    if at_edges.any() and continuous_support(relation):
        points = x[at_edges, None]
        low, high = np.array(continuous_support(relation)).reshape(-1, 2).T
        inside = ((points > low) & (points < high)).any(axis=1)
        distance = np.minimum(np.abs(points - low), np.abs(points - high)).min(axis=1)
        slack = np.where(inside, 1e-14 * np.abs(points[:, 0]), _slack(relation))
        at_edges[at_edges] = distance <= slack
    return at_edges


def _at_inner_poles(relation: Relation, x: Real, g: Complex) -> NDArray[np.bool_]:
    """Where a huge transform belongs to a point inside at which only rounding made it finite.

    Products with signed factors have such points at 0, and images and mixtures of them elsewhere.
    """
    with np.errstate(invalid="ignore"):
        huge = np.abs(g) * _size(relation) > _HUGE
    return huge & np.isin(x, _images_of_zero(relation)) if huge.any() else huge


def _falsely_real(relation: Relation, x: Real, g: Complex) -> NDArray[np.bool_]:
    """Where a huge transform is real inside the continuous part: rounding made it so."""
    from freesym.spectrum.support import continuous_support

    found = np.zeros(x.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        doubtful = (np.abs(g) * _size(relation) > _HUGE) & (g.imag == 0)
    for a, b in continuous_support(relation) if doubtful.any() else ():
        found |= doubtful & (x > a) & (x < b)
    return found


def _images_of_zero(relation: Relation) -> list[float]:
    """The points that 0 of products and other parts of a tree is moved to."""
    match relation:
        case nodes.Affine():
            inner = _images_of_zero(relation.child)
            return [float(relation.scale * place + relation.shift) for place in inner]
        case nodes.Mixture():
            return [place for part in relation.children for place in _images_of_zero(part)]
    return [0.0]


def _slack(relation: Relation) -> float:
    """By how much an edge at which the density is infinite may be off."""
    from freesym.spectrum.support import continuous_support

    ends = [abs(end) for interval in continuous_support(relation) for end in interval]
    return _EDGE * max((end for end in ends if math.isfinite(end)), default=0.0)


def _beside(relation: Relation, x: float) -> float:
    """The limit of the density at a point where the transform is infinite or unsolved.

    An atom adds nothing; an integrable singularity (a hard edge) is infinite.
    """
    from freesym.spectrum.support import continuous_support

    slack = _slack(relation)
    if not any(a - slack <= x <= b + slack for a, b in continuous_support(relation)):
        return 0.0
    for closest in (1e-10, 1e-9, 1e-8):
        steps = closest * np.array([1e4, 1e2, 1.0]) * (abs(x) or min(1.0, _size(relation)))
        near = np.concatenate([x - steps, x + steps])
        g = transforms(relation, near.astype(np.complex128)).g
        if np.isfinite(g).all():
            return float(np.mean([_limit(*side) for side in (-g.imag / np.pi).reshape(2, 3)]))
    return float("nan")


def _limit(far: float, near: float, nearest: float) -> float:
    """Of a density at distances a hundred times smaller each: powers of them show."""
    if nearest > _POWER * near and near > _POWER * far:
        return float("inf")
    fades = nearest <= near / _POWER and near <= far / _POWER
    return 0.0 if fades else max(nearest, 0.0)


def cauchy_transform(relation: Relation, z: Points) -> Any:
    """``G`` at complex points, by reflection in the lower half-plane.

    Complex infinity, ``inf + nan j``, at atoms and at edges where the transform is infinite.
    """
    points = complex_points(z)
    flat = points.ravel()
    values = np.where(np.isinf(flat), 0j, complex("nan"))
    fine = np.isfinite(flat)
    values[fine] = _reflected(relation, flat[fine])
    singular = _infinite_at(relation, flat, values)
    values[singular] = INFINITE
    values[~singular] = _in_gap_at_zero(relation, flat[~singular], values[~singular])
    refuse_unsolved(flat[~singular], values[~singular])
    return shaped(values, points.shape)


def _infinite_at(relation: Relation, z: Complex, g: Complex) -> NDArray[np.bool_]:
    """Real points at which the transform is infinite: atoms, and edges where it keeps growing."""
    found = np.zeros(z.shape, dtype=bool)
    real = np.isfinite(z) & (z.imag == 0)
    if not real.any():
        return found
    x = z[real].real
    infinite = np.isin(x, [float(a) for a in atoms(relation)])
    doubtful = ~infinite & (np.isnan(g[real]) | _at_hard_edges(relation, x, g[real]))
    doubtful |= ~infinite & (_at_logarithms(relation, x) | _falsely_real(relation, x, g[real]))
    infinite[doubtful] = [_grows(relation, point) for point in x[doubtful]]
    found[real] = infinite
    return found


def _in_gap_at_zero(relation: Relation, z: Complex, g: Complex) -> Complex:
    """``G(0)`` where 0 lies in a gap at which the charts of factors are singular."""
    from freesym.spectrum.negative_moments import from_contour

    lost = (z == 0) & np.isnan(g)
    if lost.any():
        try:
            g[lost] = -from_contour(relation, 1)[0]
        except FreesymError:
            return g
    return g


def _at_logarithms(relation: Relation, x: Real) -> NDArray[np.bool_]:
    """Ends of stated densities, where a jump makes the transform infinite as a logarithm."""
    from freesym.spectrum.support import continuous_support

    if not _has_stated_part(relation):
        return np.zeros(x.shape, dtype=bool)
    return np.isin(x, [end for interval in continuous_support(relation) for end in interval])


def _has_stated_part(relation: Relation) -> bool:
    if isinstance(relation, (nodes.Affine, nodes.Mixture)):
        return any(map(_has_stated_part, relation.children))
    return isinstance(relation, CauchyLeaf)


def _grows(relation: Relation, x: float) -> bool:
    """Whether ``|G(x + i eta)|`` grows at least as a logarithm as ``eta`` decreases."""
    steps = 10.0 ** np.arange(-3, -12, -2) * (abs(x) or min(1.0, _size(relation)))
    g = transforms(relation, np.asarray(x + 1j * steps, dtype=np.complex128)).g
    changes = np.abs(np.diff(g[np.isfinite(g)]))
    return len(changes) > 1 and bool(changes[-1] > 0.9 * changes[-2])


def _size(relation: Relation) -> float:
    extent = max(map(abs, hull(relation)))
    return extent if extent > 0 else 1.0


def complex_points(z: Points, name: str = "z") -> Complex:
    """The points as a complex array; non-numerical input is refused."""
    try:
        points = np.asarray(z)
        exact = points.dtype == object and all(map(_is_complex, points.flat))
        if points.dtype.kind in "biufc" or exact:
            return points.astype(np.complex128)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidLawError(f"{name} = {short(z)} is not an array of complex numbers")


def _reflected(relation: Relation, z: Complex) -> Complex:
    below = z.imag < 0
    g = transforms(relation, np.where(below, z.conj(), z)).g
    return np.where(below, g.conj(), g)


def moment_transform(relation: Relation, z: Points) -> Any:
    """``M(z) = psi(1/z)``; complex infinity at the reciprocals of atoms other than 0."""
    points = complex_points(z)
    flat = points.ravel()
    values = np.zeros(flat.shape, dtype=np.complex128)
    nonzero = flat != 0
    inverse = 1 / flat[nonzero]
    below = inverse.imag < 0
    psi = transforms(relation, np.where(below, inverse.conj(), inverse)).psi
    values[nonzero] = np.where(below, psi.conj(), psi)
    singular = np.zeros(flat.shape, dtype=bool)
    singular[nonzero] = _infinite_at(relation, inverse, psi)
    values[singular] = INFINITE
    refuse_unsolved(flat[~singular], values[~singular])
    return shaped(values, points.shape)
