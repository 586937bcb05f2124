"""Ball arithmetic on tapes: values, and derivatives by forward differentiation.

Balls are python-flint's ``acb`` (F. Johansson, *Arb*, IEEE Trans. Computers 66, 2017): every
result contains the exact one.  A function with a cut is evaluated on the side that was decided
at a point; a ball that would leave its domain of analyticity becomes NaN, which proves nothing.

On the real axis outside a spectrum every number is real, or purely imaginary, *exactly*; there
the imaginary part of a logarithm is ``pi`` times a rational number that is carried along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import flint

from freesym.algebra.constants import real_ball
from freesym.solve.tape import Op, Tape

acb, arb = flint.acb, flint.arb
#: Plain integers compare faster.
_ADD = int(Op.ADD)
_CONSTANT = int(Op.CONSTANT)
_COORDINATE = int(Op.COORDINATE)
_DIVIDE = int(Op.DIVIDE)
_EXP = int(Op.EXP)
_LOG = int(Op.LOG)
_MEASURE = int(Op.MEASURE)
_MULTIPLY = int(Op.MULTIPLY)
_POTENTIAL = int(Op.POTENTIAL)
_POWER = int(Op.POWER)
_REBASE = int(Op.REBASE)
_RECIPROCAL = int(Op.RECIPROCAL)
_REFLECT = int(Op.REFLECT)
_SCALE = int(Op.SCALE)
_SELECT = int(Op.SELECT)
_SHIFT = int(Op.SHIFT)
_SIGN = int(Op.SIGN)
_SQRT = int(Op.SQRT)
_SUBTRACT = int(Op.SUBTRACT)
_SYMMETRIC = int(Op.SYMMETRIC)
_TIMES_I = int(Op.TIMES_I)
_WRAP = int(Op.WRAP)
Ball = Any
#: Nothing is proved by it.
NAN = acb(arb.nan(), arb.nan())

#: Imaginary parts over ``pi``, row by row; None where they are not known exactly.
Turns = dict[int, "Fraction | None"]
_ZERO_TURNS = Fraction(0)


def order_of(tape: Tape, roots: Iterable[int]) -> tuple[int, ...]:
    """The rows that ``roots`` depend on, ascending."""
    needed: set[int] = set()
    stack = list(roots)
    while stack:
        number = stack.pop()
        if number in needed:
            continue
        needed.add(number)
        operation, a, b, c = tape.rows[number]
        stack.extend(k for k in (a,) if k >= 0)
        if operation not in (_MEASURE, _POTENTIAL):
            stack.extend(k for k in (b,) if k >= 0)
        if operation == _SELECT:
            stack.extend(c)
        if operation == _REBASE:
            stack.extend(tape.matches[c][:2])
    return tuple(sorted(needed))


@dataclass
class Sides:
    """The decisions taken at a point: which side of a cut, which of two formulas."""

    of: dict[int, int] = field(default_factory=dict)


def is_real(x: Ball) -> bool:
    """Whether the imaginary part is exactly 0."""
    return bool(x.imag.is_zero())


def is_axial(x: Ball) -> bool:
    """Whether the real or the imaginary part is exactly 0."""
    return bool(x.imag.is_zero() or x.real.is_zero())


def sign_of(x: Any) -> int:
    """The sign of a real ball; 0 if it is not known."""
    return 1 if x > 0 else -1 if x < 0 else 0


def nearest_side(x: Ball) -> int:
    """The side of the real axis on which the middle of a ball lies."""
    return 1 if x.imag.mid() >= 0 else -1


def log_on_side(x: Ball, side: int) -> Ball:
    """The logarithm that is real on the positive axis, with its cut opposite to ``side``."""
    re = x.real
    if re > 0:
        return x.log()
    if side == 0:
        return x.log(analytic=True)
    if re < 0:
        turned = (-x).log()
        return acb(turned.real, turned.imag + side * arb.pi())
    # cut on -i (side 1) or +i
    turned = (acb(0, -side) * x).log(analytic=True)
    return acb(turned.real, turned.imag + side * arb.pi() / 2)


def sqrt_on_side(x: Ball, side: int) -> Ball:
    """The square root that is positive on the positive axis, with its cut opposite to ``side``."""
    re = x.real
    if re > 0:
        return x.sqrt()
    if side == 0:
        return x.sqrt(analytic=True)
    if re < 0:
        return acb(0, side) * (-x).sqrt()
    root = arb(0.5).sqrt()
    return acb(root, side * root) * (acb(0, -side) * x).sqrt(analytic=True)


class Machine:
    """Runs a tape at the precision of flint's context.

    ``run`` computes values; ``differentiate`` values and tangents.  ``sides`` is filled by a run
    at a point (``decide=True``) and read by the others.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._constants: dict[int, list[Ball]] = {}

    def constants(self) -> list[Ball]:
        """The constants as balls at the present precision."""
        bits = flint.ctx.prec
        found = self._constants.get(bits)
        if found is None:
            found = [acb(real_ball(value)) for value in self.tape.constants]
            if len(self._constants) > 24:
                self._constants = {}
            self._constants[bits] = found
        return found

    def forget_constants(self) -> None:
        """To be called when the tape has grown."""
        self._constants = {}

    # ------------------------------------------------------------------ values

    def run(
        self, order: Sequence[int], unknowns: Sequence[Ball], sides: Sides, *,
        decide: bool = False, turns: Turns | None = None,
    ) -> list[Any]:  # fmt: skip
        """The values of the rows in ``order``; None elsewhere.

        ``turns``: the unknowns are real or imaginary, and what is exact stays so; it receives
        the imaginary parts that are known rational multiples of ``pi``.
        """
        rows, constants = self.tape.rows, self.constants()
        v: list[Any] = [None] * len(rows)
        for i in order:
            operation, a, b, c = rows[i]
            if operation == _MULTIPLY:
                v[i] = v[a] * v[b]
            elif operation == _ADD:
                v[i] = v[a] + v[b]
            elif operation == _SHIFT:
                v[i] = v[a] + constants[c]
            elif operation == _SCALE:
                v[i] = v[a] * constants[c]
            elif operation == _DIVIDE:
                v[i] = v[a] / v[b]
            elif operation == _RECIPROCAL:
                v[i] = constants[c] / v[a]
            elif operation == _SUBTRACT:
                v[i] = v[a] - v[b]
            elif operation == _REFLECT:
                v[i] = constants[c] - v[a]
            elif operation == _COORDINATE:
                v[i] = unknowns[c]
            elif operation == _CONSTANT:
                v[i] = constants[c]
            elif operation == _POWER:
                v[i] = v[a] ** c
            else:
                v[i] = self._special(i, v, sides, decide=decide, turns=turns)
            if turns is not None:
                self._turn(i, v, turns, sides)
        return v

    def _special(
        self, i: int, v: list[Any], sides: Sides, *, decide: bool,
        turns: Turns | None,
    ) -> Ball:  # fmt: skip
        operation, a, b, c = self.tape.rows[i]
        x = v[a]
        if operation == _EXP:
            return _exponential(x, None if turns is None else turns.get(a))
        if operation == _REBASE:
            return x
        if operation == _SYMMETRIC:
            return x if turns is None else _projected(x, v[b], v[b], turned=not c)
        if operation == _TIMES_I:
            return acb(-x.imag, x.real)
        if operation in (_LOG, _SQRT):
            side = c if operation == _LOG else 0
            if side == 0:
                if decide:
                    sides.of[i] = nearest_side(x)
                # far from the negative axis the principal branch needs no decision
                side = sides.of.get(i, 0)
            return log_on_side(x, side) if operation == _LOG else sqrt_on_side(x, side)
        if operation == _SIGN:
            if decide:
                sides.of[i] = nearest_side(x)
            return acb(sides.of.get(i, 1))
        if operation == _SELECT:
            if decide:
                sides.of[i] = 1 if abs(v[c[0]].mid()) <= abs(v[c[1]].mid()) else -1
            return x if sides.of.get(i, 1) > 0 else v[b]
        if operation == _MEASURE:
            return self.tape.measures[c].transform(x)[b]
        if operation == _POTENTIAL:
            return self.tape.measures[c].potential(x, b)
        assert operation == _WRAP
        return _wrapped(x, c or nearest_side(v[b]))

    def _turn(self, i: int, v: list[Any], turns: Turns, sides: Sides) -> None:
        """The imaginary part over ``pi`` as an exact number; None if it is none."""
        operation, a, b, c = self.tape.rows[i]
        x = v[i]
        if is_real(x):
            turns[i] = _ZERO_TURNS
        elif not x.is_finite():
            turns[i] = None
        elif operation == _LOG:
            argument = v[a]
            if is_real(argument):
                turns[i] = Fraction(round(float(x.imag.mid() / arb.pi())))
            elif argument.real.is_zero():
                turns[i] = Fraction(round(float(2 * x.imag.mid() / arb.pi())), 2)
            else:
                turns[i] = None
        elif operation == _POTENTIAL:
            known = turns.get(a) == 0
            turns[i] = self.tape.measures[c].turn(v[a], b) if known else None
        elif operation in (_ADD, _SUBTRACT):
            first, second = turns[a], turns[b]
            if first is None or second is None:
                turns[i] = None
            else:
                turns[i] = first + second if operation == _ADD else first - second
        elif operation in (_SHIFT, _REBASE):
            turns[i] = turns[a]
        elif operation == _SELECT:
            turns[i] = turns[a] if sides.of.get(i, 1) > 0 else turns[b]
        elif operation == _REFLECT:
            first = turns[a]
            turns[i] = None if first is None else -first
        elif operation == _SCALE:
            factor, first = self.tape.constants[c], turns[a]
            both = first is not None and isinstance(factor, Fraction)
            turns[i] = first * factor if both and first is not None else None
        else:
            turns[i] = None
        turn = turns[i]
        if turn is not None and turn != 0 and operation in _TURNING:
            v[i] = acb(x.real, real_ball(turn) * arb.pi())
        elif turn == 0 and not is_real(x):
            v[i] = acb(x.real)

    # ------------------------------------------------------------------ derivatives

    def tangents(
        self, order: Sequence[int], v: list[Any], sides: Sides, start: dict[int, Ball]
    ) -> list[Any]:
        """Derivatives of the rows along a direction of the unknowns; None stands for 0."""
        rows = self.tape.rows
        d: list[Any] = [None] * len(rows)
        for i in order:
            operation, a, _, c = rows[i]
            if operation == _COORDINATE:
                d[i] = start.get(c)
            elif operation == _REBASE:
                d[i] = d[a]
            else:
                d[i] = self._tangent(i, v, d, sides)
        return d

    def newton(
        self, order: Sequence[int], v: list[Any], sides: Sides, residuals: Sequence[Ball],
        root: int, root_residual: Ball,
    ) -> list[Ball] | None:  # fmt: skip
        """Solve the linearised equations by elimination along the tree.

        With values and derivatives on a box this encloses the solutions of ``A x = r`` for all
        matrices ``A`` in the box of Jacobians.  None if a pivot contains 0.
        """
        d, s, solved = self._eliminated(order, v, sides, residuals)
        return None if solved is None else self._back(solved, d[root], s[root], root_residual)

    def along(
        self, order: Sequence[int], v: list[Any], sides: Sides, residuals: Sequence[Ball], root: int
    ) -> tuple[Ball, list[Ball], list[Ball]] | None:
        """The derivative of the root row along the curve that the matches define.

        Returns it with the tangent of the curve, whose first component is 1, and the step that
        leads back to the curve.
        """
        d, _, solved = self._eliminated(order, v, sides, residuals)
        if solved is None or d[root] is None:
            return None
        return d[root], self._walked(solved, acb(1), moves=False), self._walked(solved, acb(0))

    def _eliminated(
        self, order: Sequence[int], v: list[Any], sides: Sides, residuals: Sequence[Ball]
    ) -> tuple[list[Any], list[Any], dict[int, tuple[Ball, Ball]] | None]:
        """Tangents and shifts of the rows, and slope and move of every match."""
        tape = self.tape
        rows = tape.rows
        d: list[Any] = [None] * len(rows)
        s: list[Any] = [None] * len(rows)
        solved: dict[int, tuple[Ball, Ball]] = {}
        one = acb(1)
        for i in order:
            operation, a, _, c = rows[i]
            if operation == _COORDINATE:
                d[i] = one
            elif operation == _REBASE:
                if c not in solved:
                    found = self._matched(c, d, s, residuals[c])
                    if found is None:
                        return d, s, None
                    solved[c] = found
                slope, move = solved[c]
                if d[a] is not None:
                    d[i] = d[a] * slope
                    s[i] = d[a] * move if s[a] is None else s[a] + d[a] * move
                else:
                    s[i] = s[a]
            else:
                d[i] = self._tangent(i, v, d, sides)
                if tape.matches:
                    s[i] = self._tangent(i, v, s, sides)
        for c in range(len(tape.matches)):
            if c not in solved:
                found = self._matched(c, d, s, residuals[c])
                if found is None:
                    return d, s, None
                solved[c] = found
        return d, s, solved

    def _matched(
        self, c: int, d: list[Any], s: list[Any], residual: Ball
    ) -> tuple[Ball, Ball] | None:
        child, wanted, _, _ = self.tape.matches[c]
        pivot = d[child]
        if pivot is None or not pivot.is_finite() or pivot.contains(0):
            return None
        slope = d[wanted] / pivot if d[wanted] is not None else acb(0)
        right = residual
        if s[wanted] is not None:
            right = right + s[wanted]
        if s[child] is not None:
            right = right - s[child]
        return slope, right / pivot

    def _back(
        self, solved: dict[int, tuple[Ball, Ball]], slope: Ball, shift: Ball, residual: Ball
    ) -> list[Ball] | None:
        if slope is None or not slope.is_finite() or slope.contains(0):
            return None
        return self._walked(solved, (residual if shift is None else residual - shift) / slope)

    def _walked(
        self, solved: dict[int, tuple[Ball, Ball]], first: Ball, *, moves: bool = True
    ) -> list[Ball]:
        """The steps of all unknowns from that of the leading one."""
        steps: list[Any] = [acb(0)] * self.tape.unknowns
        steps[0] = first
        for c in reversed(range(len(self.tape.matches))):
            _, _, own, lead = self.tape.matches[c]
            factor, move = solved[c]
            steps[own] = factor * steps[lead] + move if moves else factor * steps[lead]
        return steps

    def _tangent(self, i: int, v: list[Any], d: list[Any], sides: Sides) -> Any:
        """The chain rule for one row."""
        operation, a, b, c = self.tape.rows[i]
        if operation in _BINARY:
            return _BINARY[operation](v, d, i, a, b)
        da = d[a] if a >= 0 else None
        if operation == _SELECT:
            return da if sides.of.get(i, 1) > 0 else d[b]
        if da is None:
            return None
        if operation == _SHIFT:
            return da
        if operation == _SYMMETRIC:
            return da if d[b] is None else _projected(da, v[b], d[b], turned=not c)
        if operation == _SCALE:
            return da * self.constants()[c]
        if operation == _REFLECT:
            return -da
        if operation == _RECIPROCAL:
            return -(da * v[i] / v[a])
        if operation == _POWER:
            return c * v[a] ** (c - 1) * da
        if operation == _LOG:
            return da / v[a]
        if operation == _EXP:
            return v[i] * da
        if operation == _SQRT:
            return da / (2 * v[i])
        if operation == _TIMES_I:
            return acb(-da.imag, da.real)
        if operation == _MEASURE:
            return self.tape.measures[c].transform(v[a])[2 + b] * da
        if operation == _POTENTIAL:
            return self.tape.measures[c].transform(v[a])[0] * da
        if operation in (_SIGN, _CONSTANT):
            return None
        if operation == _WRAP:
            return da
        raise NotImplementedError(f"row {i} has no derivative")


