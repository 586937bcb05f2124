"""The support of the continuous part: every interval, every gap, edges to full precision.

Outside the support the solver returns exactly real solutions, so membership is a sign, not
a threshold.  Between two points outside, the distribution function (exact, from the
log-potential) says whether anything was missed; between points inside, the minima of the
density are followed down until they are seen to be positive or a gap opens.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from freesym.errors import ConvergenceError, InvalidLawError
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.solve.solver import solver
from freesym.spectrum import atoms as atoms_module
from freesym.spectrum.bounds import hull
from freesym.spectrum.composition import preimages
from freesym.spectrum.evaluate import has_potential, transforms
from freesym.spectrum.fading import fades_at_zero, visible_start
from freesym.spectrum.intervals import Interval, ending_at_zero, inverted, nearest, union

Real = NDArray[np.float64]

_LINEAR, _GEOMETRIC, _ZOOM = 385, 129, 33
_RESOLUTION, _TAIL = 1e-8, 1e6
#: Steps of the density that may hide gaps, how narrow in units of the width, and how often divided.
_STEEP, _NARROW, _STEPS = 2.0, 1e-5, 3
_NOISE, _CLOSED = 1e-9, 1e-7
#: The share of an edge by which an infinite density there is extrapolated from inside.
_INWARD = 1e-6
#: Off simple numbers, which may be edges: exactly there nothing is known of either side.
_OFF = 1.0837
#: The mass of bands that may be overlooked where only the density tells.
_MISSING = 1e-3
#: Nearer to a bound at 0 than this many times the nearest solved point nothing may be resolved.
_UNRESOLVED, _PROBES = 1e-6, 6
#: Below this share of the upper bound an edge is not looked for where there is less than this mass.
_FADED_PLACE, _FADED = 1e-20, 1e-12


def support(relation: Relation) -> tuple[Interval, ...]:
    """The intervals of the support, atoms included as intervals of length 0."""
    intervals = [(float(a), float(b)) for a, b in continuous_support(relation)]
    for location in atoms_module.atoms(relation):
        x = float(location)
        if not any(a <= x <= b for a, b in intervals):
            intervals.append((x, x))
    if not (intervals or relation.assumed):
        raise ConvergenceError(f"no part of the spectrum of {relation!r} was found")
    if not intervals:
        raise InvalidLawError(
            f"{relation!r} has no spectrum: a deconvolution, a power below 1 or a formula like "
            "this is no probability law"
        )
    return tuple(sorted(intervals))


def edges(relation: Relation) -> tuple[float, ...]:
    """The end points of the continuous part, ascending."""
    return tuple(float(end) for interval in continuous_support(relation) for end in interval)


@lru_cache(maxsize=1024)
def continuous_support(relation: Relation) -> tuple[Interval, ...]:
    """The intervals that carry the absolutely continuous part."""
    match relation:
        case Constant():
            return ()
        case nodes.Affine():
            return _mapped(relation)
        case nodes.NegativeInverse():
            return inverted(continuous_support(relation.child))
        case nodes.SymmetricSquare():
            inner = continuous_support(relation.child)
            return union([(max(a, 0.0) ** 2, b * b) for a, b in inner if b > 0])
        case nodes.Reshape():
            return continuous_support(relation.child)
        case nodes.Mixture():
            return union([i for c in relation.components for i in continuous_support(c)])
        case nodes.Boolean():
            return union([i for term in relation.terms for i in continuous_support(term)])
        case nodes.Monotone():
            return monotone_support(relation)
        case Leaf():
            known = getattr(relation, "continuous_support", None)
            if known is not None:
                intervals: tuple[Interval, ...] = known()
                return intervals
    return _Scan(relation).intervals()


def monotone_support(relation: nodes.Monotone) -> tuple[Interval, ...]:
    """Where the inner law has a density, and where ``1/G_inner`` meets the outer's support."""
    inner = continuous_support(relation.inner)
    outer = continuous_support(relation.outer)
    found = union([*inner, *preimages(relation.inner, gaps_of(relation), outer)])
    least, most = hull(relation)
    return tuple((max(a, least), min(b, most)) for a, b in found)


