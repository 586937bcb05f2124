"""Where the density of a law may be singular: zeros of discriminants, critical points of charts.

Not every candidate is an edge; :mod:`freesym.transforms.supports` selects those that are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from freesym.algebra.discriminants import discriminant_degree, plane_discriminant
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.real_roots import real_roots
from freesym.errors import DegreeError, NotAlgebraicError
from freesym.lazy import LazyModule
from freesym.relations.relation import Relation
from freesym.transforms.branches import real_zeros, square_root
from freesym.transforms.curve import Curve, algebraic_curve
from freesym.transforms.power_products import PowerProduct, power_chart, square_chart

sympy: Any = LazyModule("sympy")

_READABLE = 6
_LARGEST_CHART = 12
# Degrees of discriminants that take some twenty seconds, by the number of symbols.
_LARGEST_DISCRIMINANTS = (1000, 200, 64, 24)


@lru_cache(maxsize=256)
def candidates(relation: Relation, max_degree: int | None = None) -> tuple[Any, ...]:
    """Exact numbers or expressions among which the edges are, the most readable first.

    Charts that are products of powers give values of ``w`` at its critical points, which stay
    small where the discriminant is huge; elsewhere the zeros of the discriminant are taken.

    Raises
    ------
    NotAlgebraicError
        If the law has neither a chart that is a product of powers nor a polynomial.
    DegreeError
        If the discriminant is predicted to be too large.
    """
    from_charts: list[Any] | None = None
    for chart, power in ((power_chart(relation), 1), (square_chart(relation), 2)):
        points = None if chart is None else critical_points(chart.w)
        if chart is not None and points is not None:
            from_charts = _with_roots(_values(chart.w, points), power)
            if not (is_small(chart.w) and any(_is_long(point) for point in points)):
                return tuple(from_charts)
            break
    try:
        curve = algebraic_curve(relation, max_degree)
        check_discriminant(curve, max_degree)
        return tuple(_unique([*_from_curve(curve), *(from_charts or ())]))
    except NotAlgebraicError:
        if from_charts is None:
            raise
        return tuple(from_charts)


def is_small(w: PowerProduct) -> bool:
    """Whether the discriminant has a moderate degree."""
    sizes = [abs(e) if e.is_Integer else sympy.oo for e in w.exponents.values()]
    return w.rate == 0 and bool(sympy.Add(*sizes) <= _LARGEST_CHART)


def _is_long(point: Any) -> bool:
    """Whether the value of ``w`` is written better as the zero of one polynomial."""
    return bool(point.has(sympy.CRootOf) or point.free_symbols)


def unsolved_factors(relation: Relation, max_degree: int | None = None) -> list[Any]:
    """Factors of the discriminant whose zeros are no readable expressions."""
    curve = algebraic_curve(relation, max_degree)
    x = sympy.Symbol("x")
    factors = (curve.to_sympy(f, {"w": x}) for f in singular_factors(curve))
    return [f for f in factors if _zeros(f, x) is None]


def _with_roots(values: list[Any], power: int) -> list[Any]:
    """Of both signs: the values are moduli."""
    roots = values if power == 1 else [sympy.sqrt(v) for v in values]
    return _unique([*roots, *(-r for r in roots)])


def _unique(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


# ---------------------------------------------------------------------- charts


def critical_points(w: PowerProduct) -> list[Any] | None:
    """The real zeros of ``w'``; None if they have no expression."""
    t = w.variable
    numerator = sympy.fraction(sympy.together(w.logarithmic_derivative()))[0]
    if t not in numerator.free_symbols:
        return []
    if not numerator.is_polynomial(t):
        return None
    found: list[Any] = []
    for factor, _ in sympy.factor_list(numerator, t)[1]:
        if t in factor.free_symbols:
            zeros = _zeros(factor, t)
            if zeros is None:
                return None
            found += zeros
    return found


def _values(w: PowerProduct, points: list[Any]) -> list[Any]:
    """``|w|`` at the critical points, and 0, where zeros and poles of ``w`` are."""
    values = [sympy.S.Zero]
    if w.rate == 0 and sympy.expand(sympy.Add(*w.exponents.values())) == 0:
        values.append(_absolute(w.constant))
    for point in points:
        powers = [_absolute(_short(point - b)) ** e for b, e in w.exponents.items()]
        whole = sympy.Mul(_absolute(w.constant), *powers, sympy.exp(w.rate * point))
        small = w.rate == 0 and all(
            e.is_Integer and abs(e) <= _READABLE for e in w.exponents.values()
        )
        values.append(_readable(whole) if small and not point.has(sympy.CRootOf) else whole)
    return values


def _short(value: Any) -> Any:
    return sympy.expand(value) if value.is_number else sympy.together(value)


def _absolute(value: Any) -> Any:
    """The modulus; symbols decide later, so that only numbers are turned."""
    if value.is_number:
        return -value if value.evalf(20) < 0 else value
    return value


def _readable(value: Any) -> Any:
    """``a + b sqrt(d)`` for numbers; factors together for symbols."""
    if value.is_number:
        return sympy.radsimp(sympy.expand(sympy.radsimp(value)))
    return sympy.factor(value) if value.is_rational_function() else value


# ---------------------------------------------------------------------- discriminants


