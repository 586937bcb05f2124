"""Transforms beside the zeros that ``G`` has between parts of the spectrum.

Where ``G`` vanishes, subordination functions are infinite: what remains of ``w = z`` there is
rounding, and the potential loses as many digits as ``G``.  Both are analytic in the gap, and are
continued from farther away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Flags = NDArray[np.bool_]

#: Below this, in units of the inverse width, transforms lose digits: all 16 of them at 1e-16.
SMALL = 1e-3
_NODES = 12
_WIDTHS = (5e-2, 1e-2, 1e-3, 1e-4)
_AGREE = 1e-12


def mend(
    z: Complex,
    rows: list[Complex],
    hull: tuple[float, float],
    extent: float,
    thorough: bool,
    solve: Callable[[Complex], Complex],
) -> None:
    """Replace values at real points where ``G`` is small, or if ``thorough`` unknown."""
    width = min(extent, hull[1] - hull[0])
    lost = (z.imag == 0) & (z.real >= hull[0]) & (z.real <= hull[1]) & np.isfinite(width)
    lost &= (np.abs(rows[0]) * width < SMALL) | (np.isnan(rows[0]) & thorough)
    if lost.any():
        for row, better in zip(rows, continued(z[lost], width, solve), strict=True):
            row[lost] = np.where(np.isnan(better), row[lost], better)


def continued(z: Complex, width: float, rows: Callable[[Complex], Complex]) -> Complex:
    """The rows ``g, psi`` and perhaps ``u`` at real points of gaps; NaN where nothing is proved.

    ``rows`` solves at points farther away.  Through a gap ``G`` decreases, which no pole does, and
    polynomials on two intervals about the point must agree.
    """
    found = np.full((rows(z[:0]).shape[0], len(z)), complex(np.nan, np.nan))
    missing = np.arange(len(z))
    for share in _WIDTHS:
        if not missing.size:
            break
        left, first = _through(z[missing], share * width, -0.3, rows)
        right, second = _through(z[missing], share * width, 0.3, rows)
        sizes = 1.0 + np.abs(right)
        sizes[0] = 1.0 / width
        agree = first & second & (np.abs(left - right) <= _AGREE * sizes).all(axis=0)
        found[:, missing[agree]] = 0.5 * (left + right)[:, agree]
        missing = missing[~agree]
    return found


def _through(
    z: Complex, half: float, lean: float, rows: Callable[[Complex], Complex]
) -> tuple[Complex, Flags]:
    """Polynomials through Chebyshev points of an interval about each point, and which hold."""
    angles = (np.arange(_NODES) + 0.5) * np.pi / _NODES
    nodes = np.cos(angles)[::-1] + lean
    weights = (-1.0) ** np.arange(_NODES) * np.sin(angles) / -nodes
    values = rows((z[:, None] + half * nodes).ravel()).reshape(-1, len(z), _NODES)
    g = values[0]
    holds = (g.imag == 0).all(axis=1) & (np.diff(g.real, axis=1) < 0).all(axis=1)
    if len(values) > 2:
        holds &= np.ptp(values[2].imag, axis=1) < 1e-9
    middle: Complex = values @ weights / weights.sum()
    middle.imag[:2] = 0.0
    return middle, holds & np.isfinite(middle).all(axis=0)
