"""Which irreducible factor is the law's: the one that vanishes at verified points.

A factor is tried at points ``(w, G(w))`` from the verified solver, with random exact numbers
for the symbols inside their assumptions.  What is compared is the distance to the nearest zero
of the factor, ``|P/(a P_a)|`` to first order, which does not depend on the size of its
coefficients: it is at the level of rounding for the right factor, and must be far above it for
all others.  Laws that the solver refuses (deconvolutions) are decided by their exact moments.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import flint
import numpy as np

from freesym.algebra.polynomials import Polynomial
from freesym.errors import ConvergenceError, FreesymError
from freesym.lazy import LazyModule
from freesym.parameters import argument_name, substituted, symbols_of, to_float
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.expansions import parameters_of
from freesym.spectrum.moments import moments
from freesym.transforms.coordinates import Pair, coordinates
from freesym.transforms.parameters import Parameters

sympy: Any = LazyModule("sympy")

_CLOSE = 1e-6
# Of evaluations; the next is tried while rounding is larger than _RESOLVED.
_DIGITS = 50, 400, 3200
_RESOLVED = 1e-9
_MARGIN = 1e3
_DRAWS = 60
_POINTS = 5
#: Ranges from which parameters are drawn: probabilities, powers of at least 1, any.
_RANGES = ((0.1, 0.9), (1.0, 3.0), (0.02, 0.3), (2.0, 6.0), (-3.0, 3.0))

Values = dict[Any, Fraction]


@dataclass(frozen=True, eq=False)
class Sample:
    """Verified points ``(w, g, psi)`` of a law, with the numbers put for its symbols."""

    relation: Relation
    values: Values
    points: tuple[tuple[complex, complex, complex], ...]


def chosen(
    polynomial: Polynomial,
    relation: Relation,
    pair: Pair,
    parameters: Parameters,
    ratio: Any = None,
) -> Polynomial:
    """The irreducible factor that vanishes on the curve of the law.

    Raises
    ------
    ConvergenceError
        If neither verified points nor moments single out a factor.
    """
    candidates = [p for p, _ in polynomial.factors()[1] if p.involves("a")]
    if len(candidates) == 1:
        return candidates[0]
    votes: list[int] = []
    for sample in islice(samples(relation), 4):
        scores = [_distance(p, sample, pair, parameters, ratio) for p in candidates]
        best = _decided(scores)
        if best is not None:
            votes.append(best)
            if not sample.values or votes.count(best) == 2:
                return candidates[best]
    found = _by_moments(candidates, relation, pair, parameters, ratio)
    if found is None:
        raise ConvergenceError(
            f"the polynomial of this law has {len(candidates)} factors, and verified values do not "
            "single out one; give its symbols numbers with .subs, or assumptions "
            "(positive=True) that its parameters satisfy"
        )
    return found


def is_verified(polynomial: Polynomial, relation: Relation, parameters: Parameters) -> bool:
    """Whether a polynomial in ``g`` and ``w`` vanishes at verified points, or at none to be had."""
    distances = [
        _distance(polynomial, sample, "gw", parameters, None)
        for sample in islice(samples(relation), 2)
    ]
    return not distances or min(distances) < _CLOSE


def _decided(scores: list[float]) -> int | None:
    """The index of the one factor that is close, if all others are far."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    best, second = scores[order[0]], scores[order[1]]
    return order[0] if best < _CLOSE and second > _MARGIN * max(best, 1e-12) else None


def _distance(
    polynomial: Polynomial, sample: Sample, pair: Pair, parameters: Parameters, ratio: Any
) -> float:
    """How far the points are from the curve, relative to their first coordinate."""
    numbers = numerical(parameters, sample.values)
    number = None if ratio is None else to_float(substituted(ratio, sample.values))
    worst = 0.0
    for place in sample.points:
        a, b = coordinates(pair, place, number)
        for digits in _DIGITS:
            value, slope, _ = polynomial.values("a", {**numbers, "a": a, "b": b}, digits)
            distance = abs(value) / abs(slope * flint.acb(a))
            if distance.is_finite() and distance.rad() < _RESOLVED:
                break
        worst = max(worst, float(distance) if distance.is_finite() else float("inf"))
    return worst


def numerical(parameters: Parameters, values: Mapping[Any, Fraction]) -> dict[str, Any]:
    """Numbers for the generators that stand for parameters."""
    found: dict[str, Any] = {}
    for name, atom in zip(parameters.names, parameters.atoms, strict=True):
        if atom in values:
            found[name] = values[atom]
        else:
            exact = {symbol: sympy.Rational(v) for symbol, v in values.items()}
            real, imaginary = sympy.N(atom.subs(exact), 60).as_real_imag()
            found[name] = flint.acb(flint.arb(str(real)), flint.arb(str(imaginary)))
    return found


# ------------------------------------------------------------------------------ verified points


