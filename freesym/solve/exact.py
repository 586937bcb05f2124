"""Relation trees with exact parameters, as certificates need them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freesym.errors import UnboundParameterError
from freesym.parameters import is_expression, to_float
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.measures import exact_measure
from freesym.solve.tape import ExactRational, admit_symbols

Convert = Callable[[Any], Any]


def exact_relation(relation: Relation, *, counting: bool = False) -> Relation:
    """A copy whose parameters are exact: a float is the binary number it is.

    ``counting`` leaves the integers of leaves alone, which may count something.

    Raises
    ------
    UnboundParameterError
        If symbols are left in it.
    """
    whole = counting and isinstance(relation, Leaf)
    convert = _exact if not whole else _exact_but_integers
    copy = object.__new__(type(relation))
    bound = _bound_names(relation)
    for field in dataclasses.fields(relation):  # type: ignore[arg-type]
        value = getattr(relation, field.name)
        if field.name not in bound:
            value = _converted(value, convert, counting=counting)
        object.__setattr__(copy, field.name, value)
    measure = exact_measure(relation)
    if measure is not None:
        # what the leaf would tabulate in double precision
        copy.__dict__["_table"] = measure
    return copy


def _bound_names(relation: Relation) -> frozenset[str]:
    """Fields that hold formulas, whose symbol is no parameter."""
    if getattr(relation, "symbol", None) is not None:
        _check_formula(relation)
        return frozenset({"expression", "symbol"})
    return frozenset({"function", "density_function", "base", "breakpoints", "eigenvalues"})


def _check_formula(relation: Any) -> None:
    for symbol in relation.expression.free_symbols - {relation.symbol}:
        to_float(symbol)


def _converted(value: Any, convert: Convert, *, counting: bool) -> Any:
    if isinstance(value, Relation):
        return exact_relation(value, counting=counting)
    if isinstance(value, tuple):
        return tuple(_converted(item, convert, counting=counting) for item in value)
    return convert(value)


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, Fraction)):
        return ExactRational(value)
    if isinstance(value, float):
        return ExactRational(value) if math.isfinite(value) else value
    if is_expression(value):
        return _without_floats(value)
    return value


def _exact_but_integers(value: Any) -> Any:
    return value if isinstance(value, int) else _exact(value)


def _without_floats(value: Any) -> Any:
    import sympy

    if value.free_symbols:
        to_float(value)
        raise UnboundParameterError(f"the parameter {value} has no numerical value")
    admit_symbols()
    return value.xreplace({x: sympy.Rational(x) for x in value.atoms(sympy.Float)})
