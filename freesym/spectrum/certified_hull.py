"""Intervals that are proved to contain the spectrum."""

from __future__ import annotations

import math
from functools import lru_cache

from freesym.relations import nodes
from freesym.relations.leaf import RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.solve.measures import Pushed, exact_measure
from freesym.spectrum.bounds import combined_hull, hull
from freesym.spectrum.intervals import Interval

#: Much more than single operations in double precision are off by, and than what underflows.
_ROUNDING, _UNDERFLOW = 1e-9, 1e-300


@lru_cache(maxsize=4096)
def certified_hull(relation: Relation) -> Interval:
    """Like :func:`freesym.spectrum.bounds.hull`, wider by all rounding on the way.

    Functions of a normal variable count with all of their values: their tables end where its
    density is lost in double precision.
    """
    parts = [certified_hull(child) for child in relation.children]
    match relation:
        case nodes.Additive():
            pairs = list(zip(relation.powers, parts, strict=True))
            sizes = (
                sum(t * abs(low) for t, (low, _) in pairs),
                sum(t * abs(b) for t, (_, b) in pairs),
            )
            positive = all(low >= 0 for low, _ in parts)
            return _wider(combined_hull(relation, parts), sizes, positive=positive)
        case nodes.Affine():
            low, high = combined_hull(relation, parts)
            ends = parts[0] if relation.scale > 0 else parts[0][::-1]
            first, last = (abs(relation.scale * end) + abs(relation.shift) for end in ends)
            positive = relation.scale * ends[0] >= 0 and relation.shift >= 0
            return _wider((low, high), (first, last), positive=positive)
    if not parts:
        return _of_leaf(relation)
    low, high = combined_hull(relation, parts)
    return _wider((low, high), (abs(low), abs(high)), positive=low >= 0)


def _of_leaf(relation: Relation) -> Interval:
    measure = exact_measure(relation)
    if isinstance(measure, Pushed):
        low, high = map(float, measure.extent())
    else:
        low, high = hull(relation)
    sizes = abs(low), abs(high)
    if isinstance(relation, (RTransformLeaf, STransformLeaf)):
        # the ends may be sums
        sizes = (max(sizes), max(sizes))
    positive = isinstance(relation, STransformLeaf) or (
        low >= 0 and math.copysign(1, low) > 0 and not isinstance(relation, RTransformLeaf)
    )
    return _wider((low, high), sizes, positive=positive)


def _wider(ends: Interval, sizes: tuple[float, float], *, positive: bool) -> Interval:
    """By what numbers of such sizes are rounded, but not below 0 where nothing is."""
    low, high = (
        end + sign * (_ROUNDING * size + _UNDERFLOW) if math.isfinite(end) else end
        for end, size, sign in zip(ends, sizes, (-1, 1), strict=True)
    )
    return (max(low, 0.0) if positive else low), high
