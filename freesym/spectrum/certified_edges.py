"""Edges of solved trees in balls: critical points of the curve, between two certified points.

At an edge ``dz/ds`` vanishes along the curve.  Newton's method on the equations together with
that condition gives its place; the proof is that the density is certified to be positive on
one side and zero on the other, so that an edge lies between the two points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from freesym.algebra.balls import working_precision
from freesym.errors import ConvergenceError, FreesymError, PrecisionError, UnsupportedOperationError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.solve.certificate import Certifier, certifier
from freesym.solve.machine import Ball, Sides
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_numbers import bits_for
from freesym.spectrum.support import continuous_support

acb, arb = flint.acb, flint.arb
_STEPS = 60


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
        return _united([located_edges(part, digits) for part in relation.children])
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
    from freesym.algebra.constants import real_ball

    inner = located_edges(relation.child, digits)
    with working_precision(bits_for(digits) + 64):
        scale, shift = real_ball(relation.scale), real_ball(relation.shift)
        outer = [scale * e + shift for e in inner]
    return outer if scale > 0 else outer[::-1]


def _united(parts: list[list[Any]]) -> list[Any]:
    """The ends of the union of all parts' intervals.

    Raises
    ------
    PrecisionError
        If two ends are too close to tell whether their intervals overlap.
    """
    intervals = [pair for part in parts for pair in zip(part[::2], part[1::2], strict=True)]
    united: list[Any] = []
    for low, high in sorted(intervals, key=lambda pair: pair[0].mid()):
        if not united or low > united[-1]:
            united += [low, high]
        elif not low < united[-1]:
            raise PrecisionError(
                f"the edges near {float(low):.12g} of two parts could not be told apart"
            )
        elif not high < united[-1]:
            same = not high > united[-1] and high.mid() != united[-1].mid()
            united[-1] = high.union(united[-1]) if same else high
    return united


def _inverted(relation: nodes.NegativeInverse, digits: int) -> list[Any] | None:
    """``-1/e``, which keeps the order of edges of one sign."""
    ends = [e for interval in continuous_support(relation.child.numeric()) for e in interval]
    if not np.isfinite(ends).all() or not (min(ends) > 0 or max(ends) < 0):
        return None
    inner = located_edges(relation.child, digits)
    with working_precision(bits_for(digits) + 64):
        return [-1 / e for e in inner]


def _stated(relation: Relation, digits: int) -> list[Any] | None:
    """The ends ``a`` and ``b`` of laws that have them as parameters."""
    from freesym.algebra.constants import real_ball

    known = getattr(relation, "continuous_support", None)
    a, b = getattr(relation, "a", None), getattr(relation, "b", None)
    if known is None or a is None or b is None or getattr(relation, "chart", "") != "w":
        return None
    if known() != ((float(a), float(b)),):
        return None
    with working_precision(bits_for(digits) + 16):
        return [real_ball(a), real_ball(b)]


def _located(relation: Relation, near: float, inside: int, width: float, digits: int) -> Any:
    if not np.isfinite(near):
        return arb.pos_inf() if near > 0 else arb.neg_inf()
    if isinstance(relation, nodes.Monotone):
        raise UnsupportedOperationError(
            "edges of monotone sums of laws that are not algebraic have no certified digits"
        )
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
    from freesym.spectrum.bounds import hull

    if inside < 0 or hull(relation.numeric())[0] != 0:
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
