"""Atoms of laws given by a formula for a transform.

Each place is a limit of the formula and each mass a residue, in double precision.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freesym.lazy import LazyModule

sympy: Any = LazyModule("sympy")

Function = Callable[[Any], Any]
_SMALLEST, _LARGEST = 1e-9, 1 - 1e-9
_CELLS = 4000


def from_r_transform(r: Function) -> dict[float, float]:
    """``G(w)`` is infinite at ``w = R(oo)``, with ``mass = lim 1 + g (R(g) - w)``."""
    place = _limit(r)
    if place is None:
        return {}
    return _kept(place, _limit(lambda g: 1 + g * (r(g) - place)))


def from_s_transform(s: Function) -> dict[float, float]:
    """At 0 the mass is 1 plus the pole of S nearest 0; ``psi`` is infinite at ``w = 1/S(oo)``."""
    pole = _first_pole(s)
    found = _kept(0.0, 1 + pole) if pole is not None else {}
    inverse = _limit(lambda m: 1 / s(m))
    if inverse is None or inverse <= 0:
        return found
    mass = _limit(lambda m: (1 + m - m * inverse * s(m)) / (inverse * s(m)))
    return found | _kept(inverse, mass)


def from_cauchy_transform(expression: Any, symbol: Any, g: Function) -> dict[float, float]:
    """The real zeros of denominators, with ``mass = lim i y G(a + i y)``."""
    denominator = sympy.fraction(sympy.together(expression))[1]
    found: dict[float, float] = {}
    for factor in sympy.Mul.make_args(denominator):
        base = factor.as_base_exp()[0]
        if base.is_polynomial(symbol) and symbol in base.free_symbols:
            for root in sympy.Poly(base, symbol).nroots(n=17, maxsteps=200):
                if abs(sympy.im(root)) < 1e-14 * (1 + abs(root)):
                    found |= _residue(g, float(sympy.re(root)))
    return dict(sorted(found.items()))


def _residue(g: Function, place: float) -> dict[float, float]:
    heights = [1e-7 * max(1.0, abs(place)) * 10.0**-k for k in range(2)]
    masses = [(1j * y * complex(g(place + 1j * y))).real for y in heights]
    settled = abs(masses[1] - masses[0]) < 1e-4
    return _kept(place, masses[1]) if settled else {}


def _limit(function: Function) -> float | None:
    """The real limit at ``-i oo``, extrapolated twice; None if there is none."""
    try:
        values = [complex(function(-1j * size)) for size in (1e5, 2e5, 4e5)]
    except (ArithmeticError, ValueError):
        return None
    near, far = (2 * b - a for a, b in itertools.pairwise(values))
    limit = (4 * far - near) / 3
    settled = abs(values[2] - values[0]) < 1e-3 * (1 + abs(limit)) and abs(limit.imag) < 1e-9
    return limit.real if math.isfinite(limit.real) and settled else None


def _first_pole(s: Function) -> float | None:
    """The largest zero of ``1/S`` in ``(-1, 0)``."""

    def reciprocal(m: float) -> float:
        try:
            return float((1 / complex(s(m))).real)
        except (ArithmeticError, ValueError):
            return 0.0

    right = -1e-9
    for k in range(1, _CELLS):
        left = -k / _CELLS
        if reciprocal(left) <= 0:
            return _bisected(reciprocal, left, right)
        right = left
    return None


def _bisected(function: Callable[[float], float], left: float, right: float) -> float:
    for _ in range(60):
        middle = 0.5 * (left + right)
        left, right = (left, middle) if function(middle) > 0 else (middle, right)
    return 0.5 * (left + right)


def _kept(place: float, mass: float | None) -> dict[float, float]:
    if mass is None or not mass > _SMALLEST:
        return {}
    return {_simple(place): 1.0 if mass > _LARGEST else _simple(mass)}


def _simple(x: float) -> float:
    """A number without the rounding of a simple fraction."""
    near = float(Fraction(x).limit_denominator(1000))
    return near if abs(near - x) < 1e-12 * (1 + abs(x)) else x
