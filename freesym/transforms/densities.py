"""Closed-form densities: radicals through degree 3, parametric forms where these fail.

On an interval of the support the Cauchy transform has a nonreal boundary value ``g``, and its
conjugate is another zero of the real polynomial ``P(x, g)``.  For degrees 2 and 3 these are the
only nonreal zeros, so the density ``-Im g/pi`` follows without a choice of branch: it is

* ``sqrt(-D)/(2 pi |a|)`` for ``a g^2 + b g + c`` with the discriminant ``D``;
* ``sqrt(3)/(2 pi) |u - v|`` for a cubic, ``u`` and ``v`` the real cube roots of Cardano.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from freesym.algebra.real_roots import real_roots
from freesym.errors import (
    ConvergenceError,
    InvalidLawError,
    NotAlgebraicError,
    UnsupportedOperationError,
)
from freesym.lazy import LazyModule
from freesym.parameters import is_expression
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.density import density as solver_density
from freesym.spectrum.support import continuous_support
from freesym.transforms.boundary import BoundaryValue
from freesym.transforms.candidates import is_small
from freesym.transforms.curve import algebraic_curve
from freesym.transforms.instances import instances, symbols_of
from freesym.transforms.parameters import check_exact
from freesym.transforms.pieces import Piece, Pieces, finite, piecewise
from freesym.transforms.power_products import power_chart
from freesym.transforms.precision import holds, number
from freesym.transforms.supports import exact_support
from freesym.transforms.trigonometric import parametric_density

mpmath: Any = LazyModule("mpmath")
sympy: Any = LazyModule("sympy")

_AGREEMENT = 1e-9
_POINTS = 16


def density_formula(relation: Relation, x: Any) -> Any:
    """The density as a Piecewise of radicals, or along a parameter.

    Parameters
    ----------
    relation : Relation
        With exact parameters or symbols.
    x : Symbol
        The variable.

    Returns
    -------
    Piecewise or ParametricDensity

    Raises
    ------
    NotAlgebraicError, UnsupportedOperationError
        If the law has no such formula; the message says what there is.
    InvalidLawError
        If a parameter is a floating-point number.

    Examples
    --------
    >>> from freesym.laws import Semicircle
    >>> density_formula(Semicircle(), sympy.Symbol("x"))
    Piecewise((sqrt((2 - x)*(x + 2))/(2*pi), (x > -2) & (x < 2)), (0, True))
    """
    _check(relation)
    _check_variable(relation, x)
    variable = sympy.Symbol("x", real=True)
    reason: Exception
    try:
        pieces = _verified(relation, _pieces(relation, variable), variable)
        cases = [dict(values) for values, _ in instances(relation)]
        return piecewise(pieces, variable, x, cases)
    except (UnsupportedOperationError, NotAlgebraicError) as error:
        reason = error
    try:
        return parametric_density(relation)
    except UnsupportedOperationError as error:
        raise _explained(reason, error) from reason


def _check_variable(relation: Relation, x: Any) -> None:
    if not is_expression(x):
        raise InvalidLawError(
            f"the variable {x!r} is no SymPy symbol; give one, for example sympy.Symbol('x')"
        )
    if x.free_symbols & set(symbols_of(relation)):
        raise InvalidLawError(
            f"{x} is also a parameter of the law; choose another name for the variable"
        )


def _check(relation: Relation) -> None:
    """Refuse floats, but for the intervals of laws given by a density."""
    if _density_law(relation) is None:
        if isinstance(relation, (nodes.Affine, nodes.Mixture)):
            for child in relation.children:
                _check(child)
        else:
            check_exact(relation)


def _density_law(relation: Relation) -> Any | None:
    """The relation, if it is a law that states its density."""
    return relation if hasattr(relation, "density_function") else None


def _explained(reason: Exception, other: Exception) -> Exception:
    kind = NotAlgebraicError if isinstance(reason, NotAlgebraicError) else UnsupportedOperationError
    remedy = (
        "density(x) evaluates numerically"
        if kind is NotAlgebraicError
        else "algebraic_equation(z, g) gives the polynomial and density(x) evaluates it"
    )
    return kind(f"no closed form of the density: {reason}; {other}; {remedy}")


# ---------------------------------------------------------------------- by the tree


def _pieces(relation: Relation, x: Any) -> Pieces:
    match relation:
        case Constant():
            return ()
        case nodes.Affine():
            return _moved(relation, x)
        case nodes.Reshape():
            ratio = sympy.sympify(relation.ratio)
            return tuple(
                replace(p, expression=ratio * p.expression) for p in _pieces(relation.child, x)
            )
        case nodes.SymmetricSquare():
            return _of_square(relation, x)
        case nodes.NegativeInverse():
            return _of_inverse(relation, x)
        case nodes.Mixture():
            return _mixed(relation, x)
        case Leaf():
            known = _own_formula(relation, x)
            if known is not None:
                return known
    return _from_curve(relation, x)


def _moved(relation: nodes.Affine, x: Any) -> Pieces:
    scale, shift = sympy.sympify(relation.scale), sympy.sympify(relation.shift)
    if scale.is_positive is None and scale.is_negative is None:
        return _from_curve(relation, x)
    inner = sympy.expand((x - shift) / scale)
    moved = [
        replace(
            p,
            low=scale * p.low + shift,
            high=scale * p.high + shift,
            expression=_simple(p.expression.subs(x, inner) / abs(scale)),
            condition=None if p.condition is None else p.condition.subs(x, inner),
        )
        for p in _pieces(relation.child, x)
    ]
    if scale.is_positive:
        return tuple(moved)
    return tuple(replace(p, low=p.high, high=p.low) for p in reversed(moved))


def _of_square(relation: nodes.SymmetricSquare, x: Any) -> Pieces:
    """``f(sqrt x)/sqrt x``."""
    found = []
    for p in _pieces(relation.child, x):
        if p.condition is not None or p.high.is_positive is None:
            return _from_curve(relation, x)
        if p.high.is_positive:
            low = sympy.S.Zero if p.low.is_negative else sympy.expand(p.low**2)
            root = _on(p.expression.subs(x, sympy.sqrt(x)) / sympy.sqrt(x), x, low)
            found.append(replace(p, low=low, high=sympy.expand(p.high**2), expression=root))
    return tuple(found)


def _of_inverse(relation: nodes.NegativeInverse, x: Any) -> Pieces:
    """``f(-1/x)/x^2``."""
    found = []
    for p in _pieces(relation.child, x):
        if p.condition is not None or not (p.low.is_nonnegative or p.high.is_nonpositive):
            return _from_curve(relation, x)
        low = -sympy.oo if p.low == 0 else sympy.radsimp(-1 / p.low)
        high = sympy.oo if p.high == 0 else sympy.radsimp(-1 / p.high)
        expression = sympy.together(p.expression.subs(x, -1 / x) / x**2)
        if p.low != 0 or p.high != 0:
            found.append(replace(p, low=low, high=high, expression=_on(expression, x, low)))
    return tuple(found)


def _mixed(relation: nodes.Mixture, x: Any) -> Pieces:
    """The components' pieces, which may overlap: their densities add."""
    found = []
    for k, (component, weight) in enumerate(
        zip(relation.components, relation.weights, strict=True)
    ):
        p = sympy.sympify(weight)
        found += [
            replace(q, expression=p * q.expression, group=(k, *q.group))
            for q in _pieces(component, x)
        ]
    return tuple(found)


