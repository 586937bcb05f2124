"""Transforms of any relation at any points of the closed upper half-plane.

Nodes whose children's points are known from their own (scales, inverses, mixtures, Boolean
and monotone convolutions) are unwound here, on arrays; what remains is solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freesym.relations import nodes
from freesym.relations.relation import Relation
from freesym.solve.solver import solver

Complex = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Transforms:
    """``g``, ``psi`` and, if asked for, the log-potential ``u``; NaN where unsolved."""

    g: Complex
    psi: Complex
    u: Complex | None = None


def transforms(relation: Relation, z: Complex, *, potential: bool = False) -> Transforms:
    """Evaluate a numerical relation at points with ``Im z >= 0`` (boundary values if 0).

    Unverified points are NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _transforms(relation, z, potential)


def _transforms(relation: Relation, z: Complex, potential: bool) -> Transforms:
    match relation:
        case nodes.Affine():
            return _affine(relation, z, potential)
        case nodes.NegativeInverse():
            return _negative_inverse(relation, z, potential)
        case nodes.SymmetricSquare():
            return _square(relation, z, potential)
        case nodes.Reshape():
            return _reshape(relation, z, potential)
        case nodes.Mixture():
            return _mixture(relation, z, potential)
        case nodes.Boolean() if not potential:
            return _boolean(relation, z)
        case nodes.Monotone() if not potential:
            return _monotone(relation, z)
    return _solved(relation, z, potential)


def _solved(relation: Relation, z: Complex, potential: bool) -> Transforms:
    engine = solver(relation)
    found = engine.solve(z)
    g, psi = engine.transforms(found)
    if not potential:
        return Transforms(g, psi)
    if engine.compiled.potential is None:
        return Transforms(g, psi, _integrated_potential(relation, z))
    u = engine.potential(found)
    # integer multiplicities leave full turns undetermined; the cdf lies in [0, 1]
    turns = np.round((u.imag - 0.5 * np.pi) / (2 * np.pi))
    return Transforms(g, psi, u - 2j * np.pi * turns)


def _affine(relation: nodes.Affine, z: Complex, potential: bool) -> Transforms:
    inner = (z - relation.shift) / relation.scale
    mirrored = relation.scale < 0
    child = _transforms(relation.child, inner.conj() if mirrored else inner, potential)
    g, psi, u = child.g, child.psi, child.u
    if mirrored:
        g, psi, u = g.conj(), psi.conj(), None if u is None else u.conj() + 1j * np.pi
    g = g / relation.scale
    if u is not None:
        u = u + np.log(abs(relation.scale))
    return Transforms(g, psi + relation.shift * g if relation.shift else psi, u)


def _negative_inverse(relation: nodes.NegativeInverse, z: Complex, potential: bool) -> Transforms:
    inner = -1 / z
    child = _transforms(relation.child, inner, potential)
    g, psi = inner * child.psi, -1 - child.psi
    if child.u is None:
        return Transforms(g, psi)
    at_zero = _transforms(relation.child, np.zeros(1, dtype=complex), True).u
    assert at_zero is not None
    u = child.u - np.log(inner) - at_zero + 1j * np.pi
    return Transforms(g, psi, u)


def upper_root(z: Complex) -> Complex:
    """The square root in the closed upper half-plane."""
    root = np.sqrt(z)
    return np.where(root.imag < 0, -root, root)


def _square(relation: nodes.SymmetricSquare, z: Complex, potential: bool) -> Transforms:
    inner = upper_root(z)
    child = _transforms(relation.child, inner, potential)
    u = None if child.u is None else 2 * child.u
    return Transforms(child.g / inner, child.psi, u)


def _reshape(relation: nodes.Reshape, z: Complex, potential: bool) -> Transforms:
    child = _transforms(relation.child, z, potential)
    psi = relation.ratio * child.psi
    u = child.u
    if u is not None:
        u = relation.ratio * u + (1 - relation.ratio) * np.log(z)
    return Transforms((1 + psi) / z, psi, u)


def _mixture(relation: nodes.Mixture, z: Complex, potential: bool) -> Transforms:
    parts = [_transforms(c, z, potential) for c in relation.components]
    weights = relation.weights
    g = sum((p * t.g for p, t in zip(weights, parts, strict=True)), np.zeros_like(z))
    psi = sum((p * t.psi for p, t in zip(weights, parts, strict=True)), np.zeros_like(z))
    if not potential:
        return Transforms(g, psi)
    u = np.zeros_like(z)
    for p, t in zip(weights, parts, strict=True):
        assert t.u is not None
        u = u + p * t.u
    return Transforms(g, psi, u)


def _boolean(relation: nodes.Boolean, z: Complex) -> Transforms:
    parts = [_transforms(term, z, False) for term in relation.terms]
    k = sum((t.psi / t.g for t in parts), np.zeros_like(z))
    g = 1 / (z - k)
    return Transforms(g, k * g)


def _monotone(relation: nodes.Monotone, z: Complex) -> Transforms:
    inner = _transforms(relation.inner, z, False)
    outer = _transforms(relation.outer, 1 / inner.g, False)
    return Transforms(outer.g, outer.psi + outer.g * inner.psi / inner.g)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_PANELS = 2.0 ** np.arange(-60, 61)


def _integrated_potential(relation: Relation, z: Complex) -> Complex:
    """``u(z) = log(z + i) - i int_0^oo (G(z + i y) - 1/(z + i y + i)) dy`` on dyadic panels."""
    scale = solver(relation).first[0]
    edges = scale * _PANELS
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
    y = (middle[:, None] + half[:, None] * _NODES).ravel()
    weights = (half[:, None] * _WEIGHTS).ravel()
    grid = (z[:, None] + 1j * y).ravel()
    g = _transforms(relation, grid, False).g
    difference = (g - 1 / (grid + 1j * scale)).reshape(len(z), -1)
    return np.log(z + 1j * scale) - 1j * (difference @ weights)
