"""Rational functions of parameters against SymPy."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from freesym.algebra.coefficients import in_common_field
from freesym.algebra.parameter_functions import ParameterFunction, entered, left

c, p, t = sympy.symbols("c p t", positive=True)
ATOMS = [c, p, sympy.Integer(2), sympy.Rational(-1, 3), c + p, c - 1]
EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner).map(
        lambda parts: _combined(*parts)
    ),
    max_leaves=6,
)


def _combined(sign: str, a: Any, b: Any) -> Any:
    if sign == "/":
        return a / b if sympy.cancel(b) != 0 else a
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


@given(EXPRESSIONS, EXPRESSIONS)
def test_arithmetic(a: Any, b: Any) -> None:
    first, second = entered(a), entered(b)
    for found, expected in [
        (first + second, a + b),
        (first - second, a - b),
        (first * second, a * b),
        (2 * first - 1, 2 * a - 1),
    ]:
        assert sympy.cancel(left(found) - expected) == 0
    if sympy.cancel(b) != 0:
        assert sympy.cancel(left(first / second) - a / b) == 0
        assert left(second**-2 * second**3) == left(second)


def test_the_power_0_has_no_denominator() -> None:
    found = entered(c / (1 + p)) ** 0
    assert found == 1
    assert found.denominator is None


@given(EXPRESSIONS)
def test_results_are_in_sympys_normal_form(expression: Any) -> None:
    normal = left(entered(expression))
    assert normal == left(entered(normal))
    numerator, denominator = sympy.fraction(sympy.cancel(expression))
    if denominator.is_number:
        assert normal == sympy.expand(expression)
    else:
        found = sympy.fraction(normal)
        assert sympy.expand(found[1]) in (sympy.expand(denominator), -sympy.expand(denominator))
        assert sympy.expand(found[0] * denominator - numerator * found[1]) == 0


@pytest.mark.parametrize(
    ("expression", "generators"),
    [
        (sympy.sqrt(c) + c, {sympy.sqrt(c), c}),
        (p ** (3 * c / 2), {p ** (c / 2)}),
        (p ** (c + 1), {p, p**c}),
        (2 * sympy.exp(-c), {sympy.exp(c)}),
        (sympy.log(c) * sympy.sqrt(2), {sympy.log(c), sympy.sqrt(2)}),
        (1 / c, {c}),
    ],
)
def test_what_is_not_rational_is_a_generator(expression: Any, generators: set[Any]) -> None:
    found = entered(expression)
    assert set(found.ring.generators) == generators
    assert sympy.simplify(left(found) - expression) == 0


def test_numbers() -> None:
    assert entered(sympy.Rational(2, 6)) == flint.fmpq(1, 3)
    assert left(flint.fmpq(1, 3)) == sympy.Rational(1, 3)
    assert entered(sympy.Float(0.5) * c) is None
    assert entered(sympy.nan) is None
    assert entered(c).as_rational() is None


def test_related_generators_are_compared_as_numbers() -> None:
    root = entered(sympy.sqrt(2))
    assert isinstance(root, ParameterFunction)
    assert root * root == 2
    assert left(root * root + root) == 2 + sympy.sqrt(2)
    with pytest.raises(ZeroDivisionError):
        1 / (root * root - 2)


def test_kernels_fall_back_to_quotients() -> None:
    assert in_common_field(lambda a, b: [a / b, a * b], c, p) == [c / p, c * p]
    assert in_common_field(lambda a, b: [a / b], c * c - 1, c - 1) == [c + 1]
    with pytest.raises(ZeroDivisionError):
        in_common_field(lambda a, b: [a / (b - b)], c, p)


def test_mixed_numbers() -> None:
    value = entered(c)
    assert left(value + Fraction(1, 2)) == c + sympy.Rational(1, 2)
    assert left(1 / (2 * value)) == 1 / (2 * c)
    assert left(value - entered(t)) == c - t
    with pytest.raises(TypeError):
        value + "1"
    assert (value == "1") is False
    assert bool(value)
    assert not value - value
