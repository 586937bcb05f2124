"""The subordination fixed point: globally convergent in the upper half-plane, but slow.

It gives the one solution from which Newton marches, and is the safety net where Newton
cannot move.  Every node keeps the targets of its children between sweeps, so one sweep
costs one evaluation of each node (Belinschi & Bercovici 2007, Theorem 3.2).
"""

from __future__ import annotations

import cmath
from dataclasses import replace

from freesym.lowering.build import Path, Unknown
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, Leaf
from freesym.relations.relation import Relation
from freesym.relations.state import State

_NEWTON_STEPS = 60


class Sweeper:
    """Fixed-point sweeps over a relation tree, with memory.

    Targets move by a ``share`` of the way to where they are sent: all of it is fastest, but where
    one node waits for another it may go around in circles.
    """

    def __init__(self, relation: Relation, share: float = 1.0) -> None:
        self.relation = relation
        self.share = share
        self.targets: dict[Path, list[complex]] = {}
        self.corners: dict[Path, list[tuple[complex, complex]]] = {}
        self.coordinates: dict[Path, complex] = {}
        self.states: dict[Path, State] = {}

    def sweep(self, w: complex) -> State:
        """One sweep at ``w``; the state approaches the solution as sweeps repeat."""
        return self._visit(self.relation, (), w)

    def solve(self, w: complex, *, sweeps: int, tolerance: float) -> bool:
        """Sweep until ``g`` settles; False if it did not within ``sweeps``."""
        before = complex("nan")
        for _ in range(sweeps):
            try:
                g = self.sweep(w).g
            except (ZeroDivisionError, OverflowError, ValueError):
                return False
            if abs(g - before) <= tolerance * abs(g):
                return True
            before = g
        return False

    def coordinate(self, unknown: Unknown) -> complex:
        """The present value of an unknown."""
        if unknown.path in self.coordinates and unknown.kind not in ("w", "g", "psi"):
            return self.coordinates[unknown.path]
        value = complex(self.states[unknown.path].value(unknown.kind))  # type: ignore[arg-type]
        return unknown.coordinate(value)

    def _visit(self, node: Relation, path: Path, w: complex) -> State:
        state = self._leaf(node, path, w) if isinstance(node, Leaf) else self._node(node, path, w)
        self.states[path] = state
        return state

    def _leaf(self, leaf: Leaf, path: Path, w: complex) -> State:
        if isinstance(leaf, CauchyLeaf):
            return leaf.state(w)
        if leaf.explicit("w"):
            state = leaf.at("w", w)
            self.coordinates[path] = leaf.coordinate("w", w)
            return state
        s = self.coordinates.get(path)
        found = None if s is None else _solve_leaf(leaf, s, w)
        if found is None:
            found = _continue_leaf(leaf, w)
        self.coordinates[path] = found
        return replace(leaf.state(found), w=w)

    def _children(
        self, node: Relation, path: Path, targets: list[complex], repeats: int = 1
    ) -> list[State]:
        states = []
        for i, (child, target) in enumerate(zip(node.children, targets, strict=True)):
            for _ in range(1 if isinstance(child, Leaf) else repeats):
                state = self._visit(child, (*path, i), target)
            states.append(state)
        return states

    def _node(self, node: Relation, path: Path, w: complex) -> State:
        if isinstance(node, nodes.Additive):
            return self._additive(node, path, w)
        if isinstance(node, nodes.Multiplicative):
            return self._multiplicative(node.powers, node, path, w)
        if isinstance(node, nodes.RealMultiplicative):
            return self._multiplicative((1.0, 1.0), node, path, w)
        if isinstance(node, nodes.Rectangular):
            return self._rectangular(node, path, w)
        if isinstance(node, nodes.CompoundPoisson):
            return self._compound(node, path, w)
        if isinstance(node, nodes.Monotone):
            inner = self._visit(node.inner, (*path, 0), w)
            return node.combine((inner, self._visit(node.outer, (*path, 1), 1 / inner.g)))
        return node.combine(tuple(self._children(node, path, _inner_targets(node, w))))

    def _move(self, path: Path, targets: list[complex]) -> None:
        before = self.targets[path]
        self.targets[path] = [
            a + self.share * (b - a) for a, b in zip(before, targets, strict=True)
        ]

    def _additive(self, node: nodes.Additive, path: Path, w: complex) -> State:
        targets = self.targets.setdefault(path, [w] * len(node.terms))
        parts = self._children(node, path, targets)
        h = [1 / part.g - part.w for part in parts]
        total = sum(t * hi for t, hi in zip(node.powers, h, strict=True))
        self._move(path, [w + total - hi for hi in h])
        g = 1 / (w + total)
        psi = sum(t * part.psi for t, part in zip(node.powers, parts, strict=True))
        return replace(parts[0], w=w, g=g, psi=psi)

    def _multiplicative(
        self, powers: tuple[float, ...], node: Relation, path: Path, w: complex
    ) -> State:
        targets = self.targets.setdefault(path, [w] * len(node.children))
        # one factor may throw the others far: let them settle between the moves
        parts = self._children(node, path, targets, repeats=8)
        q = [cmath.log(part.psi / part.g) for part in parts]
        total = sum(t * qi for t, qi in zip(powers, q, strict=True))
        log_w = cmath.log(w)
        self._move(path, [cmath.exp(log_w - total + qi) for qi in q])
        psi = 1 / (cmath.exp(log_w - total) - 1)
        return replace(parts[0], w=w, g=(1 + psi) / w, psi=psi)

    def _rectangular(self, node: nodes.Rectangular, path: Path, w: complex) -> State:
        """Subordination of ``[[0, X], [X^T, 0]]`` at ``(root, root)``, ``root = sqrt w``.

        Every term has a target for each corner; it is evaluated at their product.
        """
        root = cmath.sqrt(w)
        corners = self.corners.setdefault(path, [(root, root)] * len(node.terms))
        parts = self._children(node, path, [a * b for a, b in corners])
        pairs = list(zip(corners, parts, strict=True))
        h = [-a * part.psi / (1 + part.psi) for (a, _), part in pairs]
        k = [-b * node.ratio * part.psi / (1 + node.ratio * part.psi) for (_, b), part in pairs]
        first, second = root + sum(h), root + sum(k)
        self.corners[path] = [(first - hi, second - ki) for hi, ki in zip(h, k, strict=True)]
        psi = -sum(h) / first
        return replace(parts[0], w=w, g=(1 + psi) / w, psi=psi)

    def _compound(self, node: nodes.CompoundPoisson, path: Path, w: complex) -> State:
        target = self.targets.setdefault(path, [w])[0]
        part = self._visit(node.jumps, (*path, 0), target)
        self._move(path, [w - node.rate * part.psi * part.w])
        psi = node.rate * part.psi
        return replace(part, w=w, g=(1 + psi) / w, psi=psi)


