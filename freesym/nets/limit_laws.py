"""Laws that deep networks approach, each with one S-transform."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from freesym.laws.leaf import LeafLaw
from freesym.parameters import POSITIVE, Number, parameter, to_float
from freesym.relations.functions import exp, log_lower
from freesym.relations.leaf import STransformLeaf


class _ExponentialLaw(STransformLeaf, LeafLaw):
    """A law with ``S = exp(log_s)``."""

    def s_transform(self, m: Any) -> Any:
        """The exponential of its logarithm."""
        return exp(self.log_s(m))

    @abstractmethod
    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The interval of the continuous part."""

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        (low, high), *_ = self.continuous_support()
        return low, max([high, *map(to_float, self.point_masses())])


@dataclass(frozen=True, repr=False)
class BernoulliClass(_ExponentialLaw):
    """The limit of deep orthogonal networks with piecewise linear activations.

    Parameters
    ----------
    sigma : positive number
        ``sigma_0^2 = L (mu_2/mu_1^2 - 1)``, the variance of the law, whose mean is 1.

    Notes
    -----
    ``S(u) = exp(-sigma_0^2 u/(1 + u))`` [1]_: with ``v = u/(1 + u)`` the curve is
    ``z = exp(sigma_0^2 v)/v``.  The continuous part is ``[0, e sigma_0^2]``; for
    ``sigma_0^2 < 1`` there is an atom of mass ``1 - sigma_0^2`` at ``exp(sigma_0^2)``.

    References
    ----------
    .. [1] J. Pennington, S. S. Schoenholz and S. Ganguli, "The emergence of spectral
       universality in deep networks", AISTATS 2018.

    Examples
    --------
    >>> print(round(BernoulliClass(2).density(1.0), 12))
    0.14164470829
    """

    sigma: Number = parameter(POSITIVE)

    def log_s(self, m: Any) -> Any:
        """``-sigma_0^2 u/(1 + u)``."""
        return -self.sigma * (m / (1 + m))

    def log_s_antiderivative(self, m: Any) -> Any:
        """``-sigma_0^2 (u - log(1 + u))``."""
        return -self.sigma * (m - log_lower(1 + m))

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """``[0, e sigma_0^2]``."""
        return ((0.0, math.e * to_float(self.sigma)),)

    def point_masses(self) -> dict[Number, Number]:
        """The atom of the directions that are never cut."""
        size = to_float(self.sigma)
        return {math.exp(size): 1 - self.sigma} if size < 1 else {}


@dataclass(frozen=True, repr=False)
class SmoothClass(_ExponentialLaw):
    """The limit of deep orthogonal networks with smooth activations.

    Parameters
    ----------
    sigma : positive number
        ``sigma_0^2 = L (mu_2/mu_1^2 - 1)``, the variance of the law, whose mean is 1.

    Notes
    -----
    ``S(u) = exp(-sigma_0^2 u)``; the edges are at ``u = (-1 +- sqrt(1 + 4/sigma_0^2))/2``.

    Examples
    --------
    >>> print([round(x, 9) for x in SmoothClass(1).edges()])
    [0.075739335, 4.857178136]
    """

    sigma: Number = parameter(POSITIVE)

    def log_s(self, m: Any) -> Any:
        """``-sigma_0^2 u``."""
        return -self.sigma * m

    def log_s_antiderivative(self, m: Any) -> Any:
        """``-sigma_0^2 u^2/2``."""
        return -self.sigma * (m * m) * 0.5

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Between the critical points of ``z = (1 + 1/u) exp(sigma_0^2 u)``."""
        size = to_float(self.sigma)
        root = math.sqrt(1 + 4 / size)
        low, high = (0.5 * (-1 + sign * root) for sign in (-1, 1))
        return (((1 + 1 / low) * math.exp(size * low), (1 + 1 / high) * math.exp(size * high)),)


@dataclass(frozen=True, repr=False)
class ResidualLimit(_ExponentialLaw):
    """The limit of residual networks of many blocks of small scale.

    Parameters
    ----------
    exponent : positive number
        ``c = sum a_l^2 sigma_w^2 E phi'^2``; the mean of the law is ``exp(c)``.

    Notes
    -----
    ``S(u) = exp(-c (1 + 2u))``; the edges are at ``u = (-1 +- sqrt(1 + 2/c))/2``, and the law is
    invariant under ``x -> 1/x`` (Tarnowski et al. 2019; Ling & Qiu 2019).

    Examples
    --------
    >>> print(round(ResidualLimit(1).density(1.0), 12))
    0.207942677211
    """

    exponent: Number = parameter(POSITIVE)

    def log_s(self, m: Any) -> Any:
        """``-c (1 + 2u)``."""
        return -self.exponent * (1 + 2 * m)

    def log_s_antiderivative(self, m: Any) -> Any:
        """``-c (u + u^2)``."""
        return -self.exponent * (m * (1 + m))

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Between the critical points of ``z = (1 + 1/u) exp(c (1 + 2u))``."""
        c = to_float(self.exponent)
        u = 0.5 * (-1 + math.sqrt(1 + 2 / c))
        top = (1 + 1 / u) * math.exp(c * (1 + 2 * u))
        return ((1 / top, top),)
