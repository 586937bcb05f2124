r"""Sums and products of classically independent variables.

The density of the absolutely continuous part is

.. math:: f(x) = \int f_1(y)\, f_2(x - y)\, dy, \qquad f(x) = \int f_1(x/y)\, f_2(y)\, dy/|y| .

Both densities are cut into cells at their singular points (edges, atoms, kinks) and resolved in
the square root of the distance to the nearer end of the cell.  Over a pair of cells the integrand
is singular at the ends of an interval and beyond them.  The substitution ``y = a + (b - a)
sigma(w)`` with the logistic function ``sigma`` sends what lies beyond to ``Im w = +-pi``, however
close it is, so the trapezoidal rule in ``w`` converges at one rate everywhere
(Trefethen & Weideman, SIAM Review 56 (2014) 385).  All distances to singular points are formed
without cancellation, also those of ``x`` from the singular points of the result, which are the sums
(products) of those of the operands.

Against closed forms the density is right to 1e-13 (of its size, where that exceeds 1) and the
distribution function to 1e-14; beside a singular point ``b`` other than 0 both are limited by the
rounding of ``x``, so that within ``1e-14 |b|`` of it only the mass is right; if an operand is
singular there like a power that is no multiple of 1/2, 1e-9 is reached elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import NDArray

from freesym.algebra import convolutions as convolve
from freesym.errors import ConvergenceError, InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import _measures
from freesym.laws._models import rotated
from freesym.laws.cauchy import Cauchy
from freesym.laws.density_law import DensityLaw
from freesym.laws.discrete import Discrete
from freesym.lowering.measure import MeasureTable, Panel, measure_table
from freesym.operations.node import require_law
from freesym.parameters import Number, exact_quotient
from freesym.relations import nodes, simplify
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf, Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum import atoms as _atoms
from freesym.spectrum import moments as _moments
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.support import continuous_support
from freesym.spectrum.symmetry import is_symmetric

Floats = NDArray[np.float64]
Interval = tuple[float, float]
Kind = Literal["sum", "product"]

_FEW_ATOMS = 16
#: Points closer than this, relative to what they were formed from, are one.
_SAME = 1e-12
#: Distances below this part of a position are taken from farther away.
_BLURRED = 1e-9
_TOLERANCE = 3e-15
_RELATIVE = 2e-14
_NEGLIGIBLE = 1e-18
_NARROW = 64 * float(np.finfo(float).eps)
_CHOP = 2e-14
_STEP = 0.32
_PART = 128
_KINK = 1e-8
_FEW_UNVERIFIED = 0.1
_MASS_TOLERANCE = 1e-7

# ---------------------------------------------------------------------------- operand densities

_COUNT = 24
_SAMPLES = 36
_NODES: Floats = -np.cos(np.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)
_VANDER: Floats = np.asarray(chebyshev.chebvander(_NODES, _COUNT - 1), dtype=np.float64)
_DEPTH = 10
# hard and soft edges, jumps, cusps, and x^(-k/(k + 1)) at the ends of products
_POWERS = (*(k / 6 for k in range(-5, 43)), *(2 / k - 1 for k in range(5, 20)))
# the result: Legendre series of at most 16 terms
_OUTPUT_NODES, _WEIGHTS = np.asarray(legendre.leggauss(24), dtype=np.float64)
_OUTPUT_VANDER: Floats = np.asarray(legendre.legvander(_OUTPUT_NODES, 15), dtype=np.float64)
_OUTPUT_FIT: Floats = np.asarray(np.linalg.pinv(_OUTPUT_VANDER), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Half:
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
) -> _Half:
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
    return _Half(width, edges, np.array([done[e] for e in order]), power)


@dataclass(frozen=True, eq=False)
class _Cell:
    """A part of a density that is smooth inside."""

    low: float
    high: float
    lower: _Half
    upper: _Half

    def density(self, above: Floats, below: Floats) -> Floats:
        """The density at distances from the two ends."""
        near = above <= below
        values = np.empty_like(above)
        values[near] = self.lower.density(above[near])
        values[~near] = self.upper.density(below[~near])
        return values

    @property
    def mirrored(self) -> _Cell:
        """The cell of ``-X``."""
        return _Cell(-self.high, -self.low, self.upper, self.lower)

    @cached_property
    def exponents(self) -> tuple[float, float]:
        """The powers with which the density starts at the two ends."""
        return self.lower.exponent, self.upper.exponent


def _density(relation: Relation, x: Floats) -> Floats:
    g = transforms(relation, x.astype(np.complex128)).g
    rho = np.maximum(-g.imag / np.pi, 0.0)
    bad = ~np.isfinite(rho)
    if bad.mean() > _FEW_UNVERIFIED:
        raise ConvergenceError(
            f"the density of an operand has no verified value at {x[bad][0]:.17g}", x[bad].tolist()
        )
    if bad.any():
        order = np.argsort(x[~bad])
        rho[bad] = np.interp(x[bad], x[~bad][order], rho[~bad][order])
    return rho


def _half_cell(relation: Relation, end: float, width: float) -> _Half:
    """The half of a cell next to ``end``, on the side of the sign of ``width``."""
    size = abs(width)
    blurred = abs(end) / size

    def sampled(t: Floats) -> tuple[Floats, Floats]:
        x = end + width * t * t
        # the coordinate that the rounded point has
        rounded = np.sqrt(np.abs(x - end) / size)
        return rounded, 2 * size * rounded * _density(relation, x)

    def along(t: Floats) -> Floats:
        rounded, q = sampled(t)
        return np.asarray(q * (t / rounded) ** power)

    power = _leading_power(lambda t: sampled(t)[1], max(math.sqrt(_BLURRED * blurred), 1e-4))
    # where it is no series in t, its first power alone must not reach far
    limit = _BLURRED if power == round(power) else _NARROW
    return _fitted_half(along, size, min(0.25, math.sqrt(limit * blurred)), power)


def _continues(lower: _Half, upper: _Half) -> bool:
    """Whether the density of one half continues that of the other beyond the middle."""
    distance = np.array([1.02 * lower.width])
    a, b = float(lower.density(distance)[0]), float(upper.density(2 * lower.width - distance)[0])
    return abs(a - b) <= _KINK * max(abs(a), abs(b))


def _cells(relation: Relation, low: float, high: float, depth: int = 0) -> Iterator[_Cell]:
    """Cells that fill an interval, cut until panels shrink only towards their ends."""
    width = 0.5 * (high - low)
    lower, upper = _half_cell(relation, low, width), _half_cell(relation, high, -width)
    smooth = lower.is_graded and upper.is_graded and _continues(lower, upper)
    if depth >= _DEPTH or smooth:
        yield _Cell(low, high, lower, upper)
        return
    cut = low + width
    if lower.crowded < 0.999 * width:
        cut = low + lower.crowded
    elif upper.crowded < 0.999 * width:
        cut = high - upper.crowded
    yield from _cells(relation, low, cut, depth + 1)
    yield from _cells(relation, cut, high, depth + 1)


@dataclass(frozen=True, eq=False)
class _Operand:
    """Atoms and cells of one law."""

    atoms: tuple[tuple[float, float], ...]
    cells: tuple[_Cell, ...]


@lru_cache(maxsize=128)
def _operand(relation: Relation, at_zero: bool) -> _Operand:
    masses = tuple((float(a), float(m)) for a, m in _atoms.atoms(relation).items())
    points = _singular_points(relation) | {a for a, _ in masses} | ({0.0} if at_zero else set())
    cells: list[_Cell] = []
    for low, high in continuous_support(relation):
        scale = max(abs(low), abs(high))
        inside = [p for p in sorted(points) if low + _SAME * scale < p < high - _SAME * scale]
        for a, b in pairwise(_distinct([low, *inside, high], _SAME * scale)):
            cells.extend(_cells(relation, a, b))
    return _Operand(masses, tuple(cells))


def _distinct(points: Sequence[float], distance: float) -> list[float]:
    kept = [points[0]]
    for point in points[1:]:
        if point - kept[-1] > distance:
            kept.append(point)
    return kept


def _singular_points(relation: Relation) -> set[float]:
    """Points inside the support where the tree shows the density not to be smooth."""
    inner = {p for child in relation.children for p in _singular_points(child)}
    match relation:
        case Convolution():
            return set(relation.singular_points)
        case DensityLaw():
            return {end for interval in relation.intervals for end in interval}
        case nodes.Affine():
            return {relation.scale * p + relation.shift for p in inner}
        case nodes.NegativeInverse():
            return {-1 / p for p in inner if p}
        case nodes.SymmetricSquare():
            return {p * p for p in inner}
        case nodes.Mixture():
            ends = (e for c in relation.components for i in continuous_support(c) for e in i)
            return inner | set(ends)
        case nodes.Reshape():
            return inner
    return set()


# ---------------------------------------------------------------------------- the integral


@dataclass(frozen=True, eq=False)
class _Geometry:
    """The interval of integration for every ``x``, and the distances that do not cancel.

    At ``y = a + s = b - r`` the distances of either variable from the ends of its cell.
    """

    length: Floats
    gaps: tuple[Floats, Floats]
    distances: Callable[[Floats, Floats], tuple[Floats, Floats, Floats, Floats, Any]]


class _Sum:
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
        first: _Cell, second: _Cell, x: Floats, gap: Callable[[float, float], Floats]
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
    def exponents(first: _Cell, second: _Cell) -> tuple[float, float]:
        """The lower of the powers at each end of the interval of integration."""
        (a, b), (c, d) = first.exponents, second.exponents
        return min(a, d), min(b, c)


class _Product:
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
        first: _Cell, second: _Cell, x: Floats, gap: Callable[[float, float], Floats]
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
    def exponents(first: _Cell, second: _Cell) -> tuple[float, float]:
        """The lower of the powers at each end of the interval of integration."""
        (a, b), (c, d) = first.exponents, second.exponents
        return min(b, c), min(a, d)


_Operation = type[_Sum] | type[_Product]
_Pair = tuple[_Cell, _Cell]


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
class _Problem:
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
            if not kept or point - kept[-1][0] > _SAME * max(size, kept[-1][1]):
                kept.append((point, size))
        return [point for point, _ in kept]

    def density(self, base: float, offset: Floats, pairs: Sequence[_Pair]) -> Floats:
        """The density at ``base + offset``, whose distances to singular points are exact."""

        def gap(a: float, b: float) -> Floats:
            between = base - self.operation.combine(a, b)
            same = abs(between) <= 2 * _SAME * self.operation.scale(a, b)
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

        yield from _spread(low, high, along, self.sign)


def _spread(
    low: float, high: float, along: Callable[[Floats], Floats], sign: float = 1.0
) -> Iterator[Panel]:
    """Panels between two points, for a mass density along ``t``.

    The point lies ``t^2`` halves of the interval from its lower end if ``t > 0``, else from the
    upper one.
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)

    def place(t: float) -> float:
        if abs(t) == 1:
            return sign * middle
        return sign * (high - half * t * t if t < 0 else low + half * t * t)

    for a, b, row in _dyadic_pieces(along, abs(low) / half):
        yield _panel(place(a), place(b), a, b, row)
    for a, b, row in _dyadic_pieces(lambda t: along(-t), abs(high) / half):
        yield _panel(sign * high if a == 0 else place(-a), place(-b), a, b, row)


