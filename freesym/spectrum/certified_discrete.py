"""Boolean and monotone sums of laws with finitely many atoms: laws with finitely many atoms.

Their Cauchy transform is ``P/Q`` with rational coefficients, found exactly.  The atoms are the
zeros of ``Q``, simple and real, which FLINT isolates, and ``P/Q'`` are their masses: the list is
complete.  Whether a point is an atom is decided in rational numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.errors import PrecisionError
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.solve.measures import Atoms
from freesym.spectrum.certified import measure_of
from freesym.spectrum.expansions import exact

arb = flint.arb
Poly = Any
_MOST_ATOMS = 100


@dataclass(frozen=True)
class DiscreteLaw:
    """A law with the Cauchy transform ``P/Q``, in lowest terms."""

    numerator: Poly
    denominator: Poly

    def is_atom(self, x: Any) -> bool:
        """Whether a rational number is an atom; other numbers are not looked at."""
        return isinstance(x, Fraction) and self.denominator(_fmpq(x)) == 0

    def atoms(self) -> list[tuple[Any, Any]]:
        """Balls around places and masses, ascending, at the present precision."""
        top, slope = map(flint.arb_poly, (self.numerator, self.denominator.derivative()))
        return [(x, top(x) / slope(x)) for x in self._places()]

    def _places(self) -> list[Any]:
        whole, places = flint.fmpz_poly(self.denominator.numer()), []
        if whole[0] == 0:
            whole, places = whole // flint.fmpz_poly([0, 1]), [arb(0)]
        roots: list[Any] = whole.complex_roots()
        places += [root.real for root, _ in roots if root.imag.is_zero()]
        places.sort(key=lambda x: (float(x.mid()), x.mid()))
        if len(places) != self.denominator.degree() or any(not a < b for a, b in pairwise(places)):
            raise PrecisionError("the atoms could not be isolated as real numbers")
        return places

    def below(self, x: Any) -> tuple[int, list[tuple[Any, Any]]]:
        """How many atoms are at ``x`` or below it, and all of them.

        Raises
        ------
        PrecisionError
            If an atom is not told from the point at the present precision.
        """
        found, point = self.atoms(), real_ball(x)
        near = sum(place.overlaps(point) for place, _ in found)
        if near != (1 if self.is_atom(x) else 0):
            raise PrecisionError("an atom is not told from the point")
        return sum(bool(a < point) for a, _ in found) + near, found

    def cdf(self, x: Any) -> Any:
        """The mass at ``x`` and below: a ball, exact where it is 0 or 1."""
        k, found = self.below(x)
        if k in (0, len(found)):
            return arb(0 if k == 0 else 1)
        return sum((m for _, m in found[:k]), arb(0))

    def log_potential(self, x: Any) -> Any:
        """``E log|x - X|``."""
        if self.is_atom(x):
            return arb.neg_inf()
        point = real_ball(x)
        return sum((m * abs(point - a).log() for a, m in self.atoms()), arb(0))

    def quantile(self, q: Any) -> Any:
        """The first atom at which the distribution function reaches ``q``.

        Raises
        ------
        PrecisionError
            If ``q`` may be the value between two atoms, and that is not known exactly.
        """
        found, level, total = self.atoms(), real_ball(q), arb(0)
        for k, (place, mass) in enumerate(found[:-1]):
            total = total + mass
            if total > level or self._is_reached(found, k, q):
                return place
            if not total < level:
                raise PrecisionError(
                    "the quantile may be either of two atoms: the distribution function between "
                    "them is not told from q"
                )
        return found[-1][0]

    def _is_reached(self, found: list[tuple[Any, Any]], k: int, q: Any) -> bool:
        """Whether the masses up to the ``k``-th atom, or beyond it, are rational and give ``q``."""
        if not isinstance(q, Fraction):
            return False
        lower = [self._exact_mass(x) for x, _ in found[: k + 1]]
        upper = [self._exact_mass(x) for x, _ in found[k + 1 :]]
        if None not in lower:
            return sum(lower) == q  # type: ignore[arg-type]
        return None not in upper and 1 - sum(upper) == q  # type: ignore[arg-type]

    def _exact_mass(self, place: Any) -> Fraction | None:
        """The mass of an atom at a rational place."""
        for factor, _ in _factors(self.denominator):
            if factor.degree() == 1:
                root = flint.fmpq(-factor[0], factor[1])
                if place.overlaps(arb(root)):
                    mass = self.numerator(root) / self.denominator.derivative()(root)
                    return Fraction(int(mass.p), int(mass.q))
        return None


def _factors(polynomial: Poly) -> Any:
    return polynomial.numer().factor()[1]


def _fmpq(x: Any) -> Any:
    return flint.fmpq(x.numerator, x.denominator)


def discrete_law(relation: Relation) -> DiscreteLaw | None:
    """The law as a finite sum of atoms; None if it is not seen to be one with rational data.

    Only for trees with a Boolean or monotone sum: others have theorems of their own.
    """
    return _discrete_law(relation) if _has_composition(relation) else None


def _has_composition(relation: Relation) -> bool:
    if isinstance(relation, (nodes.Boolean, nodes.Monotone)):
        return True
    return isinstance(relation, _KINDS) and any(map(_has_composition, relation.children))


_KINDS = (nodes.Affine, nodes.Mixture, nodes.Boolean, nodes.Monotone)


@lru_cache(maxsize=256)
def _discrete_law(relation: Relation) -> DiscreteLaw | None:
    pair = _fraction(exact(relation))
    return None if pair is None else DiscreteLaw(*pair)


def _fraction(relation: Relation) -> tuple[Poly, Poly] | None:
    """``P`` and ``Q`` in lowest terms."""
    if isinstance(relation, Constant):
        return _partial_fractions({relation.value: Fraction(1)})
    if isinstance(relation, Leaf):
        measure = measure_of(relation)
        if not isinstance(measure, Atoms):
            return None
        return _partial_fractions(dict(zip(measure.points, measure.weights, strict=True)))
    if not isinstance(relation, _KINDS):
        return None
    parts = [_fraction(child) for child in relation.children]
    known = [part for part in parts if part is not None]
    return _combined(relation, known) if len(known) == len(parts) else None


def _partial_fractions(masses: dict[Any, Any]) -> tuple[Poly, Poly] | None:
    if len(masses) > _MOST_ATOMS or not all(map(_is_rational, [*masses, *masses.values()])):
        return None
    top, bottom = flint.fmpq_poly([0]), flint.fmpq_poly([1])
    for place, mass in masses.items():
        factor = flint.fmpq_poly([-_fmpq(place), 1])
        top, bottom = top * factor + _fmpq(mass) * bottom, bottom * factor
    return _lowest(top, bottom)


def _is_rational(x: Any) -> bool:
    return isinstance(x, (int, Fraction))


def _lowest(top: Poly, bottom: Poly) -> tuple[Poly, Poly] | None:
    if bottom.degree() > _MOST_ATOMS:
        return None
    common = top.gcd(bottom)
    return top // common, bottom // common


def _combined(relation: Relation, parts: list[tuple[Poly, Poly]]) -> tuple[Poly, Poly] | None:
    z = flint.fmpq_poly([0, 1])
    match relation:
        case nodes.Affine():
            if not (_is_rational(relation.scale) and _is_rational(relation.shift)):
                return None
            scale, shift = _fmpq(relation.scale), _fmpq(relation.shift)
            inner = (z - shift) * (1 / scale)
            return _lowest(parts[0][0](inner), parts[0][1](inner) * scale)
        case nodes.Mixture():
            return _mixed(relation.weights, parts)
        case nodes.Boolean():
            # 1/G = sum of Q/P - z for each term but one
            top, bottom = parts[0][1], parts[0][0]
            for p, q in parts[1:]:
                top, bottom = top * p + (q - z * p) * bottom, bottom * p
            return _lowest(bottom, top)
        case nodes.Monotone():
            inner, outer = parts
            return _composed(outer, inner)
    return None


def _mixed(weights: Any, parts: list[tuple[Poly, Poly]]) -> tuple[Poly, Poly] | None:
    if not all(map(_is_rational, weights)) or sum(weights) != 1:
        return None
    top, bottom = flint.fmpq_poly([0]), flint.fmpq_poly([1])
    for weight, (p, q) in zip(weights, parts, strict=True):
        top, bottom = top * q + _fmpq(weight) * p * bottom, bottom * q
    return _lowest(top, bottom)


def _composed(outer: tuple[Poly, Poly], inner: tuple[Poly, Poly]) -> tuple[Poly, Poly] | None:
    """``P(q/p)/Q(q/p)``, times the same power of ``p``."""
    (top, bottom), (p, q) = outer, inner
    n = bottom.degree()
    if n * q.degree() > _MOST_ATOMS:
        return None

    def homogeneous(f: Poly) -> Poly:
        terms = (f[k] * q**k * p ** (n - k) for k in range(f.degree() + 1))
        return sum(terms, flint.fmpq_poly([0]))

    return _lowest(homogeneous(top), homogeneous(bottom))
