"""The state of a node: where it is evaluated and what its transforms are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from freesym.relations.functions import log_lower

Kind = Literal["w", "g", "psi"]


@dataclass(frozen=True)
class State:
    """A point of a law's curve, in any number system.

    Attributes
    ----------
    w : number
        Where the Cauchy transform is evaluated: the subordination function at the root.
    g, psi : number
        ``G(w)`` and ``w G(w) - 1``, the latter never computed by that cancelling formula.
    potential : callable
        Returns ``E log(w - X)``.
    log_s : callable
        Returns ``log S(psi) = log(g/psi)``, in the half-plane of ``w``.
    log_w : callable, optional
        Returns ``log w`` where the node knows it better than ``w``.
    parts : tuple of State
        The states of the children.
    checks : tuple
        Half-plane conditions ``(kind, a, b)`` this node adds to those of its parts.
    r, s : number, optional
        ``R(g)`` and ``S(psi)`` where they are known better than as quotients.
    regular : callable, optional
        Returns ``u + log g`` where it is known better than as a sum.
    """

    w: Any
    g: Any
    psi: Any
    potential: Callable[[], Any]
    log_s: Callable[[], Any]
    log_w: Callable[[], Any] | None = None
    parts: tuple[State, ...] = ()
    checks: Callable[[], tuple[Check, ...]] = field(default=tuple)
    r: Any = None
    s: Any = None
    regular: Callable[[], Any] | None = None

    def regular_potential(self) -> Any:
        """``u + log g``, which stays finite where ``g`` vanishes with ``1/w``."""
        return self.regular() if self.regular else self.potential() + log_lower(self.g)

    def r_value(self) -> Any:
        """``R(g) = w - 1/g = psi/g``."""
        return self.psi / self.g if self.r is None else self.r

    def s_value(self) -> Any:
        """``S(psi) = g/psi``."""
        return self.g / self.psi if self.s is None else self.s

    def value(self, kind: Kind) -> Any:
        """The component called ``kind``."""
        return {"w": self.w, "g": self.g, "psi": self.psi}[kind]


@dataclass(frozen=True)
class Check:
    """A condition that singles out the right branch.

    ``same``: the imaginary parts of ``a`` and ``b`` have one sign; ``opposite``: they do not;
    ``aligned``: as ``same``, where the half-plane of ``b`` is known beforehand; ``principal``:
    the imaginary part of the logarithm ``a`` lies in ``[0, pi]`` up to the orientation of
    ``b``; ``positive``: the real part of ``a`` is positive.
    """

    kind: Literal["aligned", "same", "opposite", "principal", "positive"]
    a: Any
    b: Any
