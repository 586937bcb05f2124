r"""Transforms of a one-dimensional measure read from a data table.

A measure is a sum of atoms and of *panels*,

.. math::
    \mu = \sum_j p_j \delta_{a_j} + \sum_k \int_{-1}^{1} \rho_k(t)\,\delta_{f_k(t)}\,dt ,

with polynomials :math:`f_k` (increasing, univalent near the panel) and :math:`\rho_k`.  The table
is made by :func:`freesym.lowering.measure.measure_table`; its layout is given by the constants
below and is private to the two modules.

A panel is first of all a cloud of sixteen Gauss-Legendre atoms.  Near the panel the pole
:math:`1/(w-f(t))` at :math:`t=s(w)` is subtracted with its residue :math:`R=\rho(s)/f'(s)` and
integrated in closed form; the difference quotients that remain are formed by recurrence at the
node next to ``s``, so that nothing cancels even if ``w`` falls on a node.  Derivatives of a near
panel are integrated by parts, and the end terms of adjoining panels are dropped in pairs.

Far sources are read from a binary tree of cells with Laurent expansions (order 32, opening ratio
3), and from the raw moments when ``abs(w)`` exceeds eight times the radius of the support.

Distances below 1e-150 count as zero, and ``abs(w)`` must stay below 1e150.
"""

from __future__ import annotations

import math
from typing import cast

import numba
import numpy as np
from numpy.typing import NDArray

from freesym.kernels.jit import Function, entry, kernel

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
Four = tuple[float, float, float, float]
Eight = tuple[float, float, float, float, float, float, float, float]

NODE_COUNT = 16
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(NODE_COUNT)
_DEGREES = np.arange(NODE_COUNT + 1.0)
_RECURRENCE_FIRST = (2 * _DEGREES + 1) / (_DEGREES + 1)
_RECURRENCE_SECOND = _DEGREES / (_DEGREES + 1)

# integers: header, then four per cell: next cell if this one is used or skipped as a whole,
# first source, source after the last, first panel (-1 for a cell of atoms).
INTEGER_HEADER = 8
CELL_COUNT, SOURCE_COUNT, ATOM_COUNT, PANEL_COUNT = 0, 1, 2, 3
POINTS, WEIGHTS, CELLS, PANELS = 4, 5, 6, 7
CELL_INTEGERS = 4

# reals: header (radius, squared far limit, scaled raw moments), positions, weights, cells, panels.
MOMENT_ORDER = 20
REAL_HEADER = 2 + MOMENT_ORDER + 1
FAR_RATIO = 8.0
# a cell: centre, radius, squared opening distance, scaled moments about the centre.
ORDER = 32
OPENING_RATIO = 3.0
CELL_REALS = 3 + ORDER + 1

# a panel: scalars, then Legendre coefficients and values at the nodes.
LEFT, RIGHT, CENTRE, REACH, SLOPE, MASS = 0, 1, 2, 3, 4, 5
LEFT_FLOOR, RIGHT_FLOOR, LEFT_JOINT, RIGHT_JOINT = 6, 7, 8, 9
LEFT_HEIGHT, RIGHT_HEIGHT = 10, 11
POSITION = 12
DENSITY = POSITION + NODE_COUNT
GRADIENT = DENSITY + NODE_COUNT
PRIMITIVE = GRADIENT + NODE_COUNT
NODE_OFFSETS = PRIMITIVE + NODE_COUNT + 1
NODE_GRADIENTS = NODE_OFFSETS + NODE_COUNT
NODE_PRIMITIVES = NODE_GRADIENTS + NODE_COUNT
PANEL_REALS = NODE_PRIMITIVES + NODE_COUNT

# Semi-major axis of the Bernstein ellipse (parameter 3.4) outside which the rule is exact.
ELLIPSE = 3.4
_ELLIPSE_SUM = ELLIPSE + 1.0 / ELLIPSE
# A node is "next to" s below this multiple of its weight: cancellation costs a factor three above.
_ADJACENT = 0.3
_NEAR_END = 0.1
_TINY = 1e-150


