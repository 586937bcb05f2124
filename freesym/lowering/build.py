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
from functools import lru_cache
from typing import Any

from freesym.lowering.trace import Trace
from freesym.relations.functions import knows_complement, with_complement
from freesym.relations.leaf import CauchyLeaf, Leaf
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

    def __init__(self, trace: Any, otherwise: bool = False) -> None:
        self.trace = trace
        self.otherwise = otherwise
        self.unknowns: list[Unknown] = []
        #: Whether 0 is still where the root has it: inside sums ``w`` is anywhere.
        self.alone = True

    def unknown(self, node: Relation, path: Path, kind: Kind | str, orientation: int) -> Any:
        rank = 1 - node.mass_at_zero if kind == "psi" and self._counts_from_zero(node) else 0.0
        self.unknowns.append(Unknown(path, kind, rank))
        if rank > 0:
            return self.trace.anchored_unknown(orientation, rank)
        return self.trace.unknown(orientation)

    def _counts_from_zero(self, node: Relation) -> bool:
        """Whether ``psi`` next to its value at 0 matters more than next to infinity.

        That is at atoms, where it would be 1 up to rounding.
        """
        masses = getattr(node, "point_masses", None)
        return self.alone or (masses is not None and all(x == 0 for x in masses()))

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
        """The states of the children, which agree with the first or with an unknown of its own."""
        lead, wanted = len(self.unknowns), None
        states: dict[int, State] = {}
        order = list(range(len(node.children)))
        if node.native == "psi":
            order.sort(key=lambda i: _rank_as_leader(node.children[i], node, self.otherwise))
        if node.native and node.children[order[0]].explicit(node.native):
            wanted = self.unknown(node, path, node.native, orientation)
            wanted = with_complement(wanted, lambda: None) if _atoms_tie(node) else wanted
        self.alone = False
        for i in order:
            child, side = node.children[i], orientation * node.flips[i]
            if node.native and wanted is not None and child.explicit(node.native):
                states[i] = child.at(node.native, replace(wanted, orientation=side))
                continue
            state, own = self._child(node, path, orientation, i)
            if wanted is None:
                if _atoms_tie(node):
                    state = replace(state, psi=with_complement(state.psi, lambda: None))
                states[i], wanted = state, node.shared(i, state)
                continue
            match = self.trace.match(node.shared(i, state), wanted, (own, lead))
            states[i] = _seen_through(match, state)
            if node.native == "psi":
                states[i] = replace(states[i], psi=replace(wanted, orientation=side))
        return tuple(states[i] for i in range(len(node.children)))


def _rank_as_leader(child: Relation, node: Relation, otherwise: bool) -> tuple[bool, bool, bool]:
    """The child that comes first lends ``psi`` to the others.

    Near 0 it is one whose own ``w`` vanishes with that of the product: one with its atom there.
    Of these one explicit in ``psi`` is best, and next best is one that knows ``1 + psi`` relative
    to its own size.  A factor with a gap about 0 does not owe a law on the line its digits there:
    ``otherwise`` it does not lead.
    """
    explicit = child.explicit("psi")
    smaller = child.mass_at_zero < node.mass_at_zero
    far = isinstance(child, CauchyLeaf) and child.hull()[0] > 0
    follows = otherwise and far and node.any_unknown_side
    return smaller, not explicit, not explicit and (follows or not _knows_psi(child))


def _atoms_tie(node: Relation) -> bool:
    """Whether two factors have the atom of the product at 0.

    They agree only up to rounding of ``psi`` there, which moves the ``w`` of one of them.
    """
    masses = [child.mass_at_zero for child in node.children]
    return node.native == "psi" and node.mass_at_zero > 0 and masses.count(max(masses)) > 1


@lru_cache(maxsize=4096)
def _knows_psi(node: Relation) -> bool:
    return knows_complement(_Builder(Trace()).build(node, (0,), 1)[0].psi)


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


def equations(relation: Relation, trace: Any = None, otherwise: bool = False) -> Equations:
    """Trace the equations of a tree whose root is evaluated in the upper half-plane.

    ``trace`` records them; by default for double precision.  ``otherwise`` other parts lead.
    """
    builder = _Builder(Trace() if trace is None else trace, otherwise)
    state, _ = builder.build(relation, (), 1)
    return Equations(builder.trace, state, tuple(builder.unknowns))


def all_checks(state: State) -> list[Check]:
    """The half-plane conditions of a state and of all its parts."""
    found = list(state.checks())
    for part in state.parts:
        found.extend(all_checks(part))
    return found
