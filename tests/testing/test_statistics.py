"""Distances, simulations and freeness: right answers, and honest rates of false alarms."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import freesym as fs
from freesym.testing import (
    FreeFamily,
    InvalidArgumentError,
    LawCheckError,
    assert_asymptotically_free,
    assert_converges,
    distance,
    free_families,
    simulate,
)
from freesym.testing.statistics import exceedance, student_quantile, student_tail

# --------------------------------------------------------------------- tests


@pytest.mark.parametrize(
    "t, freedom, tail", [(0.0, 5, 0.5), (2.0, 7, 0.042810), (12.706, 1, 0.025), (-1.0, 3, 0.804499)]
)
def test_tails_of_student(t: float, freedom: int, tail: float) -> None:
    """Tables of Student's distribution."""
    assert student_tail(t, freedom) == pytest.approx(tail, abs=2e-6)
    if t > 0:
        assert student_quantile(student_tail(t, freedom), freedom) == pytest.approx(t, rel=1e-9)


def test_p_values_are_uniform_without_allowance() -> None:
    """2,000 samples of size 4; Kolmogorov's bound at one in a million."""
    generator = np.random.default_rng(0)
    p = np.sort([exceedance(generator.standard_normal(4), 0.0) for _ in range(2000)])
    gap = np.abs(p - (np.arange(2000) + 0.5) / 2000).max()
    assert gap < math.sqrt(math.log(2e6) / 4000)


def test_p_values_with_an_allowance_err_on_the_side_of_the_law() -> None:
    generator = np.random.default_rng(1)
    p = [exceedance(generator.normal(0.3, 1.0, 5), 0.3) for _ in range(1000)]
    assert np.mean(np.array(p) < 0.05) <= 0.07
    assert exceedance(np.full(4, 0.2), 0.3) == 1 and exceedance(np.full(4, 0.4), 0.3) == 0


# --------------------------------------------------------------------- distances


def test_distances_to_eigenvalues() -> None:
    mu = fs.Uniform(0, 1)
    x = (np.arange(10) + 0.5) / 10
    assert distance(mu, x) == pytest.approx(0.05, abs=1e-12)
    assert distance(mu, x, metric="wasserstein") == pytest.approx(0.025, abs=1e-9)
    assert distance(fs.Bernoulli(0.5), [1e-14, 0.0, 1.0, 1 - 1e-14]) < 1e-12
    assert distance(fs.PointMass(1), [1.0, 1.0]) == 0
    assert distance(fs.Cauchy(), [0.0]) == pytest.approx(0.5)


def test_distances_between_laws() -> None:
    mu = fs.Semicircle()
    assert distance(mu, mu + 0) == 0
    assert distance(fs.Bernoulli(0.25), fs.Bernoulli(0.5)) == pytest.approx(0.25)
    shifted = distance(mu, mu + 0.5, metric="wasserstein")
    assert shifted == pytest.approx(0.5, rel=1e-6)
    assert distance(mu, fs.PointMass(0), metric="wasserstein") == pytest.approx(
        8 / (3 * math.pi), rel=1e-6
    )


@settings(deadline=None, max_examples=10, database=None, derandomize=True)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=20))
def test_the_wasserstein_distance_is_that_of_sorted_samples(values: list[float]) -> None:
    """Against the integral over levels of the difference of quantiles."""
    mu = fs.Semicircle()
    x = np.sort(values)
    levels = (np.arange(2000 * len(x)) + 0.5) / (2000 * len(x))
    expected = np.abs(np.repeat(x, 2000) - mu.quantile(levels)).mean()
    assert distance(mu, values, metric="wasserstein") == pytest.approx(expected, abs=1e-4)


# --------------------------------------------------------------------- simulation


