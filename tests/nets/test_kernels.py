"""NNGP and NTK kernels, Gaussian processes and gradient descent."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freesym.errors import FreesymError
from freesym.nets import (
    GaussianProcess,
    GradientDescent,
    KernelRecursion,
    kernel_diagonal,
    kernel_matrices,
    kernel_matrix,
    sample_kernels,
    sklearn_kernel,
)
from freesym.nets.activations import activation_named
from tests.processes import output_of

RNG = np.random.default_rng(5)
X, Y, Z = RNG.standard_normal((12, 4)), RNG.standard_normal((7, 4)), RNG.standard_normal(12)
NET = KernelRecursion(["relu", "erf", "gelu"], sigma_w=[1.4, 1.2, 1.1, 0.9], sigma_b=0.3)


def by_quadrature(name, a, b, c, *, slope):
    """``E f(u) f(v)`` with ``u`` along the first axis: Gauss rules in the polar angle and radius.

    In polar coordinates the integrand is smooth between the rays on which ``u`` or ``v`` vanish.
    """
    activation = activation_named(name)
    f = activation.derivative if slope else activation.phi
    theta = math.acos(c / math.sqrt(a * b))
    rays = np.array([math.pi / 2, -math.pi / 2, theta - math.pi / 2, theta + math.pi / 2])
    wrapped = (rays + math.pi) % (2 * math.pi) - math.pi
    cuts = np.unique(np.concatenate([wrapped, np.linspace(-math.pi, math.pi, 17)]))
    x, w = np.polynomial.legendre.leggauss(40)
    half = 0.5 * np.diff(cuts)
    angle = ((cuts[:-1] + half)[:, None] + half[:, None] * x).ravel()
    weight = (half[:, None] * w).ravel()
    edges = np.linspace(0, 12, 25)
    step = 0.5 * np.diff(edges)
    r = ((edges[:-1] + step)[:, None] + step[:, None] * x).ravel()
    wr = (step[:, None] * w).ravel() * r * np.exp(-0.5 * r * r) / (2 * math.pi)
    u = math.sqrt(a) * np.cos(angle)[:, None] * r
    v = math.sqrt(b) * np.cos(angle - theta)[:, None] * r
    return float(weight @ (f(u) * f(v)) @ wr)


@pytest.mark.parametrize(
    "name", ["relu", "leaky-relu", "erf", "gelu", "sin", "cos", "tanh", "silu"]
)
@pytest.mark.parametrize(("a", "b", "c"), [(1.0, 1.0, 0.3), (0.5, 2.0, -0.8), (1.5, 0.7, 1.0)])
def test_one_layer_against_two_dimensional_quadrature(name, a, b, c):
    """The recursion's own arguments, to 1e-12."""
    net = KernelRecursion(name, sigma_w=1.3, sigma_b=0.2)
    # inputs whose first-layer covariances are a, b and c
    s, t = 1.3**2, 0.2**2
    gram = (np.array([[a, c], [c, b]]) - t) / s
    x = math.sqrt(2) * np.linalg.cholesky(gram)
    found = kernel_matrices(net, x)
    k = by_quadrature(name, a, b, c, slope=False)
    k1 = by_quadrature(name, a, b, c, slope=True)
    assert found["nngp"][0, 1] == pytest.approx(t + s * k, abs=1e-12)
    assert found["ntk"][0, 1] == pytest.approx(t + s * k + c * s * k1, abs=1e-12)


