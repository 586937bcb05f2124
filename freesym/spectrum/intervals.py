"""Unions, inverses and ends of intervals."""

from __future__ import annotations

import math

Interval = tuple[float, float]


def inverted(intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """The images under ``-1/x``; they may be unbounded."""
    pairs: list[Interval] = []
    for a, b in intervals:
        if a < 0 < b:
            pairs += [(-math.inf, -1 / b), (-1 / a, math.inf)]
        else:
            pairs.append((-1 / a if a else -math.inf, -1 / b if b else math.inf))
    return union(pairs)


def union(intervals: list[Interval]) -> tuple[Interval, ...]:
    """The intervals in order, those that overlap or touch as one."""
    merged: list[Interval] = []
    for a, b in sorted(intervals):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)


def nearest(values: list[float], x: float) -> float:
    """The value nearest to ``x``."""
    return min(values, key=lambda value: abs(value - x))


def ending_at_zero(a: float, b: float) -> Interval:
    """Ends that rounding carried across 0 are put back."""
    if a < 0 < b:
        return (0.0 if -a < 1e-14 * b else a), (0.0 if b < -1e-14 * a else b)
    return a, b
