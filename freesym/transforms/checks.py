"""Candidates for closed forms against the verified solver, at random points of their domains."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy
from numpy.typing import NDArray

from freesym.errors import FreesymError
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.transforms.instances import substituted
from freesym.transforms.precision import number

Complex = NDArray[np.complex128]
Values = dict[Any, Any]

_TOLERANCE = 1e-9
_NEAR = 0.8
_DIGITS = 40
_COUNT = 6
_ATTEMPTS = 200
#: In units of the half width of the hull, from its centre; also close to the real line.
_POINTS: Complex = np.array([
    0.13 + 0.21j, -0.37 + 0.003j, 0.71 + 0.0004j, -1.3 + 0.11j, 1.9 + 0.02j, 0.02 + 1.7j,
    -31.0 + 2.0j, 47.0 + 0.5j,
])  # fmt: skip
_OUTSIDE: Complex = np.array([-1.37, -5.9, 2.3], dtype=complex)
#: In units of the inverse of the largest point of the hull.
_SMALL: Complex = np.array([0.031 - 0.043j, -0.052 - 0.017j, 0.061 - 0.004j, -0.003 - 0.07j])


@dataclass(frozen=True, eq=False)
class Samples:
    """Values for the symbols of a law, at which it is one."""

    values: tuple[Values, ...]

    def extended(self, definitions: Values) -> Samples:
        """With symbols that stand for expressions of the others."""
        return Samples(
            tuple(
                {**values, **{symbol: e.subs(values) for symbol, e in definitions.items()}}
                for values in self.values
            )
        )

    def agrees_g(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether an expression is the Cauchy transform on the upper half-plane."""
        return self._agrees(relation, expression, x, "g")

    def agrees_potential(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether an expression is ``E log(x - X)`` on the upper half-plane."""
        return self._agrees(relation, expression, x, "u")

    def _agrees(self, relation: Relation, expression: Any, x: Any, kind: str) -> bool:
        for values in self.values:
            numeric = substituted(relation, values).numeric()
            points = _scaled(numeric, _POINTS)
            found = transforms(numeric, points, potential=kind == "u")
            if not _close(_numbers(expression, x, points, values), getattr(found, kind), kind):
                return False
        return bool(self.values)

    def agrees_on_the_line(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether ``E log(x - X)`` has its boundary values on both sides of the spectrum."""
        for values in self.values:
            numeric = substituted(relation, values).numeric()
            points = _scaled(numeric, _OUTSIDE)
            found = transforms(numeric, points, potential=True)
            if not _close(_numbers(expression, x, points, values), found.u, "u"):
                return False
        return bool(self.values)

    def half_plane(self, relation: Relation, expression: Any, x: Any) -> int:
        """The sign of the imaginary part on the upper half-plane, 0 if it changes."""
        parts = [
            _numbers(expression, x, _scaled(numeric, _POINTS), values).imag
            for values in self.values
            for numeric in [substituted(relation, values).numeric()]
        ]
        signs = set(np.sign(np.concatenate(parts)).tolist()) if parts else set()
        return int(signs.pop()) if len(signs) == 1 else 0

    def agrees_m(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether an expression is ``psi(1/x)`` on the lower half-plane."""
        for values in self.values:
            numeric = substituted(relation, values).numeric()
            points = _scaled(numeric, _POINTS)
            found = transforms(numeric, points)
            if not _close(_numbers(expression, x, 1 / points, values), found.psi, "psi"):
                return False
        return bool(self.values)

    def agrees_r(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether ``G(R(w) + 1/w) = w`` for small ``w`` in the lower half-plane."""
        for values in self.values:
            numeric = substituted(relation, values).numeric()
            w = _SMALL / _reach(numeric)
            z = _numbers(expression, x, w, values) + 1 / w
            # G vanishes at finite points too; R is the inverse near infinity
            near_infinity = (np.abs(w * z - 1) < _NEAR).all()
            solved = _reflected(numeric, z, "g")
            if expression.has(sympy.I):  # nothing is said of the lower half-plane
                solved[z.imag <= 0] = np.nan
            if not near_infinity or not _close(w, solved, "g"):
                return False
        return bool(self.values)

    def agrees_s(self, relation: Relation, expression: Any, x: Any) -> bool:
        """Whether ``psi(w) = m`` at ``w = (1 + m)/(m S(m))`` for small ``m``, ``|m| << mean^2``."""
        for values in self.values:
            numeric = substituted(relation, values).numeric()
            at_zero = complex(_numbers(expression, x, np.array([1e-12 + 0j]), values)[0])
            m = _SMALL / (abs(at_zero) * _reach(numeric)) ** 2
            s = _numbers(expression, x, m, values)
            z = (1 + m) / (m * s)
            near_infinity = (np.abs(s / at_zero - 1) < _NEAR).all()
            if not near_infinity or not _close(m, _reflected(numeric, z, "psi"), "psi"):
                return False
        return bool(self.values)


def _reflected(relation: Relation, z: Complex, kind: str) -> Complex:
    below = z.imag < 0
    found = getattr(transforms(relation, np.where(below, z.conj(), z)), kind)
    return np.asarray(np.where(below, found.conj(), found))


def _close(found: Any, solved: Any, kind: str) -> bool:
    """Whether all verified points agree, most of the points being verified."""
    fine = np.isfinite(solved)
    scale = np.abs(solved[fine]) + (1 if kind == "u" else 0)
    near = np.abs(found[fine] - solved[fine]) <= _TOLERANCE * scale
    return bool(near.all() and 2 * fine.sum() > fine.size)


@lru_cache(maxsize=1024)
def _interval(relation: Relation) -> tuple[float, float]:
    low, high = hull(relation)
    if not np.isfinite([low, high]).all():
        return (-1.0, 3.0)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _scaled(relation: Relation, points: Complex) -> Complex:
    low, high = _interval(relation)
    return 0.5 * (low + high) + 0.5 * (high - low) * points


def _reach(relation: Relation) -> float:
    return max(map(abs, _interval(relation)))


def _numbers(expression: Any, x: Any, points: Any, values: Values) -> Any:
    """The expression at points, computed with many digits and rounded."""
    with mpmath.workdps(_DIGITS):
        known = {symbol: number(v) for symbol, v in values.items()}
        found = [complex(number(expression, {**known, x: mpmath.mpc(z)})) for z in points.tolist()]
    return np.array(found)


# ------------------------------------------------------------------------------------- parameters

_FRACTIONS = ("2/7", "3/5", "5/11", "7/9", "1/4", "8/9")
_NUMBERS = ("3/2", "7/3", "11/4", "5", "13/10", "9")
_INTEGERS = ("1", "2", "3", "4", "6")


def samples(law: Any) -> Samples:
    """Rational values for the symbols of a law, inside their assumptions.

    The same ones at every call: values below 1 and above 1, of both signs if a symbol may
    have both, such that the constructors of the law accept them.
    """
    symbols = sorted(law.free_symbols, key=str)
    if not symbols:
        return Samples(({},))
    found: list[Values] = []
    for values in itertools.islice(_choices(symbols), _ATTEMPTS):
        try:
            law.subs(values).relation().numeric()
        except (FreesymError, ArithmeticError, TypeError, ValueError):
            continue
        found.append(values)
        if len(found) == _COUNT:
            break
    return Samples(tuple(found))


def _choices(symbols: list[Any]) -> Iterator[Values]:
    """All combinations of both kinds of values, opposite ones together; then other values."""
    pools = [_pool(symbol) for symbol in symbols]
    for k in range(len(_FRACTIONS)):
        for half in itertools.product(range(2), repeat=min(len(symbols), 6) - 1):
            for first in range(2):
                sides = [first, *((side + first) % 2 for side in half)]
                sides += [first] * (len(symbols) - len(sides))
                yield {
                    symbol: pool[(2 * (k + i) + side) % len(pool)]
                    for i, (symbol, pool, side) in enumerate(
                        zip(symbols, pools, sides, strict=True)
                    )
                }


def _pool(symbol: Any) -> list[Any]:
    """Small and large values in turn, of both signs in turn if a symbol may have both."""
    if symbol.is_integer:
        found = [sympy.Rational(text) for text in _INTEGERS]
    else:
        pairs = zip(_FRACTIONS, _NUMBERS, strict=True)
        found = [sympy.Rational(text) for pair in pairs for text in pair]
    if symbol.is_nonpositive:
        return [-value for value in found]
    if symbol.is_nonnegative is None:
        signs = itertools.cycle((1, -1, -1, 1))
        return [v * s for v, s in zip(found, signs, strict=False)]
    return found
