"""SymPy formulas as relations: folded through the functions of this room.

``evaluate`` runs a formula on any number system.  :class:`LogarithmOfProduct` states the
logarithm of a formula factor by factor, so that large powers neither overflow nor leave the
branch that starts at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule
from freesym.relations.functions import (
    exp,
    log,
    log_lower,
    log_upper,
    parameter_in,
    sqrt,
    times_i,
)

sympy: Any = LazyModule("sympy")

Function = Callable[[Any], Any]


def evaluate(expression: Any, symbol: Any, value: Any) -> Any:
    """The value of a SymPy expression with ``symbol`` replaced, in the number system of ``value``.

    Raises
    ------
    UnsupportedOperationError
        For functions that are not elementary.

    Examples
    --------
    >>> g = sympy.Symbol("g")
    >>> evaluate(1 / (1 - g / 2), g, 1j)
    (0.8+0.4j)
    """
    if expression == symbol:
        return value
    if symbol not in expression.free_symbols:
        return _constant(expression, value)
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        return _combined(expression, symbol, value)
    if isinstance(expression, sympy.Pow):
        return _power(expression, symbol, value)
    function = _FUNCTIONS.get(type(expression).__name__)
    if function is None:
        raise UnsupportedOperationError(
            f"the function {type(expression).__name__} in {expression} is not supported; use "
            "powers, exp, log and the trigonometric and hyperbolic functions"
        )
    return function(evaluate(expression.args[0], symbol, value))


def _constant(expression: Any, value: Any) -> Any:
    """Exact where the number system is; complex numbers would turn into SymPy's."""
    if expression.is_Rational:
        exact = Fraction(int(expression.p), int(expression.q))
        return exact.numerator if exact.denominator == 1 else exact
    if isinstance(value, (complex, float)) or expression.is_Float:
        number = complex(expression)
        return number.real if number.imag == 0 else number
    return expression


def _combined(expression: Any, symbol: Any, value: Any) -> Any:
    """A sum or product, the part free of the symbol as one constant."""
    constant, rest = expression.as_independent(symbol)
    total = None
    is_sum = isinstance(expression, sympy.Add)
    for term in rest.args if rest.func == expression.func else (rest,):
        factor = evaluate(term, symbol, value)
        total = factor if total is None else total + factor if is_sum else total * factor
    if constant == (0 if is_sum else 1):
        return total
    if constant == sympy.I and not is_sum:
        return times_i(total)
    number = _constant(constant, value)
    return number + total if is_sum else number * total


def _power(expression: Any, symbol: Any, value: Any) -> Any:
    base, exponent = expression.args
    if symbol in exponent.free_symbols:
        if symbol not in base.free_symbols:
            return exp(evaluate(exponent * sympy.log(base), symbol, value))
        return exp(evaluate(exponent, symbol, value) * log(evaluate(base, symbol, value)))
    number = evaluate(base, symbol, value)
    if exponent == -1:
        return 1 / number
    if exponent in (sympy.S.Half, -sympy.S.Half):
        return sqrt(number) if exponent > 0 else 1 / sqrt(number)
    return number ** _constant(exponent, value)


def _sinh(x: Any) -> Any:
    e = exp(x)
    return (e - 1 / e) / 2


def _cosh(x: Any) -> Any:
    e = exp(x)
    return (e + 1 / e) / 2


def _tanh(x: Any) -> Any:
    return 1 - 2 / (exp(2 * x) + 1)


def _minus_i(x: Any) -> Any:
    return -times_i(x)


def _asinh(x: Any) -> Any:
    return log(x + sqrt(x * x + 1))


def _acosh(x: Any) -> Any:
    return log(x + sqrt(x - 1) * sqrt(x + 1))


def _atanh(x: Any) -> Any:
    return (log(1 + x) - log(1 - x)) / 2


# the circular functions are written so that real arguments give values that are exactly real


def _sin(x: Any) -> Any:
    y = times_i(x)
    return _minus_i(exp(y) - exp(-y)) / 2


def _cos(x: Any) -> Any:
    y = times_i(x)
    return (exp(y) + exp(-y)) / 2


def _atan(x: Any) -> Any:
    y = times_i(x)
    return _minus_i(log(1 + y) - log(1 - y)) / 2


def _asin(x: Any) -> Any:
    return 2 * _atan(x / (1 + sqrt(1 - x * x)))


_FUNCTIONS: dict[str, Function] = {
    "exp": exp,
    "log": log,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "coth": lambda x: 1 / _tanh(x),
    "sech": lambda x: 1 / _cosh(x),
    "csch": lambda x: 1 / _sinh(x),
    "sin": _sin,
    "cos": _cos,
    "tan": lambda x: _sin(x) / _cos(x),
    "cot": lambda x: _cos(x) / _sin(x),
    "sec": lambda x: 1 / _cos(x),
    "csc": lambda x: 1 / _sin(x),
    "asinh": _asinh,
    "acosh": _acosh,
    "atanh": _atanh,
    "acoth": lambda x: _atanh(1 / x),
    "asin": _asin,
    "acos": lambda x: 1.5707963267948966 - _asin(x),
    "atan": _atan,
}


@dataclass(frozen=True)
class Factor:
    """One factor ``base^exponent`` of a formula, normalised to 1 at 0.

    ``kind`` is ``linear`` (``base = 1 + slope x``, real slope), ``pair`` (a quadratic with
    complex zeros), ``exponential`` (``exp(base)``, where base vanishes at 0) or ``other``.
    """

    kind: str
    base: Any
    exponent: Any
    slope: Any = 0


