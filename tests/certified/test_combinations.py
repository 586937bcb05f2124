"""Certified values of compositions around laws that are not algebraic, by exact identities.

Each side is certified by itself, along another path through the equations.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import UnsupportedOperationError
from freesym.spectrum.certified_neighbours import potential_in_gap

DIGITS = 25
#: Both sides are rounded to DIGITS; conditions of the maps are below ten.
TOLERANCE = mpmath.mpf(10) ** (3 - DIGITS)
HALF = Fraction(1, 2)
X = Fraction(7, 5)
ROOT = sympy.sqrt(2)
ARCSINE = fs.Arcsine(-2, 2)

#: On [0.12.., 5.8..], without atoms, and symmetric.
POSITIVE = fs.Uniform(1, 2) @ fs.MarchenkoPastur(HALF)
SYMMETRIC = fs.Uniform(-1, 1) + fs.Semicircle()


def close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= TOLERANCE * max(1, abs(b)))


def cdf(law: fs.Law, x: Any) -> Any:
    return law.cdf(x, digits=DIGITS)


def potential(law: fs.Law, x: Any) -> Any:
    return law.log_potential(x, digits=DIGITS)


def logarithm(x: Any) -> Any:
    with mpmath.workdps(DIGITS + 10):
        return mpmath.log(mpmath.mpf(x.numerator) / x.denominator)


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with mpmath.workdps(DIGITS + 10):
        yield


CDFS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "reflection": lambda: (cdf(1 - 2 * POSITIVE, 1 - 2 * X), 1 - cdf(POSITIVE, X)),
    "inverse": lambda: (cdf(POSITIVE.inverse(), 1 / X), 1 - cdf(POSITIVE, X)),
    "square": lambda: (cdf(SYMMETRIC.square(), X**2), 2 * cdf(SYMMETRIC, X) - 1),
    "reshape": lambda: (cdf(POSITIVE.reshape(HALF), X), (1 + cdf(POSITIVE, X)) / 2),
    "reshape below 0": lambda: (cdf(POSITIVE.reshape(HALF), -X), 0),
    "mixture": lambda: (
        cdf(fs.mixture([POSITIVE, SYMMETRIC], [HALF / 2, 3 * HALF / 2]), X),
        (cdf(POSITIVE, X) + 3 * cdf(SYMMETRIC, X)) / 4,
    ),
    "mixture of inverses": lambda: (
        cdf(fs.mixture([POSITIVE.inverse(), SYMMETRIC.square()]), 1 / X),
        (1 - cdf(POSITIVE, X) + cdf(SYMMETRIC.square(), 1 / X)) / 2,
    ),
}
POTENTIALS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "reflection": lambda: (
        potential(1 - 2 * POSITIVE, 1 - 2 * X),
        potential(POSITIVE, X) + logarithm(Fraction(2)),
    ),
    "inverse": lambda: (
        potential(POSITIVE.inverse(), 1 / X),
        potential(POSITIVE, X) - logarithm(X) - potential(POSITIVE, 0),
    ),
    "square": lambda: (potential(SYMMETRIC.square(), X**2), 2 * potential(SYMMETRIC, X)),
    "reshape": lambda: (
        potential(POSITIVE.reshape(HALF), X),
        (potential(POSITIVE, X) + logarithm(X)) / 2,
    ),
    "mixture": lambda: (
        potential(fs.mixture([POSITIVE, SYMMETRIC]), X),
        (potential(POSITIVE, X) + potential(SYMMETRIC, X)) / 2,
    ),
}


@pytest.mark.parametrize("sides", CDFS.values(), ids=CDFS)
def test_distribution_functions(sides: Callable[[], tuple[Any, Any]]) -> None:
    left, right = sides()
    assert close(left, right), (left, right)


@pytest.mark.parametrize("sides", POTENTIALS.values(), ids=POTENTIALS)
def test_potentials(sides: Callable[[], tuple[Any, Any]]) -> None:
    left, right = sides()
    assert close(left, right), (left, right)


def test_potentials_below_a_square() -> None:
    """``E log(x + X^2)`` by quadrature of the density of ``X``."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    (low, high), law = SYMMETRIC.edges(), SYMMETRIC.square()
    s = (high - low) / 2 * np.sin(np.pi / 2 * nodes)  # smooth at both edges
    weights = weights * (high - low) / 2 * np.pi / 2 * np.cos(np.pi / 2 * nodes)
    expected = weights @ (np.log(float(X) + s**2) * SYMMETRIC.density(s))
    assert float(potential(law, -X)) == pytest.approx(expected, abs=1e-12)


