"""Whether solutions continue the one far away, where no theorem says that there is only one.

The transform of a law is analytic in the upper half-plane.  Where a difference or a power below 1
needs the transform of a part on another sheet, equations may have another solution in the right
half-planes; it is told by the jump on the way to infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from freesym.solve.solved import Solved

Complex = NDArray[np.complex128]
Flags = NDArray[np.bool_]
March = Callable[[Complex], Solved]
Far = Callable[[Solved], Complex]
#: The ways up: steps by this ratio, from where a point is real to far away, in units of the scale.
_RATIO, _LOWEST, _HIGHEST = 1.25, 1e-13, 1e6
#: The share of a step by which a value may miss the cubic through its neighbours, and rounding.
_MISSED, _ROUNDING = 5e-3, 1e-9
#: How often steps are halved, and how many may fail after the first rounds.
_ROUNDS, _FEW = 16, 12
#: By how much ``z G(z)`` may differ from 1 at the top.
_FAR = 0.2


def continued(solved: Solved, march: March, far: Far, scale: float) -> Flags:
    """Which solutions continue the one at infinity.

    Neighbours on a line that lie on cubics through each other stand or fall together; of each
    such run one is followed up.  ``far`` gives ``z G(z)``.
    """
    kept = np.zeros(len(solved.z), dtype=bool)
    order = np.lexsort((solved.z.real, solved.z.imag))
    order = order[solved.verified[order]]
    for _, line in groupby(order.tolist(), key=lambda i: solved.z[i].imag):
        for run in _runs(solved, np.array(list(line))):
            kept[run] = _reaches_infinity(solved, int(run[len(run) // 2]), march, far, scale)
    return kept


def _runs(solved: Solved, line: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Neighbours that are smooth continuations of each other."""
    smooth = _smooth(solved.z[line], solved.unknowns[:, line], solved.rates[:, line])
    inner = np.concatenate([[False], smooth, [False]]) if len(line) > 2 else np.zeros(len(line))
    linked = (inner[:-1] != 0) | (inner[1:] != 0)
    return np.split(line, np.flatnonzero(~linked) + 1)


def _smooth(z: Complex, u: Complex, rates: Complex) -> Flags:
    """Which inner points lie on the cubic through both neighbours and their slopes."""
    if len(z) < 3:
        return np.zeros(max(len(z) - 2, 0), dtype=bool)
    with np.errstate(all="ignore"):
        h = z[2:] - z[:-2]
        t = (z[1:-1] - z[:-2]) / h
        s, a, b = 1 - t, u[:, :-2], u[:, 2:]
        cubic = s * s * (1 + 2 * t) * a + t * t * (3 - 2 * t) * b
        cubic = cubic + h * t * s * (s * rates[:, :-2] - t * rates[:, 2:])
        middle = u[:, 1:-1]
        allowed = _MISSED * (np.abs(middle - a) + np.abs(b - middle)) + _ROUNDING * np.abs(middle)
        return np.asarray((np.abs(cubic - middle) <= allowed).all(axis=0))


def _reaches_infinity(solved: Solved, i: int, march: March, far: Far, scale: float) -> bool:
    """Whether the way straight up from a solution is smooth, and ends where all of them do."""
    z = complex(solved.z[i])
    size = max(scale, abs(z.real))
    lowest = z.imag * _RATIO if z.imag > 0 else _LOWEST * size
    count = int(np.log(max(_HIGHEST * size / lowest, _RATIO)) / np.log(_RATIO)) + 2
    heights = lowest * _RATIO ** np.arange(count)
    way = solved.at(np.arange(len(solved.z)) == i)
    for round_ in range(_ROUNDS):
        found = march(np.asarray(z.real + 1j * heights, dtype=np.complex128))
        way = way.joined(found.at(found.verified))
        y = way.z.imag
        rough = np.flatnonzero(~_smooth(way.z, way.unknowns, way.rates)) + 1
        if not rough.size:
            return len(y) > 2 and bool(abs(far(way)[-1] - 1) < _FAR)
        if round_ > 2 and len(rough) > _FEW:
            return False
        gaps = np.unique(np.concatenate([rough - 1, rough]))
        low, high = y[gaps], y[gaps + 1]
        heights = np.where(low > 0, np.sqrt(low * high), 0.25 * high)
    return False