def _panel(left: float, right: float, a: float, b: float, density: Floats) -> Panel:
    """The panel on which the position runs like ``t^2`` from ``a^2`` to ``b^2``."""
    if not a:
        return Panel.affine(left, right, density[:1])
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    square, linear = 2 / 3 * half * half, 2 * middle * half
    offset = np.array([linear - square, linear, square])
    return Panel(left, right, offset * ((right - left) / (2 * linear)), density)


def _dyadic_pieces(
    along: Callable[[Floats], Floats], blur: float
) -> Iterator[tuple[float, float, Floats]]:
    """Intervals of ``t`` with Legendre series of the mass along them; the lowest starts at 0."""
    powers = np.exp2(-np.arange(260, dtype=np.float64))
    amounts = along(powers) * powers
    light = (amounts <= _NEGLIGIBLE) | (powers * powers <= _NARROW * blur)
    last = int(np.argmax(light)) if light.any() else len(powers) - 1
    if not amounts[: last + 1].any():
        return
    grid = powers[: max(last, 1) + 1].tolist()
    lowest = np.asarray(along(0.5 * grid[-1] * (1 + _OUTPUT_NODES)) @ _WEIGHTS, dtype=np.float64)
    yield 0.0, grid[-1], np.atleast_1d(0.25 * grid[-1] * lowest)
    pending = [(b, a) for a, b in pairwise(grid)]
    while pending:
        rest = []
        for (a, b), (row, fine) in zip(pending, _fitted_pieces(along, pending), strict=True):
            if fine:
                yield a, b, row
            else:
                rest += [(a, 0.5 * (a + b)), (0.5 * (a + b), b)]
        pending = rest


