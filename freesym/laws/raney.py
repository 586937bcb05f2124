"""The Raney laws."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np

from freesym.errors import InvalidLawError
from freesym.laws.leaf import LeafLaw
from freesym.parameters import (
    AT_LEAST_ONE,
    POSITIVE,
    Number,
    as_number,
    exact_quotient,
    is_expression,
    parameter,
)
from freesym.relations.functions import exp, log, log_lower
from freesym.relations.leaf import STransformLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.relations.state import Check, State

_NODES, _WEIGHTS = (column.tolist() for column in np.polynomial.legendre.leggauss(16))


_LARGEST = 64
#: The largest p: beyond, nearly all of the law underflows.
_MOST = 1_000_000


def _geometric(q: Any, n: int) -> Any:
    """``1 + q + ... + q^(n-1)``."""
    total: Any = 1
    for _ in range(n - 1):
        total = 1 + q * total
    return total


@dataclass(frozen=True, repr=False)
class Raney(STransformLeaf, LeafLaw):
    """The laws whose moments are the Raney numbers ``r/(n p + r) C(n p + r, n)``.

    They contain the Fuss-Catalan laws (``r = 1``) and live on ``[0, p^p/(p - 1)^(p - 1)]``.

    Parameters
    ----------
    p : number, at least 1
    r : positive number, at most ``p``

    Notes
    -----
    With ``s = (1 + psi)^(1/r)`` the law is the curve ``w = s^p/(s - 1)``; the physical sheet
    is ``-pi/p < arg s < 0`` [1]_.

    References
    ----------
    .. [1] W. Mlotkowski, "Fuss-Catalan numbers in noncommutative probability", Doc. Math. 15
       (2010) 939; P. J. Forrester and D.-Z. Liu, "Raney distributions and random matrix
       theory", J. Stat. Phys. 158 (2015) 1051.

    Examples
    --------
    >>> Raney(3, 2).moments(4)
    [2, 7, 30, 143]
    """

    p: Number = parameter(AT_LEAST_ONE)
    r: Number = parameter(POSITIVE)

    def _validate(self) -> None:
        excess = self.r - self.p
        if not (is_expression(excess) and excess.free_symbols) and excess > 0:
            raise InvalidLawError(f"Raney: r = {self.r} must be at most p = {self.p}")
        if not (is_expression(self.p) and self.p.free_symbols) and self.p > _MOST:
            raise InvalidLawError(
                f"Raney: p = {self.p} is above {_MOST}, where all but 1e-3 of the law lies below "
                "the smallest number of double precision"
            )

    def relation(self) -> Relation:
        """The law itself, or the constant 1 for ``p = r = 1``."""
        return Constant(1) if self.p == self.r == 1 else self

    @property
    def _ratio(self) -> Number:
        return exact_quotient(self.p, self.r)

    @cached_property
    def _fraction(self) -> Fraction | None:
        """``r`` as a fraction of small numbers, if it is one."""
        if is_expression(self.r) and not self.r.is_Rational:
            return None
        exact = Fraction(str(self.r)) if is_expression(self.r) else Fraction(self.r)
        return exact if max(exact.numerator, exact.denominator) <= _LARGEST else None

    def _quotient(self, m: Any) -> Any:
        """``(s - 1)/psi``; for ``r = a/b`` by sums of powers of ``(1 + psi)^(1/a)``.

        With ``q`` that root, ``s - 1 = q^b - 1`` and ``psi = q^a - 1``: the common factor
        ``q - 1``, which cancels where ``psi`` is small, is gone.
        """
        if self._fraction is None:
            return (self._s(m) - 1) / m
        q = (1 + m) ** Fraction(1, self._fraction.numerator)
        top, bottom = _geometric(q, self._fraction.denominator), self._fraction.numerator
        return top / _geometric(q, bottom)

    def _log_quotient(self, m: Any) -> Any:
        if self._fraction is None:
            return log_lower(self._s(m) - 1) - log_lower(m)
        return log(self._quotient(m))

    def _s(self, m: Any) -> Any:
        return 1 + m if self.r == 1 else (1 + m) ** exact_quotient(1, self.r)

    def s_transform(self, m: Any) -> Any:
        """``S = (s - 1) s^(r - p)/psi``."""
        if self.r == 1:
            return (1 + m) ** (1 - self.p)
        return (1 + m) ** (1 - self._ratio) * self._quotient(m)

    def log_s(self, m: Any) -> Any:
        """The logarithm of every factor stays in a half-plane."""
        first = (1 - self._ratio) * log_lower(1 + m)
        return first if self.r == 1 else first + self._log_quotient(m)

    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0."""
        first = self._ratio * m + (1 + m) * (1 - self._ratio) * log_lower(1 + m)
        if self.r == 1:
            return first - m
        return first - self._area(m) + m * self._log_quotient(m)

    def _area(self, m: Any) -> Any:
        """The integral of ``(t^r - 1)/(t - 1)`` from 1 to ``s``: a polynomial for whole ``r``.

        Otherwise it is taken along ``t = e^x``.
        """
        if self._fraction is not None and self._fraction.denominator == 1:
            s, whole = self._s(m), self._fraction.numerator
            terms = [_geometric(s, k) * Fraction(1, k) for k in range(1, whole + 1)]
            return m * self._quotient(m) * reduce(add, terms)
        r, end = float(self.r), log_lower(1 + m) * (1 / float(self.r))
        total: Any = 0.0
        for left, right in ((0.0, 0.25), (0.25, 1.0)):
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                x = end * (0.5 * (left + right) + 0.5 * (right - left) * node)
                term = (exp(r * x) - 1) / (1 - exp(-x))
                total = total + 0.5 * (right - left) * weight * term
        return total * end

    def state(self, s: Any) -> State:
        """The state at ``psi``; the sheet also asks for ``-pi < p arg s``."""
        state = super().state(s)
        sheet = Check("principal", -(self._ratio * log_lower(1 + s)), state.w)
        return dataclasses.replace(state, checks=lambda: (*state.checks(), sheet))

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        p = float(self.p)
        return 0.0, math.exp(p * math.log(p) - (p - 1) * math.log(p - 1)) if p > 1 else 1.0

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The hull."""
        return (self.hull(),)

    def known_moments(self, n: int) -> list[Number]:
        """The Raney numbers."""
        return [self._moment(k) for k in range(1, n + 1)]

    def _moment(self, n: int) -> Number:
        product = self.r
        for j in range(1, n):
            product = product * (n * self.p + self.r - j)
        return as_number(product * Fraction(1, math.factorial(n)))
