"""Random expressions against independent methods: sweeps, polynomial roots, continuation."""

from __future__ import annotations

import math
import random
from fractions import Fraction as F
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import freesym as fs
from freesym import Law
from tests.reference import oracles
from tests.strategies import POSITIVE_LEAVES, REAL_LEAVES, positive, random_law, real

#: The sweeps stop at 1e-13 with a contraction of at least 1/2: both sides keep twelve digits.
TRANSFORM = 1e-11
#: Roots at 40 digits: what the engine loses at points away from edges.
DENSITY = 1e-12
SEEDS = range(30)


def _points(law: Law, seed: int) -> Any:
    generator = np.random.default_rng(seed)
    mean, spread = float(law.moment(1)), math.sqrt(float(law.free_cumulant(2))) or 1.0
    heights = np.array([0.2, 0.3, 0.5, 1.0, 3.0])
    return mean + spread * (generator.uniform(-2.5, 2.5, heights.size) + 1j * heights)


def _assert_transforms_agree(law: Law, seed: int) -> None:
    z = _points(law, seed)
    expected = oracles.cauchy_transform(law, z)
    known = np.isfinite(expected)
    assert known.any(), f"seed {seed}: the second method settled nowhere for {law!r}"
    error = np.abs(law.G(z)[known] / expected[known] - 1).max()
    assert error < TRANSFORM, f"seed {seed}: {law!r}: relative error {error:.1e}"


