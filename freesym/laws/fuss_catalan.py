"""The Fuss-Catalan laws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.law import Law
from freesym.laws._models import rotated
from freesym.laws.marchenko_pastur import MarchenkoPastur
from freesym.laws.raney import Raney
from freesym.parameters import POSITIVE, Number, is_expression, parameter
from freesym.relations.relation import Relation
from freesym.relations.simplify import multiplicative


@dataclass(frozen=True, repr=False)
class FussCatalan(Law):
    """Squared singular values of products of ``s`` square Gaussian matrices.

    The multiplicative power ``s`` of ``MarchenkoPastur(1)``, with moments
    ``C((s + 1) n, n)/(s n + 1)`` and support ``[0, (s + 1)^(s + 1)/s^s]``.

    Parameters
    ----------
    s : positive number
        The number of factors, not necessarily an integer.

    Notes
    -----
    ``S(m) = (1 + m)^(-s)`` [1]_.

    References
    ----------
    .. [1] T. Banica, S. Belinschi, M. Capitaine and B. Collins, "Free Bessel laws", Canad. J.
       Math. 63 (2011) 3; K. A. Penson and K. Zyczkowski, "Product of Ginibre matrices:
       Fuss-Catalan and Raney distributions", Phys. Rev. E 83 (2011) 061118.

    Examples
    --------
    >>> FussCatalan(2).moments(4)
    [1, 3, 12, 55]
    """

    s: Number = parameter(POSITIVE)

    def relation(self) -> Relation:
        """A power of the Marchenko-Pastur law; below 1 the same law as a Raney law."""
        known = not (is_expression(self.s) and self.s.free_symbols)
        if known and self.s < 1:
            return Raney(self.s + 1, 1)
        return multiplicative([MarchenkoPastur(1)], [self.s])

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``J J^T`` for a product ``J`` of ``s`` Gaussian matrices with variance ``1/n``.

        If ``s`` is not an integer: the quantiles of the law in a Haar basis.
        """
        generator, s = np.random.default_rng(rng), float(self.s)
        if s != int(s):
            return rotated(np.asarray(self.quantile((np.arange(n) + 0.5) / n)), generator)
        product = np.eye(n)
        for _ in range(int(s)):
            product = generator.standard_normal((n, n)) / math.sqrt(n) @ product
        return np.asarray(product @ product.T)
