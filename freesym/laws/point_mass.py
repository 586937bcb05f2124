"""The law of a constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.parameters import REAL, Number, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant


@dataclass(frozen=True, repr=False)
class PointMass(Law):
    """The law of a constant: the spectrum of a multiple of the identity.

    Adding it shifts a law, multiplying by it scales one.

    Parameters
    ----------
    a : number
        The constant.

    Notes
    -----
    ``G(z) = 1/(z - a)``, ``R(g) = a``, ``S(m) = 1/a``.

    Examples
    --------
    >>> PointMass(2).atoms()
    {2: 1}
    """

    a: Number = parameter(REAL)

    def relation(self) -> Relation:
        """A constant, which sums and products of laws absorb."""
        return Constant(self.a)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``a`` times the identity."""
        return float(self.a) * np.eye(n)
