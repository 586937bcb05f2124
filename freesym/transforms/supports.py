"""Exact supports: the candidates that the solver's support selects.

With symbols the selection is made at several exact values of them; it must be the same at all.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from functools import lru_cache
from typing import Any

from freesym.errors import (
    ConvergenceError,
    PrecisionError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from freesym.lazy import LazyModule
from freesym.parameters import as_count
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.atoms import atoms
from freesym.spectrum.intervals import Interval as FloatInterval
from freesym.spectrum.support import continuous_support
from freesym.transforms.candidates import candidates, singular_factors, unsolved_factors
from freesym.transforms.certified_edges import edges as certified_edges
from freesym.transforms.curve import algebraic_curve
from freesym.transforms.degrees import MOST
from freesym.transforms.instances import instances, symbols_of
from freesym.transforms.parameters import check_exact
from freesym.transforms.precision import number

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

Interval = tuple[Any, Any]
Cases = list[tuple[dict[Any, Any], Relation]]

#: How close the solver's edges are, relative to the support; cusps are the worst.
_NEAR = 1e-6
_SEPARATION = 20.0
_VALUES = 6
#: With so many proved digits candidates that the solver does not tell apart are tried.
_PROVED_DIGITS = (30, 60, 120, 240)


def exact_support(relation: Relation, max_degree: int | None = None) -> tuple[Interval, ...]:
    """The intervals of the continuous part, with exact ends, ascending.

    Raises
    ------
    UnsupportedOperationError
        If the choice of edges depends on symbols, or they have no expression.
    DegreeError
        If the law's polynomial or its discriminant is predicted to be too large.
    """
    check_exact(relation)  # not in the cache, where floats are equal to exact numbers
    if max_degree is not None:
        max_degree = as_count(max_degree, 1, MOST, "max_degree")
    return _support(relation, max_degree)


def support_with_atoms(relation: Relation, max_degree: int | None = None) -> tuple[Interval, ...]:
    """The intervals, and isolated atoms where parameters do not leave them open."""
    intervals = list(exact_support(relation, max_degree))
    try:
        places = [sympy.sympify(place) for place in atoms(relation)]
    except (UnboundParameterError, TypeError, ValueError):
        places = []
    atomic = [
        (place, place)
        for place in places
        if all(_is_within(place, interval) is False for interval in intervals)
    ]
    intervals += atomic
    if any(a.free_symbols for a, _ in intervals):
        return tuple(intervals)
    return tuple(sorted(intervals, key=lambda interval: float(interval[0])))


def _is_within(place: Any, interval: Interval) -> bool | None:
    inside = sympy.And(interval[0] <= place, place <= interval[1])
    return bool(inside) if inside in (sympy.true, sympy.false) else None


@lru_cache(maxsize=256)
def _support(relation: Relation, max_degree: int | None) -> tuple[Interval, ...]:
    match relation:
        case Constant():
            return ()
        case nodes.Affine():
            return _mapped(relation, max_degree)
        case nodes.Reshape():
            return _support(relation.child, max_degree)
        case nodes.SymmetricSquare():
            return _squared(relation, max_degree)
    known = _stated(relation)
    return _selected(relation, max_degree) if known is None else known


def _stated(relation: Relation) -> tuple[Interval, ...] | None:
    """Leaves that have the ends of their interval as parameters ``a`` and ``b``."""
    if not isinstance(relation, CauchyLeaf):
        return None
    if [field.name for field in dataclasses.fields(relation)] != ["a", "b"]:  # type: ignore[arg-type]
        return None
    for _, case in instances(relation):
        if continuous_support(case.numeric()) != ((float(case.a), float(case.b)),):  # type: ignore[attr-defined]
            return None
    return ((sympy.sympify(relation.a), sympy.sympify(relation.b)),)  # type: ignore[attr-defined]


def _mapped(relation: nodes.Affine, max_degree: int | None) -> tuple[Interval, ...]:
    scale, shift = sympy.sympify(relation.scale), sympy.sympify(relation.shift)
    pairs = [
        (scale * a + shift, scale * b + shift) for a, b in _support(relation.child, max_degree)
    ]
    if scale.is_positive:
        return tuple(pairs)
    if scale.is_negative:
        return tuple((b, a) for a, b in reversed(pairs))
    raise UnsupportedOperationError(
        f"the order of the edges depends on the sign of the scale {scale}; declare the symbol "
        "positive or negative"
    )


def _squared(relation: nodes.SymmetricSquare, max_degree: int | None) -> tuple[Interval, ...]:
    inner = _support(relation.child, max_degree)
    half = inner[len(inner) // 2 :]
    pairs = [(sympy.expand(a**2), sympy.expand(b**2)) for a, b in half]
    if len(inner) % 2:
        pairs[0] = (sympy.S.Zero, pairs[0][1])
    return tuple(pairs)


# ---------------------------------------------------------------------- selection


def _selected(relation: Relation, max_degree: int | None) -> tuple[Interval, ...]:
    cases = [(dict(values), case) for values, case in instances(relation, _VALUES)]
    if not cases:
        raise UnsupportedOperationError(
            "no values of the symbols were found at which this is a law; declare assumptions that "
            "its parameters satisfy, or bind the symbols by subs"
        )
    found = candidates(relation, max_degree)
    supports = [continuous_support(case.numeric()) for _, case in cases]
    if len({len(intervals) for intervals in supports}) != 1:
        raise UnsupportedOperationError(_number_of_intervals(relation, cases, supports))
    ends = []
    for position in range(2 * len(supports[0])):
        choices = [
            _nearest(relation, found, case, intervals, position)
            for case, intervals in zip(cases, supports, strict=True)
        ]
        common = [c for c in choices[0] if all(c in choice for choice in choices)]
        if not common:
            common = [regimes(cases, choices)]
        ends.append(common[0])
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def _number_of_intervals(
    relation: Relation, cases: Cases, supports: list[tuple[FloatInterval, ...]]
) -> str:
    shown: dict[int, str] = {}
    for (values, _), intervals in zip(cases, supports, strict=True):
        point = ", ".join(f"{name} = {value}" for name, value in values.items())
        shown.setdefault(len(intervals), point)
    numbers = " and ".join(f"{count} at {point}" for count, point in shown.items())
    symbols = symbols_of(relation)
    if len(symbols) == 1:
        (symbol,) = symbols
        known = sorted(
            (values[symbol], len(intervals))
            for (values, _), intervals in zip(cases, supports, strict=True)
        )
        changes = merging_points(relation, symbol, known)
        numbers += (
            f", with a change at {symbol} = {', '.join(map(str, changes))}" if changes else ""
        )
    return (
        "the number of intervals of the support depends on the parameters "
        f"{', '.join(map(str, symbols_of(relation)))}: {numbers}; bind them by subs"
    )


def merging_points(relation: Relation, symbol: Any, known: list[tuple[Any, int]]) -> list[Any]:
    """Where two edges may meet: the zeros of the discriminant's own discriminant.

    Those between two values of the symbol at which the support has different numbers of
    intervals, if they are exact numbers.
    """
    x = sympy.Symbol("x")
    curve = algebraic_curve(relation)
    found: set[Any] = set()
    for factor in singular_factors(curve):
        expression = curve.to_sympy(factor, {"w": x})
        if sympy.degree(expression, x) > 1:
            found |= set(sympy.real_roots(sympy.discriminant(expression, x), symbol))
    jumps = [(a, b) for (a, n), (b, m) in itertools.pairwise(known) if n != m]
    return sorted(z for z in found if any(a < z < b for a, b in jumps))


def _nearest(
    relation: Relation,
    found: tuple[Any, ...],
    case: tuple[dict[Any, Any], Relation],
    intervals: tuple[FloatInterval, ...],
    position: int,
) -> list[Any]:
    """The candidates at an end of the support, equal numbers all, alone in a neighbourhood."""
    values, numbers = case
    ends = [end for interval in intervals for end in interval]
    end = ends[position]
    if math.isinf(end):
        return [sympy.oo if end > 0 else -sympy.oo]
    scale = max((abs(e) for e in ends if math.isfinite(e)), default=1.0)
    places = [(_place(candidate, values), candidate) for candidate in found]
    distances = [(abs(p - end), c) for p, c in places if p is not None]
    least = min((d for d, _ in distances), default=math.inf)
    if least > _NEAR * max(abs(end), 1e-3 * scale):
        _refuse_unsolved(relation, end)
    # an end at 0 is known exactly
    radius = 0.0 if end == 0.0 == least else max(_SEPARATION * least, 1e-13 * scale)
    close = [(d, c) for d, c in distances if d <= radius]
    nearest = next(c for d, c in close if d == least)
    equal = [c for _, c in close if _are_equal(c, nearest, values)]
    if len(equal) == len(close):
        return equal
    proved = _told_apart(numbers, [c for _, c in close], values, len(ends), position)
    if not proved:
        raise UnsupportedOperationError(
            f"exact candidates lie as close as {max(d for d, _ in close):.1g} to the edge "
            f"{end:.12g}, too close to be told apart"
        )
    return proved


def _told_apart(
    case: Relation, close: list[Any], values: dict[Any, Any], count: int, position: int
) -> list[Any]:
    """The candidates that are the edge to as many proved digits as tell them from the others."""
    for digits in _PROVED_DIGITS:
        try:
            ends = certified_edges(case, digits)
        except (PrecisionError, ConvergenceError):
            continue
        if not ends.complete or len(ends) != count:
            return []
        with mpmath.workdps(digits + 10):
            known = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()}
            slack = mpmath.mpf(10) ** (1 - digits) * (1 + abs(ends[position]))
            same = [c for c in close if abs(number(c, known) - ends[position]) <= slack]
        if same and all(_are_equal(c, same[0], values) for c in same):
            return same
    return []


def _place(candidate: Any, values: dict[Any, Any]) -> float | None:
    """The value of a candidate, if it is real."""
    with mpmath.workdps(40):
        known = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()}
        try:
            place = number(candidate, known)
        except (ZeroDivisionError, ValueError):
            return None
        if abs(mpmath.im(place)) > 1e-25 * (1 + abs(place)):
            return None
        return float(mpmath.re(place))


def _are_equal(first: Any, second: Any, values: dict[Any, Any]) -> bool:
    """Whether expressions agree to fifty digits."""
    if first is second:
        return True
    with mpmath.workdps(70):
        known = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()}
        a, b = number(first, known), number(second, known)
        return bool(abs(a - b) <= mpmath.mpf(10) ** -50 * (1 + abs(a)))


# ---------------------------------------------------------------------- regimes


def regimes(cases: Cases, choices: list[list[Any]]) -> Any:
    """A Piecewise in one symbol whose ranges two candidates share.

    Raises
    ------
    UnsupportedOperationError
        If there are several symbols, or the boundary has no exact value.
    """
    names = list(cases[0][0])
    if len(names) == 1:
        ordered = sorted(
            zip((values[names[0]] for values, _ in cases), choices, strict=True),
            key=lambda pair: pair[0],
        )
        found = _two_ranges(names[0], ordered)
        if found is not None:
            return found
    shown = "; ".join(
        f"{choice[0]} at " + ", ".join(f"{name} = {value}" for name, value in values.items())
        for (values, _), choice in zip(cases, choices, strict=True)
    )
    raise UnsupportedOperationError(
        f"which expression is the edge depends on the parameters: {shown}; bind them by subs"
    )


def _two_ranges(symbol: Any, ordered: list[tuple[Any, list[Any]]]) -> Any | None:
    for split in range(1, len(ordered)):
        first = _shared([choice for _, choice in ordered[:split]])
        second = _shared([choice for _, choice in ordered[split:]])
        if first is None or second is None:
            continue
        low, high = (sympy.sympify(ordered[k][0]) for k in (split - 1, split))
        zeros = sympy.solveset(first - second, symbol, sympy.Interval(low, high))
        if isinstance(zeros, sympy.FiniteSet) and len(zeros) == 1:
            (boundary,) = zeros
            return sympy.Piecewise((first, symbol < boundary), (second, True))
    return None


def _shared(choices: list[list[Any]]) -> Any | None:
    return next((c for c in choices[0] if all(c in choice for choice in choices)), None)


# ---------------------------------------------------------------------- errors


def _refuse_unsolved(relation: Relation, end: float) -> None:
    factors = unsolved_factors(relation)
    if not factors:
        raise UnsupportedOperationError(
            f"no zero of the discriminant is as close to the solver's edge {end:.12g} as rounding "
            "allows; the numerical edges() are there"
        )
    raise UnsupportedOperationError(
        "the edges are zeros of a polynomial without readable radicals in the parameters: "
        f"{factors[0]} = 0; bind the parameters by subs"
    )
