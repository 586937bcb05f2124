"""Values next to 0, where rounding of the whole spectrum is more than ``z``."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.errors import ConvergenceError

HALF = Fraction(1, 2)
# psi shows that |density| ~ constant |x|^-power at 0
PRODUCTS = {
    "semicircle": (fs.Semicircle() @ fs.MarchenkoPastur(), HALF, 1 / (math.pi * math.sqrt(2))),
    "signs": (
        fs.MarchenkoPastur() @ fs.TwoPoint(-1, 1, HALF),
        Fraction(1, 3),
        math.sqrt(3) / (2 * math.pi),
    ),
}


@pytest.mark.parametrize("digits", [3, 6, 9, 12, 14, 15, 16, 17, 18, 20, 25, 30, 50, 100, 300])
@pytest.mark.parametrize("name", PRODUCTS)
def test_signed_products_are_right_or_refused(name: str, digits: int) -> None:
    """The leading term of the density at 0, or no number."""
    law, power, constant = PRODUCTS[name]
    for x in (10.0**-digits, -(10.0**-digits)):
        try:
            found = law.density(x)
        except ConvergenceError:
            assert digits > 12
            continue
        scaled = found * abs(x) ** float(power)
        assert scaled == pytest.approx(constant, rel=10.0 ** -min(digits / 3, 5))


@pytest.mark.parametrize("x", [1e-9, 1e-13, 1e-17, -1e-17, 1e-40])
def test_smooth_densities_are_not_refused(x: float) -> None:
    law = fs.Semicircle() @ fs.MarchenkoPastur(2)
    assert law.density(x) == pytest.approx(1 / (math.pi * math.sqrt(2)), rel=1e-6)
    law = fs.Semicircle() + fs.MarchenkoPastur(HALF)
    assert law.density(x) == pytest.approx(law.density(1e-8), rel=1e-6)


# two atoms of mass 1/2 at 0 meet: the density is infinite like |x|^(-1/3)
FREE_POISSON = fs.FreePoisson(HALF, 2)
JUMPS = fs.CompoundFreePoisson(HALF, fs.TwoPoint(1, 3, HALF))
RESHAPED = fs.TwoPoint(1, 3, Fraction(1, 3)).reshape(HALF)
DIFFERENCES = [FREE_POISSON - FREE_POISSON, JUMPS - JUMPS, RESHAPED - RESHAPED]


@pytest.mark.parametrize("law", DIFFERENCES, ids=str)
def test_the_cdf_runs_through_an_infinite_density(law: fs.Law) -> None:
    """It rises by a constant times ``|x|^(2/3)`` on both sides."""
    constant = (law.cdf(1e-6) - 0.5) * 1e4
    for digits in range(8, 18):
        x = 10.0**-digits
        assert law.cdf(x) - 0.5 == pytest.approx(constant * x ** (2 / 3), rel=1e-3, abs=5e-14)
        assert law.cdf(-x) + law.cdf(x) == pytest.approx(1, abs=1e-14)
    assert law.cdf(0) == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize("digits", [6, 9, 12, 15, 16, 17, 18, 20, 30, 100, 300])
def test_an_infinite_density_is_right_or_refused(digits: int) -> None:
    """``1/x = g (1 - 4 g^2)`` for a free Poisson law without itself."""
    x = 10.0**-digits
    try:
        found = DIFFERENCES[0].density(x)
    except ConvergenceError:
        assert digits > 14
    else:
        expected = math.sqrt(3) / (2 * math.pi) * (4 * x) ** (-1 / 3)
        assert found == pytest.approx(expected, rel=max(1e-6, 10 * x ** (2 / 3)))


@pytest.mark.parametrize("law", DIFFERENCES, ids=str)
@pytest.mark.parametrize("digits", [18, 20, 25, 30, 50, 100, 300])
def test_the_cdf_beside_an_infinite_density_is_right_or_refused(law: fs.Law, digits: int) -> None:
    for x in (10.0**-digits, -(10.0**-digits)):
        try:
            found = law.cdf(x)
        except ConvergenceError:
            continue
        assert found == pytest.approx(0.5, abs=2e-12)


TINY = [1e-6, 1e-9, 1e-12, 1e-15, 1e-20, 1e-30]
FACTORS = [
    fs.Discrete([1, 2]) @ fs.MarchenkoPastur(HALF),
    fs.Uniform(0, 1) @ fs.Uniform(0, 1),
    fs.Uniform(0, 1) @ fs.MarchenkoPastur(HALF),
    (fs.MarchenkoPastur() + 1) @ (fs.MarchenkoPastur() + 1),
    fs.MarchenkoPastur() @ (fs.MarchenkoPastur() + 1).inverse(),
    fs.mixture([fs.Uniform(0, 1), fs.Discrete([1, 3])], [HALF, HALF]) @ fs.MarchenkoPastur(),
    fs.MarchenkoPastur(2) @ fs.Uniform(0, 1),
    fs.Discrete([0, 1, 2]) @ fs.Uniform(0, 1),
    fs.MarchenkoPastur(2) @ fs.Discrete([0, 2]),
    fs.KestenMcKay(3) @ fs.Raney(Fraction(5, 2), Fraction(3, 2)).reshape(HALF),
    fs.TwoPoint(-1, 1, HALF) @ fs.Bernoulli(HALF).multiplicative_power(3),
    fs.CompoundFreePoisson(1, fs.TwoPoint(-1, 1, HALF) @ fs.MarchenkoPastur()),
]


@pytest.mark.parametrize("law", FACTORS, ids=repr)
def test_products_keep_relative_precision(law: fs.Law) -> None:
    """Against certified digits: no digit of ``psi`` next to -1 is left at these distances."""
    compared = 0
    for y in TINY:
        for z in (y * (0.6 + 0.8j), -y) if law.support()[0][0] >= 0 else (y * (0.6 + 0.8j),):
            try:
                exact = complex(law.G(z, digits=15))
                found = law.G(z)
            except ConvergenceError:
                assert y < 1e-9
                continue
            compared += 1
            assert abs(found / exact - 1) < 1e-13, z
    assert compared > 3


@pytest.mark.parametrize("x", TINY)
def test_edges_of_sums_inside_products(x: float) -> None:
    """The sum has its edge at 0 and knows ``w ~ x^(2/3)`` up to rounding of its spectrum."""
    law = fs.TwoPoint(-1, 1, HALF) @ fs.Bernoulli(HALF).additive_power(2)
    try:
        found = law.density(x)
    except ConvergenceError:
        assert x < 1e-14
        return
    exact = float(law.density(x, digits=12))
    assert found == pytest.approx(exact, rel=1e-12 + min(1e-16 * x ** (-2 / 3), 1e-6))


def test_densities_beside_an_atom_at_zero_are_not_hidden_by_it() -> None:
    """``|density| ~ constant |x|^(-2/3)`` beside the atom of ``TwoPoint @ Bernoulli^3``."""
    law = fs.TwoPoint(-1, 1, HALF) @ fs.Bernoulli(HALF).multiplicative_power(3)
    x = 10.0 ** -np.arange(12, 40, 3)
    scaled = law.density(x) * x ** (2 / 3)
    assert (np.abs(scaled / scaled[-1] - 1) < 2e-4 * (x / x[0]) ** (1 / 3) + 1e-12).all()
    exact = float(law.density(1e-14, digits=12))
    assert law.density(1e-14) == pytest.approx(exact, rel=1e-12)
    jump = law.cdf(1e-30) - law.cdf(-1e-30)
    assert jump == pytest.approx(0.5, abs=1e-9)


def test_integrated_potentials_beside_atoms() -> None:
    """Boolean sums of discrete laws are discrete: their potential is a sum of logarithms."""
    points = fs.Discrete([0, 1, Fraction(3, 2), 5])
    law = fs.boolean_sum(points, points)
    atoms = {float(a): float(p) for a, p in law.atoms().items()}
    x = np.concatenate([10.0 ** -np.arange(1, 17), -(10.0 ** -np.arange(1, 17))])
    expected = sum(p * np.log(np.abs(x - a)) for a, p in atoms.items())
    np.testing.assert_allclose(law.log_potential(x), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(law.cdf(x), np.where(x > 0, atoms[0.0], 0.0), rtol=0, atol=1e-13)


def test_inverses_of_mirrored_integrated_potentials() -> None:
    """Mirrored points carry negative zeros; every atom is a step of the distribution function."""
    wachter = fs.Wachter(HALF, Fraction(3, 4))
    law = (fs.monotone(wachter, wachter) + 1).inverse()
    for mirrored in (law, -law):
        for place, mass in mirrored.atoms().items():
            x = float(place) + 1e-6 * np.array([-1, 1])
            assert np.diff(mirrored.cdf(x))[0] == pytest.approx(float(mass), abs=1e-12)


@pytest.mark.long
def test_factors_beyond_a_gap_follow() -> None:
    """The law on the line is a mixture that does not know ``1 + psi`` relative to its size."""
    mixed = fs.mixture([fs.KestenMcKay(3 / 2), fs.EquilibriumMeasure(1, 3)], [1 / 3, 2 / 3])
    law = mixed @ fs.Uniform(1, 2)
    x = np.array([0.0, 1e-15, 1e-12, 1e-9, 1e-6])
    np.testing.assert_allclose(law.density(x), law.density(1e-5), rtol=1e-6)
    np.testing.assert_allclose(law.cdf(x), 0.5 + x * law.density(1e-5), rtol=0, atol=1e-12)
    assert abs(law.quantile(0.5)) < 1e-12
