"""Power series with coefficients in a simple algebraic extension, and zeros of polynomials there.

The field is ``K[t]/(t^d - r(t))`` with rational numbers or functions of parameters for ``K``; a
series is a list of ``d`` rows, those of the powers of ``t``, each with the coefficients of
``1, w, w^2, ...``.

References
----------
* H. T. Kung, J. F. Traub, *All algebraic functions can be computed fast*, J. ACM 25 (1978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import flint

from freesym.algebra.coefficient_lists import multiply
from freesym.algebra.coefficients import Coefficients, Scalar
from freesym.errors import UnsupportedOperationError

Rows: TypeAlias = list[list[Scalar]]
"""A series, or with rows of one coefficient a number of the extension."""

_ZERO = flint.fmpq(0)


@dataclass(frozen=True, eq=False)
class Extension:
    """``K[t]/(t^d - r(t))``.

    Attributes
    ----------
    power : tuple of scalars
        The ``d`` coefficients of ``r``, constant term first, as kernels compute with them.
    """

    power: tuple[Scalar, ...]

    @property
    def degree(self) -> int:
        """The dimension over ``K``."""
        return len(self.power)

    def embedded(self, row: Coefficients) -> Rows:
        """A series over ``K`` in the extension."""
        return [list(row), *([_ZERO] * len(row) for _ in self.power[1:])]

    def product(self, left: Rows, right: Rows) -> Rows:
        """The Cauchy product of two series of equal lengths."""
        if self.degree > 2 and _is_rational(*left, *right, self.power):
            return self._rational_product(left, right)
        total = [[_ZERO] * len(left[0]) for _ in range(2 * self.degree - 1)]
        for i, a in enumerate(left):
            for j, b in enumerate(right):
                if _involves(a) and _involves(b):
                    total[i + j] = _sum(total[i + j], multiply(a, b))
        while len(total) > self.degree:
            row = total.pop()
            for k, c in enumerate(self.power, len(total) - self.degree):
                total[k] = _sum(total[k], [c * value for value in row])
        return total

    def _rational_product(self, left: Rows, right: Rows) -> Rows:
        """One product of polynomials in one variable, by Kronecker's substitution."""
        size, step = len(left[0]), 2 * len(left[0]) - 1
        pad = [_ZERO] * (size - 1)
        packed = [
            flint.fmpq_poly([v for row in rows for v in (*row, *pad)]) for rows in (left, right)
        ]
        values = (packed[0] * packed[1]).coeffs()
        modulus = flint.fmpq_poly([*(-c for c in self.power), 1])
        columns = []
        for k in range(size):
            column = (flint.fmpq_poly(values[k::step]) % modulus).coeffs()
            columns.append([*column, *[_ZERO] * (self.degree - len(column))])
        return [list(row) for row in zip(*columns, strict=True)]

    def reciprocal(self, number: Rows) -> Rows:
        """The reciprocal of a number.

        Raises
        ------
        ZeroDivisionError
            If the number is 0.
        UnsupportedOperationError
            If the field is of degree above 2 over functions of parameters.
        """
        values = [row[0] for row in number]
        if self.degree == 1:
            return [[1 / values[0]]]
        if self.degree == 2:
            return self._by_conjugate(*values)
        columns, power = [], number
        for k in range(self.degree):
            power = number if k == 0 else self._times_generator(power)
            columns.append([row[0] for row in power])
        if any(type(c) is not flint.fmpq for column in columns for c in column):
            raise UnsupportedOperationError(
                f"there is no division in an extension of degree {self.degree} with parameters"
            )
        matrix = flint.fmpq_mat(columns).transpose()
        one = flint.fmpq_mat(self.degree, 1, [1] + [0] * (self.degree - 1))
        return [[matrix_row[0]] for matrix_row in matrix.solve(one).tolist()]

    def _by_conjugate(self, a: Scalar, b: Scalar) -> Rows:
        """The conjugate of ``a + b t`` is ``a + b s - b t`` with ``s`` the sum of both ``t``."""
        r, s = self.power
        norm = a * a + a * b * s - b * b * r
        return [[(a + b * s) / norm], [-b / norm]]

    def _times_generator(self, number: Rows) -> Rows:
        *rest, (top,) = number
        shifted = [_ZERO, *(row[0] for row in rest)]
        return [[value + top * c] for value, c in zip(shifted, self.power, strict=True)]

    def implicit_series(
        self, polynomial: Sequence[Coefficients], start: Sequence[Scalar], n: int
    ) -> Rows:
        """The series ``g(w) = start + ...`` that is a zero of a polynomial, by Newton's iteration.

        Parameters
        ----------
        polynomial : sequence of sequences
            For every power of ``g`` the coefficients of ``1, w, w^2, ...``.
        start : sequence
            A simple zero at ``w = 0``, by its coefficients of the powers of ``t``.
        n : int
            How many coefficients of ``g``.

        Raises
        ------
        ZeroDivisionError
            If the zero is not simple.

        Examples
        --------
        >>> two, one, zero = map(flint.fmpq, (2, 1, 0))
        >>> field = Extension((two, zero))
        >>> field.implicit_series([[-two, -one], [zero], [one]], [zero, one], 3)
        [[0, 0, 0], [1, 1/4, -1/32]]
        """
        g: Rows = [[value] for value in start]
        slope = [[k * c for c in row] for k, row in enumerate(polynomial)][1:]
        h = self.reciprocal(self._value(slope, g))
        scale = _scale(h)
        polynomial, slope = (
            [[c * scale**k for k, c in enumerate(row)] for row in rows]
            for rows in (polynomial, slope)
        )
        known = 1
        while known < n:
            if known > 1:
                # the value is 0 up to here, so that its factor is needed up to here only
                h = _extended(h, known)
                error = self.product(h, self.product(h, self._value(slope, g)))
                h = self._difference(_sum_of(h, h), error)
            size = min(2 * known, n)
            g = _extended(g, size)
            value = self._value(polynomial, g)
            rest = [row[known:] for row in value]
            factor = [row[: size - known] for row in h]
            step = [[*[_ZERO] * known, *row] for row in self.product(rest, factor)]
            g = self._difference(g, step)
            known = size
        return [[value / scale**k for k, value in enumerate(row)] for row in g]

    def _value(self, polynomial: Sequence[Coefficients], g: Rows) -> Rows:
        """Horner's scheme."""
        size = len(g[0])
        *lower, highest = ([*row[:size], *[_ZERO] * (size - len(row))] for row in polynomial)
        value = self.embedded(highest)
        for row in reversed(lower):
            value = _sum_of(self.product(value, g), self.embedded(row))
        return value

    def _difference(self, left: Rows, right: Rows) -> Rows:
        return _sum_of(left, [[-value for value in row] for row in right])


def _scale(reciprocal: Rows) -> int:
    """What ``w`` is divided by so that coefficients of series have short denominators.

    That of ``w^k`` has the power ``2 k - 1`` of the denominator of the reciprocal slope.
    """
    if not _is_rational(*reciprocal):
        return 1
    return math.lcm(*(int(value.q) for row in reciprocal for value in row)) ** 2


def _is_rational(*rows: Coefficients) -> bool:
    return all(type(value) is flint.fmpq for row in rows for value in row)


def _involves(row: Coefficients) -> bool:
    return any(value != 0 for value in row)


def _sum(left: Coefficients, right: Coefficients) -> list[Scalar]:
    return [a + b for a, b in zip(left, right, strict=True)]


def _sum_of(left: Rows, right: Rows) -> Rows:
    return [_sum(a, b) for a, b in zip(left, right, strict=True)]


def _extended(series: Rows, size: int) -> Rows:
    return [[*row, *[_ZERO] * (size - len(row))] for row in series]
