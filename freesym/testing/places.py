"""Where a law is asked: its bulk, edges, gaps and atoms, far away and off the axis."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from freesym.law import Law
from freesym.parameters import short
from freesym.testing.errors import InvalidArgumentError

KINDS = ("bulk", "edges", "gaps", "atoms", "far", "complex")
_SHARES = (32, 16, 48, 8, 24, 40, 56, *(k for k in range(1, 64) if k % 8))
_BESIDE = (1e-2, 1e-4, 1e-6, 1e-8)


class Places:
    """The places of one law, as plain floats.

    Examples
    --------
    >>> import freesym as fs
    >>> Places(fs.Bernoulli(0.25)).of("atoms")[:2]
    [0.0, 1.0]
    """

    def __init__(self, law: Law) -> None:
        self.law = law

    @cached_property
    def atoms(self) -> dict[float, float]:
        """The atoms and their masses."""
        return {float(a): float(m) for a, m in self.law.atoms().items()}

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """The finite edges of the continuous part."""
        return tuple(float(x) for x in self.law.edges() if math.isfinite(x))

    @cached_property
    def intervals(self) -> tuple[tuple[float, float], ...]:
        """The continuous part, cut off at quantiles where it is unbounded."""
        ends = [float(x) for x in self.law.edges()]
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        if any(not math.isfinite(x) for x in ends):
            low, high = map(float, self.law.quantile([1e-3, 1 - 1e-3]))
            pairs = [(max(a, low), min(b, high)) for a, b in pairs]
        return tuple((a, b) for a, b in pairs if a < b)

    @cached_property
    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law, or most of it if that is unbounded."""
        ends = [*self.atoms, *(x for pair in self.intervals for x in pair)]
        if not ends:
            raise InvalidArgumentError(
                f"{short(self.law)} is so narrow that double precision does not tell its ends "
                "apart; shift and scale it to a width and a place of about 1"
            )
        return min(ends), max(ends)

    @cached_property
    def compact(self) -> bool:
        """Whether the support is bounded."""
        return all(math.isfinite(x) for pair in self.law.support() for x in pair)

    @cached_property
    def width(self) -> float:
        """The length of the hull, or its size if it is a point."""
        low, high = self.hull
        return (high - low) or max(abs(low), 1.0)

    @cached_property
    def spread(self) -> float:
        """The distance that holds most of the mass: a length for heights and steps."""
        low, high = map(float, self.law.quantile([0.1, 0.9]))
        return (high - low) or self.width

    @cached_property
    def centre(self) -> float:
        """The median."""
        return float(self.law.quantile(0.5))

    @cached_property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """The bounded intervals that carry nothing."""
        pairs = [(float(a), float(b)) for a, b in self.law.support()]
        between = pairwise(pairs)
        return tuple((a[1], b[0]) for a, b in between if a[1] < b[0])

    def of(self, kind: str) -> list[Any]:
        """Points of a kind, the plainest first."""
        found: list[Any] = getattr(self, f"_{kind}")()
        return list(dict.fromkeys(found))

    def _bulk(self) -> list[float]:
        return [a + (b - a) * k / 64 for k in _SHARES for a, b in self.intervals]

    def _edges(self) -> list[float]:
        return [*self.edges, *self._beside(self.edges)]

    def _atoms(self) -> list[float]:
        return [*self.atoms, *self._beside(tuple(self.atoms))]

    def _gaps(self) -> list[float]:
        return [a + (b - a) * k / 64 for k in _SHARES for a, b in self.gaps]

    def _far(self) -> list[float]:
        if not self.compact:
            return []
        low, high = self.hull
        steps = [self.width * 10.0**k for k in range(9)]
        return [x for step in steps for x in (high + step, low - step)]

    def _complex(self) -> list[complex]:
        low, high = self.hull
        shares = np.array([0.5, 0.25, 0.75, 0.0, 1.0, -1.0, 2.0])
        heights = (1.0, 0.1, -0.1, -1.0, 10.0, 0.01, 1e-4, -1e-4, 1e-8)
        return [
            complex(low + float(t) * (high - low), h * self.spread) for h in heights for t in shares
        ]

    def _beside(self, places: tuple[float, ...]) -> list[float]:
        return [x + side * self.width * d for d in _BESIDE for x in places for side in (-1, 1)]

    def away(self, x: Any, places: Any, distance: float) -> Any:
        """Those of the points that keep a distance from places."""
        points, others = np.asarray(x, dtype=float), np.asarray([*places], dtype=float)
        if not others.size:
            return points
        return points[np.abs(points[:, None] - others).min(axis=1) > distance]
