"""Dual kernels ``E phi(u) phi(v)`` of normal variables: closed forms, and quadrature.

``a``, ``b`` are the variances of ``u`` and ``v`` and ``c`` their covariance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError
from freesym.nets.normal import density, hinges, upper, upper_both

if TYPE_CHECKING:
    from freesym.nets.activations import Activation

Floats = NDArray[np.float64]
_SLACK = 1e-9


def covariances(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The checked, broadcast arguments; a covariance too large by rounding is clipped.

    Raises
    ------
    InvalidLawError
        If a variance is negative or a covariance exceeds ``sqrt(a b)``.
    """
    x, y, z = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (a, b, c)))
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(z).all()):
        raise InvalidLawError("dual kernel: variances and covariances must be finite")
    if (x < 0).any() or (y < 0).any():
        raise InvalidLawError(f"dual kernel: the variance {min(x.min(), y.min())} is negative")
    unit = _unit(x, y)
    bound = unit * np.sqrt((x / unit) * (y / unit))
    if (np.abs(z) > bound * (1 + _SLACK) + 1e-300).any():
        i = int(np.argmax(np.abs(z) - bound))
        raise InvalidLawError(
            f"dual kernel: the covariance {z.ravel()[i]} exceeds sqrt(a b) = {bound.ravel()[i]}; "
            "[[a, c], [c, b]] must be positive semidefinite"
        )
    return x, y, np.clip(z, -bound, bound)


def _unit(x: Floats, y: Floats) -> Floats:
    """The larger variance, so that products neither over- nor underflow; 1 for zeros."""
    larger = np.maximum(x, y)
    return np.asarray(np.where(larger > 0, larger, 1.0))


def result(values: Any) -> Any:
    """A float for numbers, an array otherwise."""
    array = np.asarray(values)
    return float(array) if array.ndim == 0 else array


# ------------------------------------------------------------------------------ closed forms


