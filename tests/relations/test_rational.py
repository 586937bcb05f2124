"""Rational functions stay as short as their coefficients."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from operator import add

from freesym.relations.rational import RationalFunction


def test_coefficients_of_sums_of_partial_fractions_stay_short() -> None:
    """Those of 16 terms with three digits each; Euclid's remainders once had thousands."""
    w = RationalFunction.variable()
    points = [Fraction(100 + 138 * k * k % 397 + k, 100) for k in range(16)]
    total = reduce(add, (1 / (w - x) for x in points))
    digits = [len(str(c)) for c in (*total.numerator, *total.denominator)]
    assert len(total.denominator) == 17
    assert max(digits) < 200


def test_common_factors_cancel() -> None:
    w = RationalFunction.variable()
    quotient = (w * w - Fraction(4, 9)) / (3 * w + 2) * (w + 1) / (w + 1)
    assert quotient.moebius() is not None
    rest = quotient - w * Fraction(1, 3)
    assert [len(rest.numerator), len(rest.denominator)] == [1, 1]
    assert rest.numerator[0] / rest.denominator[0] == Fraction(-2, 9)
