"""Figures of certified digits: times a point, and ratios taken in one run.

Run ``python benchmarks/digits.py``.  Machines are noisy: the ratios are what to compare.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import count
from typing import Any

import mpmath
from ratios import seconds

import freesym as fs

HALF = Fraction(1, 2)
DIGITS = (30, 100, 300, 1000, 3000)
GRID = [Fraction(k, 250) for k in range(1, 1001)]


def product() -> fs.Law:
    """The free product of two Marchenko-Pastur laws."""
    return fs.MarchenkoPastur() @ fs.MarchenkoPastur()


def relu(depth: int) -> fs.Law:
    """The Jacobian law of a square ReLU net."""
    return (2 * (fs.Bernoulli(HALF) @ fs.MarchenkoPastur())).multiplicative_power(depth)


def different_layers(depth: int) -> fs.Law:
    """A product of pairwise different layers."""
    factors: list[fs.Law] = []
    for k in range(depth):
        kept = Fraction(1, 2) + Fraction(2 * k, 5 * depth)
        factors += [fs.Bernoulli(kept), fs.MarchenkoPastur(1 / (1 + Fraction(k, depth)))]
    return fs.free_product(*factors)


def mixed() -> fs.Law:
    """A sum with a product."""
    return fs.MarchenkoPastur(HALF) @ fs.Wachter(3, 2) + fs.Semicircle()


def ten_nodes() -> fs.Law:
    """Ten nodes: six laws, two products, a sum and a compression."""
    first = fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF) + fs.Semicircle()
    second = fs.MarchenkoPastur(Fraction(1, 3)) @ fs.Wachter(3, 2)
    return (first + second).compress(HALF) + fs.Uniform(0, 1)


def fresh(law: fs.Law, digits: int) -> Callable[[], Any]:
    """A call that certifies the density at a point that was not asked for before."""
    numbers = count(1)
    return lambda: law.density(1 + Fraction(1, 1000 + next(numbers)), digits=digits)


def root_finder(law: fs.Law, x: Fraction, digits: int) -> Callable[[], Any]:
    """All roots of ``P(x, .)`` by mpmath; the one next to the double ``G(x)`` is picked."""
    import sympy

    z, g = sympy.symbols("z g")
    equation = sympy.Poly(law.algebraic_equation(z, g).subs(z, sympy.Rational(x)), g)
    with mpmath.workdps(2 * digits):
        coefficients = [mpmath.mpf(int(c.p)) / int(c.q) for c in equation.all_coeffs()]

    near = complex(law.G(float(x)))

    def picked() -> Any:
        with mpmath.workdps(digits):
            roots = mpmath.polyroots(coefficients, maxsteps=500, extraprec=4 * digits)
            return -mpmath.im(min(roots, key=lambda root: abs(root - near))) / mpmath.pi

    return picked


def against_roots(law: fs.Law, x: Fraction, digits: int) -> tuple[float, float]:
    """Milliseconds of ours and of mpmath's for one density; the values must agree."""
    ours, theirs = (lambda: law.density(x, digits=digits)), root_finder(law, x, digits)
    with mpmath.workdps(digits):
        assert abs(ours() - theirs()) <= mpmath.mpf(10) ** (2 - digits) * ours()
    return seconds(ours) * 1e3, seconds(theirs, 3) * 1e3


def main() -> None:
    """Print every figure."""
    for name, law in (("MP @ MP", product()), ("ReLU, 50 layers", relu(50))):
        for digits in DIGITS:
            each = seconds(fresh(law, digits), 21)
            print(f"{name}, {digits} digits: {each * 1e3:.2f} ms a point")
    each = seconds(fresh(different_layers(50), 100), 5)
    print(f"50 different layers, 100 digits: {each * 1e3:.1f} ms a point")
    sums = fs.Semicircle() + fs.MarchenkoPastur(HALF)
    laws = {"Semicircle + MP(1/2)": sums, "MP(1/2) @ Wachter + Semicircle": mixed()}
    for name, law in (laws | {"ReLU, 10 layers": relu(10)}).items():
        ours, theirs = against_roots(law, Fraction(1), 50)
        print(
            f"{name}, 50 digits: {ours:.2f} ms, mpmath.polyroots {theirs:.1f} ms, "
            f"{theirs / ours:.0f} times faster"
        )
    law = ten_nodes()
    whole = seconds(lambda: law.density(GRID, digits=30), 3)
    print(f"ten nodes, 1000 points, 30 digits: {whole:.2f} s")


if __name__ == "__main__":
    main()