def _angle(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
    """``sqrt(ab) sin(theta)`` and ``theta``."""
    unit = _unit(x, y)
    square = (x / unit) * (y / unit) - (z / unit) ** 2
    height = unit * np.sqrt(np.maximum(square, 0.0))
    return height, np.arctan2(height, z)


def leaky(floor: float, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """Slope ``floor`` below 0 and 1 above."""
    x, y, z = covariances(a, b, c)
    height, theta = _angle(x, y, z)
    relu = height / (2 * math.pi) + (math.pi - theta) / (2 * math.pi) * z
    return result(floor * z + (1 - floor) ** 2 * relu)


def leaky_slope(floor: float, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """The slopes of :func:`leaky`."""
    theta = _angle(*covariances(a, b, c))[1]
    return result(floor + (1 - floor) ** 2 * (math.pi - theta) / (2 * math.pi))


def error_function(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``(2/pi) asin(2c/sqrt((1 + 2a)(1 + 2b)))``."""
    x, y, z = covariances(a, b, c)
    return result(2 / math.pi * np.arctan2(2 * z, np.sqrt(_gap(x, y, z, 2.0))))


def error_function_slope(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``(4/pi)/sqrt((1 + 2a)(1 + 2b) - 4c^2)``."""
    x, y, z = covariances(a, b, c)
    return result(4 / math.pi / np.sqrt(_gap(x, y, z, 2.0)))


def _gap(x: Floats, y: Floats, z: Floats, t: float) -> Floats:
    """``(1 + t a)(1 + t b) - t^2 c^2``, a sum of positive terms."""
    return np.asarray(1 + t * (x + y) + t * t * np.maximum(x * y - z * z, 0.0))


def sine(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``E sin u sin v = exp(-(a + b)/2) sinh c``."""
    x, y, z = covariances(a, b, c)
    rest = 0.5 * (x + y) - np.abs(z)
    return result(-0.5 * np.sign(z) * np.exp(-rest) * np.expm1(-2 * np.abs(z)))


def cosine(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``E cos u cos v = exp(-(a + b)/2) cosh c``."""
    x, y, z = covariances(a, b, c)
    half = 0.5 * (x + y)
    return result(0.5 * (np.exp(z - half) + np.exp(-z - half)))


def gelu(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """The kernel of ``x P(Z <= x)``."""
    x, y, z = covariances(a, b, c)
    gap = _gap(x, y, z, 1.0)
    root = np.sqrt(gap)
    p = 1 / (2 * math.pi * root)
    first = x * p * (y + np.maximum(x * y - z * z, 0.0)) / (1 + x)
    return result(first + z * z * p / (1 + y) + 0.25 * z + z * np.arctan2(z, root) / (2 * math.pi))


def gelu_slope(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """The slopes of :func:`gelu`."""
    x, y, z = covariances(a, b, c)
    gap = _gap(x, y, z, 1.0)
    p = 1 / (2 * math.pi * np.sqrt(gap))
    angle = np.arctan2(z, np.sqrt(gap)) / (2 * math.pi)
    return result(0.25 + angle + z * p * (1 / (1 + x) + 1 / (1 + y) + 1 / gap))


# -------------------------------------------------------------------------- piecewise linear


@dataclass(frozen=True)
class Hinges:
    """A piecewise linear function: its value at 0, its slopes from the left and its kinks."""

    value: float
    slopes: tuple[float, ...]
    kinks: tuple[float, ...]

    @property
    def slope(self) -> float:
        """The slope just below 0."""
        return self.slopes[sum(k < 0 for k in self.kinks)]

    @property
    def terms(self) -> tuple[tuple[float, float, float], ...]:
        """``(coefficient, side, place)``: bends away from 0 of ``value + slope x``.

        Side 1 adds ``coefficient (x - place)_+``, side -1 ``coefficient (-x - place)_+``,
        with ``place >= 0``, so that far bends are small terms.
        """
        jumps = zip(np.diff(self.slopes).tolist(), self.kinks, strict=True)
        return tuple((d, 1.0, k) if k >= 0 else (d, -1.0, -k) for d, k in jumps)


def piecewise_linear(f: Hinges, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``E f(u) f(v)``: products of hinges are bivariate normal probabilities."""
    x, y, z = covariances(a, b, c)
    p, q, r = _standard(x, y, z)
    total = f.value**2 + f.slope**2 * z
    for d, side, place in f.terms:
        for scale in (p, q):
            h = place / scale
            total = total + f.value * d * scale * (density(h) - h * upper(h))
            total = total + f.slope * d * side * z * upper(h)
        for e, other, there in f.terms:
            joint = hinges(place / p, there / q, side * other * r)
            total = total + d * e * p * q * joint
    return result(total)


def piecewise_linear_slope(f: Hinges, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Any:
    """``E f'(u) f'(v)``."""
    p, q, r = _standard(*covariances(a, b, c))
    total = np.full(p.shape, f.slope**2)
    for d, side, place in f.terms:
        for scale in (p, q):
            total = total + f.slope * d * side * upper(place / scale)
        for e, other, there in f.terms:
            joint = upper_both(place / p, there / q, side * other * r)
            total = total + d * e * side * other * joint
    return result(total)


def _standard(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Standard deviations, kept off 0 so that quotients exist, and the correlation."""
    p, q = np.sqrt(np.maximum(x, 1e-200)), np.sqrt(np.maximum(y, 1e-200))
    return p, q, np.clip(z / (p * q), -1.0, 1.0)


# -------------------------------------------------------------------------------- quadrature


def numerical(
    activation: Activation, a: ArrayLike, b: ArrayLike, c: ArrayLike, *, slope: bool
) -> Any:
    """By an expansion in Hermite polynomials; by panels where it converges slowly."""
    from freesym.nets import dual_quadrature

    x, y, z = covariances(a, b, c)
    values = dual_quadrature.dual(activation, x.ravel(), y.ravel(), z.ravel(), slope=slope)
    return result(values.reshape(x.shape))


Kernel = Callable[[ArrayLike, ArrayLike, ArrayLike], Any]
