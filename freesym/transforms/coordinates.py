"""Pairs of coordinates of a law's curve, and the birational changes between them.

The curve of a law is the set of points ``(w, g)`` with ``g = G(w)``.  Its other coordinates are
rational functions of these two: ``psi = w g - 1``, ``r = w - 1/g``, ``S = g/psi`` and
``h = (1 + psi)(1 + ratio psi)/w``, so an irreducible polynomial in one pair gives one in any
other.  Each pair is called by two letters; an operation combines the first coordinates of its
children at a common value of the second.

======  =================  ==========================================
pair    coordinates        operation
======  =================  ==========================================
``gw``  ``g``, ``w``       mixtures
``rg``  ``r``, ``g``       free sums
``sp``  ``S``, ``psi``     free products
``rw``  ``r``, ``w``       Boolean sums
``ph``  ``psi``, ``h``     rectangular sums
``pw``  ``psi``, ``w``     squares
======  =================  ==========================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from freesym.algebra.elimination import substituted
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient

Pair: TypeAlias = Literal["gw", "rg", "sp", "rw", "ph", "pw"]
#: A point of a curve, ``(w, g, psi)``, as functions of some coordinates.
Point: TypeAlias = "tuple[Quotient, Quotient, Quotient]"
Move: TypeAlias = Callable[[Quotient, Quotient, Quotient], Point]


#: The generators of a ring without parameters: two coordinates and an auxiliary one.
_COORDINATES = 3


@dataclass(frozen=True)
class Chart:
    """A polynomial in the generators ``a`` and ``b``, which are a pair of coordinates."""

    polynomial: Polynomial
    pair: Pair
    ratio: Quotient | None = None

    def degrees(self) -> tuple[int, int]:
        """The degrees in the two coordinates."""
        return self.polynomial.degree("a"), self.polynomial.degree("b")


def point(pair: Pair, names: tuple[str, ...], ratio: Quotient | None = None) -> Point:
    """The point ``(w, g, psi)`` with the given coordinates ``a`` and ``b``."""
    a, b = Quotient.generators(names)[:2]
    match pair:
        case "gw":
            return b, a, b * a - 1
        case "rg":
            return a + 1 / b, b, a * b
        case "sp":
            return (1 + b) / (a * b), a * b, b
        case "rw":
            return b, 1 / (b - a), a / (b - a)
        case "ph":
            assert ratio is not None
            return (1 + a) * (1 + ratio * a) / b, b / (1 + ratio * a), a
        case "pw":
            return b, (1 + a) / b, a


def coordinates(pair: Pair, place: tuple[Any, Any, Any], ratio: Any = None) -> tuple[Any, Any]:
    """The two coordinates of a point ``(w, g, psi)`` in any number system."""
    w, g, psi = place
    match pair:
        case "gw":
            return g, w
        case "rg":
            return psi / g, g
        case "sp":
            return g / psi, psi
        case "rw":
            return psi / g, w
        case "ph":
            assert ratio is not None
            return psi, g * (1 + ratio * psi)
        case "pw":
            return psi, w


def moved(
    chart: Chart, pair: Pair, move: Move | None = None, ratio: Quotient | None = None
) -> Chart:
    """The curve in other coordinates, after an optional birational map.

    ``move`` gives the point of the old curve from that of the new one.  Factors that vanish
    where a map is not invertible are dropped.
    """
    if move is None and pair == chart.pair and ratio == chart.ratio:
        return chart
    names = chart.polynomial.names
    if move is None:
        values, exceptional = _change(names, pair, ratio, chart.pair, chart.ratio)
    else:
        here = point(pair, names, ratio)
        values, exceptional = _pulled_back(here, move(*here), ratio, chart.pair, chart.ratio)
    found = substituted(chart.polynomial, values, exceptional)
    if len(names) > _COORDINATES:
        found = found.primitive_part("a", "b")
    return Chart(found, pair, ratio)


Change: TypeAlias = tuple[dict[str, Quotient], list[Polynomial]]


@lru_cache(maxsize=1024)
def _change(
    names: tuple[str, ...],
    pair: Pair,
    ratio: Quotient | None,
    old: Pair,
    old_ratio: Quotient | None,
) -> Change:
    """The old coordinates in the new ones, and where the change degenerates."""
    here = point(pair, names, ratio)
    return _pulled_back(here, here, ratio, old, old_ratio)


def _pulled_back(
    here: Point, there: Point, ratio: Quotient | None, old: Pair, old_ratio: Quotient | None
) -> Change:
    first, second = coordinates(old, there, old_ratio)
    ratios = [r for r in (ratio, old_ratio) if r is not None]
    places = [here] if there is here else [here, there]
    return {"a": first, "b": second}, _exceptional(places, ratios)


def _exceptional(places: Iterable[Point], ratios: Iterable[Quotient]) -> list[Polynomial]:
    """Curves on which a change of coordinates may degenerate."""
    parts: dict[Polynomial, None] = {}
    for w, g, psi in places:
        for quantity in (w, g, psi, 1 + psi, *(1 + ratio * psi for ratio in ratios)):
            parts.update(dict.fromkeys(quantity.pair()))
    found: dict[Polynomial, None] = {}
    for part in parts:
        if part.involves("a", "b"):
            found.update(dict.fromkeys(p for p, _ in part.factors()[1]))
    return [p for p in found if p.involves("a", "b")]
