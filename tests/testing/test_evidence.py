"""What random matrices can show, and what they cannot: quantiles, fixed families, stalls."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy

import freesym as fs
from freesym import UnsupportedOperationError
from freesym.testing import (
    InvalidArgumentError,
    LawCheckError,
    assert_asymptotically_free,
    assert_converges,
    simulate,
)

SIZES = (40, 80, 160)
SC, U, B, MP = fs.Semicircle, fs.Uniform, fs.Bernoulli, fs.MarchenkoPastur
x = sympy.Symbol("x")

# --------------------------------------------------------------------- quantiles

OF_QUANTILES = [
    U(0, 1),
    fs.Cauchy(),
    B(F(1, 3)),
    fs.Discrete((0, 1, 3), (F(1, 2), F(1, 4), F(1, 4))),
    fs.Empirical(np.array([1.0, 2.0, 4.0])),
    fs.PointMass(2),
    fs.Pushforward(sympy.exp(x)),
    fs.Raney(F(5, 2), 1),
    fs.FussCatalan(F(1, 2)),
    fs.EquilibriumMeasure(1, 3),
    fs.FreeBinomial(F(1, 2), 1),
    2 * U(0, 1) + 1,
    fs.mixture([U(0, 1), 3 * fs.PointMass(1)], [F(1, 2), F(1, 2)]),
    (fs.mixture([U(1, 2), fs.PointMass(0)], [F(1, 2), F(1, 2)])).reshape(F(2, 3)),
    fs.boolean_sum(SC(), SC()),
    fs.boolean_sum(SC(), SC()) + U(0, 1),
]
OF_ENSEMBLES = [
    SC(),
    MP(F(1, 2)),
    fs.Arcsine(),
    fs.KestenMcKay(3),
    fs.FussCatalan(2),
    fs.FreeBinomial(F(1, 2), 2),
    U(0, 1) + B(F(1, 2)),
    fs.Cauchy() + SC(),
    U(0, 1).compress(F(1, 2)),
    U(-1, 1).square(),
    fs.mixture([U(0, 1), SC()], [F(1, 2), F(1, 2)]),
]


@pytest.mark.parametrize("law", OF_QUANTILES, ids=repr)
def test_quantiles_of_a_law_do_not_confirm_it(law: fs.Law) -> None:
    for call in (simulate, assert_converges):
        with pytest.raises(UnsupportedOperationError, match=r"quantiles.*model=\.\.\."):
            call(law)


@pytest.mark.parametrize("law", OF_ENSEMBLES, ids=repr)
def test_ensembles_and_operations_are_evidence(law: fs.Law) -> None:
    assert simulate(law, n=60, rng=0).holds()


class _Shifted(fs.Semicircle):
    """Another's law, which states its own quantiles."""

    def sample_matrix(self, n: int, rng: Any = None) -> Any:
        q, _ = np.linalg.qr(np.random.default_rng(rng).standard_normal((n, n)))
        return (q * self.quantile((np.arange(n) + 0.5) / n)) @ q.T


def test_laws_of_others_are_judged_by_their_spectra() -> None:
    with pytest.raises(UnsupportedOperationError, match="own quantiles"):
        simulate(_Shifted(), n=50)
    assert simulate(_Shifted(), n=50, model=SC().sample_matrix, rng=0).holds()


# --------------------------------------------------------------------- power and false alarms


@pytest.mark.parametrize("n", [80, 120])
def test_a_wrong_variance_is_noticed_at_small_sizes(n: int) -> None:
    for seed in range(40):
        report = simulate(SC(0, 2), n=n, rng=seed, model=SC().sample_matrix)
        assert not report.holds(), report
        assert report.evidence in str(report) and "expected" in report.evidence


def test_a_wrong_mean_is_noticed() -> None:
    def moved(n: int, rng: np.random.Generator) -> Any:
        return SC().sample_matrix(n, rng) + 0.3 * np.eye(n)

    for seed in range(10):
        assert not simulate(SC(), n=120, rng=seed, model=moved).holds()


RIGHT = [
    SC(),
    MP(F(1, 20)),
    MP(F(1, 2)) @ B(F(1, 2)),
    B(F(1, 3)) + SC(0, F(1, 100)),
    fs.FussCatalan(3),
]


