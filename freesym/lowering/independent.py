r"""The density of sums and products of classically independent variables, cell by cell.

.. math:: f(x) = \int f_1(y)\, f_2(x - y)\, dy, \qquad f(x) = \int f_1(x/y)\, f_2(y)\, dy/|y| .

Over a pair of cells the integrand is singular at the ends of an interval and beyond them.  The
substitution ``y = a + (b - a) sigma(w)`` with the logistic function ``sigma`` sends what lies
beyond to ``Im w = +-pi``, however close it is, so the trapezoidal rule in ``w`` converges at one
rate everywhere (Trefethen & Weideman, SIAM Review 56 (2014) 385).  All distances to singular points
are formed without cancellation, also those of ``x`` from the singular points of the result, which
are the sums (products) of those of the operands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from freesym.lowering.cells import Cell
from freesym.lowering.dyadic import spread
from freesym.lowering.measure import Panel

Floats = NDArray[np.float64]
Interval = tuple[float, float]
Kind = Literal["sum", "product"]

#: Points closer than this, relative to what they were formed from, are one.
SAME = 1e-12
_STEP = 0.32
_PART = 128


@dataclass(frozen=True, eq=False)
class _Geometry:
    """The interval of integration for every ``x``, and the distances that do not cancel.

    At ``y = a + s = b - r`` the distances of either variable from the ends of its cell.
    """

    length: Floats
    gaps: tuple[Floats, Floats]
    distances: Callable[[Floats, Floats], tuple[Floats, Floats, Floats, Floats, Any]]


class Sum:
    """The sum of two variables."""

    @staticmethod
    def combine(a: float, b: float) -> float:
        """The singular point that two singular points make."""
        return a + b

    @staticmethod
    def scale(a: float, b: float) -> float:
        """The size of the numbers whose rounding errors are in it."""
        return abs(a) + abs(b)

    @staticmethod
    def geometry(
        first: Cell, second: Cell, x: Floats, gap: Callable[[float, float], Floats]
    ) -> _Geometry:
        """Integrate over the first variable from ``max(a, x - d)`` to ``min(b, x - c)``."""
        left, right = gap(first.low, second.high), gap(first.high, second.low)
        whole = np.minimum(gap(first.low, second.low), -gap(first.high, second.high))
        length = np.minimum(whole, min(first.high - first.low, second.high - second.low))

        def distances(s: Floats, r: Floats) -> tuple[Floats, Floats, Floats, Floats, Any]:
            return (
                s + np.maximum(left, 0.0), r + np.maximum(-right, 0.0),
                r + np.maximum(right, 0.0), s + np.maximum(-left, 0.0), 1.0,
            )  # fmt: skip

        return _Geometry(length, (np.abs(left), np.abs(right)), distances)

    @staticmethod
    def exponents(first: Cell, second: Cell) -> tuple[float, float]:
        """The lower of the powers at each end of the interval of integration."""
        (a, b), (c, d) = first.exponents, second.exponents
        return min(a, d), min(b, c)


class Product:
    """The product of two positive variables."""

    @staticmethod
    def combine(a: float, b: float) -> float:
        """The singular point that two singular points make."""
        return a * b

    @staticmethod
    def scale(a: float, b: float) -> float:
        """The size of the numbers whose rounding errors are in it."""
        return abs(a * b)

    @staticmethod
    def geometry(
        first: Cell, second: Cell, x: Floats, gap: Callable[[float, float], Floats]
    ) -> _Geometry:
        """Integrate over the second variable from ``max(c, x/b)`` to ``min(d, x/a)``."""
        a, b = first.low, first.high
        left, right = gap(b, second.low), gap(a, second.high)
        lengths = [np.full_like(x, second.high - second.low), -gap(b, second.high) / b]
        if a:
            lengths += [gap(a, second.low) / a, x * ((b - a) / (a * b))]
        start = np.maximum(second.low, x / b)
        beyond = np.abs(right) / a if a else np.full_like(x, np.inf)

        def distances(s: Floats, r: Floats) -> tuple[Floats, Floats, Floats, Floats, Any]:
            above = s + np.maximum(left, 0.0) / b
            below = r + np.maximum(-right, 0.0) / a if a else r
            y = second.low + above
            return (
                (a * r + np.maximum(right, 0.0)) / y, (b * s + np.maximum(-left, 0.0)) / y,
                above, below, 1 / y,
            )  # fmt: skip

        gaps = np.minimum(np.abs(left) / b, start), beyond
        return _Geometry(np.minimum.reduce(lengths), gaps, distances)

    @staticmethod
    def exponents(first: Cell, second: Cell) -> tuple[float, float]:
        """The lower of the powers at each end of the interval of integration."""
        (a, b), (c, d) = first.exponents, second.exponents
        return min(b, c), min(a, d)


_Operation = type[Sum] | type[Product]
_Pair = tuple[Cell, Cell]


def _cut_off(exponent: float, length: Floats, gap: Floats) -> float:
    """Where the integrand, as a function of ``w``, has fallen below rounding."""
    return float(min(40 / (1 + exponent) + np.max(np.log1p(length / gap), initial=0.0), 600.0))


def _pair_density(
    operation: _Operation, pair: _Pair, x: Floats, gap: Callable[[float, float], Floats]
) -> Floats:
    """What one pair of cells adds to the density."""
    first, second = pair
    g = operation.geometry(first, second, x[:, None], lambda a, b: gap(a, b)[:, None])
    powers = operation.exponents(first, second)
    low, high = (_cut_off(p, g.length, d) for p, d in zip(powers, g.gaps, strict=True))
    w = _STEP * np.arange(-math.ceil(low / _STEP), math.ceil(high / _STEP) + 1)
    share = np.exp(np.minimum(w, 0.0)) / (1 + np.exp(-np.abs(w)))
    rest = share[::-1] if low == high else np.exp(np.minimum(-w, 0.0)) / (1 + np.exp(-np.abs(w)))
    above_1, below_1, above_2, below_2, factor = g.distances(g.length * share, g.length * rest)
    values = first.density(above_1, below_1) * second.density(above_2, below_2) * factor
    return np.asarray(_STEP * g.length[:, 0] * (values @ (share * rest)))


@dataclass(frozen=True, eq=False)
class Problem:
    """The density of a sum, or of a product of positive variables, times a sign."""

    operation: _Operation
    pairs: tuple[_Pair, ...]
    sign: float = 1.0

    def corners(self, pair: _Pair) -> list[Interval]:
        """The singular points a pair makes, with the sizes of their terms."""
        (a, b), (c, d) = ((cell.low, cell.high) for cell in pair)
        op = self.operation
        return [(op.combine(p, q), op.scale(p, q)) for p in (a, b) for q in (c, d)]

    @cached_property
    def breakpoints(self) -> list[float]:
        """All singular points of the result, those equal up to rounding merged."""
        found = sorted({corner for pair in self.pairs for corner in self.corners(pair)})
        kept: list[Interval] = []
        for point, size in found:
            if not kept or point - kept[-1][0] > SAME * max(size, kept[-1][1]):
                kept.append((point, size))
        return [point for point, _ in kept]

    def density(self, base: float, offset: Floats, pairs: Sequence[_Pair]) -> Floats:
        """The density at ``base + offset``, whose distances to singular points are exact."""

        def gap(a: float, b: float) -> Floats:
            between = base - self.operation.combine(a, b)
            same = abs(between) <= 2 * SAME * self.operation.scale(a, b)
            return offset if same else between + offset

        total = np.zeros_like(offset)
        for pair in pairs:
            total += _pair_density(self.operation, pair, base + offset, gap)
        return total

    def in_parts(self, base: float, offset: Floats, pairs: Sequence[_Pair]) -> Floats:
        """The density, part by part to save memory; similar offsets have similar nodes."""
        parts = np.array_split(offset, 1 + len(offset) // _PART)
        return np.concatenate([self.density(base, part, pairs) for part in parts])

    def panels(self) -> Iterator[Panel]:
        """The measure, between each two neighbouring singular points."""
        for low, high in pairwise(self.breakpoints):
            middle = 0.5 * (low + high)
            active = [p for p in self.pairs if self._reaches(p, middle)]
            if active:
                yield from self._between(low, high, active)

    def _reaches(self, pair: _Pair, x: float) -> bool:
        first, second = pair
        combine = self.operation.combine
        return combine(first.low, second.low) < x < combine(first.high, second.high)

    def _between(self, low: float, high: float, pairs: Sequence[_Pair]) -> Iterator[Panel]:
        half = 0.5 * (high - low)

        def along(t: Floats) -> Floats:
            left = t < 0
            values = np.empty_like(t)
            for side, base, sign in ((~left, low, 1.0), (left, high, -1.0)):
                values[side] = self.in_parts(base, sign * half * t[side] ** 2, pairs)
            return values * np.abs(2 * half * t)

        yield from spread(low, high, along, self.sign)


def problems(kind: Kind, first: Sequence[Cell], second: Sequence[Cell]) -> list[Problem]:
    """A sum is one problem; products of either sign are two, of positive variables."""
    pairs = list(product(first, second))
    if kind == "sum":
        return [Problem(Sum, tuple(pairs))]
    found = []
    for sign in (1.0, -1.0):
        kept = [p for p in pairs if (_is_negative(p[0]) == _is_negative(p[1])) == (sign > 0)]
        positive = tuple((_modulus(a), _modulus(b)) for a, b in kept)
        found.append(Problem(Product, positive, sign))
    return found


def _is_negative(cell: Cell) -> bool:
    return cell.high <= 0


def _modulus(cell: Cell) -> Cell:
    return cell.mirrored if _is_negative(cell) else cell
