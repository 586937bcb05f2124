"""Rational functions of symbolic parameters, the coefficients of exact symbolic series.

SymPy expressions are entered once and left once; in between everything is arithmetic of FLINT
polynomials.  What is not a sum, a product or an integer power in an expression (a symbol, a
root, a power with a symbol in its exponent) becomes an independent generator.  Results that hold
for independent generators hold for the expressions they stand for; only powers of roots of
rational numbers are replaced by these numbers.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import flint

from freesym.lazy import LazyModule

sympy: Any = LazyModule("sympy")

Generators: TypeAlias = tuple[Any, ...]

# SymPy's own normal form of expressions it cannot take for rational functions.
_EXPAND = {
    "deep": False,
    "mul": True,
    "power_exp": False,
    "power_base": False,
    "basic": False,
    "multinomial": False,
    "log": False,
}


@dataclass(frozen=True)
class Ring:
    """Polynomials with rational coefficients in generators that stand for SymPy expressions."""

    generators: Generators

    @property
    def context(self) -> Any:
        """FLINT keeps one context for every number of generators."""
        names = tuple(f"x{k}" for k in range(len(self.generators)))
        return flint.fmpq_mpoly_ctx.get(names, flint.Ordering.lex)

    @property
    def is_free(self) -> bool:
        """Whether the generators are independent for certain: no numbers, no shared symbols."""
        return _is_free(self.generators)

    @cached_property
    def roots(self) -> tuple[tuple[int, int, Any], ...]:
        """The generators that are algebraic numbers: place, degree, and equation."""
        found = []
        for place, generator in enumerate(self.generators):
            row = _equation(generator)
            if row is not None:
                x = self.context.gens()[place]
                equation = sum((c * x**k for k, c in enumerate(row)), self.context.constant(0))
                found.append((place, len(row) - 1, equation))
        return tuple(found)

    def constant(self, value: Any) -> Any:
        """A rational number as a polynomial."""
        return self.context.constant(value)

    def reciprocal(self, polynomial: Any) -> Any | None:
        """The reciprocal of a number in one of the roots, as a polynomial; None of others.

        Examples
        --------
        >>> import sympy
        >>> ring = ring_of(frozenset([sympy.sqrt(2)]))
        >>> ring.reciprocal(ring.context.gens()[0] + 1)
        x0 - 1
        """
        used = [place for place, degree in enumerate(polynomial.degrees()) if degree > 0]
        root = next((root for root in self.roots if [root[0]] == used), None)
        if root is None:
            return None
        place, _, equation = root
        common, factor, _ = _univariate(polynomial, place).xgcd(_univariate(equation, place))
        if common.degree() > 0:  # the equation is reducible
            return None
        x = self.context.gens()[place]
        row = (factor / common[0]).coeffs()
        return sum((c * x**k for k, c in enumerate(row)), self.context.constant(0))

    def lowered(self, polynomial: Any) -> Any:
        """The same number or function, powers of roots replaced.

        Examples
        --------
        >>> import sympy
        >>> ring = ring_of(frozenset([sympy.sqrt(2)]))
        >>> ring.lowered(ring.context.gens()[0] ** 5)
        4*x0
        """
        if not self.roots:
            return polynomial
        degrees = polynomial.degrees()
        for place, degree, equation in self.roots:
            if degrees[place] >= degree:
                polynomial = divmod(polynomial, equation)[1]
        return polynomial


def _equation(generator: Any) -> list[Any] | None:
    """The coefficients, constant term first, of an equation of an algebraic number."""
    if isinstance(generator, sympy.CRootOf):
        return [rational(c) for c in reversed(generator.poly.all_coeffs())]
    base, exponent = generator.as_base_exp()
    if base.is_Rational and exponent.is_Rational and exponent.p == 1:
        return [-rational(base), *[flint.fmpq(0)] * (int(exponent.q) - 1), flint.fmpq(1)]
    return None


def _univariate(polynomial: Any, place: int) -> Any:
    terms = {int(exponents[place]): c for exponents, c in polynomial.to_dict().items()}
    return flint.fmpq_poly([terms.get(k, 0) for k in range(max(terms) + 1)])


@lru_cache(maxsize=1024)
def _is_free(generators: Generators) -> bool:
    symbols = [generator.free_symbols for generator in generators]
    together = set().union(*symbols)
    return all(symbols) and sum(map(len, symbols)) == len(together)


@lru_cache(maxsize=1024)
def ring_of(generators: frozenset[Any]) -> Ring:
    """Return the ring of these generators, in SymPy's order."""
    return Ring(tuple(sorted(generators, key=sympy.default_sort_key)))


