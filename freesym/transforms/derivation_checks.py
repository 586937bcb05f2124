"""Displayed equations at numbers: every transform in them is evaluated by the verified solver.

Nothing here knows how an equation was derived: ``R_2(w)`` is found by inverting the solver's
``G`` of the second law, densities and atoms are read off its values beside the real line.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from freesym.errors import FreesymError
from freesym.relations.relation import Relation
from freesym.spectrum.bounds import hull
from freesym.spectrum.density import density
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.moments import moments
from freesym.spectrum.support import continuous_support, support
from freesym.transforms.instances import substituted
from freesym.transforms.precision import number

_DIGITS = 40
_STEPS = 80
_REACH = 8.0
_SLOPE = 0.01
_ROUNDING = 1e-15
_CANCELLED = 1e-4
#: Exponents of distances from an atom at 0: for densities that grow fast there, and slowly.
_NEAR_ZERO = ((-300, -280, -260), (-40, -30, -20), (-14, -12, -10))
#: In units of the half width of the hull, from its centre.
_UPPER = (0.31 + 0.27j, -0.57 + 0.11j, 1.3 + 0.4j)
#: Small points of the lower half-plane, in units of what the arguments of R, S and C allow.
_SMALL = (0.7 - 0.71j, -0.6 - 0.8j, 0.99 - 0.1j)
_SHARES = (0.23, 0.61, 0.87)
#: Letters of transforms that are inverse functions, known near 0 only.
LOCAL = ("R", "S", "C")


@dataclass(frozen=True, eq=False)
class Meaning:
    """What the names in equations stand for.

    Attributes
    ----------
    laws : mapping
        The relation of every number; the empty text is the whole law.
    variables : mapping
        ``"z"``, ``"w"``, ``"m"``, ``"h"``, ``"x"``, ``"s"`` and ``"gamma"`` to symbols.
    ratio : number, optional
        Of rectangular sums.
    """

    laws: Mapping[str, Relation]
    variables: Mapping[str, Any]
    ratio: Any = None


@dataclass(eq=False)
class Evaluation:
    """Equations at one choice of exact values for the symbols."""

    meaning: Meaning
    values: Mapping[Any, Any]
    _numeric: dict[str, Relation] = field(default_factory=dict)

    def law(self, key: str) -> Relation:
        """The numerical relation of a law."""
        if key not in self._numeric:
            relation = substituted(self.meaning.laws[key], dict(self.values))
            self._numeric[key] = relation.numeric()
        return self._numeric[key]

    @property
    def known(self) -> dict[Any, Any]:
        """The values of the symbols as numbers of high precision."""
        return {name: number(value) for name, value in self.values.items()}

    # ------------------------------------------------------------------ one equation

    def residual(self, equation: Any, interval: Any = None) -> float:
        """How far an equation is from the solver's values, relative to its terms."""
        with mpmath.workdps(_DIGITS):
            if isinstance(equation, sympy.Set):
                return self._support(equation)
            left = equation.lhs
            if isinstance(left, sympy.Limit):
                return self._exponent(equation)
            if isinstance(left, AppliedUndef) and left.func.__name__ == "mu":
                return self._atom(equation)
            return max(
                (self._at(equation, point) for point in self._points(equation, interval)),
                default=0.0,
            )

    def _at(self, equation: Any, point: dict[Any, Any]) -> float:
        if equation.rhs == 0:
            return self._distance(equation.lhs, point)
        left, right = (self.number(side, point) for side in equation.args)
        # sides that vanish, as those of the point 0 do, are measured by their terms
        terms = [abs(self.number(t, point)) for s in equation.args for t in sympy.Add.make_args(s)]
        size = max(abs(left) + abs(right), _CANCELLED * sum(terms))
        return float(abs(left - right) / size) if size else 0.0

    def _distance(self, polynomial: Any, point: dict[Any, Any]) -> float:
        """To the nearest zero in the value of the transform, to first order."""
        functions = sorted(polynomial.atoms(AppliedUndef), key=lambda f: (f.count_ops(), str(f)))
        if not functions:
            if polynomial.is_Mul:
                return min(self._distance(factor, point) for factor in polynomial.args)
            terms = [abs(self.number(t, point)) for t in sympy.Add.make_args(polynomial)]
            value = abs(self.number(polynomial, point))
            return float(value / sum(terms)) if value else 0.0
        y = sympy.Dummy("y")
        found = polynomial.xreplace({functions[0]: y})
        at = {**point, y: self.number(functions[0], point)}
        slope = self.number(found.diff(y), at) * at[y]
        return float(abs(self.number(found, at) / slope))

    def number(self, expression: Any, point: Mapping[Any, Any]) -> Any:
        """An expression with transforms at numbers for its variables."""
        replaced: dict[Any, Any] = {}
        known = {**self.known, **point}
        for function in _outermost(expression):
            argument = complex(self.number(function.args[0], point))
            dummy = sympy.Dummy("v")
            known[dummy] = mpmath.mpmathify(self.transform(function.func.__name__, argument))
            replaced[function] = dummy
        return number(expression.xreplace(replaced) if replaced else expression, known)

    # ------------------------------------------------------------------ where

    def _points(self, equation: Any, interval: Any) -> list[dict[Any, Any]]:
        """Numbers for the variables of an equation, where all its transforms are defined."""
        variables = self.meaning.variables
        used = {kind for kind, symbol in variables.items() if equation.has(symbol)}
        names = {f.func.__name__ for f in equation.atoms(AppliedUndef)}
        if "gamma" in used:
            low, high = (number(end, self.known) for end in interval)
            points = [low + (high - low) * mpmath.mpf(share) for share in _SHARES]
            return [{variables["gamma"]: p} for p in points]
        if "edge" in used:
            solved = [e for pair in continuous_support(self.law("")) for e in pair]
            ends = [e for e in solved if math.isfinite(e)]
            rounding = _ROUNDING * max(map(abs, ends), default=0.0)
            return [{variables["edge"]: mpmath.mpf(e if abs(e) > rounding else 0)} for e in ends]
        if "x" in used:
            return [{variables["x"]: mpmath.mpf(p)} for p in self._inside()]
        letters = {name.partition("_")[0] for name in names}
        keys = [name.partition("_")[2] for name in names]
        for kind, symbol in variables.items():
            if kind in used and kind != "z":
                radius = self._radius(kind, keys)
                return [{symbol: mpmath.mpmathify(radius * p)} for p in _SMALL]
        reach = max((self._reach(key) for key in keys), default=1.0)
        if letters & set(LOCAL):
            points = [_REACH * reach / p for p in _SMALL]
        else:
            low, high = self._hull("")
            points = [0.5 * (low + high) + 0.5 * (high - low) * p for p in _UPPER]
        return [{variables["z"]: mpmath.mpmathify(p)} for p in points]

    def _radius(self, kind: str, keys: list[str]) -> float:
        """How small the argument of an inverse transform is taken."""
        if kind == "m":
            scales = []
            for key in keys:
                mean, second = _first_moments(self.law(key))
                scales.append(max(mean * mean / max(second, mean * mean), 0.05))
            return min(scales) / 20
        if kind == "s":
            return 0.7
        return 1 / (_REACH * max(self._reach(key) for key in keys))

    def _hull(self, key: str) -> tuple[float, float]:
        intervals = support(self.law(key)) or (hull(self.law(key)),)
        low, high = intervals[0][0], intervals[-1][1]
        if not math.isfinite(low) or not math.isfinite(high):
            return -2.0, 3.0
        return (low, high) if high > low else (low - 1.0, high + 1.0)

    def _reach(self, key: str) -> float:
        return max(map(abs, self._hull(key)))

    def _inside(self) -> list[float]:
        found = []
        for low, high in continuous_support(self.law("")):
            a = low if math.isfinite(low) else (high if math.isfinite(high) else 0.0) - 3.0
            b = high if math.isfinite(high) else a + 3.0
            found += [a + (b - a) * share for share in _SHARES]
        return found

    # ------------------------------------------------------------------ transforms

    def transform(self, name: str, at: complex) -> complex:
        """The transform ``name`` at a number, by the verified solver."""
        letter, _, key = name.partition("_")
        law = self.law(key)
        if letter == "f":
            return complex(density(law, at.real))
        if letter in LOCAL:
            return self._local(letter, law, at)
        w = 1 / at if letter == "M" else at
        g, psi = _solved(law, w)
        return {"G": g, "F": 1 / g, "M": psi, "B": psi / g}[letter]

    def _local(self, letter: str, law: Relation, at: complex) -> complex:
        """``R``, ``S`` or ``C``: the point near infinity at which ``g``, ``psi`` or ``h`` is."""
        if letter == "R":
            _, g, psi = _inverse(law, lambda w, g, psi: g, at, 1 / at)
            return complex(psi / g)
        if letter == "C":
            ratio = float(number(self.meaning.ratio, self.known))

            def h(w: complex, g: complex, psi: complex) -> complex:
                return g * (1 + ratio * psi)

            return complex(_inverse(law, h, at, 1 / at)[2])
        mean, second = _first_moments(law)
        start = mean / at + second / mean if mean else (second / at) ** 0.5
        start = -start if not mean and start.imag < 0 else start
        _, g, psi = _inverse(law, lambda w, g, psi: psi, at, start)
        return complex(g / psi)

    # ------------------------------------------------------------------ the spectrum

    def _support(self, intervals: Any) -> float:
        """The ends of the intervals against those that the solver finds."""
        solved = [end for pair in continuous_support(self.law("")) for end in pair]
        parts = intervals.args if isinstance(intervals, sympy.Union) else (intervals,)
        ends = sorted(self._end(e) for part in parts for e in (part.inf, part.sup))
        if len(ends) != len(solved):
            return math.inf
        size = max((abs(e) for e in solved if math.isfinite(e)), default=1.0)
        pairs = zip(ends, solved, strict=True)
        return max(0.0 if a == b else abs(a - b) / size for a, b in pairs)

    def _end(self, value: Any) -> float:
        if value in (sympy.oo, -sympy.oo):
            return math.inf if value > 0 else -math.inf
        return float(mpmath.re(number(value, self.known)))

    def _exponent(self, equation: Any) -> float:
        """The slope of the logarithm of the density beside an edge.

        Corrections to the leading power keep it from being exact; a percent is none.
        """
        _, _, edge, side = equation.lhs.args
        place = self._end(edge)
        low, high = self._hull("")
        sign = 1.0 if str(side) == "+" else -1.0
        reach = min(high - low, abs(place)) if place else high - low
        target = float(number(equation.rhs, self.known))
        differences = [math.inf]
        for power in (-20, -12, -9) if place == 0 else (-6, -7):
            try:
                steps = reach * 10.0 ** np.array([power, power + 1])
                rho = density(self.law(""), place + sign * steps)
            except FreesymError:
                continue
            if (rho > 0).all():
                slope = np.diff(np.log(rho)) / np.log(10)
                differences.append(abs(float(slope[0]) - target))
        difference = min(differences)
        return difference if difference > _SLOPE else 0.0

    def _atom(self, equation: Any) -> float:
        """The residue of ``G`` beside the atom."""
        (place,) = equation.lhs.args[0].args
        exact = {symbol: sympy.sympify(v) for symbol, v in self.values.items()}
        a, mass = (float(sympy.sympify(e).subs(exact)) for e in (place, equation.rhs))
        scale = 1e-9 * abs(a)
        rows = [[10.0**k for k in row] for row in _NEAR_ZERO] if a == 0 else [
            [scale, 10 * scale, 100 * scale]]  # fmt: skip
        found = [abs(m - mass) for row in rows for m in self._masses(a, row)]
        return float(np.nanmin(found))

    def _masses(self, a: float, distances: list[float]) -> list[float]:
        """``i e G(a + i e)``, and what they tend to if they approach it by a power of ``e``."""
        points = a + 1j * np.array(distances)
        near = (1j * np.array(distances) * transforms(self.law(""), points).g).real
        first, second, third = near.tolist()
        bend = first - 2 * second + third
        limit = first - (first - second) ** 2 / bend if abs(bend) > 1e-12 else first
        return [first, limit]


