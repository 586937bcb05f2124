"""Certified values at edges, at atoms and at other singular points of algebraic laws.

At a zero ``x`` of the discriminant interval Newton isolates nothing.  But ``G`` is algebraic, so it
has a limit at ``x`` in the closed upper half-plane:

    G(x + s^b) = mass/s^b + k(s)/s^a,    k continuous, 0 <= a < b,

where ``k(0)`` is a zero of a polynomial with integer coefficients, isolated exactly.  Which of
them it is follows from one certified value of ``G`` nearby: a polynomial that vanishes nowhere on
a circle around a zero, for all ``s`` in a disc (Pellet's test), keeps the branch inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.algebra.polynomials import Polynomial
from freesym.errors import FreesymError, PrecisionError
from freesym.parameters import is_expression
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_numbers import Point, bits_for
from freesym.spectrum.expansions import exact
from freesym.transforms import certified_roots
from freesym.transforms.certified_edges import singular_polynomials
from freesym.transforms.curve import algebraic_curve

acb, arb = flint.acb, flint.arb
Ball = Any
_LARGEST_DEGREE = 30
_LARGEST_FIELD, _LARGEST_NUMBER, _LONGEST = 6, 30, 512
_START_BITS, _MOST_BITS = 512, 4096
_HEIGHTS = (64, 96)
#: Where neighbours of a point are taken: on no axis of symmetry.
_DIRECTION = acb(1, 1)


@dataclass(frozen=True)
class Limit:
    """The branch of ``G`` at a singular point.

    Attributes
    ----------
    a, b : int
        ``G`` minus its pole grows like the power ``-a/b`` of the distance.
    value : acb
        The limit of ``k``; its imaginary part is exactly 0 where that is proved.
    mass : Fraction
        The atom at the point.
    radius, reach : arb
        ``|k - value| < radius`` for ``|s| <= reach``.
    """

    a: int
    b: int
    value: Ball
    mass: Any
    radius: Any
    reach: Any


def regular_density(relation: Relation, x: Any, digits: int) -> Any | None:
    """The density at a regular point, where a root of the polynomial is known to give it."""
    return certified_roots.density(relation, x, digits)


def density(relation: Relation, x: Any, digits: int) -> Any:
    """The limit of the density from both sides; infinite if it is unbounded on one of them."""
    limit = limit_at(relation, x, digits)
    if limit.a:
        return arb.pos_inf()
    with working_precision(2 * bits_for(digits)):
        return -limit.value.imag / arb.pi()


def transform(relation: Relation, x: Any, digits: int) -> Ball:
    """The limit of ``G`` from above."""
    limit = limit_at(relation, x, digits)
    if limit.a or limit.mass:
        raise PrecisionError("the transform is infinite there")
    return limit.value


def potential(relation: Relation, x: Any, digits: int) -> Any:
    """``E log|x - X|`` from a point above, minus infinity at an atom.

    ``0 <= U(x + iy) - U(x) = -int_0^y Im G(x + it) dt``, and ``|G|`` is at most ``c t^(-a/b)``.
    """
    limit = limit_at(relation, x, digits)
    if limit.mass:
        return arb.neg_inf()
    n = bits_for(digits) + 16
    with working_precision(64):
        grows = real_ball(1 - Fraction(limit.a, limit.b))
        largest = abs(limit.value) + limit.radius
        while not largest * (arb(2) ** -n) ** grows / grows < arb(2) ** -(bits_for(digits) + 8):
            n += n // 2
        n = max(n, limit.b * (1 - round(float(limit.reach.log() / arb(2).log()))))
        error = largest * (arb(2) ** -n) ** grows / grows
    bits = 4 * n
    with working_precision(bits):
        point = Point(x).ball() + acb(0, arb(2) ** -n)
        above = enclosed(relation, point, bits, potential=True).u.real
        return above - arb(error.upper() / 2, (error / 2).upper())


def limit_at(relation: Relation, x: Any, digits: int) -> Limit:
    """The branch of ``G`` at ``x``, to so many digits.

    Raises
    ------
    PrecisionError
        If the law is not algebraic, or the branch could not be told.
    """
    _require_simple(relation, x)
    mass = next((m for place, m in atoms(exact(relation)).items() if place == x), 0)
    if is_expression(mass) or isinstance(mass, float):
        raise PrecisionError("the mass of the atom at the point is no rational number")
    a, b = _growth(relation, x, mass)
    bits = max(_START_BITS, 2 * bits_for(digits))
    while bits <= max(_MOST_BITS, 4 * bits_for(digits)):
        with working_precision(bits):
            zeros, rows = _local(relation, x, a, b, Fraction(mass))
            for zero, order, distance in zeros:
                found = _followed(relation, x, zero, order, distance, rows, (a, b, mass))
                if found is not None:
                    return found
        bits *= 2
    raise PrecisionError("the limit of the branch at a singular point could not be told")


def _require_simple(relation: Relation, x: Any) -> None:
    """Refuse numbers that are long, or irrational and no zero of the discriminant.

    Their polynomials would be large, and nothing is singular there.
    """
    if isinstance(x, Fraction):
        if max(x.numerator.bit_length(), x.denominator.bit_length()) > _LONGEST:
            raise PrecisionError("the point is too long a fraction for its own polynomial")
        return
    minimal = _minimal(x)
    singular = singular_polynomials(relation)
    if singular is None or not any(f % minimal == 0 for f in singular):
        raise PrecisionError("the point is not proved to be a singular point of the law")


def _minimal(x: Any) -> Any:
    """The minimal polynomial of an algebraic number."""
    import sympy

    if not x.is_algebraic or x.count_ops() > _LARGEST_NUMBER:
        raise PrecisionError("the point is not known to be an algebraic number")
    t = sympy.Dummy("t")
    row = sympy.Poly(sympy.minimal_polynomial(x, t), t).all_coeffs()
    if len(row) - 1 > _LARGEST_FIELD or max(int(c).bit_length() for c in row) > _LONGEST:
        raise PrecisionError("the point is an algebraic number of too high a degree")
    return flint.fmpz_poly([int(c) for c in reversed(row)])


def _growth(relation: Relation, x: Any, mass: Any) -> tuple[int, int]:
    """The exponent ``a/b`` that two values near the point suggest; nothing rests on it."""
    sizes = []
    for n in _HEIGHTS:
        with working_precision(16 * n):
            step = _DIRECTION * arb(2) ** -n
            g = enclosed(relation, Point(x).ball() + step, 16 * n).g
            sizes.append(float(abs(g - real_ball(Fraction(mass)) / step).mid().log()))
    slope = (sizes[1] - sizes[0]) / ((_HEIGHTS[1] - _HEIGHTS[0]) * 0.6931471805599453)
    # nothing is left beside the atom of a point mass
    guess = Fraction(slope if math.isfinite(slope) else 0).limit_denominator(_LARGEST_DEGREE)
    if guess >= 1:
        raise PrecisionError("the transform grows too fast at the point")
    return (guess.numerator, guess.denominator) if guess > 0 else (0, 1)


def _local(
    relation: Relation, x: Any, a: int, b: int, mass: Fraction
) -> tuple[list[tuple[Ball, int, Any]], list[Any]]:
    """The zeros ``k(0)`` may be, with their orders and distances, and the rows of ``s^i``."""
    polynomial = _polynomial(relation)
    if is_expression(x):
        if a or mass:
            raise PrecisionError("the point is a pole at an irrational place")
        rows = _shifted_rows(polynomial, real_ball(x))
        lowest = _norm(polynomial, x)
    else:
        local = _scaled(polynomial, Fraction(x), a, b, mass)
        rows = _rows(local)
        lowest = flint.fmpz_poly([int(c) for c in _integers(local)])
    zeros = [(acb(z), int(m)) for z, m in lowest.complex_roots()] if lowest.degree() > 0 else []
    found = []
    for i, (zero, order) in enumerate(zeros):
        apart = [abs(zero - z).lower() for j, (z, _) in enumerate(zeros) if j != i]
        found.append((zero, order, min([*apart, 1 + abs(zero).mid()])))
    return found, rows


def _polynomial(relation: Relation) -> Polynomial:
    try:
        curve = algebraic_curve(relation, _LARGEST_DEGREE)
    except FreesymError as error:
        raise PrecisionError(f"the value at a singular point is not known: {error}") from error
    if curve.parameters.atoms:
        raise PrecisionError("values at singular points need rational parameters")
    return curve.polynomial


def _scaled(p: Polynomial, x: Fraction, a: int, b: int, mass: Fraction) -> Polynomial:
    """The primitive polynomial of ``(s, k)``."""
    names = ("s", "k", "w", "g")
    s, k, _, _ = Polynomial.generators(names)
    one = Polynomial.constant(names, 1)
    place = (s**b * x.denominator + x.numerator, one * x.denominator)
    if mass:
        top = k * s ** (b - a) * mass.denominator + mass.numerator
        value = (top, s**b * mass.denominator)
    else:
        value = (k, s**a if a else one)
    whole = p.in_ring(names).replaced_by_quotients({"w": place, "g": value})
    terms = whole.terms()
    lowest = min(e[0] for e in terms)
    kept: dict[tuple[int, ...], int] = {(e[0] - lowest, e[1]): int(c) for e, c in terms.items()}
    return Polynomial.from_terms(("s", "k"), kept)


def _rows(local: Polynomial) -> list[Any]:
    """The coefficients of ``s^i`` as polynomials of ``k`` in balls."""
    size = local.degree("k") + 1
    table = [[0] * size for _ in range(local.degree("s") + 1)]
    for (i, j), c in local.terms().items():
        table[i][j] = int(c)
    return [flint.acb_poly([acb(flint.fmpz(c)) for c in row]) for row in table]


def _integers(local: Polynomial) -> list[int]:
    row = [0] * (local.degree("k") + 1)
    for (i, j), c in local.terms().items():
        if i == 0:
            row[j] = int(c)
    return row


def _shifted_rows(p: Polynomial, x: Any) -> list[Any]:
    """The rows of ``P(x + s, k)`` for a point known as a ball."""
    columns = []
    for coefficient in p.coefficients("g"):
        row = [0] * (p.degree("w") + 1)
        for exponents, c in coefficient.terms().items():
            row[exponents[p.names.index("w")]] += int(c)
        shifted = flint.acb_poly([acb(flint.fmpz(c)) for c in row])(flint.acb_poly([acb(x), 1]))
        columns.append([shifted[i] for i in range(p.degree("w") + 1)])
    return [flint.acb_poly([c[i] for c in columns]) for i in range(p.degree("w") + 1)]


def _norm(p: Polynomial, x: Any) -> Any:
    """A polynomial with integer coefficients that vanishes where ``P(x, k)`` does."""
    names = ("w", "g")
    terms: dict[tuple[int, ...], int] = {
        (i, 0): int(c) for i, c in enumerate(_minimal(x)) if c != 0
    }
    found = p.in_ring(names).resultant(Polynomial.from_terms(names, terms), "w")
    row = [0] * (found.degree("g") + 1)
    for exponents, c in found.terms().items():
        row[exponents[-1]] += int(c)
    return flint.fmpz_poly(row)


def _followed(
    relation: Relation, x: Any, zero: Ball, order: int, distance: Any, rows: list[Any],
    shape: tuple[int, int, Any],
) -> Limit | None:  # fmt: skip
    """The limit, if the branch through a certified value nearby is proved to stay at the zero."""
    a, b, mass = shape
    moved = [row(flint.acb_poly([zero, 1])) for row in rows]
    sizes = [[abs(c).upper() for c in row] for row in moved]
    isolated = _isolated(sizes, moved[0], order, distance)
    if isolated is None:
        return None
    radius, n = isolated
    step = _DIRECTION * arb(2) ** (-b * (n + 1))
    s = step.root(b) if b > 1 else step
    try:
        g = enclosed(relation, Point(x).ball() + step, flint.ctx.prec).g
    except FreesymError:
        return None
    k = (g - real_ball(Fraction(mass)) / step) * s**a
    if not abs(k - zero) < radius or (a and zero.contains(0)):
        return None
    return Limit(a, b, zero, mass, radius, arb(2) ** -n)


def _isolated(
    sizes: list[list[Any]], row: Any, order: int, distance: Any
) -> tuple[Any, int] | None:
    """A radius, and ``n`` such that no zero is on that circle while ``|s| <= 2^-n``."""
    for j in range(2, 80):
        radius = (distance * arb(2) ** -j).mid()
        powers = [radius**i for i in range(max(map(len, sizes)) + 1)]
        for m in range(1, order + 1):
            others = sum((c * powers[i] for i, c in enumerate(sizes[0]) if i != m), arb(0))
            room = abs(row[m]).lower() * powers[m] - others
            if room > 0:
                rest = [sum(c * q for c, q in zip(r, powers, strict=False)) for r in sizes[1:]]
                return radius, _reach(rest, room)
    return None


def _reach(rest: list[Any], room: Any) -> int:
    n = 1
    while not sum((c * arb(2) ** (-n * (i + 1)) for i, c in enumerate(rest)), arb(0)) < room:
        n *= 2
    return n