@pytest.mark.long
@pytest.mark.parametrize(
    "law",
    [
        fs.Semicircle(),
        fs.MarchenkoPastur(2),
        fs.Bernoulli(Fraction(1, 3)) + fs.Semicircle(),
        fs.MarchenkoPastur(Fraction(1, 2)) @ fs.Bernoulli(Fraction(1, 2)),
    ],
    ids=repr,
)
def test_false_alarms_of_simulations_are_rare(law: fs.Law) -> None:
    """60 seeds at level 1/20: the allowance makes the test conservative."""
    p = [simulate(law, n=40, trials=4, rng=seed).p_value for seed in range(60)]
    # 9 or more of 60 have probability below 0.003 if each has 1/20
    assert sum(value < 0.05 for value in p) <= 8


def test_wrong_models_are_noticed() -> None:
    for seed in range(10):
        report = simulate(
            fs.Semicircle(0, 2), n=150, trials=8, rng=seed, model=fs.Semicircle().sample_matrix
        )
        assert not report.holds(), report


def test_reports_repeat() -> None:
    report = simulate(fs.MarchenkoPastur(), n=50)
    again = simulate(fs.MarchenkoPastur(), n=50, rng=report.seed)
    assert report.distances == again.distances and report.p_value == again.p_value
    assert str(report.seed) in str(report)
    fresh = simulate(fs.MarchenkoPastur(), n=50, rng=np.random.default_rng(3))
    assert simulate(fs.MarchenkoPastur(), n=50, rng=fresh.seed).distance == fresh.distance
    assert len(report.eigenvalues) == 4 and report.eigenvalues[0].shape == (50,)


def test_reports_are_drawn() -> None:
    pytest.importorskip("matplotlib")
    assert simulate(fs.Semicircle(), n=30, rng=0).plot().patches


# --------------------------------------------------------------------- convergence


def _independent(n: int, rng: np.random.Generator) -> Any:
    return np.diag(fs.Uniform(0, 1).sample(n, rng=rng))


def test_rates_of_convergence() -> None:
    mu = fs.Uniform(0, 1)
    sizes = (50, 100, 200, 400)
    slow = assert_converges(mu, _independent, sizes=sizes, rate=0.5, rng=0)
    assert 0.3 < slow.rate < 0.7
    fast = assert_converges(fs.Semicircle(), sizes=sizes, rate=0.5, rng=0)
    assert fast.rate > 0.7
    with pytest.raises(LawCheckError, match=r"expected n\^-0.9"):
        assert_converges(mu, _independent, sizes=(50, 200, 800), trials=10, rate=0.9, rng=0)
    with pytest.raises(LawCheckError):
        assert_converges(fs.Semicircle(0, 2), fs.Semicircle().sample_matrix, sizes=sizes, rng=0)
    exact = assert_converges(fs.PointMass(1), lambda n, _: np.eye(n), sizes=(5, 10, 20), rng=0)
    assert exact.p_value == 1


@pytest.mark.long
def test_false_alarms_of_convergence() -> None:
    """Independent eigenvalues converge at exactly n^(-1/2): 200 runs at level 1/20."""
    alarms = 0
    for seed in range(200):
        try:
            assert_converges(
                fs.Uniform(0, 1), _independent, sizes=(50, 100, 200), false_alarm=0.05, rng=seed
            )
        except LawCheckError:
            alarms += 1
    # 23 or more of 200 have probability below 1e-3 if each has 1/20 at most
    assert alarms <= 22


# --------------------------------------------------------------------- freeness


