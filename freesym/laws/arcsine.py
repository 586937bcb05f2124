"""The arcsine law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.laws._models import haar_orthogonal, symmetrised
from freesym.laws.leaf import LeafLaw
from freesym.laws.uniform import check_interval
from freesym.parameters import REAL, Number, as_number, parameter
from freesym.relations.functions import log, log_upper, sqrt
from freesym.relations.leaf import CauchyLeaf


@dataclass(frozen=True, repr=False)
class Arcsine(CauchyLeaf, LeafLaw):
    """The arcsine law: density ``1/(pi sqrt((x - a)(b - x)))`` on ``[a, b]``.

    The law of ``Q + Q^T`` for a Haar-distributed orthogonal ``Q`` is ``Arcsine(-2, 2)``, as
    is that of the sum of two free signs.

    Parameters
    ----------
    a, b : number
        The end points, ``a < b``.

    Notes
    -----
    ``G(z) = 1/(sqrt(z - a) sqrt(z - b))`` [1]_.

    References
    ----------
    .. [1] D. Voiculescu, "Addition of certain non-commuting random variables", J. Funct.
       Anal. 66 (1986) 323.

    Examples
    --------
    >>> Arcsine(-2, 2).moments(4)
    [0, 2, 0, 6]
    """

    a: Number = parameter(REAL, default=-1)
    b: Number = parameter(REAL, default=1)

    def _validate(self) -> None:
        check_interval(self, self.a, self.b)

    def transform(self, w: Any) -> tuple[Any, Any]:
        """``1/root`` and ``(w - root)/root``, the latter without its cancellation."""
        a, b = self.a, self.b
        root = sqrt(w - a) * sqrt(w - b)
        return 1 / root, ((a + b) * w - a * b) / (root * (w + root))

    def log_potential_at(self, w: Any) -> Any:
        """``2 log((sqrt(w - a) + sqrt(w - b))/2)``, the first root taken out.

        The quotient of the roots is positive on either side of the real axis outside the spectrum.
        """
        quotient = sqrt((w - self.b) / (w - self.a))
        return log_upper(w - self.a) + 2 * log((1 + quotient) / 2)

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        return float(self.a), float(self.b)

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The hull."""
        return (self.hull(),)

    def is_symmetric(self) -> bool:
        """When the interval is."""
        return bool(self.a == -self.b)

    def known_moments(self, n: int) -> list[Number]:
        """``sum_j C(2j, j) C(2k-2j, k-j) a^j b^(k-j)/4^k``."""
        return [self._moment(k) for k in range(1, n + 1)]

    def _moment(self, k: int) -> Number:
        total = sum(
            math.comb(2 * j, j) * math.comb(2 * (k - j), k - j) * self.a**j * self.b ** (k - j)
            for j in range(k + 1)
        )
        return as_number(total * Fraction(1, 4**k))

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``(a + b)/2 + (b - a)/4 (Q + Q^T)`` with a Haar-distributed orthogonal ``Q``."""
        a, b = float(self.a), float(self.b)
        q = haar_orthogonal(n, rng)
        return np.asarray(0.5 * (a + b) * np.eye(n) + 0.5 * (b - a) * symmetrised(q))
