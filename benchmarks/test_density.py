"""Densities against the honest baseline: ``numpy.roots`` on the same polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ratios import cubic_roots, different_layers, relu, ten_nodes

import freesym as fs

X = np.linspace(-3, 6, 2000)


@pytest.mark.benchmark(group="semicircle + MP(1/2), 2000 points")
def test_freesym(benchmark: Any) -> None:
    law = fs.Semicircle() + fs.MarchenkoPastur(0.5)
    benchmark(law.density, X)


@pytest.mark.benchmark(group="semicircle + MP(1/2), 2000 points")
def test_numpy_roots(benchmark: Any) -> None:
    benchmark(cubic_roots, X)


@pytest.mark.benchmark(group="ReLU Jacobian, 2000 points")
@pytest.mark.parametrize("depth", [10, 100, 1000])
def test_equal_layers(benchmark: Any, depth: int) -> None:
    law = relu(depth)
    benchmark(law.density, law.edges()[1] * np.geomspace(1e-6, 1, 2000))


@pytest.mark.benchmark(group="different layers, 2000 points")
@pytest.mark.parametrize("depth", [25, 50, 100])
def test_different_layers(benchmark: Any, depth: int) -> None:
    law = different_layers(depth)
    benchmark(law.density, law.edges()[-1] * np.geomspace(1e-6, 1, 2000))


@pytest.mark.benchmark(group="ten nodes")
def test_ten_nodes(benchmark: Any) -> None:
    law = ten_nodes()
    benchmark(law.density, np.linspace(law.edges()[0], law.edges()[-1], 2000))


@pytest.mark.benchmark(group="a million samples")
def test_samples(benchmark: Any) -> None:
    law = ten_nodes()
    benchmark(law.sample, 1_000_000, rng=0)
