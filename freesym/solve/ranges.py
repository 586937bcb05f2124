"""Ranges of formulas on rays: interval arithmetic on the extended real line.

It bounds what lies beyond the cut of an integral over the whole line.  An operation that is not
defined at infinity, such as ``0 * oo``, gives the whole line, from which nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint

from freesym.algebra.constants import real_ball

arb = flint.arb
Range = tuple[Any, Any]


def whole_line() -> Range:
    """What is known of a number of which nothing is known."""
    return arb.neg_inf(), arb.pos_inf()


def _range(values: list[Any]) -> Range:
    if any(v.is_nan() for v in values):
        return whole_line()
    low, high = values[0], values[0]
    for v in values[1:]:
        low, high = low.min(v), high.max(v)
    return low, high


def _at(function: Callable[[Any], Any], x: Any, below: Any, above: Any) -> Any:
    """An increasing function, with its limits at both infinities."""
    if x.is_finite():
        return function(x)
    return above if x > 0 else below


_LIMITS: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "exp": (lambda x: x.exp(), 0, arb.pos_inf()),
    "tanh": (lambda x: x.tanh(), -1, 1),
    "erf": (lambda x: x.erf(), -1, 1),
    "atan": (lambda x: x.atan(), -arb(2), arb(2)),
    "sinh": (lambda x: x.sinh(), arb.neg_inf(), arb.pos_inf()),
}
_EXPONENTIAL = frozenset({"exp", "sinh", "cosh"})
_BOUNDED = frozenset({"sin", "cos"})
_WITHOUT_POLES = frozenset({*_LIMITS, *_BOUNDED, "cosh", "sech", "erfc"})


def range_of(expression: Any, symbol: Any, x: Range) -> Range:
    """An interval that contains the values of a formula of one symbol.

    Examples
    --------
    >>> import sympy
    >>> t = sympy.Symbol("t")
    >>> low, high = range_of(1 + sympy.exp(-(t**2)), t, (arb(2), arb.pos_inf()))
    >>> bool(low == 1), bool(high < 1.02)
    (True, True)
    """
    if expression == symbol:
        return x
    if symbol not in expression.free_symbols:
        value = real_ball(expression)
        return value, value
    parts = [range_of(e, symbol, x) for e in expression.args]
    if expression.is_Add:
        return _sum(parts)
    if expression.is_Mul:
        return _product(parts) or _decaying(expression, symbol, x)
    if expression.is_Pow:
        return _power(parts[0], parts[1], expression.args[1])
    return _of_function(type(expression).__name__, parts[0])


def _sum(parts: list[Range]) -> Range:
    low, high = parts[0]
    for a, b in parts[1:]:
        low, high = low + a, high + b
    return whole_line() if low.is_nan() or high.is_nan() else (low, high)


def _product(parts: list[Range]) -> Range | None:
    """None where 0 meets infinity."""
    found = parts[0]
    for part in parts[1:]:
        ends = [u * v for u in found for v in part]
        if any(end.is_nan() for end in ends):
            return None
        found = _range(ends)
    return found


def _decaying(expression: Any, symbol: Any, ray: Range) -> Range:
    """A product of powers and exponentials that falls on a ray, as ``t^2 exp(-t^2)`` does.

    With ``|f(t)| <= c |t|^k exp(a t^2 + b |t|)`` it is at most its value at the end of the ray, if
    ``k/|t| + b + 2 a |t| < 0`` there and ``a <= 0``.
    """
    end, sign = (ray[0], 1) if ray[0].is_finite() else (ray[1], -1)
    cut = abs(end)
    if ray[0].is_finite() == ray[1].is_finite() or not sign * end > 0:
        return whole_line()
    k, a, b, largest = arb(0), arb(0), arb(0), arb(1)
    for factor in expression.args:
        base, exponent = factor.as_base_exp()
        if base == symbol and exponent.is_Integer and exponent > 0:
            k = k + int(exponent)
            continue
        rates = _exponential_rates(factor, symbol, sign)
        if rates is None:
            low, high = range_of(factor, symbol, ray)
            rates = arb(0), arb(0), abs(low).max(abs(high))
        a, b, largest = a + rates[0], b + rates[1], largest * rates[2]
    if not (a <= 0 and k / cut + b + 2 * a * cut < 0 and largest.is_finite()):
        return whole_line()
    bound = largest * cut**k * (a * cut**2 + b * cut).exp()
    return -bound, bound


def _exponential_rates(factor: Any, symbol: Any, sign: int) -> tuple[Any, Any, Any] | None:
    """Numbers with ``|f(t)| <= c exp(a t^2 + b |t|)``: of ``exp``, and of ``1/cosh^n``."""
    base, exponent = factor.as_base_exp()
    is_exponential = type(factor).__name__ == "exp"
    falls = type(base).__name__ == "cosh" and exponent.is_Integer and exponent < 0
    if not (is_exponential or falls):
        return None
    inner = factor.args[0] if is_exponential else base.args[0]
    polynomial = inner.as_poly(symbol) if inner.is_polynomial(symbol) else None
    if polynomial is None or (degree := polynomial.degree()) > 2:
        return None
    c, b, a = (real_ball(polynomial.coeff_monomial(symbol**n)) for n in range(3))
    if is_exponential:
        return a, sign * b, c.exp()
    # cosh v >= exp(|v|)/2
    n = -int(exponent)
    return (arb(0), -n * abs(b), (2 * abs(c).exp()) ** n) if degree == 1 else None


def _power(base: Range, exponent: Range, n: Any) -> Range:
    low, high = base
    if n.is_Integer:
        if n < 0:
            return _reciprocal(_power(base, exponent, -n))
        ends = [_whole_power(v, int(n)) for v in base]
        inside = int(n) % 2 == 0 and not (low > 0 or high < 0)
        return _range([*ends, arb(0)] if inside else ends)
    if not low > 0:
        return whole_line()
    logarithm = _range([_at(lambda t: t.log(), v, None, arb.pos_inf()) for v in base])
    return _of_function("exp", _product([exponent, logarithm]) or whole_line())


def _whole_power(x: Any, n: int) -> Any:
    if x.is_finite():
        return x**n
    return arb.pos_inf() if n % 2 == 0 or x > 0 else arb.neg_inf()


def _reciprocal(x: Range) -> Range:
    low, high = x
    if not (low > 0 or high < 0):
        return whole_line()
    return _range([1 / v if v.is_finite() else arb(0) for v in (low, high)])


def _of_function(name: str, x: Range) -> Range:
    if name in _BOUNDED:
        return arb(-1), arb(1)
    if name == "log" and x[0] > 0:
        return _range([_at(lambda t: t.log(), v, None, arb.pos_inf()) for v in x])
    if name == "sech":
        return _reciprocal(_of_function("cosh", x))
    if name == "cosh":
        away = _range([abs(v) for v in x])
        crossed = not (x[0] > 0 or x[1] < 0)
        ends = (arb(0) if crossed else away[0], away[1])
        return _range([_at(lambda t: t.cosh(), v, None, arb.pos_inf()) for v in ends])
    if name not in _LIMITS:
        return whole_line()
    function, below, above = _LIMITS[name]
    return _range([_at(function, v, arb(below), arb(above)) for v in x])


def is_continuous(expression: Any, symbol: Any, x: Range) -> bool:
    """Whether it is proved that a formula has no poles and cuts on an interval.

    Examples
    --------
    >>> import sympy
    >>> t = sympy.Symbol("t")
    >>> ray = (arb(4), arb.pos_inf())
    >>> is_continuous(1 / t, t, ray), is_continuous(1 / (t - 5), t, ray)
    (True, False)
    >>> is_continuous(sympy.tanh(t), t, ray), is_continuous(sympy.tan(t), t, ray)
    (True, False)
    """
    if symbol not in expression.free_symbols or expression == symbol:
        return True
    if not all(is_continuous(e, symbol, x) for e in expression.args):
        return False
    if expression.is_Add or expression.is_Mul:
        return True
    low, high = range_of(expression.args[0], symbol, x)
    if expression.is_Pow:
        n = expression.args[1]
        if n.is_Integer:
            return bool(n > 0 or low > 0 or high < 0)
        return bool(low > 0)
    name = type(expression).__name__
    return name in _WITHOUT_POLES or (name == "log" and bool(low > 0))


def growth_of(expression: Any, symbol: Any, cut: Any) -> Range | None:
    """Numbers ``a``, ``b`` with ``|f(t)| <= exp(a + b |t|)`` for ``|t| >= cut >= 1``.

    None where the rules give none, as for ``exp(t^2)``.

    Examples
    --------
    >>> import sympy
    >>> t = sympy.Symbol("t")
    >>> a, b = growth_of(t**2 * sympy.exp(1 - 3 * t), t, arb(4))
    >>> bool(abs(a - 1) < 1e-9), bool(b == 5)
    (True, True)
    >>> growth_of(sympy.exp(t**2), t, arb(4)) is None
    True
    """
    if expression == symbol:
        return arb(0), arb(1)
    largest = _largest_beyond(expression, symbol, cut)
    if largest is not None:
        return (1 + largest).log(), arb(0)
    if expression.is_Pow and expression.args[1].is_Integer and expression.args[1] > 0:
        base = growth_of(expression.args[0], symbol, cut)
        n = int(expression.args[1])
        return None if base is None else (n * base[0], n * base[1])
    if type(expression).__name__ in _EXPONENTIAL:
        return _linear_bound(expression.args[0], symbol, cut)
    if not (expression.is_Add or expression.is_Mul):
        return None
    parts = [growth_of(e, symbol, cut) for e in expression.args]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if expression.is_Mul:
        return sum((a for a, _ in known), arb(0)), sum((b for _, b in known), arb(0))
    return arb(len(known)).log() + _largest([a for a, _ in known]), _largest([b for _, b in known])


def _linear_bound(expression: Any, symbol: Any, cut: Any) -> Range | None:
    """Numbers with ``|f(t)| <= a + b |t|``."""
    if expression == symbol:
        return arb(0), arb(1)
    largest = _largest_beyond(expression, symbol, cut)
    if largest is not None:
        return largest, arb(0)
    factor, rest = expression.as_independent(symbol, as_Add=False)
    if expression.is_Mul and rest != expression:
        bound = _linear_bound(rest, symbol, cut)
        scale = abs(real_ball(factor))
        return None if bound is None else (scale * bound[0], scale * bound[1])
    if not expression.is_Add:
        return None
    parts = [_linear_bound(e, symbol, cut) for e in expression.args]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    return sum((a for a, _ in known), arb(0)), sum((b for _, b in known), arb(0))


def _largest_beyond(expression: Any, symbol: Any, cut: Any) -> Any | None:
    """A bound of ``|f|`` on both rays."""
    rays = ((cut, arb.pos_inf()), (arb.neg_inf(), -cut))
    ends = [end for ray in rays for end in range_of(expression, symbol, ray)]
    return _largest([abs(end) for end in ends]) if all(e.is_finite() for e in ends) else None


def _largest(values: list[Any]) -> Any:
    found = values[0]
    for value in values[1:]:
        found = found.max(value)
    return found
