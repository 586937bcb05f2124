"""Exact moments and free cumulants of every relation.

Parameters that are integers, Fractions or SymPy expressions give exact results.  A float is
taken for the rational number it is; the calculation then runs in balls of as many bits as it
needs and is rounded once, at the end, so that free cumulants of deep trees lose no digits to
cancellation and no tree makes the numbers grow.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, Literal

from freesym.algebra import convolutions as convolve
from freesym.algebra.balls import rounded as rounded_balls
from freesym.algebra.coefficient_lists import (
    binomial_power,
    combination,
    multiply,
    powers_of,
)
from freesym.algebra.coefficients import (
    Coefficients,
    Scalar,
    exact_kernel,
    is_ball,
    is_symbolic,
    scalar_power,
    to_ball,
)
from freesym.algebra.cumulants import (
    Moments,
    free_cumulants_from_moments,
    moments_from_free_cumulants,
    moments_from_s_transform_series,
    s_transform_series,
)
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.parameters import Number, as_number
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.spectrum.expansions import (
    admit_symbols,
    exact,
    has_symbols,
    parameters_of,
    psi_series,
    r_series,
    s_series,
)
from freesym.spectrum.negative_moments import negative_moments

Quantity = Literal["moments", "free_cumulants", "s_series"]
Field = Callable[[Any], Scalar]

_linear_combination = exact_kernel(combination)


def moments(relation: Relation, n: int) -> list[Number]:
    """Return the moments ``m_1, ..., m_n``.

    Parameters
    ----------
    relation : Relation
        Any tree, with parameters as given by the user.
    n : int
        How many.

    Returns
    -------
    list of int, Fraction, float or SymPy expression
        Rational numbers (``int`` or ``Fraction``) if every parameter is one, expanded and
        cancelled expressions if some are symbolic.  Floats if some parameter is a float, if a
        power of rationals is irrational, or if a leaf or the inverse of a law is numerical.

    Raises
    ------
    UnsupportedOperationError
        If a law has no moments, or states neither moments nor a transform to expand.
    InvalidLawError
        If the moments of an inverse do not exist.

    Notes
    -----
    The rules are those of :mod:`freesym.algebra.convolutions`.
    """
    return _requested("moments", relation, n)


def free_cumulants(relation: Relation, n: int) -> list[Number]:
    """Return the free cumulants ``kappa_1, ..., kappa_n``; as :func:`moments`."""
    return _requested("free_cumulants", relation, n)


def _requested(quantity: Quantity, relation: Relation, n: int) -> list[Number]:
    count = operator.index(n)
    if count < 0:
        raise InvalidLawError(f"n = {n} moments were requested; give an integer of at least 0")
    rounded = any(isinstance(value, float) for value in parameters_of(relation))
    return list(_results(quantity, exact(relation), count, rounded)) if count else []


@lru_cache(maxsize=4096)
def _results(quantity: Quantity, relation: Relation, n: int, rounded: bool) -> tuple[Number, ...]:
    """Rationals compare equal to floats, so ``rounded`` is part of the key."""
    symbolic = has_symbols(relation)
    if symbolic:
        admit_symbols()
    if not rounded:
        try:
            return tuple(map(as_number, _row(quantity, relation, n, _as_exact)))
        except _FloatFoundError:  # in what a law states, or as an irrational power
            pass
    if symbolic:
        row = _row(quantity, relation, n, _as_rational)
        return tuple(sys.modules["sympy"].nfloat(value) for value in row)
    return tuple(rounded_balls(lambda: _row(quantity, relation, n, _as_ball), quantity))


def _row(quantity: Quantity, relation: Relation, n: int, field: Field) -> Moments:
    calculation = _Calculation(field)
    calculation.prepare(relation, n)
    row: Moments = getattr(calculation, quantity)(relation, n)
    return row


# --------------------------------------------------------------------------- fields of numbers


class _FloatFoundError(Exception):
    """An exact calculation met a number that is not."""


def _as_exact(value: Any) -> Scalar:
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    if is_symbolic(value) and not value.is_Float:
        return value
    raise _FloatFoundError


def _as_rational(value: Any) -> Scalar:
    if isinstance(value, (int, Fraction)) or is_symbolic(value):
        return value
    return Fraction(_finite(value))


def _as_ball(value: Any) -> Scalar:
    if is_ball(value):
        return value
    return to_ball(Fraction(value) if isinstance(value, (int, Fraction)) else _finite(value))


def _finite(value: Any) -> float:
    number = complex(value)
    if not abs(number.imag) <= 1e-12 * abs(number.real) or not math.isfinite(number.real):
        raise UnsupportedOperationError(f"a moment is {value}, not a finite real number")
    return number.real


# ---------------------------------------------------------------------------- the calculation


class _Calculation:
    """The rows of one request, each computed once, all their numbers in one field."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._known: dict[tuple[Quantity, int, int], Moments] = {}

    def prepare(self, relation: Relation, n: int) -> None:
        """Compute children before parents: a deep tree is not a deep recursion."""
        waiting, order = [(relation, n)], dict[tuple[int, int], Relation]()
        while waiting:
            node, count = waiting.pop()
            order[id(node), count] = order.pop((id(node), count), node)
            if isinstance(node, nodes.NegativeInverse):  # the child need not have moments
                continue
            count *= 2 if isinstance(node, nodes.SymmetricSquare) else 1
            waiting.extend((child, count) for child in node.children)
        for (_, count), node in reversed(order.items()):
            if node.children:
                self.moments(node, count)

    def row(self, values: Iterable[Any]) -> Moments:
        """Move the values to the field."""
        return list(map(self._field, values))

    def _recalled(
        self,
        quantity: Quantity,
        compute: Callable[[Any, int], Iterable[Any]],
        relation: Relation,
        n: int,
    ) -> Moments:
        key = quantity, id(relation), n  # an equality would walk the whole sub-tree
        if key not in self._known:
            self._known[key] = self.row(compute(relation, n))
        return self._known[key]

    def moments(self, relation: Relation, n: int) -> Moments:
        """Return ``m_1, ..., m_n``."""
        return self._recalled("moments", self._moments, relation, n)

    def free_cumulants(self, relation: Relation, n: int) -> Moments:
        """Return ``kappa_1, ..., kappa_n``."""
        return self._recalled("free_cumulants", self._free_cumulants, relation, n)

    def s_series(self, relation: Relation, n: int) -> Moments:
        """Return the first ``n`` coefficients of ``S``; the mean must not vanish."""
        return self._recalled("s_series", self._s_series, relation, n)

    # ------------------------------------------------------------------ leaves

    def _moments(self, relation: Relation, n: int) -> Iterable[Any]:
        known: Callable[[int], Iterable[Any]] | None = getattr(relation, "known_moments", None)
        if known is not None:
            return known(n)
        match relation:
            case RTransformLeaf() | nodes.Additive() | nodes.CompoundPoisson():
                return moments_from_free_cumulants(self.free_cumulants(relation, n))
            case STransformLeaf():
                return moments_from_s_transform_series(self.s_series(relation, n))
            case CauchyLeaf():
                return psi_series(relation, n)
        return self._moments_of_node(relation, n)

    def _free_cumulants(self, relation: Relation, n: int) -> Iterable[Any]:
        match relation:
            case RTransformLeaf() if not hasattr(relation, "known_moments"):
                return r_series(relation, n)
            case nodes.Additive():
                rows = [self.free_cumulants(term, n) for term in relation.terms]
                return _linear_combination(rows, relation.powers)
            case nodes.CompoundPoisson():
                return _linear_combination([self.moments(relation.jumps, n)], [relation.rate])
            case nodes.Affine():
                row = self.free_cumulants(relation.child, n)
                return _affine_cumulants(row, relation.scale, relation.shift)
        return free_cumulants_from_moments(self.moments(relation, n))

    def _s_series(self, relation: Relation, n: int) -> Iterable[Any]:
        if isinstance(relation, STransformLeaf) and not hasattr(relation, "known_moments"):
            return s_series(relation, n)
        return s_transform_series(self.moments(relation, n))

    # ------------------------------------------------------------------- nodes

    def _moments_of_node(self, relation: Relation, n: int) -> Iterable[Any]:
        """Dispatch on the operations that act on the moments of the children."""
        of = partial(self.moments, n=n)
        match relation:
            case nodes.Multiplicative():
                return self._product(relation, n)
            case nodes.RealMultiplicative():
                return convolve.free_product_moments(of(relation.real), of(relation.positive))
            case nodes.Rectangular():
                rows = list(map(of, relation.terms))
                return convolve.rectangular_sum_moments(rows, relation.ratio)
            case nodes.Mixture():
                return _linear_combination(list(map(of, relation.components)), relation.weights)
            case nodes.Boolean():
                return convolve.boolean_sum_moments(list(map(of, relation.terms)))
            case nodes.Monotone():
                return convolve.monotone_moments(of(relation.outer), of(relation.inner))
            case nodes.Affine():
                return convolve.affine_moments(of(relation.child), relation.scale, relation.shift)
            case nodes.Reshape():
                return convolve.reshape_moments(of(relation.child), relation.ratio)
            case nodes.SymmetricSquare():
                return convolve.square_moments(self.moments(relation.child, 2 * n))
            case nodes.NegativeInverse():
                row = negative_moments(relation.child, n)
                return [(-1) ** k * value for k, value in enumerate(row, 1)]
        raise UnsupportedOperationError(
            f"{type(relation).__name__} states neither its moments (a method known_moments) nor a "
            "transform that can be expanded at infinity"
        )

    def _product(self, relation: nodes.Multiplicative, n: int) -> Moments:
        """Factors of mean 0 have no S-transform: they are multiplied moment by moment."""
        pairs = list(zip(relation.factors, relation.powers, strict=True))
        regular = [(factor, t) for factor, t in pairs if not self._is_centred(factor, n)]
        product = self._regular_product(regular, n) if regular else [Fraction(1)] * n
        for factor, t in pairs:
            if self._is_centred(factor, n):
                product = self._times_centred(product, factor, t)
        return product

    def _regular_product(self, pairs: list[tuple[Relation, Scalar]], n: int) -> Moments:
        """``S = prod S_i^t_i``; the power of the mean is taken apart: it may be irrational."""
        rows = [self.s_series(factor, n) for factor, _ in pairs]
        powers = [t for _, t in pairs]
        monic = moments_from_s_transform_series(_monic_product(rows, powers))
        means = [1 / row[0] for row in rows]
        scales = [_product_of_powers(means, powers, k) for k in range(1, n + 1)]
        return convolve.classical_product_moments(monic, self.row(scales))

    def _is_centred(self, relation: Relation, n: int) -> bool:
        return not isinstance(relation, STransformLeaf) and self.moments(relation, n)[0] == 0

    def _times_centred(self, product: Moments, factor: Relation, t: Scalar) -> Moments:
        if is_symbolic(t) or t < 1 or t != int(t):
            raise UnsupportedOperationError(
                f"the multiplicative power {t} of a law of mean 0 has no moments; give a positive "
                "integer"
            )
        # the moments of a product of two free centred variables vanish, so do those of more
        for _ in range(min(int(t), 2)):
            product = convolve.free_product_moments(product, self.moments(factor, len(product)))
        return product


@exact_kernel
def _affine_cumulants(row: Coefficients, scale: Scalar, shift: Scalar) -> Moments:
    """``kappa_n -> scale^n kappa_n``, and the shift is added to the first."""
    factors = powers_of(scale, len(row) + 1)[1:]
    scaled = [a * b for a, b in zip(row, factors, strict=True)]
    return [scaled[0] + shift, *scaled[1:]]


@exact_kernel
def _monic_product(rows: Sequence[Coefficients], powers: Coefficients) -> Moments:
    """``prod (S_i/S_i(0))^t_i``."""
    product: Moments | None = None
    for row, power in zip(rows, powers, strict=True):
        factor = binomial_power([value / row[0] for value in row], power)
        product = factor if product is None else multiply(product, factor)
    assert product is not None
    return product


def _product_of_powers(bases: Coefficients, powers: Coefficients, k: int) -> Scalar:
    """``prod base_i^(k t_i)``."""
    return math.prod(scalar_power(base, k * t) for base, t in zip(bases, powers, strict=True))
