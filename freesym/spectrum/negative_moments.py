"""Negative moments ``E X^-1, E X^-2, ...``, exact wherever the chart reaches 0 explicitly."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from freesym.algebra.coefficients import Scalar, is_symbolic, to_native
from freesym.algebra.cumulants import moments_from_s_transform_series
from freesym.algebra.series import Series
from freesym.errors import (
    ConvergenceError,
    InvalidLawError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from freesym.relations import nodes
from freesym.relations.leaf import CauchyLeaf, Leaf
from freesym.relations.rational import NotRationalError, RationalFunction
from freesym.relations.relation import Relation
from freesym.relations.state import Kind
from freesym.spectrum import atoms as atoms_module
from freesym.spectrum import support as support_module
from freesym.spectrum.bounds import hull
from freesym.spectrum.evaluate import transforms
from freesym.spectrum.expansions import s_transform, taylor
from freesym.spectrum.intervals import Interval

Atoms = dict[Any, Any]
Method = Callable[[Relation, int], list[Scalar] | None]

# Beyond this many atoms the common denominators of exact sums grow too long.
_EXACT_ATOMS = 64
_CHARTS: tuple[Kind, ...] = ("g", "psi")
_RADIUS, _POINTS = 0.85, 256

# Of rooms above: what eliminates is not known here.
_exact_methods: list[Method] = []


def exact_method(method: Method) -> Method:
    """Register what finds exact values, or None, where no chart reaches 0 explicitly."""
    _exact_methods.append(method)
    return method


def negative_moments(relation: Relation, n: int, *, rounded: bool = False) -> list[Scalar]:
    """Return ``E X^-1, ..., E X^-n``.

    Parameters
    ----------
    relation : Relation
        A tree with exact parameters.  With free symbols the result is formal: it holds for the
        parameters for which 0 lies outside the support.
    n : int
        How many.
    rounded : bool, optional
        Whether values that are rounded in the end suffice.

    Returns
    -------
    list
        Rationals or SymPy expressions for purely atomic laws, for trees explicit in ``psi`` or in
        ``w`` and for algebraic laws; if ``rounded``, or where polynomials grow too large, balls
        for rational curves, and floats, of which the first have relative errors of about 1e-13,
        for others.

    Raises
    ------
    InvalidLawError
        If the support reaches 0.

    Notes
    -----
    ``S_(1/X)(psi) = 1/S_X(-1 - psi)`` (Haagerup & Schultz 2007); ``E X^-k`` is minus the
    coefficient of ``w^(k-1)`` in ``G(w)`` at 0, else a contour integral by the trapezoidal rule
    (Trefethen & Weideman 2014).
    """
    numerical = _numerical(relation)
    table = _complete_atoms(relation)
    if table is not None and not _is_rounded(table):
        return _from_atoms(table, n)
    around = (-math.inf, math.inf) if numerical is None else gap(numerical)
    row = _explicit(relation, n, around)
    if row is not None and (rounded or not any(isinstance(value, float) for value in row)):
        return row
    if table is not None:
        return _from_atoms(table, n)
    for method in () if rounded else _exact_methods:
        found = method(relation, n)
        if found is not None:
            return found
    if row is not None:
        return row
    row = None if numerical is None else _from_curve(relation, n)
    if row is not None:
        return row
    return from_contour(relation.numeric() if numerical is None else numerical, n)


def _numerical(relation: Relation) -> Relation | None:
    try:
        return relation.numeric()
    except UnboundParameterError:
        return None


# ------------------------------------------------------------------------------- where 0 lies


def gap(relation: Relation) -> Interval:
    """Return an interval around 0 without spectrum, infinite where there is none on that side.

    Raises
    ------
    InvalidLawError
        If the support reaches 0.
    """
    lower, upper = hull(relation)
    if lower > 0:
        return -math.inf, lower
    return (upper, math.inf) if upper < 0 else _gap_in_support(relation)


def _gap_in_support(relation: Relation) -> Interval:
    intervals = support_module.support(relation)
    if not intervals:
        raise ConvergenceError("the support was not found, so neither was its distance from 0")
    below = max((b for a, b in intervals if a < 0), default=-math.inf)
    above = min((a for a, b in intervals if b >= 0), default=math.inf)
    extent = max(abs(end) for interval in intervals for end in interval)
    if min(-below, above) <= 1e-9 * extent:
        raise InvalidLawError(
            f"the support {intervals} reaches 0, so the moments of 1/X do not exist; "
            "shift the law away from 0 first"
        )
    return below, above


# ------------------------------------------------------------------------------ exact formulas


def _complete_atoms(relation: Relation) -> Atoms | None:
    """Return the atoms of a law without continuous part."""
    try:
        table = atoms_module.atoms(relation)
        if any(map(is_symbolic, table.values())):
            return None
        complete = abs(sum(table.values()) - 1) < 1e-12
    except (TypeError, UnboundParameterError):  # the masses depend on free symbols
        return None
    if any(location == 0 for location in table):
        raise InvalidLawError("0 is an atom, so 1/X is not defined; remove the zeros first")
    return table if complete else None


def _is_rounded(table: Atoms) -> bool:
    return any(isinstance(value, float) for pair in table.items() for value in pair)


def _from_atoms(table: Atoms, n: int) -> list[Scalar]:
    """Return direct sums."""
    in_doubles = _is_rounded(table) or len(table) > _EXACT_ATOMS
    number: Callable[[Any], Any] = float if in_doubles else _exact
    pairs = [(1 / number(a), number(mass)) for a, mass in table.items()]
    return [sum(mass * inverse**k for inverse, mass in pairs) for k in range(1, n + 1)]


def _exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, int) else value


def _explicit(relation: Relation, n: int, around: Interval) -> list[Scalar] | None:
    row = _from_s_transform(relation, n, around)
    return _from_cauchy_transform(relation, n) if row is None else row


def _from_s_transform(relation: Relation, n: int, around: Interval) -> list[Scalar] | None:
    """The S-transform at -1, which ``psi`` reaches as ``w`` reaches 0 from one side."""
    if math.isfinite(around[0]) and math.isfinite(around[1]):
        return None
    if s_transform(relation, Series.variable(2) - 1) is None:
        return None
    try:
        row = taylor(lambda psi: 1 / s_transform(relation, psi), n, centre=-1)
    except UnsupportedOperationError:
        return None
    if row[0] == 0:
        raise InvalidLawError("S is infinite at -1, so the moments of 1/X do not exist")
    return moments_from_s_transform_series([(-1) ** k * value for k, value in enumerate(row)])


def _from_cauchy_transform(relation: Relation, n: int) -> list[Scalar] | None:
    """The Taylor series of ``G`` at 0."""
    if not _states_cauchy_transform(relation):
        return None
    try:
        return [-value for value in taylor(lambda w: relation.at("w", w).g, n)]
    except (UnsupportedOperationError, TypeError):
        return None


def _states_cauchy_transform(relation: Relation) -> bool:
    if isinstance(relation, Leaf):
        return isinstance(relation, CauchyLeaf)
    return relation.explicit("w") and all(map(_states_cauchy_transform, relation.children))


def _from_curve(relation: Relation, n: int) -> list[Scalar] | None:
    """The Taylor series of ``G`` along its curve, in balls, if that is a rational curve.

    ``E (a X + b)^-k`` is ``a^-k E (X + c)^-k`` with ``c = b/a``; ``w = -c`` is solved on the chart
    of ``X`` and ``w`` inverted there.
    """
    scale: Any = 1
    shift: Any = 0
    if isinstance(relation, nodes.Affine):
        scale, shift = relation.scale, relation.shift / relation.scale
        relation = relation.child
    kind = next((k for k in _CHARTS if relation.explicit(k)), None)
    zero = None if kind is None else _zero(relation, kind, shift)
    if kind is None or zero is None:
        return None
    try:
        w = taylor(lambda s: relation.at(kind, s).w, n + 1, centre=zero)
        s = Series((0, *w[1:])).reversion() + Series.constant(zero, n + 1)
        values = relation.at(kind, s).g.coefficient_list(0, n)
    except (UnsupportedOperationError, ArithmeticError, TypeError, ValueError):
        return None
    # one number system for balls and rationals
    scale = to_native(scale)
    return [-to_native(value) / scale ** (k + 1) for k, value in enumerate(values)]


def _zero(relation: Relation, kind: Kind, shift: Any) -> Scalar | None:
    """The solution of ``w = -shift``, rational or a ball, if ``w`` is a rational function."""
    found = transforms(relation.numeric(), np.full(1, -float(shift), dtype=complex))
    near = float((found.g if kind == "g" else found.psi)[0].real)
    try:
        row = (relation.at(kind, RationalFunction.variable()).w + shift).numerator
    except (NotRationalError, TypeError, ValueError, OverflowError):
        return None
    polynomial = flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in row]).numer()
    zeros = [zero for factor, _ in polynomial.factor()[1] for zero in _real_zeros(factor)]
    close = [zero for zero in zeros if abs(_midpoint(zero) - near) <= 1e-9 * abs(near)]
    return close[0] if len(close) == 1 else None


def _real_zeros(factor: Any) -> list[Scalar]:
    if factor.degree() == 1:
        return [flint.fmpq(-factor[0], factor[1])]
    pairs: Any = factor.complex_roots()
    return [zero.real for zero, _ in pairs if zero.imag == 0]


def _midpoint(zero: Any) -> float:
    return float(zero.mid()) if isinstance(zero, flint.arb) else int(zero.p) / int(zero.q)


# -------------------------------------------------------------------------------- numerically


def from_contour(relation: Relation, n: int) -> list[Scalar]:
    """The trapezoidal rule on a circle around 0; the lower half follows by reflection."""
    below, above = _gap_in_support(relation)
    radius = _RADIUS * min(-below, above)
    points = _POINTS + n
    angles = np.pi * (2 * np.arange(points) + 1) / (2 * points)
    circle = radius * np.exp(1j * angles)
    g = transforms(relation, circle).g
    if np.isnan(g).any():
        where = circle[np.isnan(g)]
        raise ConvergenceError("G has no verified value on a circle around 0", where.tolist())
    powers = circle[None, :] ** -np.arange(n)[:, None]
    return [float(value) for value in -(powers * g).real.mean(axis=1)]
