"""Values so near to 0 that solutions are known to rounding of the whole spectrum only."""

from __future__ import annotations

import math
from fractions import Fraction

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
