"""The half-plane conditions on balls, and in the limit at real points outside a spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flint

from freesym.relations.state import Check
from freesym.solve.machine import Ball, Turns, is_real, sign_of
from freesym.solve.tape import Node

arb = flint.arb


@dataclass(frozen=True)
class Condition:
    """A check on the tape: rows ``a`` and ``b`` and the orientation of ``b`` if known."""

    kind: str
    a: int
    b: int
    orientation: int


@dataclass(frozen=True)
class Boundary:
    """Values, and at real points outside the spectrum the values just above them.

    ``slopes`` are derivatives with respect to ``z`` and ``turns`` the exact imaginary parts; both
    are None where the values themselves are not on the axis.
    """

    values: list[Any]
    slopes: list[Any] | None
    turns: Turns | None

    def imaginary_sign(self, i: int) -> int:
        """The sign of an imaginary part, at ``z + i e`` to first order if it vanishes."""
        x = self.values[i]
        if self.slopes is None or not is_real(x):
            return sign_of(x.imag)
        return self._direction(i)

    def _direction(self, i: int) -> int:
        slope = self.slopes[i] if self.slopes is not None else None
        return 0 if slope is None else sign_of(slope.real)

    def holds(self, c: Condition) -> bool | None:
        """Whether a condition holds; None if that is not known."""
        if c.kind == "positive":
            sign = sign_of(self.values[c.a].real)
            return None if sign == 0 else sign > 0
        side = c.orientation or self.imaginary_sign(c.b)
        if side == 0:
            return None
        if c.kind == "principal":
            return self._is_principal(c.a, side)
        if c.orientation and c.a == c.b:
            return True
        sign = self.imaginary_sign(c.a)
        if sign == 0:
            return None
        return bool((sign == side) is (c.kind in ("same", "aligned")))

    def _is_principal(self, i: int, side: int) -> bool | None:
        """Whether the imaginary part of a logarithm lies in ``(0, pi)``, or moves into it."""
        turn = self.turns.get(i) if self.turns is not None else None
        if turn is not None:
            turn *= side
            if turn in (0, 1):
                inward = self._direction(i) * side * (1 if turn == 0 else -1)
                return None if inward == 0 else inward > 0
            return 0 < turn < 1
        angle = self.values[i].imag * side
        if angle > 0 and angle < arb.pi():
            return True
        return False if angle < 0 or angle > arb.pi() else None


def conditions(checks: Sequence[Check]) -> tuple[Condition, ...]:
    """The checks between numbers of a tape; constants have nothing to check."""
    found = []
    for check in checks:
        if not (isinstance(check.a, Node) and isinstance(check.b, Node)):
            continue
        if check.kind == "aligned" and check.b.orientation == 0:
            continue
        a, b = check.a.number, check.b.number
        found.append(Condition(check.kind, a, b, check.b.orientation))
    return tuple(dict.fromkeys(found))


def is_principal(log_w: Ball, z: Ball) -> bool | None:
    """Whether a logarithm of ``z`` in the closed upper half-plane is the principal one."""
    angle = arb.pi() if is_real(z) and z.real < 0 else z.arg()
    excess = abs(log_w.imag - angle)
    return True if excess < 6 else False if excess > 6 else None
