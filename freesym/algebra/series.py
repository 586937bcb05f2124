"""Truncated Laurent and Puiseux series with exact coefficients, as a number type."""

from __future__ import annotations

import math
import numbers
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from freesym.algebra.coefficient_lists import (
    binomial_power,
    compose,
    exponential,
    logarithm,
    multiply,
    reversion,
)
from freesym.algebra.coefficients import (
    Coefficients,
    Scalar,
    coerce_scalar,
    exact_exponent,
    in_common_field,
    is_native,
    is_symbolic,
    scalar_exponential,
    scalar_logarithm,
    scalar_power,
    to_native,
)

# A sum of two floats smaller than this fraction of its terms is rounding noise, not a coefficient.
CANCELLATION = 32 * sys.float_info.epsilon


@dataclass(frozen=True, slots=True)
class Series:
    """Truncated series ``sum_k coefficients[k] z**(valuation + k*step) + O(z**order)``.

    A number type: it supports ``+ - * / **`` with series and scalars (scalars are exact), so that
    the formula of a transform can be evaluated on ``Series.variable(order)``.  The truncation
    ``order`` follows every operation, and asking for a coefficient at or beyond it is an error.

    Parameters
    ----------
    coefficients : tuple of scalars
        Known coefficients; leading zeros are removed.
    valuation : Fraction, optional
        Exponent of the first coefficient: integer (Laurent) or fractional (Puiseux).
    step : Fraction, optional
        Positive difference of consecutive exponents.

    Notes
    -----
    Powers are formal: ``(c z**v (1 + ...))**p = c**p z**(v p) (1 + ...)**p`` with the principal
    value of ``c**p``.  When a leading float coefficient cancels to rounding level in a sum it
    counts as zero.

    Examples
    --------
    >>> g = Series.variable(5)
    >>> print(1 / (1 - 2 * g))
    1 + 2*z + 4*z**2 + 8*z**3 + 16*z**4 + O(z**5)
    >>> print((1 - (1 - 4 * g).sqrt()) / (2 * g))
    1 + z + 2*z**2 + 5*z**3 + O(z**4)
    """

    coefficients: tuple[Scalar, ...]
    valuation: Fraction = Fraction(0)
    step: Fraction = Fraction(1)

    # NumPy scalars must hand operations over instead of looping over the object.
    __array_ufunc__: ClassVar[None] = None

    def __post_init__(self) -> None:
        values = tuple(map(coerce_scalar, self.coefficients))
        step = Fraction(self.step)
        if step <= 0:
            raise ValueError(f"the step between exponents must be positive, got {self.step}")
        skip = 0
        while skip < len(values) and _is_zero(values[skip]):
            skip += 1
        object.__setattr__(self, "coefficients", values[skip:])
        object.__setattr__(self, "valuation", Fraction(self.valuation) + skip * step)
        object.__setattr__(self, "step", step)

    @classmethod
    def variable(cls, order: int) -> Series:
        """Return ``z + O(z**order)``, ``order >= 2``.

        Examples
        --------
        >>> print(Series.variable(3))
        z + O(z**3)
        """
        if order < 2:
            raise ValueError(f"the variable needs a truncation order of at least 2, got {order}")
        return cls((1,) + (0,) * (order - 2), Fraction(1))

    @classmethod
    def constant(cls, value: Scalar, order: int) -> Series:
        """Return ``value + O(z**order)``, ``order >= 1``.

        Examples
        --------
        >>> print(Series.constant(7, 2))
        7 + O(z**2)
        """
        return cls.from_coefficients([value] + [0] * (order - 1))

    @classmethod
    def from_coefficients(cls, values: Coefficients, valuation: Scalar = 0) -> Series:
        """Return ``z**valuation (values[0] + values[1] z + ...)``, coefficients normalised.

        Examples
        --------
        >>> print(Series.from_coefficients([1, 3], -1))
        z**-1 + 3 + O(z)
        """
        normalised = in_common_field(list, list(values))
        return cls(tuple(normalised), Fraction(valuation))

    def native(self) -> Series:
        """Return the series with coefficients that take part in operations as they are."""
        return Series(tuple(map(to_native, self.coefficients)), *self._frame())

    @property
    def order(self) -> Fraction:
        """Exponent from which on nothing is known."""
        return self.valuation + len(self.coefficients) * self.step

    def coefficient(self, exponent: Scalar) -> Scalar:
        """Return the coefficient of ``z**exponent``.

        Raises
        ------
        ValueError
            If it lies at or beyond the truncation order.

        Examples
        --------
        >>> Series.from_coefficients([1, 3], -1).coefficient(0)
        Fraction(3, 1)
        """
        exponent = Fraction(exponent)
        if exponent >= self.order:
            raise ValueError(
                f"the coefficient of z**{exponent} is not known: the series is truncated at "
                f"O(z**{self.order}); start from a variable of higher order"
            )
        index = (exponent - self.valuation) / self.step
        if index < 0 or index.denominator != 1:
            return Fraction(0)
        return self.coefficients[int(index)]

    def coefficient_list(self, start: int, stop: int) -> list[Scalar]:
        """Return the coefficients of ``z**start, ..., z**(stop-1)``.

        Examples
        --------
        >>> print(*Series.variable(4).coefficient_list(0, 4))
        0 1 0 0
        """
        return [self.coefficient(exponent) for exponent in range(start, stop)]

    def truncate(self, order: Scalar) -> Series:
        """Forget every term from ``z**order`` on.

        Examples
        --------
        >>> print(Series.variable(9).truncate(2))
        z + O(z**2)
        """
        known = max(0, math.ceil((Fraction(order) - self.valuation) / self.step))
        if known == 0:
            return Series((), min(self.order, Fraction(order)), self.step)
        return Series(self.coefficients[:known], self.valuation, self.step)

    def __add__(self, other: Scalar) -> Series:
        if not _is_operand(other):
            return NotImplemented
        other = other if isinstance(other, Series) else self._lift(other)
        step = _common_step(self.step, other.step, self.valuation - other.valuation)
        order = min(self.order, other.order)
        start = min(self.valuation, other.valuation, order)
        rows = (self._grid(start, step, order), other._grid(start, step, order))
        return Series(tuple(in_common_field(_add, *rows)), start, step)

    def __mul__(self, other: Scalar) -> Series:
        if not _is_operand(other):
            return NotImplemented
        if not isinstance(other, Series):
            return self._scale(other)
        step = _common_step(self.step, other.step)
        rows = (part._grid(part.valuation, step, part.order) for part in (self, other))
        product = in_common_field(multiply, *rows)
        return Series(tuple(product), self.valuation + other.valuation, step)

    def __pow__(self, exponent: Scalar) -> Series:
        if isinstance(exponent, Series) or not _is_operand(exponent):
            return NotImplemented
        return self._power(exponent)

    def _power(self, exponent: Scalar) -> Series:
        exponent = exact_exponent(exponent)
        valuation = self._power_valuation(exponent)
        if not self.coefficients:
            return Series((), valuation, self.step)
        leading = scalar_power(self.coefficients[0], exponent)
        if isinstance(exponent, Fraction) and exponent == 1:
            return self
        powers = in_common_field(_monic_power, self.coefficients, exponent)
        return Series(tuple(powers), valuation, self.step)._scale(leading)

    def __neg__(self) -> Series:
        return self._scale(-1)

    def __pos__(self) -> Series:
        return self

    def __sub__(self, other: Scalar) -> Series:
        return self.__add__(-other) if _is_operand(other) else NotImplemented

    def __rsub__(self, other: Scalar) -> Series:
        return (-self).__add__(other)

    def __truediv__(self, other: Scalar) -> Series:
        if not _is_operand(other):
            return NotImplemented
        if isinstance(other, Series):
            return self * other._power(-1)
        return Series(tuple(in_common_field(_divide, self.coefficients, other)), *self._frame())

    def __rtruediv__(self, other: Scalar) -> Series:
        return self._power(-1).__mul__(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def sqrt(self) -> Series:
        """Return the square root, ``self ** Fraction(1, 2)``.

        Examples
        --------
        >>> print((4 + Series.variable(3)).sqrt())
        2 + 1/4*z - 1/64*z**2 + O(z**3)
        """
        return self._power(Fraction(1, 2))

    def log(self) -> Series:
        """Return the logarithm of a series with valuation 0.

        Raises
        ------
        ValueError
            If the valuation is not 0: ``log z`` has no Puiseux expansion.

        Examples
        --------
        >>> print((1 + Series.variable(4)).log())
        z - 1/2*z**2 + 1/3*z**3 + O(z**4)
        """
        if self.valuation != 0 or not self.coefficients:
            raise ValueError(
                f"log needs a series with non-zero constant term, got {self}; "
                "factor out the leading power first"
            )
        values = in_common_field(lambda row: logarithm(_divide(row, row[0])), self.coefficients)
        regular = Series(tuple(values), *self._frame())
        return regular.__add__(scalar_logarithm(self.coefficients[0]))

    def exp(self) -> Series:
        """Return the exponential of a series without negative exponents.

        Examples
        --------
        >>> print(Series.variable(4).exp())
        1 + z + 1/2*z**2 + 1/6*z**3 + O(z**4)
        """
        if self.valuation < 0 or self.order <= 0:
            raise ValueError(f"exp needs a series with known constant term and no pole, got {self}")
        step = _common_step(self.step, self.valuation)
        row = self._grid(Fraction(0), step, self.order)
        constant, row[0] = row[0], Fraction(0)
        values = in_common_field(exponential, row)
        return Series(tuple(values), Fraction(0), step)._scale(scalar_exponential(constant))

    def derivative(self) -> Series:
        """Return the derivative.

        Examples
        --------
        >>> print((1 / Series.variable(4)).derivative())
        -z**-2 + O(z)
        """
        exponents = [self.valuation + k * self.step for k in range(len(self.coefficients))]
        values = in_common_field(_termwise_product, self.coefficients, exponents)
        return Series(tuple(values), self.valuation - 1, self.step)

    def reversion(self) -> Series:
        """Return the compositional inverse of ``a_1 z + a_2 z**2 + ...``, ``a_1 != 0``.

        Notes
        -----
        Lagrange: ``[z^n] f^{-1} = (1/n) [z^(n-1)] (z/f(z))^n``.

        Examples
        --------
        >>> z = Series.variable(6)
        >>> print((z - z * z).reversion())
        z + z**2 + 2*z**3 + 5*z**4 + 14*z**5 + O(z**6)
        """
        if self.valuation != 1 or self.step != 1 or not self.coefficients:
            raise ValueError(f"only a series a_1 z + ... with a_1 != 0 has an inverse, got {self}")
        return Series(tuple(in_common_field(reversion, self.coefficients)), Fraction(1))

    def __call__(self, inner: Series) -> Series:
        """Return the composition ``self(inner(z))``; ``inner`` must vanish at 0.

        Examples
        --------
        >>> z = Series.variable(4)
        >>> print((1 / (1 - z))(z + z * z))
        1 + z + 2*z**2 + 3*z**3 + O(z**4)
        """
        if not isinstance(inner, Series):
            raise TypeError(f"a series is composed with a series, got {inner!r}")
        if inner.valuation <= 0:
            raise ValueError(f"the inner series must vanish at 0, got {inner}")
        if not self.coefficients:
            return Series((), inner.valuation * self.valuation, inner.step)
        regular = _compose_regular(self.coefficients, inner._power(self.step))
        return regular if self.valuation == 0 else regular * inner._power(self.valuation)

    def __str__(self) -> str:
        terms = [
            _format_term(value, self.valuation + k * self.step)
            for k, value in enumerate(self.coefficients)
            if not _is_zero(value)
        ]
        text = " + ".join([*terms, f"O({_format_monomial(self.order) or 1})"])
        return text.replace("+ -", "- ")

    def _frame(self) -> tuple[Fraction, Fraction]:
        return self.valuation, self.step

    def _scale(self, factor: Scalar) -> Series:
        row = in_common_field(_scale, self.coefficients, factor)
        return Series(tuple(row), *self._frame())

    def _lift(self, value: Scalar) -> Series:
        """Return the exact constant ``value`` with the truncation of this series."""
        if self.order <= 0:
            return Series((), self.order, self.step)
        step = _common_step(self.step, self.valuation)
        return Series((value,) + (0,) * (int(self.order / step) - 1), Fraction(0), step)

    def _grid(self, start: Fraction, step: Fraction, order: Fraction) -> list[Scalar]:
        """Return the coefficients of ``z**start, z**(start+step), ...`` below ``z**order``."""
        row: list[Scalar] = [Fraction(0)] * int((order - start) / step)
        offset, stride = int((self.valuation - start) / step), int(self.step / step)
        for k, value in enumerate(self.coefficients):
            if offset + k * stride < len(row):
                row[offset + k * stride] = value
        return row

    def _power_valuation(self, exponent: Scalar) -> Fraction:
        if isinstance(exponent, Fraction):
            if not self.coefficients and exponent <= 0:
                raise ZeroDivisionError(f"{self} has no known non-zero term to take a power of")
            return self.valuation * exponent
        if self.valuation == 0 and self.coefficients:
            return self.valuation
        raise ValueError(
            f"({self})**({exponent}) is not a Puiseux series: use a Fraction as exponent, or a "
            "series with non-zero constant term"
        )


variable = Series.variable
constant = Series.constant


def _is_operand(value: object) -> bool:
    return isinstance(value, (Series, numbers.Number)) or is_symbolic(value) or is_native(value)


def _is_zero(value: Scalar) -> bool:
    if is_symbolic(value) and not value.is_Atom and value.is_number:
        return value.equals(0) is True
    return bool(value == 0)


def _common_step(*steps: Fraction) -> Fraction:
    """Return the greatest common divisor of rationals, not all zero."""
    scale = math.lcm(*(step.denominator for step in steps))
    return Fraction(math.gcd(*(int(step * scale) for step in steps)), scale)


def _add(left: Coefficients, right: Coefficients) -> list[Scalar]:
    result = [a + b for a, b in zip(left, right, strict=True)]
    for index, value in enumerate(result):
        if not isinstance(value, (float, complex)):
            if value != 0:
                break
        elif abs(value) > CANCELLATION * max(abs(left[index]), abs(right[index])):
            break
        else:
            result[index] = value * 0
    return result


def _scale(row: Coefficients, factor: Scalar) -> list[Scalar]:
    return [value * factor for value in row]


def _divide(row: Coefficients, divisor: Scalar) -> list[Scalar]:
    return [value / divisor for value in row]


def _termwise_product(left: Coefficients, right: Coefficients) -> list[Scalar]:
    return [a * b for a, b in zip(left, right, strict=True)]


def _monic_power(row: Coefficients, exponent: Scalar) -> list[Scalar]:
    return binomial_power(_divide(row, row[0]), exponent)


def _compose_regular(outer: Coefficients, inner: Series) -> Series:
    """Compose ``outer[0] + outer[1] y + ...`` with a series of positive valuation."""
    step = _common_step(inner.step, inner.valuation)
    order = inner.valuation * len(outer)
    first = next((k for k, value in enumerate(outer) if k and not _is_zero(value)), None)
    if first is not None:
        # The error of y enters through the first power of y that occurs.
        order = min(order, inner.order + (first - 1) * inner.valuation)
    row = inner._grid(Fraction(0), step, order)
    return Series(tuple(in_common_field(compose, outer, row)), Fraction(0), step)


def _format_monomial(exponent: Fraction) -> str:
    if exponent == 0:
        return ""
    if exponent == 1:
        return "z"
    return f"z**{exponent}" if exponent.denominator == 1 else f"z**({exponent})"


def _format_term(value: Scalar, exponent: Fraction) -> str:
    monomial = _format_monomial(exponent)
    number = str(value)
    if monomial and number in ("1", "-1"):
        return number[:-1] + monomial
    if " " in number:
        number = f"({number})"
    return "*".join(filter(None, (number, monomial)))
