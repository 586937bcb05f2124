"""Polynomials of laws, and the same eliminations by ``sympy.resultant``.

What is compared is the elimination alone, on the same polynomials, which neither side has to
prepare: the sum of two R-transforms, or the product of two S-transforms, given by polynomials
``P(x, y)`` in the transform ``x`` at ``y``.  The whole calculation, from a law to its
irreducible and verified polynomial, is timed beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import sympy
from sympy import Rational

import freesym as fs
from freesym.algebra import elimination
from freesym.algebra.polynomials import Polynomial
from freesym.nets import jacobian_law
from freesym.transforms.curve import Curve, _curve

x, y, t = sympy.symbols("x y t")
c, p, c1, c2, c3 = sympy.symbols("c p c1 c2 c3", positive=True)


def numerator(expression: Any) -> Any:
    return sympy.expand(sympy.numer(sympy.together(expression)))


def points(values: list[int]) -> Any:
    """The R-transform ``x`` at ``y`` of equal masses."""
    return numerator(y - sum(Rational(1, len(values)) / (x + 1 / y - v) for v in values))


def wishart(ratio: Any) -> Any:
    """The S-transform ``x`` at ``y``."""
    return numerator(x - 1 / (1 + ratio * y))


@dataclass(frozen=True)
class Elimination:
    """A law, and the transforms that are combined for it."""

    law: fs.Law
    transforms: tuple[Any, ...] = ()
    multiply: bool = False

    def polynomial(self) -> Curve:
        """The polynomial, irreducible and verified, nothing remembered from before."""
        return _curve.__wrapped__(self.law.relation(), None)

    @cached_property
    def polynomials(self) -> list[Polynomial]:
        symbols = set().union(*(f.free_symbols for f in self.transforms))
        gens = (x, y, t, *sorted(symbols - {x, y}, key=str))
        names = tuple(map(str, gens))
        return [
            Polynomial.from_terms(names, {e: int(k) for e, k in sympy.Poly(f, *gens).terms()})
            for f in self.transforms
        ]

    def eliminated(self) -> Polynomial:
        combine = elimination.product if self.multiply else elimination.total
        return combine(self.polynomials, "x")

    @cached_property
    def arguments(self) -> list[tuple[Any, Any]]:
        """The second transform of every step at ``x - t``, or ``x/t``, to eliminate ``t``."""
        moved = x / t if self.multiply else x - t
        return [numerator(f.subs(x, moved)) for f in self.transforms[1:]]

    def by_sympy(self) -> Any:
        def step(whole: Any, other: Any) -> Any:
            return sympy.resultant(whole.subs(x, t), other, t)

        return reduce(step, self.arguments, self.transforms[0])


THREE, FOUR = [0, 1, 3], [0, 2, 5, 7]
SIX, OTHER_SIX = [0, 1, 3, 4, 7, 11], [0, 2, 5, 7, 12, 13]
MP = fs.MarchenkoPastur

ELIMINATIONS = {
    "3 + 4 points": Elimination(
        fs.Discrete(THREE) + fs.Discrete(FOUR), (points(THREE), points(FOUR))
    ),
    "6 + 6 points": Elimination(
        fs.Discrete(SIX) + fs.Discrete(OTHER_SIX), (points(SIX), points(OTHER_SIX))
    ),
    "MP(c) + semicircle": Elimination(
        MP(c) + fs.Semicircle(), (numerator(x - 1 / (1 - c * y)), x - y)
    ),
    "MP(c) @ Bernoulli(p) + 3 points": Elimination(
        MP(c) @ fs.Bernoulli(p) + fs.Discrete(THREE),
        # S = 1/x at psi = x y turns S = (1 + psi)/((1 + c psi)(p + psi)) into
        (numerator((1 + c * x * y) * (p + x * y) - x * (1 + x * y)), points(THREE)),
    ),
    "MP(c1) @ MP(c2) @ MP(c3)": Elimination(
        MP(c1) @ MP(c2) @ MP(c3), (wishart(c1), wishart(c2), wishart(c3)), multiply=True
    ),
    "ReLU Jacobian, 50 layers": Elimination(jacobian_law([1] * 51, "relu")),
}
COMPARED = {name: case for name, case in ELIMINATIONS.items() if case.transforms}


def prepared(case: Elimination) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Our elimination and SymPy's, their inputs ready."""
    assert case.polynomials
    assert case.arguments
    return case.eliminated, case.by_sympy
