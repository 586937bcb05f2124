"""Right laws with awkward parameters pass, wrong ones that look right do not."""

from __future__ import annotations

import math
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.testing import (
    InvalidArgumentError,
    LawCheckError,
    assert_asymptotically_free,
    assert_identity,
    check_law,
    distance,
)

SIZES = (50, 100, 200)


def test_distances_of_laws_with_long_tails() -> None:
    """Cauchy laws differ most where their densities cross."""
    scales = (math.atan(math.sqrt(2)) - math.atan(math.sqrt(0.5))) / math.pi
    assert distance(fs.Cauchy(), fs.Cauchy(0, 2)) == pytest.approx(scales, abs=1e-6)
    places = 2 * math.atan(0.5) / math.pi
    assert distance(fs.Cauchy(), fs.Cauchy(1)) == pytest.approx(places, abs=1e-6)


@pytest.mark.long
def test_distances_of_lognormal_laws() -> None:
    """``exp(2 N)`` and its double: the difference of two normal laws, and that of the means."""
    law = fs.Pushforward(sympy.exp(2 * sympy.Symbol("x")))
    assert distance(law, 2 * law) == pytest.approx(
        math.erf(math.log(2) / 4 / math.sqrt(2)), abs=1e-6
    )
    assert distance(law, 2 * law, metric="wasserstein") == pytest.approx(math.exp(2), rel=1e-4)


def test_narrow_cauchy_terms_reach_everywhere() -> None:
    for law in (
        fs.Cauchy(0, F(1, 1000)) + fs.Semicircle(),
        fs.Cauchy(0, F(1, 10_000)) + fs.MarchenkoPastur(2),
    ):
        assert law.support() == ((-math.inf, math.inf),)


@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle(F(1, 100)),
        fs.Uniform(-1, F(101, 100)),
        fs.mixture([fs.Semicircle(), fs.MarchenkoPastur()], [0.99, 0.01]),
        fs.MarchenkoPastur().compress(0.001),
    ],
    ids=str,
)
def test_right_laws_with_small_means_and_large_matrices_pass(law: fs.Law) -> None:
    check_law(law)


class _Wide(fs.Semicircle):
    def support(self, **_: Any) -> tuple[Any, ...]:
        return ((-2.1, 2.1),)


class _Split(fs.Semicircle):
    def support(self, **_: Any) -> tuple[Any, ...]:
        return ((-2.0, 0.0), (0.0, 2.0))


@pytest.mark.parametrize("law", [_Wide(), _Split()])
def test_supports_end_where_something_ends(law: fs.Law) -> None:
    with pytest.raises(LawCheckError, match="where no edge or atom is"):
        check_law(law)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, float])
def test_variance_profiles_are_not_free_in_any_type_of_numbers(dtype: Any) -> None:
    def pair(n: int, rng: np.random.Generator) -> tuple[Any, Any]:
        u = np.linspace(-0.45, 0.45, n)
        kept = rng.random((n, n)) < 0.5 + np.add.outer(u, u) / 2
        signs = np.triu(8 * kept * np.sign(rng.normal(size=(n, n))))
        return (signs + np.triu(signs, 1).T).astype(dtype), np.diag(2 * u)

    with pytest.raises(LawCheckError, match="not asymptotically free"):
        assert_asymptotically_free(pair, sizes=SIZES, rng=3)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_units_of_matrices_do_not_matter(unit: float) -> None:
    def same(n: int, _: np.random.Generator) -> tuple[Any, Any]:
        matrix = unit * np.diag(np.arange(n) / n)
        return matrix, matrix

    with pytest.raises(LawCheckError, match="not asymptotically free"):
        assert_asymptotically_free(same, sizes=SIZES, rng=0)


def test_matrices_have_the_size_that_was_asked_for() -> None:
    with pytest.raises(InvalidArgumentError, match="of size 3 for n = 50"):
        assert_asymptotically_free(lambda *_: (np.eye(3), np.eye(3)), sizes=SIZES, rng=0)


def test_atoms_in_the_middle_of_symmetric_boolean_sums() -> None:
    law = fs.boolean_sum(fs.Semicircle(3), fs.Semicircle(-3))
    mass = law.atoms()[0.0]
    near = 1j * 1e-6
    assert mass == pytest.approx((near * law.G(near)).real, rel=1e-9)
    assert mass == pytest.approx(math.sqrt(5) / 3, rel=1e-12)
    assert law.cdf(0.5) - law.cdf(-0.5) == pytest.approx(mass, rel=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        fs.Cauchy(1, F(1, 10**6)),
        fs.Semicircle() + fs.Cauchy(0, F(1, 1000)),
        fs.mixture([fs.Semicircle(), 10**6 * fs.Semicircle()], [F(1, 2), F(1, 2)]),
    ],
    ids=str,
)
def test_samples_of_laws_with_two_scales(law: fs.Law) -> None:
    """Within 2.0/sqrt(n), which 1 in 1,500 true samples exceed; the seed is fixed."""
    drawn = np.sort(law.sample(4000, rng=5))
    shares = (np.arange(4000) + 0.5) / 4000
    assert np.abs(law.cdf(drawn) - shares).max() < 2 / math.sqrt(4000)


def test_identities_of_rounded_parameters() -> None:
    verdict = assert_identity("SC(0,0.1) + SC(0,0.2) == SC(0,0.3)")
    assert not verdict.proved
    with pytest.raises(LawCheckError):
        assert_identity("SC(0,0.1) == SC(0,0.1001)")
