"""R and S with digits: closed forms, the half-plane, laws on both half-lines, and refusals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction as F
from typing import Any

import flint
import mpmath
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, PrecisionError, UnsupportedOperationError
from freesym.spectrum import certified_inversion
from freesym.spectrum.certified_hull import certified_hull
from freesym.spectrum.certified_numbers import Point, exact_real
from tests.certified.helpers import agrees

acb, arb = flint.acb, flint.arb
BITS = 160
HALF = F(1, 2)
LAW = fs.Semicircle() + fs.MarchenkoPastur(HALF)
#: Two bands, with masses 2/3 and 1/3, and a gap between them.
BANDS = fs.TwoPoint(1, 9, F(1, 3)) + fs.Uniform(0, 1)
PRODUCT = fs.MarchenkoPastur(HALF) @ fs.MarchenkoPastur(F(1, 3))
T = sympy.Symbol("t")


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with working_precision(BITS), mpmath.workdps(60):
        yield


# -------------------------------------------------------------------------- values

#: Exact binary numbers in all four quadrants.
COMPLEX = [
    complex(0.125, 0.25),
    complex(-0.25, 0.125),
    complex(0.0625, -0.25),
    complex(-0.125, -0.125),
]


@pytest.mark.parametrize("w", COMPLEX)
def test_complex_r_transforms_are_the_sums_of_their_formulas(w: complex) -> None:
    exact = mpmath.mpc(w)
    assert agrees(LAW.R(w, digits=40), exact + 1 / (1 - exact / 2), 40)
    assert agrees((-LAW).R(-w, digits=40), -exact - 1 / (1 - exact / 2), 40)


@pytest.mark.parametrize("m", COMPLEX)
def test_complex_s_transforms_are_the_products_of_their_formulas(m: complex) -> None:
    exact = mpmath.mpc(m)
    expected = 1 / ((1 + exact / 2) * (1 + exact / 3))
    assert agrees(PRODUCT.S(m, digits=40), expected, 40)
    assert agrees((-PRODUCT).S(m, digits=40), -expected, 40)


@pytest.mark.parametrize("m", [F(1, 50), F(-1, 50), F(-3, 50), F(3), F(-1, 17)])
@pytest.mark.parametrize("sign", [1, -1])
def test_s_transforms_of_laws_on_both_half_lines(m: F, sign: int) -> None:
    """``R(w) = 1/2 + w`` makes ``w R(w) = m`` a quadratic equation, and ``S(m) = w/m`` (1992).

    ``psi`` has its minimum -1/16 inside the interval on which it is defined.
    """
    level = mpmath.mpf(m.numerator) / m.denominator
    w = (-mpmath.mpf(1) / 2 + mpmath.sqrt(mpmath.mpf(1) / 4 + 4 * level)) / 2
    if w > 1:  # z is inside the spectrum for larger ones
        with pytest.raises((ConvergenceError, UnsupportedOperationError)):
            (sign * (fs.Semicircle() + HALF)).S(m, digits=30)
        return
    assert agrees((sign * (fs.Semicircle() + HALF)).S(m, digits=30), sign * w / level, 30)


def test_the_minimum_of_the_moment_series_has_no_inverse() -> None:
    with pytest.raises((ConvergenceError, PrecisionError)):
        (fs.Semicircle() + HALF).S(F(-1, 16), digits=30)


@pytest.mark.long
def test_means_that_are_integrals() -> None:
    """Against quadrature by mpmath at 60 digits; the moments of such laws are rounded numbers."""
    law = fs.Pushforward(sympy.tanh(T) ** 2)
    mean = 2 * mpmath.quad(lambda t: mpmath.tanh(t) ** 2 * mpmath.npdf(t), range(0, 22, 3))
    assert agrees(law.R(0, digits=30), mean, 30)
    assert agrees((LAW - law).R(0, digits=10), 1 - mean, 10)
    law = fs.Pushforward(sympy.exp(T) / (1 + sympy.exp(-T)))
    mean = mpmath.quad(
        lambda t: mpmath.exp(t) / (1 + mpmath.exp(-t)) * mpmath.npdf(t), range(-21, 22, 3)
    )
    assert agrees(law.R(0, digits=25), mean, 25)
    with pytest.raises(UnsupportedOperationError, match="exponentially"):
        fs.Pushforward(sympy.exp(T**2 / 8) / (1 + T**2)).R(0, digits=20)


# -------------------------------------------------------------------------- hulls


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (sympy.exp(T), 0, mpmath.inf),
        (sympy.tanh(T), -1, 1),
        (T**2, 0, mpmath.inf),
        (sympy.sin(T) * sympy.erf(T), -1, 1),
        (1 / (1 + T**2), 0, 1),
        (T * sympy.exp(-2 * T**2), -0.5 * math.exp(-0.5), 0.5 * math.exp(-0.5)),
        (T / (1 + sympy.exp(T)), -mpmath.inf, mpmath.inf),  # 0 times infinity says nothing
    ],
)
def test_hulls_contain_all_values_of_a_function(function: Any, low: Any, high: Any) -> None:
    """Tables end at nine standard deviations; what is proved holds for all of the line."""
    found = certified_hull(fs.Pushforward(function)._numeric)
    assert found[0] <= low and high <= found[1]
    assert found == pytest.approx((low, high), abs=0.02)
    total = certified_hull((fs.Pushforward(function) + fs.Uniform(1, 2))._numeric)
    assert total == pytest.approx((low + 1, high + 2), abs=0.02)


def test_unbounded_functions_have_no_integrated_potential() -> None:
    """Their tables are bounded, which once passed for a proof."""
    law = fs.boolean_sum(fs.Pushforward(sympy.exp(T)), fs.Semicircle())
    with pytest.raises(UnsupportedOperationError, match="bounded"):
        law.log_potential(-3, digits=15)


# -------------------------------------------------------------------------- refusals


def _inverse(w: F, start: float, law: Any = LAW) -> certified_inversion._Inverse:
    return certified_inversion._Inverse(law.relation(), Point(w), start, "g")


def _wrong_roots(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The secant method is off by a factor."""
    found = certified_inversion._secant
    for factor in (1 + F(1, 10**20), 1 - F(1, 10**20), F(2)):
        wrong = real_ball(factor)
        monkeypatch.setattr(
            certified_inversion, "_secant", lambda *a, wrong=wrong: (found(*a) * wrong).mid()
        )
        yield


