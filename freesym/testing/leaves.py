"""The laws that random expressions are built of: fixed ones, and families with parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from freesym import laws as fs
from freesym.law import Law

Choose = Callable[[Sequence[Any]], Any]
Leaf = Law | Callable[[Choose], Law]

F = Fraction
HALF, THIRD = F(1, 2), F(1, 3)
_x = sympy.Symbol("x")

POSITIVE_LEAVES: tuple[Law, ...] = (
    fs.MarchenkoPastur(),
    fs.Bernoulli(HALF),
    fs.Discrete((0, 1, 2)),
    fs.Uniform(0, 1),
    fs.PointMass(2),
    fs.MarchenkoPastur(HALF, 2),
    fs.MarchenkoPastur(2),
    fs.MarchenkoPastur(F(1, 10), HALF),
    fs.FreePoisson(HALF, 2),
    fs.FreePoisson(F(3, 2), HALF),
    fs.Bernoulli(F(9, 10)),
    fs.Bernoulli(THIRD),
    fs.TwoPoint(1, 3, THIRD),
    fs.TwoPoint(F(1, 100), 1, HALF),
    fs.Discrete((1, 2, 4), (HALF, F(1, 4), F(1, 4))),
    fs.Discrete((0, 1, F(3, 2), 5)),
    fs.Empirical(np.array([0.1, 0.4, 1.0, 1.7, 2.2, 4.0])),
    fs.Uniform(1, 2),
    fs.Arcsine(0, 4),
    fs.Arcsine(1, 2),
    fs.Wachter(F(5, 2), F(3, 2)),
    fs.Wachter(HALF, F(3, 4)),
    fs.FreeBinomial(THIRD, F(5, 2)),
    fs.FreeBinomial(F(3, 4), F(3, 2)),
    fs.FussCatalan(2),
    fs.FussCatalan(HALF),
    fs.Raney(3, 2),
    fs.Raney(F(5, 2), F(3, 2)),
    fs.CompoundFreePoisson(2, fs.Uniform(0, 1)),
    fs.CompoundFreePoisson(HALF, fs.Discrete((1, 3))),
    fs.Pushforward(sympy.exp(-(_x**2))),
    fs.Pushforward(_x**2, base="uniform"),
)

REAL_LEAVES: tuple[Law, ...] = (
    fs.Semicircle(),
    fs.TwoPoint(-1, 1, HALF),
    fs.Discrete((-1, 0, 1)),
    fs.Uniform(-1, 1),
    fs.Semicircle(1, F(1, 4)),
    fs.Semicircle(-HALF, F(1, 10)),
    fs.TwoPoint(-1, 2, THIRD),
    fs.Discrete((-2, 0, 1, 3), (F(1, 8), F(3, 8), F(1, 4), F(1, 4))),
    fs.KestenMcKay(3),
    fs.KestenMcKay(F(3, 2)),
    fs.Arcsine(-1, 1),
    fs.EquilibriumMeasure(HALF, 2),
    fs.EquilibriumMeasure(1, 3),
)

#: Probabilities, simplest first.
PROBABILITIES = (HALF, THIRD, F(2, 3), F(1, 4), F(3, 4), F(1, 5), F(2, 5), F(9, 10), F(1, 10))
#: Positive sizes, simplest first.
SIZES = (1, 2, HALF, 3, THIRD, F(3, 2), F(2, 3), 4, F(1, 4), F(5, 2), F(2, 5), 5, F(1, 10))
_PLACES = (0, 1, -1, 2, -2, HALF, -HALF, F(3, 2), -F(3, 2), 3)
_POSITIVE_PLACES = (0, 1, 2, HALF, F(3, 2), F(1, 10), 3)
_AT_LEAST_ONE = (2, 1, 3, F(3, 2), F(5, 2), 4, F(4, 3))
_WEIGHTS = (
    (THIRD, THIRD, THIRD),
    (HALF, F(1, 4), F(1, 4)),
    (F(1, 6), THIRD, HALF),
    (F(1, 10), F(7, 10), F(1, 5)),
)


def _wachter(choose: Choose) -> Law:
    a = choose(SIZES)
    # the two numbers add up to 1 at least, and a whole number of halves more
    return fs.Wachter(a, max(choose(SIZES), 1 - a + HALF))


def _raney(choose: Choose) -> Law:
    p = choose(_AT_LEAST_ONE)
    return fs.Raney(p, p * choose((HALF, 1, F(2, 3), F(3, 4))))


def _two_point(places: Sequence[Any]) -> Callable[[Choose], Law]:
    def build(choose: Choose) -> Law:
        a = choose(places)
        return fs.TwoPoint(a, a + choose(SIZES), choose(PROBABILITIES))

    return build


def _discrete(places: Sequence[Any]) -> Callable[[Choose], Law]:
    def build(choose: Choose) -> Law:
        a = choose(places)
        b = a + choose(SIZES)
        return fs.Discrete((a, b, b + choose(SIZES)), choose(_WEIGHTS))

    return build


def _interval(kind: Callable[..., Law], places: Sequence[Any]) -> Callable[[Choose], Law]:
    def build(choose: Choose) -> Law:
        a = choose(places)
        return kind(a, a + choose(SIZES))

    return build


#: What hypothesis tries first and shrinks to.
STANDARD_POSITIVE: tuple[Law, ...] = (
    fs.MarchenkoPastur(),
    fs.Bernoulli(HALF),
    fs.PointMass(1),
    fs.Arcsine(0, 4),
)
STANDARD_REAL: tuple[Law, ...] = (
    fs.Semicircle(),
    fs.TwoPoint(-1, 1, HALF),
    fs.Bernoulli(HALF),
    fs.PointMass(1),
    fs.MarchenkoPastur(),
)

#: Families of laws on ``[0, oo)`` whose transforms are algebraic: their parameters are chosen.
ALGEBRAIC_POSITIVE: dict[type[Law], Callable[[Choose], Law]] = {
    fs.MarchenkoPastur: lambda choose: fs.MarchenkoPastur(choose(SIZES), choose(SIZES)),
    fs.Bernoulli: lambda choose: fs.Bernoulli(choose(PROBABILITIES)),
    fs.PointMass: lambda choose: fs.PointMass(choose(SIZES)),
    fs.TwoPoint: _two_point(_POSITIVE_PLACES),
    fs.Discrete: _discrete(_POSITIVE_PLACES),
    fs.FreePoisson: lambda choose: fs.FreePoisson(choose(SIZES), choose(SIZES)),
    fs.Arcsine: _interval(fs.Arcsine, _POSITIVE_PLACES),
    fs.Wachter: _wachter,
    fs.FreeBinomial: lambda choose: fs.FreeBinomial(choose(PROBABILITIES), choose(_AT_LEAST_ONE)),
    fs.FussCatalan: lambda choose: fs.FussCatalan(choose((1, 2, HALF, 3, F(3, 2)))),
    fs.Raney: _raney,
}

#: The same for laws on the line.
ALGEBRAIC_REAL: dict[type[Law], Callable[[Choose], Law]] = {
    fs.Semicircle: lambda choose: fs.Semicircle(choose(_PLACES), choose(SIZES)),
    fs.TwoPoint: _two_point(_PLACES),
    fs.Discrete: _discrete(_PLACES),
    fs.Arcsine: _interval(fs.Arcsine, _PLACES),
    fs.KestenMcKay: lambda choose: fs.KestenMcKay(choose(_AT_LEAST_ONE)),
    fs.EquilibriumMeasure: lambda choose: fs.EquilibriumMeasure(
        choose((1, HALF, F(1, 4))), choose((2, 3, 4))
    ),
}

#: Families with transcendental transforms.
TRANSCENDENTAL_POSITIVE: dict[type[Law], Callable[[Choose], Law]] = {
    fs.Uniform: _interval(fs.Uniform, _POSITIVE_PLACES),
    fs.CompoundFreePoisson: lambda choose: fs.CompoundFreePoisson(
        choose(SIZES), _interval(fs.Uniform, _POSITIVE_PLACES)(choose)
    ),
    fs.Pushforward: lambda choose: fs.Pushforward(_x**2, base="uniform"),
}
TRANSCENDENTAL_REAL: dict[type[Law], Callable[[Choose], Law]] = {
    fs.Uniform: _interval(fs.Uniform, _PLACES),
}

#: Laws without compact support: the normal law has all moments, Cauchy laws have none.
UNBOUNDED: dict[type[Law], Callable[[Choose], Law]] = {
    fs.Pushforward: lambda choose: fs.Pushforward(_x),
}
WITHOUT_MOMENTS: dict[type[Law], Callable[[Choose], Law]] = {
    fs.Cauchy: lambda choose: fs.Cauchy(choose(_PLACES), choose(SIZES)),
}
