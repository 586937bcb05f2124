"""Exact edges, and how the density behaves at each of them.

A density behaves as ``|x - edge|^exponent``: 1/2 at a soft edge, 1/3 at a cusp, -1/2 or
``1/L - 1`` at a hard edge.  On a chart the exponent is the order of the critical point; for an
algebraic law it is a slope of the Newton polygon at the edge.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from freesym.algebra.newton_polygon import branches
from freesym.algebra.polynomials import Polynomial
from freesym.errors import FreesymError, UnsupportedOperationError
from freesym.lazy import LazyModule
from freesym.parameters import as_count
from freesym.relations.relation import Relation
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.support import continuous_support
from freesym.transforms.candidates import candidates, discriminant, is_small, singular_factors
from freesym.transforms.curve import Curve, algebraic_curve
from freesym.transforms.degrees import MOST
from freesym.transforms.instances import instances, substituted, symbols_of
from freesym.transforms.parameters import check_exact
from freesym.transforms.power_products import Chart, power_chart, square_chart
from freesym.transforms.precision import number
from freesym.transforms.supports import exact_support
from freesym.transforms.trigonometric import chart_at, without_affine

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_DIGITS = 60
_TOLERANCE = 0.06


class EdgeExponent(NamedTuple):
    """``density ~ |x - edge|^exponent`` on one side of a point.

    Attributes
    ----------
    edge : expression
    side : {"right", "left"}
        On which side of ``edge`` the density lives.
    exponent : Rational or expression
    """

    edge: Any
    side: str
    exponent: Any


def edges(relation: Relation, max_degree: int | None = None) -> tuple[Any, ...]:
    """The ends of the intervals of the continuous part, exact and ascending."""
    return tuple(end for interval in exact_support(relation, max_degree) for end in interval)


def edge_exponents(relation: Relation, max_degree: int | None = None) -> tuple[EdgeExponent, ...]:
    """The exponent of the density at every finite edge, and at cusps inside the support.

    With one symbol the exponents are piecewise where an edge arrives at a hard place (0, for
    the Marchenko-Pastur law of ratio 1); with several they are those of generic values.

    Raises
    ------
    UnsupportedOperationError
        If the exponents depend on symbols in a way that has no formula.
    DegreeError
        If the law's polynomial or its discriminant is predicted to be too large.

    Examples
    --------
    >>> from freesym.laws import Semicircle, TwoPoint
    >>> law = Semicircle() + TwoPoint(-1, 1, Fraction(1, 2))
    >>> [(str(e), side, str(a)) for e, side, a in edge_exponents(law.relation())][1:3]
    [('0', 'left', '1/3'), ('0', 'right', '1/3')]
    """
    check_exact(relation)  # not in the cache, where floats are equal to exact numbers
    if max_degree is not None:
        max_degree = as_count(max_degree, 1, MOST, "max_degree")
    return _edge_exponents(relation, max_degree)


@lru_cache(maxsize=256)
def _edge_exponents(relation: Relation, max_degree: int | None) -> tuple[EdgeExponent, ...]:
    core, scale, shift = without_affine(relation)
    found = []
    for edge, side in _places(core, max_degree):
        found.append(EdgeExponent(edge, side, _exponent(core, edge, side, max_degree)))
    found = _with_special_values(core, found, max_degree)
    other = {"left": "right", "right": "left"}
    moved = [
        EdgeExponent(scale * e + shift, s if scale.is_positive else other[s], a)
        for e, s, a in found
    ]
    return tuple(moved if scale.is_positive else reversed(moved))


def _with_special_values(
    relation: Relation, found: list[EdgeExponent], max_degree: int | None
) -> list[EdgeExponent]:
    """Piecewise exponents where an edge meets another singular place, for one symbol.

    Such places are 0 and the candidates that are no edges, for example the poles of transforms.
    The exponents there are those of the law with that number for its symbol.
    """
    symbols = symbols_of(relation)
    if len(symbols) != 1:
        return found
    (symbol,) = symbols
    for value in _meetings(relation, found, symbol, max_degree):
        try:
            case = substituted(relation, {symbol: Fraction(int(value.p), int(value.q))})
            special = _edge_exponents(case, max_degree)
        except (FreesymError, ArithmeticError, TypeError, ValueError):
            continue
        found = [_specialised(e, symbol, value, special) for e in found]
    return found


def _meetings(
    relation: Relation, found: list[EdgeExponent], symbol: Any, max_degree: int | None
) -> list[Any]:
    """Rational values of the symbol at which singular places of the law coincide.

    They are zeros of resultants and discriminants in ``w`` of the factors among whose zeros all
    singular places are; of huge curves only edges that arrive at fixed places are looked at.
    """
    chart = power_chart(relation)
    if chart is None or is_small(chart.w):
        curve = algebraic_curve(relation, max_degree)
        if curve.parameters.atoms == (symbol,):
            return sorted(filter(_admits(symbol), _coincidences(curve)))
    fixed = {c for c in candidates(relation, max_degree) if not c.free_symbols}
    return _arrivals([e.edge for e in found], {sympy.S.Zero, *fixed}, symbol)


def _admits(symbol: Any) -> Any:
    """The condition that SymPy's assumptions on a symbol put on rational numbers."""
    return lambda value: (
        not ((value <= 0 and symbol.is_positive) or (value >= 0 and symbol.is_negative))
    )


