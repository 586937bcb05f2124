"""Densities, edges, atoms and moments against published or independently computed values."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import InvalidLawError, UnsupportedOperationError
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
    PointMass,
    Pushforward,
    Raney,
    Semicircle,
    TwoPoint,
    Uniform,
    Wachter,
)

HALF = Fraction(1, 2)
X = sympy.Symbol("x")


@pytest.mark.parametrize(
    ("law", "x", "density"),
    [
        (Semicircle(1, 4), 2.0, math.sqrt(15) / (8 * math.pi)),
        (MarchenkoPastur(4), 4.0, math.sqrt(15) / (32 * math.pi)),
        (Uniform(-1, 3), 0.0, 0.25),
        (Arcsine(0, 1), 0.25, 4 / (math.sqrt(3) * math.pi)),
        (Cauchy(1, 2), 1.0, 1 / (2 * math.pi)),
        (KestenMcKay(3), 1.0, 3 * math.sqrt(7) / (2 * math.pi * 8)),
        (FreeBinomial(HALF, 2), 1.0, 1 / math.pi),
        (EquilibriumMeasure(HALF, 1), 1.0, math.sqrt(3) / (2 * math.pi)),
        (EquilibriumMeasure(Fraction(1, 12), 2), 0.0, 2 / (3 * math.pi)),
        (Pushforward(sympy.exp(X)), 1.0, 1 / math.sqrt(2 * math.pi)),
    ],
)
def test_density(law: Law, x: float, density: float) -> None:
    assert law.density(x) == pytest.approx(density, rel=1e-12)


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
@pytest.mark.parametrize("r", [0.4, 1.0, 1.5])
def test_raney_density_by_its_trigonometric_form(p: float, r: float) -> None:
    phi = np.array([0.2, 0.5, 0.8]) * math.pi / p
    sin = np.sin
    x = sin(p * phi) ** p / (sin(phi) * sin((p - 1) * phi) ** (p - 1))
    rho = sin((p - 1) * phi) ** (p - r - 1) * sin(phi) * sin(r * phi) / sin(p * phi) ** (p - r)
    assert np.allclose(Raney(p, r).density(x), rho / math.pi, rtol=1e-11)


@pytest.mark.parametrize("s", [0.3, 1.0, 2.0, 2.5, 7.0])
def test_fuss_catalan_edge_and_mass(s: float) -> None:
    edge = (s + 1) ** (s + 1) / s**s
    law = FussCatalan(s)
    assert law.support()[-1][1] == pytest.approx(edge, rel=1e-9)
    assert law.cdf(1.001 * edge) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("law", "edges"),
    [
        (Semicircle(1, 4), (-3, 5)),
        (FreePoisson(4, -1), (-9, -1)),
        (KestenMcKay(3), (-2 * math.sqrt(2), 2 * math.sqrt(2))),
        (FreeBinomial(HALF, 3), ((1 - math.sqrt(0.5)) ** 2, (1 + math.sqrt(0.5)) ** 2)),
        (Wachter(1, 1), (0, 1)),
        (EquilibriumMeasure(Fraction(1, 12), 2), (-2, 2)),
        (Raney(2, 1), (0, 4)),
    ],
)
def test_edges(law: Law, edges: tuple[float, ...]) -> None:
    assert law.edges() == pytest.approx(edges, abs=1e-8)


@pytest.mark.parametrize(
    ("law", "atoms"),
    [
        (PointMass(3), {3: 1}),
        (Bernoulli(Fraction(1, 3)), {0: Fraction(2, 3), 1: Fraction(1, 3)}),
        (Bernoulli(0), {0: 1}),
        (Bernoulli(1), {1: 1}),
        (TwoPoint(2, -1, Fraction(1, 4)), {-1: Fraction(1, 4), 2: Fraction(3, 4)}),
        (TwoPoint(0, 3, HALF), {0: HALF, 3: HALF}),
        (TwoPoint(3, 0, Fraction(1, 4)), {0: Fraction(1, 4), 3: Fraction(3, 4)}),
        (TwoPoint(2, 2, HALF), {2: 1}),
        (Discrete([2, 1, 2]), {1: Fraction(1, 3), 2: Fraction(2, 3)}),
        (Empirical([1.0, 1.0]), {1.0: 1.0}),
        (FreePoisson(Fraction(1, 3), 2), {0: Fraction(2, 3)}),
        (
            KestenMcKay(Fraction(3, 2)),
            {Fraction(-3, 2): Fraction(1, 4), Fraction(3, 2): Fraction(1, 4)},
        ),
        (FreeBinomial(Fraction(1, 4), 2), {0: HALF}),
        (Wachter(Fraction(3, 4), Fraction(1, 2)), {0: Fraction(1, 4), 1: HALF}),
        (Wachter(HALF, HALF), {0: HALF, 1: HALF}),
        (Raney(1, 1), {1: 1}),
        (Semicircle(), {}),
        (Uniform(0, 1), {}),
    ],
)
def test_atoms(law: Law, atoms: dict[Fraction, Fraction]) -> None:
    assert law.atoms() == atoms


@pytest.mark.parametrize(
    ("law", "moments"),
    [
        (Semicircle(0, 2), [0, 2, 0, 8]),
        (MarchenkoPastur(2), [1, 3, 11, 45]),
        (Bernoulli(HALF), [HALF] * 4),
        (Discrete([1, 3]), [2, 5, 14, 41]),
        (Uniform(-1, 1), [0, Fraction(1, 3), 0, Fraction(1, 5)]),
        (Arcsine(0, 1), [HALF, Fraction(3, 8), Fraction(5, 16), Fraction(35, 128)]),
        (KestenMcKay(3), [0, 3, 0, 15]),
        (FussCatalan(2), [1, 3, 12, 55]),
        (FussCatalan(HALF), [1, Fraction(3, 2), Fraction(21, 8), 5]),
        (Raney(3, 2), [2, 7, 30, 143]),
        (EquilibriumMeasure(HALF, 1), [0, 1, 0, 2]),
        (EquilibriumMeasure(Fraction(1, 12), 2), [0, Fraction(4, 3), 0, 3]),
    ],
)
def test_exact_moments(law: Law, moments: list[Fraction]) -> None:
    found = law.moments(4)
    assert found == moments
    assert not any(isinstance(m, float) for m in found)


def test_a_cauchy_law_has_no_moments() -> None:
    with pytest.raises(UnsupportedOperationError, match="no moments"):
        Cauchy().known_moments(1)


def test_flat_pieces_of_a_function_are_atoms() -> None:
    law = Pushforward(sympy.Piecewise((0, X < 0), (X**2, True)))
    assert law.atoms() == {0.0: pytest.approx(0.5, abs=1e-14)}
    assert law.mean() == pytest.approx(0.5, rel=1e-13)
    kink = Pushforward(sympy.Min(X, sympy.Rational(1, 3)), base="uniform")
    assert kink.atoms() == {1 / 3: pytest.approx(2 / 3, rel=1e-13)}


def test_squared_derivative_of_the_error_function() -> None:
    """``D^2 = exp(-pi q z^2/2)`` has the moments ``1/sqrt(1 + k pi q)``."""
    q = 0.7
    law = Pushforward(sympy.exp(-sympy.pi * q * X**2 / 2))
    expected = [1 / math.sqrt(1 + k * math.pi * q) for k in range(1, 6)]
    assert law.moments(5) == pytest.approx(expected, rel=1e-13)


def test_many_eigenvalues() -> None:
    values = np.random.default_rng(1).standard_normal(100_000)
    law = Empirical(values)
    assert law.mean() == pytest.approx(values.mean(), abs=1e-15)
    assert law.G(0.3 + 0.1j) == pytest.approx(np.mean(1 / (0.3 + 0.1j - values)), rel=1e-12)


@pytest.mark.long
@pytest.mark.parametrize(
    "law",
    [
        PointMass(2),
        Semicircle(1, 2),
        FreePoisson(HALF, -2),
        Bernoulli(0.3),
        TwoPoint(-1, 2, 0.3),
        Discrete([1, 2, 4]),
        Empirical(np.arange(50.0)),
        Uniform(0, 2),
        Arcsine(0, 3),
        KestenMcKay(2.5),
        Wachter(2, 3),
        FreeBinomial(0.3, 2.5),
        FussCatalan(2),
        FussCatalan(1.5),
        Raney(3, 2),
        EquilibriumMeasure(1, 2),
        Pushforward(X**2, base="uniform"),
    ],
    ids=repr,
)
def test_matrix_models(law: Law) -> None:
    matrix = law.sample_matrix(400, np.random.default_rng(3))
    assert np.array_equal(matrix, matrix.T)
    values = np.linalg.eigvalsh(matrix)
    for n, moment in enumerate(law.moments(3), 1):
        scale = float(np.mean(np.abs(values) ** n))
        assert np.mean(values**n) == pytest.approx(float(moment), abs=0.06 * scale)


def test_empirical_distribution_functions_step_at_the_eigenvalues():
    """Thousands of eigenvalues at once, right-continuous."""
    values = np.sort(np.random.default_rng(5).standard_normal(20_000))  # seed 5
    law = Empirical(values)
    np.testing.assert_allclose(law.cdf(values), np.arange(1, 20_001) / 20_000, atol=1e-15)
    assert law.cdf(np.nextafter(values[0], -np.inf)) == 0
    assert np.isnan(law.cdf([np.nan, 0.0])[0])
    assert law.cdf([-np.inf, np.inf]).tolist() == [0, 1]


def test_exact_numbers_are_points_of_every_transform() -> None:
    law = fs.Semicircle() + 1
    half = Fraction(1, 2)
    for name in ("G", "M", "R", "S", "density", "cdf", "log_potential"):
        function = getattr(law, name)
        assert function(half / 8) == function(0.0625)
    mixed = np.array([sympy.I, half], dtype=object)
    np.testing.assert_array_equal(law.G(mixed), law.G([1j, 0.5]))
    for bad in (mixed, [None], "a", [sympy.Symbol("x")]):
        with pytest.raises(InvalidLawError, match="array of"):
            law.density(bad)
    with pytest.raises(InvalidLawError, match="m = 'a' is not an array of complex numbers"):
        law.S("a")
