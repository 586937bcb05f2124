"""The uniform law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from freesym.errors import InvalidLawError
from freesym.laws import _measures
from freesym.laws.leaf import LeafLaw
from freesym.lowering.measure import MeasureTable, Panel, measure_table
from freesym.parameters import REAL, Number, exact_quotient, is_expression, parameter
from freesym.relations.functions import log_lower, log_upper
from freesym.relations.leaf import CauchyLeaf


@dataclass(frozen=True, repr=False)
class Uniform(CauchyLeaf, LeafLaw):
    """The uniform law on an interval.

    Parameters
    ----------
    a, b : number
        The end points, ``a < b``.

    Notes
    -----
    ``G(z) = log((z - a)/(z - b))/(b - a)``.

    Examples
    --------
    >>> Uniform(0, 1).moments(3)
    [Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)]
    """

    a: Number = parameter(REAL, default=0)
    b: Number = parameter(REAL, default=1)

    def _validate(self) -> None:
        check_interval(self, self.a, self.b)

    @cached_property
    def _measure(self) -> MeasureTable:
        return measure_table([], [], [Panel.affine(float(self.a), float(self.b), [0.5])])

    def transform(self, w: Any) -> tuple[Any, Any]:
        """The defining relation; in double precision from a table, as it cancels far away."""
        return _measures.transform(w, lambda: self._measure, self._formula)

    def _formula(self, w: Any) -> tuple[Any, Any]:
        g = log_lower((w - self.a) / (w - self.b)) / (self.b - self.a)
        return g, w * g - 1

    def log_potential_at(self, w: Any) -> Any:
        """``((w - a) log(w - a) - (w - b) log(w - b))/(b - a) - 1``."""
        return _measures.potential(w, lambda: self._measure, self._potential)

    def _potential(self, w: Any) -> Any:
        a, b = w - self.a, w - self.b
        return (a * log_upper(a) - b * log_upper(b)) / (self.b - self.a) - 1

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        return float(self.a), float(self.b)

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The hull."""
        return (self.hull(),)

    def is_symmetric(self) -> bool:
        """When the interval is."""
        return bool(self.a == -self.b)

    def known_moments(self, n: int) -> list[Number]:
        """``(b^(k+1) - a^(k+1))/((k + 1)(b - a))``, divided out."""
        a, b = self.a, self.b
        return [
            exact_quotient(sum(a**j * b ** (k - j) for j in range(k + 1)), k + 1)
            for k in range(1, n + 1)
        ]


def check_interval(law: Any, a: Number, b: Number) -> None:
    """Refuse an interval whose known ends do not increase."""
    width = b - a
    if isinstance(width, float) and math.isinf(width):
        raise InvalidLawError(
            f"{type(law).__name__}: the interval from a = {a} to b = {b} is too wide for double "
            "precision"
        )
    known = not (is_expression(width) and width.free_symbols)
    if width == 0 or (known and width < 0):
        raise InvalidLawError(
            f"{type(law).__name__}: the interval from a = {a} to b = {b} must have a < b"
            + ("; use PointMass for a constant" if width == 0 else "")
        )
