"""The figures of the README, each a ratio or a time per point, medians taken in one run.

Run ``python benchmarks/ratios.py``.  Machines are noisy: the ratios are what to compare.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

import freesym as fs
from freesym.spectrum.evaluate import transforms

POINTS = 2000


def seconds(call: Callable[[], object], runs: int = 7) -> float:
    """The median duration of a call, after one to warm up."""
    call()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def cubic_roots(x: np.ndarray) -> np.ndarray:
    """Density of Semicircle() + MarchenkoPastur(1/2) from the roots of its cubic."""
    density = []
    for point in x:
        roots = np.roots([0.5, -(1 + 0.5 * point), point - 0.5, -1.0])
        density.append(-roots.imag.min() / np.pi)
    return np.array(density)


def cubic_error() -> float:
    """The largest difference from 50-digit roots inside the support."""
    import mpmath as mp

    law = fs.Semicircle() + fs.MarchenkoPastur(Fraction(1, 2))
    a, b = law.edges()
    x = np.linspace(a, b, 42)[1:-1]
    with mp.workdps(50):
        exact = []
        for point in map(mp.mpf, x):
            # z = R + 1/g = g + 1/(1 - g/2) + 1/g
            roots = mp.polyroots(
                [mp.mpf(1) / 2, -(1 + point / 2), point - mp.mpf(1) / 2, -1],
                maxsteps=200,
                extraprec=200,
            )
            exact.append(-min(mp.im(r) for r in roots) / mp.pi)
    return max(abs(float(e - mp.mpf(float(d)))) for e, d in zip(exact, law.density(x), strict=True))


def per_point(law: fs.Law, x: np.ndarray) -> float:
    """Microseconds a point."""
    return seconds(lambda: law.density(x)) / len(x) * 1e6


def relu(depth: int) -> fs.Law:
    """The Jacobian law of a square ReLU net."""
    layer = fs.Bernoulli(Fraction(1, 2)) @ fs.MarchenkoPastur(1, 2)
    return layer.multiplicative_power(depth)


def different_layers(depth: int) -> fs.Law:
    """A product of pairwise different layers."""
    factors = []
    for k in range(depth):
        factors += [fs.Bernoulli(0.5 + 0.4 * k / depth), fs.MarchenkoPastur(1 / (1 + k / depth))]
    return fs.free_product(*factors)


def ten_nodes() -> fs.Law:
    """An expression of ten laws."""
    inner = fs.MarchenkoPastur(0.5) @ fs.Bernoulli(0.5) + fs.Semicircle(0, 0.25)
    middle = (inner + fs.TwoPoint(-1, 2, 0.3)) @ (fs.MarchenkoPastur(0.3) + 1)
    return middle @ fs.Wachter(2.5, 1.5) + fs.Uniform(-1, 1) + fs.Arcsine(0, 1)


def elimination_figures() -> None:
    """Polynomials of laws; the elimination alone against the same one by SymPy."""
    from eliminations import ELIMINATIONS, prepared

    for name, case in ELIMINATIONS.items():
        whole = f"P(z, g) of {name}: {seconds(case.polynomial) * 1e3:.1f} ms"
        if not case.transforms:
            print(whole)
            continue
        ours, theirs = prepared(case)
        alone, start = seconds(ours), time.perf_counter()
        theirs()
        ratio = (time.perf_counter() - start) / alone
        print(f"{whole}, of which {alone * 1e3:.2f} ms eliminate, {ratio:.0f} times faster")


def main() -> None:
    """Print every figure."""
    elimination_figures()
    x = np.linspace(-3, 6, POINTS)
    law = fs.Semicircle() + fs.MarchenkoPastur(0.5)
    ours, roots = seconds(lambda: law.density(x)), seconds(lambda: cubic_roots(x), 3)
    print(
        f"Semicircle + MP(1/2): {ours / POINTS * 1e6:.3f} us a point, "
        f"{roots / ours:.0f} times faster than a numpy.roots loop, error {cubic_error():.1e}"
    )
    times = {}
    for depth in (10, 100, 1000):
        net = relu(depth)
        grid = net.edges()[1] * np.geomspace(1e-6, 1 - 1e-9, POINTS)
        times[depth] = per_point(net, grid)
        print(f"ReLU Jacobian, {depth} equal layers: {times[depth]:.2f} us a point")
    print(f"  1000 layers against 10: {times[1000] / times[10]:.2f} times")
    for depth in (25, 50, 100):
        net = different_layers(depth)
        grid = net.edges()[-1] * np.geomspace(1e-6, 1, POINTS)
        each = per_point(net, grid)
        print(f"{depth} different layers: {each:.1f} us a point, {each / depth:.3f} us a layer")
    ten = ten_nodes()
    grid = np.linspace(ten.edges()[0], ten.edges()[-1], POINTS)
    print(f"ten nodes: {per_point(ten, grid):.2f} us a point")
    draw = seconds(lambda: ten.sample(1_000_000, rng=0), 3)
    print(f"a million samples of it: {draw:.2f} s after preparation")
    eigenvalues = np.random.default_rng(0).standard_normal(100_000)
    data = fs.Empirical(eigenvalues) + fs.Semicircle()
    grid = np.linspace(-5, 5, POINTS)
    print(f"100,000 eigenvalues + semicircle: {per_point(data, grid):.1f} us a point")
    z = grid + 0.1j
    each = seconds(lambda: transforms(data._numeric, z)) / POINTS * 1e6
    print(f"  at complex points: {each:.1f} us a point")


if __name__ == "__main__":
    main()
