"""Exact power series of the relations a tree is made of.

The formula of a leaf runs on :class:`freesym.algebra.series.Series` as it runs on complex
numbers; what a leaf states is its own chart, so the Taylor coefficients follow without solving
anything: those of ``R`` are free cumulants, those of ``psi(1/z)`` moments.
"""

from __future__ import annotations

import dataclasses
import math
import operator
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from freesym.algebra.coefficients import Scalar, is_symbolic
from freesym.algebra.series import Series
from freesym.errors import UnsupportedOperationError
from freesym.relations import functions, nodes
from freesym.relations.leaf import CauchyLeaf, Leaf, RTransformLeaf, STransformLeaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant

_FAILURES = (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError)


def _refuse_sign(x: Series) -> Any:
    raise UnsupportedOperationError(f"a power series has no imaginary part: {x}")


functions.log.register(Series, Series.log)
functions.exp.register(Series, Series.exp)
functions.sqrt.register(Series, Series.sqrt)
functions.sign_of_imaginary_part.register(Series, _refuse_sign)


@functions.coefficients.register
def _(like: Series, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


@functions.pick_smaller.register
def _(x: Series, y: Any, a: Any, b: Any) -> Any:
    return a


def admit_symbols() -> None:
    """Let the formulas of leaves take logarithms and roots of symbolic parameters."""
    sympy = sys.modules["sympy"]
    for name in ("log", "exp", "sqrt"):
        function = getattr(functions, name)
        if function.dispatch(sympy.Expr) is function.dispatch(object):
            function.register(sympy.Expr, getattr(sympy, name))


# ------------------------------------------------------------------------------ exact parameters


def exact(relation: Relation) -> Relation:
    """Return the relation with every float parameter replaced by the rational number it is.

    Integers become Fractions too, so that no quotient of them is rounded, except in laws, whose
    integers may count something.
    """
    counting = isinstance(relation, Leaf) and not isinstance(relation, Constant)
    return _copied(relation, _rational if counting else _fraction)


def _copied(relation: Relation, convert: Callable[[Any], Any]) -> Relation:
    """Copy the fields alone: rounding must not be caught by the checks of a constructor."""
    names = [field.name for field in dataclasses.fields(relation)]  # type: ignore[arg-type]
    copy = object.__new__(type(relation))
    for name in names:
        object.__setattr__(copy, name, _converted(getattr(relation, name), convert))
    # what has not changed keeps its tables
    changed = any(getattr(copy, name) is not getattr(relation, name) for name in names)
    return copy if changed else relation


def _converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(value, Relation):
        return exact(value)
    if isinstance(value, tuple):
        items = tuple(_converted(item, convert) for item in value)
        return value if all(map(operator.is_, items, value)) else items
    return convert(value)


def _rational(value: Any) -> Any:
    return Fraction(value) if isinstance(value, float) and math.isfinite(value) else value


def _fraction(value: Any) -> Any:
    return Fraction(value) if type(value) is int else _rational(value)


def parameters_of(relation: Relation) -> list[Any]:
    """Return every field of the tree that is neither a relation nor a tuple."""
    fields = dataclasses.fields(relation)  # type: ignore[arg-type]
    return [leaf for f in fields for leaf in _flattened(getattr(relation, f.name))]


def _flattened(value: Any) -> list[Any]:
    if isinstance(value, Relation):
        return parameters_of(value)
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in _flattened(item)]
    return [value]


# --------------------------------------------------------------------------------- Taylor series


def taylor(function: Callable[[Series], Any], n: int, centre: Scalar = 0) -> list[Scalar]:
    """Return the first ``n`` Taylor coefficients of a function at ``centre``.

    Raises
    ------
    UnsupportedOperationError
        If the function cannot be evaluated on series, or is not analytic there.

    Examples
    --------
    >>> print(*taylor(lambda z: 1 / (2 - z), 3, centre=1))
    1 1 1
    """
    failure: Exception | None = None
    # cancellations and poles use up terms: start with one more than needed
    for order in (n + 1, n + 4, 2 * n + 16):
        try:
            series = _evaluated(function, max(2, order), centre)
        except _FAILURES as reason:
            failure = reason
            continue
        if series.order >= n:
            return _regular_coefficients(series, n)
    raise UnsupportedOperationError(
        f"no expansion into a power series: {failure or 'all terms cancel'}"
    ) from failure


def _evaluated(function: Callable[[Series], Any], order: int, centre: Scalar) -> Series:
    value = function(Series.variable(order).native() + Series.constant(centre, order))
    return value if isinstance(value, Series) else Series.constant(value, order)


