"""The law of the squared slope of an activation at normal pre-activations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from freesym.errors import InvalidLawError
from freesym.law import Law
from freesym.laws import Bernoulli, Discrete, PointMass, TwoPoint, _measures
from freesym.laws._models import rotated
from freesym.laws.leaf import LeafLaw
from freesym.lazy import LazyModule
from freesym.lowering.measure import FittedMeasure, MeasureTable, raw_moments
from freesym.lowering.reweighted import Geometry, Reweighted, Zone, fit_geometry
from freesym.nets.activations import Activation
from freesym.nets.gaussian_integrals import level_of, table
from freesym.nets.normal import upper
from freesym.parameters import POSITIVE, Number, checked, number_repr, parameter, to_float
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf

sympy: Any = LazyModule("sympy")

Floats = NDArray[np.float64]
Slope = Callable[[Floats], Floats]
_REACH = 9.5  # the normal mass beyond is 2e-21
_DEGREE = 13


@dataclass(frozen=True, repr=False)
class SlopeLaw(CauchyLeaf, LeafLaw):
    """The law of ``phi'(h)^2`` for normal ``h`` of variance ``q``.

    Parameters
    ----------
    activation : Activation
    q : positive number

    Notes
    -----
    ``G(z) = E 1/(z - phi'(h)^2)``, integrated over panels on which the slope is monotone.
    They depend on the activation alone and serve all variances within a factor of 4.

    Examples
    --------
    >>> from freesym.nets import Tanh
    >>> print(round(SlopeLaw(Tanh(), 1).cdf(0.5), 12))
    0.544617287142
    """

    activation: Activation
    q: Number = parameter(POSITIVE)
    #: The variable that the formula is a function of.
    base: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        if not isinstance(self.activation, Activation):
            raise InvalidLawError("SlopeLaw: give an Activation, such as nets.Tanh()")
        object.__setattr__(self, "q", checked(self.q, POSITIVE, "SlopeLaw", "q"))
        to_float(self.q)

    def numeric(self) -> SlopeLaw:
        """The law itself."""
        return self

    def __repr__(self) -> str:
        return f"SlopeLaw({self.activation!r}, {number_repr(self.q)})"

    @cached_property
    def function(self) -> Any:
        """The squared slope as a formula of a standard normal variable; None if there is none."""
        t = sympy.Symbol("t", real=True)
        q = sympy.Rational(self.q) if isinstance(self.q, float) else sympy.sympify(self.q)
        slope = self.activation.slope_formula(sympy.sqrt(q) * t)
        return None if slope is None or not slope.has(t) else slope**2

    @cached_property
    def _table(self) -> MeasureTable:
        return _tabulated(self.activation, float(self.q))

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Quadrature over the panels."""
        return measure_transform(w, self._table)

    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - X)``."""
        return measure_potential(w, self._table)

    @property
    def _geometry(self) -> FittedMeasure:
        geometry = _template(self.activation, level_of(float(self.q))).geometry
        values = np.array([value for value, _, _ in geometry.flat])
        return FittedMeasure(np.unique(values), values, geometry.panels)

    def hull(self) -> tuple[float, float]:
        """The range of the squared slope, up to its limits at infinity."""
        reach = _REACH * 2.0 ** (level_of(float(self.q)) + 1)
        ends = [*_measures.extent(self._geometry), *_limits(self.activation, reach)]
        return min(ends), max(ends)

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The range of the squared slope where it is not constant."""
        intervals = list(_measures.intervals(self._geometry))
        ends, atoms = self.hull(), self.point_masses()
        if not intervals:
            return ()
        low, high = (end if end not in atoms else None for end in ends)
        first, last = intervals[0], intervals[-1]
        intervals[0] = (first[0] if low is None else low, first[1])
        intervals[-1] = (intervals[-1][0], last[1] if high is None else high)
        return tuple(intervals)

    @property
    def fades_at_zero(self) -> bool:
        """Whether slopes come arbitrarily near to 0, but with next to no mass there."""
        return self.hull()[0] == 0 and 0.0 not in self.point_masses()

    def point_masses(self) -> dict[Number, Number]:
        """The squared slopes of straight pieces."""
        from freesym.kernels import layout
        from freesym.lowering.measure import sources

        table = _tabulated(self.activation, float(self.q))
        points, weights = sources(table)
        count = int(table.integers[layout.ATOM_COUNT])
        return dict(zip(points[:count].tolist(), weights[:count].tolist(), strict=True))

    def known_moments(self, n: int) -> list[Number]:
        """``E phi'(h)^(2k)``."""
        return [float(m) for m in raw_moments(self._table, n)[1:]]

    def sample_matrix(self, n: int, rng: Any = None) -> Floats:
        """The squared slopes at equally spaced quantiles of ``h``, in a Haar basis."""
        return rotated(stratified_slopes(self.activation, float(self.q), n) ** 2, rng)


