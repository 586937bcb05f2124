"""Limit laws of conjugate kernels and NTKs, against closed forms and real networks."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym.errors import FreesymError, UnsupportedOperationError
from freesym.nets import (
    KernelRecursion,
    NtkLaw,
    condition_number,
    conjugate_kernel_law,
    kernel_outlier,
    learning_rate_border,
    linearised_layers,
    ntk_law,
    one_sample_ntk_law,
    one_sample_recursion,
    sample_kernels,
    sample_one_sample_ntk,
)
from freesym.nets.outer_edges import lower_end, upper_edge

POINTS = (1 + 0.3j, 2 + 0.3j, 0.5 + 0.2j)


def transform_error(law, eigenvalues, points=POINTS):
    """The largest relative difference of G near the spectrum, in units of its mean."""
    z = float(np.mean(eigenvalues)) * np.array(points)
    found = np.array([np.mean(1 / (w - eigenvalues)) for w in z])
    return float(np.abs(found / law.G(z) - 1).max())


def inputs(n, features, seed):
    return np.random.default_rng(seed).standard_normal((n, features))


# ---------------------------------------------------------------------- linearised kernels


def test_relu_constants():
    """``b^2 = (E phi')^2 = 1/4``, ``v_0 = 1/2 - 1/(2 pi)``."""
    (layer,) = linearised_layers(KernelRecursion("relu"))
    assert layer.beta == pytest.approx(0.25, rel=1e-15)
    assert layer.alpha + layer.beta == pytest.approx(0.5 - 1 / (2 * math.pi), rel=1e-14)
    assert layer.common == pytest.approx(1 / (2 * math.pi), rel=1e-14)
    assert kernel_outlier(KernelRecursion("relu"), 1500) == pytest.approx(1500 / (2 * math.pi))
    assert kernel_outlier(KernelRecursion(["tanh"] * 2), 1500) == 0


def test_normalised_activations_are_those_of_the_paper():
    """``alpha + beta = 1`` and ``beta = (E phi')^2``, not ``E phi'^2``."""
    size = 1 / math.sqrt(math.asin(2 / 3) * 2 / math.pi)
    (layer, *_) = linearised_layers(KernelRecursion(["erf"] * 2, sigma_w=[1, size, size]))
    mean_slope = 2 / math.sqrt(math.pi * 3)
    assert layer.beta == pytest.approx(mean_slope**2, rel=1e-13)
    assert layer.alpha + layer.beta == pytest.approx(layer.mean, rel=1e-13)
    assert layer.diagonal_slope == pytest.approx(size**2 * 4 / (math.pi * math.sqrt(5)), rel=1e-13)


# ------------------------------------------------------------------------ conjugate kernels


def test_linear_conjugate_kernels_are_products():
    law = conjugate_kernel_law(KernelRecursion(["linear"] * 2), fs.PointMass(1), Fraction(1, 2))
    expected = (fs.MarchenkoPastur(Fraction(1, 2)) @ fs.MarchenkoPastur(Fraction(1, 2))).moments(4)
    assert [float(m) for m in law.moments(4)] == pytest.approx([float(m) for m in expected])


def silverstein(gamma, points, weights, z):
    """``m = E 1/(t (1 - gamma - gamma z m) - z)`` by a damped iteration; ``G = -m``."""
    m = -1 / z
    for _ in range(4000):
        m = 0.5 * m + 0.5 * (weights / (points * (1 - gamma - gamma * z * m) - z)).sum()
    return -m


def test_one_layer_by_silverstein():
    x = np.random.default_rng(21).standard_normal((60, 90))  # seed 21
    values = np.linalg.eigvalsh(x @ x.T / 90)
    net = KernelRecursion("tanh", sigma_w=1.5)
    law = conjugate_kernel_law(net, fs.Empirical(values), 0.7)
    (layer,) = linearised_layers(net, values.mean())
    points = layer.alpha + layer.beta * values
    for z in (0.5 + 0.2j, 0.1 + 0.3j, 1 + 0.1j):
        expected = silverstein(0.7, points, np.full(60, 1 / 60), z)
        assert law.G(z) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("depth", "error"), [(1, 8e-3), (2, 1e-2)])
def test_conjugate_kernels_of_real_networks(depth, error):
    n, widths = 700, [600, 900][:depth]
    net = KernelRecursion(["tanh"] * depth, sigma_w=1.5)
    sampled = sample_kernels(net, inputs(n, 800, 1), widths, 2)  # seeds 1 and 2
    law = conjugate_kernel_law(net, fs.MarchenkoPastur(n / 800), [n / d for d in widths])
    assert transform_error(law, np.linalg.eigvalsh(sampled.conjugate)) < error


