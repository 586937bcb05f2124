"""Densities and log-potentials on edges and at 0, from those of the parts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import mpmath
import pytest
import sympy

import freesym as fs
from freesym.errors import PrecisionError
from freesym.spectrum import certified_parts
from tests.certified.helpers import agrees

U = fs.Uniform(0, 1)
HALF = F(1, 2)
MP = fs.MarchenkoPastur(HALF)
#: ``E log X`` of MarchenkoPastur(c) is ``-1 - (1 - c)/c log(1 - c)`` (Bai & Silverstein 2004).
LOG_MP = -1 + mpmath.log(2)


@pytest.fixture(autouse=True)
def _precision() -> Any:
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (U, lambda: -1),
        (U @ MP, lambda: -2 + mpmath.log(2)),
        (U @ U @ MP, lambda: -3 + mpmath.log(2)),
        (U @ fs.Semicircle(), lambda: mpmath.mpf(-3) / 2),
        (U.inverse(), lambda: 1),
        (U.square(), lambda: -2),
        (fs.Uniform(-1, 1).square(), lambda: -2),
        (U.multiplicative_power(F(5, 2)), lambda: mpmath.mpf(-5) / 2),
        (3 * U, lambda: mpmath.log(3) - 1),
        (fs.mixture([U, MP], [F(1, 3), F(2, 3)]), lambda: (-3 + 2 * mpmath.log(2)) / 3),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_determinants_at_the_ends_of_factors(law: Any, expected: Callable[[], Any]) -> None:
    assert agrees(law.log_determinant(digits=40), expected(), 40)


def test_potentials_and_densities_at_ends_inside_mixtures() -> None:
    law = fs.mixture([U, fs.Uniform(1, 3)], [F(1, 4), F(3, 4)])
    # (x - a) log|x - a| - (x - b) log|x - b| over the length, less 1
    expected = F(1, 4) * -1 + mpmath.mpf(3) / 4 * (mpmath.log(2) - 1)
    assert agrees(law.log_potential(1, digits=40), expected, 40)
    assert agrees(law.density(1, digits=40), mpmath.mpf(5) / 16, 40)
    assert [float(v) for v in law.density([0, 1, 3], digits=20)] == pytest.approx(
        law.density([0.0, 1.0, 3.0]).tolist(), rel=1e-15
    )
    turned = 2 - 3 * law
    assert agrees(turned.density(-1, digits=30), mpmath.mpf(5) / 48, 30)
    assert agrees(turned.log_potential(-1, digits=30), expected + mpmath.log(3), 30)
    with_atom = fs.mixture([U, fs.PointMass(0)], [HALF, HALF])
    assert with_atom.log_determinant(digits=20) == -mpmath.inf


def test_digits_lost_between_terms_are_computed_again() -> None:
    scale = sympy.Rational(27182818284590452353602874713527, 10**31)
    expected = mpmath.log(mpmath.mpf(27182818284590452353602874713527) / 10**31) - 1
    assert abs(expected) < 1e-31
    assert agrees((scale * U).log_determinant(digits=20), expected, 20)
    assert (sympy.E * U).log_determinant(digits=20) == 0


def test_terms_that_cancel_beyond_all_digits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certified_parts, "is_known", lambda value, bits: False)
    with pytest.raises(PrecisionError, match="cancel"):
        U.inverse().log_determinant(digits=20)


def test_points_beside_the_ends_are_not_the_ends() -> None:
    beside = F(1, 10**40)
    assert U.density(-beside, digits=20) == 0
    assert agrees(U.density(beside, digits=20), 1, 20)
    assert agrees(U.density(0, digits=20), HALF, 20)


@pytest.mark.parametrize("place", [0, 1, F(-2, 3)])
def test_a_point_mass_at_its_place(place: Any) -> None:
    law = fs.PointMass(place)
    assert law.density(place, digits=20) == 0
    assert law.cdf(place, digits=20) == 1
    assert law.log_potential(place, digits=20) == -mpmath.inf
    with pytest.raises(PrecisionError):
        law.G(place, digits=20)


def test_zeros_of_polynomials_are_points() -> None:
    """An edge of degree 7, whose limits are not told, and a zero inside the spectrum."""
    t = sympy.Symbol("t")
    root = sympy.CRootOf(t**5 - t - 1, 0)
    expected = mpmath.sqrt(4 - mpmath.findroot(lambda x: x**5 - x - 1, 1.2) ** 2) / (2 * mpmath.pi)
    assert agrees(fs.Semicircle().density(root, digits=40), expected, 40)
    law = MP @ fs.MarchenkoPastur(F(1, 3)) + fs.Semicircle()
    low, high = law.edges()
    assert law.cdf(low, digits=20) == 0
    assert law.cdf(high, digits=20) == 1
