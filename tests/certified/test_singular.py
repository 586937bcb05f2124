"""Points exactly on edges, on atoms, where branches cross, and where ``G`` vanishes in a gap."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import flint
import mpmath
import pytest
import sympy

import freesym as fs
from freesym.algebra.polynomials import Polynomial
from freesym.errors import PrecisionError
from freesym.transforms import certified_limits
from tests.certified.helpers import agrees

SC, MP = fs.Semicircle(), fs.MarchenkoPastur()
HALF = F(1, 2)
#: Two semicircles that touch at 0, with a density like ``|x|^(1/3)``.
CUSP = SC + fs.TwoPoint(-1, 1, HALF)
#: Symmetric around 1/2, in a gap.
BANDS = fs.Semicircle(0, F(1, 50)) + fs.Bernoulli(HALF)
WITH_ATOM = fs.mixture([SC, fs.PointMass(1)], [HALF, HALF])


@pytest.mark.parametrize(
    ("law", "x"),
    [
        (SC, 2),
        (SC, -2),
        (MP @ MP, F(27, 4)),
        (fs.MarchenkoPastur(HALF), (1 + sympy.sqrt(HALF)) ** 2),
        (fs.KestenMcKay(3), 2 * sympy.sqrt(2)),
        (fs.MarchenkoPastur(2), 0),
        (fs.Bernoulli(HALF) @ MP, 0),
        (fs.Discrete([0, 1]), 1),
        (CUSP, 0),
        (BANDS, HALF),
    ],
    ids=repr,
)
def test_the_density_vanishes(law: fs.Law, x: Any) -> None:
    assert law.density(x, digits=30) == 0
    found = law.enclose_density(x, digits=30)
    assert found.value == found.radius == 0


@pytest.mark.parametrize(
    ("law", "x"),
    [
        (MP, 0),
        (MP @ MP, 0),
        (fs.Arcsine(-1, 1), 1),
        (fs.Bernoulli(HALF) + fs.Bernoulli(HALF), 2),
        ((2 * (fs.Bernoulli(HALF) @ MP)).multiplicative_power(5), 0),
    ],
    ids=repr,
)
def test_the_density_is_unbounded(law: fs.Law, x: Any) -> None:
    assert law.density(x, digits=20) == mpmath.inf
    assert mpmath.inf in law.enclose_density(x, digits=20)
    assert 1 not in law.enclose_density(x, digits=20)


def test_the_continuous_part_at_an_atom() -> None:
    with mpmath.workdps(60):
        assert agrees(WITH_ATOM.density(1, digits=40), mpmath.sqrt(3) / (4 * mpmath.pi), 39)


def test_the_edge_of_one_part_inside_another() -> None:
    law = fs.mixture([SC, SC + 3], [HALF, HALF])
    with mpmath.workdps(60):
        assert agrees(law.density(1, digits=40), mpmath.sqrt(3) / (4 * mpmath.pi), 39)
        assert agrees(law.G(1, digits=40), -HALF / 2 - mpmath.sqrt(3) / 4 * 1j, 39)


def test_transforms_at_edges() -> None:
    assert SC.G(2, digits=30) == 1
    with pytest.raises(PrecisionError, match="infinite"):
        MP.G(0, digits=20)


@pytest.mark.parametrize(
    ("law", "x", "below"),
    [
        (SC, 2, 1),
        (SC, -2, 0),
        (MP, 0, 0),
        pytest.param(MP @ MP @ MP, 0, 0, marks=pytest.mark.long),
        (fs.MarchenkoPastur(2), 0, HALF),
        (fs.PointMass(2), 2, 1),
        (fs.Discrete([0, 1]), 0, HALF),
        (fs.Bernoulli(HALF) @ MP, 0, HALF),
        (fs.Bernoulli(F(3, 4)) + fs.Bernoulli(F(3, 4)), 2, 1),
        (CUSP, 0, HALF),
        (BANDS, HALF, HALF),
        (fs.Uniform(0, 1), 1, 1),
    ],
    ids=repr,
)
def test_distribution_functions_are_right_continuous(law: fs.Law, x: Any, below: Any) -> None:
    assert abs(law.cdf(x, digits=30) - float(below)) < 1e-29


def test_distribution_function_at_an_atom_inside() -> None:
    with mpmath.workdps(60):
        inside = mpmath.mpf(2) / 3 + mpmath.sqrt(3) / (4 * mpmath.pi)
        assert agrees(WITH_ATOM.cdf(1, digits=40), (inside + 1) / 2, 39)


def test_potentials() -> None:
    assert agrees(SC.log_potential(2, digits=40), HALF, 39)
    assert agrees(MP.log_determinant(digits=40), -1, 39)
    assert agrees((MP @ MP).log_determinant(digits=40), -2, 39)
    assert WITH_ATOM.log_potential(1, digits=20) == -mpmath.inf
    double = BANDS.log_potential(0.5 + 1e-9)
    assert float(BANDS.log_potential(HALF, digits=30)) == pytest.approx(double, abs=1e-8)


def test_potentials_at_edges_lie_in_their_enclosures() -> None:
    """``U(2) = 1/2`` for the semicircle, below the values above the edge."""
    found = certified_limits.potential(SC.relation(), F(2), 20)
    assert found.contains(0.5)
    assert found.rad() < 1e-20
    # beside an infinite density the bound is attained up to a factor
    found = certified_limits.potential(MP.relation(), F(0), 4)
    assert found.contains(-1)
    assert found.rad() < 1e-4


def test_a_quantile_below_an_atom_is_not_the_atom() -> None:
    """At ``q = 1/2`` the distribution function has been 1/2 since the end of the interval."""
    law = fs.mixture([fs.Uniform(0, 1), fs.PointMass(3)], [HALF, HALF])
    with pytest.raises(PrecisionError):
        law.quantile(HALF, digits=10)
    assert law.quantile(F(1001, 2000), digits=10) == 3


def test_transforms_on_an_axis_of_symmetry() -> None:
    """The unknowns of ``G(i y)`` are imaginary, and so is it."""
    found = CUSP.G(mpmath.mpc(0, "1e-15"), digits=20)
    assert found.real == 0
    assert float(found.imag) == pytest.approx(-1e-5, rel=1e-6)


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(PrecisionError, match="algebraic"):
        (fs.Uniform(0, 1) @ fs.MarchenkoPastur(HALF)).density(0, digits=20)
    edge = (1 + sympy.sqrt(sympy.Rational(1, 2))) ** 2
    with pytest.raises(PrecisionError, match="close"):
        fs.MarchenkoPastur(HALF).density(edge - sympy.Rational(1, 10**1000), digits=20)


@pytest.mark.parametrize(
    ("law", "q", "x"),
    [
        (fs.MarchenkoPastur(2), F(49, 100), 0),
        (fs.PointMass(3), F(1, 7), 3),
        (fs.Discrete([0, 1]), F(1, 3), 0),
        (fs.Discrete([0, 1]), F(2, 3), 1),
        (WITH_ATOM, F(4, 5), 1),
    ],
    ids=repr,
)
def test_quantiles_at_jumps(law: fs.Law, q: F, x: int) -> None:
    assert law.quantile(q, digits=30) == x


def test_norms_vanish_at_all_conjugates() -> None:
    """``g - w`` at the square root of 2: ``g^2 - 2``."""
    w, g = Polynomial.generators(("w", "g"))
    for polynomial, expected in ((g - w, [-2, 0, 1]), (g**2 - w - 3, [7, 0, -6, 0, 1])):
        found = certified_limits._norm(polynomial, sympy.sqrt(2))
        assert found in (flint.fmpz_poly(expected), -flint.fmpz_poly(expected))


def test_irrational_points_must_be_singular() -> None:
    certified_limits._require_simple(fs.KestenMcKay(3).relation(), 2 * sympy.sqrt(2))
    with pytest.raises(PrecisionError, match="singular point"):
        certified_limits._require_simple(SC.relation(), sympy.sqrt(2))
    with pytest.raises(PrecisionError, match="singular point"):
        certified_limits._require_simple(fs.Uniform(0, 1).relation(), sympy.sqrt(2))
    with pytest.raises(PrecisionError, match="too long"):
        certified_limits._require_simple(SC.relation(), F(1, 10**1000))
