"""Panels: the Gauss rule with its poles subtracted."""

from __future__ import annotations

import math
from typing import cast

import numba
import numpy as np

from freesym.kernels.jit import Function, kernel
from freesym.kernels.layout import (
    ADJACENT,
    CENTRE,
    DENSITY,
    ELLIPSE_SUM,
    GRADIENT,
    LEFT,
    LEFT_FLOOR,
    LEFT_HEIGHT,
    LEFT_JOINT,
    MASS,
    NEAR_END,
    NODE_COUNT,
    NODE_GRADIENTS,
    NODE_OFFSETS,
    NODE_WEIGHTS,
    NODES,
    POSITION,
    REACH,
    RECURRENCE_FIRST,
    RECURRENCE_SECOND,
    RIGHT,
    SLOPE,
    Eight,
    Four,
    Reals,
)

#: Squares below this have lost digits.
_UNDERFLOW = 1e-290


def _vectorised(function: Function) -> Function:
    """Compile like ``kernel``, with sums reordered into vector registers."""
    flags = {"reassoc", "contract", "nsz"}
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=flags)
    return cast(Function, decorate(function))


@kernel
def product(ar: float, ai: float, br: float, bi: float) -> tuple[float, float]:
    """The product of two complex numbers."""
    return ar * br - ai * bi, ar * bi + ai * br


@kernel
def quotient(ar: float, ai: float, br: float, bi: float) -> tuple[float, float]:
    """The quotient of two complex numbers."""
    scale = 1.0 / (br * br + bi * bi)
    return (ar * br + ai * bi) * scale, (ai * br - ar * bi) * scale


@kernel
def logarithm(ar: float, ai: float) -> tuple[float, float]:
    """The principal logarithm."""
    square = ar * ar + ai * ai
    if 0.5 < square < 2.0:
        large, small = max(abs(ar), abs(ai)), min(abs(ar), abs(ai))
        half = 0.5 * math.log1p((large - 1.0) * (large + 1.0) + small * small)
    elif square > _UNDERFLOW:
        half = 0.5 * np.log(square)
    else:
        half = np.log(math.hypot(ar, ai))
    return half, math.atan2(ai, ar)


@_vectorised
def direct_sum(reals: Reals, points: int, weights: int, count: int, wr: float, wi: float) -> Eight:
    """Sum g, psi and their derivatives over ``count`` atoms."""
    a_r = a_i = b_r = b_i = c_r = c_i = d_r = d_i = 0.0
    for j in range(count):
        x = reals[np.uint64(points + j)]
        dx = wr - x
        scale = 1.0 / (dx * dx + wi * wi)
        rr = dx * scale
        ri = wi * scale
        weight = reals[np.uint64(weights + j)]
        pr = weight * rr
        pi = weight * ri
        qr = pr * rr - pi * ri
        qi = pr * ri
        a_r += pr
        a_i += pi
        b_r += x * pr
        b_i += x * pi
        c_r += qr
        c_i += qi
        d_r += x * qr
        d_i += x * qi
    return a_r, -a_i, b_r, -b_i, -c_r, 2.0 * c_i, -d_r, 2.0 * d_i


@kernel
def _position(reals: Reals, panel: int, sr: float, si: float) -> Four:
    """Offset f(s) - f(-1) and f'(s)."""
    first = panel + POSITION
    vr, vi, hr, hi = reals[first], 0.0, 0.0, 0.0
    pr, pi, qr, qi, dr, di, er, ei = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(NODE_COUNT - 1):
        a, b, c = RECURRENCE_FIRST[j], RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = product(sr, si, dr, di)
        er, ei, dr, di = dr, di, a * (xr + pr) - b * er, a * (xi + pi) - b * ei
        xr, xi = product(sr, si, pr, pi)
        qr, qi, pr, pi = pr, pi, a * xr - b * qr, a * xi - b * qi
        vr += c * pr
        vi += c * pi
        hr += c * dr
        hi += c * di
    return vr, vi, hr, hi


@kernel
def polynomial(reals: Reals, first: int, count: int, sr: float, si: float) -> tuple[float, float]:
    """Legendre series with ``count`` coefficients at s."""
    vr, vi, pr, pi, qr, qi = reals[first], 0.0, 1.0, 0.0, 0.0, 0.0
    for j in range(count - 1):
        a, b, c = RECURRENCE_FIRST[j], RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = product(sr, si, pr, pi)
        qr, qi, pr, pi = pr, pi, a * xr - b * qr, a * xi - b * qi
        vr += c * pr
        vi += c * pi
    return vr, vi


