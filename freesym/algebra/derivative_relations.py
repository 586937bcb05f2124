"""Linear relations between the derivatives of an algebraic function, modulo primes.

In the basis ``1, y, ..., y^(d-1)`` of the field of ``P(x, y) = 0`` differentiation is
``v -> v' + B v/D`` with polynomials ``B`` and ``D``, so that the ``i``-th derivative of ``y`` is
``U_i/D^i`` with ``U_(i+1) = D U_i' - i D' U_i + B U_i``.  The relation between these vectors has
short coefficients, while exact elimination passes through long ones: it is found modulo primes,
lifted by Chinese remainders and rational reconstruction, and verified exactly.

References
----------
* J. von zur Gathen and J. Gerhard, *Modern Computer Algebra*, 2013, chapter 5.
* E. H. Bareiss, *Sylvester's identity and multistep integer-preserving Gaussian elimination*,
  Math. Comp. 22, 1968.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from typing import Any

import flint

fmpz_poly, nmod_poly = flint.fmpz_poly, flint.nmod_poly
#: A polynomial of one variable, over the integers or modulo a prime.
Row = list[Any]
Matrix = list[Row]

_LARGEST_PRIME = 2**62
#: From the first of so many primes on the relation is reconstructed and verified.
_PRIMES = (1, 2, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141, 211, 316, 474, 711)


def derivative_relation(rows: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return ``c, [a_0, ..., a_k]`` with ``sum_i a_i y^(i) = c`` for the zeros ``y`` of ``P``.

    Parameters
    ----------
    rows : sequence of fmpz_poly
        The coefficients of ``P(x, y)`` in powers of ``y``, at least three; ``P`` is irreducible.

    Returns
    -------
    pair
        Polynomials in ``x`` with integer coefficients, without common factor, for the least
        ``k``.

    Examples
    --------
    Catalan numbers, ``x y^2 - y + 1 = 0``; the sign is arbitrary:

    >>> derivative_relation([fmpz_poly([1]), fmpz_poly([-1]), fmpz_poly([0, 1])])
    ((-1), [2*x + (-1), 4*x^2 + (-1)*x])
    """
    connection = _Connection(list(rows))
    vectors = connection.derivatives()
    order = _order([vector[1:] for vector in vectors])
    vectors = vectors[: order + 1]
    residues = _Residues()
    primes = _primes()
    for total in _PRIMES:
        while residues.number < total:
            prime = next(primes)
            found = _modulo(vectors, connection.denominator, prime)
            if found is not None:
                residues.add(found, prime)
        lifted = residues.lifted()
        if lifted is not None and _holds(lifted, vectors, connection.denominator):
            constant, *coefficients = lifted
            return constant, coefficients
    raise AssertionError("the relation between derivatives is longer than any predicted")


