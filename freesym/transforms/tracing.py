"""Where the solver's points lie on a curve: phases, choices of zeros and ends of the parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.lazy import LazyModule
from freesym.relations.relation import Relation
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.intervals import Interval
from freesym.spectrum.support import continuous_support
from freesym.transforms.curves import Frame
from freesym.transforms.power_products import Chart

sympy: Any = LazyModule("sympy")

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_TOLERANCE, _NOISE = 1e-6, 1e-7


@dataclass(frozen=True, eq=False)
class Arc:
    """What an interval of the support says about a frame.

    Attributes
    ----------
    phase : float
        The phase of ``w`` over ``pi``, as a float to be recognised.
    angle, tau : arrays
        The parameter and the coordinate from the lower to the upper end.
    middle : slice
        The points that are not close to the ends.
    interval : pair
        The interval itself.
    """

    phase: float
    angle: Real
    tau: Complex
    middle: slice
    interval: Interval


def solved_points(
    relation: Relation, chart: Chart, squared: bool
) -> list[tuple[Interval, Complex]]:
    """For every interval of the support the chart's coordinate at points from end to end."""
    numeric = relation.numeric()
    found = []
    for interval in continuous_support(numeric):
        if squared and interval[1] <= 0:
            continue
        low, high = (max(interval[0], 0.0), interval[1]) if squared else interval
        x = _grid(low, high)
        psi = transforms(numeric, x.astype(np.complex128)).psi
        good = np.isfinite(psi) & (psi.imag != 0)
        t = _coordinates(chart, x[good] ** 2 if squared else x[good], psi[good])
        found.append(((low**2, high**2) if squared else (low, high), t))
    return found


def _grid(a: float, b: float) -> Real:
    if math.isfinite(a) and math.isfinite(b):
        share = np.sin(np.linspace(0.02, np.pi / 2 - 0.02, 40)) ** 2
        x = [a + (b - a) * share]
        if a == 0.0:
            x.append(b * np.geomspace(1e-7, 1e-4, 7))
        elif b == 0.0:
            x.append(a * np.geomspace(1e-7, 1e-4, 7))
    elif math.isfinite(a):
        x = [a + max(1.0, abs(a)) * np.geomspace(1e-4, 1e4, 60)]
    else:
        x = [b - max(1.0, abs(b)) * np.geomspace(1e-4, 1e4, 60)]
    return np.unique(np.concatenate(x))


def _coordinates(chart: Chart, x: Real, psi: Complex) -> Complex:
    """``t`` from ``psi``; where several fit, the one at which ``w`` is ``x``."""
    t = chart.w.variable
    if chart.psi == t:
        return psi
    inverse = _explicit_inverse(chart)
    if inverse is not None:
        constant, exponent = inverse
        return np.asarray(constant * (1 + psi) ** exponent)
    numerator, denominator = sympy.fraction(sympy.together(chart.psi))
    top, bottom = (
        np.array([complex(c) for c in sympy.Poly(e, t).all_coeffs()])
        for e in (numerator, denominator)
    )
    found = []
    for position, value in zip(x, psi, strict=True):
        roots = np.roots(np.polysub(top, value * bottom))
        errors = [abs(_modulus(chart, root) - abs(position)) for root in roots]
        found.append(roots[int(np.argmin(errors))])
    return np.array(found)


def _explicit_inverse(chart: Chart) -> tuple[float, float] | None:
    """``psi = t^r - 1``."""
    power = sympy.powsimp(chart.psi + 1)
    if power.is_Pow and power.base == chart.w.variable and power.exp.is_number:
        return 1.0, 1 / float(power.exp)
    return None


def _modulus(chart: Chart, t: complex) -> float:
    value = math.log(abs(float(chart.w.constant))) + float(chart.w.rate) * t.real
    for point, exponent in chart.w.exponents.items():
        value += float(exponent) * math.log(max(abs(t - float(point)), 1e-300))
    return math.exp(min(value, 700.0))


def traced(frame: Frame, values: dict[Any, Any], interval: Interval, t: Complex) -> Arc | None:
    """The arc of a numerical frame through the solver's points, if the parameter is monotone."""
    p, q, turn, points = _numerical(frame, values)
    tau = t - p if math.isinf(q) else (t - p) / (t - q)
    tau = np.where(tau.imag > 0, tau.conj(), tau)
    angle = -np.angle(tau) if frame.polar else -tau.imag
    angles = [-np.angle(tau - b) for b, _ in points]
    phase = (turn * angle + sum(e * a for (_, e), a in zip(points, angles, strict=True))) / np.pi
    steps = np.diff(angle)
    scale = float(np.ptp(angle))
    monotone = (steps > -_NOISE * scale).all() or (steps < _NOISE * scale).all()
    size = 1 + abs(turn) + sum(abs(e) for _, e in points)
    if len(angle) < 10 or not monotone or np.ptp(phase) > _TOLERANCE * size:
        return None
    middle = slice(len(angle) // 8, -(len(angle) // 8))
    return Arc(float(np.median(phase)), angle, tau, middle, interval)


def _numerical(
    frame: Frame, values: dict[Any, Any]
) -> tuple[float, float, float, list[tuple[float, float]]]:
    def value(expression: Any) -> float:
        return float(expression.subs(values))

    q = math.inf if frame.q is sympy.oo else value(frame.q)
    points = [(value(b), value(e)) for b, e in frame.points]
    return value(frame.p), q, value(frame.turn), points
