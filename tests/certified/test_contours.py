"""Functions of a normal or uniform variable at values that they take: transforms and potentials."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import flint
import mpmath
import pytest
import sympy

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.solve import contours
from freesym.solve.measures import Pushed
from freesym.solve.preimages import Crossing
from freesym.spectrum.certified_means import certified_mean
from tests.certified.helpers import agrees

acb, arb = flint.acb, flint.arb
T = sympy.Symbol("t")
HALF, THIRD = F(1, 2), F(1, 3)


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with mpmath.workdps(60):
        yield


def _normal(x: Any) -> Any:
    """``G`` of the normal law from above: Dawson's integral and the density."""
    x = mpmath.mpf(x.numerator) / x.denominator
    weight = mpmath.exp(-x * x / 2) * mpmath.sqrt(mpmath.pi / 2)
    return weight * (mpmath.erfi(x / mpmath.sqrt(2)) - 1j)


def _expectation(function: Any, *places: Any) -> Any:
    """By mpmath's quadrature, between the places."""
    ends = sorted([-14, -5, -1, 1, 5, 14, *places])
    return mpmath.quad(lambda t: function(t) * mpmath.npdf(t), ends)


@pytest.mark.parametrize("x", [F(0), THIRD, F(-5, 2), F(9)])
@pytest.mark.parametrize("digits", [15, 50])
def test_the_normal_law(x: F, digits: int) -> None:
    assert agrees(fs.Pushforward(T).G(x, digits=digits), _normal(x), digits)


@pytest.mark.parametrize("x", [F(1, 4), F(1, 10**8), F(16)])
def test_both_places_of_a_square(x: F) -> None:
    """``2 sqrt(x) G(x)`` is the sum of the normal ``G`` at ``sqrt(x)`` and its reflection."""
    root = F(int(mpmath.sqrt(x.numerator)), int(mpmath.sqrt(x.denominator)))
    right, left = _normal(root), -_normal(-root).conjugate()
    expected = mpmath.mpc((right - _normal(-root)).real, (right + left).imag) / 2
    found = fs.Pushforward(T**2).G(x, digits=30)
    scale = mpmath.mpf(root.numerator) / root.denominator
    assert agrees(found.real, expected.real / scale, 30)
    assert agrees(found.imag, (_normal(root).imag) / scale, 30)


