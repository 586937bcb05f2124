"""The derivation of densities along an angle from the chart of a law.

Where ``w`` is a product of powers of a coordinate ``t`` (Raney and Fuss-Catalan laws, products
and powers of Marchenko-Pastur, Bernoulli and Wachter laws, their inverses and compressions),
the curve on which ``w`` is real has a closed form in polar coordinates around one of the zeros
of ``w``; see :mod:`freesym.transforms.curves`.  The solver's points say which arc of it carries
the density.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from freesym.errors import UnsupportedOperationError
from freesym.lazy import LazyModule
from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.spectrum.density import density as solver_density
from freesym.spectrum.intervals import Interval
from freesym.transforms.curves import Curve, Frame, frames
from freesym.transforms.instances import instances
from freesym.transforms.parameters import check_exact
from freesym.transforms.parametric import ParametricDensity
from freesym.transforms.power_products import Chart, PowerProduct, power_chart, square_chart
from freesym.transforms.precision import number
from freesym.transforms.tracing import Arc, solved_points, traced

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_AGREEMENT = 1e-8


def parametric_density(relation: Relation) -> ParametricDensity:
    """The density of a law whose chart is a product of powers, along a parameter.

    Raises
    ------
    UnsupportedOperationError
        If the chart is none, or too many of its points remain.
    """
    check_exact(relation)  # not in the cache, where floats are equal to exact numbers
    return _parametric_density(relation)


@lru_cache(maxsize=256)
def _parametric_density(relation: Relation) -> ParametricDensity:
    core, scale, shift = without_affine(relation)
    chart, squared = power_chart(core), False
    if chart is None:
        chart, squared = square_chart(core), True
    if chart is None:
        raise UnsupportedOperationError(
            "the density has no trigonometric form: w is not a product of powers of linear "
            "functions of one coordinate"
        )
    cases = [(dict(values), found) for values, found in instances(core)]
    samples = [solved_points(found, chart_at(chart, values), squared) for values, found in cases]
    for frame in frames(chart.w, cases[0][0]):
        pieces = _pieces(chart, frame, cases, samples)
        if pieces:
            found = _assembled(pieces, scale, shift, squared, cases[0][0])
            if _agrees(found, relation):
                return found
    raise UnsupportedOperationError(
        f"the density has no trigonometric form: {len(chart.w.exponents)} points of the chart "
        "are too many, or its shape depends on the parameters; bind them by subs"
    )


def without_affine(relation: Relation) -> tuple[Relation, Any, Any]:
    """The child of an affine map, and the map."""
    if isinstance(relation, nodes.Affine):
        return relation.child, sympy.sympify(relation.scale), sympy.sympify(relation.shift)
    return relation, sympy.S.One, sympy.S.Zero


def chart_at(chart: Chart, values: dict[Any, Any]) -> Chart:
    """The chart with numbers for its symbols."""
    if not values:
        return chart

    def put(expression: Any) -> Any:
        return sympy.sympify(expression).subs(values)

    w = chart.w
    exponents = {put(b): put(e) for b, e in w.exponents.items()}
    return Chart(PowerProduct(w.variable, put(w.constant), exponents, put(w.rate)), put(chart.psi))


Cases = list[tuple[dict[Any, Any], Relation]]
Arcs = list[tuple[dict[Any, Any], Arc]]


def _pieces(
    chart: Chart, frame: Frame, cases: Cases, samples: list[list[tuple[Interval, Any]]]
) -> list[ParametricDensity]:
    """One piece for every interval of the support, the same for all values of the symbols."""
    if len({len(sample) for sample in samples}) != 1:
        return []
    pieces = []
    for index in range(len(samples[0])):
        arcs = []
        for (values, _), sample in zip(cases, samples, strict=True):
            arc = traced(frame, values, *sample[index])
            if arc is None:
                return []
            arcs.append((values, arc))
        piece = _piece(chart, frame, arcs)
        if piece is None:
            return []
        pieces.append(piece)
    return pieces


def _piece(chart: Chart, frame: Frame, arcs: Arcs) -> ParametricDensity | None:
    phase = _recognised_phase(frame, arcs)
    if phase is None:
        return None
    angle = sympy.Symbol("gamma" if frame.polar else "eta", positive=True)
    for sign in (1, -1) if len(frame.points) == 2 else (0,):
        curve = Curve(frame, phase, sign)
        if not all(_follows(curve, angle, values, arc) for values, arc in arcs):
            continue
        ends = [_end(curve, angle, arcs, upper) for upper in (False, True)]
        height = height_of(chart, curve, angle)
        if height is None or None in ends:
            return None
        values = arcs[0][0]
        x = _tidy(curve.modulus(angle), values)
        density = _tidy(height / (sympy.pi * x), values)
        signs = _signs(x, density, angle, *arcs[0])
        return ParametricDensity(angle, (ends[0], ends[1]), signs[0] * x, signs[1] * density)
    return None


def _signs(x: Any, density: Any, angle: Any, values: dict[Any, Any], arc: Arc) -> tuple[int, int]:
    """What makes ``x`` lie in the interval and the density positive."""
    middle = mpmath.mpf(float(arc.angle[len(arc.angle) // 2]))
    known = {angle: middle, **_known(values)}
    side = 1 if sum(arc.interval) > 0 else -1
    return (
        side if number(x, known) > 0 else -side,
        1 if number(density, known) > 0 else -1,
    )


def _known(values: dict[Any, Any]) -> dict[Any, Any]:
    return {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()}


def _recognised_phase(frame: Frame, arcs: Arcs) -> Any:
    """The phase as a small combination of 1 and the exponents."""
    exponents = [e for _, e in frame.points]
    exponents += [frame.turn] if frame.polar else []
    for steps in sorted(itertools.product((0, 1, -1), repeat=len(exponents)), key=_size):
        part = sympy.Add(*(s * e for s, e in zip(steps, exponents, strict=True)))
        rests = [arc.phase - float(part.subs(values)) for values, arc in arcs]
        sizes = [1 + abs(arc.phase) for _, arc in arcs]
        whole = round(rests[0])
        if all(abs(rest - whole) < 1e-5 * s for rest, s in zip(rests, sizes, strict=True)):
            return sympy.expand(part + whole)
    return None


def _size(steps: tuple[int, ...]) -> int:
    return sum(map(abs, steps))


def _follows(curve: Curve, angle: Any, values: dict[Any, Any], arc: Arc) -> bool:
    """Whether the curve passes through the solver's points."""
    real, _ = curve.position(angle)
    points = list(zip(arc.angle[arc.middle], arc.tau[arc.middle], strict=True))
    with mpmath.workdps(30):
        known = _known(values)
        for place, tau in points[:: max(len(points) // 4, 1)]:
            try:
                found = number(real, {angle: mpmath.mpf(float(place)), **known})
            except ZeroDivisionError:
                return False
            if abs(found - tau.real) > 1e-5 * abs(tau):
                return False
    return True


def _end(curve: Curve, angle: Any, arcs: Arcs, upper: bool) -> Any | None:
    """The first candidate beyond the last of the solver's points, where ``x`` is the edge."""
    modulus = curve.modulus(angle)
    for candidate in curve.ends():
        if all(_is_end(modulus, angle, candidate, values, arc, upper) for values, arc in arcs):
            return candidate
    return None


def _is_end(
    modulus: Any, angle: Any, candidate: Any, values: dict[Any, Any], arc: Arc, upper: bool
) -> bool:
    last = float(arc.angle[-1 if upper else 0])
    first = float(arc.angle[0 if upper else -1])
    with mpmath.workdps(80):
        known = _known(values)
        end = number(candidate, known)
        if (end - last) * (last - first) < -1e-6 * abs(last - first) ** 2:
            return False
        place = end + (first - end) * mpmath.mpf(10) ** -20
        try:
            x = number(modulus, {angle: place, **known})
        except ZeroDivisionError:
            return False
        edge = arc.interval[1 if upper else 0]
        if not math.isfinite(edge):
            return bool(abs(x) > 1e6)
        scale = max(abs(e) for e in arc.interval if math.isfinite(e))
        return bool(abs(abs(x) - abs(edge)) < 1e-6 * max(abs(edge), 1e-2 * scale))


# ---------------------------------------------------------------------- the density


def height_of(chart: Chart, curve: Curve, angle: Any) -> Any | None:
    """The imaginary part of ``psi`` along the curve, up to its sign."""
    frame, t = curve.frame, chart.w.variable
    power = sympy.powsimp(chart.psi + 1)
    if power.is_Pow and power.base == t and power.exp not in (1, -1):
        if frame.p != 0 or frame.q is not sympy.oo or not frame.polar:
            return None
        return curve.radius(angle) ** power.exp * sympy.sin(power.exp * angle)
    tau = sympy.Dummy("tau")
    psi = sympy.cancel(sympy.together(chart.psi.subs(t, frame.from_tau(tau))))
    top, bottom = sympy.fraction(psi)
    if not (top.is_polynomial(tau) and bottom.is_polynomial(tau)):
        return None
    return _rational_height(curve, angle, tau, top, bottom)


def _rational_height(curve: Curve, angle: Any, tau: Any, top: Any, bottom: Any) -> Any:
    """``Im(top/bottom)`` at ``tau = re - i im``."""
    re, im = sympy.Dummy(real=True), sympy.Dummy(positive=True)
    a, b = (_parts(e, tau, re, im) for e in (top, bottom))
    numerator = sympy.factor(sympy.expand(a[1] * b[0] - a[0] * b[1]))
    if sympy.degree(bottom, tau) == 0:
        size = bottom**2
    elif sympy.degree(bottom, tau) == 1:
        slope = sympy.diff(bottom, tau)
        zero = sympy.factor(-bottom.subs(tau, 0) / slope)
        size = slope**2 * _square_distance(curve, zero, angle, re, im)
    else:
        size = sympy.expand(b[0] ** 2 + b[1] ** 2)
    values = curve.position(angle)
    return (numerator / size).subs({re: values[0], im: values[1]})


def _square_distance(curve: Curve, zero: Any, angle: Any, re: Any, im: Any) -> Any:
    """The distance from a point, in its closed form where it is one of the frame's."""
    for index, (point, _) in enumerate(curve.frame.points):
        if sympy.cancel(point - zero) == 0:
            return curve.distance(index, angle) ** 2
    if zero == 0 and curve.frame.polar:
        return curve.radius(angle) ** 2
    return (re - zero) ** 2 + im**2


def _parts(polynomial: Any, tau: Any, re: Any, im: Any) -> tuple[Any, Any]:
    """Real and imaginary part at ``tau = re - i im``."""
    real, imaginary = sympy.S.Zero, sympy.S.Zero
    for (k,), c in sympy.Poly(polynomial, tau).terms():
        power = sympy.expand((re - sympy.I * im) ** k)
        real += c * power.coeff(sympy.I, 0)
        imaginary += c * power.coeff(sympy.I, 1)
    return real, imaginary


def _tidy(expression: Any, values: dict[Any, Any], power: Any = 1) -> Any:
    """A power, with the powers of equal bases collected; everything is positive.

    Factors that are negative at ``values`` come in pairs: their signs are turned.
    """
    factors: dict[Any, Any] = {}
    for factor in sympy.Mul.make_args(expression):
        for part, exponent in _split(factor, sympy.sympify(power)):
            base = sympy.expand(-part) if _is_negative(part, values) else part
            factors[base] = sympy.expand(factors.get(base, 0) + exponent)
    return sympy.Mul(*(base**e for base, e in factors.items()))


def _is_negative(base: Any, values: dict[Any, Any]) -> bool:
    known = base.free_symbols <= set(values)
    return known and bool(base.subs(values) < 0)


def _split(expression: Any, exponent: Any) -> list[tuple[Any, Any]]:
    if expression.is_Pow:
        return _split(expression.base, exponent * expression.exp)
    if expression.is_Mul:
        return [pair for factor in expression.args for pair in _split(factor, exponent)]
    return [(expression, exponent)]


def _assembled(
    pieces: list[ParametricDensity], scale: Any, shift: Any, squared: bool, values: dict[Any, Any]
) -> ParametricDensity:
    ordered = pieces
    if squared:
        # the law of X from that of X^2
        halves = [
            replace(p, x=root, density=_tidy(p.density * root, values))
            for p, root in ((p, _tidy(p.x, values, sympy.S.Half)) for p in pieces)
        ]
        mirrored = [replace(p, x=-p.x, interval=p.interval[::-1]) for p in reversed(halves)]
        ordered = [*mirrored, *halves]
    moved = [replace(p, x=scale * p.x + shift, density=p.density / abs(scale)) for p in ordered]
    if scale.is_negative:
        moved = [replace(p, interval=p.interval[::-1]) for p in reversed(moved)]
    return replace(moved[0], others=tuple(moved[1:]))


def _agrees(found: ParametricDensity, relation: Relation) -> bool:
    """Whether random points of every piece are points of the solver."""
    generator = np.random.default_rng(20240229)
    for values, case in instances(relation):
        numeric = case.numeric()
        bound = found.subs(dict(values))
        for piece in bound.pieces:
            low, high = (float(end) for end in piece.interval)
            for share in generator.uniform(0.03, 0.97, 6):
                x, density = piece.at(sympy.Float(low + share * (high - low), 17), 15)
                if isinstance(x, mpmath.mpc) or isinstance(density, mpmath.mpc):
                    return False
                expected = float(solver_density(numeric, float(x)))
                if not abs(density - expected) <= _AGREEMENT * abs(expected):
                    return False
    return True
