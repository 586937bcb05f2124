"""Closed forms as values: functions of one variable with the operations that transforms need."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from freesym.relations.relation import Relation
from freesym.relations.state import Kind, State
from freesym.transforms.branches import Surd


@dataclass(frozen=True)
class Formula:
    """A closed form that is more than one product of square roots."""

    variable: Any
    expression: Any

    @property
    def is_rational(self) -> bool:
        """Whether it is a rational function of its variable."""
        return bool(self.expression.is_rational_function(self.variable))

    def moebius(self, a: Any, b: Any, c: Any, d: Any) -> Formula:
        """``(a y + b)/(c y + d)``."""
        y = self.expression
        return Formula(self.variable, (a * y + b) / (c * y + d))

    def with_values(self, values: Mapping[Any, Any]) -> Formula:
        """The same with expressions for symbols."""
        return Formula(self.variable, self.expression.subs(values))

    def at_multiple(self, factor: Any) -> Formula:
        """The value at ``factor x``."""
        x = self.variable
        return Formula(x, self.expression.subs(x, factor * x))

    def at_reciprocal(self) -> Formula:
        """The value at ``1/x``, with ``sqrt(1/x - a) = sqrt(1 - a x)/sqrt(x)``."""
        x = self.variable

        def is_root(e: Any) -> bool:
            return bool(
                e.is_Pow and abs(e.exp) == sympy.S.Half and (e.base - 1 / x).has(x) is False
            )

        def split(e: Any) -> Any:
            return (1 + x * (e.base - 1 / x)) ** e.exp * x ** (-e.exp)

        found = self.expression.subs(x, 1 / x).replace(is_root, split)
        terms = sympy.Add.make_args(found.replace(sympy.log, _log))
        return Formula(x, sympy.Add(*map(_in_lowest_terms, terms)))


def _in_lowest_terms(value: Any) -> Any:
    return sympy.cancel(value) if value.is_rational_function() else sympy.powsimp(value)


Closed = Surd | Formula


def formula(x: Any, expression: Any) -> Closed:
    """A closed form; rational functions in lowest terms."""
    value = sympy.sympify(expression)
    if value.has(sympy.Float, sympy.nan, sympy.zoo):
        raise ValueError("not exact")
    if value.is_rational_function(x) and not value.has(sympy.exp, sympy.log):
        top, bottom = sympy.fraction(sympy.cancel(sympy.together(value)))
        return Surd(x, top, sympy.S.Zero, bottom)
    return Formula(x, value.replace(sympy.log, _log))


def _log(argument: Any) -> Any:
    rational = argument.is_rational_function() and argument.free_symbols
    return sympy.log(sympy.factor(sympy.cancel(argument)) if rational else argument)


@dataclass(frozen=True)
class Local:
    """A closed form near 0: in the disc of a radius, None if that is not known.

    A rational function holds everywhere; its radius is infinite.
    """

    closed: Closed
    radius: Any

    @property
    def expression(self) -> Any:
        """The formula."""
        return self.closed.expression


def symbolic(relation: Relation) -> Relation:
    """The relation with SymPy numbers for integers and Fractions."""
    copy = object.__new__(type(relation))
    for name in (f.name for f in dataclasses.fields(relation)):  # type: ignore[arg-type]
        object.__setattr__(copy, name, _symbolic(getattr(relation, name)))
    return copy


def _symbolic(value: Any) -> Any:
    if isinstance(value, Relation):
        return symbolic(value)
    if isinstance(value, tuple):
        return tuple(map(_symbolic, value))
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return sympy.Rational(value)
    return value


def abstracted(relation: Relation) -> tuple[Relation, dict[Any, Any]]:
    """The relation with new symbols for parameters that are no rational functions of symbols.

    With them a polynomial keeps its degree: over the rationals ``sqrt(2)`` doubles it.
    """
    found: dict[Any, Any] = {}

    def replaced(value: Any) -> Any:
        if isinstance(value, Relation):
            return abstract(value)
        if isinstance(value, tuple):
            return tuple(map(replaced, value))
        if not isinstance(value, sympy.Expr) or _is_rational_function(value):
            return value
        if value not in found:
            found[value] = sympy.Dummy("r", real=True, positive=value.is_positive)
        return found[value]

    def abstract(node: Relation) -> Relation:
        if hasattr(node, "expression"):  # a formula, not a parameter
            return node
        copy = object.__new__(type(node))
        for name in (f.name for f in dataclasses.fields(node)):  # type: ignore[arg-type]
            object.__setattr__(copy, name, replaced(getattr(node, name)))
        return copy

    changed = abstract(relation)
    if not found:
        return relation, {}
    return changed, {symbol: value for value, symbol in found.items()}


def _is_rational_function(value: Any) -> bool:
    symbols = sorted(value.free_symbols, key=str)
    if not symbols:
        return bool(value.is_Rational)
    if not value.is_rational_function(*symbols):
        return False
    return all(number.is_Rational for number in value.atoms(sympy.Number)) and not (
        value.atoms(sympy.Pow, sympy.NumberSymbol, sympy.Function)
        - {power for power in value.atoms(sympy.Pow) if power.exp.is_Integer}
    )


# -------------------------------------------------------------------------------------- proxies


@dataclass(frozen=True)
class Known(Relation):
    """Stands for a child whose state is known in closed form."""

    state_at: Callable[[Kind, Any], State]

    def explicit(self, kind: Kind) -> bool:
        """Always."""
        return True

    def at(self, kind: Kind, value: Any) -> State:
        """The closed form."""
        return self.state_at(kind, value)

    def combine(self, parts: tuple[State, ...]) -> State:
        """There are no parts."""
        raise NotImplementedError

    def has_potential(self) -> bool:
        """Where its closed form has one."""
        return True


def no_value() -> Any:
    """What is not known in closed form."""
    raise NotImplementedError


def with_children(relation: Any, known: Callable[[Relation], Relation]) -> Any:
    """The node with its children replaced."""
    changed: dict[str, Any] = {}
    for name in (f.name for f in dataclasses.fields(relation)):
        value = getattr(relation, name)
        if isinstance(value, Relation):
            changed[name] = known(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Relation):
            changed[name] = tuple(map(known, value))
    return dataclasses.replace(relation, **changed)
