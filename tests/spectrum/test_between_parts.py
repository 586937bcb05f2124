"""Values beside the zero that ``G`` has in a gap, where subordination functions are infinite."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.spectrum import vanishing

HALF = Fraction(1, 2)
SIGNS = fs.TwoPoint(-1, 1, HALF)
NEAR_UNIT = fs.TwoPoint(Fraction(1, 100), 1, HALF)

# the centre of a symmetric law
CENTRES = [
    (SIGNS - fs.Bernoulli(HALF), -0.5),
    (NEAR_UNIT - fs.Bernoulli(HALF), 0.005),
    (SIGNS + fs.EquilibriumMeasure(t=1, M=3), 0.0),
    (fs.Uniform() - NEAR_UNIT, -0.005),
    (fs.Bernoulli(HALF) - (2 * fs.Bernoulli(HALF) + 1).inverse(), -1 / 6),
]
OFFSETS = np.array([1e-5, 1e-7, 1e-9, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 0.0])


@pytest.mark.long
@pytest.mark.parametrize(("law", "centre"), CENTRES, ids=str)
@pytest.mark.parametrize("side", [-1, 1])
def test_all_is_analytic_through_the_zero(law: fs.Law, centre: float, side: int) -> None:
    x = centre + side * OFFSETS
    np.testing.assert_array_equal(law.density(x), 0.0)
    np.testing.assert_allclose(law.cdf(x), 0.5, rtol=0, atol=1e-12)
    slope = law.G(centre + 1e-5).real / 1e-5
    g = law.G(x)
    np.testing.assert_array_equal(g.imag, 0.0)
    np.testing.assert_allclose(g.real, slope * (x - centre), rtol=1e-4, atol=1e-13 * abs(slope))
    potential = law.log_potential(x)
    expected = potential[0] + 0.5 * slope * ((x - centre) ** 2 - 1e-10)
    np.testing.assert_allclose(potential, expected, rtol=0, atol=1e-12 * abs(slope))


def test_a_pole_is_not_continued() -> None:
    """An odd function has a value at its pole for polynomials on symmetric nodes."""

    def pole(z: np.ndarray) -> np.ndarray:
        return np.array([1 / z + 1 - z, np.zeros_like(z)])

    assert np.isnan(vanishing.continued(np.zeros(1, dtype=complex), 1.0, pole)).all()


def test_a_zero_is_continued() -> None:
    def rows(z: np.ndarray) -> np.ndarray:
        return np.array([-np.sin(z), np.cos(z)])

    found = vanishing.continued(np.array([0.1 + 0j]), 1.0, rows)
    np.testing.assert_allclose(found[:, 0], [-math.sin(0.1), math.cos(0.1)], rtol=1e-14)


@pytest.mark.long
def test_supports_of_monotone_sums_have_gaps_about_the_zeros() -> None:
    """At a zero of ``G`` of the inner law, ``1/G`` is outside every bounded support."""
    law = fs.monotone(fs.Semicircle(), fs.monotone(fs.Semicircle(), SIGNS))
    (_, low), (high, _) = law.support()
    assert -low == pytest.approx(high, rel=1e-12)
    assert law.density(0.999 * high) == 0
    assert law.density(1.001 * high) > 0
    weights = [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
    points = fs.Discrete([-2, 0, 1, 3], weights)
    law = fs.monotone(fs.Semicircle(), fs.monotone(points, points))
    ends = np.array(law.support())
    x = np.linspace(ends[0, 0], ends[-1, 1], 2000)[1:-1]
    inside = ((x[:, None] > ends[:, 0]) & (x[:, None] < ends[:, 1])).any(axis=1)
    np.testing.assert_array_equal(law.density(x) > 0, inside)
