"""Exact edges: forty-digit values, closed forms with symbols, exponents, refusals."""

from __future__ import annotations

import json
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy

import freesym as fs
from freesym.algebra.real_roots import real_roots
from freesym.errors import (
    DegreeError,
    InvalidLawError,
    NotAlgebraicError,
    UnsupportedOperationError,
)
from freesym.transforms.precision import number

TRUTH = json.loads((Path(__file__).parents[1] / "reference" / "truth.json").read_text())
HALF, THIRD, R = F(1, 2), F(1, 3), sympy.Rational
c, p, v, d = sympy.symbols("c p v d", positive=True)
u = sympy.Symbol("u")


def signs(variance):
    return fs.Semicircle(0, variance) + fs.TwoPoint(-1, 1, HALF)


def relu(depth, mask=HALF):
    layer = fs.Bernoulli(mask) @ fs.MarchenkoPastur()
    return (1 / sympy.sympify(mask) * layer).multiplicative_power(depth)


def orthogonal(depth):
    return (2 * fs.Bernoulli(HALF)).multiplicative_power(depth)


def hard_tanh(depth):
    mask = 1 - F(1, 2 * depth)
    return (1 / mask * fs.Bernoulli(mask)).multiplicative_power(depth)


# the last edges, as many as truth.json lists, ascending
EDGES: dict[str, Any] = {
    "edges SC(0,0.5)[+]Bern(+-1) (outer[,inner])": signs(HALF),
    "edges SC(0,1.0)[+]Bern(+-1) (outer[,inner])": signs(1),
    "edges MP(c=1/2)[x]Bernoulli(1/2)": fs.MarchenkoPastur(HALF) @ fs.Bernoulli(HALF),
    "edge ReLU Gauss L=1": relu(1),
    "edge ReLU Gauss L=5": relu(5),
    "edge ReLU Gauss L=10": relu(10),
    "edge ReLU Gauss L=30": relu(30),
    "edge ReLU orth L=10": orthogonal(10),
    "edge ReLU orth L=30": orthogonal(30),
    "edge ReLU orth L=100": orthogonal(100),
    "edge linear Gauss L=2": fs.MarchenkoPastur() @ fs.MarchenkoPastur(),
    "edges Bernoulli(1/3)^[+]5/2": fs.FreeBinomial(THIRD, F(5, 2)),
    "edges Bern(.3)[x]Bern(.6)": fs.Bernoulli(F(3, 10)) @ fs.Bernoulli(F(3, 5)),
    "edges free-beta(2.5,1.5)": fs.Wachter(F(5, 2), F(3, 2)),
    "edges PSG smooth-class s0^2=0.25": fs.from_s_transform(sympy.exp(-u / 4)),
    "edges PSG smooth-class s0^2=1.0": fs.from_s_transform(sympy.exp(-u)),
    "edge Bernoulli(0.9)/Gauss sw2=1/0.9 L=5": relu(5, R(9, 10)),
    "hard-tanh/orth p=1-1/(2L) L=3: bulk edge, top atom loc, mass": hard_tanh(3),
    "hard-tanh/orth p=1-1/(2L) L=100: bulk edge, top atom loc, mass": hard_tanh(100),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_to_forty_digits(name):
    value = TRUTH[name]["value"]
    values = [value] if isinstance(value, str | float) else value
    values = values[:1] if "hard-tanh" in name else values
    found = EDGES[name].edges(exact=True)
    assert not any(edge.has(sympy.Float) for edge in found)
    with mpmath.workdps(60):
        expected = sorted(mpmath.mpf(str(x)) for x in values)
        last = [number(edge) for edge in found[-len(expected) :]]
        for a, b in zip(last, expected, strict=True):
            assert abs(a - b) < mpmath.mpf(10) ** -35 * abs(b)


def test_sum_of_uniform_laws_has_no_exact_edges():
    with pytest.raises(NotAlgebraicError, match="Uniform"):
        (fs.Uniform(0, 1) + fs.Uniform(0, 1)).edges(exact=True)


SYMBOLIC = {
    "marchenko-pastur": (
        fs.MarchenkoPastur(c, v),
        [v * (1 - sympy.sqrt(c)) ** 2, v * (1 + sympy.sqrt(c)) ** 2],
    ),
    "compressed": (
        fs.MarchenkoPastur(c) @ fs.Bernoulli(p),
        [(1 - sympy.sqrt(c * p)) ** 2, (1 + sympy.sqrt(c * p)) ** 2],
    ),
    "semicircle": (fs.Semicircle(c, v), [c - 2 * sympy.sqrt(v), c + 2 * sympy.sqrt(v)]),
    "kesten-mckay": (fs.KestenMcKay(d), [-2 * sympy.sqrt(d - 1), 2 * sympy.sqrt(d - 1)]),
    "wachter": (
        fs.Wachter(c, p),
        [((sympy.sqrt(c * (c + p - 1)) + s * sympy.sqrt(p)) / (c + p)) ** 2 for s in (-1, 1)],
    ),
    "binomial": (
        fs.FreeBinomial(p, d),
        [(sympy.sqrt((d - 1) * p) + s * sympy.sqrt(1 - p)) ** 2 for s in (-1, 1)],
    ),
    "fuss-catalan": (fs.FussCatalan(c), [0, (c + 1) ** (c + 1) / c**c]),
}  # fmt: skip


@pytest.mark.parametrize("name", SYMBOLIC)
def test_edges_with_symbols(name):
    law, expected = SYMBOLIC[name]
    found = law.edges()
    points = [
        {c: R(3, 2), p: R(2, 7), v: R(5, 3), d: R(9, 4)},
        {c: R(7, 3), p: R(4, 5), v: R(1, 3), d: R(7, 2)},
    ]
    for point in points:
        for a, b in zip(found, expected, strict=True):
            difference = (a - sympy.sympify(b)).subs(point)
            assert abs(difference.evalf(40, maxn=400)) < 1e-35


@pytest.mark.parametrize("c1", [R(1, 2), 2])
def test_support_lists_isolated_atoms(c1):
    intervals = fs.MarchenkoPastur(c1).support(exact=True)
    assert ((0, 0) in intervals) == (c1 > 1)
    floats = fs.MarchenkoPastur(c1).support()
    ends = [float(end) for interval in intervals for end in interval]
    assert ends == pytest.approx([end for interval in floats for end in interval])


def test_relu_of_fifty_layers_with_a_symbol():
    lower, upper = relu(50, p).edges()
    assert lower == 0
    known = (sympy.sqrt(2501) - 49) / 100
    expected = (1 + known) * (R(1, 2) + known) ** 50 * 2**100 / (known * 2**0) / 2**50
    value = upper.subs(p, R(1, 2))
    assert abs((value / expected - 1).evalf(40, maxn=400)) < 1e-30


@pytest.mark.long
def test_transition_at_variance_one():
    assert len(signs(R(9, 10)).edges(exact=True)) == 4
    assert signs(1).edges(exact=True) == (-3 * sympy.sqrt(3) / 2, 3 * sympy.sqrt(3) / 2)
    assert len(signs(R(11, 10)).edges(exact=True)) == 2
    for variance in (R(9, 10), R(1, 2), R(3, 2)):
        for edge in signs(variance).edges(exact=True):
            if variance < 1 or edge > 0:
                y2 = [
                    (2 + variance + s * sympy.sqrt(variance**2 + 8 * variance)) / 2 for s in (-1, 1)
                ]
                known = [sympy.sqrt(y) + variance * sympy.sqrt(y) / (y - 1) for y in y2]
                assert min(abs(abs(edge) - abs(k)).evalf(30) for k in known) < 1e-25


EXPONENTS = {
    "soft": (signs(R(1, 2)), ["1/2"] * 4),
    "cusp": (signs(1), ["1/2", "1/3", "1/3", "1/2"]),
    "merged": (signs(2), ["1/2", "1/2"]),
    "hard": (fs.MarchenkoPastur(1), ["-1/2", "1/2"]),
    "arcsine": (fs.Arcsine(-2, 2), ["-1/2", "-1/2"]),
    "fuss-catalan": (fs.FussCatalan(2), ["-2/3", "1/2"]),
    "raney": (fs.Raney(3, 2), ["-1/3", "1/2"]),
    "relu": (relu(3), ["-2/3", "1/2"]),
    "deep relu": (relu(50), ["-49/50", "1/2"]),
    "orthogonal": (orthogonal(10), ["-9/10", "1/2"]),
    "orthogonal, two": (orthogonal(2), ["-1/2", "-1/2"]),
    "symmetric": (fs.Semicircle() @ fs.MarchenkoPastur(1), ["1/2", "-1/2", "-1/2", "1/2"]),
    "reflected": (2 - 3 * fs.FussCatalan(2), ["1/2", "-2/3"]),
    "symbolic": (fs.MarchenkoPastur(c) @ fs.Bernoulli(p), ["1/2", "1/2"]),
    "symbolic power": (fs.FussCatalan(c), ["-c/(c + 1)", "1/2"]),
}


@pytest.mark.parametrize("name", EXPONENTS)
def test_exponents(name):
    law, expected = EXPONENTS[name]
    assert [str(a) for _, _, a in law.edge_exponents()] == expected


def test_regimes_of_one_symbol():
    lower, _ = fs.MarchenkoPastur(c).multiplicative_power(2).edges()
    assert lower.subs(c, 3) == 0
    numeric = fs.MarchenkoPastur(R(1, 3)).multiplicative_power(2).edges()
    assert float(lower.subs(c, R(1, 3))) == pytest.approx(numeric[0], rel=1e-9)


def test_exponents_in_regimes():
    """Soft below 1, hard above, and -2/3 at 1 itself."""
    (_, _, exponent), _ = fs.MarchenkoPastur(c).multiplicative_power(2).edge_exponents()
    assert exponent.subs(c, R(1, 3)) == R(1, 2)
    assert exponent.subs(c, 3) == -R(1, 2)
    assert exponent.subs(c, 1) == -R(2, 3)
    (_, _, critical), _ = fs.MarchenkoPastur(1).multiplicative_power(2).edge_exponents()
    assert critical == -R(2, 3)


def test_analytic_zeros_are_no_edges():
    """A pole of one term makes the density of a Boolean sum vanish inside its support."""
    law = fs.boolean_sum(fs.Bernoulli(p), fs.Semicircle(0, v))
    assert [str(a) for _, _, a in law.edge_exponents()] == ["1/2", "1/2"]


def test_centred_factors_with_symbols():
    """Neither factor order nor symbols hide that a centred law reaches both sides of 0."""
    expected = (fs.Semicircle(0, 3) @ fs.MarchenkoPastur(R(1, 2))).edges()
    for law in (
        fs.Semicircle(0, v) @ fs.MarchenkoPastur(c),
        fs.MarchenkoPastur(c) @ fs.Semicircle(0, v),
    ):
        found = [float(e.subs({v: 3, c: R(1, 2)})) for e in law.edges()]
        assert found == pytest.approx(expected, rel=1e-9)
    with pytest.raises(UnsupportedOperationError, match="these reach below 0"):
        fs.Semicircle(0, v) @ fs.Semicircle(0, c)


def test_aspect_ratios_of_instances_are_at_most_one():
    law = fs.rectangular_sum(fs.PointMass(c), fs.PointMass(v), ratio=p)
    expected = [c + v + s * 2 * sympy.sqrt(c * v * p * (2 - p)) for s in (-1, 1)]
    assert all(sympy.simplify(a - b) == 0 for a, b in zip(law.edges(), expected, strict=True))


def test_atoms_at_symbols_are_in_the_support():
    assert fs.Discrete([0, 1, c], [R(1, 3)] * 3).support() == ((0, 0), (1, 1), (c, c))
    mean = sympy.Symbol("mu", real=True)
    assert fs.TwoPoint(-1, mean, p).support() == ((-1, -1), (mean, mean))


def test_edges_of_the_inner_law_are_none_of_a_monotone_convolution():
    """Where the outer law has a density there, the support goes on."""
    law = fs.monotone(fs.Semicircle(), fs.MarchenkoPastur(R(1, 2)))
    assert law.edges(exact=True) == (-R(6, 5), R(10, 3))
    assert law.edges() == pytest.approx([-6 / 5, 10 / 3], rel=1e-9)
    assert [str(a) for _, _, a in law.edge_exponents()] == ["1/2", "1/2"]


def test_undecided_questions_are_named():
    with pytest.raises(UnsupportedOperationError, match=r"number of intervals.*change at v = 1"):
        signs(v).edges()
    with pytest.raises(UnsupportedOperationError, match=r"polynomial.*bind"):
        (fs.Semicircle() + fs.MarchenkoPastur(c)).edges()
    with pytest.raises(InvalidLawError, match=r"0\.3"):
        fs.MarchenkoPastur(0.3).edges(exact=True)


def test_floats_are_refused_after_equal_exact_numbers():
    """They are equal as keys of caches."""
    exact, rounded = (fs.MarchenkoPastur(a) + fs.MarchenkoPastur(a, 2) for a in (R(1, 4), 0.25))
    for ask in ("edges", "support"):
        assert getattr(exact, ask)(exact=True)
        with pytest.raises(InvalidLawError, match=r"0\.25"):
            getattr(rounded, ask)(exact=True)
    assert exact.edge_exponents()
    with pytest.raises(InvalidLawError, match=r"0\.25"):
        rounded.edge_exponents()
    assert fs.FussCatalan(2).parametric_density()
    with pytest.raises(InvalidLawError, match=r"2\.0"):
        fs.FussCatalan(2.0).parametric_density()


def test_real_roots():
    assert real_roots([0, 1]) == [0.0]
    assert real_roots([-6, 11, -6, 1]) == pytest.approx([1, 2, 3])
    assert real_roots([1, 0, 1]) == []


def test_zeros_of_large_polynomials_are_those_of_sympy():
    """FLINT and SymPy count real zeros alike."""
    x = sympy.Symbol("x")
    polynomial = (x**2 - 2) ** 3 * (x - 1) ** 2 - x - sympy.Rational(1, 97)
    numerator = sympy.Poly(97 * polynomial, x)
    for k in range(sympy.count_roots(numerator)):
        root = sympy.CRootOf(numerator, k, radicals=False)
        with mpmath.workdps(50):
            assert abs(number(root) - mpmath.mpmathify(root.evalf(60))) < mpmath.mpf(10) ** -48


@pytest.mark.long
def test_edges_from_a_large_discriminant():
    """Of degree 528, with two intervals."""
    law = fs.Discrete([0, 1, 3, 4, 7]) + fs.Discrete([0, 2, 5, 7, 12])
    exact = law.edges(exact=True)
    assert [float(mpmath.mpf(number(e))) for e in exact] == pytest.approx(law.edges(), rel=1e-9)
    assert [e.exponent for e in law.edge_exponents()] == [R(1, 2)] * 4


def test_large_discriminants_are_predicted():
    law = fs.Discrete([0, 1, 3, 4, 7, 11]) + fs.Discrete([0, 2, 5, 7, 12, 13])
    for ask in (lambda: law.edges(exact=True), lambda: law.support(exact=True), law.edge_exponents):
        with pytest.raises(DegreeError, match=r"degree 1150.*max_degree=1150.*digits=") as caught:
            ask()
        assert caught.value.degree == 1150
    with pytest.raises(DegreeError, match="max_degree"):
        (fs.Semicircle() + fs.TwoPoint(-1, 1, F(1, 3))).edges(exact=True, max_degree=2)
    law = fs.Semicircle() + fs.TwoPoint(-1, 1, F(1, 3))
    assert law.edges(exact=True, max_degree=6) == law.edges(exact=True)
    assert law.edge_exponents(max_degree=6) == law.edge_exponents()
    with pytest.raises(InvalidLawError, match="max_degree"):
        law.edges(exact=True, max_degree=0)


@pytest.mark.long
@pytest.mark.parametrize(
    ("law", "values"),
    [
        (fs.MarchenkoPastur(c), [R(1, 2), 1, 2]),
        (3 - 2 * fs.MarchenkoPastur(3 * c), [R(1, 5), R(1, 3), 2]),
        (fs.MarchenkoPastur(c) @ fs.Bernoulli(R(1, 3)), [1, 3, 4]),
        (fs.Bernoulli(p) @ fs.Bernoulli(R(1, 3)), [R(1, 4), R(1, 3), R(1, 2), R(2, 3), R(3, 4)]),
        (fs.MarchenkoPastur(1) @ fs.MarchenkoPastur(c), [R(1, 2), 1, 2]),
        (fs.MarchenkoPastur(c).multiplicative_power(3), [R(1, 2), 1, 2]),
        (fs.KestenMcKay(1 + c), [R(1, 2), 1, 2]),
        (fs.Wachter(2, c), [R(1, 2), 1, 3]),
        (fs.FreeBinomial(R(1, 3), 1 + c), [R(1, 2), 1, 2]),
        (fs.boolean_sum(fs.Semicircle(), fs.PointMass(c)), [R(1, 2), 1, 2]),
        ((fs.MarchenkoPastur() @ fs.Bernoulli(p)).multiplicative_power(2), [R(1, 2), 1]),
    ],
    ids=str,
)
def test_exponents_at_special_values_of_a_symbol(law, values):
    """They are those of the law with the number, at every edge of it."""
    (symbol,) = law.free_symbols
    found = law.edge_exponents()
    for value in values:
        expected = law.subs({symbol: value}).edge_exponents()
        bound = [(e.edge.subs(symbol, value), e.side, sympy.sympify(e.exponent).subs(symbol, value))
                 for e in found]  # fmt: skip
        assert len(bound) == len(expected)
        for (edge, side, exponent), other in zip(bound, expected, strict=True):
            assert float(edge) == pytest.approx(float(other.edge), abs=1e-12)
            assert (side, exponent) == (other.side, other.exponent)


def test_symbols_without_admitted_values():
    with pytest.raises(UnsupportedOperationError, match="no values of the symbols"):
        fs.FreeBinomial(2 + c, 3).edges()


# ---------------------------------------------------------------------- close candidates


def test_candidates_are_told_apart_by_proved_digits():
    """A zero of the discriminant lies 1.4e-13 beside the edge at 4, that of ``2 X``.

    ``1/G`` of a Boolean sum is ``1/G_1 + 1/G_2 - z``, which is not real where ``1/G_2`` is not.
    """
    law = fs.boolean_sum(fs.EquilibriumMeasure(HALF, 2), 2 * fs.Semicircle())
    assert law.edges(exact=True) == (-4, 4)
    found = {(e.edge, e.side): e.exponent for e in law.edge_exponents()}
    assert found == {(-4, "right"): R(1, 2), (4, "left"): R(1, 2)}
    near, nearer = (law.density(4 - F(h), digits=20) for h in ("1e-30", "1e-34"))
    assert mpmath.almosteq(near / nearer, 100, rel_eps=1e-6)


@pytest.mark.parametrize("t", [F(3, 2), 2, F(7, 2)], ids=str)
@pytest.mark.parametrize("d", [3, F(7, 2), 4], ids=str)
def test_powers_of_squares_of_kesten_mckay_laws(d, t):
    """``z = t w - (t - 1)/G(w)`` is stationary in ``w`` at an edge of the power ``t``."""
    law = fs.KestenMcKay(d).square().additive_power(t)
    exact, proved = law.edges(exact=True), law.edges(digits=25)
    assert proved.complete and len(exact) == len(proved) == 2
    with mpmath.workdps(30):
        degree, power = (mpmath.mpf(q.numerator) / q.denominator for q in map(F, (d, t)))
        band = 4 * (degree - 1)

        def g(w):
            root = mpmath.sqrt(1 - band / w)
            return ((2 - degree) + degree * root) / (2 * (w - degree**2))

        def slope(w):
            return power + (power - 1) * mpmath.diff(g, w) / g(w) ** 2

        brackets = ((-1000, -1e-3), (1.001 * band, 1000))
        for bracket, place, digits in zip(brackets, exact, proved, strict=True):
            w = mpmath.findroot(slope, bracket, solver="ridder", tol=1e-20)
            edge = power * w - (power - 1) / g(w)
            assert mpmath.almosteq(edge, number(place), rel_eps=1e-12)
            assert mpmath.almosteq(digits, number(place), rel_eps=1e-24)
