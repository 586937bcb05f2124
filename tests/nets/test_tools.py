"""Design, freeness reports, your own networks, and architectures as text."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pytest

import freesym as fs
from freesym import nets
from freesym.architecture import architecture, parse_activation, read_architecture
from freesym.cli import main
from freesym.errors import FreesymError, InvalidLawError
from freesym.nets import (
    MLP,
    ResidualMLP,
    Sparse,
    Tanh,
    design,
    freeness_report,
    from_weights,
    save_weights,
)

# --------------------------------------------------------------------------------------- design


@pytest.mark.long
def test_design_of_the_mean():
    found = design("relu", 20, mean=1)
    assert found.value == pytest.approx(2**0.5, rel=1e-10)
    assert "mean squared singular value" in str(found)
    found = design("tanh", 15, weights="orthogonal", sigma_b=0.1, mean=1)
    assert found.net.signal().gradient == pytest.approx(1, rel=1e-10)


def test_design_of_the_leak():
    """``L (2 (1 + s^4)/(1 + s^2)^2 - 1) = 1/2`` at criticality."""
    s = design(depth=10, vary="slope", weights="orthogonal", variance=0.5).value
    assert 10 * (2 * (1 + s**4) / (1 + s**2) ** 2 - 1) == pytest.approx(0.5, rel=1e-9)


def test_design_of_the_largest_singular_value():
    found = design("linear", 3, largest=1)
    assert found.value == pytest.approx((4**4 / 3**3) ** (-1 / 6), rel=1e-9)


def test_design_of_residual_scales():
    found = design("linear", 10, vary="scale", mean=math.e)
    assert found.value == pytest.approx((math.exp(0.1) - 1) ** 0.5, rel=1e-10)
    assert isinstance(found.net, ResidualMLP)


def test_design_of_gates():
    found = design("linear", 4, vary="keep", weights="orthogonal", sigma_w=1, variance=1)
    keep = found.value
    assert found.achieved == pytest.approx(1, rel=1e-9)
    assert float(found.net.dropout[0]) == pytest.approx(1 - keep)


def test_design_of_conditioning():
    found = design(depth=3, vary="slope", weights="orthogonal", conditioning=1.5)
    law = found.net.jacobian_law()
    assert math.sqrt(law.support()[-1][1] / law.quantile(0.5)) == pytest.approx(1.5, rel=1e-6)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"mean": 1, "variance": 1},
        {"mean": -1},
        {"mode": 1},
        {"mean": 1, "vary": "depth"},
        {"variance": 0.001, "vary": "slope"},
        {"mean": 1, "vary": "scale", "scale": 1},
        {"mean": 1, "depth": 0},
    ],
)
def test_impossible_designs(wish):
    with pytest.raises(FreesymError):
        design("relu", wish.pop("depth", 5), **wish)


# ------------------------------------------------------------------------------------- freeness


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_real_networks_are_asymptotically_free(weights, seed):
    net = MLP((1,) * 4, "tanh", weights, sigma_w=1.3, sigma_b=0.3)
    found = freeness_report(net, (60, 120, 240), seed)
    assert found.largest_moment < 0.15
    assert found.distances[-1] < 1.5 / math.sqrt(240)
    assert found.conditional[-1] < 12 / 240
    assert found.rates[1] < -0.4
    assert "rates: n^" in str(found)


def test_commuting_layers_are_seen(seed):
    """Diagonal weights commute: the mixed moments are far from 0."""
    from freesym.nets.freeness import mixed_moments
    from freesym.nets.realisation import JacobianRealisation

    rng = np.random.default_rng(seed)
    diagonal = np.diag(rng.uniform(0.5, 1.5, 200))
    net = MLP((200,) * 3, "linear", sigma_w=1)
    sample = JacobianRealisation(net, (diagonal, diagonal), (np.ones(200),) * 2)
    assert max(m.value for m in mixed_moments(sample)) > 0.9


def test_freeness_needs_widths():
    for n in ((), (100, 50), 3, "abc", (10, 10)):
        with pytest.raises(FreesymError):
            freeness_report(MLP((1,) * 3, "relu"), n)


# ----------------------------------------------------------------------------- your own network


def _arrays(rng, widths):
    found = []
    for before, after in itertools.pairwise(widths):
        found += [rng.standard_normal((after, before)) * math.sqrt(2 / before),
                  0.1 * rng.standard_normal(after)]  # fmt: skip
    return found


@pytest.mark.long
@pytest.mark.parametrize("widths", [(300, 300, 300), (200, 400, 300), (300, 200, 250)])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_random_weights_are_free(widths, activation, seed):
    rng = np.random.default_rng(seed)
    network = from_weights(_arrays(rng, widths), activation)
    result = network.compare(rng.standard_normal(widths[0]))
    assert result.distance < 12 / min(widths)
    assert result.mean_ratio == pytest.approx(1, rel=0.1)
    assert "Kolmogorov" in str(result)
    assert result.plot() is not None


def test_the_jacobian_of_your_network(seed):
    rng = np.random.default_rng(seed)
    network = from_weights(_arrays(rng, (20, 30, 10)), "tanh", linear_output=False)
    x, direction = rng.standard_normal((2, 20))
    slope = (network(x + 1e-6 * direction) - network(x - 1e-6 * direction)) / 2e-6
    assert network.jacobian(x) @ direction == pytest.approx(slope, rel=1e-6)
    assert network(np.stack([x, direction])).shape == (2, 10)


def test_dependent_weights_are_not_free(seed):
    """The same matrix twice is no free pair: the prediction fails visibly."""
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((300, 300)) / math.sqrt(300)
    network = from_weights([w, w.T], "linear")
    assert network.compare(np.ones(300)).distance > 0.04


def test_networks_that_pass_nothing_on():
    found = from_weights([np.zeros((4, 3)), np.ones((2, 4))]).compare(np.ones(3))
    assert found.mean_ratio == 1
    assert found.distance == 0
    assert "inputs" in str(found)


def test_archives(tmp_path, seed):
    rng = np.random.default_rng(seed)
    arrays = _arrays(rng, (12, 9, 5))
    save_weights(tmp_path / "w.npz", arrays)
    x = rng.standard_normal(12)
    expected = from_weights(arrays)(x)
    assert from_weights(str(tmp_path / "w.npz"))(x) == pytest.approx(expected)
    named = {"0.weight": arrays[0], "0.bias": arrays[1], "2.weight": arrays[2], "2.bias": arrays[3]}
    assert from_weights(named)(x) == pytest.approx(expected)

    class Tensor:
        def __init__(self, array):
            self.array = array

        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            return self.array

    tensors = {name: Tensor(array) for name, array in named.items()}
    assert from_weights(tensors)(x) == pytest.approx(expected)
    np.save(tmp_path / "one.npy", arrays[0])
    np.savez(tmp_path / "pickle.npz", np.array([object()], dtype=object))
    (tmp_path / "text.npz").write_text("no archive")
    np.savez_compressed(tmp_path / "zlib.npz", np.ones((9, 9)))
    content = bytearray((tmp_path / "zlib.npz").read_bytes())
    (tmp_path / "zlib.npz").write_bytes(content[:59] + b"\xff" + content[60:])
    content[content.index(b"PK\x01\x02") + 8] |= 32  # "compressed patched data"
    (tmp_path / "patched.npz").write_bytes(content)
    content[content.index(b"PK\x01\x02") + 8] = 1  # encrypted
    (tmp_path / "encrypted.npz").write_bytes(content)
    for name in (
        "one.npy",
        "pickle.npz",
        "text.npz",
        "missing.npz",
        "zlib.npz",
        "patched.npz",
        "encrypted.npz",
    ):
        with pytest.raises(InvalidLawError, match=name):
            from_weights(tmp_path / name)


W = np.eye(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: from_weights([]),
        lambda: from_weights([np.ones(3)]),
        lambda: from_weights([W, np.ones(2)]),
        lambda: from_weights([W, np.ones((2, 2))]),
        lambda: from_weights([np.full((2, 2), math.nan)]),
        lambda: from_weights([np.array([["a"]])]),
        lambda: from_weights([np.ones((2, 2, 2))]),
        lambda: from_weights([np.zeros((0, 3))]),
        lambda: from_weights(3),
        lambda: from_weights([W, W], ["relu", "relu", "relu"]),
        lambda: from_weights([W], "nothing"),
        lambda: from_weights([W]).compare([1.0]),
        lambda: from_weights([W]).compare([1.0, 2.0, math.inf]),
        lambda: from_weights([W]).compare("abc"),
        lambda: from_weights([W]).compare(np.ones((0, 3))),
        lambda: from_weights([W]).compare(np.ones(3), limit=0),
    ],
)
def test_refused_networks(make):
    with pytest.raises(FreesymError):
        make()


# --------------------------------------------------------------------------------- architectures


def test_activation_expressions():
    phi = parse_activation("x*sigmoid(2*x) - max(x, 1/3)/4 + pow(x, 2)*exp(-x*x)")
    x = np.linspace(-3, 3, 7)
    expected = x / (1 + np.exp(-2 * x)) - np.maximum(x, 1 / 3) / 4 + x**2 * np.exp(-x * x)
    assert phi.phi(x) == pytest.approx(expected)
    assert phi.breakpoints == pytest.approx((1 / 3,))
    assert parse_activation("tanh") == Tanh()
    assert parse_activation("softplus(x)").phi(x) == pytest.approx(np.log1p(np.exp(x)))


@pytest.mark.parametrize(
    "text",
    ["", "swoosh", "x y", "x**2", "y*x", "foo(x)", "max(x)", "x/0", "x*1e999", "x @ x",
     "__import__('os')", "x.__class__", "tanh(x, 1)", "pow(x, x)", "log(0)*x", "x" * 600,
     "tanh(" * 60 + "x" + ")" * 60, "1/2", "[x]", "pow(x, 1000)", "tanh(y=x)"],
)  # fmt: skip
def test_refused_expressions(text):
    with pytest.raises(InvalidLawError):
        parse_activation(text)


TABLES = [
    ({"widths": [4, 3, 2], "activation": ["tanh", "x*tanh(x)"], "sigma_w": ["1/2", 1.5],
      "weights": ["orthogonal", {"sparse": 0.2}], "linear_output": True, "dropout": "1/10"}, MLP),
    ({"kind": "residual", "depth": 3, "scale": 0.1, "weights": {"law": "MP(1/2)"}}, ResidualMLP),
]  # fmt: skip


@pytest.mark.parametrize(("table", "kind"), TABLES)
def test_architectures(tmp_path, table, kind):
    net = architecture(table)
    assert isinstance(net, kind)
    (tmp_path / "net.json").write_text(json.dumps(table))
    assert read_architecture(tmp_path / "net.json") == net


def test_toml(tmp_path):
    (tmp_path / "net.toml").write_text(
        'widths = [4, 3, 2]\nactivation = ["tanh", "x*tanh(x)"]\nsigma_w = ["1/2", 1.5]\n'
        'weights = ["orthogonal", {sparse = 0.2}]\nlinear_output = true\ndropout = "1/10"\n'
    )
    net = read_architecture(tmp_path / "net.toml")
    assert net == architecture(TABLES[0][0])
    assert net.sigma_w == (Fraction(1, 2), 1.5)
    assert net.weights[1] == Sparse(0.2)
    assert net.dropout == (Fraction(1, 10), 0)


@pytest.mark.parametrize(
    "table",
    [
        [], {}, {"widths": 3}, {"widths": [1, "a"]}, {"depth": 0}, {"depth": True},
        {"depth": 2, "widths": [1, 1]}, {"depth": 2, "width": 3}, {"depth": 2, "kind": "cnn"},
        {"kind": "residual"}, {"kind": "residual", "depth": 2, "linear_output": True},
        {"depth": 2, "sigma_w": "x"}, {"depth": 2, "sigma_w": True}, {"depth": 2, "sigma_w": []},
        {"depth": 2, "weights": {"law": "nonsense("}}, {"depth": 2, "weights": {"a": 1}},
        {"depth": 2, "activation": "import os"}, {"depth": 2, "sigma_w": "1/0"},
    ],
)  # fmt: skip
def test_refused_architectures(table):
    with pytest.raises(FreesymError):
        architecture(table)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", "{"), ("a.toml", "a = "), ("a.yaml", "a: 1"), ("b.json", "[" * 100_000),
     ("c.json", '{"depth": NaN}'), ("d.json", "\x00\xff"), ("e.json", '{"kind": []}'),
     ("f.json", '{"depth": 2, "dropout": "1e9999999999"}'),
     ("g.json", '{"depth": 2, "sigma_w": 1' + "0" * 400 + "}"),
     ("i.toml", 'kind = "residual"\ndepth = "mlp"'),
     ("h.json", '{"depth": 2, "activation": "leaky_relu(1e-9999999999)"}')],
)  # fmt: skip
def test_refused_files(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidLawError):
        read_architecture(tmp_path / name)
    with pytest.raises(InvalidLawError):
        read_architecture(tmp_path / "missing.json")


# -------------------------------------------------------------------------------- command line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--activation", "tanh", "--weights", "orthogonal", "--sigma-w", "1.1", "--sigma-b", "0.1"],
        pytest.param(["--activation", "x*tanh(x)", "--sigma-w", "1"], marks=pytest.mark.long),
        ["--activation", "tanh", "--q", "0.5"],
        ["--dropout", "1/4", "--linear-output"],
        ["--residual", "0.3"],
        ["--activation", "elu", "--report"],
        ["--residual", "0.1", "--report"],
    ],
    ids=" ".join,
)
def test_jacobian_command(capsys, arguments):
    assert main(["jacobian", "--depth", "3", *arguments, "--verify", "60"]) == 0 or (
        "--report" in arguments)  # fmt: skip
    assert "Kolmogorov" in capsys.readouterr().out


def test_jacobian_of_a_file(capsys, tmp_path):
    file = tmp_path / "net.json"
    file.write_text(json.dumps({"depth": 4, "activation": "relu", "weights": "orthogonal"}))
    assert main(["jacobian", "--config", str(file), "--report"]) == 0
    out = capsys.readouterr().out
    assert "verdict" in out
    assert "0 with mass 1/2" in out


def test_phase_command(capsys, tmp_path):
    picture, numbers = tmp_path / "phase.png", tmp_path / "phase.csv"
    arguments = ["phase", "--sigma-w", "1.5", "--points", "12", "--sigma-b", "0.1"]
    assert main([*arguments, "--plot", str(picture), "--csv", str(numbers)]) == 0
    out = capsys.readouterr().out
    assert "edge of chaos     sigma_w = 1.193400725 at sigma_b = 1/10" in out
    assert "chaotic" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(numbers.read_text().splitlines()) == 145
    assert main(["phase", "--activation", "relu"]) == 0
    assert "sigma_w = none at sigma_b = 1/20" in capsys.readouterr().out


def test_design_command(capsys):
    arguments = ["design", "--depth", "5", "--vary", "slope", "--weights", "orthogonal"]
    assert main([*arguments, "--variance", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "slope = " in out
    assert "variance          0.5" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["jacobian", "--activation", "nothing(x)"],
        ["jacobian", "--config", "missing.toml"],
        ["jacobian", "--residual", "0.1", "--widths", "3,4"],
        ["jacobian", "--activation", "tanh", "--q", "1", "--sigma-w", "5"],
        ["jacobian", "--activation", "tanh", "--q", "1", "--sigma-b", "1"],
        ["jacobian", "--activation", "tanh", "--q", "-1"],
        ["jacobian", "--dropout", "1"],
        ["jacobian", "--sigma-b", "-1"],
        ["phase", "--activation", "x +"],
        ["phase", "--sigma-w", "0", "--sigma-b", "0.1", "--largest-w", "0", "--csv", "/dev/null"],
        ["phase", "--points", "1"],
        ["phase", "--plot", "a.txt"],
        ["design"],
        ["design", "--mean", "1", "--variance", "2"],
        ["design", "--mean", "0"],
        ["design", "--vary", "slope", "--variance", "1e-9"],
    ],
    ids=" ".join,
)
def test_refused_commands(capsys, arguments):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("freesym: error: ")
    assert captured.err.count("\n") == 1


def test_laws_of_weights_in_files():
    net = architecture(TABLES[1][0])
    assert net.weights[0] == fs.MarchenkoPastur(Fraction(1, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "rellu"}, "no activation 'rellu'"),
        ({"weights": "unitary"}, "unitary"),
        ({"sigma_b": -1}, "sigma_b = -1"),
        ({"sigma_w": 0, "vary": "keep"}, "sigma_w = 0"),
    ],
)
def test_design_says_which_argument_is_wrong(arguments, message):
    with pytest.raises(fs.FreesymError, match=message):
        nets.design(**{"depth": 4, "mean": 1, **arguments})


@pytest.mark.parametrize("n", [0, -1])
def test_samples_have_units(n):
    with pytest.raises(fs.FreesymError, match="n = "):
        nets.MLP([1, 1], "relu").sample(n)
