"""Sampled matrices against a law: distances, p-values, rates of convergence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import UnsupportedOperationError
from freesym.law import Law
from freesym.operations.affine import Affine, Reshape
from freesym.operations.classical import ClassicalProduct, ClassicalSum
from freesym.operations.mixture import Mixture
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.grammar import count_nodes, parts, subexpressions
from freesym.testing.places import Places
from freesym.testing.statistics import METRICS, distance, student_tail

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Model = Callable[..., Any]
_LEVELS = np.arange(1, 10) / 10
_SMALL = 40


@dataclass(frozen=True)
class SimulationReport:
    """Sampled spectra against a law.

    Attributes
    ----------
    law : Law
    size : int
        The size of the matrices.
    seed : int
        ``simulate(law, n=..., rng=seed)`` repeats the run.
    eigenvalues : tuple of ndarray
        Ascending, one array for each trial.
    distances : tuple of float
        The Kolmogorov distance of every trial.
    distance : float
        That of all eigenvalues together.
    allowance : float
        How far expected shares of eigenvalues may be from the law at finite size.
    p_value : float
        Of the hypothesis that they are not further from it.
    place, found, expected : float
        Where the evidence of shares is strongest: shares of eigenvalues at or below the place.
    evidence : str
        The strongest evidence of all, a share or a moment.
    """

    law: Law
    size: int
    seed: int
    eigenvalues: tuple[Floats, ...] = field(repr=False)
    distances: tuple[float, ...]
    distance: float
    allowance: float
    p_value: float
    place: float
    found: float
    expected: float
    evidence: str

    def __str__(self) -> str:
        shares = ", ".join(f"{d:.4g}" for d in self.distances)
        return (
            f"{len(self.eigenvalues)} matrices of size {self.size} against {self.law!r} "
            f"(seed {self.seed})\n"
            f"  Kolmogorov distance {self.distance:.4g}; trial by trial {shares}\n"
            f"  p-value {self.p_value:.3g} for expected shares within {self.allowance:.4g} of the "
            f"law; {self.evidence}"
        )

    def holds(self, false_alarm: float = 1e-3) -> bool:
        """Whether the law is not rejected; a right one is with this probability at most."""
        return self.p_value > arguments.level(false_alarm)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the density and a histogram of all eigenvalues."""
        return self.law.plot(ax=ax, eigenvalues=np.concatenate(self.eigenvalues))


def matrix_model(law: Law) -> Model:
    """The matrix model of a law, if it is more than the quantiles of the law itself.

    Some operation or random ensemble in the expression must be followed by the matrices: then
    other laws in it may be given by their quantiles, as data.
    """
    for part in subexpressions(law):
        if not part.has_matrix_model:
            raise UnsupportedOperationError(
                f"{part!r} has no matrix model that could confirm it: its matrices have its own "
                "quantiles as eigenvalues; give another by model=..."
            )
    if not any(map(_is_evidence, subexpressions(law))):
        raise UnsupportedOperationError(
            f"{law!r} would be compared with its own quantiles: its matrices are made of them; "
            "give another matrix model by model=..."
        )
    return law.sample_matrix


def _is_evidence(part: Law) -> bool:
    """Whether a law or operation is more than eigenvalues written down, scaled or joined."""
    if isinstance(part, (Affine, Mixture, Reshape)):
        return False
    return bool(parts(part)) or _is_ensemble(part)


def _is_ensemble(leaf: Law) -> bool:
    """Whether the eigenvalues vary, which quantiles in a random basis do not."""
    first, second = (
        np.linalg.eigvalsh(leaf.sample_matrix(_SMALL, np.random.default_rng(seed)))
        for seed in range(2)
    )
    return not np.allclose(first, second, rtol=0, atol=1e-9 * float(np.abs(first).max()))


