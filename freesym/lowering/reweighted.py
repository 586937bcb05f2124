r"""Measures whose positions stay while their densities change.

.. math:: \mu = \int \delta_{x(v)}\, r(v)\, dv

for one position :math:`x` and many densities :math:`r`: the panels, their univalence and the tree
of cells depend on the position alone and are found once; a new density only replaces the numbers
that are linear in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from freesym.kernels import layout
from freesym.lowering.fitting import _Fit, _Law, _Piece
from freesym.lowering.measure import (
    NODE_WEIGHTS,
    NODES,
    TO_COEFFICIENTS,
    Floats,
    MeasureTable,
    N,
    Panel,
    measure_table,
)

Function = Callable[[Floats], Floats]
_VANDER = legendre.legvander(NODES, N - 1)
_PLACES = np.concatenate([[-1.0], NODES, [1.0]])
_AT_PLACES = legendre.legvander(_PLACES, N - 1)
_SLOPE = _AT_PLACES[:, : N - 1] @ legendre.legder(np.eye(N))
_BEND = _AT_PLACES[:, : N - 2] @ legendre.legder(np.eye(N), 2)
_PRIMITIVE = legendre.legint(np.eye(N), lbnd=-1.0)
#: Positions below this part of the largest are not told from 0; flat pieces narrower than this
#: part of the whole, and positions that differ by less than this part of their size, are not
#: resolved further.
_SMALLEST, _NARROW, _BLURRED = 1e-24, 1e-6, 20.0


@dataclass(frozen=True)
class Zone:
    """A stretch of the parameter, ``v = anchor + t`` with ``t`` from ``start`` to ``stop``.

    ``position`` is a function of ``t``, accurate relative to its size where it vanishes at
    ``t = 0``.
    """

    anchor: float
    ends: tuple[float, ...]
    position: Function


@dataclass
class _GeometryFit(_Fit):
    """A fit that remembers which pieces are flat, and does not resolve what is next to 0."""

    flat: list[_Piece] = field(default_factory=list)
    smallest: float = 0.0
    narrow: float = 0.0

    def add(self, piece: _Piece) -> float | None:
        """As in the base class; what is flat by rounding alone is a remainder."""
        size = float(np.max(np.abs(piece.position)))
        change = float(np.ptp(piece.position))
        still = change == 0.0 and piece.stop - piece.start < self.narrow
        blurred = 0.0 < change <= _BLURRED * self.law.tolerance * size
        if 0.0 < size < self.smallest or still or blurred:
            self.remainders.append(piece)
            return None
        known = len(self.atoms)
        cut = super().add(piece)
        if len(self.atoms) > known:
            self.flat.append(piece)
        return cut

    def take_halves(self, piece: _Piece, cut: float) -> bool:
        """As in the base class."""
        known = len(self.flat)
        taken = super().take_halves(piece, cut)
        if not taken:
            del self.flat[known:]
        return taken


@dataclass(frozen=True, eq=False)
class Geometry:
    """The panels of a position function, without densities.

    Attributes
    ----------
    places : ndarray of shape (panels, 16)
        The parameter at the nodes of each panel; a last row for each remainder.
    halves : ndarray
        Half the widths of the panels in the parameter.
    flat : tuple of (value, start, stop)
        Where the position is constant.
    """

    panels: tuple[Panel, ...]
    places: Floats
    halves: Floats
    rests: int
    flat: tuple[tuple[float, float, float], ...]


def fit_geometry(zones: Sequence[Zone], scale: float, tolerance: float = 1e-14) -> Geometry:
    """Resolve a position function into panels on which it is one-to-one.

    Parameters
    ----------
    zones : sequence of Zone
        Together, the whole range of the parameter.
    scale : float
        The largest position.
    tolerance : float
        The relative accuracy of the positions.

    Raises
    ------
    ValueError
        If it is not resolved.
    """
    reach = sum(zone.ends[-1] - zone.ends[0] for zone in zones)
    panels: list[Panel] = []
    pieces: list[tuple[float, float, float]] = []
    rests: list[tuple[Panel, tuple[float, float, float]]] = []
    flat: list[tuple[float, float, float]] = []
    for zone in zones:
        law = _Law(zone.position, np.ones_like, tolerance)
        fit = _GeometryFit(law, reach, scale, smallest=_SMALLEST * scale, narrow=_NARROW * reach)
        fit.run(list(pairwise(zone.ends)))
        panels += fit.panels
        pieces += [(zone.anchor, p.start, p.stop) for p in fit.taken]
        fit.merge_remainders()
        for p in fit.remainders:
            left, right = fit._span(p)
            left = 0.0 if left > 0.0 and right < 2 * _SMALLEST * scale else left
            rests.append((Panel.affine(left, right, [0.5]), (zone.anchor, p.start, p.stop)))
        flat += [
            (float(p.position[0]), zone.anchor + p.start, zone.anchor + p.stop) for p in fit.flat
        ]
    whole = panels + [panel for panel, _ in rests]
    bounds = np.array(pieces + [piece for _, piece in rests]).reshape(-1, 3)
    anchor, start, stop = bounds.T
    halves = 0.5 * (stop - start)
    places = anchor[:, None] + (0.5 * (start + stop)[:, None] + halves[:, None] * NODES)
    return Geometry(tuple(whole), places, halves, len(rests), tuple(flat))


@dataclass(frozen=True, eq=False)
class Reweighted:
    """A table of one density over a geometry, ready to be rewritten for others.

    Parameters
    ----------
    geometry : Geometry
    density, masses : ndarray
        Any density at the places, and the masses of the flat pieces, in units that do not
        matter: they fix which panels join smoothly.
    """

    geometry: Geometry
    table: MeasureTable
    order: NDArray[np.int64]
    flipped: NDArray[np.bool_]
    rising: Floats
    atoms: tuple[Floats, NDArray[np.int64]]
    moments: tuple[tuple[int, int, int, Floats], ...]

    @classmethod
    def build(cls, geometry: Geometry, density: Floats, masses: Floats) -> Reweighted:
        """The template for one density."""
        coefficients = _coefficients(geometry, density)
        panels = [
            Panel(p.left, p.right, p.offset, c)
            for p, c in zip(geometry.panels, coefficients, strict=True)
        ]
        values = np.array([value for value, _, _ in geometry.flat])
        table = measure_table(values, masses, panels)
        flipped = np.array([p.right < p.left for p in panels], dtype=bool)
        centres = np.array([p.left + p.right for p in panels])
        # as measure_table sorts its records
        order = np.argsort(centres, kind="stable")
        distinct, inverse = np.unique(values, return_inverse=True)
        offsets = np.zeros((len(panels), N))
        for row, panel in zip(offsets, panels, strict=True):
            row[: len(panel.offset)] = panel.offset
        signs = np.where(flipped, -1.0, 1.0)[:, None] ** np.arange(N)
        return cls(geometry, table, order, flipped, offsets * signs,
                   (distinct, inverse), tuple(_cell_moments(table)))  # fmt: skip

    def with_density(self, density: Floats, masses: Floats) -> MeasureTable:
        """The table of another density over the same positions."""
        reals, integers = self.table.reals.copy(), self.table.integers
        coefficients = _coefficients(self.geometry, density)
        coefficients[self.flipped] *= (-1.0) ** np.arange(N)
        coefficients, rising = coefficients[self.order], self.rising[self.order]
        count, atoms = int(integers[layout.SOURCE_COUNT]), int(integers[layout.ATOM_COUNT])
        start = int(integers[layout.WEIGHTS])
        weights = reals[start : start + count]
        weights[:atoms] = np.bincount(self.atoms[1], weights=masses, minlength=atoms)
        weights[atoms:] = ((coefficients @ _VANDER.T) * NODE_WEIGHTS).ravel()
        _write_header(reals, integers, weights)
        for place, first, stop, powers in self.moments:
            reals[place : place + layout.ORDER + 1] = weights[first:stop] @ powers
        _write_panels(reals, int(integers[layout.PANELS]), coefficients, rising)
        return MeasureTable(reals, integers)


def _coefficients(geometry: Geometry, density: Floats) -> Floats:
    """Legendre coefficients of the densities along the panels; constant on remainders."""
    found = (density * geometry.halves[:, None]) @ TO_COEFFICIENTS.T
    if geometry.rests:
        found[-geometry.rests :, 1:] = 0.0
    return np.asarray(found)


def _cell_moments(table: MeasureTable) -> list[tuple[int, int, int, Floats]]:
    """Where the moments of each cell stand, its sources, and their scaled powers."""
    integers, reals = table.integers, table.reals
    points = int(integers[layout.POINTS])
    found = []
    for cell in range(int(integers[layout.CELL_COUNT])):
        place = int(integers[layout.CELLS]) + layout.CELL_REALS * cell
        entry = layout.INTEGER_HEADER + layout.CELL_INTEGERS * cell
        first, stop = int(integers[entry + 1]), int(integers[entry + 2])
        centre, radius, limit = reals[place : place + 3]
        if np.isfinite(limit):
            scaled = (reals[points + first : points + stop] - centre) / radius
            powers = np.vander(scaled, layout.ORDER + 1, increasing=True)
            found.append((place + 3, first, stop, powers))
    return found


def _write_header(reals: Floats, integers: NDArray[np.int64], weights: Floats) -> None:
    points = int(integers[layout.POINTS])
    scaled = reals[points : points + len(weights)] / reals[0]
    powers = np.vander(scaled, layout.MOMENT_ORDER + 1, increasing=True)
    reals[2 : layout.REAL_HEADER] = weights @ powers


def _write_panels(reals: Floats, start: int, density: Floats, rising: Floats) -> None:
    """The numbers of every panel that depend on its density, as measure_table computes them."""
    rows = reals[start : start + layout.PANEL_REALS * len(density)].reshape(len(density), -1)
    slope, bend = rising @ _SLOPE.T, rising @ _BEND.T
    value = density @ _AT_PLACES.T
    rise = density @ _SLOPE.T
    gradient = ((rise - value * bend / slope) / slope)[:, 1:-1] @ TO_COEFFICIENTS.T
    heights = value / slope
    primitive = density @ _PRIMITIVE.T
    rows[:, layout.MASS] = 2.0 * density[:, 0]
    rows[:, layout.LEFT_HEIGHT], rows[:, layout.RIGHT_HEIGHT] = heights[:, 0], heights[:, -1]
    rows[:, layout.DENSITY : layout.GRADIENT] = density
    rows[:, layout.GRADIENT : layout.PRIMITIVE] = gradient
    rows[:, layout.PRIMITIVE : layout.NODE_OFFSETS] = primitive
    rows[:, layout.NODE_GRADIENTS : layout.NODE_PRIMITIVES] = NODE_WEIGHTS * (gradient @ _VANDER.T)
    rows[:, layout.NODE_PRIMITIVES :] = legendre.legval(NODES, primitive.T)