def _limits(activation: Activation, reach: float) -> list[float]:
    """The squared slope far out on both sides."""
    far = 1e4 * max(1.0, reach)
    with np.errstate(all="ignore"):
        squares = np.asarray(activation.derivative(np.array([-far, far]))) ** 2
    return [0.0 if x < 1e-30 else float(x) for x in squares.tolist() if math.isfinite(x)]


def stratified_slopes(activation: Activation, q: float, n: int) -> Floats:
    """Slopes at the ``n`` equally spaced quantiles of a normal variable of variance ``q``."""
    from statistics import NormalDist

    levels = (np.arange(n) + 0.5) / n
    h = np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])
    return np.asarray(activation.derivative(math.sqrt(q) * h), dtype=float)


# ---------------------------------------------------------------------------------- geometry


@lru_cache(maxsize=64)
def _template(activation: Activation, level: int) -> Reweighted:
    geometry = _resolved(activation, level)
    if not geometry.panels:
        raise InvalidLawError(
            f"SlopeLaw: {activation.name} has constant slopes between its kinks, so that the law "
            "has atoms alone; take activation.slope_law(q)"
        )
    even = _is_even(activation, level)
    density, masses = _weights(geometry.places, geometry.flat, 2 * 4.0**level, even=even)
    return Reweighted.build(geometry, density, masses)


def squared_slope_law(activation: Activation, q: Number) -> Law:
    """The law of ``phi'(h)^2``: atoms alone if the slope is constant between its kinks.

    Examples
    --------
    >>> import sympy
    >>> from freesym.nets import activation_named
    >>> x = sympy.Symbol("x")
    >>> squared_slope_law(activation_named(sympy.Max(x, 0) - 1), 0.3)
    Bernoulli(p=0.5)
    """
    variance = to_float(checked(q, POSITIVE, "slope law", "q"))
    level = level_of(variance)
    geometry = _resolved(activation, level)
    if geometry.panels:
        return SlopeLaw(activation, q)
    even = _is_even(activation, level)
    _, masses = _weights(geometry.places, geometry.flat, variance, even=even)
    # the slopes themselves, not what polynomials on panels make of them
    middles = np.array([0.5 * (start + stop) for _, start, stop in geometry.flat])
    values = np.asarray(activation.derivative(middles), dtype=float) ** 2
    return _atomic(values.tolist(), masses.tolist(), activation.noise)


def _atomic(values: list[float], masses: list[float], noise: float) -> Law:
    """Atoms, those that differ by rounding alone in one."""
    found: dict[float, float] = {}
    for value, mass in sorted(zip(values, masses, strict=True)):
        nearest = round(value)
        place = float(nearest) if abs(value - nearest) <= noise else value
        last = next(reversed(found), math.nan)
        place = last if abs(place - last) <= 2 * noise * abs(place) else place
        found[place] = found.get(place, 0.0) + mass
    total = math.fsum(found.values())
    points = {place: mass / total for place, mass in found.items() if mass > 0}
    match list(points):
        case [a]:
            return PointMass(a)
        case [0.0, 1.0]:
            return Bernoulli(points[1.0])
        case [a, b]:
            return TwoPoint(a, b, points[b])
    return Discrete(tuple(points), tuple(points.values()))