def _coincidences(curve: Curve) -> set[Any]:
    factors = singular_factors(curve)
    (name,) = curve.parameters.names
    w = Polynomial.generators(curve.polynomial.names)[curve.polynomial.names.index("w")]
    parts = [f.discriminant("w") for f in factors if f.degree("w") > 1]
    pairs = itertools.combinations(dict.fromkeys((w, *factors)), 2)
    parts += [f.resultant(g, "w") for f, g in pairs]
    found: set[Any] = set()
    for part in parts:
        for factor, _ in part.factors()[1] if part else ():
            if factor.degree(name) == 1:
                below, above = (sum(c.terms().values()) for c in factor.coefficients(name))
                found.add(sympy.Rational(-below, above))
    return found


def _arrivals(places: list[Any], fixed: set[Any], symbol: Any) -> list[Any]:
    """Rational values of the symbol, inside its assumptions, at which an edge is a fixed place."""
    found: set[Any] = set()
    for edge in places:
        pieces = edge.args if isinstance(edge, sympy.Piecewise) else [(edge, None)]
        for expression, _ in pieces:
            if symbol in expression.free_symbols:
                for place in fixed:
                    found |= set(_rational_zeros(expression - place, symbol))
    return sorted(found)


def _rational_zeros(expression: Any, symbol: Any) -> list[Any]:
    try:
        zeros = sympy.solve(expression, symbol)
    except (NotImplementedError, ValueError):
        return []
    return [zero for zero in zeros if zero.is_Rational]


def _specialised(
    generic: EdgeExponent, symbol: Any, value: Any, special: tuple[EdgeExponent, ...]
) -> EdgeExponent:
    place = generic.edge.subs(symbol, value)
    same = [e for e in special if e.side == generic.side and sympy.simplify(e.edge - place) == 0]
    if len(same) != 1:
        return generic
    exponent = sympy.sympify(generic.exponent)
    if sympy.simplify(exponent.subs(symbol, value) - same[0].exponent) == 0:
        return generic
    pieces = exponent.args if isinstance(exponent, sympy.Piecewise) else [(exponent, True)]
    return generic._replace(
        exponent=sympy.Piecewise((same[0].exponent, sympy.Eq(symbol, value)), *pieces)
    )


def _places(relation: Relation, max_degree: int | None) -> list[tuple[Any, str]]:
    """Finite ends, and points inside where the density vanishes or is infinite."""
    places: list[tuple[Any, str]] = []
    for low, high in exact_support(relation, max_degree):
        inside = _singular_inside(relation, low, high, max_degree)
        chain = [low, *inside, high]
        for a, b in itertools.pairwise(chain):
            places += [(a, "right")] if a != -sympy.oo else []
            places += [(b, "left")] if b != sympy.oo else []
    return places


def _singular_inside(relation: Relation, low: Any, high: Any, max_degree: int | None) -> list[Any]:
    values, case = instances(relation)[0]
    numeric, known = case.numeric(), dict(values)
    found: dict[Any, float] = {}
    ends = [_float(end, known) for end in (low, high)]
    width = min(ends[1] - ends[0], 1e6)
    for candidate in candidates(relation, max_degree):
        try:
            place = _float(candidate, known)
        except (TypeError, ZeroDivisionError):
            continue
        margin = 1e-6 * width
        if ends[0] + margin < place < ends[1] - margin:
            rates = [_observed(numeric, place, side, width) for side in ("left", "right")]
            new = all(abs(place - other) > margin for other in found.values())
            if new and all(r is not None and _is_singular(r) for r in rates):
                found[candidate] = place
    return sorted(found, key=lambda c: found[c])


def _is_singular(rate: float) -> bool:
    """Whether a density that behaves as this power on both sides is not analytic there."""
    return abs(rate - 2 * round(max(rate, 0.0) / 2)) > 0.15


def _float(value: Any, known: dict[Any, Any]) -> float:
    if value in (sympy.oo, -sympy.oo):
        return math.inf if value > 0 else -math.inf
    return float(_number(value, known))


