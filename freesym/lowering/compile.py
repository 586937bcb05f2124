"""Lower a relation tree to the programs the solver runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freesym.kernels import opcodes as op
from freesym.lowering.build import Equations, Unknown, all_checks, equations
from freesym.lowering.program import Program, assemble
from freesym.lowering.trace import Key, Trace, Value
from freesym.relations.functions import knows_complement
from freesym.relations.relation import Relation
from freesym.relations.state import Check

_CHECK_CODES = {
    "same": op.CHECK_SAME,
    "opposite": op.CHECK_OPPOSITE,
    "principal": op.CHECK_PRINCIPAL,
    "positive": op.CHECK_POSITIVE,
}

RESIDUAL_PLAIN, RESIDUAL_LOG, RESIDUAL_LOG_OF_W = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Compiled:
    """Everything numerical about a tree.

    Attributes
    ----------
    step : Program
        Computes the root quantity that is matched with ``z``, with its derivative.
    verify : Program
        Tests the half-plane conditions.
    transforms : Program
        Computes ``g`` (or ``1 + psi``, from which it follows) and ``psi``.
    potential : Program or None
        Computes ``u``; behind the unknowns it expects the potentials of ``integrated``.
    points : Program
        Computes the points at which potentials of parts are integrated.
    integrated : tuple of (Relation, int)
        These parts, with the sign of the half-plane of their points (0: not known).
    residual : int
        How the root quantity is compared with ``z``: plainly, as a given logarithm, or by
        taking the logarithm of ``w/z``.
    relative : bool
        Whether ``w`` is known relative to its size, so that ``transforms`` computes ``1 + psi``.
    matches : ndarray of int64, shape (matches, 2)
        Leading unknown of the child and of the parent, for the downward walk.
    unknowns : tuple of Unknown
    reals, integers : ndarray
        The measure tables, concatenated.
    starts : ndarray of int64, shape (tables, 2)
    """

    step: Program
    verify: Program
    transforms: Program
    potential: Program | None
    points: Program
    integrated: tuple[tuple[Relation, int], ...]
    residual: int
    relative: bool
    matches: NDArray[np.int64]
    unknowns: tuple[Unknown, ...]
    reals: NDArray[np.float64]
    integers: NDArray[np.int64]
    starts: NDArray[np.int64]


def _check_row(check: Check) -> Key | None:
    """The instruction of a check; the half-plane of ``b`` is a constant where it is known."""
    if not (isinstance(check.a, Value) and isinstance(check.b, Value)):
        return None
    a, b, orientation = check.a.number, check.b.number, check.b.orientation
    if check.kind == "principal":
        return (op.CHECK_PRINCIPAL, a, b, float(orientation), 0.0)
    if check.kind == "aligned" and orientation == 0:
        return None
    if check.kind == "positive" or orientation == 0:
        return (_CHECK_CODES[check.kind], a, b, 0.0, 0.0)
    if a == b:
        return None
    sign = float(-orientation if check.kind == "opposite" else orientation)
    return (op.CHECK_SIGN, a, a, sign, 0.0)


def _tables(trace: Trace) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    starts, reals, integers = [], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for table in trace.tables:
        starts.append((sum(map(len, reals)), sum(map(len, integers))))
        reals.append(table.reals)
        integers.append(table.integers)
    return (
        np.concatenate(reals),
        np.concatenate(integers),
        np.array(starts, dtype=np.int64).reshape(-1, 2),
    )


def _as_value(trace: Trace, number: Any) -> Value:
    """Constants (a point mass has a constant ``w``) enter programs as instructions."""
    if isinstance(number, Value):
        return number
    return Value(trace, trace.emit(op.CONSTANT, x=float(number)), 1)


def _root(relation: Relation, found: Equations, otherwise: bool) -> tuple[Value, int, bool]:
    """What is matched with ``z``, how, and whether it is known relative to its size."""
    state = found.state
    w = _as_value(found.trace, state.w)
    uses_exp = state.log_w is not None and any(row[0] == op.EXP for row in found.trace.rows)
    relative = uses_exp or (relation.keeps_digits_of_w and knows_complement(state.psi))
    if otherwise:
        first = compile_relation(relation)
        return w, RESIDUAL_PLAIN if first.relative else RESIDUAL_LOG_OF_W, False
    if uses_exp and state.log_w is not None:
        return _as_value(found.trace, state.log_w()), RESIDUAL_LOG, True
    return w, RESIDUAL_LOG_OF_W if relative else RESIDUAL_PLAIN, relative


@lru_cache(maxsize=1024)
def compile_relation(relation: Relation, otherwise: bool = False) -> Compiled:
    """Lower a tree with numerical parameters; cached on the tree.

    Solutions have ``w = z`` up to rounding of ``z`` where ``w`` is known relative to its size, and
    up to rounding of the whole spectrum elsewhere; ``otherwise`` it is the other way round.
    """
    found = equations(relation, otherwise=otherwise)
    trace, state = found.trace, found.state
    root, residual, relative = _root(relation, found, otherwise)
    # where w is known relative to its size, g follows from z itself: (1 + psi)/z
    first = 1 + state.psi if relative else state.g
    pair = [_as_value(trace, v) for v in (first, state.psi)]
    checks = dict.fromkeys(row for c in all_checks(state) if (row := _check_row(c)))
    potential = None
    if relation.has_potential():
        u = _as_value(trace, state.potential())
        potential = assemble(trace, [u])
    reals, integers, starts = _tables(trace)
    return Compiled(
        assemble(trace, [root]),
        assemble(trace, [], checks=list(checks)),
        assemble(trace, pair),
        potential,
        assemble(trace, [w for w, _ in trace.integrals]),
        tuple((part, w.orientation) for w, part in trace.integrals),
        residual,
        relative,
        np.array(trace.matches, dtype=np.int64).reshape(-1, 2),
        found.unknowns,
        reals,
        integers,
        starts,
    )
