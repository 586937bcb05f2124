"""Differential equations and recurrences of algebraic functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint
import pytest

from freesym.algebra.polynomials import Polynomial
from freesym.algebra.recurrences import (
    DifferentialEquation,
    Recurrence,
    differential_equation,
    recurrence,
    residual,
)

NAMES = ("x", "y", "c", "n")
Curve = Callable[[Polynomial, Polynomial, Polynomial], Polynomial]

# The generating functions of these integers, and how many there are of each.
CURVES: dict[str, tuple[Curve, Callable[[int], int]]] = {
    "Catalan": (lambda x, y, c: x * y**2 - y + 1, lambda n: math.comb(2 * n, n) // (n + 1)),
    "Fuss": (lambda x, y, c: x * y**4 - y + 1, lambda n: math.comb(4 * n, n) // (3 * n + 1)),
    "central": (lambda x, y, c: (1 - 4 * x) * y**2 - 1, lambda n: math.comb(2 * n, n)),
    "geometric": (lambda x, y, c: (1 - 3 * x) * y - 1, lambda n: 3**n),
    "even": (lambda x, y, c: x**2 * y**2 - y + 1,
             lambda n: 0 if n % 2 else math.comb(n, n // 2) // (n // 2 + 1)),
    "Narayana": (lambda x, y, c: c * x * y**2 - (1 + (c - 1) * x) * y + 1,
                 lambda n: sum(math.comb(n, k) * math.comb(n, k - 1) * 3 ** (k - 1) // n
                               for k in range(1, n + 1)) if n else 1),
}  # fmt: skip


def polynomial(name: str) -> Polynomial:
    x, y, c, _ = Polynomial.generators(NAMES)
    return CURVES[name][0](x, y, c)


def run(found: Recurrence, initial: list[int], count: int) -> list[Any]:
    row = [flint.fmpq(v) for v in initial[: found.start]]
    for n in range(found.start, count):
        values = [
            sum(int(v) * 3 ** e[2] * n ** e[3] for e, v in p.terms().items())
            for p in found.coefficients
        ]
        total = sum(v * row[n - j] for j, v in enumerate(values) if j)
        row.append(-total / values[0])
    return row


@pytest.mark.parametrize("name", CURVES)
def test_recurrences_continue_the_sequence(name: str) -> None:
    equation = differential_equation(polynomial(name), "x", "y")
    found = recurrence(equation, "x", "n")
    expected = [CURVES[name][1](n) for n in range(60)]
    assert run(found, expected, 60) == expected


@pytest.mark.parametrize("name", CURVES)
def test_the_bound_is_a_proof(name: str) -> None:
    """The exact series satisfies the equation beyond the bound; a changed one does not."""
    curve = polynomial(name)
    equation = differential_equation(curve, "x", "y")
    count = equation.proof_bound(curve, "x", "y") + 10
    row = [flint.fmpq(CURVES[name][1](n)) for n in range(count)]
    known = {"c": flint.fmpq(3)}
    assert not any(residual(equation, "x", row, known))
    row[5] += 1
    assert any(residual(equation, "x", row, known))


def test_catalan_recurrence_as_printed_in_books() -> None:
    n = Polynomial.generators(NAMES)[3]
    found = recurrence(differential_equation(polynomial("Catalan"), "x", "y"), "x", "n")
    assert found == Recurrence((n + 1, 2 - 4 * n), 1)


def test_fuss_catalan_has_a_two_term_recurrence() -> None:
    found = recurrence(differential_equation(polynomial("Fuss"), "x", "y"), "x", "n")
    assert len(found.coefficients) == 2
    assert [p.degree("n") for p in found.coefficients] == [3, 3]


def test_natural_zeros_of_the_leading_coefficient_are_passed() -> None:
    """``F = 1 + x^3`` solves ``x F' = 3 F - 3``, whose recurrence is ``(n - 3) m_n = 0``."""
    x, y, _, n = Polynomial.generators(NAMES)
    equation = differential_equation(y**2 - (1 + x**3) ** 3, "x", "y")
    found = recurrence(equation, "x", "n")
    assert found.coefficients[0].replaced({"n": n + found.start}).degree("n") >= 1
    leading = found.coefficients[0]
    values = [sum(v * k ** e[3] for e, v in leading.terms().items()) for k in range(40)]
    assert all(values[found.start :])


