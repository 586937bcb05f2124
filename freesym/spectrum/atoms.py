"""Atoms with their masses, by the theorems for each operation.

Free additive convolution: Bercovici & Voiculescu (1998), Theorem 7.4; multiplicative:
Belinschi (2003), Theorem 4.1; powers: the same theorems for real multiplicities.  For
Boolean and monotone convolutions the atoms are the zeros of ``1/G``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.lazy import LazyModule
from freesym.parameters import exact_quotient, is_expression, is_positive, positive_part, to_float
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.evaluate import transforms

sympy: Any = LazyModule("sympy")

Atoms = dict[Any, Any]
_ROUNDING = 1e-13
#: Places nearer than this, relative to their size and 1, are the same.
_SAME = 1e-9


def atoms(relation: Relation) -> Atoms:
    """The atoms of a relation, with masses as exact as its parameters; ascending where known.

    Where the sign of a mass depends on symbols it is a maximum with 0.
    """
    found = _atoms(relation)
    if any(map(_is_symbolic, found)):
        return dict(found)
    return {a: found[a] for a in sorted(found, key=to_float)}


def _atoms(relation: Relation) -> MappingProxyType[Any, Any]:
    # equal rationals and floats are one key to a cache, but not one answer
    return _cached_atoms(relation, repr(relation) if len(relation.children) < 8 else "")


@lru_cache(maxsize=4096)
def _cached_atoms(relation: Relation, key: str) -> MappingProxyType[Any, Any]:
    found = _candidates(relation)
    if not relation.children:  # masses are parameters, however small
        return MappingProxyType({a: m for a, m in found if _is_symbolic(m) or is_positive(m)})
    return MappingProxyType(_collected(found))


def _collected(pairs: Iterable[tuple[Any, Any]]) -> Atoms:
    """Add the masses of equal locations; drop those known not to be positive."""
    totals: Atoms = {}
    for place, mass in pairs:
        whole = isinstance(place, Fraction) and place.denominator == 1
        location = int(place) if whole else place
        totals[location] = totals.get(location, 0) + mass
    return {a: m for a, m in totals.items() if _is_symbolic(m) or _is_positive(m)}


def _is_symbolic(value: Any) -> bool:
    return is_expression(value) and bool(value.free_symbols)


def _is_positive(mass: Any) -> bool:
    return mass > _ROUNDING if isinstance(mass, float) else is_positive(mass)


def _positive(pairs: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The pairs with masses above 0, for formulas that may fall below it."""
    found = [(place, _positive_mass(mass)) for place, mass in pairs]
    return [(place, mass) for place, mass in found if mass != 0]


def _positive_mass(mass: Any) -> Any:
    if isinstance(mass, float):
        return mass if mass > _ROUNDING else 0
    return positive_part(mass)


def _larger(a: Any, b: Any) -> Any:
    """The larger of two masses, which are at least 0."""
    if a == b or 0 in (a, b):
        return b if a == 0 else a
    if _is_symbolic(a) or _is_symbolic(b):
        return sympy.Max(a, b)
    return max(a, b, key=to_float)


def _candidates(relation: Relation) -> list[tuple[Any, Any]]:
    parts: list[Atoms] = [dict(_atoms(child)) for child in relation.children]
    match relation:
        case Constant():
            return [(relation.value, 1)]
        case nodes.Additive():
            return _additive(relation, parts)
        case nodes.Multiplicative():
            powered = [_power(p, t) for p, t in zip(parts, relation.powers, strict=True)]
            return list(reduce(_product, powered).items())
        case nodes.RealMultiplicative():
            return list(_product(*parts).items())
        case nodes.Rectangular():
            return _rectangular(parts)
        case nodes.Mixture():
            return [
                (a, p * m)
                for p, part in zip(relation.weights, parts, strict=True)
                for a, m in part.items()
            ]
        case nodes.Boolean() | nodes.Monotone():
            known = _by_theorem(relation, parts)
            outside = [
                (a, m)
                for a, m in _zeros_of_reciprocal(relation.numeric())
                if all(abs(a - to_float(b)) > _SAME * (1 + abs(a)) for b, _ in known)
            ]
            return known + outside + _embedded(relation.numeric(), known + outside, parts)
        case nodes.Affine():
            return [(relation.scale * a + relation.shift, m) for a, m in parts[0].items()]
        case nodes.NegativeInverse():
            return [(exact_quotient(-1, a), m) for a, m in parts[0].items() if a != 0]
        case nodes.SymmetricSquare():
            return [(a * a, m) for a, m in parts[0].items()]
        case nodes.Reshape():
            return _reshaped(relation, parts[0])
        case nodes.CompoundPoisson():
            return _positive([(0, 1 - relation.rate * (1 - parts[0].get(0, 0)))])
    found: Atoms = getattr(relation, "point_masses", dict)()
    return list(found.items())


