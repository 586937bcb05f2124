"""Single steps on the way to formulas, with values that are known by hand."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.errors import DegreeError
from freesym.relations import nodes
from freesym.spectrum.evaluate import transforms
from freesym.transforms import boundary
from freesym.transforms import derivation_spectrum as spectrum_steps
from freesym.transforms.branches import _root_of_square, radius_of
from freesym.transforms.candidates import _zeros_of_even, _zeros_with_symbols
from freesym.transforms.checks import samples
from freesym.transforms.closed_forms import ClosedForms
from freesym.transforms.cubics import cubic_zeros
from freesym.transforms.degrees import ELIMINATED, SUBSTITUTED, check_degree
from freesym.transforms.densities import _end, _odd_part, _points_outside, _random_points
from freesym.transforms.derivation_notation import Notation, equal, native_letter
from freesym.transforms.derivation_steps import _definition
from freesym.transforms.derivation_text import _LINE, _broken, equation_latex
from freesym.transforms.edges import EdgeExponent, _specialised
from freesym.transforms.instances import instances
from freesym.transforms.latex import number_latex
from freesym.transforms.pieces import Piece
from freesym.transforms.power_products import _bases, _linear
from freesym.transforms.precision import number
from freesym.transforms.selection import _number
from freesym.transforms.supports import exact_support
from freesym.transforms.values import _radius

G, X, Y, Z = sympy.symbols("g x y z")
HALF = sympy.Rational(1, 2)


# -------------------------------------------------------------------------- branches


@pytest.mark.parametrize("side", [1, -1])
def test_boundary_values_on_the_real_line(side: int) -> None:
    two, minus = (boundary.BoundaryValue(sympy.S(v), sympy.S.Zero, complex(v)) for v in (2, -2))
    above, beside = boundary.logarithm(two, side), boundary.logarithm(minus, side)
    assert (above.re, above.im) == (sympy.log(2), 0)
    assert (beside.re, beside.im) == (sympy.log(2), side * sympy.pi)
    assert beside.sample == pytest.approx(complex(math.log(2), side * math.pi))


@pytest.mark.parametrize(
    ("radicand", "radius"),
    [
        (1 + 4 * X, sympy.Rational(1, 4)),
        (X**2 - 3 * X + 2, 1),
        (3 * X**2 - 4 * X + 1, sympy.Rational(1, 3)),
        (2 * X**2 - 5 * X - 3, HALF),
        (X**2 + X + 4, 2),
        (3 * X**2 + 12, 2),
        ((1 - 2 * X) ** 2, HALF),
    ],
)
def test_radii_of_square_roots(radicand: Any, radius: Any) -> None:
    """The smallest absolute value of the zeros, real or a conjugate pair."""
    assert sympy.simplify(radius_of(sympy.expand(radicand), X) - radius) == 0


def test_radii_with_symbols() -> None:
    """Whether the zeros are real may be known by values of the symbols alone."""
    b = sympy.Symbol("b", real=True)
    radicand = X**2 + b * X + 4
    assert radius_of(radicand, X, [{b: 1}, {b: -3}]) == 2
    mixed = radius_of(radicand, X, [{b: 1}, {b: 5}])
    assert mixed.subs(b, 5) == 1


def test_zeros_of_quadratics_with_symbols() -> None:
    c = sympy.Symbol("c", positive=True)
    polynomial = sympy.Poly(3 * X**2 - 7 * c * X + c**2, X)
    found = _zeros_with_symbols(polynomial.as_expr(), polynomial, X)
    assert len(found) >= 2
    for zero in found:
        assert sympy.simplify(polynomial.as_expr().subs(X, zero)) == 0


@pytest.mark.parametrize("side", [1, -1])
def test_boundary_roots_are_principal(side: int) -> None:
    found = boundary.square_root(
        boundary.BoundaryValue(sympy.S(-3), 4 * sympy.S(side), -3 + 4j * side)
    )
    assert (found.re, found.im) == (1, 2 * side)
    assert found.sample == 1 + 2j * side
    minus = boundary.square_root(boundary.BoundaryValue(sympy.S(-4), sympy.S.Zero, -4 + 0j))
    assert (minus.re, minus.im) == (0, 2)


def test_ends_are_exact_where_they_are_whole() -> None:
    assert [_end(v) for v in (math.inf, -math.inf, 2.0, -3.0)] == [sympy.oo, -sympy.oo, 2, -3]
    assert isinstance(_end(2.0), sympy.Integer)
    assert isinstance(_end(0.25), sympy.Float)


def test_boundary_logarithms_off_the_real_line() -> None:
    found = boundary.logarithm(boundary.BoundaryValue(sympy.S(-3), sympy.S(4), -3 + 4j))
    assert sympy.simplify(found.re - sympy.log(5)) == 0
    assert found.im == sympy.arg(-3 + 4 * sympy.I)
    assert found.sample == pytest.approx(complex(sympy.log(-3 + 4 * sympy.I)), rel=1e-15)


def test_pieces_are_open_intervals() -> None:
    inner, left = Piece(sympy.S.Zero, sympy.S.One, X), Piece(-sympy.oo, sympy.S.Zero, X)
    assert inner.where(X, Y) == sympy.And(Y > 0, Y < 1)
    assert left.where(X, Y) == (Y < 0)
    assert inner.reaches(sympy.S.Zero, "+") and not inner.reaches(sympy.S.Zero, "-")
    assert inner.reaches(sympy.S.One, "-") and not inner.reaches(sympy.S.One, "+")
    assert not inner.has_inside(sympy.S.Zero) and inner.has_inside(HALF)


def test_zeros_of_quadratics_in_the_square() -> None:
    c = sympy.Symbol("c", positive=True)
    even = sympy.Poly(X**4 - (1 + c) * X**2 + c, X)
    zeros = _zeros_of_even(even, X)
    assert sorted(float(zero.subs(c, 9)) for zero in zeros) == [-3, -1, 1, 3]
    assert _zeros_of_even(even + X, X) is None


def test_squares_of_real_numbers_have_roots_of_either_sign() -> None:
    a = sympy.Symbol("a", real=True)
    assert _root_of_square((a - 1) ** 2) == a - 1
    assert _root_of_square(sympy.Integer(2)) == sympy.sqrt(2)


def test_signs_are_those_of_odd_factors() -> None:
    found = _odd_part(-3 * X**2 * (X - 1) * (X + 2) ** 3)
    assert sympy.expand(found + (X - 1) * (X + 2)) == 0


def test_constants_of_products_are_moduli_of_powers() -> None:
    bases = {sympy.Integer(-2): HALF, X + 3: sympy.Integer(2), sympy.Integer(5): sympy.Integer(3)}
    found = _linear(bases, X)
    assert found is not None
    assert (found.constant, found.exponents, found.rate) == (125 * sympy.sqrt(2), {-3: 2}, 0)
    for exponent, constant in ((1, -1), (2, 1)):
        signed = _linear({sympy.S.NegativeOne: sympy.Integer(exponent), X: sympy.S.One}, X)
        assert signed is not None
        assert signed.constant == constant


@pytest.mark.parametrize(
    "law",
    [
        fs.MarchenkoPastur(HALF),
        fs.Raney(3, 2),
        3 * fs.FussCatalan(2),
        fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(2).multiplicative_power(HALF * 3),
        (fs.MarchenkoPastur(2) @ fs.MarchenkoPastur(HALF)).additive_power(HALF * 5),
        (fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(HALF)).inverse(),
        (fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(HALF)).reshape(HALF),
        fs.CompoundFreePoisson(HALF * 5, fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(2)),
    ],
    ids=repr,
)  # fmt: skip
def test_bases_of_power_products_have_the_modulus_of_w(law: fs.Law) -> None:
    z = 0.4 + 1.3j
    psi = transforms(law.relation().numeric(), np.array([z])).psi[0]
    bases = _bases(law.relation(), X)
    assert bases is not None
    logarithm = sum(float(e) * math.log(abs(complex(b.subs(X, psi)))) for b, e in bases.items())
    assert math.exp(logarithm) == pytest.approx(abs(z), rel=1e-12)


@pytest.mark.parametrize(
    "polynomial",
    [
        Z**2 * G**3 - Z * G + 1,
        Z * G**3 - Z * G + 1,
        (Z - 2) ** 2 * G**3 - (Z - 2) * G + 1,
        Z**2 * (G - 1) ** 3 - Z * (G - 1) + 1,
    ],
)
def test_cubic_formulas_are_zeros(polynomial: Any) -> None:
    found = list(cubic_zeros(polynomial, Z, G))
    assert found
    for z in (0.3 + 0.4j, -2 + 0.1j, 5 + 3j):
        coefficients = [complex(c.subs(Z, z)) for c in sympy.Poly(polynomial, G).all_coeffs()]
        roots = np.roots(coefficients)
        for zero in found:
            value = complex(sympy.N(zero.subs(Z, z)))
            assert np.min(np.abs(roots - value)) < 1e-9 * np.max(np.abs(roots))


def test_cubics_with_symbols_are_left_alone() -> None:
    c = sympy.Symbol("c")
    assert list(cubic_zeros(Z**2 * G**3 - c * Z * G + 1, Z, G)) == []


# -------------------------------------------------------------------------- numbers


def test_zeros_of_polynomials_have_all_digits_that_are_asked_for() -> None:
    root = sympy.CRootOf(X**5 - 4 * X + 1, 1)
    with mpmath.workdps(100):
        value = number(root, {})
        assert abs(value**5 - 4 * value + 1) < mpmath.mpf(10) ** -99


def test_points_are_spread_over_intervals() -> None:
    generator = np.random.default_rng(1)
    inside = _random_points(generator, 1.0, 3.0)
    shares = (np.array(inside) - 1) / 2
    assert (shares > 0).all() and (shares < 1).all()
    assert (np.diff(shares) > 0).all() and shares[0] < 0.3 and shares[-1] > 0.7
    assert min(_random_points(generator, 2.0, math.inf)) > 2
    assert max(_random_points(generator, -math.inf, 2.0)) < 2
    line = _random_points(generator, -math.inf, math.inf)
    assert min(np.abs(line)) < 0.5


def test_points_outside_lie_in_every_gap() -> None:
    points = _points_outside(np.random.default_rng(1), ((0.0, 1.0), (3.0, 4.0)))
    for low, high in ((-math.inf, 0), (1, 3), (4, math.inf)):
        assert any(low < x < high for x in points)
    assert not any(0 <= x <= 1 or 3 <= x <= 4 for x in points)


def test_supports_of_mirrored_laws() -> None:
    law = 1 - fs.Semicircle(mean=2) @ fs.MarchenkoPastur(4)
    mirrored, plain = (exact_support(one.relation()) for one in (law, 1 - law))
    expected = [(1 - b, 1 - a) for a, b in reversed(plain)]
    np.testing.assert_allclose(np.array(mirrored, dtype=float), np.array(expected, dtype=float))
    bands = -2 * fs.mixture([fs.Semicircle(), fs.Semicircle(mean=10)])
    assert exact_support(bands.relation()) == ((-24, -16), (-4, 4))


@pytest.mark.parametrize("name", ["G", "M", "R"])
def test_transforms_at_single_numbers_are_numbers(name: str) -> None:
    transform = fs.Semicircle().transform_formula(name)
    value = transform(0.25 + 0.1j)
    assert np.shape(value) == () and not isinstance(value, np.ndarray)
    assert np.shape(transform(np.array([0.25 + 0.1j, 0.2]))) == (2,)


# -------------------------------------------------------------------------- what is shown


@pytest.mark.parametrize("letter", "MRSFBC")
def test_definitions_have_the_transform_on_the_left(letter: str) -> None:
    """With ``g = 1/z``, the law of 0: ``M = 0 = R = B``, ``F = z``."""
    function = sympy.Function(letter)
    equation = _definition(letter, function, Y, Z, HALF)
    assert isinstance(equation.lhs, function)
    values = {"M": 0, "R": 0, "F": Z, "B": 0, "C": 0}
    if letter in values:
        assert sympy.simplify(equation.rhs.subs(Y, 1 / Z) - values[letter]) == 0


def test_equations_are_not_decided() -> None:
    assert equal(X, X) == sympy.Eq(X, X, evaluate=False)
    assert equal(X, X).lhs == X


@pytest.mark.parametrize(
    ("law", "letter"),
    [
        (fs.Semicircle(), "R"),
        (fs.Bernoulli(HALF), "S"),
        (fs.Uniform(0, 1), "G"),
    ],
    ids=repr,
)
def test_native_transforms(law: fs.Law, letter: str) -> None:
    """Scales and shifts keep R; positive scales keep S."""
    inner = law.relation()
    assert native_letter(inner) == letter
    kept = {(2, 0): "RS", (-2, 0): "R", (2, 1): "R"}
    for (scale, shift), letters in kept.items():
        outer = nodes.Affine(inner, scale, shift)
        assert native_letter(outer) == (letter if letter in letters else "G")


def test_steps_are_numbered() -> None:
    steps = (fs.Semicircle() + fs.MarchenkoPastur(HALF)).derivation()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) > 2


def test_functions_in_latex_have_plain_brackets() -> None:
    assert equation_latex(sympy.Function("G")(Z)) == r"G\left(z\right)"
    assert equation_latex(sympy.Function("mu")(Z)) == r"\mu\left(z\right)"
    assert equation_latex(sympy.Function("G_1")(Z) ** 2) == r"G_{1}^{2}\left(z\right)"


def test_long_sums_are_broken_into_lines() -> None:
    symbols = sympy.symbols("a_1:60")
    lines = _broken(sympy.Add(*(a * sympy.Symbol("x") ** 12 for a in symbols)))
    assert len(lines) > 3
    assert all(0 < len(line) <= 2 * _LINE for line in lines)
    assert _broken(X + 1) == ["x + 1"]


def test_parameters_in_latex() -> None:
    from fractions import Fraction

    assert number_latex(Fraction(-2, 3)) == r"-\frac{2}{3}"
    assert number_latex(sympy.sqrt(2)) == r"\sqrt{2}"
    assert number_latex(0.5) == "0.5"


# -------------------------------------------------------------------- closed forms and edges


def test_zeros_of_a_cubic_hold_the_transform() -> None:
    law, point = fs.MarchenkoPastur() @ fs.MarchenkoPastur(), 1 + 1j
    forms = ClosedForms(samples(law))
    zeros = forms._half_plane_zeros(law.relation())
    values = [complex(zero.expression.subs(forms.variable, point)) for zero in zeros]
    assert len(values) >= 3
    assert min(abs(value - law.G(point)) for value in values) < 1e-13


def test_coordinates_of_a_law_from_another() -> None:
    """At ``g = 1/5`` of the law with ``R = 1/(1 - g/2)`` and ``S = 1/(1 + m/2)``."""
    law = fs.MarchenkoPastur(HALF)
    forms, relation, g = ClosedForms(samples(law)), law.relation(), HALF * 2 / 5
    assert forms._moved(relation, "g", g, "w") == sympy.Rational(10, 9) + 5
    assert forms._moved(relation, "g", g, "psi") == sympy.Rational(2, 9)
    assert forms._moved(relation, "psi", sympy.Integer(2), "w") == 3
    assert forms._moved(relation, "psi", sympy.Integer(2), "g") == 1


def test_radii_of_derivatives_end_before_the_spectrum() -> None:
    assert _radius((-2.0, 4.0), "M", 0.1 + 0j) == pytest.approx(0.5 * (0.25 - 0.1))
    assert _radius((-2.0, 4.0), "G", 5 + 0j) == pytest.approx(0.5)
    assert _radius((-2.0, 4.0), "R", 0j) == pytest.approx(0.05 / 4)


def test_special_exponents_are_those_of_the_same_edge_and_side() -> None:
    place, other = sympy.Symbol("c"), sympy.Integer(7)
    generic = EdgeExponent(place, "right", HALF)
    special = (EdgeExponent(other, "right", HALF), EdgeExponent(sympy.Integer(1), "left", HALF))
    assert _specialised(generic, place, 1, special) == generic
    special = (*special, EdgeExponent(sympy.Integer(1), "right", -HALF))
    found = _specialised(generic, place, 1, special)
    assert (found.exponent.subs(place, 1), found.exponent.subs(place, 2)) == (-HALF, HALF)


def test_edges_of_scaled_products_with_one_rational_factor() -> None:
    power = fs.MarchenkoPastur(HALF).multiplicative_power(HALF * 3)
    law = 3 * (fs.Discrete([1, 3]) @ power)
    exact = [float(end) for interval in exact_support(law.relation()) for end in interval]
    assert exact == pytest.approx(list(law.edges()), rel=1e-12)


def test_integer_symbols_are_drawn_as_integers() -> None:
    generator = random.Random(1)
    symbol = sympy.Symbol("n", integer=True, positive=True)
    drawn = {_number(symbol, (2.0, 9.0), generator) for _ in range(50)}
    assert drawn <= set(range(2, 10))
    assert len(drawn) > 3
    assert _number(symbol, (-0.3, 0.3), generator) == 1


@pytest.mark.parametrize("scale", [1, 3, -HALF])
def test_the_radius_of_r_shrinks_with_the_scale(scale: Any) -> None:
    """That of ``Bernoulli(1/3)`` is 1: ``(1 - w)^2 + 4 w/3`` has zeros of modulus 1."""
    law = scale * fs.Bernoulli(sympy.Rational(1, 3))
    found = ClosedForms(samples(law)).r(law.relation())
    assert found is not None
    assert found.radius == 1 / abs(sympy.S(scale))


def test_exponents_at_edges_of_high_degree_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    law = fs.Discrete([0, 1, 3]) + fs.Semicircle()
    monkeypatch.setattr(spectrum_steps, "_LARGEST_NUMBER", 2)
    said = spectrum_steps._exponents(Notation(law.relation()))
    assert isinstance(said, str)
    assert "edge_exponents()" in said


def test_a_degree_may_be_insisted_on() -> None:
    """What the message names is enough, and one less is not."""
    check_degree(ELIMINATED, None)
    check_degree(SUBSTITUTED, None, substituted=True)
    with pytest.raises(DegreeError, match=f"give max_degree={ELIMINATED + 1}") as caught:
        check_degree(ELIMINATED + 1, None)
    assert caught.value.degree == ELIMINATED + 1
    check_degree(ELIMINATED + 1, ELIMINATED + 1)
    with pytest.raises(DegreeError):
        check_degree(6, 5)


def test_instances_are_those_with_a_proof_first() -> None:
    """Powers from 1 on are proved; half of the values of ``t`` are below."""
    t = sympy.Symbol("t", positive=True)
    found = instances(fs.Uniform().additive_power(t).relation())
    assert len(found) == 4
    for values, relation in found:
        assert float(dict(values)[t]) >= 1
        assert relation.numeric().all_proved
