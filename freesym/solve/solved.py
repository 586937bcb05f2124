"""Verified solutions at points of the upper half-plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Solved:
    """Verified solutions: the unknowns at each point, and which points have them.

    The rates, derivatives with respect to ``z``, are NaN where the equations are singular.
    """

    z: Complex
    unknowns: Complex
    rates: Complex
    verified: NDArray[np.bool_]

    def at(self, where: NDArray[np.bool_]) -> Solved:
        """The solutions at some of the points."""
        return Solved(
            self.z[where], self.unknowns[:, where], self.rates[:, where], self.verified[where]
        )

    def take(self, where: NDArray[np.int64], other: Solved) -> None:
        """Fill in the solutions that another attempt verified."""
        kept = where[other.verified]
        self.unknowns[:, kept] = other.unknowns[:, other.verified]
        self.rates[:, kept] = other.rates[:, other.verified]
        self.verified[kept] = True

    def joined(self, other: Solved) -> Solved:
        """These solutions and others, in the order of heights."""
        parts = zip(
            (self.z, self.unknowns, self.rates, self.verified),
            (other.z, other.unknowns, other.rates, other.verified),
            strict=True,
        )
        z, unknowns, rates, verified = (np.concatenate(pair, axis=-1) for pair in parts)
        order = np.argsort(z.imag, kind="stable")
        return Solved(z[order], unknowns[:, order], rates[:, order], verified[order])
