"""Exact input and certified output: points as they were given, balls as mpmath numbers."""

from __future__ import annotations

import contextlib
import math
import numbers
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, InvalidLawError, PrecisionError
from freesym.lazy import LazyModule
from freesym.parameters import as_count, is_expression, short

mpmath: Any = LazyModule("mpmath")

acb, arb = flint.acb, flint.arb
Ball = Any
MOST_DIGITS = 100_000
_DECIMAL = re.compile(r"([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,40}))?", re.ASCII)
_RATIO = re.compile(r"[+-]?\d+/\d+", re.ASCII)
_BITS_PER_DIGIT = math.log2(10)
#: Bits beyond twice the digits: enough for points within 1e-100 of an edge.
_MARGIN = 640


@dataclass(frozen=True)
class Point:
    """A number exactly as it was given: real and imaginary part are Fractions or SymPy numbers."""

    real: Any
    imag: Any = Fraction(0)

    def ball(self) -> Ball:
        """The point at the present precision; a real point has the imaginary part 0 exactly."""
        return acb(real_ball(self.real), real_ball(self.imag))


def exact_real(x: Any, name: str = "x") -> Any:
    """A real number as a Fraction or a SymPy number; a float is the binary number it is.

    Raises
    ------
    InvalidLawError
        If it is no finite real number.
    """
    if isinstance(x, (bool, np.bool_)):
        raise InvalidLawError(f"{name} = {x!r} is a truth value; give a number")
    if isinstance(x, numbers.Rational):
        return Fraction(int(x.numerator), int(x.denominator))
    if isinstance(x, str):
        return _from_text(x, name)
    if is_expression(x):
        return _from_sympy(x, name)
    if isinstance(x, mpmath.ctx_mp_python._mpf):
        return _from_mpf(x, name)
    if isinstance(x, (numbers.Real, Decimal)):
        return _from_real(x, name)
    raise InvalidLawError(f"{name} = {short(x)} is not a real number")


def _from_real(x: Any, name: str) -> Fraction:
    """The number of any type that knows its own numerator and denominator."""
    ratio = getattr(x, "as_integer_ratio", None)
    if ratio is None:
        raise InvalidLawError(
            f"{name} = {short(x)} is a {type(x).__name__}, which does not say its exact value; "
            "give a Fraction or a string of digits"
        )
    if not (x.is_finite() if isinstance(x, Decimal) else math.isfinite(x)):
        raise InvalidLawError(f"{name} = {x!r} is not finite; certified values need finite points")
    if isinstance(x, Decimal):
        return _from_text(str(x), name)
    return Fraction(*map(int, ratio()))


def _from_text(x: str, name: str) -> Fraction:
    decimal = _DECIMAL.fullmatch(x.strip())
    if decimal:
        sign, whole, part, exponent = decimal.groups()
        return _from_decimal(sign + whole, part, int(exponent or 0), name)
    if _RATIO.fullmatch(x.strip()):
        with contextlib.suppress(ValueError, ZeroDivisionError):
            return Fraction(x)
    raise InvalidLawError(
        f"{name} = {short(x)} is not a number; write digits, as in '0.1' or '1/3'"
    )


def _from_decimal(whole: str, part: str, exponent: int, name: str) -> Fraction:
    """Digits of any length: Python's own conversion of texts stops at a few thousand."""
    shift = exponent - len(part)
    if max(abs(shift), len(whole)) > 4 * MOST_DIGITS:
        raise InvalidLawError(f"{name} has more than {4 * MOST_DIGITS} digits before or behind '.'")
    value = Fraction(int(flint.fmpz((whole + part).lstrip("+"))))
    power: int = 10 ** abs(shift)
    return value * power if shift >= 0 else value / power


def _from_mpf(x: Any, name: str) -> Fraction:
    if isinstance(x, mpmath.ctx_mp_python._constant):
        raise InvalidLawError(
            f"{name} = {x!r} is rounded to the global precision of mpmath; give SymPy's constant"
        )
    return _from_mantissa(x, name)


def _from_mantissa(x: Any, name: str) -> Fraction:
    sign, man, exponent, _ = x._mpf_
    if not man and exponent:
        raise InvalidLawError(f"{name} = {x} is not finite; certified values need finite points")
    if abs(exponent) > 4 * MOST_DIGITS:
        raise InvalidLawError(f"{name} has the exponent {exponent}, beyond what is computed with")
    whole = Fraction(-int(man) if sign else int(man))
    return whole * Fraction(2) ** int(exponent)


def _from_sympy(x: Any, name: str) -> Any:
    # only NaN is not even unknown to be finite and is atomic
    undefined = x.is_finite is False or (x.is_Atom and x.is_finite is None)
    if undefined or x.is_real is False or x.free_symbols or not x.is_number:
        raise InvalidLawError(f"{name} = {short(x)} is not a finite real number")
    if x.is_Rational:
        return Fraction(int(x.p), int(x.q))
    if x.is_Float:
        return _from_mantissa(x, name)
    return x


