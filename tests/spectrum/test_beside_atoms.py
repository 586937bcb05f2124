"""Values beside atoms inside the continuous part, and where branches cross."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import freesym as fs
from freesym.errors import ConvergenceError

HALF = Fraction(1, 2)
DISTANCES = 10.0 ** -np.arange(3, 17)

MIXED = fs.mixture([fs.PointMass(1), fs.Semicircle()], [HALF, HALF])
WITH_ATOM = [
    (fs.Semicircle() @ fs.Bernoulli(HALF), 0.0, HALF),
    ((fs.Semicircle() + 1) @ fs.Bernoulli(HALF), 0.0, HALF),
    (fs.CompoundFreePoisson(HALF, fs.Semicircle()), 0.0, HALF),
    (fs.Uniform(-1, 1) @ fs.Bernoulli(HALF), 0.0, HALF),
    (MIXED.additive_power(Fraction(3, 2)), 1.5, Fraction(1, 4)),
    (MIXED + fs.Discrete([0, 3], [Fraction(3, 4), Fraction(1, 4)]), 1.0, Fraction(1, 4)),
    (
        fs.mixture([fs.PointMass(1), fs.Uniform(0, 3)], [HALF, HALF])
        @ fs.TwoPoint(1, 2, Fraction(1, 4)),
        1.0,
        Fraction(1, 4),
    ),
]


@pytest.mark.parametrize(("law", "place", "mass"), WITH_ATOM, ids=str)
def test_the_density_is_smooth_through_an_atom(law: fs.Law, place: float, mass: Fraction) -> None:
    """Beside the pole the density is analytic: its two sides meet to first order."""
    assert law.atoms()[place] == mass
    centre = float(law.density(place + 1e-8) + law.density(place - 1e-8)) / 2
    for side in (-1, 1):
        rho = law.density(place + side * DISTANCES)
        slope = abs(rho[0] - centre) / DISTANCES[0]
        assert (np.abs(rho - centre) <= 2 * slope * DISTANCES + 1e-6 * centre).all()


@pytest.mark.parametrize(("law", "place", "mass"), WITH_ATOM, ids=str)
def test_the_cdf_jumps_by_the_mass(law: fs.Law, place: float, mass: Fraction) -> None:
    jump = law.cdf(place + DISTANCES) - law.cdf(place - DISTANCES)
    rho = law.density(place + 1e-6)
    above, below = place + DISTANCES - place, place - (place - DISTANCES)
    expected = np.where(below > 0, float(mass), 0.0) + rho * (above + below)
    np.testing.assert_allclose(jump, expected, rtol=0, atol=1e-9 + 20 * DISTANCES[0] ** 2)
    assert abs(law.cdf(place) - law.cdf(place - 1e-12) - float(mass)) < 1e-11


def test_the_transform_beside_an_atom_at_zero_is_relatively_accurate() -> None:
    """``i y G(i y)`` is ``mass + O(y)``; a corner of a semicircle gives the next term."""
    y = 10.0 ** -np.arange(10, 300, 10)
    for law, mass in (
        (fs.Semicircle() @ fs.Bernoulli(HALF), 0.5),
        (fs.CompoundFreePoisson(Fraction(37, 101), fs.Discrete([1, 3])), 64 / 101),
    ):
        np.testing.assert_allclose(1j * y * law.G(1j * y), mass, rtol=0, atol=2 * y[0])


def test_differences_of_projections_are_arcsine_where_branches_cross() -> None:
    """At 0 a curve of points solves the equations of ``p - q``; the law is the arcsine law."""
    law = fs.Bernoulli(HALF) - fs.Bernoulli(HALF)
    x = np.concatenate([[0.0], DISTANCES, -DISTANCES, np.linspace(-0.99, 0.99, 101)])
    np.testing.assert_allclose(law.density(x), 1 / (np.pi * np.sqrt(1 - x * x)), rtol=1e-11)
    np.testing.assert_allclose(law.cdf(x), 0.5 + np.arcsin(x) / np.pi, rtol=0, atol=1e-13)
    assert abs(law.log_potential(0.0) + np.log(2)) < 1e-12


def test_atoms_at_zero_of_boolean_and_monotone_laws_are_exact() -> None:
    """Their masses were read off values of ``G``, beside a density that is infinite there."""
    half = fs.MarchenkoPastur().reshape(HALF)
    points = fs.Bernoulli(Fraction(1, 3))
    assert fs.boolean_sum(half, points).atoms() == {0: Fraction(2, 5)}
    for outer, inner in ((half, points), (points, fs.MarchenkoPastur(2))):
        assert fs.monotone(outer, inner).atoms()[0] == Fraction(1, 3)


def test_beside_a_regular_zero_of_a_signed_product() -> None:
    """No atom, no singularity: at 1e-34 the density is that at 0, by the law of the inverse."""
    law = fs.KestenMcKay(3).additive_power(Fraction(5, 4)) @ fs.Uniform(1, 2)
    density, cdf = law.density([1e-34, -1e-20, 1e-13, 1e-9]), law.cdf([-1e-34, 1e-20])
    np.testing.assert_allclose(density, density[-1], rtol=1e-10)
    np.testing.assert_allclose(cdf, 0.5, atol=1e-11)


def test_an_edge_of_a_part_at_the_atom_leaves_each_side_smooth_alone() -> None:
    """The density behaves like a root of the distance on the right, linearly on the left."""
    left, right = fs.Semicircle(-HALF, Fraction(1, 10)), fs.Semicircle(1, Fraction(1, 4))
    parts = HALF * fs.CompoundFreePoisson(2, left + right), right
    jumps = fs.boolean_sum(*(fs.CompoundFreePoisson(HALF, part) for part in parts))
    law = fs.CompoundFreePoisson(1, fs.CompoundFreePoisson(1, jumps))
    for side, power in ((-1, 1.0), (1, 0.5)):
        distances = 10.0 ** -np.arange(8, 40)
        rho = law.density(side * distances)
        bound = np.abs(rho[0] - rho[-1]) * (distances / distances[0]) ** power
        assert (np.abs(rho - rho[-1]) <= 1.1 * bound + 1e-6 * rho[-1]).all()
        # the pole of the atom, up to the real part of the rest
        pole = 3 * side * distances * law.G(side * distances).real
        np.testing.assert_allclose(pole, 1, rtol=0, atol=1e-12 + 1e3 * distances[0])
    assert law.density(-1e-30) == pytest.approx(law.density(1e-30), rel=1e-6)


def test_gaps_beside_atoms_of_products_with_a_matched_factor() -> None:
    """``G(x) = mass/x`` up to a constant; the rank anchors ``psi`` of the explicit factor."""
    law = fs.Uniform(1, 2) @ fs.MarchenkoPastur(2)
    x = np.geomspace(1e-100, 1e-9, 500)
    for side in (-1, 1):
        # the next term is -x E[1/X] of the rest, which lies above (3 - 2 sqrt 2)/2
        np.testing.assert_allclose(2 * side * x * law.G(side * x).real, 1, rtol=0, atol=1e-7)


@pytest.mark.parametrize("heights", [np.geomspace(1e-3, 1e16, 300), np.geomspace(1e3, 1e60, 33)])
def test_far_up_the_imaginary_axis(heights: np.ndarray) -> None:
    """``z G(z) - 1 = psi(1/z)`` is ``-variance/y^2`` there."""
    for law in (fs.Discrete([-1, 0, 1], [Fraction(1, 3)] * 3), fs.Semicircle() + fs.Arcsine()):
        z = 1j * heights
        variance = float(law.variance())
        far = heights > 1e3
        np.testing.assert_allclose(z[far] * law.G(z[far]), 1, rtol=0, atol=2 * variance / 1e6)
        np.testing.assert_allclose(z * law.G(z), [z_ * law.G(z_) for z_ in z], rtol=1e-14)


def test_signed_products_close_to_zero() -> None:
    """Inside the spectrum ``1 + psi = z G`` crosses the axis as ``z`` rises: no wrong turn."""
    two = (-fs.TwoPoint(1, 3, Fraction(1, 3))).compress(Fraction(9, 10))
    law = fs.monotone(fs.Semicircle(1, Fraction(1, 4)), two) @ fs.MarchenkoPastur(HALF, 2)
    x = np.concatenate([s * 10.0 ** -np.arange(3, 20) for s in (-1, 1)])
    rho = law.density(x)
    centre = 1.9027392 / np.pi
    assert (np.abs(rho - centre) <= 2 * np.abs(x) + 1e-7).all()


@pytest.mark.parametrize(("scale", "place"), [(12, 12), (Fraction(1, 3), Fraction(1, 3))])
def test_distribution_functions_jump_where_atoms_are(scale: Any, place: Any) -> None:
    """Products of rounded parameters are rounded: 12 * (9/10) * (10/9) is not 12."""
    law = scale * fs.TwoPoint(-1, 1, Fraction(1, 2)).compress(Fraction(9, 10))
    assert law.atoms() == {-place: Fraction(4, 9), place: Fraction(4, 9)}
    x = float(place)
    expected = [0, 4 / 9, 4 / 9, 5 / 9, 1, 1]
    found = law.cdf([-x - 1e-9, -x, -x + 1e-9, x - 1e-9, x, x + 1e-9])
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_distribution_functions_beside_an_atom_at_an_edge() -> None:
    """The density begins at the atom like a root: 0.3788 sqrt(x)."""
    jumps = fs.CompoundFreePoisson(HALF, fs.Semicircle(1, Fraction(1, 4)))
    weights = [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
    law = fs.boolean_sum(jumps, fs.Discrete([-2, 0, 1, 3], weights))
    below = law.cdf(-0.5)
    assert law.atoms()[0] == Fraction(3, 11)
    assert law.cdf(0) == pytest.approx(below + 3 / 11, abs=1e-12)
    for x in (1e-14, 1e-12, 1e-7, 1e-6, 1e-5, 1e-4):
        rise = 2 / 3 * x * law.density(x)
        assert law.cdf(x) == pytest.approx(below + 3 / 11 + rise, abs=1e-9)


@pytest.mark.parametrize("gap", [Fraction(1, 30), Fraction(1, 100), Fraction(1, 1000)])
def test_densities_between_close_atoms(gap: Fraction) -> None:
    """Each lies among the points through which the other's surroundings are interpolated."""
    points = [HALF, HALF + gap, Fraction(3, 2)]
    law = fs.Discrete(points, [Fraction(2, 5), Fraction(2, 5), Fraction(1, 5)])
    power = law.additive_power(Fraction(10, 9))
    first, second, _ = map(float, power.atoms())
    x = np.array([first + d for d in (-1e-5, 1e-6, 1e-5)] + [second + 1e-5])
    assert not power.density(x).any()
    mixed = fs.mixture([power, fs.Uniform(0, 2)], [HALF, HALF])
    np.testing.assert_allclose(mixed.density(x), 1 / 4, rtol=1e-9)


