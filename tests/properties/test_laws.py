"""What holds for the spectrum of every law."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from hypothesis import assume, given, note, settings

from freesym import ConvergenceError, Law
from freesym.testing import quadrature
from tests.strategies import laws, positive

#: An edge is known to 1e-11 of the width; a density like (x - a)^(-1/2) integrates that to 3e-6.
#: Twenty estimates of the error of the quadrature are allowed on top.
INTEGRAL = 5e-6
NODES = 5


def _window(law: Law, n: int) -> Any:
    ends = np.array(law.support())
    low, high = ends[0, 0], ends[-1, 1]
    margin = 0.05 * (high - low) or 1.0
    x = np.linspace(low - margin, high + margin, n)
    # a point that would be 0 but for rounding is: beside an infinite density it may be refused
    x[np.abs(x) < 1e-14 * (high - low)] = 0.0
    return x


def _far_from(places: list[float], x: Any, distance: float) -> Any:
    if not places:
        return np.ones(x.shape, dtype=bool)
    return np.abs(x[:, None] - np.array(places)).min(axis=1) > distance


def _rough(law: Law) -> list[float]:
    return [*law.edges(), *quadrature.cuts(law)]


@settings(max_examples=max(10, settings().max_examples // 4))  # each integrates twice
@given(laws(max_nodes=NODES))
def test_moments_of_the_density_are_the_exact_moments(law: Law) -> None:
    found = quadrature.moments(law, 4)
    expected = np.array([1.0, *map(float, law.moments(4))])
    scale = quadrature.scales(law, 4)
    note(f"{found}, expected {expected}")
    assume((found.errors < 0.01 * scale).all())
    assert (np.abs(found.values - expected) <= INTEGRAL * scale + 20 * found.errors).all()


@given(laws(max_nodes=NODES, kind=positive))
def test_positive_laws_live_on_the_half_line(law: Law) -> None:
    assert law.is_positive
    assert law.support()[0][0] >= 0
    assert law.cdf(-1e-3 * law.support()[-1][1] - 1e-9) == 0
    np.testing.assert_array_equal(law.density([-1e-3, -0.5, -7.0]), 0.0)


@given(laws(max_nodes=NODES))
def test_the_density_is_positive_in_the_support_and_zero_outside(law: Law) -> None:
    x = _window(law, 257)
    x = x[_far_from(_rough(law), x, 1e-9 * (x[-1] - x[0]))]
    inside = np.array([any(a < p < b for a, b in law.support()) for p in x])
    rho = law.density(x)
    assert (rho[inside] > 0).all()
    assert (rho[~inside] == 0).all()


@given(laws(max_nodes=NODES))
def test_the_cdf_runs_from_0_to_1_and_integrates_the_density(law: Law) -> None:
    """Gauss-Legendre rules of 20 and 40 nodes on cells away from edges."""
    x = _window(law, 129)
    cdf = law.cdf(x)
    assert (np.diff(cdf) >= -1e-12).all()
    # Boolean, monotone and inverse laws have integrated potentials, good to about 1e-14
    assert abs(cdf[0]) <= 1e-12 and abs(cdf[-1] - 1) <= 1e-12
    assert law.cdf(-np.inf) == 0 and law.cdf(np.inf) == 1
    width = x[1] - x[0]
    middle = 0.5 * (x[1:] + x[:-1])
    fine = _far_from(_rough(law), middle, 1.5 * width)
    integrals = []
    for n in (20, 40):
        t, weights = np.polynomial.legendre.leggauss(n)
        points = middle[fine, None] + 0.5 * width * t
        integrals.append(law.density(points) @ weights * 0.5 * width)
    error = np.abs(integrals[1] - np.diff(cdf)[fine])
    # beside a narrow dip the two rules may be off to opposite sides
    assert (error <= 1e-10 + 2 * np.abs(integrals[1] - integrals[0])).all(), error.max()


@given(laws(max_nodes=NODES))
def test_quantiles_invert_the_cdf(law: Law) -> None:
    q = np.array([0.03, 0.25, 0.5, 0.77, 0.987])
    x = law.quantile(q)
    assert (np.diff(x) >= 0).all()
    smooth = _far_from(_rough(law), x, 1e-9 * max(1.0, *np.abs(x)))
    # points are known to rounding of the spectrum's size: beside an infinite density inside, the
    # values at neighbouring floating-point numbers are farther apart than 1e-12
    rounding = 1e-14 * max(abs(end) for interval in law.support() for end in interval)
    assert (law.cdf(x[smooth] - rounding) <= q[smooth] + 1e-12).all()
    assert (law.cdf(x[smooth] + rounding) >= q[smooth] - 1e-12).all()
    locations = [float(a) for a in law.atoms()]
    for level, place in zip(q, x, strict=True):
        if place in locations:
            assert law.cdf(place) >= level - 1e-12
    assert law.quantile(0) >= law.support()[0][0] and law.quantile(1) <= law.support()[-1][1]


@given(laws(max_nodes=NODES))
def test_the_transform_is_that_of_a_law(law: Law) -> None:
    spread = math.sqrt(float(law.free_cumulant(2))) or 1.0
    z = float(law.moment(1)) + spread * np.array([0.3 + 0.4j, -1.1 + 0.05j, 2 + 1j, 0.1j])
    g = law.G(z)
    assert (g.imag < 0).all()
    np.testing.assert_array_equal(law.G(z.conj()), g.conj())
    far = float(law.moment(1)) + spread * 1e8 * np.exp(1j * np.array([0.3, 1.5, 2.9]))
    np.testing.assert_allclose((far - float(law.moment(1))) * law.G(far), 1.0, rtol=1e-12)
    np.testing.assert_allclose(law.M(1 / z), z * g - 1, rtol=1e-9, atol=1e-12)


def _is_exact(x: Any, roots: bool) -> bool:
    return isinstance(x, (int, Fraction)) or (
        roots and isinstance(x, sympy.Expr) and bool(x.is_algebraic) and not x.has(sympy.Float)
    )


@given(laws(max_nodes=NODES))
def test_moments_and_cumulants_are_exact(law: Law) -> None:
    """Rational parameters give rational moments; empirical and pushed-forward laws floats.

    Moments of inverses are values of G at 0, such as -0.618..., the root of a polynomial.
    """
    moments, cumulants = law.moments(4), law.free_cumulants(4)
    names = ("Empirical", "Pushforward", "Equilibrium", "inverse", "moebius")
    if not any(name in repr(law) for name in names):
        roots = "multiplicative_power" in repr(law)  # of a scale: 2^(3/2)
        assert all(_is_exact(m, roots) for m in moments + cumulants)
    m1, m2, m3, _ = map(float, moments)
    k1, k2, k3, _ = map(float, cumulants)
    scale = quadrature.scales(law, 4)
    assert abs(k1 - m1) <= 1e-12 * scale[1]
    assert abs(k2 - (m2 - m1**2)) <= 1e-11 * scale[2]
    assert abs(k3 - (m3 - 3 * m1 * m2 + 2 * m1**3)) <= 1e-11 * scale[3]


@given(laws(max_nodes=NODES))
def test_masses_of_atoms(law: Law) -> None:
    """Masses lie in (0, 1], and the cdf jumps by them."""
    atoms = law.atoms()
    assert all(0 < float(m) <= 1 + 1e-12 for m in atoms.values())
    assert sum(map(float, atoms.values())) <= 1 + 1e-12
    for location, mass in atoms.items():
        x = float(location)
        below = law.cdf(x - 1e-12 * max(1.0, abs(x)))
        # beside the atom the continuous part may rise like the root of the distance
        assert law.cdf(x) - below >= float(mass) - 1e-7


@given(laws(max_nodes=NODES))
def test_the_log_potential_is_smooth_outside(law: Law) -> None:
    """``u' = G`` outside the support, by central differences of step ``h``: error ``h^2``."""
    low, high = law.support()[0][0], law.support()[-1][1]
    width = max(high - low, 1.0)
    x, h = np.array([low - width, high + 2 * width]), 1e-4 * width
    slope = (law.log_potential(x + h) - law.log_potential(x - h)) / (2 * h)
    np.testing.assert_allclose(slope, law.G(x).real, rtol=1e-7)


@given(laws(max_nodes=8))
def test_few_points_are_refused(law: Law) -> None:
    """A uniform grid of 1,000 points, placed without regard to edges."""
    x = _window(law, 1000)
    try:
        law.density(x)
    except ConvergenceError as error:
        raise AssertionError(f"{len(error.points)} points: {error.points[:3]}") from error
