"""Parameters of laws: numbers, exact rationals or SymPy expressions, checked on entry."""

from __future__ import annotations

import dataclasses
import math
import numbers
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from freesym.errors import InvalidLawError, UnboundParameterError

#: A parameter: ``int``, ``Fraction`` or ``float``, or a SymPy expression.
Number = Any


@dataclass(frozen=True)
class Domain:
    """A set of admissible values, with the words for an error message."""

    words: str
    contains: Callable[[float], bool]
    #: What SymPy's assumptions must not deny, e.g. ``"is_positive"``.
    assumption: str = "is_real"


REAL = Domain("a real number", lambda x: True)
POSITIVE = Domain("positive", lambda x: x > 0, "is_positive")
NONNEGATIVE = Domain("at least 0", lambda x: x >= 0, "is_nonnegative")
PROBABILITY = Domain("a probability, between 0 and 1", lambda x: 0 <= x <= 1, "is_nonnegative")
AT_LEAST_ONE = Domain("at least 1", lambda x: x >= 1, "is_positive")


def is_expression(value: Any) -> bool:
    """Whether a value is a SymPy expression (without importing SymPy for the question)."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Expr)


def as_number(value: Any, name: str = "value") -> Number:
    """The canonical form of a parameter.

    Integers and rationals become ``int`` or ``Fraction``, other real numbers ``float``; SymPy
    expressions that are not rational stay what they are.

    Raises
    ------
    InvalidLawError
        If the value is not a finite real number or a SymPy expression.

    Examples
    --------
    >>> as_number(Fraction(4, 2)), as_number(0.25)
    (2, 0.25)
    """
    if isinstance(value, (bool, np.bool_)):
        raise InvalidLawError(f"{name} = {value!r} is a truth value; give a number")
    if isinstance(value, numbers.Rational):
        exact = Fraction(int(value.numerator), int(value.denominator))
        return exact.numerator if exact.denominator == 1 else exact
    if is_expression(value):
        return _from_sympy(value, name)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return as_number(value.item(), name)
    if not isinstance(value, numbers.Real):
        raise InvalidLawError(
            f"{name} = {value!r} is a {type(value).__name__}; give a real number, a Fraction "
            "or a SymPy expression"
        )
    if not math.isfinite(value):
        raise InvalidLawError(f"{name} = {value!r} is not finite; give a finite number")
    return float(value)


def _from_sympy(value: Any, name: str) -> Number:
    if value.is_Rational:
        exact = Fraction(int(value.p), int(value.q))
        return exact.numerator if exact.denominator == 1 else exact
    if value.is_Float:
        return as_number(float(value), name)
    undefined = value.has(sys.modules["sympy"].nan)
    if undefined or value.is_real is False or value.is_finite is False:
        raise InvalidLawError(f"{name} = {value} is not a finite real number")
    return value


def checked(value: Any, domain: Domain, law: str, name: str) -> Number:
    """The canonical form of a parameter that must lie in a domain."""
    number = as_number(value, f"{law}: {name}")
    if is_expression(number) and number.free_symbols:
        fits = getattr(number, domain.assumption) is not False
    else:
        fits = domain.contains(float(number))
    if not fits:
        raise InvalidLawError(f"{law}: {name} = {value} must be {domain.words}")
    return number


def parameter(domain: Domain = REAL, *, name: str | None = None, **keywords: Any) -> Any:
    """A dataclass field that holds a checked parameter, known to users as ``name``."""
    return dataclasses.field(metadata={"domain": domain, "name": name}, **keywords)


def argument_name(field: dataclasses.Field[Any]) -> str:
    """What a field is called in the constructor."""
    return field.metadata.get("name") or field.name


def to_float(value: Number) -> float:
    """The numerical value of a parameter.

    Raises
    ------
    UnboundParameterError
        If symbols are left in it.
    """
    if is_expression(value) and value.free_symbols:
        symbols = ", ".join(sorted(map(str, value.free_symbols)))
        raise UnboundParameterError(
            f"the parameter {value} has no numerical value; bind {symbols} with "
            f".subs({{{symbols.split(',')[0]}: ...}})"
        )
    return float(value)


def exact_quotient(a: Number, b: Number) -> Number:
    """``a/b``, a rational number if both are.

    Examples
    --------
    >>> exact_quotient(1, 3)
    Fraction(1, 3)
    """
    if isinstance(a, int) and isinstance(b, int):
        return as_number(Fraction(a, b))
    return as_number(a / b)


def number_repr(value: Number) -> str:
    """A representation that evaluates back with the names of freesym and SymPy.

    Examples
    --------
    >>> number_repr(Fraction(1, 3))
    'Rational(1, 3)'
    """
    if isinstance(value, Fraction):
        return f"Rational({value.numerator}, {value.denominator})"
    if is_expression(value):
        from sympy import srepr

        return str(srepr(value))
    return repr(value)


def symbols_of(value: Any) -> frozenset[Any]:
    """The free symbols of a parameter, or of a tuple of them."""
    if isinstance(value, tuple):
        return frozenset().union(*map(symbols_of, value))
    return frozenset(value.free_symbols) if is_expression(value) else frozenset()


def substituted(value: Any, replacements: dict[Any, Any]) -> Any:
    """A parameter, or a tuple of them, with symbols replaced."""
    if isinstance(value, tuple):
        return tuple(substituted(v, replacements) for v in value)
    if not is_expression(value):
        return value
    from sympy import sympify

    exact = {
        key: sympify(number) if not isinstance(number, str) else number
        for key, number in replacements.items()
    }
    return as_number(value.subs(exact))