def simulate(
    law: Law,
    *,
    n: int = 2000,
    rng: Any = None,
    trials: int = 4,
    model: Model | None = None,
    allowance: float | None = None,
) -> SimulationReport:
    """Sample matrices and compare their spectra with a law.

    Parameters
    ----------
    law : Law
    n : int
        The size of the matrices.
    rng : seed, Generator or None
        The report tells the seed.
    trials : int
        How many matrices, at least 2; fewer than 4 leave Student's test hardly any power.
    model : callable, optional
        ``model(n, generator)`` gives a symmetric matrix of size ``n``; by default that is
        ``law.sample_matrix``.
    allowance : float, optional
        By how much expected shares of eigenvalues may differ from the law at this size; by
        default ``(1 + k)/(2 n)`` for an expression of ``k`` laws and operations, and
        ``m/2 n^(-1/m)`` more for each classical sum or product of ``m`` laws, whose matrices
        are made of blocks of size ``n^(1/m)``.

    Returns
    -------
    SimulationReport

    Raises
    ------
    UnsupportedOperationError
        If matrices could not confirm the law: they do not follow some operation in it, or it
        has neither an operation nor a random ensemble, but only laws whose matrices are their
        own quantiles in a random basis, scaled, shifted, reshaped or mixed.
    InvalidArgumentError
        If ``n`` is so small that the allowance is 1/4 or more, and for matrices that are not
        symmetric, finite and of size ``n``.

    Notes
    -----
    The shares of eigenvalues at or below the deciles of the law are averaged over trials, and
    for a bounded support two moments, which may differ by what an allowed share of eigenvalues
    can move them.  Student's test decides whether their expectations differ by more,
    Bonferroni's inequality joins them.  Shares are known in steps of ``1/n``: their scatter
    counts as half a step at least.  The p-value errs on the side of the
    law: below ``a`` it is with probability at most ``a``, as far as shares are normal.
    Measured at sizes 12 to 400, expected shares differ from the law by 0.1/n to 0.4/n for
    classical ensembles and their free sums and products, and by at most (1 + k)/(4n) for 45
    random expressions: the allowance is about twice what was found.
    The eigenvalues of one matrix are far from independent: tests for independent samples do not
    apply to them, and are not used.

    Examples
    --------
    >>> import freesym as fs
    >>> report = simulate(fs.MarchenkoPastur(1/2), n=300, rng=0)
    >>> report.holds(), report.distance < 0.01
    (True, True)
    >>> wrong = simulate(fs.Semicircle(0, 2), n=300, rng=0, model=fs.Semicircle().sample_matrix)
    >>> wrong.holds()
    False
    """
    arguments.law(law, "law")
    size = arguments.count(n, 2, 30_000, "n")
    count = arguments.count(trials, 2, 100_000, "trials")
    near = _allowance(law, size) if allowance is None else arguments.share(allowance, "allowance")
    seed = arguments.seed(rng)
    source = model or matrix_model(law)
    generator = np.random.default_rng(seed)
    spectra = tuple(spectrum(source, size, generator) for _ in range(count))
    compared = [*_shares(law, spectra, near), *_moments(law, spectra, near)]
    p_values = [found.p_value for found in compared]
    worst = min(compared, key=lambda found: (found.p_value, -found.gap / found.allowed))
    share = min(
        (found for found in compared if found.place is not None),
        key=lambda found: (found.p_value, -found.gap),
    )
    assert share.place is not None
    return SimulationReport(
        law=law,
        size=size,
        seed=seed,
        eigenvalues=spectra,
        distances=tuple(distance(law, values) for values in spectra),
        distance=distance(law, np.concatenate(spectra)),
        allowance=near,
        p_value=min(1.0, len(compared) * min(p_values)),
        place=share.place,
        found=share.mean,
        expected=share.expected,
        evidence=str(worst),
    )


@dataclass(frozen=True)
class _Compared:
    """A number of every spectrum, what it should be, and by how much its mean may differ."""

    words: str
    values: Floats
    expected: float
    allowed: float
    scatter: float = 0.0
    place: float | None = None

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def gap(self) -> float:
        return abs(self.mean - self.expected)

    @property
    def p_value(self) -> float:
        """By Student's test; the scatter is at least that of a number known in steps."""
        excess = self.gap - self.allowed
        if excess <= 0:
            return 1.0
        scatter = max(float(self.values.std(ddof=1)), self.scatter)
        error = scatter / math.sqrt(len(self.values))
        t = excess / error if error > 0 else math.inf
        return min(1.0, 2 * student_tail(t, len(self.values) - 1))

    def __str__(self) -> str:
        return f"{self.words}: {self.mean:.4f}, expected {self.expected:.4f}"


