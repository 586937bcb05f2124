"""Networks: laws of Jacobians, phase diagrams and dual kernels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from freesym.nets import MLP, ResidualMLP, Tanh, kernel_matrices, phase_diagram

_X = np.geomspace(1e-3, 5.5, 200)
_SQUARES = np.geomspace(1e-3, 30, 200)
_counter = itertools.count(1)


@pytest.mark.parametrize("depth", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
def test_relu(benchmark, depth):
    """From the widths to 200 points of the density."""
    benchmark(lambda: MLP((1,) * (depth + 1), "relu").jacobian_law().density(_SQUARES))


@pytest.mark.parametrize("sigma_w", [1.0, 1.02, 1.1])
def test_tanh_with_a_hundred_lengths(benchmark, sigma_w):
    """200 points of the singular values' density of an orthogonal net never seen before."""

    def run():
        net = MLP((1,) * 101, "tanh", "orthogonal", sigma_w=sigma_w,
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


@pytest.mark.parametrize("name", ["relu", "erf", "gelu"])
def test_kernels(benchmark, name):
    """Both kernels of 2000 inputs through ten hidden layers."""
    x = np.random.default_rng(0).standard_normal((2000, 100))
    net = MLP([100] + [1] * 11, name, sigma_w=1.4, sigma_b=0.1, linear_output=True)
    benchmark(lambda: kernel_matrices(net, x))


def test_residual_blocks(benchmark):
    """200 points of fifty blocks whose lengths differ."""

    def run():
        net = ResidualMLP(50, "tanh", scale=0.1, input_square=1 + 1e-4 * next(_counter))
        return net.jacobian_law().density(np.geomspace(0.05, 5, 200))

    benchmark.pedantic(run, rounds=2)
