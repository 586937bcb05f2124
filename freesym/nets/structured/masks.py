"""Sparse weights with a static random mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import MarchenkoPastur, PointMass
from freesym.lazy import LazyModule
from freesym.nets.structured.mixing import measured_moments
from freesym.nets.structured.operator import (
    MAX_SIZE,
    Array,
    Shape,
    StructuredOperator,
    finite_array,
)
from freesym.parameters import (
    POSITIVE,
    PROBABILITY,
    as_count,
    as_generator,
    checked,
    exact_quotient,
    short,
)

#: Below so many connections per row the Marchenko-Pastur law is more than 6 % off.
FEWEST_CONNECTIONS = 50
#: The largest relative difference of second moments from that of independent weights.
LARGEST_DIFFERENCE = 0.15
_MOST_CONNECTIONS = 10**9
#: The types of weights that the compiled product takes; others become double precision.
_COMPILED = [np.dtype(kind) for kind in ("f4", "f8", "c8", "c16")]

_sparse: Any = LazyModule("freesym.kernels.sparse")


@dataclass(frozen=True, eq=False, repr=False)
class StaticMask(StructuredOperator):
    """``M o W``, the entrywise product of a 0-1 mask and weights, stored by its nonzero entries.

    Parameters
    ----------
    W, M : array_like of the same shape
        Large matrices are built by :meth:`random` or :meth:`from_entries`.

    Notes
    -----
    With independent mask entries of probability ``p`` and weights of variance ``s^2`` and fourth
    moment ``k s^4`` the law of ``A A^T`` is Marchenko-Pastur only in the limit of many connections
    per row, ``n p -> oo``.  At finite ``n p`` its second moment in units of the squared mean is
    ``1 + c + (k/p - 2)/n`` for ``n`` columns and ``c`` rows per column: ``3/(n p)`` too large for
    Gaussian weights.  At ``n p`` of order 1 rows without connections give zeros, and the
    largest singular values come from the fullest rows.

    Examples
    --------
    >>> StaticMask([[1.0, 2.0], [3.0, 4.0]], [[1, 0], [1, 1]]) @ np.array([1.0, 1.0])
    array([1., 7.])
    """

    W: Any
    M: Any

    def __post_init__(self) -> None:
        weights, mask = finite_array(self.W, "W", 2), finite_array(self.M, "M", 2)
        if weights.shape != mask.shape:
            raise InvalidLawError(f"W has the shape {weights.shape} and M {mask.shape}")
        if not np.isin(mask, (0, 1)).all():
            raise InvalidLawError("M has entries other than 0 and 1; a mask has only those")
        rows, columns = np.nonzero(mask)
        self._store(weights.shape, rows, columns, weights[rows, columns])
        object.__setattr__(self, "W", None)
        object.__setattr__(self, "M", None)

    def _store(self, shape: Shape, rows: Array, columns: Array, entries: Array) -> None:
        size = (int(shape[0]), int(shape[1]))
        index = np.int32 if max(size) < 2**31 else np.int64
        if entries.dtype not in _COMPILED:
            entries = entries.astype(np.complex128 if entries.dtype.kind == "c" else np.float64)
        for name, value in (
            ("_shape", size), ("rows", np.ascontiguousarray(rows, index)),
            ("columns", np.ascontiguousarray(columns, index)),
            ("entries", np.ascontiguousarray(entries)),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    _shape: Shape = (0, 0)
    rows: NDArray[np.integer[Any]] = None  # type: ignore[assignment]
    columns: NDArray[np.integer[Any]] = None  # type: ignore[assignment]
    entries: Array = None  # type: ignore[assignment]

    @classmethod
    def from_entries(cls, shape: Shape, rows: Any, columns: Any, entries: Any) -> StaticMask:
        """From the positions of the connections, each at most once, and their weights."""
        if np.shape(shape) != (2,):
            raise InvalidLawError(f"shape = {short(shape)} must be two numbers")
        shape = as_count(shape[0], 1, MAX_SIZE, "rows"), as_count(shape[1], 1, MAX_SIZE, "columns")
        places = [np.asarray(rows), np.asarray(columns)]
        if all(np.shape(given) == (0,) for given in (rows, columns, entries)):
            # no connection at all is a mask too
            values, places = np.zeros(0), [np.zeros(0, dtype=np.int32)] * 2
        else:
            values = finite_array(entries, "entries", 1)
        for name, place, size in zip(("rows", "columns"), places, shape, strict=True):
            if place.shape != values.shape or place.dtype.kind not in "iu":
                raise InvalidLawError(f"{name} must be as many whole numbers as there are entries")
            if place.size and not (place.min() >= 0 and place.max() < size):
                raise InvalidLawError(f"{name} must lie between 0 and {size - 1}")
        _refuse_repeated(places[0], places[1], shape)
        return cls._stored(shape, places[0], places[1], values)

    @classmethod
    def _stored(cls, shape: Shape, rows: Array, columns: Array, entries: Array) -> StaticMask:
        mask: StaticMask = object.__new__(cls)
        mask._store(shape, rows, columns, entries)
        object.__setattr__(mask, "W", None)
        object.__setattr__(mask, "M", None)
        return mask

    @classmethod
    def random(
        cls, rows: int, columns: int, p: float, rng: Any = None, *, sigma: float | None = None
    ) -> StaticMask:
        """Gaussian weights under a Bernoulli mask.

        Parameters
        ----------
        rows, columns : int
        p : float
            The probability of a connection.
        sigma : float, optional
            The standard deviation of the weights; by default ``1/sqrt(columns p)``, for which
            the mean of the law is 1.
        """
        m, n = as_count(rows, 1, 10**9, "rows"), as_count(columns, 1, 10**9, "columns")
        p = float(checked(checked(p, POSITIVE, "StaticMask", "p"), PROBABILITY, "StaticMask", "p"))
        if m * n * p > _MOST_CONNECTIONS:
            raise InvalidLawError(f"about {m * n * p:.3g} connections are too many; choose fewer")
        generator = as_generator(rng)
        counts = generator.binomial(n, p, m)
        places = np.repeat(np.arange(m), counts)
        chosen = _distinct(places, counts, n, generator)
        spread = 1 / math.sqrt(n * p)
        if sigma is not None:
            spread = float(checked(sigma, POSITIVE, "StaticMask", "sigma"))
        weights = spread * generator.standard_normal(len(places))
        return cls._stored((m, n), places, chosen, weights)

    @property
    def shape(self) -> Shape:
        """Rows and columns."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the weights."""
        return self.entries.dtype

    def _apply(self, batch: Array) -> Array:
        is_complex = "c" in (self.entries.dtype.kind, batch.dtype.kind)
        dtype = np.dtype(np.complex128 if is_complex else np.float64)
        sums = np.zeros((len(batch), self._shape[0]), dtype)
        batch = np.ascontiguousarray(batch, dtype)
        _sparse.accumulate(self.rows, self.columns, self.entries, batch, sums)
        return sums

    @property
    def T(self) -> StaticMask:
        """Rows and columns exchanged."""
        return StaticMask._stored(self.shape[::-1], self.columns, self.rows, self.entries)

    def conjugate(self) -> StaticMask:
        """The weights conjugated."""
        return StaticMask._stored(self.shape, self.rows, self.columns, self.entries.conj())

    @property
    def connections(self) -> int:
        """The entries that the mask keeps."""
        return len(self.entries)

    @cached_property
    def connections_per_row(self) -> float:
        """``n p``."""
        return self.connections / self.shape[0]

    def expected_second_moment(self) -> float:
        """``tr (A A^T)^2/tr(A A^T)^2`` (normalised traces) expected at this size.

        ``1 + c + (k/p - 2)/n`` with the measured ``p`` and kurtosis ``k`` of the weights.
        """
        rows, columns = self.shape
        squares = np.abs(self.entries) ** 2
        if not squares.any():
            raise InvalidLawError("all weights vanish: the mean square is 0")
        kurtosis = float(np.mean(squares**2) / np.mean(squares) ** 2)
        return 1 + rows / columns + (kurtosis / self.sparsity - 2) / columns

    def law(self, *, force: bool = False) -> Law:
        """The Marchenko-Pastur law of the measured mean square.

        Parameters
        ----------
        force : bool
            Give it however few connections there are.

        Raises
        ------
        UnsupportedOperationError
            Below fifty connections per row, where it is more than 6 % off, and where the measured
            second moment is not that of independent connections: weights with a mean, of low
            rank or of rows of different sizes.
        """
        rows, columns = self.shape
        if not self.entries.any():
            return PointMass(0)
        if self.connections_per_row < FEWEST_CONNECTIONS and not force:
            raise UnsupportedOperationError(
                f"{self.connections_per_row:.4g} connections per row are too few for the "
                f"Marchenko-Pastur law (the second moment is {self.expected_second_moment():.4g}, "
                f"not {1 + rows / columns:.4g}); use Empirical(operator.eigenvalues()), or "
                "law(force=True)"
            )
        mean = float((np.abs(self.entries) ** 2).sum()) / rows
        if not force:
            self._require_independence(mean)
        return MarchenkoPastur(exact_quotient(rows, columns), mean)

    def _require_independence(self, mean: float) -> None:
        measured = measured_moments(self)[1] / mean**2
        expected = self.expected_second_moment()
        if abs(measured - expected) > LARGEST_DIFFERENCE * expected:
            raise UnsupportedOperationError(
                f"the weights are not independent and alike: the second moment is {measured:.4g}, "
                f"not {expected:.4g}; use Empirical(operator.eigenvalues()), or law(force=True)"
            )


