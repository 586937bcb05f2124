"""Single steps of the numerical rooms: tables, panels, powers at ends, programs, starts."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy
from numpy.polynomial import legendre

import freesym as fs
from freesym.lowering.cells import _leading_power
from freesym.lowering.fitting import _turning_point
from freesym.lowering.measure import NODES, _padded, _reach, heights
from freesym.lowering.program import _Allocator
from freesym.solve.solver import solver
from freesym.solve.subordination import _inner_targets
from freesym.spectrum.bounds import hull, is_positive
from freesym.spectrum.intervals import ending_at_zero
from freesym.spectrum.inversion import _middle as _about_the_mean
from freesym.spectrum.quantiles import _inverted, _longest_ascent, _middle, quantile_table
from freesym.spectrum.support import _at_zero

HALF = F(1, 2)
W = sympy.Symbol("w")
MP = fs.MarchenkoPastur(HALF)
#: A semicircle of variance 3 as a difference that is not simplified, so nothing bounds it.
DIFFERENCE = fs.Law.from_r_transform(4 * W, W).additive_deconvolve(fs.Semicircle())


# -------------------------------------------------------------------------- tables


@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle(),
        MP,
        fs.Semicircle() + fs.TwoPoint(-3, 3, HALF),
        fs.MarchenkoPastur(2),
        MP @ fs.MarchenkoPastur(),
    ],
    ids=repr,
)
def test_tables_are_inverted_to_their_own_accuracy(law: fs.Law) -> None:
    """This is what samples are drawn by: no Newton step follows."""
    levels = np.linspace(0.013, 0.987, 41)
    low, high, x = _inverted(quantile_table(law.relation().numeric()), levels)
    assert (low <= x).all() and (x <= high).all()
    atoms = law.atoms()
    at_atom = np.isin(x, [float(a) for a in atoms])
    assert at_atom.any() == bool(atoms)
    np.testing.assert_allclose(law.cdf(x[~at_atom]), levels[~at_atom], atol=2e-8)
    assert (levels[at_atom] <= float(sum(atoms.values()))).all()


def test_quantiles_at_both_ends() -> None:
    for law in (MP, fs.Semicircle() + MP, fs.Discrete([0, 1, 5])):
        intervals = law.support()
        assert law.quantile(0) == intervals[0][0]
        assert law.quantile(1) == intervals[-1][1]


def test_longest_ascents() -> None:
    values = np.array([0.0, 0.5, 0.2, 0.3, 0.1, 0.4, 0.9, 0.8])
    kept = values[_longest_ascent(values)]
    assert kept.tolist() == [0.0, 0.2, 0.3, 0.4, 0.8]


def test_middles_of_brackets() -> None:
    found = _middle(np.array([1.0, 1.0, 0.0, -4.0]), np.array([4.0, 16.0, 16.0, 2.0]))
    assert found.tolist() == [2.5, 4.0, 8.0, -1.0]


# -------------------------------------------------------------------------- ends


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((-1e-16, 1.0), (0.0, 1.0)),
        ((-1.0, 1e-16), (-1.0, 0.0)),
        ((-1e-10, 1.0), (-1e-10, 1.0)),
        ((-1.0, 1e-10), (-1.0, 1e-10)),
        ((1.0, 2.0), (1.0, 2.0)),
    ],
)
def test_ends_that_rounding_carried_across_zero(ends: Any, expected: Any) -> None:
    assert ending_at_zero(*ends) == expected


def test_values_at_zero_of_polynomials() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert _at_zero(x, 3 - 2 * x + 5 * x**2) == pytest.approx(3, rel=1e-14)


@pytest.mark.parametrize("power", [-0.5, 0.0, 0.5, 1.0, 0.3])
def test_powers_with_which_densities_start(power: float) -> None:
    assert _leading_power(lambda t: 3 * t**power, 1e-6) == pytest.approx(power, abs=1e-12)


def test_densities_that_vanish_beside_an_end_have_no_power() -> None:
    for near, far in ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (math.nan, 1.0)):
        assert _leading_power(lambda t, v=(near, far): np.array(v), 1e-6) == 2.0


# -------------------------------------------------------------------------- panels


def test_densities_of_bent_panels() -> None:
    """``x = t + t^2/4``: the density of ``dt`` is ``1/(1 + t/2)``."""
    offset = _padded(legendre.poly2leg([0.0, 1.0, 0.25]))
    ends, gradient = heights(offset, _padded(np.array([1.0])))
    np.testing.assert_allclose(ends, [2, 2 / 3], rtol=1e-14)
    expected = -0.5 / (1 + NODES / 2) ** 2
    np.testing.assert_allclose(legendre.legval(NODES, gradient), expected, atol=1e-10)


def test_discs_around_panels_contain_their_ellipses() -> None:
    straight, bent = (_padded(legendre.poly2leg(row)) for row in ([1.0, 1.0], [1.25, 1.0, -0.25]))
    radius = _reach(0.0, 2.0, straight, affine=True)
    assert _reach(0.0, 2.0, straight, affine=False) == pytest.approx(radius, rel=1e-3)
    assert _reach(0.0, 2.0, bent, affine=False) > 1.1 * radius


# -------------------------------------------------------------------------- far away


@pytest.mark.parametrize(
    "law",
    [
        MP @ fs.Uniform(1, 2),
        MP @ MP @ fs.MarchenkoPastur(2),
        (MP + fs.Uniform(0, 1)) @ fs.TwoPoint(1, 3, F(1, 3)),
        fs.Semicircle(mean=1) + MP,
        fs.rectangular_sum(MP, MP, ratio=HALF),
        fs.CompoundFreePoisson(2, fs.Uniform(0, 1)),
        fs.mixture([MP, fs.Uniform(0, 1)]),
        fs.boolean_sum(MP, fs.Uniform(0, 1)),
        (MP @ fs.Uniform(1, 2)).compress(HALF),
        (MP + 1).inverse(),
    ],
    ids=repr,
)
def test_moment_transforms_near_zero_have_all_digits(law: fs.Law) -> None:
    """``M(z) = m_1 z + m_2 z^2 + ...`` does not cancel, nor does its potential."""
    first, second, third = (float(m) for m in law.moments(3))
    for z in (1e-7, 1e-7j, -1e-7 + 3e-8j):
        expected = z * (first + z * (second + z * third))
        assert abs(law.M(z) / expected - 1) < 4e-15
    assert law.log_potential(1e7) == pytest.approx(math.log(1e7) - first / 1e7, rel=1e-15)


# -------------------------------------------------------------------------- programs and starts


def test_registers_are_counted_and_used_again() -> None:
    registers = _Allocator()
    assert [registers.take() for _ in range(3)] == [0, 1, 2]
    registers.free.append(1)
    assert [registers.take(), registers.take()] == [1, 3]
    assert registers.count == 4


def test_only_laws_without_a_uniqueness_theorem_need_care() -> None:
    assert solver((MP + fs.Semicircle()).relation().numeric()).careful is False
    assert solver((DIFFERENCE + MP).relation().numeric()).careful is True


@pytest.mark.parametrize("w", [0.01 + 1e-3j, -4 + 1e-3j, 100 + 40j, -1 - 1e-3j, 4 - 9j])
def test_roots_of_points_stay_in_their_half_plane(w: complex) -> None:
    square = (fs.Semicircle() + fs.Uniform(-1, 1)).square().relation()
    (root,) = _inner_targets(square, w)
    assert root**2 == pytest.approx(w, rel=1e-14)
    assert (root.imag > 0) == (w.imag > 0)


@pytest.mark.parametrize(
    ("law", "mass"),
    [
        (MP @ fs.MarchenkoPastur(), 0),
        (fs.MarchenkoPastur() @ fs.MarchenkoPastur(), 0),
        (fs.Uniform(0, 1) @ fs.MarchenkoPastur(2), HALF),
        (fs.Bernoulli(F(1, 4)) @ fs.Uniform(0, 1), F(3, 4)),
        (fs.Semicircle() @ fs.Raney(F(5, 2), F(3, 2)).reshape(HALF), HALF),
        (fs.CompoundFreePoisson(F(1, 4), fs.TwoPoint(1, 2, HALF)) @ MP, F(3, 4)),
        (fs.CompoundFreePoisson(F(3, 2), fs.Bernoulli(HALF)) @ (MP + 1), F(1, 4)),
        ((fs.Discrete([0, 1, 2]) + 1) @ MP, 0),
        (fs.Discrete([-1, 0, 1]).square() @ MP, F(1, 3)),
    ],
    ids=repr,
)
def test_mass_at_zero(law: fs.Law, mass: Any) -> None:
    """What the solver is told of the atom at 0 is what the theorems say."""
    assert law.relation().numeric().mass_at_zero == pytest.approx(float(mass))
    assert float(law.atoms().get(0, 0)) == pytest.approx(float(mass))


def test_bounds_that_are_too_wide_do_not_make_laws_negative() -> None:
    """The edge of a sum is not the sum of the edges."""
    law = fs.Semicircle() + MP + F(19, 10)
    assert hull(law.relation().numeric())[0] < 0 < law.support()[0][0]
    assert is_positive(law.relation().numeric())
    assert not is_positive((law - 1).relation().numeric())


@pytest.mark.parametrize(
    ("row", "place"),
    [([0, 1, 0], None), ([0, 0, 1], 0.0), ([0, -0.6, 1], 0.3), ([0, 3, 1], None), ([5], None)],
)
def test_turning_points_of_positions(row: list[float], place: float | None) -> None:
    found = _turning_point(_padded(legendre.poly2leg(row)))
    assert found == (None if place is None else pytest.approx(place, abs=1e-12))


@pytest.mark.parametrize(
    "law",
    [
        fs.boolean_sum(fs.Semicircle(), fs.Uniform(0, 1)) + MP,
        fs.boolean_sum(fs.Uniform(0, 1), fs.Uniform(0, 1)) @ MP,
        fs.monotone(MP, fs.Uniform(0, 1)) + fs.boolean_sum(MP, MP) + fs.Uniform(0, 1),
    ],
    ids=repr,
)
def test_potentials_of_sums_with_integrated_parts(law: fs.Law) -> None:
    """Far away they are series in the moments: ``log x - m_1/x - m_2/(2 x^2) - ...``."""
    x = 8 * max(abs(end) for interval in law.support() for end in interval)
    terms = (float(m) / (k * x**k) for k, m in enumerate(law.moments(18), 1))
    assert law.log_potential(x) == pytest.approx(math.log(x) - math.fsum(terms), rel=1e-12)
    assert law.cdf(x) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle() + MP,
        fs.MarchenkoPastur() @ fs.MarchenkoPastur(2),
        fs.Uniform(0, 1) + fs.Semicircle(),
        fs.Uniform(0, 1) + fs.Uniform(0, 1),
    ],
    ids=repr,
)
def test_edges_are_extrapolated_to_the_last_digits(law: fs.Law) -> None:
    """Bisection alone ends where the density is as small as rounding."""
    for found, exact in zip(law.edges(), law.edges(digits=25), strict=True):
        assert abs(found - float(exact)) <= 1.5e-15 * max(abs(float(exact)), 1)


def test_log_determinants_of_products_by_their_factors() -> None:
    """``E log X = 2 log 2 - 1`` for the uniform law on [1, 2]."""
    law = fs.Uniform(1, 2) @ fs.Uniform(1, 2)
    expected = 2 * (2 * math.log(2) - 1)
    assert law.log_potential(0) == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(law.log_potential([0.0, 0.0]), expected, rtol=1e-14)


@pytest.mark.long
def test_r_transforms_of_laws_without_known_bounds() -> None:
    found = (DIFFERENCE + fs.Uniform(0, 1)).R(0.1)
    assert found == pytest.approx(0.3 + fs.Uniform(0, 1).R(0.1), rel=1e-13)


def test_levels_next_to_the_ends_of_tables() -> None:
    for law in (fs.Semicircle(), MP + fs.Uniform(0, 1)):
        levels = np.geomspace(1e-7, 1e-2, 12)
        for q in (levels, 1 - levels):
            x = _inverted(quantile_table(law.relation().numeric()), q)[2]
            np.testing.assert_allclose(law.cdf(x), q, atol=2e-8)


def test_where_the_transform_vanishes_there_is_no_density() -> None:
    """Midway between two equal atoms."""
    x = np.linspace(-1.05, 0.05, 257)
    assert -0.5 in x
    for law in (-fs.Bernoulli(HALF), fs.Discrete([-1, 0])):
        assert not law.density(x).any()


def test_middles_of_laws_without_known_bounds_are_means() -> None:
    assert _about_the_mean((DIFFERENCE + 2).relation().numeric()) == pytest.approx(2)
    assert _about_the_mean((MP + fs.Uniform(-1, 1)).relation().numeric()) == pytest.approx(1, abs=1)


def test_tables_begin_and_end_with_their_outermost_nodes() -> None:
    table = quantile_table(fs.Semicircle().relation().numeric())
    assert (table.x[0], table.x[-1]) == (-2, 2)
    assert table.cdf[0] == table.cdf[1] < 1e-9
    assert table.cdf[-1] == table.cdf[-2] > 1 - 1e-9


def test_cubics_of_tables_are_solved_to_rounding() -> None:
    """Between two nodes the table is the cubic with its values and slopes."""
    table = quantile_table(MP.relation().numeric())
    levels = np.linspace(0.01, 0.99, 50)
    low, high, x = _inverted(table, levels)
    left, right = (np.searchsorted(table.x, ends) for ends in (low, high))
    width = high - low
    t = (x - low) / width
    rise = table.cdf[right] - table.cdf[left]
    slopes = t * (1 - t) * width * ((1 - t) * table.density[left] - t * table.density[right])
    found = table.cdf[left] + t * t * (3 - 2 * t) * rise + slopes
    np.testing.assert_allclose(found, levels, atol=1e-13)
