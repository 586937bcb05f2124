"""Densities along a parameter: trigonometric closed forms that solve no polynomial.

They are derived in :mod:`freesym.transforms.trigonometric`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freesym.lazy import LazyModule
from freesym.transforms.precision import number

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_GUARD = 15
#: Distances from ends, as negative powers of 10, and what makes a power of them visible.
_FAR, _DEEPEST = 400, 600
_SHRINKS = 1e-3


@dataclass(frozen=True)
class ParametricDensity:
    """A density along a parameter: ``x`` and ``density`` as expressions of it.

    ``x`` is monotone, so that the density at a number is found by inverting it.

    Attributes
    ----------
    parameter : Symbol
    interval : pair of expressions
        Where the parameter runs, from the lower to the upper end of the support's interval;
        the first may be the larger one.
    x, density : expressions
        The point and the density there.
    others : tuple of ParametricDensity
        The densities on the further intervals of the support.

    Examples
    --------
    >>> from freesym.laws import FussCatalan
    >>> found = FussCatalan(2).parametric_density()
    >>> found.interval
    (pi/3, 0)
    >>> found.x
    sin(3*gamma)**3/(sin(gamma)*sin(2*gamma)**2)
    >>> mpmath.nstr(found(1, digits=30), 30)
    '0.178979127488028462957065466001'
    """

    parameter: Any
    interval: tuple[Any, Any]
    x: Any
    density: Any
    others: tuple[ParametricDensity, ...] = ()

    @property
    def pieces(self) -> tuple[ParametricDensity, ...]:
        """One density for every interval of the support, ascending."""
        return (self, *self.others)

    @property
    def free_symbols(self) -> frozenset[Any]:
        """The parameters of the law."""
        found = self.x.free_symbols | self.density.free_symbols
        return frozenset(found - {self.parameter})

    def subs(self, replacements: dict[Any, Any]) -> ParametricDensity:
        """The same density with symbols of the law replaced."""

        def put(expression: Any) -> Any:
            return expression.subs(replacements)

        ends = (put(self.interval[0]), put(self.interval[1]))
        others = tuple(piece.subs(replacements) for piece in self.others)
        return ParametricDensity(self.parameter, ends, put(self.x), put(self.density), others)

    def at(self, value: Any, digits: int = 15) -> tuple[Any, Any]:
        """The point and the density at a value of the parameter, as mpmath numbers."""
        with mpmath.workdps(digits + _GUARD):
            values = {self.parameter: number(value)}
            return number(self.x, values), number(self.density, values)

    def __call__(self, x: Any, digits: int | None = None) -> Any:
        """The density at a number: a float, or an mpmath number with ``digits`` digits.

        0 outside the support; at an end where the density has no finite limit, infinity.
        """
        for piece in self.pieces:
            found = _inverted(piece, x, digits or 16)
            if found is not None:
                return float(found) if digits is None else found
        return 0.0 if digits is None else mpmath.mpf(0)

    def _repr_latex_(self) -> str:
        return (
            r"$\displaystyle \begin{gathered}"
            + r"\\ ".join(map(_latex, self.pieces))
            + (r"\end{gathered}$")
        )


def _latex(piece: ParametricDensity) -> str:
    """The formulas, with what occurs several times written once."""
    names = sympy.numbered_symbols("a")
    found, (x, density) = sympy.cse([piece.x, piece.density], symbols=names, order="none")
    large = [(name, value) for name, value in found if sympy.count_ops(value) > 8]
    small = {name: value for name, value in found if sympy.count_ops(value) <= 8}

    def written(expression: Any) -> str:
        for name, value in reversed(list(small.items())):
            expression = expression.subs(name, value)
        return str(sympy.latex(expression))

    low, high = map(sympy.latex, piece.interval)
    lines = [rf"x = {written(x)}", rf"f(x) = {written(density)}"]
    lines += [rf"{sympy.latex(name)} = {written(value)}" for name, value in large]
    domain = rf"{sympy.latex(piece.parameter)} \in ({low}, {high})"
    return r",\quad ".join([*lines, domain])


# ---------------------------------------------------------------------- inversion


def _inverted(piece: ParametricDensity, x: Any, digits: int) -> Any:
    """The density where ``piece.x`` is ``x``; None if that lies outside."""
    working = digits + _GUARD
    with mpmath.workdps(working):
        target = mpmath.mpf(x) if isinstance(x, float) else +number(x)
        middle = _Half(piece, 0, working).x(mpmath.mpf(0.5))
        half = _Half(piece, 0 if target <= middle else 1, working)
        h = half.inverted(target)
        found = half.limit(target) if h is None else half.density(h)
    with mpmath.workdps(digits):
        return None if found is None else +found


class _Half:
    """Half of a piece: the parameter is an end plus ``h`` times the width, ``0 < h <= 1/2``.

    Next to an end the distance ``h`` keeps its digits, and the precision grows with ``-log h``.
    """

    def __init__(self, piece: ParametricDensity, side: int, working: int) -> None:
        self._piece = piece
        self._side = side
        self._working = working

    def _values(self, h: Any) -> dict[Any, Any]:
        start, end = (number(self._piece.interval[k]) for k in (self._side, 1 - self._side))
        return {self._piece.parameter: start + h * (end - start)}

    def _precision(self, h: Any) -> Any:
        return mpmath.workdps(self._working + 3 * max(0, -int(mpmath.mag(h) * 0.302)))

    def x(self, h: Any) -> Any:
        """The point at a distance."""
        with self._precision(h):
            return number(self._piece.x, self._values(h))

    def density(self, h: Any) -> Any:
        """The density at a distance."""
        with self._precision(h):
            return number(self._piece.density, self._values(h))

    def limit(self, target: Any) -> Any:
        """The limit of the density at the end, if that is where the target is, else None.

        Powers of the distance show in values at two tiny ones.
        """
        steps = [mpmath.mpf(10) ** -_FAR, mpmath.mpf(10) ** -_DEEPEST]
        far, near = (abs(self.x(h) - target) for h in steps)
        if not near < _SHRINKS * far:
            return None
        before, last = map(self.density, steps)
        if last > before / _SHRINKS:
            return mpmath.inf
        return mpmath.mpf(0) if last < before * _SHRINKS else last

    def inverted(self, target: Any) -> Any:
        """The distance at which the point is ``target``; None if it lies beyond the end."""
        sign = 1 if self._side == 0 else -1
        high = mpmath.mpf(0.5)
        low = mpmath.mpf(10) ** -3
        while sign * (self.x(low) - target) > 0:
            low, high = low * low, low
            if low < mpmath.mpf(10) ** -_DEEPEST:
                return None
        if self.x(high) == target:
            return high

        def difference(s: Any) -> Any:
            h = mpmath.exp(s)
            value = self.x(h)
            with self._precision(h):
                same = value * target > 0
                return mpmath.sign(target) * mpmath.log(value / target) if same else value - target

        tolerance = mpmath.mpf(10) ** -(self._working - _GUARD // 3)
        return mpmath.exp(_zero(difference, mpmath.log(low), mpmath.log(high), tolerance))


def _zero(function: Callable[[Any], Any], a: Any, b: Any, tolerance: Any) -> Any:
    """The zero of a monotone function between two points: Ridder's method.

    The bracket halves at least with every step, and the last step is checked by its signs.
    """
    f_a, f_b = function(a), function(b)
    if not f_a * f_b < 0:
        return a if abs(f_a) < abs(f_b) else b
    last = a
    while abs(b - a) > tolerance:
        m = (a + b) / 2
        f_m = function(m)
        if f_m == 0:
            return m
        x = m + (m - a) * mpmath.sign(f_a) * f_m / mpmath.sqrt(f_m * f_m - f_a * f_b)
        f_x = function(x)
        if abs(x - last) < tolerance and function(x - tolerance) * function(x + tolerance) <= 0:
            return x
        last = x
        known = sorted([(a, f_a), (m, f_m), (x, f_x), (b, f_b)])
        (a, f_a), (b, f_b) = next(
            (left, right) for left, right in itertools.pairwise(known) if left[1] * right[1] <= 0
        )
        if f_a == 0 or f_b == 0:
            return a if f_a == 0 else b
    return (a + b) / 2
