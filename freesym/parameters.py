"""Parameters of laws: numbers, exact rationals or SymPy expressions, checked on entry."""

from __future__ import annotations

import dataclasses
import math
import numbers
import operator
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from freesym.errors import InvalidLawError, UnboundParameterError, UnsupportedOperationError

#: A parameter: ``int``, ``Fraction`` or ``float``, or a SymPy expression.
Number = Any
#: Where a law is evaluated; the last two, and texts, where digits are asked for.
Points: TypeAlias = ArrayLike | Fraction | Decimal


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


_LONGEST = 80
_MOST_ITEMS = 1_000_000
_MOST_SAMPLES = 100_000_000


def short(value: Any) -> str:
    """A value for an error message: one line, not too long.

    Examples
    --------
    >>> short(np.eye(2))
    'array([[1., 0.], [0., 1.]])'
    """
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python does not write out integers of thousands of digits
        text = f"(a very long {type(value).__name__})"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


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
            f"{name} = {short(value)} is a {type(value).__name__}; give a real number, a Fraction "
            "or a SymPy expression"
        )
    if not math.isfinite(value):
        raise InvalidLawError(f"{name} = {value!r} is not finite; give a finite number")
    return float(value)


_EXACT = re.compile(
    r"[-+]?(?:[0-9]+/[0-9]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)", re.ASCII
)


def exact_number(text: str) -> int | Fraction:
    """A decimal or a quotient of integers, as exact as it was typed.

    Powers of ten beyond 999 are refused: writing out their digits could take forever.

    Raises
    ------
    ValueError
        For any other text.

    Examples
    --------
    >>> exact_number("0.01"), exact_number("2e3")
    (Fraction(1, 100), 2000)
    """
    text = text.strip()
    if _EXACT.fullmatch(text) is None:
        raise ValueError(f"{short(text)} is not a number")
    try:
        exact = Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"{short(text)} divides by 0") from None
    return exact.numerator if exact.denominator == 1 else exact


def _from_sympy(value: Any, name: str) -> Number:
    if value.is_Rational:
        exact = Fraction(int(value.p), int(value.q))
        return exact.numerator if exact.denominator == 1 else exact
    if value.is_Float:
        return as_number(float(value), name)
    sympy = sys.modules["sympy"]
    open_forms = (
        sympy.Integral, sympy.Sum, sympy.Product, sympy.Derivative, sympy.Limit,
        sympy.core.function.AppliedUndef,
    )  # fmt: skip
    if value.has(*open_forms):
        raise InvalidLawError(f"{name} = {short(value)} is not evaluated; see SymPy's doit()")
    undefined = value.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)
    if undefined or value.is_real is False or value.is_finite is False or _is_complex(value):
        raise InvalidLawError(f"{name} = {short(value)} is not a finite real number")
    return value


def _is_complex(value: Any) -> bool:
    """Whether a constant that SymPy knows little about has no real value."""
    if value.free_symbols or value.is_real:
        return False
    try:
        return not math.isfinite(float(value))
    except (TypeError, ValueError, ArithmeticError):
        return True


def as_sequence(values: Any, name: str) -> tuple[Any, ...]:
    """The items of a list, tuple, array or other ordered iterable.

    Raises
    ------
    InvalidLawError
        If it is none, or has more than a million items.
    """
    unordered = isinstance(values, (str, bytes, Mapping, Set, type))
    scalar = isinstance(values, np.ndarray) and values.ndim == 0
    if unordered or scalar or not isinstance(values, Iterable):
        raise InvalidLawError(f"{name} = {short(values)} must be a sequence, such as a list")
    found = tuple(islice(values, _MOST_ITEMS + 1))
    if len(found) > _MOST_ITEMS:
        raise InvalidLawError(f"{name} has more than {_MOST_ITEMS} items; give fewer")
    return found


def as_count(value: Any, low: int, high: int, name: str) -> int:
    """An integer between two bounds.

    Raises
    ------
    UnsupportedOperationError
        If it is no integer.
    InvalidLawError
        If it is out of bounds.
    """
    try:
        count = operator.index(value)
    except TypeError:
        count = None
    if count is None or isinstance(value, (bool, np.bool_)):
        raise UnsupportedOperationError(f"{name} = {short(value)} must be an integer")
    if not low <= count <= high:
        raise InvalidLawError(f"{name} = {short(value)} must lie between {low} and {high}")
    return count