@pytest.mark.parametrize(
    ("function", "numeric", "x", "places"),
    [
        (sympy.tanh(T), mpmath.tanh, F(0), lambda: [0]),
        (sympy.tanh(T), mpmath.tanh, HALF, lambda: [mpmath.atanh(0.5)]),
        (T**3 + T, lambda t: t**3 + t, F(-2), lambda: [-1]),
        (sympy.exp(T), mpmath.exp, F(1), lambda: [0]),
        (T**2, lambda t: t * t, F(4), lambda: [-2, 2]),
        (T * sympy.exp(T), lambda t: t * mpmath.exp(t), F(0), lambda: [0]),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_log_potentials_against_quadrature(function: Any, numeric: Any, x: F, places: Any) -> None:
    value = mpmath.mpf(x.numerator) / x.denominator
    expected = _expectation(lambda t: mpmath.log(abs(value - numeric(t))), *places())
    assert agrees(fs.Pushforward(function).log_potential(x, digits=18), expected, 18)


@pytest.mark.long
def test_log_determinants_at_extrema_and_limits() -> None:
    """Powers, products and exponentials have logarithms where they are 0, or only tend to it."""
    log_normal = -(mpmath.euler + mpmath.log(2)) / 2
    for function, expected in (
        (T, log_normal),
        (3 * T**2, 2 * log_normal + mpmath.log(3)),
        (T**2 * sympy.exp(T), 2 * log_normal),
        (sympy.exp(2 * T - 1) * T**4, 4 * log_normal - 1),
    ):
        assert agrees(fs.Pushforward(function).log_determinant(digits=30), expected, 30)
    product = fs.Pushforward(sympy.exp(T) * T**2) @ fs.MarchenkoPastur()
    assert agrees(product.log_determinant(digits=30), 2 * log_normal - 1, 30)
    uniform = fs.Pushforward(T, base="uniform").log_potential(THIRD, digits=30)
    expected = (mpmath.log(mpmath.mpf(1) / 3) + 2 * mpmath.log(mpmath.mpf(2) / 3)) / 3 - 1
    assert agrees(uniform, expected, 30)


def test_parts_of_boolean_sums_inside_their_spectra() -> None:
    """``1/G`` of the sum is that of the parts less ``x``."""
    law = fs.boolean_sum(fs.Pushforward(T), fs.Semicircle())
    x = mpmath.mpf(1) / 2
    semicircle = (x - 1j * mpmath.sqrt(4 - x * x)) / 2
    expected = 1 / (1 / _normal(HALF) + 1 / semicircle - x)
    assert agrees(law.G(HALF, digits=30), expected, 30)
    assert agrees(law.density(HALF, digits=30), -expected.imag / mpmath.pi, 30)


def test_what_grows_too_fast_has_no_potential() -> None:
    measure = Pushed(sympy.exp(T**2 / 8), "normal")
    with working_precision(100):
        with pytest.raises(UnsupportedOperationError, match="exponentially"):
            contours.contour(measure, arb(2)).potential()
        with pytest.raises(UnsupportedOperationError, match="exponentially"):
            measure.mean()


@pytest.mark.long
def test_means_of_the_parts_and_their_integrals() -> None:
    law = fs.Pushforward(sympy.tanh(T) ** 2)
    mean = _expectation(lambda t: mpmath.tanh(t) ** 2, 0)
    parts = {
        law: mean,
        2 - 3 * law: 2 - 3 * mean,
        law + fs.Uniform(0, 1): mean + mpmath.mpf(1) / 2,
        law @ fs.Uniform(0, 1): mean / 2,
        law @ (fs.Semicircle() + 1): mean,
        fs.mixture([law, fs.PointMass(1)], [THIRD, 1 - THIRD]): (mean + 2) / 3,
        fs.boolean_sum(law, fs.PointMass(1)): mean + 1,
        law.inverse().inverse(): mean,
    }
    with working_precision(80):
        for whole, expected in parts.items():
            found = certified_mean(whole._exact)
            assert found.rel_accuracy_bits() > 40
            assert abs(float(found.mid()) - float(expected)) < 1e-14
            assert agrees(mpmath.mpf(found.mid().str(24, radius=False)), expected, 12)


# -------------------------------------------------------------------------- the path


def test_squares_have_one_crossing_and_a_slope_with_a_sign() -> None:
    measure = Pushed(T**3 - T, "normal")
    with working_precision(80):
        for x in (arb(0), arb(1) / 3, arb(-0.384)):
            path = contours.contour(measure, x).path
            places = sum(1 for t in path if t.imag != 0)
            assert places == (3 if abs(x) < 0.3849 else 1)
            for before, tip, after in zip(path, path[1:], path[2:], strict=False):
                if tip.imag != 0:
                    rises = (after**3 - after - before**3 + before).real > 0
                    assert (tip.imag < 0) == bool(rises)


def test_crossings_too_flat_for_a_square_are_refused() -> None:
    with working_precision(80):
        with pytest.raises(PrecisionError, match="flatly"):
            # no crossing there at all
            contours._reach(Pushed(T, "normal"), arb(0), Crossing(arb(1), arb(1)), arb(0.5))
        with pytest.raises(PrecisionError):
            contours.contour(Pushed(T**3, "normal"), arb(0))
        nearly = contours.contour(Pushed(T**3 + T / 10**6, "normal"), arb(0))
        assert abs(nearly.path[2].imag) < 1e-3


def test_a_path_on_the_wrong_side_gives_the_other_boundary_value() -> None:
    """So the side matters: the transform from below is the conjugate."""
    with working_precision(80):
        right = contours.contour(Pushed(T, "normal"), arb(0.5))
        wrong = contours.Contour(
            right.measure, right.x, [t.conjugate() for t in right.path], right.distance
        )
        assert right.transform().overlaps(wrong.transform().conjugate())
        assert right.transform().imag < 0 < wrong.transform().imag


def test_the_distance_beyond_the_path_is_one() -> None:
    """Also where the last crossing is just before its end."""
    function = T + T**3 / 1000
    with working_precision(64):
        measure = Pushed(function, "normal")
        cut = measure.ends()[1]
        x = (cut - arb(0.01)) + (cut - arb(0.01)) ** 3 / 1000
        path = contours.contour(measure, x)
        assert 0 < path.distance < 0.02
        with pytest.raises(PrecisionError, match="beyond the ends"):
            contours.contour(measure, x + 1)


@pytest.mark.long
def test_medians_of_symmetric_laws() -> None:
    """A quantile that is 0 is found without relative digits."""
    law = fs.classical_sum(fs.Semicircle(), fs.Uniform(-3, 3))
    assert law.quantile(HALF, digits=12) == 0


def test_boxes_around_real_points_enclose_the_continuation() -> None:
    """That of the normal law from above is entire; below the line it is not the conjugate."""
    measure = Pushed(T, "normal")
    with working_precision(80):
        around = arb(0, 0.03125)
        found = contours.transform_on_box(measure, acb(0.5 + around, around))
        for z in (complex(0.5, 0), complex(0.52, 0.03), complex(0.47, -0.03)):
            weight = mpmath.exp(-(mpmath.mpc(z) ** 2) / 2) * mpmath.sqrt(mpmath.pi / 2)
            exact = weight * (mpmath.erfi(mpmath.mpc(z) / mpmath.sqrt(2)) - 1j)
            assert found.contains(acb(float(exact.real), float(exact.imag)))
        wide = arb(0, 20)
        with pytest.raises(PrecisionError):
            contours.transform_on_box(measure, acb(0.5 + wide, wide))


@pytest.mark.long
def test_potentials_of_boolean_sums_with_functions() -> None:
    law = fs.boolean_sum(fs.Pushforward(sympy.tanh(T)), fs.Semicircle())
    for x in (F(5), THIRD):
        assert float(law.log_potential(x, digits=15)) == pytest.approx(
            law.log_potential(x), rel=1e-11
        )
    assert float(law.cdf(HALF, digits=15)) == pytest.approx(law.cdf(0.5), rel=1e-12)
