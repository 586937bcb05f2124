"""Inverses of Cauchy transforms that are logarithms."""

from __future__ import annotations

from typing import Any

import sympy


def inverse_of_logarithm(expression: Any, x: Any, value: Any) -> Any | None:
    """Solve ``k log(a(x)) = value`` for ``x`` where ``a`` is a Moebius function.

    Returns
    -------
    SymPy expression or None
        None if the expression is no such logarithm.

    Examples
    --------
    >>> x, w = sympy.symbols("x w")
    >>> inverse_of_logarithm(-sympy.log((x - 1) / x), x, w)
    1/(1 - exp(-w))
    """
    logarithms = [term for term in expression.atoms(sympy.log) if term.has(x)]
    if len(logarithms) != 1:
        return None
    factor = sympy.cancel(expression / logarithms[0])
    top, bottom = sympy.fraction(sympy.cancel(logarithms[0].args[0]))
    if factor.has(x) or not (top.is_polynomial(x) and bottom.is_polynomial(x)):
        return None
    pairs = [sympy.Poly(part, x) for part in (top, bottom)]
    if max(pair.degree() for pair in pairs) > 1:
        return None
    (a, b), (c, d) = ((pair.nth(1), pair.nth(0)) for pair in pairs)
    power = sympy.exp(value / factor)
    return (d * power - b) / (a - c * power)
