"""Values that exercise every kernel; run as a script it prints them."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

import freesym as fs
from freesym import nets
from freesym.kernels.special import complementary_error_function, error_function
from freesym.testing.grammar import random_law

HALF = Fraction(1, 2)
MP = fs.MarchenkoPastur(HALF)
X = np.linspace(-1.9, 3.1, 41) + 0.0123
Z = np.array([0.3 + 0.5j, -1 + 1e-3j, 2.5 + 2j, 0.7 - 0.4j, -40 + 1e-6j])


def _image(name: str) -> fs.Law:
    import sympy

    x = sympy.Symbol("x")
    return fs.Pushforward({"tanh": sympy.tanh(x), "square": x**2}[name])


def _with_logarithm() -> fs.Law:
    import sympy
    from sympy.abc import w

    return fs.from_r_transform(1 - sympy.log(1 - w), w)


def _with_exponential() -> fs.Law:
    import sympy
    from sympy.abc import m

    return fs.from_s_transform(sympy.exp(-m), m)


LAWS: dict[str, Callable[[], fs.Law]] = {
    "sum": lambda: fs.Semicircle() + MP,
    "product": lambda: MP @ fs.Bernoulli(Fraction(1, 3)),
    "reflected product": lambda: MP @ (fs.Semicircle() + HALF),
    "nested": lambda: (fs.Uniform(0, 1) + fs.MarchenkoPastur(2)) @ fs.Wachter(2, 3),
    "boolean": lambda: fs.boolean_sum(fs.Semicircle(), fs.Uniform(0, 1)),
    "monotone": lambda: fs.monotone(fs.Arcsine(-1, 1), fs.FreePoisson(2, HALF)),
    "mixture": lambda: fs.mixture([fs.Semicircle(), fs.Uniform(0, 2)]) + fs.Bernoulli(HALF),
    "inverse": lambda: (MP + 1).inverse() + fs.Semicircle(0, HALF),
    "square": lambda: (fs.Semicircle() + fs.TwoPoint(-1, 1, HALF)).square() @ fs.MarchenkoPastur(),
    "rectangular": lambda: fs.rectangular_sum(MP, fs.Bernoulli(HALF), ratio=HALF),
    "power": lambda: fs.KestenMcKay(3).additive_power(HALF * 3).compress(0.7),
    "kernel of data": lambda: fs.Empirical(np.linspace(0, 2, 40) ** 2) @ MP,
    "image": lambda: _image("tanh") + fs.Semicircle(0, HALF),
    "heavy image": lambda: _image("square") @ MP,
    "classical": lambda: fs.classical_sum(fs.Semicircle(), fs.Uniform(0, 1)) + fs.Bernoulli(HALF),
    "logarithm": _with_logarithm,
    "exponential": _with_exponential,
    "no moments": lambda: fs.Cauchy(HALF, 1) + fs.Uniform(0, 1),
    "network": lambda: nets.MLP((1, 1, 1), activation="tanh").jacobian_law(),
    **{f"random {seed}": lambda seed=seed: random_law(seed, max_nodes=8) for seed in range(6)},
}


def values(name: str) -> dict[str, Any]:
    """Densities, distribution functions, transforms and potentials of one law."""
    law = LAWS[name]()
    g = law.G(Z)
    found = {"density": law.density(X), "cdf": law.cdf(X), "Re G": g.real, "Im G": g.imag}
    return {key: np.asarray(row).tolist() for key, row in found.items()}


def all_values() -> dict[str, Any]:
    with np.errstate(all="ignore"):  # what compiled code does not mention
        found = {name: values(name) for name in LAWS}
    erf, erfc = error_function(X), complementary_error_function(X)
    return found | {"error functions": {"erf": erf.tolist(), "erfc": erfc.tolist()}}


if __name__ == "__main__":
    print(json.dumps(all_values()))
