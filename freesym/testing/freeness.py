"""Asymptotic freeness of random matrices, by their mixed centred moments."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
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
        For matrices that are not square, symmetric, finite and of one size, for families of
        varying length, and for families that do not vary unless they are plainly not free.

    Notes
    -----
    Matrices are free in the limit if ``tr(p_1(A_i1) p_2(A_i2) ...)`` tends to 0 whenever
    neighbours (cyclically) differ, and each factor has trace 0 [1]_.  Factors are centred powers
    of the centred matrices, divided by their norm ``sqrt(tr p^2)``; those that are multiples of
    the identity up to rounding are left out.  Of the values at the sizes that combination is formed
    in which a term ``n^-rate`` cancels; it is drawn ``trials`` times independently.  Student's
    test decides whether its mean exceeds the allowance ``1/(largest size)^rate``, Bonferroni's
    inequality joins the words.  The probability of false alarms is exact up to terms beyond
    ``n^-rate`` and the normality of traces.  Families whose moments are the same in all trials
    (fixed matrices, a generator that is not used) have no scatter to test by: they are not free
    if a limit exceeds ``(largest size)^(-rate/2)``, far more than chance does to a free family,
    and otherwise cannot be judged.  Only finitely many words are tried: this can
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
    _check_maker(make)
    families = _Families(make, np.random.default_rng(seed))
    tables = [[_moments(families.draw(n), longest, powers) for n in ns] for _ in range(count)]
    names = tables[0][0]
    # axes: trial, size, word; words whose letters vanish at some size are left out
    kept = [w for w in names if all(w in values for row in tables for values in row)]
    data = np.array([[[values[w] for w in kept] for values in row] for row in tables])
    report = _report(data, kept, ns, order, level, seed)
    fixed = bool(kept) and _is_fixed(data)
    if fixed:
        report = _plain(report, order)
    if report.p_value <= level:
        limit, _ = report.words[report.worst]
        remark = "\n  the moments are the same in all trials: nothing here is left to chance"
        raise LawCheckError(
            f"not asymptotically free: tr({report.worst}), of centred and normalised powers, "
            f"tends to {limit:.4g}, not 0\n  {report}{remark if fixed else ''}",
            "asymptotic freeness",
            None,
            abs(limit),
            report.allowance,
        )
    return report


def _check_maker(make: Any) -> None:
    if callable(make):
        try:
            inspect.signature(make).bind(2, np.random.default_rng(0))
        except ValueError:  # a compiled function that tells nothing
            return
        except TypeError:
            pass
        else:
            return
    raise InvalidArgumentError(f"make = {short(make)} must be a function of n and a generator")


def _is_fixed(data: NDArray[np.float64]) -> bool:
    """Whether trials differ by rounding at most."""
    return bool(np.ptp(data, axis=0).max() <= 1e-10 * np.abs(data).max())


def _plain(report: FreenessReport, order: float) -> FreenessReport:
    """What families that never vary tell: limits beyond what chance could do, or nothing."""
    beyond = float(report.sizes[-1]) ** (-order / 2)
    words = {w: (limit, float(abs(limit) <= beyond)) for w, (limit, _) in report.words.items()}
    if all(p_value == 1 for _, p_value in words.values()):
        largest = max(abs(limit) for limit, _ in words.values())
        raise InvalidArgumentError(
            "make gives families with the same mixed moments at every call, so that chance cannot "
            f"be judged; the largest limit, {largest:.3g}, is not beyond {beyond:.3g}: draw the "
            "matrices anew from the generator at every call"
        )
    return replace(report, words=words, allowance=beyond, detectable=beyond)


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


def _moments(matrices: list[Matrix], length: int, degree: int) -> dict[Word, float]:
    """The normalised mixed centred moments of one draw."""
    letters: dict[Letter, Matrix] = {}
    for i, matrix in enumerate(matrices):
        letters |= {(i, k): letter for k, letter in _letters(matrix, degree).items()}
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


def _letters(matrix: Matrix, degree: int) -> dict[int, Matrix]:
    """Centred powers of the centred matrix, of norm 1; without multiples of the identity.

    Polynomials in a matrix are polynomials in the centred one, so that freeness is the same.
    """
    n = len(matrix)
    base = _centred(matrix)
    rounding = n * np.finfo(float).eps * float(np.abs(matrix).max())
    norm = _norm(base)
    if norm <= rounding:
        return {}
    base = base / norm
    found, power = {1: base}, base
    for k in range(2, degree + 1):
        power = power @ base
        centred = _centred(power)
        if _norm(centred) > k * rounding / norm * max(1.0, _norm(power)):
            found[k] = centred / _norm(centred)
    return found


def _centred(matrix: Matrix) -> Matrix:
    n = len(matrix)
    return np.asarray(matrix - np.trace(matrix) / n * np.eye(n))


def _norm(matrix: Matrix) -> float:
    """``sqrt(tr A^2)`` of the normalised trace."""
    return math.sqrt(float((np.abs(matrix) ** 2).sum()) / len(matrix))


class _Families:
    """The families that a function draws, all of as many matrices as the first."""

    def __init__(self, make: Callable[..., Any], generator: np.random.Generator) -> None:
        self.make = make
        self.generator = generator
        self.length: int | None = None

    def draw(self, n: int) -> list[Matrix]:
        """A family of size ``n``."""
        found = _checked(self.make(n, self.generator), n)
        if self.length not in (None, len(found)):
            raise InvalidArgumentError(
                f"make gives {len(found)} matrices for n = {n}, and {self.length} before; give "
                "as many at every call"
            )
        self.length = len(found)
        return found


def _checked(drawn: Any, n: int) -> list[Matrix]:
    if isinstance(drawn, Mapping):
        raise InvalidArgumentError("make gives a mapping; give a list of matrices, its values")
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
    return [_scaled(m) for m in found]


def _scaled(matrix: Matrix) -> Matrix:
    """Entries of about 1, exactly: powers of large and small ones leave double precision."""
    _, exponent = math.frexp(float(np.abs(matrix).max()))
    half = exponent // 2
    return np.asarray(matrix * 2.0**-half * 2.0 ** (half - exponent))
