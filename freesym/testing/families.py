"""Families of free random variables: their laws, and matrices that become free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym import parameters
from freesym.errors import UnboundParameterError
from freesym.law import Law
from freesym.laws._models import rotated
from freesym.testing.errors import InvalidArgumentError


@dataclass(frozen=True)
class FreeFamily:
    """Free random variables with given laws, and a seed for their matrices.

    Parameters
    ----------
    laws : tuple of Law
    seed : int

    Examples
    --------
    >>> import freesym as fs
    >>> family = FreeFamily((fs.Bernoulli(1/2), fs.Semicircle()), seed=0)
    >>> [matrix.shape for matrix in family.matrices(30)]
    [(30, 30), (30, 30)]
    >>> family.sum()
    Bernoulli(p=0.5) + Semicircle()
    """

    laws: tuple[Law, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.laws, tuple) or not all(isinstance(m, Law) for m in self.laws):
            raise InvalidArgumentError(
                f"laws = {parameters.short(self.laws)} must be a tuple of laws"
            )
        if any(law.free_symbols for law in self.laws):
            raise UnboundParameterError("laws with symbols have no matrices; bind them with subs")

    def __len__(self) -> int:
        return len(self.laws)

    def matrices(self, n: int, rng: Any = None) -> tuple[NDArray[np.float64], ...]:
        """Symmetric matrices of size ``n``, asymptotically free as ``n`` grows.

        Parameters
        ----------
        n : int
            The size.
        rng : seed or Generator, optional
            By default the seed of the family.

        Returns
        -------
        tuple of ndarray of shape (n, n)
            Quantiles of the laws in independent bases of Haar distribution [1]_.

        References
        ----------
        .. [1] D. Voiculescu, "Limit laws for random matrices and free products", Invent. Math.
           104 (1991) 201.
        """
        size = parameters.as_count(n, 1, 30_000, "n")
        generator = parameters.as_generator(self.seed if rng is None else rng)
        levels = (np.arange(size) + 0.5) / size
        return tuple(rotated(np.asarray(law.quantile(levels)), generator) for law in self.laws)

    def sum(self) -> Law:
        """The law of the sum of the variables."""
        total = self.laws[0]
        for law in self.laws[1:]:
            total = total + law
        return total