@kernel
def difference(reals: Reals, first: int, count: int, sr: float, si: float, t: float) -> Four:
    """Divided differences p[s, t] and p[s, s, t] of a Legendre series, without cancellation."""
    vr = vi = hr = hi = dr = di = er = ei = 0.0
    fr, fi, gr, gi, p, q = 0.0, 0.0, 0.0, 0.0, 1.0, 0.0
    for j in range(count - 1):
        a, b, c = RECURRENCE_FIRST[j], RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = product(sr, si, fr, fi)
        gr, gi, fr, fi = fr, fi, a * (xr + dr) - b * gr, a * (xi + di) - b * gi
        xr, xi = product(sr, si, dr, di)
        er, ei, dr, di = dr, di, a * (xr + p) - b * er, a * xi - b * ei
        q, p = p, a * t * p - b * q
        vr += c * dr
        vi += c * di
        hr += c * fr
        hi += c * fi
    return vr, vi, hr, hi


@kernel
def root(reals: Reals, panel: int, wr: float, wi: float) -> tuple[float, float, float, float, bool]:
    """Solution s of f(s) = w, f'(s), and whether s lies in the ellipse of univalence."""
    target = wr - reals[panel + LEFT]
    slope = reals[panel + SLOPE]
    hr, hi = slope, 0.0
    if slope > 0.0:
        sr, si = target / slope - 1.0, wi / slope
        return sr, si, hr, hi, True
    half = 0.5 * (reals[panel + RIGHT] - reals[panel + LEFT])
    sr, si = target / half - 1.0, wi / half
    converged = False
    for _ in range(16):
        vr, vi, hr, hi = _position(reals, panel, sr, si)
        cr, ci = quotient(vr - target, vi - wi, hr, hi)
        sr -= cr
        si -= ci
        if converged:
            break
        converged = cr * cr + ci * ci < 1e-12
    reach = math.hypot(sr - 1.0, si) + math.hypot(sr + 1.0, si)
    return sr, max(si, 0.0), hr, hi, converged and reach < ELLIPSE_SUM


@kernel
def end_logarithm(
    reals: Reals, panel: int, end: int, wr: float, wi: float, sr: float, si: float
) -> tuple[float, float]:
    """log(s - t) at the end t = -1 (end 0) or t = 1 (end 1), accurate close to that end."""
    t = 2.0 * end - 1.0
    slope = reals[panel + SLOPE]
    if abs(sr - t) + si > NEAR_END:
        return logarithm(sr - t, si)
    dr, di = wr - reals[panel + LEFT + end], wi
    if dr == 0.0 and di == 0.0:
        # both panels of a joint take the same stand-in, which then drops out
        di = reals[panel + LEFT_FLOOR + end]
    if slope > 0.0:
        return logarithm(dr / slope, di / slope)
    ar, ai, _, _ = difference(reals, panel + POSITION, NODE_COUNT, sr, si, t)
    br, bi = logarithm(ar, ai)
    dr, di = logarithm(dr, di)
    return dr - br, di - bi


@kernel
def _adjacent_quotient(
    reals: Reals,
    panel: int,
    first: int,
    node: int,
    s: tuple[float, float],
    value: tuple[float, float],
    slope: tuple[float, float],
) -> tuple[float, float]:
    """(G(t) - G(s)) / (s - t) with G(t) = p(t) / f[s, t], at a node t next to s."""
    t = NODES[node]
    ar, ai, _, _ = difference(reals, first, NODE_COUNT, s[0], s[1], t)
    fr, fi, hr, hi = difference(reals, panel + POSITION, NODE_COUNT, s[0], s[1], t)
    br, bi = product(ar, ai, slope[0], slope[1])
    cr, ci = product(value[0], value[1], hr, hi)
    dr, di = product(fr, fi, slope[0], slope[1])
    return quotient(cr - br, ci - bi, dr, di)