@pytest.mark.parametrize("names", [["relu"], ["tanh", "relu"]])
def test_an_uncentred_last_layer_has_one_outlier(names):
    n = 700
    net = KernelRecursion(names, sigma_w=1.4)
    sampled = sample_kernels(net, inputs(n, 900, 3), 800, 4)  # seeds 3 and 4
    values = np.linalg.eigvalsh(sampled.conjugate)
    law = conjugate_kernel_law(net, fs.MarchenkoPastur(n / 900), n / 800)
    assert values[-2] < 1.05 * law.edges()[-1]
    assert values[-1] == pytest.approx(kernel_outlier(net, n), rel=0.05)
    assert transform_error(law, values[:-1]) < 1e-2


# ------------------------------------------------------------------------- the NTK's law


@pytest.mark.parametrize("ratio", [0.7, 1.7])
def test_one_layer_above_orthogonal_inputs_is_marchenko_pastur(ratio):
    law = NtkLaw(fs.PointMass(1), 0.3, (0.5, 2.0), (0.4,), (0.6,), (ratio,))
    exact = 2 * fs.MarchenkoPastur(ratio) + 0.8
    x = np.linspace(0.81, 6.4, 200)
    np.testing.assert_allclose(law.density(x), exact.density(x), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-12)
    np.testing.assert_allclose(law.edges(), exact.edges(), atol=1e-10)
    assert {float(a): float(m) for a, m in law.atoms().items()} == pytest.approx(
        {float(a): float(m) for a, m in exact.atoms().items()}
    )


def test_one_layer_by_a_direct_equation():
    """``tr (z - A)^-1`` of ``w_0 K_0 + K_1``: the deterministic equivalent, for 40 inputs."""
    x = inputs(40, 50, 22)  # seed 22
    k0 = np.linalg.eigvalsh(x @ x.T / 50)
    w0, alpha, beta, gamma, shift = 0.4, 0.3, 0.7, 0.6, 0.2
    law = NtkLaw(fs.Empirical(k0), shift, (w0, 1.0), (alpha,), (beta,), (gamma,))
    for z in (1 + 0.2j, 2.5 + 0.4j, 0.3 + 0.3j):
        s = 1 + 1j
        for _ in range(3000):
            resolvent = 1 / (shift + w0 * k0 + (alpha + beta * k0) / s - z)
            s = 0.5 * s + 0.5 * (1 + gamma * np.mean((alpha + beta * k0) * resolvent))
        expected = -np.mean(1 / (shift + w0 * k0 + (alpha + beta * k0) / s - z))
        assert law.G(z) == pytest.approx(expected, rel=1e-11)
        assert law.G(np.conj(z)) == pytest.approx(np.conj(expected), rel=1e-11)


def three_layers():
    return ntk_law(
        KernelRecursion(["tanh"] * 3, sigma_w=1.5), fs.MarchenkoPastur(0.6), [0.5, 0.7, 1.2]
    )


def test_equations_and_panels_agree():
    law = three_layers()
    ends = law.edges()
    x = np.linspace(ends[0], ends[-1], 301)[1:-1]
    panels = -np.asarray(fs.Law.G(law, x)).imag / np.pi
    np.testing.assert_allclose(panels, law.density(x), rtol=1e-9, atol=1e-12)
    mean = law.shift + sum(w * m for w, m in zip(law.weights, [1, *_means(law)], strict=True))
    assert law.mean() == pytest.approx(mean, rel=1e-12)
    assert law.cdf(ends[-1]) == pytest.approx(1, abs=1e-12)
    assert law.quantile(law.cdf(3.0)) == pytest.approx(3.0, rel=1e-10)
    assert law.density(ends[0] - 1e-6) == 0
    assert law.density([math.inf, math.nan])[0] == 0
    z = np.array([2 + 0.5j, 5 + 1j])
    np.testing.assert_allclose(fs.Law.G(law, z), law.G(z), rtol=1e-11)


def _means(law):
    mean, found = 1.0, []
    for alpha, beta in zip(law.alphas, law.betas, strict=True):
        mean = alpha + beta * mean
        found.append(mean)
    return found


