"""The recurrence that the moments of an algebraic law satisfy."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from freesym.algebra.coefficients import from_native, to_native
from freesym.algebra.polynomials import Polynomial
from freesym.algebra.recurrences import (
    DifferentialEquation,
    differential_equation,
    recurrence,
    residual,
)
from freesym.errors import (
    ConvergenceError,
    DegreeError,
    InvalidLawError,
    UnsupportedOperationError,
)
from freesym.lazy import LazyModule
from freesym.parameters import Number, as_count, as_number, is_expression
from freesym.relations.relation import Relation
from freesym.spectrum.moments import moments
from freesym.transforms.curve import Curve, algebraic_curve
from freesym.transforms.degrees import ELIMINATED, MOST

sympy: Any = LazyModule("sympy")

# So many exact moments of a law fit into memory.
_MOST_TERMS = 50_000
_NUMERIC_CHECKS, _IRRATIONAL_CHECKS, _SYMBOLIC_CHECKS = 512, 24, 4
#: Among so many moments irrational ones show.
_INITIAL = 8
# The work grows as the third power of the degree and by such a factor with every symbol; the
# largest that is tried unasked takes some five seconds, with numbers and with symbols.
_PER_SYMBOL, _LARGEST_WORK, _LARGEST_WITH_SYMBOLS = 5, 7_000, 5_000


@dataclass(frozen=True)
class MomentRecurrence:
    """``sum_j coefficients[j](n) m_(n-j) = 0`` for every ``n >= start``, with ``m_0 = 1``.

    Attributes
    ----------
    index : SymPy symbol
        What stands for ``n``.
    coefficients : tuple of SymPy expressions
        Polynomials in ``n`` and in the parameters of the law, without common factor.
    start : int
        The least ``n`` from which on the recurrence determines ``m_n``.
    initial : tuple
        ``m_0, ..., m_(start-1)``.
    verified : int
        How many coefficients of the differential equation were computed from exact moments and
        found to vanish; few if moments are irrational, as those of inverses can be, 0 if they are
        floats.
    bound : int
        How many vanishing coefficients are a proof: a zero of the law's polynomial that satisfies
        the equation up to this order satisfies it.
    """

    index: Any
    coefficients: tuple[Any, ...]
    start: int
    initial: tuple[Number, ...]
    verified: int = field(compare=False)
    bound: int = field(compare=False)

    @property
    def proved(self) -> bool:
        """Whether the exact moments alone prove the recurrence.

        It follows from the law's polynomial in any case; with symbolic parameters only some
        coefficients are compared.
        """
        return self.verified > self.bound

    @property
    def order(self) -> int:
        """How many moments determine the next one."""
        return len(self.coefficients) - 1

    def terms(self, count: int) -> list[Number]:
        """The moments ``m_1, ..., m_count``, by running the recurrence.

        Raises
        ------
        InvalidLawError
            If ``count`` is negative or larger than 50000.
        UnsupportedOperationError
            If it is no integer.

        Examples
        --------
        >>> import freesym as fs
        >>> fs.MarchenkoPastur(1).moment_recurrence().terms(6)
        [1, 2, 5, 14, 42, 132]
        """
        number = _count(count)
        rounded = any(isinstance(value, float) for value in self.initial)
        convert = _float if rounded else to_native
        known = list(map(convert, self.initial))
        rows = [_in_powers(c, self.index, convert) for c in self.coefficients]
        for n in range(self.start, number + 1):
            leading, *rest = (_value(row, n) for row in rows)
            total = sum(c * known[n - j] for j, c in enumerate(rest, 1))
            known.append(-(total / leading))
        return [as_number(from_native(value)) for value in known[1 : number + 1]]

    def __str__(self) -> str:
        parts = [f"({c})*m({self._shifted(j)})" for j, c in enumerate(self.coefficients) if c != 0]
        given = ", ".join(f"m({k}) = {value}" for k, value in enumerate(self.initial))
        return f"{' + '.join(parts)} = 0 for {self.index} >= {self.start}; {given}"

    def _shifted(self, j: int) -> Any:
        return self.index - j

    def _repr_latex_(self) -> str:
        latex = sympy.latex
        parts = [
            rf"\left({latex(c)}\right) m_{{{latex(self._shifted(j))}}}"
            for j, c in enumerate(self.coefficients)
            if c != 0
        ]
        given = [rf"m_{{{k}}} = {latex(sympy.sympify(v))}" for k, v in enumerate(self.initial)]
        domain = rf"{latex(self.index)} \geq {self.start}"
        return rf"$\displaystyle {' + '.join(parts)} = 0, \quad {domain}; \quad {', '.join(given)}$"


def moment_recurrence(
    relation: Relation, index: Any = None, max_degree: int | None = None
) -> MomentRecurrence:
    """Return the recurrence for the moments of a law with an algebraic equation.

    Parameters
    ----------
    relation : Relation
        A tree with exact parameters.
    index : SymPy symbol, optional
        What to call ``n``.
    max_degree : int, optional
        The largest degree of the law's polynomial in ``M`` to try.

    Raises
    ------
    NotAlgebraicError
        If the law has no algebraic equation.
    DegreeError
        If the differential equation is predicted to be too large.
    InvalidLawError
        If a parameter is a floating-point number, or is called like the index.
    """
    symbol = sympy.Symbol("n", integer=True, nonnegative=True) if index is None else index
    if not (is_expression(symbol) and symbol.is_Symbol):
        raise UnsupportedOperationError(
            f"the index {index!r} is no SymPy symbol; give one, for example sympy.Symbol('n')"
        )
    if max_degree is not None:
        max_degree = as_count(max_degree, 1, MOST, "max_degree")
    curve = algebraic_curve(relation, max_degree and max(max_degree, ELIMINATED))
    if any(symbol in atom.free_symbols for atom in curve.parameters.atoms):
        raise InvalidLawError(
            f"{symbol} is also a parameter of the law; choose another name for the index"
        )
    _check_work(curve, max_degree)
    equation, polynomial = _equation(curve)
    found = recurrence(equation, "x", "n")
    initial = (1, *moments(relation, found.start - 1))
    bound = equation.proof_bound(polynomial, "x", "y")
    return MomentRecurrence(
        index=symbol,
        coefficients=tuple(curve.to_sympy(c, {"n": symbol}) for c in found.coefficients),
        start=found.start,
        initial=initial,
        verified=_verified(relation, curve, equation, bound),
        bound=bound,
    )


def _check_work(curve: Curve, max_degree: int | None) -> None:
    """Predict the elimination of the derivatives from the degrees of the polynomial."""
    outer, degree = curve.degree("zm")
    symbols = len(curve.parameters.atoms)
    if max_degree is None:
        limit = _LARGEST_WITH_SYMBOLS if symbols else _LARGEST_WORK
        too_large = outer * degree**3 * _PER_SYMBOL**symbols > limit
    else:
        too_large = degree > max_degree
    if too_large:
        named = f" and with {symbols} symbols" if symbols else ""
        raise DegreeError(
            f"the recurrence follows from a polynomial of degree {outer} in z and {degree} in M(z)"
            f"{named}, and is predicted to be too large; to insist, give max_degree={degree}, or "
            "use law.moments(n), which needs no recurrence",
            degree,
        )


@lru_cache(maxsize=256)
def _equation(curve: Curve) -> tuple[DifferentialEquation, Polynomial]:
    """The differential equation of ``1 + M(x)``, and its polynomial."""
    names = ("x", "y", "n", *curve.parameters.names)
    y = Polynomial.generators(names)[1]
    polynomial = curve.in_coordinates("zm").in_ring(names).replaced({"y": y - 1})
    return differential_equation(polynomial, "x", "y"), polynomial


def _verified(relation: Relation, curve: Curve, equation: DifferentialEquation, bound: int) -> int:
    """Compare with exact moments: up to the bound if they are rational, else a few."""
    most = _SYMBOLIC_CHECKS + equation.order if curve.parameters.atoms else _NUMERIC_CHECKS
    if any(map(is_expression, moments(relation, _INITIAL))):
        most = min(most, _IRRATIONAL_CHECKS)
    count = min(bound + 1, most)
    row = [to_native(value) for value in (1, *moments(relation, count + equation.order))]
    if any(isinstance(value, float) for value in row):  # as those of 1/X can be
        return 0
    atoms = {
        name: to_native(atom)
        for name, atom in zip(curve.parameters.names, curve.parameters.atoms, strict=True)
    }
    if any(value != 0 for value in residual(equation, "x", row, atoms)[:count]):
        raise ConvergenceError(
            "the moments do not satisfy the differential equation of the law's polynomial, so one "
            "of the two is wrong; please report this law"
        )
    return count


def _in_powers(coefficient: Any, index: Any, convert: Callable[[Any], Any]) -> list[Any]:
    """The coefficients of the powers of ``n``, highest first, in the form that computes fast."""
    return list(map(convert, sympy.Poly(coefficient, index).all_coeffs()))


def _float(value: Any) -> float:
    return float(value)


def _value(row: list[Any], n: int) -> Any:
    total = row[0]
    for value in row[1:]:
        total = total * n + value
    return total


def _count(count: Any) -> int:
    try:
        number = operator.index(count)
    except TypeError:
        raise UnsupportedOperationError(
            f"{count!r} moments were requested; give an integer"
        ) from None
    if not 0 <= number <= _MOST_TERMS:
        raise InvalidLawError(
            f"{count} moments were requested; give an integer between 0 and {_MOST_TERMS}"
        )
    return number
