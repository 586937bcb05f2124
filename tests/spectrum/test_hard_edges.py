"""Densities at points where they are infinite, and beside them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

import freesym as fs

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
COIN = fs.Bernoulli(HALF)


@pytest.mark.parametrize(
    ("law", "points"),
    [
        (fs.MarchenkoPastur(1), [0]),
        (fs.CompoundFreePoisson(1, fs.Uniform(1, 2)), [0]),
        (fs.Wachter(1, 1), [0, 1]),
        (fs.FussCatalan(3), [0]),
        (COIN + COIN, [0, 2]),
        (COIN - COIN, [-1, 1]),
        (fs.Wachter(1, 1) @ fs.Wachter(1, 2), [0]),
        (fs.KestenMcKay(2), [-2, 2]),
        (fs.Arcsine(0, 1) @ fs.MarchenkoPastur(1), [0]),
        (3 * fs.Arcsine(0, 1) + 1, [1, 4]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_the_density_is_infinite(law: fs.Law, points: list[int]) -> None:
    assert np.isposinf(law.density(points)).all()


@pytest.mark.parametrize("distance", [1e-12, 1e-10, 1e-8, 1e-4])
def test_beside_the_end_of_the_arcsine_law(distance: float) -> None:
    """Wachter(1, 1) is it; at 1 - d the distance is itself known to 1e-16."""
    x = 1 - distance
    found = fs.Wachter(1, 1).density([0, 1, x])[2]
    expected = 1 / (np.pi * np.sqrt(x * (1 - x)))
    # the chart psi/(psi + 1) has its own condition there: 1e-16 of rounding against sqrt(1 - x)
    assert found == pytest.approx(expected, rel=1e-10 / np.sqrt(distance) + 1e-12)


def test_a_derivative_of_rounding_is_no_solution() -> None:
    """From 1, where w has a double point, one tiny step seemed to lead to 1 - 1e-12."""
    found = fs.Wachter(1, 1).density([0, 1, 1 - 1e-12])
    assert found[2] > 1e5


def test_infinite_quantiles_and_points() -> None:
    np.testing.assert_array_equal(fs.Cauchy().quantile([0, 1]), [-np.inf, np.inf])
    np.testing.assert_array_equal(
        (fs.Cauchy() + fs.Semicircle()).quantile([0, 1]), [-np.inf, np.inf]
    )
    law = fs.MarchenkoPastur(1) + fs.Semicircle()
    np.testing.assert_array_equal(law.G([np.inf, -np.inf]), [0, 0])


@pytest.mark.long
def test_quantiles_below_the_smallest_number() -> None:
    """Of the 10,000th power 93 % lie below 1e-300; by the power law at 0 these quantiles vanish."""
    law = fs.MarchenkoPastur(1).multiplicative_power(10_000)
    np.testing.assert_array_equal(law.quantile([0.01, 0.5, 0.9]), 0.0)
    assert law.quantile(0.999) == pytest.approx(0.04453771, rel=1e-6)
    with pytest.raises(fs.InvalidLawError, match="smallest number"):
        fs.Raney(10**10, 1)


@pytest.mark.parametrize(
    ("law", "edges"),
    [
        ((fs.Bernoulli(THIRD) + 1) @ (fs.Bernoulli(THIRD) + 2), {3: 0.27216548, 4: None}),
        (fs.Bernoulli(HALF) + fs.Bernoulli(HALF), {0: None, 2: None}),
        (fs.TwoPoint(1, 3, HALF / 2) @ fs.TwoPoint(2, 5, 3 * HALF / 2), {2: None, 15: None}),
    ],
    ids=str,
)
def test_edges_where_atoms_just_miss_each_other(law: fs.Law, edges: dict[int, float]) -> None:
    """Masses of two atoms that add up to 1 leave an inverse root of the distance."""
    found = np.array(law.edges())
    for edge, height in edges.items():
        nearest = found[np.abs(found - edge).argmin()]
        assert abs(nearest - edge) < 2e-14 * found[-1]
        assert law.density(edge) == np.inf
        if height is not None:
            density = law.density(edge - 1e-9 * np.arange(1, 4))
            expected = height / np.pi / np.sqrt(1e-9 * np.arange(1, 4))
            np.testing.assert_allclose(density, expected, rtol=1e-6)


def test_densities_at_edges_exist() -> None:
    """At the ends of the support as they are returned, alone and in an array."""
    atoms = fs.Discrete([-1, 0, 1], [THIRD] * 3)
    hard = HALF - (atoms - fs.Bernoulli(THIRD))
    soft = fs.mixture([fs.KestenMcKay(3 * HALF), fs.Uniform(-1)], [HALF, HALF])
    soft = (soft + fs.KestenMcKay(3)).additive_deconvolve(fs.KestenMcKay(3))
    for law, expected in ((hard, [np.inf, 0.0, np.inf, 0.0, np.inf, 0.0]), (soft, [0.0, 0.0])):
        # a soft edge is known to rounding, of which the density there is the root
        edges = law.edges()
        grid = np.union1d(np.linspace(edges[0], edges[-1], 200), edges)
        for found in (
            [law.density(edge) for edge in edges],
            law.density(grid)[np.searchsorted(grid, edges)],
        ):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


def test_beside_the_ends_of_two_coins() -> None:
    """The arcsine law, whose solution is a double point at its ends: no real one is near."""
    law = fs.TwoPoint(-1, 1, HALF) + fs.TwoPoint(-1, 1, HALF)
    x = 2 - np.geomspace(3e-14, 1e-9, 400)  # nearer ones count as the end
    distance = 2 - x
    g = np.array([law.G(point) for point in x])
    expected = -1j / np.sqrt(distance * (4 - distance))
    np.testing.assert_array_less(np.abs(g / expected - 1), 1e-15 / distance)
    above = 1 - law.cdf(x)
    rounding = 1e-15 / np.sqrt(distance)
    np.testing.assert_array_less(np.abs(above - np.arccos(1 - distance / 2) / np.pi), rounding)


@pytest.mark.parametrize("x", [1e-100, 1e-160, 1e-200, 1e-300])
def test_squares_of_distances_may_underflow(x: float) -> None:
    law = fs.Uniform()
    assert law.density(x) == pytest.approx(1, abs=1e-14)
    assert law.cdf(x) == pytest.approx(0, abs=1e-15)
    assert law.G(x).real == pytest.approx(np.log(x), rel=1e-14)


@pytest.mark.long
def test_products_of_laws_that_are_tabulated_down_to_0() -> None:
    """A squared normal variable times a Marchenko-Pastur law reaches 0, like an inverse root."""
    x = sympy.Symbol("x")
    law = fs.Pushforward(x**2) @ fs.MarchenkoPastur(HALF)
    (low, high), *others = law.support()
    assert not others
    assert low < 1e-30 * high
    below = law.cdf([1e-8, 1e-10])
    np.testing.assert_allclose(below[0] / below[1], 10, rtol=1e-6)


def test_a_band_beyond_a_hard_edge_at_a_simple_number() -> None:
    """At -1 the density is infinite; the band ends at -2."""
    law = fs.TwoPoint(-1, 2, Fraction(1, 3)) @ fs.Discrete([0, 1, 2])
    (low, high), (start, end) = law.support()
    assert (low, high) == (pytest.approx(-2, abs=1e-9), pytest.approx(-1, abs=1e-9))
    assert law.cdf(high + 1e-3) == pytest.approx(1 / 3, abs=1e-12)
    assert (-0.85 < start < -0.84) and (3.60 < end < 3.61)


def test_a_gap_behind_a_step_of_the_density() -> None:
    """The density falls from large values at 1 to small ones beyond a gap, without a minimum.

    The isolated zeros of the discriminant are the edges.
    """
    signs = fs.Discrete([-1, 0, 1], [Fraction(1, 3)] * 3)
    law = fs.CompoundFreePoisson(Fraction(1, 2), signs) + signs
    ends = [end for interval in law.support() for end in interval]
    exact = law.edges(digits=20)
    assert len(ends) == len(exact) == 10
    np.testing.assert_allclose(ends, list(map(float, exact)), rtol=1e-13)
    assert law.density(1.0025) == 0 < law.density(1.01)


def test_distribution_functions_at_bounds_are_exact() -> None:
    """Where the density is infinite there, rounding of the point is seen beside them."""
    square = fs.Pushforward(sympy.Symbol("x") ** 2, base="uniform")
    for law in (
        square, square + square, square @ square, fs.boolean_sum(square, fs.Bernoulli(0.5)),
        fs.monotone(square, fs.Bernoulli(0.5)), fs.Arcsine(0, 2),
    ):  # fmt: skip
        assert law.support()[0][0] >= 0
        assert law.cdf(0) == 0
        assert law.cdf(law.support()[-1][1] + 1e-12) == 1


def test_edges_at_ties_of_atoms_are_exact() -> None:
    """Atoms of masses 1/2 and 1/2, or 1/3 and 2/3, meet: infinite densities, of any power."""
    half = Fraction(1, 2)
    shared = fs.Bernoulli(half) - (2 * fs.MarchenkoPastur()).reshape(half)
    places = {0.0, 1.0}
    assert places <= set(shared.edges())
    narrow = fs.TwoPoint(-1, 1, half) - fs.TwoPoint(Fraction(1, 100), 1, half)
    assert narrow.edges() == pytest.approx((-2, -1.01, 0, 0.99), abs=0)
    three = fs.Discrete([0, 1, 5]) + fs.Bernoulli(Fraction(2, 3))
    assert {1.0, 2.0, 6.0} <= set(three.edges())
    assert (fs.MarchenkoPastur(2) + fs.Bernoulli(half)).edges()[0] == 0
