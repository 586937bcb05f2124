"""Identities that hold and identities that do not; what was proved and what was tested."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings

import freesym as fs
from freesym import InvalidLawError, Law
from freesym.testing import (
    InvalidArgumentError,
    LawCheckError,
    assert_identity,
    assert_same_law,
    positive_laws,
)

PROVED = [
    "Bernoulli(1/2) + Bernoulli(1/2) == Arcsine(0, 2)",
    "SC(0, s) + SC(0, t) == SC(0, s + t)",
    "FreePoisson(s, 2) + FreePoisson(t, 2) == FreePoisson(s + t, 2)",
    "MP(c).additive_power(2) == 2 * MP(c / 2)",
    "TwoPoint(-1, 1, 1/2).additive_power(3) == KestenMcKay(3)",
    "MP() @ MP() == FussCatalan(2)",
    "SC().square() == MP()",
    "SC(m, v) == SC(0, v) + m",
    "MP(1/2) @ B(1/3) == B(1/3) @ MP(1/2)",
]
TESTED = [
    "Cauchy(0, 1) + Cauchy(0, 2) == Cauchy(0, 3)",
    "Uniform(0, 1) + SC() == SC() + Uniform(0, 1)",
    "Uniform(0, 1).compress(1/2) + 1 == (Uniform(0, 1) + 1).compress(1/2)",
    "Uniform(0, 1) + SC(0, t) == SC(0, t) + Uniform(0, 1)",
    "Empirical([0.5, 1.5]) == TwoPoint(0.5, 1.5, 0.5)",
]
FALSE = [
    "SC() + SC() == SC()",
    "B(1/2) + B(1/2) == 2 * B(1/2)",
    "MP(c) @ MP(c) == MP(2 * c)",
    "MP(1/2) == MP(2)",
    "SC(0, s) + SC(0, t) == SC(0, s * t)",
    "Cauchy(0, 1) + Cauchy(0, 2) == Cauchy(0, 4)",
    "Uniform(0, 1) == Uniform(0, 1.0001)",
    "Cauchy() == Cauchy(0, 1.00001)",
    "classical_sum(B(1/2), B(1/2)) == B(1/2) + B(1/2)",
    "B(1/2) == B(0.5000001)",
    "Uniform(0, 1) + SC(0, t) == SC(0, 2 * t) + Uniform(0, 1)",
]


@pytest.mark.parametrize("text", PROVED)
def test_identities_are_proved(text: str) -> None:
    verdict = assert_identity(text)
    assert verdict.proved and str(verdict).startswith("proved: ")


@pytest.mark.parametrize("text", TESTED)
def test_identities_are_tested(text: str) -> None:
    verdict = assert_identity(text)
    assert not verdict.proved and str(verdict).startswith("tested: "), verdict
    assert "G at" in verdict.evidence


@pytest.mark.parametrize("text", FALSE)
def test_false_identities_are_refuted(text: str) -> None:
    with pytest.raises(LawCheckError, match="differ: "):
        assert_identity(text)


def test_the_message_says_which_moment() -> None:
    with pytest.raises(LawCheckError, match="the moments of order 2 are 1 and 2") as caught:
        assert_same_law(fs.Semicircle(), fs.Semicircle(0, 2))
    assert caught.value.difference == 1
    assert caught.value.subject == (fs.Semicircle(), fs.Semicircle(0, 2))


def test_laws_that_share_many_moments_differ() -> None:
    """The first eleven moments of a quadrature rule are those of the law."""
    angles = np.arange(1, 7) * np.pi / 7
    rule = fs.Discrete(2 * np.cos(angles), 2 / 7 * np.sin(angles) ** 2)
    assert [round(float(m), 12) for m in rule.moments(10)] == fs.Semicircle().moments(10)
    with pytest.raises(LawCheckError, match="G\\("):
        assert_same_law(fs.Semicircle(), rule)


def test_branches_of_one_polynomial() -> None:
    """Where Hensel's lemma says nothing, exact moments tell branches apart."""
    left = fs.Discrete([0, 1, 2]) + fs.Semicircle()
    right = fs.Semicircle() + fs.Discrete([0, 1, 2])
    assert assert_same_law(left, right, max_degree=10).proved


@pytest.mark.long
@settings(deadline=None, max_examples=15, database=None, derandomize=True)
@given(positive_laws(max_nodes=1), positive_laws(max_nodes=1))
def test_products_commute(mu: Law, nu: Law) -> None:
    assert_same_law(mu @ nu, nu @ mu, prove=False)


@settings(deadline=None, max_examples=15, database=None, derandomize=True)
@given(positive_laws(max_nodes=1))
def test_different_laws_are_told_apart(mu: Law) -> None:
    for nu in (mu + Fraction(1, 10**4), mu * Fraction(10001, 10000)):
        with pytest.raises(LawCheckError):
            assert_same_law(mu, nu)


def test_texts_may_mention_laws() -> None:
    names = {"mu": fs.Uniform(0, 1)}
    assert assert_identity("mu + 1", "1 + mu", names=names).proved


def test_bad_arguments() -> None:
    calls: list[tuple[type[Exception], Any]] = [
        (InvalidArgumentError, lambda: assert_same_law(fs.Semicircle(), 3)),
        (InvalidArgumentError, lambda: assert_identity(fs.Semicircle())),
        (InvalidArgumentError, lambda: assert_identity("SC()")),
        (InvalidArgumentError, lambda: assert_identity("SC() == SC() == SC()")),
        (InvalidArgumentError, lambda: assert_identity("SC()", 3)),
        (InvalidArgumentError, lambda: assert_identity("SC()", "SC()", tolerance=2)),
        (InvalidLawError, lambda: assert_identity("SC(", "SC()")),
        (InvalidLawError, lambda: assert_identity("__import__('os')", "SC()")),
    ]
    for error, call in calls:
        with pytest.raises(error):
            call()


def test_symbols_of_laws() -> None:
    c = sympy.Symbol("c", positive=True)
    verdict = assert_same_law(fs.MarchenkoPastur(c), fs.FreePoisson(1 / c, c))
    assert verdict.proved and "for generic c" in verdict.evidence
