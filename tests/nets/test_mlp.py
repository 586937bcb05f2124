"""Networks: laws of Jacobians against matrices, truth and the claims of the literature."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import FreesymError, InvalidLawError, UnsupportedOperationError
from freesym.nets import (
    MLP,
    HardTanh,
    SingularValues,
    Sparse,
    Tanh,
    jacobian_law,
    kolmogorov_distance,
)

from .reference import truth

HALF = Fraction(1, 2)
KINDS = {
    "relu": {"activation": "relu"},
    "tanh": {"activation": "tanh", "weights": "orthogonal", "sigma_w": 1.2, "sigma_b": 0.2},
    "gelu": {"activation": "gelu", "sigma_w": 1.5, "sigma_b": 0.1},
    "hard-sigmoid": {"activation": "hard-sigmoid", "sigma_w": 4, "weights": "orthogonal"},
    "mixed": {
        "activation": ["relu", "tanh", "erf"],
        "weights": ["gaussian", "orthogonal", Sparse(0.5)],
        "sigma_w": [1.4, 1.1, 1.0],
        "sigma_b": [0, 0.3, 0.1],
    },
    "dropout": {"activation": "relu", "dropout": [0.2, 0.5, 0]},
    "linear output": {"activation": "tanh", "sigma_w": 1.3, "linear_output": True},
}
WIDTHS = [(400, 400, 400, 400), (300, 500, 400, 450), (500, 200, 300, 400)]


@pytest.mark.long
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_laws_against_stratified_matrices(kind, widths, seed):
    net = MLP(widths, **KINDS[kind])
    sample = net.simulate_jacobian(rng=seed, stratified=True)
    assert sample.distance() < 6 / min(widths)
    assert float(net.jacobian_law().mean()) == pytest.approx(net.signal().gradient, rel=1e-12)


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.long) if k == "gelu" else k for k in KINDS]
)
def test_real_networks(kind, seed):
    net = MLP((300,) * 4, **KINDS[kind])
    sample = net.simulate_jacobian(rng=seed)
    assert sample.distance() < 2 / math.sqrt(300)
    assert sample.distance(sample.conditional_law()) < 8 / 300


def test_the_jacobian_is_that_of_the_forward_pass(seed):
    rng = np.random.default_rng(seed)
    net = MLP((20, 30, 25, 10), ["tanh", "gelu", "relu"], sigma_b=0.3, sigma_w=1.2,
              dropout=[0.2, 0, 0])  # fmt: skip
    network = net.sample(rng=rng)
    x, direction = rng.standard_normal((2, 20))
    step = 1e-6
    slope = (network(x + step * direction) - network(x - step * direction)) / (2 * step)
    assert network.jacobian(x).matrix @ direction == pytest.approx(slope, rel=1e-5, abs=1e-8)
    assert network(np.stack([x, direction]))[1] == pytest.approx(network(direction))


def test_given_spectra_of_weights(seed):
    """Weights with a Wachter law, and rectangular ones with zeros."""
    law = fs.Wachter(3, 2)
    net = MLP((300,) * 3, "tanh", weights=law, sigma_w=1.4)
    assert net.simulate_jacobian(rng=seed, stratified=True).distance() < 6 / 300
    wide = fs.mixture([fs.PointMass(0), law], [0.5, 0.5])
    net = MLP((150, 300, 200), "linear", weights=[wide, fs.Uniform(0.5, 2)], sigma_w=1)
    assert net.simulate_jacobian(rng=seed, stratified=True).distance() < 6 / 150


def test_sparse_weights_are_gaussian_in_the_limit(seed):
    full, sparse = (MLP((1,) * 4, "relu", weights=w) for w in ("gaussian", Sparse(0.1)))
    assert full.jacobian_law() == sparse.jacobian_law()
    sample = sparse.simulate_jacobian(n=400, rng=seed, stratified=True)
    assert sample.distance() < 12 / 400


# ------------------------------------------------------------------------------- exact figures


def test_the_same_law_as_by_widths():
    for widths in ([1] * 4, [784, 512, 512, 10], [300, 500, 400, 450]):
        for weights in ("gaussian", "orthogonal"):
            assert MLP(widths, "relu", weights).jacobian_law() == jacobian_law(
                widths, "relu", weights)  # fmt: skip


@pytest.mark.parametrize("depth", [1, 3, 10, 30])
def test_densities_of_truth(depth):
    from .reference import TRUTH

    keys = [k for k in TRUTH if k.startswith(f"density ReLU Gauss (sw2=2) L={depth} ")]
    law = MLP((1,) * (depth + 1), "relu").jacobian_law()
    for key in keys:
        assert law.density(float(key.split("x=")[1])) == pytest.approx(truth(key), rel=1e-12)
    assert keys


@pytest.mark.parametrize("depth", [3, 100])
def test_hard_tanh_near_isometry(depth):
    edge, place, mass = truth(f"hard-tanh/orth p=1-1/(2L) L={depth}: bulk edge, top atom loc, mass")
    p = 1 - Fraction(1, 2 * depth)
    net = MLP((1,) * (depth + 1), HardTanh(), "orthogonal", sigma_w=float(p) ** -0.5)
    law = net.jacobian_law([HardTanh().squared_slope_law(p)] * depth)
    assert law.edges()[-1] == pytest.approx(edge, rel=1e-11)
    top = max(law.atoms(), key=float)
    assert float(top) == pytest.approx(place, rel=1e-12)
    assert float(law.atoms()[top]) == pytest.approx(mass, rel=1e-9)


def test_edge_of_masked_gaussian_layers():
    expected = truth("edge Bernoulli(0.9)/Gauss sw2=1/0.9 L=5")
    p = Fraction(9, 10)
    net = MLP((1,) * 6, HardTanh(), sigma_w=float(p) ** -0.5)
    law = net.jacobian_law([HardTanh().squared_slope_law(p)] * 5)
    assert law.edges()[-1] == pytest.approx(expected, rel=1e-11)


def test_variance_is_additive_over_layers():
    """``chi^(2L) sum(mu_2/mu_1^2 - 1 - s_1)``, ``s_1 = -1`` Gaussian, 0 orthogonal."""
    for weights, s in (("gaussian", 1), ("orthogonal", 0)):
        net = MLP((1,) * 6, "tanh", weights, sigma_w=1.3, sigma_b=0.4)
        law, phi = net.jacobian_law(), Tanh()
        total = sum(
            phi.gaussian_mean_slope_power(q, 4) / phi.gaussian_mean_slope_power(q, 2) ** 2 - 1 + s
            for q in net.lengths
        )
        assert float(law.variance()) / float(law.mean()) ** 2 == pytest.approx(total, rel=1e-10)


def test_zeros_of_dropout():
    net = MLP((1,) * 3, "relu", "orthogonal", dropout=Fraction(1, 5))
    assert net.jacobian_law().atoms()[0] == 1 - HALF * Fraction(4, 5)
    smooth = MLP((1,) * 3, "tanh", "orthogonal", sigma_w=1, dropout=0.25)
    assert float(smooth.jacobian_law().atoms()[0]) == pytest.approx(0.25)


@pytest.mark.long
def test_a_hundred_different_lengths():
    net = MLP((1,) * 101, "tanh", weights="orthogonal", sigma_w=1.0)
    assert len(set(net.lengths)) == 100
    law = net.jacobian_law()
    assert float(law.mean()) == pytest.approx(net.signal().gradient, rel=1e-11)
    x = np.geomspace(1e-3, 3, 200)
    cdf = law.cdf(x)
    assert (np.diff(cdf) > -1e-13).all()
    centre = 0.5 * (law.cdf(0.0502) - law.cdf(0.0498)) / 0.0002
    assert law.density(0.05) == pytest.approx(centre, rel=1e-4)


def test_densities_of_deep_products_need_no_support(monkeypatch):
    """Finding where they begin takes longer than all points together."""

    def refuse(relation):
        raise AssertionError("the support was asked for")

    monkeypatch.setattr("freesym.spectrum.support.visible_start", refuse)
    net = MLP((1,) * 61, "tanh", weights="orthogonal", sigma_w=1.0437)
    x = np.geomspace(1e-6, 0.01, 20)
    density = net.jacobian_law().density(x)
    centre = (net.jacobian_law().cdf(1.001e-3) - net.jacobian_law().cdf(0.999e-3)) / 2e-6
    assert (density > 0).all()
    assert net.jacobian_law().density(1e-3) == pytest.approx(centre, rel=1e-4)


# ------------------------------------------- claims of Pennington, Schoenholz and Ganguli (2018)


@pytest.mark.long
@pytest.mark.parametrize("name", ["erf", "hard-tanh", "tanh"])
def test_orthogonal_sigmoidal_networks_reach_isometry(name):
    """With smaller and smaller q* at criticality the variance of any depth goes to 0."""
    spreads = []
    for q in (0.3, 0.1, 0.03, 0.01):
        phi = {"erf": "erf", "hard-tanh": "hard-tanh", "tanh": "tanh"}[name]
        net = _stationary(phi, q, 20)
        law = net.jacobian_law()
        assert float(law.mean()) == pytest.approx(1, rel=1e-9)
        spreads.append(float(law.variance()))
    assert (np.diff(spreads) < 0).all()
    assert spreads[-1] < (0.1 if name == "tanh" else 0.3)


def _stationary(name, q, depth, weights="orthogonal"):
    from freesym.nets import activation_named

    phi = activation_named(name)
    variance = 1 / phi.gaussian_mean_square_slope(q)
    square = phi.gaussian_mean_square(q)
    bias = math.sqrt(max(0.0, q - variance * square))
    return MLP((1,) * (depth + 1), phi, weights, sigma_w=math.sqrt(variance), sigma_b=bias,
               input_square=square)  # fmt: skip


@pytest.mark.parametrize("name", ["erf", "hard-tanh", "linear", "relu"])
def test_gaussian_networks_never_reach_isometry(name):
    """The variance is at least the depth, whatever the activation and q."""
    for depth in (5, 20):
        net = _stationary(name, 0.01, depth, "gaussian") if name in ("erf", "hard-tanh") else MLP(
            (1,) * (depth + 1), name)  # fmt: skip
        assert float(net.jacobian_law().variance()) >= depth * (1 - 1e-12)


def test_relu_networks_never_reach_isometry():
    """Orthogonal ReLU: variance L and half of all directions dead, at every q."""
    law = MLP((1,) * 11, "relu", "orthogonal").jacobian_law()
    assert law.variance() == 10
    assert law.atoms() == {0: HALF}


# -------------------------------------------------------------------------- objects and reports


def test_singular_values():
    net = MLP((1,) * 6, "relu", "orthogonal")
    s, law = net.singular_values(), net.jacobian_law()
    x = np.array([-1.0, 0.0, 0.5, 1.5, 9.0])
    assert s.density(x)[2:4] == pytest.approx(2 * x[2:4] * law.density(x[2:4] ** 2))
    assert s.density(x)[[0, 1, 4]].tolist() == [0, 0, 0]
    assert s.cdf(x)[0] == 0
    assert s.cdf(x)[2:] == pytest.approx(law.cdf(x[2:] ** 2))
    assert s.quantile([0.6, 0.9]) == pytest.approx(np.sqrt(law.quantile([0.6, 0.9])))
    assert s.atoms() == {0.0: HALF}
    assert s.largest() == pytest.approx(math.sqrt(5**5 / 4**4))
    assert s.smallest() == 0
    assert s.sample(100, 0).shape == (100,)
    assert s.mean_square() == 1
    assert s == SingularValues(law)
    assert not hasattr(s, "__matmul__")
    axes = s.plot(singular_values=s.sample(50, 0))
    assert axes.get_xlabel() == "singular value"


@pytest.mark.long
def test_reports():
    poor = MLP((1,) * 11, "relu").report()
    assert (poor.mean, poor.variance, poor.dead, poor.verdict) == (1, 20, 0.5, "poor")
    assert poor.condition == math.inf
    assert any("orthogonal" in text for text in poor.advice)
    assert "isometry score" in str(poor)
    best = MLP((1,) * 11, "linear", "orthogonal").report()
    assert best.verdict == "isometric"
    assert best.advice == ("none needed",)
    exploding = MLP((1,) * 11, "relu", sigma_w=2).report()
    assert exploding.verdict == "exploding"
    assert "multiply sigma_w by about 0.7071" in exploding.advice[0]
    assert MLP((1,) * 11, "tanh", sigma_w=0.5).report().verdict == "vanishing"


def test_signals_are_printed():
    text = str(MLP((1,) * 21, "tanh", sigma_w=1.2, sigma_b=0.1).signal())
    assert "fixed point" in text
    assert str(MLP((1,) * 3, ["tanh", "relu"], sigma_w=1).signal()).endswith(
        "no common fixed point"
    )
    assert "no finite fixed point" in str(MLP((1,) * 3, "relu", sigma_w=2).signal())


def test_networks_without_a_finite_fixed_point_have_laws():
    net = MLP((1,) * 4, "relu", sigma_w=2, sigma_b=0.5)
    assert net.signal().fixed_point.q == math.inf
    assert net.jacobian_law().mean() == 8


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize(("depth", "sigma_w"), [(100, 2.0), (400, 2.0), (400, 1.0)])
def test_growing_and_dying_networks_are_rescaled(depth, sigma_w, weights):
    """Homogeneous networks differ by a scale alone, whatever their lengths."""
    net = MLP((1,) * (depth + 1), "relu", weights, sigma_w=sigma_w)
    if sigma_w > 2**0.5:
        assert "no finite fixed point" in str(net.signal())
    law, critical = net.jacobian_law(), MLP((1,) * (depth + 1), "relu", weights).jacobian_law()
    size = (sigma_w**2 / 2) ** depth
    assert float(law.mean()) == pytest.approx(size, rel=1e-12)
    x = np.array([0.01, 1.0, 10.0])
    assert law.cdf(x * size) == pytest.approx(critical.cdf(x), rel=1e-10)
    assert law.density(x * size) * size == pytest.approx(critical.density(x), rel=1e-10)


def test_an_activation_that_grows_too_fast_has_laws_of_a_few_layers():
    function = sympy.exp(sympy.Symbol("x"))
    assert MLP((1,) * 3, function, sigma_w=1).lengths == pytest.approx((1, math.exp(2)))
    with pytest.raises(InvalidLawError, match="no finite fixed point"):
        MLP((1,) * 6, function, sigma_w=1).jacobian_law()


def test_inputs_of_the_stated_width(seed):
    net = MLP([784, 1024, 1024, 512], "tanh", "orthogonal", sigma_w=1.05, sigma_b=0.05)
    x = np.random.default_rng(seed).standard_normal(784)
    sample = net.simulate_jacobian(x / math.sqrt(np.mean(x**2)), 256, seed)
    assert sample.net.widths == (196, 256, 256, 128)
    assert sample.distance() < 0.12
    with pytest.raises(InvalidLawError, match="give 196 or 784 numbers"):
        net.simulate_jacobian(x[:5], 256, seed)


def test_networks_that_fill_the_memory_are_refused_before_they_are_sampled():
    with pytest.raises(InvalidLawError, match=r"1\.6e\+09 weights, more than"):
        MLP([4000] * 101, "relu").sample(rng=0)


def test_networks_are_values():
    net = MLP([10, 20], "tanh", sigma_w=1.0)
    assert pickle.loads(pickle.dumps(net)) == net
    assert hash(net) == hash(MLP((10, 20), "tanh", sigma_w=1.0))
    assert net.resized(40).widths == (20, 40)
    with pytest.raises(AttributeError):
        net.widths = (1, 2)


def test_critical_by_default():
    assert MLP((1,) * 3, "relu").variances == (2, 2)
    assert MLP((1,) * 3, "prelu(1/2)").variances == (Fraction(8, 5),) * 2
    assert MLP((1,) * 3, "relu", linear_output=True).variances == (2, 1)
    net = MLP((1,) * 3, "tanh", sigma_b=0.05**0.5)
    assert net.variances[0] == pytest.approx(1.760954639606739, rel=1e-12)


def test_samples_repeat():
    net = MLP((20,) * 3, "tanh", sigma_w=1.0)
    first, second = (net.simulate_jacobian(rng=5).matrix for _ in range(2))
    assert np.array_equal(first, second)
    x = np.ones(20)
    assert net.simulate_jacobian(x, rng=1).singular_values().shape == (20,)


def test_resolution_of_deep_samples(seed):
    net = MLP((60,) * 31, "relu")
    sample = net.simulate_jacobian(rng=seed)
    values = sample.eigenvalues()
    assert np.count_nonzero(values == 0) == 60 - sample.rank
    assert kolmogorov_distance(sample.conditional_law(), values, 1e-25 * values[-1]) < 0.2


@pytest.mark.parametrize(
    "make",
    [
        lambda: MLP([3], "relu"),
        lambda: MLP([3, 0], "relu"),
        lambda: MLP([3, 2.5], "relu"),
        lambda: MLP("12", "relu"),
        lambda: MLP([3, 3], "nothing"),
        lambda: MLP([3, 3], ["relu", "tanh"]),
        lambda: MLP([3, 3], "relu", "cauchy"),
        lambda: MLP([3, 3], "relu", fs.Semicircle()),
        lambda: MLP([3, 3], "relu", sigma_w=0),
        lambda: MLP([3, 3], "relu", sigma_w=-1),
        lambda: MLP([3, 3], "relu", sigma_w=math.nan),
        lambda: MLP([3, 3], "relu", sigma_w=[1, 2]),
        lambda: MLP([3, 3], "relu", sigma_b=-1),
        lambda: MLP([3, 3], "relu", dropout=1),
        lambda: MLP([3, 3], "relu", linear_output=1),
        lambda: MLP([3, 3], "relu", input_square=0),
        lambda: MLP([3, 3], "softplus").variances,
        lambda: MLP([1] * 2001, "relu", sigma_w=3).jacobian_law(),
        lambda: MLP([3, 3, 3], "relu").jacobian_law([fs.Bernoulli(HALF)]),
        lambda: MLP([3, 3], "relu").simulate_jacobian([1.0, 2.0]),
        lambda: MLP([3, 3], "relu").simulate_jacobian([1.0, 2.0, math.nan]),
        lambda: MLP([3, 3], "relu").simulate_jacobian([1.0, 2.0, 1], stratified=True),
        lambda: MLP([10**6, 10], "relu").sample(),
        lambda: MLP([3, 3], "relu").sample(rng="x"),
        lambda: Sparse(0),
        lambda: Sparse(2),
        lambda: MLP([3, 5], "linear", fs.Uniform(1, 2)).jacobian_law(),
    ],
)
def test_refusals(make):
    with pytest.raises(FreesymError) as caught:
        make()
    assert isinstance(caught.value, (InvalidLawError, UnsupportedOperationError))


@pytest.mark.parametrize("depth", [1, 10, 50, 100, 1000])
def test_deep_relu_against_fifty_digits(depth):
    """The curve in polar coordinates about the zero of the chart."""
    from mpmath import mp, mpf

    law = MLP((1,) * (depth + 1), "relu").jacobian_law()
    with mp.workdps(50):
        half = mpf(1) / 2
        for share in ("0.02", "0.3", "0.7", "0.97"):
            gamma = mp.pi / depth * mpf(share)
            if depth == 1:
                gamma = mp.pi * mpf(share)
            b = -mp.sin(gamma) * mp.cot(depth * gamma)
            rho = (-b + mp.sqrt(b * b + 1)) / 2
            u = -half + rho * mp.exp(-1j * gamma)
            x = 2**depth * abs(1 + u) * rho**depth / abs(u)
            if not mpf("1e-250") < x:
                continue
            density = rho * mp.sin(gamma) / (mp.pi * x)
            # the relative condition of the density in x, which itself is rounded
            found = float(law.density(float(x)))
            assert found == pytest.approx(float(density), rel=3e-11 if depth == 1000 else 3e-12)
