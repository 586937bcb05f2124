"""Elementary functions that follow the number system of their argument.

The rules of this room are written once and run on Python complex numbers, on traced
values (which become kernel programs), on SymPy expressions and on truncated series.  A
number system joins by registering itself on these functions.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from fractions import Fraction
from functools import singledispatch
from typing import Any


@singledispatch
def log(x: Any) -> Any:
    """Principal logarithm."""
    return cmath.log(x)


@log.register(int)
@log.register(float)
@log.register(Fraction)
def _(x: float) -> Any:
    """Parameters have real logarithms."""
    return math.log(x) if x > 0 else cmath.log(x)


@singledispatch
def real_log(x: Any) -> Any:
    """Logarithm of a positive parameter, exact where the parameter is."""
    return math.log(x)


@singledispatch
def log_upper(x: Any) -> Any:
    """Logarithm of a quantity in the closed half-plane of its node's ``w``."""
    return log(x)


@singledispatch
def log_lower(x: Any) -> Any:
    """Logarithm of a quantity in the closed half-plane opposite to its node's ``w``."""
    return log(x)


@singledispatch
def exp(x: Any) -> Any:
    """Exponential function."""
    return cmath.exp(x)


@singledispatch
def sqrt(x: Any) -> Any:
    """Principal square root."""
    return cmath.sqrt(x)


@sqrt.register(int)
@sqrt.register(float)
@sqrt.register(Fraction)
def _(x: float) -> Any:
    return math.sqrt(x) if x >= 0 else cmath.sqrt(x)


@singledispatch
def coefficients(like: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Exact coefficients as the number system of ``like`` takes them: floats unless it is exact."""
    return tuple(float(value) for value in values)


@singledispatch
def parameter_in(like: Any, value: Any) -> Any:
    """A parameter in the number system of ``like``, so that its logarithm is exact there."""
    return value


@singledispatch
def parameter_root(like: Any, radicand: Any, n: int, value: Any) -> Any:
    """The ``n``-th root of a parameter in the number system of ``like``; ``value`` elsewhere."""
    return value


@singledispatch
def times_i(x: Any) -> Any:
    """Multiplication by the imaginary unit."""
    return 1j * x


@singledispatch
def sign_of_imaginary_part(x: Any) -> Any:
    """Sign of the imaginary part: locally constant off the real axis."""
    return 1.0 if complex(x).imag >= 0 else -1.0


@singledispatch
def of_symmetric(x: Any, w: Any, *, odd: bool) -> Any:
    """The value ``x`` at ``w`` of an odd, or even, transform of a symmetric law.

    It is imaginary, or real, where ``w`` is imaginary: exact number systems make use of that.
    """
    return x


@singledispatch
def flipped(x: Any, orientation: int = -1) -> Any:
    """The same number, seen from a node whose half-plane is ``orientation`` times ours.

    -1: the opposite half-plane; 0: not known beforehand.
    """
    return x


@singledispatch
def at_home(x: Any) -> Any:
    """The same number, seen from the node whose state is being combined.

    For nodes all of whose children may lie in the other half-plane.
    """
    return x


@singledispatch
def with_complement(psi: Any, complement: Callable[[], Any]) -> Any:
    """The number ``psi``, with what ``1 + psi`` is without cancellation; None if that is unknown.

    Number systems that do not round need not ask.
    """
    return psi


@singledispatch
def knows_complement(psi: Any) -> bool:
    """Whether ``1 + psi`` is known relative to its own size."""
    return False


@singledispatch
def wrapped_potential(u: Any, w: Any) -> Any:
    """A log-potential at ``w`` without whole turns: ``|Im u|/pi`` is a probability."""
    return u


@singledispatch
def pick_smaller(x: Any, y: Any, a: Any, b: Any) -> Any:
    """``a`` if ``|x| <= |y|``, else ``b``: for formulas that cancel on one side."""
    return a if abs(x) <= abs(y) else b


@singledispatch
def integrated_potential(w: Any, relation: Any) -> Any:
    """The log-potential at ``w`` of a relation that has no rule for it.

    Number systems that can integrate ``G`` over the half-plane above ``w`` register here.
    """
    raise NotImplementedError(f"{type(relation).__name__} has no rule for its log-potential")


@singledispatch
def measure_transform(x: Any, table: Any) -> tuple[Any, Any]:
    """The pair ``(g, psi)`` of a tabulated measure at ``x``."""
    pair: tuple[Any, Any] = table.transform(complex(x))
    return pair


@singledispatch
def measure_potential(x: Any, table: Any) -> Any:
    """The log-potential of a tabulated measure at ``x``."""
    return table.potential(complex(x))


def square_root_of_interval(w: Any, a: Any, b: Any) -> Any:
    """``sqrt((w-a)(w-b))`` with its cut exactly on ``[a, b]``: a product of two roots."""
    return sqrt(w - a) * sqrt(w - b)


def integer_power(x: Any, n: int) -> Any:
    """``x**n`` for a non-negative integer by repeated squaring."""
    result, square = None, x
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        square = square * square if n else square
    return 1 if result is None else result
