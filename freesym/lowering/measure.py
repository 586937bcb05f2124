r"""Data tables of one-dimensional measures for :mod:`freesym.kernels.measure`.

:func:`fit_panels` resolves a law, given by a position and a density along a parameter, into atoms
and polynomial panels; :func:`measure_table` packs atoms and panels, with the tree of cells and
their expansions, into one array of reals and one of integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from freesym.kernels import layout

Floats = NDArray[np.float64]
Vectorised = Callable[[Floats], ArrayLike]

_EPSILON = float(np.finfo(float).eps)
_N = layout.NODE_COUNT
_NODES: Floats = layout.NODES
_NODE_WEIGHTS: Floats = layout.NODE_WEIGHTS
_VANDER = legendre.legvander(_NODES, _N - 1)
_DEGREES = np.arange(_N)
# Interpolation at the nodes as they are rounded: the quadrature formula for the coefficients would
# add noise that the end slopes magnify.
_TO_COEFFICIENTS = np.linalg.inv(_VANDER)
_TO_COEFFICIENTS += _TO_COEFFICIENTS @ (np.eye(_N) - _VANDER @ _TO_COEFFICIENTS)
# Between the nodes, to catch what the nodes alone do not see.
_CHECKS = np.array([-0.9965, -0.61803, 0.04321, 0.7, 0.9931])
_SAMPLES = np.concatenate([_NODES, _CHECKS])
_CHECK_VANDER = legendre.legvander(_CHECKS, _N - 1)
_ANGLES = np.exp(1j * np.linspace(0.0, np.pi, 33))
_ELLIPSE = 0.5 * (layout.ELLIPSE * _ANGLES + 1.0 / (layout.ELLIPSE * _ANGLES))
_INNER = 0.5 * (1.5 * _ANGLES + 1.0 / (1.5 * _ANGLES))

_LEAF_ATOMS = 48
_FEW_ATOMS = 64
_LEAF_PANELS = 2
# Fewer points than this are summed directly at any distance.
_EXPANSION_COUNT = 16

# Smallest piece worth resolving: its mass relative to the total if its width relative to the
# scale is so small that no one looks closer, its width relative to |x|, and its position relative
# to the scale of the law.
_NEGLIGIBLE_MASS = 2e-17
_CLOSE = 1e-30
_GRACE = 4
# Distance to a singularity, relative to its place, where rounding of the parameter and departure
# from a pure power are about equal.
_BLURRED = 1e-8
_NARROW = 8 * _EPSILON
_SMALL = 1e-140
_PANEL_LIMIT = 8000
# The gradient only enters derivatives, which are given to this accuracy.
_GRADIENT_TOLERANCE = 1e-11
# A mean below this part of the mean modulus is rounding noise, of atoms and of panels.
_ATOM_NOISE = 8 * _EPSILON
_PANEL_NOISE = 64 * _EPSILON


@dataclass(frozen=True, eq=False)
class MeasureTable:
    """Packed measure: the two arrays read by the kernels of :mod:`freesym.kernels.measure`."""

    reals: Floats
    integers: NDArray[np.int64]

    def transform(self, w: complex) -> tuple[complex, complex]:
        """The pair ``(g, psi)`` at one point."""
        from freesym.kernels.measure import cauchy_transform

        v = cauchy_transform(self.reals, self.integers, 0, 0, w.real, w.imag)
        return complex(v[0], v[1]), complex(v[2], v[3])

    def potential(self, w: complex) -> complex:
        """The log-potential at one point."""
        from freesym.kernels.measure_potential import log_potential

        return complex(*log_potential(self.reals, self.integers, 0, 0, w.real, w.imag))


@dataclass(frozen=True, eq=False)
class Panel:
    r"""A mass with polynomial position and density along :math:`-1 \le t \le 1`.

    .. math:: \int_{-1}^{1} \rho(t)\, \delta_{x_0 + y(t)}\, dt .

    Parameters
    ----------
    left, right : float
        Positions at t = -1 and t = 1; adjoining panels must share the very same number.
    offset : array
        Legendre coefficients of y, at most 16, with y(-1) = 0 and x_0 = ``left``.  It is monotone
        and one-to-one in the Bernstein ellipse of parameter 3.4.
    density : array
        Legendre coefficients of the density with respect to t, at most 16.
    """

    left: float
    right: float
    offset: Floats
    density: Floats

    @classmethod
    def affine(cls, left: float, right: float, density: ArrayLike) -> Panel:
        """Panel whose position runs linearly from ``left`` to ``right``."""
        half = 0.5 * (right - left)
        return cls(left, right, np.array([half, half]), np.asarray(density, dtype=float))


@dataclass(frozen=True, eq=False)
class FittedMeasure:
    """Atoms and panels found by :func:`fit_panels`."""

    points: Floats
    weights: Floats
    panels: tuple[Panel, ...]

    def table(self) -> MeasureTable:
        """Pack the measure for the kernels."""
        return measure_table(self.points, self.weights, self.panels)


# --------------------------------------------------------------------------------------------
# Tables


@dataclass
class _PanelRecord:
    """A panel as it is laid out in the table."""

    left: float
    right: float
    mass: float
    heights: tuple[float, float]
    slopes: tuple[float, float]
    reals: Floats
    points: Floats
    weights: Floats


def _padded(coefficients: ArrayLike, size: int = _N) -> Floats:
    array = np.asarray(coefficients, dtype=float)
    if array.ndim != 1 or array.size > size or not np.all(np.isfinite(array)):
        raise ValueError(f"a panel needs at most {size} finite Legendre coefficients")
    return np.concatenate([array, np.zeros(size - array.size)])


def _increasing(panel: Panel) -> tuple[float, float, Floats, Floats]:
    """Ends and coefficients of the panel, run so that the position increases."""
    offset, density = _padded(panel.offset), _padded(panel.density)
    if panel.right > panel.left:
        return panel.left, panel.right, offset, density
    signs = (-1.0) ** _DEGREES
    offset = offset * signs
    offset[0] += panel.left - panel.right
    return panel.right, panel.left, offset, density * signs


def _heights(offset: Floats, density: Floats) -> tuple[Floats, Floats]:
    """Density in x at the ends, and coefficients of its derivative along t."""
    nodes = np.concatenate([[-1.0], _NODES, [1.0]])
    slope = legendre.legval(nodes, legendre.legder(offset))
    bend = legendre.legval(nodes, legendre.legder(offset, 2))
    value = legendre.legval(nodes, density)
    rise = legendre.legval(nodes, legendre.legder(density))
    gradient = (rise - value * bend / slope) / slope
    height = value / slope
    return height[[0, -1]], _TO_COEFFICIENTS @ gradient[1:-1]


def _reach(left: float, right: float, offset: Floats, affine: bool) -> float:
    """Radius about the centre of the panel outside which the rule is exact."""
    if affine:
        return 0.25 * (right - left) * (layout.ELLIPSE + 1.0 / layout.ELLIPSE)
    image = legendre.legval(_ELLIPSE, offset) - 0.5 * (right - left)
    return float(np.max(np.abs(image)))


def _record(panel: Panel) -> _PanelRecord:
    left, right, offset, density = _increasing(panel)
    if not right > left or not math.isfinite(right - left):
        raise ValueError("a panel needs two different finite ends")
    affine = not np.any(offset[2:])
    slope = 0.5 * (right - left) if affine else 0.0
    height, gradient = _heights(offset, density)
    slopes = legendre.legval(np.array([-1.0, 1.0]), legendre.legder(offset))
    primitive = legendre.legint(density, lbnd=-1.0)
    offsets = _VANDER @ offset
    mass = 2.0 * float(density[0])
    reals = np.zeros(layout.PANEL_REALS)
    reals[: layout.POSITION] = [
        left, right, 0.5 * (left + right), _reach(left, right, offset, affine) ** 2, slope, mass,
        1e-20 * (right - left), 1e-20 * (right - left), 0.0, 0.0, height[0], height[1],
    ]  # fmt: skip
    reals[layout.POSITION :] = np.concatenate([
        offset, density, gradient, primitive, offsets,
        _NODE_WEIGHTS * (_VANDER @ gradient), legendre.legval(_NODES, primitive),
    ])  # fmt: skip
    return _PanelRecord(
        left, right, mass, (float(height[0]), float(height[1])),
        (float(slopes[0]), float(slopes[1])), reals,
        left + offsets, _NODE_WEIGHTS * (_VANDER @ density),
    )  # fmt: skip


def _join(first: _PanelRecord, second: _PanelRecord) -> None:
    """Mark the right end of ``first`` and the left end of ``second`` as one smooth joint."""
    width = min(first.right - first.left, second.right - second.left)
    radius = 0.3 * min(first.slopes[1], second.slopes[0], 0.5 * width)
    first.reals[layout.RIGHT_JOINT] = second.reals[layout.LEFT_JOINT] = radius**2
    first.reals[layout.RIGHT_FLOOR] = second.reals[layout.LEFT_FLOOR] = 1e-20 * width


def _join_all(records: list[_PanelRecord]) -> None:
    """Pair ends at the same position where the density in x is continuous."""
    starts: dict[float, list[_PanelRecord]] = {}
    for record in records:
        starts.setdefault(record.left, []).append(record)
    for record in records:
        height = record.heights[1]
        for other in starts.get(record.right, []):
            if abs(other.heights[0] - height) <= 1e-9 * abs(height):
                _join(record, other)
                starts[record.right].remove(other)
                break


@dataclass
class _Cells:
    """Cells in preorder: four integers and CELL_REALS reals each."""

    integers: list[tuple[int, int, int, int]] = field(default_factory=list)
    reals: list[Floats] = field(default_factory=list)


def _moments(points: Floats, weights: Floats, order: int) -> Floats:
    return np.asarray(weights @ np.vander(points, order + 1, increasing=True), dtype=float)


def _cell_reals(low: float, high: float, points: Floats, weights: Floats) -> Floats:
    """Centre, radius, squared opening distance and scaled moments.

    Where positions differ much in size the centre is zero, so that psi is summed with small
    terms for small positions.
    """
    near, far = sorted((abs(low), abs(high)))
    centred = low * high <= 0.0 or near < 0.1 * far
    centre = 0.0 if centred else 0.5 * low + 0.5 * high
    radius = max(far if centred else 0.5 * (high - low), 1e-145)
    limit = (layout.OPENING_RATIO * radius) ** 2
    if points.size <= _EXPANSION_COUNT:
        limit = math.inf
        moments = np.zeros(layout.ORDER + 1)
    else:
        moments = _moments((points - centre) / radius, weights, layout.ORDER)
    return np.concatenate([[centre, radius, limit], moments])


@dataclass(frozen=True)
class _Sources:
    """Sorted intervals, each standing for ``stride`` consecutive points from ``first`` on."""

    low: Floats
    high: Floats
    points: Floats
    weights: Floats
    first: int
    stride: int
    leaf: int

    def is_panels(self) -> bool:
        """Whether the intervals are panels rather than atoms."""
        return self.stride > 1


def _split(sources: _Sources, start: int, stop: int) -> int:
    """Index that halves the extent of the intervals, by their centres."""
    low, high = sources.low[start:stop].min(), sources.high[start:stop].max()
    centres = 0.5 * sources.low[start:stop] + 0.5 * sources.high[start:stop]
    inner = int(np.searchsorted(centres, 0.5 * low + 0.5 * high))
    return start + min(max(inner, 1), stop - start - 1)


def _add_cells(cells: _Cells, sources: _Sources) -> None:
    """Append the tree of the sources in preorder."""
    ends: list[tuple[int, int]] = []
    ranges: dict[int, tuple[int, int]] = {}
    stack: list[tuple[int, int, int]] = [(0, sources.low.size, -1)]
    while stack:
        start, stop, closes = stack.pop()
        if closes >= 0:
            ends.append((closes, len(cells.reals)))
            continue
        index = len(cells.reals)
        span = slice(sources.stride * start, sources.stride * stop)
        low, high = float(sources.low[start:stop].min()), float(sources.high[start:stop].max())
        cells.reals.append(_cell_reals(low, high, sources.points[span], sources.weights[span]))
        cells.integers.append((0, 0, 0, 0))
        ranges[index] = (start, stop)
        stack.append((0, 0, index))
        if stop - start > sources.leaf:
            middle = _split(sources, start, stop)
            stack += [(middle, stop, -1), (start, middle, -1)]
    for index, following in ends:
        start, stop = ranges[index]
        cells.integers[index] = (
            following,
            sources.first + sources.stride * start,
            sources.first + sources.stride * stop,
            start if sources.is_panels() else -1,
        )


def _merged(points: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Sorted distinct atoms with positive or negative, but not zero, weights."""
    x = np.atleast_1d(np.asarray(points, dtype=float)) + 0.0
    p = np.atleast_1d(np.asarray(weights, dtype=float))
    if x.ndim != 1 or x.shape != p.shape:
        raise ValueError("points and weights must be one-dimensional and of the same length")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(p))):
        raise ValueError("points and weights must be finite")
    distinct, inverse = np.unique(x, return_inverse=True)
    total = np.bincount(inverse, weights=p, minlength=distinct.size)
    return distinct[total != 0.0], total[total != 0.0]


