"""Formulas of freely infinitely divisible laws, which determine one law on all of the half-plane.

An R-transform belongs to such a law if and only if ``-R(1/z)`` maps the upper half-plane to its
closure (Bercovici & Voiculescu 1993, theorem 5.10), an S-transform if and only if
``log S(z/(1 - z))`` maps it to the closed lower one and is analytic beside the positive
half-line (theorem 6.13 there).  For the formulas below that can be read off; others are
tested at points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError
from freesym.lazy import LazyModule
from freesym.relations.formula import Factor, LogarithmOfProduct

sympy: Any = LazyModule("sympy")


def is_levy_khintchine(expression: Any, symbol: Any) -> bool:
    """Whether a rational R-transform is ``a + v g + sum c_k t_k/(1 - t_k g)``, v and c positive."""
    top, bottom = sympy.fraction(sympy.cancel(sympy.together(expression)))
    if not (top.is_polynomial(symbol) and bottom.is_polynomial(symbol)):
        return False
    try:
        linear, rest = sympy.div(sympy.Poly(top, symbol), sympy.Poly(bottom, symbol))
        denominator = sympy.Poly(bottom, symbol)
        if linear.degree() > 1 or linear.coeff_monomial(symbol) < 0 or not denominator.is_sqf:
            return False
        if denominator.count_roots() < denominator.degree():
            return False
        residues = rest.as_expr() / denominator.diff(symbol).as_expr()
        poles = denominator.nroots(n=30) if denominator.degree() else []
        return all(residues.subs(symbol, pole) < 0 for pole in poles)
    except (sympy.PolynomialError, NotImplementedError, TypeError, ValueError):
        return False


def is_multiplicative_levy_khintchine(logarithm: LogarithmOfProduct) -> bool:
    """Whether every factor of an S-transform is that of a multiplicatively divisible law.

    Those are powers of free Poisson laws and of their inverses, and exponentials.
    """
    factors = logarithm.factors
    if len(factors) == 1 and factors[0].kind == "linear" and factors[0].exponent == -1:
        return bool(factors[0].slope > 0)
    return all(_is_divisible(factor, logarithm.symbol) for factor in factors)


def _is_divisible(factor: Factor, symbol: Any) -> bool:
    """Whether ``Im log`` of the factor is not positive above, and it is analytic on (-1, 0)."""
    if factor.kind == "exponential":
        rational = -factor.exponent * factor.base
        denominator = sympy.Poly(sympy.denom(sympy.together(rational)), symbol)
        inside = denominator.count_roots(-1, 0) - (denominator.eval(-1) == 0)
        return inside == 0 and is_levy_khintchine(rational, symbol)
    if factor.kind != "linear":
        return False
    return bool(0 < factor.slope <= 1 and factor.exponent < 0) or bool(
        factor.slope < 0 and factor.exponent > 0
    )


def looks_divisible(function: Callable[[complex], Any], half_plane: int) -> bool:
    """Whether a function has ``Im <= 0`` at a grid of points of one half-plane (1 or -1)."""
    try:
        values = np.array([complex(function(point)) for point in _grid(half_plane).tolist()])
    except (FreesymError, ArithmeticError, ValueError, TypeError):
        return False
    return bool(np.isfinite(values).all() and (values.imag <= 1e-12 * np.abs(values)).all())


def _grid(half_plane: int) -> NDArray[np.complex128]:
    radii = np.geomspace(1e-4, 1e4, 41)
    angles = (
        np.pi * half_plane * np.array([1e-4, 0.02, 0.1, 0.25, 0.4, 0.5, 0.63, 0.8, 0.93, 0.9999])
    )
    return np.asarray((radii[:, None] * np.exp(1j * angles)).ravel())
