"""Butterfly matrices and the fast Fourier transform as a product of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import PointMass
from freesym.nets.structured.operator import (
    Array,
    Product,
    Shape,
    StructuredOperator,
    finite_array,
)
from freesym.nets.structured.permutations import (
    Permutation,
    PermutationOperator,
    as_power_of_two,
)
from freesym.parameters import as_generator, as_sequence, short

_UNITARY = 1e-10


@dataclass(frozen=True, eq=False, repr=False)
class ButterflyFactor(StructuredOperator):
    """Pairs of entries at a distance ``h`` multiplied by 2-by-2 matrices.

    Parameters
    ----------
    coefficients : array_like of shape (blocks, 2, 2, h)
        Block ``i`` acts on ``2 h`` neighbouring entries as ``[[diag a, diag b], [diag c, diag d]]``
        with ``a = coefficients[i, 0, 0]`` and so on.

    Examples
    --------
    >>> ButterflyFactor([[[[1.0], [1.0]], [[1.0], [-1.0]]]]) @ np.array([3.0, 1.0])
    array([4., 2.])
    """

    coefficients: Array

    def __post_init__(self) -> None:
        found = finite_array(self.coefficients, "coefficients", 4)
        if found.shape[1:3] != (2, 2):
            raise InvalidLawError(
                f"coefficients has the shape {found.shape}; give one of shape (blocks, 2, 2, h)"
            )
        object.__setattr__(self, "coefficients", found)

    @property
    def shape(self) -> Shape:
        """Square."""
        n = self.coefficients.size // 2
        return n, n

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the coefficients."""
        return self.coefficients.dtype

    def _apply(self, batch: Array) -> Array:
        blocks, _, _, h = self.coefficients.shape
        x = batch.reshape(len(batch), blocks, 2, h)
        y = np.empty((len(batch), blocks, 2, h), np.result_type(batch, self.coefficients))
        for i in range(2):
            np.multiply(self.coefficients[:, i, 0], x[:, :, 0], out=y[:, :, i])
            y[:, :, i] += self.coefficients[:, i, 1] * x[:, :, 1]
        return y.reshape(len(batch), -1)

    @property
    def T(self) -> ButterflyFactor:
        """The 2-by-2 matrices transposed."""
        return ButterflyFactor(self.coefficients.transpose(0, 2, 1, 3))

    def conjugate(self) -> ButterflyFactor:
        """The coefficients conjugated."""
        return ButterflyFactor(self.coefficients.conj())

    @property
    def connections(self) -> int:
        """The nonzero coefficients, at most two in every row."""
        return int(np.count_nonzero(self.coefficients))

    @property
    def _pairs(self) -> Array:
        return self.coefficients.transpose(0, 3, 1, 2).reshape(-1, 2, 2)

    @property
    def unitary_square(self) -> float | None:
        """``s`` if ``A A^H = s``, as for factors of Fourier transforms and rotations."""
        (a, b), (c, d) = self.coefficients.transpose(1, 2, 0, 3)
        rows = np.abs(a) ** 2 + np.abs(b) ** 2, np.abs(c) ** 2 + np.abs(d) ** 2
        low, high = (float(f([f(r) for r in rows])) for f in (np.min, np.max))
        skew = float(np.abs(a * c.conj() + b * d.conj()).max())
        return 0.5 * (low + high) if max(high - low, skew) <= _UNITARY * high else None

    def singular_values(self) -> Array:
        """Those of the 2-by-2 matrices, descending."""
        return np.sort(np.linalg.svd(self._pairs, compute_uv=False).ravel())[::-1]


class Butterfly(Product):
    """A product of ``log2 n`` butterfly factors of distances ``n/2, ..., 2, 1``, and a permutation.

    Parameters
    ----------
    factors : sequence of arrays of shape (n/(2h), 2, 2, h)
        From the left.
    permutation : Permutation, optional
        Applied first.

    Notes
    -----
    ``n log2 n`` products instead of ``n^2`` (Dao et al. 2019).

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> bool(np.allclose(Butterfly.fourier(8) @ x, np.fft.fft(x), atol=1e-14))
    True
    """

    def __init__(self, factors: Any, permutation: Permutation | None = None) -> None:
        items = as_sequence(factors, "factors")
        found: list[StructuredOperator] = [ButterflyFactor(f) for f in items]
        if not found:
            raise InvalidLawError("a butterfly needs at least one factor")
        if permutation is not None:
            if not isinstance(permutation, PermutationOperator):
                raise InvalidLawError(
                    f"permutation = {short(permutation)} must be a Permutation of the positions"
                )
            found.append(permutation)
        n = found[0].shape[0]
        as_power_of_two(n)
        for factor in found:
            if factor.shape[0] != n:
                raise InvalidLawError(f"factors of sizes {n} and {factor.shape[0]} have no product")
        super().__init__(tuple(found))

    @classmethod
    def fourier(cls, n: int, *, unitary: bool = False) -> Butterfly:
        """The discrete Fourier transform of size ``n = 2^k``, that of ``numpy.fft.fft``.

        Parameters
        ----------
        n : int
        unitary : bool
            Divide by ``sqrt(n)``.
        """
        bits = as_power_of_two(n)
        if bits == 0:
            raise InvalidLawError("n = 1 is too small for a butterfly; give at least 2")
        scale = math.sqrt(0.5) if unitary else 1.0
        return cls(
            [_fourier_factor(n, n >> k, scale) for k in range(bits)], Permutation.bit_reversal(n)
        )

    @classmethod
    def random(cls, n: int, rng: Any = None, *, orthogonal: bool = False) -> Butterfly:
        """Independent 2-by-2 matrices: Gaussian of variance 1/2, or random rotations."""
        bits, generator = as_power_of_two(n), as_generator(rng)
        if bits == 0:
            raise InvalidLawError("n = 1 is too small for a butterfly; give at least 2")
        factors = []
        for k in range(bits):
            shape = (1 << k, n >> (k + 1))
            if orthogonal:
                angle = generator.uniform(0, 2 * np.pi, shape)
                c, s = np.cos(angle), np.sin(angle)
                entries = np.array([[c, -s], [s, c]])
            else:
                entries = math.sqrt(0.5) * generator.standard_normal((2, 2, *shape))
            factors.append(entries.transpose(2, 0, 1, 3))
        return cls(factors)

    def law(self, *, assume: str | None = None) -> Law:
        """A point mass for multiples of unitary factors, else the measured law of small sizes.

        Raises
        ------
        UnsupportedOperationError
            For large sizes: independent factors of a butterfly are not free, and no limit law is
            known.
        """
        scale = 1.0
        for factor in self.factors:
            if isinstance(factor, ButterflyFactor):
                square = factor.unitary_square
                if square is None:
                    return self._measured_law()
                scale *= square
        return PointMass(float(f"{scale:.14g}"))

    def _measured_law(self) -> Law:
        if self.shape[0] > 4096:
            raise UnsupportedOperationError(
                "the factors of a butterfly are neither free nor independent, and no limit law is "
                "known; below n = 4096 the law is measured"
            )
        return StructuredOperator.law(self)


def _fourier_factor(n: int, size: int, scale: float) -> Array:
    """``[[I, D], [I, -D]]`` with ``D = diag exp(-2 pi i j/size)``."""
    h = size // 2
    twiddle = np.exp(-2j * np.pi * np.arange(h) / size)
    one = np.ones(h, dtype=complex)
    block = scale * np.array([[one, twiddle], [one, -twiddle]])
    return np.broadcast_to(block, (n // size, 2, 2, h))