def _fitted_pieces(
    along: Callable[[Floats], Floats], pieces: Sequence[Interval]
) -> Iterator[tuple[Floats, bool]]:
    """The series of every piece, and whether it is resolved."""
    ends = np.array(pieces)
    middle, half = ends.mean(axis=1)[:, None], 0.5 * (ends[:, 1:] - ends[:, :1])
    values = along((middle + half * _OUTPUT_NODES).ravel()).reshape(len(pieces), -1)
    rows = values @ _OUTPUT_FIT.T
    errors = np.abs(values - rows @ _OUTPUT_VANDER.T).max(axis=1)
    errors = np.maximum(errors, np.abs(rows[:, -2:]).max(axis=1))
    fine = (errors <= _RELATIVE * np.abs(values).max(axis=1)) | (errors * half[:, 0] <= _TOLERANCE)
    fine |= half[:, 0] <= 1e-6 * middle[:, 0]
    yield from zip(rows * half, fine.tolist(), strict=True)


# ---------------------------------------------------------------------------- the measure


def _problems(kind: Kind, first: _Operand, second: _Operand) -> list[_Problem]:
    """A sum is one problem; products of either sign are two, of positive variables."""
    pairs = list(product(first.cells, second.cells))
    if kind == "sum":
        return [_Problem(_Sum, tuple(pairs))]
    found = []
    for sign in (1.0, -1.0):
        kept = [p for p in pairs if (_is_negative(p[0]) == _is_negative(p[1])) == (sign > 0)]
        positive = tuple((_modulus(a), _modulus(b)) for a, b in kept)
        found.append(_Problem(_Product, positive, sign))
    return found


