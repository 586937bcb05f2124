"""The Cauchy law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import UnsupportedOperationError
from freesym.laws._half_planes import lower_unit
from freesym.laws._models import rotated
from freesym.laws.leaf import LeafLaw
from freesym.parameters import POSITIVE, REAL, Number, parameter
from freesym.relations.leaf import RTransformLeaf


@dataclass(frozen=True, repr=False)
class Cauchy(RTransformLeaf, LeafLaw):
    """The Cauchy law, with density ``scale/(pi ((x - location)^2 + scale^2))``.

    It has no moments.  Adding it freely is adding it classically: the density of
    ``mu + Cauchy(0, scale)`` at ``x`` is ``-Im G_mu(x + i scale)/pi``.

    Parameters
    ----------
    location : number
        The median.
    scale : positive number
        Half the width at half the height.

    Notes
    -----
    ``R(g) = location - i scale`` in the lower half-plane [1]_.

    References
    ----------
    .. [1] H. Bercovici and D. Voiculescu, "Free convolution of measures with unbounded
       support", Indiana Univ. Math. J. 42 (1993) 733.

    Examples
    --------
    >>> print(round(Cauchy().density(0.0), 6))
    0.31831
    """

    location: Number = parameter(REAL, default=0)
    scale: Number = parameter(POSITIVE, default=1)

    def r_transform(self, g: Any) -> Any:
        """The defining relation: constant in either half-plane."""
        return self.location + self.scale * lower_unit(g)

    def r_antiderivative(self, g: Any) -> Any:
        """The integral of R from 0."""
        return g * self.r_transform(g)

    def additive_power_relation(self, t: Number) -> Cauchy:
        """Powers multiply location and scale."""
        return Cauchy(self.location * t, self.scale * t)

    def additive_unit(self, scale: Number) -> tuple[Cauchy, Number, Number]:
        """``scale X`` as a power of the standard law and a shift."""
        return Cauchy(), self.scale * abs(scale), self.location * scale

    def hull(self) -> tuple[float, float]:
        """The whole line."""
        return -math.inf, math.inf

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The whole line."""
        return (self.hull(),)

    def is_symmetric(self) -> bool:
        """When the location is 0."""
        return bool(self.location == 0)

    def known_moments(self, n: int) -> list[Number]:
        """There are none."""
        raise UnsupportedOperationError(
            "a Cauchy law has no moments: E|X| is infinite; use quantiles or the density"
        )

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A diagonal matrix of equally spaced quantiles in a Haar basis."""
        levels = (np.arange(n) + 0.5) / n
        return rotated(
            float(self.location) + float(self.scale) * np.tan(np.pi * (levels - 0.5)), rng
        )
