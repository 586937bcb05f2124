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

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
Four = tuple[float, float, float, float]
Eight = tuple[float, float, float, float, float, float, float, float]
NODE_COUNT = 16
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(NODE_COUNT)
_DEGREES = np.arange(NODE_COUNT + 1.0)
RECURRENCE_FIRST = (2 * _DEGREES + 1) / (_DEGREES + 1)
RECURRENCE_SECOND = _DEGREES / (_DEGREES + 1)
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
ELLIPSE_SUM = ELLIPSE + 1.0 / ELLIPSE
# A node is "next to" s below this multiple of its weight: cancellation costs a factor three above.
ADJACENT = 0.3
NEAR_END = 0.1
TINY = 1e-150
