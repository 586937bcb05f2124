"""The program interpreter: one pass over the instructions for a block of points.

Real and imaginary parts live in separate arrays, so that the inner loops vectorise; every
register carries its derivative with respect to the leading unknown of its subtree.
Complex arithmetic is written out: the compiler's division is slow and traps on zero.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from freesym.kernels import opcodes as op
from freesym.kernels.jit import kernel
from freesym.kernels.measure import cauchy_transform

Block = NDArray[np.float64]
Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@kernel
def _arithmetic(
    operation: int, t: int, a: int, b: int, n: int, vr: Block, vi: Block, dr: Block, di: Block
) -> None:
    if operation == op.ADD:
        for j in range(n):
            vr[t, j] = vr[a, j] + vr[b, j]
            vi[t, j] = vi[a, j] + vi[b, j]
            dr[t, j] = dr[a, j] + dr[b, j]
            di[t, j] = di[a, j] + di[b, j]
    elif operation == op.SUBTRACT:
        for j in range(n):
            vr[t, j] = vr[a, j] - vr[b, j]
            vi[t, j] = vi[a, j] - vi[b, j]
            dr[t, j] = dr[a, j] - dr[b, j]
            di[t, j] = di[a, j] - di[b, j]
    elif operation == op.MULTIPLY:
        for j in range(n):
            ar, ai, br, bi = vr[a, j], vi[a, j], vr[b, j], vi[b, j]
            vr[t, j] = ar * br - ai * bi
            vi[t, j] = ar * bi + ai * br
            dr[t, j] = dr[a, j] * br - di[a, j] * bi + ar * dr[b, j] - ai * di[b, j]
            di[t, j] = dr[a, j] * bi + di[a, j] * br + ar * di[b, j] + ai * dr[b, j]
    else:
        for j in range(n):
            br, bi = vr[b, j], vi[b, j]
            s = 1.0 / (br * br + bi * bi)
            ir, ii = br * s, -bi * s
            qr = vr[a, j] * ir - vi[a, j] * ii
            qi = vr[a, j] * ii + vi[a, j] * ir
            er = dr[a, j] - qr * dr[b, j] + qi * di[b, j]
            ei = di[a, j] - qr * di[b, j] - qi * dr[b, j]
            vr[t, j], vi[t, j] = qr, qi
            dr[t, j] = er * ir - ei * ii
            di[t, j] = er * ii + ei * ir


@kernel
def _affine(
    operation: int, t: int, a: int, x: float, y: float, n: int,
    vr: Block, vi: Block, dr: Block, di: Block,
) -> None:  # fmt: skip
    if operation == op.LINEAR:
        for j in range(n):
            vr[t, j] = x * vr[a, j] + y
            vi[t, j] = x * vi[a, j]
            dr[t, j] = x * dr[a, j]
            di[t, j] = x * di[a, j]
    elif operation == op.RECIPROCAL:
        for j in range(n):
            ar, ai = vr[a, j], vi[a, j]
            s = 1.0 / (ar * ar + ai * ai)
            ir, ii = ar * s, -ai * s
            qr, qi = x * ir, x * ii
            er = dr[a, j] * ir - di[a, j] * ii
            ei = dr[a, j] * ii + di[a, j] * ir
            vr[t, j], vi[t, j] = qr, qi
            dr[t, j] = -(er * qr - ei * qi)
            di[t, j] = -(er * qi + ei * qr)
    elif operation == op.TIMES_I:
        for j in range(n):
            vr[t, j], vi[t, j] = -vi[a, j], vr[a, j]
            dr[t, j], di[t, j] = -di[a, j], dr[a, j]
    else:
        for j in range(n):
            vr[t, j] = math.copysign(1.0, vi[a, j])
            vi[t, j] = 0.0
            dr[t, j] = 0.0
            di[t, j] = 0.0


@kernel
def _choose(
    operation: int, t: int, a: int, b: int, c: int, n: int,
    vr: Block, vi: Block, dr: Block, di: Block,
) -> None:  # fmt: skip
    if operation == op.COMPARE:
        for j in range(n):
            first = vr[a, j] ** 2 + vi[a, j] ** 2
            second = vr[b, j] ** 2 + vi[b, j] ** 2
            # infinite and NaN (an inverse of 0) count as large
            vr[t, j] = 1.0 if first <= second or not second < math.inf else -1.0
            vi[t, j], dr[t, j], di[t, j] = 0.0, 0.0, 0.0
        return
    for j in range(n):
        k = a if vr[c, j] >= 0.0 else b
        vr[t, j], vi[t, j], dr[t, j], di[t, j] = vr[k, j], vi[k, j], dr[k, j], di[k, j]


@kernel
def _argument(re: float, im: float, cut: float) -> float:
    """The argument with its cut on the negative axis, or rotated to -i or +i."""
    if cut > 0.0:
        return math.atan2(-re, im) + 0.5 * math.pi
    if cut < 0.0:
        return math.atan2(re, -im) - 0.5 * math.pi
    return math.atan2(im, re)


@kernel
def _elementary(
    operation: int, t: int, a: int, x: float, n: int, vr: Block, vi: Block, dr: Block, di: Block
) -> None:
    if operation == op.LOG:
        for j in range(n):
            ar, ai = vr[a, j], vi[a, j]
            s = 1.0 / (ar * ar + ai * ai)
            er = (dr[a, j] * ar + di[a, j] * ai) * s
            ei = (di[a, j] * ar - dr[a, j] * ai) * s
            vr[t, j] = _log_modulus(ar, ai)
            vi[t, j] = _argument(ar, ai, x)
            dr[t, j], di[t, j] = er, ei
    elif operation == op.EXP:
        for j in range(n):
            scale = math.exp(vr[a, j])
            qr, qi = scale * math.cos(vi[a, j]), scale * math.sin(vi[a, j])
            er, ei = dr[a, j], di[a, j]
            vr[t, j], vi[t, j] = qr, qi
            dr[t, j] = qr * er - qi * ei
            di[t, j] = qr * ei + qi * er
    else:
        for j in range(n):
            qr, qi = _square_root(vr[a, j], vi[a, j])
            s = 0.5 / (qr * qr + qi * qi)
            er, ei = dr[a, j], di[a, j]
            vr[t, j], vi[t, j] = qr, qi
            dr[t, j] = (er * qr + ei * qi) * s
            di[t, j] = (ei * qr - er * qi) * s


@kernel
def _log_modulus(re: float, im: float) -> float:
    """``log |z|`` without cancellation near the unit circle's real points."""
    a, b = abs(re), abs(im)
    if a < b:
        a, b = b, a
    if 0.5 < a < 2.0:
        return 0.5 * math.log1p((a - 1.0) * (a + 1.0) + b * b)
    return math.log(a) + 0.5 * math.log1p((b / a) * (b / a)) if a > 0.0 else -math.inf