@pytest.mark.parametrize("name", ["relu", "erf", "gelu", "tanh", "leaky-relu(1/5)"])
def test_slopes_are_derivatives(name):
    """``dk/dc = k'`` through the recursion, by central differences."""
    net = KernelRecursion([name, name], sigma_w=1.3, sigma_b=0.2)

    def kernel(c):
        x1, x2 = np.array([1.0, 0.0]), np.array([c, math.sqrt(1 - c * c)])
        return kernel_matrix(net, x1, x2, "nngp")

    step, c = 1e-5, 0.3
    slope = (kernel(c + step) - kernel(c - step)) / (2 * step)
    k1 = 0.2**2 + 1.3**2 * np.array([0.5, 0.5 * c])
    activation = activation_named(name)
    chain, q, r = 0.5 * 1.3**2, k1[0], k1[1]
    for _ in range(2):
        chain *= 1.3**2 * activation.dual_slope(q, q, r)
        q, r = (0.2**2 + 1.3**2 * activation.dual(q, q, v) for v in (q, r))
    assert slope == pytest.approx(chain, rel=1e-8)
    assert kernel(c) == pytest.approx(r, rel=1e-13)


def test_matrices_are_symmetric_and_tiles_agree():
    wide = np.random.default_rng(6).standard_normal((450, 3))
    for get in ("nngp", "ntk"):
        whole = kernel_matrix(NET, wide, get=get)
        assert np.array_equal(whole, whole.T)
        np.testing.assert_allclose(
            kernel_matrix(NET, wide, wide[190:200], get), whole[:, 190:200], rtol=1e-12
        )
        np.testing.assert_allclose(kernel_diagonal(NET, wide, get), np.diagonal(whole), rtol=1e-14)
        assert np.linalg.eigvalsh(whole)[0] > -1e-10
    assert kernel_matrix(NET, X[0], Y[0]) == pytest.approx(kernel_matrix(NET, X, Y)[0, 0])
    assert kernel_matrix(NET, X[0], Y).shape == (7,)
    assert kernel_matrix(NET, X, Y[0]).shape == (12,)


def test_equal_inputs_have_the_kernel_of_the_diagonal():
    """Scalar products round; slopes of kinks have a root singularity there."""
    rows = np.random.default_rng(7).standard_normal((40, 30))
    doubled = np.vstack([rows, rows])
    net = KernelRecursion(["relu"] * 4, sigma_w=math.sqrt(2))
    whole = kernel_matrix(net, doubled)
    np.testing.assert_allclose(np.diagonal(whole[:40, 40:]), np.diagonal(whole)[:40], rtol=1e-13)


def test_deep_relu_on_the_sphere():
    """``Theta^(L)(x, x) = L`` for sigma_w^2 = 2 and |x|^2/n_0 = 1/2."""
    x = np.array([1.0, 0.0])
    for depth in (1, 10, 200):
        net = KernelRecursion(["relu"] * depth, sigma_w=math.sqrt(2))
        assert kernel_matrix(net, x, x) == pytest.approx(depth + 1, rel=1e-12)
        assert kernel_matrix(net, x, x, "nngp") == pytest.approx(1, rel=1e-12)


def test_no_hidden_layer_is_linear_regression():
    net = KernelRecursion([], sigma_w=2.0, sigma_b=0.5)
    np.testing.assert_allclose(kernel_matrix(net, X, Y), 0.25 + 4 * X @ Y.T / 4, rtol=1e-13)


@pytest.mark.parametrize(("name", "error"), [("erf", 0.04), ("relu", 0.08), ("gelu", 0.08)])
def test_real_networks(name, error):
    net = KernelRecursion([name] * 3, sigma_w=1.4, sigma_b=0.1)
    runs = [sample_kernels(net, X, 1000, seed, outputs=4) for seed in range(4)]  # seeds 0 to 3
    theta = np.mean([run.tangent for run in runs], axis=0)
    exact = kernel_matrix(net, X)
    assert np.abs(theta - exact).max() < error * np.abs(exact).max()


# ------------------------------------------------------------------------ Gaussian processes