@pytest.mark.parametrize("law", [*POSITIVE_LEAVES, *REAL_LEAVES, fs.Cauchy(1, 2)], ids=repr)
def test_leaves(law: Law) -> None:
    z = np.array([0.3 + 0.7j, -1.1 + 0.5j, 2 + 1j, 0.1 + 2j, 30 + 5j])
    expected = oracles.leaf_transform(law, z) if not isinstance(law, fs.CompoundFreePoisson) else (
        oracles.cauchy_transform(law, z)
    )  # fmt: skip
    np.testing.assert_allclose(law.G(z), expected, rtol=TRANSFORM, atol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_sums_and_products(seed: int) -> None:
    choose = random.Random(seed).choice
    sum_of_laws = real(choose, 1) + real(choose, 1) + positive(choose, 1)
    product = positive(choose, 1) @ positive(choose, 1) @ positive(choose, 1)
    for law in (sum_of_laws, product, real(choose, 1) @ positive(choose, 2)):
        _assert_transforms_agree(law, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_expressions(seed: int) -> None:
    _assert_transforms_agree(random_law(seed, max_nodes=6), seed)


# --------------------------------------------------------------------- real points


def _inside(law: Law, seed: int) -> list[float]:
    """Points of the support, away from its edges."""
    generator = random.Random(seed)
    intervals = [(a, b) for a, b in law.support() if b > a]
    assert intervals
    found = [generator.choice(intervals) for _ in range(3)]
    return [a + (b - a) * generator.uniform(0.05, 0.95) for a, b in found]


def _rational(generator: random.Random, low: int, high: int) -> F:
    return F(generator.randint(low * 12, high * 12), 12)


@pytest.mark.parametrize("seed", SEEDS)
def test_density_of_semicircle_plus_marchenko_pastur(seed: int) -> None:
    g = random.Random(seed)
    v, c, s = (_rational(g, 0, 3) + F(1, 12) for _ in range(3))
    law = fs.Semicircle(0, v) + fs.MarchenkoPastur(c, s)
    for x in _inside(law, seed):
        with mp.workdps(40):
            numbers = [mp.mpf(n.numerator) / n.denominator for n in (v, c, s)]
            expected = oracles.density_semicircle_plus_marchenko_pastur(*numbers, mp.mpf(x))
        assert law.density(x) == pytest.approx(expected, rel=DENSITY), f"seed {seed}: {law!r}"


@pytest.mark.parametrize("seed", SEEDS)
def test_density_of_semicircle_plus_two_points(seed: int) -> None:
    g = random.Random(seed)
    v, p = _rational(g, 0, 2) + F(1, 12), F(g.randint(1, 11), 12)
    law = fs.Semicircle(0, v) + fs.TwoPoint(-1, 2, p)
    for x in _inside(law, seed):
        with mp.workdps(40):
            v_, p_ = (mp.mpf(n.numerator) / n.denominator for n in (v, p))
            expected = oracles.density_semicircle_plus_two_points(v_, -1, 2, p_, mp.mpf(x))
        assert law.density(x) == pytest.approx(expected, rel=DENSITY), f"seed {seed}: {law!r}"


@pytest.mark.parametrize("seed", SEEDS)
def test_density_of_a_product_of_marchenko_pastur(seed: int) -> None:
    g = random.Random(seed)
    c1, c2 = (_rational(g, 0, 3) + F(1, 12) for _ in range(2))
    law = fs.MarchenkoPastur(c1) @ fs.MarchenkoPastur(c2)
    for x in _inside(law, seed):
        with mp.workdps(40):
            numbers = [mp.mpf(n.numerator) / n.denominator for n in (c1, c2)]
            expected = oracles.density_product_of_marchenko_pastur(*numbers, mp.mpf(x))
        assert law.density(x) == pytest.approx(expected, rel=DENSITY), f"seed {seed}: {law!r}"


@pytest.mark.parametrize("seed", SEEDS)
def test_density_of_marchenko_pastur_of_two_points(seed: int) -> None:
    g = random.Random(seed)
    c, p = _rational(g, 0, 2) + F(1, 12), F(g.randint(1, 11), 12)
    law = fs.MarchenkoPastur(c) @ fs.TwoPoint(1, 4, p)
    for x in _inside(law, seed):
        with mp.workdps(40):
            c_, p_ = (mp.mpf(n.numerator) / n.denominator for n in (c, p))
            expected = oracles.density_marchenko_pastur_of_two_points(c_, 1, 4, p_, mp.mpf(x))
        assert law.density(x) == pytest.approx(expected, rel=DENSITY), f"seed {seed}: {law!r}"


@pytest.mark.long
@pytest.mark.parametrize(("p", "depth", "power"), [(0.5, 3, 1), (0.8, 10, 1), (0.3, 2, 2.5)])
def test_density_by_continuation_of_the_s_transform(p: float, depth: int, power: float) -> None:
    """Masked Gaussian layers: ``S = ((p + u) c(u))^-depth`` with ``c = (1 + u)^(power - 1)``."""
    layer = fs.Bernoulli(p) @ fs.MarchenkoPastur().multiplicative_power(power)
    law = layer.multiplicative_power(depth)
    edge = law.edges()[-1]

    def log_s(u: Any) -> Any:
        return -depth * (mp.log(p + u) + (power - 1) * mp.log(1 + u))

    def slope(u: Any) -> Any:
        return -depth * (1 / (p + u) + (power - 1) / (1 + u))

    for x in (1e-4 * edge, 0.01 * edge, 0.3 * edge, 0.9 * edge):
        with mp.workdps(30):
            expected = oracles.density_from_s_transform(log_s, slope, p**depth, x)
        assert law.density(x) == pytest.approx(expected, rel=DENSITY)


@pytest.mark.parametrize("depth", [1, 2, 5, 20, 100])
def test_density_of_deep_linear_and_masked_networks(depth: int) -> None:
    """The polar closed form: ``u = -p + rho exp(-i gamma)`` on the curve ``Im x = 0``.

    ``x u = (1 + u)(p + u)^L`` gives a quadratic for ``rho``; ``f(x) = rho sin(gamma)/(pi x)``.
    """
    p = 0.6
    law = (fs.Bernoulli(p) @ fs.MarchenkoPastur()).multiplicative_power(depth)
    gamma = np.linspace(0.05, 0.95, 19) * np.pi / depth
    b = (1 - 2 * p) * np.cos(gamma) - np.sin(gamma) / np.tan(depth * gamma)
    rho = 0.5 * (-b + np.sqrt(b * b + 4 * p * (1 - p)))
    u = -p + rho * np.exp(-1j * gamma)
    log_x = np.log(np.abs(1 + u)) + depth * np.log(rho) - np.log(np.abs(u))
    x = np.exp(log_x)
    expected = rho * np.sin(gamma) / (np.pi * x)
    # x is known to depth * 1e-16 and the density varies like 1/x at worst
    keep = x > 1e-250
    np.testing.assert_allclose(law.density(x[keep]), expected[keep], rtol=depth * 1e-14 + 1e-13)
