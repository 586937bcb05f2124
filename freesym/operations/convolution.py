"""Free additive and multiplicative convolution, their powers and their inverses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError, InvalidLawError, UnsupportedOperationError
from freesym.law import LARGEST_MATRIX, Law
from freesym.laws._models import of_quantiles, orthonormal_columns, symmetrised
from freesym.operations.node import (
    UnaryOperation,
    WithoutMatrixModel,
    bracketed,
    grouped,
    require_law,
    require_laws,
)
from freesym.operations.random import conjugated, square_root, sum_of_copies
from freesym.parameters import (
    POSITIVE,
    PROBABILITY,
    Number,
    exact_quotient,
    is_expression,
    parameter,
)
from freesym.relations import simplify
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.existence import first_impossible_moment


def _flattened(kind: type, field: str, operands: Sequence[Any], name: str) -> tuple[Law, ...]:
    if not operands:
        raise InvalidLawError(f"{name} needs at least one law")
    laws: list[Law] = []
    for operand in operands:
        law = require_law(operand, name)
        laws.extend(getattr(law, field) if isinstance(law, kind) else [law])
    return tuple(laws)


@dataclass(frozen=True, repr=False)
class FreeSum(Law):
    """Free additive convolution, the law of a sum of free variables; written ``mu + nu``.

    Notes
    -----
    R-transforms add (Voiculescu 1986); the solution at every point is singled out by
    subordination (Biane 1998; Belinschi & Bercovici 2007).
    """

    terms: tuple[Law, ...]

    def _validate(self) -> None:
        object.__setattr__(self, "terms", require_laws(self.terms, "free_sum"))

    def relation(self) -> Relation:
        """``R = sum R_i``."""
        return simplify.additive([t.relation() for t in self.terms], [1] * len(self.terms))

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The sum of the matrix models, each in its own random basis."""
        generator = np.random.default_rng(rng)
        models = [conjugated(t.sample_matrix(n, generator), generator) for t in self.terms]
        return sum_of_copies(models)

    def __repr__(self) -> str:
        first, *rest = self.terms
        return " + ".join([repr(first), *(_term(t) for t in rest)])


def _term(law: Law) -> str:
    text = repr(law)
    tight = bracketed(text, additive=False)
    return f"({text})" if text != tight and " + " in text else bracketed(text, additive=True)


def free_sum(*laws: Law) -> Law:
    """The free additive convolution of laws.

    Examples
    --------
    >>> import freesym as fs
    >>> free_sum(fs.Semicircle(), fs.Semicircle()).variance()
    2
    """
    terms = _flattened(FreeSum, "terms", laws, "free_sum")
    return terms[0] if len(terms) == 1 else FreeSum(terms)


@dataclass(frozen=True, repr=False)
class FreeProduct(Law):
    """Free multiplicative convolution, the law of ``A^(1/2) B A^(1/2)``; written ``mu @ nu``.

    At most one factor may put mass on both sides of 0.

    Notes
    -----
    S-transforms multiply (Voiculescu 1987); with one factor on the whole line see
    Arizmendi, Hasebe & Kitagawa (2021).
    """

    factors: tuple[Law, ...]

    def _validate(self) -> None:
        object.__setattr__(self, "factors", require_laws(self.factors, "free_product"))
        self._split()

    def _split(self) -> tuple[list[Law], list[Law]]:
        """The factors on ``[0, oo)`` (after reflection) and the others."""
        positive: list[Law] = []
        others: list[Law] = []
        for factor in self.factors:
            known = factor.is_positive
            real = _is_centred(factor) if known is None else not (known or _is_negative(factor))
            (others if real else positive).append(factor)
        if len(others) > 1:
            raise UnsupportedOperationError(
                "free multiplicative convolution needs all factors but one on [0, oo); "
                f"these reach below 0: {', '.join(map(repr, others))}"
            )
        return positive, others

    def relation(self) -> Relation:
        """``S = prod S_i``."""
        positive, others = self._split()
        sign, relations = 1, []
        for factor in positive:
            relation = factor.relation()
            if factor.is_positive is False:
                sign, relation = -sign, simplify.affine(relation, -1, 0)
            relations.append(relation)
        product = simplify.multiplicative(relations, [1] * len(relations))
        if others:
            product = simplify.real_multiplicative(others[0].relation(), product)
        return simplify.affine(product, sign, 0)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """Products of the matrix models, each in its own random basis."""
        generator = np.random.default_rng(rng)
        positive, others = self._split()
        if not others:
            others, positive = positive[:1], positive[1:]
        core = others[0].sample_matrix(n, generator)
        for factor in positive:
            sign = 1.0 if factor.is_positive else -1.0
            root = square_root(conjugated(sign * factor.sample_matrix(n, generator), generator))
            core = sign * (root @ core @ root)
        return core

    def __repr__(self) -> str:
        return " @ ".join(grouped(f, additive=False) for f in self.factors)


