"""Networks: laws of Jacobians, phase diagrams and dual kernels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from freesym.nets import MLP, Tanh, phase_diagram

_X = np.geomspace(1e-3, 5.5, 200)
_SQUARES = np.geomspace(1e-3, 30, 200)
_counter = itertools.count(1)


@pytest.mark.parametrize("depth", [1, 10, 50, 100, 1000])
def test_relu(benchmark, depth):
    """From the widths to 200 points of the density."""
    benchmark(lambda: MLP((1,) * (depth + 1), "relu").jacobian_law().density(_SQUARES))


def test_tanh_with_a_hundred_lengths(benchmark):
    """200 points of the singular values' density of an orthogonal net never seen before."""

    def run():
        net = MLP((1,) * 101, "tanh", "orthogonal", sigma_w=1.0,
                  input_square=1 + 1e-4 * next(_counter))  # fmt: skip
        return net.singular_values().density(_X)

    benchmark(run)


def test_phase_diagram(benchmark):
    """100 by 100 points for tanh."""
    benchmark(lambda: phase_diagram("tanh", progress=False))


def test_dual_kernel_of_tanh(benchmark):
    """A million correlations of equal variances."""
    c = np.linspace(-0.999, 0.999, 1_000_000)
    benchmark(lambda: Tanh().dual(1.0, 1.0, c))