def test_edges() -> None:
    low, high = POSITIVE.edges(digits=DIGITS)
    assert low == pytest.approx(float(POSITIVE.edges()[0]), rel=1e-8)
    moved, inverse = (
        (1 - 2 * POSITIVE).edges(digits=DIGITS),
        POSITIVE.inverse().edges(digits=DIGITS),
    )
    assert close(moved[0], 1 - 2 * high) and close(moved[1], 1 - 2 * low)
    assert close(inverse[0], 1 / high) and close(inverse[1], 1 / low)
    assert all(map(close, POSITIVE.reshape(HALF).edges(digits=DIGITS), (low, high)))


def test_the_edge_at_the_origin() -> None:
    """A product that reaches 0 with a positive density has its first edge there."""
    law = fs.Uniform(0, 1) @ fs.MarchenkoPastur()
    low, high = law.edges(digits=DIGITS)
    assert low == 0
    assert high == pytest.approx(float(law.edges()[1]), rel=1e-8)


def test_ends_that_are_parameters() -> None:
    a, b = Fraction(1, 3), Fraction(5, 7)
    found = fs.Uniform(a, b).edges(digits=DIGITS)
    assert all(map(close, found, (mpmath.mpf(1) / 3, mpmath.mpf(5) / 7)))


def test_boolean_and_monotone_densities() -> None:
    """The Cauchy transforms at a real point inside of both spectra, from its two sides."""
    other = fs.Uniform(0, 2)
    g, h = (law.G(mpmath.mpc(1.4, 0.5), digits=DIGITS) for law in (SYMMETRIC, other))
    z = mpmath.mpc(1.4, 0.5)
    found = fs.boolean_sum(SYMMETRIC, other).G(z, digits=DIGITS)
    assert abs(found - 1 / (1 / g + 1 / h - z)) < TOLERANCE
    found = fs.monotone(SYMMETRIC, other).G(z, digits=DIGITS)
    assert abs(found - SYMMETRIC.G(1 / h, digits=DIGITS)) < TOLERANCE


INTEGRATED = {
    "boolean": lambda: fs.boolean_sum(fs.Semicircle(), fs.Semicircle()),
    "monotone": lambda: fs.monotone(fs.Arcsine(-ROOT, ROOT), fs.Arcsine(-ROOT, ROOT)),
    "mirrored": lambda: -fs.boolean_sum(fs.Semicircle(), fs.Semicircle()),
    "mixture": lambda: fs.mixture([fs.boolean_sum(fs.Semicircle(), fs.Semicircle()), ARCSINE]),
}


@pytest.mark.parametrize("name", INTEGRATED)
@pytest.mark.parametrize("x", [Fraction(1, 3), Fraction(-199, 100), Fraction(5, 2), Fraction(-40)])
def test_potentials_that_are_integrals(name: str, x: Fraction) -> None:
    """All of these are the arcsine law on [-2, 2]."""
    law, place = INTEGRATED[name](), mpmath.mpf(x.numerator) / x.denominator
    with mpmath.workdps(2 * DIGITS):
        inside = min(max(place / 2, mpmath.mpf(-1)), mpmath.mpf(1))
        share = mpmath.mpf(1) / 2 + mpmath.asin(inside) / mpmath.pi
        outside = max(abs(place), mpmath.mpf(2)) / 2
        expected = mpmath.log(outside + mpmath.sqrt(outside**2 - 1))
        assert abs(cdf(law, x) - share) < TOLERANCE
        assert abs(potential(law, x) - expected) < TOLERANCE