def test_distribution_functions_beside_atoms_of_laws_without_known_bounds() -> None:
    """By symmetry 5/12 and 7/12 on the two sides of an atom of mass 1/6 at 0."""
    jumps = HALF * (fs.KestenMcKay(3) @ fs.FreeBinomial(Fraction(1, 3), Fraction(5, 2)))
    law = fs.CompoundFreePoisson(1, jumps)
    assert law.atoms() == {0: Fraction(1, 6)}
    x = np.array([-1e-9, -1e-12, 0, 1e-12, 1e-9])
    expected = np.array([5, 5, 7, 7, 7]) / 12
    np.testing.assert_allclose(law.cdf(x), expected, atol=2e-8)


def test_distribution_functions_at_an_atom_inside_a_mirrored_product() -> None:
    """By symmetry 1/3 and 2/3 on the two sides of an atom of mass 1/3 at 0."""
    law = -(fs.Discrete([-1, 0, 1]) @ fs.Discrete([0, 1, 2]))
    assert law.atoms() == {0: Fraction(1, 3)}
    np.testing.assert_allclose(law.cdf([-1e-9, 0, 1e-9]), [1 / 3, 2 / 3, 2 / 3], atol=1e-6)
    assert law.cdf(0) == pytest.approx(2 / 3, abs=1e-9)


