"""R- and S-transforms with certified digits, where they are inverses of univalent functions.

On the line: ``G`` decreases from ``G(b+)`` to 0 to the right of the spectrum and from 0 to the left
of it, and so does ``psi`` for a law on the half-line.  For any other law ``psi`` is convex in
``1/z`` between the ends of the spectrum, so that a level is crossed upwards once, and
downwards once; the crossing whose direction is the sign of the mean is that of the inverse which
is 0 at 0.  Two points outside the spectrum whose values lie on either side of the argument
enclose it, by the intermediate value theorem.

Elsewhere: seen from points outside the circle over the spectrum as diameter, the spectrum
lies in an angle below ``pi/2`` (Thales).  So the values of ``1/((z - t)(z' - t))`` lie in a
half-plane, and ``(G(z) - G(z'))/(z - z')``, their mean up to the sign, is not 0: ``G`` is univalent
there, and so is ``psi`` if all of the spectrum has one sign.  The same angle bounds the quotient
from below, and Rouche's theorem turns a small residual into a disc around the inverse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from freesym.errors import (
    ConvergenceError,
    FreesymError,
    PrecisionError,
    UnsupportedOperationError,
)
from freesym.relations.relation import Relation
from freesym.spectrum import inversion
from freesym.spectrum.arcs import Kind
from freesym.spectrum.certified import Enclosed, enclosed
from freesym.spectrum.certified_hull import certified_hull
from freesym.spectrum.certified_means import certified_mean
from freesym.spectrum.certified_numbers import (
    Point,
    checked_digits,
    exact_complex,
    mapped,
    refined,
    to_mpc,
    to_mpf,
)

acb, arb = flint.acb, flint.arb
Ball = Any
_STEPS, _END_BITS = 40, 128
#: Points beside the ends of the support, relative to its length.
_MARGIN = 1e-6

_ZERO = Point(Fraction(0))


def r_transform(relation: Relation, w: Any, digits: Any) -> Any:
    """``R(w) = G^{-1}(w) - 1/w`` where ``G`` is proved to be univalent."""
    n = checked_digits(digits)

    def at(value: Any) -> Any:
        point = exact_complex(value, "w")
        if point == _ZERO:
            return to_mpf(refined(lambda bits: certified_mean(relation), n, lambda: "the mean"), n)
        rounded = _rounded(point)
        with np.errstate(all="ignore"):
            start = inversion.r_transform(relation.numeric(), rounded) + 1 / rounded
        inverse = _Inverse(relation, point, start, "g")

        def compute(bits: int) -> Ball:
            return inverse.enclosed(bits) - 1 / point.ball()

        return _number(refined(compute, n, lambda: f"R at {value}"), point, n)

    return mapped(at, w)


def s_transform(relation: Relation, m: Any, digits: Any) -> Any:
    """``S(m) = (1 + m)/m chi(m)`` where ``psi`` is proved to be univalent."""
    n = checked_digits(digits)

    def at(value: Any) -> Any:
        point = exact_complex(value, "m")
        if point == _ZERO:
            return to_mpf(
                refined(lambda bits: 1 / certified_mean(relation), n, lambda: "the mean"), n
            )
        rounded = _rounded(point)
        with np.errstate(all="ignore"):
            s = inversion.s_transform(relation.numeric(), rounded)
            start = (1 + rounded) / (rounded * s)
        inverse = _Inverse(relation, point, start, "psi")

        def compute(bits: int) -> Ball:
            return (1 + point.ball()) / (point.ball() * inverse.enclosed(bits))

        return _number(refined(compute, n, lambda: f"S at {value}"), point, n)

    return mapped(at, m)


def _rounded(point: Point) -> complex | float:
    """The point in double precision, a float where it is real."""
    try:
        real, imag = float(point.real), float(point.imag)
    except OverflowError:
        real = imag = 0.0
    if real == 0 == imag:
        raise PrecisionError(
            "the argument is beyond the range of double precision, where a start is found"
        )
    return complex(real, imag) if point.imag != 0 else real


def _number(value: Ball, point: Point, digits: int) -> Any:
    return to_mpf(value.real, digits) if point.imag == 0 else to_mpc(value, digits)


class _Inverse:
    """The inverse of ``G``, or of ``psi``, at a number.

    Parameters
    ----------
    relation : Relation
    point : Point
        The number.
    start : complex
        The inverse, roughly; nothing about it is trusted.
    name : "g" or "psi"
        The function.
    """

    def __init__(self, relation: Relation, point: Point, start: complex, name: Kind) -> None:
        self.relation, self.point, self.name = relation, point, name
        self.start = complex(start)
        if point.imag == 0 and self.start.imag != 0:
            raise UnsupportedOperationError(
                f"the inverse function at {float(point.real):.12g} is not real: its digits are "
                "certified outside the hull of the spectrum"
            )

    def enclosed(self, bits: int) -> Ball:
        """A ball around the inverse."""
        return self._complex(bits) if self.point.imag != 0 else acb(self._real(bits))

    def _value(self, z: Ball, bits: int) -> Ball:
        return getattr(enclosed(self.relation, z, bits), self.name)

    def _weight(self) -> Any:
        """The limit of ``z f(z)`` at infinity."""
        return arb(1) if self.name == "g" else certified_mean(self.relation)

    def _tolerance(self, bits: int) -> Any:
        """The relative error of the inverse: far away, transforms are differences."""
        reach = max(map(abs, certified_hull(self.relation.numeric())))
        far = abs(self.start) / reach if 0 < reach < math.inf else 0.0
        lost = arb(1 + far) if self.name == "g" else arb(1 + far) ** 2
        return lost * arb(2) ** (16 - bits)

    # ------------------------------------------------------------------ on the line

    def _real(self, bits: int) -> Any:
        wanted = self.point.ball().real
        tolerance = self._tolerance(bits)
        x = _secant(self._value, acb(wanted), acb(self.start.real), bits, tolerance).real
        distance = (abs(x) * tolerance * 256).mid()
        if not 2 * distance < abs(x):
            raise PrecisionError("the inverse is too far away for the precision")
        low, high = (x - distance).mid(), (x + distance).mid()
        weight = self._weight()
        if weight.contains(0):
            raise PrecisionError("the sign of the mean is not known")
        falls = bool(weight > 0)
        above = (self.point.real > 0) == falls
        first, last = (
            getattr(_outside(self.relation, end, bits, above=above), self.name).real
            for end in (low, high)
        )
        if not falls:
            first, last = last, first
        if first > wanted and last < wanted:
            return arb(x.mid(), distance.upper())
        raise PrecisionError("the inverse could not be enclosed between two points")

    # ------------------------------------------------------------------ in the half-plane

    def _complex(self, bits: int) -> Ball:
        """The disc around an approximate inverse on whose boundary the residual is smaller."""
        below = self.start.imag < 0
        wanted = self.point.ball().conjugate() if below else self.point.ball()
        start = self.start.conjugate() if below else self.start
        tolerance = self._tolerance(bits)
        z = _secant(self._value, wanted, acb(start), bits, tolerance)
        residual = abs(self._value(z, bits) - wanted).upper()
        radius = (abs(z) * tolerance * 256).upper()
        disc = acb(arb(z.real, radius), arb(z.imag, radius))
        if not disc.imag > 0:
            raise PrecisionError("the half-plane of the inverse is not known")
        if not residual < radius * self._least_slope(disc):
            raise PrecisionError("the residual does not enclose the inverse")
        return disc.conjugate() if below else disc

    def _least_slope(self, disc: Ball) -> Any:
        """A lower bound of ``|f(z) - f(z')|/|z - z'|`` on a disc in the domain."""
        low, high = _proved_hull(self.relation)
        if self.name == "psi" and low < 0 and high > 0:
            raise UnsupportedOperationError(
                "the S-transform of a law on both half-lines is certified at real arguments"
            )
        angle = ((disc - high) / (disc - low)).arg()
        if not 2 * abs(angle) < arb.pi():
            raise UnsupportedOperationError(
                f"the inverse function at {complex(self.point.ball()):.12g} lies inside the circle "
                "over the spectrum as diameter, where it is not certified; take an argument closer "
                "to 0"
            )
        farthest = (abs(disc - low) + abs(disc - high)).upper()
        return abs(self._weight()) * angle.cos() / farthest**2


def _proved_hull(relation: Relation) -> tuple[Any, Any]:
    """An interval that is proved to contain the spectrum: the support, if that is seen.

    Raises
    ------
    UnsupportedOperationError
        If there is none.
    """
    low, high = certified_hull(relation.numeric())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise UnsupportedOperationError(
            "R and S at complex arguments are certified for bounded laws alone"
        )
    return _end(relation, low, above=False), _end(relation, high, above=True)


def _end(relation: Relation, bound: float, *, above: bool) -> Any:
    from freesym.spectrum.support import support

    intervals = support(relation.numeric())
    end = intervals[-1][1] if above else intervals[0][0]
    away = _MARGIN * (intervals[-1][1] - intervals[0][0]) * (1 if above else -1)
    try:
        _outside(relation, arb(end + away), _END_BITS, above=above)
    except FreesymError:
        return arb(bound)
    return arb(max(bound, end + away) if not above else min(bound, end + away))


def _outside(relation: Relation, x: Any, bits: int, *, above: bool) -> Enclosed:
    """The transforms at a point proved to lie above, or below, the whole spectrum."""
    low, high = certified_hull(relation.numeric())
    if x > high if above else x < low:
        return enclosed(relation, acb(x), bits)
    found = enclosed(relation, acb(x), bits, potential=True)
    if found.turn != Fraction(0 if above else 1):
        raise UnsupportedOperationError(
            "the argument is not the value of a point outside the hull of the spectrum, where the "
            "inverse is certified"
        )
    return found


def _secant(
    value: Callable[[Ball, int], Ball], wanted: Ball, start: Ball, bits: int, tolerance: Any
) -> Ball:
    """A point at which a function is nearly the wanted value."""
    before, x = (start * (1 + arb(2) ** -26)).mid(), start.mid()
    error_before = (value(before, bits) - wanted).mid()
    for _ in range(_STEPS):
        error = (value(x, bits) - wanted).mid()
        if error == error_before or error == 0:
            return x
        step = (error * (x - before) / (error - error_before)).mid()
        before, error_before, x = x, error, (x - step).mid()
        if abs(step) <= abs(x) * tolerance:
            return x
    raise ConvergenceError(f"the inverse near {complex(start):.12g} was not found")