def _raw_header(points: Floats, weights: Floats, reach: float, noise: float) -> Floats:
    """Radius, squared far limit and scaled raw moments, the mean summed exactly."""
    radius = max(reach, 1e-140)
    scaled = points / radius
    moments = _moments(scaled, weights, layout.MOMENT_ORDER)
    moments[0] = math.fsum(weights)
    products = weights * scaled
    mean = math.fsum(products)
    modulus = float(np.sum(np.abs(products)))
    moments[1] = mean if abs(mean) > noise * modulus else 0.0
    return np.concatenate([[radius, (layout.FAR_RATIO * radius) ** 2], moments])


def measure_table(
    points: ArrayLike, weights: ArrayLike, panels: Sequence[Panel] = ()
) -> MeasureTable:
    r"""Pack :math:`\sum_j p_j\delta_{a_j}` plus panels into a table.

    Parameters
    ----------
    points, weights : array_like
        Atoms in any order; equal points are merged.
    panels : sequence of Panel
        The rest of the measure.  A joint of two panels is recognised by the same end position
        and a continuous density there.

    Returns
    -------
    MeasureTable
        Arrays for :func:`freesym.kernels.measure.cauchy_transform` and
        :func:`freesym.kernels.measure.log_potential`.  A mean smaller than eight roundings (with
        panels 64) of the mean modulus is zero in the far field, where psi would only show it.
    """
    atoms, masses = _merged(points, weights)
    records = [_record(panel) for panel in panels]
    _join_all(records)
    records.sort(key=lambda record: record.left + record.right)
    positions = np.concatenate([atoms, *(record.points for record in records)])
    quantities = np.concatenate([masses, *(record.weights for record in records)])
    cells = _Cells()
    # No cells at all: the kernel then takes the plain sum.
    if atoms.size and (records or atoms.size > _FEW_ATOMS):
        _add_cells(cells, _Sources(atoms, atoms, atoms, masses, 0, 1, _LEAF_ATOMS))
    reach = float(np.max(np.abs(atoms), initial=0.0))
    if records:
        low, high = _panel_extents(records)
        reach = max(reach, float(np.max(np.abs(np.concatenate([low, high])))))
        nodes, node_masses = positions[atoms.size :], quantities[atoms.size :]
        tree = _Sources(low, high, nodes, node_masses, atoms.size, _N, _LEAF_PANELS)
        _add_cells(cells, tree)
    noise = _PANEL_NOISE if records else _ATOM_NOISE
    header = _raw_header(positions, quantities, reach, noise)
    return _pack(cells, positions, quantities, records, header)


