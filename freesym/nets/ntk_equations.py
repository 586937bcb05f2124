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
function of ``s_l``, and has one fixed point in it: by induction from below a solution is the right
one if and only if every ``s_l`` lies in the upper half-plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from freesym.nets.half_plane import (
    Complex,
    Dual,
    HalfPlaneSystem,
    input_transforms,
    mean_of,
)
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.bounds import hull

_SMALLEST_MASS = 1e-12


@dataclass(frozen=True)
class NtkEquations(HalfPlaneSystem):
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

    def masses(self) -> dict[float, float]:
        """The atoms: where an atom of ``K_0`` is larger than what the other kernels reach.

        ``weights_0 a + shift`` has the mass ``m(a) - sum_l 1/ratio_l``; with linear activations
        the kernel of ``K_0`` is in that of all others.
        """
        found, reach = {}, sum(1 / ratio for ratio in self.ratios)
        for place, mass in atoms(self.input_relation).items():
            linear = place == 0 and not any(self.alphas)
            left = float(mass) - (0.0 if linear else reach)
            if left > _SMALLEST_MASS:
                found[self.shift + self.weights[0] * float(place)] = left
        return found

    # ------------------------------------------------------------------ the equations

    def residuals(self, z: Complex, s: Complex) -> tuple[list[Dual], Dual]:
        """``s_l`` minus the right sides, and ``G(z)``."""
        depth, count = self.depth, len(z)
        unknowns = self.variables(s)
        inverse = [u.reciprocal() for u in unknowns]
        nothing = np.zeros_like(unknowns[0].slopes)
        moving = nothing.copy()
        moving[depth] = -1
        x = [Dual(self.shift - z, moving)]
        top = [Dual(np.full(count, self.weights[depth], dtype=complex), nothing)]
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

    def start(self, z: Complex) -> Complex:
        """The unknowns far from the spectrum, to first order in ``1/z``."""
        mean, found = max(float(mean_of(self.input_relation)), 0.0), []
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
        return *input_transforms(relation, w), factor

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