def _is_negative(cell: _Cell) -> bool:
    return cell.high <= 0


def _modulus(cell: _Cell) -> _Cell:
    return cell.mirrored if _is_negative(cell) else cell


def _copies(kind: Kind, operand: _Operand, atoms: Iterable[Interval]) -> Iterator[Panel]:
    """The cells of one operand, combined with the atoms of the other."""
    for (a, mass), cell in product(atoms, operand.cells):
        if kind == "sum":
            yield from _spread(cell.low + a, cell.high + a, _cell_mass(cell, mass))
        elif a:
            placed = cell if a > 0 else cell.mirrored
            size = abs(a)
            yield from _spread(size * placed.low, size * placed.high, _cell_mass(placed, mass))


def _cell_mass(cell: _Cell, mass: float) -> Callable[[Floats], Floats]:
    return lambda t: mass * np.where(t < 0, cell.upper.along(-t), cell.lower.along(np.abs(t)))


@lru_cache(maxsize=64)
def _panels(kind: Kind, first: Relation, second: Relation) -> tuple[Panel, ...]:
    """The absolutely continuous part of a classical convolution."""
    left, right = (_operand(r, kind == "product") for r in (first, second))
    with np.errstate(all="ignore"):
        panels = [panel for p in _problems(kind, left, right) for panel in p.panels()]
        panels.extend(_copies(kind, left, right.atoms))
        panels.extend(_copies(kind, right, left.atoms))
    return tuple(panels)


# ---------------------------------------------------------------------------- the relation


