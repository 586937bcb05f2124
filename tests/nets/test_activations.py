"""Activations: Gaussian integrals, dual kernels and laws of squared slopes."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import FreesymError, InvalidLawError
from freesym.nets import (
    Erf,
    HardTanh,
    LeakyReLU,
    PReLU,
    SlopeLaw,
    Tanh,
    activation_kinds,
    activation_named,
    custom_activation,
)
from freesym.nets.normal import hinges, upper_both

from .reference import dual, mean, truth

X = sympy.Symbol("x")
NAMES = sorted(activation_kinds())
SMOOTH = ["tanh", "erf", "sigmoid", "gelu", "silu", "elu", "softplus", "sin", "cos"]


def soft(x):
    """A callable that takes complex numbers."""
    return np.log1p(np.exp(x))


def kinked(x):
    """A callable with a kink off the grid that takes real numbers only."""
    return np.where(x > 0.3, x, 0.3 + 0.5 * np.tanh(x - 0.3))


CUSTOM = {
    "sympy": X * sympy.tanh(X),
    "maximum": sympy.Max(X, 0) ** 2 / (1 + X**2),
    "softplus": soft,
    "kinked": kinked,
}


@pytest.mark.parametrize("q", [1e-3, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("name", NAMES)
def test_gaussian_integrals(name, q):
    phi = activation_named(name)
    kinks = phi.breakpoints
    square = mean(lambda x: phi.phi(x) ** 2, q, kinks)
    slope = mean(lambda x: phi.derivative(x) ** 2, q, kinks)
    fourth = mean(lambda x: phi.derivative(x) ** 4, q, kinks)
    assert phi.gaussian_mean_square(q) == pytest.approx(square, rel=1e-13)
    assert phi.gaussian_mean_square_slope(q) == pytest.approx(slope, rel=1e-13)
    assert phi.gaussian_mean_slope_power(q, 4) == pytest.approx(fourth, rel=1e-13)
    assert phi.gaussian_mean(q) == pytest.approx(mean(phi.phi, q, kinks), rel=1e-13, abs=1e-14)
    step = 1e-5 * q
    rate = (phi.gaussian_mean_square(q + step) - phi.gaussian_mean_square(q - step)) / (2 * step)
    assert phi.gaussian_mean_square_rate(q) == pytest.approx(rate, rel=1e-7, abs=1e-9)


def test_integrals_of_arrays():
    phi, q = Tanh(), np.array([[0.0, 0.5], [2.0, 1e-8]])
    found = phi.gaussian_mean_square(q)
    assert found.shape == q.shape
    assert found[0, 0] == 0
    assert found[1, 0] == phi.gaussian_mean_square(2.0)
    assert found[1, 1] == pytest.approx(1e-8, rel=1e-7)
    assert phi.gaussian_mean_square_slope(np.zeros(2)).tolist() == [1, 1]


@pytest.mark.long
@pytest.mark.parametrize("kind", CUSTOM)
def test_activations_of_your_own(kind):
    phi = activation_named(CUSTOM[kind])
    for q in (0.2, 3.0):
        square = mean(lambda x: phi.phi(x) ** 2, q, phi.breakpoints)
        assert phi.gaussian_mean_square(q) == pytest.approx(square, rel=1e-12)
        x = np.array([-1.1, 0.7, 2.3])
        difference = (phi.phi(x + 1e-6) - phi.phi(x - 1e-6)) / 2e-6
        assert phi.derivative(x) == pytest.approx(difference, rel=1e-7)
        law = phi.slope_law(q)
        assert float(law.mean()) == pytest.approx(phi.gaussian_mean_square_slope(q), rel=1e-10)


def test_kinks_are_found():
    assert activation_named(sympy.Abs(X - 2) + sympy.Max(X, -1)).breakpoints == (-1.0, 2.0)
    assert activation_named(kinked).breakpoints == pytest.approx((0.3,), abs=1e-9)
    assert activation_named(soft).breakpoints == ()
    assert custom_activation(kinked, breakpoints=[0.3]).breakpoints == (0.3,)


def leaky(x):
    return np.where(x > 0, x, x / 3)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (sympy.Max(X, 0) - 1, {0: 0.5, 1: 0.5}),
        (sympy.Abs(X), {1: 1}),
        (sympy.Heaviside(X), {0: 1}),
        (2 * X + 1, {4: 1}),
        (sympy.Piecewise((X, X > 0), (X / 2, True)), {0.25: 0.5, 1: 0.5}),
        (sympy.Min(sympy.Max(X, -1), 1), {0: 1 - math.erf(0.5), 1: math.erf(0.5)}),
        (lambda x: np.maximum(x, 0) - 0.1, {0: 0.5, 1: 0.5}),
        (leaky, {1 / 9: 0.5, 1: 0.5}),
    ],
    ids=lambda v: str(v) if isinstance(v, sympy.Basic) else "",
)
def test_straight_pieces_have_atoms_alone(function, expected):
    atoms = activation_named(function).slope_law(2.0).atoms()
    assert sorted(map(float, atoms)) == pytest.approx(sorted(expected), abs=1e-12)
    masses = [float(atoms[a]) for a in sorted(atoms)]
    assert masses == pytest.approx([expected[a] for a in sorted(expected)], abs=1e-14)
    net = fs.nets.MLP([1, 1, 1], function, "orthogonal", sigma_w=1.2)
    assert float(net.jacobian_law().mean()) == pytest.approx(net.signal().gradient, abs=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        X**3 / 3,
        X - X**3 / 3,
        pytest.param(X * sympy.tanh(sympy.log(1 + sympy.exp(X))), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_slopes_with_double_zeros_and_faint_tails(function):
    phi = activation_named(function)
    fourth = mean(lambda x: phi.derivative(x) ** 4, 0.7, phi.breakpoints)
    law = phi.slope_law(0.7)
    assert float(law.mean()) == pytest.approx(phi.gaussian_mean_square_slope(0.7), rel=1e-12)
    assert float(law.moment(2)) == pytest.approx(fourth, rel=1e-12)


def test_activations_of_your_own_repeat():
    phi = activation_named(X * sympy.tanh(X))
    assert phi == activation_named(X * sympy.tanh(X))
    assert hash(phi) == hash(activation_named(X * sympy.tanh(X)))
    again = pickle.loads(pickle.dumps(phi))
    assert again.gaussian_mean_square(1.0) == phi.gaussian_mean_square(1.0)


# -------------------------------------------------------------------------------- dual kernels

TRIPLES = [(1.0, 2.0, 0.35), (0.3, 0.3, 0.95), (4.0, 0.5, -0.8), (1.3, 1.2, 0.9999)]


@pytest.mark.parametrize(("a", "b", "r"), TRIPLES)
@pytest.mark.parametrize("name", NAMES)
def test_dual_kernels(name, a, b, r):
    phi, c = activation_named(name), r * math.sqrt(a * b)
    for found, function, square in (
        (phi.dual(a, b, c), phi.phi, phi.gaussian_mean_square),
        (phi.dual_slope(a, b, c), phi.derivative, phi.gaussian_mean_square_slope),
    ):
        scale = math.sqrt(square(a) * square(b))
        assert found == pytest.approx(dual(function, a, b, c, phi.breakpoints), abs=1e-12 * scale)


def test_dual_kernels_of_truth():
    assert Erf().dual(1, 2, 0.5) == pytest.approx(truth("kernel erf (1,2,1/2)"), rel=1e-14)
    gelu = activation_named("gelu")
    assert gelu.dual(1, 2, 0.5) == pytest.approx(truth("kernel GELU (1,2,1/2)"), rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_price(name):
    """The slope kernel is the derivative of the kernel in the covariance."""
    phi, a, b, c, h = activation_named(name), 1.1, 0.9, 0.4, 1e-5
    rate = (phi.dual(a, b, c + h) - phi.dual(a, b, c - h)) / (2 * h)
    assert phi.dual_slope(a, b, c) == pytest.approx(rate, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_dual_kernels_at_the_ends(name):
    phi = activation_named(name)
    q = np.array([0.2, 1.0, 3.0])
    assert phi.dual(q, q, q) == pytest.approx(phi.gaussian_mean_square(q), rel=1e-13)
    assert phi.dual_slope(q, q, q) == pytest.approx(phi.gaussian_mean_square_slope(q), rel=1e-13)
    first = float(phi.phi(np.zeros(1))[0])
    assert phi.dual(0.0, 1.0, 0.0) == pytest.approx(first * phi.gaussian_mean(1.0), abs=1e-14)
    assert phi.dual(0.0, 0.0, 0.0) == pytest.approx(first**2, abs=1e-15)
    table = phi.dual(q[:, None], q[None, :], 0.1)
    assert table.shape == (3, 3)
    assert table == pytest.approx(table.T, rel=1e-12)


def test_opposite_variables():
    odd, even = Tanh(), activation_named("cos")
    assert odd.dual(1.0, 1.0, -1.0) == pytest.approx(-odd.gaussian_mean_square(1.0), rel=1e-13)
    assert even.dual(1.0, 1.0, -1.0) == pytest.approx(even.gaussian_mean_square(1.0), rel=1e-13)


def test_bivariate_normal_probabilities():
    r = np.array([-1, -0.99, -0.5, 0, 0.3, 0.93, 1 - 1e-12, 1.0])
    assert upper_both(0, 0, r) == pytest.approx(0.25 + np.arcsin(r) / (2 * np.pi), abs=1e-15)
    assert hinges(0, 0, r) == pytest.approx(
        (np.sqrt((1 - r) * (1 + r)) + r * (np.pi - np.arccos(r))) / (2 * np.pi), abs=3e-15
    )


# ------------------------------------------------------------------------------------ slope laws


@pytest.mark.long
@pytest.mark.parametrize("q", [0.02, 0.5, 0.9, 3.0])
@pytest.mark.parametrize("name", [n for n in SMOOTH if n not in ("sin", "cos")])
def test_slope_laws(name, q):
    phi = activation_named(name)
    law = phi.slope_law(q)
    moments = [phi.gaussian_mean_slope_power(q, 2 * k) for k in (1, 2, 3)]
    assert [float(m) for m in law.moments(3)] == pytest.approx(moments, rel=1e-12)
    z = 0.4 + 0.3j
    direct = mean(lambda x: (1 / (z - phi.derivative(x) ** 2)).real, q, phi.breakpoints)
    assert complex(law.G(z)).real == pytest.approx(direct, rel=1e-11)
    x = np.random.default_rng(0).standard_normal(200_000) * math.sqrt(q)
    level = float(np.median(phi.derivative(x) ** 2)) * 0.97
    share = np.mean(phi.derivative(x) ** 2 <= level)
    assert float(law.cdf(level)) == pytest.approx(share, abs=5e-3)


@pytest.mark.long
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_slope_laws_with_many_zeros(name):
    phi = activation_named(name)
    law = phi.slope_law(0.2)
    moments = [phi.gaussian_mean_slope_power(0.2, 2 * k) for k in (1, 2)]
    assert [float(m) for m in law.moments(2)] == pytest.approx(moments, rel=1e-12)


def test_tables_of_one_geometry():
    """Reweighted tables are those that would be built from nothing."""
    from freesym.nets.slope_law import _tabulated

    a, b = (_tabulated(Tanh(), q).transform(0.3 + 0.01j) for q in (0.9, 0.9 * (1 + 1e-13)))
    assert a[0] == pytest.approx(b[0], rel=1e-11)
    other = _tabulated(Tanh(), 0.99).transform(0.3 + 1e-9j)
    below, above = (_tabulated(Tanh(), q).transform(0.3 + 1e-9j)[0] for q in (0.9899, 0.9901))
    assert other[0] == pytest.approx(0.5 * (below + above), rel=1e-6)
    # across a change of the geometry, at q = 1
    low, high = (_tabulated(Tanh(), q).transform(0.3 + 1e-9j) for q in (1 - 1e-12, 1 + 1e-12))
    assert low[0] == pytest.approx(high[0], rel=1e-9)


def test_densities_of_slope_laws():
    """tanh: ``2 N(x; 0, q)/(4 y tanh x)`` at ``x = arccosh y^(-1/4)``."""
    y, q = np.array([0.05, 0.4, 0.9]), 0.7
    x = np.arccosh(y**-0.25)
    normal = np.exp(-x * x / (2 * q)) / math.sqrt(2 * math.pi * q)
    assert SlopeLaw(Tanh(), q).density(y) == pytest.approx(
        2 * normal / (4 * y * np.tanh(x)), rel=1e-10)  # fmt: skip


def test_moments_of_truth():
    found = truth("moments 1..4 D^2 erf(slope1) q=1/2")
    phi = activation_named(sympy.erf(sympy.sqrt(sympy.pi) * X / 2))
    assert [float(m) for m in phi.slope_law(0.5).moments(4)] == pytest.approx(found, rel=1e-12)


def test_piecewise_linear_laws_are_exact():
    assert activation_named("relu").slope_law(3) == fs.Bernoulli(Fraction(1, 2))
    assert PReLU(2).slope_law(1) == fs.TwoPoint(1, 4, Fraction(1, 2))
    assert LeakyReLU(-1).slope_law(1) == fs.PointMass(1)
    assert activation_named("hard-sigmoid").slope_law(0) == fs.PointMass(Fraction(1, 36))
    p = HardTanh().slope_law(0.5).mean()
    assert p == pytest.approx(math.erf(1), rel=1e-15)


def test_slope_laws_are_laws():
    law = SlopeLaw(Tanh(), 0.5)
    assert pickle.loads(pickle.dumps(law)) == law
    assert repr(law) == "SlopeLaw(Tanh(), 0.5)"
    assert hash(law) == hash(SlopeLaw(Tanh(), 0.5))
    assert law.sample_matrix(40, 0).shape == (40, 40)


# ------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ReLU", "relu"), ("leaky_relu", "leaky-relu"), ("Hard-Tanh", "hard-tanh"),
     ("identity", "linear"), ("elu(2)", "elu"), (" tanh ", "tanh")],
)  # fmt: skip
def test_names(text, expected):
    assert activation_named(text).name == expected


def test_parameters_in_brackets():
    assert activation_named("prelu(1/3)") == PReLU(Fraction(1, 3))
    assert activation_named("leaky-relu", negative_slope=0.5) == LeakyReLU(0.5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: activation_named("swoosh"),
        lambda: activation_named(3),
        lambda: activation_named("relu(1)"),
        lambda: activation_named("prelu(x)"),
        lambda: activation_named("prelu(1/0)"),
        lambda: activation_named("tanh", beta=1),
        lambda: activation_named(sympy.Integer(2)),
        lambda: activation_named(X * sympy.Symbol("y")),
        lambda: activation_named(lambda x: "text"),
        lambda: activation_named(lambda x: x[:2]),
        lambda: activation_named("elu(0)"),
        lambda: activation_named("softplus(-1)"),
        lambda: PReLU(math.nan),
        lambda: LeakyReLU(1.5),
        lambda: SlopeLaw("tanh", 1),
        lambda: SlopeLaw(Tanh(), 0),
        lambda: Tanh().gaussian_mean_square(-1.0),
        lambda: Tanh().gaussian_mean_square(math.nan),
        lambda: Tanh().dual(1.0, 1.0, 1.1),
        lambda: Tanh().dual(-1.0, 1.0, 0.0),
        lambda: Erf().dual(1.0, math.inf, 0.0),
        lambda: activation_named(sympy.exp(X**2)).gaussian_mean_square(1.0),
        lambda: activation_named(1 / X).gaussian_mean_square(1.0),
        lambda: activation_named(sympy.log(X)).gaussian_mean_square(1.0),
    ],
)
def test_refusals(make):
    with pytest.raises(FreesymError) as caught:
        make()
    assert isinstance(caught.value, (InvalidLawError, TypeError))
    assert len(str(caught.value)) > 20
