"""Distribution function, quantiles, samples and potentials."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, InvalidLawError
from freesym.parameters import Points
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.bounds import hull
from freesym.spectrum.density import real_points, refuse_unsolved, shaped
from freesym.spectrum.evaluate import has_potential, potential_at_zero, transforms
from freesym.spectrum.existence import require_law
from freesym.spectrum.fading import fades_at_zero, visible_start
from freesym.spectrum.support import (
    Interval,
    continuous_support,
    extent,
    support,
)

Real = NDArray[np.float64]
_NODES = 257
_HALVINGS, _TABLE_ERROR = 12, 1e-8
#: Below this, points are too small for the solver.
_TINY = 1e-280
#: So near to an atom, in units of the width, potentials have lost digits.
_BESIDE = 1e-6
#: By how much the values on both sides of an atom may differ from its mass.
_JUMP = 1e-4
#: Nearer to an atom than this, in units of the width, an edge is at the atom.
_SAME = 1e-9
#: By how much rounded parameters may move an atom, relative to its place.
_ROUNDED = 1e-14
#: So near to an edge, relative to it, values are compared with those a little farther away.
_NEIGHBOUR = 1e-10


def _masses(relation: Relation) -> list[tuple[float, float]]:
    return sorted((float(a), float(m)) for a, m in atoms(relation).items())


def cdf(relation: Relation, x: Points, exact: Callable[[], Relation] | None = None) -> Any:
    """``P(X <= x) = 1 - Im u(x + i0)/pi``, with half of an atom at ``x`` added.

    The relation with exact parameters, if there is one, tells where the atoms are.
    """
    points = real_points(x)
    require_law(relation)
    flat = points.ravel()
    if exact is not None:
        flat = _at_rounded_places(relation, exact, flat)
    values = np.full(flat.shape, np.nan)
    values[flat == np.inf], values[flat == -np.inf] = 1.0, 0.0
    finite = np.isfinite(flat)
    values[finite] = _cdf(relation, flat[finite])
    refuse_unsolved(flat, values)
    return shaped(values, points.shape)


def _at_rounded_places(relation: Relation, exact: Callable[[], Relation], x: Real) -> Real:
    """The points, those that are atoms where rounded parameters put these."""
    rounded = [a for a, _ in _masses(relation)]
    beside = (np.any((x != a) & (np.abs(x - a) <= _ROUNDED * abs(a))) for a in rounded)
    places = [float(a) for a in atoms(exact())] if any(beside) else []
    if len(places) != len(rounded):
        return x
    for place, moved in zip(places, rounded, strict=True):
        x = np.where(x == place, moved, x)
    return x


def _cdf(relation: Relation, x: Real) -> Real:
    locations = [a for a, _ in _masses(relation)]
    lower, upper = hull(relation)
    values = np.full(x.shape, np.nan)
    values[x < lower], values[x > upper] = 0.0, 1.0
    if not has_potential(relation):
        _fill_gaps(relation, x, values)
    least, most = extent(relation) if locations else (0.0, 0.0)
    for a in locations:
        beside = np.isnan(values) & (np.abs(x - a) < _BESIDE * (most - least))
        if beside.any():
            values[beside] = _beside_atom(relation, a, x[beside], most - least)
    wanted = np.isnan(values) & ~np.isin(x, locations)
    if wanted.any():
        u = transforms(relation, x[wanted].astype(np.complex128), potential=True).u
        assert u is not None
        values[wanted] = 1 - u.imag / np.pi
        if relation.any_unknown_side:
            _keep_between_neighbours(relation, x, values)
    missing = np.isnan(values)
    if missing.any():
        points, back = np.unique(x[missing], return_inverse=True)
        values[missing] = np.array([_singular_cdf(relation, point) for point in points])[back]
    return np.asarray(np.clip(values, 0.0, 1.0))


def _keep_between_neighbours(relation: Relation, x: Real, values: Real) -> None:
    """Beside an edge, values lie between those a little farther away on both sides of it.

    There rounding may choose the sides of cuts where half-planes are not known beforehand, which
    changes the value by a multiple of a mass.  Values outside are NaN where the neighbours differ.
    """
    ends = np.unique([end for interval in support(relation) for end in interval])
    gaps = np.diff(ends, prepend=-np.inf, append=np.inf)
    for i, end in enumerate(ends):
        far = min(_NEIGHBOUR * abs(end), 0.1 * gaps[i], 0.1 * gaps[i + 1])
        near = np.isfinite(values) & (np.abs(x - end) <= 0.1 * far)
        if far == 0 or not near.any():
            continue
        u = transforms(relation, np.array([end - far, end + far], dtype=complex), potential=True).u
        assert u is not None
        low, high = 1 - u.imag / np.pi
        outside = near & ~((values >= low) & (values <= high))
        values[outside] = np.clip(values[outside], low, high) if high - low < 1e-12 else np.nan


def _beside_atom(relation: Relation, a: float, x: Real, width: float) -> Real:
    """From a point farther away and the density between, as potentials lose digits at poles.

    At the atom itself the value includes its mass.  NaN where the density is not smooth, so that
    two rules disagree.
    """
    ends = np.array([end for interval in support(relation) for end in interval])
    spread = float(np.ptp(ends[np.isfinite(ends)])) if np.isfinite(ends).any() else 0.0
    width = min(width, spread or width)  # bounds may be much wider
    values = np.full(x.shape, np.nan)
    for side in (-1.0, 1.0):
        here = x < a if side < 0 else x >= a
        if not here.any():
            continue
        # an edge at the atom itself may have been found a little beside it
        away = side * (ends - a)
        room = np.min(away, where=away > _SAME * width, initial=1e-4 * width / 0.5)
        start = a + side * 0.5 * room
        u = transforms(relation, np.array([start], dtype=complex), potential=True).u
        assert u is not None
        areas = [_area(relation, x[here], start, n) for n in (8, 12)]
        found = 1 - u.imag[0] / np.pi + areas[1]
        values[here] = np.where(np.abs(areas[1] - areas[0]) < 1e-12, found, np.nan)
    return values


def _area(relation: Relation, x: Real, start: float, n: int) -> Real:
    """The integral of the density from ``start`` to ``x``, by Gauss's rule."""
    t, weights = np.polynomial.legendre.leggauss(n)
    points = 0.5 * (x[:, None] * (1 + t) + start * (1 - t))
    g = transforms(relation, points.ravel().astype(np.complex128)).g
    return np.asarray(-g.imag.reshape(points.shape) @ weights * (0.5 / np.pi) * (x - start))


