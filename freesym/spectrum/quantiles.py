"""Quantiles and samples, by the inverse of the distribution function."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, InvalidLawError
from freesym.parameters import Points
from freesym.relations.relation import Relation
from freesym.spectrum.density import real_points, refuse_unsolved, shaped
from freesym.spectrum.distribution import cdf_values, correct_beside_atoms, masses
from freesym.spectrum.evaluate import has_potential, transforms
from freesym.spectrum.existence import require_law
from freesym.spectrum.fading import fades_at_zero, visible_start
from freesym.spectrum.support import continuous_support, support

Real = NDArray[np.float64]
_NODES = 257
_HALVINGS, _TABLE_ERROR, _STEPS = 12, 1e-8, 120
#: Below this, points are too small for the solver.
_TINY = 1e-280
#: Larger errors of levels than this are seen in samples.
_UNRESOLVED = 1e-4
#: How well points are known, in units of the largest end of the spectrum, and levels.
_RESOLUTION, _ENCLOSED = 1e-14, 1e-12


@dataclass(frozen=True, eq=False)
class QuantileTable:
    """Nodes of the distribution function: ascending ``x`` with ``cdf`` and ``density``."""

    x: Real
    cdf: Real
    density: Real


def _interval_nodes(a: float, b: float) -> Real:
    """Nodes that crowd at the ends, geometrically where an end is 0 or infinite."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return _unbounded_nodes(a, b)
    angles = np.linspace(0.0, np.pi, _NODES)
    nodes = [a + (b - a) * np.sin(0.5 * angles) ** 2]
    for end, other in ((a, b), (b, a)):
        nodes.append(end + (other - end) * np.geomspace(1e-16, 0.5, 180))
    if a == 0.0:
        nodes.append(b * np.geomspace(1e-290, 0.5, 900))
    inner = np.unique(np.concatenate(nodes))
    return inner[(inner > a) & (inner < b)]


def _unbounded_nodes(a: float, b: float) -> Real:
    tail = np.geomspace(1e-12, 1e20, 900)
    if math.isfinite(a):
        return a + max(1.0, abs(a)) * tail
    if math.isfinite(b):
        return np.sort(b - max(1.0, abs(b)) * tail)
    return np.concatenate([-tail[::-1], [0.0], tail])


def _nodes_at(relation: Relation, x: Real) -> tuple[Real, Real, Real]:
    values, rho = _values_and_density(relation, x, thorough=False)
    good = np.isfinite(values) & np.isfinite(rho)
    return x[good], np.clip(values[good], 0, 1), np.maximum(rho[good], 0)


def _values_and_density(relation: Relation, x: Real, thorough: bool) -> tuple[Real, Real]:
    """The distribution function and its slope, with the digits that potentials lose at atoms."""
    found = transforms(relation, x.astype(np.complex128), potential=True, thorough=thorough)
    assert found.u is not None
    values = 1 - found.u.imag / np.pi
    correct_beside_atoms(relation, x, values, np.isfinite(values))
    for a, below, top in _jumps(relation):
        values = np.where(x < a, np.minimum(values, below), np.maximum(values, top))
    return values, -found.g.imag / np.pi


@lru_cache(maxsize=64)
def _jumps(relation: Relation) -> tuple[tuple[float, float, float], ...]:
    """The atoms, with the values of the distribution function below and at them."""
    places = np.array([a for a, _ in masses(relation)])
    tops = cdf_values(relation, places) if len(places) else places
    pairs = zip(masses(relation), tops.tolist(), strict=True)
    return tuple((a, top - mass, top) for (a, mass), top in pairs)


def _tabulated(relation: Relation, x: Real) -> tuple[Real, Real, Real]:
    """Nodes, halved where the cubic between two of them misses the distribution function."""
    table = _nodes_at(relation, x)
    if not has_potential(relation):
        return table
    low, high = np.arange(len(table[0]) - 1), np.arange(1, len(table[0]))
    cells = np.array([[column[low], column[high]] for column in table])
    for _ in range(_HALVINGS):
        if not cells.shape[-1]:
            break
        middle = _middle(cells[0, 0], cells[0, 1])
        fresh = _nodes_at(relation, middle)
        places, values, slopes = map(np.concatenate, zip(table, fresh, strict=True))
        table = places, values, slopes
        where = np.searchsorted(middle, fresh[0])
        cells = cells[:, :, where]
        guess = _cubic(cells, fresh[0])
        poor = np.abs(guess - fresh[1]) > _TABLE_ERROR
        first, second = cells[:, :, poor].copy(), cells[:, :, poor].copy()
        for row in range(3):
            first[row, 1] = second[row, 0] = fresh[row][poor]
        cells = np.concatenate([first, second], axis=2)
        cells = cells[:, :, np.argsort(cells[0, 0])]
    order = np.argsort(table[0])
    return table[0][order], table[1][order], table[2][order]


