"""Nodes with one child: scales, inverses, squares, shapes, Poisson jumps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from freesym.relations._rules import half_turn, log_ratio, no_potential
from freesym.relations.functions import (
    flipped,
    knows_complement,
    log_upper,
    of_symmetric,
    real_log,
    with_complement,
    wrapped_potential,
)
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State


@dataclass(frozen=True)
class Affine(Relation):
    """The law of ``scale X + shift``."""

    child: Relation
    scale: float
    shift: float

    @property
    def children(self) -> tuple[Relation, ...]:
        """The law that is scaled and shifted."""
        return (self.child,)

    @property
    def flips(self) -> tuple[int, ...]:
        """A negative scale mirrors the half-plane."""
        return (1 if self.scale > 0 else -1,)

    def _turn(self, value: Any) -> Any:
        return value if self.scale > 0 else flipped(value)

    @property
    def mass_at_zero(self) -> float:
        """That of the child, without a shift."""
        return 0.0 if self.shift else self.child.mass_at_zero

    def explicit(self, kind: Kind) -> bool:
        """As the child, but ``psi`` only without a shift."""
        return self.child.explicit(kind) and (kind != "psi" or self.shift == 0)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w``, ``g`` or, without a shift, ``psi``."""
        inner = {
            "w": lambda: (value - self.shift) * (1 / self.scale),
            "g": lambda: self.scale * value,
            "psi": lambda: value,
        }[kind]()
        found = self.combine((self.child.at(kind, self._turn(inner)),))
        return replace(found, w=value) if kind == "w" else found

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = a w_1 + b``, ``g = g_1/a``, ``psi = psi_1 + b g``, ``u = u_1 + log a``."""
        (part,) = parts
        g = self._turn(part.g) * (1 / self.scale)
        w = self.scale * self._turn(part.w) + self.shift
        psi = self._turn(part.psi)
        psi = psi + self.shift * g if self.shift else psi

        def potential() -> Any:
            u = self._turn(part.potential()) + real_log(abs(self.scale))
            return u if self.scale > 0 else u + half_turn(w)

        return State(w, g, psi, potential, self._log_s(part, g, psi), parts=parts)

    def _log_s(self, part: State, g: Any, psi: Any) -> Any:
        if self.shift == 0 and self.scale > 0:
            return lambda: part.log_s() - real_log(self.scale)
        return lambda: log_ratio(g, psi)

    def has_potential(self) -> bool:
        """When the child has one."""
        return self.child.has_potential()


@dataclass(frozen=True)
class NegativeInverse(Relation):
    """The law of ``-1/X``, which maps the upper half-plane to itself.

    Its potential needs ``E log|X|`` and ``P(X < 0)``, which are not local: they are filled in
    where a potential is wanted.
    """

    child: Relation
    log_mean: float | None = None
    negative_mass: Any = 0

    @property
    def children(self) -> tuple[Relation, ...]:
        """The law that is inverted."""
        return (self.child,)

    def explicit(self, kind: Kind) -> bool:
        """As the child in ``w`` and ``psi``."""
        return kind != "g" and self.child.explicit(kind)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w`` or ``psi``."""
        inner = -1 / value if kind == "w" else -1 - value
        found = self.combine((self.child.at(kind, inner),))
        return replace(found, w=value) if kind == "w" else found

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = -1/w_1``, ``g = w_1 psi_1`` and ``psi = -1 - psi_1 = -w_1 g_1``, without 1 - 1."""
        (part,) = parts
        w, g = -1 / part.w, part.w * part.psi
        psi = -(part.w * part.g)
        if knows_complement(part.psi):
            psi = with_complement(-(1 + part.psi), lambda: -part.psi)
        return State(
            w,
            g,
            psi,
            potential=lambda: self._potential(part),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
        )

    def _potential(self, part: State) -> Any:
        """``E log(w + 1/X) = E log(w_1 - X) - log w_1 - E log(-X)``."""
        if self.log_mean is None:
            return no_potential()
        u = part.potential() - log_upper(part.w) - self.log_mean
        return u + half_turn(part.w) * self.negative_mass if self.negative_mass else u

    def has_potential(self) -> bool:
        """When the constants are known."""
        return self.log_mean is not None and self.child.has_potential()


@dataclass(frozen=True)
class SymmetricSquare(Relation):
    """The law of ``X^2`` for a symmetric ``X``."""

    child: Relation

    @property
    def children(self) -> tuple[Relation, ...]:
        """The symmetric law."""
        return (self.child,)

    @property
    def mass_at_zero(self) -> float:
        """That of the symmetric law."""
        return self.child.mass_at_zero

    def explicit(self, kind: Kind) -> bool:
        """As the child in ``psi``."""
        return kind == "psi" and self.child.explicit("psi")

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``psi``."""
        return self.combine((self.child.at("psi", value),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = w_1^2``, ``psi = psi_1``, ``u = 2 u_1``."""
        (part,) = parts
        inner, psi = part.g, part.psi
        if isinstance(self.child, CauchyLeaf):
            inner = of_symmetric(inner, part.w, odd=True)
            psi = of_symmetric(psi, part.w, odd=False)
        w, g = part.w * part.w, inner / part.w
        return State(
            w,
            g,
            psi,
            # the root stays in its half-plane where the square crosses the negative axis
            potential=lambda: wrapped_potential(2 * part.potential(), w),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
            # both roots serve: the child is symmetric
            checks=lambda: (Check("opposite", g, w), Check("aligned", part.w, w)),
        )

    def has_potential(self) -> bool:
        """When the child has one."""
        return self.child.has_potential()


@dataclass(frozen=True)
class Reshape(Relation):
    """From the law of ``J J^T`` to that of ``J^T J``: ``ratio (law - delta_0) + delta_0``."""

    child: Relation
    ratio: float

    @property
    def children(self) -> tuple[Relation, ...]:
        """The law whose zeros are padded or removed."""
        return (self.child,)

    @property
    def mass_at_zero(self) -> float:
        """What is padded, with what is left of the child's."""
        return max(0.0, 1 - float(self.ratio) * (1 - self.child.mass_at_zero))

    def explicit(self, kind: Kind) -> bool:
        """As the child in ``w`` and ``psi``."""
        return kind != "g" and self.child.explicit(kind)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w`` or ``psi``."""
        inner = value if kind == "w" else value * (1 / self.ratio)
        return self.combine((self.child.at(kind, inner),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """Same ``w``, ``psi = ratio psi_1``, ``u = ratio u_1 + (1 - ratio) log w``."""
        (part,) = parts
        psi = self.ratio * part.psi
        g = (1 + psi) / part.w
        return State(
            part.w,
            g,
            psi,
            potential=lambda: self.ratio * part.potential() + (1 - self.ratio) * log_upper(part.w),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
        )

    def has_potential(self) -> bool:
        """When the child has one."""
        return self.child.has_potential()


@dataclass(frozen=True)
class CompoundPoisson(Relation):
    """Compound free Poisson law: ``R(g) = rate E[X/(1 - g X)]``, jumps at ``w_1 = 1/g``."""

    jumps: Relation
    rate: float

    keeps_digits_of_w = True

    @property
    def children(self) -> tuple[Relation, ...]:
        """The law of the jumps."""
        return (self.jumps,)

    @property
    def mass_at_zero(self) -> float:
        """Where there are fewer jumps than dimensions."""
        return max(0.0, 1 - float(self.rate) * (1 - self.jumps.mass_at_zero))

    def explicit(self, kind: Kind) -> bool:
        """In ``g`` when the jumps are in ``w``; in ``psi`` when they are in ``psi``."""
        return kind != "w" and self.jumps.explicit("w" if kind == "g" else "psi")

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``g`` or ``psi``."""
        if kind == "g":
            return self.combine((self.jumps.at("w", 1 / value),))
        return self.combine((self.jumps.at("psi", value * (1 / self.rate)),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``g = 1/w_1``, ``psi = rate psi_1``, ``w = w_1 (1 + psi)``."""
        (part,) = parts
        psi = self.rate * part.psi
        g, w = 1 / part.w, part.w * (1 + psi)

        def potential() -> Any:
            # int R dg = -rate E log(1 - g X) = -rate (u_1 - log w_1)
            logarithm = log_upper(part.w)
            return psi + self.rate * (part.potential() - logarithm) + logarithm

        return State(
            w,
            g,
            psi,
            potential,
            lambda: log_ratio(g, psi),
            parts=parts,
            checks=lambda: (Check("same", part.w, w), Check("opposite", g, w)),
        )

    def has_potential(self) -> bool:
        """When the jumps have one."""
        return self.jumps.has_potential()
