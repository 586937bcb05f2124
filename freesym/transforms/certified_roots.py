"""Certified densities of algebraic laws of small degree as roots of their polynomial.

Between two zeros of the discriminant of ``P(z, G) = 0``, and of its leading coefficient, the roots
are analytic and distinct, and those that are not real stay so.  Where only one of them lies in the
lower half-plane and one certified density is positive, that root is ``G`` on the whole interval;
where one certified density is 0, all are.  FLINT finds a root faster than the tree is solved.
"""

from __future__ import annotations

from bisect import bisect
from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.algebra.polynomials import Polynomial
from freesym.errors import FreesymError
from freesym.relations.relation import Relation
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_numbers import bits_for
from freesym.spectrum.expansions import exact
from freesym.transforms.certified_edges import real_zeros, singular_polynomials
from freesym.transforms.curve import algebraic_curve

acb, arb = flint.acb, flint.arb
Ball = Any
#: Polynomials of a higher degree cost more to find than a few densities.
_PREDICTED, _LARGEST_DEGREE, _LARGEST_DISCRIMINANT = 8, 6, 40
_LONGEST = 512
#: Where in an interval it is decided: at no point of symmetry.
_SHARE = Fraction(45, 97)
_BITS, _ROOT_BITS, _SPARE_BITS = 128, 64, 24


def density(relation: Relation, x: Any, digits: int) -> Any | None:
    """The density at a rational point as a ball; None where this method does not apply."""
    if not isinstance(x, Fraction):
        return None
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > _LONGEST:
        return None
    curve = _curve(relation)
    return None if curve is None else curve.density(x, digits)


class _Curve:
    """``P(z, .)``, the singular points, and what is known of the intervals between them."""

    def __init__(self, relation: Relation, rows: list[Any], zeros: list[Any]) -> None:
        self.relation, self.zeros = relation, zeros
        self._rows = rows
        self._degree = max(map(len, rows)) - 1
        self._places = [float(zero.mid()) for zero in zeros]
        #: Whether the density is positive; None if a root is not known to be that of the law.
        self._positive: dict[int, bool | None] = {}

    def density(self, x: Fraction, digits: int) -> Any | None:
        """The density, by the root or as the 0 that it is on a whole interval."""
        i = self._interval(x)
        if i is None:
            return None
        if i not in self._positive:
            self._positive[i] = self._decided(self._inside(i))
        positive = self._positive[i]
        if positive is None:
            return None
        if not positive:
            return arb(0)
        g = self._lower_root(x, bits_for(digits))
        with working_precision(bits_for(digits) + _SPARE_BITS):
            return None if g is None else -g.imag / arb.pi()

    def _interval(self, x: Fraction) -> int | None:
        """The number of zeros below a point; None beside one of them."""
        i = bisect(self._places, float(x))
        with working_precision(_BITS):
            place = real_ball(x)
            below = i == 0 or self.zeros[i - 1] < place
            return i if below and (i == len(self.zeros) or place < self.zeros[i]) else None

    def _inside(self, i: int) -> Fraction:
        """A point of an interval, away from its ends."""
        if not self._places:
            return Fraction(0)
        below = self._places[i - 1] if i else self._places[0] - 2.0
        above = self._places[i] if i < len(self._places) else below + 2.0
        return Fraction(below) + (Fraction(above) - Fraction(below)) * _SHARE

    def _decided(self, x: Fraction) -> bool | None:
        with working_precision(_BITS):
            try:
                g = enclosed(self.relation, acb(real_ball(x)), _BITS).g
            except FreesymError:
                return None
            if g.imag.is_zero():
                return False
            # FLINT knows which roots of an integer polynomial are real
            roots = [acb(root) for root, _ in self._polynomial(x).complex_roots()]
            lower = [root for root in roots if root.imag < 0]
            known = len(lower) == 1 and bool(g.imag < 0) and lower[0].overlaps(g)
            return True if known else None

    def _polynomial(self, x: Fraction) -> Any:
        """``P(x, .)`` with integer coefficients."""
        p, q = flint.fmpz(x.numerator), flint.fmpz(x.denominator)
        found = []
        for row in self._rows:
            total, power = flint.fmpz(0), q ** (self._degree - len(row) + 1)
            for coefficient in reversed(row):
                total, power = total * p + coefficient * power, power * q
            found.append(total)
        return flint.fmpz_poly(found)

    def _lower_root(self, x: Fraction, bits: int) -> Ball | None:
        """The one root in the lower half-plane, by interval Newton; None if that fails."""
        polynomial = self._polynomial(x)
        slope = polynomial.derivative()
        with working_precision(_ROOT_BITS):
            try:
                roots = flint.acb_poly(polynomial).roots()
            except ValueError:
                return None
        lower = [root for root in roots if root.imag < 0]
        if len(lower) != 1:
            return None
        box, known = lower[0], lower[0].imag.rel_accuracy_bits()
        while known < bits:
            with working_precision(min(bits, 2 * max(known, _SPARE_BITS)) + _SPARE_BITS):
                middle = box.mid()
                step = flint.acb_poly(polynomial)(middle) / flint.acb_poly(slope)(box)
                box = middle - step
            before, known = known, box.imag.rel_accuracy_bits()
            if not box.is_finite() or known <= before:
                return None
        return box


def _row(coefficient: Polynomial) -> list[Any]:
    """The coefficients of the powers of ``w``, ascending."""
    row = [flint.fmpz(0)] * (coefficient.degree("w") + 1)
    place = coefficient.names.index("w")
    for exponents, value in coefficient.terms().items():
        row[exponents[place]] += int(value)
    return row


@lru_cache(maxsize=64)
def _curve(relation: Relation) -> _Curve | None:
    """The curve of an algebraic law without symbols, if it is a small one."""
    try:
        polynomial = algebraic_curve(exact(relation), _PREDICTED).polynomial
        if polynomial.degree("g") > _LARGEST_DEGREE:
            return None
        factors = singular_polynomials(relation)
        if factors is None or sum(f.degree() for f in factors) > _LARGEST_DISCRIMINANT:
            return None
        with working_precision(_BITS):
            zeros = real_zeros(factors)
    except FreesymError:
        return None
    return _Curve(relation, list(map(_row, polynomial.coefficients("g"))), zeros)