def _panel_extents(records: list[_PanelRecord]) -> tuple[Floats, Floats]:
    """Intervals so wide that an unopened cell holds no panel in need of its correction."""
    centre = np.array([record.reals[layout.CENTRE] for record in records])
    reach = np.sqrt([record.reals[layout.REACH] for record in records])
    half = np.array([0.5 * (record.right - record.left) for record in records])
    radius = np.maximum(half, reach / (layout.OPENING_RATIO - 0.1))
    return centre - radius, centre + radius


def _pack(
    cells: _Cells, points: Floats, weights: Floats, records: list[_PanelRecord], header: Floats
) -> MeasureTable:
    count, panels = len(cells.reals), len(records)
    blocks = [header, points, weights, *cells.reals, *(record.reals for record in records)]
    start = layout.REAL_HEADER
    cell_start = start + 2 * points.size
    counts = [count, points.size, points.size - _N * panels, panels]
    offsets = [start, start + points.size, cell_start, cell_start + layout.CELL_REALS * count]
    tree = np.array(cells.integers, dtype=np.int64).ravel()
    integers = np.concatenate([np.array(counts + offsets, dtype=np.int64), tree])
    return MeasureTable(np.concatenate(blocks), integers)


def raw_moments(table: MeasureTable, order: int) -> Floats:
    r"""Moments :math:`\int x^k\,\mu(dx)` for k = 0, ..., ``order`` by the rule of the table."""
    points, weights = sources(table)
    return np.array([math.fsum(weights * points**k) for k in range(order + 1)])