@kernel
def _node_sums(
    reals: Reals, panel: int, weights: int, wr: float, wi: float, sr: float, si: float
) -> tuple[float, float, float, float, float, float, int]:
    """Rule for density and gradient over w - f(t) and for 1/(s - t), the node next to s left out.

    The last entry is that node, or -1.
    """
    ar = ai = br = bi = cr = ci = 0.0
    adjacent = -1
    target = wr - reals[panel + LEFT]
    for i in range(NODE_COUNT):
        d = sr - NODES[i]
        weight = NODE_WEIGHTS[i]
        square = d * d + si * si
        if square < (ADJACENT * weight) ** 2:
            adjacent = i
            continue
        scale = weight / square
        cr += d * scale
        ci -= si * scale
        d = target - reals[panel + NODE_OFFSETS + i]
        scale = 1.0 / (d * d + wi * wi)
        mass = reals[weights + i] * scale
        ar += d * mass
        ai -= wi * mass
        mass = reals[panel + NODE_GRADIENTS + i] * scale
        br += d * mass
        bi -= wi * mass
    return ar, ai, br, bi, cr, ci, adjacent


@kernel
def _end_term(reals: Reals, panel: int, end: int, wr: float, wi: float) -> tuple[float, float]:
    """h/(w - f) at an end, h = density / f'; zero inside a joint, where the neighbour's cancels."""
    dr, di = wr - reals[panel + LEFT + end], wi
    square = dr * dr + di * di
    if square < reals[panel + LEFT_JOINT + end]:
        return 0.0, 0.0
    if dr == 0.0 and di == 0.0:
        di = reals[panel + LEFT_FLOOR + end]
    inverse = 1.0 if square > _UNDERFLOW else 1.0 / math.hypot(dr, di)
    return quotient(reals[panel + LEFT_HEIGHT + end] * inverse, 0.0, dr * inverse, di * inverse)


@kernel
def _near_panel(reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float) -> Eight:
    """g, psi and derivatives of a panel whose correction may matter."""
    sr, si, fr, fi, inside = root(reals, panel, wr, wi)
    if not inside:
        return direct_sum(reals, points, weights, NODE_COUNT, wr, wi)
    ar, ai, br, bi, cr, ci, adjacent = _node_sums(reals, panel, weights, wr, wi, sr, si)
    pr, pi = end_logarithm(reals, panel, 0, wr, wi, sr, si)
    qr, qi = end_logarithm(reals, panel, 1, wr, wi, sr, si)
    turn = pi - qi
    if abs(sr) > 1.0 + NEAR_END:
        # beside the panel both arguments are nearly 0 or pi
        turn = math.atan2(-2.0 * si, (sr - 1.0) * (sr + 1.0) + si * si)
    pr, pi = pr - qr - cr, turn - ci
    gr, gi, hr, hi = ar, ai, br, bi
    vr, vi = polynomial(reals, panel + DENSITY, NODE_COUNT, sr, si)
    ur, ui = polynomial(reals, panel + GRADIENT, NODE_COUNT, sr, si)
    rr, ri = quotient(pr, pi, fr, fi)
    if adjacent >= 0:
        weight = NODE_WEIGHTS[adjacent]
        s, slope = (sr, si), (fr, fi)
        xr, xi = _adjacent_quotient(reals, panel, panel + DENSITY, adjacent, s, (vr, vi), slope)
        yr, yi = _adjacent_quotient(reals, panel, panel + GRADIENT, adjacent, s, (ur, ui), slope)
        gr, gi, hr, hi = gr + weight * xr, gi + weight * xi, hr + weight * yr, hi + weight * yi
    xr, xi = product(vr, vi, rr, ri)
    gr, gi = gr + xr, gi + xi
    xr, xi = product(ur, ui, rr, ri)
    lr, li = _end_term(reals, panel, 0, wr, wi)
    yr, yi = _end_term(reals, panel, 1, wr, wi)
    hr, hi = hr + xr + lr - yr, hi + xi + li - yi
    xr, xi = product(wr, wi, gr, gi)
    yr, yi = product(wr, wi, hr, hi)
    return gr, gi, xr - reals[panel + MASS], xi, hr, hi, gr + yr, gi + yi


@kernel
def panel_sum(reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float) -> Eight:
    """The transforms of one panel and their derivatives."""
    d = wr - reals[panel + CENTRE]
    if d * d + wi * wi < reals[panel + REACH]:
        return _near_panel(reals, panel, points, weights, wr, wi)
    return direct_sum(reals, points, weights, NODE_COUNT, wr, wi)