@lru_cache(maxsize=64)
def _resolved(activation: Activation, level: int) -> Geometry:
    unit = 2.0**level
    reach = _REACH * 2 * unit
    even = _is_even(activation, level)
    zeros = [z for z in _slope_zeros(activation, level) if z >= 0 or not even]
    cuts = {k for k in activation.breakpoints if abs(k) < reach} | {0.0, -reach, reach}
    low = 0.0 if even else -reach
    largest = float(np.abs(table(activation, level).slope).max())
    slope: Slope = activation.derivative
    if activation.noise:
        slope = _smoothed(activation, level)
        ends = table(activation, level).ends
        cuts |= set(ends[np.abs(ends) < reach].tolist())
    zones = _zones(activation, slope, zeros, sorted(cuts), low, reach, unit)
    try:
        return fit_geometry(zones, largest**2)
    except ValueError as error:
        raise InvalidLawError(f"the squared slope of {activation.name}: {error}") from error


def _is_even(activation: Activation, level: int) -> bool:
    x = np.linspace(0.01, 1.0, 101) * _REACH * 2.0**level
    return bool(np.array_equal(activation.derivative(x) ** 2, activation.derivative(-x) ** 2))


def _weights(
    places: Floats, flat: tuple[tuple[float, float, float], ...], q: float, *, even: bool
) -> tuple[Floats, Floats]:
    double = 2.0 if even else 1.0
    density = double * np.exp(places * places / (-2 * q)) / math.sqrt(2 * math.pi * q)
    ends = np.array([(a, b) for _, a, b in flat]).reshape(-1, 2) / math.sqrt(q)
    sides = np.where(ends[:, :1] < 0, -1.0, 1.0)
    # from the tail that is the smaller
    masses = np.abs(upper(sides[:, 0] * ends[:, 0]) - upper(sides[:, 0] * ends[:, 1]))
    return density, double * masses


@lru_cache(maxsize=2048)
def _tabulated(activation: Activation, q: float) -> MeasureTable:
    level = level_of(q)
    template = _template(activation, level)
    density, masses = _weights(template.geometry.places, template.geometry.flat, q,
                               even=_is_even(activation, level))  # fmt: skip
    return template.with_density(density, masses)


def _slope_zeros(activation: Activation, level: int) -> list[float]:
    """Where the slope crosses 0 smoothly."""
    found = table(activation, level)
    ends = found.ends[np.abs(found.ends) <= _REACH * 2.0 ** (level + 1)]
    slope = np.asarray(activation.derivative(ends))
    zeros = []
    for i in np.flatnonzero((slope[:-1] * slope[1:] < 0) | (slope[:-1] == 0)):
        a, b = float(ends[i]), float(ends[i + 1])
        if b - a > 1e-9:
            root = _bisected(activation, a, b)
            if root is not None and min((abs(root - k) for k in activation.breakpoints),
                                        default=1.0) > 1e-6:  # fmt: skip
                zeros.append(root)
    return zeros


def _bisected(activation: Activation, a: float, b: float) -> float | None:
    def slope(x: float) -> float:
        return float(np.asarray(activation.derivative(np.array([x])))[0])

    left = slope(a)
    if left == 0:
        # a zero, or the beginning of a flat piece
        return a if slope(a - 1e-5) != 0 and slope(a + 1e-5) != 0 else None
    for _ in range(70):
        middle = 0.5 * (a + b)
        value = slope(middle)
        if value == 0:
            return middle
        a, b = (a, middle) if left * value < 0 else (middle, b)
    return 0.5 * (a + b)


