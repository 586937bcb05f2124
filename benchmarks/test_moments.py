"""Exact moments: 200 of numeric expressions, 12 with symbolic parameters, recurrences."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy

import freesym as fs
from freesym.spectrum import moments as spectrum

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
c, p = sympy.symbols("c p", positive=True)


def six_nodes(ratio: Any, mass: Any) -> fs.Law:
    """Sums, a product, a compression and a scaling of six laws."""
    points = fs.Discrete((1, 2, Fraction(5, 2)), (HALF, Fraction(1, 4), Fraction(1, 4)))
    inner = fs.MarchenkoPastur(ratio) @ fs.Bernoulli(mass) + fs.Semicircle()
    return inner.compress(Fraction(2, 3)) + 2 * points + fs.MarchenkoPastur(THIRD)


def afresh(law: fs.Law, quantity: str, count: int) -> Callable[[], Any]:
    def call() -> Any:
        spectrum._results.cache_clear()
        return getattr(law, quantity)(count)

    return call


@pytest.mark.benchmark(group="200 exact moments, six nodes")
@pytest.mark.parametrize("quantity", ["moments", "free_cumulants", "boolean_cumulants"])
def test_numbers(benchmark: Any, quantity: str) -> None:
    benchmark(afresh(six_nodes(HALF, THIRD), quantity, 200))


@pytest.mark.benchmark(group="12 exact moments, six nodes, two symbols")
@pytest.mark.parametrize("quantity", ["moments", "free_cumulants", "boolean_cumulants"])
def test_symbols(benchmark: Any, quantity: str) -> None:
    benchmark(afresh(six_nodes(c, p), quantity, 12))


@pytest.mark.benchmark(group="recurrence")
def test_recurrence(benchmark: Any) -> None:
    law = fs.MarchenkoPastur(c) + fs.Semicircle()
    law.moment_recurrence()
    benchmark(law.moment_recurrence)


@pytest.mark.benchmark(group="1000 moments by the recurrence")
def test_terms(benchmark: Any) -> None:
    benchmark((fs.MarchenkoPastur(HALF) + fs.Semicircle()).moment_recurrence().terms, 1000)