def sources(table: MeasureTable) -> tuple[Floats, Floats]:
    """Atoms and panel nodes of a table with their masses."""
    count = int(table.integers[layout.SOURCE_COUNT])
    points, weights = table.integers[layout.POINTS], table.integers[layout.WEIGHTS]
    return table.reals[points : points + count], table.reals[weights : weights + count]


# --------------------------------------------------------------------------------------------
# Fitting


@dataclass(frozen=True)
class _Piece:
    """Samples of the law on one interval of the parameter; ``mass`` is a density along t."""

    start: float
    stop: float
    position: Floats
    mass: Floats

    @property
    def amount(self) -> float:
        """Mass by the rule."""
        return float(_NODE_WEIGHTS @ self.mass[:_N])

    @property
    def modulus(self) -> float:
        """Mass of the modulus by the rule."""
        return float(_NODE_WEIGHTS @ np.abs(self.mass[:_N]))


@dataclass(frozen=True)
class _Law:
    position: Vectorised
    density: Vectorised
    tolerance: float

    def sample(self, start: float, stop: float) -> _Piece:
        """Values at the nodes and check points of an interval."""
        half = 0.5 * (stop - start)
        parameters = 0.5 * start + 0.5 * stop + half * _SAMPLES
        parameters = np.clip(parameters, np.nextafter(start, stop), np.nextafter(stop, start))
        with np.errstate(all="ignore"):
            position = self._values(self.position, parameters, "position")
            density = self._values(self.density, parameters, "density")
        return _Piece(start, stop, position, density * half)

    def end(self, parameter: float) -> float:
        """Position at an end, possibly not finite."""
        with np.errstate(all="ignore"):
            value = np.asarray(self.position(np.array([parameter])), dtype=float)
        return float(value.ravel()[0])

    @staticmethod
    def _values(function: Vectorised, parameters: Floats, name: str) -> Floats:
        values = np.asarray(function(parameters), dtype=float)
        values = np.broadcast_to(values, parameters.shape)
        if not np.all(np.isfinite(values)):
            where = parameters[~np.isfinite(values)][0]
            raise ValueError(f"the {name} of the law is not finite at {where!r}")
        return values