def gaps_of(relation: nodes.Monotone) -> list[Interval]:
    """Where the inner law has no density, a little beyond the bounds of the whole."""
    return _gaps(continuous_support(relation.inner), extent(relation))


def extent(relation: Relation) -> Interval:
    """The hull; where the tree bounds nothing, as for powers below 1, a width beyond the edges."""
    bounds = hull(relation)
    if all(map(math.isfinite, bounds)):
        return bounds
    if isinstance(relation, (nodes.Boolean, nodes.Monotone)):
        parts = [extent(child) for child in relation.children]
        return sum(min(a, 0.0) for a, _ in parts), sum(max(b, 0.0) for _, b in parts)
    places = [end for interval in continuous_support(relation) for end in interval]
    places += map(float, atoms_module.atoms(relation))
    ends = [place for place in places if math.isfinite(place)] or [0.0]
    low, high = min(ends), max(ends)
    width = high - low or 1.0
    return max(bounds[0], low - width), min(bounds[1], high + width)


def _gaps(intervals: tuple[Interval, ...], bounds: Interval) -> list[Interval]:
    """The complement of the intervals within slightly more than the bounds."""
    pad = 1.0 + 0.1 * (bounds[1] - bounds[0])
    ends = [bounds[0] - pad, *(e for i in intervals for e in i), bounds[1] + pad]
    return [(a, b) for a, b in zip(ends[::2], ends[1::2], strict=True) if b > a]


def _mapped(relation: nodes.Affine) -> tuple[Interval, ...]:
    pairs = []
    for interval in continuous_support(relation.child):
        ends = [relation.scale * end + relation.shift for end in interval]
        pairs.append((min(ends), max(ends)))
    return tuple(sorted(pairs))


