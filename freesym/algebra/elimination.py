"""Operations on algebraic functions, each given by a polynomial that vanishes on its graph.

A polynomial ``P(a, b, parameters)`` stands for the functions ``a(b)`` with ``P(a(b), b) = 0``.
Sums, products, powers and compositions of such functions are again of this form: where one
polynomial is linear its function is substituted, elsewhere the auxiliary variable is
eliminated by a resultant.  Results carry every combination of branches; the caller picks the
irreducible factor it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import prod

from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient

#: The generator that is eliminated; rings that are eliminated in have it.
AUXILIARY = "t"


def function_of(polynomial: Polynomial, name: str) -> Quotient | None:
    """The function a polynomial that is linear in ``name`` stands for."""
    pair = polynomial.linear_function(name)
    return None if pair is None else Quotient(*pair)


def graph_of(function: Quotient, name: str) -> Polynomial:
    """The polynomial of the graph ``name = function``."""
    return _graph(*function.pair(), name)


def _graph(top: Polynomial, bottom: Polynomial, name: str) -> Polynomial:
    return (top.generator(name) * bottom - top).primitive()


def _reduced_graph(top: Polynomial, bottom: Polynomial, name: str) -> Polynomial:
    common = top.gcd(bottom)
    if not common.raw.is_one():
        top, bottom = top // common, bottom // common
    return _graph(top, bottom, name)


def substituted(
    polynomial: Polynomial, values: Mapping[str, Quotient], exceptional: Iterable[Polynomial] = ()
) -> Polynomial:
    """Replace generators by rational functions, clear denominators, drop known factors."""
    pairs = {name: value.pair() for name, value in values.items()}
    return polynomial.replaced_by_quotients(pairs).without(exceptional).primitive()


def eliminated(first: Polynomial, second: Polynomial, name: str) -> Polynomial:
    """A square-free polynomial of the remaining generators that vanishes where both do.

    Examples
    --------
    >>> x, y, t = Polynomial.generators(("x", "y", "t"))
    >>> eliminated(t**2 - x, t * y - 1, "t")
    x*y**2 - 1
    """
    if not first.involves(name):
        return first
    if not second.involves(name):
        return second
    for one, other in ((first, second), (second, first)):
        function = function_of(one, name)
        if function is not None:
            return squarefree(substituted(other, {name: function}))
    found = first.resultant(second, name)
    if not found:
        common = first.gcd(second)
        return eliminated(first // common, second, name)
    return squarefree(found)


def squarefree(polynomial: Polynomial) -> Polynomial:
    """The product of the distinct factors that are not numbers."""
    parts = [p for p in polynomial.squarefree_factors() if not p.is_constant()]
    if not parts:
        return polynomial
    return prod(parts[1:], start=parts[0]).primitive()


# ----------------------------------------------------------------- functions of one coordinate


def scaled(polynomial: Polynomial, name: str, factor: Quotient) -> Polynomial:
    """The function multiplied by ``factor``."""
    generator = Quotient(polynomial.generator(name))
    return substituted(polynomial, {name: generator / factor})


def total(polynomials: Iterable[Polynomial], name: str) -> Polynomial:
    """The sum of functions.

    Examples
    --------
    >>> x, y, t = Polynomial.generators(("x", "y", "t"))
    >>> total([x**2 - y, x * y - 1], "x")
    x**2*y**2 - 2*x*y - y**3 + 1
    """
    return _folded(polynomials, name, multiply=False)


def product(polynomials: Iterable[Polynomial], name: str) -> Polynomial:
    """The product of functions.

    Examples
    --------
    >>> x, y, t = Polynomial.generators(("x", "y", "t"))
    >>> product([x**2 - y, x - 3], "x")
    x**2 - 9*y
    """
    return _folded(polynomials, name, multiply=True)


def _folded(polynomials: Iterable[Polynomial], name: str, *, multiply: bool) -> Polynomial:
    """Rational functions first, then the others by ascending degree."""
    rational: tuple[Polynomial, Polynomial] | None = None
    others: list[Polynomial] = []
    for polynomial in polynomials:
        function = polynomial.linear_function(name)
        if function is None:
            others.append(polynomial)
        elif rational is None:
            rational = function
        else:
            rational = _with(rational, function, multiply=multiply)
    if not others:
        assert rational is not None
        return _reduced_graph(*rational, name)
    others.sort(key=lambda p: (p.degree(name), len(p)))
    if rational is not None:
        others[0] = (scaled if multiply else _shifted)(others[0], name, Quotient(*rational))
    result = others[0]
    for other in others[1:]:
        result = _combined(result, other, name, multiply=multiply)
    return result


def _with(
    first: tuple[Polynomial, Polynomial], second: tuple[Polynomial, Polynomial], *, multiply: bool
) -> tuple[Polynomial, Polynomial]:
    """The sum or product of two fractions, which is reduced once, at the end."""
    (a, b), (c, d) = first, second
    if multiply:
        return a * c, b * d
    if d.raw.is_one():
        return a + b * c, b
    return a * d + b * c, b * d


def _shifted(polynomial: Polynomial, name: str, shift: Quotient) -> Polynomial:
    generator = Quotient(polynomial.generator(name))
    return substituted(polynomial, {name: generator - shift})


def _combined(first: Polynomial, second: Polynomial, name: str, *, multiply: bool) -> Polynomial:
    """The composed sum or product: the resultant of ``P(t)`` and ``Q(a - t)`` or ``Q(a/t)``."""
    a, t = Quotient(first.generator(name)), Quotient(first.generator(AUXILIARY))
    moved = first.replaced({name: t.numerator})
    other = substituted(second, {name: a / t if multiply else a - t})
    return eliminated(moved, other, AUXILIARY)


def power(polynomial: Polynomial, name: str, exponent: Fraction) -> Polynomial:
    """The function to a rational power, with every branch of the root.

    Examples
    --------
    >>> x, y, t = Polynomial.generators(("x", "y", "t"))
    >>> power(x * y - 1, "x", Fraction(-2, 3))
    x**3 - y**2
    """
    n, d = exponent.numerator, exponent.denominator
    a = Quotient(polynomial.generator(name))
    t = Quotient(polynomial.generator(AUXILIARY))
    function = function_of(polynomial, name)
    if function is not None:
        raised = graph_of(function**n, name)
    elif n == 1:
        raised = polynomial
    elif n == -1:
        raised = substituted(polynomial, {name: 1 / a})
    else:
        moved = polynomial.replaced({name: t.numerator})
        raised = eliminated(moved, graph_of(t**n, name), AUXILIARY)
    return raised if d == 1 else raised.replaced({name: (a**d).numerator}).primitive()


def composed(outer: Polynomial, inner: Polynomial, outer_name: str, value: str) -> Polynomial:
    """``outer`` with ``outer_name`` replaced by the function ``inner`` gives to ``value``.

    Both are polynomials of one ring; ``inner`` vanishes where ``value`` is the function.
    """
    t = outer.generator(AUXILIARY)
    return eliminated(outer.replaced({outer_name: t}), inner.replaced({value: t}), AUXILIARY)


def folded_square(polynomial: Polynomial, name: str) -> Polynomial:
    """The polynomial in ``name**2`` that vanishes with it, ``name**2`` called ``name``."""
    degree = polynomial.degree(name)
    parts = polynomial.coefficients(name)
    x = polynomial.generator(name)
    even = sum((c * x ** (i // 2) for i, c in enumerate(parts) if i % 2 == 0), start=x * 0)
    odd = sum((c * x ** (i // 2) for i, c in enumerate(parts) if i % 2), start=x * 0)
    if not odd or degree == 0:
        return even.primitive()
    return squarefree(even * even - x * odd * odd) if even else odd.primitive()
