"""Integrals of an activation against normal densities, on panels that resolve it.

The function is resolved once for all standard deviations between two powers of 2, by bisecting
panels until 16 Legendre coefficients carry it; every integral of that range is then one sum over
the same nodes.  Kinks and jumps are ends of panels: those that are stated exactly, others by
bisection down to the spacing of floating-point numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from freesym.errors import InvalidLawError

if TYPE_CHECKING:
    from freesym.nets.activations import Activation

Floats = NDArray[np.float64]
REACH = 13.0  # in standard deviations; beyond it even growing functions weigh less than 1e-30
_NODES, _WEIGHTS = legendre.leggauss(20)
_TO_COEFFICIENTS = (legendre.legvander(_NODES, 19) * _WEIGHTS[:, None]).T * (
    np.arange(20)[:, None] + 0.5
)
_TOLERANCE = 4e-14
_MOST_PANELS, _MOST_BISECTIONS = 20_000, 60
_CHUNK = 2_000_000


@dataclass(frozen=True, eq=False)
class Table:
    """Nodes and weights for normal variables, and the activation and its slope there."""

    nodes: Floats
    weights: Floats
    ends: Floats
    value: Floats
    slope: Floats


def resolved_ends(
    functions: Callable[[Floats], tuple[Floats, ...]], ends: Floats, tolerance: float
) -> Floats:
    """Panel ends between which all functions are polynomials up to the tolerance."""
    left, right = ends[:-1], ends[1:]
    done_left: list[Floats] = []
    scales: list[float] = []
    highest = 0.0
    for step in range(_MOST_BISECTIONS):
        half = 0.5 * (right - left)
        x = (0.5 * (left + right))[:, None] + half[:, None] * _NODES
        unresolved = np.zeros(left.shape, dtype=bool)
        largest = np.zeros(left.shape)
        for i, values in enumerate(functions(x)):
            size = np.abs(values).max(axis=1)
            largest = np.maximum(largest, size)
            if step == 0:
                highest = max(highest, float(size.max()))
                # what is next to nothing beside the values near the middle need not be resolved
                inner = float(size[np.argsort(np.abs(left + right))[: len(size) // 8 + 1]].max())
                scales.append(1e-3 * max(float(np.median(size)), inner) + size.max() * 1e-30)
            coefficients = values @ _TO_COEFFICIENTS.T
            tail = np.abs(coefficients[:, 14:]).max(axis=1)
            unresolved |= tail > tolerance * (size + scales[i])
        wide = half > 4e-16 * np.maximum(np.abs(left), np.abs(right))
        wide &= half > 1e-17 * (ends[-1] - ends[0])
        _refuse_poles(left[unresolved & ~wide], largest[unresolved & ~wide], highest)
        unresolved &= wide
        done_left.append(left[~unresolved])
        if not unresolved.any():
            break
        left, right = left[unresolved], right[unresolved]
        middle = 0.5 * (left + right)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        if sum(map(len, done_left)) + len(left) > _MOST_PANELS:
            raise InvalidLawError(
                f"the activation is not resolved by {_MOST_PANELS} pieces near {left[0]:.6g}; "
                "state its kinks as breakpoints, or give a smoother function"
            )
    return np.append(np.sort(np.concatenate([*done_left, left[:0]])), ends[-1])


def _refuse_poles(places: Floats, sizes: Floats, highest: float) -> None:
    """A kink or a jump stays small on the way down to the spacing of numbers; a pole does not."""
    poles = sizes > 1e6 * highest
    if poles.any():
        raise InvalidLawError(
            f"the activation or its slope has no finite value near {places[poles][0]:.6g}, so that "
            "its Gaussian integrals do not exist; give a function without poles"
        )


@lru_cache(maxsize=256)
def table(activation: Activation, level: int) -> Table:
    """The table for standard deviations from ``2^level`` to ``2^(level + 1)``."""
    unit = 2.0**level
    reach = REACH * 2 * unit
    grid = np.arange(-4 * REACH, 4 * REACH + 1) * (0.5 * unit)
    kinks = [k for k in activation.breakpoints if abs(k) < reach]
    # beyond the reach of the narrowest of the normal laws coarser panels do
    ends = np.unique(np.concatenate([grid, np.array(kinks, dtype=float)]))

    def functions(x: Floats) -> tuple[Floats, ...]:
        return activation.phi(x), activation.derivative(x)

    with np.errstate(all="ignore"):
        _require_finite(activation, ends)
        ends = resolved_ends(functions, ends, max(_TOLERANCE, activation.noise))
        half = 0.5 * np.diff(ends)
        nodes = ((0.5 * (ends[:-1] + ends[1:]))[:, None] + half[:, None] * _NODES).ravel()
        weights = (half[:, None] * _WEIGHTS).ravel()
        return Table(nodes, weights, ends, activation.phi(nodes), activation.derivative(nodes))


def _require_finite(activation: Activation, ends: Floats) -> None:
    x = 0.5 * (ends[1:] + ends[:-1])
    bad = ~(np.isfinite(activation.phi(x)) & np.isfinite(activation.derivative(x)))
    if bad.any():
        raise InvalidLawError(
            f"the activation {activation.name} is not finite at {x[bad][0]:.6g}; the Gaussian "
            "integrals need a function that is finite wherever pre-activations can be"
        )


def level_of(q: float) -> int:
    """The table that serves the variance ``q``."""
    return math.floor(0.5 * math.log2(q))


def weights_at(nodes: Floats, weights: Floats, q: Floats) -> Floats:
    """Quadrature weights, times the normal densities of the variances ``q``, row by row."""
    scaled = (nodes * nodes)[None, :] / (-2 * q[:, None])
    return np.asarray(weights * np.exp(scaled) / np.sqrt(2 * math.pi * q)[:, None])


def means(
    activation: Activation, q: ArrayLike, quantity: Callable[[Table], tuple[Floats, ...]]
) -> tuple[Any, ...]:
    """``E f(h)`` for normal ``h`` of variances ``q``, for all functions of the nodes asked for.

    Raises
    ------
    InvalidLawError
        If the integral does not converge, or a variance is negative.
    """
    variances = np.asarray(q, dtype=float)
    flat = np.atleast_1d(variances).ravel()
    if not (np.isfinite(flat).all() and (flat > 0).all()):
        raise InvalidLawError(f"the variance {flat.min()!r} must be positive and finite")
    levels = np.floor(0.5 * np.log2(flat)).astype(int)
    columns: list[Floats] = []
    for level in np.unique(levels).tolist():
        found = table(activation, level)
        with np.errstate(all="ignore"):
            values = np.stack(quantity(found), axis=1)
        where = np.flatnonzero(levels == level)
        if not columns:
            columns = [np.empty(len(flat)) for _ in range(values.shape[1])]
        step = max(1, _CHUNK // len(found.nodes))
        for start in range(0, len(where), step):
            rows = where[start : start + step]
            sums = _integrated(activation, found, values, flat[rows])
            for column, total in zip(columns, sums.T, strict=True):
                column[rows] = total
    return tuple(_shaped(column, variances) for column in columns)


def mean_square_rates(activation: Activation, q: ArrayLike) -> Any:
    """``d/dq E phi(h)^2 = E phi(h) phi'(h) h/q``, by partial integration in the scale of ``h``."""
    variances = np.asarray(q, dtype=float)
    product = means(activation, variances, lambda t: (t.value * t.slope * t.nodes,))[0]
    return product / (float(variances) if variances.ndim == 0 else variances)


def _integrated(activation: Activation, found: Table, values: Floats, q: Floats) -> Floats:
    density = weights_at(found.nodes, found.weights, q)
    with np.errstate(all="ignore"):
        sums = density @ values
        sizes = density @ np.abs(values)
    ends = np.abs(density[:, [0, -1]])[:, :, None] * np.abs(values[[0, -1]])[None]
    small = ends <= 1e-15 * (sizes[:, None] + 1e-280)
    if not (np.isfinite(sums).all() and small.all()):
        raise InvalidLawError(
            f"the Gaussian integrals of {activation.name} do not exist for h of variance "
            f"{q.max():.6g}: the function grows too fast; choose a smaller variance, or an "
            "activation that grows more slowly"
        )
    return np.asarray(sums)


def _shaped(values: Floats, like: Floats) -> Any:
    return float(values[0]) if like.ndim == 0 else values.reshape(like.shape)