def _shares(law: Law, spectra: tuple[Floats, ...], near: float) -> list[_Compared]:
    places, expected = _places(law)
    n = len(spectra[0])
    table = np.array([np.searchsorted(v, places, side="right") / n for v in spectra])
    return [
        _Compared(f"at or below {x:.6g}", column, share, near, 0.5 / n, x)
        for x, column, share in zip(places.tolist(), table.T, expected.tolist(), strict=True)
    ]


def _moments(law: Law, spectra: tuple[Floats, ...], near: float) -> list[_Compared]:
    """Two moments about the middle of a bounded support, if an allowed share may be anywhere."""
    where = Places(law)
    if not where.compact:
        return []
    half, middle = 0.5 * where.width, 0.5 * sum(where.hull)
    first, second = map(float, law.moments(2))
    scaled = [(values - middle) / half for values in spectra]
    expected = ((first - middle) / half, (second - 2 * middle * first + middle**2) / half**2)
    words = ("mean", "mean square")
    return [
        _Compared(
            f"{name} of (x - {middle:.6g})/{half:.6g}",
            np.array([(x**k).mean() for x in scaled]),
            value,
            allowed,
        )
        for k, (name, value, allowed) in enumerate(
            zip(words, expected, (2 * near, near), strict=True), start=1
        )
    ]


def _allowance(law: Law, n: int) -> float:
    """By how much expected shares may differ at size ``n``."""
    classical = (p for p in subexpressions(law) if isinstance(p, (ClassicalSum, ClassicalProduct)))
    counts = [len(part.operands) for part in classical]
    allowed = float((1 + count_nodes(law)) / (2 * n) + sum(0.5 * m * n ** (-1 / m) for m in counts))
    if allowed >= 0.25:
        raise InvalidArgumentError(
            f"n = {n} eigenvalues tell nothing about this law, whose shares may differ by "
            f"{allowed:.2g} at this size; give a larger n, or an allowance"
        )
    return allowed


def _places(law: Law) -> tuple[Floats, Floats]:
    """Deciles, and both sides of atoms, with the distribution function there."""
    where = Places(law)
    atoms = np.array([*where.atoms], dtype=float)
    beside = 1e-6 * where.width
    points = [*np.asarray(law.quantile(_LEVELS)), *(atoms - beside), *(atoms + beside)]
    places = where.away(np.unique(points), atoms, 0.5 * beside)
    return places, np.asarray(law.cdf(places))


def spectrum(model: Model, n: int, generator: np.random.Generator) -> Floats:
    """The eigenvalues of a matrix of a model, ascending."""
    if not callable(model):
        raise InvalidArgumentError(f"model = {model!r} must be a function of n and a generator")
    matrix = arguments.symmetric_matrix(model(n, generator), "the matrix of the model")
    if len(matrix) != n:
        raise InvalidArgumentError(f"the matrix of the model has the size {len(matrix)}; n is {n}")
    return np.asarray(np.linalg.eigvalsh(matrix))


# --------------------------------------------------------------------- convergence


@dataclass(frozen=True)
class ConvergenceReport:
    """Distances of sampled spectra at several sizes.

    Attributes
    ----------
    sizes : tuple of int
    distances : tuple of float
        Their means over the trials.
    rate, error : float
        Distances fall like ``n^-rate``, with the standard error of the estimate.
    last_rate : float
        The rate from the last size but one to the last.
    p_value : float
        Of the hypothesis that both rates are at least the expected one.
    seed : int
    """

    law: Law
    metric: str
    sizes: tuple[int, ...]
    distances: tuple[float, ...]
    rate: float
    error: float
    last_rate: float
    p_value: float
    seed: int

    def __str__(self) -> str:
        rows = ", ".join(f"{n}: {d:.4g}" for n, d in zip(self.sizes, self.distances, strict=True))
        return (
            f"{self.metric} distance to {self.law!r}: {rows}; falls like n^-{self.rate:.3f} "
            f"(standard error {self.error:.3f}), at last like n^-{self.last_rate:.3f} "
            f"(seed {self.seed})"
        )


