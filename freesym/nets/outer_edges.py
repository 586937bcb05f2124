r"""Ends of the spectra of towers of free products and affine maps.

Right of the spectrum the value ``u = z G(z) - 1`` falls from infinity or a finite value to 0.  Free
products multiply ``z u/(1 + u)`` at equal ``u``, and ``X -> a X + b`` takes ``(z, u)`` to
``(a z + b, u + b (1 + u)/(a z))``: a tower with one tower in every product is a curve with the
``u`` of its innermost law as the parameter.  It comes from infinity, and its first turn is the
upper edge.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws import Bernoulli, MarchenkoPastur
from freesym.operations import Affine, FreeProduct
from freesym.spectrum.bounds import hull

Real = NDArray[np.float64]
_LEVELS, _POINTS, _TABLED, _STEPS = 5, 100, 2000, 8
_FIRST, _LAST = 1e-5, 1e12
# beyond them the differences of u are lost in rounding
_NEAREST, _FARTHEST = -30.0, 14.0


def upper_edge(law: Law) -> float | None:
    """The upper end of the spectrum, or None where the curve does not show it.

    Examples
    --------
    >>> import freesym as fs
    >>> law = fs.Bernoulli(0.5) @ (fs.MarchenkoPastur() + 1)
    >>> abs(upper_edge(law) - law.edges()[-1]) < 1e-9
    True
    """
    low, high = np.log(_FIRST), np.log(_LAST)
    edge = None
    for _ in range(_LEVELS):
        parameters = np.linspace(low, high, _POINTS)
        with np.errstate(all="ignore"):
            found = _curve(law, np.exp(parameters))
        if found is None:
            return None
        rising = np.flatnonzero(~(np.diff(found[0]) < 0))
        turn = int(rising[0]) if rising.size else _POINTS - 1
        if not 0 < turn < _POINTS - 1 or not np.isfinite(found[0][turn + 1]):
            return edge
        edge = float(found[0][turn])
        low, high = parameters[turn - 1], parameters[turn + 1]
    return edge


def touches_zero(law: Law) -> bool:
    """Whether 0 is surely in the spectrum of a tower of positive laws."""
    if isinstance(law, FreeProduct):
        return any(touches_zero(factor) for factor in law.factors)
    if isinstance(law, Affine):
        return law.shift == 0 and touches_zero(law.law)
    return float(hull(law.relation().numeric())[0]) == 0


def lower_end(law: Law) -> float | None:
    """The lower end, where a product under the last shift reaches down to 0."""
    if isinstance(law, Affine) and law.scale > 0 and touches_zero(law.law):
        return float(law.shift)
    return 0.0 if touches_zero(law) else None


def _curve(law: Law, t: Real) -> tuple[Real, Real] | None:
    """``(z, u)`` for values of the innermost ``u``."""
    if isinstance(law, Affine):
        inner = _curve(law.law, t) if law.scale > 0 else None
        if inner is None:
            return None
        z, u = inner
        a, b = float(law.scale), float(law.shift)
        return a * z + b, u + b * (1 + u) / (a * z)
    if not isinstance(law, FreeProduct):
        return _leaf(law, t), t
    towers = [f for f in law.factors if isinstance(f, (Affine, FreeProduct))]
    if len(towers) > 1:
        return None
    core = towers[0] if towers else law.factors[0]
    found = _curve(core, t)
    if found is None:
        return None
    z, u = found
    for factor in law.factors:
        if factor is not core:
            z = z * _leaf(factor, u) * u / (1 + u)
    return z, u


def _leaf(law: Law, u: Real) -> Real:
    """``z`` right of the spectrum with ``z G(z) - 1 = u``; NaN where there is none."""
    if isinstance(law, Bernoulli):
        return 1 + float(law.p) / u
    if isinstance(law, MarchenkoPastur):
        ratio, scale = float(law.ratio), float(law.scale)
        z = scale * (1 + u) * (1 + ratio * u) / u
        return np.where(ratio * u * u < 1, z, np.nan)
    return _inverse(law, u)


@lru_cache(maxsize=64)
def _table(law: Law) -> tuple[float, Real, Real]:
    """The upper end, logarithms of distances from it, and those of ``u`` there, falling."""
    top = float(hull(law.relation().numeric())[1])
    places = np.linspace(_NEAREST, _FARTHEST, _TABLED)
    values = np.log(_value(law, top + top * np.exp(places)))
    return top, places, np.minimum.accumulate(values)


def _inverse(law: Law, u: Real) -> Real:
    """By false position (Illinois) between the entries of the table."""
    top, places, values = _table(law)
    goal = np.log(u)
    known = (goal < values[0]) & (goal > values[-1])
    right = np.clip(np.searchsorted(-values, -goal), 1, len(places) - 1)
    a, b = places[right - 1], places[right]
    fa, fb = values[right - 1] - goal, values[right] - goal
    for _ in range(_STEPS):
        c = np.where(fa == fb, a, a - fa * (b - a) / (fb - fa))
        fc = np.log(_value(law, top + top * np.exp(c))) - goal
        same = fc * fb > 0
        fa = np.where(same, 0.5 * fa, fb)
        a, b, fb = np.where(same, a, b), c, fc
    return np.where(known, top + top * np.exp(b), np.nan)


def _value(law: Law, z: Real) -> Real:
    return np.asarray(z * np.asarray(law.G(z)).real - 1)
