"""Both sides of every identity: density, cdf, moments, atoms and support."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import freesym as fs
from freesym import Law
from tests.identities.table import IDENTITIES, Identity

#: Of the width of the support: where the density is infinite, edges are known to ten digits.
EDGE = 1e-10
ROWS = [pytest.param(row, id=f"{group}: {row.name}") for group, row in IDENTITIES]


def _interior(law: Law) -> Any:
    """Points of the continuous part, away from its edges, in no particular order."""
    edges = np.clip(law.edges(), -10.0, 10.0).reshape(-1, 2)
    shares = np.array([0.31, 0.07, 0.5, 0.93, 0.69, 0.15, 0.85])
    points = (edges[:, :1] + (edges[:, 1:] - edges[:, :1]) * shares).ravel()
    atoms = np.array([float(a) for a in law.atoms()])
    return points[[np.abs(atoms - x).min(initial=1.0) > 1e-3 for x in points]]


def _assert_atoms_agree(left: Law, right: Law, tolerance: float) -> None:
    first, second = left.atoms(), right.atoms()
    assert [float(a) for a in first] == pytest.approx([float(a) for a in second], abs=tolerance)
    masses = [[float(m) for m in atoms.values()] for atoms in (first, second)]
    assert masses[0] == pytest.approx(masses[1], abs=tolerance)


def _assert_supports_agree(left: Law, right: Law) -> None:
    first, second = np.array(left.support()), np.array(right.support())
    assert first.shape == second.shape
    scale = np.abs(second[np.isfinite(second)]).max(initial=1.0)
    np.testing.assert_allclose(first, second, rtol=0, atol=EDGE * scale)


def _assert_moments_agree(left: Law, right: Law) -> None:
    for a, b in zip(left.moments(8), right.moments(8), strict=True):
        if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
            assert a == b
        else:
            assert float(a) == pytest.approx(float(b), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("row", ROWS)
def test_identity(row: Identity) -> None:
    left, right = row.left, row.right
    _assert_atoms_agree(left, right, row.tolerance)
    _assert_supports_agree(left, right)
    if row.has_moments:
        _assert_moments_agree(left, right)
    x = _interior(right)
    if not x.size:
        x = np.array([-0.3, 0.4, 1.7, 5.2])
    np.testing.assert_allclose(left.density(x), right.density(x), rtol=row.tolerance)
    np.testing.assert_allclose(left.cdf(x), right.cdf(x), rtol=0, atol=row.tolerance)
    jumps = [law.cdf(np.array([float(a) for a in law.atoms()])) for law in (left, right)]
    np.testing.assert_allclose(*jumps, rtol=0, atol=row.tolerance)
    z = np.array([0.3 + 0.4j, -1.2 + 0.1j, 2.5 - 1j])
    np.testing.assert_allclose(left.G(z), right.G(z), rtol=row.tolerance)


@pytest.mark.parametrize(
    "law", [fs.Semicircle(), fs.Discrete([-1, 0, 2]), fs.MarchenkoPastur(2)], ids=repr
)
def test_adding_a_cauchy_law_shifts_the_transform(law: Law) -> None:
    """Freely and classically the same: the Poisson kernel (Bercovici & Voiculescu 1993)."""
    x = np.linspace(-4, 4, 41)
    expected = -law.G(x - 1 + 0.5j).imag / math.pi
    np.testing.assert_allclose((law + fs.Cauchy(1, 0.5)).density(x), expected, rtol=1e-12)


def test_a_single_row_decides() -> None:
    """The comparison fails for laws that differ."""
    with pytest.raises(AssertionError):
        test_identity(Identity("wrong", fs.Semicircle(), fs.Semicircle(0, 1.0001), ""))
    with pytest.raises(AssertionError):
        test_identity(Identity("wrong", fs.Bernoulli(0.5), fs.Bernoulli(0.5001), ""))
