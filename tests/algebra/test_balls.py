"""Balls: rounding once, refinement and refusal."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from freesym.algebra.balls import rounded, working_precision
from freesym.algebra.coefficients import in_common_field, is_ball, scalar_power, to_ball
from freesym.algebra.cumulants import free_cumulants_from_moments, moments_from_free_cumulants
from freesym.errors import PrecisionError


def test_numbers_beside_balls_become_balls() -> None:
    quotient = in_common_field(lambda a, b, c: (a + c) / b, to_ball(1), 3, Fraction(1, 3))
    assert is_ball(quotient)
    assert quotient.contains(flint.fmpq(4, 9))
    assert scalar_power(to_ball(2), Fraction(1, 2)).contains(flint.arb(2).sqrt().mid())


def test_rounding_is_refined() -> None:
    calls: list[int] = []

    def third_power() -> list[object]:
        calls.append(flint.ctx.prec)
        return [(1 + to_ball(Fraction(1, 3)) ** 500 - 1) * 3**500]

    assert rounded(third_power, "the number") == [1.0]
    assert calls == [512, 1024]


def test_cancelled_balls_are_zero() -> None:
    third = Fraction(1, 3)
    assert rounded(lambda: [to_ball(third) - to_ball(third)], "the number") == [0.0]
    assert rounded(lambda: [to_ball(0), to_ball(10) ** 400], "the number") == [0.0, float("inf")]


def test_undecided_denominators_are_refused() -> None:
    third = Fraction(1, 3)
    with pytest.raises(PrecisionError, match="the number"):
        rounded(lambda: [1 / (to_ball(third) - to_ball(third))], "the number")


def test_precision_is_restored() -> None:
    before = flint.ctx.prec
    with working_precision(1000):
        assert flint.ctx.prec == 1000
    assert flint.ctx.prec == before


def test_kernels_run_on_balls() -> None:
    cumulants = [Fraction(1, 3), Fraction(-2, 7), Fraction(5), Fraction(1, 9)]
    balls = list(map(to_ball, cumulants))
    expected = moments_from_free_cumulants(cumulants)
    found = moments_from_free_cumulants(balls)
    assert all(
        b.contains(flint.fmpq(m.numerator, m.denominator))
        for b, m in zip(found, expected, strict=True)
    )
    back = free_cumulants_from_moments(found)
    assert all(
        b.contains(flint.fmpq(k.numerator, k.denominator))
        for b, k in zip(back, cumulants, strict=True)
    )
