"""Discriminants of plane curves by interpolation, and the prediction of their degree."""

from __future__ import annotations

import random

import pytest

from freesym.algebra.discriminants import discriminant_degree, plane_discriminant
from freesym.algebra.polynomials import Polynomial

W, G = Polynomial.generators(("w", "g"))


def random_curve(seed: int) -> Polynomial:
    """Sparse, so that Newton polygons have several slopes and coefficients vanish."""
    generator = random.Random(seed)
    degree = generator.randint(2, 6)
    found = G**degree * (W ** generator.randint(0, 2) + generator.randint(1, 2))
    for power in range(degree):
        for _ in range(generator.randint(0, 2)):
            term = W ** generator.randint(0, 5) * G**power
            found = found + generator.choice((-7, -2, 1, 3)) * term
    return found + 1 + W


@pytest.mark.parametrize("seed", range(40))
def test_interpolation_agrees_with_flint(seed: int) -> None:
    curve = random_curve(seed)
    expected = curve.discriminant("g")
    assert plane_discriminant(curve, "g", "w") == expected
    assert expected.degree("w") <= discriminant_degree(curve, "g", "w")


def test_the_bound_is_reached_by_generic_coefficients() -> None:
    """Of a quadratic in g whose coefficients have the degrees 1, 2, 3: 2^2 = 1 + 3."""
    curve = (W + 2) * G**2 + (W**2 + 3) * G + W**3 - W
    assert discriminant_degree(curve, "g", "w") == 4 == curve.discriminant("g").degree("w")
