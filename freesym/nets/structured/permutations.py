"""Permutation matrices, among them the commutation matrix of ``vec(X)`` and ``vec(X^T)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import PointMass
from freesym.nets.structured.operator import MAX_SIZE, Array, Shape, StructuredOperator
from freesym.parameters import as_count, as_generator, short

Indices = NDArray[np.int64]


class PermutationOperator(StructuredOperator):
    """What permutations have in common: all singular values are 1."""

    is_permutation = True

    @property
    def dtype(self) -> np.dtype[Any]:
        """Real."""
        return np.dtype(np.float64)

    @property
    def connections(self) -> int:
        """One in every row."""
        return self.shape[0]

    def singular_values(self) -> NDArray[np.float64]:
        """Ones."""
        return np.ones(self.shape[0])

    def law(self) -> Law:
        """A point mass at 1."""
        return PointMass(1)


@dataclass(frozen=True, eq=False, repr=False)
class Permutation(PermutationOperator):
    """``y[i] = x[indices[i]]``.

    Parameters
    ----------
    indices : array_like of int
        Every number from 0 to ``n - 1`` once.
    random : bool
        Whether the permutation was drawn uniformly, independently of the operators around it.

    Examples
    --------
    >>> Permutation([2, 0, 1]) @ np.array([10.0, 20.0, 30.0])
    array([30., 10., 20.])
    """

    indices: Indices
    random: bool = False

    def __post_init__(self) -> None:
        indices = np.array(self.indices)
        if indices.ndim != 1 or not indices.size or indices.dtype.kind not in "iu":
            raise InvalidLawError(f"indices = {short(self.indices)} is no list of whole numbers")
        if not np.array_equal(np.sort(indices), np.arange(len(indices))):
            raise InvalidLawError(f"indices: not every number from 0 to {len(indices) - 1} is once")
        indices.flags.writeable = False
        object.__setattr__(self, "indices", indices)

    @classmethod
    def uniform(cls, n: int, rng: Any = None) -> Permutation:
        """A uniformly distributed permutation of ``n`` items."""
        size = as_count(n, 1, MAX_SIZE, "n")
        return cls(as_generator(rng).permutation(size), random=True)

    @classmethod
    def bit_reversal(cls, n: int) -> Permutation:
        """The permutation that reverses the binary digits of the positions below ``n = 2^k``."""
        bits = as_power_of_two(n)
        indices = np.zeros(1, dtype=np.int64)
        for _ in range(bits):
            indices = np.concatenate([2 * indices, 2 * indices + 1])
        return cls(indices)

    @property
    def shape(self) -> Shape:
        """Square."""
        return len(self.indices), len(self.indices)

    def _apply(self, batch: Array) -> Array:
        return np.take(batch, self.indices, axis=1)

    @property
    def T(self) -> Permutation:
        """The inverse permutation."""
        inverse = np.empty_like(self.indices)
        inverse[self.indices] = np.arange(len(self.indices))
        return Permutation(inverse, self.random)


@dataclass(frozen=True, eq=False, repr=False)
class CommutationMatrix(PermutationOperator):
    """``J vec(X) = vec(X^T)`` for ``X`` of shape ``(S, C)``; ``vec`` stacks columns.

    Parameters
    ----------
    S, C : int
        The rows and columns of ``X``.

    Notes
    -----
    ``V^T (x) I_S = J^T (I_S (x) V^T) J`` (Magnus & Neudecker 1979).

    Examples
    --------
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> vec = x.reshape(-1, order="F")
    >>> CommutationMatrix(2, 3) @ vec
    array([0., 1., 2., 3., 4., 5.])
    """

    S: int
    C: int

    def __post_init__(self) -> None:
        for name in ("S", "C"):
            object.__setattr__(self, name, as_count(getattr(self, name), 1, MAX_SIZE, name))

    @property
    def shape(self) -> Shape:
        """``S C`` squared."""
        return self.S * self.C, self.S * self.C

    def _apply(self, batch: Array) -> Array:
        columns = batch.reshape(len(batch), self.C, self.S)
        return columns.transpose(0, 2, 1).reshape(len(batch), -1)

    @property
    def T(self) -> CommutationMatrix:
        """``J`` of the transposed shape, which is also the inverse."""
        return CommutationMatrix(self.C, self.S)

    def __repr__(self) -> str:
        return f"CommutationMatrix({self.S}, {self.C})"


def as_power_of_two(n: Any) -> int:
    """The exponent of a power of 2."""
    size = as_count(n, 1, MAX_SIZE, "n")
    bits = size.bit_length() - 1
    if size != 1 << bits:
        raise InvalidLawError(f"n = {size} must be a power of 2, such as {1 << bits}")
    return bits
