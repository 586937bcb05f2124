"""The law of a network's Jacobian: closed forms, exact moments and sampled networks."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import freesym as fs
from freesym.errors import InvalidLawError
from freesym.nets import (
    HardTanh,
    LeakyReLU,
    Network,
    jacobian_law,
    kolmogorov_distance,
    sample_jacobian,
)

HALF = Fraction(1, 2)
ACTIVATIONS = ["linear", "relu", "hard-tanh", LeakyReLU(Fraction(1, 5))]
WEIGHTS = ["gaussian", "orthogonal"]
UNEQUAL = [(300, 500, 400, 450), (500, 200, 400), (400, 300, 200), (200, 300, 400), (150, 400, 150)]


def equal(depth):
    return [1] * (depth + 1)


# ------------------------------------------------------------------------------- equal widths


@pytest.mark.parametrize(
    ("depth", "edge"),
    [(1, 5.828427124746190), (5, 27.27277339534252), (10, 54.41085853085749445),
     (30, 163.112008198347386)],
)  # fmt: skip
def test_edges_of_gaussian_relu(depth, edge):
    assert jacobian_law(equal(depth), "relu").edges()[-1] == pytest.approx(edge, rel=1e-12)


@pytest.mark.parametrize("depth", [10, 30, 100])
def test_edges_of_orthogonal_relu(depth):
    edge = depth**depth / (depth - 1) ** (depth - 1)
    law = jacobian_law(equal(depth), "relu", "orthogonal")
    assert law.edges()[-1] == pytest.approx(edge, rel=1e-12)
    assert law.atoms() == {0: 0.5}


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_edges_of_linear_nets(depth):
    edge = (depth + 1) ** (depth + 1) / depth**depth
    assert jacobian_law(equal(depth), "linear").edges()[-1] == pytest.approx(edge, rel=1e-12)


@pytest.mark.parametrize(
    ("depth", "moments"),
    [(1, [1, 3, 11, 45, 197, 903]), (3, [1, 7, 67, 741, 8909, 113107]),
     (10, [1, 21, 641, 23001, 903761, 37638525])],
)  # fmt: skip
def test_moments_of_gaussian_relu(depth, moments):
    assert jacobian_law(equal(depth), "relu").moments(6) == moments


def test_moments_of_orthogonal_relu():
    law = jacobian_law(equal(3), "relu", "orthogonal")
    assert law.moments(6) == [1, 4, 19, 98, 531, 2974]


@pytest.mark.parametrize(
    ("depth", "x", "density"),
    [(1, 1.0, 0.1591549430918953), (3, 0.25, 0.2297469691930033), (10, 0.25, 0.1150038708678664),
     (30, 1.0, 0.01171822071064296), (100, 1.0, 0.003905377661951615)],
)  # fmt: skip
def test_density_of_gaussian_relu(depth, x, density):
    assert jacobian_law(equal(depth), "relu").density(x) == pytest.approx(density, rel=1e-12)


@pytest.mark.parametrize(("depth", "density"), [(2, 0.09188814923696534), (5, 0.06800751951090081),
                                                (10, 0.04499318729433485)])  # fmt: skip
def test_density_of_orthogonal_relu(depth, density):
    law = jacobian_law(equal(depth), "relu", "orthogonal")
    assert law.density(1.0) == pytest.approx(density, rel=1e-12)


def test_a_thousand_equal_layers_are_one_power():
    law = jacobian_law(equal(1000), "relu")
    assert isinstance(law, fs.operations.MultiplicativePower)
    u = (math.sqrt(1000**2 + 1) - 999) / 2000
    edge = (1 + u) * (1 + 2 * u) ** 1000 / u
    assert law.edges()[-1] == pytest.approx(edge, rel=1e-11)


def test_one_orthogonal_layer_is_atomic():
    law = jacobian_law(equal(1), "relu", "orthogonal")
    assert law.atoms() == {0: HALF, 2: HALF}
    nearly = Network(equal(3), HardTanh(), "orthogonal", q=0.1).law([0.9, 0.9, 0.9])
    scale = float(Network(equal(3), HardTanh(), "orthogonal", q=0.1).variance) ** 3
    assert max(nearly.atoms()) == pytest.approx(scale)
    assert nearly.atoms()[max(nearly.atoms())] == pytest.approx(0.7)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_critical_networks_have_mean_one(activation, weights):
    q = 0.7 if activation == "hard-tanh" else None
    law = jacobian_law(equal(4), activation, weights, q=q)
    assert float(law.mean()) == pytest.approx(1, rel=1e-13)


def test_variance_is_additive_over_layers():
    slope = Fraction(1, 5)
    mu1, mu2 = (1 + slope**2) / 2, (1 + slope**4) / 2
    for weights, s1 in (("gaussian", -1), ("orthogonal", 0)):
        law = jacobian_law(equal(6), LeakyReLU(slope), weights)
        assert law.variance() == 6 * (mu2 / mu1**2 - 1 - s1)


def test_hard_tanh_propagates_its_variance():
    network = Network(equal(3), "hard-tanh", sigma_w=1.5)
    q = network.pre_activation_variances()
    assert q[0] == pytest.approx(2.25)
    x = np.random.default_rng(0).standard_normal(4_000_000)
    assert q[1] == pytest.approx(2.25 * np.mean(np.clip(1.5 * x, -1, 1) ** 2), rel=3e-3)
    assert network.active_fractions()[0] == pytest.approx(np.mean(abs(1.5 * x) < 1), rel=3e-3)


def test_a_given_variance_is_held_by_biases():
    network = Network(equal(3), "hard-tanh", q=0.5)
    assert network.bias_variance > 0
    assert network.pre_activation_variances() == [0.5] * 3
    assert float(network.law().mean()) == pytest.approx(1)
    with pytest.raises(InvalidLawError, match="stationary"):
        Network(equal(3), "hard-tanh", sigma_w=3, q=0.1)


# ----------------------------------------------------------------------------- unequal widths


@pytest.mark.parametrize("widths", UNEQUAL, ids=str)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("activation", ["linear", "relu", LeakyReLU(Fraction(1, 5))], ids=str)
def test_zeros_of_unequal_widths(widths, weights, activation):
    law = jacobian_law(widths, activation, weights)
    p = HALF if activation == "relu" else 1
    rank = min(widths[0], *(n * p for n in widths[1:]))
    assert law.atoms().get(0, 0) == 1 - rank / Fraction(widths[-1])


def test_moments_of_unequal_widths_by_the_s_transform():
    """``S = prod S_D(u/r_l)/(sigma^2 (1 + u/r_(l-1)))`` with ``r_l = n_l/n_L``."""
    widths, n = (300, 500, 400, 450), 5
    r = [Fraction(k, widths[-1]) for k in widths]
    # moments by Lagrange inversion of 1/z = u/(1+u) S(u), as power series in u
    order = n + 2
    series = np.zeros(order)
    series[0] = 1.0

    def times(a, b):
        return np.convolve(a, b)[:order]

    def reciprocal_linear(c):
        return (-c) ** np.arange(order)

    for before, after in pairwise(r):
        a = float(1 / after)
        series = times(series, np.r_[1.0, a, np.zeros(order - 2)])
        series = times(series, reciprocal_linear(2 * a) * 2)
        series = times(series, reciprocal_linear(float(1 / before)) / 2)
    chi = times(series, reciprocal_linear(1.0))  # chi(u)/u
    inverse = np.zeros(order)
    inverse[0] = 1 / chi[0]
    for k in range(1, order):
        inverse[k] = -np.dot(chi[1 : k + 1], inverse[k - 1 :: -1][:k]) / chi[0]
    power, moments = np.r_[1.0, np.zeros(order - 1)], []
    for k in range(1, n + 1):
        power = times(power, inverse)
        moments.append(power[k - 1] / k)
    law = jacobian_law(widths, "relu")
    assert [float(m) for m in law.moments(n)] == pytest.approx(moments, rel=1e-12)


def stratified(network, rng):
    """``J J^T`` with the exact number of active units in every layer, at random places."""
    jacobian = np.eye(network.widths[0])
    fractions = network.active_fractions()
    for p, before, after in zip(fractions, network.widths[:-1], network.widths[1:], strict=True):
        if network.weights == "gaussian":
            weight = rng.standard_normal((after, before)) / math.sqrt(before)
        else:
            tall = np.linalg.qr(rng.standard_normal((max(before, after), min(before, after))))[0]
            weight = tall if after >= before else tall.T
        active = rng.permutation(after) < round(float(p) * after)
        slopes = np.where(active, 1.0, float(network.activation.floor))
        jacobian = slopes[:, None] * (math.sqrt(network.variance) * weight @ jacobian)
    floor = network.activation.floor
    rank = min(
        *network.widths,
        *(round(float(p) * n) if floor == 0 else n
          for p, n in zip(fractions, network.widths[1:], strict=True)),
    )  # fmt: skip
    values = np.zeros(network.widths[-1])
    values[:rank] = np.linalg.svd(jacobian, compute_uv=False)[:rank] ** 2
    return values


@pytest.mark.long
@pytest.mark.parametrize("widths", UNEQUAL, ids=str)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("activation", ["linear", "relu", LeakyReLU(Fraction(1, 5))], ids=str)
def test_unequal_widths_against_stratified_matrices(widths, weights, activation, seed):
    network = Network(widths, activation, weights)
    values = stratified(network, np.random.default_rng(seed))
    assert kolmogorov_distance(network.law(), values) < 4 / min(widths)


def test_classifier_widths(seed):
    network = Network((784, 512, 512, 10), "relu")
    assert network.law().atoms() == {0: HALF}
    rng = np.random.default_rng(seed)
    pooled = np.concatenate([stratified(network, rng) for _ in range(20)])
    assert kolmogorov_distance(network.law(), pooled) < 0.06


# ------------------------------------------------------------------------------- real networks


@pytest.mark.long
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_real_networks(activation, weights, seed):
    width, depth = 250, 4
    network = Network([width] * (depth + 1), activation, weights)
    sample = sample_jacobian(network, seed)
    assert sample.rank == np.linalg.matrix_rank(sample.matrix)
    values = sample.eigenvalues()
    assert np.count_nonzero(values == 0) == width - sample.rank
    distance = kolmogorov_distance(network.law(), values, sample.resolution)
    assert distance < 1.6 / math.sqrt(width)
    given = kolmogorov_distance(sample.conditional_law(), values, sample.resolution)
    assert given < 5 / width


def test_the_jacobian_is_that_of_the_forward_pass(seed):
    """Finite differences through the same random network."""
    network = Network((30, 40, 20), LeakyReLU(Fraction(1, 4)), sigma_w=1)
    sample = sample_jacobian(network, seed)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(30)
    weights = [
        rng.standard_normal((b, a)) / math.sqrt(a)
        for a, b in zip(network.widths[:-1], network.widths[1:], strict=True)
    ]

    def forward(signal):
        for weight in weights:
            h = weight @ signal
            signal = np.where(h > 0, h, 0.25 * h)
        return signal

    step = 1e-7
    direction = rng.standard_normal(30)
    slope = (forward(x + step * direction) - forward(x - step * direction)) / (2 * step)
    assert slope == pytest.approx(sample.matrix @ direction, rel=1e-5, abs=1e-6)


def test_samples_repeat():
    network = Network([20] * 3, "relu")
    first, second = (sample_jacobian(network, 5).matrix for _ in range(2))
    assert np.array_equal(first, second)


def test_dead_networks_are_zero():
    assert Network([2, 2], "relu").law([0]) == fs.PointMass(0)


# ----------------------------------------------------------------------------------- distances


def test_kolmogorov_distance_at_atoms():
    law = fs.Bernoulli(HALF)
    assert kolmogorov_distance(law, [0, 0, 1, 1 + 1e-12]) < 1e-15
    assert kolmogorov_distance(law, [0, 0, 0, 1]) == pytest.approx(0.25)
    assert kolmogorov_distance(law, [0.1, 0.1, 1, 1]) == pytest.approx(0.5)


def test_kolmogorov_distance_of_quantiles():
    law, n = fs.Semicircle(), 50
    values = law.quantile((np.arange(n) + 0.5) / n)
    assert kolmogorov_distance(law, values) == pytest.approx(0.5 / n)


# ------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], "relu"), "widths"),
        (([1, 0], "relu"), "width 0"),
        (([1, 1.5], "relu"), "integers"),
        ((3, "relu"), "integers"),
        (([1, 1], "swoosh"), "no activation"),
        (([1, 1], "relu", "cauchy"), "weights"),
        (([1, 1], "relu", "gaussian", 0), "sigma_w"),
        (([1, 1], "relu", "gaussian", -1), "sigma_w"),
        (([1, 1], "relu", "gaussian", math.nan), "finite"),
        (([1, 1], "relu", "gaussian", 1e200), "sigma_w"),
        (([1] * 1001, "relu", "gaussian", 3), "nearer to"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(InvalidLawError, match=message):
        jacobian_law(*arguments)


def test_refused_slopes_and_fractions():
    with pytest.raises(InvalidLawError, match="slope"):
        LeakyReLU(1.5)
    with pytest.raises(InvalidLawError, match="1 fractions"):
        Network([1, 1, 1], "relu").law([HALF])
    with pytest.raises(InvalidLawError, match="too wide"):
        sample_jacobian(Network([10**6, 10], "relu"))
