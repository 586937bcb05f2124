"""The Cauchy transform of a tabulated measure; see :mod:`freesym.kernels.layout`."""

from __future__ import annotations

import math

from freesym.kernels.jit import entry, kernel
from freesym.kernels.layout import (
    ATOM_COUNT,
    CELL_COUNT,
    CELL_INTEGERS,
    CELL_REALS,
    CELLS,
    INTEGER_HEADER,
    MOMENT_ORDER,
    NODE_COUNT,
    PANEL_REALS,
    PANELS,
    POINTS,
    TINY,
    WEIGHTS,
    Eight,
    Four,
    Integers,
    Reals,
)
from freesym.kernels.panels import direct_sum, panel_sum, product, quotient


@kernel
def _series(reals: Reals, first: int, order: int, zr: float, zi: float) -> Four:
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
    ar, ai = product(yr, yi, er, ei)
    br, bi = product(zr, zi, fr, fi)
    pr, pi = product(yr, yi, pr, pi)
    cr, ci = product(yr, yi, er + pr, ei + pi)
    qr, qi = product(yr, yi, qr, qi)
    dr, di = product(zr, zi, fr + 2.0 * qr, fi + 2.0 * qi)
    return ar + br, ai + bi, 2.0 * cr + dr, 2.0 * ci + di


@kernel
def _expansion(
    reals: Reals, first: int, order: int, radius: float, centre: float, dr: float, di: float
) -> Eight:
    """g, psi and derivatives of an expansion at w = centre + dr + i di."""
    ir, ii = quotient(1.0, 0.0, dr, di)
    tr, ti, sr, si = _series(reals, first, order, radius * ir, radius * ii)
    gr, gi = product(ir, ii, reals[first] + tr, ti)
    # with T(z) = sum m_k z^k, z = radius/(w-centre):  dT/dw = -z T'(z)/(w-centre)
    er, ei = product(-ir, -ii, sr, si)
    hr, hi = product(ir, ii, er - gr, ei - gi)
    return gr, gi, centre * gr + tr, centre * gi + ti, hr, hi, centre * hr + er, centre * hi + ei


@kernel
def cell_order(distance: float, limit: float) -> int:
    """Terms that reach 1e-16 at this squared distance (limit is that of the ratio 3)."""
    if distance < 4.0 * limit:
        return 32
    if distance < 36.0 * limit:
        return 20
    if distance < 2916.0 * limit:
        return 12
    return 8


@kernel
def _tree_sum(
    reals: Reals,
    integers: Integers,
    real_start: int,
    integer_start: int,
    wr: float,
    wi: float,
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
            order = cell_order(square, limit)
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
                ar, ai, br, bi, cr, ci, dr, di = direct_sum(
                    reals, points + first, weights + first, last - first, wr, wi
                )
            else:
                for k in range(panel, panel + (last - first) // NODE_COUNT):
                    source = atoms + NODE_COUNT * k
                    ar, ai, br, bi, cr, ci, dr, di = panel_sum(
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
    reals: Reals,
    integers: Integers,
    real_start: int,
    integer_start: int,
    wr: float,
    wi: float,
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
    reals: Reals,
    integers: Integers,
    real_start: int,
    integer_start: int,
    wr: float,
    wi: float,
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
        gr, gi, pr, pi, hr, hi, qr, qi = direct_sum(reals, points, weights, count, wr, y)
        if math.isnan(gr):
            gr, gi, pr, pi, hr, hi, qr, qi = direct_sum(reals, points, weights, count, wr, TINY)
    else:
        gr, gi, pr, pi, hr, hi, qr, qi = _upper(reals, integers, real_start, integer_start, wr, y)
        if math.isnan(gr):
            gr, gi, pr, pi, hr, hi, qr, qi = _upper(
                reals, integers, real_start, integer_start, wr, TINY
            )
    if abs(gi) > 1e100:
        gr, gi, pr, pi = _promote(gr), _promote(gi), _promote(pr), _promote(pi)
        hr, hi, qr, qi = _promote(hr), _promote(hi), _promote(qr), _promote(qi)
    sign = -1.0 if wi < 0.0 else 1.0
    return gr, sign * gi, pr, sign * pi, hr, sign * hi, qr, sign * qi
