"""Points and parameters are exact: what is certified is what was written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as F
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import InvalidLawError, UnsupportedOperationError
from tests.certified.helpers import agrees

SUM = fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))


@pytest.mark.parametrize(
    ("rounded", "exact"),
    [
        (SUM.compress(0.7), SUM.compress(F(0.7))),
        (fs.FreePoisson(0.3, 0.7), fs.FreePoisson(F(0.3), F(0.7))),
        (fs.TwoPoint(0.1, 0.7, 0.3) + SUM, fs.TwoPoint(F(0.1), F(0.7), F(0.3)) + SUM),
        (
            SUM.additive_power(1.1).additive_power(1.3),
            SUM.additive_power(F(1.1)).additive_power(F(1.3)),
        ),
        ((0.3 * SUM) + (0.7 * SUM) + 0.1, F(0.3) * SUM + F(0.7) * SUM + F(0.1)),
        (
            fs.Law.from_r_transform(0.1 * sympy.Symbol("g")),
            fs.Semicircle(0, F(0.1)),
        ),
    ],
    ids=repr,
)
def test_numbers_derived_from_floats_are_not_rounded(rounded: fs.Law, exact: fs.Law) -> None:
    """The power ``1/p`` of a compression by 0.7 is not the nearest float."""
    x = F(1, 5)
    first = rounded.enclose_density(x, digits=40)
    assert exact.density(x, digits=60) in first
    assert any("binary" in text for text in first.assumptions)


@pytest.mark.parametrize(
    "law",
    [
        fs.mixture([fs.Semicircle(), fs.MarchenkoPastur(), SUM], [0.1, 0.2, 0.7]),
        fs.Discrete([0, 1, 2], [0.1, 0.2, 0.7]) + fs.Semicircle(),
    ],
    ids=repr,
)
def test_weights_that_are_floats_have_the_sum_1(law: fs.Law) -> None:
    assert F(0.1) + F(0.2) + F(0.7) != 1
    assert law.cdf(-50, digits=40) == 0
    assert law.cdf(50, digits=40) == 1
    z = mpmath.mpf(10) ** 60
    with mpmath.workdps(80):
        assert agrees(z * law.G(z, digits=60), 1, 55)


@pytest.mark.parametrize("x", [Decimal("0.1"), " 0.1", ".1", "1e-1", "0.1" + "0" * 6000])
def test_decimal_points(x: Any) -> None:
    assert SUM.density(x, digits=30) == SUM.density(F(1, 10), digits=30)


def test_long_doubles_keep_their_digits() -> None:
    x = np.longdouble(1) / 3
    assert SUM.density(x, digits=30) == SUM.density(F(*x.as_integer_ratio()), digits=30)


@pytest.mark.parametrize(
    "x",
    [
        "1e999999999", "1e-999999999", Decimal("NaN"), Decimal("sNaN"), mpmath.pi,
        mpmath.mpi(1, 2), mpmath.mpf(2) ** (10**9), "", ".", "e5", "1_0", "1_0/3", "\uff11", "1/0",
        sympy.nan, sympy.zoo, sympy.Symbol("x"), b"1", None, True,
    ],
    ids=str,
)  # fmt: skip
def test_points_that_are_refused_at_once(x: Any) -> None:
    for call in (SUM.density, SUM.G):
        with pytest.raises(InvalidLawError):
            call(x, digits=20)


def test_complex_sympy_numbers() -> None:
    z = 1 + sympy.I * sympy.sqrt(2)
    assert fs.Semicircle().G(sympy.I, digits=40) == fs.Semicircle().G(1j, digits=40)
    assert agrees(SUM.G(z, digits=30), SUM.G(complex(z)), 14)


@pytest.mark.parametrize(
    "law",
    [
        SUM,
        SUM @ fs.MarchenkoPastur(),
        fs.rectangular_sum(fs.MarchenkoPastur(), fs.MarchenkoPastur(), ratio=1),
        fs.Discrete(range(20)) + fs.Semicircle(),
        fs.Raney(3, 1) + fs.Semicircle(),
    ],
    ids=repr,
)
def test_points_beyond_the_range_of_floats(law: fs.Law) -> None:
    assert law.density("1e4000", digits=20) == 0 == law.density("-1e500", digits=20)
    assert law.cdf("1e4000", digits=20) == 1
    assert law.cdf("-1e4000", digits=20) == 0
    with mpmath.workdps(50):
        assert agrees(law.G("1e4000", digits=30), mpmath.mpf("1e-4000"), 29)
        potential = law.log_potential("1e4000", digits=30)
        assert agrees(potential, 4000 * mpmath.log(10), 29)


@pytest.mark.parametrize("digits", [15, 60])
def test_zeros_of_polynomials_are_exact_numbers(digits: int) -> None:
    """The real ones; SymPy counts them first, in ascending order."""
    t = sympy.Symbol("t")
    polynomial = 3 * t**5 - 12 * t + 3
    with working_precision(int(digits * 3.33) + 8), mpmath.workdps(digits + 10):
        for index in range(3):
            root = sympy.CRootOf(polynomial, index)
            ball = real_ball(root)
            assert ball.rel_accuracy_bits() >= digits * 3.3
            assert abs(ball - real_ball(sympy.Rational(str(root.n(digits))))) < 10.0 ** (1 - digits)
        with pytest.raises(UnsupportedOperationError, match="CRootOf"):
            real_ball(sympy.CRootOf(polynomial, 3))


def test_moments_that_are_zeros_of_polynomials_are_tested() -> None:
    """The mean of the inverse is the zero of a cubic."""
    shifted = (fs.FussCatalan(2) + 1).inverse()
    law = (shifted @ fs.MarchenkoPastur()).multiplicative_deconvolve(fs.MarchenkoPastur())
    assert isinstance(law.mean(), sympy.Expr) and law.mean().has(sympy.CRootOf)
    np.testing.assert_allclose(law.support(), shifted.support(), rtol=1e-9)