# ---------------------------------------------------------------------- leaves


def _own_formula(leaf: Leaf, x: Any) -> Pieces | None:
    """A leaf's own density, or the imaginary part of its transform on the real line."""
    if _density_law(leaf) is not None:
        return _given_density(leaf, x)
    if not isinstance(leaf, CauchyLeaf):
        return None
    cases = instances(leaf)
    intervals = continuous_support(cases[0][1].numeric())
    if not intervals:
        return ()
    try:
        return _boundary_formula(leaf, x, dict(cases[0][0]), intervals)
    except (TypeError, ValueError, AttributeError, NotAlgebraicError, NotImplementedError):
        return None


def _boundary_formula(
    leaf: CauchyLeaf, x: Any, values: dict[Any, Any], intervals: tuple[tuple[float, float], ...]
) -> Pieces | None:
    found = []
    for (a, b), (low, high) in zip(intervals, exact_support(leaf), strict=True):
        finite = math.isfinite(a) and math.isfinite(b)
        middle = a + 0.41 * (b - a) if finite else 0.123
        sample = BoundaryValue(x, sympy.S.Zero, complex(middle))
        g, _ = leaf.transform(sample)
        if not isinstance(g, BoundaryValue):
            return None
        found.append(Piece(low, high, _simple(sympy.expand(-g.im / sympy.pi))))
    return tuple(found)


