"""The law under examination: its places, refused points, and comparisons that explain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, FreesymError, UnsupportedOperationError
from freesym.law import Law
from freesym.parameters import is_expression, short
from freesym.testing import quadrature
from freesym.testing.errors import InvalidArgumentError
from freesym.testing.grammar import subexpressions
from freesym.testing.places import Places

Floats = NDArray[np.float64]
#: How many points of a statement may have no verified value: a share, and one in any case.
REFUSED = 0.02
EPSILON = 2.0**-52
#: Distances from a place, in units of the width.
_HEIGHTS = (1e-250, 1e-100, 1e-30, 1e-8)
#: Relative differences that are rounding.
_SETTLED = 1e-9
#: Sizes whose powers up to the twelfth are numbers.
_LARGEST = 1e20
#: Widths, in units of the place, below which nine digits of a share cannot be compared.
_NARROW = 1e-7


class Failed(Exception):
    """A statement does not hold at some place."""

    def __init__(
        self, what: str, difference: float | None = None, allowed: float | None = None
    ) -> None:
        super().__init__(what)
        self.difference, self.allowed = difference, allowed


class Skipped(Exception):
    """A statement says nothing about this law."""


@dataclass(frozen=True)
class Limit:
    """The limit of a sequence, with an estimate of the error."""

    value: float
    error: float

    @classmethod
    def of(cls, last: float, middle: float, first: float) -> Self:
        """From three terms whose distances to the limit are powers of a step."""
        near, wide = abs(last - middle), abs(middle - first)
        if near <= _SETTLED * (1 + abs(last)):
            return cls(last, 3 * near)
        # differences shrink by a factor q = near/wide: what is left is a geometric series
        left = near * max(1.0, near / (wide - near)) if wide > near else math.inf
        return cls(last, 3 * left)


class Subject(Places):
    """A law, with everything that several statements need.

    Parameters
    ----------
    law : Law
    seed : int
        For samples and matrices.
    thorough : bool
        More points, larger samples.
    names : dict
        What its ``repr`` may mention.
    """

    def __init__(
        self,
        law: Law,
        seed: int = 0,
        *,
        thorough: bool = False,
        names: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(law)
        self.seed, self.thorough, self.names = seed, thorough, dict(names or {})
        self.refused: list[complex] = []

    def size(self, quick: int, thorough: int) -> int:
        """A number of points or of samples."""
        return thorough if self.thorough else quick

    @cached_property
    def tree(self) -> list[Law]:
        """The law and all laws that it is built of."""
        return subexpressions(self.law)

    @cached_property
    def mean(self) -> float:
        """The mean, or the median where there is none."""
        return float(self.law.mean()) if self.has_moments else self.centre

    @cached_property
    def has_moments(self) -> bool:
        """Whether the law has moments of all orders."""
        try:
            self.law.moments(2)
        except UnsupportedOperationError:
            return False
        return True

    def moments(self, n: int) -> list[Any]:
        """The exact moments, with the mass in front."""
        if not self.has_moments:
            raise Skipped("the law has no moments")
        found = list(self.law.moments(n))
        if len(found) != n:
            raise Failed(f"moments({n}) gives {len(found)} numbers", len(found), n)
        return [1, *found]

    @cached_property
    def rough(self) -> list[float]:
        """Where the density need not be smooth."""
        return [*self.edges, *self.atoms, *quadrature.cuts(self.law)]

    @cached_property
    def upper(self) -> NDArray[np.complex128]:
        """Points of the upper half-plane, over the bulk and beside it, high and low."""
        low, high = self.hull
        shares = np.array([0.03, 0.21, 0.5, 0.68, 0.9, -0.4, 1.3])
        heights = self.spread * np.array([1.0, 0.3, 0.05, 0.01])
        points = np.add.outer(1j * heights, low + shares * (high - low or self.width))
        return np.asarray(points.ravel())

    @cached_property
    def line(self) -> Floats:
        """Points of the axis over the hull and a little further, away from rough places."""
        low, high = self.hull
        margin = 0.05 * self.width
        x = np.linspace(low - margin, high + margin, self.size(129, 513))
        return self.away(x, self.rough, 1e-4 * self.width)  # type: ignore[no-any-return]

    @cached_property
    def unit(self) -> Fraction:
        """The power of 2 nearest the spread: sums with it lose no digits."""
        return Fraction(2) ** round(math.log2(self.spread))

    @cached_property
    def blur(self) -> float:
        """How far rounding may move a place."""
        return 4 * EPSILON * max(map(abs, self.hull))

    def rounding(self, z: Any, g: Any) -> Any:
        """How far ``G`` is off where ``z`` is rounded: ``|G'| <= -Im G/Im z`` (Schwarz-Pick)."""
        return 8 * EPSILON * np.abs(z) * np.abs(g.imag / z.imag)

    def limits(
        self, function: Callable[[Floats], Any], place: float, highest: float
    ) -> list[Limit]:
        """Estimates of the limit of a function as its argument, a distance, tends to 0.

        Parameters
        ----------
        function : callable
            Of ascending distances from the place.
        place : float
            At 0 digits are kept, so that distances may be very small there.
        highest : float
            The largest distance, in units of the width, if there is one.
        """
        found = []
        for height in _HEIGHTS if place == 0.0 else _HEIGHTS[-1:]:
            distances = self.width * min(height, highest) * np.array([1.0, 1e2, 1e4])
            try:
                with np.errstate(all="ignore"):
                    values = [float(v) for v in function(distances)]
            except ConvergenceError:
                continue
            if np.isfinite(values).all():
                found.append(Limit.of(*values))
        if not found:
            raise Skipped(f"a point beside {place!r} has no verified value")
        return found

    def require_width(self) -> None:
        """Refuse laws of which double precision shows too little for a comparison."""
        low, high = self.hull
        size = max(abs(low), abs(high)) or 1.0
        if not 1 / _LARGEST < size < _LARGEST:
            raise InvalidArgumentError(
                f"{short(self.law)} has the size {size:.3g}, whose powers leave the range of "
                "double precision; scale it to a size of about 1"
            )
        if 0 < high - low < _NARROW * size:
            raise InvalidArgumentError(
                f"{short(self.law)} lies between {low!r} and {high!r}, so near to each other that "
                "rounding would decide; shift it to about 0"
            )

    def inside(self, x: Floats) -> NDArray[np.bool_]:
        """Which points lie in the continuous part."""
        ends = [float(e) for e in self.law.edges()]
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        return np.array([any(a < p < b for a, b in pairs) for p in x], dtype=bool)

    def ask(self, function: Callable[[Any], Any], points: Any) -> tuple[Any, Any]:
        """Values at points; those that have none are left out, if they are few."""
        points = np.asarray(points)
        most = max(1, int(REFUSED * len(points)))
        refused = np.zeros(len(points), dtype=bool)
        while True:
            try:
                values = np.asarray(function(points[~refused]))
                break
            except ConvergenceError as error:
                new = ~refused & np.isin(points, np.array(error.points))
                refused |= new
                if not new.any() or refused.sum() > most:
                    raise Failed(
                        f"{refused.sum()} of {len(points)} points have no verified value, the "
                        f"first {points[refused][:1]}: {short(str(error))}",
                        float(refused.sum()),
                        float(most),
                    ) from error
        self.refused += points[refused].tolist()
        kept = points[~refused]
        if values.shape != kept.shape:
            raise Failed(f"values at {kept.shape} points have the shape {values.shape}")
        return kept, values

    def close(self, what: str, at: Any, found: Any, expected: Any, allowed: Any) -> None:
        """Fail at the place where two quantities differ most, in units of what is allowed."""
        at, found, expected = (np.atleast_1d(np.asarray(v)) for v in (at, found, expected))
        allowed = np.broadcast_to(np.asarray(allowed, dtype=float), found.shape)
        with np.errstate(invalid="ignore"):
            difference = np.abs(found - expected)
            bad = ~((difference <= allowed) | (found == expected))
        if not bad.any():
            return
        excess = np.where(np.isnan(difference), math.inf, difference / np.maximum(allowed, 1e-300))
        worst = int(np.argmax(np.where(bad, excess, -1.0)))
        raise Failed(
            f"{what} at {plain(at[worst])}: {plain(found[worst])}, expected "
            f"{plain(expected[worst])}",
            float(difference[worst]),
            float(allowed[worst]),
        )


def plain(value: Any) -> str:
    """A number as one types it."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def known(call: Callable[[], Any], *errors: type[FreesymError]) -> Any:
    """What a call returns; the statement is skipped where freesym says it has no answer."""
    try:
        return call()
    except errors as error:
        raise Skipped(short(str(error))) from error


def number(value: Any) -> Any:
    """The number, radicals, whose sums grow, to 60 digits."""
    return Fraction(str(value.evalf(60))) if is_expression(value) else value
