"""``assert_same_law`` and ``assert_identity``: proofs where there are, tests where not."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from freesym.errors import (
    ConvergenceError,
    FreesymError,
    InvalidLawError,
    NotAlgebraicError,
    PrecisionError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from freesym.grammar import parse_law
from freesym.law import Law
from freesym.laws import DensityLaw, Pushforward
from freesym.parameters import is_expression, short
from freesym.testing import arguments
from freesym.testing.errors import InvalidArgumentError, LawCheckError
from freesym.testing.grammar import subexpressions
from freesym.testing.places import Places
from freesym.testing.values_of_symbols import (
    instances_of,
    is_certainly_nonzero,
    is_generically_nonzero,
    is_rational,
    is_zero,
)

_NOT_KNOWN = (NotAlgebraicError, UnsupportedOperationError, InvalidLawError, ConvergenceError)
_MOMENTS, _SYMBOLIC_MOMENTS, _MOST_MOMENTS = 10, 6, 60
_INSTANCES, _DOUBLE = 4, 1e-9


@dataclass(frozen=True)
class Verdict:
    """How two laws were found to be the same.

    Attributes
    ----------
    proved : bool
        Whether this is a proof.
    evidence : str
        What was compared.
    """

    proved: bool
    evidence: str

    def __str__(self) -> str:
        return f"{'proved' if self.proved else 'tested'}: {self.evidence}"


def assert_same_law(
    left: Law,
    right: Law,
    *,
    tolerance: float | None = None,
    max_degree: int = 6,
    prove: bool = True,
) -> Verdict:
    """Assert that two expressions have one law.

    Parameters
    ----------
    left, right : Law
        Symbols may occur.
    tolerance : float, optional
        Laws pass whose places differ by so much, relatively: moments of order ``k`` by ``k``
        times as much, and ``G(z)`` by as much as if ``z`` were moved by so many widths of the
        law.  By default nothing may differ that is exact, and numbers in double precision by
        1e-9.
    max_degree : int
        Up to which degree of their polynomials a proof is tried.
    prove : bool
        Whether a proof is tried at all.

    Returns
    -------
    Verdict
        Which says whether the identity was proved, or tested and how.

    Raises
    ------
    LawCheckError
        If the laws differ: by which moment, or at which point.
    InvalidArgumentError
        If different symbols have one name.
    UnboundParameterError
        If no values of the symbols are found for which both sides are laws.

    Notes
    -----
    Exact moments are compared first.  Then irreducible polynomials of the Cauchy transforms are
    computed by elimination: where they agree, and exact moments or Hensel's lemma leave one
    branch at infinity, the laws are the same for all values of the symbols (compactly
    supported laws are known by their moments).  Otherwise transforms are compared just above
    the intervals, edges and atoms of both laws, where laws that differ are far apart, with
    certified digits at some of the points.  Symbols are given four sets of exact values, as
    their assumptions and both laws admit.  Moments and polynomials in other functions than
    rational ones refute an identity only by values that are not 0 in 80 digits, for SymPy does
    not find all identities between them.

    Examples
    --------
    >>> import freesym as fs
    >>> mu, nu = fs.MarchenkoPastur(), fs.Bernoulli(1/3)
    >>> print(assert_same_law(mu @ nu, nu @ mu).proved)
    False
    >>> assert_same_law(fs.Semicircle(), fs.Semicircle(0, 2))
    Traceback (most recent call last):
    freesym.testing.errors.LawCheckError: Semicircle() and Semicircle(variance=2) differ: the \
