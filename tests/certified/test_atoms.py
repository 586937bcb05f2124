"""Places of atoms in certified supports are known to all digits that are asked for."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy

import freesym as fs
from freesym.transforms.certified_edges import Certified

HALF = Fraction(1, 2)


def test_atoms_of_boolean_sums_of_discrete_laws_are_roots_of_a_polynomial() -> None:
    law = fs.boolean_sum(fs.TwoPoint(0, 1, Fraction(1, 3)), fs.TwoPoint(-1, 2, HALF))
    z = sympy.Symbol("z")
    first = 1 / (sympy.Rational(2, 3) / z + sympy.Rational(1, 3) / (z - 1))
    second = 1 / (sympy.Rational(1, 2) / (z + 1) + sympy.Rational(1, 2) / (z - 2))
    numerator = sympy.numer(sympy.cancel(first + second - z))
    expected = [root.evalf(60) for root in sympy.real_roots(sympy.Poly(numerator, z))]
    found = law.support(digits=50)
    assert len(found) == len(expected) == 3
    with mpmath.workdps(70):
        for (low, high), root in zip(found, expected, strict=True):
            assert low == high
            assert abs(low - mpmath.mpf(str(root))) < mpmath.mpf(10) ** -49
    assert isinstance(found, Certified)
    assert found.complete


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (-2, 1)])
def test_atoms_of_boolean_sums_of_uniform_laws_solve_their_equation(scale: int, shift: int) -> None:
    law = scale * fs.boolean_sum(fs.Uniform(0, 1), fs.Uniform(0, 1)) + shift
    with mpmath.workdps(60):
        root = mpmath.findroot(lambda x: 2 / mpmath.log(x / (x - 1)) - x, 1.255)
        expected = scale * root + shift
        points = [low for low, high in law.support(digits=40) if low == high]
        assert len(points) == 1
        assert abs(points[0] - expected) < mpmath.mpf(10) ** -39


def test_atoms_of_monotone_sums_of_discrete_laws() -> None:
    """The reciprocal of the inner transform is an atom of the outer law: a quadratic equation."""
    law = fs.monotone(fs.TwoPoint(0, 1, Fraction(1, 3)), fs.TwoPoint(-1, 2, HALF))
    with mpmath.workdps(60):
        root = mpmath.sqrt(mpmath.mpf(5) / 2)
        expected = [mpmath.mpf(-1), 1 - root, mpmath.mpf(2), 1 + root]
        found = [low for low, _ in law.support(digits=40)]
        assert len(found) == 4
        for place, true in zip(found, expected, strict=True):
            assert abs(place - true) < mpmath.mpf(10) ** -38


def test_atoms_of_real_powers_are_exact() -> None:
    law = fs.TwoPoint(1, 2, Fraction(9, 10)).multiplicative_power(Fraction(3, 2))
    assert law.atoms() == {2 * sympy.sqrt(2): Fraction(17, 20)}
    with mpmath.workdps(60):
        assert abs(law.support(digits=40)[-1][0] - mpmath.sqrt(8)) < mpmath.mpf(10) ** -39


def test_an_atom_at_the_end_of_an_interval_is_no_interval_of_its_own() -> None:
    parts = [fs.Uniform(0, 1), fs.Semicircle(5), fs.PointMass(3)]
    law = fs.mixture(parts, [HALF, Fraction(1, 4), Fraction(1, 4)])
    assert list(law.support(digits=30)) == [(0, 1), (3, 7)]


@pytest.mark.long
def test_a_rounded_place_of_an_atom_is_no_quantile() -> None:
    """Below the mass of the continuous part the quantile is in it, not at the atom."""
    law = fs.boolean_sum(fs.Uniform(0, 1), fs.Uniform(0, 1))
    found = law.quantile("1/5", digits=15)
    assert 0 < found < 1
    assert float(found) == pytest.approx(law.quantile(0.2), rel=1e-9)
    assert float(law.cdf(float(found), digits=15)) == pytest.approx(0.2, abs=1e-14)


def test_atoms_that_were_looked_for_are_not_complete() -> None:
    found = fs.boolean_sum(fs.Uniform(0, 1), fs.Uniform(0, 1)).support(digits=20)
    assert isinstance(found, Certified)
    assert not found.complete
