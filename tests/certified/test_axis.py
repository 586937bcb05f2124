"""Points on the axis: beside edges, in gaps, beside atoms; edges and supports."""

from __future__ import annotations

from fractions import Fraction as F

import mpmath
import pytest

import freesym as fs
from tests.certified.helpers import agrees, as_fraction

TINY = F(1, 10**30)


def test_within_1e_30_of_an_edge() -> None:
    law = fs.Semicircle()
    inside, outside = law.density(2 - TINY, digits=30), law.density(2 + TINY, digits=30)
    with mpmath.workdps(80):
        t = mpmath.mpf(10) ** -30
        assert agrees(inside, mpmath.sqrt(t * (4 - t)) / (2 * mpmath.pi), 29)
    assert outside == 0


@pytest.mark.parametrize("side", [1, -1])
def test_within_1e_30_of_the_edge_of_a_product(side: int) -> None:
    law = fs.MarchenkoPastur() @ fs.MarchenkoPastur()
    found = law.density(F(27, 4) + side * TINY, digits=30)
    assert found == 0 if side > 0 else 0 < found < 1e-15


def test_beside_a_hard_edge() -> None:
    """The density of Fuss-Catalan 2 is about ``sqrt(3)/(2 pi) x^(-2/3)`` at 0."""
    law = fs.MarchenkoPastur() @ fs.MarchenkoPastur()
    found = law.density(TINY, digits=40)
    with mpmath.workdps(60):
        leading = mpmath.sqrt(3) / (2 * mpmath.pi) * mpmath.mpf(10) ** 20
        assert abs(found / leading - 1) < mpmath.mpf(10) ** -9


def test_gaps_and_atoms() -> None:
    law = fs.Semicircle(0, F(1, 10)) + fs.TwoPoint(-1, 1, F(1, 3))
    assert law.density(F(1, 50), digits=30) == 0
    assert agrees(law.cdf(F(1, 50), digits=40), mpmath.mpf(2) / 3, 15)
    with mpmath.workdps(60):
        assert agrees(law.cdf(F(1, 50), digits=40), mpmath.mpf(2) / 3, 39)
    wide = fs.MarchenkoPastur(2)
    assert wide.density(TINY, digits=30) == 0
    assert wide.cdf(TINY, digits=30) == 0.5
    assert wide.cdf(-TINY, digits=30) == 0
    assert wide.cdf(100, digits=30) == 1


@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle(),
        fs.MarchenkoPastur(F(1, 2)),
        fs.Semicircle() + fs.MarchenkoPastur(F(1, 2)),
        fs.MarchenkoPastur(F(1, 2)) @ fs.MarchenkoPastur(F(1, 3)),
        fs.Semicircle(0, F(1, 10)) + fs.TwoPoint(-1, 1, F(1, 3)),
        2 * fs.Wachter(F(5, 2), F(3, 2)) - 1,
        -fs.MarchenkoPastur(F(1, 2)),
        fs.Bernoulli(F(1, 3)).additive_power(F(5, 2)),
    ],
    ids=repr,
)
def test_algebraic_edges_are_complete(law: fs.Law) -> None:
    found = law.edges(digits=40)
    assert found.complete
    assert [float(e) for e in found] == pytest.approx(list(law.edges()), rel=1e-9, abs=1e-12)
    for k, edge in enumerate(found):
        exact, step = as_fraction(edge), F(1, 10**30)
        inside = exact + step if k % 2 == 0 else exact - step
        outside = exact - step if k % 2 == 0 else exact + step
        assert law.density(inside, digits=10) > 0
        assert law.density(outside, digits=10) == 0


def test_edges_of_transcendental_laws_say_that_they_may_be_incomplete() -> None:
    found = (fs.Semicircle() + fs.Uniform(-1, 1)).edges(digits=45)
    assert not found.complete
    with mpmath.workdps(60):
        expected = mpmath.asinh(1) + mpmath.sqrt(2)
        assert agrees(found[1], expected, 43)
        assert agrees(found[0], -expected, 43)


def test_laws_without_edges() -> None:
    assert fs.Cauchy().edges(digits=20) == (-mpmath.inf, mpmath.inf)
    assert fs.Discrete([0, 1]).edges(digits=20) == ()
    assert fs.PointMass(2).density(1, digits=20) == 0


def test_support_has_atoms() -> None:
    (first, second) = fs.MarchenkoPastur(2).support(digits=30)
    assert first == (0, 0)
    with mpmath.workdps(50):
        assert agrees(second[0], (1 - mpmath.sqrt(2)) ** 2, 29)


def test_quantiles_are_enclosed() -> None:
    law = fs.Semicircle() + fs.MarchenkoPastur(F(1, 2))
    for q in (F(1, 3), F(9, 10)):
        x = law.quantile(q, digits=40)
        with mpmath.workdps(60):
            assert agrees(law.cdf(x, digits=45), mpmath.mpf(q.numerator) / q.denominator, 38)
    assert agrees(fs.Semicircle().quantile("0.75", digits=30), fs.Semicircle().quantile(0.75), 12)


def test_log_determinants() -> None:
    """``E log X`` of Marchenko-Pastur: ``-1 - (1/c - 1) log(1 - c)``."""
    found = fs.MarchenkoPastur(F(1, 2)).log_determinant(digits=50)
    with mpmath.workdps(70):
        assert agrees(found, mpmath.log(2) - 1, 49)
    assert fs.MarchenkoPastur(2).log_determinant(digits=20) == -mpmath.inf
    product = fs.MarchenkoPastur(F(1, 2)) @ fs.MarchenkoPastur(F(1, 2))
    with mpmath.workdps(70):
        assert agrees(product.log_determinant(digits=50), 2 * mpmath.log(2) - 2, 49)


@pytest.mark.parametrize(
    "child",
    [fs.EquilibriumMeasure(1, 3), fs.Uniform(-1, 1), fs.Discrete([-1, 0, 1]), fs.Arcsine(-1, 1)],
    ids=repr,
)
def test_squares_where_their_roots_are_imaginary(child: fs.Law) -> None:
    """To the right of the spectrum the square is taken at a negative point."""
    law = fs.Discrete([0, 1, 2]) + (-child.square())
    assert law.density(9, digits=20) == 0
    assert law.cdf(9, digits=20) == 1
