"""Means with certified digits."""

from __future__ import annotations

import math
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import UnsupportedOperationError
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.solve.measures import Pushed, exact_measure
from freesym.spectrum.certified import enclosed
from freesym.spectrum.certified_hull import certified_hull
from freesym.spectrum.expansions import exact
from freesym.spectrum.moments import moments

acb, arb = flint.acb, flint.arb


def certified_mean(relation: Relation) -> Any:
    """The mean at the present precision.

    Where it is no exact number, it is that of the parts, an integral, or an average over a circle.

    Raises
    ------
    UnsupportedOperationError
        If there is none, or none of these ways.
    """
    known = moments(exact(relation), 1)[0]
    if not isinstance(known, float):
        return real_ball(known)
    match relation:
        case nodes.Affine():
            shift, scale = real_ball(relation.shift), real_ball(relation.scale)
            return shift + scale * certified_mean(relation.child)
        case nodes.Additive():
            pairs = zip(relation.powers, relation.terms, strict=True)
            return sum((real_ball(t) * certified_mean(term) for t, term in pairs), arb(0))
        case nodes.Mixture():
            pairs = zip(relation.weights, relation.components, strict=True)
            return sum((real_ball(p) * certified_mean(part) for p, part in pairs), arb(0))
        case nodes.Multiplicative():
            pairs = zip(relation.powers, relation.factors, strict=True)
            return math.prod((certified_mean(f) ** real_ball(t) for t, f in pairs), start=arb(1))
        case nodes.RealMultiplicative():
            return math.prod(map(certified_mean, relation.children), start=arb(1))
        case nodes.Boolean() | nodes.Monotone():
            return sum(map(certified_mean, relation.children), arb(0))
    measure = exact_measure(relation) if not relation.children else None
    return measure.mean() if isinstance(measure, Pushed) else _mean_on_circle(relation)


def _mean_on_circle(relation: Relation) -> Any:
    """The average of ``z psi(z)`` over a circle.

    With ``n`` points on the circle of four times the radius ``r`` of the spectrum the moments of
    order ``1 + k n``, over ``(4 r)^(k n)``, are left; they are at most ``r 4^(-k n)``.
    """
    reach = max(map(abs, certified_hull(relation.numeric())))
    if not reach < math.inf:
        raise UnsupportedOperationError("the mean of this unbounded law is an integral")
    bits = flint.ctx.prec
    half = bits // 4 + 1
    total = arb(0)
    for k in range(half):
        z = 4 * reach * acb(arb(2 * k + 1) / (2 * half)).exp_pi_i()
        total = total + (z * enclosed(relation, z, bits).psi).real
    return total / half + arb(0, (2 * reach * arb(4) ** (-2 * half)).upper())
