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
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.grammar import count_nodes, subexpressions
from freesym.testing.places import Places
from freesym.testing.statistics import METRICS, distance, exceedance, student_tail

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Model = Callable[..., Any]
_LEVELS = np.arange(1, 10) / 10


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
        Where the evidence is strongest: shares of eigenvalues at or below the place.
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

    def __str__(self) -> str:
        shares = ", ".join(f"{d:.4g}" for d in self.distances)
        return (
            f"{len(self.eigenvalues)} matrices of size {self.size} against {self.law!r} "
            f"(seed {self.seed})\n"
            f"  Kolmogorov distance {self.distance:.4g}; trial by trial {shares}\n"
            f"  p-value {self.p_value:.3g} for expected shares within {self.allowance:.4g} of the "
            f"law; at or below {self.place:.6g}: {self.found:.4f}, expected {self.expected:.4f}"
        )

    def holds(self, false_alarm: float = 1e-3) -> bool:
        """Whether the law is not rejected; a right one is with this probability at most."""
        return self.p_value > arguments.level(false_alarm)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the density and a histogram of all eigenvalues."""
        return self.law.plot(ax=ax, eigenvalues=np.concatenate(self.eigenvalues))


def _model(law: Law) -> Model:
    """The matrix model of a law, if it is more than the quantiles of the law itself."""
    for part in subexpressions(law):
        if not part.has_matrix_model:
            raise UnsupportedOperationError(
                f"{part!r} has no matrix model that could confirm it: its matrices have its own "
                "quantiles as eigenvalues; give another by model=..."
            )
    return law.sample_matrix


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
        How many matrices, at least 2.
    model : callable, optional
        ``model(n, generator)`` gives a symmetric matrix of size ``n``; by default that is
        ``law.sample_matrix``.
    allowance : float, optional
        By how much expected shares of eigenvalues may differ from the law at this size; by
        default ``(5 + 3 k)/n`` for an expression of ``k`` laws and operations.

    Returns
    -------
    SimulationReport

    Notes
    -----
    The shares of eigenvalues at or below the deciles of the law are averaged over trials.
    Student's test decides whether their expectations differ from the law by more than the
    allowance, Bonferroni's inequality joins the places.  The p-value errs on the side of the
    law: below ``a`` it is with probability at most ``a``, as far as shares are normal.
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
    source = model or _model(law)
    generator = np.random.default_rng(seed)
    spectra = tuple(spectrum(source, size, generator) for _ in range(count))
    places, expected = _places(law)
    shares = np.array([np.searchsorted(v, places, side="right") / len(v) for v in spectra])
    p_values = [exceedance(column, near) for column in (shares - expected).T]
    worst = (
        int(np.argmin(p_values))
        if min(p_values) < 1
        else int(np.argmax(np.abs(shares.mean(axis=0) - expected)))
    )
    return SimulationReport(
        law=law,
        size=size,
        seed=seed,
        eigenvalues=spectra,
        distances=tuple(distance(law, values) for values in spectra),
        distance=distance(law, np.concatenate(spectra)),
        allowance=near,
        p_value=min(1.0, len(places) * min(p_values)),
        place=float(places[worst]),
        found=float(shares.mean(axis=0)[worst]),
        expected=float(expected[worst]),
    )


def _allowance(law: Law, n: int) -> float:
    least = 5 + 3 * count_nodes(law)
    if n <= least:
        raise InvalidArgumentError(
            f"n = {n} eigenvalues tell nothing about this law; give n > {least}, or an allowance"
        )
    return least / n


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
    p_value : float
        Of the hypothesis that the rate is at least the expected one.
    seed : int
    """

    law: Law
    metric: str
    sizes: tuple[int, ...]
    distances: tuple[float, ...]
    rate: float
    error: float
    p_value: float
    seed: int

    def __str__(self) -> str:
        rows = ", ".join(f"{n}: {d:.4g}" for n, d in zip(self.sizes, self.distances, strict=True))
        return (
            f"{self.metric} distance to {self.law!r}: {rows}; falls like n^-{self.rate:.3f} "
            f"(standard error {self.error:.3f}, seed {self.seed})"
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
    slope.  Nothing finite shows convergence: a limit that differs from the law by less than
    the distance at the largest size goes unnoticed.

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
    source = model or _model(law)
    table = np.array([
        [distance(law, spectrum(source, n, generator), metric=metric) for _ in range(count)]
        for n in ns
    ])  # fmt: skip
    slope, error = _slope(np.log(ns), np.log(np.maximum(table, 1e-15)))
    excess = (slope + expected) / error if error > 0 else math.copysign(math.inf, slope + expected)
    done = bool((table[-1] <= 1e-12).all())
    p_value = 1.0 if done or slope <= -expected else student_tail(excess, table.size - 2)
    report = ConvergenceReport(
        law, metric, ns, tuple(table.mean(axis=1).tolist()), -slope, error, p_value, seed
    )
    if p_value <= level:
        raise LawCheckError(
            f"{report}\n  expected n^-{expected:g}; p-value {p_value:.3g}, false alarms have "
            f"probability {level:g}",
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
