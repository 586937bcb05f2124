"""Inverses of products with tabulated factors, which lose their digits beside 0."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs

HALF = Fraction(1, 2)
LAWS = [
    fs.Uniform(1, 2) @ fs.MarchenkoPastur(HALF),
    fs.Uniform(1, 2) @ fs.Uniform(1, 3),
    fs.MarchenkoPastur(HALF) @ (fs.Semicircle() + fs.Uniform(4, 5)),
]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_inverse_of_a_product(law: fs.Law) -> None:
    x = np.array([law.quantile(q) for q in (0.1, 0.5, 0.9)])
    inverse = law.inverse()
    assert inverse.cdf(1 / x) == pytest.approx([0.9, 0.5, 0.1], abs=1e-10)
    assert inverse.quantile([0.9, 0.5, 0.1]) == pytest.approx(1 / x, rel=1e-9)
    assert inverse.density(1 / x) == pytest.approx(x**2 * law.density(x), rel=1e-9)
    expected = law.log_potential(x) - np.log(x) - law.log_determinant()
    assert inverse.log_potential(1 / x) == pytest.approx(expected, abs=1e-9)


def test_an_inverse_has_a_transform_at_0() -> None:
    """There it is that of the law itself at infinity: its mean."""
    law = fs.MarchenkoPastur(Fraction(1, 4)).inverse()
    assert law.G(0) == pytest.approx(-1, rel=1e-14)
    assert law.log_potential(0) == pytest.approx(law.log_potential(1e-9), abs=1e-8)
    twice = (law + Fraction(1, 2)).inverse()
    for f in (twice.G, twice.log_potential):
        assert f(2) == pytest.approx((f(2 + 1e-6) + f(2 - 1e-6)) / 2, rel=1e-9)
