"""SymPy expressions of one symbol as numbers of any precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freesym.algebra.real_roots import real_root_balls
from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_UNARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "exp": "exp", "log": "log",
    "Abs": "fabs", "sign": "sign", "asin": "asin", "acos": "acos", "re": "re", "im": "im",
    "csc": "csc", "sec": "sec", "atan": "atan", "conjugate": "conj", "arg": "arg",
    "LambertW": "lambertw", "asinh": "asinh", "acosh": "acosh", "sinh": "sinh", "cosh": "cosh",
}  # fmt: skip


def number(expression: Any, values: dict[Any, Any] | None = None) -> Any:
    """The value of an expression at mpmath numbers, at mpmath's current precision.

    Raises
    ------
    UnsupportedOperationError
        For symbols without a value and functions that are not elementary.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> print(number(sympy.sqrt(x) + 1, {x: mpmath.mpf(4)}))
    3.0
    """
    return _Evaluation(values or {})(sympy.sympify(expression))


def holds(condition: Any, values: dict[Any, Any]) -> bool:
    """Whether a condition is true at mpmath numbers; ends that are not real count as none.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> holds(sympy.And(x > 1, x < 2), {x: mpmath.mpf(1.5)})
    True
    """
    return _Evaluation(values)._holds(sympy.sympify(condition))


class _Evaluation:
    """One evaluation, in which equal subexpressions are computed once."""

    def __init__(self, values: dict[Any, Any]) -> None:
        self._known: dict[Any, Any] = dict(values)

    def __call__(self, expression: Any) -> Any:
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = self._computed(expression)
        return found

    def _computed(self, e: Any) -> Any:
        if e.is_Add:
            return mpmath.fsum(map(self, e.args))
        if e.is_Mul:
            return mpmath.fprod(map(self, e.args))
        if e.is_Pow:
            return self._power(*e.args)
        if e.is_Rational:
            return mpmath.mpf(int(e.p)) / int(e.q)
        name = type(e).__name__
        if name in _UNARY:
            function: Callable[..., Any] = getattr(mpmath, _UNARY[name])
            return function(*map(self, e.args))
        if e.is_Piecewise:
            return self._piecewise(e)
        if isinstance(e, sympy.CRootOf) and e.is_real:
            return _real_root(e)
        if e.is_number:
            return mpmath.mpmathify(e.evalf(mpmath.mp.dps + 5))
        raise UnsupportedOperationError(f"{e} has no numerical value; bind its symbols first")

    def _power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_Rational and exponent.q == 1:
            return self(base) ** int(exponent.p)
        if exponent == sympy.S.Half:
            return mpmath.sqrt(self(base))
        if exponent == -sympy.S.Half:
            return 1 / mpmath.sqrt(self(base))
        return self(base) ** self(exponent)

    def _piecewise(self, e: Any) -> Any:
        for value, condition in e.args:
            if self._holds(condition):
                return self(value)
        return mpmath.nan

    def _holds(self, condition: Any) -> bool:
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if isinstance(condition, sympy.And):
            return all(map(self._holds, condition.args))
        if isinstance(condition, sympy.Or):
            return any(map(self._holds, condition.args))
        if isinstance(condition, sympy.Not):
            return not self._holds(condition.args[0])
        if isinstance(condition, sympy.ITE):
            test, then, otherwise = condition.args
            return self._holds(then if self._holds(test) else otherwise)
        a, b = (mpmath.re(self(side)) for side in condition.args)
        return bool(_RELATIONS[condition.rel_op](a, b))


def _real_root(root: Any) -> Any:
    """FLINT isolates zeros of large polynomials where SymPy takes seconds for each."""
    row = tuple(int(c) for c in reversed(root.poly.all_coeffs()))
    ball = real_root_balls(row, mpmath.mp.prec + 16)[root.index]
    mantissa, exponent = ball.mid().man_exp()
    return mpmath.ldexp(int(mantissa), int(exponent))


_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b), "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b), ">=": lambda a, b: bool(a >= b),
    "==": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b),
}  # fmt: skip
