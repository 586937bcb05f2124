"""The law of the sum or product of two independent variables with bounded spectra.

Both densities are cut into cells at their singular points (edges, atoms, kinks), and so is the
density of the result; see :mod:`freesym.lowering.independent`.

Against closed forms the density is right to 1e-13 (of its size, where that exceeds 1) and the
distribution function to 1e-14; beside a singular point ``b`` other than 0 both are limited by the
rounding of ``x``, so that within ``1e-14 |b|`` of it only the mass is right; if an operand is
singular there like a power that is no multiple of 1/2, 1e-9 is reached elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.algebra import convolutions as convolve
from freesym.errors import ConvergenceError
from freesym.lowering.cells import Cell, cells
from freesym.lowering.dyadic import spread
from freesym.lowering.independent import SAME, Kind, problems
from freesym.lowering.measure import MeasureTable, Panel, measure_table
from freesym.parameters import Number
from freesym.relations import nodes
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.spectrum import moments as _moments
from freesym.spectrum.atoms import _atoms, atoms
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.intervals import Interval, union
from freesym.spectrum.support import continuous_support
from freesym.spectrum.symmetry import is_symmetric

Floats = NDArray[np.float64]

_FEW_UNVERIFIED = 0.1
_MASS_TOLERANCE = 1e-7


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


@dataclass(frozen=True, eq=False)
class _Operand:
    """Atoms and cells of one law."""

    atoms: tuple[tuple[float, float], ...]
    cells: tuple[Cell, ...]


@lru_cache(maxsize=128)
def _operand(relation: Relation, at_zero: bool) -> _Operand:
    relation = relation.numeric()
    masses = tuple((float(a), float(m)) for a, m in atoms(relation).items())
    points = _singular_points(relation) | {a for a, _ in masses} | ({0.0} if at_zero else set())
    density, found = partial(_density, relation), list[Cell]()
    for low, high in continuous_support(relation):
        scale = max(abs(low), abs(high))
        inside = [p for p in sorted(points) if low + SAME * scale < p < high - SAME * scale]
        for a, b in pairwise(_distinct([low, *inside, high], SAME * scale)):
            found.extend(cells(density, a, b))
    return _Operand(masses, tuple(found))


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
    return set(getattr(relation, "singular_points", ()))


def _copies(kind: Kind, operand: _Operand, masses: Iterable[Interval]) -> Iterator[Panel]:
    """The cells of one operand, combined with the atoms of the other."""
    for (a, mass), cell in product(masses, operand.cells):
        if kind == "sum":
            yield from spread(cell.low + a, cell.high + a, _cell_mass(cell, mass))
        elif a:
            placed = cell if a > 0 else cell.mirrored
            size = abs(a)
            yield from spread(size * placed.low, size * placed.high, _cell_mass(placed, mass))


def _cell_mass(cell: Cell, mass: float) -> Callable[[Floats], Floats]:
    return lambda t: (
        mass * np.where(t < 0, cell.upper.along(np.abs(t)), cell.lower.along(np.abs(t)))
    )


@lru_cache(maxsize=64)
def panels(kind: Kind, first: Relation, second: Relation) -> tuple[Panel, ...]:
    """The absolutely continuous part of a classical convolution."""
    left, right = (_operand(r, kind == "product") for r in (first, second))
    with np.errstate(all="ignore"):
        found = [panel for p in problems(kind, left.cells, right.cells) for panel in p.panels()]
        found.extend(_copies(kind, left, right.atoms))
        found.extend(_copies(kind, right, left.atoms))
    return tuple(found)


@dataclass(frozen=True)
class Convolution(CauchyLeaf):
    """The law of ``X + Y`` or ``X Y`` for independent ``X``, ``Y`` with bounded spectra."""

    kind: Kind
    first: Relation
    second: Relation

    @cached_property
    def _table(self) -> MeasureTable:
        masses = {float(a): float(m) for a, m in self.point_masses().items()}
        continuous = self._normalised(1 - math.fsum(masses.values()))
        return measure_table(list(masses), list(masses.values()), continuous)

    def _normalised(self, mass: float) -> tuple[Panel, ...]:
        """The panels, with the mass they should have; it differs by rounding errors."""
        given = panels(self.kind, self.first, self.second)
        found = 2 * math.fsum(float(panel.density[0]) for panel in given)
        if not abs(found - mass) <= _MASS_TOLERANCE:
            raise ConvergenceError(
                f"the classical {self.kind} has mass {1 + found - mass:.12g}, not 1: a density of "
                "its operands is not resolved"
            )
        return tuple(replace(panel, density=panel.density * (mass / found)) for panel in given)

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
        pairs += product(left, ((float(a), float(a)) for a in atoms(self.second)))
        pairs += product(((float(a), float(a)) for a in atoms(self.first)), right)
        found = (self._combined(a, b) for a, b in pairs)
        return union([(a, b) for a, b in found if a < b])

    @cached_property
    def singular_points(self) -> frozenset[float]:
        """The points where the density is not smooth."""
        left, right = (_operand(r, self.kind == "product") for r in (self.first, self.second))
        parts = problems(self.kind, left.cells, right.cells)
        found = {p.sign * point for p in parts for point in p.breakpoints}
        placed = [(left, right.atoms), (right, left.atoms)]
        for operand, masses in placed:
            for (a, _), cell in product(masses, operand.cells):
                found |= {a + e if self.kind == "sum" else a * e for e in (cell.low, cell.high)}
        return frozenset(found)

    def point_masses(self) -> dict[Number, Number]:
        """The sums or products of the atoms; a product vanishes if either factor does."""
        left, right = _atoms(self.first), _atoms(self.second)
        found = discrete_masses(self.kind, left, right)
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


def discrete_masses(kind: Kind, first: Any, second: Any) -> dict[Number, Number]:
    """The atoms of a sum or product of two atomic variables."""
    totals: dict[Number, Number] = {}
    for (a, m), (b, n) in product(first.items(), second.items()):
        place = a + b if kind == "sum" else a * b
        totals[place] = totals.get(place, 0) + m * n
    return totals
