"""Places of atoms in balls: exact where a theorem gives them, else zeros of ``1/G`` in gaps.

``G`` decreases where there is no spectrum.  So between two points at which it is real, negative at
the lower and positive at the upper one, there is spectrum.
"""

from __future__ import annotations

from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import FreesymError, PrecisionError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.spectrum.certified import enclosed
from freesym.spectrum.classical import Convolution

acb, arb = flint.acb, flint.arb
_STEPS = 60
#: In bits, the distance from a rough place at which the search for the zero starts.
_NEAR = 36


def place_of_atom(relation: Relation, place: Any, bits: int) -> Any:
    """A ball around an atom; floats among the places of atoms are rounded.

    Parameters
    ----------
    relation : Relation
        A law whose parameters are exact.
    place : number
        As found by :func:`freesym.spectrum.atoms.atoms`.
    bits : int
        The bits to which the place is wanted; the present precision is more than that.

    Raises
    ------
    PrecisionError
        If a rounded place could not be refined: inside the continuous part.
    """
    if not isinstance(place, float):
        return real_ball(place)
    with flint.ctx.workprec(2 * bits + 64):
        near = arb(place)
        size = abs(near) if place else arb(1)
        try:
            x = _zero_of_reciprocal(relation, near, size * arb(2) ** -_NEAR, size, bits)
            distance = (size * arb(2) ** -bits).mid()
            below, above = (_transform(relation, (x + d).mid()) for d in (-distance, distance))
        except FreesymError as error:
            raise PrecisionError(f"the atom near {place!r} could not be refined") from error
        if below < 0 and above > 0:
            return x + arb(0, (2 * distance).upper())
    raise PrecisionError(f"the atom near {place!r} could not be enclosed between two points")


def are_complete(relation: Relation) -> bool:
    """Whether theorems give all atoms; those of Boolean and monotone sums are looked for."""
    if isinstance(relation, (nodes.Boolean, nodes.Monotone)):
        return False
    if isinstance(relation, Convolution):
        return are_complete(relation.first) and are_complete(relation.second)
    return all(map(are_complete, relation.children))


def _transform(relation: Relation, x: Any) -> Any:
    """``G`` at a point where it is proved to be real."""
    g = enclosed(relation, acb(x), flint.ctx.prec).g
    if not g.imag.is_zero() or not g.real.is_finite():
        raise PrecisionError("the transform could not be proved to be real beside an atom")
    return g.real


def _zero_of_reciprocal(relation: Relation, near: Any, step: Any, size: Any, bits: int) -> Any:
    """A point within far less than ``2^-bits`` of it, by the secant method."""
    before, x = (near - step).mid(), (near + step).mid()
    first = 1 / _transform(relation, before)
    for _ in range(_STEPS):
        try:
            second = 1 / _transform(relation, x)
        except PrecisionError:
            # nothing can be evaluated at the atom itself: the two points around it decide
            return x
        move = (second * (x - before) / (second - first)).mid()
        if not move.is_finite():
            break
        before, first, x = x, second, (x - move).mid()
        if abs(move) < size * arb(2) ** (-bits - 8):
            return x
    raise PrecisionError("the secant method did not converge")
