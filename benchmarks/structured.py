"""Figures of structured weights and of limit laws of kernels; times, ratios and memory.

Run ``OPENBLAS_NUM_THREADS=1 python benchmarks/structured.py``: on a busy machine threads of BLAS
wait for each other.  Machines are noisy: the ratios are what to compare.
"""

from __future__ import annotations

import tracemalloc
from itertools import count

import numpy as np
from ratios import seconds
from test_structured import OPERATORS

import freesym as fs
from freesym.nets import KernelRecursion, Mixer, conjugate_kernel_law, ntk_law
from freesym.nets.structured import StructuredOperator

POINTS = 500


def vectors(operator: StructuredOperator, x: np.ndarray) -> float:
    """The peak of memory in a product, in units of the larger vector."""
    tracemalloc.start()
    operator.matvec(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / (max(operator.shape) * np.result_type(operator.dtype, x).itemsize)


def products() -> None:
    """Matrix-vector products at a million rows, against the bare multiplication of arrays."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1000, 1000))
    bare = seconds(lambda: a @ b)
    print(f"array product of 1000 x 1000: {bare * 1e3:.0f} ms")
    for name, build in OPERATORS.items():
        operator = build()
        x = rng.standard_normal(operator.shape[1])
        time = seconds(lambda o=operator, v=x: o.matvec(v))
        print(f"{name}: {time * 1e3:.0f} ms, {vectors(operator, x):.1f} vectors")


def sparse_against_dense() -> None:
    """Layers of 10^4 rows against the dense matrix."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(10_000)
    dense = rng.standard_normal((10_000, 10_000))
    slow = seconds(lambda: dense @ x)
    print(f"dense product of 10^4 rows: {slow * 1e3:.1f} ms")
    for kind in ("mixer", "random-permuted", "masked-mlp"):
        operator = Mixer(100, 100, 1, 1, "relu", kind).sample(0).operators[0]
        fast = seconds(lambda o=operator: o.matvec(x), 31)
        print(f"{kind} layer of 10^4 rows: {slow / fast:.0f} times faster")


def kernels() -> None:
    """Densities of kernels of three layers, never seen before."""
    number, x = count(1), np.linspace(0.01, 12, POINTS)
    cases = (("conjugate kernel", conjugate_kernel_law, "tanh"), ("NTK", ntk_law, "tanh"),
             ("conjugate kernel of uncentred layers", conjugate_kernel_law, "relu"))  # fmt: skip
    for name, law_of, activation in cases:
        net = KernelRecursion([activation] * 3, sigma_w=1.5)

        def run(law_of=law_of, net=net) -> None:
            inputs = fs.MarchenkoPastur(0.6 + 1e-4 * next(number))
            law_of(net, inputs, [0.5, 0.7, 1.2]).density(x)

        time = seconds(run)
        print(f"{name}, three layers, {POINTS} points: {time:.2f} s")


if __name__ == "__main__":
    products()
    sparse_against_dense()
    kernels()
