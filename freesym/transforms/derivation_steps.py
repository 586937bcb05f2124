"""The first steps of a derivation: what the laws state, and how operations combine it."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import sympy

from freesym.errors import FreesymError
from freesym.relations import nodes
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.relations.simplify import Constant
from freesym.spectrum.expansions import admit_symbols
from freesym.spectrum.expansions import exact as with_rationals
from freesym.transforms import derivation_sources as sources
from freesym.transforms.closed_forms import admit_expressions
from freesym.transforms.derivation_notation import Notation, Step, equal, native_letter
from freesym.transforms.derivation_text import functions_in
from freesym.transforms.formulas import symbolic

_STATED = {"R": "R-transform", "S": "S-transform", "G": "Cauchy transform"}
_NO_FORMULA = (ArithmeticError, AttributeError, FreesymError, NotImplementedError, TypeError,
               ValueError)  # fmt: skip


# ----------------------------------------------------------------------------------- definitions


def definitions(notation: Notation, steps: list[Step]) -> Step:
    """The transforms that the steps use, by one law that has each of them."""
    used: dict[str, str] = {}
    for step in steps:
        for name in sorted({n for e in step.equations for n in functions_in(e)}):
            letter, _, key = name.partition("_")
            if letter not in used or key == "":
                used[letter] = key
    z, g = notation.variable("z"), {key: notation("G", r) for r, key in notation.keys.items()}
    relations = {key: r for r, key in notation.keys.items()}
    equations = [
        _definition(letter, notation(letter, relations[used[letter]]), g[used[letter]](z), z,
                    notation.meaning.ratio)
        for letter in "MRSFBC" if letter in used
    ]  # fmt: skip
    words: list[Any] = [(
        "Every law has its Cauchy transform G(z) = E 1/(z - X) on the upper half-plane; for "
        "large z the other transforms follow from it."
    )]  # fmt: skip
    if not equations:
        equations = [equal(z * notation("G", notation.root)(z) - 1,
                           notation("M", notation.root)(1 / z))]  # fmt: skip
        words.append(" M is the series of the moments, m_1 z + m_2 z^2 + ...")
    return notation.step(["Transforms"], words, equations, sources.DEFINITION)


def _definition(letter: str, function: Any, g: Any, z: Any, ratio: Any) -> Any:
    match letter:
        case "M":
            return equal(function(1 / z), z * g - 1)
        case "R":
            return equal(function(g), z - 1 / g)
        case "S":
            return equal(function(z * g - 1), g / (z * g - 1))
        case "F":
            return equal(function(z), 1 / g)
        case "B":
            return equal(function(z), z - 1 / g)
    return equal(function(g * (1 + sympy.sympify(ratio) * (z * g - 1))), z * g - 1)


# ----------------------------------------------------------------------------------- leaves


def stated(leaf: Leaf, notation: Notation) -> tuple[Any, Any] | None:
    """The transform a leaf states, at its variable, and its formula; None without a formula.

    The formula is the leaf's own rule run on a SymPy symbol.
    """
    admit_symbols()
    admit_expressions()
    try:
        left, right = _stated(leaf, notation)
    except _NO_FORMULA:
        return None
    return None if right.has(sympy.Float) else (left, right)


def _stated(leaf: Leaf, notation: Notation) -> tuple[Any, Any]:
    masses = getattr(leaf, "exact_masses", None)
    letter = native_letter(leaf)
    x = notation.variable({"R": "w", "S": "m", "G": "z"}[letter])
    if masses is not None:
        terms = [sympy.sympify(p) / (x - sympy.sympify(a)) for a, p in masses().items()]
        return notation("G", leaf)(x), sympy.Add(*terms)
    exact: Any = symbolic(with_rationals(leaf))
    if leaf.chart == "s":
        state = exact.state(notation.variable("s"))
        return notation("G", leaf)(state.w), state.g
    state = exact.state(x)
    value = {"R": state.r, "S": state.s, "G": state.g}[letter]
    # R is taken at values of G, in the lower half-plane
    value = value.subs(sympy.sign(sympy.im(x)), -1) if letter == "R" else value
    return notation(letter, leaf)(x), value


def leaf_step(leaf: Leaf, notation: Notation) -> Step:
    """The defining relation of a law."""
    heading = ["The law ", notation.law(leaf), " = ", leaf]
    found = stated(leaf, notation)
    source = sources.source_of_leaf(leaf)
    if isinstance(leaf, Constant):
        heading, source = ["The constant ", sympy.sympify(leaf.value)], "definition"
    if found is None:
        z = notation.variable("z")
        relation = equal(z * notation("G", leaf)(z) - 1, notation("M", leaf)(1 / z))
        words = [("It is given by data or by a function: its Cauchy transform has no formula and "
                 "is computed by quadrature; M is the series of its moments.")]  # fmt: skip
        return notation.step(heading, words, [relation], source)
    left, right = found
    words = [f"It is stated by its {_STATED[native_letter(leaf)]}"]
    words.append(", along a parameter." if leaf.chart == "s" else ".")
    return notation.step(heading, words, [equal(left, right)], source)


# ----------------------------------------------------------------------------------- nodes


def node_step(relation: Relation, notation: Notation) -> Step:
    """The rule of an operation."""
    equation, words = rule(relation, notation)
    heading = ["The ", _KINDS[type(relation)], " ", notation.law(relation), " of "]
    for k, child in enumerate(relation.children):
        heading += ([", "] if k else []) + [notation.law(child)]
    return notation.step(heading, words, [equation], sources.source_of_rule(relation))


_KINDS: dict[type, str] = {
    nodes.Additive: "free sum", nodes.Multiplicative: "free product",
    nodes.RealMultiplicative: "free product", nodes.Mixture: "mixture",
    nodes.Boolean: "Boolean sum", nodes.Monotone: "monotone convolution",
    nodes.Rectangular: "rectangular free sum", nodes.Affine: "affine image",
    nodes.NegativeInverse: "negative inverse", nodes.SymmetricSquare: "square",
    nodes.Reshape: "reshaped law", nodes.CompoundPoisson: "compound free Poisson law",
}  # fmt: skip


@singledispatch
def rule(relation: Any, notation: Notation) -> tuple[Any, list[Any]]:
    """The equation by which a node combines its children, and its words."""
    raise NotImplementedError


@rule.register
def _(relation: nodes.Additive, notation: Notation) -> tuple[Any, list[Any]]:
    w = notation.variable("w")
    terms = zip(relation.terms, relation.powers, strict=True)
    total = sympy.Add(*(sympy.sympify(t) * notation("R", r)(w) for r, t in terms))
    words = ["R-transforms of free variables add"]
    words += _powers(relation.powers, "multiplied by ")
    return equal(notation("R", relation)(w), total), words


@rule.register
def _(relation: nodes.Multiplicative, notation: Notation) -> tuple[Any, list[Any]]:
    m = notation.variable("m")
    factors = zip(relation.factors, relation.powers, strict=True)
    product = sympy.Mul(*(notation("S", r)(m) ** sympy.sympify(t) for r, t in factors))
    words = ["S-transforms of free variables multiply"]
    words += _powers(relation.powers, "raised to ")
    return equal(notation("S", relation)(m), product), words


def _powers(powers: tuple[Any, ...], verb: str) -> list[Any]:
    if all(t == 1 for t in powers):
        return ["."]
    shown = [sympy.sympify(t) for t in powers]
    words: list[Any] = [f"; equal ones are counted, and powers are {verb}"]
    for k, t in enumerate(shown):
        words += ([", "] if k else []) + [t]
    return [*words, "."]


@rule.register
def _(relation: nodes.RealMultiplicative, notation: Notation) -> tuple[Any, list[Any]]:
    m = notation.variable("m")
    product = sympy.Mul(*(notation("S", r)(m) for r in relation.children))
    words = [(
        "S-transforms multiply, also with one law on the whole line; for a law of mean 0, S is "
        "the branch whose point (1 + m)/(m S(m)) lies in the upper half-plane."
    )]  # fmt: skip
    return equal(notation("S", relation)(m), product), words


@rule.register
def _(relation: nodes.Mixture, notation: Notation) -> tuple[Any, list[Any]]:
    z = notation.variable("z")
    pairs = zip(relation.components, relation.weights, strict=True)
    total = sympy.Add(*(sympy.sympify(p) * notation("G", r)(z) for r, p in pairs))
    return equal(notation("G", relation)(z), total), ["Cauchy transforms are averaged."]


@rule.register
def _(relation: nodes.Boolean, notation: Notation) -> tuple[Any, list[Any]]:
    z = notation.variable("z")
    total = sympy.Add(*(notation("B", r)(z) for r in relation.terms))
    return equal(notation("B", relation)(z), total), ["The transforms B = z - 1/G add."]


@rule.register
def _(relation: nodes.Monotone, notation: Notation) -> tuple[Any, list[Any]]:
    z = notation.variable("z")
    inner = notation("F", relation.inner)(z)
    found = equal(notation("F", relation)(z), notation("F", relation.outer)(inner))
    return found, ["Reciprocal Cauchy transforms F = 1/G are composed."]


@rule.register
def _(relation: nodes.Rectangular, notation: Notation) -> tuple[Any, list[Any]]:
    h = notation.variable("h")
    total = sympy.Add(*(notation("C", r)(h) for r in relation.terms))
    words = ["Rectangular R-transforms add, at the ratio ", sympy.sympify(relation.ratio), "."]
    return equal(notation("C", relation)(h), total), words


@rule.register
def _(relation: nodes.Affine, notation: Notation) -> tuple[Any, list[Any]]:
    a, b = sympy.sympify(relation.scale), sympy.sympify(relation.shift)
    letter = native_letter(relation)
    x = notation.variable({"R": "w", "S": "m", "G": "z"}[letter])
    inner = notation(letter, relation.child)
    value = {"R": lambda: a * inner(a * x) + b, "S": lambda: inner(x) / a,
             "G": lambda: inner((x - b) / a) / a}[letter]()  # fmt: skip
    words = ["The variable is multiplied by ", a, " and shifted by ", b, "."]
    return equal(notation(letter, relation)(x), value), words


@rule.register
def _(relation: nodes.NegativeInverse, notation: Notation) -> tuple[Any, list[Any]]:
    z = notation.variable("z")
    value = 1 / z + notation("G", relation.child)(-1 / z) / z**2
    words = [("The law of -1/X, which keeps the upper half-plane: 1/(z + 1/X) is "
             "1/z + 1/(z^2 (-1/z - X)).")]  # fmt: skip
    return equal(notation("G", relation)(z), value), words


@rule.register
def _(relation: nodes.SymmetricSquare, notation: Notation) -> tuple[Any, list[Any]]:
    z = notation.variable("z")
    root = sympy.sqrt(z)
    value = notation("G", relation.child)(root) / root
    return equal(notation("G", relation)(z), value), ["The law of X^2 for a symmetric X."]


@rule.register
def _(relation: nodes.Reshape, notation: Notation) -> tuple[Any, list[Any]]:
    ratio = sympy.sympify(relation.ratio)
    words = [("From the law of J J^T to that of J^T J: zeros are added or removed until the rest "
             "is the part "), ratio, " of the old law's."]  # fmt: skip
    if native_letter(relation) == "S":
        m = notation.variable("m")
        value = (1 + m) / (ratio + m) * notation("S", relation.child)(m / ratio)
        return equal(notation("S", relation)(m), value), words
    z = notation.variable("z")
    value = ratio * notation("G", relation.child)(z) + (1 - ratio) / z
    return equal(notation("G", relation)(z), value), words


@rule.register
def _(relation: nodes.CompoundPoisson, notation: Notation) -> tuple[Any, list[Any]]:
    w, rate = notation.variable("w"), sympy.sympify(relation.rate)
    value = rate * notation("M", relation.jumps)(w) / w
    words = ["Its free cumulants are the moments of the jumps, multiplied by the rate ", rate, "."]
    return equal(notation("R", relation)(w), value), words


# ----------------------------------------------------------------------------------- implicit


def implicit_step(relation: Any, notation: Notation) -> Step | None:
    """The equation of a sum or product whose law has no polynomial, by subordination."""
    match relation:
        case nodes.Additive():
            parts = zip(relation.terms, relation.powers, strict=True)
            equation = _implicit(relation, list(parts), notation, "R")
        case nodes.Multiplicative():
            parts = zip(relation.factors, relation.powers, strict=True)
            equation = _implicit(relation, list(parts), notation, "S")
        case nodes.RealMultiplicative():
            equation = _implicit(relation, [(r, 1) for r in relation.children], notation, "S")
        case _:
            return None
    if equation is None:
        return None
    heading = ["The implicit equation of ", notation.law(relation)]
    words = [("Put into the definitions, the relations above determine G: the one solution whose "
             "points all lie in the upper half-plane.")]  # fmt: skip
    return notation.step(heading, words, [equation], sources.SUBORDINATION)


def _implicit(
    relation: Relation, parts: list[tuple[Relation, Any]], notation: Notation, letter: str
) -> Any:
    z = notation.variable("z")
    g = notation("G", relation)(z)
    hard = [(r, t) for r, t in parts if native_letter(r) != letter]
    if len(hard) > 1 or any(t != 1 for _, t in hard):
        return None
    easy = [(r, sympy.sympify(t)) for r, t in parts if native_letter(r) == letter]
    if letter == "R":
        total = sympy.Add(*(t * _at(r, g, letter, notation) for r, t in easy))
        if not hard:
            return equal(z, total + 1 / g)
        return equal(g, _at(hard[0][0], z - total, "G", notation))
    psi = z * g - 1
    product = sympy.Mul(*(_at(r, psi, letter, notation) ** t for r, t in easy))
    if not hard:
        return equal(g, psi * product)
    return equal(g, product * _at(hard[0][0], z * product, "G", notation))


def _at(relation: Relation, argument: Any, letter: str, notation: Notation) -> Any:
    """A transform at an argument: its formula where that holds everywhere."""
    found = stated(relation, notation) if isinstance(relation, Leaf) else None
    if found is not None and native_letter(relation) == letter:
        (variable,) = found[0].args
        formula = found[1]
        if letter == "G" or formula.is_rational_function(variable):
            return formula.subs(variable, argument)
    return notation(letter, relation)(argument)