def _given_density(leaf: Any, x: Any) -> Pieces:
    function = leaf.density_function
    if not isinstance(function, sympy.Expr):
        raise UnsupportedOperationError("its density is a Python function without a formula")
    symbols = sorted(function.free_symbols, key=str)
    expression = function.subs(symbols[0], x) if symbols else function
    return tuple(Piece(_end(a), _end(b), expression) for a, b in leaf.intervals)


def _end(value: float) -> Any:
    if math.isinf(value):
        return sympy.oo if value > 0 else -sympy.oo
    return sympy.nsimplify(value, rational=True) if value == int(value) else sympy.Float(value)


# ---------------------------------------------------------------------- radicals


def _from_curve(relation: Relation, x: Any) -> Pieces:
    chart = power_chart(relation)
    if chart is not None and chart.w.rate == 0 and not is_small(chart.w):
        raise UnsupportedOperationError(
            "the Cauchy transform is algebraic of a large degree, or not algebraic"
        )
    g = sympy.Dummy("g")
    polynomial = sympy.Poly(algebraic_curve(relation).expression("zg", x, g), g)
    degree = polynomial.degree()
    if degree == 1:
        return ()
    if degree > 3:
        raise UnsupportedOperationError(
            f"the Cauchy transform is algebraic of degree {degree}, beyond readable radicals"
        )
    try:
        ends = exact_support(relation)
    except UnsupportedOperationError:
        return _where_nonreal(relation, polynomial, x)
    pieces = [
        Piece(low, high, _on(_radicals(polynomial, x, (low, high)), x, low)) for low, high in ends
    ]
    points = [point for piece in pieces for point in _points_without_value(piece, polynomial, x)]
    return (*points, *pieces)


def _points_without_value(piece: Piece, polynomial: Any, x: Any) -> Iterator[Piece]:
    """Points inside of a piece where its formula divides by 0.

    One zero is infinite there, and a cubic has its nonreal ones from what is left of it.
    """
    leading = sympy.Poly(polynomial.LC(), x)
    for factor, _ in leading.factor_list()[1]:
        short = factor.degree() <= 2 or not factor.free_symbols_in_domain
        for place in sympy.roots(factor, multiple=True) if short else ():
            if piece.has_inside(place) and finite(piece.expression.subs(x, place)) is None:
                rest = [sympy.cancel(c.subs(x, place)) for c in polynomial.all_coeffs()[1:]]
                yield Piece(place, place, _pair_of(rest) if len(rest) == 3 else sympy.nan)


def _pair_of(coefficients: list[Any]) -> Any:
    """The density of the nonreal zeros of a quadratic; NaN if it has none."""
    a, b, c = coefficients
    inside = sympy.factor(4 * a * c - b**2)
    return sympy.sqrt(inside) / (2 * sympy.pi * abs(a)) if inside.is_positive else sympy.nan