def test_a_root_that_is_none_is_not_bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    w = F(1, 5)
    right = F(1, 5) + F(10, 9)  # g + 1/(1 - g/2)
    assert abs(real_ball(right) - real_ball(exact_real(LAW.R(w, digits=30)))) < 1e-29
    for _ in _wrong_roots(monkeypatch):
        with pytest.raises(PrecisionError, match="between two points"):
            _inverse(w, float(right) + 5.0).enclosed(BITS)


def test_a_complex_root_that_is_none_is_not_enclosed(monkeypatch: pytest.MonkeyPatch) -> None:
    point, start = Point(F(1, 8), F(-1, 4)), complex(2.6, 3.3)
    inverse = certified_inversion._Inverse(LAW.relation(), point, start, "g")
    with working_precision(2 * BITS):
        narrower = inverse.enclosed(2 * BITS)
    assert inverse.enclosed(BITS).contains(narrower)
    for _ in _wrong_roots(monkeypatch):
        with pytest.raises(PrecisionError, match="residual"):
            inverse.enclosed(BITS)


def test_least_slopes_bound_quotients_from_below() -> None:
    """At points outside the circle; nothing is said inside, where ``G`` is not injective.

    ``z/(z^2 - 1)`` takes the same value at ``z`` and ``-1/z``.
    """
    law = fs.TwoPoint(-1, 1, HALF)
    inverse = certified_inversion._Inverse(law.relation(), Point(F(1, 4), F(-1, 4)), 2j, "g")
    for z in (complex(0.25, 1.25), complex(-1.5, 0.5), complex(3, 4), complex(0.0, 1.0625)):
        least = inverse._least_slope(acb(arb(z.real, 0.01), arb(z.imag, 0.01)))
        slope = abs((1 + z * z) / (z * z - 1) ** 2)
        assert 0 < float(least.lower()) <= slope
    for z in (complex(0.25, 0.75), complex(0.5, 0.8), complex(-0.9, 0.01)):
        with pytest.raises(UnsupportedOperationError, match="circle"):
            inverse._least_slope(acb(z))


