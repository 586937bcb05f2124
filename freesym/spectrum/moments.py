"""Exact moments and free cumulants of every relation.

Parameters that are integers, Fractions or SymPy expressions give exact results.  A float is the
rational number it is: balls of as many bits as needed are rounded once, at the end, so that free
cumulants of deep trees lose no digits to cancellation.
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
    reversion,
)
from freesym.algebra.coefficients import (
    Coefficients,
    Scalar,
    exact_kernel,
    from_native,
    is_ball,
    is_native,
    is_rational,
    is_symbolic,
    scalar_power,
    to_ball,
    to_native,
)
from freesym.algebra.cumulants import (
    Moments,
    boolean_cumulants_from_moments,
    classical_cumulants_from_moments,
    free_cumulants_from_moments,
    moments_from_boolean_cumulants,
    moments_from_free_cumulants,
    moments_from_s_transform_series,
    monotone_cumulants_from_moments,
    s_transform_series,
)
from freesym.algebra.parameter_functions import ParameterFunction
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.parameters import Number, as_number, short
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

Quantity = Literal[
    "moments",
    "free_cumulants",
    "boolean_cumulants",
    "classical_cumulants",
    "monotone_cumulants",
    "s_series",
]
Field = Callable[[Any], Scalar]

# Beyond, exact numbers of thousands of digits fill the memory.
LARGEST_ORDER = 4096

_linear_combination = exact_kernel(combination)
_inverse_series = exact_kernel(reversion)


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
        Rational numbers if every parameter is one, cancelled expressions if some are symbolic, and
        for inverses also algebraic numbers.  Floats if some parameter is one, if a power is
        irrational, if a leaf is numerical, or if what is inverted has no moderate polynomial.

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


def boolean_cumulants(relation: Relation, n: int) -> list[Number]:
    """Return the Boolean cumulants ``b_1, ..., b_n``; as :func:`moments`."""
    return _requested("boolean_cumulants", relation, n)


def classical_cumulants(relation: Relation, n: int) -> list[Number]:
    """Return the classical cumulants ``c_1, ..., c_n``; as :func:`moments`."""
    return _requested("classical_cumulants", relation, n)


def monotone_cumulants(relation: Relation, n: int) -> list[Number]:
    """Return the monotone cumulants ``h_1, ..., h_n``; as :func:`moments`."""
    return _requested("monotone_cumulants", relation, n)


def order(n: Any) -> int:
    """Return how many moments were asked for.

    Raises
    ------
    UnsupportedOperationError
        If ``n`` is no integer.
    InvalidLawError
        If it is negative, or larger than 4096.
    """
    try:
        count = operator.index(n)
    except TypeError:
        raise UnsupportedOperationError(
            f"n = {short(n)} moments were requested; n is an integer of at least 0"
        ) from None
    if not 0 <= count <= LARGEST_ORDER:
        raise InvalidLawError(
            f"n = {n} moments were requested; give an integer between 0 and {LARGEST_ORDER} "
            "(a law with an algebraic equation has a recurrence for more: law.moment_recurrence())"
        )
    return count


def _requested(quantity: Quantity, relation: Relation, n: int) -> list[Number]:
    count = order(n)
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
            row = _row(quantity, relation, n, _as_exact)
            return tuple(map(_result, row))
        except _FloatFoundError:  # in what a law states, or as an irrational power
            pass
    if symbolic:
        row = _row(quantity, relation, n, _as_rational)
        nfloat = sys.modules["sympy"].nfloat
        return tuple(nfloat(from_native(value)) for value in row)
    return tuple(rounded_balls(lambda: _row(quantity, relation, n, _as_ball), quantity))


def _result(value: Scalar) -> Number:
    """Functions of independent parameters need no check that they are finite and real."""
    free = isinstance(value, ParameterFunction) and value.ring.is_free
    return from_native(value) if free else as_number(from_native(value))


def _row(quantity: Quantity, relation: Relation, n: int, field: Field) -> Moments:
    calculation = _Calculation(field, has_symbols(relation))
    calculation.prepare(quantity, relation, n)
    return getattr(calculation, quantity)(relation, n)  # type: ignore[no-any-return]


# --------------------------------------------------------------------------- fields of numbers


class _FloatFoundError(Exception):
    """An exact calculation met a number that is not."""


def _as_exact(value: Any) -> Scalar:
    native = to_native(value)
    if is_native(native) or (is_symbolic(native) and not native.is_Float):
        return native
    raise _FloatFoundError


def _as_rational(value: Any) -> Scalar:
    native = to_native(value)
    if is_native(native) or is_symbolic(native):
        return native
    if is_ball(value):
        return value.mid().fmpq()
    return to_native(Fraction(_finite(value)))


def _as_ball(value: Any) -> Scalar:
    if is_ball(value):
        return value
    native = to_native(value)
    return to_ball(native if is_rational(native) else _finite(from_native(value)))


def _finite(value: Any) -> float:
    number = complex(value)
    if not abs(number.imag) <= 1e-12 * abs(number.real) or not math.isfinite(number.real):
        raise UnsupportedOperationError(f"a moment is {value}, not a finite real number")
    return number.real


# ---------------------------------------------------------------------------- the calculation


class _Calculation:
    """The rows of one request, each computed once, all their numbers in one field."""

    def __init__(self, field: Field, symbolic: bool) -> None:
        self._field = field
        self._symbolic = symbolic
        self._known: dict[tuple[Quantity, int, int], Moments] = {}

    def prepare(self, quantity: Quantity, relation: Relation, n: int) -> None:
        """Compute children before parents: a deep tree is not a deep recursion."""
        waiting = [(quantity, relation, n)]
        order: dict[tuple[Quantity, int, int], Relation] = {}
        while waiting:
            wanted, node, count = waiting.pop()
            key = wanted, id(node), count
            order[key] = order.pop(key, node)
            if isinstance(node, nodes.NegativeInverse):  # the child need not have moments
                continue
            count *= 2 if isinstance(node, nodes.SymmetricSquare) else 1
            needed = _needed(wanted, node)
            waiting.extend((needed, child, count) for child in node.children)
        for (wanted, _, count), node in reversed(order.items()):
            if node.children:
                getattr(self, wanted)(node, count)

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

    def boolean_cumulants(self, relation: Relation, n: int) -> Moments:
        """Return the Boolean cumulants, which add in Boolean sums."""
        return self._recalled("boolean_cumulants", self._boolean_cumulants, relation, n)

    def classical_cumulants(self, relation: Relation, n: int) -> Moments:
        """Return the classical cumulants."""
        return classical_cumulants_from_moments(self.moments(relation, n))

    def monotone_cumulants(self, relation: Relation, n: int) -> Moments:
        """Return the monotone cumulants."""
        return monotone_cumulants_from_moments(self.moments(relation, n))

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
            case nodes.Multiplicative() if not self._symbolic:
                pairs = list(zip(relation.factors, relation.powers, strict=True))
                if not any(self._is_centred(factor, n) for factor in relation.factors):
                    return self._cumulants_of_product(pairs, n)
        return free_cumulants_from_moments(self.moments(relation, n))

    def _boolean_cumulants(self, relation: Relation, n: int) -> Iterable[Any]:
        if isinstance(relation, nodes.Boolean):
            rows = [self.boolean_cumulants(term, n) for term in relation.terms]
            return _linear_combination(rows, None)
        return boolean_cumulants_from_moments(self.moments(relation, n))

    def _s_series(self, relation: Relation, n: int) -> Iterable[Any]:
        if isinstance(relation, STransformLeaf) and not hasattr(relation, "known_moments"):
            return s_series(relation, n)
        if _states_cumulants(relation):
            # u S(u) and g R(g) are inverse to each other
            return _inverse_series(self.free_cumulants(relation, n))
        return s_transform_series(self.moments(relation, n))

    def _mean(self, relation: Relation, n: int) -> Scalar:
        """The mean, by way of a row that is needed anyway."""
        if isinstance(relation, STransformLeaf) and not hasattr(relation, "known_moments"):
            return 1 / self.s_series(relation, n)[0]
        if _states_cumulants(relation):
            return self.free_cumulants(relation, n)[0]
        return self.moments(relation, n)[0]

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
                return moments_from_boolean_cumulants(self.boolean_cumulants(relation, n))
            case nodes.Monotone():
                return convolve.monotone_moments(of(relation.outer), of(relation.inner))
            case nodes.Affine():
                return convolve.affine_moments(of(relation.child), relation.scale, relation.shift)
            case nodes.Reshape():
                return convolve.reshape_moments(of(relation.child), relation.ratio)
            case nodes.SymmetricSquare():
                return convolve.square_moments(self.moments(relation.child, 2 * n))
            case nodes.NegativeInverse():
                row = negative_moments(relation.child, n, rounded=self._field is _as_ball)
                return [(-1) ** k * value for k, value in enumerate(row, 1)]
        raise UnsupportedOperationError(
            f"{type(relation).__name__} states neither its moments (a method known_moments) nor a "
            "transform that can be expanded at infinity"
        )

    def _product(self, relation: nodes.Multiplicative, n: int) -> Moments:
        """Factors of mean 0 have no S-transform: they are multiplied moment by moment."""
        pairs = list(zip(relation.factors, relation.powers, strict=True))
        if self._has_symbolic_means(pairs, n):
            return self._product_without_division(pairs, n)
        regular = [(factor, t) for factor, t in pairs if not self._is_centred(factor, n)]
        product = self._regular_product(regular, n) if regular else self.row([1] * n)
        for factor, t in pairs:
            if self._is_centred(factor, n):
                product = self._times_centred(product, factor, t)
        return product

    def _regular_product(self, pairs: list[tuple[Relation, Scalar]], n: int) -> Moments:
        """``S = prod S_i^t_i``; the power of the mean is taken apart: it may be irrational."""
        monic, scales = self._monic_and_scales(pairs, n)
        return convolve.classical_product_moments(moments_from_s_transform_series(monic), scales)

    def _cumulants_of_product(self, pairs: list[tuple[Relation, Scalar]], n: int) -> Moments:
        monic, scales = self._monic_and_scales(pairs, n)
        return convolve.classical_product_moments(_inverse_series(monic), scales)

    def _monic_and_scales(
        self, pairs: list[tuple[Relation, Scalar]], n: int
    ) -> tuple[Moments, Moments]:
        """``prod (S_i/S_i(0))^t_i``, and the powers of the mean."""
        rows = [self.s_series(factor, n) for factor, _ in pairs]
        powers = [t for _, t in pairs]
        means = [1 / row[0] for row in rows]
        scales = [_product_of_powers(means, powers, k) for k in range(1, n + 1)]
        return _monic_product(rows, powers), self.row(scales)

    def _has_symbolic_means(self, pairs: Sequence[tuple[Relation, Scalar]], n: int) -> bool:
        """Whether quotients would grow that whole powers need not take."""
        if not self._symbolic or not all(_is_natural(t) for _, t in pairs):
            return False
        means = [self._mean(factor, n) for factor, _ in pairs]
        return any(isinstance(mean, ParameterFunction) and len(mean) > 1 for mean in means)

    def _product_without_division(
        self, pairs: Sequence[tuple[Relation, Scalar]], n: int
    ) -> Moments:
        """Powers by repeated squaring."""
        product: Moments = self.row([1] * n)
        for factor, t in pairs:
            square, exponent = self.moments(factor, n), int(t)
            while exponent:
                if exponent % 2:
                    product = convolve.free_product_moments(product, square)
                exponent //= 2
                square = convolve.free_product_moments(square, square) if exponent else square
        return product

    def _is_centred(self, relation: Relation, n: int) -> bool:
        return bool(self._mean(relation, n) == 0)

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


def _needed(quantity: Quantity, relation: Relation) -> Quantity:
    """What a node needs to know of its children."""
    if isinstance(relation, nodes.Boolean):
        return "boolean_cumulants"
    cumulants = isinstance(relation, nodes.Additive) or (
        isinstance(relation, nodes.Affine) and quantity == "free_cumulants"
    )
    return "free_cumulants" if cumulants else "moments"


def _states_cumulants(relation: Relation) -> bool:
    if isinstance(relation, RTransformLeaf):
        return not hasattr(relation, "known_moments")
    return isinstance(relation, (nodes.Additive, nodes.CompoundPoisson))


def _is_natural(t: Scalar) -> bool:
    return not is_symbolic(t) and t >= 1 and t == int(t)


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
    factors = [scalar_power(base, k * t) for base, t in zip(bases, powers, strict=True)]
    rounded = any(isinstance(factor, float) for factor in factors)
    return math.prod(map(from_native, factors) if rounded else factors)
