"""Identities whose sides have symbols: which values these are given, and what that shows."""

from __future__ import annotations

import re
from fractions import Fraction as F
from itertools import islice
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import UnboundParameterError
from freesym.testing import InvalidArgumentError, LawCheckError, assert_same_law
from freesym.testing.values_of_symbols import (
    instances_of,
    is_certainly_nonzero,
    is_generically_nonzero,
    is_rational,
)

c, s, t, p = sympy.symbols("c s t p", positive=True)
r = sympy.Symbol("r", real=True)
k = sympy.Symbol("k", integer=True, positive=True)
two, three = sympy.sqrt(2), sympy.sqrt(3)
SC, U, C = fs.Semicircle, fs.Uniform, fs.Cauchy

#: Variances that agree, and whether SymPy shows it.
EQUAL = [
    (sympy.cosh(s) ** 2, 1 + sympy.sinh(s) ** 2, True),
    (sympy.sqrt(c**2 + 2 * c + 1), c + 1, True),
    (sympy.sin(c) ** 2 + sympy.cos(c) ** 2, 1, True),
    (sympy.gamma(c + 1), c * sympy.gamma(c), True),
    (sympy.Max(c, s) + sympy.Min(c, s), c + s, False),
    (sympy.sqrt(c + 2 * sympy.sqrt(c) + 1), 1 + sympy.sqrt(c), False),
    (sympy.sqrt(3 + 2 * two), 1 + two, False),
    (sympy.sqrt(5 + 2 * sympy.sqrt(6)), two + three, False),
    (0.1 * c + 0.2 * c, 0.3 * c, False),
]


@pytest.mark.parametrize("first, second, shown", EQUAL, ids=str)
def test_functions_that_agree_are_not_told_apart(first: Any, second: Any, shown: bool) -> None:
    assert assert_same_law(SC(0, first), SC(0, second)).proved == shown


@pytest.mark.parametrize(
    "first, second",
    [
        (sympy.cosh(s) ** 2, 1 + sympy.sinh(s) ** 2 + sympy.Rational(1, 10**12)),
        (sympy.exp(s) * sympy.exp(t), sympy.exp(s * t)),
        (sympy.Max(c, s), c),
        (1 + two, 1 + two + sympy.Rational(1, 10**20)),
        (0.1 * c, 0.10001 * c),
    ],
    ids=str,
)
def test_functions_that_differ_are_told_apart(first: Any, second: Any) -> None:
    with pytest.raises(LawCheckError, match="differ: "):
        assert_same_law(SC(0, first), SC(0, second))


@pytest.mark.parametrize(
    "left, right",
    [
        (C(0, s * s) + U(0, t), C(0, s * sympy.Rational(37, 101)) + U(0, t)),
        (C(0, s) + U(0, t), C(0, t) + U(0, t)),
        (C(0, s) + U(0, 1), C(0, s / (1 + s)) + U(0, 1)),
        (fs.mixture([C(), fs.PointMass(0)], [p, 1 - p]), C(0, p)),
        (fs.boolean_sum(C(0, s), U(0, 1)), C(0, s) + U(0, 1)),
    ],
    ids=str,
)
def test_symbols_vary_independently(left: fs.Law, right: fs.Law) -> None:
    with pytest.raises(LawCheckError, match="differ: "):
        assert_same_law(left, right)


def test_four_sets_of_values_that_all_differ() -> None:
    verdict = assert_same_law(C(0, s) + U(0, t), U(0, t) + C(0, s))
    assert not verdict.proved
    for name in "st":
        values = re.findall(rf"\b{name} = ([0-9/]+)", verdict.evidence)
        assert len(values) == len(set(values)) == 4
    found = [values for values, *_ in islice(instances_of(C(0, s), C(0, t)), 20)]
    assert all(values[s] != values[t] for values in found)
    assert {values[s] < values[t] for values in found} == {True, False}


