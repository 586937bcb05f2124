"""Choose the unknowns of a relation tree and trace its equations.

The unknowns are as few as the tree allows: a part that is explicit in the coordinate its
parent shares needs none of its own, so ``Semicircle + MarchenkoPastur`` has one unknown,
``g``, and a product of a hundred explicit factors has one unknown, ``psi``.  Every other
child is matched linearly on the shared quantity, which is Newton's method on the whole
system by block elimination, at a cost linear in the number of nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from freesym.lowering.trace import Trace
from freesym.relations.leaf import Leaf, mass_at_zero
from freesym.relations.relation import Relation
from freesym.relations.state import Check, Kind, State

Path = tuple[int, ...]


@dataclass(frozen=True)
class Unknown:
    """One unknown: component ``kind`` of the state of the node at ``path``.

    For ``psi`` with a positive ``rank`` (1 minus the mass at 0) it is ``psi/(psi + rank)``.
    """

    path: Path
    kind: Kind | str
    rank: float = 0.0

    def coordinate(self, value: complex) -> complex:
        """The unknown at a value of the component; NaN where it is infinite."""
        if self.rank <= 0:
            return value
        return value / (value + self.rank) if value != -self.rank else complex(math.nan, math.nan)


@dataclass(frozen=True)
class Equations:
    """The traced equations of a tree: its state and its unknowns, in trace order."""

    trace: Any
    state: State
    unknowns: tuple[Unknown, ...]


class _Builder:
    """Builds on any recorder of rules that offers what :class:`Trace` does."""

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self.unknowns: list[Unknown] = []

    def unknown(self, node: Relation, path: Path, kind: Kind | str, orientation: int) -> Any:
        rank = _anchor(node) if kind == "psi" and not path else 0.0
        self.unknowns.append(Unknown(path, kind, rank))
        if rank > 0:
            return self.trace.anchored_unknown(orientation, rank)
        return self.trace.unknown(orientation)

    def build(self, node: Relation, path: Path, orientation: int) -> tuple[State, int]:
        """The state of a node and the index of its leading unknown."""
        lead = len(self.unknowns)
        if isinstance(node, Leaf):
            return node.state(self.unknown(node, path, node.chart, orientation)), lead
        for kind in _explicit_kinds(node):
            return node.at(kind, self.unknown(node, path, kind, orientation)), lead
        if len(node.children) == 1:
            parts: tuple[State, ...] = (self._child(node, path, orientation, 0)[0],)
        else:
            parts = self._matched(node, path, orientation)
        self.trace.orientation = orientation
        return node.combine(parts), lead

    def _child(self, node: Relation, path: Path, orientation: int, index: int) -> tuple[State, int]:
        flip = node.flips[index]
        return self.build(node.children[index], (*path, index), orientation * flip)

    def _matched(self, node: Relation, path: Path, orientation: int) -> tuple[State, ...]:
        states: dict[int, State] = {}
        lead, wanted = len(self.unknowns), None
        if node.native is not None:
            explicit = [i for i, c in enumerate(node.children) if c.explicit(node.native)]
            if explicit:
                wanted = self.unknown(node, path, node.native, orientation)
                for i in explicit:
                    seen = replace(wanted, orientation=orientation * node.flips[i])
                    states[i] = node.children[i].at(node.native, seen)
        for i in range(len(node.children)):
            if i in states:
                continue
            state, own = self._child(node, path, orientation, i)
            if wanted is None:
                states[i], wanted = state, node.shared(i, state)
            else:
                match = self.trace.match(node.shared(i, state), wanted, (own, lead))
                states[i] = _seen_through(match, state)
        return tuple(states[i] for i in range(len(node.children)))


def _anchor(node: Relation) -> float:
    """``-psi`` at 0 if explicit parts decide it, else 0.

    Where it is the atom of a part that is matched, ``psi`` is not known relative to it.
    """
    mass = mass_at_zero(node)
    parts = () if node.explicit("psi") else node.children
    matched = [mass_at_zero(part) for part in parts if not part.explicit("psi")]
    return 1 - mass if max(matched, default=-1.0) < mass else 0.0


def _explicit_kinds(node: Relation) -> Iterator[Kind]:
    kinds: tuple[Kind, ...] = ("g", "psi", "w")
    return (kind for kind in kinds if node.explicit(kind))


def _seen_through(match: Callable[[Any], Any], state: State) -> State:
    def moved(function: Callable[[], Any] | None) -> Callable[[], Any] | None:
        return None if function is None else lambda: match(function())

    log_s = moved(state.log_s)
    assert log_s is not None
    return replace(
        state,
        w=match(state.w),
        g=match(state.g),
        psi=match(state.psi),
        log_s=log_s,
        log_w=moved(state.log_w),
    )


def equations(relation: Relation, trace: Any = None) -> Equations:
    """Trace the equations of a tree whose root is evaluated in the upper half-plane.

    ``trace`` records them; by default for double precision.
    """
    builder = _Builder(Trace() if trace is None else trace)
    state, _ = builder.build(relation, (), 1)
    return Equations(builder.trace, state, tuple(builder.unknowns))


def all_checks(state: State) -> list[Check]:
    """The half-plane conditions of a state and of all its parts."""
    found = list(state.checks())
    for part in state.parts:
        found.extend(all_checks(part))
    return found
