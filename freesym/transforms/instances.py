"""Relations with random exact values put for their symbols."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

from freesym import parameters
from freesym.errors import FreesymError, InvalidLawError
from freesym.relations import nodes, simplify
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull, is_positive

Values = tuple[tuple[Any, Fraction], ...]

#: Below and above 1, of both signs, without relations between them.
_POOL = (
    Fraction(37, 101), Fraction(163, 101), Fraction(59, 83), Fraction(311, 127), Fraction(13, 97),
    Fraction(79, 89), Fraction(419, 107), Fraction(113, 103), Fraction(-41, 113),
    Fraction(-137, 79),
)  # fmt: skip


def symbols_of(relation: Relation) -> tuple[Any, ...]:
    """The free symbols of a relation, in the order of their names."""
    return tuple(sorted(_symbols(relation), key=str))


@lru_cache(maxsize=1024)
def _symbols(relation: Relation) -> frozenset[Any]:
    found: frozenset[Any] = frozenset()
    named = getattr(relation, "free_symbols", None)
    if named is not None:
        return frozenset(named)
    for value in _fields(relation).values():
        found |= _symbols_in(value)
    return found


def _symbols_in(value: Any) -> frozenset[Any]:
    if isinstance(value, Relation):
        return _symbols(value)
    if isinstance(value, tuple):
        return frozenset().union(*map(_symbols_in, value))
    return parameters.symbols_of(value)


def _fields(relation: Relation) -> dict[str, Any]:
    fields = dataclasses.fields(relation)  # type: ignore[arg-type]
    return {parameters.argument_name(f): getattr(relation, f.name) for f in fields if f.init}


def substituted(relation: Relation, values: dict[Any, Any]) -> Relation:
    """The relation with symbols replaced by exact values."""
    if not values:
        return relation
    replace = getattr(relation, "subs", None)
    if replace is not None:
        found: Relation = replace(values)
        return found
    fields = {name: _replaced(v, values) for name, v in _fields(relation).items()}
    found = type(relation)(**fields)
    return found if _symbols(found) else _posed(found)


def _posed(relation: Relation) -> Relation:
    """A node with the conditions that its symbols had left open.

    Raises
    ------
    InvalidLawError
        If the aspect ratio of a rectangular sum is above 1.
    """
    match relation:
        case nodes.Rectangular() if not 0 < relation.ratio <= 1:
            raise InvalidLawError(
                f"rectangular_sum: ratio = {relation.ratio} must be above 0 and at most 1"
            )
        case nodes.Multiplicative():
            return _sorted_by_sign(relation)
    return relation


def _sorted_by_sign(relation: nodes.Multiplicative) -> Relation:
    """A product in which one factor may turn out to reach both sides of 0."""
    sign: Any = 1
    positive: list[tuple[Relation, Any]] = []
    others: list[Relation] = []
    for factor, power in zip(relation.factors, relation.powers, strict=True):
        numeric = factor.numeric()
        if is_positive(numeric):
            positive.append((factor, power))
        elif hull(numeric)[1] <= 0 and power == 1:
            positive.append((simplify.affine(factor, -1, 0), power))
            sign = -sign
        elif power == 1:
            others.append(factor)
    if len(positive) == len(relation.factors) and sign == 1:
        return relation
    if len(positive) + len(others) < len(relation.factors) or len(others) > 1:
        raise InvalidLawError("a free product with several factors that reach below 0 is no law")
    product = simplify.multiplicative([f for f, _ in positive], [power for _, power in positive])
    if others:
        product = simplify.real_multiplicative(others[0], product)
    return simplify.affine(product, sign, 0)


def _replaced(value: Any, values: dict[Any, Any]) -> Any:
    if isinstance(value, Relation):
        return substituted(value, values)
    if isinstance(value, tuple):
        return tuple(_replaced(v, values) for v in value)
    return parameters.substituted(value, values)


@lru_cache(maxsize=256)
def instances(relation: Relation, count: int = 4) -> tuple[tuple[Values, Relation], ...]:
    """Values for the symbols at which the relation is one of a law, and that relation.

    Without symbols: the relation itself.
    """
    names = symbols_of(relation)
    if not names:
        return (((), relation),)
    proved = tuple(itertools.islice(_valid(relation, names, proved=True), count))
    return proved or tuple(itertools.islice(_valid(relation, names, proved=False), count))


def _valid(
    relation: Relation, names: tuple[Any, ...], *, proved: bool
) -> Iterator[tuple[Values, Relation]]:
    for values in _choices(names):
        try:
            found = substituted(relation, dict(values))
            if proved and not found.numeric().all_proved:
                continue
        except (FreesymError, TypeError, ValueError, ArithmeticError):
            continue
        yield values, found


def _choices(names: tuple[Any, ...]) -> Iterator[Values]:
    """Corners of the pool first far apart, then all."""
    admitted = [[v for v in _POOL if _admits(name, v)] for name in names]
    for shift in range(len(_POOL)):
        for steps in itertools.product(range(3), repeat=min(len(names), 4)):
            offsets = [*steps, *([0] * (len(names) - len(steps)))]
            yield tuple(
                (name, pool[(shift + offset + 3 * k) % len(pool)])
                for k, (name, pool, offset) in enumerate(zip(names, admitted, offsets, strict=True))
            )


def _admits(symbol: Any, value: Fraction) -> bool:
    """Whether SymPy's assumptions on a symbol allow a value that is no integer."""
    denied = (value > 0 and symbol.is_nonpositive) or (value < 0 and symbol.is_nonnegative)
    return not denied and symbol.is_integer is not True and symbol.is_real is not False
