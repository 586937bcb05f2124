"""The transforms of a law as SymPy expressions, with the domain where they hold."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from freesym.errors import UnsupportedOperationError
from freesym.parameters import is_expression
from freesym.relations.leaf import CauchyLeaf
from freesym.relations.relation import Relation
from freesym.spectrum.moments import moments
from freesym.transforms.checks import samples
from freesym.transforms.closed_forms import ClosedForms
from freesym.transforms.formulas import Closed, Local, abstracted
from freesym.transforms.implicit import ImplicitTransform
from freesym.transforms.latex import law_latex
from freesym.transforms.parameters import exact
from freesym.transforms.values import values

NAMES = ("G", "M", "R", "S", "K", "psi", "chi", "eta", "F", "log_potential")
#: The transforms that others are functions of.
_BASE = {"G": "G", "F": "G", "M": "M", "psi": "M", "eta": "M", "R": "R", "K": "R", "S": "S",
         "chi": "S", "log_potential": "log_potential"}  # fmt: skip
_VARIABLES = {"G": "z x zeta", "M": "z x zeta", "R": "w y omega", "S": "m s u",
              "log_potential": "z x zeta"}  # fmt: skip
_LATEX = {"psi": r"\psi", "chi": r"\chi", "eta": r"\eta", "log_potential": "u"}
#: Laws given by data or by a function: their numbers are no parameters.
_TABULATED = ("DensityLaw", "Empirical", "Pushforward")


@dataclass(frozen=True)
class Domain:
    """Where an expression holds.

    Attributes
    ----------
    condition : SymPy condition
    sentence : str
    """

    condition: Any
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Transform:
    r"""A transform of a law as an expression of a variable.

    Attributes
    ----------
    law : Law
    name : str
        One of ``G``, ``M``, ``R``, ``S``, ``K``, ``psi``, ``chi``, ``eta``, ``F``,
        ``log_potential``.
    variable : Symbol
    expression : SymPy expression
        Closed, or with :class:`~freesym.transforms.implicit.ImplicitTransform` in it.
    domain : Domain
        A condition on the variable, and the same in words.
    is_closed_form : bool
    source : str
        How the expression was found.

    Notes
    -----
    ``G(z) = E 1/(z - X)``; ``F = 1/G``; ``M(z) = psi(z) = G(1/z)/z - 1``;
    ``eta = M/(1 + M)``; ``K`` is the inverse of ``G`` and ``R(w) = K(w) - 1/w``; ``chi`` is the
    inverse of ``M`` and ``S(m) = (1 + m)/m chi(m)``; ``log_potential(z) = E log(z - X)`` [1]_.

    References
    ----------
    .. [1] J. A. Mingo and R. Speicher, "Free probability and random matrices", Springer
       (2017).

    Examples
    --------
    >>> import freesym as fs
    >>> found = fs.Semicircle().transform_formula("G")
    >>> found.expression
    z/2 - sqrt(z - 2)*sqrt(z + 2)/2
    >>> print(found.domain)
    on the upper half-plane, with boundary values from above on the real line
    """

    law: Any
    name: str
    variable: Any
    expression: Any
    domain: Domain
    is_closed_form: bool
    source: str

    def __call__(self, argument: Any) -> Any:
        """The transform at an expression, or at numbers (by the verified solver)."""
        if is_expression(argument):
            return self.expression.subs(self.variable, argument)
        found = _numbers(self.law, self.name, argument)
        return found if found.ndim else found[()]

    def series(self, n: int = 6) -> Any:
        """The first terms of the power series, from exact moments and free cumulants.

        Parameters
        ----------
        n : int
            The order of the remainder: at infinity for ``G``, ``F`` and the potential, at 0
            for the others.

        Examples
        --------
        >>> import freesym as fs
        >>> fs.MarchenkoPastur().transform_formula("R").series(4)
        1 + w + w**2 + w**3 + O(w**4)
        """
        x = self.variable
        implicit = _implicit(self.law, self.name, x)
        at_infinity = _BASE[self.name] in ("G", "log_potential")
        return sympy.series(implicit, x, sympy.oo if at_infinity else 0, n)

    def __str__(self) -> str:
        return f"{self.name}({self.variable}) = {self.expression}"

    def _repr_latex_(self) -> str:
        letter = _LATEX.get(self.name, self.name)
        left = rf"{letter}_{{{law_latex(self.law)}}}({sympy.latex(self.variable)})"
        return f"${left} = {sympy.latex(self.expression)}$"


def transform(law: Any, name: str, variable: Any = None) -> Transform:
    """The transform ``name`` of a law.

    Raises
    ------
    InvalidLawError
        If a parameter of the law is a floating-point number.
    UnsupportedOperationError
        If there is no transform of that name, or the law has none (S at mean 0).
    """
    if name not in NAMES:
        raise UnsupportedOperationError(
            f"there is no transform {name!r}; the transforms are {', '.join(NAMES)}"
        )
    relation = law.relation()
    _check_exact(relation)
    base = _BASE[name]
    if base == "S":
        _require_mean(law, relation)
    x = _default_variable(law, base) if variable is None else sympy.sympify(variable)
    closed, radius = _closed(law, name)
    if closed is None:
        source = "no closed form was found; values come from the solver"
        expression = _implicit(law, name, x)
    else:
        source = _source(closed)
        expression = closed.expression.subs(closed.variable, x)
    has_unit = expression.has(sympy.I)
    domain = _domain(base, x, closed, radius, reflects=not has_unit)
    if name == "log_potential" and not _is_continuous(law, closed):
        domain = Domain(domain.condition, "on the upper half-plane")
    return Transform(law, name, x, expression, domain, closed is not None, source)


def _default_variable(law: Any, base: str) -> Any:
    """A symbol whose name none of the parameters has."""
    taken = {symbol.name for symbol in law.free_symbols}
    names = [*_VARIABLES[base].split(), f"{base}_variable"]
    return sympy.Symbol(next(name for name in names if name not in taken))


# ---------------------------------------------------------------------------------- closed forms


@lru_cache(maxsize=256)
def _engine(law: Any) -> tuple[ClosedForms, Relation, dict[Any, Any]]:
    relation, definitions = abstracted(law.relation())
    return ClosedForms(samples(law).extended(definitions)), relation, definitions


def _closed(law: Any, name: str) -> tuple[Closed | None, Any]:
    """The closed form and, for R and S, the radius of its disc."""
    engine, relation, definitions = _engine(law)
    found: Any
    match _BASE[name]:
        case "G":
            found = engine.cauchy(relation)
        case "M":
            found = engine.moment(relation)
        case "log_potential":
            found = engine.potential(relation)
        case "R":
            found = engine.r(relation)
        case _:
            found = engine.s(relation)
    radius = None
    if isinstance(found, Local):
        found, radius = found.closed, found.radius
    if found is None:
        return None, None
    closed = _derived(name, found)
    if definitions:
        closed = closed.with_values(definitions)
        radius = radius if radius is None else radius.subs(definitions)
    return closed, radius


def _is_continuous(law: Any, closed: Closed | None) -> bool:
    """Whether a potential is the boundary value from above outside of the spectrum, too."""
    if closed is None:
        return True
    return samples(law).agrees_on_the_line(law.relation(), closed.expression, closed.variable)


def _derived(name: str, closed: Closed) -> Closed:
    """The transform as a Moebius function of the one it is derived from."""
    x = closed.variable
    match name:
        case "F":
            return closed.moebius(0, 1, 1, 0)
        case "eta":
            return closed.moebius(1, 0, 1, 1)
        case "K":
            return closed.moebius(1, 1 / x, 0, 1)
        case "chi":
            return closed.moebius(x / (1 + x), 0, 0, 1)
    return closed


def _implicit(law: Any, name: str, x: Any) -> Any:
    base = ImplicitTransform(law, _BASE[name], x)
    match name:
        case "F":
            return 1 / base
        case "eta":
            return base / (1 + base)
        case "K":
            return base + 1 / x
        case "chi":
            return x * base / (1 + x)
    return base


def _numbers(law: Any, name: str, argument: Any) -> Any:
    points = np.asarray(argument, dtype=complex)
    base = values(law, _BASE[name], points.ravel()).reshape(points.shape)
    match name:
        case "F":
            return 1 / base
        case "eta":
            return base / (1 + base)
        case "K":
            return base + 1 / points
        case "chi":
            return points * base / (1 + points)
    return base


def _source(closed: Closed) -> str:
    if closed.is_rational:
        return "rational: the equation of the law is linear"
    if not hasattr(closed, "radicands"):
        return "the rules of the operations, applied to the formulas of the laws"
    return "the zero of the law's quadratic equation that the solver confirms"


def _check_exact(relation: Relation) -> None:
    """Refuse floating-point parameters, except those of tabulated laws."""
    if isinstance(relation, CauchyLeaf) and type(relation).__name__ in _TABULATED:
        return
    for field in dataclasses.fields(relation):  # type: ignore[arg-type]
        value = getattr(relation, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Relation):
                _check_exact(item)
            else:
                exact(item, "a parameter of the law")


def _require_mean(law: Any, relation: Relation) -> None:
    mean = moments(relation, 1)[0]
    if mean == 0:
        raise UnsupportedOperationError(
            f"{law!r} has mean 0 and no S-transform; use square(), whose S-transform exists"
        )


# --------------------------------------------------------------------------------------- domains


def _domain(base: str, x: Any, closed: Closed | None, radius: Any, *, reflects: bool) -> Domain:
    if base in ("G", "log_potential"):
        return Domain(
            sympy.im(x) > 0,
            "on the upper half-plane, with boundary values from above on the real line",
        )
    if base == "M":
        if reflects:
            return Domain(
                sympy.Ne(sympy.im(x), 0), "off the real line, and near 0 if the spectrum is bounded"
            )
        return Domain(sympy.im(x) < 0, "on the lower half-plane, where 1/z is in the upper one")
    return _local_domain(x, closed, radius, reflects=reflects)


def _local_domain(x: Any, closed: Closed | None, radius: Any, *, reflects: bool) -> Domain:
    if closed is None:
        return Domain(_small(x), "near 0, where the solver inverts")
    below, words = (sympy.true, "") if reflects else (sympy.im(x) < 0, " in the lower half-plane")
    if radius is sympy.oo:
        where = "everywhere" if reflects else "on the lower half-plane"
        return Domain(below, f"{where}, as the continuation from 0")
    if radius is None:
        return Domain(sympy.And(_small(x), below), f"near 0{words}")
    x_radius = radius if closed is None else radius.subs(closed.variable, x)
    inside = sympy.Abs(x) < x_radius
    return Domain(
        sympy.And(inside, below), f"for |{x}| < {x_radius}{words}, as the continuation from 0"
    )


def _small(x: Any) -> Any:
    return sympy.Abs(x) < sympy.Symbol("epsilon", positive=True)
