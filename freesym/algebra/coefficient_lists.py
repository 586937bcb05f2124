"""Kernels on coefficient lists ``[a_0, a_1, ...]``, truncated at their length.

They use ``+ - * /`` only, so the coefficients may come from any field; see
:mod:`freesym.algebra.coefficients` for the way into one.  Shared by series and moment sequences.

Rationals and balls are multiplied as FLINT polynomials and matrices.  Inversion and composition
take of the order of ``sqrt(N)`` products of series and one product of matrices.

References
----------
* F. Johansson, *A fast algorithm for reversion of power series*, Math. Comp. 84, 2015.
* R. Brent and H. T. Kung, *Fast algorithms for manipulating formal power series*, J. ACM 25, 1978.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import flint

from freesym.algebra.coefficients import Coefficients, Scalar, one_like
from freesym.errors import InvalidLawError

# One multiplication in C, with one common denominator instead of a gcd for every product.
_FLINT = (
    (flint.fmpq, flint.fmpq_poly, flint.fmpq_mat),
    (flint.arb, flint.arb_poly, flint.arb_mat),
)


# Denominators: how many coefficients tell their growth, how large a number is factored for it,
# and how large a common factor may remain.
_TRIED, _FACTORED, _SPARE_BITS = 9, 64, 8


def dot(left: Coefficients, right: Iterable[Scalar]) -> Scalar:
    """Return the sum of products of two equally long non-empty sequences."""
    return sum(map(operator.mul, left, right))


class _Lists:
    """Truncated series of any field, as lists."""

    def __init__(self, size: int) -> None:
        self.size = size

    def enter(self, row: Coefficients) -> Any:
        return list(row)

    def leave(self, series: Any) -> list[Scalar]:
        return list(series)

    def product(self, left: Any, right: Any) -> Any:
        return [dot(left[: n + 1], right[n::-1]) for n in range(self.size)]

    def combinations(self, weights: Sequence[Coefficients], rows: Sequence[Any]) -> list[Any]:
        """Return ``sum_i weights[j][i] rows[i]`` for every ``j``."""
        columns = list(zip(*rows, strict=True))
        return [[dot(row, column) for column in columns] for row in weights]

    def antidiagonals(self, small: Sequence[Any], giant: Sequence[Any]) -> list[Scalar]:
        """Return ``[y^(N-1)] small[i-1] giant[j]`` for ``N = i + j len(small)``."""
        return [
            dot(a[: i + j * len(small)], b[i - 1 + j * len(small) :: -1])
            for j, b in enumerate(giant)
            for i, a in enumerate(small, 1)
            if i + j * len(small) <= self.size
        ]


class _Polynomials(_Lists):
    """Truncated series as FLINT polynomials."""

    def __init__(self, size: int, scalar: Any, polynomial: Any, matrix: Any) -> None:
        super().__init__(size)
        self._scalar, self._polynomial, self._matrix = scalar, polynomial, matrix

    def enter(self, row: Coefficients) -> Any:
        return self._polynomial(list(row[: self.size]))

    def leave(self, series: Any) -> list[Scalar]:
        known: list[Scalar] = series.coeffs()
        return known + [self._scalar(0)] * (self.size - len(known))

    def product(self, left: Any, right: Any) -> Any:
        return (left * right).truncate(self.size)

    def combinations(self, weights: Sequence[Coefficients], rows: Sequence[Any]) -> list[Any]:
        table = self._matrix(len(weights), len(rows), [v for row in weights for v in row])
        entries = (table * self._table(list(map(self.leave, rows)))).entries()
        starts = range(0, len(entries), self.size)
        return [self._polynomial(entries[k : k + self.size]) for k in starts]

    def antidiagonals(self, small: Sequence[Any], giant: Sequence[Any]) -> list[Scalar]:
        """One product of matrices, the rows padded so that all entries are due at one index."""
        step, width = len(small), len(small) * len(giant)
        pad = [self._scalar(0)] * width
        left = [([*pad[: step - i], *self.leave(a), *pad])[:width] for i, a in enumerate(small, 1)]
        right = [
            ([*self.leave(b), *pad])[(j + 1) * step - 1 :: -1] + pad[(j + 1) * step :]
            for j, b in enumerate(giant)
        ]
        product = self._table(right) * self._table(left).transpose()
        return list(product.entries()[: self.size])

    def _table(self, rows: Sequence[Coefficients]) -> Any:
        return self._matrix(len(rows), len(rows[0]), [v for row in rows for v in row])


def _ring(size: int, *rows: Coefficients) -> _Lists:
    """Return the fastest arithmetic for series with these coefficients."""
    for kind in _FLINT:
        if all(type(value) is kind[0] for row in rows for value in row):
            return _Polynomials(size, *kind)
    return _Lists(size)


def _is_rational(*rows: Coefficients) -> bool:
    return all(type(value) is flint.fmpq for row in rows for value in row)


def multiply(left: Coefficients, right: Coefficients) -> list[Scalar]:
    """Return the Cauchy product, as long as the shorter factor."""
    size = min(len(left), len(right))
    left, right = left[:size], right[:size]
    ring = _ring(size, left, right)
    return ring.leave(ring.product(ring.enter(left), ring.enter(right)))


def reciprocal(series: Coefficients) -> list[Scalar]:
    """Return the coefficients of ``1/a(z)``, ``a_0 != 0``."""
    if _is_rational(series):
        ring = _Polynomials(len(series), *_FLINT[0])
        return ring.leave(_inverse(ring.enter(series), len(series)))
    leading = 1 / series[0]
    result = [leading]
    for n in range(1, len(series)):
        result.append(-dot(series[1 : n + 1], result[::-1]) * leading)
    return result


def _inverse(series: Any, size: int) -> Any:
    """Newton's iteration for a rational polynomial."""
    result, known = flint.fmpq_poly([1 / series[0]]), 1
    while known < size:
        known = min(2 * known, size)
        excess = (series.truncate(known) * result).truncate(known) - 1
        result -= (excess * result).truncate(known)
    return result


