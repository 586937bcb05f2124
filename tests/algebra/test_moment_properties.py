"""Properties of the moment calculus for random rows of rationals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freesym.algebra import convolutions, jacobi
from freesym.algebra import cumulants as calculus
from freesym.algebra.series import Series

Row = list[Any]

fractions = st.fractions(-5, 5, max_denominator=6)
rows = st.lists(fractions, min_size=4, max_size=6)
means = fractions.filter(lambda value: value != 0)
charged_rows = st.builds(lambda mean, row: [mean, *row], means, rows)
relaxed = settings(max_examples=40, deadline=None)


@relaxed
@given(rows, fractions)
def test_round_trips(row: Row, ratio: Fraction) -> None:
    there_and_back = [
        (calculus.free_cumulants_from_moments, calculus.moments_from_free_cumulants),
        (calculus.boolean_cumulants_from_moments, calculus.moments_from_boolean_cumulants),
    ]
    for there, back in there_and_back:
        assert back(there(row)) == row
        assert there(back(row)) == row
    cumulants = calculus.rectangular_cumulants_from_moments(row, ratio)
    assert calculus.moments_from_rectangular_cumulants(cumulants, ratio) == row


@relaxed
@given(charged_rows)
def test_s_transform_round_trip(row: Row) -> None:
    series = calculus.s_transform_series(row)
    assert calculus.moments_from_s_transform_series(series) == row


@relaxed
@given(st.lists(fractions, min_size=3, max_size=3), st.lists(means, min_size=3, max_size=3))
def test_jacobi_round_trip(alpha: Row, beta: Row) -> None:
    moments = jacobi.moments_from_jacobi(alpha, beta)
    assert jacobi.jacobi_coefficients(moments) == (alpha, beta)


@relaxed
@given(st.lists(fractions, min_size=2, max_size=4, unique=True))
def test_discrete_laws_are_positive(atoms: Row) -> None:
    moments = [sum(x**n for x in atoms) / len(atoms) for n in range(1, 10)]
    assert jacobi.hankel_is_positive(moments) is None
    moments[-1] += 1
    assert jacobi.hankel_is_positive(moments) == 9


@relaxed
@given(rows, rows, rows)
def test_commutative_and_associative(a: Row, b: Row, c: Row) -> None:
    size = min(map(len, (a, b, c)))
    product = convolutions.free_product_moments
    assert product(a, b) == product(b, a)
    assert product(product(a, b), c) == product(a, product(b, c))
    assert convolutions.free_sum_moments([a, b]) == convolutions.free_sum_moments([b, a])
    monotone = convolutions.monotone_moments
    assert monotone(monotone(a, b), c) == monotone(a, monotone(b, c))
    assert convolutions.boolean_sum_moments([a, b, c]) == convolutions.boolean_sum_moments(
        [convolutions.boolean_sum_moments([a, b]), c]
    )
    assert product(a, [1] * size) == a[:size]


@relaxed
@given(charged_rows, charged_rows)
def test_s_transforms_multiply(a: Row, b: Row) -> None:
    product = convolutions.free_product_moments(a, b)
    factors = [Series.from_coefficients(calculus.s_transform_series(row)) for row in (a, b)]
    expected = factors[0] * factors[1]
    assert list(expected.coefficients) == calculus.s_transform_series(product)


@relaxed
@given(rows, charged_rows)
def test_deconvolution_undoes_the_product(a: Row, b: Row) -> None:
    product = convolutions.free_product_moments(a, b)
    size = min(len(a), len(b))
    assert convolutions.multiplicative_deconvolution_moments(product, b) == a[:size]


@relaxed
@given(rows, fractions, fractions)
def test_shift_is_a_sum_with_a_point_mass(row: Row, scale: Fraction, shift: Fraction) -> None:
    point = [shift**n for n in range(1, len(row) + 1)]
    scaled = convolutions.affine_moments(row, scale, 0)
    expected = convolutions.affine_moments(row, scale, shift)
    assert convolutions.free_sum_moments([scaled, point]) == expected
    assert convolutions.classical_sum_moments(scaled, point) == expected
    assert convolutions.monotone_moments(scaled, point) == expected


@relaxed
@given(charged_rows, st.integers(1, 3))
def test_multiplicative_powers_are_repeated_products(row: Row, count: int) -> None:
    expected = row
    for _ in range(count - 1):
        expected = convolutions.free_product_moments(expected, row)
    assert convolutions.multiplicative_power_moments(row, count) == expected


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_two_atoms_have_two_coefficients_at_every_scale(scale: float) -> None:
    """Those of -1 and 3 with mass 1/2: what rounding leaves of the third is 0."""
    moments = [scale**k * ((-1.0) ** k + 3.0**k) / 2 for k in range(1, 9)]
    alpha, beta = jacobi.jacobi_coefficients(moments)
    assert alpha == pytest.approx([scale, scale], rel=1e-12)
    assert beta == [pytest.approx(4 * scale**2, rel=1e-12), 0]