def _resolved(values: Floats, noise: float, tolerance: float, scale: float) -> Floats | None:
    """Legendre coefficients if the samples are resolved, without what is below the noise."""
    coefficients = _TO_COEFFICIENTS @ values[:_N]
    # a function is rounded a few times, and the transform magnifies rounding by about the degree
    allowance = tolerance * scale + 16 * noise
    if np.max(np.abs(coefficients[-2:])) > allowance:
        return None
    if np.max(np.abs(_CHECK_VANDER @ coefficients - values[_N:])) > 20 * allowance:
        return None
    rounding = _EPSILON * scale if noise <= 0.1 * tolerance * scale else 4 * noise
    floor = 0.5 * (_DEGREES + 1.0) * rounding
    coefficients[1:][np.abs(coefficients[1:]) <= floor[1:]] = 0.0
    return coefficients


def _steepness(piece: _Piece, values: Floats) -> float:
    """Change of the values under a relative change of the parameter."""
    reach = max(abs(piece.start), abs(piece.stop)) / (piece.stop - piece.start)
    return reach * float(np.ptp(values))


def _position_fit(piece: _Piece, tolerance: float) -> Floats | None:
    x = piece.position
    noise = _EPSILON * (float(np.max(np.abs(x))) + _steepness(piece, x))
    return _resolved(x - x[0], noise, tolerance, float(np.ptp(x)))