def _vectorised(function: Function) -> Function:
    """Compile like ``kernel``, with sums reordered into vector registers."""
    flags = {"reassoc", "contract", "nsz"}
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=flags)
    return cast(Function, decorate(function))


@kernel
def _product(ar: float, ai: float, br: float, bi: float) -> tuple[float, float]:
    return ar * br - ai * bi, ar * bi + ai * br


@kernel
def _quotient(ar: float, ai: float, br: float, bi: float) -> tuple[float, float]:
    scale = 1.0 / (br * br + bi * bi)
    return (ar * br + ai * bi) * scale, (ai * br - ar * bi) * scale


@kernel
def _logarithm(ar: float, ai: float) -> tuple[float, float]:
    square = ar * ar + ai * ai
    if 0.5 < square < 2.0:
        large, small = max(abs(ar), abs(ai)), min(abs(ar), abs(ai))
        half = 0.5 * math.log1p((large - 1.0) * (large + 1.0) + small * small)
    else:
        half = 0.5 * np.log(square)
    return half, math.atan2(ai, ar)


@_vectorised
def _direct_sum(
    reals: Reals, points: int, weights: int, count: int, wr: float, wi: float
) -> Eight:
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
def _series(
    reals: Reals, first: int, order: int, zr: float, zi: float
) -> Four:
    """Value of sum_{k=1}^order m_k z^k and of z times its derivative."""
    # even and odd powers apart: two independent chains of multiplications run side by side
    yr, yi = zr * zr - zi * zi, 2.0 * zr * zi
    er = ei = fr = fi = pr = pi = qr = qi = 0.0
    for k in range(order - order % 2, 0, -2):
        pr, pi = pr * yr - pi * yi + er, pr * yi + pi * yr + ei
        qr, qi = qr * yr - qi * yi + fr, qr * yi + qi * yr + fi
        er, ei = er * yr - ei * yi + reals[first + k], er * yi + ei * yr
        fr, fi = fr * yr - fi * yi + reals[first + k - 1], fr * yi + fi * yr
    # T = y E(y) + z F(y) and z T' = 2 y (E + y E') + z (F + 2 y F')
    ar, ai = _product(yr, yi, er, ei)
    br, bi = _product(zr, zi, fr, fi)
    pr, pi = _product(yr, yi, pr, pi)
    cr, ci = _product(yr, yi, er + pr, ei + pi)
    qr, qi = _product(yr, yi, qr, qi)
    dr, di = _product(zr, zi, fr + 2.0 * qr, fi + 2.0 * qi)
    return ar + br, ai + bi, 2.0 * cr + dr, 2.0 * ci + di


@kernel
def _expansion(
    reals: Reals, first: int, order: int, radius: float, centre: float, dr: float, di: float
) -> Eight:
    """g, psi and derivatives of an expansion at w = centre + dr + i di."""
    ir, ii = _quotient(1.0, 0.0, dr, di)
    tr, ti, sr, si = _series(reals, first, order, radius * ir, radius * ii)
    gr, gi = _product(ir, ii, reals[first] + tr, ti)
    # with T(z) = sum m_k z^k, z = radius/(w-centre):  dT/dw = -z T'(z)/(w-centre)
    er, ei = _product(-ir, -ii, sr, si)
    hr, hi = _product(ir, ii, er - gr, ei - gi)
    return gr, gi, centre * gr + tr, centre * gi + ti, hr, hi, centre * hr + er, centre * hi + ei


@kernel
def _cell_order(distance: float, limit: float) -> int:
    """Terms that reach 1e-16 at this squared distance (limit is that of the ratio 3)."""
    if distance < 4.0 * limit:
        return 32
    if distance < 36.0 * limit:
        return 20
    if distance < 2916.0 * limit:
        return 12
    return 8


