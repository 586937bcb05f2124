"""The law with two atoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws._models import rotated, two_values
from freesym.laws.bernoulli import Bernoulli
from freesym.laws.discrete import Discrete
from freesym.parameters import PROBABILITY, REAL, Number, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant, affine


@dataclass(frozen=True, repr=False)
class TwoPoint(Law):
    """The law with the two atoms ``a`` and ``b``.

    With ``b = 1`` and ``a`` the squared slope it is the law of the squared derivative of a
    leaky ReLU; with ``a = -b`` that of a reflection.

    Parameters
    ----------
    a, b : number
        The atoms.
    p : number in [0, 1]
        The probability of ``b``.

    Notes
    -----
    ``G(z) = (1 - p)/(z - a) + p/(z - b)``.

    Examples
    --------
    >>> TwoPoint(-1, 1, 0.5).moments(4)
    [0.0, 1.0, 0.0, 1.0]
    """

    a: Number = parameter(REAL)
    b: Number = parameter(REAL)
    p: Number = parameter(PROBABILITY)

    def relation(self) -> Relation:
        """A scaled Bernoulli law if one atom is 0, else the sum over both atoms."""
        if self.a == self.b or self.p in (0, 1):
            return Constant(self.a if self.p == 0 else self.b)
        if self.a == 0:
            return affine(Bernoulli(self.p), self.b, 0)
        if self.b == 0:
            return affine(Bernoulli(1 - self.p), self.a, 0)
        return Discrete((self.a, self.b), (1 - self.p, self.p))

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A diagonal matrix with ``p n`` entries ``b``, the others ``a``, in a Haar basis."""
        values = two_values(float(self.a), float(self.b), float(self.p), n)
        return rotated(values, rng)