def _cubic(cells: Real, x: Real) -> Real:
    """The cubic through the values and slopes at both ends of each cell."""
    (a, b), (left, right), (slope_left, slope_right) = cells
    h = b - a
    t = np.divide(x - a, h, out=np.zeros_like(x), where=h > 0)
    s = 1 - t
    rise = right - left
    return np.asarray(
        left + t * t * (3 - 2 * t) * rise + h * t * s * (s * slope_left - t * slope_right)
    )


@lru_cache(maxsize=64)
def quantile_table(relation: Relation) -> QuantileTable:
    """Tabulate the distribution function once per law, for starts and for sampling."""
    require_law(relation)
    columns: list[tuple[Real, Real, Real]] = []
    for a, b in continuous_support(relation):
        start = max(a, visible_start(relation)) if a == 0 and fades_at_zero(relation) else a
        x, values, rho = _tabulated(relation, _interval_nodes(start, b))
        ends = np.array([end for end in (a, b) if math.isfinite(end)])
        if not len(x):
            raise ConvergenceError(f"no verified solution between {a:.6g} and {b:.6g}", (a, b))
        end_values = np.array([values[0] if end == a else values[-1] for end in ends])
        if a == 0 and 0 < x[0] < _TINY:
            end_values[0] = min(end_values[0], cdf_values(relation, np.zeros(1))[0])
        columns.append((x, values, rho))
        columns.append((ends, end_values, np.zeros(len(ends))))
    for location, below, top in _jumps(relation):
        columns.append((np.full(2, location), np.array([below, top]), np.zeros(2)))
    x, values, rho = (np.concatenate(c) for c in zip(*columns, strict=True))
    order = np.lexsort((values, x))
    x, values, rho = x[order], _without_rounding(values[order]), rho[order]
    kept = _longest_ascent(values)
    return QuantileTable(x[kept], values[kept], rho[kept])


def _without_rounding(values: Real) -> Real:
    """Lift values that rounding has put below their predecessors."""
    lifted, highest = values.tolist(), -math.inf
    for i, value in enumerate(lifted):
        highest = max(highest, value)
        if highest - value < 1e-9:
            lifted[i] = highest
    return np.array(lifted)


def _longest_ascent(values: Real) -> NDArray[np.int64]:
    """Positions of a longest ascending subsequence: what remains is noise at a singular edge."""
    tails: list[float] = []
    last: list[int] = []
    before = np.full(len(values), -1)
    for i, value in enumerate(values.tolist()):
        k = bisect.bisect_right(tails, value)
        before[i] = last[k - 1] if k else -1
        tails[k:], last[k:] = [value, *tails[k + 1 :]], [i, *last[k + 1 :]]
    chain = [last[-1]]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return np.array(chain[::-1])


def _inverted(table: QuantileTable, q: Real) -> tuple[Real, Real, Real]:
    """The bracketing nodes and a first guess for each level."""
    i = np.clip(np.searchsorted(table.cdf, q, side="left"), 1, len(table.x) - 1)
    low, high = table.x[i - 1], table.x[i]
    rise = table.cdf[i] - table.cdf[i - 1]
    share = np.where(rise > 0, (q - table.cdf[i - 1]) / np.where(rise > 0, rise, 1), 0.0)
    share = np.clip(share, 0.0, 1.0)
    width = high - low
    left, right = table.density[i - 1] * width, table.density[i] * width
    t = share
    for _ in range(4):
        s = 1 - t
        value = t * t * (3 - 2 * t) * rise + t * s * (s * left - t * right)
        slope = 6 * t * s * rise + (s * s - 2 * t * s) * left + (t * t - 2 * t * s) * right
        step = np.where(slope > 0, (value - share * rise) / np.where(slope > 0, slope, 1), 0.0)
        t = np.clip(t - step, 0.0, 1.0)
    return low, high, low + t * width


def quantile(relation: Relation, q: Points) -> Any:
    """The smallest ``x`` with ``cdf(x) >= q``, by safeguarded Newton on (cdf, density)."""
    levels = real_points(q, "q")
    flat = levels.ravel()
    if ((flat < 0) | (flat > 1)).any():
        raise InvalidLawError(f"q = {flat[(flat < 0) | (flat > 1)][0]} must lie in [0, 1]")
    values = np.full(flat.shape, np.nan)
    fine = ~np.isnan(flat)
    values[fine] = _quantile(relation, flat[fine])
    refuse_unsolved(flat, values)
    return shaped(values, levels.shape)


