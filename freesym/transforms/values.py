"""Transforms and their derivatives at one number, through the verified solver."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import UnsupportedOperationError
from freesym.spectrum import density, inversion
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms

Complex = NDArray[np.complex128]
_NODES = 64


def _log_potential(relation: Any, z: Complex) -> Complex:
    below = z.imag < 0
    u = transforms(relation, np.where(below, z.conj(), z), potential=True).u
    assert u is not None
    found = np.where(below, u.conj(), u)
    density.refuse_unsolved(z, found)
    return found


_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "G": density.cauchy_transform,
    "M": density.moment_transform,
    "R": inversion.r_transform,
    "S": inversion.s_transform,
    "log_potential": _log_potential,
}


def values(law: Any, name: str, points: Any) -> Complex:
    """The transform at an array of complex numbers."""
    array = np.atleast_1d(np.asarray(points, dtype=complex))
    return np.asarray(_FUNCTIONS[name](law._numeric, array), dtype=complex)


def value(law: Any, name: str, point: complex, order: int = 0) -> complex:
    """The transform, or a derivative of it, at a number.

    Derivatives are Cauchy integrals over a circle on which the transform is analytic.
    """
    if order == 0:
        return complex(values(law, name, [point])[0])
    radius = _radius(hull(law._numeric), name, point)
    turns = np.exp(2j * np.pi * np.arange(_NODES) / _NODES)
    around = values(law, name, point + radius * turns)
    scale = math.factorial(order) / radius**order
    return complex(scale * np.mean(around * turns**-order))


def _radius(interval: tuple[float, float], name: str, point: complex) -> float:
    """Half the distance to the singularities, as far as the hull of the spectrum shows it."""
    if point.imag != 0 and name in ("G", "M", "log_potential"):
        return 0.5 * abs(point.imag)
    reach = max(map(abs, interval))
    match name:
        case "G":
            free = max(interval[0] - point.real, point.real - interval[1])
        case "log_potential":
            free = point.real - interval[1]
        case "M":
            free = (1 / reach if reach else math.inf) - abs(point)
        case _:
            return 0.05 * max(abs(point), 1 / reach if 0 < reach < math.inf else 1.0)
    if not free > 0:
        raise UnsupportedOperationError(
            f"the derivative of {name} at the real point {point.real:g}, which may lie in the "
            "spectrum, is not computed; take a point off the real line"
        )
    return 0.5 * free if cmath.isfinite(free) else 1.0
