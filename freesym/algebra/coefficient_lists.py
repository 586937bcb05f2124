"""Kernels on coefficient lists ``[a_0, a_1, ...]``, truncated at their length.

They use ``+ - * /`` only, so the coefficients may come from any field; see
:mod:`freesym.algebra.coefficients` for the way into one.  Shared by series and moment sequences.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence

import flint

from freesym.algebra.coefficients import Coefficients, Scalar, one_like

# One multiplication in C, with one common denominator instead of a gcd for every product.
_POLYNOMIALS = ((flint.fmpq, flint.fmpq_poly), (flint.arb, flint.arb_poly))


def dot(left: Coefficients, right: Iterable[Scalar]) -> Scalar:
    """Return the sum of products of two equally long non-empty sequences."""
    return sum(map(operator.mul, left, right))


def multiply(left: Coefficients, right: Coefficients) -> list[Scalar]:
    """Return the Cauchy product, as long as the shorter factor."""
    size = min(len(left), len(right))
    left, right = left[:size], right[:size]
    for scalar, polynomial in _POLYNOMIALS:
        if all(type(value) is scalar for value in (*left, *right)):
            product = polynomial(list(left)) * polynomial(list(right))
            return [product[k] for k in range(size)]
    return [dot(left[: n + 1], right[n::-1]) for n in range(size)]


def reciprocal(series: Coefficients) -> list[Scalar]:
    """Return the coefficients of ``1/a(z)``, ``a_0 != 0``."""
    leading = 1 / series[0]
    result = [leading]
    for n in range(1, len(series)):
        result.append(-dot(series[1 : n + 1], result[::-1]) * leading)
    return result


def binomial_power(series: Coefficients, exponent: Scalar) -> list[Scalar]:
    """Return ``a(z)**exponent`` for ``a_0 = 1``, by the recurrence of ``a b' = p a' b``."""
    result = [one_like(series[0])]
    weighted = [k * value for k, value in enumerate(series)]
    for n in range(1, len(series)):
        backwards = result[::-1]
        slope, value = dot(weighted[1 : n + 1], backwards), dot(series[1 : n + 1], backwards)
        result.append(((exponent + 1) * slope - n * value) / n)
    return result


def logarithm(series: Coefficients) -> list[Scalar]:
    """Return ``log a(z)`` for ``a_0 = 1``."""
    result = [series[0] * 0]
    for n in range(1, len(series)):
        weighted = [k * value for k, value in enumerate(result)]
        result.append(series[n] - dot(weighted, series[n:0:-1]) / n)
    return result


def exponential(series: Coefficients) -> list[Scalar]:
    """Return ``exp a(z)`` for ``a_0 = 0``."""
    result = [one_like(series[0])]
    weighted = [k * value for k, value in enumerate(series)]
    for n in range(1, len(series)):
        result.append(dot(weighted[1 : n + 1], result[::-1]) / n)
    return result


def compose(outer: Coefficients, inner: Coefficients) -> list[Scalar]:
    """Return ``outer(inner(z))`` for ``inner_0 = 0``, as long as ``inner`` (Horner's rule)."""
    zero = inner[0] * 0
    result = [outer[-1] + zero] + [zero] * (len(inner) - 1)
    for value in outer[-2::-1]:
        result = multiply(result, inner)
        result[0] = result[0] + value
    return result


def lagrange_inversion(growth: Coefficients, slope: Coefficients) -> list[Scalar]:
    r"""Return the coefficients 1, ..., N of ``H(y(x))`` where ``y = x growth(y)``.

    ``[x^n] H(y(x)) = (1/n) [y^(n-1)] H'(y) growth(y)^n``; ``slope`` holds ``H'``.
    """
    result: list[Scalar] = []
    power: Coefficients = growth
    for n in range(1, len(growth) + 1):
        result.append(dot(slope[:n], power[n - 1 :: -1]) / n)
        power = multiply(power, growth) if n < len(growth) else power
    return result


def reversion(series: Coefficients) -> list[Scalar]:
    """Return ``b_1, b_2, ...`` of the inverse of ``a_1 z + a_2 z^2 + ...``, given ``a_1, ...``."""
    return lagrange_inversion(reciprocal(series), identity_slope(series))


def identity_slope(series: Coefficients) -> list[Scalar]:
    """Return the derivative of the identity, ``[1, 0, 0, ...]``, in the field of ``series``."""
    zero = series[0] * 0
    return [zero + 1] + [zero] * (len(series) - 1)


def unital(row: Coefficients) -> list[Scalar]:
    """Return ``[1, row_1, ..., row_(N-1)]``."""
    return [one_like(row[0]), *row[:-1]]


def slope_of(row: Coefficients) -> list[Scalar]:
    """Return the derivative of ``row_1 z + row_2 z^2 + ...``."""
    return [n * value for n, value in enumerate(row, 1)]


def powers_of(base: Scalar, count: int) -> list[Scalar]:
    """Return ``[1, base, ..., base^(count-1)]``; some fields do not define ``0**0``."""
    result = [one_like(base)]
    for _ in range(count - 1):
        result.append(result[-1] * base)
    return result[:count]


def combination(rows: Sequence[Coefficients], weights: Coefficients | None) -> list[Scalar]:
    """Return the linear combination of the rows, as long as the shortest."""
    columns = list(zip(*rows, strict=False))
    if weights is None:
        return [sum(column) for column in columns]
    if len(weights) != len(rows):
        raise ValueError(f"{len(rows)} sequences need as many weights, got {len(weights)}")
    return [dot(weights, column) for column in columns]


def binomial_convolution(first: Coefficients, second: Coefficients) -> list[Scalar]:
    """Return the terms 1, 2, ... of the binomial convolution of two sequences starting at 0."""
    return [
        sum(math.comb(n, k) * first[k] * second[n - k] for k in range(n + 1))
        for n in range(1, len(first))
    ]
