"""The Kesten-McKay law."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws._models import compressed_projection
from freesym.laws.two_point import TwoPoint
from freesym.parameters import AT_LEAST_ONE, Number, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import additive


@dataclass(frozen=True, repr=False)
class KestenMcKay(Law):
    """The limit spectrum of adjacency matrices of random regular graphs.

    The free sum of ``d`` signs; for ``d > 1`` real it is their free power, with support
    ``-+ 2 sqrt(d - 1)`` and, for ``d < 2``, atoms of mass ``1 - d/2`` at ``-+ d``.

    Parameters
    ----------
    d : number, at least 1
        The degree.

    Notes
    -----
    ``R(g) = d (sqrt(1 + 4 g^2) - 1)/(2 g)`` near 0 [1]_.

    References
    ----------
    .. [1] H. Kesten, "Symmetric random walks on groups", Trans. AMS 92 (1959) 336;
       B. D. McKay, "The expected eigenvalue distribution of a large regular graph",
       Linear Algebra Appl. 40 (1981) 203.

    Examples
    --------
    >>> KestenMcKay(3).moments(8)[1::2]
    [3, 15, 87, 543]
    """

    d: Number = parameter(AT_LEAST_ONE)

    def relation(self) -> Relation:
        """The free power ``d`` of a sign."""
        return additive([TwoPoint(-1, 1, Fraction(1, 2)).relation()], [self.d])

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``d`` times the corner of size ``n`` of a random reflection of size ``d n``."""
        d = float(self.d)
        size = round(d * n)
        return d * (2 * compressed_projection(size // 2, size, n, rng) - np.eye(n))
