"""Laws from formulas, densities and moments."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from freesym.errors import InvalidLawError, UnboundParameterError, UnsupportedOperationError
from freesym.laws import (
    Arcsine,
    MarchenkoPastur,
    MomentLaw,
    Semicircle,
    Uniform,
    from_cauchy_transform,
    from_density,
    from_moments,
    from_r_transform,
    from_s_transform,
)
from freesym.relations.formula import evaluate, logarithm_of_product
from freesym.spectrum.evaluate import transforms

X, C = sympy.Symbol("x"), sympy.Symbol("c", positive=True)
POINTS = np.array([0.5 + 0.5j, 2 + 0.1j, 1.3, -0.4 + 1j, 0.02], dtype=complex)


@pytest.mark.parametrize(
    "formula",
    [
        sympy.exp(X) + 2**X,
        sympy.log(1 + X) * sympy.pi,
        sympy.sqrt(1 + X) ** 3 / (X + 2),
        X ** sympy.Rational(2, 3) - X**-2,
        (1 + X) ** X,
        sympy.sin(X) * sympy.cos(X) + sympy.tan(X),
        sympy.sinh(X) - sympy.cosh(X) * sympy.tanh(X) + sympy.coth(X),
        sympy.asin(X) + sympy.acos(X / 2) + sympy.atan(X),
        sympy.asinh(X) + sympy.acosh(X + 2) + sympy.atanh(X / 3),
        1 / sympy.cosh(X) + sympy.sec(X) + sympy.csc(X) + sympy.csch(X) + sympy.cot(X),
    ],
)
def test_formulas_are_folded_through_the_elementary_functions(formula: Any) -> None:
    for value in (0.3 - 0.2j, 0.5 + 0.1j):
        expected = complex(formula.subs(X, value).evalf())
        assert complex(evaluate(formula, X, value)) == pytest.approx(expected, rel=1e-13)


def test_functions_that_are_not_elementary_are_named() -> None:
    with pytest.raises(UnsupportedOperationError, match="gamma"):
        evaluate(sympy.gamma(X), X, 0.3)


@pytest.mark.parametrize(
    "formula",
    [
        (1 + 2 * X) ** -3 * (2 + X) ** 2 * 5,
        sympy.exp(-2 * X / (1 + X)) / (3 - X),
        1 / (X**2 + 3 * X + 2),
        1 / (X**2 + X + 2),
        (sympy.sqrt(1 + X) - 1) / X,
        ((1 + X) * (1 + 3 * X)) ** sympy.Rational(-5, 2),
        (1 + X) ** (-C),
        sympy.sqrt(3 + sympy.exp(X)) / (5 + X),
        (2 + sympy.cos(X)) ** -3,
    ],
)
def test_logarithms_of_products(formula: Any) -> None:
    bound = formula.subs(C, sympy.Rational(3, 2))
    logarithm = logarithm_of_product(bound, X)
    for x in (0.2 - 0.3j, -0.3 - 0.1j):
        expected = complex(bound.subs(X, x).evalf())
        assert np.exp(logarithm(x)) == pytest.approx(expected, rel=1e-12)


def test_huge_powers_neither_overflow_nor_leave_the_branch() -> None:
    logarithm = logarithm_of_product((1 + 2 * X) ** -4000, X)
    found = logarithm(-0.4 - 3j)
    assert found == pytest.approx(-4000 * np.log(0.2 - 6j), rel=1e-14)


@pytest.mark.parametrize(
    ("law", "same"),
    [
        (from_r_transform(1 + 2 * X), Semicircle(1, 2)),
        (from_r_transform(1 / (1 - X / 2)), MarchenkoPastur(Fraction(1, 2))),
        (from_r_transform(3 / (1 - 3 * X) + 0 * X), MarchenkoPastur(1, 3)),
        (from_s_transform(1 / (2 + 4 * X)), MarchenkoPastur(2, 2)),
        (from_cauchy_transform(1 / sympy.sqrt(X) / sympy.sqrt(X - 1)), Arcsine(0, 1)),
        (from_density(sympy.Rational(1, 3) + 0 * X * X, (0, 3)), Uniform(0, 3)),
        (from_density(1 / (sympy.pi * sympy.sqrt(X * (1 - X))), (0, 1)), Arcsine(0, 1)),
        (from_moments([1, 3, 11]), MarchenkoPastur(2)),
        (from_moments([1, 5]), Semicircle(1, 4)),
        (from_moments([1.0, 3.0, 11.0, 45.0]), MarchenkoPastur(2)),
    ],
    ids=repr,
)
def test_formulas_give_the_laws_they_describe(law: Any, same: Any) -> None:
    potential = law.has_potential()
    found = transforms(law.relation().numeric(), POINTS, potential=potential)
    expected = transforms(same.relation().numeric(), POINTS, potential=potential)
    assert np.allclose(found.g, expected.g, rtol=1e-7)
    if potential:
        assert np.allclose(found.u, expected.u, rtol=1e-7)


def test_a_deep_product_given_by_its_s_transform() -> None:
    """``S = (1 + 2m)^-L`` of L ReLU layers: mean 1, variance 2 L, half of the mass at 0."""
    depth = 100
    law = from_s_transform((1 + 2 * X) ** -depth)
    assert law.moments(2) == [1, 2 * depth + 1]
    found = transforms(law.numeric(), np.array([1e-3, 0.5, 20.0], dtype=complex), potential=True)
    psi = found.psi
    log_w = np.log(1 + psi) - np.log(psi) + depth * np.log(1 + 2 * psi)
    assert np.allclose(np.exp(log_w.real), [1e-3, 0.5, 20.0], rtol=1e-12)
    assert np.allclose(log_w.imag, 0.0, atol=1e-12)
    assert (found.g.imag < 0).all()


def test_symbols_beside_the_variable_are_parameters() -> None:
    law = from_r_transform(C / (1 - X), X)
    assert law.free_symbols == {C}
    assert law.subs({C: 2, X: 5}) == from_r_transform(2 / (1 - X), X)
    with pytest.raises(UnboundParameterError):
        law.numeric()


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: from_r_transform(1 / X), "not real and analytic"),
        (lambda: from_r_transform(-X), "variance"),
        (lambda: from_r_transform(X + C), "symbol="),
        (lambda: from_r_transform("1/0*x"), "."),
        (lambda: from_s_transform(X - 1), "mean"),
        (lambda: from_s_transform(1 + X), "slope"),
        (lambda: from_cauchy_transform((X - sympy.sqrt(X**2 - 4)) / 2), "positive imaginary"),
        (lambda: from_cauchy_transform(2 / X), "tends to 1"),
        (lambda: from_density(X, (0, 1)), "integral 0.5"),
        (lambda: from_density(4 * X**3 - 1 + X, (-1, 1)), "negative"),
        (lambda: from_density(1 + 0 * X + X - X**2 / 2, (1, 0)), "increase"),
        (lambda: from_moments([]), "no moments"),
        (lambda: from_moments([1, 0]), "first 2"),
        (lambda: from_moments([0, 1, 0, Fraction(1, 2)]), "first 4"),
    ],
)
def test_what_is_no_law_is_refused(build: Any, words: str) -> None:
    with pytest.raises((InvalidLawError, UnsupportedOperationError), match=words):
        build()


@pytest.mark.parametrize(
    ("density", "interval", "mean"),
    [
        (sympy.exp(-(X**2) / 2) / sympy.sqrt(2 * sympy.pi), (-math.inf, math.inf), 0.0),
        (sympy.exp(-X), (0, math.inf), 1.0),
        (3 / X**4, (1, math.inf), 1.5),
        (sympy.exp(X), (-math.inf, 0), -1.0),
        (sympy.Abs(X), ((-1, 0), (0, 1)), 0.0),
    ],
)
def test_densities_on_the_line_and_half_line(density: Any, interval: Any, mean: float) -> None:
    law = from_density(density, interval)
    x = 0.5 if float(sympy.sympify(density).subs(X, 0.5)) and law.hull()[1] > 0.5 else -0.5
    x = 1.7 if law.hull()[0] == 1 else x
    assert law.mean() == pytest.approx(mean, abs=1e-12)
    assert law.density(x) == pytest.approx(float(density.subs(X, x)), rel=1e-9)


def test_moments_that_show_finitely_many_atoms() -> None:
    law = from_moments([0, Fraction(2, 3), 0, Fraction(2, 3), 0, Fraction(2, 3)])
    assert law.atoms() == {-1: Fraction(1, 3), 0: Fraction(1, 3), 1: Fraction(1, 3)}
    assert from_moments([2, 4]).atoms() == {2: 1}
    assert from_moments([2]).atoms() == {2: 1}


def test_two_irrational_atoms() -> None:
    """The zeros of ``x^2 - x - 1`` with equal masses have half the Lucas numbers as moments."""
    atoms = from_moments([Fraction(n, 2) for n in (1, 3, 4, 7)]).atoms()
    assert list(atoms) == pytest.approx([(1 - math.sqrt(5)) / 2, (1 + math.sqrt(5)) / 2])
    assert list(atoms.values()) == pytest.approx([0.5, 0.5])


def test_the_given_moments_are_kept() -> None:
    given = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 4), Fraction(1, 5), Fraction(1, 6)]
    law = MomentLaw(given)
    assert law.moments(5) == given
    z = 5 * np.exp(1j * np.pi * (np.arange(200) + 0.5) / 200)
    g = transforms(law.numeric(), z).g
    contour = [float(np.mean((z ** (n + 1) * g).real)) for n in range(1, 6)]
    assert contour == pytest.approx([float(m) for m in given], rel=1e-9)


def test_atoms_beside_the_continuous_part() -> None:
    law = MomentLaw([0, Fraction(3, 2), 0, Fraction(3, 2) * 2])
    atoms = law.point_masses()
    assert list(atoms) == pytest.approx([-1.5, 1.5])
    assert list(atoms.values()) == pytest.approx([0.25, 0.25])


def test_bounds_hold_for_all_laws_with_the_moments() -> None:
    """Uniform, arcsine and semicircle laws lie between the bounds of their own moments."""
    x = np.linspace(-2.5, 2.5, 41)
    for law in (Uniform(-2, 2), Arcsine(-2, 2), Semicircle()):
        lower, upper = from_moments(law.moments(8)).cdf_bounds(x)
        cdf = np.asarray(law.cdf(x))
        assert (lower <= cdf + 1e-9).all()
        assert (cdf <= upper + 1e-9).all()
        assert (upper - lower).max() < 0.45


def test_bounds_are_sharp_for_finitely_many_atoms() -> None:
    law = from_moments([0, 1, 0, 1])
    assert law.cdf_bounds(0.0) == pytest.approx((0.5, 0.5))
    assert law.cdf_bounds(1.5) == pytest.approx((1.0, 1.0))


def test_chebyshev_inequality() -> None:
    lower, upper = from_moments([0, 1]).cdf_bounds(np.array([-3.0, 0.0, 3.0]))
    assert lower == pytest.approx([0.0, 0.0, 0.9])
    assert upper == pytest.approx([0.1, 1.0, 1.0])
