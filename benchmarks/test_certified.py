"""Certified digits: cost for each point, and against roots of the same polynomial by mpmath.

Run with ``pytest benchmarks/test_certified.py --benchmark-only``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from digits import DIGITS, GRID, different_layers, fresh, product, relu, root_finder, ten_nodes

import freesym as fs

SUM = fs.Semicircle() + fs.MarchenkoPastur(Fraction(1, 2))


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("law", [product(), relu(50)], ids=["product", "relu 50"])
def test_density(benchmark: Any, law: fs.Law, digits: int) -> None:
    benchmark(fresh(law, digits))


def test_different_layers(benchmark: Any) -> None:
    benchmark(fresh(different_layers(50), 100))


def test_distribution_function(benchmark: Any) -> None:
    benchmark(lambda: SUM.cdf(1, digits=100))


def test_edges(benchmark: Any) -> None:
    benchmark(lambda: SUM.edges(digits=100))


def test_grid_of_a_ten_node_tree(benchmark: Any) -> None:
    law = ten_nodes()
    law.density(GRID[0], digits=30)
    benchmark.pedantic(lambda: law.density(GRID, digits=30), rounds=1)


@pytest.mark.benchmark(group="50 digits of a density")
@pytest.mark.parametrize("law", [SUM, relu(10)], ids=["cubic", "relu 10"])
@pytest.mark.parametrize("how", ["certified", "polyroots"])
def test_against_roots_of_the_polynomial(benchmark: Any, law: fs.Law, how: str) -> None:
    x = Fraction(1)
    ours = how == "certified"
    benchmark((lambda: law.density(x, digits=50)) if ours else root_finder(law, x, 50))
