"""Structured weights at a million rows, and limit laws of kernels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import freesym as fs
from freesym.nets import KernelRecursion, Mixer, conjugate_kernel_law, ntk_law
from freesym.nets.structured import (
    BlockDiagonal,
    Butterfly,
    Kronecker,
    Monarch,
    RandomPermuted,
    StaticMask,
    token_mixing,
)

_RNG = np.random.default_rng(0)
_MILLION = 10**6
_counter = itertools.count(1)


def monarch_of_blocks(size: int) -> Monarch:
    """Independent blocks on both sides, at ``10^6`` rows."""
    shape = (_MILLION // size, size, size)
    return Monarch(BlockDiagonal(_RNG.standard_normal(shape)), _RNG.standard_normal(shape))


def _shared() -> Monarch:
    w = _RNG.standard_normal((1000, 1000))
    return Monarch(Kronecker(1000, w), Kronecker(1000, w))


OPERATORS = {
    "Monarch of blocks of 10": lambda: monarch_of_blocks(10),
    "Monarch of shared blocks of 1000": _shared,
    "Mixer layer 1000 x 1000": lambda: token_mixing(_RNG.standard_normal((1000, 1000)), 1000),
    "Mixer layer 196 x 5102": lambda: token_mixing(_RNG.standard_normal((196, 196)), 5102),
    "random-permuted layer": lambda: RandomPermuted(
        token_mixing(_RNG.standard_normal((1000, 1000)), 1000), 0
    ),
    "mask of 10 per row": lambda: StaticMask.random(_MILLION, _MILLION, 1e-5, 0),
    "butterflies of 2^20": lambda: Butterfly.fourier(2**20),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_a_million_rows(benchmark, name):
    operator = OPERATORS[name]()
    x = _RNG.standard_normal(operator.shape[1])
    benchmark(operator.matvec, x)


@pytest.mark.parametrize("kind", ["mixer", "random-permuted", "masked-mlp"])
def test_mixer_layers_at_ten_thousand(benchmark, kind):
    operator = Mixer(100, 100, 1, 1, "relu", kind).sample(0).operators[0]
    benchmark(operator.matvec, _RNG.standard_normal(10_000))


def test_dense_at_ten_thousand(benchmark):
    """What the layers before are compared with."""
    dense = _RNG.standard_normal((10_000, 10_000))
    x = _RNG.standard_normal(10_000)
    benchmark(lambda: dense @ x)


@pytest.mark.parametrize("law_of", [conjugate_kernel_law, ntk_law])
def test_kernels_of_three_layers(benchmark, law_of):
    """500 points of the density of a law never seen before."""
    net, x = KernelRecursion(["tanh"] * 3, sigma_w=1.5), np.linspace(0.01, 12, 500)

    def run():
        inputs = fs.MarchenkoPastur(0.6 + 1e-4 * next(_counter))
        return law_of(net, inputs, [0.5, 0.7, 1.2]).density(x)

    benchmark(run)


def test_uncentred_kernels_of_three_layers(benchmark):
    net, x = KernelRecursion(["relu"] * 3, sigma_w=1.4), np.linspace(0.01, 4, 500)

    def run():
        inputs = fs.MarchenkoPastur(0.6 + 1e-4 * next(_counter))
        return conjugate_kernel_law(net, inputs, [0.5, 0.7, 1.2]).density(x)

    benchmark(run)
