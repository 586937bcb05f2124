"""Newton's method on a block of points, and the checks that make its result a value.

One step runs the program upward, solves one scalar equation at the root and walks down.
A solution counts only if Newton converged and every half-plane condition holds.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from freesym.kernels.interpreter import Block, Flags, Integers, Reals, run
from freesym.kernels.jit import kernel, part

RESIDUAL_PLAIN = 0
RESIDUAL_LOG = 1

# After a step this small the error is its square, times a factor that only grows beside an
# edge, if the step before was small too: a derivative of nothing but rounding makes one small
# step.  Steps below _STALL that no longer shrink have reached the noise floor, and so have
# steps below _NOISY_STALL when w agrees with z up to rounding: an unknown may be so small
# beside the others that rounding in them is much of it.
_CONVERGED, _SMALL, _APPROACHED = 1e-10, 1e-9, 1e-2
_ROUNDING = 1e-15
_STALL = 1e-7
_NOISY_STALL = 1e-4
_SHRUNK, _GROWN = 0.7, 10.0
_AMBIGUOUS = 1e-5
_NOISE = 1e-13
_LIFT, _LARGE_LIFT = 1e-7, 1e-5


@kernel
def _log_residual(
    residual: int, x: float, y: float, wr: float, wi: float, er: float, ei: float
) -> tuple[float, float, float, float, float, float]:
    """``log z - log w`` (whole turns removed), its derivative, and ``d log z/dz``."""
    modulus = math.hypot(x, y)
    if modulus == 0.0:  # 0 has no logarithm: the step is unknown, so nothing converges
        return math.nan, math.nan, er, ei, math.nan, math.nan
    ux, uy = x / modulus, y / modulus
    if residual == RESIDUAL_LOG:
        fr = math.log(modulus) - wr
        fi = math.atan2(y, x) - wi
        fi -= 2.0 * math.pi * np.round(fi / (2.0 * math.pi))
        return fr, fi, er, ei, ux / modulus, -uy / modulus
    size = math.hypot(wr, wi)
    if size == 0.0:
        return math.nan, math.nan, er, ei, math.nan, math.nan
    vx, vy = wr / size, -wi / size
    er, ei = (er * vx - ei * vy) / size, (er * vy + ei * vx) / size
    # log(z/w) as log(1 + (z-w)/w): accurate when the two are close
    ar, ai = (x - wr) / size, (y - wi) / size
    qr, qi = ar * vx - ai * vy, ar * vy + ai * vx
    if qr * qr + qi * qi < 0.25:
        fr = 0.5 * math.log1p(qr * (2.0 + qr) + qi * qi)
    else:
        fr = math.log(modulus / size)
    return fr, math.atan2(qi, 1.0 + qr), er, ei, ux / modulus, -uy / modulus


@kernel
def _inverse_square(re: float, im: float) -> float:
    """``1/|z|^2``; NaN where it under- or overflows, as a step of 0 would look converged."""
    square = re * re + im * im
    return 1.0 / square if 0.0 < square < math.inf else math.nan


@kernel
def _root_steps(
    residual: int, r: int, n: int, zr: Reals, zi: Reals,
    vr: Block, vi: Block, dr: Block, di: Block,
    step_r: Block, step_i: Block, rate_r: Block, rate_i: Block,
) -> None:  # fmt: skip
    """Newton's step of the root's leading unknown, and its derivative with respect to z."""
    if residual == RESIDUAL_PLAIN:
        for j in range(n):
            er, ei = dr[r, j], di[r, j]
            s = _inverse_square(er, ei)
            ir, ii = er * s, -ei * s
            fr, fi = zr[j] - vr[r, j], zi[j] - vi[r, j]
            step_r[0, j], step_i[0, j] = fr * ir - fi * ii, fr * ii + fi * ir
            rate_r[0, j], rate_i[0, j] = ir, ii
        return
    for j in range(n):
        fr, fi, er, ei, cr, ci = _log_residual(
            residual, zr[j], zi[j], vr[r, j], vi[r, j], dr[r, j], di[r, j]
        )
        s = _inverse_square(er, ei)
        ir, ii = er * s, -ei * s
        step_r[0, j], step_i[0, j] = fr * ir - fi * ii, fr * ii + fi * ir
        rate_r[0, j], rate_i[0, j] = cr * ir - ci * ii, cr * ii + ci * ir


@kernel
def _walk_down(
    matches: Integers, n: int, slope_r: Block, slope_i: Block, move_r: Block, move_i: Block,
    step_r: Block, step_i: Block, rate_r: Block, rate_i: Block,
) -> None:  # fmt: skip
    for m in range(matches.shape[0] - 1, -1, -1):
        c, p = matches[m, 0], matches[m, 1]
        for j in range(n):
            ar, ai = slope_r[m, j], slope_i[m, j]
            sr, si, qr, qi = step_r[p, j], step_i[p, j], rate_r[p, j], rate_i[p, j]
            step_r[c, j] = move_r[m, j] + ar * sr - ai * si
            step_i[c, j] = move_i[m, j] + ar * si + ai * sr
            rate_r[c, j] = ar * qr - ai * qi
            rate_i[c, j] = ar * qi + ai * qr


@kernel
def _relative_sizes(
    size: Reals, grain: Reals, n: int, step_r: Block, step_i: Block, ur: Block, ui: Block,
    rate_r: Block, rate_i: Block,
) -> None:  # fmt: skip
    """The steps relative to the unknowns, or to what rounding in ``z`` does to them."""
    for j in range(n):
        size[j] = 0.0
    for k in range(ur.shape[0]):
        for j in range(n):
            modulus = abs(ur[k, j]) + abs(ui[k, j])
            modulus += _ROUNDING * grain[j] * (abs(rate_r[k, j]) + abs(rate_i[k, j]))
            quotient = (abs(step_r[k, j]) + abs(step_i[k, j])) / modulus
            # a NaN stays, and fails every comparison that follows
            size[j] = size[j] if size[j] > quotient else quotient


@part
def newton(
    rows: Integers, constants: Reals, root: int, residual: int, matches: Integers,
    zr: Reals, zi: Reals, n: int, scale: float, limit: int, doubt: float, converged: Flags,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers, passed: Flags,
) -> None:  # fmt: skip
    """Iterate ``n`` lanes in step until each has converged or ``limit`` steps are done.

    ``doubt`` stands for the step before the first: 0 if the start lies between solutions.

    ``u*`` holds the unknowns (in and out), ``rate_*`` receives their derivatives with respect
    to ``z``, ``work`` has shape (arrays, rows, block).
    """
    vr, vi, dr, di = work[0], work[1], work[2], work[3]
    slope_r, slope_i, move_r, move_i = work[4], work[5], work[6], work[7]
    step_r, step_i = work[8], work[9]
    before, size, grain, damping = work[10, 0], work[10, 1], work[10, 2], work[10, 3]
    for j in range(n):
        converged[j] = False
        before[j] = doubt
        # rounding in z is relative where z enters by its logarithm
        grain[j] = scale if residual == RESIDUAL_PLAIN else abs(zr[j]) + abs(zi[j])
    for _ in range(limit):
        run(
            rows, constants, n, ur, ui, vr, vi, dr, di, slope_r, slope_i, move_r, move_i,
            reals, integers, starts, False, passed,
        )  # fmt: skip
        _root_steps(residual, root, n, zr, zi, vr, vi, dr, di, step_r, step_i, rate_r, rate_i)
        _walk_down(matches, n, slope_r, slope_i, move_r, move_i, step_r, step_i, rate_r, rate_i)
        _relative_sizes(size, grain, n, step_r, step_i, ur, ui, rate_r, rate_i)
        busy = 0
        for j in range(n):
            lost = not size[j] < math.inf
            damping[j] = 0.0 if converged[j] or lost else min(1.0, 0.5 / max(size[j], 0.5))
            if not converged[j] and not lost:
                noise = abs(step_r[0, j]) + abs(step_i[0, j]) <= _ROUNDING * grain[j] * (
                    abs(rate_r[0, j]) + abs(rate_i[0, j])
                )
                threshold = _NOISY_STALL if noise else _STALL
                stalled = size[j] < threshold and size[j] > _SHRUNK * before[j] > 0.0
                settled = size[j] < _CONVERGED and before[j] < _APPROACHED
                # where rounding hides the last digits, two steps that are small will do
                settled |= size[j] < _SMALL and 0.0 < before[j] < _SMALL
                grown = size[j] > _GROWN * before[j] > 0.0
                converged[j] = (settled or stalled) and not grown
                busy += not converged[j]
            before[j] = size[j]
        for k in range(ur.shape[0]):
            for j in range(n):
                if damping[j] > 0.0:
                    ur[k, j] += damping[j] * step_r[k, j]
                    ui[k, j] += damping[j] * step_i[k, j]
        if busy == 0:
            break


@kernel
def _rounding(j: int, k: int, zr: Reals, rate_r: Block, rate_i: Block) -> float:
    """What rounding in ``z`` does to an unknown."""
    return float(_NOISE * abs(zr[j]) * math.hypot(rate_r[k, j], rate_i[k, j]))


@kernel
def _perturb(
    residual: int, zr: Reals, n: int, scale: float, doubt: Reals,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block,
    sr: Block, si: Block,
) -> None:  # fmt: skip
    """Unknowns at ``z + i e`` to first order, ``e`` so small that they hardly move."""
    for j in range(n):
        slowest = math.inf
        for k in range(ur.shape[0]):
            rate = math.hypot(rate_r[k, j], rate_i[k, j])
            if rate > 0.0:
                slowest = min(slowest, math.hypot(ur[k, j], ui[k, j]) / rate)
        floor = 1e-9 * (scale if residual == RESIDUAL_PLAIN else abs(zr[j]))
        relative = _LIFT if doubt[j] == 1.0 else _LARGE_LIFT
        moves = slowest < math.inf and doubt[j] != 3.0
        e = relative * (slowest + floor) if moves else 0.0
        if doubt[j] == 2.0:
            # inside the spectrum quantities may cross the axis as z rises: not so far
            for k in range(ur.shape[0]):
                turns = ui[k, j] * (ui[k, j] + e * rate_r[k, j]) < 0.0
                if turns and abs(ui[k, j]) > _rounding(j, k, zr, rate_r, rate_i):
                    e = 0.1 * abs(ui[k, j] / rate_r[k, j])
        for k in range(ur.shape[0]):
            sr[k, j], si[k, j] = ur[k, j], ui[k, j]
            if e > 0.0:
                sr[k, j] -= e * rate_i[k, j]
                si[k, j] += e * rate_r[k, j]


@kernel
def _nearly_real(j: int, ur: Block, ui: Block) -> bool:
    for k in range(ur.shape[0]):
        if abs(ui[k, j]) > _AMBIGUOUS * abs(ur[k, j]):
            return False
    return True


@part
def verify(
    rows: Integers, constants: Reals, residual: int, zr: Reals, zi: Reals, n: int, scale: float,
    accepted: Flags,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers, passed: Flags,
) -> None:  # fmt: skip
    """Clear ``accepted`` where a half-plane condition fails.

    At a real ``z`` outside the spectrum all unknowns are real (but for those inside a square)
    and the conditions hold in the limit: they are tested at ``z + i e``, to first order.
    """
    doubtful = 0
    for j in range(n):
        passed[j] = True
        doubtful += zi[j] == 0.0 and _nearly_real(j, ur, ui)
    if doubtful < n:
        run(
            rows, constants, n, ur, ui, work[0], work[1], work[2], work[3],
            work[4], work[5], work[6], work[7], reals, integers, starts, True, passed,
        )  # fmt: skip
    # 0: decided; 1: real up to rounding; 2: some condition failed, perhaps by rounding;
    # 3: the same above the axis
    doubt = work[10, 4]
    doubtful = 0
    for j in range(n):
        doubt[j] = 0.0
        if zi[j] == 0.0 and _nearly_real(j, ur, ui):
            doubt[j] = 1.0
        elif zi[j] == 0.0 and not passed[j]:
            doubt[j] = 2.0
        elif not passed[j]:
            doubt[j] = 3.0
        doubtful += doubt[j] > 0.0 and accepted[j]
        passed[j] = True
    if doubtful == 0:
        return
    sr, si = work[8], work[9]
    _perturb(residual, zr, n, scale, doubt, ur, ui, rate_r, rate_i, sr, si)
    run(
        rows, constants, n, sr, si, work[0], work[1], work[2], work[3],
        work[4], work[5], work[6], work[7], reals, integers, starts, False, passed,
    )  # fmt: skip
    for j in range(n):
        if doubt[j] > 0.0:
            accepted[j] &= passed[j] and not _turned(j, zr, ur, ui, rate_r, rate_i, si)


@kernel
def _turned(
    j: int, zr: Reals, ur: Block, ui: Block, rate_r: Block, rate_i: Block, si: Block
) -> bool:
    """Whether an imaginary part that is more than rounding in ``z`` changed its sign."""
    for k in range(ur.shape[0]):
        rounding = _rounding(j, k, zr, rate_r, rate_i)
        if ui[k, j] * si[k, j] < 0.0 and abs(ui[k, j]) > rounding:
            return True
    return False


@kernel
def on_axis(j: int, ui: Block) -> bool:
    """Whether all unknowns of a lane are real."""
    for k in range(ui.shape[0]):
        if ui[k, j] != 0.0:
            return False
    return True


@kernel
def axis_candidates(
    n: int, zi: Reals, accepted: Flags, ur: Block, ui: Block, rate_r: Block, rate_i: Block,
    sr: Block, si: Block, size: Reals, grain: Reals, candidate: Reals,
) -> int:  # fmt: skip
    """How many solutions are real up to their errors; their real parts are copied to ``s*``.

    Newton on the axis finds something everywhere beside an edge, where all is noise: solutions
    whose imaginary parts exceed the last step, and what rounding in ``z`` does, are complex.
    """
    found = 0
    for j in range(n):
        real = accepted[j] and zi[j] == 0.0 and _nearly_real(j, ur, ui)
        for k in range(ur.shape[0]):
            error = (_SMALL + 10.0 * size[j]) * abs(ur[k, j])
            error += _NOISE * grain[j] * (abs(rate_r[k, j]) + abs(rate_i[k, j]))
            real &= not abs(ui[k, j]) > error
        candidate[j] = 1.0 if real else 0.0
        found += real and not on_axis(j, ui)
    if found:
        for k in range(ur.shape[0]):
            for j in range(n):
                sr[k, j], si[k, j] = ur[k, j], 0.0
    return found


@kernel
def adopt_real(
    n: int, real: Flags, ur: Block, ui: Block, rate_r: Block, rate_i: Block,
    sr: Block, si: Block, qr: Block, qi: Block, candidate: Reals,
) -> None:  # fmt: skip
    """Replace a candidate by the real solution beside it."""
    for j in range(n):
        near = candidate[j] > 0.0 and real[j]
        for k in range(ur.shape[0]):
            distance = abs(sr[k, j] - ur[k, j]) + abs(ui[k, j])
            near &= si[k, j] == 0.0 and distance <= 2.0 * _AMBIGUOUS * abs(ur[k, j])
        if near:
            for k in range(ur.shape[0]):
                ur[k, j], ui[k, j] = sr[k, j], 0.0
                rate_r[k, j], rate_i[k, j] = qr[k, j], 0.0


def workspace(registers: int, matches: int, unknowns: int, block: int) -> NDArray[np.float64]:
    """The scratch arrays of one block."""
    return np.zeros((15, max(registers, matches, unknowns, 5), block))
