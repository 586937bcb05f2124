r"""Data tables of one-dimensional measures for :mod:`freesym.kernels.measure`.

:func:`fit_panels` resolves a law, given by a position and a density along a parameter, into atoms
and polynomial panels; :func:`measure_table` packs atoms and panels, with the tree of cells and
their expansions, into one array of reals and one of integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from freesym.kernels import layout

Floats = NDArray[np.float64]

EPSILON = float(np.finfo(float).eps)
N = layout.NODE_COUNT
NODES: Floats = layout.NODES
NODE_WEIGHTS: Floats = layout.NODE_WEIGHTS
_VANDER = legendre.legvander(NODES, N - 1)
DEGREES = np.arange(N)
# Interpolation at the nodes as they are rounded: the quadrature formula for the coefficients would
# add noise that the end slopes magnify.
TO_COEFFICIENTS = np.linalg.inv(_VANDER)
TO_COEFFICIENTS += TO_COEFFICIENTS @ (np.eye(N) - _VANDER @ TO_COEFFICIENTS)
# Between the nodes, to catch what the nodes alone do not see.
ANGLES = np.exp(1j * np.linspace(0.0, np.pi, 33))
ELLIPSE = 0.5 * (layout.ELLIPSE * ANGLES + 1.0 / (layout.ELLIPSE * ANGLES))

_LEAF_ATOMS = 48
_FEW_ATOMS = 64
_LEAF_PANELS = 2
# Fewer points than this are summed directly at any distance.
_EXPANSION_COUNT = 16

# A mean below this part of the mean modulus is rounding noise, of atoms and of panels.
_ATOM_NOISE = 8 * EPSILON
_PANEL_NOISE = 64 * EPSILON


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


def _padded(coefficients: ArrayLike, size: int = N) -> Floats:
    array = np.asarray(coefficients, dtype=float)
    if array.ndim != 1 or array.size > size or not np.all(np.isfinite(array)):
        raise ValueError(f"a panel needs at most {size} finite Legendre coefficients")
    return np.concatenate([array, np.zeros(size - array.size)])


def _increasing(panel: Panel) -> tuple[float, float, Floats, Floats]:
    """Ends and coefficients of the panel, run so that the position increases."""
    offset, density = _padded(panel.offset), _padded(panel.density)
    if panel.right > panel.left:
        return panel.left, panel.right, offset, density
    signs = (-1.0) ** DEGREES
    offset = offset * signs
    offset[0] += panel.left - panel.right
    return panel.right, panel.left, offset, density * signs


def heights(offset: Floats, density: Floats) -> tuple[Floats, Floats]:
    """Density in x at the ends, and coefficients of its derivative along t."""
    nodes = np.concatenate([[-1.0], NODES, [1.0]])
    slope = legendre.legval(nodes, legendre.legder(offset))
    bend = legendre.legval(nodes, legendre.legder(offset, 2))
    value = legendre.legval(nodes, density)
    rise = legendre.legval(nodes, legendre.legder(density))
    gradient = (rise - value * bend / slope) / slope
    height = value / slope
    return height[[0, -1]], TO_COEFFICIENTS @ gradient[1:-1]


def _reach(left: float, right: float, offset: Floats, affine: bool) -> float:
    """Radius about the centre of the panel outside which the rule is exact."""
    if affine:
        return 0.25 * (right - left) * (layout.ELLIPSE + 1.0 / layout.ELLIPSE)
    image = legendre.legval(ELLIPSE, offset) - 0.5 * (right - left)
    return float(np.max(np.abs(image)))


def _record(panel: Panel) -> _PanelRecord:
    left, right, offset, density = _increasing(panel)
    if not right > left or not math.isfinite(right - left):
        raise ValueError("a panel needs two different finite ends")
    affine = not np.any(offset[2:])
    slope = 0.5 * (right - left) if affine else 0.0
    height, gradient = heights(offset, density)
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
        NODE_WEIGHTS * (_VANDER @ gradient), legendre.legval(NODES, primitive),
    ])  # fmt: skip
    return _PanelRecord(
        left, right, mass, (float(height[0]), float(height[1])),
        (float(slopes[0]), float(slopes[1])), reals,
        left + offsets, NODE_WEIGHTS * (_VANDER @ density),
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


def merged(points: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
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
    atoms, masses = merged(points, weights)
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
        tree = _Sources(low, high, nodes, node_masses, atoms.size, N, _LEAF_PANELS)
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
    counts = [count, points.size, points.size - N * panels, panels]
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
