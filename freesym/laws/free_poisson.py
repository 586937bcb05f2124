"""The free Poisson law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws.marchenko_pastur import MarchenkoPastur
from freesym.parameters import POSITIVE, REAL, Number, exact_quotient, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import affine


@dataclass(frozen=True, repr=False)
class FreePoisson(Law):
    """The free analogue of the Poisson law: a scaled Marchenko-Pastur law.

    The limit of ``n`` free copies of ``(1 - rate/n) delta_0 + (rate/n) delta_jump``, which
    is the law of ``jump * X X^T / n`` for ``X`` of shape (n, rate n) with independent
    entries of mean 0 and variance 1; all free cumulants are ``rate jump^k``.  It is
    ``jump * MarchenkoPastur(1/rate, rate)``.

    Parameters
    ----------
    rate : positive number
        The intensity; the atom at 0 has mass ``1 - rate`` when ``rate < 1``.
    jump : number
        The size of the jumps, not 0; a negative one mirrors the law.

    Notes
    -----
    ``R(g) = rate jump/(1 - jump g)`` [1]_.

    References
    ----------
    .. [1] D. Voiculescu, K. Dykema and A. Nica, "Free random variables", AMS (1992),
       section 3.7.

    Examples
    --------
    >>> FreePoisson(rate=3, jump=2).free_cumulants(3)
    [6, 12, 24]
    """

    rate: Number = parameter(POSITIVE)
    jump: Number = parameter(REAL, default=1)

    def _validate(self) -> None:
        if self.jump == 0:
            raise InvalidLawError("FreePoisson: jump = 0 gives a constant; use PointMass(0)")

    def relation(self) -> Relation:
        """A scaled Marchenko-Pastur law."""
        return affine(MarchenkoPastur(exact_quotient(1, self.rate), self.rate), self.jump, 0)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``jump X X^T/n`` with Gaussian entries."""
        m = max(1, round(n * float(self.rate)))
        x = np.random.default_rng(rng).standard_normal((n, m))
        return float(self.jump) / n * np.asarray(x @ x.T)