def samples(relation: Relation) -> Iterator[Sample]:
    """Numerical laws of the family with verified points; laws decided by theorem come first."""
    later = []
    for values in draws(relation):
        try:
            sample = _sample(bound(relation, values).numeric(), values)
        except (FreesymError, ArithmeticError, ValueError, NotImplementedError, AssertionError):
            continue
        if sample is None:
            continue
        if sample.relation.all_proved:
            yield sample
        else:
            later.append(sample)
            if len(later) == 4:
                break
    yield from later


def draws(relation: Relation) -> Iterator[Values]:
    """Random dyadic numbers for the symbols of a relation, inside their assumptions."""
    symbols = sorted(free_symbols(relation), key=str)
    if not symbols:
        yield {}
        return
    generator = random.Random(20080649)  # noqa: S311
    for k in range(_DRAWS):
        fixed = _RANGES[k % len(_RANGES)] if k < 2 * len(_RANGES) else None
        yield {s: _number(s, fixed or generator.choice(_RANGES), generator) for s in symbols}


def _number(symbol: Any, interval: tuple[float, float], generator: random.Random) -> Fraction:
    low, high = interval
    x = generator.uniform(low, high)
    x = float(round(x)) or 1.0 if symbol.is_integer else round(x * 1024) / 1024
    if symbol.is_nonnegative:
        x = abs(x)
    if symbol.is_nonpositive:
        x = -abs(x)
    return Fraction(x)


def free_symbols(relation: Relation) -> frozenset[Any]:
    """The symbols in the parameters of a tree, without the variables of formulas."""
    found: frozenset[Any] = frozenset()
    if not relation.children:
        own = getattr(relation, "free_symbols", None)
        return frozenset(own) if own is not None else symbols_of(tuple(parameters_of(relation)))
    for field in dataclasses.fields(relation):  # type: ignore[arg-type]
        value = getattr(relation, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            found |= free_symbols(item) if isinstance(item, Relation) else symbols_of(item)
    return found


def bound(relation: Relation, values: Values) -> Relation:
    """The relation with numbers for its symbols."""
    if not values:
        return relation
    if hasattr(relation, "subs"):
        found: Relation = relation.subs(values)
        return found
    fields = dataclasses.fields(relation)  # type: ignore[arg-type]
    arguments = {argument_name(f): _bound(getattr(relation, f.name), values) for f in fields}
    return type(relation)(**arguments)


def _bound(value: Any, values: Values) -> Any:
    if isinstance(value, Relation):
        return bound(value, values)
    if isinstance(value, tuple):
        return tuple(_bound(item, values) for item in value)
    return substituted(value, values)


def _sample(relation: Relation, values: Values) -> Sample | None:
    low, high = hull(relation)
    finite = np.isfinite(low) and np.isfinite(high) and low < high
    centre, radius = (0.5 * (low + high), 0.5 * (high - low)) if finite else (0.0, 2.0)
    generator = np.random.default_rng(2008)
    x, y = generator.uniform(-1, 1, 2 * _POINTS), generator.uniform(0.2, 1, 2 * _POINTS)
    z = np.asarray(centre + radius * (x + 1j * y), dtype=np.complex128)
    found = transforms(relation, z)
    good = np.isfinite(found.g) & np.isfinite(found.psi) & (found.g != 0)
    if np.count_nonzero(good) < _POINTS - 2:
        return None
    rows = zip(z[good].tolist(), found.g[good].tolist(), found.psi[good].tolist(), strict=True)
    return Sample(relation, values, tuple(islice(rows, _POINTS)))


# ------------------------------------------------------------------------------ exact moments


def _by_moments(
    candidates: list[Polynomial],
    relation: Relation,
    pair: Pair,
    parameters: Parameters,
    ratio: Any,
) -> Polynomial | None:
    """The factor that vanishes on the series of ``G`` at infinity, if it is one alone.

    High up, at ``w = 2^k i``, the truncated series is as good as the solver.
    """
    votes: list[int] = []
    for values in islice(draws(relation), 12):
        try:
            row = [Fraction(m) for m in moments(bound(relation, values), 32)]
        except (FreesymError, ArithmeticError, ValueError, TypeError, NotImplementedError):
            continue
        size = max((abs(float(m)) ** (1 / k) for k, m in enumerate(row, 1)), default=1.0)
        points = []
        for direction in (1j, 0.6 + 0.8j, -0.8 + 0.6j):
            w = 8 * max(size, 1e-3) * direction
            psi = sum(float(m) / w**k for k, m in enumerate(row, 1))
            points.append((w, (1 + psi) / w, psi))
        sample = Sample(relation, values, tuple(points))
        best = _decided([_distance(p, sample, pair, parameters, ratio) for p in candidates])
        if best is not None:
            votes.append(best)
            if not values or votes.count(best) == 2:
                return candidates[best]
    return None
