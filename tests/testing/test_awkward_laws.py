"""``check_law`` passes right laws of extreme shapes, and laws that others write by the guide."""

from __future__ import annotations

import pickle
import re
import sys
import types
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import freesym as fs
from freesym.testing import InvalidArgumentError, LawCheckError, check_law

W = sympy.Symbol("w")
GUIDE = Path(__file__).parents[2] / "docs" / "testing.md"

AWKWARD = {
    "deep products": fs.FussCatalan(10),
    "very deep products": fs.FussCatalan(50),
    "powers of products": fs.MarchenkoPastur(2).multiplicative_power(12),
    "Raney": fs.Raney(30, 1),
    "forty eigenvalues": fs.Empirical(np.linspace(0, 1, 40) ** 2),
    "small variance": fs.Semicircle(0, F(1, 10**12)),
    "small floats": fs.Uniform(0, 1e-6),
    "far from 0": fs.Semicircle(10**6, 1),
    "two scales": fs.TwoPoint(0, 10**6, F(1, 2)) + fs.Semicircle(),
    "small scale of a sum": F(1, 10**8) * (fs.MarchenkoPastur(2) + fs.Semicircle()),
    "small ratio": fs.MarchenkoPastur(F(1, 10**6)),
    "large ratio": fs.MarchenkoPastur(10**6),
    "large degree": fs.KestenMcKay(100_000),
    "large power": fs.Semicircle().additive_power(100),
    "squared Cauchy": fs.Cauchy().square(),
    "small probability": fs.Bernoulli(F(1, 10**15)),
    "an infinite density": fs.Discrete((-1, 0, 1)).compress(F(2, 3)),
    "by a formula": fs.Law.from_r_transform(2 / (1 - W), W),
}
LONG = {"very deep products", "an infinite density"}


@pytest.mark.parametrize(
    "law",
    [pytest.param(law, marks=pytest.mark.long if name in LONG else (), id=name)
     for name, law in AWKWARD.items()],
)  # fmt: skip
def test_right_laws_of_extreme_shapes_pass(law: fs.Law) -> None:
    assert len(check_law(law).passed) >= 18


@pytest.mark.parametrize(
    "law",
    [
        fs.MarchenkoPastur(1e-300),
        fs.Semicircle(1e300, 1),
        fs.Semicircle(10**10, 1),
        fs.Semicircle() * 10**100,
        fs.Semicircle() / 10**100,
    ],
    ids=str,
)
def test_laws_that_double_precision_hardly_shows_are_refused(law: fs.Law) -> None:
    with pytest.raises(InvalidArgumentError, match=r"shift|scale"):
        check_law(law)


def test_what_is_no_dataclass_is_refused_in_words() -> None:
    class Plain(fs.Law):
        def relation(self) -> Any:
            return fs.Semicircle().relation()

        def sample_matrix(self, n: int, rng: Any = None) -> Any:
            return fs.Semicircle().sample_matrix(n, rng)

    with pytest.raises(fs.InvalidLawError, match="Plain is no dataclass"):
        check_law(Plain())


def test_laws_of_the_guide_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    section = text[text.index("## A law of your own") : text.index("## Identities")]
    module = types.ModuleType("guide")
    monkeypatch.setitem(sys.modules, "guide", module)
    for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
        exec(block, vars(module))
    for law in (module.NoisyProjection(2), module.FreeCharlier(3), module.free_charlier(3)):
        assert len(check_law(law).passed) >= 22
        assert pickle.loads(pickle.dumps(law)) == law
    c = sympy.Symbol("c", positive=True)
    assert module.NoisyProjection(c).moments(2) == [sympy.Rational(1, 2), c + sympy.Rational(1, 2)]


def test_an_atom_that_is_not_declared_is_found() -> None:
    """Below rate 1 there is an atom at 0, whatever the solver says beside it."""
    from tests.testing.wrong_laws import FreeCharlier

    with pytest.raises(LawCheckError, match="atom that is not listed"):
        check_law(FreeCharlier(F(1, 2)), only=["atoms"])


