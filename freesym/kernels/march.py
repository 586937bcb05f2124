"""From one known solution far up in the half-plane to verified solutions everywhere.

Every ``stride``-th point is reached by descent: up, across, and down with an adaptive
factor, trying the jump to the target at every level (a jump that lands on a wrong branch
fails its half-plane check, so trying costs time, never correctness; where the check is not
a theorem, ``careful`` keeps to small steps, and to starts between two solutions from which
two Newton steps converge).  Then the gaps are halved again and again: a point starts from the
cubic through both ends of its gap, so that half of all points start so well that one step
ends it.  What fails starts from the nearest solved point, and what is left in the end
descends.
"""

from __future__ import annotations

import math

import numpy as np

from freesym.kernels.interpreter import Block, Flags, Integers, Reals, run
from freesym.kernels.jit import entry, kernel, part
from freesym.kernels.newton import adopt_real, axis_candidates, newton, on_axis, verify
from freesym.kernels.newton import workspace as workspace
from freesym.kernels.opcodes import BLOCK

_JUMP_STEPS = 24
_LEVEL_STEPS = 9
_FILL_STEPS = 5
# two steps converge only from so near a start that no other branch is meant
_FEW_STEPS = 2
_AXIS_STEPS = 6
_LEVELS = 140
# ways to start: from far above (the last resort, too), from the cubic between two solutions,
# from one solution
_DESCEND, _BETWEEN, _BESIDE, _FINALLY = 0, 1, 2, 3


@kernel
def attempt(
    rows: Integers, constants: Reals, root: int, residual: int, matches: Integers,
    check_rows: Integers, check_constants: Reals,
    zr: Reals, zi: Reals, n: int, scale: float, limit: int, doubt: float, accepted: Flags,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers, passed: Flags, real: Flags,
) -> None:  # fmt: skip
    """Newton, snapping to the axis, and verification: ``accepted`` says where all held."""
    unknowns = ur.shape[0]
    sr, si = work[11, :unknowns], work[12, :unknowns]
    qr, qi = work[13, :unknowns], work[14, :unknowns]
    xr, xi, yr, yi, done = ur, ui, rate_r, rate_i, accepted
    for stage in range(2):
        newton(
            rows, constants, root, residual, matches, zr, zi, n, scale,
            limit if stage == 0 else _AXIS_STEPS, doubt if stage == 0 else math.inf, done,
            xr, xi, yr, yi, work, reals, integers, starts, passed,
        )  # fmt: skip
        if stage == 0:
            found = axis_candidates(
                n,
                zi,
                accepted,
                ur,
                ui,
                rate_r,
                rate_i,
                sr,
                si,
                work[10, 1],
                work[10, 2],
                work[10, 4],
            )
            if found == 0:
                break
            xr, xi, yr, yi, done = sr, si, qr, qi, real
        else:
            adopt_real(n, real, ur, ui, rate_r, rate_i, sr, si, qr, qi, work[10, 4])
    verify(
        check_rows, check_constants, residual, zr, zi, n, scale, accepted,
        ur, ui, rate_r, rate_i, work, reals, integers, starts, passed,
    )  # fmt: skip


@kernel
def _next_level(
    j: int, targets_r: Reals, targets_i: Reals, at_r: Reals, at_i: Reals, factor: Reals,
    floor: float, across: float,
) -> tuple[float, float]:  # fmt: skip
    """Where lane ``j`` goes next: along the imaginary axis, across above ``across``, then down."""
    x, y = targets_r[j], targets_i[j]
    top = max(2.0 * abs(x), 2.0 * y, floor, across)
    if at_r[j] != x:
        if at_r[j] == 0.0 and at_i[j] < top:
            return 0.0, min(top, at_i[j] / factor[j])
        if at_r[j] == 0.0 and at_i[j] > top:
            return 0.0, max(top, at_i[j] * factor[j])
        share = min(1.0, 2.0 * (1.0 - factor[j]))
        return (x if share == 1.0 else at_r[j] + share * (x - at_r[j])), at_i[j]
    if at_i[j] < y:
        return x, min(y, at_i[j] / factor[j])
    return x, max(y, floor, at_i[j] * factor[j])


