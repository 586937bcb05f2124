"""Fit panels to a position and a density; see :mod:`freesym.lowering.measure`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from freesym.lowering.measure import (
    ANGLES,
    DEGREES,
    ELLIPSE,
    EPSILON,
    NODE_WEIGHTS,
    NODES,
    TO_COEFFICIENTS,
    FittedMeasure,
    Floats,
    N,
    Panel,
    heights,
    merged,
)

Vectorised = Callable[[Floats], ArrayLike]
_CHECKS = np.array([-0.9965, -0.61803, 0.04321, 0.7, 0.9931])
_SAMPLES = np.concatenate([NODES, _CHECKS])
_CHECK_VANDER = legendre.legvander(_CHECKS, N - 1)
_INNER = 0.5 * (1.5 * ANGLES + 1.0 / (1.5 * ANGLES))
# Smallest piece worth resolving: its mass relative to the total if its width relative to the
# scale is so small that no one looks closer, its width relative to |x|, and its position relative
# to the scale of the law.
_NEGLIGIBLE_MASS = 2e-17
_CLOSE = 1e-30
_GRACE = 4
# Distance to a singularity, relative to its place, where rounding of the parameter and departure
# from a pure power are about equal.
_BLURRED = 1e-8
_NARROW = 8 * EPSILON
_SMALL = 1e-140
_PANEL_LIMIT = 8000
# The gradient only enters derivatives, which are given to this accuracy.
_GRADIENT_TOLERANCE = 1e-11


@dataclass(frozen=True)
class _Piece:
    """Samples of the law on one interval of the parameter; ``mass`` is a density along t."""

    start: float
    stop: float
    position: Floats
    mass: Floats

    @property
    def amount(self) -> float:
        """Mass by the rule."""
        return float(NODE_WEIGHTS @ self.mass[:N])

    @property
    def modulus(self) -> float:
        """Mass of the modulus by the rule."""
        return float(NODE_WEIGHTS @ np.abs(self.mass[:N]))


@dataclass(frozen=True)
class _Law:
    position: Vectorised
    density: Vectorised
    tolerance: float
    rounded: bool = False

    def sample(self, start: float, stop: float) -> _Piece:
        """Values at the nodes and check points of an interval."""
        half = 0.5 * (stop - start)
        parameters = 0.5 * start + 0.5 * stop + half * _SAMPLES
        parameters = np.clip(parameters, np.nextafter(start, stop), np.nextafter(stop, start))
        with np.errstate(all="ignore"):
            position = self._values(self.position, parameters, "position")
            density = self._values(self.density, parameters, "density")
        return _Piece(start, stop, position, density * half)

    def end(self, parameter: float) -> float:
        """Position at an end, possibly not finite."""
        with np.errstate(all="ignore"):
            value = np.asarray(self.position(np.array([parameter])), dtype=float)
        return float(value.ravel()[0])

    @staticmethod
    def _values(function: Vectorised, parameters: Floats, name: str) -> Floats:
        values = np.asarray(function(parameters), dtype=float)
        values = np.broadcast_to(values, parameters.shape)
        if not np.all(np.isfinite(values)):
            where = parameters[~np.isfinite(values)][0]
            raise ValueError(f"the {name} of the law is not finite at {where!r}")
        return values


def _resolved(values: Floats, noise: float, tolerance: float, scale: float) -> Floats | None:
    """Legendre coefficients if the samples are resolved, without what is below the noise."""
    coefficients = TO_COEFFICIENTS @ values[:N]
    # a function is rounded a few times, and the transform magnifies rounding by about the degree
    allowance = tolerance * scale + 16 * noise
    if np.max(np.abs(coefficients[-2:])) > allowance:
        return None
    if np.max(np.abs(_CHECK_VANDER @ coefficients - values[N:])) > 20 * allowance:
        return None
    rounding = EPSILON * scale if noise <= 0.1 * tolerance * scale else 4 * noise
    floor = 0.5 * (DEGREES + 1.0) * rounding
    coefficients[1:][np.abs(coefficients[1:]) <= floor[1:]] = 0.0
    return coefficients


def _steepness(piece: _Piece, values: Floats) -> float:
    """Change of the values under a relative change of the parameter."""
    if piece.stop == piece.start:
        return math.inf
    reach = max(abs(piece.start), abs(piece.stop)) / (piece.stop - piece.start)
    return reach * float(np.ptp(values))


def _position_fit(piece: _Piece, tolerance: float) -> Floats | None:
    x = piece.position
    noise = EPSILON * (float(np.max(np.abs(x))) + _steepness(piece, x))
    return _resolved(x - x[0], noise, tolerance, float(np.ptp(x)))


def _density_fit(piece: _Piece, law: _Law) -> Floats | None:
    """Fit that allows for the rounding of the parameter where the density is steep."""
    size, change = float(np.max(np.abs(piece.mass))), float(np.ptp(piece.mass))
    noise = min(EPSILON * (size + 4 * _steepness(piece, piece.mass)), 1e-4 * size)
    width = float(np.ptp(piece.position))
    if law.rounded and width > 0.0:
        blurred = EPSILON * float(np.max(np.abs(piece.position))) * change / width
        noise = max(noise, min(2 * blurred, 0.3 * size))
    return _resolved(piece.mass, noise, law.tolerance, size)


def _is_regular(offset: Floats, density: Floats) -> bool:
    """Whether the position is one-to-one near the panel, and the density in x resolved there.

    A positive real part of f' in the ellipse suffices (Noshiro and Warschawski); the inverse by
    Newton's method from the linear start is tried as the kernel will run it.
    """
    slope = legendre.legder(offset)
    span = float(legendre.legval(1.0, offset) - legendre.legval(-1.0, offset))
    if span == 0.0:
        return False
    values = legendre.legval(ELLIPSE, slope) / span
    if np.min(values.real) < 0.02 or not _newton_converges(offset, slope, span):
        return False
    height, gradient = heights(offset, density)
    tail = np.max(np.abs(gradient[-2:])) * abs(span)
    return bool(tail <= _GRADIENT_TOLERANCE * np.max(np.abs(gradient * span), initial=1e-300)
                + _GRADIENT_TOLERANCE * np.max(np.abs(height)) * abs(span))  # fmt: skip


def _newton_converges(offset: Floats, slope: NDArray[np.floating[Any]], span: float) -> bool:
    goal = np.concatenate([0.98 * ELLIPSE, _INNER])
    target = legendre.legval(goal, offset)
    s = 2.0 * (target - legendre.legval(-1.0, offset)) / span - 1.0
    with np.errstate(all="ignore"):
        for _ in range(12):
            s = s - (legendre.legval(s, offset) - target) / legendre.legval(s, slope)
    return bool(np.all(np.abs(s - goal) < 1e-6))


def _turning_point(offset: Floats) -> float | None:
    """An interior zero of the slope, if there is one."""
    slope = legendre.legder(offset)
    degree = np.flatnonzero(np.abs(slope) > 0.0)
    if not degree.size or degree[-1] == 0:
        return None
    roots = legendre.legroots(slope[: degree[-1] + 1])
    inner = roots[(np.abs(roots.imag) < 1e-7) & (np.abs(roots.real) < 1 - 1e-6)].real
    return float(inner[np.argmin(np.abs(inner))]) if inner.size else None


@dataclass
class _Fit:
    """Progress of the subdivision."""

    law: _Law
    total: float
    scale: float
    ends: dict[float, float] = field(default_factory=dict)
    atoms: list[tuple[float, float]] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    remainders: list[_Piece] = field(default_factory=list)
    taken: list[_Piece] = field(default_factory=list)

    def end(self, parameter: float, fitted: float, noise: float) -> float:
        """Shared position of an end; at a jump of the position the fitted one-sided limit."""
        if parameter not in self.ends:
            self.ends[parameter] = self.law.end(parameter)
        value = self.ends[parameter]
        return value if abs(value - fitted) <= noise else fitted

    def is_negligible(self, piece: _Piece) -> bool:
        """Whether neither the mass nor the position of the piece needs to be resolved."""
        light = piece.modulus <= _NEGLIGIBLE_MASS * self.total
        return light and float(np.ptp(piece.position)) <= _CLOSE * self.scale

    def is_too_small(self, piece: _Piece) -> bool:
        """Whether the piece is beyond the resolution of floating-point numbers."""
        reach = max(abs(piece.start), abs(piece.stop))
        size = float(np.max(np.abs(piece.position)))
        width = float(np.ptp(piece.position))
        return (
            piece.stop - piece.start <= 64 * EPSILON * reach
            or width <= _NARROW * size
            or size <= _SMALL * self.scale
        )

    def add(self, piece: _Piece) -> float | None:
        """Take the piece if it is resolved; otherwise return where to divide it."""
        middle = 0.5 * piece.start + 0.5 * piece.stop
        density = _density_fit(piece, self.law)
        if np.ptp(piece.position) == 0.0:
            if density is None and not self.is_too_small(piece):
                return middle
            self.atoms.append((float(piece.position[0]), piece.amount))
            return None
        if piece.modulus == 0.0:
            return None
        position = _position_fit(piece, self.law.tolerance)
        if position is not None:
            turn = _turning_point(position)
            if turn is not None and not self.is_too_small(piece):
                return middle + 0.5 * (piece.stop - piece.start) * turn
            if density is not None and turn is None and _is_regular(position, density):
                self.add_panel(piece, position, density)
                return None
        if not self.is_too_small(piece):
            return middle
        self.remainders.append(piece)
        return None

    def add_panel(self, piece: _Piece, position: Floats, density: Floats) -> None:
        """Append the panel, with the position corrected to meet its neighbours exactly."""
        base = float(piece.position[0])
        noise = 64 * (self.law.tolerance * float(np.ptp(piece.position)) + EPSILON * abs(base))
        low, high = (base + float(legendre.legval(t, position)) for t in (-1.0, 1.0))
        left, right = self.end(piece.start, low, noise), self.end(piece.stop, high, noise)
        span = float(legendre.legval(1.0, position) - legendre.legval(-1.0, position))
        if (right - left) * span <= 0.0:
            self.remainders.append(piece)
            return
        position = position * ((right - left) / span)
        position[0] -= legendre.legval(-1.0, position)
        self.panels.append(Panel(left, right, position, density))
        self.taken.append(piece)

    def run(self, pieces: list[tuple[float, float]]) -> None:
        """Subdivide until everything is taken."""
        # A negligible piece is divided a few times more: only what touches a singularity remains.
        pending = [(start, stop, _GRACE) for start, stop in reversed(pieces)]
        budget = _PANEL_LIMIT
        while pending:
            start, stop, grace = pending.pop()
            budget -= 1
            if budget < 0:
                raise ValueError(
                    f"the law is not resolved by {_PANEL_LIMIT} pieces; the last one is "
                    f"[{start!r}, {stop!r}]"
                )
            piece = self.law.sample(start, stop)
            cut = self.add(piece)
            if cut is None:
                continue
            if self.is_negligible(piece):
                grace -= 1
            if grace >= 0:
                pending += [(cut, stop, grace), (start, cut, grace)]
            elif not self.take_halves(piece, cut):
                self.remainders.append(piece)

    def take_halves(self, piece: _Piece, cut: float) -> bool:
        """Take both parts of the piece if they are resolved, or nothing."""
        lists: tuple[list[Any], ...] = (self.atoms, self.panels, self.remainders, self.taken)
        sizes = [len(items) for items in lists]
        parts = [(piece.start, cut), (cut, piece.stop)]
        resolved = all(self.add(self.law.sample(*part)) is None for part in parts)
        if resolved and len(self.remainders) == sizes[2]:
            return True
        for items, size in zip(lists, sizes, strict=True):
            del items[size:]
        return False

    def remaining_mass(self, piece: _Piece) -> float:
        """Mass of a remainder, continuing the geometric sequence of dyadic neighbours if any.

        A remainder bounded by rounding is reached from farther away, where the samples are better.
        """
        width = piece.stop - piece.start
        reach = max(abs(piece.start), abs(piece.stop))
        steps = 0
        if not self.is_negligible(piece):
            steps = max(round(math.log2(_BLURRED * reach / width)), 0)
        for start, sign in ((piece.start, 1.0), (piece.stop, -1.0)):
            near, far = sign * width, sign * width * 2.0**steps
            first = self.mass_between(start + far, start + 2 * far)
            second = self.mass_between(start + 2 * far, start + 4 * far)
            known = self.mass_between(start + near, start + far) if steps else 0.0
            if first and second and known is not None and 0.0 < first / second < 0.999:
                amount = first * first / (second - first) - known
                return amount if 0.0 < amount < 2.0 * piece.modulus else piece.amount
        return piece.amount

    def merge_remainders(self) -> None:
        """Join adjoining remainders, which belong to one singularity."""
        merged: list[_Piece] = []
        for found in sorted(self.remainders, key=lambda item: item.start):
            joins = merged and merged[-1].stop == found.start
            piece = self.law.sample(merged.pop().start, found.stop) if joins else found
            merged.append(piece)
        self.remainders = merged

    def mass_between(self, start: float, stop: float) -> float | None:
        """Mass of the panels on an interval of the parameter, if they fill it."""
        low, high = min(start, stop), max(start, stop)
        inside = [piece for piece in self.taken if low <= piece.start and piece.stop <= high]
        filled = math.fsum(piece.stop - piece.start for piece in inside)
        if abs(filled - (high - low)) > 1e-9 * (high - low):
            return None
        return math.fsum(piece.amount for piece in inside)

    def fold_remainders(self, mass: float | None) -> None:
        """Turn each remainder into an affine panel of constant density with its mass."""
        self.merge_remainders()
        amounts = [self.remaining_mass(piece) for piece in self.remainders]
        estimate = math.fsum(amounts)
        factor = 1.0
        if mass is not None and estimate != 0.0:
            known = math.fsum(p for _, p in self.atoms)
            known += math.fsum(2.0 * float(panel.density[0]) for panel in self.panels)
            factor = (mass - known) / estimate
            factor = factor if 0.5 < factor < 2.0 else 1.0
        for piece, amount in zip(self.remainders, amounts, strict=True):
            if amount != 0.0:
                left, right = self._span(piece)
                self.panels.append(Panel.affine(left, right, [0.5 * factor * amount]))

    def _span(self, piece: _Piece) -> tuple[float, float]:
        """Positions covered by a remainder, never a single point, which would make a pole."""
        x = piece.position
        ends = [self.law.end(piece.start), self.law.end(piece.stop)]
        near = 2.0 * float(np.ptp(x)) + _NARROW * float(np.max(np.abs(x)))
        values = [*x, *(value for value in ends if np.min(np.abs(x - value)) <= near)]
        left, right = float(min(values)), float(max(values))
        margin = 2 * EPSILON * max(abs(left), abs(right)) + _SMALL * self.scale
        return (left, right) if right - left > margin else (left - margin, right + margin)


def _intervals(breakpoints: Sequence[float]) -> Iterator[tuple[float, float]]:
    points = [float(point) for point in breakpoints]
    if len(points) < 2 or not all(map(math.isfinite, points)):
        raise ValueError("at least two finite breakpoints are needed")
    for start, stop in pairwise(points):
        if not stop > start:
            raise ValueError("the breakpoints must increase")
        yield start, stop


def fit_panels(
    position: Vectorised,
    density: Vectorised,
    breakpoints: Sequence[float],
    *,
    tolerance: float = 1e-14,
    mass: float | None = None,
    rounded: bool = False,
) -> FittedMeasure:
    r"""Resolve the law of ``position(v)``, v with a density on an interval, into atoms and panels.

    .. math:: \mu = \int \delta_{x(v)}\, r(v)\, dv .

    Parameters
    ----------
    position, density : callable
        Vectorised x(v) and r(v), finite inside the intervals.  The density may be infinite and
        the position not monotone; it may jump at a breakpoint.
    breakpoints : sequence of float
        Increasing and finite.  Singularities, kinks and jumps belong here; others are found by
        bisection.  Where r has a singularity or x a critical point, the intervals shrink
        dyadically, so a singularity should sit at v = 0, or be removed by the choice of v:
        elsewhere it is resolved no finer than the numbers next to it.
    tolerance : float
        Relative accuracy of both polynomials on each panel.
    mass : float, optional
        Total mass, if known.
    rounded : bool
        Whether the density was computed from rounded positions, which blurs it where it is steep.

    Returns
    -------
    FittedMeasure
        Intervals of constant position are atoms.  What remains unresolved (mass below 2e-17 and
        width below 1e-30 of the total, or closer than rounding to a singularity) is spread evenly
        over its positions, with the mass that continues the dyadic pieces before it, or with what
        is missing to ``mass``.

    Raises
    ------
    ValueError
        If a function is not finite inside an interval, or is not resolved by 8000 pieces.
    """
    law = _Law(position, density, tolerance, rounded)
    pieces = list(_intervals(breakpoints))
    samples = [law.sample(start, stop) for start, stop in pieces]
    total = math.fsum(piece.modulus for piece in samples)
    if not total > 0.0:
        raise ValueError("the density vanishes at all sample points")
    scale = max(float(np.max(np.abs(piece.position))) for piece in samples)
    fit = _Fit(law, total, scale)
    fit.run(pieces)
    fit.fold_remainders(mass)
    points, weights = merged([x for x, _ in fit.atoms], [p for _, p in fit.atoms])
    return FittedMeasure(points, weights, tuple(fit.panels))
