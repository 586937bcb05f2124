"""Formulas run on numbers as SymPy evaluates them, and logarithms of products continue from 0."""

from __future__ import annotations

import cmath

import numpy as np
import pytest
import sympy

from freesym.relations import formula

X = sympy.Symbol("x")
POINTS = [0.3 + 0.4j, -0.7 + 0.2j, 1.9 + 1.1j, 0.2 - 0.6j, -1.4 - 0.9j]


@pytest.mark.parametrize("name", formula._FUNCTIONS)
def test_functions_are_those_of_sympy(name: str) -> None:
    expression = getattr(sympy, name)(X / 2 + sympy.Rational(1, 5))
    for x in POINTS:
        expected = complex(expression.subs(X, sympy.sympify(x)).evalf(30))
        assert formula.evaluate(expression, X, x) == pytest.approx(expected, rel=1e-13), x


@pytest.mark.parametrize(
    "expression",
    [X**3 - 2 * X + 1, (1 + X) ** sympy.Rational(3, 2), 1 / (2 + X) ** 3, sympy.pi * X - 2 / X],
    ids=str,
)
def test_algebraic_formulas(expression: sympy.Expr) -> None:
    for x in POINTS:
        expected = complex(expression.subs(X, sympy.sympify(x)).evalf(30))
        assert formula.evaluate(expression, X, x) == pytest.approx(expected, rel=1e-13)


PRODUCTS = [
    X**3 - 3 * X + 1,  # three real zeros, none rational
    X**3 + X + 1,  # one real zero and a pair
    X**3 - 2 * X**2 + X + 3,
    (1 - X / 3) ** 5 / (2 + X) ** 2,
    sympy.exp(X) * (1 + X) / 2,
    (X**2 + X + 4) ** sympy.Rational(1, 3),
    2**X * (3 + X),
]


@pytest.mark.parametrize("expression", PRODUCTS, ids=str)
def test_logarithms_of_products(expression: sympy.Expr) -> None:
    """The exponential is the formula, and steps along a path from 0 leave no jumps."""
    logarithm = formula.logarithm_of_product(expression, X)
    run = sympy.lambdify(X, expression, "numpy")
    for end in (0.8 - 1.1j, -1.2 - 0.5j):  # the half-plane opposite to that of w
        path = end * np.linspace(1e-9, 1, 400)
        values = np.array([complex(logarithm(x)) for x in path.tolist()])
        assert values[0] == pytest.approx(cmath.log(run(0.0)), abs=1e-7)
        assert np.exp(values) == pytest.approx(run(path), rel=1e-12)
        assert np.abs(np.diff(values)).max() < 0.1