@kernel
def _square_root(re: float, im: float) -> tuple[float, float]:
    """The principal root; a negative real number with imaginary part -0.0 gives ``-i``."""
    modulus = math.hypot(re, im)
    if re >= 0.0:
        qr = math.sqrt(0.5 * (modulus + re))
        return qr, (0.5 * im / qr if qr > 0.0 else im)
    qi = math.sqrt(0.5 * (modulus - re))
    return 0.5 * abs(im) / qi, math.copysign(qi, im)


@kernel
def _match(
    m: int, a: int, b: int, n: int, vr: Block, vi: Block, dr: Block, di: Block,
    slope_r: Block, slope_i: Block, move_r: Block, move_i: Block,
) -> None:  # fmt: skip
    """Newton's step of a child towards the shared value: ``move + slope * parent's step``."""
    for j in range(n):
        square = dr[a, j] * dr[a, j] + di[a, j] * di[a, j]
        s = 1.0 / square if square < math.inf else math.nan
        ir, ii = dr[a, j] * s, -di[a, j] * s
        er, ei = vr[b, j] - vr[a, j], vi[b, j] - vi[a, j]
        move_r[m, j] = er * ir - ei * ii
        move_i[m, j] = er * ii + ei * ir
        slope_r[m, j] = dr[b, j] * ir - di[b, j] * ii
        slope_i[m, j] = dr[b, j] * ii + di[b, j] * ir


@kernel
def _rebase(
    t: int, a: int, m: int, n: int, vr: Block, vi: Block, dr: Block, di: Block,
    slope_r: Block, slope_i: Block, move_r: Block, move_i: Block,
) -> None:  # fmt: skip
    for j in range(n):
        er, ei = dr[a, j], di[a, j]
        vr[t, j] = vr[a, j] + er * move_r[m, j] - ei * move_i[m, j]
        vi[t, j] = vi[a, j] + er * move_i[m, j] + ei * move_r[m, j]
        dr[t, j] = er * slope_r[m, j] - ei * slope_i[m, j]
        di[t, j] = er * slope_i[m, j] + ei * slope_r[m, j]


@kernel
def _measure(
    t_g: int, t_psi: int, a: int, side: float, real_start: int, integer_start: int, n: int,
    vr: Block, vi: Block, dr: Block, di: Block, reals: Reals, integers: Integers,
) -> None:  # fmt: skip
    for j in range(n):
        sr, si = dr[a, j], di[a, j]
        gr, gi, pr, pi, er, ei, fr, fi = cauchy_transform(
            reals, integers, real_start, integer_start, vr[a, j], vi[a, j]
        )
        if vi[a, j] == 0.0 and side < 0.0:
            # the boundary value from below
            gi, pi, ei, fi = -gi, -pi, -ei, -fi
        if t_g >= 0:
            vr[t_g, j], vi[t_g, j] = gr, gi
            dr[t_g, j], di[t_g, j] = er * sr - ei * si, er * si + ei * sr
        if t_psi >= 0:
            vr[t_psi, j], vi[t_psi, j] = pr, pi
            dr[t_psi, j], di[t_psi, j] = fr * sr - fi * si, fr * si + fi * sr


