"""Values from those of the parts, where the tree has none: on edges, and at 0.

Densities and ``E log|x - X|`` pass through scalings, shifts and mixtures, and the latter at 0
through inverses, squares and free products, whose determinants multiply (Fuglede & Kadison,
Annals of Math. 55, 1952, theorem 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from freesym.algebra.balls import working_precision
from freesym.algebra.constants import real_ball
from freesym.errors import PrecisionError
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.solve.contours import contour
from freesym.solve.measures import Pushed, exact_measure
from freesym.spectrum.certified_numbers import bits_for, exact_real, is_known, refined

#: A summand: its weight, the law, the point.
Term = tuple[Any, Relation, Any]
#: The density or the potential of a law at a point to so many digits.
Value = Callable[[Relation, Any, int], Any]
#: More digits for terms that cancel: at first, and beyond twice the digits asked for.
_SPARE, _MOST_SPARE = 4, 64


def has_determinant_of_parts(relation: Relation) -> bool:
    """Whether the log-determinant follows from those of the parts at once."""
    return bool(_terms_at_zero(relation)) or _function_of(relation) is not None


def _function_of(relation: Relation) -> Pushed | None:
    measure = exact_measure(relation) if isinstance(relation, Leaf) else None
    return measure if isinstance(measure, Pushed) else None


def potential_from_parts(relation: Relation, x: Any, digits: int, potential: Value) -> Any:
    """``E log|x - X|`` as a ball; None if the parts do not determine it.

    Parameters
    ----------
    relation : Relation
    x : Fraction or SymPy number
    digits : int
    potential : callable
        The potential of the parts.

    Raises
    ------
    PrecisionError
        If the terms cancel.
    """
    if _is_uniform(relation):
        return _at_an_end(relation, x, digits)
    measure = _function_of(relation)
    if measure is not None:
        return _of_function(measure, x, digits)
    terms = _terms(relation, x) or (_terms_at_zero(relation) if x == 0 else [])
    if not terms:
        return None
    spare = _SPARE
    while spare <= 2 * digits + _MOST_SPARE:
        values = [potential(part, point, digits + spare) for _, part, point in terms]
        with working_precision(bits_for(digits + spare) + 32):
            total = _constant(relation)
            for (weight, _, _), value in zip(terms, values, strict=True):
                total = total + real_ball(weight) * value
            if total.is_nan():
                raise PrecisionError("the log-potentials of the parts are infinite")
            if not total.is_finite() or is_known(total, bits_for(digits)):
                return total
        spare *= 4
    raise PrecisionError("the log-potentials of the parts cancel")


def density_from_parts(relation: Relation, x: Any, digits: int, density: Value) -> Any:
    """The density as a ball; None if the parts do not determine it.

    At the ends of a uniform law it is the boundary value of ``-Im G/pi``, half of that inside.
    """
    if _is_uniform(relation) and _is_end(relation, x):
        with working_precision(bits_for(digits) + 32):
            length = real_ball(relation.b) - real_ball(relation.a)  # type: ignore[attr-defined]
            return 1 / (2 * length)
    terms = _terms(relation, x)
    if not terms:
        return None
    values = [density(part, point, digits + _SPARE) for _, part, point in terms]
    with working_precision(bits_for(digits) + 32):
        weights = [abs(real_ball(weight)) for weight in _weights(relation)]
        return sum((p * value for p, value in zip(weights, values, strict=True)), real_ball(0))


def _weights(relation: Relation) -> Sequence[Any]:
    """Of the densities, which are not negative, so that nothing cancels."""
    if isinstance(relation, nodes.Affine):
        return [1 / real_ball(relation.scale)]
    assert isinstance(relation, nodes.Mixture)
    return relation.weights


def _terms(relation: Relation, x: Any) -> list[Term]:
    match relation:
        case nodes.Affine():
            scale, shift = exact_real(relation.scale), exact_real(relation.shift)
            return [(1, relation.child, (x - shift) / scale)]
        case nodes.Mixture():
            parts = zip(relation.weights, relation.components, strict=True)
            return [(weight, part, x) for weight, part in parts]
    return []


def _terms_at_zero(relation: Relation) -> list[Term]:
    zero = Fraction(0)
    match relation:
        case nodes.Multiplicative():
            pairs = zip(relation.powers, relation.factors, strict=True)
            return [(power, factor, zero) for power, factor in pairs]
        case nodes.RealMultiplicative():
            return [(1, child, zero) for child in relation.children]
        case nodes.NegativeInverse():
            return [(-1, relation.child, zero)]
        case nodes.SymmetricSquare():
            return [(2, relation.child, zero)]
    return []


def _constant(relation: Relation) -> Any:
    """What a scale adds."""
    scale = relation.scale if isinstance(relation, nodes.Affine) else 1
    return abs(real_ball(scale)).log()


def _at_an_end(relation: Any, x: Any, digits: int) -> Any:
    """``((x - a) log|x - a| - (x - b) log|x - b|)/(b - a) - 1``, one term of which is 0."""
    if not _is_end(relation, x):
        return None
    with working_precision(2 * bits_for(digits) + 64):
        return (real_ball(relation.b) - real_ball(relation.a)).log() - 1


def _of_function(measure: Pushed, x: Any, digits: int) -> Any:
    compute = _log_of_function if x == 0 else _at_a_value
    return refined(
        lambda bits: compute(measure, real_ball(x)),
        digits,
        lambda: "the log-potential of a function",
        is_known,
    )


def _at_a_value(measure: Pushed, x: Any) -> Any:
    return contour(measure, x).potential().real


def _log_of_function(measure: Pushed, zero: Any) -> Any:
    """``E log|f(X)|``, by the factors of ``f``: powers and exponentials have no logarithm at 0."""
    f = measure.function
    if measure.symbol not in f.free_symbols:
        return abs(real_ball(f)).log()
    if f.is_Mul:
        parts = (Pushed(factor, measure.base, measure.symbol) for factor in f.args)
        return sum((_log_of_function(part, zero) for part in parts), zero)
    if f.is_Pow and f.exp.is_Rational:
        base = Pushed(f.base, measure.base, measure.symbol)
        return real_ball(f.exp) * _log_of_function(base, zero)
    if type(f).__name__ == "exp":
        return Pushed(f.args[0], measure.base, measure.symbol).mean()
    return _at_a_value(measure, zero)


def _is_uniform(relation: Relation) -> bool:
    return type(relation).__name__ == "Uniform"


def _is_end(relation: Any, x: Any) -> bool:
    return x in (exact_real(relation.a), exact_real(relation.b))
