"""Moments of inverses are values of G at 0, algebraic numbers as a rule."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy

import freesym as fs

HALF = Fraction(1, 2)


def test_square_roots() -> None:
    """E 1/(X + 1) is the golden ratio's inverse, E 1/(S - 3) is (sqrt(5) - 3)/2."""
    root = sympy.sqrt(5)
    assert (fs.MarchenkoPastur() + 1).inverse().moment(1) == (root - 1) / 2
    found = fs.Semicircle(-3, 1).inverse().moments(2)
    assert found == [(root - 3) / 2, 3 * root / 10 - sympy.Rational(1, 2)]


def test_floats_are_rounded_once() -> None:
    found = fs.Semicircle(-3.0, 1).inverse().moments(2)
    with mpmath.workdps(40):
        root = mpmath.sqrt(5)
        assert found == [float((root - 3) / 2), float((3 / root - 1) / 2)]


@pytest.mark.parametrize(
    "law",
    [
        fs.MarchenkoPastur(HALF) + fs.Semicircle(4, 1),
        fs.MarchenkoPastur(HALF) + fs.TwoPoint(1, 2, HALF),
        fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(Fraction(1, 3)) + 1,
        fs.FussCatalan(2) + 1,
        fs.mixture([fs.Semicircle(3, 1), fs.MarchenkoPastur(HALF) + 1], [HALF, HALF]),
        fs.Semicircle(0, Fraction(1, 5)) + fs.TwoPoint(-1, 1, Fraction(1, 3)),
        fs.Semicircle(sympy.sqrt(7), 1),
        fs.Semicircle(sympy.pi, 1),
        fs.Arcsine(1, 2),
    ],
    ids=str,
)
def test_algebraic_numbers_are_the_coefficients_of_the_transform(law: fs.Law) -> None:
    """By the certified values of G on a small circle around 0, which have thirty digits."""
    found = law.inverse().moments(3)
    assert all(isinstance(value, sympy.Expr) for value in found)
    with mpmath.workdps(40):
        count, radius = 64, mpmath.mpf(1) / 16
        circle = [radius * mpmath.expjpi(2 * (k + mpmath.mpf(1) / 2) / count) for k in range(count)]
        upper = [law.G(z, digits=30) for z in circle[: count // 2]]
        for n, value in enumerate(found, 1):
            total = sum((g / z ** (n - 1)).real for g, z in zip(upper, circle, strict=False))
            # the error of the rule is the share of the next coefficients, (radius/gap)^64
            assert abs(-2 * total / count - sympy.N(value, 40)) < 1e-20


def test_symbols() -> None:
    """E 1/(X + 1) = (c - 2 + sqrt(c^2 + 4))/(2c), on both sides of c = 1."""
    c = sympy.Symbol("c", positive=True)
    law = (fs.MarchenkoPastur(c) + 1).inverse()
    first, second = law.moments(2)
    assert sympy.expand(2 * c * first - (c - 2 + sympy.sqrt(c**2 + 4))) == 0
    for value in (Fraction(1, 5), 1, Fraction(7, 2)):
        expected = law.subs({c: float(value)}).moments(2)
        exact = [m.subs(c, sympy.Rational(value)) for m in (first, second)]
        assert [float(m) for m in exact] == pytest.approx(expected, rel=1e-14)


def test_symbols_leave_the_choice_of_the_zero_open() -> None:
    """On the two sides of the spectrum G(0) is another branch."""
    a, b = sympy.Symbol("a", real=True), sympy.Symbol("b", positive=True)
    with pytest.raises(fs.errors.UnsupportedOperationError, match="depends on the symbols"):
        fs.Semicircle(a, 1).inverse().moments(1)
    assert fs.Semicircle(b, 1).inverse().moment(1) == b / 2 - sympy.sqrt(b**2 - 4) / 2
    assert fs.Semicircle(-b, 1).inverse().moment(1) == -b / 2 + sympy.sqrt(b**2 - 4) / 2


def test_symbols_that_leave_zero_in_the_spectrum() -> None:
    v = sympy.Symbol("v", positive=True)
    with pytest.raises(fs.errors.InvalidLawError, match="reached 0"):
        fs.Semicircle(0, v).inverse().moments(1)


def test_sums_and_products_of_inverses_stay_exact() -> None:
    inverse, mp = fs.Semicircle(3, 1).inverse(), fs.MarchenkoPastur(HALF)
    root = sympy.sqrt(5)
    assert (inverse + mp).moment(1) == (5 - root) / 2
    # m_2 of a free product: m_2 n_1^2 + m_1^2 n_2 - m_1^2 n_1^2
    first, second = inverse.moments(2)
    expected = sympy.expand(second + first**2 * HALF)
    assert sympy.expand((inverse @ mp).moment(2) - expected) == 0


def test_recurrences_of_inverses_are_proved() -> None:
    """With exact moments the recurrence is a theorem."""
    recurrence = fs.Semicircle(3, 1).inverse().moment_recurrence()
    assert recurrence.proved
    exact = fs.Semicircle(3, 1).inverse().moments(12)
    assert all(sympy.expand(a - b) == 0 for a, b in zip(recurrence.terms(12), exact, strict=True))


@pytest.mark.parametrize("n", [1, 2, 40, 100])
def test_high_orders_against_quadrature(n: int) -> None:
    """The density of 1/(X + 1) for the Marchenko-Pastur law, by mpmath."""
    with mpmath.workdps(40):

        def integrand(t: mpmath.mpf) -> mpmath.mpf:
            # x = 4 sin(t)^2 has the density 4 cos(t)^2/(2 pi) dt * 2
            return 4 * mpmath.cos(t) ** 2 / mpmath.pi / (1 + 4 * mpmath.sin(t) ** 2) ** n

        expected = mpmath.quad(integrand, mpmath.linspace(0, mpmath.pi / 2, 9))
    found = (fs.MarchenkoPastur() + 1).inverse().moments(n)[-1]
    assert float(found) == pytest.approx(float(expected), rel=1e-15)


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
