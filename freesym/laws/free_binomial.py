"""The free binomial law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws._models import compressed_projection
from freesym.laws.bernoulli import Bernoulli
from freesym.parameters import AT_LEAST_ONE, PROBABILITY, Number, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import additive


@dataclass(frozen=True, repr=False)
class FreeBinomial(Law):
    """The law of the sum of ``t`` free projections of rank ``p``.

    Its continuous part lives between ``(sqrt((t - 1) p) -+ sqrt(1 - p))^2``, beside atoms of
    mass ``1 - t p`` at 0 and ``1 - t (1 - p)`` at ``t`` where these are positive.

    Parameters
    ----------
    p : number in [0, 1]
        The normalised rank of each projection.
    t : number, at least 1
        How many there are.

    Notes
    -----
    ``R(g) = t (g - 1 + sqrt((1 - g)^2 + 4 p g))/(2 g)`` near 0 [1]_.

    References
    ----------
    .. [1] N. Saitoh and H. Yoshida, "The infinite divisibility and orthogonal polynomials
       with a constant recursion formula in free probability theory", Probab. Math. Statist.
       21 (2001) 159.

    Examples
    --------
    >>> from fractions import Fraction
    >>> FreeBinomial(Fraction(1, 2), 2).moments(2)
    [1, Fraction(3, 2)]
    """

    p: Number = parameter(PROBABILITY)
    t: Number = parameter(AT_LEAST_ONE)

    def relation(self) -> Relation:
        """The free power ``t`` of a Bernoulli law."""
        return additive([Bernoulli(self.p).relation()], [self.t])

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``t`` times the corner of size ``n`` of a random projection of size ``t n``."""
        t = float(self.t)
        size = round(t * n)
        return t * compressed_projection(round(float(self.p) * size), size, n, rng)
