"""The reciprocal ``F = 1/G`` on real intervals: where it is real, and what that proves.

For a probability law ``F(z) = z + b + int (1/(t - z) - t/(1 + t^2)) drho(t)`` with a positive
measure ``rho`` (Maassen, *Addition of freely independent random variables*, J. Funct. Anal. 106,
1992).  Where ``F`` is real analytic on an interval ``rho`` vanishes there: ``F`` increases at least
as fast as the identity, the law has at most one atom on the interval, at the zero of ``F``, and
nothing else.  At an isolated atom of a part its ``F`` is 0, so that sums and compositions of
reciprocals are regular there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import FreesymError, PrecisionError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import Enclosed, enclosed
from freesym.spectrum.expansions import exact

acb, arb = flint.acb, flint.arb
Ball = Any
#: In bits, half the lengths of intervals that are tried, growing by half.
_FIRST = 3
#: For the slope of a chord whose middle is an eighth of its half away.
_SLACK = 1.0625


@dataclass(frozen=True)
class Arc:
    """What ``F`` does on a closed interval in whose neighbourhood it is real meromorphic.

    Attributes
    ----------
    low, high : arb
        The values at the ends; increasing in between but for a pole.
    poles : int
        How many poles there are: none or one.
    """

    low: Any
    high: Any
    poles: int = 0

    @property
    def has_zero(self) -> bool:
        """Whether it is proved to have one zero and no pole: exactly one atom."""
        return bool(not self.poles and self.low < 0 and self.high > 0)


def arc(relation: Relation, low: Any, high: Any) -> Arc | None:
    """``F`` on an interval with real balls as ends, at the present precision.

    None if it is not proved to be real meromorphic with at most one pole.  That also proves that
    the continuous part of the law has no mass there.
    """
    try:
        return _arc(relation, low, high)
    except FreesymError:
        return None


def _arc(relation: Relation, low: Any, high: Any) -> Arc | None:
    match relation:
        case Constant():
            place = real_ball(relation.value)
            return Arc(low - place, high - place)
        case nodes.Affine():
            return _affine(relation, low, high)
        case nodes.Boolean():
            return _boolean(relation, low, high)
        case nodes.Monotone():
            return _monotone(relation, low, high)
    return _between(relation, low, high)


def _affine(relation: nodes.Affine, low: Any, high: Any) -> Arc | None:
    scale, shift = real_ball(relation.scale), real_ball(relation.shift)
    ends = [(low - shift) / scale, (high - shift) / scale]
    inner = _arc(relation.child, *(ends if scale > 0 else ends[::-1]))
    if inner is None:
        return None
    values = [scale * inner.low, scale * inner.high]
    first, last = values if scale > 0 else values[::-1]
    return Arc(first, last, inner.poles)


def _boolean(relation: nodes.Boolean, low: Any, high: Any) -> Arc | None:
    """The sum of those of the terms; residues at poles are negative and do not cancel."""
    found = {term: _arc(term, low, high) for term in relation.terms}
    arcs = [found[term] for term in relation.terms]
    # poles of different terms may lie at different places, with an atom between them
    if any(a is None for a in arcs) or sum(a.poles for a in found.values() if a) > 1:
        return None
    n = len(arcs) - 1
    return Arc(
        sum((a.low for a in arcs if a), arb(0)) - n * low,
        sum((a.high for a in arcs if a), arb(0)) - n * high,
        max(a.poles for a in arcs if a),
    )


def _monotone(relation: nodes.Monotone, low: Any, high: Any) -> Arc | None:
    """That of the outer law on the values of the inner one, an interval or one through infinity."""
    inner = _arc(relation.inner, low, high)
    if inner is None:
        return None
    if not inner.poles:
        return _arc(relation.outer, inner.low, inner.high)
    if side_of(relation.outer, inner.low) != 0 or side_of(relation.outer, inner.high) != 1:
        return None
    first, last = (_real_at(relation.outer, w).g.real for w in (inner.low, inner.high))
    return Arc(1 / first, 1 / last, 1)


def _real_at(relation: Relation, x: Any, *, share: bool = False) -> Enclosed:
    """Transforms where they are proved to be real on a whole ball."""
    found = enclosed(relation, acb(x), flint.ctx.prec, potential="share" if share else False)
    if not found.g.imag.is_zero() or not found.g.real.is_finite():
        raise PrecisionError("the transform is not proved to be real there")
    return found


def _between(relation: Relation, low: Any, high: Any) -> Arc | None:
    """From the exact masses beside two points: none between them, or that of one known atom."""
    first, second = (_real_at(relation, x, share=True) for x in (low, high))
    if first.turn is None or second.turn is None:
        return None
    missing = first.turn - second.turn
    left, right = first.g.real, second.g.real
    known = not left.contains(0) and not right.contains(0) and low < high
    if not known or not _is_explained(relation, low, high, missing):
        return None
    if missing == 0:
        # G decreases
        return Arc(1 / left, 1 / right, 1 if left > 0 and right < 0 else 0)
    return Arc(1 / left, 1 / right) if left < 0 and right > 0 else None


def _is_explained(relation: Relation, low: Any, high: Any, mass: Fraction) -> bool:
    """Whether at most one atom between two points has all the mass there is."""
    if mass == 0:
        return True
    inside = []
    for place, share in atoms(exact(relation)).items():
        if isinstance(place, float):
            return False
        x = real_ball(place)
        if not (x < low or x > high):
            inside.append((x, share))
    if len(inside) != 1:
        return False
    x, share = inside[0]
    whole = isinstance(share, (int, Fraction)) and share == mass
    return bool(whole and x > low and x < high)


def side_of(relation: Relation, x: Any) -> int | None:
    """1 if the law is proved to have no mass in ``(-oo, x]``, 0 if it has none in ``[x, oo)``.

    ``F`` of a part without mass there increases from minus infinity without a pole; so a Boolean
    sum has no atom there if ``F(x) < 0``, and a monotone one nothing if the outer law has nothing
    below ``F(x)`` of the inner one.
    """
    try:
        return _side_of(relation, x)
    except FreesymError:
        return None


def _side_of(relation: Relation, x: Any) -> int | None:
    match relation:
        case nodes.Affine():
            scale = real_ball(relation.scale)
            side = _side_of(relation.child, (x - real_ball(relation.shift)) / scale)
            return side if side is None or scale > 0 else 1 - side
        case nodes.Boolean():
            sides = {_side_of(term, x) for term in relation.terms}
            value = sum((1 / _real_at(t, x).g.real for t in relation.terms), arb(0))
            value = value - (len(relation.terms) - 1) * x
            if sides == {1} and value < 0:
                return 1
            return 0 if sides == {0} and value > 0 else None
        case nodes.Monotone():
            side = _side_of(relation.inner, x)
            if side is None:
                return None
            there = _side_of(relation.outer, 1 / _real_at(relation.inner, x).g.real)
            return side if side == there else None
    turn = _real_at(relation, x, share=True).turn
    return int(turn) if turn in (0, 1) else None


# ------------------------------------------------------------------ around a point


def around(relation: Relation, x: Any) -> tuple[Any, Arc] | None:
    """Half the length of an interval around a real ball on which ``F`` is known, and ``F`` there.

    The largest of those tried; none is smaller than half the bits of the present precision allow.
    """
    size = abs(x).mid()
    size = size if size > 0 else arb(1)
    n = _FIRST
    while n <= flint.ctx.prec // 2:
        half = (size * arb(2) ** -n).mid()
        found = arc(relation, (x - half).mid(), (x + half).mid())
        if found is not None:
            return half, found
        n += n // 2
    return None


def points_in_gap(relation: Relation, x: Any) -> Iterator[Any]:
    """Points at which the distribution function is what it is at ``x``.

    Beside an atom, and at it, they keep their distance from it.

    Raises
    ------
    PrecisionError
        If it is not known on which side of an atom the point is.
    """
    found = around(relation, x)
    if found is None:
        return
    half, whole = found
    left, right = (x - half / 2).mid(), (x + half / 2).mid()
    if not (left < x and x < right):
        return
    if whole.poles:
        # from positive values over infinity to negative ones there is no zero
        if whole.low > 0 and whole.high < 0:
            yield from (left, right)
        return
    inner = arc(relation, left, right)
    if inner is not None and inner.has_zero:
        value = reciprocal(relation, x)
        if value < 0:
            yield left
        elif value > 0 or value.is_zero():
            yield right
        else:
            raise PrecisionError("it is not known on which side of an atom the point is")


def reciprocal(relation: Relation, x: Any) -> Any:
    """``F`` at a real ball where it is proved to be real."""
    match relation:
        case nodes.Affine():
            scale = real_ball(relation.scale)
            return scale * reciprocal(relation.child, (x - real_ball(relation.shift)) / scale)
        case nodes.Boolean():
            values = (reciprocal(term, x) for term in relation.terms)
            return sum(values, arb(0)) - (len(relation.terms) - 1) * x
        case nodes.Monotone():
            return reciprocal(relation.outer, reciprocal(relation.inner, x))
    known = beside_atom(relation, acb(x))
    return 1 / _real_at(relation, x).g.real if known is None else known.real


def beside_atom(relation: Relation, z: Ball) -> Ball | None:
    """``F`` on a ball that meets an isolated atom of exactly known place; None if there is none.

    Let ``F`` be real on ``[a - d, a + d]`` and ``F(a) = 0``.  Then ``F(z) = (z - a)(1 + e)`` with
    ``|e| <= (D - 1)/(1 - |z - a|/d)``, where ``D`` is the slope of the chord over that interval.

    Raises
    ------
    PrecisionError
        If there is an atom, but no such interval is found.
    """
    if not z.imag.contains(0):
        return None
    for place in atoms(exact(relation)):
        a = None if isinstance(place, float) else real_ball(place)
        if a is not None and z.real.overlaps(a):
            return _beside(relation, a, z)
    return None


def _beside(relation: Relation, a: Any, z: Ball) -> Ball:
    found = around(relation, a)
    distance = abs(z - a).upper()
    if found is None or not found[1].has_zero or not distance < found[0] / 2:
        raise PrecisionError("an atom of a part is not proved to be isolated around the point")
    half, whole = found
    if (z - a).is_zero():
        return acb(0)
    slope = (whole.high - whole.low) / (2 * half)
    # the middle of the interval is rounded, by far less than the eighth of it that is kept
    error = (slope - 1) * _SLACK / (1 - distance / (half * 7 / 8))
    around_one = arb(0, error.upper())
    return (z - a) * (1 + (around_one if z.imag.is_zero() else acb(around_one, around_one)))
