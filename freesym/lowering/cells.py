"""Densities cut into cells that are smooth inside, resolved beside both their ends.

Every half of a cell is resolved in the square root of the distance to its end, times the power
with which the density starts there.  Distances from the ends are arguments, never differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Interval = tuple[float, float]
Density = Callable[[Floats], Floats]

#: Distances below this part of a position are taken from farther away.
_BLURRED = 1e-9
_TOLERANCE = 3e-15
_RELATIVE = 2e-14
_NEGLIGIBLE = 1e-18
_NARROW = 64 * float(np.finfo(float).eps)
_CHOP = 2e-14
_KINK = 1e-8

_COUNT = 24
_SAMPLES = 36
_NODES: Floats = -np.cos(np.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)
_VANDER: Floats = np.asarray(chebyshev.chebvander(_NODES, _COUNT - 1), dtype=np.float64)
_DEPTH = 10
# hard and soft edges, jumps, cusps, and x^(-k/(k + 1)) at the ends of products
_POWERS = (*(k / 6 for k in range(-5, 43)), *(2 / k - 1 for k in range(5, 20)))


@dataclass(frozen=True, eq=False)
class Half:
    """Half a cell: the mass density ``t^power r(t)`` at the distance ``width t^2`` from an end.

    ``r`` is a Chebyshev series on panels, and constant below the first of them.
    """

    width: float
    edges: Floats
    coefficients: Floats
    power: float

    def along(self, t: Floats) -> Floats:
        """The mass density along ``t``."""
        return np.asarray(t**self.power * self._series(np.maximum(t, self.edges[0])))

    def density(self, distance: Floats) -> Floats:
        """The density at a distance from the end."""
        t = np.sqrt(distance / self.width)
        series = self._series(np.maximum(t, self.edges[0]))
        return np.asarray(t ** (self.power - 1) * series / (2 * self.width))

    def _series(self, t: Floats) -> Floats:
        """Clenshaw's rule."""
        count = len(self.coefficients)
        i = np.searchsorted(self.edges[1:-1], t, side="right") if count > 1 else 0
        low, high = self.edges[:-1][i], self.edges[1:][i]
        x = 2 * (2 * t - (low + high)) / (high - low)
        rows = self.coefficients.T
        b, after = rows[-1][i] + 0 * x, np.zeros_like(x)
        for row in rows[-2:0:-1]:
            b, after = row[i] + x * b - after, b
        return np.asarray(rows[0][i] + 0.5 * x * b - after)

    @property
    def exponent(self) -> float:
        """The power of the distance with which the density starts."""
        return 0.5 * (self.power - 1)

    @property
    def is_graded(self) -> bool:
        """Whether the panels shrink only towards the end."""
        return bool((np.diff(self.edges)[1:] >= 0.2 * self.edges[2:]).all())

    @property
    def crowded(self) -> float:
        """The distance from the end where the panels are very narrow: a kink, if not infinite."""
        relative = np.diff(self.edges) / self.edges[1:]
        k = int(np.argmin(relative))
        if relative[k] >= 1e-3:
            return math.inf
        return float(self.width * self.edges[k] * self.edges[k + 1])


def _leading_power(along: Callable[[Floats], Floats], t: float) -> float:
    """The power of ``t`` with which a mass density starts; near a simple one, that."""
    near, far = along(np.array([t, 4 * t]))
    if not (near > 0 and far > 0):
        return 2.0
    power = math.log(far / near) / math.log(4.0)
    nearest = min(_POWERS, key=lambda p: abs(p - power))
    return nearest if abs(power - nearest) < 0.01 else max(power, -0.95)


@lru_cache(maxsize=4096)
def _fitting_matrix(ratio: float, power: float) -> tuple[Floats, Floats]:
    """Least squares for ``t^power r(t)`` on a panel whose ends have this ratio.

    The noise of the samples does not depend on ``t``, so ``r`` follows with few digits lost.
    """
    t = 0.5 * (1 + ratio) + 0.5 * (1 - ratio) * _NODES
    scaled: Floats = (t**power)[:, None] * _VANDER
    return np.asarray(np.linalg.pinv(scaled), dtype=np.float64), scaled


def _allowance(values: Floats, width: float, rounding: float, *, exact: bool) -> float:
    """The error a panel may have: relative, and in the bulk or beside a blurred end absolute."""
    relative = (_RELATIVE + rounding) * float(np.max(np.abs(values)))
    return max(relative, (_NEGLIGIBLE if exact and width < 1e-3 else _TOLERANCE) / width)


