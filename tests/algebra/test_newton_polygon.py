"""Puiseux exponents of laws at their edges, and of curves with known branches."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import flint
import pytest
import sympy

import freesym as fs
from freesym.algebra.newton_polygon import Branch, branches, sides
from freesym.algebra.number_fields import number_field
from freesym.algebra.polynomials import Polynomial
from freesym.errors import InvalidLawError
from freesym.transforms.curve import algebraic_curve

HALF = F(1, 2)


def at(law: fs.Law, point: Any) -> tuple[Branch, ...]:
    return branches(algebraic_curve(law.relation()).polynomial, "w", "g", point)


def singular(found: tuple[Branch, ...]) -> list[tuple[F, int]]:
    return [(b.exponent, b.multiplicity) for b in found if b.exponent is not None]


def relu(depth: int) -> fs.Law:
    return (2 * (fs.Bernoulli(HALF) @ fs.MarchenkoPastur())).multiplicative_power(depth)


SIGNS = fs.Semicircle() + fs.TwoPoint(-1, 1, HALF)


@pytest.mark.parametrize(
    ("law", "point", "expected"),
    [
        (fs.MarchenkoPastur(), 4, [(HALF, 2)]),
        (fs.MarchenkoPastur(), 0, [(-HALF, 2)]),
        (fs.MarchenkoPastur(HALF), sympy.Rational(3, 2) + sympy.sqrt(2), [(HALF, 2)]),
        (fs.MarchenkoPastur(HALF), 0, []),
        (fs.Semicircle(), -2, [(HALF, 2)]),
        (fs.Semicircle(), 1, []),
        (fs.Arcsine(0, 1), 1, [(-HALF, 2)]),
        (SIGNS, 0, [(F(1, 3), 3)]),
        (SIGNS, 3 * sympy.sqrt(3) / 2, [(HALF, 2)]),
        *[(fs.FussCatalan(s), 0, [(F(-s, s + 1), s + 1)]) for s in range(1, 6)],
        (fs.FussCatalan(2), F(27, 4), [(HALF, 2)]),
        *[(relu(depth), 0, [(F(1, depth) - 1, depth)]) for depth in range(2, 6)],
        (relu(1), 3 + 2 * sympy.sqrt(2), [(HALF, 2)]),
        (fs.Raney(3, 2), 0, [(F(-1, 3), 3)]),
    ],
)
def test_exponents_of_densities(law: fs.Law, point: Any, expected: list[Any]) -> None:
    found = at(law, point)
    assert singular(found) == expected
    assert (
        sum(branch.multiplicity for branch in found) == algebraic_curve(law.relation()).degree()[1]
    )


def test_hard_edge_below_an_atom() -> None:
    """``G = 1/(2 z) + c z^(1/L - 1) + ...``: the pole comes first."""
    branch = next(b for b in at(relu(3), 0) if b.exponent is not None)
    assert branch.leading == -1
    assert branch.value() is None
    assert float(dict(branch.regular)[-1].real) == pytest.approx(0.5)
    assert branch.ramification == 3


def test_coefficients_give_the_density() -> None:
    """The density of the cusp is ``C |x|^(1/3)``, ``C`` of a table."""
    (branch,) = at(SIGNS, 0)
    size = float(abs(branch.coefficient))
    assert size * math.sqrt(3) / 2 / math.pi == pytest.approx(0.2756644477108960, rel=1e-14)
    edge = next(b for b in at(fs.Semicircle(), 2) if b.exponent == HALF)
    assert float(abs(edge.coefficient)) == pytest.approx(1)
    assert float(edge.value().real) == pytest.approx(1)


def test_infinity() -> None:
    """``G = 1/z + ...`` is one of the branches."""
    found = at(fs.MarchenkoPastur(HALF), math.inf)
    physical = next(b for b in found if b.leading == 1)
    assert float(dict(physical.regular)[1].real) == 1
    assert sum(b.multiplicity for b in found) == 2


def test_regular_branches_over_an_algebraic_number() -> None:
    point = sympy.CRootOf(sympy.Symbol("x") ** 5 - sympy.Symbol("x") - 1, 0)
    found = at(SIGNS, point)
    assert singular(found) == []
    z = complex(point)
    for branch in found:
        g = complex(float(branch.value().real), float(branch.value().imag))
        assert abs(g * ((z - g) ** 2 - 1) - (z - g)) < 1e-12


X, Y = Polynomial.generators(("x", "y"))


def test_branches_that_agree_in_several_terms() -> None:
    """``y = 1 + x + x^2 +- x^(5/2)`` and ``y = 1 + x - x^2``."""
    pair = (Y - 1 - X - X**2) ** 2 - X**5
    found = branches(pair * (Y - 1 - X + X**2), "x", "y", 0)
    assert singular(found) == [(F(5, 2), 2)]
    first = next(b for b in found if b.exponent is not None)
    assert [(k, float(v.real)) for k, v in first.regular] == [(0, 1), (1, 1), (2, 1)]
    assert sum(b.multiplicity for b in found) == 3


def test_conjugate_centres_are_separated() -> None:
    """``(y^2 - 2)^2 = x``: two centres, each with a square root."""
    found = branches((Y**2 - 2) ** 2 - X, "x", "y", 0)
    assert singular(found) == [(HALF, 2)] * 2
    values = sorted(float(b.value().real) for b in found)
    assert values == pytest.approx([-math.sqrt(2), math.sqrt(2)])


def test_algebraic_point_with_algebraic_centre() -> None:
    """``((y^2 - x)^2 - (x^2 - 2))`` at ``sqrt 2``: the centres are fourth roots of 2."""
    found = branches((Y**2 - X) ** 2 - (X**2 - 2), "x", "y", sympy.sqrt(2))
    assert singular(found) == [(HALF, 2)] * 2
    assert sorted(float(b.value().real) for b in found) == pytest.approx([-(2**0.25), 2**0.25])


def test_precision() -> None:
    found = branches(Y**3 - Y - X, "x", "y", 2, bits=1000)
    assert all(float(b.value().real.rad()) < 1e-100 for b in found)


def test_zero_branch() -> None:
    found = branches(Y * (Y**3 - X), "x", "y", 0)
    assert singular(found) == [(F(1, 3), 3)]
    assert [float(b.value().real) for b in found if b.exponent is None] == [0]


def test_sides() -> None:
    assert sides({0: 0}) == []
    assert [s.exponent for s in sides({0: 3, 1: 1, 2: 0, 4: 0, 5: 2})] == [2, 1, 0, -2]


def test_points_that_are_refused() -> None:
    with pytest.raises(InvalidLawError, match="not algebraic"):
        branches(Y**2 - X, "x", "y", sympy.pi)
    with pytest.raises(InvalidLawError, match="not algebraic"):
        branches(Y**2 - X, "x", "y", 0.5)
    names = Polynomial.generators(("x", "y", "c"))
    with pytest.raises(InvalidLawError, match="substitute c"):
        branches(names[1] ** 2 - names[2] * names[0], "x", "y", 0)


def test_number_fields() -> None:
    field = number_field([-2, 0, 1], 1.4)
    root = field.element([0, 1])
    assert field.product(root, field.inverse(root)) == field.element([1])
    found = field.extensions([-root, field.element([0]), field.element([1])])
    assert len(found) == 2
    for wider, generator, zero in found:
        assert wider.degree == 4
        assert wider.product(zero, zero) == generator
        assert float(abs(wider.value(generator) - flint.acb(2).sqrt())) < 1e-12
