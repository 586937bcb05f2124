"""Transforms at real points: infinite at atoms and hard edges, inverted beyond the spectrum."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.errors import ConvergenceError
from freesym.nets import NtkLaw

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
MP = fs.MarchenkoPastur


@pytest.mark.parametrize(
    ("law", "points"),
    [
        (fs.Bernoulli(HALF), [0, 1]),
        (fs.Discrete([0, 1, 3]), [0, 1, 3]),
        (fs.PointMass(2), [2]),
        (MP(2), [0]),
        (MP(1), [0]),
        (fs.Bernoulli(HALF) + fs.Bernoulli(HALF), [0, 2]),
        (fs.Arcsine(-1, 1), [-1, 1]),
        (fs.Uniform(0, 1), [0, 1]),
        (fs.mixture([fs.Uniform(0, 1), fs.Semicircle(5, 1)], [HALF, HALF]), [0, 1]),
        (MP(1) @ MP(1) @ fs.Bernoulli(HALF), [0]),
    ],
    ids=str,
)
def test_transforms_are_infinite_at_atoms_and_hard_edges(law: fs.Law, points: list[float]) -> None:
    assert np.isinf(law.G(points)).all()
    assert all(np.isinf(law.G(x)) for x in points)
    assert np.isfinite(law.G(np.array(points) + 1e-3j)).all()


@pytest.mark.parametrize(
    ("law", "points"),
    [(fs.Semicircle(), [-2, 2]), (MP(1), [4]), (MP(HALF), [2]), (fs.Uniform(0, 1), [0.5, 2])],
    ids=str,
)
def test_transforms_are_finite_at_soft_edges(law: fs.Law, points: list[float]) -> None:
    assert np.isfinite(law.G(points)).all()


def test_moment_transform_is_infinite_at_reciprocal_atoms() -> None:
    found = fs.Bernoulli(HALF).M([1, 0.5, 2, 2 + 1j])
    assert np.isinf(found[0])
    # M = z/(2 (1 - z))
    assert found[1:] == pytest.approx([0.5, -1, -0.75 + 0.25j], rel=1e-14)


def test_transforms_at_zero_in_a_gap() -> None:
    """E 1/X = 1/(1 - c): psi is -1 there, where the chart of S is singular."""
    assert MP(HALF).G(0) == pytest.approx(-2, rel=1e-12)
    assert (MP(HALF) @ MP(THIRD)).G([0, 9])[0] == pytest.approx(-3, rel=1e-12)


# ------------------------------------------------------------------------------ R and S


def gap_law() -> fs.Law:
    return fs.Semicircle(0, Fraction(1, 100)) + fs.Discrete([-1, 0, 5])


def test_inverses_are_not_looked_for_in_gaps() -> None:
    """G takes the value 1 between the atoms 0 and 5 too, but the R-transform belongs to z > 5.

    It is that of the three points, which a cubic gives, and that of the semicircle, w/100.
    """
    w = np.array([0.2, 1.0, 3.0, -2.0])
    expected = []
    for value in w:
        # w (z + 1) z (z - 5) = ((z + 1) z + z (z - 5) + (z + 1)(z - 5))/3
        whole = np.poly([-1, 0, 5])
        roots = np.roots(value * whole - np.concatenate([[0], np.polyder(whole) / 3])).real
        z = roots.max() if value > 0 else roots.min()
        expected.append(z - 1 / value + value / 100)
    assert gap_law().R(w) == pytest.approx(expected, rel=1e-12)


def test_inverse_of_a_tangent_kernel() -> None:
    """A law that is solved numerically, against G beyond its spectrum and its atom."""
    law = NtkLaw(fs.PointMass(1), 0.3, (0.5, 2.0), (0.4,), (0.6,), (3.0,))
    top = law.support()[-1][1]
    for z in (1.05 * top, 2 * top, 50 * top):
        w = law.G(z).real
        assert law.R(w) == pytest.approx(z - 1 / w, rel=1e-9)
    for z in (0.2, -5.0):
        w = law.G(z).real
        assert law.R(w) == pytest.approx(z - 1 / w, rel=1e-9)


def test_inverses_end_at_the_spectrum() -> None:
    law = fs.Semicircle()
    assert law.R([0.99, -0.999, 1e-12]) == pytest.approx([0.99, -0.999, 1e-12], rel=1e-12)
    with pytest.raises(ConvergenceError, match="ends at the spectrum"):
        law.R(1.5)
    with pytest.raises(ConvergenceError, match="ends at the spectrum"):
        law.R(1.5 - 1.5j)
    with pytest.raises(ConvergenceError, match="ends at the spectrum"):
        fs.Bernoulli(HALF).S(-0.5)


def test_complex_arguments_follow_the_branch_at_infinity() -> None:
    w = np.array([0.3 - 0.2j, 2 - 5j, -4 + 3j, 0.01j])
    # R = (w - 1 + sqrt(1 + w^2))/(2 w), whose root has its cuts beyond +-i
    expected = (w - 1 + np.sqrt(1 + 1j * w) * np.sqrt(1 - 1j * w)) / (2 * w)
    assert fs.Bernoulli(HALF).R(w) == pytest.approx(expected, rel=1e-11)


@pytest.mark.long
def test_s_transform_continues_through_the_negative_axis() -> None:
    """S = 1/(1 + m/2) up to psi at the lower edge, -1.414; through z = 0 at m = -1."""
    m = np.array([-1.4, -1.1, -0.9, -0.1, 0.2, 1.0])
    assert MP(HALF).S(m) == pytest.approx(1 / (1 + m / 2), rel=1e-10)
    with pytest.raises(ConvergenceError):
        MP(HALF).S(-1.5)


def test_laws_without_mean_state_their_r_transform() -> None:
    """In the lower half-plane and on the line location - i scale; reflected above it."""
    assert fs.Cauchy().R(0.1) == -1j
    assert fs.Cauchy(1, 2).R([0, 0.1 - 0.1j, 0.1 + 0.1j]) == pytest.approx([1 - 2j, 1 - 2j, 1 + 2j])
    law = 2 * fs.Cauchy() + fs.Semicircle() + 3
    assert law.R(0.2 - 0.1j) == pytest.approx(3.2 - 2.1j, rel=1e-12)
    w = law.G(1 + 4j)
    assert law.R(w) + 1 / w == pytest.approx(1 + 4j, rel=1e-12)
