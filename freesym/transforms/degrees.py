"""Bounds of the degrees an elimination will reach, before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import TypeAlias

from freesym.algebra.quotients import Quotient
from freesym.errors import DegreeError
from freesym.transforms.coordinates import Pair, coordinates, point

#: In the first and in the second coordinate.
Degrees: TypeAlias = tuple[int, int]

#: The largest predicted degree that is tried without being asked for: by resultants, and by
#: substitution alone.
ELIMINATED, SUBSTITUTED = 256, 4096
#: The largest degree that can be insisted on.
MOST = 10**9


def check_degree(degree: int, max_degree: int | None, *, substituted: bool = False) -> None:
    """Refuse what is predicted to be too large.

    Raises
    ------
    DegreeError
        With the prediction, and how to insist.
    """
    default = SUBSTITUTED if substituted else ELIMINATED
    limit = default if max_degree is None else max_degree
    if degree > limit:
        raise DegreeError(
            f"the polynomial of this law is predicted to reach the degree {degree}, which is more "
            f"than {limit}; to insist, give max_degree={degree}",
            degree,
        )


def combined_degrees(parts: Sequence[Degrees]) -> Degrees:
    """Of a sum or product of algebraic functions.

    Examples
    --------
    >>> combined_degrees([(3, 3), (4, 4)])
    (12, 24)
    """
    first = prod(a for a, _ in parts)
    return first, sum(b * first // a for a, b in parts)


def power_degrees(degrees: Degrees, power: Fraction) -> Degrees:
    """Of a rational power of an algebraic function."""
    a, b = degrees
    return a * power.denominator, b * abs(power.numerator)


def moved_degrees(degrees: Degrees, source: Pair, target: Pair) -> Degrees:
    """Of the same curve in other coordinates.

    Examples
    --------
    >>> moved_degrees((12, 24), "rg", "gw")
    (36, 12)
    """
    if source == target:
        return degrees
    (aa, ab), (ba, bb) = _change(source, target)
    a, b = degrees
    return a * aa + b * ba, a * ab + b * bb


@lru_cache(maxsize=64)
def _change(source: Pair, target: Pair) -> tuple[Degrees, Degrees]:
    """The degrees of the old coordinates in the new ones."""
    names = ("a", "b", "c")
    ratio = Quotient.generators(names)[2]
    old = coordinates(source, point(target, names, ratio), ratio)
    first, second = (
        tuple(max(part.degree(name) for part in value.pair()) for name in ("a", "b"))
        for value in old
    )
    return (first[0], first[1]), (second[0], second[1])
