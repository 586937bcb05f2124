"""Residual networks and universality classes."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

import freesym as fs
from freesym.errors import FreesymError
from freesym.nets import (
    MLP,
    BernoulliClass,
    ResidualLimit,
    ResidualMLP,
    SmoothClass,
    kolmogorov_distance,
    residual_distance,
    universality,
)

from .reference import truth

KINDS = {
    "linear": {"depth": 2, "activation": "linear", "scale": 1},
    "small": {"depth": 10, "activation": "linear", "scale": 0.05**0.5},
    "relu": {"depth": 5, "activation": "relu", "scale": 0.4, "sigma_b": 0.2},
    "rotations": {"depth": 3, "activation": "linear", "weights": "orthogonal", "scale": 0.3},
    "masked rotations": {"depth": 4, "activation": "relu", "weights": "orthogonal", "scale": 0.4},
    "smooth": {"depth": 3, "activation": "tanh", "weights": "orthogonal", "scale": 0.5},
    "mixed": {"depth": 3, "activation": ["relu", "tanh", "linear"], "scale": [0.3, 0.5, 0.2],
              "weights": ["gaussian", "gaussian", "orthogonal"], "dropout": [0, 0, 0.25]},
}  # fmt: skip


@pytest.mark.parametrize(
    "kind", [k if k != "rotations" else pytest.param(k, marks=pytest.mark.long) for k in KINDS]
)
def test_laws_against_matrices(kind, seed):
    net, n = ResidualMLP(**KINDS[kind]), 400
    law = net.jacobian_law()
    jacobian = net.simulate_jacobian(n, seed, stratified=True)
    values = np.linalg.svd(jacobian, compute_uv=False) ** 2
    assert kolmogorov_distance(law, values) < 10 / n
    assert float(law.mean()) == pytest.approx(values.mean(), rel=0.1)


MIXED = {
    "depth": 5, "activation": ["relu", "tanh", "relu", "linear", "tanh"],
    "weights": ["gaussian", "orthogonal", "gaussian", "orthogonal", "gaussian"],
    "scale": [1, 0.3, 1.2, 0.5, 0.4], "skip": [0, 1, 0, 2, 1], "sigma_b": 0.1,
}  # fmt: skip


def test_plain_layers_between_blocks(seed):
    net, n = ResidualMLP(**MIXED), 300
    values = np.linalg.svd(net.simulate_jacobian(n, seed, stratified=True), compute_uv=False) ** 2
    values[values < 1e-24 * values[0]] = 0
    assert kolmogorov_distance(net.jacobian_law(), values) < 10 / n
    assert float(net.jacobian_law().mean()) == pytest.approx(net.signal().gradient, rel=1e-13)
    assert "skip connections in the 2 layers" in net.report().advice[0]
    with pytest.raises(FreesymError, match="residual blocks alone"):
        net.universal_limit()


def test_networks_without_skips_are_plain():
    plain = MLP((1,) * 4, "tanh", "orthogonal", sigma_w=1.3, sigma_b=0.1)
    blocks = ResidualMLP(3, "tanh", "orthogonal", sigma_w=1.3, sigma_b=0.1, skip=0)
    assert blocks.lengths == pytest.approx(plain.lengths, rel=1e-15)
    assert blocks.signal().correlations == pytest.approx(plain.signal().correlations, rel=1e-14)
    x = [0.05, 0.3, 0.7]
    assert blocks.jacobian_law().cdf(x) == pytest.approx(plain.jacobian_law().cdf(x), rel=1e-12)


def test_correlations_of_the_stream(seed):
    net = ResidualMLP(4, "relu", scale=0.7, sigma_b=0.3, sigma_w=1.2)
    rng, n = np.random.default_rng(seed), 1500
    x = np.linalg.cholesky([[1, 0.5], [0.5, 1]]) @ rng.standard_normal((2, n))
    for expected in net.signal().correlations:
        bias = 0.3 * rng.standard_normal(n)
        h = x @ (1.2 * rng.standard_normal((n, n)) / math.sqrt(n)) + bias
        assert h[0] @ h[1] / np.linalg.norm(h[0]) / np.linalg.norm(h[1]) == pytest.approx(
            expected, abs=0.06
        )
        x = x + 0.7 * np.maximum(h, 0)


@pytest.mark.long
def test_reports():
    wild = ResidualMLP(40, "relu").report()
    assert wild.verdict == "exploding"
    assert "multiply all scales by about 0.1581" in wild.advice[0]
    assert ResidualMLP(40, "relu", scale=0.1581).report().advice == ("none needed",)


def test_the_stream_is_that_of_real_networks(seed):
    net = ResidualMLP(4, "relu", scale=0.7, sigma_b=0.3, sigma_w=1.2)
    rng, n = np.random.default_rng(seed), 1500
    x, sizes = rng.standard_normal(n), []
    for _ in range(4):
        h = 1.2 * rng.standard_normal((n, n)) @ x / math.sqrt(n) + 0.3 * rng.standard_normal(n)
        sizes.append(np.mean(h**2))
        x = x + 0.7 * np.maximum(h, 0)
    assert sizes == pytest.approx(net.lengths, rel=0.15)


def test_one_gaussian_block_is_explicit():
    """``S = 1/(s + a^2 (1 + u))``, ``s = (1 - a^2 + sqrt((1 + a^2)^2 + 4 a^2 u))/2``."""
    a = 0.6
    law = ResidualMLP(1, "linear", scale=a).jacobian_law()
    for x in (0.3, 1.0, 2.0):
        g = complex(law.G(x + 0.2j))
        z = x + 0.2j
        u = z * g - 1
        s = (1 - a**2 + np.sqrt((1 + a**2) ** 2 + 4 * a**2 * u)) / 2
        assert g / u == pytest.approx(1 / (s + a**2 * (1 + u)), rel=1e-10)
        assert g * (z * (1 - a**2 * g) ** 2 - 1) == pytest.approx(1 - a**2 * g, rel=1e-10)


def test_one_orthogonal_block_is_an_arcsine_law():
    law = ResidualMLP(1, "linear", "orthogonal", scale=0.3).jacobian_law()
    assert law.support()[0] == pytest.approx((0.49, 1.69))
    assert isinstance(law, fs.Arcsine)


@pytest.mark.long
def test_equal_exponents_have_one_limit():
    """Gaussian and orthogonal blocks, linear and not: the distance shrinks like c/L."""
    distances = [
        residual_distance(ResidualMLP(L, "linear", scale=(0.5 / L) ** 0.5)) for L in (8, 16, 32)
    ]
    assert np.diff(np.log2(distances)) == pytest.approx([-1, -1], abs=0.15)
    masked = ResidualMLP(16, "relu", scale=(1 / 16) ** 0.5)
    assert masked.exponent == pytest.approx(0.5)
    assert residual_distance(masked) < 0.03


def test_two_blocks_of_large_scale_are_far_from_the_limit():
    net = ResidualMLP(2, "linear", scale=1)
    limit = net.universal_limit()
    assert net.exponent == 2
    assert abs(float(net.jacobian_law().density(1.0)) / float(limit.density(1.0)) - 1) > 0.1


@pytest.mark.parametrize("c", ["1.0", "0.25"])
def test_limit_of_truth(c):
    expected = truth(f"density ResNet limit c={c} x=1")
    assert ResidualLimit(float(c)).density(1.0) == pytest.approx(expected, rel=1e-13)


def test_limit_is_invariant_under_inversion():
    law = ResidualLimit(0.7)
    x = np.array([1.3, 2.0, 5.0])
    assert law.cdf(x) == pytest.approx(1 - np.asarray(law.cdf(1 / x)), abs=1e-13)
    (low, high) = law.edges()
    assert low * high == pytest.approx(1)
    assert law.mean() == pytest.approx(math.exp(0.7))


# ---------------------------------------------------------------------------- universality


@pytest.mark.parametrize("sigma", ["0.5", "2.0"])
def test_bernoulli_class_of_truth(sigma):
    expected = truth(f"density PSG Bernoulli-class s0^2={sigma} x=1")
    assert BernoulliClass(float(sigma)).density(1.0) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("sigma", ["0.25", "1.0"])
def test_smooth_class_of_truth(sigma):
    expected = truth(f"edges PSG smooth-class s0^2={sigma}")
    law = SmoothClass(float(sigma))
    assert law.edges() == pytest.approx(expected, rel=1e-13)
    assert law.variance() == pytest.approx(float(sigma))
    middle = [0.5 * (law.cdf(x + 1e-5) - law.cdf(x - 1e-5)) / 1e-5 for x in (0.5, 1.0)]
    assert law.density([0.5, 1.0]) == pytest.approx(middle, rel=1e-8)


def test_atoms_of_the_bernoulli_class():
    law = BernoulliClass(0.5)
    assert law.atoms() == {math.exp(0.5): 0.5}
    assert law.support()[0] == pytest.approx((0, math.e / 2))
    assert law.cdf([1.5, 1.7]) == pytest.approx([0.5, 1])
    assert law.variance() == pytest.approx(0.5)
    assert BernoulliClass(2).atoms() == {}


def test_scaled_layers_approach_the_bernoulli_class():
    """Orthogonal layers with masks of probability ``1 - sigma_0^2/L``: O(1/L)."""
    sigma, gaps = 0.5, []
    limit = BernoulliClass(sigma)
    x = np.linspace(0.1, 1.2, 20)
    for depth in (20, 200, 2000):
        p = 1 / (1 + sigma / depth)
        law = (fs.Bernoulli(p) * (1 / p)).multiplicative_power(depth)
        gaps.append(np.abs(np.asarray(law.density(x)) / limit.density(x) - 1).max())
    assert np.diff(np.log10(gaps)) == pytest.approx([-1, -1], abs=0.1)


def test_smooth_networks_approach_the_smooth_class():
    """tanh at sigma_w = 1 is not critical at finite q: erf with q ~ 1/L and chi = 1."""
    from freesym.nets import activation_named

    phi, found = activation_named("erf"), []
    for depth in (10, 40, 160):
        q = _length_with_spread(phi, 0.5 / depth)
        variance = 1 / phi.gaussian_mean_square_slope(q)
        square = phi.gaussian_mean_square(q)
        net = MLP((1,) * (depth + 1), phi, "orthogonal", sigma_w=variance**0.5,
                  sigma_b=(q - variance * square) ** 0.5, input_square=square)  # fmt: skip
        result = universality(net)
        assert result.name == "smooth"
        assert result.sigma == pytest.approx(0.5, rel=1e-6)
        found.append(result.distance)
    assert (np.diff(found) < 0).all()
    assert "smooth class" in str(result)


def _length_with_spread(phi, wished):
    low, high = 1e-8, 10.0
    for _ in range(60):
        q = math.sqrt(low * high)
        spread = phi.gaussian_mean_slope_power(q, 4) / phi.gaussian_mean_slope_power(q, 2) ** 2 - 1
        low, high = (q, high) if spread < wished else (low, q)
    return q


def test_hard_tanh_is_in_the_bernoulli_class():
    net = MLP((1,) * 101, "hard-tanh", "orthogonal", sigma_w=1.0, input_square=0.12)
    result = universality(net)
    assert result.name == "Bernoulli"
    assert 0 < result.distance < 0.05


def test_residual_networks_are_values():
    net = ResidualMLP(3, "tanh", scale=0.1)
    assert pickle.loads(pickle.dumps(net)) == net
    assert net.singular_values().largest() > 1
    assert ResidualMLP(2, "relu", scale=0).jacobian_law() == fs.PointMass(1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ResidualMLP(0),
        lambda: ResidualMLP(2.5),
        lambda: ResidualMLP(2, "relu", scale=-1),
        lambda: ResidualMLP(2, "relu", scale=[1, 2, 3]),
        lambda: ResidualMLP(2, "relu", dropout=1),
        lambda: ResidualMLP(2, "relu", sigma_w=0),
        lambda: ResidualMLP(2).simulate_jacobian(10**6),
        lambda: ResidualMLP(20_000, "linear", scale=1).jacobian_law().density(1.0),
        lambda: ResidualLimit(0),
        lambda: BernoulliClass(-1),
        lambda: universality(MLP((1,) * 3, "relu")),
        lambda: universality(MLP((1, 2, 1), "relu", "orthogonal")),
    ],
)
def test_refusals(make):
    with pytest.raises(FreesymError):
        make()
