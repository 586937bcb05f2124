"""Moments of functions of normal and uniform variables: exact, numerical, refused."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import UnsupportedOperationError

x = sympy.Symbol("x")
R = sympy.Rational
UNIFORM = [sympy.exp(x), x**2, sympy.sqrt(x) - 3, x * sympy.exp(-2 * x) + R(1, 3), 1 + sympy.exp(x)]
NORMAL = [
    x**2 + x / 3,
    sympy.exp(x / 2),
    sympy.exp(-(x**2)) * (1 + x),
    sympy.exp(x**2 / 32 - x / 5) - x,
    sympy.sqrt(2) * x + sympy.pi,
]


def quadrature(function: Any, base: str, k: int) -> Any:
    """By mpmath, independently of all else."""
    evaluated = sympy.lambdify(x, function, "mpmath")
    with mpmath.workdps(30):
        if base == "uniform":
            return mpmath.quad(lambda v: evaluated(v) ** k, [0, 0.5, 1])
        return mpmath.quad(lambda v: evaluated(v) ** k * mpmath.npdf(v), range(-30, 31, 3))


@pytest.mark.parametrize(
    ("function", "base"),
    [(f, "uniform") for f in UNIFORM] + [(f, "normal") for f in NORMAL],
    ids=str,
)
def test_exact_moments(function: Any, base: str) -> None:
    found = fs.Pushforward(function, base=base).moments(5)
    for k, value in enumerate(found, 1):
        assert not isinstance(value, float)
        assert not sympy.sympify(value).has(sympy.Float)
        expected = quadrature(function, base, k)
        with mpmath.workdps(30):
            exact = mpmath.mpf(str(sympy.N(sympy.sympify(value), 28)))
            assert mpmath.almosteq(exact, expected, rel_eps=1e-18)


def test_exact_moments_stay_exact_in_expressions() -> None:
    law = fs.Pushforward(x**2) + fs.Semicircle()
    assert law.moments(4) == (fs.Semicircle() + fs.Pushforward(x**2)).moments(4)
    assert all(isinstance(value, (int, F)) for value in law.moments(6))
    assert law.free_cumulants(2) == [1, 3]
    assert fs.Pushforward(x).moments(10)[1::2] == [1, 3, 15, 105, 945]
    assert (fs.Pushforward(x**2, base="uniform") @ fs.MarchenkoPastur()).moments(2) == [
        F(1, 3),
        F(14, 45),
    ]


def test_moments_far_in_the_tails() -> None:
    """The integrand of the moment ``k`` of the log-normal law lives around ``k``."""
    found = fs.Pushforward(sympy.exp(x)).moments(20)
    assert found == [sympy.exp(R(k * k, 2)) for k in range(1, 21)]


@pytest.mark.parametrize("function", [sympy.tanh(x), sympy.Max(x, 0), sympy.Float(0.5) * x])
def test_other_moments_are_floats(function: Any) -> None:
    for value, k in zip(fs.Pushforward(function).moments(4), range(1, 5), strict=True):
        assert type(value) is float
        assert value == pytest.approx(float(quadrature(function, "normal", k)), abs=1e-14)


def exponential(values: Any) -> Any:
    """Like ``exp(x)``, but with no formula."""
    return np.exp(values)


def test_moments_that_are_infinite_or_cut_off_are_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match=r"order 2 .* infinite"):
        fs.Pushforward(sympy.exp(x**2 / 4)).moments(2)
    assert fs.Pushforward(sympy.exp(x**2 / 4)).moments(1) == [sympy.sqrt(2)]
    law = fs.Pushforward(exponential)
    assert law.moments(2) == pytest.approx([math.exp(0.5), math.exp(2)], rel=1e-12)
    with pytest.raises(UnsupportedOperationError, match="cut off"):
        law.moments(8)
    with pytest.raises(UnsupportedOperationError, match="cut off"):
        (law + fs.Semicircle()).moments(8)


def student(degrees: Any) -> Any:
    n = sympy.sympify(degrees)
    scale = sympy.gamma((n + 1) / 2) / (sympy.sqrt(n * sympy.pi) * sympy.gamma(n / 2))
    return scale * (1 + x**2 / n) ** (-(n + 1) / 2)


@pytest.mark.long
@pytest.mark.parametrize("degrees", [1, 2, 3, 5, R(11, 2)], ids=str)
def test_moments_of_heavy_tails(degrees: Any) -> None:
    """Student's law has moments of orders below its degrees of freedom."""
    law = fs.Law.from_density(student(degrees), (-sympy.oo, sympy.oo))
    n = float(degrees)
    for k, expected in (
        (2, n / (n - 2) if n > 2 else 0),
        (4, 3 * n * n / ((n - 2) * (n - 4) or 1)),
    ):
        if k < n:
            assert law.moments(k)[-1] == pytest.approx(expected, rel=1e-9)
        else:
            with pytest.raises(UnsupportedOperationError, match="infinite"):
                law.moments(k)


@pytest.mark.long
def test_light_tails_have_all_moments() -> None:
    law = fs.Law.from_density(sympy.exp(-sympy.sqrt(x)) / 2, (0, sympy.oo))
    assert law.moments(4) == pytest.approx([math.factorial(2 * k + 1) for k in range(1, 5)])
