"""Quantiles at atoms, and where the density is infinite."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs

HALF = Fraction(1, 2)
THIRDS = fs.Discrete([-1, 0, 1], [Fraction(1, 3)] * 3)


@pytest.mark.parametrize(
    "jumps", [fs.KestenMcKay(Fraction(3, 2)), fs.Semicircle(), fs.Uniform(-1, 1)], ids=str
)
def test_half_of_the_rest_is_below_an_atom(jumps: fs.Law) -> None:
    """The law is symmetric, with an atom of mass 1/2 at 0 inside the continuous part."""
    law = fs.CompoundFreePoisson(HALF, jumps)
    x = law.quantile([0.25, 0.25 - 1e-9, 0.25 + 1e-9, 0.5, 0.75, 0.75 + 1e-9])
    slope = law.density(1e-3)
    expected = np.array([0, -1e-9, 0, 0, 0, 1e-9]) / slope
    np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-12)


def test_an_atom_at_the_lower_end_is_all_quantiles_up_to_its_mass() -> None:
    law = fs.CompoundFreePoisson(HALF, (THIRDS + 1).additive_power(Fraction(3, 2)))
    np.testing.assert_array_equal(law.quantile([0.03, 0.25, 0.5]), 0.0)


def test_quantiles_are_found_beside_an_infinite_density() -> None:
    """The two sides of the place of the peak differ, and so Newton's steps go to and fro."""
    mixed = fs.mixture(
        [fs.Semicircle(1, Fraction(1, 4)), fs.EquilibriumMeasure(HALF, 2)], [HALF] * 2
    )
    law = fs.CompoundFreePoisson(1, mixed) + 1
    for level in (0.2499, 0.249999, 0.25, 0.250001, 0.2501):
        x = law.quantile(level)
        assert law.cdf(x - 1e-15) <= level + 1e-12
        assert law.cdf(x + 1e-15) >= level - 1e-12
