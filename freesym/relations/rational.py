"""Rational functions of one variable, to recognise charts that can be inverted exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freesym.relations.functions import (
    coefficients,
    exp,
    log,
    log_lower,
    log_upper,
    pick_smaller,
    sqrt,
)

Polynomial = tuple[Fraction, ...]


class NotRationalError(ArithmeticError):
    """The relation uses a function that is not rational."""


#: Bits from which on coefficients are shortened; others are left as they are.
_LONG = 128


def _trim(p: Polynomial) -> Polynomial:
    n = len(p)
    while n and p[n - 1] == 0:
        n -= 1
    return p[:n]


def _add(p: Polynomial, q: Polynomial) -> Polynomial:
    n = max(len(p), len(q))
    zero = Fraction(0)
    return _trim(
        tuple((p[i] if i < len(p) else zero) + (q[i] if i < len(q) else zero) for i in range(n))
    )


def _multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    out = [Fraction(0)] * max(len(p) + len(q) - 1, 0)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            out[i + j] += a * b
    return _trim(tuple(out))


def _divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    remainder, quotient = list(p), [Fraction(0)] * max(len(p) - len(q) + 1, 0)
    for i in range(len(quotient) - 1, -1, -1):
        quotient[i] = remainder[i + len(q) - 1] / q[-1]
        for j, b in enumerate(q):
            remainder[i + j] -= quotient[i] * b
    return tuple(quotient), _trim(tuple(remainder))


def _gcd(p: Polynomial, q: Polynomial) -> Polynomial:
    while q:
        p, q = q, _primitive(_divide(p, q)[1])
    return p


def _primitive(p: Polynomial) -> Polynomial:
    """The multiple with coprime integers of long remainders, which double in length with each."""
    if all(max(abs(a.numerator), a.denominator).bit_length() < _LONG for a in p):
        return p
    above = math.gcd(*(a.numerator for a in p))
    below = math.lcm(*(a.denominator for a in p))
    return tuple(a * below / above for a in p)


@dataclass(frozen=True)
class RationalFunction:
    """A quotient of two polynomials with rational coefficients, in lowest terms."""

    numerator: Polynomial
    denominator: Polynomial = (Fraction(1),)

    @classmethod
    def variable(cls) -> RationalFunction:
        """The coordinate itself."""
        return cls((Fraction(0), Fraction(1)))

    @staticmethod
    def _lift(value: Any) -> RationalFunction:
        if isinstance(value, RationalFunction):
            return value
        return RationalFunction(_trim((Fraction(value),)))

    @staticmethod
    def _reduced(p: Polynomial, q: Polynomial) -> RationalFunction:
        if not q:
            raise NotRationalError("division by the zero function")
        common = _gcd(p, q)
        return RationalFunction(_divide(p, common)[0], _divide(q, common)[0])

    def __add__(self, other: Any) -> RationalFunction:
        b = self._lift(other)
        return self._reduced(
            _add(
                _multiply(self.numerator, b.denominator), _multiply(b.numerator, self.denominator)
            ),
            _multiply(self.denominator, b.denominator),
        )

    def __neg__(self) -> RationalFunction:
        return RationalFunction(tuple(-a for a in self.numerator), self.denominator)

    def __sub__(self, other: Any) -> RationalFunction:
        return self + -self._lift(other)

    def __rsub__(self, other: Any) -> RationalFunction:
        return self._lift(other) - self

    def __mul__(self, other: Any) -> RationalFunction:
        b = self._lift(other)
        return self._reduced(
            _multiply(self.numerator, b.numerator), _multiply(self.denominator, b.denominator)
        )

    def __truediv__(self, other: Any) -> RationalFunction:
        b = self._lift(other)
        return self * RationalFunction(b.denominator, b.numerator)

    def __rtruediv__(self, other: Any) -> RationalFunction:
        return self._lift(other) / self

    def __pow__(self, exponent: Any) -> RationalFunction:
        if exponent != int(exponent) or abs(exponent) > 8:
            raise NotRationalError(f"power {exponent}")
        result = self._lift(1)
        for _ in range(abs(int(exponent))):
            result = result * self
        return result if exponent >= 0 else 1 / result

    __radd__ = __add__
    __rmul__ = __mul__

    def moebius(self) -> tuple[Fraction, Fraction, Fraction, Fraction] | None:
        """Coefficients ``(a, b, c, d)`` of ``(a s + b)/(c s + d)``, or None."""
        if max(len(self.numerator), len(self.denominator)) != 2:
            return None
        b, a = (self.numerator + (Fraction(0),) * 2)[:2]
        d, c = (self.denominator + (Fraction(0),) * 2)[:2]
        return a, b, c, d


def _refuse(x: RationalFunction) -> Any:
    raise NotRationalError("the relation is not rational")


@coefficients.register
def _(like: RationalFunction, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


@pick_smaller.register
def _(x: RationalFunction, y: Any, a: Any, b: Any) -> Any:
    return a


for _function in (log, log_upper, log_lower, exp, sqrt):
    _function.register(RationalFunction, _refuse)