# --------------------------------------------------------------------- what these laws showed


@pytest.mark.parametrize("s", [F(1, 2), 1, 3, F(7, 2), 8, 12, 20, 50, 100])
def test_log_determinants_of_deep_products(s: Any) -> None:
    """``E log X`` of a product of ``s`` free copies is ``s`` times that of one, -1."""
    assert fs.FussCatalan(s).log_determinant() == pytest.approx(-float(s), rel=1e-13)
    assert (-2 * fs.FussCatalan(s)).log_determinant() == pytest.approx(
        -float(s) + np.log(2), rel=1e-12
    )


@pytest.mark.parametrize(("p", "r"), [(30, 1), (5, 2), (40, 2), (40, F(3, 2)), (10, F(37, 113))])
def test_log_determinants_of_raney_laws(p: Any, r: Any) -> None:
    """``H_r - p/r``, by the integral of ``log S``; ``H`` are harmonic numbers."""
    expected = float(mpmath.harmonic(mpmath.mpf(r.numerator) / r.denominator) - F(p) / r)
    assert fs.Raney(p, r).log_determinant() == pytest.approx(expected, rel=1e-13)


def test_log_determinants_follow_the_operations() -> None:
    deep = fs.FussCatalan(30)
    assert deep.square().log_determinant() == pytest.approx(-60, rel=1e-13)
    assert (fs.Semicircle() @ deep).log_determinant() == pytest.approx(-30.5, rel=1e-13)
    mixed = fs.mixture([deep, fs.Semicircle()], [F(1, 2), F(1, 2)])
    assert mixed.log_determinant() == pytest.approx(-15.25, rel=1e-13)


@pytest.mark.parametrize("gap", [1e-7, 1e-9, 1e-12])
def test_distribution_functions_of_close_atoms(gap: float) -> None:
    law = fs.Discrete([1, 1 + gap, 2])
    places = [1 - gap, 1, 1 + gap / 2, 1 + gap, 1.5, 2]
    assert law.cdf(places) == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1], abs=1e-15)
    mixed = fs.mixture([fs.Discrete([1, 1 + gap]), fs.Semicircle(5)], [F(1, 2), F(1, 2)])
    assert mixed.cdf([1, 1 + gap / 2, 1 + gap]) == pytest.approx([0.25, 0.25, 0.5], abs=1e-9)


def test_small_atoms_are_part_of_the_support() -> None:
    assert fs.Bernoulli(1e-15).support() == ((0.0, 0.0), (1.0, 1.0))


def test_laws_by_formulas_know_their_sign() -> None:
    assert fs.Law.from_r_transform(2 / (1 - W), W).is_positive
    assert not fs.Law.from_r_transform(W, W).is_positive
    assert not fs.Cauchy(100).is_positive


@pytest.mark.parametrize(
    "law",
    [
        fs.KestenMcKay(F(3, 2)),
        fs.KestenMcKay(50),
        fs.FreeBinomial(F(1, 3), F(5, 2)),
        fs.FreeBinomial(F(1, 100), 40),
        fs.Semicircle().additive_power(50),
        fs.MarchenkoPastur().additive_power(F(7, 2)),
        fs.Bernoulli(F(1, 3)).additive_power(F(5, 2)),
    ],
    ids=str,
)
def test_matrices_of_powers(law: fs.Law) -> None:
    """Ranks of eigenvalues are off by 3 at most, seen at three seeds; 8 is allowed."""
    from freesym.testing import distance

    values = np.linalg.eigvalsh(law.sample_matrix(200, rng=11))
    assert distance(law, values) < 8 / 200


# --------------------------------------------------------------------- laws by formulas

Z = sympy.Symbol("z")
CAUCHY = {
    fs.Semicircle(): (Z - sympy.sqrt(Z - 2) * sympy.sqrt(Z + 2)) / 2,
    fs.MarchenkoPastur(): (Z - sympy.sqrt(Z) * sympy.sqrt(Z - 4)) / (2 * Z),
}


