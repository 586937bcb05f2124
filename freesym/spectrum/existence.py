"""Whether moments can be those of a probability law."""

from __future__ import annotations

from freesym.errors import FreesymError
from freesym.relations.relation import Relation

_ORDER, _ROUNDING = 12, 1e-9


def first_impossible_moment(relation: Relation) -> int | None:
    """The first order at which a Hankel determinant is negative; None if none is found."""
    from freesym.algebra.jacobi import hankel_is_positive
    from freesym.spectrum.moments import moments

    try:
        found = moments(relation, _ORDER)
    except FreesymError:
        return None
    for order in range(2, _ORDER + 1, 2):
        if float(found[order - 1]) < -_ROUNDING * max(1.0, *map(abs, map(float, found[:order]))):
            return order
    return hankel_is_positive(found)
