"""Statements about laws as Python values, their certified digits and their symbolic side."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np

from freesym.errors import (
    ConvergenceError,
    FreesymError,
    InvalidLawError,
    NotAlgebraicError,
    PrecisionError,
    UnsupportedOperationError,
)
from freesym.law import Law
from freesym.laws import DensityLaw, Empirical, Pushforward
from freesym.parameters import argument_name, short
from freesym.testing.subject import Failed, Skipped, Subject, known

#: Of closed forms, whose terms cancel for many eigenvalues.
_WORKING_DIGITS = 60
_NUMBERS = (int, float, Fraction)
_NO_FORMULA = (NotAlgebraicError, UnsupportedOperationError, InvalidLawError, ConvergenceError)


def shapes(s: Subject) -> None:
    """Arrays in, arrays of the same shape out; scalars in, scalars out."""
    x = np.linspace(*s.hull, 7)[1:-1].reshape(1, 5, 1) + 0.01234 * s.width
    for name in ("density", "cdf"):
        function = getattr(s.law, name)
        _, flat = s.ask(function, x.ravel())
        if len(flat) < x.size:
            continue
        kept = x.copy()
        found = np.asarray(function(x))
        if not (x == kept).all():
            raise Failed(f"{name} changes the array that it is given")
        if found.shape != x.shape:
            raise Failed(f"{name} of an array of shape {x.shape} has the shape {found.shape}")
        s.close(f"{name} in an array", x.ravel(), found.ravel(), flat, 1e-12 * (1 + np.abs(flat)))
        if np.ndim(function(float(x[0, 0, 0]))) != 0:
            raise Failed(f"{name} of a number is not a number")
        if not np.isnan(function(np.nan)):
            raise Failed(f"{name}(nan) = {function(np.nan)!r}, expected nan")


def representation(s: Subject) -> None:
    """``repr`` evaluates back to an equal law."""
    text = repr(s.law)
    if any(isinstance(part, Empirical) and repr(part).startswith("<") for part in s.tree):
        raise Skipped("lists of many eigenvalues are not printed")
    if "<lambda>" in text:
        raise Skipped("a function without a name is not printed")
    try:
        again = eval(text, _names(s))  # noqa: S307 - the law's own text, in its author's tests
    except (RecursionError, MemoryError):
        raise Skipped(f"{short(text)} is too long for Python's parser") from None
    except Exception as error:
        raise Failed(
            f"repr = {short(text)} does not evaluate back: {type(error).__name__}: {error}; give "
            "what it mentions as names={...}"
        ) from error
    if not (isinstance(again, Law) and again == s.law):
        raise Failed(f"repr = {short(text)} evaluates to {short(again)}, which is not equal")
    if repr(again) != text:
        raise Failed(f"repr = {short(text)} evaluates to a law with the repr {short(again)}")
    latex: Any = s.law._repr_latex_()
    if not (isinstance(latex, str) and latex[:1] == latex[-1:] == "$" and len(latex) > 2):
        raise Failed(f"_repr_latex_() = {short(latex)} is not a formula between dollar signs")


def _names(s: Subject) -> dict[str, Any]:
    import sympy

    import freesym

    own = {type(part).__name__: type(part) for part in s.tree}
    return {**vars(sympy), **vars(freesym), **own, **s.names}


def hashing(s: Subject) -> None:
    """Laws are equal to themselves and to nothing else, hash, and do not change."""
    law = s.law
    text: Any = repr(law)
    if not law == law or law == text:
        raise Failed("the law is not equal to itself, or equal to its repr")
    try:
        stable = hash(law) == hash(law)
    except TypeError as error:
        raise Failed(f"the law has no hash: {error}") from error
    if not stable:
        raise Failed("the hash of the law changes")
    for other in [law + 1, *_neighbours(law)]:
        if other == law:
            raise Failed(f"the law is equal to {short(other)}")


def _neighbours(law: Law) -> Iterator[Law]:
    """The same law with another number for one of its parameters."""
    fields = {argument_name(f): getattr(law, f.name) for f in dataclasses.fields(law)}  # type: ignore[arg-type]
    for name, value in fields.items():
        if isinstance(value, bool) or not isinstance(value, _NUMBERS):
            continue
        for other in (value * 2 + 1, value * 3 + 2, value / 2 - 1, value / 2):
            if other == value:
                continue
            with suppress(FreesymError, TypeError):
                yield type(law)(**{**fields, name: other})
                break


def pickling(s: Subject) -> None:
    """A used law pickles, and comes back equal and with the same values."""
    z = s.mean + 1j * s.spread
    before = s.law.G(z)
    try:
        again = pickle.loads(pickle.dumps(s.law))  # noqa: S301 - its own bytes
    except Exception as error:
        raise Failed(f"the law does not pickle: {type(error).__name__}: {error}") from error
    if again != s.law or hash(again) != hash(s.law):
        raise Failed(
            f"the law comes back as {short(again)}, which is not equal or hashes otherwise"
        )
    s.close("G after pickling", z, again.G(z), before, 0.0)


# --------------------------------------------------------------------- digits


def certified(s: Subject) -> None:
    """Certified digits agree with double precision."""
    if "digits" not in inspect.signature(s.law.density).parameters:
        raise Skipped("density has no argument digits")
    x = s.of("bulk")[: s.size(2, 6)]
    if not s.thorough and any(isinstance(part, (Pushforward, DensityLaw)) for part in s.tree):
        x = []  # integrals along the axis, one for each point
    for name, points in (("density", x), ("cdf", x), ("G", [complex(s.centre, 0.3 * s.spread)])):
        function = getattr(s.law, name)
        if "digits" not in inspect.signature(function).parameters or not points:
            continue
        kept, floats = s.ask(function, np.array(points))
        for point, value in zip(kept.tolist(), floats, strict=True):
            digits = known(partial(function, point, digits=20), *_NO_FORMULA, PrecisionError)
            number = complex(digits) if isinstance(point, complex) else float(digits)
            # a value in double precision may belong to a point that is off by rounding
            step = 1e-14 * (abs(point) + s.width)
            near = np.abs([function(point + d) - value for d in (-step, step)]).max()
            unit = 1.0 if name == "cdf" else 1 / s.width
            allowed = 1e-9 * (abs(number) + 1e-3 * unit) + 4 * near
            s.close(f"{name} in double precision against 20 certified digits", point,
                    value, number, allowed)  # fmt: skip
            if name == "density":
                _enclosed(s, point, digits)


def _enclosed(s: Subject, point: float, digits: Any) -> None:
    """Certified digits lie in the enclosure, up to what they leave out."""
    found = known(lambda: s.law.enclose_density(point, digits=20), *_NO_FORMULA, PrecisionError)
    radius = float(found.radius) + 1e-19 * float(abs(digits))
    gap = 0.0 if found.value == digits else float(found.value - digits)
    s.close("the value of enclose_density less the density", point, gap, 0.0, radius)


# --------------------------------------------------------------------- symbols


def polynomial(s: Subject) -> None:
    """The irreducible polynomial vanishes at the values of ``G``."""
    import sympy

    z, g = sympy.symbols("z g")
    limit = s.size(8, 16)
    equation = known(lambda: s.law.algebraic_equation(z, g, max_degree=limit), *_NO_FORMULA)
    points, values = s.ask(s.law.G, s.upper[::4])
    terms = sympy.Poly(equation, z, g).terms()
    found, scale = np.zeros(len(points), complex), np.zeros(len(points))
    for (i, j), coefficient in terms:
        term = complex(coefficient) * points**i * values**j
        found, scale = found + term, scale + np.abs(term)
    s.close("P(z, G(z)), relative to the size of its terms,", points, found / scale,
            0 * scale, 1e-9)  # fmt: skip


def formulas(s: Subject) -> None:
    """Closed forms of transforms agree with the solver."""
    if not s.thorough and len(s.tree) > 1:
        raise Skipped("quick: formulas are compared for single laws")
    import sympy

    z = sympy.Symbol("z")
    formula = known(lambda: s.law.transform_formula("G", z), *_NO_FORMULA)
    if not formula.is_closed_form:
        raise Skipped("there is no closed form")
    points, values = s.ask(s.law.G, s.upper[::5])
    function = sympy.lambdify(z, formula.expression, "mpmath")
    with mpmath.workdps(_WORKING_DIGITS):
        expected = [complex(function(mpmath.mpc(p))) for p in points]
    allowed = 1e-9 * np.abs(values) + s.rounding(points, values)
    s.close("G against its closed form", points, values, expected, allowed)


def density_formulas(s: Subject) -> None:
    """Closed forms of the density agree with the solver."""
    if not s.thorough and len(s.tree) > 1:
        raise Skipped("quick: formulas are compared for single laws")
    import sympy

    x = sympy.Symbol("x", real=True)
    formula = known(lambda: s.law.density_formula(x), *_NO_FORMULA)
    if not isinstance(formula, sympy.Expr):
        raise Skipped("the density is a curve along a parameter")
    points, values = s.ask(s.law.density, s.line[:: s.size(16, 4)])
    expected = [float(formula.subs(x, sympy.Rational(p)).evalf(20)) for p in points.tolist()]
    allowed = 1e-9 * (values + 1 / s.width)
    s.close("the density against its closed form", points, values, expected, allowed)


def exact_edges(s: Subject) -> None:
    """Exact edges are those of double precision."""
    if not s.thorough and len(s.tree) > 1:
        raise Skipped("quick: exact edges are compared for single laws")
    found = known(lambda: s.law.edges(exact=True), *_NO_FORMULA)
    numeric = [float(e) for e in s.law.edges()]
    if len(found) != len(numeric):
        raise Failed(f"there are {len(found)} exact edges, but {len(numeric)} others: {found}")
    s.close("the edge", np.array(numeric), np.array(numeric), [float(e) for e in found],
            1e-9 * s.width)  # fmt: skip