class _Connection:
    """How the basis ``1, y, ..., y^(d-1)`` is differentiated: by ``B/D``."""

    def __init__(self, rows: Row) -> None:
        self._rows = rows
        self.size = len(rows) - 1
        slope, bottom = self._slope()
        # y^j has the derivative j y^(j-1) y'
        columns = [slope]
        for _ in range(self.size - 2):
            columns = [[rows[-1] * c for c in column] for column in columns]
            columns.append(self._times_y([c // rows[-1] for c in columns[-1]]))
            bottom = bottom * rows[-1]
        shared = _common([bottom, *chain.from_iterable(columns)])
        self.denominator = bottom // shared
        self._columns = [[j * (c // shared) for c in v] for j, v in enumerate(columns, 1)]

    def _times_y(self, vector: Row) -> Row:
        """``y v`` times the leading coefficient of the polynomial."""
        *low, leading = self._rows
        top = vector[-1]
        shifted = [fmpz_poly([0]), *vector[:-1]]
        return [leading * c - top * p for c, p in zip(shifted, low, strict=True)]

    def _slope(self) -> tuple[Row, Any]:
        """``y' = -P_x/P_y`` as a vector and its denominator."""
        d, leading = self.size, self._rows[-1]
        columns = [[j * row for j, row in enumerate(self._rows)][1:]]
        for _ in range(d - 1):
            columns.append(self._times_y(columns[-1]))
        target = [fmpz_poly([-1]), *[fmpz_poly([0])] * (d - 1)]
        found = _null_vector([list(row) for row in zip(*columns, target, strict=True)])
        assert found is not None, "the polynomial has a double zero for every x"
        *inverse, bottom = found
        # P_y sum_j inverse_j (leading y)^j = bottom; times -P_x by Horner's rule
        total: Row = [fmpz_poly([0])] * d
        x_slope = [-row.derivative() for row in self._rows]
        moved = self._reduced(x_slope)
        for value in inverse:
            total = [t + value * m for t, m in zip(total, moved, strict=True)]
            moved = self._times_y(moved)
        return total, bottom * leading

    def _reduced(self, row: Row) -> Row:
        """A polynomial of degree ``d`` modulo ``P``, times the leading coefficient."""
        *low, leading = self._rows
        return [leading * c - row[-1] * p for c, p in zip(row, low, strict=False)]

    def derivatives(self) -> Matrix:
        """``U_0, U_1, ...``, as many as are dependent for sure."""
        zero, one = fmpz_poly([0]), fmpz_poly([1])
        bottom, slope = self.denominator, self.denominator.derivative()
        vector = [zero, one, *[zero] * (self.size - 2)]
        found = [vector]
        for i in range(self.size - 1):
            moved = [bottom * c.derivative() - i * slope * c for c in vector]
            for value, column in zip(vector[1:], self._columns, strict=True):
                moved = [m + value * c for m, c in zip(moved, column, strict=True)]
            vector = moved
            found.append(vector)
        return found


def _common(values: Sequence[Any]) -> Any:
    """The greatest common divisor."""
    return reduce(lambda a, b: a.gcd(b), sorted((v for v in values if v), key=len))


def _null_vector(matrix: Matrix) -> Row | None:
    """The combination of columns that is 0, the last of them dependent; None if others are.

    By fraction-free elimination, after which every pivot is the same determinant.
    """
    rows = [list(row) for row in matrix]
    unknowns = len(rows[0]) - 1
    previous = None
    for k in range(unknowns):
        candidates = [i for i in range(k, len(rows)) if rows[i][k]]
        if not candidates:
            return None
        best = min(candidates, key=lambda i: rows[i][k].degree())
        rows[k], rows[best] = rows[best], rows[k]
        pivot_row, pivot = rows[k], rows[k][k]
        for i, row in enumerate(rows):
            if i != k:
                factor = row[k]
                row[k + 1 :] = [
                    pivot * a - factor * b
                    for a, b in zip(row[k + 1 :], pivot_row[k + 1 :], strict=True)
                ]
                if previous is not None:
                    row[k + 1 :] = [value // previous for value in row[k + 1 :]]
        previous = pivot
    assert previous is not None
    return [-row[-1] for row in rows[:unknowns]] + [previous]


def _primes() -> Iterator[int]:
    """Primes of one word, descending."""
    return (n for n in range(_LARGEST_PRIME - 1, 2, -2) if flint.fmpz(n).is_prime())


def _order(vectors: Matrix) -> int:
    """The least ``k`` for which the first ``k + 1`` vectors are dependent, at a random point.

    They may be dependent at the point alone; then no relation can be verified.
    """
    prime = next(_primes())
    point = 2008_0649_1729
    columns = [[int(c(point)) % prime for c in vector] for vector in vectors]
    for k in range(1, len(columns) + 1):
        if flint.nmod_mat(k, len(columns[0]), list(chain(*columns[:k])), prime).rank() < k:
            return k - 1
    raise AssertionError("more vectors than the dimension are dependent")


def _modulo(vectors: Matrix, bottom: Any, prime: int) -> Row | None:
    """The relation modulo a prime, ``[c, a_0, ..., a_k]``; None if the prime is unlucky.

    The leading coefficient of ``a_k`` is 1.
    """
    reduced = [[_residue(c, prime) for c in vector] for vector in vectors]
    d = _residue(bottom, prime)
    null = _null_vector([list(row) for row in zip(*(v[1:] for v in reduced), strict=True)])
    if null is None or d.degree() < bottom.degree():
        return None
    shared = _common(null)
    null = [value // shared for value in null]
    constant = nmod_poly([0], prime)
    for value, vector in zip(null, reduced, strict=True):
        constant = constant + value * vector[0]
    found = [constant]
    power = nmod_poly([1], prime)
    for value in null:
        found.append(value * power)
        power = power * d
    shared = _common(found)
    found = [value // shared for value in found]
    scale = 1 / found[-1].leading_coefficient()
    return [value * scale for value in found]


def _residue(polynomial: Any, prime: int) -> Any:
    return nmod_poly([int(c) % prime for c in polynomial.coeffs()], prime)


class _Residues:
    """Relations modulo primes, put together by Chinese remainders."""

    def __init__(self) -> None:
        self.number = 0
        self._lengths: tuple[int, ...] = ()
        self._modulus = 1
        self._values: list[int] = []

    def add(self, found: Row, prime: int) -> None:
        """One more prime; those with smaller degrees are unlucky."""
        lengths = tuple(len(value) for value in found)
        values = [int(c) for value in found for c in value.coeffs()]
        if sum(lengths) > sum(self._lengths):
            self._lengths, self._modulus, self.number = lengths, prime, 1
            self._values = values
        elif lengths == self._lengths:
            factor = self._modulus * pow(self._modulus, -1, prime)
            self._modulus *= prime
            self._values = [
                (a + factor * (b - a)) % self._modulus
                for a, b in zip(self._values, values, strict=True)
            ]
            self.number += 1

    def lifted(self) -> list[Any] | None:
        """Polynomials with coprime integers for coefficients; None if there are too few primes."""
        bound = math.isqrt(self._modulus // 2)
        denominator = 1
        integers: list[int] = []
        for value in self._values:
            scaled = _centred(value * denominator, self._modulus)
            if abs(scaled) > bound:
                found = _fraction(value * denominator % self._modulus, self._modulus, bound)
                if found is None or found[1] * denominator > bound:
                    return None
                scaled = found[0]
                integers = [n * found[1] for n in integers]
                denominator *= found[1]
            integers.append(scaled)
        shared = math.gcd(*integers)
        row = iter(n // shared for n in integers)
        return [fmpz_poly([next(row) for _ in range(length)]) for length in self._lengths]


def _centred(value: int, modulus: int) -> int:
    value %= modulus
    return value - modulus if 2 * value > modulus else value


def _fraction(value: int, modulus: int, bound: int) -> tuple[int, int] | None:
    """Numerator and denominator below a bound, by the extended Euclidean algorithm."""
    (r, s), (a, b) = (modulus, 0), (value, 1)
    while a > bound:
        q = r // a
        (r, s), (a, b) = (a, b), (r - q * a, s - q * b)
    if abs(b) > bound or math.gcd(a, b) != 1:
        return None
    return (a, b) if b > 0 else (-a, -b)


def _holds(relation: Row, vectors: Matrix, bottom: Any) -> bool:
    """Whether ``sum_i a_i D^(k-i) U_i = c D^k`` exactly."""
    constant, *coefficients = relation
    total: Row = [fmpz_poly([0])] * len(vectors[0])
    # by Horner's rule, from the lowest derivative
    power = bottom**0
    for value, vector in zip(reversed(coefficients), reversed(vectors), strict=True):
        total = [t + power * value * u for t, u in zip(total, vector, strict=True)]
        power = power * bottom
    return total[0] * bottom == constant * power and not any(total[1:])
