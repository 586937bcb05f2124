"""Random expressions: one grammar, driven by hypothesis or by a seeded generator.

Every expression is a probability law with all moments, built from exact rational parameters.
The simplest alternative comes first everywhere, so that hypothesis shrinks to readable laws.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy
from hypothesis import strategies as st

import freesym as fs
from freesym import Law

Choose = Callable[[Sequence[Any]], Any]
Rule = Callable[[Choose, int], Law]

F = Fraction
HALF, THIRD = F(1, 2), F(1, 3)
_x = sympy.Symbol("x")

POSITIVE_LEAVES: tuple[Law, ...] = (
    fs.MarchenkoPastur(),
    fs.Bernoulli(HALF),
    fs.Discrete([0, 1, 2]),
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
    fs.Discrete([1, 2, 4], [HALF, F(1, 4), F(1, 4)]),
    fs.Discrete([0, 1, F(3, 2), 5]),
    fs.Empirical([0.1, 0.4, 1.0, 1.7, 2.2, 4.0]),
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
    fs.CompoundFreePoisson(HALF, fs.Discrete([1, 3])),
    fs.Pushforward(sympy.exp(-(_x**2))),
    fs.Pushforward(_x**2, base="uniform"),
)

REAL_LEAVES: tuple[Law, ...] = (
    fs.Semicircle(),
    fs.TwoPoint(-1, 1, HALF),
    fs.Discrete([-1, 0, 1]),
    fs.Uniform(-1, 1),
    fs.Semicircle(1, F(1, 4)),
    fs.Semicircle(-HALF, F(1, 10)),
    fs.TwoPoint(-1, 2, THIRD),
    fs.Discrete([-2, 0, 1, 3], [F(1, 8), F(3, 8), F(1, 4), F(1, 4)]),
    fs.KestenMcKay(3),
    fs.KestenMcKay(F(3, 2)),
    fs.Arcsine(-1, 1),
    fs.EquilibriumMeasure(HALF, 2),
    fs.EquilibriumMeasure(1, 3),
)

_POWERS = (2, F(3, 2), F(5, 4), 3)
_CORNERS = (HALF, F(2, 3), F(9, 10), F(1, 4))
_WEIGHTS = ((HALF, HALF), (THIRD, F(2, 3)))
_RATES = (1, 2, HALF)


def _operands(choose: Choose, nodes: int, *kinds: Rule) -> list[Law]:
    """Two laws that share the nodes left by their operation."""
    first = choose(range(1, nodes - 1))
    return [kinds[0](choose, first), kinds[-1](choose, nodes - 1 - first)]


def _binary(combine: Callable[..., Law], *kinds: Rule) -> Rule:
    return lambda choose, nodes: combine(*_operands(choose, nodes, *kinds))


def _unary(change: Callable[..., Law], kind: Rule, parameters: Sequence[Any] = ()) -> Rule:
    def build(choose: Choose, nodes: int) -> Law:
        law = kind(choose, nodes - 1)
        return change(law, choose(parameters)) if parameters else change(law)

    return build


def _mixed(kind: Rule) -> Rule:
    def build(choose: Choose, nodes: int) -> Law:
        return fs.mixture(_operands(choose, nodes, kind), choose(_WEIGHTS))

    return build


def _rectangular(choose: Choose, nodes: int) -> Law:
    laws = _operands(choose, nodes, positive)
    return fs.rectangular_sum(*laws, ratio=choose((1, HALF, F(2, 3))))


def _common(kind: Rule) -> list[Rule]:
    """Operations that keep a kind, on one law, then on two."""
    return [
        _unary(lambda law, a: a * law, kind, (2, HALF, 3)),
        _unary(lambda law, t: law.additive_power(t), kind, _POWERS),
        _unary(lambda law, p: law.compress(p), kind, _CORNERS),
        _unary(lambda law, rate: fs.CompoundFreePoisson(rate, law), kind, _RATES),
    ]


def _common_pairs(kind: Rule) -> list[Rule]:
    return [
        _binary(lambda a, b: a + b, kind),
        _binary(lambda a, b: a @ b, kind, positive),
        _mixed(kind),
        _binary(lambda a, b: (a + b).additive_deconvolve(b), kind),
        _binary(fs.boolean_sum, kind),
        _binary(fs.monotone, kind),
    ]


def positive(choose: Choose, nodes: int) -> Law:
    """A law on ``[0, oo)`` of so many nodes."""
    if nodes <= 1:
        return choose(POSITIVE_LEAVES)  # type: ignore[no-any-return]
    unary = [
        *_common(positive),
        _unary(lambda law, b: law + b, positive, (1, HALF)),
        _unary(lambda law, t: law.multiplicative_power(t), positive, _POWERS),
        _unary(lambda law, b: (law + b).inverse(), positive, (1, HALF)),
        _unary(lambda law, r: law.reshape(r), positive, (HALF, F(2, 3))),
        _unary(lambda law, s: fs.noncentral_wishart(law, s, HALF), positive, (1, F(1, 10))),
        _unary(lambda law: law.square(), real),
    ]
    binary = [
        *_common_pairs(positive),
        _binary(lambda a, b: (a @ b).multiplicative_deconvolve(b), positive),
        _rectangular,
    ]
    return choose(unary if nodes == 2 else unary + binary)(choose, nodes)  # type: ignore[no-any-return]


def real(choose: Choose, nodes: int) -> Law:
    """A law on the line of so many nodes."""
    if nodes <= 1:
        return choose(REAL_LEAVES)  # type: ignore[no-any-return]
    unary = [
        *_common(real),
        _unary(lambda law: -law, real),
        _unary(lambda law, b: law + b, real, (1, -HALF)),
        _unary(lambda law: -law, positive),
    ]
    binary = [*_common_pairs(real), _binary(lambda a, b: a - b, positive)]
    return choose(unary if nodes == 2 else unary + binary)(choose, nodes)  # type: ignore[no-any-return]


@st.composite
def laws(draw: st.DrawFn, *, max_nodes: int = 12, kind: Rule = real) -> Law:
    """Laws with at most ``max_nodes`` nodes, on the line or (``kind=positive``) on ``[0, oo)``."""
    return kind(lambda options: draw(st.sampled_from(options)), draw(st.integers(1, max_nodes)))


def random_law(seed: int, *, max_nodes: int = 12, kind: Rule = real) -> Law:
    """The law of a seed."""
    generator = random.Random(seed)
    return kind(generator.choice, generator.randint(2, max_nodes))
