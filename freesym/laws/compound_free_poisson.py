"""The compound free Poisson law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws._models import symmetrised
from freesym.parameters import POSITIVE, Number, parameter, short
from freesym.relations.nodes import CompoundPoisson
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant


@dataclass(frozen=True, repr=False)
class CompoundFreePoisson(Law):
    """The compound free Poisson law: sample covariance matrices of correlated data.

    The law of ``X T X^T / n`` for ``X`` of shape (n, rate n) with independent entries of
    mean 0 and variance 1 and ``T`` with spectrum ``jumps``.  Its free cumulants are ``rate``
    times the moments of ``jumps``.

    Parameters
    ----------
    rate : positive number
        The intensity.
    jumps : Law
        The law of the jumps, any law on the line.

    Notes
    -----
    ``R(g) = rate E[T/(1 - g T)]`` [1]_.

    References
    ----------
    .. [1] R. Speicher, "Combinatorial theory of the free product with amalgamation and
       operator-valued free probability theory", Mem. AMS 627 (1998), section 4.4;
       V. A. Marchenko and L. A. Pastur (1967).

    Examples
    --------
    >>> from freesym.laws.bernoulli import Bernoulli
    >>> CompoundFreePoisson(rate=2, jumps=Bernoulli(0.5)).free_cumulants(2)
    [1.0, 1.0]
    """

    rate: Number = parameter(POSITIVE)
    jumps: Law = field()  # type: ignore[misc]

    def _validate(self) -> None:
        if not isinstance(self.jumps, Law):
            raise InvalidLawError(
                f"CompoundFreePoisson: jumps = {short(self.jumps)} must be a law; for jumps of one "
                "size use FreePoisson(rate, jump)"
            )

    def relation(self) -> Relation:
        """The node of compound free Poisson laws over the jumps; 0 if they all are."""
        jumps = self.jumps.relation()
        if isinstance(jumps, Constant) and jumps.value == 0:
            return jumps
        return CompoundPoisson(jumps, self.rate)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``X T X^T/n`` with Gaussian entries and ``T`` a model of the jumps."""
        generator = np.random.default_rng(rng)
        t = self.jumps.sample_matrix(max(1, round(n * float(self.rate))), generator)
        x = generator.standard_normal((n, len(t)))
        return symmetrised(x @ t @ x.T / n)
