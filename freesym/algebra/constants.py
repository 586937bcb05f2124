"""Exact numbers as real balls: rational numbers, and SymPy's algebraic and elementary ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.real_roots import real_root_balls
from freesym.errors import UnsupportedOperationError

arb = flint.arb


def _method(name: str) -> Callable[[Any], Any]:
    return lambda x: getattr(x, name)()


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: _method(name)
    for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan")
}
_FUNCTIONS |= {"erf": lambda x: x.erf(), "erfc": lambda x: x.erfc(), "gamma": lambda x: x.gamma()}
_FUNCTIONS |= {"Abs": abs}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "Pi": arb.pi,
    "Exp1": lambda: arb(1).exp(),
    "EulerGamma": arb.const_euler,
    "Catalan": arb.const_catalan,
    "GoldenRatio": lambda: (1 + arb(5).sqrt()) / 2,
}


def real_ball(value: Any) -> Any:
    """A ball around an int, a Fraction, a float (as that binary number) or a SymPy number.

    Raises
    ------
    UnsupportedOperationError
        For SymPy numbers that are not built from zeros of polynomials and elementary functions.

    Examples
    --------
    >>> import sympy
    >>> real_ball(sympy.sqrt(2)).contains(flint.arb(2).sqrt().mid())
    True
    """
    if isinstance(value, Fraction):
        return arb(flint.fmpq(value.numerator, value.denominator))
    if isinstance(value, (int, float, flint.arb)):
        return arb(value)
    return _from_sympy(value)


def _from_sympy(e: Any) -> Any:
    if e.is_Rational:
        return arb(flint.fmpq(int(e.p), int(e.q)))
    if e.is_Float:
        return arb(_exact_float(e))
    name = type(e).__name__
    if name in _CONSTANTS:
        return _CONSTANTS[name]()
    if e.is_Add:
        return sum(map(_from_sympy, e.args), arb(0))
    if e.is_Mul:
        product = arb(1)
        for factor in e.args:
            product = product * _from_sympy(factor)
        return product
    if e.is_Pow:
        return _power(*e.args)
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](_from_sympy(e.args[0]))
    if name == "ComplexRootOf" and e.is_real:
        return _real_root(e)
    raise UnsupportedOperationError(
        f"{e} has no certified enclosure; use rational numbers, zeros of polynomials and "
        "elementary functions"
    )


def _real_root(e: Any) -> Any:
    """Real zeros come first in SymPy's order, and ascend in both."""
    row = tuple(int(c) for c in reversed(e.poly.all_coeffs()))
    return real_root_balls(row, flint.ctx.prec)[e.index]


def _exact_float(e: Any) -> Any:
    import sympy

    exact = sympy.Rational(e)
    return flint.fmpq(int(exact.p), int(exact.q))


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_Rational:
        root = _from_sympy(base)
        if int(exponent.q) != 1:
            root = root.root(int(exponent.q))
        return root ** int(exponent.p)
    return (_from_sympy(exponent) * _from_sympy(base).log()).exp()


# ------------------------------------------------------------------ formulas of one symbol

_ANALYTIC: dict[str, Callable[[Any], Any]] = {
    name: _method(name)
    for name in (
        "exp", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech",
        "csch", "erf", "erfc",
    )
}  # fmt: skip
_ANALYTIC["log"] = lambda x: x.log(analytic=True)


def evaluated(expression: Any, symbol: Any, x: Any) -> Any:
    """An analytic formula on a complex ball; NaN where the ball meets a cut.

    Raises
    ------
    UnsupportedOperationError
        For functions that are not analytic, such as ``Abs`` and ``Piecewise``.

    Examples
    --------
    >>> import sympy
    >>> t = sympy.Symbol("t")
    >>> evaluated(sympy.exp(t) + 1, t, flint.acb(0)).real.contains(2)
    True
    """
    if expression == symbol:
        return x
    if symbol not in expression.free_symbols:
        return flint.acb(real_ball(expression))
    if expression.is_Add:
        return sum((evaluated(e, symbol, x) for e in expression.args), flint.acb(0))
    if expression.is_Mul:
        product = flint.acb(1)
        for factor in expression.args:
            product = product * evaluated(factor, symbol, x)
        return product
    if expression.is_Pow:
        base, exponent = expression.args
        if exponent.is_Integer:
            return evaluated(base, symbol, x) ** int(exponent)
        if symbol not in base.free_symbols:
            return (evaluated(exponent, symbol, x) * real_ball(base).log()).exp()
        logarithm = evaluated(base, symbol, x).log(analytic=True)
        return (evaluated(exponent, symbol, x) * logarithm).exp()
    function = _ANALYTIC.get(type(expression).__name__)
    if function is None:
        raise UnsupportedOperationError(
            f"{expression} has no rigorous integral: only analytic functions have; write "
            "mixtures for functions that are defined piecewise"
        )
    return function(evaluated(expression.args[0], symbol, x))