def binomial_power(series: Coefficients, exponent: Scalar) -> list[Scalar]:
    """Return ``a(z)**exponent`` for ``a_0 = 1``, by the recurrence of ``a b' = p a' b``."""
    if exponent == 1:
        return list(series)
    if exponent == -1:
        return reciprocal(series)
    if _is_rational(series, [exponent]):
        ring = _Polynomials(len(series), *_FLINT[0])
        found = _exponential(exponent * _logarithm(ring.enter(series), ring.size), ring.size)
        return ring.leave(found)
    result = [one_like(series[0])]
    weighted = [k * value for k, value in enumerate(series)]
    for n in range(1, len(series)):
        backwards = result[::-1]
        slope, value = dot(weighted[1 : n + 1], backwards), dot(series[1 : n + 1], backwards)
        result.append(((exponent + 1) * slope - n * value) / n)
    return result


def logarithm(series: Coefficients) -> list[Scalar]:
    """Return ``log a(z)`` for ``a_0 = 1``."""
    if _is_rational(series):
        ring = _Polynomials(len(series), *_FLINT[0])
        return ring.leave(_logarithm(ring.enter(series), ring.size))
    result = [series[0] * 0]
    weighted = [result[0]]
    for n in range(1, len(series)):
        result.append(series[n] - dot(weighted, series[n:0:-1]) / n)
        weighted.append(n * result[n])
    return result


def _logarithm(series: Any, size: int) -> Any:
    """``int a'/a`` of a rational polynomial."""
    return (series.derivative() * _inverse(series, size)).truncate(size - 1).integral()


def exponential(series: Coefficients) -> list[Scalar]:
    """Return ``exp a(z)`` for ``a_0 = 0``."""
    if _is_rational(series):
        ring = _Polynomials(len(series), *_FLINT[0])
        return ring.leave(_exponential(ring.enter(series), ring.size))
    result = [one_like(series[0])]
    weighted = [k * value for k, value in enumerate(series)]
    for n in range(1, len(series)):
        result.append(dot(weighted[1 : n + 1], result[::-1]) / n)
    return result


def _exponential(series: Any, size: int) -> Any:
    """Newton's iteration for a rational polynomial."""
    result, known = flint.fmpq_poly([1]), 1
    while known < size:
        known = min(2 * known, size)
        rest = series.truncate(known) - _logarithm(result, known)
        result += (result * rest).truncate(known)
    return result


def compose(outer: Coefficients, inner: Coefficients) -> list[Scalar]:
    """Return ``outer(inner(z))`` for ``inner_0 = 0``, as long as ``inner``.

    Blocks of ``outer`` are combined with the same powers of ``inner``, then joined by Horner's
    rule (Brent & Kung 1978).
    """
    zero = inner[0] * 0
    step = math.isqrt(len(outer) - 1) + 1 if len(outer) > 1 else 1
    padded = [*outer, *[zero] * (-len(outer) % step)]
    blocks = [padded[k : k + step] for k in range(0, len(padded), step)]
    ring = _ring(len(inner), outer, inner)
    base = ring.enter(inner)
    powers = [ring.enter([zero + 1, *[zero] * (len(inner) - 1)]), base]
    while len(powers) <= step:
        powers.append(ring.product(powers[-1], base))
    rows = ring.combinations(blocks, powers[:step])
    result = rows[-1]
    for row in rows[-2::-1]:
        result = _sum(ring.product(result, powers[step]), row)
    return ring.leave(result)


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        return [a + b for a, b in zip(left, right, strict=True)]
    return left + right