@kernel
def _position(
    reals: Reals, panel: int, sr: float, si: float
) -> Four:
    """Offset f(s) - f(-1) and f'(s)."""
    first = panel + POSITION
    vr, vi, hr, hi = reals[first], 0.0, 0.0, 0.0
    pr, pi, qr, qi, dr, di, er, ei = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(NODE_COUNT - 1):
        a, b, c = _RECURRENCE_FIRST[j], _RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = _product(sr, si, dr, di)
        er, ei, dr, di = dr, di, a * (xr + pr) - b * er, a * (xi + pi) - b * ei
        xr, xi = _product(sr, si, pr, pi)
        qr, qi, pr, pi = pr, pi, a * xr - b * qr, a * xi - b * qi
        vr += c * pr
        vi += c * pi
        hr += c * dr
        hi += c * di
    return vr, vi, hr, hi


@kernel
def _polynomial(
    reals: Reals, first: int, count: int, sr: float, si: float
) -> tuple[float, float]:
    """Legendre series with ``count`` coefficients at s."""
    vr, vi, pr, pi, qr, qi = reals[first], 0.0, 1.0, 0.0, 0.0, 0.0
    for j in range(count - 1):
        a, b, c = _RECURRENCE_FIRST[j], _RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = _product(sr, si, pr, pi)
        qr, qi, pr, pi = pr, pi, a * xr - b * qr, a * xi - b * qi
        vr += c * pr
        vi += c * pi
    return vr, vi


@kernel
def _difference(
    reals: Reals, first: int, count: int, sr: float, si: float, t: float
) -> Four:
    """Divided differences p[s, t] and p[s, s, t] of a Legendre series, without cancellation."""
    vr = vi = hr = hi = dr = di = er = ei = 0.0
    fr, fi, gr, gi, p, q = 0.0, 0.0, 0.0, 0.0, 1.0, 0.0
    for j in range(count - 1):
        a, b, c = _RECURRENCE_FIRST[j], _RECURRENCE_SECOND[j], reals[first + j + 1]
        xr, xi = _product(sr, si, fr, fi)
        gr, gi, fr, fi = fr, fi, a * (xr + dr) - b * gr, a * (xi + di) - b * gi
        xr, xi = _product(sr, si, dr, di)
        er, ei, dr, di = dr, di, a * (xr + p) - b * er, a * xi - b * ei
        q, p = p, a * t * p - b * q
        vr += c * dr
        vi += c * di
        hr += c * fr
        hi += c * fi
    return vr, vi, hr, hi


@kernel
def _root(
    reals: Reals, panel: int, wr: float, wi: float
) -> tuple[float, float, float, float, bool]:
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
        cr, ci = _quotient(vr - target, vi - wi, hr, hi)
        sr -= cr
        si -= ci
        if converged:
            break
        converged = cr * cr + ci * ci < 1e-12
    reach = math.hypot(sr - 1.0, si) + math.hypot(sr + 1.0, si)
    return sr, max(si, 0.0), hr, hi, converged and reach < _ELLIPSE_SUM