def _chopped(coefficients: Floats) -> Floats:
    """Without the tail that is noise."""
    size = np.abs(coefficients)
    last = int(np.flatnonzero(size > _CHOP * size.max(initial=1e-300)).max(initial=0))
    return np.where(np.arange(_COUNT) <= last, coefficients, 0.0)


def _fitted_half(
    along: Callable[[Floats], Floats], width: float, first: float, power: float
) -> Half:
    """Bisect until every panel is resolved, all panels of a level in one call."""
    pending, done = [(first, 1.0)], dict[Interval, Floats]()
    while pending:
        ends = np.array(pending)
        middle, half = ends.mean(axis=1), 0.5 * (ends[:, 1] - ends[:, 0])
        values = along((middle[:, None] + half[:, None] * _NODES).ravel()).reshape(-1, _SAMPLES)
        rest = []
        for (a, b), row in zip(pending, values, strict=True):
            inverse, matrix = _fitting_matrix(a / b, power)
            found = inverse @ row
            error = np.max(np.abs(matrix @ found - row))
            tail = np.max(np.abs(found[-2:]))
            rounding = 0.0 if power == round(power) else 1e-3 * (first / b) ** 2
            allowed = _allowance(row, b - a, rounding, exact=first == 0)
            if max(error, tail) <= allowed or b - a <= max(1e-9 * b, 1e-150):
                done[a, b] = _chopped(found) / b**power
            else:
                rest += [(a, 0.5 * (a + b)), (0.5 * (a + b), b)]
        pending = rest
    order = sorted(done)
    edges = np.array([a for a, _ in order] + [1.0])
    return Half(width, edges, np.array([done[e] for e in order]), power)


@dataclass(frozen=True, eq=False)
class Cell:
    """A part of a density that is smooth inside."""

    low: float
    high: float
    lower: Half
    upper: Half

    def density(self, above: Floats, below: Floats) -> Floats:
        """The density at distances from the two ends."""
        near = above <= below
        values = np.empty_like(above)
        values[near] = self.lower.density(above[near])
        values[~near] = self.upper.density(below[~near])
        return values

    @property
    def mirrored(self) -> Cell:
        """The cell of ``-X``."""
        return Cell(-self.high, -self.low, self.upper, self.lower)

    @cached_property
    def exponents(self) -> tuple[float, float]:
        """The powers with which the density starts at the two ends."""
        return self.lower.exponent, self.upper.exponent


def _half_cell(density: Density, end: float, width: float) -> Half:
    """The half of a cell next to ``end``, on the side of the sign of ``width``."""
    size = abs(width)
    blurred = abs(end) / size

    def sampled(t: Floats) -> tuple[Floats, Floats]:
        x = end + width * t * t
        # the coordinate that the rounded point has
        rounded = np.sqrt(np.abs(x - end) / size)
        return rounded, 2 * size * rounded * density(x)

    def along(t: Floats) -> Floats:
        rounded, q = sampled(t)
        return np.asarray(q * (t / rounded) ** power)

    power = _leading_power(lambda t: sampled(t)[1], max(math.sqrt(_BLURRED * blurred), 1e-4))
    # where it is no series in t, its first power alone must not reach far
    limit = _BLURRED if power == round(power) else _NARROW
    return _fitted_half(along, size, min(0.25, math.sqrt(limit * blurred)), power)


def _continues(lower: Half, upper: Half) -> bool:
    """Whether the density of one half continues that of the other beyond the middle."""
    distance = np.array([1.02 * lower.width])
    a, b = float(lower.density(distance)[0]), float(upper.density(2 * lower.width - distance)[0])
    return abs(a - b) <= _KINK * max(abs(a), abs(b))


def cells(density: Density, low: float, high: float, depth: int = 0) -> Iterator[Cell]:
    """Cells that fill an interval, cut until panels shrink only towards their ends."""
    width = 0.5 * (high - low)
    lower, upper = _half_cell(density, low, width), _half_cell(density, high, -width)
    smooth = lower.is_graded and upper.is_graded and _continues(lower, upper)
    if depth >= _DEPTH or smooth:
        yield Cell(low, high, lower, upper)
        return
    cut = low + width
    if lower.crowded < 0.999 * width:
        cut = low + lower.crowded
    elif upper.crowded < 0.999 * width:
        cut = high - upper.crowded
    yield from cells(density, low, cut, depth + 1)
    yield from cells(density, cut, high, depth + 1)
