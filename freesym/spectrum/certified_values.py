"""Densities, transforms, distribution functions and potentials with certified digits."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, Protocol

import flint
import mpmath

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, FreesymError, InvalidLawError, PrecisionError
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.certified import Enclosed, enclosed
from freesym.spectrum.certified_assumptions import assumptions, exact_floats
from freesym.spectrum.certified_atoms import place_of_atom
from freesym.spectrum.certified_convolutions import uniform_part
from freesym.spectrum.certified_discrete import discrete_law
from freesym.spectrum.certified_neighbours import (
    has_no_density,
    is_atom,
    is_in_gap,
    levels_beside,
    potential_in_gap,
    share_below,
    share_between,
)
from freesym.spectrum.certified_numbers import (
    Enclosure,
    Point,
    bits_for,
    checked_digits,
    enclosure,
    exact_complex,
    exact_real,
    is_known,
    mapped,
    refined,
    to_mpc,
    to_mpf,
)
from freesym.spectrum.certified_parts import (
    density_from_parts,
    has_determinant_of_parts,
    potential_from_parts,
)
from freesym.spectrum.expansions import exact

acb, arb = flint.acb, flint.arb
Ball = Any
_LEVEL_BITS = 128
_BITS_PER_DIGIT = math.log2(10)


class Limits(Protocol):
    """Values from whoever knows the algebraic curve of a law, at singular points above all."""

    def regular_density(self, relation: Relation, x: Any, digits: int) -> Any | None:
        """The density at other points: a real ball; None if nothing is known there."""

    def density(self, relation: Relation, x: Any, digits: int) -> Any:
        """The density: a real ball, or infinity."""

    def transform(self, relation: Relation, x: Any, digits: int) -> Ball:
        """The Cauchy transform."""

    def potential(self, relation: Relation, x: Any, digits: int) -> Any:
        """The log-potential: a real ball, or minus infinity."""


def _or_limit(compute: Callable[[], Any], *others: Callable[[], Any] | None) -> Any:
    """What is computed first; where that is refused, what the others know."""
    try:
        return compute()
    except (PrecisionError, ConvergenceError) as error:
        reasons = [str(error)]
    for other in others:
        if other is None:
            continue
        try:
            found = other()
        except FreesymError as error:
            reasons.append(str(error))
            continue
        if found is not None:
            return found
    raise PrecisionError("; ".join(dict.fromkeys(reasons)))


def _density_ball(relation: Relation, x: Any, digits: int, limits: Limits | None) -> Any:
    if discrete_law(relation) is not None:
        return arb(0)
    part = uniform_part(relation)
    known = None
    if limits is not None and part is None:
        known = limits.regular_density(relation, x, digits)
    if known is not None:
        return known
    point = Point(x)

    def compute(bits: int) -> Any:
        return -enclosed(relation, point.ball(), bits).g.imag / arb.pi()

    if part is not None and isinstance(x, Fraction):
        return _or_limit(
            lambda: refined(compute, digits, lambda: f"the density at {_shown(x)}"),
            lambda: _uniform_density(part, x, digits),
        )
    return _or_limit(
        lambda: refined(compute, digits, lambda: f"the density at {_shown(x)}"),
        lambda: arb(0) if is_in_gap(relation, x, bits_for(digits)) else None,
        None if limits is None else lambda: limits.density(relation, x, digits),
        lambda: density_from_parts(relation, x, digits, partial(_density_ball, limits=limits)),
        lambda: arb(0) if has_no_density(relation, x, bits_for(digits)) else None,
    )


def _uniform_density(part: tuple[Relation, Any, Any], x: Fraction, digits: int) -> Any:
    """That of a sum with a uniform variable on ``[a, b]``: ``P(x - b < X <= x - a)/(b - a)``."""
    other, a, b = part
    ends = [x - a, x - b]
    if any(isinstance(place, float) or place in ends for place in atoms(exact(other))):
        raise PrecisionError("the density jumps at the point, or an atom is not known exactly")

    def compute(bits: int) -> Any:
        n = math.ceil(bits / _BITS_PER_DIGIT)
        upper, lower = (_cdf_ball(other, end, n) for end in ends)
        return (upper - lower) / real_ball(b - a)

    return refined(compute, digits, lambda: f"the density at {_shown(x)}")


def _shown(x: Any) -> str:
    """About the number, which may lie beyond the range of floats."""
    return str(mpmath.nstr(to_mpf(real_ball(x)), 17))


def density(relation: Relation, x: Any, digits: Any, limits: Limits | None = None) -> Any:
    """The density of the absolutely continuous part; exactly 0 where that is proved."""
    n = checked_digits(digits)
    return mapped(lambda v: to_mpf(_density_ball(relation, exact_real(v), n, limits), n), x)


def enclose_density(
    relation: Relation, x: Any, digits: Any, floats: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> Any:  # fmt: skip
    """The density with a proved error bound; ``floats`` are data that were taken as exact."""
    n = checked_digits(digits)
    taken = assumptions(relation) + exact_floats(floats)
    return mapped(lambda v: enclosure(_density_ball(relation, exact_real(v), n, limits), taken), x)


def _transform(
    relation: Relation, z: Any, digits: Any, pick: Callable[[Enclosed], Ball], name: str,
    inverted: bool, limits: Limits | None = None,
) -> Any:  # fmt: skip
    n = checked_digits(digits)

    def at(value: Any) -> Any:
        point = exact_complex(value)
        if inverted and point.real == 0 == point.imag:
            return to_mpf(arb(0))

        def compute(bits: int) -> Ball:
            return _reflected(relation, point.ball(), bits, pick, inverted=inverted)

        singular = limits is not None and point.imag == 0
        found = _or_limit(
            lambda: refined(compute, n, lambda: f"{name} at {value}"),
            (lambda: limits.transform(relation, point.real, n)) if singular else None,  # type: ignore[union-attr]
        )
        real = point.imag == 0 and found.imag.is_zero()
        return to_mpf(found.real, n) if real else to_mpc(found, n)

    return mapped(at, z)


def _reflected(
    relation: Relation, z: Ball, bits: int, pick: Callable[[Enclosed], Ball], *, inverted: bool
) -> Ball:
    w = 1 / z if inverted else z
    if w.imag.is_zero() or w.imag > 0:
        found = pick(enclosed(relation, w, bits))
        return found.conjugate() if inverted and w.imag.is_zero() else found
    if not w.imag < 0:
        raise PrecisionError("the half-plane of the point is not known")
    return pick(enclosed(relation, w.conjugate(), bits)).conjugate()


def cauchy_transform(relation: Relation, z: Any, digits: Any, limits: Limits | None = None) -> Any:
    """``G(z)``; at real points the boundary value from above."""
    return _transform(relation, z, digits, lambda t: t.g, "G", inverted=False, limits=limits)


def moment_transform(relation: Relation, z: Any, digits: Any) -> Any:
    """``M(z) = psi(1/z)``."""
    return _transform(relation, z, digits, lambda t: t.psi, "M", inverted=True)


# ------------------------------------------------------------------ potentials


def _cdf_ball(relation: Relation, x: Any, digits: int) -> Any:
    point, law = Point(x), discrete_law(relation)
    what = f"the distribution function at {_shown(x)}"
    if law is not None:
        return _around_zero(refined(lambda _: law.cdf(x), digits, lambda: what, is_known))

    def compute(bits: int) -> Any:
        return share_below(enclosed(relation, point.ball(), bits, potential="share"))

    found = _or_limit(
        lambda: refined(compute, digits, lambda: what, is_known),
        lambda: share_between(relation, x, bits_for(digits)),
    )
    return _around_zero(found)


def _around_zero(value: Any) -> Any:
    """A ball that contains 0 has no digits but that one."""
    return arb(0, value.abs_upper()) if value.is_finite() and value.contains(0) else value


def cdf(relation: Relation, x: Any, digits: Any) -> Any:
    """``P(X <= x)``."""
    n = checked_digits(digits)
    return mapped(lambda v: to_mpf(_cdf_ball(relation, exact_real(v), n), n), x)


def _potential_ball(relation: Relation, x: Any, digits: int, limits: Limits | None) -> Any:
    point, law = Point(x), discrete_law(relation)
    what = f"the log-potential at {_shown(x)}"
    if is_atom(relation, x) or (law is not None and law.is_atom(x)):
        return arb.neg_inf()
    if law is not None:
        return _around_zero(refined(lambda _: law.log_potential(x), digits, lambda: what, is_known))

    def compute(bits: int) -> Any:
        return enclosed(relation, point.ball(), bits, potential=True).u.real

    def by_parts() -> Any:
        part = partial(_potential_ball, limits=limits)
        return potential_from_parts(relation, x, digits, part)

    if x == 0 and has_determinant_of_parts(relation):
        with contextlib.suppress(FreesymError):
            return _around_zero(by_parts())
    found = _or_limit(
        lambda: refined(compute, digits, lambda: what, is_known),
        lambda: potential_in_gap(relation, x, bits_for(digits)),
        None if limits is None else lambda: limits.potential(relation, x, digits),
        by_parts,
    )
    return _around_zero(found)


def log_potential(relation: Relation, x: Any, digits: Any, limits: Limits | None = None) -> Any:
    """``E log|x - X|``."""
    n = checked_digits(digits)
    return mapped(lambda v: to_mpf(_potential_ball(relation, exact_real(v), n, limits), n), x)


def log_determinant(relation: Relation, digits: Any, limits: Limits | None = None) -> Any:
    """``E log|X|``; minus infinity if 0 is an atom."""
    n = checked_digits(digits)
    if is_atom(relation, 0):
        return to_mpf(arb.neg_inf())
    return to_mpf(_potential_ball(relation, Fraction(0), n, limits), n)


# ------------------------------------------------------------------ quantiles


def quantile(relation: Relation, q: Any, digits: Any) -> Any:
    """The smallest ``x`` with ``cdf(x) >= q``, between two points that prove it.

    One that is not told from 0 is 0, with an error below ``10^-digits``.
    """
    n = checked_digits(digits)
    return mapped(lambda v: to_mpf(_quantile_ball(relation, exact_real(v, "q"), n), n), q)


def _quantile_ball(relation: Relation, q: Any, digits: int) -> Any:
    if not 0 < q < 1:
        raise InvalidLawError(f"q = {q} must lie between 0 and 1; the ends are in support()")
    from freesym.spectrum.quantiles import quantile as approximate

    law = discrete_law(relation)
    if law is not None:
        return refined(lambda _: law.quantile(q), digits, lambda: f"the quantile at {_shown(q)}")
    jump = _jump_at(relation, q, digits)
    if jump is not None:
        return jump
    x = Fraction(float(approximate(relation.numeric(), float(q))))
    target = bits_for(digits)
    for _ in range(12 + 4 * math.ceil(math.log2(digits + 1))):
        x, moved = _newton(relation, x, q, target)
        size = abs(x) or Fraction(1)
        if moved <= size * Fraction(1, 2**target):
            break
    size = abs(x) or Fraction(1)
    width = size * Fraction(1, 2 ** (target - 3))
    for _ in range(3):
        if _brackets(relation, x - width, x + width, q, target):
            with working_precision(target + 32):
                return arb(real_ball(x).mid(), real_ball(width).upper())
        width *= 2
    nearly = Fraction(1, 2**target)
    if abs(x) < nearly and _brackets(relation, -nearly, nearly, q, target):
        with working_precision(target + 32):
            return arb(0, real_ball(nearly).upper())
    raise PrecisionError(
        f"the quantile at q = {_shown(q)} is not known to {digits} digits: the distribution "
        "function may be flat or have a jump there"
    )


def _jump_at(relation: Relation, q: Any, digits: int) -> Any | None:
    """The atom at which the distribution function is proved to pass ``q``."""
    law = exact(relation)
    for place, mass in atoms(law).items():
        try:
            if isinstance(place, float):
                found = _jump_near(law, place, q, digits)
                if found is not None:
                    return found
                continue
            if isinstance(mass, float):  # rounded: it proves nothing about the level below
                continue
            if _is_exactly_at(relation, place, mass, q):
                return real_ball(place)
            above = _cdf_ball(relation, exact_real(place), digits)
        except FreesymError:
            continue
        with working_precision(bits_for(digits) + 64):
            level, jump = real_ball(q), real_ball(mass)
            if above - jump < level and above >= level:
                return real_ball(place)
    return None


def _is_exactly_at(relation: Relation, place: Any, mass: Any, q: Any) -> bool:
    """Whether the levels beside an atom prove that the quantile is there, even at its upper end."""
    if not (isinstance(mass, (int, Fraction)) and isinstance(q, Fraction)):
        return False
    levels = levels_beside(relation, exact_real(place))
    if levels is None or q > levels[0] + mass:
        return False
    with working_precision(_LEVEL_BITS):
        return bool(levels[1] - real_ball(mass) < real_ball(q))


def _jump_near(relation: Relation, place: float, q: Any, digits: int) -> Any | None:
    """A ball around an atom whose place is not known exactly, if the quantile is in it."""
    target = bits_for(digits)
    with working_precision(target + 64):
        found = place_of_atom(relation, place, target + 4)
        low, high = (_as_fraction(end) for end in (found.lower(), found.upper()))
    return found if _brackets(relation, low, high, q, target) else None


def _as_fraction(end: Any) -> Fraction:
    man, exponent = end.man_exp()
    return Fraction(int(man)) * Fraction(2) ** int(exponent)


def _newton(relation: Relation, x: Fraction, q: Any, target: int) -> tuple[Fraction, Fraction]:
    """One step of Newton's method for the distribution function, on rounded numbers."""
    with working_precision(target + 64):
        try:
            found = enclosed(relation, Point(x).ball(), target + 64, potential="share")
        except PrecisionError:
            return x, Fraction(0)
        error = share_below(found) - real_ball(q)
        rho = -found.g.imag / arb.pi()
        step = (error / rho).mid() if not rho.contains(0) else arb(0)
        man, exponent = step.man_exp()
        move = Fraction(int(man)) * Fraction(2) ** int(exponent)
        # keep the fractions short
        grid = 2 ** (target + 8)
        scale = abs(x) or Fraction(1)
        moved = Fraction(round((x - move) / scale * grid), grid) * scale
        man, exponent = real_ball(moved).mid().man_exp()
        return Fraction(int(man)) * Fraction(2) ** int(exponent), abs(move)


def _brackets(relation: Relation, low: Fraction, high: Fraction, q: Any, target: int) -> bool:
    """Whether ``cdf(low) < q <= cdf(high)`` is proved."""

    def value(x: Fraction) -> Any:
        for extra in (64, 64 + target):
            try:
                with working_precision(target + extra):
                    found = enclosed(relation, Point(x).ball(), target + extra, potential="share")
                    return found.turn, share_below(found)
            except PrecisionError:
                continue
        return None, arb(0, 2)

    turn, below = value(high)
    with working_precision(target + 64):
        level = real_ball(q)
        reached = 1 - turn >= q if turn is not None else bool(below >= level)
        if not reached:
            return False
    _, below = value(low)
    return bool(below < level)


__all__ = ["Enclosure"]
