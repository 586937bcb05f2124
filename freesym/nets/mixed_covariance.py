r"""Gram matrices of rows with different covariances that commute.

For independent rows ``y_i`` with covariance ``alpha_i + beta_i K`` and ``n/d -> gamma`` the limits
``t_0 = lim tr (A - z)^{-1}`` and ``t_1 = lim tr K (A - z)^{-1}`` for ``A = sum y_i y_i^T/d`` obey

.. math:: t_j = \int \frac{k^j \mu_K(dk)}{a + b k - z}, \qquad
          a = E \frac{\alpha}{1 + \gamma (\alpha t_0 + \beta t_1)}, \quad
          b = E \frac{\beta}{1 + \gamma (\alpha t_0 + \beta t_1)} ,

which for one covariance is the Marchenko-Pastur equation.  For ``Im z > 0`` the right sides map
pairs in the upper half-plane to such pairs, so that exactly one solution lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.nets.half_plane import (
    Complex,
    Dual,
    HalfPlaneSystem,
    input_transforms,
    mean_of,
)
from freesym.nets.half_plane_law import HalfPlaneLaw
from freesym.parameters import NONNEGATIVE, POSITIVE, Number, as_sequence, checked
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.bounds import hull

Real = NDArray[np.float64]
_MASS = 1e-9


@dataclass(frozen=True)
class MixedEquations(HalfPlaneSystem):
    """The equations for ``t_0`` and ``t_1``."""

    input_relation: Relation
    shares: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    ratio: float
    shift: float = 0.0

    @property
    def depth(self) -> int:
        """Two unknowns."""
        return 2

    @cached_property
    def upper_bound(self) -> float:
        """The spectrum lies below."""
        top = max(hull(self.input_relation)[1], 0.0)
        largest = max(a + b * top for a, b in zip(self.alphas, self.betas, strict=True))
        return float(largest * (1 + self.ratio**0.5) ** 2)

    @cached_property
    def _rows(self) -> tuple[Real, Real, Real]:
        found = (np.array(v)[:, None] for v in (self.shares, self.alphas, self.betas))
        return tuple(found)  # type: ignore[return-value]

    @property
    def hard_edge(self) -> float | None:
        """As many rows as columns, none of them in the kernel of ``K``."""
        return 0.0 if self.ratio == 1 and min(self.alphas) > 0 else None

    def masses(self) -> dict[float, float]:
        """What the rows do not span."""
        shares, alphas, betas = self._rows
        busy = float(shares[alphas + betas > 0].sum())
        free = 1 - busy / self.ratio
        if not any(self.alphas):
            free = max(free, float(atoms(self.input_relation).get(0, 0)))
        return {0.0: free} if free > 1e-12 else {}

    def residuals(self, z: Complex, s: Complex) -> tuple[list[Dual], Dual]:
        """The unknowns minus the right sides, and ``G(z) = -t_0``."""
        first, second = self.variables(s)
        a, b = self._sums(first, second)
        moving = np.zeros_like(first.slopes)
        moving[2] = 1
        inverse = b.reciprocal()
        w = (Dual(z, moving) - a) * inverse
        g, psi = input_transforms(self.input_relation, w)
        return [first + g * inverse, second + psi * inverse], first * -1

    def _sums(self, first: Dual, second: Dual) -> tuple[Dual, Dual]:
        """``a`` and ``b``."""
        shares, alphas, betas = self._rows
        inverse = 1 / (1 + self.ratio * (alphas * first.value + betas * second.value))
        square = -self.ratio * shares * inverse**2
        along = [(square * u * v).sum(axis=0) for u, v in
                 ((alphas, alphas), (alphas, betas), (betas, betas))]  # fmt: skip
        return (
            Dual((shares * alphas * inverse).sum(axis=0),
                 along[0] * first.slopes + along[1] * second.slopes),
            Dual((shares * betas * inverse).sum(axis=0),
                 along[1] * first.slopes + along[2] * second.slopes),
        )  # fmt: skip

    def start(self, z: Complex) -> Complex:
        """``-1/z`` and ``-E k/z``."""
        mean = max(float(mean_of(self.input_relation)), 0.0)
        return np.stack([-1 / z, -mean / z])


@dataclass(frozen=True, repr=False)
class MixedCovarianceLaw(HalfPlaneLaw):
    """The law of ``sum y_i y_i^T/d`` for rows of covariances ``alpha_i + beta_i K``.

    Parameters
    ----------
    input_law : Law
        Of ``K``, not negative.
    shares : sequence of positive numbers
        How many of the rows have which covariance; their sum is 1.
    alphas, betas : sequences of numbers
        Not negative; at least one beta is positive.
    ratio : number
        ``n/d``.

    Examples
    --------
    >>> import freesym as fs
    >>> law = MixedCovarianceLaw(fs.MarchenkoPastur(0.5), (0.5, 0.5), (0.2, 1.0), (0.3, 0.5), 0.8)
    >>> round(law.mean(), 10)
    1.0
    """

    input_law: Law
    shares: tuple[Number, ...]
    alphas: tuple[Number, ...]
    betas: tuple[Number, ...]
    ratio: Number

    def _validate(self) -> None:
        if self.input_law.is_positive is not True:
            raise InvalidLawError(f"{self.input_law!r} reaches below 0: it is no covariance")
        domains = {"shares": POSITIVE, "alphas": NONNEGATIVE, "betas": NONNEGATIVE}
        count = len(as_sequence(self.shares, "shares"))
        for name, domain in domains.items():
            values = as_sequence(getattr(self, name), name)
            if len(values) != count or not count:
                raise InvalidLawError(f"MixedCovarianceLaw: {len(values)} {name} for {count} rows")
            found = tuple(checked(v, domain, "MixedCovarianceLaw", name) for v in values)
            object.__setattr__(self, name, found)
        if abs(sum(map(float, self.shares)) - 1) > _MASS:
            raise InvalidLawError("MixedCovarianceLaw: the shares must add to 1")
        if not any(map(float, self.betas)):
            raise InvalidLawError("MixedCovarianceLaw: all betas are 0; K does not matter")
        ratio = checked(self.ratio, POSITIVE, "MixedCovarianceLaw", "ratio")
        object.__setattr__(self, "ratio", ratio)

    def equations(self) -> MixedEquations:
        """The equations in double precision."""
        shares, alphas, betas = (
            tuple(map(float, v)) for v in (self.shares, self.alphas, self.betas)
        )
        relation = self.input_law.relation().numeric()
        return MixedEquations(relation, shares, alphas, betas, float(self.ratio))

    def sample_matrix(self, n: int, rng: Any = None) -> Real:
        """The sum for Gaussian rows."""
        generator = np.random.default_rng(rng)
        values, vectors = np.linalg.eigh(self.input_law.sample_matrix(n, generator))
        width = max(1, round(len(values) / float(self.ratio)))
        shares, alphas, betas = (
            np.array(v, dtype=float) for v in (self.shares, self.alphas, self.betas)
        )
        chosen = generator.choice(len(shares), width, p=shares / shares.sum())
        variances = alphas[chosen, None] + betas[chosen, None] * np.maximum(values, 0)
        rows = generator.standard_normal(variances.shape) * np.sqrt(variances)
        return np.asarray(vectors @ (rows.T @ rows / width) @ vectors.T)
