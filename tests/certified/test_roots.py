"""Densities by the root of the polynomial against those by the tree: two proofs, one number."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

import freesym as fs
from freesym.spectrum import certified_values
from freesym.transforms import certified_roots

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
DIGITS = 40
LAWS: dict[str, fs.Law] = {
    "quadratic": fs.MarchenkoPastur(HALF) - 1,
    "cubic": fs.Semicircle() + fs.MarchenkoPastur(HALF),
    "two bands": fs.TwoPoint(-1, 2, THIRD) + fs.Semicircle(0, THIRD),
    "atoms": fs.MarchenkoPastur(2) @ fs.Bernoulli(THIRD),
    "quartic": fs.Discrete([-2, 0, 3], [THIRD] * 3) + fs.Semicircle(),
    "hard edge": fs.MarchenkoPastur(1) @ fs.MarchenkoPastur(1),
    "inverse": (fs.MarchenkoPastur(HALF) + 1).inverse(),
    "square": (fs.Semicircle() + fs.TwoPoint(-1, 1, HALF)).square(),
}


def by_tree(law: fs.Law, x: Fraction) -> Any:
    return certified_values._density_ball(law._exact, x, DIGITS, None)


def by_root(law: fs.Law, x: Fraction) -> Any:
    return certified_roots.density(law._exact, x, DIGITS)


@pytest.mark.parametrize("name", LAWS)
def test_both_proofs_agree(name: str) -> None:
    law = LAWS[name]
    low, high = law.edges()[0], law.edges()[-1]
    grid = np.linspace(low - 0.3, high + 0.3, 47)
    points = [Fraction(x).limit_denominator(1000) for x in grid]
    met = 0
    for x in points:
        found = by_root(law, x)
        if found is None:
            continue
        met += 1
        expected = by_tree(law, x)
        assert found.overlaps(expected), x
        assert found == 0 or found.rel_accuracy_bits() >= DIGITS * 3.3
    assert met >= 40


def test_beside_singular_points_the_tree_decides() -> None:
    """Edges of this law are 0 and 2 exactly: no interval contains them."""
    law = fs.MarchenkoPastur(1, HALF)
    assert by_root(law, Fraction(0)) is None
    assert by_root(law, Fraction(2)) is None
    near = Fraction(2) - Fraction(1, 2**100)
    assert law.density(near, digits=20) == pytest.approx(
        float(law.density(near, digits=40)), rel=1e-15
    )


def test_only_one_root_may_be_below() -> None:
    """Where two pairs are complex, roots alone do not tell which is the law's."""
    law = fs.monotone(fs.Semicircle(), fs.Semicircle(1, Fraction(1, 4)))
    curve = certified_roots._curve(law._exact)
    assert curve is not None
    x = Fraction(6, 5)
    roots = [flint.acb(root) for root, _ in curve._polynomial(x).complex_roots()]
    assert sum(bool(root.imag < 0) for root in roots) == 2
    assert by_root(law, x) is None
    assert float(law.density(x, digits=DIGITS)) == pytest.approx(law.density(1.2), rel=1e-13)


def test_a_point_beside_an_edge_decides_nothing_about_others() -> None:
    """The edge is 1 + sqrt(2), known here to 2^-53: whatever is said of it, 1 is inside."""
    law = fs.Semicircle(1, HALF)
    by_root(law, 1 + Fraction(math.sqrt(2)))
    assert by_root(law, Fraction(1)) is not None


def test_large_and_other_curves_are_left_to_the_tree() -> None:
    assert by_root(fs.Semicircle() + fs.Uniform(), HALF) is None
    six = fs.Discrete(range(6), [Fraction(1, 6)] * 6)
    assert by_root(six + fs.Semicircle(), HALF) is None
    assert by_root(LAWS["cubic"], HALF + Fraction(1, 2**600)) is None


def test_a_wrong_neighbour_is_no_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the certified value is not the root below the axis, nothing is said."""
    law = fs.Semicircle() + fs.MarchenkoPastur(THIRD)
    curve = certified_roots._curve(law._exact)
    assert curve is not None
    true = certified_roots.enclosed
    monkeypatch.setattr(certified_roots, "enclosed", lambda r, z, bits: _moved(true(r, z, bits)))
    assert curve._decided(Fraction(1, 7)) is None


def _moved(found: Any) -> Any:
    return type(found)(found.g * flint.acb(1 + 2.0**-20), found.psi)
