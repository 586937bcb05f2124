"""Coefficient fields: what exact series and moment sequences are made of.

Coefficients may be anything closed under ``+ - * /``.  Integers become
:class:`fractions.Fraction`, so that no quotient of integers is ever rounded; floats and complex
numbers stay what they are, real balls (``flint.arb``) turn everything beside them into balls;
SymPy expressions are computed with in their common fraction field and come back expanded and
cancelled.  SymPy itself is never imported here: an expression can only arrive if the caller has
loaded it.  Kernels see rationals as ``flint.fmpq`` and expressions as polynomials or
:class:`freesym.algebra.parameter_functions.ParameterFunction`; who gives these gets them back, so
that a chain of kernels converts nothing.
"""

from __future__ import annotations

import cmath
import functools
import math
import numbers
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, ParamSpec, TypeAlias, TypeVar

import flint
from flint.utils.flint_exceptions import DomainError

from freesym.algebra.parameter_functions import (
    ParameterFunction,
    Ring,
    entered,
    left,
    rational,
    ring_of,
)
from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule

sympy: Any = LazyModule("sympy")

Scalar: TypeAlias = Any
"""A coefficient: int, Fraction, float, complex, mpmath number or SymPy expression."""

Coefficients: TypeAlias = Sequence[Scalar]

_EXACT = {Fraction, flint.fmpq, flint.fmpq_mpoly, flint.arb, ParameterFunction}
_RATIONAL = {Fraction, flint.fmpq}

_P = ParamSpec("_P")
_T = TypeVar("_T")


def is_symbolic(value: object) -> bool:
    """Whether ``value`` is a SymPy expression (without importing SymPy)."""
    expression = getattr(sys.modules.get("sympy"), "Expr", None)
    return expression is not None and isinstance(value, expression)


def coerce_scalar(value: Scalar) -> Scalar:
    """Turn integers and rationals into Fraction and NumPy scalars into Python numbers."""
    if type(value) in _EXACT or is_symbolic(value):
        return value
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, numbers.Number) and hasattr(value, "dtype"):
        return value.item()  # type: ignore[attr-defined]
    return value


def _map_leaves(function: Callable[[Scalar], Scalar], value: Any) -> Any:
    kind = type(value)
    if value is None:
        return None
    if kind in _EXACT:
        return function(value)
    if isinstance(value, (str, bytes)):
        raise UnsupportedOperationError(
            f"expected numbers or sequences of numbers, got the text {value!r}; give numbers"
        )
    if isinstance(value, Iterable):
        return [_map_leaves(function, item) for item in value]
    return function(value)


def _leaves(value: Any) -> Iterator[Scalar]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield value


def _symbolic_conversions(
    leaves: list[Scalar],
) -> tuple[Callable[[Scalar], Scalar], Callable[[Scalar], Scalar]]:
    """Return the maps into and out of the smallest field that holds all ``leaves``."""
    sympy = sys.modules["sympy"]
    normalise = sympy.sympify
    field, _ = sympy.construct_domain(list(map(normalise, leaves)), field=True)
    if field.is_EX:
        # Expressions whose generators all cancel look transcendental until they are simplified.
        normalise = sympy.cancel
        field, _ = sympy.construct_domain(list(map(normalise, leaves)), field=True)
    if field.is_QQ:
        return (
            lambda value: _fraction_from_symbolic(normalise(value)),
            sympy.sympify,
        )
    return (
        lambda value: field.from_sympy(normalise(value)),
        lambda value: field.to_sympy(field.convert(value)),
    )


def _fraction_from_symbolic(value: Scalar) -> Fraction:
    return Fraction(int(value.numerator), int(value.denominator))


