"""Laws as values: errors, representations, pickles, hashes, symbols."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Rational, Symbol

from freesym import laws
from freesym.errors import InvalidLawError, UnboundParameterError
from freesym.law import Law
from freesym.laws import (
    Arcsine,
    Bernoulli,
    Cauchy,
    Discrete,
    Empirical,
    EquilibriumMeasure,
    FreeBinomial,
    FreePoisson,
    FussCatalan,
    KestenMcKay,
    MarchenkoPastur,
    Pushforward,
    Raney,
    Semicircle,
    TwoPoint,
    Uniform,
    Wachter,
)

from .tables import CLOSED, identity


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_representation_pickle_and_hash(name: str) -> None:
    law = CLOSED[name][0]
    copy = pickle.loads(pickle.dumps(law))
    assert copy == law
    assert hash(copy) == hash(law)
    assert type(copy) is type(law)
    if not repr(law).startswith("<"):
        assert eval(repr(law), vars(sympy) | vars(laws)) == law


def test_every_law_is_exported_once() -> None:
    assert len(laws.__all__) == len(set(laws.__all__))
    assert all(hasattr(laws, name) for name in laws.__all__)
    shown = {type(law).__name__ for law, _ in CLOSED.values()} | {"PointMass"}
    classes = {n for n in laws.__all__ if isinstance(getattr(laws, n), type)}
    assert shown == classes


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Semicircle(0, 0), "variance = 0"),
        (lambda: Semicircle(float("nan")), "not finite"),
        (lambda: FreePoisson(-1, 1), "rate = -1"),
        (lambda: FreePoisson(1, 0), "PointMass"),
        (lambda: laws.CompoundFreePoisson(1, 2), "must be a law"),
        (lambda: Bernoulli(1.5), "probability"),
        (lambda: TwoPoint(0, 1, -0.1), "probability"),
        (lambda: Discrete([]), "no points"),
        (lambda: Discrete([1, 2], [1]), "2 points but 1 weights"),
        (lambda: Discrete([1, 2], [Fraction(1, 2), Fraction(1, 3)]), "5/6"),
        (lambda: Discrete([1, 2], [0.5, 0.4]), "sum to 0.9"),
        (lambda: Discrete([1, 2], [1.5, -0.5]), "negative"),
        (lambda: Discrete(3), "sequence"),
        (lambda: Empirical([]), "non-empty"),
        (lambda: Empirical([1.0, float("nan")]), "number 1 is nan"),
        (lambda: Empirical([1.0, float("inf")]), "inf"),
        (lambda: Empirical([1.0, 2.0 + 1j]), "complex"),
        (lambda: Empirical(np.eye(3)), "eigvalsh"),
        (lambda: Empirical(np.ones((2, 3))), "one-dimensional"),
        (lambda: Uniform(1, 1), "PointMass"),
        (lambda: Uniform(2, 1), "a < b"),
        (lambda: Arcsine(2, 1), "a < b"),
        (lambda: KestenMcKay(0.5), "at least 1"),
        (lambda: FreeBinomial(0.5, 0.5), "at least 1"),
        (lambda: Wachter(0.2, 0.3), "0.5"),
        (lambda: FussCatalan(0), "positive"),
        (lambda: Raney(0.5, 0.5), "at least 1"),
        (lambda: Raney(2, 3), "at most p"),
        (lambda: Cauchy(0, -1), "scale = -1"),
        (lambda: EquilibriumMeasure(1, 1.5), "integer"),
        (lambda: EquilibriumMeasure(0, 1), "positive"),
        (lambda: Pushforward(3), "callable"),
        (lambda: Pushforward(Symbol("x") * Symbol("y")), "one symbol"),
        (lambda: Pushforward(Symbol("x"), base="beta"), "normal"),
    ],
)
def test_bad_parameters_fail_at_construction(build: Any, words: str) -> None:
    with pytest.raises(InvalidLawError, match=words):
        build()


a, b = sympy.symbols("a b", real=True)
c, p = sympy.symbols("c p", positive=True)


@pytest.mark.parametrize(
    ("law", "values", "bound"),
    [
        (Semicircle(a, c), {a: 1, c: 2}, Semicircle(1, 2)),
        (FreePoisson(c, p), {c: 2, p: 3}, FreePoisson(2, 3)),
        (Bernoulli(p), {p: Rational(1, 3)}, Bernoulli(Fraction(1, 3))),
        (TwoPoint(a, b, p), {a: 1, b: 2, p: 0.5}, TwoPoint(1, 2, 0.5)),
        (Discrete([a, 1], [p, 1 - p]), {a: 3, p: 0.25}, Discrete([1, 3], [0.75, 0.25])),
        (Uniform(a, a + 1), {a: 0}, Uniform(0, 1)),
        (Arcsine(a, b), {a: 0, b: 2}, Arcsine(0, 2)),
        (KestenMcKay(c), {c: 3}, KestenMcKay(3)),
        (Wachter(c, p), {c: 2, p: 3}, Wachter(2, 3)),
        (FreeBinomial(p, c), {p: 0.5, c: 2}, FreeBinomial(0.5, 2)),
        (FussCatalan(c), {c: 2}, FussCatalan(2)),
        (Raney(c, p), {c: 3, p: 2}, Raney(3, 2)),
        (Cauchy(a, c), {a: 0, c: 1}, Cauchy()),
        (EquilibriumMeasure(c, 2), {c: 0.5}, EquilibriumMeasure(0.5, 2)),
        (MarchenkoPastur(c, p), {c: 1, p: 2}, MarchenkoPastur(1, 2)),
    ],
)
def test_symbolic_parameters(law: Law, values: dict[Any, Any], bound: Law) -> None:
    assert law.free_symbols == set(values)
    assert law.subs(values) == bound
    with pytest.raises(UnboundParameterError, match="bind"):
        law.density(0.5)


@pytest.mark.parametrize(
    ("law", "values"),
    [
        (Semicircle(a, c), {a: 1, c: 2}),
        (Bernoulli(p), {p: Rational(1, 3)}),
        (TwoPoint(a, b, p), {a: 1, b: 2, p: Rational(1, 3)}),
        (Discrete([a, 1], [p, 1 - p]), {a: 3, p: Rational(1, 4)}),
        (Uniform(a, a + 1), {a: 2}),
        (Arcsine(a, b), {a: 0, b: 2}),
        (KestenMcKay(c), {c: 3}),
        (FussCatalan(c), {c: 2}),
        (Raney(c, p), {c: 3, p: 2}),
        (EquilibriumMeasure(c, 1), {c: Rational(1, 2)}),
    ],
)
def test_symbolic_moments(law: Law, values: dict[Any, Any]) -> None:
    found = [sympy.sympify(m).subs(values) for m in law.moments(4)]
    assert found == [sympy.sympify(m) for m in law.subs(values).moments(4)]


def test_points_are_sorted_merged_and_dropped() -> None:
    law = Discrete((3, 1, 3.0, 2), (Fraction(1, 4),) * 3 + (Fraction(1, 4),))
    assert law == Discrete([1, 2, 3], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)])
    assert Discrete([1, 2], [1, 0]).points == (1,)


def test_eigenvalues_are_frozen_copies() -> None:
    values = np.array([2.0, 1.0])
    law = Empirical(values)
    values[0] = 7.0
    assert law == Empirical([1, 2])
    with pytest.raises(ValueError, match="read-only"):
        law.eigenvalues[0] = 3.0
    copy = pickle.loads(pickle.dumps(law))
    assert not copy.eigenvalues.flags.writeable
    assert repr(Empirical(np.arange(9))) == "<Empirical law of 9 eigenvalues in [0, 8]>"


def test_a_callable_is_compared_and_pickled_by_its_name() -> None:
    law = Pushforward(identity, base="uniform")
    assert pickle.loads(pickle.dumps(law)) == law
    assert repr(law) == "Pushforward(identity, base='uniform')"
    assert law.mean() == pytest.approx(0.5, rel=1e-14)