@kernel
def _check(
    operation: int, a: int, b: int, x: float, n: int, vr: Block, vi: Block, strict: bool,
    passed: Flags,
) -> None:  # fmt: skip
    """Strict inequalities, so that NaN fails; ``strict`` ones fail in what may be rounding, too."""
    tolerance = 1e-9
    if operation == op.CHECK_SIGN:
        for j in range(n):
            # 0 times infinity would be NaN
            passed[j] &= x * vi[a, j] > (tolerance * abs(vr[a, j]) if strict else 0.0)
    elif operation == op.CHECK_SAME or operation == op.CHECK_OPPOSITE:
        # where the half-plane is not known beforehand, both may cross the real axis together
        sign = 1.0 if operation == op.CHECK_SAME else -1.0
        for j in range(n):
            ai, bi = vi[a, j], sign * vi[b, j]
            flat_a = abs(ai) < tolerance * abs(vr[a, j])
            flat_b = abs(bi) < tolerance * abs(vr[b, j])
            passed[j] &= (flat_a and flat_b) | ((ai > 0.0) & (bi > 0.0)) | ((ai < 0.0) & (bi < 0.0))
            passed[j] &= not (strict and (flat_a or flat_b))
    elif operation == op.CHECK_PRINCIPAL:
        margin = tolerance if strict else -tolerance
        for j in range(n):
            turn = x * vi[a, j] if x != 0.0 else abs(vi[a, j])
            passed[j] &= (turn > margin) & (turn < math.pi - margin)
    else:
        for j in range(n):
            passed[j] &= vr[a, j] > 0.0


@kernel
def run(
    rows: Integers, constants: Reals, n: int, unknown_r: Block, unknown_i: Block,
    vr: Block, vi: Block, dr: Block, di: Block,
    slope_r: Block, slope_i: Block, move_r: Block, move_i: Block,
    reals: Reals, integers: Integers, starts: Integers, strict: bool, passed: Flags,
) -> None:  # fmt: skip
    """Run a program without log-potentials of tables on the first ``n`` lanes of a block.

    ``unknown_*`` has shape (unknowns, block); ``v*`` and ``d*`` (values and derivatives) have
    shape (registers, block); ``slope_*`` and ``move_*`` have shape (matches, block) and
    receive what the downward walk needs; ``passed`` is cleared where a check fails.
    """
    k = -1
    while k + 1 < rows.shape[0]:
        k += 1
        operation, t, a, b = rows[k, 0], rows[k, 1], rows[k, 2], rows[k, 3]
        x = constants[k, 0]
        if operation == op.COORDINATE:
            for j in range(n):
                vr[t, j], vi[t, j] = unknown_r[a, j], unknown_i[a, j]
                dr[t, j], di[t, j] = 1.0, 0.0
        elif operation == op.CONSTANT:
            for j in range(n):
                vr[t, j], vi[t, j], dr[t, j], di[t, j] = x, 0.0, 0.0, 0.0
        elif operation <= op.DIVIDE:
            _arithmetic(operation, t, a, b, n, vr, vi, dr, di)
        elif operation <= op.RECIPROCAL or operation == op.TIMES_I or operation == op.SIGN:
            _affine(operation, t, a, x, constants[k, 1], n, vr, vi, dr, di)
        elif operation <= op.SQRT:
            _elementary(operation, t, a, x, n, vr, vi, dr, di)
        elif operation == op.MATCH:
            _match(t, a, b, n, vr, vi, dr, di, slope_r, slope_i, move_r, move_i)
        elif operation == op.REBASE:
            _rebase(t, a, b, n, vr, vi, dr, di, slope_r, slope_i, move_r, move_i)
        elif operation == op.MEASURE:
            # both results of one evaluation, where the program wants both in a row
            t_g, t_psi = (t, -1) if x == 0.0 else (-1, t)
            if k + 1 < rows.shape[0] and rows[k + 1, 0] == op.MEASURE:
                if x == 0.0 and rows[k + 1, 2] == a and rows[k + 1, 3] == b:
                    k += 1
                    t_psi = rows[k, 1]
            _measure(
                t_g,
                t_psi,
                a,
                constants[k, 1],
                starts[b, 0],
                starts[b, 1],
                n,
                vr,
                vi,
                dr,
                di,
                reals,
                integers,
            )
        elif operation == op.WRAP:
            for j in range(n):
                side = x if x != 0.0 else math.copysign(1.0, vi[b, j])
                turns = np.round((vi[a, j] - 0.5 * math.pi * side) / (2.0 * math.pi))
                vr[t, j], vi[t, j] = vr[a, j], vi[a, j] - 2.0 * math.pi * turns
                dr[t, j], di[t, j] = dr[a, j], di[a, j]
        elif operation <= op.SELECT:
            _choose(operation, t, a, b, int(x), n, vr, vi, dr, di)
        else:
            _check(operation, a, b, x, n, vr, vi, strict, passed)
