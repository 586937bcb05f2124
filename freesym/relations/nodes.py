"""Nodes: each makes its children share one coordinate and combines the rest.

The rules are those of the calculus of free convolutions in the coordinates
``(w, g, psi, u)``: subordination function, Cauchy transform, moment transform and
log-potential (Voiculescu, Dykema & Nica 1992; Belinschi & Bercovici 2007;
Benaych-Georges 2009; Speicher & Woroudi 1997; Muraki 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freesym.relations.functions import (
    exp,
    flipped,
    integer_power,
    log,
    log_lower,
    log_upper,
    pick_smaller,
    sqrt,
)
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State

_DIRECT_PRODUCT_FACTORS = 8


def _log_ratio(g: Any, psi: Any) -> Any:
    return log_upper(g / psi)


def _sum(values: list[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _scaled(t: Any, value: Any) -> Any:
    return value if t == 1 else t * value


def _times(total: Any, value: Any, power: Any) -> Any:
    """``total * value**power`` for a natural power; None stands for 1."""
    if power == 0:
        return total
    factor = integer_power(value, int(power))
    return factor if total is None else total * factor


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
        r = [_scaled(t, p.r_value()) for t, p in zip(self.powers, parts, strict=True)]
        return self._combined(parts, 1 / value + _sum(r), self._regular(parts))

    def _regular(self, parts: tuple[State, ...]) -> Callable[[], Any]:
        def regular() -> Any:
            terms = zip(self.powers, parts, strict=True)
            return _sum([_scaled(t, p.regular_potential()) for t, p in terms])

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
        psi = _sum([_scaled(t, p.psi) for t, p in zip(self.powers, parts, strict=True)])

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
            w, g, psi, potential, lambda: _log_ratio(g, psi), None, checked, checks,
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
        total = _times(None, s, self.powers[0] - 1)
        for t, part in zip(self.powers[1:], parts[1:], strict=True):
            s_next = part.s_value()
            larger = pick_smaller(s, s_next, s_next, s)
            w = pick_smaller(s, s_next, w, part.w)
            s = pick_smaller(s, s_next, s, s_next)
            total = _times(_times(total, larger, 1), s_next, t - 1)
        return w if total is None else w / total

    def _is_direct(self) -> bool:
        whole = all(t == int(t) and t > 0 for t in self.powers)
        return whole and sum(self.powers) <= _DIRECT_PRODUCT_FACTORS

    def combine(self, parts: tuple[State, ...]) -> State:
        """``log w = log (1+psi)/psi - sum t_i log S_i``, ``u = sum t_i u_i + (T-1) log psi``."""
        psi, excess = parts[0].psi, sum(self.powers) - 1

        def log_s() -> Any:
            terms = zip(self.powers, parts, strict=True)
            return _sum([_scaled(t, p.log_s()) for t, p in terms])

        def log_w() -> Any:
            return log_lower(1 + psi) - log_lower(psi) - log_s()

        if self._is_direct():
            w = self._w(parts)
            g = (1 + psi) / w
        else:
            g = psi * exp(log_s())
            w = (1 + psi) / g

        def potential() -> Any:
            terms = [_scaled(t, p.potential()) for t, p in zip(self.powers, parts, strict=True)]
            return _sum(terms) + excess * log_lower(psi)

        def checks() -> tuple[Check, ...]:
            if not self.proved:
                return (Check("opposite", psi, w), Check("opposite", g, w))
            found = [Check("opposite", psi, w), Check("principal", log_w(), w)]
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
        return self.combine((self.real.at("psi", value), self.positive.at("psi", flipped(value, 0))))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = w_1 psi/g_2``, ``u = u_1 + u_2 + log psi``."""
        real, positive = parts
        psi = real.psi
        s = positive.s_value()
        w, g = real.w / s, real.g * s

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
            potential=lambda: real.potential() + positive.potential() + log(psi),
            log_s=lambda: _log_ratio(g, psi),
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

    def _area(self, psi: Any) -> Any:
        """The integral of ``log((1 + psi)(1 + ratio psi))`` from 0, plus a constant."""
        c = self.ratio
        return (1 + psi) * log_lower(1 + psi) + (psi + 1 / c) * log_lower(1 + c * psi) - 2 * psi

    def combine(self, parts: tuple[State, ...]) -> State:
        """``psi = sum psi_i``, ``w = (1 + psi)(1 + ratio psi)/h``."""
        h = self.shared(0, parts[0])
        psi = _sum([part.psi for part in parts])
        w = (1 + psi) * (1 + self.ratio * psi) / h
        g = (1 + psi) / w

        def log_w(psi: Any) -> Any:
            return log_lower(1 + psi) + log_lower(1 + self.ratio * psi) - log_lower(h)

        def potential() -> Any:
            shared = [
                self._area(p.psi) - (1 + p.psi) * log_w(p.psi) + p.potential() for p in parts
            ]
            return (1 + psi) * log_w(psi) - self._area(psi) + _sum(shared)

        def checks() -> tuple[Check, ...]:
            # subordination of [[0, X], [X^T, 0]] at (sqrt w, sqrt w), one value for each corner
            root = sqrt(w)
            return (
                Check("opposite", g, w),
                Check("opposite", psi, w),
                *(Check("same", (1 + p.psi) * root / (1 + psi), w) for p in parts),
                *(
                    Check("same", (1 + self.ratio * p.psi) * root / (1 + self.ratio * psi), w)
                    for p in parts
                ),
            )

        return State(w, g, psi, potential, lambda: _log_ratio(g, psi), None, parts, checks)

    def has_potential(self) -> bool:
        """When every term has one."""
        return all(term.has_potential() for term in self.terms)


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
            return _sum([p * v for p, v in zip(self.weights, values, strict=True)])

        g = average([p.g for p in parts])
        psi = average([p.psi for p in parts])
        return State(
            parts[0].w,
            g,
            psi,
            potential=lambda: average([p.potential() for p in parts]),
            log_s=lambda: _log_ratio(g, psi),
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
        k = _sum([part.psi / part.g for part in parts])
        g = 1 / (w - k)
        psi = k * g
        return State(w, g, psi, _no_potential, lambda: _log_ratio(g, psi), parts=parts)

    def has_potential(self) -> bool:
        """There is no rule: the potential is integrated."""
        return False


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
            _no_potential,
            lambda: _log_ratio(outer.g, psi),
            parts=parts,
            checks=lambda: (Check("same", outer.w, inner.w),),
        )

    def has_potential(self) -> bool:
        """There is no rule: the potential is integrated."""
        return False


