"""Intervals that are proved to contain the spectrum."""

from __future__ import annotations

import math
from functools import lru_cache

from freesym.relations.relation import Relation
from freesym.solve.measures import Pushed, exact_measure
from freesym.spectrum.bounds import Interval, combined_hull, hull

#: Hulls are a few sums and products in double precision.
_ROUNDING = 1e-9


@lru_cache(maxsize=1024)
def certified_hull(relation: Relation) -> Interval:
    """Like :func:`freesym.spectrum.bounds.hull`, wider by rounding, with all values of functions.

    The tables of functions of a normal variable end where its density is lost in doubles.
    """
    low, high = _hull(relation)
    margin = _ROUNDING * max((abs(end) for end in (low, high) if math.isfinite(end)), default=0.0)
    return (low - margin if low else 0.0), (high + margin if high else 0.0)


@lru_cache(maxsize=4096)
def _hull(relation: Relation) -> Interval:
    if relation.children:
        return combined_hull(relation, [_hull(child) for child in relation.children])
    measure = exact_measure(relation)
    if isinstance(measure, Pushed):
        low, high = measure.extent()
        return float(low), float(high)
    return hull(relation)
