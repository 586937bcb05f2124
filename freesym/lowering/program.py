"""Programs: the arrays that the interpreter runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freesym.kernels import opcodes as op
from freesym.lowering.trace import Key, Trace, Value

_BINARY = frozenset(
    {
        op.ADD, op.SUBTRACT, op.MULTIPLY, op.DIVIDE, op.MATCH, op.COMPARE, op.SELECT, op.WRAP,
    }
)  # fmt: skip
_CHECKS = frozenset(
    {op.CHECK_SAME, op.CHECK_OPPOSITE, op.CHECK_PRINCIPAL, op.CHECK_POSITIVE, op.CHECK_SIGN}
)
_NO_OPERAND = frozenset({op.COORDINATE, op.CONSTANT})


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions with allocated registers.

    Attributes
    ----------
    rows : ndarray of int64, shape (instructions, 4)
        Operation, target register, operands.
    constants : ndarray of float64, shape (instructions, 2)
    outputs : ndarray of int64
        Registers of the results.
    registers : int
        How many registers are needed.
    """

    rows: NDArray[np.int64]
    constants: NDArray[np.float64]
    outputs: NDArray[np.int64]
    registers: int


def _operands(row: Key) -> list[int]:
    operation, a, b, x, _ = row
    if operation in _NO_OPERAND:
        return []
    if operation == op.SELECT:
        return [a, b, int(x)]
    return [a, b] if operation in _BINARY | _CHECKS else [a]


def _live(rows: Sequence[Key], roots: Sequence[int], matches: dict[int, int]) -> list[int]:
    needed: set[int] = set()
    stack = list(roots)
    while stack:
        number = stack.pop()
        if number in needed:
            continue
        needed.add(number)
        stack.extend(_operands(rows[number]))
        if rows[number][0] == op.REBASE:
            stack.append(matches[rows[number][2]])
    return sorted(needed)


def _match_rows(rows: Sequence[Key]) -> dict[int, int]:
    return {int(row[3]): i for i, row in enumerate(rows) if row[0] == op.MATCH}


class _Allocator:
    """Registers are reused as soon as their value is dead."""

    def __init__(self) -> None:
        self.free: list[int] = []
        self.count = 0

    def take(self) -> int:
        if self.free:
            return self.free.pop()
        self.count += 1
        return self.count - 1


def assemble(trace: Trace, outputs: Sequence[Value], *, checks: Sequence[Key] = ()) -> Program:
    """The program that computes ``outputs`` and then tests ``checks``."""
    rows = [*trace.rows, *checks]
    matches = _match_rows(rows)
    roots = [v.number for v in outputs] + list(range(len(trace.rows), len(rows)))
    order = _live(rows, roots, matches)
    order = _checks_early(rows, order)
    kept = {v.number for v in outputs}
    last = {operand: i for i, n in enumerate(order) for operand in _operands(rows[n])}
    allocator, register = _Allocator(), dict[int, int]()
    code, constants = [], []
    for i, n in enumerate(order):
        operation, a, b, x, y = rows[n]
        operands = [register[o] for o in _operands(rows[n])]
        dead = {o for o in _operands(rows[n]) if last[o] == i and o not in kept}
        target = int(x) if operation == op.MATCH else -1
        if operation not in _CHECKS and operation != op.MATCH:
            # the target is taken before operands are released: no instruction is in place
            target = register[n] = allocator.take()
        allocator.free.extend(register[o] for o in dead)
        first = operands[0] if operands else a
        second = operands[1] if len(operands) > 1 else b
        code.append((operation, target, first, second))
        constants.append((float(operands[2]) if operation == op.SELECT else x, y))
        if n not in last and n in register and n not in kept:
            allocator.free.append(register[n])
    return Program(
        np.array(code, dtype=np.int64).reshape(-1, 4),
        np.array(constants, dtype=np.float64).reshape(-1, 2),
        np.array([register[v.number] for v in outputs], dtype=np.int64),
        allocator.count,
    )


def _checks_early(rows: Sequence[Key], order: list[int]) -> list[int]:
    """Move each check right behind its operands, so that registers are freed early."""
    position = {n: i for i, n in enumerate(order)}
    keyed = []
    for i, n in enumerate(order):
        if rows[n][0] in _CHECKS:
            keyed.append((max(position[o] for o in _operands(rows[n])), 1, n))
        else:
            keyed.append((i, 0, n))
    return [n for _, _, n in sorted(keyed)]
