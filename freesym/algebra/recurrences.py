"""Differential equations of algebraic functions, and the recurrences of their coefficients.

An algebraic function ``F`` generates a field of finite dimension over the rational functions of
``x``, closed under differentiation, so ``1, F, F', F'', ...`` are linearly dependent.  The
dependence is a differential equation with polynomial coefficients; comparing coefficients of
``x^n`` in it gives the recurrence.

References
----------
* J. Cockle, *On transcendental and algebraic solution*, Philosophical Magazine 21, 1861.
* A. Bostan, F. Chyzak, G. Lecerf, B. Salvy and E. Schost, *Differential equations for algebraic
  functions*, ISSAC 2007.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flint

from freesym.algebra.coefficient_lists import multiply
from freesym.algebra.coefficients import Scalar, in_common_field, to_native
from freesym.algebra.derivative_relations import derivative_relation
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient

Vector = list[Quotient]


@dataclass(frozen=True)
class DifferentialEquation:
    """``sum_i coefficients[i](x) F^(i)(x) = constant(x)``, all polynomials in ``x``.

    Attributes
    ----------
    constant : Polynomial
        What the derivatives sum up to.
    coefficients : tuple of Polynomial
        Those of ``F, F', F'', ...``.
    """

    constant: Polynomial
    coefficients: tuple[Polynomial, ...]

    @property
    def order(self) -> int:
        """The order of the highest derivative."""
        return len(self.coefficients) - 1

    def proof_bound(self, polynomial: Polynomial, x: str, y: str) -> int:
        """How many vanishing coefficients prove that a zero of ``polynomial`` solves it.

        Notes
        -----
        Let ``a``, ``b`` be the degrees of ``P`` in ``x`` and ``y``, ``k`` the order and ``q`` the
        largest degree of a coefficient.  ``N = P_y^(2k-1) (sum q_i F^(i) - q)`` is a polynomial
        in ``x`` and ``F`` of degrees at most ``q + (2k-1) a`` and ``(2k-1) b``.  A resultant of
        ``P`` and ``N`` that is not 0 vanishes at ``x = 0`` at most to the order of its degree
        ``b (q + (2k-1) a) + (2k-1) a b``, and it is a multiple of ``N`` there.  If ``N``
        vanishes to a higher order, it is 0.
        """
        a, b = polynomial.degree(x), polynomial.degree(y)
        powers = max(2 * self.order - 1, 0)
        q = max(p.degree(x) for p in (self.constant, *self.coefficients))
        return b * (q + powers * a) + powers * a * b


def differential_equation(polynomial: Polynomial, x: str, y: str) -> DifferentialEquation:
    """Return the linear differential equation of least order for the zeros of a polynomial.

    Parameters
    ----------
    polynomial : Polynomial
        ``P(x, F(x)) = 0``, irreducible.  Its other generators are constants.
    x, y : str
        The names of the variable and of the function.

    Examples
    --------
    Catalan numbers, ``x F^2 - F + 1 = 0``:

    >>> x, y = Polynomial.generators(("x", "y"))
    >>> equation = differential_equation(x * y**2 - y + 1, "x", "y")
    >>> equation.constant, equation.coefficients
    (1, (-2*x + 1, -4*x**2 + x))
    """
    if polynomial.degree(y) > 1 and not polynomial.involves(*set(polynomial.names) - {x, y}):
        return _without_parameters(polynomial, x, y)
    field = _Field(polynomial, x, y)
    one, zero = field.scalar(1), field.scalar(0)
    size = field.dimension
    vectors = [[one] + [zero] * (size - 1), field.generator()]
    while True:
        relation = _dependence(vectors)
        if relation is not None:
            break
        vectors.append(field.derivative(vectors[-1]))
    return _cleared(relation, x)


def _cleared(relation: Vector, x: str) -> DifferentialEquation:
    """Polynomials without common factor, the last with a positive leading coefficient."""
    denominator = relation[0].denominator
    for value in relation[1:]:
        denominator = denominator * (value.denominator // denominator.gcd(value.denominator))
    rows = [v.numerator * (denominator // v.denominator) for v in relation]
    common = rows[0]
    for row in rows[1:]:
        common = common.gcd(row)
    return _signed([row // common for row in rows], x)


def _signed(rows: list[Polynomial], x: str) -> DifferentialEquation:
    """The lowest term of the highest coefficient decides about the sign."""
    lowest = next(c for c in rows[-1].coefficients(x) if c)
    if lowest.raw.leading_coefficient() < 0:
        rows = [-row for row in rows]
    return DifferentialEquation(-rows[0], tuple(rows[1:]))


def _without_parameters(polynomial: Polynomial, x: str, y: str) -> DifferentialEquation:
    """By elimination modulo primes, for integer coefficients."""
    names, place = polynomial.names, polynomial.names.index(x)
    unit = [int(name == x) for name in names]

    def dense(row: Polynomial) -> flint.fmpz_poly:
        terms = {exponents[place]: value for exponents, value in row.terms().items()}
        return flint.fmpz_poly([terms.get(k, 0) for k in range(row.degree(x) + 1)])

    def sparse(row: flint.fmpz_poly) -> Polynomial:
        values = {tuple(k * e for e in unit): int(c) for k, c in enumerate(row.coeffs()) if c}
        return Polynomial.from_terms(names, values)

    constant, rows = derivative_relation([dense(row) for row in polynomial.coefficients(y)])
    return _signed([sparse(-constant), *map(sparse, rows)], x)


class _Field:
    """The field generated by a zero of ``P`` over the rational functions of ``x``."""

    def __init__(self, polynomial: Polynomial, x: str, y: str) -> None:
        self._x = x
        rows = list(map(Quotient, polynomial.coefficients(y)))
        self.dimension = len(rows) - 1
        self._leading = [-row / rows[-1] for row in rows[:-1]]
        self._names = polynomial.names
        slope = list(map(Quotient, polynomial.derivative(y).coefficients(y)))
        top = [Quotient(-p) for p in polynomial.derivative(x).coefficients(y)]
        self._slope = self._product(self._reduced(top), self._inverse(self._reduced(slope)))

    def scalar(self, value: int) -> Quotient:
        return Quotient(Polynomial.constant(self._names, value))

    def generator(self) -> Vector:
        """The function itself."""
        return self._reduced([self.scalar(0), self.scalar(1)])

    def derivative(self, value: Vector) -> Vector:
        """``d/dx``, the function's own derivative being ``-P_x/P_y``."""
        inner = [k * c for k, c in enumerate(value)][1:] or [self.scalar(0)]
        moved = self._product(inner, self._slope)
        return [_derivative(c, self._x) + m for c, m in zip(value, moved, strict=True)]

    def _reduced(self, value: Vector) -> Vector:
        """Return the remainder modulo ``P``."""
        row = list(value)
        while len(row) > self.dimension:
            top = row.pop()
            for k, c in enumerate(self._leading, len(row) - self.dimension):
                row[k] = row[k] + top * c
        return row + [self.scalar(0)] * (self.dimension - len(row))

    def _product(self, left: Vector, right: Vector) -> Vector:
        row = [self.scalar(0)] * (len(left) + len(right) - 1)
        for (i, a), (j, b) in itertools.product(enumerate(left), enumerate(right)):
            row[i + j] = row[i + j] + a * b
        return self._reduced(row)

    def _inverse(self, value: Vector) -> Vector:
        """Solve ``value * b = 1``."""
        columns, column = [], value
        for _ in range(self.dimension):
            columns.append(column)
            column = self._reduced([self.scalar(0), *column])
        target = [self.scalar(-1)] + [self.scalar(0)] * (self.dimension - 1)
        relation = _dependence([*columns, target])
        assert relation is not None
        return [c / relation[-1] for c in relation[:-1]]