def exact_complex(z: Any, name: str = "z") -> Point:
    """A complex number as a point."""
    if is_expression(z):
        if z.is_real or not z.is_number:
            return Point(exact_real(z, name))
        real, imag = z.as_real_imag()
        return Point(exact_real(real, name), exact_real(imag, name))
    if hasattr(z, "_mpc_"):
        return Point(exact_real(z.real, name), exact_real(z.imag, name))
    if isinstance(z, numbers.Complex) and not isinstance(z, numbers.Real):
        return Point(exact_real(z.real, name), exact_real(z.imag, name))
    return Point(exact_real(z, name))


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """The function at a number, or at every number of nested lists, tuples or arrays."""
    if isinstance(x, np.ndarray):
        return mapped(function, x.tolist()) if x.dtype != object else mapped(function, list(x))
    if isinstance(x, (list, tuple)):
        return [mapped(function, item) for item in x]
    return function(x)


def checked_digits(digits: Any) -> int:
    """The number of digits asked for.

    Raises
    ------
    InvalidLawError
        If it is not between 1 and 100,000.
    UnsupportedOperationError
        If it is no integer.
    """
    return as_count(digits, 1, MOST_DIGITS, "digits")


def bits_for(digits: int) -> int:
    """The bits of so many digits, and some for rounding."""
    return math.ceil(digits * _BITS_PER_DIGIT) + 6


def is_sharp(value: Ball, bits: int) -> bool:
    """Whether a real or complex ball is known to so many bits relative to its size."""
    if not value.is_finite():
        return False
    exact = (
        value.rad() == 0
        if not isinstance(value, acb)
        else value.real.rad() == 0 == value.imag.rad()
    )
    return bool(exact) or bool(value.rel_accuracy_bits() >= bits)


def is_known(value: Any, bits: int) -> bool:
    """Whether a real ball is sharp, or so small that digits are counted from the decimal point."""
    small = value.is_finite() and value.contains(0) and value.rad() < arb(2) ** -bits
    return bool(small) or is_sharp(value, bits)


def refined(
    compute: Callable[[int], Any],
    digits: int,
    what: Callable[[], str],
    sharp: Callable[[Any, int], bool] = is_sharp,
) -> Any:
    """The result of ``compute(bits)`` at a precision at which it is sharp.

    Raises
    ------
    PrecisionError
        If that is not reached within the limit, with what is missing.
    """
    target = bits_for(digits)
    bits, limit = target + 32, 2 * target + _MARGIN
    while True:
        reason = "the enclosure is too wide"
        try:
            with working_precision(bits):
                value = compute(bits)
            if sharp(value, target):
                return value
        except PrecisionError as error:
            reason = str(error)
        except ConvergenceError as error:
            if bits > target + 512:
                raise
            reason = str(error)
        if bits >= limit:
            raise PrecisionError(
                f"{what()} is not known to {digits} digits with {limit} bits: {reason}"
            )
        bits = min(limit, 2 * bits)


def to_mpf(value: Any, digits: int | None = None) -> Any:
    """The middle of a real ball as an mpf, rounded to ``digits`` (and two more), else exactly."""
    if value.mid().is_finite():
        man, exponent = value.mid().man_exp()
    else:
        libmp = mpmath.libmp
        return mpmath.mp.make_mpf(libmp.finf if value > 0 else libmp.fninf)
    exact = mpmath.libmp.from_man_exp(int(man), int(exponent))
    if digits is not None:
        bits = math.ceil((digits + 2) * _BITS_PER_DIGIT)
        exact = mpmath.libmp.mpf_pos(exact, bits, "n")
    return mpmath.mp.make_mpf(exact)


def to_mpc(value: Ball, digits: int) -> Any:
    """The middle of a complex ball as an mpc."""
    real, imag = (to_mpf(part, digits)._mpf_ for part in (value.real, value.imag))
    return mpmath.mp.make_mpc((real, imag))


@dataclass(frozen=True)
class Enclosure:
    """A number with a proved error bound: ``|true value - value| <= radius``.

    Attributes
    ----------
    value, radius : mpf
        Exact binary numbers; an infinite value is exact.
    assumptions : tuple of str
        What the proof takes from the user: that a formula is the transform of a law.
    """

    value: Any
    radius: Any
    assumptions: tuple[str, ...] = ()

    def __contains__(self, number: Any) -> bool:
        if mpmath.isinf(self.value) or (isinstance(number, mpmath.mpf) and mpmath.isinf(number)):
            return bool(self.value == number)
        exact = exact_real(number)
        middle, radius = (exact_real(x) for x in (self.value, self.radius))
        return bool(abs(exact - middle) <= radius)


def enclosure(value: Any, assumptions: tuple[str, ...] = ()) -> Enclosure:
    """The enclosure that a real ball is."""
    return Enclosure(to_mpf(value), to_mpf(value.rad()), assumptions)
