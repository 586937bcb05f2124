"""Where a function of a normal or uniform variable takes a value: its density and its masses.

All real solutions of ``f(t) = x`` are isolated by bisection in interval arithmetic: on an interval
whose values avoid ``x`` there is none, on one where ``f'`` has a sign there is one if the ends lie
on different sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import flint

from freesym.algebra.constants import evaluated
from freesym.errors import PrecisionError
from freesym.solve.measures import Pushed
from freesym.solve.ranges import is_continuous, range_of

acb, arb = flint.acb, flint.arb
#: Off the middle, so that solutions at simple numbers do not meet the ends of intervals.
_SPLIT = 0.4814697265625
_MOST_INTERVALS, _ISOLATING_BITS, _STEPS = 4000, 64, 60
_FIRST_CUT, _LAST_CUT = 4, 64


@dataclass(frozen=True)
class Crossing:
    """A place where ``f`` takes the value, and the derivative there, which is not 0."""

    place: Any
    slope: Any


@dataclass(frozen=True)
class Share:
    """The density at a value, and the probability of values below it."""

    density: Any
    below: Any


def share_at(measure: Pushed, x: Any) -> Share | None:
    """The density and the mass below ``x`` at the present precision; None if ``f`` avoids ``x``.

    Raises
    ------
    PrecisionError
        If the solutions could not be isolated: beside the value at an extremum of ``f``, or where
        ``f`` is not known to leave ``x`` far away.
    """
    found = crossings(measure, x)
    if not found:
        return None
    normal = measure.base == "normal"
    density = sum((_weight(c.place, normal=normal) / abs(c.slope) for c in found), arb(0))
    below, before = arb(0), None
    for crossing in found:
        if crossing.slope > 0:
            below = below + _mass(before, crossing.place, normal=normal)
        before = crossing.place
    if found[-1].slope < 0:
        below = below + _mass(before, None, normal=normal)
    return Share(density, below)


@dataclass(frozen=True)
class Isolation:
    """Intervals with one place each, on which ``f' != 0``, and a bound of ``|f - x|`` elsewhere."""

    intervals: list[Any]
    distance: Any


def crossings(measure: Pushed, x: Any) -> list[Crossing]:
    """All of them, ascending."""
    intervals = sorted(isolated(measure, x).intervals, key=_middle)
    return [_refined(measure, x, interval) for interval in intervals]


def isolated(measure: Pushed, x: Any) -> Isolation:
    """The places where ``f`` takes the value ``x``, told apart.

    Raises
    ------
    PrecisionError
        If they could not be.
    """
    with flint.ctx.workprec(min(flint.ctx.prec, _ISOLATING_BITS)):
        return _bisected(measure, x, *_window(measure, x))


def _middle(interval: Any) -> float:
    return float(interval.mid())


def _window(measure: Pushed, x: Any) -> tuple[Any, Any, Any]:
    """An interval outside of which ``f`` is not ``x``, and a bound of ``|f - x|`` there."""
    if measure.base == "uniform":
        return arb(0), arb(1), arb.pos_inf()
    ends, distances = [], []
    for sign in (-1, 1):
        cut = _FIRST_CUT
        while (distance := distance_beyond(measure, x, arb(sign * cut))) is None:
            cut *= 2
            if cut > _LAST_CUT:
                raise PrecisionError(
                    "a function of a normal variable is not known to leave a value far away"
                )
        ends.append(arb(sign * cut))
        distances.append(distance)
    return ends[0], ends[1], min(distances)


def distance_beyond(measure: Pushed, x: Any, cut: Any) -> Any | None:
    """How far the values on a ray keep off ``x``: by their range, or as they move away from it."""
    ray = (cut, arb.pos_inf()) if cut > 0 else (arb.neg_inf(), cut)
    low, high = range_of(measure.function, measure.symbol, ray)
    if low > x or high < x:
        return (low - x if low > x else x - high).lower()
    if not is_continuous(measure.function, measure.symbol, ray):
        return None
    start = _at(measure, cut) - x
    least, most = range_of(_derivative(measure.function, measure.symbol), measure.symbol, ray)
    grows, falls = (least > 0, most < 0) if cut > 0 else (most < 0, least > 0)
    return abs(start).lower() if (start > 0 and grows) or (start < 0 and falls) else None


def _bisected(measure: Pushed, x: Any, a: Any, b: Any, beyond: Any) -> Isolation:
    """Every part of an interval without a solution, or with one."""
    found: list[Any] = []
    distance = beyond
    stack = [(a, b)]
    for _ in range(_MOST_INTERVALS):
        if not stack:
            return Isolation(found, distance)
        low, high = stack.pop()
        interval = low.union(high)
        value = _at(measure, interval) - x
        if value > 0 or value < 0:
            distance = min(distance, abs(value).lower())
            continue
        slope = _at(measure, interval, order=1)
        if slope > 0 or slope < 0:
            first, last = (_at(measure, end) - x for end in (low, high))
            if (first > 0 and last > 0) or (first < 0 and last < 0):
                distance = min(distance, abs(first).lower(), abs(last).lower())
                continue
            if (first < 0 and last > 0) or (first > 0 and last < 0):
                found.append(interval)
                continue
        middle = (low + (high - low) * _SPLIT).mid()
        stack += [(low, middle), (middle, high)]
    raise PrecisionError("the places where a function takes a value could not be isolated")


def _refined(measure: Pushed, x: Any, interval: Any) -> Crossing:
    """Interval Newton, which contains the solution at every step."""
    for _ in range(_STEPS):
        middle = arb(interval.mid())
        step = (_at(measure, middle) - x) / _at(measure, interval, order=1)
        image = middle - step
        if not image.is_finite():
            raise PrecisionError("a place where a function takes a value could not be refined")
        narrower = image.intersection(interval)
        if not narrower.rad() < 0.5 * interval.rad():
            break
        interval = narrower
    slope = _at(measure, interval, order=1)
    return Crossing(interval, slope)


def value_at(measure: Pushed, t: Any) -> Any:
    """``f`` on a complex ball."""
    return evaluated(measure.function, measure.symbol, t)


def derivative_at(measure: Pushed, t: Any) -> Any:
    """``f'`` on a complex ball."""
    return evaluated(_derivative(measure.function, measure.symbol), measure.symbol, t)


def _at(measure: Pushed, t: Any, order: int = 0) -> Any:
    return (value_at if order == 0 else derivative_at)(measure, acb(t)).real


@lru_cache(maxsize=64)
def _derivative(function: Any, symbol: Any) -> Any:
    return function.diff(symbol)


def _weight(t: Any, *, normal: bool) -> Any:
    """The density of the variable."""
    return (-t * t / 2).exp() / (2 * arb.pi()).sqrt() if normal else arb(1)


def _mass(a: Any, b: Any, *, normal: bool) -> Any:
    """The probability of the variable to lie between two places; None is the end of the line."""
    if not normal:
        return (arb(1) if b is None else b) - (arb(0) if a is None else a)
    root = arb(2).sqrt()
    if a is None:
        return (-b / root).erfc() / 2
    if b is None:
        return (a / root).erfc() / 2
    if math.copysign(1, float(a.mid())) == math.copysign(1, float(b.mid())):
        near, far = (a, b) if a > 0 else (-b, -a)
        return ((near / root).erfc() - (far / root).erfc()) / 2
    return ((b / root).erf() - (a / root).erf()) / 2
