"""Laws whose recurrence coefficients are constant from some level on.

In ``q`` with ``w = alpha + sqrt(beta) (q + 1/q)``, ``|q| < 1``, their Cauchy transform is a
rational function, so atoms and log-potential follow from its poles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from freesym.relations.functions import log, log_lower, log_upper, sqrt, times_i

_TRUE_ATOM = 1e-9


@dataclass(frozen=True)
class Joukowski:
    """Levels ``(alpha_j, beta_j)`` followed by the constant ``(alpha, beta)``."""

    levels: tuple[tuple[float, float], ...]
    alpha: float
    beta: float

    def q(self, w: Any) -> Any:
        """The coordinate in the unit disc."""
        centred, radius = w - self.alpha, 2 * self.beta**0.5
        return radius / (centred + sqrt(centred - radius) * sqrt(centred + radius))

    @cached_property
    def fraction(self) -> tuple[Polynomial, Polynomial]:
        """Numerator, divided by ``q``, and denominator of G."""
        root = self.beta**0.5
        top, bottom = Polynomial([1.0]), Polynomial([root])
        for a, b in reversed(self.levels):
            w_minus_a = Polynomial([root, self.alpha - a, root])
            top, bottom = bottom, w_minus_a * bottom - b * Polynomial([0, 0, 1]) * top
        return top, bottom

    @cached_property
    def poles(self) -> NDArray[np.complex128]:
        """The poles of G in ``q``, one of each conjugate pair."""
        zeros = np.asarray(self.fraction[1].roots(), dtype=complex)
        zeros = np.where(np.abs(zeros.imag) < 1e-12 * np.abs(zeros), zeros.real, zeros)
        return zeros[zeros.imag >= 0]

    def atoms(self) -> dict[float, float]:
        """The poles inside the disc, which are real, with their masses."""
        top, bottom = self.fraction
        found = {}
        for zero in self.poles:
            q = float(zero.real)
            if zero.imag != 0 or abs(q) >= 1 - 1e-9:
                continue
            slope = self.beta**0.5 * (1 - 1 / q**2)
            mass = float(q * top(q) / bottom.deriv()(q) * slope)
            if mass > _TRUE_ATOM:
                found[self.alpha + self.beta**0.5 * (q + 1 / q)] = mass
        return dict(sorted(found.items()))

    @cached_property
    def _partial_fractions(self) -> tuple[Polynomial, list[tuple[complex, complex]]]:
        """Polynomial part and residues of ``G dw/dq + 1/q``."""
        top, bottom = self.fraction
        whole = self.beta**0.5 * top * Polynomial([-1, 0, 1])
        denominator = Polynomial([0, 1]) * bottom
        quotient = whole // denominator
        slope = denominator.deriv()
        return quotient, [(zero, complex(whole(zero) / slope(zero))) for zero in self.poles]

    def potential(self, w: Any) -> Any:
        """``E log(w - X)``, continued from ``q = 0``."""
        q = self.q(w)
        quotient, residues = self._partial_fractions
        total = 0.5 * log(self.beta) - log_lower(q)
        for k, c in enumerate(quotient.integ().coef[1:].tolist(), 1):
            total = total + c * q**k
        for pole, residue in residues:
            total = total + _logarithm(q, pole, residue)
        return total

    def is_accurate(self) -> bool:
        """Whether the potential agrees with the transform: not if poles nearly meet."""
        top, bottom = self.fraction
        for w in (self.alpha + self.beta**0.5 * z for z in (0.3 + 0.4j, -1.5 + 0.2j, 2.5 + 1j)):
            q, step = self.q(w), 1e-5 * self.beta**0.5
            slope = (self.potential(w + step) - self.potential(w - step)) / (2 * step)
            g = q * top(q) / bottom(q)
            if not abs(slope - g) < 1e-7 * abs(g):
                return False
        return True


def _logarithm(q: Any, pole: complex, residue: complex) -> Any:
    """``residue log(1 - q/pole)``, with its conjugate if the pole is not real."""
    if pole.imag == 0:
        argument = 1 - q * (1 / pole.real)
        return residue.real * (log_upper(argument) if pole.real > 0 else log_lower(argument))
    square = abs(pole) ** 2
    real, imaginary = 1 - q * (pole.real / square), times_i(q * (pole.imag / square))
    first, second = log(real + imaginary), log(real - imaginary)
    return residue.real * (first + second) + times_i(residue.imag * (first - second))
