"""Programs that need log-potentials of tables; compiled only when one is asked for."""

from __future__ import annotations

import numpy as np

from freesym.kernels import opcodes as op
from freesym.kernels.interpreter import Block, Integers, Reals, run
from freesym.kernels.jit import entry, kernel
from freesym.kernels.measure_potential import log_potential
from freesym.kernels.opcodes import BLOCK


@kernel
def _potential(
    t: int, a: int, side: float, real_start: int, integer_start: int, n: int,
    vr: Block, vi: Block, dr: Block, di: Block, reals: Reals, integers: Integers,
) -> None:  # fmt: skip
    for j in range(n):
        vr[t, j], vi[t, j] = log_potential(
            reals, integers, real_start, integer_start, vr[a, j], vi[a, j]
        )
        if vi[a, j] == 0.0 and side < 0.0:
            vi[t, j] = -vi[t, j]
        dr[t, j], di[t, j] = 0.0, 0.0


@entry
def evaluate_potential(
    rows: Integers, constants: Reals, outputs: Integers, ur: Block, ui: Block,
    result_r: Block, result_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers,
) -> None:  # fmt: skip
    """As :func:`freesym.kernels.march.evaluate`, for programs with table potentials."""
    br, bi = np.zeros((ur.shape[0], BLOCK)), np.zeros((ur.shape[0], BLOCK))
    passed = np.zeros(BLOCK, dtype=np.bool_)
    count = rows.shape[0]
    for base in range(0, ur.shape[1], BLOCK):
        n = min(BLOCK, ur.shape[1] - base)
        for k in range(ur.shape[0]):
            for j in range(n):
                br[k, j], bi[k, j] = ur[k, base + j], ui[k, base + j]
        start = 0
        for stop in range(count + 1):
            if stop < count and rows[stop, 0] != op.POTENTIAL:
                continue
            run(
                rows[start:stop], constants[start:stop], n, br, bi,
                work[0], work[1], work[2], work[3], work[4], work[5], work[6], work[7],
                reals, integers, starts, False, passed,
            )  # fmt: skip
            if stop < count:
                t, a, b = rows[stop, 1], rows[stop, 2], rows[stop, 3]
                _potential(
                    t, a, constants[stop, 1], starts[b, 0], starts[b, 1], n,
                    work[0], work[1], work[2], work[3], reals, integers,
                )  # fmt: skip
            start = stop + 1
        for i in range(outputs.shape[0]):
            for j in range(n):
                result_r[i, base + j] = work[0, outputs[i], j]
                result_i[i, base + j] = work[1, outputs[i], j]
