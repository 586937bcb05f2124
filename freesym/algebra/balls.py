"""Real balls, midpoint and rigorous radius, for results that are rounded once.

The balls are Arb's (F. Johansson, *Arb: efficient arbitrary-precision midpoint-radius interval
arithmetic*, IEEE Trans. Computers 66, 2017).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flint

from freesym.algebra.coefficients import Coefficients, Scalar
from freesym.errors import PrecisionError

_PRECISIONS = (512, 1024, 4096, 16384)
_ACCURACY = 64

_lock = threading.RLock()


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Compute balls with the given precision; it is global, so one thread at a time does."""
    with _lock, flint.ctx.workprec(bits):
        yield


def rounded(compute: Callable[[], Coefficients], name: str) -> list[float]:
    """Return the numbers that ``compute`` encloses, as floats.

    It is called again with higher precision until every ball is known to 64 bits.  A ball around
    0 that is narrower than 900 bits of what cancelled in it is rounded to 0.

    Raises
    ------
    PrecisionError
        If 16384 bits are not enough.

    Examples
    --------
    >>> from freesym.algebra.coefficients import to_ball
    >>> rounded(lambda: [1 + to_ball(1e-30) - 1], "the number")
    [1e-30]
    """
    for bits in _PRECISIONS:
        with working_precision(bits):
            row = compute()
        if all(_is_sharp(value, bits) for value in row):
            return [_nearest(value) for value in row]
    raise PrecisionError(
        f"{name} cannot be computed with {_PRECISIONS[-1]} bits: some denominator is too close "
        "to 0; give the parameters as exact rational numbers"
    )


def _is_sharp(value: Any, bits: int) -> bool:
    if not value.is_finite():
        return False
    if value.contains(0):
        return value.is_exact() or bits > _PRECISIONS[0]
    return bool(value.rel_accuracy_bits() >= _ACCURACY)


def _nearest(value: Scalar) -> float:
    return 0.0 if value.contains(0) else float(value)
