"""From a relation tree to the irreducible polynomial of its curve: one elimination a node."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import singledispatch
from math import lcm
from typing import Any

from freesym.algebra import elimination
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient
from freesym.errors import NotAlgebraicError
from freesym.parameters import is_expression
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.transforms.coordinates import Chart, Move, Pair, moved
from freesym.transforms.degrees import (
    Degrees,
    check_degree,
    combined_degrees,
    moved_degrees,
    power_degrees,
)
from freesym.transforms.leaves import leaf_chart
from freesym.transforms.parameters import Parameters, exact
from freesym.transforms.selection import chosen


@dataclass(eq=False)
class Walk:
    """One elimination: the charts of the nodes as far as they are known."""

    parameters: Parameters
    max_degree: int | None
    charts: dict[Relation, Chart] = field(default_factory=dict)
    predicted: dict[Relation, tuple[Pair, Degrees]] = field(default_factory=dict)
    moved: dict[tuple[Relation, Pair, Any], Chart] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The generators of every polynomial of the walk."""
        return ("a", "b", elimination.AUXILIARY, *self.parameters.names)

    def number(self, value: Any) -> Quotient:
        """A parameter in the ring of the walk."""
        return self.parameters.quotient(value, self.names)

    # ------------------------------------------------------------------ the walk

    def curve(self, root: Relation) -> Polynomial:
        """The polynomial of the root in ``g`` and ``w``, called ``a`` and ``b``."""
        order = postorder(root)
        for relation in order:
            if isinstance(relation, Leaf):
                self.charts[relation] = build(relation, self)
                continue
            cheap = self._is_cheap(relation)
            self._predict(relation, cheap=cheap)
            if cheap:
                self.charts[relation] = build(relation, self)
        check_degree(
            max(self._degrees(root, "gw")), self.max_degree, substituted=root in self.charts
        )
        for relation in order:
            if relation not in self.charts:
                self.charts[relation] = build(relation, self)
        return self.chart(root, "gw").polynomial

    def chart(self, relation: Relation, pair: Pair, ratio: Any = None) -> Chart:
        """The chart of a node that is done, in the wanted coordinates."""
        key = relation, pair, ratio
        if key not in self.moved:
            number = None if ratio is None else self.number(ratio)
            self.moved[key] = moved(self.charts[relation], pair, ratio=number)
        return self.moved[key]

    def settled(
        self, relation: Relation, polynomial: Polynomial, pair: Pair, ratio: Any = None
    ) -> Chart:
        """The chart of the irreducible factor that is the law's."""
        factor = chosen(polynomial, relation, pair, self.parameters, ratio)
        return Chart(factor, pair, None if ratio is None else self.number(ratio))

    def transported(self, relation: Relation, pair: Pair, move: Move) -> Chart:
        """The chart of a node whose curve is its child's after a birational map."""
        (child,) = relation.children
        return moved(self.charts[child], pair, move)

    # ------------------------------------------------------------------ what it will cost

    def _is_cheap(self, relation: Relation) -> bool:
        """Whether no resultant is needed: at most one child is not a rational function."""
        if any(child not in self.charts for child in relation.children):
            return False
        if len(relation.children) == 1 and not isinstance(
            relation, (nodes.Additive, nodes.Multiplicative)
        ):
            return True
        pair = native_pair(relation)
        if pair is None:
            return False
        ratio = getattr(relation, "ratio", None)
        curved = [
            power
            for child, power in zip(relation.children, _powers(relation), strict=True)
            if self.chart(child, pair, ratio).degrees()[0] > 1
        ]
        return len(curved) <= 1 and (pair != "sp" or all(abs(p) == 1 for p in curved))

    def _degrees(self, relation: Relation, pair: Pair, ratio: Any = None) -> Degrees:
        if relation in self.charts:
            return self.chart(relation, pair, ratio).degrees()
        source, degrees = self.predicted[relation]
        return moved_degrees(degrees, source, pair)

    def _predict(self, relation: Relation, *, cheap: bool) -> None:
        """A bound of the degrees of a node, from those of its children."""
        pair = native_pair(relation) or "gw"
        ratio = getattr(relation, "ratio", None) if pair == "ph" else None
        parts = [self._degrees(child, pair, ratio) for child in relation.children]
        if isinstance(relation, nodes.Monotone):
            (first, second), (outer, below) = parts
            found = (outer * first, second * below)
        else:
            if pair == "sp":
                parts = list(map(power_degrees, parts, _powers(relation)))
            found = combined_degrees(parts)
        check_degree(max(found), self.max_degree, substituted=cheap)
        self.predicted[relation] = pair, found


def postorder(root: Relation) -> list[Relation]:
    """Every node once, children before parents; a deep tree is not a deep recursion."""
    waiting, order = [root], dict[Relation, None]()
    while waiting:
        node = waiting.pop()
        order.pop(node, None)
        order[node] = None
        waiting.extend(node.children)
    return list(order)[::-1]


def native_pair(relation: Relation) -> Pair | None:
    """The coordinates in which a node combines its children."""
    match relation:
        case nodes.Additive():
            return "rg"
        case nodes.Multiplicative() | nodes.RealMultiplicative():
            return "sp"
        case nodes.Mixture():
            return "gw"
        case nodes.Boolean():
            return "rw"
        case nodes.Rectangular():
            return "ph"
    return None


