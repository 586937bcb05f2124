"""Implicit transforms, the interface of transforms, and potentials."""

from __future__ import annotations

import pickle
from fractions import Fraction as F

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.transforms.closed_forms import ClosedForms
from freesym.transforms.implicit import ImplicitTransform

from .tables import (
    HALF,
    IMPLICIT,
    at,
    c,
    m,
    p,
    t,
    v,
    w,
    x,
    z,
)

# ---------------------------------------------------------------------------- implicit objects


@pytest.mark.parametrize("law", IMPLICIT.values(), ids=IMPLICIT)
def test_implicit_transforms(law):
    g = law.G(z)
    assert isinstance(g, ImplicitTransform)
    assert not law.transform_formula("G").is_closed_form
    point = 0.4 + 0.3j
    assert complex(g.subs(z, point)) == pytest.approx(complex(law.G(point)), rel=1e-14)
    h = 1e-4
    slope = (law.G(point + h) - law.G(point - h)) / (2 * h)
    assert complex(g.diff(z).subs(z, point)) == pytest.approx(slope, rel=1e-5)
    series = law.transform_formula("G", z).series(5)
    moments = law.moments(3)
    expected = 1 / z + moments[0] / z**2 + moments[1] / z**3 + moments[2] / z**4
    difference = sympy.expand(series.removeO() - expected)
    assert all(abs(k) < 1e-12 for k in sympy.Poly(difference, 1 / z).coeffs())
    copy = pickle.loads(pickle.dumps(g))
    assert copy == g
    assert hash(copy) == hash(g)
    assert g.subs(z, w) == law.G(w) != g
    assert str(g).startswith("G[")
    assert sympy.latex(g).startswith("G_{")
    assert sympy.simplify(2 * g - g) == g


def test_implicit_second_derivative_of_a_law_without_polynomial():
    law = fs.Uniform(0, 1) + fs.Semicircle()
    g = law.G(z)
    found = complex(g.diff(z, 2).subs(z, 0.4 + 0.3j))
    h = 1e-3
    values = law.G(0.4 + 0.3j + h * np.arange(-1, 2))
    assert found == pytest.approx((values[0] - 2 * values[1] + values[2]) / h**2, rel=1e-4)
    assert "G''" in str(g.diff(z, 2))


def test_parameters_of_implicit_transforms():
    law = fs.MarchenkoPastur(c) + fs.Semicircle()
    g = law.G(z)
    assert g.free_symbols == {c, z}
    bound = g.subs(c, sympy.Rational(1, 2))
    assert bound == law.subs({c: HALF}).G(z)
    assert g.xreplace({c: sympy.Rational(1, 2)}) == bound
    assert g.evalf() == g
    point = sympy.Rational(1, 3) + sympy.I / 5
    h = sympy.Rational(1, 10**5)
    slope = (g.subs({c: HALF + h, z: point}) - g.subs({c: HALF - h, z: point})) / (2 * h)
    assert complex(g.diff(c).subs({c: HALF, z: point})) == pytest.approx(complex(slope), rel=1e-6)


def test_implicit_transforms_with_many_digits():
    law = fs.FussCatalan(3)
    value = law.G(z).subs(z, 1 + sympy.I).evalf(50)
    residual = law.algebraic_equation(z, w).subs({z: 1 + sympy.I, w: value})
    assert abs(sympy.N(sympy.expand(residual), 60)) < 1e-48
    assert complex(value) == pytest.approx(complex(law.G(1 + 1j)), rel=1e-14)


def test_implicit_becomes_closed_once_parameters_are_bound():
    mixed = fs.TwoPoint(0, 1, p) + fs.Semicircle(0, v)
    assert mixed.G(z).has(ImplicitTransform)
    assert fs.FussCatalan(t).G(z).subs(t, 1).doit() == fs.MarchenkoPastur(1).G(z)


