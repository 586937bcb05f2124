"""Polynomials, quotients and elimination against SymPy and against roots."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product as pairs

import pytest
import sympy

from freesym.algebra import elimination
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient

NAMES = ("x", "y", "t")
X, Y, T = sympy.symbols("x y t")
x, y, t = Polynomial.generators(NAMES)


def to_sympy(p: Polynomial) -> sympy.Expr:
    symbols = {"x": X, "y": Y, "t": T}
    return sympy.Add(
        *[
            c * sympy.Mul(*[symbols[n] ** e for n, e in zip(p.names, exponents, strict=True)])
            for exponents, c in p.terms().items()
        ]
    )


def random_polynomial(seed: int, *, degree: int = 2) -> Polynomial:
    generator = random.Random(seed)
    exponents = [(generator.randint(0, degree), generator.randint(0, degree), 0) for _ in range(5)]
    return Polynomial.from_terms(NAMES, {e: generator.randint(-5, 5) or 1 for e in exponents})


@pytest.mark.parametrize("seed", range(8))
def test_ring_operations(seed):
    p, q = random_polynomial(seed), random_polynomial(seed + 100)
    a, b = to_sympy(p), to_sympy(q)
    for ours, theirs in [
        (p + q, a + b),
        (p - q, a - b),
        (p * q, a * b),
        (-p, -a),
        (p**3, a**3),
        (2 * p + 1, 2 * a + 1),
        (1 - p, 1 - a),
        (p.derivative("x"), sympy.diff(a, X)),
        (p.replaced({"x": y + t}), a.subs(X, Y + T)),
    ]:
        assert sympy.expand(to_sympy(ours) - theirs) == 0
    resultant = to_sympy(p.resultant(q + x**3, "x"))
    theirs = sympy.resultant(a, b + X**3, X)  # their sign depends on the order of the degrees
    assert 0 in (sympy.expand(resultant - theirs), sympy.expand(resultant + theirs))
    assert (p * q) // q == p
    assert (p * q + 1).divided(q) is None or q.is_constant()


def test_structure():
    p = 6 * x**2 * y - 4 * x * y**2
    assert p.degree("x") == 2
    assert p.degree("t") == 0
    assert (p * 0).degree("x") == -1
    assert p.involves("x") and not p.involves("t")
    assert p.coefficients("x") == [p * 0, -4 * y**2, 6 * y]
    assert p.content("x") == 2 * y
    assert p.primitive_part("x") == 3 * x**2 - 2 * x * y
    assert (-p).primitive() == 3 * x**2 * y - 2 * x * y**2
    assert p.without([x, y]) == 6 * x - 4 * y
    assert y.without([y]) == y
    assert hash(p) == hash(6 * x**2 * y - 4 * x * y**2)
    assert p.in_ring(("y", "x")) == Polynomial.from_terms(("y", "x"), {(1, 2): 6, (2, 1): -4})
    assert p.in_ring(("u", "y"), {"x": "u"}).degree("u") == 2


def test_factors_multiply_back():
    p = -3 * (x + y) ** 2 * (x - y) * (x**2 - 2)
    content, factors = p.factors()
    result = Polynomial.constant(NAMES, content)
    for factor, multiplicity in factors:
        result *= factor**multiplicity
    assert result == p
    assert elimination.squarefree(p) == (x + y) * (x - y) * (x**2 - 2)


def test_factors_of_one_shape_with_large_coefficients():
    big = 10**40
    p = -6 * (x + big * y + 1) * (x + (big + 1) * y + 1) ** 2
    content, factors = p.factors()
    assert content == -6
    assert dict(factors) == {x + big * y + 1: 1, x + (big + 1) * y + 1: 2}
    assert elimination.squarefree(p) == (x + big * y + 1) * (x + (big + 1) * y + 1)


def test_quotients():
    a, b, _ = Quotient.generators(NAMES)
    q = (a**2 - b**2) / (a - b)
    assert q == a + b
    assert q.denominator == 1
    assert (1 / (1 - a)).pair() == (Polynomial.constant(NAMES, -1), x - 1)
    assert (a / b) ** -2 == b * b / (a * a)
    assert (a - a + Fraction(2, 3)).constant() == Fraction(2, 3)
    assert a.constant() is None
    assert a - Fraction(1, 2) == (2 * a - 1) / 2
    with pytest.raises(ZeroDivisionError):
        1 / (a - a)


def test_substitution_of_rational_functions():
    a, b, _ = Quotient.generators(NAMES)
    p = x**2 * y + 3 * x - y
    values = {"x": (b + 1) / (a - b), "y": a / b}
    found = elimination.substituted(p, values)
    expected = sympy.numer(
        sympy.together(to_sympy(p).subs({X: (Y + 1) / (X - Y), Y: X / Y}, simultaneous=True))
    )
    assert sympy.rem(sympy.expand(expected), to_sympy(found), X) == 0


def test_evaluation_with_the_size_of_terms():
    value, slope, scale = (x**2 - 2 * y).values("x", {"x": 3 + 1j, "y": Fraction(1, 2)})
    assert complex(value) == (3 + 1j) ** 2 - 1
    assert complex(slope) == 6 + 2j
    assert float(scale) == pytest.approx(11)


def test_large_powers_stay_sharp():
    value, _, scale = (x**3000 - y).values("x", {"x": 0.6 + 0.8j, "y": 1})
    assert float(value.real.rad()) < 1e-30 * float(scale)


def functions(p: Polynomial, at: Fraction) -> list[complex]:
    """The values of x at a value of y."""
    polynomial = sympy.Poly(to_sympy(p).subs(Y, sympy.Rational(at.numerator, at.denominator)), X)
    return [complex(v) for v in polynomial.nroots(n=30, maxsteps=200)]


CURVES = [x**2 - y, x * y - 1, (y + 2) * x - y, x**3 - 2 * x + y, (y - 1) * x**2 + x + y]
AT = Fraction(7, 3)


def vanishes(p: Polynomial, value: complex) -> bool:
    found, _, scale = p.values("x", {"x": value, "y": AT})
    return float(abs(found)) < 1e-10 * float(scale)


@pytest.mark.parametrize("p", CURVES)
@pytest.mark.parametrize("q", CURVES)
def test_sums_and_products_of_functions(p, q):
    total = elimination.total([p, q, x - y], "x")
    whole = elimination.product([p, q, x * y - 2], "x")
    for a, b in pairs(functions(p, AT), functions(q, AT)):
        assert vanishes(total, a + b + float(AT))
        assert vanishes(whole, a * b * 2 / float(AT))


@pytest.mark.parametrize("p", CURVES)
@pytest.mark.parametrize("exponent", [2, -1, -2, Fraction(1, 2), Fraction(3, 2), Fraction(-2, 3)])
def test_powers_of_functions(p, exponent):
    found = elimination.power(p, "x", Fraction(exponent))
    for a in functions(p, AT):
        assert vanishes(found, a ** float(exponent))


@pytest.mark.parametrize("p", CURVES)
def test_compositions(p):
    inner = x * (y + 1) - y**2
    found = elimination.composed(p, inner, "y", "x")
    # the value of the inner function stands where the outer one's argument was
    at = AT**2 / (AT + 1)
    for a in functions(p, at):
        assert vanishes(found, a)


def test_squares_of_arguments():
    assert elimination.folded_square(x**2 + y**2 - 1, "y") == x**2 + y - 1
    assert elimination.folded_square(x + y, "y") == x**2 - y
    assert elimination.folded_square(y * x + y, "y").degree("x") == 1


def test_elimination_of_a_common_factor():
    found = elimination.eliminated((t - x) * (t - y), (t - x) * (t + y), "t")
    assert found
    assert not found.involves("t")
