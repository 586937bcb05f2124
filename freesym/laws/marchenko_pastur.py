"""The Marchenko-Pastur law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.laws.leaf import LeafLaw
from freesym.parameters import (
    POSITIVE,
    Number,
    exact_quotient,
    is_known_positive,
    parameter,
    positive_part,
)
from freesym.relations.functions import log, log_lower, log_upper
from freesym.relations.leaf import STransformLeaf
from freesym.relations.nodes import Affine
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State


@dataclass(frozen=True, repr=False)
class MarchenkoPastur(STransformLeaf, LeafLaw):
    """The limit spectrum of sample covariance matrices.

    The law of ``scale * X X^T / m`` for ``X`` of shape (n, m) with independent entries of
    mean 0 and variance 1, as ``n/m`` tends to ``ratio``.  Its mean is ``scale``, its
    support ``scale (1 -+ sqrt(ratio))^2``, with an atom of mass ``1 - 1/ratio`` at 0 when
    ``ratio > 1``.

    Parameters
    ----------
    ratio : positive number
        Rows over columns.
    scale : positive number
        The mean.

    Notes
    -----
    ``S(m) = 1/(scale (1 + ratio m))`` [1]_.

    References
    ----------
    .. [1] V. A. Marchenko and L. A. Pastur, "Distribution of eigenvalues for some sets of
       random matrices", Math. USSR Sb. 1 (1967) 457; D. Voiculescu, "Multiplication of
       certain non-commuting random variables", J. Operator Theory 18 (1987) 223.

    Examples
    --------
    >>> law = MarchenkoPastur(ratio=4)
    >>> law.atoms()
    {0: Fraction(3, 4)}
    >>> print(round(law.density(4.0), 6))
    0.038525
    """

    ratio: Number = parameter(POSITIVE, default=1)
    scale: Number = parameter(POSITIVE, default=1)

    def s_transform(self, m: Any) -> Any:
        """The defining relation."""
        return 1 / (self.scale * (1 + self.ratio * m))

    def log_s(self, m: Any) -> Any:
        """``-log(scale) - log(1 + ratio m)``."""
        return -log(self.scale) - log_lower(1 + self.ratio * m)

    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0."""
        c = self.ratio
        return m - m * log(self.scale) - (m + 1 / c) * log_lower(1 + c * m)

    def sheet(self, m: Any, w: Any, log_w: Callable[[], Any]) -> tuple[Check, ...]:
        """Nothing: the law is freely infinitely divisible, ``Im g < 0`` decides."""
        return ()

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``g`` by ``R(g) = scale/(1 - ratio scale g)``.

        ``S`` is infinite at ``psi = -1/ratio``, where ``g`` is: little would be left of either.
        """
        return self._at_g(value) if kind == "g" else super().at(kind, value)

    def _at_g(self, g: Any) -> State:
        pole = 1 - self.ratio * self.scale * g
        r = self.scale / pole
        w, psi = r + 1 / g, g * r

        def regular() -> Any:
            return psi + (1 / self.ratio) * log_upper(pole)

        return State(
            w,
            g,
            psi,
            potential=lambda: regular() - log_lower(g),
            regular=regular,
            log_s=lambda: log_upper(pole) - log(self.scale),
            checks=lambda: (Check("opposite", g, w),),
            r=r,
        )

    def additive_power_relation(self, t: Number) -> MarchenkoPastur:
        """Powers change the ratio and the scale."""
        return MarchenkoPastur(exact_quotient(self.ratio, t), self.scale * t)

    def additive_unit(self, scale: Number) -> tuple[Relation, Number, Number]:
        """``scale X`` as a power of the law with ratio 1, whose jumps are as large, and a shift."""
        jump: Number = self.ratio * self.scale
        unit: Relation = Affine(MarchenkoPastur(1, jump), scale, 0)
        if is_known_positive(scale):
            unit = MarchenkoPastur(1, jump * scale)
        return unit, exact_quotient(1, self.ratio), 0

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        c, s = float(self.ratio), float(self.scale)
        lower = 0.0 if c > 1 else s * (1 - math.sqrt(c)) ** 2
        return lower, s * (1 + math.sqrt(c)) ** 2

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """``scale (1 -+ sqrt(ratio))^2``."""
        c, s = float(self.ratio), float(self.scale)
        return ((s * (1 - math.sqrt(c)) ** 2, s * (1 + math.sqrt(c)) ** 2),)

    def point_masses(self) -> dict[Number, Number]:
        """``1 - 1/ratio`` at 0 when ``ratio > 1``."""
        mass = positive_part(1 - exact_quotient(1, self.ratio))
        return {0: mass} if mass != 0 else {}

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """``scale X X^T/m`` with Gaussian entries."""
        generator = np.random.default_rng(rng)
        m = max(1, round(n / float(self.ratio)))
        x = generator.standard_normal((n, m))
        return float(self.scale) / m * (x @ x.T)