@dataclass(frozen=True)
class Convolution(CauchyLeaf):
    """The law of ``X + Y`` or ``X Y`` for independent ``X``, ``Y`` with bounded spectra."""

    kind: Kind
    first: Relation
    second: Relation

    @cached_property
    def _table(self) -> MeasureTable:
        masses = {float(a): float(m) for a, m in self.point_masses().items()}
        panels = self._normalised(1 - math.fsum(masses.values()))
        return measure_table(list(masses), list(masses.values()), panels)

    def _normalised(self, mass: float) -> tuple[Panel, ...]:
        """The panels, with the mass they should have; it differs by rounding errors."""
        panels = _panels(self.kind, self.first, self.second)
        found = 2 * math.fsum(float(panel.density[0]) for panel in panels)
        if not abs(found - mass) <= _MASS_TOLERANCE:
            raise ConvergenceError(
                f"the classical {self.kind} has mass {1 + found - mass:.12g}, not 1: a density of "
                "its operands is not resolved"
            )
        return tuple(replace(panel, density=panel.density * (mass / found)) for panel in panels)

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Quadrature over the panels, exact up to rounding."""
        return measure_transform(w, self._table)

    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - X)``."""
        return measure_potential(w, self._table)

    def hull(self) -> Interval:
        """The sum or product of the hulls."""
        return self._combined(hull(self.first), hull(self.second))

    def _combined(self, first: Interval, second: Interval) -> Interval:
        if self.kind == "sum":
            return first[0] + second[0], first[1] + second[1]
        ends = [a * b for a in first for b in second]
        return min(ends), max(ends)

    def continuous_support(self) -> tuple[Interval, ...]:
        """The sums or products of the intervals with each other and with the atoms."""
        left, right = continuous_support(self.first), continuous_support(self.second)
        pairs = [*product(left, right)]
        pairs += product(left, ((float(a), float(a)) for a in _atoms.atoms(self.second)))
        pairs += product(((float(a), float(a)) for a in _atoms.atoms(self.first)), right)
        found = (self._combined(a, b) for a, b in pairs)
        return _measures.union((a, b) for a, b in found if a < b)

    @cached_property
    def singular_points(self) -> frozenset[float]:
        """The points where the density is not smooth."""
        left, right = (_operand(r, self.kind == "product") for r in (self.first, self.second))
        problems = _problems(self.kind, left, right)
        found = {p.sign * point for p in problems for point in p.breakpoints}
        placed = [(left, right.atoms), (right, left.atoms)]
        for operand, masses in placed:
            for (a, _), cell in product(masses, operand.cells):
                found |= {a + e if self.kind == "sum" else a * e for e in (cell.low, cell.high)}
        return frozenset(found)

    def point_masses(self) -> dict[Number, Number]:
        """The sums or products of the atoms; a product vanishes if either factor does."""
        left, right = _atoms._atoms(self.first), _atoms._atoms(self.second)
        found = _discrete_masses(self.kind, left, right)
        if self.kind == "product":
            m, n = left.get(0, 0), right.get(0, 0)
            found[0] = m + n - m * n
        return {a: m for a, m in found.items() if m != 0}

    def known_moments(self, n: int) -> list[Number]:
        """``sum_k binom(n, k) m_k m_(n-k)``, or ``m_n m_n``."""
        rows = [_moments.moments(relation, n) for relation in (self.first, self.second)]
        if self.kind == "sum":
            return list(convolve.classical_sum_moments(*rows))
        return list(convolve.classical_product_moments(*rows))

    def is_symmetric(self) -> bool:
        """A sum if both terms are, a product if one factor is."""
        both = is_symmetric(self.first), is_symmetric(self.second)
        return all(both) if self.kind == "sum" else any(both)


def _discrete_masses(kind: Kind, first: Any, second: Any) -> dict[Number, Number]:
    totals: dict[Number, Number] = {}
    for (a, m), (b, n) in product(first.items(), second.items()):
        place = a + b if kind == "sum" else a * b
        totals[place] = totals.get(place, 0) + m * n
    return totals


def _is_atomic(relation: Relation) -> bool:
    """Whether the tree shows the law to have finitely many atoms and nothing else."""
    if isinstance(relation, Constant):
        return True
    if isinstance(relation, Leaf):
        return _has_no_density(relation)
    kept = (
        nodes.Affine, nodes.Boolean, nodes.Mixture, nodes.Monotone, nodes.NegativeInverse,
        nodes.Reshape, nodes.SymmetricSquare,
    )  # fmt: skip
    return isinstance(relation, kept) and all(map(_is_atomic, relation.children))


