"""The real function ``F = 1/G`` outside a spectrum: it increases between its poles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from freesym.relations.relation import Relation
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.intervals import Interval

Real = NDArray[np.float64]
_SAMPLES = 801
_ROUNDING = 4e-16


def cauchy_transform_outside(relation: Relation, x: Real) -> Real:
    """``G`` at real points of a gap."""
    return np.asarray(transforms(relation, x.astype(np.complex128)).g.real)


def _pieces(relation: Relation, gap: Interval) -> list[Interval]:
    """The gap, cut at the poles of F: the zeros of G, one at most between neighbouring atoms."""
    from freesym.spectrum.atoms import atoms

    a, b = gap
    inside = sorted(place for place in map(float, atoms(relation)) if a < place < b)
    zeros = [x for cell in pairwise([a, *inside, b]) for x in _zeros(relation, cell)]
    return list(pairwise([a, *zeros, b]))


def _zeros(relation: Relation, cell: Interval) -> list[float]:
    """Where G, which decreases, passes 0."""
    a, b = cell
    angles = np.linspace(0.0, np.pi, _SAMPLES)[1:-1]
    x = a + (b - a) * np.sin(0.5 * angles) ** 2
    g = cauchy_transform_outside(relation, x)
    x, g = x[~np.isnan(g)], g[~np.isnan(g)]
    turns = np.flatnonzero((g[:-1] > 0) & (g[1:] <= 0))
    return [_root(relation, x[i], x[i + 1]) for i in turns]


def _root(relation: Relation, low: float, high: float) -> float:
    """The zero of the decreasing function G."""
    for _ in range(80):
        middle = 0.5 * (low + high)
        if cauchy_transform_outside(relation, np.array([middle]))[0] > 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _where_f_reaches(relation: Relation, piece: Interval, level: float) -> float:
    """The point of a piece at which F, which increases, passes a level."""
    low, high = piece
    for _ in range(80):
        middle = 0.5 * (low + high)
        g = cauchy_transform_outside(relation, np.array([middle]))[0]
        # F = 1/g increases through 0 at an atom, where g jumps from -oo to +oo
        value = 0.0 if not np.isfinite(g) else 1 / g if g else np.inf
        if value < level:
            low = middle
        else:
            high = middle
    # bisection ends a rounding error beside an end that it does not leave
    margin = _ROUNDING * max(map(abs, piece))
    return next((end for end in piece if abs(low - end) <= margin), 0.5 * (low + high))


def solutions(relation: Relation, gaps: Sequence[Interval], levels: Sequence[float]) -> list[float]:
    """The points of the gaps at which F takes one of the levels."""
    found = []
    for piece in (piece for gap in gaps for piece in _pieces(relation, gap)):
        for level in levels:
            x = _where_f_reaches(relation, piece, level)
            margin = 1e-9 * (piece[1] - piece[0])
            if piece[0] + margin < x < piece[1] - margin:
                found.append(x)
    return found


def preimages(
    relation: Relation, gaps: Sequence[Interval], intervals: Sequence[Interval]
) -> list[Interval]:
    """The parts of the gaps that F maps into the intervals."""
    found = []
    for gap in gaps:
        for piece in _pieces(relation, gap):
            for a, b in intervals:
                low = _where_f_reaches(relation, piece, a)
                high = _where_f_reaches(relation, piece, b)
                if high - low > 1e-12 * (piece[1] - piece[0]):
                    found.append((low, high))
    return found