@dataclass(frozen=True)
class LogarithmOfProduct:
    """``log f(x)`` of a formula with ``f(0) > 0``, continued from ``x = 0``, factor by factor."""

    symbol: Any
    at_zero: Any
    factors: tuple[Factor, ...]

    def __call__(self, x: Any) -> Any:
        """The logarithm, ``x`` in the half-plane opposite to its node's ``w``."""
        total: Any = log(parameter_in(x, _constant(self.at_zero, x)))
        for factor in self.factors:
            term = self._term(factor, x)
            exponent = _constant(factor.exponent, x)
            total = total + (term if exponent == 1 else exponent * term)
        return total

    def _term(self, factor: Factor, x: Any) -> Any:
        if factor.kind == "linear":
            return linear_logarithm(_constant(factor.slope, x), x)
        inner = evaluate(factor.base, self.symbol, x)
        return inner if factor.kind == "exponential" else log(inner)


def linear_logarithm(slope: Any, x: Any) -> Any:
    """``log(1 + slope x)`` for real ``slope`` and ``x`` in the lower half-plane."""
    return log_lower(1 + slope * x) if slope > 0 else log_upper(1 + slope * x)


def logarithm_of_product(expression: Any, symbol: Any) -> LogarithmOfProduct:
    """Split a formula that is finite and positive at 0 into factors.

    Examples
    --------
    >>> m = sympy.Symbol("m")
    >>> s = logarithm_of_product((1 + 2 * m) ** -1000 * sympy.exp(-3 * m), m)
    >>> [factor.kind for factor in s.factors]
    ['linear', 'exponential']
    >>> round(s(-0.25j).real, 6)
    -111.571776
    """
    at_zero: Any = sympy.S.One
    factors: list[Factor] = []
    singular: Any = sympy.S.One
    expanded = sympy.powsimp(sympy.expand_power_base(expression, force=True))
    for part in sympy.Mul.make_args(expanded):
        found = _factors(part, symbol)
        if found is None:
            singular = singular * part
            continue
        at_zero = at_zero * found[0]
        factors.extend(found[1])
    if singular != 1:
        at_zero = at_zero * sympy.limit(singular, symbol, 0)
        normalised = singular / sympy.limit(singular, symbol, 0)
        factors.append(Factor("other", normalised, sympy.S.One))
    return LogarithmOfProduct(symbol, sympy.simplify(at_zero), tuple(factors))


def _factors(part: Any, symbol: Any) -> tuple[Any, list[Factor]] | None:
    """The value at 0 and the normalised factors of one part; None if 0 or infinite there."""
    if symbol not in part.free_symbols:
        return part, []
    if isinstance(part, sympy.exp):
        return _exponential(part.args[0], symbol)
    base, exponent = part.as_base_exp()
    if symbol in exponent.free_symbols:
        return _exponential(exponent * sympy.log(base), symbol)
    if base.is_rational_function(symbol):
        return _rational(base, exponent, symbol)
    if isinstance(base, (sympy.exp, sympy.Mul)) and base != part:
        inner = logarithm_of_product(base, symbol)
        scaled = [Factor(f.kind, f.base, f.exponent * exponent, f.slope) for f in inner.factors]
        return inner.at_zero**exponent, scaled
    value = base.subs(symbol, 0)
    if value == 0 or value.is_finite is False or value.has(sympy.nan):
        return None
    return value**exponent, [Factor("other", base / value, exponent)]


def _exponential(inner: Any, symbol: Any) -> tuple[Any, list[Factor]] | None:
    value = inner.subs(symbol, 0)
    if value.is_finite is False or value.has(sympy.nan):
        return None
    return sympy.exp(value), [Factor("exponential", inner - value, sympy.S.One)]


def _rational(base: Any, exponent: Any, symbol: Any) -> tuple[Any, list[Factor]] | None:
    top, bottom = sympy.fraction(sympy.cancel(sympy.together(base)))
    value: Any = sympy.S.One
    factors: list[Factor] = []
    for polynomial, sign in ((top, 1), (bottom, -1)):
        found = _polynomial(polynomial, symbol)
        if found is None:
            return None
        value = value * found[0] ** (sign * exponent)
        factors += [Factor(f.kind, f.base, sign * f.exponent * exponent, f.slope) for f in found[1]]
    return value, factors


def _polynomial(expression: Any, symbol: Any) -> tuple[Any, list[Factor]] | None:
    if symbol not in expression.free_symbols:
        return expression, []
    value = expression.subs(symbol, 0)
    if value == 0:
        return None
    _, parts = sympy.factor_list(expression, symbol)
    factors: list[Factor] = []
    for part, multiplicity in parts:
        if symbol in part.free_symbols:
            factors += [
                Factor(f.kind, f.base, f.exponent * multiplicity, f.slope)
                for f in _irreducible(part, symbol)
            ]
    return value, factors


def _irreducible(part: Any, symbol: Any) -> list[Factor]:
    """Linear factors by their real zeros; complex zeros in conjugate pairs."""
    polynomial = sympy.Poly(part, symbol)
    if polynomial.degree() == 1:
        slope = polynomial.coeff_monomial(symbol) / polynomial.coeff_monomial(1)
        return [Factor("linear", 1 + slope * symbol, sympy.S.One, slope)]
    if polynomial.free_symbols_in_domain:
        return [Factor("other", part / part.subs(symbol, 0), sympy.S.One)]
    factors = []
    for zero in polynomial.nroots(n=17, maxsteps=200):
        a, b = zero.as_real_imag()
        if b == 0:
            factors.append(Factor("linear", 1 - symbol / a, sympy.S.One, -1 / a))
        elif b > 0:
            square = a * a + b * b
            quadratic = 1 - 2 * a / square * symbol + symbol**2 / square
            factors.append(Factor("pair", quadratic, sympy.S.One))
    return factors