def _where_nonreal(relation: Relation, polynomial: Any, x: Any) -> Pieces:
    """Where ends have no formula: the density is positive where zeros are nonreal.

    The verification compares points outside of the support as well: other zeros may be
    nonreal there.
    """
    inside = _odd_part(-polynomial.discriminant())
    expression = _radicals(polynomial, x, None)
    starts = [i[0][0] for _, c in instances(relation) if (i := continuous_support(c.numeric()))]
    low = sympy.S.Zero if min(starts, default=0.0) >= 0 else -sympy.oo
    return (Piece(low, sympy.oo, _on(expression, x, low), inside > 0),)


def _odd_part(discriminant: Any) -> Any:
    """What decides the sign: the factors of odd multiplicity."""
    content, factors = sympy.factor_list(discriminant)
    odd = [factor for factor, multiplicity in factors if multiplicity % 2]
    return sympy.Mul(sympy.sign(content), *(f for f in odd if not f.is_positive))


def _radicals(polynomial: Any, x: Any, ends: tuple[Any, Any] | None) -> Any:
    return _quadratic(polynomial) if polynomial.degree() == 2 else _cubic(polynomial, x, ends)


def _quadratic(polynomial: Any) -> Any:
    a, b, c = polynomial.all_coeffs()
    outside, inside = _square_content(sympy.factor(4 * a * c - b**2))
    return outside * sympy.sqrt(inside) / (2 * sympy.pi * _modulus(sympy.factor(a)))


def _cubic(polynomial: Any, x: Any, ends: tuple[Any, Any] | None) -> Any:
    """``u^3`` and ``v^3`` are ``-q/2 +- sqrt(q^2/4 + p^3/27)``; ``u v = -p/3``."""
    a, b, c, d = polynomial.all_coeffs()
    p = sympy.factor(sympy.cancel((3 * a * c - b**2) / (3 * a**2)))
    half = sympy.factor(sympy.cancel((2 * b**3 - 9 * a * b * c + 27 * a**2 * d) / (54 * a**3)))
    outside, inside = _square_content(sympy.factor(sympy.cancel(half**2 + p**3 / 27)))
    root = outside * sympy.sqrt(inside)
    factor = sympy.sqrt(3) / (2 * sympy.pi)
    if p == 0:
        # one of the cube roots vanishes
        return factor * sympy.Abs(2 * half) ** sympy.Rational(1, 3)
    # u and v change their signs where one is 0, and where the leading coefficient is
    fixed = ends is not None and _keeps_sign(p, x, ends) and _keeps_sign(a, x, ends)
    u, v = (_real_cube_root(-half + sign * root, x, ends if fixed else None) for sign in (1, -1))
    return factor * (u - v)


def _keeps_sign(p: Any, x: Any, ends: tuple[Any, Any]) -> bool:
    """Whether a function of ``x`` alone has no zero, and no pole, inside an interval."""
    top, bottom = sympy.fraction(sympy.together(p))
    numerator = sympy.Poly(top * bottom, x)
    if numerator.free_symbols_in_domain or not numerator.domain.is_ZZ:
        return False
    low, high = (float(end) for end in ends)
    zeros = real_roots([int(c) for c in reversed(numerator.all_coeffs())])
    return not any(low <= zero <= high for zero in zeros)


def _real_cube_root(value: Any, x: Any, ends: tuple[Any, Any] | None) -> Any:
    """The real cube root; without a sign where it is known on the whole interval."""
    third = sympy.Rational(1, 3)
    if ends is None:
        return sympy.sign(value) * sympy.Abs(value) ** third
    low, high = (mpmath.mpf(float(end)) for end in ends)
    sign = mpmath.sign(number(value, {x: low + (high - low) * mpmath.mpf("0.41")}))
    return int(sign) * (int(sign) * value) ** third