@kernel
def _predict(
    lane: int, j: int, zr: float, zi: float, at_r: Reals, at_i: Reals,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, tr: Block, ti: Block,
) -> None:  # fmt: skip
    """Extrapolate as a power of ``z``, which is exact at infinity and at a hard edge."""
    ar, ai = at_r[lane], at_i[lane]
    size = math.hypot(ar, ai)
    share = math.hypot(zr, zi) / size if size > 0.0 else math.inf
    ratio = math.log(share) if share > 0.0 else -math.inf
    turn = math.atan2(zi, zr) - math.atan2(ai, ar)
    for k in range(ur.shape[0]):
        sr, si = ur[k, lane], ui[k, lane]
        qr, qi = rate_r[k, lane], rate_i[k, lane]
        s2 = sr * sr + si * si
        # the exponent d log s / d log z
        er, ei = qr * ar - qi * ai, qr * ai + qi * ar
        er, ei = (er * sr + ei * si) / s2, (ei * sr - er * si) / s2
        cr, ci = er * ratio - ei * turn, er * turn + ei * ratio
        if math.hypot(cr, ci) < 40.0 and math.hypot(er, ei) < 3.0:
            scale = math.exp(cr)
            mr, mi = scale * math.cos(ci), scale * math.sin(ci)
            tr[k, j], ti[k, j] = sr * mr - si * mi, sr * mi + si * mr
            continue
        hr, hi = zr - ar, zi - ai
        pr, pi = qr * hr - qi * hi, qr * hi + qi * hr
        bounded = math.hypot(pr, pi) < 0.7 * math.hypot(sr, si)
        tr[k, j], ti[k, j] = sr + (pr if bounded else 0.0), si + (pi if bounded else 0.0)


@kernel
def _store(
    lanes: Integers, m: int, accepted: Flags, ur: Block, ui: Block, rate_r: Block, rate_i: Block,
    tr: Block, ti: Block, qr: Block, qi: Block,
) -> None:  # fmt: skip
    """Copy the accepted ones of ``m`` solutions to where they belong."""
    for k in range(ur.shape[0]):
        for j in range(m):
            if accepted[j]:
                c = lanes[j]
                ur[k, c], ui[k, c] = tr[k, j], ti[k, j]
                rate_r[k, c], rate_i[k, c] = qr[k, j], qi[k, j]


@part
def descend(
    rows: Integers, constants: Reals, root: int, residual: int, matches: Integers,
    check_rows: Integers, check_constants: Reals,
    targets_r: Reals, targets_i: Reals, n: int, origin_r: float, origin_i: float, scale: float,
    careful: bool, solved: Flags, first_r: Reals, first_i: Reals,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers,
) -> None:  # fmt: skip
    """Solve ``n <= BLOCK`` targets starting from the known unknowns at the origin."""
    unknowns = ur.shape[0]
    tr, ti = np.zeros((unknowns, BLOCK)), np.zeros((unknowns, BLOCK))
    qr, qi = np.zeros((unknowns, BLOCK)), np.zeros((unknowns, BLOCK))
    at_r, at_i = np.full(BLOCK, origin_r), np.full(BLOCK, origin_i)
    factor = np.full(BLOCK, 0.5 if careful else 0.25)
    zr, zi = np.zeros(BLOCK), np.zeros(BLOCK)
    accepted, passed = np.zeros(BLOCK, dtype=np.bool_), np.zeros(BLOCK, dtype=np.bool_)
    real = np.zeros(BLOCK, dtype=np.bool_)
    lanes, alive = np.zeros(BLOCK, dtype=np.int64), np.ones(BLOCK, dtype=np.bool_)
    for j in range(n):
        solved[j] = False
        for k in range(unknowns):
            ur[k, j], ui[k, j], rate_r[k, j], rate_i[k, j] = first_r[k], first_i[k], 0.0, 0.0
    for _level in range(_LEVELS):
        for jump in range(2):
            # a plain 0 is a type of its own to the compiler, which would compile attempt twice
            m = int(np.int64(0))
            for j in range(n):
                if solved[j] or not alive[j] or (jump == 1 and at_r[j] != targets_r[j]):
                    continue
                floor = 1e-15 * (
                    abs(targets_r[j]) if residual else abs(targets_r[j]) + 1e-3 * scale
                )
                if jump == 1 and careful and at_i[j] > max(4.0 * floor, 1.01 * targets_i[j]):
                    continue
                if jump == 1:
                    zr[m], zi[m] = targets_r[j], targets_i[j]
                else:
                    # where z is known to rounding of the spectrum only, 0 is no special place
                    across = 0.0 if residual else 1e-6 * scale
                    zr[m], zi[m] = _next_level(
                        j, targets_r, targets_i, at_r, at_i, factor, floor, across
                    )
                _predict(j, m, zr[m], zi[m], at_r, at_i, ur, ui, rate_r, rate_i, tr, ti)
                lanes[m] = j
                m += 1
            if m == 0:
                continue
            attempt(
                rows, constants, root, residual, matches, check_rows, check_constants,
                zr, zi, m, scale, _JUMP_STEPS if jump == 1 else _LEVEL_STEPS, math.inf, accepted,
                tr, ti, qr, qi, work, reals, integers, starts, passed, real,
            )  # fmt: skip
            _store(lanes, m, accepted, ur, ui, rate_r, rate_i, tr, ti, qr, qi)
            for i in range(m):
                j = lanes[i]
                if accepted[i]:
                    at_r[j], at_i[j] = zr[i], zi[i]
                    solved[j] = zr[i] == targets_r[j] and zi[i] == targets_i[j]
                    if jump == 0:
                        factor[j] = max(0.5 if careful else 1e-4, factor[j] * factor[j])
                elif jump == 0:
                    factor[j] = math.sqrt(factor[j])
                    alive[j] = factor[j] < 0.9995
        busy = False
        for j in range(n):
            busy |= alive[j] and not solved[j]
        if not busy:
            break


