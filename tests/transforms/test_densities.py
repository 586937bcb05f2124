"""Closed forms of densities against the solver and against zeros of polynomials."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import InvalidLawError, NotAlgebraicError, UnsupportedOperationError
from freesym.transforms.parametric import ParametricDensity
from freesym.transforms.precision import number

R = sympy.Rational
HALF, THIRD = R(1, 2), R(1, 3)
c, p, v, d = sympy.symbols("c p v d", positive=True)
x, u = sympy.symbols("x u")


def relu(depth, mask=HALF):
    layer = fs.Bernoulli(mask) @ fs.MarchenkoPastur()
    return (1 / sympy.sympify(mask) * layer).multiplicative_power(depth)


RADICALS = {
    "marchenko-pastur": fs.MarchenkoPastur(HALF),
    "with an atom": fs.MarchenkoPastur(3),
    "semicircle": fs.Semicircle(1, 2),
    "compressed": fs.MarchenkoPastur(HALF) @ fs.Bernoulli(THIRD),
    "wachter": fs.Wachter(R(5, 2), R(3, 2)),
    "kesten-mckay": fs.KestenMcKay(3),
    "binomial": fs.FreeBinomial(THIRD, R(5, 2)),
    "two projections": fs.Bernoulli(R(3, 10)) @ fs.Bernoulli(R(3, 5)),
    "fuss-catalan": fs.FussCatalan(2),
    "raney": fs.Raney(3, 2),
    "relu": relu(2),
    "product": fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(THIRD),
    "two bands": fs.Semicircle(0, HALF) + fs.TwoPoint(-1, 1, HALF),
    "cusp": fs.Semicircle(0, 1) + fs.TwoPoint(-1, 1, HALF),
    "merged": fs.Semicircle(0, 2) + fs.TwoPoint(-1, 1, HALF),
    "sum": fs.Semicircle() + fs.MarchenkoPastur(HALF),
    "affine": 3 - 2 * fs.FussCatalan(2),
    "inverse": fs.MarchenkoPastur(HALF).inverse(),
    "square": fs.Semicircle().square(),
    "reshaped": fs.MarchenkoPastur(2).reshape(2),
    "mixture": fs.mixture([fs.Semicircle(), fs.MarchenkoPastur(2)], [THIRD, 1 - THIRD]),
    "uniform": fs.Uniform(1, 3),
    "arcsine": fs.Arcsine(-1, 3),
    "equilibrium": fs.EquilibriumMeasure(1, 3),
    "cauchy": fs.Cauchy(1, 2),
    "given": fs.from_density(2 * x, (0, 1)),
}


def points_of(law, count=9):
    found = []
    for a, b in law.support():
        if b > a:
            low, width = max(a, -50.0), min(b, 50.0) - max(a, -50.0)
            found += (low + width * np.random.default_rng(5).uniform(0.02, 0.98, count)).tolist()
    return found


@pytest.mark.parametrize("name", RADICALS)
def test_radicals_agree_with_the_solver(name):
    law = RADICALS[name]
    formula = law.density_formula(x)
    assert not isinstance(formula, ParametricDensity)
    points = points_of(law)
    with mpmath.workdps(40):
        values = [float(number(formula, {x: mpmath.mpf(point)})) for point in points]
    assert values == pytest.approx(law.density(points).tolist(), rel=1e-12)
    outside = law.edges()[-1] + 1.0
    if np.isfinite(outside):
        assert number(formula, {x: mpmath.mpf(outside)}) == 0


SYMBOLIC = {
    "marchenko-pastur": fs.MarchenkoPastur(c, v),
    "compressed": fs.MarchenkoPastur(c) @ fs.Bernoulli(p),
    "wachter": fs.Wachter(c, d),
    "kesten-mckay": fs.KestenMcKay(d),
    "binomial": fs.FreeBinomial(p, d),
    "semicircle": fs.Semicircle(c, v),
    "cauchy": fs.Cauchy(c, v),
    "signs": fs.Semicircle(0, v) + fs.TwoPoint(-1, 1, HALF),
    "sum": fs.Semicircle() + fs.MarchenkoPastur(c),
    "product": fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(c),
}


@pytest.mark.parametrize("name", SYMBOLIC)
def test_formulas_with_symbols(name):
    law = SYMBOLIC[name]
    formula = law.density_formula(x)
    for point in (
        {c: R(2, 5), p: R(1, 3), v: R(3, 10), d: R(7, 4)},
        {c: R(12, 5), p: R(5, 6), v: R(8, 5), d: R(16, 5)},
    ):
        bound, known = law.subs(point), formula.subs(point)
        for where in points_of(bound, 4):
            with mpmath.workdps(40):
                value = float(number(known, {x: mpmath.mpf(where)}))
            assert value == pytest.approx(bound.density(where), rel=1e-12)


@pytest.mark.parametrize("name", ["fuss-catalan", "product", "two bands", "sum", "relu"])
def test_radicals_agree_with_polynomial_roots(name):
    law = RADICALS[name]
    z, g = sympy.symbols("z g")
    equation = sympy.Poly(law.algebraic_equation(z, g), g)
    formula = law.density_formula(x)
    with mpmath.workdps(60):
        for point in points_of(law, 3):
            row = [number(a, {z: mpmath.mpf(point)}) for a in equation.all_coeffs()]
            zeros = mpmath.polyroots(row, maxsteps=300, extraprec=400)
            expected = max(abs(mpmath.im(zero)) for zero in zeros) / mpmath.pi
            value = number(formula, {x: mpmath.mpf(point)})
            assert abs(value / expected - 1) < mpmath.mpf(10) ** -48


def test_beyond_the_transition():
    """The density beyond the transition: sqrt(v - 1)/(pi v) at 0."""
    formula = (fs.Semicircle(0, v) + fs.TwoPoint(-1, 1, HALF)).density_formula(x)
    value = formula.subs({v: 3, x: R(1, 10**30)}).evalf(40)
    assert abs(value - sympy.sqrt(2) / (3 * sympy.pi)) < 1e-25


@pytest.mark.long
def test_poles_of_the_cubic_inside_the_support():
    """A cube root changes its sign where the leading coefficient vanishes, at 16/5 here."""
    law = (fs.TwoPoint(R(8, 7), R(7, 2), THIRD) @ fs.FreeBinomial(HALF, R(14, 5))).reshape(R(2, 3))
    formula = law.density_formula(x)
    for q in (2.7, 2.95, 3.1, 3.19, 3.21, 4.5):
        value = formula.subs(x, sympy.Rational(q)).evalf(20)
        assert value.is_real
        assert float(value) == pytest.approx(law.density(q), rel=1e-10)


@pytest.mark.long
def test_the_value_at_a_pole_of_the_cubic():
    """One zero is infinite at 16/5; the other two solve what is left of the polynomial."""
    law = (fs.TwoPoint(R(8, 7), R(7, 2), THIRD) @ fs.FreeBinomial(HALF, R(14, 5))).reshape(R(2, 3))
    z, g = sympy.symbols("z g")
    rest = sympy.Poly(law.algebraic_equation(z, g).subs(z, R(16, 5)), g)
    assert rest.degree() == 2
    expected = max(abs(sympy.im(root)) for root in rest.all_roots()) / sympy.pi
    assert sympy.simplify(law.density_formula(x).subs(x, R(16, 5)) - expected) == 0
    mixed = fs.mixture([2 * law + 1, fs.Semicircle(7)], [THIRD, R(2, 3)]).density_formula(x)
    place = R(37, 5)
    both = expected / 6 + 2 * fs.Semicircle(7).density_formula(x).subs(x, place) / 3
    assert sympy.N(mixed.subs(x, place) - both, 30, chop=True) == 0


SIGNED = fs.MarchenkoPastur() @ fs.TwoPoint(-1, 1, HALF)


@pytest.mark.parametrize(
    ("law", "place"),
    [
        (fs.mixture([fs.Arcsine(-1, 1).square(), fs.Arcsine(1, 2)]), 1),
        (fs.mixture([fs.Arcsine(0, 1), fs.Semicircle()]), 0),
        (fs.mixture([fs.Arcsine(0, 1), fs.Semicircle()]), 1),
        (fs.mixture([fs.MarchenkoPastur(), -fs.MarchenkoPastur()]), 0),
        (SIGNED, 0),
        (3 - 2 * SIGNED, 3),
        (fs.mixture([SIGNED + 1, fs.Semicircle(3)]), 1),
    ],
    ids=lambda value: str(value)[:30],
)
def test_formulas_are_infinite_where_the_density_is(law, place):
    """At points inside of the support, where it grows on one side at least."""
    formula = law.density_formula(x)
    assert formula.subs(x, place) == sympy.oo
    assert law.density(float(place)) == np.inf
    sides = [formula.subs(x, place + sign * R(1, 10**20)).evalf() for sign in (1, -1)]
    assert max(sides) > 1e5
    assert formula.subs(x, place + R(1, 100)).is_finite


def test_formulas_with_symbols_are_infinite_inside():
    """Where two laws meet at a hard edge of both, and at 0 of a signed product."""
    touching = fs.mixture([fs.Arcsine(0, c), fs.Arcsine(c, 2 * c)])
    assert touching.density_formula(x).subs(x, c) == sympy.oo
    signed = fs.MarchenkoPastur() @ fs.TwoPoint(-c, c, HALF)
    assert signed.density_formula(x).subs(x, 0) == sympy.oo


@pytest.mark.parametrize(
    ("law", "place", "expected"),
    [
        (fs.mixture([fs.Uniform(0, 1), fs.Uniform(1, 2)]), 1, HALF),
        (fs.mixture([fs.Semicircle(), fs.Uniform(0, 1)]), 0, 1 / (2 * sympy.pi) + R(1, 4)),
        (fs.mixture([fs.Semicircle(-2), fs.Semicircle(2)]), 0, 0),
    ],
    ids=["touching", "jump", "soft"],
)
def test_inside_a_jump_has_the_mean_of_its_sides(law, place, expected):
    """As the numerical density has."""
    assert sympy.simplify(law.density_formula(x).subs(x, place) - expected) == 0
    assert law.density(float(place)) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(
    ("law", "ends"),
    [
        (fs.FussCatalan(2), {0: np.inf, R(27, 4): 0.0}),
        (fs.Semicircle() @ fs.MarchenkoPastur(), {0: np.inf}),
        (fs.Raney(3, 2), {0: np.inf}),
    ],
    ids=str,
)
def test_parametric_densities_at_ends(law, ends):
    """Infinite at hard edges, 0 at soft ones, 0 beyond."""
    density = law.parametric_density()
    for end, expected in ends.items():
        assert density(end) == expected
        assert density(end, digits=20) == expected
        assert law.density(float(end)) == pytest.approx(expected)
    assert density(-10) == density(100) == 0


@pytest.mark.long
def test_open_ends_with_symbols():
    """The ends have no formula, the density has: a rectangular sum with three symbols."""
    law = fs.noncentral_wishart(fs.PointMass(c), v, p)
    point = {c: 2, v: R(1, 3), p: R(1, 2)}
    formula, bound = law.density_formula(x).subs(point), law.subs(point)
    for q in (0.5, 2.0, 3.5, 9.0):
        assert float(formula.subs(x, q)) == pytest.approx(bound.density(q), abs=1e-9)


# ---------------------------------------------------------------------- parametric


@pytest.mark.parametrize("mask", [R(3, 10), HALF, R(4, 5), sympy.Integer(1)])
@pytest.mark.parametrize("depth", [1, 2, 3, 6, 100])
def test_relu_at_every_depth(mask, depth):
    law = relu(depth, mask)
    density = law.parametric_density()
    points = [q for q in (1e-6, 0.25, 1.0, 2.0) if law.density(q) > 0]
    values = [density(q) for q in points]
    assert values == pytest.approx(law.density(points).tolist(), rel=1e-12)


@pytest.mark.parametrize("mask", [R(3, 10), HALF, R(4, 5), sympy.Integer(1)])
@pytest.mark.parametrize("depth", [2, 3, 6])
def test_relu_against_polynomial_roots(mask, depth):
    density = relu(depth, mask).parametric_density()
    target = R(7, 5)
    with mpmath.workdps(80):
        t = sympy.Symbol("t")
        rows = sympy.Poly((1 + t) * (mask + t) ** depth - target * mask**depth * t, t).all_coeffs()
        zeros = mpmath.polyroots([number(a) for a in rows], maxsteps=500, extraprec=800)
        heights = [abs(mpmath.im(zero)) / (mpmath.pi * number(target)) for zero in zeros]
        value = density(target, digits=50)
        assert min(abs(value / h - 1) for h in heights if h > 1e-30) < mpmath.mpf(10) ** -47


def test_relu_curve_is_the_known_one():
    """``rho^2 + rho ((1 - 2p) cos - sin cot(L gamma)) - p (1 - p) = 0``."""
    density = relu(4, p).parametric_density()
    assert density.interval == (sympy.pi / 4, 0)
    gamma, mask = mpmath.mpf("0.3"), mpmath.mpf("0.3")
    with mpmath.workdps(40):
        b = (1 - 2 * mask) * mpmath.cos(gamma) - mpmath.sin(gamma) * mpmath.cot(4 * gamma)
        rho = (-b + mpmath.sqrt(b * b + 4 * mask * (1 - mask))) / 2
        psi = -mask + rho * mpmath.expj(-gamma)
        place = abs(1 + psi) * rho**4 / abs(psi) / mask**4
        values = {density.parameter: gamma, p: mask}
        assert abs(number(density.x, values) / place - 1) < 1e-30
        expected = rho * mpmath.sin(gamma) / (mpmath.pi * place)
        assert abs(number(density.density, values) / expected - 1) < 1e-30


PARAMETRIC = {
    "fuss-catalan": fs.FussCatalan(R(5, 2)),
    "raney": fs.Raney(R(7, 2), R(4, 3)),
    "orthogonal": (2 * fs.Bernoulli(HALF)).multiplicative_power(7),
    "power": fs.MarchenkoPastur(3).multiplicative_power(R(5, 2)),
    "mixed": fs.Bernoulli(THIRD).multiplicative_power(3) @ fs.MarchenkoPastur(),
    "symmetric": fs.Semicircle() @ fs.MarchenkoPastur(),
    "essential": fs.from_s_transform(sympy.exp(-u / (1 + u) / 2)),
    "quadratic": fs.Wachter(R(5, 2), R(3, 2)),
    "free binomial": fs.FreeBinomial(THIRD, R(5, 2)),
    "reflected": 3 - 2 * fs.FussCatalan(3),
    "compressed": fs.MarchenkoPastur(3).compress(HALF),
}


@pytest.mark.parametrize("name", PARAMETRIC)
def test_parametric_densities(name):
    law = PARAMETRIC[name]
    density = law.parametric_density()
    points = points_of(law, 5)
    assert [density(q) for q in points] == pytest.approx(law.density(points).tolist(), rel=1e-12)
    assert density(law.edges()[-1] + 1) == 0.0
    assert density(law.edges()[0] - 1) == 0.0
    assert "gathered" in density._repr_latex_()


def test_fuss_catalan_is_the_known_one():
    density = fs.FussCatalan(c).parametric_density().subs({c: 2})
    a = mpmath.mpf("0.7")
    with mpmath.workdps(30):
        where, value = density.at(sympy.Float(3 * a, 30), 25)
        known = mpmath.sin(3 * a) ** 3 / (mpmath.sin(a) * mpmath.sin(2 * a) ** 2)
        height = mpmath.sin(2 * a) * mpmath.sin(a) ** 2 / (mpmath.pi * mpmath.sin(3 * a) ** 2)
        assert abs(where / known - 1) < 1e-20
        assert abs(value / height - 1) < 1e-20


def test_far_down_at_a_hard_edge():
    """``f ~ x^(1/L - 1)``: next to 0 the angle keeps its digits."""
    density = relu(2).parametric_density()
    near = [density(R(1, 10**k), digits=30) for k in (250, 300)]
    assert abs(near[1] / near[0] / mpmath.mpf(10) ** 25 - 1) < 1e-15


@pytest.mark.parametrize("name", ["fuss-catalan", "raney", "power", "free binomial", "compressed"])
@pytest.mark.parametrize("distance", [2e-2, 1e-3, 1e-6, 1e-9])
def test_beside_a_soft_edge(name, distance):
    """There the inversion is the slowest, and an unfinished one is wrong by a third."""
    law = PARAMETRIC[name]
    place = sympy.Rational(law.edges()[-1]) * (1 - R(distance))
    proved = law.density(place, digits=25)
    density = law.parametric_density()
    assert abs(density(place, digits=25) / proved - 1) < 1e-22
    assert density(place) == pytest.approx(float(proved), rel=1e-13)


def test_deep_formulas_fall_back_to_the_parameter():
    assert isinstance(relu(50).density_formula(x), ParametricDensity)
    found = relu(50, p).density_formula(x)
    assert found.free_symbols == {p}
    assert found.subs({p: HALF})(1.0) == pytest.approx(relu(50).density(1.0), rel=1e-12)


def test_what_there_is_instead():
    with pytest.raises(NotAlgebraicError, match="numerically"):
        (fs.Semicircle() + fs.Uniform(-1, 1)).density_formula(x)
    with pytest.raises(UnsupportedOperationError, match="degree 4"):
        (fs.Semicircle() + fs.Discrete([0, 1, 3])).density_formula(x)
    with pytest.raises(InvalidLawError, match=r"0\.25"):
        fs.MarchenkoPastur(0.25).density_formula(x)
    with pytest.raises(UnsupportedOperationError, match="trigonometric"):
        fs.TwoPoint(R(1, 100), 1, HALF).multiplicative_power(3).parametric_density()
    with pytest.raises(UnsupportedOperationError, match="trigonometric"):
        (fs.Semicircle() + fs.MarchenkoPastur(2)).parametric_density()


@pytest.mark.long
def test_transcendental_parameters():
    """Their edges have no exact form; the density is the cubic's where its zeros are not real."""
    law = fs.Semicircle(0, sympy.pi) + fs.MarchenkoPastur(sympy.E / 3)
    formula = law.density_formula(x)
    for q in (-5.0, -2.0, 0.3, 4.0, 8.0):
        assert float(formula.subs(x, q)) == pytest.approx(law.density(q), abs=1e-9)


def test_variables_of_formulas():
    with pytest.raises(InvalidLawError, match="no SymPy symbol"):
        fs.MarchenkoPastur(1).density_formula("x")
    with pytest.raises(InvalidLawError, match="also a parameter"):
        fs.MarchenkoPastur(c).density_formula(c)