def test_half_planes_are_verified():
    """Every unknown lies in the upper half-plane; the conjugate solution is refused."""
    equations = three_layers().equations()
    z = np.array([1 + 0.5j, 3 + 0.1j, 8 + 1e-3j, 5 + 0j])
    found = equations.solve(z)
    assert (found.s.imag > 0).all()
    assert (found.g.imag < 0).all()
    assert not equations.is_right(z, found.s.conj(), found.rates.conj()).any()
    wrong = equations.continued(z, found.s.conj())
    np.testing.assert_allclose(wrong.s, found.s, rtol=1e-10)


def test_sampled_sums_of_kernels():
    law = three_layers()
    values = np.linalg.eigvalsh(law.sample_matrix(700, 23))  # seed 23
    assert transform_error(law, values) < 1.2e-2


def test_kernels_of_layers_are_not_free():
    law = three_layers()
    parts, mu = [], fs.MarchenkoPastur(0.6)
    for ratio, alpha, beta in zip(law.ratios, law.alphas, law.betas, strict=True):
        parts.append(mu)
        mu = fs.MarchenkoPastur(ratio) @ (beta * mu + alpha)
    parts.append(mu)
    free = fs.free_sum(*(w * part for w, part in zip(law.weights, parts, strict=True))) + law.shift
    assert float(free.mean()) == pytest.approx(law.mean(), rel=1e-10)
    assert law.variance() > 1.3 * float(free.variance())


@pytest.mark.parametrize(("depth", "error"), [(1, 2e-2), (2, 4e-2)])
def test_tangent_kernels_of_real_networks(depth, error):
    """Ten outputs average the random common shift of order ``d^(-1/2)``."""
    n, widths = 600, [700, 800][:depth]
    net = KernelRecursion(["tanh"] * depth, sigma_w=1.5)
    sampled = sample_kernels(net, inputs(n, 700, 5), widths, 6, outputs=10)  # seeds 5 and 6
    law = ntk_law(net, fs.MarchenkoPastur(n / 700), [n / d for d in widths])
    assert transform_error(law, np.linalg.eigvalsh(sampled.tangent)) < error


def test_digits_of_scikit_learn():
    """Centred, decorrelated real inputs: their measured kernel is the input law."""
    datasets = pytest.importorskip("sklearn.datasets")
    x = datasets.load_digits().data[:500]
    x = x[:, x.std(axis=0) > 0.5]
    x = x - x.mean(axis=0)
    _, values, directions = np.linalg.svd(x, full_matrices=False)
    x = x @ directions.T / values * math.sqrt(len(x))
    x = x * math.sqrt(x.shape[1]) / np.linalg.norm(x, axis=1)[:, None]
    kernel = np.maximum(np.linalg.eigvalsh(x @ x.T / x.shape[1]), 0)
    law = conjugate_kernel_law(KernelRecursion("erf", sigma_w=1.3), fs.Empirical(kernel), 0.5)
    sampled = sample_kernels(KernelRecursion("erf", sigma_w=1.3), x, 1000, 7)  # seed 7
    assert transform_error(law, np.linalg.eigvalsh(sampled.conjugate)) < 3e-2


def test_linear_networks_keep_the_zeros_of_their_inputs():
    law = ntk_law(KernelRecursion(["linear"] * 2), fs.MarchenkoPastur(2), [1.5, 1.2])
    assert law.atoms() == {0.0: 0.5}
    assert law.mean() == pytest.approx(3, rel=1e-12)


def test_inputs_with_gaps_and_atoms():
    inp = fs.Discrete([1, 12], [0.8, 0.2])
    law = NtkLaw(inp, 0.1, (1.0, 0.05), (0.3,), (0.7,), (20.0,))
    atoms = {float(a): float(m) for a, m in law.atoms().items()}
    assert atoms == pytest.approx({1.1: 0.75, 12.1: 0.15})
    assert len(law.support()) >= 3
    assert law.cdf(1.0) == pytest.approx(0, abs=1e-12)
    eigenvalues = np.linalg.eigvalsh(law.sample_matrix(600, 24))  # seed 24
    assert np.mean(np.abs(eigenvalues - 1.1) < 1e-9) == pytest.approx(0.75, abs=1e-9)
    assert transform_error(law, eigenvalues) < 1e-2


def test_even_activations_cut_the_network():
    law = ntk_law(KernelRecursion(["tanh", "cos"]), fs.MarchenkoPastur(0.5), [0.5, 0.8])
    assert isinstance(law, fs.operations.Affine)
    assert law.moments(1)[0] > 0