@kernel
def _hermite(t: float, h: float, a: float, b: float, da: float, db: float) -> float:
    """The cubic through two values and slopes."""
    s = 1.0 - t
    return s * s * (1.0 + 2.0 * t) * a + t * t * (3.0 - 2.0 * t) * b + h * t * s * (s * da - t * db)


@kernel
def _predict_between(
    ends: Integers, lanes: Integers, m: int, zr: Reals, ur: Block, ui: Block,
    rate_r: Block, rate_i: Block, tr: Block, ti: Block,
) -> None:  # fmt: skip
    for k in range(ur.shape[0]):
        for j in range(m):
            a, b = ends[0, j], ends[1, j]
            h = zr[b] - zr[a]
            t = (zr[lanes[j]] - zr[a]) / h
            tr[k, j] = _hermite(t, h, ur[k, a], ur[k, b], rate_r[k, a], rate_r[k, b])
            ti[k, j] = _hermite(t, h, ui[k, a], ui[k, b], rate_i[k, a], rate_i[k, b])


@kernel
def _neighbour(c: int, solved: Flags, ui: Block, reach: int) -> int:
    """The nearest solved point, a complex one before a real one; -1 if there is none."""
    real = -1
    for d in range(1, reach + 1):
        for side in (-1, 1):
            i = c + side * d
            if 0 <= i < solved.shape[0] and solved[i]:
                if not on_axis(i, ui):
                    return i
                if real < 0:
                    real = i
    return real


@kernel
def _ends(
    how: int, c: int, gap: int, zr: Reals, zi: Reals, solved: Flags, ui: Block
) -> tuple[int, int]:
    """The solved points from which to start at ``c``; -1 if there are none."""
    if how == _BESIDE:
        a = _neighbour(c, solved, ui, 2 * gap)
        return a, a
    a, b = c - gap, min(c + gap, zr.shape[0] - 1)
    if a < 0 or not (solved[a] and solved[b]):
        return -1, -1
    usable = zi[a] == zi[b] and zi[a] == zi[c] and zr[b] > zr[a]
    return (a, b) if usable and on_axis(a, ui) == on_axis(b, ui) else (-1, -1)


@kernel
def _choose(
    how: int, first: int, gap: int, zr: Reals, zi: Reals, solved: Flags, ui: Block,
    lanes: Integers, ends: Integers, tr: Reals, ti: Reals,
) -> tuple[int, int]:  # fmt: skip
    """Fill a block with points to solve now: where to go on, and how many were found."""
    count, m = zr.shape[0], 0
    for i in range(first, count + gap, gap):
        c = min(i, count - 1)  # the last point belongs to every pass
        if solved[c]:
            continue
        descent = how in (_DESCEND, _FINALLY)
        a, b = (0, 0) if descent else _ends(how, c, gap, zr, zi, solved, ui)
        if a >= 0:
            lanes[m], ends[0, m], ends[1, m], tr[m], ti[m] = c, a, b, zr[c], zi[c]
            m += 1
        if m == BLOCK:
            return i + gap, m
    return count + gap, m


@kernel
def _next_pass(gap: int, how: int, careful: bool) -> tuple[int, int]:
    """Halve the gaps down to 1, then descend to what is left; a gap of 0 ends it."""
    if how == _BETWEEN and not (careful and gap > 1):
        return gap, int(np.int64(_BESIDE))
    if how == _FINALLY:
        return 0, how
    if gap > 1:
        return gap // 2, int(np.int64(_BETWEEN))
    return 1, int(np.int64(_BESIDE if how == _DESCEND else _FINALLY))


