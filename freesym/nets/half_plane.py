r"""Systems of equations for Cauchy transforms, solved and verified in the upper half-plane.

The unknowns are limits of normalised traces: functions of ``z`` that map the upper half-plane to
itself, and the right sides map unknowns in it to others in it.  So there is one solution with all
unknowns in the upper half-plane (Denjoy & Wolff, Earle & Hamilton), which is tested after the fact
at every point; on the real axis outside the spectrum, where solutions are real, the test is that
every unknown increases.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freesym.relations.relation import Relation
from freesym.spectrum.evaluate import transforms

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

_STEPS, _ATTEMPTS = 16, 400
_TOLERANCE, _ROUNDING, _REAL = 1e-13, 2e-15, 1e-11
_FIRST, _LAST, _FASTEST = 20.0, 1e-9, 0.04
_DIFFERENCE = 1e-6


@dataclass(frozen=True, eq=False)
class Dual:
    """Values with their derivatives along the unknowns, and last along ``z``."""

    value: Complex
    slopes: Complex

    def __add__(self, other: Dual | complex) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.slopes + other.slopes)
        return Dual(self.value + other, self.slopes)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slopes - other.slopes)

    def __mul__(self, other: Dual | complex) -> Dual:
        if isinstance(other, Dual):
            slopes = self.slopes * other.value + other.slopes * self.value
            return Dual(self.value * other.value, slopes)
        return Dual(self.value * other, self.slopes * other)

    def reciprocal(self) -> Dual:
        """``1/x``."""
        value = 1 / self.value
        return Dual(value, -self.slopes * (value * value))


@dataclass(frozen=True, eq=False)
class Solution:
    """Solutions at points ``z``: NaN where none was verified."""

    z: Complex
    s: Complex
    rates: Complex
    g: Complex


class HalfPlaneSystem(ABC):
    """Equations for unknowns in the upper half-plane, and a law's Cauchy transform from them."""

    #: The spectrum lies above.
    shift: float

    @property
    @abstractmethod
    def depth(self) -> int:
        """The number of unknowns."""

    @property
    @abstractmethod
    def upper_bound(self) -> float:
        """The spectrum lies below."""

    @property
    def hard_edge(self) -> float | None:
        """Where the density is known to start without a gap, as ``x^(-1/2)``."""
        return None

    @abstractmethod
    def masses(self) -> dict[float, float]:
        """The atoms."""

    @abstractmethod
    def residuals(self, z: Complex, s: Complex) -> tuple[list[Dual], Dual]:
        """The unknowns minus the right sides, and ``G(z)``."""

    @abstractmethod
    def start(self, z: Complex) -> Complex:
        """The unknowns far from the spectrum, to first order in ``1/z``."""

    def variables(self, s: Complex) -> list[Dual]:
        """The unknowns with their derivatives."""
        unit = np.zeros((self.depth, self.depth + 1, s.shape[1]), dtype=complex)
        for i in range(self.depth):
            unit[i, i] = 1
        return [Dual(s[i], unit[i]) for i in range(self.depth)]

    def _newton(
        self, z: Complex, s: Complex
    ) -> tuple[Complex, Complex, Complex, NDArray[np.bool_]]:
        """Polished unknowns, their rates ``ds/dz``, ``G``, and where Newton's method settled."""
        s = s.copy()
        depth = self.depth
        settled = np.zeros(len(z), dtype=bool)
        rates, g = np.full_like(s, np.nan), np.full(len(z), np.nan, dtype=complex)
        active = np.arange(len(z))
        for _ in range(_STEPS):
            residuals, value = self.residuals(z[active], s[:, active])
            f = np.stack([r.value for r in residuals])
            jacobian = np.stack([r.slopes for r in residuals])
            matrix = jacobian[:, :depth].transpose(2, 0, 1)
            good = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(f).all(axis=0)
            matrix[~good] = np.eye(depth)
            right = np.stack([f, jacobian[:, depth]], axis=2).transpose(1, 0, 2)
            right[~good] = np.nan
            steps = _solved(matrix, right)
            s[:, active] -= steps[:, :, 0].T
            rates[:, active] = -steps[:, :, 1].T
            g[active] = value.value
            size = np.abs(s[:, active])
            done = (np.abs(steps[:, :, 0].T) <= _TOLERANCE * size).all(axis=0)
            # beside an edge the last digits of the step are noise
            done |= (np.abs(f) <= _ROUNDING * size).all(axis=0)
            settled[active[done]] = True
            active = active[~done & good]
            if not active.size:
                break
        return s, rates, g, settled

    def is_right(self, z: Complex, s: Complex, rates: Complex) -> NDArray[np.bool_]:
        """The half-plane conditions, at first order where a real point has a real solution."""
        size = np.abs(s)
        real = (z.imag == 0) & (np.abs(s.imag) <= _REAL * size).all(axis=0)
        inside = (s.imag > 0).all(axis=0)
        return np.where(real, (rates.real > 0).all(axis=0), inside)

    def solve(self, z: Complex) -> Solution:
        """Verified solutions at points with ``Im z >= 0``."""
        with np.errstate(all="ignore"):
            return self._descend(np.asarray(z, dtype=complex))

    def _descend(self, z: Complex) -> Solution:
        """From far above each point down to it, in steps of its own."""
        scale = self.upper_bound
        height = np.maximum(_FIRST * scale, 2 * z.imag)
        here = z.real + 1j * height
        s, rates, g, good = self._newton(here, self.start(here))
        good &= self.is_right(here, s, rates)
        s[:, ~good] = np.nan
        factor = np.full(len(z), _FASTEST)
        active = np.flatnonzero(good & (here != z))
        for _ in range(_ATTEMPTS):
            if not active.size:
                break
            above = here[active].imag
            wanted = np.maximum(above * factor[active], z[active].imag)
            wanted = np.where(wanted < _LAST * scale, z[active].imag, wanted)
            there = z[active].real + 1j * wanted
            guess = s[:, active] + rates[:, active] * (there - here[active])
            guess = np.where(guess.imag > 0, guess, s[:, active])
            found = self._newton(there, guess)
            right = found[3] & self.is_right(there, found[0], found[1])
            ok = active[right]
            here[ok], s[:, ok], g[ok] = there[right], found[0][:, right], found[2][right]
            rates[:, ok] = found[1][:, right]
            factor[ok] = np.maximum(factor[ok] ** 2, _FASTEST)
            factor[active[~right]] **= 0.5
            lost = active[factor[active] > 0.999]
            s[:, lost] = np.nan
            active = active[(here[active] != z[active]) & (factor[active] <= 0.999)]
        bad = (here != z) | np.isnan(s).any(axis=0)
        s[:, bad], rates[:, bad], g[bad] = np.nan, np.nan, np.nan
        real = (z.imag == 0) & (np.abs(s.imag) <= _REAL * np.abs(s)).all(axis=0)
        g[real] = g[real].real
        return Solution(z, s, rates, g)

    def continued(self, z: Complex, s: Complex, *others: Complex) -> Solution:
        """Verified solutions from guesses, one after the other; else from far above."""
        with np.errstate(all="ignore"):
            found, rates, g = self._continued_once(z, s)
            for other in others:
                rest = np.flatnonzero(np.isnan(g))
                if rest.size:
                    again = self._continued_once(z[rest], other[:, rest])
                    found[:, rest], rates[:, rest], g[rest] = again
            rest = np.flatnonzero(np.isnan(g))
            if rest.size:
                last = self._descend(z[rest])
                found[:, rest], rates[:, rest], g[rest] = last.s, last.rates, last.g
        return Solution(z, found, rates, g)

    def _continued_once(self, z: Complex, s: Complex) -> tuple[Complex, Complex, Complex]:
        """What Newton's method finds from guesses, with ``G`` NaN where it is not verified."""
        found, rates, g, settled = self._newton(z, s)
        right = settled & self.is_right(z, found, rates)
        real = (z.imag == 0) & (np.abs(found.imag) <= _REAL * np.abs(found)).all(axis=0)
        g[real] = g[real].real
        g[~right] = np.nan
        return found, rates, g


def input_transforms(relation: Relation, w: Dual) -> tuple[Dual, Dual]:
    """``G`` and ``psi = w G - 1`` of a law at a moving point."""
    step = _DIFFERENCE * w.value
    both = _upper(relation, np.concatenate([w.value, w.value + step, w.value - step]))
    (g, above, below), psi = np.split(both[0], 3), both[1][: len(step)]
    slope = (above - below) / (2 * step)
    return Dual(g, slope * w.slopes), Dual(psi, (g + w.value * slope) * w.slopes)


def _upper(relation: Relation, w: Complex) -> tuple[Complex, Complex]:
    """``G`` and ``psi``, by reflection in the lower half-plane."""
    below = w.imag < 0
    found = transforms(relation, np.where(below, w.conj(), w), thorough=False)
    return np.where(below, found.g.conj(), found.g), np.where(below, found.psi.conj(), found.psi)


def mean_of(relation: Relation) -> float:
    """The mean of a law."""
    from freesym.spectrum.moments import moments

    return float(moments(relation, 1)[0])


def _solved(matrix: Complex, right: Complex) -> Complex:
    """Solutions of many small systems; of least squares if one of them is singular."""
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        pairs = zip(matrix, right, strict=True)
        return np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in pairs])