def assert_converges(
    law: Law,
    model: Model | None = None,
    *,
    sizes: Iterable[int] = (50, 100, 200, 400),
    trials: int = 6,
    rate: float = 0.5,
    metric: str = "kolmogorov",
    false_alarm: float = 1e-3,
    rng: Any = 0,
) -> ConvergenceReport:
    """Assert that spectra of growing matrices converge to a law at a rate.

    Parameters
    ----------
    law : Law
    model : callable, optional
        ``model(n, generator)`` gives a symmetric matrix of size ``n``; by default that is
        ``law.sample_matrix``.
    sizes : iterable of int
        At least three.
    trials : int
        Matrices of each size.
    rate : float
        Distances must fall like ``n^-rate`` or faster: about 1 for classical ensembles, 1/2 for
        independent eigenvalues.
    metric : {"kolmogorov", "wasserstein"}
    false_alarm : float
        With which probability, at most, an error is raised at a model that converges at
        exactly this rate.
    rng : seed, Generator or None

    Returns
    -------
    ConvergenceReport

    Raises
    ------
    LawCheckError
        If the estimated rate is too small for chance.

    Notes
    -----
    The logarithm of the distance is regressed on that of the size; Student's test compares the
    slope, and likewise the step from the last size but one to the last, so that distances that
    fall first and then stay are noticed; Bonferroni's inequality joins the two.  Nothing finite
    shows convergence: a limit that differs from the law by less than the distance at the
    largest size goes unnoticed.

    Examples
    --------
    >>> import freesym as fs
    >>> report = assert_converges(fs.Semicircle(), sizes=(20, 40, 80), rng=0)
    >>> report.rate > 0.5
    True
    """
    arguments.law(law, "law")
    if metric not in METRICS:
        raise InvalidArgumentError(f"metric = {metric!r} must be one of {', '.join(METRICS)}")
    ns = arguments.sizes(sizes, least=3)
    count = arguments.count(trials, 2, 10_000, "trials")
    expected = arguments.between(rate, 0.0, 10.0, "rate")
    level, seed = arguments.level(false_alarm), arguments.seed(rng)
    generator = np.random.default_rng(seed)
    source = model or matrix_model(law)
    table = np.array([
        [distance(law, spectrum(source, n, generator), metric=metric) for _ in range(count)]
        for n in ns
    ])  # fmt: skip
    x, logarithms = np.log(ns), np.log(np.maximum(table, 1e-15))
    slope, error = _slope(x, logarithms)
    last, last_error = _last_slope(x, logarithms)
    p_values = (
        _slower(slope, error, expected, table.size - 2),
        _slower(last, last_error, expected, table.size - len(ns)),
    )
    done = bool((table[-1] <= 1e-12).all())
    report = ConvergenceReport(
        law=law,
        metric=metric,
        sizes=ns,
        distances=tuple(table.mean(axis=1).tolist()),
        rate=-slope,
        error=error,
        last_rate=-last,
        p_value=1.0 if done else min(1.0, 2 * min(p_values)),
        seed=seed,
    )
    if report.p_value <= level:
        raise LawCheckError(
            f"{report}\n  expected n^-{expected:g}; p-value {report.p_value:.3g}, "
            f"false alarms have probability {level:g}",
            "convergence",
            law,
            report.distances[-1],
        )
    return report


def _slope(x: Floats, table: Floats) -> tuple[float, float]:
    """The slope of the regression of a table's rows on ``x``, and its standard error."""
    trials = table.shape[1]
    centred = x - x.mean()
    weight = trials * float(centred @ centred)
    slope = float(centred @ table.sum(axis=1)) / weight
    residual = table - table.mean() - slope * centred[:, None]
    return slope, math.sqrt(float((residual**2).sum()) / (table.size - 2) / weight)


def _last_slope(x: Floats, table: Floats) -> tuple[float, float]:
    """The slope between the last two rows, and its standard error by the scatter in all rows."""
    sizes, trials = table.shape
    means = table.mean(axis=1)
    step = float(x[-1] - x[-2])
    scatter = float(((table - means[:, None]) ** 2).sum()) / (sizes * (trials - 1))
    return float(means[-1] - means[-2]) / step, math.sqrt(2 * scatter / trials) / step


def _slower(slope: float, error: float, rate: float, freedom: int) -> float:
    """The p-value of a slope of at most ``-rate``."""
    if slope <= -rate:
        return 1.0
    return student_tail((slope + rate) / error if error > 0 else math.inf, freedom)
