"""Exact values for the symbols of two laws, and what they tell about expressions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from freesym.errors import FreesymError
from freesym.law import Law

Values = dict[Any, Fraction]

_DENOMINATORS = (83, 89, 97, 101, 103, 107, 109, 113)
#: Ranges of the values of one symbol: about 1, below it, above it, and large ones.
_RANGES = ((0.3, 2.5), (0.02, 0.98), (1.05, 3.0), (3.0, 30.0))
#: The third value is large, and the fourth the reciprocal of a large one.
_FAR = (100.0, 10_000.0)
_DRAWS, _FAILURES = 400, 60
_DIGITS, _ZERO = (40, 80), 1e-30


def instances_of(left: Law, right: Law) -> Iterator[tuple[Values, Law, Law]]:
    """Both laws at exact values of their symbols at which both are laws.

    All symbols vary, independently of each other.  The search ends after 400 draws, or when 60
    of them could not be evaluated.
    """
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    generator, failures = random.Random(0), 0  # noqa: S311 - not for secrets
    for draw in range(_DRAWS):
        values = {symbol: _value(symbol, generator, draw) for symbol in symbols}
        if not all(_admits(symbol, value) for symbol, value in values.items()):
            continue
        try:
            pair = left.subs(values), right.subs(values)
        except (FreesymError, TypeError, ValueError, ArithmeticError):
            continue
        if all(map(_exists, pair)):
            yield values, *pair
            continue
        failures += 1
        if failures == _FAILURES:
            return


def _value(symbol: Any, generator: random.Random, draw: int) -> Fraction:
    low, high = _RANGES[0] if draw < 2 else generator.choice(_RANGES)
    if draw in (2, 3):
        low, high = _FAR
    negative = generator.random() < (0.0 if draw == 0 else 0.5)
    sign = -1 if symbol.is_nonpositive or (negative and not symbol.is_nonnegative) else 1
    if symbol.is_integer:
        return Fraction(sign * generator.randint(1, 3 + int(high)))
    q = generator.choice(_DENOMINATORS)
    size = Fraction(generator.randint(int(low * q) + 1, int(high * q)), q)
    return sign * (1 / size if draw == 3 else size)


def _admits(symbol: Any, value: Fraction) -> bool:
    """Whether SymPy's assumptions on a symbol allow a value."""
    import sympy

    number = sympy.Rational(value.numerator, value.denominator)
    known = symbol.assumptions0.items()
    return all(getattr(number, f"is_{name}", None) in (None, truth) for name, truth in known)


def _exists(law: Law) -> bool:
    try:
        law.support(exact=False)
    except FreesymError:
        return False
    return True


# --------------------------------------------------------------------- expressions


def is_rational(expression: Any, *variables: Any) -> bool:
    """Whether an expression is a polynomial in variables and symbols over the rationals.

    One that is not 0 when it is expanded is not 0 for generic values.
    """
    import sympy

    names = [*variables, *sorted(expression.free_symbols - set(variables), key=str)]
    try:
        sympy.Poly(expression, *(names or [sympy.Dummy()]), domain=sympy.QQ)
    except (sympy.PolynomialError, sympy.CoercionFailed):
        return False
    return True


def is_zero(expression: Any) -> bool:
    """Whether SymPy shows that an expression is 0; if not, it may be 0 all the same."""
    import sympy

    return bool(sympy.expand(expression) == 0 or sympy.simplify(expression) == 0)


def is_certainly_nonzero(expression: Any, size: float = 1.0) -> bool:
    """Whether a constant is not 0, by its value in 40 and in 80 digits.

    Parameters
    ----------
    expression : sympy.Expr
        Without symbols.
    size : float
        Of its terms: values below 1e-30 of it may be 0.
    """
    import sympy

    try:
        first, second = (complex(sympy.N(expression, n, maxn=400)) for n in _DIGITS)
    except (TypeError, ValueError, ArithmeticError):
        return False
    return abs(second) > _ZERO * size and abs(first - second) <= 1e-3 * abs(second)


def is_generically_nonzero(expression: Any) -> bool:
    """Whether an expression is not 0 at some values that its symbols may have."""
    import sympy

    expanded = sympy.expand(expression)
    if is_rational(expanded):
        return bool(expanded != 0)
    generator = random.Random(1)  # noqa: S311 - not for secrets
    symbols = sorted(expanded.free_symbols, key=str)
    for draw in (0, 1, *range(4, 10)):  # the large ones leave functions such as cosh no digits
        values = {symbol: _value(symbol, generator, draw) for symbol in symbols}
        if is_certainly_nonzero(expanded.subs(values)):
            return True
    return False
