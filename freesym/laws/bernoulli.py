"""The Bernoulli law: the spectrum of a projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.laws._models import rotated, two_values
from freesym.laws.leaf import LeafLaw
from freesym.parameters import PROBABILITY, Number, parameter
from freesym.relations.functions import log, log_lower
from freesym.relations.leaf import STransformLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant


@dataclass(frozen=True, repr=False)
class Bernoulli(STransformLeaf, LeafLaw):
    """The law of a projection: 1 with probability ``p`` and 0 otherwise.

    Multiplying a law by it freely is a compression, up to the atom at 0.  It is the law of
    the squared derivative of a ReLU.

    Parameters
    ----------
    p : number in [0, 1]
        The probability of 1, the normalised rank of the projection.

    Notes
    -----
    ``S(m) = (1 + m)/(p + m)``, that is ``psi = p/(w - 1)`` [1]_.

    References
    ----------
    .. [1] D. Voiculescu, "Multiplication of certain non-commuting random variables",
       J. Operator Theory 18 (1987) 223.

    Examples
    --------
    >>> from fractions import Fraction
    >>> Bernoulli(Fraction(1, 3)).atoms()
    {0: Fraction(2, 3), 1: Fraction(1, 3)}
    """

    p: Number = parameter(PROBABILITY)

    def relation(self) -> Relation:
        """The law itself, or a constant when ``p`` is 0 or 1."""
        return Constant(self.p) if self.p in (0, 1) else self

    def s_transform(self, m: Any) -> Any:
        """The defining relation."""
        return (1 + m) / (self.p + m)

    def log_s(self, m: Any) -> Any:
        """Both arguments stay in the lower half-plane."""
        return log_lower(1 + m) - log_lower(self.p + m)

    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0."""
        p = self.p
        return (1 + m) * log_lower(1 + m) - (p + m) * log_lower(p + m) + p * log(p)

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        return 0.0, 1.0

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Nothing: the law is atomic."""
        return ()

    def point_masses(self) -> dict[Number, Number]:
        """``1 - p`` at 0 and ``p`` at 1."""
        return {0: 1 - self.p, 1: self.p}

    def known_moments(self, n: int) -> list[Number]:
        """All moments are ``p``."""
        return [self.p] * n

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A projection onto a random subspace of dimension ``p n``."""
        return rotated(two_values(0.0, 1.0, float(self.p), n), rng)
