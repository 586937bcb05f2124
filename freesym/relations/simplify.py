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
from freesym.parameters import as_number, exact_quotient, to_float
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
    kept, totals = _merged(_with_joint_rates(pairs))
    if not kept:
        return Constant(shift)
    if len(kept) == 1:
        return affine(_additive_power(kept[0], totals[0]), 1, shift)
    pairs = [_closed_power(relation, power) for relation, power in zip(kept, totals, strict=True)]
    return affine(Additive(*zip(*pairs, strict=True)), 1, shift)


def _with_joint_rates(pairs: list[tuple[Relation, Any]]) -> list[tuple[Relation, Any]]:
    """Compound Poisson laws with the same jumps as one, whose rate is the sum."""
    rates: dict[Relation, list[Any]] = {}
    for relation, power in pairs:
        if isinstance(relation, CompoundPoisson):
            rates.setdefault(relation.jumps, []).append(power * relation.rate)
    found = [p for p in pairs if not isinstance(p[0], CompoundPoisson)]
    for jumps, parts in rates.items():
        total = sum(parts[1:], parts[0])
        if len(parts) == 1 or not (total == 0 or _is_positive(total) or _is_positive(-total)):
            found += [p for p in pairs if getattr(p[0], "jumps", None) == jumps]
        elif total != 0:
            sign = 1 if _is_positive(total) else -1
            found.append((CompoundPoisson(jumps, sign * total), sign))
    return found


def _closed_power(relation: Relation, power: Any) -> tuple[Relation, Any]:
    """A positive power of a law that is closed under powers as one law."""
    closed = getattr(relation, "additive_power_relation", None)
    if closed is None or power == 1 or not _is_positive(power):
        return relation, power
    return closed(power), 1


def _additive_power(relation: Relation, power: Any) -> Relation:
    """A power of one term; laws closed under powers (semicircles, Poisson laws) say so."""
    if power == 1:
        return relation
    closed, rest = _closed_power(relation, power)
    if rest == 1:
        return closed
    if isinstance(relation, CompoundPoisson):
        return CompoundPoisson(relation.jumps, power * relation.rate)
    return Additive((relation,), (power,))


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
    if isinstance(positive, Affine) and positive.shift == 0 and _is_positive(positive.scale):
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
    if not _is_positive(scale) or getattr(scale, "free_symbols", None):
        return _is_positive(scale)
    return abs(math.log(scale) * float(power)) < _LARGEST_EXPONENT


def _power(base: Any, power: Any) -> Any:
    """A power that is exact, if need be a SymPy root, where both numbers are."""
    exact = isinstance(base, (int, Fraction)) and isinstance(power, (int, Fraction))
    if exact and base > 0:
        return as_number(scalar_power(Fraction(base), Fraction(power)))
    return base**power


def _is_positive(scale: Any) -> bool:
    sign = getattr(scale, "is_positive", None)
    return bool(sign) if sign is not None else bool(scale > 0)