def _sum(first: Atoms, second: Atoms) -> Atoms:
    pairs = [(a + b, m + n - 1) for a, m in first.items() for b, n in second.items()]
    return _collected(_positive(pairs))


def _is_below_one(t: Any) -> bool:
    """Powers that depend on symbols are taken to be those for which there is a theorem."""
    return (t - 1).is_negative is True if _is_symbolic(t) else to_float(t) < 1


def _additive(relation: nodes.Additive, parts: list[Atoms]) -> list[tuple[Any, Any]]:
    if any(map(_is_below_one, relation.powers)):
        return _residues(relation, parts)
    powered = [
        dict(_positive((t * a, t * m - (t - 1)) for a, m in part.items()))
        for t, part in zip(relation.powers, parts, strict=True)
    ]
    return list(reduce(_sum, powered).items())


def hard_places(relation: Relation) -> list[float]:
    """Where atoms of the terms of a sum meet whose masses are just not enough for an atom.

    G is infinite there all the same, so an edge beside such a place lies at it.
    """
    if not (isinstance(relation, nodes.Additive) and relation.proved):
        return []
    totals: list[tuple[float, float]] = [(0.0, 1.0)]
    for t, term in zip(relation.powers, relation.terms, strict=True):
        own = [(float(t * a), 1 + float(t * (m - 1))) for a, m in _atoms(term).items()]
        totals = [(a + b, m + n - 1) for a, m in totals for b, n in own if m + n > 1 - _ROUNDING]
    return [place for place, mass in totals if abs(mass) <= _ROUNDING]


def _power(part: Atoms, t: Any) -> Atoms:
    masses = _positive((a, t * m - (t - 1)) for a, m in part.items() if a != 0)
    pairs = [(_place_of_power(a, t), mass) for a, mass in masses]
    return _collected([*pairs, *((0, m) for a, m in part.items() if a == 0)])


def _place_of_power(a: Any, t: Any) -> Any:
    """``a**t``: a root of a fraction is exact as a SymPy number alone."""
    exact = isinstance(a, (int, Fraction)) and isinstance(t, Fraction)
    if not exact or t.denominator == 1:
        return a**t
    return sympy.Rational(*a.as_integer_ratio()) ** sympy.Rational(*t.as_integer_ratio())


def _product(first: Atoms, second: Atoms) -> Atoms:
    pairs = [
        (a * b, m + n - 1) for a, m in first.items() for b, n in second.items() if a != 0 and b != 0
    ]
    zero = _larger(first.get(0, 0), second.get(0, 0))
    return _collected([*_positive(pairs), (0, zero)])


def _rectangular(parts: list[Atoms]) -> list[tuple[Any, Any]]:
    """A singular value survives where all other summands vanish on both sides."""
    ranks = [1 - part.get(0, 0) for part in parts]
    total = sum(ranks)
    pairs: list[tuple[Any, Any]] = [(0, 1 - total)]
    for part, rank in zip(parts, ranks, strict=True):
        pairs += [(a, m - 2 * (total - rank)) for a, m in part.items() if a != 0]
    return _positive(pairs)


def _by_theorem(
    relation: nodes.Boolean | nodes.Monotone, parts: list[Atoms]
) -> list[tuple[Any, Any]]:
    """The limit of ``1/((z - a) G)`` is the inverse mass: these add, or multiply when composed.

    At an atom of the inner law of a monotone sum ``1/G`` is 0, where the outer law must have one.
    """
    masses = [part.get(0, 0) for part in parts]
    if isinstance(relation, nodes.Monotone):
        inner, at_zero = parts[0], masses[1]
        return [] if at_zero == 0 else [(a, at_zero * m) for a, m in inner.items()]
    if any(mass == 0 for mass in masses):
        return []
    return [(0, exact_quotient(1, 1 + sum(exact_quotient(1, m) - 1 for m in masses)))]