def _density_fit(piece: _Piece, tolerance: float) -> Floats | None:
    """Fit that allows for the rounding of the parameter where the density is steep."""
    size = float(np.max(np.abs(piece.mass)))
    noise = _EPSILON * (size + 4 * _steepness(piece, piece.mass))
    return _resolved(piece.mass, min(noise, 1e-4 * size), tolerance, size)


def _is_regular(offset: Floats, density: Floats) -> bool:
    """Whether the position is one-to-one near the panel, and the density in x resolved there.

    A positive real part of f' in the ellipse suffices (Noshiro and Warschawski); the inverse by
    Newton's method from the linear start is tried as the kernel will run it.
    """
    slope = legendre.legder(offset)
    span = float(legendre.legval(1.0, offset) - legendre.legval(-1.0, offset))
    if span == 0.0:
        return False
    values = legendre.legval(_ELLIPSE, slope) / span
    if np.min(values.real) < 0.02 or not _newton_converges(offset, slope, span):
        return False
    height, gradient = _heights(offset, density)
    tail = np.max(np.abs(gradient[-2:])) * abs(span)
    return bool(tail <= _GRADIENT_TOLERANCE * np.max(np.abs(gradient * span), initial=1e-300)
                + _GRADIENT_TOLERANCE * np.max(np.abs(height)) * abs(span))  # fmt: skip


def _newton_converges(offset: Floats, slope: NDArray[np.floating[Any]], span: float) -> bool:
    goal = np.concatenate([0.98 * _ELLIPSE, _INNER])
    target = legendre.legval(goal, offset)
    s = 2.0 * (target - legendre.legval(-1.0, offset)) / span - 1.0
    with np.errstate(all="ignore"):
        for _ in range(12):
            s = s - (legendre.legval(s, offset) - target) / legendre.legval(s, slope)
    return bool(np.all(np.abs(s - goal) < 1e-6))


def _turning_point(offset: Floats) -> float | None:
    """An interior zero of the slope, if there is one."""
    slope = legendre.legder(offset)
    degree = np.flatnonzero(np.abs(slope) > 0.0)
    if not degree.size or degree[-1] == 0:
        return None
    roots = legendre.legroots(slope[: degree[-1] + 1])
    inner = roots[(np.abs(roots.imag) < 1e-7) & (np.abs(roots.real) < 1 - 1e-6)].real
    return float(inner[np.argmin(np.abs(inner))]) if inner.size else None


