"""Nodes whose children share, or compose, their points: mixtures, Boolean, monotone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from freesym.relations._rules import log_ratio, total_of
from freesym.relations.functions import integrated_potential, knows_complement, with_complement
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State


@dataclass(frozen=True)
class Mixture(Relation):
    """A convex combination of laws: block-diagonal matrices; the children share ``w``."""

    components: tuple[Relation, ...]
    weights: tuple[float, ...]

    native = "w"

    @property
    def children(self) -> tuple[Relation, ...]:
        """The laws that are mixed."""
        return self.components

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``w`` when every component is."""
        return kind == "w" and all(c.explicit("w") for c in self.components)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w``."""
        return self.combine(tuple(c.at("w", value) for c in self.components))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``g``, ``psi`` and ``u`` are averages."""

        def average(values: list[Any]) -> Any:
            return total_of([p * v for p, v in zip(self.weights, values, strict=True)])

        g = average([p.g for p in parts])
        psi = average([p.psi for p in parts])
        if all(knows_complement(p.psi) for p in parts):
            psi = with_complement(psi, lambda: average([1 + p.psi for p in parts]))
        return State(
            parts[0].w,
            g,
            psi,
            potential=lambda: average([p.potential() for p in parts]),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
        )

    def has_potential(self) -> bool:
        """When every component has one."""
        return all(c.has_potential() for c in self.components)


@dataclass(frozen=True)
class Boolean(Relation):
    """Boolean additive convolution: ``1/g = sum 1/g_i - (n-1) w`` at a shared ``w``."""

    terms: tuple[Relation, ...]

    native = "w"

    @property
    def children(self) -> tuple[Relation, ...]:
        """The laws that are added."""
        return self.terms

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``w`` when every term is."""
        return kind == "w" and all(term.explicit("w") for term in self.terms)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w``."""
        return self.combine(tuple(term.at("w", value) for term in self.terms))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w - F = sum (w - F_i)`` with ``F = 1/g`` and ``w - F_i = psi_i/g_i``."""
        w = parts[0].w
        k = total_of([part.psi / part.g for part in parts])
        g = 1 / (w - k)
        psi = k * g
        return State(
            w,
            g,
            psi,
            potential=lambda: integrated_potential(w, self),
            log_s=lambda: log_ratio(g, psi),
            parts=parts,
        )

    integrates = True

    def has_potential(self) -> bool:
        """There is no rule: the potential is integrated."""
        return True


@dataclass(frozen=True)
class Monotone(Relation):
    """Monotone convolution: ``F = F_outer(F_inner)``."""

    outer: Relation
    inner: Relation

    @property
    def children(self) -> tuple[Relation, ...]:
        """The inner law, evaluated at ``w``, then the outer one, evaluated at ``F_inner``."""
        return (self.inner, self.outer)

    def shared(self, index: int, state: State) -> Any:
        """``1/g`` of the inner law is ``w`` of the outer."""
        return state.w if index else 1 / state.g

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``w`` when both are."""
        return kind == "w" and self.inner.explicit("w") and self.outer.explicit("w")

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``w``."""
        inner = self.inner.at("w", value)
        return self.combine((inner, self.outer.at("w", 1 / inner.g)))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``g`` of the outer law at ``w`` of the inner."""
        inner, outer = parts
        psi = outer.psi + outer.g * (inner.psi / inner.g)
        return State(
            inner.w,
            outer.g,
            psi,
            lambda: integrated_potential(inner.w, self),
            lambda: log_ratio(outer.g, psi),
            parts=parts,
            checks=lambda: (Check("same", outer.w, inner.w),),
        )

    integrates = True

    def has_potential(self) -> bool:
        """There is no rule: the potential is integrated."""
        return True
