"""Trees with scales, shifts and constants pulled out are those of the same laws."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.relations import simplify
from freesym.relations.nodes import Affine, Reshape
from freesym.spectrum.evaluate import transforms

SC, MP = fs.Semicircle(), fs.MarchenkoPastur(F(1, 2))
REAL = fs.Uniform(-1, 2) + SC
POSITIVE = fs.Uniform(2, 3) @ MP + 2
Z = np.array([1 + 2j, -3 + 1j, 0.5 - 2j, 20 + 1j])


def _g(relation: Any, z: Any = Z) -> Any:
    """The Cauchy transform of a relation, by a law around it."""
    below = z.imag < 0
    g = transforms(relation.numeric(), np.where(below, z.conj(), z)).g
    return np.where(below, g.conj(), g)


def _scaled(law: fs.Law, scale: Any, shift: Any = 0) -> Any:
    """``G`` of ``scale X + shift`` by that of ``X``."""
    return law.G((Z - float(shift)) / float(scale)) / float(scale)


@pytest.mark.parametrize("a", [1, 3, F(-1, 2)])
@pytest.mark.parametrize("b", [1, 2, F(1, 3)])
def test_scales_leave_products_with_real_laws(a: Any, b: Any) -> None:
    real = simplify.affine(REAL.relation(), a, 0)
    positive = simplify.affine(POSITIVE.relation(), b, 0)
    found = simplify.real_multiplicative(real, positive)
    np.testing.assert_allclose(_g(found), _scaled(REAL @ POSITIVE, a * b), rtol=1e-11)


def test_shifts_do_not_leave_products() -> None:
    """The moments of a product of free factors, by their own."""
    narrow = fs.Uniform(2, 3) @ fs.MarchenkoPastur(F(1, 100)) - 1
    for real, positive in ((REAL - 1, POSITIVE), (REAL, narrow), (REAL + 1, 2 * POSITIVE)):
        found = simplify.real_multiplicative(real.relation(), positive.relation())
        m, p = [float(x) for x in real.moments(2)], [float(x) for x in positive.moments(2)]
        second = m[1] * p[0] ** 2 + m[0] ** 2 * (p[1] - p[0] ** 2)
        z = 1e4j
        g = complex(_g(found, np.array([z]))[0])
        assert (z * z * g - z).real == pytest.approx(m[0] * p[0], rel=1e-5)
        psi = z * g - 1 - m[0] * p[0] / z
        assert (z * z * psi).real == pytest.approx(second, rel=1e-5)


def test_constants_in_products() -> None:
    real, positive = REAL.relation(), POSITIVE.relation()
    constant = simplify.Constant
    product = simplify.real_multiplicative
    assert product(real, constant(3)) == simplify.affine(real, 3, 0)
    assert product(constant(-3), positive) == simplify.affine(positive, -3, 0)
    assert product(real, constant(0)) == product(constant(0), positive) == constant(0)
    assert simplify.multiplicative((positive, constant(0)), (1, 1)) == constant(0)
    assert simplify.multiplicative((constant(2), constant(3)), (2, 1)) == constant(12)
    assert simplify.multiplicative((constant(2), positive), (3, 1)) == (
        simplify.affine(positive, 8, 0)
    )


def test_inner_products_join() -> None:
    """``(A @ P) @ Q = A @ (P @ Q)``."""
    other = fs.Uniform(1, 2)
    nested = simplify.real_multiplicative((REAL @ POSITIVE).relation(), other.relation())
    assert nested == (REAL @ (other @ POSITIVE)).relation()


def test_sums_collect_shifts_powers_and_constants() -> None:
    term = fs.Uniform(0, 1) @ MP
    one, two = term.relation(), REAL.relation()
    found = simplify.additive((simplify.affine(one, 2, 3), one, simplify.Constant(5)), (2, 1, 3))
    whole = (2 * term).additive_power(2) + term
    np.testing.assert_allclose(_g(found), _scaled(whole, 1, 21), rtol=1e-11)
    assert simplify.additive((simplify.Constant(2), simplify.Constant(3)), (1, 2)) == (
        simplify.Constant(8)
    )
    assert simplify.additive((one, two), (1, 1)) == (term + REAL).relation()


def test_products_collect_scales() -> None:
    one = (fs.Uniform(1, 2) + MP).relation()
    two = POSITIVE.relation()
    found = simplify.multiplicative((simplify.affine(one, 3, 0), two), (2, 1))
    assert found == simplify.affine(simplify.multiplicative((one, two), (2, 1)), 9, 0)
    shifted = simplify.affine(one, 3, 1)
    assert simplify.multiplicative((shifted,), (1,)) == shifted
    assert simplify.multiplicative((one, one), (1, F(1, 2))).powers == (F(3, 2),)  # type: ignore[attr-defined]


def test_scales_of_quotients_are_exact() -> None:
    """Integers too: 2^-1 is 1/2, not 0.5."""
    quotient = (2 * MP).multiplicative_deconvolve(fs.PointMass(3))
    assert quotient.moments(2) == [F(2, 3), F(2, 3)]  # 4/9 (1 + 1/2)
    assert all(isinstance(m, F) for m in quotient.moments(2))
    point = fs.PointMass(4).multiplicative_deconvolve(fs.PointMass(3))
    assert point.relation() == simplify.Constant(F(4, 3))


def test_compound_poisson_laws_with_the_same_jumps_are_one() -> None:
    """So that differences show what they are: here a law with an atom."""
    half, one = (fs.CompoundFreePoisson(rate, fs.Semicircle()) for rate in (F(1, 2), 1))
    assert (half + half).relation() == one.relation()
    assert (half + half).additive_deconvolve(half).relation() == half.relation()
    assert (half + MP).additive_deconvolve(half).relation() == MP.relation()
    other = fs.CompoundFreePoisson(F(1, 2), fs.Uniform(0, 1))
    joint = simplify.additive(
        [half.relation(), other.relation(), one.relation(), MP.relation()], [1, 1, F(2, 3), 1]
    )
    rates = {part.jumps: part.rate for part in joint.children if hasattr(part, "jumps")}
    assert rates == {half.relation().jumps: F(7, 6), other.relation().jumps: F(1, 2)}
    assert (half + half).additive_deconvolve(half).atoms() == {0: F(1, 2)}


def test_powers_of_one_law_join() -> None:
    """Scaled and shifted, too; their differences are closed forms again."""
    semicircle, poisson = fs.Semicircle, fs.FreePoisson
    rest = fs.Discrete([-2, 0, 1, 3])
    three, two = semicircle(0, 3) + rest, semicircle() + semicircle() + rest
    assert three.additive_deconvolve(two).relation() == semicircle()
    assert (3 * semicircle(1, 2) + semicircle(2, 5)).relation() == simplify.affine(
        semicircle(0, 23), 1, 5
    )
    jumps = poisson(2, 3) - poisson(1, 2) + 3 * poisson(F(1, 2)) - 2 * poisson(F(1, 3))
    assert len(jumps.relation().children) == 2
    up, down = poisson(F(5, 2), 3).free_cumulants(6), poisson(F(4, 3), 2).free_cumulants(6)
    parts = enumerate(zip(up, down, strict=True), 1)
    assert jumps.free_cumulants(6) == [a + (-1) ** n * b for n, (a, b) in parts]
    cauchy = (fs.Cauchy(1, 2) - 3 * fs.Cauchy(1, 1)).relation()
    assert cauchy == simplify.affine(fs.Cauchy(0, 5), 1, -2)


def test_powers_of_unknown_sign_stay_apart() -> None:
    v, c = sympy.symbols("v c", positive=True)
    difference = (fs.Semicircle(0, v) + MP).additive_deconvolve(fs.Semicircle(0, c))
    assert len(difference.relation().children) == 3
    found = difference.subs({v: 3, c: 1}).relation()
    assert found == (fs.Semicircle(0, 2) + MP).relation()


def test_affine_maps_compose() -> None:
    relation = REAL.relation()
    first = simplify.affine(relation, 2, 3)
    assert simplify.affine(first, 5, 7) == Affine(relation, 10, 22)
    assert simplify.affine(first, F(1, 2), F(-3, 2)) == relation
    assert simplify.affine(simplify.Constant(4), 2, 3) == simplify.Constant(11)


def test_inverses_and_shapes() -> None:
    relation = POSITIVE.relation()
    inverse = simplify.negative_inverse(relation)
    assert simplify.negative_inverse(inverse) == relation
    assert simplify.negative_inverse(simplify.Constant(4)) == simplify.Constant(F(-1, 4))
    assert simplify.negative_inverse(simplify.affine(POSITIVE.relation(), 1, -1)) != inverse
    whole = (fs.Uniform(1, 2) + MP).relation()
    assert simplify.negative_inverse(simplify.affine(whole, 4, 0)) == simplify.affine(
        simplify.negative_inverse(whole), F(1, 4), 0
    )
    assert simplify.reshape(whole, 1) == whole
    assert simplify.reshape(simplify.reshape(whole, F(1, 2)), F(1, 3)) == Reshape(whole, F(1, 6))
    assert simplify.reshape(Affine(whole, 2, 0), F(1, 2)) == Affine(Reshape(whole, F(1, 2)), 2, 0)
    shifted = Affine(whole, 2, 1)
    assert simplify.reshape(shifted, F(1, 2)) == Reshape(shifted, F(1, 2))
