"""The instruction set shared by the lowering and the interpreter.

An instruction is a row ``(operation, target, a, b)`` of registers and two real constants.
Registers hold a complex value and its derivative for a block of points.
"""

from __future__ import annotations

from typing import Final

COORDINATE: Final = 0  # target = unknown a, derivative 1
CONSTANT: Final = 1  # target = x
ADD: Final = 2
SUBTRACT: Final = 3
MULTIPLY: Final = 4
DIVIDE: Final = 5
LINEAR: Final = 6  # target = x * a + y
RECIPROCAL: Final = 7  # target = x / a
LOG: Final = 8  # cut on the negative axis (x = 0), on -i (x > 0) or on +i (x < 0)
EXP: Final = 9
SQRT: Final = 10
TIMES_I: Final = 11
SIGN: Final = 12  # target = sign(Im a), derivative 0
MATCH: Final = 13  # target: match number; child quantity a, wanted value b
REBASE: Final = 14  # target = a moved along match number b
MEASURE: Final = 15  # target, target + 1 = g, psi of table b at a
POTENTIAL: Final = 16  # target = log-potential of table b at a
COMPARE: Final = 17  # target = |b|^2 - |a|^2, derivative 0
SELECT: Final = 18  # target = a where Re of register x is >= 0, b elsewhere
CHECK_SAME: Final = 19
CHECK_OPPOSITE: Final = 20
CHECK_PRINCIPAL: Final = 21
CHECK_POSITIVE: Final = 22
CHECK_SIGN: Final = 23  # x * Im a > 0
WRAP: Final = 24  # target = a with Im a within pi of x pi/2 (x = 0: sign(Im b)), by whole turns

BLOCK: Final = 64
