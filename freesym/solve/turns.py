"""Imaginary parts over ``pi`` that are exact although factors in them are not.

Outside a spectrum the log-potential of a leaf is a sum of terms ``x log y`` with real ``x``.  Their
imaginary parts are ``t x`` with exact ``t``, linear in real numbers of the tape; where those
cancel, as in ``(1 + m) log(1 + m) - (p + m) log(p + m)``, what is left is a rational number.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from freesym.solve.machine import Sides, Turns, is_real
from freesym.solve.tape import Op, Tape

#: Coefficients of rows, which are real numbers, and that of 1 under the key -1.
Form = dict[int, Fraction]
_ONE = -1


def exact_turn(
    tape: Tape, order: Sequence[int], values: Sequence[Any], turns: Turns, sides: Sides, row: int
) -> Fraction | None:
    """The imaginary part of a row over ``pi``; None if it is not seen to be rational.

    Parameters
    ----------
    tape : Tape
        The instructions.
    order : sequence of int
        The rows the wanted one depends on, ascending.
    values : sequence of acb
        The values of all rows, of which real ones have the imaginary part 0 exactly.
    turns : dict
        What is known exactly of single rows.
    sides : Sides
        Which of two formulas was selected.
    row : int
        The row wanted.
    """
    real: dict[int, Form] = {}
    turned: dict[int, Form | None] = {}
    for i in order:
        if is_real(values[i]):
            real[i], turned[i] = _value(tape, i, real), {}
        elif turns.get(i) is not None:
            turned[i] = _constant(turns[i])
        elif tape.rows[i][0] == Op.SELECT:
            _, a, b, _ = tape.rows[i]
            turned[i] = turned.get(a if sides.of.get(i, 1) > 0 else b)
        else:
            turned[i] = _turned(tape, i, real, turned)
    found = turned.get(row)
    if found is None or any(key != _ONE for key in found):
        return None
    return found.get(_ONE, Fraction(0))


def _constant(value: Any) -> Form:
    return {_ONE: Fraction(value)} if value else {}


def _sum(first: Form, second: Form, factor: Fraction | int = 1) -> Form:
    total = dict(first)
    for key, value in second.items():
        total[key] = total.get(key, Fraction(0)) + factor * value
    return {key: value for key, value in total.items() if value}


def _scaled(form: Form, factor: Fraction) -> Form:
    return {key: factor * value for key, value in form.items()} if factor else {}


def _rational(tape: Tape, place: int) -> Fraction | None:
    value = tape.constants[place]
    return Fraction(value) if isinstance(value, (int, Fraction)) else None


def _value(tape: Tape, i: int, real: dict[int, Form]) -> Form:
    """A real row as a linear form of others, itself at worst."""
    operation, a, b, c = tape.rows[i]
    itself = {i: Fraction(1)}
    if operation in (Op.ADD, Op.SUBTRACT) and a in real and b in real:
        return _sum(real[a], real[b], 1 if operation == Op.ADD else -1)
    if operation not in (Op.SHIFT, Op.SCALE, Op.REFLECT, Op.CONSTANT):
        return itself
    constant = _rational(tape, c)
    if constant is None:
        return itself
    if operation == Op.CONSTANT:
        return _constant(constant)
    if a not in real:
        return itself
    if operation == Op.SCALE:
        return _scaled(real[a], constant)
    return _sum(_constant(constant), real[a], 1 if operation == Op.SHIFT else -1)


def _turned(
    tape: Tape, i: int, real: dict[int, Form], turned: dict[int, Form | None]
) -> Form | None:
    """The imaginary part of a row that is not real."""
    operation, a, b, c = tape.rows[i]
    first = turned.get(a)
    if operation in (Op.ADD, Op.SUBTRACT):
        second = turned.get(b)
        if first is None or second is None:
            return None
        return _sum(first, second, 1 if operation == Op.ADD else -1)
    if operation == Op.MULTIPLY:
        factor, angle = (real.get(a), turned.get(b)) if a in real else (real.get(b), first)
        if factor is None or angle is None or any(key != _ONE for key in angle):
            return None
        return _scaled(factor, angle.get(_ONE, Fraction(0)))
    if first is None:
        return None
    if operation == Op.SHIFT:
        return first
    if operation == Op.REFLECT:
        return _scaled(first, Fraction(-1))
    constant = _rational(tape, c) if operation == Op.SCALE else None
    return None if constant is None else _scaled(first, constant)