@kernel
def _end_logarithm(
    reals: Reals, panel: int, end: int, wr: float, wi: float, sr: float, si: float
) -> tuple[float, float]:
    """log(s - t) at the end t = -1 (end 0) or t = 1 (end 1), accurate close to that end."""
    t = 2.0 * end - 1.0
    slope = reals[panel + SLOPE]
    if abs(sr - t) + si > _NEAR_END:
        return _logarithm(sr - t, si)
    dr, di = wr - reals[panel + LEFT + end], wi
    if dr == 0.0 and di == 0.0:
        # both panels of a joint take the same stand-in, which then drops out
        di = reals[panel + LEFT_FLOOR + end]
    if slope > 0.0:
        return _logarithm(dr / slope, di / slope)
    ar, ai, _, _ = _difference(reals, panel + POSITION, NODE_COUNT, sr, si, t)
    br, bi = _logarithm(ar, ai)
    dr, di = _logarithm(dr, di)
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
    ar, ai, _, _ = _difference(reals, first, NODE_COUNT, s[0], s[1], t)
    fr, fi, hr, hi = _difference(reals, panel + POSITION, NODE_COUNT, s[0], s[1], t)
    br, bi = _product(ar, ai, slope[0], slope[1])
    cr, ci = _product(value[0], value[1], hr, hi)
    dr, di = _product(fr, fi, slope[0], slope[1])
    return _quotient(cr - br, ci - bi, dr, di)


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
        if square < (_ADJACENT * weight) ** 2:
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
def _end_term(
    reals: Reals, panel: int, end: int, wr: float, wi: float
) -> tuple[float, float]:
    """h/(w - f) at an end, h = density / f'; zero inside a joint, where the neighbour's cancels."""
    dr, di = wr - reals[panel + LEFT + end], wi
    square = dr * dr + di * di
    if square < reals[panel + LEFT_JOINT + end]:
        return 0.0, 0.0
    if square == 0.0:
        di = reals[panel + LEFT_FLOOR + end]
    return _quotient(reals[panel + LEFT_HEIGHT + end], 0.0, dr, di)


@kernel
def _near_panel(
    reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float
) -> Eight:
    """g, psi and derivatives of a panel whose correction may matter."""
    sr, si, fr, fi, inside = _root(reals, panel, wr, wi)
    if not inside:
        return _direct_sum(reals, points, weights, NODE_COUNT, wr, wi)
    ar, ai, br, bi, cr, ci, adjacent = _node_sums(reals, panel, weights, wr, wi, sr, si)
    pr, pi = _end_logarithm(reals, panel, 0, wr, wi, sr, si)
    qr, qi = _end_logarithm(reals, panel, 1, wr, wi, sr, si)
    pr, pi = pr - qr - cr, pi - qi - ci
    gr, gi, hr, hi = ar, ai, br, bi
    vr, vi = _polynomial(reals, panel + DENSITY, NODE_COUNT, sr, si)
    ur, ui = _polynomial(reals, panel + GRADIENT, NODE_COUNT, sr, si)
    rr, ri = _quotient(pr, pi, fr, fi)
    if adjacent >= 0:
        weight = NODE_WEIGHTS[adjacent]
        s, slope = (sr, si), (fr, fi)
        xr, xi = _adjacent_quotient(reals, panel, panel + DENSITY, adjacent, s, (vr, vi), slope)
        yr, yi = _adjacent_quotient(reals, panel, panel + GRADIENT, adjacent, s, (ur, ui), slope)
        gr, gi, hr, hi = gr + weight * xr, gi + weight * xi, hr + weight * yr, hi + weight * yi
    xr, xi = _product(vr, vi, rr, ri)
    gr, gi = gr + xr, gi + xi
    xr, xi = _product(ur, ui, rr, ri)
    lr, li = _end_term(reals, panel, 0, wr, wi)
    yr, yi = _end_term(reals, panel, 1, wr, wi)
    hr, hi = hr + xr + lr - yr, hi + xi + li - yi
    xr, xi = _product(wr, wi, gr, gi)
    yr, yi = _product(wr, wi, hr, hi)
    return gr, gi, xr - reals[panel + MASS], xi, hr, hi, gr + yr, gi + yi


@kernel
def _panel_sum(
    reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float
) -> Eight:
    d = wr - reals[panel + CENTRE]
    if d * d + wi * wi < reals[panel + REACH]:
        return _near_panel(reals, panel, points, weights, wr, wi)
    return _direct_sum(reals, points, weights, NODE_COUNT, wr, wi)


