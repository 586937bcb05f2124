"""Polynomials of laws, and their eliminations against ``sympy.resultant``."""

from __future__ import annotations

from typing import Any

import pytest
from eliminations import COMPARED, ELIMINATIONS, prepared


@pytest.mark.parametrize("name", COMPARED)
def test_elimination(benchmark: Any, name: str) -> None:
    benchmark.group = name
    benchmark(prepared(COMPARED[name])[0])


@pytest.mark.parametrize("name", COMPARED)
def test_sympy(benchmark: Any, name: str) -> None:
    benchmark.group = name
    benchmark.pedantic(prepared(COMPARED[name])[1], rounds=1, iterations=1)


@pytest.mark.parametrize("name", ELIMINATIONS)
def test_law(benchmark: Any, name: str) -> None:
    """From the law to its irreducible and verified polynomial."""
    benchmark.group = name
    benchmark(ELIMINATIONS[name].polynomial)