def _square_content(radicand: Any) -> tuple[Any, Any]:
    """``radicand = outside^2 * inside`` with the squares of positive factors outside."""
    top, bottom = sympy.fraction(radicand)
    outside, inside = sympy.S.One, sympy.S.One
    for part, sign in ((top, 1), (bottom, -1)):
        content, factors = sympy.factor_list(part)
        inside *= content**sign
        for factor, multiplicity in factors:
            half, rest = divmod(multiplicity, 2)
            outside *= _modulus(factor) ** (sign * half)
            inside *= factor ** (sign * rest)
    return outside, inside


def _modulus(value: Any) -> Any:
    return value if value.is_positive else sympy.Abs(value)


def _on(expression: Any, x: Any, low: Any) -> Any:
    """Absolute values and roots of ``x`` resolved where it is positive."""
    if not low.is_nonnegative:
        return expression
    positive = sympy.Dummy("x", positive=True)
    changed = expression.subs(x, positive)
    roots = changed.atoms(sympy.Pow)
    split = {r: _split_root(r) for r in roots if r.exp in (sympy.S.Half, -sympy.S.Half)}
    return changed.xreplace(split).subs(positive, x)


def _split_root(root: Any) -> Any:
    outside, inside = _square_content(sympy.factor(root.base))
    return (outside * sympy.sqrt(inside)) ** (2 * root.exp)


def _simple(expression: Any) -> Any:
    """Powers of equal bases together; nothing that takes long."""
    return sympy.powsimp(expression)


# ---------------------------------------------------------------------- verification


def _verified(relation: Relation, pieces: Pieces, x: Any) -> Pieces:
    """The pieces, if they agree with the solver at random points of every interval."""
    generator = np.random.default_rng(20240229)
    for values, case in instances(relation):
        numeric = case.numeric()
        support = continuous_support(numeric)
        points = [p for low, high in support for p in _random_points(generator, low, high)]
        points += _points_outside(generator, support)
        for point, expected in _solved(numeric, points):
            _compare(pieces, x, dict(values), point, expected)
    return pieces


def _random_points(generator: Any, low: float, high: float) -> list[float]:
    # one in every part, for formulas that fail between two singularities only
    shares = 0.01 + 0.98 * (np.arange(_POINTS) + generator.uniform(0, 1, _POINTS)) / _POINTS
    if math.isinf(low) or math.isinf(high):
        start = low if math.isfinite(low) else high if math.isfinite(high) else 0.0
        sign = 1.0 if math.isinf(high) else -1.0
        return [float(start + sign * (s / (1 - s))) for s in shares]
    return [float(low + s * (high - low)) for s in shares]


def _points_outside(generator: Any, support: tuple[tuple[float, float], ...]) -> list[float]:
    """Points of gaps, and of both sides."""
    ends = [end for interval in support for end in interval if math.isfinite(end)]
    if not ends:
        return []
    width = max(ends) - min(ends) + 1e-3 * abs(ends[0])
    around = [min(ends) - 3 * width, *ends, max(ends) + 3 * width]
    gaps = zip(around[::2], around[1::2], strict=False) if len(ends) % 2 == 0 else ()
    return [float(a + s * (b - a)) for a, b in gaps for s in generator.uniform(0.01, 0.99, 4)]


def _solved(numeric: Relation, points: list[float]) -> list[tuple[float, float]]:
    found = []
    for point in points:
        try:
            found.append((point, float(solver_density(numeric, point))))
        except ConvergenceError:
            continue
    return found


def _compare(pieces: Pieces, x: Any, values: dict[Any, Any], point: float, expected: float) -> None:
    with mpmath.workdps(40):
        known = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()}
        known[x] = mpmath.mpf(point)
        total = mpmath.mpf(0)
        for piece in pieces:
            if holds(piece.where(x, x), known):
                total += mpmath.re(number(piece.expression, known))
        if not abs(total - expected) <= _AGREEMENT * abs(expected):
            shown = ", ".join(f"{name} = {value}" for name, value in values.items())
            raise UnsupportedOperationError(
                f"its formula gives {mpmath.nstr(total, 12)} at x = {point:.12g}"
                f"{' for ' + shown if shown else ''}, where the density is {expected:.12g}"
            )
