"""Dual kernels by quadrature: Hermite expansions, and panels in two variables."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from freesym.nets.gaussian_integrals import level_of, means, table, weights_at

if TYPE_CHECKING:
    from freesym.nets.activations import Activation

Floats = NDArray[np.float64]
_TERMS = (64, 256)
_TOLERANCE = 2e-14
_CHUNK = 500_000
_FAINT = 1e-60
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_REACH = 9.0


def dual(activation: Activation, a: Floats, b: Floats, c: Floats, *, slope: bool) -> Floats:
    """``E phi(u) phi(v)`` of one-dimensional arrays, or with the slopes."""
    found = np.full(a.shape, np.nan)
    fixed = (a == 0) | (b == 0)
    for i in np.flatnonzero(fixed):
        found[i] = _with_constant(activation, a[i], b[i], slope=slope)
    same = ~fixed & (a == b) & (c == a)
    if same.any():
        diagonal, inverse = np.unique(a[same], return_inverse=True)
        mean = (activation.gaussian_mean_square_slope if slope
                else activation.gaussian_mean_square)  # fmt: skip
        found[same] = np.asarray(mean(diagonal))[inverse]
    rest = np.flatnonzero(np.isnan(found))
    for terms in _TERMS:
        if not len(rest):
            return found
        values, good = _hermite(activation, a[rest], b[rest], c[rest], terms, slope=slope)
        found[rest[good]] = values[good]
        rest = rest[~good]
    for i in rest:
        found[i] = _panels(activation, float(a[i]), float(b[i]), float(c[i]), slope=slope)
    return found


def _with_constant(activation: Activation, a: float, b: float, *, slope: bool) -> float:
    """One of the variables is 0."""
    function = activation.derivative if slope else activation.phi
    at_zero = float(np.asarray(function(np.zeros(1)))[0])
    q = max(a, b)
    if q == 0:
        return at_zero**2
    mean = means(activation, float(q), lambda t: ((t.slope if slope else t.value),))[0]
    return at_zero * float(mean)


@lru_cache(maxsize=512)
def _coefficients(
    activation: Activation, variances: bytes, terms: int, *, slope: bool
) -> tuple[Floats, Floats, Floats]:
    """Hermite coefficients (in columns) of the variances, mean squares, and what is missed of them.

    Tiles of one matrix share their variances, which is why they are remembered.
    """
    q = np.frombuffer(variances)
    levels = np.floor(0.5 * np.log2(q)).astype(int)
    coefficients, squares = np.empty((terms, len(q))), np.empty(len(q))
    for level in np.unique(levels).tolist():
        found = table(activation, level)
        values = found.slope if slope else found.value
        same = np.flatnonzero(levels == level)
        step = max(1, _CHUNK // len(values))
        for start in range(0, len(same), step):
            rows = same[start : start + step]
            weights = weights_at(found.nodes, found.weights, q[rows])
            keep = (weights > _FAINT).any(axis=0)
            x = found.nodes[keep] / np.sqrt(q[rows])[:, None]
            f = weights[:, keep] * values[keep]
            f[weights[:, keep] <= _FAINT] = 0.0
            squares[rows] = f @ values[keep]
            before, here = np.zeros_like(x), np.ones_like(x)
            for n in range(terms):
                coefficients[n, rows] = np.einsum("ij,ij->i", f, here)
                after = (x * here - math.sqrt(n) * before) / math.sqrt(n + 1)
                before, here = here, after
    missing = squares - (coefficients**2).sum(axis=0)
    return coefficients, squares, np.maximum(missing, 0.0)


def _hermite(
    activation: Activation, a: Floats, b: Floats, c: Floats, terms: int, *, slope: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """The expansion, and where its remainder is below the tolerance."""
    (first, left), (second, right) = (np.unique(v, return_inverse=True) for v in (a, b))
    rows, row_squares, row_missing = _coefficients(activation, first.tobytes(), terms, slope=slope)
    columns, squares, missing = _coefficients(activation, second.tobytes(), terms, slope=slope)
    rho = np.clip(c / np.sqrt(a * b), -1.0, 1.0)
    scale = np.sqrt(row_squares[left] * squares[right])
    remainder = np.sqrt(row_missing[left] * missing[right]) * np.abs(rho) ** terms
    good = remainder <= _TOLERANCE * scale
    values = np.empty(len(a))
    places = np.flatnonzero(good)
    for start in range(0, len(places), _CHUNK):
        part = places[start : start + _CHUNK]
        i, j, r = left[part], right[part], rho[part]
        total = np.zeros(len(part))
        for n in _needed(
            rows, columns, float(np.abs(r).max(initial=0.0)), float(scale[part].min())
        ):
            total = total * r + rows[n][i] * columns[n][j]
        values[part] = total
    return values, good


def _needed(rows: Floats, columns: Floats, rho: float, scale: float) -> range:
    """The terms, from the last, without those that together are below the tolerance."""
    sizes = np.abs(rows).max(axis=1) * np.abs(columns).max(axis=1)
    tails = np.cumsum((sizes * rho ** np.arange(len(sizes)))[::-1])[::-1]
    return range(int(np.count_nonzero(tails > 0.1 * _TOLERANCE * scale)) - 1, -1, -1)


# ------------------------------------------------------------------------------------- panels


def _panels(activation: Activation, a: float, b: float, c: float, *, slope: bool) -> float:
    """The integral over ``u``, and within it over ``v`` given ``u``; every kink ends a panel."""
    if a < b:
        a, b = b, a
    lean, spread = c / a, math.sqrt(max(b - c * c / a, 0.0))
    function = activation.derivative if slope else activation.phi
    outer = _outer_ends(activation, a, b, lean, spread)
    total = 0.0
    inner = table(activation, level_of(b)).ends
    for start in range(0, len(outer) - 1, 8):
        u, weights = _rule(outer[start : start + 9])
        weights = weights * np.exp(-0.5 * u * u / a) / math.sqrt(2 * math.pi * a)
        given = _given(activation, lean * u, spread, inner, slope=slope)
        total += float(weights @ (function(u) * given))
    return total


def _outer_ends(activation: Activation, a: float, b: float, lean: float, spread: float) -> Floats:
    """Ends where ``phi(u)`` has kinks, and crowding where ``v`` given ``u`` crosses one."""
    reach = _REACH * math.sqrt(a)
    ends = [table(activation, level_of(a)).ends, np.linspace(-reach, reach, 37)]
    if lean != 0:
        ends.append(table(activation, level_of(b)).ends / lean)
        width = max(spread / abs(lean), 1e-12 * reach)
        steps = width * 2.0 ** np.arange(0, max(1.0, math.log2(reach / width)))
        offsets = np.concatenate([-steps[::-1], [-0.5 * width, 0.0, 0.5 * width], steps])
        ends += [k / lean + offsets for k in activation.breakpoints]
    joined = np.unique(np.clip(np.concatenate(ends), -reach, reach))
    return np.asarray(joined[np.append(np.diff(joined) > 1e-15 * reach, True)])


def _given(
    activation: Activation, centre: Floats, spread: float, ends: Floats, *, slope: bool
) -> Floats:
    """``E phi(centre + spread Z)``, on panels of its own for every centre."""
    function = activation.derivative if slope else activation.phi
    if spread == 0:
        return np.asarray(function(centre))
    grid = spread * np.linspace(-_REACH, _REACH, 19)
    low, high = centre.min() + grid[0], centre.max() + grid[-1]
    kept = ends[(ends > low) & (ends < high)]
    inner = np.clip(kept, (centre + grid[0])[:, None], (centre + grid[-1])[:, None])
    whole = np.sort(np.concatenate([centre[:, None] + grid, inner], axis=1), axis=1)
    half = 0.5 * np.diff(whole, axis=1)
    middle = 0.5 * (whole[:, 1:] + whole[:, :-1])
    v = middle[..., None] + half[..., None] * _NODES
    z = (v - centre[:, None, None]) / spread
    values = function(v) * np.exp(-0.5 * z * z)
    sums = (values @ _WEIGHTS) * half
    return np.asarray(sums.sum(axis=1) / (spread * math.sqrt(2 * math.pi)))


def _rule(ends: Floats) -> tuple[Floats, Floats]:
    half = 0.5 * np.diff(ends)
    nodes = (0.5 * (ends[1:] + ends[:-1]))[:, None] + half[:, None] * _NODES
    return nodes.ravel(), (half[:, None] * _WEIGHTS).ravel()
