"""The moment calculus against printed tables, brute-force combinatorics and algebraic laws."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.algebra import convolutions, jacobi
from freesym.algebra import cumulants as calculus
from freesym.algebra.series import Series

Row = list[Any]
Partition = tuple[tuple[int, ...], ...]


def catalan(n: int) -> int:
    return math.comb(2 * n, n) // (n + 1)


def narayana_moments(ratio: Any, count: int) -> Row:
    """Moments of the Marchenko-Pastur law with R = 1/(1 - ratio g)."""
    return [
        sum(Fraction(math.comb(n, k) * math.comb(n - 1, k), k + 1) * ratio**k for k in range(n))
        for n in range(1, count + 1)
    ]


def raney_moment(p: Fraction, r: int, n: int) -> Fraction:
    """``r/(np+r) binom(np+r, n)``."""
    top = n * p + r
    falling = math.prod([top - i for i in range(n)], start=Fraction(1))
    return r / top * falling / math.factorial(n)


def even_law(even_moments: Sequence[Any]) -> Row:
    return [value for moment in even_moments for value in (0, moment)]


def arcsine_moments(variance: int, half: int) -> Row:
    return even_law([math.comb(2 * k, k) * Fraction(variance, 2) ** k for k in range(1, half + 1)])


CATALAN = [catalan(n) for n in range(1, 11)]
SEMICIRCLE = even_law([catalan(n) for n in range(1, 6)])
SIGN = even_law([1] * 6)

# --------------------------------------------------------------------------------- brute force


def set_partitions(items: Sequence[int]) -> Iterator[list[list[int]]]:
    if not items:
        yield []
        return
    for smaller in set_partitions(items[1:]):
        yield [[items[0]], *smaller]
        for index, block in enumerate(smaller):
            yield [*smaller[:index], [items[0], *block], *smaller[index + 1 :]]


def is_crossing(partition: list[list[int]]) -> bool:
    return any(
        a < c < b < d
        for first, second in itertools.permutations(partition, 2)
        for a, b in itertools.combinations(first, 2)
        for c, d in itertools.combinations(second, 2)
    )


def noncrossing_partitions(n: int) -> list[list[list[int]]]:
    return [p for p in set_partitions(range(n)) if not is_crossing(p)]


def kreweras_block_sizes(partition: list[list[int]], n: int) -> list[int]:
    """Cycle lengths of ``pi^-1 gamma``, gamma the long cycle."""
    inverse = {block[k]: block[k - 1] for block in partition for k in range(len(block))}
    unseen, sizes = set(range(n)), []
    while unseen:
        start = point = min(unseen)
        size = 0
        while size == 0 or point != start:
            unseen.discard(point)
            point, size = inverse[(point + 1) % n], size + 1
        sizes.append(size)
    return sizes


def product_over(values: Row, sizes: Sequence[int]) -> Any:
    return math.prod(values[size - 1] for size in sizes)


def brute_free_moment(cumulants: Row, n: int) -> Any:
    blocks = ([len(block) for block in p] for p in noncrossing_partitions(n))
    return sum(product_over(cumulants, sizes) for sizes in blocks)


def brute_product_moment(cumulants: Row, moments: Row, n: int) -> Any:
    return sum(
        product_over(cumulants, [len(block) for block in p])
        * product_over(moments, kreweras_block_sizes(p, n))
        for p in noncrossing_partitions(n)
    )


GENERIC = [Fraction(2, 3), Fraction(-1, 2), 5, 1, Fraction(7, 4)]
CENTRED = [0, 3, Fraction(1, 2), -2, 4]
ZERO_VARIANCE = [0, 0, 1, 2, 3]


def test_noncrossing_partitions_are_counted_by_catalan_numbers() -> None:
    assert [len(noncrossing_partitions(n)) for n in range(1, 6)] == CATALAN[:5]


@pytest.mark.parametrize("cumulants", [GENERIC, CENTRED, ZERO_VARIANCE])
def test_moments_sum_over_noncrossing_partitions(cumulants: Row) -> None:
    expected = [brute_free_moment(cumulants, n) for n in range(1, 6)]
    assert calculus.moments_from_free_cumulants(cumulants) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [*itertools.product([GENERIC, CENTRED, ZERO_VARIANCE], repeat=2), (SIGN[:5], GENERIC)],
)
def test_free_product_for_any_means(first: Row, second: Row) -> None:
    cumulants = calculus.free_cumulants_from_moments(first)
    expected = [brute_product_moment(cumulants, second, n) for n in range(1, 6)]
    assert convolutions.free_product_moments(first, second) == expected


# -------------------------------------------------------------------------------------- tables


def test_free_cumulants_of_named_laws() -> None:
    assert calculus.free_cumulants_from_moments(CATALAN) == [1] * 10
    assert calculus.free_cumulants_from_moments(SEMICIRCLE) == [0, 1] + [0] * 8
    bernoulli = calculus.free_cumulants_from_moments(SIGN)
    assert bernoulli == even_law([(-1) ** (k - 1) * catalan(k - 1) for k in range(1, 7)])


def test_marchenko_pastur_with_symbolic_ratio() -> None:
    c = sympy.Symbol("c")
    moments = calculus.moments_from_free_cumulants([c**n for n in range(7)])
    assert moments == [sympy.expand(moment) for moment in narayana_moments(c, 7)]
    assert calculus.free_cumulants_from_moments(moments) == [c**n for n in range(7)]
    assert calculus.s_transform_series(moments) == [(-c) ** n for n in range(7)]
    alpha, beta = jacobi.jacobi_coefficients(moments)
    assert alpha == [1, c + 1, c + 1, c + 1]
    assert beta == [c, c, c]


@pytest.mark.parametrize("s", [1, 2, 3, 7])
def test_fuss_catalan(s: int) -> None:
    expected = [Fraction(math.comb((s + 1) * n, n), s * n + 1) for n in range(1, 11)]
    assert convolutions.multiplicative_power_moments(CATALAN, s) == expected


@pytest.mark.parametrize(("p", "r"), [(2, 1), (3, 1), (3, 2), (5, 3), (Fraction(5, 2), 2)])
def test_raney(p: Fraction | int, r: int) -> None:
    u = Series.variable(8)
    chi = ((1 + u) ** Fraction(1, r) - 1) * (1 + u) ** (-Fraction(p) / r)
    s_transform = (1 + u) / u * chi
    series = s_transform.coefficient_list(0, 6)
    assert calculus.moments_from_s_transform_series(series) == [
        raney_moment(Fraction(p), r, n) for n in range(1, 7)
    ]


def test_kesten_mckay() -> None:
    moments = convolutions.free_sum_moments([SIGN[:8]], [3])
    assert moments == even_law([3, 15, 87, 543])


def test_sum_of_two_signs_is_arcsine() -> None:
    assert convolutions.free_sum_moments([SIGN, SIGN]) == arcsine_moments(2, 6)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(1, [1, 3, 11, 45, 197]), (3, [1, 7, 67, 741, 8909]), (10, [1, 21, 641, 23001])],
)
def test_relu_jacobian(depth: int, expected: Row) -> None:
    series = ((1 + 2 * Series.variable(6)) ** (-depth)).coefficient_list(0, len(expected))
    assert calculus.moments_from_s_transform_series(series) == expected
    layer = convolutions.free_product_moments(CATALAN, [Fraction(1, 2)] * len(expected))
    doubled = convolutions.affine_moments(layer, 2, 0)
    assert convolutions.multiplicative_power_moments(doubled, depth) == expected


def test_semicircle_plus_marchenko_pastur() -> None:
    expected = [Fraction(*pair) for pair in [(1, 1), (5, 2), (23, 4), (125, 8), (697, 16)]]
    expected.append(Fraction(4087, 32))
    poisson = narayana_moments(Fraction(1, 2), 6)
    assert convolutions.free_sum_moments([SEMICIRCLE, poisson]) == expected


def test_boolean_sum_of_signs() -> None:
    assert calculus.boolean_cumulants_from_moments(SIGN) == [0, 1] + [0] * 10
    assert convolutions.boolean_sum_moments([SIGN], [3]) == even_law([3**k for k in range(1, 7)])


def test_monotone_convolution_of_arcsine_laws_adds_variances() -> None:
    result = convolutions.monotone_moments(arcsine_moments(1, 5), arcsine_moments(2, 5))
    assert result == arcsine_moments(3, 5)


def test_monotone_convolution_is_not_commutative() -> None:
    dirac = [1, 1, 1]
    assert convolutions.monotone_moments([0, 1, 0], dirac) == [1, 2, 4]
    assert convolutions.monotone_moments(dirac, [0, 1, 0]) == [1, 2, 3]


def test_rectangular_gaussian_has_linear_transform() -> None:
    ratio = sympy.Symbol("lambda")
    moments = calculus.moments_from_rectangular_cumulants([1, 0, 0, 0, 0], ratio)
    assert moments == [sympy.expand(moment) for moment in narayana_moments(ratio, 5)]


def test_rectangular_transform_of_unit_singular_values() -> None:
    ratio = Fraction(1, 3)
    y = Series.variable(7)
    closed = ((1 + 4 * ratio * y).sqrt() - 1) / (2 * ratio)
    cumulants = calculus.rectangular_cumulants_from_moments([1] * 6, ratio)
    assert cumulants == closed.coefficient_list(1, 7)


@pytest.mark.parametrize("squares", [([1, 2, 5, 14], [1, 1, 1, 1]), ([2, 7, 30, 1], GENERIC[:4])])
def test_square_rectangular_sum_is_free_sum_of_symmetrised_laws(squares: tuple[Row, Row]) -> None:
    symmetric = convolutions.free_sum_moments([even_law(row) for row in squares])
    assert convolutions.rectangular_sum_moments(squares, 1) == convolutions.square_moments(
        symmetric
    )


def test_compression_is_product_with_a_projection() -> None:
    p = Fraction(2, 5)
    product = convolutions.free_product_moments(GENERIC, [p] * 5)
    assert convolutions.reshape_moments(convolutions.compression_moments(GENERIC, p), p) == product


def test_compression_of_a_convolution_power() -> None:
    p = Fraction(1, 3)
    power = convolutions.free_sum_moments([CENTRED], [1 / p])
    assert convolutions.affine_moments(power, p, 0) == convolutions.compression_moments(CENTRED, p)


def test_compound_free_poisson_is_a_sandwiched_wishart() -> None:
    jumps = [2, 5, 14, 42]
    assert convolutions.compound_free_poisson_moments(
        1, jumps
    ) == convolutions.free_product_moments(CATALAN, jumps)


def test_classical_operations() -> None:
    assert convolutions.classical_sum_moments(SIGN[:4], SIGN[:4]) == [0, 2, 0, 8]
    assert convolutions.classical_product_moments(GENERIC, [2] * 5) == convolutions.reshape_moments(
        GENERIC, 2
    )
    assert convolutions.mixture_moments([SIGN[:3], [1, 1, 1]], [Fraction(1, 2)] * 2) == [
        Fraction(1, 2),
        1,
        Fraction(1, 2),
    ]
    assert convolutions.affine_moments([Fraction(1, 2)] * 3, -2, 1) == [0, 1, 0]


# --------------------------------------------------------------------- positivity, Jacobi matrix


@pytest.mark.parametrize(
    ("moments", "order"),
    [
        (CATALAN, None),
        (SIGN, None),
        ([1, 1, 1, 1, 1], None),
        ([0, -1], 2),
        ([1, 2, 5, 12], 4),
        ([1, 1, 2], 3),
        ([1, 1, 1, 5], 4),
        ([0, 1, 0, 1, 1], 5),
        ([0, 1, 0, 1, 0, 2], 6),
        ([0.0, 1.0, 0.0, 0.5], 4),
        ([0.5, 0.5, 0.5, 0.5], None),
        ([], None),
    ],
)
def test_hankel(moments: Row, order: int | None) -> None:
    assert jacobi.hankel_is_positive(moments) == order


def test_hankel_needs_numbers() -> None:
    with pytest.raises(ValueError, match="sign"):
        jacobi.hankel_is_positive([sympy.Symbol("a"), sympy.Symbol("b")])
    root = sympy.sqrt(2)
    assert jacobi.hankel_is_positive([root, 2, 2 * root, 5]) == 4


def test_hankel_of_numbers_whose_sign_takes_digits() -> None:
    """Quotients of radicals, of which SymPy does not know the sign."""
    six = sympy.sqrt(6)
    moments = [1, 2 * six / 9 + 2, 2 * six / 3 + 5, 20 * six / 9 + sympy.Rational(29, 2)]
    assert jacobi.hankel_is_positive([*moments, 70 * six / 9 + 44, 400]) is None
    assert jacobi.hankel_is_positive([*moments, 70 * six / 9 + 44, 60]) == 6
    floats = [float(m) for m in moments]
    assert jacobi.hankel_is_positive([*floats, float(70 * six / 9 + 44), 60.0]) == 6


def test_jacobi_of_named_laws() -> None:
    assert jacobi.jacobi_coefficients(SEMICIRCLE) == ([0] * 5, [1] * 5)
    assert jacobi.jacobi_coefficients(arcsine_moments(2, 4)) == ([0] * 4, [2, 1, 1, 1])
    assert jacobi.jacobi_coefficients([]) == ([], [])


def test_jacobi_stops_at_the_number_of_atoms() -> None:
    atoms = [Fraction(-1), Fraction(1, 2), Fraction(3)]
    moments = [sum(x**n for x in atoms) / 3 for n in range(1, 13)]
    alpha, beta = jacobi.jacobi_coefficients(moments)
    assert len(alpha) == len(beta) == 3
    assert beta[-1] == 0
    assert jacobi.moments_from_jacobi(alpha, beta, 12) == moments
    floats = jacobi.jacobi_coefficients([float(m) for m in moments])
    assert len(floats[0]) == 3
    assert floats[1][-1] == 0


def test_too_many_moments_from_jacobi() -> None:
    with pytest.raises(ValueError, match="determine 3 moments"):
        jacobi.moments_from_jacobi([0, 0], [1], 4)


# ------------------------------------------------------------------------ domains and edge cases


@pytest.mark.parametrize(
    "function",
    [
        calculus.free_cumulants_from_moments,
        calculus.moments_from_free_cumulants,
        calculus.boolean_cumulants_from_moments,
        calculus.moments_from_boolean_cumulants,
        calculus.s_transform_series,
        calculus.moments_from_s_transform_series,
    ],
)
@pytest.mark.parametrize("kind", [Fraction, float, sympy.Rational])
def test_the_domain_is_kept(function: Any, kind: Any) -> None:
    row = (
        [kind(value) for value in ["3/2", 3, 8, 24]] if kind is not float else [1.5, 3.0, 8.0, 24.0]
    )
    result = function(row)
    assert len(result) == 4
    assert all(isinstance(value, kind) for value in result)
    assert [float(value) for value in result] == pytest.approx(function([1.5, 3.0, 8.0, 24.0]))
    assert function([]) == []


def test_integers_never_become_floats() -> None:
    result = calculus.s_transform_series([3, 10, 41])
    assert result == [Fraction(1, 3), Fraction(-1, 27), Fraction(-13, 243)]
    assert all(type(value) is Fraction for value in result)
    numpy_result = calculus.s_transform_series(np.array([3, 10, 41]))  # type: ignore[arg-type]
    assert numpy_result == result


def test_one_float_makes_all_floats() -> None:
    result = calculus.free_cumulants_from_moments([1, 2.5, Fraction(3)])
    assert result == [1.0, 1.5, -2.5]
    assert all(type(value) is float for value in result)
    assert type(convolutions.affine_moments([1, 2], 1j, 0)[1]) is complex


def test_mpmath_moments() -> None:
    result = calculus.s_transform_series([mpmath.mpf(1), 2, Fraction(5)])
    assert result == [1, -1, 1]
    assert all(isinstance(value, mpmath.mpf) for value in result)


def test_fully_symbolic_moments() -> None:
    m1, m2, m3 = sympy.symbols("m1:4")
    third = calculus.free_cumulants_from_moments([m1, m2, m3])[2]
    assert third == sympy.expand(m3 - 3 * m1 * m2 + 2 * m1**3)
    second = calculus.s_transform_series([m1, m2])[1]
    assert sympy.simplify(second - (m1**2 - m2) / m1**3) == 0


def test_symbolic_exponent() -> None:
    t = sympy.Symbol("t")
    moments = convolutions.multiplicative_power_moments([1, 2, 5], t)
    assert [moment.subs(t, 2) for moment in moments] == [1, 3, 12]
    assert moments[1] == t + 1


def test_power_of_the_mean_is_exact_when_it_can_be() -> None:
    square = convolutions.multiplicative_power_moments([2, 5, 14], 2)
    assert convolutions.multiplicative_power_moments(square, Fraction(1, 2)) == [2, 5, 14]
    symbolic = convolutions.multiplicative_power_moments([sympy.Integer(2), 5], Fraction(1, 2))
    assert symbolic == [sympy.sqrt(2), sympy.Rational(9, 4)]
    roots = convolutions.multiplicative_power_moments([2, 5], Fraction(1, 2))
    assert roots == [sympy.sqrt(2), Fraction(9, 4)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: calculus.s_transform_series(SEMICIRCLE),
        lambda: convolutions.multiplicative_power_moments(SEMICIRCLE, 2),
        lambda: convolutions.multiplicative_deconvolution_moments(CATALAN, SEMICIRCLE),
    ],
)
def test_centred_laws_have_no_s_transform(call: Any) -> None:
    with pytest.raises(ValueError, match="non-zero mean"):
        call()


def test_weights_are_checked() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        convolutions.mixture_moments([SIGN, SIGN], [1, 1])
    with pytest.raises(ValueError, match="as many weights"):
        convolutions.free_sum_moments([SIGN, SIGN], [1])


def test_results_are_as_long_as_the_shortest_input() -> None:
    assert convolutions.free_product_moments(CATALAN, [1, 2]) == [1, 3]
    assert convolutions.monotone_moments(CATALAN, [0]) == [1]
    assert convolutions.free_sum_moments([CATALAN, [0, 1, 0]]) == [1, 3, 8]


def test_cumulants_of_eigenvalues_keep_their_digits() -> None:
    """Two eigenvalues at distance ``2 r``: ``kappa_2k = (-1)^(k-1) C_(k-1) r^2k``, odd ones 0."""
    found = fs.Empirical([1.0, 4.0]).free_cumulants(100)
    expected = [Fraction(5, 2)]
    for n in range(2, 101):
        k, odd = divmod(n, 2)
        catalan = Fraction(math.comb(2 * k - 2, k - 1), k)
        expected.append(Fraction(0) if odd else (-1) ** (k - 1) * catalan * Fraction(3, 2) ** n)
    assert found == [float(value) for value in expected]


def test_moments_of_many_eigenvalues_are_power_sums() -> None:
    points = [Fraction(k, 64) for k in range(5000)]
    expected = [float(sum(x**k for x in points) / len(points)) for k in range(1, 8)]
    assert fs.Empirical([float(x) for x in points]).moments(7) == expected


def test_symbols_are_exchanged_at_once() -> None:
    a, b = sympy.symbols("a b", positive=True)
    law = fs.MarchenkoPastur(a + 2 * b) + fs.Semicircle(0, a)
    assert law.subs({a: b, b: a}) == fs.MarchenkoPastur(b + 2 * a) + fs.Semicircle(0, b)
