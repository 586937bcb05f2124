"""Free additive and multiplicative convolution of powers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freesym.relations._rules import log_ratio, scaled, times, total_of
from freesym.relations.functions import (
    exp,
    knows_complement,
    log_lower,
    pick_smaller,
    with_complement,
)
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State

_DIRECT_PRODUCT_FACTORS = 8


@dataclass(frozen=True)
class Additive(Relation):
    """Free additive convolution of powers: ``R = sum t_i R_i``; the children share ``g``."""

    terms: tuple[Relation, ...]
    powers: tuple[float, ...]

    native = "g"

    @property
    def children(self) -> tuple[Relation, ...]:
        """The laws that are added."""
        return self.terms

    @property
    def proved(self) -> bool:
        """Powers of at least 1, for which the half-plane singles out the solution."""
        return min(self.powers) >= 1

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``g`` when every term is."""
        return kind == "g" and all(term.explicit("g") for term in self.terms)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``g``: ``w = 1/g + sum t_i r_i``."""
        parts = tuple(term.at("g", value) for term in self.terms)
        r = [scaled(t, p.r_value()) for t, p in zip(self.powers, parts, strict=True)]
        return self._combined(parts, 1 / value + total_of(r), self._regular(parts))

    def _regular(self, parts: tuple[State, ...]) -> Callable[[], Any]:
        def regular() -> Any:
            terms = zip(self.powers, parts, strict=True)
            return total_of([scaled(t, p.regular_potential()) for t, p in terms])

        return regular

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = sum t_i w_i - (T-1)/g``, written so that it does not cancel."""
        return self._combined(parts, self._w(parts))

    def _potential(self, parts: tuple[State, ...]) -> Any:
        """``u_j + sum t_i v_i - v_j``, ``v = u + log g``, with the base of ``w``."""
        w, u, v = parts[0].w, parts[0].potential(), parts[0].regular_potential()
        total = (self.powers[0] - 1) * v if self.powers[0] != 1 else None
        for t, part in zip(self.powers[1:], parts[1:], strict=True):
            u_next, v_next = part.potential(), part.regular_potential()
            larger = pick_smaller(w, part.w, v_next, v)
            u = pick_smaller(w, part.w, u, u_next)
            v = pick_smaller(w, part.w, v, v_next)
            w = pick_smaller(w, part.w, w, part.w)
            added = larger if t == 1 else larger + (t - 1) * v_next
            total = added if total is None else total + added
        return u if total is None else u + total

    def _w(self, parts: tuple[State, ...]) -> Any:
        """``w_j + sum t_i r_i - r_j``, ``r = psi/g``: no cancellation where ``g`` vanishes.

        The base ``w_j`` is the smallest: the others may be infinite there.
        """
        w, r = parts[0].w, parts[0].r_value()
        total = (self.powers[0] - 1) * r if self.powers[0] != 1 else None
        for t, part in zip(self.powers[1:], parts[1:], strict=True):
            r_next = part.r_value()
            larger = pick_smaller(w, part.w, r_next, r)
            r = pick_smaller(w, part.w, r, r_next)
            w = pick_smaller(w, part.w, w, part.w)
            added = larger if t == 1 else larger + (t - 1) * r_next
            total = added if total is None else total + added
        return w if total is None else w + total

    def _combined(
        self, parts: tuple[State, ...], w: Any, regular: Callable[[], Any] | None = None
    ) -> State:
        """``psi = sum t_i psi_i``, ``u = sum t_i u_i + (T-1) log g``."""
        g = parts[0].g
        psi = total_of([scaled(t, p.psi) for t, p in zip(self.powers, parts, strict=True)])
        psi = with_complement(psi, lambda: None)

        def potential() -> Any:
            return regular() - log_lower(g) if regular else self._potential(parts)

        def checks() -> tuple[Check, ...]:
            found = [Check("opposite", g, w)]
            for t, part in zip(self.powers, parts, strict=True):
                if not self.proved:
                    break
                if t > 1 and len(parts) > 1:
                    found.append(Check("same", t * part.w - (t - 1) / g, w))
                found.append(Check("same", part.w, w))
            return tuple(found)

        checked = parts if self.proved else ()
        return State(
            w, g, psi, potential, lambda: log_ratio(g, psi), None, checked, checks,
            regular=regular,
        )  # fmt: skip

    def has_potential(self) -> bool:
        """When every term has one."""
        return all(term.has_potential() for term in self.terms)