def _is_negative(law: Law) -> bool:
    return bool(hull(law._numeric)[1] <= 0)


def _is_centred(law: Law) -> bool:
    """Whether the mean of a law with symbols is 0, so that both signs occur."""
    try:
        mean, second = law.moments(2)
    except FreesymError:
        return False
    return bool(mean == 0 and second != 0)


def free_product(*laws: Law) -> Law:
    """The free multiplicative convolution of laws.

    Raises
    ------
    UnsupportedOperationError
        If more than one factor has mass on both sides of 0.

    Examples
    --------
    >>> import freesym as fs
    >>> free_product(fs.MarchenkoPastur(), fs.MarchenkoPastur()).moments(4)
    [1, 3, 12, 55]
    """
    factors = _flattened(FreeProduct, "factors", laws, "free_product")
    return factors[0] if len(factors) == 1 else FreeProduct(factors)


def _require_law_of_moments(law: Law, description: str) -> None:
    """Refuse what the moments show to be no probability law."""
    if law.free_symbols:
        return
    order = first_impossible_moment(law.relation())
    if order is not None:
        raise InvalidLawError(
            f"{description} does not exist: no probability law has its moments up to order {order}"
        )


def _below_one(t: Number) -> bool:
    return not (is_expression(t) and t.free_symbols) and float(t) < 1


