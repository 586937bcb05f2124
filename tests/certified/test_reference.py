"""Certified values against forty-digit values of independent origin, and against closed forms."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import mpmath
import pytest
import sympy

import freesym as fs
from freesym import Law
from tests.certified.helpers import agrees
from tests.reference.test_truth import DENSITIES, EDGES, TRUTH

_RADIUS = mpmath.mpf(10) ** -30


@pytest.mark.parametrize("name", DENSITIES)
def test_reference_densities(name: str) -> None:
    law, x = DENSITIES[name]
    found = law.enclose_density(str(x), digits=42)
    expected = TRUTH[name]["value"]
    assert agrees(found.value, expected, 36)
    assert found.radius < _RADIUS
    with mpmath.workdps(60):
        # the reference is rounded to 40 digits
        error = abs(mpmath.mpf(expected) - found.value)
        assert error <= found.radius + mpmath.mpf(10) ** -38 * found.value


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long) if "L=30" in name else name for name in EDGES],
)
def test_reference_edges(name: str) -> None:
    law, _ = EDGES[name]
    values = TRUTH[name]["value"]
    expected = values if isinstance(values, list) else [values]
    found = law.edges(digits=40)
    for value in expected:
        assert any(agrees(edge, value, 33) for edge in found), (value, found)


@pytest.mark.parametrize("digits", [50, 200])
@pytest.mark.parametrize("x", [F(1, 10), F(3, 2), F(-19, 10)])
def test_semicircle(digits: int, x: F) -> None:
    law = fs.Semicircle()
    with mpmath.workdps(digits + 20):
        t = mpmath.mpf(x.numerator) / x.denominator
        root = mpmath.sqrt(4 - t * t)
        rho = root / (2 * mpmath.pi)
        cdf = 0.5 + t * root / (4 * mpmath.pi) + mpmath.asin(t / 2) / mpmath.pi
        potential = t * t / 4 - 0.5
    assert agrees(law.density(x, digits=digits), rho, digits - 1)
    assert agrees(law.cdf(x, digits=digits), cdf, digits - 1)
    assert agrees(law.log_potential(x, digits=digits), potential, digits - 1)


@pytest.mark.parametrize("ratio", [F(1, 2), F(1), F(3)])
@pytest.mark.parametrize("digits", [50, 150])
def test_marchenko_pastur(ratio: F, digits: int) -> None:
    x = F(9, 8)
    found = fs.MarchenkoPastur(ratio).density(x, digits=digits)
    with mpmath.workdps(digits + 20):
        c, t = (mpmath.mpf(v.numerator) / v.denominator for v in (ratio, x))
        a, b = (1 - mpmath.sqrt(c)) ** 2, (1 + mpmath.sqrt(c)) ** 2
        expected = mpmath.sqrt((t - a) * (b - t)) / (2 * mpmath.pi * c * t)
    assert agrees(found, expected, digits - 1)


@pytest.mark.parametrize("depth", [1, 3, 10, 50, 1000])
@pytest.mark.parametrize("p", [F(1, 2), F(3, 10)])
def test_masked_jacobians_by_their_parametric_formula(depth: int, p: F) -> None:
    """``u = -p + rho exp(-i gamma)`` with ``rho`` a root of a quadratic."""
    digits = 80
    with mpmath.workdps(digits + 40):
        gamma = mpmath.mpf(1) / (3 * depth)
        mask = mpmath.mpf(p.numerator) / p.denominator
        b = (1 - 2 * mask) * mpmath.cos(gamma) - mpmath.sin(gamma) / mpmath.tan(depth * gamma)
        rho = (-b + mpmath.sqrt(b * b + 4 * mask * (1 - mask))) / 2
        u = -mask + rho * mpmath.exp(-1j * gamma)
        x = abs(1 + u) * rho**depth / abs(u)
        expected = rho * mpmath.sin(gamma) / (mpmath.pi * x)
        # in units of the mean
        law = (1 / p * (fs.Bernoulli(p) @ fs.MarchenkoPastur())).multiplicative_power(depth)
        unit = mask**depth
        assert agrees(law.density(x / unit, digits=digits), expected * unit, digits - 2)


def test_uniform_sum_at_the_centre() -> None:
    """For ``Semicircle + Uniform(-1, 1)`` at 0: ``w = i y`` with ``y - atan(1/y) = 0``."""
    found = (fs.Semicircle() + fs.Uniform(-1, 1)).density(0, digits=60)
    with mpmath.workdps(90):
        y = mpmath.findroot(lambda t: t - mpmath.atan(1 / t), mpmath.mpf("0.86"))
        assert agrees(found, y / mpmath.pi, 59)


def test_cauchy_sum_is_classical() -> None:
    """``mu + Cauchy(0, s)`` at x has the density ``-Im G_mu(x + i s)/pi``."""
    found = (fs.Semicircle() + fs.Cauchy(0, F(1, 2))).density(F(1, 3), digits=60)
    with mpmath.workdps(90):
        z = mpmath.mpf(1) / 3 + mpmath.mpc(0, 1) / 2
        g = (z - mpmath.sqrt(z - 2) * mpmath.sqrt(z + 2)) / 2
        assert agrees(found, -g.imag / mpmath.pi, 59)


def test_irrational_parameters_are_exact() -> None:
    law = fs.Semicircle(0, sympy.pi) + fs.MarchenkoPastur(sympy.sqrt(2))
    near = fs.Semicircle(0, F("3.14159265358979323846264338327950288419716939937511")) + (
        fs.MarchenkoPastur(F("1.41421356237309504880168872420969807856967187537694807"))
    )
    first, second = (x.density(1, digits=60) for x in (law, near))
    assert agrees(first, second, 48)
    assert not agrees(first, second, 55)


@pytest.mark.parametrize(
    ("law", "x"),
    [
        (fs.mixture([fs.Semicircle(), fs.MarchenkoPastur(F(1, 2))], [F(1, 2), F(1, 2)]), F(1, 3)),
        (fs.boolean_sum(fs.Semicircle(), fs.Uniform(0, 1)), F(1, 5)),
        (fs.monotone(fs.Semicircle(), fs.Uniform(0, 1)), F(1, 5)),
        (fs.rectangular_sum(fs.MarchenkoPastur(F(1, 2)), fs.Uniform(0, 1), ratio=F(1, 2)), F(1)),
        ((fs.MarchenkoPastur(F(1, 2)) + 1).inverse(), F(1, 2)),
        ((fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))).square(), F(1, 2)),
        (fs.MarchenkoPastur(F(1, 2)).compress(F(2, 3)), F(1, 2)),
        (fs.Semicircle() @ fs.Bernoulli(F(1, 3)), F(-1, 2)),
        (fs.CompoundFreePoisson(2, fs.Uniform(0, 1)), F(1)),
        (fs.Empirical([0.1, 0.4, 1.0, 2.0]) + fs.Semicircle(), F(1)),
        (fs.Discrete(range(40)) + fs.Semicircle(), F(7, 2)),
        (fs.Raney(3, 2) + fs.Raney(F(5, 2), F(3, 2)), F(4)),
        (fs.EquilibriumMeasure(F(1, 2), 2) + fs.Arcsine(-1, 1), F(1, 3)),
        (fs.Pushforward(sympy.exp(-(sympy.Symbol("x") ** 2))) @ fs.MarchenkoPastur(), F(1, 2)),
        (fs.Pushforward(sympy.Symbol("x") ** 2, base="uniform") + fs.Semicircle(), F(1, 2)),
        (fs.FussCatalan(F(5, 2)) @ fs.Wachter(3, 2) + fs.Semicircle(), F(1)),
    ],
    ids=lambda v: "" if isinstance(v, F) else type(v).__name__,
)
def test_every_node_agrees_with_double_precision_and_with_itself(law: Law, x: F) -> None:
    found = law.enclose_density(x, digits=25)
    double = law.density(float(x))
    assert float(found.value) == pytest.approx(double, rel=1e-10)
    assert law.density(x, digits=40) in found


def test_moments_of_digits_do_not_matter_for_exact_zero() -> None:
    assert fs.Semicircle().density(3, digits=50) == 0


def test_transforms(digits: int = 60) -> None:
    law = fs.MarchenkoPastur(F(1, 2)) @ fs.MarchenkoPastur(F(1, 3))
    with mpmath.workdps(80):
        for m in (F(1, 5), F(-1, 5)):
            t = mpmath.mpf(m.numerator) / m.denominator
            assert agrees(law.S(m, digits=digits), 1 / ((1 + t / 2) * (1 + t / 3)), digits - 2)
        total = fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))
        w = mpmath.mpf(1) / 5
        assert agrees(total.R(F(1, 5), digits=digits), w + 1 / (1 - w / 2), digits - 2)
    z = 1 + 2j
    g: Any = law.G(z, digits=digits)
    assert complex(g) == pytest.approx(law.G(z), rel=1e-13)
    with mpmath.workdps(80):
        assert agrees(law.G(z.conjugate(), digits=digits), g.conjugate(), digits - 1)
    assert complex(law.M(0.3j, digits=40)) == pytest.approx(law.M(0.3j), rel=1e-13)


@pytest.mark.parametrize(
    "law", [fs.Raney(3, 2), fs.Raney(5, 3), fs.EquilibriumMeasure(F(1, 2), 2)], ids=repr
)
def test_potentials_with_exact_constants(law: Law) -> None:
    for case in (law, law + fs.Semicircle()):
        assert float(case.cdf(F(2, 3), digits=30)) == pytest.approx(case.cdf(2 / 3), rel=1e-12)
        assert case.cdf(100, digits=30) == 1
        z = mpmath.mpf(10) ** 25
        with mpmath.workdps(60):
            assert agrees(case.log_potential(z, digits=40), mpmath.log(z), 24)


@pytest.mark.parametrize(
    "law",
    [
        fs.Uniform(0, 1) + fs.Semicircle(),
        fs.boolean_sum(fs.Semicircle(), fs.MarchenkoPastur(F(1, 2))),
        fs.rectangular_sum(fs.MarchenkoPastur(), fs.MarchenkoPastur(), ratio=1),
    ],
    ids=repr,
)
@pytest.mark.parametrize("w", [F(1, 10), F(-1, 10)])
def test_inverses_beyond_the_bounds_of_the_spectrum(law: Law, w: F) -> None:
    """No mass needs to be counted there."""
    found = law.R(w, digits=40)
    assert float(found) == pytest.approx(float(law.R(float(w))), rel=1e-10)
    with mpmath.workdps(60):
        place = found + mpmath.mpf(w.denominator) / w.numerator
        assert agrees(law.G(place, digits=40), mpmath.mpf(w.numerator) / w.denominator, 37)
