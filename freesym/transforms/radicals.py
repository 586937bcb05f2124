"""The number system in which leaves state polynomials: rational functions and radicals.

A leaf's rules run on an :class:`AlgebraicValue` as they run on complex numbers.  Every root
introduces an auxiliary generator with a polynomial relation; logarithms and exponentials have
none, so a leaf that needs them is not algebraic.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freesym.algebra.elimination import eliminated
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient
from freesym.errors import NotAlgebraicError
from freesym.parameters import is_expression
from freesym.relations import functions
from freesym.transforms.degrees import check_degree
from freesym.transforms.parameters import Parameters, exact

#: How many radicals a leaf may have.
RADICALS = 12
_ROOTS = tuple(f"y{i}" for i in range(RADICALS))


class RadicalField:
    """The ring of one leaf: its coordinates, its radicals, the parameters of the tree."""

    def __init__(self, parameters: Parameters, max_degree: int | None = None) -> None:
        self.parameters = parameters
        self.max_degree = max_degree
        self._degree = 1
        self.names = ("a", "b", "s", "t", *_ROOTS, *parameters.names)
        self.relations: list[Polynomial] = []
        self._known: dict[tuple[Quotient, int], AlgebraicValue] = {}

    def generator(self, name: str) -> AlgebraicValue:
        """A generator as a value."""
        position = self.names.index(name)
        return AlgebraicValue(self, Quotient(Polynomial.generators(self.names)[position]))

    def quotient(self, value: Any) -> Quotient:
        """Whatever the rules of leaves compute with, as a rational function."""
        if isinstance(value, AlgebraicValue):
            return value.quotient
        if isinstance(value, (float, complex)):
            raise NotAlgebraicError(f"it computes with the floating-point number {value}")
        return self.parameters.quotient(value, self.names)

    def root(self, radicand: Quotient, n: int) -> AlgebraicValue:
        """An ``n``-th root: a new generator ``y`` with ``y^n = radicand``."""
        constant = radicand.constant()
        perfect = None if constant is None else _rational_root(constant, n)
        if perfect is not None:
            return AlgebraicValue(self, radicand * 0 + perfect)
        key = (radicand, n)
        if key not in self._known:
            if len(self.relations) == RADICALS:
                raise NotAlgebraicError(f"its formula has more than {RADICALS} radicals")
            self.check(n)
            y = self.generator(_ROOTS[len(self.relations)])
            self.relations.append((y.quotient**n - radicand).numerator.primitive())
            self._known[key] = y
        return self._known[key]

    def check(self, factor: int) -> None:
        """Refuse roots and powers of too large a degree."""
        self._degree *= factor
        check_degree(self._degree, self.max_degree, substituted=True)

    def without_radicals(self, polynomial: Polynomial) -> Polynomial:
        """The polynomial with every radical eliminated, the last one first."""
        for name, relation in reversed(list(zip(_ROOTS, self.relations, strict=False))):
            if polynomial.involves(name):
                polynomial = eliminated(polynomial, relation, name)
        return polynomial


def _rational_root(value: Fraction, n: int) -> Fraction | None:
    """The positive ``n``-th root of a rational number, if it is rational."""
    if value < 0:
        return None
    top, bottom = (round(x ** (1 / n)) if x < 2**50 else -1
                   for x in (value.numerator, value.denominator))  # fmt: skip
    found = Fraction(top, bottom) if bottom > 0 else None
    return found if found is not None and found**n == value else None


class AlgebraicValue:
    """A rational function of a leaf's coordinates and radicals."""

    __slots__ = ("field", "quotient")

    def __init__(self, field: RadicalField, quotient: Quotient) -> None:
        self.field = field
        self.quotient = quotient

    def _binary(self, other: Any, operation: Callable[[Any, Any], Any]) -> AlgebraicValue:
        return AlgebraicValue(self.field, operation(self.quotient, self.field.quotient(other)))

    def __add__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> AlgebraicValue:
        return self._binary(other, lambda a, b: b / a)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> AlgebraicValue:
        return AlgebraicValue(self.field, -self.quotient)

    def __pow__(self, exponent: Any) -> AlgebraicValue:
        number = exact(exponent, "an exponent")
        if is_expression(number):
            raise NotAlgebraicError(f"it has the power {number}; an exponent must be rational")
        power = Fraction(number)
        check_degree(abs(power.numerator), self.field.max_degree, substituted=True)
        base = self if power.denominator == 1 else self.field.root(self.quotient, power.denominator)
        return AlgebraicValue(self.field, base.quotient**power.numerator)

    def __rpow__(self, base: Any) -> AlgebraicValue:
        raise NotAlgebraicError(f"it has an exponential of base {base}")

    def __repr__(self) -> str:
        return repr(self.quotient)


def _refused(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise NotAlgebraicError(f"its transform needs {name}")

    return refuse


def _sqrt(x: AlgebraicValue) -> AlgebraicValue:
    return x.field.root(x.quotient, 2)


def _times_i(x: AlgebraicValue) -> AlgebraicValue:
    """Either imaginary unit serves: the polynomial has both."""
    return x * x.field.root(x.quotient * 0 - 1, 2)


def _first(x: AlgebraicValue, *_: Any) -> AlgebraicValue:
    return x


def _register() -> None:
    for name in ("log", "log_upper", "log_lower"):
        getattr(functions, name).register(AlgebraicValue, _refused("a logarithm"))
    functions.exp.register(AlgebraicValue, _refused("an exponential function"))
    for name in ("measure_transform", "measure_potential"):
        function = getattr(functions, name)
        function.register(AlgebraicValue, _refused("the integral of a density"))
    functions.sqrt.register(AlgebraicValue, _sqrt)
    functions.times_i.register(AlgebraicValue, _times_i)
    functions.flipped.register(AlgebraicValue, _first)
    functions.sign_of_imaginary_part.register(AlgebraicValue, lambda x: x * 0 + 1)
    functions.parameter_root.register(
        AlgebraicValue, lambda like, radicand, n, value: like.field.root(
            like.field.quotient(radicand), n)
    )  # fmt: skip


_register()
