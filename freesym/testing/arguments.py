"""Arguments of strategies and statements, checked on entry."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError, UnboundParameterError
from freesym.law import Law
from freesym.parameters import Number, as_number, is_expression, number_repr, short
from freesym.testing.errors import InvalidArgumentError

_LARGEST_SEED = 2**63
_MOST_ITEMS = 10_000


def count(value: Any, low: int, high: int, name: str) -> int:
    """An integer between two bounds."""
    try:
        found = operator.index(value)
    except TypeError:
        found = None
    if found is None or isinstance(value, (bool, np.bool_)) or not low <= found <= high:
        raise InvalidArgumentError(
            f"{name} = {short(value)} must be an integer between {low} and {high}"
        )
    return found


def flag(value: Any, name: str) -> bool:
    """A truth value."""
    if not isinstance(value, (bool, np.bool_)):
        raise InvalidArgumentError(f"{name} = {short(value)} must be True or False")
    return bool(value)


def number(value: Any, name: str) -> Number:
    """An exact or floating-point number without symbols."""
    try:
        found = as_number(value, name)
        float(found)
    except (FreesymError, TypeError, OverflowError) as error:
        raise InvalidArgumentError(
            f"{name} = {short(value)} must be a real number without symbols, of size below 1.8e308"
        ) from error
    return found


def rational(value: Any, name: str) -> Fraction:
    """The exact value of a rational or floating-point number."""
    found = number(value, name)
    if is_expression(found):
        raise InvalidArgumentError(
            f"{name} = {short(value)} is irrational; give a rational number near it, such as "
            f"{float(found):.12g}"
        )
    return Fraction(found)


def items(values: Any, name: str, example: str) -> tuple[Any, ...]:
    """The items of an iterable, at least one; a text is one item."""
    try:
        found = (values,) if isinstance(values, str) else tuple(islice(values, _MOST_ITEMS + 1))
    except TypeError:
        found = ()
    if not 0 < len(found) <= _MOST_ITEMS:
        raise InvalidArgumentError(
            f"{name} = {short(values)} must be a list of 1 to {_MOST_ITEMS} items, such as "
            f"{example}"
        )
    return found


def names(values: Any, known: Sequence[str], name: str) -> tuple[str, ...]:
    """Some of the known names, given as a list or, if it is one, as a text."""
    found = items(values, name, f"[{known[0]!r}]")
    unknown = [value for value in found if not (isinstance(value, str) and value in known)]
    if unknown:
        raise InvalidArgumentError(
            f"{name} does not take {', '.join(map(short, unknown))}; give some of "
            f"{', '.join(known)}"
        )
    return found


def between(value: Any, low: float, high: float, name: str) -> float:
    """A real number strictly between two bounds."""
    found = float(number(value, name))
    if not low < found < high:
        raise InvalidArgumentError(f"{name} = {short(value)} must lie between {low} and {high}")
    return found


def share(value: Any, name: str) -> float:
    """A real number from 0 to 1, which itself is too large."""
    found = float(number(value, name))
    if not 0 <= found < 1:
        raise InvalidArgumentError(f"{name} = {short(value)} must be at least 0 and below 1")
    return found


def law(value: Any, name: str) -> Law:
    """A law without symbols."""
    if not isinstance(value, Law):
        raise InvalidArgumentError(f"{name} = {short(value)} must be a law")
    if value.free_symbols:
        symbols = ", ".join(sorted(map(str, value.free_symbols)))
        raise UnboundParameterError(
            f"{name} = {short(value)} depends on {symbols}; bind the symbols with subs"
        )
    return value


def same_symbols(*laws: Law) -> None:
    """Symbols of one name must be one symbol: they print alike, but SymPy tells them apart.

    Examples
    --------
    >>> import freesym as fs, sympy
    >>> c, positive = sympy.Symbol("c"), sympy.Symbol("c", positive=True)
    >>> same_symbols(fs.PointMass(c), fs.PointMass(positive))
    Traceback (most recent call last):
    freesym.testing.errors.InvalidArgumentError: c is the name of different symbols, Symbol('c') \
and Symbol('c', positive=True); use one of them, or put one for the other with subs
    """
    symbols = sorted(frozenset().union(*(law.free_symbols for law in laws)), key=number_repr)
    for name, found in groupby(sorted(symbols, key=str), str):
        alike = list(map(number_repr, found))
        if len(alike) > 1:
            raise InvalidArgumentError(
                f"{name} is the name of different symbols, {' and '.join(alike)}; use one of them, "
                "or put one for the other with subs"
            )


def seed(rng: Any) -> int:
    """The seed of a run: the one that was given, or a fresh one that can be reported.

    Examples
    --------
    >>> seed(3)
    3
    """
    if rng is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(_LARGEST_SEED, dtype=np.int64))
    return count(rng, 0, _LARGEST_SEED - 1, "rng")


def sizes(values: Any, *, least: int) -> tuple[int, ...]:
    """Increasing sizes of matrices."""
    try:
        found = tuple(count(n, 2, 30_000, "a size") for n in values)
    except TypeError:
        raise InvalidArgumentError(f"sizes = {short(values)} must be integers") from None
    if len(found) < least or any(a >= b for a, b in pairwise(found)):
        raise InvalidArgumentError(
            f"sizes = {short(values)} must be at least {least} increasing integers, such as "
            "(100, 200, 400)"
        )
    return found


def symmetric_matrix(value: Any, name: str) -> NDArray[np.float64]:
    """A symmetric (or Hermitian) matrix of finite numbers."""
    _check_dense(value, name)
    try:
        matrix = np.asarray(value)
        # integers overflow silently, and linear algebra knows no other floats
        matrix = matrix.astype(np.complex128 if matrix.dtype.kind == "c" else np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidArgumentError(f"{name} is not an array of numbers: {error}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InvalidArgumentError(f"{name} has the shape {matrix.shape}; it must be square")
    if not np.isfinite(matrix).all():
        raise InvalidArgumentError(f"{name} contains {_first_bad(matrix)}; give finite numbers")
    gap = float(np.abs(matrix - matrix.conj().T).max())
    if gap > 1e-8 * float(np.abs(matrix).max()):
        raise InvalidArgumentError(
            f"{name} is not symmetric: it differs from its transpose by {gap:.3g}"
        )
    return matrix


def _check_dense(value: Any, name: str) -> None:
    if hasattr(value, "toarray"):
        raise InvalidArgumentError(
            f"{name}: a sparse {type(value).__name__} was given; give a dense one, by .toarray()"
        )


def _first_bad(matrix: NDArray[Any]) -> Any:
    return matrix[~np.isfinite(matrix)][0]


def eigenvalues(value: Any, name: str = "eigenvalues") -> NDArray[np.float64]:
    """Finite real numbers, ascending."""
    _check_dense(value, name)
    try:
        found = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidArgumentError(f"{name} are not real numbers: {error}") from error
    if found.ndim != 1 or not found.size:
        raise InvalidArgumentError(
            f"{name} have the shape {found.shape}; give a list of at least one number"
        )
    if not np.isfinite(found).all():
        raise InvalidArgumentError(f"{name} contain {_first_bad(found)}; give finite numbers")
    return np.sort(found)


def level(value: Any, name: str = "false_alarm") -> float:
    """The probability of a false alarm that is accepted."""
    found = between(value, 0.0, 0.5, name)
    assert math.isfinite(found)
    return found
