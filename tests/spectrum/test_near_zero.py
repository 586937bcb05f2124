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
