"""The Wachter law, the free beta law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.laws._models import symmetrised
from freesym.laws.leaf import LeafLaw
from freesym.parameters import POSITIVE, Number, is_expression, parameter, positive_part
from freesym.relations.functions import log, log_lower
from freesym.relations.leaf import STransformLeaf


@dataclass(frozen=True, repr=False)
class Wachter(STransformLeaf, LeafLaw):
    """The limit spectrum of MANOVA (beta, Jacobi) matrices.

    The law of ``(A + B)^(-1/2) A (A + B)^(-1/2)`` for ``A = X X^T``, ``B = Y Y^T`` with ``X``
    of shape (p, n1) and ``Y`` of shape (p, n2), ``a = n1/p`` and ``b = n2/p``.  Its
    continuous part lives between ``((sqrt(a (a + b - 1)) -+ sqrt(b))/(a + b))^2``, beside
    atoms of mass ``1 - a`` at 0 and ``1 - b`` at 1 where these are positive.

    Parameters
    ----------
    a, b : positive number
        The aspect ratios, with ``a + b >= 1``.

    Notes
    -----
    ``S(m) = (a + b + m)/(a + m)`` [1]_.

    References
    ----------
    .. [1] K. W. Wachter, "The limiting empirical measure of multiple discriminant ratios",
       Ann. Statist. 8 (1980) 937; B. Collins, "Product of random projections, Jacobi
       ensembles and universality problems arising from free probability", Probab. Theory
       Related Fields 133 (2005) 315.

    Examples
    --------
    >>> Wachter(2, 3).mean()
    Fraction(2, 5)
    """

    a: Number = parameter(POSITIVE)
    b: Number = parameter(POSITIVE)

    def _validate(self) -> None:
        total = self.a + self.b
        if not (is_expression(total) and total.free_symbols) and total < 1:
            raise InvalidLawError(
                f"Wachter: a + b = {total} is below 1, so A + B has no inverse; increase a or b"
            )

    def s_transform(self, m: Any) -> Any:
        """The defining relation."""
        return (self.a + self.b + m) / (self.a + m)

    def log_s(self, m: Any) -> Any:
        """Both arguments stay in the lower half-plane."""
        return log_lower(self.a + self.b + m) - log_lower(self.a + m)

    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0."""
        return _area(self.a + self.b, m) - _area(self.a, m)

    def _edges(self) -> tuple[float, float]:
        a, b = float(self.a), float(self.b)
        roots = math.sqrt(a * max(a + b - 1, 0.0)), math.sqrt(b)
        return ((roots[0] - roots[1]) / (a + b)) ** 2, ((roots[0] + roots[1]) / (a + b)) ** 2

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        lower, upper = self._edges()
        return 0.0 if self.a < 1 else lower, 1.0 if self.b < 1 else upper

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Between the edges; nothing when ``a + b = 1``."""
        return () if self.a + self.b == 1 else (self._edges(),)

    def point_masses(self) -> dict[Number, Number]:
        """``1 - a`` at 0 and ``1 - b`` at 1, where positive."""
        masses = {0: positive_part(1 - self.a), 1: positive_part(1 - self.b)}
        return {x: mass for x, mass in masses.items() if mass != 0}

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``(A + B)^(-1/2) A (A + B)^(-1/2)`` with Gaussian entries."""
        generator = np.random.default_rng(rng)
        sizes = [max(1, round(n * float(ratio))) for ratio in (self.a, self.b)]
        a, b = (x @ x.T for x in (generator.standard_normal((n, m)) for m in sizes))
        values, vectors = np.linalg.eigh(a + b)
        root = (vectors / np.sqrt(np.maximum(values, 1e-12 * values[-1]))) @ vectors.T
        return symmetrised(root @ a @ root)


def _area(c: Number, m: Any) -> Any:
    """The integral of ``1 + log(c + m)`` from 0."""
    return (c + m) * log_lower(c + m) - c * log(c)