def test_implicit_r_and_s():
    r = ImplicitTransform(fs.Uniform(0, 1), "R", w)
    expected = sympy.series(1 / (1 - sympy.exp(-w)) - 1 / w, w, 0, 6)
    assert sympy.expand(r.series(w, 0, 6) - expected).removeO() == 0
    point = 0.4 - 0.2j
    exact = 1 / (1 - mpmath.exp(-point)) - 1 / point
    assert complex(r.subs(w, point)) == pytest.approx(complex(exact), rel=1e-10)
    slope = mpmath.diff(lambda u: 1 / (1 - mpmath.exp(-u)) - 1 / u, point)
    assert complex(r.diff(w).subs(w, point)) == pytest.approx(complex(slope), rel=1e-8)
    s = fs.Uniform(0, 1).transform_formula("S", m).series(3)
    assert s.removeO().coeff(m, 0) == 2
    assert s.removeO().coeff(m, 1) == -sympy.Rational(1, 12) * 8


@pytest.mark.long
def test_series_with_symbols():
    law = fs.MarchenkoPastur(c) @ fs.Bernoulli(p)
    closed = sympy.series(law.M(z), z, 0, 4).removeO()
    exact = law.transform_formula("M", z).series(4).removeO()
    assert sympy.simplify(closed - exact) == 0
    moments = law.moments(3)
    assert sympy.expand(exact - sum(k * z**n for n, k in enumerate(moments, 1))) == 0
    cumulants = law.free_cumulants(4)
    r = law.transform_formula("R", w).series(4).removeO()
    assert sympy.expand(r - sum(k * w**n for n, k in enumerate(cumulants))) == 0


# ------------------------------------------------------------------------------- the interface


def test_numbers_stay_numbers():
    law = fs.MarchenkoPastur(HALF)
    assert isinstance(law.R(0.1), float)
    assert law.G(np.array([1 + 1j, 2 + 1j])).shape == (2,)
    found = law.transform_formula("F")
    assert found(1 + 1j) == pytest.approx(1 / law.G(1 + 1j))
    assert found(np.full((2, 3), 1 + 1j)).shape == (2, 3)
    assert found(z) == found.expression
    assert isinstance(law.G(sympy.Rational(1, 2) + sympy.I), sympy.Expr)


def test_variables_do_not_meet_parameters():
    law = fs.Semicircle(sympy.Symbol("z", real=True), 1)
    found = law.transform_formula("G")
    assert found.variable.name != "z"
    assert found.variable not in law.free_symbols


@pytest.mark.long
def test_floats_are_refused():
    with pytest.raises(fs.InvalidLawError, match=r"0\.3.*Fraction"):
        fs.Bernoulli(0.3).G(z)
    with pytest.raises(fs.InvalidLawError, match=r"0\.5"):
        (fs.Semicircle() + fs.Discrete([0, 0.5])).R(w)
    fs.Pushforward(x**2, breakpoints=(0.5,)).G(z)


def test_refusals():
    with pytest.raises(fs.UnsupportedOperationError, match="log_potential"):
        fs.Semicircle().transform_formula("T")
    with pytest.raises(fs.UnsupportedOperationError, match="mean 0"):
        fs.Semicircle().S(m)
    with pytest.raises(fs.UnsupportedOperationError, match="moments"):
        fs.Cauchy().S(m)


def test_wrong_candidates_are_dropped(monkeypatch):
    """A formula that disagrees with the solver never leaves: the other sheet, say."""
    wrong = fs.Semicircle().transform_formula("G", z).expression.subs(z, -z)
    original = ClosedForms._cauchy_candidates

    def candidates(self, relation):
        from freesym.transforms.formulas import formula

        yield lambda: formula(self.variable, wrong.subs(z, self.variable))
        yield from original(self, relation)

    law = fs.Semicircle(0, F(49, 50))
    monkeypatch.setattr(ClosedForms, "_cauchy_candidates", candidates)
    value = at(law.G(z), (z, 0.3 + 0.4j))
    assert value == pytest.approx(complex(law.G(0.3 + 0.4j)), rel=1e-13)


