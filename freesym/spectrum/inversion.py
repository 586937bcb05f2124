"""R- and S-transforms at numbers: the functional inverses of ``G`` and ``psi`` near infinity."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from freesym.errors import UnsupportedOperationError
from freesym.relations.relation import Relation
from freesym.spectrum.density import complex_points, refuse_unsolved, shaped
from freesym.spectrum.evaluate import Complex, transforms
from freesym.spectrum.moments import moments

_STEPS = 60


def r_transform(relation: Relation, w: ArrayLike) -> Any:
    """``R(w) = G^{-1}(w) - 1/w``, by Newton's method from ``1/w`` plus the mean."""
    points = complex_points(w)
    flat = points.ravel()
    mean = float(moments(relation, 1)[0])
    values = np.full(flat.shape, complex(mean))
    nonzero = flat != 0
    z = _inverse(relation, "g", flat[nonzero], 1 / flat[nonzero] + mean)
    values[nonzero] = z - 1 / flat[nonzero]
    return _real_where_possible(points, flat, values)


def s_transform(relation: Relation, m: ArrayLike) -> Any:
    """``S(m) = (1 + m)/m chi(m)``, ``chi`` the inverse of the moment generating function."""
    points = complex_points(m)
    flat = points.ravel()
    mean, second = map(float, moments(relation, 2))
    if mean == 0:
        raise UnsupportedOperationError("a law of mean 0 has no S-transform; use square()")
    values = np.full(flat.shape, complex(1 / mean))
    nonzero = flat != 0
    start = mean / flat[nonzero] + second / mean
    z = _inverse(relation, "psi", flat[nonzero], start)
    values[nonzero] = (1 + flat[nonzero]) / (flat[nonzero] * z)
    return _real_where_possible(points, flat, values)


def _real_where_possible(points: Complex, flat: Complex, values: Complex) -> Any:
    refuse_unsolved(flat, values)
    if (flat.imag == 0).all():
        return shaped(values.real, points.shape)
    return shaped(values, points.shape)


def _value(relation: Relation, kind: Literal["g", "psi"], z: Complex) -> Complex:
    below = z.imag < 0
    upper = np.where(below, z.conj(), z)
    values = np.array(getattr(transforms(relation, upper, thorough=False), kind))
    missing = np.isnan(values)
    if missing.any():  # some points of the imaginary axis are hard for symmetric laws
        values[missing] = getattr(transforms(relation, upper[missing]), kind)
    return np.where(below, values.conj(), values)


def _inverse(
    relation: Relation, kind: Literal["g", "psi"], target: Complex, start: Complex
) -> Complex:
    """Secant steps on ``log f(z) = log target``; NaN where they do not settle."""
    if not len(target):
        return start
    before, z = start * (1 + 1e-4), start
    error_before = np.log(_value(relation, kind, before) / target)
    for _ in range(_STEPS):
        error = np.log(_value(relation, kind, z) / target)
        with np.errstate(all="ignore"):
            step = -error * (z - before) / (error - error_before)
        step = np.where(np.isfinite(step), step, 0.0)
        size = np.abs(step) / np.abs(z)
        step = np.where(size > 0.5, 0.5 * step / np.maximum(size, 0.5), step)
        before, error_before, z = z, error, z + step
        if (size < 1e-15).all():
            break
    settled = np.abs(np.log(_value(relation, kind, z) / target)) < 1e-11
    return np.where(settled, z, complex(np.nan, np.nan))
