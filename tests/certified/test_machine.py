"""Elementary functions on balls, on the side of their cuts that was decided."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction as F
from typing import Any

import flint
import pytest

from freesym.algebra.balls import working_precision
from freesym.solve import machine
from freesym.solve.machine import (
    Machine,
    Sides,
    log_on_side,
    nearest_side,
    order_of,
    sign_of,
    sqrt_on_side,
)
from freesym.solve.tape import Op, Tape

acb, arb = flint.acb, flint.arb
#: A point on the cut of each side.
CUTS = {0: -2, 1: -2j, -1: 2j}
POINTS = [2, -2, 2j, -2j, 1 + 1j, -1 + 1j, 1 - 1j, -1 - 1j, -3 + 1e-9j, -3 - 1e-9j]


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with working_precision(100):
        yield


def _angle(x: complex, side: int) -> float:
    """The argument in ``(-pi/2, 3 pi/2)`` for the upper side, mirrored for the lower one."""
    angle = cmath.phase(x)
    if side > 0 and angle < -math.pi / 2:
        return angle + 2 * math.pi
    if side < 0 and angle > math.pi / 2:
        return angle - 2 * math.pi
    return angle


def _around(x: complex) -> Any:
    return acb(arb(x.real, 1e-12), arb(x.imag, 1e-12))


@pytest.mark.parametrize(
    ("x", "side"),
    [(x, side) for x in map(complex, POINTS) for side in CUTS if x != CUTS[side]],
)
def test_roots_and_logarithms_beside_their_cuts(x: complex, side: int) -> None:
    angle = _angle(x, side)
    expected = complex(math.log(abs(x)), angle)
    root = cmath.rect(math.sqrt(abs(x)), angle / 2)
    for ball, radius in ((acb(x.real, x.imag), 1e-14), (_around(x), 1e-10)):
        assert abs(log_on_side(ball, side) - acb(expected.real, expected.imag)) < radius
        assert abs(sqrt_on_side(ball, side) - acb(root.real, root.imag)) < radius


@pytest.mark.parametrize(
    ("ball", "side"),
    [
        (acb(-1, arb(0, 1e-3)), 0),
        (acb(arb(0, 1e-3), -1), 1),
        (acb(arb(0, 1e-3), 1), -1),
        (acb(arb(0, 1e-3), arb(0, 1e-3)), 1),
    ],
    ids=str,
)
def test_balls_that_reach_over_a_cut_prove_nothing(ball: Any, side: int) -> None:
    assert not log_on_side(ball, side).is_finite()
    assert not sqrt_on_side(ball, side).is_finite()


def test_signs_and_sides() -> None:
    for x, sign in ((arb(2), 1), (arb(-2), -1), (arb(0), 0), (arb(1, 2), 0), (arb.nan(), 0)):
        assert sign_of(x) == sign
    for z, side in ((acb(-5, 1), 1), (acb(5, -1), -1), (acb(5), 1), (acb(5, arb(-1, 2)), -1)):
        assert nearest_side(z) == side


@pytest.mark.parametrize("quarter", range(-4, 8))
def test_exponentials_of_exact_quarter_turns_stay_on_the_axes(quarter: int) -> None:
    x = acb(arb(1, 1e-9), arb.pi() * quarter / 2)
    found = machine._exponential(x, F(quarter, 2))
    assert found.overlaps(x.exp())
    assert (found.real if quarter % 2 else found.imag).is_zero()
    for turn in (None, F(1, 3)):
        assert machine._exponential(acb(1, 1), turn).overlaps(acb(1, 1).exp())


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("turns", [-3, -1, 0, 1, 2])
@pytest.mark.parametrize("share", [-0.9, -0.2, 0.3, 0.9])
def test_whole_turns_are_taken_off_around_a_side(side: int, turns: int, share: float) -> None:
    """What remains lies within ``pi`` of ``side pi/2``."""
    angle = arb.pi() * (side * arb(0.5) + share)
    found = machine._wrapped(acb(3, angle + 2 * turns * arb.pi()), side)
    assert abs(found - acb(3, angle)) < 1e-25


def test_projections_keep_exact_zeros() -> None:
    """Odd and even functions of an imaginary number are imaginary and real."""
    x, imaginary = acb(2, 3), acb(0, 1)
    assert machine._projected(x, imaginary, imaginary, turned=False) == acb(0, 3)
    assert machine._projected(x, imaginary, imaginary, turned=True) == acb(2)
    assert machine._projected(x, imaginary, acb(1), turned=False) == acb(2)
    assert machine._projected(x, imaginary, acb(1), turned=True) == acb(0, 3)
    for w, axis in ((acb(1), imaginary), (imaginary, acb(1, 1)), (acb(0), imaginary)):
        assert machine._projected(x, w, axis, turned=False) == x


def test_rows_that_others_depend_on() -> None:
    """The first row too, as a second operand."""
    tape = Tape()
    x = tape.unknown(1)
    y = tape.unknown(1)
    product = tape.emit(Op.MULTIPLY, y.number, x.number)
    tape.emit(Op.EXP, y.number)
    assert x.number == 0
    assert order_of(tape, [product]) == (0, 1, product)
    assert order_of(tape, [y.number]) == (1,)


def test_signs_are_decided_once() -> None:
    tape = Tape()
    x = tape.unknown(1)
    sign = tape.emit(Op.SIGN, x.number)
    machine, order, sides = Machine(tape), (x.number, sign), Sides()
    assert machine.run(order, [acb(1, -1)], sides, decide=True)[sign] == -1
    assert machine.run(order, [acb(1, 1)], sides)[sign] == -1
    assert machine.run(order, [acb(1, 1)], sides, decide=True)[sign] == 1
    assert machine.run(order, [acb(1, -1)], sides)[sign] == 1


def test_the_smaller_of_two_numbers_is_chosen_once() -> None:
    """``a`` if ``|x| <= |y|``, else ``b``."""
    tape = Tape()
    x, y = tape.unknown(1), tape.unknown(1)
    chosen = tape.emit(Op.SELECT, x.number, y.number, (x.number, y.number))
    machine, order, sides = Machine(tape), (x.number, y.number, chosen), Sides()
    assert machine.run(order, [acb(1), acb(2)], sides, decide=True)[chosen] == 1
    assert machine.run(order, [acb(3), acb(2)], sides)[chosen] == 3
    assert machine.run(order, [acb(3), acb(2)], sides, decide=True)[chosen] == 2
    assert machine.run(order, [acb(1), acb(2)], sides)[chosen] == 2