SPECIAL: dict[str, Callable[[Polynomial, Polynomial, Polynomial], Polynomial]] = {
    "cubic": lambda x, y, c: x * y**3 + (c - x) * y**2 - y + 1 + c * x,
    "quartic": lambda x, y, c: (1 + c * x) * y**4 - x * y**3 + x**2 * y - c,
    "inner order": lambda x, y, c: x * y**4 - c * y + 1,
    "radical": lambda x, y, c: y**3 - (1 + c * x) * (1 - x),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_elimination_modulo_primes_is_a_special_case_of_that_with_symbols(name: str) -> None:
    """Both give the least order, so that they are proportional where a symbol has a value."""
    x, y, c, _ = Polynomial.generators(NAMES)
    curve = SPECIAL[name](x, y, c)
    three = Polynomial.constant(NAMES, 3)
    found = differential_equation(curve.replaced({"c": three}), "x", "y")
    general = differential_equation(curve, "x", "y")
    assert found.order == general.order
    rows = [found.constant, *found.coefficients]
    special = [p.replaced({"c": three}) for p in (general.constant, *general.coefficients)]
    for a, b in zip(rows, special, strict=True):
        assert a * special[-1] == b * rows[-1]


@pytest.mark.long
def test_long_coefficients_need_many_primes() -> None:
    """Coefficients of a hundred digits and more, verified by the power series."""
    x, y, _, _ = Polynomial.generators(NAMES)
    big = 10**40 + 3
    curve = x * y**4 - (big * x + 7) * y**2 + (x - big) * y + 1 + big
    # y = 0 at x = 0
    shifted = curve - (1 + big) + (1 + big) * x
    equation = differential_equation(shifted, "x", "y")
    assert max(len(str(v)) for p in equation.coefficients for v in p.terms().values()) > 150
    series = [flint.fmpq(0)]
    for k in range(1, 40):
        # Newton by coefficients: the linear term is -big y
        trial = [*series, flint.fmpq(0)]
        squares = [sum(trial[i] * trial[j - i] for i in range(j + 1)) for j in range(k + 1)]
        fourth = sum(squares[i] * squares[k - 1 - i] for i in range(k))
        value = fourth - big * squares[k - 1] - 7 * squares[k] + trial[k - 1] + (1 + big) * (k == 1)
        series.append(value / big)
    assert all(value == 0 for value in residual(equation, "x", series, {})[:30])


def test_recurrences_start_where_the_constant_has_ended() -> None:
    """``F' = 4 x^3``: ``n F_n = 0`` holds from 5 on, not at 4."""
    x, *_ = Polynomial.generators(NAMES)
    one = Polynomial.constant(NAMES, 1)
    equation = DifferentialEquation(4 * x**3, (one - one, one))
    assert recurrence(equation, "x", "n").start == 5


def test_the_coefficients_that_prove_an_equation_are_counted() -> None:
    """``b (q + (2k - 1) a) + (2k - 1) a b`` of orders 0, 1 and 2."""
    x, y, _, _ = Polynomial.generators(NAMES)
    cubic, one, slope = x**2 * y**3 - y + 1, 0 * x + 1, x**5
    bounds = [
        DifferentialEquation(one, coefficients).proof_bound(cubic, "x", "y")
        for coefficients in ((slope,), (one, slope), (slope, one, one))
    ]
    assert bounds == [3 * 5, 3 * (5 + 2) + 2 * 3, 3 * (5 + 6) + 6 * 3]