def _fill_gaps(relation: Relation, x: Real, values: Real) -> None:
    """Integrated potentials lose digits beside atoms: gaps take the value of their middle."""
    intervals = support(relation)
    starts, ends = np.array(intervals).T
    before = np.searchsorted(starts, x, side="right")
    values[before == 0] = 0.0
    for k in range(1, len(intervals) + 1):
        gap = (before == k) & (x > ends[k - 1])
        if gap.any():
            last = k == len(intervals)
            values[gap] = 1.0 if last else _singular_cdf(relation, float(ends[k - 1]))


def _singular_cdf(relation: Relation, x: float) -> float:
    """The value at an atom, at 0, at an edge: from the gap beside it, or from both sides."""
    intervals = support(relation)
    after = [a for a, _ in intervals if a > x]
    mass = dict(_masses(relation)).get(x, 0.0)
    if not any(a <= x < b for a, b in intervals):
        if not after:
            return 1.0
        before = [b for _, b in intervals if b <= x]
        if mass and min(after) - x < x - max((b for b in before if b < x), default=-math.inf):
            return _value_below(relation, x, intervals) + mass
        return _value_between(relation, max(before), min(after)) if before else 0.0
    if any(a == x < b for a, b in intervals):
        return _value_below(relation, x, intervals) + mass
    return _value_from_both_sides(relation, x, mass)


def _value_between(relation: Relation, a: float, b: float) -> float:
    """The constant value in a gap."""
    middle = math.sqrt(a * b) if a > 0 and b > 4 * a else a + 0.41 * (b - a)
    u = transforms(relation, np.array([middle], dtype=complex), potential=True).u
    assert u is not None
    return float(1 - u.imag[0] / np.pi)


def _value_below(relation: Relation, x: float, intervals: tuple[Interval, ...]) -> float:
    before = [b for _, b in intervals if b < x]
    return _value_between(relation, max(before), x) if before else 0.0


def _value_from_both_sides(relation: Relation, x: float, mass: float) -> float:
    """The mean of both sides is exact to the second order of the step."""
    relative = np.array([1e-15, 1e-13, 1e-11, 1e-9])
    tiny = np.array([1e-300, 1e-100, 1e-30, 1e-17, 1e-14, 1e-12, 1e-9]) * _scale(relation)
    steps = relative * abs(x) if x else tiny
    near = np.stack([x + steps, x - steps]).astype(np.complex128)
    u = transforms(relation, near.ravel(), potential=True, thorough=False).u
    assert u is not None
    both = 1 - u.imag.reshape(near.shape) / np.pi
    known = [k for k in range(len(steps)) if np.isfinite(both[:, k]).all()]
    if not known:
        return math.nan
    # too near to an atom the sides of cuts may be lost: the values must differ by its mass
    right = (k for k in known if abs(both[0, k] - both[1, k] - mass) < _JUMP)
    return float(both[:, next(right, known[0])].mean()) + 0.5 * mass


