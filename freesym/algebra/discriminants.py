"""Discriminants of plane curves: how large they become, and themselves by interpolation.

References
----------
* G. E. Collins, *The calculation of multivariate polynomial resultants*, J. ACM 18 (1971).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.polynomials import Polynomial


def discriminant_degree(polynomial: Polynomial, name: str, other: str) -> int:
    """A bound of the degree in ``other`` of the discriminant with respect to ``name``.

    Examples
    --------
    >>> x, y = Polynomial.generators(("x", "y"))
    >>> p = x * y**3 - 3 * y**2 + x**2
    >>> discriminant_degree(p, "y", "x"), p.discriminant("y")
    (6, -27*x**6 + 108*x**2)

    Notes
    -----
    The discriminant is ``a^(2n-2) prod (y_i - y_j)^2``; the zeros ``y_i`` grow like the powers
    that are the slopes of the Newton polygon at infinity, a difference at most as the larger.
    """
    degrees = [c.degree(other) for c in polynomial.coefficients(name)]
    slopes = sorted(_slopes(degrees))
    count = len(degrees) - 1
    # zeros that are 0 may be taken to have any slope: they repeat the least
    slopes = [slopes[0]] * (count - len(slopes)) + slopes if slopes else []
    total = (2 * count - 2) * degrees[-1] + 2 * sum(k * s for k, s in enumerate(slopes))
    return max(0, int(total))


def _slopes(degrees: list[int]) -> Iterator[Fraction]:
    """How the zeros grow, by the upper hull of the degrees of the coefficients."""
    k = next(i for i, degree in enumerate(degrees) if degree >= 0)
    last = len(degrees) - 1
    while k < last:
        slope, step = max(
            (Fraction(degrees[j] - degrees[k], j - k), j)
            for j in range(k + 1, last + 1)
            if degrees[j] >= 0
        )
        yield from [-slope] * (step - k)
        k = step


def plane_discriminant(polynomial: Polynomial, name: str, other: str) -> Polynomial:
    """The discriminant of a polynomial in two generators alone, from its values at integers.

    Examples
    --------
    >>> x, y = Polynomial.generators(("x", "y"))
    >>> plane_discriminant(x * y**3 - 3 * y**2 + x**2, "y", "x")
    -27*x**6 + 108*x**2
    """
    rows = [_univariate(c, other) for c in polynomial.coefficients(name)]
    count = discriminant_degree(polynomial, name, other) + 1
    nodes = list(itertools.islice((x for x in _integers() if rows[-1](x) != 0), count))
    values = [flint.fmpz_poly([row(x) for row in rows]).discriminant() for x in nodes]
    found = _interpolated(nodes, values)
    place = polynomial.names.index(other)
    terms = {
        tuple(k if i == place else 0 for i in range(len(polynomial.names))): int(c)
        for k, c in enumerate(found.coeffs())
        if c != 0
    }
    return Polynomial.from_terms(polynomial.names, terms)


def _univariate(coefficient: Polynomial, name: str) -> Any:
    place = coefficient.names.index(name)
    terms = {exponents[place]: c for exponents, c in coefficient.terms().items()}
    return flint.fmpz_poly([terms.get(k, 0) for k in range(max(terms, default=-1) + 1)])


def _integers() -> Iterator[int]:
    """0, 1, -1, 2, -2, ..."""
    yield 0
    for k in itertools.count(1):
        yield from (k, -k)


def _interpolated(nodes: list[int], values: list[Any]) -> Any:
    """Newton's interpolation; divided differences of integer polynomials are integers."""
    row = list(map(int, values))
    for step in range(1, len(row)):
        for k in range(len(row) - 1, step - 1, -1):
            row[k] = (row[k] - row[k - 1]) // (nodes[k] - nodes[k - step])
    found = flint.fmpz_poly([0])
    for node, value in zip(reversed(nodes), reversed(row), strict=True):
        found = found * flint.fmpz_poly([-node, 1]) + value
    return found