def _outermost(expression: Any) -> list[Any]:
    """The applied transforms that are not inside others."""
    if isinstance(expression, AppliedUndef):
        return [expression]
    found: dict[Any, None] = {}
    for part in expression.args:
        found.update(dict.fromkeys(_outermost(part)))
    return list(found)


def _solved(law: Relation, w: complex) -> tuple[complex, complex]:
    """``(g, psi)`` at a number off the real line."""
    below = w.imag < 0
    found = transforms(law, np.array([w.conjugate() if below else w]))
    g, psi = complex(found.g[0]), complex(found.psi[0])
    if not (np.isfinite(g) and np.isfinite(psi)):
        raise FreesymError(f"the solver has no verified value at {w}")
    return (g.conjugate(), psi.conjugate()) if below else (g, psi)


def _first_moments(law: Relation) -> tuple[float, float]:
    """Mean and second moment, 1 where there are none."""
    try:
        mean, second = map(float, moments(law, 2))
    except FreesymError:
        return 1.0, 1.0
    return mean, second


def _inverse(law: Relation, function: Any, target: complex, start: complex) -> tuple[Any, Any, Any]:
    """The point ``(w, g, psi)`` where a coordinate has a value, by secants on its logarithm."""

    def error(w: complex) -> tuple[complex, complex, complex]:
        g, psi = _solved(law, w)
        return cmath.log(function(w, g, psi) / target), g, psi

    before, w = start * (1 + 1e-4 + 1e-4j), start
    error_before = error(before)[0]
    for _ in range(_STEPS):
        found, g, psi = error(w)
        if abs(found) < 1e-14 or found == error_before:
            return w, g, psi
        step = -found * (w - before) / (found - error_before)
        step *= min(1.0, 0.5 * abs(w) / abs(step)) if step else 1.0
        before, error_before, w = w, found, w + step
        if abs(step) < 1e-16 * abs(w):
            break
    found, g, psi = error(w)
    if abs(found) > 1e-11:
        raise FreesymError(f"no point near infinity has the value {target}")
    return w, g, psi