def _inner_targets(node: Relation, w: complex) -> list[complex]:
    if isinstance(node, nodes.Affine):
        return [(w - node.shift) / node.scale]
    if isinstance(node, nodes.NegativeInverse):
        return [-1 / w]
    if isinstance(node, nodes.SymmetricSquare):
        root = cmath.sqrt(w)
        return [root if (root.imag >= 0) == (w.imag >= 0) else -root]
    return [w] * len(node.children)


def _solve_leaf(leaf: Leaf, s: complex, w: complex) -> complex | None:
    """Newton for ``w(s) = w`` from ``s``; None unless it converges to the physical sheet."""
    for _ in range(_NEWTON_STEPS):
        at = leaf.state(s)
        step = 1e-7 * s
        slope = (leaf.state(s + step).w - leaf.state(s - step).w) / (2 * step)
        move = (w - at.w) / slope
        if abs(move) > 0.5 * abs(s):
            move *= 0.5 * abs(s) / abs(move)
        s += move
        if abs(move) <= 1e-12 * abs(s):
            return s if _is_physical(leaf.state(s).g, w) else None
    return None


def _is_physical(g: complex, w: complex) -> bool:
    """Whether ``g`` lies in the other half-plane; outside the spectrum both may be real."""
    if w.imag == 0:
        return abs(g.imag) <= 1e-9 * abs(g)
    return g.imag * w.imag < 0


def _continue_leaf(leaf: Leaf, w: complex) -> complex:
    """Follow a leaf's solution from far away down to ``w``."""
    up = 1j if w.imag >= 0 else -1j
    lift = 1e4 * (1 + abs(w))
    s = leaf.start(w + up * lift)
    found = _solve_leaf(leaf, s, w + up * lift)
    while found is None and lift < 1e200:
        lift *= 100
        found = _solve_leaf(leaf, leaf.start(w + up * lift), w + up * lift)
    if found is None:
        raise ZeroDivisionError(f"no start for {leaf!r}")
    factor = 0.25
    while lift > 0:
        lower = lift * factor if lift > 1e-9 * abs(w) else 0.0
        trial = _solve_leaf(leaf, found, w + up * lower)
        if trial is not None:
            found, lift, factor = trial, lower, max(0.1, factor**1.5)
        elif factor > 0.999:
            raise ZeroDivisionError(f"no start for {leaf!r}")
        else:
            factor = factor**0.5
    return found
