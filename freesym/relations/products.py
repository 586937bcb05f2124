"""Products with a law on the whole line, and rectangular convolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from freesym.relations._rules import log_ratio, total_of
from freesym.relations.functions import (
    at_home,
    flipped,
    knows_complement,
    log,
    log_lower,
    log_upper,
    sqrt,
    wrapped_potential,
)
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State


@dataclass(frozen=True)
class RealMultiplicative(Relation):
    """Free multiplicative convolution of a law on the line and one on the half-line.

    Over the negative part of the spectrum the positive factor's ``w`` crosses into the
    other half-plane (Arizmendi, Hasebe & Kitagawa 2021), so the checks differ from those of
    :class:`Multiplicative`.
    """

    real: Relation
    positive: Relation

    native = "psi"
    keeps_digits_of_w = True

    @property
    def children(self) -> tuple[Relation, ...]:
        """The factor on the line, then the factor on the half-line."""
        return (self.real, self.positive)

    @property
    def flips(self) -> tuple[int, ...]:
        """The positive factor's half-plane is not known beforehand."""
        return (1, 0)

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``psi`` when both factors are."""
        return kind == "psi" and all(factor.explicit("psi") for factor in self.children)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``psi``."""
        return self.combine(
            (self.real.at("psi", value), self.positive.at("psi", flipped(value, 0)))
        )

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = w_1 psi/g_2``, ``u = u_1 + u_2 + log psi``."""
        real, positive = parts
        psi = real.psi
        s = positive.s_value()
        g = real.g * s
        w = (1 + psi) / g if knows_complement(psi) else real.w / s

        def checks() -> tuple[Check, ...]:
            return (
                Check("opposite", g, w),
                Check("same", real.w, w),
                Check("opposite", positive.psi, positive.w),
            )

        return State(
            w,
            g,
            psi,
            # the positive factor may lie beyond the cut of its logarithms
            potential=lambda: wrapped_potential(
                real.potential() + positive.potential() + log(psi), w
            ),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
            checks=checks,
        )

    def has_potential(self) -> bool:
        """When both factors have one."""
        return all(factor.has_potential() for factor in self.children)


@dataclass(frozen=True)
class Rectangular(Relation):
    """Rectangular free convolution of laws of ``X X^T`` at aspect ratio ``ratio <= 1``."""

    terms: tuple[Relation, ...]
    ratio: float

    @property
    def children(self) -> tuple[Relation, ...]:
        """The laws that are added."""
        return self.terms

    @property
    def flips(self) -> tuple[int, ...]:
        """The half-planes of the terms are not known beforehand."""
        return (0,) * len(self.terms)

    def shared(self, index: int, state: State) -> Any:
        """``h = (1 + psi)(1 + ratio psi)/w``."""
        return self.h(state.psi, state.w)

    def h(self, psi: Any, w: Any) -> Any:
        """The shared coordinate."""
        return (1 + psi) * (1 + self.ratio * psi) / w

    def combine(self, parts: tuple[State, ...]) -> State:
        """``psi = sum psi_i``, ``w = (1 + psi)(1 + ratio psi)/h``."""
        h = self.shared(0, parts[0])
        psi = at_home(total_of([part.psi for part in parts]))
        w = (1 + psi) * (1 + self.ratio * psi) / h
        g = (1 + psi) / w

        def checks() -> tuple[Check, ...]:
            # subordination of [[0, X], [X^T, 0]] at (sqrt w, sqrt w), one value for each corner
            corners = self._corners(parts, psi, w, 1) + self._corners(parts, psi, w, self.ratio)
            return (
                Check("opposite", g, w),
                Check("opposite", psi, w),
                *(Check("same", corner, w) for corner in corners),
            )

        def potential() -> Any:
            return wrapped_potential(self._potential(parts, h, psi, w), w)

        return State(w, g, psi, potential, lambda: log_ratio(g, psi), None, parts, checks)

    def _potential(self, parts: tuple[State, ...], h: Any, psi: Any, w: Any) -> Any:
        """``sum u_i + (n-1) log h + (1/ratio - 1)(sum log(1 + ratio psi_i) - log(1 + ratio psi))``.

        From ``u = 2 psi - (1/ratio - 1) log(1 + ratio psi) - log h - int psi dh/h``, in which
        only ``psi`` adds.  The ``w_i`` are products of two numbers in our half-plane, so they
        leave it through the negative axis, beyond their spectra: ``u_i`` changes by a whole
        turn.  The logarithm with a fractional factor is written by the corner, which stays.
        """
        u = total_of([part.potential() for part in parts]) + (len(parts) - 1) * log(h)
        if self.ratio == 1:
            return u
        rank = log_lower(1 + self.ratio * psi)
        half = log_upper(w) * 0.5
        corners = self._corners(parts, psi, w, self.ratio)
        total = total_of([log_upper(corner) - half + rank for corner in corners])
        return u + (total - rank) * (1 / self.ratio - 1)

    def _corners(self, parts: tuple[State, ...], psi: Any, w: Any, ratio: Any) -> list[Any]:
        root = sqrt(w) / (1 + ratio * psi)
        return [root * (1 + ratio * part.psi) for part in parts]

    def has_potential(self) -> bool:
        """When every term has one."""
        return all(term.has_potential() for term in self.terms)
