"""Edges and supports with certified digits, complete for algebraic laws.

On an interval without zeros of the discriminant of ``P(z, G) = 0`` and of its leading
coefficient, the branches of the curve are analytic and distinct, so the density is positive
up to isolated points, or it is zero throughout.  These zeros are isolated by FLINT; one certified
density on each interval between them decides, and nothing can be missed.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.algebra.polynomials import Polynomial
from freesym.errors import (
    ConvergenceError,
    DegreeError,
    InvalidLawError,
    NotAlgebraicError,
    PrecisionError,
    UnsupportedOperationError,
)
from freesym.lazy import LazyModule
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_atoms import are_complete, place_of_atom
from freesym.spectrum.certified_convolutions import combined_edges
from freesym.spectrum.certified_discrete import discrete_law
from freesym.spectrum.certified_edges import located_edges, united
from freesym.spectrum.certified_numbers import bits_for, checked_digits, to_mpf
from freesym.spectrum.classical import Convolution
from freesym.spectrum.expansions import exact
from freesym.transforms.candidates import discriminant
from freesym.transforms.curve import algebraic_curve

mpmath: Any = LazyModule("mpmath")

acb, arb = flint.acb, flint.arb
_LARGEST_DEGREE = 40
_SHARES = (Fraction(1, 2), Fraction(43, 100), Fraction(3, 5), Fraction(9, 10), Fraction(1, 10))


class Certified(tuple[Any, ...]):  # noqa: SLOT001 - it has an attribute
    """A tuple of certified numbers or intervals.

    Attributes
    ----------
    complete : bool
        Whether it was proved that there are no others.
    """

    complete: bool

    def __new__(cls, values: Any, *, complete: bool) -> Certified:
        """The values, with what was proved about their list."""
        found = super().__new__(cls, values)
        found.complete = complete
        return found

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (tuple(self),), {"complete": self.complete}


def edges(relation: Relation, digits: Any) -> Certified:
    """The ends of the intervals of the continuous part, each known to ``digits`` digits."""
    n = checked_digits(digits)
    balls, complete = _edges(relation, n)
    return Certified((_rounded(e, n) for e in balls), complete=complete)


def support(relation: Relation, digits: Any) -> Certified:
    """The intervals of the support, atoms included as intervals of length 0."""
    n = checked_digits(digits)
    discrete = discrete_law(relation)
    if discrete is not None:
        with working_precision(bits_for(n) + 64):
            places = [_rounded(place, n) for place, _ in discrete.atoms()]
        return Certified(((x, x) for x in places), complete=True)
    balls, complete = _edges(relation, n)
    intervals = list(zip(balls[::2], balls[1::2], strict=True))
    law = exact(relation)
    with working_precision(bits_for(n) + 64):
        for place in atoms(law):
            if isinstance(place, float) and _is_within(arb(place), intervals):
                continue
            x = place_of_atom(law, place, bits_for(n) + 16)
            # an atom that is not told from an end is at it
            if not _is_within(x, intervals):
                intervals.append((x, x))
        intervals.sort(key=lambda pair: float(pair[0].mid()))
    return Certified(
        ((_rounded(a, n), _rounded(b, n)) for a, b in intervals),
        complete=complete and are_complete(relation),
    )


def _is_within(x: Any, intervals: list[tuple[Any, Any]]) -> bool:
    return any(not (x < a or x > b) for a, b in intervals)


def _rounded(ball: Any, digits: int) -> Any:
    if not ball.is_finite():
        libmp = mpmath.libmp
        return mpmath.mp.make_mpf(libmp.finf if ball > 0 else libmp.fninf)
    return to_mpf(ball, digits)


def _edges(relation: Relation, digits: int) -> tuple[list[Any], bool]:
    if isinstance(relation, Convolution):
        return _classical(relation, digits)
    if isinstance(relation, nodes.Affine):
        inner, complete = _edges(relation.child, digits)
        with working_precision(bits_for(digits) + 64):
            scale, shift = real_ball(relation.scale), real_ball(relation.shift)
            outer = [scale * e + shift for e in inner]
        return (outer if scale > 0 else outer[::-1]), complete
    factors = singular_polynomials(relation)
    if factors is None:
        return located_edges(relation, digits), False
    return _selected(relation, factors, digits), True


def _classical(relation: Convolution, digits: int) -> tuple[list[Any], bool]:
    """The edges of a classical sum or product: those of all sums or products of intervals."""
    parts = [_edges(part, digits + 2) for part in (relation.first, relation.second)]
    bands = [list(zip(ends[::2], ends[1::2], strict=True)) for ends, _ in parts]
    with working_precision(2 * bits_for(digits) + 64):
        found = combined_edges(relation, bands)
        ends = united([([e for band in part for e in band], None) for part in found])
    return ends, all(complete for _, complete in parts) and are_complete(relation)


def singular_polynomials(relation: Relation) -> list[Any] | None:
    """Squarefree polynomials among whose real zeros are all edges; None if there are none."""
    try:
        curve = algebraic_curve(exact(relation), _LARGEST_DEGREE)
    except (
        NotAlgebraicError, DegreeError, UnsupportedOperationError, InvalidLawError,
        ConvergenceError,
    ):  # fmt: skip
        return None
    if curve.parameters.atoms:
        return None
    p = curve.polynomial
    parts = [discriminant(curve), p.coefficients("g")[-1]]
    found: list[Any] = []
    for part in parts:
        if part.is_constant():
            continue
        found += [_univariate(f) for f in part.squarefree_factors()]
    return found


def _univariate(polynomial: Polynomial) -> Any:
    coefficients = [0] * (polynomial.degree("w") + 1)
    place = polynomial.names.index("w")
    for exponents, coefficient in polynomial.terms().items():
        coefficients[exponents[place]] += int(coefficient)
    return flint.fmpz_poly(coefficients)


def real_zeros(factors: list[Any]) -> list[Any]:
    """Disjoint real balls around all real zeros, ascending.

    Raises
    ------
    PrecisionError
        If two balls of different factors meet.
    """
    product = flint.fmpz_poly([1])
    for factor in factors:
        product = product * (factor // product.gcd(factor))
    zeros: list[Any] = []
    if product[0] == 0:
        zeros.append(arb(0))
        product = product // flint.fmpz_poly([0, 1])
    roots: list[Any] = product.complex_roots()
    zeros += [root.real for root, _ in roots if root.imag.is_zero()]
    zeros.sort(key=lambda e: (float(e.mid()), e.mid()))
    if any(not a < b for a, b in pairwise(zeros)):
        raise PrecisionError("the zeros of the discriminant are not separated at this precision")
    return zeros


def _selected(relation: Relation, factors: list[Any], digits: int) -> list[Any]:
    bits = bits_for(digits) + 64
    with working_precision(bits):
        zeros = real_zeros(factors)
    if not zeros:
        # the density is positive everywhere or nowhere
        everywhere = _is_positive(relation, arb(-1), arb(1), bits)
        return [arb.neg_inf(), arb.pos_inf()] if everywhere else []
    reach = 1 + max(abs(zeros[0].mid()), abs(zeros[-1].mid()))
    outer = [zeros[0] - reach, *zeros, zeros[-1] + reach]
    inside = [_is_positive(relation, a, b, bits) for a, b in pairwise(outer)]
    found = []
    if inside[0]:
        found.append(arb.neg_inf())
    found += [z for z, a, b in zip(zeros, inside, inside[1:], strict=False) if a != b]
    if inside[-1]:
        found.append(arb.pos_inf())
    return found


def _is_positive(relation: Relation, a: Any, b: Any, bits: int) -> bool:
    """Whether the density is positive between two singular points; it is zero otherwise."""
    reason: Exception | None = None
    for share in _SHARES:
        with working_precision(bits):
            x = (a.mid() + (b.mid() - a.mid()) * real_ball(share)).mid()
            if not (a < x and x < b):
                continue
            try:
                g = enclosed(relation, acb(x), bits).g
            except (PrecisionError, ConvergenceError) as error:
                reason = error
                continue
            if g.imag.is_zero():
                return False
            if g.imag < 0:
                return True
    raise PrecisionError(f"the density between two singular points is not decided: {reason}")
