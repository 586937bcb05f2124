"""Whether moments can be those of a probability law."""

from __future__ import annotations

from freesym.errors import FreesymError
from freesym.relations.relation import Relation

_ORDER = 12


def first_impossible_moment(relation: Relation) -> int | None:
    """The first order at which a Hankel determinant is negative; None if none is found."""
    from freesym.algebra.jacobi import hankel_is_positive
    from freesym.spectrum.moments import moments

    try:
        return hankel_is_positive(moments(relation, _ORDER))
    except FreesymError:
        return None
