"""The recurrence of the moments against exact moments of every kind of node."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest
import sympy

import freesym as fs
from freesym.errors import InvalidLawError, NotAlgebraicError, UnsupportedOperationError

HALF, THIRD = F(1, 2), F(1, 3)
c, p = sympy.symbols("c p", positive=True)
n = sympy.Symbol("n")
TRUTH: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "truth.json").read_text()
)

MP, SC, B = fs.MarchenkoPastur(HALF), fs.Semicircle(), fs.Bernoulli(THIRD)
POINTS = fs.Discrete((1, 2, F(5, 2)), (HALF, F(1, 4), F(1, 4)))

LAWS: dict[str, fs.Law] = {
    "sum": SC + MP,
    "product": MP @ fs.MarchenkoPastur(THIRD) @ B,
    "product with a centred law": (SC + 1) @ MP,
    "Boolean": fs.boolean_sum(MP, B),
    "monotone": fs.monotone(MP, B),
    "mixture": fs.mixture([MP, SC + 3], [HALF, HALF]),
    "rectangular": fs.rectangular_sum(MP, fs.PointMass(2), ratio=HALF),
    "square": SC.square(),
    "compound": fs.CompoundFreePoisson(HALF, fs.Bernoulli(THIRD)),
    "reshape": MP.reshape(HALF),
    "affine": 3 * MP + 2,
    "additive power": B.additive_power(F(5, 2)),
    "multiplicative power": MP.multiplicative_power(F(3, 2)),
    "deconvolution": (SC + MP).additive_deconvolve(MP),
    "atoms": POINTS,
    "Wachter": fs.Wachter(3, 2),
    "arcsine": fs.Arcsine(-1, 2),
    "Raney": fs.Raney(F(5, 2), F(3, 2)),
    "Kesten-McKay": fs.KestenMcKay(3),
}


@pytest.mark.parametrize("name", LAWS)
def test_two_hundred_moments(name: str) -> None:
    """Two ways to the same 200 rational numbers: power series, and the polynomial."""
    found = LAWS[name].moment_recurrence(n)
    assert found.proved
    assert found.terms(200) == LAWS[name].moments(200)


TABLES: dict[str, fs.Law] = {
    "moments 1..8 SC(0,1)[+]MP(1/2)": SC + MP,
    "moments 1..8 Fuss-Catalan s=3": fs.FussCatalan(3),
    **{
        f"moments 1..8 ReLU Gauss sw2=2 L={depth}": (
            2 * (fs.Bernoulli(HALF) @ fs.MarchenkoPastur())
        ).multiplicative_power(depth)
        for depth in (1, 3)
    },
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    assert TABLES[name].moment_recurrence().terms(8) == [F(v) for v in TRUTH[name]["value"]]


@pytest.mark.parametrize(
    "law",
    [
        fs.MarchenkoPastur(c),
        fs.MarchenkoPastur(c) @ fs.Bernoulli(p),
        fs.Semicircle(0, p) + fs.MarchenkoPastur(c),
        fs.Bernoulli(p).additive_power(c),
        fs.boolean_sum(fs.MarchenkoPastur(c), fs.Bernoulli(p)),
        fs.MarchenkoPastur(c) + sympy.sqrt(2),
    ],
)
def test_symbols(law: fs.Law) -> None:
    found = law.moment_recurrence(n)
    assert found.verified > 0
    count = found.start + 3
    difference = zip(found.terms(count), law.moments(count), strict=True)
    assert all(sympy.simplify(a - b) == 0 for a, b in difference)


def test_marchenko_pastur_by_hand() -> None:
    """``(n+1) m_n = (2n-1)(1+c) m_(n-1) - (n-2)(1-c)^2 m_(n-2)`` (Haagerup & Thorbjornsen)."""
    found = fs.MarchenkoPastur(c).moment_recurrence(n)
    expected = (n + 1, -(2 * n - 1) * (1 + c), (n - 2) * (1 - c) ** 2)
    assert [sympy.expand(e) for e in expected] == list(found.coefficients)
    assert (found.start, found.initial) == (2, (1, 1))


def test_fuss_catalan_by_hand() -> None:
    """The quotient of successive numbers is rational."""
    found = fs.FussCatalan(2).moment_recurrence(n)
    ratio = -found.coefficients[1] / found.coefficients[0]
    expected = sympy.Rational(3 * (3 * 4 - 1) * (3 * 4 - 2), 2 * 4 * (2 * 4 + 1))
    assert (
        ratio.subs(n, 4) == expected == sympy.Rational(math.comb(12, 4) // 9, math.comb(9, 3) // 7)
    )


def test_far_terms() -> None:
    found = fs.FussCatalan(1).moment_recurrence()
    assert found.terms(3000)[-1] == math.comb(6000, 3000) // 3001
    assert found.terms(0) == []


def test_printing() -> None:
    found = fs.MarchenkoPastur(1).moment_recurrence(n)
    assert str(found) == "(n + 1)*m(n) + (2 - 4*n)*m(n - 1) = 0 for n >= 1; m(0) = 1"
    assert found._repr_latex_() == (
        r"$\displaystyle \left(n + 1\right) m_{n} + \left(2 - 4 n\right) m_{n - 1} = 0, "
        r"\quad n \geq 1; \quad m_{0} = 1$"
    )


def test_recurrences_are_values() -> None:
    found = fs.MarchenkoPastur(c).moment_recurrence(n)
    assert found == fs.MarchenkoPastur(c).moment_recurrence(n)
    assert hash(found) == hash(pickle.loads(pickle.dumps(found)))
    with pytest.raises(AttributeError):
        found.start = 3  # type: ignore[misc]


def test_few_irrational_moments_of_inverses_are_compared() -> None:
    law = (fs.MarchenkoPastur(THIRD) + POINTS).inverse()
    found = law.moment_recurrence(n)
    assert not found.proved
    assert found.verified == 24
    terms = list(map(float, found.terms(5)))
    assert terms == pytest.approx(list(map(float, law.moments(5))), rel=1e-14)


LARGE: dict[str, tuple[fs.Law, int]] = {
    "points": (fs.Discrete((0, 1, F(3, 2), 5)) + fs.Discrete((1, 2, 4)), 180),
    "semicircle and points": (SC + fs.Discrete((0, 1, 2, 5, 6, 7)), 120),
    "product with points": (MP @ fs.Discrete((1, 2, 3, 4, 5, 6, 7)), 120),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_long_recurrences(name: str) -> None:
    """Coefficients of hundreds of digits are found modulo primes."""
    law, count = LARGE[name]
    found = law.moment_recurrence(n)
    assert count > found.start
    assert found.terms(count) == law.moments(count)


@pytest.mark.parametrize(
    "law",
    [
        fs.EquilibriumMeasure(HALF, 2).compress(F(2, 3)),
        fs.EquilibriumMeasure(1, 3) + 1,
        fs.EquilibriumMeasure(1, 2) + fs.EquilibriumMeasure(1, 2),
    ],
    ids=str,
)
def test_recurrences_of_irrational_moments(law: fs.Law) -> None:
    """The polynomial is rational, the moments are not: few are compared."""
    found = law.moment_recurrence(n)
    assert found.verified == 24
    count = found.start + 6
    terms, moments = found.terms(count), law.moments(count)
    assert all(abs(sympy.N(a - b, 30)) < 1e-25 for a, b in zip(terms, moments, strict=True))


def test_refusals() -> None:
    with pytest.raises(NotAlgebraicError, match="Uniform"):
        (fs.Uniform(0, 1) + SC).moment_recurrence(n)
    with pytest.raises(InvalidLawError, match=r"0\.3"):
        fs.MarchenkoPastur(0.3).moment_recurrence(n)
    with pytest.raises(InvalidLawError, match="also a parameter"):
        fs.MarchenkoPastur(c).moment_recurrence(c)
    with pytest.raises(UnsupportedOperationError, match="symbol"):
        SC.moment_recurrence(5)
    found = SC.moment_recurrence(n)
    with pytest.raises(InvalidLawError, match="50000"):
        found.terms(10**9)
    with pytest.raises(InvalidLawError, match="-1"):
        found.terms(-1)
    with pytest.raises(UnsupportedOperationError, match=r"2\.5"):
        found.terms(2.5)
    with pytest.raises(UnsupportedOperationError):
        fs.Cauchy(0, 1).moment_recurrence(n)


def test_large_recurrences_are_predicted():
    c, p = sympy.symbols("c p", positive=True)
    deep = (fs.MarchenkoPastur(1) @ fs.Bernoulli(p)).multiplicative_power(50)
    with pytest.raises(fs.DegreeError, match=r"degree 1 in z and 51 in M\(z\).*max_degree=51"):
        deep.moment_recurrence()
    points = fs.Discrete((0, 1, 3, 4)) + fs.Discrete((0, 1, 2, 5))
    with pytest.raises(fs.DegreeError, match=r"degree 15 in z and 10 in M\(z\).*max_degree=10"):
        points.moment_recurrence()
    law = fs.Semicircle() + fs.MarchenkoPastur(c)
    with pytest.raises(fs.DegreeError, match="max_degree=3"):
        law.moment_recurrence(max_degree=2)
    assert law.moment_recurrence(max_degree=3) == law.moment_recurrence()
    with pytest.raises(fs.UnsupportedOperationError, match="integer"):
        law.moment_recurrence(max_degree=2.5)
