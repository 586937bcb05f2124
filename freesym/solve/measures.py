"""Transforms of measures in balls: exact sums over atoms and rigorous integrals.

Leaves that are tabulated in double precision are evaluated here from their definition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint

from freesym.algebra.constants import evaluated, real_ball
from freesym.algebra.integration import integral
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.parameters import is_expression
from freesym.relations.relation import Relation
from freesym.solve.ranges import Range, growth_of, range_of, whole_line

acb, arb = flint.acb, flint.arb
Ball = Any
Values = tuple[Ball, Ball, Ball, Ball]
#: Off the axis, and on it, where integrals converge soon or meet a pole.
_EVALUATIONS, _ON_AXIS = 20_000, 4000
#: Pieces on which the values of a function are bounded, rays apart.
_PIECES, _FAR, _EXTENT_BITS = 256, 8, 64


class ExactMeasure:
    """A measure that gives ``(g, psi, g', psi')`` and its log-potential in balls."""

    #: Whether its transforms are integrals, which are costly next to the axis.
    is_integrated = False

    def transform(self, w: Ball) -> Values:
        """``g``, ``psi`` and their derivatives."""
        raise NotImplementedError

    def potential(self, w: Ball, side: int) -> Ball:
        """``E log(w - X)`` with the cut of the logarithm away from ``side``."""
        raise NotImplementedError

    def turn(self, w: Ball, side: int) -> Fraction | None:
        """The imaginary part of the potential over ``pi`` at a real point, if exactly known."""
        return None


class Atoms(ExactMeasure):
    """Finitely many atoms; sums are exact."""

    def __init__(self, points: Sequence[Any], weights: Sequence[Any]) -> None:
        self.points, self.weights = tuple(points), tuple(weights)
        self._balls: dict[int, list[tuple[Any, Any]]] = {}

    def _pairs(self) -> list[tuple[Any, Any]]:
        bits = flint.ctx.prec
        if bits not in self._balls:
            if len(self._balls) > 8:
                self._balls = {}
            pairs = zip(self.points, self.weights, strict=True)
            self._balls[bits] = [(real_ball(x), real_ball(p)) for x, p in pairs]
        return self._balls[bits]

    def transform(self, w: Ball) -> Values:
        """Sums over the atoms."""
        g = psi = dg = dpsi = acb(0)
        for x, p in self._pairs():
            inverse = 1 / (w - x)
            term = p * inverse
            slope = term * inverse
            g, psi, dg, dpsi = g + term, psi + x * term, dg - slope, dpsi - x * slope
        return g, psi, dg, dpsi

    def potential(self, w: Ball, side: int) -> Ball:
        """The sum of logarithms."""
        from freesym.solve.machine import log_on_side

        total = acb(0)
        for x, p in self._pairs():
            total = total + p * log_on_side(w - x, side)
        return total

    def turn(self, w: Ball, side: int) -> Fraction | None:
        """The mass to the right of the point, where every atom has its side."""
        if side == 0:
            return None
        mass = Fraction(0)
        for x, weight in zip(self.points, self.weights, strict=True):
            distance = w.real - real_ball(x)
            if not isinstance(weight, (int, Fraction)) or distance.contains(0):
                return None
            mass += weight if distance < 0 else 0
        return side * mass


class Pushed(ExactMeasure):
    """The law of ``f(X)`` for a normal or uniform ``X``, by rigorous quadrature.

    The normal variable is cut at ``L``, where the rest of
    ``E 1/(w - f)`` is at most ``P(|X| > L)/|Im w|``.
    """

    is_integrated = True

    def __init__(self, function: Any, base: str, symbol: Any = None) -> None:
        self.function, self.base = function, base
        self.symbol = next(iter(function.free_symbols)) if symbol is None else symbol
        self._last: tuple[Any, Values] | None = None

    def transform(self, w: Ball) -> Values:
        """Four integrals; the last point is remembered."""
        if self._last is not None and self._last[0] is w:
            return self._last[1]
        values = self._transform(w)
        self._last = (w, values)
        return values

    def _transform(self, w: Ball) -> Values:
        real = bool(w.imag.is_zero())
        # first, as it costs nothing and may refuse
        first, second = self._beyond(w) if real else self._tails(w)
        limit = _ON_AXIS if real else _EVALUATIONS
        g = self._integral(lambda f: 1 / (w - f), limit)
        # not 1/(w - f)^2, whose balls meet 0 sooner
        dg = -self._integral(lambda f: (1 / (w - f)) ** 2, limit)
        if real:
            g, dg = acb(g.real), acb(dg.real)
        psi, dpsi = w * g - 1, g + w * dg
        return g + first, psi + w * first, dg + second, dpsi + first + w * second

    def _tails(self, w: Ball) -> tuple[Ball, Ball]:
        """Balls around 0 that contain what lies beyond the cut."""
        if self.base == "uniform":
            return acb(0), acb(0)
        height = abs(w.imag).lower()
        if not height > 0:
            raise PrecisionError("a point of a law that is integrated meets the axis")
        mass = 2 * self._mass_beyond()
        first, second = arb(0, (mass / height).upper()), arb(0, (mass / height**2).upper())
        return acb(first, first), acb(second, second)

    def _beyond(self, w: Ball) -> tuple[Ball, Ball]:
        """What lies beyond the cut, at a real point outside the values of the function there."""
        first = second = arb(0)
        if self.base == "uniform":
            return acb(0), acb(0)
        mass = self._mass_beyond()
        for low, high in self._ends():
            first_end, last_end = w.real - low, w.real - high
            if not (last_end > 0 or first_end < 0):
                raise PrecisionError(
                    "outside the spectrum the tails of a function of a normal variable are not "
                    "bounded"
                )
            ends = (first_end, last_end)
            inverse = [1 / end if end.is_finite() else arb(0) for end in ends]
            value = inverse[0].union(inverse[1])
            first, second = first + mass * value, second - mass * value**2
        return acb(first), acb(second)

    def _ends(self) -> tuple[Range, Range]:
        """Where the values of the function lie beyond the cut, on both sides."""
        cut = self._cut()
        rays = ((cut, arb.pos_inf()), (arb.neg_inf(), -cut))
        first, second = (range_of(self.function, self.symbol, ray) for ray in rays)
        return first, second

    def _mass_beyond(self) -> Any:
        """The normal mass on one side of the cut."""
        return (self._cut() / arb(2).sqrt()).erfc() / 2

    @staticmethod
    def _cut() -> Any:
        # exp(-L^2/2) < 2^-(bits + 16)
        return arb(math.isqrt(2 * (flint.ctx.prec + 16)) + 1)

    def extent(self) -> Range:
        """An interval that contains all values of the function."""
        normal = self.base == "normal"
        reach, first = (_FAR, -_PIECES) if normal else (1, 0)
        with flint.ctx.workprec(_EXTENT_BITS):
            grid = [arb(reach * k) / _PIECES for k in range(first, _PIECES + 1)]
            if normal:
                grid = [arb.neg_inf(), *grid, arb.pos_inf()]
            ranges = [self._range_on(low, high) for low, high in itertools.pairwise(grid)]
        ends = [end for low, high in ranges for end in (low, high)]
        return whole_line() if any(end.is_nan() for end in ends) else (min(ends), max(ends))

    def _range_on(self, low: Any, high: Any) -> Range:
        """The values on an interval, by the extended line and, where it is finite, by balls."""
        bounds = range_of(self.function, self.symbol, (low, high))
        least, most = bounds[0].lower(), bounds[1].upper()
        if low.is_finite() and high.is_finite():
            values = evaluated(self.function, self.symbol, acb(low.union(high))).real
            least, most = least.max(values.lower()), most.min(values.upper())
        return least, most

    def _integral(self, integrand: Callable[[Ball], Ball], limit: int) -> Ball:
        return self.integral_along(integrand, *self.ends(), limit)

    def potential(self, w: Ball, side: int) -> Ball:
        """An integral too, for functions that grow at most exponentially beyond the cut."""
        from freesym.solve.machine import log_on_side

        nearest = abs(w.imag).lower()
        if w.imag.is_zero():
            nearest = min(self._distance_from(w.real, ends) for ends in self._ends())
        rest = self.potential_beyond(w, nearest)
        return self._integral(lambda f: log_on_side(w - f, side), _EVALUATIONS) + rest

    def ends(self) -> Range:
        """The ends of the interval on which is integrated."""
        return (arb(0), arb(1)) if self.base == "uniform" else (-self._cut(), self._cut())

    def integral_along(
        self, integrand: Callable[[Ball], Ball], start: Ball, end: Ball, limit: int
    ) -> Ball:
        """The integral over a segment, of what is given as a function of ``f``."""
        normal = self.base == "normal"

        def at(x: Ball) -> Ball:
            value = integrand(evaluated(self.function, self.symbol, x))
            return value * (-x * x / 2).exp() if normal else value

        total = integral(at, start, end, limit)
        return total / (2 * arb.pi()).sqrt() if normal else total

    def mean(self) -> Any:
        """``E f(X)``; beyond the cut ``L``, ``E exp(a + b X)`` is ``exp(a + b^2/2) P(X > L - b)``.

        Raises
        ------
        UnsupportedOperationError
            If the function is not seen to grow at most exponentially.
        """
        inside = self._integral(lambda f: f, _EVALUATIONS).real
        if self.base == "uniform":
            return inside
        a, b = self._growth()
        beyond = (a + b * b / 2).exp() * ((self._cut() - b) / arb(2).sqrt()).erfc()
        return inside + arb(0, beyond.upper())

    def _growth(self) -> Range:
        growth = growth_of(self.function, self.symbol, self._cut())
        if growth is None:
            raise UnsupportedOperationError(
                "the log-potential and the mean of a function that is not seen to grow at most "
                "exponentially have no certified digits; its density has"
            )
        return growth

    def mass_beyond(self) -> Any:
        """The probability of the variable to lie on one side of the interval."""
        return arb(0) if self.base == "uniform" else self._mass_beyond()

    def potential_beyond(self, w: Ball, nearest: Any) -> Ball:
        """A ball around 0 that contains what lies beyond the cut ``L``.

        Where ``|f(t)| <= exp(a + b |t|)`` and ``d <= |w - f(t)|``, the modulus of the logarithm is
        at most ``log(1 + |w|) + |a| + b |t| + |log d| + pi``.
        """
        if self.base == "uniform":
            return acb(0)
        if not nearest > 0:
            raise PrecisionError("the log-potential meets the values of a function")
        growth = self._growth()
        constant = (1 + abs(w)).log() + abs(growth[0]) + abs(nearest.log()) + arb.pi()
        # E |X| over X > L is the density at L
        at_cut = (-(self._cut() ** 2) / 2).exp() / (2 * arb.pi()).sqrt()
        error = arb(0, (2 * (constant * self._mass_beyond() + growth[1] * at_cut)).upper())
        return acb(error, error)

    @staticmethod
    def _distance_from(x: Any, ends: Range) -> Any:
        low, high = ends
        return (x - high).lower() if x > high else (low - x).lower() if x < low else arb(0)

    def turn(self, w: Ball, side: int) -> Fraction | None:
        """A continuous function whose values avoid a point lies on one side of it."""
        below = w.real - evaluated(self.function, self.symbol, acb(0.5)).real
        if side == 0 or below.contains(0):
            return None
        return Fraction(0 if below > 0 else side)


def exact_measure(relation: Relation) -> ExactMeasure | None:
    """The exact measure of a leaf that is tabulated otherwise; None for formulas."""
    eigenvalues = getattr(relation, "eigenvalues", None)
    if eigenvalues is not None:
        return _empirical(tuple(eigenvalues.tolist()))
    if hasattr(relation, "exact_masses") and hasattr(relation, "weights"):
        masses = relation.masses  # type: ignore[attr-defined]
        return Atoms(tuple(masses), tuple(masses.values()))
    function = getattr(relation, "function", None)
    if is_expression(function) and getattr(relation, "base", None) in ("normal", "uniform"):
        return Pushed(function, relation.base)  # type: ignore[attr-defined]
    return None


@lru_cache(maxsize=32)
def _empirical(eigenvalues: tuple[float, ...]) -> Atoms:
    n = len(eigenvalues)
    counts: dict[float, int] = {}
    for x in eigenvalues:
        counts[x] = counts.get(x, 0) + 1
    return Atoms(tuple(map(Fraction, counts)), tuple(Fraction(k, n) for k in counts.values()))