@pytest.mark.long
def test_parts_whose_potentials_are_integrals() -> None:
    """An arcsine law that is a Boolean sum, plus a semicircle; quantiles use both."""
    found = fs.boolean_sum(fs.Semicircle(), fs.Semicircle()) + fs.Semicircle()
    expected = ARCSINE + fs.Semicircle()
    assert close(cdf(found, X), cdf(expected, X))
    assert close(potential(found, 5), potential(expected, 5))
    assert close(found.quantile("0.3", digits=DIGITS), expected.quantile("0.3", digits=DIGITS))
    assert close(found.log_determinant(digits=DIGITS), expected.log_determinant(digits=DIGITS))


def test_integrals_of_unbounded_laws_are_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match="bounded laws"):
        cdf(fs.boolean_sum(SYMMETRIC, fs.Cauchy()), X)


@pytest.mark.parametrize("q", [Fraction(1, 10**9), Fraction(1, 3), HALF])
def test_quantiles_at_atoms(q: Fraction) -> None:
    """Half of the mass is at 0: up to its upper end, included, the quantile is 0."""
    law = fs.MarchenkoPastur(2)
    assert law.quantile(q, digits=DIGITS) == 0
    assert law.quantile(q + Fraction(1, 10**9), digits=DIGITS) > 0 or q < HALF


def test_determinants_of_products_are_those_of_their_factors() -> None:
    """0 lies inside the spectrum; E log|X| of a semicircle is -1/2, the other -0.30685..."""
    law = fs.Semicircle() @ fs.MarchenkoPastur(HALF)
    expected = -HALF + fs.MarchenkoPastur(HALF).log_determinant(digits=DIGITS)
    assert close(law.log_determinant(digits=DIGITS), expected)
    assert float(expected) == pytest.approx(law.log_determinant(), rel=1e-12)


def test_determinants_of_rectangular_sums() -> None:
    law = fs.rectangular_sum(fs.MarchenkoPastur(HALF), fs.MarchenkoPastur(HALF), ratio=HALF)
    # the sum of two independent Gaussian matrices
    expected = fs.MarchenkoPastur(HALF, 2).log_determinant(digits=DIGITS)
    assert close(law.log_determinant(digits=DIGITS), expected)


def test_transforms_that_are_not_real_are_refused() -> None:
    with pytest.raises(UnsupportedOperationError, match="not real"):
        (fs.Cauchy() + fs.Semicircle()).R("1/10", digits=DIGITS)


def test_edges_of_mixtures_are_those_of_the_union() -> None:
    low, high = POSITIVE.edges(digits=DIGITS)
    bottom, top = SYMMETRIC.edges(digits=DIGITS)
    found = fs.mixture([POSITIVE, SYMMETRIC]).edges(digits=DIGITS)
    assert all(map(close, found, (bottom, max(high, top))))
    apart = fs.mixture([POSITIVE, fs.Uniform(-3, -2), POSITIVE]).edges(digits=DIGITS)
    assert all(map(close, apart, (-3, -2, low, high)))
    boolean = fs.boolean_sum(POSITIVE, fs.Uniform(-3, -2)).edges(digits=DIGITS)
    assert all(map(close, boolean, (-3, -2, low, high)))


def test_edges_that_touch_exactly_are_none() -> None:
    """Rational ends are compared as such; others only as balls."""
    third = Fraction(1, 3)
    assert len(fs.mixture([POSITIVE, POSITIVE + 1]).edges(digits=DIGITS)) == 2
    touching = [fs.Uniform(0, third), fs.Uniform(third, 1), 3 * fs.Arcsine(0, third) + 1]
    assert fs.mixture(touching).edges(digits=DIGITS) == (0, 2)
    assert fs.boolean_sum(*touching).edges(digits=DIGITS) == (0, 2)