@pytest.mark.long
@pytest.mark.parametrize("known", CAUCHY)
@pytest.mark.parametrize(
    "operation",
    [
        lambda law: law,
        lambda law: law + fs.Bernoulli(F(1, 2)),
        lambda law: law.compress(F(1, 2)),
        lambda law: 1000 + law,
    ],
)
def test_formulas_of_transforms_keep_their_digits_far_away(known: fs.Law, operation: Any) -> None:
    """Twelve digits of an integral to infinity, along which the terms of the formula cancel."""
    law = operation(fs.Law.from_cauchy_transform(CAUCHY[known], Z))
    expected = operation(known)
    x = expected.quantile(np.linspace(0.03, 0.97, 9))
    assert law.cdf(x) == pytest.approx(expected.cdf(x), abs=2e-11)
    assert law.log_potential(x) == pytest.approx(expected.log_potential(x), abs=5e-11)
    far = np.array([1e4 + 1e3j, -1e9j + 1e8]) * (1 + np.abs(x).max())
    assert law.G(far) == pytest.approx(expected.G(far), rel=1e-12)


def _free_poisson(rate: Any, z: complex) -> complex:
    """``G`` of jumps 1 in closed form, with 150 digits against cancellation."""
    with mpmath.workdps(150):
        root, w = mpmath.sqrt(rate.numerator) / mpmath.sqrt(rate.denominator), mpmath.mpc(z)
        roots = mpmath.sqrt(w - (1 - root) ** 2) * mpmath.sqrt(w - (1 + root) ** 2)
        return complex((w + 1 - root**2 - roots) / (2 * w))


@pytest.mark.parametrize("rate", [F(1, 2), F(1, 100), 1, 2])
def test_formulas_of_r_transforms_beside_zero(rate: Any) -> None:
    """Right to 1e-6, or refused where the formula has lost its digits."""
    law = fs.Law.from_r_transform(rate / (1 - W), W)
    for t in 10.0 ** -np.arange(2, 60, 4):
        for z in (1j * t, (1 + 0.3j) * t, (-1 + 0.1j) * t):
            try:
                found = law.G(z)
            except fs.ConvergenceError:
                assert rate == 1 or t < 1e-9
                continue
            assert found == pytest.approx(_free_poisson(rate, z), rel=1e-6)


@pytest.mark.long
def test_formulas_of_transforms_are_checked() -> None:
    for law in (
        fs.Law.from_r_transform(F(1, 2) / (1 - W), W),
        fs.Law.from_cauchy_transform(CAUCHY[fs.Semicircle()], Z),
        fs.from_density(lambda t: 0.75 * (1 - t**2), (-1, 1)),
        fs.Semicircle().compress(F(1, 50)),
    ):
        assert len(check_law(law, skip=["pickle"]).passed) >= 18


def test_corners_that_need_too_large_matrices() -> None:
    with pytest.raises(fs.UnsupportedOperationError, match="give n at most 300"):
        fs.Semicircle().compress(0.01).sample_matrix(1000)


def test_distribution_functions_of_unbounded_inverses() -> None:
    """``P(1/X <= 0.7) = P(X < 0) + P(X >= 1/0.7)``, one half of it by symmetry."""
    law = fs.Semicircle() @ fs.FussCatalan(2)
    assert law.inverse().cdf(0.7) == pytest.approx(1.5 - law.cdf(1 / 0.7), abs=1e-12)


class EvenMatrices(fs.Semicircle):
    """A model whose matrices are of about the size that is asked for."""

    def sample_matrix(self, n: int, rng: Any = None) -> Any:
        return fs.Semicircle().sample_matrix(n - n % 2, rng)


def test_matrices_of_powers_of_laws_whose_models_are_smaller_than_asked_for() -> None:
    matrix = EvenMatrices().additive_power(2).sample_matrix(91, rng=0)
    assert matrix.shape == (90, 90)
    # the trace of the square has a standard deviation of 4/n
    assert np.trace(matrix @ matrix) / 90 == pytest.approx(2, abs=0.3)