def test_boolean_sums_at_atoms_of_their_parts() -> None:
    """There the reciprocals of the parts' transforms vanish: ``1/G = z - 2 z`` for two of them."""
    points = fs.boolean_sum(fs.PointMass(-2), fs.PointMass(-2))
    assert points.G(-2.0) == pytest.approx(0.5)
    assert points.log_potential([-3.0, -2.0]) == pytest.approx([0, np.log(2)])
    law = fs.boolean_sum(fs.Discrete([0, 3]), fs.Semicircle())
    assert law.G(3.0) == pytest.approx(law.G(3.0 + 1e-9), rel=1e-7)
    assert law.density(3.0) == 0


@pytest.mark.parametrize("x", [1e-13, 1e-12, 1e-11, 1e-9, 1e-5])
def test_distribution_functions_beside_atoms_are_right_or_refused(x: float) -> None:
    """Where ``w = z`` up to rounding of the width is the solution of another point."""
    raney = fs.Raney(Fraction(5, 2), Fraction(3, 2)).reshape(HALF)
    law = fs.KestenMcKay(3) @ raney
    for point, value in ((-x, 0.25), (x, 0.75)):
        try:
            found = law.cdf(point)
        except fs.ConvergenceError:
            assert x < 1e-11
        else:
            # the continuous part is like the power 3/5 of the distance
            assert 0 <= (found - value) * np.sign(point) <= 0.2 * x**0.6


