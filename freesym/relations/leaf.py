"""Leaves: laws that state their curve along one explicit chart.

A law states one defining relation, in the coordinate in which it is simplest:

========================  =========================================================
:class:`RTransformLeaf`   ``R(g)``; then ``w = R(g) + 1/g`` and ``psi = g R(g)``
:class:`STransformLeaf`   ``S(psi)``; then ``g = psi S(psi)`` and ``w = (1 + psi)/g``
:class:`CauchyLeaf`       ``G(w)`` together with ``psi(w) = E X/(w - X)``
:class:`CurveLeaf`        ``(w, g, psi)`` along a coordinate ``s``
========================  =========================================================

Each also states an antiderivative, from which the log-potential follows.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from freesym.parameters import is_expression
from freesym.relations.functions import (
    coefficients,
    log_lower,
    log_upper,
    of_symmetric,
    with_complement,
)
from freesym.relations.rational import NotRationalError, RationalFunction
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State

Moebius = tuple[Any, Any, Any, Any]

# at 0 a spectrum this dense, in units of its mean density, does not let G vanish
_DENSE = 1e-2


class Leaf(Relation):
    """A law given along a chart."""

    chart: Literal["w", "g", "psi", "s"]

    @abstractmethod
    def state(self, s: Any) -> State:
        """The state at chart coordinate ``s``."""

    @property
    def mass_at_zero(self) -> float:
        """The mass of the atom at 0."""
        masses: dict[Any, Any] = getattr(self, "point_masses", dict)()
        return float(masses.get(0, 0.0))

    def combine(self, parts: tuple[State, ...]) -> State:
        """Leaves have no children."""
        raise NotImplementedError

    def has_potential(self) -> bool:
        """Leaves state their potential."""
        return True

    def explicit(self, kind: Kind) -> bool:
        """Whether ``kind`` is the chart, or a Moebius function of it."""
        return kind == self.chart or _moebius(self, kind) is not None

    def at(self, kind: Kind, value: Any) -> State:
        """The state at a value of ``w``, ``g`` or ``psi``."""
        return self.state(self.coordinate(kind, value))

    def coordinate(self, kind: Kind, value: Any) -> Any:
        """The chart coordinate at a value of ``w``, ``g`` or ``psi``."""
        if kind == self.chart:
            return value
        found = _moebius(self, kind)
        assert found is not None
        a, b, c, d = coefficients(value, found)
        return _quotient(value * d - b, value, a, c)

    @abstractmethod
    def start(self, w: complex) -> complex:
        """An approximate coordinate for ``w`` far away in the upper half-plane."""


def _quotient(numerator: Any, value: Any, a: Any, c: Any) -> Any:
    """``numerator/(a - c value)``, without the operations that a zero makes idle."""
    if c == 0:
        return numerator * (1 / a)
    return numerator / (a - value * c)


@lru_cache(maxsize=4096)
def _moebius(leaf: Leaf, kind: Kind) -> Moebius | None:
    try:
        value: RationalFunction = leaf.state(RationalFunction.variable()).value(kind)
        return value.moebius()
    except (NotRationalError, TypeError, ValueError, OverflowError):
        return _irrational_moebius(leaf, kind) if _has_irrational_parameters(leaf) else None


def _has_irrational_parameters(leaf: Leaf) -> bool:
    parameters = [v for k, v in vars(leaf).items() if is_expression(v) and k != "symbol"]
    return bool(parameters) and not any(v.free_symbols for v in parameters)


def _irrational_moebius(leaf: Leaf, kind: Kind) -> Moebius | None:
    """The coefficients where parameters are irrational numbers."""
    import sympy

    s = sympy.Dummy("s")
    try:
        value = sympy.cancel(sympy.together(leaf.state(s).value(kind)))
        top, bottom = (sympy.Poly(part, s) for part in sympy.fraction(value))
    except (sympy.PolynomialError, TypeError, ValueError, AttributeError):
        return None
    if max(top.degree(), bottom.degree()) != 1:
        return None
    a, b, c, d = (p.coeff_monomial(s**k) for p in (top, bottom) for k in (1, 0))
    return a, b, c, d


def _sheet_checks(w: Any, g: Any) -> tuple[Check, ...]:
    return (Check("opposite", g, w),)


class RTransformLeaf(Leaf):
    """A law stated by its R-transform."""

    chart = "g"

    @abstractmethod
    def r_transform(self, g: Any) -> Any:
        """``R(g) = G^{-1}(g) - 1/g``."""

    @abstractmethod
    def r_antiderivative(self, g: Any) -> Any:
        """The integral of R from 0 to ``g``."""

    def state(self, s: Any) -> State:
        """``w = R + 1/g``, ``psi = g R``; potential ``g R - int R - log g``."""
        r = self.r_transform(s)
        w, psi = r + 1 / s, s * r
        return State(
            w,
            s,
            psi,
            potential=lambda: psi - self.r_antiderivative(s) - log_lower(s),
            regular=lambda: psi - self.r_antiderivative(s),
            log_s=lambda: log_upper(1 / r),
            checks=lambda: _sheet_checks(w, s),
            r=r,
        )

    def start(self, w: complex) -> complex:
        """``g`` is ``1/w`` to first order."""
        return 1 / w


class STransformLeaf(Leaf):
    """A law on the half-line stated by its S-transform."""

    chart = "psi"
    keeps_digits_of_w = True

    @abstractmethod
    def s_transform(self, m: Any) -> Any:
        """``S(psi) = (1 + psi)/psi * chi(psi)``."""

    @abstractmethod
    def log_s_antiderivative(self, m: Any) -> Any:
        """The integral of ``log S`` from 0 to ``psi``."""

    def log_s(self, m: Any) -> Any:
        """``log S(psi)``, continued analytically from 0."""
        return log_upper(self.s_transform(m))

    def state(self, s: Any) -> State:
        """``g = psi S``, ``w = (1 + psi)/g``; potential ``int log S - (1+psi) log S - log psi``."""
        value = self.s_transform(s)
        g = s * value
        w = (1 + s) / g

        def log_w() -> Any:
            return log_lower(1 + s) - log_lower(s) - self.log_s(s)

        return State(
            w,
            g,
            s,
            potential=lambda: self.log_s_antiderivative(s) - (1 + s) * self.log_s(s) - log_lower(s),
            log_s=lambda: self.log_s(s),
            log_w=log_w,
            checks=lambda: _sheet_checks(w, g) + self.sheet(s, w, log_w),
            s=value,
        )

    def sheet(self, m: Any, w: Any, log_w: Callable[[], Any]) -> tuple[Check, ...]:
        """What singles out the solution, beyond ``Im g < 0``."""
        return (Check("opposite", 1 + m, w), Check("principal", log_w(), w))

    def start(self, w: complex) -> complex:
        """``psi`` is ``m_1/w`` to first order, and ``m_1 = 1/S(0)``."""
        return 1 / (complex(self.s_transform(1e-9)) * w)


class CauchyLeaf(Leaf):
    """A law stated by its Cauchy transform, correct on the whole upper half-plane."""

    chart = "w"

    @abstractmethod
    def transform(self, w: Any) -> tuple[Any, Any]:
        """The pair ``(G(w), E X/(w - X))``."""

    @abstractmethod
    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - X)``."""

    def state(self, s: Any) -> State:
        """``g`` and ``psi`` at ``w``."""
        g, psi = self.transform(s)
        declared = getattr(self, "is_symmetric", None)
        if declared is not None and declared():
            g, psi = of_symmetric(g, s, odd=True), of_symmetric(psi, s, odd=False)
        return State(
            s,
            g,
            with_complement(psi, lambda: s * g if self.keeps_digits_at_zero() else None),
            potential=lambda: self.log_potential_at(s),
            log_s=lambda: log_upper(g / psi),
            checks=lambda: _sheet_checks(s, g),
        )

    def keeps_digits_at_zero(self) -> bool:
        """Whether ``w G(w)`` is known relative to its size where it vanishes with ``w``.

        That is so where ``G`` has no zero: on a half-line, or if 0 lies inside the spectrum.
        """
        lower, upper = self.hull()
        if lower >= 0 or upper <= 0:
            return True
        width = min(upper - lower, 1e3)
        return bool(-width * self.transform(1e-9j * width)[0].imag > _DENSE)

    @abstractmethod
    def hull(self) -> tuple[float, float]:
        """The smallest interval that is known to carry the law."""

    def start(self, w: complex) -> complex:
        """The chart is ``w`` itself."""
        return w


class CurveLeaf(Leaf):
    """A law stated by a parametrised curve."""

    chart = "s"

    @abstractmethod
    def curve(self, s: Any) -> tuple[Any, Any, Any]:
        """The triple ``(w, g, psi)`` at ``s``."""

    @abstractmethod
    def curve_potential(self, s: Any) -> Any:
        """``E log(w(s) - X)``."""

    def sheet(self, s: Any, w: Any) -> tuple[Check, ...]:
        """Further conditions on ``s``, beyond ``Im g < 0``."""
        return ()

    def state(self, s: Any) -> State:
        """The state at ``s``."""
        w, g, psi = self.curve(s)
        return State(
            w,
            g,
            psi,
            potential=lambda: self.curve_potential(s),
            log_s=lambda: log_upper(g / psi),
            checks=lambda: _sheet_checks(w, g) + self.sheet(s, w),
        )