def _derivative(value: Quotient, x: str) -> Quotient:
    top, bottom = value.pair()
    slope = Quotient(top.derivative(x), bottom)
    return slope - Quotient(top, bottom) * Quotient(bottom.derivative(x), bottom)


def _dependence(vectors: Sequence[Vector]) -> Vector | None:
    """Return factors, the last not 0, with which the vectors sum up to 0; None if only 0 do.

    All but the last vector must be independent.
    """
    count = len(vectors)
    rows = [list(row) for row in zip(*vectors, strict=True)]
    for column in range(count - 1):
        pivot = min(
            (k for k in range(column, len(rows)) if rows[k][column] != 0),
            key=lambda k: len(rows[k][column].numerator) + len(rows[k][column].denominator),
            default=None,
        )
        if pivot is None:
            raise AssertionError("the vectors before the last are dependent")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = rows[column][column].inverse()
        rows[column] = [value * inverse for value in rows[column]]
        for k, row in enumerate(rows):
            if k != column and row[column] != 0:
                rows[k] = [a - row[column] * b for a, b in zip(row, rows[column], strict=True)]
    if any(row[-1] != 0 for row in rows[count - 1 :]):
        return None
    one = Quotient(Polynomial.constant(vectors[0][0].names, 1))
    return [-row[-1] for row in rows[: count - 1]] + [one]


# ----------------------------------------------------------------------------------- recurrences