@dataclass(frozen=True)
class Multiplicative(Relation):
    """Free multiplicative convolution on the half-line: ``S = prod S_i^t_i``; ``psi`` is shared."""

    factors: tuple[Relation, ...]
    powers: tuple[float, ...]

    native = "psi"
    keeps_digits_of_w = True

    @property
    def children(self) -> tuple[Relation, ...]:
        """The laws that are multiplied."""
        return self.factors

    @property
    def proved(self) -> bool:
        """Powers of at least 1, for which the half-plane singles out the solution."""
        return min(self.powers) >= 1

    def explicit(self, kind: Kind) -> bool:
        """Explicit in ``psi`` when every factor is."""
        return kind == "psi" and all(factor.explicit("psi") for factor in self.factors)

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``psi``."""
        return self.combine(tuple(factor.at("psi", value) for factor in self.factors))

    def _w(self, parts: tuple[State, ...]) -> Any:
        """``w_j / (S_j^(t_j - 1) prod S_i^t_i)``: no cancellation where ``psi`` is near -1.

        The base is the child with the smallest S: the others' are not zero there.
        """
        w, s = parts[0].w, parts[0].s_value()
        total = times(None, s, self.powers[0] - 1)
        for t, part in zip(self.powers[1:], parts[1:], strict=True):
            s_next = part.s_value()
            larger = pick_smaller(s, s_next, s_next, s)
            w = pick_smaller(s, s_next, w, part.w)
            s = pick_smaller(s, s_next, s, s_next)
            total = times(times(total, larger, 1), s_next, t - 1)
        return w if total is None else w / total

    def _s(self, parts: tuple[State, ...]) -> Any:
        """``prod S_i^t_i`` for whole powers."""
        total = None
        for t, part in zip(self.powers, parts, strict=True):
            total = times(total, part.s_value(), t)
        return total

    def _is_direct(self) -> bool:
        whole = all(t == int(t) and t > 0 for t in self.powers)
        return whole and sum(self.powers) <= _DIRECT_PRODUCT_FACTORS

    def combine(self, parts: tuple[State, ...]) -> State:
        """``log w = log (1+psi)/psi - sum t_i log S_i``, ``u = sum t_i u_i + (T-1) log psi``."""
        psi, excess = parts[0].psi, sum(self.powers) - 1

        def log_s() -> Any:
            terms = zip(self.powers, parts, strict=True)
            return total_of([scaled(t, p.log_s()) for t, p in terms])

        def log_w() -> Any:
            return log_lower(1 + psi) - log_lower(psi) - log_s()

        g = psi * (self._s(parts) if self._is_direct() else exp(log_s()))
        cancels = self._is_direct() and not knows_complement(psi)
        w = self._w(parts) if cancels else (1 + psi) / g

        def potential() -> Any:
            terms = [scaled(t, p.potential()) for t, p in zip(self.powers, parts, strict=True)]
            return total_of(terms) + excess * log_lower(psi)

        def checks() -> tuple[Check, ...]:
            if not self.proved:
                return (Check("opposite", 1 + psi, w), Check("opposite", g, w))
            found = [Check("opposite", 1 + psi, w), Check("principal", log_w(), w)]
            base = log_lower(1 + psi) - log_lower(psi)
            for t, part in zip(self.powers, parts, strict=True):
                if t > 1 and len(parts) > 1:
                    found.append(Check("principal", base - t * part.log_s(), w))
                found.append(Check("same", part.w, w))
            return tuple(found)

        checked = parts if self.proved else ()
        return State(w, g, psi, potential, log_s, log_w, checked, checks)

    def has_potential(self) -> bool:
        """When every factor has one."""
        return all(factor.has_potential() for factor in self.factors)
