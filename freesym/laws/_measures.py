"""Tabulated measures as the laws of this room use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import Any

from freesym.lowering.measure import FittedMeasure
from freesym.lowering.measure import sources as sources
from freesym.lowering.trace import Value
from freesym.relations.functions import measure_potential, measure_transform

Formula = Callable[[Any], Any]


@singledispatch
def transform(w: Any, table: Callable[[], Any], formula: Formula) -> tuple[Any, Any]:
    """``(g, psi)`` by the table in double precision, by the formula elsewhere.

    A formula that cancels far from the spectrum serves number systems with more digits.
    """
    pair: tuple[Any, Any] = formula(w)
    return pair


@transform.register(complex)
@transform.register(float)
@transform.register(Value)
def _(w: Any, table: Callable[[], Any], formula: Formula) -> tuple[Any, Any]:
    return measure_transform(w, table())


@singledispatch
def potential(w: Any, table: Callable[[], Any], formula: Formula) -> Any:
    """The log-potential by the table in double precision, by the formula elsewhere."""
    return formula(w)


@potential.register(complex)
@potential.register(float)
@potential.register(Value)
def _(w: Any, table: Callable[[], Any], formula: Formula) -> Any:
    return measure_potential(w, table())


def extent(measure: FittedMeasure) -> tuple[float, float]:
    """The smallest interval that carries a fitted measure."""
    ends = [*measure.points.tolist(), *(x for p in measure.panels for x in (p.left, p.right))]
    return float(min(ends)), float(max(ends))


def intervals(measure: FittedMeasure) -> tuple[tuple[float, float], ...]:
    """The union of the panels."""
    return union((min(p.left, p.right), max(p.left, p.right)) for p in measure.panels)


def union(pairs: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The union of intervals, those that touch merged."""
    merged: list[tuple[float, float]] = []
    for a, b in sorted(pairs):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)
