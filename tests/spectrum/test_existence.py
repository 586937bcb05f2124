"""What is no probability law is refused, and what is one is not."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import ConvergenceError, InvalidLawError

W = sympy.Symbol("w")


def _of_r_transform(expression: sympy.Expr) -> fs.Law:
    return fs.Law.from_r_transform(expression, W)


# Where z(g) = R(g) + 1/g has a critical value in the upper half-plane no law has that R-transform:
# w + w^3 at 0.94i, w - w^3/6 at g^2 = 1 - i.  sin, exp and cos have infinitely many such values.
@pytest.mark.parametrize(
    "expression",
    [
        W**3, W + W**3, W - W**3 / 6, W + W**2, W - W**3, W + W**5, W / (1 + W**2),
        1 / (1 - W) + 1 / (1 + W / 3), sympy.sin(W), sympy.cos(W), sympy.exp(W),
        # that of signs, but only near 0
        pytest.param((sympy.sqrt(1 + 4 * W**2) - 1) / (2 * W), marks=pytest.mark.long),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    "ask",
    [
        lambda law: law.density([0.1, 0.3]),
        lambda law: law.cdf(0.1),
        lambda law: law.support(),
        lambda law: law.edges(),
        lambda law: law.quantile(0.5),
        lambda law: law.sample(3, rng=0),
    ],
    ids=["density", "cdf", "support", "edges", "quantile", "sample"],
)
def test_formulas_of_no_law(expression: sympy.Expr, ask: Callable[[fs.Law], object]) -> None:
    with pytest.raises((InvalidLawError, ConvergenceError), match="no probability law"):
        ask(_of_r_transform(expression))


@pytest.mark.parametrize(
    "make",
    [
        lambda: fs.Uniform().additive_power(Fraction(9, 10)),
        lambda: fs.Arcsine().additive_power(Fraction(19, 20)),
        pytest.param(
            lambda: fs.Uniform(-1, 1).additive_deconvolve(fs.Semicircle(0, Fraction(1, 100))),
            marks=pytest.mark.long,
        ),
    ],
    ids=["power of Uniform", "power of Arcsine", "difference"],
)
def test_powers_and_differences_that_pass_the_test_of_moments(make: Callable[[], fs.Law]) -> None:
    law = make()
    with pytest.raises((InvalidLawError, ConvergenceError), match="no probability law"):
        law.density([0.1, 0.3])


# w + w^3/4 has its critical value at 0, on the boundary: the last of its family that exists.
@pytest.mark.parametrize(
    "expression",
    [W, W + W**3 / 20, W + W**3 / 4, 2 * W + W**3, sympy.log(1 + W), sympy.tan(W), W / (1 - W),
     W / (1 - W**2), (1 - sympy.sqrt(1 - 4 * W)) / 2],
    ids=str,
)  # fmt: skip
def test_formulas_of_laws(expression: sympy.Expr) -> None:
    """Mass 1, and the densities solve the equation they were found from."""
    law = _of_r_transform(expression)
    (low, *_, high) = law.edges()
    x = np.linspace(low, high, 33)[1:-1] + 1e-3 * (high - low)
    g = law.G(x + 1e-3j)
    values = np.array([complex(expression.subs(W, v)) for v in g.tolist()])
    np.testing.assert_allclose(values + 1 / g, x + 1e-3j, rtol=1e-11, atol=1e-11)
    assert law.cdf(high) == pytest.approx(1, abs=1e-10)
    assert (law.density(x) > 0).all()


@pytest.mark.long
@pytest.mark.parametrize(
    "make",
    [
        lambda: fs.Cauchy().additive_power(Fraction(2, 5)),
        lambda: (fs.Uniform() + fs.Semicircle()).additive_deconvolve(fs.Semicircle(0, 0.5)),
        lambda: (fs.Discrete([-1, 0, 2]) + fs.Semicircle()).additive_deconvolve(
            fs.Semicircle(0, Fraction(99, 100))
        ),
        lambda: fs.MarchenkoPastur(1).multiplicative_power(Fraction(1, 10)),
        lambda: (fs.MarchenkoPastur(1) @ fs.Wachter(2, 2)).multiplicative_power(Fraction(1, 2)),
        lambda: (fs.MarchenkoPastur(0.5) @ fs.Uniform(1, 2)).multiplicative_deconvolve(
            fs.Wachter(5, 5)
        ),
    ],
    ids=["Cauchy", "less Semicircle", "nearly atoms", "root", "root of product", "quotient"],
)
def test_powers_and_differences_that_exist(make: Callable[[], fs.Law]) -> None:
    law = make()
    median = law.quantile(0.5)
    assert law.density(median) > 0
    assert law.cdf(median) == pytest.approx(0.5, abs=1e-12)


def test_entire_formulas_have_many_solutions_and_the_right_one_is_found() -> None:
    """tan(w) = sum of 1/(p - w) - 1/(p + w) over p = pi/2 + k pi: a compound free Poisson law."""
    poles = np.pi * (np.arange(400) + 0.5)
    law, z = _of_r_transform(sympy.tan(W)), np.array([0.2 + 0.1j, 1 + 0.01j, -2 + 0.5j])
    g = law.G(z)
    r = (2 * g[:, None] / (poles**2 - g[:, None] ** 2)).sum(axis=1)
    tail = 2 / np.pi**2 / 400 * g  # the sum over the other poles, by an integral
    np.testing.assert_allclose(r + tail + 1 / g, z, atol=1e-6)