@pytest.mark.parametrize(
    "left, right",
    [
        (U(0, 1).additive_power(t).additive_power(2), U(0, 1).additive_power(2 * t)),
        (U(0, 1).compress(p) * (1 / p), U(0, 1).additive_power(1 / p)),
        (
            (U(0, 1) + SC(0, t)).additive_deconvolve(SC()),
            U(0, 1) + SC(0, t).additive_deconvolve(SC()),
        ),
        (C(0, s).inverse(), C(0, 1 / s)),
        (U(0, 1) + SC(r, sympy.exp(r)), U(r, r + 1) + SC(0, sympy.exp(r))),
        (U(0, 1).additive_power(k), U(0, 2).additive_power(k) / 2),
    ],
    ids=str,
)
def test_values_for_which_there_is_no_law_are_left_out(left: fs.Law, right: fs.Law) -> None:
    assert "G at" in assert_same_law(left, right, prove=False).evidence


def test_values_are_such_as_assumptions_allow() -> None:
    n = sympy.Symbol("n", negative=True)
    for values, *_ in islice(instances_of(SC(n, k), SC(r)), 30):
        assert values[n] < 0 < values[k] and values[k].denominator == 1
    e = sympy.Symbol("e", integer=True, even=True, positive=True)
    assert all(v[e] % 2 == 0 for v, *_ in islice(instances_of(SC(0, e), SC()), 5))


def test_sides_that_are_never_laws_together() -> None:
    left = C(0, s) + U(0, 1).compress(p)
    right = C(0, s) + U(0, 1).compress(1 / (p + 1) + 1)
    with pytest.raises(UnboundParameterError, match="no values of p, s were found"):
        assert_same_law(left, right)


def test_one_name_for_two_symbols() -> None:
    other = sympy.Symbol("c")
    for left, right in [(SC(0, c), SC(0, other)), (SC(other, c), SC())]:
        with pytest.raises(InvalidArgumentError, match="c is the name of different symbols"):
            assert_same_law(left, right)


def test_a_tolerance_holds_for_exact_laws_as_well() -> None:
    pairs = [
        (SC(), SC(0, F(10001, 10000))),
        (U(0, 1) + SC(), SC() + U(0, F(10001, 10000))),
        (C(), C(0, F(10001, 10000))),
        (fs.Bernoulli(F(1, 2)), fs.Bernoulli(F(1, 2)) + F(1, 10000)),
        (SC(0, c), SC(0, c * F(10001, 10000))),
    ]
    for left, right in pairs:
        assert not assert_same_law(left, right, tolerance=1e-3).proved
        for near in (None, 1e-8):
            with pytest.raises(LawCheckError):
                assert_same_law(left, right, tolerance=near)


@pytest.mark.parametrize(
    "left, right",
    [
        (SC(1e8, 1) + SC(0, 1.0), SC(1e8, 2.0)),
        (SC(0, 1e-16) + SC(0, 2e-16), SC(0, 3e-16)),
        (fs.TwoPoint(-0.1, 0.1, 0.5) + 0.3, fs.TwoPoint(0.2, 0.4, 0.5)),
        (fs.Empirical(np.array([0.1, 0.2, 0.3])), fs.Discrete((F(1, 10), F(1, 5), F(3, 10)))),
    ],
    ids=str,
)
def test_rounded_parameters_at_any_scale(left: fs.Law, right: fs.Law) -> None:
    assert not assert_same_law(left, right).proved


@pytest.mark.parametrize(
    "left, right",
    [
        (SC(1e8, 1), SC(1e8, 1.0001)),
        (SC(0, 1e-16), SC(0, 1.0001e-16)),
        (C(0, F(1, 10**8)) + U(0, 1), U(0, 1) + C(0, F(2, 10**8))),
        (C() + U(0, 1), C() + U(0, F(10**12 + 1, 10**12))),
    ],
    ids=str,
)
def test_different_parameters_at_any_scale(left: fs.Law, right: fs.Law) -> None:
    with pytest.raises(LawCheckError):
        assert_same_law(left, right)


def test_what_is_not_zero() -> None:
    assert is_rational(c**2 - two**2) and not is_rational(two * c)
    assert is_certainly_nonzero(two - F(14142135623730951, 10**16))
    assert not is_certainly_nonzero(sympy.sqrt(3 + 2 * two) - 1 - two)
    assert is_generically_nonzero(sympy.exp(c) - 1)
    assert not is_generically_nonzero(sympy.cosh(s) ** 2 - sympy.sinh(s) ** 2 - 1)
