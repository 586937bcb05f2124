"""R- and S-transforms at numbers: the functional inverses of ``G`` and ``psi`` near infinity.

At real points the inverse is looked for where the transform is monotone, beyond the spectrum; at
others it is continued from the neighbourhood of infinity along a segment, on which the solution
must move slowly and stay in its half-plane.  Where that fails the inverse does not exist.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, UnsupportedOperationError
from freesym.parameters import Points
from freesym.relations import nodes
from freesym.relations.leaf import RTransformLeaf
from freesym.relations.relation import Relation
from freesym.spectrum.arcs import Kind, inverse_g, inverse_psi
from freesym.spectrum.bounds import hull, is_positive
from freesym.spectrum.density import complex_points, shaped
from freesym.spectrum.evaluate import Complex, transforms
from freesym.spectrum.moments import moments

_STEPS, _RATIO, _LONGEST = 40, 1.2, 400
_SETTLED, _MOVED = 1e-11, 0.3


def r_transform(relation: Relation, w: Points) -> Any:
    """``R(w) = G^{-1}(w) - 1/w``; without a mean only sums of laws that state ``R`` have it."""
    points = complex_points(w, "w")
    flat = points.ravel()
    try:
        middle = _middle(relation)
    except UnsupportedOperationError:
        stated = _stated(relation, flat)
        if stated is None:
            raise
        return shaped(stated, points.shape)
    values = np.empty(flat.shape, dtype=np.complex128)
    zero = flat == 0
    if zero.any():
        values[zero] = float(moments(relation, 1)[0])
    target = flat[~zero]
    z = np.full(target.shape, complex("nan"))
    real = target.imag == 0
    z[real] = inverse_g(relation, target[real].real)
    z[~real] = _continued(relation, "g", target[~real], lambda w: 1 / w + middle, _scale(relation))
    values[~zero] = _r_at(relation, z)
    return _real_where_possible("R", points, flat, values)


def _middle(relation: Relation) -> float:
    """About the mean: moments of laws that are solved for numerically take long."""
    lower, upper = hull(relation)
    bounded = math.isfinite(lower) and math.isfinite(upper)
    return 0.5 * (lower + upper) if bounded else float(moments(relation, 1)[0])


def s_transform(relation: Relation, m: Points) -> Any:
    """``S(m) = (1 + m)/m chi(m)``, ``chi`` the inverse of the moment generating function."""
    points = complex_points(m, "m")
    flat = points.ravel()
    mean, second = map(float, moments(relation, 2))
    if mean == 0:
        raise UnsupportedOperationError("a law of mean 0 has no S-transform; use square()")
    values = np.full(flat.shape, complex(1 / mean))
    nonzero = flat != 0
    target = flat[nonzero]
    z = np.full(target.shape, complex("nan"))
    on_arcs = (target.imag == 0) & bool(is_positive(relation))
    z[on_arcs] = inverse_psi(relation, target[on_arcs].real, mean)
    scale = max(_scale(relation) / abs(mean), second / mean**2)
    z[~on_arcs] = _continued(
        relation, "psi", target[~on_arcs], lambda m: mean / m + second / mean, scale
    )
    with np.errstate(all="ignore"):
        values[nonzero] = (1 + target) / (target * z)
    return _real_where_possible("S", points, flat, values)


def _real_where_possible(name: str, points: Complex, flat: Complex, values: Complex) -> Any:
    bad = ~np.isfinite(values) & ~np.isnan(flat)
    if bad.any():
        where = flat[bad]
        raise ConvergenceError(
            f"{name} has no verified value at {where.size} of {flat.size} points, the first "
            f"{where[0]:.17g}: the inverse function that defines it ends at the spectrum; take "
            "points closer to 0",
            where.tolist(),
        )
    if (flat.imag == 0).all():
        return shaped(values.real, points.shape)
    return shaped(values, points.shape)


def _r_at(relation: Relation, z: Complex) -> Complex:
    """``R(G(z)) = psi(z)/G(z)``, which loses no digits where ``z`` is large."""
    with np.errstate(all="ignore"):
        return np.asarray(_value(relation, "psi", z) / _value(relation, "g", z))


def _scale(relation: Relation) -> float:
    """The radius of the spectrum, or 1 where there is none."""
    extent = max(map(abs, hull(relation)))
    return extent if 0 < extent < math.inf else 1.0


def _value(relation: Relation, kind: Kind, z: Complex) -> Complex:
    values = np.full(z.shape, complex("nan"))
    usable = np.isfinite(z)
    below = z[usable].imag < 0
    upper = np.where(below, z[usable].conj(), z[usable])
    found = np.array(getattr(transforms(relation, upper, thorough=False), kind))
    missing = np.isnan(found)
    if missing.any():  # some points of the imaginary axis are hard for symmetric laws
        found[missing] = getattr(transforms(relation, upper[missing]), kind)
    values[usable] = np.where(below, found.conj(), found)
    return values


# ------------------------------------------------------------------------------ continuation


def _continued(
    relation: Relation, kind: Kind, target: Complex, near_infinity: Any, scale: float
) -> Complex:
    """Follow the solution from small values of the transform; NaN where it is lost."""
    if not target.size:
        return target
    steps = np.log(np.maximum(8 * scale * np.abs(target).max(), 1.0)) / math.log(_RATIO)
    count = min(max(math.ceil(steps), 1), _LONGEST)
    z: Complex | None = None
    half_plane = np.ones(target.shape)
    for t in _RATIO ** np.arange(-count, 1.0):
        start = near_infinity(t * target)
        if z is not None:
            # all but the leading term stays
            leading = near_infinity(t / _RATIO * target)
            start = start + (z - leading)
        after = _secant(relation, kind, t * target, start)
        lost = ~(np.abs(after - start) <= _MOVED * np.abs(start))
        after[lost] = complex("nan")
        if z is None:
            half_plane = np.sign(after.imag)
        after[(half_plane != 0) & (np.sign(after.imag) != half_plane)] = complex("nan")
        z = after
    assert z is not None
    outside = (z.imag != 0) | _beyond(relation, z)
    return np.where(outside, z, complex("nan"))


def _beyond(relation: Relation, z: Complex) -> Any:
    """Whether real solutions lie beyond the spectrum, not in a gap of it."""
    from freesym.spectrum.support import support

    if not ((z.imag == 0) & np.isfinite(z)).any():
        return np.zeros(z.shape, dtype=bool)
    intervals = support(relation)
    return (z.real > intervals[-1][1]) | (z.real < intervals[0][0])


def _secant(relation: Relation, kind: Kind, target: Complex, start: Complex) -> Complex:
    """Secant steps on ``log f(z) = log target``; NaN where they do not settle."""
    before, z = start * (1 + 1e-4), start
    with np.errstate(all="ignore"):
        error_before = np.log(_value(relation, kind, before) / target)
        for _ in range(_STEPS):
            error = np.log(_value(relation, kind, z) / target)
            step = -error * (z - before) / (error - error_before)
            step = np.where(np.isfinite(step), step, 0.0)
            size = np.abs(step) / np.abs(z)
            step = np.where(size > 0.5, 0.5 * step / np.maximum(size, 0.5), step)
            before, error_before, z = z, error, z + step
            if not (size >= 1e-15).any():
                break
        settled = np.abs(np.log(_value(relation, kind, z) / target)) < _SETTLED
    return np.where(settled, z, complex("nan"))


# ------------------------------------------------------------------------------ stated formulas


def _stated(relation: Relation, w: Complex) -> Complex | None:
    """The formula of the tree in the lower half-plane and on the line, reflected above it."""
    above = w.imag > 0
    values = _lower(relation, np.where(above, w.conj(), w))
    return None if values is None else np.where(above, values.conj(), values)


def _lower(relation: Relation, w: Complex) -> Complex | None:
    """``R`` of sums and of affine images, if a leaf without moments states it."""
    match relation:
        case nodes.Additive():
            total = np.zeros(w.shape, dtype=np.complex128)
            for term, power in zip(relation.terms, relation.powers, strict=True):
                part = _lower(term, w)
                if part is None:
                    return None
                total += float(power) * part
            return total
        case nodes.Affine() if relation.scale > 0:
            part = _lower(relation.child, float(relation.scale) * w)
            return None if part is None else relation.shift + relation.scale * part
    try:
        moments(relation, 1)
    except UnsupportedOperationError:
        if not isinstance(relation, RTransformLeaf):
            return None
        # on the line the value is the limit from below
        inside = np.where(w.imag == 0, w - 1e-300j, w)
        return np.array([relation.r_transform(complex(point)) for point in inside])
    return np.asarray(r_transform(relation, w), dtype=np.complex128)