def _number(value: Any, known: dict[Any, Any]) -> Any:
    table = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in known.items()}
    found = number(value, table)
    if abs(mpmath.im(found)) > 1e-12 * (1 + abs(found)):
        raise TypeError(f"{value} is not real")
    return mpmath.re(found)


def _observed(numeric: Relation, edge: float, side: str, width: float) -> float | None:
    """The slope of the logarithm of the density, as the solver sees it."""
    sign = 1.0 if side == "right" else -1.0
    reach = min(width, abs(edge)) if edge else width
    steps = reach * (np.geomspace(1e-13, 1e-6, 8) if edge == 0 else np.geomspace(1e-7, 1e-4, 4))
    g = transforms(numeric, (edge + sign * steps).astype(np.complex128)).g
    rho = -g.imag
    good = np.isfinite(rho) & (rho > 0)
    if good.sum() < 3:
        return None
    logs = np.log(rho[good])
    slope = np.diff(logs) / np.diff(np.log(steps[good]))
    return float(np.median(slope[:3] if edge == 0 else slope))


# ---------------------------------------------------------------------- one edge


def _exponent(relation: Relation, edge: Any, side: str, max_degree: int | None) -> Any:
    regimes: dict[Any, list[Any]] = {}
    for values, case in instances(relation):
        known = dict(values)
        exponent = _from_chart(relation, edge, side, known, case)
        if exponent is None:
            _refuse_large(relation, edge)
            exponent = _from_polygon(case, edge, side, known, max_degree)
        found = regimes.setdefault(_regime(edge, known), [])
        if all(sympy.cancel(exponent - other) != 0 for other in found):
            found.append(exponent)
    if any(len(found) > 1 for found in regimes.values()):
        shown = " or ".join(map(str, {e: None for found in regimes.values() for e in found}))
        raise UnsupportedOperationError(
            f"the exponent at {edge} depends on the parameters: {shown}; bind them by subs"
        )
    if len(regimes) == 1:
        return next(iter(regimes.values()))[0]
    # at the boundary itself, where two candidates meet, the exponent is another
    (_, below), _ = edge.args
    above = sympy.Gt(below.lhs, below.rhs)
    return sympy.Piecewise((regimes[below][0], below), (regimes[sympy.true][0], above))


def _regime(edge: Any, known: dict[Any, Any]) -> Any:
    """The condition of the piece of an edge that holds."""
    if not isinstance(edge, sympy.Piecewise):
        return sympy.true
    return next(c for _, c in edge.args if c.subs(known) == sympy.true)


def _refuse_large(relation: Relation, edge: Any) -> None:
    """Newton polygons of huge curves take too long."""
    chart = power_chart(relation)
    if chart is not None and not is_small(chart.w):
        raise UnsupportedOperationError(
            f"the exponent at {edge} is not that of a simple point of the chart"
        )


def _from_chart(
    relation: Relation, edge: Any, side: str, known: dict[Any, Any], case: Relation
) -> Any | None:
    """The order of the critical point, or the exponent of the zero, that the solver sees."""
    chart, squared = power_chart(relation), False
    if chart is None:
        chart, squared = square_chart(relation), True
    if chart is None:
        return None
    numeric = chart_at(chart, known)
    if sympy.sympify(edge).subs(known) == 0:
        return _at_zero(chart, squared, side, case, known)
    return _at_critical_point(numeric, edge, known, squared)


def _order(psi: Any, t: Any, b: Any) -> Any:
    """The order of ``psi - psi(b)`` at ``t = b``; negative at a pole."""
    if psi == t:
        return sympy.S.One
    power = sympy.powsimp(psi + 1)
    if power.is_Pow and power.base == t and not power.exp.is_Integer:
        return power.exp if b == 0 else sympy.S.One
    if b is sympy.oo:
        psi, b = psi.subs(t, 1 / t), sympy.S.Zero
    top, bottom = sympy.fraction(sympy.cancel(sympy.together(psi)))
    value = sympy.cancel(bottom.subs(t, b))
    if value == 0:
        return -_multiplicity(bottom, t, b)
    return _multiplicity(sympy.expand(top * value - bottom * top.subs(t, b)), t, b)


def _multiplicity(polynomial: Any, t: Any, b: Any) -> int:
    count = 0
    while sympy.cancel(polynomial.subs(t, b)) == 0:
        polynomial, count = sympy.diff(polynomial, t), count + 1
    return count


