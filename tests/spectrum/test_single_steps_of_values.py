"""Single steps of densities, quantiles and bounds, with values that are known by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb

import freesym as fs
from freesym.kernels import layout
from freesym.lowering.cells import Half
from freesym.lowering.measure import _join, _split
from freesym.relations.convolutions import Additive
from freesym.solve.preimages import _mass
from freesym.spectrum.arcs import _middle
from freesym.spectrum.atoms import _limit
from freesym.spectrum.beside import extent
from freesym.spectrum.bounds import _products
from freesym.spectrum.expansions import s_transform
from freesym.spectrum.quantiles import QuantileTable, _below_the_table, _without_rounding
from freesym.spectrum.support import _Scan

HALF = Fraction(1, 2)
MP = fs.MarchenkoPastur


def test_bounds_of_products_with_one_sign_or_both() -> None:
    assert _products((-2.0, 3.0), (0.5, 4.0)) == (-8.0, 12.0)
    assert _products((1.0, 3.0), (0.5, 4.0)) == (0.5, 12.0)
    assert _products((-3.0, -1.0), (0.5, 4.0)) == (-12.0, -0.5)
    assert _products((-1.0, 0.0), (0.5, math.inf)) == (-math.inf, 0.0)
    assert _products((0.0, 1.0), (-0.5, math.inf)) == (0.0, math.inf)


def test_the_extent_of_a_point_is_0() -> None:
    assert extent(fs.PointMass(0).relation().numeric()) == 0
    assert extent(fs.PointMass(3).relation().numeric()) == 0
    assert extent(fs.Uniform(1, 3).relation().numeric()) == 2
    assert extent(fs.Cauchy().relation().numeric()) == math.inf


def test_only_rounding_is_lifted() -> None:
    values = np.array([0.0, 0.5, 0.5 - 1e-12, 0.3, 1.0])
    assert _without_rounding(values).tolist() == [0.0, 0.5, 0.5, 0.3, 1.0]


@pytest.mark.parametrize("ends", [(-2, -1), (1, 2), (-1, 2), (None, -1), (3, None)])
def test_masses_of_normal_intervals(ends: tuple[Any, Any]) -> None:
    a, b = ends

    def below(x: float | None, otherwise: float) -> float:
        return otherwise if x is None else 0.5 * math.erfc(-x / math.sqrt(2))

    with flint.ctx.workprec(80):
        found = _mass(*(None if v is None else arb(v) for v in ends), normal=True)
    assert float(found) == pytest.approx(below(b, 1.0) - below(a, 0.0), rel=1e-13)
    assert found.rad() < 1e-20


def test_the_narrowest_panel_marks_a_kink() -> None:
    crowded: Any = Half.crowded.fget  # type: ignore[attr-defined]
    edges = np.array([0.1, 0.2, 0.20001, 1.0])
    assert crowded(SimpleNamespace(edges=edges, width=2.0)) == 2.0 * 0.2 * 0.20001
    assert crowded(SimpleNamespace(edges=edges[[0, 1, 3]], width=2.0)) == math.inf


@pytest.mark.parametrize(
    ("places", "split"), [((0, 1, 9, 10), 2), ((0, 8, 9, 10), 1), ((0, 1, 2, 10), 3), ((5, 5), 1)]
)
def test_sources_are_split_at_half_of_their_extent(places: tuple[int, ...], split: int) -> None:
    """Never into nothing and all."""
    ends = np.array(places, dtype=float)
    sources: Any = SimpleNamespace(low=ends, high=ends)
    assert _split(sources, 0, len(ends)) == split


@pytest.mark.parametrize(
    "law",
    [
        fs.CompoundFreePoisson(2, MP(HALF)),
        (MP(HALF) @ MP(2)).reshape(HALF),
        3 * MP(HALF),
    ],
    ids=repr,
)
def test_s_transforms_of_trees_without_a_search(law: fs.Law) -> None:
    """``psi = z g - 1`` at ``z = (1 + psi)/(psi S(psi))``."""
    for psi in (0.01 + 0.02j, -0.03 + 0.01j):
        s = complex(s_transform(law.relation(), psi))
        z = (1 + psi) / (psi * s)
        assert z * law.G(z) - 1 == pytest.approx(psi, rel=1e-10)


def test_products_with_laws_that_have_atoms_and_bands() -> None:
    """``P(X Y <= x)`` for ``Y`` uniform on ``(1, 2)``, by hand."""
    mixed = fs.mixture([fs.Uniform(0, 1), fs.PointMass(2), fs.PointMass(-3)])
    law = fs.classical_product(mixed, fs.Uniform(1, 2))
    for x, expected in ((-7, 0), (-4.5, 1 / 6), (-3, 1 / 3), (2, 2 / 3), (3, 5 / 6), (4, 1)):
        assert law.cdf(x) == pytest.approx(expected, abs=1e-12)


def test_terms_with_powers_enter_log_potentials() -> None:
    """The slope of the log-potential is G."""
    law = fs.Uniform().additive_power(3) + MP(HALF)
    assert isinstance(law.relation(), Additive)
    x, h = 9.0, 1e-4
    slope = (law.log_potential(x + h) - law.log_potential(x - h)) / (2 * h)
    assert slope == pytest.approx(law.G(x).real, rel=1e-8)
    assert law.log_potential(1e9) == pytest.approx(math.log(1e9), abs=1e-8)


def test_limits_of_masses_beside_atoms() -> None:
    """What falls as a power is no mass; what settles geometrically is continued."""
    assert _limit(np.array([1.0, 0.4, 0.16])) == 0
    assert _limit(0.5 + 0.1 ** np.arange(1.0, 4.0)) == pytest.approx(0.5, rel=1e-12)
    assert _limit(np.array([0.5, 0.5, 0.5])) == 0.5


def test_brackets_that_span_powers_are_halved_geometrically() -> None:
    low = np.array([1e-10, 1.0, -1.0, -1.0])
    high = np.array([1.0, 2.0, -1e-10, 1e-10])
    assert _middle(low, high) == pytest.approx([1e-5, 1.5, -1e-5, 0.5 * (1e-10 - 1)], rel=1e-14)


def test_quantiles_below_the_first_point_follow_the_power_law() -> None:
    """``P(X <= x) = 0.1 (x/x_1)^(1/4)`` up to the first point ``x_1 = 1e-290``."""
    first, power, level = 1e-290, 0.25, 0.1
    table = QuantileTable(
        np.array([0.0, first, 1.0]), np.array([0.0, level, 1.0]),
        np.array([np.inf, power * level / first, 0.0]),
    )  # fmt: skip
    q = np.array([0.01, 0.05, 0.09, 0.5])
    x = np.full(4, np.nan)
    _below_the_table(table, q, x)
    assert x[:3] == pytest.approx(first * (q[:3] / level) ** (1 / power), rel=1e-12, abs=0)
    assert np.isnan(x[3])


@pytest.mark.parametrize("side", [0, 1])
def test_soft_edges_are_extrapolated_from_outside(side: int) -> None:
    """The square of ``dz/ds`` is linear there, up to the power 3/2 of the distance."""
    law = fs.Semicircle() + MP(HALF)
    edge = float(law.edges(digits=25)[side])
    scan: Any = SimpleNamespace(relation=law.relation().numeric())
    errors = []
    for width in (1e-8, 1e-9):
        out, into = (edge + sign * width * (1 if side else -1) for sign in (1, -1))
        errors.append(abs(_Scan._extrapolated(scan, out, into) - edge))
    assert errors[0] < 1e-8 / 50
    assert errors[1] < errors[0] / 20


def test_narrow_bands_without_mass_are_noise() -> None:
    def scan(density: float) -> Any:
        return SimpleNamespace(_at=lambda x: (np.full(len(x), density), None))

    assert _Scan._is_noise(scan(1e-3), 1.0, 1.0 + 2e-7, 3.0)
    assert not _Scan._is_noise(scan(1e-3), 1.0, 1.5, 3.0)
    assert not _Scan._is_noise(scan(1e2), 1.0, 1.0 + 2e-7, 3.0)


def test_joints_of_panels_grow_with_the_panels() -> None:
    def joint(scale: float) -> tuple[float, float]:
        first, second = (
            SimpleNamespace(left=a * scale, right=b * scale, slopes=(9.0 * scale, 9.0 * scale),
                            reals=np.zeros(64))
            for a, b in ((0, 1), (1, 3))
        )  # fmt: skip
        _join(first, second)  # type: ignore[arg-type]
        assert first.reals[layout.RIGHT_JOINT] == second.reals[layout.LEFT_JOINT]
        assert first.reals[layout.RIGHT_FLOOR] == second.reals[layout.LEFT_FLOOR]
        return first.reals[layout.RIGHT_JOINT], first.reals[layout.RIGHT_FLOOR]

    square, floor = joint(1.0)
    assert 0 < square <= 0.25
    assert joint(8.0) == pytest.approx((64 * square, 8 * floor), rel=1e-14, abs=0)
    assert joint(0.125) == pytest.approx((square / 64, floor / 8), rel=1e-14, abs=0)
