"""The steps of an elimination: what goes in, what comes out, which factor is the law's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sympy

from freesym.algebra.polynomials import Polynomial
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.transforms import derivation_sources as sources
from freesym.transforms.coordinates import Chart, Pair
from freesym.transforms.curve import Curve, _coefficients, algebraic_curve
from freesym.transforms.derivation_notation import Notation, Step, equal
from freesym.transforms.parameters import parameters_in
from freesym.transforms.tree import Walk, native_pair

#: The transform that the first coordinate of a pair is, and its argument.
_LETTERS: dict[str, tuple[str, str]] = {
    "rg": ("R", "w"), "sp": ("S", "m"), "gw": ("G", "z"), "rw": ("B", "z"), "ph": ("C", "h"),
    "pw": ("M", "z"),
}  # fmt: skip
_MOST_TERMS = 120


@dataclass(frozen=True, eq=False)
class Eliminant:
    """The outcome of one node: a polynomial and the factor that was chosen."""

    relation: Relation
    polynomial: Polynomial
    chart: Chart
    children: tuple[Chart, ...]

    @property
    def dropped(self) -> list[Polynomial]:
        """The other factors that involve the transform."""
        factors = [p for p, _ in self.polynomial.factors()[1] if p.involves("a")]
        return [p for p in factors if p != self.chart.polynomial]


@dataclass(eq=False)
class RecordedWalk(Walk):
    """An elimination that notes every choice of a factor."""

    eliminants: list[Eliminant] = field(default_factory=list)

    def settled(
        self, relation: Relation, polynomial: Polynomial, pair: Pair, ratio: Any = None
    ) -> Chart:
        """As always, with a note."""
        chart = super().settled(relation, polynomial, pair, ratio)
        children = tuple(self.chart(child, pair, ratio) for child in relation.children
                         if native_pair(relation) is not None)  # fmt: skip
        self.eliminants.append(Eliminant(relation, polynomial, chart, children))
        return chart


def elimination_steps(notation: Notation, max_degree: int | None) -> tuple[list[Step], Curve]:
    """The steps up to the irreducible polynomial, and its curve.

    Raises
    ------
    NotAlgebraicError, DegreeError, ConvergenceError
        If there is no polynomial.
    """
    root = notation.root
    curve = algebraic_curve(root, max_degree)
    walk = RecordedWalk(parameters_in(_coefficients(root)), max_degree)
    walk.curve(root)
    shown = _Shown(notation, Curve(curve.polynomial, walk.parameters))
    steps = [step for e in walk.eliminants for step in shown.step(e)]
    radicals = bool(walk.parameters.radicals())
    return [*steps, _final(notation, curve, radicals=radicals)], curve


@dataclass(frozen=True, eq=False)
class _Shown:
    """Polynomials as equations of transforms."""

    notation: Notation
    names: Curve

    def expression(self, polynomial: Polynomial, relation: Relation, pair: str) -> Any:
        letter, kind = _LETTERS[pair]
        x = self.notation.variable(kind)
        function = self.notation(letter, relation)
        value = function(1 / x) if letter == "M" else function(x)
        return self.names.to_sympy(polynomial, {"a": value, "b": x})

    def step(self, e: Eliminant) -> list[Step]:
        """Nothing for leaves whose formula is a fraction: their relation says the same."""
        pair = e.chart.pair
        if isinstance(e.relation, Leaf):
            return [] if e.polynomial.degree("a") == 1 else [self._leaf(e)]
        curved = [
            (child, chart) for child, chart in zip(e.relation.children, e.children, strict=False)
            if chart.degrees()[0] > 1 and len(chart.polynomial) <= _MOST_TERMS
        ]  # fmt: skip
        before = [
            equal(self.expression(chart.polynomial, child, pair), 0) for child, chart in curved
        ]
        product = self._product(e)
        result = equal(self.expression(e.chart.polynomial, e.relation, pair), 0)
        equations = [*before, *product, result]
        letter, _ = _LETTERS[pair]
        if curved:
            words: list[Any] = [
                f"The transforms {letter} of the parts are zeros of polynomials; the auxiliary "
                "variables are eliminated by resultants."
                if len(curved) > 1
                else f"One transform {letter} is a zero of a polynomial; the others, which are "
                "fractions, are put into it."
            ]
        else:
            words = ["Denominators are cleared."]
        words += self._choice(e)
        return [
            self.notation.step(
                ["Elimination for ", self.notation.law(e.relation)], words, equations,
                sources.POLYNOMIALS, dropped=self._dropped(e),
            )
        ]  # fmt: skip

    def _leaf(self, e: Eliminant) -> Step:
        result = equal(self.expression(e.chart.polynomial, e.relation, e.chart.pair), 0)
        return self.notation.step(
            ["The polynomial of ", self.notation.law(e.relation)],
            ["The roots in its relation are removed by taking powers.", *self._choice(e)],
            [*self._product(e), result], sources.POLYNOMIALS, dropped=self._dropped(e),
        )  # fmt: skip

    def _product(self, e: Eliminant) -> list[Any]:
        """The whole eliminant, if it has further factors and is no monster."""
        if not e.dropped or len(e.polynomial) > _MOST_TERMS:
            return []
        factors = [e.chart.polynomial, *e.dropped]
        shown = [self.expression(p, e.relation, e.chart.pair) for p in factors]
        return [equal(sympy.Mul(*shown, evaluate=False), 0)]

    def _dropped(self, e: Eliminant) -> tuple[Any, ...]:
        return tuple(self.expression(p, e.relation, e.chart.pair) for p in e.dropped)

    def _choice(self, e: Eliminant) -> list[Any]:
        count = len(e.dropped)
        if not count:
            return [" The result is irreducible."]
        degrees = ", ".join(str(p.degree("a")) for p in e.dropped)
        return [
            f" The result has {count + 1} factors. The last equation is the law's: it vanishes at "
            "verified values of the transform; the "
            + (f"other one, of degree {degrees}, does not."
               if count == 1 else f"others, of degrees {degrees}, do not.")
        ]  # fmt: skip


def _final(notation: Notation, curve: Curve, *, radicals: bool) -> Step:
    z = notation.variable("z")
    value = notation("G", notation.root)(z)
    polynomial = curve.to_sympy(curve.polynomial, {"w": z, "g": value})
    degree = curve.polynomial.degree("g")
    words: list[Any] = [
        (
            "In the coordinates z and G (with R(G) = z - 1/G, S(z G - 1) = G/(z G - 1)), "
            f"irreducible over the integers, of degree {degree} in G."
        )
    ]
    if radicals:
        words.append(" Radicals of the parameters are removed by taking norms.")
    return notation.step(
        ["The polynomial of ", notation.law(notation.root)], words, [equal(polynomial, 0)],
        sources.POLYNOMIALS,
    )  # fmt: skip
