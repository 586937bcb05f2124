"""Conjugate kernels of deep networks with biases and uncentred activations."""

from __future__ import annotations

import numpy as np
import pytest

import freesym as fs
from freesym.errors import FreesymError
from freesym.nets import (
    KernelRecursion,
    MixedCovarianceLaw,
    activation_named,
    conjugate_kernel_law,
    kernel_outlier,
    kolmogorov_distance,
    linearised_layers,
    sample_kernels,
)
from freesym.nets.conditional_kernels import conditional_layers, conditional_means
from freesym.nets.half_plane_spectrum import spectrum

INPUT = fs.MarchenkoPastur(0.5)


@pytest.mark.parametrize("ratio", [0.5, 1, 1.7])
def test_equal_covariances_are_marchenko_pastur(ratio):
    law = MixedCovarianceLaw(INPUT, (0.5, 0.5), (0.3, 0.3), (0.7, 0.7), ratio)
    exact = fs.MarchenkoPastur(ratio) @ (0.7 * INPUT + 0.3)
    x = np.linspace(0.01, 8, 100)
    np.testing.assert_allclose(law.density(x), exact.density(x), atol=1e-12)
    np.testing.assert_allclose(law.edges(), exact.edges(), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(law.moments(3), np.array(exact.moments(3), float), rtol=1e-12)
    assert law.cdf(1.0) == pytest.approx(exact.cdf(1.0), abs=1e-12)
    assert law.atoms().get(0, 0) == pytest.approx(max(0, 1 - 1 / ratio))


@pytest.mark.parametrize("ratio", [0.5, 1.7])
def test_solutions_from_neighbours_are_those_from_far_above(ratio):
    law = MixedCovarianceLaw(INPUT, (0.9, 0.1), (0.05, 3.0), (0.1, 4.0), ratio)
    equations = law.equations()
    found = spectrum(equations)._scan
    exact = equations.solve(found.z[::7])
    assert len(found.z) > 800
    np.testing.assert_allclose(found.s[:, ::7], exact.s, rtol=1e-9)
    np.testing.assert_array_equal(found.g[::7].imag < 0, exact.g.imag < 0)


def test_rows_of_different_sizes_are_compound_free_poisson():
    law = MixedCovarianceLaw(fs.PointMass(1), (0.25, 0.75), (0.5, 1.5), (0.5, 0.5), 0.5)
    exact = fs.CompoundFreePoisson(2, fs.Discrete([0.5, 1.0], [0.25, 0.75]))
    np.testing.assert_allclose(law.moments(4), np.array(exact.moments(4), float), rtol=1e-11)
    z = np.array([1 + 0.1j, 0.3 - 0.2j, 5 + 1j])
    np.testing.assert_allclose(law.G(z), exact.G(z), rtol=1e-11)


def test_moments_by_the_trace_formula():
    """``m_2 = gamma E[(tr S_i)^2] + tr (E S)^2`` for independent rows of covariances ``S_i``."""
    shares, alphas, betas, ratio = (0.3, 0.7), (0.1, 2.0), (0.7, 0.2), 0.8
    law = MixedCovarianceLaw(INPUT, shares, alphas, betas, ratio)
    p, a, b = map(np.array, (shares, alphas, betas))
    first, second = 1.0, float(INPUT.moment(2))
    mean_a, mean_b = p @ a, p @ b
    square = mean_a**2 + 2 * mean_a * mean_b * first + mean_b**2 * second
    expected = ratio * (p @ (a + b * first) ** 2) + square
    np.testing.assert_allclose(law.moments(2), [mean_a + mean_b, expected], rtol=1e-11)


def test_conditional_means_add_up():
    """Averages over the shift are those of the whole variance, for kinks too."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weights /= weights.sum()
    for name in ("relu", "tanh", "gelu", "hard-tanh"):
        activation = activation_named(name)
        first, second, slope = conditional_means(activation, 0.8 * nodes, 0.7)
        total = 0.64 + 0.7
        assert weights @ second == pytest.approx(activation.gaussian_mean_square(total), rel=1e-9)
        dual = activation.dual(total, total, 0.64)
        assert weights @ first**2 == pytest.approx(dual, rel=1e-8, abs=1e-12)
        dual = activation.dual_slope(total, total, 0.64)
        assert weights @ slope**2 == pytest.approx(dual, rel=1e-6)


def test_centred_layers_have_one_covariance():
    net = KernelRecursion(["tanh", "relu"], sigma_w=1.3)
    for layer, known in zip(conditional_layers(net), linearised_layers(net), strict=True):
        assert layer.shares == (1.0,)
        assert layer.betas[0] == pytest.approx(known.beta, rel=1e-12)
        assert layer.alphas[0] == pytest.approx(known.alpha, rel=1e-12)
    assert kernel_outlier(net, 100) == pytest.approx(100 * linearised_layers(net)[-1].common)


def test_biases_do_not_change_linear_networks_but_for_the_outlier():
    net = KernelRecursion(["linear"] * 2, sigma_b=0.5)
    law = conjugate_kernel_law(net, INPUT, 0.5)
    expected = fs.MarchenkoPastur(0.5) @ fs.MarchenkoPastur(0.5) @ INPUT
    assert [float(m) for m in law.moments(3)] == pytest.approx(
        [float(m) for m in expected.moments(3)]
    )
    assert kernel_outlier(net, 100) == pytest.approx(100 * 0.5)


@pytest.mark.long
@pytest.mark.parametrize(("names", "bias", "error"), [
    (["relu"] * 2, 0.0, 0.012), (["tanh"] * 2, 0.5, 0.01), (["gelu", "relu"], 0.3, 0.015),
    (["cos"] * 2, 0.0, 0.012),
])  # fmt: skip
def test_real_networks(names, bias, error):
    """Kernels of 600 samples: the bulk, its upper edge, and the outlier above it."""
    n, widths = 600, [500, 800]
    net = KernelRecursion(names, sigma_w=1.4, sigma_b=bias)
    x = np.random.default_rng(1).standard_normal((n, 700))  # seed 1
    x *= np.sqrt(700) / np.linalg.norm(x, axis=1)[:, None]
    values = np.linalg.eigvalsh(sample_kernels(net, x, widths, 2).conjugate)  # seed 2
    law = conjugate_kernel_law(net, fs.MarchenkoPastur(n / 700), [n / d for d in widths])
    assert kolmogorov_distance(law, values[:-1]) < error
    assert values[-2] < 1.05 * law.edges()[-1]
    assert values[-1] == pytest.approx(kernel_outlier(net, n), rel=0.12)


@pytest.mark.long
@pytest.mark.parametrize(("names", "bias"), [(["relu"] * 2, 0.0), (["tanh"] * 2, 0.5)])
def test_more_samples_than_units(names, bias):
    """One band above the atom at 0: rare units make no islands of their own."""
    n, widths = 600, [500, 400]
    net = KernelRecursion(names, sigma_w=1.4, sigma_b=bias)
    x = np.random.default_rng(6).standard_normal((n, 700))  # seed 6
    x *= np.sqrt(700) / np.linalg.norm(x, axis=1)[:, None]
    values = np.linalg.eigvalsh(sample_kernels(net, x, widths, 7).conjugate)[:-1]  # seed 7
    law = conjugate_kernel_law(net, fs.MarchenkoPastur(n / 700), [n / d for d in widths])
    assert len(law.edges()) == 2
    assert law.atoms()[0] == pytest.approx(1 / 3, rel=1e-9)
    assert law.cdf(law.edges()[-1]) == pytest.approx(1, abs=1e-9)
    assert kolmogorov_distance(law, np.where(values < 1e-10, 0, values)) < 0.012


def test_grouped_units_keep_their_means():
    layer = conditional_layers(KernelRecursion(["relu"] * 2))[1]
    grouped = layer.grouped(0.5)
    assert len(grouped.shares) < len(layer.shares)
    assert min(grouped.shares) >= 0.01
    for name in ("alphas", "betas"):
        means = [np.dot(v.shares, getattr(v, name)) for v in (layer, grouped)]
        assert means[0] == pytest.approx(means[1], rel=1e-12)
    assert sum(grouped.shares) == pytest.approx(1, abs=1e-14)


@pytest.mark.long
@pytest.mark.parametrize("names", [["relu"] * 3, ["leaky-relu", "gelu", "relu"]])
def test_three_layers_of_real_networks(names):
    n, widths = 1500, [1400, 2000, 1700]
    net = KernelRecursion(names, sigma_w=1.4, sigma_b=0.1)
    x = np.random.default_rng(3).standard_normal((n, 1800))  # seed 3
    x *= np.sqrt(1800) / np.linalg.norm(x, axis=1)[:, None]
    values = np.linalg.eigvalsh(sample_kernels(net, x, widths, 4).conjugate)  # seed 4
    law = conjugate_kernel_law(net, fs.MarchenkoPastur(n / 1800), [n / d for d in widths])
    assert kolmogorov_distance(law, values[:-1]) < 0.008


BAD = {
    "negative input": lambda: MixedCovarianceLaw(fs.Semicircle(), (1,), (1,), (1,), 1),
    "no rows": lambda: MixedCovarianceLaw(INPUT, (), (), (), 1),
    "too few": lambda: MixedCovarianceLaw(INPUT, (0.5, 0.5), (1,), (1,), 1),
    "shares": lambda: MixedCovarianceLaw(INPUT, (0.5,), (1,), (1,), 1),
    "negative alpha": lambda: MixedCovarianceLaw(INPUT, (1,), (-1,), (1,), 1),
    "no beta": lambda: MixedCovarianceLaw(INPUT, (1,), (1,), (0,), 1),
    "no ratio": lambda: MixedCovarianceLaw(INPUT, (1,), (1,), (1,), 0),
    "digits": lambda: MixedCovarianceLaw(INPUT, (1,), (1,), (1,), 1).density(1, digits=30),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    with pytest.raises(FreesymError) as caught:
        BAD[name]()
    assert "\n" not in str(caught.value)
