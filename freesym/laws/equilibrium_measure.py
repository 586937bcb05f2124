"""Equilibrium measures of monomial potentials (Freud weights)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from freesym.algebra.coefficients import scalar_power
from freesym.errors import InvalidLawError
from freesym.laws.leaf import LeafLaw
from freesym.parameters import (
    AT_LEAST_ONE,
    POSITIVE,
    Number,
    as_number,
    is_expression,
    parameter,
    short,
)
from freesym.relations.functions import log, log_lower, parameter_root, sqrt
from freesym.relations.leaf import CauchyLeaf

_HIGHEST = 256


@dataclass(frozen=True, repr=False, init=False)
class EquilibriumMeasure(CauchyLeaf, LeafLaw):
    """The limit spectrum of invariant ensembles with potential ``V(x) = t x^(2M)``.

    Hermitian matrices with density proportional to ``exp(-n tr V)`` have this limit; it
    minimises ``int V dmu - int int log|x - y| dmu dmu``.  ``M = 1``, ``t = 1/2`` is the
    semicircle law of variance 1.

    Parameters
    ----------
    t : positive number
        The strength of the potential.
    M : positive integer
        Half its degree.

    Notes
    -----
    The support is ``[-a, a]`` with ``M t a^(2M) prod_{k=1}^M (2k-1)/(2k) = 1``, and
    ``G(z) = V'(z)/2 - h(z) sqrt(z - a) sqrt(z + a)`` [1]_.  In ``q`` with
    ``z = a (q + 1/q)/2``, ``|q| < 1``, this is the polynomial
    ``2 M t (a/2)^(2M-1) sum_{j<M} C(2M-1, j) q^(2M-1-2j)``, which does not cancel.

    References
    ----------
    .. [1] P. Deift, "Orthogonal polynomials and random matrices: a Riemann-Hilbert approach",
       Courant Lecture Notes 3 (1999), section 6.7; E. B. Saff and V. Totik, "Logarithmic
       potentials with external fields", Springer (1997), section IV.5.

    Examples
    --------
    >>> EquilibriumMeasure(0.5, 1).continuous_support()
    ((-2.0, 2.0),)
    """

    t: Number = parameter(POSITIVE)
    _degree: Number = parameter(AT_LEAST_ONE, name="M")

    def __init__(self, t: Number, M: Number) -> None:
        # M() is the moment transform of every law, so the field has another name
        object.__setattr__(self, "t", t)
        object.__setattr__(self, "_degree", M)
        self.__post_init__()

    def _validate(self) -> None:
        if is_expression(self._degree) or int(self._degree) != self._degree:
            raise InvalidLawError(f"EquilibriumMeasure: M = {self._degree} must be an integer")
        if self._degree > _HIGHEST:
            raise InvalidLawError(
                f"EquilibriumMeasure: M = {short(self._degree)} is above {_HIGHEST}, "
                "beyond it the law is nearly the arcsine law on [-1, 1]"
            )
        object.__setattr__(self, "_degree", int(self._degree))

    @cached_property
    def _strength(self) -> Number:
        """``a^(-2M)``."""
        m = self._degree
        return Fraction(math.comb(2 * m, m) * m, 4**m) * self.t

    @cached_property
    def _square(self) -> Number:
        """``a^2``."""
        return scalar_power(1 / self._strength, Fraction(1, self._degree))

    @cached_property
    def radius(self) -> Number:
        """The end point ``a`` of the support."""
        return sqrt(self._square)

    def _coefficients(self) -> list[Fraction]:
        """``c_k`` in ``(a/2) G = sum c_k q^k`` for odd ``k`` up to ``2M - 1``; ``c_1 = 1``."""
        m = self._degree
        first = math.comb(2 * m - 1, m - 1)
        return [Fraction(math.comb(2 * m - 1, m - 1 - j), first) for j in range(m)]

    def _radius(self, w: Any) -> Any:
        """The end point, in the number system of ``w``."""
        return parameter_root(w, 1 / self._strength, 2 * self._degree, self.radius)

    def _q(self, w: Any) -> Any:
        a = self._radius(w)
        return a / (w + sqrt(w - a) * sqrt(w + a))

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Polynomials in ``q``."""
        q = self._q(w)
        square, c = q * q, self._coefficients()
        series = _horner(c, square)
        # psi = (q + 1/q) q series - 1, and the constant term of the series is 1
        psi = square * (series + _horner(c[1:], square)) if len(c) > 1 else square
        return (2 / self._radius(w)) * (q * series), psi

    def log_potential_at(self, w: Any) -> Any:
        """The integral of ``G dw`` along ``q``, term by term."""
        q, c = self._q(w), self._coefficients()
        terms = [c[j] / (2 * j + 2) for j in range(len(c))]
        for j in range(1, len(c)):
            terms[j - 1] -= c[j] / (2 * j)
        square = q * q
        return log(self._radius(w) / 2) - log_lower(q) + square * _horner(terms, square)

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        a = float(self.radius)
        return -a, a

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The hull."""
        return (self.hull(),)

    def is_symmetric(self) -> bool:
        """Always."""
        return True

    def known_moments(self, n: int) -> list[Number]:
        """``E X^(2k) = a^(2k) C(2k, k)/4^k M/(M + k)``: a mixture of arcsine laws."""
        return [self._moment(k // 2) if k % 2 == 0 else 0 for k in range(1, n + 1)]

    def _moment(self, k: int) -> Number:
        factor = Fraction(math.comb(2 * k, k) * self._degree, 4**k * (self._degree + k))
        return as_number(self._square**k * factor)


def _horner(coefficients: list[Fraction], x: Any) -> Any:
    total: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total
