"""Laws with independent closed forms of their Cauchy transforms."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy

from freesym.law import Law
from freesym.laws import (
    Arcsine,
    Bernoulli,
    Cauchy,
    CauchyTransformLaw,
    CompoundFreePoisson,
    DensityLaw,
    Discrete,
    Empirical,
    EquilibriumMeasure,
    FreeBinomial,
    FreePoisson,
    FussCatalan,
    KestenMcKay,
    MarchenkoPastur,
    MomentLaw,
    PointMass,
    Pushforward,
    Raney,
    RTransformLaw,
    Semicircle,
    STransformLaw,
    TwoPoint,
    Uniform,
    Wachter,
)

X = sympy.Symbol("x")
HALF = Fraction(1, 2)
Transform = Callable[[complex], complex]


def root(z: complex, a: float, b: float) -> complex:
    """``sqrt((z - a)(z - b))`` with its cut on ``[a, b]``."""
    return cmath.sqrt(z - a) * cmath.sqrt(z - b)


def semicircle(z: complex, mean: float = 0.0, variance: float = 1.0) -> complex:
    """The Cauchy transform of the semicircle law."""
    radius = 2 * math.sqrt(variance)
    return (z - mean - root(z, mean - radius, mean + radius)) / (2 * variance)


def marchenko_pastur(z: complex, c: float = 1.0, scale: float = 1.0) -> complex:
    """The Cauchy transform of the Marchenko-Pastur law."""
    a, b = scale * (1 - math.sqrt(c)) ** 2, scale * (1 + math.sqrt(c)) ** 2
    return (z + scale * (c - 1) - root(z, a, b)) / (2 * c * scale * z)


def kesten_mckay(z: complex, d: float) -> complex:
    """The Cauchy transform of the Kesten-McKay law."""
    edge = 2 * math.sqrt(d - 1)
    return ((2 - d) * z + d * root(z, -edge, edge)) / (2 * (z * z - d * d))


def wachter(z: complex, a: float, b: float) -> complex:
    """The Cauchy transform of the free beta law, from its quadratic equation."""
    roots = math.sqrt(a * (a + b - 1)), math.sqrt(b)
    low, high = (((roots[0] + s * roots[1]) / (a + b)) ** 2 for s in (-1, 1))
    psi = ((a + b) * (z - root(z, low, high)) - 1 - a) / (2 * (1 - z))
    return (1 + psi) / z


def free_binomial(z: complex, p: float, t: float) -> complex:
    """The Cauchy transform of the free binomial law, from its quadratic equation."""
    low, high = ((math.sqrt((t - 1) * p) + s * math.sqrt(1 - p)) ** 2 for s in (-1, 1))
    return -((t - 2) * z + t - p * t * t - t * root(z, low, high)) / (2 * z * (z - t))


def nearest_root(coefficients: list[complex], start: complex) -> complex:
    """The zero of a polynomial nearest to ``start``."""
    zeros = np.roots(coefficients)
    return complex(zeros[np.argmin(abs(zeros - start))])


def fuss_catalan_2(z: complex) -> complex:
    """From ``(1 + m)^3 = z m`` by continuation from far away."""
    m = 1 / (z + 1000j)
    for height in np.append(np.geomspace(1000, 1e-6, 400), 0.0):
        w = z + 1j * height
        m = nearest_root([1, 3, 3 - w, 1], m)
    return (1 + m) / z


def identity(x: np.ndarray) -> np.ndarray:
    """A callable at the top level of a module."""
    return x


#: Law and closed form of its Cauchy transform.
CLOSED: dict[str, tuple[Law, Transform]] = {
    "semicircle": (Semicircle(1, 2), lambda z: semicircle(z, 1.0, 2.0)),
    "marchenko-pastur": (MarchenkoPastur(HALF, 3), lambda z: marchenko_pastur(z, 0.5, 3.0)),
    "free poisson": (FreePoisson(2, 3), lambda z: marchenko_pastur(z, 0.5, 6.0)),
    "free poisson, negative": (FreePoisson(2, -3), lambda z: -marchenko_pastur(-z, 0.5, 6.0)),
    "compound free poisson": (
        CompoundFreePoisson(3, PointMass(2)),
        lambda z: marchenko_pastur(z, 1 / 3, 6.0),
    ),
    "bernoulli": (Bernoulli(0.3), lambda z: 0.7 / z + 0.3 / (z - 1)),
    "two points": (TwoPoint(-1, 2, 0.25), lambda z: 0.75 / (z + 1) + 0.25 / (z - 2)),
    "two points, negative": (TwoPoint(0, -2, 0.25), lambda z: 0.75 / z + 0.25 / (z + 2)),
    "discrete": (
        Discrete([5, 1, 2], [HALF, Fraction(1, 4), Fraction(1, 4)]),
        lambda z: 0.25 / (z - 1) + 0.25 / (z - 2) + 0.5 / (z - 5),
    ),
    "discrete, tabulated": (
        Discrete(range(-10, 11)),
        lambda z: sum(1 / (z - k) for k in range(-10, 11)) / 21,
    ),
    "empirical": (
        Empirical(np.linspace(-1, 2, 1001)),
        lambda z: complex(np.mean(1 / (z - np.linspace(-1, 2, 1001)))),
    ),
    "uniform": (Uniform(-1, 2), lambda z: (cmath.log(z + 1) - cmath.log(z - 2)) / 3),
    "arcsine": (Arcsine(-1, 3), lambda z: 1 / root(z, -1, 3)),
    "kesten-mckay": (KestenMcKay(3), lambda z: kesten_mckay(z, 3.0)),
    "kesten-mckay, atoms": (KestenMcKay(1.5), lambda z: kesten_mckay(z, 1.5)),
    "wachter": (Wachter(2, 3), lambda z: wachter(z, 2.0, 3.0)),
    "wachter, atoms": (Wachter(0.6, 0.7), lambda z: wachter(z, 0.6, 0.7)),
    "free binomial": (FreeBinomial(0.3, 2.5), lambda z: free_binomial(z, 0.3, 2.5)),
    "fuss-catalan 1": (FussCatalan(1), marchenko_pastur),
    "fuss-catalan 2": (FussCatalan(2), fuss_catalan_2),
    "raney (2, 1)": (Raney(2, 1), marchenko_pastur),
    "raney (2, 2)": (Raney(2, 2), lambda z: semicircle(z, 2.0, 1.0)),
    "raney (1, 1/2)": (Raney(1, HALF), lambda z: 1 / root(z, 0, 1)),
    "raney (3, 1)": (Raney(3, 1), fuss_catalan_2),
    "cauchy": (Cauchy(1, 2), lambda z: 1 / (z - 1 + 2j)),
    "equilibrium measure, quadratic": (EquilibriumMeasure(HALF, 1), semicircle),
    "equilibrium measure, quartic": (
        EquilibriumMeasure(Fraction(1, 12), 2),
        lambda z: z**3 / 6 - (z * z / 6 + 1 / 3) * root(z, -2, 2),
    ),
    "pushforward": (
        Pushforward(X, base="uniform"),
        lambda z: cmath.log(z) - cmath.log(z - 1),
    ),
    "r-transform": (RTransformLaw(1 / (1 - X / 2)), lambda z: marchenko_pastur(z, 0.5)),
    "s-transform": (STransformLaw(1 / (1 + 2 * X)), lambda z: marchenko_pastur(z, 2.0)),
    "cauchy transform": (
        CauchyTransformLaw(1 / (sympy.sqrt(X) * sympy.sqrt(X - 1))),
        lambda z: 1 / root(z, 0, 1),
    ),
    "density": (
        DensityLaw(1 / sympy.sqrt(X) / 2, (0, 1)),
        lambda z: (cmath.log(cmath.sqrt(z) + 1) - cmath.log(cmath.sqrt(z) - 1)) / cmath.sqrt(z) / 2,
    ),
    "moments, semicircle": (MomentLaw([0, 1]), semicircle),
    "moments, marchenko-pastur": (MomentLaw([1, 2, 5]), marchenko_pastur),
    "moments, kesten-mckay": (MomentLaw([0, 3, 0, 15]), lambda z: kesten_mckay(z, 3.0)),
}
