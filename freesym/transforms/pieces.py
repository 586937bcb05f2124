"""Densities in pieces, put together as one Piecewise with the values at points between them.

Every piece lives on an open interval.  A point inside of the support at which pieces end, or at
which an expression has no value, gets the mean of the limits from both sides, as numerical
densities do: infinity beside a hard edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule
from freesym.transforms.precision import number

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_DIGITS = 80
#: Distances at which powers of the distance show, and the least power that is no rounding.
_NEAR, _NEARER = 20, 30
_LEAST_POWER = 0.02
_AGREEMENT = 1e-6

Values = dict[Any, Any]


@dataclass(frozen=True)
class Piece:
    """A density on an interval, as an expression of one variable.

    Where the ends have no formula, ``condition`` says where the density is positive.  Pieces
    of different groups may overlap.  A piece with equal ends is a point at which the formula around
    it has no value; its own may be NaN if that is not known.
    """

    low: Any
    high: Any
    expression: Any
    condition: Any = None
    group: tuple[int, ...] = ()

    @property
    def is_point(self) -> bool:
        """Whether this is a single point."""
        return bool(self.low == self.high)

    def where(self, variable: Any, x: Any) -> Any:
        """The condition on ``x`` under which the expression holds."""
        if self.is_point:
            return sympy.Eq(x, self.low)
        above = [] if self.low == -sympy.oo else [x > self.low]
        below = [] if self.high == sympy.oo else [x < self.high]
        given = [] if self.condition is None else [self.condition.subs(variable, x)]
        return sympy.And(*above, *below, *given)

    def reaches(self, place: Any, side: str) -> bool:
        """Whether points next to a place, on one side of it, lie in the piece."""
        if side == "+":
            return _is_true(self.low <= place) and _is_true(place < self.high)
        return _is_true(self.low < place) and _is_true(place <= self.high)

    def has_inside(self, place: Any) -> bool:
        """Whether a place is a real point between the ends."""
        return bool(place.is_real) and self.reaches(place, "+") and self.reaches(place, "-")


Pieces = tuple[Piece, ...]


def piecewise(pieces: Pieces, variable: Any, x: Any, cases: Sequence[Values]) -> Any:
    """The sum over the groups of pieces, as an expression of ``x``.

    Parameters
    ----------
    pieces : tuple of Piece
        Of one group, disjoint; of several groups, components whose densities add.
    variable : Symbol
        The variable of their expressions.
    x : expression
        What is put for it.
    cases : sequence of dict
        Exact numbers for the symbols of the law at which it exists; an empty dict without symbols.

    Raises
    ------
    UnsupportedOperationError
        If a value at a point inside of the support is not to be had.
    """
    groups: dict[tuple[int, ...], list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece)
    parts = []
    for members in groups.values():
        points = _Points(members, pieces, variable, cases)
        branches = [(value, sympy.Eq(x, place)) for place, value in points.values()]
        branches += [
            (p.expression.subs(variable, x), p.where(variable, x))
            for p in members
            if not p.is_point
        ]
        parts.append(sympy.Piecewise(*branches, (0, True)))
    return sympy.Add(*parts)


@dataclass(frozen=True)
class _Points:
    """Points inside of the support where a group of pieces needs values of its own."""

    members: list[Piece]
    pieces: Pieces
    variable: Any
    cases: Sequence[Values]

    def values(self) -> Iterator[tuple[Any, Any]]:
        """The points, with what the group adds there if that is not 0."""
        ends = [e for p in self.members for e in (p.low, p.high) if e.is_finite is not False]
        for place in dict.fromkeys(e for e in ends if self._is_inside(e)):
            value = self._mean_of_limits(place)
            if value != 0:
                yield place, value

    def _is_inside(self, place: Any) -> bool:
        """Whether the density goes on at both sides of a point."""
        return all(any(p.reaches(place, side) for p in self.pieces) for side in "+-")

    def _mean_of_limits(self, place: Any) -> Any:
        known = [p.expression for p in self.members if p.is_point and p.low == place]
        stated = finite(known[0].subs(self.variable, place)) if known else None
        limits = [
            self._limit(p.expression, place, side, stated)
            for p in self.members
            for side in "+-"
            if p.reaches(place, side)
        ]
        return sympy.oo if sympy.oo in limits else sympy.Add(*limits) / 2

    def _limit(self, expression: Any, place: Any, side: str, stated: Any | None) -> Any:
        """``oo``, 0 or a value, stated or found, that agrees with numbers beside the point."""
        direct = finite(expression.subs(self.variable, place))
        if direct is not None:
            return direct
        observed = [self._observed(expression, place, side, known) for known in self.cases]
        if all(rate < -_LEAST_POWER for rate, _ in observed):
            return sympy.oo
        if all(rate > _LEAST_POWER for rate, _ in observed):
            return sympy.S.Zero
        found = stated
        if found is None:
            found = _symbolic_limit(expression, self.variable, place, side)
        for known, (_, near) in zip(self.cases, observed, strict=True):
            value = None if found is None else number(found, _as_numbers(known))
            if value is None or not abs(value - near) <= _AGREEMENT * abs(near):
                raise UnsupportedOperationError(f"its formula has no value at x = {place}")
        return found

    def _observed(self, expression: Any, place: Any, side: str, known: Values) -> tuple[float, Any]:
        """The power of the distance that a density behaves as, and a value close by."""
        with mpmath.workdps(_DIGITS):
            numbers = _as_numbers(known)
            steps = [int(side + "1") * mpmath.mpf(10) ** -k for k in (_NEAR, _NEARER)]
            points = [number(place, dict(numbers)) + h for h in steps]
            near, nearer = (
                mpmath.re(number(expression, {**numbers, self.variable: x})) for x in points
            )
            if near == 0 or nearer == 0:
                return 0.0, nearer
            rate = mpmath.log(abs(nearer / near)) / mpmath.log(steps[1] / steps[0])
            return float(rate), nearer


def _is_true(condition: Any) -> bool:
    return bool(condition == sympy.true)


def finite(value: Any) -> Any | None:
    """What an expression is where it is a number; None at poles and indefinite forms."""
    return None if value.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) else value


def _symbolic_limit(expression: Any, x: Any, place: Any, side: str) -> Any | None:
    try:
        found = sympy.limit(expression, x, place, side)
    except (NotImplementedError, ValueError, TypeError):
        return None
    return None if found.has(sympy.Limit, sympy.AccumBounds) else finite(found)


def _as_numbers(known: Values) -> Values:
    return {name: mpmath.mpf(v.numerator) / v.denominator for name, v in known.items()}