def _no_potential() -> Any:
    raise NotImplementedError("this operation has no potential rule")


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
        return self.combine((self.child.at(kind, self._turn(inner)),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = a w_1 + b``, ``g = g_1/a``, ``psi = psi_1 + b g``, ``u = u_1 + log a``."""
        (part,) = parts
        g = self._turn(part.g) * (1 / self.scale)
        w = self.scale * self._turn(part.w) + self.shift
        psi = self._turn(part.psi)
        psi = psi + self.shift * g if self.shift else psi

        def potential() -> Any:
            u = self._turn(part.potential()) + _real_log(abs(self.scale))
            return u if self.scale > 0 else u + _half_turn(w)

        return State(w, g, psi, potential, self._log_s(part, g, psi), parts=parts)

    def _log_s(self, part: State, g: Any, psi: Any) -> Any:
        if self.shift == 0 and self.scale > 0:
            return lambda: part.log_s() - _real_log(self.scale)
        return lambda: _log_ratio(g, psi)

    def has_potential(self) -> bool:
        """When the child has one."""
        return self.child.has_potential()


def _real_log(x: float) -> float:
    from math import log as real_log

    return real_log(x)


def _half_turn(w: Any) -> Any:
    """``i pi`` in the half-plane of ``w``: the constant ``log(-1)`` continued from there."""
    return log_upper(-1 + 0 * w)


@dataclass(frozen=True)
class NegativeInverse(Relation):
    """The law of ``-1/X``, which maps the upper half-plane to itself.

    Its potential needs ``E log|X|`` and ``P(X < 0)``, which are not local: they are filled in
    where a potential is wanted.
    """

    child: Relation
    log_mean: float | None = None
    negative_mass: float = 0.0

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
        return self.combine((self.child.at(kind, inner),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = -1/w_1``, ``psi = -1 - psi_1``, ``g = w_1 psi_1``."""
        (part,) = parts
        w, psi, g = -1 / part.w, -1 - part.psi, part.w * part.psi
        return State(
            w,
            g,
            psi,
            potential=lambda: self._potential(part),
            log_s=lambda: _log_ratio(g, psi),
            parts=parts,
        )

    def _potential(self, part: State) -> Any:
        """``E log(w + 1/X) = E log(w_1 - X) - log w_1 - E log(-X)``."""
        if self.log_mean is None:
            return _no_potential()
        u = part.potential() - log_upper(part.w) - self.log_mean
        return u + _half_turn(part.w) * self.negative_mass if self.negative_mass else u

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

    def explicit(self, kind: Kind) -> bool:
        """As the child in ``psi``."""
        return kind == "psi" and self.child.explicit("psi")

    def at(self, kind: Kind, value: Any) -> State:
        """The state at ``psi``."""
        return self.combine((self.child.at("psi", value),))

    def combine(self, parts: tuple[State, ...]) -> State:
        """``w = w_1^2``, ``psi = psi_1``, ``u = 2 u_1``."""
        (part,) = parts
        w, g = part.w * part.w, part.g / part.w
        return State(
            w,
            g,
            part.psi,
            potential=lambda: 2 * part.potential(),
            log_s=lambda: _log_ratio(g, part.psi),
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
            log_s=lambda: _log_ratio(g, psi),
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

    @property
    def children(self) -> tuple[Relation, ...]:
        """The law of the jumps."""
        return (self.jumps,)

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
            lambda: _log_ratio(g, psi),
            parts=parts,
            checks=lambda: (Check("same", part.w, w), Check("opposite", g, w)),
        )

    def has_potential(self) -> bool:
        """When the jumps have one."""
        return self.jumps.has_potential()
