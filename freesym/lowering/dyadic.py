"""Panels of a measure between two singular points, dyadic towards both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from freesym.lowering.measure import Panel

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_TOLERANCE = 3e-15
_RELATIVE = 2e-14
_NEGLIGIBLE = 1e-18
_NARROW = 64 * float(np.finfo(float).eps)

# Legendre series of at most 16 terms
_NODES, _WEIGHTS = np.asarray(legendre.leggauss(24), dtype=np.float64)
_VANDER: Floats = np.asarray(legendre.legvander(_NODES, 15), dtype=np.float64)
_FIT: Floats = np.asarray(np.linalg.pinv(_VANDER), dtype=np.float64)
# the series on the lower and on the upper half of the interval
_HALVES: tuple[Floats, ...] = tuple(
    np.asarray(0.5 * _FIT @ legendre.legvander(0.5 * _NODES + s, 15)) for s in (-0.5, 0.5)
)


def spread(
    low: float, high: float, along: Callable[[Floats], Floats], sign: float = 1.0
) -> Iterator[Panel]:
    """Panels between two points, for a mass density along ``t``.

    The point lies ``t^2`` halves of the interval from its lower end if ``t > 0``, else from the
    upper one.
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)

    def place(t: float) -> float:
        if abs(t) == 1:
            return sign * middle
        return sign * (high - half * t * t if t < 0 else low + half * t * t)

    for a, b, row in _dyadic_pieces(along, abs(low) / half):
        yield _panel(place(a), place(b), a, b, row)
    for a, b, row in _dyadic_pieces(lambda t: along(-t), abs(high) / half):
        yield _panel(sign * high if a == 0 else place(-a), place(-b), a, b, row)


def _panel(left: float, right: float, a: float, b: float, density: Floats) -> Panel:
    """The panel on which the position runs like ``t^2`` from ``a^2`` to ``b^2``."""
    if not a:
        return Panel.affine(left, right, density[:1])
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    square, linear = 2 / 3 * half * half, 2 * middle * half
    offset = np.array([linear - square, linear, square])
    return Panel(left, right, offset * ((right - left) / (2 * linear)), density)


def _dyadic_pieces(
    along: Callable[[Floats], Floats], blur: float
) -> Iterator[tuple[float, float, Floats]]:
    """Intervals of ``t`` with Legendre series of the mass along them; the lowest starts at 0."""
    powers = np.exp2(-np.arange(260, dtype=np.float64))
    amounts = along(powers) * powers
    light = (amounts <= _NEGLIGIBLE) | (powers * powers <= _NARROW * blur)
    last = int(np.argmax(light)) if light.any() else len(powers) - 1
    if not amounts[: last + 1].any():
        return
    grid = powers[: max(last, 1) + 1].tolist()
    lowest = np.asarray(along(0.5 * grid[-1] * (1 + _NODES)) @ _WEIGHTS, dtype=np.float64)
    yield 0.0, grid[-1], np.atleast_1d(0.25 * grid[-1] * lowest)
    pending = [(b, a) for a, b in pairwise(grid)]
    coarse = set(pending)
    while pending:
        rest = []
        for (a, b), (row, fine) in zip(pending, _fitted_pieces(along, pending), strict=True):
            if fine and (a, b) in coarse:
                # narrow panels are far from the point all dyadic panels crowd at
                yield a, 0.5 * (a + b), _HALVES[0] @ row
                yield 0.5 * (a + b), b, _HALVES[1] @ row
            elif fine:
                yield a, b, row
            else:
                rest += [(a, 0.5 * (a + b)), (0.5 * (a + b), b)]
        pending = rest


def _fitted_pieces(
    along: Callable[[Floats], Floats], pieces: Sequence[Interval]
) -> Iterator[tuple[Floats, bool]]:
    """The series of every piece, and whether it is resolved."""
    ends = np.array(pieces)
    middle, half = ends.mean(axis=1)[:, None], 0.5 * (ends[:, 1:] - ends[:, :1])
    values = along((middle + half * _NODES).ravel()).reshape(len(pieces), -1)
    rows = values @ _FIT.T
    errors = np.abs(values - rows @ _VANDER.T).max(axis=1)
    errors = np.maximum(errors, np.abs(rows[:, -2:]).max(axis=1))
    fine = (errors <= _RELATIVE * np.abs(values).max(axis=1)) | (errors * half[:, 0] <= _TOLERANCE)
    fine |= half[:, 0] <= 1e-6 * middle[:, 0]
    yield from zip(rows * half, fine.tolist(), strict=True)