def test_laws_are_values():
    law = three_layers()
    assert law == three_layers()
    assert hash(law) == hash(three_layers())
    assert (2 * law).mean() == pytest.approx(2 * law.mean())
    assert (law @ fs.Bernoulli(0.5)).atoms()[0] == pytest.approx(0.5)


# ----------------------------------------------------------------------------- one sample


def test_one_sample_law_of_dynamical_isometry():
    """Atoms with masses, mean and the top of order L for ``p = 1 - 1/(2 L)``."""
    for depth in (3, 10):
        p = 1 - Fraction(1, 2 * depth)
        slopes, variances = [fs.Bernoulli(p)] * (depth - 1), [1 / p] * (depth - 1)
        law = one_sample_recursion([1] * depth, slopes, variances)
        atoms = law.atoms()
        top = sum(p**-k for k in range(depth))
        assert max(atoms) == top
        assert atoms[top] == 1 - (depth - 1) * (1 - p)
        assert atoms[1] == 1 - p
        assert law.mean() == depth
    # (e^alpha - 1)/alpha = 1.2974 in the limit; 1.273 at L = 10
    assert float(top) / 10 == pytest.approx(1.273, abs=1e-3)


@pytest.mark.parametrize(("depth", "top"), [(10, 1.273), (20, 1.286), (40, 1.2917)])
def test_the_largest_eigenvalue_is_of_order_depth(depth, top):
    """``lambda_max/L`` tends to ``(e^alpha - 1)/alpha`` for ``p = 1 - alpha/L``: 1.2974."""
    p = 1 - Fraction(1, 2 * depth)
    slopes, variances = [fs.Bernoulli(p)] * (depth - 1), [1 / p] * (depth - 1)
    law = one_sample_recursion([1] * depth, slopes, variances)
    assert 2 / learning_rate_border(law) / depth == pytest.approx(top, abs=1e-3)
    assert condition_number(law) == pytest.approx(2 / learning_rate_border(law), rel=1e-12)


def test_one_sample_learning_rate():
    p = Fraction(5, 6)
    law = one_sample_recursion([1] * 3, [fs.Bernoulli(p)] * 2, [1 / p] * 2)
    top = float(1 + 1 / p + 1 / p**2)
    assert learning_rate_border(law) == pytest.approx(2 / top, rel=1e-10)
    assert condition_number(law) == pytest.approx(top, rel=1e-10)
    assert condition_number(fs.MarchenkoPastur(2)) == math.inf


