"""Differences whose transforms do not follow from those of the parts everywhere."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

import freesym as fs
from freesym.spectrum.evaluate import transforms

HALF = F(1, 2)
#: ``Arcsine(0, 2) = Bernoulli(1/2) + Bernoulli(1/2)``, so this is another Bernoulli law.
DIFFERENCE = fs.Arcsine(0, 2).additive_deconvolve(fs.Bernoulli(HALF))


def test_atoms_where_transforms_of_parts_are_infinite() -> None:
    """The atom at 1 is where the arcsine law has its hard edge at 2 and the other its atom at 1."""
    assert list(DIFFERENCE.atoms()) == [0, 1]
    np.testing.assert_allclose(list(DIFFERENCE.atoms().values()), 0.5, rtol=1e-9)


@pytest.mark.long
def test_no_value_breaks_the_bound_of_half_planes() -> None:
    """Beside the atom rounding of the arcsine law's ``w`` beside its edge is all there is."""
    y = np.geomspace(1e-14, 1.0, 57)
    for place in (0.0, 1.0):
        z = place + 1j * y
        g = transforms(DIFFERENCE.relation().numeric(), z).g
        known = ~np.isnan(g)
        expected = 0.5 / z + 0.5 / (z - 1)
        np.testing.assert_allclose(g[known], expected[known], rtol=1e-6)
        assert known[y > 1e-4].all()


@pytest.mark.long
def test_an_unknown_density_does_not_say_that_there_is_no_law() -> None:
    law = (fs.Arcsine(0, 2) + fs.Uniform()).additive_deconvolve(fs.Bernoulli(HALF))
    same = fs.Bernoulli(HALF) + fs.Uniform()
    assert law.G(1 + 1j) == pytest.approx(same.G(1 + 1j), rel=1e-12)
    with pytest.raises(fs.ConvergenceError, match="does not follow from those of its parts"):
        law.cdf(0.5)


def _of_jumps() -> fs.Law:
    small = fs.MarchenkoPastur(HALF, F(1, 10))
    values = fs.rectangular_sum(fs.Bernoulli(F(9, 10)), small, ratio=HALF).additive_power(2)
    return fs.CompoundFreePoisson(2, (fs.CompoundFreePoisson(2, values) + 1).inverse())


@pytest.mark.parametrize(
    "law",
    [
        fs.Discrete([0, 1, 2])
        + (-(fs.KestenMcKay(3).additive_power(F(5, 2)).square() + HALF).inverse()),
        pytest.param(fs.Uniform(-1, 1) @ _of_jumps(), marks=pytest.mark.long),
    ],
    ids=["slowly", "in circles"],
)
def test_first_solutions_of_parts_that_do_not_settle_at_once(law: fs.Law) -> None:
    """Inverses are solved beside their spectrum even from far away; compared with series."""
    z = 300 + 200j
    series = sum(float(m) / z ** (n + 1) for n, m in enumerate([1, *law.moments(6)]))
    assert law.G(z) == pytest.approx(series, rel=1e-13)
    assert law.cdf(law.edges()[-1]) == pytest.approx(1, abs=1e-10)


def test_bands_beside_gaps_that_are_not_solved() -> None:
    """Where the point that tells the masses on both sides is unknown, another is asked."""
    poisson, small = fs.FreePoisson(HALF, 2), fs.MarchenkoPastur(HALF, F(1, 10))
    values = fs.rectangular_sum(2 * poisson.reshape(F(4, 9)), small, ratio=HALF)
    law = fs.TwoPoint(-1, 1, HALF) @ values.compress(F(2, 3))
    (low, gap_low), (gap_high, high) = law.support()
    assert (-low, -gap_low) == pytest.approx((high, gap_high), rel=1e-9)
    assert law.cdf(high) - law.cdf(gap_high) == pytest.approx(0.5, abs=1e-9)
