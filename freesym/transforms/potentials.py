"""Log-potentials as expressions: sums of logarithms, each continuous up to the real line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy


def collected(potential: Any) -> Any:
    """A sum with every logarithm once.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> collected(2 * (sympy.log(x) + 1) + 3 * sympy.log(x))
    5*log(x) + 2
    """
    expanded = sympy.expand_mul(potential)
    return sympy.collect(expanded, sorted(expanded.atoms(sympy.log), key=str))


def without_lower_arguments(potential: Any, x: Any, half_plane: Callable[[Any], int]) -> Any:
    """``-log(1/a)`` for ``log(a)`` where ``a`` lies in the lower half-plane.

    On the upper half-plane these are equal.  On the negative axis, which the argument reaches
    with its ``x`` on the real line, the principal logarithm is continuous from above only.

    Parameters
    ----------
    potential : SymPy expression
    x : Symbol
        Its variable.
    half_plane : callable
        The sign of the imaginary part of an expression where ``Im x > 0``, 0 if it changes.
    """
    replaced = {
        term: -sympy.log(_inverse(term.args[0]))
        for term in potential.atoms(sympy.log)
        if term.has(x) and half_plane(term.args[0]) < 0
    }
    return potential.xreplace(replaced)


def _inverse(argument: Any) -> Any:
    top, bottom = sympy.fraction(sympy.together(argument))
    return bottom / top
