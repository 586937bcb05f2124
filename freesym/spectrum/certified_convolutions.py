"""Sums of two classically independent variables one of which is uniform, in balls.

For a uniform ``T`` on ``[a, b]`` the Cauchy transform of ``X + T`` is the mean of ``G(z - t)``,
that is ``(u(z - a) - u(z - b))/(b - a)`` with the log-potential ``u`` of ``X``, whose derivative is
``G``; so the density is a difference of distribution functions.  Both hold up to the axis.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import PrecisionError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.solve.machine import is_real
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import Enclosed, Potential, enclosed
from freesym.spectrum.certified_atoms import place_of_atom
from freesym.spectrum.classical import Convolution
from freesym.spectrum.expansions import exact

acb, arb = flint.acb, flint.arb
Ball = Any


def uniform_part(relation: Relation) -> tuple[Relation, Any, Any] | None:
    """The other term and the ends, if a term of a classical sum is uniform; else None."""
    if not isinstance(relation, Convolution) or relation.kind != "sum":
        return None
    pairs = ((relation.first, relation.second), (relation.second, relation.first))
    for term, other in pairs:
        ends = _ends(term)
        if ends is not None and not isinstance(other, Convolution):
            return other, *ends
    return None


def combined_edges(
    relation: Convolution, bands: list[list[tuple[Any, Any]]]
) -> list[list[tuple[Any, Any]]]:
    """The bands of a classical convolution, from those of its operands, each in one list.

    Two densities give one that is positive on all sums or products of two of their intervals, an
    atom moves or scales an interval; products with an atom at 0 are atoms.
    """
    points = []
    for part in (relation.first, relation.second):
        law = exact(part)
        places = (place_of_atom(law, a, flint.ctx.prec // 2) for a in atoms(law))
        points.append([(x, x) for x in places])
    pairs = [*product(bands[0], bands[1]), *product(bands[0], points[1])]
    pairs += product(points[0], bands[1])
    if relation.kind == "sum":
        return [[(a + c, b + d)] for (a, b), (c, d) in pairs]
    kept = (p for p in pairs if not any(a.is_zero() and b.is_zero() for a, b in p))
    return [[_product(*pair)] for pair in kept]


def _product(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
    ends = [x * y for x, y in product(first, second)]
    return reduce(lambda x, y: x.min(y), ends), reduce(lambda x, y: x.max(y), ends)


def _ends(relation: Relation) -> tuple[Any, Any] | None:
    if isinstance(relation, nodes.Affine):
        inner, scale, shift = _ends(relation.child), relation.scale, relation.shift
        if inner is None or not all(isinstance(v, (int, float, Fraction)) for v in (scale, shift)):
            return None
        ends = sorted(Fraction(scale) * e + Fraction(shift) for e in inner)
        return ends[0], ends[1]
    if type(relation).__name__ != "Uniform":
        return None
    ends = [relation.a, relation.b]  # type: ignore[attr-defined]
    if not all(isinstance(e, (int, float, Fraction)) for e in ends):
        return None
    return Fraction(ends[0]), Fraction(ends[1])


def convolved(
    part: tuple[Relation, Any, Any], z: Ball, bits: int, potential: Potential
) -> tuple[Enclosed, Fraction | None]:
    """``G`` and ``psi``, and the exact share of the mass above a real point if it is known."""
    other, a, b = part
    low, high = real_ball(a), real_ball(b)
    right, left = (_potential(other, z - end, bits) for end in (low, high))
    g = (right.u - left.u) / (high - low)
    turn = None
    if is_real(z):
        turn = _turn(right.turn, left.turn)
        if right.turn is not None and right.turn == left.turn:
            # X has no mass between the points, so that the sum has none around z
            g = acb(g.real)
    return Enclosed(g, z * g - 1), turn if potential else None


def _turn(right: Fraction | None, left: Fraction | None) -> Fraction | None:
    """The mass above ``z``: all of it, nothing, or what there is above a gap."""
    if right == 1:
        return Fraction(1)
    if left == 0:
        return Fraction(0)
    return right if right == left else None


def _potential(relation: Relation, w: Ball, bits: int) -> Enclosed:
    """With the log-potential; on a box around a real point that of its analytic continuation."""
    if is_real(w) or w.imag > 0:
        return enclosed(relation, w, bits, potential=True)
    if not w.imag.contains(0):
        raise PrecisionError("the half-plane of the point is not known")
    middle = acb(w.real.mid())
    found = enclosed(relation, w, bits)
    centre = enclosed(relation, middle, bits, potential=True)
    # u' = G, on a convex set
    return Enclosed(found.g, found.psi, centre.u + (w - middle) * found.g)