@pytest.mark.parametrize(
    "law, expected",
    [
        (
            fs.MarchenkoPastur(c) @ fs.Bernoulli(p),
            r"\mathrm{MP}(c) \boxtimes \mathrm{Bernoulli}(p)",
        ),
        (fs.Semicircle() + fs.PointMass(2), r"\mathrm{SC} \boxplus \delta_{2}"),
        (2 * fs.Uniform(0, 2) - 3, r"2 \cdot \mathrm{Uniform}(0, 2) - 3"),
        (fs.Arcsine().additive_power(t), r"\mathrm{Arcsine}^{\boxplus t}"),
        (fs.MarchenkoPastur(HALF).inverse(), r"\mathrm{MP}\left(\frac{1}{2}\right)^{-1}"),
        (
            fs.boolean_sum(fs.Semicircle(), fs.Bernoulli(p)),
            r"\mathrm{SC} \uplus \mathrm{Bernoulli}(p)",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_latex_of_laws(law, expected):
    assert law._repr_latex_() == f"${expected}$"


def test_brackets_where_operations_bind_less():
    law = (fs.Semicircle(1) + fs.Uniform(0, 2)) @ fs.MarchenkoPastur(c)
    assert law._repr_latex_().startswith(r"$(\mathrm{SC}(1) \boxplus")
    assert "= " in fs.Semicircle().transform_formula("G")._repr_latex_()


POTENTIALS = {
    "semicircle": fs.Semicircle(),
    "product": fs.MarchenkoPastur(F(1, 2)) @ fs.Bernoulli(F(1, 3)),
    "power": fs.KestenMcKay(3),
    "points": fs.Bernoulli(F(1, 3)),
    "reshaped": fs.MarchenkoPastur(F(1, 2)).reshape(F(1, 2)),
    "mixture": fs.mixture([fs.Semicircle(), fs.PointMass(5)], [F(1, 2), F(1, 2)]),
    "reflected": 1 - fs.MarchenkoPastur(F(1, 2)),
}


@pytest.mark.parametrize("name", POTENTIALS)
def test_potentials_on_both_sides_of_the_spectrum(name):
    """No logarithm of what tends to the negative axis from below: no whole turns are lost."""
    found = POTENTIALS[name].transform_formula("log_potential")
    assert found.is_closed_form
    assert "boundary values" in str(found.domain)
    for point in (-7.3, -40.0, 11.5):
        value = complex(found.expression.subs(found.variable, sympy.Rational(point)).evalf(20))
        assert value == pytest.approx(complex(found(point)), rel=1e-12)


def test_logarithms_inside_the_spectrum():
    """``G`` of a uniform law on its interval, and of what is made of it: ``Im G <= 0``."""
    uniform = fs.Uniform(0, 1)
    for law in (uniform, fs.mixture([uniform, fs.PointMass(2)], [F(1, 2), F(1, 2)])):
        found = law.transform_formula("G")
        for point in (-0.7, 0.3, 0.75, 1.5):
            value = complex(found.expression.subs(found.variable, sympy.Rational(point)).evalf(20))
            assert value == pytest.approx(complex(found(point)), rel=1e-12)


@pytest.mark.long
def test_r_transform_of_uniform_laws():
    """``b_n = kappa_n n!`` are Bernoulli numbers: the logarithm is inverted exactly."""
    a = sympy.Symbol("a", positive=True)
    w = sympy.Symbol("w")
    found = fs.Uniform(-a, 2 * a).transform_formula("R", w)
    assert found.is_closed_form
    series = sympy.series(found.expression.subs(a, 1), w, 0, 4).removeO()
    kappa = fs.Uniform(-1, 2).free_cumulants(4)
    assert [series.coeff(w, k) for k in range(4)] == [sympy.sympify(k) for k in kappa]
    law = fs.Uniform(0, 1) + fs.Semicircle()
    value = complex(law.R(w).subs(w, sympy.Rational(1, 10)))
    assert value == pytest.approx(complex(law.R(0.1)), rel=1e-12)


def test_inverses_on_the_imaginary_axis():
    """Where a symmetric law with a product in it needs the thorough solver."""
    law = fs.Semicircle() @ fs.MarchenkoPastur(F(1, 2))
    for point in (0.02j, -0.02j, 0.1j):
        value = complex(law.R(w).subs(w, sympy.sympify(point)).evalf(20))
        assert complex(law.R(point)) == pytest.approx(value, rel=1e-9)
