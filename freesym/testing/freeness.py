"""Asymptotic freeness of random matrices, by their mixed centred moments."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.parameters import short
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.statistics import exceedance, student_quantile

Matrix = NDArray[Any]
#: A letter is a matrix of the family and a power of it.
Letter = tuple[int, int]
Word = tuple[Letter, ...]


@dataclass(frozen=True)
class FreenessReport:
    """Mixed centred moments, extrapolated to infinite size.

    Attributes
    ----------
    sizes : tuple of int
    words : dict
        From words, such as ``"a b a^2 b"``, to their estimated limit and its p-value.
    rate : float
        Root mean squares of all words fall like ``n^-rate``.
    allowance : float
        Limits of at most this size pass for 0.
    detectable : float
        A limit of this size is noticed with a probability of about 1/2 at least.
    false_alarm : float
    seed : int
    """

    sizes: tuple[int, ...]
    words: dict[str, tuple[float, float]]
    rate: float
    allowance: float
    detectable: float
    false_alarm: float
    seed: int

    @property
    def worst(self) -> str:
        """The word with the strongest evidence against freeness."""
        return min(self.words, key=lambda w: (self.words[w][1], -abs(self.words[w][0])), default="")

    @property
    def p_value(self) -> float:
        """Of the hypothesis that all limits are at most the allowance."""
        return min([1.0, *(len(self.words) * p for _, p in self.words.values())])

    def __str__(self) -> str:
        if not self.words:
            return (
                f"at sizes {', '.join(map(str, self.sizes))} every word has a multiple of the "
                f"identity in it, which is free from everything (seed {self.seed})"
            )
        limit, _ = self.words[self.worst]
        return (
            f"{len(self.words)} mixed centred moments at sizes {', '.join(map(str, self.sizes))}: "
            f"they fall like n^-{self.rate:.2f}; the least likely, tr({self.worst}), tends to "
            f"{limit:.3g}; p-value {self.p_value:.3g} for limits up to {self.allowance:.2g}, "
            f"detectable {self.detectable:.2g} (seed {self.seed})"
        )


def assert_asymptotically_free(
    make: Callable[..., Any],
    *,
    sizes: Iterable[int] = (100, 200, 400),
    trials: int = 12,
    length: int = 4,
    degree: int = 2,
    rate: float = 1.0,
    false_alarm: float = 1e-3,
    rng: Any = 0,
) -> FreenessReport:
    """Assert that random matrices become free as they grow.

    Parameters
    ----------
    make : callable
        ``make(n, generator)`` gives two or more symmetric (Hermitian) matrices of one size,
        about ``n``, drawn anew at every call.
    sizes : iterable of int
        At least two.
    trials : int
        How often each size is drawn, at least 4.
    length, degree : int
        Words have 2 to ``length`` letters, which are powers up to ``degree``.
    rate : float
        Moments of free families may be of the order ``n^-rate`` at finite size.
    false_alarm : float
        The probability, at most, of an error at a family that is asymptotically free.
    rng : seed, Generator or None

    Returns
    -------
    FreenessReport

    Raises
    ------
    LawCheckError
        Naming the word whose limit is not 0.
    InvalidArgumentError
        For matrices that are not square, symmetric, finite and of one size.

    Notes
    -----
    Matrices are free in the limit if ``tr(p_1(A_i1) p_2(A_i2) ...)`` tends to 0 whenever
    neighbours (cyclically) differ, and each factor has trace 0 [1]_.  Factors are centred powers
    divided by their norm ``sqrt(tr p^2)``.  Of the values at the sizes that combination is formed
    in which a term ``n^-rate`` cancels; it is drawn ``trials`` times independently.  Student's
    test decides whether its mean exceeds the allowance ``1/(largest size)^rate``, Bonferroni's
    inequality joins the words.  The probability of false alarms is exact up to terms beyond
    ``n^-rate`` and the normality of traces.  Only finitely many words are tried: this can
    refute freeness, not prove it.

    References
    ----------
    .. [1] D. Voiculescu, "Limit laws for random matrices and free products", Invent. Math. 104
       (1991) 201; J. A. Mingo and R. Speicher, "Free Probability and Random Matrices" (2017).

    Examples
    --------
    >>> import freesym as fs
    >>> def rotated(n, rng):
    ...     return fs.Bernoulli(0.5).sample_matrix(n, rng), fs.Semicircle().sample_matrix(n, rng)
    >>> report = assert_asymptotically_free(rotated, sizes=(40, 80, 160), rng=0)
    >>> report.p_value > 0.1
    True
    """
    ns = arguments.sizes(sizes, least=2)
    count = arguments.count(trials, 4, 10_000, "trials")
    longest = arguments.count(length, 2, 8, "length")
    powers = arguments.count(degree, 1, 6, "degree")
    order = arguments.between(rate, 0.0, 10.0, "rate")
    level, seed = arguments.level(false_alarm), arguments.seed(rng)
    if not callable(make):
        raise InvalidArgumentError(f"make = {short(make)} must be a function of n and a generator")
    generator = np.random.default_rng(seed)
    tables = [[_moments(make, n, generator, longest, powers) for n in ns] for _ in range(count)]
    names = tables[0][0]
    # axes: trial, size, word; words whose letters vanish at some size are left out
    kept = [w for w in names if all(w in values for row in tables for values in row)]
    data = np.array([[[values[w] for w in kept] for values in row] for row in tables])
    report = _report(data, kept, ns, order, level, seed)
    if report.p_value <= level:
        limit, _ = report.words[report.worst]
        raise LawCheckError(
            f"not asymptotically free: tr({report.worst}), of centred and normalised powers, "
            f"tends to {limit:.4g}, not 0\n  {report}",
            "asymptotic freeness",
            None,
            abs(limit),
            report.allowance,
        )
    return report


def _report(
    data: NDArray[np.float64],
    words: list[Word],
    ns: tuple[int, ...],
    order: float,
    level: float,
    seed: int,
) -> FreenessReport:
    trials, allowance = len(data), float(ns[-1]) ** -order
    if not words:
        return FreenessReport(ns, {}, math.inf, allowance, allowance, level, seed)
    limits = np.einsum("tsw,s->tw", data, _weights(ns, order))
    found = {
        _spelled(word): (float(column.mean()), exceedance(column, allowance))
        for word, column in zip(words, limits.T, strict=True)
    }
    errors = limits.std(axis=0, ddof=1) / math.sqrt(trials)
    threshold = student_quantile(level / (2 * len(words)), trials - 1)
    sizes = np.log(np.sqrt((data**2).mean(axis=(0, 2))) + 1e-300)
    slope = float(np.polyfit(np.log(ns), sizes, 1)[0])
    detectable = allowance + threshold * float(errors.max())
    return FreenessReport(ns, found, -slope, allowance, detectable, level, seed)


def _weights(ns: tuple[int, ...], order: float) -> NDArray[np.float64]:
    """Weights of sum 1 in which ``n^-order`` cancels, of least variance for errors like 1/n."""
    n = np.array(ns, dtype=float)
    conditions = np.array([np.ones(len(n)), (n / n[-1]) ** -order])
    inverse = (n / n[-1]) ** 2
    gram = conditions @ (inverse[:, None] * conditions.T)
    return np.asarray(inverse * (conditions.T @ np.linalg.solve(gram, [1.0, 0.0])))


# --------------------------------------------------------------------- words


def _words(members: int, length: int, degree: int) -> list[Word]:
    """Words in which neighbours belong to different matrices, up to rotation and reversal."""
    letters = list(itertools.product(range(members), range(1, degree + 1)))
    found: dict[Word, None] = {}
    for n in range(2, length + 1):
        for word in itertools.product(letters, repeat=n):
            if all(word[k][0] != word[k - 1][0] for k in range(n)) and word == _canonical(word):
                found[word] = None
    return list(found)


def _canonical(word: Word) -> Word:
    turned = [word[k:] + word[:k] for k in range(len(word))]
    return min(turned + [w[::-1] for w in turned])


def _spelled(word: Word) -> str:
    names = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(names[i % 26] + (f"^{k}" if k > 1 else "") for i, k in word)


def _moments(
    make: Callable[..., Any], n: int, generator: np.random.Generator, length: int, degree: int
) -> dict[Word, float]:
    """The normalised mixed centred moments of one draw."""
    matrices = _drawn(make, n, generator)
    letters: dict[Letter, Matrix] = {}
    for i, matrix in enumerate(matrices):
        for k in range(1, degree + 1):
            centred = _centred(np.linalg.matrix_power(matrix, k))
            if centred is not None:
                letters[i, k] = centred
    products: dict[Word, Matrix] = {}

    def product(word: Word) -> Matrix:
        if len(word) == 1:
            return letters[word[0]]
        if word not in products:
            products[word] = product(word[:-1]) @ letters[word[-1]]
        return products[word]

    def trace(word: Word) -> float:
        half = len(word) // 2
        first, second = product(word[:half]), product(word[half:])
        return float(np.einsum("ij,ji->", first, second).real) / len(first)

    chosen = _words(len(matrices), length, degree)
    return {word: trace(word) for word in chosen if all(x in letters for x in word)}


def _centred(matrix: Matrix) -> Matrix | None:
    """Trace 0 and norm 1; None for multiples of the identity."""
    n = len(matrix)
    size = float(np.abs(matrix).max())
    centred = matrix - np.trace(matrix) / n * np.eye(n)
    norm = math.sqrt(float((np.abs(centred) ** 2).sum()) / n)
    return None if norm <= 1e-9 * size else centred / norm


def _drawn(make: Callable[..., Any], n: int, generator: np.random.Generator) -> list[Matrix]:
    drawn = make(n, generator)
    if isinstance(drawn, np.ndarray) and drawn.ndim == 2:
        raise InvalidArgumentError("make gives one matrix; freeness needs two at least")
    try:
        found = [arguments.symmetric_matrix(m, f"matrix {k}") for k, m in enumerate(drawn)]
    except TypeError:
        raise InvalidArgumentError(f"make gives {short(drawn)}, not several matrices") from None
    if len(found) < 2:
        raise InvalidArgumentError(f"make gives {len(found)} matrices; freeness needs two at least")
    shapes = {len(m) for m in found}
    if len(shapes) > 1:
        raise InvalidArgumentError(f"make gives matrices of unequal sizes {sorted(shapes)}")
    if shapes != {n}:
        raise InvalidArgumentError(f"make gives matrices of size {len(found[0])} for n = {n}")
    # powers of very large and very small numbers leave the range of double precision
    return [m / (float(np.abs(m).max()) or 1.0) for m in found]
