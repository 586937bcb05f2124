r"""Layers whose units see the samples through a common shift.

A bias, or an uncentred layer below, adds one and the same number to the pre-activations of a unit
for all samples: ``h = s + g`` with a normal ``s`` of variance ``c`` for each unit, and ``g`` of
small covariances ``sigma_w^2 K``.  Given ``s`` the features of the unit have the covariance
``alpha(s) + beta(s) K`` up to one outlier, with

.. math:: \beta(s) = \sigma_w^2 (E \varphi'(s + g))^2, \qquad
          \alpha(s) = \mathrm{Var}\, \varphi(s + g) - \beta(s)\, m ,

``m`` the mean of ``K``, so that units of one layer have different covariances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.nets.activations import Activation
from freesym.nets.kernels import recursion_of

Real = NDArray[np.float64]

_SHIFTS, _REACH, _PANELS = 64, 11.0, 6
_LEAST_SHARE, _NOISE, _CENTRED = 1e-15, 1e-13, 1e-9
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


@dataclass(frozen=True)
class ConditionalLayer:
    """The covariances of the features of a layer's units, without outliers.

    Attributes
    ----------
    shares, alphas, betas : tuple of float
        A unit has the covariance ``alphas[i] + betas[i] K`` with the probability ``shares[i]``.
    common : float
        ``c_l``: the mean of the kernel off the diagonal, which makes an outlier near ``n c_l``.
    """

    shares: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    common: float

    def grouped(self, mean: float, least: float = 0.01) -> ConditionalLayer:
        """Units of neighbouring sizes averaged until every share is at least ``least``.

        Where there are fewer units than samples every unit has eigenvalues of its own, and rare
        ones of exceptional size would make islands of their own in the spectrum.
        """
        p, a, b = map(np.array, (self.shares, self.alphas, self.betas))
        order = np.argsort(a + b * mean, kind="stable")
        starts, share = [0], 0.0
        for i, unit in enumerate(p[order]):
            if share >= least:
                starts, share = [*starts, i], 0.0
            share += unit
        if share < least and len(starts) > 1:
            starts.pop()
        total = np.add.reduceat(p[order], starts)
        means = [np.add.reduceat((p * v)[order], starts) / total for v in (a, b)]
        alphas, betas = (tuple(v.tolist()) for v in means)
        return ConditionalLayer(tuple(total.tolist()), alphas, betas, self.common)


def conditional_layers(net: Any, mean: float = 1.0) -> list[ConditionalLayer]:
    """The layers of a network on almost orthogonal inputs, with any biases and activations.

    Parameters
    ----------
    net : KernelRecursion or network
    mean : float
        The diagonal ``|x|^2/n_0`` of the kernel of the inputs.

    Raises
    ------
    InvalidLawError
        If a layer vanishes (``E phi^2 = 0``) and cannot be normalised.

    Examples
    --------
    >>> from freesym.nets.kernels import KernelRecursion
    >>> first, second = conditional_layers(KernelRecursion(["relu", "relu"]))
    >>> len(first.shares), len(second.shares) > 1
    (1, True)
    >>> round(first.betas[0], 12)
    0.25
    """
    recursion, found = recursion_of(net), []
    m, common = float(mean), 0.0
    for i, activation in enumerate(recursion.activations):
        variance = recursion.sigma_w[i] ** 2
        shift = variance * common + recursion.sigma_b[i] ** 2
        total = variance * m + recursion.sigma_b[i] ** 2
        after = float(activation.gaussian_mean_square(total))
        if not after > 0:
            raise InvalidLawError(
                f"layer {i + 1}: E phi(h)^2 = {after:.3g} for h of variance {total:.6g}, so that "
                "its kernel cannot be normalised; choose another activation, or larger inputs"
            )
        shared = float(activation.dual(total, total, shift))
        shared = 0.0 if abs(shared) <= _CENTRED * after else shared
        found.append(_conditional(activation, shift, m - common, variance, shared))
        m, common = after, shared
    return found


def _conditional(
    activation: Activation, shift: float, mean: float, variance: float, common: float
) -> ConditionalLayer:
    """``mean`` is that of ``K`` without its common part."""
    if shift == 0:
        places, shares = np.zeros(1), np.ones(1)
    else:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_SHIFTS)
        shares = weights / weights.sum()
        places, shares = (v[shares > _LEAST_SHARE] for v in (nodes * shift**0.5, shares))
        shares = shares / shares.sum()
    first, second, slope = conditional_means(activation, places, variance * mean)
    betas = variance * slope**2
    alphas = second - first**2 - betas * mean
    size = float(shares @ second)
    alphas[alphas < _NOISE * size] = 0.0
    betas[betas < _NOISE * size / max(mean, 1e-300)] = 0.0
    if np.ptp(alphas) <= 100 * _NOISE * size and np.ptp(betas * mean) <= 100 * _NOISE * size:
        # the shift changes nothing, as for linear activations
        shares, alphas, betas = np.ones(1), alphas[:1], betas[:1]
    return ConditionalLayer(
        tuple(shares.tolist()), tuple(alphas.tolist()), tuple(betas.tolist()), common
    )


def conditional_means(
    activation: Activation, shifts: Real, variance: float
) -> tuple[Real, Real, Real]:
    """``E phi(s + g)``, ``E phi(s + g)^2`` and ``E phi'(s + g)`` for normal ``g``.

    Examples
    --------
    >>> from freesym.nets import ReLU
    >>> first, second, slope = conditional_means(ReLU(), np.array([0.0, 5.0]), 1.0)
    >>> np.round(first, 4), np.round(second, 4), np.round(slope, 4)
    (array([0.3989, 5.    ]), array([ 0.5, 26. ]), array([0.5, 1. ]))
    """
    if variance == 0:
        value = np.asarray(activation.phi(shifts), dtype=np.float64)
        return value, value**2, np.asarray(activation.derivative(shifts), dtype=np.float64)
    deviation = variance**0.5
    low, high = shifts.min() - _REACH * deviation, shifts.max() + _REACH * deviation
    count = int(np.ceil(_PANELS * (high - low) / (2 * deviation)))
    kinks = [b for b in activation.breakpoints if low < b < high]
    ends = np.unique(np.concatenate([np.linspace(low, high, count + 1), kinks]))
    half = 0.5 * np.diff(ends)
    x = (0.5 * (ends[:-1] + ends[1:])[:, None] + half[:, None] * _NODES).ravel()
    weights = (half[:, None] * _WEIGHTS).ravel() / (deviation * np.sqrt(2 * np.pi))
    density = np.exp(-0.5 * ((x - shifts[:, None]) / deviation) ** 2) * weights
    density /= density.sum(axis=1, keepdims=True)
    value = np.asarray(activation.phi(x))
    return density @ value, density @ value**2, density @ np.asarray(activation.derivative(x))
