"""Quotients of polynomials, in lowest terms."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TypeAlias

from freesym.algebra.polynomials import Names, Polynomial

Exact: TypeAlias = "Quotient | Polynomial | int | Fraction"


class Quotient:
    """A rational function with integer coefficients, in lowest terms; immutable.

    Examples
    --------
    >>> x, y = Quotient.generators(("x", "y"))
    >>> (x**2 - y**2) / (x * (x - y))
    (x + y)/(x)
    """

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: Polynomial, denominator: Polynomial | None = None) -> None:
        if denominator is None:
            denominator = Polynomial.constant(numerator.names, 1)
        elif not denominator:
            raise ZeroDivisionError("the denominator of a quotient is 0")
        elif not denominator.raw.is_one():
            common = numerator.gcd(denominator)
            if not common.raw.is_one():
                numerator, denominator = numerator // common, denominator // common
            if denominator.raw.leading_coefficient() < 0:
                numerator, denominator = -numerator, -denominator
        self.numerator = numerator
        self.denominator = denominator

    @staticmethod
    def generators(names: Names) -> tuple[Quotient, ...]:
        """The generators as quotients."""
        return tuple(map(Quotient, Polynomial.generators(names)))

    @property
    def names(self) -> Names:
        """The names of the generators."""
        return self.numerator.names

    def _lift(self, value: Exact) -> Quotient:
        if isinstance(value, Quotient):
            return value
        if isinstance(value, Polynomial):
            return Quotient(value)
        top = Polynomial.constant(self.names, value.numerator)
        return Quotient(top, Polynomial.constant(self.names, value.denominator))

    def __add__(self, other: Exact) -> Quotient:
        b = self._lift(other)
        if self.denominator == b.denominator:
            return Quotient(self.numerator + b.numerator, self.denominator)
        return Quotient(
            self.numerator * b.denominator + b.numerator * self.denominator,
            self.denominator * b.denominator,
        )

    def __neg__(self) -> Quotient:
        return Quotient(-self.numerator, self.denominator)

    def __sub__(self, other: Exact) -> Quotient:
        return self + -self._lift(other)

    def __rsub__(self, other: Exact) -> Quotient:
        return self._lift(other) - self

    def __mul__(self, other: Exact) -> Quotient:
        b = self._lift(other)
        return Quotient(self.numerator * b.numerator, self.denominator * b.denominator)

    def __truediv__(self, other: Exact) -> Quotient:
        return self * self._lift(other).inverse()

    def __rtruediv__(self, other: Exact) -> Quotient:
        return self._lift(other) * self.inverse()

    def __pow__(self, exponent: int) -> Quotient:
        base = self if exponent >= 0 else self.inverse()
        n = abs(operator.index(exponent))
        result = object.__new__(Quotient)
        result.numerator, result.denominator = base.numerator**n, base.denominator**n
        return result

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Quotient, Polynomial, int, Fraction)):
            return NotImplemented
        b = self._lift(other)
        return self.numerator == b.numerator and self.denominator == b.denominator

    def __hash__(self) -> int:
        return hash((self.numerator, self.denominator))

    def __repr__(self) -> str:
        if self.denominator == 1:
            return repr(self.numerator)
        return f"({self.numerator})/({self.denominator})"

    def inverse(self) -> Quotient:
        """The reciprocal."""
        return Quotient(self.denominator, self.numerator)

    def pair(self) -> tuple[Polynomial, Polynomial]:
        """Numerator and denominator."""
        return self.numerator, self.denominator

    def constant(self) -> Fraction | None:
        """The rational number this is, if it is one."""
        if not (self.numerator.is_constant() and self.denominator.is_constant()):
            return None
        top, bottom = (sum(p.terms().values()) for p in self.pair())
        return Fraction(top, bottom)