def _reshaped(relation: nodes.Reshape, part: Atoms) -> list[tuple[Any, Any]]:
    r = relation.ratio
    kept = [(a, r * m) for a, m in part.items() if a != 0]
    return _positive([*kept, (0, 1 - r * (1 - part.get(0, 0)))])


def _residues(relation: nodes.Additive, parts: list[Atoms]) -> list[tuple[Any, Any]]:
    """Where no theorem applies: the residues of G at the possible places.

    At an atom G is infinite, so the transforms of the parts are, too, where they agree with it.
    """
    places: set[float] = {0.0}
    for t, term, part in zip(relation.powers, relation.terms, parts, strict=True):
        ends = _ends(term.numeric())
        places = {p + float(t * a) for p in places for a in (*part, *ends, 0)}
    numeric = relation.numeric()
    found: list[tuple[Any, Any]] = []
    # whole numbers, which are exact, come before what was computed to be the same
    for place in sorted(places, key=lambda a: (a != round(a), a)):
        if all(abs(place - a) > _SAME * (1 + abs(place)) for a, _ in found):
            mass = _residue(numeric, place)
            if mass > 1e-6:
                found.append((place, mass))
    return found


def _ends(relation: Relation) -> list[float]:
    """The ends of the continuous spectrum, which may be hard."""
    from freesym.spectrum.support import continuous_support

    return [end for pair in continuous_support(relation) for end in pair if math.isfinite(end)]


def _residue(relation: Relation, x: float) -> float:
    """``lim i y G(x + i y)``: beside a density ``|x|^-a`` it approaches it as ``y^(1-a)``.

    As near as G is known: where a part has an infinity at an end, it may lose its digits earlier.
    """
    for nearest, ratio in ((1e-12, 100), (1e-9, 100), (1e-6, 100), (1e-4, 10)):
        y = nearest * np.array([ratio**2, ratio, 1]) * max(abs(x), 1.0)
        g = transforms(relation, (x + 1j * y).astype(np.complex128)).g
        masses = (1j * y * g).real
        # what still rises is no limit, but another solution that rounding has let through
        if np.isfinite(masses).all() and masses[2] < 1.05 * masses[1] + _ROUNDING:
            return _limit(masses)
    return 0.0


def _limit(masses: NDArray[np.float64]) -> float:
    if masses[1] < 0.5 * masses[0]:
        return 0.0
    (first, second), last = np.diff(masses), float(masses[2])
    if not 0 < second / first < 0.9 if first else True:
        return last
    return last + float(second * second / (first - second))


def _reciprocal(relation: Relation, x: NDArray[np.float64]) -> NDArray[np.float64]:
    g = transforms(relation, x.astype(np.complex128)).g
    with np.errstate(all="ignore"):
        f = 1 / g
    return np.where(np.abs(g.imag) > 1e-9 * np.abs(g), np.nan, f.real)


def _mass_at_zero_of_reciprocal(relation: Relation, x: float, scale: float) -> float:
    """``1/F'(x)`` by a central difference, for the real analytic ``F = 1/G``."""
    steps = scale * np.array([-2e-3, -1e-3, 1e-3, 2e-3])
    found, best = math.nan, (math.inf, math.nan, 0.0)
    for _ in range(12):
        a, b, c, d = f = _reciprocal(relation, x + steps)
        if np.isfinite(f).all() and (np.diff(f) > 0).all():
            mass = float(12 * steps[2] / (8 * (c - b) - (d - a)))
            # narrow pieces need smaller steps; where those change nothing, larger ones round less
            change = abs(mass - found) / mass
            best = min(best, (change, found, float(steps[3])))
            if change <= 1e-8:
                break
            found = mass
        steps = steps / 8
    change, mass, radius = best
    return _residue_on_circles(relation, x, radius, mass) if change < 1e-3 else found


def _residue_on_circles(relation: Relation, x: float, radius: float, mass: float) -> float:
    """A mass to more digits: the mean of ``(z - x) G(z)`` on a circle around nothing else.

    The trapezoidal rule with 32 points converges like ``(r/R)^32`` where the next singularity is
    at distance ``R``, and rounding is magnified by ``1/r``.  So circles are doubled while they
    change nothing, and the last is left out.
    """
    directions = np.exp(1j * np.pi * (np.arange(16) + 0.5) / 16)
    z = x + radius * 2.0 ** np.arange(30)[:, None] * directions
    g = transforms(relation, z.ravel()).g.reshape(z.shape)
    means = ((z - x) * g).real.mean(axis=1)
    steady = np.abs(np.diff(means, prepend=mass)) <= 1e-8 * mass
    count = int(np.argmin([*steady, False]))
    return float(means[count - 2]) if count >= 2 else mass


