"""The spectrum of a given matrix as a law."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import flint
import numpy as np
from numpy.typing import ArrayLike, NDArray

from freesym.algebra.balls import working_precision
from freesym.errors import InvalidLawError
from freesym.laws._models import rotated
from freesym.laws.leaf import LeafLaw
from freesym.lowering.measure import MeasureTable, measure_table
from freesym.parameters import Number, Points, as_number, short
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf
from freesym.spectrum.density import real_points, shaped

_SHOWN = 8
_BITS = 512
_BLOCK = 4096


@dataclass(frozen=True, repr=False, eq=False)
class Empirical(CauchyLeaf, LeafLaw):
    """The law that gives each of the given eigenvalues the same mass.

    The eigenvalues are copied, sorted and frozen; two empirical laws are equal when they
    have the same eigenvalues.  Hundreds of thousands of eigenvalues are fine.

    Parameters
    ----------
    eigenvalues : array_like of float, shape (n,)
        The eigenvalues; for a symmetric matrix ``a`` they are ``np.linalg.eigvalsh(a)``.

    Notes
    -----
    ``G(z) = mean of 1/(z - eigenvalue)``.

    Examples
    --------
    >>> law = Empirical([2.0, 0.0, 1.0, 1.0])
    >>> law
    Empirical([0.0, 1.0, 1.0, 2.0])
    >>> law.atoms()
    {0.0: 0.25, 1.0: 0.5, 2.0: 0.25}
    """

    eigenvalues: NDArray[np.float64] = field()

    def __post_init__(self) -> None:
        values = _checked(self.eigenvalues)
        values.flags.writeable = False
        object.__setattr__(self, "eigenvalues", values)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.eigenvalues.flags.writeable = False

    @cached_property
    def _digest(self) -> bytes:
        return hashlib.sha256(self.eigenvalues.tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return self._digest == other._digest if isinstance(other, Empirical) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        n = len(self.eigenvalues)
        if n <= _SHOWN:
            return f"Empirical({self.eigenvalues.tolist()})"
        low, high = self.hull()
        return f"<Empirical law of {n} eigenvalues in [{low:g}, {high:g}]>"

    def numeric(self) -> Self:
        """The law itself: there is nothing symbolic about it."""
        return self

    @cached_property
    def _table(self) -> MeasureTable:
        n = len(self.eigenvalues)
        return measure_table(self.eigenvalues, np.full(n, 1.0 / n))

    def transform(self, w: Any) -> tuple[Any, Any]:
        """The sums over the eigenvalues, far ones by multipole expansions."""
        return measure_transform(w, self._table)

    def log_potential_at(self, w: Any) -> Any:
        """``mean of log(w - eigenvalue)``."""
        return measure_potential(w, self._table)

    def hull(self) -> tuple[float, float]:
        """The smallest and the largest eigenvalue."""
        return float(self.eigenvalues[0]), float(self.eigenvalues[-1])

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Nothing: the law is atomic."""
        return ()

    def point_masses(self) -> dict[Number, Number]:
        """The eigenvalues and their multiplicities over ``n``."""
        points, counts = np.unique(self.eigenvalues, return_counts=True)
        masses = counts / len(self.eigenvalues)
        return dict(zip(points.tolist(), masses.tolist(), strict=True))

    def exact_masses(self) -> dict[Number, Number]:
        """The atoms and their masses as exact numbers, if the eigenvalues are integers.

        Raises
        ------
        InvalidLawError
            If some eigenvalue is not an integer: which rational number is meant is not known.
        """
        points, counts = np.unique(self.eigenvalues, return_counts=True)
        for x in points.tolist():
            if not x.is_integer():
                raise InvalidLawError(
                    f"the eigenvalue {x} is a floating-point number; symbolic results need exact "
                    "numbers: give Discrete([Fraction(...), ...])"
                )
        n = len(self.eigenvalues)
        masses = [as_number(Fraction(int(count), n)) for count in counts]
        return dict(zip(map(int, points.tolist()), masses, strict=True))

    def is_symmetric(self) -> bool:
        """Whether the mirrored eigenvalues are the same."""
        return bool(np.array_equal(self.eigenvalues, -self.eigenvalues[::-1]))

    def known_moments(self, n: int) -> list[Any]:
        """Means of powers, as balls: the cumulants that follow from floats lose every digit."""
        if not n:
            return []
        points, counts = np.unique(self.eigenvalues, return_counts=True)
        side = math.isqrt(n - 1) + 1
        with working_precision(max(flint.ctx.prec, _BITS)):
            table = flint.arb_mat(side, side)  # of power sums of the orders 1 + i + side j
            for start in range(0, len(points), _BLOCK):
                block = slice(start, start + _BLOCK)
                x = list(map(flint.arb, points[block].tolist()))
                low = _powers(x, x, side)
                high = _powers(list(map(flint.arb, counts[block].tolist())), low[-1], side)
                table += flint.arb_mat(low) * flint.arb_mat(high).transpose()
            size = len(self.eigenvalues)
            return [table[k % side, k // side] / size for k in range(n)]

    def cdf(self, x: Points, digits: int | None = None) -> Any:
        """The share of eigenvalues up to ``x``."""
        if digits is not None:
            return super().cdf(x, digits)
        points = real_points(x)
        below = np.searchsorted(self.eigenvalues, points, side="right") / len(self.eigenvalues)
        return shaped(np.where(np.isnan(points), np.nan, below), points.shape)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A diagonal matrix of quantiles of the eigenvalues in a Haar basis."""
        levels = (np.arange(n) + 0.5) / n
        return rotated(np.quantile(self.eigenvalues, levels, method="inverted_cdf"), rng)


def _powers(first: list[Any], factors: list[Any], count: int) -> list[list[Any]]:
    """Rows, each the one before times the factors."""
    rows = [first]
    while len(rows) < count:
        rows.append([a * b for a, b in zip(rows[-1], factors, strict=True)])
    return rows


def _checked(eigenvalues: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(eigenvalues)
    except ValueError as error:
        raise InvalidLawError(
            f"Empirical: {short(eigenvalues)} is no array of numbers; give a list of floats"
        ) from error
    if array.ndim == 2 and array.shape[0] == array.shape[1]:
        raise InvalidLawError(
            f"Empirical: got a matrix of shape {array.shape}; give its eigenvalues, "
            "np.linalg.eigvalsh(matrix)"
        )
    if array.ndim != 1 or not array.size:
        raise InvalidLawError(
            f"Empirical: got an array of shape {array.shape}; give a non-empty "
            "one-dimensional array of eigenvalues"
        )
    if array.dtype.kind not in "iuf":
        raise InvalidLawError(
            f"Empirical: eigenvalues of type {array.dtype} are not real numbers; give floats "
            "(the real parts, if imaginary parts are rounding)"
        )
    if not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InvalidLawError(f"Empirical: eigenvalue number {where} is {array[where]}")
    return np.sort(array.astype(np.float64)) + 0.0