class ParameterFunction:
    """A quotient of polynomials in lowest terms, the denominator with leading coefficient 1.

    Supports ``+ - * /`` and integer powers with its kind and with rational numbers.

    Examples
    --------
    >>> import sympy
    >>> c = entered(sympy.Symbol("c"))
    >>> left((c * c - 1) / (c - 1) / 2)
    c/2 + 1/2
    """

    __slots__ = ("denominator", "numerator", "ring")

    def __init__(self, ring: Ring, numerator: Any, denominator: Any = None) -> None:
        self.ring = ring
        self.numerator = numerator
        #: None stands for 1.
        self.denominator = denominator

    # ------------------------------------------------------------------ arithmetic

    def _pair(self, other: Any) -> tuple[ParameterFunction, ParameterFunction] | None:
        """Both operands over one ring."""
        if isinstance(other, ParameterFunction):
            if other.ring == self.ring:
                return self, other
            ring = ring_of(frozenset(self.ring.generators + other.ring.generators))
            return self.over(ring), other.over(ring)
        if isinstance(other, (int, Fraction, flint.fmpq, flint.fmpz)):
            return self, ParameterFunction(self.ring, self.ring.constant(rational(other)))
        return None

    def over(self, ring: Ring) -> ParameterFunction:
        """The same function over a larger ring."""
        if ring == self.ring:
            return self
        places = [ring.generators.index(generator) for generator in self.ring.generators]
        parts = (self.numerator, self.denominator)
        top, bottom = (None if p is None else _moved(p, places, ring) for p in parts)
        return ParameterFunction(ring, top, bottom)

    def __add__(self, other: Any) -> ParameterFunction:
        pair = self._pair(other)
        if pair is None:
            return NotImplemented
        a, b = pair
        p, q = a.denominator, b.denominator
        if p is None and q is None:
            return ParameterFunction(a.ring, a.numerator + b.numerator)
        if q is None:
            return ParameterFunction(a.ring, a.ring.lowered(a.numerator + b.numerator * p), p)
        if p is None:
            return ParameterFunction(a.ring, a.ring.lowered(a.numerator * q + b.numerator), q)
        common = p.gcd(q)
        p_rest, q_rest = p / common, q / common
        top = a.numerator * q_rest + b.numerator * p_rest
        return _reduced(a.ring, top, common, p_rest * q_rest)

    def __neg__(self) -> ParameterFunction:
        return ParameterFunction(self.ring, -self.numerator, self.denominator)

    def __sub__(self, other: Any) -> ParameterFunction:
        pair = self._pair(other)
        if pair is None:
            return NotImplemented
        a, b = pair
        return a + -b

    def __rsub__(self, other: Any) -> ParameterFunction:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> ParameterFunction:
        pair = self._pair(other)
        if pair is None:
            return NotImplemented
        a, b = pair
        if a.denominator is None and b.denominator is None:
            return ParameterFunction(a.ring, a.ring.lowered(a.numerator * b.numerator))
        first = _reduced(a.ring, a.numerator, b.denominator)
        second = _reduced(a.ring, b.numerator, a.denominator)
        return ParameterFunction(
            a.ring,
            first.numerator * second.numerator,
            _times(first.denominator, second.denominator),
        )

    def __truediv__(self, other: Any) -> ParameterFunction:
        pair = self._pair(other)
        if pair is None:
            return NotImplemented
        a, b = pair
        return a * b.inverse()

    def __rtruediv__(self, other: Any) -> ParameterFunction:
        return self.inverse().__mul__(other)

    def __pow__(self, exponent: int) -> ParameterFunction:
        base = self if exponent >= 0 else self.inverse()
        n = abs(operator.index(exponent))
        bottom = None if base.denominator is None or n == 0 else base.denominator**n
        return ParameterFunction(self.ring, self.ring.lowered(base.numerator**n), bottom)

    __radd__ = __add__
    __rmul__ = __mul__

    def inverse(self) -> ParameterFunction:
        """The reciprocal."""
        if self == 0:
            raise ZeroDivisionError("division by an expression that is 0")
        leading = self.numerator.leading_coefficient()
        top = self.ring.constant(1) if self.denominator is None else self.denominator
        reciprocal = self.ring.reciprocal(self.numerator)
        if reciprocal is not None:
            return ParameterFunction(self.ring, self.ring.lowered(top * reciprocal))
        bottom = None if self.numerator.is_constant() else self.numerator / leading
        return ParameterFunction(self.ring, top / leading, bottom)

    def __eq__(self, other: object) -> bool:
        pair = self._pair(other)
        if pair is None:
            return NotImplemented
        difference = pair[0] - pair[1]
        if difference.numerator.is_zero():
            return True
        return not difference.ring.is_free and left(difference).equals(0) is True

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(left(self))

    __repr__ = __str__

    def __len__(self) -> int:
        """The number of terms."""
        return len(self.numerator) + (0 if self.denominator is None else len(self.denominator))

    def __bool__(self) -> bool:
        return self != 0

    def as_rational(self) -> Any:
        """The rational number this is, as ``flint.fmpq``; None if it is not one."""
        if self.denominator is not None or not self.numerator.is_constant():
            return None
        return self.numerator.leading_coefficient() if self.numerator else flint.fmpq(0)


def _times(left: Any, right: Any) -> Any:
    if left is None:
        return right
    return left if right is None else left * right