def _smoothed(activation: Activation, level: int) -> Slope:
    """The slope as a polynomial on every panel, without the noise of formulas that cancel.

    Where it vanishes at an end of a panel it is a polynomial times the distance from there.
    """
    found = table(activation, level)
    nodes, weights = legendre.leggauss(20)
    basis = (legendre.legvander(nodes, 15).T * weights) * (np.arange(16)[:, None] + 0.5)
    values = found.slope.reshape(-1, 20)
    coefficients = values @ basis.T
    size = np.abs(values).max(axis=1)
    factor = np.zeros(values.shape[0])
    for end in (-1.0, 1.0):
        at_end = np.abs(coefficients @ legendre.legvander(np.array([end]), 15)[0])
        vanishes = (at_end < 1e3 * activation.noise * size) & (size > 0)
        coefficients[vanishes] = (values[vanishes] / (1 - end * nodes)) @ basis.T
        factor[vanishes] = end
    largest = np.abs(coefficients).max(axis=1, keepdims=True)
    coefficients[np.abs(coefficients) < activation.noise * largest] = 0.0

    def slope(x: Floats) -> Floats:
        place = np.clip(np.searchsorted(found.ends, x, "right") - 1, 0, len(coefficients) - 1)
        left, right = found.ends[place], found.ends[place + 1]
        up, down = 2 * (x - left) / (right - left), 2 * (right - x) / (right - left)
        terms = legendre.legvander(0.5 * (up - down), 15)
        polynomial = np.einsum("...k,...k->...", terms, coefficients[place])
        return np.asarray(
            polynomial * np.choose(factor[place].astype(int) + 1, (up, np.ones_like(up), down))
        )

    return slope


def _zones(
    activation: Activation, slope: Slope, zeros: list[float], cuts: list[float],
    low: float, high: float, unit: float,
) -> list[Zone]:  # fmt: skip
    """The whole range, cut between the zeros so that each is the origin of its stretch."""
    anchors = zeros or [0.0]
    # a zero at the lower end has nothing below it
    bounds = [low, *(0.5 * (a + b) for a, b in pairwise(anchors)), high]
    zones = []
    for anchor, a, b in zip(anchors, bounds[:-1], bounds[1:], strict=True):
        radius, local = _local(activation, anchor) if zeros else (0.0, None)
        inner = [c - anchor for c in cuts if a < c < b]
        inner += [s * radius for s in (-1, 1) if a - anchor < s * radius < b - anchor]
        inner += [0.0] if a < anchor < b else []
        grid = np.arange(math.ceil((a - anchor) / unit), (b - anchor) / unit) * unit
        ends = sorted({a - anchor, b - anchor, *inner, *grid.tolist()})
        close = [ends[0], *(y for x, y in pairwise(ends)
                            if y - x > 1e-9 * unit)]  # fmt: skip
        zones.append(Zone(anchor, tuple(close), _position(slope, anchor, radius, local)))
    return zones


def _local(activation: Activation, zero: float) -> tuple[float, Floats]:
    """A polynomial for ``slope/t`` beside a zero of the slope."""
    gap = min((abs(zero - k) for k in activation.breakpoints), default=1.0)
    radius = min(gap, 1.0)
    nodes, weights = legendre.leggauss(_DEGREE + 7)
    for _ in range(12):
        radius *= 0.5
        values = np.asarray(activation.derivative(zero + radius * nodes))
        coefficients = (legendre.legvander(nodes, _DEGREE).T * weights) @ values
        coefficients *= np.arange(_DEGREE + 1) + 0.5
        size = float(np.abs(values).max())
        # what is rounding noise would be magnified by the change of basis
        coefficients[np.abs(coefficients) < (4e-14 + 1e-15 * abs(zero) / radius) * size] = 0.0
        if not coefficients[-3:].any():
            break
    powers = legendre.leg2poly(coefficients)
    return radius, np.asarray(powers[1:] / radius ** np.arange(1, len(powers)))


def _position(slope_at: Slope, anchor: float, radius: float, local: Floats | None) -> Slope:
    def squared(t: Floats) -> Floats:
        t = np.asarray(t, dtype=float)
        slope = np.array(slope_at(anchor + t), dtype=float)
        if local is not None:
            near = np.abs(t) <= radius
            slope[near] = t[near] * np.polynomial.polynomial.polyval(t[near], local)
        return np.asarray(slope * slope)

    return squared