@dataclass
class _Fit:
    """Progress of the subdivision."""

    law: _Law
    total: float
    scale: float
    ends: dict[float, float] = field(default_factory=dict)
    atoms: list[tuple[float, float]] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    remainders: list[_Piece] = field(default_factory=list)
    taken: list[_Piece] = field(default_factory=list)

    def end(self, parameter: float, fitted: float, noise: float) -> float:
        """Shared position of an end; at a jump of the position the fitted one-sided limit."""
        if parameter not in self.ends:
            self.ends[parameter] = self.law.end(parameter)
        value = self.ends[parameter]
        return value if abs(value - fitted) <= noise else fitted

    def is_negligible(self, piece: _Piece) -> bool:
        """Whether neither the mass nor the position of the piece needs to be resolved."""
        light = piece.modulus <= _NEGLIGIBLE_MASS * self.total
        return light and float(np.ptp(piece.position)) <= _CLOSE * self.scale

    def is_too_small(self, piece: _Piece) -> bool:
        """Whether the piece is beyond the resolution of floating-point numbers."""
        reach = max(abs(piece.start), abs(piece.stop))
        size = float(np.max(np.abs(piece.position)))
        width = float(np.ptp(piece.position))
        return (
            piece.stop - piece.start <= 64 * _EPSILON * reach
            or width <= _NARROW * size
            or size <= _SMALL * self.scale
        )

    def add(self, piece: _Piece) -> float | None:
        """Take the piece if it is resolved; otherwise return where to divide it."""
        middle = 0.5 * piece.start + 0.5 * piece.stop
        density = _density_fit(piece, self.law.tolerance)
        if np.ptp(piece.position) == 0.0:
            if density is None and not self.is_too_small(piece):
                return middle
            self.atoms.append((float(piece.position[0]), piece.amount))
            return None
        if piece.modulus == 0.0:
            return None
        position = _position_fit(piece, self.law.tolerance)
        if position is not None:
            turn = _turning_point(position)
            if turn is not None and not self.is_too_small(piece):
                return middle + 0.5 * (piece.stop - piece.start) * turn
            if density is not None and turn is None and _is_regular(position, density):
                self.add_panel(piece, position, density)
                return None
        if not self.is_too_small(piece):
            return middle
        self.remainders.append(piece)
        return None

    def add_panel(self, piece: _Piece, position: Floats, density: Floats) -> None:
        """Append the panel, with the position corrected to meet its neighbours exactly."""
        base = float(piece.position[0])
        noise = 64 * (self.law.tolerance * float(np.ptp(piece.position)) + _EPSILON * abs(base))
        low, high = (base + float(legendre.legval(t, position)) for t in (-1.0, 1.0))
        left, right = self.end(piece.start, low, noise), self.end(piece.stop, high, noise)
        span = float(legendre.legval(1.0, position) - legendre.legval(-1.0, position))
        if (right - left) * span <= 0.0:
            self.remainders.append(piece)
            return
        position = position * ((right - left) / span)
        position[0] -= legendre.legval(-1.0, position)
        self.panels.append(Panel(left, right, position, density))
        self.taken.append(piece)

    def run(self, pieces: list[tuple[float, float]]) -> None:
        """Subdivide until everything is taken."""
        # A negligible piece is divided a few times more: only what touches a singularity remains.
        pending = [(start, stop, _GRACE) for start, stop in reversed(pieces)]
        budget = _PANEL_LIMIT
        while pending:
            start, stop, grace = pending.pop()
            budget -= 1
            if budget < 0:
                raise ValueError(
                    f"the law is not resolved by {_PANEL_LIMIT} pieces; the last one is "
                    f"[{start!r}, {stop!r}]"
                )
            piece = self.law.sample(start, stop)
            cut = self.add(piece)
            if cut is None:
                continue
            if self.is_negligible(piece):
                grace -= 1
            if grace >= 0:
                pending += [(cut, stop, grace), (start, cut, grace)]
            elif not self.take_halves(piece, cut):
                self.remainders.append(piece)

    def take_halves(self, piece: _Piece, cut: float) -> bool:
        """Take both parts of the piece if they are resolved, or nothing."""
        lists: tuple[list[Any], ...] = (self.atoms, self.panels, self.remainders, self.taken)
        sizes = [len(items) for items in lists]
        parts = [(piece.start, cut), (cut, piece.stop)]
        resolved = all(self.add(self.law.sample(*part)) is None for part in parts)
        if resolved and len(self.remainders) == sizes[2]:
            return True
        for items, size in zip(lists, sizes, strict=True):
            del items[size:]
        return False

    def remaining_mass(self, piece: _Piece) -> float:
        """Mass of a remainder, continuing the geometric sequence of dyadic neighbours if any.

        A remainder bounded by rounding is reached from farther away, where the samples are better.
        """
        width = piece.stop - piece.start
        reach = max(abs(piece.start), abs(piece.stop))
        steps = 0
        if not self.is_negligible(piece):
            steps = max(round(math.log2(_BLURRED * reach / width)), 0)
        for start, sign in ((piece.start, 1.0), (piece.stop, -1.0)):
            near, far = sign * width, sign * width * 2.0**steps
            first = self.mass_between(start + far, start + 2 * far)
            second = self.mass_between(start + 2 * far, start + 4 * far)
            known = self.mass_between(start + near, start + far) if steps else 0.0
            if first and second and known is not None and 0.0 < first / second < 0.999:
                amount = first * first / (second - first) - known
                return amount if 0.0 < amount < 2.0 * piece.modulus else piece.amount
        return piece.amount

    def merge_remainders(self) -> None:
        """Join adjoining remainders, which belong to one singularity."""
        merged: list[_Piece] = []
        for piece in sorted(self.remainders, key=lambda item: item.start):
            if merged and merged[-1].stop == piece.start:
                piece = self.law.sample(merged.pop().start, piece.stop)
            merged.append(piece)
        self.remainders = merged

    def mass_between(self, start: float, stop: float) -> float | None:
        """Mass of the panels on an interval of the parameter, if they fill it."""
        low, high = min(start, stop), max(start, stop)
        inside = [piece for piece in self.taken if low <= piece.start and piece.stop <= high]
        filled = math.fsum(piece.stop - piece.start for piece in inside)
        if abs(filled - (high - low)) > 1e-9 * (high - low):
            return None
        return math.fsum(piece.amount for piece in inside)

    def fold_remainders(self, mass: float | None) -> None:
        """Turn each remainder into an affine panel of constant density with its mass."""
        self.merge_remainders()
        amounts = [self.remaining_mass(piece) for piece in self.remainders]
        estimate = math.fsum(amounts)
        factor = 1.0
        if mass is not None and estimate != 0.0:
            known = math.fsum(p for _, p in self.atoms)
            known += math.fsum(2.0 * float(panel.density[0]) for panel in self.panels)
            factor = (mass - known) / estimate
            factor = factor if 0.5 < factor < 2.0 else 1.0
        for piece, amount in zip(self.remainders, amounts, strict=True):
            if amount != 0.0:
                left, right = self._span(piece)
                self.panels.append(Panel.affine(left, right, [0.5 * factor * amount]))

    def _span(self, piece: _Piece) -> tuple[float, float]:
        """Positions covered by a remainder, never a single point, which would make a pole."""
        x = piece.position
        ends = [self.law.end(piece.start), self.law.end(piece.stop)]
        near = 2.0 * float(np.ptp(x)) + _NARROW * float(np.max(np.abs(x)))
        values = [*x, *(value for value in ends if np.min(np.abs(x - value)) <= near)]
        left, right = float(min(values)), float(max(values))
        margin = 2 * _EPSILON * max(abs(left), abs(right)) + _SMALL * self.scale
        return (left, right) if right - left > margin else (left - margin, right + margin)