def _reduced(ring: Ring, top: Any, common: Any, rest: Any = None) -> ParameterFunction:
    """``top/(common rest)`` where ``top`` and ``rest`` have no common factor."""
    if common is not None:
        divisor = top.gcd(common)
        top, common = top / divisor, common / divisor
    bottom = _times(common, rest)
    if bottom is not None and bottom.is_constant():
        bottom = None
    return ParameterFunction(ring, top, bottom)


def _moved(polynomial: Any, places: list[int], ring: Ring) -> Any:
    terms = {}
    for exponents, coefficient in polynomial.to_dict().items():
        moved = [0] * len(ring.generators)
        for place, exponent in zip(places, exponents, strict=True):
            moved[place] = exponent
        terms[tuple(moved)] = coefficient
    return ring.context.from_dict(terms)


def rational(value: Any) -> Any:
    """Return a rational number as ``flint.fmpq``.

    Examples
    --------
    >>> rational(Fraction(2, 4))
    1/2
    """
    if isinstance(value, (flint.fmpq, flint.fmpz)):
        return flint.fmpq(value)
    return flint.fmpq(value.numerator, value.denominator)


# ------------------------------------------------------------------------- to and from SymPy


@lru_cache(maxsize=4096)
def entered(expression: Any) -> Any:
    """Return a SymPy expression as ParameterFunction, a rational number as ``flint.fmpq``.

    None if it contains floats or is not finite.
    """
    if expression.is_Rational:
        return flint.fmpq(int(expression.p), int(expression.q))
    if expression.has(sympy.Float, sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
        return None
    return _built(expression)


def _built(expression: Any) -> Any:
    if expression.is_Rational:
        return flint.fmpq(int(expression.p), int(expression.q))
    if expression.is_Add:
        return _simplest(sum(map(_built, expression.args), flint.fmpq(0)))
    if expression.is_Mul:
        return _simplest(math.prod(map(_built, expression.args), start=flint.fmpq(1)))
    base, exponent = expression.as_base_exp()
    if exponent.is_Add:
        return _simplest(math.prod(_built(base**part) for part in exponent.args))
    coefficient, rest = exponent.as_coeff_Mul()
    if not coefficient.is_Rational:
        return _generator(expression)
    power = int(coefficient.p)
    if rest == 1 and coefficient.q == 1:
        return _generator(base) if power == 1 else _powered(_built(base), power)
    return _powered(_generator(base ** (rest / coefficient.q)), power)


def _powered(value: Any, power: int) -> Any:
    return value**power


def _simplest(value: Any) -> Any:
    """Rational numbers are not functions."""
    constant = value.as_rational() if isinstance(value, ParameterFunction) else None
    return value if constant is None else constant


def _generator(expression: Any) -> ParameterFunction:
    ring = ring_of(frozenset([expression]))
    return ParameterFunction(ring, ring.context.gens()[0])


def left(value: Any) -> Any:
    """Return the SymPy expression, expanded and cancelled.

    Examples
    --------
    >>> import sympy
    >>> left(entered(sympy.sympify(3) / 2))
    3/2
    """
    if isinstance(value, flint.fmpq):
        return sympy.Rational(int(value.p), int(value.q))
    parts = (value.numerator, value.denominator)
    top, bottom = (None if part is None else _integral(part) for part in parts)
    assert top is not None
    scale = top[1] if bottom is None else top[1] / bottom[1]
    numerator = _expression([(e, c * int(scale.p)) for e, c in top[0]], value.ring)
    if bottom is None:
        polynomial = numerator / int(scale.q)
        return polynomial if value.ring.is_free else polynomial.expand(**_EXPAND)
    denominator = _expression([(e, c * int(scale.q)) for e, c in bottom[0]], value.ring)
    quotient = numerator / denominator
    return quotient if value.ring.is_free else _expanded(quotient.cancel())


def _expanded(quotient: Any) -> Any:
    numerator, denominator = sympy.fraction(quotient)
    if denominator.free_symbols:
        return numerator.expand(**_EXPAND) / denominator
    return quotient.expand(**_EXPAND)


def _integral(polynomial: Any) -> tuple[list[tuple[Any, int]], Any]:
    """Primitive integer terms and the factor in front of them."""
    terms = [(exponents, flint.fmpq(c)) for exponents, c in polynomial.to_dict().items()]
    scale = math.lcm(*(int(c.q) for _, c in terms))
    integers = [(exponents, int(c.p) * (scale // int(c.q))) for exponents, c in terms]
    content = math.gcd(*(c for _, c in integers)) or 1
    return [(e, c // content) for e, c in integers], flint.fmpq(content, scale)


def _expression(terms: list[tuple[Any, int]], ring: Ring) -> Any:
    return sympy.Add(
        *(
            sympy.Mul(
                sympy.Integer(coefficient),
                *(g ** int(e) for g, e in zip(ring.generators, exponents, strict=True) if e),
            )
            for exponents, coefficient in terms
        )
    )
