"""Beside the spectrum of expressions with squares, where another real solution is near."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.spectrum.evaluate import transforms

_SQUARE = fs.Semicircle(mean=-1 / 2, variance=1 / 10).square()
_LAWS = [
    _SQUARE.compress(1 / 2),
    _SQUARE.additive_power(3 / 2),
    fs.mixture([fs.PointMass(1), _SQUARE]).compress(1 / 2),
    fs.rectangular_sum(_SQUARE, fs.MarchenkoPastur(1 / 2), ratio=1 / 2),
    fs.CompoundFreePoisson(3, _SQUARE),
    _SQUARE.compress(1 / 2) @ fs.MarchenkoPastur(1 / 2),
    (_SQUARE - 1 / 10).square().compress(1 / 2).square().compress(1 / 2),
]


@pytest.mark.parametrize("law", _LAWS, ids=str)
def test_values_are_limits_from_above(law: fs.Law) -> None:
    """Unknowns inside a square are complex where the transform is real."""
    (lower, upper), *_ = law.support()
    x = lower - np.geomspace(1e-6, 1e-2, 40) * (upper - lower)
    above = law.G(x + 1e-12j * upper)
    np.testing.assert_allclose(law.G(x + 0j), above, rtol=1e-6)
    alone = np.array([law.G(complex(z)) for z in x])
    np.testing.assert_allclose(alone, above, rtol=1e-6)


@pytest.mark.parametrize(
    "product",
    [
        fs.Semicircle() @ fs.Discrete([-1, 1]).square(),
        fs.Semicircle() @ fs.Bernoulli(1 / 3).square(),
        fs.Semicircle() @ fs.Uniform(0, 1).square(),
        (fs.Semicircle() + fs.Discrete([-1, 1])) @ fs.MarchenkoPastur(),
        fs.Semicircle() @ (fs.MarchenkoPastur() + 1).inverse(),
        (fs.MarchenkoPastur() + 1).inverse().additive_power(2),
    ],
    ids=str,
)
def test_transforms_far_away_are_expansions_in_moments(product: fs.Law) -> None:
    """Inside symmetric parts both signs cancel, inverses are next to 0: ``z G`` has its digits."""
    for distance in (1e4, 1e6, 1e8):
        z = distance * np.exp(1j * np.array([0.3, 1.5, 2.9]))
        expected = 1 + sum(float(m) / z**k for k, m in enumerate(product.moments(4), 1))
        np.testing.assert_allclose(z * product.G(z), expected, rtol=2e-14)


def test_potentials_beyond_the_spectrum_stay_on_their_side_of_cuts() -> None:
    """Between a square and a rectangular sum, quantities are real only up to rounding."""
    poisson = fs.CompoundFreePoisson(2, fs.Uniform(-1, 1).square())
    square = fs.CompoundFreePoisson(2, fs.EquilibriumMeasure(1 / 2, 2).compress(1 / 2)).square()
    inner = fs.mixture(
        [fs.rectangular_sum(poisson, fs.MarchenkoPastur(1 / 2), ratio=1 / 2), square],
        [1 / 3, 2 / 3],
    )
    law = fs.MarchenkoPastur() - inner
    ((lower, upper),) = law.support()
    x = np.linspace(0.01, 3, 200)
    found = transforms(law.relation(), np.concatenate([lower - x, upper + x]) + 0j, potential=True)
    assert found.u is not None
    below, above = np.split(1 - found.u.imag / np.pi, 2)
    np.testing.assert_allclose(below, 0, atol=1e-12)
    np.testing.assert_allclose(above, 1, atol=1e-12)
    assert (np.diff(law.cdf(np.linspace(lower, upper, 400))) > -1e-12).all()


@pytest.mark.parametrize(
    ("law", "edge"),
    [
        (fs.KestenMcKay(Fraction(3, 2)).square().additive_power(3), 4 - math.sqrt(7)),
        (fs.KestenMcKay(3).square().additive_power(3), 2),
        (fs.KestenMcKay(Fraction(3, 2)).square().additive_power(2), 0.5),
    ],
    ids=str,
)
def test_lower_edges_of_sums_of_squares(law: fs.Law, edge: float) -> None:
    """Zeros of the discriminants of their polynomials."""
    assert law.support()[0][0] == pytest.approx(edge, rel=1e-13)


def test_edges_do_not_depend_on_how_a_compression_is_written() -> None:
    square = fs.Semicircle(Fraction(-1, 2), Fraction(1, 10)).square()
    atoms = fs.Discrete([0, 1, 2], [Fraction(1, 3)] * 3)
    law = fs.mixture([atoms, square], [Fraction(1, 3), Fraction(2, 3)])
    twice = law.compress(Fraction(1, 2)).compress(Fraction(9, 10))
    np.testing.assert_allclose(twice.support(), law.compress(Fraction(9, 20)).support(), rtol=1e-13)


@pytest.mark.parametrize("ratio", [Fraction(1, 2), 1])
def test_distribution_functions_of_rectangular_sums_beside_edges(ratio: Fraction) -> None:
    """Within rounding of an edge the sides of cuts are noise; each band has a known mass."""
    points = fs.Empirical([0.1, 0.4, 1.0, 1.7, 2.2, 4.0])
    noise = fs.MarchenkoPastur(ratio, Fraction(1, 10))
    law = fs.rectangular_sum(points, noise, ratio=ratio)
    offsets = np.concatenate([[0.0], np.geomspace(1e-16, 1e-12, 30)])
    for low, high in law.support():
        for edge in (low, high):
            x = np.unique(edge * (1 + np.concatenate([-offsets, offsets])))
            found = np.asarray(law.cdf(x))
            sixths = 6 * found[np.abs(x - edge).argmin()]
            assert abs(sixths - round(sixths)) < 1e-6
            np.testing.assert_allclose(found, found[0], rtol=0, atol=1e-6)


def test_inverses_of_laws_with_squares_have_no_density_outside() -> None:
    law = -(fs.Semicircle().square().additive_power(2) + 1).inverse()
    (low, high), *_ = law.support()
    x = np.concatenate([low - np.linspace(0.001, 0.05, 40), high + np.linspace(0.001, 0.05, 40)])
    assert not law.density(x).any()


def test_potentials_in_gaps_of_sums_with_squares() -> None:
    """Unknowns inside the square are complex: the side of the cut is that of the first order."""
    law = fs.KestenMcKay(3 / 2).square() - fs.Empirical([0.1, 0.4, 1.0, 1.7, 2.2, 4.0])
    (_, left), (right, _) = law.support()
    x = np.linspace(left, right, 203)[1:-1]
    np.testing.assert_allclose(law.cdf(x), 1 / 6, rtol=0, atol=1e-12)
    assert (law.density(x) == 0).all()


@pytest.mark.parametrize(
    "law",
    [
        -(fs.MarchenkoPastur().additive_power(2) + 1).inverse(),
        (fs.FreePoisson(1 / 2, 2) + 1).inverse().multiplicative_power(3 / 2),
    ],
    ids=str,
)
def test_sums_with_inverses_far_away(law: fs.Law) -> None:
    """``z G`` is the series in the moments: inverses alone have few digits of psi there."""
    total = law.additive_power(3 / 2) - fs.MarchenkoPastur(2)
    z = np.geomspace(1e4, 1e14, 6) * np.exp(1j * np.array([0.0, 0.3, 1.5, 2.9, 3.1, 1.0]))
    expected = 1 + sum(float(m) / z**k for k, m in enumerate(total.moments(4), 1))
    np.testing.assert_allclose(z * total.G(z), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("jumps", "least"), [(fs.Uniform(-1, 1), 1e-20), (fs.Semicircle(), 1e-12)], ids=str
)
def test_real_products_with_compound_squares(jumps: fs.Law, least: float) -> None:
    """The square crosses the negative axis where its root does not; the law is symmetric."""
    law = fs.Semicircle() @ fs.CompoundFreePoisson(1 / 2, jumps.square())
    x = np.array([least, 1e2 * least, 1e4 * least, 1e-6, 1e-3, 0.1])
    np.testing.assert_allclose(law.cdf(x) + law.cdf(-x), 1.0, rtol=0, atol=1e-12)
    assert (np.diff(law.cdf(x)) > 0).all()
    assert law.cdf(x[0]) == pytest.approx(0.75, abs=np.sqrt(x[0]))
    scaled = law.density(x[:3]) * np.sqrt(x[:3])
    np.testing.assert_allclose(scaled, scaled[0], rtol=1e-3)
