"""Curves on which a product of powers is real, in polar coordinates around one of its points.

Let ``w = C prod (t - b_i)^(e_i)``, ``t = oo`` having the exponent ``-sum e_i``.  A Moebius map
takes two of these points, ``P`` and ``Q``, to 0 and infinity; in ``tau = rho exp(-i gamma)``
their exponents, however large, only turn ``w`` by a multiple of ``gamma``.  Then

* with one further point, ``0``, the point and ``tau`` form a triangle whose angles are linear
  in ``gamma``: ``rho`` follows from the law of sines;
* with two further points of opposite or equal exponents ``rho`` is a zero of a quadratic whose
  coefficients are sines of multiples of ``gamma``.

With ``exp(rate t)`` as well, infinity is an essential singularity, and the same holds in
``t = xi - i eta`` with ``eta`` for ``gamma``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from freesym.lazy import LazyModule
from freesym.transforms.power_products import PowerProduct

sympy: Any = LazyModule("sympy")


@dataclass(frozen=True)
class Frame:
    """Two points at 0 and infinity, and where the others are.

    Attributes
    ----------
    p, q : expressions
        The points that go to 0 and infinity; ``q`` may be ``oo``.
    turn : expression
        The exponent of 0, or with ``exp`` the rate.
    points : tuple of pairs
        The images of the other points with their exponents.
    factor : expression
        What remains of ``w``: ``w = factor * tau^turn * prod (tau - point)^exponent``, up to a
        phase.
    signs : tuple of int
        The signs of the points.
    polar : bool
        Whether ``tau`` is written in polar coordinates.
    """

    p: Any
    q: Any
    turn: Any
    points: tuple[tuple[Any, Any], ...]
    factor: Any
    signs: tuple[int, ...]
    polar: bool = True

    def to_tau(self, t: Any) -> Any:
        """The coordinate ``tau`` of a point."""
        return t - self.p if self.q is sympy.oo else (t - self.p) / (t - self.q)

    def from_tau(self, tau: Any) -> Any:
        """The point with coordinate ``tau``."""
        return self.p + tau if self.q is sympy.oo else (self.p - self.q * tau) / (1 - tau)


def frames(w: PowerProduct, values: dict[Any, Any]) -> Iterator[Frame]:
    """The frames that leave one or two further points, the simplest first.

    Signs that depend on symbols are those at ``values``.
    """
    if w.rate != 0:
        if 1 <= len(w.exponents) <= 2:
            points = tuple(w.exponents.items())
            signs = tuple(_sign(b, values) for b in w.exponents)
            factor = _positive(w.constant, values)
            yield Frame(sympy.S.Zero, sympy.oo, w.rate, points, factor, signs, polar=False)
        return
    exponents = dict(w.exponents)
    at_infinity = sympy.expand(-sympy.Add(*exponents.values()))
    if at_infinity != 0:
        exponents[sympy.oo] = at_infinity
    pairs = itertools.combinations(exponents, 2)
    found = [_frame(w, exponents, p, q, values) for p, q in pairs]
    yield from sorted((f for f in found if f is not None), key=_simplicity)


def _frame(
    w: PowerProduct, exponents: dict[Any, Any], p: Any, q: Any, values: dict[Any, Any]
) -> Frame | None:
    if p is sympy.oo:
        p, q = q, p
    others = [b for b in exponents if b not in (p, q)]
    if len(others) == 2:
        first, second = (exponents[b] for b in others)
        if sympy.expand(first - second) != 0 and sympy.expand(first + second) != 0:
            return None
    elif len(others) != 1:
        return None
    factor = _positive(w.constant, values)
    if q is not sympy.oo:
        factor *= _positive(p - q, values) ** sympy.expand(exponents[p] + exponents[q])
        for b in others:
            factor *= 1 if b is sympy.oo else _positive(q - b, values) ** exponents[b]
    points = tuple((_image(b, p, q), exponents[b]) for b in others)
    signs = tuple(_sign(b, values) for b, _ in points)
    return Frame(p, q, exponents[p], points, factor, signs)


def _sign(value: Any, values: dict[Any, Any]) -> int:
    return 1 if float(value.subs(values)) >= 0 else -1


def _positive(value: Any, values: dict[Any, Any]) -> Any:
    """The value or its negative, whichever is positive."""
    return sympy.factor(_sign(value, values) * value)


def _image(b: Any, p: Any, q: Any) -> Any:
    if b is sympy.oo:
        return sympy.S.One
    return sympy.factor(b - p if q is sympy.oo else (b - p) / (b - q))


def _simplicity(frame: Frame) -> tuple[Any, ...]:
    """Few points first; then a constant product of zeros, then a polar point at infinity."""
    turns = sum(e for _, e in frame.points)
    constant = len(frame.points) == 2 and sympy.expand(2 * frame.turn + turns) == 0
    size = sum(abs(float(e)) for _, e in frame.points if e.is_number)
    return len(frame.points), not constant, frame.q is not sympy.oo, size, str(frame.p)


@dataclass(frozen=True)
class Curve:
    """A frame with the phase of ``w`` and the choice of a zero of the quadratic.

    ``phase`` is ``turn gamma + sum exponent angle`` over ``pi``; ``sign`` is 0 where there
    is no choice.
    """

    frame: Frame
    phase: Any
    sign: int

    # ------------------------------------------------------------------ coordinates

    def position(self, angle: Any) -> tuple[Any, Any]:
        """Real and negative imaginary part of ``tau`` at a parameter."""
        if not self.frame.polar:
            return self._coordinate(angle), angle
        rho = self.radius(angle)
        return rho * sympy.cos(angle), rho * sympy.sin(angle)

    def radius(self, angle: Any) -> Any:
        """``|tau|`` of a polar frame."""
        if len(self.frame.points) == 1:
            ((point, _),) = self.frame.points
            other, sign = self._other_angle(angle), self.frame.signs[0]
            return sign * point * sympy.sin(other) / sympy.sin(_linear(sign * (other - angle)))
        b, c = self._quadratic(angle)
        return self._zero(b, c)

    def _coordinate(self, angle: Any) -> Any:
        if len(self.frame.points) == 1:
            ((point, _),) = self.frame.points
            return point + angle * sympy.cot(self._other_angle(angle))
        b, c = self._straight_quadratic(angle)
        return self._zero(b, c)

    def distance(self, index: int, angle: Any) -> Any:
        """The distance of ``tau`` to one of the points."""
        point = self.frame.points[index][0]
        if len(self.frame.points) == 1:
            other, sign = self._other_angle(angle), self.frame.signs[0]
            if not self.frame.polar:
                return angle / sympy.sin(other)
            return sign * point * sympy.sin(angle) / sympy.sin(_linear(sign * (other - angle)))
        if not self.frame.polar:
            return sympy.sqrt((self._coordinate(angle) - point) ** 2 + angle**2)
        return sympy.sqrt(self._square_distance(index, angle))

    def _square_distance(self, index: int, angle: Any) -> Any:
        point = self.frame.points[index][0]
        b, c = self._quadratic(angle)
        if b == 0:
            # rho^2 = -c is point * other, up to its sign
            sign, rho = self.frame.signs[index], sympy.sqrt(sympy.factor(-c))
            whole = sympy.cancel(-c / point) + point - 2 * rho * sympy.cos(angle)
            return sign * point * sympy.expand(sign * whole)
        rho = self.radius(angle)
        return rho**2 - 2 * point * rho * sympy.cos(angle) + point**2

    def modulus(self, angle: Any) -> Any:
        """``|w|`` along the curve."""
        parts = [self.distance(i, angle) ** e for i, (_, e) in enumerate(self.frame.points)]
        if self.frame.polar:
            parts.append(self.radius(angle) ** self.frame.turn)
        else:
            parts.append(sympy.exp(self.frame.turn * self._coordinate(angle)))
        return sympy.Mul(self.frame.factor, *parts)

    # ------------------------------------------------------------------ equations

    def _other_angle(self, angle: Any) -> Any:
        """The angle at the single point, linear in the parameter."""
        ((_, exponent),) = self.frame.points
        return _linear((sympy.pi * self.phase - self.frame.turn * angle) / exponent)

    def _signs(self) -> tuple[Any, Any, int]:
        """The turn and the phase in units of the first exponent, and the relative sign."""
        (_, first), (_, second) = self.frame.points
        sign = 1 if sympy.expand(first - second) == 0 else -1
        return self.frame.turn / first, sympy.pi * self.phase / first, sign

    def _quadratic(self, angle: Any) -> tuple[Any, Any]:
        """``rho^2 + b rho + c``: the imaginary part of ``w`` in units of its exponents."""
        (u, _), (v, _) = self.frame.points
        turn, phase, sign = self._signs()

        def sine(steps: Any) -> Any:
            return sympy.sin(_linear((turn + steps) * angle - phase))

        if sign == -1:
            cotangent = sympy.cot(_linear(turn * angle - phase))
            straight = (u + v) * sympy.cos(angle)
            return -straight - (v - u) * sympy.sin(angle) * cotangent, u * v
        top = sine(1 + sign)
        return -(v * sine(1) + u * sine(sign)) / top, u * v * sine(0) / top

    def _straight_quadratic(self, angle: Any) -> tuple[Any, Any]:
        (u, _), (v, _) = self.frame.points
        turn, phase, sign = self._signs()
        # the phases of the factors are minus their angles
        cotangent = sympy.cot(_linear(turn * angle - phase))
        if sign == 1:
            return (
                2 * angle * cotangent - u - v,
                u * v - angle**2 - angle * cotangent * (u + v),
            )
        return -u - v, u * v + angle**2 + angle * cotangent * (u - v)

    def _zero(self, b: Any, c: Any) -> Any:
        half = sympy.expand(-b / 2)
        if half == 0:
            return sympy.sqrt(sympy.factor(-c))
        return half + self.sign * sympy.sqrt(half**2 - c)

    # ------------------------------------------------------------------ ends

    def ends(self) -> list[Any]:
        """Where the curve may reach the real line: parameters, without proof that it does."""
        found = [sympy.S.Zero]
        turn, phase = self.frame.turn, self.phase
        for chosen in itertools.product((0, 1), repeat=len(self.frame.points)):
            turned = sum(e for (_, e), c in zip(self.frame.points, chosen, strict=True) if c)
            found.append((phase - turned) * sympy.pi / turn)
        if self.frame.polar:
            found.append(sympy.pi)
            total = sympy.expand(turn + sum(e for _, e in self.frame.points))
            if total != 0:
                found.append(phase * sympy.pi / total)
        return list(dict.fromkeys(map(sympy.cancel, found)))


def _linear(expression: Any) -> Any:
    """Collected, so that sines of equal angles look equal."""
    return (
        sympy.collect(sympy.expand(expression), sympy.pi)
        if expression.has(sympy.pi)
        else (sympy.expand(expression))
    )