def _has_no_density(leaf: Any) -> bool:
    try:
        return bool(getattr(leaf, "point_masses", dict)()) and leaf.continuous_support() == ()
    except (AttributeError, TypeError, ValueError):
        return False


def _convolution(kind: Kind, first: Relation, second: Relation) -> Relation:
    """The relation of the sum or product of two independent variables."""
    if _is_atomic(first) and _is_atomic(second):
        return _atomic(kind, first, second)
    for atomic, other in ((first, second), (second, first)):
        if _is_atomic(atomic):
            masses = _atoms._atoms(atomic)
            if len(masses) <= _FEW_ATOMS or not _is_bounded(other):
                return _mixed(kind, other, masses)
    if kind == "sum" and (_is_cauchy(first) or _is_cauchy(second)):
        return simplify.additive([first, second], [1, 1])
    return Convolution(kind, first, second)


def _atomic(kind: Kind, first: Relation, second: Relation) -> Relation:
    masses = _discrete_masses(kind, _atoms._atoms(first), _atoms._atoms(second))
    total = sum(masses.values())
    weights = [exact_quotient(m, total) if isinstance(total, float) else m for m in masses.values()]
    return Discrete(tuple(masses), tuple(weights)).relation()


def _mixed(kind: Kind, relation: Relation, masses: Any) -> Relation:
    """Shifted or scaled copies of a law, one for each atom."""
    copies = tuple(_moved(kind, relation, a) for a in masses)
    return copies[0] if len(copies) == 1 else nodes.Mixture(copies, tuple(masses.values()))


def _moved(kind: Kind, relation: Relation, a: Any) -> Relation:
    if kind == "sum":
        return simplify.affine(relation, 1, a)
    return Constant(0) if a == 0 else simplify.affine(relation, a, 0)


def _is_cauchy(relation: Relation) -> bool:
    return isinstance(relation.child if isinstance(relation, nodes.Affine) else relation, Cauchy)


def _is_bounded(relation: Relation) -> bool:
    """Whether the spectrum is bounded; a hull may be larger than it."""
    numeric = relation.numeric()
    if all(map(math.isfinite, hull(numeric))):
        return True
    return all(math.isfinite(end) for i in continuous_support(numeric) for end in i)


# ---------------------------------------------------------------------------- the laws