def as_size(value: Any) -> tuple[int, ...] | None:
    """The shape of a sample, of at most a hundred million numbers; None for a single one."""
    if value is None:
        return None
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    shape = tuple(as_count(n, 0, _MOST_SAMPLES, "size") for n in sizes)
    as_count(math.prod(shape), 0, _MOST_SAMPLES, "size")
    return shape


def as_generator(rng: Any) -> np.random.Generator:
    """NumPy's generator for a seed, a generator or None.

    Raises
    ------
    InvalidLawError
        If it is none of them.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise InvalidLawError(
            f"rng = {short(rng)} must be a seed (a nonnegative integer), a NumPy generator or None"
        ) from error


def checked(value: Any, domain: Domain, law: str, name: str) -> Number:
    """The canonical form of a parameter that must lie in a domain."""
    number = as_number(value, f"{law}: {name}")
    if is_expression(number) and number.free_symbols:
        fits = getattr(number, domain.assumption) is not False
    else:
        fits = domain.contains(rounded(number, f"{law}: {name}"))
    if not fits:
        raise InvalidLawError(f"{law}: {name} = {short(value)} must be {domain.words}")
    return number


def rounded(number: Number, name: str) -> float:
    """A number without symbols in double precision, which must be able to hold it.

    Raises
    ------
    InvalidLawError
        If it is too large, or too small but not 0.
    """
    try:
        found = float(number)
    except OverflowError:
        found = math.inf
    if math.isinf(found) or (abs(found) < sys.float_info.min and number != 0):
        size = "large" if found else "small"
        raise InvalidLawError(
            f"{name} is too {size} for double precision: it must be 0 or between 2.3e-308 and "
            "1.7e308 in size"
        )
    return found


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
        symbols = sorted(value.free_symbols, key=str)
        raise UnboundParameterError(
            f"the parameter {value} has no numerical value; bind {', '.join(map(str, symbols))} "
            f"with .subs({{{number_repr(symbols[0])}: ...}})"
        )
    return float(value)


def is_positive(value: Number) -> bool:
    """Whether a parameter is positive.

    Raises
    ------
    UnboundParameterError
        If that depends on symbols.

    Examples
    --------
    >>> is_positive(Fraction(1, 3) - 1)
    False
    """
    known = value.is_positive if is_expression(value) else None
    return to_float(value) > 0 if known is None else bool(known)


def is_known_positive(value: Number) -> bool:
    """Whether a parameter is positive whatever its symbols are.

    Examples
    --------
    >>> import sympy
    >>> is_known_positive(sympy.Symbol("c", positive=True)), is_known_positive(sympy.Symbol("c"))
    (True, False)
    """
    return bool(value.is_positive if is_expression(value) else value > 0)


def positive_part(value: Number) -> Number:
    """The value if it is positive, else 0; ``Max(0, value)`` where that depends on symbols.

    Examples
    --------
    >>> positive_part(Fraction(1, 3) - 1)
    0
    >>> import sympy
    >>> positive_part(1 - sympy.Symbol("c", positive=True))
    Max(0, 1 - c)
    """
    try:
        return value if is_positive(value) else 0
    except UnboundParameterError:
        return as_number(sys.modules["sympy"].Max(0, value))


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
    at_once = any(symbols_of(new) for new in replacements.values())  # an exchange of symbols
    return as_number(value.subs(replacements, simultaneous=at_once))


def checked_replacements(replacements: Any) -> dict[Any, Any]:
    """What may be put for symbols: SymPy expressions and numbers, the latter as SymPy's.

    Raises
    ------
    InvalidLawError
        If this is no mapping from symbols to numbers or expressions; texts are not read.
    """
    if not isinstance(replacements, Mapping):
        raise InvalidLawError(
            f"subs takes a mapping such as {{symbol: 1}}, not {short(replacements)}"
        )
    for key in replacements:
        if not is_expression(key):
            raise InvalidLawError(f"subs: {short(key)} is not a SymPy symbol")
    return {key: sympified(as_number(n, str(key))) for key, n in replacements.items()}


def sympified(number: Number) -> Any:
    """A canonical number as SymPy's."""
    import sympy

    if isinstance(number, Fraction):
        return sympy.Rational(number.numerator, number.denominator)
    return number if is_expression(number) else sympy.Number(number)