@kernel
def _tree_sum(
    reals: Reals, integers: Integers, real_start: int, integer_start: int,
    wr: float, wi: float,
) -> Eight:
    """g, psi and derivatives by the tree of cells, w in the closed upper half-plane."""
    gr = gi = pr = pi = hr = hi = qr = qi = 0.0
    count = integers[integer_start + CELL_COUNT]
    points = real_start + integers[integer_start + POINTS]
    weights = real_start + integers[integer_start + WEIGHTS]
    cells = real_start + integers[integer_start + CELLS]
    panels = real_start + integers[integer_start + PANELS]
    atoms = integers[integer_start + ATOM_COUNT]
    cell = 0
    while cell < count:
        record = integer_start + INTEGER_HEADER + CELL_INTEGERS * cell
        base = cells + CELL_REALS * cell
        d = wr - reals[base]
        square = d * d + wi * wi
        limit = reals[base + 2]
        following = integers[record]
        if square > limit:
            order = _cell_order(square, limit)
            ar, ai, br, bi, cr, ci, dr, di = _expansion(
                reals, base + 3, order, reals[base + 1], reals[base], d, wi
            )
            cell = following
        elif following > cell + 1:
            cell += 1
            continue
        else:
            first, last, panel = integers[record + 1], integers[record + 2], integers[record + 3]
            cell = following
            if panel < 0:
                ar, ai, br, bi, cr, ci, dr, di = _direct_sum(
                    reals, points + first, weights + first, last - first, wr, wi
                )
            else:
                for k in range(panel, panel + (last - first) // NODE_COUNT):
                    source = atoms + NODE_COUNT * k
                    ar, ai, br, bi, cr, ci, dr, di = _panel_sum(
                        reals, panels + PANEL_REALS * k, points + source, weights + source, wr, wi
                    )
                    gr, gi, pr, pi = gr + ar, gi + ai, pr + br, pi + bi
                    hr, hi, qr, qi = hr + cr, hi + ci, qr + dr, qi + di
                continue
        gr, gi, pr, pi = gr + ar, gi + ai, pr + br, pi + bi
        hr, hi, qr, qi = hr + cr, hi + ci, qr + dr, qi + di
    return gr, gi, pr, pi, hr, hi, qr, qi


@kernel
def _promote(value: float) -> float:
    """Infinity for the huge values met next to an atom, zero for an undefined one."""
    if math.isnan(value):
        return 0.0
    if abs(value) > 1e100:
        return math.copysign(math.inf, value)
    return value


@kernel
def _upper(
    reals: Reals, integers: Integers, real_start: int, integer_start: int,
    wr: float, wi: float,
) -> Eight:
    """g, psi and derivatives in the closed upper half-plane: from the moments or by the tree."""
    square = wr * wr + wi * wi
    limit = reals[real_start + 1]
    if square > limit:
        order = MOMENT_ORDER if square < 16384.0 * limit else 8
        return _expansion(reals, real_start + 2, order, reals[real_start], 0.0, wr, wi)
    return _tree_sum(reals, integers, real_start, integer_start, wr, wi)


@entry
def cauchy_transform(
    reals: Reals, integers: Integers, real_start: int, integer_start: int,
    wr: float, wi: float,
) -> Eight:
    r"""Cauchy transform, first-moment transform and their derivatives at one point.

    .. math::
        g(w) = \int \frac{\mu(dx)}{w-x}, \qquad \psi(w) = \int \frac{x\,\mu(dx)}{w-x}.

    Parameters
    ----------
    reals, integers : arrays
        Table of the measure, possibly inside larger arrays.
    real_start, integer_start : int
        Where the table starts in the two arrays.
    wr, wi : float
        The point w.  ``wi == 0`` of either sign is the boundary value from the upper half-plane;
        ``wi < 0`` gives the conjugate of the value at the conjugate point.

    Returns
    -------
    tuple of eight floats
        Real and imaginary parts of g, psi, dg/dw, dpsi/dw.  On an atom the limit from straight
        above is returned, which is infinite.
    """
    y = abs(wi)
    few = integers[integer_start + CELL_COUNT] == 0
    if few and wr * wr + y * y <= reals[real_start + 1]:
        points = real_start + integers[integer_start + POINTS]
        weights = real_start + integers[integer_start + WEIGHTS]
        count = integers[integer_start + ATOM_COUNT]
        gr, gi, pr, pi, hr, hi, qr, qi = _direct_sum(reals, points, weights, count, wr, y)
        if math.isnan(gr):
            gr, gi, pr, pi, hr, hi, qr, qi = _direct_sum(
                reals, points, weights, count, wr, _TINY
            )
    else:
        gr, gi, pr, pi, hr, hi, qr, qi = _upper(reals, integers, real_start, integer_start, wr, y)
        if math.isnan(gr):
            gr, gi, pr, pi, hr, hi, qr, qi = _upper(
                reals, integers, real_start, integer_start, wr, _TINY
            )
    if abs(gi) > 1e100:
        gr, gi, pr, pi = _promote(gr), _promote(gi), _promote(pr), _promote(pi)
        hr, hi, qr, qi = _promote(hr), _promote(hi), _promote(qr), _promote(qi)
    sign = -1.0 if wi < 0.0 else 1.0
    return gr, sign * gi, pr, sign * pi, hr, sign * hi, qr, sign * qi


@kernel
def _direct_potential(
    reals: Reals, points: int, weights: int, count: int, wr: float, wi: float
) -> tuple[float, float]:
    ur = ui = 0.0
    for j in range(count):
        lr, li = _logarithm(wr - reals[points + j], wi)
        ur += reals[weights + j] * lr
        ui += reals[weights + j] * li
    return ur, ui


@kernel
def _far_potential(
    reals: Reals, first: int, order: int, radius: float, dr: float, di: float
) -> tuple[float, float]:
    """m_0 log(w - centre) - sum_k m_k z^k / k."""
    ir, ii = _quotient(radius, 0.0, dr, di)
    vr = vi = 0.0
    for k in range(order, 0, -1):
        vr += reals[first + k] / k
        vr, vi = vr * ir - vi * ii, vr * ii + vi * ir
    lr, li = _logarithm(dr, di)
    return reals[first] * lr - vr, reals[first] * li - vi


@kernel
def _node_potential(
    reals: Reals, panel: int, weights: int, w: tuple[float, float], s: tuple[float, float],
    primitive: tuple[float, float],
) -> tuple[float, float]:
    """Rule for density log f[s, t] plus (A(t) - A(s)) / (s - t), A the mass to the left of t."""
    ur = ui = 0.0
    slope = reals[panel + SLOPE]
    for i in range(NODE_COUNT):
        t, weight = NODES[i], NODE_WEIGHTS[i]
        d = s[0] - t
        adjacent = d * d + s[1] * s[1] < (_ADJACENT * weight) ** 2
        if adjacent:
            ar, ai, _, _ = _difference(reals, panel + PRIMITIVE, NODE_COUNT + 1, s[0], s[1], t)
            ur -= weight * ar
            ui -= weight * ai
        else:
            ar = reals[panel + NODE_PRIMITIVES + i] - primitive[0]
            ar, ai = _quotient(ar, -primitive[1], d, s[1])
            ur += weight * ar
            ui += weight * ai
        if slope > 0.0:
            continue
        if adjacent:
            ar, ai, _, _ = _difference(reals, panel + POSITION, NODE_COUNT, s[0], s[1], t)
        else:
            ar = w[0] - reals[panel + LEFT] - reals[panel + NODE_OFFSETS + i]
            ar, ai = _quotient(ar, w[1], d, s[1])
        ar, ai = _logarithm(ar, ai)
        ur += reals[weights + i] * ar
        ui += reals[weights + i] * ai
    return ur, ui


@kernel
def _near_potential(
    reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float
) -> tuple[float, float]:
    """Potential of a panel by log(w - f(t)) = log f[s, t] + log(s - t)."""
    sr, si, _, _, inside = _root(reals, panel, wr, wi)
    if not inside:
        return _direct_potential(reals, points, weights, NODE_COUNT, wr, wi)
    mass, slope = reals[panel + MASS], reals[panel + SLOPE]
    vr, vi = _polynomial(reals, panel + PRIMITIVE, NODE_COUNT + 1, sr, si)
    ur, ui = _node_potential(reals, panel, weights, (wr, wi), (sr, si), (vr, vi))
    if slope > 0.0:
        ur += mass * np.log(slope)
    lr, li = _end_logarithm(reals, panel, 0, wr, wi, sr, si)
    xr, xi = _product(vr, vi, lr, li)
    lr, li = _end_logarithm(reals, panel, 1, wr, wi, sr, si)
    yr, yi = _product(mass - vr, -vi, lr, li)
    return ur + xr + yr, ui + xi + yi


@kernel
def _leaf_potential(
    reals: Reals, integers: Integers, real_start: int, integer_start: int, record: int,
    wr: float, wi: float,
) -> tuple[float, float]:
    points = real_start + integers[integer_start + POINTS]
    weights = real_start + integers[integer_start + WEIGHTS]
    first, last, panel = integers[record + 1], integers[record + 2], integers[record + 3]
    if panel < 0:
        return _direct_potential(reals, points + first, weights + first, last - first, wr, wi)
    ur = ui = 0.0
    for source in range(first, last, NODE_COUNT):
        base = real_start + integers[integer_start + PANELS] + PANEL_REALS * panel
        panel += 1
        d = wr - reals[base + CENTRE]
        if d * d + wi * wi < reals[base + REACH]:
            ar, ai = _near_potential(reals, base, points + source, weights + source, wr, wi)
        else:
            ar, ai = _direct_potential(
                reals, points + source, weights + source, NODE_COUNT, wr, wi
            )
        ur, ui = ur + ar, ui + ai
    return ur, ui


@entry
def log_potential(
    reals: Reals, integers: Integers, real_start: int, integer_start: int,
    wr: float, wi: float,
) -> tuple[float, float]:
    r"""Logarithmic potential :math:`u(w) = \int \log(w-x)\,\mu(dx)`, principal logarithm.

    Parameters and conventions are those of :func:`cauchy_transform`; on the real axis
    :math:`\operatorname{Im} u(x+i0) = \pi\mu((x,\infty))`.

    Returns
    -------
    tuple of two floats
        Real and imaginary part of u.
    """
    y = abs(wi)
    square = wr * wr + y * y
    count = integers[integer_start + CELL_COUNT]
    if square > reals[real_start + 1]:
        ur, ui = _far_potential(reals, real_start + 2, MOMENT_ORDER, reals[real_start], wr, y)
        return ur, -ui if wi < 0.0 else ui
    ur = ui = 0.0
    if count == 0:
        ur, ui = _direct_potential(
            reals, real_start + integers[integer_start + POINTS],
            real_start + integers[integer_start + WEIGHTS], integers[integer_start + ATOM_COUNT],
            wr, y,
        )  # fmt: skip
    cell = 0
    while cell < count:
        record = integer_start + INTEGER_HEADER + CELL_INTEGERS * cell
        base = real_start + integers[integer_start + CELLS] + CELL_REALS * cell
        following = integers[record]
        d = wr - reals[base]
        square = d * d + y * y
        if square > reals[base + 2]:
            order = _cell_order(square, reals[base + 2])
            ar, ai = _far_potential(reals, base + 3, order, reals[base + 1], d, y)
        elif following > cell + 1:
            cell += 1
            continue
        else:
            ar, ai = _leaf_potential(
                reals, integers, real_start, integer_start, record, wr, y
            )
        cell = following
        ur, ui = ur + ar, ui + ai
    return ur, -ui if wi < 0.0 else ui