@entry
def march(
    rows: Integers, constants: Reals, root: int, residual: int, matches: Integers,
    check_rows: Integers, check_constants: Reals,
    zr: Reals, zi: Reals, stride: int, origin_r: float, origin_i: float, scale: float,
    careful: bool, solved: Flags, first_r: Reals, first_i: Reals,
    ur: Block, ui: Block, rate_r: Block, rate_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers,
) -> None:  # fmt: skip
    """Solve all points, in the order given (ascending real part on one horizontal line).

    ``u*`` and ``rate_*`` have shape (unknowns, points) and receive the solutions;
    ``solved`` says which of them are verified; ``stride`` is a power of two.
    """
    count, unknowns = zr.shape[0], ur.shape[0]
    br, bi = np.zeros((unknowns, BLOCK)), np.zeros((unknowns, BLOCK))
    qr, qi = np.zeros((unknowns, BLOCK)), np.zeros((unknowns, BLOCK))
    tr, ti, lanes = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(BLOCK, dtype=np.int64)
    accepted, passed = np.zeros(BLOCK, dtype=np.bool_), np.zeros(BLOCK, dtype=np.bool_)
    real = np.zeros(BLOCK, dtype=np.bool_)
    ends = np.zeros((2, BLOCK), dtype=np.int64)
    for c in range(count):
        solved[c] = False
    gap, how = (stride if count > 0 else 0), int(np.int64(_DESCEND))
    steps = _FEW_STEPS if careful else _FILL_STEPS
    while gap > 0:
        i = int(np.int64(0))
        while i < count + gap:
            i, m = _choose(how, i, gap, zr, zi, solved, ui, lanes, ends, tr, ti)
            if m == 0:
                break
            if how in (_DESCEND, _FINALLY):
                descend(
                    rows, constants, root, residual, matches, check_rows, check_constants,
                    tr, ti, m, origin_r, origin_i, scale, careful, accepted, first_r, first_i,
                    br, bi, qr, qi, work, reals, integers, starts,
                )  # fmt: skip
            else:
                if how == _BETWEEN:
                    _predict_between(ends, lanes, m, zr, ur, ui, rate_r, rate_i, br, bi)
                else:
                    for j in range(m):
                        a = ends[0, j]
                        _predict(a, j, tr[j], ti[j], zr, zi, ur, ui, rate_r, rate_i, br, bi)
                attempt(
                    rows, constants, root, residual, matches, check_rows, check_constants,
                    tr, ti, m, scale, steps if how == _BETWEEN else _JUMP_STEPS,
                    0.0 if how == _BETWEEN else math.inf, accepted,
                    br, bi, qr, qi, work, reals, integers, starts, passed, real,
                )  # fmt: skip
            _store(lanes, m, accepted, ur, ui, rate_r, rate_i, br, bi, qr, qi)
            for j in range(m):
                solved[lanes[j]] |= accepted[j]
        gap, how = _next_pass(gap, how, careful)


@part
def run_block(
    rows: Integers, constants: Reals, n: int, ur: Block, ui: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers, passed: Flags,
) -> None:  # fmt: skip
    """Run a program on one block with the standard scratch arrays."""
    run(
        rows, constants, n, ur, ui, work[0], work[1], work[2], work[3],
        work[4], work[5], work[6], work[7], reals, integers, starts, False, passed,
    )  # fmt: skip


@entry
def evaluate(
    rows: Integers, constants: Reals, outputs: Integers, ur: Block, ui: Block,
    result_r: Block, result_i: Block, work: Block,
    reals: Reals, integers: Integers, starts: Integers,
) -> None:  # fmt: skip
    """Run a program at solved unknowns: ``result_*`` has shape (outputs, points)."""
    br, bi = np.zeros((ur.shape[0], BLOCK)), np.zeros((ur.shape[0], BLOCK))
    passed = np.zeros(BLOCK, dtype=np.bool_)
    for base in range(0, ur.shape[1], BLOCK):
        n = min(BLOCK, ur.shape[1] - base)
        for k in range(ur.shape[0]):
            for j in range(n):
                br[k, j], bi[k, j] = ur[k, base + j], ui[k, base + j]
        run_block(rows, constants, n, br, bi, work, reals, integers, starts, passed)
        for i in range(outputs.shape[0]):
            for j in range(n):
                result_r[i, base + j] = work[0, outputs[i], j]
                result_i[i, base + j] = work[1, outputs[i], j]