moments of order 2 are 1 and 2
    """
    for name, law in (("left", left), ("right", right)):
        if not isinstance(law, Law):
            raise InvalidArgumentError(f"{name} = {short(law)} must be a law")
    near = None if tolerance is None else arguments.between(tolerance, 0.0, 1.0, "tolerance")
    degree = arguments.count(max_degree, 1, 1000, "max_degree")
    if left == right:
        return Verdict(True, "the expressions are equal")
    arguments.same_symbols(left, right)
    symbols = left.free_symbols | right.free_symbols
    words = _same_moments(left, right, _SYMBOLIC_MOMENTS if symbols else _MOMENTS, near)
    found = _proof(left, right, degree, near) if arguments.flag(prove, "prove") else None
    if found is not None:
        return found
    if not symbols:
        return _same_transforms(left, right, near, words)
    return _at_instances(left, right, near, words)


def assert_identity(
    left: Law | str,
    right: Law | str | None = None,
    *,
    names: Mapping[str, Law] | None = None,
    tolerance: float | None = None,
    max_degree: int = 6,
) -> Verdict:
    """Assert an identity between laws, written as text or as laws.

    Parameters
    ----------
    left, right : str or Law
        Texts are read by the grammar of the command line; names it does not know are positive
        symbols.  ``left`` alone may be an equation ``"A == B"``.
    names : mapping of str to Law, optional
        Laws that texts may mention.
    tolerance, max_degree
        As for :func:`assert_same_law`.

    Returns
    -------
    Verdict
        Printed, it says whether the identity was proved or tested.

    Raises
    ------
    LawCheckError
        If the identity is false.
    InvalidLawError
        If a text cannot be read.

    Examples
    --------
    >>> print(assert_identity("Bernoulli(1/2) + Bernoulli(1/2)", "Arcsine(0, 2)"))
    proved: one polynomial of degree (2, 2) and one branch at infinity
    >>> print(assert_identity("SC(0, s) + SC(0, t) == SC(0, s + t)"))
    proved: one polynomial of degree (1, 2) and one branch at infinity, for generic s, t
    >>> assert_identity("MP(c) @ MP(c)", "MP(2 * c)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    freesym.testing.errors.LawCheckError: MarchenkoPastur(ratio=c) @ MarchenkoPastur(ratio=c) \
and ... differ: the moments of order 3 are 5*c**2 + 6*c + 1 and 4*c**2 + 6*c + 1
    """
    if right is None:
        if not isinstance(left, str) or left.count("==") != 1:
            raise InvalidArgumentError(
                f"{short(left)} is one side only; give both, or a text with one '=='"
            )
        left, right = left.split("==")
    return assert_same_law(
        _read(left, names), _read(right, names), tolerance=tolerance, max_degree=max_degree
    )


def _read(side: Law | str, names: Mapping[str, Law] | None) -> Law:
    return parse_law(side.strip(), names, symbols=True) if isinstance(side, str) else side


# --------------------------------------------------------------------- moments


def _exact(*values: Any) -> bool:
    return all(isinstance(v, (int, Fraction)) for v in values)


def _same_moments(left: Law, right: Law, n: int, tolerance: float | None) -> str:
    """What was compared; the two lists of moments must agree."""
    try:
        pairs = list(zip(left.moments(n), right.moments(n), strict=True))
    except (UnsupportedOperationError, InvalidLawError):
        return ""
    kind = "exact moments" if all(_exact(*pair) for pair in pairs) else "moments"
    if left.free_symbols | right.free_symbols:
        return f"{n} {kind}" if _same_expressions(left, right, pairs, tolerance) else ""
    size = 0.0
    for k, (a, b) in enumerate(pairs, start=1):
        # a mean that is rounded to 0 is small against the spread
        orders = pairs[: max(k, 2)]
        size = max(_length(v, j) for j, pair in enumerate(orders, start=1) for v in pair)
        if _are_different(a, b, k, size, tolerance):
            raise _difference(left, right, f"the moments of order {k} are {a} and {b}", a, b)
    return f"{n} {kind}"


def _length(moment: Any, order: int) -> float:
    return float(abs(float(moment)) ** (1 / order))


def _are_different(a: Any, b: Any, order: int, size: float, tolerance: float | None) -> bool:
    """Whether two moments of laws of this size differ: exactly, if they are known so."""
    if tolerance is None and _exact(a, b):
        return bool(a != b)
    if tolerance is None and not (_has_float(a) or _has_float(b)):
        return is_certainly_nonzero(a - b, size**order)
    allowed = order * (tolerance or _DOUBLE) * size**order
    return abs(float(a) - float(b)) > allowed


def _same_expressions(
    left: Law, right: Law, pairs: list[tuple[Any, Any]], tolerance: float | None
) -> bool:
    """Whether moments with symbols are shown to agree; if they may differ, values will tell."""
    import sympy

    shown = True
    for k, (a, b) in enumerate(pairs, start=1):
        gap = sympy.together(sympy.expand(sympy.sympify(a) - sympy.sympify(b)))
        if gap == 0:
            continue
        exact = tolerance is None and not gap.has(sympy.Float)
        numerator = sympy.expand(sympy.numer(gap))
        if exact and numerator != 0 and is_rational(numerator):
            raise _difference(left, right, f"the moments of order {k} are {a} and {b}", a, b)
        shown = False
    return shown


def _has_float(value: Any) -> bool:
    import sympy

    return isinstance(value, float) or (is_expression(value) and value.has(sympy.Float))


def _difference(left: Law, right: Law, what: str, a: Any = None, b: Any = None) -> LawCheckError:
    gap = None
    if not (a is None or is_expression(a) or is_expression(b)):
        gap = float(abs(a - b))
    message = f"{_shown(left)} and {_shown(right)} differ: {what}"
    return LawCheckError(message, "same law", (left, right), gap)


def _shown(law: Law) -> str:
    """The law, its symbols as one writes them."""
    import re

    return re.sub(r"Symbol\('(\w+)'[^()]*\)", r"\1", repr(law))


# --------------------------------------------------------------------- proofs


def _proof(left: Law, right: Law, max_degree: int, tolerance: float | None) -> Verdict | None:
    import sympy

    z, g = sympy.Dummy("z"), sympy.Dummy("g")
    try:
        first, second = (m.algebraic_equation(z, g, max_degree=max_degree) for m in (left, right))
    except (*_NOT_KNOWN, FreesymError):
        return None
    if not any(_same_polynomials(first, second, sign, (z, g)) for sign in (1, -1)):
        if tolerance is not None or not all(is_rational(p, z, g) for p in (first, second)):
            return None
        what = "their Cauchy transforms have different irreducible polynomials"
        raise _difference(left, right, what)
    degrees = (sympy.degree(first, z), sympy.degree(first, g))
    words = f"one polynomial of degree {tuple(map(int, degrees))}"
    names = ", ".join(sorted(map(str, left.free_symbols | right.free_symbols)))
    generic = f", for generic {names}" if names else ""
    if _one_branch(first, z, g):
        return Verdict(True, f"{words} and one branch at infinity{generic}")
    # two branches of a polynomial agree to an order below that of its discriminant
    needed = int((2 * degrees[1] - 1) * degrees[0]) + 1
    if names or needed > _MOST_MOMENTS:
        return None
    try:
        values = [m.moments(needed) for m in (left, right)]
    except UnsupportedOperationError:
        return None
    if not _exact(*values[0], *values[1]):
        return None
    if values[0] != values[1]:
        if tolerance is not None:
            return None
        raise _difference(left, right, "they are different branches of one polynomial")
    return Verdict(True, f"{words} and {needed} exact moments, more than tell its branches apart")


def _same_polynomials(first: Any, second: Any, sign: int, variables: tuple[Any, Any]) -> bool:
    """Whether SymPy shows that the polynomials agree up to the sign."""
    import sympy

    gap = sympy.Poly(sympy.expand(first - sign * second), *variables)
    return all(is_zero(coefficient) for coefficient in gap.coeffs())


def _one_branch(equation: Any, z: Any, g: Any) -> bool:
    """Hensel: ``P(1/u, u (1 + y))`` has a simple zero ``y = 0`` at ``u = 0``."""
    import sympy

    u, y = sympy.Dummy("u"), sympy.Dummy("y")
    moved = sympy.Poly(sympy.numer(sympy.together(equation.subs({z: 1 / u, g: u * (1 + y)}))), u, y)
    least = min(power for power, _ in moved.monoms())
    lowest = sum(c * y**j for (i, j), c in moved.terms() if i == least)
    slope = sympy.expand(sympy.diff(lowest, y).subs(y, 0))
    return bool(sympy.expand(lowest.subs(y, 0)) == 0 and is_generically_nonzero(slope))


# --------------------------------------------------------------------- tests


def _separating(left: Law, right: Law) -> tuple[Any, Any]:
    """Points just above the intervals, edges and atoms of both laws, and heights in widths."""
    points, heights = [], []
    for law in (left, right):
        places = Places(law)
        inside = [a + (b - a) * np.linspace(0.05, 0.95, 10) for a, b in places.intervals]
        found = np.concatenate([*inside, places.edges, [*places.atoms]])
        for h in (0.005, 0.1):
            points.append(found + 1j * h * places.width)
            heights.append(np.full(len(found), h))
    z, first = np.unique(np.concatenate(points), return_index=True)
    return z, np.concatenate(heights)[first]


def _same_transforms(left: Law, right: Law, tolerance: float | None, words: str) -> Verdict:
    z, heights = _separating(left, right)
    for _ in range(3):
        try:
            a, b = np.asarray(left.G(z)), np.asarray(right.G(z))
            break
        except ConvergenceError as error:
            kept = ~np.isin(z, np.array(error.points))
            z, heights = z[kept], heights[kept]
            if not error.points or not z.size:
                raise
    else:
        raise ConvergenceError("too few points have verified values", z.tolist()[:3])
    # points and parameters are known up to their own rounding
    near = _DOUBLE + 8 * np.finfo(float).eps * np.abs(z) / z.imag
    if tolerance is not None:
        near = near + tolerance * (1 + 1 / heights)
    excess = np.abs(a - b) / np.abs(b) / near
    k = int(np.argmax(excess))
    if excess[k] > 1:
        what = f"G({complex(z[k])!r}) is {complex(a[k])!r} and {complex(b[k])!r}"
        raise _difference(left, right, what, complex(a[k]), complex(b[k]))
    exact = tolerance is None
    certified = _same_digits(left, right, z[:: max(1, len(z) // 3)][:3]) if exact else ""
    evidence = [words, f"G at {len(z)} points to {tolerance or _DOUBLE:.0e}", certified]
    return Verdict(False, ", ".join(part for part in evidence if part))


def _same_digits(left: Law, right: Law, points: Any) -> str:
    """Certified digits at some points, where there are such."""
    if "digits" not in inspect.signature(left.G).parameters:
        return ""
    tree = [*subexpressions(left), *subexpressions(right)]
    if any(isinstance(law, (Pushforward, DensityLaw)) or _is_rounded(law) for law in tree):
        return ""
    for z in points.tolist():
        try:
            a, b = (law.G(z, digits=30) for law in (left, right))
        except (*_NOT_KNOWN, PrecisionError, FreesymError):
            return ""
        if abs(a - b) > 1e-25 * abs(b):
            raise _difference(left, right, f"G({z!r}) is certified to be {a} and {b}")
    return f"certified at {len(points)} points to 25 digits"


def _is_rounded(law: Law) -> bool:
    """Whether a parameter is a float, so that equal laws may differ by its rounding."""
    values = [v for value in vars(law).values() for v in (value if _is_row(value) else (value,))]
    return any(isinstance(v, float) or (hasattr(v, "is_Float") and v.is_Float) for v in values)


def _is_row(value: Any) -> bool:
    return isinstance(value, (tuple, list, np.ndarray))


def _at_instances(left: Law, right: Law, tolerance: float | None, words: str) -> Verdict:
    """Several exact values for the symbols."""
    done: list[str] = []
    for values, a, b in instances_of(left, right):
        where = ", ".join(f"{s} = {v}" for s, v in values.items())
        try:
            _same_transforms(a, b, tolerance, _same_moments(a, b, _MOMENTS, tolerance))
        except LawCheckError as error:
            raise _at(left, right, where, error) from error
        except FreesymError:
            continue
        done.append(where)
        if len(done) == _INSTANCES:
            break
    if not done:
        names = ", ".join(sorted(map(str, left.free_symbols | right.free_symbols)))
        raise UnboundParameterError(
            f"no values of {names} were found for which {_shown(left)} and {_shown(right)} are "
            "laws that can be evaluated; bind them with subs"
        )
    return Verdict(False, ", ".join(filter(None, [words, f"G at {'; '.join(done)}"])))


def _at(left: Law, right: Law, where: str, error: LawCheckError) -> LawCheckError:
    """That the laws differ at values of the symbols."""
    message = f"{_shown(left)} and {_shown(right)} differ: at {where}, {error}"
    return LawCheckError(message, "same law", (left, right), error.difference)
