"""The polynomials of laws: irreducible, primitive, and zero at verified points."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import DegreeError, InvalidLawError, NotAlgebraicError
from freesym.nets import jacobian_law
from freesym.spectrum.evaluate import transforms
from freesym.transforms.curve import algebraic_curve
from freesym.transforms.degrees import combined_degrees, moved_degrees
from freesym.transforms.parameters import exact
from freesym.transforms.selection import numerical, samples

z, g, w, r, m, s, x = sympy.symbols("z g w r m s x")
c, p, v, t, c1, c2, c3 = sympy.symbols("c p v t c1 c2 c3", positive=True)
R, HALF = sympy.Rational, F(1, 2)
MP, SC, B = fs.MarchenkoPastur, fs.Semicircle, fs.Bernoulli
SIGN, THREE, FOUR = fs.TwoPoint(-1, 1, HALF), fs.Discrete([0, 1, 3]), fs.Discrete([0, 2, 5, 7])

LEAVES = [
    SC(),
    SC(c, v),
    SC(0, sympy.sqrt(2)),
    MP(c),
    MP(3, v),
    MP(sympy.exp(c)),
    MP(sympy.pi / 4),
    fs.FreePoisson(c, v),
    B(p),
    fs.TwoPoint(c, -1, p),
    THREE,
    fs.Discrete([0, 1, c], [p, F(1, 3), F(2, 3) - p]),
    fs.Discrete(range(30)),
    fs.Empirical([1, 2, 2, 5]),
    fs.Arcsine(-2, 2),
    fs.Arcsine(0, c),
    fs.KestenMcKay(t),
    fs.KestenMcKay(F(3, 2)),
    fs.Wachter(c, v + 1),
    fs.FreeBinomial(p, t),
    fs.FussCatalan(5),
    fs.FussCatalan(HALF),
    fs.FussCatalan(F(3, 2)),
    fs.Raney(3, 2),
    fs.Raney(F(5, 2), F(3, 2)),
    fs.EquilibriumMeasure(HALF, 1),
    fs.EquilibriumMeasure(c, 2),
    fs.EquilibriumMeasure(1, 3),
    fs.Cauchy(),
    fs.Cauchy(c, v),
    fs.CompoundFreePoisson(c, THREE),
    fs.CompoundFreePoisson(c, MP(p)),
    fs.CompoundFreePoisson(F(3, 2), SC()),
    fs.PointMass(c),
    fs.Law.from_r_transform(c / (1 - p * x), x),
    fs.Law.from_s_transform((1 + 2 * x) ** -20),
    fs.Law.from_s_transform(1 / sympy.sqrt(1 + x)),
    fs.Law.from_cauchy_transform((x - sympy.sqrt(x - 2) * sympy.sqrt(x + 2)) / 2),
    fs.Law.from_moments([0, 1, 0, 2, 0, 6]),
]

NODES = [
    MP(c) + SC(),
    MP(c) + SC(0, v) + SIGN,
    THREE + FOUR,
    THREE + THREE + THREE,
    fs.Cauchy(c, v) + SC(),
    SC(sympy.sqrt(c), 1) + SIGN,
    THREE.additive_power(F(5, 2)),
    (MP(c) + SC()).additive_power(t),
    MP(c) @ B(p),
    MP(c1) @ MP(c2) @ MP(c3),
    THREE @ fs.Discrete([1, 2, 5]),
    THREE.multiplicative_power(F(3, 2)),
    MP(c).multiplicative_power(F(4, 3)) @ THREE,
    SIGN @ MP(c),
    SC(1, 1) @ B(p),
    fs.mixture([MP(c), SC()], [p, 1 - p]),
    fs.boolean_sum(MP(c), SC(), SIGN),
    fs.monotone(SC(), MP(c)),
    fs.monotone(THREE, SIGN),
    fs.rectangular_sum(MP(HALF), THREE, ratio=F(1, 3)),
    fs.rectangular_sum(MP(HALF), fs.Discrete([1, 4]), ratio=c),
    fs.rectangular_sum(fs.PointMass(1), fs.PointMass(1), ratio=HALF),
    2 * MP(c) + 3,
    -2 * THREE + SC(),
    MP(HALF).inverse(),
    (MP(HALF) + 1).inverse() @ MP(c),
    SC().square(),
    MP(c).square(),
    (SC(0, v) + SIGN).square(),
    MP(c).reshape(HALF),
    (MP(HALF) @ THREE).reshape(F(2, 3)),
    MP(c).compress(p),
    MP(c).moebius(1, 1, 1, 2),
    ((MP(HALF) @ B(F(1, 3))) + SC()) @ (THREE + 1),
    (MP(c) + SC()).additive_deconvolve(SC()),
    (MP(c) @ MP(p)).multiplicative_deconvolve(MP(c)),
    jacobian_law([1] * 51, "relu"),
    jacobian_law([7, 5, 4], "relu", "orthogonal"),
    fs.classical_sum(SIGN, THREE),
]


def check_curve(law: fs.Law, *, laws: int = 2) -> None:
    """Irreducible, primitive, and zero at verified points relative to the size of its terms."""
    relation = law.relation()
    curve = algebraic_curve(relation)
    content, factors = curve.polynomial.factors()
    assert abs(content) == 1
    assert len(factors) == 1 and factors[0][1] == 1
    checked = 0
    for sample, _ in zip(samples(relation), range(laws), strict=False):
        numbers = numerical(curve.parameters, sample.values)
        for point, value, _ in sample.points:
            found, _, scale = curve.polynomial.values("g", {**numbers, "w": point, "g": value})
            assert float(abs(found)) < 1e-10 * float(scale)
            checked += 1
    assert checked >= 3


@pytest.mark.parametrize("law", LEAVES, ids=repr)
def test_leaves(law):
    check_curve(law)


@pytest.mark.parametrize("law", NODES, ids=repr)
def test_nodes(law):
    check_curve(law)


# ------------------------------------------------------------------- identities with symbols


def zero_of(law: fs.Law, coordinates: str, argument, value):
    return law.algebraic_equation(argument, value, coordinates=coordinates)


@pytest.mark.parametrize(
    ("law", "transform"),
    [
        (MP(c) + SC(), 1 / (1 - c * w) + w),
        (MP(c).additive_power(t) + SC(p, v), t / (1 - c * w) + p + v * w),
        (fs.CompoundFreePoisson(t, THREE), t * (1 / (1 - w) + 3 / (1 - 3 * w)) / 3),
        ((MP(c) + SC()).compress(p), 1 / (1 - c * p * w) + p * w),
    ],
    ids=repr,
)
def test_r_transforms_add(law, transform):
    found = zero_of(law, "wr", w, r)
    assert sympy.degree(found, r) == 1
    assert sympy.simplify(sympy.solve(found, r)[0] - transform) == 0


@pytest.mark.parametrize(
    ("law", "transform"),
    [
        (MP(c) @ B(p), (1 + m) / ((1 + c * m) * (p + m))),
        (MP(c1) @ MP(c2) @ MP(c3), 1 / ((1 + c1 * m) * (1 + c2 * m) * (1 + c3 * m))),
        (fs.Wachter(c, v + 1) @ (2 * MP(t)), (c + v + 1 + m) / (c + m) / (1 + t * m) / 2),
        ((MP(c) @ MP(p)).multiplicative_deconvolve(MP(c)), 1 / (1 + p * m)),
    ],
    ids=repr,
)
def test_s_transforms_multiply(law, transform):
    found = zero_of(law, "ms", m, s)
    assert sympy.degree(found, s) == 1
    assert sympy.simplify(sympy.solve(found, s)[0] - transform) == 0


@pytest.mark.parametrize("law", [MP(c) + SC(), MP(c) @ B(p), THREE + SIGN, SC(0, v).square()])
def test_coordinates_are_the_same_curve(law):
    """Each change of variables, carried out by SymPy on the polynomial in (z, g)."""
    whole = law.algebraic_equation(z, g)
    changes = {
        "zm": ({z: 1 / z, g: z * (1 + m)}, (z, m)),
        "wr": ({z: r + 1 / w, g: w}, (w, r)),
        "ms": ({z: (1 + m) / (m * s), g: m * s}, (m, s)),
    }
    for name, (change, (first, second)) in changes.items():
        found = law.algebraic_equation(first, second, coordinates=name)
        moved = sympy.numer(sympy.together(whole.subs(change, simultaneous=True)))
        assert same_factor(found, sympy.expand(moved), first, second)


def same_factor(found, whole, *variables) -> bool:
    """Whether ``found`` divides ``whole`` with a cofactor that no generic point is a zero of."""
    quotient, remainder = sympy.div(whole, found, *variables)
    return remainder == 0 and all(
        len(sympy.Poly(factor, *variables).terms()) <= 2
        for factor, _ in sympy.factor_list(quotient, *variables)[1]
    )


def same(found, expected, *variables) -> bool:
    """Equal up to a factor free of the variables."""
    ratio = sympy.cancel(found / expected)
    return ratio != 0 and not (ratio.free_symbols & set(variables))


# --------------------------------------------------- the operations of polynomial calculators


def mp_equation(argument, value, ratio):
    return sympy.expand((argument * value - 1) * (1 - ratio * value) - value)


ATOMS = {0: R(1, 3), 1: R(1, 3), 3: R(1, 3)}


def transform_of(points, argument):
    return sum(weight / (argument - point) for point, weight in points.items())


def numerator(expression):
    return sympy.expand(sympy.numer(sympy.together(expression)))


EXPECTED = [
    ("semicircle", SC(), g**2 - z * g + 1),
    ("Wishart", MP(c), mp_equation(z, g, c)),
    ("atomic", THREE, numerator(g - transform_of(ATOMS, z))),
    ("equilibrium", fs.EquilibriumMeasure(HALF, 1), g**2 - z * g + 1),
    # of x^4/12, on [-2, 2]: g^2 - V' g + E (V'(z) - V'(X))/(z - X), and the second moment is 4/3
    ("quartic equilibrium", fs.EquilibriumMeasure(F(1, 12), 2),
     3 * g**2 - z**3 * g + z**2 + R(4, 3)),
    (
        "inverse",
        MP(c).inverse(),
        numerator(mp_equation(z, g, c).subs({z: 1 / z, g: z - z**2 * g}, simultaneous=True)),
    ),
    ("shift", MP(c) + v, mp_equation(z - v, g, c).expand()),
    ("scale", v * MP(c), numerator(mp_equation(z / v, v * g, c))),
    (
        "Moebius",  # (X + 1)/(X + 2): 1/(z - that) = 1/(z-1) + 1/(z-1)^2 / (X + (2z-1)/(z-1))
        THREE.moebius(1, 1, 1, 2),
        numerator(g - sum(q / (z - R(a + 1, a + 2)) for a, q in ATOMS.items())),
    ),
    (
        "transpose",
        MP(c).reshape(c),
        numerator(mp_equation(z, (1 + (z * g - 1) / c) / z, c)),
    ),
    ("square", SC().square(), z * g**2 - z * g + 1),
    (
        "Wishart product",  # Marchenko and Pastur
        THREE @ MP(c),
        numerator(g - sum(q / (z - a * (1 - c + c * z * g)) for a, q in ATOMS.items())),
    ),
    (
        "non-central Wishart",  # Dozier and Silverstein, with m = -g
        fs.rectangular_sum(THREE, v * MP(c), ratio=c),
        numerator(
            g
            - sum(
                q / (z * (1 - c * v * g) - v * (1 - c) - a / (1 - c * v * g))
                for a, q in ATOMS.items()
            )
        ),
    ),
    (
        "R-transform multiple",
        THREE.additive_power(t),
        numerator(g - transform_of(ATOMS, 1 / g + (z - 1 / g) / t)),
    ),
    (
        "compression",
        THREE.compress(p),
        numerator(p * g - transform_of(ATOMS, 1 / (p * g) + z - 1 / g)),
    ),
    ("block diagonal", fs.mixture([SIGN, THREE], [F(1, 4), F(3, 4)]),
     numerator(g - R(3, 4) * transform_of(ATOMS, z) - R(1, 4) * z / (z**2 - 1))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "expected"), [e[1:] for e in EXPECTED], ids=[e[0] for e in EXPECTED]
)
def test_known_polynomials(law, expected):
    found = law.algebraic_equation(z, g)
    assert any(same(found, factor, z, g) for factor, _ in sympy.factor_list(expected, z, g)[1]), (
        sympy.factor(expected)
    )


@pytest.mark.parametrize(
    ("law", "summand"),
    [
        (THREE + SIGN, g - transform_of(ATOMS, x + 1 / g)),
        (MP(c) + SIGN, x - 1 / (1 - c * g)),
        (SC(v, t) + SIGN, x - v - t * g),
    ],
    ids=repr,
)
def test_free_sums_by_resultants(law, summand):
    """With ``x = R_1(g)``: the other summand, a sign, is at ``z - x``."""
    other = numerator(g - (z - x) / ((z - x) ** 2 - 1))
    whole = sympy.resultant(numerator(summand), other, x)
    assert same_divides(law.algebraic_equation(z, g), whole)


def same_divides(found, whole) -> bool:
    return sympy.div(whole, found, z, g)[1] == 0


def test_free_products_by_resultants():
    """With ``y = S_1`` at ``psi = z g - 1``: the other factor has ``S = g/(psi y)``."""
    psi = z * g - 1
    one, other = (
        numerator(sum(q * a * y / ((1 + psi) - a * psi * y) for a, q in row.items()) * psi - psi)
        for row, y in (
            ({1: R(1, 2), 2: R(1, 2)}, x),
            ({1: R(1, 3), 4: R(2, 3)}, g / (psi * x)),
        )
    )
    law = fs.TwoPoint(1, 2, HALF) @ fs.TwoPoint(1, 4, F(2, 3))
    assert same_divides(law.algebraic_equation(z, g), sympy.resultant(one, other, x))


def test_correlated_wishart():
    """``A^(1/2) G B G^T A^(1/2)``: the product of A with a compound Poisson law."""
    law = fs.TwoPoint(1, 2, HALF) @ fs.CompoundFreePoisson(t, fs.TwoPoint(1, 3, HALF))
    psi = z * g - 1
    # S_1 = x; the compound law has w = (1 + psi)/(psi y) and g = psi y with y = g/(psi x)
    one = numerator(sum(R(1, 2) * a * x / ((1 + psi) - a * psi * x) for a in (1, 2)) * psi - psi)
    k = g / x
    other = numerator(psi - t * sum(R(1, 2) * b * k / (1 - b * k) for b in (1, 3)))
    assert same_divides(law.algebraic_equation(z, g), sympy.resultant(one, other, x))


def test_relu_jacobian():
    depth = 50
    found = jacobian_law([1] * (depth + 1), "relu").algebraic_equation(z, g)
    expected = sympy.expand(z * g * (2 * z * g - 1) ** depth - z * (z * g - 1))
    assert same(sympy.expand(found * z), expected, z, g)


# ------------------------------------------------------------------------- refusals and limits


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (fs.Uniform(0, 1) + SC(), "Uniform"),
        (fs.Uniform(0.0, 0.5), "Uniform"),
        (fs.Pushforward(sympy.tanh(x)) @ MP(c), "Pushforward"),
        (fs.Law.from_s_transform(sympy.exp(-x)), "STransformLaw"),
        (MP(c).multiplicative_power(t), "power t"),
        (fs.Raney(t + 1, 1), "Raney"),
        (fs.classical_sum(SC(), MP(1)), "first=Semicircle"),
    ],
    ids=repr,
)
def test_laws_without_an_equation(law, name):
    with pytest.raises(NotAlgebraicError, match=name):
        law.algebraic_equation(z, g)


@pytest.mark.parametrize(
    "law", [SC(0, 0.5), MP(c) + fs.TwoPoint(0, 1, 0.25), fs.Discrete([0.1, 1]), 0.5 * MP(c)]
)
def test_floats_are_refused(law):
    MP(1).algebraic_equation(z, g)
    with pytest.raises(InvalidLawError, match=r"floating-point number 0\.(5|25|1).*Rational"):
        law.algebraic_equation(z, g)


def test_floats_do_not_reuse_what_equal_numbers_left():
    assert SC(0, HALF).algebraic_equation(z, g) == -(g**2) + 2 * g * z - 2
    with pytest.raises(InvalidLawError):
        SC(0, 0.5).algebraic_equation(z, g)


def test_eigenvalues_must_be_integers():
    assert fs.Empirical([1, 3]).algebraic_equation(z, g) == fs.Discrete([1, 3]).algebraic_equation(
        z, g
    )
    with pytest.raises(InvalidLawError, match=r"0\.5"):
        fs.Empirical([0.5, 1]).algebraic_equation(z, g)


def test_degrees_are_predicted():
    law = fs.Discrete(range(20)) + fs.Discrete([k**2 for k in range(20)])
    with pytest.raises(DegreeError, match="max_degree=760") as caught:
        law.algebraic_equation(z, g)
    assert caught.value.degree == 760
    assert pickle.loads(pickle.dumps(caught.value)).degree == 760
    with pytest.raises(DegreeError, match="more than 5"):
        (THREE + FOUR).algebraic_equation(z, g, max_degree=5)
    assert (THREE + FOUR).algebraic_equation(z, g, max_degree=100)
    with pytest.raises(DegreeError, match="100000000"):
        MP(1).multiplicative_power(10**8).algebraic_equation(z, g)


@pytest.mark.parametrize("law", [THREE + FOUR, THREE @ FOUR, MP(c) + SIGN, THREE.square() + SC()])
def test_predictions_bound_degrees(law):
    degree = max(algebraic_curve(law.relation()).degree())
    with pytest.raises(DegreeError) as caught:
        law.algebraic_equation(z, g, max_degree=degree - 1)
    assert caught.value.degree >= degree


def test_degrees_of_operations():
    assert combined_degrees([(2, 3), (3, 1), (1, 4)]) == (6, 35)
    assert moved_degrees((2, 2), "sp", "sp") == (2, 2)


def test_bad_coordinates_and_symbols():
    with pytest.raises(InvalidLawError, match="zg"):
        SC().algebraic_equation(z, g, coordinates="gz")
    with pytest.raises(InvalidLawError, match="parameter"):
        MP(c).algebraic_equation(z, c)
    with pytest.raises(InvalidLawError, match="symbols"):
        MP(c).algebraic_equation("z", g)


def test_symbols_called_like_generators():
    names = "w g p0 a b t"
    w, g, p0, a, b, t = sympy.symbols(names, positive=True)
    found = (MP(p0) + SC(a * w, b)).additive_power(t).algebraic_equation(z, g)
    expected = numerator(z - 1 / g - t * (1 / (1 - p0 * g) + a * w + b * g))
    assert same(found, expected, z, g)


def test_parameters_are_exact():
    assert exact(F(4, 2)) == 2 and isinstance(exact(F(4, 2)), int)
    assert exact(R(1, 3)) == F(1, 3)
    assert exact(c + 1) == c + 1
    for value in (0.5, c + 0.5):
        with pytest.raises(InvalidLawError):
            exact(value)


def test_curves_are_values():
    curve = algebraic_curve((MP(c) + SC()).relation())
    assert curve == algebraic_curve((MP(c) + SC()).relation())
    assert hash(curve) == hash(algebraic_curve((MP(c) + SC()).relation()))
    assert curve.parameters.atoms == (c,)
    assert curve.degree() == (1, 3)
    assert curve.degree("wr") == (2, 1)


def test_specialisations_lie_on_the_symbolic_curve():
    whole = (MP(c) @ B(p) + THREE).algebraic_equation(z, g)
    values = {c: R(1, 2), p: R(2, 3)}
    special = (MP(HALF) @ B(F(2, 3)) + THREE).algebraic_equation(z, g)
    assert same_divides(special, sympy.expand(whole.subs(values)))


def test_reducible_specialisations():
    """A sum that is symmetric for one value of a parameter only."""
    for ratio in (HALF, 1, 2):
        check_curve(fs.TwoPoint(-1, 1, HALF) + fs.TwoPoint(-ratio, ratio, HALF))


def test_points_come_from_the_solver():
    law = MP(HALF) + SC()
    (sample,) = samples(law.relation())
    points, values, _ = np.array(sample.points).T
    np.testing.assert_allclose(values, transforms(law.relation().numeric(), points).g, rtol=1e-13)


def test_variables_and_degrees_are_checked():
    z, g = sympy.symbols("z g")
    law = fs.Semicircle() + fs.MarchenkoPastur(1)
    with pytest.raises(fs.InvalidLawError, match="both variables"):
        law.algebraic_equation(z, z)
    for wrong in ("a", 2.5, True):
        with pytest.raises(fs.UnsupportedOperationError, match="max_degree"):
            law.algebraic_equation(z, g, max_degree=wrong)


def test_high_powers_are_verified_with_the_digits_they_need() -> None:
    """``psi = (1 + psi)^(s + 1) / z`` at a power with a large denominator."""
    found = algebraic_curve(fs.FussCatalan(F(901, 300)).relation()).in_coordinates("zg")
    terms = {(301 + 600, 1201): 1} | {(k, k): -math.comb(300, k) * (-1) ** k for k in range(301)}
    assert found.raw.to_dict() in (terms, {place: -value for place, value in terms.items()})
