"""Atoms of Boolean and monotone sums: narrow ones, all of their digits, parts without bounds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs


def test_an_atom_between_close_poles_is_found() -> None:
    """Place and mass by the roots of the numerator of ``1/G``, to 25 digits with SymPy."""
    law = fs.boolean_sum(
        fs.Discrete(
            [-2, 0, 1, 3], [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
        ),
        fs.Discrete([-1, 0, 1]),
    )
    atoms = {float(a): float(m) for a, m in law.atoms().items()}
    place = min(atoms, key=lambda a: abs(a - 0.578))
    assert place == pytest.approx(0.5779445760884606625, rel=1e-13)
    assert atoms[place] == pytest.approx(5.68635098150203e-7, rel=1e-8)
    assert sum(atoms.values()) == pytest.approx(1, abs=1e-12)


_THREE = fs.Semicircle(variance=3)
#: The same law, of which the tree shows no bounds.
_DIFFERENCE = fs.Semicircle(variance=4).additive_deconvolve(fs.Semicircle())


def _pair(a: float, b: float) -> fs.Law:
    return fs.TwoPoint(a, b, Fraction(1, 2))


@pytest.mark.parametrize(
    "combined",
    [
        lambda law: fs.boolean_sum(law, _pair(-30, 40)),
        lambda law: fs.boolean_sum(law + 3, fs.Uniform(0, 1)),
        lambda law: fs.monotone(_pair(-3, 4), law + 1),
        lambda law: fs.monotone(law, _pair(-30, 40)),
        lambda law: fs.boolean_sum(_pair(-1, 1), 2 * law.inverse()),
    ],
)
def test_parts_without_known_bounds(combined: Callable[[fs.Law], fs.Law]) -> None:
    """Nothing is looked for at infinity, and nothing in between is overlooked."""
    law, expected = combined(_DIFFERENCE), combined(_THREE)
    assert list(law.atoms()) == pytest.approx(list(expected.atoms()), abs=1e-13)
    assert list(law.atoms().values()) == pytest.approx(list(expected.atoms().values()), rel=1e-12)
    found, known = (np.array(one.support()) for one in (law, expected))
    np.testing.assert_allclose(found, known, atol=1e-12)


def test_parts_on_the_whole_line_leave_no_room_for_atoms() -> None:
    assert fs.boolean_sum(fs.Cauchy(), fs.Uniform(0, 1)).atoms() == {}


def test_masses_have_all_their_digits() -> None:
    """Sixteen atoms, whose masses sum to 1."""
    weights = [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
    part = fs.Discrete([-2, 0, 1, 3], weights)
    atoms = fs.monotone(part, part).atoms()
    assert len(atoms) == 16
    assert sum(atoms.values()) == pytest.approx(1, abs=1e-14)
    # F(F(x)) = 0 at an atom of mass 1/(F'(F(x)) F'(x)); at a point of mass p the slope is 1/p
    points = np.array([-2.0, 0.0, 1.0, 3.0])
    p = np.array([float(w) for w in weights])

    def reciprocal(x: float) -> tuple[float, float]:
        if x in points:
            return 0.0, 1 / float(p[points == x][0])
        g = float(np.sum(p / (x - points)))
        return 1 / g, float(np.sum(p / (x - points) ** 2)) / g**2

    for place, mass in atoms.items():
        inner, slope = reciprocal(float(place))
        nearest = int(np.argmin(np.abs(points - inner)))
        assert inner == pytest.approx(points[nearest], abs=1e-11)
        assert float(mass) == pytest.approx(p[nearest] / slope, rel=1e-11)
