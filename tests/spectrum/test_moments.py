"""Exact moments of relation trees against printed tables, identities and contour integrals."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.algebra.cumulants import moments_from_free_cumulants
from freesym.errors import InvalidLawError, UnsupportedOperationError
from freesym.laws.bernoulli import Bernoulli
from freesym.laws.discrete import Discrete
from freesym.laws.marchenko_pastur import MarchenkoPastur
from freesym.laws.semicircle import Semicircle
from freesym.laws.uniform import Uniform
from freesym.relations import functions, nodes, simplify
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.expansions import taylor
from freesym.spectrum.moments import free_cumulants, moments
from freesym.spectrum.support import support

from .small_laws import (
    HALF,
    THIRD,
    Arcsine,
    Counted,
    Curve,
    Exponential,
    Momentless,
    Tabulated,
    TwoPoint,
    inverse,
    masked_rotations,
    products,
    relu_network,
    sums,
)

# -------------------------------------------------------------------------------- printed tables

C = sympy.Symbol("c", positive=True)

TABLES: list[tuple[str, Relation, str]] = [
    ("ReLU Gauss 1", relu_network(1), "1 3 11 45 197 903 4279 20793"),
    ("ReLU Gauss 3", relu_network(3), "1 7 67 741 8909 113107 1492103 20251945"),
    (
        "ReLU Gauss 10",
        relu_network(10),
        "1 21 641 23001 903761 37638525 1632320449 72934934193",
    ),
    ("ReLU orthogonal 3", masked_rotations(3), "1 4 19 98 531 2974 17060 99658"),
    (
        "Fuss-Catalan 3",
        simplify.multiplicative((MarchenkoPastur(1),), (3,)),
        "1 4 22 140 969 7084 53820 420732",
    ),
    ("Fuss-Catalan 3, counted", Counted(3), "1 4 22 140 969 7084 53820 420732"),
    (
        "semicircle + free Poisson",
        sums(Semicircle(), MarchenkoPastur(HALF)),
        "1 5/2 23/4 125/8 697/16 4087/32 24579/64 151417/128",
    ),
    ("signs", TwoPoint(), "0 1 0 1 0 1 0 1"),
    ("point", Constant(3), "3 9 27 81 243 729 2187 6561"),
    ("uniform", Exponential(6), "3 12 54 1296/5 1296 46656/7 34992 186624"),
    ("arcsine", Arcsine(-2, 2), "0 2 0 6 0 20 0 70"),
    ("Kesten-McKay 3", simplify.additive((TwoPoint(),), (3,)), "0 3 0 15 0 87 0 543"),
    ("deconvolution", simplify.additive((Semicircle(), TwoPoint()), (2, -1)), "0 1 0 3 0 9 0 35"),
    (
        "compound Poisson",
        nodes.CompoundPoisson(Constant(1), 1),
        "1 2 5 14 42 132 429 1430",
    ),
    ("boolean", nodes.Boolean((TwoPoint(), TwoPoint())), "0 2 0 4 0 8 0 16"),
    ("monotone", nodes.Monotone(Arcsine(-1, 1), Arcsine(-1, 1)), "0 1 0 3/2 0 5/2 0 35/8"),
    ("square", nodes.SymmetricSquare(Semicircle()), "1 2 5 14 42 132 429 1430"),
    ("reshape", nodes.Reshape(MarchenkoPastur(1), HALF), "1/2 1 5/2 7 21 66 429/2 715"),
    (
        "rectangular",
        nodes.Rectangular((MarchenkoPastur(HALF), MarchenkoPastur(HALF)), HALF),
        "2 6 22 90 394 1806 8558 41586",
    ),
    ("mixture", nodes.Mixture((Constant(0), Constant(3)), (THIRD, 2 * THIRD)), "2 6 18 54"),
    ("real product", nodes.RealMultiplicative(TwoPoint(), MarchenkoPastur(1)), "0 1 0 3 0 12 0 55"),
    ("centred product", nodes.Multiplicative((Semicircle(), Constant(2)), (1, 1)), "0 4 0 32"),
    ("two centred", nodes.Multiplicative((Semicircle(), TwoPoint()), (1, 1)), "0 0 0 0"),
    ("inverse", inverse(MarchenkoPastur(HALF)), "2 8 48 352 2880 25216"),
    ("tabulated", sums(Tabulated(), Semicircle()), "2 5 14 42"),
]


@pytest.mark.parametrize(("name", "relation", "expected"), TABLES, ids=[row[0] for row in TABLES])
def test_printed_tables(name: str, relation: Relation, expected: str) -> None:
    row = [Fraction(number) for number in expected.split()]
    found = moments(relation, len(row))
    assert found == row
    assert all(type(value) in (int, Fraction) for value in found)


def test_printed_cumulants() -> None:
    assert free_cumulants(TwoPoint(), 8) == [0, 1, 0, -1, 0, 2, 0, -5]
    assert free_cumulants(relu_network(2), 8) == [1, 4, 20, 112, 672, 4224, 27456, 183040]
    assert free_cumulants(simplify.affine(MarchenkoPastur(2), -3, 5), 4) == [2, 18, -108, 648]
    assert free_cumulants(nodes.CompoundPoisson(TwoPoint(), THIRD), 4) == [0, THIRD, 0, THIRD]
    assert moments(Semicircle(), 0) == free_cumulants(Semicircle(), 0) == []


# ------------------------------------------------------------------------------------- symbols


def test_symbolic_ratio() -> None:
    law = MarchenkoPastur(C)
    assert moments(law, 3) == [1, C + 1, C**2 + 3 * C + 1]
    assert free_cumulants(law, 4) == [1, C, C**2, C**3]
    whole = sums(Semicircle(), simplify.multiplicative((law, Bernoulli(HALF)), (2, 1)))
    row = moments(whole, 5)
    for ratio in (HALF, Fraction(7, 3)):
        number = MarchenkoPastur(ratio)
        bound = sums(Semicircle(), simplify.multiplicative((number, Bernoulli(HALF)), (2, 1)))
        assert [value.subs(C, sympy.Rational(ratio)) for value in row[1:]] == moments(bound, 5)[1:]
    assert row[0] == HALF


def test_symbolic_formulas_take_roots() -> None:
    v = sympy.Symbol("v", positive=True)
    edge = sympy.sqrt(v)
    assert moments(Arcsine(-edge, edge), 4) == [0, v / 2, 0, 3 * v**2 / 8]
    t = sympy.Symbol("t", positive=True)
    power = simplify.multiplicative((MarchenkoPastur(1, 2),), (t,))
    first, second = moments(power, 2)
    assert first == 2**t
    assert sympy.simplify(second - 4**t * (1 + t)) == 0


def test_symbolic_inverse_is_formal() -> None:
    first, second = moments(inverse(MarchenkoPastur(C)), 2)
    assert sympy.simplify(first - 1 / (1 - C)) == 0
    assert sympy.simplify(second - 1 / (1 - C) ** 3) == 0


def test_floats_beside_symbols() -> None:
    (mean,) = moments(simplify.affine(MarchenkoPastur(C), 0.1, C), 1)
    assert mean.subs(C, 2) == pytest.approx(2.1, rel=1e-15)
    assert mean.has(sympy.Float)


# ------------------------------------------------------------------------- floats and exactness


def test_floats_are_rounded_once() -> None:
    tree = sums(Semicircle(0.1, 0.3), MarchenkoPastur(0.7, 1e-3))
    assert free_cumulants(tree, 12)[1:] == [
        pytest.approx(0.3 * (n == 2) + 1e-3**n * 0.7 ** (n - 1), rel=1e-14) for n in range(2, 13)
    ]
    assert all(type(value) is float for value in moments(tree, 3))


def test_cancellation_costs_no_digits() -> None:
    far = Discrete((1e8, 1e8 + 1), (0.5, 0.5))
    assert free_cumulants(far, 6)[1:] == [float(x) for x in free_cumulants(Bernoulli(HALF), 6)[1:]]
    assert free_cumulants(TwoPoint(-1.0, 1.0), 8) == [0, 1, 0, -1, 0, 2, 0, -5]


def nested_layers(depth: int, half: Any, one: Any) -> Relation:
    tree: Relation = MarchenkoPastur(half)
    for _ in range(depth):
        layer = products(simplify.affine(tree, half, one), Bernoulli(half), MarchenkoPastur(one))
        tree = simplify.affine(layer, 2, 0)
    return tree


def test_deep_trees() -> None:
    exact, rounded = (moments(nested_layers(6, *pair), 8) for pair in ((HALF, 1), (0.5, 1.0)))
    assert rounded == list(map(float, exact))
    assert moments(nested_layers(100, 0.5, 1.0), 2)[0] == 2 - 0.5**100


def test_floats_do_not_meet_the_cache_of_rationals() -> None:
    exact, rounded = moments(MarchenkoPastur(HALF), 3), moments(MarchenkoPastur(0.5), 3)
    assert exact == rounded
    assert type(exact[2]) is Fraction
    assert type(rounded[2]) is float
    assert type(moments(MarchenkoPastur(1), 1)[0]) is int


def test_irrational_powers_are_exact() -> None:
    power = nodes.Multiplicative((MarchenkoPastur(1, 2),), (HALF,))
    assert moments(power, 2) == [sympy.sqrt(2), 3]
    rounded = moments(nodes.Multiplicative((MarchenkoPastur(1.0, 2.0),), (0.5,)), 2)
    assert rounded == pytest.approx([math.sqrt(2), 3.0], rel=1e-15)
    assert all(type(value) is float for value in rounded)
    measure = fs.EquilibriumMeasure(Fraction(17, 10), 2)
    assert measure.moments(4) == [0, 2 * sympy.sqrt(510) / 153, 0, Fraction(5, 34)]


def test_scales_of_powers_are_exact() -> None:
    law = (2 * fs.MarchenkoPastur(HALF)).multiplicative_power(Fraction(3, 2))
    assert law.moments(2) == [2 * sympy.sqrt(2), 14]
    assert law.edges(exact=True) == (sympy.sqrt(6) / 18, 6 * sympy.sqrt(3))


def test_roots_of_numbers_do_not_pile_up() -> None:
    """Moments over a field of degree 2: powers of its generator are replaced."""
    row = (fs.Semicircle(0, sympy.sqrt(2)) + fs.MarchenkoPastur(1)).moments(60)
    assert row[1] == sympy.sqrt(2) + 2
    assert all(len(sympy.Add.make_args(value)) <= 2 for value in map(sympy.sympify, row))


def test_large_powers() -> None:
    power = simplify.multiplicative((MarchenkoPastur(1),), (1000,))
    assert moments(power, 3) == [1, 1001, 1502501]
    assert moments(simplify.affine(power, 10**200, 0), 1) == [10**200]
    assert moments(simplify.affine(power, 1e200, 0), 2) == [1e200, math.inf]


# ------------------------------------------------------------------------------ other failures


def test_unsupported_laws() -> None:
    with pytest.raises(UnsupportedOperationError, match="known_moments"):
        moments(Curve(), 2)
    with pytest.raises(UnsupportedOperationError, match="no moments"):
        free_cumulants(sums(Momentless(), Semicircle()), 2)
    with pytest.raises(UnsupportedOperationError, match="not a finite"):
        moments(Tabulated(math.inf), 2)
    with pytest.raises(UnsupportedOperationError, match="mean 0"):
        moments(nodes.Multiplicative((Semicircle(),), (HALF,)), 2)
    with pytest.raises(InvalidLawError, match="-1 moments"):
        moments(Semicircle(), -1)


@pytest.mark.parametrize(
    "relation",
    [MarchenkoPastur(1), Semicircle(), Bernoulli(HALF), sums(Semicircle(), MarchenkoPastur(HALF))],
)
def test_inverses_need_a_gap(relation: Relation) -> None:
    with pytest.raises(InvalidLawError, match="1/X"):
        moments(simplify.negative_inverse(relation), 2)


def test_taylor() -> None:
    assert taylor(lambda z: 7, 3) == [7, 0, 0]
    assert taylor(lambda z: (z**9 + z**8) / z**7, 3) == [0, 1, 1]
    for singular in (lambda z: 1 / z, functions.sqrt, functions.log, lambda z: 1 / (z - z)):
        with pytest.raises(UnsupportedOperationError, match="power series"):
            taylor(singular, 2)
    with pytest.raises(UnsupportedOperationError, match="imaginary"):
        taylor(lambda z: functions.sign_of_imaginary_part(z) * z, 2)


# ------------------------------------------------------------------------------------ inverses

SHIFTED = simplify.affine(Semicircle(), 1, 3)
RATIONAL, ALGEBRAIC, ROUNDED = (int, Fraction), (int, Fraction, sympy.Expr), float
INVERSES: list[tuple[str, Relation, Any]] = [
    ("points", Discrete((1, 2, 4)), RATIONAL),
    ("shifted points", simplify.affine(Bernoulli(THIRD), 2, -1), RATIONAL),
    ("Marchenko-Pastur", MarchenkoPastur(HALF, 3), RATIONAL),
    ("negative", simplify.affine(MarchenkoPastur(HALF), -2, 0), RATIONAL),
    ("product", products(MarchenkoPastur(HALF), MarchenkoPastur(THIRD)), RATIONAL),
    ("power", simplify.multiplicative((MarchenkoPastur(Fraction(1, 9)),), (3,)), RATIONAL),
    ("zeros removed", nodes.Reshape(MarchenkoPastur(2, 5), 2), RATIONAL),
    ("compound Poisson", nodes.CompoundPoisson(MarchenkoPastur(HALF), 3), RATIONAL),
    ("arcsine", Arcsine(1, 4), RATIONAL),
    ("gap in the middle", nodes.Mixture((Arcsine(1, 4), Constant(-3)), (HALF, HALF)), ALGEBRAIC),
    ("boolean", nodes.Boolean((TwoPoint(1, 3), Constant(2))), RATIONAL),
    ("monotone", nodes.Monotone(TwoPoint(4, 6), TwoPoint(1, 3)), RATIONAL),
    ("uniform", Uniform(1, 2), ROUNDED),
    ("semicircle", SHIFTED, ALGEBRAIC),
    ("sum", sums(TwoPoint(-3, 4), Semicircle()), ALGEBRAIC),
    ("product of a sum", products(SHIFTED, MarchenkoPastur(THIRD)), ALGEBRAIC),
]


@pytest.mark.parametrize(("name", "relation", "kind"), INVERSES, ids=[row[0] for row in INVERSES])
def test_inverses_against_contour_integrals(name: str, relation: Relation, kind: Any) -> None:
    inverted = nodes.NegativeInverse(relation)
    found = moments(inverted, 8)
    assert all(isinstance(value, kind) for value in found)
    agree_with_contour(inverted, found)


# --------------------------------------------------------------- contour integrals of the solver


def agree_with_contour(relation: Relation, row: list[Any]) -> None:
    """``m_n`` is the mean of ``z^(n+1) G(z)`` over a circle around the spectrum."""
    numeric = relation.numeric()
    bound = max(map(abs, hull(numeric)))
    if math.isinf(bound):
        bound = max(abs(end) for interval in support(numeric) for end in interval)
    radius = 1.5 * bound
    points = radius * np.exp(1j * np.pi * (np.arange(200) + 0.5) / 200)
    g = transforms(numeric, points).g
    for n, value in enumerate(row, 1):
        mean = np.mean((points / radius) ** n * points * g).real
        assert float(value) / radius**n == pytest.approx(mean, abs=1e-12)


NAMED: dict[str, Relation] = {
    "boolean": nodes.Boolean((Semicircle(1, HALF), MarchenkoPastur(2), TwoPoint())),
    "monotone": nodes.Monotone(MarchenkoPastur(2), Semicircle(1, 2)),
    "rectangular": nodes.Rectangular((MarchenkoPastur(THIRD), Discrete((1, 4))), THIRD),
    "compound": nodes.CompoundPoisson(Semicircle(1, 1), 1 + HALF),
    "reshape": nodes.Reshape(products(MarchenkoPastur(2), MarchenkoPastur(HALF)), HALF),
    "square": nodes.SymmetricSquare(sums(Semicircle(0, 2), TwoPoint())),
    "real product": nodes.RealMultiplicative(SHIFTED, MarchenkoPastur(HALF)),
    "power of a sum": simplify.additive((Bernoulli(THIRD), TwoPoint()), (Fraction(5, 2), 2)),
    "deep": products(
        sums(
            nodes.NegativeInverse(simplify.affine(MarchenkoPastur(HALF), -1, 0)),
            nodes.CompoundPoisson(nodes.Reshape(MarchenkoPastur(2), HALF), THIRD),
        ),
        nodes.Rectangular((MarchenkoPastur(HALF), MarchenkoPastur(HALF, 2)), HALF),
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_nodes_against_contour_integrals(name: str) -> None:
    agree_with_contour(NAMED[name], moments(NAMED[name], 10))


def positive_tree(draw: np.random.Generator, depth: int) -> Relation:
    """A random tree of laws on the half-line."""
    if depth == 0:
        ratio = Fraction(int(draw.integers(1, 9)), 4)
        return [MarchenkoPastur(ratio), Bernoulli(HALF), Discrete((1, ratio + 1))][draw.integers(3)]
    first, second = positive_tree(draw, depth - 1), positive_tree(draw, depth - 1)
    options: list[Callable[[], Relation]] = [
        lambda: sums(first, second),
        lambda: products(first, second),
        lambda: nodes.Rectangular((first, second), HALF),
        lambda: nodes.Mixture((first, second), (THIRD, 2 * THIRD)),
        lambda: nodes.CompoundPoisson(first, 1 + HALF),
        lambda: nodes.Reshape(first, HALF),
        lambda: simplify.negative_inverse(simplify.affine(first, -1, -1)),
        lambda: simplify.additive((first,), (1 + HALF,)),
    ]
    return options[draw.integers(len(options))]()


def real_tree(draw: np.random.Generator, depth: int) -> Relation:
    """A random tree of laws on the line."""
    if depth == 0:
        return [Semicircle(1, 2), TwoPoint(-1, 2), Semicircle()][draw.integers(3)]
    first, second = real_tree(draw, depth - 1), real_tree(draw, depth - 1)
    options: list[Callable[[], Relation]] = [
        lambda: sums(first, second),
        lambda: sums(first, positive_tree(draw, depth - 1)),
        lambda: nodes.RealMultiplicative(first, positive_tree(draw, depth - 1)),
        lambda: nodes.Boolean((first, second)),
        lambda: nodes.Monotone(first, second),
        lambda: simplify.affine(first, -2, 1),
    ]
    return options[draw.integers(len(options))]()


@pytest.mark.parametrize("seed", range(30))
def test_random_trees_against_contour_integrals(seed: int) -> None:
    draw = np.random.default_rng(seed)
    relation = (positive_tree, real_tree)[seed % 2](draw, 1 + seed % 3)
    agree_with_contour(relation, moments(relation, 8))


# ------------------------------------------------------------------------------ orders and speed


@pytest.mark.parametrize(
    "method", ["moments", "free_cumulants", "boolean_cumulants", "classical_cumulants"]
)
def test_orders(method: str) -> None:
    law = fs.MarchenkoPastur(HALF)
    assert getattr(law, method)(0) == []
    assert len(getattr(law, method)(np.int64(3))) == 3
    with pytest.raises(InvalidLawError, match="-1"):
        getattr(law, method)(-1)
    with pytest.raises(InvalidLawError, match="4096"):
        getattr(law, method)(10**9)
    for wrong in (2.0, "3", None, sympy.Symbol("n")):
        with pytest.raises(UnsupportedOperationError, match="integer"):
            getattr(law, method)(wrong)


def test_single_orders() -> None:
    law = fs.MarchenkoPastur(HALF)
    assert (law.moment(0), law.moment(2), law.free_cumulant(2)) == (1, Fraction(3, 2), HALF)
    with pytest.raises(InvalidLawError, match="n = 0"):
        law.free_cumulant(0)
    with pytest.raises(UnsupportedOperationError, match="integer"):
        law.moment(1.5)


def test_deep_trees_of_sums() -> None:
    """Every node gives what its parent needs: no cumulants by way of moments and back."""
    law = fs.Semicircle()
    for k in range(60):
        law = (law + fs.Bernoulli(Fraction(1, k + 2))) * Fraction(9, 10) + 1
    assert law.moments(8) == moments_from_free_cumulants(law.free_cumulants(8))


@pytest.mark.long
def test_symbols_and_numbers_agree() -> None:
    """Two symbols, every operation, then numbers: the same rationals."""
    c, p = sympy.symbols("c p", positive=True)
    values = {c: sympy.Rational(2, 3), p: sympy.Rational(1, 4)}
    mp, b = fs.MarchenkoPastur(c), fs.Bernoulli(p)
    two = fs.TwoPoint(p, 1 + c, Fraction(1, 3))
    laws = [
        mp + b,
        mp @ two,
        (two @ mp).multiplicative_power(3),
        fs.boolean_sum(mp, two),
        fs.monotone(two, b),
        fs.mixture([mp, two], [p, 1 - p]),
        fs.rectangular_sum(mp, two, ratio=p),
        (fs.Semicircle(0, c) @ mp) + p,
        (two + mp).compress(p),
        two.additive_power(1 + c),
        (two + b).additive_deconvolve(b),
        (two @ mp).multiplicative_deconvolve(mp),
        fs.CompoundFreePoisson(p, two),
        fs.classical_sum(mp, two),
        fs.classical_product(mp, two),
        mp.reshape(p),
        fs.Wachter(2 + c, 1 + p),
    ]
    for law in laws:
        for quantity in ("moments", "free_cumulants", "boolean_cumulants"):
            symbolic = getattr(law, quantity)(5)
            numeric = getattr(law.subs(values), quantity)(5)
            assert [sympy.sympify(v).subs(values) for v in symbolic] == [
                sympy.Rational(v.numerator, v.denominator) for v in numeric
            ], law


def test_powers_with_symbolic_exponents() -> None:
    t, p = sympy.symbols("t p", positive=True)
    row = fs.Bernoulli(p).multiplicative_power(t).moments(3)
    values = {t: 2, p: sympy.Rational(1, 3)}
    expected = fs.Bernoulli(Fraction(1, 3)).multiplicative_power(2).moments(3)
    assert [v.subs(values) for v in row] == [sympy.Rational(str(v)) for v in expected]


def test_algebraic_numbers_beside_symbols() -> None:
    c = sympy.Symbol("c", positive=True)
    row = (fs.MarchenkoPastur(c) + sympy.sqrt(2)).moments(3)
    assert row[1] == c + 3 + 2 * sympy.sqrt(2)
    root = fs.PointMass(sympy.sqrt(2)).moments(4)
    assert root == [sympy.sqrt(2), 2, 2 * sympy.sqrt(2), 4]
