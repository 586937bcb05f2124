"""Laws moved by affine and Moebius maps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import freesym as fs


@pytest.mark.parametrize("p, q, r, s", [(1, 2, 3, 4), (4, 1, 3, 2), (0, 5, 1, 2), (2, 3, 0, 7)])
def test_moebius_maps_move_atoms(p: Any, q: Any, r: Any, s: Any) -> None:
    points = [Fraction(0), Fraction(1), Fraction(3)]
    found = fs.Discrete(points).moebius(p, q, r, s).atoms()
    moved = [(p * x + q) / (r * x + s) for x in points]
    assert found == dict.fromkeys(moved, Fraction(1, 3))
