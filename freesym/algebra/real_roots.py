"""Real zeros of polynomials with integer coefficients, isolated by FLINT."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import flint

from freesym.algebra.balls import working_precision

# Enough for floats and for forty digits, so that these share one isolation.
_BITS = 160


def real_roots(coefficients: Sequence[int]) -> list[float]:
    """The distinct real zeros, ascending; the coefficients ascend too.

    Examples
    --------
    >>> real_roots([-2, 0, 1])
    [-1.4142135623730951, 1.4142135623730951]
    """
    return [float(root.mid()) for root in real_root_balls(tuple(coefficients))]


def real_root_balls(coefficients: tuple[int, ...], bits: int = 53) -> tuple[Any, ...]:
    """The distinct real zeros with an accuracy of so many bits, ascending, as ``arb``."""
    return _isolated(coefficients, max(_BITS, bits))


@lru_cache(maxsize=128)
def _isolated(coefficients: tuple[int, ...], bits: int) -> tuple[Any, ...]:
    with working_precision(bits):
        zeros: Any = flint.fmpz_poly(list(coefficients)).complex_roots()
    # balls around simple real zeros have the imaginary part 0 exactly
    found = [root.real for root, _ in zeros if root.imag == 0]
    return tuple(sorted(found, key=lambda root: root.mid()))