class _Classical(Law):
    """What sums and products of independent variables share."""

    kind: Kind
    operands: tuple[Law, ...]

    def _validate(self) -> None:
        if self.free_symbols:
            return
        unbounded = [law for law in self.operands if not _is_bounded(law.relation())]
        if unbounded and not self._is_elementary(unbounded):
            raise UnsupportedOperationError(
                f"classical_{self.kind} needs laws with bounded spectra; {unbounded[0]!r} is not "
                "bounded, and neither the others are atomic nor is this a sum with a Cauchy law"
            )

    def _is_elementary(self, unbounded: Sequence[Law]) -> bool:
        """Whether the unbounded laws are only moved, or are Cauchy laws that are added."""
        if len(unbounded) == 1 and all(
            _is_atomic(law.relation()) for law in self.operands if law is not unbounded[0]
        ):
            return True
        return self.kind == "sum" and all(_is_cauchy(law.relation()) for law in unbounded)

    def relation(self) -> Relation:
        """The classical convolution, folded from the left; Cauchy laws come last."""
        relations = sorted((law.relation() for law in self.operands), key=_is_cauchy)
        return reduce(lambda a, b: _convolution(self.kind, a, b), relations)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The Kronecker sum or product of the matrix models, of about equal sizes."""
        generator = np.random.default_rng(rng)
        sizes = _block_sizes(n, len(self.operands))
        models = [
            law.sample_matrix(size, generator)
            for law, size in zip(self.operands, sizes, strict=True)
        ]
        whole = reduce(self._kronecker, models)
        if len(whole) == n:
            return np.asarray(whole)
        return rotated(np.linalg.eigvalsh(whole), generator)[:n, :n]

    def _kronecker(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kind == "product":
            return np.asarray(np.kron(a, b), dtype=np.float64)
        return np.asarray(np.kron(a, np.eye(len(b))) + np.kron(np.eye(len(a)), b))

    def __repr__(self) -> str:
        return f"classical_{self.kind}({', '.join(map(repr, self.operands))})"


def _block_sizes(n: int, count: int) -> list[int]:
    """Sizes whose product is at least ``n``, and little more."""
    sizes: list[int] = []
    rest = n
    for left in range(count, 0, -1):
        sizes.append(max(1, math.ceil(rest ** (1 / left) - 1e-9)))
        rest = math.ceil(rest / sizes[-1])
    return sizes


@dataclass(frozen=True, repr=False)
class ClassicalSum(_Classical):
    """The law of a sum of independent variables; see :func:`classical_sum`."""

    operands: tuple[Law, ...]
    kind = "sum"


@dataclass(frozen=True, repr=False)
class ClassicalProduct(_Classical):
    """The law of a product of independent variables; see :func:`classical_product`."""

    operands: tuple[Law, ...]
    kind = "product"


def _flattened(kind: type[_Classical], laws: Sequence[Any], name: str) -> tuple[Law, ...]:
    found: list[Law] = []
    for value in laws:
        law = require_law(value, name)
        found.extend(law.operands if isinstance(law, kind) else [law])
    if not found:
        raise InvalidLawError(f"{name} needs at least one law")
    return tuple(found)


def classical_sum(*laws: Law) -> Law:
    r"""The law of ``X + Y`` for independent ``X`` and ``Y``.

    This is the spectrum of the Kronecker sum ``A (x) I + I (x) B`` of large matrices.

    Parameters
    ----------
    *laws : Law
        With bounded spectra, unless the others are atomic or the unbounded ones Cauchy laws, whose
        classical sums are free sums.

    Raises
    ------
    UnsupportedOperationError
        If other laws are unbounded.

    Notes
    -----
    :math:`f(x) = \int f_1(y) f_2(x - y)\, dy` for the densities [1]_, once, when first wanted; the
    density is right to 1e-13 and the distribution function to 1e-14.  Moments and masses of atoms
    are exact.  With an atomic law it is a mixture of shifted copies.

    References
    ----------
    .. [1] W. Feller, "An introduction to probability theory and its applications", vol. II,
       section V.4, Wiley (1971).

    Examples
    --------
    >>> import freesym as fs
    >>> law = classical_sum(fs.Uniform(0, 1), fs.Uniform(0, 1))
    >>> print(round(law.density(0.25), 12), law.moments(2))
    0.25 [1, Fraction(7, 6)]
    """
    found = _flattened(ClassicalSum, laws, "classical_sum")
    return found[0] if len(found) == 1 else ClassicalSum(found)


def classical_product(*laws: Law) -> Law:
    r"""The law of ``X Y`` for independent ``X`` and ``Y``.

    This is the spectrum of the Kronecker product ``A (x) B`` of large matrices.

    Parameters
    ----------
    *laws : Law
        With bounded spectra, of any sign; one may be unbounded if the others are atomic.

    Raises
    ------
    UnsupportedOperationError
        If other laws are unbounded.

    Notes
    -----
    :math:`f(x) = \int f_1(x/y) f_2(y)\, dy/|y|` for the densities [1]_, once, when first wanted;
    the density is right to 1e-13 and the distribution function to 1e-14.  Moments are products
    of moments.  With an atomic law it is a mixture of scaled copies.

    References
    ----------
    .. [1] M. D. Springer, "The algebra of random variables", section 4.1, Wiley (1979).

    Examples
    --------
    >>> import freesym as fs
    >>> law = classical_product(fs.Uniform(0, 1), fs.Uniform(0, 1))
    >>> print(round(law.density(0.25) / math.log(4), 12), law.moments(2))
    1.0 [Fraction(1, 4), Fraction(1, 9)]
    """
    found = _flattened(ClassicalProduct, laws, "classical_product")
    return found[0] if len(found) == 1 else ClassicalProduct(found)


__all__ = ["ClassicalProduct", "ClassicalSum", "classical_product", "classical_sum"]