@dataclass(frozen=True, repr=False)
class AdditivePower(UnaryOperation):
    """The law with free cumulants ``t kappa_n``.

    It exists for every ``t >= 1`` (Nica & Speicher 1996), and for all ``t > 0`` if the law is
    freely infinitely divisible; for ``t < 1`` the moments are tested.
    """

    law: Law
    t: Number = parameter(POSITIVE)

    def _validate(self) -> None:
        if _below_one(self.t):
            _require_law_of_moments(self, f"the additive power t = {self.t} of {self.law!r}")

    def relation(self) -> Relation:
        """``R_t = t R``."""
        return simplify.additive([self.law.relation()], [self.t])

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The sum of ``k`` copies of ``s`` times a corner of relative size ``1/s``.

        Here ``t = k s``, and ``k`` is the largest whole number with ``s >= 1``.  For ``t < 1``
        there is none; then quantiles of the law in a random basis.
        """
        if not self.has_matrix_model:
            return of_quantiles(self, n, rng)
        generator = np.random.default_rng(rng)
        copies = math.floor(self.t)
        size = float(self.t) / copies
        # models of some laws are a little smaller than asked for
        total = _corner(self.law, n, size, generator)
        for _ in range(copies - 1):
            total += _corner(self.law, n, size, generator)
        return total

    @property
    def has_matrix_model(self) -> bool:
        """For ``t >= 1``."""
        return float(self.t) >= 1

    def __repr__(self) -> str:
        return self._method("additive_power", self.t)


def _corner(law: Law, n: int, t: float, generator: np.random.Generator) -> NDArray[np.float64]:
    size = round(n * t)
    if size > LARGEST_MATRIX:
        raise UnsupportedOperationError(
            f"a corner of size {n} needs a matrix of size {size} of {law!r}, above "
            f"{LARGEST_MATRIX}; give n at most {math.floor(LARGEST_MATRIX / t)}"
        )
    matrix = law.sample_matrix(size, generator)
    columns = orthonormal_columns(len(matrix), min(n, len(matrix)), generator)
    return t * symmetrised(columns.T @ matrix @ columns)


@dataclass(frozen=True, repr=False)
class MultiplicativePower(UnaryOperation):
    """The law with S-transform ``S^t``, for a law on ``[0, oo)``.

    It exists for every ``t >= 1`` (Belinschi & Bercovici 2005); for ``t < 1`` the moments are
    tested.
    """

    law: Law
    t: Number = parameter(POSITIVE)

    def _validate(self) -> None:
        if self.law.is_positive is False:
            raise UnsupportedOperationError(
                f"multiplicative powers need a law on [0, oo); {self.law!r} reaches below 0"
            )
        if _below_one(self.t):
            _require_law_of_moments(self, f"the multiplicative power t = {self.t} of {self.law!r}")

    def relation(self) -> Relation:
        """``S_t = S^t``."""
        return simplify.multiplicative([self.law.relation()], [self.t])

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """The product of ``t`` copies in random bases, for an integer ``t``.

        For others there is none; then quantiles of the law in a random basis.
        """
        if not self.has_matrix_model:
            return of_quantiles(self, n, rng)
        return FreeProduct((self.law,) * int(self.t)).sample_matrix(n, rng)

    @property
    def has_matrix_model(self) -> bool:
        """For integers ``t``."""
        return float(self.t).is_integer()

    def __repr__(self) -> str:
        return self._method("multiplicative_power", self.t)


@dataclass(frozen=True, repr=False)
class Compression(UnaryOperation):
    """The law of a free compression ``pXp`` in the corner of relative size ``p``."""

    law: Law
    p: Number = parameter(PROBABILITY)

    def _validate(self) -> None:
        if self.p == 0:
            raise InvalidLawError("a compression to p = 0 is empty; give 0 < p <= 1")

    def relation(self) -> Relation:
        """The additive power ``1/p``, dilated by ``p``."""
        power = simplify.additive([self.law.relation()], [exact_quotient(1, self.p)])
        return simplify.affine(power, self.p, 0)

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A corner of the matrix model in a random basis."""
        p = float(self.p)
        return p * _corner(self.law, n, 1 / p, np.random.default_rng(rng))

    def __repr__(self) -> str:
        return self._method("compress", self.p)


@dataclass(frozen=True, repr=False)
class AdditiveDeconvolution(WithoutMatrixModel, UnaryOperation):
    """The law ``nu`` with ``nu + other == law``.

    There may be none.  Moments are tested at construction; beyond that the solver checks
    that G maps the upper half-plane to the lower one, at every point it returns.
    """

    law: Law
    other: Law

    def _validate(self) -> None:
        require_law(self.other, "additive_deconvolve")
        _require_law_of_moments(self, f"the free difference of {self.law!r} and {self.other!r}")

    def relation(self) -> Relation:
        """``R - R_other``."""
        return simplify.additive([self.law.relation(), self.other.relation()], [1, -1])

    def __repr__(self) -> str:
        return self._method("additive_deconvolve", self.other)


@dataclass(frozen=True, repr=False)
class MultiplicativeDeconvolution(WithoutMatrixModel, UnaryOperation):
    """The law ``nu`` with ``nu @ other == law``, both on ``[0, oo)``; there may be none."""

    law: Law
    other: Law

    def _validate(self) -> None:
        require_law(self.other, "multiplicative_deconvolve")
        for law in (self.law, self.other):
            if law.is_positive is False:
                raise UnsupportedOperationError(
                    f"multiplicative deconvolution needs laws on [0, oo); {law!r} reaches below 0"
                )
        _require_law_of_moments(self, f"the free quotient of {self.law!r} and {self.other!r}")

    def relation(self) -> Relation:
        """``S/S_other``."""
        return simplify.multiplicative([self.law.relation(), self.other.relation()], [1, -1])

    def __repr__(self) -> str:
        return self._method("multiplicative_deconvolve", self.other)


__all__ = [
    "AdditiveDeconvolution",
    "AdditivePower",
    "Compression",
    "FreeProduct",
    "FreeSum",
    "MultiplicativeDeconvolution",
    "MultiplicativePower",
    "free_product",
    "free_sum",
]
