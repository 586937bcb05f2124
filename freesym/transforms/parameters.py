"""Parameters of laws as exact quantities: rational numbers, symbols, radicals.

A polynomial's coefficients are polynomials in generators, one for every symbol in the
parameters.  A radical of parameters, ``sqrt(2)`` or ``sqrt(c)``, is a generator with a relation,
which is eliminated at the end; other constants and functions, ``pi`` or ``exp(c)``, are
generators without one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient
from freesym.errors import InvalidLawError
from freesym.lazy import LazyModule
from freesym.parameters import Number, is_expression
from freesym.relations.relation import Relation
from freesym.spectrum.expansions import parameters_of

sympy: Any = LazyModule("sympy")


def exact(value: Any, name: str = "a parameter") -> Number:
    """The value as an ``int``, a Fraction or a SymPy expression without floats.

    Raises
    ------
    InvalidLawError
        If it is a floating-point number, or contains one.

    Examples
    --------
    >>> exact(Fraction(1, 3))
    Fraction(1, 3)
    >>> exact(0.3)
    Traceback (most recent call last):
        ...
    freesym.errors.InvalidLawError: a parameter is the floating-point number 0.3; ...
    """
    if isinstance(value, float) or (is_expression(value) and value.has(sympy.Float)):
        raise InvalidLawError(
            f"{name} is the floating-point number {value}; symbolic results need exact "
            "parameters: give Fraction(...) or sympy.Rational(...), or replace it yourself, "
            "for example by sympy.nsimplify(value)"
        )
    if is_expression(value) and value.is_Rational:
        value = Fraction(int(value.p), int(value.q))
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def check_exact(relation: Relation) -> None:
    """Refuse a tree with floating-point parameters."""
    for value in parameters_of(relation):
        exact(value, "a parameter of the law")


@dataclass(frozen=True)
class Parameters:
    """The generators that stand for what occurs in the parameters of a tree.

    ``atoms`` are SymPy expressions: symbols, constants, and radicals ``base**(1/q)``.
    """

    atoms: tuple[Any, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the generators."""
        return tuple(f"p{i}" for i in range(len(self.atoms)))

    @cached_property
    def _index(self) -> dict[Any, int]:
        return {atom: i for i, atom in enumerate(self.atoms)}

    def quotient(self, value: Any, names: tuple[str, ...]) -> Quotient:
        """An exact parameter in the ring with these generators, the own ones among them."""
        number = exact(value)
        if isinstance(number, (int, Fraction)):
            one = Quotient(Polynomial.constant(names, 1))
            return one * number
        if number in self._index:
            generator = names.index(self.names[self._index[number]])
            return Quotient(Polynomial.generators(names)[generator])
        return self._compound(number, names)

    def _compound(self, value: Any, names: tuple[str, ...]) -> Quotient:
        if isinstance(value, (sympy.Add, sympy.Mul)):
            parts = [self.quotient(part, names) for part in value.args]
            result = parts[0]
            for part in parts[1:]:
                result = result + part if isinstance(value, sympy.Add) else result * part
            return result
        base, exponent = value.args
        if exponent.is_Integer:
            return self.quotient(base, names) ** int(exponent)
        root = self.quotient(base ** sympy.Rational(1, exponent.q), names)
        return root ** int(exponent.p)

    def radicals(self) -> list[tuple[str, Polynomial]]:
        """The generators that have a relation, last first, with that relation."""
        found = []
        for name, atom in zip(self.names, self.atoms, strict=True):
            relation = self._radical_relation(name, atom)
            if relation is not None:
                found.append((name, relation))
        return found[::-1]

    def _radical_relation(self, name: str, atom: Any) -> Polynomial | None:
        generator = Quotient(Polynomial.generators(self.names)[self.names.index(name)])
        if isinstance(atom, sympy.CRootOf):
            value = generator * 0
            for c in atom.poly.all_coeffs():
                value = value * generator + int(c)
            return value.numerator
        if isinstance(atom, sympy.Pow) and _is_root(atom):
            base, exponent = atom.args
            return (generator ** int(exponent.q) - self.quotient(base, self.names)).numerator
        return None


def parameters_in(values: Iterable[Any]) -> Parameters:
    """The generators that parameters need, radicals after what is under the root."""
    found: dict[Any, None] = {}
    for value in values:
        number = exact(value)
        if is_expression(number):
            _collect(number, found)
    simple = [atom for atom in found if not _is_root(atom)]
    simple.sort(key=lambda atom: (not atom.is_Symbol, str(atom), sympy.srepr(atom)))
    return Parameters((*simple, *(atom for atom in found if _is_root(atom))))


def _is_root(atom: Any) -> bool:
    return isinstance(atom, sympy.Pow) and atom.exp.is_Rational and atom.exp.p == 1


def _collect(value: Any, found: dict[Any, None]) -> None:
    if value.is_Rational or value in found:
        return
    if isinstance(value, (sympy.Add, sympy.Mul)):
        for part in value.args:
            _collect(part, found)
        return
    if isinstance(value, sympy.Pow) and value.exp.is_Rational:
        _collect(value.base, found)
        if not value.exp.is_Integer:
            found.setdefault(value.base ** sympy.Rational(1, value.exp.q))
        return
    found.setdefault(value)
