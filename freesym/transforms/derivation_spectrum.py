"""The last steps of a derivation: the branch, the density, atoms, edges and exponents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sympy

from freesym.errors import FreesymError, UnboundParameterError
from freesym.spectrum.atoms import atoms
from freesym.transforms import derivation_sources as sources
from freesym.transforms.candidates import check_discriminant, singular_factors
from freesym.transforms.curve import Curve
from freesym.transforms.densities import density_formula
from freesym.transforms.derivation_notation import Notation, Step, equal
from freesym.transforms.edges import edge_exponents
from freesym.transforms.parametric import ParametricDensity
from freesym.transforms.power_products import power_chart, square_chart
from freesym.transforms.supports import exact_support
from freesym.transforms.transform import transform

_LARGEST_NUMBER, _LARGEST_DISCRIMINANT, _MOST_TERMS, _MOST_OPERATIONS = 8, 8, 60, 1500
_SHORT = 6
#: What the functions of this room raise where there is no formula.
_NO_FORMULA = (FreesymError, ArithmeticError, NotImplementedError, TypeError, ValueError)

Found = list[Step] | str


def spectrum_steps(law: Any, notation: Notation, curve: Curve | None) -> Iterator[Found]:
    """Steps, or why there are none."""
    yield _tried("closed form of G", lambda: _closed_form(law, notation))
    yield _tried("formula of the density", lambda: _density(notation))
    yield _tried("list of atoms", lambda: _atoms(notation))
    if curve is not None:
        yield _tried("discriminant", lambda: _discriminant(notation, curve))
        if curve.polynomial.degree("g") > _LARGEST_DISCRIMINANT and not _has_chart(notation):
            yield (
                "The exact edges and their exponents come from the discriminant of a large "
                "polynomial; they are left to edges(exact=True), which may take long."
            )
            return
    yield _tried("exact support", lambda: _support(notation))
    yield _tried("list of local exponents", lambda: _exponents(notation))


def _has_chart(notation: Notation) -> bool:
    """Whether edges are critical points of a product of powers, without a discriminant."""
    return power_chart(notation.root) is not None or square_chart(notation.root) is not None


def _tried(name: str, make: Callable[[], Found]) -> Found:
    try:
        return make()
    except UnboundParameterError as error:
        return f"No {name} for all values of the parameters: {error}."
    except _NO_FORMULA as error:
        return f"No {name}: {error}."


def _closed_form(law: Any, notation: Notation) -> Found:
    z = notation.variable("z")
    found = transform(law, "G", z)
    if not found.is_closed_form:
        return "No closed form of G was found; values come from the verified solver."
    if sympy.count_ops(found.expression) > _MOST_OPERATIONS:
        return "The closed form of G is too long to be shown; see transform_formula."
    equation = equal(notation("G", notation.root)(z), found.expression)
    words = [(f"{found.source[0].upper()}{found.source[1:]}; it holds {found.domain}. Among the "
             "zeros it is the one that agrees with verified values there.")]  # fmt: skip
    source = "G(z) ~ 1/z at infinity, continued; square roots have their cuts on the real line"
    return [notation.step(["The branch: closed form of G"], words, [equation], source)]


# ----------------------------------------------------------------------------------- density


def _density(notation: Notation) -> Found:
    x = notation.variable("x")
    found = density_formula(notation.root, x)
    if isinstance(found, ParametricDensity):
        return [_parametric(piece, notation) for piece in found.pieces]
    if found == 0:
        return []
    equation = equal(sympy.Function("f")(x), found)
    words = [("The density of the continuous part, from the zeros of the polynomial that are not "
             "real, or by the law's own formula; compared with the solver inside and outside of "
             "the support.")]  # fmt: skip
    return [notation.step(["The density"], words, [equation], sources.INVERSION)]


def _parametric(piece: ParametricDensity, notation: Notation) -> Step:
    x, gamma = notation.variable("x"), notation.variable("gamma")
    names = {piece.parameter: gamma}
    place, height = piece.x.subs(names), piece.density.subs(names)
    low, high = (sympy.sympify(end).subs(names) for end in piece.interval)
    repeated, (short, lower) = _shared([place, height], {*place.free_symbols, x})
    equations = [equal(name, value) for name, value in repeated]
    equations += [equal(x, short), equal(sympy.Function("f")(x), lower)]
    known: dict[Any, Any] = {}
    for name, value in repeated:
        known[name] = value.xreplace(known)
    words = [("The curve on which z is real, in polar coordinates around a zero of z as a function "
             "of the chart; the parameter "), gamma, " runs from ", low, " to ", high,
             ", from the lower to the upper end of the support."]  # fmt: skip
    return notation.step(
        ["The density along a parameter"], words, equations, sources.INVERSION,
        interval=(low, high), definitions={**known, x: place},
    )  # fmt: skip


def _shared(expressions: list[Any], taken: set[Any]) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """The expressions with what occurs in them several times, if it is long, given a name."""
    names = {symbol.name for symbol in taken}
    free = (s for s in sympy.numbered_symbols("a") if s.name not in names)
    found, short = sympy.cse(expressions, symbols=free, order="none")
    small = {name: value for name, value in found if sympy.count_ops(value) <= _SHORT}
    small = {name: value.subs(small) for name, value in small.items()}

    def written(expression: Any) -> Any:
        for _ in small:
            expression = expression.xreplace(small)
        return expression

    long = [(name, written(value)) for name, value in found if name not in small]
    return long, [written(expression) for expression in short]


# ----------------------------------------------------------------------------------- atoms, edges


def _atoms(notation: Notation) -> Found:
    found = atoms(notation.root)
    if not found:
        return "There are no atoms."
    mu = sympy.Function("mu")
    equations = [equal(mu(sympy.FiniteSet(a)), sympy.sympify(p)) for a, p in found.items()]
    words = ["Beside the density there are point masses."]
    return [notation.step(["Atoms"], words, equations, sources.ATOMS)]


def _discriminant(notation: Notation, curve: Curve) -> Found:
    degree = curve.polynomial.degree("g")
    if not 1 < degree <= _LARGEST_DISCRIMINANT:
        return []
    check_discriminant(curve)
    factors = singular_factors(curve)
    if not factors or sum(map(len, factors)) > _MOST_TERMS:
        return []
    edge = notation.variable("edge")
    shown = [curve.to_sympy(f, {"w": edge}) for f in factors]
    words = [
        ("Two zeros of the polynomial meet, or one is infinite, where its discriminant or its "
         "leading coefficient vanishes. Every edge "), edge, " is among these points.",
    ]  # fmt: skip
    equation = equal(sympy.Mul(*shown, evaluate=False), 0)
    return [notation.step(["Candidates for edges"], words, [equation], sources.EDGES)]


def _support(notation: Notation) -> Found:
    intervals = exact_support(notation.root)
    if not intervals:
        return []
    parts = [sympy.Interval(low, high) for low, high in intervals]
    whole = parts[0] if len(parts) == 1 else sympy.Union(*parts, evaluate=False)
    if not all(isinstance(part, sympy.Interval) for part in parts):
        return "The support is known, but the order of its edges depends on the parameters."
    words = ["The candidates that the solver finds as ends of the support of the continuous part."]
    return [notation.step(["The support"], words, [whole], sources.EDGES)]


def _exponents(notation: Notation) -> Found:
    ends = [end for interval in exact_support(notation.root) for end in interval]
    degree = max((r.poly.degree() for e in ends for r in e.atoms(sympy.CRootOf)), default=1)
    if degree > _LARGEST_NUMBER:
        return (f"The local exponents at edges of degree {degree} are left to edge_exponents(), "
                "which may take long.")  # fmt: skip
    found = edge_exponents(notation.root)
    if not found:
        return []
    # algebraic numbers have a plain x in them, which is another symbol than this one
    x, f = sympy.Symbol(notation.variable("x").name, real=True), sympy.Function("f")
    equations = []
    for edge, side, exponent in found:
        ratio = sympy.log(f(x)) / sympy.log(sympy.Abs(x - edge))
        limit = sympy.Limit(ratio, x, edge, "+" if side == "right" else "-")
        equations.append(equal(limit, sympy.sympify(exponent)))
    words = ["The density behaves as a power of the distance: 1/2 at a soft edge, 1/3 at a cusp."]
    return [notation.step(["Local exponents"], words, equations, sources.PUISEUX)]
