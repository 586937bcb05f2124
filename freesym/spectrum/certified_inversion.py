"""R- and S-transforms with certified digits, where they are inverses of monotone functions.

``G`` decreases from ``G(b+)`` to 0 to the right of the spectrum and from 0 to the left of it,
and so does ``psi`` for a law on the half-line.  Two points outside the spectrum whose values lie on
either side of the argument enclose the inverse, by the intermediate value theorem.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, PrecisionError, UnsupportedOperationError
from freesym.relations.relation import Relation
from freesym.spectrum import inversion
from freesym.spectrum.bounds import hull
from freesym.spectrum.certified import Enclosed, enclosed
from freesym.spectrum.certified_numbers import (
    checked_digits,
    exact_complex,
    mapped,
    refined,
    to_mpf,
)
from freesym.spectrum.moments import moments

acb, arb = flint.acb, flint.arb
_STEPS = 40
#: Bounds of spectra are sums and products in double precision.
_MARGIN = 1e-6

Pick = Callable[[Enclosed], Any]


def _real_argument(value: Any, name: str) -> Any:
    point = exact_complex(value, name)
    if point.imag != 0:
        raise UnsupportedOperationError(
            f"{name} = {value} is not real: the inverse is certified where its function is "
            "monotone, outside the spectrum on the real axis"
        )
    return point.real


def _real_start(value: Any) -> float:
    if complex(value).imag != 0:
        raise UnsupportedOperationError(
            "the transform is not real here: its inverse is certified outside the hull of the "
            "spectrum, on the real axis"
        )
    return float(complex(value).real)


def r_transform(relation: Relation, w: Any, digits: Any) -> Any:
    """``R(w) = G^{-1}(w) - 1/w`` for real ``w`` that are values of G outside the hull."""
    n = checked_digits(digits)

    def at(value: Any) -> Any:
        x = _real_argument(value, "w")
        if x == 0:
            return _exact_mean(relation, n, lambda mean: mean)
        start = _real_start(inversion.r_transform(relation.numeric(), float(x))) + 1 / float(x)

        def compute(bits: int) -> Any:
            z = _inverse(relation, x, start, lambda t: t.g.real, bits, above=x > 0)
            return z - 1 / real_ball(x)

        return to_mpf(refined(compute, n, lambda: f"R at {value}"), n)

    return mapped(at, w)


def s_transform(relation: Relation, m: Any, digits: Any) -> Any:
    """``S(m) = (1 + m)/m chi(m)`` for real ``m`` that are values of psi outside the hull."""
    n = checked_digits(digits)
    if hull(relation.numeric())[0] < 0:
        raise UnsupportedOperationError(
            "the S-transform is certified for laws on the half-line, where psi is monotone"
        )

    def at(value: Any) -> Any:
        x = _real_argument(value, "m")
        if x == 0:
            return _exact_mean(relation, n, lambda mean: 1 / mean)
        s = _real_start(inversion.s_transform(relation.numeric(), float(x)))
        start = (1 + float(x)) / (float(x) * s)

        def compute(bits: int) -> Any:
            z = _inverse(relation, x, start, lambda t: t.psi.real, bits, above=x > 0)
            return (1 + real_ball(x)) / (real_ball(x) * z)

        return to_mpf(refined(compute, n, lambda: f"S at {value}"), n)

    return mapped(at, m)


def _exact_mean(relation: Relation, digits: int, function: Callable[[Any], Any]) -> Any:
    from freesym.spectrum.expansions import exact

    mean = moments(exact(relation), 1)[0]
    return to_mpf(
        refined(lambda bits: function(real_ball(mean)), digits, lambda: "the mean"), digits
    )


def _inverse(
    relation: Relation, target: Any, start: float, pick: Pick, bits: int, *, above: bool
) -> Any:
    """A ball around the point outside the spectrum at which ``pick`` takes a value."""
    wanted = real_ball(target)
    x = _secant(relation, wanted, arb(start), pick, bits)
    distance = (abs(x) * arb(2) ** (24 - bits)).mid()
    low, high = (x - distance).mid(), (x + distance).mid()
    first = _outside(relation, low, bits, above=above)
    second = _outside(relation, high, bits, above=above)
    if pick(first) > wanted and pick(second) < wanted:
        return arb(x.mid(), distance.upper())
    raise PrecisionError("the inverse could not be enclosed between two points")


def _outside(relation: Relation, x: Any, bits: int, *, above: bool) -> Enclosed:
    """The transforms at a point proved to lie above, or below, the whole spectrum."""
    if _is_beyond_hull(relation, x, above=above):
        return enclosed(relation, acb(x), bits)
    found = enclosed(relation, acb(x), bits, potential=True)
    if found.turn != Fraction(0 if above else 1):
        raise UnsupportedOperationError(
            "the argument is not the value of a point outside the hull of the spectrum, where the "
            "inverse is certified"
        )
    return found


def _is_beyond_hull(relation: Relation, x: Any, *, above: bool) -> bool:
    """Whether a point lies beyond the bounds of the spectrum by more than they are rounded."""
    low, high = hull(relation.numeric())
    margin = _MARGIN * (1 + abs(low) + abs(high))
    return bool(x > high + margin if above else x < low - margin)


def _secant(relation: Relation, wanted: Any, start: Any, pick: Pick, bits: int) -> Any:
    """A point at which ``pick`` is nearly the wanted value."""
    before, x = (start * (1 + arb(2) ** -26)).mid(), start.mid()
    error_before = (pick(enclosed(relation, acb(before), bits)) - wanted).mid()
    for _ in range(_STEPS):
        error = (pick(enclosed(relation, acb(x), bits)) - wanted).mid()
        if error == error_before or error.is_zero():
            return x
        step = (error * (x - before) / (error - error_before)).mid()
        before, error_before, x = x, error, (x - step).mid()
        if abs(step) <= abs(x) * arb(2) ** (16 - bits):
            return x
    raise ConvergenceError(f"the inverse near {float(start):.12g} was not found")
