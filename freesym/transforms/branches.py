"""Branches of square roots, written so that they are right on a whole half-plane.

The Cauchy transform is analytic on the upper half-plane, so if it solves a quadratic equation
the zeros of odd order of the discriminant lie on the real line.  The discriminant's root is
then a **product of square roots** ``sqrt(z - a)`` of real ``a``, each analytic there, up to one
sign; the root of the product is not (its cut leaves the axis).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

_LARGEST_FACTOR = 4


@dataclass(frozen=True)
class Surd:
    """``(p + q root)/d``, where ``root`` is a product of principal square roots.

    Attributes
    ----------
    variable : Symbol
    p, q, d : expressions, rational in ``variable``
    radicands : tuple of expressions
        ``root`` is the product of their square roots; 1 if there are none.
    given : expression, optional
        The same as a formula that shows more.
    """

    variable: Any
    p: Any
    q: Any
    d: Any
    radicands: tuple[Any, ...] = ()
    given: Any = None

    @property
    def root(self) -> Any:
        """The product of the square roots."""
        return sympy.Mul(*[sympy.sqrt(a) for a in self.radicands])

    @property
    def is_rational(self) -> bool:
        """Whether there is no root."""
        return not self.radicands

    @property
    def expression(self) -> Any:
        """As a SymPy expression."""
        if self.given is not None:
            return self.given
        if self.is_rational:
            (a, top), (b, bottom) = (_factored(v, self.variable) for v in (self.p, self.d))
            return sympy.Mul(a / b, top, 1 / bottom)
        return (self.p + self.q * self.root) / self.d

    @property
    def conjugate(self) -> Surd:
        """The other zero of the quadratic."""
        return Surd(self.variable, self.p, -self.q, self.d, self.radicands)

    def moebius(self, a: Any, b: Any, c: Any, d: Any) -> Surd:
        """``(a y + b)/(c y + d)`` of this ``y``, with a rational denominator."""
        top = a * self.p + b * self.d, a * self.q
        bottom = c * self.p + d * self.d, c * self.q
        square = sympy.Mul(*self.radicands)
        return reduced(
            self.variable,
            top[0] * bottom[0] - top[1] * bottom[1] * square,
            top[1] * bottom[0] - top[0] * bottom[1],
            bottom[0] ** 2 - bottom[1] ** 2 * square,
            self.radicands,
        )

    def with_values(self, values: Mapping[Any, Any]) -> Surd:
        """The same with expressions for symbols."""
        p, q, d = (part.subs(values) for part in (self.p, self.q, self.d))
        given = None if self.given is None else self.given.subs(values)
        return Surd(self.variable, p, q, d, tuple(a.subs(values) for a in self.radicands), given)

    def at_multiple(self, factor: Any) -> Surd:
        """The value at ``factor x``."""
        x = self.variable
        p, q, d = (value.subs(x, factor * x) for value in (self.p, self.q, self.d))
        return reduced(x, p, q, d, tuple(a.subs(x, factor * x) for a in self.radicands))

    def at_reciprocal(self) -> Surd:
        """The value at ``1/x``; ``sqrt(1/x - a) = sqrt(1 - a x)/sqrt(x)`` off the real line."""
        x = self.variable
        p, q, d = (value.subs(x, 1 / x) for value in (self.p, self.q, self.d))
        radicands = tuple(_times_variable(a, x) for a in self.radicands)
        whole, odd = divmod(len(radicands), 2)
        q = q / x ** (whole + odd)
        return reduced(x, p, q, d, (*radicands, x) if odd else radicands)


def solved_in_half_plane(polynomial: Any, x: Any, y: Any) -> tuple[Surd, ...]:
    """Both zeros ``y`` of a quadratic, by a root that is analytic for ``Im x > 0``.

    There are none if the discriminant has zeros of odd order off the real line, or zeros
    that are no radicals.

    Examples
    --------
    >>> z, g = sympy.symbols("z g")
    >>> solved_in_half_plane(g**2 - z * g + 1, z, g)[0].expression
    z/2 - sqrt(z - 2)*sqrt(z + 2)/2
    """
    a, b, c = _coefficients(polynomial, y)
    constant, square, odd = square_parts(b**2 - 4 * a * c, x)
    zeros: list[Any] = []
    for factor in odd:
        found = real_zeros(factor, x)
        if found is None:
            return ()
        constant *= sympy.LC(factor, x)
        zeros += found
    scale = factored_root(constant)
    radicands = tuple(x - zero for zero in sorted(zeros, key=sympy.default_sort_key))
    return _both(x, -b, scale * square, 2 * a, radicands)


def solved_near_zero(
    polynomial: Any, x: Any, y: Any, values: Sequence[Mapping[Any, Any]] = ()
) -> tuple[Surd, ...]:
    """Both zeros ``y`` of a quadratic, by a root that is analytic near ``x = 0`` and not 0 there.

    There are none if the discriminant vanishes at 0 to an odd order, or if the root is one of
    a polynomial of degree more than 2.  Where assumptions do not tell the sign of a
    parameter, ``values`` of the parameters do.
    """
    a, b, c = _coefficients(polynomial, y)
    constant, square, odd = square_parts(b**2 - 4 * a * c, x)
    radicand = sympy.Mul(*odd)
    at_zero = sympy.expand(radicand.subs(x, 0))
    if at_zero == 0 or sympy.degree(radicand, x) > 2:
        return ()
    if radicand == 1:
        return _both(x, -b, factored_root(constant) * square, 2 * a, ())
    scale = factored_root(sympy.factor(constant * at_zero))
    if scale.is_rational_function() and not _has_one_sign(scale, values):
        # the root of the value at 0 may have either sign: keep it outside
        terms = sympy.Poly(radicand, x).terms()
        inner = sympy.Add(*(sympy.factor(c / at_zero) * x**k for (k,), c in terms))
        return _both(x, -b, scale * square, 2 * a, (inner,))
    outer, rest = _without_squares(constant)
    return _both(x, -b, outer * square, 2 * a, (sympy.expand(rest * radicand),))


def _has_one_sign(value: Any, values: Sequence[Mapping[Any, Any]]) -> bool:
    signs = {value.subs(v).is_positive for v in values} if values else {None}
    return bool(value.is_positive or value.is_negative or signs in ({True}, {False}))


def _times_variable(radicand: Any, x: Any) -> Any:
    """``x`` times the radicand at ``1/x``, a polynomial of degree 1 or its reversal."""
    zero = x - radicand
    if not zero.has(x):
        return 1 - x * zero
    return sympy.expand(x * radicand.subs(x, 1 / x))


def _both(x: Any, p: Any, q: Any, d: Any, radicands: tuple[Any, ...]) -> tuple[Surd, ...]:
    if not radicands:
        return tuple(reduced(x, p + sign * q, sympy.S.Zero, d, ()) for sign in (-1, 1))
    found = reduced(x, p, q, d, radicands)
    return found.conjugate, found


def radius_of(radicand: Any, x: Any, values: Sequence[Mapping[Any, Any]] = ()) -> Any:
    """The distance from 0 to the nearest zero of a polynomial of degree at most 2.

    On that disc the principal square root of a real quadratic that is positive at 0 is
    analytic: its cuts begin at the zeros and lead away from 0.
    """
    poly = sympy.Poly(radicand, x)
    if poly.degree() == 1:
        return sympy.Abs(sympy.cancel(poly.nth(0) / poly.nth(1)))
    a, b, c = poly.nth(2), poly.nth(1), poly.nth(0)
    discriminant = sympy.factor(b**2 - 4 * a * c)
    complex_zeros = [discriminant.subs(v).is_nonpositive for v in values]
    if discriminant.is_nonpositive or (complex_zeros and all(complex_zeros)):
        return square_root_of_positive(sympy.cancel(c / a))
    root = sympy.sqrt(discriminant)
    return sympy.Min(sympy.Abs((-b + root) / (2 * a)), sympy.Abs((b + root) / (2 * a)))


def _coefficients(polynomial: Any, y: Any) -> tuple[Any, Any, Any]:
    poly = sympy.Poly(polynomial, y)
    return poly.nth(2), poly.nth(1), poly.nth(0)


def square_parts(discriminant: Any, x: Any) -> tuple[Any, Any, list[Any]]:
    """``constant * square**2 * prod odd``, the odd factors irreducible and with ``x``."""
    content, factors = sympy.factor_list(sympy.expand(discriminant))
    constant, square = content, sympy.Integer(1)
    odd: list[Any] = []
    for factor, multiplicity in factors:
        if not factor.has(x):
            constant *= factor**multiplicity
            continue
        square *= factor ** (multiplicity // 2)
        if multiplicity % 2:
            odd.append(factor)
    return constant, square, odd


def real_zeros(factor: Any, x: Any) -> list[Any] | None:
    """The zeros of an irreducible factor if they are real radicals, or None."""
    poly = sympy.Poly(factor, x)
    degree = poly.degree()
    if degree == 1:
        return [sympy.cancel(-poly.nth(0) / poly.nth(1))]
    if degree == 2:
        return _zeros_of_quadratic(poly)
    found = _zeros_of_even_quartic(poly) if degree == 4 else None
    if found is not None or poly.free_symbols_in_domain or degree > _LARGEST_FACTOR:
        return found
    found = sympy.real_roots(poly, multiple=True)
    return found if len(found) == degree else None


def _zeros_of_quadratic(poly: Any) -> list[Any] | None:
    """``(sqrt(u) -+ sqrt(v))**2`` where that is shorter, else ``m -+ sqrt(d)``."""
    a, b, c = poly.nth(2), poly.nth(1), poly.nth(0)
    middle = sympy.factor(sympy.cancel(-b / (2 * a)))
    square = sympy.factor(sympy.cancel((b**2 - 4 * a * c) / (4 * a**2)))
    if square.is_negative:
        return None
    if poly.free_symbols_in_domain:
        product = sympy.factor(sympy.cancel(c / a))
        root = factored_root(product)
        if root.is_rational_function() and not root.has(sympy.I):
            u, v = (sympy.factor(sympy.cancel((middle + s * root) / 2)) for s in (1, -1))
            first, second = square_root(u), square_root(v)
            return [(first + second) ** 2, (first - second) ** 2]
    root = square_root(square)
    return [middle + root, middle - root]


def _zeros_of_even_quartic(poly: Any) -> list[Any] | None:
    """The zeros of a polynomial in ``(x - m)**2``."""
    x = poly.gen
    middle = sympy.cancel(-poly.nth(3) / (4 * poly.nth(4)))
    moved = sympy.Poly(sympy.expand(poly.as_expr().subs(x, x + middle)), x)
    if sympy.cancel(moved.nth(1)) != 0 or sympy.cancel(moved.nth(3)) != 0:
        return None
    squares = _zeros_of_quadratic(sympy.Poly(sum(moved.nth(2 * k) * x**k for k in range(3)), x))
    if squares is None:
        return None
    roots = [_root_of_square(square) for square in squares]
    if any(root.is_real is False for root in roots):
        return None
    return [middle + sign * root for root in roots for sign in (1, -1)]


def _root_of_square(value: Any) -> Any:
    """``a`` of ``a**2``, else the square root."""
    return value.base if value.is_Pow and value.exp == 2 else sympy.sqrtdenest(sympy.sqrt(value))


def square_root(value: Any) -> Any:
    """The square root of a rational function, positive factors outside."""
    top, bottom = sympy.fraction(sympy.factor(value))
    return sympy.sqrt(sympy.factor(top)) / sympy.sqrt(sympy.factor(bottom))


def square_root_of_positive(value: Any) -> Any:
    """The positive square root, of positive factors if the value is a perfect square."""
    root = factored_root(value)
    if root.is_positive:
        return root
    return sympy.Abs(root) if root.is_rational_function() else sympy.sqrt(value)


def factored_root(value: Any) -> Any:
    """A square root of a rational function, itself rational wherever one is.

    Unlike ``sqrt(c**2)`` it is analytic in the parameters: no absolute values.

    Examples
    --------
    >>> c = sympy.Symbol("c")
    >>> factored_root(4 * c**2 - 8 * c + 4)
    2*c - 2
    """
    top, bottom = sympy.fraction(sympy.factor(value))
    return _polynomial_root(top) / _polynomial_root(bottom)


def _polynomial_root(value: Any) -> Any:
    content, factors = sympy.factor_list(value)
    root = sympy.sqrt(content)
    for factor, multiplicity in factors:
        root *= factor ** (multiplicity // 2)
        if multiplicity % 2:
            root *= sympy.sqrt(factor)
    return root


def _without_squares(value: Any) -> tuple[Any, Any]:
    """``outer**2 * rest`` of a rational function, with ``rest`` free of squares."""
    outer, rest = sympy.S.One, sympy.S.One
    for part, sign in zip(sympy.fraction(sympy.factor(value)), (1, -1), strict=True):
        content, factors = sympy.factor_list(part)
        whole = sympy.sqrt(content)
        factors = [*factors, (whole, 2)] if whole.is_Rational else [*factors, (content, 1)]
        for factor, multiplicity in factors:
            outer *= factor ** (sign * (multiplicity // 2))
            rest *= factor ** (sign * (multiplicity % 2))
    return outer, rest


def reduced(x: Any, p: Any, q: Any, d: Any, radicands: tuple[Any, ...]) -> Surd:
    """A surd in lowest terms: what ``p``, ``q`` and ``d`` have in common is cancelled."""
    if not radicands:
        top, bottom = sympy.fraction(sympy.cancel(p / d))
        return Surd(x, top, sympy.S.Zero, bottom)
    # constant roots, like sqrt(2) or sqrt(c), must not stand in the way of a common divisor
    outer, q = _constant_roots(sympy.together(q))
    ratios = [sympy.fraction(sympy.cancel(value / d)) for value in (p, q)]
    bottom = sympy.lcm(ratios[0][1], ratios[1][1])
    top = [sympy.cancel(a * bottom / b) for a, b in ratios]
    content, product = _factored(bottom, x)
    if content.is_negative:
        content, top = -content, [-value for value in top]
    p, q = sympy.collect(sympy.expand(top[0]), x), sympy.factor(top[1])
    return Surd(x, p, outer * q, content * product, radicands)


def _factored(value: Any, x: Any) -> tuple[Any, Any]:
    """A constant and the factors of a polynomial, whose leading coefficients are positive."""
    content, factors = sympy.factor_list(value)
    product = sympy.S.One
    for factor, multiplicity in factors:
        turned = factor.has(x) and sympy.LC(factor, x).could_extract_minus_sign()
        content *= (-1) ** multiplicity if turned else 1
        product *= (-factor if turned else factor) ** multiplicity
    return content, product


def _constant_roots(value: Any) -> tuple[Any, Any]:
    """Split ``value`` into factors that are roots of constants, and the rest."""
    outer, rest = sympy.S.One, sympy.S.One
    for part in sympy.Mul.make_args(value):
        is_root = part.is_Pow and not part.exp.is_Integer
        outer, rest = (outer * part, rest) if is_root or part is sympy.I else (outer, rest * part)
    return outer, rest
