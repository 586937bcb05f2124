"""The normal distribution in one and two dimensions, vectorised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.kernels.special import complementary_error_function, error_function

Floats = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_CLOSE = 0.925


def erf(x: ArrayLike) -> Any:
    """The error function, of the shape of ``x``."""
    values = np.asarray(x, dtype=float)
    return error_function(np.ascontiguousarray(values).ravel()).reshape(values.shape)


def erfc(x: ArrayLike) -> Any:
    """The complementary error function, accurate in its tail."""
    values = np.asarray(x, dtype=float)
    return complementary_error_function(np.ascontiguousarray(values).ravel()).reshape(values.shape)


def density(x: ArrayLike) -> Any:
    """The standard normal density."""
    values = np.asarray(x, dtype=float)
    return np.exp(-0.5 * values * values) / math.sqrt(2 * math.pi)


def upper(x: ArrayLike) -> Any:
    """``P(Z > x)`` of a standard normal variable."""
    return 0.5 * erfc(np.asarray(x, dtype=float) / math.sqrt(2))


def upper_both(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> Floats:
    """``P(X > h, Y > k)`` of standard normal variables of correlation ``r``, to about 1e-15.

    Notes
    -----
    Plackett's integral over the angle up to a correlation of 0.925, and beyond that the
    integral from correlation 1 with its singular part taken out (Drezner & Wesolowsky 1990;
    Genz 2004), with 32 Gauss nodes where 20 are enough.
    """
    h, k, r = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (h, k, r)))
    flat = [np.array(v.ravel(), dtype=float) for v in (h, k, r)]
    found = np.empty(flat[0].shape)
    near = np.abs(flat[2]) > _CLOSE
    found[~near] = _far(*(v[~near] for v in flat))
    found[near] = _near(*(v[near] for v in flat))
    return np.clip(found, 0.0, 1.0).reshape(h.shape)


def _far(h: Floats, k: Floats, r: Floats) -> Floats:
    half = 0.5 * np.arcsin(r)
    sine = np.sin(half[:, None] * (1 + _NODES))
    exponent = (sine * (h * k)[:, None] - 0.5 * (h * h + k * k)[:, None]) / (1 - sine * sine)
    integral = half * (np.exp(exponent) @ _WEIGHTS) / (2 * math.pi)
    return np.asarray(integral + upper(h) * upper(k))


def _near(h: Floats, k: Floats, r: Floats) -> Floats:
    sign = np.where(r < 0, -1.0, 1.0)
    mirrored = sign * k
    product = h * mirrored
    square = (1 - r) * (1 + r)
    core = (_smooth_part(h, mirrored, square, product)
            - _singular_part(h, mirrored, square, product)) / (2 * math.pi)  # fmt: skip
    positive = core + upper(np.maximum(h, mirrored))
    negative = np.where(h >= mirrored, 0.0, _between(h, mirrored)) - core
    return np.asarray(np.where(sign > 0, positive, negative))


def _between(low: Floats, high: Floats) -> Floats:
    """``P(low < Z < high)``, from the tail that is the smaller."""
    return np.asarray(np.where(low < 0, upper(-high) - upper(-low), upper(low) - upper(high)))


def _exp(exponent: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(exponent, -745.0, 700.0)))


def _series(product: Floats) -> tuple[Floats, Floats]:
    return (4 - product) / 8, (12 - product) / 80


def _singular_part(h: Floats, k: Floats, square: Floats, product: Floats) -> Floats:
    root, gap = np.sqrt(square), np.abs(h - k)
    bs = gap * gap
    c, d = _series(product)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = root * _exp(np.where(square > 0, -0.5 * (bs / square + product), -745.0))
        ratio = np.where(square > 0, gap / root, np.inf)
    first = first * (1 - c * (bs - square) * (1 - d * bs) / 3 + c * d * square**2)
    tail = math.sqrt(2 * math.pi) * upper(np.where(gap == 0, 0.0, ratio))
    second = _exp(-0.5 * product) * tail * gap * (1 - c * bs * (1 - d * bs) / 3)
    return np.asarray(first - second)


def _smooth_part(h: Floats, k: Floats, square: Floats, product: Floats) -> Floats:
    half = 0.5 * np.sqrt(square)
    xs = (half[:, None] * (1 + _NODES)) ** 2
    c, d = (v[:, None] for v in _series(product))
    bs, hk = ((h - k) ** 2)[:, None], product[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(xs > 0, -0.5 * (bs / xs + hk), -745.0)
    rs = np.sqrt(1 - xs)
    expansion = 1 + c * xs * (1 + 5 * d * xs)
    exact = _exp(-0.5 * hk * xs / (1 + rs) ** 2) / rs
    values = np.where(exponent > -700, _exp(exponent) * (expansion - exact), 0.0)
    return np.asarray(half * (values @ _WEIGHTS))


def hinges(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> Floats:
    """``E (X - h)_+ (Y - k)_+`` of standard normal variables of correlation ``r``."""
    h, k, r = (np.asarray(v, dtype=float) for v in (h, k, r))
    square = (1 - r) * (1 + r)
    root = np.sqrt(square)
    # near correlation 1 or -1 the differences are written so that nothing cancels
    sign = np.where(r < 0, -1.0, 1.0)
    rest, gap = 1 - np.abs(r), k - sign * h
    with np.errstate(divide="ignore", invalid="ignore"):
        a = _quotient(gap + sign * rest * h, root)
        b = _quotient(-sign * gap + sign * rest * k, root)
        q = np.where(root > 0, (gap * gap + 2 * sign * rest * h * k) / square, np.inf)
    joint = root * np.exp(-0.5 * q) / (2 * math.pi)
    both = (r + h * k) * upper_both(h, k, r)
    return np.asarray(both - k * density(h) * upper(a) - h * density(k) * upper(b) + joint)


def _quotient(a: Floats, root: Floats) -> Floats:
    return np.asarray(np.where(root > 0, a / root, np.where(a == 0, 0.0, np.sign(a) * np.inf)))
