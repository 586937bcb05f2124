"""Constructors that keep relation trees small: flatten, merge, pull out scales and shifts.

A sum of equal terms is a power, nested sums are one sum, point masses are shifts or scales.
A thousand equal layers thus become one factor with the power 1000.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from freesym.algebra.coefficients import scalar_power
from freesym.errors import InvalidLawError
from freesym.parameters import as_number, exact_quotient, is_known_positive, to_float
from freesym.relations.functions import log_upper
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.nodes import (
    Additive,
    Affine,
    CompoundPoisson,
    Multiplicative,
    NegativeInverse,
    RealMultiplicative,
    Reshape,
)
from freesym.relations.relation import Relation

Powers = Sequence[Any]
_LARGEST_EXPONENT = 300.0


@dataclass(frozen=True)
class Constant(CauchyLeaf):
    """The law of a constant."""

    value: Any

    def transform(self, w: Any) -> tuple[Any, Any]:
        """``1/(w - a)`` and ``a/(w - a)``."""
        g = 1 / (w - self.value)
        return g, self.value * g

    def log_potential_at(self, w: Any) -> Any:
        """``log(w - a)``."""
        return log_upper(w - self.value)

    def hull(self) -> tuple[float, float]:
        """The constant."""
        return to_float(self.value), to_float(self.value)


def _merged(pairs: Iterable[tuple[Relation, Any]]) -> tuple[tuple[Relation, ...], tuple[Any, ...]]:
    totals: dict[Relation, Any] = {}
    for relation, power in pairs:
        totals[relation] = totals[relation] + power if relation in totals else power
    kept = {relation: power for relation, power in totals.items() if power != 0}
    return tuple(kept), tuple(kept.values())


def affine(relation: Relation, scale: Any, shift: Any) -> Relation:
    """The law of ``scale X + shift``; ``scale`` is not 0."""
    _require_moderate(scale, shift)
    if isinstance(relation, Constant):
        return Constant(scale * relation.value + shift)
    if isinstance(relation, Affine):
        return affine(relation.child, scale * relation.scale, scale * relation.shift + shift)
    if scale == 1 and shift == 0:
        return relation
    return Affine(relation, scale, shift)


def _require_moderate(scale: Any, shift: Any) -> None:
    """Refuse products of scales and shifts that left the range of double precision."""
    if scale == 0 or any(isinstance(x, float) and not math.isfinite(x) for x in (scale, shift)):
        raise InvalidLawError(
            f"a law is scaled by {scale} and shifted by {shift}, beyond the range of double "
            "precision; choose units in which the spectrum is of moderate size"
        )


def additive(terms: Sequence[Relation], powers: Powers) -> Relation:
    """Free additive convolution of powers, with constants and shifts pulled out."""
    shift: Any = 0
    pairs: list[tuple[Relation, Any]] = []
    for term, power in zip(terms, powers, strict=True):
        inner = term
        if isinstance(inner, Affine):
            shift = shift + power * inner.shift
            inner = affine(inner.child, inner.scale, 0)
        if isinstance(inner, Constant):
            shift = shift + power * inner.value
        elif isinstance(inner, Additive):
            nested = zip(inner.terms, inner.powers, strict=True)
            pairs.extend((t, p * power) for t, p in nested)
        else:
            pairs.append((inner, power))
    kept, totals, centre = _joined(*_merged(pairs))
    shift = shift + centre
    if not kept:
        return Constant(shift)
    if len(kept) == 1:
        return affine(_additive_power(kept[0], totals[0]), 1, shift)
    pairs = [_closed_power(relation, power) for relation, power in zip(kept, totals, strict=True)]
    return affine(Additive(*zip(*pairs, strict=True)), 1, shift)


def _joined(terms: Sequence[Relation], powers: Powers) -> tuple[list[Relation], list[Any], Any]:
    """Powers of one law as one power of it, and the sum of the shifts between them.

    Semicircles, Poisson laws with the same jumps and Cauchy laws: their differences have a law
    only if the powers that remain are positive, and it is known in closed form then.
    """
    groups: dict[Relation, list[tuple[Relation, Any, Any, Any]]] = {}
    for relation, power in zip(terms, powers, strict=True):
        unit, units, centre = _unit(relation)
        groups.setdefault(unit, []).append((relation, power, units * power, centre * power))
    kept: list[Relation] = []
    totals: list[Any] = []
    shift: Any = 0
    for unit, members in groups.items():
        total = sum(units for *_, units, _ in members)
        if len(members) == 1 or not (
            total == 0 or is_known_positive(total) or is_known_positive(-total)
        ):
            kept += [relation for relation, *_ in members]
            totals += [power for _, power, *_ in members]
            continue
        shift = shift + sum(centre for *_, centre in members)
        if total != 0:
            kept.append(unit)
            totals.append(total)
    return kept, totals, shift


def _unit(relation: Relation) -> tuple[Relation, Any, Any]:
    """A law as a power of a standard one and a shift; by default of itself."""
    scale: Any = 1
    inner = relation
    if isinstance(relation, Affine) and relation.shift == 0:
        scale, inner = relation.scale, relation.child
    if isinstance(inner, CompoundPoisson):
        return CompoundPoisson(affine(inner.jumps, scale, 0), 1), inner.rate, 0
    unit = getattr(inner, "additive_unit", None)
    return (relation, 1, 0) if unit is None else unit(scale)


def _closed_power(relation: Relation, power: Any) -> tuple[Relation, Any]:
    """A positive power of a law that is closed under powers as one law."""
    if isinstance(relation, Affine) and relation.shift == 0:
        closed, rest = _closed_power(relation.child, power)
        return affine(closed, relation.scale, 0), rest
    if isinstance(relation, CompoundPoisson):
        sign = -1 if is_known_positive(-power) else 1
        return CompoundPoisson(relation.jumps, sign * power * relation.rate), sign
    power_relation = getattr(relation, "additive_power_relation", None)
    if power_relation is None or power == 1 or not is_known_positive(power):
        return relation, power
    return power_relation(power), 1


def _additive_power(relation: Relation, power: Any) -> Relation:
    """A power of one term; laws closed under powers (semicircles, Poisson laws) say so."""
    closed, rest = _closed_power(relation, power)
    return closed if rest == 1 else Additive((closed,), (rest,))


def multiplicative(factors: Sequence[Relation], powers: Powers) -> Relation:
    """Free multiplicative convolution of powers on the half-line, with scales pulled out."""
    scale: Any = 1
    pairs: list[tuple[Relation, Any]] = []
    for factor, power in zip(factors, powers, strict=True):
        inner = factor
        if isinstance(inner, Affine) and inner.shift == 0 and _can_pull_out(inner.scale, power):
            scale = scale * _power(inner.scale, power)
            inner = inner.child
        if isinstance(inner, Constant):
            if inner.value == 0:
                return Constant(0)
            scale = scale * _power(inner.value, power)
        elif isinstance(inner, Multiplicative):
            nested = zip(inner.factors, inner.powers, strict=True)
            pairs.extend((f, p * power) for f, p in nested)
        else:
            pairs.append((inner, power))
    kept, totals = _merged(pairs)
    if not kept:
        return Constant(scale)
    whole = kept[0] if totals == (1,) else Multiplicative(kept, totals)
    return affine(whole, scale, 0)


def real_multiplicative(real: Relation, positive: Relation) -> Relation:
    """Free multiplicative convolution of a law on the line with one on the half-line."""
    if isinstance(positive, Constant):
        return affine(real, positive.value, 0) if positive.value != 0 else Constant(0)
    if isinstance(real, Constant):
        return affine(positive, real.value, 0) if real.value != 0 else Constant(0)
    scale: Any = 1
    if isinstance(positive, Affine) and positive.shift == 0 and is_known_positive(positive.scale):
        scale, positive = positive.scale, positive.child
    if isinstance(real, Affine) and real.shift == 0:
        scale, real = scale * real.scale, real.child
    if isinstance(real, RealMultiplicative):
        positive = multiplicative((positive, real.positive), (1, 1))
        real = real.real
    return affine(RealMultiplicative(real, positive), scale, 0)


def negative_inverse(relation: Relation) -> Relation:
    """The law of ``-1/X``."""
    if isinstance(relation, Constant):
        return Constant(exact_quotient(-1, relation.value))
    if isinstance(relation, NegativeInverse):
        return relation.child
    if isinstance(relation, Affine) and relation.shift == 0:
        return affine(negative_inverse(relation.child), exact_quotient(1, relation.scale), 0)
    return NegativeInverse(relation)


def reshape(relation: Relation, ratio: Any) -> Relation:
    """From the law of ``J J^T`` to that of ``J^T J``."""
    if isinstance(relation, Reshape):
        return reshape(relation.child, ratio * relation.ratio)
    if isinstance(relation, Affine) and relation.shift == 0:
        return affine(reshape(relation.child, ratio), relation.scale, 0)
    return relation if ratio == 1 else Reshape(relation, ratio)


def _can_pull_out(scale: Any, power: Any) -> bool:
    """A positive scale whose power is a floating-point number."""
    if not is_known_positive(scale) or getattr(scale, "free_symbols", None):
        return is_known_positive(scale)
    return abs(math.log(scale) * float(power)) < _LARGEST_EXPONENT


def _power(base: Any, power: Any) -> Any:
    """A power that is exact, if need be a SymPy root, where both numbers are."""
    exact = isinstance(base, (int, Fraction)) and isinstance(power, (int, Fraction))
    if exact and base > 0:
        return as_number(scalar_power(Fraction(base), Fraction(power)))
    return base**power
