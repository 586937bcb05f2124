"""Statements about density, distribution function, quantiles, samples, support and atoms."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from freesym.errors import ConvergenceError, InvalidLawError, UnsupportedOperationError
from freesym.law import Law
from freesym.laws import DensityLaw, Pushforward
from freesym.testing.grammar import count_nodes
from freesym.testing.subject import EPSILON, Failed, Skipped, Subject, known

#: Samples lie further from the law than this with probability below 1e-6.
FALSE_ALARM = 1e-6


def distribution(s: Subject) -> None:
    """The distribution function rises from 0 to 1."""
    ends = np.asarray(s.law.cdf(np.array([-np.inf, np.inf])))
    s.close("the cdf", np.array([-np.inf, np.inf]), ends, np.array([0.0, 1.0]), 0.0)
    if s.compact:
        low, high = s.hull
        outside = np.array([low - 0.05 * s.width, high + 0.05 * s.width])
        x, cdf = s.ask(s.law.cdf, outside)
        s.close("the cdf", x, cdf, (x > high).astype(float), 1e-10)
    x, cdf = s.ask(s.law.cdf, np.linspace(*s.hull, s.size(101, 401)))
    steps = np.diff(cdf)
    s.close("the cdf falls after", x[:-1], np.minimum(steps, 0.0), 0 * steps, 1e-10)


def density_and_cdf(s: Subject) -> None:
    """Increments of the distribution function are integrals of the density."""
    if not s.intervals:
        raise Skipped("the law has no continuous part")
    low, high = s.hull
    cells = np.linspace(low, high, s.size(65, 257))
    width = cells[1] - cells[0]
    middle = s.away(0.5 * (cells[1:] + cells[:-1]), s.rough, 1.5 * width)
    if not middle.size:
        raise Skipped("all cells are near edges or atoms")
    coarse, fine = (_integrals(s, middle, width, n) for n in (12, 24))
    increments = _cdf(s, middle + 0.5 * width) - _cdf(s, middle - 0.5 * width)
    allowed = 1e-9 + 10 * np.abs(fine - coarse) + 4 * s.blur * fine / width
    s.close(
        f"the integral of the density over {width:.6g} around", middle, fine, increments, allowed
    )


def _integrals(s: Subject, middle: Any, width: float, n: int) -> Any:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    points = middle[:, None] + 0.5 * width * nodes
    return _values(s, s.law.density, points) @ weights * 0.5 * width


def _cdf(s: Subject, x: Any) -> Any:
    return _values(s, s.law.cdf, x)


def _values(s: Subject, function: Any, points: Any) -> Any:
    """Values that are all needed."""
    try:
        return np.asarray(function(points))
    except ConvergenceError as error:
        s.refused += list(error.points)
        raise Skipped(f"a point has no verified value: {error}") from error


def quantiles(s: Subject) -> None:
    """``quantile(q)`` is the smallest ``x`` with ``cdf(x) >= q``."""
    q = np.array([0.001, *np.linspace(0.013, 0.987, s.size(39, 195)), 0.999])
    x = np.asarray(known(lambda: s.law.quantile(q), ConvergenceError))
    if (np.diff(x) < 0).any():
        raise Failed(f"quantiles at {q.tolist()} are not increasing: {x.tolist()}")
    _ends(s, float(x[0]), float(x[-1]))
    atoms = np.array([*s.atoms], dtype=float)
    on_atom = np.abs(x[:, None] - atoms).min(axis=1, initial=np.inf) <= 1e-9 * s.width
    smooth = ~on_atom & np.isin(x, s.away(x, s.rough, 1e-8 * s.width))
    gap = np.array([a <= p <= b for p in x for a, b in s.gaps] or [False])
    if smooth.any() and not gap.any():
        points, cdf = s.ask(s.law.cdf, x[smooth])
        levels = q[smooth][np.isin(x[smooth], points)]
        steep = _values(s, s.law.density, points)
        s.close("the cdf of the quantile", points, cdf, levels, 1e-9 + s.blur * steep)
    if on_atom.any():
        nearest = atoms[np.abs(x[on_atom, None] - atoms).argmin(axis=1)]
        # a quantile that near to an atom may be one beside it
        reached = np.maximum(_cdf(s, nearest), _cdf(s, x[on_atom]))
        missing = np.minimum(reached - q[on_atom], 0.0)
        what = "the cdf at an atom that is a quantile falls short"
        s.close(what, nearest, missing, 0 * missing, 1e-9)


def _ends(s: Subject, low: float, high: float) -> None:
    """``quantile(0)`` and ``quantile(1)`` are ends, of the support if that is bounded."""
    least, largest = (float(s.law.quantile(q)) for q in (0.0, 1.0))
    slack = 1e-8 * s.width
    start, end = s.hull if s.compact else (-math.inf, math.inf)
    if not (start - slack <= least <= low and high <= largest <= end + slack):
        raise Failed(
            f"quantile([0, 1]) = [{least!r}, {largest!r}] for a law with quantiles {low!r} and "
            f"{high!r} between {start!r} and {end!r}"
        )
    for what, found, expected in (
        ("the mass below quantile(0)", s.law.cdf(least - slack), 0.0),
        ("the cdf at quantile(1)", s.law.cdf(largest), 1.0),
    ):
        s.close(what, expected, float(found), expected, 1e-8)


def samples(s: Subject) -> None:
    """Independent draws: the largest distance of the distribution functions."""
    n = s.size(*(2000, 20_000) if _is_slow(s) else (100_000, 1_000_000))
    drawn = np.asarray(known(lambda: s.law.sample(n, rng=s.seed), ConvergenceError))
    if drawn.shape != (n,) or not np.isfinite(drawn).all():
        raise Failed(f"sample({n}) has the shape {drawn.shape}, or is not finite")
    again, others = (np.asarray(s.law.sample(20, rng=s.seed + k)) for k in (0, 1))
    if not (again == np.asarray(s.law.sample(20, rng=s.seed))).all():
        raise Failed(f"sample(20, rng={s.seed}) is not the same twice")
    if max(s.atoms.values(), default=0.0) < 0.1 and (again == others).all():
        raise Failed(f"sample(20, rng={s.seed}) is also that of rng={s.seed + 1}")
    # P(distance > d) <= 2 exp(-2 n d^2) (P. Massart, Ann. Probab. 18 (1990) 1269)
    allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))
    _compare_ranks(s, drawn, "the share of samples", allowed)


def _is_slow(s: Subject) -> bool:
    """Whether every draw may cost an integral along the axis."""
    return any(isinstance(part, (Pushforward, DensityLaw)) for part in s.tree)


def matrices(s: Subject) -> None:
    """Eigenvalues of a sampled matrix: ranks, and moments, may be off by some for every node."""
    n = s.size(100, 600)
    matrix = np.asarray(
        known(
            lambda: _matrix(s.law, n, s.seed),
            UnsupportedOperationError, ConvergenceError, InvalidLawError,
        )
    )  # fmt: skip
    if matrix.shape != (n, n):
        raise Failed(f"sample_matrix({n}) has the shape {matrix.shape}")
    if np.abs(matrix - matrix.conj().T).max() > 1e-9 * np.abs(matrix).max():
        raise Failed(f"sample_matrix({n}) is not symmetric")
    values = np.linalg.eigvalsh(matrix)
    allowed = (6 + 4 * count_nodes(s.law)) / len(values)
    _compare_ranks(s, values, "the share of eigenvalues", allowed)
    if s.compact:
        centred = 0.5 * (s.hull[0] + s.hull[1])
        first, second = (float(m) for m in s.moments(2)[1:])
        found = [values.mean(), ((values - centred) ** 2).mean()]
        expected = [first, second - 2 * centred * first + centred**2]
        # standard deviations are up to 0.45 width/n and 0.16 width^2/n for classical ensembles
        nodes = count_nodes(s.law)
        sizes = np.array([2.0 + nodes, 0.6 + 0.6 * nodes]) * [s.width / n, s.width**2 / n]
        s.close("the centred moment of the eigenvalues of order", [1, 2], found, expected, sizes)


def _matrix(law: Law, n: int, seed: int) -> Any:
    try:
        return law.sample_matrix(n, rng=seed)
    except MemoryError as error:
        raise Skipped(f"sample_matrix({n}) needs more memory than there is") from error


def _compare_ranks(s: Subject, values: Any, what: str, allowed: float) -> None:
    """Shares at or below places between atoms, which rounding may smear."""
    places = np.quantile(values, np.linspace(0.01, 0.99, 99))
    places = np.append(places, np.linspace(*s.hull, 41))
    x, cdf = s.ask(s.law.cdf, s.away(np.unique(places), [*s.atoms], 1e-6 * s.width))
    rounded = len(values) * EPSILON * np.abs(values).max()
    least, most = (
        np.searchsorted(np.sort(values), x + d, side="right") / len(values)
        for d in (-rounded, rounded)
    )
    shares = np.clip(cdf, least, most)
    s.close(f"{what} at or below the place, against the cdf,", x, shares, cdf, allowed)


def support(s: Subject) -> None:
    """The density is positive between edges and 0 elsewhere, the support carries everything."""
    pairs = [(float(a), float(b)) for a, b in s.law.support()]
    flat = [x for pair in pairs for x in pair]
    if not pairs or any(a > b for a, b in pairwise(flat)):
        raise Failed(f"support() = {pairs} is not a list of ascending intervals")
    edges = [float(e) for e in s.law.edges()]
    slack = 1e-8 * s.width
    for place in (*edges, *s.atoms):
        if not any(a - slack <= place <= b + slack for a, b in pairs):
            raise Failed(f"the edge or atom {place!r} lies outside of support() = {pairs}")
    ends = np.array([*edges, *s.atoms], dtype=float)
    for place in (x for a, b in pairs if a < b for x in (a, b) if math.isfinite(x)):
        if not (np.abs(ends - place) <= slack).any():
            raise Failed(f"support() = {pairs} ends at {place!r}, where no edge or atom is")
    x, rho = s.ask(s.law.density, s.line)
    inside = s.inside(x)
    if (rho[inside] <= 0).any():
        where = x[inside][rho[inside] <= 0]
        raise Failed(f"the density at {where[0]!r}, between edges, is {rho[inside].min()!r}")
    s.close("the density outside of the edges", x[~inside], rho[~inside], 0 * rho[~inside],
            1e-12 / s.width)  # fmt: skip
    for a, b in s.gaps:
        if b - a < 1e-12 * s.width:
            continue  # rounding decides about gaps of no width
        ends, cdf = s.ask(s.law.cdf, np.array([a + 0.25 * (b - a), b - 0.25 * (b - a)]))
        s.close("the cdf over a gap", ends, cdf, np.full(len(cdf), cdf[:1].sum()), 1e-9)


def edges(s: Subject) -> None:
    """There is mass beside every edge, on the side of the interval it ends."""
    found = []
    for a, b in s.intervals:
        step = 0.02 * (b - a)
        found += [(a, a, a + step), (b, b - step, b)]
    # rounding decides about bands of no width
    finite = [row for row in found if row[0] in s.edges and row[2] - row[1] > 1e-6 * s.width]
    if not finite:
        raise Skipped("the law has no edges")
    places, left, right = (np.array(column) for column in zip(*finite, strict=True))
    jump = np.array([s.atoms.get(float(x), 0.0) for x in right])
    mass = _cdf(s, right) - jump - _cdf(s, left)
    # tails such as those of the normal law hold less than rounding shows
    visible = _values(s, s.law.density, 0.5 * (left + right)) > 1e-9 / s.width
    s.close("the mass beside the edge", places, (mass > 0) | ~visible, np.ones(len(mass)), 0.0)


def atoms(s: Subject) -> None:
    """Atoms have masses in (0, 1]; the distribution function jumps by them, nowhere else."""
    masses = np.array([*s.atoms.values()], dtype=float)
    if (masses <= 0).any() or masses.sum() > 1 + 1e-10:
        raise Failed(f"the masses {masses.tolist()} of atoms are not positive with sum at most 1")
    if not s.intervals:
        s.close("the sum of the masses of a discrete law", [0.0], [masses.sum()], [1.0], 1e-10)
    places = np.array([*s.atoms], dtype=float)
    if places.size:
        _jumps(s, places, masses)
    others = s.away(np.unique([0.0, *s.edges]), places, 1e-6 * s.width)
    others = others[np.diff(others, prepend=-np.inf) > 1e-6 * s.width]
    if others.size:
        _masses(s, "the mass of an atom that is not listed", others, np.zeros(len(others)))


def _masses(s: Subject, what: str, places: Any, masses: Any) -> None:
    """The limit of ``i t G(a + i t)``: what the continuous part adds tends to 0, if slowly."""
    apart = np.diff(np.sort(places)).min(initial=s.width) / s.width
    for place, mass in zip(places.tolist(), masses.tolist(), strict=True):
        found = s.limits(
            lambda t, a=place: (1j * t * s.law.G(a + 1j * t)).real,  # type: ignore[misc]
            place,
            1e-3 * apart,
        )
        for limit in found:
            s.close(what, [place], [limit.value], [mass], 1e-6 + limit.error)


def _jumps(s: Subject, places: Any, masses: Any) -> None:
    _masses(s, "the mass of the atom by i t G(a + i t)", places, masses)
    jump = _cdf(s, places) - _cdf(s, places - 1e-8 * s.width)
    short = np.minimum(jump - masses, 0.0)
    what = "the jump of the cdf falls short of the mass of the atom"
    s.close(what, places, short, 0 * short, 1e-6)


def density_of_the_transform(s: Subject) -> None:
    """``density = -Im G(x + i0)/pi``; the potential has the transform for its derivative."""
    x, rho = s.ask(s.law.density, s.line[:: s.size(4, 1)])
    kept, g = s.ask(s.law.G, x)
    rho = rho[np.isin(x, kept)]
    s.close(
        "the density against -Im G/pi", kept, rho, -g.imag / math.pi, 1e-9 * (rho + 1 / s.width)
    )
    if not s.compact:
        return
    low, high = s.hull
    outside, inside = np.array([low - s.width, high + 2 * s.width]), s.line[:: s.size(8, 2)]
    _slopes(s, outside, 1e-6)
    # singularities may be this near
    _slopes(s, s.away(inside, s.rough, 0.02 * s.width), 1e-2)


def _slopes(s: Subject, x: Any, relative: float) -> None:
    """The derivative of the log-potential is the real part of ``G``."""
    if not x.size:
        return
    h = 1e-4 * s.width
    up, down = (_values(s, s.law.log_potential, x + d) for d in (h, -h))
    g = _values(s, s.law.G, x)
    slope, allowed = (up - down) / (2 * h), relative * (np.abs(g) + 0.1 / s.width)
    s.close("the slope of the log-potential against G", x, slope, g.real, allowed)
