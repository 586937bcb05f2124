"""Density, support and panels of the laws that :mod:`freesym.nets.half_plane` solve."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError
from freesym.lowering.cells import cells
from freesym.lowering.dyadic import spread
from freesym.lowering.measure import MeasureTable, Panel, measure_table, sources
from freesym.nets.half_plane import Complex, HalfPlaneSystem, Solution
from freesym.parameters import Number
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf
from freesym.spectrum.classical import _cell_mass

Real = NDArray[np.float64]
Interval = tuple[float, float]

_GRID, _STRIDE, _BAND, _EDGE_STEPS = 600, 8, 400, 80
_BAND_ANGLES: Real = np.asarray((np.arange(_BAND) + 0.5) * (np.pi / _BAND), dtype=np.float64)
_MASS_TOLERANCE = 1e-7


@lru_cache(maxsize=64)
def spectrum(equations: HalfPlaneSystem) -> HalfPlaneSpectrum:
    """The spectrum of equations; cached."""
    return HalfPlaneSpectrum(equations)


@dataclass(frozen=True, eq=False)
class HalfPlaneSpectrum:
    """Verified values on a grid, from which all others start."""

    equations: HalfPlaneSystem

    @cached_property
    def masses(self) -> dict[float, float]:
        """The atoms."""
        return self.equations.masses()

    @cached_property
    def _scan(self) -> Solution:
        """Solutions on a grid that reaches beyond the spectrum on both sides."""
        eq = self.equations
        width = eq.upper_bound - eq.shift
        angles = np.linspace(0, np.pi, _GRID)
        even = eq.shift + width * (0.5 - 0.5 * np.cos(angles)) * 1.02 - 0.01 * width
        near = eq.shift + width * np.geomspace(1e-9, 0.5, _GRID // 2)
        x = np.unique(np.concatenate([even, near]))
        found = self._solved_between(x)
        good = np.isfinite(found.g)
        if good.mean() < 0.9:
            raise ConvergenceError(
                f"the equations have no verified solution at {x[~good][0]:.6g} and "
                f"{(~good).sum() - 1} other points", x[~good].tolist(),
            )  # fmt: skip
        return Solution(found.z[good], found.s[:, good], found.rates[:, good], found.g[good])

    def _solved_between(self, x: Real) -> Solution:
        """Some points from far above, those between them from their neighbours."""
        chosen = np.unique(np.r_[np.arange(0, len(x), _STRIDE), len(x) - 1])
        first = self.equations.solve(x[chosen].astype(complex))
        kept = np.flatnonzero(np.isfinite(first.g))
        if len(kept) < 2:
            return self.equations.solve(x.astype(complex))
        known, s = first.z.real[kept], first.s[:, kept]
        right = np.clip(np.searchsorted(known, x), 1, len(known) - 1)
        share = np.clip((x - known[right - 1]) / (known[right] - known[right - 1]), 0, 1)
        left, after = s[:, right - 1], s[:, right]
        between = left + share * (after - left)
        return self.equations.continued(x.astype(complex), between, left, after)

    def at(self, z: Complex) -> Solution:
        """Verified solutions at points of the closed upper half-plane."""
        real, depth = z.imag == 0, self.equations.depth
        s, rates = (np.full((depth, len(z)), np.nan, dtype=complex) for _ in range(2))
        g = np.full(len(z), np.nan, dtype=complex)
        parts = [(~real, self.equations.solve(z[~real]))] if (~real).any() else []
        if real.any():
            parts.append((real, self.equations.continued(z[real], self._guess(z[real].real))))
        for where, part in parts:
            s[:, where], rates[:, where], g[where] = part.s, part.rates, part.g
        return Solution(z, s, rates, g)

    def _guess(self, x: Real) -> Complex:
        """Inside a band from its table, elsewhere from the neighbours of the scan."""
        guess = self._scanned_guess(x)
        for low, high, s in self._bands:
            where = (x > low) & (x < high)
            guess[:, where] = _interpolated(s, _angles(x[where], low, high))
        return guess

    def _scanned_guess(self, x: Real) -> Complex:
        """From neighbours on the same side of all edges."""
        known = self._scan.z.real
        right = np.clip(np.searchsorted(known, x), 1, len(known) - 1)
        share = (x - known[right - 1]) / (known[right] - known[right - 1])
        nearest = np.where(share < 0.5, right - 1, right)
        s = self._scan.s
        both = self._inside[right] == self._inside[right - 1]
        between = (1 - share) * s[:, right - 1] + share * s[:, right]
        return np.where(both & (share >= 0) & (share <= 1), between, s[:, nearest])

    @cached_property
    def _bands(self) -> tuple[tuple[float, float, Complex], ...]:
        """Every interval with the unknowns at equally spaced angles, odd about both ends."""
        found = []
        for low, high in self.support:
            x = low + (high - low) * np.sin(0.5 * _BAND_ANGLES) ** 2
            s = self.equations.continued(x.astype(complex), self._scanned_guess(x)).s
            if np.isnan(s).any():
                good = ~np.isnan(s).any(axis=0)
                if good.mean() < 0.9:
                    raise ConvergenceError(
                        f"no verified solution at {x[~good][0]:.17g}", x[~good].tolist()
                    )
                s = np.stack([np.interp(_BAND_ANGLES, _BAND_ANGLES[good], row[good].real)
                    + 1j * np.interp(_BAND_ANGLES, _BAND_ANGLES[good], row[good].imag)
                    for row in s])  # fmt: skip
            found.append((low, high, np.hstack([s[:, :1].conj(), s, s[:, -1:].conj()])))
        return tuple(found)

    @property
    def _inside(self) -> NDArray[np.bool_]:
        return np.asarray(self._scan.g.imag != 0)

    def density(self, x: Real) -> Real:
        """The density at real points, NaN where it is not verified."""
        return np.maximum(-self.at(x.astype(complex)).g.imag / np.pi, 0.0) + 0.0

    # ------------------------------------------------------------------ support

    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """The intervals of the continuous part."""
        x, inside = self._scan.z.real, self._inside
        changes = np.flatnonzero(inside[1:] != inside[:-1])
        edges = [self._edge_between(x[i], x[i + 1], rises=inside[i + 1]) for i in changes]
        if inside[0] or inside[-1] or len(edges) % 2:
            raise ConvergenceError("the spectrum reaches beyond its bounds; scale the weights")
        return tuple(zip(edges[::2], edges[1::2], strict=True))

    def _edge_between(self, low: float, high: float, *, rises: bool) -> float:
        """The edge of a bracket: a hard one is known, others are extrapolated."""
        hard = self.equations.hard_edge
        if rises and hard is not None and low <= hard <= high:
            return hard
        return self._edge(low, high) if rises else self._edge(high, low)

    def _edge(self, outside: float, inside: float) -> float:
        """Extrapolation from outside, where ``(ds/dz)^-2`` vanishes linearly at the edge."""
        size = max(abs(outside), abs(inside))
        edge, distance = 0.5 * (outside + inside), 0.25 * abs(inside - outside)
        direction = 1.0 if outside > inside else -1.0
        before, within = self._solved_one(outside), self._solved_one(inside).s
        for _ in range(_EDGE_STEPS):
            x = edge + direction * distance * np.array([1.0, 2.0])
            # inside the spectrum Newton's method finds a root from a larger one
            found = self.equations.continued(x.astype(complex), _near_edge(before, x, edge), within)
            if not (found.g.imag[0] == 0 and np.isfinite(found.g[0])):
                # still inside: the edge lies between
                inside = float(x[0])
                if found.g.imag[0] < 0:
                    within = np.repeat(found.s[:, :1], 2, axis=1)
                edge, distance = 0.5 * (outside + inside), 0.25 * abs(outside - inside)
                if distance <= 1e-15 * size:
                    break
                continue
            outside, before = float(x[0]), found
            estimate = _extrapolated(found)
            bracketed = min(inside, outside) <= estimate <= max(inside, outside)
            moved = abs(estimate - edge)
            if not bracketed:
                edge, distance = 0.5 * (outside + inside), 0.25 * abs(outside - inside)
            else:
                edge, distance = estimate, max(0.05 * distance, 0.1 * moved)
            if bracketed and (moved <= 3e-15 * size or distance <= 1e-9 * size):
                break
        return edge

    def _solved_one(self, x: float) -> Solution:
        point = np.full(2, x)
        return self.equations.continued(point.astype(complex), self._scanned_guess(point))

    # ------------------------------------------------------------------ panels

    @cached_property
    def table(self) -> MeasureTable:
        """Atoms and panels; their mass is 1 up to the tolerance, or an error is raised."""
        panels: list[Panel] = []
        for low, high in self.support:
            for cell in cells(self._clean, low, high):
                panels.extend(spread(cell.low, cell.high, _cell_mass(cell, 1.0)))
        atomic = math.fsum(self.masses.values())
        mass = 2 * math.fsum(float(panel.density[0]) for panel in panels)
        if not abs(mass + atomic - 1) <= _MASS_TOLERANCE:
            raise ConvergenceError(
                f"the law has mass {mass + atomic:.9g}, not 1: some part of its spectrum is "
                "not resolved"
            )
        factor = (1 - atomic) / mass if mass else 1.0
        kept = [replace(panel, density=panel.density * factor) for panel in panels]
        return measure_table(list(self.masses), list(self.masses.values()), kept)

    def _clean(self, x: Real) -> Real:
        """The density, with the few points without a verified value interpolated."""
        rho = self.density(x)
        bad = ~np.isfinite(rho)
        if bad.mean() > 0.1:
            raise ConvergenceError(f"no verified density at {x[bad][0]:.17g}", x[bad].tolist())
        if bad.any():
            order = np.argsort(x[~bad])
            rho[bad] = np.interp(x[bad], x[~bad][order], rho[~bad][order])
        return rho


def _angles(x: Real, low: float, high: float) -> Real:
    """``x = low + (high - low) sin(angle/2)^2``, from the nearer end."""
    share = (x - low) / (high - low)
    rest = (high - x) / (high - low)
    return np.where(
        share < 0.5, 2 * np.arcsin(np.sqrt(np.minimum(share, 1))),
        np.pi - 2 * np.arcsin(np.sqrt(np.minimum(rest, 1))),
    )  # fmt: skip


def _interpolated(s: Complex, angles: Real) -> Complex:
    """Linear between the angles of a band."""
    place = angles * (_BAND / np.pi) + 0.5
    i = np.clip(place.astype(int), 0, s.shape[1] - 2)
    share = place - i
    return np.asarray((1 - share) * s[:, i] + share * s[:, i + 1])


def _near_edge(before: Solution, x: Real, edge: float) -> Complex:
    """Real unknowns outside an edge: they are linear in the root of the distance from it."""
    start = before.z.real[0]
    distance = abs(start - edge) or 1e-300
    bend = 2 * before.rates.real[:, :1] * (start - edge)
    root = np.sqrt(np.abs(x - edge) / distance)
    return np.asarray(before.s[:, :1].real + bend * (root - 1) + 0j)


def _extrapolated(found: Solution) -> float:
    """The zero of the line through ``(ds/dz)^-2`` at two points."""
    row = int(np.argmax(np.abs(found.rates[:, 0] / found.s[:, 0])))
    x = found.z.real
    with np.errstate(all="ignore"):
        f = (1 / found.rates[row] ** 2).real
        return float(x[0] - f[0] * (x[1] - x[0]) / (f[1] - f[0]))


@dataclass(frozen=True)
class HalfPlaneLeaf(CauchyLeaf):
    """The law as a leaf of relation trees."""

    equations: HalfPlaneSystem

    @property
    def _spectrum(self) -> HalfPlaneSpectrum:
        return spectrum(self.equations)

    def numeric(self) -> HalfPlaneLeaf:
        """The leaf itself: its parameters are numbers."""
        return self

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Quadrature over the panels."""
        return measure_transform(w, self._spectrum.table)

    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - X)``."""
        return measure_potential(w, self._spectrum.table)

    def hull(self) -> Interval:
        """From the lowest to the highest edge or atom."""
        ends = [end for interval in self._spectrum.support for end in interval]
        ends += list(self._spectrum.masses)
        return min(ends), max(ends)

    def continuous_support(self) -> tuple[Interval, ...]:
        """The intervals of the continuous part."""
        return self._spectrum.support

    @property
    def singular_points(self) -> frozenset[float]:
        """The edges."""
        return frozenset(end for interval in self._spectrum.support for end in interval)

    def point_masses(self) -> dict[Number, Number]:
        """The atoms."""
        return dict(self._spectrum.masses)

    def is_symmetric(self) -> bool:
        """Never: the law lies on the half-line."""
        return False

    def known_moments(self, n: int) -> list[Number]:
        """Quadrature of powers."""
        points, weights = sources(self._spectrum.table)
        return [math.fsum(weights * points**k) for k in range(1, n + 1)]
