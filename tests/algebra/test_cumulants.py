"""Cumulants of every kind against sums over partitions, and conversions there and back."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import freesym as fs
from freesym.algebra import coefficient_lists as lists
from freesym.algebra import convolutions
from freesym.algebra import cumulants as calculus
from freesym.algebra.coefficients import to_native
from freesym.errors import InvalidLawError, UnsupportedOperationError

Row = list[Any]
Sizes = tuple[int, ...]

KINDS = ["moments", "free", "boolean", "classical", "monotone"]
GENERIC = [Fraction(n * n - 5 * n + 3, n % 3 + 1) for n in range(1, 11)]
CENTRED = [Fraction(0), *GENERIC[1:]]

# --------------------------------------------------------------------------------- partitions


@cache
def noncrossing(n: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The block of 0 cuts the rest into gaps, each partitioned on its own."""
    if n == 0:
        return ((),)
    found = []
    for others in itertools.chain.from_iterable(
        itertools.combinations(range(1, n), k) for k in range(n)
    ):
        block = (0, *others)
        gaps = [(a + 1, b) for a, b in zip(block, (*others, n), strict=True)]
        pieces = [
            [tuple(tuple(i + a for i in piece) for piece in p) for p in noncrossing(b - a)]
            for a, b in gaps
        ]
        found += [(block, *sum(choice, ())) for choice in itertools.product(*pieces)]
    return tuple(found)


def kreweras(partition: tuple[tuple[int, ...], ...], n: int) -> Sizes:
    """Block sizes of the complement: cycles of ``pi^-1 gamma``."""
    before = {block[k]: block[k - 1] for block in partition for k in range(len(block))}
    unseen, sizes = set(range(n)), []
    while unseen:
        start = point = unseen.pop()
        size = 1
        while (point := before[(point + 1) % n]) != start:
            unseen.discard(point)
            size += 1
        sizes.append(size)
    return tuple(sizes)


def set_partition_sizes(n: int) -> Counter[Sizes]:
    """How many partitions of a set have given block sizes."""
    table = Counter({(): 1})
    for _ in range(n):
        grown: Counter[Sizes] = Counter()
        for sizes, count in table.items():
            grown[(*sizes, 1)] += count
            for k, size in enumerate(sizes):
                grown[tuple(sorted((*sizes[:k], size + 1, *sizes[k + 1 :]), reverse=True))] += count
        table = grown
    return table


def compositions(n: int) -> Iterator[Sizes]:
    if n == 0:
        yield ()
    for first in range(1, n + 1):
        for rest in compositions(n - first):
            yield (first, *rest)


def linear_extensions(partition: tuple[tuple[int, ...], ...]) -> Fraction:
    """The share of the orders of the blocks in which inner blocks come after outer ones."""
    inside = [
        sum(block[0] <= other[0] and other[-1] <= block[-1] for other in partition)
        for block in partition
    ]
    return Fraction(1, math.prod(inside))


def product(values: Row, sizes: Sizes) -> Any:
    return math.prod((values[size - 1] for size in sizes), start=Fraction(1))


# -------------------------------------------------------------------------------- sums, order 10


@pytest.mark.parametrize("values", [GENERIC, CENTRED])
def test_free_cumulants_are_sums_with_the_moebius_function(values: Row) -> None:
    for n in range(1, 11):
        expected = Fraction(0)
        for partition in noncrossing(n):
            moebius = math.prod(
                (-1) ** (size - 1) * math.comb(2 * size - 2, size - 1) // size
                for size in kreweras(partition, n)
            )
            expected += moebius * product(values, tuple(map(len, partition)))
        assert calculus.free_cumulants_from_moments(values)[n - 1] == expected


@pytest.mark.parametrize("values", [GENERIC, CENTRED])
def test_moments_are_sums_over_partitions(values: Row) -> None:
    free = calculus.moments_from_free_cumulants(values)
    monotone = calculus.moments_from_monotone_cumulants(values)
    boolean = calculus.moments_from_boolean_cumulants(values)
    classical = calculus.moments_from_classical_cumulants(values)
    for n in range(1, 11):
        table = [(tuple(map(len, p)), p) for p in noncrossing(n)]
        assert free[n - 1] == sum(product(values, sizes) for sizes, _ in table)
        assert boolean[n - 1] == sum(product(values, sizes) for sizes in compositions(n))
        assert classical[n - 1] == sum(
            count * product(values, sizes) for sizes, count in set_partition_sizes(n).items()
        )
        if n <= 8:
            assert monotone[n - 1] == sum(
                linear_extensions(p) * product(values, sizes) for sizes, p in table
            )


def test_partitions_are_counted() -> None:
    assert [len(noncrossing(n)) for n in range(11)] == [
        math.comb(2 * n, n) // (n + 1) for n in range(11)
    ]
    assert sum(set_partition_sizes(10).values()) == 115975


def recursive_moments(cumulants: Row) -> Row:
    """Speicher's recursion ``m_n = sum_s kappa_s sum m_i1 ... m_is``, term by term."""
    moments: Row = [Fraction(1)]
    for n in range(1, len(cumulants) + 1):
        total, powers = Fraction(0), [Fraction(1)] + [Fraction(0)] * (n - 1)
        for s in range(1, n + 1):
            powers = [
                sum(powers[k] * moments[m - k] for k in range(m + 1)) for m in range(n - s + 1)
            ]
            total += cumulants[s - 1] * powers[n - s]
        moments.append(total)
    return moments[1:]


def test_long_sequences() -> None:
    cumulants = [Fraction(k % 7 - 3, k % 5 + 1) for k in range(1, 41)]
    moments = calculus.moments_from_free_cumulants(cumulants)
    assert moments == recursive_moments(cumulants)
    assert calculus.free_cumulants_from_moments(moments) == cumulants


