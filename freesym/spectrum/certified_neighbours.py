"""Values at points where nothing can be isolated, between those of two neighbours.

A distribution function grows, so its values on both sides of an edge, or of an atom of known mass,
enclose the one between them.  Where they are equal the point lies in a gap.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, PrecisionError, UnsupportedOperationError
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import Enclosed, Potential, enclosed
from freesym.spectrum.certified_numbers import Point
from freesym.spectrum.certified_reciprocals import around
from freesym.spectrum.expansions import exact

acb, arb = flint.acb, flint.arb
#: The distance of the neighbours in multiples of the bits wanted: hard edges need small ones.
_DISTANCES = (Fraction(1), Fraction(5, 4), Fraction(4), Fraction(16))
#: At first, in bits, where a gap is looked for.
_NEAR = (12, 36)


def share_below(found: Enclosed) -> Any:
    """``P(X <= x)``: a ball, or exactly known."""
    if found.turn is not None:
        return real_ball(1 - found.turn)
    return 1 - found.u.imag / arb.pi()


def levels_beside(relation: Relation, x: Any) -> tuple[Any, Any] | None:
    """The distribution function on the left of a point, exactly, and on its right as a ball."""
    for n in _NEAR:
        pair = pair_beside(relation, x, n)
        if pair is not None and pair[0].turn is not None:
            return 1 - pair[0].turn, share_below(pair[1])
    return None


def share_between(relation: Relation, x: Any, target: int) -> Any:
    """The distribution function at ``x`` to ``target`` bits.

    Raises
    ------
    PrecisionError
        If the values on both sides stay apart.
    """
    mass = next((m for place, m in atoms(exact(relation)).items() if place == x), 0)
    if isinstance(mass, float):
        raise PrecisionError("the mass of the atom at the point is known to double precision only")
    for factor in _DISTANCES:
        n = math.ceil(factor * target) + 8
        pair = pair_beside(relation, x, n)
        if pair is None:
            continue
        with working_precision(2 * n + 128):
            low, high = (share_below(found) for found in pair)
            low = low + real_ball(mass)
            width = abs(high - low).upper()
            if width < arb(2) ** -target * low.abs_lower() or width < arb(2) ** (-target - 8):
                return low + arb(0, width)
    raise PrecisionError("the distribution function on both sides of the point differs")


def is_in_gap(relation: Relation, x: Any, target: int) -> bool:
    """Whether it is proved that the law has no mass around ``x``."""
    for n in (*_NEAR, target):
        try:
            pair = pair_beside(relation, x, n)
        except UnsupportedOperationError:
            return False
        if pair is not None and pair[0].turn is not None and pair[0].turn == pair[1].turn:
            return True
    return False


def has_no_density(relation: Relation, x: Any, target: int) -> bool:
    """Whether it is proved that the law has at most an atom around ``x``."""
    with working_precision(target + 64):
        return around(relation, real_ball(x)) is not None


def is_atom(relation: Relation, x: Any) -> bool:
    """Whether a theorem puts an atom at ``x``; places that are floats are rounded."""
    places = atoms(exact(relation))
    return any(not isinstance(place, float) and place == x for place in places)


def potential_in_gap(relation: Relation, x: Any, target: int) -> Any | None:
    """``E log|x - X|`` in a gap, where it is concave; None if it is not proved to be one."""
    n = target + 8
    pair = pair_beside(relation, x, n, potential=True)
    if pair is None or pair[0].turn is None or pair[0].turn != pair[1].turn:
        return None
    with working_precision(2 * n + 128):
        left, right = pair
        lower = (left.u.real + right.u.real) / 2
        upper = left.u.real + left.g.real * _distance(x, n)
        return lower.union(upper)


def _distance(x: Any, n: int) -> Any:
    size = abs(real_ball(x)).mid()
    return (size if size > 0 else arb(1)) * arb(2) ** -n


def pair_beside(
    relation: Relation, x: Any, n: int, potential: Potential = "share"
) -> tuple[Enclosed, Enclosed] | None:
    """What is proved at ``2^-n`` on either side."""
    bits = 2 * n + 128
    with working_precision(bits):
        place, step = Point(x).ball(), _distance(x, n)
        try:
            return (
                enclosed(relation, place - step, bits, potential=potential),
                enclosed(relation, place + step, bits, potential=potential),
            )
        except (PrecisionError, ConvergenceError):
            return None