def _embedded(
    relation: Relation, known: list[tuple[Any, Any]], parts: list[Atoms]
) -> list[tuple[Any, Any]]:
    """Atoms inside the continuous part, where ``1/G`` of a part is real at its atoms only."""
    places = {to_float(a) for part in parts for a in part}
    if isinstance(relation, nodes.Monotone):
        from freesym.spectrum.composition import solutions
        from freesym.spectrum.support import gaps_of

        places |= set(solutions(relation.inner, gaps_of(relation), list(map(to_float, parts[1]))))
    found: list[tuple[Any, Any]] = []
    # whole numbers, which are exact, come before what was computed to be the same
    for place in sorted(places, key=lambda a: (a != round(a), a)):
        near = (abs(place - to_float(a)) for a, _ in known + found)
        if all(distance > _SAME * (1 + abs(place)) for distance in near):
            mass = _residue(relation, float(place))
            if mass > 1e-6:
                found.append((float(place), mass))
    return found


def poles_of_reciprocal(relation: Relation) -> list[float]:
    """The poles of ``1/G`` outside the continuous support, where the increasing 1/G starts anew."""
    from freesym.spectrum.composition import _pieces
    from freesym.spectrum.support import _gaps, continuous_support, extent

    gaps = _gaps(continuous_support(relation), extent(relation))
    return [start for gap in gaps for start, _ in _pieces(relation, gap)[1:]]


def _beside_poles(relation: Relation) -> NDArray[np.float64]:
    """Points beside the poles of the parts of a Boolean sum: they may enclose an atom closely."""
    if not isinstance(relation, nodes.Boolean):
        return np.zeros(0)
    places = np.unique([x for term in relation.terms for x in poles_of_reciprocal(term)])
    if len(places) < 2:
        return np.zeros(0)
    shares = np.array([1e-6, 0.01, 0.5, 0.99, 1 - 1e-6])
    return np.asarray((places[:-1, None] + np.diff(places)[:, None] * shares).ravel())


def _in_gaps(intervals: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Points between intervals, and beyond them, that crowd at their ends."""
    ends = [end for interval in intervals for end in interval if math.isfinite(end)]
    if not ends:
        return np.zeros(0)
    width = ends[-1] - ends[0]
    near = np.geomspace(1e-9, 0.5, 60)
    shares = np.concatenate([near, 1 - near, np.linspace(0, 1, 201)[1:-1]])
    gaps = [(b, a) for (_, b), (a, _) in pairwise(intervals)]
    gaps += [(ends[0] - width, ends[0]), (ends[-1], ends[-1] + width)]
    return np.concatenate([a + shares * (b - a) for a, b in gaps])


def _zeros_of_reciprocal(relation: Relation) -> list[tuple[Any, Any]]:
    """Zeros of the increasing function ``1/G`` outside the continuous support."""
    from freesym.spectrum.support import continuous_support, extent

    a, b = extent(relation)
    pad = 0.01 * (b - a) + 1e-6
    inside = continuous_support(relation)
    places = [np.linspace(a - pad, b + pad, 4001), _beside_poles(relation), _in_gaps(inside)]
    x = np.unique(np.concatenate(places))
    f = _reciprocal(relation, x)
    # in the middle of a symmetric law G is infinite where its parts have opposite values
    alone = np.isnan(f) & np.isfinite(np.roll(f, 1)) & np.isfinite(np.roll(f, -1))
    x, f = x[~alone], f[~alone]
    crossing = np.flatnonzero((f[:-1] < 0) & (f[1:] >= 0))
    low, high = x[crossing], x[crossing + 1]
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = _reciprocal(relation, middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = []
    middles = 0.5 * (low + high)
    for place in (p for p in middles if not any(s < p < e for s, e in inside)):
        at = 0.0 if abs(place) < _ROUNDING * (b - a) else float(place)
        mass = _mass_at_zero_of_reciprocal(relation, at, 0.01 * (b - a + pad))
        if mass > 1e-9:
            found.append((at, mass))
    return found
