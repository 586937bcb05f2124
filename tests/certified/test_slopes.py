"""Slopes of smooth activations, and the Jacobians of networks with them, to certified digits."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import nets
from freesym.algebra.balls import working_precision
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.nets.smooth import GELU, SiLU
from freesym.solve.ranges import range_of
from tests.certified.helpers import agrees

arb = flint.arb
T = sympy.Symbol("t")
SMOOTH = ["tanh", "erf", "sin", "cos", "gelu", "sigmoid", "softplus", "silu"]


@pytest.mark.parametrize("name", SMOOTH)
def test_formulas_are_the_slopes(name: str) -> None:
    activation = nets.activation_named(name)
    formula = activation.slope_formula(T)
    for x in np.linspace(-3, 3, 13):
        slope = float(activation.derivative(np.array([x]))[0])
        assert float(formula.subs(T, x)) == pytest.approx(slope, rel=1e-13, abs=1e-15)


def test_slopes_of_the_error_function_in_closed_form() -> None:
    """``phi'^2 = 4/pi exp(-2 q t^2)`` takes every value twice."""
    q, s = F(1, 2), F(1, 3)
    law = nets.SlopeLaw(nets.activation_named("erf"), q)
    with mpmath.workdps(60):
        level = mpmath.mpf(1) / 3
        t = mpmath.sqrt(-mpmath.log(level * mpmath.pi / 4))
        assert agrees(law.density(s, digits=40), 2 * mpmath.npdf(t) / (2 * t * level), 40)
        assert agrees(law.cdf(s, digits=40), mpmath.erfc(t / mpmath.sqrt(2)), 40)
        assert agrees(law.log_determinant(digits=40), mpmath.log(4 / mpmath.pi) - 1, 40)


LONG = [pytest.param(name, marks=pytest.mark.long) for name in SMOOTH[1:]]


@pytest.mark.long
@pytest.mark.parametrize("name", ["tanh", *LONG])
def test_products_with_slopes_against_double_precision(name: str) -> None:
    law = nets.SlopeLaw(nets.activation_named(name), 0.7) @ fs.MarchenkoPastur()
    assert float(law.density(0.3, digits=15)) == pytest.approx(law.density(0.3), rel=1e-13)


@pytest.mark.long
def test_a_jacobian_of_a_smooth_network() -> None:
    net = nets.MLP([64, 64, 64], "tanh", weights="orthogonal")
    law = net.jacobian_law()
    density = law.density(0.5, digits=20)
    assert float(density) == pytest.approx(law.density(0.5), rel=1e-13)
    assert abs(law.density(0.5, digits=35) - density) < 1e-19


@pytest.mark.long
def test_activations_of_your_own() -> None:
    x = sympy.Symbol("x")
    for function, slope in ((sympy.erf(x), None), (sympy.erf(x), sympy.diff(sympy.erf(x)))):
        own = nets.SlopeLaw(nets.CustomActivation(function, slope), F(1, 2))
        named = nets.SlopeLaw(nets.activation_named("erf"), F(1, 2))
        assert own.density(F(1, 3), digits=30) == named.density(F(1, 3), digits=30)
    kinked = nets.CustomActivation(sympy.Max(sympy.tanh(x), 0))
    for activation in (kinked, nets.CustomActivation(np.tanh), nets.activation_named("elu")):
        assert activation.slope_formula(T) is None
        with pytest.raises(UnsupportedOperationError, match="SymPy"):
            nets.SlopeLaw(activation, F(1, 2)).density(F(1, 2), digits=15)


@pytest.mark.parametrize(
    ("function", "start", "largest"),
    [
        (T * sympy.exp(-(T**2)), 2.0, lambda t: t * mpmath.exp(-t * t)),
        (T**3 * sympy.exp(-5 * T + 1), 1.0, lambda t: t**3 * mpmath.exp(1 - 5 * t)),
        (T * sympy.tanh(T) / sympy.cosh(T / 2) ** 2, 3.0, lambda t: t / mpmath.cosh(t / 2) ** 2),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
@pytest.mark.parametrize("sign", [1, -1])
def test_products_that_fall_on_rays(function: Any, start: float, largest: Any, sign: int) -> None:
    if function.has(sympy.exp) and sign < 0:
        function = function.subs(T, -T)
    with working_precision(64):
        ray = (arb(start), arb.pos_inf()) if sign > 0 else (arb.neg_inf(), -arb(start))
        low, high = range_of(function, T, ray)
        most = float(largest(mpmath.mpf(start)))
        assert -low.mid() == high.mid()
        assert most * (1 - 1e-12) <= float(high) < 5 * most


def test_products_that_do_not_fall_yet_are_not_bounded() -> None:
    with working_precision(64):
        for function, start in (
            (T**9 * sympy.exp(-(T**2)), 2),  # the largest value is behind the start
            (T * sympy.exp(T - T**2 / 100), 4),
            (T * sympy.exp(T**2 - T**3), 4),
            (T / sympy.cosh(T**2), 4),
        ):
            low, high = range_of(function, T, (arb(start), arb.pos_inf()))
            assert not low.is_finite() and not high.is_finite()


@pytest.mark.long
def test_exponents_need_not_be_expanded() -> None:
    """The first grows in the end, the last falls."""
    ray = (arb(4), arb.pos_inf())
    with working_precision(64):
        low, high = range_of(T * sympy.exp(-(T**2) / 4 + (T - 3) ** 2 / 2), T, ray)
        assert not low.is_finite() and not high.is_finite()
        _, high = range_of(T / sympy.cosh((T + 1) ** 2 - T**2 - 10 * T), T, ray)
        assert high >= 2.75e-13
        assert range_of(T * sympy.exp(T * (1 - T)), T, ray)[1] < 1e-4
    law = fs.Pushforward(T * sympy.exp(-(T**2) / 4 + (T - 3) ** 2 / 2))
    with pytest.raises(PrecisionError, match="far away"):
        law.density(F(1, 10), digits=15)


@pytest.mark.long
def test_slopes_that_are_sums_of_such_products_leave_values() -> None:
    for activation in (GELU(), SiLU()):
        law = nets.SlopeLaw(activation, 1)
        assert float(law.cdf(0.4, digits=15)) == pytest.approx(law.cdf(0.4), rel=1e-13)