def _regular_coefficients(series: Series, n: int) -> list[Scalar]:
    for k, value in enumerate(series.coefficients):
        exponent = series.valuation + k * series.step
        if value != 0 and (exponent < 0 or exponent.denominator != 1):
            raise UnsupportedOperationError(
                f"no expansion into a power series: the formula is singular, like z**{exponent}"
            )
    values = series.coefficient_list(0, n)
    return _real(values) if any(isinstance(v, complex) for v in values) else values


def _real(values: list[Scalar]) -> list[Scalar]:
    """Coefficients of a real function, without the rounding of a way through complex numbers."""
    noise = 1e-13 * max(abs(complex(v)) for v in values)
    if any(abs(complex(v).imag) > noise for v in values):
        return values
    return [v.real if isinstance(v, complex) else v for v in values]


def _formula(leaf: Leaf, name: str, argument: Any) -> Any:
    """Evaluate a formula of a leaf, with Fractions for integers unless it needs them to count."""
    try:
        return getattr(_copied(leaf, _fraction), name)(argument)
    except TypeError:
        return getattr(leaf, name)(argument)


def r_series(leaf: RTransformLeaf, n: int) -> list[Scalar]:
    """Return ``kappa_1, ..., kappa_n``, the Taylor coefficients of ``R``."""
    return taylor(lambda g: _formula(leaf, "r_transform", g), n)


def s_series(leaf: STransformLeaf, n: int) -> list[Scalar]:
    """Return the first ``n`` Taylor coefficients of ``S``."""
    return taylor(lambda psi: _formula(leaf, "s_transform", psi), n)


def psi_series(leaf: CauchyLeaf, n: int) -> list[Scalar]:
    """Return ``m_1, ..., m_n``, the coefficients of ``psi`` at ``w = 1/z``."""
    return taylor(lambda z: _formula(leaf, "transform", 1 / z)[1], n + 1)[1:]


# ------------------------------------------------------------------ the S-transform of whole trees


def s_transform(relation: Relation, psi: Any) -> Any:
    """Evaluate the S-transform of a tree that is explicit in ``psi``, in any number system.

    Returns None if the tree is not.

    Notes
    -----
    ``S(psi) = (1 + psi)/(psi w)``; the rules are those of :mod:`freesym.relations.nodes`.
    ``S_(-1/X)(psi) = -1/S_X(-1 - psi)`` (Haagerup & Schultz 2007).
    """
    match relation:
        case Constant():
            return 1 / relation.value
        case STransformLeaf():
            return _formula(relation, "s_transform", psi)
        case nodes.Multiplicative():
            return _s_product(relation, psi)
        case nodes.Affine() if relation.shift == 0:
            return _after(relation.child, psi, lambda s: s / relation.scale)
        case nodes.NegativeInverse():
            return _after(relation.child, -1 - psi, lambda s: -1 / s)
        case nodes.Reshape():
            ratio = relation.ratio
            return _after(relation.child, psi / ratio, lambda s: (1 + psi) / (ratio + psi) * s)
        case nodes.CompoundPoisson():
            rate = relation.rate
            return _after(relation.jumps, psi / rate, lambda s: s / (rate + psi))
    return None


def _after(child: Relation, psi: Any, rule: Callable[[Any], Any]) -> Any:
    s = s_transform(child, psi)
    return None if s is None else rule(s)


def _s_product(relation: nodes.Multiplicative, psi: Any) -> Any:
    product: Any = 1
    for factor, power in zip(relation.factors, relation.powers, strict=True):
        s = s_transform(factor, psi)
        if s is None:
            return None
        product = product * s**power
    return product


def has_symbols(relation: Relation) -> bool:
    """Whether some parameter is a SymPy expression.

    The function of a law that states its moments is none: its symbol is bound.
    """
    if relation.children:
        return any(map(is_symbolic, _own_parameters(relation))) or any(
            map(has_symbols, relation.children)
        )
    bound = hasattr(relation, "known_moments") and not getattr(relation, "free_symbols", True)
    return any(
        is_symbolic(value) and not (bound and value.free_symbols)
        for value in parameters_of(relation)
    )


def _own_parameters(relation: Relation) -> list[Any]:
    """The parameters of a node without those of its children."""
    fields = dataclasses.fields(relation)  # type: ignore[arg-type]
    rows = (getattr(relation, f.name) for f in fields)
    items = (item for row in rows for item in (row if isinstance(row, tuple) else (row,)))
    return [item for item in items if not isinstance(item, (Relation, tuple))]
