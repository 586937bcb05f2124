"""Every law against an independent closed form, at points off and on the axis."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from freesym.relations.leaf import Leaf
from freesym.spectrum.evaluate import transforms

from .tables import CLOSED

NAMES = sorted(CLOSED)
WITHOUT_POTENTIAL = {"cauchy transform"}
WITHOUT_MOMENTS = {"cauchy"}


def upper_points() -> NDArray[np.complex128]:
    """Points of the upper half-plane, some close to the axis."""
    rng = np.random.default_rng(7)
    return 3 * rng.standard_normal(60) + 1j * np.geomspace(1e-4, 4.0, 60)


def real_points() -> NDArray[np.complex128]:
    """Points of the axis."""
    return (4 * np.random.default_rng(8).standard_normal(40)).astype(complex)


@pytest.mark.parametrize("name", NAMES)
def test_cauchy_transform(name: str) -> None:
    law, closed = CLOSED[name]
    z = np.concatenate([upper_points(), real_points()])
    found = transforms(law.relation().numeric(), z)
    expected = np.array([closed(complex(point)) for point in z])
    assert np.max(np.abs(found.g - expected) / np.abs(expected)) < 1e-11
    assert np.max(np.abs(found.psi - (z * found.g - 1))) < 1e-13


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_POTENTIAL))
def test_the_potential_integrates_the_transform(name: str) -> None:
    relation = CLOSED[name][0].relation().numeric()
    assert relation.has_potential()
    z = upper_points()
    h = 1e-3 * z.imag
    u = [transforms(relation, z + k * h, potential=True).u for k in (-2, -1, 1, 2)]
    slope = (u[0] - 8 * u[1] + 8 * u[2] - u[3]) / (12 * h)
    g = transforms(relation, z).g
    assert np.max(np.abs(slope - g) / np.abs(g)) < 1e-7


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_POTENTIAL))
def test_the_potential_is_a_logarithm_far_away(name: str) -> None:
    relation = CLOSED[name][0].relation().numeric()
    z = 1e7 * np.exp(1j * np.array([0.2, 1.5, 2.9]))
    u = transforms(relation, z, potential=True).u
    assert np.max(np.abs(u - np.log(z))) < 1e-6


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_POTENTIAL - WITHOUT_MOMENTS))
def test_total_mass_by_the_potential(name: str) -> None:
    """The distribution function is 0 below and 1 above."""
    relation = CLOSED[name][0].relation().numeric()
    u = transforms(relation, np.array([-50, 50], dtype=complex), potential=True).u
    assert np.allclose(1 - u.imag / np.pi, [0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_MOMENTS))
def test_moments_by_a_contour_integral(name: str) -> None:
    law = CLOSED[name][0]
    z = 25 * np.exp(1j * np.pi * (np.arange(120) + 0.5) / 120)
    g = transforms(law.relation().numeric(), z).g
    for n, moment in enumerate(law.moments(5), 1):
        contour = np.mean((z ** (n + 1) * g).real)
        assert contour == pytest.approx(float(moment), rel=1e-8, abs=3e-7)


@pytest.mark.parametrize("name", NAMES)
def test_charts_are_symmetric_and_consistent(name: str) -> None:
    """At mirrored coordinates the states are mirrored, and ``psi = w g - 1``."""
    relation = CLOSED[name][0].relation().numeric()
    if not isinstance(relation, Leaf):
        pytest.skip("the law is built from other laws")
    up = relation.chart == "w"
    for s in (0.3 - 0.2j, -0.4 - 0.7j, 1.5 - 0.3j, 2.5 - 1.1j):
        coordinate = s.conjugate() if up else s
        state, mirror = relation.state(coordinate), relation.state(coordinate.conjugate())
        assert state.psi == pytest.approx(state.w * state.g - 1, abs=1e-13)
        for field in ("w", "g", "psi"):
            value = complex(getattr(state, field))
            assert complex(getattr(mirror, field)) == pytest.approx(value.conjugate(), rel=1e-14)
        if up and relation.has_potential():
            u, v = complex(state.potential()), complex(mirror.potential())
            assert v == pytest.approx(u.conjugate(), rel=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_numeric_parameters_give_the_same_curve(name: str) -> None:
    relation = CLOSED[name][0].relation()
    rebuilt = relation.numeric().numeric()
    assert rebuilt == relation.numeric()
    assert dataclasses.is_dataclass(rebuilt)


@pytest.mark.long
def test_the_table_of_closed_forms_maps_to_the_lower_half_plane() -> None:
    for _, closed in CLOSED.values():
        assert all(closed(complex(z)).imag < 0 for z in upper_points())
        assert abs(1e3j * closed(1e3j) - 1) < 2e-2
