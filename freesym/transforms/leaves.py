"""The polynomial of a leaf, from its one defining relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from freesym.algebra.elimination import eliminated, squarefree
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient
from freesym.errors import DegreeError, NotAlgebraicError, UnsupportedOperationError
from freesym.lazy import LazyModule
from freesym.parameters import is_expression
from freesym.relations.formula import evaluate
from freesym.relations.leaf import CauchyLeaf, CurveLeaf, Leaf, RTransformLeaf, STransformLeaf
from freesym.spectrum.expansions import admit_symbols
from freesym.transforms.coordinates import Chart, Pair
from freesym.transforms.parameters import Parameters
from freesym.transforms.radicals import RadicalField

sympy: Any = LazyModule("sympy")

_PAIRS: dict[str, Pair] = {"g": "rg", "psi": "sp", "w": "gw", "s": "gw"}


def leaf_chart(leaf: Leaf, parameters: Parameters, max_degree: int | None = None) -> Chart:
    """A polynomial that vanishes on the leaf's curve, in the coordinates of its chart.

    It may have other factors, where the leaf has radicals.

    Raises
    ------
    NotAlgebraicError
        If the leaf states its curve by functions that are not algebraic.
    """
    names = ("a", "b", "t", *parameters.names)
    pair = _PAIRS[leaf.chart]
    masses = getattr(leaf, "exact_masses", None)
    if masses is not None:
        return Chart(_atomic(masses(), parameters, names), "gw")
    if parameters.atoms:
        admit_symbols()
    field = RadicalField(parameters, max_degree)
    try:
        polynomial = _graph(leaf, field, pair)
    except DegreeError:
        raise
    except (NotAlgebraicError, UnsupportedOperationError) as error:
        raise NotAlgebraicError(
            f"{leaf!r} has no algebraic equation: {error}; expressions that contain it have "
            "none either, but their density, moments and transforms are there"
        ) from error
    kept = polynomial.in_ring(names)
    return Chart(kept.primitive_part("a", "b"), pair)


def _graph(leaf: Leaf, field: RadicalField, pair: Pair) -> Polynomial:
    """``a`` as the function of ``b`` the leaf states; on a parametrised curve both of ``s``."""
    a, b = field.generator("a"), field.generator("b")
    if isinstance(leaf, CurveLeaf):
        s = field.generator("s")
        w, g, _ = leaf.curve(s)
        return squarefree(eliminated(_equation(field, a, g), _equation(field, b, w), "s"))
    return squarefree(_equation(field, a, _defining_value(leaf, b)))


def _defining_value(leaf: Leaf, x: Any) -> Any:
    """The value of the transform the leaf states, at the coordinate of its chart."""
    expression = getattr(leaf, "expression", None)
    if is_expression(expression):
        return evaluate(expression, leaf.symbol, x)  # type: ignore[attr-defined]
    match leaf:
        case RTransformLeaf():
            return leaf.r_transform(x)
        case STransformLeaf():
            return leaf.s_transform(x)
        case CauchyLeaf():
            return leaf.transform(x)[0]
    return leaf.state(x).g


def _equation(field: RadicalField, generator: Any, value: Any) -> Polynomial:
    difference = generator.quotient - field.quotient(value)
    return field.without_radicals(difference.numerator)


def _atomic(
    masses: Mapping[Any, Any], parameters: Parameters, names: tuple[str, ...]
) -> Polynomial:
    """``g prod (w - x) = sum p prod (w - y)``, the sum by halves."""
    a, b = Quotient.generators(names)[:2]
    terms = [
        parameters.quotient(p, names) / (b - parameters.quotient(x, names))
        for x, p in masses.items()
    ]
    while len(terms) > 1:
        terms = [sum(terms[i + 1 : i + 2], start=terms[i]) for i in range(0, len(terms), 2)]
    return (a - terms[0]).numerator.primitive()
