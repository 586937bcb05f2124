"""Averages of powers of functions of a normal or uniform variable, exactly.

A function that is a sum of terms ``c x^m exp(a x + b x^2)`` has powers of the same form, and

* ``E X^m exp(a X + b X^2) = s exp(a^2 s^2/2) E (a s^2 + s Y)^m`` with ``s^2 = 1/(1 - 2 b)`` for
  standard normal ``X`` and ``Y``, infinite for ``b >= 1/2`` (by completing the square);
* ``E X^m = 1/(m + 1)`` for ``X`` uniform on (0, 1) and every real ``m > -1``, and by parts
  ``E X^m exp(a X) = (exp(a) - m E X^(m-1) exp(a X))/a``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule

sympy: Any = LazyModule("sympy")

#: Powers of ``x`` and the coefficients of ``x`` and ``x^2`` in the exponent.
Exponents = tuple[Any, Any, Any]
Terms = dict[Exponents, Any]

#: So many products of terms take a few seconds.
_MOST_PRODUCTS = 200_000


def exact_moments(function: Any, base: str, n: int) -> list[Any] | None:
    """``E f(X), ..., E f(X)^n``, or None if the function is no such sum or has too many terms.

    Parameters
    ----------
    function : SymPy expression of one symbol
        ``f``.
    base : {"normal", "uniform"}
        Whether ``X`` is standard normal or uniform on (0, 1).
    n : int
        How many.

    Raises
    ------
    UnsupportedOperationError
        If a moment is infinite.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> exact_moments(x**2 + 1, "normal", 3)
    [2, 6, 28]
    >>> exact_moments(sympy.exp(x), "uniform", 2)
    [-1 + E, -1/2 + exp(2)/2]
    """
    terms = _terms(function, positive=base == "uniform")
    if terms is None or (base == "uniform" and any(b != 0 for _, _, b in terms)):
        return None
    average: Callable[[Exponents], Any] = _normal if base == "normal" else _uniform
    power: Terms = {(sympy.S.Zero,) * 3: sympy.S.One}
    found = []
    work = 0
    for k in range(1, n + 1):
        work += len(power) * len(terms)
        if work > _MOST_PRODUCTS:
            return None
        power = _product(power, terms)
        averages = [(c, average(exponents)) for exponents, c in power.items()]
        if any(value is None for _, value in averages):
            return None
        if any(value is sympy.oo for _, value in averages):
            raise UnsupportedOperationError(
                f"the moment of order {k} of {function} is infinite; use quantiles or the density"
            )
        found.append(sympy.expand(sympy.Add(*(c * value for c, value in averages))))
    return found


def _terms(function: Any, *, positive: bool) -> Terms | None:
    """The terms of an expanded function; None if it has others."""
    if function.has(sympy.Float):
        return None
    (x,) = function.free_symbols
    variable = sympy.Dummy("x", real=True, positive=positive or None)
    expanded = sympy.expand(function.xreplace({x: variable}))
    found: Terms = {}
    for term in sympy.Add.make_args(expanded):
        parts = _factors(term, variable)
        if parts is None:
            return None
        exponents, coefficient = parts
        found[exponents] = found.get(exponents, sympy.S.Zero) + coefficient
    return found


def _factors(term: Any, x: Any) -> tuple[Exponents, Any] | None:
    coefficient, rest = term.as_independent(x, as_Add=False)
    if not coefficient.is_finite or not coefficient.is_real:
        return None
    m = a = b = sympy.S.Zero
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base == x and exponent.is_Rational:
            m += exponent
        elif isinstance(factor, sympy.exp):
            row = _quadratic(factor.exp, x)
            if row is None:
                return None
            constant, linear, square = row
            coefficient *= sympy.exp(constant)
            a, b = a + linear, b + square
        elif factor != 1:
            return None
    return (m, a, b), coefficient


def _quadratic(exponent: Any, x: Any) -> tuple[Any, Any, Any] | None:
    """The coefficients of a real polynomial of degree 2 at most."""
    if not exponent.is_polynomial(x) or sympy.degree(exponent, x) > 2:
        return None
    row = [exponent.expand().coeff(x, k) for k in range(3)]
    return (row[0], row[1], row[2]) if all(c.is_real for c in row) else None


def _product(left: Terms, right: Terms) -> Terms:
    found: Terms = {}
    for (m, a, b), c in left.items():
        for (k, e, f), d in right.items():
            key = (m + k, a + e, b + f)
            found[key] = found.get(key, sympy.S.Zero) + c * d
    return {key: value for key, value in found.items() if value != 0}


def _normal(exponents: Exponents) -> Any | None:
    m, a, b = exponents
    if not (m.is_Integer and m >= 0):
        return None
    narrowed = 1 - 2 * b
    if not narrowed.is_positive:
        return sympy.oo if narrowed.is_nonpositive else None
    variance = 1 / narrowed
    mean = a * variance
    moments = sympy.Add(*_shifted_moment(int(m), mean, variance))
    return sympy.sqrt(variance) * sympy.exp(a**2 * variance / 2) * moments


def _shifted_moment(m: int, mean: Any, variance: Any) -> Iterator[Any]:
    """The terms of ``E (mean + Y)^m`` for a centred normal ``Y``."""
    for k in range(0, m + 1, 2):
        odd_numbers = math.factorial(k) // (2 ** (k // 2) * math.factorial(k // 2))
        yield math.comb(m, k) * odd_numbers * variance ** (k // 2) * mean ** (m - k)


def _uniform(exponents: Exponents) -> Any | None:
    m, a, _ = exponents
    if a == 0:
        return 1 / (m + 1) if m > -1 else sympy.oo
    if not (m.is_Integer and m >= 0):
        return None
    value = (sympy.exp(a) - 1) / a
    for k in range(1, int(m) + 1):
        value = sympy.expand((sympy.exp(a) - k * value) / a)
    return value
