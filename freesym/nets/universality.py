"""Universality classes of deep orthogonal networks (Pennington, Schoenholz & Ganguli 2018).

At ``chi_1 = 1`` let the depth grow while ``sigma_0^2 = L (mu_2/mu_1^2 - 1)``, the variance of the
spectrum, stays fixed; ``mu_k = E phi'^(2k)``.  Then ``J J^T`` approaches

- the Bernoulli class ``S = exp(-sigma_0^2 u/(1 + u))`` for piecewise linear activations, whose
  slopes are 0 with a probability of order ``1/L``;
- the smooth class ``S = exp(-sigma_0^2 u)`` for smooth ones, with lengths of order ``1/L``.

Gaussian weights have no such limit: they add ``L`` to the variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freesym.errors import UnsupportedOperationError
from freesym.law import Law
from freesym.nets.limit_laws import BernoulliClass, SmoothClass
from freesym.nets.mlp import MLP
from freesym.nets.piecewise_linear import PiecewiseLinear


@dataclass(frozen=True)
class Universality:
    """The class of a network and how far its depth is from the limit.

    Attributes
    ----------
    name : str
        ``"Bernoulli"`` or ``"smooth"``.
    sigma : float
        ``sigma_0^2``, the variance of the spectrum over its squared mean.
    distance : float
        The largest difference of distribution functions, spectra scaled to mean 1; O(1/L).
    """

    name: str
    sigma: float
    distance: float
    law: Law

    def __str__(self) -> str:
        return (
            f"{self.name} class with sigma_0^2 = {self.sigma:.6g}; the distribution function is "
            f"within {self.distance:.2g} of the limit of many layers"
        )


def universality(net: MLP) -> Universality:
    """The universality class of a network with orthogonal weights of equal widths.

    Raises
    ------
    UnsupportedOperationError
        For other weights, which have no universal limit.

    Examples
    --------
    >>> print(universality(MLP([1] * 201, "erf", "orthogonal", input_square=0.001)).name)
    smooth
    """
    if any(w != "orthogonal" for w in net.weights) or len(set(net.widths)) > 1:
        raise UnsupportedOperationError(
            "universality classes are those of orthogonal weights and equal widths; other weights "
            "add their own variance at every layer and have no limit"
        )
    law = net.jacobian_law()
    mean = float(law.mean())
    sigma = float(law.variance()) / mean**2
    linear = any(isinstance(phi, PiecewiseLinear) for phi in net.activation)
    limit: Law = BernoulliClass(sigma) if linear else SmoothClass(sigma)
    return Universality("Bernoulli" if linear else "smooth", sigma,
                        _distance(law, mean, limit), limit)  # fmt: skip


def _distance(law: Law, mean: float, limit: Law) -> float:
    """Within the continuous part of the limit, and between it and the atom."""
    (low, high), *rest = limit.support()
    x = low + (high - low) * 0.5 * (1 - np.cos(np.pi * (np.arange(48) + 0.5) / 48))
    x = np.append(x, [0.5 * (high + place) for place, _ in rest])
    return float(np.abs(np.asarray(law.cdf(x * mean)) - np.asarray(limit.cdf(x))).max())
