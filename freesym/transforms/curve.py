"""The algebraic curve of a law: the irreducible polynomial of its Cauchy transform."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from freesym.algebra.elimination import eliminated, substituted
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.quotients import Quotient
from freesym.errors import ConvergenceError, InvalidLawError, NotAlgebraicError
from freesym.lazy import LazyModule
from freesym.parameters import as_count, is_expression, short
from freesym.relations.leaf import Leaf
from freesym.relations.relation import Relation
from freesym.spectrum.expansions import exact as with_rationals
from freesym.spectrum.expansions import parameters_of
from freesym.transforms.coordinates import Chart, moved
from freesym.transforms.degrees import MOST
from freesym.transforms.leaves import leaf_chart
from freesym.transforms.parameters import Parameters, check_exact, parameters_in
from freesym.transforms.selection import chosen, is_verified
from freesym.transforms.tree import Walk, postorder

sympy: Any = LazyModule("sympy")

Coordinates = Literal["zg", "zm", "wr", "ms"]


@dataclass(frozen=True)
class Curve:
    """The irreducible polynomial that ``(w, G(w))`` satisfies.

    Attributes
    ----------
    polynomial : Polynomial
        Irreducible and primitive, in the generators ``"w"``, ``"g"`` and one for each parameter.
    parameters : Parameters
        What the further generators stand for; ``parameters.names`` and ``parameters.atoms``.
    """

    polynomial: Polynomial
    parameters: Parameters

    def expression(self, coordinates: str, x: Any, y: Any) -> Any:
        """The polynomial as an expanded SymPy expression of ``x`` and ``y``.

        Parameters
        ----------
        coordinates : {"zg", "zm", "wr", "ms"}
            Of which transform: ``G``, ``M``, ``R`` or ``S``.
        x, y : SymPy symbols
            Its argument and its value.
        """
        for symbol in (x, y):
            if not is_expression(symbol):
                raise InvalidLawError(
                    f"{symbol!r} is not a SymPy expression; give symbols, "
                    "for example sympy.symbols('z g')"
                )
        if x == y:
            raise InvalidLawError(f"both variables are called {x}; give two symbols")
        if any(symbol in atom.free_symbols for symbol in (x, y) for atom in self.parameters.atoms):
            raise InvalidLawError(
                f"{x} or {y} is also a parameter of the law; choose other names for the variables"
            )
        polynomial = self.in_coordinates(coordinates)
        return self.to_sympy(polynomial, {"x": x, "y": y})

    def to_sympy(self, polynomial: Polynomial, symbols: dict[str, Any]) -> Any:
        """A polynomial in any ring with the parameters' generators as a SymPy expression."""
        known = dict(zip(self.parameters.names, self.parameters.atoms, strict=True)) | symbols
        terms = []
        for exponents, coefficient in polynomial.terms().items():
            named = zip(polynomial.names, exponents, strict=True)
            powers = [known[name] ** e for name, e in named if e]
            terms.append(sympy.Mul(sympy.Integer(coefficient), *powers))
        return sympy.Add(*terms)

    def in_coordinates(self, coordinates: str) -> Polynomial:
        """The irreducible polynomial in generators ``x``, ``y`` and the parameters'.

        Raises
        ------
        InvalidLawError
            If there are no such coordinates.
        """
        if coordinates not in ("zg", "zm", "wr", "ms"):
            raise InvalidLawError(
                f"there are no coordinates {coordinates!r}; "
                'choose "zg", "zm", "wr" or "ms" for the transforms G, M, R or S'
            )
        return _in_coordinates(self, coordinates)

    def degree(self, coordinates: str = "zg") -> tuple[int, int]:
        """The degrees of the polynomial in its two variables."""
        polynomial = self.in_coordinates(coordinates)
        return polynomial.degree("x"), polynomial.degree("y")


