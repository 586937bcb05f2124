"""Operations on random laws: commutativity, associativity, distributivity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given

import freesym as fs
from freesym import Law
from tests.strategies import laws, positive

#: Both sides are solved separately; away from the real axis each keeps twelve digits.
CLOSE = 1e-11


def _assert_same_law(left: Law, right: Law) -> None:
    exact = [float(m) for m in right.moments(6)]
    even = [float(m) for m in right.moments(8)[1::2]]
    for k, (a, b) in enumerate(zip(left.moments(6), exact, strict=True)):
        assert abs(float(a) - b) <= 1e-10 * even[(k + 1) // 2] ** (
            (k + 1) / (2 * ((k + 1) // 2) + 2)
        )
    z = _points(right)
    np.testing.assert_allclose(left.G(z), right.G(z), rtol=CLOSE)


def _points(law: Law) -> Any:
    spread = math.sqrt(float(law.free_cumulant(2))) or 1.0
    return float(law.moment(1)) + spread * np.array([0.2 + 0.1j, -1.3 + 0.4j, 1.1 - 0.2j, 0.5 + 3j])


@given(laws(max_nodes=3), laws(max_nodes=3))
def test_sums_commute(a: Law, b: Law) -> None:
    _assert_same_law(a + b, b + a)


@given(laws(max_nodes=2), laws(max_nodes=2), laws(max_nodes=2))
def test_sums_associate(a: Law, b: Law, c: Law) -> None:
    _assert_same_law(a + fs.free_sum(b, c), fs.free_sum(a, b) + c)
    _assert_same_law((a + b) + c, a + fs.free_sum(c, b))


@given(laws(max_nodes=2), laws(max_nodes=3, kind=positive))
def test_products_commute(a: Law, b: Law) -> None:
    _assert_same_law(a @ b, b @ a)


@given(laws(max_nodes=2), laws(max_nodes=2, kind=positive), laws(max_nodes=2, kind=positive))
def test_products_associate(a: Law, b: Law, c: Law) -> None:
    _assert_same_law((a @ b) @ c, (c @ b) @ a)


@given(laws(max_nodes=3), laws(max_nodes=3))
def test_scales_and_shifts_distribute_over_sums(a: Law, b: Law) -> None:
    _assert_same_law(-2 * (a + b) + 3, (-2 * b + 1) + (-2 * a + 2))


@given(laws(max_nodes=2), laws(max_nodes=2))
def test_corners_distribute_over_sums(a: Law, b: Law) -> None:
    _assert_same_law((a + b).compress(0.75), a.compress(0.75) + b.compress(0.75))


@given(laws(max_nodes=3, kind=positive))
def test_corners_of_products_with_projections(a: Law) -> None:
    masked = fs.mixture([fs.PointMass(0), a.compress(0.625)], [0.375, 0.625])
    _assert_same_law(fs.Bernoulli(0.625) @ a, masked)


@given(laws(max_nodes=2, kind=positive), laws(max_nodes=2, kind=positive))
def test_inverses_of_products(a: Law, b: Law) -> None:
    """By transforms around ``[0, 1/2]``: moments of inverses are integrals that take seconds."""
    first, second = a + 1, b + 2
    z = 0.25 + 0.25 * np.array([0.2 + 0.1j, -1.3 + 0.4j, 1.1 - 0.2j, 0.5 + 3j])
    left, right = (first @ second).inverse(), second.inverse() @ first.inverse()
    np.testing.assert_allclose(left.G(z), right.G(z), rtol=CLOSE)


@given(laws(max_nodes=2), laws(max_nodes=2))
def test_cumulants_add(a: Law, b: Law) -> None:
    pairs = zip(a.free_cumulants(6), b.free_cumulants(6), strict=True)
    expected = [float(x + y) for x, y in pairs]
    found = [float(k) for k in (a + b).free_cumulants(6)]
    scale = max(1.0, *(abs(k) ** (1 / (n + 1)) for n, k in enumerate(expected)))
    for n, (x, y) in enumerate(zip(found, expected, strict=True)):
        assert abs(x - y) <= 1e-11 * scale ** (n + 1)


@given(laws(max_nodes=2, kind=positive), laws(max_nodes=2, kind=positive))
def test_means_multiply(a: Law, b: Law) -> None:
    assert math.isclose(float((a @ b).mean()), float(a.mean()) * float(b.mean()), rel_tol=1e-13)


@given(laws(max_nodes=3), laws(max_nodes=3))
def test_deconvolution_undoes_convolution(a: Law, b: Law) -> None:
    _assert_same_law((a + b).additive_deconvolve(b), a)


@given(laws(max_nodes=2), laws(max_nodes=2), laws(max_nodes=2))
def test_boolean_and_monotone_convolutions_associate(a: Law, b: Law, c: Law) -> None:
    _assert_same_law(fs.boolean_sum(a, fs.boolean_sum(b, c)), fs.boolean_sum(c, b, a))
    _assert_same_law(fs.monotone(fs.monotone(a, b), c), fs.monotone(a, fs.monotone(b, c)))


@given(laws(max_nodes=2, kind=positive), laws(max_nodes=2, kind=positive))
def test_rectangular_sums_commute(a: Law, b: Law) -> None:
    _assert_same_law(fs.rectangular_sum(a, b, ratio=0.5), fs.rectangular_sum(b, a, ratio=0.5))
