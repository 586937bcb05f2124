"""Products of series over an algebraic extension, against SymPy's remainders."""

from __future__ import annotations

import flint
import pytest
import sympy

from freesym.algebra.extensions import Extension, Rows

SIZE = 4


def _rows(degree: int, seed: int) -> Rows:
    return [
        [flint.fmpq((seed + 7 * i + 3 * k) % 11 - 5, 1 + (i + k) % 4) for k in range(SIZE)]
        for i in range(degree)
    ]


def _expression(rows: Rows, t: sympy.Symbol, w: sympy.Symbol) -> sympy.Expr:
    return sympy.Add(
        *(
            sympy.Rational(int(value.p), int(value.q)) * t**i * w**k
            for i, row in enumerate(rows)
            for k, value in enumerate(row)
        )
    )


@pytest.mark.parametrize("degree", [2, 3, 5, 8])
@pytest.mark.parametrize("zeros", [0, 2])
def test_products_are_remainders(degree: int, zeros: int) -> None:
    t, w = sympy.symbols("t w")
    power = tuple(flint.fmpq(k - 2, k + 1) for k in range(degree))
    left, right = _rows(degree, 1), _rows(degree, 4)
    for row in left[:zeros]:
        row[:] = [flint.fmpq(0)] * SIZE
    found = Extension(power).product(left, right)
    modulus = t**degree - _expression([[c] for c in power], t, w)
    product = _expression(left, t, w) * _expression(right, t, w)
    terms = sympy.Poly(sympy.rem(product, modulus, t), t, w).terms()
    expected = sympy.Add(*(c * t**i * w**k for (i, k), c in terms if k < SIZE))
    assert sympy.expand(_expression(found, t, w) - expected) == 0
    assert [len(row) for row in found] == [SIZE] * degree


def test_products_of_numbers_and_of_zeros() -> None:
    field = Extension((flint.fmpq(2), flint.fmpq(0), flint.fmpq(0)))
    t = [[flint.fmpq(k == 1)] for k in range(3)]
    zero = [[flint.fmpq(0)] for _ in range(3)]
    assert field.product(t, field.product(t, t)) == [[2], [0], [0]]
    assert field.product(zero, t) == zero
