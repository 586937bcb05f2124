"""Curves on which a power product is real up to a phase, against the product itself."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath
import pytest
import sympy

from freesym.transforms.curves import Curve, Frame

THIRD = sympy.Rational(1, 3)
#: Points with their exponents, on either side of 0.
POINTS = {
    "one": ((2, 3),),
    "one below 0": ((-2, 3),),
    "equal exponents": ((2, 1), (-1, 1)),
    "equal powers": ((THIRD, 2), (3, 2)),
    "opposite exponents": ((2, 1), (-1, -1)),
    "opposite powers": ((-3, 2), (THIRD, -2)),
}


def _frame(points: Any, turn: Any, *, polar: bool) -> Frame:
    pairs = tuple((sympy.S(p), sympy.S(e)) for p, e in points)
    signs = tuple(1 if p > 0 else -1 for p, _ in pairs)
    zero, infinity = sympy.S.Zero, sympy.oo
    return Frame(zero, infinity, sympy.S(turn), pairs, sympy.S(5) / 2, signs, polar=polar)


@pytest.mark.parametrize("polar", [True, False])
@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_the_product_has_the_phase_of_the_curve(points: Any, polar: bool) -> None:
    """Up to half turns, where radius and distances are positive; its modulus is that stated."""
    frame = _frame(points, sympy.Rational(3, 2), polar=polar)
    seen = 0
    for sign, phase, step in itertools.product((1, -1), (1, 7), (3, 11, 17)):
        angle = sympy.Rational(step, 10)
        curve = Curve(frame, sympy.Rational(phase, 5), sign if len(points) == 2 else 0)
        lengths = [curve.distance(i, angle) for i in range(len(points))]
        lengths += [curve.radius(angle)] if polar else []
        x, y = (sympy.N(v, 40) for v in curve.position(angle))
        if not x.is_real or any(sympy.N(length) <= 0 for length in lengths):
            continue
        seen += 1
        with mpmath.workdps(40):
            tau = mpmath.mpc(str(x), str(-y))
            log_w = 1.5 * (mpmath.log(tau) if polar else tau)
            log_w += sum(
                int(e) * mpmath.log(tau - mpmath.mpf(str(sympy.N(p, 40)))) for p, e in points
            )
            assert abs(mpmath.sin(log_w.imag + phase * mpmath.pi / 5)) < 1e-30
            modulus = mpmath.mpf(str(sympy.N(curve.modulus(angle), 40)))
            assert abs(modulus / (2.5 * mpmath.exp(log_w.real)) - 1) < 1e-30
    assert seen
