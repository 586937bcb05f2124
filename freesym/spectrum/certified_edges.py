"""Edges of solved trees in balls: critical points of the curve, between two certified points.

At an edge ``dz/ds`` vanishes along the curve.  Newton's method on the equations together with
that condition gives its place; the proof is that the density is certified to be positive on
one side and zero on the other, so that an edge lies between the two points.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, FreesymError, PrecisionError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.solve.certificate import Certifier, certifier
from freesym.solve.machine import Ball, Sides
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_numbers import bits_for
from freesym.spectrum.certified_reciprocals import arc, reciprocal
from freesym.spectrum.expansions import exact
from freesym.spectrum.support import continuous_support

acb, arb = flint.acb, flint.arb
_STEPS = 60
#: In units of the widest interval: edges that are the same, and the first step of a search.
_SAME, _SECANT = 1e-9, 1e-10
#: In the same units, how far from an edge in double precision the proved one may be.
_NEAR = 1e-5


@dataclass(frozen=True)
class Critical:
    """Where ``dz/ds`` vanishes along the curve, on points.

    Attributes
    ----------
    unknowns, direction : list of acb
        The unknowns there, and their derivatives along the curve.
    place, bend : arb
        ``z`` and its second derivative.
    """

    unknowns: list[Ball]
    direction: list[Ball]
    place: Any
    bend: Any


def located_edges(relation: Relation, digits: int) -> list[Any]:
    """Real balls, each of which contains an edge of the continuous part, ascending.

    Raises
    ------
    PrecisionError
        If an edge that double precision sees could not be certified.
    """
    if isinstance(relation, nodes.Affine):
        return _mapped(relation, digits)
    if isinstance(relation, nodes.Reshape):
        return located_edges(relation.child, digits)
    if isinstance(relation, (nodes.Mixture, nodes.Boolean)):
        parts = [(located_edges(part, digits), exact_ends(part)) for part in relation.children]
        return united(parts)
    if isinstance(relation, nodes.Monotone):
        return _monotone(relation, digits)
    stated = _stated(relation, digits)
    if isinstance(relation, nodes.NegativeInverse):
        stated = _inverted(relation, digits)
    if stated is not None:
        return stated
    ends = [e for interval in continuous_support(relation.numeric()) for e in interval]
    pairs = zip(ends[::2], ends[1::2], strict=True)
    width = max((b - a for a, b in pairs if np.isfinite(b - a)), default=1.0)
    return [_located(relation, e, -1 if k % 2 else 1, width, digits) for k, e in enumerate(ends)]


def _mapped(relation: nodes.Affine, digits: int) -> list[Any]:
    inner = located_edges(relation.child, digits)
    with working_precision(bits_for(digits) + 64):
        scale, shift = real_ball(relation.scale), real_ball(relation.shift)
        outer = [scale * e + shift for e in inner]
    return outer if scale > 0 else outer[::-1]


def exact_ends(relation: Relation) -> list[Any] | None:
    """The ends of the only interval of a law that has them as rational parameters."""
    if isinstance(relation, nodes.Affine):
        inner, scale, shift = exact_ends(relation.child), relation.scale, relation.shift
        if inner is None or not all(isinstance(v, (int, Fraction)) for v in (scale, shift)):
            return None
        return sorted(scale * e + shift for e in inner)
    ends = _parameters(exact(relation))
    return ends if ends and all(isinstance(e, (int, Fraction)) for e in ends) else None


def united(parts: list[tuple[list[Any], list[Any] | None]]) -> list[Any]:
    """The ends of the union of all parts' intervals, given as balls and, where known, exactly.

    Raises
    ------
    PrecisionError
        If two ends are too close to tell whether their intervals overlap.
    """
    intervals = []
    for ends, known in parts:
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        exactly = tuple(known) if known is not None and len(pairs) == 1 else (None, None)
        intervals += [(*pair, *exactly) for pair in pairs]
    found: list[Any] = []
    last = None
    for low, high, start, end in sorted(intervals, key=lambda pair: pair[0].mid()):
        if not found or low > found[-1]:
            found += [low, high]
            last = end
        elif not (low < found[-1] or (start is not None and start == last)):
            if not _is_same(low, found[-1]):
                raise PrecisionError(
                    f"the edges near {float(low):.12g} of two parts could not be told apart"
                )
            found[-1], last = high, end
        elif not high < found[-1]:
            same = not high > found[-1] and high.mid() != found[-1].mid()
            found[-1] = high.union(found[-1]) if same else high
            last = None if same else end
    return found


def _is_same(a: Any, b: Any) -> bool:
    """Whether two balls are the same exact number."""
    return bool(a.rad() == 0 and b.rad() == 0 and a.mid() == b.mid())


# ------------------------------------------------------------------ monotone sums


def _monotone(relation: nodes.Monotone, digits: int) -> list[Any]:
    """Edges of the inner law, and points outside its spectrum that ``F`` maps to one of the outer.

    There ``F = 1/G`` of the inner law increases, so that lower ends belong to lower ends.  Double
    precision says which there are.
    """
    # F increases at least as fast as the identity: its levels need a few more digits
    inner, outer = located_edges(relation.inner, digits), located_edges(relation.outer, digits + 4)
    ends = [e for interval in continuous_support(relation.numeric()) for e in interval]
    if not np.isfinite(ends).all():
        return [_located_at_infinity(e) for e in ends]
    width = max((b - a for a, b in zip(ends[::2], ends[1::2], strict=True)), default=1.0)
    target = bits_for(digits)
    found = []
    with working_precision(2 * target + 96):
        for k, near in enumerate(ends):
            same = [e for e in inner[k % 2 :: 2] if abs(e - near) < _SAME * width]
            if same:
                found.append(_edge_of_inner(relation, same[0], -1 if k % 2 else 1, target))
            else:
                found.append(_edge_of_outer(relation.inner, near, outer[k % 2 :: 2], width, target))
    return found


def _located_at_infinity(end: float) -> Any:
    if np.isfinite(end):
        raise PrecisionError("edges of unbounded monotone sums are not certified")
    return arb.pos_inf() if end > 0 else arb.neg_inf()


def _distance(x: Any, target: int) -> Any:
    size = abs(x) if abs(x) > arb(2) ** -target else arb(1)
    return (size * arb(2) ** -target).mid()


def _edge_of_inner(relation: Relation, place: Any, inside: int, target: int) -> Any:
    """An edge of the inner law, between a point with a density and one without."""
    distance, x = _distance(place, target), place.mid()
    within, beyond = (
        enclosed(relation, acb((x + side * distance).mid()), flint.ctx.prec).g
        for side in (inside, -inside)
    )
    if within.imag < 0 and beyond.imag.is_zero() and beyond.real.is_finite():
        return arb(x, distance.upper())
    raise PrecisionError("an edge could not be certified by the densities on its two sides")


def _edge_of_outer(
    inner: Relation, near: float, levels: list[Any], width: float, target: int
) -> Any:
    """The point at which ``F`` of the inner law is one of the levels, next to a rough place."""
    for level in sorted(levels, key=lambda e: _mismatch(inner, near, width, e)):
        if abs(near) < _SAME * width and _passes(inner, arb(0), level, target, exactly=True):
            return arb(0)
        x = _secant(inner, near, level, width, target)
        # not the solution of another piece
        if x is not None and abs(x - near) < _NEAR * width and _passes(inner, x, level, target):
            found = arb(x, _distance(x, target).upper())
            return arb(0, found.abs_upper()) if found.contains(0) else found
    raise PrecisionError(f"the edge at {near:.12g} of a monotone sum could not be certified")


def _mismatch(inner: Relation, near: float, width: float, level: Any) -> float:
    try:
        return float(abs(reciprocal(inner, arb(near + _SECANT * width)) - level).mid())
    except FreesymError:
        return np.inf


def _passes(inner: Relation, x: Any, level: Any, target: int, *, exactly: bool = False) -> bool:
    """Whether ``F`` is proved to increase through a level, next to a point or exactly there."""
    distance = _distance(x, target)
    found = arc(inner, (x - distance).mid(), (x + distance).mid())
    if found is None or found.poles or not (found.low < level and found.high > level):
        return False
    if not exactly:
        return True
    try:
        return bool((reciprocal(inner, x) - level).is_zero())
    except FreesymError:
        return False


def _secant(inner: Relation, near: float, level: Any, width: float, target: int) -> Any | None:
    """A point at which ``F`` is nearly the level; nothing is proved about it."""
    before, x = arb(near - _SECANT * width), arb(near + _SECANT * width)
    tiny = arb(2) ** (-target - 8)
    try:
        first = reciprocal(inner, before) - level
        for _ in range(_STEPS):
            second = reciprocal(inner, x) - level
            move = (second * (x - before) / (second - first)).mid()
            if not move.is_finite():
                return None
            before, first, x = x, second, (x - move).mid()
            if abs(move) <= tiny * abs(x):
                return x
    except FreesymError:
        return None
    return None


def _inverted(relation: nodes.NegativeInverse, digits: int) -> list[Any] | None:
    """``-1/e``, which keeps the order of edges of one sign."""
    ends = [e for interval in continuous_support(relation.child.numeric()) for e in interval]
    if not np.isfinite(ends).all() or not (min(ends) > 0 or max(ends) < 0):
        return None
    inner = located_edges(relation.child, digits)
    with working_precision(bits_for(digits) + 64):
        return [-1 / e for e in inner]


def _parameters(relation: Relation) -> list[Any] | None:
    """The ends ``a`` and ``b`` of laws that have them as parameters."""
    known = getattr(relation, "continuous_support", None)
    a, b = getattr(relation, "a", None), getattr(relation, "b", None)
    if known is None or a is None or b is None or getattr(relation, "chart", "") != "w":
        return None
    return [a, b] if known() == ((float(a), float(b)),) else None


def _stated(relation: Relation, digits: int) -> list[Any] | None:
    """The ends that are parameters, in balls."""
    ends = _parameters(relation)
    if ends is None:
        return None
    with working_precision(bits_for(digits) + 16):
        return list(map(real_ball, ends))


def _located(relation: Relation, near: float, inside: int, width: float, digits: int) -> Any:
    if not np.isfinite(near):
        return arb.pos_inf() if near > 0 else arb.neg_inf()
    target = bits_for(digits)
    bits = 2 * target + 96
    with working_precision(bits):
        if abs(near) < 1e-9 * width:
            found = _at_zero(relation, inside, target, bits)
            if found is not None:
                return found
        engine = certifier(relation)
        found = _critical_point(engine, near, inside, width, bits)
        return _bracketed(engine, found, inside, target)


def _at_zero(relation: Relation, inside: int, target: int, bits: int) -> Any:
    """0 itself, where a law on the half-line has a positive density next to it."""
    from freesym.spectrum.certified_hull import certified_hull

    if inside < 0 or certified_hull(relation.numeric())[0] != 0:
        return None
    try:
        g = enclosed(relation, acb(arb(2) ** (-target - 8)), bits).g
    except FreesymError:
        return None
    return arb(0) if g.imag < 0 else None


def _critical_point(
    engine: Certifier, near: float, inside: int, width: float, bits: int
) -> Critical:
    """The critical point next to a rough edge."""
    numeric = engine.solver
    for distance in (1e-4, 1e-6, 1e-2):
        x = near - inside * distance * width
        if not numeric.solve(np.array([complex(x)])).verified[0]:
            continue
        unknowns, rates = engine._lifted(acb(x), 0.0)
        sides = engine._sides(unknowns, acb(x), rates)
        mids = [acb(u.real) if abs(u.real) >= abs(u.imag) else acb(0, u.imag) for u in unknowns]
        found = _newton(engine, mids, sides, bits)
        if found is not None and abs(found.place - near) < 0.1 * width:
            return found
    raise PrecisionError(f"the edge at {near:.12g} was not found as a critical point of the curve")


def _newton(engine: Certifier, mids: list[Ball], sides: Sides, bits: int) -> Critical | None:
    step = arb(2) ** (-bits // 3)
    tiny = arb(2) ** (-bits * 3 // 5)
    for _ in range(_STEPS):
        first = _direction(engine, mids, sides)
        if first is None:
            return None
        _, direction, moves = first
        mids = [(m + d).mid() for m, d in zip(mids, moves, strict=True)]
        beside = [(m + step * d).mid() for m, d in zip(mids, direction, strict=True)]
        here, there = _direction(engine, mids, sides), _direction(engine, beside, sides)
        if here is None or there is None:
            return None
        bend = ((there[0] - here[0]) / step).mid()
        move = (-here[0] / bend).mid()
        if not move.is_finite():
            return None
        size = abs(mids[0])
        limit = size / 4
        if abs(move) > limit:
            move = (move * limit / abs(move)).mid()
        mids = [(m + move * d).mid() for m, d in zip(mids, here[1], strict=True)]
        if abs(move) < tiny * size:
            v = engine.machine.run(engine.order, mids, sides)
            return Critical(mids, here[1], v[engine.w].real.mid(), bend)
    return None


def _direction(
    engine: Certifier, mids: list[Ball], sides: Sides
) -> tuple[Ball, list[Ball], list[Ball]] | None:
    """``dz`` along the curve, the direction, and the correction back onto the curve."""
    machine = engine.machine
    v = machine.run(engine.order, mids, sides)
    residuals, _ = engine._residuals(v, acb(0))
    return machine.along(engine.order, v, sides, residuals, engine.w)


def _bracketed(engine: Certifier, point: Critical, inside: int, target: int) -> Any:
    """A ball around an edge: density on one side, none on the other, both certified."""
    place = point.place
    size = abs(place) if abs(place) > arb(2) ** -target else arb(1)
    distance = (size * arb(2) ** -target).mid()
    within = _is_spectrum(engine, point, place + inside * distance)
    beyond = _is_spectrum(engine, point, place - inside * distance)
    if within and beyond is False:
        return arb(place.mid(), distance.upper())
    raise PrecisionError("an edge could not be certified by the densities on its two sides")


def _is_spectrum(engine: Certifier, point: Critical, x: Any) -> bool | None:
    """Whether the density at a point next to a critical point is positive; None if unknown."""
    z = acb(x.mid())
    for start in (None, *_starts(point, z)):
        try:
            found = engine.solve(z, flint.ctx.prec, start)
        except (PrecisionError, ConvergenceError):
            continue
        if found.real:
            return False
        if found.g.imag < 0:
            return True
    return None


def _starts(point: Critical, z: Ball) -> list[list[Ball]]:
    """Both solutions next to a critical point, to first order in the root of the distance."""
    step = (2 * (z - point.place) / point.bend).sqrt().mid()
    return [
        [(u + sign * step * d).mid() for u, d in zip(point.unknowns, point.direction, strict=True)]
        for sign in (1, -1)
    ]