@dataclass(frozen=True)
class Recurrence:
    """``sum_j coefficients[j](n) m_(n-j) = 0`` for ``n >= start``.

    Attributes
    ----------
    coefficients : tuple of Polynomial
        In the generator that stands for ``n``, without common factor.
    start : int
        The least ``n`` from which on it holds and determines ``m_n``.
    """

    coefficients: tuple[Polynomial, ...]
    start: int


def recurrence(equation: DifferentialEquation, x: str, n: str) -> Recurrence:
    """Return the recurrence for the coefficients of the power series solutions.

    Parameters
    ----------
    equation : DifferentialEquation
        With polynomial coefficients in ``x``.
    x : str
        The name of its variable.
    n : str
        The name of the index, a generator of the ring that does not occur in the equation.

    Examples
    --------
    >>> x, y, n = Polynomial.generators(("x", "y", "n"))
    >>> catalan = differential_equation(x * y**2 - y + 1, "x", "y")
    >>> recurrence(catalan, "x", "n")
    Recurrence(coefficients=(n + 1, -4*n + 2), start=1)
    """
    names = equation.constant.names
    index = Polynomial.generators(names)[names.index(n)]
    # x^j D^i x^k = k (k-1) ... (k-i+1) x^(k+i'), by the shift i - j
    shifts: dict[int, Polynomial] = {}
    for i, polynomial in enumerate(equation.coefficients):
        for j, value in enumerate(polynomial.coefficients(x)):
            if value:
                zero = Polynomial.constant(names, 0)
                term = value * _falling(index + (i - j), i)
                shifts[i - j] = shifts.get(i - j, zero) + term
    shifts = {shift: value for shift, value in shifts.items() if value}
    top, bottom = max(shifts), min(shifts)
    zero = Polynomial.constant(names, 0)
    rows = [shifts.get(top - j, zero).replaced({n: index - top}) for j in range(top - bottom + 1)]
    common = rows[0]
    for row in rows[1:]:
        common = common.gcd(row)
    rows = [row // common for row in rows]
    if rows[0].raw.leading_coefficient() < 0:
        rows = [-row for row in rows]
    start = max(
        equation.constant.degree(x) + top + 1,
        len(rows) - 1,
        1 + _largest_root(common, n),
        1 + _largest_root(rows[0], n),
    )
    return Recurrence(tuple(rows), start)


def _falling(base: Polynomial, count: int) -> Polynomial:
    product = Polynomial.constant(base.names, 1)
    for k in range(count):
        product = product * (base - k)
    return product


def _largest_root(polynomial: Polynomial, n: str) -> int:
    """Return the largest natural number that is a zero for all parameters, or -1."""
    largest = -1
    for factor, _ in polynomial.factors()[1]:
        if factor.degree(n) == 1 and len(factor.coefficients(n)) == 2:
            below, slope = factor.coefficients(n)
            quotient = (-below).divided(slope) if below else below
            if quotient is not None and quotient.is_constant():
                largest = max(largest, sum(quotient.terms().values()))
    return largest


def residual(
    equation: DifferentialEquation,
    x: str,
    values: Sequence[Scalar],
    parameters: Mapping[str, Scalar],
) -> list[Scalar]:
    """Return the coefficients of ``sum_i q_i F^(i) - q`` for a truncated power series ``F``.

    Parameters
    ----------
    equation : DifferentialEquation
        The ``q_i`` and ``q``.
    x : str
        The name of its variable.
    values : sequence of scalars
        The coefficients of ``F``, as kernels compute with them.
    parameters : mapping
        What the other generators stand for.

    Returns
    -------
    list
        As many as are determined: the order of the equation less than values were given.
    """
    size = len(values) - equation.order
    total = [-value for value in _series(equation.constant, x, size, parameters)]
    row = list(values)
    for polynomial in equation.coefficients:
        factor = _series(polynomial, x, size, parameters)
        product = in_common_field(multiply, factor, row[:size])
        total = [a + b for a, b in zip(total, product, strict=True)]
        row = [k * value for k, value in enumerate(row)][1:]
    return total


def _series(
    polynomial: Polynomial, x: str, size: int, parameters: Mapping[str, Scalar]
) -> list[Scalar]:
    row: list[Scalar] = [to_native(0)] * size
    place = polynomial.names.index(x)
    for exponents, coefficient in polynomial.terms().items():
        if exponents[place] < size:
            value = to_native(coefficient)
            for name, exponent in zip(polynomial.names, exponents, strict=True):
                if name in parameters and exponent:
                    value = value * parameters[name] ** exponent
            row[exponents[place]] = row[exponents[place]] + value
    return row
