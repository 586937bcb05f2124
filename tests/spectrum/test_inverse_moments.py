"""Moments of inverses are values of G at 0, algebraic numbers as a rule."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest

import freesym as fs

HALF = Fraction(1, 2)


def test_square_roots_are_rounded_once() -> None:
    """E 1/(X + 1) is the golden ratio's inverse, E 1/(S - 3) is (sqrt(5) - 3)/2."""
    assert (fs.MarchenkoPastur() + 1).inverse().moment(1) == (5**0.5 - 1) / 2
    with mpmath.workdps(40):
        root = mpmath.sqrt(5)
        expected = [(root - 3) / 2, (3 / root - 1) / 2]
    assert fs.Semicircle(-3, 1).inverse().moments(2) == [float(x) for x in expected]


@pytest.mark.parametrize("n", [1, 2, 40, 100])
def test_high_orders_against_quadrature(n: int) -> None:
    """The density of 1/(X + 1) for the Marchenko-Pastur law, by mpmath."""
    with mpmath.workdps(40):

        def integrand(t: mpmath.mpf) -> mpmath.mpf:
            # x = 4 sin(t)^2 has the density 4 cos(t)^2/(2 pi) dt * 2
            return 4 * mpmath.cos(t) ** 2 / mpmath.pi / (1 + 4 * mpmath.sin(t) ** 2) ** n

        expected = mpmath.quad(integrand, mpmath.linspace(0, mpmath.pi / 2, 9))
    found = (fs.MarchenkoPastur() + 1).inverse().moments(n)[-1]
    assert found == pytest.approx(float(expected), rel=1e-15)


def test_rational_values_stay_rational() -> None:
    """G(-4/5) = -5/6... of a semicircle: z = g + 1/g is rational at rational g."""
    law = fs.Semicircle(Fraction(5, 2), 1).inverse()
    assert law.moments(2) == [HALF, Fraction(1, 3)]


@pytest.mark.parametrize(
    "law",
    [
        (fs.MarchenkoPastur(HALF) + fs.Semicircle(5, 1)).inverse(),
        -(fs.MarchenkoPastur(HALF) + 4).inverse() + 1,
        (fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF) + 2).inverse(),
    ],
    ids=["sum", "Moebius", "product"],
)
def test_moments_against_the_density(law: fs.Law) -> None:
    from freesym.testing import quadrature

    found = quadrature.moments(law, 3)
    expected = [1.0, *map(float, law.moments(3))]
    assert found.values == pytest.approx(expected, rel=1e-9)
