"""Elementary functions of the number systems that states are computed in."""

from __future__ import annotations

import cmath
from fractions import Fraction
from typing import Any

import pytest

from freesym.relations import functions


@pytest.mark.parametrize("x", [4, Fraction(9, 4), 0, 0.25, -4, -0.25, Fraction(-9, 4)])
def test_square_roots_of_real_numbers(x: Any) -> None:
    """Real where they can be, on the upper side of the cut elsewhere."""
    root = functions.sqrt(x)
    assert isinstance(root, complex if x < 0 else float)
    assert root == cmath.sqrt(x)
