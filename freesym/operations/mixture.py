"""Mixtures, Boolean, monotone and rectangular convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.operations.node import WithoutMatrixModel, require_law, require_laws
from freesym.parameters import (
    NONNEGATIVE,
    POSITIVE,
    Domain,
    Number,
    as_number,
    as_sequence,
    checked,
    exact_quotient,
    is_expression,
    number_repr,
    parameter,
)
from freesym.relations import nodes
from freesym.relations.relation import Relation

Matrix = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Mixture(Law):
    """A convex combination of laws, the spectrum of a block-diagonal matrix."""

    laws: tuple[Law, ...]
    weights: tuple[Number, ...]

    def _validate(self) -> None:
        object.__setattr__(self, "laws", require_laws(self.laws, "mixture"))
        items = as_sequence(self.weights, "mixture: weights")
        weights = tuple(as_number(w, "mixture: weight") for w in items)
        if len(weights) != len(self.laws):
            raise InvalidLawError(f"mixture: {len(weights)} weights for {len(self.laws)} laws")
        if not any(is_expression(w) and w.free_symbols for w in weights):
            _check_weights(weights)
        object.__setattr__(self, "weights", weights)

    def relation(self) -> Relation:
        """``G = sum p_i G_i`` over the laws whose weight is not 0."""
        weights = tuple(w for w in self.weights if w != 0)
        kept = (law for law, w in zip(self.laws, self.weights, strict=True) if w != 0)
        relations = tuple(law.relation() for law in kept)
        return relations[0] if len(relations) == 1 else nodes.Mixture(relations, weights)

    def sample_matrix(self, n: int, rng: Any = None) -> Matrix:
        """Blocks on the diagonal, of sizes proportional to the weights."""
        generator = np.random.default_rng(rng)
        ends = np.rint(n * np.cumsum([0.0, *map(float, self.weights)])).astype(int)
        whole = np.zeros((n, n))
        for law, a, b in zip(self.laws, ends[:-1], ends[1:], strict=True):
            if b > a:
                whole[a:b, a:b] = law.sample_matrix(int(b - a), generator)[: b - a, : b - a]
        return whole

    def __repr__(self) -> str:
        laws = ", ".join(map(repr, self.laws))
        return f"mixture([{laws}], [{', '.join(map(number_repr, self.weights))}])"


def mixture(laws: Sequence[Law], weights: Sequence[Number] | None = None) -> Law:
    """The law that is ``laws[i]`` with probability ``weights[i]``.

    Parameters
    ----------
    laws : sequence of Law
    weights : sequence of numbers, optional
        Nonnegative, of sum 1; equal if not given.

    Raises
    ------
    InvalidLawError
        If the weights are negative, do not sum to 1 or are not as many as the laws.

    Examples
    --------
    >>> import freesym as fs
    >>> law = mixture([fs.Semicircle(), fs.PointMass(3)], [0.75, 0.25])
    >>> law.atoms(), law.moments(2)
    ({3: 0.25}, [0.75, 3.0])
    """
    found = require_laws(laws, "mixture")
    if weights is None:
        weights = [exact_quotient(1, len(found))] * len(found)
    whole = Mixture(found, weights)  # type: ignore[arg-type]
    kept = [(law, w) for law, w in zip(found, whole.weights, strict=True) if w != 0]
    return kept[0][0] if len(kept) == 1 else Mixture(*map(tuple, zip(*kept, strict=True)))


def _check_weights(weights: tuple[Number, ...]) -> None:
    negative = [w for w in weights if float(w) < 0]
    if negative:
        raise InvalidLawError(f"mixture: weight {negative[0]} is negative")
    total = sum(weights)
    if abs(float(total) - 1) > 1e-12:
        raise InvalidLawError(f"mixture: the weights sum to {total}, not to 1; divide by the sum")


@dataclass(frozen=True, repr=False)
class BooleanSum(WithoutMatrixModel):
    """Boolean additive convolution: ``z - 1/G`` adds (Speicher & Woroudi 1997)."""

    laws: tuple[Law, ...]

    def _validate(self) -> None:
        object.__setattr__(self, "laws", require_laws(self.laws, "boolean_sum"))

    def relation(self) -> Relation:
        """``1/G = sum 1/G_i - (n-1) z``."""
        return nodes.Boolean(tuple(law.relation() for law in self.laws))

    def __repr__(self) -> str:
        return f"boolean_sum({', '.join(map(repr, self.laws))})"


def boolean_sum(*laws: Law) -> Law:
    """The Boolean additive convolution of laws, for which ``z - 1/G`` adds.

    Examples
    --------
    >>> import freesym as fs
    >>> boolean_sum(fs.Discrete([-1, 1]), fs.Discrete([-1, 1])).moments(4)
    [0, 2, 0, 4]
    """
    found = require_laws(laws, "boolean_sum")
    return found[0] if len(found) == 1 else BooleanSum(found)


@dataclass(frozen=True, repr=False)
class MonotoneConvolution(WithoutMatrixModel):
    """Monotone convolution: ``F = F_first o F_second`` with ``F = 1/G`` (Muraki 2001)."""

    first: Law
    second: Law

    def _validate(self) -> None:
        for law in (self.first, self.second):
            require_law(law, "monotone")

    def relation(self) -> Relation:
        """The first law at ``1/G`` of the second."""
        return nodes.Monotone(self.first.relation(), self.second.relation())

    def __repr__(self) -> str:
        return f"monotone({self.first!r}, {self.second!r})"


def monotone(first: Law, second: Law) -> Law:
    """The monotone convolution ``first |> second``, for which ``1/G`` composes.

    Examples
    --------
    >>> import freesym as fs
    >>> monotone(fs.Discrete([-1, 1]), fs.Discrete([-1, 1])).moments(4)
    [0, 2, 0, 5]
    """
    return MonotoneConvolution(first, second)


RATIO = Domain("an aspect ratio, above 0 and at most 1", lambda x: 0 < x <= 1, "is_positive")


@dataclass(frozen=True, repr=False)
class RectangularSum(Law):
    """Rectangular free convolution (Benaych-Georges 2009).

    The law of ``(A + B)(A + B)^T`` for free ``n x p`` matrices with ``n/p`` tending to
    ``ratio <= 1``, given the laws of ``A A^T`` and ``B B^T``.
    """

    laws: tuple[Law, ...]
    ratio: Number = parameter(RATIO)

    def _validate(self) -> None:
        object.__setattr__(self, "laws", require_laws(self.laws, "rectangular_sum"))
        for law in self.laws:
            if law.is_positive is False:
                raise UnsupportedOperationError(
                    f"a rectangular sum needs laws of A A^T, on [0, oo); {law!r} reaches below 0"
                )

    def relation(self) -> Relation:
        """The rectangular C-transforms add."""
        return nodes.Rectangular(tuple(law.relation() for law in self.laws), self.ratio)

    def sample_matrix(self, n: int, rng: Any = None) -> Matrix:
        """Rectangular matrices with the given singular values in random bases."""
        from freesym.laws._models import haar_orthogonal

        generator = np.random.default_rng(rng)
        p = round(n / float(self.ratio))
        total = np.zeros((n, p))
        for law in self.laws:
            values = np.linalg.eigvalsh(law.sample_matrix(n, generator)[:n, :n])
            block = np.zeros((n, p))
            np.fill_diagonal(block, np.sqrt(np.maximum(values, 0.0)))
            left, right = haar_orthogonal(n, generator), haar_orthogonal(p, generator)
            total += left @ block @ right
        return total @ total.T

    def __repr__(self) -> str:
        laws = ", ".join(map(repr, self.laws))
        return f"rectangular_sum({laws}, ratio={number_repr(self.ratio)})"


def rectangular_sum(*laws: Law, ratio: Number = 1) -> Law:
    """The rectangular free convolution of laws of ``A A^T`` at aspect ratio ``ratio <= 1``.

    Examples
    --------
    >>> import freesym as fs
    >>> half = fs.MarchenkoPastur(ratio=0.5)
    >>> rectangular_sum(half, half, ratio=0.5).moments(2)
    [2.0, 6.0]
    """
    found = require_laws(laws, "rectangular_sum")
    return found[0] if len(found) == 1 else RectangularSum(found, ratio)


def noncentral_wishart(law: Law, s: Number, ratio: Number = 1) -> Law:
    """The law of ``(A + sqrt(s) G)(A + sqrt(s) G)^T``.

    Parameters
    ----------
    law : Law
        The law of ``A A^T`` for ``A`` of shape (n, p), ``n/p = ratio``.  With more rows than
        columns it has an atom of mass at least ``1 - 1/ratio`` at 0.
    s : number
        The variance of the noise: ``G`` has independent entries of variance ``1/p``.
    ratio : number
        Rows over columns.

    Notes
    -----
    A rectangular free convolution with a Marchenko-Pastur law (Dozier & Silverstein 2007).

    Examples
    --------
    >>> import freesym as fs
    >>> noncentral_wishart(fs.PointMass(4), 1).moments(2)
    [5, 34]
    """
    from freesym.laws.marchenko_pastur import MarchenkoPastur

    variance = checked(s, NONNEGATIVE, "noncentral_wishart", "s")
    ratio = checked(ratio, POSITIVE, "noncentral_wishart", "ratio")
    if variance == 0:
        return law
    if not getattr(ratio, "free_symbols", None) and ratio > 1:
        # the same matrices transposed
        inverse = exact_quotient(1, ratio)
        return noncentral_wishart(law.reshape(ratio), variance * ratio, inverse).reshape(inverse)
    return rectangular_sum(law, MarchenkoPastur(ratio, variance), ratio=ratio)


__all__ = [
    "BooleanSum",
    "Mixture",
    "MonotoneConvolution",
    "RectangularSum",
    "boolean_sum",
    "mixture",
    "monotone",
    "noncentral_wishart",
    "rectangular_sum",
]
