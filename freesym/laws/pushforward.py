"""The law of a function of a normal or uniform variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from freesym.errors import FreesymError, InvalidLawError, UnsupportedOperationError
from freesym.laws import _measures
from freesym.laws._exact_averages import exact_moments
from freesym.laws._formulas import formula
from freesym.laws._models import rotated
from freesym.laws.leaf import LeafLaw
from freesym.lowering.fitting import fit_panels
from freesym.lowering.measure import (
    FittedMeasure,
    MeasureTable,
    measure_table,
    raw_moments,
    sources,
)
from freesym.parameters import Number, as_number, as_sequence, is_expression, short, to_float
from freesym.relations.functions import measure_potential, measure_transform
from freesym.relations.leaf import CauchyLeaf

Floats = NDArray[np.float64]
_REACH = 9.5  # the normal mass beyond is 2e-21
#: The share of a moment per unit at the ends below which what is cut off does not matter.
_LEFT_OUT = 1e-12
_LEVELS: Floats = np.array([0.25, 0.5, 0.75])
_GRID = tuple(range(-9, 10))  # on pieces of this size a rule resolves the normal density


@dataclass(frozen=True, repr=False)
class Pushforward(CauchyLeaf, LeafLaw):
    """The law of ``f(X)`` for a normal or uniform variable ``X``.

    The function is resolved into polynomial panels once; flat pieces become atoms.  Kinks
    and jumps that are not at 0 are found by bisection, faster if they are given.  The normal
    variable is cut off where its tails hold a mass of 2e-21.  Moments are exact for sums of
    terms ``c x^m exp(a x + b x^2)`` with exact numbers, and floats for other functions.

    Parameters
    ----------
    function : SymPy expression of one symbol, or vectorised callable
        A callable must be defined at the top level of a module, so that the law can be
        pickled and compared.
    base : {"normal", "uniform"}
        ``X`` is standard normal, or uniform on (0, 1).
    breakpoints : sequence of float, optional
        Where the function has kinks, jumps or singularities.

    Notes
    -----
    ``G(z) = E 1/(z - f(X))``, integrated with the density of ``X``.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> law = Pushforward(x**2)
    >>> law.moments(4)
    [1, 3, 15, 105]
    """

    function: Any
    base: str = "normal"
    breakpoints: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.base, str) or self.base not in ("normal", "uniform"):
            raise InvalidLawError(
                f"Pushforward: base = {short(self.base)} must be 'normal' or 'uniform'"
            )
        check_function(self.function, _LEVELS, "Pushforward")
        if is_expression(self.function) and not self.function.free_symbols:
            raise InvalidLawError(
                f"Pushforward: {self.function} has no symbol; a constant is a PointMass"
            )
        given = as_sequence(self.breakpoints, "Pushforward: breakpoints")
        cuts = tuple(sorted({to_float(as_number(x, "Pushforward: breakpoint")) for x in given}))
        object.__setattr__(self, "breakpoints", cuts)

    @property
    def free_symbols(self) -> frozenset[Any]:
        """None: the symbol of the function is bound."""
        return frozenset()

    def subs(self, replacements: dict[Any, Any]) -> Self:
        """The law itself: the symbol of the function is bound."""
        return self

    def numeric(self) -> Self:
        """The law itself."""
        return self

    def _arguments(self) -> list[str]:
        arguments = [shown(self.function)]
        arguments += [f"base={self.base!r}"] if self.base != "normal" else []
        return arguments + ([f"breakpoints={self.breakpoints}"] if self.breakpoints else [])

    @cached_property
    def _fitted(self) -> FittedMeasure:
        return _fit(self.function, self.base, self.breakpoints)

    @cached_property
    def _table(self) -> MeasureTable:
        return measure_table(self._fitted.points, self._fitted.weights, self._fitted.panels)

    def transform(self, w: Any) -> tuple[Any, Any]:
        """Quadrature over the panels, exact up to rounding on both sides of the spectrum."""
        return measure_transform(w, self._table)

    def log_potential_at(self, w: Any) -> Any:
        """``E log(w - f(X))``."""
        return measure_potential(w, self._table)

    def hull(self) -> tuple[float, float]:
        """The smallest interval that carries the law."""
        return _measures.extent(self._fitted)

    def continuous_support(self) -> tuple[tuple[float, float], ...]:
        """The range of the function where it is not flat."""
        return _measures.intervals(self._fitted)

    def point_masses(self) -> dict[Number, Number]:
        """The values of flat pieces and the probabilities of these pieces."""
        fitted = self._fitted
        return dict(zip(fitted.points.tolist(), fitted.weights.tolist(), strict=True))

    def known_moments(self, n: int) -> list[Number]:
        """``E f(X)^k``: exact for sums of ``c x^m exp(a x + b x^2)``, else by quadrature.

        Raises
        ------
        UnsupportedOperationError
            If a moment is infinite, or lives where the normal variable is cut off.
        """
        if is_expression(self.function):
            found = exact_moments(self.function, self.base, n)
            if found is not None:
                return [as_number(value) for value in found]
        values = raw_moments(self._table, n)[1:]
        if self.base == "normal":
            self._check_tails(values)
        return values.tolist()  # type: ignore[no-any-return]

    def _check_tails(self, values: Floats) -> None:
        """Refuse moments that the cut at the ends takes something from."""
        ends = np.array([-_REACH, _REACH])
        with np.errstate(all="ignore"):
            sizes = np.abs(np.broadcast_to(vectorised(self.function)(ends), (2,)).astype(float))
            left_out = _normal_density(ends) * sizes ** np.arange(1, len(values) + 1)[:, None]
        known = left_out.max(axis=1, initial=0.0) <= _LEFT_OUT * self._scales(len(values))
        if not known.all():
            order = int(np.argmin(known)) + 1
            raise UnsupportedOperationError(
                f"the moment of order {order} of {self!r} is infinite or lives in tails of the "
                "normal variable that are cut off; moments are exact for short sums of exact "
                "multiples of powers and exponentials; else use quantiles"
            )

    def _scales(self, n: int) -> Floats:
        """``E |f(X)|^k``: moments of odd functions vanish."""
        points, weights = sources(self._table)
        return np.array([math.fsum(weights * np.abs(points) ** k) for k in range(1, n + 1)])

    def sample_matrix(self, n: int, rng: Any = None) -> Floats:
        """A diagonal matrix of ``f`` at equally spaced quantiles of ``X``, in a Haar basis."""
        levels = (np.arange(n) + 0.5) / n
        x = levels if self.base == "uniform" else _normal_quantiles(levels)
        return rotated(np.broadcast_to(vectorised(self.function)(x), (n,)), rng)


def check_function(function: Any, points: Floats, law: str) -> None:
    """Refuse what is neither an expression of at most one symbol nor a vectorised callable."""
    if is_expression(function):
        formula(function)
        if len(function.free_symbols) > 1:
            raise InvalidLawError(f"{law}: {short(function)} must have one symbol")
    elif not callable(function) or isinstance(function, type):
        raise InvalidLawError(
            f"{law}: function = {short(function)} must be a vectorised callable or a SymPy "
            "expression"
        )
    try:
        hash(function)
        with np.errstate(all="ignore"):
            values = np.asarray(vectorised(function)(points.copy()))
    except FreesymError:
        raise
    except Exception as error:
        raise InvalidLawError(
            f"{law}: {shown(function)} cannot be evaluated on an array: {short(error)}"
        ) from error
    if values.dtype.kind not in "iufc" or values.shape not in ((), points.shape):
        raise InvalidLawError(
            f"{law}: {shown(function)} of an array of {len(points)} numbers has shape "
            f"{values.shape} and type {values.dtype}; it must give as many real numbers"
        )


def shown(function: Any) -> str:
    """A name or expression that evaluates back."""
    from sympy import Expr, srepr

    if isinstance(function, Expr):
        return str(srepr(function))
    return getattr(function, "__qualname__", repr(function))


@lru_cache(maxsize=256)
def vectorised(function: Any) -> Callable[[Any], Any]:
    """A NumPy function for an expression of at most one symbol; a callable as it is."""
    from sympy import Expr, Symbol, lambdify

    if not isinstance(function, Expr):
        return function  # type: ignore[no-any-return]
    symbols = list(function.free_symbols) or [Symbol("x")]
    return lambdify(symbols, function, modules=[_SPECIAL, "numpy"])  # type: ignore[no-any-return]


#: What NumPy lacks, so that no further package is needed.
_SPECIAL = {"erf": np.vectorize(math.erf, [float]), "erfc": np.vectorize(math.erfc, [float])}


@lru_cache(maxsize=256)
def _fit(function: Any, base: str, cuts: Sequence[float]) -> FittedMeasure:
    low, high = (0.0, 1.0) if base == "uniform" else (-_REACH, _REACH)
    inner = {x for x in cuts if low < x < high}
    ends = sorted({low, high} | inner | (set(_GRID) if base == "normal" else set()))
    density = _normal_density if base == "normal" else np.ones_like
    evaluated = vectorised(function)
    try:
        return fit_panels(lambda v: _real(evaluated(v), function), density, ends, mass=1.0)
    except ValueError as error:
        raise InvalidLawError(f"Pushforward: {shown(function)}: {error}") from error


def _real(values: Any, function: Any) -> Floats:
    array = np.asarray(values)
    if np.iscomplexobj(array):
        raise InvalidLawError(f"Pushforward: {shown(function)} has complex values")
    return array.astype(float)


def _normal_density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))


def _normal_quantiles(levels: Floats) -> Floats:
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])