def in_common_field(kernel: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``kernel`` with every number of ``arguments`` moved to one coefficient field.

    Parameters
    ----------
    kernel : callable
        Function of (nested lists of) scalars that uses ``+ - * /`` only.
    *arguments : scalar, sequence or None
        Its arguments.

    Returns
    -------
    object
        The result of ``kernel`` with SymPy expressions if any argument was one, else with
        Fraction, float or complex entries.

    Examples
    --------
    >>> in_common_field(lambda a, b: a / b, 1, 3)
    Fraction(1, 3)
    """
    coerced = _map_leaves(coerce_scalar, list(arguments))
    leaves = list(_leaves(coerced))
    kinds = set(map(type, leaves))
    if kinds <= _RATIONAL:
        row = kernel(*_map_leaves(rational, coerced))
        return row if flint.fmpq in kinds else _map_leaves(_from_fmpq, row)
    if any(map(is_symbolic, leaves)) or ParameterFunction in kinds:
        return _in_symbolic_field(kernel, coerced, leaves)
    if flint.fmpq_mpoly in kinds:  # a kernel that another one calls
        return kernel(*_map_leaves(to_native, coerced))
    # Balls and mpmath numbers do not divide Fractions: give them their own kind.
    return kernel(*_map_leaves(_conversion(leaves), coerced))


def _in_symbolic_field(kernel: Callable[..., Any], coerced: Any, leaves: list[Scalar]) -> Any:
    native = any(isinstance(leaf, ParameterFunction) for leaf in leaves)
    functions = [to_native(leaf) for leaf in leaves]
    if not all(isinstance(value, (flint.fmpq, ParameterFunction)) for value in functions):
        enter, leave = _symbolic_conversions(list(map(from_native, leaves)))
        return _map_leaves(leave, kernel(*_map_leaves(enter, _map_leaves(from_native, coerced))))
    generators = [f.ring.generators for f in functions if isinstance(f, ParameterFunction)]
    if generators:
        row = _over_ring(kernel, coerced, ring_of(frozenset().union(*generators)))
    else:
        row = kernel(*_map_leaves(to_native, coerced))
    return _map_leaves(_simplest, row) if native else _map_leaves(_as_expression, row)


def _over_ring(kernel: Callable[..., Any], arguments: Any, ring: Ring) -> Any:
    """Call the kernel with polynomials if they suffice, else with quotients."""

    def enter(value: Scalar) -> ParameterFunction:
        native = to_native(value)
        if isinstance(native, ParameterFunction):
            return native.over(ring)
        return ParameterFunction(ring, ring.constant(native))

    functions = _map_leaves(enter, arguments)
    polynomial = ring.is_free and all(f.denominator is None for f in _leaves(functions))
    if polynomial:
        try:
            row = kernel(*_map_leaves(operator.attrgetter("numerator"), functions))
        except DomainError:  # a quotient of two polynomials that is none
            pass
        else:
            return _map_leaves(lambda value: _function(ring, value), row)
    return kernel(*functions)


def _function(ring: Ring, value: Any) -> Any:
    return ParameterFunction(ring, value) if isinstance(value, flint.fmpq_mpoly) else value


def _simplest(value: Any) -> Any:
    """Rational numbers are not functions."""
    constant = value.as_rational() if isinstance(value, ParameterFunction) else None
    return value if constant is None else constant


def to_native(value: Scalar) -> Scalar:
    """Return rationals and expressions in the form that kernels compute with.

    What has no such form (floats, balls, expressions with floats) stays what it is.
    """
    if type(value) is flint.fmpq:
        return value
    if isinstance(value, numbers.Rational):
        return rational(value)
    if is_symbolic(value):
        native = entered(value)
        return value if native is None else native
    return value


def _as_expression(value: Scalar) -> Scalar:
    return left(value) if is_native(value) else value


def from_native(value: Scalar) -> Scalar:
    """Return the Fraction or the expression again."""
    return left(value) if isinstance(value, ParameterFunction) else _from_fmpq(value)


def is_native(value: object) -> bool:
    """Whether kernels compute with the value as it is."""
    return isinstance(value, (flint.fmpq, ParameterFunction))


def _conversion(leaves: list[Scalar]) -> Callable[[Scalar], Scalar]:
    if any(map(is_ball, leaves)):
        return to_ball
    context = next((leaf.context for leaf in leaves if hasattr(leaf, "context")), None)
    if context is None:
        return _from_fmpq  # floats know Fractions
    return lambda value: context.convert(_from_fmpq(value))


def _from_fmpq(value: Any) -> Any:
    return Fraction(int(value.p), int(value.q)) if isinstance(value, flint.fmpq) else value


def is_ball(value: object) -> bool:
    """Whether ``value`` is a real ball."""
    return isinstance(value, flint.arb)


def to_ball(value: Scalar) -> Scalar:
    """Return the ball around an integer, a Fraction or a float."""
    return flint.arb(rational(value) if isinstance(value, Fraction) else value)


def exact_kernel(kernel: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let ``kernel`` see all its numbers as elements of one coefficient field."""

    @functools.wraps(kernel)
    def convert(*arguments: _P.args, **options: _P.kwargs) -> _T:
        names, values = tuple(options), tuple(options.values())

        def call(positional: list[Scalar], named: list[Scalar]) -> _T:
            return kernel(*positional, **dict(zip(names, named, strict=True)))

        result: _T = _uniform(in_common_field(call, arguments, values))
        return result

    return convert


def _uniform(row: Any) -> Any:
    """Turn all numbers into floats (complex numbers) if one of them is."""
    for kind in (complex, float):
        if any(isinstance(value, kind) for value in row):
            return list(map(kind, row))
    return row


def is_rational(value: object) -> bool:
    """Whether ``value`` is a rational number in the form that kernels compute with."""
    return isinstance(value, flint.fmpq)


def one_like(value: Scalar) -> Scalar:
    """Return the unit of the field of ``value``."""
    return value * 0 + 1


# ---------------------------------------------------------------------- functions of one scalar


def scalar_power(base: Scalar, exponent: Scalar) -> Scalar:
    """Return ``base**exponent``, exactly whenever both are exact.

    Examples
    --------
    >>> scalar_power(Fraction(9, 4), Fraction(3, 2))
    Fraction(27, 8)
    >>> scalar_power(Fraction(2), Fraction(1, 2))
    sqrt(2)
    """
    if base == 1:
        return base
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return base ** int(exponent)
    if is_native(base) or is_native(exponent):
        return to_native(scalar_power(from_native(base), from_native(exponent)))
    if is_symbolic(base) or is_symbolic(exponent):
        sympify = sys.modules["sympy"].sympify
        return sympify(base) ** sympify(exponent)
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        return _rational_power(base, exponent)
    return _principal_power(base, exponent)


def _rational_power(base: Fraction, exponent: Fraction) -> Scalar:
    if base > 0:
        degree = exponent.denominator
        above = _integer_root(base.numerator, degree)
        below = _integer_root(base.denominator, degree)
        root = Fraction(above, below)
        if root**degree == base:
            return root**exponent.numerator
        return sympy.Rational(base) ** sympy.Rational(exponent)
    return _principal_power(float(base), exponent)


def _principal_power(base: Scalar, exponent: Scalar) -> Scalar:
    if is_ball(base):
        return base ** to_ball(exponent)
    if hasattr(base, "context"):
        return base ** base.context.convert(exponent)
    number = base if isinstance(base, (float, complex)) else float(base)
    if isinstance(exponent, Fraction) and exponent.denominator == 2:
        return _square_root(number) ** exponent.numerator
    return number ** (float(exponent) if isinstance(exponent, Fraction) else exponent)


def _square_root(number: Scalar) -> Scalar:
    real = not isinstance(number, complex) and number >= 0
    return math.sqrt(number) if real else cmath.sqrt(number)


def _integer_root(value: int, degree: int) -> int:
    """Return the floor of the ``degree``-th root of a positive integer."""
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        smaller = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if smaller >= guess:
            return guess
        guess = smaller


def scalar_exponential(value: Scalar) -> Scalar:
    """The exponential, in the field of the value."""
    if value == 0:
        return one_like(value)
    if is_native(value):
        return to_native(scalar_exponential(from_native(value)))
    if is_symbolic(value):
        return sys.modules["sympy"].exp(value)
    if hasattr(value, "context"):
        return value.context.exp(value)
    return cmath.exp(value) if isinstance(value, complex) else math.exp(value)


def scalar_logarithm(value: Scalar) -> Scalar:
    """The logarithm, in the field of the value."""
    if value == 1:
        return value * 0
    if is_native(value):
        return to_native(scalar_logarithm(from_native(value)))
    if is_symbolic(value):
        return sys.modules["sympy"].log(value)
    if hasattr(value, "context"):
        return value.context.log(value)
    positive = not isinstance(value, complex) and value > 0
    return math.log(value) if positive else cmath.log(value)


def exact_exponent(exponent: Scalar) -> Scalar:
    """Make rational exponents Fractions; a float that is a half-integer is taken at its word."""
    exponent = from_native(exponent)
    if is_symbolic(exponent):
        return _fraction_from_symbolic(exponent) if exponent.is_Rational else exponent
    exponent = coerce_scalar(exponent)
    if isinstance(exponent, float) and (2 * exponent).is_integer():
        return Fraction(exponent)
    return exponent
