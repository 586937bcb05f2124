"""Laws given by a density."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.laws import _measures
from freesym.laws.leaf import LeafLaw
from freesym.laws.pushforward import check_function, shown, vectorised
from freesym.lowering.fitting import fit_panels
from freesym.lowering.measure import FittedMeasure, MeasureTable, Panel, measure_table
from freesym.parameters import Number, as_number, as_sequence, rounded, short
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf

Floats = NDArray[np.float64]
Interval = tuple[float, float]
Function = Callable[[Floats], Floats]
_TOLERANCE = 1e-9
_REACH = 80.0
#: Where the powers of tails show, and how clearly a moment must exist: near the last one that does
#: quadrature is not accurate.
_FAR: Floats = np.array([1e12, 1e16, 1e20])
_DECAY_MARGIN = 0.4


@dataclass(frozen=True, repr=False)
class DensityLaw(CauchyLeaf, LeafLaw):
    """The law with a given density on one or several intervals.

    The density is resolved into polynomial panels once.  Integrable singularities at the
    ends of the intervals and tails of infinite intervals are resolved; kinks and
    singularities inside belong to the ends of intervals.

    Parameters
    ----------
    density : SymPy expression of one symbol, or vectorised callable
        A callable must be defined at the top level of a module, so that the law can be
        pickled and compared.
    intervals : pair of numbers, or sequence of pairs
        Where the density is positive; ends may be infinite.

    Notes
    -----
    The integral of the density must be 1 within 1e-9.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> print(round(DensityLaw(2 * x, (0, 1)).mean(), 12))
    0.666666666667
    """

    density_function: Any
    intervals: tuple[Interval, ...] = ((-math.inf, math.inf),)

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", _checked(self.intervals))
        check_function(self.density_function, _inside(self.intervals[0]), "DensityLaw")
        mass = math.fsum(2 * float(panel.density[0]) for panel in self._panels)
        if abs(mass - 1) > _TOLERANCE:
            raise InvalidLawError(
                f"the density {shown(self.density_function)} has the integral {mass:.12g} over "
                f"{self.intervals}, not 1; divide it by that"
            )

    @property
    def free_symbols(self) -> frozenset[Any]:
        """None: the symbol of the density is bound."""
        return frozenset()

    def subs(self, replacements: dict[Any, Any]) -> Self:
        """The law itself: the symbol of the density is bound."""
        return self

    def numeric(self) -> Self:
        """The law itself."""
        return self

    def _arguments(self) -> list[str]:
        ends = ", ".join(f"({_end(a)}, {_end(b)})" for a, b in self.intervals)
        return [shown(self.density_function), f"[{ends}]"]

    @property
    def _panels(self) -> tuple[Panel, ...]:
        return tuple(
            panel for i in self.intervals for panel in _fit(self.density_function, i).panels
        )

    @cached_property
    def _table(self) -> MeasureTable:
        return measure_table([], [], self._panels)

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Quadrature over the panels, exact up to rounding on both sides of the spectrum."""
        return measure_transform(w, self._table)

    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - X)``."""
        return measure_potential(w, self._table)

    def hull(self) -> tuple[float, float]:
        """The ends of the intervals."""
        return self.intervals[0][0], self.intervals[-1][1]

    def continuous_support(self) -> tuple[Interval, ...]:
        """The intervals."""
        return _measures.union(self.intervals)

    @property
    def singular_points(self) -> frozenset[float]:
        """The ends of the intervals."""
        return frozenset(end for interval in self.intervals for end in interval)

    def known_moments(self, n: int) -> list[Number]:
        """Quadrature of powers.

        Raises
        ------
        UnsupportedOperationError
            If the density decays so slowly that a moment is infinite.
        """
        self._check_decay(n)
        points, weights = _measures.sources(self._table)
        return [float(math.fsum(weights * points**k)) for k in range(1, n + 1)]

    def _check_decay(self, n: int) -> None:
        """Refuse moments of orders that the powers of heavy tails do not have."""
        density = vectorised(self.density_function)
        for end in (self.intervals[0][0], self.intervals[-1][1]):
            if math.isfinite(end):
                continue
            places = math.copysign(1.0, end) * _FAR
            with np.errstate(all="ignore"):
                values = np.broadcast_to(density(places), places.shape).astype(float)
                rates = -np.diff(np.log(values)) / np.diff(np.log(_FAR))
            # NaN where the density has vanished
            rate = float(np.min(rates, initial=math.inf, where=np.isfinite(rates)))
            if rate < n + 1 + _DECAY_MARGIN:
                order = max(1, math.ceil(rate - 1 - _DECAY_MARGIN))
                raise UnsupportedOperationError(
                    f"the moment of order {order} of {self!r} is infinite or beyond quadrature: "
                    f"the density decays like the power -{rate:.3g} of x; use quantiles"
                )


def _end(x: float) -> str:
    return f"float('{x}')" if math.isinf(x) else repr(x)


def _checked(intervals: Any) -> tuple[Interval, ...]:
    given = as_sequence(intervals, "DensityLaw: intervals")
    pairs = given if given and isinstance(given[0], Iterable) else (given,)
    found = sorted(map(_interval, pairs))
    for a, b in found:
        if not a < b:
            raise InvalidLawError(f"the interval ({a}, {b}) is empty; its ends must increase")
    for (_, b), (a, _) in pairwise(found):
        if a < b:
            raise InvalidLawError(f"two intervals overlap between {a} and {b}")
    return tuple(found)


def _interval(pair: Any) -> Interval:
    ends = as_sequence(pair, "DensityLaw: an interval")
    if len(ends) != 2:
        raise InvalidLawError(f"the interval {short(pair)} must have two ends")
    return _end_value(ends[0]), _end_value(ends[1])


def _end_value(end: Any) -> float:
    """A number, or plus or minus infinity."""
    infinite = isinstance(end, numbers.Real) or getattr(end, "is_infinite", False)
    if infinite and abs(end) == math.inf:
        return math.copysign(math.inf, end)
    return rounded(as_number(end, "DensityLaw: an end"), "DensityLaw: an end")


def _inside(interval: Interval) -> Floats:
    """Some points of an interval."""
    a, b = interval
    if math.isinf(a):
        return (0.0 if math.isinf(b) else b) - np.array([1.0, 2.0, 3.0])
    steps = np.array([0.25, 0.5, 0.75])
    return a + steps * (b - a if math.isfinite(b) else 1.0)


@lru_cache(maxsize=256)
def _fit(density: Any, interval: Interval) -> FittedMeasure:
    position, weight, ends = _parametrised(density, *interval)

    def checked(v: Floats) -> Floats:
        values = np.asarray(weight(v), dtype=float)
        values = np.where(np.isfinite(values), values, 0.0)
        if np.min(values, initial=0.0) < -1e-12 * max(1.0, float(np.max(np.abs(values)))):
            where = position(v)[np.argmin(values)]
            raise InvalidLawError(f"the density {shown(density)} is negative at x = {where:.6g}")
        return values

    try:
        return fit_panels(position, checked, ends, rounded=callable(density))
    except InvalidLawError:
        raise
    except ValueError as error:
        raise InvalidLawError(
            f"the density {shown(density)}: {error}; put its kinks at ends of intervals, and give "
            "densities with singular ends as SymPy expressions"
        ) from error


def _parametrised(
    density: Any, a: float, b: float
) -> tuple[Function, Function, tuple[float, float, float]]:
    """Position and density along a parameter in which the ends, finite or not, are harmless."""
    if math.isfinite(a) and math.isfinite(b):
        return _between(density, a, b)
    position, slope = _unbounded(a, b)
    function = vectorised(density)
    return position, lambda v: function(position(v)) * slope(v), (-_REACH, 0.0, _REACH)


def _unbounded(a: float, b: float) -> tuple[Function, Function]:
    if math.isinf(a) and math.isinf(b):
        return np.sinh, np.cosh
    if math.isinf(b):
        return lambda v: a + np.exp(v), np.exp
    return lambda v: b - np.exp(-v), lambda v: np.exp(-v)


def _between(
    density: Any, a: float, b: float
) -> tuple[Function, Function, tuple[float, float, float]]:
    """Both ends sit at 0, where numbers are densest."""
    middle = 0.5 * (a + b)
    half = math.sqrt(0.5 * (b - a))
    lower, upper = _beside(density, a, 1), _beside(density, b, -1)

    def position(v: Floats) -> Floats:
        inside = np.where(v < 0, b - v * v, a + v * v)
        return np.where(np.abs(v) == half, middle, inside)

    def weight(v: Floats) -> Floats:
        t = np.abs(v)
        return np.asarray(np.where(v < 0, upper(t), lower(t)) * (2 * t))

    return position, weight, (-half, 0.0, half)


def _beside(density: Any, end: float, sign: int) -> Function:
    """The density at ``end + sign t^2``; in an expression ``end`` cancels before rounding."""
    import sympy

    if not isinstance(density, sympy.Expr):
        return lambda t: density(end + sign * t * t)
    t = sympy.Symbol("t", positive=True)
    x = next(iter(density.free_symbols), t)
    return vectorised(sympy.expand(density.subs(x, sympy.Rational(end) + sign * t**2)))