@pytest.mark.long
@pytest.mark.parametrize(
    "law, n",
    [
        *((law, n) for law in RIGHT for n in (20, 37)),
        (fs.classical_sum(B(F(1, 2)), B(F(1, 3))), 37),
    ],
    ids=repr,
)
def test_right_laws_hold_at_small_sizes(law: fs.Law, n: int) -> None:
    """200 runs at level 1/20; 19 or more have probability below 0.01 at exactly that level."""
    p = [simulate(law, n=n, trials=2 + seed % 7, rng=seed).p_value for seed in range(200)]
    assert sum(value < 0.05 for value in p) <= 18


@pytest.mark.parametrize("n", [37, 101, 401])
def test_blocks_of_classical_sums_are_coarse(n: int) -> None:
    """Their shares are off by about 0.8/sqrt(n), at every call."""
    law = fs.classical_sum(B(F(1, 2)), B(F(1, 3)))
    assert simulate(law, n=n, rng=0).p_value == 1
    with pytest.raises(InvalidArgumentError, match=r"may differ by .* give a larger n"):
        simulate(law, n=20)


# --------------------------------------------------------------------- convergence


def _fading(n: int, rng: np.random.Generator) -> Any:
    """A distance that falls first, and then stays."""
    return SC().sample_matrix(n, rng) + (0.3 if n > 50 else 1.5) * np.eye(n)


def test_distances_that_stay_are_noticed() -> None:
    for seed in range(3):
        with pytest.raises(LawCheckError, match=r"at last like n\^-0\.0"):
            assert_converges(SC(), _fading, sizes=(20, 50, 200, 400), rng=seed)


@pytest.mark.long
def test_the_last_step_alone_may_refute() -> None:
    def make(n: int, rng: np.random.Generator) -> Any:
        return np.diag(U(0, 1).sample(n, rng=rng)) + {20: 5, 40: 0.5}.get(n, 0.1) * np.eye(n)

    with pytest.raises(LawCheckError) as caught:
        assert_converges(U(0, 1), make, sizes=(20, 40, 400, 1600), rng=0)
    assert "n^-0.5" in str(caught.value)
    report = assert_converges(SC(), sizes=SIZES, rng=0)
    assert report.last_rate > 0.5 and "at last like" in str(report)


# --------------------------------------------------------------------- freeness


@pytest.mark.parametrize("seed", range(3))
def test_families_that_do_not_vary_are_no_evidence(seed: int) -> None:
    def make(n: int, _: np.random.Generator) -> Any:
        own = np.random.default_rng(seed)
        return SC().sample_matrix(n, own), SC().sample_matrix(n, own)

    with pytest.raises(InvalidArgumentError, match="draw the matrices anew"):
        assert_asymptotically_free(make, sizes=SIZES, rng=0)


def test_families_that_do_not_vary_may_be_plainly_not_free() -> None:
    def rotated(n: int, rng: np.random.Generator) -> Any:
        """One random basis for both: the moments are those of diagonal matrices."""
        q, _ = np.linalg.qr(rng.standard_normal((n, n)))
        values = np.linspace(-1, 1, n)
        first, second = ((q * v) @ q.T for v in (values, values**2))
        return first + first.T, second + second.T

    for make in (lambda n, _: [np.diag(np.arange(n))] * 2, rotated):
        with pytest.raises(LawCheckError, match="nothing here is left to chance"):
            assert_asymptotically_free(make, sizes=SIZES, rng=0)


def test_families_of_varying_length() -> None:
    def make(n: int, rng: np.random.Generator) -> Any:
        return [SC().sample_matrix(n, rng) for _ in range(2 + (n > 40))]

    with pytest.raises(InvalidArgumentError, match="3 matrices for n = 80, and 2 before"):
        assert_asymptotically_free(make, sizes=SIZES, rng=0)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e10])
def test_shifts_do_not_hide_what_is_not_free(shift: float) -> None:
    def make(n: int, rng: np.random.Generator) -> Any:
        a = SC().sample_matrix(n, rng)
        return shift * np.eye(n) + a, a @ a

    with pytest.raises(LawCheckError, match="not asymptotically free"):
        assert_asymptotically_free(make, sizes=SIZES, rng=0)


def test_shifted_families_are_free() -> None:
    def make(n: int, rng: np.random.Generator) -> Any:
        signs = fs.TwoPoint(-1, 1, 0.5).sample_matrix(n, rng)
        return 1e10 * np.eye(n) + signs, SC().sample_matrix(n, rng)

    report = assert_asymptotically_free(make, sizes=SIZES, rng=0)
    # the square of the signs is the identity, but for rounding
    assert report.words and all("a^2" not in word for word in report.words)
