"""Laws with finitely many atoms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.laws._models import rotated
from freesym.laws.leaf import LeafLaw
from freesym.lowering.measure import MeasureTable, measure_table
from freesym.parameters import (
    Number,
    as_number,
    as_sequence,
    is_expression,
    rounded,
    short,
)
from freesym.relations.functions import log_upper, measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant

_EXPLICIT = 16
_TOLERANCE = 1e-12


@dataclass(frozen=True, repr=False)
class Discrete(CauchyLeaf, LeafLaw):
    """A law with finitely many atoms.

    Points are sorted and equal points merged.  Symbolic points and weights are accepted and
    kept in their order.

    Parameters
    ----------
    points : sequence of numbers
        The atoms.
    weights : sequence of nonnegative numbers, optional
        Their masses, which sum to 1: exactly if they are exact, within 1e-12 if they are
        floats.  Equal masses by default.

    Notes
    -----
    ``G(z) = sum weight/(z - point)``.

    Examples
    --------
    >>> law = Discrete([3, 1, 1])
    >>> law
    Discrete(points=(1, 3), weights=(Rational(2, 3), Rational(1, 3)))
    >>> law.moments(2)
    [Fraction(5, 3), Fraction(11, 3)]
    """

    points: tuple[Number, ...]
    weights: tuple[Number, ...] | None = None

    def __post_init__(self) -> None:
        points = _numbers(self.points, "points")
        weights = self.weights
        given = _equal(len(points)) if weights is None else _numbers(weights, "weights")
        _check(points, given)
        merged = _merged(points, given)
        object.__setattr__(self, "points", tuple(merged))
        object.__setattr__(self, "weights", tuple(merged.values()))

    @property
    def masses(self) -> dict[Number, Number]:
        """The atoms and their masses."""
        assert self.weights is not None
        return dict(zip(self.points, self.weights, strict=True))

    def exact_masses(self) -> dict[Number, Number]:
        """The atoms and their masses, as given."""
        return self.masses

    def relation(self) -> Relation:
        """The law itself, or a constant."""
        return Constant(self.points[0]) if len(self.points) == 1 else self

    @cached_property
    def _table(self) -> MeasureTable:
        masses = self.masses
        return measure_table([float(x) for x in masses], [float(p) for p in masses.values()])

    def transform(self, w: Any) -> tuple[Any, Any]:
        """The sums ``sum p/(w - x)`` and ``sum p x/(w - x)``; tabulated if they are long.

        Mirrored atoms are taken together: their sum vanishes at 0 without cancellation.
        """
        if len(self.points) > _EXPLICIT:
            return measure_transform(w, self._table)
        if self.is_symmetric():
            square = w * w
            terms = {x: 2 * p / (square - x * x) for x, p in self.masses.items() if float(x) > 0}
            middle = [p / w for x, p in self.masses.items() if x == 0]
            g = reduce(add, [w * term for term in terms.values()] + middle)
            return g, reduce(add, (x * x * term for x, term in terms.items()))
        terms = {x: p / (w - x) for x, p in self.masses.items()}
        g = reduce(add, terms.values())
        return g, reduce(add, (x * term for x, term in terms.items() if x != 0), 0)

    def log_potential_at(self, w: Any) -> Any:
        """``sum p log(w - x)``."""
        if len(self.points) > _EXPLICIT:
            return measure_potential(w, self._table)
        return reduce(add, (p * log_upper(w - x) for x, p in self.masses.items()))

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        values = [float(x) for x in self.points]
        return min(values), max(values)

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """Nothing: the law is atomic."""
        return ()

    def point_masses(self) -> dict[Number, Number]:
        """The atoms and their masses."""
        return self.masses

    def keeps_digits_at_zero(self) -> bool:
        """Where all atoms have one sign, or are taken in mirrored pairs."""
        paired = self.is_symmetric() and len(self.points) <= _EXPLICIT
        return paired or super().keeps_digits_at_zero()

    def is_symmetric(self) -> bool:
        """Whether the mirrored atoms have the same masses."""
        masses = self.masses
        return all(masses.get(-x) == p for x, p in masses.items())

    def known_moments(self, n: int) -> list[Number]:
        """Power sums."""
        masses = self.masses
        return [sum(p * x**k for x, p in masses.items()) for k in range(1, n + 1)]

    def sample_matrix(self, n: int, rng: Any = None) -> NDArray[np.float64]:
        """A diagonal matrix with the atoms in their proportions, in a Haar basis."""
        pairs = sorted((float(x), float(p)) for x, p in self.masses.items())
        ranks = np.searchsorted(np.cumsum([p for _, p in pairs]), (np.arange(n) + 0.5) / n)
        values = np.array([x for x, _ in pairs])
        return rotated(values[np.minimum(ranks, len(values) - 1)], rng)


def _numbers(values: Any, name: str) -> tuple[Number, ...]:
    words = f"Discrete: {name}"
    found = tuple(as_number(value, words) for value in as_sequence(values, words))
    for number in found:
        if not _is_symbolic(number):
            rounded(number, f"{words[:-1]} {short(number)}")
    return found


def _equal(n: int) -> tuple[Number, ...]:
    return (as_number(Fraction(1, n)),) * n if n else ()


def _is_symbolic(value: Number) -> bool:
    return is_expression(value) and bool(value.free_symbols)


def _check(points: tuple[Number, ...], weights: tuple[Number, ...]) -> None:
    if not points:
        raise InvalidLawError("Discrete: no points were given; a law has at least one")
    if len(points) != len(weights):
        raise InvalidLawError(
            f"Discrete: {len(points)} points but {len(weights)} weights; give one weight a point"
        )
    for weight in weights:
        if not _is_symbolic(weight) and weight < 0:
            raise InvalidLawError(f"Discrete: the weight {weight} is negative; a mass is not")
    if not any(map(_is_symbolic, weights)):
        _check_sum(weights)


def _check_sum(weights: tuple[Number, ...]) -> None:
    inexact = any(isinstance(weight, float) or is_expression(weight) for weight in weights)
    total = math.fsum(map(float, weights)) if inexact else sum(weights)
    if abs(total - 1) > (_TOLERANCE if inexact else 0):
        raise InvalidLawError(
            f"Discrete: the weights sum to {total}, not to 1; divide them by their sum"
        )


def _merged(points: tuple[Number, ...], weights: tuple[Number, ...]) -> dict[Number, Number]:
    totals: dict[Number, Number] = {}
    for point, weight in zip(points, weights, strict=True):
        if weight != 0:
            totals[point] = totals[point] + weight if point in totals else weight
    if any(map(_is_symbolic, totals)):
        return totals
    return {point: totals[point] for point in sorted(totals, key=float)}