def _quantile(relation: Relation, q: Real) -> Real:
    table = quantile_table(relation)
    low, high, x = _inverted(table, q)
    active = np.flatnonzero((high > low) & (q > 0) & (q < 1))
    moves, hidden = np.full(q.shape, np.inf), np.zeros(q.shape, dtype=bool)
    for _ in range(_STEPS):
        if not active.size:
            break
        values, rho = _values_and_density(relation, x[active], thorough=True)
        lost = np.isnan(values)
        if lost.any():
            values[lost] = cdf_values(relation, x[active][lost])
        error = values - q[active]
        hidden[active] |= np.isnan(error)
        above = error >= 0
        high[active] = np.where(above, x[active], high[active])
        low[active] = np.where(above, low[active], x[active])
        with np.errstate(all="ignore"):
            trial = x[active] - error / rho
        middle = _middle(low[active], high[active])
        outside = ~((trial > low[active]) & (trial < high[active]))
        # about an infinite density Newton's steps go to and fro
        outside |= ~(np.abs(trial - x[active]) <= 0.5 * moves[active])
        exact = np.abs(error) <= 2e-16
        trial = np.where(exact, x[active], np.where(outside, middle, trial))
        moves[active] = np.abs(trial - x[active])
        x[active] = trial
        small = moves[active] <= 4e-16 * np.abs(trial)
        done = exact | small | (high[active] - low[active] <= 0)
        active = active[~done]
    if hidden.any():
        x[hidden] = _seen_from_beside(relation, q[hidden], x[hidden])
    _below_the_table(table, q, x)
    intervals = support(relation)
    lowest = -math.inf if math.isinf(intervals[0][0]) else table.x[0]
    highest = math.inf if math.isinf(intervals[-1][1]) else table.x[-1]
    return np.where(q <= 0, lowest, np.where(q >= 1, highest, x))


def _seen_from_beside(relation: Relation, q: Real, x: Real) -> Real:
    """Quantiles where an infinite density hides values: those at their sides enclose the level.

    That may also be so at 0.  NaN where it is not.
    """
    ends = [abs(end) for interval in support(relation) for end in interval if math.isfinite(end)]
    found = np.full(x.shape, np.nan)
    for place in (np.zeros_like(x), x):
        step = _RESOLUTION * np.maximum(np.abs(place), max(ends, default=1.0))
        below, above = cdf_values(relation, place - step), cdf_values(relation, place + step)
        for a, mass in masses(relation):
            at_atom = place == a
            above[at_atom] = cdf_values(relation, place[at_atom])
            below[at_atom] = above[at_atom] - mass
        encloses = (below <= q + _ENCLOSED) & (above >= q - _ENCLOSED)
        found = np.where(encloses, place, found)
    return found


def _below_the_table(table: QuantileTable, q: Real, x: Real) -> None:
    """Quantiles in the power law beside 0, where points are too small for the solver."""
    if table.x[0] != 0 or not 0 < table.x[1] < _TINY:
        return
    rise = table.cdf[1] - table.cdf[0]
    if rise < _TABLE_ERROR or table.density[1] == 0:
        return
    below = (q > table.cdf[0]) & (q < table.cdf[1])
    with np.errstate(under="ignore"):
        share = (q[below] - table.cdf[0]) / rise
        x[below] = table.x[1] * share ** (rise / (table.x[1] * table.density[1]))


def _middle(low: Real, high: Real) -> Real:
    """Halfway, geometrically where a bracket spans powers."""
    wide = (low > 0) & (high > 4 * low)
    middle = 0.5 * (low + high)
    middle[wide] = np.sqrt(low[wide]) * np.sqrt(high[wide])
    return middle


def sample(relation: Relation, size: int | tuple[int, ...] | None, rng: Any) -> Any:
    """Independent draws by inversion of the tabulated distribution function.

    Where the table misses the distribution, as beside very long tails, quantiles are solved for.
    """
    generator = np.random.default_rng(rng)
    levels = np.asarray(generator.random(size))
    if _is_resolved(relation):
        _, _, x = _inverted(quantile_table(relation), levels.ravel())
        return shaped(x, levels.shape)
    return quantile(relation, levels)


@lru_cache(maxsize=1024)
def _is_resolved(relation: Relation) -> bool:
    """Whether the inverted table has the levels it was asked for, where there is no atom."""
    levels = (np.arange(512) + 0.5) / 512
    _, _, x = _inverted(quantile_table(relation), levels)
    missed = np.abs(cdf_values(relation, x) - levels)
    return not (missed[~np.isin(x, [a for a, _ in masses(relation)])] > _UNRESOLVED).any()