def _intervals(breakpoints: Sequence[float]) -> Iterator[tuple[float, float]]:
    points = [float(point) for point in breakpoints]
    if len(points) < 2 or not all(map(math.isfinite, points)):
        raise ValueError("at least two finite breakpoints are needed")
    for start, stop in zip(points[:-1], points[1:], strict=True):
        if not stop > start:
            raise ValueError("the breakpoints must increase")
        yield start, stop


def fit_panels(
    position: Vectorised,
    density: Vectorised,
    breakpoints: Sequence[float],
    *,
    tolerance: float = 1e-14,
    mass: float | None = None,
) -> FittedMeasure:
    r"""Resolve the law of ``position(v)``, v with a density on an interval, into atoms and panels.

    .. math:: \mu = \int \delta_{x(v)}\, r(v)\, dv .

    Parameters
    ----------
    position, density : callable
        Vectorised x(v) and r(v), finite inside the intervals.  The density may be infinite and
        the position not monotone; it may jump at a breakpoint.
    breakpoints : sequence of float
        Increasing and finite.  Singularities, kinks and jumps belong here; others are found by
        bisection.  Where r has a singularity or x a critical point, the intervals shrink
        dyadically, so a singularity should sit at v = 0, or be removed by the choice of v:
        elsewhere it is resolved no finer than the numbers next to it.
    tolerance : float
        Relative accuracy of both polynomials on each panel.
    mass : float, optional
        Total mass, if known.

    Returns
    -------
    FittedMeasure
        Intervals of constant position are atoms.  What remains unresolved (mass below 2e-17 and
        width below 1e-30 of the total, or closer than rounding to a singularity) is spread evenly
        over its positions, with the mass that continues the dyadic pieces before it, or with what
        is missing to ``mass``.

    Raises
    ------
    ValueError
        If a function is not finite inside an interval, or is not resolved by 8000 pieces.
    """
    law = _Law(position, density, tolerance)
    pieces = list(_intervals(breakpoints))
    samples = [law.sample(start, stop) for start, stop in pieces]
    total = math.fsum(piece.modulus for piece in samples)
    if not total > 0.0:
        raise ValueError("the density vanishes at all sample points")
    scale = max(float(np.max(np.abs(piece.position))) for piece in samples)
    fit = _Fit(law, total, scale)
    fit.run(pieces)
    fit.fold_remainders(mass)
    points, weights = _merged([x for x, _ in fit.atoms], [p for _, p in fit.atoms])
    return FittedMeasure(points, weights, tuple(fit.panels))
