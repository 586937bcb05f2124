"""Transforms of any relation in balls, at points of the closed upper half-plane.

As in :mod:`freesym.spectrum.evaluate`, nodes whose children's points are known from their own
are unwound; what remains is solved and certified by :mod:`freesym.solve.certificate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.relations import nodes
from freesym.relations.functions import integrated_potential
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.certificate import certifier
from freesym.solve.contours import contour, transform_on_box
from freesym.solve.machine import NAN, is_real
from freesym.solve.measures import Atoms, ExactMeasure, Pushed, Values, exact_measure
from freesym.solve.potentials import log_potential
from freesym.solve.preimages import Share, share_at
from freesym.solve.tape import Node, Op
from freesym.spectrum.certified_hull import certified_hull
from freesym.spectrum.certified_integrals import integrated_log_potential
from freesym.spectrum.expansions import exact

acb, arb = flint.acb, flint.arb
Ball = Any
#: The precision for wide boxes.
_WIDE = 64
#: Whether a log-potential is wanted; of "share" the imaginary part alone, which is often cheaper.
Potential = bool | Literal["share"]


@dataclass(frozen=True)
class Enclosed:
    """Enclosures of ``G`` and ``psi`` and, if asked for, of the log-potential.

    If only the share of the mass is asked for, the real part of the potential may be NaN.

    Attributes
    ----------
    g, psi : acb
        With imaginary part exactly 0 where a real point is proved to be outside the spectrum.
    u : acb or None
        The log-potential.
    turn : Fraction or None
        ``Im u/pi`` where it is known exactly: the mass to the right of a real point.
    """

    g: Ball
    psi: Ball
    u: Ball = None
    turn: Fraction | None = None


def enclosed(relation: Relation, z: Ball, bits: int, *, potential: Potential = False) -> Enclosed:
    """Certified transforms at ``z`` with ``Im z >= 0`` (boundary values from above if 0)."""
    match relation:
        case nodes.Affine():
            return _affine(relation, z, bits, potential)
        case nodes.NegativeInverse():
            return _negative_inverse(relation, z, bits, potential)
        case nodes.SymmetricSquare():
            return _square(relation, z, bits, potential)
        case nodes.Reshape():
            return _reshape(relation, z, bits, potential)
        case nodes.Mixture():
            return _mixture(relation, z, bits, potential)
        case nodes.Boolean():
            return _boolean(relation, z, bits, potential)
        case nodes.Monotone():
            return _monotone(relation, z, bits, potential)
    if getattr(relation, "kind", None) == "sum":
        return _convolved(relation, z, bits, potential)
    return _solved(relation, z, bits, potential)


def _convolved(relation: Relation, z: Ball, bits: int, potential: Potential) -> Enclosed:
    from freesym.spectrum.certified_convolutions import convolved, uniform_part

    part = uniform_part(relation)
    if part is None:
        return _solved(relation, z, bits, potential)
    found, turn = convolved(part, z, bits, potential)
    if not potential:
        return found
    if turn is None:
        return Enclosed(found.g, found.psi, _integrated(relation, z))
    real = arb.nan() if potential == "share" else _integrated(relation, z).real
    return Enclosed(found.g, found.psi, acb(real, real_ball(turn) * arb.pi()), turn)


def _solved(relation: Relation, z: Ball, bits: int, potential: Potential) -> Enclosed:
    measure = measure_of(relation) if isinstance(relation, Leaf) else None
    if isinstance(measure, Atoms):
        return _summed(measure, z, potential)
    pushed = measure if isinstance(measure, Pushed) and is_real(z) else None
    if pushed is not None and z.is_finite():
        share = share_at(pushed, z.real)
        if share is not None:
            return _inside(pushed, z.real, share, potential is True)
    if not z.is_finite():
        raise PrecisionError("a part is asked for values beside infinity")
    crosses = not is_real(z) and z.imag.contains(0)
    if crosses and isinstance(measure, Pushed) and not potential:
        g = transform_on_box(measure, z)
        return Enclosed(g, z * g - 1)
    engine = certifier(relation)
    found = engine.continued(z, bits) if crosses else engine.solve(z, bits)
    g, psi = found.g, found.psi
    if found.real:
        g, psi = _on_axis(g), _on_axis(psi)
    if not potential:
        return Enclosed(g, psi)
    try:
        u, turn = log_potential(engine, found)
    except UnsupportedOperationError:
        turn = None if pushed is None else pushed.turn(z, 1)
        if turn is None:
            raise
        # the values keep off the point, so that the mass on its right is known all the same
        return Enclosed(g, psi, acb(arb.nan(), real_ball(turn) * arb.pi()), turn)
    return Enclosed(g, psi, *without_turns(u, turn))


@lru_cache(maxsize=256)
def measure_of(relation: Leaf) -> ExactMeasure | None:
    """The exact measure of a leaf, if it has one; atoms with the whole mass are all there is."""
    measure = exact_measure(relation)
    if measure is not None or not hasattr(relation, "point_masses"):
        return measure
    masses = exact(relation).point_masses()  # type: ignore[attr-defined]
    rational = all(isinstance(m, (int, Fraction)) for m in masses.values())
    if not rational or sum(masses.values()) != 1:
        return None
    return Atoms(tuple(masses), tuple(masses.values()))


def _summed(measure: Atoms, z: Ball, potential: Potential) -> Enclosed:
    g, psi, _, _ = measure.transform(z)
    if not (g.is_finite() and psi.is_finite()):
        raise PrecisionError("the transform is infinite at an atom")
    if not potential:
        return Enclosed(g, psi)
    turn = measure.turn(z, 1) if is_real(z) else None
    return Enclosed(g, psi, *without_turns(measure.potential(z, 1), turn))


def _inside(measure: Pushed, x: Any, share: Share, potential: bool) -> Enclosed:
    """The transforms of a function of a variable at one of its values.

    Density and mass are known in closed form; the real parts are integrals, and NaN if these are
    refused.
    """
    height = -arb.pi() * share.density
    try:
        path = contour(measure, x)
        real, level = path.transform().real, path.potential().real if potential else arb.nan()
    except (PrecisionError, UnsupportedOperationError):
        real = level = arb.nan()
    g = acb(real, height)
    return Enclosed(g, x * g - 1, acb(level, arb.pi() * (1 - share.below)))


def _on_axis(x: Ball) -> Ball:
    if not is_real(x) and x.imag.contains(0):
        raise PrecisionError("a value outside the spectrum could not be proved to be real")
    return x


def without_turns(u: Ball, turn: Fraction | None) -> tuple[Ball, Fraction | None]:
    """A log-potential with ``Im u/pi`` in ``[0, 1]``: integer multiplicities leave whole turns.

    Raises
    ------
    PrecisionError
        If the number of turns is not known.
    """
    if turn is not None:
        turn = turn % 2
        if turn <= 1:
            return acb(u.real, real_ball(turn) * arb.pi()), turn
        raise PrecisionError("the branch of the log-potential is not known")
    share = u.imag / (2 * arb.pi())
    turns = round(float((share - arb(0.25)).mid())) if share.is_finite() else 0
    moved = acb(u.real, u.imag - 2 * turns * arb.pi())
    if not (moved.imag > -3 and moved.imag < 6):
        raise PrecisionError("the branch of the log-potential is not known")
    return moved, None


def _mirrored(part: Enclosed) -> Enclosed:
    """The transforms of ``-X`` at the mirrored point, before the change of sign."""
    u = None if part.u is None else acb(part.u.real, arb.pi() - part.u.imag)
    turn = None if part.turn is None else 1 - part.turn
    return Enclosed(part.g.conjugate(), part.psi.conjugate(), u, turn)


def _affine(relation: nodes.Affine, z: Ball, bits: int, potential: Potential) -> Enclosed:
    scale, shift = _parameter(relation.scale), _parameter(relation.shift)
    inner = (z - shift) / scale
    if scale > 0:
        part = enclosed(relation.child, inner, bits, potential=potential)
    else:
        part = _mirrored(enclosed(relation.child, inner.conjugate(), bits, potential=potential))
    g = part.g / scale
    u = None if part.u is None else part.u + abs(scale).log()
    return Enclosed(g, part.psi + shift * g, u, part.turn)


def _parameter(value: Any) -> Any:
    return real_ball(value)


def _negative_inverse(
    relation: nodes.NegativeInverse, z: Ball, bits: int, potential: Potential
) -> Enclosed:
    if z.contains(0):
        raise PrecisionError("the transform of an inverse at 0 is not certified")
    inner = -1 / z
    part = enclosed(relation.child, inner, bits, potential=potential)
    g, psi = inner * part.psi, -1 - part.psi
    if part.u is None:
        return Enclosed(g, psi)
    at_zero = enclosed(relation.child, acb(0), bits, potential=True)
    angle = arb.pi() if is_real(inner) and inner.real < 0 else inner.arg()
    logarithm = acb(abs(inner).log(), angle)
    u = part.u - logarithm - at_zero.u + acb(0, arb.pi())
    known = part.turn is not None and at_zero.turn is not None and is_real(inner)
    turn = None
    if known:
        turn = part.turn - at_zero.turn + (0 if inner.real < 0 else 1)  # type: ignore[operator]
    return Enclosed(g, psi, *without_turns(u, turn))


def _upper_root(z: Ball) -> Ball:
    if is_real(z):
        if z.real > 0:
            return z.sqrt()
        if z.real < 0:
            return acb(0, (-z.real).sqrt())
        raise PrecisionError("the transform of a square at 0 is not certified")
    root = (acb(0, -1) * z).sqrt(analytic=True)
    quarter = arb(0.5).sqrt()
    return root * acb(quarter, quarter)


def _square(relation: nodes.SymmetricSquare, z: Ball, bits: int, potential: Potential) -> Enclosed:
    inner = _upper_root(z)
    part = enclosed(relation.child, inner, bits, potential=potential)
    g, psi, turn = part.g / inner, part.psi, part.turn
    u = None if part.u is None else 2 * part.u
    if is_real(z) and z.real < 0:
        # a square has no negative spectrum
        g, psi, turn = acb(g.real), acb(psi.real), Fraction(1)
        u = None if u is None else acb(u.real, arb.pi())
        return Enclosed(g, psi, u, turn)
    if u is None:
        return Enclosed(g, psi)
    # P(X > x) of the symmetric law is half of P(X^2 > x^2)
    return Enclosed(g, psi, u, None if turn is None else 2 * turn)


def _reshape(relation: nodes.Reshape, z: Ball, bits: int, potential: Potential) -> Enclosed:
    ratio = _parameter(relation.ratio)
    part = enclosed(relation.child, z, bits, potential=potential)
    psi = ratio * part.psi
    if z.contains(0):
        raise PrecisionError("the transform of a reshaped law at 0 is not certified")
    g = (1 + psi) / z
    if part.u is None:
        return Enclosed(g, psi)
    angle = arb.pi() if is_real(z) and z.real < 0 else z.arg()
    u = ratio * part.u + (1 - ratio) * acb(abs(z).log(), angle)
    turn = None
    if part.turn is not None and is_real(z) and isinstance(relation.ratio, (int, float, Fraction)):
        ratio_exact = Fraction(relation.ratio)
        turn = ratio_exact * part.turn + (1 - ratio_exact) * (1 if z.real < 0 else 0)
    return Enclosed(g, psi, u, turn)


def _mixture(relation: nodes.Mixture, z: Ball, bits: int, potential: Potential) -> Enclosed:
    parts = [enclosed(c, z, bits, potential=potential) for c in relation.components]
    weights = list(map(_parameter, relation.weights))
    g, psi = (
        sum((p * getattr(t, name) for p, t in zip(weights, parts, strict=True)), acb(0))
        for name in ("g", "psi")
    )
    if not potential:
        return Enclosed(g, psi)
    u = sum((p * t.u for p, t in zip(weights, parts, strict=True)), acb(0))
    turn = Fraction(0)
    for p, t in zip(relation.weights, parts, strict=True):
        if t.turn is None or not isinstance(p, (int, float, Fraction)):
            return Enclosed(g, psi, u)
        turn += Fraction(p) * t.turn
    return Enclosed(g, psi, u, turn)


def _boolean(relation: nodes.Boolean, z: Ball, bits: int, potential: Potential) -> Enclosed:
    parts = [_part(term, z, bits) for term in relation.terms]
    k = sum((k for _, _, k in parts), acb(0))
    if k.is_finite():
        g = 1 / (z - k)
        psi = k * g
    else:
        g = _beside_pole(relation, parts, z)
        psi = z * g - 1
    return Enclosed(g, psi, *_potential_of(relation, z, g, bits, potential))


def _part(relation: Relation, z: Ball, bits: int) -> tuple[Ball, Ball, Ball]:
    """``G``, ``F = 1/G`` and ``z - F``; at an isolated atom ``F`` is 0 and ``G`` not finite."""
    from freesym.spectrum.certified_reciprocals import beside_atom

    f = beside_atom(relation, z)
    if f is not None:
        return NAN, f, z - f
    found = enclosed(relation, z, bits)
    return found.g, 1 / found.g, found.psi / found.g


def _beside_pole(relation: nodes.Boolean, parts: list[tuple[Ball, Ball, Ball]], z: Ball) -> Ball:
    """``G`` of a Boolean sum where that of some terms, all equal, may vanish."""
    poles = [
        (t, g) for t, (g, _, k) in zip(relation.terms, parts, strict=True) if not k.is_finite()
    ]
    n, (first, g) = len(poles), poles[0]
    if any(term != first for term, _ in poles):
        raise PrecisionError("the transforms of several terms may vanish there")
    rest = sum((k for _, _, k in parts if k.is_finite()), acb(0))
    # 1/G is n/g and, for each of the others, z - k, less z for each part but one
    return g / (n - g * (rest + (n - 1) * z))


def _monotone(relation: nodes.Monotone, z: Ball, bits: int, potential: Potential) -> Enclosed:
    g, f, k = _part(relation.inner, z, bits)
    if f.is_finite():
        outer = enclosed(relation.outer, f, bits)
        found = outer.g
        psi = outer.psi + outer.g * k
    else:
        found = _from_infinity(relation, g)
        psi = z * found - 1
    return Enclosed(found, psi, *_potential_of(relation, z, found, bits, potential))


def _from_infinity(relation: nodes.Monotone, h: Ball) -> Ball:
    """``G`` of the outer law at ``1/h`` for a ball that contains 0: ``h/(1 - h X)`` averaged."""
    bound = arb(max(map(abs, certified_hull(relation.outer.numeric()))))
    far = bound * abs(h).upper()
    if not far < 0.5:
        raise PrecisionError("a part is asked for values beside infinity")
    error = arb(0, (far / (1 - far)).upper())
    return h * (1 + (error if is_real(h) else acb(error, error)))


def _potential_of(
    relation: Relation, z: Ball, g: Ball, bits: int, potential: Potential
) -> tuple[Ball, Fraction | None]:
    """The log-potential, or the share of the mass alone, of a Boolean or monotone sum."""
    if not potential:
        return None, None
    if not is_real(z) or (g.imag.is_finite() and not g.imag.contains(0)):
        return _integrated(relation, z), None
    from freesym.spectrum.certified_reciprocals import points_in_gap, side_of

    turn = side_of(relation, z.real)
    if turn is not None:
        height = turn * arb.pi()
        real = arb.nan() if potential == "share" else _integrated(relation, z).real
        return acb(real, height), Fraction(turn)
    if potential != "share":
        return _integrated(relation, z), None
    for x in points_in_gap(relation, z.real):
        try:
            return acb(arb.nan(), _integrated(relation, acb(x)).imag), None
        except PrecisionError:
            continue
    return _integrated(relation, z), None


# ------------------------------------------------------------------ potentials that are integrals


def _integrated(relation: Relation, z: Ball) -> Ball:
    """The log-potential at ``z`` in the closed upper half-plane."""

    def transform(w: Ball) -> tuple[Ball, Ball]:
        found = enclosed(relation, w, flint.ctx.prec)
        return found.g, found.psi

    def continued(box: Ball) -> Ball:
        # a small box needs its place to more bits than its size
        size = box.rad()
        bits = _WIDE + (max(0, -round(float(size.log() / arb(2).log()))) if size > 0 else 0)
        with flint.ctx.workprec(bits):
            return enclosed(relation, box, bits).g

    bound = max(map(abs, certified_hull(relation.numeric())))
    return integrated_log_potential(transform, continued, bound, z)


class IntegratedPart(ExactMeasure):
    """A part of a tree whose log-potential is an integral."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation

    def transform(self, w: Ball) -> Values:
        """``g`` and ``psi``, whose derivatives nobody asks for."""
        upper = w if not w.imag < 0 else w.conjugate()
        found = enclosed(self.relation, upper, flint.ctx.prec)
        g, psi = found.g, found.psi
        return (g, psi, NAN, NAN) if upper is w else (g.conjugate(), psi.conjugate(), NAN, NAN)

    def potential(self, w: Ball, side: int) -> Ball:
        """The integral, from the half-plane of ``side``."""
        if side < 0 or w.imag < 0:
            return _integrated(self.relation, w.conjugate()).conjugate()
        return _integrated(self.relation, w)


@integrated_potential.register
def _(w: Node, relation: Relation) -> Node:
    return w.new(Op.POTENTIAL, w.orientation, w.tape.measure(IntegratedPart(relation)))
