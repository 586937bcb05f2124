"""Sums and products of classically independent variables: what is proved about them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest

import freesym as fs
from freesym.algebra.balls import working_precision
from freesym.errors import PrecisionError, UnsupportedOperationError
from freesym.spectrum.certified import Enclosed, enclosed
from freesym.spectrum.certified_convolutions import _potential, _turn, uniform_part
from tests.certified.helpers import agrees, as_fraction

acb, arb = flint.acb, flint.arb
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
UNIFORM = fs.Uniform(0, 1)
TRIANGLE = fs.classical_sum(UNIFORM, UNIFORM)
DIGITS = 30


@pytest.mark.long
def test_the_triangle() -> None:
    """Two uniform variables: everything is known."""
    with mpmath.workdps(50):
        x = mpmath.mpf(3) / 10
        assert agrees(TRIANGLE.density("3/10", digits=DIGITS), x, DIGITS)
        assert agrees(TRIANGLE.cdf("3/10", digits=DIGITS), x * x / 2, DIGITS)
        assert agrees(TRIANGLE.cdf("17/10", digits=DIGITS), 1 - x * x / 2, DIGITS)
        assert agrees(TRIANGLE.quantile("2/5", digits=20), mpmath.sqrt(mpmath.mpf(4) / 5), 20)

        def moved(t: Any) -> Any:
            return t * t / 2 * mpmath.log(abs(t)) - 3 * t * t / 4

        expected = moved(x) - 2 * moved(x - 1) + moved(x - 2)
        assert agrees(TRIANGLE.log_potential("3/10", digits=DIGITS), expected, DIGITS)
    assert TRIANGLE.density(1, digits=DIGITS) == 1
    for x, level in ((-1, 0), (3, 1)):
        assert TRIANGLE.cdf(x, digits=DIGITS) == level
        assert TRIANGLE.density(x, digits=DIGITS) == 0


@pytest.mark.parametrize("z", [1j, 0.5 + 0.5j, -3 + 2j, 7])
def test_transforms_are_integrals(z: complex) -> None:
    law = fs.classical_sum(fs.Uniform(-1, 2), fs.Arcsine(0, 1) + 1)
    with mpmath.workdps(40):

        def inner(t: Any) -> Any:
            w = mpmath.mpc(z) - t - 1
            return 1 / (mpmath.sqrt(w) * mpmath.sqrt(w - 1))

        expected = mpmath.quad(inner, [-1, 0, 1, 2]) / 3
        assert abs(law.G(z, digits=25) - expected) < 1e-15


LAWS: list[Callable[[], fs.Law]] = [
    lambda: fs.classical_sum(fs.Uniform(-1, 2), fs.Semicircle()),
    lambda: fs.classical_sum(UNIFORM, fs.MarchenkoPastur(HALF) + fs.TwoPoint(0, 9, THIRD)),
    lambda: fs.classical_sum(fs.Arcsine(0, 1), 3 * fs.Uniform(1, 2) - 1),
]


@pytest.mark.long
@pytest.mark.parametrize("law", LAWS)
def test_values_agree_with_quadrature_in_double_precision(law: Callable[[], fs.Law]) -> None:
    sum_ = law()
    a, b = sum_.support()[0]
    for share in (0.21, 0.63):
        x = a + share * (b - a)
        assert float(sum_.density(x, digits=15)) == pytest.approx(sum_.density(x), abs=1e-10)
        assert float(sum_.cdf(x, digits=15)) == pytest.approx(sum_.cdf(x), abs=1e-10)


def test_gaps_have_exact_levels() -> None:
    law = fs.classical_sum(
        fs.Uniform(0, HALF), fs.MarchenkoPastur(HALF) + fs.TwoPoint(0, 90, THIRD)
    )
    assert law.density(50, digits=DIGITS) == 0
    with mpmath.workdps(220):
        assert agrees(law.cdf(50, digits=200), mpmath.mpf(2) / 3, 200)


def test_edges_are_sums_and_products_of_edges() -> None:
    bands = fs.mixture([UNIFORM, fs.Uniform(5, 6)], [THIRD, 1 - THIRD])
    assert fs.classical_sum(bands, UNIFORM).edges(digits=20) == (0, 2, 5, 7)
    assert fs.classical_sum(bands, fs.Uniform(0, 4)).edges(digits=20) == (0, 10)
    assert fs.classical_product(bands, fs.Uniform(-1, 2)).edges(digits=20) == (-6, 12)
    assert fs.classical_product(bands, fs.Uniform(1, 2)).edges(digits=20) == (0, 2, 5, 12)
    with_atom = fs.mixture([UNIFORM, fs.PointMass(-3)], [HALF, HALF])
    assert fs.classical_sum(with_atom, UNIFORM).edges(digits=20) == (-3, -2, 0, 2)
    both = fs.classical_product(with_atom, fs.mixture([fs.Uniform(1, 2), fs.PointMass(0)]))
    assert both.support(digits=20) == ((-6, -3), (0, 2))
    irrational = fs.classical_sum(fs.MarchenkoPastur(HALF), fs.Semicircle())
    found = irrational.edges(digits=40)
    with mpmath.workdps(50):
        root = mpmath.sqrt(2)
        assert abs(found[0] - (mpmath.mpf(3) / 2 - root - 2)) < mpmath.mpf(10) ** -39
        assert abs(found[1] - (mpmath.mpf(3) / 2 + root + 2)) < mpmath.mpf(10) ** -39
    # the parts are algebraic
    assert found.complete  # type: ignore[attr-defined]
    assert not fs.classical_sum(bands, UNIFORM).edges(digits=20).complete  # type: ignore[attr-defined]


def test_atoms_that_are_looked_for_make_supports_incomplete() -> None:
    law = fs.classical_sum(fs.boolean_sum(fs.Arcsine(0, 1), fs.Arcsine(0, 1)), fs.Semicircle())
    assert not law.support(digits=15).complete  # type: ignore[attr-defined]


# -------------------------------------------------------------------------- what is proved by what


@pytest.mark.parametrize(
    ("right", "left", "turn"),
    [
        (1, None, 1),
        (None, 0, 0),
        (THIRD, THIRD, THIRD),
        (THIRD, HALF, None),
        (None, None, None),
        (None, 1, None),
        (0, None, None),
    ],
)
def test_masses_above_a_point(right: Any, left: Any, turn: Any) -> None:
    assert _turn(right, left) == turn


def test_potentials_are_continued_to_boxes() -> None:
    relation = fs.Semicircle()._exact
    with working_precision(128):
        box = _potential(relation, acb(arb(0.5, 0.01), arb(0, 0.01)), 128)
        for step in (acb(0.01), acb(-0.01, 0.01), acb(0, 0.005)):
            true = enclosed(relation, 0.5 + step, 128, potential=True)
            assert box.u.overlaps(true.u)
            assert box.u.rad() < 0.1
        # at the edge there is no continuation
        with pytest.raises(PrecisionError):
            _potential(relation, acb(arb(2, 0.01), arb(0, 0.01)), 128)
        with pytest.raises(PrecisionError, match="half-plane"):
            _potential(relation, acb(0.5, -1), 128)


def test_jumps_of_densities_are_refused() -> None:
    law = fs.classical_sum(UNIFORM, fs.mixture([fs.Semicircle(), fs.PointMass(0)], [HALF, HALF]))
    low, high = (law.density(Fraction(1) + s * Fraction(1, 10**9), digits=20) for s in (-1, 1))
    assert abs(as_fraction(low) - as_fraction(high) - HALF) < Fraction(1, 10**8)
    with pytest.raises(PrecisionError, match="jumps"):
        law.density(1, digits=20)


def test_what_has_no_uniform_term_is_refused() -> None:
    assert uniform_part(fs.classical_sum(fs.Semicircle(), fs.Arcsine(0, 1))._exact) is None
    assert uniform_part(fs.classical_product(UNIFORM, UNIFORM)._exact) is None
    for law in (
        fs.classical_product(UNIFORM, UNIFORM),
        TRIANGLE + fs.Semicircle(),
    ):
        with pytest.raises(UnsupportedOperationError):
            law.density("1/3", digits=15)


def test_a_real_transform_needs_equal_masses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without exact masses on both sides ``G`` keeps its imaginary part."""
    from freesym.spectrum import certified_convolutions as module

    part = uniform_part(TRIANGLE._exact)
    assert part is not None
    with working_precision(128):
        real, _ = module.convolved(part, acb(5), 128, False)
        assert real.g.imag.is_zero()

        def inexact(*args: Any, **options: Any) -> Enclosed:
            found = enclosed(*args, **options)
            u = acb(found.u.real, found.u.imag + arb(0, 1e-30))
            return Enclosed(found.g, found.psi, u, None)

        monkeypatch.setattr(module, "enclosed", inexact)
        unknown, turn = module.convolved(part, acb(5), 128, "share")
        assert not unknown.g.imag.is_zero()
        assert turn is None