def test_edges_that_cannot_be_told_apart() -> None:
    with pytest.raises(fs.PrecisionError, match="told apart"):
        fs.mixture([fs.Uniform(0, ROOT), fs.Uniform(ROOT, 2)]).edges(digits=DIGITS)


# -------------------------------------------------------------------------- outside of spectra

#: Two bands, with masses 2/3 and 1/3, and a point between them.
BANDS = fs.TwoPoint(1, 9, Fraction(1, 3)) + fs.Uniform(0, 1)
GAP = Fraction(5)

GAPS: dict[str, Callable[[], tuple[Any, Fraction]]] = {
    "sum": lambda: (cdf(BANDS, GAP), Fraction(2, 3)),
    "reflection": lambda: (cdf(1 - 2 * BANDS, 1 - 2 * GAP), Fraction(1, 3)),
    "inverse": lambda: (cdf(BANDS.inverse(), 1 / GAP), Fraction(1, 3)),
    "reshape": lambda: (cdf(BANDS.reshape(HALF), GAP), Fraction(5, 6)),
    "reshape below 0": lambda: (cdf(BANDS.reshape(HALF), -1), Fraction(0)),
    "mixture": lambda: (cdf(fs.mixture([BANDS, BANDS.inverse()]), GAP), Fraction(5, 6)),
    "square": lambda: (cdf((fs.TwoPoint(-3, 3, HALF) + SYMMETRIC).square(), -1), Fraction(0)),
}


@pytest.mark.parametrize("sides", GAPS.values(), ids=GAPS)
def test_distribution_functions_in_gaps(sides: Callable[[], tuple[Any, Fraction]]) -> None:
    found, mass = sides()
    assert close(found, mpmath.mpf(mass.numerator) / mass.denominator)


def test_potentials_in_gaps() -> None:
    u, zero = potential(BANDS, GAP), potential(BANDS, 0)
    assert close(potential(1 - 2 * BANDS, 1 - 2 * GAP), u + logarithm(Fraction(2)))
    assert close(potential(BANDS.inverse(), 1 / GAP), u - logarithm(GAP) - zero)
    assert close(potential(BANDS.reshape(HALF), GAP), (u + logarithm(GAP)) / 2)
    twice = potential((fs.TwoPoint(-3, 3, HALF) + SYMMETRIC).square(), HALF)
    half = fs.TwoPoint(-3, 3, HALF) + SYMMETRIC
    with mpmath.workdps(DIGITS + 10):
        assert abs(twice - 2 * potential(half, mpmath.sqrt(mpmath.mpf(1) / 2))) < TOLERANCE


def test_transforms_at_zero() -> None:
    law = fs.Uniform(0, 3) @ fs.MarchenkoPastur(HALF)  # mean 3/2
    assert law.M(0, digits=DIGITS) == 0
    assert close(law.R(0, digits=DIGITS), mpmath.mpf(3) / 2)
    assert close(law.S(0, digits=DIGITS), mpmath.mpf(2) / 3)


def test_edges_at_infinity() -> None:
    assert (fs.Cauchy() + fs.Uniform(0, 1)).edges(digits=DIGITS) == (-mpmath.inf, mpmath.inf)
    assert (fs.Cauchy() + fs.Uniform(0, 1)).support(digits=DIGITS) == ((-mpmath.inf, mpmath.inf),)


def test_potentials_between_two_points() -> None:
    """In a gap the potential is concave: chord and tangent enclose it."""
    relation = BANDS.relation()
    with mpmath.workdps(DIGITS + 10):
        for x in (GAP, Fraction(3), Fraction(12)):
            ball = potential_in_gap(relation, x, 60)
            assert (
                abs(mpmath.mpf(str(ball.mid().str(40, radius=False))) - potential(BANDS, x)) < 1e-15
            )
            assert float(ball.rad()) < 1e-15
    assert potential_in_gap(relation, Fraction(3, 2), 60) is None
