r"""The coupled equations of the NTK's limit spectrum, and their verified solutions.

For kernels ``K_l = X_l^T X_l`` of successive layers (Fan & Wang 2020, Theorem 3.7), with
``E K_l = alpha_l + beta_l K_(l-1)`` given the layer before and ``n/d_l -> gamma_l``, the limits

.. math:: t_l(z, w) = \lim \frac1n \mathrm{tr} (z_{-1} + \sum_{k\le l} z_k K_k)^{-1}
          (w_{-1} + \sum_{k\le l} w_k K_k)

obey ``t_l(z, w) = w_l/z_l + t_(l-1)(z', w - (w_l/z_l) z)`` with
``z' = (z_(-1) + alpha_l/s_l, z_0, ..., z_(l-1) + beta_l/s_l)``, where ``s_l`` solves
``s_l = 1/z_l + gamma_l t_(l-1)(z', (alpha_l, 0, ..., 0, beta_l))``.

All levels are evaluated along one chain, so that there are as many unknowns as layers.  For
``z_(-1) = shift - z`` with ``Im z > 0`` the right side maps the upper half-plane to itself as a
function of ``s_l``, and has one fixed point in it (Denjoy & Wolff).  By induction from below
a solution is the right one if and only if every ``s_l`` lies in the upper half-plane, which is
tested after the fact at every point; on the real axis outside the spectrum, where solutions are
real, it is that every ``s_l`` increases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

_STEPS, _ATTEMPTS = 16, 400
_TOLERANCE, _ROUNDING, _REAL = 1e-13, 2e-15, 1e-11
_FIRST, _LAST, _FASTEST = 20.0, 1e-9, 0.04


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


@dataclass(frozen=True)
class NtkEquations:
    """The equations for ``shift + sum_l weights_l K_l``.

    Parameters
    ----------
    input_relation : Relation
        The law of ``K_0``, on ``[0, oo)``.
    shift : float
    weights : tuple of float
        Of ``K_0, ..., K_L``, all positive.
    alphas, betas, ratios : tuple of float
        For ``l = 1, ..., L``.
    """

    input_relation: Relation
    shift: float
    weights: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def depth(self) -> int:
        """``L``."""
        return len(self.ratios)

    @cached_property
    def upper_bound(self) -> float:
        """The spectrum lies below."""
        total, top = self.shift, max(hull(self.input_relation)[1], 0.0)
        for level, weight in enumerate(self.weights):
            if level:
                ratio = self.ratios[level - 1]
                covariance = self.alphas[level - 1] + self.betas[level - 1] * top
                top = covariance * (1 + ratio**0.5) ** 2
            total += weight * top
        return float(total)

    # ------------------------------------------------------------------ the equations

    def residuals(self, z: Complex, s: Complex) -> tuple[list[Dual], Dual]:
        """``s_l`` minus the right sides, and ``G(z)``."""
        depth, count = self.depth, len(z)
        unit = np.zeros((depth + 1, depth + 1, count), dtype=complex)
        for i in range(depth + 1):
            unit[i, i] = 1
        unknowns = [Dual(s[i], unit[i]) for i in range(depth)]
        inverse = [u.reciprocal() for u in unknowns]
        x = [Dual(self.shift - z, -unit[depth])]
        top = [Dual(np.full(count, self.weights[depth], dtype=complex), np.zeros_like(unit[0]))]
        for level in range(depth, 0, -1):
            x.append(x[-1] + inverse[level - 1] * self.alphas[level - 1])
            top.append(inverse[level - 1] * self.betas[level - 1] + self.weights[level - 1])
        chain = _Chain(self, x[::-1], top[::-1])
        found = []
        for level in range(1, depth + 1):
            trace = chain.trace(level - 1, self.alphas[level - 1], self.betas[level - 1])
            right = chain.top[level].reciprocal() + trace * self.ratios[level - 1]
            found.append(unknowns[level - 1] - right)
        return found, chain.trace(depth, 1.0, 0.0) * -1

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

    # ------------------------------------------------------------------ the branch

    def start(self, z: Complex) -> Complex:
        """The unknowns far from the spectrum, to first order in ``1/z``."""
        mean, found = max(float(_mean(self.input_relation)), 0.0), []
        for level in range(1, self.depth + 1):
            mean = self.alphas[level - 1] + self.betas[level - 1] * mean
            found.append((mean, self.ratios[level - 1]))
        s = np.zeros((self.depth, len(z)), dtype=complex)
        top = np.full(len(z), self.weights[self.depth], dtype=complex)
        for level in range(self.depth, 0, -1):
            mean, ratio = found[level - 1]
            s[level - 1] = 1 / top - ratio * mean / z
            top = self.weights[level - 1] + self.betas[level - 1] / s[level - 1]
        return s

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

    def continued(self, z: Complex, s: Complex) -> Solution:
        """Verified solutions from guesses; those that fail are found from far above."""
        with np.errstate(all="ignore"):
            found, rates, g, settled = self._newton(z, s)
            right = settled & self.is_right(z, found, rates)
            real = (z.imag == 0) & (np.abs(found.imag) <= _REAL * np.abs(found)).all(axis=0)
            g[real] = g[real].real
            rest = np.flatnonzero(~right)
            if rest.size:
                other = self._descend(z[rest])
                found[:, rest], rates[:, rest], g[rest] = other.s, other.rates, other.g
        return Solution(z, found, rates, g)


@dataclass(frozen=True, eq=False)
class _Chain:
    """The arguments of all levels: ``z_(-1)`` and the last entry, which alone change."""

    equations: NtkEquations
    x: list[Dual]
    top: list[Dual]

    @cached_property
    def _input(self) -> tuple[Dual, Dual, Dual]:
        """``G`` and ``psi`` of the input law at ``-z_(-1)/z_0``, and ``-1/z_0``."""
        relation = self.equations.input_relation
        factor = self.top[0].reciprocal() * -1
        w = self.x[0] * factor
        g, psi = _upper(relation, w.value)
        step = 1e-6 * w.value
        slope = (_upper(relation, w.value + step)[0] - _upper(relation, w.value - step)[0]) / (
            2 * step
        )
        return (
            Dual(g, slope * w.slopes),
            Dual(psi, (g + w.value * slope) * w.slopes),
            factor,
        )

    def trace(self, level: int, constant: float, last: float) -> Dual:
        """``t_level`` of the chain with ``w = (constant, 0, ..., 0, last)``."""
        weights = self.equations.weights
        zero = Dual(np.zeros_like(self.x[0].value), np.zeros_like(self.x[0].slopes))
        first = zero + constant
        # the lower weights are w_k - c z_k with one common factor c so far
        common, total, highest = zero, zero, zero + last
        for k in range(level, 0, -1):
            quotient = highest * self.top[k].reciprocal()
            total = total + quotient
            first = first - quotient * self.x[k]
            common = common + quotient
            highest = common * -weights[k - 1]
        g, psi, factor = self._input
        return total + (first * g + highest * psi) * factor


def _upper(relation: Relation, w: Complex) -> tuple[Complex, Complex]:
    """``G`` and ``psi``, by reflection in the lower half-plane."""
    below = w.imag < 0
    found = transforms(relation, np.where(below, w.conj(), w), thorough=False)
    return np.where(below, found.g.conj(), found.g), np.where(below, found.psi.conj(), found.psi)


def _mean(relation: Relation) -> float:
    from freesym.spectrum.moments import moments

    return float(moments(relation, 1)[0])


def _solved(matrix: Complex, right: Complex) -> Complex:
    """Solutions of many small systems; of least squares if one of them is singular."""
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        pairs = zip(matrix, right, strict=True)
        return np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in pairs])