def _at_zero(
    chart: Chart, squared: bool, side: str, case: Relation, known: dict[Any, Any]
) -> Any | None:
    """``t - b ~ w^(1/e)`` at a zero of order ``e``, so the density is ``w^(1/e - 1)``."""
    ends = [abs(e) for i in continuous_support(case.numeric()) for e in i if math.isfinite(e)]
    observed = _observed(case.numeric(), 0.0, side, max(ends))
    exponents = {**chart.w.exponents, sympy.oo: -sympy.Add(*chart.w.exponents.values())}
    found: list[tuple[float, Any]] = []
    for b, e in exponents.items():
        if chart.w.rate == 0 and float(sympy.sympify(e).subs(known)) > 0:
            exponent = sympy.cancel(_order(chart.psi, chart.w.variable, b) / e - 1)
            exponent = 2 * exponent + 1 if squared else exponent
            found.append((float(sympy.sympify(exponent).subs(known)), exponent))
    if observed is None or not found:
        return None
    best, exponent = min(found, key=lambda pair: abs(pair[0] - observed))
    return exponent if abs(best - observed) < 2 * _TOLERANCE else None


def _at_critical_point(
    numeric: Chart, edge: Any, known: dict[Any, Any], squared: bool
) -> Any | None:
    """``1/k`` at a critical point of order ``k``."""
    t = numeric.w.variable
    derivative = numeric.w.logarithmic_derivative()
    numerator = sympy.fraction(sympy.together(derivative))[0]
    if not numerator.is_polynomial(t) or t not in numerator.free_symbols:
        return None
    with mpmath.workdps(50):
        target = abs(_number(edge, known)) ** (2 if squared else 1)
        orders = set()
        for factor, multiplicity in sympy.factor_list(numerator, t)[1]:
            roots = (
                sympy.Poly(factor, t).nroots(n=40, maxsteps=200) if t in factor.free_symbols else []
            )
            for root in roots:
                if abs(sympy.im(root)) > 1e-25:
                    continue
                w = number(sympy.Abs(numeric.w.expression().subs(t, sympy.re(root))))
                if abs(w - target) < mpmath.mpf(10) ** -25 * target:
                    orders.add(multiplicity + 1)
    return sympy.Rational(1, orders.pop()) if len(orders) == 1 else None


# ---------------------------------------------------------------------- Newton polygon


def _from_polygon(
    case: Relation, edge: Any, side: str, known: dict[Any, Any], max_degree: int | None
) -> Any:
    """The exponent of the branch that behaves as the solver's density does."""
    numeric = case.numeric()
    place = _float(edge, known)
    finite = [e for i in continuous_support(numeric) for e in i if math.isfinite(e)]
    observed = _observed(numeric, place, side, (max(finite) - min(finite)) if finite else 1.0)
    exponents = _local_exponents(case, edge, known, max_degree)
    if len(exponents) == 1 and any(math.isclose(place, e, rel_tol=1e-12) for e in finite):
        # the density ends there, so that its branch is one of those that are no power series
        return sympy.Rational(exponents[0].numerator, exponents[0].denominator)
    if observed is None:
        raise UnsupportedOperationError(f"the solver has no values beside the edge {place:.12g}")
    best = min(exponents, key=lambda s: abs(float(s) - observed), default=None)
    if best is None or abs(float(best) - observed) > _TOLERANCE:
        shown = ", ".join(map(str, exponents))
        raise UnsupportedOperationError(
            f"the branches at {place:.12g} have the exponents {shown or 'of power series'}, but "
            f"the density behaves as the power {observed:.4f}"
        )
    return sympy.Rational(best.numerator, best.denominator)


def _is_simple(curve: Curve, factor: Polynomial) -> bool:
    """Whether one pair of branches meets over the zeros of a factor, as a square root does.

    So it is where the discriminant has simple zeros and the leading coefficient none.
    """
    leading = curve.polynomial.coefficients("g")[-1]
    rest = discriminant(curve).divided(factor)
    return leading.divided(factor) is None and rest is not None and rest.divided(factor) is None


def _local_exponents(
    case: Relation, edge: Any, known: dict[Any, Any], max_degree: int | None
) -> list[Fraction]:
    """The exponents of all branches over an edge that are no whole numbers."""
    curve = algebraic_curve(case, max_degree)
    with mpmath.workdps(_DIGITS):
        place = _number(edge, known)
        for factor in singular_factors(curve):
            row = [int(c.terms().get((0,) * len(c.names), 0)) for c in factor.coefficients("w")]
            value = mpmath.polyval(row[::-1], place)
            size = mpmath.polyval([abs(c) for c in row[::-1]], abs(place))
            if abs(value) <= mpmath.mpf(10) ** (-_DIGITS // 2) * size:
                if _is_simple(curve, factor):
                    return [Fraction(1, 2)]
                found = branches(curve.polynomial, "w", "g", (row, complex(place)))
                return sorted({b.exponent for b in found if b.exponent is not None})
    return []
