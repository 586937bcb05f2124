"""Certified digits: cost for each point, and against roots of the same polynomial by mpmath.

Run with ``pytest benchmarks/test_certified.py --benchmark-only``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest

import freesym as fs

HALF = Fraction(1, 2)


def _relu(depth: int) -> fs.Law:
    return (2 * (fs.Bernoulli(HALF) @ fs.MarchenkoPastur())).multiplicative_power(depth)


def _ten_nodes() -> fs.Law:
    first = fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF) + fs.Semicircle()
    second = fs.MarchenkoPastur(Fraction(1, 3)) @ fs.Wachter(3, 2)
    return (first + second).compress(HALF) + fs.Uniform(0, 1)


@pytest.mark.parametrize("digits", [30, 100, 300, 1000])
@pytest.mark.parametrize(
    "law", [fs.MarchenkoPastur() @ fs.MarchenkoPastur(), _relu(50)], ids=["product", "relu 50"]
)
def test_density(benchmark: Any, law: fs.Law, digits: int) -> None:
    law.density(1, digits=digits)
    benchmark(lambda: law.density(1, digits=digits))


def test_grid_of_a_ten_node_tree(benchmark: Any) -> None:
    law = _ten_nodes()
    points = [Fraction(k, 50) for k in range(1, 101)]
    law.density(points[0], digits=30)
    benchmark.pedantic(lambda: law.density(points, digits=30), rounds=1)


@pytest.mark.parametrize("how", ["certified", "polyroots"])
def test_against_roots_of_the_polynomial(benchmark: Any, how: str) -> None:
    """``(1 + u)(1/2 + u)^10 = x u`` at 50 digits."""
    law = _relu(10)
    law.density(1, digits=50)
    if how == "certified":
        benchmark(lambda: law.density(1, digits=50))
        return
    with mpmath.workdps(50):
        coefficients = [mpmath.mpf(1)]
        for root in [1] + [mpmath.mpf(1) / 2] * 10:
            shifted = [c * root for c in coefficients]
            coefficients = [a + b for a, b in zip([*coefficients, 0], [0, *shifted], strict=True)]
        coefficients[-2] -= mpmath.mpf(1) / 2**10

    def roots() -> Any:
        with mpmath.workdps(50):
            return mpmath.polyroots(coefficients, maxsteps=200, extraprec=200)

    benchmark(roots)