def test_roots_that_are_not_found_are_not_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certified_inversion, "_STEPS", 1)
    with pytest.raises(ConvergenceError, match="not found"):
        LAW.R(F(1, 5), digits=100)


@pytest.mark.parametrize(("x", "above"), [(5, True), (5, False), (20, False), (-5, True)])
def test_inverses_are_taken_beyond_the_whole_spectrum(x: int, above: bool) -> None:
    with pytest.raises(UnsupportedOperationError, match="hull"):
        certified_inversion._outside(BANDS.relation(), arb(x), BITS, above=above)


def test_points_beyond_the_spectrum_are_taken() -> None:
    for x, above in ((20, True), (-5, False), (10.001, True), (0.999, False)):
        found = certified_inversion._outside(BANDS.relation(), arb(x), BITS, above=above)
        assert float(found.g.real) == pytest.approx(float(BANDS.G(float(x)).real), rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: (fs.Semicircle() + 1).S(complex(0.01, 0.1), digits=20),  # both half-lines
        lambda: (fs.Cauchy() + fs.Semicircle()).R(complex(0.01, 0.1), digits=20),  # unbounded
        lambda: fs.Semicircle().S(HALF, digits=20),  # mean 0
        lambda: LAW.R(complex(0.5, -0.875), digits=20),  # inside the circle
    ],
)
def test_inverses_of_functions_not_proved_to_be_univalent_are_refused(
    call: Callable[[], Any],
) -> None:
    with pytest.raises((UnsupportedOperationError, ConvergenceError)):
        call()


# -------------------------------------------------------------------------- far away


@pytest.mark.parametrize("digits", [15, 40])
def test_arguments_near_zero(digits: int) -> None:
    """Far away transforms are differences; ``R(w) = w/3 + O(w^3)``, ``1/S`` tends to the mean."""
    symmetric, shifted = fs.Uniform(-1, 1), fs.Uniform(1, 2)
    for w in ("1e-30", "-1e-20"):
        assert agrees(symmetric.R(w, digits=digits), mpmath.mpf(w) / 3, 15)
        assert agrees(shifted.S(w, digits=digits), mpmath.mpf(2) / 3, 15)
    w = complex(2.0**-60, 2.0**-70)
    assert agrees(symmetric.R(w, digits=digits), mpmath.mpc(w) / 3, 15)
    assert agrees(shifted.S(w, digits=digits), mpmath.mpf(2) / 3, 15)


@pytest.mark.parametrize("w", [10**400, "1e400", "1e-400", sympy.I * 10**400])
def test_arguments_beyond_the_range_of_floats_are_refused(w: Any) -> None:
    for call in (fs.Uniform(-1, 1).R, fs.Uniform(1, 2).S):
        with pytest.raises(PrecisionError, match="range"):
            call(w, digits=15)


@pytest.mark.long
def test_hulls_are_wider_by_the_rounding_on_the_way() -> None:
    """``Semicircle(n, 4) - n`` is on ``[-4, 4]``, of which nothing is left in double precision."""
    n = 10**17
    moved = fs.Semicircle(n, 4) - n
    for law in (moved, fs.boolean_sum(moved, moved), moved + moved):
        low, high = certified_hull(law._numeric)
        assert low < -8 and high > 8
    arcsine = fs.boolean_sum(moved, moved)
    assert agrees(arcsine.log_determinant(digits=15), mpmath.log(2), 15)
    tiny = fs.Pushforward(sympy.tanh(T) * sympy.Rational(1, 10**330))
    low, high = certified_hull(tiny._numeric)
    assert low < 0 < high
    for positive in (fs.MarchenkoPastur(2) + fs.Bernoulli(HALF), 3 * fs.Uniform(0, 1) + 1):
        assert certified_hull(positive._numeric)[0] >= 0
