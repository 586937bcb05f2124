"""Certified log-potentials of laws that have no rule for them: integrals of the transform.

Gauss's rule with ``n`` nodes on ``[-1, 1]`` misses the integral of a function that is analytic and
at most ``M`` in the ellipse with foci at the ends and sum of semi-axes ``r`` by at most
``(64/15) M r^(-2n)/(1 - r^-2)`` (Trefethen, *Is Gauss quadrature better than Clenshaw-Curtis?*,
SIAM Review 50, 2008, theorem 4.5).  Transforms are bounded beforehand: ``|G(z)| <= 1/Im z``.  So
balls around single points are enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint

from freesym.errors import PrecisionError, UnsupportedOperationError

acb, arb = flint.acb, flint.arb
Ball = Any
#: Enclosures of ``G`` and ``psi``.
Transform = Callable[[Ball], tuple[Ball, Ball]]
#: The sum of the semi-axes, and the larger of them.
_SUM, _MAJOR = 5.0, 2.6
#: In bits, the sides of boxes around a real point in units of the spectrum.
_BOXES = (4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 115, 154, 206, 275, 367, 490, 654, 872)


def integrated_log_potential(
    transform: Transform, continued: Callable[[Ball], Ball], bound: float, w: Ball
) -> Ball:
    """``E log(w - X)`` at a point of the closed upper half-plane.

    From ``w`` straight up to a height of four times ``bound`` it is the integral of ``G``; from
    there to infinity that of ``psi(z)/z``, which is analytic in ``1/z``.

    Parameters
    ----------
    transform : callable
        Encloses ``G`` and ``psi`` at small balls in the open half-plane.
    continued : callable
        Encloses on a box around a real point the analytic continuation of ``G``; raises
        ``PrecisionError`` where it cannot.
    bound : float
        The spectrum lies in ``[-bound, bound]``.
    w : acb
        The point, a small ball.

    Raises
    ------
    PrecisionError
        Where ``G`` cannot be continued: at an edge, or at an atom.
    UnsupportedOperationError
        If there is no bound.
    """
    if not bound < math.inf:
        raise UnsupportedOperationError(
            "the log-potential of a Boolean or monotone sum is an integral, which has certified "
            "digits for bounded laws alone; its density has them for all"
        )
    s = arb(bound) + abs(w).upper() + arb(2) ** -64
    height = w.imag.lower() if w.imag > 0 else arb(0)
    total, low = acb(0), arb(0)
    if height == 0:
        half, largest = _analytic_box(continued, s, w)
        # the ellipse around [0, low] reaches to -0.8 low and 1.8 low
        low = (half / (0.5 + 0.5 * _MAJOR)).mid()
        total = _gauss(lambda t: transform(_above(w, t))[0], arb(0), low, largest)
        height = low
    while height < 4 * s:
        # the ellipse around [low, low + height] keeps (1.5 - 1.3) height above the axis
        high = (low + height).mid()
        largest = 1 / (height * (1.5 - 0.5 * _MAJOR))
        total = total + _gauss(lambda t: transform(_above(w, t))[0], low, high, largest)
        low, height = high, (2 * height).mid()
    z = _above(w, low)
    return z.log() - _remainder(transform, s, z) - acb(0, 1) * total


def _above(w: Ball, t: Any) -> Ball:
    return acb(w.real, w.imag + t)


def _analytic_box(continued: Callable[[Ball], Ball], s: Any, w: Ball) -> tuple[Any, Any]:
    """Half the side of a box around ``w``, and a bound of ``|G|`` on it."""
    for n in (n for n in _BOXES if n <= flint.ctx.prec):
        share = arb(2) ** -n
        around = arb(0, (share * s).upper())
        try:
            size = abs(continued(w + acb(around, around))).upper()
        except PrecisionError:
            continue
        if size.is_finite():
            return (share * s).mid(), size
    raise PrecisionError("the transform could not be continued to a neighbourhood of the point")


def _remainder(transform: Transform, s: Any, z: Ball) -> Ball:
    """``E log z - log(z - X)`` for ``|z| >= 4 s``: the integral of ``E X/(1 - h X)`` up to ``1/z``.

    For ``|h| <= 1/(2 s)`` this is at most ``2 s``, and the ellipse around ``[0, 1/z]`` stays
    there.
    """
    end = 1 / z
    return end * _gauss(lambda h: transform(z / h)[1] * (z / h), arb(0), arb(1), 2 * s)


def _gauss(function: Callable[[Any], Ball], a: Any, b: Any, largest: Any) -> Ball:
    """The integral from ``a`` to ``b`` of a function bounded on the ellipse."""
    bits = flint.ctx.prec
    n = math.ceil((bits + 8) / (2 * math.log2(_SUM)))
    middle, half = (a + b) / 2, (b - a) / 2
    total = acb(0)
    for k in range(n):
        node, weight = arb.legendre_p_root(n, k, weight=True)
        total = total + weight * function(middle + half * node)
    sum_of_axes = arb(_SUM)
    missed = 64 * largest / 15 * sum_of_axes ** (-2 * n) / (1 - sum_of_axes**-2)
    error = arb(0, (half * missed).upper())
    return half * total + acb(error, error)
