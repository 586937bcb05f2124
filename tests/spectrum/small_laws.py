"""Small laws, one for every kind of chart, and trees of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freesym.errors import UnsupportedOperationError
from freesym.laws.bernoulli import Bernoulli
from freesym.laws.marchenko_pastur import MarchenkoPastur
from freesym.relations import functions, simplify
from freesym.relations.leaf import CauchyLeaf, CurveLeaf, RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation

HALF: Any = Fraction(1, 2)
THIRD: Any = Fraction(1, 3)


@dataclass(frozen=True)
class TwoPoint(CauchyLeaf):
    """Stated by ``G`` and ``psi``, rational functions; both points are equally likely."""

    a: Any = -1
    b: Any = 1

    def transform(self, w: Any) -> tuple[Any, Any]:
        left, right = 1 / (w - self.a) / 2, 1 / (w - self.b) / 2
        return left + right, self.a * left + self.b * right

    def log_potential_at(self, w: Any) -> Any:
        return (functions.log_upper(w - self.a) + functions.log_upper(w - self.b)) * 0.5

    def hull(self) -> tuple[float, float]:
        return self.a, self.b

    def point_masses(self) -> dict[Any, Any]:
        return {self.a: HALF, self.b: HALF}


@dataclass(frozen=True)
class Arcsine(CauchyLeaf):
    """Stated by an algebraic ``G`` with two square roots."""

    a: Any
    b: Any

    def transform(self, w: Any) -> tuple[Any, Any]:
        g = 1 / functions.square_root_of_interval(w, self.a, self.b)
        return g, w * g - 1

    def log_potential_at(self, w: Any) -> Any:
        roots = functions.sqrt(w - self.a) + functions.sqrt(w - self.b)
        return 2 * functions.log_upper(roots / 2)

    def hull(self) -> tuple[float, float]:
        return self.a, self.b

    def point_masses(self) -> dict[Any, Any]:
        return {}


@dataclass(frozen=True)
class Exponential(RTransformLeaf):
    """Uniform on ``[0, length]``: cancelling exponentials and a pole that is removed."""

    length: Any

    def r_transform(self, g: Any) -> Any:
        growth = functions.exp(self.length * g)
        return self.length * growth / (growth - 1) - 1 / g

    def r_antiderivative(self, g: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Counted(STransformLeaf):
    """Fuss-Catalan law: its integer parameter counts something."""

    s: int

    def s_transform(self, m: Any) -> Any:
        return math.prod([1 / (1 + m) for _ in range(self.s)])

    def log_s_antiderivative(self, m: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Curve(CurveLeaf):
    """A curve without further information."""

    def curve(self, s: Any) -> tuple[Any, Any, Any]:
        return s, s, s

    def curve_potential(self, s: Any) -> Any:
        raise NotImplementedError

    def start(self, w: complex) -> complex:
        return w


@dataclass(frozen=True)
class Tabulated(Curve):
    """The law of a point mass, stated by its moments; ``value`` may be infinite."""

    value: Any = 2

    def known_moments(self, n: int) -> list[Any]:
        return [self.value**k for k in range(1, n + 1)]


@dataclass(frozen=True)
class Momentless(Curve):
    """A law like Cauchy's."""

    def known_moments(self, n: int) -> list[Any]:
        raise UnsupportedOperationError("no moments")


def sums(*terms: Relation) -> Relation:
    return simplify.additive(terms, (1,) * len(terms))


def products(*factors: Relation) -> Relation:
    return simplify.multiplicative(factors, (1,) * len(factors))


def relu_network(depth: int) -> Relation:
    layers = simplify.multiplicative((MarchenkoPastur(1), Bernoulli(HALF)), (depth, depth))
    return simplify.affine(layers, 2**depth, 0)


def masked_rotations(depth: int) -> Relation:
    return simplify.affine(simplify.multiplicative((Bernoulli(HALF),), (depth,)), 2**depth, 0)


def inverse(relation: Relation) -> Relation:
    return simplify.affine(simplify.negative_inverse(relation), -1, 0)