@pytest.mark.parametrize("get", ["nngp", "ntk"])
@pytest.mark.parametrize("noise", [1e-2, 0.5])
def test_posterior_against_scikit_learn(get, noise):
    gp = pytest.importorskip("sklearn.gaussian_process")
    fitted = GaussianProcess(NET, get=get, noise=noise).fit(X, Z)
    other = gp.GaussianProcessRegressor(sklearn_kernel(NET, get), alpha=noise).fit(X, Z)
    for (mean, spread), (expected, deviation) in [
        (fitted.predict(Y, return_std=True), other.predict(Y, return_std=True)),
        (fitted.predict(Y, return_cov=True), other.predict(Y, return_cov=True)),
    ]:
        np.testing.assert_allclose(mean, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(spread, deviation, rtol=1e-7, atol=1e-12)
    likelihood = other.log_marginal_likelihood_value_
    assert fitted.log_marginal_likelihood() == pytest.approx(likelihood, rel=1e-12)
    assert fitted.jitter == 0
    np.testing.assert_array_equal(fitted.predict(Y), fitted.predict(Y, return_std=True)[0])


def test_scikit_learn_composes_clones_and_pickles():
    kernels = pytest.importorskip("sklearn.gaussian_process.kernels")
    from sklearn.base import clone

    kernel = sklearn_kernel(NET, "ntk")
    whole = 2.0 * clone(kernel) + kernels.WhiteKernel(0.1)
    again = pickle.loads(pickle.dumps(whole))
    np.testing.assert_allclose(again(X), 2 * kernel_matrix(NET, X) + 0.1 * np.eye(12))
    np.testing.assert_allclose(again.diag(X), np.diagonal(again(X)), rtol=1e-13)
    matrix, gradient = kernel(X, eval_gradient=True)
    assert matrix.shape == (12, 12)
    assert gradient.shape == (12, 12, 0)
    assert not kernel.is_stationary()


def test_scikit_learn_is_not_imported():
    code = "import sys, freesym.nets; print('sklearn' in sys.modules)"
    assert output_of("-c", code) == "False"


def test_several_outputs():
    targets = np.stack([Z, -2 * Z], axis=1)
    fitted = GaussianProcess(NET, noise=0.1).fit(X, targets)
    single = GaussianProcess(NET, noise=0.1).fit(X, Z)
    np.testing.assert_allclose(fitted.predict(Y)[:, 1], -2 * single.predict(Y), rtol=1e-12)


def test_duplicated_inputs_report_their_jitter():
    twice = np.vstack([X, X])
    fitted = GaussianProcess(NET).fit(twice, np.concatenate([Z, Z]))
    assert 0 < fitted.jitter < 1e-6 * fitted.kernel[0, 0]
    np.testing.assert_allclose(fitted.predict(X), Z, atol=1e-5)
    assert GaussianProcess(NET).fit(X, Z).jitter == 0


# ------------------------------------------------------------------------- gradient descent


def descent():
    return GradientDescent(NET, X, Z)


def test_gradient_descent_by_steps():
    """The closed form against the iteration itself, below and above the border."""
    run = descent()
    theta, across = kernel_matrix(NET, X), kernel_matrix(NET, Y, X)
    border = run.learning_rate_border()
    assert border == pytest.approx(2 / np.linalg.eigvalsh(theta)[-1], rel=1e-12)
    for share, steps in [(0.99, 60), (0.3, 200), (1.01, 40)]:
        rate = share * border
        f, g = np.zeros(12), np.zeros(7)
        for _ in range(steps):
            error = Z - f
            f, g = f + rate * theta @ error, g + rate * across @ error
        np.testing.assert_allclose(
            run.predict(Y, learning_rate=rate, steps=steps), g, rtol=1e-9, atol=1e-10
        )
    errors = [np.abs(run.predict(X, learning_rate=s * border, steps=4000) - Z).max()
              for s in (0.99, 1.01)]  # fmt: skip
    assert errors[0] < 0.5
    assert errors[1] > 1e6


def test_gradient_flow():
    run = descent()
    np.testing.assert_array_equal(run.predict(Y, 0.0), np.zeros(7))
    np.testing.assert_allclose(run.predict(Y), GaussianProcess(NET).fit(X, Z).predict(Y), rtol=1e-8)
    np.testing.assert_allclose(run.predict(X), Z, rtol=1e-8)
    slow = run.predict(Y, learning_rate=1e-6, steps=10**6)
    np.testing.assert_allclose(run.predict(Y, 1.0), slow, rtol=1e-4, atol=1e-5)
    assert GaussianProcess(NET).fit(X, Z).dynamics().learning_rate_border() == pytest.approx(
        run.learning_rate_border()
    )


def test_spread_over_initialisations():
    run = descent()
    start = run.predict(Y, 0.0, return_std=True)[1]
    np.testing.assert_allclose(start, np.sqrt(kernel_diagonal(NET, Y, "nngp")), rtol=1e-12)
    np.testing.assert_allclose(run.predict(X, return_std=True)[1], 0, atol=1e-5)


def test_convergence_rate():
    run = descent()
    low, high = run.eigenvalues[[0, -1]]
    assert run.condition_number() == pytest.approx(high / low)
    kappa = run.condition_number()
    assert run.convergence_rate() == pytest.approx((kappa - 1) / (kappa + 1))
    assert run.convergence_rate(run.learning_rate_border()) == pytest.approx(1)
    twice = GradientDescent(NET, np.vstack([X, X]), np.concatenate([Z, Z]))
    assert twice.condition_number() == math.inf
    assert np.isfinite(twice.predict(Y)).all()


@settings(max_examples=20)
@given(
    st.floats(0.1, 3), st.floats(0, 2), st.integers(0, 4), st.sampled_from(["relu", "erf", "sin"])
)
def test_kernels_are_positive(sigma_w, sigma_b, depth, name):
    net = KernelRecursion([name] * depth, sigma_w, sigma_b)
    for get in ("nngp", "ntk"):
        matrix = kernel_matrix(net, X, get=get)
        values = np.linalg.eigvalsh(matrix)
        assert values[0] >= -1e-12 * values[-1]


# --------------------------------------------------------------------------------- bad input

BAD = {
    "no such activation": lambda: KernelRecursion("rely"),
    "negative sigma_w": lambda: KernelRecursion("relu", sigma_w=-1),
    "zero sigma_w": lambda: KernelRecursion("relu", sigma_w=0),
    "negative sigma_b": lambda: KernelRecursion("relu", sigma_b=-0.1),
    "infinite sigma_w": lambda: KernelRecursion("relu", sigma_w=math.inf),
    "too few sigmas": lambda: KernelRecursion(["relu"] * 3, sigma_w=[1, 1]),
    "text": lambda: KernelRecursion("relu", sigma_w="1"),
    "no network": lambda: kernel_matrix("relu", X),
    "nan": lambda: kernel_matrix(NET, [[math.nan]]),
    "ragged": lambda: kernel_matrix(NET, [[1.0], [1.0, 2.0]]),
    "text inputs": lambda: kernel_matrix(NET, [["a"]]),
    "three axes": lambda: kernel_matrix(NET, np.ones((2, 2, 2))),
    "empty": lambda: kernel_matrix(NET, np.ones((0, 2))),
    "other features": lambda: kernel_matrix(NET, X, Y[:, :2]),
    "fixed features": lambda: kernel_matrix(KernelRecursion("relu", features=3), X),
    "other kernel": lambda: kernel_matrix(NET, X, get="rbf"),
    "overflow": lambda: kernel_matrix(KernelRecursion(["linear"] * 900, sigma_w=9), X),
    "negative noise": lambda: GaussianProcess(NET, noise=-1),
    "other process": lambda: GaussianProcess(NET, get="rbf"),
    "too few targets": lambda: GaussianProcess(NET).fit(X, Z[:3]),
    "nan targets": lambda: GaussianProcess(NET).fit(X, np.full(12, np.nan)),
    "both spreads": lambda: GaussianProcess(NET, noise=1).fit(X, Z).predict(
        Y, return_std=True, return_cov=True),
    "predict other features": lambda: GaussianProcess(NET, noise=1).fit(X, Z).predict(Y[:, :2]),
    "vanishing kernel": lambda: GaussianProcess(KernelRecursion("relu")).fit(
        np.zeros((2, 2)), [0, 1]),
    "negative time": lambda: descent().predict(Y, -1.0),
    "steps without a rate": lambda: descent().predict(Y, steps=3),
    "negative rate": lambda: descent().predict(Y, learning_rate=-1.0, steps=3),
    "half a step": lambda: descent().predict(Y, learning_rate=1.0, steps=0.5),
    "widths": lambda: sample_kernels(NET, X, [3]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    with pytest.raises(FreesymError) as caught:
        BAD[name]()
    message = str(caught.value)
    assert message
    assert "\n" not in message


# ----------------------------------------------------------------------------- command line


def run_kernel(capsys, *arguments):
    from freesym.cli import main

    code = main(["kernel", *map(str, arguments)])
    return code, *capsys.readouterr()


def test_command_writes_the_kernel(tmp_path, capsys):
    np.save(tmp_path / "x.npy", X)
    np.savetxt(tmp_path / "x.csv", X, delimiter=",", header="a,b,c,d", comments="")
    for name in ("x.npy", "x.csv"):
        code, printed, _ = run_kernel(
            capsys, tmp_path / name, "--depth", 2, "--activation", "erf", "--sigma-b", 0.1,
            "--csv", tmp_path / "k.csv",
        )  # fmt: skip
        assert code == 0
        assert "12 samples of 4 features" in printed
        written = np.loadtxt(tmp_path / "k.csv", delimiter=",")
        net = KernelRecursion(["erf"] * 2, sigma_b=0.1)
        np.testing.assert_allclose(written, kernel_matrix(net, X), rtol=1e-14)
        border = 2 / np.linalg.eigvalsh(written)[-1]
        assert f"below {border:.6g}"[:12] in printed


@pytest.mark.parametrize("shape", ['"widths": [4, 9, 9, 1]', '"depth": 3'])
def test_command_reads_architectures(tmp_path, capsys, shape):
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "net.json").write_text(
        f'{{{shape}, "activation": ["erf", "relu", "relu"], "sigma_w": 1.2, "sigma_b": 0.1, '
        '"linear_output": true}'
    )
    code, printed, _ = run_kernel(
        capsys, tmp_path / "x.npy", "--config", tmp_path / "net.json", "--csv", tmp_path / "k.csv"
    )
    assert code == 0
    assert "2 hidden layers of erf, relu, sigma_w = 1.2" in printed
    written = np.loadtxt(tmp_path / "k.csv", delimiter=",")
    net = KernelRecursion(["erf", "relu"], sigma_w=1.2, sigma_b=0.1)
    np.testing.assert_allclose(written, kernel_matrix(net, X), rtol=1e-14)


def test_command_refuses_residual_kernels(tmp_path, capsys):
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "net.toml").write_text('kind = "residual"\ndepth = 2\n')
    code, _, errors = run_kernel(capsys, tmp_path / "x.npy", "--config", tmp_path / "net.toml")
    assert code != 0
    assert "kernels" in errors


def test_command_standardises(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.column_stack([5 * X + 3, np.ones(12)]))
    code, printed, _ = run_kernel(capsys, tmp_path / "x.npy", "--standardise", "--get", "nngp")
    assert code == 0
    assert "4 features" in printed
    assert "learning rate" not in printed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no numbers"),
        ("1,2\n3\n", "no matrix"),
        ("1,2\nnan,3\n", "finite"),
        ("1,x\n", "numbers"),
    ],
)
def test_command_refuses(tmp_path, capsys, content, words):
    path = tmp_path / "x.csv"
    path.write_text(content)
    code, _, message = run_kernel(capsys, path)
    assert code == 2
    assert words in message
    assert message.count("\n") == 1


def test_command_without_a_file(tmp_path, capsys):
    code, _, message = run_kernel(capsys, tmp_path / "none.npy")
    assert code == 2
    assert "cannot read" in message
