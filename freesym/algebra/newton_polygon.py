"""Local branches of plane algebraic curves: Puiseux exponents by Newton's polygon.

Near ``x0`` the zeros of ``P(x, y)`` in ``y`` are Puiseux series in ``t = x - x0`` (``t = 1/x`` at
infinity).  The slopes of the lower convex hull of the exponents of ``P`` are their leading
exponents; where a leading coefficient is a multiple zero, the next terms follow from the
polygon of the rest.

References
----------
* R. J. Walker, *Algebraic Curves*, Princeton 1950, chapter IV.
* D. Duval, *Rational Puiseux expansions*, Compositio Mathematica 70, 1989.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import flint

from freesym.algebra.balls import working_precision
from freesym.algebra.number_fields import Element, NumberField, number_field
from freesym.algebra.polynomials import Polynomial
from freesym.errors import InvalidLawError

Table: TypeAlias = "dict[tuple[int, int], Element]"
"""Coefficients by the exponents of ``t`` and ``y``."""

_BITS = 256


@dataclass(frozen=True)
class Side:
    """A side of Newton's polygon: branches ``y ~ c t**exponent``.

    Attributes
    ----------
    exponent : Fraction
        The leading exponent of the branches.
    start, stop : int
        The exponents of ``y`` at its ends; ``stop - start`` branches belong to it.
    """

    exponent: Fraction
    start: int
    stop: int


def sides(valuations: Mapping[int, int]) -> list[Side]:
    """The sides of Newton's polygon, by ascending exponent of ``y``.

    Parameters
    ----------
    valuations : mapping
        For every ``j`` with a coefficient of ``y**j``, the order to which it vanishes in ``t``.

    Examples
    --------
    ``t - y**3 + t*y**5`` has three branches ``t**(1/3)`` and two poles of order 1/2:

    >>> [(str(side.exponent), side.stop - side.start) for side in sides({0: 1, 3: 0, 5: 1})]
    [('1/3', 3), ('-1/2', 2)]
    """
    hull: list[tuple[int, int]] = []
    for j, v in sorted(valuations.items()):
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) >= _slope(hull[-2], (j, v)):
            hull.pop()
        hull.append((j, v))
    return [Side(-_slope(a, b), a[0], b[0]) for a, b in itertools.pairwise(hull)]


def _slope(a: tuple[int, int], b: tuple[int, int]) -> Fraction:
    return Fraction(b[1] - a[1], b[0] - a[0])


@dataclass(frozen=True)
class Branch:
    """Branches ``y = sum_k regular[k] t^k + coefficient t^exponent + ...`` at a point.

    Attributes
    ----------
    leading : Fraction
        The exponent of the first term.
    regular : tuple of (int, flint.acb)
        The terms with whole exponents before the first one that is not whole.
    exponent : Fraction or None
        The first exponent that is not whole; None for Laurent series.
    coefficient : flint.acb or None
        A coefficient there; the others are its products with the roots of unity of the
        denominator of the exponent.
    multiplicity : int
        How many branches start in this way.
    """

    leading: Fraction
    regular: tuple[tuple[int, Any], ...]
    exponent: Fraction | None
    coefficient: Any
    multiplicity: int

    @property
    def ramification(self) -> int:
        """How many of them are permuted by a turn around the point."""
        return 1 if self.exponent is None else self.exponent.denominator

    def value(self) -> Any:
        """The value at the point; None if it is infinite."""
        if self.leading < 0:
            return None
        return dict(self.regular).get(0, flint.acb(0))


def branches(
    polynomial: Polynomial, x: str, y: str, point: Any, bits: int = _BITS
) -> tuple[Branch, ...]:
    """Return all branches over a point, the number of them being the degree in ``y``.

    Parameters
    ----------
    polynomial : Polynomial
        Square-free, with integer coefficients in ``x`` and ``y`` alone.
    x, y : str
        The names of the variable and of the function.
    point : int, Fraction, float("inf"), (coefficients, near) or SymPy number
        Where: a rational number, infinity, or the zero nearest to the number ``near`` of the
        polynomial with the given rational coefficients, the constant term first.
    bits : int, optional
        The precision of the coefficients of the branches; exponents and multiplicities are exact.

    Raises
    ------
    InvalidLawError
        If the polynomial has other generators, or the point is not algebraic.

    Examples
    --------
    The Cauchy transform of the Marchenko-Pastur law at 0 and at its edge 4:

    >>> z, g = Polynomial.generators(("z", "g"))
    >>> [branch.exponent for branch in branches(z * g**2 - z * g + 1, "z", "g", 0)]
    [Fraction(-1, 2)]
    >>> (branch,) = branches(z * g**2 - z * g + 1, "z", "g", 4)
    >>> branch.exponent, branch.multiplicity, branch.value()
    (Fraction(1, 2), 2, 0.500000000000000)
    """
    extra = [name for name in polynomial.names if name not in (x, y) and polynomial.involves(name)]
    if extra:
        raise InvalidLawError(
            f"Newton's polygon needs numbers as coefficients; substitute {', '.join(extra)}"
        )
    with working_precision(bits):
        field, table = _localised(polynomial, x, y, point)
        return tuple(_expanded(field, table, (), None))


# ---------------------------------------------------------------------------- the local equation


def _localised(polynomial: Polynomial, x: str, y: str, point: Any) -> tuple[NumberField, Table]:
    places = polynomial.names.index(x), polynomial.names.index(y)
    a, b = places
    terms = {(int(e[a]), int(e[b])): c for e, c in polynomial.terms().items()}
    if isinstance(point, float) and math.isinf(point):
        field, degree = number_field([0, 1], 0), max(i for i, _ in terms)
        return field, {(degree - i, j): field.element([c]) for (i, j), c in terms.items()}
    coefficients, near = _defining(point)
    field = number_field(coefficients, near)
    table: Table = {}
    rows: dict[int, dict[int, int]] = {}
    for (i, j), c in terms.items():
        rows.setdefault(j, {})[i] = c
    for j, row in rows.items():
        taylor = flint.fmpq_poly([row.get(i, 0) for i in range(max(row) + 1)])
        for i in range(taylor.degree() + 1):
            # the i-th derivative over i!
            _add(table, (i, j), field.element(taylor))
            taylor = taylor.derivative() / (i + 1)
    return field, table


def _defining(point: Any) -> tuple[Sequence[Any], complex]:
    if isinstance(point, tuple):
        return point
    if isinstance(point, (int, Fraction)):
        return [flint.fmpq(-point.numerator, point.denominator), 1], float(point)
    if getattr(point, "is_algebraic", False):
        return _from_sympy(point)
    raise InvalidLawError(
        f"the point {point!r} is not algebraic; give an integer, a Fraction, an algebraic number "
        "of SymPy, or float('inf')"
    )


def _from_sympy(point: Any) -> tuple[Sequence[Any], complex]:
    import sympy

    rows = sympy.minimal_polynomial(point, polys=True).all_coeffs()
    return [flint.fmpq(int(c.p), int(c.q)) for c in reversed(rows)], complex(point.evalf(30))


def _add(table: Table, key: tuple[int, int], value: Element) -> None:
    total = table[key] + value if key in table else value
    if total == 0:
        table.pop(key, None)
    else:
        table[key] = total


# ------------------------------------------------------------------------------------- branches


def _expanded(
    field: NumberField,
    table: Table,
    known: tuple[tuple[int, Element], ...],
    above: int | None,
) -> Iterable[Branch]:
    """The branches of the local equation with exponents larger than ``above``."""
    valuations: dict[int, int] = {}
    for i, j in table:
        valuations[j] = min(i, valuations.get(j, i))
    if 0 not in valuations:  # y = 0 is a branch
        yield _branch(field, known, None, None, 1, Fraction(0) if above is None else None)
    offset = 0 if above is None else above
    for side in sides(valuations):
        if above is not None and side.exponent <= 0:
            continue
        level = valuations[side.start] + side.exponent * side.start
        edge = {j: c for (i, j), c in table.items() if i + side.exponent * j == level}
        step = side.exponent.denominator
        row = [edge.get(j, field.element(0)) for j in range(side.start, side.stop + 1, step)]
        for part, multiplicity in field.squarefree(row):
            exponent = side.exponent + offset
            if step > 1:
                for zero in field.zeros(part):
                    root = zero.root(step)
                    yield _branch(field, known, exponent, root, step * multiplicity)
            elif multiplicity == 1:
                for zero in field.zeros(part):
                    yield _regular(field, known, int(exponent), zero)
            else:
                yield from _continued(field, table, known, part, (int(side.exponent), offset))


def _continued(
    field: NumberField,
    table: Table,
    known: tuple[tuple[int, Element], ...],
    part: list[Element],
    exponents: tuple[int, int],
) -> Iterable[Branch]:
    """Branches that share a leading coefficient: go on with what is left of them."""
    shift, offset = exponents
    for wider, generator, zero in field.extensions(part):
        moved = {key: wider.moved(value, generator) for key, value in table.items()}
        terms = tuple((k, wider.moved(value, generator)) for k, value in known)
        rest = _substituted(wider, moved, shift, zero)
        yield from _expanded(wider, rest, (*terms, (shift + offset, zero)), shift + offset)


def _substituted(field: NumberField, table: Table, shift: int, zero: Element) -> Table:
    """``P(t, t^shift (zero + y))`` without the powers of ``t`` it is divisible by."""
    result: Table = {}
    powers = [field.element(1)]
    for _ in range(max(j for _, j in table)):
        powers.append(field.product(powers[-1], zero))
    for (i, j), value in table.items():
        for k in range(j + 1):
            term = field.product(value, powers[j - k]) * math.comb(j, k)
            _add(result, (i + shift * j, k), term)
    lowest = min(i for i, _ in result)
    return {(i - lowest, j): value for (i, j), value in result.items()}


def _branch(
    field: NumberField,
    known: tuple[tuple[int, Element], ...],
    exponent: Fraction | None,
    coefficient: Any,
    multiplicity: int,
    leading: Fraction | None = None,
) -> Branch:
    regular = tuple((k, field.value(value)) for k, value in known)
    if regular:
        leading = Fraction(regular[0][0])
    elif leading is None:
        assert exponent is not None
        leading = exponent
    return Branch(leading, regular, exponent, coefficient, multiplicity)


def _regular(
    field: NumberField, known: tuple[tuple[int, Element], ...], exponent: int, zero: Any
) -> Branch:
    regular = (*((k, field.value(value)) for k, value in known), (exponent, zero))
    return Branch(Fraction(regular[0][0]), regular, None, None, 1)