def check_discriminant(curve: Curve, max_degree: int | None = None) -> None:
    """Predict the size of a discriminant from the Newton polygon of its polynomial.

    Raises
    ------
    DegreeError
        With the prediction, and how to insist.
    """
    symbols = len(curve.parameters.atoms)
    degree = discriminant_degree(curve.polynomial, "g", "w")
    default = _LARGEST_DISCRIMINANTS[min(symbols, len(_LARGEST_DISCRIMINANTS) - 1)]
    limit = default if max_degree is None else max_degree
    if degree > limit:
        named = f" with {symbols} symbols" if symbols else ""
        raise DegreeError(
            f"the edges are zeros of a discriminant that is predicted to reach the degree {degree}"
            f"{named}, which is more than {limit}; to insist, give max_degree={degree}, or ask for "
            "floats (exact=False) or proved digits (digits=30)",
            degree,
        )


@lru_cache(maxsize=256)
def discriminant(curve: Curve) -> Polynomial:
    """The discriminant of a curve as a polynomial in ``w``; 1 for rational transforms."""
    polynomial = curve.polynomial
    if polynomial.degree("g") > 1:
        plane = not curve.parameters.atoms
        return plane_discriminant(polynomial, "g", "w") if plane else polynomial.discriminant("g")
    return Polynomial.constant(polynomial.names, 1)


@lru_cache(maxsize=256)
def singular_factors(curve: Curve) -> tuple[Polynomial, ...]:
    """Irreducible factors, in ``w``, of the discriminant and of the leading coefficient."""
    parts = (curve.polynomial.coefficients("g")[-1], discriminant(curve))
    factors = (factor for part in parts for factor, _ in part.factors()[1])
    return tuple(dict.fromkeys(factor for factor in factors if factor.involves("w")))


def _from_curve(curve: Curve) -> Iterator[Any]:
    x = sympy.Symbol("x")
    for factor in singular_factors(curve):
        zeros = _zeros(curve.to_sympy(factor, {"w": x}), x)
        yield from zeros or ()


def _zeros(factor: Any, x: Any) -> list[Any] | None:
    """Real zeros of an irreducible factor; None if symbols leave them without a formula."""
    polynomial = sympy.Poly(factor, x)
    if polynomial.degree() <= 2 and polynomial.free_symbols_in_domain:
        return _zeros_with_symbols(factor, polynomial, x)
    if polynomial.free_symbols_in_domain:
        return _zeros_of_even(polynomial, x)
    if not polynomial.domain.is_ZZ and not polynomial.domain.is_QQ:
        found: list[Any] = (
            sympy.roots(polynomial, multiple=True) if polynomial.degree() <= 2 else []
        )
        return [root for root in found if root.is_real] or None
    return _zeros_of_numbers(polynomial, x)


def _zeros_with_symbols(factor: Any, polynomial: Any, x: Any) -> list[Any]:
    """Zeros of a quadratic: the short forms, and ``m -+ sqrt(d)``, which keeps its order."""
    found = list(real_zeros(factor, x) or ())
    if polynomial.degree() == 2:
        a, b, c = (polynomial.nth(k) for k in (2, 1, 0))
        middle = sympy.factor(sympy.cancel(-b / (2 * a)))
        root = square_root(sympy.factor(sympy.cancel((b**2 - 4 * a * c) / (4 * a**2))))
        found += [middle - root, middle + root]
    return found


def _zeros_of_even(polynomial: Any, x: Any) -> list[Any] | None:
    """A quadratic in ``x^2``."""
    if polynomial.degree() != 4 or any(k % 2 for (k,) in polynomial.monoms()):
        return None
    square = sympy.Dummy("y", positive=True)
    a, b, c = (polynomial.nth(k) for k in (4, 2, 0))
    squares = real_zeros(a * square**2 + b * square + c, square)
    if squares is None:
        root = sympy.sqrt(sympy.factor(b**2 - 4 * a * c))
        squares = [sympy.cancel((-b + s * root) / (2 * a)) for s in (1, -1)]
    return [sign * sympy.sqrt(value) for value in squares for sign in (1, -1)]


def _zeros_of_numbers(polynomial: Any, x: Any) -> list[Any]:
    primitive = sympy.Poly(polynomial.clear_denoms()[1], x, domain="ZZ").primitive()[1]
    degree = primitive.degree()
    if degree <= 2:
        return [root for root in sympy.roots(primitive, multiple=True) if root.is_real]
    if degree == 4 and not any(k % 2 for (k,) in primitive.monoms()):
        a, b, c = (primitive.nth(k) for k in (4, 2, 0))
        inner = sympy.roots(sympy.Poly([a, b, c], x), multiple=True)
        roots = [sympy.sqrt(v) for v in inner if v.is_real and v.is_positive]
        return [sign * root for root in roots for sign in (1, -1)]
    binomial = _zeros_of_binomial(primitive)
    if binomial is not None:
        return binomial
    count = len(real_roots([int(c) for c in reversed(primitive.all_coeffs())]))
    return [sympy.CRootOf(primitive, k, radicals=False) for k in range(count)]


def _zeros_of_binomial(primitive: Any) -> list[Any] | None:
    """``a x^n = b``."""
    if len(primitive.terms()) != 2 or primitive.nth(0) == 0:
        return None
    n, value = primitive.degree(), sympy.Rational(-primitive.nth(0), primitive.LC())
    if n % 2:
        return [sympy.sign(value) * abs(value) ** sympy.Rational(1, n)]
    root = abs(value) ** sympy.Rational(1, n)
    return [root, -root] if value > 0 else []
