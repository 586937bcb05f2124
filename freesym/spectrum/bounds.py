"""Intervals that contain the spectrum, from the tree alone."""

from __future__ import annotations

import math
from functools import lru_cache

from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.intervals import Interval

WHOLE_LINE: Interval = (-math.inf, math.inf)


@lru_cache(maxsize=4096)
def hull(relation: Relation) -> Interval:
    """An interval that contains the spectrum of a numerical relation; it may be larger."""
    if relation.children:
        return combined_hull(relation, [hull(child) for child in relation.children])
    bounds: Interval = relation.hull()  # type: ignore[attr-defined]
    return bounds


def combined_hull(relation: Relation, parts: list[Interval]) -> Interval:
    """An interval that contains the spectrum of a node, from those of its children."""
    match relation:
        case nodes.Additive():
            return _additive(relation, parts)
        case nodes.Multiplicative():
            return _multiplicative(relation, parts)
        case nodes.RealMultiplicative():
            return _products(parts[0], parts[1])
        case nodes.Rectangular():
            return 0.0, sum(math.sqrt(max(b, 0.0)) for _, b in parts) ** 2
        case nodes.Mixture():
            return min(a for a, _ in parts), max(b for _, b in parts)
        case nodes.Boolean() | nodes.Monotone():
            return sum(min(a, 0.0) for a, _ in parts), sum(max(b, 0.0) for _, b in parts)
        case nodes.Affine():
            return _affine(relation, parts[0])
        case nodes.NegativeInverse():
            return _negative_inverse(*parts[0])
        case nodes.SymmetricSquare():
            return 0.0, max(parts[0][0] ** 2, parts[0][1] ** 2)
        case nodes.Reshape():
            return min(parts[0][0], 0.0), max(parts[0][1], 0.0)
        case nodes.CompoundPoisson():
            factor = (1 + math.sqrt(relation.rate)) ** 2
            return factor * min(parts[0][0], 0.0), factor * max(parts[0][1], 0.0)
    raise TypeError(f"{type(relation).__name__} has no rule for its hull")


def _additive(relation: nodes.Additive, parts: list[Interval]) -> Interval:
    if min(relation.powers) < 1:
        return WHOLE_LINE
    pairs = list(zip(relation.powers, parts, strict=True))
    return sum(t * a for t, (a, _) in pairs), sum(t * b for t, (_, b) in pairs)


def _power(x: float, t: float) -> float:
    try:
        return float(x**t)
    except OverflowError:
        return math.inf


def _multiplicative(relation: nodes.Multiplicative, parts: list[Interval]) -> Interval:
    if min(relation.powers) < 1:
        return 0.0, math.inf
    lower, upper = 1.0, 1.0
    for t, (a, b) in zip(relation.powers, parts, strict=True):
        lower, upper = lower * _power(max(a, 0.0), t), upper * _power(b, t)
    return (0.0 if math.isnan(lower) else lower), (math.inf if math.isnan(upper) else upper)


def _products(real: Interval, positive: Interval) -> Interval:
    (a, b), (c, d) = real, (max(positive[0], 0.0), positive[1])
    lower = a * d if a < 0 else a * c
    upper = b * d if b > 0 else b * c
    return lower, upper


def _affine(relation: nodes.Affine, part: Interval) -> Interval:
    ends = [relation.scale * end + relation.shift for end in part]
    return min(ends), max(ends)


def _negative_inverse(a: float, b: float) -> Interval:
    if a > 0 or b < 0:
        return -1 / a, -1 / b
    if a == 0:
        return -math.inf, -1 / b
    return (-1 / a, math.inf) if b == 0 else WHOLE_LINE


def is_positive(relation: Relation) -> bool:
    """Whether the spectrum lies in ``[0, oo)``, by the tree or else by its edges."""
    lower, upper = hull(relation)
    if lower >= 0:
        return True
    if upper < 0 or isinstance(relation, Constant):
        return False
    if not math.isfinite(lower) and not _can_be_positive(relation):
        return False
    from freesym.spectrum.support import support

    intervals = support(relation)
    if not math.isfinite(intervals[0][0]):
        return False
    width = intervals[-1][1] - intervals[0][0]
    return bool(intervals[0][0] >= -1e-12 * width)


def _can_be_positive(relation: Relation) -> bool:
    """An infinite hull is only an estimate of formulas, and of powers below 1."""
    if isinstance(relation, Leaf):
        return not hasattr(relation, "continuous_support")
    if isinstance(relation, (nodes.Additive, nodes.Multiplicative)):
        return min(relation.powers) < 1
    return any(_can_be_positive(child) for child in relation.children)
