"""The log-potential of a tabulated measure."""

from __future__ import annotations

import numpy as np

from freesym.kernels.jit import entry, kernel
from freesym.kernels.layout import (
    ADJACENT,
    ATOM_COUNT,
    CELL_COUNT,
    CELL_INTEGERS,
    CELL_REALS,
    CELLS,
    CENTRE,
    INTEGER_HEADER,
    LEFT,
    MASS,
    MOMENT_ORDER,
    NODE_COUNT,
    NODE_OFFSETS,
    NODE_PRIMITIVES,
    NODE_WEIGHTS,
    NODES,
    PANEL_REALS,
    PANELS,
    POINTS,
    POSITION,
    PRIMITIVE,
    REACH,
    SLOPE,
    WEIGHTS,
    Integers,
    Reals,
)
from freesym.kernels.measure import cell_order
from freesym.kernels.panels import (
    difference,
    end_logarithm,
    logarithm,
    polynomial,
    product,
    quotient,
    root,
)


@kernel
def _direct_potential(
    reals: Reals, points: int, weights: int, count: int, wr: float, wi: float
) -> tuple[float, float]:
    ur = ui = 0.0
    for j in range(count):
        lr, li = logarithm(wr - reals[points + j], wi)
        ur += reals[weights + j] * lr
        ui += reals[weights + j] * li
    return ur, ui


@kernel
def _far_potential(
    reals: Reals, first: int, order: int, radius: float, dr: float, di: float
) -> tuple[float, float]:
    """m_0 log(w - centre) - sum_k m_k z^k / k."""
    ir, ii = quotient(radius, 0.0, dr, di)
    vr = vi = 0.0
    for k in range(order, 0, -1):
        vr += reals[first + k] / k
        vr, vi = vr * ir - vi * ii, vr * ii + vi * ir
    lr, li = logarithm(dr, di)
    return reals[first] * lr - vr, reals[first] * li - vi


@kernel
def _node_potential(
    reals: Reals,
    panel: int,
    weights: int,
    w: tuple[float, float],
    s: tuple[float, float],
    primitive: tuple[float, float],
) -> tuple[float, float]:
    """Rule for density log f[s, t] plus (A(t) - A(s)) / (s - t), A the mass to the left of t."""
    ur = ui = 0.0
    slope = reals[panel + SLOPE]
    for i in range(NODE_COUNT):
        t, weight = NODES[i], NODE_WEIGHTS[i]
        d = s[0] - t
        adjacent = d * d + s[1] * s[1] < (ADJACENT * weight) ** 2
        if adjacent:
            ar, ai, _, _ = difference(reals, panel + PRIMITIVE, NODE_COUNT + 1, s[0], s[1], t)
            ur -= weight * ar
            ui -= weight * ai
        else:
            ar = reals[panel + NODE_PRIMITIVES + i] - primitive[0]
            ar, ai = quotient(ar, -primitive[1], d, s[1])
            ur += weight * ar
            ui += weight * ai
        if slope > 0.0:
            continue
        if adjacent:
            ar, ai, _, _ = difference(reals, panel + POSITION, NODE_COUNT, s[0], s[1], t)
        else:
            ar = w[0] - reals[panel + LEFT] - reals[panel + NODE_OFFSETS + i]
            ar, ai = quotient(ar, w[1], d, s[1])
        ar, ai = logarithm(ar, ai)
        ur += reals[weights + i] * ar
        ui += reals[weights + i] * ai
    return ur, ui


@kernel
def _near_potential(
    reals: Reals, panel: int, points: int, weights: int, wr: float, wi: float
) -> tuple[float, float]:
    """Potential of a panel by log(w - f(t)) = log f[s, t] + log(s - t)."""
    sr, si, _, _, inside = root(reals, panel, wr, wi)
    if not inside:
        return _direct_potential(reals, points, weights, NODE_COUNT, wr, wi)
    mass, slope = reals[panel + MASS], reals[panel + SLOPE]
    vr, vi = polynomial(reals, panel + PRIMITIVE, NODE_COUNT + 1, sr, si)
    ur, ui = _node_potential(reals, panel, weights, (wr, wi), (sr, si), (vr, vi))
    if slope > 0.0:
        ur += mass * np.log(slope)
    lr, li = end_logarithm(reals, panel, 0, wr, wi, sr, si)
    xr, xi = product(vr, vi, lr, li)
    lr, li = end_logarithm(reals, panel, 1, wr, wi, sr, si)
    yr, yi = product(mass - vr, -vi, lr, li)
    return ur + xr + yr, ui + xi + yi


@kernel
def _leaf_potential(
    reals: Reals,
    integers: Integers,
    real_start: int,
    integer_start: int,
    record: int,
    wr: float,
    wi: float,
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
            ar, ai = _direct_potential(reals, points + source, weights + source, NODE_COUNT, wr, wi)
        ur, ui = ur + ar, ui + ai
    return ur, ui


@entry
def log_potential(
    reals: Reals,
    integers: Integers,
    real_start: int,
    integer_start: int,
    wr: float,
    wi: float,
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
            order = cell_order(square, reals[base + 2])
            ar, ai = _far_potential(reals, base + 3, order, reals[base + 1], d, y)
        elif following > cell + 1:
            cell += 1
            continue
        else:
            ar, ai = _leaf_potential(reals, integers, real_start, integer_start, record, wr, y)
        cell = following
        ur, ui = ur + ar, ui + ai
    return ur, -ui if wi < 0.0 else ui