# --------------------------------------------------------------------------------- conversions


@pytest.mark.parametrize(("source", "target"), [*itertools.product(KINDS, repeat=2)])
def test_conversions_there_and_back(source: str, target: str) -> None:
    there = calculus.convert(GENERIC, source, target)
    assert calculus.convert(there, target, source) == GENERIC
    assert calculus.convert([], source, target) == []
    floats = calculus.convert([float(v) for v in GENERIC[:5]], source, target)
    assert floats == pytest.approx([float(v) for v in there[:5]], rel=1e-9, abs=1e-9)
    a, b, c = sympy.symbols("a b c")
    row = [a, b / c, a + c]
    again = calculus.convert(calculus.convert(row, source, target), target, source)
    assert [sympy.simplify(x - y) for x, y in zip(row, again, strict=True)] == [0, 0, 0]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_first_two_cumulants_are_mean_and_variance(kind: str) -> None:
    assert calculus.convert([3, 13], "moments", kind) == [3, 4]


@pytest.mark.parametrize(
    ("law", "kind", "expected"),
    [
        (fs.Semicircle(), "free", [0, 1, 0, 0, 0, 0]),
        (fs.TwoPoint(-1, 1, Fraction(1, 2)), "boolean", [0, 1, 0, 0, 0, 0]),
        (fs.Arcsine(-sympy.sqrt(2), sympy.sqrt(2)), "monotone", [0, 1, 0, 0, 0, 0]),
        (fs.TwoPoint(-1, 1, Fraction(1, 2)), "classical", [0, 1, 0, -2, 0, 16]),
        (fs.Bernoulli(Fraction(1, 2)), "classical", [Fraction(1, 2), Fraction(1, 4), 0]),
    ],
)
def test_limit_laws_have_one_cumulant(law: fs.Law, kind: str, expected: Row) -> None:
    assert getattr(law, f"{kind}_cumulants")(len(expected)) == expected


def test_cumulants_add() -> None:
    half = Fraction(1, 2)
    first, second = fs.MarchenkoPastur(half), fs.Bernoulli(half)
    for kind, total in [
        ("free", first + second),
        ("boolean", fs.boolean_sum(first, second)),
        ("classical", fs.classical_sum(first, second)),
    ]:
        rows = [getattr(law, f"{kind}_cumulants")(12) for law in (total, first, second)]
        assert rows[0] == [a + b for a, b in zip(*rows[1:], strict=True)]


def test_monotone_cumulants_with_a_mean() -> None:
    """A point mass has no others; linear extensions of pairings inside intervals give the rest."""
    assert calculus.moments_from_monotone_cumulants([1, 0, 0, 0]) == [1, 1, 1, 1]
    moments = calculus.moments_from_monotone_cumulants([1, 2, 0, 0])
    assert moments == [1, 3, 6, Fraction(47, 3)]
    assert calculus.monotone_cumulants_from_moments(moments) == [1, 2, 0, 0]


def test_monotone_cumulants_of_powers() -> None:
    mu = fs.MarchenkoPastur(Fraction(1, 2))
    row = fs.monotone(mu, mu).monotone_cumulants(8)
    assert row == [2 * value for value in mu.monotone_cumulants(8)]


def test_unknown_kinds_and_text_are_refused() -> None:
    with pytest.raises(InvalidLawError, match="'tensor'"):
        calculus.convert([1], "tensor", "free")
    with pytest.raises(UnsupportedOperationError, match="text"):
        calculus.free_cumulants_from_moments(["1", "2"])
    assert fs.cumulants.convert([1, 2, 5], "moments", "free") == [1, 1, 1]


# --------------------------------------------------------------------- series, fast against slow

RATIONALS = st.fractions(min_value=-5, max_value=5, max_denominator=7)
ROWS = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*[st.lists(RATIONALS, min_size=n, max_size=n)] * 2)
)


def native(row: Row) -> Row:
    return list(map(to_native, row)) if row else []


@given(ROWS)
def test_rationals_in_flint_are_lists_of_fractions(rows: tuple[Row, Row]) -> None:
    """Lists of Fractions take the general way; ``flint.fmpq`` that of polynomials."""
    left, right = rows
    unit = [Fraction(1), *right[1:]]
    small = [Fraction(0), *right[1:]]
    for function, arguments in [
        (lists.multiply, (left, right)),
        (lists.reciprocal, (unit,)),
        (lists.binomial_power, (unit, Fraction(-3, 2))),
        (lists.logarithm, (unit,)),
        (lists.exponential, (small,)),
        (lists.compose, (left, small)),
        (lists.lagrange_inversion, (unit, left)),
        (lists.binomial_convolution, (left, right)),
    ]:
        entered = [native(a) if isinstance(a, list) else to_native(a) for a in arguments]
        assert function(*arguments) == [Fraction(int(v.p), int(v.q)) for v in function(*entered)]  # type: ignore[operator]


@given(ROWS)
def test_products_with_and_without_division(rows: tuple[Row, Row]) -> None:
    first, second = ([Fraction(row[0] or 1), *row[1:]] for row in rows)
    direct = convolutions._product_without_division(native(first), native(second))
    assert convolutions.free_product_moments(native(first), native(second)) == direct
    centred = [Fraction(0), *second[1:]]
    direct = convolutions._product_without_division(native(first), native(centred))
    assert convolutions.free_product_moments(native(centred), native(first)) == direct
    both = convolutions.free_product_moments([0, *first[1:]], centred)
    assert both == [0] * len(first)