@lru_cache(maxsize=256)
def _in_coordinates(curve: Curve, coordinates: str) -> Polynomial:
    """``G(z)``; ``psi`` at ``w = 1/z``; ``r`` at ``g``; ``S`` at ``psi``."""
    rest = curve.parameters.names
    if coordinates == "zg":
        return curve.polynomial.in_ring(("x", "y", *rest), {"w": "x", "g": "y"})
    names = ("a", "b", "t", *rest)
    chart = Chart(curve.polynomial.in_ring(names, {"w": "b", "g": "a"}), "gw")
    found = moved(chart, {"zm": "pw", "wr": "rg", "ms": "sp"}[coordinates]).polynomial  # type: ignore[arg-type]
    if coordinates == "zm":
        b = Quotient.generators(names)[1]
        found = substituted(found, {"b": 1 / b}, [b.numerator])
    return found.in_ring(("x", "y", *rest), {"a": "y", "b": "x"}).primitive()


def algebraic_curve(relation: Relation, max_degree: int | None = None) -> Curve:
    """The curve of a relation with exact parameters.

    Parameters
    ----------
    relation : Relation
        Any tree; parameters are exact numbers or SymPy expressions.
    max_degree : int, optional
        The largest predicted degree to try.

    Returns
    -------
    Curve

    Raises
    ------
    NotAlgebraicError
        If some leaf or power has no algebraic equation.
    InvalidLawError
        If a parameter is a floating-point number.
    DegreeError
        If the predicted degree is too large.

    Examples
    --------
    >>> from freesym.laws import MarchenkoPastur, Semicircle
    >>> algebraic_curve((Semicircle() + MarchenkoPastur(2)).relation()).polynomial
    2*w*g**2 - w*g - 2*g**3 + g**2 - g + 1
    """
    if max_degree is not None:
        max_degree = as_count(max_degree, 1, MOST, "max_degree")
    _check(relation)
    return _curve(relation, max_degree)


@lru_cache(maxsize=512)
def _curve(relation: Relation, max_degree: int | None) -> Curve:
    """Floats, which compare equal to rational numbers, have been refused before."""
    parameters = parameters_in(_coefficients(relation))
    polynomial = Walk(parameters, max_degree).curve(relation)
    for name, radical in parameters.radicals():
        wide = radical.in_ring(polynomial.names)
        polynomial = eliminated(polynomial, wide, name)
        polynomial = chosen(polynomial, relation, "gw", parameters)
    if not is_verified(polynomial, relation, parameters):
        raise ConvergenceError(
            f"the polynomial {short(polynomial)} does not vanish at verified values of the law; "
            "please report this law"
        )
    used = [
        (name, atom)
        for name, atom in zip(parameters.names, parameters.atoms, strict=True)
        if polynomial.involves(name)
    ]
    kept = Parameters(tuple(atom for _, atom in used))
    renamed = {name: new for (name, _), new in zip(used, kept.names, strict=True)}
    final = polynomial.in_ring(("w", "g", *kept.names), {"a": "g", "b": "w", **renamed})
    return Curve(final.primitive(), kept)


def _coefficients(relation: Relation) -> list[Any]:
    """What may become coefficients: parameters, and the parts of formulas free of the variable."""
    found: list[Any] = []
    for node in postorder(relation):
        expression = getattr(node, "expression", None)
        if isinstance(node, Leaf) and is_expression(expression):
            found += _constants(expression, node.symbol)  # type: ignore[attr-defined]
        elif isinstance(node, Leaf):
            found += parameters_of(node)
        else:
            found += [v for v in vars(node).values() if not isinstance(v, (Relation, tuple))]
            tuples = [v for v in vars(node).values() if isinstance(v, tuple)]
            found += [v for row in tuples for v in row if not isinstance(v, Relation)]
    return [value for value in found if is_expression(value)]


def _constants(expression: Any, symbol: Any) -> list[Any]:
    if symbol not in expression.free_symbols:
        return [expression]
    return [value for part in expression.args for value in _constants(part, symbol)]


def _check(relation: Relation) -> None:
    """Floats are refused, except where the law has no equation whatever its parameters."""
    try:
        check_exact(relation)
    except InvalidLawError:
        for node in postorder(relation):
            if isinstance(node, Leaf):
                _check_algebraic(node)
        raise


def _check_algebraic(leaf: Leaf) -> None:
    try:
        leaf_chart(with_rationals(leaf), parameters_in(_coefficients(with_rationals(leaf))))  # type: ignore[arg-type]
    except NotAlgebraicError:
        raise
    except (InvalidLawError, ArithmeticError, ValueError):
        return
