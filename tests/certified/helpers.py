"""Comparisons at any precision."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath


def as_fraction(x: Any) -> Fraction:
    """An mpf as the binary number it is."""
    sign, man, exponent, _ = x._mpf_
    return Fraction(-int(man) if sign else int(man)) * Fraction(2) ** exponent


def agrees(x: Any, expected: Any, digits: int) -> bool:
    """Whether two numbers agree to so many digits, relative to the second."""
    with mpmath.workdps(digits + 20):
        wanted = mpmath.mpmathify(expected)
        error = abs(mpmath.mpmathify(x) - wanted)
        return bool(error <= mpmath.mpf(10) ** -digits * (abs(wanted) or 1))
