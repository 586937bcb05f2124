"""Whether there is a probability law behind moments, or behind a solution of the equations."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import ConvergenceError, FreesymError, InvalidLawError
from freesym.parameters import is_expression, short
from freesym.relations.relation import Relation
from freesym.spectrum.atoms import atoms
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.intervals import Interval
from freesym.spectrum.support import continuous_support

Real = NDArray[np.float64]

_ORDER, _ROUNDING = 12, 1e-9
_SIGN_BITS = 2048
#: Numbers of nodes of the double exponential rule; even, so that none lies in the middle.
_LEVELS = (300, 600)
#: A law must have mass 1 to this, and to five times what refining the rule changes.
_MASS = 1e-3
#: No rule should change by more than this when it is refined again.
_ROUGH = 0.03
#: At this share of its points the density must be known.
_KNOWN = 0.5


def first_impossible_moment(relation: Relation) -> int | None:
    """The first order at which a Hankel determinant is negative; None if none is found."""
    from freesym.algebra.jacobi import hankel_is_positive
    from freesym.spectrum.moments import moments

    try:
        found = moments(relation, _ORDER)
    except FreesymError:
        return None
    for order in range(2, _ORDER + 1, 2):
        if float(found[order - 1]) < -_ROUNDING * max(1.0, *map(abs, map(float, found[:order]))):
            return order
    if any(map(is_expression, found)):
        # enough digits for a sign, where exact radicals would take minutes
        with working_precision(_SIGN_BITS):
            return hankel_is_positive(list(map(real_ball, found)))
    return hankel_is_positive(found)


def require_law(relation: Relation) -> None:
    """Refuse relations whose solution is no probability law.

    Deconvolutions, powers below 1 and formulas need not belong to a law.  Where none exists the
    solution has branch points in the upper half-plane, and its boundary values are no density
    of mass 1; where one exists they are.

    Raises
    ------
    InvalidLawError
        If the density that was found does not have mass 1.
    ConvergenceError
        If too little of the density was found.
    """
    if not relation.assumed:
        return
    found = _mass(relation)
    if math.isnan(found):
        raise ConvergenceError(
            f"no density of mass 1 was found for {short(relation)}: it is no probability law, as "
            "deconvolutions, powers below 1 and formulas need not be, or one whose transform does "
            "not follow from those of its parts"
        )
    if found != 1:
        raise InvalidLawError(
            f"{short(relation)} is no probability law: the density found for it has the mass "
            f"{found:.3g}; a deconvolution, a power below 1 or a formula like this does not exist"
        )


@lru_cache(maxsize=1024)
def _mass(relation: Relation) -> float:
    """The mass of the continuous part and the atoms: 1 if it may be, NaN if it is unknown."""
    intervals = continuous_support(relation)
    fine, finest = (mass(relation, intervals, n) for n in _LEVELS)
    # what no rule integrates is no density either
    change = abs(finest - fine)
    credible = abs(finest - 1) <= _MASS + 5 * change and change <= _ROUGH
    if credible:
        return 1.0
    # formulas lack solutions only where there is no law; operations may need more than parts give
    return math.nan if relation.children and finest < 1 else finest


def mass(relation: Relation, intervals: tuple[Interval, ...], n: int = _LEVELS[0]) -> float:
    """The mass of the atoms and of the density on intervals, by a rule of ``n`` points on each."""
    found = {float(a): float(m) for a, m in atoms(relation).items()}
    pieces = _cut(intervals, list(found))
    return math.fsum([*found.values(), *(_integral(relation, a, b, n) for a, b in pieces)])


def _cut(intervals: tuple[Interval, ...], places: list[float]) -> list[Interval]:
    """The intervals cut at 0 and at atoms, where densities may be infinite."""
    pieces: list[Interval] = []
    for a, b in intervals:
        pieces += list(pairwise(sorted({a, b, *(x for x in (0.0, *places) if a < x < b)})))
    return pieces


def _integral(relation: Relation, a: float, b: float, n: int) -> float:
    """The integral of the density over an interval; NaN if too much of it is unknown."""
    x, weights = _rule(a, b, n)
    rho = -transforms(relation, x.astype(np.complex128), thorough=False).g.imag / np.pi
    values = np.where(np.isinf(rho), 0.0, rho * weights)
    known = np.isfinite(values)
    if known.mean() < _KNOWN:
        return math.nan
    if a == 0 and not known[0]:
        # beside 0 the distribution function of a power law x^p is x rho/p
        first, second = np.flatnonzero(known)[[0, n // 30]]
        low, high = x[first] * rho[first], x[second] * rho[second]
        values[:first] = 0.0
        if 0 < low < high:
            values[0] = low * math.log(x[second] / x[first]) / math.log(high / low)
    return math.fsum(np.where(np.isfinite(values), values, 0.0).tolist())


def _rule(a: float, b: float, n: int) -> tuple[Real, Real]:
    """Points and weights of the double exponential rules of Takahasi & Mori (1974).

    Near an end at 0 they go down to 1e-300, where densities of products still have mass.
    """
    if math.isinf(a) or math.isinf(b):
        t = np.linspace(-4.0, 4.0, n)
        distance = np.exp(0.5 * np.pi * np.sinh(t))
        weights = (t[1] - t[0]) * 0.5 * np.pi * np.cosh(t) * distance
        return (a + distance if math.isinf(b) else b - distance), weights
    t = np.linspace(-6.05 if a == 0 else -3.2, 6.05 if b == 0 else 3.2, n)
    s = np.pi * np.sinh(t)
    with np.errstate(over="ignore"):
        near_a, near_b = 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(s))
    x = np.where(s < 0, a + (b - a) * near_a, b - (b - a) * near_b)
    return x, (t[1] - t[0]) * np.pi * np.cosh(t) * near_a * near_b * (b - a)
