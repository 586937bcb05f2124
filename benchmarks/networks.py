"""Figures of deep networks: times, memory, and errors against 50 digits.

Run ``python benchmarks/networks.py``.  Machines are noisy: medians of a few runs are printed.
"""

from __future__ import annotations

import itertools
import tracemalloc

import mpmath as mp
import numpy as np
from ratios import seconds

from freesym.nets import MLP, kernel_matrices, phase_diagram

DEPTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SHARES = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)  # the upper edge is at 0
_number = itertools.count(1)


def relu_curve(depth: int, share: float) -> tuple[mp.mpf, mp.mpf]:
    """A point ``x`` of the spectrum of a square ReLU net and its density, to working precision.

    The equation is ``x u = (1 + u)(1 + 2 u)^L``; with ``u = -1/2 + rho exp(-i gamma)`` the real
    ``x`` belong to the positive root ``rho`` of a quadratic, ``0 < gamma < pi/L``.
    """
    gamma = mp.pi / depth * mp.mpf(share)
    b = -mp.sin(gamma) * mp.cot(depth * gamma)
    rho = (-b + mp.sqrt(b * b + 1)) / 2
    u = -mp.mpf(1) / 2 + rho * mp.exp(-1j * gamma)
    x = mp.mpf(2) ** depth * abs(1 + u) * rho**depth / abs(u)
    return x, rho * mp.sin(gamma) / (mp.pi * x)


def relu_error(depth: int) -> float:
    """The largest relative error of the density, where ``x`` is no smaller than 1e-250."""
    law, errors = MLP((1,) * (depth + 1), "relu").jacobian_law(), []
    with mp.workdps(50):
        for share in SHARES:
            x, density = relu_curve(depth, share)
            if x > mp.mpf("1e-250"):
                beside_x, beside = relu_curve(depth, share * (1 + 2.0**-30))
                # a float differs from x by rounding: compare there, to first order
                slope = (beside - density) / (beside_x - x)
                exact = density + slope * (mp.mpf(float(x)) - x)
                errors.append(abs(float(mp.mpf(float(law.density(float(x)))) / exact - 1)))
    return max(errors)


def relu_figures() -> None:
    """From the widths to 200 points of the density, and its error, for 1 to 1000 layers."""
    x = np.geomspace(1e-3, 30, 200)
    for depth in DEPTHS:

        def density(depth: int = depth) -> object:
            return MLP((1,) * (depth + 1), "relu").jacobian_law().density(x)

        print(f"ReLU, {depth:4} layers, 200 points: {1e3 * seconds(density):6.2f} ms, "
              f"relative error {relu_error(depth):.1e}")  # fmt: skip


def tanh_density() -> object:
    """A net never seen before: 100 orthogonal layers of 100 different lengths."""
    net = MLP((1,) * 101, "tanh", "orthogonal", sigma_w=1.0,
              input_square=1 + 1e-4 * next(_number))  # fmt: skip
    return net.singular_values().density(np.geomspace(1e-3, 0.2, 200))


def kernel_figures() -> None:
    """Both kernels of 2000 inputs at depth 10, with the memory they need."""
    x = np.random.default_rng(0).standard_normal((2000, 100))
    for name in ("relu", "erf"):
        net = MLP([100] + [1] * 11, name, sigma_w=1.4, sigma_b=0.1, linear_output=True)
        taken = seconds(lambda net=net: kernel_matrices(net, x), 3)
        tracemalloc.start()
        kernel_matrices(net, x)
        peak = tracemalloc.get_traced_memory()[1] / 1e9
        tracemalloc.stop()
        print(f"{name} NNGP and NTK, 2000 x 2000, depth 10: {taken:.2f} s, {peak:.2f} GB at most")


def main() -> None:
    """Print every figure."""
    relu_figures()
    print(f"tanh, 100 orthogonal layers, 200 points: {seconds(tanh_density, 3):.2f} s")
    kernel_figures()
    diagram = seconds(lambda: phase_diagram("tanh", progress=False), 3)
    print(f"phase diagram of tanh, 100 x 100: {diagram:.2f} s")


if __name__ == "__main__":
    main()