def _scale(relation: Relation) -> float:
    ends = [abs(e) for i in continuous_support(relation) for e in i if math.isfinite(e)]
    ends += [abs(a) for a, _ in _masses(relation)]
    return max(ends, default=1.0) or 1.0


def log_potential(relation: Relation, x: Points) -> Any:
    """``E log|x - X| = Re u(x + i0)``."""
    points = real_points(x)
    flat = points.ravel()
    values = np.full(flat.shape, np.nan)
    values[np.isinf(flat)] = np.inf
    finite = np.isfinite(flat)
    u = transforms(relation, flat[finite].astype(np.complex128), potential=True).u
    assert u is not None
    real = u.real
    real[np.isnan(real) & (flat[finite] == 0)] = potential_at_zero(relation).real
    for location, _ in _masses(relation):
        real[flat[finite] == location] = -np.inf
    values[finite] = real
    refuse_unsolved(flat, values)
    return shaped(values, points.shape)


def log_determinant(relation: Relation) -> float:
    """``E log|X|``, as a limit where 0 is an end of the support."""
    if any(a == 0.0 for a, _ in _masses(relation)):
        return -math.inf
    at_zero = potential_at_zero(relation)
    if np.isfinite(at_zero):
        return float(at_zero.real)
    near = np.array([1e-300, 1e-100, 1e-50, 1e-30, 1e-20, 1e-15, 1e-13]) * _scale(relation)
    both = np.stack([near, -near], axis=1).ravel().astype(np.complex128)
    u = transforms(relation, both, potential=True, thorough=False).u
    assert u is not None
    if not np.isfinite(u).any():
        raise ConvergenceError("the log-determinant has no verified value", (0.0,))
    return float(u.real[np.isfinite(u)][0])


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
    found = transforms(relation, x.astype(np.complex128), potential=True, thorough=False)
    assert found.u is not None
    values, rho = 1 - found.u.imag / np.pi, -found.g.imag / np.pi
    good = np.isfinite(values) & np.isfinite(rho)
    return x[good], np.clip(values[good], 0, 1), np.maximum(rho[good], 0)


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
        table = tuple(np.concatenate(pair) for pair in zip(table, fresh, strict=True))  # type: ignore[assignment]
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
            end_values[0] = min(end_values[0], _cdf(relation, np.zeros(1))[0])
        columns.append((x, values, rho))
        columns.append((ends, end_values, np.zeros(len(ends))))
    for location, mass in _masses(relation):
        top = float(_cdf(relation, np.array([location]))[0])
        columns.append((np.full(2, location), np.array([top - mass, top]), np.zeros(2)))
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
    return shaped(values, levels.shape)


def _quantile(relation: Relation, q: Real) -> Real:
    table = quantile_table(relation)
    low, high, x = _inverted(table, q)
    active = np.flatnonzero((high > low) & (q > 0) & (q < 1))
    for _ in range(60):
        if not active.size:
            break
        found = transforms(relation, x[active].astype(np.complex128), potential=True)
        assert found.u is not None
        error = (1 - found.u.imag / np.pi) - q[active]
        rho = -found.g.imag / np.pi
        above = error >= 0
        high[active] = np.where(above, x[active], high[active])
        low[active] = np.where(above, low[active], x[active])
        with np.errstate(all="ignore"):
            trial = x[active] - error / rho
        middle = _middle(low[active], high[active])
        outside = ~((trial > low[active]) & (trial < high[active]))
        exact = np.abs(error) <= 2e-16
        trial = np.where(exact, x[active], np.where(outside, middle, trial))
        moved = np.abs(trial - x[active])
        x[active] = trial
        small = moved <= 4e-16 * np.abs(trial)
        done = exact | small | (high[active] - low[active] <= 0)
        active = active[~done]
    _below_the_table(table, q, x)
    intervals = support(relation)
    lowest = -math.inf if math.isinf(intervals[0][0]) else table.x[0]
    highest = math.inf if math.isinf(intervals[-1][1]) else table.x[-1]
    return np.where(q <= 0, lowest, np.where(q >= 1, highest, x))


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
    """Independent draws by inversion of the tabulated distribution function."""
    generator = np.random.default_rng(rng)
    levels = np.asarray(generator.random(size))
    _, _, x = _inverted(quantile_table(relation), levels.ravel())
    return shaped(x, levels.shape)
