"""The semicircle law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.laws.leaf import LeafLaw
from freesym.parameters import POSITIVE, REAL, Number, parameter
from freesym.relations.leaf import RTransformLeaf


@dataclass(frozen=True, repr=False, init=False)
class Semicircle(RTransformLeaf, LeafLaw):
    """The limit spectrum of Wigner matrices, the normal law of free probability.

    The law of symmetric matrices with independent centred entries of variance
    ``variance/n``, shifted by ``mean``.  Its density is
    ``sqrt(4 variance - (x - mean)^2)/(2 pi variance)``.

    Parameters
    ----------
    mean : number
        The centre.
    variance : positive number
        The variance; the support is ``mean -+ 2 sqrt(variance)``.

    Notes
    -----
    ``R(g) = mean + variance g`` [1]_.

    References
    ----------
    .. [1] E. P. Wigner, "Characteristic vectors of bordered matrices with infinite
       dimensions", Ann. of Math. 62 (1955) 548; D. Voiculescu, "Addition of certain
       non-commuting random variables", J. Funct. Anal. 66 (1986) 323.

    Examples
    --------
    >>> Semicircle().moments(6)
    [0, 1, 0, 2, 0, 5]
    >>> print(round(Semicircle(variance=4).density(0.0), 6))
    0.159155
    """

    _mean: Number = parameter(REAL, name="mean", default=0)
    _variance: Number = parameter(POSITIVE, name="variance", default=1)

    def __init__(self, mean: Number = 0, variance: Number = 1) -> None:
        # mean() and variance() are methods of every law, so the fields have other names
        object.__setattr__(self, "_mean", mean)
        object.__setattr__(self, "_variance", variance)
        self.__post_init__()

    def r_transform(self, g: Any) -> Any:
        """The defining relation."""
        return self._mean + self._variance * g

    def r_antiderivative(self, g: Any) -> Any:
        """The integral of R from 0."""
        return g * (self._mean + self._variance * (g / 2))

    def additive_power_relation(self, t: Number) -> Semicircle:
        """Powers multiply mean and variance."""
        return Semicircle(self._mean * t, self._variance * t)

    def additive_unit(self, scale: Number) -> tuple[Semicircle, Number, Number]:
        """``scale X`` as a power of the standard law and a shift."""
        return Semicircle(), self._variance * scale * scale, self._mean * scale

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        centre, radius = float(self._mean), 2 * math.sqrt(float(self._variance))
        return centre - radius, centre + radius

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The hull."""
        return (self.hull(),)

    def is_symmetric(self) -> bool:
        """When the mean is 0."""
        return bool(self._mean == 0)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A Gaussian orthogonal matrix with off-diagonal variance ``variance/n``."""
        x = np.random.default_rng(rng).standard_normal((n, n))
        noise = math.sqrt(float(self._variance) / (2 * n)) * (x + x.T)
        return np.asarray(noise + float(self._mean) * np.eye(n))
