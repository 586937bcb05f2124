"""``check_law`` passes right laws and catches wrong ones by the right statement."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import Law, UnboundParameterError
from freesym.testing import STATEMENTS, InvalidArgumentError, LawCheckError, check_law
from freesym.testing.about_transforms import non_crossing_partitions
from freesym.testing.leaves import POSITIVE_LEAVES, REAL_LEAVES
from tests.testing.wrong_laws import WRONG, DoubledDensity, FreeCharlier, Wrong

X = sympy.Symbol("x")
LEAVES = [
    *POSITIVE_LEAVES,
    *REAL_LEAVES,
    fs.Cauchy(1, 2),
    fs.Pushforward(X),
    fs.from_r_transform(X / (1 - X), X),
    fs.from_density(sympy.Rational(3, 4) * (1 - X**2), (-1, 1)),
]
EXPRESSIONS = [
    fs.Semicircle() + fs.Bernoulli(Fraction(1, 3)),
    fs.MarchenkoPastur(Fraction(1, 2)) @ fs.Uniform(0, 1),
    fs.Bernoulli(Fraction(1, 2)).additive_power(Fraction(5, 2)).compress(Fraction(2, 3)),
    fs.boolean_sum(fs.Semicircle(), fs.Uniform(-1, 1)),
    fs.mixture([fs.Semicircle(), fs.PointMass(1)], [Fraction(1, 2)] * 2),
    (fs.Semicircle() + fs.Cauchy()) * 2,
    fs.MarchenkoPastur(2).reshape(Fraction(1, 2)) + fs.PointMass(1),
]


@pytest.mark.long
@pytest.mark.parametrize("law", [*LEAVES, *EXPRESSIONS], ids=lambda law: repr(law)[:60])
def test_right_laws_pass(law: Law) -> None:
    report = check_law(law)
    assert len(report.passed) + len(report.skipped) == len(STATEMENTS)
    assert len(report.passed) >= 18, report


def test_a_law_of_another_author_passes() -> None:
    report = check_law(FreeCharlier())
    assert {"moments of the density", "matrices", "repr", "pickle"} <= {*report.passed}
    assert "statements hold (seed 0)" in str(report)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_wrong_laws_are_caught(wrong: Wrong) -> None:
    with pytest.raises(LawCheckError) as caught:
        check_law(wrong.make())
    assert caught.value.statement in wrong.caught_by, caught.value
    assert f"fails '{caught.value.statement}'" in str(caught.value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["sampler", "matrices"])
def test_random_statements_catch_for_every_seed(name: str, seed: int) -> None:
    with pytest.raises(LawCheckError):
        check_law(WRONG[name].make(), rng=seed, only=["samples", "matrices"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_right_laws_pass_for_every_seed(seed: int) -> None:
    failures = []
    for law in [*LEAVES, *EXPRESSIONS]:
        try:
            check_law(law, rng=seed)
        except LawCheckError as error:
            failures.append(f"seed {seed}: {error}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("seed", range(5))
def test_random_statements_pass_right_laws(seed: int) -> None:
    for law in (fs.Semicircle(), fs.MarchenkoPastur(2), fs.Bernoulli(Fraction(1, 3))):
        check_law(law, rng=seed, only=["samples", "matrices"])


def test_messages_say_what_where_and_how_much() -> None:
    with pytest.raises(LawCheckError) as caught:
        check_law(DoubledDensity(), only="density and cdf")
    error = caught.value
    assert error.subject == DoubledDensity() and error.difference > error.allowed
    message = str(error)
    for words in ("DoubledDensity()", "density", "around at", "expected", "difference", "seed 0"):
        assert words in message
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == message and again.statement == error.statement


def test_the_smallest_wrong_part_is_named() -> None:
    """The density of the whole is wrong because that of a part is."""
    from tests.testing.wrong_laws import BadRepr

    whole = fs.Semicircle() + BadRepr().compress(Fraction(1, 2))
    with pytest.raises(LawCheckError) as caught:
        check_law(whole, only=["repr"])
    assert caught.value.subject == BadRepr()
    assert "found in" in str(caught.value)


@pytest.mark.parametrize(
    ("method", "wrong", "words"),
    [
        ("__repr__", lambda self: 1 / 0, "<Broken, whose repr raises ZeroDivisionError> fails"),
        ("density", lambda self, x: np.zeros(3), "fails 'density"),
        ("support", lambda self: "support", "fails"),
        ("sample", lambda self, size, rng=None: np.array([]), "sample(100000) has the shape (0,)"),
        ("sample_matrix", lambda self, n, rng=None: np.eye(n + 1), "has the shape (101, 101)"),
        ("sample_matrix", lambda self, n, rng=None: np.triu(np.ones((n, n))), "not symmetric"),
        ("sample_matrix", lambda self, n, rng=None: np.full((n, n), np.nan), "fails 'matrices'"),
    ],
)
def test_laws_that_break_every_rule_of_their_class(method: str, wrong: Any, words: str) -> None:
    """They fail a statement, in words; nothing else is raised."""
    broken = type("Broken", (FreeCharlier,), {method: wrong})
    with pytest.raises(LawCheckError) as caught:
        check_law(broken(), rng=0)
    assert words in str(caught.value)


@pytest.mark.parametrize("n, count", [*enumerate([1, 1, 2, 5, 14, 42, 132, 429])])
def test_non_crossing_partitions_are_counted_by_catalan(n: int, count: int) -> None:
    found = non_crossing_partitions(n)
    assert len(found) == len(set(map(frozenset, found))) == count
    assert all(sorted(sum(blocks, ())) == [*range(1, n + 1)] for blocks in found)


def test_bad_arguments() -> None:
    c = sympy.Symbol("c", positive=True)
    calls: list[tuple[type[Exception], Any]] = [
        (UnboundParameterError, lambda: check_law(fs.MarchenkoPastur(c))),
        (InvalidArgumentError, lambda: check_law("MP(1)")),
        (InvalidArgumentError, lambda: check_law(fs.Semicircle(), only=["nonsense"])),
        (InvalidArgumentError, lambda: check_law(fs.Semicircle(), skip="nonsense")),
        (InvalidArgumentError, lambda: check_law(fs.Semicircle(), rng="seed")),
        (InvalidArgumentError, lambda: check_law(fs.Semicircle(), rng=-1)),
        (InvalidArgumentError, lambda: check_law(fs.Semicircle(), thorough="yes")),
    ]
    for error, call in calls:
        with pytest.raises(error):
            call()
