"""Transforms as SymPy expressions: right on the whole half-plane, and identities with symbols."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.transforms.implicit import ImplicitTransform

from .tables import (
    CLOSED,
    HALF,
    SYMBOLIC,
    VALUES,
    a,
    at,
    b,
    c,
    grid,
    m,
    mu,
    p,
    q,
    t,
    v,
    w,
    x,
    z,
)

# ------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize("law", CLOSED.values(), ids=CLOSED)
def test_closed_cauchy_transform_is_that_of_the_solver(law):
    found = law.transform_formula("G", z)
    assert found.is_closed_form
    assert not found.expression.has(ImplicitTransform)
    points = grid(law)
    solved = law.G(points)
    values = np.array([at(found.expression, (z, point)) for point in points])
    np.testing.assert_allclose(values, solved, rtol=1e-13, atol=0)


@pytest.mark.parametrize("law", CLOSED.values(), ids=CLOSED)
def test_every_closed_form_is_that_of_the_solver(law):
    points = grid(law)[::5]
    for name in ("F", "M", "eta", "log_potential"):
        found = law.transform_formula(name, z)
        if not found.is_closed_form:
            continue
        where = points if name in ("F", "log_potential") else 1 / points
        values = [at(found.expression, (z, point)) for point in where]
        np.testing.assert_allclose(values, found(where), rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("law", SYMBOLIC.values(), ids=SYMBOLIC)
def test_symbols_and_numbers_agree(law):
    found = law.transform_formula("G", z)
    assert found.is_closed_form
    for values in VALUES:
        bound = law.subs({s: r for s, r in values.items() if s in law.free_symbols})
        points = grid(bound)
        numbers = [at(found.expression, (z, point), values) for point in points]
        np.testing.assert_allclose(numbers, bound.G(points), rtol=1e-12, atol=0)


@pytest.mark.long
@pytest.mark.parametrize("law", SYMBOLIC.values(), ids=SYMBOLIC)
def test_inverses_with_symbols_are_those_of_the_solver(law):
    for values in VALUES:
        bound = law.subs({s: r for s, r in values.items() if s in law.free_symbols})
        reach = max(1.0, *(abs(e) for i in bound.support() for e in i))
        for name, point in (("R", 0.03 - 0.02j), ("S", 0.002 - 0.001j)):
            if name == "S" and bound.mean() == 0:
                continue
            found = law.transform_formula(name, z)
            if found.is_closed_form:
                small = (
                    point / reach if name == "R" else point * abs(float(bound.mean())) / reach**2
                )
                value = at(found.expression, (z, small), values)
                assert value == pytest.approx(getattr(bound, name)(small), rel=1e-9), name


def test_expected_formulas():
    assert fs.MarchenkoPastur(c).R(w) == sympy.factor(1 / (1 - c * w))
    assert sympy.simplify(fs.MarchenkoPastur(c, v).S(m) - 1 / (v * (1 + c * m))) == 0
    assert fs.Semicircle(mu, v).R(w) == mu + v * w
    assert fs.Bernoulli(p).S(m) == (1 + m) / (p + m)
    assert fs.Uniform(0, 1).G(z) == -sympy.log((z - 1) / z)
    assert fs.Arcsine(-1, 1).G(z) == 1 / (sympy.sqrt(z - 1) * sympy.sqrt(z + 1))
    root = sympy.sqrt(z - (1 + sympy.sqrt(c)) ** 2) * sympy.sqrt(z - (1 - sympy.sqrt(c)) ** 2)
    known = (z + c - 1 - root) / (2 * c * z)
    found = fs.MarchenkoPastur(c).G(z)
    assert sympy.simplify((found - known).subs(sympy.sqrt(c), v)) == 0


@pytest.mark.parametrize(
    "law",
    [
        fs.MarchenkoPastur(sympy.sqrt(2)) @ fs.Bernoulli(1 / sympy.pi),
        fs.Semicircle(-sympy.sqrt(3), sympy.exp(1)) + fs.PointMass(sympy.pi),
        fs.KestenMcKay(1 + sympy.sqrt(5)),
    ],
    ids=str,
)
def test_irrational_parameters_keep_the_degree(law):
    found = law.transform_formula("G", z)
    assert found.is_closed_form
    points = grid(law)
    values = [at(found.expression, (z, point)) for point in points]
    np.testing.assert_allclose(values, law.G(points), rtol=1e-12)
    assert law.transform_formula("R").is_closed_form


def test_roots_of_parameters_keep_the_degree():
    law = fs.MarchenkoPastur(sympy.sqrt(c), c**2)
    expected = fs.MarchenkoPastur(c, v).G(z).subs(v, a**2).subs(c, sympy.sqrt(a)).subs(a, c)
    assert sympy.simplify(law.G(z) - expected) == 0
    assert law.transform_formula("S").is_closed_form


def test_roots_are_products_of_roots():
    """The root of the product has its cut off the real line."""
    for law in CLOSED.values():
        for power in law.G(z).atoms(sympy.Pow):
            if power.exp == sympy.S.Half and power.has(z) and power.base.is_polynomial(z):
                assert sympy.degree(power.base, z) == 1


# ----------------------------------------------------------------------------- identities


ADDITIVE = [
    (fs.Semicircle(mu, v), fs.MarchenkoPastur(c)),
    (fs.Bernoulli(p), fs.Bernoulli(q)),
    (fs.MarchenkoPastur(c), fs.TwoPoint(-1, 1, p)),
    (fs.Cauchy(mu, v), fs.MarchenkoPastur(c)),
    (2 * fs.FreeBinomial(p, t) + 1, fs.Wachter(a, b)),
]
MULTIPLICATIVE = [
    (fs.MarchenkoPastur(c), fs.Bernoulli(p)),
    (fs.MarchenkoPastur(a), fs.MarchenkoPastur(b, v)),
    (fs.Wachter(a, b), fs.FreeBinomial(p, t)),
    (fs.MarchenkoPastur(c), fs.TwoPoint(1, 3, p)),
    (fs.FussCatalan(t), 3 * fs.Bernoulli(p)),
]


@pytest.mark.parametrize("first, second", ADDITIVE, ids=str)
def test_r_adds(first, second):
    assert sympy.simplify((first + second).R(w) - first.R(w) - second.R(w)) == 0
    assert sympy.simplify(first.additive_power(t).R(w) - t * first.R(w)) == 0
    assert sympy.simplify((3 * first + a).R(w) - 3 * first.R(3 * w) - a) == 0
    assert sympy.simplify(first.compress(p).R(w) - first.R(p * w)) == 0


@pytest.mark.parametrize("first, second", MULTIPLICATIVE, ids=str)
def test_s_multiplies(first, second):
    assert sympy.simplify((first @ second).S(m) - first.S(m) * second.S(m)) == 0
    assert sympy.simplify((3 * first).S(m) - first.S(m) / 3) == 0
    assert sympy.simplify(first.multiplicative_power(2).S(m) - first.S(m) ** 2) == 0


def symbolic_laws(*left_out):
    """The laws with symbols, but for some."""
    found = {name: law for name, law in SYMBOLIC.items() if name not in left_out}
    return pytest.mark.parametrize("law", found.values(), ids=found)


@symbolic_laws("uniform", "product of projections")
def test_g_inverts_k(law):
    """``P(K(w), w) = 0`` identically, and the sheet is the right one near 0."""
    found = law.transform_formula("K", w)
    assert found.is_closed_form
    g = sympy.Symbol("g")
    polynomial = law.algebraic_equation(z, g)
    assert sympy.simplify(polynomial.subs({z: found.expression, g: w})) == 0
    cauchy = law.transform_formula("G", z).expression
    for values in VALUES:
        point = 0.001 - 0.002j
        inverse = at(found.expression, (w, point), values)
        assert at(cauchy, (z, inverse), values) == pytest.approx(point, rel=1e-9)


@symbolic_laws("uniform", "projections", "kesten-mckay")
def test_m_inverts_chi(law):
    found = law.transform_formula("chi", m)
    assert found.is_closed_form
    assert sympy.simplify(found.expression - m * law.S(m) / (1 + m)) == 0
    y = sympy.Symbol("y")
    polynomial = law.algebraic_equation(z, y, coordinates="zm")
    assert sympy.simplify(polynomial.subs({z: found.expression, y: m})) == 0
    moment = law.transform_formula("M", z).expression
    for values in VALUES:
        point = 0.0001 - 0.0002j
        inverse = at(found.expression, (m, point), values)
        assert at(moment, (z, inverse), values) == pytest.approx(point, rel=1e-8)


@pytest.mark.parametrize("law", SYMBOLIC.values(), ids=SYMBOLIC)
def test_functions_of_g_and_m(law):
    g, f, moment, eta, psi = (
        law.transform_formula(n, z).expression for n in ("G", "F", "M", "eta", "psi")
    )
    assert psi == moment
    for values in VALUES:
        point = (z, -0.7 + 0.9j)
        assert at(f * g, point, values) == pytest.approx(1, rel=1e-13)
        assert at(eta * (1 + moment) - moment, point, values) == pytest.approx(0, abs=1e-13)
        other = at(g, (z, 1 / point[1].conjugate()), values).conjugate() / point[1] - 1
        assert at(moment, point, values) == pytest.approx(other, rel=1e-12)


@pytest.mark.parametrize("law", SYMBOLIC.values(), ids=SYMBOLIC)
def test_potential_differentiates_to_g(law):
    found = law.transform_formula("log_potential", z)
    difference = found.expression.diff(z) - law.G(z)
    if found.is_closed_form:
        for values in VALUES:
            assert abs(at(difference, (z, 0.3 + 0.7j), values)) < 1e-25
    else:
        assert difference == 0


# ---------------------------------------------------------------------------------- domains


def test_local_roots_state_where_they_hold():
    """Bernoulli(3/10) at 1/2 + i/10: G(K(w)) = w on the disc, K(G(z)) = z only for large z."""
    law, point = fs.Bernoulli(F(3, 10)), 0.5 + 0.1j
    g = complex(law.G(point))
    found = law.transform_formula("K", w)
    other = at(found.expression, (w, g))
    assert abs(other - point) > 0.5
    assert at(law.G(z), (z, other)) == pytest.approx(g)
    assert found.domain.condition.subs(w, sympy.sympify(g))
    assert not found.domain.condition.subs(w, 1 + sympy.I / 10)
    assert str(found.domain) == "for |w| < 1, as the continuation from 0"
    assert complex(law.G(z).subs(z, point)) == pytest.approx(g)


def test_two_point_s_states_where_it_holds():
    law, point = fs.TwoPoint(F(1, 100), 1, HALF), 0.5 + 0.1j
    psi = complex(law.M(1 / point))
    found = law.transform_formula("S", m)
    assert abs(at(found.expression, (m, psi)) - (1 + psi) / (psi * point)) > 1
    assert not found.domain.condition.subs(m, sympy.sympify(psi))


def test_radius_holds_up_to_its_end():
    """R inverts G on the whole disc in which it is said to."""
    for law in (fs.Bernoulli(F(1, 3)), fs.TwoPoint(-1, 2, F(1, 3)), fs.Wachter(2, 3)):
        found = law.transform_formula("R", w)
        radius = float(found.domain.condition.args[1])
        polynomial = law.algebraic_equation(x, w, coordinates="wr")
        rows = [sympy.lambdify(x, k, "numpy") for k in sympy.Poly(polynomial, w).all_coeffs()]
        for angle in np.linspace(0, 2 * np.pi, 9):
            value = complex(law.mean())
            for r in np.linspace(0.01, 0.995, 300) * radius:
                point = r * np.exp(1j * angle)
                roots = np.roots([row(point) for row in rows])
                value = roots[np.argmin(abs(roots - value))]
            assert at(found.expression, (w, point)) == pytest.approx(value, rel=1e-6)


def test_half_planes_of_cauchy_laws():
    law = fs.Cauchy(1, 2)
    assert law.R(w) == 1 - 2 * sympy.I
    assert "lower half-plane" in str(law.transform_formula("R").domain)
    assert (-2 * law).R(w) == -2 - 4 * sympy.I
    assert law.G(z) == 1 / (z - 1 + 2 * sympy.I)


def test_root_of_the_product_trap():
    value = complex(fs.Semicircle().G(sympy.Rational(-1) + sympy.I / 2))
    assert value.imag < 0
    assert value == pytest.approx(complex(fs.Semicircle().G(-1 + 0.5j)), rel=1e-14)
