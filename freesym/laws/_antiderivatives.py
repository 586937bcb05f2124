"""Antiderivatives of formulas, as relations need them for their log-potentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from freesym.laws._half_planes import lower_unit
from freesym.lazy import LazyModule
from freesym.relations.formula import Factor, LogarithmOfProduct, evaluate, linear_logarithm
from freesym.relations.functions import log

sympy: Any = LazyModule("sympy")

Function = Callable[[Any], Any]
_COARSE = tuple(column.tolist() for column in np.polynomial.legendre.leggauss(16))
_FINE = tuple(column.tolist() for column in np.polynomial.legendre.leggauss(48))
_TOLERANCE = 1e-10
#: Integrals are tested at points of the lower half-plane around the origin, down to the axis.
RADII = (0.01, 0.25, 0.45, 0.7, 1.0, 1.7, 20.0)
ANGLES = (1e-6, 0.01, 1.2, 3.13, np.pi - 1e-6)


# ------------------------------------------------------------------------------ quadrature


def _segment(f: Function, start: Any, end: Any, rule: Any, pieces: int) -> Any:
    """The integral along a straight line by a composite Gauss-Legendre rule."""
    total: Any = 0.0
    for piece in range(pieces):
        for node, weight in zip(*rule, strict=True):
            t = (piece + 0.5 + 0.5 * node) / pieces
            total = total + (0.5 / pieces * weight) * f(start * (1 - t) + end * t)
    return total * (end - start)


@dataclass(frozen=True)
class Quadrature:
    """The integral of a function from 0, along a broken line through the lower half-plane.

    The corner is at ``-i depth``, or at its mirror image for the other orientation, so that
    singularities on the axis between 0 and a real point are passed on the right side.
    """

    function: Function
    depth: float
    corner: complex

    def __call__(self, x: Any) -> Any:
        """The integral up to ``x``."""
        lower = lower_unit(x)
        known = self.corner.real - self.corner.imag * lower
        return known + _segment(self.function, self.depth * lower, x, _COARSE, 2)


def _graded(f: Function, start: complex, end: complex) -> complex:
    """The integral by a rule on pieces that shrink towards the end, which may be singular."""
    cuts = [start + (end - start) * (1 - 0.4**k) for k in range(16)] + [end]
    return complex(sum(_segment(f, a, b, _COARSE, 1) for a, b in pairwise(cuts)))


def _holds(function: Function, integral: Function, depth: float) -> bool:
    """Whether a function is the integral from 0, at a sample of the lower half-plane."""
    try:
        for radius in RADII:
            corner = -1j * radius * depth
            value = _graded(function, corner, 0.0)
            for angle in ANGLES:
                x = complex(radius * depth * np.exp(-1j * angle))
                expected, found = _graded(function, corner, x) - value, integral(x)
                if not abs(found - expected) < _TOLERANCE * (1e-3 + abs(expected)):
                    return False
    except (ArithmeticError, ValueError, TypeError):
        return False
    return True


def quadrature(function: Function, depth: float) -> Quadrature | None:
    """The integral of ``function`` from 0; None if the rule fails where it is tried."""
    try:
        corner = complex(_segment(function, 0.0, -1j * depth, _FINE, 4))
    except (ArithmeticError, ValueError, TypeError):
        return None
    found = Quadrature(function, depth, corner)
    return found if _holds(function, found, depth) else None


# ------------------------------------------------------------------------------ closed forms


@dataclass(frozen=True)
class Rational:
    """The integral from 0 of ``polynomial + sum c (1 - x/pole)^-k``."""

    symbol: Any
    polynomial: Any
    poles: tuple[tuple[float, int, float], ...]

    def __call__(self, x: Any) -> Any:
        """The integral up to ``x``."""
        total = evaluate(self.polynomial, self.symbol, x) if self.polynomial != 0 else 0 * x
        for pole, k, c in self.poles:
            total = total + self._term(pole, k, c, x)
        return total

    def _term(self, pole: float, k: int, c: float, x: Any) -> Any:
        if k == 1:
            return (-pole * c) * linear_logarithm(-1 / pole, x)
        return (pole * c / (k - 1)) * (1 / (1 - x * (1 / pole)) ** (k - 1) - 1)


def rational(expression: Any, symbol: Any) -> Rational | None:
    """The integral of a rational function with real poles, if it is one."""
    if not expression.is_rational_function(symbol):
        return None
    polynomial: Any = sympy.S.Zero
    poles: list[tuple[float, int, float]] = []
    for part in sympy.Add.make_args(sympy.apart(sympy.together(expression), symbol)):
        top, bottom = sympy.fraction(sympy.cancel(part))
        if symbol not in bottom.free_symbols:
            polynomial = polynomial + sympy.integrate(part, symbol)
            continue
        found = _real_poles(top, bottom, symbol)
        if found is None:
            return None
        poles += found
    return Rational(symbol, polynomial, tuple(poles))


def elementary(expression: Any, symbol: Any, depth: float) -> Function | None:
    """The integral from 0 of an algebraic or elementary formula, if SymPy's rules find it."""
    found = sympy.integrate(expression, symbol, manual=True)
    if found.has(sympy.Integral, sympy.Piecewise) or not found.has(symbol):
        return None
    at_zero = sympy.limit(found, symbol, 0)
    if not at_zero.is_finite:
        return None
    whole = found - at_zero

    def integral(x: Any) -> Any:
        return evaluate(whole, symbol, x)

    def function(x: Any) -> Any:
        return evaluate(expression, symbol, x)

    return integral if _holds(function, integral, depth) else None


def _real_poles(top: Any, bottom: Any, symbol: Any) -> list[tuple[float, int, float]] | None:
    (unit, factors) = sympy.factor_list(bottom, symbol)
    if len(factors) != 1:
        return None
    base, k = factors[0]
    polynomial = sympy.Poly(base, symbol)
    if polynomial.degree() > 1 and k > 1:
        return None
    zeros = polynomial.nroots(n=17, maxsteps=200)
    if any(zero.as_real_imag()[1] != 0 for zero in zeros):
        return None
    slope = polynomial.diff(symbol)
    result = []
    for zero in zeros:
        a = float(zero)
        c = float(top.subs(symbol, zero) / (unit * slope.eval(zero) ** k)) * (-1 / a) ** k
        result.append((a, k, c))
    return result


def logarithm(f: LogarithmOfProduct, symbol: Any) -> Function | None:
    """The integral of ``log f`` from 0 in closed form, if every factor has one."""
    parts: list[tuple[Any, Function]] = []
    for factor in f.factors:
        found = _factor_integral(factor, symbol)
        if found is None:
            return None
        parts.append((factor.exponent, found))
    constant = log(float(f.at_zero))

    def integral(x: Any) -> Any:
        total = constant * x
        for exponent, part in parts:
            total = total + float(exponent) * part(x)
        return total

    return integral


def _factor_integral(factor: Factor, symbol: Any) -> Function | None:
    if factor.kind == "exponential":
        return rational(factor.base, symbol)
    if factor.kind != "linear":
        return None
    slope = float(factor.slope)
    return lambda x: (x + 1 / slope) * linear_logarithm(slope, x) - x
