"""Mean field theory: fixed points, the edge of chaos, initialisations."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from freesym.errors import FreesymError, InvalidLawError
from freesym.nets import (
    MLP,
    Tanh,
    activation_named,
    critical_line,
    critical_point,
    fixed_point,
    initialisations,
    phase_diagram,
    phases,
)

from .reference import truth


def test_fixed_point_of_truth():
    expected = truth("tanh q* (sw2=1.5,sb2=0.1)")
    assert fixed_point("tanh", 1.5**0.5, 0.1**0.5).q == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_critical_line_of_truth(name):
    q, variance = truth(f"{name} critical line sb2=0.05: (q*,sw2)")
    point = critical_point(name, 0.05**0.5)
    assert point.q == pytest.approx(q, rel=1e-13)
    assert point.sigma_w**2 == pytest.approx(variance, rel=1e-13)


@pytest.mark.parametrize(
    ("name", "sigma_w"),
    [("relu", 2**0.5), ("linear", 1), ("tanh", 1), ("sin", 1), ("hard-tanh", 1), ("elu", 1),
     ("prelu(1/2)", 1.6**0.5), ("erf", math.sqrt(math.pi) / 2)],
)  # fmt: skip
def test_critical_without_biases(name, sigma_w):
    assert critical_line(name) == pytest.approx(sigma_w, rel=1e-13)


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu", "silu", "sigmoid", "hard-tanh", "elu"])
def test_critical_points_are_critical(name):
    point = critical_point(name, 0.2)
    phi = activation_named(name)
    q = point.sigma_w**2 * phi.gaussian_mean_square(point.q) + 0.04
    assert q == pytest.approx(point.q, rel=1e-12)
    assert point.sigma_w**2 * phi.gaussian_mean_square_slope(point.q) == pytest.approx(1)


def test_relu_with_biases_is_never_critical():
    with pytest.raises(InvalidLawError, match="no sigma_w is critical"):
        critical_line("relu", 0.1)
    with pytest.raises(InvalidLawError, match="only sigma_b = 0"):
        critical_line("leaky-relu", 1.0)
    with pytest.raises(InvalidLawError, match=r"up to about 3\.35"):
        critical_line("gelu", 5.0)
    with pytest.raises(InvalidLawError, match="no sigma_b has one"):
        critical_line("softplus", 0.3)
    lines = critical_line("tanh", [0.0, 0.1, 0.3])
    assert (np.diff(lines) > 0).all()


def test_phases():
    assert fixed_point("tanh", 0.9, 0).q == 0
    assert fixed_point("tanh", 0.9, 0).phase == "ordered"
    chaotic = fixed_point("tanh", 2.0, 0.1)
    assert chaotic.phase == "chaotic"
    phi = Tanh()
    mapped = (
        4 * phi.dual(chaotic.q, chaotic.q, chaotic.q * chaotic.correlation) + 0.01
    ) / chaotic.q
    assert mapped == pytest.approx(chaotic.correlation, rel=1e-9)
    slope = 4 * phi.dual_slope(chaotic.q, chaotic.q, chaotic.q * chaotic.correlation)
    assert chaotic.depth_of_correlation == pytest.approx(-1 / math.log(slope), rel=1e-9)
    assert fixed_point("relu", 1.5).phase == "unbounded"
    assert fixed_point("relu", 2**0.5).phase == "critical"
    assert fixed_point("relu", 1.0, 0.5).q == pytest.approx(0.5)
    assert math.isinf(fixed_point("relu", 2**0.5).depth_of_correlation)


def test_depth_scales_are_those_of_the_iterated_maps():
    sigma_w, sigma_b = 1.3, 0.3
    net = MLP((1,) * 31, "tanh", sigma_w=sigma_w, sigma_b=sigma_b, input_square=3)
    point = net.signal().fixed_point
    gaps = np.abs(np.array(net.lengths[2:14]) - point.q)
    rate = (gaps[-1] / gaps[-4]) ** (1 / 3)
    assert -1 / math.log(rate) == pytest.approx(point.depth_of_length, rel=1e-3)
    # c* = 1 is approached slowly: compare the last steps
    correlations = np.array(net.signal().correlations)
    ratio = (1 - correlations[-1]) / (1 - correlations[-2])
    assert ratio == pytest.approx(point.chi, rel=1e-2)


def test_lengths_are_those_of_real_networks(seed):
    rng = np.random.default_rng(seed)
    net = MLP([800, 1000, 600, 900], ["tanh", "relu", "gelu"], sigma_w=[1.3, 1.1, 1.4],
              sigma_b=0.2, dropout=[0.3, 0, 0.1])  # fmt: skip
    sizes = []
    for _ in range(4):
        network = net.sample(rng=rng)
        signal = rng.standard_normal(800)
        row = []
        for w, b, m, phi in network._layers():
            h = w @ signal + b
            row.append(np.mean(h**2))
            signal = m * phi.phi(h)
        sizes.append(row)
    assert np.mean(sizes, axis=0) == pytest.approx(net.lengths, rel=0.1)


def test_phase_diagram():
    w, b = np.linspace(0.5, 3, 12), np.linspace(0, 1, 7)
    diagram = phase_diagram("tanh", w, b)
    assert "\n" not in repr(diagram)
    assert "tanh" in repr(diagram)
    for i in (0, 3, 6):
        for j in (0, 5, 11):
            point = fixed_point("tanh", w[j], b[i])
            assert diagram.q[i, j] == pytest.approx(point.q, rel=1e-11, abs=1e-9)
            assert diagram.chi[i, j] == pytest.approx(point.chi, rel=1e-11)
    line = diagram.critical_line()
    for i, edge in enumerate(line):
        assert ((diagram.chi[i] > 1) == (w > edge)).all()
    unbounded = phase_diagram("relu", [1.0, 2.0], [0.1])
    assert np.isinf(unbounded.q[0, 1])
    assert np.isnan(unbounded.chi[0, 1])
    assert np.isnan(unbounded.critical_line()).all()


def test_phase_diagram_is_drawn():
    axes = phase_diagram("tanh", np.linspace(0.5, 3, 8), np.linspace(0, 1, 5)).plot()
    assert axes.get_xlabel() == "sigma_w"


def test_progress(monkeypatch):
    seen = []
    phase_diagram("tanh", np.linspace(0.5, 3, 1000), [0.1, 0.2, 0.3], lambda *a: seen.append(a))
    assert seen == [(2, 3), (3, 3)]
    assert phases.bar("title") is None  # no terminal

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    times = iter([0.0, 1.0, 2.0])
    monkeypatch.setattr(phases.time, "monotonic", lambda: next(times))
    report = phases.bar("phase diagram")
    report(1, 2)
    report(2, 2)
    assert "phase diagram [###############...............] 1/2\r" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\033[K")


def test_interruption_leaves_no_trace():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phase_diagram("tanh", [1.0, 1.5], [0.1], stop)
    assert phase_diagram("tanh", [1.0, 1.5], [0.1]).q[0, 1] == pytest.approx(
        fixed_point("tanh", 1.5, 0.1).q)  # fmt: skip


def test_initialisations():
    he, glorot, lsuv, critical = initialisations("relu")
    assert he.sigma_w**2 == pytest.approx(2)
    assert (glorot.sigma_w, lsuv.sigma_w**2, critical.sigma_w**2) == pytest.approx((1, 2, 2))
    assert "sigma_w = 1.41421" in str(he)
    tanh = {rule.name: rule.sigma_w for rule in initialisations("tanh", 0.5)}
    net = MLP((1,) * 3, "tanh", sigma_w=tanh["He"],
              input_square=Tanh().gaussian_mean_square(0.5))  # fmt: skip
    assert net.lengths == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: critical_point("tanh", -1),
        lambda: critical_point("tanh", math.nan),
        lambda: phase_diagram("tanh", [0.0], [0.1]),
        lambda: phase_diagram("tanh", ["x"], [0.1]),
        lambda: phase_diagram("tanh", [1.0], [-0.1]),
        lambda: phase_diagram("tanh", [1.0, math.inf], [0.1]),
        lambda: phase_diagram("nothing"),
        lambda: initialisations("tanh", 0),
    ],
)
def test_refusals(make):
    with pytest.raises(FreesymError):
        make()