def _signs(n: int, rng: np.random.Generator) -> Any:
    return np.diag(np.where(np.arange(n) < n // 2, 1.0, -1.0)[rng.permutation(n)])


def _gaussian_block(n: int, rng: np.random.Generator, blocks: int) -> Any:
    """Blocks of a Gaussian symmetric matrix, in a random order of the basis."""
    size = n // blocks
    matrix = np.kron(np.eye(blocks), fs.Semicircle().sample_matrix(size, rng))
    order = rng.permutation(len(matrix))
    return matrix[np.ix_(order, order)]


FREE = {
    "Haar bases": lambda n, rng: FreeFamily((fs.Bernoulli(0.5), fs.Uniform(0, 1))).matrices(n, rng),
    "Gaussian": lambda n, rng: [fs.Semicircle().sample_matrix(n, rng) for _ in range(2)],
    "Gaussian and diagonal": lambda n, rng: (
        fs.Semicircle().sample_matrix(n, rng), np.diag(np.linspace(-1, 1, n))
    ),
    "signs in Haar bases": lambda n, rng: (
        _signs(n, rng), fs.TwoPoint(-1, 1, 0.5).sample_matrix(n, rng)
    ),
    "three": lambda n, rng: [fs.MarchenkoPastur().sample_matrix(n, rng) for _ in range(3)],
    "Hermitian": lambda n, rng: [_hermitian(n, rng) for _ in range(2)],
    "a constant": lambda n, rng: (np.eye(n), fs.Semicircle().sample_matrix(n, rng)),
}  # fmt: skip


def _hermitian(n: int, rng: np.random.Generator) -> Any:
    a = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    return (a + a.conj().T) / (2 * math.sqrt(n))


def _correlated(n: int, rng: np.random.Generator) -> Any:
    a, b = (fs.Semicircle().sample_matrix(n, rng) for _ in range(2))
    return a, b + 0.2 * a


NOT_FREE = {
    "diagonal signs": lambda n, rng: (_signs(n, rng), _signs(n, rng)),
    "random diagonals": lambda n, rng: [np.diag(rng.standard_normal(n)) for _ in range(2)],
    "the same": lambda n, rng: [fs.Semicircle().sample_matrix(n, rng)] * 2,
    # commuting blocks in random permutations stay diagonal: classically independent
    "diagonal blocks": lambda n, rng: (
        np.kron(np.eye(10), np.diag(rng.standard_normal(n // 10))),
        np.diag(rng.permutation(np.repeat(rng.standard_normal(n // 10), 10))),
    ),
    "half rotated": lambda n, rng: (
        _signs(n, rng), 0.7 * _signs(n, rng) + 0.7 * fs.Semicircle().sample_matrix(n, rng)
    ),
    "correlated": _correlated,
}  # fmt: skip


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", FREE.values(), ids=FREE.keys())
def test_free_families_pass(make: Any, seed: int) -> None:
    report = assert_asymptotically_free(make, sizes=(40, 80, 160), rng=seed)
    assert report.p_value > 1e-3 and f"seed {seed}" in str(report)


def test_constants_are_free_from_everything() -> None:
    report = assert_asymptotically_free(FREE["a constant"], sizes=(10, 20), rng=0)
    assert report.words == {} and report.worst == "" and report.p_value == 1
    assert "multiple of the identity" in str(report)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", NOT_FREE.values(), ids=NOT_FREE.keys())
def test_families_that_are_not_free_are_caught(make: Any, seed: int) -> None:
    with pytest.raises(LawCheckError, match="not asymptotically free") as caught:
        assert_asymptotically_free(make, sizes=(40, 80, 160), rng=seed)
    assert caught.value.difference > caught.value.allowed


def test_one_delocalised_side_suffices() -> None:
    """Shared Gaussian blocks in random permutations are free in the limit, with a bias 1/C."""

    def make(n: int, rng: np.random.Generator) -> Any:
        blocks = 8 if n < 100 else 16
        return _gaussian_block(n, rng, blocks), _gaussian_block(n, rng, blocks)

    assert_asymptotically_free(make, sizes=(64, 256), rate=0.5, rng=0)


@pytest.mark.long
def test_false_alarms_of_freeness() -> None:
    """150 runs at level 1/20."""
    alarms = 0
    for seed in range(150):
        try:
            assert_asymptotically_free(
                FREE["Gaussian and diagonal"], sizes=(10, 20, 40), false_alarm=0.05, rng=seed
            )
        except LawCheckError:
            alarms += 1
    # 18 or more of 150 have probability below 5e-4 if each has 1/20 at most
    assert alarms <= 17


@settings(deadline=None, max_examples=5, database=None, derandomize=True)
@given(free_families())
def test_random_families_are_free(family: FreeFamily) -> None:
    assert_asymptotically_free(family.matrices, sizes=(30, 60), rng=family.seed)


# --------------------------------------------------------------------- bad arguments

SC = fs.Semicircle()


@pytest.mark.parametrize(
    "call",
    [
        lambda: distance(SC, [1.0], metric="euclidean"),
        lambda: distance(SC, []),
        lambda: distance(SC, [float("nan")]),
        lambda: distance(SC, [[1.0]]),
        lambda: distance(SC, ["a"]),
        lambda: distance(3, [1.0]),
        lambda: distance(fs.Cauchy(), [1.0], metric="wasserstein"),
        lambda: simulate(SC, n=1),
        lambda: simulate(SC, n=10, trials=1),
        lambda: simulate(SC, n=10, rng="a"),
        lambda: simulate(SC, n=10, model=3),
        lambda: simulate(SC, n=10, allowance=-1),
        lambda: simulate(SC, n=10, allowance=1),
        lambda: simulate(SC, n=3),  # any three eigenvalues would do
        lambda: simulate(SC, n=50, model=lambda n, rng: np.eye(n + 1)),
        lambda: simulate(SC, n=10, model=lambda n, rng: np.ones((n, n + 1))),
        lambda: simulate(SC, n=10, model=lambda n, rng: np.triu(np.ones((n, n)))),
        lambda: simulate(SC, n=10, model=lambda n, rng: np.full((n, n), np.nan)),
        lambda: simulate(SC, n=10, model=lambda n, rng: None),
        lambda: assert_converges(SC, sizes=(10, 20)),
        lambda: assert_converges(SC, sizes=(10, 20, 15)),
        lambda: assert_converges(SC, sizes=5),
        lambda: assert_converges(SC, metric="levy"),
        lambda: assert_converges(SC, rate=0),
        lambda: assert_converges(SC, false_alarm=1),
        lambda: assert_asymptotically_free(3),
        lambda: assert_asymptotically_free(lambda n: FREE["Gaussian"](n, None)),
        lambda: assert_asymptotically_free(lambda n, rng: {"a": np.eye(n), "b": np.eye(n)}),
        lambda: assert_asymptotically_free(lambda n, rng: np.eye(n)),
        lambda: assert_asymptotically_free(lambda n, rng: [np.eye(n)]),
        lambda: assert_asymptotically_free(lambda n, rng: [np.eye(n), np.eye(n + 1)]),
        lambda: assert_asymptotically_free(lambda n, rng: [np.eye(n), np.ones((n, 2))]),
        lambda: assert_asymptotically_free(lambda n, rng: None),
        lambda: assert_asymptotically_free(FREE["Gaussian"], trials=2),
        lambda: assert_asymptotically_free(FREE["Gaussian"], sizes=(10,)),
        lambda: assert_asymptotically_free(FREE["Gaussian"], length=1),
    ],
)  # fmt: skip
def test_bad_arguments(call: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        call()


def test_eigenvalues_go_to_the_nearest_atom() -> None:
    law = fs.Discrete([0, 1e-9, 1])
    assert distance(law, [0, 1e-9, 1]) < 1e-12
    assert distance(law, [-1e-10, 1.1e-9, 1 + 1e-10]) < 1e-12
    assert distance(law, [1e-9, 1e-9, 1]) > 0.3


class Sparse:
    """What sparse matrices have in common."""

    def toarray(self) -> list[list[float]]:
        return [[1.0]]


def test_what_cannot_be_eigenvalues() -> None:
    with pytest.raises(InvalidArgumentError, match="are not real numbers: int too large"):
        distance(fs.Uniform(0, 1), [10**400])
    with pytest.raises(InvalidArgumentError, match=r"a sparse Sparse was given; .* \.toarray\(\)"):
        distance(fs.Uniform(0, 1), Sparse())
    for matrix, words in ((Sparse(), r"\.toarray\(\)"), ([[10**400]], "int too large")):
        with pytest.raises(InvalidArgumentError, match=words):
            simulate(fs.Uniform(0, 1), n=50, model=lambda n, generator, matrix=matrix: matrix)