def _exponential(x: Ball, turn: Fraction | None) -> Ball:
    """``exp(x)``; exact on the axes where the imaginary part is a multiple of ``pi/2``."""
    if turn is None or turn == 0 or (2 * turn).denominator != 1:
        return x.exp()
    size = x.real.exp()
    quarter = int(2 * turn) % 4
    return (acb(size), acb(0, size), acb(-size), acb(0, -size))[quarter]


def _projected(x: Ball, w: Ball, axis: Ball, *, turned: bool) -> Ball:
    """``x`` on the axis of another number, or on the other axis, if ``w`` is imaginary."""
    if not w.real.is_zero() or not is_axial(axis) or w.imag.is_zero():
        return x
    imaginary = axis.real.is_zero() is not turned
    return acb(0, x.imag) if imaginary else acb(x.real)


def _wrapped(x: Ball, side: int) -> Ball:
    if not x.is_finite():
        return NAN
    turns = round(float((x.imag.mid() - side * arb.pi() / 2) / (2 * arb.pi())))
    return acb(x.real, x.imag - 2 * turns * arb.pi())


def _added(v: list[Any], d: list[Any], i: int, a: int, b: int) -> Any:
    if d[a] is None:
        return d[b]
    return d[a] if d[b] is None else d[a] + d[b]


def _subtracted(v: list[Any], d: list[Any], i: int, a: int, b: int) -> Any:
    if d[b] is None:
        return d[a]
    return -d[b] if d[a] is None else d[a] - d[b]


def _multiplied(v: list[Any], d: list[Any], i: int, a: int, b: int) -> Any:
    if d[a] is None:
        return None if d[b] is None else v[a] * d[b]
    return d[a] * v[b] if d[b] is None else d[a] * v[b] + v[a] * d[b]


def _divided(v: list[Any], d: list[Any], i: int, a: int, b: int) -> Any:
    if d[b] is None:
        return None if d[a] is None else d[a] / v[b]
    top = -(v[i] * d[b]) if d[a] is None else d[a] - v[i] * d[b]
    return top / v[b]


_TURNING = frozenset((_ADD, _SUBTRACT, _SCALE, _REFLECT))
_BINARY: dict[int, Callable[[list[Any], list[Any], int, int, int], Any]] = {
    _ADD: _added,
    _SUBTRACT: _subtracted,
    _MULTIPLY: _multiplied,
    _DIVIDE: _divided,
}