def lagrange_inversion(growth: Coefficients, slope: Coefficients) -> list[Scalar]:
    r"""Return the coefficients 1, ..., N of ``H(y(x))`` where ``y = x growth(y)``.

    ``[x^n] H(y(x)) = (1/n) [y^(n-1)] H'(y) growth(y)^n``; ``slope`` holds ``H'``.  The powers
    are products of few (Johansson 2015).
    """
    size = len(growth)
    if not size:
        return []
    slope = [*slope[:size], *[slope[0] * 0] * (size - len(slope))]
    if _is_rational(growth, slope):
        scaled = _over_integers(growth, slope)
        if scaled is not None:
            return scaled
    row = _powers_of_growth(_ring(size, growth, slope), growth, slope)
    return [value / n for n, value in enumerate(row, 1)]


def _powers_of_growth(ring: _Lists, growth: Coefficients, slope: Coefficients) -> list[Scalar]:
    """Return ``[y^(n-1)] slope growth^n`` for ``n = 1, ..., N``."""
    size = len(growth)
    step = math.isqrt(size - 1) + 1
    base, weight = ring.enter(growth), ring.enter(slope)
    powers = _powers(ring, base, step)
    plain = slope[0] == 1 and not any(value != 0 for value in slope[1:])
    small = powers if plain else [ring.product(weight, power) for power in powers]
    unit = growth[0] * 0
    one = ring.enter([unit + 1, *[unit] * (size - 1)])
    giant = [one, *_powers(ring, powers[-1], (size - 1) // step)]
    return ring.antidiagonals(small, giant)


def _powers(ring: _Lists, base: Any, count: int) -> list[Any]:
    """The first powers; squares cost less than other products."""
    found = [base][:count]
    for i in range(2, count + 1):
        half = found[i // 2 - 1]
        found.append(ring.product(found[-1], base) if i % 2 else ring.product(half, half))
    return found


def _over_integers(growth: Coefficients, slope: Coefficients) -> list[Scalar] | None:
    """Lagrange inversion of series that a scaling of the variable makes integral.

    Returns None where there is no such scaling.
    """
    base = _denominator_base(growth, slope)
    first, second = (_integral(row, base) for row in (growth, slope))
    if first is None or second is None:
        return None
    ring = _Polynomials(len(growth), flint.fmpz, flint.fmpz_poly, flint.fmpz_mat)
    row = _powers_of_growth(ring, first[0], second[0])
    result, divisor = [], flint.fmpz(second[1]) * first[1]
    for n, value in enumerate(row, 1):
        result.append(flint.fmpq(value, n * divisor))
        divisor *= base * first[1]
    return result


def _denominator_base(*rows: Coefficients) -> int:
    """Return ``d`` such that ``d^n`` clears the denominators of the first coefficients."""
    base = 1
    for row in rows:
        for n, value in enumerate(row[1:_TRIED], 1):
            rest = int(value.q) // math.gcd(int(value.q), base**n)
            if rest.bit_length() > _FACTORED:
                return base
            for prime, exponent in flint.fmpz(rest).factor() if rest > 1 else []:
                base *= int(prime) ** -(-int(exponent) // n)
    return base


def _integral(row: Coefficients, base: int) -> tuple[list[Any], int] | None:
    """Return ``c base^n row_n`` and the least ``c`` that makes them integers, if it is small."""
    scaled, power = [], flint.fmpz(1)
    common = flint.fmpz(1)
    for value in row:
        scaled.append(value * power)
        power *= base
        common = common.lcm(scaled[-1].q)
        if int(common).bit_length() > _SPARE_BITS:
            return None
    return [(value * common).p for value in scaled], int(common)


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
        raise InvalidLawError(f"{len(rows)} sequences need as many weights, got {len(weights)}")
    return [dot(weights, column) for column in columns]


def binomial_convolution(first: Coefficients, second: Coefficients) -> list[Scalar]:
    """Return the terms 1, 2, ... of the binomial convolution of two sequences starting at 0."""
    if in_flint(first, second):
        return times_factorials(multiply(over_factorials(first), over_factorials(second)))[1:]
    return [
        sum(math.comb(n, k) * first[k] * second[n - k] for k in range(n + 1))
        for n in range(1, len(first))
    ]


def in_flint(*rows: Coefficients) -> bool:
    """Whether the numbers are all rationals, or all balls: large factorials do no harm."""
    return isinstance(_ring(0, *rows), _Polynomials)


def over_factorials(row: Coefficients) -> list[Scalar]:
    """Return ``row_n/n!``."""
    return list(map(operator.truediv, row, _factorials(len(row))))


def times_factorials(row: Coefficients) -> list[Scalar]:
    """Return ``row_n n!``."""
    return list(map(operator.mul, row, _factorials(len(row))))


def _factorials(size: int) -> list[Any]:
    result = [flint.fmpz(1)]
    for k in range(1, size):
        result.append(result[-1] * k)
    return result