class _Scan:
    """The search for the intervals of one solved relation."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.x: Real = np.zeros(0)
        self.rho: Real = np.zeros(0)
        self.cdf: Real = np.zeros(0)
        self.atoms = np.array([float(a) for a in atoms_module.atoms(relation)])
        self.hard = np.array(atoms_module.hard_places(relation))
        self.has_cdf = has_potential(relation)
        self.fades = self.has_cdf and fades_at_zero(relation)

    # ------------------------------------------------------------------ evaluation

    def _at(self, x: Real) -> tuple[Real, Real]:
        found = transforms(
            self.relation, x.astype(np.complex128), potential=self.has_cdf, thorough=False
        )
        cdf = 1 - found.u.imag / np.pi if found.u is not None else np.zeros_like(x)
        lower, upper = hull(self.relation)
        beyond = (x < lower) | (x > upper)
        return np.where(beyond, 0.0, -found.g.imag / np.pi), np.where(beyond, x > upper, cdf)

    def add(self, x: Real) -> None:
        """Evaluate at more points and keep all of them in order."""
        fresh = np.setdiff1d(x, self.x)
        # at an atom the transform has a pole, which says nothing about the density
        noise = 1e-14 * np.abs(fresh[:, None])
        fresh = fresh[(np.abs(fresh[:, None] - self.atoms) > noise).all(axis=1)]
        rho, cdf = self._at(fresh)
        good = np.isfinite(rho)
        order = np.argsort(np.concatenate([self.x, fresh[good]]), kind="stable")
        self.x = np.concatenate([self.x, fresh[good]])[order]
        self.rho = np.concatenate([self.rho, rho[good]])[order]
        self.cdf = np.concatenate([self.cdf, cdf[good]])[order]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which points lie in the support."""
        return np.asarray(self.rho != 0.0)

    # ------------------------------------------------------------------ the search

    def intervals(self) -> tuple[Interval, ...]:
        """All intervals."""
        lower, upper = self._window()
        finite_lower = lower if math.isfinite(lower) else -1e12
        finite_upper = upper if math.isfinite(upper) else 1e12
        self.add(self._grid(finite_lower, finite_upper))
        self._find_hidden_bands()
        self._find_hidden_gaps()
        found = self._bracketed(lower, upper)
        for refinement in () if self.has_cdf else (8, 64):
            if self._is_complete(found):
                break
            self.add(np.linspace(finite_lower, finite_upper, refinement * _LINEAR))
            self._find_hidden_gaps()
            found = self._bracketed(lower, upper)
        far = _TAIL * solver(self.relation).first[0]  # tails that end there end in rounding
        if found and math.isinf(lower) and found[0][0] < -far:
            found = ((lower, found[0][1]), *found[1:])
        if found and math.isinf(upper) and found[-1][1] > far:
            found = (*found[:-1], (found[-1][0], upper))
        # refined edges may leave the bounds by rounding
        least, most = hull(self.relation)
        return tuple((max(a, least), min(b, most)) for a, b in found)

    def _is_complete(self, intervals: tuple[Interval, ...]) -> bool:
        """Whether density and atoms have mass 1, where no distribution function tells."""
        from freesym.spectrum.existence import mass

        # NaN, where too little is known, says nothing
        return not mass(self.relation, intervals) < 1 - _MISSING

    def _window(self) -> Interval:
        a, b = hull(self.relation)
        scale = solver(self.relation).first[0]
        if not self.has_cdf and math.isfinite(b - a):
            # without a distribution function a band beside a wide gap would be missed
            return min(a, 0.0), max(b, 0.0)
        upper = self._outer(1.0, scale, b)
        if self.fades:
            return 0.0, upper
        lower = 0.0 if a >= 0 else -self._outer(-1.0, scale, -a)
        return lower, upper

    def _outer(self, sign: float, scale: float, bound: float) -> float:
        """The first point of a geometric sequence beyond which nothing lies."""
        first = -4 if self.fades else -30
        x = np.asarray(sign * scale * _OFF * 2.0 ** np.arange(first, 100, 2), dtype=np.float64)
        rho, cdf = self._at(x)
        beyond = rho == 0.0
        if self.has_cdf:
            beyond &= np.abs(cdf - (1.0 if sign > 0 else 0.0)) < 1e-7
        outside = np.flatnonzero(~beyond)
        last = outside[-1] + 1 if outside.size else 0
        # tails that reach so far only end in rounding
        if last >= len(x) or (not math.isfinite(bound) and abs(x[last]) > 1e9 * scale):
            return math.inf if not math.isfinite(bound) else bound
        return float(min(abs(x[last]), max(bound, 0.0))) if math.isfinite(bound) else abs(x[last])

    def _grid(self, lower: float, upper: float) -> Real:
        width = upper - lower
        if self.fades:
            start = min(visible_start(self.relation), 0.5 * upper)
            inner = [np.linspace(start, upper, _LINEAR), np.geomspace(start, upper, _GEOMETRIC)]
            return np.concatenate([*inner, [upper + 0.01 * width]])
        grid = [np.linspace(lower, upper, _LINEAR)]
        ratios = np.geomspace(1e-13, 1.0, _GEOMETRIC)
        if lower >= 0:
            grid += [upper * ratios, upper * np.geomspace(1e-290, 1e-13, 60)]
        elif lower < 0 < upper:
            grid += [upper * ratios, lower * ratios]
        beyond = [upper + 0.01 * width] + ([lower - 0.01 * width] if lower != 0 else [])
        if math.isfinite(width):
            near = width * np.geomspace(1e-8, 1e-2, 13)
            around = self.atoms[:, None] + np.concatenate([-near[::-1], near])
            grid.append(around[(around > lower) & (around < upper)])
        points = np.concatenate([*grid, beyond])
        return points[points > 0.0] if lower == 0 else points

    def _find_hidden_bands(self) -> None:
        """Bisect between outside points whose distribution functions differ."""
        if not self.has_cdf:
            return
        jumps = {float(a): float(m) for a, m in atoms_module.atoms(self.relation).items()}
        width = self.x[-1] - self.x[0]
        for _ in range(60):
            both = ~self.inside[1:] & ~self.inside[:-1]
            missing = np.diff(self.cdf)
            for location, mass in jumps.items():
                cell = np.searchsorted(self.x, location) - 1
                if 0 <= cell < len(missing):
                    missing[cell] -= mass
            gaps = both & (np.abs(missing) > 1e-9) & (np.diff(self.x) > 1e-13 * width)
            if not gaps.any():
                return
            cells = np.flatnonzero(gaps)
            shares, known = np.arange(1, 8) / 8, len(self.x)
            new = self.x[cells, None] + shares * np.diff(self.x)[cells, None]
            self.add(new.ravel())
            if len(self.x) == known:  # nothing there can be solved
                return

    def _find_hidden_gaps(self) -> None:
        """Zoom into the minima of the density until they are positive, or a gap opens."""
        self._find_gaps_in_steps()
        width = self.x[-1] - self.x[0]
        cells = self._minima()
        depth = 0
        while cells and depth < 9:
            depth += 1
            new = [np.linspace(a, b, 17)[1:-1] for a, b, _ in cells]
            self.add(np.concatenate(new))
            following = []
            for a, b, rho in cells:
                found = self._minimum_in(a, b)
                if found is None or found[1] - found[0] < _RESOLUTION * width:
                    continue
                if found[2] < 0.9 * rho:
                    following.append(found)
            cells = following

    def _find_gaps_in_steps(self) -> None:
        """Look between points where the density falls or rises by much: a gap may hide there."""
        for _ in range(_STEPS):
            low, high = (f(self.rho[:-1], self.rho[1:]) for f in (np.minimum, np.maximum))
            steep = (low > 0) & (high > _STEEP * low)
            steep &= np.diff(self.x) > _NARROW * (self.x[-1] - self.x[0])
            if not steep.any():
                return
            start, end = self.x[:-1][steep], self.x[1:][steep]
            self.add(np.linspace(start, end, 9)[1:-1].ravel())

    def _minima(self) -> list[tuple[float, float, float]]:
        x, rho = self.x, self.rho
        low = (rho[1:-1] > 0) & (rho[1:-1] <= rho[:-2]) & (rho[1:-1] <= rho[2:])
        low &= (rho[:-2] > 0) & (rho[2:] > 0)
        return [(x[i], x[i + 2], rho[i + 1]) for i in np.flatnonzero(low)]

    def _minimum_in(self, a: float, b: float) -> tuple[float, float, float] | None:
        cell = np.flatnonzero((self.x >= a) & (self.x <= b))
        rho = self.rho[cell]
        if (rho == 0).any():
            return None
        i = int(cell[np.argmin(rho)])
        if i in (cell[0], cell[-1]):
            return None
        return self.x[i - 1], self.x[i + 1], self.rho[i]

    # ------------------------------------------------------------------ edges

    def _bracketed(self, lower: float, upper: float) -> tuple[Interval, ...]:
        inside = self.inside
        rises = np.flatnonzero(~inside[:-1] & inside[1:])
        falls = np.flatnonzero(inside[:-1] & ~inside[1:])
        brackets = [(self.x[i], self.x[i + 1]) for i in rises]
        brackets += [(self.x[i + 1], self.x[i]) for i in falls]
        brackets, unresolved = self._at_bounds(brackets)
        found = sorted([*unresolved, *(self._refined(brackets) if brackets else [])])
        if len(inside) and inside[0]:
            found.insert(0, 0.0 if lower == 0.0 else lower)
        if len(inside) and inside[-1]:
            found.append(upper)
        intervals = list(zip(found[::2], found[1::2], strict=True))
        return self._without_noise([ending_at_zero(*interval) for interval in intervals])

    def _at_bounds(self, brackets: list[Interval]) -> tuple[list[Interval], list[float]]:
        """Brackets to refine, and the bounds of the spectrum that nothing else is known of.

        Beside a bound at 0 points may be too small to be solved, all the way to the density, or
        what lies there has faded: where it begins nobody can tell.
        """
        bound, upper = hull(self.relation)
        kept, found = [], []
        for out, into in brackets:
            tiny = math.isfinite(upper) and 0.0 <= bound <= into < _FADED_PLACE * upper
            if tiny and self._mass_up_to(into) < _FADED:
                found.append(bound)
                continue
            if 0.0 <= bound < _UNRESOLVED * into and out <= bound:
                start = max(bound, np.finfo(float).tiny)
                rho, _ = self._at(np.geomspace(start, into, _PROBES + 2)[1:-1])
                if np.isnan(rho).all():
                    found.append(bound)
                    continue
            kept.append((out, into))
        return kept, found

    def _mass_up_to(self, x: float) -> float:
        """The distribution function at a point of the scan; infinite where there is none."""
        return float(self.cdf[np.searchsorted(self.x, x)]) if self.has_cdf else math.inf

    def _is_noise(self, a: float, b: float, width: float) -> bool:
        """A narrow band whose density integrates to nothing."""
        if b - a > 1e-7 * width:
            return False
        rho, _ = self._at(np.linspace(a, b, 11)[1:-1])
        return bool(np.nanmean(np.append(rho, 0.0)) * (b - a) < 1e-6)

    def _without_noise(self, intervals: list[Interval]) -> tuple[Interval, ...]:
        """Close gaps below the resolution and drop bands without mass.

        Within about 1e-8 of a cusp, and of an atom, rounding decides the sign.
        """
        if len(intervals) < 2:
            return tuple(intervals)
        width = intervals[-1][1] - intervals[0][0]
        smallest = _CLOSED * (width if math.isfinite(width) else 1.0)
        merged = union([(a - 0.5 * smallest, b + 0.5 * smallest) for a, b in intervals])
        closed = [(a + 0.5 * smallest, b - 0.5 * smallest) for a, b in merged]
        ends = [end for interval in intervals for end in interval]
        exact = [(nearest(ends, a), nearest(ends, b)) for a, b in closed]
        if not self.has_cdf:
            return tuple(interval for interval in exact if not self._is_noise(*interval, width))
        middles, between = self._known_between(exact)
        cdf = np.concatenate([[0.0], between, [1.0]])
        masses = {float(x): float(m) for x, m in atoms_module.atoms(self.relation).items()}
        limits = [-math.inf, *middles, math.inf]
        kept = []
        for i, (a, b) in enumerate(exact):
            atomic = sum(m for x, m in masses.items() if limits[i] < x <= limits[i + 1])
            if not cdf[i + 1] - cdf[i] - atomic <= _NOISE:  # NaN says nothing
                kept.append((a, b))
        return tuple(kept)

    def _known_between(self, intervals: list[Interval]) -> tuple[Real, Real]:
        """A point in every gap, and the distribution function there; NaN if it is unknown in all.

        The midpoint is not among them: a symmetric law has the zero of its Cauchy transform there.
        """
        low = np.array([end for _, end in intervals[:-1]])
        high = np.array([start for start, _ in intervals[1:]])
        points = low + np.array([0.59, 0.27, 0.73, 0.12, 0.88])[:, None] * (high - low)
        cdf = self._at(points.ravel())[1].reshape(points.shape)
        best, gaps = (~np.isnan(cdf)).argmax(axis=0), np.arange(len(low))
        return points[best, gaps], cdf[best, gaps]

    def _refined(self, brackets: list[Interval]) -> list[float]:
        """Edges from (outside, inside) pairs: zoom on the sign, then extrapolate.

        Where the density is infinite at the edge that is done from inside.
        """
        out, into = (np.array(column) for column in zip(*brackets, strict=True))
        out, into = self._zoomed(out, into, 1e-10)
        found = [
            self._diverging(a, b) if edge is None else edge
            for edge, a, b in zip(map(self._extrapolated, out, into), out, into, strict=True)
        ]
        singular = np.array([edge is None for edge in found])
        if singular.any():
            out, into = self._zoomed(out[singular], into[singular], 1e-14)
            rest = iter(0.5 * (out + into))
            found = [float(next(rest)) if edge is None else edge for edge in found]
        return [self._moved_to_hard_place(edge) for edge in found if edge is not None]

    def _moved_to_hard_place(self, edge: float) -> float:
        found = self.hard[np.abs(self.hard - edge) < _CLOSED * np.ptp(self.x)]
        return float(found[0]) if found.size else edge

    def _zoomed(self, out: Real, into: Real, width: float) -> tuple[Real, Real]:
        """Narrow all brackets at once, by the sign of what lies on a grid in each."""
        share = np.linspace(0.0, 1.0, _ZOOM)
        for _ in range(12):
            if (np.abs(into - out) <= width * np.maximum(np.abs(into), np.abs(out))).all():
                break
            quotient = into / np.where(out == 0, np.inf, out)
            geometric = (quotient > 4) | ((quotient > 0) & (quotient < 0.25))
            ratio = np.where(geometric, quotient, 1.0)
            grid = np.where(
                geometric[:, None], out[:, None] * ratio[:, None] ** share,
                out[:, None] + share * (into - out)[:, None],
            )  # fmt: skip
            rho, _ = self._at(grid.ravel())
            inside = (np.where(np.isnan(rho), 0.0, rho) != 0.0).reshape(grid.shape)
            inside[:, 0], inside[:, -1] = False, True
            first = inside.argmax(axis=1)
            rows = np.arange(len(out))
            out, into = grid[rows, first - 1], grid[rows, first]
        return out, into

    def _extrapolated(self, out: float, into: float) -> float | None:
        """The zero of ``(dz/ds)^2``, which is linear in the distance outside an edge."""
        step = max(4 * abs(into - out), 1e-11 * abs(out))
        direction = 1.0 if out > into else -1.0
        x = out + direction * step * np.array([1.0, 2.0, 4.0])
        found = solver(self.relation).solve(x.astype(np.complex128), thorough=False)
        with np.errstate(all="ignore"):
            f = (1 / found.rates[0] ** 2).real
            slope = (f[1] - f[0]) / (x[1] - x[0])
            edge = x[0] - f[0] / slope
            # not so where the density is infinite at the edge
            regular = abs(f[2] - f[0] - slope * (x[2] - x[0])) < 1e-3 * abs(f[2])
        near = found.verified.all() and regular and abs(edge - 0.5 * (out + into)) <= 4 * step
        return float(edge) if near else None

    def _diverging(self, out: float, into: float) -> float | None:
        """The zero of ``1/rho^2``, simple where the density grows like an inverse root.

        It is found by inverse interpolation from the inside, by three points and by four.
        """
        step = _INWARD * (abs(into) if into > out else -abs(into))
        places = np.arange(1.0, 5.0)
        rho, _ = self._at(into + step * places)
        with np.errstate(all="ignore"):
            f = 1 / rho**2
            three, four = (_at_zero(f[:k], places[:k]) for k in (3, 4))
        sure = abs(four) < 0.5 and abs(four - three) < _INWARD
        return float(into + step * four) if sure else None


def _at_zero(x: Real, y: Real) -> float:
    """The value at 0 of the polynomial through some points."""
    weights = [math.prod(b / (b - a) for b in np.delete(x, i)) for i, a in enumerate(x)]
    return float(np.dot(weights, y))
