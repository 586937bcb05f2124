"""Polynomials with integer coefficients in named generators, on FLINT.

A thin typed wrapper: a polynomial knows its generators by name, so that code that eliminates
reads like the mathematics.  Internal names never meet a user's symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import lcm
from typing import Any, TypeAlias

import flint

Names: TypeAlias = tuple[str, ...]
Exponents: TypeAlias = tuple[int, ...]


class Polynomial:
    """A polynomial with integer coefficients; immutable and hashable.

    Parameters
    ----------
    raw : flint.fmpz_mpoly
        The polynomial itself.

    Examples
    --------
    >>> x, y = Polynomial.generators(("x", "y"))
    >>> p = (x + y) * (x - 2 * y) ** 2
    >>> p.factors()
    (1, [(x + y, 1), (x - 2*y, 2)])
    >>> p.degree("x"), p.gcd(x**2 - y**2)
    (3, x + y)
    """

    __slots__ = ("raw",)

    raw: Any

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    # ------------------------------------------------------------------------ construction

    @staticmethod
    def generators(names: Sequence[str]) -> tuple[Polynomial, ...]:
        """The generators of the ring with these names, the leading one first."""
        return tuple(map(Polynomial, _context(tuple(names)).gens()))

    @staticmethod
    def constant(names: Sequence[str], value: int) -> Polynomial:
        """An integer as a polynomial."""
        return Polynomial(_context(tuple(names)).constant(value))

    @staticmethod
    def from_terms(names: Sequence[str], terms: Mapping[Exponents, int]) -> Polynomial:
        """The polynomial with the given coefficients by exponents."""
        return Polynomial(_context(tuple(names)).from_dict(dict(terms)))

    def generator(self, name: str) -> Polynomial:
        """A generator of the ring of this polynomial."""
        return Polynomial(self.raw.context().gen(self._index(name)))

    @property
    def names(self) -> Names:
        """The names of the generators."""
        return _names(self.raw.context())

    def terms(self) -> dict[Exponents, int]:
        """Coefficients by exponents."""
        return {e: int(c) for e, c in self.raw.to_dict().items()}

    # ------------------------------------------------------------------------ arithmetic

    def __add__(self, other: Polynomial | int) -> Polynomial:
        return Polynomial(self.raw + _raw(other))

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return Polynomial(self.raw - _raw(other))

    def __rsub__(self, other: int) -> Polynomial:
        return Polynomial(other - self.raw)

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        return Polynomial(self.raw * _raw(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Polynomial:
        return Polynomial(-self.raw)

    def __pow__(self, exponent: int) -> Polynomial:
        return Polynomial(self.raw**exponent)

    def __floordiv__(self, other: Polynomial | int) -> Polynomial:
        """The exact quotient."""
        return Polynomial(self.raw / _raw(other))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Polynomial):
            same = self.raw.context() is other.raw.context() or self.names == other.names
            return same and bool(self.raw == other.raw)
        return bool(self.raw == other) if isinstance(other, int) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.names, frozenset(self.terms().items())))

    def __bool__(self) -> bool:
        return not self.raw.is_zero()

    def __len__(self) -> int:
        """The number of terms."""
        return len(self.raw)

    def __repr__(self) -> str:
        return str(self.raw).replace("^", "**")

    # ------------------------------------------------------------------------ structure

    def degree(self, name: str) -> int:
        """The degree in one generator; that of 0 is -1."""
        return int(self.raw.degrees()[self._index(name)]) if self else -1

    def involves(self, *names: str) -> bool:
        """Whether one of the generators occurs."""
        return any(self.degree(name) > 0 for name in names)

    def is_constant(self) -> bool:
        """Whether no generator occurs."""
        return bool(self.raw.is_constant())

    def coefficients(self, name: str) -> list[Polynomial]:
        """The coefficients of the powers of one generator, ascending."""
        index, context = self._index(name), self.raw.context()
        rows: list[dict[Exponents, Any]] = [{} for _ in range(self.degree(name) + 1)]
        for exponents, coefficient in self.raw.to_dict().items():
            rest = (*exponents[:index], 0, *exponents[index + 1 :])
            rows[exponents[index]][rest] = coefficient
        return [Polynomial(context.from_dict(row)) for row in rows]

    def _index(self, name: str) -> int:
        return self.names.index(name)

    # ------------------------------------------------------------------------ divisibility

    def gcd(self, other: Polynomial) -> Polynomial:
        """The greatest common divisor."""
        return Polynomial(self.raw.gcd(other.raw))

    def divided(self, other: Polynomial) -> Polynomial | None:
        """The exact quotient; None if there is a remainder."""
        quotient, remainder = divmod(self.raw, other.raw)
        return Polynomial(quotient) if remainder.is_zero() else None

    def without(self, factors: Iterable[Polynomial]) -> Polynomial:
        """The polynomial divided by each of the given factors as often as possible.

        A polynomial that is itself such a factor stays.
        """
        result = self
        for factor in factors:
            while not factor.is_constant():
                quotient = result.divided(factor)
                if quotient is None or quotient.is_constant():
                    break
                result = quotient
        return result

    def primitive(self) -> Polynomial:
        """Without the integer content; the leading coefficient is positive."""
        if not self:
            return self
        found = self.raw.primitive()[1]
        return Polynomial(-found if found.leading_coefficient() < 0 else found)

    def content(self, *names: str) -> Polynomial:
        """The greatest common divisor of the coefficients with respect to some generators."""
        indices = [self._index(name) for name in names]
        rows: dict[Exponents, dict[Exponents, Any]] = {}
        for exponents, coefficient in self.raw.to_dict().items():
            key = tuple(exponents[i] for i in indices)
            rest = list(exponents)
            for i in indices:
                rest[i] = 0
            rows.setdefault(key, {})[tuple(rest)] = coefficient
        context = self.raw.context()
        found = context.constant(0)
        for row in sorted(rows.values(), key=len):
            found = found.gcd(context.from_dict(row))
            if found.is_one():
                break
        return Polynomial(found)

    def primitive_part(self, *names: str) -> Polynomial:
        """The polynomial without its content with respect to some generators."""
        return (self // self.content(*names)).primitive() if self else self

    def factors(self) -> tuple[int, list[tuple[Polynomial, int]]]:
        """The integer content, and the irreducible factors with their multiplicities."""
        found = _sorted_factors(lambda raw: raw.factor()[1], self.raw)
        unit = self.raw.leading_coefficient() if self else 0
        for factor, multiplicity in found:
            unit /= factor.raw.leading_coefficient() ** multiplicity
        return int(unit), found

    def squarefree_factors(self) -> list[Polynomial]:
        """Pairwise coprime square-free polynomials with the same zeros."""
        return [p for p, _ in _sorted_factors(lambda raw: raw.factor_squarefree()[1], self.raw)]

    # ------------------------------------------------------------------------ elimination

    def resultant(self, other: Polynomial, name: str) -> Polynomial:
        """The resultant with respect to one generator."""
        return Polynomial(self.raw.resultant(other.raw, name))

    def discriminant(self, name: str) -> Polynomial:
        """The discriminant with respect to one generator."""
        return Polynomial(self.raw.discriminant(name))

    def derivative(self, name: str) -> Polynomial:
        """The partial derivative."""
        return Polynomial(self.raw.derivative(name))

    def linear_function(self, name: str) -> tuple[Polynomial, Polynomial] | None:
        """Numerator and denominator, not reduced, of the zero of a polynomial that is linear.

        Examples
        --------
        >>> x, y = Polynomial.generators(("x", "y"))
        >>> (x * y - 2 * x + y**2).linear_function("x")
        (-y**2, y - 2)
        """
        raw, index = self.raw, self._index(name)
        if raw.degrees()[index] != 1:
            return None
        slope = raw.derivative(index)
        return Polynomial(slope * raw.context().gen(index) - raw), Polynomial(slope)

    def replaced(self, values: Mapping[str, Polynomial]) -> Polynomial:
        """The polynomial with generators replaced by polynomials of the same ring."""
        context = self.raw.context()
        gens = [
            values[name].raw if name in values else gen
            for name, gen in zip(context.names(), context.gens(), strict=True)
        ]
        return Polynomial(self.raw.compose(*gens))

    def replaced_by_quotients(
        self, values: Mapping[str, tuple[Polynomial, Polynomial]]
    ) -> Polynomial:
        """The numerator after generators are replaced by quotients of polynomials.

        Multiplied by the denominators to the degrees of the polynomial, no further.
        """
        names = self.names
        fractions = {name: pair for name, pair in values.items() if not pair[1].raw.is_one()}
        if not fractions:
            return self.replaced({name: pair[0] for name, pair in values.items()})
        extra = tuple(f"/{name}" for name in fractions)
        wide = _context(names + extra)
        indices = [self._index(name) for name in fractions]
        degrees = [max(self.degree(name), 0) for name in fractions]
        terms = {
            (*exponents, *(d - exponents[i] for i, d in zip(indices, degrees, strict=True))): c
            for exponents, c in self.raw.to_dict().items()
        }
        context = self.raw.context()
        gens = [
            values[name][0].raw if name in values else gen
            for name, gen in zip(names, context.gens(), strict=True)
        ]
        gens += [values[name][1].raw for name in fractions]
        return Polynomial(wide.from_dict(terms).compose(*gens, ctx=context))

    def in_ring(self, names: Sequence[str], renamed: Mapping[str, str] | None = None) -> Polynomial:
        """The same polynomial over other generators, some of them renamed."""
        target = tuple(names)
        rename = renamed or {}
        positions = {
            i: target.index(rename.get(name, name))
            for i, name in enumerate(self.names)
            if rename.get(name, name) in target
        }
        terms: dict[Exponents, Any] = {}
        for exponents, coefficient in self.raw.to_dict().items():
            new = [0] * len(target)
            for i, e in enumerate(exponents):
                if e:
                    new[positions[i]] += e
            key = tuple(new)
            terms[key] = terms.get(key, 0) + coefficient
        return Polynomial(_context(target).from_dict(terms))

    # ------------------------------------------------------------------------ evaluation

    def values(self, name: str, point: Mapping[str, Any], digits: int = 50) -> tuple[Any, Any, Any]:
        """The value at a point, its derivative by ``name``, and the sum of the terms' sizes.

        Parameters
        ----------
        name : str
            The generator to derive by.
        point : mapping
            Complex or exact numbers for every generator that occurs.
        digits : int
            The working precision.

        Returns
        -------
        value, derivative : flint.acb
        scale : flint.arb
        """
        bits = int(digits * 3.33) + 10
        with flint.ctx.workprec(bits):
            return self._values(self._index(name), [_ball(point.get(n, 0)) for n in self.names])

    def _values(self, index: int, point: list[Any]) -> tuple[Any, Any, Any]:
        degrees = self.raw.degrees()
        tables = [_powers(x, d) for x, d in zip(point, degrees, strict=True)]
        sizes = [_powers(abs(x), d) for x, d in zip(point, degrees, strict=True)]
        value, derivative, scale = flint.acb(0), flint.acb(0), flint.arb(0)
        for exponents, coefficient in self.raw.to_dict().items():
            rest, size = flint.acb(coefficient), flint.arb(abs(coefficient))
            for i, e in enumerate(exponents):
                if e:
                    size = size * sizes[i][e]
                    if i != index:
                        rest = rest * tables[i][e]
            e = exponents[index]
            value += rest * tables[index][e]
            scale += size
            if e:
                derivative += e * rest * tables[index][e - 1]
        return value, derivative, scale


def _raw(value: Polynomial | int) -> Any:
    return value.raw if isinstance(value, Polynomial) else value


def _sorted_factors(split: Callable[[Any], Any], raw: Any) -> list[tuple[Polynomial, int]]:
    """Primitive factors with positive leading coefficients.

    The binding orders factors by their coefficients, as machine integers; those of polynomials
    with rational coefficients are ordered by another rule.
    """
    context = raw.context()
    try:
        found = split(raw)
    except OverflowError:
        rational = flint.fmpq_mpoly_ctx.get(context.names(), flint.Ordering.lex)
        found = [
            (context.from_dict({e: int(c) for e, c in (f * _denominator(f)).to_dict().items()}), k)
            for f, k in split(rational.from_dict(raw.to_dict()))
        ]
    return [(Polynomial(factor).primitive(), int(k)) for factor, k in found]


def _denominator(rational: Any) -> int:
    return lcm(*(int(c.q) for c in rational.coeffs()))


def _context(names: Names) -> Any:
    """FLINT keeps one context for every tuple of names."""
    return flint.fmpz_mpoly_ctx.get(names, flint.Ordering.lex)


@lru_cache(maxsize=4096)
def _names(context: Any) -> Names:
    return tuple(context.names())


def _ball(value: Any) -> Any:
    if isinstance(value, (int, float, complex, flint.acb, flint.arb)):
        return flint.acb(value)
    return flint.acb(flint.fmpq(value.numerator, value.denominator))


def _powers(x: Any, degree: int) -> list[Any]:
    """By halves: the radius of a ball then grows with the logarithm of the exponent."""
    table = [x**0, x]
    for e in range(2, degree + 1):
        table.append(table[e // 2] * table[e - e // 2])
    return table
