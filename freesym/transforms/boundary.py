"""The number system of boundary values: ``re + i im`` with SymPy parts, approached from above.

The rules of leaves run on it as on complex numbers.  A sample number decides the side of
every cut; on an interval of the support it is the same everywhere.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from typing import Any

from freesym.lazy import LazyModule
from freesym.relations import functions

sympy: Any = LazyModule("sympy")


@dataclass(frozen=True)
class BoundaryValue:
    """A function on an interval, with its value at one sample point."""

    re: Any
    im: Any
    sample: complex

    @staticmethod
    def _lift(value: Any) -> BoundaryValue:
        if isinstance(value, BoundaryValue):
            return value
        if isinstance(value, complex):
            return BoundaryValue(sympy.sympify(value.real), sympy.sympify(value.imag), value)
        number = sympy.sympify(value)
        return BoundaryValue(number, sympy.S.Zero, complex(number))

    def __add__(self, other: Any) -> BoundaryValue:
        b = self._lift(other)
        return BoundaryValue(self.re + b.re, self.im + b.im, self.sample + b.sample)

    def __neg__(self) -> BoundaryValue:
        return BoundaryValue(-self.re, -self.im, -self.sample)

    def __sub__(self, other: Any) -> BoundaryValue:
        return self + -self._lift(other)

    def __rsub__(self, other: Any) -> BoundaryValue:
        return self._lift(other) - self

    def __mul__(self, other: Any) -> BoundaryValue:
        b = self._lift(other)
        re = self.re * b.re - self.im * b.im
        im = self.re * b.im + self.im * b.re
        return BoundaryValue(re, im, self.sample * b.sample)

    def __truediv__(self, other: Any) -> BoundaryValue:
        b = self._lift(other)
        size = sympy.expand(b.re**2 + b.im**2)
        inverse = BoundaryValue(b.re / size, -b.im / size, 1 / b.sample)
        return self * inverse

    def __rtruediv__(self, other: Any) -> BoundaryValue:
        return self._lift(other) / self

    def __pow__(self, exponent: Any) -> BoundaryValue:
        if exponent != int(exponent):
            return exponential(logarithm(self) * exponent)
        found = self._lift(functions.integer_power(self, abs(int(exponent))))
        return found if exponent >= 0 else 1 / found

    __radd__ = __add__
    __rmul__ = __mul__


def square_root(x: BoundaryValue) -> BoundaryValue:
    """The principal root, from above on its cut."""
    sample = cmath.sqrt(x.sample)
    if x.im == 0:
        positive = x.sample.real > 0
        root = sympy.sqrt(x.re if positive else -x.re)
        zero = sympy.S.Zero
        return BoundaryValue(root, zero, sample) if positive else BoundaryValue(zero, root, sample)
    size = sympy.sqrt(x.re**2 + x.im**2)
    sign = 1 if x.sample.imag > 0 else -1
    re, im = sympy.sqrt((size + x.re) / 2), sign * sympy.sqrt((size - x.re) / 2)
    return BoundaryValue(re, im, sample)


def logarithm(x: BoundaryValue, side: int = 1) -> BoundaryValue:
    """The principal logarithm; on its cut from above or below."""
    if x.im == 0:
        positive = x.sample.real > 0
        re = sympy.log(x.re if positive else -x.re)
        angle = sympy.S.Zero if positive else side * sympy.pi
    else:
        re = sympy.log(x.re**2 + x.im**2) / 2
        angle = sympy.arg(x.re + sympy.I * x.im)
    return BoundaryValue(re, angle, complex(cmath.log(abs(x.sample)).real, float(angle.evalf()) if (
        x.im == 0) else cmath.phase(x.sample)))  # fmt: skip


def exponential(x: BoundaryValue) -> BoundaryValue:
    """``exp(re)(cos im + i sin im)``."""
    size = sympy.exp(x.re)
    return BoundaryValue(size * sympy.cos(x.im), size * sympy.sin(x.im), cmath.exp(x.sample))


def parameter_root(like: BoundaryValue, radicand: Any, n: int, value: Any) -> Any:
    """The exact root of a positive parameter."""
    return sympy.sympify(radicand) ** sympy.Rational(1, n)


functions.parameter_root.register(BoundaryValue, parameter_root)
functions.sqrt.register(BoundaryValue, square_root)
functions.exp.register(BoundaryValue, exponential)
functions.log.register(BoundaryValue, logarithm)
functions.log_upper.register(BoundaryValue, logarithm)
functions.log_lower.register(BoundaryValue, lambda x: logarithm(x, -1))
functions.times_i.register(BoundaryValue, lambda x: BoundaryValue(-x.im, x.re, 1j * x.sample))
