"""Moments of inverses as values of the Cauchy transform at 0, exactly.

``E X^-k`` is minus the coefficient of ``w^(k-1)`` in ``G(w)`` at 0, where ``G`` is analytic if the
spectrum stays away from 0.  ``G(0)`` is a zero of the law's polynomial at ``w = 0``; which one it
is the solver says, and all further coefficients lie in the field that it generates.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import flint
import numpy as np

from freesym.algebra.coefficients import Scalar, from_native, to_native
from freesym.algebra.extensions import Extension
from freesym.algebra.polynomials import Polynomial
from freesym.errors import (
    DegreeError,
    FreesymError,
    InvalidLawError,
    NotAlgebraicError,
    UnsupportedOperationError,
)
from freesym.lazy import LazyModule
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.negative_moments import from_contour, gap
from freesym.transforms.curve import Curve, algebraic_curve
from freesym.transforms.selection import Values, bound, draws, free_symbols

sympy: Any = LazyModule("sympy")

#: Beyond, the field is so large that balls serve better.
_LARGEST_DEGREE = 32
_CLOSE, _MARGIN = 1e-7, 1e3
_CASES, _SUPPORTS = 3, 12
_DIGITS = 50


class _Case(NamedTuple):
    """``G(0)`` of one law of the family, and what is small beside it."""

    values: Values
    g: float
    scale: float


class _Zero(NamedTuple):
    """``G(0)`` as a zero of a polynomial: its field, itself in it, and the generator."""

    field: Extension
    start: list[Scalar]
    generator: Any


def exact_negative_moments(relation: Relation, n: int) -> list[Scalar] | None:
    """``E X^-1, ..., E X^-n`` as numbers of the field that ``E X^-1`` generates.

    Parameters
    ----------
    relation : Relation
        A tree with exact parameters.  With symbols the result holds for the parameters for which
        0 lies outside the support.
    n : int
        How many.

    Returns
    -------
    list of expressions, or None
        None if the law has no polynomial, or one that is too large or singular at 0.

    Raises
    ------
    InvalidLawError
        If the support reaches 0, for all the values of the symbols that were tried.
    UnsupportedOperationError
        If ``E X^-1`` has no formula in the symbols.
    """
    try:
        curve = algebraic_curve(relation, _LARGEST_DEGREE)
    except (DegreeError, NotAlgebraicError, InvalidLawError):  # the last for floats as data
        return None
    cases = _cases(relation)
    if not cases and not free_symbols(relation):
        return None
    if not cases:
        raise InvalidLawError(
            "the support reached 0 for all values of the symbols that were tried, so the moments "
            "of 1/X do not exist; shift the law away from 0, declare assumptions "
            "(positive=True), or bind the symbols by subs"
        )
    factors = [f for f, _ in curve.polynomial.coefficients("w")[0].factors()[1] if f.involves("g")]
    zero = _zero(curve, factors, cases)
    if zero is None:
        return None
    rows = [_row(curve, part) for part in curve.polynomial.coefficients("g")]
    try:
        found = zero.field.implicit_series(rows, zero.start, n)
    except ZeroDivisionError:  # branches cross at 0
        return None
    return [-_value(column, zero.generator) for column in zip(*found, strict=True)]


def _value(column: tuple[Scalar, ...], generator: Any) -> Any:
    parts = [sympy.sympify(from_native(c)) * generator**k for k, c in enumerate(column)]
    return sympy.Add(*parts)


def _row(curve: Curve, part: Polynomial) -> list[Scalar]:
    """The coefficients of the powers of ``w``."""
    return [_native(curve, c) for c in part.coefficients("w")] or [flint.fmpq(0)]


def _native(curve: Curve, coefficient: Polynomial) -> Scalar:
    return to_native(curve.to_sympy(coefficient, {}))


# ------------------------------------------------------------------------------ verified values


def _cases(relation: Relation) -> list[_Case]:
    """Laws of the family whose spectrum stays away from 0, some on each side of it.

    Those that bounds decide come first; where there are none, supports are computed.
    """
    sides: dict[str, list[_Case]] = {"above": [], "below": []}
    others: list[tuple[Relation, Values, float]] = []
    for values in draws(relation):
        try:
            numeric = bound(relation, values).numeric()
            lower, upper = hull(numeric)
        except (FreesymError, ArithmeticError, TypeError, ValueError):
            continue
        extent = max(abs(lower), abs(upper))
        if lower > 0 or upper < 0:
            found = sides["above" if lower > 0 else "below"]
            found += _case(numeric, values, extent) if len(found) < _CASES else []
        elif len(others) < _SUPPORTS:
            others.append((numeric, values, extent))
    decided = [*sides["above"], *sides["below"]]
    return decided or [case for other in others for case in _case_in_gap(*other)]


def _case_in_gap(numeric: Relation, values: Values, extent: float) -> list[_Case]:
    try:
        gap(numeric)
    except (FreesymError, ArithmeticError):
        if not values:
            raise
        return []
    return _case(numeric, values, extent)


def _case(numeric: Relation, values: Values, extent: float) -> list[_Case]:
    g = complex(transforms(numeric, np.zeros(1, dtype=np.complex128)).g[0]).real
    if not math.isfinite(g):  # charts may be singular at 0
        try:
            g = -from_contour(numeric, 1)[0]
        except (FreesymError, ArithmeticError):
            return []
    return [_Case(values, g, max(abs(g), 1 / extent))]


# ------------------------------------------------------------------------------ which zero


def _zero(curve: Curve, factors: list[Polynomial], cases: list[_Case]) -> _Zero | None:
    """The zero that the solver sees, if it is the same for all cases."""
    choices = [_nearest(curve, factors, case) for case in cases]
    if any(choice is None for choice in choices):
        return None
    places = {(index, position) for index, position, _ in filter(None, choices)}
    if len({index for index, _ in places}) > 1:
        raise _undecided(curve, factors, {index for index, _ in places})
    factor = factors[next(iter(places))[0]]
    degree = factor.degree("g")
    if degree == 1:
        below, above = (_native(curve, c) for c in factor.coefficients("g"))
        return _Zero(Extension((flint.fmpq(0),)), [-below / above], sympy.S.One)
    if degree == 2:
        zeros = [zero for _, _, zero in filter(None, choices)]
        return _quadratic_zero(curve, factor, cases, zeros)
    if curve.parameters.atoms:
        raise _undecided(curve, factors, {index for index, _ in places})
    return _numerical_zero(curve, factor, next(iter(places))[1])


def _nearest(curve: Curve, factors: list[Polynomial], case: _Case) -> tuple[int, int, float] | None:
    """The factor, the place of the zero among its real ones, and the zero."""
    found = []
    for index, factor in enumerate(factors):
        row = [_rational(curve, c, case.values) for c in factor.coefficients("g")]
        for position, zero in enumerate(_real_zeros(row)):
            found.append((abs(zero - case.g), index, position, zero))
    found.sort()
    if not found or found[0][0] > _CLOSE * case.scale:
        return None
    if len(found) > 1 and found[1][0] < _MARGIN * max(found[0][0], 1e-13 * case.scale):
        return None
    return found[0][1:]


def _rational(curve: Curve, coefficient: Polynomial, values: Values) -> Any:
    exact = {symbol: sympy.Rational(v) for symbol, v in values.items()}
    value = curve.to_sympy(coefficient, {}).subs(exact)
    if not value.is_Rational:  # with constants like pi
        value = sympy.Rational(sympy.N(value, _DIGITS))
    return flint.fmpq(int(value.p), int(value.q))


def _real_zeros(row: list[Any]) -> list[float]:
    """Ascending, as SymPy counts them."""
    zeros: Any = flint.fmpq_poly(row).complex_roots()
    return sorted(float(zero.real.mid()) for zero, _ in zeros if zero.imag == 0)


def _quadratic_zero(
    curve: Curve, factor: Polynomial, cases: list[_Case], zeros: list[float]
) -> _Zero:
    """``(-b + s e sqrt(f))/(2a)`` with ``b^2 - 4ac = e^2 f``, the sign ``s`` by the cases."""
    c, b, a = factor.coefficients("g")
    square, rest = _square_part(b * b - 4 * a * c)
    signs = set()
    for case, zero in zip(cases, zeros, strict=True):
        slope, e = ((_rational(curve, part, case.values)) for part in (2 * a, square))
        middle = float(_as_float(_rational(curve, b, case.values)))
        signs.add(math.copysign(1, (_as_float(slope) * zero + middle) / _as_float(e)))
    if len(signs) > 1:
        raise _undecided(curve, [factor], {0})
    root = sympy.sqrt(curve.to_sympy(rest, {}))
    below, middle_, slope_, e_ = (_native(curve, p) for p in (rest, b, 2 * a, square))
    start = [-middle_ / slope_, int(signs.pop()) * e_ / slope_]
    return _Zero(Extension((below, flint.fmpq(0))), start, root)


def _as_float(value: Any) -> float:
    return int(value.p) / int(value.q)


def _square_part(value: Polynomial) -> tuple[Polynomial, Polynomial]:
    """``e`` and ``f`` without squares, ``value = e^2 f``."""
    content, factors = value.factors()
    e = f = Polynomial.constant(value.names, 1)
    for factor, power in factors:
        e, f = e * factor ** (power // 2), f * factor ** (power % 2)
    for prime, power in flint.fmpz(abs(content)).factor():
        e, f = e * int(prime) ** (int(power) // 2), f * int(prime) ** (int(power) % 2)
    return e, f if content > 0 else -f


def _numerical_zero(curve: Curve, factor: Polynomial, position: int) -> _Zero:
    x = sympy.Symbol("x")
    root = sympy.CRootOf(curve.to_sympy(factor, {"g": x}), position, radicals=False)
    row = [_native(curve, c) for c in factor.coefficients("g")]
    power = tuple(-c / row[-1] for c in row[:-1])
    zero, one = flint.fmpq(0), flint.fmpq(1)
    start = [zero, one, *[zero] * (len(power) - 2)]
    return _Zero(Extension(power), start, root)


def _undecided(
    curve: Curve, factors: list[Polynomial], chosen: set[int]
) -> UnsupportedOperationError:
    m = sympy.Symbol("m")
    shown = " or ".join(f"{curve.to_sympy(factors[k], {'g': -m})} = 0" for k in sorted(chosen))
    return UnsupportedOperationError(
        f"E X^-1 is a zero m of {shown}, and which one depends on the symbols or has no formula "
        "in them; declare assumptions (positive=True), or bind the symbols by subs"
    )