def test_squares_of_signs_are_constants() -> None:
    one = fs.TwoPoint(-1, 1, HALF).square()
    x = np.linspace(-0.9, 0.9, 7)
    np.testing.assert_allclose((fs.Uniform(-1, 1) @ one).density(x), 0.5, rtol=1e-12)
    np.testing.assert_allclose((fs.Uniform(-1, 1) + one).density(x + 1), 0.5, rtol=1e-12)
    assert one.atoms() == {1: 1} and one.moments(3) == [1, 1, 1]


def test_an_infinite_density_inside_is_not_0() -> None:
    """Where atoms of mass 1/3 are about to merge, solutions are real up to rounding."""
    law = fs.Discrete([0, 1, 2], [Fraction(1, 3)] * 3).additive_power(Fraction(3, 2))
    assert law.density(1.5) == np.inf
    assert np.isinf(law.G(1.5))
    near = DISTANCES[3:9]
    scaled = law.density(1.5 + near) * near ** (1 / 3)
    np.testing.assert_allclose(scaled, scaled[0], rtol=1e-3)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("distance", [1e-13, 1e-12, 1e-11, 1e-10, 1e-9])
def test_the_cdf_beside_an_atom_is_right_or_refused(side: int, distance: float) -> None:
    """At -5/4 it is between its values a little farther away: rounding gave 0, or 1 at 5/4."""
    mixed = fs.mixture([fs.EquilibriumMeasure(1, 3), fs.TwoPoint(-1, 1, HALF)], [HALF, HALF])
    law = mixed.additive_power(Fraction(5, 4))
    farther = law.cdf(side * (1.25 + 1e-6))
    with contextlib.suppress(ConvergenceError):
        assert law.cdf(side * (1.25 + distance)) == pytest.approx(farther, abs=1e-5)


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13])
def test_densities_that_bend_beside_an_atom(distance: float) -> None:
    """Other singularities are so near that only points close to the atom tell the density."""
    law = fs.TwoPoint(-1, 2, Fraction(1, 3)) + fs.CompoundFreePoisson(HALF, fs.KestenMcKay(3))
    x = -1 + distance
    assert law.cdf(x) == pytest.approx(float(law.cdf(x, digits=15)), abs=1e-13)
    assert law.density(x) == pytest.approx(float(law.density(x, digits=12)), rel=1e-9)


@pytest.mark.long
def test_masses_of_atoms_close_to_a_band() -> None:
    """The band begins 6e-5 beside the atom; its mass is the certified value of the gap."""
    law = fs.boolean_sum(
        fs.Arcsine() + fs.TwoPoint(-1, 2, Fraction(1, 3)), fs.EquilibriumMeasure(HALF, 2)
    )
    ((place, mass),) = law.atoms().items()
    x = 0.5 * (float(place) + law.support()[1][0])
    assert float(mass) == pytest.approx(float(law.cdf(x, digits=12)), rel=1e-9)
    assert law.cdf(x) == pytest.approx(float(mass), abs=1e-12)


def test_atoms_at_the_end_of_a_band() -> None:
    """Beyond the band the value is that of the gap, not that below the band with the atom."""
    sum_ = fs.monotone(fs.TwoPoint(-1, 2, Fraction(1, 3)), fs.Arcsine())
    law = fs.mixture([fs.Discrete([-1, 0, 1]), sum_], [Fraction(1, 3), Fraction(2, 3)])
    x = np.array([-1.2, 1.0, 1.1, 1.9])
    discrete = np.array([0, 1, 1, 1])
    np.testing.assert_allclose(law.cdf(x), discrete / 3 + 2 / 3 * sum_.cdf(x), rtol=0, atol=1e-12)


def test_points_at_an_atom_of_two_laws_of_two_points() -> None:
    """Other solutions come near: ``(z - a) G(z)`` was a tenth of the mass."""
    law = fs.Discrete([0, 2]) + fs.Discrete([0, 1], [Fraction(1, 5), Fraction(4, 5)])
    for height in np.geomspace(1e-12, 1e-3, 19):
        near = 1j * height
        expected = complex(law.G(3 + near, digits=15))
        assert law.G(3 + near) == pytest.approx(expected, rel=1e-6)
