"""Real zeros of polynomials with integer coefficients, isolated by FLINT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flint


def real_roots(coefficients: Sequence[int]) -> list[float]:
    """The distinct real zeros, ascending; the coefficients ascend too.

    Examples
    --------
    >>> real_roots([-2, 0, 1])
    [-1.4142135623730951, 1.4142135623730951]
    """
    zeros: Any = flint.fmpz_poly(list(coefficients)).complex_roots()
    # balls around simple real zeros have the imaginary part 0 exactly
    found = [root for root, _ in zeros if root.imag == 0]
    return sorted(float(root.real.mid()) for root in found)