def _powers(relation: Relation) -> list[Fraction]:
    """The multiplicities of the factors of a product; 1 elsewhere."""
    if not isinstance(relation, nodes.Multiplicative):
        return [Fraction(1)] * len(relation.children)
    found = []
    for value in relation.powers:
        number = exact(value)
        if is_expression(number):
            raise NotAlgebraicError(
                f"the multiplicative power {number} is not a rational number, so the law has no "
                "algebraic equation; give it a rational value with .subs"
            )
        found.append(Fraction(number))
    return found


# ------------------------------------------------------------------------------ one node each


@singledispatch
def build(relation: Any, walk: Walk) -> Chart:
    """The chart of a node whose children are done."""
    raise NotAlgebraicError(
        f"{type(relation).__name__} has no algebraic equation; its density, moments and "
        "transforms are there"
    )


@build.register
def _(relation: Leaf, walk: Walk) -> Chart:
    chart = leaf_chart(relation, walk.parameters, walk.max_degree)
    return walk.settled(relation, chart.polynomial, chart.pair)


def _scaled(walk: Walk, chart: Chart, factor: Any) -> Polynomial:
    if factor == 1:
        return chart.polynomial
    return elimination.scaled(chart.polynomial, "a", walk.number(factor))


@build.register
def _(relation: nodes.Additive, walk: Walk) -> Chart:
    terms = zip(relation.terms, relation.powers, strict=True)
    parts = [_scaled(walk, walk.chart(term, "rg"), t) for term, t in terms]
    return walk.settled(relation, elimination.total(parts, "a"), "rg")


@build.register
def _(relation: nodes.Mixture, walk: Walk) -> Chart:
    terms = zip(relation.components, relation.weights, strict=True)
    parts = [_scaled(walk, walk.chart(term, "gw"), p) for term, p in terms if p != 0]
    return walk.settled(relation, elimination.total(parts, "a"), "gw")


@build.register
def _(relation: nodes.Boolean, walk: Walk) -> Chart:
    parts = [walk.chart(term, "rw").polynomial for term in relation.terms]
    return walk.settled(relation, elimination.total(parts, "a"), "rw")


@build.register
def _(relation: nodes.Rectangular, walk: Walk) -> Chart:
    ratio = relation.ratio
    parts = [walk.chart(term, "ph", ratio).polynomial for term in relation.terms]
    return walk.settled(relation, elimination.total(parts, "a"), "ph", ratio)


@build.register
def _(relation: nodes.Multiplicative, walk: Walk) -> Chart:
    """Powers with the common denominator ``d``: ``S^d`` first, then its root."""
    powers = _powers(relation)
    d = lcm(*(t.denominator for t in powers))
    parts = [
        elimination.power(walk.chart(factor, "sp").polynomial, "a", t * d)
        for factor, t in zip(relation.factors, powers, strict=True)
    ]
    whole = elimination.product(parts, "a")
    return walk.settled(relation, elimination.power(whole, "a", Fraction(1, d)), "sp")


@build.register
def _(relation: nodes.RealMultiplicative, walk: Walk) -> Chart:
    parts = [walk.chart(factor, "sp").polynomial for factor in relation.children]
    return walk.settled(relation, elimination.product(parts, "a"), "sp")


@build.register
def _(relation: nodes.Monotone, walk: Walk) -> Chart:
    """``g = G_outer(v)`` with ``v = 1/G_inner(w)``."""
    outer = walk.chart(relation.outer, "gw").polynomial
    inner = walk.chart(relation.inner, "gw").polynomial
    reciprocal = elimination.power(inner, "a", Fraction(-1))
    found = elimination.composed(outer, reciprocal, "b", "a")
    return walk.settled(relation, found, "gw")


@build.register
def _(relation: nodes.Affine, walk: Walk) -> Chart:
    scale, shift = walk.number(relation.scale), walk.number(relation.shift)
    pair = walk.charts[relation.child].pair
    kept: Pair = pair if pair in ("gw", "rg", "rw") or relation.shift == 0 else "gw"
    if kept == "ph":
        kept = "gw"

    def move(w: Quotient, g: Quotient, psi: Quotient) -> Any:
        return (w - shift) / scale, scale * g, psi - shift * g

    return walk.transported(relation, kept, move)


@build.register
def _(relation: nodes.NegativeInverse, walk: Walk) -> Chart:
    pair = walk.charts[relation.child].pair

    def move(w: Quotient, g: Quotient, psi: Quotient) -> Any:
        return -1 / w, w * psi, -1 - psi

    return walk.transported(relation, "sp" if pair == "sp" else "gw", move)


@build.register
def _(relation: nodes.Reshape, walk: Walk) -> Chart:
    ratio = walk.number(relation.ratio)
    pair = walk.charts[relation.child].pair

    def move(w: Quotient, g: Quotient, psi: Quotient) -> Any:
        return w, (1 + psi / ratio) / w, psi / ratio

    return walk.transported(relation, "sp" if pair == "sp" else "gw", move)


@build.register
def _(relation: nodes.CompoundPoisson, walk: Walk) -> Chart:
    rate = walk.number(relation.rate)

    def move(w: Quotient, g: Quotient, psi: Quotient) -> Any:
        return 1 / g, (1 + psi / rate) * g, psi / rate

    return walk.transported(relation, "rg", move)


@build.register
def _(relation: nodes.SymmetricSquare, walk: Walk) -> Chart:
    child = walk.chart(relation.child, "pw").polynomial
    return walk.settled(relation, elimination.folded_square(child, "b"), "pw")
