"""Integration of densities: double exponential rules between the places where they are rough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym import operations
from freesym.errors import ConvergenceError
from freesym.law import Law
from freesym.spectrum.atoms import poles_of_reciprocal
from freesym.spectrum.composition import solutions
from freesym.spectrum.support import gaps_of
from freesym.testing.errors import LawCheckError
from freesym.testing.grammar import subexpressions

Floats = NDArray[np.float64]
#: Nodes this near to an end, in units of the interval, need not have a verified density:
#: a singularity of type (x - a)^(-1/2) holds 1e-6 of its integral there at most.
_BESIDE = 1e-12
#: Cuts this near to each other, in units of the interval, are one that rounding doubled.
_DOUBLED = 1e-9


@dataclass(frozen=True)
class Integrals:
    """``E X^k`` of a law for ``k = 0, 1, ...`` and estimates of the errors of the quadrature."""

    values: Floats
    errors: Floats


def _rule(n: int) -> tuple[Floats, Floats, Floats]:
    """Shares of an interval from the left and from the right, with weights."""
    u = np.linspace(-4, 4, n)
    right = np.exp(-np.pi * np.sinh(u))
    share, rest = 1 / (1 + right), right / (1 + right)
    return share, rest, (u[1] - u[0]) * np.pi * np.cosh(u) * share * rest


def cuts(law: Law) -> set[float]:
    """Where the density may be rough: 0, atoms, and the edges of parts that share ``w``."""
    found = {0.0, *map(float, law.atoms())}
    match law:
        case operations.Mixture() | operations.BooleanSum():
            for part in law.laws:
                found |= {*part.edges(), *cuts(part)}
                if isinstance(law, operations.BooleanSum):
                    # the density may have a narrow peak between neighbouring poles
                    found |= {*poles_of_reciprocal(part.relation().numeric())}
        case operations.AdditiveDeconvolution() | operations.MultiplicativeDeconvolution():
            # what a convolution smoothed comes back
            for part in subexpressions(law)[1:]:
                found |= {*map(float, part.edges()), *map(float, part.atoms())}
        case operations.MonotoneConvolution():
            found |= {*law.second.edges(), *cuts(law.second), *_preimages(law)}
        case operations.Reshape():
            found |= cuts(law.law)
        case operations.Affine():
            found |= {float(law.scale) * x + float(law.shift) for x in cuts(law.law)}
        case operations.Square():
            found |= {x * x for x in (*law.law.edges(), *cuts(law.law))}
        case operations.Inverse():
            found |= {1 / x for x in cuts(law.law) if x != 0}
    return {x for x in found if math.isfinite(x)}


def _preimages(law: operations.MonotoneConvolution) -> list[float]:
    """Where ``F`` of the second law is a rough place of the first."""
    relation: Any = law.relation().numeric()
    levels = sorted({*map(float, law.first.edges()), *cuts(law.first)})
    return solutions(relation.inner, gaps_of(relation), levels)


def _density(law: Law, x: Floats, a: float, b: float) -> Floats:
    """The density, 0 where it is infinite, or refused at an end."""
    values = np.zeros_like(x)
    kept = np.arange(len(x))
    while True:
        try:
            values[kept] = law.density(x[kept])
            break
        except ConvergenceError as error:
            refused = np.real(np.array(error.points))
            near = np.minimum(np.abs(refused - a), np.abs(refused - b)) <= _BESIDE * (b - a)
            if not near.all():
                raise
            kept = kept[~np.isin(x[kept], refused)]
    if (values < 0).any():
        where, least = float(x[np.argmin(values)]), float(values.min())
        raise LawCheckError(f"the density is {least:.6g} at {where!r}", "density", law, -least, 0.0)
    return np.where(np.isfinite(values), values, 0.0)


def _once(law: Law, highest: int, n: int) -> Floats:
    share, rest, weights = _rule(n)
    places = cuts(law)
    total = np.zeros(highest + 1)
    for start, end in law.support():
        for a, b in pairwise(_distinct(places, start, end)):
            x = np.where(share < 0.5, a + (b - a) * share, b - (b - a) * rest)
            inside = (x > a) & (x < b)
            rho = _density(law, x[inside], a, b)
            mass = (b - a) * weights[inside] * rho
            total += [np.sum(mass * x[inside] ** k) for k in range(highest + 1)]
    for location, mass in law.atoms().items():
        total += [float(mass) * float(location) ** k for k in range(highest + 1)]
    return total


def _distinct(places: set[float], start: float, end: float) -> list[float]:
    """The ends of an interval and the places inside, those that only rounding tells apart once."""
    found = [start]
    for x in sorted(places):
        if min(x - found[-1], end - x) > _DOUBLED * (end - start):
            found.append(x)
    return [*found, end]


def moments(law: Law, highest: int) -> Integrals:
    """``E X^k`` for ``k = 0, ..., highest`` from density and atoms."""
    coarse, fine = _once(law, highest, 161), _once(law, highest, 321)
    return Integrals(fine, np.abs(fine - coarse))


def scales(law: Law, highest: int) -> Any:
    """What errors of moments are measured by: ``(E X^2m)^(k/2m)`` for the next even ``2m``."""
    even = {k: float(law.moment(k)) for k in range(2, highest + 2, 2)}
    return np.array([1.0, *(even[k + k % 2] ** (k / (k + k % 2)) for k in range(1, highest + 1))])