def _refuse_repeated(rows: Array, columns: Array, shape: Shape) -> None:
    """A connection that is given twice would be counted twice and added."""
    keys = rows.astype(np.int64) * shape[1] + columns.astype(np.int64)
    if (np.diff(keys) > 0).all():
        return
    keys.sort()
    repeated = keys[1:][np.diff(keys) == 0]
    if repeated.size:
        row, column = divmod(int(repeated[0]), shape[1])
        raise InvalidLawError(
            f"the connection at row {row} and column {column} is given twice; add up its weights"
        )


def _distinct(
    places: NDArray[np.int64], counts: NDArray[np.int64], n: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """``counts[i]`` different columns for every row, drawn again where two are equal."""
    if (counts > 0.2 * n).any():
        return np.concatenate([generator.choice(n, k, replace=False) for k in counts.tolist()])
    columns = generator.integers(0, n, len(places))
    while True:
        order = np.lexsort((columns, places))
        same = np.zeros(len(places), dtype=bool)
        sorted_rows, sorted_columns = places[order], columns[order]
        same[1:] = (np.diff(sorted_rows) == 0) & (np.diff(sorted_columns) == 0)
        if not same.any():
            return sorted_columns
        columns = sorted_columns
        columns[same] = generator.integers(0, n, int(same.sum()))
