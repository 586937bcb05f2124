"""The law of singular values, seen through the law of their squares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.law import Law

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SingularValues:
    """The law of ``sqrt(X)`` for a law of ``X >= 0``, such as that of ``J J^T``.

    It answers the questions of the spectrum as a :class:`freesym.Law` does, but is no law that
    could be added or multiplied freely: singular values of a sum of matrices do not follow from
    this law by free convolution, so the operators are left out on purpose.  ``squares`` is the
    law to compute with.

    Examples
    --------
    >>> import freesym as fs
    >>> s = SingularValues(fs.MarchenkoPastur())
    >>> s.support()
    ((0.0, 2.0),)
    >>> print(round(s.density(1.0), 12))
    0.551328895422
    """

    squares: Law

    def density(self, s: ArrayLike) -> Any:
        """``2 s`` times the density of the squares at ``s^2``; 0 below 0."""
        x = np.asarray(s, dtype=float)
        found, positive = np.zeros(x.shape), x > 0
        if positive.any():
            found[positive] = 2 * x[positive] * np.asarray(self.squares.density(x[positive] ** 2))
        return float(found) if x.ndim == 0 else found

    def cdf(self, s: ArrayLike) -> Any:
        """``P(singular value <= s)``; right-continuous."""
        x = np.asarray(s, dtype=float)
        found = np.where(x < 0, 0.0, self.squares.cdf(np.maximum(x, 0.0) ** 2))
        return float(found) if x.ndim == 0 else found

    def quantile(self, p: ArrayLike) -> Any:
        """The smallest ``s`` with ``cdf(s) >= p``."""
        found = np.sqrt(np.maximum(np.asarray(self.squares.quantile(p)), 0.0))
        return float(found) if found.ndim == 0 else found

    def sample(self, size: Any = None, rng: Any = None) -> Any:
        """Independent draws."""
        return np.sqrt(np.maximum(self.squares.sample(size, rng), 0.0))

    def support(self) -> tuple[tuple[float, float], ...]:
        """The intervals of the continuous part and the atoms, ascending."""
        return tuple((_root(a), _root(b)) for a, b in self.squares.support())

    def edges(self) -> tuple[float, ...]:
        """The end points of the intervals of the continuous part."""
        return tuple(_root(edge) for edge in self.squares.edges())

    def atoms(self) -> dict[float, Any]:
        """The atoms and their masses."""
        return {_root(a): mass for a, mass in self.squares.atoms().items()}

    def mean_square(self) -> Any:
        """The mean of the squares."""
        return self.squares.mean()

    def largest(self) -> float:
        """The upper end of the support."""
        return self.support()[-1][1]

    def smallest(self) -> float:
        """The lower end of the support, zeros apart; 0 if there is nothing else."""
        ends = [low for low, high in self.support() if high > 0]
        return min(ends, default=0.0)

    def plot(self, ax: Axes | None = None, singular_values: ArrayLike | None = None) -> Axes:
        """Draw the density and, if given, a histogram of singular values."""
        from freesym.plotting import plot_law

        axes = plot_law(self, ax=ax, eigenvalues=singular_values)  # type: ignore[arg-type]
        axes.set_xlabel("singular value")
        return axes


def _root(x: Any) -> float:
    return math.sqrt(max(0.0, float(x)))