def test_two_atoms_give_a_quadratic():
    """``Theta_2 = 1 + W D W^T`` has atoms only; ``Theta_3`` compresses two atoms."""
    p = Fraction(3, 4)
    second = one_sample_recursion([1] * 2, [fs.Bernoulli(p)], [1 / p])
    assert second.atoms() == {1: Fraction(1, 4), Fraction(7, 3): Fraction(3, 4)}
    third = one_sample_recursion([1] * 3, [fs.Bernoulli(p)] * 2, [1 / p] * 2)
    compressed = fs.Discrete([1, Fraction(7, 3)], [1 - p, p]).compress(p)
    x = np.linspace(2.4, 4.0, 40)
    expected = float(p) * float(p) * np.asarray(compressed.density(float(p) * (x - 1)))
    np.testing.assert_allclose(third.density(x), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("name", ["hard-tanh", "tanh"])
def test_one_sample_kernels_of_real_networks(weights, name):
    net = KernelRecursion([name] * 2, sigma_w=1.2, sigma_b=0.05)
    law = one_sample_ntk_law(net, q=0.8, weights=weights)
    theta = sample_one_sample_ntk(net, 700, 8, q=0.8, weights=weights)  # seed 8
    values = np.linalg.eigvalsh(theta)
    assert values.mean() == pytest.approx(float(law.mean()), rel=0.06)
    assert transform_error(law, values) < 6e-2


# --------------------------------------------------------------------------------- bad input

MP = fs.MarchenkoPastur()
NET = KernelRecursion("tanh")
BAD = {
    "no ratio": lambda: conjugate_kernel_law(NET, MP, []),
    "too many ratios": lambda: conjugate_kernel_law(NET, MP, [1, 1]),
    "negative ratio": lambda: conjugate_kernel_law(NET, MP, -1),
    "extreme ratio": lambda: ntk_law(NET, MP, 1e9),
    "no law": lambda: conjugate_kernel_law(NET, [1.0], 1),
    "a signed law": lambda: ntk_law(NET, fs.Semicircle(), 1),
    "no input": lambda: ntk_law(NET, fs.PointMass(0), 1),
    "no network": lambda: ntk_law(3, MP, 1),
    "a negative signal": lambda: sample_one_sample_ntk(NET, 5, q=-1),
    "a signal of text": lambda: sample_one_sample_ntk(NET, 5, q="one"),
    "an outlier of no samples": lambda: kernel_outlier(NET, 0),
    "an outlier of negative inputs": lambda: kernel_outlier(NET, 5, -1),
    "learning rates of no law": lambda: learning_rate_border(2.0),
    "conditions of no law": lambda: condition_number(None),
    "biases": lambda: ntk_law(KernelRecursion("tanh", sigma_b=0.1), MP, 1),
    "uncentred": lambda: ntk_law(KernelRecursion(["relu"] * 2), MP, 1),
    "vanishing layer": lambda: linearised_layers(NET, 0),
    "uncentred below": lambda: linearised_layers(KernelRecursion(["relu"] * 2)),
    "biases below": lambda: linearised_layers(KernelRecursion("tanh", sigma_b=0.1)),
    "vanishing kernel": lambda: kernel_outlier(NET, 10, 0),
    "one weight": lambda: NtkLaw(MP, 0, (1,), (1,), (1,), (1,)),
    "negative weight": lambda: NtkLaw(MP, 0, (1, -1), (1,), (1,), (1,)),
    "negative shift": lambda: NtkLaw(MP, -1, (1, 1), (1,), (1,), (1,)),
    "no layers": lambda: NtkLaw(MP, 0, (1,), (), (), ()),
    "nothing left": lambda: NtkLaw(MP, 0, (1, 1), (0,), (0,), (1,)),
    "digits": lambda: three_layers().density(1.0, digits=30),
    "other weights": lambda: one_sample_recursion([1], [], [], "uniform"),
    "too few slopes": lambda: one_sample_recursion([1, 1], [], []),
    "no scale": lambda: one_sample_ntk_law(NET, q=0),
    "no rate": lambda: learning_rate_border(fs.PointMass(0)),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    with pytest.raises(FreesymError) as caught:
        BAD[name]()
    message = str(caught.value)
    assert message
    assert "\n" not in message


def test_what_is_not_known_is_refused_with_a_remedy():
    with pytest.raises(UnsupportedOperationError, match="phi"):
        ntk_law(KernelRecursion(["relu"] * 2), MP, 1)


# ------------------------------------------------------------------- ends of deep towers


@pytest.mark.parametrize("name", ["relu", "tanh"])
@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_ends_without_the_support(name, weights):
    law = one_sample_ntk_law(KernelRecursion([name] * 2, sigma_w=1.2), q=0.5, weights=weights)
    assert upper_edge(law) == pytest.approx(law.edges()[-1], rel=1e-9)
    assert lower_end(law) == pytest.approx(min([law.support()[0][0], *law.atoms()]), rel=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_deep_learning_rates(weights):
    """Laws whose support takes long to search; one sample of twelve layers fluctuates."""
    law = one_sample_ntk_law(KernelRecursion(["relu"] * 12, sigma_w=2**0.5), weights=weights)
    theta = sample_one_sample_ntk(KernelRecursion(["relu"] * 12, sigma_w=2**0.5), 600, 9,
                                  weights=weights)  # fmt: skip
    top = np.linalg.eigvalsh(theta)[-1]
    assert 2 / learning_rate_border(law) == pytest.approx(top, rel=0.35)
    deep = one_sample_ntk_law(KernelRecursion(["relu"] * 50, sigma_w=2**0.5), weights=weights)
    assert learning_rate_border(deep) < learning_rate_border(law)


def test_towers_that_show_no_edge():
    """Atoms at the top, two towers in one product, reflections."""
    assert upper_edge(fs.Bernoulli(0.9) @ (fs.Bernoulli(0.9) + 1)) is None
    both = (fs.MarchenkoPastur() + 1) @ (fs.MarchenkoPastur() + 2)
    assert upper_edge(both) is None
    assert upper_edge(-1 * fs.MarchenkoPastur()) is None
    assert lower_end(fs.MarchenkoPastur(0.5) + 1) is None


@pytest.mark.long
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_ntk_laws_do_not_warn():
    law = ntk_law(KernelRecursion(["relu"], sigma_w=[1.4, 1]), fs.MarchenkoPastur(2), [0.5])
    assert law.mean() == pytest.approx(1.648056312)
    assert law.atoms() == {}
    assert 0 < law.cdf(1.0) < 1
    assert law.support()[0][0] > 0
